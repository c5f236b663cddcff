//! What engines check in common: declared inputs and outputs, values given for them, shapes to warm up with, options.

use super::{EngineError, TensorSpec};
use crate::data::NamedTensors;
use crate::data::shapes::{run_sizes, sizes};
use crate::graph::sizes::Sizes;
use crate::graph::{Dim, Graph, Shape, TensorId};
use crate::model::{DataType, Tensor};
use crate::recipe::units::format_named_shape;
use crate::recipe::{BenchSpec, Precision, ProfileSpec, Recipe};

/// What the model declares of its top-level inputs and outputs.
///
/// # Errors
/// [`EngineError::Unsupported`] for one that is no tensor, or has no declared type.
pub fn specs(graph: &Graph) -> Result<(Vec<TensorSpec>, Vec<TensorSpec>), EngineError> {
    let top = graph.bodies.first();
    let of = |ids: &[TensorId], what: &str| {
        ids.iter()
            .map(|id| spec(graph, *id, what))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok((
        of(top.map_or(&[], |b| &b.inputs), "input")?,
        of(top.map_or(&[], |b| &b.outputs), "output")?,
    ))
}

fn spec(graph: &Graph, id: TensorId, what: &str) -> Result<TensorSpec, EngineError> {
    let tensor = graph.tensor(id);
    let name = tensor.name.to_string();
    if let Some(container) = &tensor.ty.container {
        return Err(EngineError::Unsupported(format!(
            "{what} {name} is a {container}; only tensors can be given and returned"
        )));
    }
    let Some(dtype) = tensor.ty.dtype else {
        return Err(EngineError::Unsupported(format!("{what} {name} has no declared type")));
    };
    let shape = tensor.ty.shape.clone().unwrap_or(Shape(vec![Dim::Unknown]));
    Ok(TensorSpec { name, dtype, shape })
}

/// The values of all inputs, in the order of `specs`, checked against what the model declares and the recipe's profiles.
///
/// # Errors
/// [`EngineError::Request`] naming the input: unknown, missing, of another type, of a shape that does not fit.
pub fn check_inputs<'a>(
    specs: &[TensorSpec],
    profiles: &[ProfileSpec],
    inputs: &'a NamedTensors,
) -> Result<Vec<&'a Tensor>, EngineError> {
    let request = |message: String| Err(EngineError::Request(message));
    if let Some((name, _)) = inputs.iter().find(|(name, _)| !specs.iter().any(|i| i.name == *name)) {
        let names: Vec<&str> = specs.iter().map(|i| i.name.as_str()).collect();
        return request(format!("the model has no input {name:?}; it has {}", names.join(", ")));
    }
    let mut bound = Vec::with_capacity(specs.len());
    for spec in specs {
        let name = &spec.name;
        let Some((_, tensor)) = inputs.iter().find(|(n, _)| n == name) else {
            return request(format!("input {name} is missing"));
        };
        if tensor.dtype != spec.dtype {
            return request(format!(
                "input {name} is {}, the model wants {}",
                tensor.dtype, spec.dtype
            ));
        }
        let shape = Shape::known(&tensor.dims);
        // One unknown size is also how an input without a rank is described; the runtime says what it takes.
        let is_any = spec.shape.0 == [Dim::Unknown];
        let has_rank = spec.shape.0.len() == tensor.dims.len();
        let fits = is_any
            || has_rank
                && spec.shape.0.iter().zip(&tensor.dims).all(|(want, is)| match want {
                    Dim::Known(want) => want == is,
                    Dim::Symbol(_) | Dim::Unknown => true,
                });
        if !fits {
            return request(format!(
                "input {name} has the shape {shape}, the model wants {}",
                spec.shape
            ));
        }
        if !profiles.is_empty() && !profiles.iter().any(|p| allows(p, name, &tensor.dims)) {
            return request(format!(
                "input {name} has the shape {shape}, which no profile of the recipe allows"
            ));
        }
        bound.push(tensor);
    }
    Ok(bound)
}

/// Index of the first profile that allows the shapes of all inputs; none without profiles.
pub fn profile_for(profiles: &[ProfileSpec], inputs: &NamedTensors) -> Option<usize> {
    let fits = |p: &ProfileSpec| inputs.iter().all(|(name, t)| allows(p, name, &t.dims));
    profiles.iter().position(fits)
}

