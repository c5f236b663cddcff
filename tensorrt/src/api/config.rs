//! IBuilderConfig: how to build.

use super::{Builder, HostMemory, OptimizationProfile, c_string, failed, inner};
use crate::error::{Error, Result};
use crate::interfaces::{CalibratorObject, Int8Calibrator, LogMark, ProgressMonitor, ProgressObject};
use crate::sys::{
    BuilderFlag, Class, ComputeCapability, EngineCapability, Family, HardwareCompatibilityLevel, IBuilderConfig,
    ITimingCache, MemoryPoolType, PreviewFeature, ProfilingVerbosity, QuantizationFlag, RuntimePlatform, Table,
    TacticSource, TilingOptimizationLevel, Unsupported, VBuilderConfig, VersionedEnum,
};
use crate::version::Flavour;
use std::sync::Arc;

/// Options of a build. Every option that the loaded version lacks is refused with the versions that have it.
pub struct BuilderConfig<'b> {
    pub(super) builder: &'b Builder,
    pub(super) outer: IBuilderConfig,
    v: VBuilderConfig,
    /// Freed after the configuration (fields drop after `drop`).
    pub(super) progress: Option<ProgressObject>,
    calibrator: Option<CalibratorObject>,
    timing_caches: Vec<ITimingCache>,
}

impl<'b> BuilderConfig<'b> {
    pub(super) fn new(builder: &'b Builder, outer: IBuilderConfig, v: VBuilderConfig) -> BuilderConfig<'b> {
        BuilderConfig {
            builder,
            outer,
            v,
            progress: None,
            calibrator: None,
            timing_caches: vec![],
        }
    }

    fn table(&self) -> &'static Table {
        self.builder.library.inner.table
    }

    fn refused<T>(&self, what: &str, mark: LogMark) -> Result<T> {
        Err(failed(self.builder.library, what, mark, Some(&self.builder.recorder)))
    }

    /// Makes sure that a value that TensorRT takes without a word has really been taken.
    fn taken<T: PartialEq + std::fmt::Debug>(&self, what: &str, wanted: T, is: T, mark: LogMark) -> Result<()> {
        if wanted == is {
            Ok(())
        } else {
            self.refused(&format!("set {what} to {wanted:?} (it stays {is:?})"), mark)
        }
    }

    /// Turns a flag on or off.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when this version lacks it.
    pub fn set_flag(&mut self, flag: BuilderFlag, on: bool) -> Result<()> {
        let mark = LogMark::now();
        let value = flag.value(self.table())?;
        // SAFETY: the configuration is alive; its table was checked.
        let is = unsafe {
            if on {
                self.v.set_flag(self.table(), value)?
            } else {
                self.v.clear_flag(self.table(), value)?
            }
            self.v.get_flag(self.table(), value)?
        };
        self.taken(flag.name(), on, is, mark)
    }

    /// True if a flag is set; false also where this version lacks it.
    ///
    /// # Errors
    /// None today.
    pub fn flag(&self, flag: BuilderFlag) -> Result<bool> {
        let Ok(value) = flag.value(self.table()) else {
            return Ok(false);
        };
        // SAFETY: as above.
        Ok(unsafe { self.v.get_flag(self.table(), value) }?)
    }

    /// The most memory that a pool may use, in bytes. The workspace is [`MemoryPoolType::Workspace`].
    ///
    /// # Errors
    /// A pool that this version lacks; a size that TensorRT does not take.
    pub fn set_memory_pool_limit(&mut self, pool: MemoryPoolType, bytes: u64) -> Result<()> {
        let mark = LogMark::now();
        let value = pool.value(self.table())?;
        let Ok(wanted) = usize::try_from(bytes) else {
            return Err(Error::Invalid {
                what: pool.name().into(),
                reason: format!("{bytes} bytes are too many"),
            });
        };
        // SAFETY: as above.
        let is = unsafe {
            self.v.set_memory_pool_limit(self.table(), value, wanted)?;
            self.v.get_memory_pool_limit(self.table(), value)?
        };
        self.taken(pool.name(), wanted, is, mark)
    }

