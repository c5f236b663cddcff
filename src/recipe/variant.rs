//! Variants resolved to recipes of their own.

use super::Recipe;

impl Recipe {
    /// One recipe per variant, overrides applied and checked; the recipe itself (named after precision and target) when it lists none.
    ///
    /// # Errors
    /// The variant's name and the override that does not fit.
    pub fn resolve_variants(&self) -> Result<Vec<(String, Recipe)>, String> {
        todo!("owner: recipe")
    }
}
