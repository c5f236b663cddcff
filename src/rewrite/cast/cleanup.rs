//! Casts that do nothing.

use crate::graph::{Graph, Node, NodeId, Producer, TensorId};
use crate::model::{Attributes, DataType, Model};
use crate::rewrite::edit::Edit;
use std::sync::Arc;

/// Takes out casts to the type that is there already, and pairs that widen and narrow again; gives the number of casts gone.
///
/// # Errors
/// Structural problems in what was written, which would be an error of the patch itself.
pub(super) fn cleanup(model: Arc<Model>) -> Result<(Arc<Model>, usize), String> {
    let graph = Graph::new(model.clone());
    crate::rewrite::fold::refuse_broken(&graph).map_err(|e| format!("after casting: {e}"))?;
    let mut edit = Edit::new(&graph);
    for id in graph.topological_order() {
        let node = graph.node(id);
        let Some((from, to, made)) = ends(&graph, id, node) else {
            continue;
        };
        let dtype = |t: TensorId| graph.tensor(t).ty.dtype;
        let from = edit.target(from);
        if dtype(from) == Some(to) {
            edit.bypass(id, from, made);
            continue;
        }
        // Widened and narrowed to what it was: nothing is lost by reading the first one.
        let Producer::Node { node: before, .. } = graph.tensor(from).producer else {
            continue;
        };
        if let Some((source, wide, _)) = ends(&graph, before, graph.node(before))
            && dtype(source) == Some(to)
            && matches!(to, DataType::Float16 | DataType::BFloat16)
            && wide == DataType::Float32
        {
            edit.bypass(id, source, made);
        }
    }
    let edited = edit.finish();
    match edited.removed {
        0 => Ok((model, 0)),
        n => Ok((Arc::new(model.with_proto(edited.proto)), n)),
    }
}

/// Input, type and output of a Cast outside of functions.
fn ends(graph: &Graph, id: NodeId, node: &Node) -> Option<(TensorId, DataType, TensorId)> {
    if &*node.op_type != "Cast" || !node.domain.is_empty() || graph.bodies[node.body as usize].function.is_some() {
        return None;
    }
    let to = DataType::from_onnx(i32::try_from(graph.proto(id).int("to")?).ok()?)?;
    let from = node.inputs.first().copied().flatten()?;
    Some((from, to, node.outputs.first().copied().flatten()?))
}
