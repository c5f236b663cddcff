//! Work that rten's optimizer would take over chains of Add and Mul.

use crate::graph::{Graph, NodeId, Producer};

/// Operands of all flattened chains together, above which a model is loaded as it is: half a second's work, and many times
/// what real models have (a residual network's chains have as many operands as blocks).
const MOST: u64 = 1 << 18;

/// True where rten 0.27's optimizer would take too long. It flattens every chain of one associative operator into a list of its
/// operands (`flatten_associative_graph_impl` of its `pattern_matcher.rs`) without noticing that one tensor comes in by
/// several ways: n products of a value with itself have 2^n operands. This counts them without walking the ways.
pub(super) fn take_too_long(graph: &Graph) -> bool {
    operands(graph) > MOST
}

/// Sum over all nodes of the operands that their chain is flattened to; saturates.
fn operands(graph: &Graph) -> u64 {
    let mut of = vec![1u64; graph.nodes.len()];
    let mut total = 0u64;
    for NodeId(id) in graph.topological_order() {
        let at = id as usize;
        let node = &graph.nodes[at];
        if !matches!(&*node.op_type, "Add" | "Mul") {
            continue;
        }
        let behind = |tensor: &Option<crate::graph::TensorId>| match tensor.map(|t| graph.tensor(t).producer) {
            Some(Producer::Node { node: from, .. }) if graph.node(from).op_type == node.op_type => of[from.0 as usize],
            _ => 1,
        };
        of[at] = node.inputs.iter().map(behind).fold(0, u64::saturating_add);
        total = total.saturating_add(of[at]);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{graph, model as opened, node, proto};

    fn chain(n: usize, residual: bool) -> u64 {
        let nodes = (0..n).map(|i| {
            let (from, to) = (format!("d{i}"), format!("d{}", i + 1));
            let other = if residual { "x" } else { &from };
            node("Mul", &[&from, other], &[&to])
        });
        let last = format!("d{n}");
        let model = proto(graph(&["d0", "x"], &[&last], Vec::new(), nodes.collect()), Vec::new());
        operands(&Graph::new(opened(&model)))
    }

    #[test]
    fn a_value_times_itself_doubles_and_one_that_comes_from_outside_adds() {
        assert_eq!(chain(20, false), (1 << 21) - 2);
        assert_eq!(chain(500, false), u64::MAX);
        assert_eq!(chain(500, true), (2..=501).sum::<u64>());
    }
}
