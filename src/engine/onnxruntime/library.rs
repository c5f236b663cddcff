//! Loading one ONNX Runtime library into this process, once, and what it logs.

use super::find::{Library, find, library_at};
use crate::engine::EngineError;
use crate::recipe::TargetSpec;
use ort::environment::Environment;
use ort::logging::LogLevel;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Log lines kept until somebody asks for them.
const KEPT: usize = 500;

static LOADED: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);
static LOG: Mutex<Vec<(&'static str, String)>> = Mutex::new(Vec::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The library that a recipe means: the one it names, else the first found of its version that has what the target needs.
///
/// # Errors
/// [`EngineError::Unavailable`] that says what was found and why it does not do.
pub fn choose(target: &TargetSpec, named: Option<&Path>, cuda: bool) -> Result<Library, EngineError> {
    let unavailable = |message: String| Err(EngineError::Unavailable(message));
    if let Some(path) = named {
        let path = library_at(path.to_path_buf());
        let library = Library::at(&path).map_err(|e| EngineError::Unavailable(format!("build option library: {e}")))?;
        return match unfit(&library, target.version.as_deref(), cuda) {
            None => Ok(library),
            Some(reason) => unavailable(format!("{}: {reason}", path.display())),
        };
    }
    let found = find();
    let mut reasons = Vec::new();
    for library in found {
        match unfit(&library, target.version.as_deref(), cuda) {
            None => return Ok(library),
            Some(reason) => reasons.push(format!("{}: {reason}", library.path.display())),
        }
    }
    let wanted = target.version.as_ref().map(|v| format!(" {v}")).unwrap_or_default();
    let package = super::package(cuda);
    let version = target.version.as_ref().map(|v| format!("@{v}")).unwrap_or_default();
    let mut message = format!(
        "no ONNX Runtime{wanted} that {} can use was found; `enginesmith targets install {package}{version}` gets one",
        super::name(cuda)
    );
    for reason in reasons {
        message.push_str("\n  ");
        message.push_str(&reason);
    }
    unavailable(message)
}

/// Why a library does not do for a target.
fn unfit(library: &Library, version: Option<&str>, cuda: bool) -> Option<String> {
    if let Some(reason) = library.refusal() {
        return Some(reason);
    }
    if let Some(wanted) = version.filter(|v| !library.is_version(v)) {
        let is = library.version.as_deref().unwrap_or("unknown");
        return Some(format!("it is version {is}, and {wanted} is wanted"));
    }
    (cuda && library.cuda_provider().is_none())
        .then(|| "it has no CUDA provider beside it (that comes with the package onnxruntime-gpu)".into())
}

/// Loads the library, or gives what was loaded before.
///
/// # Errors
/// [`EngineError::Unavailable`]: it cannot be loaded, it is no ONNX Runtime, or this process already holds another one.
pub fn load(library: &Library) -> Result<Environment, EngineError> {
    let mut loaded = lock(&LOADED);
    if let Some((path, environment)) = &*loaded {
        if *path == library.path {
            return Ok(environment.clone());
        }
        return Err(EngineError::Unavailable(format!(
            "this worker already runs {}, and one process can hold only one ONNX Runtime; {} needs a worker of its own",
            path.display(),
            library.path.display()
        )));
    }
    let unavailable = |e: &dyn std::fmt::Display| {
        EngineError::Unavailable(format!(
            "{} cannot be used as ONNX Runtime: {e}",
            library.path.display()
        ))
    };
    let logger = |level: LogLevel, _: &str, _: &str, _: &str, message: &str| {
        let severity = match level {
            LogLevel::Verbose => "debug",
            LogLevel::Info => "info",
            LogLevel::Warning => "warn",
            LogLevel::Error | LogLevel::Fatal => "error",
        };
        let mut log = lock(&LOG);
        if log.len() < KEPT {
            log.push((severity, message.trim_end().to_string()));
        }
    };
    let environment = ort::init_from(&library.path)
        .map_err(|e| unavailable(&e))?
        .with_name("enginesmith")
        .with_telemetry(false)
        .with_logger(Arc::new(logger))
        .build()
        .map_err(|e| unavailable(&e))?;
    environment.set_log_level(LogLevel::Warning);
    *loaded = Some((library.path.clone(), environment.clone()));
    Ok(environment)
}

/// What the library logged since the last call: severity and line.
pub fn take_log() -> Vec<(&'static str, String)> {
    std::mem::take(&mut *lock(&LOG))
}
