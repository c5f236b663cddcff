//! What users want, made of jobs: check a model, build an engine, compare variants. The one layer that `cli` and `studio`
//! call for anything that runs. Every task runs on threads of its own and tells its progress through a channel.

use super::{JobError, Launch};
use crate::bench::{Comparison, Sample};
use crate::check::Report;
use crate::engine::{BuildRecord, Stage, TargetInfo};
use crate::recipe::Recipe;
use crossbeam_channel::Receiver;
use std::path::PathBuf;
use std::sync::Arc;

/// A thing to do.
#[derive(Clone, Debug)]
pub enum Task {
    /// What can be used on the worker's machine.
    Targets,
    /// Findings for the recipe's model and target; asks the target's parser when its library is there.
    Check {
        /// Model, target, profiles.
        recipe: Box<Recipe>,
        /// Fail with [`JobError::Engine`] (unavailable) when the parser cannot be asked.
        require_parser: bool,
    },
    /// Build one engine.
    Build {
        /// Resolved recipe (no variants).
        recipe: Box<Recipe>,
        /// Engine file to write.
        output: Option<PathBuf>,
        /// Replace an existing file.
        force: bool,
    },
    /// Build all variants, measure them interleaved, compare accuracy when the recipe has test data.
    Compare {
        /// The recipe with its variants.
        recipe: Box<Recipe>,
    },
}

/// What a task tells.
#[derive(Clone, Debug)]
pub enum ServiceEvent {
    /// What is being done now, in words: `Build fp16`, `Measure, round 2 of 5`.
    Phase {
        /// In words.
        name: String,
        /// Index of the variant concerned, in order of the recipe.
        variant: Option<usize>,
        /// Share of the whole task done, 0..=1, when it can be told.
        fraction: Option<f32>,
        /// Seconds left, when it can be told (from earlier builds, or from the protocol's durations).
        eta_s: Option<f64>,
    },
    /// A stage of a build.
    Stage {
        /// Index of the variant.
        variant: usize,
        /// The stage.
        stage: Stage,
    },
    /// A log line.
    Log {
        /// Index of the variant, when it concerns one.
        variant: Option<usize>,
        /// `error`, `warn`, `info`, `debug` or `stray`.
        severity: String,
        /// The line.
        line: String,
    },
    /// A variant was built.
    Built {
        /// Index of the variant.
        variant: usize,
        /// Its record.
        record: Box<BuildRecord>,
    },
    /// New samples; at least ten times a second while measuring.
    Samples {
        /// Index of the variant.
        variant: usize,
        /// Round, from 0.
        round: u32,
        /// The samples.
        samples: Vec<Sample>,
    },
    /// A worker ended unexpectedly; the task goes on with the other variants.
    WorkerLost {
        /// Index of the variant.
        variant: Option<usize>,
        /// What happened.
        message: String,
    },
    /// The end.
    Done(Box<TaskOutput>),
    /// The end, without a result.
    Failed(JobError),
}

/// Results of tasks.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum TaskOutput {
    Targets(Vec<TargetInfo>),
    Check(Report),
    Build(BuildRecord),
    Compare(Comparison),
}

/// Starts tasks.
#[derive(Clone)]
pub struct Service {
    launch: Launch,
}

impl Service {
    /// A service whose workers start as `launch` says, unless a recipe's target names its own prefix.
    pub fn new(launch: Launch) -> Self {
        Self { launch }
    }

    /// Starts a task. `wake` is called (from any thread) whenever there is something new to read.
    pub fn start(&self, task: Task, wake: Arc<dyn Fn() + Send + Sync>) -> TaskHandle {
        let _ = (task, wake, &self.launch);
        todo!("owner: worker")
    }
}

/// A running task.
pub struct TaskHandle {
    /// What it tells; ends with [`ServiceEvent::Done`] or [`ServiceEvent::Failed`].
    pub events: Receiver<ServiceEvent>,
}

impl TaskHandle {
    /// Asks it to stop; workers that do not are killed.
    pub fn cancel(&self) {
        todo!("owner: worker")
    }

    /// Process ids of the workers it has running now.
    pub fn worker_pids(&self) -> Vec<u32> {
        todo!("owner: worker")
    }
}
