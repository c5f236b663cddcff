//! A self-test of one target: finds its library, parses, builds and runs a tiny model, compares its numbers with the
//! embedded engine's, takes the time. Every step says what it found, so that one paste tells what works on a machine.

use super::context::{Context, Step as Part};
use super::{TaskOutput, request, unexpected};
use crate::bench::{Sample, stats};
use crate::data::NamedTensors;
use crate::data::generate::generate;
use crate::data::shapes::sizes;
use crate::engine::plan::EngineView;
use crate::engine::tiny::{self, Agreement, Arithmetic};
use crate::engine::{EngineError, Usable, onnxruntime};
use crate::graph::Graph;
use crate::model::Model;
use crate::recipe::{BuildSpec, Recipe, TargetSpec};
use crate::worker::{Job, JobError, JobEvent, JobOutput, Worker};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Seconds that the tiny model is measured for.
const SECONDS: f64 = 0.5;

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepOutcome {
    /// It works.
    Ok,
    /// It does not.
    Failed,
    /// It could not be tried here.
    Skipped,
}

/// One step of the self-test.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DoctorStep {
    /// What was tried.
    pub name: String,
    /// How it ended.
    pub outcome: StepOutcome,
    /// What was found, or the reason.
    pub detail: String,
}

/// The task.
pub fn run(context: &Context, target: &TargetSpec, build: &BuildSpec) -> Result<TaskOutput, JobError> {
    let folder = tempfile::tempdir().map_err(|e| request(format!("no temporary folder: {e}")))?;
    let model = folder.path().join("tiny.onnx");
    std::fs::write(&model, tiny::model()).map_err(|e| request(format!("{}: {e}", model.display())))?;
    context.plan(vec![
        Part::known(0.5),
        Part::known(1.0),
        Part::guess(10.0),
        Part::known(SECONDS),
    ]);
    let mut recipe = Recipe::for_model(&model);
    recipe.target = target.clone();
    recipe.build = build.clone();
    recipe.bench.duration_s = Some(SECONDS);
    let mut test = Test {
        context,
        recipe,
        model,
        engine_file: folder.path().join("tiny.engine"),
        steps: Vec::new(),
    };
    test.run()?;
    Ok(TaskOutput::Doctor(test.steps))
}

struct Test<'a> {
    context: &'a Context,
    recipe: Recipe,
    model: PathBuf,
    engine_file: PathBuf,
    steps: Vec<DoctorStep>,
}

