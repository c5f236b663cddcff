//! Reductions.

use super::numbers::Numbers;
use super::walk::{each, strides};
use super::{Inputs, Operation, Outcome, axis, case, input};
use crate::model::{Attributes, DataType};

/// ReduceSum, ReduceProd, ReduceMin, ReduceMax, ReduceMean.
pub(super) fn reduce(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    let op = operation.op_type();
    if a.dtype == DataType::Bool {
        return case(format!("{op} of bool"));
    }
    let axes = operation.axes(inputs, 1)?.unwrap_or_default();
    if axes.is_empty() && operation.node.int("noop_with_empty_axes").unwrap_or(0) != 0 {
        operation.elements(a.dtype, &a.dims)?;
        return Ok(vec![a.clone()]);
    }
    let mut is_reduced = vec![axes.is_empty(); a.dims.len()];
    for given in axes {
        is_reduced[axis(given, a.dims.len())?] = true;
    }
    let kept: Vec<u64> = a
        .dims
        .iter()
        .zip(&is_reduced)
        .map(|(d, r)| if *r { 1 } else { *d })
        .collect();
    let count = operation.elements(a.dtype, &kept)?;
    let group: u64 = a
        .dims
        .iter()
        .zip(&is_reduced)
        .filter(|(_, r)| **r)
        .map(|(d, _)| *d)
        .product();
    if group == 0 && !matches!(op, "ReduceSum" | "ReduceProd") {
        return case(format!("{op} over nothing"));
    }
    let to: Vec<usize> = strides(&kept)
        .iter()
        .zip(&is_reduced)
        .map(|(s, r)| if *r { 0 } else { *s })
        .collect();
    let from = strides(&a.dims);
    let out = match Numbers::read(a)? {
        Numbers::Float(values) => {
            let (start, join): (f64, fn(f64, f64) -> f64) = match op {
                "ReduceProd" => (1.0, |a, b| a * b),
                "ReduceMin" => (f64::INFINITY, |a, b| if a.is_nan() || a < b { a } else { b }),
                "ReduceMax" => (f64::NEG_INFINITY, |a, b| if a.is_nan() || a > b { a } else { b }),
                _ => (0.0, |a, b| a + b),
            };
            let mut out = vec![start; count];
            each(&a.dims, [&from, &to], |[i, o]| {
                if let (Some(v), Some(o)) = (values.get(i), out.get_mut(o)) {
                    *o = join(*o, *v);
                }
            });
            if op == "ReduceMean" {
                out.iter_mut().for_each(|v| *v /= group as f64);
            }
            Numbers::Float(out)
        }
        Numbers::Int(values) => {
            let (start, join): (i128, fn(i128, i128) -> i128) = match op {
                // Wrapping to the type's width at the end gives what wrapping at every step gives.
                "ReduceProd" => (1, i128::wrapping_mul),
                "ReduceMin" => (i128::MAX, i128::min),
                "ReduceMax" => (i128::MIN, i128::max),
                "ReduceSum" => (0, i128::wrapping_add),
                _ => return case("ReduceMean of integers"),
            };
            let mut out = vec![start; count];
            each(&a.dims, [&from, &to], |[i, o]| {
                if let (Some(v), Some(o)) = (values.get(i), out.get_mut(o)) {
                    *o = join(*o, *v);
                }
            });
            Numbers::Int(out)
        }
    };
    let dims: Vec<u64> = if operation.node.int("keepdims").unwrap_or(1) != 0 {
        kept
    } else {
        a.dims
            .iter()
            .zip(&is_reduced)
            .filter(|(_, r)| !**r)
            .map(|(d, _)| *d)
            .collect()
    };
    Ok(vec![out.write(a.dtype, &dims)?])
}
