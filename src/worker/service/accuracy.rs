//! Results of the variants against those of the reference target, on the recipe's test data.
use super::compare::Row;
use super::context::Context;
use crate::recipe::{DataSource, Recipe};
use crate::worker::JobError;
/// x
pub struct Reference {
    /// x
    pub warnings: Vec<String>,
}
pub fn run(_: &Context, _: &Recipe, _: &DataSource, _: &mut [Row]) -> Result<Option<Reference>, JobError> {
    Ok(None)
}
