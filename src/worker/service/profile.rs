//! Time per layer of one variant, in a run of its own.

use super::build::{GUESS, build, with_hash};
use super::compare::file_name;
use super::context::{Context, Step};
use super::estimate::Builds;
use super::{TaskOutput, unexpected};
use crate::bench::layer::RUNS;
use crate::bench::{LayerProfile, lint};
use crate::recipe::Recipe;
use crate::worker::{Job, JobError, JobOutput};

/// Seed of generated inputs: that of comparisons.
const SEED: u64 = 0;

/// Milliseconds that a profile takes when nobody says how many runs it has,
const BUDGET_MS: f64 = 10_000.0;
/// and the fewest runs that it then has.
const LEAST: u32 = 5;

/// As many runs as fit into the budget, one of which takes this long.
fn fitting(run_ms: f64) -> u32 {
    let runs = BUDGET_MS / run_ms.max(1e-3);
    (runs as u32).clamp(LEAST, RUNS)
}

/// The task: builds the engine and profiles it at the shapes that would be measured, over `runs` runs or as many as fit
/// into a few seconds.
pub fn run(context: &Context, recipe: &Recipe, runs: Option<u32>) -> Result<TaskOutput, JobError> {
    context.plan(vec![Step::known(0.2), Step::guess(GUESS)]);
    context.phase("Read model", None);
    let mut recipe = super::precision::prepare(context, with_hash(context, recipe)?, Some(0))?;
    super::profiles::settle_all(&mut [&mut recipe])?;
    let builds = Builds::open(context.data());
    context.replan(vec![
        Step::from(builds.estimate(&recipe), GUESS),
        Step::guess(1.0),
        Step::guess(5.0),
    ]);
    context.phase("Build", Some(0));
    let worker = context.worker(Some(&recipe.target))?;
    let built = build(context, worker, &recipe, Some(0), None, false)?;
    builds.remember(&recipe, &built.record);
    let job = |runs: u32| Job::Profile {
        engine: built.engine,
        recipe: Box::new(recipe.clone()),
        seed: SEED,
        runs,
    };
    let runs = match runs {
        Some(runs) => runs,
        None => {
            context.phase("Try one run", Some(0));
            match context.run(&built.worker, job(1), Some(0), &mut |_| {})? {
                JobOutput::Profile { profile, .. } => fitting(profile.run_ms),
                other => return Err(unexpected(&other)),
            }
        }
    };
    context.phase(format!("Profile {runs} runs"), Some(0));
    match context.run(&built.worker, job(runs), Some(0), &mut |_| {})? {
        JobOutput::Profile {
            environment,
            profile,
            inputs,
            shapes,
        } => Ok(TaskOutput::Profile(Box::new(LayerProfile {
            model: file_name(&recipe.model.path),
            model_sha256: built.record.model_sha256.clone(),
            target: format!("{}@{}", built.record.target, built.record.version),
            precision: recipe.build.precision.name().into(),
            shapes,
            inputs,
            environment,
            findings: lint::of_profile(&profile),
            profile,
        }))),
        other => Err(unexpected(&other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_models_have_fewer_runs() {
        assert_eq!(fitting(0.5), RUNS);
        assert_eq!(fitting(1_000.0), 10);
        assert_eq!(fitting(60_000.0), LEAST);
        assert_eq!(fitting(0.0), RUNS);
    }
}
