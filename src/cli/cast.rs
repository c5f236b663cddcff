//! `cast`: a model in FP16 or BF16.

use super::args::CastArgs;
use super::exit::{CliError, Exit};
use super::lower;
use crate::rewrite::{CastSpec, PatchSpec};
use crate::worker::Want;

/// Finds ranges, casts, writes the model, says what was done.
pub fn cast(args: &CastArgs) -> Result<Exit, CliError> {
    lower::refuse_existing(&args.calibration.output, args.calibration.force)?;
    let recipe = lower::recipe(&args.calibration.data)?;
    let ranges = match args.no_ranges {
        true => None,
        false => Some(lower::calibrate(&recipe, &args.calibration.data, Want::Ranges)?.ranges()),
    };
    let spec = CastSpec {
        keep_io_types: args.keep_io,
        include: args.include.clone(),
        exclude: args.exclude.clone(),
        include_ops: args.include_op.clone(),
        exclude_ops: args.exclude_op.clone(),
        max_activation: args.max_activation,
        max_initializer: args.max_weight,
        max_depth: args.max_depth,
        ranges,
        ..CastSpec::new(args.to)
    };
    lower::write(&recipe, &args.calibration, &[PatchSpec::Cast(Box::new(spec))])
}
