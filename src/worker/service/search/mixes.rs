//! Measuring the mixes of a search side by side: rows of a comparison, measured as every comparison is.

use super::super::build::with_hash;
use super::super::compare::{Row, measured};
use super::super::context::{Context, Step};
use super::super::{TaskOutput, request};
use crate::bench::mixes::{FULL, Mixes, candidates};
use crate::bench::rounds::ROUNDS;
use crate::data::shapes;
use crate::format;
use crate::graph::Graph;
use crate::model::Model;
use crate::recipe::{Lowering, Precision, Recipe};
use crate::rewrite::search::{Search, precision_patch};
use crate::worker::JobError;
use std::sync::Arc;

/// The task; the recipe's patches are those that were searched.
pub fn run(context: &Context, recipe: &Recipe, search: &Search) -> Result<TaskOutput, JobError> {
    context.plan(vec![Step::known(0.2)]);
    context.phase("Read model", None);
    let at = precision_patch(&recipe.patches).ok_or_else(|| request("no patch of the recipe lowers precision"))?;
    let chosen = candidates(search);
    if chosen.is_empty() {
        return Err(request("the search ran no combination that could be measured"));
    }
    let mut recipe = with_hash(context, recipe)?;
    recipe.variants.clear();
    // What they lose is known already.
    recipe.data.test = None;
    let model = Model::open(&recipe.model.path).map_err(|e| request(e.to_string()))?;
    let graph = Graph::new(Arc::new(model));
    if let Ok(Some(found)) = shapes::of_recipe(&graph, &recipe) {
        recipe.bench.shapes = found.shapes;
    }
    let mut full = recipe.clone();
    full.patches.truncate(at);
    full.build.precision = Precision::Fp32;
    let mut rows = vec![Row::new(FULL.into(), full)];
    for index in &chosen {
        let Some(trial) = search.trials.get(*index) else {
            continue;
        };
        let mut mix = recipe.clone();
        mix.patches = search.patches(&recipe.patches, &trial.kept).map_err(request)?;
        let kept = match trial.kept.len() {
            0 => "all lowered".into(),
            n => format!("{} kept", format::plural(n, "layer")),
        };
        let name = match search.found == Some(*index) {
            true => format!("found: {kept}"),
            false => kept,
        };
        let mut row = Row::new(name, mix);
        row.result.precision = Lowering::of(&row.recipe).to.name().into();
        rows.push(row);
    }
    let comparison = measured(context, &recipe, rows, None)?;
    let trials = std::iter::once(None).chain(chosen.into_iter().map(Some)).collect();
    Ok(TaskOutput::Mixes(Box::new(Mixes { comparison, trials })))
}

/// Rounds that they are measured in.
pub fn rounds(recipe: &Recipe) -> u32 {
    recipe.bench.rounds.unwrap_or(ROUNDS).max(1)
}
