//! Values of a constant tensor in figures: extremes, moments, a histogram, and how they sit in narrower types.

use super::{DataType, Tensor};
use half::{bf16, f16};
use serde::{Deserialize, Serialize};

/// Elements looked at; of larger tensors, evenly spaced ones.
pub const SAMPLED: u64 = 4_000_000;
/// Bins of the histogram.
pub const BINS: usize = 64;

/// Largest finite value of FP16 (IEEE 754 binary16).
pub const FP16_MAX: f64 = 65_504.0;
/// Smallest positive normal value of FP16.
pub const FP16_MIN_NORMAL: f64 = 6.103_515_625e-5;

/// A constant tensor's values in figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TensorStatistics {
    /// Elements of the tensor.
    pub elements: u64,
    /// Elements looked at.
    pub sampled: u64,
    /// Smallest finite value; 0 when there is none.
    pub min: f64,
    /// Largest finite value; 0 when there is none.
    pub max: f64,
    /// Mean of finite values.
    pub mean: f64,
    /// Population standard deviation of finite values.
    pub std: f64,
    /// Zeros.
    pub zeros: u64,
    /// NaN values.
    pub nan: u64,
    /// Infinite values.
    pub inf: u64,
    /// Values whose magnitude FP16 cannot hold.
    pub beyond_fp16: u64,
    /// Values other than zero that FP16 holds only as subnormals or as zero.
    pub below_fp16: u64,
    /// Counts in [`BINS`] equal bins from `min` to `max`; one bin holds all when they are equal.
    pub histogram: Vec<u64>,
}

/// The value at `index`, for types that are numbers; `None` outside the data and for complex, string and types below 8 bits
/// other than 4-bit integers.
fn value(tensor: &Tensor, index: u64) -> Option<f64> {
    let size = u64::from(tensor.dtype.bits() / 8);
    let bytes = |n: u64| {
        let start = usize::try_from(index.checked_mul(n)?).ok()?;
        tensor.bytes.get(start..start.checked_add(n as usize)?)
    };
    let nibble = || {
        let byte = *tensor.bytes.get(usize::try_from(index / 2).ok()?)?;
        Some(if index.is_multiple_of(2) { byte & 15 } else { byte >> 4 })
    };
    Some(match tensor.dtype {
        DataType::Float32 => f64::from(f32::from_le_bytes(bytes(size)?.try_into().ok()?)),
        DataType::Float64 => f64::from_le_bytes(bytes(size)?.try_into().ok()?),
        DataType::Float16 => f16::from_le_bytes(bytes(size)?.try_into().ok()?).to_f64(),
        DataType::BFloat16 => bf16::from_le_bytes(bytes(size)?.try_into().ok()?).to_f64(),
        DataType::Int8 => f64::from(i8::from_le_bytes(bytes(size)?.try_into().ok()?)),
        DataType::UInt8 | DataType::Bool => f64::from(u8::from_le_bytes(bytes(1)?.try_into().ok()?)),
        DataType::Int16 => f64::from(i16::from_le_bytes(bytes(size)?.try_into().ok()?)),
        DataType::UInt16 => f64::from(u16::from_le_bytes(bytes(size)?.try_into().ok()?)),
        DataType::Int32 => f64::from(i32::from_le_bytes(bytes(size)?.try_into().ok()?)),
        DataType::UInt32 => f64::from(u32::from_le_bytes(bytes(size)?.try_into().ok()?)),
        DataType::Int64 => i64::from_le_bytes(bytes(size)?.try_into().ok()?) as f64,
        DataType::UInt64 => u64::from_le_bytes(bytes(size)?.try_into().ok()?) as f64,
        DataType::UInt4 => f64::from(nibble()?),
        DataType::Int4 => f64::from(((nibble()? << 4) as i8) >> 4),
        _ => return None,
    })
}

