//! Constant tensors: their bytes wherever ONNX puts them (raw, typed fields, external files), read without copying
//! where the file allows it.

use super::DataType;
use bytes::Bytes;

/// A constant tensor's data, little-endian and packed as ONNX packs `raw_data`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Element type; never `String` (see [`super::Model::strings`]).
    pub dtype: DataType,
    /// Shape; empty for a scalar.
    pub dims: Vec<u64>,
    /// Exactly `dtype.packed_bytes(elements)` bytes; a view into the mapped file where possible.
    pub bytes: Bytes,
}
