//! Small models for the cases.

use crate::graph::sample::{body, graph, import, int, ints, node, proto, value, with};
use crate::model::DataType::{self, Float32, Int64};
use crate::model::Tensor;
use crate::model::onnx::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto};
use bytes::Bytes;

/// Type and shape of most inputs.
pub(super) const IMAGE: (DataType, &[i64]) = (Float32, &[1, 3, 8, 8]);

pub(super) fn text(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        name: Some(name.into()),
        s: Some(Bytes::copy_from_slice(value.as_bytes())),
        ..Default::default()
    }
}

pub(super) fn ints_of(name: &str, values: &[i64]) -> TensorProto {
    Tensor::from_i64(&[values.len() as u64], values).unwrap().to_proto(name)
}

pub(super) fn floats_of(name: &str, values: &[f32]) -> TensorProto {
    Tensor::from_f32(&[values.len() as u64], values).unwrap().to_proto(name)
}

/// A model with input `x` of this type and shape, these weights and nodes, and output `y`.
pub(super) fn one(ty: (DataType, &[i64]), weights: Vec<TensorProto>, nodes: Vec<NodeProto>) -> ModelProto {
    let mut g = graph(&[], &[], weights, nodes);
    g.input = vec![value("x", ty.0, ty.1)];
    g.output = vec![crate::model::onnx::ValueInfoProto {
        name: Some("y".into()),
        ..Default::default()
    }];
    proto(g, vec![])
}

pub(super) fn opset(mut m: ModelProto, version: i64) -> ModelProto {
    m.opset_import = vec![import("", version)];
    m
}

pub(super) fn domain(mut n: NodeProto, domain: &str) -> NodeProto {
    n.domain = Some(domain.into());
    n
}

pub(super) fn pool(attribute: AttributeProto) -> ModelProto {
    one(
        IMAGE,
        vec![],
        vec![with(
            with(node("MaxPool", &["x"], &["y"]), ints("kernel_shape", &[2, 2])),
            attribute,
        )],
    )
}

pub(super) fn branch(output: &str, op: &str) -> GraphProto {
    let mut g = graph(&[], &[output], vec![], vec![node(op, &["x"], &[output])]);
    let dims: &[i64] = if op == "Flatten" { &[1, 192] } else { IMAGE.1 };
    g.output = vec![value(output, Float32, dims)];
    g
}

pub(super) fn if_model(condition: Option<TensorProto>, other: &str) -> ModelProto {
    let nodes = vec![with(
        with(node("If", &["c"], &["y"]), body("then_branch", branch("a", "Relu"))),
        body("else_branch", branch("b", other)),
    )];
    let mut m = one(IMAGE, condition.clone().into_iter().collect(), nodes);
    if condition.is_none() {
        m.graph
            .get_or_insert_default()
            .input
            .push(value("c", DataType::Bool, &[]));
    }
    m
}

pub(super) fn loop_model(trip: Option<TensorProto>, grow: bool) -> ModelProto {
    let step = if grow {
        with(node("Concat", &["v", "v"], &["w"]), int("axis", 0))
    } else {
        node("Relu", &["v"], &["w"])
    };
    let mut g = graph(
        &[],
        &[],
        vec![],
        vec![
            node("Identity", &["go"], &["on"]),
            step,
            node("Identity", &["w"], &["s"]),
        ],
    );
    g.input = vec![value("i", Int64, &[]), value("go", DataType::Bool, &[])];
    g.input.push(crate::model::onnx::ValueInfoProto {
        name: Some("v".into()),
        ..Default::default()
    });
    let length = if grow { 4 } else { 2 };
    g.output = vec![
        value("on", DataType::Bool, &[]),
        value("w", Float32, &[length]),
        value("s", Float32, &[length]),
    ];
    let nodes = vec![with(node("Loop", &["n", "", "x"], &["last", "y"]), body("body", g))];
    let constant = trip.is_some();
    let mut m = one((Float32, &[2]), trip.into_iter().collect(), nodes);
    if !constant {
        m.graph.get_or_insert_default().input.push(value("n", Int64, &[]));
    }
    m
}

pub(super) fn scalar(name: &str, value: i64) -> TensorProto {
    Tensor::from_i64(&[], &[value]).unwrap().to_proto(name)
}

pub(super) fn truth(name: &str) -> TensorProto {
    Tensor::from_bool(&[], &[true]).unwrap().to_proto(name)
}

pub(super) fn relu(ty: (DataType, &[i64])) -> ModelProto {
    one(ty, vec![], vec![node("Relu", &["x"], &["y"])])
}

pub(super) fn unary(op: &str, attributes: Vec<AttributeProto>) -> ModelProto {
    let n = attributes.into_iter().fold(node(op, &["x"], &["y"]), with);
    one(IMAGE, vec![], vec![n])
}

