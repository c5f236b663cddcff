//! Building all variants, measuring them in turn, comparing their results with the reference.

use super::accuracy::{self, Outcome, Test};
use super::build::{Built, GUESS, build, with_hash};
use super::context::{Context, Step};
use super::estimate::Builds;
use super::rounds;
use super::{ServiceEvent, TaskOutput, request, unexpected};
use crate::bench::compare::{Measured, ReferenceResult};
use crate::bench::gate::check_limits;
use crate::bench::history::{Entry, History};
use crate::bench::measure::Plan;
use crate::bench::rounds::Rounds;
use crate::bench::{Comparison, Environment, Protocol, ProviderShare, Resources, Sample, VariantResult};
use crate::engine::ProviderNodes;
use crate::recipe::units::parse_named_shape;
use crate::recipe::{BenchSpec, Recipe};
use crate::worker::{JobError, JobOutput};
use std::path::Path;

/// Seed of generated inputs: the same for every variant and round.
pub const SEED: u64 = 0;

/// One variant on its way through the task.
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its recipe, with the model's hash.
    pub recipe: Recipe,
    /// The engine; none before the build and after a failure.
    pub built: Option<Built>,
    /// The result as it grows.
    pub result: VariantResult,
    /// Images per query, when the row was made for one.
    pub batch: Option<u64>,
    /// Its samples, by round.
    pub rounds: Vec<Vec<Sample>>,
    /// Sessions that they ran in.
    pub sessions: u32,
    /// What was derived for it.
    pub notes: Vec<String>,
    run: Option<RunFacts>,
    /// Why it has no numbers.
    pub failure: Option<JobError>,
}

/// What the worker says of a variant's rounds.
struct RunFacts {
    protocol: Protocol,
    is_gpu: bool,
    environment: Environment,
    shapes: Vec<String>,
    notes: Vec<String>,
}

/// The task.
pub fn run(context: &Context, recipe: &Recipe) -> Result<TaskOutput, JobError> {
    let variants = recipe.resolve_variants().map_err(request)?;
    context.plan(vec![Step::known(0.2)]);
    context.phase("Read model", None);
    let mut rows = Vec::with_capacity(variants.len());
    for (i, (name, recipe)) in variants.into_iter().enumerate() {
        let recipe = super::precision::prepare(context, with_hash(context, &recipe)?, Some(i))?;
        rows.push(Row::new(name, recipe));
    }
    let test = Test::open(recipe, &rows)?;
    Ok(TaskOutput::Compare(measured(context, recipe, rows, test)?))
}

/// Builds the rows, measures them in turn, compares their results where there is test data, and keeps it all in the history.
///
/// # Errors
/// No row could be measured; cancelled.
pub fn measured(
    context: &Context,
    recipe: &Recipe,
    mut rows: Vec<Row>,
    test: Option<Test>,
) -> Result<Comparison, JobError> {
    let plan = Rounds::of(&recipe.bench, rows.len());
    let builds = Builds::open(context.data());
    settle_all(&mut rows)?;
    context.replan(steps(&rows, plan.least, &builds, recipe));

    build_all(context, &mut rows, &builds)?;
    let done = rounds::measure(context, &mut rows, &plan)?;
    let outcome = match test.filter(|_| done.ended_early.is_none()) {
        Some(test) => accuracy::run(context, recipe, test, &mut rows)?,
        None => Outcome::default(),
    };
    something_measured(&mut rows)?;
    let (mut comparison, runs) = compare(rows, outcome);
    let rounds: Vec<&[Vec<Sample>]> = runs.iter().map(|r| r.rounds.as_slice()).collect();
    comparison.judge(&rounds, plan.pairing(), Some(done.seed), plan.wanted);
    if let Some(why) = done.ended_early {
        comparison.warnings.insert(0, format!("the measurement was {why}"));
        comparison.is_partial = true;
    }
    keep(context, &mut comparison, runs);
    Ok(comparison)
}

/// Gives every row the profiles that its engine is built with.
///
/// # Errors
/// Shapes that contradict the model.
pub fn settle_all(rows: &mut [Row]) -> Result<(), JobError> {
    let mut recipes: Vec<&mut Recipe> = rows.iter_mut().map(|r| &mut r.recipe).collect();
    let said = super::profiles::settle_all(&mut recipes)?;
    for (row, notes) in rows.iter_mut().zip(said) {
        row.notes.extend(notes);
    }
    Ok(())
}

/// # Errors
/// The first row's failure when no row was measured: nothing to compare is a failure of the task.
pub fn something_measured(rows: &mut [Row]) -> Result<(), JobError> {
    let failure = rows.iter_mut().find_map(|r| r.failure.take());
    match failure {
        Some(failure) if rows.iter().all(|r| r.rounds.is_empty()) => Err(failure),
        _ => Ok(()),
    }
}

