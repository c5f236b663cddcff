//! Comparisons, logic and selection.

use super::arithmetic::{pair, zip};
use super::numbers::Numbers;
use super::walk::{broadcast, broadcast_strides, each};
use super::{Inputs, Operation, Outcome, case, element_size, input, tensor};
use crate::model::{DataType, Tensor};

/// Equal, Greater, Less, GreaterOrEqual, LessOrEqual. NaN equals nothing.
pub(super) fn compare(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let (a, b) = (input(inputs, 0)?, input(inputs, 1)?);
    let (dims, x, y) = pair(operation, a, b)?;
    fn holds<T: PartialOrd>(op: &str, a: T, b: T) -> bool {
        match op {
            "Equal" => a == b,
            "Greater" => a > b,
            "Less" => a < b,
            "GreaterOrEqual" => a >= b,
            _ => a <= b,
        }
    }
    let op = operation.op_type();
    let out = match (x, y) {
        (Numbers::Float(x), Numbers::Float(y)) => zip(&dims, (&a.dims, &x), (&b.dims, &y), |a, b| Ok(holds(op, a, b)))?,
        (Numbers::Int(x), Numbers::Int(y)) => zip(&dims, (&a.dims, &x), (&b.dims, &y), |a, b| Ok(holds(op, a, b)))?,
        _ => return case(format!("{op} of {} and {}", a.dtype, b.dtype)),
    };
    booleans(dims, &out)
}

/// And, Or, Xor.
pub(super) fn logic(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let (a, b) = (input(inputs, 0)?, input(inputs, 1)?);
    let op = operation.op_type();
    if a.dtype != DataType::Bool {
        return case(format!("{op} of {}", a.dtype));
    }
    let (dims, x, y) = pair(operation, a, b)?;
    let (Numbers::Int(x), Numbers::Int(y)) = (x, y) else {
        return case("booleans are needed");
    };
    let compute: fn(bool, bool) -> bool = match op {
        "And" => |a, b| a && b,
        "Or" => |a, b| a || b,
        _ => |a, b| a != b,
    };
    let out = zip(&dims, (&a.dims, &x), (&b.dims, &y), |a, b| Ok(compute(a != 0, b != 0)))?;
    booleans(dims, &out)
}

/// Not.
pub(super) fn not(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    operation.elements(a.dtype, &a.dims)?;
    if a.dtype != DataType::Bool {
        return case(format!("Not of {}", a.dtype));
    }
    let out: Vec<bool> = a.bytes.iter().map(|v| *v == 0).collect();
    booleans(a.dims.clone(), &out)
}

/// Where: the second input where the first is true, the third elsewhere.
pub(super) fn select(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let (condition, a, b) = (input(inputs, 0)?, input(inputs, 1)?, input(inputs, 2)?);
    if condition.dtype != DataType::Bool || a.dtype != b.dtype {
        return case(format!("Where of {}, {} and {}", condition.dtype, a.dtype, b.dtype));
    }
    let dims = broadcast(&[&condition.dims, &a.dims, &b.dims])?;
    let size = element_size(a.dtype)?;
    let mut out = Vec::with_capacity(operation.elements(a.dtype, &dims)? * size);
    let [c_strides, a_strides, b_strides] = [condition, a, b].map(|t| broadcast_strides(&t.dims, &dims));
    each(&dims, [&c_strides, &a_strides, &b_strides], |[c, i, j]| {
        let is_first = condition.bytes.get(c).is_some_and(|v| *v != 0);
        let (from, at) = if is_first { (a, i) } else { (b, j) };
        out.extend_from_slice(from.bytes.get(at * size..(at + 1) * size).unwrap_or_default());
    });
    Ok(vec![tensor(a.dtype, dims, out)?])
}

fn booleans(dims: Vec<u64>, values: &[bool]) -> Outcome {
    match Tensor::from_bool(&dims, values) {
        Some(tensor) => Ok(vec![tensor]),
        None => case("the result does not fit its own dims"),
    }
}
