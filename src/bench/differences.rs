//! Where a variant begins to differ from the reference: per tensor, and the first bad node.

use super::{OutputAccuracy, TaskAccuracy};
use crate::graph::{Graph, NodeId, NodePath};
use crate::model::DataType;
use crate::model::statistics::TensorStatistics;
use crate::recipe::Precision;
use serde::{Deserialize, Serialize};

/// A node, for people and for finding it in the reference's graph.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct NodeRef {
    /// Where it is in the reference's graph.
    pub path: NodePath,
    /// Its name; may be empty.
    pub name: String,
    /// Operator.
    pub op_type: String,
}

impl NodeRef {
    /// A node of this graph.
    pub fn of(graph: &Graph, id: NodeId) -> Self {
        let node = graph.node(id);
        Self {
            path: node.path.clone(),
            name: node.name.to_string(),
            op_type: node.op_type.to_string(),
        }
    }

    /// `/conv1/Conv (Conv)`; the path where there is no name.
    pub fn label(&self) -> String {
        match self.name.is_empty() {
            true => format!("{} ({})", self.path, self.op_type),
            false => format!("{} ({})", self.name, self.op_type),
        }
    }
}

/// One tensor in both engines, over all samples.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TensorDifference {
    /// Its name, the same in both graphs.
    pub tensor: String,
    /// The node that makes it, in the reference's graph.
    pub node: NodeRef,
    /// True for an output of the model.
    pub is_output: bool,
    /// See [`OutputMeter::error`](super::OutputMeter::error): size of the difference over size of the reference. None when
    /// the variant has NaN or infinities where the reference has numbers: no number is large enough for that.
    pub error: Option<f64>,
    /// All figures; `output` is the tensor's name.
    pub accuracy: OutputAccuracy,
}

impl TensorDifference {
    /// The error as a number that sorts: infinite where there is none.
    pub fn size(&self) -> f64 {
        self.error.unwrap_or(f64::INFINITY)
    }
}

/// Values of one tensor in both engines, in the batch where the first bad node was worst.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Activation {
    /// Its name.
    pub tensor: String,
    /// True when the node makes it, false when it reads it.
    pub is_made: bool,
    /// Error over all samples; none as in [`TensorDifference::error`], or for an input of the model.
    pub error: Option<f64>,
    /// In the reference engine.
    pub reference: Option<TensorStatistics>,
    /// In the variant's engine.
    pub variant: Option<TensorStatistics>,
}

/// A stored constant that a node reads.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Weight {
    /// Its name in the reference's graph.
    pub tensor: String,
    /// Its values, as stored for the reference.
    pub values: TensorStatistics,
}

/// Whether a node's error is its own, by running it alone on the reference's values.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Alone {
    /// Exact inputs give a bad output too: the node itself is at fault.
    Own {
        /// Its error alone; none when it gave NaN or infinities.
        error: Option<f64>,
    },
    /// With exact inputs the output is within the limit: errors that arrived with the inputs, each within the limit, were
    /// amplified here or added up.
    Arrived {
        /// Its error alone.
        error: f64,
    },
    /// It could not be run alone, and why.
    Unknown {
        /// In words.
        why: String,
    },
}

/// The first bad node: its output is beyond the limit and everything that it reads is within it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct FirstBad {
    /// The node, in the reference's graph.
    pub node: NodeRef,
    /// Its bad output; the worst of several.
    pub tensor: String,
    /// Largest error of what it reads; 0 when that is inputs of the model alone.
    pub error_before: f64,
    /// Error of the output; none as in [`TensorDifference::error`].
    pub error_after: Option<f64>,
    /// Nodes between the tensors compared whose own results could not be: one of them may be at fault instead.
    pub unseen: Vec<NodeRef>,
    /// Whether the error is its own.
    pub alone: Alone,
    /// Constants it reads.
    pub weights: Vec<Weight>,
    /// What it reads and makes, in both engines.
    pub activations: Vec<Activation>,
}

