//! Finding ONNX Runtime libraries without loading them: named by the user, installed by `targets install`, in Python's
//! packages, on the loader's paths, in the system, next to the program.

use crate::engine::installed;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Oldest minor version (of 1.x) whose interface this program knows.
pub const OLDEST: u32 = ort::MINOR_VERSION;
/// Bytes of a library that are searched for its version at most.
const SEARCHED: u64 = 1 << 30;

/// A library that was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Library {
    /// The file, links resolved.
    pub path: PathBuf,
    /// Exact version; none when the file does not say one, and so is hardly an ONNX Runtime.
    pub version: Option<String>,
}

impl Library {
    /// The library at `path`.
    ///
    /// # Errors
    /// Why the file cannot be read.
    pub fn at(path: &Path) -> Result<Self, String> {
        let at = |e: std::io::Error| format!("{}: {e}", path.display());
        let path = path.canonicalize().map_err(at)?;
        let version = match version_in_name(&path) {
            Some(version) => Some(version),
            None => version_inside(&path).map_err(at)?,
        };
        Ok(Self { path, version })
    }

    /// The library of the CUDA provider beside it, when there is one.
    pub fn cuda_provider(&self) -> Option<PathBuf> {
        let name = match std::env::consts::OS {
            "windows" => "onnxruntime_providers_cuda.dll",
            _ => "libonnxruntime_providers_cuda.so",
        };
        Some(self.path.with_file_name(name)).filter(|p| p.is_file())
    }

    /// Why it cannot be used at all; none when it can.
    pub fn refusal(&self) -> Option<String> {
        match &self.version {
            None => Some("it does not say a version: not an ONNX Runtime library, or a damaged one".into()),
            Some(version) if is_old(version) => Some(format!(
                "ONNX Runtime {version} is too old; 1.{OLDEST} or newer is needed (`enginesmith targets install onnxruntime`)"
            )),
            Some(_) => None,
        }
    }

    /// True when its version is `wanted` or begins with these numbers (`1.30` takes `1.30.2`).
    pub fn is_version(&self, wanted: &str) -> bool {
        self.version.as_deref().is_some_and(|version| {
            let rest = version.strip_prefix(wanted.trim());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

fn is_old(version: &str) -> bool {
    let numbers = numbers(version);
    numbers.first() == Some(&0) || (numbers.first() == Some(&1) && numbers.get(1).is_none_or(|n| *n < OLDEST))
}

/// The numbers of a version, for sorting.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map_while(|n| n.parse().ok()).collect()
}

/// Every library on this machine, each once: the one that `ORT_DYLIB_PATH` names first, then newest first.
pub fn find() -> Vec<Library> {
    let mut found: Vec<Library> = Vec::new();
    for path in folders().iter().flat_map(|folder| libraries_in(folder)) {
        if let Ok(library) = Library::at(&path)
            && !found.iter().any(|f| f.path == library.path)
        {
            found.push(library);
        }
    }
    let age = |l: &Library| std::cmp::Reverse(l.version.as_deref().map(numbers).unwrap_or_default());
    found.sort_by_key(age);
    if let Some(Ok(named)) = named().map(|path| Library::at(&path)) {
        found.retain(|l| l.path != named.path);
        found.insert(0, named);
    }
    found
}

/// What `ORT_DYLIB_PATH` says: a library, or a folder with one.
fn named() -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("ORT_DYLIB_PATH").filter(|v| !v.is_empty())?);
    Some(library_at(path))
}

/// The library that a path means: itself, or the first one in it when it is a folder.
pub fn library_at(path: PathBuf) -> PathBuf {
    if !path.is_dir() {
        return path;
    }
    let inside = [path.clone(), path.join("lib"), path.join("onnxruntime/capi")];
    inside
        .iter()
        .find_map(|f| libraries_in(f).into_iter().next())
        .unwrap_or(path)
}

/// Folders that may hold the library, most particular first.
fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for name in ["onnxruntime", "onnxruntime-gpu"] {
        folders.extend(
            installed::versions(name)
                .into_iter()
                .map(|(_, at)| at.join("onnxruntime/capi")),
        );
    }
    folders.extend(python_packages().into_iter().map(|p| p.join("onnxruntime/capi")));
    for variable in ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
        let value = std::env::var_os(variable).unwrap_or_default();
        folders.extend(std::env::split_paths(&value).filter(|p| !p.as_os_str().is_empty()));
    }
    folders.extend(system_folders());
    if let Some(here) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
        folders.extend([here.to_path_buf(), here.join("lib"), here.join("../lib")]);
    }
    // A relative one is wherever the program happens to run: where the models lie, which is nobody's place for programs.
    folders.retain(|folder| folder.is_absolute());
    folders
}

/// Folders of the system's own libraries.
pub fn system_folders() -> Vec<PathBuf> {
    let fixed = [
        "/usr/local/lib",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib64",
        "/usr/lib",
        "/opt/onnxruntime/lib",
        "/opt/homebrew/lib",
    ];
    fixed.iter().map(PathBuf::from).collect()
}

