//! What holds for every graph, however broken the model: for property tests and fuzzing.

use super::{Graph, NodeId, Producer, TensorId, TensorKind};

impl Graph {
    /// Checks that the arrays fit together: every index is in range, producers, consumers, bodies and paths agree with each
    /// other and with the messages.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn check_invariants(&self) -> Result<(), String> {
        let say = |what: &str, at: u32| Err(format!("{what} at {at}"));
        let is_body = |body: u32| (body as usize) < self.bodies.len();
        for (at, tensor) in (0u32..).zip(&self.tensors) {
            if !is_body(tensor.body) {
                return say("a tensor without a body", at);
            }
            if let Producer::Node { node, output } = tensor.producer {
                let made = self
                    .nodes
                    .get(node.0 as usize)
                    .and_then(|n| n.outputs.get(output as usize));
                if made != Some(&Some(TensorId(at))) {
                    return say("a tensor that its producer does not make", at);
                }
            }
            for (node, index) in &tensor.consumers {
                let Some(reader) = self.nodes.get(node.0 as usize) else {
                    return say("a consumer that is no node", at);
                };
                let reads = match *index {
                    u32::MAX => reader.captures.contains(&TensorId(at)),
                    index => reader.inputs.get(index as usize) == Some(&Some(TensorId(at))),
                };
                if !reads {
                    return say("a consumer that does not read the tensor", at);
                }
            }
            if tensor.kind == TensorKind::Constant && tensor.producer == Producer::Missing {
                return say("a constant that nothing makes", at);
            }
        }
        for (at, node) in (0u32..).zip(&self.nodes) {
            let id = NodeId(at);
            if !is_body(node.body) || node.scope.0 as usize >= self.scopes.len() {
                return say("a node without a body or scope", at);
            }
            let proto = self.proto(id);
            if proto.op_type.as_deref().unwrap_or_default() != &*node.op_type || proto.input.len() != node.inputs.len()
            {
                return say("a node whose message is another's", at);
            }
            if self.find(&node.path) != Some(id) {
                return say("a node that is not at its path", at);
            }
            for (index, read) in (0u32..).zip(&node.inputs) {
                let Some(read) = read else { continue };
                match self.tensors.get(read.0 as usize) {
                    Some(tensor) if tensor.consumers.contains(&(id, index)) => {}
                    _ => return say("a read that its tensor does not know of", at),
                }
            }
            if node
                .owned_bodies
                .iter()
                .any(|body| self.bodies.get(*body as usize).is_none_or(|b| b.owner != Some(id)))
            {
                return say("a body with another owner", at);
            }
            if node
                .function
                .is_some_and(|body| !self.bodies.get(body as usize).is_some_and(|b| b.is_function))
            {
                return say("a call of what is no function", at);
            }
        }
        let mut seen = vec![false; self.nodes.len()];
        for id in self.topological_order() {
            if std::mem::replace(&mut seen[id.0 as usize], true) {
                return say("a node twice in the order", id.0);
            }
        }
        if let Some(missing) = seen.iter().position(|seen| !seen) {
            return say("a node missing from the order", missing as u32);
        }
        for (at, body) in (0u32..).zip(&self.bodies) {
            let is_home = |id: &NodeId| self.nodes.get(id.0 as usize).is_some_and(|n| n.body == at);
            if !body.nodes.iter().all(is_home) || body.parent.is_some_and(|parent| parent >= at) {
                return say("a body with foreign nodes, or before its parent", at);
            }
            if !body
                .inputs
                .iter()
                .chain(&body.outputs)
                .all(|t| (t.0 as usize) < self.tensors.len())
            {
                return say("a body whose inputs or outputs are no tensors", at);
            }
        }
        Ok(())
    }
}
