//! What takes an input: the first operators that give its axes a meaning, behind those that only pass it on.

use crate::graph::infer::fact::Item;
use crate::graph::{Graph, NodeId, TensorId, TensorKind};
use crate::model::Attributes;
use std::collections::HashSet;

/// Nodes looked at per input; what is behind more says nothing about the input itself.
const MOST: usize = 96;

/// One operator that takes an input, maybe transposed and scaled on the way.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub node: NodeId,
    /// Index among the node's inputs.
    pub input: usize,
    /// For each axis that the node sees, the axis of the model's input; `None` for one that was put in. Not there when the
    /// input's rank is not known.
    pub axes: Option<Vec<Option<usize>>>,
}

/// The uses of an input of this rank, in the order of execution.
pub(super) fn uses(graph: &Graph, input: TensorId, rank: Option<usize>) -> Vec<Use> {
    let mut out = Vec::new();
    let mut seen: HashSet<TensorId> = HashSet::new();
    let mut queue = vec![(input, rank.map(|r| (0..r).map(Some).collect::<Vec<_>>()))];
    let mut visited = 0;
    while let Some((tensor, axes)) = queue.pop() {
        if !seen.insert(tensor) {
            continue;
        }
        for (id, index) in &graph.tensor(tensor).consumers {
            visited += 1;
            if visited > MOST {
                return out;
            }
            let index = *index as usize;
            let node = graph.node(*id);
            if node.inputs.get(index).copied().flatten() != Some(tensor) {
                continue;
            }
            let passed = passed(graph, *id, index, axes.as_ref());
            match (passed, node.outputs.first().copied().flatten()) {
                (Some(axes), Some(output)) => queue.push((output, axes)),
                _ => out.push(Use {
                    node: *id,
                    input: index,
                    axes: axes.clone(),
                }),
            }
        }
    }
    out.sort_by_key(|u| u.node);
    out
}

/// Axes behind an operator that only passes its input on; `None` for one that gives them a meaning.
#[allow(clippy::option_option)]
fn passed(
    graph: &Graph,
    id: NodeId,
    index: usize,
    axes: Option<&Vec<Option<usize>>>,
) -> Option<Option<Vec<Option<usize>>>> {
    let node = graph.node(id);
    let same = || Some(axes.cloned());
    let listed = || -> Option<Vec<i64>> {
        let given = graph.proto(id).attr("axes").map(|a| a.ints.clone());
        given.or_else(|| graph.constant(node.inputs.get(1).copied().flatten()?)?.ok()?.to_i64())
    };
    let at = |axis: i64, rank: usize| {
        usize::try_from(if axis < 0 {
            axis + i64::try_from(rank).ok()?
        } else {
            axis
        })
        .ok()
    };
    match &*node.op_type {
        "Identity" | "Cast" | "Clip" | "Relu" | "Sigmoid" | "Neg" | "Abs" | "Log" | "Sqrt" | "Exp" | "Round"
        | "Floor" | "Dropout" | "QuantizeLinear" | "DequantizeLinear" | "Pad" | "Resize" | "Upsample" | "Not"
            if index == 0 =>
        {
            same()
        }
        // Normalisation: the other side is stored, and not larger.
        "Add" | "Sub" | "Mul" | "Div" | "Pow" => {
            let other = node.inputs.get(1 - index.min(1)).copied().flatten()?;
            let info = graph.tensor(other);
            let small = info
                .ty
                .shape
                .as_ref()
                .is_some_and(|s| axes.is_none_or(|a| s.0.len() <= a.len()));
            (info.kind == TensorKind::Constant && small).then(same)?
        }
        "BatchNormalization" if index == 0 => same(),
        "Transpose" => {
            let Some(axes) = axes else { return Some(None) };
            let moved = match graph.proto(id).attr("perm") {
                Some(perm) => perm
                    .ints
                    .iter()
                    .map(|p| axes.get(usize::try_from(*p).ok()?).copied())
                    .collect(),
                None => Some(axes.iter().rev().copied().collect::<Vec<_>>()),
            };
            Some(Some(moved?))
        }
        "Unsqueeze" if index == 0 => {
            let Some(axes) = axes else { return Some(None) };
            let new = listed()?;
            let rank = axes.len() + new.len();
            let new: Vec<usize> = new.iter().map(|a| at(*a, rank)).collect::<Option<_>>()?;
            let mut old = axes.iter().copied();
            Some(Some(
                (0..rank)
                    .map(|i| if new.contains(&i) { None } else { old.next().flatten() })
                    .collect(),
            ))
        }
        "Squeeze" if index == 0 => {
            let Some(axes) = axes else { return Some(None) };
            let gone: Vec<usize> = listed()?.iter().map(|a| at(*a, axes.len())).collect::<Option<_>>()?;
            let left = axes.iter().enumerate().filter(|(i, _)| !gone.contains(i));
            Some(Some(left.map(|(_, a)| *a).collect()))
        }
        _ => None,
    }
}

/// The rank that the first operators want of an input whose model does not say one.
pub(super) fn rank_of(graph: &Graph, input: TensorId) -> Option<usize> {
    uses(graph, input, None).iter().find_map(|u| {
        let node = graph.node(u.node);
        let rank = |index: usize| {
            let id = node.inputs.get(index).copied().flatten()?;
            Some(graph.tensor(id).ty.shape.as_ref()?.0.len())
        };
        Some(match (&*node.op_type, u.input) {
            ("Conv" | "ConvTranspose" | "ConvInteger" | "FusedConv", 0) => rank(1)?,
            ("QLinearConv", 0) => rank(3)?,
            ("Gemm", 0) => 2,
            ("MatMul", 0) => rank(1).filter(|r| *r >= 2)?,
            ("RNN" | "GRU" | "LSTM", 0) => 3,
            ("Gather", 1) if rank(0) == Some(2) => 2,
            ("GlobalAveragePool" | "GlobalMaxPool" | "DepthToSpace" | "SpaceToDepth" | "LRN", 0) => 4,
            ("MaxPool" | "AveragePool", 0) => 2 + graph.proto(u.node).attr("kernel_shape")?.ints.len(),
            ("Transpose", 0) => graph.proto(u.node).attr("perm")?.ints.len(),
            (
                "Scaler" | "LinearClassifier" | "LinearRegressor" | "TreeEnsembleClassifier" | "TreeEnsembleRegressor",
                0,
            ) => 2,
            _ => return None,
        })
    })
}

/// True where the tensor at this index of the node is stored in the model.
pub(super) fn is_stored(graph: &Graph, id: NodeId, index: usize) -> bool {
    let tensor = graph.node(id).inputs.get(index).copied().flatten();
    tensor.is_some_and(|t| graph.tensor(t).kind == TensorKind::Constant)
}

/// Symbols as elements of a small integer input.
pub(super) fn symbols(names: &[String]) -> Vec<Item> {
    let size = |name: &String| Item::Int(crate::graph::infer::size::Size::symbol(name));
    names.iter().map(size).collect()
}
