//! Exit codes and the errors that lead to them.

use crate::engine::EngineError;
use crate::worker::JobError;
use std::path::Path;
use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Everything fine.
    Fine,
    /// Findings of severity error, or limits that do not hold.
    Findings,
    /// The input cannot be used (arguments, model, recipe, data), or the output cannot be written.
    Unusable,
    /// The target or its worker cannot be reached, or ended.
    Unavailable,
    /// The user cancelled.
    Cancelled,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Findings => 1,
            Exit::Unusable => 2,
            Exit::Unavailable => 3,
            Exit::Cancelled => 130,
        })
    }
}

/// An error with its exit code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CliError {
    exit: Exit,
    message: String,
}

impl CliError {
    /// An error that ends the program this way.
    pub fn new(exit: Exit, message: impl std::fmt::Display) -> Self {
        Self {
            exit,
            message: message.to_string(),
        }
    }

    /// The input cannot be used (exit code 2).
    pub fn unusable(message: impl std::fmt::Display) -> Self {
        Self {
            exit: Exit::Unusable,
            message: message.to_string(),
        }
    }

    /// Findings, or something failed while running (exit code 1).
    pub fn failed(message: impl std::fmt::Display) -> Self {
        Self {
            exit: Exit::Findings,
            message: message.to_string(),
        }
    }

    /// The same with a sentence on what can be done behind it.
    #[must_use]
    pub fn with_hint(self, hint: &str) -> Self {
        let message = self.message.trim_end_matches('.');
        Self {
            message: format!("{message}. {hint}"),
            exit: self.exit,
        }
    }

    /// The same with the file that it is about in front, unless it names that or the data already.
    #[must_use]
    pub fn about(self, file: &Path, data: Option<&Path>) -> Self {
        let is_named = |path: &Path| self.message.contains(&*path.to_string_lossy());
        if self.exit == Exit::Cancelled || is_named(file) || data.is_some_and(is_named) {
            return self;
        }
        Self {
            message: format!("{}: {}", file.display(), self.message),
            exit: self.exit,
        }
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl From<JobError> for CliError {
    fn from(error: JobError) -> Self {
        let exit = match &error {
            JobError::Cancelled | JobError::Engine(EngineError::Cancelled) => Exit::Cancelled,
            JobError::Engine(EngineError::Unavailable(_)) | JobError::Worker(_) => Exit::Unavailable,
            JobError::Engine(EngineError::Request(_)) => Exit::Unusable,
            JobError::Engine(EngineError::Unsupported(_) | EngineError::Failed(_)) => Exit::Findings,
        };
        Self {
            exit,
            message: error.to_string(),
        }
    }
}
