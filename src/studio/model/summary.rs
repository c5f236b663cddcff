//! The model as a whole in figures, for the Model panel and the inspector.

use crate::graph::Graph;
use crate::graph::cost::{self, Cost};
use crate::graph::summary::Stored;
use crate::model::Model;

/// What can be said as soon as the file is open, before the graph is built.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// File name.
    pub file: String,
    /// Size of the model file in bytes.
    pub file_bytes: u64,
    /// Number of files beside it that hold weights.
    pub external_files: usize,
    /// IR version.
    pub ir_version: i64,
    /// Domain (`ai.onnx` for ONNX's own) and version.
    pub opsets: Vec<(String, i64)>,
    /// Program that wrote the file, with its version.
    pub producer: String,
    /// The graph's name.
    pub graph_name: String,
    /// Description.
    pub doc: String,
    /// Metadata pairs.
    pub metadata: Vec<(String, String)>,
    /// Nodes of the top level.
    pub nodes: usize,
    /// Model-local functions.
    pub functions: usize,
}

impl Outline {
    /// Read from the messages: O(graph).
    pub fn of(model: &Model) -> Self {
        let proto = model.proto();
        let text = |s: &Option<String>| s.clone().unwrap_or_default();
        let producer = [text(&proto.producer_name), text(&proto.producer_version)];
        Self {
            file: model
                .path()
                .file_name()
                .map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
            file_bytes: model.file_bytes(),
            external_files: model.external_files().len(),
            ir_version: proto.ir_version.unwrap_or_default(),
            opsets: proto
                .opset_import
                .iter()
                .map(|o| {
                    let domain = text(&o.domain);
                    (
                        if domain.is_empty() { "ai.onnx".into() } else { domain },
                        o.version.unwrap_or_default(),
                    )
                })
                .collect(),
            producer: producer.join(" ").trim().to_owned(),
            graph_name: text(&model.graph().name),
            doc: text(&proto.doc_string),
            metadata: proto
                .metadata_props
                .iter()
                .map(|p| (text(&p.key), text(&p.value)))
                .collect(),
            nodes: model.graph().node.len(),
            functions: proto.functions.len(),
        }
    }
}

/// Figures that need the graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Nodes, bodies and functions included.
    pub nodes: usize,
    /// Operator with its number, most frequent first; other domains are part of the name.
    pub operators: Vec<(String, usize)>,
    /// Initializers, those of bodies included.
    pub initializers: Stored,
    /// Outputs of Constant nodes.
    pub constants: Stored,
    /// Weights and multiply-accumulates.
    pub total: cost::Total,
}

impl Figures {
    /// Computed from the graph and its costs.
    pub fn of(graph: &Graph, costs: &[Cost]) -> Self {
        let mut counts = std::collections::BTreeMap::<String, usize>::new();
        for node in &graph.nodes {
            let name = if node.domain.is_empty() {
                node.op_type.to_string()
            } else {
                format!("{}::{}", node.domain, node.op_type)
            };
            *counts.entry(name).or_default() += 1;
        }
        let mut operators: Vec<_> = counts.into_iter().collect();
        operators.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let (initializers, constants) = graph.stored_constants();
        Self {
            nodes: graph.nodes.len(),
            operators,
            initializers,
            constants,
            total: cost::total(graph, costs),
        }
    }
}
