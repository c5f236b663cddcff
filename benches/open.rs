//! Opening, graph building and folding. Run with `cargo bench --bench open`.

use buffa::{Message, MessageField};
use enginesmith::graph::Graph;
use enginesmith::model::onnx::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};
use enginesmith::model::{Model, Tensor};
use enginesmith::rewrite::{PatchSpec, apply};
use std::path::PathBuf;
use std::sync::Arc;

fn main() {
    divan::main();
}

/// A chain of Mul and Add nodes in nested scopes, each with a weight of its own of `bytes` bytes.
fn chain(nodes: usize, bytes: usize) -> ModelProto {
    let weight = Tensor::from_f32(&[(bytes / 4) as u64], &vec![1.0; bytes / 4]).expect("as many values as dims say");
    let node = |i: usize| NodeProto {
        op_type: Some(if i.is_multiple_of(2) { "Mul" } else { "Add" }.into()),
        name: Some(format!("/encoder/layer.{}/block.{}/op_{i}", i / 100, i / 10 % 10)),
        input: vec![format!("t{i}"), format!("w{i}")],
        output: vec![format!("t{}", i + 1)],
        ..Default::default()
    };
    let value = |name: String| ValueInfoProto {
        name: Some(name),
        ..Default::default()
    };
    ModelProto {
        ir_version: Some(10),
        opset_import: vec![OperatorSetIdProto {
            domain: Some(String::new()),
            version: Some(21),
            ..Default::default()
        }],
        graph: MessageField::some(GraphProto {
            name: Some("chain".into()),
            node: (0..nodes).map(node).collect(),
            initializer: (0..nodes).map(|i| weight.to_proto(&format!("w{i}"))).collect(),
            input: vec![value("t0".into())],
            output: vec![value(format!("t{nodes}"))],
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn on_disk(proto: &ModelProto) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder for scratch files");
    let path = folder.path().join("model.onnx");
    std::fs::write(&path, proto.encode_to_vec()).expect("space for the model");
    (folder, path)
}

/// 400 MB of weights in 400 tensors: opening must not read them.
#[divan::bench]
fn open_400_mb(bencher: divan::Bencher) {
    let (_folder, path) = on_disk(&chain(400, 1 << 20));
    bencher.bench(|| Model::open(&path).expect("a valid model"));
}

#[divan::bench(args = [1_000, 10_000, 50_000])]
fn open(bencher: divan::Bencher, nodes: usize) {
    let (_folder, path) = on_disk(&chain(nodes, 16));
    bencher.bench(|| Model::open(&path).expect("a valid model"));
}

#[divan::bench(args = [1_000, 10_000, 50_000])]
fn build_graph(bencher: divan::Bencher, nodes: usize) {
    let (_folder, path) = on_disk(&chain(nodes, 16));
    let model = Arc::new(Model::open(&path).expect("a valid model"));
    bencher.bench(|| Graph::new(model.clone()));
}

#[divan::bench(args = [1_000, 10_000])]
fn fold_constants(bencher: divan::Bencher, nodes: usize) {
    let (_folder, path) = on_disk(&chain(nodes, 16));
    let model = Arc::new(Model::open(&path).expect("a valid model"));
    let spec = PatchSpec::FoldConstants {
        max_bytes: 16 << 20,
        copies: false,
    };
    bencher.bench(|| apply(&model, &spec).expect("a valid model"));
}
