//! One file per operator family; each takes a [`Call`] and gives the facts of its outputs, `None` where it cannot tell.

mod contrib;
mod conv;
mod elementwise;
mod gather;
mod generate;
mod layout;
mod matmul;
mod normalization;
mod quantize;
mod reduce;
mod reshape;
mod rnn;
mod sequence;
mod signal;
mod vision;

pub(super) use conv::rooms;
pub(in crate::graph) use matmul::equation;

use super::call::Call;
use super::fact::Fact;
use super::size::Size;
use crate::model::DataType;

/// Facts of the node's outputs, in order; a shorter list leaves the rest unknown.
pub(super) fn outputs(call: &Call<'_>) -> Option<Vec<Fact>> {
    match &*call.node.domain {
        "" => standard(call),
        "com.microsoft" => contrib::outputs(call),
        _ => None,
    }
}

fn standard(call: &Call<'_>) -> Option<Vec<Fact>> {
    let op = &*call.node.op_type;
    match op {
        "Add" | "Sub" | "Mul" | "Div" | "Mod" | "Pow" | "And" | "Or" | "Xor" | "BitShift" | "BitwiseAnd"
        | "BitwiseOr" | "BitwiseXor" | "PRelu" | "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" => {
            elementwise::binary(call)
        }
        "Max" | "Min" | "Sum" | "Mean" => elementwise::variadic(call),
        "Where" => elementwise::where_(call),
        "Cast" | "CastLike" | "BitCast" => elementwise::cast(call),
        "Not" | "IsNaN" | "IsInf" => elementwise::to_bool(call),
        "Abs" | "Neg" | "Floor" | "Ceil" | "Round" | "Sign" | "Sqrt" | "Identity" => elementwise::unary_value(call),
        "Acos"
        | "Acosh"
        | "Asin"
        | "Asinh"
        | "Atan"
        | "Atanh"
        | "BitwiseNot"
        | "Celu"
        | "Clip"
        | "Cos"
        | "Cosh"
        | "CumSum"
        | "CumProd"
        | "Elu"
        | "Erf"
        | "Exp"
        | "Gelu"
        | "HardSigmoid"
        | "HardSwish"
        | "Hardmax"
        | "LeakyRelu"
        | "Log"
        | "LogSoftmax"
        | "Mish"
        | "Reciprocal"
        | "Relu"
        | "ScaledTanh"
        | "Selu"
        | "Shrink"
        | "Sigmoid"
        | "Sin"
        | "Sinh"
        | "Softmax"
        | "Softplus"
        | "Softsign"
        | "Swish"
        | "Tan"
        | "Tanh"
        | "ThresholdedRelu"
        | "LRN"
        | "MeanVarianceNormalization"
        | "LpNormalization"
        | "ReverseSequence"
        | "Trilu"
        | "ParametricSoftplus"
        | "ImageScaler"
        | "RotaryEmbedding"
        | "TensorScatter" => elementwise::same(call),
        "ScatterElements" | "ScatterND" | "Scatter" => elementwise::same(call),
        "Conv" | "ConvInteger" | "QLinearConv" | "DeformConv" => conv::conv(call),
        "ConvTranspose" => conv::transpose(call),
        "AveragePool" | "MaxPool" | "LpPool" => conv::pool(call),
        "GlobalAveragePool" | "GlobalMaxPool" | "GlobalLpPool" => conv::global_pool(call),
        "MaxUnpool" | "MaxRoiPool" | "RoiAlign" | "Resize" | "Upsample" | "GridSample" | "AffineGrid"
        | "NonMaxSuppression" | "CenterCropPad" | "Col2Im" | "ImageDecoder" => vision::outputs(call),
        "MatMul" | "MatMulInteger" | "QLinearMatMul" => matmul::matmul(call),
        "Gemm" => matmul::gemm(call),
        "Einsum" => matmul::einsum(call),
        "Attention" => matmul::attention(call),
        "Det" => matmul::det(call),
        "Reshape" => reshape::reshape(call),
        "Flatten" => reshape::flatten(call),
        "Squeeze" => reshape::squeeze(call),
        "Unsqueeze" => reshape::unsqueeze(call),
        "Expand" => reshape::expand(call),
        "Shape" => reshape::shape(call),
        "Size" => reshape::size(call),
        "Transpose" => layout::transpose(call),
        "Concat" => layout::concat(call),
        "Split" => layout::split(call),
        "Tile" => layout::tile(call),
        "Pad" => layout::pad(call),
        "DepthToSpace" => layout::depth_to_space(call),
        "SpaceToDepth" => layout::space_to_depth(call),
        "Slice" => layout::slice(call),
        "Gather" => gather::gather(call),
        "GatherElements" => gather::elements(call),
        "GatherND" => gather::nd(call),
        "Compress" | "Unique" | "NonZero" => gather::select(call),
        "OneHot" => gather::one_hot(call),
        "TopK" => gather::top_k(call),
        "ArgMax" | "ArgMin" => reduce::arg(call),
        _ if op.starts_with("Reduce") => reduce::reduce(call),
        "BatchNormalization" => normalization::batch(call),
        "LayerNormalization" | "RMSNormalization" | "SimplifiedLayerNormalization" => normalization::layer(call),
        "GroupNormalization" | "InstanceNormalization" => elementwise::same(call),
        "Dropout" => normalization::dropout(call),
        "RNN" | "GRU" | "LSTM" => rnn::rnn(call),
        "QuantizeLinear" => quantize::quantize(call),
        "DequantizeLinear" => quantize::dequantize(call),
        "DynamicQuantizeLinear" => quantize::dynamic(call),
        "Constant" => generate::constant(call),
        "ConstantOfShape" => generate::constant_of_shape(call),
        "Range" => generate::range(call),
        "EyeLike" | "RandomNormalLike" | "RandomUniformLike" | "Bernoulli" => generate::like(call),
        "RandomNormal" | "RandomUniform" => generate::random(call),
        "Multinomial" => generate::multinomial(call),
        "BlackmanWindow" | "HammingWindow" | "HannWindow" => signal::window(call),
        "DFT" => signal::dft(call),
        "STFT" => signal::stft(call),
        "MelWeightMatrix" => signal::mel(call),
        _ => sequence::outputs(call),
    }
}

