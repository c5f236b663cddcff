//! Open sizes fixed.

use super::{Place, dims, known, refuse_broken, size_at};
use crate::graph::sizes::{Point, evaluate};
use crate::graph::{Dim, Graph};
use crate::model::Model;
use crate::model::onnx::__buffa::oneof::tensor_shape_proto::dimension::Value as DimValue;
use crate::rewrite::clean::{Done, count};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Fixes open sizes of inputs, given by symbol or as `INPUT:AXIS`. A size that has a symbol is fixed everywhere the symbol is.
///
/// # Errors
/// A name that is no open size of an input, a size of 0, two sizes for one symbol, sizes that the graph contradicts.
pub(in crate::rewrite) fn fix_sizes(model: &Arc<Model>, sizes: &BTreeMap<String, u64>) -> Result<Done, String> {
    let graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    let mut symbols: HashMap<String, u64> = HashMap::new();
    let mut places: Vec<(Place, u64)> = Vec::new();
    for (name, size) in sizes {
        if *size == 0 {
            return Err(format!("{name:?} cannot be fixed at 0"));
        }
        let symbol = match Place::parse(name).filter(|_| !is_symbol(&graph, name)) {
            None if is_symbol(&graph, name) => name.clone(),
            None => return Err(unknown(&graph, name)),
            Some(place) => match size_at(&graph, &place)? {
                Dim::Known(fixed) if fixed == size => continue,
                Dim::Known(fixed) => return Err(format!("{name} is fixed at {fixed} already, not at {size}")),
                Dim::Symbol(symbol) => symbol.to_string(),
                Dim::Unknown => {
                    places.push((place, *size));
                    continue;
                }
            },
        };
        if let Some(other) = symbols.insert(symbol.clone(), *size)
            && other != *size
        {
            return Err(format!("the size {symbol:?} cannot be {other} and {size}"));
        }
    }
    let mut proto = model.proto().clone();
    let Some(top) = proto.graph.as_option_mut() else {
        return Err("the model has no graph".into());
    };
    let mut notes = Vec::new();
    for info in &mut top.input {
        let name = info.name.clone().unwrap_or_default();
        let fixed = fix(dims(info), &symbols, |axis| {
            places
                .iter()
                .find(|(p, _)| p.input == name && p.axis == axis)
                .map(|(_, size)| *size)
        });
        notes.extend(
            fixed
                .into_iter()
                .map(|(axis, size)| (name.clone(), format!("dimension {axis} fixed at {size}"))),
        );
    }
    for info in top.output.iter_mut().chain(&mut top.value_info) {
        fix(dims(info), &symbols, |_| None);
    }
    let fixed = Arc::new(model.with_proto(proto));
    let after = Graph::new(fixed.clone());
    if let Some(problem) = after.problems.iter().find(|p| !graph.problems.contains(p)) {
        return Err(format!("the graph does not work at these sizes: {}", problem.message));
    }
    // What stays open does so here.
    if let Err(conflict) = evaluate(&after, &Point::new()) {
        return Err(format!("the graph does not work at these sizes: {conflict}"));
    }
    Ok(Done {
        summary: format!("Fixed {} of inputs", count(notes.len(), "size")),
        notes,
        model: fixed,
    })
}

/// Fixes what has one of these symbols, or a size by axis; gives what it fixed.
fn fix(
    dims: Option<&mut Vec<crate::model::onnx::tensor_shape_proto::Dimension>>,
    symbols: &HashMap<String, u64>,
    by_axis: impl Fn(usize) -> Option<u64>,
) -> Vec<(usize, u64)> {
    let mut fixed = Vec::new();
    for (axis, dim) in dims.into_iter().flatten().enumerate() {
        let size = match &dim.value {
            // A name that says nothing (`?`) is one size here and another there.
            Some(DimValue::DimParam(name)) => symbols.get(name).copied().or_else(|| by_axis(axis)),
            Some(DimValue::DimValue(n)) if *n > 0 => None,
            _ => by_axis(axis),
        };
        if let Some(size) = size {
            dim.value = known(size);
            fixed.push((axis, size));
        }
    }
    fixed
}

/// The open sizes of inputs as they can be given: symbols, and `INPUT:AXIS` where there is none.
fn open(graph: &Graph) -> Vec<String> {
    let mut out = Vec::new();
    for id in &graph.bodies[0].inputs {
        let tensor = graph.tensor(*id);
        for (axis, dim) in tensor.ty.shape.iter().flat_map(|s| &s.0).enumerate() {
            let name = match dim {
                Dim::Known(_) => continue,
                Dim::Symbol(symbol) => symbol.to_string(),
                Dim::Unknown => format!("{}:{axis}", tensor.name),
            };
            if !out.contains(&name) {
                out.push(name);
            }
        }
    }
    out
}

fn is_symbol(graph: &Graph, name: &str) -> bool {
    let inputs = graph.bodies[0].inputs.iter();
    let mut dims = inputs
        .filter_map(|id| graph.tensor(*id).ty.shape.as_ref())
        .flat_map(|s| &s.0);
    dims.any(|d| matches!(d, Dim::Symbol(symbol) if **symbol == *name))
}

fn unknown(graph: &Graph, name: &str) -> String {
    match open(graph).as_slice() {
        [] => format!("there is no open size {name:?}: all inputs have fixed shapes"),
        names => format!("there is no open size {name:?}; there are {}", names.join(", ")),
    }
}
