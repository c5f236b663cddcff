//! Step 1: makes the graph acyclic by turning the edges round that close a cycle.
//!
//! ONNX forbids cycles, but a broken model has to open, and collapsing scopes can make cycles out of acyclic graphs.

use super::{Cancel, Cancelled, LayoutEdge, csr::Csr};

/// An edge of the acyclic graph: `upper` is drawn above `lower`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wire {
    pub upper: u32,
    pub lower: u32,
    pub tensor: u32,
    /// Index of the edge in the input.
    pub edge: u32,
    /// True when data flows from `lower` to `upper`.
    pub reversed: bool,
}

/// The result of [`break_cycles`].
#[derive(Debug, Default)]
pub(super) struct Acyclic {
    pub wires: Vec<Wire>,
    /// Edges from a node to itself (indices into the input), which no layer order can show.
    pub self_loops: Vec<u32>,
}

/// Reverses every edge that leads back to a node that a depth-first search has open. The search starts at the nodes
/// without producers, so that an acyclic graph stays as it is. It keeps its own stack: depth is data, not call depth.
pub(super) fn break_cycles(count: usize, edges: &[LayoutEdge], cancel: Cancel) -> Result<Acyclic, Cancelled> {
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const CLOSED: u8 = 2;
    let outgoing = Csr::group(count, edges.iter().enumerate().map(|(i, e)| (e.source, i as u32)));
    let mut has_producer = vec![false; count];
    for edge in edges.iter().filter(|e| e.source != e.target) {
        has_producer[edge.target as usize] = true;
    }
    let starts = (0..count as u32).filter(|&v| !has_producer[v as usize]);
    let rest = (0..count as u32).filter(|&v| has_producer[v as usize]);

    let mut reversed = vec![false; edges.len()];
    let mut state = vec![NEW; count];
    let mut stack: Vec<(u32, u32)> = Vec::new();
    for start in starts.chain(rest) {
        if state[start as usize] != NEW {
            continue;
        }
        cancel.check()?;
        state[start as usize] = OPEN;
        stack.push((start, 0));
        while let Some((vertex, next)) = stack.last_mut() {
            let Some(&edge) = outgoing.of(*vertex).get(*next as usize) else {
                state[*vertex as usize] = CLOSED;
                stack.pop();
                continue;
            };
            *next += 1;
            let target = edges[edge as usize].target;
            match state[target as usize] {
                NEW => {
                    state[target as usize] = OPEN;
                    stack.push((target, 0));
                }
                OPEN => reversed[edge as usize] = true,
                _ => {}
            }
        }
    }

    let mut result = Acyclic {
        wires: Vec::with_capacity(edges.len()),
        self_loops: Vec::new(),
    };
    for (i, edge) in edges.iter().enumerate() {
        if edge.source == edge.target {
            result.self_loops.push(i as u32);
            continue;
        }
        let (upper, lower) = if reversed[i] {
            (edge.target, edge.source)
        } else {
            (edge.source, edge.target)
        };
        result.wires.push(Wire {
            upper,
            lower,
            tensor: edge.tensor,
            edge: i as u32,
            reversed: reversed[i],
        });
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{edge, never};
    use super::*;

    #[test]
    fn an_acyclic_graph_is_left_alone() {
        let edges = [edge(2, 1), edge(1, 0), edge(2, 0)];
        let result = break_cycles(3, &edges, never()).unwrap();
        assert!(result.wires.iter().all(|w| !w.reversed));
    }

    #[test]
    fn one_edge_of_a_cycle_is_turned_round() {
        let edges = [edge(0, 1), edge(1, 2), edge(2, 1), edge(2, 3), edge(3, 3)];
        let result = break_cycles(4, &edges, never()).unwrap();
        let turned: Vec<u32> = result.wires.iter().filter(|w| w.reversed).map(|w| w.edge).collect();
        assert_eq!(turned, [2]);
        assert_eq!((result.wires[2].upper, result.wires[2].lower), (1, 2));
        assert_eq!(result.self_loops, [4]);
    }

    #[test]
    fn a_cycle_nobody_leads_into_is_found() {
        let edges = [edge(0, 1), edge(1, 0)];
        let result = break_cycles(2, &edges, never()).unwrap();
        assert_eq!(result.wires.iter().filter(|w| w.reversed).count(), 1);
    }

    #[test]
    fn a_very_long_chain_does_not_overflow_the_stack() {
        let edges: Vec<LayoutEdge> = (0..300_000).map(|i| edge(i, i + 1)).collect();
        assert_eq!(break_cycles(300_001, &edges, never()).unwrap().wires.len(), 300_000);
    }
}
