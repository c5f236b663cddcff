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

/// `[{"x": {"array": base64 of an .npy file, "polygraphy_class": "ndarray"}}, ...]`, as Polygraphy 0.53 writes it.
#[test]
fn inputs_that_polygraphy_saved_are_samples() {
    let home = tempfile::tempdir().unwrap();
    let weights = vec![weight("w", &[24, 32])];
    let mut graph = graph(&["x"], &["y"], weights, vec![node("MatMul", &["x", "w"], &["y"])]);
    graph.input = vec![value("x", DataType::Float32, &[-1, 24])];
    graph.output = vec![value("y", DataType::Float32, &[-1, 32])];
    write(&home.path().join("m.onnx"), graph);
    let feed = |values: &[f32]| {
        let mut header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 24), }".to_owned();
        while !(10 + header.len() + 1).is_multiple_of(64) {
            header.push(' ');
        }
        header.push('\n');
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend_from_slice(&(header.len() as u16).to_le_bytes());
        file.extend_from_slice(header.as_bytes());
        values.iter().for_each(|v| file.extend_from_slice(&v.to_le_bytes()));
        let array = enginesmith::data::base64::to_base64(&file);
        serde_json::json!({ "x": { "array": array, "polygraphy_class": "ndarray" } })
    };
    let feeds: Vec<_> = (0..3).map(|n| feed(&[n as f32 + 0.5; 24])).collect();
    let write_json = |value: &serde_json::Value| std::fs::write(home.path().join("d.json"), value.to_string()).unwrap();
    write_json(&feeds.clone().into());
    let arguments = [
        "quantize", "m.onnx", "--data", "d.json", "-o", "q.onnx", "--force", "--method", "max", "--cache", "c.json",
    ];
    let arguments = [&arguments[..], &["--json"]].concat();
    let report = json(&run(home.path(), &arguments));
    let summary = report["summary"].as_str().unwrap();
    assert!(summary.contains("from 3 samples of d.json"), "{summary}");
    // 2.5 / 127: the third inference has the largest values.
    let notes = report["notes"].to_string();
    assert!(notes.contains("x with scale 1.969e-2"), "{notes}");
    for (bad, why) in [
        (serde_json::json!({ "x": 1 }), "no list of inferences"),
        (serde_json::json!([]), "is empty"),
        (
            serde_json::json!([{ "x": { "array": "no base64!" } }]),
            "inference 0, input \"x\": \"array\" is not base64",
        ),
        (serde_json::json!([{ "z": feeds[0]["x"] }]), "no array \"x\""),
    ] {
        write_json(&bad);
        let _ = std::fs::remove_file(home.path().join("c.json"));
        let said = crate::cli::refused(&run(home.path(), &arguments), 2);
        assert!(said.contains("d.json") && said.contains(why), "{said}");
    }
}
