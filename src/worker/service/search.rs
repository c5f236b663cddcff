//! Searching for the layers that lose accuracy when precision is lowered.

use super::context::Context;
use super::{TaskOutput, request};
use crate::recipe::Recipe;
use crate::rewrite::search::{SearchSpec, precision_patch};
use crate::worker::JobError;

/// The task.
pub fn run(_: &Context, recipe: &Recipe, _: &SearchSpec) -> Result<TaskOutput, JobError> {
    precision_patch(&recipe.patches).ok_or_else(|| request("no patch of the recipe lowers precision"))?;
    Err(request("the search does not run yet"))
}
