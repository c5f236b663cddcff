//! Weights in 8 and 4 bits.

use super::QuantMode;
use super::fp8::encode;
use super::rounding::balance;
use crate::model::{DataType, Tensor};
use rayon::prelude::*;
use std::borrow::Cow;

/// What parts of a weight share a scale.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub(in crate::rewrite) enum Grain {
    /// All of it.
    Tensor,
    /// Each slice along this axis.
    Channel(usize),
    /// Along this axis, so many values in a row; the last block is shorter where they do not divide.
    Blocks {
        /// The axis that products are summed along.
        axis: usize,
        /// Values in a block.
        size: usize,
    },
}

impl Grain {
    /// Which scale a value has, both counted through as they are stored, in a tensor of these sizes (operator
    /// DequantizeLinear-21); `None` for an axis that is not there.
    pub(in crate::rewrite) fn scale_of(self, dims: &[u64]) -> Option<Box<dyn Fn(usize) -> usize>> {
        let along = |axis: usize| {
            let inner: u64 = dims.get(axis + 1..)?.iter().product();
            let length = *dims.get(axis)?;
            Some((
                usize::try_from(inner).ok()?.max(1),
                usize::try_from(length).ok()?.max(1),
            ))
        };
        Some(match self {
            Self::Tensor => Box::new(|_| 0),
            Self::Channel(axis) => {
                let (inner, length) = along(axis)?;
                Box::new(move |i| i / inner % length)
            }
            Self::Blocks { axis, size } => {
                let (inner, length) = along(axis)?;
                let size = size.clamp(1, length);
                let blocks = length.div_ceil(size);
                Box::new(move |i| (i / inner / length * blocks + i / inner % length / size) * inner + i % inner)
            }
        })
    }
}

/// A quantized weight.
pub(super) struct Quantized {
    /// The codes, in the weight's shape.
    pub(super) values: Tensor,
    /// One scale per channel or block; a scalar where there is one only.
    pub(super) scale: Tensor,
    /// Zeros in the scale's shape.
    pub(super) zero_point: Tensor,
}

impl Quantized {
    /// Sums of squares of what quantizing changed, and of the values; none where values and codes do not belong together.
    pub(super) fn error(&self, weight: &Tensor, grain: Grain) -> Option<(f64, f64)> {
        let (values, codes, scales) = (weight.to_f32()?, self.values.to_f32()?, self.scale.to_f32()?);
        let scale_of = grain.scale_of(&weight.dims)?;
        let mut sums = (0.0, 0.0);
        for (i, (value, code)) in values.iter().zip(codes.iter()).enumerate() {
            let back = code * scales.get(scale_of(i))?;
            sums.0 += f64::from(value - back).powi(2);
            sums.1 += f64::from(*value).powi(2);
        }
        Some(sums)
    }
}

/// Shares of a block's largest magnitude that are tried as what becomes the largest code: with 15 levels, clipping the
/// largest value can cost less than a coarser grid for all the others.
const SHARES: [f32; 9] = [1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6];

/// Largest code of INT8; -128 is not used.
const LARGEST: i8 = 127;

