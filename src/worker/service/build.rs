//! Building one engine.

use super::context::{Context, Step};
use super::estimate::{Builds, model_hash};
use super::{ServiceEvent, TaskOutput, request, unexpected};
use crate::engine::{BuildRecord, TensorSpec};
use crate::recipe::Recipe;
use crate::worker::client::refuse;
use crate::worker::{Job, JobError, JobOutput, Worker};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Seconds that a build is guessed to take when none was seen before; only shares of a progress bar come from it.
pub const GUESS: f64 = 10.0;

/// A built engine in its worker.
#[derive(Clone)]
pub struct Built {
    /// The worker that has it.
    pub worker: Arc<Worker>,
    /// Its id there.
    pub engine: u64,
    /// How it was built.
    pub record: BuildRecord,
    /// Its inputs.
    pub inputs: Vec<TensorSpec>,
    /// Its outputs.
    pub outputs: Vec<TensorSpec>,
}

/// The task.
pub fn run(context: &Context, recipe: &Recipe, output: Option<PathBuf>, force: bool) -> Result<TaskOutput, JobError> {
    if let Some(file) = &output {
        refuse(file, force, &[&recipe.model.path]).map_err(request)?;
    }
    context.plan(vec![Step::known(0.2), Step::guess(GUESS)]);
    context.phase("Read model", None);
    // A hash that nobody has to compare is left to the worker, which makes it while it builds.
    let recipe = match &recipe.model.sha256 {
        Some(_) => with_hash(context, recipe)?,
        None => recipe.clone(),
    };
    // The worker derives what profile it needs and says so in the record.
    let recipe = super::precision::prepare(context, recipe, Some(0))?;
    let builds = Builds::open(context.data());
    context.replan(vec![Step::from(builds.estimate(&recipe), GUESS)]);
    context.phase("Build", Some(0));
    let worker = context.worker(Some(&recipe.target))?;
    let built = build(context, worker, &recipe, Some(0), output, force)?;
    builds.remember(&recipe, &built.record);
    Ok(TaskOutput::Build(built.record))
}

/// The recipe with the model's hash, checked when the recipe gave one. Workers rely on it and do not read the file again.
pub fn with_hash(context: &Context, recipe: &Recipe) -> Result<Recipe, JobError> {
    let path = &recipe.model.path;
    let hash = model_hash(path, &mut || {
        context.tick();
        !context.is_cancelled()
    });
    let hash = hash.map_err(|e| match e.kind() {
        io::ErrorKind::Interrupted => JobError::Cancelled,
        _ => request(format!("{}: {}", path.display(), crate::files::words(&e))),
    })?;
    recipe.check_model_hash(&hash).map_err(request)?;
    let mut recipe = recipe.clone();
    recipe.model.sha256 = Some(hash);
    Ok(recipe)
}

/// Builds in a worker.
pub fn build(
    context: &Context,
    worker: Arc<Worker>,
    recipe: &Recipe,
    variant: Option<usize>,
    output: Option<PathBuf>,
    force: bool,
) -> Result<Built, JobError> {
    let job = Job::Build {
        recipe: Box::new(recipe.clone()),
        output,
        force,
    };
    match context.run(&worker, job, variant, &mut |_| {})? {
        JobOutput::Build {
            engine,
            record,
            inputs,
            outputs,
        } => {
            if let Some(variant) = variant {
                let record = Box::new(record.clone());
                context.tell(ServiceEvent::Built { variant, record });
            }
            Ok(Built {
                worker,
                engine,
                record,
                inputs,
                outputs,
            })
        }
        other => Err(unexpected(&other)),
    }
}

/// The same engine made anew in a process of its own. Its old worker ends unless another row still uses it; the record
/// stays that of the first build, and what the runtime says again is not told again.
///
/// # Errors
/// As [`build`].
pub fn renew(context: &Context, built: &Built, recipe: &Recipe) -> Result<Built, JobError> {
    let worker = context.worker(Some(&recipe.target))?;
    let job = Job::Build {
        recipe: Box::new(recipe.clone()),
        output: None,
        force: false,
    };
    match context.run_silently(&worker, job)? {
        JobOutput::Build {
            engine,
            inputs,
            outputs,
            ..
        } => Ok(Built {
            worker,
            engine,
            record: built.record.clone(),
            inputs,
            outputs,
        }),
        other => Err(unexpected(&other)),
    }
}