/// A variant against the reference.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Differences {
    /// File name of the variant's model.
    pub model: String,
    /// File name of the reference's model.
    pub reference_model: String,
    /// Target and version of the reference.
    pub reference: String,
    /// Target and version of the variant.
    pub variant: String,
    /// The variant's precision, as recipes name it.
    pub precision: String,
    /// What both ran on, in words.
    pub data: String,
    /// Samples compared.
    pub samples: u64,
    /// Error beyond which a tensor is bad.
    pub limit: f64,
    /// Where the limit comes from.
    pub limit_reason: String,
    /// The model's outputs, from engines that were asked for nothing else.
    pub outputs: Vec<TensorDifference>,
    /// Answers against labels, where the data has any.
    pub task: Option<TaskPair>,
    /// Tensors in the order of the reference's graph; empty when only outputs were compared.
    pub tensors: Vec<TensorDifference>,
    /// Tensors that could not be compared, and why.
    pub skipped: Vec<(String, String)>,
    /// The first bad node; none when it was not looked for, or when no output is bad.
    pub first_bad: Option<FirstBad>,
    /// Tensors that were asked for one by one, by binary search; 0 without one.
    pub probes: u64,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Answers of both engines against labels.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct TaskPair {
    /// The reference's.
    pub reference: TaskAccuracy,
    /// The variant's.
    pub variant: TaskAccuracy,
}

impl Differences {
    /// True when an output of the model is beyond the limit.
    pub fn is_bad(&self) -> bool {
        self.outputs.iter().any(|o| o.size() > self.limit)
    }
}

/// The limit where the user gives none: what a variant of this precision may differ by after many nodes that are all
/// right. About twenty unit roundoffs of 10 and 7 bits of mantissa for FP16 and BF16 (2^-11 and 2^-8); for float32 what
/// different orders of summation make; for integers the step between two values, which is a rule of thumb.
pub fn derived_limit(graph: &Graph, precision: Precision) -> (f64, String) {
    let has = |wanted: DataType| graph.tensors.iter().any(|t| t.ty.dtype == Some(wanted));
    let is_quantized = graph.nodes.iter().any(|n| {
        let op = &*n.op_type;
        op == "DequantizeLinear" || op.contains("QLinear") || op.ends_with("Integer")
    });
    let (limit, what) = match precision {
        Precision::Int4 => (0.3, "4-bit weights"),
        Precision::Fp8 => (0.2, "8-bit floats"),
        Precision::Int8 => (0.1, "8-bit integers"),
        _ if is_quantized => (0.1, "8-bit integers"),
        _ if precision == Precision::Bf16 || has(DataType::BFloat16) => (0.1, "BF16"),
        _ if precision == Precision::Fp16 || has(DataType::Float16) => (0.01, "FP16"),
        Precision::Tf32 => (0.01, "TF32"),
        _ => (1e-4, "FP32"),
    };
    (limit, format!("the default for {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{graph, model, node, proto};

    #[test]
    fn the_limit_follows_the_narrowest_type() {
        let of = |ops: &[&str], precision| {
            let nodes = ops.iter().map(|op| node(op, &["x"], &["y"])).collect();
            let p = proto(graph(&["x"], &["y"], vec![], nodes), vec![]);
            derived_limit(&Graph::new(model(&p)), precision).0
        };
        assert_eq!(of(&["Relu"], Precision::Fp32), 1e-4);
        assert_eq!(of(&["Relu"], Precision::Fp16), 0.01);
        assert!(of(&["Relu"], Precision::Bf16) > of(&["Relu"], Precision::Fp16));
        assert_eq!(of(&["DequantizeLinear"], Precision::Fp32), 0.1);
        let p = proto(graph(&["x"], &["y"], vec![], vec![]), vec![]);
        let (_, why) = derived_limit(&Graph::new(model(&p)), Precision::Tf32);
        assert_eq!(why, "the default for TF32");
    }

    #[test]
    fn a_node_without_a_name_is_called_by_its_place() {
        let node = NodeRef {
            path: NodePath::top(3),
            name: String::new(),
            op_type: "Conv".into(),
        };
        assert!(node.label().contains('3') && node.label().ends_with("(Conv)"));
    }
}
