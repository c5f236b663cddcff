//! Conditions on the shapes of the model's inputs and the ranges a recipe gives for them.

use super::super::corners::contradictions;
use super::super::subject::{Hit, Subject};
use crate::graph::Dim;
use crate::graph::ranges::open::inputs;
use crate::graph::ranges::shape_tensors;

/// Inputs that need a range and have none in some profile, or where there is no profile. One without a rank is read as a
/// scalar by NVIDIA's parser and needs none.
pub(super) fn dynamic_input(subject: &Subject<'_>) -> Vec<Hit> {
    let profiles = &subject.request.profiles;
    let is_ranged = |name: &str| {
        let has = |p: &crate::graph::ranges::ProfileSpec| p.inputs.contains_key(name) || p.values.contains_key(name);
        !profiles.is_empty() && profiles.iter().all(has)
    };
    let mut hits = Vec::new();
    for tensor in shape_tensors(subject.graph).iter().filter(|t| !is_ranged(&t.name)) {
        let shape = format!("a shape tensor of {}", crate::format::plural(tensor.count, "value"));
        hits.push(Hit::tensor(
            &tensor.name,
            vec![("shape", shape), ("dims", "its values".into())],
        ));
    }
    for input in inputs(subject.graph) {
        let Some(shape) = input.ty.shape.as_ref().filter(|s| s.is_dynamic()) else {
            continue;
        };
        if input.ty.container.is_some() || is_ranged(&input.name) {
            continue;
        }
        let open = shape.0.iter().enumerate().filter(|(_, d)| !matches!(d, Dim::Known(_)));
        let open: Vec<String> = open
            .map(|(i, d)| match d {
                Dim::Unknown => format!("dimension {i}"),
                named => named.to_string(),
            })
            .collect();
        hits.push(Hit::tensor(
            &input.name,
            vec![("shape", shape.to_string()), ("dims", open.join(", "))],
        ));
    }
    hits
}

pub(super) fn profile_contradiction(subject: &Subject<'_>) -> Vec<Hit> {
    contradictions(subject.graph, &subject.request.target, &subject.request.profiles)
        .into_iter()
        .map(|(input, problem)| Hit::tensor(&input, vec![("problem", problem)]))
        .collect()
}
