//! Texts with units and shapes, as recipes and the command line write them.

/// Units of sizes, largest first.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// Bytes of `1GiB`, `512 MiB`, `1.5GB`, `1000000`; units are not case-sensitive, KiB = 1024, kB = 1000.
///
/// # Errors
/// The text and what is expected.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is not a size; write for example \"1GiB\", \"512MiB\" or \"1000000\"");
    let trimmed = text.trim();
    let split = trimmed.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(trimmed.len());
    let (number, unit) = (trimmed[..split].trim(), &trimmed[split..]);
    let factor = match unit {
        "" => 1,
        _ => UNITS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(unit))
            .map(|(_, factor)| *factor)
            .ok_or_else(wrong)?,
    };
    if let Ok(whole) = number.parse::<u64>() {
        return whole
            .checked_mul(factor)
            .filter(|n| i64::try_from(*n).is_ok())
            .ok_or_else(|| format!("{text:?} is larger than any memory"));
    }
    let value = number.parse::<f64>().map_err(|_| wrong())? * factor as f64;
    // 2^63 is exact in f64.
    if !value.is_finite() || !(0.0..9_223_372_036_854_775_808.0).contains(&value) {
        return Err(wrong());
    }
    Ok(value.round() as u64)
}

/// The size in the largest binary unit that divides it: `1GiB`, `1536MiB`, `1000B`.
pub fn format_size(bytes: u64) -> String {
    let (name, factor) = UNITS
        .iter()
        .filter(|(name, _)| name.contains('i') || *name == "B")
        .find(|(_, factor)| bytes != 0 && bytes.is_multiple_of(*factor))
        .unwrap_or(&("B", 1));
    format!("{}{name}", bytes / factor)
}

/// Seconds of `3s`, `500ms`, `2min`, `250us`; a bare number is seconds.
///
/// # Errors
/// The text and what is expected.
pub fn parse_duration(text: &str) -> Result<f64, String> {
    let wrong = || format!("{text:?} is not a duration; write for example \"3s\", \"500ms\" or \"2min\"");
    let trimmed = text.trim();
    let split = trimmed
        .find(|c: char| c.is_ascii_alphabetic() || c == 'µ')
        .unwrap_or(trimmed.len());
    let factor = match &trimmed[split..] {
        "" | "s" => 1.0,
        "ms" => 1e-3,
        "us" | "µs" => 1e-6,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    };
    let value = trimmed[..split].trim().parse::<f64>().map_err(|_| wrong())? * factor;
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(wrong())
    }
}

/// Splits `NAME:1x3x224x224` at the last colon (tensor names contain colons); a scalar is `NAME:`.
///
/// # Errors
/// The argument and what is expected.
pub fn parse_named_shape(argument: &str) -> Result<(String, Vec<u64>), String> {
    let wrong = |why: &str| format!("{argument:?} {why}; write NAME:1x3x224x224, or NAME: for a scalar");
    let (name, shape) = argument.rsplit_once(':').ok_or_else(|| wrong("has no colon"))?;
    if name.is_empty() {
        return Err(wrong("has no name before the colon"));
    }
    let shape = parse_shape(shape).map_err(|why| wrong(&why))?;
    Ok((name.to_owned(), shape))
}

/// A shape, or the values of a shape tensor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Extent {
    /// `NAME:1x3x224x224`.
    Shape(Vec<u64>),
    /// `NAME=32,32`.
    Values(Vec<i64>),
}

impl Extent {
    /// The shape, if it is one.
    pub fn shape(&self) -> Option<&[u64]> {
        match self {
            Self::Shape(shape) => Some(shape),
            Self::Values(_) => None,
        }
    }

    /// The values, if they are.
    pub fn values(&self) -> Option<&[i64]> {
        match self {
            Self::Shape(_) => None,
            Self::Values(values) => Some(values),
        }
    }
}

/// `NAME:1x3x224x224` is a shape, `NAME=32,32` are values of a shape tensor; the last of both separators counts.
///
/// # Errors
/// The argument and what is expected.
pub fn parse_extent(argument: &str) -> Result<(String, Extent), String> {
    let Some((name, values)) = argument.rsplit_once('=').filter(|(_, v)| !v.contains(':')) else {
        return parse_named_shape(argument).map(|(name, shape)| (name, Extent::Shape(shape)));
    };
    let wrong = |why: &str| format!("{argument:?} {why}; write NAME=32,32 for the values of a shape tensor");
    if name.is_empty() {
        return Err(wrong("has no name before the ="));
    }
    let numbers: Option<Vec<i64>> = values.split([',', 'x']).map(|v| v.trim().parse().ok()).collect();
    numbers
        .map(|numbers| (name.to_owned(), Extent::Values(numbers)))
        .ok_or_else(|| wrong("has something else than whole numbers after the ="))
}

