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

/// What one constant holds.
#[derive(Default)]
struct Seen {
    nan: u64,
    first_nan: u64,
    /// Largest finite magnitude, with its sign.
    largest: f64,
}

fn look(subject: &Subject<'_>, id: TensorId) -> Seen {
    let mut seen = Seen::default();
    let Some(Ok(tensor)) = subject.graph.constant(id) else {
        return seen;
    };
    for (index, value) in tensor.to_f64_iter().into_iter().flatten().enumerate() {
        if value.is_nan() {
            if seen.nan == 0 {
                seen.first_nan = index as u64;
            }
            seen.nan += 1;
        } else if value.is_finite() && value.abs() > seen.largest.abs() {
            seen.largest = value;
        }
    }
    seen
}

pub(super) fn not_a_number(subject: &Subject<'_>) -> Vec<Hit> {
    let types = [
        DataType::Float32,
        DataType::Float64,
        DataType::Float16,
        DataType::BFloat16,
    ];
    constants(subject, &types)
        .par_iter()
        .map(|(id, info)| (info, look(subject, *id)))
        .filter(|(_, seen)| seen.nan > 0)
        .map(|(info, seen)| {
            let values = vec![("count", seen.nan.to_string()), ("index", seen.first_nan.to_string())];
            Hit::tensor(&info.name, values)
        })
        .collect()
}

pub(super) fn beyond(subject: &Subject<'_>, limit: f64) -> Vec<Hit> {
    constants(subject, &[DataType::Float32, DataType::Float64, DataType::BFloat16])
        .par_iter()
        .map(|(id, info)| (info, look(subject, *id)))
        .filter(|(_, seen)| seen.largest.abs() > limit)
        .map(|(info, seen)| Hit::tensor(&info.name, vec![("value", format!("{:.4e}", seen.largest))]))
        .collect()
}

pub(super) fn int64_range(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (id, info) in constants(subject, &[DataType::Int64]) {
        let values = subject
            .graph
            .constant(id)
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
