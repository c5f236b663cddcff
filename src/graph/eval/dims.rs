//! Operators that read or change dims only.

use super::{Inputs, Operation, Outcome, Refusal, axis, case, input, integers, tensor};
use crate::model::{Attributes, Tensor};

/// Shape, with `start` and `end` (opset 15).
pub(super) fn shape(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let dims: Vec<i64> = input(inputs, 0)?.dims.iter().map(|d| *d as i64).collect();
    let range = shape_range(operation, dims.len());
    let part = dims.get(range).unwrap_or_default();
    vector(part).map(|t| vec![t])
}

/// The dims that a Shape node of this rank gives.
pub(crate) fn shape_range(operation: Operation<'_>, rank: usize) -> std::ops::Range<usize> {
    let rank_i = rank as i64;
    let clamp = |v: i64| (if v < 0 { v.saturating_add(rank_i) } else { v }).clamp(0, rank_i) as usize;
    let start = clamp(operation.node.int("start").unwrap_or(0));
    let end = clamp(operation.node.int("end").unwrap_or(rank_i));
    start..end.max(start)
}

/// A one-dimensional int64 tensor.
pub(super) fn vector(values: &[i64]) -> Result<Tensor, Refusal> {
    match Tensor::from_i64(&[values.len() as u64], values) {
        Some(tensor) => Ok(tensor),
        None => case("the result does not fit its own dims"),
    }
}

/// Size.
pub(super) fn size(_: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let count = input(inputs, 0)?.elements() as i64;
    Ok(vec![tensor(
        crate::model::DataType::Int64,
        vec![],
        count.to_le_bytes().to_vec(),
    )?])
}

/// Identity.
pub(super) fn identity(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    operation.elements(a.dtype, &a.dims)?;
    Ok(vec![a.clone()])
}

/// The same data with other dims.
fn with_dims(operation: Operation<'_>, a: &Tensor, dims: Vec<u64>) -> Outcome {
    operation.elements(a.dtype, &dims)?;
    Ok(vec![tensor(a.dtype, dims, a.bytes.clone())?])
}

/// Reshape: 0 copies a dim (unless `allowzero`), -1 takes what is left.
pub(super) fn reshape(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    let wanted = match inputs.get(1).copied().flatten() {
        Some(shape) => integers(shape)?,
        None => match operation.node.ints("shape") {
            Some(shape) => shape.to_vec(),
            None => return case("no shape is given"),
        },
    };
    let allow_zero = operation.node.int("allowzero").unwrap_or(0) != 0;
    let mut dims = Vec::with_capacity(wanted.len());
    let mut open = None;
    for (at, want) in wanted.iter().enumerate() {
        dims.push(match want {
            0 if !allow_zero => match a.dims.get(at) {
                Some(d) => *d,
                None => return case(format!("shape {wanted:?} copies a dim that dims {:?} lack", a.dims)),
            },
            -1 if open.is_none() => {
                open = Some(at);
                1
            }
            n => match u64::try_from(*n) {
                Ok(n) => n,
                Err(_) => return case(format!("shape {wanted:?} is no shape")),
            },
        });
    }
    if let Some(at) = open {
        let known = dims.iter().try_fold(1u64, |n, d| n.checked_mul(*d)).unwrap_or(0);
        match a.elements().checked_rem(known) {
            Some(0) => dims[at] = a.elements() / known,
            _ => return case(format!("dims {:?} do not divide into {wanted:?}", a.dims)),
        }
    }
    with_dims(operation, a, dims)
}

/// Flatten to two dims.
pub(super) fn flatten(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    let rank = a.dims.len();
    let at = match operation.node.int("axis").unwrap_or(1) {
        at if at == rank as i64 => rank,
        at => axis(at, rank)?,
    };
    let product = |dims: &[u64]| dims.iter().try_fold(1u64, |n, d| n.checked_mul(*d)).unwrap_or(0);
    with_dims(operation, a, vec![product(&a.dims[..at]), product(&a.dims[at..])])
}

/// Squeeze: the given axes, or every one of size 1.
pub(super) fn squeeze(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    let mut drop = vec![false; a.dims.len()];
    match operation.axes(inputs, 1)? {
        None => drop.iter_mut().zip(&a.dims).for_each(|(drop, d)| *drop = *d == 1),
        Some(axes) => {
            for given in axes {
                let at = axis(given, a.dims.len())?;
                if a.dims[at] != 1 {
                    return case(format!("axis {given} of dims {:?} is not 1", a.dims));
                }
                drop[at] = true;
            }
        }
    }
    let dims = a
        .dims
        .iter()
        .zip(drop)
        .filter(|(_, drop)| !drop)
        .map(|(d, _)| *d)
        .collect();
    with_dims(operation, a, dims)
}

/// Unsqueeze: axes count in the result.
pub(super) fn unsqueeze(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    let Some(axes) = operation.axes(inputs, 1)? else {
        return case("no axes are given");
    };
    let rank = a.dims.len() + axes.len();
    let mut is_new = vec![false; rank];
    for given in axes {
        let at = axis(given, rank)?;
        if is_new[at] {
            return case(format!("axis {given} is given twice"));
        }
        is_new[at] = true;
    }
    let mut old = a.dims.iter();
    let dims = is_new
        .iter()
        .map(|new| if *new { 1 } else { old.next().copied().unwrap_or(1) })
        .collect();
    with_dims(operation, a, dims)
}
