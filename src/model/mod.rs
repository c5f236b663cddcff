//! An ONNX file as read: memory-mapped, weights never copied to look at the graph.
//!
//! Opening costs O(graph), not O(weights). Everything above may call this module; it knows nothing above it.

pub mod attribute;
pub mod dtype;
pub mod error;
pub mod external;
pub mod map;
pub mod onnx;
pub mod open;
pub mod save;
pub mod tensor;

pub use attribute::Attributes;
pub use dtype::DataType;
pub use error::{ModelError, TensorError};
pub use open::Model;
pub use tensor::Tensor;
