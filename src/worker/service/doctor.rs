//! A self-test of one target: finds its library, parses, builds and runs a tiny model, compares its numbers with the
//! embedded engine's, takes the time. Every step says what it found, so that one paste tells what works on a machine.

use super::context::{Context, Step as Part};
use super::{TaskOutput, request, unexpected};
use crate::bench::{Sample, stats};
use crate::data::NamedTensors;
use crate::data::generate::{bind_shapes, generate};
use crate::engine::plan::EngineView;
use crate::engine::{EngineError, Usable};
use crate::graph::Graph;
use crate::graph::sample::{graph, import, ints, node, proto, value, with};
use crate::model::onnx::{GraphProto, ModelProto, TensorProto};
use crate::model::{DataType, Model};
use crate::recipe::{BuildSpec, Recipe, TargetSpec};
use crate::worker::{Job, JobError, JobEvent, JobOutput, Worker};
use buffa::Message;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Seconds that the tiny model is measured for.
const SECONDS: f64 = 0.5;
/// Largest difference from the embedded engine, relative to the largest value: both compute in FP32 and add in an order of
/// their own.
const TOLERANCE: f64 = 1e-4;
/// Batch, channels, height and width of the model's input.
const INPUT: [i64; 4] = [2, 3, 16, 16];
const CHANNELS: i64 = 8;

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
    std::fs::write(&model, tiny_model()).map_err(|e| request(format!("{}: {e}", model.display())))?;
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
                Usable::Yes => (StepOutcome::Ok, "build and run".into()),
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
        let reference = self.reference(&inputs);
        let compared = reference
            .and_then(|theirs| difference(&ours, &theirs).map_err(|why| JobError::Engine(EngineError::Failed(why))));
        self.step("numbers", compared, |worst| {
            format!("largest difference from the embedded engine {worst:.1e} of the largest value")
        })?;
        Ok(true)
    }

    /// The same inputs through the embedded engine.
    fn reference(&self, inputs: &NamedTensors) -> Result<NamedTensors, JobError> {
        let worker = self.context.worker(None)?;
        let job = Job::Build {
            recipe: Box::new(Recipe::for_model(&self.model)),
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
    let shapes = bind_shapes(&graph, &Default::default(), &[])?;
    Ok(generate(&graph, &shapes, 0)?.0)
}

/// Largest difference of any output, relative to the largest value of the reference.
fn difference(ours: &NamedTensors, theirs: &NamedTensors) -> Result<f64, String> {
    let mut worst: f64 = 0.0;
    for (name, reference) in theirs {
        let output = ours.iter().find(|(n, _)| n == name).map(|(_, t)| t);
        let output = output.ok_or_else(|| format!("output {name} is missing"))?;
        let (Some(a), Some(b)) = (output.to_f32(), reference.to_f32()) else {
            return Err(format!("output {name} is {}", output.dtype));
        };
        if a.len() != b.len() {
            return Err(format!(
                "output {name} has {} values where {} are expected",
                a.len(),
                b.len()
            ));
        }
        let largest = b.iter().fold(f32::MIN_POSITIVE, |m, v| m.max(v.abs()));
        let gap = a.iter().zip(&b).map(|(a, b)| (a - b).abs());
        // A comparison with NaN is never true: it counts as infinite.
        let gap = gap.fold(0.0f32, |m, d| {
            if d <= m {
                m
            } else if d.is_nan() {
                f32::INFINITY
            } else {
                d
            }
        });
        worst = worst.max(f64::from(gap) / f64::from(largest));
    }
    if worst <= TOLERANCE {
        Ok(worst)
    } else {
        Err(format!(
            "largest difference from the embedded engine {worst:.1e} of the largest value, more than {TOLERANCE:.0e}"
        ))
    }
}

/// `y = Relu(Conv(x) + bias)` with fixed weights.
fn tiny_model() -> Vec<u8> {
    let [_, depth, height, width] = INPUT;
    let floats = |name: &str, dims: &[i64]| {
        let count = dims.iter().product::<i64>();
        let data = (0..count).flat_map(|i| (((i * 37) % 23 - 11) as f32 * 0.03).to_le_bytes());
        TensorProto {
            name: Some(name.into()),
            dims: dims.to_vec(),
            data_type: Some(DataType::Float32.to_onnx()),
            raw_data: Some(data.collect::<Vec<u8>>().into()),
            ..Default::default()
        }
    };
    let convolution = node("Conv", &["x", "weights", "bias"], &["sum"]);
    let weights = vec![floats("weights", &[CHANNELS, depth, 3, 3]), floats("bias", &[CHANNELS])];
    let nodes = vec![with(convolution, ints("pads", &[1; 4])), node("Relu", &["sum"], &["y"])];
    let tiny = GraphProto {
        input: vec![value("x", DataType::Float32, &INPUT)],
        output: vec![value("y", DataType::Float32, &[INPUT[0], CHANNELS, height, width])],
        ..graph(&[], &[], weights, nodes)
    };
    // Every version of every target reads these.
    ModelProto {
        ir_version: Some(8),
        opset_import: vec![import("", 17)],
        ..proto(tiny, Vec::new())
    }
    .encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Tensor;

    fn outputs(values: &[f32]) -> NamedTensors {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let tensor = Tensor {
            dtype: DataType::Float32,
            dims: vec![values.len() as u64],
            bytes: bytes.into(),
        };
        vec![("y".into(), tensor)]
    }

    #[test]
    fn numbers_are_compared_relative_to_the_largest() {
        let reference = outputs(&[1.0, -4.0]);
        assert!(difference(&outputs(&[1.0, -4.0]), &reference).unwrap() == 0.0);
        assert!(difference(&outputs(&[1.0001, -4.0]), &reference).unwrap() > 2e-5);
        for wrong in [&[1.1, -4.0][..], &[f32::NAN, -4.0], &[1.0]] {
            assert!(difference(&outputs(wrong), &reference).is_err(), "{wrong:?}");
        }
        assert!(difference(&vec![], &reference).unwrap_err().contains("missing"));
    }

    #[test]
    fn the_tiny_model_is_sound() {
        let model = Model::from_bytes(tiny_model().into(), Path::new("tiny.onnx")).unwrap();
        let graph = Graph::new(Arc::new(model));
        assert!(graph.problems.is_empty() && graph.nodes.len() == 2);
    }
}
