//! Finds TensorRT libraries on this machine without loading any.
//!
//! Looks where they usually are: folders that the caller names (its own cache), beside the program, `TENSORRT_HOME/lib`,
//! `LD_LIBRARY_PATH`, the Python environment's packages, the system's library folders. Versions are read from the file itself:
//! the core libraries export a symbol named after their version (`tensorrt_version_1_7_1_116`); otherwise from the file's name.
//! To be certain, load one in a process of its own: [`Library::load`](crate::Library::load).

use crate::elf;
use crate::error::LoadError;
use crate::load::{FILES, check_core, check_file, is_lean};
use crate::sys::Table;
use crate::version::{Flavour, Version};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A TensorRT library that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The core library's file, links resolved.
    pub core: PathBuf,
    /// The folder that it was found in.
    pub folder: PathBuf,
    /// The ONNX parser beside it, if there is one.
    pub parser: Option<PathBuf>,
    /// TensorRT or TensorRT-RTX.
    pub flavour: Flavour,
    /// A lean runtime: runs version-compatible engines, has no builder and no parser.
    pub is_lean: bool,
    /// Its version as far as file and name tell; numbers that they do not tell are 0.
    pub version: Option<Version>,
    /// Why the folder was looked at.
    pub place: Place,
    /// Why it cannot be used, `None` if it probably can (only loading it tells for sure).
    pub problem: Option<LoadError>,
}

/// Why a folder was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The caller named it.
    Given,
    /// Beside the program.
    Program,
    /// `TENSORRT_HOME`.
    TensorRtHome,
    /// `LD_LIBRARY_PATH`.
    LibraryPath,
    /// Packages of the active Python environment.
    Python,
    /// The system's library folders.
    System,
}

impl Place {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Place::Given => "library cache",
            Place::Program => "beside the program",
            Place::TensorRtHome => "TENSORRT_HOME",
            Place::LibraryPath => "LD_LIBRARY_PATH",
            Place::Python => "Python environment",
            Place::System => "system",
        }
    }
}

/// All libraries in the usual places and in `given` folders (and the folders right below those), best place first; each file
/// once. Runs `python3` to ask for its package folders; nothing of TensorRT is loaded.
pub fn libraries(given: &[PathBuf]) -> Vec<Found> {
    libraries_in(places(given))
}

/// All libraries in some folders, each file once.
pub fn libraries_in(folders: impl IntoIterator<Item = (Place, PathBuf)>) -> Vec<Found> {
    let mut seen = BTreeSet::new();
    let mut found = vec![];
    for (place, folder) in folders {
        for (core_name, parser_name, flavour) in FILES {
            let path = folder.join(core_name);
            if !path.exists() {
                continue;
            }
            let core = path.canonicalize().unwrap_or(path);
            if seen.insert(core.clone()) {
                found.push(examine(place, &folder, core, parser_name, flavour));
            }
        }
    }
    found
}

fn examine(place: Place, folder: &Path, core: PathBuf, parser_name: Option<&str>, flavour: Flavour) -> Found {
    let parser = parser_name.map(|name| folder.join(name)).filter(|p| p.exists());
    let version = version(&core, flavour);
    let problem = check_core(&core).err().or_else(|| match (&parser, parser_name) {
        (Some(parser), _) => check_file(parser, &[]).err(),
        (None, Some(name)) => Some(LoadError::MissingParser {
            core: core.clone(),
            looked_for: name.to_owned(),
        }),
        (None, None) => None,
    });
    let problem = problem.or_else(|| {
        let unknown = version.filter(|v| Table::for_version(*v).is_none())?;
        let known = crate::load::known_versions();
        Some(LoadError::UnknownVersion {
            path: core.clone(),
            version: unknown.to_string(),
            known,
        })
    });
    Found {
        is_lean: is_lean(&core),
        core,
        folder: folder.to_owned(),
        parser,
        flavour,
        version,
        place,
        problem,
    }
}

/// From the symbol that carries it, or from the file's name (`libnvinfer.so.10.16.1`).
fn version(core: &Path, flavour: Flavour) -> Option<Version> {
    const PREFIX: &str = "tensorrt_version_";
    let elf = elf::read(core, |name| name.starts_with(PREFIX)).ok();
    let by_symbol = elf.and_then(|e| {
        let name = e.exports.first()?;
        Version::from_text(flavour, name.strip_prefix(PREFIX)?)
    });
    by_symbol.or_else(|| {
        let name = core.file_name()?.to_str()?;
        let numbers = name.split_once(".so.")?.1;
        // `libtensorrt_rtx.so.1` names the interface, not the version
        let enough = numbers.contains('.');
        Version::from_text(flavour, numbers).filter(|_| enough)
    })
}

