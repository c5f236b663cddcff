use super::corners::CornerKind;
use super::*;
use crate::graph::Graph;
use crate::graph::sample::{graph, int, ints, model, node, proto, value, with};
use crate::model::DataType::{Float32, Int64};
use crate::model::Tensor;
use crate::model::onnx::__buffa::oneof::{tensor_shape_proto::dimension, type_proto};
use crate::model::onnx::{NodeProto, TensorProto, ValueInfoProto};

/// An input of sizes: numbers, names, `?`.
fn input(name: &str, dtype: crate::model::DataType, dims: &[&str]) -> ValueInfoProto {
    let numbers: Vec<i64> = dims.iter().map(|d| d.parse().unwrap_or(-1)).collect();
    let mut info = value(name, dtype, &numbers);
    if let Some(type_proto::Value::TensorType(tensor)) = &mut info.r#type.get_or_insert_default().value {
        for (dim, text) in tensor.shape.get_or_insert_default().dim.iter_mut().zip(dims) {
            if dim.value.is_none() {
                dim.value = Some(dimension::Value::DimParam((*text).into()));
            }
        }
    }
    info
}

fn build(inputs: Vec<ValueInfoProto>, weights: Vec<TensorProto>, nodes: Vec<NodeProto>) -> Graph {
    let mut g = graph(&[], &[], weights, nodes);
    g.input = inputs;
    Graph::new(model(&proto(g, vec![])))
}

fn bert() -> Graph {
    build(
        vec![
            input("input_ids", Int64, &["batch", "seq"]),
            input("attention_mask", Int64, &["batch", "seq"]),
            input("image", Float32, &["batch", "3", "?", "?"]),
            input("scale", Float32, &[]),
        ],
        vec![],
        vec![node("Add", &["input_ids", "attention_mask"], &["y"])],
    )
}

fn range(min: &[u64], opt: &[u64], max: &[u64]) -> ShapeRange {
    ShapeRange {
        min: min.to_vec(),
        opt: opt.to_vec(),
        max: max.to_vec(),
    }
}

fn shapes(list: &[(&str, ShapeRange)]) -> ProfileSpec {
    ProfileSpec {
        inputs: list.iter().map(|(n, r)| ((*n).to_owned(), r.clone())).collect(),
        ..ProfileSpec::default()
    }
}

#[test]
fn open_sizes_are_one_a_name_and_one_a_nameless_axis() {
    let labels: Vec<String> = open_sizes(&bert()).into_iter().map(|s| s.label).collect();
    assert_eq!(labels, ["batch", "seq", "image:2", "image:3"]);
    let g = build(vec![input("x", Float32, &["unk__1", "None", "n"])], vec![], vec![]);
    let labels: Vec<String> = open_sizes(&g).into_iter().map(|s| s.label).collect();
    assert_eq!(labels, ["x:0", "x:1", "n"]);
}

#[test]
fn a_range_for_one_input_fills_the_others_through_names() {
    let given = shapes(&[("input_ids", range(&[1, 8], &[4, 128], &[16, 512]))]);
    let at = [("image".to_owned(), vec![1, 3, 224, 224])].into();
    let all = complete(&bert(), &given, &at);
    assert_eq!(all.inputs["attention_mask"], given.inputs["input_ids"]);
    assert_eq!(
        all.inputs["image"],
        range(&[1, 3, 224, 224], &[4, 3, 224, 224], &[16, 3, 224, 224])
    );
    assert!(!all.inputs.contains_key("scale"));
    assert_eq!(contradictions(&bert(), &all), []);
}

#[test]
fn what_contradicts_is_said() {
    for (profile, words) in [
        (shapes(&[("x", range(&[1], &[1], &[1]))]), "no input of that name"),
        (
            shapes(&[("input_ids", range(&[1, 9], &[1, 8], &[1, 8]))]),
            "max: size 8 of axis 1 is smaller than min 9",
        ),
        (
            shapes(&[("input_ids", range(&[1], &[1], &[1]))]),
            "the range has 1 sizes",
        ),
        (
            shapes(&[("image", range(&[1, 4, 8, 8], &[1, 4, 8, 8], &[1, 4, 8, 8]))]),
            "dimension 1 is 4, but the model fixes it at 3",
        ),
        (
            shapes(&[
                ("attention_mask", range(&[1, 8], &[1, 8], &[1, 8])),
                ("input_ids", range(&[1, 8], &[1, 8], &[1, 9])),
            ]),
            "\"seq\" is 8, 8, 8 (min, opt, max) here and 8, 8, 9 in input \"input_ids\"",
        ),
        (
            ProfileSpec {
                values: [("scale".to_owned(), ValueRange::fixed(&[1]))].into(),
                ..ProfileSpec::default()
            },
            "its values decide no shapes",
        ),
    ] {
        let found = contradictions(&bert(), &profile);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].problem.contains(words), "{found:?}");
    }
}

