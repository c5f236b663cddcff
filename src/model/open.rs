//! Opening a model by memory map.

use super::external::{External, Reference, Shared};
use super::map::Map;
use super::stored::{Storage, stored};
use super::{ModelError, Tensor, TensorError, decode, hint, onnx, validate, walk};
use bytes::Bytes;
use onnx::tensor_proto::DataLocation;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// An ONNX model: its messages, and the file they point into. Cheap to clone.
#[derive(Clone)]
pub struct Model {
    proto: Arc<onnx::ModelProto>,
    source: Arc<Source>,
}

/// What a model was read from.
struct Source {
    path: PathBuf,
    bytes: Bytes,
    map: Option<Arc<Map>>,
    external: External,
    sha256: OnceLock<String>,
}

impl Model {
    /// Opens the file by memory map and checks what every model needs (a graph, an opset, dims that agree with bytes,
    /// external files that exist, are long enough and stay in the model's folder).
    ///
    /// # Errors
    /// [`ModelError`], naming file and place.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let map = Map::open(path).map_err(|source| ModelError::Io {
            path: path.into(),
            source,
        })?;
        let map = Arc::new(map);
        let model = Self::read(Bytes::from_owner(Shared(map.clone())), path, Some(map))?;
        model.check_intact()?;
        Ok(model)
    }

    /// A model from bytes; `path` is what messages call it and where external data is looked for.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_bytes(bytes: Bytes, path: &Path) -> Result<Self, ModelError> {
        Self::read(bytes, path, None)
    }

    fn read(bytes: Bytes, path: &Path, map: Option<Arc<Map>>) -> Result<Self, ModelError> {
        if bytes.is_empty() {
            return Err(ModelError::Empty { path: path.into() });
        }
        let not_onnx = |reason: String| ModelError::NotOnnx {
            path: path.into(),
            reason,
        };
        let proto = decode::decode(&bytes).map_err(|reason| match hint::hint(&bytes) {
            Some(hint) => not_onnx(format!("{hint} ({reason})")),
            None => not_onnx(reason),
        })?;
        // Many things happen to decode, as fields that ONNX does not know.
        if !proto.graph.is_set()
            && let Some(hint) = hint::hint(&bytes)
        {
            return Err(not_onnx(format!("{hint} (it has no graph)")));
        }
        let external = External::beside(path);
        validate::validate(&proto, path, &external)?;
        Ok(Self {
            proto: Arc::new(proto),
            source: Arc::new(Source {
                path: path.into(),
                bytes,
                map,
                external,
                sha256: OnceLock::new(),
            }),
        })
    }

    /// The same model (file, folder for external data) with other messages: what a patch makes. The messages are taken
    /// as they are; what was read from a file must go through [`Self::open`] or [`Self::from_bytes`].
    #[must_use]
    pub fn with_proto(&self, proto: onnx::ModelProto) -> Self {
        Self {
            proto: Arc::new(proto),
            source: self.source.clone(),
        }
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
        &self.source.path
    }

    /// The model file's bytes as they were opened (patches not included), external data not included.
    pub fn file_data(&self) -> &Bytes {
        &self.source.bytes
    }

    /// Size of the model file in bytes, external data not counted.
    pub fn file_bytes(&self) -> u64 {
        self.source.bytes.len() as u64
    }

    /// Size of the model file and of the files that hold its external data, in bytes.
    pub fn total_bytes(&self) -> u64 {
        let files = self.external_files();
        let outside = files.iter().filter_map(|file| std::fs::metadata(file).ok());
        self.file_bytes() + outside.map(|m| m.len()).sum::<u64>()
    }

    /// Tells whether the model file and the external files read so far are still what was opened. Whoever has read much
    /// from them asks afterwards: reading a file that was shortened meanwhile gives zeros, not an error.
    ///
    /// # Errors
    /// [`ModelError::Changed`].
    pub fn check_intact(&self) -> Result<(), ModelError> {
        let map = self.source.map.as_ref();
        if map.is_none_or(|map| map.is_intact()) && self.source.external.is_intact() {
            Ok(())
        } else {
            Err(ModelError::Changed {
                path: self.source.path.clone(),
            })
        }
    }

    /// SHA-256 of the file's bytes (external data not included) in hex. Reads the whole file once (call it off the UI
    /// thread), then remembers.
    ///
    /// # Errors
    /// [`ModelError::Changed`] when the file shrank meanwhile.
    pub fn sha256(&self) -> Result<String, ModelError> {
        if let Some(known) = self.source.sha256.get() {
            return Ok(known.clone());
        }
        let digest = Sha256::digest(&self.source.bytes);
        self.check_intact()?;
        let hex = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(self.source.sha256.get_or_init(|| hex).clone())
    }

    /// The files outside the model file that hold its weights, each once, in the order in which tensors name them.
    pub fn external_files(&self) -> Vec<PathBuf> {
        let mut seen = std::collections::HashSet::new();
        let mut files = Vec::new();
        let _ = walk::tensors::<()>(&self.proto, &mut |_, tensor| {
            if tensor.data_location == Some(DataLocation::EXTERNAL)
                && let Ok(Reference { location, .. }) = Reference::of(tensor)
                && seen.insert(location.to_owned())
            {
                files.push(self.source.external.path_of(location));
            }
            Ok(())
        });
        files
    }

    /// Data of a constant (initializer, or tensor attribute), wherever it is stored.
    ///
    /// # Errors
    /// [`TensorError`] naming the tensor: unknown type, dims against bytes, external file missing, short or outside, or
    /// the model file shortened meanwhile.
    pub fn tensor(&self, proto: &onnx::TensorProto) -> Result<Tensor, TensorError> {
        self.stored_tensor(proto).map_err(|reason| TensorError {
            name: proto.name.clone().unwrap_or_default(),
            reason,
        })
    }

    fn stored_tensor(&self, proto: &onnx::TensorProto) -> Result<Tensor, String> {
        if self.source.map.as_ref().is_some_and(|map| !map.is_intact()) {
            return Err("the model file was shortened or written to while it was open; open it again".into());
        }
        stored(proto)?.tensor(|reference, bytes| self.source.external.read(reference, bytes))
    }

    /// Elements of a string tensor.
    ///
    /// # Errors
    /// [`TensorError`] when it is not a string tensor or its dims disagree with the number of strings.
    pub fn strings(&self, proto: &onnx::TensorProto) -> Result<Vec<Bytes>, TensorError> {
        let strings = match stored(proto) {
            Ok(s) if s.dtype != super::DataType::String => Err(format!("it holds {}, not strings", s.dtype)),
            Ok(s) => match s.place {
                Storage::Strings(strings) => Ok(strings.to_vec()),
                _ => Ok(Vec::new()),
            },
            Err(reason) => Err(reason),
        };
        strings.map_err(|reason| TensorError {
            name: proto.name.clone().unwrap_or_default(),
            reason,
        })
    }

    /// Bytes that a constant's data takes, from type and dims alone (for strings: their lengths added up).
    ///
    /// # Errors
    /// [`TensorError`] when type, dims and data disagree.
    pub fn tensor_bytes(&self, proto: &onnx::TensorProto) -> Result<u64, TensorError> {
        stored(proto).map(|s| s.bytes).map_err(|reason| TensorError {
            name: proto.name.clone().unwrap_or_default(),
            reason,
        })
    }
}
