//! Looking at an engine file.

use super::context::{Context, Step};
use super::{TaskOutput, request, unexpected};
use crate::engine::EngineError;
use crate::engine::plan::{self, EngineView};
use crate::recipe::{BuildSpec, TargetSpec};
use crate::worker::{Job, JobError, JobOutput};
use std::path::Path;

/// The task: what the file says, and what the library says in a worker. A library that is not there is a note, no error.
pub fn run(
    context: &Context,
    file: &Path,
    target: Option<TargetSpec>,
    build: &BuildSpec,
) -> Result<TaskOutput, JobError> {
    context.plan(vec![Step::known(0.1), Step::guess(2.0)]);
    context.phase("Read engine", None);
    let mut view = EngineView::open(file).map_err(request)?;
    let target = target.unwrap_or_else(|| TargetSpec {
        name: view.header.target.clone(),
        // Engines of one version are read by that version.
        version: view
            .header
            .version
            .clone()
            .filter(|_| !build.options.contains_key("library")),
        ..TargetSpec::default()
    });
    context.phase(format!("Ask {}", target.name), None);
    let asked = context.worker(Some(&target)).and_then(|worker| {
        let job = Job::InspectEngine {
            file: file.to_path_buf(),
            target: target.clone(),
            build: build.clone(),
        };
        context.run(&worker, job, None, &mut |_| {})
    });
    match asked {
        Ok(JobOutput::InspectEngine { view: told }) => {
            // The worker may have seen a copy without the record beside it.
            let record = view.record.take();
            view = *told;
            view.record = view.record.or(record);
        }
        Ok(other) => return Err(unexpected(&other)),
        Err(JobError::Cancelled) => return Err(JobError::Cancelled),
        Err(JobError::Engine(EngineError::Unavailable(why))) => {
            view.refusals.push(why);
        }
        Err(error) => view.notes.push(format!("The library could not be asked: {error}")),
    }
    view.findings = plan::findings(&view);
    Ok(TaskOutput::InspectEngine(Box::new(view)))
}
