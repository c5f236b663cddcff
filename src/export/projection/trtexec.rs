//! The trtexec line that builds and measures what the recipe says.

use super::{Projection, shell};
use crate::bench::Protocol;
use crate::recipe::{Precision, Recipe};

/// The line. Flags are those of trtexec 10.16; where 11 differs a note says so.
///
/// # Errors
/// The recipe's target is not TensorRT.
pub fn trtexec_line(recipe: &Recipe) -> Result<Projection, String> {
    if recipe.target.name != "tensorrt" {
        return Err(format!(
            "trtexec builds for tensorrt, the recipe's target is {}",
            recipe.target.name
        ));
    }
    let strongly_typed = recipe
        .target
        .version
        .as_deref()
        .is_some_and(|v| v == "11" || v.starts_with("11."));
    let mut words = vec!["trtexec".to_owned(), format!("--onnx={}", recipe.model.path.display())];
    let mut notes = Vec::new();
    precision(recipe.build.precision, strongly_typed, &mut words, &mut notes);
    if let Some(bytes) = recipe.build.workspace {
        // trtexec takes mebibytes; a fraction is allowed.
        words.push(format!(
            "--memPoolSize=workspace:{}M",
            bytes as f64 / f64::from(1 << 20)
        ));
    }
    for (index, profile) in recipe.profiles.iter().enumerate() {
        if recipe.profiles.len() > 1 {
            words.push(format!("--profile={index}"));
        }
        for (flag, pick) in [("min", 0), ("opt", 1), ("max", 2)] {
            let ranges = profile
                .inputs
                .iter()
                .map(|(name, r)| (name, [&r.min, &r.opt, &r.max][pick]));
            // trtexec takes a shape tensor's values in the place of its shape.
            let values = profile
                .values
                .iter()
                .map(|(name, r)| (name, [&r.min, &r.opt, &r.max][pick]));
            let all: Vec<String> = ranges
                .map(|(name, sizes)| one(name, sizes))
                .chain(values.map(|(name, sizes)| one(name, sizes)))
                .collect();
            words.push(format!("--{flag}Shapes={}", all.join(",")));
        }
    }
    let run: Vec<String> = (recipe.bench.shapes.iter())
        .filter(|(name, _)| !recipe.bench.values.contains_key(*name))
        .map(|(name, sizes)| one(name, sizes))
        .chain(recipe.bench.values.iter().map(|(name, values)| one(name, values)))
        .collect();
    if !run.is_empty() {
        words.push(format!("--shapes={}", run.join(",")));
    }
    if let Some(device) = recipe.target.device {
        words.push(format!("--device={device}"));
    }
    bench(recipe, strongly_typed, &mut words, &mut notes);
    if !recipe.patches.is_empty() {
        notes.push(format!(
            "trtexec applies no patches: save the model with the recipe's {} first and name that file.",
            count(recipe.patches.len(), "patch", "patches")
        ));
    }
    if !recipe.build.options.is_empty() {
        let names: Vec<&str> = recipe.build.options.keys().map(String::as_str).collect();
        notes.push(format!("Build options are not translated: {}.", names.join(", ")));
    }
    let words: Vec<String> = words.iter().map(|w| shell(w)).collect();
    Ok(Projection {
        text: words.join(" "),
        notes,
    })
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn precision(precision: Precision, strongly_typed: bool, words: &mut Vec<String>, notes: &mut Vec<String>) {
    match precision {
        Precision::Fp32 => words.push("--noTF32".into()),
        Precision::Tf32 => {}
        _ if strongly_typed => notes.push(format!(
            "TensorRT 11 is strongly typed: {precision} comes from the model, so name the model that the recipe's patches made."
        )),
        _ => {
            words.push(format!("--{}", precision.name()));
            if matches!(precision, Precision::Int8 | Precision::Fp8 | Precision::Int4) {
                notes.push(format!(
                    "{precision} needs Q/DQ nodes in the model or a calibration cache; without them trtexec invents ranges and the results mean nothing."
                ));
            }
        }
    }
}

fn bench(recipe: &Recipe, eleven: bool, words: &mut Vec<String>, notes: &mut Vec<String>) {
    let spec = &recipe.bench;
    if let Some(seconds) = spec.duration_s {
        words.push(format!("--duration={seconds}"));
        if seconds.fract() != 0.0 {
            notes.push("trtexec takes whole seconds of duration in some versions.".into());
        }
    }
    if let Some(n) = spec.iterations {
        words.push(format!("--iterations={n}"));
    }
    if let Some(ms) = spec.warmup_ms {
        words.push(format!("--warmUp={ms}"));
    }
    let protocol = spec.protocol.unwrap_or(Protocol::Trtexec11);
    match (protocol, eleven) {
        (Protocol::Trtexec10, false) | (Protocol::Trtexec11, true) => {}
        (Protocol::Trtexec11, false) => {
            words.extend(["--noDataTransfers", "--useCudaGraph", "--useSpinWait"].map(String::from));
        }
        (Protocol::Serial, false) => {
            words.push("--exposeDMA".into());
        }
        (Protocol::Trtexec10 | Protocol::Serial, true) => notes.push(format!(
            "The defaults of trtexec 11 are those of trtexec-11; its numbers are not comparable with {}.",
            protocol.name()
        )),
        (Protocol::Custom, _) => notes.push("The custom protocol's parts are not translated.".into()),
    }
}

/// `name:1x3`; a name with special characters in single quotes as trtexec's help says.
fn one<T: ToString>(name: &str, numbers: &[T]) -> String {
    let special = name.contains([':', ',']);
    let name = if special { format!("'{name}'") } else { name.to_owned() };
    let numbers: Vec<String> = numbers.iter().map(T::to_string).collect();
    // A scalar has no sizes to give.
    if numbers.is_empty() {
        format!("{name}:scalar")
    } else {
        format!("{name}:{}", numbers.join("x"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{ProfileSpec, ShapeRange};
    use std::path::Path;

    fn recipe() -> Recipe {
        let mut recipe = Recipe::for_model(Path::new("my net.onnx"));
        recipe.target.name = "tensorrt".into();
        recipe.target.version = Some("10".into());
        recipe.build.precision = Precision::Fp16;
        recipe.build.workspace = Some(1 << 30);
        let range = ShapeRange {
            min: vec![1, 3],
            opt: vec![4, 3],
            max: vec![8, 3],
        };
        recipe.profiles = vec![ProfileSpec {
            inputs: [("x:0".to_owned(), range)].into(),
            ..ProfileSpec::default()
        }];
        recipe
    }

    #[test]
    fn the_line_says_what_the_recipe_says() {
        let mut recipe = recipe();
        recipe.bench.protocol = Some(Protocol::Trtexec11);
        recipe.bench.duration_s = Some(5.0);
        let line = trtexec_line(&recipe).unwrap();
        assert_eq!(
            line.text,
            "trtexec '--onnx=my net.onnx' --fp16 --memPoolSize=workspace:1024M '--minShapes='\\''x:0'\\'':1x3' \
             '--optShapes='\\''x:0'\\'':4x3' '--maxShapes='\\''x:0'\\'':8x3' --duration=5 --noDataTransfers --useCudaGraph --useSpinWait"
        );
        assert!(line.notes.is_empty());
    }

    #[test]
    fn what_cannot_be_said_is_a_note() {
        let mut recipe = recipe();
        recipe.target.version = Some("11.4".into());
        recipe.bench.protocol = Some(Protocol::Serial);
        recipe.patches = vec![crate::rewrite::PatchSpec::FoldConstants {
            max_bytes: 1,
            copies: false,
        }];
        let line = trtexec_line(&recipe).unwrap();
        assert!(!line.text.contains("--fp16"));
        let notes = line.notes.join("\n");
        assert!(
            notes.contains("strongly typed") && notes.contains("serial") && notes.contains("1 patch first"),
            "{notes}"
        );
        recipe.target.name = "embedded".into();
        assert!(trtexec_line(&recipe).unwrap_err().contains("embedded"));
    }
}
