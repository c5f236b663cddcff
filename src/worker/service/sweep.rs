//! Latency and throughput against an open size, the batch in most cases: one engine a variant, measured at every size in
//! turn, round by round.
//!
//! Every size is a row of the comparison that comes out. Where the recipe leaves the batch sizes to the program, they
//! double in the first round until the largest asked for, the time of an inference, memory or an error ends them.

use super::accuracy::Outcome;
use super::build::{Built, GUESS, build, with_hash};
use super::compare::{self, Row, SEED, share_of};
use super::context::{Context, Step};
use super::estimate::Builds;
use super::sizes::patched_graph;
use super::{ServiceEvent, TaskOutput, request};
use crate::bench::Sample;
use crate::bench::measure::Plan;
use crate::bench::rounds::ROUNDS;
use crate::bench::sweep::{Curve, Point, Rounds, knee};
use crate::bench::verdict::Pairing;
use crate::data::over::Over;
use crate::data::profiles::{allows, settle};
use crate::data::shapes::run_shapes;
use crate::format;
use crate::recipe::{Recipe, SweepRow, SweepSpec};
use crate::worker::{Job, JobError, JobEvent, JobOutput};

/// A variant on its way through the task.
struct Swept {
    /// Its name.
    name: String,
    /// Index of its first row among all rows planned: the number that events carry.
    first: usize,
    /// Its batch sizes, ascending.
    rows: Vec<Row>,
    /// Batch sizes planned.
    planned: usize,
    /// Why batch sizes after the last row are not measured.
    stopped: Option<String>,
    /// The worker's peak memory after the size before.
    peak: Option<u64>,
    /// By row.
    facts: Vec<Facts>,
}

/// What is known of one size besides its samples.
#[derive(Clone, Copy, Default)]
struct Facts {
    size: u64,
    peak: Option<u64>,
    profile: Option<usize>,
}

/// What ends the doubling.
struct Limits {
    latency_ms: f64,
}

/// The recipe with the sizes to sweep, where it leaves those of a size other than the batch to the program: sizes around the
/// one that is measured otherwise, at which the model works. Opens the model then.
///
/// # Errors
/// A size that the model does not leave open, a model that cannot be read.
pub fn planned(recipe: &Recipe) -> Result<Recipe, String> {
    let mut planned = recipe.clone();
    let Some(spec) = planned.sweep.as_mut().filter(|s| !s.is_batch()) else {
        return Ok(planned);
    };
    let graph = patched_graph(recipe)?;
    let over = Over::find(&graph, spec.what())?;
    if spec.sizes.is_empty() {
        spec.sizes = over.sizes(&graph, &run_shapes(&graph, recipe)?);
        if spec.sizes.is_empty() {
            return Err(format!(
                "the model works at no size of {} that was tried; give --sizes",
                over.label
            ));
        }
    }
    Ok(planned)
}

