//! One test per source of evidence, and that what is proposed always works.

use super::*;
use crate::graph::Graph;
use crate::graph::sample::{graph, int, ints, model, node, proto, value, weight, with};
use crate::model::DataType::{self, Bool, Float32, Int64};
use crate::model::Tensor;
use crate::model::onnx::__buffa::oneof::{tensor_shape_proto::dimension, type_proto};
use crate::model::onnx::{ModelProto, NodeProto, StringStringEntryProto, TensorProto, ValueInfoProto};
use proptest::prelude::*;

/// A value whose sizes are numbers, names, or nothing (`?`).
fn typed(name: &str, dtype: DataType, dims: &[&str]) -> ValueInfoProto {
    let numbers: Vec<i64> = dims.iter().map(|d| d.parse().unwrap_or(-1)).collect();
    let mut value = value(name, dtype, &numbers);
    if let Some(type_proto::Value::TensorType(t)) = &mut value.r#type.get_or_insert_default().value {
        for (slot, dim) in t.shape.get_or_insert_default().dim.iter_mut().zip(dims) {
            if slot.value.is_none() && *dim != "?" {
                slot.value = Some(dimension::Value::DimParam((*dim).into()));
            }
        }
    }
    value
}

fn build(
    inputs: Vec<ValueInfoProto>,
    outputs: &[&str],
    weights: Vec<TensorProto>,
    nodes: Vec<NodeProto>,
    props: &[(&str, &str)],
) -> Graph {
    let mut g = graph(&[], &[], weights, nodes);
    g.input = inputs;
    g.output = outputs
        .iter()
        .map(|name| ValueInfoProto {
            name: Some((*name).into()),
            ..Default::default()
        })
        .collect();
    let mut proto: ModelProto = proto(g, vec![]);
    proto.metadata_props = props
        .iter()
        .map(|(key, value)| StringStringEntryProto {
            key: Some((*key).into()),
            value: Some((*value).into()),
            ..Default::default()
        })
        .collect();
    Graph::new(model(&proto))
}

fn vector(name: &str, values: &[i64]) -> TensorProto {
    Tensor::from_i64(&[values.len() as u64], values).unwrap().to_proto(name)
}

fn floats(name: &str, values: &[f32]) -> TensorProto {
    Tensor::from_f32(&[values.len() as u64], values).unwrap().to_proto(name)
}

fn conv(x: &str, w: &str, y: &str, stride: [i64; 2]) -> NodeProto {
    with(
        with(node("Conv", &[x, w], &[y]), ints("strides", &stride)),
        ints("pads", &[1, 1, 1, 1]),
    )
}

/// `name 1x3x224x224 source`, inputs in order of their names.
fn said(graph: &Graph) -> String {
    said_of(graph, &[])
}

