//! The patches there are, as data: `[[patch]]` of a recipe.

use super::{CastSpec, LowType, QuantizeSpec};
use crate::graph::Graph;
use crate::model::{DataType, Model};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One patch with its parameters. `kind` names it in recipes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PatchSpec {
    /// Give nodes names of their own, put them in order, correct declared types and shapes.
    Mend {
        /// Also remove inputs that nothing reads: callers then give fewer.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unused_inputs: bool,
    },
    /// Replace each call of a model-local function by the nodes of the function.
    InlineFunctions {},
    /// Replace nodes whose inputs are all constant by their value.
    FoldConstants {
        /// Results larger than this many bytes are left as nodes; default 16 MiB.
        #[serde(default = "default_fold_limit")]
        max_bytes: u64,
        /// Also what is made from weights that other nodes read too, which stores those weights twice.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        copies: bool,
    },
    /// Remove nodes that pass their input on unchanged: Identity, Dropout in inference, casts to the same type.
    RemoveNoOps {},
    /// Remove nodes and stored constants that no output depends on.
    RemoveDead {},
    /// Let one copy of equal constants and of nodes that compute the same stand for all.
    MergeDuplicates {},
    /// Merge BatchNormalization, and Mul, Div, Add or Sub with a constant per channel, into the weights before them.
    MergeScales {},
    /// Shorten chains that one node does as well: reshapes, transpositions, slices, paddings in front of convolutions.
    SimplifyChains {},
    /// Replace each If whose condition is constant by the branch that runs.
    InlineConstantIfs {},
    /// Fuse LayerNormalization written out in small operators; needs opset 17.
    FuseLayerNorm {
        /// Also where the variance is written as mean(x^2) - mean(x)^2, which loses digits that the operator does not.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        mean_of_squares: bool,
    },
    /// Fuse RMSNormalization written out in small operators; needs opset 23.
    FuseRmsNorm {},
    /// Fuse Gelu written out in small operators, exact or approximated by tanh; needs opset 20.
    FuseGelu {},
    /// Raise the opset, from 7 on.
    RaiseOpset {
        /// To this one, 13 to 23; default 13, the least that quantization needs.
        #[serde(default = "default_opset")]
        to: i64,
    },
    /// Make inner tensors outputs of the model, to look at them.
    AddOutputs {
        /// Their names.
        tensors: Vec<String>,
    },
    /// Make the smallest and largest value of each float tensor inside bodies of If, Loop and Scan outputs of the model.
    AddBodyRanges {},
    /// Fix open sizes of inputs.
    FixSizes {
        /// The size by symbol (`batch`), or by input and axis (`images:0`).
        sizes: BTreeMap<String, u64>,
    },
    /// Make a fixed size of inputs open, and rewrite the constants that hold it.
    OpenSize {
        /// The symbol it gets.
        name: String,
        /// Where it is: inputs and axes (`images:0`), all of one size.
        axes: Vec<String>,
    },
    /// Take out pairs of QuantizeLinear and DequantizeLinear, and make constants that are dequantized floats.
    StripQuantization {},
    /// Make float16 and bfloat16 float32; inputs and outputs keep their types.
    RaiseFloats {},
    /// Lower float32 to float16 or bfloat16.
    Cast(Box<CastSpec>),
    /// Compute in 8 bits, or store weights in 4, where that pays.
    Quantize(Box<QuantizeSpec>),
}

fn default_fold_limit() -> u64 {
    16 << 20
}

/// Opsets offered by name: with scales per channel, with LayerNormalization and types of 8 bits, with 4 bits, with BF16.
const OFFERED_OPSETS: [i64; 4] = [13, 19, 21, 22];

fn default_opset() -> i64 {
    13
}

impl Default for PatchSpec {
    /// Folding constants, which is the first thing to do to any model.
    fn default() -> Self {
        Self::FoldConstants {
            max_bytes: default_fold_limit(),
            copies: false,
        }
    }
}

impl PatchSpec {
    /// True when the patch changes the types that the model computes in.
    pub fn is_precision(&self) -> bool {
        matches!(self, Self::Cast(_) | Self::Quantize(_))
    }

    /// What comes before lowering a model's precision where it has local functions, whose nodes are seen and changed only once
    /// they are inlined.
    pub fn before_lowering(model: &Model) -> Option<Self> {
        (!model.proto().functions.is_empty()).then_some(Self::InlineFunctions {})
    }

