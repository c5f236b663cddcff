//! What a worker can be asked to do, and what it answers.

use crate::bench::{DeviceMemory, EffectivePrecision, Environment, Profile, Sample};
use crate::check::ParserReport;
use crate::data::NamedTensors;
use crate::engine::plan::EngineView;
use crate::engine::{BuildRecord, EngineError, Stage, TargetInfo, TensorSpec};
use crate::recipe::{BuildSpec, Recipe, TargetSpec};
use crate::rewrite::Observed;
use crate::rewrite::search::{Errors, Top1};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A request to a worker. Model files are named by the client's path; the client makes sure the worker has the content.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// What can be used there.
    Targets,
    /// Ask the target's own parser about a model.
    Parse {
        /// The model file.
        model: PathBuf,
        /// Which library.
        target: TargetSpec,
        /// Build options that concern the parser (plugins, parser flags).
        #[serde(default)]
        build: BuildSpec,
    },
    /// Build an engine; it stays in the worker under the id of this job.
    Build {
        /// One variant, resolved; `recipe.model.path` is the model file.
        recipe: Box<Recipe>,
        /// Write the engine file here (on the client's side), when wanted.
        output: Option<PathBuf>,
        /// Replace existing files.
        #[serde(default)]
        force: bool,
    },
    /// Build an engine that [`Job::Observe`] looks into; it stays in the worker under the id of this job.
    BuildObserver {
        /// One variant, resolved; `recipe.model.path` is the model file.
        recipe: Box<Recipe>,
        /// Float32 tensors of the top level to look at.
        tensors: Vec<String>,
        /// Tensors to find thresholds of, not ranges alone; all when not given.
        thresholds: Option<Vec<String>>,
        /// Only a few inferences will follow.
        brief: bool,
    },
    /// Measure an engine built before.
    Bench {
        /// Id of the build job.
        engine: u64,
        /// Resolved recipe: shapes, protocol, duration.
        recipe: Box<Recipe>,
        /// Seed of generated inputs.
        seed: u64,
    },
    /// Run an engine built before on inputs given by value.
    Infer {
        /// Id of the build job.
        engine: u64,
        /// The inputs; they travel as a blob before the job.
        #[serde(skip)]
        inputs: NamedTensors,
        /// Inner tensors wanted besides the outputs.
        tensors: Vec<String>,
    },
    /// Time per layer of an engine built before, in a run of its own.
    Profile {
        /// Id of the build job.
        engine: u64,
        /// Resolved recipe: shapes.
        recipe: Box<Recipe>,
        /// Seed of generated inputs.
        seed: u64,
        /// Runs to profile.
        runs: u32,
    },
    /// Run an engine built by [`Job::BuildObserver`] on inputs given by value and collect what values its inputs, outputs
    /// and the tensors it was built for take.
    Observe {
        /// Id of the build job.
        engine: u64,
        /// The inputs; they travel as a blob before the job.
        #[serde(skip)]
        inputs: NamedTensors,
        /// Tell what all these jobs together saw, and forget it.
        last: bool,
    },
    /// Run an engine built before (a reference) on inputs given by value; the worker keeps both for [`Job::Judge`].
    Expect {
        /// Id of the build job.
        engine: u64,
        /// The inputs; they travel as a blob before the job.
        #[serde(skip)]
        inputs: NamedTensors,
        /// How many samples they are.
        samples: u64,
        /// Class of each sample; empty without labels.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        labels: Vec<i64>,
    },
    /// Run an engine built before on what the worker keeps of a reference, and compare.
    Judge {
        /// Id of the build job of the engine to judge.
        engine: u64,
        /// Id of the build job of the reference.
        reference: u64,
        /// How many of the batches that came by [`Job::Expect`], from the first.
        batches: u64,
    },
    /// What an engine file and the target's library say about it.
    InspectEngine {
        /// The engine file.
        file: PathBuf,
        /// Which library.
        target: TargetSpec,
        /// Build options that concern the library (its path, plugins).
        #[serde(default)]
        build: BuildSpec,
    },
    /// Forget an engine.
    Drop {
        /// Id of the build job.
        engine: u64,
    },
}

