//! A shape for every input, from what the user gave, the profiles and the model's own declaration.

use super::Samples;
use crate::graph::sizes::{Hint, Sizes, Source, Unsolved, propose};
use crate::graph::{Dim, Graph, Shape, TensorInfo};
use crate::recipe::de::suggest;
use crate::recipe::{BenchSpec, DataSource, ProfileSpec, Recipe};
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

/// A size for every input: shape and values as `bench` gives them, else `opt` of the first profile that allows the shapes
/// given, else of a sample of data, else proposed from the model ([`propose`]).
///
/// # Errors
/// An unknown input name (with the nearest), a rank or fixed size that contradicts the model, a symbol with two values,
/// values of another number than the input has elements; as [`propose`].
pub fn sizes(
    graph: &Graph,
    bench: &BenchSpec,
    profiles: &[ProfileSpec],
    data: Option<&Known>,
) -> Result<Sizes, String> {
    let hints = hints(graph, bench, profiles, data)?;
    propose(graph, &hints).map_err(|unsolved| unsolved.to_string())
}

/// What is said of the inputs from outside the model.
///
/// # Errors
/// As [`sizes`], but for what the graph says.
fn hints(
    graph: &Graph,
    bench: &BenchSpec,
    profiles: &[ProfileSpec],
    data: Option<&Known>,
) -> Result<Vec<Hint>, String> {
    let names: Vec<&str> = inputs(graph).map(|i| i.name.as_ref()).collect();
    let in_profiles = profiles.iter().flat_map(|p| p.inputs.keys().chain(p.values.keys()));
    let in_bench = bench.shapes.keys().chain(bench.values.keys());
    if let Some(unknown) = in_bench.chain(in_profiles).find(|n| !names.contains(&n.as_str())) {
        return Err(format!(
            "the model has no input {unknown:?}{}",
            suggest(unknown, &names)
        ));
    }
    let mut hints: Vec<Hint> = Vec::new();
    for input in inputs(graph) {
        hints.extend(given(input, bench)?);
    }
    // Of several profiles the one that is run comes first.
    let fitting = |p: &&ProfileSpec| super::profiles::allows(p, &bench.shapes);
    let first = profiles.iter().find(fitting);
    let ranged = first.into_iter().chain(profiles);
    for input in inputs(graph) {
        let found = ranged.clone().find_map(|profile| optimum(input, profile));
        let known = hints.iter_mut().find(|h| h.input == *input.name);
        match (known, found) {
            // A shape that was given says nothing of the values.
            (Some(known), Some(found)) if known.value.is_none() && found.value.is_some() => {
                *known = Hint {
                    shape: known.shape.clone(),
                    ..found
                };
            }
            (None, Some(found)) => hints.push(found),
            _ => {}
        }
    }
    for (name, shape) in data.iter().flat_map(|d| &d.shapes) {
        if !hints.iter().any(|h| h.input == *name) {
            hints.push(hint(name, shape, Source::Data, data.map_or("", |d| &d.source)));
        }
    }
    Ok(hints)
}

fn hint(input: &str, shape: &[u64], source: Source, reason: &str) -> Hint {
    Hint {
        input: input.to_owned(),
        shape: shape.to_vec(),
        value: None,
        source,
        reason: reason.to_owned(),
    }
}

/// What `bench` says of an input.
///
/// # Errors
/// A shape that contradicts the model; values of an input that takes none, or of another number.
fn given(input: &TensorInfo, bench: &BenchSpec) -> Result<Option<Hint>, String> {
    let name = &*input.name;
    let declared = input.ty.shape.as_ref();
    let shape = bench.shapes.get(name);
    if let (Some(sizes), Some(declared)) = (shape, declared) {
        fits(name, sizes, declared)?;
    }
    let Some(values) = bench.values.get(name) else {
        return Ok(shape.map(|sizes| hint(name, sizes, Source::Given, "given")));
    };
    let count = values.len() as u64;
    let shape = match (shape, declared) {
        (Some(shape), _) => shape.clone(),
        (None, Some(declared)) => match (declared.as_known(), declared.0.len()) {
            (Some(known), _) => known,
            (None, 1) => vec![count],
            _ => {
                return Err(format!(
                    "input {name:?} ({declared}): values say no shape of several open sizes; give both, as in --shape \
                     {name}:1x{count} --shape {name}={}",
                    list(values)
                ));
            }
        },
        (None, None) => vec![count],
    };
    let elements = shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
    if elements != Some(count) {
        return Err(format!(
            "input {name:?} has the shape {}, which is {} and not {} ({})",
            Shape::known(&shape),
            crate::format::plural(
                elements.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX),
                "value"
            ),
            values.len(),
            list(values)
        ));
    }
    Ok(Some(Hint {
        value: Some(values.clone()),
        ..hint(name, &shape, Source::Given, "given")
    }))
}