    /// The limit of a pool in bytes. TensorRT's default for the workspace is the device's memory; without a device the
    /// number means nothing.
    ///
    /// # Errors
    /// A pool that this version lacks.
    pub fn memory_pool_limit(&self, pool: MemoryPoolType) -> Result<u64> {
        let value = pool.value(self.table())?;
        // SAFETY: as above.
        Ok(unsafe { self.v.get_memory_pool_limit(self.table(), value) }? as u64)
    }

    /// How hard to look for fast kernels, 0 to 5 (TensorRT's default is 3).
    ///
    /// # Errors
    /// A level that TensorRT does not take.
    pub fn set_optimization_level(&mut self, level: i32) -> Result<()> {
        let mark = LogMark::now();
        // SAFETY: as above.
        let is = unsafe {
            self.v.set_builder_optimization_level(self.table(), level)?;
            self.v.get_builder_optimization_level(self.table())?
        };
        self.taken("the optimization level", level, is, mark)
    }

    /// How much the engine tells the inspector and the profiler about its layers.
    ///
    /// # Errors
    /// A value that this version lacks.
    pub fn set_profiling_verbosity(&mut self, verbosity: ProfilingVerbosity) -> Result<()> {
        let value = verbosity.value(self.table())?;
        // SAFETY: as above.
        Ok(unsafe { self.v.set_profiling_verbosity(self.table(), value) }?)
    }

    /// Which other devices the engine shall run on (TensorRT; TensorRT-RTX has compute capabilities).
    ///
    /// # Errors
    /// A value that this version lacks.
    pub fn set_hardware_compatibility(&mut self, level: HardwareCompatibilityLevel) -> Result<()> {
        let mark = LogMark::now();
        let value = level.value(self.table())?;
        // SAFETY: as above.
        let is = unsafe {
            self.v.set_hardware_compatibility_level(self.table(), value)?;
            self.v.get_hardware_compatibility_level(self.table())?
        };
        self.taken("the hardware compatibility level", value, is, mark)
    }

    /// The system that the engine shall run on.
    ///
    /// # Errors
    /// [`Error::Missing`] before TensorRT 10.2.
    pub fn set_runtime_platform(&mut self, platform: RuntimePlatform) -> Result<()> {
        let value = platform.value(self.table())?;
        // SAFETY: as above.
        Ok(unsafe { self.v.set_runtime_platform(self.table(), value) }?)
    }

    /// What the engine must be able to do without (safety, DLA).
    ///
    /// # Errors
    /// A value that this version lacks.
    pub fn set_engine_capability(&mut self, capability: EngineCapability) -> Result<()> {
        let value = capability.value(self.table())?;
        // SAFETY: as above.
        Ok(unsafe { self.v.set_engine_capability(self.table(), value) }?)
    }

    /// The compute capabilities to build for (TensorRT-RTX). None: the engine is portable among those that the library
    /// supports by default. `Current` needs a GPU.
    ///
    /// # Errors
    /// A capability that this version lacks; TensorRT's refusal.
    pub fn set_compute_capabilities(&mut self, capabilities: &[ComputeCapability]) -> Result<()> {
        let mark = LogMark::now();
        let values: Result<Vec<_>, _> = capabilities.iter().map(|c| c.value(self.table())).collect();
        let values = values?;
        // SAFETY: as above.
        let mut taken = unsafe { self.v.set_nb_compute_capabilities(self.table(), values.len() as i32) }?;
        for (i, value) in values.iter().enumerate() {
            // SAFETY: as above.
            taken = taken && unsafe { self.v.set_compute_capability(self.table(), *value, i as i32) }?;
        }
        if taken {
            Ok(())
        } else {
            self.refused(&format!("build for {capabilities:?}"), mark)
        }
    }

    /// The most streams besides the main one that the engine may use, 0 for none.
    ///
    /// # Errors
    /// A number that TensorRT does not take.
    pub fn set_max_aux_streams(&mut self, streams: i32) -> Result<()> {
        let mark = LogMark::now();
        // SAFETY: as above.
        let is = unsafe {
            self.v.set_max_aux_streams(self.table(), streams)?;
            self.v.get_max_aux_streams(self.table())?
        };
        self.taken("auxiliary streams", streams, is, mark)
    }

