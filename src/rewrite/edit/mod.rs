//! Edits of a graph, collected and then written to a copy of its messages: the one way in which patches change models.
//!
//! Removing a node also removes what only fed it: nodes and stored constants whose last reader goes. What was dead before
//! stays, so that each patch's diff shows its own work. `write` puts the edits into the messages.

mod write;

use super::names::Fresh;
use crate::graph::{Graph, NodeId, Producer, TensorId};
use crate::model::Tensor;
use crate::model::onnx::{ModelProto, NodeProto};
use std::collections::{BTreeMap, HashMap, HashSet};
use write::Writer;
pub(super) use write::{constant_node, holder, input, stored_node};

/// What a node that a patch puts in reads.
pub(super) enum Feed {
    /// A tensor that the node's body sees.
    Tensor(TensorId),
    /// A new constant, and the name it gets where that is free.
    Value(String, Tensor),
}

/// A node in the place of another.
struct Replacement {
    proto: NodeProto,
    reads: Vec<Read>,
}

enum Read {
    Tensor(TensorId),
    Value(String, Tensor),
}

/// Edits of one graph.
pub(super) struct Edit<'a> {
    graph: &'a Graph,
    removed: Vec<bool>,
    /// Reads of each tensor by nodes that stay, and uses as an output of a body.
    uses: Vec<u32>,
    /// Tensors that lost their last reader to an edit.
    orphaned: Vec<bool>,
    /// Values that take the place of what a removed node made.
    constants: BTreeMap<TensorId, Tensor>,
    /// Readers of the first tensor read the second instead.
    redirected: HashMap<TensorId, TensorId>,
    /// Tensors that take the name of another.
    renamed: HashMap<TensorId, TensorId>,
    /// Names that more than one tensor of the model has, in whatever bodies.
    shared_names: HashSet<&'a str>,
    /// Nodes whose place another takes.
    replaced: HashMap<NodeId, Replacement>,
    /// Names for new constants; made when first needed.
    fresh: Option<Fresh>,
}

/// What an edit did.
pub(super) struct Edited {
    pub(super) proto: ModelProto,
    /// Constants written.
    pub(super) constants: usize,
    /// Nodes removed, those inside removed bodies included.
    pub(super) removed: usize,
}

