//! Numbers and names as people read them, the same in terminal, window and report.

/// Three significant digits with thousands separated: `12,300`, `2.94`, `0.00123`; very small ones as `1.23e-5`.
pub fn sig3(x: f64) -> String {
    if !x.is_finite() {
        return "–".into();
    }
    if x == 0.0 {
        return "0".into();
    }
    if x.abs() < 1e-4 {
        return format!("{x:.2e}");
    }
    // Rounding may carry into another digit (9.999 is 10.0), so the digits are counted after it.
    let exponent: i32 = format!("{x:.2e}")
        .split_once('e')
        .and_then(|(_, e)| e.parse().ok())
        .unwrap_or(0);
    if exponent >= 3 {
        let unit = 10f64.powi(exponent - 2);
        return thousands((x / unit).round() * unit);
    }
    format!("{x:.*}", (2 - exponent).max(0) as usize)
}

/// `2.90 to 2.98`; with up to two more digits where three would make both ends look the same.
pub fn range(low: f64, high: f64) -> String {
    if sig3(low) != sig3(high) || low <= 0.0 || !high.is_finite() {
        return format!("{} to {}", sig3(low), sig3(high));
    }
    let decimals = (2 - low.log10().floor() as i32).max(0) as usize;
    let more = (1..=2)
        .find(|d| format!("{low:.*}", decimals + d) != format!("{high:.*}", decimals + d))
        .unwrap_or(2);
    format!("{low:.*} to {high:.*}", decimals + more, decimals + more)
}

/// A whole number with thousands separated: `1,234,567`.
pub fn thousands(x: f64) -> String {
    let digits = format!("{:.0}", x.abs());
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    if x <= -0.5 { format!("-{out}") } else { out }
}

/// `2.94x`.
pub fn ratio(x: f64) -> String {
    format!("{}x", sig3(x))
}

/// `12.3 MB` in powers of ten, as file managers and download pages show it.
pub fn bytes(n: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1e3;
        unit += 1;
    }
    format!("{} {}", sig3(value), units[unit])
}

/// A name cut in the middle to at most `most` characters: `encoder…MatMul`.
pub fn shorten(name: &str, most: usize) -> String {
    let length = name.chars().count();
    if length <= most {
        return name.to_owned();
    }
    let keep = most.saturating_sub(1);
    let head: String = name.chars().take(keep.div_ceil(2)).collect();
    let tail: String = name.chars().skip(length - keep / 2).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_significant_digits() {
        for (x, text) in [
            (0.0, "0"),
            (2.9374, "2.94"),
            (9.999, "10.0"),
            (99.96, "100"),
            (123.4, "123"),
            (999.6, "1,000"),
            (12_345.0, "12,300"),
            (1_234_567.0, "1,230,000"),
            (0.012_345, "0.0123"),
            (0.000_012_345, "1.23e-5"),
            (-1.5, "-1.50"),
            (-12_345.0, "-12,300"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(sig3(x), text);
        }
        assert_eq!(ratio(2.9374), "2.94x");
        assert_eq!(range(2.9, 2.98), "2.90 to 2.98");
        assert_eq!(range(2.2201, 2.2234), "2.220 to 2.223");
        assert_eq!(range(1.0, 1.0), "1.0000 to 1.0000");
        assert_eq!(thousands(1_234_567.0), "1,234,567");
    }

    #[test]
    fn sizes_and_names_are_short() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(999_600), "1.00 MB");
        assert_eq!(bytes(12_345_678), "12.3 MB");
        assert_eq!(shorten("short", 10), "short");
        assert_eq!(shorten("encoder/layer/MatMul", 11), "encod…atMul");
        assert_eq!(shorten("äöüß", 3), "ä…ß");
        assert_eq!(shorten("ab", 0), "…");
    }
}
