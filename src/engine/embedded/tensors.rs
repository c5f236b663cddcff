//! Values of rten from tensors and back. rten knows f32, i32, i8 and u8; int64 and bool travel as i32, float16 as f32.

use crate::model::{DataType, Tensor};
use bytes::Bytes;
use half::f16;
use rten::Value;
use rten_tensor::prelude::*;

/// Types of inputs that can be given to rten without losing anything (int64 within int32).
pub fn takes(dtype: DataType) -> bool {
    use DataType::{Bool, Float16, Float32, Int8, Int32, Int64, UInt8};
    matches!(dtype, Bool | Float16 | Float32 | Int8 | Int32 | Int64 | UInt8)
}

/// The value of a tensor.
///
/// # Errors
/// A type that rten does not have, an int64 outside int32, dims that disagree with the bytes.
pub fn to_value(name: &str, tensor: &Tensor) -> Result<Value, String> {
    let shape: Option<Vec<usize>> = tensor.dims.iter().map(|d| usize::try_from(*d).ok()).collect();
    let shape = shape.ok_or_else(|| format!("tensor {name}: dims {:?} are too large", tensor.dims))?;
    let wrong = |e: &dyn std::fmt::Display| format!("tensor {name}: {e}");
    let bytes = &tensor.bytes;
    match tensor.dtype {
        DataType::Float32 => Value::from_shape(shape, read(bytes, f32::from_le_bytes)).map_err(|e| wrong(&e)),
        DataType::Float16 => {
            let values = read(bytes, |b| f16::from_le_bytes(b).to_f32());
            Value::from_shape(shape, values).map_err(|e| wrong(&e))
        }
        DataType::Int32 => Value::from_shape(shape, read(bytes, i32::from_le_bytes)).map_err(|e| wrong(&e)),
        DataType::Int64 => {
            let wide = read(bytes, i64::from_le_bytes);
            let narrow: Result<Vec<i32>, i64> = wide.iter().map(|v| i32::try_from(*v).map_err(|_| *v)).collect();
            let narrow = narrow.map_err(|v| {
                format!("tensor {name}: the value {v} is outside int32, which the embedded engine computes with")
            })?;
            Value::from_shape(shape, narrow).map_err(|e| wrong(&e))
        }
        DataType::Bool => {
            let values = bytes.iter().map(|b| i32::from(*b != 0)).collect();
            Value::from_shape(shape, values).map_err(|e| wrong(&e))
        }
        DataType::Int8 => Value::from_shape(shape, read(bytes, i8::from_le_bytes)).map_err(|e| wrong(&e)),
        DataType::UInt8 => Value::from_shape(shape, bytes.to_vec()).map_err(|e| wrong(&e)),
        other => Err(format!("tensor {name}: the embedded engine has no {other}")),
    }
}

/// The tensor of a value, in the type that the model declares where that is a wider or narrower form of what rten gives.
///
/// # Errors
/// A sequence.
pub fn from_value(name: &str, value: Value, declared: Option<DataType>) -> Result<Tensor, String> {
    let dims = |shape: &[usize]| shape.iter().map(|d| *d as u64).collect::<Vec<u64>>();
    let (dtype, dims, bytes): (_, _, Vec<u8>) = match value {
        Value::FloatTensor(t) => {
            let dims = dims(t.shape());
            let values = t.into_data();
            match declared {
                Some(DataType::Float16) => (
                    DataType::Float16,
                    dims,
                    write(&values, |v| f16::from_f32(v).to_le_bytes()),
                ),
                _ => (DataType::Float32, dims, write(&values, f32::to_le_bytes)),
            }
        }
        Value::Int32Tensor(t) => {
            let dims = dims(t.shape());
            let values = t.into_data();
            match declared {
                Some(DataType::Int64) => (DataType::Int64, dims, write(&values, |v| i64::from(v).to_le_bytes())),
                Some(DataType::Bool) => (DataType::Bool, dims, write(&values, |v| [u8::from(v != 0)])),
                _ => (DataType::Int32, dims, write(&values, i32::to_le_bytes)),
            }
        }
        Value::Int8Tensor(t) => (DataType::Int8, dims(t.shape()), write(&t.into_data(), i8::to_le_bytes)),
        Value::UInt8Tensor(t) => (DataType::UInt8, dims(t.shape()), t.into_data()),
        other => return Err(format!("{name} is a {}, which is no tensor", other.dtype())),
    };
    let bytes = Bytes::from(bytes);
    Ok(Tensor { dtype, dims, bytes })
}

fn read<const N: usize, T>(bytes: &[u8], from: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (groups, _) = bytes.as_chunks::<N>();
    groups.iter().map(|g| from(*g)).collect()
}

fn write<const N: usize, T: Copy>(values: &[T], to: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|v| to(*v)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(dtype: DataType, dims: &[u64], bytes: &[u8]) -> Tensor {
        Tensor {
            dtype,
            dims: dims.to_vec(),
            bytes: Bytes::copy_from_slice(bytes),
        }
    }

    #[test]
    fn every_type_that_is_taken_comes_back_as_it_went() {
        let wide: Vec<u8> = [-5i64, i64::from(i32::MAX)]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let halves: Vec<u8> = [f16::from_f32(0.5), f16::from_f32(-65504.0)]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let singles: Vec<u8> = [1.5f32, f32::NEG_INFINITY]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        for t in [
            tensor(DataType::Int64, &[2, 1], &wide),
            tensor(DataType::Float16, &[2], &halves),
            tensor(DataType::Float32, &[1, 2], &singles),
            tensor(DataType::Int32, &[2], &singles),
            tensor(DataType::Bool, &[3], &[1, 0, 1]),
            tensor(DataType::Int8, &[2], &[255, 7]),
            tensor(DataType::UInt8, &[2], &[255, 7]),
            tensor(DataType::Float32, &[], &singles[..4]),
            tensor(DataType::Float32, &[0, 4], &[]),
        ] {
            assert!(takes(t.dtype));
            let value = to_value("x", &t).unwrap();
            assert_eq!(from_value("x", value, Some(t.dtype)).unwrap(), t);
        }
    }

    #[test]
    fn what_would_be_lost_is_refused_by_name_and_value() {
        let wide = tensor(DataType::Int64, &[1], &(1i64 << 40).to_le_bytes());
        let error = to_value("ids", &wide).unwrap_err();
        assert!(error.contains("ids") && error.contains("1099511627776"), "{error}");
        let double = tensor(DataType::Float64, &[1], &1f64.to_le_bytes());
        assert!(!takes(DataType::Float64));
        assert!(to_value("x", &double).unwrap_err().contains("float64"));
        let short = tensor(DataType::Float32, &[3], &[0; 8]);
        assert!(to_value("x", &short).is_err());
    }
}
