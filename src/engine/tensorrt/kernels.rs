//! Kernels that TensorRT-RTX compiled on this GPU, kept between processes: most of the time to the first inference is spent
//! on compiling them.

use super::options::KernelCache;
use super::timing::place;
use crate::engine::cuda::DeviceInfo;
use crate::files;
use enginesmith_tensorrt::api::{Engine, RuntimeCache};
use std::path::PathBuf;

/// Larger files are no cache of kernels.
const MOST: u64 = 1 << 30;

/// A cache in use, with the file that it is kept in.
pub struct Kernels {
    /// The cache.
    pub cache: RuntimeCache,
    file: PathBuf,
    /// Bytes of the file as it is.
    kept: usize,
    /// What became of the file when it was read; none when there was none.
    pub note: Option<String>,
}

impl Kernels {
    /// The cache that the options ask for; none when they ask for none.
    ///
    /// # Errors
    /// A library that has none, or no folder for the file.
    pub fn open(wanted: &KernelCache, engine: &Engine, device: &DeviceInfo) -> Result<Option<Self>, String> {
        let file = match wanted {
            KernelCache::Off => return Ok(None),
            KernelCache::File(path) => path.clone(),
            KernelCache::User => {
                let dirs = directories::ProjectDirs::from("", "", "enginesmith");
                let dirs = dirs.ok_or("there is no cache directory for the compiled kernels")?;
                let name = format!("{}.cache", place(engine.library().version(), device));
                dirs.cache_dir().join("kernels").join(name)
            }
        };
        let known = std::fs::metadata(&file).is_ok_and(|m| m.is_file() && m.len() <= MOST);
        let bytes = if known { std::fs::read(&file).ok() } else { None };
        let (cache, note) = match bytes.as_deref().map(|bytes| engine.runtime_cache(Some(bytes))) {
            Some(Ok(cache)) => (
                Some(cache),
                format!("compiled kernels were read from {}", file.display()),
            ),
            // A file of another driver or version is no reason to stop: it is written anew.
            Some(Err(e)) => (None, format!("{} is not used: {e}", file.display())),
            None => (None, String::new()),
        };
        let cache = match cache {
            Some(cache) => cache,
            None => engine.runtime_cache(None).map_err(|e| e.to_string())?,
        };
        Ok(Some(Self {
            cache,
            file,
            kept: bytes.map_or(0, |b| b.len()),
            note: Some(note).filter(|n| !n.is_empty()),
        }))
    }

    /// Writes the file when kernels were added. That it cannot be written costs time, nothing else; the reason is returned.
    pub fn keep(&mut self) -> Option<String> {
        let bytes = match self.cache.serialize() {
            Ok(bytes) => bytes,
            Err(e) => return Some(e.to_string()),
        };
        if bytes.len() == self.kept {
            return None;
        }
        if let Some(folder) = self.file.parent()
            && let Err(e) = std::fs::create_dir_all(folder)
        {
            return Some(format!("{}: {e}", folder.display()));
        }
        match files::write_renamed(&self.file, &bytes) {
            Ok(()) => {
                self.kept = bytes.len();
                None
            }
            Err(e) => Some(format!("{}: {e}", self.file.display())),
        }
    }
}
