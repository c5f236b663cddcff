//! The precision choice.

use serde::{Deserialize, Serialize};

/// What numbers the engine computes with. On strongly typed targets every choice but `fp32` and `tf32` is a patch of the
/// graph; on `tensorrt` 10.x weak typing exists too, as a build option.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Precision {
    #[default]
    Fp32,
    /// FP32 with TensorFloat-32 matrix units allowed.
    Tf32,
    Fp16,
    Bf16,
    Int8,
    Fp8,
    /// Weight-only, block-wise.
    Int4,
}

impl Precision {
    /// All, in the order of menus.
    pub const ALL: [Self; 7] = [
        Self::Fp32,
        Self::Tf32,
        Self::Fp16,
        Self::Bf16,
        Self::Int8,
        Self::Fp8,
        Self::Int4,
    ];

    /// True for types of less than 32 bits.
    pub fn is_lower(self) -> bool {
        !matches!(self, Self::Fp32 | Self::Tf32)
    }

    /// `fp32`, as recipes and the command line write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Tf32 => "tf32",
            Self::Fp16 => "fp16",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
            Self::Fp8 => "fp8",
            Self::Int4 => "int4",
        }
    }
}

impl std::fmt::Display for Precision {
    /// `FP32`, as people read it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name().to_uppercase())
    }
}
