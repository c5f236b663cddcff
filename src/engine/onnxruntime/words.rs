//! ONNX Runtime's errors as sentences that name the node or tensor; the raw text follows.

use crate::engine::EngineError;
use crate::graph::{Graph, Node};
use crate::model::Model;
use ort::ErrorCode;
use std::sync::Arc;

/// The error of making a session.
pub fn session_error<R>(error: &ort::Error<R>) -> EngineError {
    let raw = error.message();
    let text = sentence(raw).unwrap_or_else(|| "ONNX Runtime cannot make a session of this model".into());
    let message = with_raw(&text, raw);
    match error.code() {
        ErrorCode::NoSuchFile | ErrorCode::NoModel => EngineError::Request(message),
        ErrorCode::NotImplemented
        | ErrorCode::InvalidGraph
        | ErrorCode::InvalidProtobuf
        | ErrorCode::InvalidArgument
        | ErrorCode::GenericFailure => EngineError::Unsupported(message),
        _ => EngineError::Failed(message),
    }
}

/// The error of an inference.
pub fn run_error(error: &ort::Error) -> EngineError {
    let raw = error.message();
    let text = sentence(raw).unwrap_or_else(|| "ONNX Runtime failed".into());
    let message = with_raw(&text, raw);
    match error.code() {
        ErrorCode::InvalidArgument => EngineError::Request(message),
        _ => EngineError::Failed(message),
    }
}

/// The same error with the place of a node that has no name: its index and what it makes, or those that it may be.
pub fn located(error: EngineError, model: &Arc<Model>) -> EngineError {
    let add = |message: String| {
        let Some(op) = between(&message, "node (", ")").filter(|op| !op.is_empty()) else {
            return message;
        };
        // The version may follow: `Conv(13)`.
        let plain = op.split('(').next().unwrap_or(op);
        let graph = Graph::new(Arc::clone(model));
        let unnamed = |n: &&Node| n.name.is_empty() && *n.op_type == *plain;
        let places: Vec<String> = graph
            .nodes
            .iter()
            .filter(unnamed)
            .map(|node| {
                let made = node
                    .outputs
                    .iter()
                    .flatten()
                    .next()
                    .map(|t| graph.tensor(*t).name.to_string());
                format!("{} which makes {}", node.path, made.unwrap_or_default())
            })
            .collect();
        let place = match places.as_slice() {
            [] => return message,
            [one] => one.clone(),
            [first, .., last] => format!("one of {} without a name, {first} to {last}", places.len()),
        };
        let at = message.find("node (").unwrap_or(0);
        format!("{}node {place} {}", &message[..at], &message[at + "node ".len()..])
    };
    match error {
        EngineError::Unsupported(m) => EngineError::Unsupported(add(m)),
        EngineError::Failed(m) => EngineError::Failed(add(m)),
        EngineError::Request(m) => EngineError::Request(add(m)),
        other => other,
    }
}

fn with_raw(text: &str, raw: &str) -> String {
    format!("{text}\nONNX Runtime says: {}", raw.trim())
}

/// What a message means, where it has one of the known forms.
fn sentence(raw: &str) -> Option<String> {
    // A kernel failed: "Non-zero status code returned while running Conv node. Name:'/conv' Status Message: why".
    if let Some(rest) = after(raw, "returned while running ") {
        let op = rest.split(' ').next()?;
        let name = between(rest, "Name:'", "'")?;
        let why = after(rest, "Status Message: ").map(plain).unwrap_or_default();
        return Some(format!("node {} failed: {why}", node(name, op)));
    }
    // No kernel: "Could not find an implementation for Foo(13) node with name 'n'".
    if let Some(rest) = after(raw, "Could not find an implementation for ") {
        let op = rest.split(' ').next()?;
        let name = between(rest, "node with name '", "'").unwrap_or_default();
        return Some(format!(
            "node {}: this ONNX Runtime has no kernel for it with these types",
            node(name, op)
        ));
    }
    // An operator that no schema describes.
    if let Some(rest) = after(raw, "Fatal error: ") {
        let op = rest.split(" is not a registered").next()?;
        if op.len() < rest.len() {
            return Some(format!("operator {op}: this ONNX Runtime does not know it"));
        }
    }
    if let Some(rest) = after(raw, "No Op registered for ") {
        let op = rest.split(' ').next()?;
        let version =
            between(rest, "domain_version of ", "\n").unwrap_or_else(|| rest.rsplit(' ').next().unwrap_or(""));
        return Some(format!(
            "operator {op}: this ONNX Runtime does not know it in opset {}",
            version.trim()
        ));
    }
    // Types or shapes: "Node (n) Op (Add) [TypeInferenceError] why", "Type Error: Type 'x' of input parameter (a) ...".
    if let Some(rest) = after(raw, "Node (") {
        let name = rest.split(')').next()?;
        let op = between(rest, "Op (", ")").unwrap_or_default();
        let why = after(rest, "Error] ").map(plain).unwrap_or_default();
        return Some(format!("node {}: {why}", node(name, op)));
    }
    if let Some(rest) = after(raw, "In Node, (\"") {
        let name = rest.split('"').next()?;
        let op = after(rest, "\", ")
            .and_then(|r| r.split(',').next())
            .unwrap_or_default();
        let why = after(rest, "Error ").map(plain).unwrap_or_default();
        return Some(format!("node {}: {why}", node(name, op)));
    }
    if let Some(rest) = after(raw, "Type Error: ") {
        let name = between(rest, "in node (", ")").or_else(|| between(rest, "node (", ")"));
        let why = plain(rest);
        return Some(name.map_or(why.clone(), |name| format!("node {name}: {why}")));
    }
    if let Some(rest) = after(raw, "Failed to allocate memory for requested buffer of size ") {
        return Some(format!("no memory for a buffer of {} bytes", digits(rest)));
    }
    // The arena's limit, which is the recipe's workspace.
    if let Some(rest) = after(raw, "Available memory of ") {
        let free = rest.split(' ').next()?;
        let wanted = after(rest, "requested bytes of ").map(digits)?;
        return Some(format!(
            "the workspace is too small: {wanted} bytes more are needed where {free} are left"
        ));
    }
    if let Some(rest) = after(raw, "cannot use the graph capture feature as requested by the user") {
        let why = plain(rest);
        return Some(format!("no CUDA graph can be captured, {why}"));
    }
    if raw.contains("Protobuf parsing failed") {
        return Some("ONNX Runtime cannot read the model file".into());
    }
    None
}

