//! `resize`: sizes of inputs fixed and opened for good, with both models run.

use super::support::{digits, model};
use super::{expect_code, json, run, stderr, stdout};
use crate::json::has_documented_keys;

#[test]
fn a_batch_is_fixed_and_opened_again_and_both_models_are_compared() {
    let home = tempfile::tempdir().unwrap();
    let file = digits().join("digits.onnx");
    std::fs::copy(file, home.path().join("m.onnx")).unwrap();
    let v = json(
        &run(
            home.path(),
            "resize m.onnx --fix batch=3 -o fixed.onnx --json".split(' '),
        ),
        0,
    );
    has_documented_keys(&v, "resize");
    assert_eq!(v["inputs"][0]["shape"], serde_json::json!([3, 1, 8, 8]));
    assert_eq!(
        (&v["verified"][0]["was_run"], v["verified"].as_array().unwrap().len()),
        (&true.into(), 1),
        "{v}"
    );
    // The batch comes back, in inputs and outputs, and computes the same at two sizes.
    let v = json(
        &run(
            home.path(),
            "resize fixed.onnx --open input:0=n -o open.onnx --json".split(' '),
        ),
        0,
    );
    assert_eq!(v["inputs"][0]["shape"], serde_json::json!(["n", 1, 8, 8]));
    let verified = v["verified"].as_array().unwrap();
    assert_eq!(verified.len(), 2, "{v}");
    assert!(verified.iter().all(|x| x["was_run"] == true), "{v}");
    let v = json(&run(home.path(), "inspect open.onnx --json".split(' ')), 0);
    assert_eq!(v["outputs"][0]["shape"][0], "n", "{v}");
    let output = run(
        home.path(),
        "resize fixed.onnx --open input:0=n -o again.onnx".split(' '),
    );
    expect_code(&output, 0);
    assert!(
        stdout(&output).contains("Both models compute the same at n twice as large"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn what_is_not_there_is_named_and_nothing_is_written() {
    let home = tempfile::tempdir().unwrap();
    let file = digits().join("digits.onnx");
    std::fs::copy(file, home.path().join("m.onnx")).unwrap();
    for (words, reason) in [
        ("--fix btch=3", "there is no open size \"btch\"; there are batch"),
        ("--fix batch", "as in batch=1"),
        ("--open input:1=n --open input:2=n", "they cannot be one size"),
        ("--open inputs:0=n", "it has input"),
        ("--open input:0=n", "input:0 is open already (batch)"),
    ] {
        let output = run(home.path(), format!("resize m.onnx {words} -o out.onnx").split(' '));
        expect_code(&output, 2);
        assert!(stderr(&output).contains(reason), "{words}: {}", stderr(&output));
        assert!(!home.path().join("out.onnx").exists());
    }
}

#[test]
fn real_models_are_fixed_and_opened() {
    let home = tempfile::tempdir().unwrap();
    for (name, fix, open) in [
        (
            "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
            "x:0=1 x:2=48 x:3=192",
            "x:0=batch",
        ),
        ("PP-OCRv6_rec_small.onnx", "x:0=1 x:2=48 x:3=320", "x:0=batch"),
    ] {
        let file = model(name);
        let mut words = vec!["resize".to_owned(), file.display().to_string()];
        words.extend(fix.split(' ').map(|f| format!("--fix={f}")));
        words.extend(["-o", "fixed.onnx", "--force", "--json"].map(str::to_owned));
        let v = json(&run(home.path(), &words), 0);
        assert_eq!(v["verified"][0]["was_run"], true, "{name}: {v}");
        let words = format!("resize fixed.onnx --open {open} -o open.onnx --force --json");
        let v = json(&run(home.path(), words.split(' ')), 0);
        assert!(
            v["verified"].as_array().unwrap().iter().all(|x| x["was_run"] == true),
            "{name}: {v}"
        );
        assert_eq!(v["inputs"][0]["shape"][0], "batch", "{name}: {v}");
    }
}
