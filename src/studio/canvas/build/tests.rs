//! Views of small models that are written down here.

use super::*;
use crate::{
    check::{Evidence, Finding, Place, Severity},
    graph::NodePath,
    graph::sample::{body, graph, model, node, proto},
    rewrite::GraphDiff,
    studio::canvas::{DiffMark, marking::Side},
};

fn view(g: crate::model::onnx::GraphProto) -> GraphView {
    GraphView::new(Arc::new(Graph::new(model(&proto(g, vec![])))))
}

fn named(op: &str, name: &str, inputs: &[&str], outputs: &[&str]) -> crate::model::onnx::NodeProto {
    crate::model::onnx::NodeProto {
        name: Some(name.into()),
        ..node(op, inputs, outputs)
    }
}

fn scene(view: &GraphView, grouping: &Grouping, marks: &GraphMarks) -> Scene {
    view.scene(grouping, marks, &mut LayoutCache::default(), &AtomicBool::new(false))
        .unwrap()
}

fn titles(scene: &Scene) -> Vec<&str> {
    let mut titles: Vec<&str> = scene.nodes().iter().map(|n| n.title.as_str()).collect();
    titles.sort_unstable();
    titles
}

fn finding(path: NodePath, severity: Severity) -> Finding {
    Finding {
        rule: "test".into(),
        place: Place::Node {
            path,
            name: String::new(),
            op_type: String::new(),
            domain: String::new(),
        },
        severity,
        reason: String::new(),
        evidence: Evidence::Static,
        detail: None,
        fixes: Vec::new(),
    }
}

/// x -> /a/Conv -> /a/Relu -> /b/Mul (with a constant) -> y
fn layers() -> GraphView {
    view(graph(
        &["x"],
        &["y"],
        vec![],
        vec![
            named("Neg", "/a/Neg", &["x"], &["p"]),
            named("Relu", "/a/Relu", &["p"], &["q"]),
            named("Constant", "/b/Constant", &[], &["c"]),
            named("Mul", "/b/Mul", &["q", "c"], &["r"]),
            named("Sqrt", "/b/Sqrt", &["r"], &["y"]),
        ],
    ))
}

#[test]
fn operators_inputs_and_outputs_are_boxes_and_constants_are_not() {
    let view = layers();
    let scene = scene(&view, &view.opening(), &GraphMarks::default());
    assert_eq!(titles(&scene), ["Mul", "Neg", "Relu", "Sqrt", "x", "y"]);
    let mul = scene.nodes().iter().position(|n| n.title == "Mul").unwrap() as u32;
    assert_eq!(scene.inputs(mul).len(), 1, "the constant has no line");
    assert_eq!(
        view.item(NodeId(2)),
        view.item(NodeId(3)),
        "the constant is found at its reader"
    );
    let tensor = scene.tensors().iter().find(|t| t.name == "q").unwrap();
    assert_eq!(scene.nodes()[tensor.producer as usize].title, "Relu");
}

#[test]
fn scopes_from_names_are_boxes_with_their_size_and_worst_finding() {
    let view = layers();
    let mut marks = GraphMarks::default();
    marks.add_findings(
        &view,
        &[
            finding(NodePath::top(0), Severity::Warning),
            finding(NodePath::top(1), Severity::Error),
        ],
    );
    let scene = scene(&view, &Grouping::scopes(Vec::new()), &marks);
    assert_eq!(titles(&scene), ["a", "b", "x", "y"]);
    let a = scene.nodes().iter().find(|n| n.title == "a").unwrap();
    assert_eq!(a.kind, NodeKind::Scope { nodes: 2 });
    assert_eq!(a.marks.finding, Some(Severity::Error));
}

#[test]
fn names_inside_a_frame_are_relative_to_it() {
    let view = layers();
    let scene = scene(&view, &Grouping::scopes(vec![true; 3]), &GraphMarks::default());
    let relu = scene.nodes().iter().find(|n| n.title == "Relu").unwrap();
    assert_eq!(relu.name, "Relu");
    assert_eq!(scene.frames().len(), 2);
}

