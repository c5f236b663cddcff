//! Inputs whose values are sizes.
//!
//! One definition for all who ask: profiles (ranges of values), proposals (values that work), generated inputs.

use super::{Graph, NodeId, TensorId};
use crate::model::DataType;
use std::collections::HashSet;

/// A follow-up over more tensors than this stops.
const MAX_TENSORS: usize = 4096;
/// Inputs with more elements than this are data, whatever becomes of them.
const MAX_VALUES: u64 = 64;

/// An input whose values decide the shapes of other tensors.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShapeTensor {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<u64>,
    /// How many values it has.
    pub count: usize,
}

/// Operators that make integers of integers, so that a size may still come out of them.
const ARITHMETIC: [&str; 25] = [
    "Cast",
    "Identity",
    "Squeeze",
    "Unsqueeze",
    "Reshape",
    "Flatten",
    "Concat",
    "Slice",
    "Gather",
    "GatherElements",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Mod",
    "Neg",
    "Abs",
    "Min",
    "Max",
    "ReduceProd",
    "ReduceSum",
    "ReduceMax",
    "Where",
    "Floor",
    "Ceil",
];

/// True where an operator reads sizes, positions or counts from this input: its value decides the output's shape.
fn is_size(op: &str, position: u32) -> bool {
    matches!(
        (op, position),
        ("Reshape" | "Expand" | "Tile" | "TopK" | "OneHot" | "Pad" | "Split", 1)
            | ("ConstantOfShape" | "Loop", 0)
            | ("Slice" | "Resize" | "Upsample", 1..)
            | ("Range", _)
    )
}

/// Inputs whose values decide shapes: small integer tensors of known shape that [`read_as_size`] finds. TensorRT calls them
/// shape tensors, and gives them ranges of values.
pub fn shape_tensors(graph: &Graph) -> Vec<ShapeTensor> {
    let top = graph.bodies.first().map_or(&[][..], |b| b.inputs.as_slice());
    let mut out = Vec::new();
    for id in top {
        let Some(tensor) = graph.tensors.get(id.0 as usize) else {
            continue;
        };
        let Some(shape) = tensor.ty.shape.as_ref().and_then(|s| s.as_known()) else {
            continue;
        };
        let elements = shape
            .iter()
            .try_fold(1u64, |n, d| n.checked_mul(*d))
            .unwrap_or(u64::MAX);
        if (1..=MAX_VALUES).contains(&elements) && read_as_size(graph, *id).is_some() {
            out.push(ShapeTensor {
                name: tensor.name.to_string(),
                shape,
                count: usize::try_from(elements).unwrap_or(0),
            });
        }
    }
    out
}

/// The node that reads sizes, positions or counts from an integer tensor, as it is or after arithmetic on integers; none
/// where its values decide no shape. The one definition of a shape tensor.
pub fn read_as_size(graph: &Graph, input: TensorId) -> Option<NodeId> {
    let is_integer = |id: TensorId| {
        let dtype = graph.tensors.get(id.0 as usize).and_then(|t| t.ty.dtype);
        matches!(
            dtype,
            None | Some(DataType::Int32 | DataType::Int64 | DataType::UInt32 | DataType::UInt64)
        )
    };
    if !is_integer(input) {
        return None;
    }
    let mut seen = HashSet::from([input]);
    let mut queue = vec![input];
    while let Some(id) = queue.pop() {
        let Some(tensor) = graph.tensors.get(id.0 as usize) else {
            continue;
        };
        for (node, position) in &tensor.consumers {
            let id = *node;
            let Some(node) = graph.nodes.get(id.0 as usize).filter(|n| n.domain.is_empty()) else {
                continue;
            };
            if is_size(&node.op_type, *position) {
                return Some(id);
            }
            // Of a table that is indexed, the rows come out and not the index.
            let hands_on = ARITHMETIC.contains(&&*node.op_type)
                && !(node.op_type.starts_with("Gather") && *position == 1)
                && !(*node.op_type == *"Where" && *position == 0);
            if hands_on && seen.len() < MAX_TENSORS {
                let next = node.outputs.iter().flatten().copied().filter(|next| is_integer(*next));
                queue.extend(next.filter(|next| seen.insert(*next)));
            }
        }
    }
    None
}
