//! Samples from files.

use super::NamedTensors;
use crate::graph::Graph;
use crate::recipe::DataSource;
use std::path::PathBuf;

/// Why data cannot be used; names the file, the array, the shape or type expected and found.
#[derive(thiserror::Error, Debug)]
#[error("{}: {message}", path.display())]
pub struct DataError {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong.
    pub message: String,
}

/// A stream of samples, each with its inputs at batch 1 (the model's first dimension) and its label when there is one.
pub struct Samples {}

impl Samples {
    /// Opens the source and checks names, types and shapes of the first sample against the model's inputs.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn open(source: &DataSource, graph: &Graph) -> Result<Self, DataError> {
        let _ = (source, graph);
        todo!("owner: recipe/bench/data")
    }

    /// Number of samples.
    pub fn count(&self) -> u64 {
        todo!("owner: recipe/bench/data")
    }

    /// The next `batch` samples stacked on the first dimension (fewer at the end), with labels; `None` after the last.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn next_batch(&mut self, batch: usize) -> Result<Option<(NamedTensors, Vec<i64>)>, DataError> {
        let _ = batch;
        todo!("owner: recipe/bench/data")
    }
}
