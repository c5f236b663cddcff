//! Tensors as numbers to compute with, and back.
//!
//! Floats are computed in `f64` and rounded once: for `+ - * /` and square root of `float32` and narrower that gives the
//! correctly rounded result. Integers are computed exactly in `i128` and wrap to their width, as hardware does.

use super::{Refusal, case, tensor};
use crate::model::{DataType, Tensor};
use half::{bf16, f16};

/// Values of a tensor.
#[derive(Clone, Debug)]
pub(super) enum Numbers {
    Float(Vec<f64>),
    Int(Vec<i128>),
}

impl Numbers {
    /// Reads any real type.
    pub(super) fn read(tensor: &Tensor) -> Result<Self, Refusal> {
        let values = if tensor.dtype.is_float() {
            tensor.to_f64_iter().map(|values| Self::Float(values.collect()))
        } else if tensor.dtype == DataType::UInt64 {
            let words = tensor.bytes.as_chunks::<8>().0;
            Some(Self::Int(
                words.iter().map(|w| i128::from(u64::from_le_bytes(*w))).collect(),
            ))
        } else {
            tensor
                .to_i64()
                .map(|values| Self::Int(values.into_iter().map(i128::from).collect()))
        };
        match values {
            Some(values) => Ok(values),
            None => case(format!("no arithmetic on {}", tensor.dtype)),
        }
    }

    /// Stores the values as `dtype`: floats rounded to nearest even, integers wrapped to the width.
    pub(super) fn write(self, dtype: DataType, dims: &[u64]) -> Result<Tensor, Refusal> {
        use DataType as T;
        let bytes: bytes::Bytes = match (dtype, self) {
            (T::Float32, Self::Float(v)) => v.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect(),
            (T::Float64, Self::Float(v)) => v.iter().flat_map(|v| v.to_le_bytes()).collect(),
            (T::Float16, Self::Float(v)) => v.iter().flat_map(|v| f16::from_f64(*v).to_le_bytes()).collect(),
            (T::BFloat16, Self::Float(v)) => v.iter().flat_map(|v| bf16::from_f64(*v).to_le_bytes()).collect(),
            (T::Int64 | T::UInt64, Self::Int(v)) => v.iter().flat_map(|v| (*v as i64).to_le_bytes()).collect(),
            (T::Int32 | T::UInt32, Self::Int(v)) => v.iter().flat_map(|v| (*v as i32).to_le_bytes()).collect(),
            (T::Int16 | T::UInt16, Self::Int(v)) => v.iter().flat_map(|v| (*v as i16).to_le_bytes()).collect(),
            (T::Int8 | T::UInt8, Self::Int(v)) => v.iter().map(|v| *v as u8).collect(),
            (T::Bool, Self::Int(v)) => v.iter().map(|v| u8::from(*v != 0)).collect(),
            _ => return case(format!("results of {dtype} are not computed")),
        };
        tensor(dtype, dims.to_vec(), bytes)
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Float(v) => v.len(),
            Self::Int(v) => v.len(),
        }
    }
}
