//! What users want, made of jobs: check a model, build an engine, compare variants. The one layer that `cli` and `studio`
//! call for anything that runs. Every task runs on threads of its own and tells its progress through a channel.

mod accuracy;
mod alone;
pub mod buckets;
mod build;
mod calibrate;
mod check;
mod compare;
mod context;
mod differences;
mod doctor;
mod engine;
mod estimate;
mod inputs;
mod precision;
mod profile;
pub mod profiles;
mod rounds;
mod search;
mod sizes;
mod sweep;

use super::{Job, JobError, JobOutput, Launch};
use crate::bench::{Comparison, Differences, LayerProfile, Mixes, Sample};
use crate::check::Report;
use crate::engine::plan::EngineView;
use crate::engine::{BuildRecord, EngineError, Stage, TargetInfo};
use crate::graph::sizes::Sizes;
use crate::recipe::{BuildSpec, Recipe, TargetSpec};
use crate::rewrite::Calibration;
use crate::rewrite::search::{Search, SearchEvent, SearchSpec};
use crossbeam_channel::Receiver;
use std::path::PathBuf;
use std::sync::Arc;

pub use calibrate::Want;
pub use compare::file_name;
use context::{Context, Control, Step};
pub use doctor::{DoctorStep, StepOutcome};
pub use sizes::patched_graph;
pub use sweep::planned as planned_sweep;

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
    /// Find what values the model's tensors take, by running it over the recipe's calibration data.
    Calibrate {
        /// Model, data, shapes.
        recipe: Box<Recipe>,
        /// A file to keep the result in, and to take it from when it was made for the same model and data.
        cache: Option<PathBuf>,
        /// What to look at.
        want: Want,
    },
    /// Time per layer of one variant, in a run of its own.
    Profile {
        /// Resolved recipe (no variants).
        recipe: Box<Recipe>,
        /// Runs to profile; when not given, as many as fit into a few seconds.
        runs: Option<u32>,
    },
    /// Measure what every layer loses by being lowered, and run combinations of layers kept in higher precision: the worst
    /// N, and those with which a limit holds while the most stays lowered. Tells [`ServiceEvent::Search`] on the way.
    ///
    /// The recipe has a patch that lowers precision (the first one is searched), and the data: its test data, or else its
    /// calibration data, or else generated inputs. Engines run on the recipe's reference target.
    Search {
        /// Model, patches, data, shapes.
        recipe: Box<Recipe>,
        /// What to do.
        spec: Box<SearchSpec>,
    },
    /// Measure the mixes that a search ran, and the model before precision is lowered, side by side on the recipe's target:
    /// as a comparison is measured, without its accuracy.
    Mixes {
        /// Model, the patches that were searched, target, protocol, shapes (those of its data where it says none).
        recipe: Box<Recipe>,
        /// What was found.
        search: Box<Search>,
    },
    /// How far a variant is from the reference, and where that begins.
    Accuracy {
        /// The variant (no others in it), its test data, and the reference's target.
        recipe: Box<Recipe>,
        /// The reference's model, where that is another file than the recipe's.
        against: Option<PathBuf>,
        /// How far to look.
        depth: Depth,
        /// Error beyond which a tensor is bad; derived from the variant's types when not given.
        limit: Option<f64>,
    },
    /// What an engine file says, and what the library says about it.
    InspectEngine {
        /// The engine file.
        file: PathBuf,
        /// Which library to ask; the one that built the engine when not given.
        target: Option<TargetSpec>,
        /// Build options that concern the library (its path, plugins).
        build: BuildSpec,
    },
    /// A self-test of a target on the worker's machine.
    Doctor {
        /// Which target and version.
        target: TargetSpec,
        /// Build options.
        build: BuildSpec,
    },
    /// Build all variants, measure them interleaved, compare accuracy when the recipe has test data.
    Compare {
        /// The recipe with its variants.
        recipe: Box<Recipe>,
    },
    /// Build every variant once and measure it at the batch sizes of the recipe's sweep, interleaved. Ends with
    /// [`TaskOutput::Compare`], one row a batch size; events count variants as [`Recipe::sweep_rows`] counts rows.
    Sweep {
        /// The recipe with its variants.
        recipe: Box<Recipe>,
    },
}

impl Task {
    /// The model or engine file that it is about, and that of its data, where there are any.
    pub fn files(&self) -> (Option<PathBuf>, Option<PathBuf>) {
        let recipe = match self {
            Self::Targets | Self::Doctor { .. } => return (None, None),
            Self::InspectEngine { file, .. } => return (Some(file.clone()), None),
            Self::Check { recipe, .. }
            | Self::Build { recipe, .. }
            | Self::Calibrate { recipe, .. }
            | Self::Profile { recipe, .. }
            | Self::Search { recipe, .. }
            | Self::Mixes { recipe, .. }
            | Self::Accuracy { recipe, .. }
            | Self::Compare { recipe }
            | Self::Sweep { recipe } => recipe,
        };
        let data = recipe.data.calibration.as_ref().or(recipe.data.test.as_ref());
        (Some(recipe.model.path.clone()), data.map(|source| source.path.clone()))
    }
}

/// How far [`Task::Accuracy`] looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Depth {
    /// At the outputs of the model.
    #[default]
    Outputs,
    /// At every tensor that both graphs have, and at the first bad node where an output is bad.
    Tensors,
    /// As `Tensors`, where an output is bad; at nothing more where none is.
    FirstBad,
    /// For the first bad node by binary search, with an engine built for every tensor looked at.
    Search,
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
    /// The sizes of the inputs that everything runs at, and where they come from.
    Sizes(Sizes),
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
    /// Of [`Task::Search`].
    Search(SearchEvent),
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
    Calibrate(Calibration),
    Search(Box<Search>),
    Mixes(Box<Mixes>),
    Profile(Box<LayerProfile>),
    Accuracy(Box<Differences>),
    InspectEngine(Box<EngineView>),
    Doctor(Vec<DoctorStep>),
}

