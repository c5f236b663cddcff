//! Build options of `tensorrt` and `tensorrt-rtx`, as recipes write them. Names of values are TensorRT's own in lower case
//! (`kTACTIC_DRAM` is `tactic-dram`). Whether the chosen version has an option is decided when it is set; the refusal names
//! the versions that have it.

mod given;
mod list;
#[cfg(test)]
mod tests;

pub use given::capability_text;
pub use list::{help, kind};

use super::{RTX, TENSORRT, name};
use crate::engine::EngineError;
use crate::engine::bind::unknown_option;
use crate::recipe::BuildSpec;
use crate::recipe::units::parse_size;
use enginesmith_tensorrt::Flavour;
use enginesmith_tensorrt::sys::{
    BuilderFlag, ComputeCapability, CudaGraphStrategy, DynamicShapesKernelSpecializationStrategy,
    ExecutionContextAllocationStrategy, HardwareCompatibilityLevel, MemoryPoolType, ParserFlag, PreviewFeature,
    ProfilingVerbosity, RuntimePlatform, TacticSource, TilingOptimizationLevel, VersionedEnum,
};
use given::Given;
use list::{For, HELP, OWN, fits};
use std::path::PathBuf;
use toml::Value;

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

/// Where TensorRT-RTX keeps kernels that it compiled on this GPU.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum KernelCache {
    /// Nowhere: every process compiles anew.
    #[default]
    Off,
    /// Per device and version in the user's cache.
    User,
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
    /// Bytes of weights on the device at a time.
    pub weight_streaming: Option<u64>,
    pub cuda_graph: Option<CudaGraphStrategy>,
    pub kernel_specialization: Option<DynamicShapesKernelSpecializationStrategy>,
    pub context_memory: Option<ExecutionContextAllocationStrategy>,
    pub runtime_cache: KernelCache,
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
            "weight_streaming" => {
                let bytes = given.value.as_integer().and_then(|n| u64::try_from(n).ok());
                let bytes = bytes.or_else(|| parse_size(given.value.as_str()?).ok());
                self.weight_streaming = Some(bytes.ok_or_else(|| given.wrong("a size as in \"512MiB\" is wanted"))?);
                self.flags.push((BuilderFlag::WeightStreaming, option));
            }
            "cuda_graph" => self.cuda_graph = Some(given.one()?),
            "kernel_specialization" => self.kernel_specialization = Some(given.one()?),
            "context_memory" => {
                let strategy: ExecutionContextAllocationStrategy = given.one()?;
                if strategy == ExecutionContextAllocationStrategy::UserManaged {
                    return Err(given.wrong("\"static\" or \"on-profile-change\" is wanted"));
                }
                self.context_memory = Some(strategy);
            }
            "runtime_cache" => {
                self.runtime_cache = match given.value {
                    Value::Boolean(true) => KernelCache::User,
                    Value::Boolean(false) => KernelCache::Off,
                    _ => KernelCache::File(given.path()?),
                }
            }
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