/// The task.
pub fn run(context: &Context, recipe: &Recipe) -> Result<TaskOutput, JobError> {
    context.plan(vec![Step::known(0.2)]);
    context.phase("Read model", None);
    let recipe = &planned(recipe).map_err(request)?;
    let spec = recipe.sweep.clone().unwrap_or_default();
    let planned = recipe.sweep_rows().map_err(request)?;
    let mut swept: Vec<Swept> = Vec::new();
    for (index, row) in planned.into_iter().enumerate() {
        match swept.last_mut().filter(|s| s.name == row.variant) {
            Some(last) => last.plan(row)?,
            None => swept.push(Swept::new(context, index, row)?),
        }
    }
    for variant in &mut swept {
        variant.shape(spec.what())?;
    }
    let rounds = recipe.bench.rounds.unwrap_or(ROUNDS).max(1);
    let builds = Builds::open(context.data());
    context.replan(steps(&swept, rounds, &builds));
    for variant in &mut swept {
        variant.build(context, &builds)?;
    }
    let limits = (spec.is_batch() && spec.batches.is_empty()).then(|| Limits {
        latency_ms: spec.max_latency_ms.unwrap_or(SweepSpec::MAX_LATENCY_MS),
    });
    for round in 0..rounds {
        let most = swept.iter().map(|s| s.rows.len()).max().unwrap_or(0);
        for at in 0..most {
            for variant in &mut swept {
                variant.measure(context, at, round, rounds, limits.as_ref())?;
            }
        }
    }
    let mut rows = Vec::new();
    let mut parts = Vec::new();
    for variant in swept {
        let first = rows.len();
        rows.extend(variant.rows);
        let facts = variant.facts;
        parts.push((variant.name, first..rows.len(), variant.stopped, facts));
    }
    compare::something_measured(&mut rows)?;
    let (mut comparison, runs) = compare::compare(rows, Outcome::default());
    let taken: Vec<&[Vec<Sample>]> = runs.iter().map(|r| r.rounds.as_slice()).collect();
    comparison.judge(&taken, Pairing::Rounds { growing: false }, None, None);
    for (name, range, stopped, facts) in parts {
        let of = |row: usize, facts: &Facts| {
            let result = comparison.variants.get(row).filter(|v| v.error.is_none())?;
            let point = Point {
                row,
                median_ms: result.statistics.latency_ms.median,
                items_per_s: result.statistics.throughput_qps * facts.size as f64,
                peak_bytes: facts.peak,
                profile: facts.profile,
                ..Point::at(facts.size)
            };
            Some((point, Rounds::of(result.batch, &runs.get(row)?.rounds)))
        };
        let measured: Vec<(Point, Rounds)> = range.zip(&facts).filter_map(|(row, f)| of(row, f)).collect();
        comparison.sweeps.push(curve(name, spec.what(), stopped, &measured));
    }
    compare::keep(context, &mut comparison, runs);
    Ok(TaskOutput::Compare(comparison))
}

fn curve(name: String, over: &str, stopped: Option<String>, measured: &[(Point, Rounds)]) -> Curve {
    let points = measured.iter().filter_map(|(point, rounds)| {
        let (images_per_s, low, high) = rounds.rates()?;
        Some(Point {
            batch: rounds.batch,
            images_per_s,
            low,
            high,
            ..*point
        })
    });
    let rounds: Vec<Rounds> = measured.iter().map(|(_, rounds)| rounds.clone()).collect();
    // A batch is chosen for its throughput, which bends; other sizes are what the work asks for.
    let (knee, no_knee) = match over == SweepSpec::BATCH {
        false => (None, None),
        true => match knee(&rounds) {
            Ok(knee) => (Some(knee), None),
            Err(why) => (None, Some(why)),
        },
    };
    Curve {
        name,
        over: over.into(),
        points: points.collect(),
        knee,
        no_knee,
        traffic: Vec::new(),
        stopped,
    }
}

fn steps(swept: &[Swept], rounds: u32, builds: &Builds) -> Vec<Step> {
    let mut steps = Vec::new();
    let first = |s: &Swept| s.rows.first().map(|r| r.recipe.clone());
    for recipe in swept.iter().filter_map(first) {
        steps.push(Step::from(builds.estimate(&recipe), GUESS));
    }
    for _ in 0..rounds {
        for row in swept.iter().flat_map(|s| &s.rows) {
            let plan = Plan::from_spec(&share_of(&row.recipe.bench, rounds), false);
            steps.push(Step::known(plan.duration_s + plan.warmup_ms / 1e3));
        }
    }
    steps
}

impl Swept {
    fn new(context: &Context, first: usize, row: SweepRow) -> Result<Self, JobError> {
        let recipe = super::precision::prepare(context, with_hash(context, &row.recipe)?, Some(first))?;
        let mut swept = Self {
            name: row.variant.clone(),
            first,
            rows: Vec::new(),
            planned: 0,
            stopped: None,
            peak: None,
            facts: Vec::new(),
        };
        swept.plan(SweepRow { recipe, ..row })?;
        Ok(swept)
    }

    /// Adds a batch size; the recipe of the first one is the prepared one.
    fn plan(&mut self, row: SweepRow) -> Result<(), JobError> {
        let recipe = self.rows.first().map_or(row.recipe, |r| r.recipe.clone());
        let mut new = Row::new(row.name, recipe);
        new.batch = row.batch;
        new.result.batch = row.batch.unwrap_or(1);
        self.rows.push(new);
        self.facts.push(Facts {
            size: row.size,
            ..Facts::default()
        });
        self.planned = self.rows.len();
        Ok(())
    }

