//! Weights in 8 bits.

use crate::model::{DataType, Tensor};

/// A quantized weight.
pub(super) struct Quantized {
    /// The 8-bit values, in the weight's shape.
    pub(super) values: Tensor,
    /// One scale per channel; a scalar where there is no channel axis.
    pub(super) scale: Tensor,
    /// Zeros in the scale's shape.
    pub(super) zero_point: Tensor,
}

/// Quantizes symmetrically: each channel's largest magnitude becomes 127; rounded half to even as QuantizeLinear does.
/// A channel of zeros gets the scale 1.
///
/// # Errors
/// A type other than float32, an axis that is not there, values that are not finite.
pub(super) fn quantize(weight: &Tensor, axis: Option<usize>) -> Result<Quantized, String> {
    if weight.dtype != DataType::Float32 {
        return Err(format!("it is {}, not float32", weight.dtype));
    }
    let size = |dims: &[u64]| {
        dims.iter()
            .try_fold(1usize, |n, d| n.checked_mul(usize::try_from(*d).ok()?))
    };
    let (channels, inner) = match axis {
        None => (1, size(&weight.dims)),
        Some(axis) => {
            let channels = weight.dims.get(axis).ok_or_else(|| format!("it has no axis {axis}"))?;
            (
                usize::try_from(*channels).unwrap_or(usize::MAX),
                size(&weight.dims[axis + 1..]),
            )
        }
    };
    let inner = inner.ok_or("it is too large")?.max(1);
    if channels == 0 {
        return Err("it is empty".into());
    }
    let values = weight.to_f32().ok_or("its values cannot be read")?;
    let channel = |i: usize| i / inner % channels;
    let mut largest = vec![0f32; channels];
    for (i, value) in values.iter().enumerate() {
        if !value.is_finite() {
            return Err(format!("its value {i} is {value}"));
        }
        let slot = &mut largest[channel(i)];
        *slot = slot.max(value.abs());
    }
    let scales: Vec<f32> = largest
        .iter()
        .map(|max| match max / 127.0 {
            scale if scale >= f32::MIN_POSITIVE => scale,
            _ => 1.0,
        })
        .collect();
    let narrow = |(i, v): (usize, &f32)| (v / scales[channel(i)]).round_ties_even().clamp(-127.0, 127.0) as i8;
    let codes: Vec<i8> = values.iter().enumerate().map(narrow).collect();
    let dims: Vec<u64> = axis.map(|_| channels as u64).into_iter().collect();
    let made = (
        Tensor::from_i8(&weight.dims, &codes),
        Tensor::from_f32(&dims, &scales),
        Tensor::from_i8(&dims, &vec![0; channels]),
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_channel_has_its_own_scale() {
        let w = Tensor::from_f32(&[2, 3], &[1.27, -0.635, 0.0, 0.0, 0.0, 0.0]).unwrap();
        let q = quantize(&w, Some(0)).unwrap();
        assert_eq!(q.values.to_i64().unwrap(), [127, -64, 0, 0, 0, 0]);
        assert_eq!(q.scale.dims, [2]);
        assert_eq!(q.scale.to_f32().unwrap()[1], 1.0);
        let q = quantize(&w, Some(1)).unwrap();
        assert_eq!(q.values.to_i64().unwrap(), [127, -127, 0, 0, 0, 0]);
        let q = quantize(&w, None).unwrap();
        assert!(q.scale.dims.is_empty());
        assert!(quantize(&w, Some(2)).is_err());
        let w = Tensor::from_f32(&[1], &[f32::NAN]).unwrap();
        assert!(quantize(&w, None).err().unwrap().contains("NaN"));
    }

    proptest! {
        #[test]
        fn no_value_is_off_by_more_than_half_a_step(
            values in prop::collection::vec(-50f32..50.0, 24..25),
            axis in 0usize..3,
        ) {
            let w = Tensor::from_f32(&[2, 3, 4], &values).unwrap();
            let q = quantize(&w, Some(axis)).unwrap();
            let scale = q.scale.to_f32().unwrap();
            let inner = [12, 4, 1][axis];
            for (i, (code, value)) in q.values.to_i64().unwrap().iter().zip(&values).enumerate() {
                let scale = scale[i / inner % scale.len()];
                prop_assert!((*code as f32 * scale - value).abs() <= scale * 0.5001);
            }
        }
    }
}