fn allows(profile: &ProfileSpec, input: &str, dims: &[u64]) -> bool {
    profile.inputs.get(input).is_none_or(|range| {
        // As many numbers as it has elements and not dimensions: a shape tensor's values, as recipes before `values` have it.
        let elements: u64 = dims.iter().product();
        let are_values = range.min.len() != dims.len() && u64::try_from(range.min.len()) == Ok(elements);
        are_values || range.allows(dims)
    })
}

/// Shapes to run once before an engine counts as built.
pub struct WarmShapes {
    /// By input.
    pub sizes: Sizes,
    /// True when the recipe names them.
    pub chosen: bool,
}

impl WarmShapes {
    /// Name of the stage: `warm run x:1x3x224x224`.
    pub fn stage(&self) -> String {
        let sizes = self.sizes.inputs.iter();
        let texts: Vec<String> = sizes.map(|(name, s)| format_named_shape(name, &s.shape)).collect();
        format!("warm run {}", texts.join(" "))
    }
}

/// The shapes to run once before the engine counts as built: those to be measured, and `opt` of every profile.
///
/// # Errors
/// [`EngineError::Request`] for shapes that contradict the model.
pub fn warm_shapes(graph: &Graph, recipe: &Recipe) -> Result<Vec<WarmShapes>, EngineError> {
    let mut all: Vec<WarmShapes> = Vec::new();
    // Without a rank there is nothing to run it on before somebody says a shape.
    let top = graph.bodies.first().map_or(&[][..], |b| b.inputs.as_slice());
    let lacks_rank = |id: &TensorId| {
        let input = graph.tensor(*id);
        input.ty.shape.is_none() && !recipe.bench.shapes.contains_key(&*input.name)
    };
    if top.iter().any(lacks_rank) && run_sizes(graph, recipe).is_err() {
        return Ok(all);
    }
    let measured = run_sizes(graph, recipe).map_err(EngineError::Request)?;
    let profiles = recipe.profiles.iter().map(|p| {
        let at = sizes(graph, &BenchSpec::default(), std::slice::from_ref(p), None);
        at.map_err(EngineError::Request)
    });
    let chosen = !recipe.bench.shapes.is_empty() || !recipe.bench.values.is_empty() || !recipe.profiles.is_empty();
    for sizes in std::iter::once(Ok(measured)).chain(profiles) {
        let sizes = sizes?;
        if !all.iter().any(|w| w.sizes.point() == sizes.point()) {
            all.push(WarmShapes { sizes, chosen });
        }
    }
    Ok(all)
}

/// Makes sure that a precision other than FP32 and TF32 is in the graph already: `runtime` computes in the graph's types.
///
/// # Errors
/// [`EngineError::Request`] that says what the graph lacks.
pub fn check_types(precision: Precision, graph: &Graph, runtime: &str) -> Result<(), EngineError> {
    use DataType as T;
    let (types, words): (&[T], &str) = match precision {
        Precision::Fp32 | Precision::Tf32 => return Ok(()),
        Precision::Fp16 => (&[T::Float16], "float16"),
        Precision::Bf16 => (&[T::BFloat16], "bfloat16"),
        Precision::Int8 => (&[T::Int8, T::UInt8], "int8"),
        Precision::Fp8 => (&[T::Float8E4M3FN, T::Float8E5M2], "float8"),
        Precision::Int4 => (&[T::Int4, T::UInt4], "int4"),
    };
    let has = |t: &crate::graph::TensorInfo| t.ty.dtype.is_some_and(|d| types.contains(&d));
    if graph.tensors.iter().any(has) {
        return Ok(());
    }
    Err(EngineError::Request(format!(
        "{precision}: {runtime} computes in the types that the graph has, and this graph has no {words} tensor; add a patch \
         to the recipe that converts it, or choose fp32"
    )))
}

/// The refusal of a build option that a target does not have; `known` are its options with help.
pub fn unknown_option(target: &str, name: &str, known: &[(&str, &str)]) -> EngineError {
    let nearest = known.iter().max_by(|a, b| {
        let near = |known: &str| strsim::jaro_winkler(known, name);
        near(a.0).total_cmp(&near(b.0))
    });
    let nearest = nearest
        .map(|(known, _)| format!("; did you mean {known}?"))
        .unwrap_or_default();
    EngineError::Request(format!("{target} has no build option {name:?}{nearest}"))
}
