//! What an engine really computes in, beside what was asked: from what the runtime says of the engine it built or the
//! operators it ran, never from the request.

use crate::recipe::Precision;
use serde::{Deserialize, Serialize};

/// Shares of the types that an engine computes in.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct EffectivePrecision {
    /// Where this is from, in words (`ONNX Runtime's executed nodes`).
    pub evidence: String,
    /// By type, the one with the most multiply-accumulates (else layers) first.
    pub types: Vec<TypeShare>,
}

/// The part of an engine that computes in one type.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct TypeShare {
    /// `fp32`, `tf32`, `fp16`, `bf16`, `fp8`, `int8`, `int4`, as recipes name precisions, or another type's name in lower case.
    pub dtype: String,
    /// Layers that compute in it, as the runtime counts layers; those that only move or convert data are left out.
    pub layers: u64,
    /// Part of all such layers, 0 to 1.
    pub layer_share: f64,
    /// Part of the multiply-accumulates of all convolutions and matrix products, 0 to 1; none where they are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac_share: Option<f64>,
}

/// A layer as the evidence has it.
#[derive(Clone, PartialEq, Debug)]
pub struct TypedLayer {
    /// The type it computes in, as [`TypeShare::dtype`] writes it.
    pub dtype: String,
    /// Its multiply-accumulates; 0 for layers that are no convolution or matrix product, none where they are not known.
    pub macs: Option<u64>,
}

/// A share of multiply-accumulates (or layers, where those are unknown) below which the request counts as not met.
const MET: f64 = 0.9;
/// The same for layers alone: small layers keep FP32 in every mixed engine.
const MET_LAYERS: f64 = 0.5;
/// A share in a lower type than was asked for that goes without saying.
const UNASKED: f64 = 0.01;

impl EffectivePrecision {
    /// Shares of these layers; none without layers.
    pub fn of(evidence: impl Into<String>, layers: &[TypedLayer]) -> Option<Self> {
        let known = layers.iter().all(|l| l.macs.is_some());
        let total: u64 = layers.iter().filter_map(|l| l.macs).sum();
        let mut types: Vec<(TypeShare, u64)> = Vec::new();
        for layer in layers {
            let at = types
                .iter()
                .position(|(t, _)| t.dtype == layer.dtype)
                .unwrap_or_else(|| {
                    types.push((
                        TypeShare {
                            dtype: layer.dtype.clone(),
                            ..TypeShare::default()
                        },
                        0,
                    ));
                    types.len() - 1
                });
            types[at].0.layers += 1;
            types[at].1 += layer.macs.unwrap_or(0);
        }
        for (share, macs) in &mut types {
            share.layer_share = share.layers as f64 / layers.len() as f64;
            share.mac_share = (known && total > 0).then(|| *macs as f64 / total as f64);
        }
        types.sort_by(|(a, x), (b, y)| y.cmp(x).then(b.layers.cmp(&a.layers)));
        (!types.is_empty()).then(|| Self {
            evidence: evidence.into(),
            types: types.into_iter().map(|(share, _)| share).collect(),
        })
    }

    /// All of it in one type.
    pub fn only(evidence: impl Into<String>, dtype: &str, layers: u64) -> Self {
        Self {
            evidence: evidence.into(),
            types: vec![TypeShare {
                dtype: dtype.into(),
                layers,
                layer_share: 1.0,
                mac_share: Some(1.0),
            }],
        }
    }

    /// The share that counts: of multiply-accumulates, else of layers.
    fn share(&self, is_meant: impl Fn(&str) -> bool) -> f64 {
        let meant = self.types.iter().filter(|t| is_meant(&t.dtype));
        meant.map(|t| t.mac_share.unwrap_or(t.layer_share)).sum()
    }

    fn by_macs(&self) -> bool {
        self.types.iter().any(|t| t.mac_share.is_some())
    }

