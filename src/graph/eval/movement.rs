//! Operators that move elements about.

use super::walk::{remap, strides};
use super::{Inputs, Operation, Outcome, Refusal, axis, case, element_size, input, integers, tensor};
use crate::model::{Attributes, Tensor};

/// Transpose; reversed axes by default.
pub(super) fn transpose(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    let rank = a.dims.len();
    let mut order = Vec::with_capacity(rank);
    let mut is_used = vec![false; rank];
    match operation.node.attr("perm") {
        None => order.extend((0..rank).rev()),
        Some(perm) => {
            for p in &perm.ints {
                let p = axis(*p, rank)?;
                if std::mem::replace(&mut is_used[p], true) {
                    return case("perm repeats an axis");
                }
                order.push(p);
            }
        }
    }
    if order.len() != rank {
        return case(format!("perm has {} axes, the input {rank}", order.len()));
    }
    let from = strides(&a.dims);
    let dims: Vec<u64> = order.iter().map(|p| a.dims[*p]).collect();
    let lens = dims.clone();
    let out = remap(operation, a, dims, None, |at| {
        (0..lens[at] as usize).map(|i| Some(i * from[order[at]])).collect()
    })?;
    Ok(vec![out])
}

/// Expand to a shape, broadcasting both ways.
pub(super) fn expand(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    let wanted = sizes(&integers(input(inputs, 1)?)?)?;
    let dims = super::walk::broadcast(&[&a.dims, &wanted])?;
    let from = super::walk::broadcast_strides(&a.dims, &dims);
    let lens = dims.clone();
    let out = remap(operation, a, dims, None, |at| {
        (0..lens[at] as usize).map(|i| Some(i * from[at])).collect()
    })?;
    Ok(vec![out])
}

/// Tile: repeats per axis.
pub(super) fn tile(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    let repeats = sizes(&integers(input(inputs, 1)?)?)?;
    if repeats.len() != a.dims.len() {
        return case(format!("{} repeats for rank {}", repeats.len(), a.dims.len()));
    }
    let dims = a
        .dims
        .iter()
        .zip(&repeats)
        .map(|(d, r)| d.checked_mul(*r))
        .collect::<Option<Vec<u64>>>();
    let Some(dims) = dims else {
        return Err(Refusal::TooLarge(u64::MAX));
    };
    let from = strides(&a.dims);
    let out = remap(operation, a, dims, None, |at| {
        let len = a.dims[at] as usize;
        (0..len * repeats[at] as usize)
            .map(|i| Some(i % len * from[at]))
            .collect()
    })?;
    Ok(vec![out])
}

fn sizes(values: &[i64]) -> Result<Vec<u64>, Refusal> {
    match values.iter().map(|v| u64::try_from(*v).ok()).collect() {
        Some(sizes) => Ok(sizes),
        None => case(format!("sizes {values:?} are negative")),
    }
}

/// Slice, with starts, ends and axes as attributes (before opset 10) or inputs. Bounds are clamped as ONNX says.
pub(super) fn slice(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    let rank = a.dims.len();
    let given = |at: usize, name: &str| -> Result<Option<Vec<i64>>, Refusal> {
        match inputs.get(at).copied().flatten() {
            Some(t) => integers(t).map(Some),
            None => Ok(operation.node.attr(name).map(|a| a.ints.clone())),
        }
    };
    let (Some(starts), Some(ends)) = (given(1, "starts")?, given(2, "ends")?) else {
        return case("starts and ends are needed");
    };
    let axes = given(3, "axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = given(4, "steps")?.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()].iter().any(|n| *n != starts.len()) {
        return case("starts, ends, axes and steps differ in number");
    }
    // Per axis: first index, step, count.
    let mut parts: Vec<(i64, i64, u64)> = a.dims.iter().map(|d| (0, 1, *d)).collect();
    for (((start, end), given), step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
        let at = axis(*given, rank)?;
        let len = i64::try_from(a.dims[at]).unwrap_or(i64::MAX);
        if *step < 0 && *end >= i64::from(i32::MAX) {
            return case("runtimes differ in whether so large an end of a slice that runs backwards is its start");
        }
        let from_back = |v: i64| if v < 0 { v.saturating_add(len) } else { v };
        let (start, end) = (from_back(*start), from_back(*end));
        let (start, span) = match step {
            0 => return case("a step of 0"),
            _ if len == 0 => (0, 0),
            1.. => {
                let start = start.clamp(0, len);
                (start, end.clamp(0, len) - start)
            }
            _ => {
                let start = start.clamp(0, len - 1);
                (start, start - end.clamp(-1, len - 1))
            }
        };
        parts[at] = (start, *step, span.max(0).unsigned_abs().div_ceil(step.unsigned_abs()));
    }
    let dims = parts.iter().map(|p| p.2).collect();
    let from = strides(&a.dims);
    let out = remap(operation, a, dims, None, |at| {
        let (start, step, count) = parts[at];
        let index = |i: u64| start.checked_add(step.checked_mul(i64::try_from(i).ok()?)?);
        (0..count)
            .map(|i| Some(usize::try_from(index(i)?).ok()? * from[at]))
            .collect()
    })?;
    Ok(vec![out])
}

