//! Values of a stored tensor, read off the UI thread when asked for.

use crate::graph::{Graph, Producer, TensorId};
use crate::model::onnx::{GraphProto, TensorProto};
use crate::model::{Attributes, statistics::TensorStatistics};
use poll_promise::Promise;
use std::collections::HashMap;
use std::sync::Arc;

/// Statistics asked for so far.
#[derive(Default)]
pub struct Weights {
    asked: HashMap<TensorId, Promise<Result<TensorStatistics, String>>>,
}

impl Weights {
    /// The answer: none when it was not asked for, `Some(None)` while it is computed.
    pub fn get(&self, id: TensorId) -> Option<Option<&Result<TensorStatistics, String>>> {
        self.asked.get(&id).map(Promise::ready)
    }

    /// Asks for a tensor's statistics on a thread of its own.
    pub fn ask(&mut self, graph: &Arc<Graph>, id: TensorId, wake: &Arc<dyn Fn() + Send + Sync>) {
        let (graph, wake) = (Arc::clone(graph), Arc::clone(wake));
        let promise = Promise::spawn_thread("tensor statistics", move || {
            let answer = read(&graph, id);
            wake();
            answer
        });
        self.asked.insert(id, promise);
    }
}

fn read(graph: &Graph, id: TensorId) -> Result<TensorStatistics, String> {
    let proto = stored(graph, id).ok_or("the model stores no data for this tensor")?;
    let tensor = graph.model.tensor(proto).map_err(|e| e.to_string())?;
    TensorStatistics::of(&tensor).ok_or_else(|| format!("{} values cannot be shown as numbers", tensor.dtype))
}

/// The message that stores a constant: an initializer of its body, or a `Constant` node's value.
fn stored(graph: &Graph, id: TensorId) -> Option<&TensorProto> {
    let tensor = graph.tensor(id);
    match tensor.producer {
        Producer::Node { node, .. } => graph.proto(node).tensor("value"),
        Producer::Initializer => body_proto(graph, tensor.body)?
            .initializer
            .iter()
            .find(|t| t.name.as_deref() == Some(&*tensor.name)),
        Producer::Input | Producer::Missing => None,
    }
}

/// The message of a body; none for functions, which have no initializers.
fn body_proto(graph: &Graph, body: u32) -> Option<&GraphProto> {
    if body == 0 {
        return Some(graph.model.graph());
    }
    let body = graph.bodies.get(body as usize)?;
    graph.proto(body.owner?).body(&body.name)
}
