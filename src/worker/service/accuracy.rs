//! Results of the variants against those of the reference target, on the recipe's test data.

use super::compare::Row;
use super::context::Context;
use crate::recipe::{DataSource, Recipe};
use crate::worker::JobError;

/// What is known of the reference.
pub struct Reference {
    /// What the reader must know.
    pub warnings: Vec<String>,
}

/// Says that accuracy is not compared yet.
pub fn run(_: &Context, _: &Recipe, _: &DataSource, _: &mut [Row]) -> Result<Option<Reference>, JobError> {
    Ok(Some(Reference {
        warnings: vec!["accuracy was not compared: this version measures speed only".into()],
    }))
}