#[test]
fn bodies_are_scopes_that_can_be_opened_and_read_from_outside() {
    let then = graph(&[], &["t"], vec![], vec![node("Neg", &["o"], &["t"])]);
    let otherwise = graph(&[], &["e"], vec![], vec![node("Abs", &["o"], &["e"])]);
    let branch = crate::model::onnx::NodeProto {
        attribute: vec![body("then_branch", then), body("else_branch", otherwise)],
        ..node("If", &["c"], &["y"])
    };
    let view = view(graph(
        &["x", "c"],
        &["y"],
        vec![],
        vec![node("Exp", &["x"], &["o"]), branch],
    ));
    let open = scene(&view, &view.opening(), &GraphMarks::default());
    let frames: Vec<&str> = open.frames().iter().map(|f| f.title.as_str()).collect();
    assert_eq!(frames, ["If y_If", "then_branch", "else_branch"]);
    assert_eq!(titles(&open), ["Abs", "Exp", "If", "Neg", "c", "e", "t", "x", "y"]);
    let o = open.tensors().iter().find(|t| t.name == "o").unwrap();
    assert_eq!(o.consumers.len(), 2, "both branches read the outer tensor");
    let closed = scene(&view, &Grouping::default(), &GraphMarks::default());
    assert_eq!(titles(&closed), ["Exp", "If y_If", "c", "x", "y"]);
    let mut marks = GraphMarks::default();
    marks.add_findings(
        &view,
        &[finding(NodePath::top(1).child("else_branch", 0), Severity::Error)],
    );
    let marked = scene(&view, &Grouping::default(), &marks);
    let branch = marked.nodes().iter().find(|n| n.title.starts_with("If")).unwrap();
    assert_eq!(
        branch.marks.finding,
        Some(Severity::Error),
        "a finding in a body shows at its box"
    );
    let inner = view.graph().find(&NodePath::top(1).child("else_branch", 0)).unwrap();
    let mut grouping = Grouping::default();
    let item = view.reveal(inner, &mut grouping).unwrap();
    assert!(scene(&view, &grouping, &marks).place(item).is_some());
}

#[test]
fn a_loop_hands_its_values_to_the_body() {
    let step = graph(
        &["i", "cond", "v"],
        &["cond_out", "v_out"],
        vec![],
        vec![
            node("Identity", &["cond"], &["cond_out"]),
            node("Neg", &["v"], &["v_out"]),
        ],
    );
    let looped = crate::model::onnx::NodeProto {
        attribute: vec![body("body", step)],
        ..node("Loop", &["n", "", "x"], &["y"])
    };
    let view = view(graph(&["n", "x"], &["y"], vec![], vec![looped]));
    let scene = scene(&view, &view.opening(), &GraphMarks::default());
    let owner = scene.nodes().iter().position(|n| n.title == "Loop").unwrap() as u32;
    let handed = scene
        .outputs(owner)
        .iter()
        .filter(|&&t| ["i", "cond", "v"].contains(&scene.tensors()[t as usize].name.as_str()));
    assert_eq!(handed.count(), 3);
}

#[test]
fn differences_are_marked_on_their_side() {
    let view = layers();
    let diff = GraphDiff {
        added: vec![NodePath::top(0)],
        removed: vec![NodePath::top(1)],
        changed: vec![],
    };
    let mark = |side, node| {
        let mut marks = GraphMarks::default();
        marks.add_diff(&view, &diff, side);
        marks.of(view.item(NodeId(node)).unwrap()).diff
    };
    assert_eq!(
        (mark(Side::After, 0), mark(Side::After, 1)),
        (Some(DiffMark::Added), None)
    );
    assert_eq!(
        (mark(Side::Before, 0), mark(Side::Before, 1)),
        (None, Some(DiffMark::Removed))
    );
}

#[test]
fn a_broken_model_opens() {
    let view = view(graph(
        &["x"],
        &["nowhere"],
        vec![],
        vec![
            node("Add", &["x", "b"], &["a"]),
            node("Add", &["a", "missing"], &["b"]),
            node("Neg", &["n"], &["n"]),
        ],
    ));
    let scene = scene(&view, &view.opening(), &GraphMarks::default());
    assert_eq!(scene.nodes().len(), 5);
    assert!(scene.segments().iter().any(|s| s.reversed));
}

#[test]
fn scenes_can_be_made_on_another_thread() {
    fn sendable<T: Send + Sync>() {}
    sendable::<GraphView>();
    sendable::<GraphMarks>();
    sendable::<LayoutCache>();
    sendable::<Scene>();
}