    /// Shapes of every row, and the profile that one engine for all of them needs.
    ///
    /// # Errors
    /// A model that fixes the size, or that cannot be read.
    fn shape(&mut self, over: &str) -> Result<(), JobError> {
        let Some(recipe) = self.rows.first().map(|r| r.recipe.clone()) else {
            return Ok(());
        };
        let graph = patched_graph(&recipe).map_err(request)?;
        let bound = run_shapes(&graph, &recipe).map_err(request)?;
        let path = recipe.model.path.display();
        let over = Over::find(&graph, over).map_err(|why| request(format!("{path}: {why}")))?;
        for (row, facts) in self.rows.iter_mut().zip(&self.facts) {
            let shapes = over.set(&graph, &bound, facts.size);
            row.recipe.bench.shapes = shapes.map_err(|why| {
                request(format!(
                    "{path}: {why}; a sweep needs a model whose {} is dynamic",
                    over.label
                ))
            })?;
        }
        let runs: Vec<_> = self.rows.iter().map(|r| r.recipe.bench.shapes.clone()).collect();
        // Best at the largest: the end of the curve is what the sweep is about.
        let from_largest: Vec<_> = runs.iter().rev().cloned().collect();
        let settled = settle(&graph, &recipe, &runs, &from_largest).map_err(request)?;
        for row in &mut self.rows {
            row.recipe.profiles.clone_from(&settled.profiles);
        }
        if settled.profiles.len() > 1 {
            for (facts, run) in self.facts.iter_mut().zip(&runs) {
                facts.profile = settled.profiles.iter().position(|p| allows(p, run));
            }
        }
        if let Some(row) = self.rows.first_mut() {
            row.notes = settled.notes;
        }
        Ok(())
    }

    /// Builds the variant's engine, for all its rows.
    fn build(&mut self, context: &Context, builds: &Builds) -> Result<(), JobError> {
        let Some(recipe) = self.rows.first().map(|r| r.recipe.clone()) else {
            return Ok(());
        };
        context.phase(format!("Build {}", self.name), Some(self.first));
        match self.built(context, &recipe) {
            Ok(built) => {
                builds.remember(&recipe, &built.record);
                let record = &built.record;
                for row in &mut self.rows {
                    row.result.target = format!("{}@{}", record.target, record.version);
                    row.result.build_s = record.seconds;
                    row.result.engine_bytes = record.engine_bytes;
                    row.built = Some(built.clone());
                }
                Ok(())
            }
            Err(error) => {
                // One engine, one failure: it is told of the first row, and there are no others.
                self.rows.truncate(1);
                self.rows
                    .iter_mut()
                    .try_for_each(|row| row.fail(context, self.first, error.clone()))
            }
        }
    }

    fn built(&self, context: &Context, recipe: &Recipe) -> Result<Built, JobError> {
        let worker = context.worker(Some(&recipe.target))?;
        build(context, worker, recipe, Some(self.first), None, false)
    }

