use super::super::tests::model;
use super::*;
use crate::data::shapes::sizes;
use crate::graph::sample::{int, node, with};
use crate::model::onnx::NodeProto;

fn weights(name: &str, dims: &[u64]) -> (String, Tensor) {
    let count = dims.iter().product::<u64>() as usize;
    (name.into(), Tensor::from_f32(dims, &vec![0.0; count]).unwrap())
}

fn one(
    input: (&str, DataType, &[&str]),
    constants: Vec<(String, Tensor)>,
    nodes: Vec<NodeProto>,
) -> (Vec<f64>, String) {
    let graph = model(&[input], constants, nodes);
    let shapes = sizes(&graph, &Default::default(), &[], None).unwrap();
    let (tensors, why) = generate(&graph, &shapes, 1).unwrap();
    assert_eq!(
        tensors,
        generate(&graph, &shapes, 1).unwrap().0,
        "the same seed gives the same tensors"
    );
    (tensors[0].1.to_f64_iter().unwrap().collect(), why[0].clone())
}

#[test]
fn token_ids_stay_below_the_embedding() {
    let nodes = vec![
        node("Cast", &["input_ids"], &["wide"]),
        node("Unsqueeze", &["wide", "axes"], &["column"]),
        node("Gather", &["word_embeddings", "column"], &["y"]),
    ];
    let constants = vec![
        weights("word_embeddings", &[17, 4]),
        ("axes".into(), Tensor::from_i64(&[1], &[0]).unwrap()),
    ];
    let (values, why) = one(("input_ids", DataType::Int64, &["3", "64"]), constants, nodes);
    assert_eq!(values.len(), 192);
    assert!(values.iter().all(|v| (0.0..17.0).contains(v)));
    assert!(values.iter().any(|v| *v > 10.0));
    assert_eq!(why, "input_ids: whole numbers below 17, the rows of word_embeddings");
}

#[test]
fn gather_follows_its_axis_and_one_hot_its_depth() {
    let gather = with(node("Gather", &["table", "x"], &["y"]), int("axis", -1));
    let (values, why) = one(
        ("x", DataType::Int32, &["50"]),
        vec![weights("table", &[3, 9])],
        vec![gather],
    );
    assert!(values.iter().all(|v| *v < 9.0) && why.contains("below 9"), "{why}");
    let depth = ("depth".to_owned(), Tensor::from_i64(&[], &[257]).unwrap());
    let (values, why) = one(
        ("bytes", DataType::Int32, &["2", "2048"]),
        vec![depth],
        vec![node("OneHot", &["bytes", "depth", "v"], &["y"])],
    );
    assert!(values.iter().all(|v| *v < 257.0) && values.iter().any(|v| *v > 200.0));
    assert!(why.contains("below 257, the depth of y_OneHot (OneHot)"), "{why}");
}

#[test]
fn a_one_hot_spelled_out_is_found() {
    let classes: Vec<i32> = (0..257).collect();
    let constant = ("classes".to_owned(), Tensor::from_i32(&[1, 1, 257], &classes).unwrap());
    let nodes = vec![
        node("Reshape", &["bytes", "shape"], &["column"]),
        node("Equal", &["column", "classes"], &["hot"]),
    ];
    let (values, why) = one(("bytes", DataType::Int32, &["1", "2048"]), vec![constant], nodes);
    assert!(values.iter().all(|v| *v < 257.0) && values.iter().any(|v| *v > 200.0));
    assert!(
        why.contains("below 257, the classes that hot_Equal (Equal) compares with"),
        "{why}"
    );
}

#[test]
fn the_smallest_table_wins() {
    let nodes = vec![
        node("Gather", &["big", "x"], &["y"]),
        node("Gather", &["small", "x"], &["z"]),
    ];
    let constants = vec![weights("big", &[100, 1]), weights("small", &[5, 1])];
    let (values, _) = one(("x", DataType::Int64, &["100"]), constants, nodes);
    assert!(values.iter().all(|v| *v < 5.0));
}

