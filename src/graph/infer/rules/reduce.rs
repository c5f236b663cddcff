//! Reductions over axes.

use super::super::call::{Call, axes};
use super::super::fact::{Fact, Item};
use super::super::size::Size;
use super::one;
use super::reshape::axis_attr;
use crate::model::DataType;

fn without(x: &[Size], gone: &[usize], keep: bool) -> Vec<Size> {
    let shape = x.iter().enumerate().filter(|(i, _)| keep || !gone.contains(i));
    shape
        .map(|(i, d)| if gone.contains(&i) { Size::Known(1) } else { d.clone() })
        .collect()
}

pub(super) fn reduce(call: &Call<'_>) -> Option<Vec<Fact>> {
    let keep = call.int("keepdims").unwrap_or(1) != 0;
    let dtype = call.dtype(0);
    let Some(x) = call.shape(0) else {
        return one(dtype, None);
    };
    let shape = match call.ints_of(1, "axes") {
        Some(None) => keep.then(|| vec![Size::Unknown; x.len()]),
        Some(Some(list)) if !list.is_empty() => Some(without(x, &axes(&list, x.len())?, keep)),
        _ if call.int("noop_with_empty_axes") == Some(1) => Some(x.to_vec()),
        _ => Some(without(x, &(0..x.len()).collect::<Vec<_>>(), keep)),
    };
    // The product of a shape is a number of elements.
    let items = || -> Option<Vec<Item>> {
        let start = match &*call.node.op_type {
            "ReduceProd" => 1,
            "ReduceSum" => 0,
            _ => return None,
        };
        let folded = call
            .sizes(0)?
            .iter()
            .fold(Size::Known(start), |n, s| if start == 1 { n.mul(s) } else { n.add(s) });
        Some(vec![Item::Int(folded)])
    };
    let single = shape.as_deref().and_then(super::super::fact::elements) == Some(1) && x.len() == 1;
    let items = if single && shape.as_deref() != Some(x) {
        items()
    } else {
        None
    };
    Some(vec![Fact::new(dtype, shape).with_items(items)])
}

pub(super) fn arg(call: &Call<'_>) -> Option<Vec<Fact>> {
    let keep = call.int("keepdims").unwrap_or(1) != 0;
    let shape = call
        .shape(0)
        .and_then(|x| Some(without(x, &[axis_attr(call, 0, x.len())?], keep)));
    one(Some(DataType::Int64), shape)
}
