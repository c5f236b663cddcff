//! Conditions on the shapes of the model's inputs and the ranges a recipe gives for them.

use super::super::subject::{Hit, Subject};
use crate::graph::{Dim, Shape, TensorInfo};

fn inputs<'a>(subject: &Subject<'a>) -> Vec<&'a TensorInfo> {
    let top = subject.graph.bodies.first();
    top.map(|b| b.inputs.iter().filter_map(|id| subject.tensor(*id)).collect())
        .unwrap_or_default()
}

pub(super) fn dynamic_input(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for input in inputs(subject) {
        if input.ty.container.is_some() || subject.request.profiles.iter().any(|(name, ..)| **name == *input.name) {
            continue;
        }
        let (shape, dims) = match &input.ty.shape {
            Some(shape) if !shape.is_dynamic() => continue,
            Some(shape) => {
                let open: Vec<String> = shape
                    .0
                    .iter()
                    .enumerate()
                    .filter(|(_, d)| !matches!(d, Dim::Known(_)))
                    .map(|(i, d)| {
                        if *d == Dim::Unknown {
                            format!("dimension {i}")
                        } else {
                            d.to_string()
                        }
                    })
                    .collect();
                (shape.to_string(), open.join(", "))
            }
            None => ("of unknown rank".into(), "every dimension".into()),
        };
        hits.push(Hit::tensor(&input.name, vec![("shape", shape), ("dims", dims)]));
    }
    hits
}

pub(super) fn profile_contradiction(subject: &Subject<'_>) -> Vec<Hit> {
    let inputs = inputs(subject);
    let mut hits = Vec::new();
    for (name, min, max) in &subject.request.profiles {
        let problem = match inputs.iter().find(|t| *t.name == **name) {
            None => {
                let known: Vec<&str> = inputs.iter().map(|t| &*t.name).collect();
                Some(format!(
                    "the model has no input of that name; its inputs are {}",
                    known.join(", ")
                ))
            }
            Some(input) => contradiction(input.ty.shape.as_ref(), min, max),
        };
        if let Some(problem) = problem {
            hits.push(Hit::tensor(name, vec![("problem", problem)]));
        }
    }
    hits
}

fn contradiction(shape: Option<&Shape>, min: &Shape, max: &Shape) -> Option<String> {
    if min.0.len() != max.0.len() {
        return Some(format!("minimum {min} and maximum {max} have different ranks"));
    }
    if let Some(shape) = shape
        && shape.0.len() != min.0.len()
    {
        return Some(format!(
            "{min} to {max} has {} dimensions, the input {shape} has {}",
            min.0.len(),
            shape.0.len()
        ));
    }
    for (i, pair) in min.0.iter().zip(&max.0).enumerate() {
        let (Dim::Known(low), Dim::Known(high)) = pair else {
            continue;
        };
        if low > high {
            return Some(format!("dimension {i} has minimum {low} above maximum {high}"));
        }
        if let Some(Dim::Known(fixed)) = shape.and_then(|s| s.0.get(i))
            && (low != fixed || high != fixed)
        {
            return Some(format!(
                "dimension {i} ranges from {low} to {high}, but the model fixes it at {fixed}"
            ));
        }
    }
    None
}
