//! Everything needed to reproduce a build, as a TOML file that people can read and commit (recipe version 1).
//!
//! The studio edits recipes, the command line executes them. Unknown keys are errors that name the nearest key.
//! May be called by everything from `engine` up; calls `rewrite` (for patches) and below.

pub mod precision;
pub mod read;
pub mod spec;
pub mod variant;

pub use precision::Precision;
pub use read::RecipeError;
pub use spec::{
    AccuracySpec, BenchSpec, BuildSpec, DataSource, DataSpec, ModelSpec, ProfileSpec, Recipe, ShapeRange, TargetSpec,
    VariantSpec,
};