    /// What a model with 16-bit floats needs before it is quantized: float32, which scales and ranges are made for.
    pub fn before_quantizing_halves(graph: &Graph) -> Option<Self> {
        let is_half = |dtype| matches!(dtype, Some(DataType::Float16 | DataType::BFloat16));
        let has = graph.tensors.iter().any(|t| is_half(t.ty.dtype));
        has.then_some(Self::RaiseFloats {})
    }

    /// What makes a model ready for quantization: an opset that has what it needs, and weights that are constants.
    pub fn before_quantizing(opset: i64) -> Vec<Self> {
        // Of a weight that two nodes read in different forms, each form is quantized on its own.
        let fold = Self::FoldConstants {
            max_bytes: default_fold_limit(),
            copies: true,
        };
        vec![Self::RaiseOpset { to: opset }, Self::RemoveNoOps {}, fold]
    }

    /// What makes a model ready for a cast: an opset whose operators take the type, constants computed, and layer normalizations in one piece,
    /// whose squares and roots then stay precise inside (ONNX Runtime 1.24 does not load some that are cast in pieces).
    pub fn before_casting(to: LowType) -> Vec<Self> {
        let opset = match to {
            LowType::Fp16 => 17,
            LowType::Bf16 => 22,
        };
        vec![
            Self::RaiseOpset { to: opset },
            // What is constant need not be run, in types that the engine may have no kernels for.
            Self::default(),
            Self::FuseLayerNorm { mean_of_squares: false },
        ]
    }

    /// What is done to clean a model up, in order. None of it changes results beyond rounding.
    pub fn clean_up() -> Vec<Self> {
        vec![
            Self::Mend { unused_inputs: false },
            Self::InlineFunctions {},
            Self::default(),
            Self::InlineConstantIfs {},
            Self::RemoveNoOps {},
            Self::SimplifyChains {},
            Self::MergeScales {},
            Self::MergeDuplicates {},
            Self::FuseLayerNorm { mean_of_squares: false },
            Self::FuseRmsNorm {},
            Self::FuseGelu {},
            Self::RemoveDead {},
        ]
    }

    /// The patches that take back what others lowered.
    pub fn to_float() -> [Self; 2] {
        [Self::StripQuantization {}, Self::RaiseFloats {}]
    }

    /// The patches that need no choices, in the order in which they are best applied.
    pub fn offered() -> Vec<Self> {
        let mut out = Self::clean_up();
        out.extend(Self::to_float());
        out.extend(OFFERED_OPSETS.map(|to| Self::RaiseOpset { to }));
        out
    }

