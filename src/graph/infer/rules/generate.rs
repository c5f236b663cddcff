//! Operators that make tensors: constants, ranges, random numbers.

use super::super::call::Call;
use super::super::fact::{Fact, Item, elements};
use super::super::size::Size;
use super::one;
use crate::model::DataType;

/// Constants whose attribute refers to the calling function's; for others the type stands in the graph already.
pub(super) fn constant(call: &Call<'_>) -> Option<Vec<Fact>> {
    let attribute = call
        .proto
        .attribute
        .iter()
        .find(|a| a.ref_attr_name.as_deref().is_some_and(|n| !n.is_empty()))?;
    let name = attribute.name.as_deref()?;
    let length = |n: usize| Some(vec![Size::Known(i64::try_from(n).unwrap_or(0))]);
    match name {
        "value" => {
            let tensor = call.tensor_attr(name)?;
            one(
                DataType::from_onnx(tensor.data_type?),
                Some(tensor.dims.iter().map(|d| Size::Known(*d)).collect()),
            )
        }
        "value_int" => Some(vec![Fact::ints(
            DataType::Int64,
            vec![Size::Known(call.int(name)?)],
            true,
        )]),
        "value_ints" => {
            let values = call.attr(name)?.ints.iter().map(|n| Size::Known(*n)).collect();
            Some(vec![Fact::ints(DataType::Int64, values, false)])
        }
        "value_float" => one(Some(DataType::Float32), Some(Vec::new())),
        "value_floats" => one(Some(DataType::Float32), length(call.attr(name)?.floats.len())),
        "value_string" => one(Some(DataType::String), Some(Vec::new())),
        "value_strings" => one(Some(DataType::String), length(call.attr(name)?.strings.len())),
        _ => None,
    }
}

pub(super) fn constant_of_shape(call: &Call<'_>) -> Option<Vec<Fact>> {
    let (dtype, item) = match call.tensor_attr("value") {
        None => (Some(DataType::Float32), Some(Item::Float(0.0))),
        Some(value) => {
            let dtype = value.data_type.and_then(DataType::from_onnx);
            let tensor = call.graph.model.tensor(value).ok().filter(|t| t.elements() == 1);
            let item = tensor.and_then(|t| {
                if t.dtype.is_float() {
                    t.to_f64_iter()?.next().map(Item::Float)
                } else {
                    t.to_i64()?.first().map(|n| Item::Int(Size::Known(*n)))
                }
            });
            (dtype, item)
        }
    };
    let shape = match call.sizes(0) {
        Some(sizes) => Some(sizes),
        None => match call.shape(0) {
            Some([Size::Known(rank)]) => usize::try_from(*rank)
                .ok()
                .filter(|r| *r <= 64)
                .map(|r| vec![Size::Unknown; r]),
            _ => None,
        },
    };
    let items = shape
        .as_deref()
        .and_then(elements)
        .zip(item)
        .map(|(n, item)| vec![item; n]);
    Some(vec![Fact::new(dtype, shape).with_items(items)])
}

pub(super) fn range(call: &Call<'_>) -> Option<Vec<Fact>> {
    let dtype = call.dtype(0).or(call.dtype(1)).or(call.dtype(2));
    let count = (|| match (call.scalar(0), call.scalar(1), call.scalar(2)) {
        (Some(start), Some(limit), Some(Size::Known(step))) if step != 0 => {
            let room = limit.sub(&start);
            Some(match room.known() {
                Some(room) => {
                    let (room, step) = if step > 0 {
                        (room, step)
                    } else {
                        (room.checked_neg()?, step.checked_neg()?)
                    };
                    Size::Known(room).div_ceil(step).max(&Size::Known(0))
                }
                None if step > 0 => room.div_ceil(step),
                None => Size::Unknown,
            })
        }
        _ => {
            let one = |i: usize| call.floats(i)?.first().copied();
            let n = ((one(1)? - one(0)?) / one(2)?).ceil().max(0.0);
            #[allow(clippy::cast_possible_truncation)]
            (n < 1e15).then_some(Size::Known(n as i64))
        }
    })();
    let shape = vec![count.unwrap_or(Size::Unknown)];
    let items = || -> Option<Vec<Item>> {
        let n = i64::try_from(elements(&shape)?).ok()?;
        let (start, step) = (call.scalar(0)?, call.scalar(2)?);
        Some(
            (0..n)
                .map(|i| Item::Int(start.add(&step.mul(&Size::Known(i)))))
                .collect(),
        )
    };
    let items = items();
    Some(vec![Fact::new(dtype, Some(shape)).with_items(items)])
}

/// EyeLike and the random operators that take the shape of their input.
pub(super) fn like(call: &Call<'_>) -> Option<Vec<Fact>> {
    one(
        call.type_attr("dtype").or(call.dtype(0)),
        call.shape(0).map(<[Size]>::to_vec),
    )
}

pub(super) fn random(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = call.attr("shape")?.ints.iter().map(|n| Size::Known(*n)).collect();
    one(call.type_attr("dtype").or(Some(DataType::Float32)), Some(shape))
}

pub(super) fn multinomial(call: &Call<'_>) -> Option<Vec<Fact>> {
    let samples = Size::Known(call.int("sample_size").unwrap_or(1));
    let batch = call.shape(0).and_then(|x| x.first().cloned()).unwrap_or(Size::Unknown);
    one(
        call.type_attr("dtype").or(Some(DataType::Int32)),
        Some(vec![batch, samples]),
    )
}
