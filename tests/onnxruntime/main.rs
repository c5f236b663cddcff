//! ONNX Runtime on the processor, as users meet it: in a worker, against Python's ONNX Runtime.

#[path = "../support/mod.rs"]
mod support;

mod libraries;
mod observe;
mod options;
#[cfg(target_os = "linux")]
mod plugin;
mod results;

use enginesmith::data::NamedTensors;
use enginesmith::engine::BuildRecord;
use enginesmith::recipe::Recipe;
use enginesmith::worker::{Job, JobError, JobEvent, JobOutput, Launch, Worker};
use std::path::Path;
use std::sync::Arc;

/// A recipe for `onnxruntime-cpu` with the library of the set-up; `more` are further lines of `[build.options]`.
fn recipe(model: &Path, more: &str) -> Recipe {
    recipe_with(model, &support::onnxruntime_library(), more)
}

fn recipe_with(model: &Path, library: &Path, more: &str) -> Recipe {
    let text = format!(
        "version = 1\n[model]\npath = {:?}\n[target]\nname = \"onnxruntime-cpu\"\n[build.options]\nlibrary = {:?}\n{more}\n",
        model.display().to_string(),
        library.display().to_string(),
    );
    toml::from_str(&text).expect("a recipe")
}

fn worker() -> Arc<Worker> {
    let launch = Launch {
        via: None,
        program: Some(env!("CARGO_BIN_EXE_enginesmith").into()),
    };
    Worker::start(&launch).expect("a worker")
}

/// Runs a job to its end.
fn run(worker: &Arc<Worker>, job: Job) -> Result<JobOutput, JobError> {
    worker.submit(job).wait(|_: JobEvent| ())
}

/// Builds, with the engine file at `output` when wanted.
fn build(worker: &Arc<Worker>, recipe: Recipe, output: Option<&Path>) -> Result<(u64, BuildRecord), JobError> {
    let job = Job::Build {
        recipe: Box::new(recipe),
        output: output.map(Path::to_path_buf),
        force: false,
    };
    match run(worker, job)? {
        JobOutput::Build { engine, record, .. } => Ok((engine, record)),
        other => panic!("{other:?}"),
    }
}

fn infer(worker: &Arc<Worker>, engine: u64, inputs: &NamedTensors, tensors: &[&str]) -> Result<NamedTensors, JobError> {
    let job = Job::Infer {
        engine,
        inputs: inputs.clone(),
        tensors: tensors.iter().map(|t| (*t).into()).collect(),
    };
    match run(worker, job)? {
        JobOutput::Infer { tensors } => Ok(tensors),
        other => panic!("{other:?}"),
    }
}
