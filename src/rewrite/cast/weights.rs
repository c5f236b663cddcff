//! Weights as 16-bit floats.

use super::LowType;
use crate::model::{DataType, Tensor};
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use rayon::prelude::*;

/// A converted weight.
pub(super) struct Converted {
    /// The new data.
    pub(super) tensor: Tensor,
    /// Finite values beyond the type's range, which became its largest one.
    pub(super) clamped: u64,
    /// Values other than zero that were too small, which became the type's smallest one.
    pub(super) flushed: u64,
}

/// Values that one processor converts at a time.
const PART: usize = 1 << 16;

/// Converts a float32 tensor: rounded to nearest; beyond the range, the largest value of the type; what would become zero,
/// its smallest subnormal. Infinities and NaN stay what they are. `None` for other types.
pub(super) fn convert(tensor: &Tensor, to: LowType) -> Option<Converted> {
    if tensor.dtype != DataType::Float32 {
        return None;
    }
    let values = tensor.bytes.as_chunks::<4>().0;
    let mut bytes = vec![0u8; 2 * values.len()];
    let parts = bytes.par_chunks_mut(2 * PART).zip(values.par_chunks(PART));
    let (clamped, flushed) = parts
        .map(|(out, values)| match to {
            LowType::Fp16 => convert_part(out, values, to, |values, out: &mut [f16]| {
                out.convert_from_f32_slice(values)
            }),
            LowType::Bf16 => convert_part(out, values, to, |values, out: &mut [bf16]| {
                out.convert_from_f32_slice(values)
            }),
        })
        .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    Some(Converted {
        tensor: Tensor::new(to.data_type(), &tensor.dims, bytes.into())?,
        clamped,
        flushed,
    })
}

/// Converts values into `out` by `narrow`; how many were clamped and flushed.
fn convert_part<T>(out: &mut [u8], values: &[[u8; 4]], to: LowType, narrow: impl Fn(&[f32], &mut [T])) -> (u64, u64)
where
    T: Copy + Default + Bits,
{
    /// Values that stay in the fastest cache while they are looked at again.
    const BLOCK: usize = 1024;
    let (limit, least) = (to.largest(), to.smallest());
    let (mut clamped, mut flushed) = (0, 0);
    let (mut wide, mut small) = ([0f32; BLOCK], [T::default(); BLOCK]);
    for (out, values) in out.chunks_mut(2 * BLOCK).zip(values.chunks(BLOCK)) {
        let (wide, small) = (&mut wide[..values.len()], &mut small[..values.len()]);
        let (mut beyond, mut vanished) = (0u32, 0u32);
        for (wide, value) in wide.iter_mut().zip(values) {
            let value = f32::from_le_bytes(*value);
            let magnitude = value.abs();
            let is_beyond = magnitude > limit && magnitude < f32::INFINITY;
            beyond += u32::from(is_beyond);
            *wide = if is_beyond { limit.copysign(value) } else { value };
        }
        narrow(wide, small);
        for (small, wide) in small.iter().zip(&*wide) {
            // All bits but the sign are zero.
            vanished += u32::from(small.bits() & 0x7fff == 0 && *wide != 0.0);
        }
        if vanished > 0 {
            for value in wide.iter_mut() {
                // Half of the smallest is the largest that rounds to zero.
                if *value != 0.0 && value.abs() <= least / 2.0 {
                    *value = least.copysign(*value);
                }
            }
            narrow(wide, small);
        }
        clamped += u64::from(beyond);
        flushed += u64::from(vanished);
        for (out, small) in out.as_chunks_mut::<2>().0.iter_mut().zip(&*small) {
            *out = small.bits().to_le_bytes();
        }
    }
    (clamped, flushed)
}

/// A 16-bit float's bits.
trait Bits {
    fn bits(self) -> u16;
}

impl Bits for f16 {
    fn bits(self) -> u16 {
        self.to_bits()
    }
}

impl Bits for bf16 {
    fn bits(self) -> u16 {
        self.to_bits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_converted_as_single_values_are() {
        // All exponents and signs, with three mantissas each, beyond one block and one part.
        let bits = (0u32..512).flat_map(|e| [0, 0x0012_3456, 0x007f_ffff].map(|m| f32::from_bits(e << 23 | m)));
        let values: Vec<f32> = bits.collect();
        let many: Vec<f32> = values.iter().copied().cycle().take(2 * PART + 77).collect();
        let convert_all =
            |values: &[f32], to| convert(&Tensor::from_f32(&[values.len() as u64], values).unwrap(), to).unwrap();
        for to in [LowType::Fp16, LowType::Bf16] {
            let whole = convert_all(&many, to);
            let (mut clamped, mut flushed) = (0, 0);
            for (i, value) in many.iter().enumerate() {
                let (single, at) = (&values[i % values.len()], 2 * i);
                assert_eq!(value.to_bits(), single.to_bits());
                let found = &whole.tensor.bytes[at..at + 2];
                let found = u16::from_le_bytes([found[0], found[1]]);
                let narrow = |v: f32| match to {
                    LowType::Fp16 => f16::from_f32(v).to_bits(),
                    LowType::Bf16 => bf16::from_f32(v).to_bits(),
                };
                let is_beyond = value.is_finite() && value.abs() > to.largest();
                let mut wanted = narrow(if is_beyond {
                    to.largest().copysign(*value)
                } else {
                    *value
                });
                clamped += u64::from(is_beyond);
                if wanted & 0x7fff == 0 && *value != 0.0 {
                    flushed += 1;
                    wanted = narrow(to.smallest().copysign(*value));
                }
                assert_eq!(found, wanted, "{value:e}");
            }
            assert_eq!((whole.clamped, whole.flushed), (clamped, flushed));
        }
    }

    #[test]
    fn values_are_clamped_and_kept_from_vanishing() {
        let values = [1.0, 7e4, -1e6, 1e-12, -1e-12, 0.0, -0.0, f32::NEG_INFINITY, 6.0e-8];
        let t = Tensor::from_f32(&[9], &values).unwrap();
        let done = convert(&t, LowType::Fp16).unwrap();
        let least = 2f32.powi(-24);
        let want = [
            1.0,
            65504.0,
            -65504.0,
            least,
            -least,
            0.0,
            0.0,
            f32::NEG_INFINITY,
            least,
        ];
        assert_eq!(done.tensor.to_f32().unwrap(), want);
        assert_eq!((done.clamped, done.flushed), (2, 2));
        let done = convert(&t, LowType::Bf16).unwrap();
        assert_eq!((done.clamped, done.flushed), (0, 0));
        // The largest float32 rounds up to infinity in bfloat16; it is clamped instead.
        let t = Tensor::from_f32(&[1], &[f32::MAX]).unwrap();
        let done = convert(&t, LowType::Bf16).unwrap();
        assert!(done.tensor.to_f32().unwrap()[0].is_finite());
    }
}
