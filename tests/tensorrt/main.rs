//! TensorRT-RTX as users meet it: in a worker, with NVIDIA's real libraries, without a GPU.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

#[path = "../support/mod.rs"]
mod support;

mod build;
mod corners;
mod engines;
mod parse;
mod targets;

use enginesmith::engine::{BuildRecord, EngineError, Stage};
use enginesmith::recipe::Recipe;
use enginesmith::worker::{Job, JobError, JobEvent, JobOutput, Launch, Worker};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder with the libraries of a version (`1.6`).
fn library(version: &str) -> PathBuf {
    let folders = support::rtx_folders();
    let named = |folder: &&PathBuf| {
        let name = folder.parent().and_then(Path::file_name).unwrap_or_default();
        name.to_string_lossy().starts_with(&format!("{version}."))
    };
    let found = folders.iter().find(named);
    found
        .unwrap_or_else(|| panic!("no TensorRT-RTX {version} in {folders:?}: run tests/setup.sh"))
        .clone()
}

/// A recipe for a version; `more` are further lines of `[build.options]`, and sections after them.
fn recipe(model: &Path, version: &str, more: &str) -> Recipe {
    let text = format!(
        "version = 1\n[model]\npath = {:?}\n[target]\nname = \"tensorrt-rtx\"\n[build.options]\nlibrary = {:?}\n{more}\n",
        model.display().to_string(),
        library(version).display().to_string(),
    );
    toml::from_str(&text).expect("a recipe")
}

/// The range of batches for the demo's model.
const DIGITS: &str = "[[profile]]\n[profile.inputs.input]\nmin = [1, 1, 8, 8]\nopt = [8, 1, 8, 8]\nmax = [32, 1, 8, 8]";

fn digits() -> PathBuf {
    support::digits().join("digits.onnx")
}

fn launch() -> Launch {
    Launch {
        via: None,
        program: Some(env!("CARGO_BIN_EXE_enginesmith").into()),
    }
}

/// One process holds one version of the library, so every use has a worker of its own.
fn worker() -> Arc<Worker> {
    Worker::start(&launch()).expect("a worker")
}

/// What a build told and gave.
#[derive(Debug)]
struct Built {
    record: BuildRecord,
    stages: Vec<Stage>,
    log: Vec<(String, String)>,
}

fn build(recipe: Recipe, output: Option<&Path>, force: bool) -> Result<Built, JobError> {
    let job = Job::Build {
        recipe: Box::new(recipe),
        output: output.map(Path::to_path_buf),
        force,
    };
    let (mut stages, mut log) = (Vec::new(), Vec::new());
    let ended = worker().submit(job).wait(|event| match event {
        JobEvent::Stage(stage) => stages.push(stage),
        JobEvent::Log { severity, line } => log.push((severity, line)),
        _ => {}
    });
    match ended? {
        JobOutput::Build { record, .. } => Ok(Built { record, stages, log }),
        other => panic!("{other:?}"),
    }
}

/// The message of a request that was refused.
fn refused(result: Result<Built, JobError>) -> String {
    match result {
        Err(JobError::Engine(EngineError::Request(message))) => message,
        other => panic!("not refused as a wrong request: {other:?}"),
    }
}
