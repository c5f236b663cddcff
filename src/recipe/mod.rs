//! Everything needed to reproduce a build, as a TOML file that people can read and commit (recipe version 1).
//!
//! The studio edits recipes, the command line executes them. Unknown keys are errors that name the nearest key.
//! May be called by everything from `engine` up; calls `rewrite` (for patches) and below.
//!
//! A file is read to `node` (values with their lines), turned into `spec`'s types by `de`, and checked by `validate`.

pub(crate) mod de;
pub mod lowering;
mod node;
pub mod precision;
pub mod read;
pub mod spec;
pub mod units;
mod validate;
pub mod variant;
pub mod write;

pub use crate::graph::ranges::{ProfileSpec, ShapeRange, ValueRange};
pub use lowering::Lowering;
pub use precision::Precision;
pub use read::RecipeError;
pub use spec::{
    AccuracySpec, BenchSpec, BuildSpec, DataSource, DataSpec, ModelSpec, Recipe, SweepSpec, TargetSpec, VariantSpec,
};
pub use variant::{Grid, SweepRow};

#[cfg(test)]
mod tests;