/// Split into the given sizes, or into as many parts as there are outputs.
pub(super) fn split(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    let at = axis(operation.node.int("axis").unwrap_or(0), a.dims.len())?;
    let outputs = operation.node.output.len() as u64;
    let given = match inputs.get(1).copied().flatten() {
        Some(t) => Some(integers(t)?),
        None => operation.node.attr("split").map(|a| a.ints.clone()),
    };
    let parts = match given {
        Some(parts) => sizes(&parts)?,
        None if outputs == 0 => return case("there are no outputs"),
        None => {
            // Equal parts, the last one smaller when it does not divide (opset 18).
            let part = a.dims[at].div_ceil(outputs);
            (0..outputs)
                .map(|i| part.min(a.dims[at].saturating_sub(i.saturating_mul(part))))
                .collect()
        }
    };
    let total = parts.iter().try_fold(0u64, |n, p| n.checked_add(*p));
    if total != Some(a.dims[at]) || parts.len() as u64 != outputs {
        return case(format!(
            "sizes {parts:?} do not split dims {:?} at axis {at} into {outputs}",
            a.dims
        ));
    }
    let from = strides(&a.dims);
    let mut start = 0usize;
    let mut out = Vec::with_capacity(parts.len());
    for part in parts {
        let mut dims = a.dims.clone();
        dims[at] = part;
        let lens = dims.clone();
        out.push(remap(operation, a, dims, None, |axis| {
            let first = if axis == at { start } else { 0 };
            (0..lens[axis] as usize)
                .map(|i| Some((first + i) * from[axis]))
                .collect()
        })?);
        start += part as usize;
    }
    Ok(out)
}

/// Concat along an axis.
pub(super) fn concat(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let first = input(inputs, 0)?;
    let Some(given) = operation.node.int("axis").or((operation.opset < 4).then_some(1)) else {
        return case("no axis is given");
    };
    let at = axis(given, first.dims.len())?;
    let size = element_size(first.dtype)?;
    let mut dims = first.dims.clone();
    dims[at] = 0;
    let mut parts: Vec<&Tensor> = Vec::with_capacity(inputs.len());
    for i in 0..inputs.len() {
        let part = input(inputs, i)?;
        let fits = part.dtype == first.dtype
            && part.dims.len() == dims.len()
            && part
                .dims
                .iter()
                .zip(&first.dims)
                .enumerate()
                .all(|(axis, (a, b))| axis == at || a == b);
        if !fits {
            return case(format!(
                "input {i} of dims {:?} does not join dims {:?}",
                part.dims, first.dims
            ));
        }
        dims[at] = dims[at].saturating_add(part.dims[at]);
        parts.push(part);
    }
    let count = operation.elements(first.dtype, &dims)?;
    let inner: usize = dims[at + 1..].iter().product::<u64>() as usize * size;
    let outer: usize = if count == 0 {
        0
    } else {
        dims[..at].iter().product::<u64>() as usize
    };
    let mut out = Vec::with_capacity(count * size);
    for row in 0..outer {
        for part in &parts {
            let len = part.dims[at] as usize * inner;
            out.extend_from_slice(part.bytes.get(row * len..(row + 1) * len).unwrap_or_default());
        }
    }
    Ok(vec![tensor(first.dtype, dims, out)?])
}

