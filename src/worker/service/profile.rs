//! Time per layer of one variant, in a run of its own.

use super::build::{GUESS, build, with_hash};
use super::compare::file_name;
use super::context::{Context, Step};
use super::estimate::Builds;
use super::{TaskOutput, unexpected};
use crate::bench::{LayerProfile, lint};
use crate::recipe::Recipe;
use crate::worker::{Job, JobError, JobOutput};

/// Seed of generated inputs: that of comparisons.
const SEED: u64 = 0;

/// The task: builds the engine and profiles `runs` runs at the shapes that would be measured.
pub fn run(context: &Context, recipe: &Recipe, runs: u32) -> Result<TaskOutput, JobError> {
    context.plan(vec![Step::known(0.2), Step::guess(GUESS)]);
    context.phase("Read model", None);
    let recipe = super::precision::prepare(context, with_hash(context, recipe)?, Some(0))?;
    let builds = Builds::open(context.data());
    context.replan(vec![Step::from(builds.estimate(&recipe), GUESS), Step::guess(2.0)]);
    context.phase("Build", Some(0));
    let worker = context.worker(Some(&recipe.target))?;
    let built = build(context, worker, &recipe, Some(0), None, false)?;
    builds.remember(&recipe, &built.record);
    context.phase(format!("Profile {runs} runs"), Some(0));
    let job = Job::Profile {
        engine: built.engine,
        recipe: Box::new(recipe.clone()),
        seed: SEED,
        runs,
    };
    match context.run(&built.worker, job, Some(0), &mut |_| {})? {
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
