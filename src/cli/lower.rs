//! What `cast`, `quantize` and `search` do alike: the data they run on, applying the patch, writing and telling the result.

use super::args::{CalibrationArgs, SampleArgs};
use super::drive::drive;
use super::exit::{CliError, Exit};
use super::inspect::print_json;
use super::request;
use crate::format;
use crate::model::Model;
use crate::recipe::Recipe;
use crate::recipe::units::parse_named_shape;
use crate::rewrite::{Calibration, PatchSpec, apply_all};
use crate::worker::{Task, TaskOutput};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// A file that is there is replaced only where the user says so.
pub fn refuse_existing(output: &Path, force: bool) -> Result<(), CliError> {
    if output.exists() && !force {
        return Err(CliError::unusable(format!(
            "{} exists already; --force replaces it",
            output.display()
        )));
    }
    Ok(())
}

/// The recipe that the arguments describe; its patches come before the one to be made.
pub fn recipe(args: &SampleArgs) -> Result<Recipe, CliError> {
    let mut recipe = request::open(&args.input)?;
    if let Some(path) = &args.data {
        recipe.data.calibration = Some(request::data_source(path, &args.array)?);
    }
    if let (Some(limit), Some(source)) = (args.samples, &mut recipe.data.calibration) {
        source.limit = Some(limit);
    }
    for text in &args.shape {
        let (name, shape) = parse_named_shape(text).map_err(|e| CliError::unusable(format!("--shape: {e}")))?;
        recipe.bench.shapes.insert(name, shape);
    }
    Ok(recipe)
}

/// Ranges of the model's tensors, from the cache or from a run in a worker.
pub fn calibrate(recipe: &Recipe, args: &SampleArgs) -> Result<Calibration, CliError> {
    let task = Task::Calibrate {
        recipe: Box::new(recipe.clone()),
        cache: args.cache.clone(),
    };
    match drive(task, &[], args.json)?.output {
        TaskOutput::Calibrate(found) => Ok(found),
        _ => Err(CliError::failed("the calibration gave no ranges")),
    }
}

/// Applies the recipe's patches and this one, and writes the model.
pub fn write(recipe: &Recipe, args: &CalibrationArgs, patch: &PatchSpec) -> Result<Exit, CliError> {
    let model = Arc::new(Model::open(&recipe.model.path).map_err(CliError::unusable)?);
    let mut patches = recipe.patches.clone();
    patches.push(patch.clone());
    let applied = apply_all(&model, &patches).map_err(CliError::unusable)?;
    let Some(done) = applied.last() else {
        return Err(CliError::failed("no patch was applied"));
    };
    done.model.save(&args.output, args.force).map_err(CliError::unusable)?;
    let bytes = std::fs::metadata(&args.output).map_or(0, |m| m.len());
    let before = model.file_bytes();
    if args.data.json {
        print_json(&json!({
            "output": args.output,
            "summary": done.summary,
            "bytes_before": before,
            "bytes": bytes,
            "notes": done.notes,
        }))?;
        return Ok(Exit::Fine);
    }
    if args.nodes {
        for (name, note) in &done.notes {
            println!("{name}: {note}");
        }
    }
    println!("{}", done.summary);
    println!(
        "{}  {}, was {}",
        args.output.display(),
        format::bytes(bytes),
        format::bytes(before)
    );
    Ok(Exit::Fine)
}