/// One output.
fn one(dtype: Option<DataType>, shape: Option<Vec<Size>>) -> Option<Vec<Fact>> {
    Some(vec![Fact::new(dtype, shape)])
}

/// The sizes of several tensors that are broadcast together (ONNX, docs/Broadcasting.md); `None` when a rank is unknown
/// or they cannot be.
fn broadcast<'s>(shapes: impl IntoIterator<Item = Option<&'s [Size]>>) -> Option<Vec<Size>> {
    let mut out: Vec<Size> = Vec::new();
    for shape in shapes {
        let shape = shape?;
        while out.len() < shape.len() {
            out.insert(0, Size::Known(1));
        }
        let offset = out.len() - shape.len();
        for (slot, size) in out.iter_mut().skip(offset).zip(shape) {
            *slot = slot.broadcast(size)?;
        }
    }
    Some(out)
}

/// As [`broadcast`] for the inputs of a node. Where the walk is about what the graph demands, sizes that meet are equal:
/// the shorter expression stands for both.
fn met(call: &Call<'_>, indices: impl IntoIterator<Item = usize>) -> Option<Vec<Size>> {
    let shapes: Vec<&[Size]> = indices.into_iter().map(|i| call.shape(i)).collect::<Option<_>>()?;
    let mut out = broadcast(shapes.iter().map(|s| Some(*s)))?;
    if call.is_asked {
        let rank = out.len();
        for (at, slot) in out.iter_mut().enumerate().filter(|(_, slot)| slot.is_unknown()) {
            let sizes = shapes.iter().filter_map(|s| s.get((at + s.len()).checked_sub(rank)?));
            let named = sizes.filter(|s| matches!(s, Size::Expr(_)));
            if let Some(shortest) = named.reduce(shorter) {
                *slot = shortest.clone();
            }
        }
    }
    Some(out)
}

/// Of two sizes that are equal, the one to go on with: a number, else the shorter expression.
fn shorter<'s>(a: &'s Size, b: &'s Size) -> &'s Size {
    let length = |size: &Size| match size {
        Size::Known(_) => 0,
        Size::Expr(_) => crate::graph::Dim::from(size).to_string().len(),
        Size::Unknown => usize::MAX,
    };
    if length(b) < length(a) { b } else { a }
}
