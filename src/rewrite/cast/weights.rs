//! Weights as 16-bit floats.

use super::LowType;
use crate::model::{DataType, Tensor};
use half::{bf16, f16};

/// A converted weight.
pub(super) struct Converted {
    /// The new data.
    pub(super) tensor: Tensor,
    /// Finite values beyond the type's range, which became its largest one.
    pub(super) clamped: u64,
    /// Values other than zero that were too small, which became the type's smallest one.
    pub(super) flushed: u64,
}

/// Converts a float32 tensor: rounded to nearest; beyond the range, the largest value of the type; what would become zero,
/// its smallest subnormal. Infinities and NaN stay what they are. `None` for other types.
pub(super) fn convert(tensor: &Tensor, to: LowType) -> Option<Converted> {
    if tensor.dtype != DataType::Float32 {
        return None;
    }
    let (mut clamped, mut flushed) = (0, 0);
    let mut bytes = Vec::with_capacity(tensor.bytes.len() / 2);
    let (limit, least) = (to.largest(), to.smallest());
    for chunk in tensor.bytes.as_chunks::<4>().0 {
        let mut value = f32::from_le_bytes(*chunk);
        if value.is_finite() && value.abs() > limit {
            clamped += 1;
            value = limit.copysign(value);
        }
        let narrow = |value: f32| match to {
            LowType::Fp16 => f16::from_f32(value).to_bits(),
            LowType::Bf16 => bf16::from_f32(value).to_bits(),
        };
        let mut bits = narrow(value);
        // All bits but the sign are zero.
        if bits & 0x7fff == 0 && value != 0.0 {
            flushed += 1;
            bits = narrow(least.copysign(value));
        }
        bytes.extend_from_slice(&bits.to_le_bytes());
    }
    Some(Converted {
        tensor: Tensor::new(to.data_type(), &tensor.dims, bytes.into())?,
        clamped,
        flushed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
