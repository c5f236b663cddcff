//! Operators that move elements: transpose, concatenate, split, slice, tile, pad.

use super::super::call::{Call, axis};
use super::super::fact::{Fact, Item, elements};
use super::super::size::Size;
use super::reshape::axis_attr;
use super::{one, shorter};

pub(super) fn transpose(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = call.shape(0).and_then(|x| match call.ints("perm") {
        Some(perm) => {
            let mut seen = perm.to_vec();
            seen.sort_unstable();
            let valid = seen.len() == x.len() && seen.iter().zip(0i64..).all(|(a, b)| *a == b);
            valid.then_some(())?;
            perm.iter().map(|i| x.get(usize::try_from(*i).ok()?).cloned()).collect()
        }
        None => Some(x.iter().rev().cloned().collect()),
    });
    // A vector stays as it is.
    let items = if shape.as_ref().is_some_and(|s: &Vec<Size>| s.len() < 2) {
        call.items(0)
    } else {
        None
    };
    Some(vec![Fact::new(call.dtype(0), shape).with_items(items)])
}

pub(super) fn concat(call: &Call<'_>) -> Option<Vec<Fact>> {
    let count = call.inputs.len();
    let dtype = (0..count).find_map(|i| call.dtype(i));
    let shape = (|| {
        let rank = (0..count).find_map(|i| call.rank(i))?;
        let at = axis_attr(call, if call.opset < 4 { 1 } else { 0 }, rank)?;
        let mut out = vec![Size::Unknown; rank];
        *out.get_mut(at)? = Size::Known(0);
        for i in 0..count {
            let Some(shape) = call.shape(i) else {
                *out.get_mut(at)? = Size::Unknown;
                continue;
            };
            (shape.len() == rank).then_some(())?;
            for (j, (slot, size)) in out.iter_mut().zip(shape).enumerate() {
                *slot = match j == at {
                    true => slot.add(size),
                    false if call.is_asked => shorter(&slot.equal(size), size).clone(),
                    false => slot.equal(size),
                };
            }
        }
        Some(out)
    })();
    // Vectors only: that is what shapes are.
    let items = if shape.as_ref().is_some_and(|s: &Vec<Size>| s.len() == 1) {
        (0..count)
            .map(|i| call.items(i).or_else(|| unknown_items(call, i)))
            .collect::<Option<Vec<_>>>()
            .map(|v| v.concat())
    } else {
        None
    };
    Some(vec![Fact::new(dtype, shape).with_items(items)])
}

/// Unknown elements of an input whose length is known: the neighbours' values are still worth knowing.
fn unknown_items(call: &Call<'_>, index: usize) -> Option<Vec<Item>> {
    Some(vec![Item::Int(Size::Unknown); elements(call.shape(index)?)?])
}

pub(super) fn split(call: &Call<'_>) -> Option<Vec<Fact>> {
    let count = call.node.outputs.len();
    let dtype = call.dtype(0);
    let Some(x) = call.shape(0) else {
        return Some(vec![Fact::new(dtype, None); count]);
    };
    let at = axis_attr(call, 0, x.len())?;
    let whole = x.get(at)?;
    let parts: Vec<Size> = if let Some(given) = call.ints_of(1, "split") {
        let given = given.map_or_else(
            || vec![Size::Unknown; count],
            |v| v.into_iter().map(Size::Known).collect(),
        );
        (given.len() >= count).then_some(given)?
    } else {
        let n = i64::try_from(count).ok().filter(|n| *n > 0)?;
        // Equal parts; the last one is smaller where it does not come out even.
        let part = if call.opset >= 18 {
            whole.div_ceil(n)
        } else {
            whole.div_exact(&Size::Known(n))
        };
        let last = whole.sub(&part.mul(&Size::Known(n - 1)));
        let mut parts = vec![part; count];
        if let Some(slot) = parts.last_mut() {
            *slot = last;
        }
        parts
    };
    let items = if x.len() == 1 { call.items(0) } else { None };
    let mut start = 0usize;
    let mut out = Vec::with_capacity(count);
    for part in parts.into_iter().take(count) {
        let mut shape = x.to_vec();
        let length = part.known().and_then(|n| usize::try_from(n).ok());
        *shape.get_mut(at)? = part;
        let end = length.and_then(|n| start.checked_add(n)).unwrap_or(usize::MAX);
        let piece = items
            .as_ref()
            .and_then(|v: &Vec<Item>| v.get(start..end))
            .map(<[Item]>::to_vec);
        start = end;
        out.push(Fact::new(dtype, Some(shape)).with_items(piece));
    }
    Some(out)
}

