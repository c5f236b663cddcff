//! Bytes as text, for JSON.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with padding (RFC 4648, section 4).
pub fn to_base64(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            out.push(if i <= group.len() {
                ALPHABET[(word >> (18 - 6 * i)) as usize & 63]
            } else {
                b'='
            });
        }
    }
    // The alphabet is ASCII.
    String::from_utf8(out).unwrap_or_default()
}

/// Bytes of a base64 text with padding; `None` when it is not one.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    const VALUES: [u8; 256] = {
        let mut table = [255u8; 256];
        let mut i = 0;
        while i < 64 {
            table[ALPHABET[i] as usize] = i as u8;
            i += 1;
        }
        table
    };
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let groups = text.len() / 4;
    for (n, group) in text.chunks_exact(4).enumerate() {
        let padding = if n + 1 == groups {
            group.iter().rev().take_while(|b| **b == b'=').count()
        } else {
            0
        };
        if padding > 2 {
            return None;
        }
        let mut word = 0u32;
        for (i, b) in group.iter().enumerate() {
            let value = if i >= 4 - padding { 0 } else { VALUES[usize::from(*b)] };
            if value == 255 {
                return None;
            }
            word = word << 6 | u32::from(value);
        }
        out.extend_from_slice(&word.to_be_bytes()[1..4 - padding]);
    }
    Some(out)
}
