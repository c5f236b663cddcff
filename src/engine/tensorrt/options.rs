//! Build options of `tensorrt` and `tensorrt-rtx`, as recipes write them. Names of values are TensorRT's own in lower case
//! (`kTACTIC_DRAM` is `tactic-dram`). Whether the chosen version has an option is decided when it is set; the refusal names
//! the versions that have it.

use super::{RTX, TENSORRT, name, words};
use crate::engine::bind::unknown_option;
use crate::engine::{EngineError, OptionKind};
use crate::recipe::BuildSpec;
use crate::recipe::units::parse_size;
use enginesmith_tensorrt::sys::{
    BuilderFlag, ComputeCapability, HardwareCompatibilityLevel, MemoryPoolType, ParserFlag, PreviewFeature,
    ProfilingVerbosity, RuntimePlatform, TacticSource, TilingOptimizationLevel, VersionedEnum,
};
use enginesmith_tensorrt::{Flavour, Library};
use std::path::PathBuf;
use toml::Value;

/// Which targets an option is for.
#[derive(Clone, Copy, PartialEq)]
enum For {
    Both,
    Rtx,
    Enterprise,
}

/// Every option with a line of help.
const HELP: &[(&str, For, &str)] = &[
    (
        "optimization_level",
        For::Both,
        "how hard to look for fast kernels, 0 (quick) to 5 (thorough); 3 when not given",
    ),
    (
        "compute_capability",
        For::Rtx,
        "GPUs to build for: \"8.6\", several as \"8.6,8.9\", or \"current\"; all when not given",
    ),
    (
        "memory_pools",
        For::Both,
        "limits of memory pools besides the workspace: \"tactic-dram:2GiB,tactic-shared-memory:48KiB\"",
    ),
    (
        "profiling_verbosity",
        For::Both,
        "what the engine tells about its layers: layer-names-only (default), detailed or none",
    ),
    (
        "sparsity",
        For::Both,
        "use sparse kernels where weights have the 2:4 pattern: true or false (default)",
    ),
    (
        "strip_weights",
        For::Both,
        "leave weights out of the engine file, to be refitted later: true or false (default)",
    ),
    (
        "refit",
        For::Both,
        "which weights can be replaced later: off (default), all, identical or individual",
    ),
    (
        "version_compatible",
        For::Both,
        "let newer versions of the same major version run the engine: true or false (default)",
    ),
    (
        "exclude_lean_runtime",
        For::Both,
        "leave the lean runtime out of a version compatible engine: true or false (default)",
    ),
    (
        "hardware_compatibility",
        For::Enterprise,
        "which other GPUs shall run the engine: none (default), ampere-plus or same-compute-capability",
    ),
    (
        "runtime_platform",
        For::Enterprise,
        "the system the engine shall run on: same-as-build (default) or windows-amd64",
    ),
    (
        "weak_typing",
        For::Both,
        "let TensorRT choose lower precisions by itself (10.x): true, or false (types as the graph says, default)",
    ),
    (
        "aux_streams",
        For::Both,
        "streams besides the main one that the engine may use; TensorRT's choice when not given",
    ),
    (
        "tactic_sources",
        For::Both,
        "where kernels may come from, all others off: \"cublas-lt,edge-mask-convolutions\"",
    ),
    (
        "tiling",
        For::Both,
        "how hard to look for tilings over several layers: none, fast, moderate or full",
    ),
    ("max_tactics", For::Both, "most kernels to time per layer"),
    (
        "timing_iterations",
        For::Both,
        "how often each kernel is timed; 1 when not given",
    ),
    (
        "timing_cache",
        For::Enterprise,
        "keep timings between builds on the same GPU and version: true (default), false, or a file",
    ),
    (
        "builder_threads",
        For::Both,
        "threads of the builder; TensorRT's choice when not given",
    ),
    (
        "flags",
        For::Both,
        "further builder flags by name: \"strict-nans,direct-io\"",
    ),
    (
        "preview_features",
        For::Both,
        "preview features to turn on, by name: \"profile-sharing-0806\"",
    ),
    (
        "parser_flags",
        For::Both,
        "flags of the ONNX parser: \"native-instancenorm\"",
    ),
    (
        "plugins",
        For::Both,
        "plugin libraries to load: a path or a list of paths. They run their own code: name only those you trust",
    ),
    (
        "plugins_in_engine",
        For::Both,
        "store those plugin libraries inside of the engine: true or false (default)",
    ),
    (
        "library",
        For::Both,
        "the library file, or its folder, instead of the one that is found",
    ),
];