impl Row {
    /// A row that nothing was done for yet.
    pub fn new(name: String, recipe: Recipe) -> Self {
        let result = VariantResult {
            name: name.clone(),
            target: recipe.target.name.clone(),
            precision: recipe.build.precision.name().into(),
            ..VariantResult::default()
        };
        Self {
            name,
            recipe,
            built: None,
            result,
            batch: None,
            rounds: Vec::new(),
            sessions: 1,
            notes: Vec::new(),
            run: None,
            failure: None,
        }
    }

    /// Notes why the variant goes no further; the task goes on unless it was cancelled.
    pub fn fail(&mut self, context: &Context, index: usize, error: JobError) -> Result<(), JobError> {
        context.go_on()?;
        let message = error.to_string();
        match &error {
            JobError::Cancelled => return Err(error),
            JobError::Worker(_) => context.tell(ServiceEvent::WorkerLost {
                variant: Some(index),
                message: message.clone(),
            }),
            JobError::Engine(_) => context.log(Some(index), "error", &message),
        }
        self.built = None;
        self.result.is_unreachable = matches!(
            error,
            JobError::Worker(_) | JobError::Engine(crate::engine::EngineError::Unavailable(_))
        );
        self.result.error = Some(message);
        self.failure = Some(error);
        Ok(())
    }
}

fn steps(rows: &[Row], rounds: u32, builds: &Builds, recipe: &Recipe) -> Vec<Step> {
    let mut steps = Vec::new();
    for row in rows {
        steps.push(Step::from(builds.estimate(&row.recipe), GUESS));
    }
    for _ in 0..rounds {
        for row in rows {
            let plan = Plan::from_spec(&share_of(&row.recipe.bench, rounds), false);
            steps.push(Step::known(plan.duration_s + plan.warmup_ms / 1e3));
        }
    }
    if recipe.data.test.is_some() {
        steps.push(Step::guess(GUESS));
        steps.push(Step::guess(GUESS));
    }
    steps
}

fn build_all(context: &Context, rows: &mut [Row], builds: &Builds) -> Result<(), JobError> {
    for (i, row) in rows.iter_mut().enumerate() {
        context.phase(format!("Build {}", row.name), Some(i));
        let built = context
            .worker(Some(&row.recipe.target))
            .and_then(|worker| build(context, worker, &row.recipe, Some(i), None, false));
        match built {
            Ok(built) => {
                builds.remember(&row.recipe, &built.record);
                row.result.target = format!("{}@{}", built.record.target, built.record.version);
                row.result.build_s = built.record.seconds;
                row.result.engine_bytes = built.record.engine_bytes;
                let share = |p: &ProviderNodes| ProviderShare {
                    provider: p.provider.clone(),
                    nodes: p.nodes.len() as u64,
                };
                row.result.providers = built.record.providers.iter().map(share).collect();
                row.result.resources = Resources {
                    load_s: built.record.load_s,
                    first_inference_s: built.record.first_inference_s,
                    jit_s: built.record.jit_s,
                    ..Resources::default()
                };
                row.built = Some(built);
            }
            Err(error) => row.fail(context, i, error)?,
        }
    }
    Ok(())
}

/// One round's share of a measurement: the recipe's time and iterations are those of all rounds together.
pub fn share_of(bench: &BenchSpec, rounds: u32) -> BenchSpec {
    let whole = Plan::from_spec(bench, false);
    BenchSpec {
        duration_s: Some(whole.duration_s / f64::from(rounds)),
        iterations: Some(whole.iterations.div_ceil(u64::from(rounds)).max(1)),
        ..bench.clone()
    }
}

impl Row {
    /// Takes in a round.
    ///
    /// # Errors
    /// An output of another job.
    pub fn measured(&mut self, output: JobOutput, samples: Vec<Sample>) -> Result<(), JobError> {
        let JobOutput::Bench {
            environment,
            protocol,
            shapes,
            is_gpu,
            notes,
            memory,
            device_memory,
            effective_precision,
            ..
        } = output
        else {
            return Err(unexpected(&output));
        };
        self.rounds.push(samples);
        let resources = &mut self.result.resources;
        resources.host_peak_bytes = memory.map(|m| m.peak).max(resources.host_peak_bytes);
        resources.device = device_memory.map(|m| *m).or(resources.device);
        self.result.effective_precision = effective_precision.map(|e| *e);
        let facts = self.run.get_or_insert_with(|| RunFacts {
            protocol: Protocol::Custom,
            is_gpu,
            environment: environment.clone(),
            shapes,
            notes: Vec::new(),
        });
        // The environment's states of the GPU are those at the start of the first round and the end of the last.
        if facts.environment.gpu.len() > 1
            && let Some(last) = environment.gpu.last()
        {
            facts.environment.gpu.truncate(1);
            facts.environment.gpu.push(last.clone());
        }
        if let Ok(named) = serde_json::from_value(protocol.into()) {
            facts.protocol = named;
        }
        for note in notes {
            if !facts.notes.contains(&note) {
                facts.notes.push(note);
            }
        }
        Ok(())
    }

