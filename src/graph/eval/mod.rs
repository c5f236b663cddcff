//! Values of operators whose inputs are all known: shape arithmetic and cheap operators, with ONNX's exact semantics.
//!
//! Serves constant folding. Every family of operators has a file; what is not here is simply not evaluated. Nothing
//! random, nothing that runs a body. Results are refused before memory for them is taken when they exceed the limit.

mod arithmetic;
mod cast;
mod compare;
mod create;
mod dims;
mod movement;
mod numbers;
mod reduce;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use dims::shape_range;

use crate::model::onnx::NodeProto;
use crate::model::{Attributes, DataType, Model, Tensor};

/// A node to evaluate.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    /// The model, for tensors in attributes.
    pub model: &'a Model,
    /// The node; its operator must be in ONNX's own domain.
    pub node: &'a NodeProto,
    /// Version of ONNX's operator set that the node means.
    pub opset: i64,
    /// Largest result in bytes.
    pub limit: u64,
}

/// Why a node is not evaluated.
#[derive(Clone, PartialEq, Debug)]
pub enum Refusal {
    /// The operator is not evaluated here.
    Unsupported,
    /// The operator is, but not in this case (its type, a mode, values outside the rules); why.
    Case(String),
    /// The result would take this many bytes.
    TooLarge(u64),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unsupported => f.write_str("the operator is not evaluated ahead of time"),
            Self::Case(reason) => f.write_str(reason),
            Self::TooLarge(bytes) => write!(f, "the result would take {bytes} bytes"),
        }
    }
}

type Outcome = Result<Vec<Tensor>, Refusal>;
type Inputs<'a> = [Option<&'a Tensor>];

fn case<T>(reason: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Case(reason.into()))
}

/// Computes the outputs of a node from its inputs (`None` where an optional one is left out).
///
/// # Errors
/// [`Refusal`], when the node must stay as it is.
pub fn evaluate(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let op = operation.node.op_type.as_deref().unwrap_or_default();
    // Their semantics before these versions differ in more than where attributes stand.
    if operation.opset < 7
        && matches!(
            op,
            "Add"
                | "Sub"
                | "Mul"
                | "Div"
                | "Pow"
                | "And"
                | "Or"
                | "Xor"
                | "Equal"
                | "Greater"
                | "Less"
                | "Tile"
                | "Max"
                | "Min"
        )
    {
        return case(format!("{op} before opset 7 broadcasts differently"));
    }
    let run = match op {
        "Add" | "Sub" | "Mul" | "Div" | "Mod" | "Pow" => arithmetic::binary,
        "Min" | "Max" | "Sum" => arithmetic::variadic,
        "Neg" | "Abs" | "Sign" | "Floor" | "Ceil" | "Round" | "Sqrt" | "Reciprocal" | "Exp" | "Log" | "Sin" | "Cos" => {
            arithmetic::unary
        }
        "Clip" => arithmetic::clip,
        "Equal" | "Greater" | "Less" | "GreaterOrEqual" | "LessOrEqual" => compare::compare,
        "And" | "Or" | "Xor" => compare::logic,
        "Not" => compare::not,
        "Where" => compare::select,
        "Cast" | "CastLike" => cast::cast,
        "Shape" => dims::shape,
        "Size" => dims::size,
        "Identity" => dims::identity,
        "Reshape" => dims::reshape,
        "Flatten" => dims::flatten,
        "Squeeze" => dims::squeeze,
        "Unsqueeze" => dims::unsqueeze,
        "Transpose" => movement::transpose,
        "Expand" => movement::expand,
        "Tile" => movement::tile,
        "Slice" => movement::slice,
        "Split" => movement::split,
        "Concat" => movement::concat,
        "Gather" => movement::gather,
        "Pad" => movement::pad,
        "Range" => create::range,
        "ConstantOfShape" => create::constant_of_shape,
        "NonZero" => create::non_zero,
        "ReduceSum" | "ReduceProd" | "ReduceMin" | "ReduceMax" | "ReduceMean" => reduce::reduce,
        _ => return Err(Refusal::Unsupported),
    };
    run(operation, inputs)
}

impl Operation<'_> {
    fn op_type(&self) -> &str {
        self.node.op_type.as_deref().unwrap_or_default()
    }

    /// Number of elements of a result with these dims, when it stays within the limit.
    fn elements(&self, dtype: DataType, dims: &[u64]) -> Result<usize, Refusal> {
        // No runtime takes tensors of such ranks; loops over dims stay short.
        if dims.len() > 64 {
            return case(format!("rank {} is beyond what runtimes take", dims.len()));
        }
        if dims.contains(&0) {
            return Ok(0);
        }
        let elements = dims.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
        let bytes = elements.and_then(|n| dtype.packed_bytes(n)).unwrap_or(u64::MAX);
        match elements.and_then(|n| usize::try_from(n).ok()) {
            Some(n) if bytes <= self.limit => Ok(n),
            _ => Err(Refusal::TooLarge(bytes)),
        }
    }

    /// Axes given as attribute (older opsets) or as input (newer ones); `None` when given nowhere.
    fn axes(&self, inputs: &Inputs<'_>, at: usize) -> Result<Option<Vec<i64>>, Refusal> {
        match inputs.get(at).copied().flatten() {
            Some(tensor) => Ok(Some(integers(tensor)?)),
            None => Ok(self.node.attr("axes").map(|a| a.ints.clone())),
        }
    }
}

/// The input, which the operator needs.
fn input<'a>(inputs: &Inputs<'a>, at: usize) -> Result<&'a Tensor, Refusal> {
    match inputs.get(at).copied().flatten() {
        Some(tensor) => Ok(tensor),
        None => case(format!("input {at} is missing")),
    }
}

/// Values of an int64 or int32 tensor (what ONNX takes for shapes, axes and indices).
fn integers(tensor: &Tensor) -> Result<Vec<i64>, Refusal> {
    match (tensor.dtype, tensor.to_i64()) {
        (DataType::Int64 | DataType::Int32, Some(values)) => Ok(values),
        _ => case(format!("{} where integers are needed", tensor.dtype)),
    }
}

/// An axis counted from the front; negative ones count from the back.
fn axis(axis: i64, rank: usize) -> Result<usize, Refusal> {
    let rank_i = rank as i64;
    let from_front = if axis < 0 { axis + rank_i } else { axis };
    match usize::try_from(from_front) {
        Ok(a) if a < rank => Ok(a),
        _ => case(format!("axis {axis} does not exist at rank {rank}")),
    }
}

/// Bytes of one element; types that share bytes are not moved about.
fn element_size(dtype: DataType) -> Result<usize, Refusal> {
    match dtype.bits() as usize {
        bits if bits >= 8 && bits % 8 == 0 => Ok(bits / 8),
        _ => case(format!("elements of {dtype} are packed")),
    }
}

/// A tensor whose bytes are known to fit.
fn tensor(dtype: DataType, dims: Vec<u64>, bytes: impl Into<bytes::Bytes>) -> Result<Tensor, Refusal> {
    match Tensor::new(dtype, &dims, bytes.into()) {
        Some(tensor) => Ok(tensor),
        None => case("the result does not fit its own dims"),
    }
}