/// Builder flags that have an option, or the precision, of their own.
const OWN: &[(BuilderFlag, &str)] = &[
    (BuilderFlag::Tf32, "precision"),
    (BuilderFlag::Fp16, "weak_typing with precision fp16"),
    (BuilderFlag::Bf16, "weak_typing with precision bf16"),
    (BuilderFlag::Int8, "weak_typing with precision int8"),
    (BuilderFlag::Fp8, "weak_typing with precision fp8"),
    (BuilderFlag::Int4, "weak_typing with precision int4"),
    (BuilderFlag::SparseWeights, "sparsity"),
    (BuilderFlag::StripPlan, "strip_weights"),
    (BuilderFlag::Refit, "refit"),
    (BuilderFlag::RefitIdentical, "refit"),
    (BuilderFlag::RefitIndividual, "refit"),
    (BuilderFlag::VersionCompatible, "version_compatible"),
    (BuilderFlag::ExcludeLeanRuntime, "exclude_lean_runtime"),
    (BuilderFlag::DisableTimingCache, "timing_cache"),
];

/// The options of a target with help.
pub fn help(flavour: Flavour) -> impl Iterator<Item = (&'static str, &'static str)> {
    HELP.iter()
        .filter(move |(_, who, _)| fits(*who, flavour))
        .map(|(name, _, help)| (*name, *help))
}

/// What an option takes.
pub fn kind(name: &str) -> OptionKind {
    fn names<E: VersionedEnum>() -> OptionKind {
        OptionKind::choice(E::ALL.iter().map(|e| e.short_name()))
    }
    let text = |like: &str| OptionKind::Text(like.into());
    match name {
        "optimization_level" => OptionKind::whole(0, 5, 3),
        "aux_streams" => OptionKind::whole(0, 64, 0),
        "max_tactics" => OptionKind::whole(1, i64::from(i32::MAX), 8),
        "timing_iterations" => OptionKind::whole(1, 1000, 1),
        "builder_threads" => OptionKind::whole(1, 1024, 1),
        "profiling_verbosity" => names::<ProfilingVerbosity>(),
        "hardware_compatibility" => names::<HardwareCompatibilityLevel>(),
        "runtime_platform" => names::<RuntimePlatform>(),
        "tiling" => names::<TilingOptimizationLevel>(),
        "refit" => OptionKind::choice(["off", "all", "identical", "individual"]),
        "compute_capability" => text("8.6,12.0"),
        "memory_pools" => text("tactic-dram:2GiB"),
        "tactic_sources" => text("cublas-lt,edge-mask-convolutions"),
        "flags" => text("strict-nans,direct-io"),
        "preview_features" => text("profile-sharing-0806"),
        "parser_flags" => text("native-instancenorm"),
        "plugins" => text("/path/to/libplugin.so"),
        "library" => text("/path/to/the/libraries"),
        _ => OptionKind::Flag,
    }
}

fn fits(who: For, flavour: Flavour) -> bool {
    match who {
        For::Both => true,
        For::Rtx => flavour == Flavour::Rtx,
        For::Enterprise => flavour == Flavour::Enterprise,
    }
}

/// What is done about timings of earlier builds.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum TimingCache {
    /// Per device and version in the user's cache.
    #[default]
    User,
    /// Nothing is kept.
    Off,
    /// In this file.
    File(PathBuf),
}

