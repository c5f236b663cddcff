//! Operators that pick elements by index, condition or value.

use super::super::call::{Call, axis};
use super::super::fact::{Fact, Item};
use super::super::size::Size;
use super::one;
use super::reshape::axis_attr;
use crate::model::DataType;

pub(super) fn gather(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = call.shape(0).zip(call.shape(1)).and_then(|(x, indices)| {
        let at = axis_attr(call, 0, x.len())?;
        Some([x.get(..at)?, indices, x.get(at + 1..)?].concat())
    });
    let items = || -> Option<Vec<Item>> {
        let (v, indices) = (call.items(0)?, call.known(1)?);
        indices.iter().map(|i| v.get(axis(*i, v.len())?).cloned()).collect()
    };
    let items = if call.rank(0) == Some(1) { items() } else { None };
    Some(vec![Fact::new(call.dtype(0), shape).with_items(items)])
}

pub(super) fn elements(call: &Call<'_>) -> Option<Vec<Fact>> {
    one(call.dtype(0), call.shape(1).map(<[Size]>::to_vec))
}

pub(super) fn nd(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = call.shape(0).zip(call.shape(1)).and_then(|(x, indices)| {
        let batch = usize::try_from(call.int("batch_dims").unwrap_or(0)).ok()?;
        let depth = usize::try_from(indices.last()?.known()?).ok()?;
        Some([indices.get(..indices.len() - 1)?, x.get(batch.checked_add(depth)?..)?].concat())
    });
    one(call.dtype(0), shape)
}

/// NonZero, Compress, Unique: how many there are depends on the values.
pub(super) fn select(call: &Call<'_>) -> Option<Vec<Fact>> {
    let some = || Some(vec![Size::Unknown]);
    let (dtype, int) = (call.dtype(0), Some(DataType::Int64));
    match &*call.node.op_type {
        "NonZero" => {
            // A scalar counts as a vector of one.
            let rank = call.rank(0).and_then(|r| i64::try_from(r).ok());
            one(
                int,
                Some(vec![
                    rank.map_or(Size::Unknown, |r| Size::Known(r.max(1))),
                    Size::Unknown,
                ]),
            )
        }
        "Compress" => one(dtype, with_open_axis(call)),
        _ => {
            let values = Fact::new(dtype, with_open_axis(call));
            let index = Fact::new(int, some());
            Some(vec![values, index.clone(), index.clone(), index])
        }
    }
}

/// The input's shape with the attribute's axis open; a vector when there is no axis.
fn with_open_axis(call: &Call<'_>) -> Option<Vec<Size>> {
    let Some(at) = call.int("axis") else {
        return Some(vec![Size::Unknown]);
    };
    let mut shape = call.shape(0)?.to_vec();
    let at = axis(at, shape.len())?;
    *shape.get_mut(at)? = Size::Unknown;
    Some(shape)
}

pub(super) fn one_hot(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = call.shape(0).and_then(|x| {
        let depth = match call.items(1).and_then(|v| v.first().cloned()) {
            Some(Item::Int(size)) => size,
            // A float depth is legal.
            #[allow(clippy::cast_possible_truncation)]
            Some(Item::Float(n)) if n.abs() < 1e15 => Size::Known(n as i64),
            _ => Size::Unknown,
        };
        let mut out = x.to_vec();
        let at = axis(call.int("axis").unwrap_or(-1), x.len() + 1)?;
        out.insert(at, depth);
        Some(out)
    });
    one(call.dtype(2), shape)
}

pub(super) fn top_k(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = call.shape(0).and_then(|x| {
        let at = axis_attr(call, -1, x.len())?;
        let k = call
            .int("k")
            .map(Size::Known)
            .or_else(|| call.scalar(1))
            .unwrap_or(Size::Unknown);
        let mut out = x.to_vec();
        *out.get_mut(at)? = k;
        Some(out)
    });
    Some(vec![
        Fact::new(call.dtype(0), shape.clone()),
        Fact::new(Some(DataType::Int64), shape),
    ])
}
