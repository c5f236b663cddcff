//! Build options of the ONNX Runtime targets.

use crate::engine::bind::unknown_option;
use crate::engine::{EngineError, OptionKind};
use crate::recipe::{BuildSpec, Precision};
use ort::session::builder::GraphOptimizationLevel;
use std::path::PathBuf;

/// Options of both targets, with a line of help each.
const COMMON: &[(&str, &str)] = &[
    (
        "graph_optimization",
        "how far ONNX Runtime rewrites the graph: disabled, basic, extended or all (default)",
    ),
    (
        "threads",
        "threads inside one operator; the number of physical cores when not given",
    ),
    ("inter_threads", "threads across operators, used with parallel = true"),
    (
        "parallel",
        "run independent operators at the same time (true), or one after another (false, default)",
    ),
    (
        "arena",
        "keep freed processor memory for later tensors (true, default), or give it back at once (false)",
    ),
    (
        "spinning",
        "let idle threads wait for work by turning around (true, default), or put them to sleep (false), which leaves the \
         processor to others",
    ),
    (
        "prepacking",
        "lay out weights as operators want them when the session is made (true, default), or in every run (false): a session \
         that runs only once or twice is ready sooner",
    ),
    (
        "library",
        "the ONNX Runtime library file, or a folder with it, instead of the one that is found",
    ),
];
/// Options of `onnxruntime-cuda` alone.
const CUDA: &[(&str, &str)] = &[
    (
        "cudnn_search",
        "how cuDNN picks convolutions: exhaustive (default), heuristic or default",
    ),
    (
        "cuda_graph",
        "prepare the session for CUDA graphs (true) or not (false); when not given, as the protocol wants it",
    ),
    (
        "prefer_nhwc",
        "lay out convolutions channels last (true), which suits tensor cores; false is the default",
    ),
];
/// More threads than any machine has cores.
const MOST_THREADS: i64 = 1024;

/// What an option takes.
pub fn kind(name: &str) -> OptionKind {
    match name {
        "graph_optimization" => OptionKind::choice(["disabled", "basic", "extended", "all"]),
        "threads" | "inter_threads" => OptionKind::whole(1, MOST_THREADS, 1),
        "library" => OptionKind::Text("/path/to/libonnxruntime.so".into()),
        "cudnn_search" => OptionKind::choice(["exhaustive", "heuristic", "default"]),
        _ => OptionKind::Flag,
    }
}

/// The options that a target knows, with help.
pub fn help(cuda: bool) -> Vec<(&'static str, &'static str)> {
    let own: &[(&str, &str)] = if cuda { CUDA } else { &[] };
    COMMON.iter().chain(own).copied().collect()
}

/// The options as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Graph optimization.
    pub level: GraphOptimizationLevel,
    /// Threads inside an operator; the runtime's choice when not given.
    pub threads: Option<usize>,
    /// Threads across operators; the runtime's choice when not given.
    pub inter_threads: Option<usize>,
    /// Independent operators at the same time.
    pub parallel: bool,
    /// Keep freed memory.
    pub arena: bool,
    /// Idle threads turn around for a while before they sleep.
    pub spinning: bool,
    /// Weights are laid out when the session is made.
    pub prepacking: bool,
    /// The library.
    pub library: Option<PathBuf>,
    /// Those of CUDA.
    pub cuda: CudaOptions,
}

/// Options of the CUDA provider.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CudaOptions {
    /// `EXHAUSTIVE`, `HEURISTIC` or `DEFAULT`, as the provider writes it.
    pub cudnn_search: Option<&'static str>,
    /// Prepare for CUDA graphs.
    pub graph: Option<bool>,
    /// Channels last.
    pub prefer_nhwc: bool,
    /// Allow TF32.
    pub tf32: bool,
    /// Limit of the memory arena in bytes.
    pub memory: Option<u64>,
}

