//! What runs inside If, Loop and Scan, and in local functions: its ranges are seen, its nodes are decided one by one, the
//! result is a valid model.

use crate::cli::{json, run};
use crate::judge::judge;
use crate::support::{model, python};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

fn script(path: &str, folder: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let output = python().arg(script).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn ranges_inside_bodies_decide_what_is_lowered_there() {
    let home = tempfile::tempdir().unwrap();
    script("tests/precision/bodies.py", home.path());
    for (to, half) in [("fp16", "float16"), ("bf16", "bfloat16")] {
        let (out, cache) = (format!("{to}.onnx"), format!("{to}.json"));
        let mut arguments = vec!["cast", "bodies.onnx", "--to", to, "-o", &out, "--cache", &cache];
        arguments.extend(["--data", "data.npz", "--as-is", "--json"]);
        let report = json(&run(home.path(), &arguments));
        let cache: Value = serde_json::from_slice(&std::fs::read(home.path().join(&cache)).unwrap()).unwrap();
        let known: BTreeMap<String, [f64; 2]> =
            serde_json::from_slice(&std::fs::read(home.path().join("ranges.json")).unwrap()).unwrap();
        for (name, [low, high]) in &known {
            let seen = &cache["tensors"][name]["range"];
            let is_near =
                |value: &Value, want: f64| (value.as_f64().unwrap() - want).abs() <= 1e-5 * want.abs().max(1e-3);
            assert!(
                is_near(&seen["min"], *low) && is_near(&seen["max"], *high),
                "{name}: {seen}, not {low} to {high}"
            );
        }
        // What did not run has no range, rather than one of zero.
        let inside = cache["tensors"]
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| name.contains('/'));
        assert_eq!(inside.count(), known.len());

        let notes: BTreeMap<String, String> = serde_json::from_value::<Vec<(String, String)>>(report["notes"].clone())
            .unwrap()
            .into_iter()
            .collect();
        let lowered = to.to_uppercase();
        for (node, want) in [
            ("e", lowered.as_str()),
            ("big", "FP32: output big reached 1,450"),
            ("t", "FP32: input big reached 1,450"),
            ("never", "FP32: it runs inside a body, where no range of n was seen"),
            ("double", "FP32: output d reached 2.1e7"),
            ("start", "FP32: input d reached 2.1e7"),
            ("keep", lowered.as_str()),
            ("more", "FP32: output r reached 2.1e10"),
            ("unrun", "FP32: it runs inside a body, where no range of next was seen"),
            ("add", lowered.as_str()),
            ("out", lowered.as_str()),
        ] {
            assert_eq!(notes.get(node).map(String::as_str), Some(want), "{node}");
        }
        let arguments: &[&str] = match to {
            "fp16" => &["--input", "x:float32:4x3"],
            // ONNX Runtime computes little in bfloat16 on the processor.
            _ => &["--types-only"],
        };
        let judged = judge(&home.path().join("bodies.onnx"), &home.path().join(&out), arguments);
        println!("{} {judged}", report["summary"]);
        for (name, output) in judged["outputs"].as_object().unwrap() {
            let error = output["mean_abs"].as_f64().unwrap() / output["largest"].as_f64().unwrap();
            assert!(error < 2e-3, "{name}: {judged}");
        }
        assert!(report["summary"].as_str().unwrap().contains(half), "{report}");
    }
}

#[test]
fn a_real_model_that_is_all_branches_is_lowered_where_it_runs() {
    let home = tempfile::tempdir().unwrap();
    let source = model("silero_vad.onnx");
    let mut arguments = vec!["cast", source.to_str().unwrap(), "--to", "fp16", "-o", "half.onnx"];
    arguments.extend(["--shape", "input:1x576", "--json"]);
    let report = json(&run(home.path(), &arguments));
    let notes: Vec<(String, String)> = serde_json::from_value(report["notes"].clone()).unwrap();
    let lowered: Vec<&str> = notes
        .iter()
        .filter(|(_, why)| why == "FP16")
        .map(|(n, _)| n.as_str())
        .collect();
    println!("{} {lowered:?}", report["summary"]);
    assert!(lowered.len() > 50, "{lowered:?}");
    // The generated sample rate is that of one branch; the other one is for 8 kHz.
    let unseen = notes.iter().filter(|(_, why)| why.contains("where no range of"));
    let is_other = |name: &str| name.starts_with("If_0_else_branch");
    assert!(unseen.clone().any(|(name, _)| is_other(name)));
    assert!(!lowered.iter().any(|name| is_other(name)));
    let mut arguments = Vec::new();
    for input in ["input:float32:1x576", "state:float32:2x1x128", "sr:int64:=16000"] {
        arguments.extend(["--input", input]);
    }
    let judged = judge(&source, &home.path().join("half.onnx"), &arguments);
    for (name, output) in judged["outputs"].as_object().unwrap() {
        let error = output["mean_abs"].as_f64().unwrap() / output["largest"].as_f64().unwrap();
        assert!(error < 2e-3, "{name}: {judged}");
    }
}

#[test]
fn local_functions_are_inlined_before_their_nodes_are_decided() {
    let home = tempfile::tempdir().unwrap();
    script("tests/cleanup/functions.py", home.path());
    let mut arguments = vec!["cast", "nested.onnx", "--to", "fp16", "-o", "half.onnx", "--json"];
    arguments.extend(["--shape", "x:4x8"]);
    let report = json(&run(home.path(), &arguments));
    assert_eq!(report["prepared"][0]["kind"], "inline-functions", "{report}");
    assert_eq!(report["prepared"][0]["summary"], "Inlined 3 calls of 3 local functions");
    let notes: Vec<(String, String)> = serde_json::from_value(report["notes"].clone()).unwrap();
    let lowered = notes.iter().filter(|(_, why)| why == "FP16").count();
    // Three blocks of five nodes that compute on floats each, and their constants.
    assert!(lowered >= 15, "{report}");
    let arguments = [
        "--input",
        "x:float32:4x8",
        "--input",
        "w:float32:8x8",
        "--input",
        "b:float32:8",
    ];
    let judged = judge(
        &home.path().join("nested.onnx"),
        &home.path().join("half.onnx"),
        &arguments,
    );
    for (name, output) in judged["outputs"].as_object().unwrap() {
        let error = output["mean_abs"].as_f64().unwrap() / output["largest"].as_f64().unwrap();
        assert!(error < 2e-3, "{name}: {judged}");
    }
}
