//! ICudaEngine: an engine that was read, and IEngineInspector: what it says about its layers.

use super::{ContextOptions, ExecutionContext, HostMemory, Runtime, c_string, failed, hollow, inner};
use crate::error::{Error, Result};
use crate::interfaces::{LogMark, text};
use crate::load::Library;
use crate::sys::{
    Class, DataType, EngineCapability, HardwareCompatibilityLevel, ICudaEngine, LayerInformationFormat,
    ProfileSelector, ProfilingVerbosity, TacticSource, TensorFormat, TensorIoMode, TensorLocation, VCudaEngine,
    VersionedEnum,
};
use std::sync::Arc;

/// An engine. Clones are the same engine; contexts hold on to it.
#[derive(Clone)]
pub struct Engine {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub runtime: Runtime,
    pub outer: ICudaEngine,
    pub v: VCudaEngine,
}

// SAFETY: TensorRT's engines are not bound to a thread; nothing here changes one, and what makes objects from one takes the
// runtime's lock.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// An input or output of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IoTensor {
    /// Its name.
    pub name: String,
    /// Input or output, `None` for a value that the tables do not know.
    pub mode: Option<TensorIoMode>,
    /// Its element type.
    pub data_type: Option<DataType>,
    /// Elements per dimension, -1 where they depend on the run.
    pub shape: Option<Vec<i64>>,
    /// On the device or, for shape tensors, on the host.
    pub location: Option<TensorLocation>,
    /// True for an input or output of shape computations: host memory, values needed before the run.
    pub is_shape_tensor: bool,
    /// The memory layout.
    pub format: Option<TensorFormat>,
    /// The memory layout in TensorRT's words.
    pub format_text: String,
    /// Bytes per component, -1 where it does not apply.
    pub bytes_per_component: i32,
    /// Components per element for vectorized layouts, -1 where it does not apply.
    pub components_per_element: i32,
    /// The dimension that is vectorized, -1 for none.
    pub vectorized_dim: i32,
}

impl Engine {
    pub(super) fn new(runtime: Runtime, outer: ICudaEngine) -> Result<Engine> {
        let library = runtime.library();
        library.checked(Class::V_CUDA_ENGINE, outer.as_ptr())?;
        let v = inner!(library, outer, V_CUDA_ENGINE)?;
        let engine = Engine {
            shared: Arc::new(Shared { runtime, outer, v }),
        };
        // SAFETY: just made, its table checked.
        if unsafe { v.get_p_impl(library.inner.table) }? != Some(outer) {
            return Err(hollow(library, Class::V_CUDA_ENGINE).into());
        }
        Ok(engine)
    }

    /// The library.
    pub fn library(&self) -> Library {
        self.shared.runtime.library()
    }

