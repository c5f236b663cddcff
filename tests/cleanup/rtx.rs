//! What was cleaned up is taken by TensorRT-RTX's parser as before, or better.

use crate::support::{digits, model, rtx_folders};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn run(home: &Path, library: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_enginesmith"))
        .args(arguments)
        .current_dir(home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("LD_LIBRARY_PATH", library)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"))
}

/// Errors that the parser itself names.
fn errors(home: &Path, library: &Path, file: &str) -> Vec<String> {
    let arguments = ["check", file, "--target", "tensorrt-rtx", "--require-parser", "--json"];
    let report = json(&run(home, library, &arguments));
    assert_eq!(report["parser_asked"], true, "{report}");
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .filter(|f| f["severity"] == "error" && f["evidence"] == "parser")
        .map(|f| f["reason"].to_string())
        .collect()
}

#[test]
fn cleaned_models_are_parsed_by_tensorrt_rtx() {
    let home = tempfile::tempdir().unwrap();
    let library = rtx_folders().pop().expect("run tests/setup.sh");
    let mut taken = 0;
    for (name, opset) in [
        ("PP-OCRv6_det_small.onnx", None),
        ("PP-OCRv6_rec_small.onnx", Some("20")),
        ("ch_ppocr_mobile_v2.0_cls_mobile.onnx", Some("13")),
        ("magika.onnx", Some("22")),
        ("light/light_shufflenet.onnx", Some("19")),
        ("digits.onnx", Some("21")),
    ] {
        let before = match name {
            "digits.onnx" => digits().join(name),
            _ => model(name),
        };
        let before = before.to_str().unwrap().to_owned();
        let mut arguments = vec!["clean", &before, "-o", "after.onnx", "--force", "--json"];
        arguments.extend(opset.iter().flat_map(|opset| ["--opset", opset]));
        let output = run(home.path(), &library, &arguments);
        assert!(
            output.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let report = json(&output);
        let wrong = errors(home.path(), &library, "after.onnx");
        let had = errors(home.path(), &library, &before);
        println!(
            "{name}: {} nodes, were {}; {wrong:?}, had {had:?}",
            report["nodes"], report["nodes_before"]
        );
        assert!(wrong.len() <= had.len(), "{name}: {wrong:?}, before {had:?}");
        taken += usize::from(wrong.is_empty());
    }
    assert!(taken >= 4, "the parser takes only {taken} of 6");
}