pub(super) fn quantize(zero: i8) -> ModelProto {
    let zero = Tensor::from_i8(&[], &[zero]).unwrap().to_proto("z");
    one(
        IMAGE,
        vec![floats_of("s", &[0.1]), zero],
        vec![node("QuantizeLinear", &["x", "s", "z"], &["y"])],
    )
}

pub(super) fn attention(inputs: &[&str], ty: (DataType, &[i64]), extra: Option<AttributeProto>) -> ModelProto {
    let n = extra.into_iter().fold(node("Attention", inputs, &["y"]), with);
    opset(one(ty, vec![], vec![n]), 23)
}

pub(super) fn topk(k: i64, sorted: i64) -> ModelProto {
    let n = with(node("TopK", &["x", "k"], &["y", "i"]), int("sorted", sorted));
    one((Float32, &[1, 9000]), vec![ints_of("k", &[k])], vec![n])
}

pub(super) fn lstm(a: AttributeProto) -> ModelProto {
    let w = |n: &str, d: &[u64]| {
        Tensor::from_f32(d, &vec![0.0; d.iter().product::<u64>() as usize])
            .unwrap()
            .to_proto(n)
    };
    let n = with(with(node("LSTM", &["x", "w", "r"], &["y"]), int("hidden_size", 2)), a);
    one(
        (Float32, &[5, 1, 3]),
        vec![w("w", &[1, 8, 3]), w("r", &[1, 8, 2])],
        vec![n],
    )
}

pub(super) fn peepholes(given: bool) -> ModelProto {
    let w = |n: &str, d: &[u64]| {
        let values = vec![0.0; d.iter().product::<u64>() as usize];
        Tensor::from_f32(d, &values).unwrap().to_proto(n)
    };
    let inputs: &[&str] = if given {
        &["x", "w", "r", "", "", "", "", "p"]
    } else {
        &["x", "w", "r"]
    };
    let n = with(node("LSTM", inputs, &["y"]), int("hidden_size", 2));
    let weights = vec![w("w", &[1, 8, 3]), w("r", &[1, 8, 2]), w("p", &[1, 6])];
    one((Float32, &[5, 1, 3]), weights, vec![n])
}

pub(super) fn resize(a: AttributeProto) -> ModelProto {
    let n = with(node("Resize", &["x", "", "s"], &["y"]), a);
    one(IMAGE, vec![floats_of("s", &[1.0, 1.0, 2.0, 2.0])], vec![n])
}

pub(super) fn computed_axes(computed: bool) -> ModelProto {
    let axes = if computed { "a" } else { "b" };
    let nodes = vec![node("Abs", &["c"], &["a"]), node("ReduceSum", &["x", axes], &["y"])];
    let mut m = one(IMAGE, vec![ints_of("b", &[1])], nodes);
    m.graph.get_or_insert_default().input.push(value("c", Int64, &[1]));
    m
}

pub(super) fn computed_axis(computed: bool) -> ModelProto {
    let nodes = vec![
        node("Abs", &["c"], &["a"]),
        node("CumSum", &["x", if computed { "a" } else { "b" }], &["y"]),
    ];
    let mut m = one(IMAGE, vec![scalar("b", 1)], nodes);
    m.graph.get_or_insert_default().input.push(value("c", Int64, &[]));
    m
}

pub(super) fn scatter(reduction: &str) -> ModelProto {
    let n = with(
        node("ScatterElements", &["x", "i", "x"], &["y"]),
        text("reduction", reduction),
    );
    one((Float32, &[1]), vec![ints_of("i", &[0])], vec![n])
}

pub(super) fn cast(ty: DataType) -> Vec<NodeProto> {
    vec![with(
        node("Cast", &["x"], &["y"]),
        int("to", i64::from(DataType::to_onnx(ty))),
    )]
}

pub(super) fn conv(n: NodeProto) -> ModelProto {
    let w = Tensor::from_f32(&[4, 3, 3, 3], &[0.0; 108]).unwrap().to_proto("w");
    one(IMAGE, vec![w], vec![n])
}

pub(super) fn softmax(axis: i64, version: i64) -> ModelProto {
    opset(unary("Softmax", vec![int("axis", axis)]), version)
}

pub(super) fn add_int(v: i64) -> ModelProto {
    one(
        (Int64, &[1]),
        vec![ints_of("w", &[v])],
        vec![node("Add", &["x", "w"], &["y"])],
    )
}

pub(super) fn weights(v: f32) -> ModelProto {
    one(
        (Float32, &[1]),
        vec![floats_of("w", &[v])],
        vec![node("Add", &["x", "w"], &["y"])],
    )
}
