//! What can go wrong.

use crate::api::ParserError;
use crate::elf::ElfError;
use crate::interfaces::{LogLine, RecordedError};
use crate::sys::{Missing, Unsupported};
use crate::version::Version;
use std::fmt;
use std::path::PathBuf;

/// Why a library cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The slot tables are those of x86-64 Linux.
    #[error("TensorRT is called by slot tables that are known for Linux on x86-64 only, not for {system}")]
    UnsupportedSystem {
        /// This system.
        system: String,
    },
    /// No library in the folder, or no such file.
    #[error("no TensorRT library in {}: looked for {looked_for}", path.display())]
    NotFound {
        /// The folder or file.
        path: PathBuf,
        /// File names.
        looked_for: String,
    },
    /// The core library is there, the ONNX parser is not.
    #[error("{} is there, but its ONNX parser is not: looked for {looked_for} beside it", core.display())]
    MissingParser {
        /// The core library.
        core: PathBuf,
        /// File names.
        looked_for: String,
    },
    /// A lean runtime where a builder is needed.
    #[error("{} is TensorRT's lean runtime: it runs version-compatible engines and has no builder and no ONNX parser", path.display())]
    LeanRuntime {
        /// The file.
        path: PathBuf,
    },
    /// The file is no library for this machine.
    #[error("{} {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: ElfError,
    },
    /// The dynamic loader refused it.
    #[error("{} cannot be loaded: {message}", path.display())]
    Loader {
        /// The file.
        path: PathBuf,
        /// The loader's words.
        message: String,
    },
    /// A library that does not export what TensorRT exports.
    #[error("{} is not a TensorRT library: it does not export {symbol}", path.display())]
    NotTensorRt {
        /// The file.
        path: PathBuf,
        /// The first name that it lacks.
        symbol: String,
    },
    /// A version without a table.
    #[error("{} is {version}, whose layout is not known; known are {known}", path.display())]
    UnknownVersion {
        /// The file.
        path: PathBuf,
        /// Its version in words, or the number that it reports.
        version: String,
        /// The versions that are known.
        known: String,
    },
    /// Another one is loaded in this process.
    #[error("{} is loaded in this process; {} needs one of its own", loaded.display(), wanted.display())]
    AnotherLoaded {
        /// The core library that is loaded.
        loaded: PathBuf,
        /// The one that was asked for.
        wanted: PathBuf,
    },
    /// An object does not look as the tables say.
    #[error("{version}: an object of class {class} is not laid out as expected: {reason}")]
    Layout {
        /// The library.
        version: Version,
        /// The C++ class.
        class: &'static str,
        /// What differs.
        reason: String,
    },
}

/// What a call can fail with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The library cannot be used.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// An option that this version lacks.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// A function that this version lacks.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// Something that TensorRT must not be asked.
    #[error("{what}: {reason}")]
    Invalid {
        /// The call or option.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The engine cannot be written where it should go; the system's words.
    #[error("writing the engine: {0}")]
    Write(String),
    /// TensorRT said no.
    #[error("{0}")]
    Failed(Failure),
    /// The ONNX parser said no.
    #[error("the ONNX parser reports {} error{}{}", .0.len(), if .0.len() == 1 { "" } else { "s" }, first(.0))]
    Parse(Vec<ParserError>),
    /// The progress monitor asked to stop.
    #[error("the build was cancelled")]
    Cancelled,
    /// The progress monitor panicked, which stopped the build.
    #[error("the build was stopped because its progress monitor panicked")]
    MonitorPanicked,
}

fn first(errors: &[ParserError]) -> String {
    errors.first().map(|e| format!("; the first: {e}")).unwrap_or_default()
}

/// A call that TensorRT refused, with what it said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What was asked, as in `build the engine`.
    pub what: String,
    /// Errors that were recorded with codes.
    pub errors: Vec<RecordedError>,
    /// Errors and warnings of the log from the time of the call (of the whole process).
    pub log: Vec<LogLine>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use crate::sys::Severity::{Error, InternalError};
        write!(f, "TensorRT could not {}", self.what)?;
        let logged = self
            .log
            .iter()
            .filter(|l| matches!(l.severity, Error | InternalError))
            .map(|l| &l.text);
        let said = self
            .errors
            .first()
            .map(|e| &e.text)
            .or_else(|| logged.into_iter().next());
        match said {
            Some(text) => write!(f, ": {text}"),
            None => write!(f, " and did not say why"),
        }
    }
}

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;