impl Test<'_> {
    /// All steps, as far as one makes sense after another.
    ///
    /// # Errors
    /// Only cancel; all else is a step that failed.
    fn run(&mut self) -> Result<(), JobError> {
        let target = self.recipe.target.clone();
        self.context.phase("Look for libraries", None);
        let started = self.context.worker(Some(&target));
        let Some(worker) = self.step("worker", started, |worker| {
            let host = worker.host();
            format!(
                "{} on {}, {} ({} processors)",
                env!("CARGO_PKG_VERSION"),
                host.system,
                host.cpu,
                host.cores
            )
        })?
        else {
            return Ok(());
        };
        self.find(&worker, &target)?;
        self.context.phase("Parse", None);
        self.parse(&worker, &target)?;
        self.context.phase("Build", None);
        let Some(engine) = self.build(&worker)? else {
            return Ok(());
        };
        if self.engine_file.exists() && crate::engine::plan::is_engine(&self.engine_file) {
            self.inspect(&worker, &target)?;
        }
        self.context.phase("Run", None);
        if self.compare(&worker, engine)? {
            self.measure(&worker, engine)?;
        }
        Ok(())
    }

    /// Notes how a step went; its value when it went well.
    fn step<T>(
        &mut self,
        name: &str,
        result: Result<T, JobError>,
        detail: impl FnOnce(&T) -> String,
    ) -> Result<Option<T>, JobError> {
        let (outcome, detail, value) = match result {
            Ok(value) => (StepOutcome::Ok, detail(&value), Some(value)),
            Err(JobError::Cancelled) => return Err(JobError::Cancelled),
            Err(JobError::Engine(EngineError::Unavailable(why))) => (StepOutcome::Skipped, why, None),
            Err(error) => (StepOutcome::Failed, error.to_string(), None),
        };
        self.note(name, outcome, detail);
        Ok(value)
    }

    fn note(&mut self, name: &str, outcome: StepOutcome, detail: String) {
        self.steps.push(DoctorStep {
            name: name.into(),
            outcome,
            detail,
        });
    }

    fn ask(&self, worker: &Arc<Worker>, job: Job) -> Result<JobOutput, JobError> {
        self.context.run(worker, job, None, &mut |_| {})
    }

    fn find(&mut self, worker: &Arc<Worker>, target: &TargetSpec) -> Result<(), JobError> {
        let found = match self.ask(worker, Job::Targets) {
            Ok(JobOutput::Targets { targets }) => targets.into_iter().find(|t| t.name == target.name),
            Ok(other) => return Err(unexpected(&other)),
            Err(error) => return self.step("find", Err::<(), _>(error), |()| String::new()).map(drop),
        };
        let found = found.map(|t| t.found).unwrap_or_default();
        if let Some(library) = self.recipe.build.options.get("library") {
            self.note("find", StepOutcome::Ok, format!("told to use {library}"));
        } else if found.is_empty() {
            self.note(
                "find",
                StepOutcome::Failed,
                format!("no library of {} is here", target.name),
            );
        }
        for library in found {
            let place = library.path.map_or("built in".into(), |p| p.display().to_string());
            let (outcome, detail) = match library.usable {
                Usable::Yes => (
                    StepOutcome::Ok,
                    library
                        .remark
                        .map_or("build and run".into(), |r| format!("build and run: {r}")),
                ),
                Usable::BuildOnly(why) => (StepOutcome::Ok, format!("build only: {why}")),
                Usable::No(why) => (StepOutcome::Failed, why),
            };
            self.note("find", outcome, format!("{} in {place}: {detail}", library.version));
        }
        Ok(())
    }

    fn parse(&mut self, worker: &Arc<Worker>, target: &TargetSpec) -> Result<(), JobError> {
        let job = Job::Parse {
            model: self.model.clone(),
            target: target.clone(),
            build: self.recipe.build.clone(),
        };
        let asked = match self.ask(worker, job) {
            Ok(JobOutput::Parse { report }) => match report.errors.first() {
                Some(error) => Err(JobError::Engine(EngineError::Unsupported(error.text.clone()))),
                None => Ok(report),
            },
            Ok(other) => return Err(unexpected(&other)),
            Err(error) => Err(error),
        };
        self.step("parse", asked, |report| {
            format!(
                "{} {} takes all nodes; {} plugins are registered",
                report.target,
                report.version,
                report.plugins.len()
            )
        })?;
        Ok(())
    }

    fn build(&mut self, worker: &Arc<Worker>) -> Result<Option<u64>, JobError> {
        // Engines that are ONNX files want that ending; the others do not care.
        let is_plan = self.recipe.target.name.starts_with("tensorrt");
        let job = Job::Build {
            recipe: Box::new(self.recipe.clone()),
            output: is_plan.then(|| self.engine_file.clone()),
            force: false,
        };
        let (mut phases, mut steps, mut lines) = (0, 0, 0);
        let built = self.context.run(worker, job, None, &mut |event| match event {
            JobEvent::Stage(stage) if stage.finished => {
                phases += 1;
                steps += stage.total;
            }
            JobEvent::Log { .. } => lines += 1,
            _ => {}
        });
        let built = match built {
            Ok(JobOutput::Build { engine, record, .. }) => Ok((engine, record)),
            Ok(other) => return Err(unexpected(&other)),
            Err(error) => Err(error),
        };
        let built = self.step("build", built, |(_, record)| {
            let size = record.engine_bytes.map(|b| format!(", {b} bytes")).unwrap_or_default();
            let device = record.device.as_ref().map(|d| format!(" for {d}")).unwrap_or_default();
            format!(
                "{} {}{device} in {:.2} s{size}; {phases} phases with {steps} steps and {lines} log lines were told",
                record.target, record.version, record.seconds
            )
        })?;
        Ok(built.map(|(engine, _)| engine))
    }

    fn inspect(&mut self, worker: &Arc<Worker>, target: &TargetSpec) -> Result<(), JobError> {
        let job = Job::InspectEngine {
            file: self.engine_file.clone(),
            target: target.clone(),
            build: self.recipe.build.clone(),
        };
        let view = match self.ask(worker, job) {
            Ok(JobOutput::InspectEngine { view }) => Ok(view),
            Ok(other) => return Err(unexpected(&other)),
            Err(error) => Err(error),
        };
        let words = |view: &EngineView| {
            let version = view.header.version.clone().unwrap_or_else(|| "unknown".into());
            let mut text = format!(
                "header: {} {version}, compute capability {}",
                view.header.target,
                view.header.capabilities.join(", ")
            );
            match view.refusals.as_slice() {
                [] => text.push_str(&format!(
                    "; {} tensors, {} layers",
                    view.tensors.len(),
                    view.layers.len()
                )),
                reasons => text.push_str(&format!("; does not run here: {}", reasons.join("; "))),
            }
            text
        };
        self.step("engine file", view, |view| words(view))?;
        Ok(())
    }

    /// Runs the engine and compares; false when there is nothing to measure.
    fn compare(&mut self, worker: &Arc<Worker>, engine: u64) -> Result<bool, JobError> {
        let inputs = inputs(&self.model).map_err(request)?;
        let ran = infer(self, worker, engine, &inputs);
        let Some(ours) = self.step("run", ran, |outputs| {
            let words: Vec<String> = outputs.iter().map(|(n, t)| format!("{n} {:?}", t.dims)).collect();
            format!("outputs {}", words.join(", "))
        })?
        else {
            return Ok(false);
        };
        let compared = self.agreement(&ours, &inputs);
        self.step("numbers", compared, Agreement::words)?;
        Ok(true)
    }

    /// Compares with the embedded engine. Only a GPU has TF32.
    fn agreement(&self, ours: &NamedTensors, inputs: &NamedTensors) -> Result<Agreement, JobError> {
        let failed = |why: String| JobError::Engine(EngineError::Failed(why));
        let fp32 = self.reference(&self.model, inputs)?;
        let rounded = self.model.with_file_name("tiny-tf32.onnx");
        std::fs::write(&rounded, tiny::tf32_model()).map_err(|e| request(format!("{}: {e}", rounded.display())))?;
        let tf32 = self.reference(&rounded, &tiny::rounded(inputs))?;
        let agreement = Agreement::of(ours, &fp32, &tf32).map_err(failed)?;
        let target = self.recipe.target.name.as_str();
        let has_tf32 = target.starts_with("tensorrt") || target == onnxruntime::CUDA;
        if agreement.arithmetic == Arithmetic::Tf32 && !has_tf32 {
            return Err(failed(format!(
                "largest difference from the embedded engine {:.1e} of the largest value, more than {:.0e}",
                agreement.from_fp32,
                tiny::TOLERANCE
            )));
        }
        Ok(agreement)
    }

    /// These inputs through the embedded engine.
    fn reference(&self, model: &Path, inputs: &NamedTensors) -> Result<NamedTensors, JobError> {
        let worker = self.context.worker(None)?;
        let job = Job::Build {
            recipe: Box::new(Recipe::for_model(model)),
            output: None,
            force: false,
        };
        match self.ask(&worker, job)? {
            JobOutput::Build { engine, .. } => infer(self, &worker, engine, inputs),
            other => Err(unexpected(&other)),
        }
    }

    fn measure(&mut self, worker: &Arc<Worker>, engine: u64) -> Result<(), JobError> {
        self.context.phase("Measure", None);
        let job = Job::Bench {
            engine,
            recipe: Box::new(self.recipe.clone()),
            seed: 0,
        };
        let mut samples: Vec<Sample> = Vec::new();
        let measured = self.context.run(worker, job, None, &mut |event| {
            if let JobEvent::Samples(new) = event {
                samples.extend_from_slice(new);
            }
        });
        let measured = match measured {
            Ok(JobOutput::Bench {
                environment,
                protocol,
                notes,
                ..
            }) => Ok((environment, protocol, notes)),
            Ok(other) => return Err(unexpected(&other)),
            Err(error) => Err(error),
        };
        self.step("measure", measured, |(environment, protocol, notes)| {
            let mut latencies: Vec<f64> = samples.iter().map(Sample::latency_ms).collect();
            latencies.sort_by(f64::total_cmp);
            let median = stats::median(&latencies).unwrap_or_default();
            let mut text = format!("{protocol}: {} samples, median {median:.4} ms", samples.len());
            if let Some(gpu) = environment.gpu.last() {
                let clock = gpu
                    .sm_clock_mhz
                    .map_or("unknown clock".into(), |mhz| format!("{mhz} MHz"));
                text.push_str(&format!(
                    " on {} ({clock}, driver {}, CUDA {})",
                    gpu.name, gpu.driver, gpu.cuda
                ));
            }
            for note in notes {
                text.push_str(&format!(". {note}"));
            }
            text
        })?;
        Ok(())
    }
}

fn infer(test: &Test<'_>, worker: &Arc<Worker>, engine: u64, inputs: &NamedTensors) -> Result<NamedTensors, JobError> {
    let job = Job::Infer {
        engine,
        inputs: inputs.clone(),
        tensors: Vec::new(),
    };
    match test.ask(worker, job)? {
        JobOutput::Infer { tensors } => Ok(tensors),
        other => Err(unexpected(&other)),
    }
}

fn inputs(model: &Path) -> Result<NamedTensors, String> {
    let graph = Graph::new(Arc::new(Model::open(model).map_err(|e| e.to_string())?));
    let at = sizes(&graph, &Default::default(), &[], None)?;
    Ok(generate(&graph, &at, 0)?.0)
}
