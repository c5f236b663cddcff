//! An ONNX file as read: memory-mapped, weights never copied to look at the graph.
//!
//! Opening costs O(graph), not O(weights). Everything above may call this module; it knows nothing above it.

pub mod attribute;
mod decode;
pub mod dtype;
pub mod error;
mod external;
mod hint;
pub mod map;
mod minifloat;
pub mod onnx;
pub mod open;
pub mod save;
pub mod statistics;
mod stored;
pub mod tensor;
mod validate;
mod walk;

pub use attribute::Attributes;
pub use dtype::DataType;
pub use error::{ModelError, TensorError};
pub use open::Model;
pub use tensor::Tensor;
pub(crate) use walk::{quoted, shortened};
