//! The tiny model of self-tests, and which arithmetic a target computed it in.
//!
//! `y = Relu(Conv(x) + bias)` with fixed weights that FP32 holds and TF32 rounds. TF32 keeps 10 bits of the significands of
//! both factors of a product and adds in FP32 (NVIDIA's Ampere architecture whitepaper, 2020): the embedded engine gives TF32's
//! numbers when inputs and weights are rounded before. So two references tell FP32 from TF32 by the numbers alone.

use crate::data::NamedTensors;
use crate::graph::sample::{graph, import, ints, node, proto, value, with};
use crate::model::onnx::{GraphProto, ModelProto, TensorProto};
use crate::model::{DataType, Tensor};
use buffa::Message;
use serde::{Deserialize, Serialize};

/// Batch, channels, height and width of the model's input.
const INPUT: [i64; 4] = [2, 3, 16, 16];
const CHANNELS: i64 = 8;
/// Largest difference from a reference, relative to its largest value, that the order of additions explains.
pub const TOLERANCE: f64 = 1e-4;
/// Largest difference from FP32 that rounding or cutting both factors to 10 bits explains, relative to the largest value: the
/// bound of one product, 2 x 2^-10, with a factor of two for sums whose terms cancel.
pub const TF32_TOLERANCE: f64 = 4.0 / 1024.0;

/// What FP32 convolutions and matrix products are computed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arithmetic {
    /// In FP32.
    Fp32,
    /// In TF32: factors with 10 bits of significand.
    Tf32,
}

/// What a comparison with both references showed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Agreement {
    /// The arithmetic.
    pub arithmetic: Arithmetic,
    /// Largest difference from FP32, relative to the largest value.
    pub from_fp32: f64,
    /// The same from TF32's numbers.
    pub from_tf32: f64,
}

impl Agreement {
    /// Compares the outputs of a target with those of the embedded engine, plain and with rounded factors.
    ///
    /// # Errors
    /// Outputs that neither arithmetic explains, or that are missing, as a sentence.
    pub fn of(ours: &NamedTensors, fp32: &NamedTensors, tf32: &NamedTensors) -> Result<Self, String> {
        let (from_fp32, from_tf32) = (difference(ours, fp32)?, difference(ours, tf32)?);
        let arithmetic = if from_fp32 <= TOLERANCE {
            Arithmetic::Fp32
        } else if from_tf32 <= TOLERANCE || from_fp32 <= TF32_TOLERANCE {
            Arithmetic::Tf32
        } else {
            return Err(format!(
                "largest difference from the embedded engine {from_fp32:.1e} of the largest value; FP32 explains \
                 {TOLERANCE:.0e}, TF32 {TF32_TOLERANCE:.0e}"
            ));
        };
        Ok(Self {
            arithmetic,
            from_fp32,
            from_tf32,
        })
    }

    /// In words.
    pub fn words(&self) -> String {
        let Self {
            from_fp32, from_tf32, ..
        } = self;
        match self.arithmetic {
            Arithmetic::Fp32 => {
                format!(
                    "computes in FP32: largest difference from the embedded engine {from_fp32:.1e} of the largest value"
                )
            }
            Arithmetic::Tf32 => format!(
                "computes FP32 convolutions in TF32: {from_fp32:.1e} of the largest value away from FP32, {from_tf32:.1e} \
                 from the same with inputs and weights rounded to TF32"
            ),
        }
    }
}

/// Largest difference of any output, relative to the largest value of the reference.
///
/// # Errors
/// An output that is missing or has another number of values, as a sentence.
pub fn difference(ours: &NamedTensors, theirs: &NamedTensors) -> Result<f64, String> {
    let mut worst: f64 = 0.0;
    for (name, reference) in theirs {
        let output = ours.iter().find(|(n, _)| n == name).map(|(_, t)| t);
        let output = output.ok_or_else(|| format!("output {name} is missing"))?;
        let (Some(a), Some(b)) = (output.to_f32(), reference.to_f32()) else {
            return Err(format!("output {name} is {}", output.dtype));
        };
        if a.len() != b.len() {
            return Err(format!(
                "output {name} has {} values where {} are expected",
                a.len(),
                b.len()
            ));
        }
        let largest = b.iter().fold(f32::MIN_POSITIVE, |m, v| m.max(v.abs()));
        // A comparison with NaN is never true: it counts as infinite.
        let gap = a.iter().zip(&b).map(|(a, b)| (a - b).abs());
        let gap = gap.fold(0.0f32, |m, d| if d.is_nan() { f32::INFINITY } else { m.max(d) });
        worst = worst.max(f64::from(gap) / f64::from(largest));
    }
    Ok(worst)
}

/// A value rounded to TF32's 10 bits of significand, to nearest, halves away from zero (PTX's `cvt.rna.tf32.f32`).
fn tf32(value: f32) -> f32 {
    const DROPPED: u32 = 23 - 10;
    if !value.is_finite() {
        return value;
    }
    let bits = value.to_bits().wrapping_add(1 << (DROPPED - 1));
    f32::from_bits(bits & !((1 << DROPPED) - 1))
}

