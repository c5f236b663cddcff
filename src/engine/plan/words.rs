//! An engine in words: what the command line prints and the studio's engine view shows.

use super::{EngineLayer, EngineView};
use crate::format;

/// Headings of the columns of [`layer_cells`].
pub const LAYER_HEADINGS: [&str; 6] = ["layer", "kind", "type", "layout", "tactic", "nodes"];

/// The product's name of a target.
fn product(target: &str) -> &str {
    match target {
        "tensorrt-rtx" => "TensorRT-RTX",
        "tensorrt" => "TensorRT",
        other => other,
    }
}

/// What is known without its layers, as label and value.
pub fn facts(view: &EngineView) -> Vec<(&'static str, String)> {
    let header = &view.header;
    let version = header.version.as_deref().unwrap_or("of an unknown version");
    let mut facts = vec![
        ("Built by", format!("{} {version}", product(&header.target))),
        ("Size", format::bytes(view.bytes)),
    ];
    if !header.capabilities.is_empty() {
        let newer = if header.newer_capabilities { " and newer" } else { "" };
        facts.push((
            "Compute capability",
            format!("{}{newer}", header.capabilities.join(", ")),
        ));
    }
    if let Some(bytes) = header.weight_bytes {
        facts.push(("Weights", format::bytes(bytes)));
    }
    if let Some(record) = &view.record {
        let model = record.model_sha256.get(..12).unwrap_or(&record.model_sha256);
        facts.push(("Model", model.to_owned()));
        facts.push(("Built in", format::seconds(record.seconds)));
    }
    if let Some(library) = &view.library {
        facts.push(("Read with", library.clone()));
    }
    facts
}

/// Sizes with `x` between; `?` where they depend on the run.
pub fn dims(shape: &[i64]) -> String {
    let texts: Vec<String> = shape
        .iter()
        .map(|d| if *d < 0 { "?".into() } else { d.to_string() })
        .collect();
    if texts.is_empty() {
        "scalar".into()
    } else {
        texts.join("x")
    }
}

/// Inputs and outputs as rows: name, direction, type, shape, layout.
pub fn tensor_rows(view: &EngineView) -> Vec<[String; 5]> {
    let row = |t: &super::EngineTensor| {
        let direction = match (t.is_input, t.is_on_host) {
            (true, false) => "input",
            (true, true) => "input, values on the host",
            (false, false) => "output",
            (false, true) => "output, on the host",
        };
        let shape = t.shape.as_ref().map_or("any".into(), |s| dims(s));
        [
            t.name.clone(),
            direction.into(),
            t.dtype.clone(),
            shape,
            t.format.clone(),
        ]
    };
    view.tensors.iter().map(row).collect()
}

/// Optimization profiles as rows: number, input, min, opt, max.
pub fn profile_rows(view: &EngineView) -> Vec<[String; 5]> {
    let profiles = view.profiles.iter().enumerate();
    let rows = profiles.flat_map(|(index, profile)| {
        profile.inputs.iter().map(move |i| {
            [
                index.to_string(),
                i.name.clone(),
                dims(&i.min),
                dims(&i.opt),
                dims(&i.max),
            ]
        })
    });
    rows.collect()
}

/// The cells of a layer's row.
pub fn layer_cells(layer: &EngineLayer) -> [String; 6] {
    [
        layer.name.clone(),
        layer.kind.clone(),
        layer.precision.clone().unwrap_or_default(),
        layer.format.clone(),
        layer.tactic.clone(),
        layer.nodes.join(", "),
    ]
}

/// Why an engine shows no layers.
pub fn why_no_layers(view: &EngineView) -> String {
    match (&view.library, view.refusals.first()) {
        (None, _) => "No library could be asked, and the file's first bytes do not tell layers.".into(),
        (Some(library), Some(why)) => format!("{library} reads layers only where the engine runs: {why}."),
        (Some(library), None) => format!("{library} told no layers."),
    }
}

/// Layers per type in words: `FP16: 12 layers (80 %)`.
pub fn share_words(precision: &str, count: usize, all: usize) -> String {
    let share = 100.0 * count as f64 / all.max(1) as f64;
    format!("{precision}: {} ({share:.0} %)", format::plural(count, "layer"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::plan::{EngineHeader, EngineTensor};

    #[test]
    fn facts_are_those_that_are_known() {
        let mut view = EngineView {
            bytes: 1 << 20,
            header: EngineHeader {
                target: "tensorrt-rtx".into(),
                version: Some("1.7.1".into()),
                capabilities: vec!["8.6".into(), "12.0".into()],
                newer_capabilities: true,
                ..EngineHeader::default()
            },
            ..EngineView::default()
        };
        let facts = facts(&view);
        assert_eq!(facts[0], ("Built by", "TensorRT-RTX 1.7.1".into()));
        assert_eq!(facts[2], ("Compute capability", "8.6, 12.0 and newer".into()));
        assert_eq!(facts.len(), 3);
        assert!(why_no_layers(&view).starts_with("No library"));
        view.library = Some("TensorRT-RTX 1.7.1.116".into());
        view.refusals.push("there is no NVIDIA driver here".into());
        assert!(why_no_layers(&view).contains("no NVIDIA driver"));
    }

    #[test]
    fn shapes_that_depend_on_the_run_have_marks() {
        let tensor = EngineTensor {
            name: "x".into(),
            is_input: true,
            dtype: "FP16".into(),
            shape: Some(vec![-1, 3]),
            ..EngineTensor::default()
        };
        let view = EngineView {
            tensors: vec![tensor],
            ..EngineView::default()
        };
        assert_eq!(tensor_rows(&view)[0], ["x", "input", "FP16", "?x3", ""]);
        assert_eq!(dims(&[]), "scalar");
    }
}