    /// The name that recipes and `clean --only` use: `fold-constants`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Mend { .. } => "mend",
            Self::InlineFunctions {} => "inline-functions",
            Self::FoldConstants { .. } => "fold-constants",
            Self::RemoveNoOps {} => "remove-no-ops",
            Self::RemoveDead {} => "remove-dead",
            Self::MergeDuplicates {} => "merge-duplicates",
            Self::MergeScales {} => "merge-scales",
            Self::SimplifyChains {} => "simplify-chains",
            Self::InlineConstantIfs {} => "inline-constant-ifs",
            Self::FuseLayerNorm { .. } => "fuse-layer-norm",
            Self::FuseRmsNorm {} => "fuse-rms-norm",
            Self::FuseGelu {} => "fuse-gelu",
            Self::RaiseOpset { .. } => "raise-opset",
            Self::AddOutputs { .. } => "add-outputs",
            Self::AddBodyRanges {} => "add-body-ranges",
            Self::FixSizes { .. } => "fix-sizes",
            Self::OpenSize { .. } => "open-size",
            Self::StripQuantization {} => "strip-quantization",
            Self::RaiseFloats {} => "raise-floats",
            Self::Cast(_) => "cast",
            Self::Quantize(_) => "quantize",
        }
    }

    /// The operator that the patch puts in, which a target must take.
    pub fn makes(&self) -> Option<&'static str> {
        match self {
            Self::FuseLayerNorm { .. } => Some("LayerNormalization"),
            Self::FuseRmsNorm {} => Some("RMSNormalization"),
            Self::FuseGelu {} => Some("Gelu"),
            _ => None,
        }
    }

    /// What the patch is for, in a sentence or two.
    pub fn explanation(&self) -> &'static str {
        match self {
            Self::Mend { .. } => {
                "Node names that several nodes have, nodes in the wrong order, declared types and shapes that are not what the operators give"
            }
            Self::InlineFunctions {} => {
                "Each call of a function that the model defines becomes the nodes of that function, which other patches can then change"
            }
            Self::FoldConstants { .. } => {
                "Computes what depends on constants and known shapes only, once and for all; results stay the same"
            }
            Self::RemoveNoOps {} => {
                "Identity, Dropout in inference, casts to the type a tensor has already, adding zero (to -0.0 too), multiplying by one"
            }
            Self::RemoveDead {} => "Nodes and stored constants that no output depends on",
            Self::MergeDuplicates {} => "One copy of equal constants, and of nodes that compute the same",
            Self::MergeScales {} => {
                "BatchNormalization and constants per channel go into the weights before them; results change by rounding only"
            }
            Self::AddBodyRanges {} => {
                "The smallest and largest values of tensors inside bodies become outputs, which engines cannot give otherwise"
            }
            Self::AddOutputs { .. } => "Inner tensors become outputs, so that engines give their values",
            Self::SimplifyChains {} => {
                "A reshape of a reshape, a transposition of a transposition, a slice of a slice become one node"
            }
            Self::InlineConstantIfs {} => "An If with a constant condition is replaced by the branch that runs",
            Self::FuseLayerNorm { .. } => "LayerNormalization written out becomes one operator; needs opset 17",
            Self::FuseRmsNorm {} => "RMSNormalization written out becomes one operator; needs opset 23",
            Self::FuseGelu {} => "Gelu written out becomes one operator; needs opset 20",
            Self::RaiseOpset { .. } => "Newer operators become possible; quantization needs 13",
            Self::FixSizes { .. } => "Open sizes of inputs get one value; an engine for one shape is often faster",
            Self::OpenSize { .. } => {
                "A fixed size of inputs becomes open; reshapes, slices and expansions that hold it are rewritten"
            }
            Self::StripQuantization {} => {
                "QuantizeLinear and DequantizeLinear go, quantized weights become floats: the model computes in float again"
            }
            Self::RaiseFloats {} => {
                "What was lowered to 16 bits computes in float32 again, so that it can be lowered otherwise; inputs and outputs keep their types"
            }
            Self::Cast(_) => {
                "Nodes that can take it compute in 16 bits; half the memory, faster where the hardware has it"
            }
            Self::Quantize(_) => {
                "What pays is computed in 8 bits, with scales from calibration data, or read from 4-bit weights"
            }
        }
    }

    /// Short label, as menus and diffs show it: `Fold constants`.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Mend { .. } => "Mend names, order and declarations",
            Self::InlineFunctions {} => "Inline local functions",
            Self::FoldConstants { .. } => "Fold constants",
            Self::RemoveNoOps {} => "Remove nodes that do nothing",
            Self::RemoveDead {} => "Remove dead nodes",
            Self::MergeDuplicates {} => "Merge duplicates",
            Self::MergeScales {} => "Merge BatchNormalization and scales",
            Self::SimplifyChains {} => "Simplify chains",
            Self::InlineConstantIfs {} => "Inline constant Ifs",
            Self::FuseLayerNorm { .. } => "Fuse LayerNormalization",
            Self::FuseRmsNorm {} => "Fuse RMSNormalization",
            Self::FuseGelu {} => "Fuse Gelu",
            Self::RaiseOpset { to } => match to {
                13 => "Raise the opset to 13",
                19 => "Raise the opset to 19",
                21 => "Raise the opset to 21",
                22 => "Raise the opset to 22",
                _ => "Raise the opset",
            },
            Self::AddOutputs { .. } => "Add outputs",
            Self::AddBodyRanges {} => "Add ranges of bodies",
            Self::FixSizes { .. } => "Fix sizes",
            Self::OpenSize { .. } => "Open a size",
            Self::StripQuantization {} => "Remove quantization",
            Self::RaiseFloats {} => "Raise 16-bit floats to FP32",
            Self::Cast(spec) => match spec.to {
                LowType::Fp16 => "Cast to FP16",
                LowType::Bf16 => "Cast to BF16",
            },
            Self::Quantize(spec) => spec.mode.label(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_those_of_recipes() {
        for patch in PatchSpec::offered() {
            let written = serde_json::to_value(&patch).unwrap();
            assert_eq!(written["kind"], patch.kind());
            assert_eq!(serde_json::from_value::<PatchSpec>(written).unwrap(), patch);
        }
        assert_eq!(
            serde_json::from_str::<PatchSpec>(r#"{"kind": "fold-constants"}"#).unwrap(),
            PatchSpec::default()
        );
    }
}