/// Quantizes symmetrically: the largest magnitude that shares a scale becomes the type's largest code (for blocks, what of
/// it gives the least squared error); rounded half to even as QuantizeLinear does, but for those of INT8 with a scale per
/// channel that make the errors of a sum cancel ([`balance`]). Zeros alone get the scale 1.
///
/// # Errors
/// A type other than float32, an axis that is not there, values that are not finite.
pub(super) fn quantize(weight: &Tensor, mode: QuantMode, grain: Grain) -> Result<Quantized, String> {
    if weight.dtype != DataType::Float32 {
        return Err(format!("it is {}, not float32", weight.dtype));
    }
    let size = |dims: &[u64]| {
        let product = dims
            .iter()
            .try_fold(1usize, |n, d| n.checked_mul(usize::try_from(*d).ok()?));
        product.ok_or("it is too large")
    };
    let axis_of = |axis: usize| {
        let dim = weight.dims.get(axis).ok_or_else(|| format!("it has no axis {axis}"))?;
        Ok::<_, String>((
            usize::try_from(*dim).unwrap_or(usize::MAX),
            size(&weight.dims[axis + 1..])?,
        ))
    };
    let values = weight.to_f32().ok_or("its values cannot be read")?;
    if values.is_empty() {
        return Err("it is empty".into());
    }
    if let Some(i) = values.par_iter().position_first(|v| !v.is_finite()) {
        return Err(format!("its value {i} is {}", values[i]));
    }
    let (scales, dims) = match grain {
        // Of which values one output sums up, nothing is known here.
        Grain::Tensor => (slices(&values, 1, size(&weight.dims)?, 0, mode), Vec::new()),
        Grain::Channel(axis) => {
            let (channels, inner) = axis_of(axis)?;
            // Behind the two axes of channels lie a kernel's taps.
            let kernel = size(weight.dims.get(2..).unwrap_or_default())?;
            (slices(&values, channels, inner, kernel, mode), vec![channels as u64])
        }
        Grain::Blocks { axis, size } => {
            let (length, inner) = axis_of(axis)?;
            let size = size.clamp(1, length);
            let mut dims = weight.dims.clone();
            dims[axis] = length.div_ceil(size) as u64;
            (blocks(&values, length, inner, size, mode), dims)
        }
    };
    let (codes, scales) = scales;
    let packed = match mode {
        QuantMode::Int8 | QuantMode::Fp8 => codes,
        // Two a byte, the first in the low half.
        QuantMode::Int4 => codes
            .chunks(2)
            .map(|pair| pair[0] & 0xf | pair.get(1).map_or(0, |high| high << 4))
            .collect(),
    };
    let dtype = mode.data_type();
    let zeros = dtype.packed_bytes(scales.len() as u64).unwrap_or(0);
    let made = (
        Tensor::new(dtype, &weight.dims, packed.into()),
        Tensor::from_f32(&dims, &scales),
        // Zero is all bits zero in every one of these types.
        Tensor::new(dtype, &dims, vec![0; usize::try_from(zeros).unwrap_or(0)].into()),
    );
    match made {
        (Some(values), Some(scale), Some(zero_point)) => Ok(Quantized {
            values,
            scale,
            zero_point,
        }),
        _ => Err("its dims and data disagree".into()),
    }
}

/// The scale for a largest magnitude.
fn scale(largest: f32, mode: QuantMode) -> f32 {
    match largest / mode.largest() {
        scale if scale >= f32::MIN_POSITIVE => scale,
        _ => 1.0,
    }
}

fn code(value: f32, scale: f32, mode: QuantMode) -> u8 {
    let scaled = value / scale;
    match mode {
        QuantMode::Int8 => scaled.round_ties_even().clamp(-f32::from(LARGEST), f32::from(LARGEST)) as i8 as u8,
        QuantMode::Int4 => scaled.round_ties_even().clamp(-8.0, 7.0) as i8 as u8,
        QuantMode::Fp8 => encode(scaled),
    }
}

/// Codes and scales of values in `[.., channels, inner]`, one scale a channel; codes of integers are rounded so that their
/// errors cancel per channel and per `kernel` values in a row (0: each to nearest).
fn slices(values: &[f32], channels: usize, inner: usize, kernel: usize, mode: QuantMode) -> (Vec<u8>, Vec<f32>) {
    let (channels, inner) = (channels.max(1), inner.max(1));
    let length = values.len() / channels;
    // Channel after channel.
    let sorted = match length == inner {
        true => Cow::Borrowed(values),
        false => {
            let mut sorted = vec![0f32; values.len()];
            sorted.par_chunks_mut(length).enumerate().for_each(|(channel, out)| {
                let slices = values.chunks(inner).skip(channel).step_by(channels);
                for (out, slice) in out.chunks_mut(inner).zip(slices) {
                    out.copy_from_slice(slice);
                }
            });
            Cow::Owned(sorted)
        }
    };
    let mut codes = vec![0u8; values.len()];
    let mut scales = vec![0f32; channels];
    let parts = codes.par_chunks_mut(length).zip(sorted.par_chunks(length));
    parts.zip(&mut scales).for_each(|((out, values), found)| {
        *found = scale(values.iter().fold(0f32, |m, v| m.max(v.abs())), mode);
        if mode != QuantMode::Int8 || kernel == 0 {
            out.iter_mut()
                .zip(values)
                .for_each(|(out, v)| *out = code(*v, *found, mode));
            return;
        }
        let scaled: Vec<f32> = values.iter().map(|v| v / *found).collect();
        let mut codes: Vec<i8> = values.iter().map(|v| code(*v, *found, mode) as i8).collect();
        balance(&scaled, &mut codes, kernel, LARGEST);
        out.iter_mut().zip(codes).for_each(|(out, code)| *out = code as u8);
    });
    if length != inner {
        let sorted = std::mem::replace(&mut codes, vec![0u8; values.len()]);
        codes
            .par_chunks_mut(channels * inner)
            .enumerate()
            .for_each(|(row, out)| {
                for (out, channel) in out.chunks_mut(inner).zip(sorted.chunks(length)) {
                    out.copy_from_slice(&channel[row * inner..][..inner]);
                }
            });
    }
    (codes, scales)
}

