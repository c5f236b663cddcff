//! `cast` as users run it: ranges from a worker, a cache, reasons, refusals.

use crate::judge::judge;
use crate::support::{digits, model, onnxruntime_library};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// Runs the program with folders of its own.
pub fn run(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_enginesmith"))
        .args(arguments)
        .current_dir(home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("ORT_DYLIB_PATH", onnxruntime_library())
        .output()
        .unwrap()
}

/// The JSON of a run that ended well.
pub fn json(output: &Output) -> Value {
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}{err}");
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"))
}

/// What a run said that was refused with this exit code.
pub fn refused(output: &Output, code: i32) -> String {
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{err}");
    err
}

/// Arguments of `judge.py` for the demo's test set.
pub fn test_set() -> [String; 6] {
    let data = digits().join("test.npz").display().to_string();
    ["--data", &data, "--array", "input=images", "--labels", "labels"].map(str::to_owned)
}

#[test]
fn digits_are_cast_with_ranges_from_their_calibration_data() {
    let home = tempfile::tempdir().unwrap();
    let recipe = digits().join("recipe.toml");
    let recipe = recipe.to_str().unwrap();
    let arguments = [
        "cast",
        recipe,
        "--to",
        "fp16",
        "-o",
        "half.onnx",
        "--cache",
        "ranges.json",
        "--as-is",
        "--json",
    ];
    let report = json(&run(home.path(), &arguments));
    let summary = report["summary"].as_str().unwrap();
    assert!(
        summary.contains("samples of calibration.npz on onnxruntime-cpu"),
        "{summary}"
    );
    let test = test_set();
    let test: Vec<&str> = test.iter().map(String::as_str).collect();
    let judged = judge(&digits().join("digits.onnx"), &home.path().join("half.onnx"), &test);
    println!("{summary} {judged}");
    assert!(judged["flipped"].as_u64().unwrap() <= 1, "{judged}");

    // The file is kept, and the ranges are those of the data.
    let err = refused(&run(home.path(), &arguments), 2);
    assert!(err.contains("exists already"), "{err}");
    let cache: Value = serde_json::from_slice(&std::fs::read(home.path().join("ranges.json")).unwrap()).unwrap();
    let input = &cache["tensors"]["input"]["range"];
    assert_eq!(input["min"], 0.0, "{input}");
    assert!(cache["tensors"].as_object().unwrap().len() > 30);

    // Ranges are enough for a cast, not for thresholds; they are no less refused than those of other data.
    let arguments = ["quantize", recipe, "-o", "b.onnx", "--cache", "ranges.json", "--as-is"];
    let err = refused(&run(home.path(), &arguments), 2);
    assert!(err.contains("it holds ranges, this needs thresholds for INT8"), "{err}");
    let arguments = [
        "cast",
        recipe,
        "--to",
        "fp16",
        "-o",
        "b.onnx",
        "--cache",
        "ranges.json",
        "--samples",
        "7",
    ];
    let err = refused(&run(home.path(), &arguments), 2);
    assert!(err.contains("it was made with other data"), "{err}");

    // A cache of another model is refused by name and reason.
    let other = model("ch_ppocr_mobile_v2.0_cls_mobile.onnx");
    let arguments = [
        "cast",
        other.to_str().unwrap(),
        "--to",
        "fp16",
        "-o",
        "b.onnx",
        "--cache",
        "ranges.json",
    ];
    let err = refused(&run(home.path(), &arguments), 2);
    assert!(err.contains("ranges.json: it was made for another model"), "{err}");
    assert!(!home.path().join("b.onnx").exists());
}

#[test]
fn a_range_limit_keeps_nodes_and_says_which() {
    let home = tempfile::tempdir().unwrap();
    let recipe = digits().join("recipe.toml");
    let arguments = [
        "cast",
        recipe.to_str().unwrap(),
        "--to",
        "fp16",
        "-o",
        "half.onnx",
        "--max-activation",
        "6.5",
        "--json",
    ];
    let report = json(&run(home.path(), &arguments));
    let notes = report["notes"].as_array().unwrap();
    let kept = notes
        .iter()
        .filter(|n| n[1].as_str().unwrap().starts_with("FP32: ") && n[1].as_str().unwrap().contains(" reached "));
    let lowered = notes.iter().filter(|n| n[1] == "FP16");
    assert!(kept.count() > 3 && lowered.count() > 3, "{report}");
    let test = test_set();
    let test: Vec<&str> = test.iter().map(String::as_str).collect();
    let judged = judge(&digits().join("digits.onnx"), &home.path().join("half.onnx"), &test);
    assert!(judged["flipped"].as_u64().unwrap() <= 1, "{judged}");
}

#[test]
fn bad_calibration_data_is_refused_in_words() {
    let home = tempfile::tempdir().unwrap();
    let digits_model = digits().join("digits.onnx");
    std::fs::create_dir(home.path().join("empty")).unwrap();
    let wrong = digits().join("test.npz");
    for (data, array, word) in [
        ("empty", None, "empty"),
        ("missing", None, "missing"),
        (wrong.to_str().unwrap(), None, "input"),
        (wrong.to_str().unwrap(), Some("input=labels"), "labels"),
    ] {
        let mut arguments = vec![
            "cast",
            digits_model.to_str().unwrap(),
            "--to",
            "fp16",
            "-o",
            "x.onnx",
            "--data",
            data,
        ];
        arguments.extend(array.iter().flat_map(|a| ["--array", *a]));
        let err = refused(&run(home.path(), &arguments), 2);
        assert!(err.contains(word), "{data}: {err}");
        assert!(!home.path().join("x.onnx").exists());
    }
}

#[test]
fn a_comparison_lowers_precision_by_itself() {
    let home = tempfile::tempdir().unwrap();
    let recipe = digits().join("recipe.toml");
    let arguments = [
        "compare",
        recipe.to_str().unwrap(),
        "--target",
        "onnxruntime-cpu",
        "--precision",
        "fp32,fp16,int8",
        "--batch",
        "32",
        "--duration",
        "100ms",
        "--json",
    ];
    let output = run(home.path(), &arguments);
    let report = json(&output);
    let variants = report["variants"].as_array().unwrap();
    for (precision, most) in [("fp16", 0.05), ("int8", 0.2)] {
        let row = variants.iter().find(|v| v["precision"] == precision).unwrap();
        assert!(row["error"].is_null(), "{row}");
        let error = row["accuracy"][0]["mean_abs"].as_f64().unwrap();
        // Not FP32 under another name, and not far from it.
        assert!(error > 1e-6 && error < most, "{row}");
    }
}
