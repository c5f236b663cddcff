//! Decoding the floating-point types of 8 bits and fewer, as ONNX defines them (docs: float8.md, float4.md, IR 14).

use super::DataType;

/// How a small float spells infinity and NaN.
#[derive(Clone, Copy, PartialEq)]
enum Special {
    /// As IEEE 754: the largest exponent is infinity (mantissa 0) or NaN.
    Ieee,
    /// Only all ones is NaN; no infinity ("FN").
    AllOnesNan,
    /// Only the pattern of minus zero is NaN; no infinity, no minus zero ("FNUZ").
    MinusZeroNan,
    /// Every pattern is a number.
    None,
}

/// Value of one element, given its bits in the low bits of `code`; `None` for types that are not small floats.
pub(super) fn decode(dtype: DataType, code: u8) -> Option<f32> {
    let (exponent_bits, mantissa_bits, bias, special) = match dtype {
        DataType::Float8E4M3FN => (4, 3, 7, Special::AllOnesNan),
        DataType::Float8E4M3FNUZ => (4, 3, 8, Special::MinusZeroNan),
        DataType::Float8E5M2 => (5, 2, 15, Special::Ieee),
        DataType::Float8E5M2FNUZ => (5, 2, 16, Special::MinusZeroNan),
        DataType::Float6E2M3 => (2, 3, 1, Special::None),
        DataType::Float6E3M2 => (3, 2, 3, Special::None),
        DataType::Float4E2M1 => (2, 1, 1, Special::None),
        // An exponent alone: 2^(code - 127), no sign, all ones is NaN.
        DataType::Float8E8M0 => {
            return Some(if code == 0xff {
                f32::NAN
            } else {
                2f32.powi(i32::from(code) - 127)
            });
        }
        _ => return None,
    };
    let sign = if code >> (exponent_bits + mantissa_bits) & 1 == 1 {
        -1.0
    } else {
        1.0
    };
    let top = (1u8 << exponent_bits) - 1;
    let exponent = code >> mantissa_bits & top;
    let mantissa = code & ((1 << mantissa_bits) - 1);
    let full = (1 << mantissa_bits) - 1;
    match special {
        Special::Ieee if exponent == top && mantissa == 0 => return Some(sign * f32::INFINITY),
        Special::Ieee if exponent == top => return Some(f32::NAN),
        Special::AllOnesNan if exponent == top && mantissa == full => return Some(f32::NAN),
        Special::MinusZeroNan if sign < 0.0 && exponent == 0 && mantissa == 0 => return Some(f32::NAN),
        _ => {}
    }
    let fraction = f32::from(mantissa) / f32::from(1u8 << mantissa_bits);
    Some(if exponent == 0 {
        sign * fraction * 2f32.powi(1 - bias)
    } else {
        sign * (1.0 + fraction) * 2f32.powi(i32::from(exponent) - bias)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn largest(dtype: DataType, bits: u32) -> f32 {
        (0..=((1u16 << bits) - 1) as u8)
            .filter_map(|code| decode(dtype, code))
            .filter(|v| v.is_finite())
            .fold(0.0, f32::max)
    }

    #[test]
    fn largest_values_are_those_of_the_specification() {
        assert_eq!(largest(DataType::Float8E4M3FN, 8), 448.0);
        assert_eq!(largest(DataType::Float8E4M3FNUZ, 8), 240.0);
        assert_eq!(largest(DataType::Float8E5M2, 8), 57344.0);
        assert_eq!(largest(DataType::Float8E5M2FNUZ, 8), 57344.0);
        assert_eq!(largest(DataType::Float6E2M3, 6), 7.5);
        assert_eq!(largest(DataType::Float6E3M2, 6), 28.0);
        assert_eq!(largest(DataType::Float4E2M1, 4), 6.0);
    }

    #[test]
    fn four_bit_floats_are_the_eight_known_magnitudes() {
        let all: Vec<f32> = (0..16).filter_map(|c| decode(DataType::Float4E2M1, c)).collect();
        assert_eq!(all[..8], [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]);
        assert_eq!(all[9..], [-0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0]);
    }

    #[test]
    fn special_patterns() {
        assert!(decode(DataType::Float8E4M3FN, 0x7f).unwrap().is_nan());
        assert!(decode(DataType::Float8E4M3FNUZ, 0x80).unwrap().is_nan());
        assert_eq!(decode(DataType::Float8E5M2, 0xfc), Some(f32::NEG_INFINITY));
        assert!(decode(DataType::Float8E5M2, 0x7d).unwrap().is_nan());
        assert_eq!(decode(DataType::Float8E4M3FN, 0x01), Some(2f32.powi(-9)));
        assert_eq!(decode(DataType::Float8E8M0, 127), Some(1.0));
        assert!(decode(DataType::Float8E8M0, 255).unwrap().is_nan());
        assert_eq!(decode(DataType::Int8, 1), None);
    }
}
