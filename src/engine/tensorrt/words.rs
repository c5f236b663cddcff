//! Errors of the binding as errors of an engine.

use crate::engine::EngineError;
use enginesmith_tensorrt::sys::Severity;
use enginesmith_tensorrt::{Error, Failure, LoadError};

/// Lines of the library's log that a message spells out.
const LINES: usize = 8;

/// A library that cannot be loaded.
pub fn load(error: LoadError) -> EngineError {
    EngineError::Unavailable(error.to_string())
}

/// Any error of a call. Parse errors come here only where nobody explains them node by node.
pub fn error(error: Error) -> EngineError {
    match error {
        Error::Load(error) => load(error),
        Error::Unsupported(_) | Error::Missing(_) | Error::Invalid { .. } => EngineError::Request(error.to_string()),
        Error::Failed(failure) => EngineError::Failed(failure_words(&failure)),
        Error::Parse(_) => EngineError::Unsupported(error.to_string()),
        Error::Cancelled => EngineError::Cancelled,
        other => EngineError::Failed(other.to_string()),
    }
}

/// As [`error`], for an option: the message starts with its name.
pub fn option(name: &str) -> impl Fn(Error) -> EngineError {
    move |error| match self::error(error) {
        EngineError::Request(text) | EngineError::Failed(text) => {
            EngineError::Request(format!("build option {name}: {text}"))
        }
        other => other,
    }
}

/// What was tried, and everything that the library recorded or logged about it.
pub fn failure_words(failure: &Failure) -> String {
    let mut lines: Vec<String> = Vec::new();
    let recorded = failure.errors.iter().map(|e| e.text.as_str());
    let logged = failure
        .log
        .iter()
        .filter(|l| matches!(l.severity, Severity::Error | Severity::InternalError))
        .map(|l| l.text.as_str());
    for text in recorded.chain(logged) {
        let text = text.trim();
        if !text.is_empty() && !lines.iter().any(|l| l.contains(text)) {
            lines.push(text.into());
        }
    }
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    if more > 0 {
        lines.push(format!("and {more} more; the log has them"));
    }
    if lines.is_empty() {
        return format!("TensorRT could not {} and did not say why", failure.what);
    }
    format!("TensorRT could not {}: {}", failure.what, lines.join("\n"))
}

/// The severity as logs here name it.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::InternalError | Severity::Error => "error",
        Severity::Warning => "warn",
        Severity::Info => "info",
        Severity::Verbose => "debug",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use enginesmith_tensorrt::interfaces::LogLine;

    #[test]
    fn a_failure_says_each_reason_once() {
        let line = |severity, text: &str| LogLine {
            severity,
            text: text.into(),
        };
        let failure = Failure {
            what: "build the engine".into(),
            errors: Vec::new(),
            log: vec![
                line(Severity::Warning, "a warning"),
                line(Severity::Error, "out of memory"),
                line(Severity::Error, "out of memory"),
            ],
        };
        assert_eq!(
            failure_words(&failure),
            "TensorRT could not build the engine: out of memory"
        );
    }
}
