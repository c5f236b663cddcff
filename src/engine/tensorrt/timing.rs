//! The timing cache of TensorRT 10 and 11: what earlier builds measured, kept per device and version. TensorRT-RTX has none.

use super::libraries::numbers;
use super::options::TimingCache;
use super::words;
use crate::engine::EngineError;
use crate::engine::cuda::DeviceInfo;
use crate::files;
use enginesmith_tensorrt::api::BuilderConfig;
use enginesmith_tensorrt::{Flavour, Version};
use std::path::{Path, PathBuf};

/// Larger files are no timing cache.
const MOST: u64 = 1 << 30;

/// The file for a build; none when nothing is kept.
pub fn file(cache: &TimingCache, version: Version, device: Option<&DeviceInfo>) -> Option<PathBuf> {
    if version.flavour == Flavour::Rtx {
        return None;
    }
    match cache {
        TimingCache::Off => None,
        TimingCache::File(path) => Some(path.clone()),
        TimingCache::User => {
            let dirs = directories::ProjectDirs::from("", "", "enginesmith")?;
            let name = format!("tensorrt-{}.cache", place(version, device?));
            Some(dirs.cache_dir().join("timing").join(name))
        }
    }
}

/// Version and device as part of a file's name.
pub(super) fn place(version: Version, device: &DeviceInfo) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = device.name.chars().map(plain).collect();
    let (major, minor) = device.capability;
    format!("{}-{name}-sm{major}{minor}", numbers(version))
}

/// Gives an earlier cache to the build, or a fresh one.
///
/// # Errors
/// A file that TensorRT refuses (of another version, damaged), by name.
pub fn load(config: &mut BuilderConfig<'_>, file: &Path) -> Result<(), EngineError> {
    let known = std::fs::metadata(file).is_ok_and(|m| m.is_file() && m.len() <= MOST);
    let bytes = if known { std::fs::read(file).ok() } else { None };
    let refused = |error| match words::error(error) {
        EngineError::Failed(text) => EngineError::Request(format!("timing cache {}: {text}", file.display())),
        other => other,
    };
    config
        .set_timing_cache(&bytes.unwrap_or_default(), false)
        .map_err(refused)
}

/// Keeps the cache after a build; what goes wrong is worth a line in the log, no more.
///
/// # Errors
/// Why it is not kept.
pub fn store(config: &BuilderConfig<'_>, file: &Path) -> Result<u64, String> {
    let cache = config.timing_cache().map_err(|e| e.to_string())?;
    let Some(cache) = cache else {
        return Ok(0);
    };
    std::fs::create_dir_all(files::folder(file))
        .and_then(|()| files::write_renamed(file, &cache))
        .map_err(|e| format!("{}: {}", file.display(), files::words(&e)))?;
    Ok(cache.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_per_device_and_version_and_none_for_rtx() {
        let device = DeviceInfo {
            index: 0,
            name: "NVIDIA L4/x".into(),
            capability: (8, 9),
        };
        let of = |flavour, text| Version::from_text(flavour, text).unwrap();
        let version = of(Flavour::Enterprise, "10.16.1.11");
        assert_eq!(place(version, &device), "10.16.1.11-nvidia-l4-x-sm89");
        let named = TimingCache::File("/x".into());
        assert_eq!(file(&named, version, None), Some("/x".into()));
        assert_eq!(file(&TimingCache::Off, version, Some(&device)), None);
        assert_eq!(file(&named, of(Flavour::Rtx, "1.7.1.116"), Some(&device)), None);
    }
}
