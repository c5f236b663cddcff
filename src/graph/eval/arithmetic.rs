//! Elementwise arithmetic.

use super::numbers::Numbers;
use super::walk::{broadcast, broadcast_strides, each};
use super::{Inputs, Operation, Outcome, Refusal, case, input};
use crate::model::{Attributes, DataType, Tensor};

/// Add, Sub, Mul, Div, Mod, Pow.
pub(super) fn binary(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let (a, b) = (input(inputs, 0)?, input(inputs, 1)?);
    let op = operation.op_type();
    if a.dtype == DataType::Bool || b.dtype == DataType::Bool || a.dtype != b.dtype && op != "Pow" {
        return case(format!("{op} of {} and {}", a.dtype, b.dtype));
    }
    let dims = broadcast(&[&a.dims, &b.dims])?;
    operation.elements(a.dtype, &dims)?;
    let is_fmod = operation.node.int("fmod").unwrap_or(0) != 0;
    let (x, mut y) = (Numbers::read(a)?, Numbers::read(b)?);
    // The type of a power is that of its base; an integer exponent of a float is exact as a float.
    if let (Numbers::Float(_), Numbers::Int(exponents)) = (&x, &y) {
        y = Numbers::Float(exponents.iter().map(|v| *v as f64).collect());
    }
    let out = match (x, y) {
        (Numbers::Float(x), Numbers::Float(y)) => {
            let compute: fn(f64, f64) -> f64 = match op {
                "Add" => |a, b| a + b,
                "Sub" => |a, b| a - b,
                "Mul" => |a, b| a * b,
                "Div" => |a, b| a / b,
                "Pow" => f64::powf,
                // C's fmod; without the attribute ONNX allows integers only.
                "Mod" if is_fmod => |a, b| a % b,
                _ => return case("Mod of floats needs fmod=1"),
            };
            Numbers::Float(zip(&dims, (&a.dims, &x), (&b.dims, &y), |a, b| Ok(compute(a, b)))?)
        }
        (Numbers::Int(x), Numbers::Int(y)) => {
            let is_signed = matches!(
                a.dtype,
                DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64
            );
            let compute: fn(i128, i128) -> Option<i128> = match op {
                "Add" => i128::checked_add,
                "Sub" => i128::checked_sub,
                "Mul" => i128::checked_mul,
                // Truncates toward zero, as C++ does and ONNX says.
                "Div" => i128::checked_div,
                "Mod" if is_fmod => i128::checked_rem,
                // The result has the divisor's sign, as in Python.
                "Mod" => |a, b| {
                    let rest = a.checked_rem(b)?;
                    Some(if rest != 0 && (rest < 0) != (b < 0) {
                        rest + b
                    } else {
                        rest
                    })
                },
                _ => |a, b| a.checked_pow(u32::try_from(b).ok()?),
            };
            let fits = |v: i128| match a.dtype.bits() {
                64 if !is_signed => u64::try_from(v).is_ok(),
                64 => i64::try_from(v).is_ok(),
                _ => true,
            };
            Numbers::Int(zip(&dims, (&a.dims, &x), (&b.dims, &y), |a, b| match compute(a, b) {
                Some(v) if fits(v) => Ok(v),
                _ => case(format!("{op} of {a} and {b} has no integer result")),
            })?)
        }
        _ => return case(format!("{op} of {} and {}", a.dtype, b.dtype)),
    };
    Ok(vec![out.write(a.dtype, &dims)?])
}

/// Min, Max, Sum of any number of inputs.
pub(super) fn variadic(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let first = input(inputs, 0)?;
    let op = operation.op_type();
    let mut dims = first.dims.clone();
    let mut so_far = Numbers::read(first)?;
    for at in 1..inputs.len() {
        let next = input(inputs, at)?;
        if next.dtype != first.dtype || next.dtype == DataType::Bool {
            return case(format!("{op} of {} and {}", first.dtype, next.dtype));
        }
        let joined = broadcast(&[&dims, &next.dims])?;
        operation.elements(first.dtype, &joined)?;
        so_far = match (so_far, Numbers::read(next)?) {
            (Numbers::Float(x), Numbers::Float(y)) => {
                // NaN wins, as in NumPy.
                let compute: fn(f64, f64) -> f64 = match op {
                    "Sum" => |a, b| a + b,
                    "Min" => |a, b| if a.is_nan() || a < b { a } else { b },
                    _ => |a, b| if a.is_nan() || a > b { a } else { b },
                };
                Numbers::Float(zip(&joined, (&dims, &x), (&next.dims, &y), |a, b| Ok(compute(a, b)))?)
            }
            (Numbers::Int(x), Numbers::Int(y)) => {
                let compute: fn(i128, i128) -> i128 = match op {
                    "Min" => i128::min,
                    "Max" => i128::max,
                    _ => return case("Sum of integers"),
                };
                Numbers::Int(zip(&joined, (&dims, &x), (&next.dims, &y), |a, b| Ok(compute(a, b)))?)
            }
            _ => return case(format!("{op} of mixed types")),
        };
        dims = joined;
    }
    Ok(vec![so_far.write(first.dtype, &dims)?])
}

