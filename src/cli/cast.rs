//! `cast`: a model in FP16 or BF16.

use super::args::CastArgs;
use super::exit::{CliError, Exit};
use super::lower;
use crate::model::Model;
use crate::recipe::Recipe;
use crate::rewrite::{CastSpec, LowType, PatchSpec, apply_all};
use crate::worker::Want;
use std::sync::Arc;

/// Finds ranges, casts, writes the model, says what was done.
pub fn cast(args: &CastArgs) -> Result<Exit, CliError> {
    let mut recipe = lower::begin(&args.calibration)?;
    if !args.as_is {
        make_ready(&mut recipe, args.to)?;
    }
    lower::check_choice(&args.nodes, &recipe)?;
    let ranges = match args.no_ranges {
        true => None,
        false => {
            let found = lower::calibrate(&recipe, &args.calibration.sample, Want::Ranges);
            let found = found.map_err(|error| match error.exit() {
                Exit::Findings => error.with_hint("With --no-ranges the weights alone decide, and nothing is run."),
                _ => error,
            });
            Some(found?.ranges())
        }
    };
    let spec = CastSpec {
        keep_io_types: !args.lower_io,
        include: args.nodes.include.clone(),
        exclude: args.nodes.exclude.clone(),
        include_ops: args.nodes.include_op.clone(),
        exclude_ops: args.nodes.exclude_op.clone(),
        max_activation: args.max_activation,
        max_initializer: args.max_weight,
        max_depth: args.max_depth,
        ranges,
        ..CastSpec::new(args.to)
    };
    lower::write(&recipe, &args.calibration, &[PatchSpec::Cast(Box::new(spec))])
}

/// Adds the patches that come before a cast, where they can be applied; a cast can do without.
fn make_ready(recipe: &mut Recipe, to: LowType) -> Result<(), CliError> {
    let model = Arc::new(Model::open(&recipe.model.path).map_err(CliError::unusable)?);
    let mut patches = recipe.patches.clone();
    patches.extend(PatchSpec::before_lowering(&model));
    patches.extend(PatchSpec::before_casting(to));
    match apply_all(&model, &patches) {
        Ok(_) => recipe.patches = patches,
        Err(why) => {
            errln!("note: cast as it is: {why}");
            let mut patches = recipe.patches.clone();
            patches.extend(PatchSpec::before_lowering(&model));
            if apply_all(&model, &patches).is_ok() {
                recipe.patches = patches;
            }
        }
    }
    Ok(())
}