/// The options as read; `None` and empty mean TensorRT's default.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Options {
    pub library: Option<PathBuf>,
    pub plugins: Vec<PathBuf>,
    pub plugins_in_engine: bool,
    pub optimization_level: Option<i32>,
    pub compute_capabilities: Vec<ComputeCapability>,
    pub memory_pools: Vec<(MemoryPoolType, u64)>,
    pub profiling_verbosity: Option<ProfilingVerbosity>,
    pub hardware_compatibility: Option<HardwareCompatibilityLevel>,
    pub runtime_platform: Option<RuntimePlatform>,
    /// Flags to set, each with the option that asks for it.
    pub flags: Vec<(BuilderFlag, &'static str)>,
    pub weak_typing: bool,
    pub aux_streams: Option<i32>,
    pub tactic_sources: Option<Vec<TacticSource>>,
    pub tiling: Option<TilingOptimizationLevel>,
    pub max_tactics: Option<i32>,
    pub timing_iterations: Option<i32>,
    pub timing_cache: TimingCache,
    pub builder_threads: Option<i32>,
    pub preview_features: Vec<PreviewFeature>,
    pub parser_flags: Vec<ParserFlag>,
}

impl Options {
    /// Reads and checks them.
    ///
    /// # Errors
    /// [`EngineError::Request`] for a name the target does not know, with the nearest, or a value that does not fit, with
    /// those that do.
    pub fn read(build: &BuildSpec, flavour: Flavour) -> Result<Self, EngineError> {
        let target = name(flavour);
        let mut options = Self::default();
        for (name, value) in &build.options {
            let Some((known, who, _)) = HELP.iter().find(|(known, ..)| known == name) else {
                let all: Vec<_> = help(flavour).collect();
                return Err(unknown_option(target, name, &all));
            };
            if !fits(*who, flavour) {
                let other = if *who == For::Rtx { RTX } else { TENSORRT };
                return Err(EngineError::Request(format!(
                    "{target} has no build option {name}; {other} has it"
                )));
            }
            options.one(known, Given { name, value })?;
        }
        let has = |flag| options.flags.iter().any(|(f, _)| *f == flag);
        if has(BuilderFlag::ExcludeLeanRuntime) && !has(BuilderFlag::VersionCompatible) {
            return Err(EngineError::Request(
                "build option exclude_lean_runtime: it has a meaning only with version_compatible = true".into(),
            ));
        }
        if options.plugins_in_engine && options.plugins.is_empty() {
            return Err(EngineError::Request(
                "build option plugins_in_engine: no plugin library is named by plugins".into(),
            ));
        }
        Ok(options)
    }

    fn one(&mut self, option: &'static str, given: Given<'_>) -> Result<(), EngineError> {
        let flag = |options: &mut Self, flag: BuilderFlag| -> Result<(), EngineError> {
            if given.truth()? {
                options.flags.push((flag, option));
            }
            Ok(())
        };
        match option {
            "library" => self.library = Some(given.path()?),
            "plugins" => self.plugins = given.paths()?,
            "plugins_in_engine" => self.plugins_in_engine = given.truth()?,
            "optimization_level" => self.optimization_level = Some(given.number(0, 5)?),
            "compute_capability" => self.compute_capabilities = given.capabilities()?,
            "memory_pools" => self.memory_pools = given.pools()?,
            "profiling_verbosity" => self.profiling_verbosity = Some(given.one()?),
            "hardware_compatibility" => self.hardware_compatibility = Some(given.one()?),
            "runtime_platform" => self.runtime_platform = Some(given.one()?),
            "sparsity" => flag(self, BuilderFlag::SparseWeights)?,
            "strip_weights" => flag(self, BuilderFlag::StripPlan)?,
            "version_compatible" => flag(self, BuilderFlag::VersionCompatible)?,
            "exclude_lean_runtime" => flag(self, BuilderFlag::ExcludeLeanRuntime)?,
            "refit" => {
                let refit = match given.value.as_str() {
                    Some("off") => None,
                    Some("all") => Some(BuilderFlag::Refit),
                    Some("identical") => Some(BuilderFlag::RefitIdentical),
                    Some("individual") => Some(BuilderFlag::RefitIndividual),
                    _ => return Err(given.wrong("\"off\", \"all\", \"identical\" or \"individual\" is wanted")),
                };
                self.flags.extend(refit.map(|f| (f, option)));
            }
            "weak_typing" => self.weak_typing = given.truth()?,
            "aux_streams" => self.aux_streams = Some(given.number(0, 64)?),
            "tactic_sources" => self.tactic_sources = Some(given.several()?),
            "tiling" => self.tiling = Some(given.one()?),
            "max_tactics" => self.max_tactics = Some(given.number(1, i32::MAX)?),
            "timing_iterations" => self.timing_iterations = Some(given.number(1, 1000)?),
            "timing_cache" => {
                self.timing_cache = match given.value {
                    Value::Boolean(true) => TimingCache::User,
                    Value::Boolean(false) => TimingCache::Off,
                    _ => TimingCache::File(given.path()?),
                }
            }
            "builder_threads" => self.builder_threads = Some(given.number(1, 1024)?),
            "flags" => {
                for flag in given.several::<BuilderFlag>()? {
                    if let Some((_, own)) = OWN.iter().find(|(f, _)| *f == flag) {
                        let name = flag.short_name();
                        return Err(given.wrong(&format!("{name} is set by {own}")));
                    }
                    self.flags.push((flag, option));
                }
            }
            "preview_features" => self.preview_features = given.several()?,
            "parser_flags" => self.parser_flags = given.several()?,
            // `HELP` holds every name above; a test makes sure of it.
            other => return Err(EngineError::Request(format!("build option {other} is not read"))),
        }
        Ok(())
    }
}

