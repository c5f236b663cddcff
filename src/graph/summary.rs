//! What a model is in a few numbers: the answer of `inspect`.

use super::memory::Memory;
use super::sized::sized;
use super::sizes::Point;
use super::{Dim, Graph, NodeId, NodePath, Producer as Maker, Shape, TensorId, TensorKind, cost};
use crate::format;
use crate::model::{DataType, quoted};
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
    /// Initializers.
    pub initializers: Stored,
    /// Outputs of Constant nodes.
    pub constants: Stored,
    /// Weights, counted once each.
    pub parameters: u64,
    /// Multiply-accumulates of one inference; a lower bound where `macs_unknown` is not 0, null where nothing is known.
    pub macs: Option<u64>,
    /// Nodes that multiply and accumulate, but whose shapes are not known.
    pub macs_unknown: u64,
    /// Sizes that open batch dimensions were taken as for `macs` and `memory`, where no shapes were given.
    pub macs_at: BTreeMap<String, u64>,
    /// Memory of one inference.
    pub memory: MemorySummary,
    /// False where `macs` or `memory` is a lower bound.
    pub is_complete: bool,
}

/// Memory of one inference, see [`Memory`].
#[derive(Clone, Debug, Serialize)]
pub struct MemorySummary {
    /// Bytes of stored constants.
    pub weight_bytes: u64,
    /// Bytes of what is computed from constants alone, once, and read in every run.
    pub folded_bytes: u64,
    /// Most that inputs and computed tensors take at once.
    pub activation_bytes: u64,
    /// All three together.
    pub total_bytes: u64,
    /// Where the most is reached.
    pub peak: Option<Peak>,
    /// Bytes alive while each node of the top level runs, in the order in which they run: index of the node, bytes.
    pub curve: Vec<(u32, u64)>,
    /// Tensors whose size is not known; they count as nothing.
    pub unknown_tensors: u64,
    /// False where there are any, so that the figures are lower bounds.
    pub is_complete: bool,
}

/// The node that needs the most memory.
#[derive(Clone, Debug, Serialize)]
pub struct Peak {
    /// Where it is.
    pub node_path: NodePath,
    /// Its name; may be empty.
    pub node_name: String,
    /// Its operator.
    pub op_type: String,
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Stored {
    /// How many.
    pub count: u64,
    /// Bytes of their data, external files included.
    pub bytes: u64,
}

impl Stored {
    fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

impl Graph {
    /// Initializers and outputs of Constant nodes, those of bodies and functions included.
    pub fn stored_constants(&self) -> (Stored, Stored) {
        let (mut initializers, mut constants) = (Stored::default(), Stored::default());
        for tensor in self.tensors.iter().filter(|t| t.kind == TensorKind::Constant) {
            match tensor.producer {
                Maker::Node { .. } => constants.add(tensor.stored_bytes),
                _ => initializers.add(tensor.stored_bytes),
            }
        }
        (initializers, constants)
    }

    /// The model in a few numbers, what depends on sizes at this point; without one, with 1 for open batches.
    pub fn summary(&self, point: &Point) -> GraphSummary {
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
        let macs_at = if point.is_empty() {
            self.open_batches()
        } else {
            BTreeMap::new()
        };
        let bind: Vec<(&str, u64)> = macs_at.iter().map(|(name, size)| (name.as_str(), *size)).collect();
        let at_shapes = (!point.is_empty()).then(|| sized(self, point));
        let at = at_shapes.as_ref().unwrap_or(self);
        let total = cost::total(at, &cost::costs(at, &bind));
        let memory = MemorySummary::of(at, &Memory::of(at, &bind));
        let (initializers, constants) = self.stored_constants();
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
            constants,
            parameters: total.parameters,
            macs: (total.macs > 0 || total.macs_unknown == 0).then_some(total.macs),
            macs_unknown: total.macs_unknown,
            macs_at,
            is_complete: total.macs_unknown == 0 && memory.is_complete,
            memory,
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

impl MemorySummary {
    fn of(graph: &Graph, memory: &Memory) -> Self {
        let peak = |id: NodeId| {
            let node = graph.node(id);
            Peak {
                node_path: node.path.clone(),
                node_name: node.name.to_string(),
                op_type: node.op_type.to_string(),
            }
        };
        // Nodes of the top level come first, in file order: their number is their index.
        let curve = memory.curve().map(|(id, bytes)| (id.0, bytes));
        Self {
            weight_bytes: memory.weight_bytes,
            folded_bytes: memory.folded_bytes,
            activation_bytes: memory.activation_bytes,
            total_bytes: memory.total_bytes(),
            peak: memory.peak.map(peak),
            curve: curve.collect(),
            unknown_tensors: memory.unknown.len() as u64,
            is_complete: memory.is_complete(),
        }
    }
}

impl GraphSummary {
    /// `4.09 G multiply-accumulates at batch 1`; `at least` where nodes are not counted, with their number.
    pub fn macs_words(&self) -> String {
        let at: Vec<String> = self
            .macs_at
            .iter()
            .map(|(name, size)| format!("{name} {size}"))
            .collect();
        let at = match at.as_slice() {
            [] => String::new(),
            at => format!(" at {}", at.join(", ")),
        };
        cost::macs_words(self.macs.unwrap_or(0), self.macs_unknown, &at)
    }
}

impl MemorySummary {
    /// `102 MiB of memory: weights 97.5 MiB, activations 4.59 MiB, most at node "conv1" (Conv)`.
    pub fn words(&self) -> String {
        let least = if self.is_complete { "" } else { "at least " };
        let peak = match &self.peak {
            Some(peak) if peak.node_name.is_empty() => format!(", most at {} {}", peak.op_type, peak.node_path),
            Some(peak) => format!(", most at {} {}", peak.op_type, quoted(&peak.node_name)),
            None => String::new(),
        };
        let unknown = match self.unknown_tensors {
            0 => String::new(),
            n => format!("; {} of unknown size not counted", format::plural(n as usize, "tensor")),
        };
        let folded = match self.folded_bytes {
            0 => String::new(),
            n => format!("computed from constants {}, ", format::bytes(n)),
        };
        format!(
            "{least}{} of memory: weights {}, {folded}activations {}{peak}{unknown}",
            format::bytes(self.total_bytes),
            format::bytes(self.weight_bytes),
            format::bytes(self.activation_bytes),
        )
    }
}
