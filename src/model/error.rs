//! What can be wrong with a model file, each with its place.

use std::path::PathBuf;

/// Why a file is not a usable model (exit code 2 on the command line).
#[derive(thiserror::Error, Debug)]
pub enum ModelError {
    /// The file cannot be read.
    #[error("{}: {}", path.display(), crate::files::words(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The model must not be written there.
    #[error("{why}")]
    Output {
        /// Where it was to go.
        path: PathBuf,
        /// The file and the reason.
        why: String,
    },
    /// The file has no bytes.
    #[error("{}: the file is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The bytes are not an ONNX protobuf message.
    #[error("{}: not an ONNX file: {reason}", path.display())]
    NotOnnx {
        /// The file.
        path: PathBuf,
        /// What the decoder said, with the place where it is known, and a hint when the file is of another known kind.
        reason: String,
    },
    /// It decodes, but something that every model needs is missing or contradicts itself.
    #[error("{}: {place}: {reason}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Where: a field, node or tensor by name and index.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A tensor's data cannot be had.
    #[error("{}: {source}", path.display())]
    Tensor {
        /// The model file.
        path: PathBuf,
        /// The tensor's own trouble.
        source: TensorError,
    },
    /// The file changed while it was open.
    #[error("{}: the file was shortened or replaced by another program while it was open; open it again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

/// Why a tensor's data cannot be had.
#[derive(thiserror::Error, Debug, Clone, PartialEq)]
#[error("tensor {name:?}: {reason}")]
pub struct TensorError {
    /// The tensor's name.
    pub name: String,
    /// What is wrong, with the numbers: dims, bytes expected and found, file, offset.
    pub reason: String,
}
