//! The profiles of engines that are built together: so that none is refused for want of one, and all serve what is run.

use super::request;
use super::sizes::patched_graph;
use crate::data::profiles::{Settled, Shapes, settle};
use crate::data::shapes::run_shapes;
use crate::graph::Graph;
use crate::recipe::Recipe;
use crate::rewrite::PatchSpec;
use crate::worker::JobError;
use std::path::PathBuf;

/// The profiles of one recipe that is run at its own shapes; where something does not fit, the recipe's own and why.
pub fn settled(graph: &Graph, recipe: &Recipe) -> Settled {
    let run: Vec<Shapes> = run_shapes(graph, recipe).into_iter().collect();
    settle(graph, recipe, &[], &run).unwrap_or_else(|why| Settled {
        profiles: recipe.profiles.clone(),
        notes: vec![why],
    })
}

/// Gives recipes that are measured side by side their profiles: each allows its own shapes, and one that is derived reaches
/// around the shapes of all that run the same model on TensorRT. What is said of each, in the order of the recipes.
///
/// # Errors
/// A model that cannot be read, shapes that do not fit it.
pub fn settle_all(recipes: &mut [&mut Recipe]) -> Result<Vec<Vec<String>>, JobError> {
    let mut graphs: Vec<(PathBuf, Vec<PatchSpec>, Graph)> = Vec::new();
    let mut runs: Vec<Option<(usize, Shapes)>> = Vec::new();
    for recipe in recipes.iter() {
        let is_concerned = recipe.target.name.starts_with("tensorrt") || !recipe.profiles.is_empty();
        if !is_concerned {
            runs.push(None);
            continue;
        }
        let patches = recipe.before_lowering();
        let is_same = |(path, own, _): &(PathBuf, Vec<PatchSpec>, Graph)| *path == recipe.model.path && own == patches;
        let at = match graphs.iter().position(is_same) {
            Some(at) => at,
            None => {
                let graph = patched_graph(recipe).map_err(request)?;
                graphs.push((recipe.model.path.clone(), patches.to_vec(), graph));
                graphs.len() - 1
            }
        };
        let graph = graphs.get(at).map(|(.., graph)| graph);
        let run = graph.and_then(|g| run_shapes(g, recipe).ok());
        runs.push(run.map(|run| (at, run)));
    }
    let mut said = Vec::new();
    for (recipe, run) in recipes.iter_mut().zip(&runs) {
        let Some((at, run)) = run else {
            said.push(Vec::new());
            continue;
        };
        let Some((.., graph)) = graphs.get(*at) else { continue };
        let all: Vec<Shapes> = runs
            .iter()
            .flatten()
            .filter(|(a, _)| a == at)
            .map(|(_, r)| r.clone())
            .collect();
        let settled = settle(graph, recipe, std::slice::from_ref(run), &all).map_err(request)?;
        recipe.profiles = settled.profiles;
        said.push(settled.notes);
    }
    Ok(said)
}