/// Float32 tensors rounded to TF32, others as they are.
pub fn rounded(tensors: &NamedTensors) -> NamedTensors {
    let one = |tensor: &Tensor| match (tensor.dtype, tensor.to_f32()) {
        (DataType::Float32, Some(values)) => Tensor {
            bytes: values
                .iter()
                .flat_map(|v| tf32(*v).to_le_bytes())
                .collect::<Vec<u8>>()
                .into(),
            ..tensor.clone()
        },
        _ => tensor.clone(),
    };
    tensors.iter().map(|(name, t)| (name.clone(), one(t))).collect()
}

/// The model, as bytes of an ONNX file.
pub fn model() -> Vec<u8> {
    of(|value| value)
}

/// The model with weights rounded to TF32 (the bias is added, not multiplied, and stays).
pub fn tf32_model() -> Vec<u8> {
    of(tf32)
}

fn of(weight: impl Fn(f32) -> f32) -> Vec<u8> {
    let [_, depth, height, width] = INPUT;
    let floats = |name: &str, dims: &[i64], change: &dyn Fn(f32) -> f32| {
        let count = dims.iter().product::<i64>();
        let data = (0..count).flat_map(|i| change(((i * 37) % 23 - 11) as f32 * 0.03).to_le_bytes());
        TensorProto {
            name: Some(name.into()),
            dims: dims.to_vec(),
            data_type: Some(DataType::Float32.to_onnx()),
            raw_data: Some(data.collect::<Vec<u8>>().into()),
            ..Default::default()
        }
    };
    let convolution = node("Conv", &["x", "weights", "bias"], &["sum"]);
    let weights = vec![
        floats("weights", &[CHANNELS, depth, 3, 3], &weight),
        floats("bias", &[CHANNELS], &|value| value),
    ];
    let nodes = vec![with(convolution, ints("pads", &[1; 4])), node("Relu", &["sum"], &["y"])];
    let tiny = GraphProto {
        input: vec![value("x", DataType::Float32, &INPUT)],
        output: vec![value("y", DataType::Float32, &[INPUT[0], CHANNELS, height, width])],
        ..graph(&[], &[], weights, nodes)
    };
    // Every version of every target reads these.
    ModelProto {
        ir_version: Some(8),
        opset_import: vec![import("", 17)],
        ..proto(tiny, Vec::new())
    }
    .encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Graph;
    use crate::model::Model;
    use std::path::Path;
    use std::sync::Arc;

    fn outputs(values: &[f32]) -> NamedTensors {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let tensor = Tensor {
            dtype: DataType::Float32,
            dims: vec![values.len() as u64],
            bytes: bytes.into(),
        };
        vec![("y".into(), tensor)]
    }

    #[test]
    fn numbers_are_compared_relative_to_the_largest() {
        let reference = outputs(&[1.0, -4.0]);
        assert!(difference(&outputs(&[1.0, -4.0]), &reference).unwrap() == 0.0);
        assert!(difference(&outputs(&[1.0001, -4.0]), &reference).unwrap() > 2e-5);
        assert_eq!(difference(&outputs(&[f32::NAN, -4.0]), &reference), Ok(f64::INFINITY));
        assert!(
            difference(&outputs(&[1.0]), &reference)
                .unwrap_err()
                .contains("1 values where 2")
        );
        assert!(difference(&vec![], &reference).unwrap_err().contains("missing"));
    }

    #[test]
    fn the_arithmetic_is_told_by_the_numbers() {
        let (fp32, tf32) = (outputs(&[1.0, -4.0]), outputs(&[1.004, -4.0]));
        let of = |values: &[f32]| Agreement::of(&outputs(values), &fp32, &tf32);
        assert_eq!(of(&[1.0001, -4.0]).unwrap().arithmetic, Arithmetic::Fp32);
        assert_eq!(of(&[1.0039, -4.0]).unwrap().arithmetic, Arithmetic::Tf32);
        assert!(of(&[1.0039, -4.0]).unwrap().words().contains("TF32"));
        assert!(of(&[1.1, -4.0]).unwrap_err().contains("2.5e-2"));
        assert!(of(&[f32::NAN, -4.0]).is_err());
    }

    #[test]
    fn tf32_keeps_ten_bits_and_rounds_to_nearest() {
        let step = 1.0 / 1024.0;
        assert_eq!([tf32(1.0), tf32(-2.5), tf32(0.0)], [1.0, -2.5, 0.0]);
        assert_eq!(tf32(1.0 + 0.49 * step), 1.0);
        assert_eq!(tf32(1.0 + 0.5 * step), 1.0 + step);
        assert_eq!(tf32(-(1.0 + 0.5 * step)), -(1.0 + step));
        assert!(tf32(f32::NAN).is_nan() && tf32(f32::INFINITY) == f32::INFINITY);
    }

    #[test]
    fn both_models_are_sound_and_differ_in_their_weights() {
        assert_ne!(model(), tf32_model());
        for bytes in [model(), tf32_model()] {
            let model = Model::from_bytes(bytes.into(), Path::new("tiny.onnx")).unwrap();
            let graph = Graph::new(Arc::new(model));
            assert!(graph.problems.is_empty() && graph.nodes.len() == 2);
        }
    }
}