impl<'a> Edit<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        let mut uses = vec![0u32; graph.tensors.len()];
        let reads = graph.nodes.iter().flat_map(|node| node.inputs.iter().flatten());
        let outputs = graph.bodies.iter().flat_map(|body| &body.outputs);
        for tensor in reads.chain(outputs) {
            uses[tensor.0 as usize] += 1;
        }
        let mut seen = HashSet::new();
        let names = graph.tensors.iter().map(|tensor| &*tensor.name);
        let shared_names = names.filter(|name| !seen.insert(*name)).collect();
        Self {
            graph,
            shared_names,
            renamed: HashMap::new(),
            removed: vec![false; graph.nodes.len()],
            orphaned: vec![false; uses.len()],
            uses,
            constants: BTreeMap::new(),
            redirected: HashMap::new(),
            replaced: HashMap::new(),
            fresh: None,
        }
    }

    /// True when the node is gone.
    pub(super) fn is_removed(&self, id: NodeId) -> bool {
        self.removed[id.0 as usize]
    }

    /// Removes the node, its bodies, and everything that only fed them.
    pub(super) fn remove(&mut self, id: NodeId) {
        let mut todo = vec![id];
        while let Some(id) = todo.pop() {
            if std::mem::replace(&mut self.removed[id.0 as usize], true) {
                continue;
            }
            let graph = self.graph;
            let node = graph.node(id);
            match self.replaced.remove(&id) {
                Some(replacement) => {
                    for read in &replacement.reads {
                        if let Read::Tensor(read) = read {
                            self.release(*read, &mut todo);
                        }
                    }
                }
                None => {
                    for read in node.inputs.iter().flatten() {
                        self.release(*read, &mut todo);
                    }
                }
            }
            for body in &node.owned_bodies {
                let body = &graph.bodies[*body as usize];
                todo.extend(&body.nodes);
                for output in &body.outputs {
                    self.release(*output, &mut todo);
                }
            }
        }
    }

    /// Takes one use off a tensor; its producer follows when it was the last.
    fn release(&mut self, tensor: TensorId, todo: &mut Vec<NodeId>) {
        let at = self.target(tensor).0 as usize;
        self.uses[at] = self.uses[at].saturating_sub(1);
        if self.uses[at] > 0 {
            return;
        }
        self.orphaned[at] = true;
        if let Producer::Node { node, .. } = self.graph.tensors[at].producer
            && self.is_unread(node)
        {
            todo.push(node);
        }
    }

    /// Puts a value in the place of what a node makes; the node itself is to be removed by the caller, and all its other
    /// outputs to be given values too.
    pub(super) fn set_constant(&mut self, tensor: TensorId, value: Tensor) {
        self.constants.insert(tensor, value);
    }

    /// Removes a node that passes its input `from` on as `to`; readers of `to` read `from` from then on. An output of a
    /// body keeps its name: what makes `from` makes `to` instead. False, and nothing done, where that cannot be.
    pub(super) fn bypass(&mut self, id: NodeId, from: TensorId, to: TensorId) -> bool {
        let from = self.target(from);
        let (source, result) = (self.graph.tensor(from), self.graph.tensor(to));
        // A reader inside a body might find another tensor under the new name.
        if from == to || self.shared_names.contains(&*source.name) || self.shared_names.contains(&*result.name) {
            return false;
        }
        if result.is_output {
            let is_made_here = matches!(source.producer, Producer::Node { .. }) && source.body == result.body;
            if !is_made_here || source.is_output || self.renamed.contains_key(&from) {
                return false;
            }
            self.renamed.insert(from, to);
        }
        let moved = std::mem::take(&mut self.uses[to.0 as usize]);
        self.uses[from.0 as usize] += moved;
        self.redirected.insert(to, from);
        self.remove(id);
        true
    }

    /// Puts another node in the place of one without bodies: it makes the same outputs, or the first of them, from other
    /// inputs. Outputs behind the last that is read go, as does what only fed the old node. Not to be done twice to one
    /// node.
    pub(super) fn replace(&mut self, id: NodeId, mut proto: NodeProto, feeds: Vec<Feed>) {
        let graph = self.graph;
        let reads = feeds.into_iter().map(|feed| match feed {
            Feed::Tensor(tensor) => {
                let tensor = self.target(tensor);
                self.uses[tensor.0 as usize] += 1;
                Read::Tensor(tensor)
            }
            Feed::Value(name, value) => {
                let fresh = self.fresh.get_or_insert_with(|| Fresh::new(graph));
                Read::Value(fresh.name(name), value)
            }
        });
        let reads = reads.collect();
        let is_read = |made: &Option<TensorId>| made.is_some_and(|t| self.uses(t) > 0);
        let last_read = graph.node(id).outputs.iter().rposition(is_read).unwrap_or(0);
        proto.output = graph.proto(id).output.clone();
        proto.output.truncate(last_read + 1);
        let mut todo = Vec::new();
        for read in graph.node(id).inputs.iter().flatten() {
            self.release(*read, &mut todo);
        }
        self.replaced.insert(id, Replacement { proto, reads });
        for id in todo {
            self.remove(id);
        }
    }

    /// True when a patch put another node in this one's place.
    pub(super) fn is_replaced(&self, id: NodeId) -> bool {
        self.replaced.contains_key(&id)
    }

    /// True when readers of `to` may read `from` instead, which stands in the same body or in one around it.
    pub(super) fn can_substitute(&self, from: TensorId, to: TensorId) -> bool {
        let (source, result) = (self.graph.tensor(from), self.graph.tensor(to));
        // As for `bypass`: a reader inside a body might find another tensor under the name.
        from != to && !result.is_output && !self.shared_names.contains(&*source.name)
    }

    /// Lets readers of `to` read `from`; what made `to` goes when nothing else of it is read.
    pub(super) fn substitute(&mut self, from: TensorId, to: TensorId) {
        let from = self.target(from);
        let moved = std::mem::take(&mut self.uses[to.0 as usize]);
        self.uses[from.0 as usize] += moved;
        self.redirected.insert(to, from);
        self.orphaned[to.0 as usize] = true;
        if let Producer::Node { node, .. } = self.graph.tensor(to).producer
            && self.is_unread(node)
        {
            self.remove(node);
        }
    }

    /// True when nothing reads any output of the node.
    fn is_unread(&self, node: NodeId) -> bool {
        let mut outputs = self.graph.node(node).outputs.iter().flatten();
        outputs.all(|t| self.uses[t.0 as usize] == 0)
    }

    /// Marks stored constants that nothing reads, so that they are left out; gives their number. Defaults stay, as all
    /// inputs do.
    pub(super) fn drop_unread_initializers(&mut self) -> usize {
        let mut dropped = 0;
        for (at, tensor) in self.graph.tensors.iter().enumerate() {
            let is_default = self.graph.is_default(TensorId(at as u32));
            if tensor.producer == Producer::Initializer && self.uses[at] == 0 && !is_default {
                self.orphaned[at] = true;
                dropped += 1;
            }
        }
        dropped
    }

    /// The name under which a tensor is read and made now.
    fn name(&self, tensor: TensorId) -> &str {
        let tensor = self.target(tensor);
        &self
            .graph
            .tensor(self.renamed.get(&tensor).copied().unwrap_or(tensor))
            .name
    }

    /// What readers of this tensor read now.
    pub(super) fn target(&self, mut tensor: TensorId) -> TensorId {
        while let Some(next) = self.redirected.get(&tensor) {
            tensor = *next;
        }
        tensor
    }

    /// Reads that are left of a tensor.
    pub(super) fn uses(&self, tensor: TensorId) -> u32 {
        self.uses[tensor.0 as usize]
    }

    /// The changed messages.
    pub(super) fn finish(self) -> Edited {
        let model = self.graph.model.clone();
        let mut proto = model.proto().clone();
        let mut writer = Writer {
            is_old: proto.ir_version.unwrap_or(0) < 4,
            initializers: self.graph.initializers_by_body(),
            constants: 0,
            edit: &self,
        };
        if let Some(graph) = proto.graph.as_option_mut() {
            writer.graph(0, graph);
        }
        for (at, body) in self
            .graph
            .bodies
            .iter()
            .enumerate()
            .filter(|(_, body)| body.is_function)
        {
            if let Some(function) = body.function.and_then(|f| proto.functions.get_mut(f as usize)) {
                function.node = writer.nodes(at as u32, std::mem::take(&mut function.node), false).0;
                let gone = writer.names_gone(at as u32);
                function
                    .value_info
                    .retain(|info| !gone.contains(info.name.as_deref().unwrap_or_default()));
            }
        }
        Edited {
            constants: writer.constants,
            removed: self.removed.iter().filter(|gone| **gone).count(),
            proto,
        }
    }
}

/// Tensors that look constant but are not ([`Graph::is_default`]).
pub(super) fn defaults(graph: &Graph) -> HashSet<TensorId> {
    let ids = (0..graph.tensors.len() as u32).map(TensorId);
    ids.filter(|id| graph.is_default(*id)).collect()
}
