//! Decoding with limits, and finding the place of what does not decode.

use super::onnx::{self, ModelProto};
use buffa::{DecodeError, DecodeOptions, Message};
use bytes::Bytes;

/// Nesting of messages, as every protobuf library limits it by default; about 30 levels of If inside If.
const RECURSION: u32 = 100;
/// Unknown fields in the whole file; each takes about 40 bytes.
const UNKNOWN_FIELDS: usize = 1_000_000;

/// Options for a file of `len` bytes. Decoded messages may take 32 times the file (an empty attribute of 2 bytes is the
/// worst ratio; real graphs stay under 15 times their own bytes), at least 64 MiB, at most 4 GiB.
fn options(len: usize) -> DecodeOptions {
    DecodeOptions::new()
        .with_recursion_limit(RECURSION)
        .with_unknown_field_limit(UNKNOWN_FIELDS)
        .with_element_memory_limit(len.saturating_mul(32).clamp(64 << 20, 4 << 30))
}

/// Decodes a model; data fields stay views into `bytes`.
///
/// # Errors
/// What is wrong, with the place.
pub(super) fn decode(bytes: &Bytes) -> Result<ModelProto, String> {
    options(bytes.len())
        .decode(&mut bytes.clone())
        .map_err(|error| match error {
            DecodeError::MessageTooLarge => {
                "a protobuf message larger than 2 GiB; save the model with its weights as external data".to_owned()
            }
            DecodeError::RecursionLimitExceeded => format!("messages are nested deeper than {RECURSION} levels"),
            DecodeError::ElementMemoryLimitExceeded | DecodeError::UnknownFieldLimitExceeded => {
                format!("{error}: it unpacks to far more than a model of this size does")
            }
            _ => match place(bytes) {
                Some(place) => format!("{place}: {error}"),
                None => error.to_string(),
            },
        })
}

/// Decodes a `TensorProto` that stands alone in a file.
///
/// # Errors
/// What is wrong.
pub(super) fn decode_tensor(bytes: &Bytes) -> Result<onnx::TensorProto, String> {
    options(bytes.len())
        .decode(&mut bytes.clone())
        .map_err(|error| error.to_string())
}

/// One field of a message in wire form.
struct Field {
    number: u64,
    /// Offset of the payload in the message.
    at: usize,
    payload: Result<Payload, u64>,
}

enum Payload {
    Message(Bytes),
    Other,
}

/// The fields of a message one after the other; stops after the first that does not fit (its payload is then the length
/// that it claims), or at bytes that are no field.
fn fields(message: &Bytes) -> impl Iterator<Item = Field> + '_ {
    let mut at = 0usize;
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended || at >= message.len() {
            return None;
        }
        let tag = varint(message, &mut at)?;
        let (number, kind) = (tag >> 3, tag & 7);
        let start = at;
        let len = match kind {
            0 => {
                varint(message, &mut at)?;
                return Some(Field {
                    number,
                    at: start,
                    payload: Ok(Payload::Other),
                });
            }
            1 => 8,
            5 => 4,
            2 => varint(message, &mut at)?,
            _ => return None,
        };
        let end = usize::try_from(len)
            .ok()
            .and_then(|len| at.checked_add(len))
            .filter(|end| *end <= message.len());
        let Some(end) = end else {
            ended = true;
            return Some(Field {
                number,
                at,
                payload: Err(len),
            });
        };
        let payload = Ok(if kind == 2 {
            Payload::Message(message.slice(at..end))
        } else {
            Payload::Other
        });
        let field = Field { number, at, payload };
        at = end;
        Some(field)
    })
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0u64;
    for shift in 0..10 {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << (shift * 7).min(63);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Numbers and names of the fields of `ModelProto` and `GraphProto` that hold messages (onnx.proto).
const MODEL_FIELDS: &[(u64, &str)] = &[
    (7, "graph"),
    (8, "opset_import"),
    (14, "metadata_props"),
    (20, "training_info"),
    (25, "functions"),
    (26, "configuration"),
];
const GRAPH_FIELDS: &[(u64, &str)] = &[
    (1, "node"),
    (5, "initializer"),
    (11, "input"),
    (12, "output"),
    (13, "value_info"),
    (14, "quantization_annotation"),
    (15, "sparse_initializer"),
];

/// Where the first undecodable part is: a field by name and index, with its offset in the file.
fn place(bytes: &Bytes) -> Option<String> {
    let (number, at, payload) = first_bad(bytes, MODEL_FIELDS, |number, message| match number {
        7 => decodes::<onnx::GraphProto>(message),
        25 => decodes::<onnx::FunctionProto>(message),
        _ => true,
    })?;
    let name = name_of(MODEL_FIELDS, number.0, number.1);
    match payload {
        Err(len) => Some(too_short(&name, at, len, bytes.len() - at)),
        Ok(graph) if number.0 == 7 => {
            let inner = first_bad(&graph, GRAPH_FIELDS, |number, message| match number {
                1 => decodes::<onnx::NodeProto>(message),
                5 => decodes::<onnx::TensorProto>(message),
                11..=13 => decodes::<onnx::ValueInfoProto>(message),
                14 => decodes::<onnx::TensorAnnotation>(message),
                15 => decodes::<onnx::SparseTensorProto>(message),
                _ => true,
            });
            Some(match inner {
                Some((number, inside, payload)) => {
                    let name = format!("{name}.{}", name_of(GRAPH_FIELDS, number.0, number.1));
                    match payload {
                        Err(len) => too_short(&name, at + inside, len, graph.len() - inside),
                        Ok(_) => format!("{name} at byte {}", at + inside),
                    }
                }
                None => format!("{name} at byte {at}"),
            })
        }
        Ok(_) => Some(format!("{name} at byte {at}")),
    }
}

fn too_short(name: &str, at: usize, claims: u64, left: usize) -> String {
    format!("{name} at byte {at} says it has {claims} bytes, only {left} follow; the file may be cut off")
}

fn name_of(names: &[(u64, &str)], number: u64, index: usize) -> String {
    match names.iter().find(|(n, _)| *n == number) {
        Some((7, name)) => (*name).to_owned(),
        Some((_, name)) => format!("{name}[{index}]"),
        None => format!("field {number}"),
    }
}

type Bad = ((u64, usize), usize, Result<Bytes, u64>);

/// The first field that does not fit or does not decode: number, index among its like, offset, payload.
fn first_bad(message: &Bytes, names: &[(u64, &str)], is_good: impl Fn(u64, &Bytes) -> bool) -> Option<Bad> {
    let mut counts = vec![0usize; names.len()];
    for field in fields(message) {
        let counter = names
            .iter()
            .position(|(n, _)| *n == field.number)
            .and_then(|i| counts.get_mut(i));
        let index = counter.map_or(0, |c| {
            *c += 1;
            *c - 1
        });
        match field.payload {
            Err(len) => return Some(((field.number, index), field.at, Err(len))),
            Ok(Payload::Message(m)) if !is_good(field.number, &m) => {
                return Some(((field.number, index), field.at, Ok(m)));
            }
            Ok(_) => {}
        }
    }
    None
}

fn decodes<M: Message>(message: &Bytes) -> bool {
    options(message.len()).decode::<M>(&mut message.clone()).is_ok()
}
