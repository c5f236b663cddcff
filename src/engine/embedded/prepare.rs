//! Making a model what rten can take: attributes that rten wants spelled out, sizes that the recipe fixes.

use crate::engine::EngineError;
use crate::graph::{Dim, Graph, NodeId, PathStep};
use crate::model::attribute::ints;
use crate::model::onnx::__buffa::oneof::tensor_shape_proto::dimension::Value as DimValue;
use crate::model::onnx::__buffa::oneof::type_proto::Value as TypeValue;
use crate::model::onnx::{GraphProto, ModelProto, NodeProto};
use crate::model::{Attributes, Model};
use crate::recipe::ProfileSpec;
use crate::rewrite::{PatchSpec, apply};
use std::sync::Arc;

/// Operators whose `kernel_shape` may be left out in ONNX, because the weight (input 1) has it.
const CONVOLUTIONS: [&str; 3] = ["Conv", "ConvInteger", "ConvTranspose"];

/// A model that rten can take.
pub struct Prepared {
    /// The model.
    pub model: Arc<Model>,
    /// What was done to it, in words.
    pub notes: Vec<String>,
    /// False when a patch or the preparation changed it.
    untouched: bool,
}

impl Prepared {
    /// True when rten can read the model's own file: nothing changed, a name that it takes for ONNX, and no external data
    /// (rten accepts only few names for those).
    pub fn is_as_on_disk(&self) -> bool {
        let path = self.model.path();
        let onnx = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("onnx"));
        self.untouched && onnx && path.is_file() && self.model.external_files().is_empty()
    }
}

/// Prepares the graph's model; a `patched` model differs from its file, whatever is done here.
///
/// # Errors
/// Local functions that cannot be inlined, which rten does without.
pub fn prepare(graph: &Graph, profiles: &[ProfileSpec], patched: bool) -> Result<Prepared, EngineError> {
    let mut model = Arc::clone(&graph.model);
    let mut notes = Vec::new();
    // rten wants names of their own for nodes and has no functions.
    let mend = (!graph.problems.is_empty()).then_some(PatchSpec::Mend { unused_inputs: false });
    let inline = (!model.proto().functions.is_empty()).then_some(PatchSpec::InlineFunctions {});
    for patch in mend.into_iter().chain(inline) {
        let done =
            apply(&model, &patch).map_err(|why| EngineError::Unsupported(format!("{}: {why}", patch.label())))?;
        if !Arc::ptr_eq(&done.model, &model) {
            notes.push(done.summary);
            model = done.model;
        }
    }
    if Arc::ptr_eq(&model, &graph.model) {
        return Ok(spell_out(graph, profiles, patched, notes));
    }
    Ok(spell_out(&Graph::new(model), profiles, true, notes))
}

/// States what rten wants stated.
fn spell_out(graph: &Graph, profiles: &[ProfileSpec], patched: bool, mut notes: Vec<String>) -> Prepared {
    let kernels = missing_kernels(graph);
    let sizes = fixed_sizes(graph, profiles);
    let model = Arc::clone(&graph.model);
    if kernels.is_empty() && sizes.is_empty() {
        return Prepared {
            model,
            notes,
            untouched: !patched,
        };
    }
    let mut proto: ModelProto = model.proto().clone();
    if let Some(top) = proto.graph.as_option_mut() {
        for (node, kernel) in &kernels {
            let path = &graph.node(*node).path.0;
            if let Some(node) = node_at(top, path) {
                node.attribute.push(ints("kernel_shape", kernel));
            }
        }
        for (input, axis, size) in &sizes {
            fix(top, input, *axis, *size);
        }
    }
    if !kernels.is_empty() {
        notes.push(format!(
            "stated kernel_shape of {} convolutions, from their weights",
            kernels.len()
        ));
    }
    for (input, axis, size) in &sizes {
        notes.push(format!(
            "fixed dimension {axis} of input {input} at {size}, as the profile has no other"
        ));
    }
    Prepared {
        model: Arc::new(model.with_proto(proto)),
        notes,
        untouched: false,
    }
}

/// Convolutions without `kernel_shape`: rten would take them for ones without spatial dimensions.
fn missing_kernels(graph: &Graph) -> Vec<(NodeId, Vec<i64>)> {
    let mut found = Vec::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        let Ok(index) = u32::try_from(index) else { break };
        let id = NodeId(index);
        if !node.domain.is_empty() || !CONVOLUTIONS.contains(&&*node.op_type) {
            continue;
        }
        if graph.proto(id).attr("kernel_shape").is_some() {
            continue;
        }
        let weight = node.inputs.get(1).copied().flatten();
        let shape = weight.and_then(|w| graph.tensor(w).ty.shape.as_ref()?.as_known());
        if let Some(kernel) = shape.filter(|s| s.len() > 2) {
            let kernel = kernel[2..]
                .iter()
                .map(|k| i64::try_from(*k).unwrap_or(i64::MAX))
                .collect();
            found.push((id, kernel));
        }
    }
    found
}

/// Dimensions of inputs that are symbolic in the model and have one size in every profile: input, axis, size.
fn fixed_sizes(graph: &Graph, profiles: &[ProfileSpec]) -> Vec<(String, usize, u64)> {
    let mut found = Vec::new();
    let (Some(first), Some(top)) = (profiles.first(), graph.bodies.first()) else {
        return found;
    };
    for input in &top.inputs {
        let tensor = graph.tensor(*input);
        let Some(shape) = &tensor.ty.shape else { continue };
        let Some(range) = first.inputs.get(&*tensor.name) else {
            continue;
        };
        for (axis, dim) in shape.0.iter().enumerate() {
            let Some(size) = range.opt.get(axis) else { continue };
            let pinned = profiles.iter().all(|p| {
                let range = p.inputs.get(&*tensor.name);
                range.is_some_and(|r| r.min.get(axis) == Some(size) && r.max.get(axis) == Some(size))
            });
            if pinned && !matches!(dim, Dim::Known(_)) {
                found.push((tensor.name.to_string(), axis, *size));
            }
        }
    }
    found
}

fn fix(graph: &mut GraphProto, input: &str, axis: usize, size: u64) {
    let info = graph.input.iter_mut().find(|i| i.name.as_deref() == Some(input));
    let Some(TypeValue::TensorType(tensor)) = info.and_then(|i| i.r#type.as_option_mut()?.value.as_mut()) else {
        return;
    };
    let dim = tensor.shape.as_option_mut().and_then(|s| s.dim.get_mut(axis));
    if let (Some(dim), Ok(size)) = (dim, i64::try_from(size)) {
        dim.value = Some(DimValue::DimValue(size));
    }
}

/// The node at a path, through bodies; nodes of functions are not reached (rten has no functions).
fn node_at<'a>(graph: &'a mut GraphProto, path: &[PathStep]) -> Option<&'a mut NodeProto> {
    match path {
        [PathStep::Node(index)] => graph.node.get_mut(*index as usize),
        [PathStep::Node(index), PathStep::Body(body), rest @ ..] => {
            let node = graph.node.get_mut(*index as usize)?;
            let body = node.attribute.iter_mut().find(|a| a.name.as_deref() == Some(body))?;
            node_at(body.g.as_option_mut()?, rest)
        }
        _ => None,
    }
}