    /// For tables: `FP16`, or `97 % FP16, 3 % FP32`.
    pub fn words(&self) -> String {
        let part = |t: &TypeShare| (t.mac_share.unwrap_or(t.layer_share), t.dtype.to_uppercase());
        let parts: Vec<(f64, String)> = self.types.iter().map(part).collect();
        match parts.iter().find(|(share, _)| *share > 0.9995) {
            Some((_, name)) => name.clone(),
            None => {
                let seen = parts.iter().filter(|(share, _)| *share >= 0.0005);
                let words = seen.map(|(share, name)| format!("{} % {name}", percent(*share)));
                words.collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// Why a runtime computes less in a type than the graph says, where that is known; behind a warning.
    fn reason(&self, asked: Precision) -> Option<&'static str> {
        let int8_in_float = asked == Precision::Int8 && self.types.iter().any(|t| t.dtype == "fp32");
        // Tried with ONNX Runtime 1.31.1 on x86-64: of eleven convolutions quantized for TensorRT it fuses none, with
        // session.qdqisint8allowed and merged normalizations the two without a Relu behind them.
        (int8_in_float && self.evidence == ONNX_RUNTIME).then_some(
            ". On x86-64 ONNX Runtime fuses an operator with the pairs around it only where they hold unsigned codes, and where \
             neither BatchNormalization nor Relu is between operator and pair; TensorRT, for which models are quantized here, \
             takes signed codes and fuses both",
        )
    }

    /// What to say where it is not what was asked for; none where it is.
    pub fn warning(&self, asked: Precision) -> Option<String> {
        let rank = |name: &str| ORDER.iter().position(|n| *n == name);
        let wanted = rank(asked.name())?;
        // Wider than asked: not met. TF32 is met by what is narrower, as every other precision is.
        let met = self.share(|name| rank(name).is_none_or(|r| r >= wanted));
        let limit = if self.by_macs() { MET } else { MET_LAYERS };
        let of = if self.by_macs() {
            "multiply-accumulates"
        } else {
            "layers"
        };
        let name = asked.name().to_uppercase();
        if met < limit {
            return Some(format!(
                "asked for {name}, but only {} % of the {of} are computed in it ({}; from {}){}",
                percent(met),
                self.words(),
                self.evidence,
                self.reason(asked).unwrap_or_default()
            ));
        }
        // Narrower than asked, where full precision was asked: numbers nobody wanted.
        let unasked = self.share(|name| rank(name).is_some_and(|r| r > wanted));
        (matches!(asked, Precision::Fp32 | Precision::Tf32) && unasked > UNASKED).then(|| {
            format!(
                "asked for {name}, but {} % of the {of} are computed in fewer bits ({}; from {})",
                percent(unasked),
                self.words(),
                self.evidence
            )
        })
    }
}

/// Whole percent, with a decimal below 1 and where a whole number would say that it is all.
fn percent(share: f64) -> String {
    let percent = share * 1e2;
    if percent == 0.0 {
        return "0".into();
    }
    if percent < 0.95 || (99.5..99.95).contains(&percent) {
        return format!("{percent:.1}");
    }
    format!("{percent:.0}")
}

/// The evidence of shares that are those of nodes executed by ONNX Runtime.
pub const ONNX_RUNTIME: &str = "the nodes that ONNX Runtime executed";

/// Types from wide to narrow.
const ORDER: [&str; 9] = ["fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "int8", "fp4", "int4"];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(layers: &[(&str, Option<u64>)]) -> EffectivePrecision {
        let layers: Vec<TypedLayer> = layers
            .iter()
            .map(|(dtype, macs)| TypedLayer {
                dtype: (*dtype).into(),
                macs: *macs,
            })
            .collect();
        EffectivePrecision::of("a test", &layers).unwrap()
    }

    #[test]
    fn shares_are_of_work_where_it_is_known_and_of_layers_else() {
        let mixed = of(&[
            ("fp32", Some(30)),
            ("fp16", Some(900)),
            ("fp16", Some(70)),
            ("fp32", Some(0)),
        ]);
        assert_eq!(mixed.words(), "97 % FP16, 3 % FP32");
        assert_eq!((mixed.types[0].layers, mixed.types[1].layer_share), (2, 0.5));
        let unknown = of(&[("fp32", Some(30)), ("fp16", None)]);
        assert_eq!(unknown.types[0].mac_share, None);
        assert_eq!(of(&[("fp32", Some(0))]).words(), "FP32");
        assert_eq!(EffectivePrecision::of("", &[]), None);
    }

    #[test]
    fn what_was_not_asked_for_is_said_once_in_a_sentence() {
        let little = of(&[("fp32", Some(97)), ("fp16", Some(3))]);
        let warning = little.warning(Precision::Fp16).unwrap();
        assert!(
            warning.starts_with("asked for FP16, but only 3 % of the multiply-accumulates")
                && warning.contains("97 % FP32"),
            "{warning}"
        );
        // Softmax and normalizations stay FP32 in every mixed engine.
        let fine = of(&[
            ("fp32", Some(0)),
            ("fp32", Some(0)),
            ("fp32", Some(0)),
            ("fp16", Some(9)),
        ]);
        assert_eq!(fine.warning(Precision::Fp16), None);
        assert_eq!(
            of(&[("int8", Some(50)), ("fp16", Some(50))]).warning(Precision::Fp16),
            None
        );
        let silent = of(&[("bf16", Some(99)), ("fp32", Some(1))])
            .warning(Precision::Fp32)
            .unwrap();
        assert!(
            silent.contains("99 % of the multiply-accumulates are computed in fewer bits"),
            "{silent}"
        );
        assert_eq!(of(&[("fp32", Some(5))]).warning(Precision::Fp32), None);
        assert!(of(&[("fp32", Some(5))]).warning(Precision::Bf16).is_some());
    }
}
