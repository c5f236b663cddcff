//! Changes to bytes, to protobuf messages and to text.

use enginesmith::data::random::Random;

/// Bytes that parsers count wrong at.
const EDGES: [u64; 12] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    1 << 40,
    i64::MAX as u64,
    u64::MAX,
];

fn edge(random: &mut Random) -> u64 {
    EDGES[below(random, EDGES.len())].wrapping_add(below(random, 3) as u64)
}

/// An index below `n`, 0 where there is none.
pub fn below(random: &mut Random, n: usize) -> usize {
    random.below(n as u64) as usize
}

/// Changes any bytes, a few times.
pub fn bytes(data: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=below(random, 4) {
        let at = below(random, data.len());
        let end = at + below(random, (data.len() - at).min(64));
        match below(random, 8) {
            0 if !data.is_empty() => data[at] ^= 1 << below(random, 8),
            1 if !data.is_empty() => data[at] = edge(random) as u8,
            2 => drop(data.drain(at..end)),
            3 => {
                let part = data[at..end].to_vec();
                let to = below(random, data.len());
                data.splice(to..to, part);
            }
            4 => {
                let from = below(random, other.len());
                let part = other[from..(from + below(random, 64)).min(other.len())].to_vec();
                data.splice(at..end, part);
            }
            5 => data.truncate(at),
            6 => {
                let word = edge(random).to_le_bytes();
                let width = [2, 4, 8][below(random, 3)];
                let end = (at + width).min(data.len());
                data[at..end].copy_from_slice(&word[..end - at]);
            }
            _ => data.insert(at, edge(random) as u8),
        }
    }
}

/// A field of a message, with the fields inside where its bytes read as a message.
#[derive(Clone)]
struct Field {
    number: u64,
    value: Value,
}

#[derive(Clone)]
enum Value {
    Varint(u64),
    Fixed(Vec<u8>),
    Bytes(Vec<u8>),
    Message(Vec<Field>),
}

/// Reads a varint; `None` where there is none.
fn varint(data: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = data.split_first()?;
        *data = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn read(mut data: &[u8], depth: usize) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    while !data.is_empty() {
        let key = varint(&mut data)?;
        let mut take = |n: usize| {
            let (part, rest) = data.split_at_checked(n)?;
            data = rest;
            Some(part.to_vec())
        };
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut data)?),
            1 => Value::Fixed(take(8)?),
            5 => Value::Fixed(take(4)?),
            2 => {
                let length = usize::try_from(varint(&mut data)?).ok()?;
                let (part, rest) = data.split_at_checked(length)?;
                data = rest;
                // Large ones are weights.
                let inner = (depth > 0 && length < 1 << 16).then(|| read(part, depth - 1)).flatten();
                inner
                    .filter(|f| !f.is_empty())
                    .map_or_else(|| Value::Bytes(part.to_vec()), Value::Message)
            }
            _ => return None,
        };
        if key >> 3 == 0 {
            return None;
        }
        fields.push(Field {
            number: key >> 3,
            value,
        });
    }
    Some(fields)
}

fn put(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn write(fields: &[Field], out: &mut Vec<u8>) {
    for Field { number, value } in fields {
        let kind = match value {
            Value::Varint(_) => 0,
            Value::Fixed(bytes) if bytes.len() == 8 => 1,
            Value::Fixed(_) => 5,
            Value::Bytes(_) | Value::Message(_) => 2,
        };
        put(number << 3 | kind, out);
        match value {
            Value::Varint(n) => put(*n, out),
            Value::Fixed(bytes) => out.extend(bytes),
            Value::Bytes(bytes) => {
                put(bytes.len() as u64, out);
                out.extend(bytes);
            }
            Value::Message(inner) => {
                let mut bytes = Vec::new();
                write(inner, &mut bytes);
                put(bytes.len() as u64, out);
                out.extend(bytes);
            }
        }
    }
}

/// A message somewhere in the tree.
fn somewhere<'a>(fields: &'a mut Vec<Field>, random: &mut Random) -> &'a mut Vec<Field> {
    let inside: Vec<usize> = (0..fields.len())
        .filter(|i| matches!(fields[*i].value, Value::Message(_)))
        .collect();
    if inside.is_empty() || below(random, 5) == 0 {
        return fields;
    }
    match &mut fields[inside[below(random, inside.len())]].value {
        Value::Message(inner) => somewhere(inner, random),
        _ => unreachable!("chosen above"),
    }
}

/// Changes fields of a message, whose lengths stay right: what decoders let through. False for what is no message.
pub fn message(data: &mut Vec<u8>, other: &[u8], random: &mut Random) -> bool {
    let Some(mut fields) = read(data, 8) else { return false };
    for _ in 0..=below(random, 5) {
        let donor = match below(random, 3) {
            0 => read(other, 8),
            _ => None,
        };
        let mut donor = donor.unwrap_or_else(|| fields.clone());
        let from = somewhere(&mut donor, random);
        let taken = from.get(below(random, from.len())).cloned();
        let to = somewhere(&mut fields, random);
        let at = below(random, to.len());
        match below(random, 6) {
            0 if !to.is_empty() => drop(to.remove(at)),
            1 => to.extend(taken),
            2 => {
                if let (Some(slot), Some(taken)) = (to.get_mut(at), taken) {
                    slot.value = taken.value;
                }
            }
            3 => {
                let with = below(random, to.len());
                if !to.is_empty() {
                    to.swap(at, with);
                }
            }
            _ => match to.get_mut(at).map(|f| &mut f.value) {
                Some(Value::Varint(n)) => *n = edge(random),
                Some(Value::Bytes(b) | Value::Fixed(b)) => bytes_within(b, random),
                _ => {}
            },
        }
    }
    data.clear();
    write(&fields, data);
    true
}

/// Changes bytes without changing their number.
fn bytes_within(data: &mut [u8], random: &mut Random) {
    if data.is_empty() {
        return;
    }
    for _ in 0..=below(random, 4) {
        let at = below(random, data.len());
        data[at] = match below(random, 2) {
            0 => edge(random) as u8,
            _ => data[below(random, data.len())],
        };
    }
}

/// Changes words, numbers and lines of a text.
pub fn text(data: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'.';
    let words = |data: &[u8]| -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut at = 0;
        for part in data.split(|b| !is_word(b)) {
            if !part.is_empty() {
                found.push((at, at + part.len()));
            }
            at += part.len() + 1;
        }
        found
    };
    for _ in 0..=below(random, 3) {
        let mine = words(data);
        let Some((start, end)) = mine.get(below(random, mine.len())).copied() else {
            return bytes(data, other, random);
        };
        let new: Vec<u8> = match below(random, 8) {
            0 => edge(random).to_string().into(),
            1 => format!("-{}", edge(random)).into(),
            2 => [
                "nan",
                "inf",
                "1e308",
                "-0.0",
                "true",
                "null",
                "[]",
                "{}",
                "\"\"",
                "\u{202e}é",
            ][below(random, 10)]
            .into(),
            3 | 4 => {
                let (from, theirs) = match below(random, 2) {
                    0 => (other, words(other)),
                    _ => (&data[..], mine),
                };
                match theirs.get(below(random, theirs.len())) {
                    Some((a, b)) => from[*a..*b].to_vec(),
                    None => Vec::new(),
                }
            }
            5 => Vec::new(),
            6 => b"x".repeat(below(random, 5000)),
            _ => return bytes(data, other, random),
        };
        data.splice(start..end, new);
    }
}
