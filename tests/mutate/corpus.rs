//! What is mutated: small models that have every part of the format, and a sample of everything else that is read.

use crate::support;
use crate::support::onnx::{floats, node, value};
use buffa::Message;
use enginesmith::graph::sample::{body, import, proto, with};
use enginesmith::model::DataType;
use enginesmith::model::attribute::ints;
use enginesmith::model::onnx::{GraphProto, ModelProto};
use enginesmith::recipe::Recipe;
use enginesmith::worker::protocol;
use std::path::Path;

/// Inputs of one kind.
pub struct Corpus {
    pub models: Vec<Vec<u8>>,
    pub recipes: Vec<Vec<u8>>,
    pub engines: Vec<Vec<u8>>,
    pub lines: Vec<Vec<u8>>,
    pub arrays: Vec<Vec<u8>>,
}

fn model(graph: GraphProto) -> Vec<u8> {
    let model = ModelProto {
        ir_version: Some(8),
        opset_import: vec![import("", 17)],
        ..proto(graph, Vec::new())
    };
    model.encode_to_vec()
}

/// Convolution, scale per channel, pool, shape arithmetic, layer with bias.
fn network() -> Vec<u8> {
    let weights: Vec<f32> = (0..4 * 3 * 9).map(|i| (i % 17) as f32 / 8.0 - 1.0).collect();
    model(GraphProto {
        name: Some("g".into()),
        node: vec![
            with(node("Conv", &["x", "w"], &["c"]), ints("pads", &[1, 1, 1, 1])),
            node("Mul", &["c", "s"], &["m"]),
            node("Relu", &["m"], &["r"]),
            node("GlobalAveragePool", &["r"], &["p"]),
            node("Shape", &["p"], &["shape"]),
            node("Gather", &["shape", "zero"], &["n"]),
            node("Unsqueeze", &["n", "axes"], &["n1"]),
            with(node("Concat", &["n1", "rest"], &["to"]), ints("unused", &[0])),
            node("Reshape", &["p", "to"], &["f"]),
            node("MatMul", &["f", "d"], &["l"]),
            node("Add", &["l", "b"], &["y"]),
            node("Identity", &["y"], &["z"]),
        ],
        initializer: vec![
            floats("w", &[4, 3, 3, 3], &weights),
            floats("s", &[1, 4, 1, 1], &[1.0, 2.0, 0.5, -1.0]),
            floats("d", &[4, 5], &weights[..20]),
            floats("b", &[5], &weights[..5]),
            enginesmith::model::Tensor::from_i64(&[], &[0])
                .unwrap()
                .to_proto("zero"),
            enginesmith::model::Tensor::from_i64(&[1], &[0])
                .unwrap()
                .to_proto("axes"),
            enginesmith::model::Tensor::from_i64(&[1], &[4])
                .unwrap()
                .to_proto("rest"),
        ],
        input: vec![value("x", DataType::Float32, &[-1, 3, 8, 8])],
        output: vec![value("z", DataType::Float32, &[-1, 5])],
        ..Default::default()
    })
}

/// If and Loop, with bodies that read from outside.
fn bodies() -> Vec<u8> {
    let branch = |op: &str, name: &str| GraphProto {
        name: Some("b".into()),
        node: vec![node(op, &["x", "w"], &[name])],
        output: vec![value(name, DataType::Float32, &[4, 4])],
        ..Default::default()
    };
    let choice = with(
        with(node("If", &["c"], &["i"]), body("then_branch", branch("MatMul", "t"))),
        body("else_branch", branch("Add", "e")),
    );
    let round = GraphProto {
        name: Some("b".into()),
        node: vec![node("Identity", &["go"], &["on"]), node("MatMul", &["v", "w"], &["o"])],
        input: vec![
            value("n", DataType::Int64, &[]),
            value("go", DataType::Bool, &[]),
            value("v", DataType::Float32, &[4, 4]),
        ],
        output: vec![value("on", DataType::Bool, &[]), value("o", DataType::Float32, &[4, 4])],
        ..Default::default()
    };
    let repeat = with(node("Loop", &["trips", "", "i"], &["y"]), body("body", round));
    model(GraphProto {
        name: Some("g".into()),
        node: vec![choice, repeat],
        initializer: vec![
            floats("w", &[4, 4], &[0.5; 16]),
            enginesmith::model::Tensor::from_i64(&[], &[3])
                .unwrap()
                .to_proto("trips"),
        ],
        input: vec![value("x", DataType::Float32, &[4, 4]), value("c", DataType::Bool, &[])],
        output: vec![value("y", DataType::Float32, &[4, 4])],
        ..Default::default()
    })
}

/// The beginning of an engine of TensorRT-RTX, as its header is laid out.
fn engine() -> Vec<u8> {
    let mut bytes = vec![0u8; 512];
    bytes[..4].copy_from_slice(b"vtrt");
    bytes[16..24].copy_from_slice(&512u64.to_le_bytes());
    bytes[24..28].copy_from_slice(&[1, 7, 1, 0x74]);
    bytes[28..32].copy_from_slice(b"vtrt");
    bytes
}

impl Corpus {
    pub fn new() -> Self {
        let digits = support::digits();
        let read = |name: &str| std::fs::read(digits.join(name)).expect("the demo is there");
        let mut recipe = Recipe::for_model(Path::new("m.onnx"));
        recipe.build.memory = Some(1 << 30);
        let arrays = [("x", vec![2u64, 3]), ("labels", vec![4])].map(|(name, dims)| {
            let n = dims.iter().product::<u64>() as usize;
            let tensor = enginesmith::model::Tensor::from_f32(&dims, &vec![1.5; n]).expect("it fits");
            (name.to_owned(), tensor)
        });
        let arrays = arrays.to_vec();
        Self {
            models: vec![network(), bodies(), read("digits.onnx")],
            recipes: vec![read("recipe.toml"), recipe.to_toml().into_bytes()],
            engines: vec![engine()],
            lines: protocol::example()
                .into_iter()
                .map(|(side, line)| format!("{side}{line}").into_bytes())
                .collect(),
            arrays: vec![
                enginesmith::data::npz::write(&arrays).expect("it can be written"),
                enginesmith::worker::wire::tensors_to_bytes(&arrays),
            ],
        }
    }
}
