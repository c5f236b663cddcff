//! `targets doctor NAME`: the self-test of one target, to read and to paste.

use super::drive::drive;
use super::exit::{CliError, Exit};
use super::inspect::print_json;
use super::request::target_spec;
use crate::recipe::BuildSpec;
use crate::worker::service::{DoctorStep, StepOutcome};
use crate::worker::{Task, TaskOutput};
use std::path::Path;

/// Runs it; exit code 1 when a step failed.
pub fn doctor(target: &str, library: Option<&Path>, via: Option<&String>, json: bool) -> Result<Exit, CliError> {
    let mut spec = target_spec(target)?;
    spec.via = via.cloned();
    let mut build = BuildSpec::default();
    if let Some(library) = library {
        build
            .options
            .insert("library".into(), library.display().to_string().into());
    }
    let task = Task::Doctor { target: spec, build };
    let TaskOutput::Doctor(steps) = drive(task, &[], true)?.output else {
        return Err(CliError::failed("the self-test gave no result"));
    };
    if json {
        print_json(&steps)?;
    } else {
        outln!("enginesmith {} self-test of {target}", env!("CARGO_PKG_VERSION"));
        for DoctorStep { name, outcome, detail } in &steps {
            let word = match outcome {
                StepOutcome::Ok => "ok",
                StepOutcome::Failed => "failed",
                StepOutcome::Skipped => "skipped",
            };
            let detail = detail.replace('\n', "\n                      ");
            outln!("{word:<8}{name:<12}  {detail}");
        }
    }
    let failed = steps.iter().any(|s| s.outcome == StepOutcome::Failed);
    Ok(if failed { Exit::Findings } else { Exit::Fine })
}
