//! The sizes that a model leaves open, each once.

use crate::graph::shape_tensors::shape_tensors;
use crate::graph::{Dim, Graph, TensorInfo};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Names that exporters give to sizes they know nothing of: two of them need not be equal.
const PLACEHOLDERS: [&str; 6] = ["?", "None", "-1", "dynamic", "unknown", "DynamicDimension"];

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

/// Names of the shape tensors.
pub(super) fn shape_tensor_names(graph: &Graph) -> BTreeSet<String> {
    shape_tensors(graph).into_iter().map(|t| t.name).collect()
}
