//! Walking over elements: broadcasting, and copying elements from computed places.

use super::{Operation, Refusal, case, element_size, tensor};
use crate::model::Tensor;

/// Dims that all operands broadcast to (ONNX, Broadcasting.md).
pub(super) fn broadcast(operands: &[&[u64]]) -> Result<Vec<u64>, Refusal> {
    let rank = operands.iter().map(|dims| dims.len()).max().unwrap_or(0);
    let mut out = vec![1u64; rank];
    for dims in operands {
        for (at, d) in dims.iter().rev().enumerate() {
            let o = &mut out[rank - 1 - at];
            match (*o, *d) {
                (a, b) if a == b || b == 1 => {}
                (1, b) => *o = b,
                _ => return case(format!("dims {operands:?} do not broadcast")),
            }
        }
    }
    Ok(out)
}

/// Row-major strides in elements.
pub(super) fn strides(dims: &[u64]) -> Vec<usize> {
    let mut out = vec![1usize; dims.len()];
    for at in (1..dims.len()).rev() {
        out[at - 1] = out[at].saturating_mul(dims[at] as usize);
    }
    out
}

/// Strides of an operand seen through the broadcast dims: 0 where it is repeated.
pub(super) fn broadcast_strides(dims: &[u64], out: &[u64]) -> Vec<usize> {
    let own = strides(dims);
    let lead = out.len() - dims.len();
    (0..out.len())
        .map(|at| match at.checked_sub(lead) {
            Some(own_at) if dims[own_at] != 1 => own[own_at],
            _ => 0,
        })
        .collect()
}

/// Calls `visit` once per element of `dims` in row-major order with the offset that each set of strides gives.
pub(super) fn each<const N: usize>(dims: &[u64], strides: [&[usize]; N], mut visit: impl FnMut([usize; N])) {
    if dims.contains(&0) {
        return;
    }
    let mut at = vec![0u64; dims.len()];
    let mut offsets = [0usize; N];
    loop {
        visit(offsets);
        let mut axis = dims.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            at[axis] += 1;
            if at[axis] < dims[axis] {
                for (offset, strides) in offsets.iter_mut().zip(strides) {
                    *offset += strides[axis];
                }
                break;
            }
            for (offset, strides) in offsets.iter_mut().zip(strides) {
                *offset -= strides[axis] * (dims[axis] as usize - 1);
            }
            at[axis] = 0;
        }
    }
}

/// One output axis of [`remap`]: for each position, the offset in source elements that it adds; `None` outside the source.
pub(super) type AxisMap = Vec<Option<usize>>;

/// A tensor whose element at a position is the source's at the sum of the axes' offsets, or `fill` where one is outside.
/// `axes` makes the map of one axis given its length; it is only called when there are elements.
pub(super) fn remap(
    operation: Operation<'_>,
    source: &Tensor,
    dims: Vec<u64>,
    fill: Option<&[u8]>,
    axes: impl Fn(usize) -> AxisMap,
) -> Result<Tensor, Refusal> {
    let size = element_size(source.dtype)?;
    let count = operation.elements(source.dtype, &dims)?;
    let mut out = Vec::with_capacity(count * size);
    if count > 0 {
        let maps: Vec<AxisMap> = (0..dims.len()).map(axes).collect();
        let zero = vec![0u8; size];
        let fill = fill.unwrap_or(&zero);
        let mut at = vec![0usize; dims.len()];
        for _ in 0..count {
            let offset: Option<usize> = at
                .iter()
                .zip(&maps)
                .map(|(i, map)| map.get(*i).copied().flatten())
                .sum();
            let element = offset
                .and_then(|n| source.bytes.get(n * size..(n + 1) * size))
                .unwrap_or(fill);
            out.extend_from_slice(element);
            for axis in (0..dims.len()).rev() {
                at[axis] += 1;
                if (at[axis] as u64) < dims[axis] {
                    break;
                }
                at[axis] = 0;
            }
        }
    }
    tensor(source.dtype, dims, out)
}