    /// Where kernels may come from; all others are off.
    ///
    /// # Errors
    /// A source that this version lacks; TensorRT's refusal.
    pub fn set_tactic_sources(&mut self, sources: &[TacticSource]) -> Result<()> {
        let mark = LogMark::now();
        let mut bits = 0;
        for source in sources {
            bits |= 1u32 << source.value(self.table())?;
        }
        // SAFETY: as above.
        match unsafe { self.v.set_tactic_sources(self.table(), bits) }? {
            true => Ok(()),
            false => self.refused(&format!("use the tactic sources {sources:?}"), mark),
        }
    }

    /// Turns a preview feature on or off.
    ///
    /// # Errors
    /// A feature that this version lacks.
    pub fn set_preview_feature(&mut self, feature: PreviewFeature, on: bool) -> Result<()> {
        let mark = LogMark::now();
        let value = feature.value(self.table())?;
        // SAFETY: as above.
        let is = unsafe {
            self.v.set_preview_feature(self.table(), value, on)?;
            self.v.get_preview_feature(self.table(), value)?
        };
        self.taken(feature.name(), on, is, mark)
    }

    /// How often each kernel is timed (TensorRT's default is 1).
    ///
    /// # Errors
    /// A number that TensorRT does not take.
    pub fn set_avg_timing_iterations(&mut self, iterations: i32) -> Result<()> {
        let mark = LogMark::now();
        // SAFETY: as above.
        let is = unsafe {
            self.v.set_avg_timing_iterations(self.table(), iterations)?;
            self.v.get_avg_timing_iterations(self.table())?
        };
        self.taken("timing iterations", iterations, is, mark)
    }

    /// The most kernels to time per layer, -1 for TensorRT's choice.
    ///
    /// # Errors
    /// [`Error::Missing`] before TensorRT 10.4.
    pub fn set_max_tactics(&mut self, tactics: i32) -> Result<()> {
        let mark = LogMark::now();
        // SAFETY: as above.
        let is = unsafe {
            self.v.set_max_nb_tactics(self.table(), tactics)?;
            self.v.get_max_nb_tactics(self.table())?
        };
        self.taken("the number of tactics", tactics, is, mark)
    }

    /// How hard to look for tilings over several layers.
    ///
    /// # Errors
    /// [`Error::Missing`] before TensorRT 10.8; TensorRT's refusal.
    pub fn set_tiling_level(&mut self, level: TilingOptimizationLevel) -> Result<()> {
        let mark = LogMark::now();
        let value = level.value(self.table())?;
        // SAFETY: as above.
        match unsafe { self.v.set_tiling_optimization_level(self.table(), value) }? {
            true => Ok(()),
            false => self.refused(&format!("set the tiling level to {level:?}"), mark),
        }
    }

    /// Turns a flag of INT8 calibration on or off (TensorRT 10).
    ///
    /// # Errors
    /// A flag that this version lacks.
    pub fn set_quantization_flag(&mut self, flag: QuantizationFlag, on: bool) -> Result<()> {
        let value = flag.value(self.table())?;
        // SAFETY: as above.
        unsafe {
            match on {
                true => self.v.set_quantization_flag(self.table(), value)?,
                false => self.v.clear_quantization_flag(self.table(), value)?,
            }
        }
        Ok(())
    }

    /// Calibrates INT8 ranges during the build (TensorRT 10, with `BuilderFlag::Int8`).
    ///
    /// # Errors
    /// [`Error::Unsupported`] elsewhere.
    pub fn set_int8_calibrator(&mut self, calibrator: Arc<dyn Int8Calibrator>) -> Result<()> {
        let object = CalibratorObject::new(self.table(), calibrator)?;
        // SAFETY: the object lives until after the configuration, which we keep it in.
        unsafe { self.v.set_int8_calibrator(self.table(), Some(object.handle())) }?;
        self.calibrator = Some(object);
        Ok(())
    }

    /// Follows the build and can cancel it.
    ///
    /// # Errors
    /// [`Error::Load`] when TensorRT does not keep it.
    pub fn set_progress_monitor(&mut self, monitor: Arc<dyn ProgressMonitor>) -> Result<()> {
        let object = ProgressObject::new(self.table(), monitor);
        // SAFETY: the object lives until after the configuration, which we keep it in.
        let is = unsafe {
            self.v.set_progress_monitor(self.table(), Some(object.handle()))?;
            self.v.get_progress_monitor(self.table())?
        };
        let kept = is == Some(object.handle());
        self.progress = Some(object);
        let library = self.builder.library;
        let reason = || "getProgressMonitor() does not return what was set".into();
        if kept {
            Ok(())
        } else {
            Err(library.layout(Class::V_BUILDER_CONFIG, reason()).into())
        }
    }