/// An option with its value.
#[derive(Clone, Copy)]
struct Given<'a> {
    name: &'a str,
    value: &'a Value,
}

impl Given<'_> {
    fn wrong(self, wanted: &str) -> EngineError {
        let Self { name, value } = self;
        EngineError::Request(format!("build option {name} = {value}: {wanted}"))
    }

    fn truth(self) -> Result<bool, EngineError> {
        self.value
            .as_bool()
            .ok_or_else(|| self.wrong("true or false is wanted"))
    }

    fn number(self, least: i32, most: i32) -> Result<i32, EngineError> {
        let number = self.value.as_integer().and_then(|n| i32::try_from(n).ok());
        let wanted = match most {
            i32::MAX => format!("a whole number from {least} on is wanted"),
            _ => format!("a whole number from {least} to {most} is wanted"),
        };
        number
            .filter(|n| (least..=most).contains(n))
            .ok_or_else(|| self.wrong(&wanted))
    }

    fn path(self) -> Result<PathBuf, EngineError> {
        let text = self.value.as_str().filter(|t| !t.is_empty());
        text.map(PathBuf::from)
            .ok_or_else(|| self.wrong("a path in quotes is wanted"))
    }

    fn paths(self) -> Result<Vec<PathBuf>, EngineError> {
        match self.value {
            Value::Array(list) => list
                .iter()
                .map(|value| {
                    Given { value, ..self }
                        .path()
                        .map_err(|_| self.wrong("a list of paths is wanted"))
                })
                .collect(),
            _ => Ok(vec![self.path()?]),
        }
    }

    /// Words of `"a,b"` or `["a", "b"]`; numbers are words too (`8.6`).
    fn words(self) -> Result<Vec<String>, EngineError> {
        let word = |value: &Value| match value {
            Value::String(text) => Some(text.split(',').map(|w| w.trim().to_string()).collect::<Vec<_>>()),
            Value::Integer(n) => Some(vec![n.to_string()]),
            // 12.0 keeps its zero.
            Value::Float(n) => Some(vec![format!("{n:?}")]),
            _ => None,
        };
        let words: Option<Vec<Vec<String>>> = match self.value {
            Value::Array(list) => list.iter().map(word).collect(),
            single => word(single).map(|w| vec![w]),
        };
        let words: Vec<String> = words.unwrap_or_default().concat();
        if words.is_empty() || words.iter().any(String::is_empty) {
            return Err(self.wrong("names separated by commas are wanted"));
        }
        Ok(words)
    }

    fn named<E: VersionedEnum>(self, word: &str) -> Result<E, EngineError> {
        E::from_short_name(&word.to_lowercase().replace('_', "-")).ok_or_else(|| {
            let names: Vec<String> = E::ALL.iter().map(|e| e.short_name()).collect();
            self.wrong(&format!("{word:?} is none of {}", names.join(", ")))
        })
    }

    fn one<E: VersionedEnum>(self) -> Result<E, EngineError> {
        let word = self.value.as_str().unwrap_or_default();
        self.named(word)
    }

    fn several<E: VersionedEnum>(self) -> Result<Vec<E>, EngineError> {
        self.words()?.iter().map(|word| self.named(word)).collect()
    }

    /// `8.6`, `86`, `sm86` or `current`.
    fn capabilities(self) -> Result<Vec<ComputeCapability>, EngineError> {
        let one = |word: &String| {
            let digits = word.to_lowercase().trim_start_matches("sm").replace('.', "");
            let found = match digits.as_str() {
                "current" => Some(ComputeCapability::Current),
                digits => ComputeCapability::from_short_name(&format!("sm{digits}")),
            };
            found.ok_or_else(|| {
                let numbers = ComputeCapability::ALL.iter().filter_map(|c| capability_text(*c));
                let known: Vec<String> = numbers.collect();
                self.wrong(&format!("{word:?} is none of {}, current", known.join(", ")))
            })
        };
        let list: Vec<ComputeCapability> = self.words()?.iter().map(one).collect::<Result<_, _>>()?;
        if list.len() > 1 && list.contains(&ComputeCapability::Current) {
            return Err(self.wrong("current stands alone"));
        }
        Ok(list)
    }

    /// `"tactic-dram:2GiB,..."`, or a table of sizes by name.
    fn pools(self) -> Result<Vec<(MemoryPoolType, u64)>, EngineError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        match self.value {
            Value::Table(table) => {
                for (name, size) in table {
                    let size = size.as_str().map(String::from).unwrap_or_else(|| size.to_string());
                    pairs.push((name.clone(), size));
                }
            }
            _ => {
                for word in self.words()? {
                    let pair = word.split_once(':');
                    let (name, size) = pair.ok_or_else(|| self.wrong(&format!("{word:?} is not NAME:SIZE")))?;
                    pairs.push((name.trim().into(), size.trim().into()));
                }
            }
        }
        let one = |(name, size): (String, String)| {
            let pool: MemoryPoolType = self.named(&name)?;
            if pool == MemoryPoolType::Workspace {
                return Err(self.wrong("the workspace has a key of its own, workspace"));
            }
            let bytes = parse_size(&size).map_err(|e| self.wrong(&e))?;
            Ok((pool, bytes))
        };
        pairs.into_iter().map(one).collect()
    }
}