impl Options {
    /// Reads and checks them.
    ///
    /// # Errors
    /// [`EngineError::Request`] for a name the target does not know, with the nearest, or a value that does not fit.
    pub fn read(build: &BuildSpec, cuda: bool) -> Result<Self, EngineError> {
        let target = super::name(cuda);
        let known = help(cuda);
        let mut options = Self {
            level: GraphOptimizationLevel::All,
            threads: None,
            inter_threads: None,
            parallel: false,
            arena: true,
            spinning: true,
            prepacking: true,
            library: None,
            cuda: CudaOptions {
                tf32: build.precision == Precision::Tf32,
                memory: build.workspace,
                ..CudaOptions::default()
            },
        };
        for (name, value) in &build.options {
            if !known.iter().any(|(known, _)| known == name) {
                return Err(unknown_option(target, name, &known));
            }
            let wrong = |wanted: &str| EngineError::Request(format!("build option {name} = {value}: {wanted}"));
            let truth = || value.as_bool().ok_or_else(|| wrong("true or false is wanted"));
            let count = || {
                let n = value.as_integer().filter(|n| (1..=MOST_THREADS).contains(n));
                n.and_then(|n| usize::try_from(n).ok())
                    .ok_or_else(|| wrong(&format!("a whole number from 1 to {MOST_THREADS} is wanted")))
            };
            match name.as_str() {
                "graph_optimization" => {
                    options.level = match value.as_str() {
                        Some("disabled") => GraphOptimizationLevel::Disable,
                        Some("basic") => GraphOptimizationLevel::Level1,
                        Some("extended") => GraphOptimizationLevel::Level2,
                        Some("all") => GraphOptimizationLevel::All,
                        _ => return Err(wrong("\"disabled\", \"basic\", \"extended\" or \"all\" is wanted")),
                    }
                }
                "threads" => options.threads = Some(count()?),
                "inter_threads" => options.inter_threads = Some(count()?),
                "parallel" => options.parallel = truth()?,
                "arena" => options.arena = truth()?,
                "spinning" => options.spinning = truth()?,
                "prepacking" => options.prepacking = truth()?,
                "library" => {
                    let path = value.as_str().filter(|p| !p.is_empty());
                    options.library = Some(path.ok_or_else(|| wrong("a path in quotes is wanted"))?.into());
                }
                "cudnn_search" => {
                    options.cuda.cudnn_search = Some(match value.as_str() {
                        Some("exhaustive") => "EXHAUSTIVE",
                        Some("heuristic") => "HEURISTIC",
                        Some("default") => "DEFAULT",
                        _ => return Err(wrong("\"exhaustive\", \"heuristic\" or \"default\" is wanted")),
                    });
                }
                "cuda_graph" => options.cuda.graph = Some(truth()?),
                "prefer_nhwc" => options.cuda.prefer_nhwc = truth()?,
                // `known` holds every name above.
                _ => return Err(unknown_option(target, name, &known)),
            }
        }
        if build.workspace.is_some() && !cuda {
            return Err(EngineError::Request(format!(
                "workspace: {target} has no scratch memory that could be limited"
            )));
        }
        if options.inter_threads.is_some() && !options.parallel {
            return Err(EngineError::Request(
                "build option inter_threads: it has a meaning only with parallel = true".into(),
            ));
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: &str, cuda: bool) -> Result<Options, EngineError> {
        let options = toml::from_str(options).unwrap();
        let build = BuildSpec {
            options,
            ..BuildSpec::default()
        };
        Options::read(&build, cuda)
    }

    #[test]
    fn what_is_offered_is_taken() {
        for (name, _) in help(true) {
            for value in kind(name).values() {
                // Threads across operators mean something only where operators run at the same time.
                let more = if name == "inter_threads" {
                    "\nparallel = true"
                } else {
                    ""
                };
                read(&format!("{name} = {value}{more}"), true).unwrap();
            }
        }
    }

    #[test]
    fn every_option_that_is_listed_is_read() {
        let text = "graph_optimization = \"basic\"\nthreads = 3\ninter_threads = 2\nparallel = true\narena = false\nspinning = false\nprepacking = false\n\
                    library = \"/x/libonnxruntime.so\"\ncudnn_search = \"heuristic\"\ncuda_graph = true\nprefer_nhwc = true";
        assert_eq!(text.lines().count(), help(true).len());
        let read = read(text, true).unwrap();
        assert_eq!(read.level, GraphOptimizationLevel::Level1);
        assert_eq!((read.threads, read.inter_threads), (Some(3), Some(2)));
        assert!(read.parallel && !read.arena && !read.spinning && !read.prepacking && read.cuda.prefer_nhwc);
        assert_eq!(read.library, Some("/x/libonnxruntime.so".into()));
        assert_eq!(
            (read.cuda.cudnn_search, read.cuda.graph),
            (Some("HEURISTIC"), Some(true))
        );
    }

    #[test]
    fn wrong_options_are_refused_by_name_and_value() {
        for (text, words) in [
            ("thread = 2", ["thread", "did you mean threads"]),
            ("threads = 0", ["threads = 0", "1 to 1024"]),
            ("graph_optimization = \"fast\"", ["\"fast\"", "\"extended\""]),
            ("cuda_graph = true", ["onnxruntime-cpu", "cuda_graph"]),
            ("inter_threads = 2", ["inter_threads", "parallel = true"]),
            ("library = 3", ["library = 3", "path"]),
        ] {
            let error = read(text, false).unwrap_err().to_string();
            assert!(words.iter().all(|w| error.contains(w)), "{error}");
        }
        let build = BuildSpec {
            workspace: Some(1 << 30),
            ..BuildSpec::default()
        };
        assert!(
            Options::read(&build, false)
                .unwrap_err()
                .to_string()
                .contains("workspace")
        );
        assert_eq!(Options::read(&build, true).unwrap().cuda.memory, Some(1 << 30));
    }
}
