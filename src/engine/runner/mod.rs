//! A runner: any program that speaks the protocol of docs/runner.md, measured like an engine. Mostly people's own Python.
//!
//! `protocol` has the messages, `process` the child with its pipes and time limits, `run` the engine, `options` the build
//! options. The program starts where the worker runs, as the recipe's words say, never through a shell.

mod options;
mod process;
mod protocol;
mod run;

use super::{
    BuildContext, BuildRecord, BuildRequest, Builder, Engine, EngineError, Found, Recorder, TargetInfo, Usable,
};
use crate::data::generate::generate;
use crate::engine::bind::{specs, warm_shapes};
use crate::graph::Graph;
use crate::recipe::Precision;
use options::Options;
use process::Process;
use protocol::{Hello, Ours};
use run::Runner as Running;
use std::path::PathBuf;
use std::sync::Arc;

/// Name of the target.
pub const NAME: &str = "runner";
/// The Python module that makes a runner of any callable.
pub const PYTHON: &str = include_str!("../../../assets/runner/enginesmith_runner.py");

/// Starts runners.
pub struct Runner;

impl Builder for Runner {
    fn target(&self) -> TargetInfo {
        TargetInfo {
            name: NAME.into(),
            found: vec![Found {
                version: format!("protocol {}", protocol::VERSION),
                path: None,
                usable: Usable::Yes,
                remark: None,
            }],
            install: None,
            // What the program computes in is its own business; the recipe's precision is what it is asked for.
            precisions: Precision::ALL.iter().map(|p| (p.name().to_string(), None)).collect(),
            options: options::HELP
                .iter()
                .map(|(name, help)| ((*name).to_string(), (*help).to_string()))
                .collect(),
            kinds: options::HELP
                .iter()
                .map(|(name, _)| ((*name).to_string(), options::kind(name)))
                .collect(),
            protocols: ["serial", "custom", "trtexec-10", "trtexec-11"]
                .map(String::from)
                .into(),
        }
    }

    fn build(&self, request: &BuildRequest, context: &BuildContext<'_>) -> Result<Box<dyn Engine>, EngineError> {
        let recipe = &request.recipe;
        let options = Options::read(&recipe.build)?;
        if request.output.is_some() {
            return Err(EngineError::Request(
                "a runner has no engine file that could be written".into(),
            ));
        }
        if recipe.target.command.is_empty() {
            return Err(EngineError::Request(
                "the target runner needs a command: in a recipe, [target] command = [\"python\", \"eager.py\"]; on the command \
                 line, --runner 'python eager.py'; `enginesmith runner python` writes the module that makes a runner of a \
                 Python function"
                    .into(),
            ));
        }
        let mut recorder = Recorder::new(context.progress);
        let graph = Graph::new(request.model.clone());
        let (inputs, outputs) = specs(&graph)?;
        let (model, kept) = model_file(request, &mut recorder)?;
        let mut process = Process::start(&recipe.target, options.patience, &mut recorder)?;
        let hello = Hello {
            v: protocol::VERSION,
            program: env!("CARGO_PKG_VERSION").into(),
            model,
            precision: recipe.build.precision.name().into(),
            device: recipe.target.device,
            threads: options.threads,
            limit: protocol::LIMIT,
            inputs: inputs.clone(),
            outputs: outputs.clone(),
        };
        let progress = context.progress;
        let greeting = recorder.stage("start runner", || {
            let answer = process.ask(&Ours::Hello(hello), &[], &|| !progress.cancelled())?;
            protocol::greeting(answer, &inputs, &outputs).map_err(|why| process.blame(&why))
        })??;
        for note in &greeting.notes {
            recorder.log("info", note);
        }
        recorder.loaded(&["start runner"]);
        let version = greeting.words();
        let mut engine = Running::new(process, greeting, inputs, outputs, &recipe.profiles, kept);
        for shapes in warm_shapes(&graph, recipe)? {
            let name = shapes.stage();
            let ran = recorder.stage(&name, || {
                let (inputs, _) = generate(&graph, &shapes.sizes, 0).map_err(EngineError::Unsupported)?;
                engine.infer_while(&inputs, &|| !progress.cancelled()).map(drop)
            })?;
            match ran {
                // Sizes that nobody chose may not suit the program; that is no reason to refuse it.
                Err(e) if !shapes.chosen && engine.is_alive() => recorder.log("warn", &format!("{name}: {e}")),
                other => {
                    other?;
                    recorder.inferred();
                }
            }
        }
        let mut record = BuildRecord {
            target: NAME.into(),
            version,
            device: engine.device(),
            ..BuildRecord::default()
        };
        recorder.finish(&mut record);
        engine.set_record(record);
        Ok(Box::new(engine))
    }
}

/// The file that the runner may read: the model's own, or the patched model in a folder that lives as long as the engine.
fn model_file(
    request: &BuildRequest,
    recorder: &mut Recorder<'_>,
) -> Result<(PathBuf, Option<Arc<tempfile::TempDir>>), EngineError> {
    let own = request.model.path();
    if request.recipe.patches.is_empty() && own.is_file() {
        let path = std::path::absolute(own).unwrap_or_else(|_| own.to_path_buf());
        return Ok((path, None));
    }
    let failed = |e: &dyn std::fmt::Display| EngineError::Failed(e.to_string());
    let folder = tempfile::tempdir().map_err(|e| failed(&e))?;
    let path = folder.path().join("patched.onnx");
    let saved = recorder.stage("write patched model", || request.model.save_scratch(&path))?;
    saved.map_err(|e| failed(&e))?;
    Ok((path, Some(Arc::new(folder))))
}
