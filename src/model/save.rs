//! Saving: streamed to a temporary name in the same folder, then renamed; never over a mapped file's bytes.

use super::{Model, ModelError};
use std::path::Path;

impl Model {
    /// Writes the model to `path`. An existing file is replaced only when `overwrite`; external data is embedded when the
    /// result stays under protobuf's 2 GiB, else written to `<file name>.data` beside it.
    ///
    /// # Errors
    /// [`ModelError::Io`] (an existing file, a full disk, no permission), tensor errors; nothing is left behind.
    pub fn save(&self, path: &Path, overwrite: bool) -> Result<(), ModelError> {
        let _ = (path, overwrite);
        todo!("owner: model/graph")
    }
}
