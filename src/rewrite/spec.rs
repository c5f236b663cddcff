//! The patches there are, as data: `[[patch]]` of a recipe.

use super::{CastSpec, LowType, QuantizeSpec};
use serde::{Deserialize, Serialize};

/// One patch with its parameters. `kind` names it in recipes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PatchSpec {
    /// Replace nodes whose inputs are all constant by their value.
    FoldConstants {
        /// Results larger than this many bytes are left as nodes; default 16 MiB.
        #[serde(default = "default_fold_limit")]
        max_bytes: u64,
    },
    /// Remove nodes that pass their input on unchanged: Identity, Dropout in inference, casts to the same type.
    RemoveNoOps {},
    /// Remove nodes and stored constants that no output depends on.
    RemoveDead {},
    /// Raise opset 11 or 12 to 13, the least that quantization needs.
    RaiseOpset {},
    /// Lower float32 to float16 or bfloat16.
    Cast(Box<CastSpec>),
    /// Compute in 8 bits, or store weights in 4, where that pays.
    Quantize(Box<QuantizeSpec>),
}

fn default_fold_limit() -> u64 {
    16 << 20
}

impl PatchSpec {
    /// True when the patch changes the types that the model computes in.
    pub fn is_precision(&self) -> bool {
        matches!(self, Self::Cast(_) | Self::Quantize(_))
    }

    /// What makes a model ready for quantization: weights that are constants, and an opset with scales per channel.
    pub fn before_quantizing() -> Vec<Self> {
        vec![
            Self::RaiseOpset {},
            Self::RemoveNoOps {},
            Self::FoldConstants {
                max_bytes: default_fold_limit(),
            },
        ]
    }

    /// Short label, as menus and diffs show it: `Fold constants`.
    pub fn label(&self) -> &'static str {
        match self {
            Self::FoldConstants { .. } => "Fold constants",
            Self::RemoveNoOps {} => "Remove nodes that do nothing",
            Self::RemoveDead {} => "Remove dead nodes",
            Self::RaiseOpset {} => "Raise the opset",
            Self::Cast(spec) => match spec.to {
                LowType::Fp16 => "Cast to FP16",
                LowType::Bf16 => "Cast to BF16",
            },
            Self::Quantize(spec) => spec.mode.label(),
        }
    }
}
