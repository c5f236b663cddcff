//! Casts, where all runtimes agree on the result.

use super::numbers::Numbers;
use super::{Inputs, Operation, Outcome, case, input};
use crate::model::{Attributes, DataType};

/// Cast and CastLike. Floats go to integers only when they are in range (elsewhere runtimes differ), integers wrap, and
/// nothing is cast to types of 8-bit floats and fewer, whose rounding is a choice.
pub(super) fn cast(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    let to = if operation.op_type() == "CastLike" {
        Some(input(inputs, 1)?.dtype)
    } else {
        operation
            .node
            .int("to")
            .and_then(|n| DataType::from_onnx(i32::try_from(n).ok()?))
    };
    let Some(to) = to else {
        return case("the type to cast to is not known");
    };
    if to == a.dtype {
        return Ok(vec![a.clone()]);
    }
    operation.elements(to, &a.dims)?;
    let is_float = to.is_float();
    let numbers = match Numbers::read(a)? {
        Numbers::Float(values) if is_float => Numbers::Float(values),
        Numbers::Int(values) if is_float => Numbers::Float(values.into_iter().map(|v| v as f64).collect()),
        Numbers::Int(values) => Numbers::Int(values),
        Numbers::Float(values) if to == DataType::Bool => {
            Numbers::Int(values.into_iter().map(|v| i128::from(v != 0.0)).collect())
        }
        Numbers::Float(values) => {
            let Some((low, high)) = range(to) else {
                return case(format!("no cast to {to}"));
            };
            let mut out = Vec::with_capacity(values.len());
            for value in values {
                let whole = value.trunc();
                if whole.is_nan() || whole < low as f64 || whole >= high as f64 + 1.0 {
                    return case(format!("{value} is outside {to}, where runtimes differ"));
                }
                out.push(whole as i128);
            }
            Numbers::Int(out)
        }
    };
    Ok(vec![numbers.write(to, &a.dims)?])
}

/// Smallest and largest value of an integer type of whole bytes.
fn range(dtype: DataType) -> Option<(i128, i128)> {
    use DataType as T;
    Some(match dtype {
        T::Int8 => (i8::MIN.into(), i8::MAX.into()),
        T::UInt8 => (0, u8::MAX.into()),
        T::Int16 => (i16::MIN.into(), i16::MAX.into()),
        T::UInt16 => (0, u16::MAX.into()),
        T::Int32 => (i32::MIN.into(), i32::MAX.into()),
        T::UInt32 => (0, u32::MAX.into()),
        T::Int64 => (i64::MIN.into(), i64::MAX.into()),
        T::UInt64 => (0, u64::MAX.into()),
        _ => return None,
    })
}
