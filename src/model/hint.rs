//! What a file is when it is not ONNX: told from its first bytes.

/// A hint for the reader of an error, or `None` when nothing is recognised.
pub(super) fn hint(bytes: &[u8]) -> Option<&'static str> {
    const STARTS: &[(&[u8], &str)] = &[
        (
            b"PK\x03\x04",
            "it is a zip archive (a PyTorch .pt file, or an archive to unpack first)",
        ),
        (
            b"version https://git-lfs",
            "it is a Git LFS pointer; run `git lfs pull` to get the model itself",
        ),
        (b"ptrt", "it is a TensorRT engine, already built"),
        (b"ftrt", "it is a TensorRT engine, already built"),
        (b"\x89HDF", "it is an HDF5 file (Keras weights)"),
        (b"GGUF", "it is a GGUF file"),
        (b"\x1f\x8b", "it is gzip-compressed; unpack it first"),
        (b"\x28\xb5\x2f\xfd", "it is zstd-compressed; unpack it first"),
        (b"\x93NUMPY", "it is a NumPy array"),
        (b"\x7fELF", "it is a program or library"),
        (b"%PDF", "it is a PDF document"),
        (b"\x89PNG", "it is a picture"),
        (b"\xff\xd8\xff", "it is a picture"),
    ];
    const AT_FOUR: &[(&[u8], &str)] = &[
        (b"TFL3", "it is a TensorFlow Lite model"),
        (b"ORTM", "it is a model in ONNX Runtime's ORT format"),
    ];
    if let Some((_, text)) = STARTS.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Some(text);
    }
    if let Some((_, text)) = AT_FOUR.iter().find(|(mark, _)| bytes.get(4..8) == Some(mark)) {
        return Some(text);
    }
    // Pickle protocols 2 to 5 start with 0x80 and the protocol's number.
    if let [0x80, 2..=5, ..] = bytes {
        return Some("it is a Python pickle (a PyTorch checkpoint)");
    }
    if bytes.get(8..10) == Some(b"{\"") && bytes.get(4..8) == Some(&[0; 4]) {
        return Some("it is a safetensors file");
    }
    let head = bytes.get(..bytes.len().min(512)).unwrap_or_default();
    let text = std::str::from_utf8(head)
        .or_else(|e| std::str::from_utf8(head.get(..e.valid_up_to()).unwrap_or_default()))
        .unwrap_or_default();
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let is_text =
        text.len() + 3 >= head.len() && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    let lower = start
        .get(..start.len().min(16))
        .unwrap_or_default()
        .to_ascii_lowercase();
    if is_text && !text.is_empty() {
        return Some(if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
            "it is a web page; the download did not give the model itself"
        } else if start.starts_with('{') || start.starts_with('[') {
            "it is JSON text"
        } else {
            "it is a text file"
        });
    }
    // TensorFlow's GraphDef starts with a node (field 1, a message); a SavedModel with its schema version 1 and a
    // MetaGraphDef (field 2, a message that starts with meta_info_def, field 1).
    match bytes {
        [0x0a, ..] => Some("it may be a TensorFlow graph (GraphDef); convert it with tf2onnx"),
        [0x08, 0x01, 0x12, ..] => Some("it may be a TensorFlow SavedModel; convert it with tf2onnx"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn common_mistakes_are_recognised() {
        for (bytes, word) in [
            (&b"PK\x03\x04rest"[..], "zip"),
            (b"\x80\x02}q", "pickle"),
            (b"version https://git-lfs.github.com/spec/v1\noid", "LFS"),
            (b"<!DOCTYPE html><html>", "web page"),
            (b"{\"a\": 1}", "JSON"),
            (b"hello world\n", "text"),
            (b"\x89PNG\r\n\x1a\n", "picture"),
            (b"ftrt\x01\x02\x00", "TensorRT"),
            (b"\x20\x00\x00\x00TFL3\x00\x00", "Lite"),
            (b"\x0a\x20\x0a\x01x\x12\x0bPlaceholder", "TensorFlow"),
        ] {
            assert!(hint(bytes).is_some_and(|h| h.contains(word)), "{word}");
        }
        assert_eq!(hint(&[8, 9, 18, 0xff, 0x80, 0x81]), None);
    }
}
