//! Writing a recipe: paths relative to its folder, to a temporary name first, never over a file the user did not name.

use crate::files::{self, Part};
use crate::recipe::Recipe;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes `recipe` to `path`; an existing file is replaced only when `replace`.
///
/// # Errors
/// A sentence naming the file.
pub fn save(recipe: &Recipe, path: &Path, replace: bool) -> Result<(), String> {
    let fail = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    if path.exists() && !replace {
        return Err(fail(&"the file exists"));
    }
    let text = relative_to(recipe, files::folder(path)).to_toml();
    let written = Part::beside(path).and_then(|mut part| {
        part.write_all(text.as_bytes())?;
        part.persist(path, replace)
    });
    written.map_err(|e| fail(&files::words(&e)))
}

/// The recipe with every path below `folder` relative to it, and every other path absolute.
pub fn relative_to(recipe: &Recipe, folder: &Path) -> Recipe {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let shorten = |path: &mut PathBuf| {
        if path.as_os_str().is_empty() {
            return;
        }
        let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
        *path = whole.strip_prefix(&folder).map(Path::to_path_buf).unwrap_or(whole);
    };
    let mut out = recipe.clone();
    shorten(&mut out.model.path);
    for source in [&mut out.data.calibration, &mut out.data.test].into_iter().flatten() {
        shorten(&mut source.path);
    }
    out
}

/// The `enginesmith` line that does what the recipe file says.
pub fn command_line(recipe_path: &Path) -> String {
    format!(
        "enginesmith run {}",
        crate::format::shell_word(&recipe_path.to_string_lossy())
    )
}

/// The `enginesmith` line for a recipe that is not in a file: its model and the settings the command line has options for.
/// The second value lists what the line leaves out.
pub fn model_command_line(recipe: &Recipe) -> (String, Vec<&'static str>) {
    let word = |text: &str| crate::format::shell_word(text);
    let shape = |dims: &[u64]| dims.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
    let mut left_out = Vec::new();
    let mut precisions: Vec<&str> = recipe
        .variants
        .iter()
        .filter_map(crate::studio::recipe::variants::precision)
        .map(|p| p.name())
        .collect();
    let verb = if recipe.variants.is_empty() { "bench" } else { "compare" };
    if precisions.len() < recipe.variants.len() {
        precisions.insert(0, recipe.build.precision.name());
    }
    if recipe.variants.is_empty() {
        precisions = vec![recipe.build.precision.name()];
    }
    precisions.dedup();
    let mut line = vec![
        "enginesmith".into(),
        verb.into(),
        word(&recipe.model.path.to_string_lossy()),
    ];
    let target = match &recipe.target.version {
        Some(version) => format!("{}@{version}", recipe.target.name),
        None => recipe.target.name.clone(),
    };
    line.extend([
        "--target".into(),
        word(&target),
        "--precision".into(),
        precisions.join(","),
    ]);
    if let Some(via) = &recipe.target.via {
        line.extend(["--via".into(), word(via)]);
    }
    if let Some(bytes) = recipe.build.memory {
        line.extend(["--memory".into(), bytes.to_string()]);
    }
    if let Some(bytes) = recipe.build.workspace {
        line.extend(["--workspace".into(), bytes.to_string()]);
    }
    for (name, value) in &recipe.build.options {
        match (name.as_str(), value) {
            ("threads", toml::Value::Integer(n)) => line.extend(["--threads".into(), n.to_string()]),
            _ => left_out.push("build options"),
        }
    }
    for (name, range) in recipe.profiles.iter().take(1).flat_map(|p| &p.inputs) {
        for (option, dims) in [("--min", &range.min), ("--opt", &range.opt), ("--max", &range.max)] {
            line.extend([option.into(), word(&format!("{name}:{}", shape(dims)))]);
        }
    }
    for (name, range) in recipe.profiles.iter().take(1).flat_map(|p| &p.values) {
        for (option, values) in [("--min", &range.min), ("--opt", &range.opt), ("--max", &range.max)] {
            let values: Vec<String> = values.iter().map(i64::to_string).collect();
            line.extend([option.into(), word(&format!("{name}={}", values.join(",")))]);
        }
    }
    for (name, dims) in &recipe.bench.shapes {
        line.extend(["--shape".into(), word(&format!("{name}:{}", shape(dims)))]);
    }
    for (name, values) in &recipe.bench.values {
        let values: Vec<String> = values.iter().map(i64::to_string).collect();
        line.extend(["--shape".into(), word(&format!("{name}={}", values.join(",")))]);
    }
    if let Some(protocol) = recipe.bench.protocol {
        line.extend(["--protocol".into(), protocol.name().into()]);
    }
    if let Some(seconds) = recipe.bench.duration_s {
        line.extend(["--duration".into(), format!("{seconds}s")]);
    }
    if recipe.profiles.len() > 1 {
        left_out.push("profiles after the first");
    }
    if !recipe.patches.is_empty() {
        left_out.push("patches");
    }
    if recipe.data.calibration.is_some() || recipe.data.test.is_some() {
        left_out.push("data");
    }
    if recipe
        .variants
        .iter()
        .any(|v| !crate::studio::recipe::variants::others(v).is_empty())
    {
        left_out.push("overrides of variants other than precision");
    }
    left_out.dedup();
    (line.join(" "), left_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{DataSource, Precision};

    #[test]
    fn paths_below_the_folder_become_relative() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("m.onnx"), b"x").unwrap();
        let mut recipe: Recipe = toml::from_str("version = 1\nmodel.path = 'm.onnx'").unwrap();
        recipe.model.path = dir.path().join("m.onnx");
        recipe.data.test = Some(DataSource {
            path: "/elsewhere/test.npz".into(),
            ..Default::default()
        });
        let out = relative_to(&recipe, dir.path());
        assert_eq!(out.model.path, Path::new("m.onnx"));
        assert_eq!(out.data.test.unwrap().path, Path::new("/elsewhere/test.npz"));
    }

    #[test]
    fn command_line_says_what_it_leaves_out() {
        let text = "version = 1\nmodel.path = 'my model.onnx'\ntarget.name = 'tensorrt'\ntarget.version = '10'\nbuild.options.threads = 2\n\
                    bench.shapes.\"x:0\" = [1, 3]\ndata.test.path = 't.npz'";
        let mut recipe: Recipe = toml::from_str(text).unwrap();
        super::super::variants::add(&mut recipe, Some(Precision::Fp16));
        let (line, left_out) = model_command_line(&recipe);
        assert_eq!(
            line,
            "enginesmith compare 'my model.onnx' --target tensorrt@10 --precision fp32,fp16 --threads 2 --shape x:0:1x3"
        );
        assert_eq!(left_out, ["data"]);
    }
}