fn said_of(graph: &Graph, hints: &[Hint]) -> String {
    let sizes = propose(graph, hints).unwrap_or_else(|e| panic!("{e}"));
    evaluate(graph, &sizes.point()).unwrap_or_else(|e| panic!("{e}"));
    let text = |(name, s): (&String, &InputSize)| {
        let value = s.value.as_ref().map_or_else(String::new, |v| format!("={v:?}"));
        format!("{name} {}{value} {:?}", crate::graph::Shape::known(&s.shape), s.source).to_lowercase()
    };
    sizes.inputs.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn given(input: &str, shape: &[u64], source: Source) -> Hint {
    Hint {
        input: input.into(),
        shape: shape.to_vec(),
        value: None,
        source,
        reason: "test".into(),
    }
}

fn classifier(dims: &[&str], props: &[(&str, &str)]) -> Graph {
    build(
        vec![typed("x", Float32, dims)],
        &["y"],
        vec![weight("w", &[8, 3, 3, 3]), weight("f", &[8, 10])],
        vec![
            conv("x", "w", "a", [2, 2]),
            node("GlobalAveragePool", &["a"], &["p"]),
            node("Flatten", &["p"], &["q"]),
            node("Gemm", &["q", "f"], &["y"]),
        ],
        props,
    )
}

/// A picture halved `depth` times and doubled again, each level joined with the picture's own.
fn unet(depth: usize) -> Graph {
    let mut nodes = Vec::new();
    let mut level = "x".to_owned();
    let mut skips = Vec::new();
    for i in 0..depth {
        nodes.push(conv(&level, "w", &format!("d{i}"), [2, 2]));
        skips.push(level);
        level = format!("d{i}");
    }
    for (i, skip) in skips.iter().enumerate().rev() {
        nodes.push(node("Resize", &[&level, "", "s"], &[&format!("u{i}")]));
        nodes.push(node("Add", &[&format!("u{i}"), skip], &[&format!("j{i}")]));
        level = format!("j{i}");
    }
    nodes.push(node("Sigmoid", &[&level], &["y"]));
    build(
        vec![typed("x", Float32, &["n", "3", "h", "w_"])],
        &["y"],
        vec![weight("w", &[3, 3, 3, 3]), floats("s", &[1.0, 1.0, 2.0, 2.0])],
        nodes,
        &[],
    )
}

#[test]
fn what_is_given_goes_before_profiles_data_and_the_rest() {
    let g = classifier(&["n", "3", "h", "w"], &[("imgsz", "[320, 320]")]);
    assert_eq!(said(&g), "x 1x3x320x320 metadata");
    let data = given("x", &[2, 3, 50, 60], Source::Data);
    assert_eq!(said_of(&g, std::slice::from_ref(&data)), "x 2x3x50x60 data");
    let profile = given("x", &[4, 3, 96, 96], Source::Profile);
    let list = [data.clone(), profile];
    assert_eq!(said_of(&g, &list[..1]), "x 2x3x50x60 data");
    assert!(propose(&g, &list).is_ok());
    let user = given("x", &[1, 3, 33, 31], Source::Given);
    assert_eq!(said_of(&g, &[data, user]), "x 1x3x33x31 given");
}

#[test]
fn a_classifier_a_detector_and_a_unet_have_their_usual_pictures() {
    assert_eq!(said(&classifier(&["?", "3", "?", "?"], &[])), "x 1x3x224x224 kind");
    assert_eq!(said(&classifier(&["?", "?", "?", "?"], &[])), "x 1x3x224x224 kind");
    let g = unet(4);
    assert_eq!(said(&g), "x 1x3x256x256 kind");
    let refused = propose(&g, &[given("x", &[1, 3, 250, 256], Source::Given)]).unwrap_err();
    assert!(refused.to_string().contains("Add"), "{refused}");
    // Seven halvings: 640 and 224 are no multiples of 128.
    assert_eq!(said(&unet(7)), "x 1x3x256x256 kind");
    let boxes = build(
        vec![typed("images", Float32, &["batch", "3", "height", "width"])],
        &["y"],
        vec![weight("w", &[3, 3, 3, 3]), vector("shape", &[0, 3, -1])],
        vec![
            conv("images", "w", "a", [2, 2]),
            node("Reshape", &["a", "shape"], &["y"]),
        ],
        &[],
    );
    assert_eq!(said(&boxes), "images 1x3x640x640 kind");
}

#[test]
fn positions_that_are_added_force_the_picture() {
    let g = build(
        vec![typed("pixels", Float32, &["n", "3", "h", "w"])],
        &["y"],
        vec![
            weight("w", &[8, 3, 16, 16]),
            vector("flat", &[0, 8, -1]),
            weight("positions", &[1, 576, 8]),
        ],
        vec![
            with(node("Conv", &["pixels", "w"], &["a"]), ints("strides", &[16, 16])),
            node("Reshape", &["a", "flat"], &["b"]),
            with(node("Transpose", &["b"], &["c"]), ints("perm", &[0, 2, 1])),
            node("Add", &["c", "positions"], &["y"]),
        ],
        &[],
    );
    assert_eq!(said(&g), "pixels 1x3x384x384 graph");
}

#[test]
fn a_flattened_layer_forces_the_picture() {
    let g = build(
        vec![typed("x", Float32, &["n", "1", "h", "w"])],
        &["y"],
        vec![weight("w", &[4, 1, 3, 3]), weight("f", &[4 * 14 * 14, 10])],
        vec![
            conv("x", "w", "a", [2, 2]),
            with(node("Flatten", &["a"], &["b"]), int("axis", 1)),
            node("MatMul", &["b", "f"], &["y"]),
        ],
        &[],
    );
    assert_eq!(said(&g), "x 1x1x28x28 graph");
}

#[test]
fn declared_inner_shapes_are_the_models_own_words() {
    let mut g = graph(
        &[],
        &[],
        vec![weight("w", &[8, 3, 3, 3])],
        vec![conv("x", "w", "a", [2, 2]), node("Relu", &["a"], &["y"])],
    );
    g.input = vec![typed("x", Float32, &["n", "3", "h", "w"])];
    g.output = vec![typed("y", Float32, &["n", "8", "96", "160"])];
    assert_eq!(said(&Graph::new(model(&proto(g, vec![])))), "x 1x3x192x320 metadata");
}

fn encoder() -> Graph {
    build(
        vec![
            typed("input_ids", Int64, &["b", "s"]),
            typed("attention_mask", Float32, &["?", "?"]),
        ],
        &["y"],
        vec![weight("table", &[50, 8])],
        vec![
            node("Gather", &["table", "input_ids"], &["e"]),
            node("ReduceMean", &["e", "last"], &["m"]),
            node("Mul", &["m", "attention_mask"], &["y"]),
        ]
        .into_iter()
        .map(|n| {
            if n.op_type.as_deref() == Some("ReduceMean") {
                with(n, int("keepdims", 0))
            } else {
                n
            }
        })
        .collect(),
        &[],
    )
}

#[test]
fn tokens_and_what_meets_them_move_together() {
    let mut g = encoder();
    // The axis of the mean is stored.
    let mut proto = g.model.proto().clone();
    proto
        .graph
        .as_option_mut()
        .unwrap()
        .initializer
        .push(vector("last", &[-1]));
    g = Graph::new(model(&proto));
    assert_eq!(said(&g), "attention_mask 1x128 kind, input_ids 1x128 kind");
    let hint = given("input_ids", &[4, 20], Source::Given);
    assert_eq!(said_of(&g, &[hint]), "attention_mask 4x20 given, input_ids 4x20 given");
}

#[test]
fn a_decoder_has_cached_steps_and_a_mask_for_all() {
    let g = build(
        vec![
            typed("input_ids", Int64, &["batch", "seq"]),
            typed("attention_mask", Int64, &["batch", "past+seq"]),
            typed("past_key", Float32, &["batch", "2", "past", "4"]),
            typed("use_cache_branch", Bool, &["1"]),
        ],
        &["y", "present"],
        vec![weight("table", &[50, 8]), vector("heads", &[0, 0, 2, 4])],
        vec![
            node("Gather", &["table", "input_ids"], &["e"]),
            node("Reshape", &["e", "heads"], &["h"]),
            with(node("Transpose", &["h"], &["k"]), ints("perm", &[0, 2, 1, 3])),
            with(node("Concat", &["past_key", "k"], &["present"]), int("axis", 2)),
            with(node("Cast", &["attention_mask"], &["y"]), int("to", 1)),
        ],
        &[],
    );
    assert_eq!(
        said(&g),
        "attention_mask 1x129 kind, input_ids 1x1 kind, past_key 1x2x128x4 kind, use_cache_branch 1=[1] name"
    );
}

#[test]
fn question_marks_are_different_sizes() {
    let g = build(
        vec![typed("a", Float32, &["?", "?"]), typed("b", Float32, &["?", "?"])],
        &["y", "z"],
        vec![weight("f", &[12, 4]), weight("g", &[7, 4])],
        vec![node("MatMul", &["a", "f"], &["y"]), node("MatMul", &["b", "g"], &["z"])],
        &[],
    );
    assert_eq!(said(&g), "a 1x12 graph, b 1x7 graph");
}

#[test]
fn shape_tensors_have_values_that_work() {
    let g = build(
        vec![typed("x", Float32, &["n", "3", "64", "96"]), typed("hw", Int64, &["2"])],
        &["y"],
        vec![weight("w", &[3, 3, 3, 3]), vector("front", &[1, 3])],
        vec![
            conv("x", "w", "a", [1, 1]),
            with(node("Concat", &["front", "hw"], &["sizes"]), int("axis", 0)),
            node("Resize", &["a", "", "", "sizes"], &["r"]),
            node("Relu", &["r"], &["y"]),
        ],
        &[],
    );
    assert_eq!(said(&g), "hw 2=[64, 96] kind, x 1x3x64x96 kind");
}

#[test]
fn an_input_without_a_rank_has_that_of_its_operator_or_is_asked_for() {
    let mut untyped = value("x", Float32, &[]);
    if let Some(type_proto::Value::TensorType(t)) = &mut untyped.r#type.get_or_insert_default().value {
        t.shape = Default::default();
    }
    let of = |nodes| {
        build(
            vec![untyped.clone()],
            &["y"],
            vec![weight("w", &[8, 3, 3, 3])],
            nodes,
            &[],
        )
    };
    let g = of(vec![
        conv("x", "w", "a", [2, 2]),
        node("GlobalAveragePool", &["a"], &["y"]),
    ]);
    assert_eq!(said(&g), "x 1x3x224x224 kind");
    let g = of(vec![node("Relu", &["x"], &["y"])]);
    let error = propose(&g, &[]).unwrap_err().to_string();
    assert!(error.contains("how many dimensions input \"x\" has"), "{error}");
}

