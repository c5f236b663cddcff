//! The sizes that a task runs at, decided once for all its variants, targets and workers, and told before it starts.

use super::{Context, ServiceEvent, Task, request};
use crate::data::shapes::{recipe_sizes, sizes};
use crate::graph::Graph;
use crate::graph::sizes::Sizes;
use crate::model::Model;
use crate::recipe::Recipe;
use crate::worker::JobError;
use std::sync::Arc;

/// Writes the sizes that the task runs at into its recipe and tells them. A check reads them only: a model that works at
/// no size is what it is to find.
///
/// # Errors
/// No sizes work for the model, or those given do not fit it.
pub fn decide(context: &Context, mut task: Task) -> Result<(Task, Sizes), JobError> {
    let is_check = matches!(task, Task::Check { .. });
    let recipe = match &mut task {
        Task::Check { recipe, .. }
        | Task::Build { recipe, .. }
        | Task::Calibrate { recipe, .. }
        | Task::Search { recipe, .. }
        | Task::Mixes { recipe, .. }
        | Task::Profile { recipe, .. }
        | Task::Accuracy { recipe, .. }
        | Task::Compare { recipe }
        | Task::Sweep { recipe } => recipe,
        Task::Targets | Task::InspectEngine { .. } | Task::Doctor { .. } => return Ok((task, Sizes::default())),
    };
    let found = match of(recipe) {
        Ok(found) => found,
        // Patches may change the inputs: the worker decides with the patched model then.
        Err(_) if !recipe.patches.is_empty() => return Ok((task, Sizes::default())),
        // What contradicts in profiles is said by the check and the build, range by range.
        Err(_) if recipe.profiles.iter().any(|p| !p.is_empty()) => return Ok((task, Sizes::default())),
        Err(why) if is_check => {
            context.log(None, "warn", why);
            return Ok((task, Sizes::default()));
        }
        Err(why) => return Err(request(format!("{}: {why}", recipe.model.path.display()))),
    };
    if found.inputs.values().any(|s| s.is_open) && !is_check {
        recipe.bench.shapes = found.shapes();
    }
    context.tell(ServiceEvent::Sizes(found.clone()));
    Ok((task, found))
}

/// A model that cannot be read, and data that cannot, are said by the task itself.
fn of(recipe: &Recipe) -> Result<Sizes, String> {
    let Ok(model) = Model::open(&recipe.model.path) else {
        return Ok(Sizes::default());
    };
    let graph = Graph::new(Arc::new(model));
    recipe_sizes(&graph, recipe).or_else(|_| sizes(&graph, &recipe.bench.shapes, &recipe.profiles, None))
}