    fn table(&self) -> &'static crate::sys::Table {
        self.library().inner.table
    }

    /// Its name, from the network.
    ///
    /// # Errors
    /// None today.
    pub fn name(&self) -> Result<String> {
        // SAFETY: the engine is alive; so in all of these functions.
        unsafe { Ok(text(self.shared.v.get_name(self.table())?)) }
    }

    /// How many layers it has after fusion.
    ///
    /// # Errors
    /// None today.
    pub fn layer_count(&self) -> Result<usize> {
        // SAFETY: as above.
        let count = unsafe { self.shared.v.get_nb_layers(self.table()) }?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// How many optimization profiles it has.
    ///
    /// # Errors
    /// None today.
    pub fn profile_count(&self) -> Result<usize> {
        // SAFETY: as above.
        let count = unsafe { self.shared.v.get_nb_optimization_profiles(self.table()) }?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// The device memory that a context needs, in bytes.
    ///
    /// # Errors
    /// None today.
    pub fn device_memory_bytes(&self) -> Result<u64> {
        // SAFETY: as above.
        let wide = unsafe { self.shared.v.get_device_memory_size_v2(self.table()) };
        match wide {
            Ok(bytes) => Ok(u64::try_from(bytes).unwrap_or(0)),
            // SAFETY: as above.
            Err(_) => Ok(unsafe { self.shared.v.get_device_memory_size(self.table()) }? as u64),
        }
    }

    /// How many auxiliary streams it uses.
    ///
    /// # Errors
    /// None today.
    pub fn aux_streams(&self) -> Result<usize> {
        // SAFETY: as above.
        let count = unsafe { self.shared.v.get_nb_aux_streams(self.table()) }?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// True if its weights can be replaced.
    ///
    /// # Errors
    /// None today.
    pub fn is_refittable(&self) -> Result<bool> {
        // SAFETY: as above.
        Ok(unsafe { self.shared.v.is_refittable(self.table()) }?)
    }

    /// How many bytes of weights can stay on the host while the engine runs; 0 for one that was not built for that.
    ///
    /// # Errors
    /// None today.
    pub fn streamable_weight_bytes(&self) -> Result<u64> {
        // SAFETY: as above.
        let bytes = unsafe { self.shared.v.get_streamable_weights_size(self.table()) }?;
        Ok(u64::try_from(bytes).unwrap_or(0))
    }

    /// How many bytes of streamable weights may be on the device at a time; the rest is copied during each run. Only before
    /// the first context is made.
    ///
    /// # Errors
    /// TensorRT's refusal.
    pub fn set_weight_budget(&self, bytes: u64) -> Result<()> {
        let mark = LogMark::now();
        let budget = i64::try_from(bytes).unwrap_or(i64::MAX);
        let _making = self.shared.runtime.shared.make();
        // SAFETY: as above; the lock keeps contexts from being made meanwhile.
        let taken = unsafe { self.shared.v.set_weight_streaming_budget_v2(self.table(), budget) }?;
        if taken {
            return Ok(());
        }
        let recorder = &self.shared.runtime.shared.recorder;
        let what = format!("keep {bytes} bytes of weights on the device");
        Err(failed(self.library(), &what, mark, Some(recorder)))
    }

    /// How much it tells about its layers.
    ///
    /// # Errors
    /// None today.
    pub fn profiling_verbosity(&self) -> Result<Option<ProfilingVerbosity>> {
        // SAFETY: as above.
        let value = unsafe { self.shared.v.get_profiling_verbosity(self.table()) }?;
        Ok(ProfilingVerbosity::from_value(self.table(), value))
    }

    /// Which other devices it runs on.
    ///
    /// # Errors
    /// None today.
    pub fn hardware_compatibility(&self) -> Result<Option<HardwareCompatibilityLevel>> {
        // SAFETY: as above.
        let value = unsafe { self.shared.v.get_hardware_compatibility_level(self.table()) }?;
        Ok(HardwareCompatibilityLevel::from_value(self.table(), value))
    }

    /// What it can do without.
    ///
    /// # Errors
    /// None today.
    pub fn capability(&self) -> Result<Option<EngineCapability>> {
        // SAFETY: as above.
        let value = unsafe { self.shared.v.get_engine_capability(self.table()) }?;
        Ok(EngineCapability::from_value(self.table(), value))
    }

    /// The tactic sources that it was built with.
    ///
    /// # Errors
    /// None today.
    pub fn tactic_sources(&self) -> Result<Vec<TacticSource>> {
        // SAFETY: as above.
        let bits = unsafe { self.shared.v.get_tactic_sources(self.table()) }?;
        let set = |s: &&TacticSource| s.value(self.table()).is_ok_and(|v| bits & (1 << v) != 0);
        Ok(TacticSource::ALL.iter().filter(set).copied().collect())
    }

    /// The inputs and outputs, in the engine's order.
    ///
    /// # Errors
    /// None today.
    pub fn tensors(&self) -> Result<Vec<IoTensor>> {
        let (v, table) = (self.shared.v, self.table());
        let mut out = vec![];
        // SAFETY: the engine is alive, the indices are below the count, and the names are the engine's own.
        unsafe {
            for i in 0..v.get_nb_io_tensors(table)? {
                let name = v.get_io_tensor_name(table, i)?;
                if name.is_null() {
                    continue;
                }
                out.push(IoTensor {
                    name: text(name),
                    mode: TensorIoMode::from_value(table, v.get_tensor_io_mode(table, name)?),
                    data_type: DataType::from_value(table, v.get_tensor_data_type(table, name)?),
                    shape: v.get_tensor_shape(table, name)?.shape(),
                    location: TensorLocation::from_value(table, v.get_tensor_location(table, name)?),
                    is_shape_tensor: v.is_shape_inference_io(table, name)?,
                    format: TensorFormat::from_value(table, v.get_tensor_format(table, name)?),
                    format_text: text(v.get_tensor_format_desc(table, name)?),
                    bytes_per_component: v.get_tensor_bytes_per_component(table, name)?,
                    components_per_element: v.get_tensor_components_per_element(table, name)?,
                    vectorized_dim: v.get_tensor_vectorized_dim(table, name)?,
                });
            }
        }
        Ok(out)
    }

    /// The smallest, best or largest shape of an input in a profile; `None` for an unknown name or profile.
    ///
    /// # Errors
    /// A name with a zero byte.
    pub fn profile_shape(&self, input: &str, profile: usize, which: ProfileSelector) -> Result<Option<Vec<i64>>> {
        let name = c_string("input", input)?;
        let value = which.value(self.table())?;
        let profile = i32::try_from(profile).unwrap_or(i32::MAX);
        // SAFETY: the engine is alive; the name lives for the call.
        let dims = unsafe {
            self.shared
                .v
                .get_profile_shape(self.table(), name.as_ptr(), profile, value)
        }?;
        Ok(dims.shape())
    }

    /// The engine's bytes again.
    ///
    /// # Errors
    /// TensorRT's refusal.
    pub fn serialize(&self) -> Result<HostMemory> {
        let mark = LogMark::now();
        let _making = self.shared.runtime.shared.make();
        // SAFETY: the engine is alive.
        match unsafe { self.shared.v.serialize(self.table()) }? {
            Some(memory) => HostMemory::new(self.library(), memory),
            None => Err(failed(
                self.library(),
                "write the engine",
                mark,
                Some(&self.shared.runtime.shared.recorder),
            )),
        }
    }

    /// What the engine says about all of its layers, as TensorRT's JSON. How much depends on the profiling verbosity that it
    /// was built with. With a context, shapes are those of its current inputs.
    ///
    /// # Errors
    /// TensorRT's refusal.
    pub fn inspect_json(&self, context: Option<&ExecutionContext>) -> Result<String> {
        let (library, table) = (self.library(), self.table());
        let mark = LogMark::now();
        let refused = || {
            failed(
                library,
                "inspect the engine",
                mark,
                Some(&self.shared.runtime.shared.recorder),
            )
        };
        let _making = self.shared.runtime.shared.make();
        // SAFETY: the engine is alive.
        let inspector = unsafe { self.shared.v.create_engine_inspector(table) }?.ok_or_else(refused)?;
        let format = LayerInformationFormat::Json.value(table)?;
        let ask = || -> Result<String> {
            library.checked(Class::V_ENGINE_INSPECTOR, inspector.as_ptr())?;
            let v = inner!(library, inspector, V_ENGINE_INSPECTOR)?;
            // SAFETY: inspector and context are alive; the text is copied at once.
            unsafe {
                if let Some(context) = context {
                    if !Arc::ptr_eq(&context.engine.shared, &self.shared) {
                        let reason = "it belongs to another engine".into();
                        return Err(Error::Invalid {
                            what: "execution context".into(),
                            reason,
                        });
                    }
                    v.set_execution_context(table, Some(context.outer))?;
                }
                let json = v.get_engine_information(table, format)?;
                if json.is_null() { Err(refused()) } else { Ok(text(json)) }
            }
        };
        let json = ask();
        // SAFETY: ours to delete.
        unsafe { inspector.delete() };
        json
    }

    /// A context to run it with.
    ///
    /// # Errors
    /// TensorRT's refusal, such as too little device memory.
    pub fn context(&self, options: &ContextOptions) -> Result<ExecutionContext> {
        ExecutionContext::new(self, options)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: ours to delete; contexts hold a reference, so none is left. The runtime goes after it.
        unsafe { self.outer.delete() };
    }
}
