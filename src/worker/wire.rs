//! Lines, base64 and tensors as bytes: what both ends of the protocol share.

use crate::data::NamedTensors;
pub use crate::data::base64::{from_base64, to_base64};
use crate::model::{DataType, Tensor};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, BufRead};

/// Reads lines of at most `limit` bytes; the line feed is not part of a line, bytes that are not UTF-8 are replaced.
pub struct Lines<R> {
    input: R,
    limit: usize,
    /// Pass over what exceeds the limit, instead of ending there.
    cuts: bool,
    is_cut: bool,
}

/// Bytes of a line that is too long that a message shows.
const SHOWN: usize = 80;

/// Why no further line can be had.
#[derive(thiserror::Error, Debug)]
pub enum LineError {
    /// The line exceeds the limit.
    #[error("a line longer than {limit} bytes, which begins with {start:?}")]
    TooLong {
        /// In bytes.
        limit: usize,
        /// How the line begins.
        start: String,
    },
    /// The system's reason.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<R: BufRead> Lines<R> {
    /// Lines of `input`, each at most `limit` bytes.
    pub fn new(input: R, limit: usize) -> Self {
        Self {
            input,
            limit,
            cuts: false,
            is_cut: false,
        }
    }

    /// Lines of `input` of any length; what a line has beyond `limit` bytes is passed over.
    pub fn cutting(input: R, limit: usize) -> Self {
        Self {
            cuts: true,
            ..Self::new(input, limit)
        }
    }

    /// True when the last line had no line feed: what wrote it ended in the middle.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The next line; `None` at the end. The last line needs no line feed.
    ///
    /// # Errors
    /// [`LineError`]; nothing can be read after it.
    pub fn next_line(&mut self) -> Result<Option<String>, LineError> {
        let mut line = Vec::new();
        loop {
            let buffer = match self.input.fill_buf() {
                Ok(buffer) => buffer,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e.into()),
            };
            if buffer.is_empty() {
                if line.is_empty() {
                    return Ok(None);
                }
                self.is_cut = true;
                break;
            }
            let (part, found) = match buffer.iter().position(|b| *b == b'\n') {
                Some(end) => (&buffer[..end], true),
                None => (buffer, false),
            };
            let kept = part.len().min(self.limit - line.len());
            if kept < part.len() && !self.cuts {
                line.extend_from_slice(&part[..kept.min(SHOWN)]);
                line.truncate(SHOWN);
                return Err(LineError::TooLong {
                    limit: self.limit,
                    start: String::from_utf8_lossy(&line).into_owned(),
                });
            }
            line.extend_from_slice(&part[..kept]);
            let used = part.len() + usize::from(found);
            self.input.consume(used);
            if found {
                break;
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(match String::from_utf8(line) {
            Ok(text) => text,
            Err(e) => String::from_utf8_lossy(e.as_bytes()).into_owned(),
        }))
    }
}

/// SHA-256 in lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    finish(Sha256::new().chain_update(bytes))
}

