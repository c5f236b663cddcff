//! The sizes that a model leaves open, each once, and the inputs whose values are sizes.

use crate::graph::{Dim, Graph, TensorId, TensorInfo};
use crate::model::DataType;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// Names that exporters give to sizes they know nothing of: two of them need not be equal.
const PLACEHOLDERS: [&str; 6] = ["?", "None", "-1", "dynamic", "unknown", "DynamicDimension"];
/// A follow-up over more tensors than this stops.
const MAX_TENSORS: usize = 4096;
/// Inputs with more elements than this are data, whatever becomes of them.
const MAX_VALUES: u64 = 64;

/// One size that the model leaves open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenSize {
    /// The model's name for it, or `INPUT:AXIS` where it has none.
    pub label: String,
    /// Where it occurs: input and axis.
    pub places: Vec<(String, usize)>,
    /// True for a name of the model.
    pub is_named: bool,
}

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

/// Inputs of the top level, in order.
pub fn inputs(graph: &Graph) -> impl Iterator<Item = &TensorInfo> {
    let top = graph.bodies.first().map_or(&[][..], |body| body.inputs.as_slice());
    top.iter().filter_map(|id| graph.tensors.get(id.0 as usize))
}

/// True for a name that says of a size only that it is open.
pub fn is_placeholder(name: &str) -> bool {
    let made_up = |prefix: &str| {
        let rest = name.strip_prefix(prefix);
        rest.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
    };
    name.is_empty()
        || PLACEHOLDERS.iter().any(|p| p.eq_ignore_ascii_case(name))
        || made_up("unk__")
        || made_up("DynamicDimension.")
}

/// The open sizes of the inputs in order of first use: one for every name, and one for every axis without a name.
pub fn open_sizes(graph: &Graph) -> Vec<OpenSize> {
    let mut out: Vec<OpenSize> = Vec::new();
    let mut by_name: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for input in inputs(graph) {
        for (axis, dim) in input.ty.shape.iter().flat_map(|s| s.0.iter().enumerate()) {
            let place = (input.name.to_string(), axis);
            match dim {
                Dim::Known(_) => {}
                Dim::Symbol(name) if !is_placeholder(name) => {
                    if let Some(open) = by_name.get(name).and_then(|at| out.get_mut(*at)) {
                        open.places.push(place);
                        continue;
                    }
                    by_name.insert(name.clone(), out.len());
                    out.push(OpenSize {
                        label: name.to_string(),
                        places: vec![place],
                        is_named: true,
                    });
                }
                _ => out.push(OpenSize {
                    label: format!("{}:{axis}", input.name),
                    places: vec![place],
                    is_named: false,
                }),
            }
        }
    }
    out
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

/// Inputs whose values decide shapes: small INT32 or INT64 tensors of known shape that reach such a place through integer
/// arithmetic. TensorRT calls them shape tensors, and gives them ranges of values.
pub fn shape_tensors(graph: &Graph) -> Vec<ShapeTensor> {
    let top = graph.bodies.first().map_or(&[][..], |b| b.inputs.as_slice());
    let mut out = Vec::new();
    for id in top {
        let Some(tensor) = graph.tensors.get(id.0 as usize) else {
            continue;
        };
        let integer = matches!(tensor.ty.dtype, Some(DataType::Int32 | DataType::Int64));
        let Some(shape) = tensor.ty.shape.as_ref().and_then(|s| s.as_known()) else {
            continue;
        };
        let elements = shape
            .iter()
            .try_fold(1u64, |n, d| n.checked_mul(*d))
            .unwrap_or(u64::MAX);
        if integer && (1..=MAX_VALUES).contains(&elements) && reaches_size(graph, *id) {
            out.push(ShapeTensor {
                name: tensor.name.to_string(),
                shape,
                count: usize::try_from(elements).unwrap_or(0),
            });
        }
    }
    out
}

fn reaches_size(graph: &Graph, input: TensorId) -> bool {
    let mut seen = HashSet::from([input]);
    let mut queue = vec![input];
    while let Some(id) = queue.pop() {
        let Some(tensor) = graph.tensors.get(id.0 as usize) else {
            continue;
        };
        for (node, position) in &tensor.consumers {
            let Some(node) = graph.nodes.get(node.0 as usize).filter(|n| n.domain.is_empty()) else {
                continue;
            };
            if is_size(&node.op_type, *position) {
                return true;
            }
            // Of a table that is indexed, the rows come out and not the index.
            let hands_on = ARITHMETIC.contains(&&*node.op_type)
                && !(node.op_type.starts_with("Gather") && *position == 1)
                && !(*node.op_type == *"Where" && *position == 0);
            let is_integer = |next: &TensorId| {
                let dtype = graph.tensors.get(next.0 as usize).and_then(|t| t.ty.dtype);
                matches!(dtype, None | Some(DataType::Int32 | DataType::Int64))
            };
            if hands_on && seen.len() < MAX_TENSORS {
                let next = node.outputs.iter().flatten().copied().filter(is_integer);
                queue.extend(next.filter(|next| seen.insert(*next)));
            }
        }
    }
    false
}

/// Names of the shape tensors.
pub(super) fn shape_tensor_names(graph: &Graph) -> BTreeSet<String> {
    shape_tensors(graph).into_iter().map(|t| t.name).collect()
}
