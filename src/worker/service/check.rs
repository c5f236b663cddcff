//! Checking a model for a target.

use super::context::{Context, Step};
use super::{ServiceEvent, TaskOutput, request, unexpected};
use crate::check::corners::CornerReport;
use crate::check::{ParserReport, Request};
use crate::data::shapes::sizes_or_fault;
use crate::engine::EngineError;
use crate::graph::Graph;
use crate::model::Model;
use crate::recipe::Recipe;
use crate::rewrite::apply_all;
use crate::worker::{Job, JobError, JobOutput, limit};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The task.
pub fn run(context: &Context, recipe: &Recipe, require_parser: bool) -> Result<TaskOutput, JobError> {
    context.plan(vec![Step::known(0.2), Step::guess(2.0), Step::known(0.2)]);
    context.phase("Read model", None);
    let model = Model::open(&recipe.model.path).map_err(|e| request(e.to_string()))?;
    let model = Arc::new(model);
    let applied = apply_all(&model, &recipe.patches).map_err(|e| request(e.to_string()))?;
    let patched = applied
        .last()
        .map_or_else(|| Arc::clone(&model), |p| Arc::clone(&p.model));
    context.go_on()?;

    context.phase(format!("Ask the parser of {}", recipe.target.name), None);
    let (parser, note) = match ask(context, recipe, &patched) {
        Ok(report) => (Some(report), None),
        Err(JobError::Cancelled) => return Err(JobError::Cancelled),
        Err(JobError::Engine(EngineError::Unavailable(why))) if require_parser => {
            return Err(JobError::Engine(EngineError::Unavailable(why)));
        }
        Err(JobError::Engine(EngineError::Unavailable(why))) => (None, Some(why)),
        Err(error) if require_parser => return Err(error),
        Err(error) => {
            let message = error.to_string();
            if matches!(error, JobError::Worker(_)) {
                context.tell(ServiceEvent::WorkerLost {
                    variant: None,
                    message: message.clone(),
                });
            }
            (None, Some(format!("the parser could not be asked: {message}")))
        }
    };

    context.phase("Apply rules", None);
    let graph = Graph::new(patched);
    // What contradicts stays a finding; only what cannot be derived is a note.
    let settled = super::profiles::settled(&graph, recipe);
    let check = Request {
        target: recipe.target.name.clone(),
        version: recipe.target.version.clone(),
        profiles: settled.profiles,
        parser,
    };
    let mut report = crate::check::check(&graph, &check).map_err(request)?;
    report.notes.extend(settled.notes);
    if report.corners.is_empty()
        && let Ok(sizes) = sizes_or_fault(&graph, recipe)
    {
        report.corners.push(CornerReport::of_run(&graph, &sizes));
    }
    report.device_bytes = device_bytes(recipe);
    report.findings.extend(crate::check::losses(&applied));
    if let Some(note) = note {
        report.notes.push(format!("Only the static rules were asked: {note}"));
    }
    Ok(TaskOutput::Check(report))
}

/// Memory of the device, where that is this machine's: of targets that compute in main memory, and run here.
fn device_bytes(recipe: &Recipe) -> Option<u64> {
    let is_here = recipe.target.via.is_none();
    let on_cpu = ["embedded", "onnxruntime-cpu", "openvino"].contains(&recipe.target.name.as_str());
    (is_here && on_cpu).then(limit::total).flatten()
}

/// Asks the target's own parser, in a worker.
fn ask(context: &Context, recipe: &Recipe, patched: &Model) -> Result<ParserReport, JobError> {
    if recipe.target.name == "embedded" {
        return Err(JobError::Engine(EngineError::Unavailable(
            "the embedded engine has no parser apart from loading the model, which a build does".into(),
        )));
    }
    // The parser reads a file; a patched model is none yet.
    let folder = tempfile::tempdir().map_err(|e| request(format!("no temporary folder: {e}")))?;
    let path = if recipe.patches.is_empty() {
        recipe.model.path.clone()
    } else {
        let path = folder.path().join("patched.onnx");
        patched.save(&path, false).map_err(|e| request(e.to_string()))?;
        path
    };
    parse(context, recipe, &path)
}

fn parse(context: &Context, recipe: &Recipe, model: &Path) -> Result<ParserReport, JobError> {
    let worker = context.worker(Some(&recipe.target))?;
    let job = Job::Parse {
        model: PathBuf::from(model),
        target: recipe.target.clone(),
        build: recipe.build.clone(),
    };
    match context.run(&worker, job, None, &mut |_| {})? {
        JobOutput::Parse { report } => Ok(report),
        other => Err(unexpected(&other)),
    }
}
