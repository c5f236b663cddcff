//! The types that are quantized to, and what each asks of a model.

use crate::model::DataType;
use serde::{Deserialize, Serialize};

/// Types to quantize to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuantMode {
    /// Signed 8-bit integers, zero at zero: activations and weights.
    #[default]
    Int8,
    /// 8-bit floats of 4 exponent and 3 mantissa bits (E4M3FN): activations and weights.
    Fp8,
    /// Signed 4-bit integers in blocks that share a scale: weights only.
    Int4,
}

impl QuantMode {
    /// `int8`, as recipes write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int8 => "int8",
            Self::Fp8 => "fp8",
            Self::Int4 => "int4",
        }
    }

    /// The patch's label.
    pub(in crate::rewrite) fn label(self) -> &'static str {
        match self {
            Self::Int8 => "Quantize to INT8",
            Self::Fp8 => "Quantize to FP8",
            Self::Int4 => "Quantize weights to INT4",
        }
    }

    /// As tensors have it.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Int8 => DataType::Int8,
            Self::Fp8 => DataType::Float8E4M3FN,
            Self::Int4 => DataType::Int4,
        }
    }

    /// The code that the largest magnitude becomes (the grid is symmetric; INT4 uses -8 only for what is clipped).
    pub fn largest(self) -> f32 {
        match self {
            Self::Int8 => 127.0,
            Self::Fp8 => 448.0,
            Self::Int4 => 7.0,
        }
    }

    /// Least opset: scales per channel came with QuantizeLinear-13, 8-bit floats with 19, 4 bits and blocks with 21.
    pub fn least_opset(self) -> i64 {
        match self {
            Self::Int8 => 13,
            Self::Fp8 => 19,
            Self::Int4 => 21,
        }
    }

    /// Least IR version that has the type.
    pub(super) fn least_ir(self) -> i64 {
        match self {
            Self::Int8 => 7,
            Self::Fp8 => 9,
            Self::Int4 => 10,
        }
    }

    /// True when what runs between the nodes is quantized too, for which values must have been seen.
    pub fn has_activations(self) -> bool {
        self != Self::Int4
    }
}

impl std::fmt::Display for QuantMode {
    /// `INT8`, as people read it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name().to_uppercase())
    }
}
