//! IExecutionContext: runs an engine.

use super::{Engine, RuntimeCache, c_string, dims, failed, hollow, inner};
use crate::error::{Error, Result};
use crate::interfaces::{AllocatorObject, LogMark, OutputAllocator, Profiler, ProfilerObject, text};
use crate::sys::{
    Class, CudaGraphStrategy, DynamicShapesKernelSpecializationStrategy, ExecutionContextAllocationStrategy,
    IExecutionContext, ProfilingVerbosity, Table, VExecutionContext, VersionedEnum,
};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::Arc;

/// How a context is made.
#[derive(Clone, Default)]
pub struct ContextOptions {
    /// Who allocates its device memory; `None` is TensorRT's default (it does, once, for the largest shapes).
    pub allocation: Option<ExecutionContextAllocationStrategy>,
    /// Whether the library captures a CUDA graph itself (TensorRT-RTX).
    pub cuda_graph: Option<CudaGraphStrategy>,
    /// When kernels are specialized for the shapes of a run (TensorRT-RTX).
    pub kernel_specialization: Option<DynamicShapesKernelSpecializationStrategy>,
    /// Where compiled kernels are looked for and kept (TensorRT-RTX).
    pub cache: Option<RuntimeCache>,
}

/// Runs an engine; one run at a time.
pub struct ExecutionContext {
    pub(super) engine: Engine,
    pub(super) outer: IExecutionContext,
    v: VExecutionContext,
    /// Freed after the context (fields drop after `drop`).
    profiler: Option<ProfilerObject>,
    allocators: BTreeMap<String, AllocatorObject>,
    /// In use as long as the context.
    _cache: Option<RuntimeCache>,
}

// SAFETY: TensorRT's contexts may move between threads; two threads cannot use one at a time, as all that changes it takes
// `&mut self`.
unsafe impl Send for ExecutionContext {}

impl ExecutionContext {
    pub(super) fn new(engine: &Engine, options: &ContextOptions) -> Result<ExecutionContext> {
        let library = engine.library();
        let table = library.inner.table;
        let v = engine.shared.v;
        let _making = engine.shared.runtime.shared.make();
        let mark = LogMark::now();
        let refused = || {
            failed(
                library,
                "create an execution context",
                mark,
                Some(&engine.shared.runtime.shared.recorder),
            )
        };
        let allocation = options
            .allocation
            .unwrap_or(ExecutionContextAllocationStrategy::Static)
            .value(table)?;
        let is_plain =
            options.cuda_graph.is_none() && options.kernel_specialization.is_none() && options.cache.is_none();
        let object = if is_plain {
            // SAFETY: the engine is alive.
            unsafe { v.create_execution_context(table, allocation) }?
        } else {
            // SAFETY: the engine is alive.
            let config = unsafe { v.create_runtime_config(table) }?.ok_or_else(refused)?;
            let make = || -> Result<_> {
                library.checked(Class::V_RUNTIME_CONFIG, config.as_ptr())?;
                let c = inner!(library, config, V_RUNTIME_CONFIG)?;
                // SAFETY: configuration and engine are alive.
                unsafe {
                    c.set_execution_context_allocation_strategy(table, allocation)?;
                    if let Some(strategy) = options.cuda_graph {
                        c.set_cuda_graph_strategy(table, strategy.value(table)?)?;
                    }
                    if let Some(strategy) = options.kernel_specialization {
                        c.set_dynamic_shapes_kernel_specialization_strategy(table, strategy.value(table)?)?;
                    }
                    if let Some(cache) = &options.cache
                        && !c.set_runtime_cache(table, cache.handle())?
                    {
                        return Err(refused());
                    }
                    Ok(v.create_execution_context_with_runtime_config(table, Some(config))?)
                }
            };
            let made = make();
            // SAFETY: ours to delete; the context has copied it.
            unsafe { config.delete() };
            made?
        };
        let outer = object.ok_or_else(refused)?;
        library.checked(Class::V_EXECUTION_CONTEXT, outer.as_ptr())?;
        let v = inner!(library, outer, V_EXECUTION_CONTEXT)?;
        let context = ExecutionContext {
            engine: engine.clone(),
            outer,
            v,
            profiler: None,
            allocators: BTreeMap::new(),
            _cache: options.cache.clone(),
        };
        // SAFETY: just made, its table checked.
        if unsafe { v.get_p_impl(table) }? != Some(outer) {
            return Err(hollow(library, Class::V_EXECUTION_CONTEXT).into());
        }
        Ok(context)
    }

