//! Operators that give a tensor another shape, and those that read one.

use super::super::call::{Call, axes, axis};
use super::super::fact::{Fact, Item};
use super::super::size::Size;
use super::{broadcast, one};
use crate::model::DataType;

/// The same elements in another shape.
fn reshaped(call: &Call<'_>, shape: Option<Vec<Size>>) -> Option<Vec<Fact>> {
    Some(vec![Fact::new(call.dtype(0), shape).with_items(call.items(0))])
}

/// How many elements a one-dimensional input has, when its values are not known: the rank of the result.
fn rank_from_length(call: &Call<'_>, index: usize) -> Option<usize> {
    match call.shape(index)? {
        [Size::Known(n)] => usize::try_from(*n).ok().filter(|n| *n <= 64),
        _ => None,
    }
}

pub(super) fn reshape(call: &Call<'_>) -> Option<Vec<Fact>> {
    let target = match call.ints("shape") {
        Some(list) if call.opset < 5 => Some(list.iter().map(|n| Size::Known(*n)).collect()),
        _ => call.sizes(1),
    };
    let shape = match target {
        Some(target) => solve(call.shape(0), target, call.int("allowzero") == Some(1)),
        None => rank_from_length(call, 1).map(|rank| vec![Size::Unknown; rank]),
    };
    reshaped(call, shape)
}

/// The target with 0 copied from the input and one open size computed from the number of elements.
fn solve(input: Option<&[Size]>, target: Vec<Size>, zero_is_zero: bool) -> Option<Vec<Size>> {
    let copied = |i: usize| input.and_then(|x| x.get(i)).cloned().unwrap_or(Size::Unknown);
    let mut out = Vec::with_capacity(target.len());
    let mut open = Vec::new();
    // Input dimensions that reappear need no arithmetic, and may then be unknown.
    let mut left: Vec<Option<&Size>> = input.unwrap_or_default().iter().map(Some).collect();
    for (i, size) in target.into_iter().enumerate() {
        match size {
            Size::Known(0) if !zero_is_zero => {
                out.push(copied(i));
                if let Some(slot) = left.get_mut(i) {
                    *slot = None;
                }
            }
            Size::Known(-1) | Size::Unknown => {
                open.push(i);
                out.push(Size::Unknown);
            }
            Size::Known(n) if n < 0 => return None,
            size => out.push(size),
        }
    }
    if let ([at], Some(_)) = (open.as_slice(), input) {
        let at = *at;
        let mut divisor = Size::Known(1);
        for (i, size) in out.iter().enumerate().filter(|(i, _)| *i != at) {
            // Copied by 0, already taken out of `left` and of the product.
            let was_copied = left.get(i).is_some_and(Option::is_none);
            if was_copied {
                continue;
            }
            match left
                .iter_mut()
                .find(|l| l.is_some_and(|l| l == size && *l != Size::Known(0) && !l.is_unknown()))
            {
                Some(slot) => *slot = None,
                None => divisor = divisor.mul(size),
            }
        }
        let product = left.iter().flatten().fold(Size::Known(1), |n, size| n.mul(size));
        if let Some(slot) = out.get_mut(at) {
            *slot = product.div_exact(&divisor);
        }
    }
    Some(out)
}

pub(super) fn flatten(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = call.shape(0).and_then(|x| {
        let rank = i64::try_from(x.len()).ok()?;
        let at = call.int("axis").unwrap_or(1);
        let at = usize::try_from(if at < 0 { at.checked_add(rank)? } else { at }).ok()?;
        let product = |s: &[Size]| s.iter().fold(Size::Known(1), |n, d| n.mul(d));
        Some(vec![product(x.get(..at)?), product(x.get(at..)?)])
    });
    reshaped(call, Some(shape.unwrap_or_else(|| vec![Size::Unknown; 2])))
}

pub(super) fn squeeze(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = call.shape(0).and_then(|x| match call.ints_of(1, "axes") {
        Some(list) => {
            let gone = axes(&list?, x.len())?;
            Some(
                x.iter()
                    .enumerate()
                    .filter(|(i, _)| !gone.contains(i))
                    .map(|(_, d)| d.clone())
                    .collect(),
            )
        }
        // Every dimension of size 1 goes; that is only known when all sizes are.
        None if x.iter().all(|d| d.known().is_some()) => {
            Some(x.iter().filter(|d| **d != Size::Known(1)).cloned().collect())
        }
        None => None,
    });
    reshaped(call, shape)
}

pub(super) fn unsqueeze(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = call.shape(0).and_then(|x| {
        let Some(list) = call.ints_of(1, "axes")? else {
            // How many axes there are is often known where the axes are not.
            return Some(vec![Size::Unknown; x.len() + rank_from_length(call, 1)?]);
        };
        let rank = x.len().checked_add(list.len()).filter(|r| *r <= 1024)?;
        let new = axes(&list, rank)?;
        (new.len() == list.len()).then_some(())?;
        let mut old = x.iter();
        (0..rank)
            .map(|i| {
                if new.contains(&i) {
                    Some(Size::Known(1))
                } else {
                    old.next().cloned()
                }
            })
            .collect()
    });
    reshaped(call, shape)
}

pub(super) fn expand(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = match (call.shape(0), call.sizes(1)) {
        (Some(x), Some(target)) => broadcast([Some(x), Some(target.as_slice())]),
        (Some(x), None) => rank_from_length(call, 1).map(|rank| vec![Size::Unknown; rank.max(x.len())]),
        _ => None,
    };
    let elements = shape.as_deref().and_then(super::super::fact::elements);
    // One element repeated, which is how masks and index vectors start.
    let items = call
        .items(0)
        .filter(|v| v.len() == 1)
        .zip(elements)
        .and_then(|(v, n)| Some(vec![v.first()?.clone(); n]));
    let items = items.or_else(|| call.items(0).filter(|v| Some(v.len()) == elements));
    Some(vec![Fact::new(call.dtype(0), shape).with_items(items)])
}

pub(super) fn shape(call: &Call<'_>) -> Option<Vec<Fact>> {
    let Some(x) = call.shape(0) else {
        return one(Some(DataType::Int64), Some(vec![Size::Unknown]));
    };
    let rank = i64::try_from(x.len()).ok()?;
    let clamp =
        |at: i64| usize::try_from((if at < 0 { at.saturating_add(rank) } else { at }).clamp(0, rank)).unwrap_or(0);
    let (start, end) = (
        clamp(call.int("start").unwrap_or(0)),
        clamp(call.int("end").unwrap_or(rank)),
    );
    let sizes = x.get(start..end.max(start))?.to_vec();
    Some(vec![Fact::ints(DataType::Int64, sizes, false)])
}

pub(super) fn size(call: &Call<'_>) -> Option<Vec<Fact>> {
    let total = call
        .shape(0)
        .map_or(Size::Unknown, |x| x.iter().fold(Size::Known(1), |n, d| n.mul(d)));
    let fact = Fact::new(Some(DataType::Int64), Some(Vec::new()));
    Some(vec![fact.with_items(Some(vec![Item::Int(total)]))])
}

/// Used by operators whose axis is an attribute: its index, or `None` when outside.
pub(super) fn axis_attr(call: &Call<'_>, default: i64, rank: usize) -> Option<usize> {
    axis(call.int("axis").unwrap_or(default), rank)
}
