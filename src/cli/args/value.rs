//! Reads the values of options; what cannot be read is refused with what is wanted.

use std::str::FromStr;

/// Reads a value by the name that recipes use; the error lists the names.
pub fn named<T: serde::de::DeserializeOwned + Clone + Send + Sync + 'static>(text: &str) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::String(text.into())).map_err(|e| {
        let message = e.to_string();
        message.replace("unknown variant", "unknown name").replace('`', "")
    })
}

/// A whole number from 1 on.
pub fn at_least_one<T: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, String> {
    let number = text.trim().parse().ok().filter(|n| *n >= T::from(1));
    number.ok_or_else(|| "a whole number from 1 on is wanted".into())
}

/// A finite number above zero.
pub fn above_zero<T: FromStr + Copy + Into<f64>>(text: &str) -> Result<T, String> {
    let number = text.trim().parse().ok();
    let number = number.filter(|n: &T| (*n).into().is_finite() && (*n).into() > 0.0);
    number.ok_or_else(|| "a number above zero is wanted".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_they_may_be() {
        assert_eq!(at_least_one::<u32>("12"), Ok(12));
        for text in ["", "0", "-1", "1.5", "x", "99999999999"] {
            assert!(at_least_one::<u32>(text).is_err(), "{text}");
        }
        assert_eq!(above_zero::<f32>("0.5"), Ok(0.5));
        for text in ["", "0", "-1", "nan", "inf", "x"] {
            assert!(above_zero::<f64>(text).is_err(), "{text}");
        }
    }
}
