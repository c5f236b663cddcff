//! A shape for every input, from what the user gave, the profiles and the model's own declaration.

use super::Samples;
use crate::graph::sizes::{Hint, Sizes, Source, propose};
use crate::graph::{Dim, Graph, Shape, TensorInfo};
use crate::recipe::de::suggest;
use crate::recipe::{ProfileSpec, Recipe};
use std::collections::BTreeMap;

/// Inputs of the top level, in order.
pub(super) fn inputs(graph: &Graph) -> impl Iterator<Item = &TensorInfo> {
    let top = graph
        .bodies
        .first()
        .map(|body| body.inputs.as_slice())
        .unwrap_or_default();
    top.iter().filter_map(|id| graph.tensors.get(id.0 as usize))
}

/// A size for every input: as given, else `opt` of a profile, else of a sample of data,
/// else proposed from the model ([`propose`]).
///
/// # Errors
/// An unknown input name (with the nearest), a rank or fixed size that contradicts the model, a symbol with two values;
/// as [`propose`].
pub fn sizes(
    graph: &Graph,
    given: &BTreeMap<String, Vec<u64>>,
    profiles: &[ProfileSpec],
    data: Option<&Known>,
) -> Result<Sizes, String> {
    let names: Vec<&str> = inputs(graph).map(|i| i.name.as_ref()).collect();
    let in_profiles = profiles.iter().flat_map(|p| p.inputs.keys().chain(p.values.keys()));
    if let Some(unknown) = given.keys().chain(in_profiles).find(|n| !names.contains(&n.as_str())) {
        return Err(format!(
            "the model has no input {unknown:?}{}",
            suggest(unknown, &names)
        ));
    }
    for input in inputs(graph) {
        let sizes = given.get(&*input.name);
        if let (Some(sizes), Some(shape)) = (sizes, &input.ty.shape) {
            fits(&input.name, sizes, shape)?;
        }
    }
    let hint = |input: &str, shape: &[u64], source: Source, reason: &str| Hint {
        input: input.to_owned(),
        shape: shape.to_vec(),
        value: None,
        source,
        reason: reason.to_owned(),
    };
    let mut hints: Vec<Hint> = given
        .iter()
        .map(|(name, shape)| hint(name, shape, Source::Given, "given"))
        .collect();
    for profile in profiles {
        for (name, range) in &profile.inputs {
            let is_said = hints.iter().any(|h| h.input == *name);
            let input = inputs(graph).find(|i| *i.name == **name);
            // What does not fit is values of a shape tensor.
            let fitting = input.is_some_and(|i| i.ty.shape.as_ref().is_none_or(|s| fits(name, &range.opt, s).is_ok()));
            if !is_said && fitting {
                hints.push(hint(name, &range.opt, Source::Profile, "the profile's optimum"));
            } else if !is_said && let Some(shape) = input.and_then(|i| i.ty.shape.as_ref()?.as_known()) {
                let value = range
                    .opt
                    .iter()
                    .map(|n| i64::try_from(*n).unwrap_or(i64::MAX))
                    .collect();
                hints.push(Hint {
                    value: Some(value),
                    ..hint(name, &shape, Source::Profile, "the profile's optimum")
                });
            }
        }
    }
    for (name, range) in profiles.iter().flat_map(|p| &p.values) {
        let shape = inputs(graph).find(|i| *i.name == **name);
        let shape = shape.and_then(|i| i.ty.shape.as_ref()?.as_known());
        if let Some(shape) = shape.filter(|_| !hints.iter().any(|h| h.input == *name)) {
            hints.push(Hint {
                value: Some(range.opt.clone()),
                ..hint(name, &shape, Source::Profile, "the profile's optimum")
            });
        }
    }
    for (name, shape) in data.iter().flat_map(|d| &d.shapes) {
        if !hints.iter().any(|h| h.input == *name) {
            hints.push(hint(name, shape, Source::Data, data.map_or("", |d| &d.source)));
        }
    }
    propose(graph, &hints).map_err(|unsolved| unsolved.to_string())
}