#[test]
fn where_nothing_works_the_constraint_and_what_was_tried_are_named() {
    let g = build(
        vec![typed("x", Float32, &["n", "3", "h", "w"])],
        &["y"],
        vec![weight("w", &[8, 3, 3, 3]), weight("v", &[8, 5, 3, 3])],
        vec![conv("x", "w", "a", [2, 2]), conv("a", "v", "y", [1, 1])],
        &[],
    );
    let error = propose(&g, &[]).unwrap_err().to_string();
    assert!(
        error.contains("8 and 5 must be equal") && error.contains("tried"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn what_is_proposed_works(
        depth in 1usize..5, kernel in 1u64..6, stride in 1i64..4, pad in 0i64..3, back in 1u32..4, channels in 1u64..5,
    ) {
        // Down by convolutions, up by an integer factor, joined with the picture cut to size where it must be.
        let mut nodes = Vec::new();
        let mut level = "x".to_owned();
        for i in 0..depth {
            let next = format!("d{i}");
            let conv = with(node("Conv", &[&level, "w"], &[&next]), ints("strides", &[stride, stride]));
            nodes.push(with(conv, ints("pads", &[pad, pad, pad, pad])));
            level = next;
        }
        nodes.push(node("Resize", &[&level, "", "s"], &["u"]));
        nodes.push(node("Add", &["u", "x"], &["y"]));
        let factor = (back as f32).min(stride as f32);
        let g = build(
            vec![typed("x", Float32, &["?", "?", "?", "?"])],
            &["y"],
            vec![weight("w", &[channels, channels, kernel, kernel]), floats("s", &[1.0, 1.0, factor, factor])],
            nodes,
            &[],
        );
        if let Ok(sizes) = propose(&g, &[]) {
            prop_assert!(evaluate(&g, &sizes.point()).is_ok());
            prop_assert_eq!(sizes.inputs["x"].shape[1], channels);
        }
    }
}