    /// Measures the row at `at` for one round. `limits` are given where the program chooses the batch sizes.
    fn measure(
        &mut self,
        context: &Context,
        at: usize,
        round: u32,
        rounds: u32,
        limits: Option<&Limits>,
    ) -> Result<(), JobError> {
        let index = self.first + at;
        let Some(row) = self.rows.get_mut(at) else {
            return Ok(());
        };
        context.phase(
            format!("Measure {}, round {} of {rounds}", row.name, round + 1),
            Some(index),
        );
        let Some(built) = row.built.clone() else { return Ok(()) };
        let mut recipe = row.recipe.clone();
        recipe.bench = share_of(&recipe.bench, rounds);
        let job = Job::Bench {
            engine: built.engine,
            recipe: Box::new(recipe),
            seed: SEED,
        };
        let mut samples: Vec<Sample> = Vec::new();
        let measured = context.run(&built.worker, job, Some(index), &mut |event| {
            if let JobEvent::Samples(new) = event {
                samples.extend_from_slice(new);
                let samples = new.clone();
                context.tell(ServiceEvent::Samples {
                    variant: index,
                    round,
                    samples,
                });
            }
        });
        let output = match measured {
            Ok(output) => output,
            Err(error) => return self.failed(context, at, round, limits.is_some(), error),
        };
        let memory = match &output {
            JobOutput::Bench { memory, .. } => memory.as_deref().copied(),
            _ => None,
        };
        let median =
            crate::bench::Summary::of(samples.iter().map(Sample::latency_ms).collect()).map_or(0.0, |s| s.median);
        let batch = row.batch.unwrap_or(1);
        row.measured(output, samples)?;
        if let Some(facts) = self.facts.get_mut(at)
            && round == 0
        {
            facts.peak = memory.map(|m| m.peak);
        }
        if let Some(limits) = limits.filter(|_| round == 0) {
            let full = memory
                .zip(self.peak)
                .is_some_and(|(now, before)| now.forbids_doubling(before));
            self.peak = memory.map(|m| m.peak);
            let why = if median > limits.latency_ms {
                format!(
                    "one inference of batch {batch} takes {} ms, more than the {} ms at which doubling ends",
                    format::significant(median),
                    format::significant(limits.latency_ms)
                )
            } else if full {
                let left = memory.map_or(0, |m| m.available);
                format!(
                    "batch {} would not fit into the {} of memory that are left",
                    batch * 2,
                    format::bytes(left)
                )
            } else {
                return Ok(());
            };
            self.stop(at + 1, why);
        }
        Ok(())
    }

    /// Ends the batch sizes before the row at `from`.
    fn stop(&mut self, from: usize, why: String) {
        if from < self.planned {
            self.stopped = Some(why);
        }
        self.rows.truncate(from);
    }

    /// A row that cannot be measured: the end of the doubling, or a row with an error.
    fn failed(
        &mut self,
        context: &Context,
        at: usize,
        round: u32,
        open: bool,
        error: JobError,
    ) -> Result<(), JobError> {
        let lost = matches!(error, JobError::Worker(_));
        let index = self.first + at;
        if let Some(row) = self.rows.get_mut(at) {
            let batch = row.batch.unwrap_or(1);
            let why = error.to_string();
            row.fail(context, index, error)?;
            if open && round == 0 && at > 0 {
                self.stop(at, format!("batch {batch} failed: {why}"));
            }
        }
        if lost {
            self.build_again(context)?;
        }
        Ok(())
    }

    /// The worker took the engine with it; the other batch sizes get a new one.
    fn build_again(&mut self, context: &Context) -> Result<(), JobError> {
        let Some(recipe) = self.rows.first().map(|r| r.recipe.clone()) else {
            return Ok(());
        };
        let built = self.built(context, &recipe);
        for (at, row) in self.rows.iter_mut().enumerate().filter(|(_, r)| r.built.is_some()) {
            match &built {
                Ok(built) => row.built = Some(built.clone()),
                Err(error) => row.fail(context, self.first + at, error.clone())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_names_its_rows_and_says_why_it_has_no_knee() {
        let at = |row: usize, batch: u64, ms: f64| {
            let rounds = Rounds {
                batch,
                rounds: vec![(batch as f64 * 10.0, ms); 3],
            };
            let point = Point {
                row,
                ..Point::at(batch)
            };
            (point, rounds)
        };
        let measured = [at(4, 1, 100.0), at(5, 2, 110.0), at(7, 8, 400.0)];
        let other = curve("fp32".into(), "seq", None, &measured);
        assert_eq!((other.knee, other.no_knee), (None, None));
        let curve = curve("fp32".into(), "batch", Some("enough".into()), &measured);
        let rows: Vec<(u64, usize, f64)> = curve
            .points
            .iter()
            .map(|p| (p.batch, p.row, p.images_per_s.round()))
            .collect();
        assert_eq!(rows, [(1, 4, 100.0), (2, 5, 182.0), (8, 7, 200.0)]);
        assert_eq!(curve.knee, None);
        assert!(
            curve
                .no_knee
                .is_some_and(|why| why.starts_with("3 batch sizes measured"))
        );
    }
}
