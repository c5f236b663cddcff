//! Models that come quantized: kept and completed, made anew in the form that TensorRT takes, made float. Models that come in 16
//! bits: raised.

use crate::cli::{json, run};
use crate::judge::judge;
use crate::support::python;
use enginesmith::model::{DataType, Model};
use serde_json::Value;
use std::path::Path;

fn note(report: &Value, node: &str) -> String {
    let notes: Vec<(String, String)> = serde_json::from_value(report["notes"].clone()).unwrap();
    notes.into_iter().find(|(name, _)| name == node).unwrap_or_default().1
}

#[test]
fn quantized_models_are_completed_made_anew_or_made_float() {
    let home = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/precision/quantized.py");
    let output = python().arg(script).arg(home.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let source = home.path().join("asymmetric.onnx");
    let close = |name: &str| {
        let judged = judge(&source, &home.path().join(name), &["--input", "x:float32:20x32"]);
        let cosine = judged["outputs"]["y"]["cosine"].as_f64().unwrap();
        assert!(cosine > 0.999, "{name}: {judged}");
    };
    let operators = |name: &str| -> Vec<String> {
        let model = Model::open(&home.path().join(name)).unwrap();
        model.graph().node.iter().filter_map(|n| n.op_type.clone()).collect()
    };
    let types = |name: &str| -> Vec<DataType> {
        let model = Model::open(&home.path().join(name)).unwrap();
        let stored = model.graph().initializer.iter();
        stored.filter_map(|t| model.tensor(t).ok()).map(|t| t.dtype).collect()
    };

    let report = json(&run(
        home.path(),
        &["quantize", "asymmetric.onnx", "-o", "kept.onnx", "--json"],
    ));
    assert_eq!(note(&report, "first"), "kept: it is quantized already", "{report}");
    assert!(note(&report, "second").starts_with("INT8: r with scale"), "{report}");
    assert!(types("kept.onnx").contains(&DataType::UInt8));
    close("kept.onnx");

    let again = [
        "quantize",
        "asymmetric.onnx",
        "--requantize",
        "-o",
        "again.onnx",
        "--json",
    ];
    let report = json(&run(home.path(), &again));
    let summary = report["summary"].as_str().unwrap();
    assert!(summary.contains("from the pairs that the model had"), "{report}");
    // 255 - 60 codes of 0.01 above zero: 1.95 / 127.
    assert!(
        note(&report, "first").starts_with("INT8: x with scale 1.535e-2, weight per channel"),
        "{report}"
    );
    assert!(note(&report, "second").contains("no range of r"), "{report}");
    assert!(!types("again.onnx").contains(&DataType::UInt8) && types("again.onnx").contains(&DataType::Int8));
    close("again.onnx");

    let strip = [
        "clean",
        "asymmetric.onnx",
        "--only",
        "strip-quantization",
        "-o",
        "float.onnx",
    ];
    let output = run(home.path(), &strip);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(operators("float.onnx"), ["MatMul", "Relu", "MatMul"]);
    assert!(types("float.onnx").iter().all(|t| *t == DataType::Float32));
    close("float.onnx");
}

#[test]
fn models_in_16_bits_are_raised_and_quantized() {
    let home = tempfile::tempdir().unwrap();
    let recipe = crate::support::digits().join("recipe.toml");
    let half = [
        "cast",
        recipe.to_str().unwrap(),
        "--to",
        "fp16",
        "--lower-io",
        "-o",
        "half.onnx",
        "--json",
    ];
    json(&run(home.path(), &half));
    let raise = ["clean", "half.onnx", "--only", "raise-floats", "-o", "raised.onnx"];
    let output = run(home.path(), &raise);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let judged = |name: &str| {
        judge(
            &home.path().join("half.onnx"),
            &home.path().join(name),
            &["--input", "input:float16:1x1x8x8"],
        )
    };
    let cosine = |judged: &Value| judged["outputs"]["logits"]["cosine"].as_f64().unwrap();
    let raised = judged("raised.onnx");
    assert!(
        cosine(&raised) > 0.99999 && raised["outputs"]["logits"]["type"] == "float16",
        "{raised}"
    );
    let model = Model::open(&home.path().join("raised.onnx")).unwrap();
    let halves = model
        .graph()
        .initializer
        .iter()
        .filter(|t| t.data_type == Some(10))
        .count();
    assert_eq!(halves, 0);
    // Generated inputs: the recipe's data is float32.
    let quantize = [
        "quantize",
        "half.onnx",
        "-o",
        "int8.onnx",
        "--shape",
        "input:1x1x8x8",
        "--json",
    ];
    let report = json(&run(home.path(), &quantize));
    let prepared = report["prepared"].as_array().unwrap();
    assert!(prepared.iter().any(|p| p["kind"] == "raise-floats"), "{report}");
    assert!(
        report["summary"].as_str().unwrap().starts_with("Quantized "),
        "{report}"
    );
    let int8 = judged("int8.onnx");
    assert!(cosine(&int8) > 0.9, "{int8}");
}
