//! IBuilder: makes networks, configurations, profiles and engines.

use super::{BuilderConfig, HostMemory, Network, OptimizationProfile, PluginRegistry, failed, inner};
use crate::error::{Error, Result};
use crate::interfaces::{LogMark, RecorderObject, WriterObject};
use crate::load::Library;
use crate::sys::{Class, IBuilder, NetworkFlag, VBuilder, VersionedEnum};
use std::io::Write;

/// Builds engines. Not shared between threads; TensorRT itself uses several for a build.
pub struct Builder {
    pub(super) library: Library,
    pub(super) outer: IBuilder,
    pub(super) v: VBuilder,
    /// Freed after the builder (fields drop after `drop`).
    pub(super) recorder: RecorderObject,
}

impl Library {
    /// Makes a builder.
    ///
    /// # Errors
    /// When TensorRT refuses (its log says why), or when its objects are not laid out as the tables say.
    pub fn builder(&self) -> Result<Builder> {
        let mark = LogMark::now();
        let object = self
            .create_builder()?
            .ok_or_else(|| failed(*self, "create a builder", mark, None))?;
        let outer = IBuilder(object);
        let v = inner!(*self, outer, V_BUILDER)?;
        let builder = Builder {
            library: *self,
            outer,
            v,
            recorder: RecorderObject::new(self.inner.table),
        };
        let table = self.inner.table;
        // SAFETY: the builder is alive and its table was checked; the recorder lives until after the builder.
        let logger = unsafe {
            v.set_error_recorder(table, Some(builder.recorder.handle()))?;
            v.get_logger(table)?
        };
        if logger != Some(self.inner.logger.handle()) {
            return Err(self
                .layout(Class::V_BUILDER, "getLogger() does not return our logger".into())
                .into());
        }
        Ok(builder)
    }
}

impl Builder {
    /// The library.
    pub fn library(&self) -> Library {
        self.library
    }

