//! `run --build-only`: every variant's engine built, kept and looked at, nothing measured.

use super::drive::drive;
use super::exit::{CliError, Exit};
use crate::bench::{Comparison, VariantResult};
use crate::files;
use crate::format;
use crate::recipe::Recipe;
use crate::worker::{Task, TaskOutput, file_name};
use std::path::{Path, PathBuf};

/// Builds every variant into `folder`; the rows say what became of each, with why it does not run here where the library says.
///
/// # Errors
/// A variant that does not resolve, an engine file that is there already; cancelled.
pub fn build(
    recipe: &Recipe,
    folder: &Path,
    force: bool,
    quiet: bool,
) -> Result<(Comparison, Option<CliError>), CliError> {
    let mut comparison = Comparison {
        model: file_name(&recipe.model.path),
        model_sha256: recipe.model.sha256.clone().unwrap_or_default(),
        ..Comparison::default()
    };
    let variants = recipe.resolve_variants().map_err(CliError::unusable)?;
    let outputs: Vec<PathBuf> = variants.iter().map(|(name, r)| folder.join(file(name, r))).collect();
    for path in &outputs {
        files::may_write(path, force, &[&recipe.model.path]).map_err(CliError::unusable)?;
    }
    let (mut built, mut failed) = (0, None);
    for ((name, recipe), output) in variants.into_iter().zip(outputs) {
        let mut row = VariantResult {
            name: name.clone(),
            target: recipe.target.name.clone(),
            precision: recipe.build.precision.name().into(),
            batch: 1,
            ..VariantResult::default()
        };
        let task = Task::Build {
            recipe: Box::new(recipe.clone()),
            output: Some(output.clone()),
            force,
        };
        match drive(task, std::slice::from_ref(&name), quiet).map(|o| o.output) {
            Ok(TaskOutput::Build(record)) => {
                built += 1;
                row.target = format!("{}@{}", record.target, record.version);
                row.build_s = record.seconds;
                row.engine_bytes = record.engine_bytes;
                row.notes.push(format!("built into {}", output.display()));
                row.notes.extend(refusals(&recipe, &output));
            }
            Ok(_) => row.error = Some("the build gave no record".into()),
            Err(error) if error.exit() == Exit::Cancelled => return Err(error),
            Err(error) => {
                row.is_unreachable = error.exit() == Exit::Unavailable;
                row.error = Some(error.to_string());
                failed.get_or_insert(error);
            }
        }
        comparison.variants.push(row);
    }
    let all = comparison.variants.len();
    comparison.headline = format!(
        "Built only, nothing was measured: {built} of {} in {}.",
        format::plural(all, "engine"),
        folder.display()
    );
    Ok((comparison, failed))
}

/// Why an engine file does not run on this machine, where its library can say.
fn refusals(recipe: &Recipe, file: &Path) -> Vec<String> {
    if crate::engine::makes_sessions(&recipe.target.name) {
        return Vec::new();
    }
    let task = Task::InspectEngine {
        file: file.to_path_buf(),
        target: Some(recipe.target.clone()),
        build: recipe.build.clone(),
    };
    match drive(task, &[], true).map(|o| o.output) {
        Ok(TaskOutput::InspectEngine(view)) => view
            .refusals
            .iter()
            .map(|why| format!("does not run here: {why}"))
            .collect(),
        Ok(_) => Vec::new(),
        Err(error) => vec![format!("could not be checked: {error}")],
    }
}

/// The engine's file name: the variant's name with everything but letters, digits, `-`, `_` and `.` replaced.
fn file(name: &str, recipe: &Recipe) -> String {
    let plain = |c: char| {
        if c.is_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '-'
        }
    };
    let ending = if recipe.target.name.starts_with("tensorrt") {
        "engine"
    } else {
        "onnx"
    };
    format!("{}.{ending}", name.chars().map(plain).collect::<String>())
}