/// The folders to look in, best first.
pub fn places(given: &[PathBuf]) -> Vec<(Place, PathBuf)> {
    let mut out = vec![];
    for folder in given {
        out.push((Place::Given, folder.clone()));
        out.extend(below(folder).into_iter().map(|f| (Place::Given, f)));
    }
    if let Ok(program) = std::env::current_exe()
        && let Some(folder) = program.parent()
    {
        out.extend([folder.to_owned(), folder.join("lib")].map(|f| (Place::Program, f)));
    }
    if let Some(home) = std::env::var_os("TENSORRT_HOME") {
        let home = PathBuf::from(home);
        out.extend([home.join("lib"), home].map(|f| (Place::TensorRtHome, f)));
    }
    let path = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    out.extend(
        std::env::split_paths(&path)
            .filter(|p| p.is_absolute())
            .map(|p| (Place::LibraryPath, p)),
    );
    for packages in python_packages() {
        out.extend(
            ["tensorrt_rtx_libs", "tensorrt_libs", "tensorrt_lean_libs"].map(|f| (Place::Python, packages.join(f))),
        );
    }
    let system = [
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib64",
        "/usr/lib",
        "/usr/local/lib",
        "/usr/local/tensorrt/lib",
        "/usr/local/TensorRT/lib",
        "/opt/tensorrt/lib",
        "/usr/local/cuda/lib64",
    ];
    out.extend(system.map(|f| (Place::System, PathBuf::from(f))));
    // A relative one is wherever the program happens to run: where the models lie, for one.
    out.retain(|(_, folder)| folder.is_absolute());
    out
}

/// Folders one and two levels below, in order: a cache has one per version, and pip makes another below it.
fn below(folder: &Path) -> Vec<PathBuf> {
    let list = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut folders: Vec<_> = entries.map(|e| e.path()).filter(|p| p.is_dir()).collect();
        folders.sort();
        folders
    };
    list(folder)
        .into_iter()
        .flat_map(|f| [vec![f.clone()], list(&f)].concat())
        .collect()
}

/// The package folders of the active Python: of `VIRTUAL_ENV` or `CONDA_PREFIX` by their layout, and what `python3` says.
fn python_packages() -> Vec<PathBuf> {
    let mut out = vec![];
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        let Some(environment) = std::env::var_os(variable) else {
            continue;
        };
        let versions = std::fs::read_dir(PathBuf::from(environment).join("lib"))
            .into_iter()
            .flatten()
            .flatten();
        out.extend(versions.map(|v| v.path().join("site-packages")).filter(|p| p.is_dir()));
    }
    // `-S`-less on purpose: the site module is what knows the folders
    let script = "import site; print('\\n'.join(site.getsitepackages() + [site.getusersitepackages()]))";
    if let Ok(output) = Command::new("python3").args(["-c", script]).output()
        && output.status.success()
    {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        out.extend(text.lines().map(PathBuf::from).filter(|p| p.is_dir()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_in_the_files_name() {
        let of = |name: &str| version(Path::new(name), Flavour::Enterprise).map(|v| v.to_string());
        assert_eq!(of("/gone/libnvinfer.so.10.16.1").as_deref(), Some("TensorRT 10.16.1"));
        assert_eq!(of("/gone/libnvinfer.so.10"), None);
        assert_eq!(of("/gone/libnvinfer.so"), None);
    }

    #[cfg(unix)]
    #[test]
    fn every_file_once_and_what_is_wrong_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_owned();
        std::fs::write(path.join("libtensorrt_rtx.so.1"), b"garbage").expect("write");
        std::fs::write(path.join("libnvinfer.so.10.16.1"), b"").expect("write");
        std::os::unix::fs::symlink("libnvinfer.so.10.16.1", path.join("libnvinfer.so.10")).expect("link");
        let found = libraries_in([(Place::Given, path.clone()), (Place::System, path.clone())]);
        let list: Vec<_> = found
            .iter()
            .map(|f| (f.flavour, f.place, f.version.map(|v| v.minor)))
            .collect();
        let expected = [
            (Flavour::Rtx, Place::Given, None),
            (Flavour::Enterprise, Place::Given, Some(16)),
        ];
        assert_eq!(list, expected);
        for f in &found {
            assert!(matches!(f.problem, Some(LoadError::File { .. })), "{f:?}");
        }
        assert!(libraries_in([(Place::Given, path.join("gone"))]).is_empty());
    }
}