/// The hex text of a finished hash.
pub fn finish(hash: Sha256) -> String {
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// True when the text is a SHA-256 in lower-case hex: what may become a file name in the cache.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Header entry of a tensor blob.
#[derive(Serialize, Deserialize)]
struct Entry {
    name: String,
    dtype: DataType,
    dims: Vec<u64>,
    bytes: u64,
}

/// Tensors as one blob: the length of a JSON header (u64, little-endian), the header (a list of name, dtype, dims,
/// bytes), then the tensors' bytes in that order, little-endian and packed as ONNX packs them.
pub fn tensors_to_bytes(tensors: &NamedTensors) -> Vec<u8> {
    let header: Vec<Entry> = tensors
        .iter()
        .map(|(name, t)| Entry {
            name: name.clone(),
            dtype: t.dtype,
            dims: t.dims.clone(),
            bytes: t.bytes.len() as u64,
        })
        .collect();
    let header = serde_json::to_vec(&header).unwrap_or_default();
    let data: usize = tensors.iter().map(|(_, t)| t.bytes.len()).sum();
    let mut out = Vec::with_capacity(8 + header.len() + data);
    out.extend_from_slice(&(header.len() as u64).to_le_bytes());
    out.extend_from_slice(&header);
    for (_, t) in tensors {
        out.extend_from_slice(&t.bytes);
    }
    out
}

/// Reads what [`tensors_to_bytes`] wrote, without copying the tensors' data.
///
/// # Errors
/// What does not fit, naming the tensor.
pub fn tensors_from_bytes(blob: &Bytes) -> Result<NamedTensors, String> {
    let short = || "tensor blob is too short".to_string();
    let length = blob.get(..8).ok_or_else(short)?;
    let length = u64::from_le_bytes(length.try_into().map_err(|_| short())?);
    let end = usize::try_from(length).ok().and_then(|n| n.checked_add(8));
    let header = end.and_then(|end| blob.get(8..end)).ok_or_else(short)?;
    let header: Vec<Entry> = serde_json::from_slice(header).map_err(|e| format!("tensor blob's header: {e}"))?;
    let mut at = 8 + length as usize;
    let mut tensors = NamedTensors::with_capacity(header.len());
    for entry in header {
        let elements = entry.dims.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
        let expected = elements.and_then(|n| entry.dtype.packed_bytes(n));
        if expected != Some(entry.bytes) {
            return Err(format!(
                "tensor {:?} of type {} and dims {:?} has {} bytes",
                entry.name, entry.dtype, entry.dims, entry.bytes
            ));
        }
        let end = usize::try_from(entry.bytes).ok().and_then(|n| n.checked_add(at));
        let end = end.filter(|end| *end <= blob.len()).ok_or_else(short)?;
        let bytes = blob.slice(at..end);
        at = end;
        tensors.push((
            entry.name,
            Tensor {
                dtype: entry.dtype,
                dims: entry.dims,
                bytes,
            },
        ));
    }
    Ok(tensors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn base64_matches_the_test_vectors_of_rfc_4648() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(to_base64(plain.as_bytes()), text);
            assert_eq!(from_base64(text).as_deref(), Some(plain.as_bytes()));
        }
        for bad in ["Z", "Zg=", "Zg==Zg==", "====", "Z===", "Zm9\n", "Zm9v\u{e9}"] {
            assert_eq!(from_base64(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_line_over_the_limit_is_an_error_and_the_last_needs_no_line_feed() {
        let mut lines = Lines::new(&b"one\r\ntwo\nlast"[..], 5);
        assert_eq!(lines.next_line().unwrap().as_deref(), Some("one"));
        assert_eq!(lines.next_line().unwrap().as_deref(), Some("two"));
        assert!(!lines.is_cut());
        assert_eq!(lines.next_line().unwrap().as_deref(), Some("last"));
        assert!(lines.is_cut());
        assert_eq!(lines.next_line().unwrap(), None);
        let mut lines = Lines::new(&b"123456\n"[..], 5);
        let error = lines.next_line().unwrap_err().to_string();
        assert_eq!(error, "a line longer than 5 bytes, which begins with \"12345\"");
        let mut lines = Lines::cutting(&b"123456789\nnext\n"[..], 5);
        assert_eq!(lines.next_line().unwrap().as_deref(), Some("12345"));
        assert_eq!(lines.next_line().unwrap().as_deref(), Some("next"));
    }

    #[test]
    fn a_blob_whose_header_lies_about_sizes_is_refused() {
        let blob = tensors_to_bytes(&vec![(
            "x".into(),
            Tensor {
                dtype: DataType::Float32,
                dims: vec![3],
                bytes: Bytes::from_static(&[0; 8]),
            },
        )]);
        let error = tensors_from_bytes(&blob.into()).unwrap_err();
        assert!(error.contains("\"x\"") && error.contains("8 bytes"), "{error}");
    }

    proptest! {
        #[test]
        fn base64_round_trips(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(from_base64(&to_base64(&bytes)), Some(bytes));
        }

        #[test]
        fn reading_any_bytes_as_tensors_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = tensors_from_bytes(&bytes.into());
        }

        #[test]
        fn tensors_round_trip(values in proptest::collection::vec(any::<i64>(), 0..20), name in ".{0,8}") {
            let tensor = Tensor {
                dtype: DataType::Int64,
                dims: vec![values.len() as u64],
                bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>().into(),
            };
            let tensors = vec![(name, tensor)];
            prop_assert_eq!(tensors_from_bytes(&tensors_to_bytes(&tensors).into()), Ok(tensors));
        }
    }
}
