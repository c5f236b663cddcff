//! What is refused, and what stays; that raised nodes compute the same is in `tests/cleanup`.

use super::*;
use crate::graph::sample::{graph, import, int, ints, model, node, proto, value, with};
use crate::model::DataType;

fn raised(nodes: Vec<NodeProto>, opset: i64, to: i64) -> Result<Done, String> {
    let mut g = graph(&[], &[], vec![], nodes);
    g.input = vec![value("x", DataType::Float32, &[2, 1, 3])];
    g.output = vec![value("y", DataType::Float32, &[2, 3])];
    let mut p = proto(g, vec![]);
    p.opset_import = vec![import("", opset)];
    raise(&model(&p), to)
}

fn squeeze() -> NodeProto {
    with(node("Squeeze", &["x"], &["s"]), ints("axes", &[1]))
}

#[test]
fn lists_become_inputs_and_the_last_axis_stays_the_last() {
    for to in [13, 19, 21, 22] {
        let softmax = with(node("Softmax", &["s"], &["y"]), int("axis", 1));
        let done = raised(vec![squeeze(), softmax], 11, to).unwrap();
        let nodes = &done.model.graph().node;
        let operators: Vec<_> = nodes.iter().filter_map(|n| n.op_type.as_deref()).collect();
        assert_eq!(operators, ["Constant", "Squeeze", "Softmax"]);
        assert_eq!(nodes[1].input, ["x", "s__axes"]);
        assert!(nodes[1].attribute.is_empty());
        assert_eq!(nodes[2].int("axis"), Some(-1));
        let after = Graph::new(done.model.clone());
        assert_eq!(after.opset(0, ""), Some(to));
        assert!(after.problems.is_empty(), "{:?}", after.problems);
    }
}

#[test]
fn what_would_change_its_meaning_is_refused_by_name() {
    let pooled = with(node("AveragePool", &["x"], &["p"]), int("ceil_mode", 1));
    let last = with(node("Squeeze", &["p"], &["y"]), ints("axes", &[1]));
    let error = raised(vec![pooled, last], 12, 19).err().unwrap();
    assert!(
        error.starts_with("p_AveragePool: AveragePool rounds its size up"),
        "{error}"
    );
    let error = raised(vec![squeeze(), node("Exp", &["s"], &["y"])], 6, 13)
        .err()
        .unwrap();
    assert!(error.contains("opset 6"), "{error}");
    let error = raised(vec![squeeze(), node("Exp", &["s"], &["y"])], 9, 40)
        .err()
        .unwrap();
    assert!(error.contains("opset 40 cannot be made"), "{error}");
    let error = raised(vec![squeeze(), node("ATen", &["s"], &["y"])], 8, 13)
        .err()
        .unwrap();
    assert!(error.starts_with("y_ATen: ATen was experimental"), "{error}");
    // Newer models stay as they are.
    let done = raised(vec![node("Exp", &["x"], &["y"])], 17, 13).unwrap();
    assert_eq!(done.model.proto().opset_import[0].version, Some(17));
}

#[test]
fn a_mask_of_dropout_is_not_carried_over() {
    let made = |mask: &[&str]| {
        let outputs: Vec<&str> = std::iter::once("d").chain(mask.iter().copied()).collect();
        vec![
            squeeze(),
            node("Dropout", &["s"], &outputs),
            node("Exp", &["d"], &["y"]),
        ]
    };
    assert!(raised(made(&["unread"]), 10, 13).is_ok());
    let mut g = graph(&[], &[], vec![], made(&["mask"]));
    g.input = vec![value("x", DataType::Float32, &[2, 1, 3])];
    g.output = vec![
        value("y", DataType::Float32, &[2, 3]),
        value("mask", DataType::Bool, &[2, 3]),
    ];
    let mut p = proto(g, vec![]);
    p.opset_import = vec![import("", 10)];
    let error = raise(&model(&p), 13).err().unwrap();
    assert!(
        error.starts_with("d_Dropout: Dropout makes a mask that has other values"),
        "{error}"
    );
}

#[test]
fn softmax_over_several_dimensions_is_flattened_and_put_back() {
    let last = || with(node("Squeeze", &["p"], &["y"]), ints("axes", &[1]));
    let softmax = |axis: i64| with(node("Softmax", &["x"], &["p"]), int("axis", axis));
    // x is 2x1x3: dimensions 0 to 2 as one.
    let done = raised(vec![softmax(0), last()], 12, 14).unwrap();
    let nodes = &done.model.graph().node;
    let operators: Vec<_> = nodes.iter().filter_map(|n| n.op_type.as_deref()).collect();
    assert_eq!(
        operators,
        ["Flatten", "Shape", "Softmax", "Reshape", "Constant", "Squeeze"]
    );
    assert_eq!((nodes[0].int("axis"), nodes[2].int("axis")), (Some(0), Some(-1)));
    assert_eq!(
        (nodes[2].name.as_deref(), nodes[2].attribute.len()),
        (Some("p_Softmax"), 1)
    );
    assert_eq!(nodes[3].output, ["p"]);
    let after = Graph::new(done.model.clone());
    assert!(after.problems.is_empty(), "{:?}", after.problems);
    let p = after.tensors.iter().find(|t| &*t.name == "p").unwrap();
    assert_eq!(p.ty.to_string(), "float32 2x1x3");
    // Where there is one element behind the axis, it is the axis.
    let mut g = graph(
        &[],
        &[],
        vec![],
        vec![with(node("LogSoftmax", &["x"], &["y"]), int("axis", -3))],
    );
    g.input = vec![value("x", DataType::Float32, &[2, 5, 1, 1])];
    g.output = vec![value("y", DataType::Float32, &[2, 5, 1, 1])];
    let mut p = proto(g, vec![]);
    p.opset_import = vec![import("", 11)];
    let done = raise(&model(&p), 13).unwrap();
    let nodes = &done.model.graph().node;
    assert_eq!((nodes.len(), nodes[0].int("axis")), (1, Some(1)));
}

#[test]
fn operators_that_onnx_runtime_lacks_later_are_remarked_on() {
    let nodes = || vec![squeeze(), node("RandomUniformLike", &["s"], &["y"])];
    let remarks = |to: i64| {
        let done = raised(nodes(), 11, to).unwrap();
        assert!(done.summary.ends_with("1 node rewritten"), "{}", done.summary);
        done.notes
            .into_iter()
            .filter(|(name, _)| name == "y_RandomUniformLike")
            .count()
    };
    assert_eq!((remarks(21), remarks(22)), (0, 1));
}
