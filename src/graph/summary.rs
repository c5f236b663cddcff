//! What a model is in a few numbers: the answer of `inspect`.

use super::{Dim, Graph, Shape, TensorId, TensorKind, cost};
use crate::model::DataType;
use serde::Serialize;
use std::collections::BTreeMap;

/// A model in a few numbers. Serialises as the documented JSON of `inspect --json`.
#[derive(Clone, Debug, Serialize)]
pub struct GraphSummary {
    /// Version of the file format.
    pub ir_version: i64,
    /// Operator sets.
    pub opset_import: Vec<Opset>,
    /// Program that wrote the file.
    pub producer: Producer,
    /// Nodes of the top level.
    pub nodes: u64,
    /// Nodes of bodies and functions.
    pub nested_nodes: u64,
    /// Nodes per operator, nested ones included; `domain::name` outside ONNX's own domain.
    pub op_types: BTreeMap<String, u64>,
    /// Inputs of the top level.
    pub inputs: Vec<Port>,
    /// Outputs of the top level.
    pub outputs: Vec<Port>,
    /// Stored constants.
    pub initializers: Initializers,
    /// Weights, counted once each.
    pub parameters: u64,
    /// Multiply-accumulates of one inference, where the shapes are known at `macs_at`.
    pub macs: Option<u64>,
    /// Sizes that open batch dimensions were taken as for `macs`.
    pub macs_at: BTreeMap<String, u64>,
}

/// An imported operator set.
#[derive(Clone, Debug, Serialize)]
pub struct Opset {
    /// Domain; empty for ONNX's own.
    pub domain: String,
    /// Version.
    pub version: i64,
}

/// Who wrote the file.
#[derive(Clone, Debug, Serialize)]
pub struct Producer {
    /// Name; may be empty.
    pub name: String,
    /// Version; may be empty.
    pub version: String,
}

/// An input or output.
#[derive(Clone, Debug, Serialize)]
pub struct Port {
    /// Name.
    pub name: String,
    /// Element type; null when unknown.
    #[serde(rename = "type")]
    pub dtype: Option<DataType>,
    /// Sizes as numbers, symbols as strings, unknown ones as null; null when the rank is unknown.
    pub shape: Option<Shape>,
}

/// Count and size of stored constants.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Initializers {
    /// How many.
    pub count: u64,
    /// Bytes of their data, external files included.
    pub bytes: u64,
}

impl Graph {
    /// The model in a few numbers; O(graph).
    pub fn summary(&self) -> GraphSummary {
        let proto = self.model.proto();
        let top = &self.bodies[0];
        let mut op_types = BTreeMap::new();
        for node in &self.nodes {
            let name = match &*node.domain {
                "" => node.op_type.to_string(),
                domain => format!("{domain}::{}", node.op_type),
            };
            *op_types.entry(name).or_insert(0) += 1;
        }
        let macs_at = self.open_batches();
        let bind: Vec<(&str, u64)> = macs_at.iter().map(|(name, size)| (name.as_str(), *size)).collect();
        let costs = cost::costs(self, &bind);
        let known: Vec<u64> = costs.iter().filter_map(|c| c.macs).collect();
        let stored = self.tensors.iter().filter(|t| t.kind == TensorKind::Constant);
        let initializers = stored.fold(Initializers { count: 0, bytes: 0 }, |sum, t| Initializers {
            count: sum.count + 1,
            bytes: sum.bytes.saturating_add(t.stored_bytes),
        });
        GraphSummary {
            ir_version: proto.ir_version.unwrap_or_default(),
            opset_import: proto
                .opset_import
                .iter()
                .map(|o| Opset {
                    domain: o.domain.clone().unwrap_or_default(),
                    version: o.version.unwrap_or_default(),
                })
                .collect(),
            producer: Producer {
                name: proto.producer_name.clone().unwrap_or_default(),
                version: proto.producer_version.clone().unwrap_or_default(),
            },
            nodes: top.nodes.len() as u64,
            nested_nodes: (self.nodes.len() - top.nodes.len()) as u64,
            op_types,
            inputs: self.ports(&top.inputs),
            outputs: self.ports(&top.outputs),
            initializers,
            parameters: cost::total(self, &costs).parameters,
            macs: (!known.is_empty()).then(|| known.iter().fold(0u64, |sum, m| sum.saturating_add(*m))),
            macs_at,
        }
    }

    fn ports(&self, ids: &[TensorId]) -> Vec<Port> {
        let port = |id: &TensorId| {
            let tensor = self.tensor(*id);
            Port {
                name: tensor.name.to_string(),
                dtype: tensor.ty.dtype,
                shape: tensor.ty.shape.clone(),
            }
        };
        ids.iter().map(port).collect()
    }

    /// Symbols that are the first dimension of an input, each as 1: the size that costs are stated at.
    fn open_batches(&self) -> BTreeMap<String, u64> {
        let shapes = self.bodies[0]
            .inputs
            .iter()
            .filter_map(|id| self.tensor(*id).ty.shape.as_ref());
        let symbols = shapes.filter_map(|s| match s.0.first() {
            Some(Dim::Symbol(name)) => Some(name.to_string()),
            _ => None,
        });
        symbols.map(|name| (name, 1)).collect()
    }
}
