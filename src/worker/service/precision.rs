//! Precision as a patch: where the target computes in the types that the graph has, a recipe that asks for less than FP32
//! and has no patch of its own for it gets one.

use super::calibrate::calibrate;
use super::context::{Context, Step};
use super::{ServiceEvent, request};
use crate::engine::EngineError;
use crate::graph::Graph;
use crate::model::{DataType, Model};
use crate::recipe::{Precision, Recipe};
use crate::rewrite::{CastSpec, LowType, PatchSpec};
use crate::worker::JobError;
use std::sync::Arc;

/// Targets whose precision is that of the graph.
const TYPED: [&str; 4] = ["onnxruntime-cpu", "onnxruntime-cuda", "tensorrt", "tensorrt-rtx"];

/// The recipe with the patch that its precision needs; as it is where it needs none. Says in the log what it did.
///
/// # Errors
/// Calibration data that does not fit; cancelled.
pub fn prepare(context: &Context, recipe: Recipe, variant: Option<usize>) -> Result<Recipe, JobError> {
    let to = match recipe.build.precision {
        Precision::Fp16 => LowType::Fp16,
        Precision::Bf16 => LowType::Bf16,
        _ => return Ok(recipe),
    };
    let has_own = recipe.patches.iter().any(|p| matches!(p, PatchSpec::Cast(_)));
    // TensorRT before 11 can still choose types itself.
    let is_weak = recipe.build.options.get("weak_typing").and_then(toml::Value::as_bool) == Some(true);
    if has_own || is_weak || !TYPED.contains(&recipe.target.name.as_str()) || is_lowered(&recipe, to)? {
        return Ok(recipe);
    }
    context.replan(vec![Step::guess(5.0), Step::guess(30.0)]);
    let ranges = match calibrate(context, &recipe, None) {
        Ok(found) => Some(found.ranges()),
        Err(JobError::Engine(EngineError::Unsupported(why) | EngineError::Failed(why))) => {
            let line = format!("no ranges could be found, so weights alone decide what is cast: {why}");
            context.log(variant, "warn", line);
            None
        }
        Err(JobError::Worker(why)) => {
            context.tell(ServiceEvent::WorkerLost {
                variant,
                message: format!("no ranges could be found, so weights alone decide what is cast: {why}"),
            });
            None
        }
        Err(error) => return Err(error),
    };
    let from = match &ranges {
        Some(ranges) => format!("ranges from {}", ranges.source),
        None => "without ranges".into(),
    };
    context.log(
        variant,
        "info",
        format!(
            "{to}: {} computes in the graph's types, so the graph is cast ({from})",
            recipe.target.name
        ),
    );
    let mut recipe = recipe;
    recipe.patches.push(PatchSpec::Cast(Box::new(CastSpec {
        // Data and measurements stay what they are for the other variants.
        keep_io_types: true,
        ranges,
        ..CastSpec::new(to)
    })));
    Ok(recipe)
}

/// True when the model has tensors of the type already.
fn is_lowered(recipe: &Recipe, to: LowType) -> Result<bool, JobError> {
    let model = Model::open(&recipe.model.path).map_err(|e| request(e.to_string()))?;
    let graph = Graph::new(Arc::new(model));
    let dtype = |t: DataType| t == to.data_type();
    Ok(graph.tensors.iter().any(|t| t.ty.dtype.is_some_and(dtype)))
}
