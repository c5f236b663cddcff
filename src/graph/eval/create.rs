//! Operators that make tensors from shapes and limits.

use super::numbers::Numbers;
use super::{Inputs, Operation, Outcome, case, element_size, input, integers, tensor};
use crate::model::{Attributes, DataType, Tensor};

/// Range: start, start + delta, ... below (or above) limit.
pub(super) fn range(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let parts = [input(inputs, 0)?, input(inputs, 1)?, input(inputs, 2)?];
    let dtype = parts[0].dtype;
    if parts.iter().any(|t| t.dtype != dtype || t.elements() != 1) {
        return case("Range needs three scalars of one type");
    }
    let [start, limit, delta] = [
        Numbers::read(parts[0])?,
        Numbers::read(parts[1])?,
        Numbers::read(parts[2])?,
    ];
    let out = match (start, limit, delta) {
        (Numbers::Float(start), Numbers::Float(limit), Numbers::Float(delta)) => {
            let count = ((limit[0] - start[0]) / delta[0]).ceil().max(0.0);
            if !count.is_finite() {
                return case("Range has no end");
            }
            let count = operation.elements(dtype, &[count as u64])?;
            Numbers::Float((0..count).map(|i| start[0] + i as f64 * delta[0]).collect())
        }
        (Numbers::Int(start), Numbers::Int(limit), Numbers::Int(delta)) => {
            let span = limit[0] - start[0];
            if delta[0] == 0 {
                return case("Range has no end");
            }
            let count = if (span > 0) == (delta[0] > 0) && span != 0 {
                span.unsigned_abs().div_ceil(delta[0].unsigned_abs())
            } else {
                0
            };
            let count = operation.elements(dtype, &[u64::try_from(count).unwrap_or(u64::MAX)])?;
            Numbers::Int((0..count as i128).map(|i| start[0] + i * delta[0]).collect())
        }
        _ => return case("Range of mixed types"),
    };
    let dims = [out.len() as u64];
    Ok(vec![out.write(dtype, &dims)?])
}

/// ConstantOfShape: a value (float32 zero by default) repeated.
pub(super) fn constant_of_shape(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let mut dims = Vec::new();
    for dim in integers(input(inputs, 0)?)? {
        match u64::try_from(dim) {
            Ok(dim) => dims.push(dim),
            Err(_) => return case(format!("a size of {dim}")),
        }
    }
    let value = match operation.node.tensor("value") {
        None => Tensor::from_f32(&[1], &[0.0]),
        Some(proto) => match operation.model.tensor(proto) {
            Ok(tensor) => Some(tensor),
            Err(error) => return case(error.to_string()),
        },
    };
    let Some(value) = value.filter(|v| v.elements() == 1) else {
        return case("its value is no scalar");
    };
    element_size(value.dtype)?;
    let count = operation.elements(value.dtype, &dims)?;
    Ok(vec![tensor(value.dtype, dims, value.bytes.repeat(count))?])
}

/// NonZero: the coordinates of elements that are not zero, one column each.
pub(super) fn non_zero(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    let is_set: Vec<bool> = match Numbers::read(a)? {
        Numbers::Float(v) => v.iter().map(|v| *v != 0.0).collect(),
        Numbers::Int(v) => v.iter().map(|v| *v != 0).collect(),
    };
    // A scalar counts as a vector of one element.
    let dims: Vec<u64> = if a.dims.is_empty() { vec![1] } else { a.dims.clone() };
    let found: Vec<usize> = (0..is_set.len()).filter(|i| is_set[*i]).collect();
    let out_dims = vec![dims.len() as u64, found.len() as u64];
    let mut out = Vec::with_capacity(operation.elements(DataType::Int64, &out_dims)?);
    let strides = super::walk::strides(&dims);
    for (stride, dim) in strides.iter().zip(&dims) {
        out.extend(found.iter().map(|i| ((i / stride.max(&1)) as u64 % dim.max(&1)) as i64));
    }
    match Tensor::from_i64(&out_dims, &out) {
        Some(tensor) => Ok(vec![tensor]),
        None => case("the result does not fit its own dims"),
    }
}
