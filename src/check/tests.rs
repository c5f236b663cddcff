//! Every rule on a model that it applies to and on one that it does not.

use super::*;
use crate::graph::sample::{body, graph, import, int, ints, model, node, proto, value, with};
use crate::graph::{Graph, NodePath, Shape};
use crate::model::DataType::{self, Float32, Float64, Int32, Int64, UInt8};
use crate::model::Tensor;
use crate::model::onnx::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto};
use bytes::Bytes;
use std::collections::HashSet;

fn text(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        name: Some(name.into()),
        s: Some(Bytes::copy_from_slice(value.as_bytes())),
        ..Default::default()
    }
}

fn ints_of(name: &str, values: &[i64]) -> TensorProto {
    Tensor::from_i64(&[values.len() as u64], values).unwrap().to_proto(name)
}

fn floats_of(name: &str, values: &[f32]) -> TensorProto {
    Tensor::from_f32(&[values.len() as u64], values).unwrap().to_proto(name)
}

/// A model with input `x` of this type and shape, these weights and nodes, and output `y`.
fn one(ty: (DataType, &[i64]), weights: Vec<TensorProto>, nodes: Vec<NodeProto>) -> ModelProto {
    let mut g = graph(&[], &[], weights, nodes);
    g.input = vec![value("x", ty.0, ty.1)];
    g.output = vec![crate::model::onnx::ValueInfoProto {
        name: Some("y".into()),
        ..Default::default()
    }];
    proto(g, vec![])
}

fn opset(mut m: ModelProto, version: i64) -> ModelProto {
    m.opset_import = vec![import("", version)];
    m
}

fn domain(mut n: NodeProto, domain: &str) -> NodeProto {
    n.domain = Some(domain.into());
    n
}

const IMAGE: (DataType, &[i64]) = (Float32, &[1, 3, 8, 8]);

fn report(m: &ModelProto, target: &str) -> Report {
    let (name, version) = target
        .split_once('@')
        .map_or((target, None), |(n, v)| (n, Some(v.to_owned())));
    let request = Request {
        target: name.into(),
        version,
        ..Default::default()
    };
    check(&Graph::new(model(m)), &request).unwrap()
}

fn rules_hit(m: &ModelProto, target: &str) -> HashSet<String> {
    report(m, target).findings.into_iter().map(|f| f.rule).collect()
}

/// Target, rule, a model it applies to, a close one that it does not apply to.
type Case = (&'static str, &'static str, ModelProto, ModelProto);

fn pool(attribute: AttributeProto) -> ModelProto {
    one(
        IMAGE,
        vec![],
        vec![with(
            with(node("MaxPool", &["x"], &["y"]), ints("kernel_shape", &[2, 2])),
            attribute,
        )],
    )
}

fn branch(output: &str, op: &str) -> GraphProto {
    let mut g = graph(&[], &[output], vec![], vec![node(op, &["x"], &[output])]);
    let dims: &[i64] = if op == "Flatten" { &[1, 192] } else { IMAGE.1 };
    g.output = vec![value(output, Float32, dims)];
    g
}

