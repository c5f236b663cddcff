//! Numbers, sizes, times and names as people read them: three significant digits, thousands separated, the unit apart.

/// Three significant digits, thousands separated: `1,234,567`, `12.3`, `0.0123`; a dash for what is not a number.
pub fn significant(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let magnitude = value.abs();
    if magnitude >= 99.95 || value == 0.0 {
        return grouped(&format!("{value:.0}"));
    }
    if magnitude < 1e-4 {
        return format!("{value:.2e}");
    }
    // Digits after the point that leave three significant ones, after rounding.
    let rounded: f64 = format!("{magnitude:.2e}").parse().unwrap_or(magnitude);
    let decimals = (2 - rounded.log10().floor() as i32).clamp(0, 6) as usize;
    format!("{value:.decimals$}")
}

/// An integer with thousands separated.
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |d| ("-", d));
    let mut out = String::from(sign);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `25.6 M`, `1.2 G`: counts of parameters or multiply-accumulates.
pub fn short(value: u64) -> String {
    for (unit, scale) in [("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)] {
        if value as f64 >= scale * 0.9995 {
            return format!("{} {unit}", significant(value as f64 / scale));
        }
    }
    value.to_string()
}

/// `102 MiB`.
pub fn bytes(value: u64) -> String {
    for (unit, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        if value >= 1 << shift {
            return format!("{} {unit}", significant(value as f64 / (1u64 << shift) as f64));
        }
    }
    format!("{value} B")
}

/// `0.8 s`, `12 s`, `3 min 5 s`, `1 h 2 min`: how long something took or will take.
pub fn seconds(value: f64) -> String {
    if !value.is_finite() || value < 0.0 {
        return "–".into();
    }
    if value < 10.0 {
        return format!("{value:.1} s");
    }
    let whole = value.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// `2.94x`.
pub fn speedup(value: f64) -> String {
    format!("{}x", significant(value))
}

/// The text shortened in its middle to at most `limit` characters; names differ at both ends.
pub fn middle(text: &str, limit: usize) -> String {
    let length = text.chars().count();
    if length <= limit || limit < 3 {
        return text.into();
    }
    let head = (limit - 1) / 2;
    let tail = limit - 1 - head;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{start}…{end}")
}

/// `1 error`, `3 errors`.
pub fn plural(n: usize, one: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{} {one}s", count(n as u64))
    }
}

/// A word for a POSIX shell, quoted only when it must be.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_significant_digits() {
        for (value, text) in [
            (0.0, "0"),
            (1.2345, "1.23"),
            (9.999, "10.0"),
            (99.96, "100"),
            (12.345, "12.3"),
            (123.45, "123"),
            (1_234_567.0, "1,234,567"),
            (0.012_345, "0.0123"),
            (-1.5, "-1.50"),
            (0.000_01, "1.00e-5"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(significant(value), text);
        }
    }

    #[test]
    fn sizes_and_counts() {
        assert_eq!(short(25_557_032), "25.6 M");
        assert_eq!(short(999_999), "1.00 M");
        assert_eq!(short(999), "999");
        assert_eq!(bytes(102 << 20), "102 MiB");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(count(1234), "1,234");
        assert_eq!(seconds(185.2), "3 min 5 s");
        assert_eq!(speedup(2.936), "2.94x");
    }

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(middle("/layer.3/attn/MatMul", 11), "/laye…atMul");
        assert_eq!(middle("short", 11), "short");
        assert_eq!(middle("äöüäöüäöü", 5), "äö…öü");
    }

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(shell_word("a b"), "'a b'");
        assert_eq!(shell_word("it's"), "'it'\\''s'");
        assert_eq!(shell_word("x:1x3"), "x:1x3");
    }
}
