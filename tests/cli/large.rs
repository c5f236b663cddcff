//! Models of which one result is longer than a line between worker and program may be (8 MiB): what they have many of travels
//! in parts. Long names stand for many nodes: 40,000 nodes and 50,000 outputs were tried by hand.

use super::support::onnx::{node, value, write};
use super::support::onnxruntime_library;
use super::{enginesmith, json};
use enginesmith::model::onnx::GraphProto;
use enginesmith::model::{DataType, Tensor};
use std::path::Path;

/// Nodes and outputs; with names of [`LONG`] bytes, together 9 MB.
const MANY: usize = 100;
const LONG: usize = 90_000;

fn long(i: usize) -> String {
    format!("/model/layers.{i}/{}", "a".repeat(LONG))
}

/// One MatMul in front of a chain of nodes, of which every output is the model's or only the last.
fn chain(path: &Path, all_outputs: bool) {
    let (n, side) = (MANY, 16);
    let weight: Vec<f32> = (0..side * side)
        .map(|i| ((i * 37 % 101) as f32 - 50.0) / 200.0)
        .collect();
    let weight = Tensor::from_f32(&[side as u64, side as u64], &weight).unwrap();
    let mut product = node("MatMul", &["x", "w"], &["m"]);
    product.name = Some("first".into());
    let mut nodes = vec![product];
    let mut last = "m".to_owned();
    for i in 0..n {
        let name = long(i);
        let mut one = node(if i % 2 == 0 { "Tanh" } else { "Neg" }, &[&last], &[&name]);
        one.name = Some(name.clone());
        nodes.push(one);
        last = name;
    }
    let dims = [20, side as i64];
    let outputs: Vec<String> = match all_outputs {
        true => (0..n).map(long).collect(),
        false => vec![last],
    };
    write(
        path,
        GraphProto {
            name: Some("large".into()),
            node: nodes,
            initializer: vec![weight.to_proto("w")],
            input: vec![value("x", DataType::Float32, &dims)],
            output: outputs.iter().map(|o| value(o, DataType::Float32, &dims)).collect(),
            ..Default::default()
        },
    );
}

fn run(home: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = enginesmith(home);
    command.env("ORT_DYLIB_PATH", onnxruntime_library()).args(arguments);
    command.output().expect("the program starts")
}

#[test]
fn results_longer_than_a_line_arrive_whole() {
    let home = tempfile::tempdir().unwrap();
    chain(&home.path().join("chain.onnx"), false);
    chain(&home.path().join("wide.onnx"), true);
    let arguments = ["profile", "chain.onnx", "--target", "embedded", "--runs", "1", "--json"];
    let output = run(home.path(), &arguments);
    let profile = json(&output, 0);
    let layers = profile["layers"].as_array().unwrap();
    assert!(
        layers.len() > MANY / 4 && output.stdout.len() > 8 << 20,
        "{}",
        layers.len()
    );
    let quantized = run(home.path(), &["quantize", "wide.onnx", "-o", "int8.onnx", "--json"]);
    let report = json(&quantized, 0);
    assert_eq!(report["notes"].as_array().unwrap().len(), MANY + 1);
    assert!(home.path().join("int8.onnx").exists());
    let accuracy = [
        "accuracy",
        "int8.onnx",
        "--against",
        "wide.onnx",
        "--samples",
        "1",
        "--json",
    ];
    let found = json(&run(home.path(), &accuracy), 0);
    let outputs = found["outputs"].as_array().unwrap();
    assert_eq!(outputs.len(), MANY, "{}", found["outputs"]);
}
