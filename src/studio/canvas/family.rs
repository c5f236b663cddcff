//! Operator families: the rough kinds of work by which nodes are coloured.

/// What kind of work an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Convolutions.
    Convolution,
    /// Matrix products, attention, recurrent cells.
    MatrixProduct,
    /// Activation functions and softmax.
    Activation,
    /// Batch, layer and other normalizations, dropout.
    Normalization,
    /// Pooling and resizing.
    Pooling,
    /// Arithmetic, comparisons, logic, reductions.
    Arithmetic,
    /// What moves data or makes shapes: reshape, transpose, concat, gather, casts.
    Layout,
    /// Quantize, dequantize and quantized operators.
    Quantization,
    /// If, Loop, Scan and sequence operators.
    Control,
    /// Operators of other domains and everything unknown.
    Other,
}

impl Family {
    /// All families, in the order of the legend.
    pub const ALL: [Self; 10] = [
        Self::Convolution,
        Self::MatrixProduct,
        Self::Activation,
        Self::Normalization,
        Self::Pooling,
        Self::Arithmetic,
        Self::Layout,
        Self::Quantization,
        Self::Control,
        Self::Other,
    ];

    /// Name for the legend.
    pub fn name(self) -> &'static str {
        match self {
            Self::Convolution => "Convolution",
            Self::MatrixProduct => "Matrix product",
            Self::Activation => "Activation",
            Self::Normalization => "Normalization",
            Self::Pooling => "Pooling, resize",
            Self::Arithmetic => "Arithmetic",
            Self::Layout => "Shape, data",
            Self::Quantization => "Quantization",
            Self::Control => "Control flow",
            Self::Other => "Other",
        }
    }

    /// The family of an ONNX operator. Operators of other domains count by their name if it is a known one.
    pub fn of(op_type: &str) -> Self {
        match op_type {
            "Conv" | "ConvTranspose" | "DeformConv" | "FusedConv" | "CausalConvWithState" => Self::Convolution,
            "MatMul"
            | "Gemm"
            | "Einsum"
            | "LSTM"
            | "GRU"
            | "RNN"
            | "Attention"
            | "MultiHeadAttention"
            | "GroupQueryAttention"
            | "FusedMatMul"
            | "FusedGemm"
            | "MatMulNBits"
            | "LinearAttention" => Self::MatrixProduct,
            "Relu" | "LeakyRelu" | "PRelu" | "Elu" | "Selu" | "Celu" | "Gelu" | "Sigmoid" | "HardSigmoid"
            | "HardSwish" | "Swish" | "Mish" | "Tanh" | "Softmax" | "LogSoftmax" | "Softplus" | "Softsign"
            | "ThresholdedRelu" | "Clip" | "Erf" | "FastGelu" | "QuickGelu" | "BiasGelu" | "Hardmax" | "Shrink" => {
                Self::Activation
            }
            "BatchNormalization"
            | "LayerNormalization"
            | "InstanceNormalization"
            | "GroupNormalization"
            | "RMSNormalization"
            | "SimplifiedLayerNormalization"
            | "SkipLayerNormalization"
            | "SkipSimplifiedLayerNormalization"
            | "LpNormalization"
            | "MeanVarianceNormalization"
            | "LRN"
            | "Dropout" => Self::Normalization,
            "MaxPool" | "AveragePool" | "GlobalAveragePool" | "GlobalMaxPool" | "LpPool" | "GlobalLpPool"
            | "MaxRoiPool" | "RoiAlign" | "MaxUnpool" | "Resize" | "Upsample" | "GridSample" | "AffineGrid" => {
                Self::Pooling
            }
            "QuantizeLinear"
            | "DequantizeLinear"
            | "DynamicQuantizeLinear"
            | "QLinearConv"
            | "QLinearMatMul"
            | "ConvInteger"
            | "MatMulInteger"
            | "QLinearAdd"
            | "QLinearMul"
            | "QGemm" => Self::Quantization,
            "If" | "Loop" | "Scan" | "SequenceMap" | "SequenceConstruct" | "SequenceEmpty" | "SequenceAt"
            | "SequenceInsert" | "SequenceErase" | "SequenceLength" | "ConcatFromSequence" | "SplitToSequence"
            | "Optional" | "OptionalGetElement" | "OptionalHasElement" => Self::Control,
            "Reshape" | "Transpose" | "Concat" | "Split" | "Slice" | "Gather" | "GatherElements" | "GatherND"
            | "ScatterElements" | "ScatterND" | "Scatter" | "TensorScatter" | "Squeeze" | "Unsqueeze" | "Flatten"
            | "Expand" | "Tile" | "Pad" | "Shape" | "Size" | "Cast" | "CastLike" | "Identity" | "Constant"
            | "ConstantOfShape" | "Range" | "Where" | "OneHot" | "EyeLike" | "DepthToSpace" | "SpaceToDepth"
            | "ReverseSequence" | "Compress" | "NonZero" | "TopK" | "Unique" | "Trilu" | "CenterCropPad" | "Col2Im"
            | "RotaryEmbedding" | "NonMaxSuppression" | "BitCast" => Self::Layout,
            "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Sqrt" | "Exp" | "Log" | "Neg" | "Abs" | "Sign" | "Reciprocal"
            | "Floor" | "Ceil" | "Round" | "Mod" | "Min" | "Max" | "Mean" | "Sum" | "Sin" | "Cos" | "Tan" | "Asin"
            | "Acos" | "Atan" | "Sinh" | "Cosh" | "Asinh" | "Acosh" | "Atanh" | "Equal" | "Greater" | "Less"
            | "GreaterOrEqual" | "LessOrEqual" | "And" | "Or" | "Not" | "Xor" | "BitShift" | "BitwiseAnd"
            | "BitwiseOr" | "BitwiseNot" | "BitwiseXor" | "IsNaN" | "IsInf" | "ReduceMean" | "ReduceSum"
            | "ReduceMax" | "ReduceMin" | "ReduceProd" | "ReduceL1" | "ReduceL2" | "ReduceLogSum"
            | "ReduceLogSumExp" | "ReduceSumSquare" | "CumSum" | "CumProd" | "ArgMax" | "ArgMin" | "Det" | "DFT"
            | "STFT" => Self::Arithmetic,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_operators_have_their_family() {
        assert_eq!(Family::of("Conv"), Family::Convolution);
        assert_eq!(Family::of("QLinearConv"), Family::Quantization);
        assert_eq!(Family::of("NobodyKnows"), Family::Other);
    }

    #[test]
    fn all_lists_every_family_at_its_own_index() {
        assert!(Family::ALL.iter().enumerate().all(|(i, &f)| f as usize == i));
    }
}
