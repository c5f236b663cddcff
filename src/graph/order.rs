//! Topological order per body, and what stands in its way: cycles and nodes in the wrong order.

use super::{Graph, NodeId, Problem, ProblemKind, Producer};
use crate::model::{quoted, shortened};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A node for messages: its name and operator, or operator and path.
pub(super) fn label(graph: &Graph, id: NodeId) -> String {
    let node = graph.node(id);
    if node.name.is_empty() {
        format!("the {} node {}", shortened(&node.op_type), node.path)
    } else {
        format!("node {} ({})", quoted(&node.name), shortened(&node.op_type))
    }
}

/// Fills in the order of every body and reports cycles and disorder.
pub(super) fn order(graph: &mut Graph) {
    for body in 0..graph.bodies.len() as u32 {
        let order = order_body(graph, body);
        graph.orders.push(order);
    }
    recursive_functions(graph);
}

/// Positions in the body of the nodes that the node at `at` reads from, through its bodies too.
fn dependencies(graph: &Graph, body: u32, id: NodeId, first: u32) -> impl Iterator<Item = u32> + '_ {
    let node = graph.node(id);
    node.inputs
        .iter()
        .flatten()
        .chain(&node.captures)
        .filter_map(move |tensor| match graph.tensor(*tensor).producer {
            Producer::Node { node, .. } if graph.node(node).body == body => Some(node.0 - first),
            _ => None,
        })
}

fn order_body(graph: &mut Graph, body: u32) -> Vec<NodeId> {
    let nodes = graph.bodies[body as usize].nodes.clone();
    let Some(first) = nodes.first().map(|id| id.0) else {
        return nodes;
    };
    let misplaced = |(at, id): (usize, &NodeId)| dependencies(graph, body, *id, first).any(|d| d as usize >= at);
    if !nodes.iter().enumerate().any(misplaced) {
        return nodes;
    }

    let count = nodes.len();
    let reads: Vec<Vec<u32>> = nodes
        .iter()
        .map(|id| dependencies(graph, body, *id, first).collect())
        .collect();
    let mut readers: Vec<Vec<u32>> = vec![Vec::new(); count];
    let mut waiting: Vec<usize> = vec![0; count];
    for (at, deps) in reads.iter().enumerate() {
        waiting[at] = deps.len();
        for d in deps {
            readers[*d as usize].push(at as u32);
        }
    }
    // The smallest position that is ready comes next, which keeps file order where it can.
    let mut ready: BinaryHeap<Reverse<u32>> = (0..count as u32)
        .filter(|at| waiting[*at as usize] == 0)
        .map(Reverse)
        .collect();
    let mut order = Vec::with_capacity(count);
    while let Some(Reverse(at)) = ready.pop() {
        order.push(nodes[at as usize]);
        for reader in &readers[at as usize] {
            waiting[*reader as usize] -= 1;
            if waiting[*reader as usize] == 0 {
                ready.push(Reverse(*reader));
            }
        }
    }
    let cycles = if order.len() < count {
        strong_components(&reads)
    } else {
        vec![0; count]
    };
    if order.len() < count {
        report_cycles(graph, &nodes, &reads, &cycles);
        order.extend((0..count).filter(|at| waiting[*at] > 0).map(|at| nodes[at]));
    }
    // Disorder that is no part of a cycle.
    let is_early = |at: usize| {
        reads[at]
            .iter()
            .copied()
            .find(|d| *d as usize > at && (cycles[*d as usize] == 0 || cycles[*d as usize] != cycles[at]))
    };
    let early: Vec<(usize, u32)> = (0..count).filter_map(|at| Some((at, is_early(at)?))).collect();
    if let Some((at, producer)) = early.first() {
        let others = match early.len() - 1 {
            0 => String::new(),
            n => format!("; {n} more such nodes"),
        };
        let message = format!(
            "{} stands before {}, which it reads from{others}",
            label(graph, nodes[*at]),
            label(graph, nodes[*producer as usize])
        );
        graph.problems.push(Problem {
            node: Some(nodes[*at]),
            tensor: None,
            kind: ProblemKind::Order,
            message,
        });
    }
    order
}

