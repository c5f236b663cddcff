//! The sizes that a task runs at, decided once for all its variants, targets and workers, and told before it starts.

use super::{Context, ServiceEvent, Task, request};
use crate::data::shapes::{SizesError, sizes_or_fault};
use crate::graph::Graph;
use crate::graph::sizes::Sizes;
use crate::model::Model;
use crate::recipe::Recipe;
use crate::rewrite::apply_all;
use crate::worker::JobError;
use std::sync::Arc;

/// Writes the sizes that the task runs at into its recipe and tells them. A check reads them only: a model that works at
/// no size is what it is to find.
///
/// # Errors
/// No sizes work for the model, or those given do not fit it; data that would say the sizes and cannot be read.
pub fn decide(context: &Context, mut task: Task) -> Result<(Task, Sizes), JobError> {
    let is_check = matches!(task, Task::Check { .. });
    let is_build = matches!(task, Task::Build { .. });
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
    // A model that cannot be read, or not be patched, is said by the task itself.
    let Ok(graph) = patched_graph(recipe) else {
        return Ok((task, Sizes::default()));
    };
    let found = match sizes_or_fault(&graph, recipe) {
        Ok(found) => found,
        Err(why) if is_check => {
            context.log(None, "warn", format!("no sizes: {why}"));
            return Ok((task, Sizes::default()));
        }
        Err(SizesError::Data(why)) => return Err(request(why)),
        // What contradicts in profiles is said by the check and the build, range by range.
        Err(SizesError::Model(_)) if recipe.profiles.iter().any(|p| !p.is_empty()) => {
            return Ok((task, Sizes::default()));
        }
        // NVIDIA's parser reads such an input as a scalar, and builds for it.
        Err(SizesError::Rank(why)) if is_build && recipe.target.name.starts_with("tensorrt") => {
            context.log(
                None,
                "warn",
                format!("no sizes: {why}; the builder takes the input as a scalar"),
            );
            return Ok((task, Sizes::default()));
        }
        Err(SizesError::Rank(why) | SizesError::Model(why)) => {
            return Err(request(format!("{}: {why}", recipe.model.path.display())));
        }
    };
    if found.inputs.values().any(|s| s.is_open) && !is_check {
        recipe.bench.shapes = found.shapes();
    }
    context.tell(ServiceEvent::Sizes(found.clone()));
    Ok((task, found))
}

/// The graph that the recipe's sizes are about: after the patches that come before its precision, which changes no size.
///
/// # Errors
/// A model that cannot be read, a patch that cannot be applied.
pub fn patched_graph(recipe: &Recipe) -> Result<Graph, String> {
    let mut model = Arc::new(Model::open(&recipe.model.path).map_err(|e| e.to_string())?);
    let patches = recipe.before_lowering();
    if !patches.is_empty() {
        let path = recipe.model.path.display();
        let applied = apply_all(&model, patches).map_err(|e| format!("{path}: {e}"))?;
        model = applied.last().map_or(model, |last| Arc::clone(&last.model));
    }
    Ok(Graph::new(model))
}
