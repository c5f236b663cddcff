//! Values of ONNX Runtime from tensors and back.

use crate::model::{DataType, Tensor};
use bytes::Bytes;
use ort::memory::Allocator;
use ort::value::{DynTensor, DynValue, TensorElementType};

/// ONNX's types with ONNX Runtime's.
const TYPES: &[(DataType, TensorElementType)] = &[
    (DataType::Float32, TensorElementType::Float32),
    (DataType::UInt8, TensorElementType::Uint8),
    (DataType::Int8, TensorElementType::Int8),
    (DataType::UInt16, TensorElementType::Uint16),
    (DataType::Int16, TensorElementType::Int16),
    (DataType::Int32, TensorElementType::Int32),
    (DataType::Int64, TensorElementType::Int64),
    (DataType::Bool, TensorElementType::Bool),
    (DataType::Float16, TensorElementType::Float16),
    (DataType::Float64, TensorElementType::Float64),
    (DataType::UInt32, TensorElementType::Uint32),
    (DataType::UInt64, TensorElementType::Uint64),
    (DataType::Complex64, TensorElementType::Complex64),
    (DataType::Complex128, TensorElementType::Complex128),
    (DataType::BFloat16, TensorElementType::Bfloat16),
    (DataType::Float8E4M3FN, TensorElementType::Float8E4M3FN),
    (DataType::Float8E4M3FNUZ, TensorElementType::Float8E4M3FNUZ),
    (DataType::Float8E5M2, TensorElementType::Float8E5M2),
    (DataType::Float8E5M2FNUZ, TensorElementType::Float8E5M2FNUZ),
    (DataType::UInt4, TensorElementType::Uint4),
    (DataType::Int4, TensorElementType::Int4),
];

/// ONNX Runtime's type for ONNX's; none for strings and for types that it does not take as inputs or outputs.
pub fn element_type(dtype: DataType) -> Option<TensorElementType> {
    TYPES.iter().find(|(own, _)| *own == dtype).map(|(_, theirs)| *theirs)
}

/// A value on the processor with a tensor's data.
///
/// # Errors
/// A type that ONNX Runtime does not take, dims that are too large, or no memory.
pub fn to_value(name: &str, tensor: &Tensor) -> Result<DynTensor, String> {
    let mut value = empty(&Allocator::default(), name, tensor.dtype, &tensor.dims)?;
    let bytes = &tensor.bytes;
    if value.size() != Some(bytes.len()) {
        return Err(format!(
            "tensor {name}: {} bytes where its type and dims {:?} need {:?}",
            bytes.len(),
            tensor.dims,
            value.size()
        ));
    }
    if !bytes.is_empty() {
        // SAFETY: the value was just made on the processor with exactly this many bytes, and nobody else has it.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), value.data_ptr_mut().cast(), bytes.len()) };
    }
    Ok(value)
}

/// A value of this type and dims in memory of this allocator, its contents not defined (zeros on the processor).
///
/// # Errors
/// As [`to_value`].
pub fn empty(allocator: &Allocator, name: &str, dtype: DataType, dims: &[u64]) -> Result<DynTensor, String> {
    let theirs = element_type(dtype)
        .ok_or_else(|| format!("tensor {name}: ONNX Runtime takes no {dtype} as an input or output"))?;
    let shape: Option<Vec<i64>> = dims.iter().map(|d| i64::try_from(*d).ok()).collect();
    let elements = dims.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
    let (Some(shape), Some(_)) = (shape, elements.and_then(|n| dtype.packed_bytes(n))) else {
        return Err(format!("tensor {name}: dims {dims:?} are too large"));
    };
    DynTensor::new(allocator, theirs, shape).map_err(|e| format!("tensor {name}: {e}"))
}

/// The tensor of a value that an inference gave on the processor.
///
/// # Errors
/// A sequence, map or string tensor, or a type that ONNX does not have.
pub fn from_value(name: &str, value: DynValue) -> Result<Tensor, String> {
    let theirs = value.dtype().to_string();
    let value: DynTensor = value
        .downcast()
        .map_err(|_| format!("{name} is a {theirs}, which is no tensor"))?;
    let dtype = TYPES.iter().find(|(_, theirs)| theirs == value.data_type());
    let Some((dtype, _)) = dtype else {
        return Err(format!(
            "tensor {name}: values of the type {} cannot be returned",
            value.data_type()
        ));
    };
    let dims: Vec<u64> = value.shape().iter().map(|d| d.unsigned_abs()).collect();
    let length = value.size().unwrap_or(0);
    let bytes = if length == 0 {
        Bytes::new()
    } else {
        let data: *const u8 = value.data_ptr().cast();
        if !value.memory_info().is_cpu_accessible() || data.is_null() {
            return Err(format!("tensor {name} is not in the processor's memory"));
        }
        // SAFETY: a tensor in the processor's memory of `length` bytes, alive until the end of this function.
        Bytes::copy_from_slice(unsafe { std::slice::from_raw_parts(data, length) })
    };
    Tensor::new(*dtype, &dims, bytes).ok_or_else(|| format!("tensor {name}: {length} bytes for dims {dims:?}"))
}