#[test]
fn one_profile_reaches_around_all_that_is_run() {
    let point = |b: u64, s: u64| -> BTreeMap<String, Vec<u64>> {
        let shape = vec![b, s];
        [
            ("input_ids".to_owned(), shape.clone()),
            ("attention_mask".to_owned(), shape),
            ("image".to_owned(), vec![b, 3, 8, 8]),
            ("scale".to_owned(), vec![]),
        ]
        .into()
    };
    let (a, b, c) = (point(8, 64), point(1, 128), point(32, 16));
    let made = around(&bert(), &[&a, &b, &c], None);
    assert_eq!(made.inputs["input_ids"], range(&[1, 16], &[8, 64], &[32, 128]));
    assert!(!made.inputs.contains_key("scale"));
    let best = around(&bert(), &[&a, &b], Some(&c));
    assert_eq!(best.inputs["input_ids"], range(&[1, 16], &[32, 16], &[32, 128]));
}

/// A picture halved and doubled again beside itself.
fn skip() -> Graph {
    let scales = Tensor::from_f32(&[4], &[1.0, 1.0, 2.0, 2.0]).unwrap().to_proto("s");
    let pool = node("MaxPool", &["x"], &["half"]);
    build(
        vec![input("x", Float32, &["b", "3", "h", "w"])],
        vec![scales],
        vec![
            with(with(pool, ints("kernel_shape", &[2, 2])), ints("strides", &[2, 2])),
            node("Resize", &["half", "", "s"], &["up"]),
            node("Add", &["up", "x"], &["y"]),
        ],
    )
}

#[test]
fn odd_sizes_inside_the_range_are_found_with_the_step_that_works() {
    let profile = shapes(&[("x", range(&[1, 3, 32, 32], &[1, 3, 64, 64], &[8, 3, 128, 128]))]);
    let all = corners(&skip(), &[profile]);
    let failing: Vec<&Corner> = all.iter().filter(|c| c.result.is_err()).collect();
    let at: Vec<String> = failing.iter().map(|c| c.at.words()).collect();
    assert_eq!(at, ["a size of h between its ends", "a size of w between its ends"]);
    assert!(failing.iter().all(|c| c.step == Some(2)), "{failing:?}");
    let fault = failing[0].result.as_ref().unwrap_err();
    assert_eq!(
        (fault.op.as_str(), failing[0].sizes_words().as_str()),
        ("Add", "x 1x3x65x64")
    );
    assert!(
        all.iter()
            .any(|c| c.at == CornerKind::MaxOf("b".into()) && c.result.is_ok())
    );
    // An odd minimum, and an odd optimum.
    let odd = shapes(&[("x", range(&[1, 3, 33, 33], &[1, 3, 64, 64], &[1, 3, 127, 127]))]);
    let bad: Vec<CornerKind> = corners(&skip(), &[odd])
        .into_iter()
        .filter(|c| c.result.is_err())
        .map(|c| c.at)
        .collect();
    assert!(
        bad.contains(&CornerKind::Min) && bad.contains(&CornerKind::Max),
        "{bad:?}"
    );
    assert!(!bad.contains(&CornerKind::Opt));
}

#[test]
fn nameless_sizes_that_must_be_equal_move_together() {
    let g = build(
        vec![input("a", Float32, &["?", "4"]), input("b", Float32, &["?", "4"])],
        vec![],
        vec![with(node("Concat", &["a", "b"], &["y"]), int("axis", 1))],
    );
    let one = range(&[1, 4], &[2, 4], &[9, 4]);
    let all = corners(&g, &[shapes(&[("a", one.clone()), ("b", one)])]);
    assert!(all.iter().all(|c| c.result.is_ok()), "{all:?}");
    assert!(
        all.iter().any(|c| c.at == CornerKind::Between("a:0=b:0".into())),
        "{all:?}"
    );
}

#[test]
fn shape_tensors_are_ranges_of_values() {
    let nc = Tensor::from_i64(&[2], &[1, 3]).unwrap().to_proto("nc");
    let g = build(
        vec![input("x", Float32, &["1", "3", "32", "32"]), input("hw", Int64, &["2"])],
        vec![nc],
        vec![
            with(node("Concat", &["nc", "hw"], &["sz"]), int("axis", 0)),
            node("Resize", &["x", "", "", "sz"], &["y"]),
        ],
    );
    let found = shape_tensors(&g);
    assert_eq!((found.len(), found[0].name.as_str(), found[0].count), (1, "hw", 2));
    // As older recipes have it, among the inputs: two numbers are two values, one is no shape.
    let old = shapes(&[("hw", range(&[16, 16], &[32, 32], &[64, 64]))]);
    assert_eq!(contradictions(&g, &old), []);
    assert_eq!(complete(&g, &old, &BTreeMap::new()).values["hw"].max, [64, 64]);
    let wrong = contradictions(&g, &shapes(&[("hw", range(&[2], &[2], &[2]))]));
    assert!(
        wrong[0].problem.contains("the range is of its 2 values; 1 given"),
        "{wrong:?}"
    );
    assert!(corners(&g, &[old]).iter().all(|c| c.result.is_ok()));
    // Token ids index a table; they are no sizes.
    let table = Tensor::from_f32(&[2, 2], &[0.0; 4]).unwrap().to_proto("t");
    let g = build(
        vec![input("ids", Int64, &["1", "8"])],
        vec![table],
        vec![node("Gather", &["t", "ids"], &["y"])],
    );
    assert_eq!(shape_tensors(&g), []);
}