/// As [`sizes`] without data; the shapes alone.
///
/// # Errors
/// As [`sizes`].
pub fn bind_shapes(
    graph: &Graph,
    given: &BTreeMap<String, Vec<u64>>,
    profiles: &[ProfileSpec],
) -> Result<BTreeMap<String, Vec<u64>>, String> {
    Ok(sizes(graph, given, profiles, None)?.shapes())
}

/// The sizes that a recipe's commands run at: as it gives them, else of its profiles, else of the first sample of its data,
/// else proposed. Reads that sample.
///
/// # Errors
/// Shapes that do not fit the model, data that cannot be read, and as [`propose`].
pub fn recipe_sizes(graph: &Graph, recipe: &Recipe) -> Result<Sizes, String> {
    let sample = sample_shapes(graph, recipe)?;
    sizes(graph, &recipe.bench.shapes, &recipe.profiles, sample.as_ref())
}

/// A shape for every input, and where it comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Known {
    /// By input.
    pub shapes: BTreeMap<String, Vec<u64>>,
    /// In words: `the profile's optimum`.
    pub source: String,
}

/// The shapes that a recipe is about: those it measures with, else the optimum of a profile, else those of the first sample
/// of its data (at batch 1 where the model leaves that open); `None` where it says nothing. Reads that sample.
///
/// # Errors
/// Shapes or data that do not fit the model.
pub fn of_recipe(graph: &Graph, recipe: &Recipe) -> Result<Option<Known>, String> {
    let given = &recipe.bench.shapes;
    let has_profile = recipe.profiles.iter().any(|p| !p.is_empty());
    if !given.is_empty() || has_profile {
        let source = if given.is_empty() {
            "the profile's optimum"
        } else {
            "the shapes to measure with"
        };
        return Ok(Some(Known {
            shapes: bind_shapes(graph, given, &recipe.profiles)?,
            source: source.into(),
        }));
    }
    sample_shapes(graph, recipe)
}

/// The shapes of the first sample of a recipe's data, at batch 1 where the model leaves that open, and what to call it;
/// `None` without data.
fn sample_shapes(graph: &Graph, recipe: &Recipe) -> Result<Option<Known>, String> {
    let Some(data) = recipe.data.calibration.as_ref().or(recipe.data.test.as_ref()) else {
        return Ok(None);
    };
    let mut samples = Samples::open(data, graph).map_err(|e| e.to_string())?;
    let Some((tensors, _)) = samples.next_batch(1).map_err(|e| e.to_string())? else {
        return Ok(None);
    };
    let mut shapes: BTreeMap<String, Vec<u64>> = tensors.into_iter().map(|(name, t)| (name, t.dims)).collect();
    for input in inputs(graph) {
        let declared = input.ty.shape.iter().flat_map(|s| &s.0);
        for (dim, size) in declared.zip(shapes.get_mut(&*input.name).into_iter().flatten()) {
            if let Dim::Known(fixed) = dim {
                *size = *fixed;
            }
        }
    }
    let name = data.path.file_name().unwrap_or(data.path.as_os_str());
    Ok(Some(Known {
        shapes,
        source: format!("a sample of {}", name.to_string_lossy()),
    }))
}

/// # Errors
/// Rank or a fixed size that contradicts the model's declaration.
pub(super) fn fits(name: &str, sizes: &[u64], shape: &Shape) -> Result<(), String> {
    let text = || sizes.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
    if sizes.len() != shape.0.len() {
        return Err(format!(
            "input {name:?} has {} dimensions ({shape}), {:?} has {}",
            shape.0.len(),
            text(),
            sizes.len()
        ));
    }
    for (axis, (dim, size)) in shape.0.iter().zip(sizes).enumerate() {
        if matches!(dim, Dim::Known(fixed) if fixed != size) {
            return Err(format!(
                "input {name:?} has a fixed size of {dim} on axis {axis} ({shape}), not {size}"
            ));
        }
    }
    Ok(())
}

