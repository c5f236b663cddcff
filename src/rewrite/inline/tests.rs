//! Inlining branches of small models; what they compute is compared in `tests/cleanup`.

use super::*;
use crate::graph::sample::{body, graph, model, node, proto, value, with};
use crate::model::{DataType, Tensor};
use crate::rewrite::{AppliedPatch, PatchSpec, apply};

fn flag(name: &str, set: bool) -> TensorProto {
    Tensor::from_bool(&[], &[set]).unwrap().to_proto(name)
}

fn branching(condition: &str, output: &str, then: GraphProto, other: GraphProto) -> NodeProto {
    with(
        with(node("If", &[condition], &[output]), body("then_branch", then)),
        body("else_branch", other),
    )
}

fn inlined(g: GraphProto) -> AppliedPatch {
    let done = apply(&model(&proto(g, vec![])), &PatchSpec::InlineConstantIfs {}).unwrap();
    let after = Graph::new(done.model.clone());
    assert!(after.problems.is_empty(), "{:?}", after.problems);
    done
}

fn lines(done: &AppliedPatch) -> Vec<String> {
    let all = done.model.graph().node.iter();
    all.map(|n| {
        let op = n.op_type.as_deref().unwrap();
        format!("{} = {op}({})", n.output.join(","), n.input.join(","))
    })
    .collect()
}

/// Both branches use the same inner name, which also stands outside.
fn branch(op: &str, out: &str) -> GraphProto {
    let weight = Tensor::from_f32(&[1], &[2.0]).unwrap().to_proto("k");
    graph(
        &[],
        &[out],
        vec![weight],
        vec![node(op, &["x", "k"], &["h"]), node("Neg", &["h"], &[out])],
    )
}

#[test]
fn the_branch_that_runs_stays_under_names_of_its_own() {
    for (set, op) in [(true, "Add"), (false, "Mul")] {
        let g = graph(
            &["x"],
            &["y", "h"],
            vec![flag("c", set)],
            vec![
                node("Abs", &["x"], &["h"]),
                branching("c", "y", branch("Add", "t"), branch("Mul", "e")),
            ],
        );
        let done = inlined(g);
        assert_eq!(done.summary, "Replaced 1 If by the branch that runs");
        assert_eq!(
            lines(&done),
            ["h = Abs(x)", &format!("h_2 = {op}(x,k_2)"), "y = Neg(h_2)"]
        );
        assert_eq!(done.model.graph().initializer[1].name.as_deref(), Some("k_2"));
    }
}

#[test]
fn what_a_branch_only_passes_on_gets_an_identity() {
    let constant = graph(
        &[],
        &["k"],
        vec![Tensor::from_f32(&[1], &[1.0]).unwrap().to_proto("k")],
        vec![],
    );
    let g = graph(
        &["x"],
        &["y", "z"],
        vec![flag("c", true)],
        vec![
            branching("c", "y", graph(&[], &["x"], vec![], vec![]), branch("Add", "t")),
            branching("c", "z", constant, branch("Add", "t2")),
        ],
    );
    // Both own a constant k; so does the branch that goes.
    assert_eq!(lines(&inlined(g)), ["y = Identity(x)", "z = Identity(k_2)"]);
}

#[test]
fn branches_in_branches_and_loops_are_inlined_and_their_captures_follow() {
    let deep = graph(&[], &["d"], vec![], vec![node("Exp", &["h"], &["d"])]);
    let other = graph(&[], &["o"], vec![], vec![node("Log", &["h"], &["o"])]);
    let inner = graph(
        &[],
        &["t"],
        vec![flag("c2", false)],
        vec![
            node("Abs", &["x"], &["h"]),
            branching("c2", "p", other, deep.clone()),
            branching(
                "dynamic",
                "t",
                graph(&[], &["q"], vec![], vec![node("Add", &["p", "h"], &["q"])]),
                {
                    let mut g = deep;
                    g.node[0].output = vec!["r".into()];
                    g.output[0].name = Some("r".into());
                    g
                },
            ),
        ],
    );
    let mut g = graph(
        &["x"],
        &["y", "h"],
        vec![flag("c", true)],
        vec![
            node("Neg", &["x"], &["h"]),
            branching("c", "y", inner, branch("Mul", "e")),
        ],
    );
    g.input.push(value("dynamic", DataType::Bool, &[]));
    let done = inlined(g);
    assert_eq!(
        lines(&done),
        ["h = Neg(x)", "h_2 = Abs(x)", "p = Exp(h_2)", "y = If(dynamic)"]
    );
    let kept = &done.model.graph().node[3].attribute;
    assert_eq!(kept[0].g.node[0].input, ["p", "h_2"]);
    assert_eq!(kept[1].g.node[0].input, ["h_2"]);
}

#[test]
fn conditions_that_are_computed_or_can_be_replaced_stay() {
    let mut g = graph(
        &["x"],
        &["y"],
        vec![flag("c", true)],
        vec![branching("c", "y", branch("Add", "t"), branch("Mul", "e"))],
    );
    g.input.push(value("c", DataType::Bool, &[]));
    assert_eq!(inlined(g).summary, "No If has a constant condition");
}
