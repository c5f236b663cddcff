//! Opening a model by memory map.

use super::{ModelError, Tensor, TensorError, onnx};
use bytes::Bytes;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An ONNX model: its messages, and the file they point into. Cheap to clone.
#[derive(Clone)]
pub struct Model {
    proto: Arc<onnx::ModelProto>,
}

impl Model {
    /// Opens the file by memory map and checks what every model needs (a graph, an opset, dims that agree with bytes,
    /// external files that exist, are long enough and stay in the model's folder).
    ///
    /// # Errors
    /// [`ModelError`], naming file and place.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let _ = path;
        todo!("owner: model/graph")
    }

    /// A model from bytes; `path` is what messages call it and where external data is looked for.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_bytes(bytes: Bytes, path: &Path) -> Result<Self, ModelError> {
        let _ = (bytes, path);
        todo!("owner: model/graph")
    }

    /// The same model (file, folder for external data) with other messages: what a patch makes.
    #[must_use]
    pub fn with_proto(&self, proto: onnx::ModelProto) -> Self {
        Self { proto: Arc::new(proto) }
    }

    /// The messages.
    pub fn proto(&self) -> &onnx::ModelProto {
        &self.proto
    }

    /// The top-level graph.
    pub fn graph(&self) -> &onnx::GraphProto {
        &self.proto.graph
    }

    /// Where it was read from.
    pub fn path(&self) -> &Path {
        todo!("owner: model/graph")
    }

    /// Size of the model file in bytes, external data not counted.
    pub fn file_bytes(&self) -> u64 {
        todo!("owner: model/graph")
    }

    /// SHA-256 of the file's bytes (external data not included) in hex. Reads the whole file once (call it off the UI thread), then remembers.
    ///
    /// # Errors
    /// [`ModelError::Changed`] when the file shrank meanwhile.
    pub fn sha256(&self) -> Result<String, ModelError> {
        todo!("owner: model/graph")
    }

    /// The files outside the model file that hold its weights.
    pub fn external_files(&self) -> Vec<PathBuf> {
        todo!("owner: model/graph")
    }

    /// Data of a constant (initializer, or tensor attribute), wherever it is stored.
    ///
    /// # Errors
    /// [`TensorError`] naming the tensor: unknown type, dims against bytes, external file missing, short or outside.
    pub fn tensor(&self, proto: &onnx::TensorProto) -> Result<Tensor, TensorError> {
        let _ = proto;
        todo!("owner: model/graph")
    }

    /// Elements of a string tensor.
    ///
    /// # Errors
    /// [`TensorError`] when it is not a string tensor or its dims disagree with the number of strings.
    pub fn strings(&self, proto: &onnx::TensorProto) -> Result<Vec<Bytes>, TensorError> {
        let _ = proto;
        todo!("owner: model/graph")
    }
}