fn list(values: &[i64]) -> String {
    values.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

/// The optimum of an input in a profile: a shape, or values.
fn optimum(input: &TensorInfo, profile: &ProfileSpec) -> Option<Hint> {
    let name = &*input.name;
    let declared = input.ty.shape.as_ref();
    let of = |shape: &[u64]| hint(name, shape, Source::Profile, "the profile's optimum");
    let with = |shape: Vec<u64>, value: Vec<i64>| Hint {
        value: Some(value),
        ..of(&shape)
    };
    let known = || declared.and_then(Shape::as_known);
    if let Some(values) = profile.values.get(name) {
        return Some(with(known()?, values.opt.clone()));
    }
    let range = profile.inputs.get(name)?;
    // What does not fit is values of a shape tensor.
    if declared.is_none_or(|s| fits(name, &range.opt, s).is_ok()) {
        return Some(of(&range.opt));
    }
    let values = range.opt.iter().map(|n| i64::try_from(*n).unwrap_or(i64::MAX));
    Some(with(known()?, values.collect()))
}

/// As [`sizes`] of these shapes alone, without data and values.
///
/// # Errors
/// As [`sizes`].
pub fn bind_shapes(
    graph: &Graph,
    given: &BTreeMap<String, Vec<u64>>,
    profiles: &[ProfileSpec],
) -> Result<BTreeMap<String, Vec<u64>>, String> {
    let bench = BenchSpec {
        shapes: given.clone(),
        ..BenchSpec::default()
    };
    Ok(sizes(graph, &bench, profiles, None)?.shapes())
}

/// The sizes that a recipe is run at: shapes and values that it gives, or the optimum of its profile; what neither says is
/// proposed by the graph.
///
/// # Errors
/// As [`sizes`].
pub fn run_sizes(graph: &Graph, recipe: &Recipe) -> Result<Sizes, String> {
    sizes(graph, &recipe.bench, &recipe.profiles, None)
}

/// As [`run_sizes`], the shapes alone.
///
/// # Errors
/// As [`sizes`].
pub fn run_shapes(graph: &Graph, recipe: &Recipe) -> Result<BTreeMap<String, Vec<u64>>, String> {
    Ok(run_sizes(graph, recipe)?.shapes())
}

/// The sizes that a recipe's commands run at: as it gives them, else of its profiles, else of the first sample of its data,
/// else proposed. Reads that sample where the rest leaves a size open.
///
/// # Errors
/// Shapes that do not fit the model, data that cannot be read, and as [`propose`].
pub fn recipe_sizes(graph: &Graph, recipe: &Recipe) -> Result<Sizes, String> {
    sizes_or_fault(graph, recipe).map_err(|why| why.to_string())
}

/// As [`recipe_sizes`]; tells what is at fault.
///
/// # Errors
/// As [`recipe_sizes`].
pub fn sizes_or_fault(graph: &Graph, recipe: &Recipe) -> Result<Sizes, SizesError> {
    let sample = match leaves_open(graph, recipe) {
        true => sample_shapes(graph, recipe).map_err(SizesError::Data)?,
        false => None,
    };
    let hints = hints(graph, &recipe.bench, &recipe.profiles, sample.as_ref()).map_err(SizesError::Model)?;
    propose(graph, &hints).map_err(|unsolved| match &unsolved {
        Unsolved::Rank { .. } => SizesError::Rank(unsolved.to_string()),
        _ => SizesError::Model(unsolved.to_string()),
    })
}

/// Why there are no sizes for a recipe.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SizesError {
    /// Its data cannot be read, or does not fit the model; names the file.
    #[error("{0}")]
    Data(String),
    /// Nothing says how many dimensions an input has.
    #[error("{0}")]
    Rank(String),
    /// What is given does not fit the model, or the model works at no size that was found.
    #[error("{0}")]
    Model(String),
}

