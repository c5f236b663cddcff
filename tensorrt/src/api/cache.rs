//! IRuntimeCache: kernels that TensorRT-RTX compiled on this machine, to be kept between processes.

use super::{Engine, HostMemory, failed, inner};
use crate::error::Result;
use crate::interfaces::LogMark;
use crate::sys::{Class, IRuntimeCache, IRuntimeConfig, VRuntimeCache};
use std::sync::Arc;

/// Kernels compiled for one GPU and driver (TensorRT-RTX). Clones are the same cache.
#[derive(Clone)]
pub struct RuntimeCache {
    shared: Arc<Shared>,
}

struct Shared {
    outer: IRuntimeCache,
    v: VRuntimeCache,
    /// What made it; kept, as nothing says that the cache outlives it.
    config: IRuntimeConfig,
    /// Its library and its error recorder.
    engine: Engine,
}

// SAFETY: the cache is changed by the library alone, under its own locks (its documentation: contexts may share one); what
// we call takes the runtime's lock.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Engine {
    /// An empty cache, or one with the kernels of an earlier process.
    ///
    /// # Errors
    /// [`Error::Missing`](crate::Error::Missing) on TensorRT; bytes that TensorRT-RTX refuses.
    pub fn runtime_cache(&self, bytes: Option<&[u8]>) -> Result<RuntimeCache> {
        let library = self.library();
        let table = library.inner.table;
        let mark = LogMark::now();
        let refused = |what: &str| failed(library, what, mark, Some(&self.shared.runtime.shared.recorder));
        let _making = self.shared.runtime.shared.make();
        // SAFETY: the engine is alive.
        let config = unsafe { self.shared.v.create_runtime_config(table) }?;
        let config = config.ok_or_else(|| refused("create a runtime configuration"))?;
        let make = || -> Result<_> {
            library.checked(Class::V_RUNTIME_CONFIG, config.as_ptr())?;
            let c = inner!(library, config, V_RUNTIME_CONFIG)?;
            // SAFETY: the configuration is alive.
            let outer = unsafe { c.create_runtime_cache(table) }?.ok_or_else(|| refused("create a runtime cache"))?;
            library.checked(Class::V_RUNTIME_CACHE, outer.as_ptr())?;
            Ok((outer, inner!(library, outer, V_RUNTIME_CACHE)?))
        };
        let (outer, v) = match make() {
            Ok(made) => made,
            Err(error) => {
                // SAFETY: ours to delete.
                unsafe { config.delete() };
                return Err(error);
            }
        };
        let shared = Arc::new(Shared {
            outer,
            v,
            config,
            engine: self.clone(),
        });
        if let Some(bytes) = bytes {
            // SAFETY: the cache is alive; the bytes live for the call.
            let taken = unsafe { v.deserialize(table, bytes.as_ptr().cast(), bytes.len()) }?;
            if !taken {
                return Err(refused("read the runtime cache"));
            }
        }
        Ok(RuntimeCache { shared })
    }
}

impl RuntimeCache {
    pub(super) fn handle(&self) -> IRuntimeCache {
        self.shared.outer
    }

    /// Its bytes, for [`Engine::runtime_cache`] of another process.
    ///
    /// # Errors
    /// TensorRT-RTX's refusal.
    pub fn serialize(&self) -> Result<HostMemory> {
        let engine = &self.shared.engine;
        let library = engine.library();
        let mark = LogMark::now();
        let _making = engine.shared.runtime.shared.make();
        // SAFETY: the cache is alive.
        let memory = unsafe { self.shared.v.serialize(library.inner.table) }?;
        let recorder = &engine.shared.runtime.shared.recorder;
        let memory = memory.ok_or_else(|| failed(library, "write the runtime cache", mark, Some(recorder)))?;
        HostMemory::new(library, memory)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: ours to delete; contexts that use it hold a reference, so none is left.
        unsafe {
            self.outer.delete();
            self.config.delete();
        }
    }
}
