//! Inputs for engines: files (.npy, .npz, .pb, Polygraphy's .json), images with preprocessing, and generated tensors that respect ids, masks
//! and ranges. Streams: memory does not grow with the number of samples.
//!
//! May be called by `engine`, `bench`, `worker` and above; calls `recipe`, `graph` and `model`.

pub mod base64;
pub mod convert;
mod evidence;
pub mod generate;
mod image;
mod layout;
mod npy;
pub mod npz;
pub mod over;
mod pad;
pub mod profiles;
pub mod random;
pub mod shapes;
pub mod source;
pub mod traffic;
mod unit;
mod values;

#[cfg(test)]
mod tests;

use crate::model::Tensor;

/// Inputs (or outputs) of one inference, by name.
pub type NamedTensors = Vec<(String, Tensor)>;

pub use source::{DataError, Samples};
