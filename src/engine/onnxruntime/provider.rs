//! Execution provider libraries: finding OpenVINO's, registering one, and the devices that it offers.

use super::find::python_packages;
use crate::engine::{EngineError, installed};
use ort::AsPointer;
use ort::device::Device;
use ort::environment::Environment;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The name that `targets install` knows OpenVINO's plugin by.
pub const OPENVINO_RUNTIME: &str = "openvino";
/// Folder of its Python package.
const OPENVINO_FOLDER: &str = "onnxruntime_ep_openvino";

/// Libraries that this process registered, with the names of their providers.
static REGISTERED: Mutex<Vec<(PathBuf, Vec<String>)>> = Mutex::new(Vec::new());

/// A library of execution providers.
#[derive(Clone, PartialEq, Debug)]
pub struct Plugin {
    /// The file.
    pub path: PathBuf,
    /// Exact version, where its package says it.
    pub version: Option<String>,
    /// The folder that it was installed into with an ONNX Runtime, by `targets install`.
    pub root: Option<PathBuf>,
}

/// OpenVINO's plugins on this machine: installed ones newest first, then those of Python environments.
pub fn openvino() -> Vec<Plugin> {
    let mut found = Vec::new();
    for (version, root) in installed::versions(OPENVINO_RUNTIME) {
        found.extend(openvino_in(&root).map(|path| Plugin {
            path,
            version: Some(version),
            root: Some(root),
        }));
    }
    for packages in python_packages() {
        found.extend(openvino_in(&packages).map(|path| Plugin {
            path,
            version: version_beside(&packages),
            root: None,
        }));
    }
    found
}

fn openvino_in(packages: &Path) -> Option<PathBuf> {
    let name = match std::env::consts::OS {
        "windows" => "onnxruntime_providers_openvino_plugin.dll",
        _ => "libonnxruntime_providers_openvino_plugin.so",
    };
    // Links resolved: the library looks for OpenVINO's own beside itself.
    packages.join(OPENVINO_FOLDER).join(name).canonicalize().ok()
}

/// The version in the name of the package's `.dist-info` folder.
fn version_beside(packages: &Path) -> Option<String> {
    let entries = std::fs::read_dir(packages).ok()?.flatten();
    entries
        .filter_map(|e| e.file_name().into_string().ok())
        .find_map(|name| {
            Some(
                name.strip_prefix(OPENVINO_FOLDER)?
                    .strip_prefix('-')?
                    .strip_suffix(".dist-info")?
                    .into(),
            )
        })
}

/// Registers the library, once in this process, and returns the names of the providers whose devices it offers.
///
/// # Errors
/// [`EngineError::Unavailable`]: ONNX Runtime cannot load it, or it offers no device of this machine, with what there is.
pub fn register(environment: &Environment, plugin: &Path) -> Result<Vec<String>, EngineError> {
    let mut registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, names)) = registered.iter().find(|(path, _)| path == plugin) {
        return Ok(names.clone());
    }
    let before: Vec<_> = environment.devices().map(|d| d.ptr()).collect();
    let name = format!("enginesmith-{}", registered.len());
    environment.register_ep_library(name, plugin).map_err(|e| {
        EngineError::Unavailable(format!(
            "ONNX Runtime cannot use {} as an execution provider library: {e}",
            plugin.display()
        ))
    })?;
    let mut names: Vec<String> = Vec::new();
    for device in environment.devices().filter(|d| !before.contains(&d.ptr())) {
        if let Ok(name) = device.ep()
            && !names.iter().any(|n| n == name)
        {
            names.push(name.into());
        }
    }
    registered.push((plugin.to_path_buf(), names.clone()));
    Ok(names)
}

/// The devices of this provider.
pub fn devices<'e>(environment: &'e Environment, provider: &str) -> Vec<Device<'e>> {
    environment
        .devices()
        .filter(|d| d.ep().is_ok_and(|name| name == provider))
        .collect()
}

/// The devices of this machine as ONNX Runtime sees them: `AMD CPU`, `NVIDIA GPU`.
pub fn machine(environment: &Environment) -> String {
    let mut words: Vec<String> = Vec::new();
    for device in environment.devices() {
        let device = device.hardware_device();
        let word = format!("{} {:?}", device.vendor().unwrap_or("unknown"), device.ty());
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(", ")
}
