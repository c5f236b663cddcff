//! What runs inside If, Loop and Scan: its ranges are seen, its nodes are decided one by one, the result is a valid model.

use crate::cli::{json, run};
use crate::judge::judge;
use crate::support::python;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn ranges_inside_bodies_decide_what_is_lowered_there() {
    let home = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/precision/bodies.py");
    let output = python().arg(script).arg(home.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for (to, half) in [("fp16", "float16"), ("bf16", "bfloat16")] {
        let (out, cache) = (format!("{to}.onnx"), format!("{to}.json"));
        let mut arguments = vec!["cast", "bodies.onnx", "--to", to, "-o", &out, "--cache", &cache];
        arguments.extend(["--data", "data.npz", "--as-is", "--json", "--keep-io"]);
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
