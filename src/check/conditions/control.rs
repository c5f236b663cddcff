//! Conditions on If and Loop.

use super::super::subject::{Hit, Subject, quoted};
use crate::graph::{Body, Dim, Node, Shape};

fn body<'a>(subject: &Subject<'a>, node: &Node, name: &str) -> Option<&'a Body> {
    node.owned_bodies
        .iter()
        .filter_map(|i| subject.graph.bodies.get(*i as usize))
        .find(|b| &*b.name == name)
}

fn shape<'a>(subject: &Subject<'a>, id: crate::graph::TensorId) -> Option<&'a Shape> {
    subject.tensor(id)?.ty.shape.as_ref()
}

pub(super) fn if_branches(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (_, node) in subject
        .nodes()
        .filter(|(_, n)| n.domain.is_empty() && &*n.op_type == "If")
    {
        // One branch of an If with a constant condition never runs; another rule says so.
        if subject.input(node, 0).is_some_and(|(id, _)| subject.is_constant(id)) {
            continue;
        }
        let (Some(then), Some(other)) = (body(subject, node, "then_branch"), body(subject, node, "else_branch")) else {
            continue;
        };
        for (output, (a, b)) in node.outputs.iter().zip(then.outputs.iter().zip(&other.outputs)) {
            let (Some(left), Some(right)) = (shape(subject, *a), shape(subject, *b)) else {
                continue;
            };
            if left.0.len() != right.0.len() {
                let name = output.and_then(|id| subject.tensor(id)).map_or("", |t| &t.name);
                hits.push(Hit::node(
                    node,
                    vec![
                        ("output", quoted(name)),
                        ("left", left.to_string()),
                        ("right", right.to_string()),
                    ],
                ));
            }
        }
    }
    hits
}

/// Loops with their `body`, and how many values they carry.
fn loops<'a>(subject: &Subject<'a>) -> impl Iterator<Item = (&'a Node, &'a Body, usize)> {
    let loops = subject
        .graph
        .nodes
        .iter()
        .filter(|n| n.domain.is_empty() && &*n.op_type == "Loop");
    loops.filter_map(|node| {
        let body = body(subject, node, "body")?;
        Some((node, body, node.inputs.len().saturating_sub(2)))
    })
}

pub(super) fn loop_scan_length(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (node, _, carried) in loops(subject) {
        let constant = subject.input(node, 0).is_some_and(|(id, _)| subject.is_constant(id));
        if constant {
            continue;
        }
        if let Some(output) = node.outputs.get(carried..).and_then(|o| o.iter().flatten().next())
            && let Some(tensor) = subject.tensor(*output)
        {
            hits.push(Hit::node(node, vec![("tensor", quoted(&tensor.name))]));
        }
    }
    hits
}

pub(super) fn loop_carried_shape(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (node, body, carried) in loops(subject) {
        for k in 0..carried {
            let (Some(entry), Some(leave)) = (body.inputs.get(k + 2), body.outputs.get(k + 1)) else {
                continue;
            };
            // What enters is what the loop is given first; the body's own declaration may be looser.
            let first = node
                .inputs
                .get(k + 2)
                .copied()
                .flatten()
                .and_then(|id| shape(subject, id));
            let (Some(left), Some(right)) = (first.or_else(|| shape(subject, *entry)), shape(subject, *leave)) else {
                continue;
            };
            let differ = left.0.len() != right.0.len()
                || left
                    .0
                    .iter()
                    .zip(&right.0)
                    .any(|(a, b)| matches!((a, b), (Dim::Known(x), Dim::Known(y)) if x != y));
            if differ && let Some(tensor) = subject.tensor(*entry) {
                hits.push(Hit::node(
                    node,
                    vec![
                        ("tensor", quoted(&tensor.name)),
                        ("left", left.to_string()),
                        ("right", right.to_string()),
                    ],
                ));
            }
        }
    }
    hits
}