/// Folders of Python packages: of the active environment, of the `python3` on the search path, of the user. Python itself
/// is not started.
pub fn python_packages() -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = Vec::new();
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        roots.extend(std::env::var_os(variable).map(PathBuf::from));
    }
    let search = std::env::var_os("PATH").unwrap_or_default();
    for folder in std::env::split_paths(&search) {
        let Some(python) = ["python3", "python", "python.exe"]
            .iter()
            .map(|name| folder.join(name))
            .find(|p| p.is_file())
        else {
            continue;
        };
        roots.extend(folder.parent().map(Path::to_path_buf));
        // An interpreter reached through a link has its packages beside what the link names.
        let real = python.canonicalize().ok();
        roots.extend(
            real.as_deref()
                .and_then(Path::parent)
                .and_then(Path::parent)
                .map(Path::to_path_buf),
        );
        break;
    }
    if let Some(home) = std::env::home_dir() {
        roots.push(home.join(".local"));
    }
    let mut packages: Vec<PathBuf> = Vec::new();
    let paths = std::env::var_os("PYTHONPATH").unwrap_or_default();
    packages.extend(std::env::split_paths(&paths));
    for root in roots {
        packages.push(root.join("Lib/site-packages"));
        for lib in [root.join("lib"), root.join("local/lib")] {
            let versions = entries(&lib).into_iter().filter(|e| {
                e.file_name()
                    .is_some_and(|n| n.to_string_lossy().starts_with("python3"))
            });
            for version in versions {
                packages.push(version.join("site-packages"));
                packages.push(version.join("dist-packages"));
            }
        }
    }
    let mut seen = BTreeSet::new();
    packages.retain(|p| p.is_absolute() && p.is_dir() && seen.insert(p.clone()));
    packages
}

/// Sorted entries of a folder; none when it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|e| Some(e.ok()?.path()))
        .collect();
    entries.sort();
    entries
}

fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let tail = name.strip_prefix("libonnxruntime.").unwrap_or_default();
        name == "onnxruntime.dll" || tail == "so" || tail.starts_with("so.") || tail.ends_with("dylib")
    };
    entries(folder).into_iter().filter(is_library).collect()
}

/// The version in `libonnxruntime.so.1.31.1` or `libonnxruntime.1.31.1.dylib`.
fn version_in_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let rest = name.strip_prefix("libonnxruntime.")?;
    let version = rest.strip_prefix("so.").or_else(|| rest.strip_suffix(".dylib"))?;
    let exact = version.split('.').count() == 3 && version.split('.').all(|n| n.parse::<u32>().is_ok());
    exact.then(|| version.to_string())
}

/// The version that the library's symbols carry (`VERS_1.31.1`, from the linker script of ONNX Runtime's build).
fn version_inside(path: &Path) -> std::io::Result<Option<String>> {
    const MARK: &[u8] = b"VERS_";
    const LONGEST: usize = 32;
    let mut file = File::open(path)?.take(SEARCHED);
    let mut window: Vec<u8> = Vec::new();
    let mut block = vec![0u8; 1 << 20];
    loop {
        let n = file.read(&mut block)?;
        window.extend_from_slice(&block[..n]);
        for at in 0..window.len().saturating_sub(MARK.len() + LONGEST) {
            if window[at..].starts_with(MARK) {
                let text = &window[at + MARK.len()..at + MARK.len() + LONGEST];
                let end = text.iter().position(|b| !b.is_ascii_digit() && *b != b'.').unwrap_or(0);
                let version = String::from_utf8_lossy(&text[..end]).into_owned();
                if numbers(&version).len() == 3 && text.get(end) == Some(&0) {
                    return Ok(Some(version));
                }
            }
        }
        if n == 0 {
            return Ok(None);
        }
        // A mark may lie across two blocks.
        let keep = window.len().min(MARK.len() + LONGEST);
        window.drain(..window.len() - keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(version: &str) -> Library {
        Library {
            path: PathBuf::new(),
            version: Some(version.into()),
        }
    }

    #[test]
    fn versions_are_read_from_names_and_from_inside() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("libonnxruntime.so.1.30.2");
        std::fs::write(&named, b"").unwrap();
        assert_eq!(Library::at(&named).unwrap().version.as_deref(), Some("1.30.2"));
        // The mark lies across the border of two blocks.
        let plain = folder.path().join("libonnxruntime.so");
        let mut bytes = vec![0u8; (1 << 20) - 4];
        bytes.extend_from_slice(b"VERS_x\0VERS_1.29.11\0");
        bytes.extend_from_slice(&[0; 64]);
        std::fs::write(&plain, &bytes).unwrap();
        assert_eq!(Library::at(&plain).unwrap().version.as_deref(), Some("1.29.11"));
        let neither = folder.path().join("libonnxruntime.so.1");
        std::fs::write(&neither, b"VERS_1.29.0").unwrap();
        let neither = Library::at(&neither).unwrap();
        assert_eq!(neither.version, None);
        assert!(neither.refusal().unwrap().contains("not an ONNX Runtime"));
        assert_eq!(libraries_in(folder.path()).len(), 3);
        assert!(
            Library::at(&folder.path().join("missing.so"))
                .unwrap_err()
                .contains("missing.so")
        );
    }

    #[test]
    fn old_libraries_are_refused_and_prefixes_of_versions_match_whole_numbers() {
        assert!(library("1.20.1").refusal().unwrap().contains("1.20.1 is too old"));
        assert!(library("0.9.0").refusal().is_some());
        assert_eq!(library("1.31.1").refusal(), None);
        assert_eq!(library("2.0.0").refusal(), None);
        assert!(library("1.30.2").is_version("1.30") && library("1.30.2").is_version("1.30.2"));
        assert!(!library("1.30.2").is_version("1.3") && !library("1.3.0").is_version("1.30"));
    }
}