/// Codes and scales of values in `[.., length, inner]`, one scale for `size` values along `length`.
fn blocks(values: &[f32], length: usize, inner: usize, size: usize, mode: QuantMode) -> (Vec<u8>, Vec<f32>) {
    let inner = inner.max(1);
    let mut codes = vec![0u8; values.len()];
    let per_outer = length.div_ceil(size);
    let outer = values.len() / (length * inner);
    let mut scales = vec![0f32; outer * per_outer * inner];
    // One task a block row: `size` rows of `inner` values, the last one of each outer slice shorter.
    let parts = codes.chunks_mut(length * inner).zip(values.chunks(length * inner));
    let tasks: Vec<(&mut [u8], &[f32])> = parts
        .flat_map(|(codes, values)| codes.chunks_mut(size * inner).zip(values.chunks(size * inner)))
        .collect();
    tasks
        .into_par_iter()
        .zip(scales.par_chunks_mut(inner))
        .for_each(|((out, rows), scales)| block_row(rows, inner, mode, out, scales));
    (codes, scales)
}

/// One block per column of `rows`.
fn block_row(rows: &[f32], inner: usize, mode: QuantMode, out: &mut [u8], scales: &mut [f32]) {
    let mut largest = vec![0f32; inner];
    for row in rows.chunks(inner) {
        for (slot, value) in largest.iter_mut().zip(row) {
            *slot = slot.max(value.abs());
        }
    }
    let mut least = vec![f32::INFINITY; inner];
    for share in SHARES {
        let tried: Vec<f32> = largest.iter().map(|m| scale(m * share, mode)).collect();
        let mut error = vec![0f32; inner];
        for row in rows.chunks(inner) {
            for ((error, value), scale) in error.iter_mut().zip(row).zip(&tried) {
                let level = (value / scale).round_ties_even().clamp(-8.0, 7.0);
                *error += (value - level * scale).powi(2);
            }
        }
        for (((least, error), best), scale) in least.iter_mut().zip(&error).zip(&mut *scales).zip(&tried) {
            if error < least {
                (*least, *best) = (*error, *scale);
            }
        }
    }
    for (out, row) in out.chunks_mut(inner).zip(rows.chunks(inner)) {
        for ((out, value), scale) in out.iter_mut().zip(row).zip(&*scales) {
            *out = code(*value, *scale, mode);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn int8(w: &Tensor, grain: Grain) -> Result<Quantized, String> {
        quantize(w, QuantMode::Int8, grain)
    }

    #[test]
    fn each_channel_has_its_own_scale() {
        let w = Tensor::from_f32(&[2, 3], &[1.27, -0.635, 0.0, 0.0, 0.0, 0.0]).unwrap();
        let q = int8(&w, Grain::Channel(0)).unwrap();
        // -63.5 lies between two codes.
        assert_eq!(q.values.to_i64().unwrap(), [127, -64, 0, 0, 0, 0]);
        assert_eq!(q.scale.dims, [2]);
        assert_eq!(q.scale.to_f32().unwrap()[1], 1.0);
        let q = int8(&w, Grain::Channel(1)).unwrap();
        assert_eq!(q.values.to_i64().unwrap(), [127, -127, 0, 0, 0, 0]);
        let q = int8(&w, Grain::Tensor).unwrap();
        assert!(q.scale.dims.is_empty());
        assert!(int8(&w, Grain::Channel(2)).is_err());
        let w = Tensor::from_f32(&[1], &[f32::NAN]).unwrap();
        assert!(int8(&w, Grain::Tensor).err().unwrap().contains("NaN"));
    }

    #[test]
    fn blocks_have_scales_along_the_axis_and_the_last_may_be_short() {
        let values: Vec<f32> = (0..10)
            .map(|i| if i < 8 { i as f32 } else { 70.0 * i as f32 })
            .collect();
        let w = Tensor::from_f32(&[5, 2], &values).unwrap();
        let blocks = Grain::Blocks { axis: 0, size: 2 };
        let q = quantize(&w, QuantMode::Int4, blocks).unwrap();
        assert_eq!(
            (q.scale.dims.as_slice(), q.values.dims.as_slice()),
            (&[3, 2][..], &[5, 2][..])
        );
        assert_eq!(q.values.bytes.len(), 5);
        let (codes, scales) = (q.values.to_i64().unwrap(), q.scale.to_f32().unwrap());
        // The last row stands alone.
        assert_eq!((codes[8], scales[4]), (7, 80.0));
        // Along the other axis the two values of a row share one.
        let q = quantize(&w, QuantMode::Int4, Grain::Blocks { axis: 1, size: 128 }).unwrap();
        assert_eq!(q.scale.dims, [5, 1]);
    }

    #[test]
    fn blocks_clip_where_that_costs_less() {
        // Fifteen ones and one value a little larger: the ones are exact when it is clipped.
        let mut values = vec![1f32; 15];
        values.push(1.1);
        let w = Tensor::from_f32(&[16, 1], &values).unwrap();
        let q = quantize(&w, QuantMode::Int4, Grain::Blocks { axis: 0, size: 16 }).unwrap();
        let scale = q.scale.to_f32().unwrap()[0];
        let error = |scale: f32| -> f32 {
            let level = |v: f32| (v / scale).round_ties_even().clamp(-8.0, 7.0) * scale;
            values.iter().map(|v| (v - level(*v)).powi(2)).sum()
        };
        assert!(error(scale) < error(1.1 / 7.0), "{scale}");
        let (changed, all) = q.error(&w, Grain::Blocks { axis: 0, size: 16 }).unwrap();
        assert!((changed - f64::from(error(scale))).abs() < 1e-6 && (all - 16.21).abs() < 1e-5);
    }

    #[test]
    fn eight_bit_floats_keep_small_values_apart() {
        let w = Tensor::from_f32(&[4], &[448.0, 1.0, -0.0625, 0.0]).unwrap();
        let q = quantize(&w, QuantMode::Fp8, Grain::Tensor).unwrap();
        assert_eq!(q.values.to_f32().unwrap(), [448.0, 1.0, -0.0625, 0.0]);
        assert_eq!(q.zero_point.dtype, DataType::Float8E4M3FN);
    }

    proptest! {
        #[test]
        fn no_value_is_off_by_a_step_and_each_channels_sum_is_right(
            values in prop::collection::vec(-50f32..50.0, 24..25),
            axis in 0usize..3,
        ) {
            let w = Tensor::from_f32(&[2, 3, 4], &values).unwrap();
            let q = int8(&w, Grain::Channel(axis)).unwrap();
            let scale = q.scale.to_f32().unwrap();
            let inner = [12, 4, 1][axis];
            let mut sums = vec![0f32; scale.len()];
            for (i, (code, value)) in q.values.to_i64().unwrap().iter().zip(&values).enumerate() {
                let channel = i / inner % scale.len();
                let off = *code as f32 - value / scale[channel];
                prop_assert!(off.abs() < 1.0);
                sums[channel] += off;
            }
            prop_assert!(sums.iter().all(|s| s.abs() < 0.502), "{sums:?}");
            let q = int8(&w, Grain::Tensor).unwrap();
            let scale = q.scale.to_f32().unwrap()[0];
            for (code, value) in q.values.to_i64().unwrap().iter().zip(&values) {
                prop_assert!((*code as f32 * scale - value).abs() <= scale * 0.5001);
            }
        }
    }
}