/// Applies `compute` to broadcast pairs.
pub(super) fn zip<T: Copy, U>(
    dims: &[u64],
    (a_dims, a): (&[u64], &[T]),
    (b_dims, b): (&[u64], &[T]),
    mut compute: impl FnMut(T, T) -> Result<U, Refusal>,
) -> Result<Vec<U>, Refusal> {
    let (a_strides, b_strides) = (broadcast_strides(a_dims, dims), broadcast_strides(b_dims, dims));
    let mut out = Vec::new();
    let mut failed = None;
    each(dims, [&a_strides, &b_strides], |[i, j]| {
        if failed.is_none() {
            match (a.get(i), b.get(j)) {
                (Some(a), Some(b)) => match compute(*a, *b) {
                    Ok(v) => out.push(v),
                    Err(refusal) => failed = Some(refusal),
                },
                _ => failed = Some(Refusal::Case("operands are shorter than their dims".into())),
            }
        }
    });
    failed.map_or(Ok(out), Err)
}

/// Neg, Abs, Sign, Floor, Ceil, Round, Sqrt, Reciprocal, Exp, Log, Sin, Cos.
pub(super) fn unary(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    operation.elements(a.dtype, &a.dims)?;
    let op = operation.op_type();
    let out = match Numbers::read(a)? {
        Numbers::Float(values) => {
            let compute: fn(f64) -> f64 = match op {
                "Neg" => |v| -v,
                "Abs" => f64::abs,
                "Sign" => |v| if v == 0.0 || v.is_nan() { v } else { v.signum() },
                "Floor" => f64::floor,
                "Ceil" => f64::ceil,
                "Round" => f64::round_ties_even,
                "Sqrt" => f64::sqrt,
                "Reciprocal" => f64::recip,
                "Exp" => f64::exp,
                "Log" => f64::ln,
                "Sin" => f64::sin,
                _ => f64::cos,
            };
            Numbers::Float(values.into_iter().map(compute).collect())
        }
        Numbers::Int(values) if a.dtype != DataType::Bool => {
            let compute: fn(i128) -> i128 = match op {
                "Neg" => |v| -v,
                "Abs" => i128::abs,
                "Sign" => i128::signum,
                _ => return case(format!("{op} of {}", a.dtype)),
            };
            Numbers::Int(values.into_iter().map(compute).collect())
        }
        Numbers::Int(_) => return case(format!("{op} of {}", a.dtype)),
    };
    Ok(vec![out.write(a.dtype, &a.dims)?])
}

/// Clip, with limits as attributes (before opset 11) or as inputs.
pub(super) fn clip(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    operation.elements(a.dtype, &a.dims)?;
    let limit = |at: usize, name: &str| -> Result<Option<Numbers>, Refusal> {
        match inputs.get(at).copied().flatten() {
            Some(t) if t.dtype != a.dtype || t.elements() != 1 => {
                case(format!("input {at} is no scalar of {}", a.dtype))
            }
            Some(t) => Numbers::read(t).map(Some),
            None => Ok(operation.node.float(name).map(|v| Numbers::Float(vec![f64::from(v)]))),
        }
    };
    let (low, high) = (limit(1, "min")?, limit(2, "max")?);
    let out = match Numbers::read(a)? {
        Numbers::Float(values) => {
            let bound = |n: &Option<Numbers>, default: f64| match n {
                Some(Numbers::Float(v)) => v.first().copied().unwrap_or(default),
                _ => default,
            };
            let (low, high) = (bound(&low, f64::NEG_INFINITY), bound(&high, f64::INFINITY));
            let clip = |v: f64| if v.is_nan() { v } else { v.max(low).min(high) };
            Numbers::Float(values.into_iter().map(clip).collect())
        }
        Numbers::Int(values) => {
            let bound = |n: &Option<Numbers>, default: i128| match n {
                Some(Numbers::Int(v)) => v.first().copied().unwrap_or(default),
                _ => default,
            };
            let (low, high) = (bound(&low, i128::MIN), bound(&high, i128::MAX));
            Numbers::Int(values.into_iter().map(|v| v.max(low).min(high)).collect())
        }
    };
    Ok(vec![out.write(a.dtype, &a.dims)?])
}

/// Both inputs as numbers, broadcast dims; for comparisons.
pub(super) fn pair(operation: Operation<'_>, a: &Tensor, b: &Tensor) -> Result<(Vec<u64>, Numbers, Numbers), Refusal> {
    if a.dtype != b.dtype {
        return case(format!("{} of {} and {}", operation.op_type(), a.dtype, b.dtype));
    }
    let dims = broadcast(&[&a.dims, &b.dims])?;
    operation.elements(DataType::Bool, &dims)?;
    Ok((dims, Numbers::read(a)?, Numbers::read(b)?))
}
