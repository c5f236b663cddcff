//! Numbers, sizes, times and names as people read them: three significant digits, thousands separated, the unit apart.

/// Three significant digits with thousands separated: `12,300`, `2.94`, `0.00123`; very small ones as `1.23e-5`.
pub fn significant(x: f64) -> String {
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
        return grouped(&format!("{:.0}", (x / unit).round() * unit));
    }
    format!("{x:.*}", (2 - exponent).max(0) as usize)
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

/// `40 ms`, `0.8 s`, `12 s`, `3 min 5 s`, `1 h 2 min`: how long something took or will take.
pub fn seconds(value: f64) -> String {
    if !value.is_finite() || value < 0.0 {
        return "–".into();
    }
    if value > 0.0 && value < 0.1 {
        return format!("{:.0} ms", (value * 1e3).max(1.0));
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

/// `2.90 to 2.98`; with up to two more digits where three would make both ends look the same.
pub fn range(low: f64, high: f64) -> String {
    if significant(low) != significant(high) || low <= 0.0 || !high.is_finite() {
        return format!("{} to {}", significant(low), significant(high));
    }
    let decimals = (2 - low.log10().floor() as i32).max(0) as usize;
    let more = (1..=2)
        .find(|d| format!("{low:.*}", decimals + d) != format!("{high:.*}", decimals + d))
        .unwrap_or(2);
    format!("{low:.*} to {high:.*}", decimals + more, decimals + more)
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

/// The text with a capital at its beginning: a reason that stands alone. Paths and names at the beginning stay as they are:
/// only a word of letters and hyphens is one of the sentence.
pub fn sentence(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    if !word.chars().all(|c| c.is_alphabetic() || c == '-') {
        return text.to_owned();
    }
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}", letters.as_str())
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(names: &[&str]) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        names => names.concat(),
    }
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
    fn sentences_begin_with_a_capital_and_names_keep_theirs() {
        assert_eq!(sentence("there is no driver"), "There is no driver");
        assert_eq!(sentence("share [%]"), "Share [%]");
        assert_eq!(sentence("models/a.onnx: cut off"), "models/a.onnx: cut off");
        assert_eq!(sentence("conv1: no weight"), "conv1: no weight");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn short_times_are_in_milliseconds() {
        assert_eq!(seconds(0.0), "0.0 s");
        assert_eq!(seconds(0.0004), "1 ms");
        assert_eq!(seconds(0.042), "42 ms");
        assert_eq!(seconds(0.1), "0.1 s");
    }

    #[test]
    fn three_significant_digits() {
        for (value, text) in [
            (0.0, "0"),
            (1.2345, "1.23"),
            (9.999, "10.0"),
            (99.96, "100"),
            (12.345, "12.3"),
            (123.45, "123"),
            (999.6, "1,000"),
            (1_234_567.0, "1,230,000"),
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
        assert_eq!(range(2.9, 2.98), "2.90 to 2.98");
        assert_eq!(range(2.2201, 2.2234), "2.220 to 2.223");
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
