//! Precision as a patch: where the target computes in the types that the graph has, a recipe that asks for less than FP32
//! and has no patch of its own for it gets one.

use super::calibrate::{Want, calibrate};
use super::context::{Context, Step};
use super::{ServiceEvent, request};
use crate::engine::EngineError;
use crate::graph::Graph;
use crate::model::Model;
use crate::recipe::{Precision, Recipe};
use crate::rewrite::{
    Calibration, CastSpec, LowType, Method, PatchSpec, QuantMode, QuantizeSpec, Ranges, needs_mending,
};
use crate::worker::JobError;
use std::sync::Arc;

/// Targets whose precision is that of the graph.
const TYPED: [&str; 5] = [
    "onnxruntime-cpu",
    "onnxruntime-cuda",
    "onnxruntime-ep",
    "tensorrt",
    "tensorrt-rtx",
];
/// Targets that take quantized graphs, and lower floats by themselves or not at all.
const QUANTIZED: [&str; 2] = ["embedded", "openvino"];

/// True where the target computes in what the graph says. The embedded engine does in INT8, and knows nothing else below FP32;
/// OpenVINO is told the type of floats.
fn is_typed(recipe: &Recipe) -> bool {
    let target = recipe.target.name.as_str();
    let quantized = matches!(recipe.build.precision, Precision::Int8 | Precision::Int4);
    // rten has no operators of 4 bits.
    let takes = target != "embedded" || recipe.build.precision == Precision::Int8;
    TYPED.contains(&target) || (QUANTIZED.contains(&target) && quantized && takes)
}

/// Types that a precision lowers to.
enum Lower {
    Cast(LowType),
    Quantize(QuantMode),
}

/// The recipe with the patches that its precision needs; as it is where it needs none. Says in the log what it did.
///
/// # Errors
/// Calibration data that does not fit; ranges that cannot be found where they are needed; cancelled.
pub fn prepare(context: &Context, mut recipe: Recipe, variant: Option<usize>) -> Result<Recipe, JobError> {
    let lower = match recipe.build.precision {
        Precision::Fp16 => Lower::Cast(LowType::Fp16),
        Precision::Bf16 => Lower::Cast(LowType::Bf16),
        Precision::Int8 => Lower::Quantize(QuantMode::Int8),
        Precision::Fp8 => Lower::Quantize(QuantMode::Fp8),
        Precision::Int4 => Lower::Quantize(QuantMode::Int4),
        Precision::Fp32 | Precision::Tf32 => return Ok(recipe),
    };
    let has_own = recipe.patches.iter().any(PatchSpec::is_precision);
    // TensorRT before 11 can still choose types itself.
    let is_weak = recipe.build.options.get("weak_typing").and_then(toml::Value::as_bool) == Some(true);
    if has_own || is_weak || !is_typed(&recipe) || is_lowered(&recipe, &lower)? {
        return Ok(recipe);
    }
    let model = Arc::new(Model::open(&recipe.model.path).map_err(|e| request(e.to_string()))?);
    // What nothing mends, the target may still take: it says so itself.
    if needs_mending(&model).unwrap_or(false) {
        recipe.patches.insert(0, PatchSpec::Mend { unused_inputs: false });
    }
    recipe.patches.extend(PatchSpec::before_lowering(&model));
    if let Lower::Quantize(mode) = lower {
        recipe.patches.extend(PatchSpec::before_quantizing(mode.least_opset()));
    }
    let want = match lower {
        Lower::Cast(_) => Some(Want::Ranges),
        Lower::Quantize(mode) => mode.has_activations().then(|| Want::Quantization {
            spec: Box::new(QuantizeSpec::new(
                mode,
                Method::default_for(mode),
                &Calibration::default(),
            )),
            ranges: false,
        }),
    };
    let found = match want {
        None => Ok(Calibration::default()),
        Some(want) => {
            context.replan(vec![Step::guess(5.0), Step::guess(30.0)]);
            calibrate(context, &recipe, None, &want)
        }
    };
    let (patch, what) = match (lower, found) {
        (Lower::Quantize(mode), found) => {
            let found = found?;
            if recipe.data.calibration.is_none() && mode.has_activations() {
                let line =
                    "the recipe has no calibration data: scales come from generated inputs, which real data may exceed";
                context.log(variant, "warn", line);
            }
            let spec = QuantizeSpec::new(mode, Method::default_for(mode), &found);
            let what = match mode.has_activations() {
                true => format!("quantized by {} from {}", spec.method.name(), spec.source),
                false => "given quantized weights".into(),
            };
            (PatchSpec::Quantize(Box::new(spec)), what)
        }
        (Lower::Cast(to), found) => {
            let ranges = without_ranges(context, variant, found)?;
            let from = ranges.as_ref().map(|r| format!("ranges from {}", r.source));
            let what = format!("cast ({})", from.unwrap_or_else(|| "without ranges".into()));
            let spec = CastSpec {
                // Data and measurements stay what they are for the other variants.
                keep_io_types: true,
                ranges,
                ..CastSpec::new(to)
            };
            (PatchSpec::Cast(Box::new(spec)), what)
        }
    };
    let (precision, target) = (recipe.build.precision, &recipe.target.name);
    context.log(
        variant,
        "info",
        format!("{precision}: {target} computes in the graph's types, so the graph is {what}"),
    );
    recipe.patches.push(patch);
    Ok(recipe)
}

/// Ranges, or none with a warning where the model cannot be run: a cast can do without.
fn without_ranges(
    context: &Context,
    variant: Option<usize>,
    found: Result<Calibration, JobError>,
) -> Result<Option<Ranges>, JobError> {
    let line = |why: &str| format!("no ranges could be found, so weights alone decide what is cast: {why}");
    match found {
        Ok(found) => Ok(Some(found.ranges())),
        Err(JobError::Engine(EngineError::Unsupported(why) | EngineError::Failed(why))) => {
            context.log(variant, "warn", line(&why));
            Ok(None)
        }
        Err(JobError::Worker(why)) => {
            let message = line(&why);
            context.tell(ServiceEvent::WorkerLost { variant, message });
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// True when the model has tensors of the type already.
fn is_lowered(recipe: &Recipe, lower: &Lower) -> Result<bool, JobError> {
    let model = Model::open(&recipe.model.path).map_err(|e| request(e.to_string()))?;
    let graph = Graph::new(Arc::new(model));
    Ok(match lower {
        Lower::Cast(to) => graph.tensors.iter().any(|t| t.ty.dtype == Some(to.data_type())),
        Lower::Quantize(_) => graph.nodes.iter().any(|n| &*n.op_type == "DequantizeLinear"),
    })
}
