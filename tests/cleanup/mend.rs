//! Models that runtimes take and tools stumble over: node names that several nodes have, stale declarations.

use crate::judge::judge;
use crate::support::onnx::{floats, node, value, write};
use enginesmith::graph::sample::graph;
use enginesmith::model::DataType;
use enginesmith::model::onnx::NodeProto;
use serde_json::json;
use std::path::Path;
use std::process::{Command, Output};

fn run(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_enginesmith"))
        .args(arguments)
        .current_dir(home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .output()
        .unwrap()
}

fn named(mut node: NodeProto) -> NodeProto {
    node.name = Some("F0::anon".into());
    node
}

/// Three nodes of one name, an output declared as a scalar.
fn broken(path: &Path) {
    model(path, named);
}

/// The same with what `name` makes of the nodes' names.
fn model(path: &Path, name: fn(NodeProto) -> NodeProto) {
    let values: Vec<f32> = (0..64).map(|i| (i as f32 - 31.5) / 32.0).collect();
    let nodes = vec![
        name(node("MatMul", &["x", "w"], &["a"])),
        name(node("Relu", &["a"], &["b"])),
        name(node("Add", &["b", "x"], &["y"])),
    ];
    let mut top = graph(&[], &[], vec![floats("w", &[8, 8], &values)], nodes);
    top.input.push(value("x", DataType::Float32, &[2, 8]));
    top.output.push(value("y", DataType::Float32, &[]));
    write(path, top);
}

#[test]
fn clean_mends_and_its_result_is_sound() {
    let home = tempfile::tempdir().unwrap();
    broken(&home.path().join("m.onnx"));
    let output = run(
        home.path(),
        &["clean", "m.onnx", "-o", "c.onnx", "--opset", "15", "--nodes"],
    );
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("2 nodes given names of their own"), "{said}");
    assert!(said.contains("its operator gives 2x8"), "{said}");
    assert!(
        said.contains("--opset 15: nothing to raise, the model has opset 17"),
        "{said}"
    );
    assert!(!run(home.path(), &["inspect", "m.onnx"]).status.success());
    assert!(run(home.path(), &["inspect", "c.onnx"]).status.success());
    // ONNX Runtime 1.31 refuses the repeated names of this one, so that the same model with others is run.
    model(&home.path().join("named.onnx"), |node| node);
    let wrong = judge(
        home.path(),
        &[json!({"name": "mended", "before": "named.onnx", "after": "c.onnx"})],
    );
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_broken_model_is_refused_by_name_and_nothing_is_written() {
    let home = tempfile::tempdir().unwrap();
    let mut top = graph(&[], &[], vec![], vec![node("Add", &["x", "gone"], &["y"])]);
    top.input.push(value("x", DataType::Float32, &[2, 8]));
    top.output.push(value("y", DataType::Float32, &[2, 8]));
    write(&home.path().join("m.onnx"), top);
    for command in [
        &["clean", "m.onnx", "-o", "c.onnx"][..],
        &["cast", "m.onnx", "--to", "fp16", "-o", "c.onnx"],
        &["quantize", "m.onnx", "-o", "c.onnx"],
        &[
            "search",
            "m.onnx",
            "--to",
            "fp16",
            "--limit",
            "cosine=0.9",
            "-o",
            "c.onnx",
        ],
    ] {
        let output = run(home.path(), command);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{command:?}: {said}");
        assert!(
            said.contains("m.onnx: the model is broken") && said.contains("gone"),
            "{command:?}: {said}"
        );
        assert!(!home.path().join("c.onnx").exists());
    }
}

#[test]
fn the_embedded_engine_takes_names_that_repeat() {
    let home = tempfile::tempdir().unwrap();
    broken(&home.path().join("m.onnx"));
    let output = run(
        home.path(),
        &["bench", "m.onnx", "--target", "embedded", "--duration", "50ms"],
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