pub(super) fn tile(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = call.shape(0).map(|x| match call.sizes(1) {
        Some(repeats) if repeats.len() == x.len() => x.iter().zip(&repeats).map(|(d, n)| d.mul(n)).collect(),
        _ => vec![Size::Unknown; x.len()],
    });
    let items = shape.as_ref().filter(|s: &&Vec<Size>| s.len() == 1).and_then(|s| {
        let (v, total) = (call.items(0)?, elements(s)?);
        Some(
            v.iter()
                .cycle()
                .take(if v.is_empty() { 0 } else { total })
                .cloned()
                .collect(),
        )
    });
    Some(vec![Fact::new(call.dtype(0), shape).with_items(items)])
}

pub(super) fn pad(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = call.shape(0).map(|x| {
        let unknown = vec![Size::Unknown; x.len()];
        (|| {
            let pads = if call.has(1) {
                call.sizes(1)?
            } else {
                // `paddings` in opset 1.
                call.ints("pads")
                    .or(call.ints("paddings"))?
                    .iter()
                    .map(|n| Size::Known(*n))
                    .collect()
            };
            let which: Vec<usize> = if call.has(3) {
                call.known(3)?
                    .iter()
                    .map(|a| axis(*a, x.len()))
                    .collect::<Option<_>>()?
            } else {
                (0..x.len()).collect()
            };
            (pads.len() == which.len().checked_mul(2)?).then_some(())?;
            let mut out = x.to_vec();
            for (i, at) in which.iter().enumerate() {
                let slot = out.get_mut(*at)?;
                *slot = slot.add(pads.get(i)?).add(pads.get(i + which.len())?);
            }
            Some(out)
        })()
        .unwrap_or(unknown)
    });
    one(call.dtype(0), shape)
}

pub(super) fn depth_to_space(call: &Call<'_>) -> Option<Vec<Fact>> {
    let block = Size::Known(call.int("blocksize").filter(|b| *b > 0)?);
    let shape = match call.shape(0)? {
        [n, c, h, w] => {
            vec![n.clone(), c.div_floor(&block.mul(&block)), h.mul(&block), w.mul(&block)]
        }
        _ => return None,
    };
    one(call.dtype(0), Some(shape))
}

pub(super) fn space_to_depth(call: &Call<'_>) -> Option<Vec<Fact>> {
    let block = Size::Known(call.int("blocksize").filter(|b| *b > 0)?);
    let shape = match call.shape(0)? {
        [n, c, h, w] => vec![
            n.clone(),
            c.mul(&block).mul(&block),
            h.div_floor(&block),
            w.div_floor(&block),
        ],
        _ => return None,
    };
    one(call.dtype(0), Some(shape))
}

/// Starts, ends, axes and steps, from inputs (opset 10) or attributes.
struct Ranges {
    starts: Vec<Size>,
    ends: Vec<Size>,
    axes: Vec<usize>,
    steps: Vec<Size>,
}

fn ranges(call: &Call<'_>, rank: usize) -> Option<Ranges> {
    let sizes = |v: &[i64]| -> Vec<Size> { v.iter().map(|n| Size::Known(*n)).collect() };
    // An input that is not known still says how many axes there are.
    let or_unknown = |i: usize| {
        call.sizes(i)
            .or_else(|| Some(vec![Size::Unknown; elements(call.shape(i)?)?]))
    };
    let (starts, ends, axes, steps) = if call.has(1) {
        let axes = if call.has(3) { Some(call.known(3)?) } else { None };
        (
            or_unknown(1)?,
            or_unknown(2)?,
            axes,
            if call.has(4) { Some(or_unknown(4)?) } else { None },
        )
    } else {
        (
            sizes(call.ints("starts")?),
            sizes(call.ints("ends")?),
            call.ints("axes").map(<[i64]>::to_vec),
            None,
        )
    };
    let count = starts.len();
    let axes = axes.unwrap_or_else(|| (0i64..).take(count).collect());
    let steps = steps.unwrap_or_else(|| vec![Size::Known(1); count]);
    (ends.len() == count && axes.len() == count && steps.len() == count).then_some(())?;
    let axes = axes.iter().map(|a| axis(*a, rank)).collect::<Option<_>>()?;
    Some(Ranges {
        starts,
        ends,
        axes,
        steps,
    })
}

pub(super) fn slice(call: &Call<'_>) -> Option<Vec<Fact>> {
    let Some(x) = call.shape(0) else {
        return one(call.dtype(0), None);
    };
    let Some(ranges) = ranges(call, x.len()) else {
        return one(call.dtype(0), Some(vec![Size::Unknown; x.len()]));
    };
    let mut shape = x.to_vec();
    for (i, at) in ranges.axes.iter().enumerate() {
        let slot = shape.get_mut(*at)?;
        *slot = length(slot, ranges.starts.get(i)?, ranges.ends.get(i)?, ranges.steps.get(i)?);
    }
    let items = || -> Option<Vec<Item>> {
        let ([size], [0]) = (x, ranges.axes.as_slice()) else {
            return None;
        };
        let (n, v) = (size.known()?, call.items(0)?);
        let [start, end, step] = [
            ranges.starts.first()?.known()?,
            ranges.ends.first()?.known()?,
            ranges.steps.first()?.known()?,
        ];
        positions(n, start, end, step)?
            .into_iter()
            .map(|i| v.get(usize::try_from(i).ok()?).cloned())
            .collect()
    };
    let items = if x.len() == 1 { items() } else { None };
    Some(vec![Fact::new(call.dtype(0), Some(shape)).with_items(items)])
}

