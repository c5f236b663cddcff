//! `quantize`: a model in INT8 or FP8, or with its weights in INT4.

use super::args::QuantizeArgs;
use super::exit::{CliError, Exit};
use super::lower;
use crate::graph::Graph;
use crate::model::Model;
use crate::rewrite::{Calibration, CastSpec, LowType, Method, PatchSpec, QuantizeSpec, held_ranges};
use crate::worker::Want;
use std::sync::Arc;

/// Finds thresholds, quantizes, writes the model, says what was done.
pub fn quantize(args: &QuantizeArgs) -> Result<Exit, CliError> {
    let mut recipe = lower::begin(&args.calibration)?;
    if args.block.is_some() && args.mode.has_activations() {
        return Err(CliError::unusable(format!(
            "--block: {} has no blocks; they go with --mode int4",
            args.mode
        )));
    }
    let model = Model::open(&recipe.model.path).map_err(CliError::unusable)?;
    let graph = Graph::new(Arc::new(model));
    let mut held = Default::default();
    if args.requantize {
        held = held_ranges(&graph);
        recipe.patches.push(PatchSpec::StripQuantization {});
    }
    if !args.as_is {
        let least = match args.rest {
            None => 0,
            // QuantizeLinear with scales in 16 bits came with opset 19; most operators take BF16 from 22 on.
            Some(LowType::Fp16) => 19,
            Some(LowType::Bf16) => 22,
        };
        let opset = least.max(args.mode.least_opset());
        recipe.patches.extend(PatchSpec::before_lowering(&graph.model));
        recipe.patches.extend(PatchSpec::before_quantizing_halves(&graph));
        recipe.patches.extend(PatchSpec::before_quantizing(opset));
    }
    lower::check_choice(&args.nodes, &recipe)?;
    let method = args.method.unwrap_or(Method::default_for(args.mode));
    let spec = |found: &Calibration| QuantizeSpec {
        include: args.nodes.include.clone(),
        exclude: args.nodes.exclude.clone(),
        include_ops: args.nodes.include_op.clone(),
        exclude_ops: args.nodes.exclude_op.clone(),
        pointwise: args.pointwise,
        attention: args.attention,
        weight_only: args.weight_only,
        block: args.block,
        ..QuantizeSpec::new(args.mode, method, found)
    };
    // Ranges that somebody calibrated beat those of generated inputs.
    let uses_held = !held.is_empty() && recipe.data.calibration.is_none() && args.rest.is_none();
    let needs_data = args.mode.has_activations() || args.rest.is_some();
    let found = if needs_data && !uses_held {
        if recipe.data.calibration.is_none() {
            errln!("note: without --data the scales come from generated inputs, which real data may exceed");
        }
        let want = match args.mode.has_activations() {
            true => Want::Quantization {
                spec: Box::new(spec(&Calibration::default())),
                ranges: args.rest.is_some(),
            },
            false => Want::Ranges,
        };
        lower::calibrate(&recipe, &args.calibration.sample, want)?
    } else {
        if args.calibration.sample.data.path.is_some() && !args.mode.has_activations() {
            errln!("note: {} looks at weights only; --data is not read", args.mode);
        }
        Calibration::default()
    };
    let mut own = spec(&found);
    if uses_held && args.mode.has_activations() {
        own.method = Method::Max;
        own.source = "the pairs that the model had".into();
        own.thresholds = held;
    }
    let mut patches = vec![PatchSpec::Quantize(Box::new(own))];
    patches.extend(args.rest.map(|to| {
        PatchSpec::Cast(Box::new(CastSpec {
            keep_io_types: !args.lower_io,
            ranges: Some(found.ranges()),
            ..CastSpec::new(to)
        }))
    }));
    lower::write(&recipe, &args.calibration, &patches)
}