/// What a job tells while it runs and when it ends.
#[derive(Clone, Debug)]
pub enum JobEvent {
    /// A stage of a build.
    Stage(Stage),
    /// Bytes of a model or engine on their way to or from the worker.
    Transfer {
        /// Bytes so far.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// A log line of the runtime, or worker output that is not protocol (severity `stray`).
    Log {
        /// `error`, `warn`, `info`, `debug` or `stray`.
        severity: String,
        /// The line.
        line: String,
    },
    /// New samples of a measurement.
    Samples(Vec<Sample>),
    /// The end: done.
    Done(Box<JobOutput>),
    /// The end: failed, cancelled, or the worker is gone.
    Failed(JobError),
}

/// Results of jobs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "output", rename_all = "snake_case")]
pub enum JobOutput {
    /// Of [`Job::Targets`].
    Targets {
        /// All targets.
        targets: Vec<TargetInfo>,
    },
    /// Of [`Job::Parse`].
    Parse {
        /// What the parser said.
        report: ParserReport,
    },
    /// Of [`Job::Build`].
    Build {
        /// The engine's id, for [`Job::Bench`] and [`Job::Infer`].
        engine: u64,
        /// How it was built.
        record: BuildRecord,
        /// Its inputs.
        inputs: Vec<TensorSpec>,
        /// Its outputs.
        outputs: Vec<TensorSpec>,
    },
    /// Of [`Job::BuildObserver`].
    BuildObserver {
        /// The engine's id, for [`Job::Observe`].
        engine: u64,
        /// How it was built, without the model's hash.
        record: BuildRecord,
    },
    /// Of [`Job::Bench`]; the samples came as events.
    Bench {
        /// Where and with what.
        environment: Environment,
        /// Protocol's name.
        protocol: String,
        /// What inputs were generated as.
        inputs: Vec<String>,
        /// Shapes, `name:1x3x224x224`.
        shapes: Vec<String>,
        /// True when the engine ran on a GPU.
        is_gpu: bool,
        /// What a reader must know about how it ran.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<String>,
        /// The worker's memory after it, where the system tells it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        memory: Option<Box<crate::worker::host::Memory>>,
        /// Memory of the GPU, of engines on one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device_memory: Option<Box<DeviceMemory>>,
        /// What the engine computes in, where there is evidence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        effective_precision: Option<Box<EffectivePrecision>>,
    },
    /// Of [`Job::Infer`].
    Infer {
        /// Outputs, then the inner tensors asked for; they travel as a blob before the end of the job.
        #[serde(skip)]
        tensors: NamedTensors,
    },
    /// Of [`Job::Profile`].
    Profile {
        /// Where and with what.
        environment: Environment,
        /// The times.
        profile: Profile,
        /// What inputs were generated as.
        inputs: Vec<String>,
        /// Shapes, `name:1x3x224x224`.
        shapes: Vec<String>,
    },
    /// Of [`Job::Observe`].
    Observed {
        /// What was seen, by tensor; empty but for the last job.
        tensors: BTreeMap<String, Observed>,
        /// Bytes of the tensors that were looked at.
        bytes: u64,
        /// Seconds that the inference took.
        running_s: f64,
        /// Seconds that looking at its values took.
        looking_s: f64,
    },
    /// Of [`Job::Expect`].
    Expected {
        /// Bytes of inputs and results that the worker keeps of this reference.
        bytes: u64,
        /// The reference's answers so far against the labels so far.
        top1: Option<Top1>,
    },
    /// Of [`Job::Judge`].
    Judged {
        /// How far the engine's results are from the reference's.
        errors: Errors,
    },
    /// Of [`Job::InspectEngine`].
    InspectEngine {
        /// What is known of it.
        view: Box<EngineView>,
    },
    /// Of [`Job::Drop`].
    Dropped,
}

/// Why a job ended without a result.
#[derive(Clone, Debug, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "detail")]
pub enum JobError {
    /// The engine's own reason.
    #[error(transparent)]
    Engine(EngineError),
    /// The worker ended, hung or spoke garbage; what was seen, with its last output.
    #[error("{0}")]
    Worker(String),
    /// The user cancelled and the worker stopped (or was killed).
    #[error("cancelled")]
    Cancelled,
}

impl Job {
    /// The model file that the worker must have for this job.
    pub fn model(&self) -> Option<&std::path::Path> {
        match self {
            Self::Parse { model, .. } => Some(model),
            Self::Build { recipe, .. } | Self::BuildObserver { recipe, .. } => Some(&recipe.model.path),
            _ => None,
        }
    }

    /// The engine file that the worker must have for this job.
    pub fn engine_file(&self) -> Option<&std::path::Path> {
        match self {
            Self::InspectEngine { file, .. } => Some(file),
            _ => None,
        }
    }
}

impl From<EngineError> for JobError {
    /// An engine that stopped because it was asked to is a cancelled job.
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Cancelled => Self::Cancelled,
            other => Self::Engine(other),
        }
    }
}
