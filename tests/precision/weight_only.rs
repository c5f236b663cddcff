//! What has no activation to quantize (recurrent nodes, nodes inside bodies) has its weights alone in INT8, the result is
//! judged by ONNX Runtime and read by the parser of TensorRT-RTX.

use crate::cli::{json, refused, run};
use crate::judge::judge;
use crate::support::{model, python, rtx_folders};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn models(folder: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/precision/weight_only.py");
    let output = python().arg(script).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn notes(report: &Value) -> Vec<(String, String)> {
    serde_json::from_value(report["notes"].clone()).unwrap()
}

#[test]
fn models_without_an_activation_to_quantize_get_smaller_weights() {
    let home = tempfile::tempdir().unwrap();
    models(home.path());
    for (name, input, nodes, weights) in [
        ("recurrent", "x:float32:4x2x24", 2, 4),
        ("branches", "x:float32:2x32", 2, 2),
        ("loop", "x:float32:2x32", 1, 1),
        ("embedding", "ids:int64:2x5=3", 1, 1),
    ] {
        let (before, after) = (format!("{name}.onnx"), format!("{name}_int8.onnx"));
        let report = json(&run(home.path(), &["quantize", &before, "-o", &after, "--json"]));
        let summary = report["summary"].as_str().unwrap();
        let stored = notes(&report)
            .iter()
            .filter(|(_, n)| n.contains("weight-only INT8"))
            .count();
        assert_eq!(stored, nodes, "{report}");
        let plural = |n: usize, what: &str| {
            if n == 1 {
                format!("1 {what}")
            } else {
                format!("{n} {what}s")
            }
        };
        let wanted = format!(
            "Stored {} as INT8 for {}",
            plural(weights, "weight"),
            plural(nodes, "node")
        );
        assert!(summary.starts_with(&wanted), "{summary}");
        // Normally distributed values on a grid of 255 steps up to their largest: a step is about 0.024 deviations.
        let percent = summary
            .split(" % (root mean square)")
            .next()
            .and_then(|s| s.rsplit(' ').next());
        let percent: f64 = percent.unwrap().parse().unwrap();
        assert!((0.3..1.2).contains(&percent), "{summary}");
        let bytes = |key: &str| report[key].as_u64().unwrap();
        assert!(bytes("bytes") * 10 < bytes("bytes_before") * 6, "{report}");
        let judged = judge(
            &home.path().join(&before),
            &home.path().join(&after),
            &["--input", input],
        );
        let output = &judged["outputs"]["y"];
        let error = output["mean_abs"].as_f64().unwrap() / output["largest"].as_f64().unwrap();
        assert!((1e-7..0.02).contains(&error), "{name}: {judged}");
        let check = [
            "check",
            &after,
            "--target",
            "tensorrt-rtx",
            "--require-parser",
            "--json",
        ];
        let output = Command::new(env!("CARGO_BIN_EXE_enginesmith"))
            .args(check)
            .current_dir(home.path())
            .env("XDG_DATA_HOME", home.path().join("data"))
            .env("XDG_CACHE_HOME", home.path().join("cache"))
            .env("LD_LIBRARY_PATH", rtx_folders().pop().expect("run tests/setup.sh"))
            .output()
            .unwrap();
        let checked = json(&output);
        assert_eq!(checked["supported"], true, "{name}: {checked}");
    }
}

#[test]
fn weights_alone_are_stored_beside_others_where_asked_for_and_never_against_the_lists() {
    let home = tempfile::tempdir().unwrap();
    models(home.path());
    let source = model("silero_vad_16k_op15.onnx");
    let source = source.to_str().unwrap();
    let quantize = |output: &str, more: &[&str]| {
        let arguments = ["quantize", source, "-o", output, "--json", "--shape", "input:1x576"];
        json(&run(home.path(), &[&arguments[..], more].concat()))
    };
    let (plain, alone) = (quantize("plain.onnx", &[]), quantize("alone.onnx", &["--weight-only"]));
    println!("{}\n{}", plain["summary"], alone["summary"]);
    let has = |report: &Value| notes(report).iter().any(|(_, n)| n.contains("weight-only INT8"));
    assert!(has(&alone), "{alone}");
    if plain["summary"].as_str().unwrap().starts_with("Quantized") {
        assert!(!has(&plain), "{plain}");
        assert!(alone["bytes"].as_u64() < plain["bytes"].as_u64());
    }
    // This one has nothing else: every node is in a branch.
    let source = model("silero_vad.onnx");
    let stored = [
        "quantize",
        source.to_str().unwrap(),
        "-o",
        "stored.onnx",
        "--json",
        "--shape",
        "input:1x576",
    ];
    let report = json(&run(home.path(), &stored));
    assert!(
        has(&report) && report["bytes"].as_u64() < report["bytes_before"].as_u64().map(|b| b / 2),
        "{report}"
    );
    let mut arguments = Vec::new();
    for input in ["input:float32:1x576", "state:float32:2x1x128", "sr:int64:=16000"] {
        arguments.extend(["--input", input]);
    }
    let judged = judge(&source, &home.path().join("stored.onnx"), &arguments);
    for (name, output) in judged["outputs"].as_object().unwrap() {
        assert!(output["cosine"].as_f64().unwrap() > 0.99, "{name}: {judged}");
    }
    let excluded = ["quantize", "recurrent.onnx", "-o", "none.onnx", "--exclude-op", "LSTM"];
    let output = run(home.path(), &[&excluded[..], &["--exclude-op", "GRU"]].concat());
    assert!(refused(&output, 2).contains("lstm: float: LSTM is excluded"));
    let fp8 = [
        "quantize",
        "recurrent.onnx",
        "-o",
        "fp8.onnx",
        "--mode",
        "fp8",
        "--weight-only",
    ];
    assert!(refused(&run(home.path(), &fp8), 2).contains("in INT8 or INT4, not in FP8"));
}