impl TaskOutput {
    /// The result with the sizes that it was made at, where it keeps them.
    fn at(mut self, sizes: Sizes) -> Self {
        match &mut self {
            Self::Compare(comparison) => comparison.sizes = sizes,
            Self::Mixes(mixes) => mixes.comparison.sizes = sizes,
            _ => {}
        }
        self
    }
}

/// The user's data folder of this program; none on a system without one.
pub fn data_folder() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "enginesmith");
    dirs.map(|d| d.data_dir().to_path_buf())
}

/// What measuring the mixes of a search takes ([`Task::Mixes`]): rows to build, and seconds that all of them are measured.
pub fn mixes_time(recipe: &Recipe, search: &Search) -> (usize, f64) {
    let rows = crate::bench::mixes::candidates(search).len() + 1;
    (
        rows,
        crate::bench::mixes::seconds(&recipe.bench, search::mixes::rounds(recipe), rows),
    )
}

/// Starts tasks.
#[derive(Clone)]
pub struct Service {
    launch: Launch,
    data: Option<PathBuf>,
}

impl Service {
    /// A service whose workers start as `launch` says, unless a recipe's target names its own prefix.
    /// Results go to the history in the user's data directory.
    pub fn new(launch: Launch) -> Self {
        Self {
            launch,
            data: data_folder(),
        }
    }

    /// Where the history and build times are kept; none keeps nothing.
    pub fn data(&self) -> Option<&std::path::Path> {
        self.data.as_deref()
    }

    /// The same with another folder for the history and for build times; `None` keeps nothing.
    #[must_use]
    pub fn with_data(self, folder: Option<PathBuf>) -> Self {
        Self { data: folder, ..self }
    }

    /// Starts a task. `wake` is called (from any thread) whenever there is something new to read.
    pub fn start(&self, task: Task, wake: Arc<dyn Fn() + Send + Sync>) -> TaskHandle {
        let (context, events) = Context::new(self.launch.clone(), self.data.clone(), wake);
        let control = context.control();
        let failing = context.sink();
        let body = move || {
            let (task, sizes) = match sizes::decide(&context, task) {
                Ok(decided) => decided,
                Err(why) => return context.end(Err(why)),
            };
            let result = match task {
                Task::Targets => targets(&context),
                Task::Check { recipe, require_parser } => check::run(&context, &recipe, require_parser),
                Task::Build { recipe, output, force } => build::run(&context, &recipe, output, force),
                Task::Calibrate { recipe, cache, want } => calibrate::run(&context, &recipe, cache.as_deref(), &want),
                Task::Search { recipe, spec } => search::run(&context, &recipe, &spec),
                Task::Mixes { recipe, search } => search::mixes::run(&context, &recipe, &search),
                Task::Profile { recipe, runs } => profile::run(&context, &recipe, runs),
                Task::Accuracy {
                    recipe,
                    against,
                    depth,
                    limit,
                } => differences::run(&context, &recipe, against.as_deref(), depth, limit),
                Task::InspectEngine { file, target, build } => engine::run(&context, &file, target, &build),
                Task::Doctor { target, build } => doctor::run(&context, &target, &build),
                Task::Compare { recipe } => compare::run(&context, &recipe),
                Task::Sweep { recipe } => sweep::run(&context, &recipe),
            };
            context.end(result.map(|output| output.at(sizes)));
        };
        // The stack is for opening models, whose graphs nest as deep as they like.
        let spawned = std::thread::Builder::new()
            .name("task".into())
            .stack_size(64 << 20)
            .spawn(move || {
                let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
                if outcome.is_err() {
                    let message = "an error in enginesmith itself; the terminal shows where".to_string();
                    failing.send(ServiceEvent::Failed(JobError::Engine(EngineError::Failed(message))));
                }
            });
        if let Err(e) = spawned {
            let message = format!("no thread can be started: {e}");
            control.sink.send(ServiceEvent::Failed(JobError::Worker(message)));
        }
        TaskHandle { events, control }
    }
}

/// What can be used on the worker's machine.
fn targets(context: &Context) -> Result<TaskOutput, JobError> {
    context.plan(vec![Step::known(1.0)]);
    context.phase("Look for targets", None);
    let worker = context.worker(None)?;
    match context.run(&worker, Job::Targets, None, &mut |_| {})? {
        JobOutput::Targets { targets } => Ok(TaskOutput::Targets(targets)),
        other => Err(unexpected(&other)),
    }
}

/// A worker that answers another question than the one asked.
fn unexpected(output: &JobOutput) -> JobError {
    JobError::Worker(format!("the worker answered something that was not asked: {output:?}"))
}

fn request(message: impl Into<String>) -> JobError {
    JobError::Engine(EngineError::Request(message.into()))
}

/// A running task; dropping it cancels the task.
pub struct TaskHandle {
    /// What it tells; ends with [`ServiceEvent::Done`] or [`ServiceEvent::Failed`].
    pub events: Receiver<ServiceEvent>,
    control: Control,
}

impl TaskHandle {
    /// Asks it to stop; workers that do not are killed.
    pub fn cancel(&self) {
        self.control.cancel();
    }

    /// Asks the task to stop with what it has: a comparison of the rounds that were measured. A task that has nothing to show
    /// is cancelled.
    pub fn end_early(&self) {
        self.control.end_early();
    }

    /// Process ids of the workers it has running now.
    pub fn worker_pids(&self) -> Vec<u32> {
        self.control.worker_pids()
    }
}

impl Drop for TaskHandle {
    fn drop(&mut self) {
        self.cancel();
    }
}
