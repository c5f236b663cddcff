//! Tensors of a graph being assembled: what is declared of them, their names, and where a name leads.

use super::Assembler;
use crate::graph::build::Stored;
use crate::graph::declared::tensor_type;
use crate::graph::{NodeId, ProblemKind, Producer, TensorId, TensorInfo, TensorKind, TensorType};
use crate::model::onnx::{TypeProto, ValueInfoProto};
use crate::model::quoted;
use std::collections::HashMap;

impl<'a> Assembler<'a> {
    /// Declared types by name; two declarations of one tensor are joined.
    pub(super) fn declarations(
        &mut self,
        body: u32,
        infos: impl Iterator<Item = &'a ValueInfoProto>,
    ) -> HashMap<&'a str, TensorType> {
        let mut declared: HashMap<&str, TensorType> = HashMap::new();
        for info in infos {
            let name = info.name.as_deref().unwrap_or_default();
            let Some(ty) = info.r#type.as_option().map(tensor_type) else {
                continue;
            };
            match declared.get(name).map(|before| before.unify(&ty)) {
                Some(Err(reason)) => self.contradiction(body, name, &reason),
                Some(Ok(joined)) => {
                    declared.insert(name, joined);
                }
                None => {
                    declared.insert(name, ty);
                }
            }
        }
        declared
    }

    /// Gives inputs and initializers the types that value_info and outputs declare besides their own.
    pub(super) fn declare(&mut self, body: u32, declared: &HashMap<&'a str, TensorType>) {
        if declared.is_empty() {
            return;
        }
        // Only names of inputs and initializers are known yet.
        let known: Vec<(&str, TensorId)> = self.names[body as usize]
            .iter()
            .map(|(name, id)| (*name, *id))
            .collect();
        for (name, id) in known {
            if let Some(ty) = declared.get(name) {
                self.join(id, ty);
            }
        }
    }

    pub(super) fn join(&mut self, id: TensorId, ty: &TensorType) {
        let tensor = self.graph.tensor(id);
        match tensor.ty.unify(ty) {
            Ok(joined) => self.graph.tensors[id.0 as usize].ty = joined,
            Err(reason) => {
                let name = tensor.name.clone();
                self.contradiction(tensor.body, &name, &reason);
            }
        }
    }

    pub(super) fn contradiction(&mut self, body: u32, name: &str, reason: &str) {
        let place = self.inside(body);
        self.problem(
            ProblemKind::Contradiction,
            None,
            Some(name),
            format!("tensor {}{place} is declared in two ways: {reason}", quoted(name)),
        );
    }

    pub(super) fn tensor(
        &mut self,
        body: u32,
        name: &str,
        ty: TensorType,
        producer: Producer,
        kind: TensorKind,
    ) -> TensorId {
        let id = TensorId(self.graph.tensors.len() as u32);
        self.graph.tensors.push(TensorInfo {
            name: name.into(),
            body,
            ty,
            producer,
            consumers: Vec::new(),
            kind,
            is_output: false,
            stored_bytes: 0,
        });
        self.graph.stored.push(Stored::default());
        id
    }

    /// Makes the tensor known by its name; a second one of that name stays, but nothing can refer to it.
    pub(super) fn name(&mut self, body: u32, name: &'a str, id: TensorId, node: Option<NodeId>) {
        use std::collections::hash_map::Entry;
        match self.names[body as usize].entry(name) {
            Entry::Vacant(free) => {
                free.insert(id);
            }
            Entry::Occupied(_) => {
                let place = self.inside(body);
                let message = format!("tensor {}{place} is produced more than once", quoted(name));
                self.problem(ProblemKind::DuplicateName, node, Some(name), message);
            }
        }
    }

    pub(super) fn initializer(&mut self, body: u32, name: &'a str, ty: TensorType, bytes: u64, stored: Stored) {
        let id = self.tensor(body, name, ty, Producer::Initializer, TensorKind::Constant);
        self.graph.tensors[id.0 as usize].stored_bytes = bytes;
        self.graph.stored[id.0 as usize] = stored;
        self.name(body, name, id, None);
    }

    pub(super) fn input(&mut self, body: u32, name: &'a str, ty: Option<&TypeProto>) {
        let ty = ty.map(tensor_type).unwrap_or_default();
        if let Some(id) = self.names[body as usize].get(name).copied()
            && self.graph.tensor(id).producer == Producer::Initializer
        {
            self.join(id, &ty);
            // Before IR version 4 every initializer had to be an input.
            if self.graph.model.proto().ir_version.unwrap_or(0) >= 4 {
                self.graph.stored[id.0 as usize].is_default = true;
                // Another value may have any shape that the input may have.
                self.graph.tensors[id.0 as usize].ty.shape = ty.shape;
            }
            return;
        }
        let id = self.tensor(body, name, ty, Producer::Input, TensorKind::Input);
        self.graph.bodies[body as usize].inputs.push(id);
        self.name(body, name, id, None);
    }

    pub(super) fn output(&mut self, body: u32, name: &'a str) {
        let id = match self.resolve(body, name) {
            Some(id) => {
                self.capture(body, id);
                id
            }
            None => {
                let place = self.inside(body);
                let message = format!("output {}{place} is produced by no node", quoted(name));
                self.problem(ProblemKind::MissingOutput, None, Some(name), message);
                self.missing(body, name)
            }
        };
        let tensor = &mut self.graph.tensors[id.0 as usize];
        tensor.is_output |= tensor.body == body;
        self.graph.bodies[body as usize].outputs.push(id);
    }

    pub(super) fn missing(&mut self, body: u32, name: &'a str) -> TensorId {
        let id = self.tensor(
            body,
            name,
            TensorType::default(),
            Producer::Missing,
            TensorKind::Activation,
        );
        self.names[body as usize].insert(name, id);
        id
    }

    /// The tensor of this name in the body or around it.
    pub(super) fn resolve(&self, body: u32, name: &str) -> Option<TensorId> {
        let mut at = Some(body);
        while let Some(body) = at {
            if let Some(id) = self.names[body as usize].get(name) {
                return Some(*id);
            }
            at = self.graph.bodies[body as usize].parent;
        }
        None
    }

    /// Notes on every node around `body`, up to the tensor's own body, that it reads the tensor.
    pub(super) fn capture(&mut self, body: u32, id: TensorId) {
        let home = self.graph.tensor(id).body;
        let mut at = body;
        while at != home {
            let Some(owner) = self.graph.bodies[at as usize].owner else {
                return;
            };
            if !self.captured.insert((owner, id)) {
                return;
            }
            self.graph.nodes[owner.0 as usize].captures.push(id);
            self.graph.tensors[id.0 as usize].consumers.push((owner, u32::MAX));
            at = self.graph.node(owner).body;
        }
    }
}
