//! Why nodes that carry no weights, are no residual addition and no pool stay float.

use super::alone::is_recurrent;
use super::place::Placer;
use crate::graph::{Node, NodeId, TensorId};
use crate::model::DataType;

/// Operators whose exponentials, sums of squares or error functions need more than 8 bits, as one kernel.
const PRECISE: [&str; 16] = [
    "Softmax",
    "LogSoftmax",
    "Hardmax",
    "LayerNormalization",
    "SimplifiedLayerNormalization",
    "SkipLayerNormalization",
    "RMSNormalization",
    "GroupNormalization",
    "InstanceNormalization",
    "LpNormalization",
    "MeanVarianceNormalization",
    "LRN",
    "Gelu",
    "FastGelu",
    "Erf",
    "Attention",
];

/// Operators that give values on as they are.
const MOVING: [&str; 22] = [
    "Reshape",
    "Flatten",
    "Transpose",
    "Squeeze",
    "Unsqueeze",
    "Identity",
    "Slice",
    "Split",
    "Gather",
    "GatherND",
    "GatherElements",
    "Expand",
    "Tile",
    "Pad",
    "Concat",
    "DepthToSpace",
    "SpaceToDepth",
    "ScatterND",
    "ScatterElements",
    "Where",
    "Dropout",
    "Cast",
];

/// Operators that work value by value, which engines fuse with what makes their input.
pub(super) const POINTWISE: [&str; 32] = [
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Pow",
    "Sqrt",
    "Reciprocal",
    "Neg",
    "Abs",
    "Exp",
    "Log",
    "Min",
    "Max",
    "Relu",
    "LeakyRelu",
    "PRelu",
    "Clip",
    "Sigmoid",
    "HardSigmoid",
    "HardSwish",
    "Swish",
    "Tanh",
    "Elu",
    "Selu",
    "Celu",
    "Mish",
    "Softplus",
    "Softsign",
    "BatchNormalization",
    "Floor",
    "Ceil",
    "Round",
];

impl Placer<'_> {
    /// Why a node in a body or a function stays float.
    pub(super) fn inside(&self) -> String {
        match self.mode().has_activations() {
            true => "it runs inside a body or function, where the distribution of values, which a threshold needs, is not seen",
            false => "it runs inside a body or function; only weights of the top level are quantized",
        }
        .into()
    }

    /// The reason for a node that nothing else spoke about.
    pub(super) fn other(&self, id: NodeId) -> String {
        let graph = self.graph;
        let node = graph.node(id);
        if node.body != 0 {
            return self.inside();
        }
        if node.function.is_some() {
            return "it calls a local function, which stays as it is unless it is inlined first".into();
        }
        let op = &*node.op_type;
        if !node.domain.is_empty() && !PRECISE.contains(&op) {
            return format!("what {op} of {} computes is not known", node.domain);
        }
        if !node.owned_bodies.is_empty() {
            return "what it computes stands in its bodies, which stay float".into();
        }
        if op == "Constant" {
            return "it holds a constant; those that become codes are stored as such".into();
        }
        let is_float = |t: &TensorId| graph.tensor(*t).ty.dtype == Some(DataType::Float32);
        let mut tensors = node.inputs.iter().chain(&node.outputs).flatten();
        if !tensors.any(is_float) {
            return "it computes on no float32 values".into();
        }
        if !self.mode().has_activations() {
            return "only weights of MatMul and Gemm are stored in 4 bits".into();
        }
        if let Some(what) = self.groups.get(&id) {
            return format!("it is part of {what}, whose inner values 8 bits would spoil");
        }
        if PRECISE.contains(&op) {
            return format!("the values inside {op} need more than 8 bits");
        }
        if op == "Concat" && self.shares_scale(node) {
            return "it only moves values; its inputs and its output share one scale".into();
        }
        if MOVING.contains(&op) {
            return "it only moves values, which it gives on as they come".into();
        }
        if POINTWISE.contains(&op) {
            return match node.inputs.iter().flatten().any(|t| self.is_constant(*t)) {
                true => "it works value by value with a constant; engines fuse it with what makes its input".into(),
                false => "it works value by value; a pair of its own would cost more than it saves".into(),
            };
        }
        if matches!(op, "MaxPool" | "AveragePool" | "GlobalAveragePool" | "ConvTranspose") {
            return format!("engines have no {} {op}", self.mode());
        }
        if is_recurrent(node) {
            return format!("engines compute {op} in float; its weights alone can be stored in INT8");
        }
        format!("engines compute {op} in float")
    }

    fn shares_scale(&self, node: &Node) -> bool {
        let mut tensors = node.inputs.iter().chain(&node.outputs).flatten();
        tensors.any(|t| self.scales.scale(*t).is_some())
    }
}