    /// Adds a profile and returns its index. The profile is checked when it is added: fill it first.
    ///
    /// # Errors
    /// A profile of another builder, or one that TensorRT refuses (incomplete, or min > opt > max).
    pub fn add_profile(&mut self, profile: &OptimizationProfile<'b>) -> Result<usize> {
        if !std::ptr::eq(profile.builder, self.builder) {
            let reason = "it belongs to another builder".into();
            return Err(Error::Invalid {
                what: "optimization profile".into(),
                reason,
            });
        }
        let mark = LogMark::now();
        // SAFETY: the builder owns the profile and outlives the configuration.
        let index = unsafe { self.v.add_optimization_profile(self.table(), Some(profile.outer)) }?;
        usize::try_from(index).or_else(|_| self.refused("take the optimization profile", mark))
    }

    /// Plugin libraries to store inside of the engine.
    ///
    /// # Errors
    /// A path with a zero byte.
    pub fn set_plugins_to_serialize(&mut self, libraries: &[&str]) -> Result<()> {
        let texts: Result<Vec<_>> = libraries.iter().map(|l| c_string("plugin library", l)).collect();
        let texts = texts?;
        let pointers: Vec<_> = texts.iter().map(|t| t.as_ptr()).collect();
        // SAFETY: the texts live for the call, which copies them.
        unsafe {
            self.v
                .set_plugins_to_serialize(self.table(), pointers.as_ptr(), pointers.len() as i32)
        }?;
        Ok(())
    }

    /// Starts from the timings of an earlier build on the same device and version; an empty cache is a fresh one.
    /// `ignore_mismatch` takes timings of another device all the same.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on TensorRT-RTX, where timing caches are deprecated and make a build look for a GPU; a cache
    /// that TensorRT refuses.
    pub fn set_timing_cache(&mut self, cache: &[u8], ignore_mismatch: bool) -> Result<()> {
        if self.builder.library.version().flavour == Flavour::Rtx {
            let has = Table::all()
                .iter()
                .filter(|t| matches!(t.family, Family::Enterprise10 | Family::Enterprise11));
            let names: Vec<_> = has.map(Table::in_words).collect();
            let available = match (names.first(), names.last()) {
                (Some(first), Some(last)) => format!("{first} to {}", last.trim_start_matches("TensorRT ")),
                _ => String::new(),
            };
            let version = self.table().in_words();
            return Err(Unsupported {
                option: "timing cache".into(),
                version,
                available,
            }
            .into());
        }
        let mark = LogMark::now();
        // SAFETY: the bytes live for the call.
        let made = unsafe {
            self.v
                .create_timing_cache(self.table(), cache.as_ptr().cast(), cache.len())
        }?;
        let Some(made) = made else {
            return self.refused("read the timing cache", mark);
        };
        self.timing_caches.push(made);
        self.builder.library.checked(Class::V_TIMING_CACHE, made.as_ptr())?;
        // SAFETY: the cache lives until after the configuration, which we keep it in.
        match unsafe { self.v.set_timing_cache(self.table(), made, ignore_mismatch) }? {
            true => Ok(()),
            false => self.refused("use the timing cache", mark),
        }
    }

    /// The timing cache after a build, to keep for the next one; `None` if none was set.
    ///
    /// # Errors
    /// TensorRT's refusal.
    pub fn timing_cache(&self) -> Result<Option<HostMemory>> {
        let library = self.builder.library;
        let Some(cache) = self.timing_caches.last() else {
            return Ok(None);
        };
        let v = inner!(library, cache, V_TIMING_CACHE)?;
        let mark = LogMark::now();
        // SAFETY: the cache is alive; its table was checked.
        match unsafe { v.serialize(self.table()) }? {
            Some(memory) => HostMemory::new(library, memory).map(Some),
            None => self.refused("write the timing cache", mark),
        }
    }
}

impl Drop for BuilderConfig<'_> {
    fn drop(&mut self) {
        // SAFETY: ours to delete; the caches, which the configuration refers to, go after it.
        unsafe {
            self.outer.delete();
            for cache in &self.timing_caches {
                cache.delete();
            }
        }
    }
}