/// `8.6` for `Sm86`; none for the values that are no number.
pub fn capability_text(capability: ComputeCapability) -> Option<String> {
    let short = capability.short_name();
    let digits = short.strip_prefix("sm")?;
    let (major, minor) = digits.split_at_checked(digits.len().checked_sub(1)?)?;
    Some(format!("{major}.{minor}"))
}

/// Loads TensorRT's standard plugins, where the product has them, and those that the recipe names.
///
/// # Errors
/// A plugin library that cannot be loaded.
pub fn load_plugins(library: Library, plugins: &[PathBuf]) -> Result<(), EngineError> {
    if library.version().flavour == Flavour::Enterprise
        && let Err(error) = library.load_standard_plugins()
    {
        // The plugin library is a package of its own; many models need none of it.
        tracing::warn!("the standard plugins are not loaded: {error}");
    }
    if plugins.is_empty() {
        return Ok(());
    }
    let mut registry = library.plugins().map_err(words::error)?;
    for path in plugins {
        // SAFETY: the recipe names the library, and its help says that it runs its own code; whoever runs a recipe with
        // plugins trusts them, as with trtexec's --plugins.
        unsafe { registry.load_library(path) }.map_err(words::option("plugins"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: &str, flavour: Flavour) -> Result<Options, EngineError> {
        let options = toml::from_str(options).unwrap();
        Options::read(
            &BuildSpec {
                options,
                ..BuildSpec::default()
            },
            flavour,
        )
    }

    const ALL: &str = r#"
        library = "/x/libtensorrt_rtx.so.1"
        plugins = ["/x/a.so", "/x/b.so"]
        plugins_in_engine = true
        optimization_level = 5
        compute_capability = ["8.6", 12.0]
        memory_pools = { tactic-dram = "1GiB" }
        profiling_verbosity = "detailed"
        sparsity = true
        strip_weights = true
        refit = "identical"
        version_compatible = true
        exclude_lean_runtime = true
        weak_typing = true
        aux_streams = 0
        tactic_sources = "cublas-lt, jit_convolutions"
        tiling = "fast"
        max_tactics = 10
        timing_iterations = 4
        builder_threads = 2
        flags = "strict-nans"
        preview_features = "profile-sharing-0806"
        parser_flags = "native-instancenorm"
    "#;
    const ENTERPRISE: &str = r#"
        hardware_compatibility = "ampere-plus"
        runtime_platform = "windows-amd64"
        timing_cache = "/x/cache"
    "#;

    #[test]
    fn what_is_offered_is_taken() {
        for flavour in [Flavour::Rtx, Flavour::Enterprise] {
            for (name, _) in help(flavour) {
                for value in kind(name).values() {
                    let with = match name {
                        "exclude_lean_runtime" => "version_compatible = true\n",
                        "plugins_in_engine" => "plugins = \"/x/a.so\"\n",
                        _ => "",
                    };
                    read(&format!("{with}{name} = {value}"), flavour).unwrap();
                }
            }
        }
    }

    #[test]
    fn every_option_that_is_listed_is_read() {
        let rtx = read(ALL, Flavour::Rtx).unwrap();
        assert_eq!(
            rtx.compute_capabilities,
            [ComputeCapability::Sm86, ComputeCapability::Sm120]
        );
        assert_eq!(rtx.memory_pools, [(MemoryPoolType::TacticDram, 1 << 30)]);
        assert_eq!(
            rtx.tactic_sources,
            Some(vec![TacticSource::CublasLt, TacticSource::JitConvolutions])
        );
        assert!(rtx.flags.contains(&(BuilderFlag::StrictNans, "flags")));
        assert!(rtx.flags.contains(&(BuilderFlag::RefitIdentical, "refit")));
        let enterprise = read(ENTERPRISE, Flavour::Enterprise).unwrap();
        assert_eq!(enterprise.timing_cache, TimingCache::File("/x/cache".into()));
        let listed: usize = HELP.len();
        let lines = |text: &str| text.lines().filter(|l| l.contains('=')).count();
        assert_eq!(lines(ALL) + lines(ENTERPRISE), listed);
    }

    #[test]
    fn numbers_of_the_command_line_are_capabilities_too() {
        for text in ["8.6", "86", "\"8.6\"", "\"sm86\"", "\"SM86\""] {
            let options = read(&format!("compute_capability = {text}"), Flavour::Rtx).unwrap();
            assert_eq!(options.compute_capabilities, [ComputeCapability::Sm86], "{text}");
        }
        let options = read("compute_capability = \"8.6,8.9\"", Flavour::Rtx).unwrap();
        assert_eq!(options.compute_capabilities.len(), 2);
        assert_eq!(capability_text(ComputeCapability::Sm121).as_deref(), Some("12.1"));
        assert_eq!(capability_text(ComputeCapability::Current), None);
    }

    #[test]
    fn wrong_options_are_refused_by_name_and_value() {
        for (text, parts) in [
            (
                "optimisation_level = 3",
                ["optimisation_level", "did you mean optimization_level"],
            ),
            ("optimization_level = 6", ["optimization_level = 6", "0 to 5"]),
            ("compute_capability = \"9.0\"", ["\"9.0\"", "8.6"]),
            ("compute_capability = \"current,8.6\"", ["current", "alone"]),
            ("memory_pools = \"tactic-dram\"", ["tactic-dram", "NAME:SIZE"]),
            ("memory_pools = \"workspace:1GiB\"", ["memory_pools", "workspace"]),
            ("memory_pools = \"tactic-dram:much\"", ["\"much\"", "1GiB"]),
            ("profiling_verbosity = \"high\"", ["\"high\"", "detailed"]),
            ("flags = \"fp16\"", ["fp16", "weak_typing"]),
            (
                "exclude_lean_runtime = true",
                ["exclude_lean_runtime", "version_compatible"],
            ),
            ("plugins_in_engine = true", ["plugins_in_engine", "plugins"]),
            ("timing_cache = true", ["timing_cache", "tensorrt has it"]),
            ("refit = true", ["refit = true", "identical"]),
        ] {
            let error = read(text, Flavour::Rtx).unwrap_err().to_string();
            assert!(parts.iter().all(|p| error.contains(p)), "{text}: {error}");
        }
        let error = read("compute_capability = \"8.6\"", Flavour::Enterprise).unwrap_err();
        assert!(error.to_string().contains("tensorrt-rtx has it"), "{error}");
    }
}
