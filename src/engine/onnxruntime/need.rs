//! What the CUDA provider needs on a machine: the driver, CUDA's libraries, cuDNN; what is missing, by name; loading what
//! stands in Python packages before ONNX Runtime asks the loader for it.

use super::elf::needed;
use super::find::{Library, python_packages, system_folders};
use crate::engine::cuda::driver_trouble;
use std::path::{Path, PathBuf};

/// Libraries of NVIDIA by the beginning of their file names, with what people call them and the Python package.
const KNOWN: [(&str, &str); 8] = [
    ("libcudart.so", "CUDA runtime"),
    ("libcublasLt.so", "cuBLASLt"),
    ("libcublas.so", "cuBLAS"),
    ("libcudnn.so", "cuDNN"),
    ("libcufft.so", "cuFFT"),
    ("libcurand.so", "cuRAND"),
    ("libnvrtc.so", "NVRTC"),
    ("libnvJitLink.so", "nvJitLink"),
];
/// Loaded by the provider when a model first needs it, and so not named in the file.
const CUDNN: &str = "libcudnn.so.9";

/// Why the CUDA provider of this library cannot be used here; none when nothing is missing.
pub fn trouble(library: &Library) -> Option<String> {
    let Some(provider) = library.cuda_provider() else {
        return Some("it has no CUDA provider beside it (that comes with the package onnxruntime-gpu)".into());
    };
    let mut troubles: Vec<String> = driver_trouble().into_iter().collect();
    let missing: Vec<String> = wanted(&provider)
        .iter()
        .filter(|name| place(name).is_none() && !loads(name))
        .map(|name| describe(name))
        .collect();
    if !missing.is_empty() {
        troubles.push(format!("missing {}", missing.join(", ")));
    }
    (!troubles.is_empty()).then(|| format!("CUDA cannot be used here: {}", troubles.join("; ")))
}

/// Loads NVIDIA's libraries from where they were found, so that the provider and cuDNN find them by name; says what was
/// loaded from where.
pub fn preload(library: &Library) -> Vec<String> {
    let Some(provider) = library.cuda_provider() else {
        return Vec::new();
    };
    let mut waiting: Vec<PathBuf> = wanted(&provider).iter().filter_map(|name| place(name)).collect();
    let mut notes = Vec::new();
    // They need each other, in an order that differs from version to version: try until nothing more loads.
    loop {
        let before = waiting.len();
        waiting.retain(|path| {
            let loaded = load(path);
            if loaded {
                notes.push(format!("loaded {}", path.display()));
            }
            !loaded
        });
        if waiting.is_empty() || waiting.len() == before {
            break;
        }
    }
    notes.extend(waiting.iter().map(|p| format!("could not load {}", p.display())));
    notes
}

/// File names of NVIDIA's libraries that a provider needs, cuDNN included.
fn wanted(provider: &Path) -> Vec<String> {
    let mut names: Vec<String> = needed(provider).unwrap_or_default();
    names.retain(|n| KNOWN.iter().any(|(known, _)| n.starts_with(known)));
    if !names.iter().any(|n| n.starts_with("libcudnn.so")) {
        names.push(CUDNN.into());
    }
    names
}

fn describe(name: &str) -> String {
    let known = KNOWN.iter().find(|(known, _)| name.starts_with(known));
    known.map_or_else(|| name.to_string(), |(_, words)| format!("{words} ({name})"))
}

/// Where a library stands, among the folders that people have it in.
fn place(name: &str) -> Option<PathBuf> {
    folders().into_iter().map(|f| f.join(name)).find(|p| p.is_file())
}

fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    let paths = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&paths).filter(|p| p.is_absolute()));
    for packages in python_packages() {
        // nvidia/cudnn/lib, nvidia/cublas/lib, ... up to CUDA 12; nvidia/cu13/lib since.
        let nvidia = std::fs::read_dir(packages.join("nvidia"))
            .into_iter()
            .flatten()
            .flatten();
        folders.extend(nvidia.map(|e| e.path().join("lib")));
    }
    folders.push("/usr/local/cuda/lib64".into());
    folders.extend(system_folders());
    folders
}

/// True when the loader finds it by its name alone.
#[cfg(unix)]
fn loads(name: &str) -> bool {
    use libloading::os::unix::{Library, RTLD_LAZY, RTLD_LOCAL};
    // SAFETY: NVIDIA's libraries do nothing but set themselves up when they are loaded; this process is a worker.
    unsafe { Library::open(Some(name), RTLD_LAZY | RTLD_LOCAL) }.is_ok()
}

#[cfg(unix)]
fn load(path: &Path) -> bool {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
    // SAFETY: as in `loads`; the library stays loaded until the process ends.
    match unsafe { Library::open(Some(path), RTLD_NOW | RTLD_GLOBAL) } {
        Ok(library) => {
            std::mem::forget(library);
            true
        }
        Err(_) => false,
    }
}

#[cfg(not(unix))]
fn loads(_name: &str) -> bool {
    false
}

#[cfg(not(unix))]
fn load(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_called_by_the_names_that_people_know() {
        assert_eq!(describe("libcublasLt.so.13"), "cuBLASLt (libcublasLt.so.13)");
        assert_eq!(describe("libcublas.so.13"), "cuBLAS (libcublas.so.13)");
        assert_eq!(describe("libcudnn.so.9"), "cuDNN (libcudnn.so.9)");
    }

    #[test]
    fn a_library_without_the_provider_says_which_package_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("libonnxruntime.so.1.31.1");
        std::fs::write(&path, b"").unwrap();
        let library = Library::at(&path).unwrap();
        assert!(trouble(&library).unwrap().contains("onnxruntime-gpu"));
        // With a provider that needs nothing readable cuDNN is still asked for, and this machine's driver.
        std::fs::write(path.with_file_name("libonnxruntime_providers_cuda.so"), b"").unwrap();
        if let Some(text) = trouble(&library) {
            assert!(text.contains("CUDA cannot be used here"), "{text}");
        }
    }
}
