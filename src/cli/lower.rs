//! What `cast`, `quantize` and `search` do alike: the data they run on, applying the patch, writing and telling the result.

use super::args::{CalibrationArgs, SampleArgs};
use super::check::finding_json;
use super::drive::drive;
use super::exit::{CliError, Exit};
use super::inspect::print_json;
use super::request;
use crate::check::{Severity, losses};
use crate::format;
use crate::model::Model;
use crate::recipe::Recipe;
use crate::recipe::units::parse_named_shape;
use crate::rewrite::{Calibration, PatchSpec, apply_all};
use crate::worker::{Task, TaskOutput, Want};
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
pub fn calibrate(recipe: &Recipe, args: &SampleArgs, want: Want) -> Result<Calibration, CliError> {
    let task = Task::Calibrate {
        recipe: Box::new(recipe.clone()),
        cache: args.cache.clone(),
        want,
    };
    match drive(task, &[], args.json)?.output {
        TaskOutput::Calibrate(found) => Ok(found),
        _ => Err(CliError::failed("the calibration gave no ranges")),
    }
}

/// Applies the recipe's patches and then these (the one asked for, and a cast of the rest where that is wanted), and writes
/// the model.
pub fn write(recipe: &Recipe, args: &CalibrationArgs, own: &[PatchSpec]) -> Result<Exit, CliError> {
    let model = Arc::new(Model::open(&recipe.model.path).map_err(CliError::unusable)?);
    let mut patches = recipe.patches.clone();
    patches.extend_from_slice(own);
    let applied = apply_all(&model, &patches).map_err(CliError::unusable)?;
    let (Some(last), Some(done)) = (applied.last(), applied.get(recipe.patches.len())) else {
        return Err(CliError::failed("no patch was applied"));
    };
    let rest = applied.get(recipe.patches.len() + 1);
    last.model.save(&args.output, args.force).map_err(CliError::unusable)?;
    let bytes = std::fs::metadata(&args.output).map_or(0, |m| m.len());
    let before = model.file_bytes();
    let findings = losses(&applied);
    if args.data.json {
        print_json(&json!({
            "output": args.output,
            "summary": done.summary,
            "bytes_before": before,
            "bytes": bytes,
            "notes": done.notes,
            "rest": rest.map(|r| json!({ "summary": r.summary, "notes": r.notes })),
            "findings": findings.iter().map(finding_json).collect::<Vec<_>>(),
        }))?;
        return Ok(Exit::Fine);
    }
    if args.nodes {
        for (name, note) in done.notes.iter().chain(rest.iter().flat_map(|r| &r.notes)) {
            println!("{name}: {note}");
        }
    }
    for finding in findings.iter().filter(|f| f.severity > Severity::Info) {
        println!("warning: {}", finding.reason);
    }
    println!("{}", done.summary);
    if let Some(rest) = rest {
        println!("{}", rest.summary);
    }
    println!(
        "{}  {}, was {}",
        args.output.display(),
        format::bytes(bytes),
        format::bytes(before)
    );
    Ok(Exit::Fine)
}