fn if_model(condition: Option<TensorProto>, other: &str) -> ModelProto {
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

fn loop_model(trip: Option<TensorProto>, grow: bool) -> ModelProto {
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

fn scalar(name: &str, value: i64) -> TensorProto {
    Tensor::from_i64(&[], &[value]).unwrap().to_proto(name)
}

fn truth(name: &str) -> TensorProto {
    Tensor::from_bool(&[], &[true]).unwrap().to_proto(name)
}

fn relu(ty: (DataType, &[i64])) -> ModelProto {
    one(ty, vec![], vec![node("Relu", &["x"], &["y"])])
}

fn unary(op: &str, attributes: Vec<AttributeProto>) -> ModelProto {
    let n = attributes.into_iter().fold(node(op, &["x"], &["y"]), with);
    one(IMAGE, vec![], vec![n])
}

fn quantize(zero: i8) -> ModelProto {
    let zero = Tensor::from_i8(&[], &[zero]).unwrap().to_proto("z");
    one(
        IMAGE,
        vec![floats_of("s", &[0.1]), zero],
        vec![node("QuantizeLinear", &["x", "s", "z"], &["y"])],
    )
}

fn attention(inputs: &[&str], ty: (DataType, &[i64]), extra: Option<AttributeProto>) -> ModelProto {
    let n = extra.into_iter().fold(node("Attention", inputs, &["y"]), with);
    opset(one(ty, vec![], vec![n]), 23)
}

#[allow(clippy::too_many_lines)]
fn cases() -> Vec<Case> {
    let plain = || relu(IMAGE);
    let trt = "tensorrt@10.15";
    let four = (Float32, &[1i64, 2, 4, 8][..]);
    let topk = |k: i64, sorted: i64| {
        let n = with(node("TopK", &["x", "k"], &["y", "i"]), int("sorted", sorted));
        one((Float32, &[1, 9000]), vec![ints_of("k", &[k])], vec![n])
    };
    let lstm = |a: AttributeProto| {
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
    };
    let peepholes = |given: bool| {
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
    };
    let resize = |a: AttributeProto| {
        let n = with(node("Resize", &["x", "", "s"], &["y"]), a);
        one(IMAGE, vec![floats_of("s", &[1.0, 1.0, 2.0, 2.0])], vec![n])
    };
    let computed_axes = |computed: bool| {
        let axes = if computed { "a" } else { "b" };
        let nodes = vec![node("Abs", &["c"], &["a"]), node("ReduceSum", &["x", axes], &["y"])];
        let mut m = one(IMAGE, vec![ints_of("b", &[1])], nodes);
        m.graph.get_or_insert_default().input.push(value("c", Int64, &[1]));
        m
    };
    let computed_axis = |computed: bool| {
        let nodes = vec![
            node("Abs", &["c"], &["a"]),
            node("CumSum", &["x", if computed { "a" } else { "b" }], &["y"]),
        ];
        let mut m = one(IMAGE, vec![scalar("b", 1)], nodes);
        m.graph.get_or_insert_default().input.push(value("c", Int64, &[]));
        m
    };
    let scatter = |reduction: &str| {
        let n = with(
            node("ScatterElements", &["x", "i", "x"], &["y"]),
            text("reduction", reduction),
        );
        one((Float32, &[1]), vec![ints_of("i", &[0])], vec![n])
    };
    let cast = |ty| {
        vec![with(
            node("Cast", &["x"], &["y"]),
            int("to", i64::from(DataType::to_onnx(ty))),
        )]
    };
    let conv = |n: NodeProto| {
        let w = Tensor::from_f32(&[4, 3, 3, 3], &[0.0; 108]).unwrap().to_proto("w");
        one(IMAGE, vec![w], vec![n])
    };
    let softmax = |axis, version| opset(unary("Softmax", vec![int("axis", axis)]), version);
    let add_int = |v: i64| {
        one(
            (Int64, &[1]),
            vec![ints_of("w", &[v])],
            vec![node("Add", &["x", "w"], &["y"])],
        )
    };
    let weights = |v: f32| {
        one(
            (Float32, &[1]),
            vec![floats_of("w", &[v])],
            vec![node("Add", &["x", "w"], &["y"])],
        )
    };
    let mut ir = plain();
    ir.ir_version = Some(14);
    let mut known_ir = plain();
    known_ir.ir_version = Some(13);
    vec![
        (trt, "operator.unsupported", unary("Det", vec![]), plain()),
        (trt, "operator.unsupported", unary("MadeUp", vec![]), plain()),
        (
            "tensorrt@10.3",
            "operator.too-new",
            unary("RMSNormalization", vec![]),
            plain(),
        ),
        (
            trt,
            "operator.type",
            one((DataType::Bool, &[2]), vec![], vec![node("Neg", &["x"], &["y"])]),
            plain(),
        ),
        (
            trt,
            "domain.custom",
            one(IMAGE, vec![], vec![domain(node("F", &["x"], &["y"]), "my")]),
            plain(),
        ),
        (trt, "opset.range", opset(plain(), 26), opset(plain(), 24)),
        (trt, "opset.range", opset(plain(), 8), opset(plain(), 9)),
        ("tensorrt@11", "opset.range", opset(plain(), 26), opset(plain(), 25)),
        (trt, "type.float64", relu((Float64, &[2])), plain()),
        (
            trt,
            "type.unsupported",
            one((DataType::UInt32, &[2]), vec![], cast(Int32)),
            one((Int32, &[2]), vec![], cast(Int32)),
        ),
        (
            trt,
            "type.uint8-compute",
            relu((UInt8, &[2])),
            one((UInt8, &[2]), vec![], cast(Float32)),
        ),
        (
            trt,
            "quantize.uint8",
            one(
                (UInt8, &[2]),
                vec![floats_of("s", &[0.1])],
                vec![node("DequantizeLinear", &["x", "s"], &["y"])],
            ),
            quantize(0),
        ),
        (trt, "quantize.zero-point", quantize(3), quantize(0)),
        (
            trt,
            "quantize.integer-operators",
            one(
                (UInt8, &[2, 2]),
                vec![],
                vec![node("MatMulInteger", &["x", "x"], &["y"])],
            ),
            plain(),
        ),
        (
            trt,
            "pool.rank",
            one(
                (Float32, &[1, 3, 2, 2, 2, 8]),
                vec![],
                vec![with(
                    node("MaxPool", &["x"], &["y"]),
                    ints("kernel_shape", &[2, 2, 2, 2]),
                )],
            ),
            pool(ints("dilations", &[1, 1])),
        ),
        (
            trt,
            "pool.dilation",
            pool(ints("dilations", &[2, 2])),
            pool(ints("dilations", &[1, 1])),
        ),
        (
            trt,
            "pool.indices",
            one(
                IMAGE,
                vec![],
                vec![with(
                    node("MaxPool", &["x"], &["v", "y"]),
                    ints("kernel_shape", &[2, 2]),
                )],
            ),
            pool(ints("strides", &[2, 2])),
        ),
        (
            trt,
            "normalization.extra-outputs",
            one(
                IMAGE,
                vec![floats_of("s", &[1.0; 8])],
                vec![node("LayerNormalization", &["x", "s"], &["n", "y"])],
            ),
            one(
                IMAGE,
                vec![floats_of("s", &[1.0; 8])],
                vec![node("LayerNormalization", &["x", "s"], &["y"])],
            ),
        ),
        (trt, "rnn.layout", lstm(int("layout", 1)), lstm(int("layout", 0))),
        (
            trt,
            "rnn.input-forget",
            lstm(int("input_forget", 1)),
            lstm(int("input_forget", 0)),
        ),
        (trt, "topk.sorted", topk(5, 0), topk(5, 1)),
        (trt, "topk.k", topk(3840, 1), topk(3839, 1)),
        (
            trt,
            "resize.mode",
            resize(text("mode", "cubic")),
            resize(text("mode", "linear")),
        ),
        (
            trt,
            "resize.coordinates",
            resize(text("coordinate_transformation_mode", "tf_crop_and_resize")),
            resize(text("coordinate_transformation_mode", "asymmetric")),
        ),
        (
            trt,
            "resize.antialias",
            resize(int("antialias", 1)),
            resize(int("antialias", 0)),
        ),
        (
            trt,
            "resize.aspect",
            resize(text("keep_aspect_ratio_policy", "not_larger")),
            resize(text("keep_aspect_ratio_policy", "stretch")),
        ),
        (
            trt,
            "scatter.reduction",
            one(
                (Float32, &[4]),
                vec![ints_of("i", &[1])],
                vec![with(
                    node("ScatterND", &["x", "i", "x"], &["y"]),
                    text("reduction", "add"),
                )],
            ),
            one(
                (Float32, &[4]),
                vec![ints_of("i", &[1])],
                vec![node("ScatterND", &["x", "i", "x"], &["y"])],
            ),
        ),
        (
            trt,
            "gridsample.rank",
            one(
                (Float32, &[1, 1, 2, 2, 2]),
                vec![],
                vec![node("GridSample", &["x", "x"], &["y"])],
            ),
            one(IMAGE, vec![], vec![node("GridSample", &["x", "x"], &["y"])]),
        ),
        (
            trt,
            "dropout.training",
            one(
                IMAGE,
                vec![floats_of("r", &[0.5]), truth("t")],
                vec![node("Dropout", &["x", "r", "t"], &["y"])],
            ),
            one(
                IMAGE,
                vec![floats_of("r", &[0.5])],
                vec![node("Dropout", &["x", "r"], &["y"])],
            ),
        ),
        (trt, "input.not-constant", computed_axes(true), computed_axes(false)),
        (
            trt,
            "eyelike.dynamic",
            one((Float32, &[-1, 2]), vec![], vec![node("EyeLike", &["x"], &["y"])]),
            one((Float32, &[2, 2]), vec![], vec![node("EyeLike", &["x"], &["y"])]),
        ),
        (
            trt,
            "attention.inputs",
            attention(&["x", "x", "x", "", "x"], four, None),
            attention(&["x", "x", "x"], four, None),
        ),
        (
            trt,
            "attention.outputs",
            opset(
                one(four, vec![], vec![node("Attention", &["x", "x", "x"], &["o", "y"])]),
                23,
            ),
            attention(&["x", "x", "x"], four, None),
        ),
        (
            trt,
            "attention.rank",
            attention(&["x", "x", "x"], (Float32, &[1, 4, 16]), None),
            attention(&["x", "x", "x"], four, None),
        ),
        (
            trt,
            "attention.softcap",
            attention(
                &["x", "x", "x"],
                four,
                Some(AttributeProto {
                    name: Some("softcap".into()),
                    f: Some(2.0),
                    ..Default::default()
                }),
            ),
            attention(
                &["x", "x", "x"],
                four,
                Some(AttributeProto {
                    name: Some("softcap".into()),
                    f: Some(0.0),
                    ..Default::default()
                }),
            ),
        ),
        (
            trt,
            "tensorscatter.axis",
            opset(
                one(
                    four,
                    vec![],
                    vec![with(node("TensorScatter", &["x", "x"], &["y"]), int("axis", -1))],
                ),
                24,
            ),
            opset(one(four, vec![], vec![node("TensorScatter", &["x", "x"], &["y"])]), 24),
        ),
        (
            trt,
            "rotary.position-type",
            opset(
                one(
                    (Float32, &[2]),
                    vec![],
                    vec![node("RotaryEmbedding", &["x", "x", "x", "x"], &["y"])],
                ),
                23,
            ),
            opset(
                one(
                    (Float32, &[2]),
                    vec![],
                    vec![node("RotaryEmbedding", &["x", "x", "x"], &["y"])],
                ),
                23,
            ),
        ),
        (
            trt,
            "random.seed",
            unary(
                "RandomNormalLike",
                vec![AttributeProto {
                    name: Some("seed".into()),
                    f: Some(1.0),
                    ..Default::default()
                }],
            ),
            unary("RandomNormalLike", vec![]),
        ),
        (trt, "output.data-dependent", unary("NonZero", vec![]), plain()),
        (trt, "if.rank", if_model(None, "Flatten"), if_model(None, "Abs")),
        (
            trt,
            "if.constant",
            if_model(Some(truth("c")), "Abs"),
            if_model(None, "Abs"),
        ),
        (
            trt,
            "loop.scan-length",
            loop_model(None, false),
            loop_model(Some(scalar("n", 3)), false),
        ),
        (
            trt,
            "loop.carried-shape",
            loop_model(Some(scalar("n", 3)), true),
            loop_model(Some(scalar("n", 3)), false),
        ),
        (trt, "shape.no-profile", relu((Float32, &[-1, 3])), plain()),
        (
            trt,
            "quantize.uint8-output",
            one(
                IMAGE,
                vec![floats_of("s", &[0.1])],
                vec![node("QuantizeLinear", &["x", "s"], &["y"])],
            ),
            quantize(0),
        ),
        (trt, "cumsum.axis", computed_axis(true), computed_axis(false)),
        (
            trt,
            "lppool.p",
            unary("LpPool", vec![ints("kernel_shape", &[2, 2]), int("p", 3)]),
            unary("LpPool", vec![ints("kernel_shape", &[2, 2]), int("p", 2)]),
        ),
        (
            trt,
            "batchnorm.training",
            unary("BatchNormalization", vec![int("training_mode", 1)]),
            unary("BatchNormalization", vec![int("training_mode", 0)]),
        ),
        (
            "tensorrt-rtx",
            "scatter.elements-reduction",
            scatter("add"),
            scatter("none"),
        ),
        (
            trt,
            "attention.causal-mask",
            attention(&["x", "x", "x", "x"], four, Some(int("is_causal", 1))),
            attention(&["x", "x", "x"], four, Some(int("is_causal", 1))),
        ),
        (
            trt,
            "attention.softmax-precision",
            attention(&["x", "x", "x"], four, Some(int("softmax_precision", 1))),
            attention(&["x", "x", "x"], four, None),
        ),
        (
            trt,
            "tensorscatter.rank",
            opset(
                one(
                    (Float32, &[1, 4, 16]),
                    vec![],
                    vec![node("TensorScatter", &["x", "x"], &["y"])],
                ),
                24,
            ),
            opset(one(four, vec![], vec![node("TensorScatter", &["x", "x"], &["y"])]), 24),
        ),
        (
            "embedded",
            "operator.unsupported",
            unary("LRN", vec![int("size", 3)]),
            plain(),
        ),
        (
            "embedded",
            "operator.unsupported",
            one(
                IMAGE,
                vec![],
                vec![domain(node("Inverse", &["x"], &["y"]), "com.microsoft")],
            ),
            one(
                IMAGE,
                vec![],
                vec![domain(node("FastGelu", &["x"], &["y"]), "com.microsoft")],
            ),
        ),
        (
            "embedded",
            "attribute.value",
            resize(ints("axes", &[0, 1, 2, 3])),
            resize(text("mode", "linear")),
        ),
        (
            "embedded",
            "pool.dilation",
            pool(ints("dilations", &[2, 2])),
            pool(ints("dilations", &[1, 1])),
        ),
        ("embedded", "rnn.peepholes", peepholes(true), peepholes(false)),
        ("embedded", "softmax.coerced", softmax(1, 12), softmax(3, 12)),
        ("embedded", "softmax.coerced", softmax(1, 12), softmax(1, 13)),
        (
            "embedded",
            "resize.cubic",
            resize(text("mode", "cubic")),
            resize(text("mode", "linear")),
        ),
        (
            "embedded",
            "resize.old",
            opset(resize(text("mode", "linear")), 10),
            resize(text("mode", "linear")),
        ),
        (
            "embedded",
            "conv.attributes",
            one(
                IMAGE,
                vec![],
                vec![
                    domain(node("F", &["x"], &["w"]), "my"),
                    node("Conv", &["x", "w"], &["y"]),
                ],
            ),
            conv(node("Conv", &["x", "w"], &["y"])),
        ),
        (
            "embedded",
            "attribute.value",
            resize(int("antialias", 1)),
            resize(int("antialias", 0)),
        ),
        (
            "embedded",
            "type.unsupported",
            one((DataType::UInt16, &[2]), vec![], cast(Int32)),
            one((Int32, &[2]), vec![], cast(Int32)),
        ),
        ("embedded", "type.float64", relu((Float64, &[2])), plain()),
        ("embedded", "type.float16", relu((DataType::Float16, &[2])), plain()),
        ("embedded", "type.int64", relu((Int64, &[2])), plain()),
        ("embedded", "value.int64", add_int(1 << 40), add_int(1 << 30)),
        (
            "onnxruntime-cpu",
            "opset.too-new",
            opset(plain(), 27),
            opset(plain(), 26),
        ),
        (
            "onnxruntime-cuda",
            "opset.too-old",
            opset(plain(), 6),
            opset(plain(), 7),
        ),
        ("onnxruntime-cpu", "ir.too-new", ir, known_ir),
        (
            "onnxruntime-cpu",
            "domain.custom",
            one(IMAGE, vec![], vec![domain(node("F", &["x"], &["y"]), "my")]),
            one(
                IMAGE,
                vec![],
                vec![domain(node("Gelu", &["x"], &["y"]), "com.microsoft")],
            ),
        ),
        (
            "embedded",
            "value.not-finite",
            weights(f32::NAN),
            weights(f32::INFINITY),
        ),
        (trt, "value.fp16-range", weights(-1e9), weights(65504.0)),
    ]
}

#[test]
fn every_rule_applies_where_it_should_and_not_beside_it() {
    for (target, rule, applies, does_not) in cases() {
        let hit = report(&applies, target);
        let found = hit.findings.iter().find(|f| f.rule == rule);
        let found = found.unwrap_or_else(|| panic!("{target} {rule} should apply: {:#?}", hit.findings));
        assert!(!found.reason.contains('{'), "{rule}: {}", found.reason);
        assert!(
            found.fixes.iter().all(|f| !f.text.contains('{')),
            "{rule}: {:?}",
            found.fixes
        );
        assert!(found.detail.as_ref().is_some_and(|d| !d.is_empty()), "{rule}");
        assert_eq!(
            hit.supported,
            hit.findings.iter().all(|f| f.severity != Severity::Error)
        );
        assert!(
            !rules_hit(&does_not, target).contains(rule),
            "{target} {rule} should not apply beside it"
        );
    }
}

#[test]
fn every_rule_has_a_case() {
    let covered: HashSet<(String, String)> = cases()
        .iter()
        .map(|c| (c.0.split('@').next().unwrap_or_default().to_owned(), c.1.to_owned()))
        .collect();
    let mut missing = Vec::new();
    for target in ["embedded", "onnxruntime-cpu", "tensorrt", "tensorrt-rtx"] {
        let known = target::Target::parse(target, None).unwrap();
        for rule in ruleset::rules(&known).unwrap() {
            let elsewhere = covered.iter().any(|(_, r)| *r == rule.id) && rule.targets.len() > 2;
            let family = |t: &str| t.split('-').next().unwrap_or_default().to_owned();
            let here = covered
                .iter()
                .any(|(t, r)| family(t) == family(target) && *r == rule.id);
            // Shape ranges have a test of their own.
            if !here && !elsewhere && rule.id != "shape.profile" {
                missing.push(format!("{target} {}", rule.id));
            }
        }
    }
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn shape_ranges_are_compared_with_the_inputs() {
    let m = relu((Float32, &[-1, 3]));
    let g = Graph::new(model(&m));
    let findings = |name: &str, min: &[u64], max: &[u64]| {
        let profiles = vec![(name.to_owned(), Shape::known(min), Shape::known(max))];
        let request = Request {
            target: "tensorrt".into(),
            profiles,
            ..Default::default()
        };
        let report = check(&g, &request).unwrap();
        report
            .findings
            .into_iter()
            .filter(|f| f.rule.starts_with("shape."))
            .map(|f| f.reason)
            .collect::<Vec<_>>()
    };
    assert!(findings("x", &[1, 3], &[8, 3]).is_empty());
    assert!(findings("x", &[1, 3], &[8, 4])[0].contains("the model fixes it at 3"));
    assert!(findings("x", &[9, 3], &[8, 3])[0].contains("minimum 9 above maximum 8"));
    assert!(findings("x", &[1], &[8])[0].contains("has 1 dimensions"));
    let unknown = findings("z", &[1, 3], &[8, 3]);
    assert!(
        unknown
            .iter()
            .any(|r| r.contains("no input of that name; its inputs are x")),
        "{unknown:?}"
    );
    assert!(unknown.iter().any(|r| r.contains("Input \"x\"")), "{unknown:?}");
}

#[test]
fn sentences_name_the_node_the_tensor_and_the_value() {
    let m = one(
        (Float32, &[1, 9000]),
        vec![ints_of("count", &[5000])],
        vec![node("TopK", &["x", "count"], &["v", "y"])],
    );
    let report = report(&m, "tensorrt@10");
    let finding = report.findings.iter().find(|f| f.rule == "topk.k").unwrap();
    assert_eq!(
        finding.reason,
        "TopK \"v_TopK\": K is 5000; TensorRT takes less than 3840."
    );
    assert!(!report.supported && !report.parser_asked);
    assert_eq!(report.target, "tensorrt@10");
    assert!(report.notes[0].contains("not tested"), "{:?}", report.notes);
}

#[test]
fn broken_structure_is_an_error_for_every_target() {
    let m = one(IMAGE, vec![], vec![node("Add", &["x", "nowhere"], &["y"])]);
    for target in [
        "embedded",
        "onnxruntime-cpu",
        "onnxruntime-cuda",
        "tensorrt",
        "tensorrt-rtx",
    ] {
        let report = report(&m, target);
        assert!(!report.supported, "{target}");
        let finding = &report.findings[0];
        assert_eq!(
            (finding.rule.as_str(), finding.severity),
            ("graph.missing-input", Severity::Error)
        );
        assert!(finding.reason.contains("nowhere"));
    }
}

#[test]
fn the_parser_replaces_guesses_and_keeps_its_words() {
    let m = one(
        IMAGE,
        vec![],
        vec![node("Det", &["x"], &["d"]), node("MadeUp", &["d"], &["y"])],
    );
    let g = Graph::new(model(&m));
    let raw = "In node 1 with name: y_MadeUp and operator: MadeUp (importFallbackPluginImporter): UNSUPPORTED_NODE: \
               Assertion failed: creator && \"Plugin not found, are the plugin name, version, and namespace correct?\"";
    let mut parser = ParserReport {
        target: "tensorrt-rtx".into(),
        version: "1.7.0.30".into(),
        errors: vec![ParserError {
            node: 1,
            node_name: "y_MadeUp".into(),
            op_type: "MadeUp".into(),
            code: "kUNSUPPORTED_NODE".into(),
            text: raw.into(),
            ..Default::default()
        }],
        subgraphs: vec![
            Subgraph {
                nodes: vec![0],
                supported: true,
            },
            Subgraph {
                nodes: vec![1],
                supported: false,
            },
        ],
        ..Default::default()
    };
    let ask = |parser: &ParserReport| {
        let request = Request {
            target: "tensorrt-rtx".into(),
            parser: Some(parser.clone()),
            ..Default::default()
        };
        check(&g, &request).unwrap()
    };
    let report = ask(&parser);
    let errors: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|f| f.severity == Severity::Error)
        .collect();
    // The parser takes Det, so the rules' guess about it is gone; MadeUp stands once, in the parser's name.
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!(errors[0].evidence, Evidence::Parser);
    assert!(
        errors[0]
            .reason
            .starts_with("MadeUp \"y_MadeUp\": TensorRT has no importer for MadeUp")
    );
    assert!(errors[0].detail.as_ref().unwrap().contains(raw));
    assert!(matches!(&errors[0].place, Place::Node { path, .. } if *path == NodePath::top(1)));
    assert_eq!(report.supported_subgraphs, [vec![NodePath::top(0)]]);
    assert!(report.parser_asked && !report.supported);

    // By index alone, and a text nobody knows.
    parser.errors[0].node_name.clear();
    parser.errors[0].text = "something new".into();
    parser.errors[0].code = "kINTERNAL_ERROR".into();
    let report = ask(&parser);
    let error = report.findings.iter().find(|f| f.evidence == Evidence::Parser).unwrap();
    assert!(matches!(&error.place, Place::Node { path, .. } if *path == NodePath::top(1)));
    assert!(
        error.reason.ends_with("the parser refuses it: something new"),
        "{}",
        error.reason
    );

    // A model that parses has no operator errors left.
    let report = ask(&ParserReport {
        parsed: true,
        ..Default::default()
    });
    assert!(report.supported, "{:#?}", report.findings);
}

#[test]
fn embedded_table_agrees_with_the_engine() {
    let loads = |domain: &str, op: &str| {
        let mut n = node(op, &["x", "x", "x"], &["y"]);
        n.domain = Some(domain.into());
        let m = opset(one((Float32, &[1, 1]), vec![], vec![n]), 21);
        let bytes = buffa::Message::encode_to_vec(&m);
        match rten::ModelOptions::with_all_ops()
            .enable_optimization(false)
            .load(bytes)
        {
            Ok(_) => true,
            // Other errors come from an operator that is there but misses an attribute.
            Err(error) => !error.to_string().contains("operator not supported or not enabled"),
        }
    };
    let table = include_str!("tables/rten_operators.tsv")
        .lines()
        .filter(|l| !l.starts_with('#'));
    let absent: Vec<&str> = table
        .filter(|line| {
            line.split_once('\t')
                .is_none_or(|(domain, op)| op != "Constant" && !loads(domain, op))
        })
        .collect();
    assert!(absent.is_empty(), "in the table, not in the engine: {absent:?}");
    let all = include_str!("tables/tensorrt_operators.tsv")
        .lines()
        .filter(|l| !l.starts_with('#') && !l.starts_with("op\t"));
    let unlisted: Vec<&str> = all
        .filter_map(|line| line.split('\t').next())
        .filter(|op| !table::embedded_has("", op) && loads("", op))
        .collect();
    assert!(unlisted.is_empty(), "in the engine, not in the table: {unlisted:?}");
}
