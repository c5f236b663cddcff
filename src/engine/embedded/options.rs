//! Build options of the embedded engine.

use crate::engine::bind::unknown_option;
use crate::engine::{EngineError, OptionKind};
use crate::recipe::BuildSpec;

/// The options with a line of help each.
pub const HELP: &[(&str, &str)] = &[
    (
        "threads",
        "threads to compute with; the number of physical cores when not given",
    ),
    (
        "prepack",
        "lay out matrix weights for speed when loading (true), or save that memory (false)",
    ),
];
/// What an option takes.
pub fn kind(name: &str) -> OptionKind {
    match name {
        "threads" => OptionKind::whole(1, MOST_THREADS, 1),
        _ => OptionKind::Flag,
    }
}

/// More threads than any machine has cores.
const MOST_THREADS: i64 = 1024;

/// The options as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Threads; rten's own choice when not given.
    pub threads: Option<usize>,
    /// Lay out weights in advance.
    pub prepack: bool,
}

impl Options {
    /// Reads and checks them.
    ///
    /// # Errors
    /// [`EngineError::Request`] for a name this engine does not know, with the nearest, or a value that does not fit.
    pub fn read(build: &BuildSpec) -> Result<Self, EngineError> {
        let mut options = Self {
            threads: None,
            prepack: true,
        };
        for (name, value) in &build.options {
            let wrong = |wanted: &str| EngineError::Request(format!("build option {name} = {value}: {wanted}"));
            match name.as_str() {
                "threads" => {
                    let n = value.as_integer().filter(|n| (1..=MOST_THREADS).contains(n));
                    let n = n.ok_or_else(|| wrong(&format!("a whole number from 1 to {MOST_THREADS} is wanted")))?;
                    options.threads = usize::try_from(n).ok();
                }
                "prepack" => options.prepack = value.as_bool().ok_or_else(|| wrong("true or false is wanted"))?,
                _ => return Err(unknown_option("the embedded engine", name, HELP)),
            }
        }
        if build.workspace.is_some() {
            return Err(EngineError::Request(
                "workspace: the embedded engine has no scratch memory that could be limited".into(),
            ));
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: &str) -> Result<Options, EngineError> {
        let options = toml::from_str(options).unwrap();
        Options::read(&BuildSpec {
            options,
            ..BuildSpec::default()
        })
    }

    #[test]
    fn options_are_read_and_unknown_ones_are_refused_by_name() {
        let defaults = Options {
            threads: None,
            prepack: true,
        };
        assert_eq!(read("").unwrap(), defaults);
        let some = read("threads = 2\nprepack = false").unwrap();
        assert_eq!((some.threads, some.prepack), (Some(2), false));
        for (text, words) in [
            ("thread = 2", ["thread", "did you mean threads"]),
            ("threads = 0", ["threads = 0", "1 to 1024"]),
            ("threads = \"2\"", ["threads", "whole number"]),
            ("prepack = 1", ["prepack = 1", "true or false"]),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(words.iter().all(|w| error.contains(w)), "{error}");
        }
    }

    #[test]
    fn what_is_offered_is_taken() {
        for (name, _) in HELP {
            for value in kind(name).values() {
                read(&format!("{name} = {value}")).unwrap();
            }
        }
    }

    #[test]
    fn a_workspace_is_refused() {
        let build = BuildSpec {
            workspace: Some(1 << 30),
            ..BuildSpec::default()
        };
        assert!(Options::read(&build).unwrap_err().to_string().contains("workspace"));
    }
}
