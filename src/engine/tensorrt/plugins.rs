//! Plugin libraries of TensorRT.

use super::words;
use crate::engine::EngineError;
use enginesmith_tensorrt::{Flavour, Library};
use std::path::PathBuf;

/// Loads TensorRT's standard plugins, where the product has them, and those that the recipe names.
///
/// # Errors
/// A plugin library that cannot be loaded.
pub fn load_plugins(library: Library, plugins: &[PathBuf]) -> Result<(), EngineError> {
    if library.version().flavour == Flavour::Enterprise
        && let Err(error) = library.load_standard_plugins()
    {
        // The plugin library is a package of its own; many models need none of it.
        tracing::warn!("the standard plugins are not loaded: {error}");
    }
    if plugins.is_empty() {
        return Ok(());
    }
    let mut registry = library.plugins().map_err(words::error)?;
    for path in plugins {
        // SAFETY: the recipe names the library, and its help says that it runs its own code; whoever runs a recipe with
        // plugins trusts them, as with trtexec's --plugins.
        unsafe { registry.load_library(path) }.map_err(words::option("plugins"))?;
    }
    Ok(())
}