/// Sizes of `1x3x224x224` (or `1,3,224,224`); the empty text is a scalar.
///
/// # Errors
/// Which part is not a size.
pub fn parse_shape(text: &str) -> Result<Vec<u64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.split(['x', 'X', ','])
        .map(|part| {
            let size = part.trim().parse::<u64>().ok();
            // ONNX's dimensions are signed 64-bit numbers.
            size.filter(|n| i64::try_from(*n).is_ok())
                .ok_or_else(|| format!("has {part:?} where a size is expected"))
        })
        .collect()
}

/// `NAME:1x3x224x224`, the form that [`parse_named_shape`] reads.
pub fn format_named_shape(name: &str, shape: &[u64]) -> String {
    let sizes: Vec<String> = shape.iter().map(u64::to_string).collect();
    format!("{name}:{}", sizes.join("x"))
}

/// Sizes in bytes in recipes: read as a number or a text with a unit, written in the largest unit that divides them.
pub mod size {
    use serde::{Deserializer, Serializer, de};

    /// Writes the size in the largest unit that divides it.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(bytes: &Option<u64>, out: S) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => out.serialize_str(&super::format_size(*bytes)),
            None => out.serialize_none(),
        }
    }

    /// Reads a number of bytes or a text with a unit.
    ///
    /// # Errors
    /// The deserializer's, naming the text.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
        struct Size;
        impl<'de> de::Visitor<'de> for Size {
            type Value = Option<u64>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a size such as \"1GiB\" or a number of bytes")
            }
            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Self::Value, E> {
                Ok(Some(n))
            }
            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Self::Value, E> {
                let bytes = u64::try_from(n).map_err(|_| E::custom(format!("{n} is not a size: it is negative")))?;
                Ok(Some(bytes))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                super::parse_size(text).map(Some).map_err(E::custom)
            }
            fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
            fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
                from.deserialize_any(self)
            }
        }
        from.deserialize_option(Size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("1GiB"), Ok(1 << 30));
        assert_eq!(parse_size(" 512 mib "), Ok(512 << 20));
        assert_eq!(parse_size("1000000"), Ok(1_000_000));
        assert_eq!(parse_size("1.5GB"), Ok(1_500_000_000));
        for bad in ["", "GiB", "-1", "1XiB", "99999999999TiB", "nan", "1e400"] {
            let error = parse_size(bad).unwrap_err();
            assert!(error.contains(&format!("{bad:?}")), "{error}");
        }
        for bytes in [0, 1, 1000, 1024, 3 << 20, 1 << 30, (1 << 30) + 1, 5 << 40] {
            assert_eq!(parse_size(&format_size(bytes)), Ok(bytes));
        }
        assert_eq!(format_size(1536 << 20), "1536MiB");
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(parse_duration("3s"), Ok(3.0));
        assert_eq!(parse_duration("500ms"), Ok(0.5));
        assert_eq!(parse_duration("2min"), Ok(120.0));
        assert_eq!(parse_duration("0.25"), Ok(0.25));
        assert_eq!(parse_duration("250 µs"), Ok(250.0 * 1e-6));
        for bad in ["", "s", "-1s", "3 parsecs", "inf", "nan"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn shapes_split_at_the_last_colon() {
        assert_eq!(
            parse_named_shape("x:1x3x224x224"),
            Ok(("x".into(), vec![1, 3, 224, 224]))
        );
        assert_eq!(parse_named_shape("args_0:0:2x5"), Ok(("args_0:0".into(), vec![2, 5])));
        assert_eq!(parse_named_shape("sr:"), Ok(("sr".into(), vec![])));
        for bad in ["x", ":1x2", "x:1xx2", "x:-1x3", "x:batchx3", "x:99999999999999999999"] {
            let error = parse_named_shape(bad).unwrap_err();
            assert!(error.contains("NAME:1x3x224x224"), "{error}");
        }
        assert_eq!(format_named_shape("a:b", &[2, 3]), "a:b:2x3");
    }
}