#[test]
fn masks_segments_positions_rates_and_states_have_their_own_values() {
    let of = |name, dtype, dims: &[&str]| one((name, dtype, dims), vec![], vec![]);
    assert_eq!(of("attention_mask", DataType::Int64, &["1", "4"]).0, [1.0; 4]);
    assert_eq!(of("attention_mask", DataType::Float32, &["1", "4"]).0, [1.0; 4]);
    assert_eq!(of("token_type_ids", DataType::Int64, &["1", "4"]).0, [0.0; 4]);
    assert_eq!(
        of("position_ids", DataType::Int64, &["2", "3"]).0,
        [0.0, 1.0, 2.0, 0.0, 1.0, 2.0]
    );
    assert_eq!(of("sr", DataType::Int64, &[]).0, [16000.0]);
    assert_eq!(of("state", DataType::Float32, &["2", "1", "3"]).0, [0.0; 6]);
    assert_eq!(of("h", DataType::Float32, &["2", "1", "3"]).0, [0.0; 6]);
    assert_eq!(
        of("use_cache_branch", DataType::Bool, &["1"]).0,
        [0.0],
        "a cache that is not there yet"
    );
    assert!(
        of("encoder_hidden_states", DataType::Float32, &["1", "3"])
            .0
            .iter()
            .any(|v| *v != 0.0)
    );
    let nodes = vec![node("LSTM", &["x", "w", "r", "", "", "initial"], &["y"])];
    assert_eq!(
        one(("initial", DataType::Float32, &["1", "2"]), vec![], nodes).0,
        [0.0; 2]
    );
}

#[test]
fn images_follow_type_shape_and_the_first_arithmetic() {
    let dims = ["1", "3", "16", "16"];
    let high = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    let (values, why) = one(("x", DataType::Float32, &dims), vec![], vec![]);
    assert!(
        values.iter().all(|v| (0.0..=1.0).contains(v)) && high(&values) > 0.5,
        "{why}"
    );
    let mean = (
        "mean".to_owned(),
        Tensor::from_f32(&[3, 1, 1], &[123.7, 116.3, 103.5]).unwrap(),
    );
    let (values, why) = one(
        ("x", DataType::Float32, &dims),
        vec![mean],
        vec![node("Sub", &["x", "mean"], &["y"])],
    );
    assert!(high(&values) > 100.0 && why.contains("y_Sub (Sub) subtracts"), "{why}");
    let scale = ("scale".to_owned(), Tensor::from_f32(&[], &[1.0 / 255.0]).unwrap());
    let (values, _) = one(
        ("x", DataType::Float32, &dims),
        vec![scale],
        vec![node("Mul", &["scale", "x"], &["y"])],
    );
    assert!(high(&values) > 100.0);
    let (values, _) = one(("x", DataType::UInt8, &["1", "16", "16", "3"]), vec![], vec![]);
    assert!(high(&values) > 100.0 && values.iter().all(|v| v.fract() == 0.0));
    // Neighbours resemble each other, as in photographs.
    let jumps = values.windows(4).filter(|w| (w[0] - w[3]).abs() > 128.0).count();
    assert!(jumps < values.len() / 20, "{jumps}");
}

#[test]
fn what_cannot_be_generated_is_named() {
    let graph = model(&[("text", DataType::String, &["1"])], vec![], vec![]);
    let shapes = sizes(&graph, &Default::default(), &[], None).unwrap();
    assert!(
        generate(&graph, &shapes, 0)
            .unwrap_err()
            .contains("input \"text\": values of type string")
    );
    let graph = model(&[("x", DataType::Float32, &["?", "?"])], vec![], vec![]);
    assert!(generate(&graph, &Sizes::default(), 0).unwrap_err().contains("no shape"));
    let mut huge = sizes(&graph, &Default::default(), &[], None).unwrap();
    huge.inputs.get_mut("x").unwrap().shape = vec![u64::MAX / 2, 1 << 40];
    assert!(generate(&graph, &huge, 0).unwrap_err().contains("more than 4 GiB"));
}