    /// Number of samples of the first input that one inference takes.
    fn batch(&self) -> u64 {
        if let Some(batch) = self.batch {
            return batch;
        }
        let first = self.built.as_ref().and_then(|b| b.inputs.first());
        let shapes = self.run.as_ref().map(|r| r.shapes.as_slice()).unwrap_or_default();
        let mut shapes = shapes.iter().filter_map(|s| parse_named_shape(s).ok());
        let shape = first.and_then(|input| shapes.find(|(name, _)| *name == input.name));
        shape.and_then(|(_, dims)| dims.first().copied()).unwrap_or(1)
    }
}

/// What the history keeps of a variant besides its result.
pub struct Kept {
    recipe: Recipe,
    protocol: &'static str,
    /// Samples by round.
    pub rounds: Vec<Vec<Sample>>,
}

/// Adds what was measured to the history, or says in the comparison why it is not there; `runs` are in the order of the
/// comparison's variants.
pub fn keep(context: &Context, comparison: &mut Comparison, runs: Vec<Kept>) {
    let Some(folder) = context.data() else { return };
    if let Err(why) = append(folder, comparison, runs) {
        comparison
            .warnings
            .push(format!("this comparison is not in the history: {why}"));
    }
}

fn append(folder: &Path, comparison: &Comparison, runs: Vec<Kept>) -> Result<(), String> {
    for (result, run) in comparison.variants.iter().zip(runs) {
        if run.rounds.is_empty() {
            continue;
        }
        let model = &run.recipe.model;
        let sha256 = model.sha256.clone().unwrap_or_default();
        let entry = Entry {
            id: String::new(),
            model: file_name(&model.path),
            model_sha256: sha256.clone(),
            protocol: run.protocol.into(),
            recipe: run.recipe.to_toml(),
            result: result.clone(),
            rounds: Vec::new(),
        };
        History::open(folder, &sha256)?.append(entry, &run.rounds)?;
    }
    Ok(())
}

/// The last part of a path.
pub fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// Makes a comparison of what was measured, for [`Comparison::judge`] to judge.
pub fn compare(rows: Vec<Row>, outcome: Outcome) -> (Comparison, Vec<Kept>) {
    let mut warnings = outcome.warnings;
    let mut failures = Vec::new();
    let reference_top1 = outcome.reference.as_ref().and_then(ReferenceResult::top1_percent);
    let (name, sha256) = rows.first().map_or_else(Default::default, |r| {
        let model = &r.recipe.model;
        (file_name(&model.path), model.sha256.clone().unwrap_or_default())
    });
    let mut runs = Vec::with_capacity(rows.len());
    let mut protocols: Vec<&'static str> = Vec::new();
    let mut variants = Vec::with_capacity(rows.len());
    for mut row in rows {
        row.result.batch = row.batch();
        row.result.sessions = row.sessions;
        let mut protocol = "";
        if let Some(facts) = row.run.take() {
            row.result.shapes = facts.shapes;
            row.result.environment = facts.environment;
            let measured = Measured {
                rounds: &row.rounds,
                protocol: facts.protocol,
                is_gpu: facts.is_gpu,
            };
            row.result.fill(&measured);
            row.notes.extend(facts.notes);
            let effective = row.result.effective_precision.as_ref();
            let warning = effective.and_then(|e| e.warning(row.recipe.build.precision));
            row.result.statistics.warnings.extend(warning);
            protocol = facts.protocol.name();
            if !protocols.contains(&protocol) {
                protocols.push(protocol);
            }
        }
        // What the build itself found of its profiles is known by now; the same sentence is said once.
        let built = row.built.iter().flat_map(|b| b.record.notes.clone());
        for note in std::mem::take(&mut row.notes).into_iter().chain(built) {
            if !row.result.notes.contains(&note) {
                row.result.notes.push(note);
            }
        }
        row.result.broken_limits = check_limits(&row.result, &row.recipe.accuracy, reference_top1);
        failures.extend(
            row.result
                .broken_limits
                .iter()
                .map(|why| format!("{}: {why}", row.result.name)),
        );
        variants.push(row.result);
        runs.push(Kept {
            recipe: row.recipe,
            protocol,
            rounds: row.rounds,
        });
    }
    if protocols.len() > 1 {
        warnings.push(format!(
            "the variants were measured under different protocols ({}): their latencies mean different things",
            protocols.join(", ")
        ));
    }
    let comparison = Comparison {
        sizes: Default::default(),
        model: name,
        model_sha256: sha256,
        protocol: protocols.first().map(|p| (*p).to_string()).unwrap_or_default(),
        variants,
        reference: outcome.reference,
        failures,
        warnings,
        ..Comparison::default()
    };
    (comparison, runs)
}