impl TensorStatistics {
    /// Figures of a tensor; `None` when its type has no plain numeric values here (complex, strings, 8-bit floats and
    /// narrower ones). Reads at most [`SAMPLED`] elements, twice.
    pub fn of(tensor: &Tensor) -> Option<Self> {
        let elements = tensor.dims.iter().try_fold(1u64, |n, d| n.checked_mul(*d))?;
        let step = elements.div_ceil(SAMPLED).max(1);
        let mut out = Self {
            elements,
            sampled: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            mean: 0.0,
            std: 0.0,
            zeros: 0,
            nan: 0,
            inf: 0,
            beyond_fp16: 0,
            below_fp16: 0,
            histogram: vec![0; BINS],
        };
        // Welford's running mean and variance.
        let (mut n, mut mean, mut m2) = (0u64, 0.0f64, 0.0f64);
        let mut i = 0;
        while i < elements {
            let v = value(tensor, i)?;
            i += step;
            out.sampled += 1;
            if v.is_nan() {
                out.nan += 1;
                continue;
            }
            if v.is_infinite() {
                out.inf += 1;
                continue;
            }
            n += 1;
            let delta = v - mean;
            mean += delta / n as f64;
            m2 += delta * (v - mean);
            out.min = out.min.min(v);
            out.max = out.max.max(v);
            out.zeros += u64::from(v == 0.0);
            out.beyond_fp16 += u64::from(v.abs() > FP16_MAX);
            out.below_fp16 += u64::from(v != 0.0 && v.abs() < FP16_MIN_NORMAL);
        }
        if n == 0 {
            (out.min, out.max) = (0.0, 0.0);
            return Some(out);
        }
        out.mean = mean;
        out.std = (m2 / n as f64).max(0.0).sqrt();
        let width = (out.max - out.min) / BINS as f64;
        let mut i = 0;
        while i < elements {
            let v = value(tensor, i)?;
            i += step;
            if v.is_finite() {
                let bin = if width > 0.0 {
                    (((v - out.min) / width) as usize).min(BINS - 1)
                } else {
                    0
                };
                if let Some(count) = out.histogram.get_mut(bin) {
                    *count += 1;
                }
            }
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn f32s(values: &[f32]) -> Tensor {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Tensor {
            dtype: DataType::Float32,
            dims: vec![values.len() as u64],
            bytes: Bytes::from(bytes),
        }
    }

    #[test]
    fn figures_of_known_values() {
        let s = TensorStatistics::of(&f32s(&[1.0, -1.0, 0.0, 1e-6, 70_000.0, f32::NAN, f32::INFINITY, 4.0])).unwrap();
        assert_eq!((s.elements, s.sampled, s.nan, s.inf, s.zeros), (8, 8, 1, 1, 1));
        assert_eq!((s.beyond_fp16, s.below_fp16), (1, 1));
        assert_eq!((s.min, s.max), (-1.0, 70_000.0));
        assert_eq!(s.histogram.iter().sum::<u64>(), 6);
        let s = TensorStatistics::of(&f32s(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])).unwrap();
        assert!((s.mean - 5.0).abs() < 1e-12 && (s.std - 2.0).abs() < 1e-12);
    }

    #[test]
    fn empty_constant_and_packed_tensors() {
        assert_eq!(TensorStatistics::of(&f32s(&[])).unwrap().sampled, 0);
        let s = TensorStatistics::of(&f32s(&[3.0, 3.0])).unwrap();
        assert_eq!(s.histogram[0], 2);
        let int4 = Tensor {
            dtype: DataType::Int4,
            dims: vec![3],
            bytes: Bytes::from_static(&[0x8f, 0x07]),
        };
        let s = TensorStatistics::of(&int4).unwrap();
        assert_eq!((s.min, s.max), (-8.0, 7.0));
    }

    #[test]
    fn lying_dims_end_without_a_panic() {
        let mut t = f32s(&[1.0]);
        t.dims = vec![u64::MAX, 2];
        assert_eq!(TensorStatistics::of(&t), None);
        t.dims = vec![5];
        assert_eq!(TensorStatistics::of(&t), None);
    }
}
