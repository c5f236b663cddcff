//! IRuntime: reads engines.

use super::{Engine, PluginRegistry, failed, inner};
use crate::error::Result;
use crate::interfaces::{LogMark, RecorderObject};
use crate::load::Library;
use crate::sys::{Class, EngineInvalidityDiagnostics, EngineValidity, IRuntime, VRuntime, VersionedEnum};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Reads engines. Clones are the same runtime; engines hold on to it.
#[derive(Clone)]
pub struct Runtime {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub library: Library,
    outer: IRuntime,
    pub v: VRuntime,
    /// Freed after the runtime (fields drop after `drop`).
    pub recorder: RecorderObject,
    /// Held while engines or contexts are made: TensorRT promises thread safety for runs of different contexts only.
    pub making: Mutex<()>,
}

impl Shared {
    pub fn make(&self) -> MutexGuard<'_, ()> {
        self.making.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// SAFETY: TensorRT's runtimes are not bound to a thread, and what makes objects from one takes the lock.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// What TensorRT-RTX says about an engine before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineCheck {
    /// Valid, suboptimal or invalid; `None` for a number that the tables do not know.
    pub validity: Option<EngineValidity>,
    /// What is wrong with it.
    pub diagnostics: Vec<EngineInvalidityDiagnostics>,
    /// The diagnostics as TensorRT's bits.
    pub bits: u64,
}

impl Library {
    /// Makes a runtime. No GPU is needed for that.
    ///
    /// # Errors
    /// When TensorRT refuses (its log says why), or when its objects are not laid out as the tables say.
    pub fn runtime(&self) -> Result<Runtime> {
        let mark = LogMark::now();
        let object = self
            .create_runtime()?
            .ok_or_else(|| failed(*self, "create a runtime", mark, None))?;
        let outer = IRuntime(object);
        let v = inner!(*self, outer, V_RUNTIME)?;
        let table = self.inner.table;
        let shared = Shared {
            library: *self,
            outer,
            v,
            recorder: RecorderObject::new(table),
            making: Mutex::new(()),
        };
        // SAFETY: the runtime is alive and its table was checked; the recorder lives until after the runtime.
        let (logger, own) = unsafe {
            v.set_error_recorder(table, Some(shared.recorder.handle()))?;
            (v.get_logger(table)?, v.get_p_impl(table)?)
        };
        if logger != Some(self.inner.logger.handle()) || own != Some(outer) {
            let reason = "getLogger() or getPImpl() does not return what it should".into();
            return Err(self.layout(Class::V_RUNTIME, reason).into());
        }
        Ok(Runtime {
            shared: Arc::new(shared),
        })
    }
}

impl Runtime {
    /// The library.
    pub fn library(&self) -> Library {
        self.shared.library
    }

    /// Lets engines bring host code: needed for version-compatible engines with a lean runtime inside. Only for engines
    /// from a source that you trust.
    ///
    /// # Errors
    /// None today.
    pub fn allow_host_code(&self, allowed: bool) -> Result<()> {
        // SAFETY: the runtime is alive.
        Ok(unsafe {
            self.shared
                .v
                .set_engine_host_code_allowed(self.shared.library.inner.table, allowed)
        }?)
    }

    /// Reads an engine. The bytes are not needed afterwards.
    ///
    /// # Errors
    /// [`Error::Failed`](crate::Error::Failed) with TensorRT's words: another version, another device, no GPU, damaged.
    pub fn engine(&self, bytes: &[u8]) -> Result<Engine> {
        let library = self.shared.library;
        let table = library.inner.table;
        let mark = LogMark::now();
        let guard = self.shared.make();
        self.shared.recorder.take(table);
        // SAFETY: the runtime is alive; the bytes live for the call.
        let engine = unsafe {
            self.shared
                .v
                .deserialize_cuda_engine(table, bytes.as_ptr().cast(), bytes.len())
        }?;
        drop(guard);
        match engine {
            Some(engine) => Engine::new(self.clone(), engine),
            None => Err(failed(library, "read the engine", mark, Some(&self.shared.recorder))),
        }
    }

    /// Says whether an engine could be read here, without reading it (TensorRT-RTX).
    ///
    /// # Errors
    /// [`Error::Missing`](crate::Error::Missing) on TensorRT.
    pub fn check_engine(&self, bytes: &[u8]) -> Result<EngineCheck> {
        let table = self.shared.library.inner.table;
        let mut bits = 0;
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        // SAFETY: the runtime is alive; bytes and bits live for the call.
        let validity = unsafe {
            self.shared
                .v
                .get_engine_validity(table, bytes.as_ptr().cast(), length, &mut bits)
        }?;
        let set = |d: &&EngineInvalidityDiagnostics| d.value(table).is_ok_and(|v| bits & v as u64 != 0);
        Ok(EngineCheck {
            validity: EngineValidity::from_value(table, validity),
            diagnostics: EngineInvalidityDiagnostics::ALL.iter().filter(set).copied().collect(),
            bits,
        })
    }

    /// How many bytes from the start of an engine [`check_engine`](Self::check_engine) needs (TensorRT-RTX).
    ///
    /// # Errors
    /// [`Error::Missing`](crate::Error::Missing) on TensorRT.
    pub fn engine_header_size(&self) -> Result<u64> {
        // SAFETY: the runtime is alive.
        let size = unsafe { self.shared.v.get_engine_header_size(self.shared.library.inner.table) }?;
        Ok(u64::try_from(size).unwrap_or(0))
    }

    /// The runtime's plugin registry.
    ///
    /// # Errors
    /// [`Error::Load`](crate::Error::Load) if it is not laid out as expected.
    pub fn plugins(&self) -> Result<PluginRegistry<'_>> {
        // SAFETY: the runtime is alive.
        let registry = unsafe { self.shared.v.get_plugin_registry(self.shared.library.inner.table) }?;
        PluginRegistry::new(self.shared.library, registry)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: ours to delete; engines hold a reference, so none is left.
        unsafe { self.outer.delete() };
    }
}
