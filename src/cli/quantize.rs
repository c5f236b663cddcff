//! `quantize`: a model in INT8 or FP8, or with its weights in INT4.

use super::args::QuantizeArgs;
use super::exit::{CliError, Exit};
use super::lower;
use crate::rewrite::{Calibration, Method, PatchSpec, QuantizeSpec};

/// Finds thresholds, quantizes, writes the model, says what was done.
pub fn quantize(args: &QuantizeArgs) -> Result<Exit, CliError> {
    lower::refuse_existing(&args.calibration.output, args.calibration.force)?;
    let mut recipe = lower::recipe(&args.calibration.data)?;
    if !args.as_is {
        recipe.patches.extend(PatchSpec::before_quantizing());
    }
    let calibration = if args.mode.has_activations() {
        if recipe.data.calibration.is_none() {
            eprintln!("note: without --data the scales come from generated inputs, which real data may exceed");
        }
        lower::calibrate(&recipe, &args.calibration.data)?
    } else {
        if args.calibration.data.data.is_some() {
            eprintln!("note: {} looks at weights only; --data is not read", args.mode);
        }
        Calibration::default()
    };
    let method = args.method.unwrap_or(Method::default_for(args.mode));
    let spec = QuantizeSpec {
        include: args.include.clone(),
        exclude: args.exclude.clone(),
        include_ops: args.include_op.clone(),
        exclude_ops: args.exclude_op.clone(),
        block: args.block,
        ..QuantizeSpec::new(args.mode, method, &calibration)
    };
    lower::write(&recipe, &args.calibration, &PatchSpec::Quantize(Box::new(spec)))
}