/// Gather along an axis; negative indices count from the back.
pub(super) fn gather(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let (a, indices) = (input(inputs, 0)?, input(inputs, 1)?);
    let at = axis(operation.node.int("axis").unwrap_or(0), a.dims.len())?;
    let size = element_size(a.dtype)?;
    let len = i64::try_from(a.dims[at]).unwrap_or(i64::MAX);
    let mut rows = Vec::new();
    for index in integers(indices)? {
        match usize::try_from(if index < 0 { index + len } else { index }) {
            Ok(row) if row < len as usize => rows.push(row),
            _ => return case(format!("index {index} is outside {len}")),
        }
    }
    let dims: Vec<u64> = [&a.dims[..at], &indices.dims, &a.dims[at + 1..]].concat();
    let count = operation.elements(a.dtype, &dims)?;
    let mut out = Vec::with_capacity(count * size);
    if count > 0 {
        let inner: usize = a.dims[at + 1..].iter().product::<u64>() as usize * size;
        let outer: usize = a.dims[..at].iter().product::<u64>() as usize;
        for block in 0..outer {
            for row in &rows {
                let start = (block * len as usize + row) * inner;
                out.extend_from_slice(a.bytes.get(start..start + inner).unwrap_or_default());
            }
        }
    }
    Ok(vec![tensor(a.dtype, dims, out)?])
}

/// Pad in the modes constant, edge, reflect and wrap; negative pads crop, which is left to runtimes but for the first mode.
pub(super) fn pad(operation: Operation<'_>, inputs: &Inputs<'_>) -> Outcome {
    let a = input(inputs, 0)?;
    let rank = a.dims.len();
    let pads = match inputs.get(1).copied().flatten() {
        Some(t) => integers(t)?,
        None => match operation.node.ints("pads") {
            Some(pads) => pads.to_vec(),
            None => return case("no pads are given"),
        },
    };
    let axes = match inputs.get(3).copied().flatten() {
        Some(t) => integers(t)?,
        None => (0..rank as i64).collect(),
    };
    if pads.len() != axes.len() * 2 {
        return case(format!("{} pads for {} axes", pads.len(), axes.len()));
    }
    let size = element_size(a.dtype)?;
    let fill = match inputs.get(2).copied().flatten() {
        Some(t) if t.dtype == a.dtype && t.elements() == 1 => t.bytes.to_vec(),
        Some(t) => return case(format!("a fill value of {} for {}", t.dtype, a.dtype)),
        None => match operation.node.float("value").filter(|v| *v != 0.0) {
            None => vec![0; size],
            Some(_) if a.dtype != crate::model::DataType::Float32 => return case("a fill value for no float32"),
            Some(value) => value.to_le_bytes().to_vec(),
        },
    };
    let mode = operation.node.text("mode").unwrap_or("constant");
    if !matches!(mode, "constant" | "edge" | "reflect" | "wrap") {
        return case(format!("mode {mode}"));
    }
    let mut before = vec![0i64; rank];
    let mut dims = a.dims.clone();
    for (i, given) in axes.iter().enumerate() {
        let at = axis(*given, rank)?;
        let (low, high) = (pads[i], pads[axes.len() + i]);
        before[at] = low;
        let len = i64::try_from(a.dims[at])
            .ok()
            .and_then(|n| n.checked_add(low)?.checked_add(high));
        match len.and_then(|n| u64::try_from(n).ok()) {
            Some(len) => dims[at] = len,
            None => return case(format!("pads {pads:?} leave nothing of dims {:?}", a.dims)),
        }
        if mode != "constant" && low.min(high) < 0 {
            return case("runtimes differ in whether they crop before they repeat");
        }
        let reach = low.max(high);
        if a.dims[at] == 0 && mode != "constant" || mode == "reflect" && reach >= a.dims[at] as i64 {
            return case(format!(
                "mode {mode} cannot reach {reach} beyond a dim of {}",
                a.dims[at]
            ));
        }
    }
    let from = strides(&a.dims);
    let lens = dims.clone();
    let out = remap(operation, a, dims, Some(&fill), |at| {
        let len = a.dims[at] as i64;
        let place = |i: i64| -> Option<i64> {
            let i = i - before[at];
            Some(match mode {
                _ if (0..len).contains(&i) => i,
                "edge" => i.clamp(0, len - 1),
                "wrap" => i.rem_euclid(len),
                "reflect" if i < 0 => -i,
                "reflect" => 2 * (len - 1) - i,
                _ => return None,
            })
        };
        (0..lens[at] as i64)
            .map(|i| Some(usize::try_from(place(i)?).ok()? * from[at]))
            .collect()
    })?;
    Ok(vec![out])
}