/// What exporters write for "to the end" is at least this.
const TO_THE_END: i64 = i32::MAX as i64;

/// How many steps of this size fit in `room`, the first one always.
fn steps(room: i64, step: i64) -> i64 {
    if room > 0 { (room - 1) / step + 1 } else { 0 }
}

/// First position and number of positions that a slice takes of `n` elements.
fn bounds(n: i64, start: i64, end: i64, step: i64) -> Option<(i64, i64)> {
    let wrap = |at: i64| if at < 0 { at.saturating_add(n) } else { at };
    if step > 0 {
        let (start, end) = (wrap(start).clamp(0, n), wrap(end).clamp(0, n));
        Some((start, steps(end - start, step)))
    } else if step < 0 {
        // ONNX Runtime takes the largest end for the first element then; the operator's text clamps it to the last.
        if end >= TO_THE_END {
            return None;
        }
        let last = (n - 1).max(0);
        let (start, end) = (wrap(start).clamp(0, last), wrap(end).clamp(-1, last));
        let down = step.checked_neg()?;
        Some((start, if n == 0 { 0 } else { steps(start - end, down) }))
    } else {
        None
    }
}

fn positions(n: i64, start: i64, end: i64, step: i64) -> Option<Vec<i64>> {
    let (first, count) = bounds(n, start, end, step)?;
    (0..count).map(|i| first.checked_add(i.checked_mul(step)?)).collect()
}

fn length(size: &Size, start: &Size, end: &Size, step: &Size) -> Size {
    if let (Size::Known(n), Size::Known(start), Size::Known(end), Size::Known(step)) = (size, start, end, step) {
        return bounds(*n, *start, *end, *step).map_or(Size::Unknown, |(_, count)| Size::Known(count));
    }
    if let (Size::Known(start), Size::Known(end), Size::Known(1)) = (start, end, step) {
        return match (*start, *end) {
            (0, TO_THE_END..) => size.clone(),
            // Taking one row presumes that there is one.
            (-1, TO_THE_END..) => Size::Known(1),
            (start, TO_THE_END..) if start > 0 => size.sub(&Size::Known(start)).max(&Size::Known(0)),
            (0, end) if end < 0 => size.add(&Size::Known(end)).max(&Size::Known(0)),
            (0, end) => size.min(&Size::Known(end)),
            (start, end) if start >= 0 && end == start + 1 => Size::Known(1),
            (start, end) if start < 0 && end == start + 1 => Size::Known(1),
            _ => Size::Unknown,
        };
    }
    match (start, step) {
        (Size::Known(0), Size::Known(1)) if !end.is_unknown() => size.min(end),
        // From s to s + something, all inside.
        (start, Size::Known(1)) if !start.is_unknown() && !end.is_unknown() => {
            if end.known().is_some_and(|e| e >= TO_THE_END) || end == size {
                size.sub(start)
            } else {
                Size::Unknown
            }
        }
        (Size::Known(0), Size::Known(step)) if *step > 1 && end.known().is_some_and(|e| e >= TO_THE_END) => {
            size.div_ceil(*step)
        }
        _ => Size::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_count_like_numpy() {
        for (n, start, end, step, expected) in [
            (10, 0, 10, 1, 10),
            (10, 2, -1, 1, 7),
            (10, -3, i64::MAX, 1, 3),
            (10, 20, 30, 1, 0),
            (10, 0, 10, 3, 4),
            (10, -1, i64::MIN, -1, 10),
            (10, 8, 2, -2, 3),
            (0, 0, 5, 1, 0),
            (0, -1, i64::MIN, -1, 0),
            (5, i64::MIN, i64::MAX, i64::MAX, 1),
        ] {
            assert_eq!(
                bounds(n, start, end, step).map(|b| b.1),
                Some(expected),
                "{n} {start} {end} {step}"
            );
        }
        assert_eq!(bounds(5, 0, 5, 0), None);
        assert_eq!(bounds(6, 5, i64::MAX, -1), None, "ONNX Runtime takes five of them");
    }

    #[test]
    fn symbolic_slices() {
        let k = Size::Known;
        let seq = Size::symbol("seq");
        assert_eq!(length(&seq, &k(0), &k(i64::MAX), &k(1)), seq);
        assert_eq!(length(&k(512), &k(0), &seq, &k(1)), seq.min(&k(512)));
        assert_eq!(length(&seq, &k(-1), &k(i64::MAX), &k(1)), k(1));
        assert_eq!(length(&seq, &k(-5), &k(-2), &k(1)), Size::Unknown);
    }
}
