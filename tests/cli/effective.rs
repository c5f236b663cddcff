//! What engines really compute in, what they take until they can be used, and memory: with real runtimes.

use super::support::{digits, model, onnxruntime_library};
use super::{enginesmith, json};
use serde_json::Value;
use std::path::Path;

fn bench(home: &Path, model: &Path, target: &str, precision: &str, more: &[&str]) -> Value {
    let output = enginesmith(home)
        .env("ORT_DYLIB_PATH", onnxruntime_library())
        .arg("bench")
        .arg(model)
        .args([
            "--target",
            target,
            "--precision",
            precision,
            "--duration",
            "50ms",
            "--json",
        ])
        .args(more)
        .output()
        .unwrap();
    json(&output, 0)
}

fn share(result: &Value, dtype: &str, key: &str) -> f64 {
    let types = result["effective_precision"]["types"].as_array().unwrap();
    let found = types.iter().find(|t| t["dtype"] == dtype);
    found.map_or(0.0, |t| t[key].as_f64().unwrap_or(f64::NAN))
}

fn warns(result: &Value) -> bool {
    result["warnings"].to_string().contains("asked for")
}

#[test]
fn what_was_asked_for_and_what_was_executed_stand_beside_each_other() {
    let home = tempfile::tempdir().unwrap();
    let net = model("light/light_resnet50.onnx");
    let plain = bench(home.path(), &net, "onnxruntime-cpu", "fp32", &[]);
    assert_eq!(share(&plain, "fp32", "layer_share"), 1.0, "{plain}");
    assert!(!warns(&plain), "{plain}");
    // On the processor convolutions of a float16 graph run in float32 between casts, or in float16 where it has them.
    let half = bench(home.path(), &net, "onnxruntime-cpu", "fp16", &[]);
    let got = share(&half, "fp16", "mac_share");
    println!("fp16 on the processor: {}", half["effective_precision"]);
    assert_eq!(warns(&half), got < 0.9, "{half}");
    let digits = digits().join("digits.onnx");
    let int8 = bench(home.path(), &digits, "onnxruntime-cpu", "int8", &[]);
    println!("int8: {}", int8["effective_precision"]);
    // Only convolutions whose results are quantized too become 8-bit ones.
    assert_eq!(warns(&int8), share(&int8, "int8", "mac_share") < 0.9, "{int8}");
    let embedded = bench(home.path(), &digits, "embedded", "fp32", &[]);
    assert_eq!(share(&embedded, "fp32", "layer_share"), 1.0, "{embedded}");
    assert!(!warns(&embedded), "{embedded}");
    for result in [&plain, &embedded] {
        let resources = &result["resources"];
        assert!(resources["load_s"].as_f64().unwrap() > 0.0, "{resources}");
        assert!(resources["first_inference_s"].as_f64().unwrap() > 0.0, "{resources}");
        assert!(resources["host_peak_bytes"].as_u64().unwrap() > 1 << 20, "{resources}");
        assert!(
            resources["device"].is_null() && resources["jit_s"].is_null(),
            "{resources}"
        );
    }
}
