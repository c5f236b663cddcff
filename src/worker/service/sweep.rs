//! Throughput against batch size: one engine a variant, measured at every batch size in turn, round by round.
//!
//! Every batch size is a row of the comparison that comes out. Where the recipe leaves the batch sizes to the program, they
//! double in the first round until the largest asked for, the time of an inference, memory or an error ends them.

use super::accuracy::Outcome;
use super::build::{Built, GUESS, build, with_hash};
use super::compare::{self, Row, SEED, share_of};
use super::context::{Context, Step};
use super::estimate::Builds;
use super::{ServiceEvent, TaskOutput, request};
use crate::bench::Sample;
use crate::bench::measure::Plan;
use crate::bench::rounds::ROUNDS;
use crate::bench::sweep::{Curve, Point, Rounds, knee};
use crate::bench::verdict::Pairing;
use crate::data::shapes;
use crate::format;
use crate::graph::Graph;
use crate::model::Model;
use crate::recipe::{Recipe, SweepRow, SweepSpec};
use crate::worker::{Job, JobError, JobEvent, JobOutput};
use std::sync::Arc;

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
    /// The worker's peak memory after the batch size before.
    peak: Option<u64>,
}

/// What ends the doubling.
struct Limits {
    latency_ms: f64,
}

/// The task.
pub fn run(context: &Context, recipe: &Recipe) -> Result<TaskOutput, JobError> {
    let spec = recipe.sweep.clone().unwrap_or_default();
    let planned = recipe.sweep_rows().map_err(request)?;
    context.plan(vec![Step::known(0.2)]);
    context.phase("Read model", None);
    let mut swept: Vec<Swept> = Vec::new();
    for (index, row) in planned.into_iter().enumerate() {
        match swept.last_mut().filter(|s| s.name == row.variant) {
            Some(last) => last.plan(row)?,
            None => swept.push(Swept::new(context, index, row)?),
        }
    }
    for variant in &mut swept {
        variant.shape()?;
    }
    let rounds = recipe.bench.rounds.unwrap_or(ROUNDS).max(1);
    let builds = Builds::open(context.data());
    context.replan(steps(&swept, rounds, &builds));
    for variant in &mut swept {
        variant.build(context, &builds)?;
    }
    let limits = spec.batches.is_empty().then(|| Limits {
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
        parts.push((variant.name, first..rows.len(), variant.stopped));
    }
    compare::something_measured(&mut rows)?;
    let (mut comparison, runs) = compare::compare(rows, Outcome::default());
    let taken: Vec<&[Vec<Sample>]> = runs.iter().map(|r| r.rounds.as_slice()).collect();
    comparison.judge(&taken, Pairing::Rounds { growing: false }, None, None);
    for (name, range, stopped) in parts {
        let measured: Vec<(usize, Rounds)> = range
            .filter(|row| comparison.variants.get(*row).is_some_and(|v| v.error.is_none()))
            .filter_map(|row| {
                Some((
                    row,
                    Rounds::of(comparison.variants.get(row)?.batch, &runs.get(row)?.rounds),
                ))
            })
            .collect();
        comparison.sweeps.push(curve(name, stopped, &measured));
    }
    compare::keep(context, &mut comparison, runs);
    Ok(TaskOutput::Compare(comparison))
}

fn curve(name: String, stopped: Option<String>, measured: &[(usize, Rounds)]) -> Curve {
    let points = measured.iter().filter_map(|(row, rounds)| {
        let (images_per_s, low, high) = rounds.rates()?;
        Some(Point {
            batch: rounds.batch,
            row: *row,
            images_per_s,
            low,
            high,
        })
    });
    let rounds: Vec<Rounds> = measured.iter().map(|(_, rounds)| rounds.clone()).collect();
    let (knee, no_knee) = match knee(&rounds) {
        Ok(knee) => (Some(knee), None),
        Err(why) => (None, Some(why)),
    };
    Curve {
        name,
        points: points.collect(),
        knee,
        no_knee,
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
        };
        swept.plan(SweepRow { recipe, ..row })?;
        Ok(swept)
    }

    /// Adds a batch size; the recipe of the first one is the prepared one.
    fn plan(&mut self, row: SweepRow) -> Result<(), JobError> {
        let recipe = self.rows.first().map_or(row.recipe, |r| r.recipe.clone());
        let mut new = Row::new(row.name, recipe);
        new.batch = Some(row.batch);
        new.result.batch = row.batch;
        self.rows.push(new);
        self.planned = self.rows.len();
        Ok(())
    }

    /// Shapes of every row, and the profile that one engine for all of them needs.
    ///
    /// # Errors
    /// A model whose batch is fixed, or that cannot be read.
    fn shape(&mut self) -> Result<(), JobError> {
        let Some(recipe) = self.rows.first().map(|r| r.recipe.clone()) else {
            return Ok(());
        };
        let model = Model::open(&recipe.model.path).map_err(|e| request(e.to_string()))?;
        let graph = Graph::new(Arc::new(model));
        let bound = shapes::bind_shapes(&graph, &recipe.bench.shapes, &recipe.profiles).map_err(request)?;
        for row in &mut self.rows {
            let shapes = shapes::with_batch(&graph, &bound, row.batch.unwrap_or(1));
            row.recipe.bench.shapes = shapes.map_err(|why| {
                request(format!(
                    "{}: {why}; a sweep needs a model whose batch is dynamic",
                    recipe.model.path.display()
                ))
            })?;
        }
        let ends = self.rows.first().zip(self.rows.last());
        let Some((smallest, largest)) = ends.map(|(a, b)| (&a.recipe.bench.shapes, &b.recipe.bench.shapes)) else {
            return Ok(());
        };
        let needs = recipe.target.name.starts_with("tensorrt");
        let profiles = shapes::cover(&graph, &recipe.profiles, smallest, largest, needs);
        for row in &mut self.rows {
            row.recipe.profiles.clone_from(&profiles);
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
        let rounds = |batch: u64, ms: f64| Rounds {
            batch,
            rounds: vec![(batch as f64 * 10.0, ms); 3],
        };
        let measured = [(4, rounds(1, 100.0)), (5, rounds(2, 110.0)), (7, rounds(8, 400.0))];
        let curve = curve("fp32".into(), Some("enough".into()), &measured);
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