/// The number that a text begins with.
fn digits(text: &str) -> String {
    text.chars().take_while(char::is_ascii_digit).collect()
}

/// `conv1 (Conv)`, or `(Conv)` when it has no name.
fn node(name: &str, op: &str) -> String {
    match (name.is_empty(), op.is_empty()) {
        (true, _) => format!("({op})"),
        (false, true) => name.into(),
        (false, false) => format!("{name} ({op})"),
    }
}

fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark).map(|(_, rest)| rest)
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = after(text, start)?;
    rest.split_once(end).map(|(inside, _)| inside)
}

/// The first line without the place in ONNX Runtime's own source (`/src/core/x.cc:12 Status onnx::f(int) why`).
fn plain(text: &str) -> String {
    let line = text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default().trim();
    let is_source = |word: &str| word.contains(".cc:") || word.contains(".h:") || word.contains(".cuh:");
    match line.split_once(' ') {
        // What follows the place is a C++ signature that ends in a parenthesis (and perhaps what its template means).
        Some((first, rest)) if is_source(first) => {
            let rest = rest
                .rsplit_once("] ")
                .or_else(|| rest.split_once(") "))
                .map_or(rest, |(_, why)| why);
            rest.trim_start_matches("const ").to_string()
        }
        _ => line.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{graph, model, node, proto};

    #[test]
    fn nodes_without_a_name_are_found_by_index_and_output() {
        let mut nodes = vec![node("Relu", &["x"], &["a"]), node("Conv", &["a", "w"], &["y"])];
        for node in &mut nodes {
            node.name = None;
        }
        let model = model(&proto(graph(&["x", "w"], &["y"], vec![], nodes), vec![]));
        let error = located(EngineError::Failed("node (Conv) failed: bad shape".into()), &model);
        assert_eq!(error.to_string(), "node #1 which makes y (Conv) failed: bad shape");
    }

    #[test]
    fn known_messages_name_the_node_and_the_reason() {
        for (raw, wanted) in [
            (
                "Non-zero status code returned while running Reshape node. Name:'/head/Reshape' Status Message: \
                 /src/onnxruntime/core/providers/cpu/tensor/reshape_helper.h:47 onnxruntime::ReshapeHelper::ReshapeHelper(\
                 const onnxruntime::TensorShape &, onnxruntime::TensorShapeVector &, bool) input_shape_size == size was false.",
                "node /head/Reshape (Reshape) failed: input_shape_size == size was false.",
            ),
            (
                "Could not find an implementation for Foo(13) node with name 'n1'",
                "node n1 (Foo(13)): this ONNX Runtime has no kernel for it with these types",
            ),
            (
                "Load model from x.onnx failed:Fatal error: com.acme:Foo(-1) is not a registered function/op",
                "operator com.acme:Foo(-1): this ONNX Runtime does not know it",
            ),
            (
                "Load model failed:Node (add1) Op (Add) [ShapeInferenceError] Incompatible dimensions",
                "node add1 (Add): Incompatible dimensions",
            ),
            (
                "Failed to allocate memory for requested buffer of size 1024",
                "no memory for a buffer of 1024 bytes",
            ),
            (
                "Exception during initialization: /src/onnxruntime/core/framework/bfc_arena.cc:360 void* \
                 onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Available memory of 0 is \
                 smaller than requested bytes of 8388608",
                "the workspace is too small: 8388608 bytes more are needed where 0 are left",
            ),
            (
                "This session cannot use the graph capture feature as requested by the user  as all compute graph nodes \
                 have not been partitioned to the CUDAExecutionProvider",
                "no CUDA graph can be captured, as all compute graph nodes have not been partitioned to the \
                 CUDAExecutionProvider",
            ),
        ] {
            assert_eq!(sentence(raw).as_deref(), Some(wanted));
        }
        assert_eq!(sentence("something new"), None);
        assert!(with_raw("a", " b\n").ends_with("ONNX Runtime says: b"));
    }
}