    /// The engine that it runs.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    fn table(&self) -> &'static Table {
        self.engine.library().inner.table
    }

    fn yes(&self, answer: bool, what: &str, mark: LogMark) -> Result<()> {
        let recorder = &self.engine.shared.runtime.shared.recorder;
        if answer {
            Ok(())
        } else {
            Err(failed(self.engine.library(), what, mark, Some(recorder)))
        }
    }

    /// The shape of an input for the next run, in elements per dimension.
    ///
    /// # Errors
    /// A shape outside of the profile.
    pub fn set_input_shape(&mut self, input: &str, shape: &[i64]) -> Result<()> {
        let name = c_string("input", input)?;
        let shape_dims = dims(input, shape)?;
        let mark = LogMark::now();
        // SAFETY: the context is alive; name and shape live for the call.
        let taken = unsafe { self.v.set_input_shape(self.table(), name.as_ptr(), &shape_dims) }?;
        self.yes(taken, &format!("set the shape of {input} to {shape:?}"), mark)
    }

    /// The shape of a tensor given the current input shapes, -1 where it is not known yet; `None` for an unknown name.
    ///
    /// # Errors
    /// A name with a zero byte.
    pub fn shape(&self, tensor: &str) -> Result<Option<Vec<i64>>> {
        let name = c_string("tensor", tensor)?;
        // SAFETY: as above.
        Ok(unsafe { self.v.get_tensor_shape(self.table(), name.as_ptr()) }?.shape())
    }

    /// The most bytes that an output can take given the current input shapes.
    ///
    /// # Errors
    /// An unknown name.
    pub fn max_output_bytes(&self, tensor: &str) -> Result<u64> {
        let name = c_string("tensor", tensor)?;
        // SAFETY: as above.
        let bytes = unsafe { self.v.get_max_output_size(self.table(), name.as_ptr()) }?;
        let reason = || "no upper bound is known (unknown name, or the input shapes are not set)".into();
        u64::try_from(bytes).map_err(|_| Error::Invalid {
            what: format!("output {tensor}"),
            reason: reason(),
        })
    }

    /// The inputs whose shapes or values are still missing before a run.
    ///
    /// # Errors
    /// TensorRT's refusal.
    pub fn missing_inputs(&mut self) -> Result<Vec<String>> {
        const MOST: usize = 64;
        let mark = LogMark::now();
        let mut names = [std::ptr::null(); MOST];
        // SAFETY: the context is alive; at most `MOST` names are written, which are the engine's own.
        let count = unsafe { self.v.infer_shapes(self.table(), MOST as i32, names.as_mut_ptr()) }?;
        self.yes(count >= 0, "infer the shapes", mark)?;
        let count = usize::try_from(count).unwrap_or(0).min(MOST);
        // SAFETY: as above.
        Ok(names.iter().take(count).map(|n| unsafe { text(*n) }).collect())
    }

    /// Where a tensor's data is (device memory; host memory for shape tensors).
    ///
    /// # Safety
    /// The memory is large enough for the tensor's shape at the time of a run, aligned to 256 bytes, and stays valid until
    /// every run that uses it is over.
    ///
    /// # Errors
    /// An unknown name.
    pub unsafe fn set_address(&mut self, tensor: &str, address: *mut c_void) -> Result<()> {
        let name = c_string("tensor", tensor)?;
        let mark = LogMark::now();
        // SAFETY: the context is alive; the memory is the caller's promise.
        let taken = unsafe { self.v.set_tensor_address(self.table(), name.as_ptr(), address) }?;
        self.yes(taken, &format!("set the address of {tensor}"), mark)
    }

    /// Lets an allocator give memory to an output whose size is known only when it is computed.
    ///
    /// # Errors
    /// An unknown name.
    pub fn set_output_allocator(&mut self, output: &str, allocator: Arc<dyn OutputAllocator>) -> Result<()> {
        let name = c_string("output", output)?;
        let object = AllocatorObject::new(self.table(), allocator);
        let mark = LogMark::now();
        // SAFETY: the context is alive; the object lives until after the context, which we keep it in.
        let taken = unsafe {
            self.v
                .set_output_allocator(self.table(), name.as_ptr(), Some(object.handle()))
        }?;
        self.yes(taken, &format!("set an allocator for {output}"), mark)?;
        self.allocators.insert(output.to_owned(), object);
        Ok(())
    }

    /// Puts a run on a CUDA stream; it is not over when this returns.
    ///
    /// # Safety
    /// `stream` is a CUDA stream of the engine's device; addresses are set for every tensor and hold what
    /// [`set_address`](Self::set_address) promises; this context is not dropped or changed before the run is over.
    ///
    /// # Errors
    /// TensorRT's refusal: missing shapes or addresses.
    pub unsafe fn enqueue(&mut self, stream: *mut c_void) -> Result<()> {
        let mark = LogMark::now();
        // SAFETY: the context is alive; the rest is the caller's promise.
        let taken = unsafe { self.v.enqueue_v3(self.table(), stream) }?;
        self.yes(taken, "run the engine", mark)
    }

    /// Chooses an optimization profile.
    ///
    /// # Safety
    /// `stream` is a CUDA stream of the engine's device; no run of this context is under way on another.
    ///
    /// # Errors
    /// An unknown profile.
    pub unsafe fn set_profile(&mut self, profile: usize, stream: *mut c_void) -> Result<()> {
        let mark = LogMark::now();
        let index = i32::try_from(profile).unwrap_or(i32::MAX);
        // SAFETY: the context is alive; the rest is the caller's promise.
        let taken = unsafe { self.v.set_optimization_profile_async(self.table(), index, stream) }?;
        self.yes(taken, &format!("choose profile {profile}"), mark)
    }

    /// Reports the time of each layer. With `every_run`, each [`enqueue`](Self::enqueue) reports (and waits for it);
    /// otherwise [`report_layer_times`](Self::report_layer_times) does.
    ///
    /// # Errors
    /// None today.
    pub fn set_profiler(&mut self, profiler: Arc<dyn Profiler>, every_run: bool) -> Result<()> {
        let object = ProfilerObject::new(self.table(), profiler);
        // SAFETY: the object lives until after the context, which we keep it in.
        unsafe {
            self.v.set_profiler(self.table(), Some(object.handle()))?;
            self.v.set_enqueue_emits_profile(self.table(), every_run)?;
        }
        self.profiler = Some(object);
        Ok(())
    }

    /// Reports the times of the last run to the profiler; the run must be over.
    ///
    /// # Errors
    /// TensorRT's refusal: no profiler, or a run captured in a graph.
    pub fn report_layer_times(&mut self) -> Result<()> {
        let mark = LogMark::now();
        // SAFETY: the context is alive.
        let taken = unsafe { self.v.report_to_profiler(self.table()) }?;
        self.yes(taken, "report the times of layers", mark)
    }

    /// How much it tells NVIDIA's tracing tools.
    ///
    /// # Errors
    /// TensorRT's refusal.
    pub fn set_nvtx_verbosity(&mut self, verbosity: ProfilingVerbosity) -> Result<()> {
        let mark = LogMark::now();
        let value = verbosity.value(self.table())?;
        // SAFETY: the context is alive.
        let taken = unsafe { self.v.set_nvtx_verbosity(self.table(), value) }?;
        self.yes(taken, "set the NVTX verbosity", mark)
    }

    /// Streams for the engine's auxiliary work, as many as [`Engine::aux_streams`] says.
    ///
    /// # Safety
    /// They are CUDA streams of the engine's device that stay valid until the last run is over.
    ///
    /// # Errors
    /// None today.
    pub unsafe fn set_aux_streams(&mut self, streams: &mut [*mut c_void]) -> Result<()> {
        // SAFETY: the context is alive; the list lives for the call; the rest is the caller's promise.
        unsafe {
            self.v
                .set_aux_streams(self.table(), streams.as_mut_ptr(), streams.len() as i32)
        }?;
        Ok(())
    }

    /// The device memory that the current input shapes need, in bytes, for contexts whose memory the caller allocates.
    ///
    /// # Errors
    /// TensorRT's refusal: missing shapes.
    pub fn device_memory_bytes(&mut self) -> Result<u64> {
        let mark = LogMark::now();
        // SAFETY: the context is alive.
        let bytes = unsafe { self.v.update_device_memory_size_for_shapes(self.table()) }?;
        self.yes(bytes > 0, "say how much memory the shapes need", mark)?;
        Ok(bytes as u64)
    }

    /// Gives it device memory, for contexts made with `UserManaged`.
    ///
    /// # Safety
    /// The memory has `bytes` bytes, at least as many as [`device_memory_bytes`](Self::device_memory_bytes) said, is aligned to
    /// 256 bytes, and stays valid until the last run is over.
    ///
    /// # Errors
    /// None today.
    pub unsafe fn set_device_memory(&mut self, address: *mut c_void, bytes: u64) -> Result<()> {
        let length = i64::try_from(bytes).unwrap_or(i64::MAX);
        // SAFETY: the context is alive; the rest is the caller's promise.
        unsafe {
            if self.v.set_device_memory_v2(self.table(), address, length).is_err() {
                self.v.set_device_memory(self.table(), address)?;
            }
        }
        Ok(())
    }

    /// True if a run on this stream can be captured into a CUDA graph (TensorRT-RTX says; TensorRT does not).
    ///
    /// # Safety
    /// `stream` is a CUDA stream of the engine's device.
    ///
    /// # Errors
    /// [`Error::Missing`] on TensorRT.
    pub unsafe fn is_stream_capturable(&self, stream: *mut c_void) -> Result<bool> {
        // SAFETY: the context is alive; the rest is the caller's promise.
        Ok(unsafe { self.v.is_stream_capturable(self.table(), stream) }?)
    }
}

impl Drop for ExecutionContext {
    fn drop(&mut self) {
        // SAFETY: ours to delete. Profiler and allocators go after it, then the engine.
        unsafe { self.outer.delete() };
    }
}
