//! Encoding 8-bit floats of 4 exponent and 3 mantissa bits, finite and NaN only (E4M3FN; ONNX's float8.md).

/// Exponent of the least normal number.
const LEAST_NORMAL: i32 = -6;
/// Stored exponents are this much larger.
const BIAS: i32 = 7;
/// The largest number.
const LARGEST: f32 = 448.0;

/// The nearest number's bits, ties to the even mantissa, beyond the range the largest one (as QuantizeLinear saturates).
/// NaN becomes NaN.
pub(super) fn encode(value: f32) -> u8 {
    if value.is_nan() {
        return 0x7f;
    }
    let sign = u8::from(value.is_sign_negative()) << 7;
    let magnitude = value.abs().min(LARGEST);
    // Floor of the binary logarithm; subnormal float32 are far below anything that matters here.
    let exponent = ((magnitude.to_bits() >> 23) as i32 - 127).max(LEAST_NORMAL);
    // 8 to 16 steps of an eighth for normal numbers, 0 to 8 for subnormal ones; 16 carries into the exponent.
    let steps = (magnitude * 2f32.powi(3 - exponent)).round_ties_even() as i32;
    let code = ((exponent + BIAS - 1) << 3) + steps;
    sign | code as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DataType, Tensor};
    use proptest::prelude::*;

    fn decoded(code: u8) -> f32 {
        let tensor = Tensor::new(DataType::Float8E4M3FN, &[1], vec![code].into()).unwrap();
        tensor.to_f32().unwrap()[0]
    }

    #[test]
    fn every_number_has_its_own_code() {
        for code in 0..=255u8 {
            let value = decoded(code);
            let back = encode(value);
            assert!(back == code || value.is_nan() && back & 0x7f == 0x7f, "{code}: {value}");
        }
        assert_eq!((encode(1e9), encode(f32::NEG_INFINITY)), (0x7e, 0xfe));
        // Halfway between 16 and 18: to 16, whose mantissa is even; between 18 and 20: to 20.
        assert_eq!((decoded(encode(17.0)), decoded(encode(19.0))), (16.0, 20.0));
    }

    proptest! {
        #[test]
        fn no_other_number_is_nearer(value in -460f32..460.0) {
            let chosen = (decoded(encode(value)) - value).abs();
            let nearest = (0..=255u8).map(decoded).filter(|v| !v.is_nan()).map(|v| (v - value).abs());
            prop_assert!(chosen <= nearest.fold(f32::INFINITY, f32::min));
        }
    }
}
