//! Quantizing real models.

use crate::cli::{json, refused, run, test_set};
use crate::judge::judge;
use crate::support::{digits, model};
use serde_json::Value;
use std::path::Path;

fn quantize(home: &Path, input: &str, output: &str, more: &[&str]) -> Value {
    let mut arguments = vec!["quantize", input, "-o", output, "--json"];
    arguments.extend(more);
    json(&run(home, &arguments))
}

#[test]
fn digits_in_int8_lose_less_than_a_point_and_take_less_than_a_third() {
    let home = tempfile::tempdir().unwrap();
    let recipe = digits().join("recipe.toml");
    let test = test_set();
    let test: Vec<&str> = test.iter().map(String::as_str).collect();
    for method in ["entropy", "max", "percentile", "mse"] {
        let output = format!("{method}.onnx");
        let report = quantize(home.path(), recipe.to_str().unwrap(), &output, &["--method", method]);
        let judged = judge(&digits().join("digits.onnx"), &home.path().join(&output), &test);
        println!(
            "{} {} of {} bytes {judged}",
            report["summary"], report["bytes"], report["bytes_before"]
        );
        let right = |i: usize| judged["right"][i].as_f64().unwrap();
        let samples = judged["samples"].as_f64().unwrap();
        assert!((right(0) - right(1)) / samples <= 0.01, "{method}: {judged}");
        // Less than 30 % of the file, the stated goal.
        let bytes = |key: &str| report[key].as_f64().unwrap();
        assert!(bytes("bytes") < 0.3 * bytes("bytes_before"), "{report}");
        let notes = report["notes"].as_array().unwrap();
        let int8 = notes.iter().filter(|n| n[1].as_str().unwrap().starts_with("INT8: "));
        assert!(int8.count() >= 11, "{report}");
    }
    // Quantizing the result again is refused.
    let again = ["quantize", "max.onnx", "-o", "again.onnx"];
    let err = refused(&run(home.path(), &again), 2);
    assert!(err.contains("quantized already"), "{err}");
}

#[test]
fn other_models_stay_valid() {
    let home = tempfile::tempdir().unwrap();
    for (name, shape, input) in [
        (
            "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
            "x:1x3x48x192",
            "x:float32:1x3x48x192",
        ),
        ("magika.onnx", "bytes:1x2048", "bytes:int32:1x2048=65"),
    ] {
        let path = model(name);
        let report = quantize(home.path(), path.to_str().unwrap(), name, &["--shape", shape]);
        let judged = judge(&path, &home.path().join(name), &["--input", input]);
        println!("{name}: {} {judged}", report["summary"]);
        let outputs = judged["outputs"].as_object().unwrap();
        assert!(
            outputs.values().all(|o| o["cosine"].as_f64().unwrap() > 0.99),
            "{name}: {judged}"
        );
    }
}
