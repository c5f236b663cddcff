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
    let flattening = with(node("Softmax", &["x"], &["p"]), int("axis", 1));
    let last = with(node("Squeeze", &["p"], &["y"]), ints("axes", &[1]));
    let error = raised(vec![flattening, last], 12, 13).err().unwrap();
    assert!(error.starts_with("p_Softmax: Softmax flattens from axis 1"), "{error}");
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
