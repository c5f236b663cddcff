//! `quantize`: a model in INT8.

use super::args::QuantizeArgs;
use super::exit::{CliError, Exit};
use super::lower;
use crate::rewrite::{PatchSpec, QuantizeSpec};

/// Finds thresholds, quantizes, writes the model, says what was done.
pub fn quantize(args: &QuantizeArgs) -> Result<Exit, CliError> {
    let mut recipe = lower::recipe(&args.calibration)?;
    if !args.as_is {
        recipe.patches.extend(PatchSpec::before_quantizing());
    }
    if recipe.data.calibration.is_none() {
        eprintln!("note: without --data the scales come from generated inputs, which real data may exceed");
    }
    let calibration = lower::calibrate(&recipe, &args.calibration)?;
    let spec = QuantizeSpec {
        include: args.include.clone(),
        exclude: args.exclude.clone(),
        exclude_ops: args.exclude_op.clone(),
        ..QuantizeSpec::new(args.mode, args.method, &calibration)
    };
    lower::write(&recipe, &args.calibration, &PatchSpec::Quantize(Box::new(spec)))
}