/// The shapes with another batch: the first dimension of every input that shares the first input's dynamic first dimension.
///
/// # Errors
/// The model's batch is fixed at another size.
pub fn with_batch(
    graph: &Graph,
    shapes: &BTreeMap<String, Vec<u64>>,
    batch: u64,
) -> Result<BTreeMap<String, Vec<u64>>, String> {
    let first = |input: &TensorInfo| input.ty.shape.as_ref().and_then(|s| s.0.first().cloned());
    let leading: Vec<(&str, Dim)> = inputs(graph)
        .filter_map(|i| first(i).map(|dim| (i.name.as_ref(), dim)))
        .collect();
    let mut out = shapes.clone();
    let dynamic = leading.iter().find(|(_, dim)| !matches!(dim, Dim::Known(_)));
    match (dynamic, leading.first()) {
        (Some((_, symbol)), _) => {
            for (name, dim) in &leading {
                if dim == symbol
                    && let Some(size) = out.get_mut(*name).and_then(|s| s.first_mut())
                {
                    *size = batch;
                }
            }
            Ok(out)
        }
        (None, Some((_, Dim::Known(fixed)))) if *fixed == batch => Ok(out),
        (None, Some((name, dim))) => Err(format!(
            "the model's batch is fixed at {dim} (input {name:?}), so a batch of {batch} cannot be measured"
        )),
        (None, None) => Err("the model has no input with a batch dimension".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::model;
    use super::*;
    use crate::model::DataType;
    use crate::recipe::ShapeRange;

    fn graph() -> Graph {
        model(
            &[
                ("ids", DataType::Int64, &["batch", "seq"]),
                ("mask", DataType::Int64, &["batch", "seq"]),
                ("image", DataType::Float32, &["batch", "3", "?"]),
                ("sr", DataType::Int64, &[]),
            ],
            vec![],
            vec![],
        )
    }

    fn given(list: &[(&str, &[u64])]) -> BTreeMap<String, Vec<u64>> {
        list.iter().map(|(n, s)| ((*n).to_owned(), s.to_vec())).collect()
    }

    #[test]
    fn symbols_that_repeat_have_one_value() {
        let bound = bind_shapes(&graph(), &given(&[("ids", &[4, 16])]), &[]).unwrap();
        assert_eq!(bound["mask"], [4, 16]);
        assert_eq!(bound["image"][..2], [4, 3]);
        assert_eq!(bound["sr"], [0u64; 0]);
        let profile = ProfileSpec {
            inputs: [(
                "mask".to_owned(),
                ShapeRange {
                    min: vec![1, 1],
                    opt: vec![2, 8],
                    max: vec![9, 9],
                },
            )]
            .into(),
            ..ProfileSpec::default()
        };
        let bound = bind_shapes(&graph(), &given(&[]), std::slice::from_ref(&profile)).unwrap();
        assert_eq!((bound["ids"].as_slice(), bound["image"][0]), ([2u64, 8].as_slice(), 2));
        assert_eq!(bind_shapes(&graph(), &given(&[]), &[]).unwrap()["ids"], [1, 128]);
    }

    #[test]
    fn contradictions_are_named() {
        for (shapes, reason) in [
            (given(&[("id", &[1, 1])]), "no input \"id\"; did you mean \"ids\"?"),
            (given(&[("ids", &[1])]), "has 2 dimensions (batchxseq), \"1\" has 1"),
            (given(&[("image", &[1, 4, 5])]), "fixed size of 3 on axis 1"),
            (
                given(&[("ids", &[1, 8]), ("mask", &[1, 9])]),
                "\"seq\" is 8 in input \"ids\" and 9 in input \"mask\"",
            ),
        ] {
            let error = bind_shapes(&graph(), &shapes, &[]).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_batch_changes_all_inputs_that_share_it() {
        let shapes = bind_shapes(&graph(), &given(&[("ids", &[1, 16])]), &[]).unwrap();
        let eight = with_batch(&graph(), &shapes, 8).unwrap();
        assert_eq!((eight["ids"].as_slice(), eight["image"][0]), ([8u64, 16].as_slice(), 8));
        assert_eq!(eight["sr"], [0u64; 0]);
        let fixed = model(&[("x", DataType::Float32, &["2", "3"])], vec![], vec![]);
        let shapes = bind_shapes(&fixed, &given(&[]), &[]).unwrap();
        assert_eq!(with_batch(&fixed, &shapes, 2), Ok(shapes.clone()));
        assert!(with_batch(&fixed, &shapes, 8).unwrap_err().contains("fixed at 2"));
    }
}
