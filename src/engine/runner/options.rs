//! Build options of runners.

use crate::engine::bind::unknown_option;
use crate::engine::{EngineError, OptionKind};
use crate::recipe::BuildSpec;
use std::time::Duration;

/// The options with a line of help each.
pub const HELP: &[(&str, &str)] = &[
    (
        "threads",
        "threads that the runner is asked to compute with; its own choice when not given",
    ),
    (
        "timeout_s",
        "seconds that a runner may take for one answer, its start and its first inference included; 600 when not given",
    ),
];
/// More threads than any machine has cores.
const MOST_THREADS: i64 = 1024;
/// Longest time-out: a week.
const LONGEST: i64 = 7 * 24 * 3600;
/// Seconds when nothing is given: compiling a large model takes minutes.
const PATIENCE: u64 = 600;

/// What an option takes.
pub fn kind(name: &str) -> OptionKind {
    match name {
        "threads" => OptionKind::whole(1, MOST_THREADS, 1),
        _ => OptionKind::whole(1, LONGEST, PATIENCE as i64),
    }
}

/// The options as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Threads; the runner's own choice when not given.
    pub threads: Option<u32>,
    /// Longest time for one answer.
    pub patience: Duration,
}

impl Options {
    /// Reads and checks them.
    ///
    /// # Errors
    /// [`EngineError::Request`] for a name that runners do not know, with the nearest, or a value that does not fit.
    pub fn read(build: &BuildSpec) -> Result<Self, EngineError> {
        let mut options = Self {
            threads: None,
            patience: Duration::from_secs(PATIENCE),
        };
        for (name, value) in &build.options {
            let whole = |most: i64| {
                let n = value.as_integer().filter(|n| (1..=most).contains(n));
                n.and_then(|n| u32::try_from(n).ok()).ok_or_else(|| {
                    EngineError::Request(format!(
                        "build option {name} = {value}: a whole number from 1 to {most} is wanted"
                    ))
                })
            };
            match name.as_str() {
                "threads" => options.threads = Some(whole(MOST_THREADS)?),
                "timeout_s" => options.patience = Duration::from_secs(whole(LONGEST)?.into()),
                _ => return Err(unknown_option("a runner", name, HELP)),
            }
        }
        if build.workspace.is_some() {
            return Err(EngineError::Request(
                "workspace: a runner's memory cannot be limited from outside".into(),
            ));
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_is_taken_and_the_rest_refused_by_name() {
        let read = |options: &str| {
            let options = toml::from_str(options).unwrap();
            Options::read(&BuildSpec {
                options,
                ..BuildSpec::default()
            })
        };
        for (name, _) in HELP {
            for value in kind(name).values() {
                read(&format!("{name} = {value}")).unwrap();
            }
        }
        assert_eq!(read("timeout_s = 5").unwrap().patience, Duration::from_secs(5));
        for (text, words) in [
            ("thread = 2", ["thread", "did you mean threads"]),
            ("timeout_s = 0", ["timeout_s = 0", "from 1 to"]),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(words.iter().all(|w| error.contains(w)), "{error}");
        }
    }
}
