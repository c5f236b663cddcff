//! How many values an operator adds up into one: rounding errors of a 16-bit sum grow with it.

use crate::graph::{Dim, Graph, Node, NodeId, TensorId};
use crate::model::Attributes;

/// The number, where the operator adds up and the sizes are known.
pub(super) fn depth(graph: &Graph, id: NodeId, node: &Node) -> Option<u64> {
    if !node.domain.is_empty() {
        return None;
    }
    let proto = graph.proto(id);
    let dims = |at: usize| sizes(graph, node.inputs.get(at).copied().flatten()?);
    let product = |dims: &[Option<u64>]| {
        let mut known = dims.iter();
        known.try_fold(1u64, |n, d| n.checked_mul((*d)?))
    };
    match &*node.op_type {
        // Weight: output channels, input channels per group, kernel.
        "Conv" => product(dims(1)?.get(1..)?),
        // Weight: input channels, output channels per group, kernel.
        "ConvTranspose" => {
            let weight = dims(1)?;
            let group = u64::try_from(proto.int("group").unwrap_or(1)).ok()?.max(1);
            let kernel = product(weight.get(2..)?)?;
            ((*weight.first()?)? / group).checked_mul(kernel)
        }
        "MatMul" => *dims(0)?.last()?,
        "Gemm" => {
            let turned = proto.int("transA").unwrap_or(0) != 0;
            *dims(0)?.get(usize::from(!turned))?
        }
        "GlobalAveragePool" => product(dims(0)?.get(2..)?),
        "AveragePool" | "LpPool" => {
            let kernel = proto.ints("kernel_shape")?;
            kernel
                .iter()
                .try_fold(1u64, |n, k| n.checked_mul(u64::try_from(*k).ok()?))
        }
        "Softmax" | "LogSoftmax" | "CumSum" => {
            let dims = dims(0)?;
            *dims.get(at(proto.int("axis").unwrap_or(-1), dims.len())?)?
        }
        "LayerNormalization" => {
            let dims = dims(0)?;
            product(dims.get(at(proto.int("axis").unwrap_or(-1), dims.len())?..)?)
        }
        "InstanceNormalization" => product(dims(0)?.get(2..)?),
        op if op.starts_with("Reduce") && !matches!(op, "ReduceMax" | "ReduceMin") => {
            let dims = dims(0)?;
            let axes = match proto.ints("axes") {
                Some(axes) => Some(axes.to_vec()),
                None => match node.inputs.get(1).copied().flatten() {
                    Some(axes) => Some(graph.constant(axes)?.ok()?.to_i64()?),
                    None => None,
                },
            };
            match axes.filter(|a| !a.is_empty()) {
                None => product(&dims),
                Some(axes) => {
                    let chosen: Option<Vec<Option<u64>>> =
                        axes.iter().map(|a| dims.get(at(*a, dims.len())?).copied()).collect();
                    product(&chosen?)
                }
            }
        }
        _ => None,
    }
}

/// An axis counted from the front.
fn at(axis: i64, rank: usize) -> Option<usize> {
    let rank = i64::try_from(rank).ok()?;
    usize::try_from(if axis < 0 { axis + rank } else { axis }).ok()
}

fn sizes(graph: &Graph, tensor: TensorId) -> Option<Vec<Option<u64>>> {
    let shape = graph.tensor(tensor).ty.shape.as_ref()?;
    let size = |d: &Dim| if let Dim::Known(n) = d { Some(*n) } else { None };
    Some(shape.0.iter().map(size).collect())
}
