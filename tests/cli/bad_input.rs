//! Bad input: exit code 2, a message that names file and place, nothing written.

use super::support::digits;
use super::{expect_code, run, stderr};
use std::path::Path;

/// Runs and asserts exit code 2, that the message has each part, and that no new file appeared.
fn refused(home: &Path, arguments: &[&str], parts: &[&str]) {
    let list = || {
        let mut names: Vec<_> = std::fs::read_dir(home)
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        names.retain(|n| n != "data" && n != "cache");
        names.sort();
        names
    };
    let before = list();
    let output = run(home, arguments);
    expect_code(&output, 2);
    for part in parts {
        assert!(
            stderr(&output).contains(part),
            "{arguments:?}: {part:?} is missing in:\n{}",
            stderr(&output)
        );
    }
    assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    assert_eq!(list(), before, "{arguments:?} left files behind");
}

#[test]
fn files_that_are_not_models() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("empty.onnx"), b"").unwrap();
    std::fs::write(home.path().join("text.onnx"), b"<!DOCTYPE html><html>").unwrap();
    std::fs::write(home.path().join("zip.onnx"), b"PK\x03\x04 something zipped").unwrap();
    std::fs::write(
        home.path().join("pointer.onnx"),
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    )
    .unwrap();
    for command in ["inspect", "check", "build", "bench", "compare"] {
        refused(home.path(), &[command, "missing.onnx"], &["missing.onnx"]);
        refused(home.path(), &[command, "empty.onnx"], &["empty.onnx", "empty"]);
        for name in ["text.onnx", "zip.onnx", "pointer.onnx"] {
            refused(home.path(), &[command, name], &[name]);
        }
    }
}

#[test]
fn a_model_cut_off_anywhere_is_refused_or_opens() {
    let home = tempfile::tempdir().unwrap();
    let whole = std::fs::read(digits().join("digits.onnx")).unwrap();
    for part in 1..24 {
        std::fs::write(home.path().join("cut.onnx"), &whole[..whole.len() * part / 24]).unwrap();
        let output = run(home.path(), ["inspect", "cut.onnx"]);
        assert!(
            matches!(output.status.code(), Some(0..=2)),
            "{:?}\n{}",
            output.status,
            stderr(&output)
        );
        assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    }
}

#[test]
fn recipes_with_typos() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
    write(
        "key.toml",
        "version = 1\n[model]\npath = \"m.onnx\"\n[build]\nprecison = \"fp16\"\n",
    );
    refused(
        home.path(),
        &["run", "key.toml"],
        &["key.toml", "line 5", "precison", "precision"],
    );
    write(
        "value.toml",
        "version = 1\n[model]\npath = \"m.onnx\"\n[build]\nprecision = \"fp17\"\n",
    );
    refused(
        home.path(),
        &["check", "value.toml"],
        &["value.toml", "line 5", "fp17", "fp16"],
    );
    write("version.toml", "version = 7\n[model]\npath = \"m.onnx\"\n");
    refused(home.path(), &["build", "version.toml"], &["version.toml", "7"]);
    write("broken.toml", "version = 1\n[model\n");
    refused(home.path(), &["bench", "broken.toml"], &["broken.toml", "line 2"]);
}

#[test]
fn options_that_make_no_sense() {
    let home = tempfile::tempdir().unwrap();
    let model = digits().join("digits.onnx");
    let model = model.to_str().unwrap();
    refused(
        home.path(),
        &["bench", model, "--shape", "inptu:1x1x8x8"],
        &["inptu", "input"],
    );
    refused(home.path(), &["bench", model, "--shape", "input:1x3"], &["input"]);
    refused(home.path(), &["bench", model, "--shape", "input"], &["--shape"]);
    refused(
        home.path(),
        &["build", model, "--workspace", "much"],
        &["--workspace", "much"],
    );
    refused(
        home.path(),
        &["bench", model, "--duration", "soon"],
        &["--duration", "soon"],
    );
    refused(home.path(), &["bench", model, "--protocol", "trtexec"], &["trtexec-10"]);
    refused(home.path(), &["bench", model, "--precision", "fp61"], &["fp61"]);
    refused(
        home.path(),
        &["check", model, "--target", "tensorflow"],
        &["tensorflow"],
    );
    refused(
        home.path(),
        &["build", model, "--option", "thread=2"],
        &["thread", "threads"],
    );
    refused(home.path(), &["compare", model, "--batch", "0,1"], &["batch"]);
    refused(home.path(), &["compare", model, "-o", "report.pdf"], &["report.pdf"]);
}

#[test]
fn a_protocol_that_the_engine_cannot_do_is_refused_by_name() {
    let home = tempfile::tempdir().unwrap();
    let model = digits().join("digits.onnx");
    let output = run(
        home.path(),
        [
            "bench".as_ref(),
            model.as_os_str(),
            "--protocol".as_ref(),
            "trtexec-11".as_ref(),
        ],
    );
    assert_ne!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("trtexec-11"), "{}", stderr(&output));
}