/// True where neither the model nor the recipe's own shapes and profiles say the size of every input.
fn leaves_open(graph: &Graph, recipe: &Recipe) -> bool {
    let said = |name: &str| {
        recipe.bench.shapes.contains_key(name) || recipe.profiles.iter().any(|p| p.inputs.contains_key(name))
    };
    inputs(graph).any(|i| i.ty.shape.as_ref().is_none_or(Shape::is_dynamic) && !said(&i.name))
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
    let bench = &recipe.bench;
    let has_profile = recipe.profiles.iter().any(|p| !p.is_empty());
    if !bench.shapes.is_empty() || !bench.values.is_empty() || has_profile {
        let source = if bench.shapes.is_empty() && bench.values.is_empty() {
            "the profile's optimum"
        } else {
            "the shapes to measure with"
        };
        return Ok(Some(Known {
            shapes: run_shapes(graph, recipe)?,
            source: source.into(),
        }));
    }
    sample_shapes(graph, recipe)
}

/// The shapes of the first sample of a recipe's data, at batch 1 where the model leaves that open, and what to call it;
/// `None` without data.
fn sample_shapes(graph: &Graph, recipe: &Recipe) -> Result<Option<Known>, String> {
    let data: Option<&DataSource> = recipe.data.calibration.as_ref().or(recipe.data.test.as_ref());
    let Some(data) = data else {
        return Ok(None);
    };
    let mut samples = Samples::open(data, graph).map_err(|e| e.to_string())?;
    let Some((tensors, _)) = samples.next_batch(1).map_err(|e| e.to_string())? else {
        return Err(format!("{}: the data has no samples", data.path.display()));
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
/// The first dimension is fixed at another size.
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
            "the first dimension of input {name:?}, which a batch would be, is fixed at {dim}, so a batch of {batch} cannot be \
             measured; `enginesmith resize --open {name}:0=batch` opens it where it is one"
        )),
        (None, None) => Err("the model has no input with a batch dimension".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::model;
    use super::*;
    use crate::graph::ranges::Range;
    use crate::graph::sample::node;
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
    fn values_of_a_shape_tensor_are_those_given_or_of_the_profile_that_is_run() {
        let scale = node("Resize", &["x", "", "", "hw"], &["y"]);
        let graph = model(
            &[
                ("x", DataType::Float32, &["1", "2", "h", "w"]),
                ("hw", DataType::Int64, &["4"]),
                ("rate", DataType::Int64, &[]),
                ("lengths", DataType::Int64, &["n"]),
            ],
            vec![],
            vec![scale],
        );
        let bench = |shapes: &[(&str, &[u64])], values: &[(&str, &[i64])]| BenchSpec {
            shapes: given(shapes),
            values: values.iter().map(|(n, v)| ((*n).to_owned(), v.to_vec())).collect(),
            ..BenchSpec::default()
        };
        let at = |bench: &BenchSpec, profiles: &[ProfileSpec]| sizes(&graph, bench, profiles, None);
        let found = at(
            &bench(&[], &[("hw", &[1, 2, 9, 9]), ("rate", &[8000]), ("lengths", &[3, 4])]),
            &[],
        )
        .unwrap();
        let value = |sizes: &Sizes, name: &str| sizes.inputs[name].value.clone();
        assert_eq!(value(&found, "hw"), Some(vec![1, 2, 9, 9]));
        assert_eq!(value(&found, "rate"), Some(vec![8000]));
        assert_eq!(
            (found.inputs["lengths"].shape.as_slice(), found.inputs["hw"].source),
            ([2].as_slice(), Source::Given)
        );
        let profile = |side: u64| ProfileSpec {
            inputs: [("x".to_owned(), ShapeRange::fixed(&[1, 2, side, side]))].into(),
            values: [("hw".to_owned(), Range::fixed(&[1, 2, side as i64, side as i64]))].into(),
        };
        let two = [profile(16), profile(32)];
        let second = at(&bench(&[("x", &[1, 2, 32, 32])], &[]), &two).unwrap();
        assert_eq!(value(&second, "hw"), Some(vec![1, 2, 32, 32]));
        assert_eq!(
            value(&at(&bench(&[], &[]), &two).unwrap(), "hw"),
            Some(vec![1, 2, 16, 16])
        );
        for (bench, words) in [
            (
                bench(&[], &[("hw", &[9, 9])]),
                "has the shape 4, which is 4 values and not 2 (9,9)",
            ),
            (bench(&[], &[("hv", &[9])]), "no input \"hv\"; did you mean \"hw\"?"),
            (bench(&[], &[("x", &[9])]), "values say no shape of several open sizes"),
        ] {
            let error = at(&bench, &[]).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
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