/// One problem for every group of nodes that feed each other.
fn report_cycles(graph: &mut Graph, nodes: &[NodeId], reads: &[Vec<u32>], component: &[u32]) {
    const NAMED: usize = 6;
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (at, c) in component.iter().enumerate() {
        let c = *c as usize;
        if members.len() <= c {
            members.resize(c + 1, Vec::new());
        }
        members[c].push(at);
    }
    for group in members {
        let Some(at) = group.first() else { continue };
        if group.len() == 1 && !reads[*at].contains(&(*at as u32)) {
            continue;
        }
        let mut message = if group.len() == 1 {
            format!("{} reads its own output", label(graph, nodes[*at]))
        } else {
            let names: Vec<String> = group.iter().take(NAMED).map(|at| label(graph, nodes[*at])).collect();
            format!("{} nodes feed each other in a cycle: {}", group.len(), names.join(", "))
        };
        if group.len() > NAMED {
            message += &format!(" and {} more", group.len() - NAMED);
        }
        graph.problems.push(Problem {
            node: Some(nodes[*at]),
            tensor: None,
            kind: ProblemKind::Cycle,
            message,
        });
    }
}

/// Tarjan's strongly connected components, without recursion: the number of each node's component, from 1.
fn strong_components(edges: &[Vec<u32>]) -> Vec<u32> {
    const NEW: u32 = u32::MAX;
    let count = edges.len();
    let (mut number, mut low) = (vec![NEW; count], vec![0u32; count]);
    let mut component = vec![0u32; count];
    let (mut next, mut components) = (0u32, 0u32);
    let mut open: Vec<u32> = Vec::new();
    for root in 0..count {
        if number[root] != NEW {
            continue;
        }
        let mut path: Vec<(u32, usize)> = vec![(root as u32, 0)];
        while let Some((at, edge)) = path.pop() {
            let i = at as usize;
            if edge == 0 {
                number[i] = next;
                low[i] = next;
                next += 1;
                open.push(at);
            }
            match edges[i].get(edge) {
                Some(to) => {
                    path.push((at, edge + 1));
                    let t = *to as usize;
                    if number[t] == NEW {
                        path.push((*to, 0));
                    } else if component[t] == 0 {
                        low[i] = low[i].min(number[t]);
                    }
                }
                None => {
                    if low[i] == number[i] {
                        components += 1;
                        while let Some(member) = open.pop() {
                            component[member as usize] = components;
                            if member == at {
                                break;
                            }
                        }
                    }
                    if let Some((parent, _)) = path.last() {
                        let p = *parent as usize;
                        low[p] = low[p].min(low[i]);
                    }
                }
            }
        }
    }
    component
}

/// Functions that call themselves, directly or through others, have no end; they are cycles too.
fn recursive_functions(graph: &mut Graph) {
    let functions: Vec<u32> = (0..graph.bodies.len() as u32)
        .filter(|b| graph.bodies[*b as usize].is_function)
        .collect();
    let Some(first) = functions.first().copied() else {
        return;
    };
    let position = |body: u32| functions.binary_search(&body).ok();
    let mut calls: Vec<Vec<u32>> = vec![Vec::new(); functions.len()];
    for node in graph.nodes.iter().skip_while(|node| node.body < first) {
        // Functions are listed in the order of the model, so a function's number is its position here.
        let home = graph.bodies[node.body as usize].function.map(|f| f as usize);
        if let (Some(home), Some(called)) = (home, node.function.and_then(position)) {
            calls[home].push(called as u32);
        }
    }
    let component = strong_components(&calls);
    for (at, body) in functions.iter().enumerate() {
        let is_recursive = calls[at].iter().any(|to| component[*to as usize] == component[at]);
        if is_recursive {
            let message = format!("function {} calls itself", quoted(&graph.bodies[*body as usize].name));
            graph.problems.push(Problem {
                node: graph.bodies[*body as usize].nodes.first().copied(),
                tensor: None,
                kind: ProblemKind::Cycle,
                message,
            });
        }
    }
}
