//! Conditions on stored values. These read the weights, once per check.

use super::super::subject::{Hit, Subject};
use crate::graph::{Node, TensorId, TensorInfo, TensorKind};
use crate::model::DataType;
use rayon::prelude::*;

/// Stored constants of these types.
fn constants<'a>(subject: &Subject<'a>, types: &[DataType]) -> Vec<(TensorId, &'a TensorInfo)> {
    (0u32..)
        .map(TensorId)
        .zip(&subject.graph.tensors)
        .filter(|(_, t)| t.kind == TensorKind::Constant && t.ty.dtype.is_some_and(|dtype| types.contains(&dtype)))
        .collect()
}

/// What one floating-point constant holds.
#[derive(Default, Clone, Copy)]
pub(in crate::check) struct Seen {
    nan: u64,
    first_nan: u64,
    /// The finite value of largest magnitude.
    largest: f64,
}

/// Every floating-point constant, looked at once per check.
pub(in crate::check) fn look_at_all(subject: &Subject<'_>) -> Vec<(TensorId, Seen)> {
    let types = [
        DataType::Float32,
        DataType::Float64,
        DataType::Float16,
        DataType::BFloat16,
    ];
    let all = constants(subject, &types);
    all.par_iter().map(|(id, _)| (*id, look(subject, *id))).collect()
}

fn look(subject: &Subject<'_>, id: TensorId) -> Seen {
    let Some(Ok(tensor)) = subject.graph.stored_value(id) else {
        return Seen::default();
    };
    if tensor.dtype == DataType::Float32 {
        return look_f32(tensor.bytes.as_chunks().0);
    }
    let mut seen = Seen::default();
    for (index, value) in tensor.to_f64_iter().into_iter().flatten().enumerate() {
        seen.add(index, value);
    }
    seen
}

impl Seen {
    fn add(&mut self, index: usize, value: f64) {
        if value.is_nan() {
            if self.nan == 0 {
                self.first_nan = index as u64;
            }
            self.nan += 1;
        } else if value.is_finite() && value.abs() > self.largest.abs() {
            self.largest = value;
        }
    }
}

/// Magnitudes of floats compare like their bits without the sign, so most blocks take one pass over integers.
fn look_f32(values: &[[u8; 4]]) -> Seen {
    const BLOCK: usize = 4096;
    let magnitude = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes) & 0x7fff_ffff;
    let mut seen = Seen::default();
    let mut largest = 0u32;
    for (block, values) in values.chunks(BLOCK).enumerate() {
        if values.iter().map(magnitude).max().is_none_or(|max| max <= largest) {
            continue;
        }
        for (i, bytes) in values.iter().enumerate() {
            seen.add(block * BLOCK + i, f64::from(f32::from_le_bytes(*bytes)));
        }
        #[allow(clippy::cast_possible_truncation)]
        let found = (seen.largest as f32).to_bits() & 0x7fff_ffff;
        largest = found;
    }
    seen
}

pub(super) fn not_a_number(subject: &Subject<'_>) -> Vec<Hit> {
    let seen = subject.values().iter().filter(|(_, seen)| seen.nan > 0);
    seen.filter_map(|(id, seen)| {
        let values = vec![("count", seen.nan.to_string()), ("index", seen.first_nan.to_string())];
        Some(Hit::tensor(&subject.tensor(*id)?.name, values))
    })
    .collect()
}

pub(super) fn beyond(subject: &Subject<'_>, limit: f64) -> Vec<Hit> {
    let seen = subject.values().iter().filter(|(_, seen)| seen.largest.abs() > limit);
    seen.filter_map(|(id, seen)| {
        Some(Hit::tensor(
            &subject.tensor(*id)?.name,
            vec![("value", format!("{:.4e}", seen.largest))],
        ))
    })
    .collect()
}

pub(super) fn int64_range(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (id, info) in constants(subject, &[DataType::Int64]) {
        let values = subject
            .graph
            .stored_value(id)
            .and_then(Result::ok)
            .and_then(|t| t.to_i64())
            .unwrap_or_default();
        let Some(outside) = values.into_iter().find(|v| i32::try_from(*v).is_err()) else {
            continue;
        };
        let consumers = info.consumers.iter().filter_map(|(node, input)| {
            Some((subject.graph.nodes.get(node.0 as usize)?, usize::try_from(*input).ok()?))
        });
        let mut consumers = consumers.peekable();
        // Only bounds that are clamped to the size anyway: the largest INT32 means the same there.
        if consumers.peek().is_some() && consumers.all(|(node, input)| is_bound(node, input)) {
            continue;
        }
        let clamped = if outside < 0 { i32::MIN } else { i32::MAX };
        hits.push(Hit::tensor(
            &info.name,
            vec![("value", outside.to_string()), ("clamped", clamped.to_string())],
        ));
    }
    hits
}

/// Inputs where "very large" and "very small" mean "up to the end": Slice's starts and ends, Loop's trip count.
fn is_bound(node: &Node, input: usize) -> bool {
    node.domain.is_empty() && matches!((&*node.op_type, input), ("Slice", 1 | 2) | ("Loop", 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_way_sees_what_the_plain_one_sees() {
        let mut values: Vec<f32> = (0..20_000u16).map(|i| f32::from(i % 977) - 400.0).collect();
        values[9_000] = -70_000.0;
        values[4_200] = f32::NAN;
        values[15_000] = f32::NAN;
        values[19_999] = f32::NEG_INFINITY;
        let bytes: Vec<[u8; 4]> = values.iter().map(|v| v.to_le_bytes()).collect();
        let seen = look_f32(&bytes);
        assert_eq!((seen.nan, seen.first_nan, seen.largest), (2, 4_200, -70_000.0));
    }
}