    /// An empty network with flags. Strongly typed networks (types as the model says) are the only kind from TensorRT 11 and
    /// TensorRT-RTX 1.5 on; see [`strongly_typed`](Self::strongly_typed).
    ///
    /// # Errors
    /// A flag that this version lacks; TensorRT's refusal.
    pub fn network(&self, flags: &[NetworkFlag]) -> Result<Network<'_>> {
        let table = self.library.inner.table;
        let mut bits = 0;
        for flag in flags {
            bits |= 1u32 << flag.value(table)?;
        }
        let mark = LogMark::now();
        // SAFETY: the builder is alive; its table was checked.
        let object = unsafe { self.v.create_network_v2(table, bits) }?;
        let outer = object.ok_or_else(|| failed(self.library, "create a network", mark, Some(&self.recorder)))?;
        self.library.checked(Class::V_NETWORK_DEFINITION, outer.as_ptr())?;
        Ok(Network::new(
            self,
            outer,
            inner!(self.library, outer, V_NETWORK_DEFINITION)?,
        ))
    }

    /// A network whose types are those of the model.
    ///
    /// # Errors
    /// TensorRT's refusal.
    pub fn strongly_typed(&self) -> Result<Network<'_>> {
        self.network(&[NetworkFlag::StronglyTyped])
    }

    /// A configuration with TensorRT's defaults.
    ///
    /// # Errors
    /// TensorRT's refusal.
    pub fn config(&self) -> Result<BuilderConfig<'_>> {
        let mark = LogMark::now();
        // SAFETY: the builder is alive; its table was checked.
        let object = unsafe { self.v.create_builder_config(self.library.inner.table) }?;
        let outer = object.ok_or_else(|| failed(self.library, "create a configuration", mark, Some(&self.recorder)))?;
        self.library.checked(Class::V_BUILDER_CONFIG, outer.as_ptr())?;
        Ok(BuilderConfig::new(
            self,
            outer,
            inner!(self.library, outer, V_BUILDER_CONFIG)?,
        ))
    }

    /// An empty optimization profile; the builder owns it.
    ///
    /// # Errors
    /// TensorRT's refusal.
    pub fn profile(&self) -> Result<OptimizationProfile<'_>> {
        let mark = LogMark::now();
        // SAFETY: the builder is alive; its table was checked.
        let object = unsafe { self.v.create_optimization_profile(self.library.inner.table) }?;
        let outer = object.ok_or_else(|| failed(self.library, "create a profile", mark, Some(&self.recorder)))?;
        self.library.checked(Class::V_OPTIMIZATION_PROFILE, outer.as_ptr())?;
        Ok(OptimizationProfile::new(
            self,
            outer,
            inner!(self.library, outer, V_OPTIMIZATION_PROFILE)?,
        ))
    }

    /// How many threads TensorRT may use for a build.
    ///
    /// # Errors
    /// A number that TensorRT refuses.
    pub fn set_max_threads(&self, threads: i32) -> Result<()> {
        let mark = LogMark::now();
        // SAFETY: the builder is alive; its table was checked.
        match unsafe { self.v.set_max_threads(self.library.inner.table, threads) }? {
            true => Ok(()),
            false => Err(failed(
                self.library,
                &format!("use {threads} threads"),
                mark,
                Some(&self.recorder),
            )),
        }
    }

    /// True if a build would succeed as far as TensorRT can tell without building.
    ///
    /// # Errors
    /// None today.
    pub fn is_supported(&self, network: &Network<'_>, config: &BuilderConfig<'_>) -> Result<bool> {
        // SAFETY: all three are alive.
        Ok(unsafe {
            self.v
                .is_network_supported(self.library.inner.table, network.outer, config.outer)
        }?)
    }

    /// Builds and returns the engine's bytes. The progress monitor of the configuration is called meanwhile.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the monitor stopped it, [`Error::Failed`] with TensorRT's words otherwise.
    pub fn build(&self, network: &Network<'_>, config: &BuilderConfig<'_>) -> Result<HostMemory> {
        let mark = self.prepare(network, config)?;
        // SAFETY: all three are alive; monitor and recorder live as long as configuration and builder.
        let memory = unsafe {
            self.v
                .build_serialized_network(self.library.inner.table, network.outer, config.outer)
        }?;
        match memory {
            Some(memory) => HostMemory::new(self.library, memory),
            None => Err(self.build_error(config, mark)),
        }
    }

    /// Builds and writes the engine's bytes to a sink as they are made; returns how many.
    ///
    /// # Errors
    /// As [`build`](Self::build); [`Error::Write`] when the sink takes no more; [`Error::Missing`] before TensorRT 10.13.
    pub fn build_to(
        &self,
        network: &Network<'_>,
        config: &BuilderConfig<'_>,
        sink: Box<dyn Write + Send>,
    ) -> Result<u64> {
        let mark = self.prepare(network, config)?;
        let table = self.library.inner.table;
        let writer = WriterObject::new(table, sink);
        // SAFETY: all are alive for the call.
        let built = unsafe {
            self.v
                .build_serialized_network_to_stream(table, network.outer, config.outer, writer.handle())
        }?;
        let written = writer.finish();
        match (built, written) {
            (true, Ok(bytes)) => Ok(bytes),
            (_, Err(error)) => Err(Error::Write(error.to_string())),
            (false, Ok(_)) => Err(self.build_error(config, mark)),
        }
    }

    fn prepare(&self, network: &Network<'_>, config: &BuilderConfig<'_>) -> Result<LogMark> {
        if !std::ptr::eq(network.builder, self) || !std::ptr::eq(config.builder, self) {
            let reason = "network and configuration must come from this builder".into();
            return Err(Error::Invalid {
                what: "build".into(),
                reason,
            });
        }
        self.recorder.take(self.library.inner.table);
        if let Some(progress) = &config.progress {
            progress.reset();
        }
        Ok(LogMark::now())
    }

    fn build_error(&self, config: &BuilderConfig<'_>, mark: LogMark) -> Error {
        match &config.progress {
            Some(progress) if progress.panicked() => Error::MonitorPanicked,
            Some(progress) if progress.cancelled() => Error::Cancelled,
            _ => failed(self.library, "build the engine", mark, Some(&self.recorder)),
        }
    }

    /// The builder's plugin registry.
    ///
    /// # Errors
    /// [`Error::Load`] if it is not laid out as expected.
    pub fn plugins(&self) -> Result<PluginRegistry<'_>> {
        // SAFETY: the builder is alive; its table was checked.
        let registry = unsafe { self.v.get_plugin_registry(self.library.inner.table) }?;
        PluginRegistry::new(self.library, registry)
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        // SAFETY: ours to delete; what borrows it is gone.
        unsafe { self.outer.delete() };
    }
}
