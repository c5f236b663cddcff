//! Calibration data as it comes: whole samples, states whose batch is on another axis, scalars per sample, graphs that hold
//! their batch in constants.

use crate::cli::{json, run};
use crate::judge::judge;
use crate::support::onnx::{floats, node, value, write};
use crate::support::{Arrays, write_npz};
use enginesmith::graph::sample::graph;
use enginesmith::model::onnx::TensorProto;
use enginesmith::model::{DataType, Tensor};
use std::path::Path;

fn weight(name: &str, dims: &[u64]) -> TensorProto {
    let n: u64 = dims.iter().product();
    let values: Vec<f32> = (0..n).map(|i| ((i * 37 % 101) as f32 - 50.0) / 200.0).collect();
    floats(name, dims, &values)
}

fn array(dims: &[u64]) -> (Vec<u64>, Vec<f32>) {
    let n: u64 = dims.iter().product();
    (
        dims.to_vec(),
        (0..n).map(|i| ((i * 13 % 29) as f32 - 14.0) / 7.0).collect(),
    )
}

/// Quantizes; gives what was said on the way and the samples that were seen.
fn quantized(home: &Path, more: &[&str]) -> (String, String) {
    let mut arguments = vec![
        "quantize", "m.onnx", "--data", "d.npz", "-o", "q.onnx", "--force", "--json",
    ];
    arguments.extend(more);
    let output = run(home, &arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = json(&output);
    (said, report["summary"].as_str().unwrap().to_owned())
}

/// y = (x W) + state[0] t; the state has its batch on the second axis, t is a scalar.
fn stateful(path: &Path) {
    let mut top = graph(
        &[],
        &[],
        vec![
            weight("w", &[24, 32]),
            Tensor::from_i64(&[], &[0]).unwrap().to_proto("first"),
        ],
        vec![
            node("MatMul", &["x", "w"], &["a"]),
            node("Gather", &["state", "first"], &["s"]),
            node("Mul", &["s", "t"], &["st"]),
            node("Add", &["a", "st"], &["y"]),
        ],
    );
    top.input.push(value("x", DataType::Float32, &[-1, 24]));
    top.input.push(value("state", DataType::Float32, &[2, -1, 32]));
    top.input.push(value("t", DataType::Float32, &[]));
    top.output.push(value("y", DataType::Float32, &[-1, 32]));
    write(path, top);
}

#[test]
fn whole_samples_with_states_and_scalars_calibrate() {
    let home = tempfile::tempdir().unwrap();
    stateful(&home.path().join("m.onnx"));
    let stack: Arrays = [
        ("x".to_owned(), array(&[5, 1, 24])),
        ("state".to_owned(), array(&[5, 2, 1, 32])),
        ("t".to_owned(), array(&[5])),
    ]
    .into();
    write_npz(&home.path().join("d.npz"), &stack);
    let (said, summary) = quantized(home.path(), &[]);
    assert!(summary.contains("from 5 samples of d.npz"), "{summary}");
    assert!(
        said.contains("note: x, state and t are stacks of whole samples"),
        "{said}"
    );
    judge(
        &home.path().join("m.onnx"),
        &home.path().join("q.onnx"),
        &[
            "--input",
            "x:float32:1x24",
            "--input",
            "state:float32:2x1x32",
            "--input",
            "t:float32:=0.5",
        ],
    );
    // The same samples joined on the axis of each input, and one scalar for all.
    let joined: Arrays = [
        ("x".to_owned(), array(&[5, 24])),
        ("state".to_owned(), array(&[2, 5, 32])),
        ("t".to_owned(), array(&[])),
    ]
    .into();
    write_npz(&home.path().join("d.npz"), &joined);
    let (said, summary) = quantized(home.path(), &[]);
    assert!(summary.contains("from 5 samples of d.npz"), "{summary}");
    assert!(said.contains("state has the samples on axis 1"), "{said}");
}

#[test]
fn a_graph_that_holds_its_batch_runs_one_sample_at_a_time_and_says_so() {
    let home = tempfile::tempdir().unwrap();
    let mut top = graph(
        &[],
        &[],
        vec![
            weight("w", &[32, 32]),
            Tensor::from_i64(&[2], &[1, 32]).unwrap().to_proto("shape"),
        ],
        vec![
            node("Reshape", &["x", "shape"], &["r"]),
            node("MatMul", &["r", "w"], &["y"]),
        ],
    );
    top.input.push(value("x", DataType::Float32, &[-1, 4, 8]));
    top.output.push(value("y", DataType::Float32, &[1, 32]));
    write(&home.path().join("m.onnx"), top);
    let data: Arrays = [("x".to_owned(), array(&[6, 4, 8]))].into();
    write_npz(&home.path().join("d.npz"), &data);
    // A product of a single row is only quantized where that is asked for.
    let (said, summary) = quantized(home.path(), &["--include", "*MatMul"]);
    assert!(summary.contains("from 6 samples of d.npz"), "{summary}");
    assert!(
        said.contains("does not take several samples at once, so they run one at a time"),
        "{said}"
    );
}
