//! Measuring on the GPU: inputs and outputs in device memory, bound once, enqueued on our own stream.

use super::run::{OnnxRuntime, bind_outputs, run_bound};
use super::tensors::empty;
use super::words::run_error;
use crate::bench::DeviceMemory;
use crate::bench::gpu_loop::GpuTimed;
use crate::bench::measure::Timed;
use crate::data::NamedTensors;
use crate::engine::EngineError;
use crate::engine::cuda::{Device, Enqueue, GpuLoop};
use cudarc::driver::CudaStream;
use cudarc::driver::sys::CUdeviceptr;
use ort::memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType};
use ort::session::{IoBinding, NoSelectedOutputs, RunOptions, Session};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The id that means: enqueue plainly.
const NO_GRAPH: &str = "-1";

/// The GPU of an engine.
pub struct Gpu {
    /// The device.
    pub device: Device,
    /// The stream that ONNX Runtime computes on.
    pub stream: Arc<CudaStream>,
    /// Why the session cannot capture graphs; none when it can.
    pub no_graph: Option<String>,
    /// Graphs that the session captured. Each has an id of its own: ONNX Runtime launches a graph that it has under an id
    /// whatever is bound now, also one of other shapes, in memory that is gone.
    graphs: AtomicU32,
    memory: DeviceMemory,
}

impl Gpu {
    /// The device with this index and a stream of its own.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`] with the driver's reason.
    pub fn open(index: u32) -> Result<Self, EngineError> {
        let device = Device::open(index).map_err(EngineError::Unavailable)?;
        let stream = device.stream().map_err(EngineError::Unavailable)?;
        let memory = DeviceMemory {
            before: device.memory_in_use(),
            ..DeviceMemory::default()
        };
        Ok(Self {
            device,
            stream,
            no_graph: None,
            graphs: AtomicU32::new(0),
            memory,
        })
    }

    /// Reads the device's memory after the session was made.
    pub fn loaded(&mut self) {
        self.memory_now();
        self.memory.engine = self.memory.peak;
    }

    /// Reads it after the first inference.
    pub fn ran(&mut self) {
        self.memory_now();
        let more = self.memory.peak.zip(self.memory.engine);
        self.memory.context = more.map(|(all, engine)| all.saturating_sub(engine));
    }

    /// Memory as read so far and now; none where the driver does not tell it.
    pub fn memory_now(&mut self) -> Option<DeviceMemory> {
        self.memory.seen(self.device.memory_in_use()?);
        Some(self.memory)
    }

    /// An id for a graph yet to be captured.
    fn new_graph(&self) -> String {
        (self.graphs.fetch_add(1, Ordering::Relaxed) + 1).to_string()
    }
}

/// Run options of one inference: not waited for, with a captured graph or without.
pub fn options(waits: bool, graph: &str) -> Result<RunOptions<NoSelectedOutputs>, ort::Error> {
    let mut options = RunOptions::new()?;
    if !waits {
        options.disable_device_sync()?;
    }
    options.set("gpu_graph_id", graph)?;
    Ok(options)
}

/// Run options of a plain inference that is waited for.
pub fn plain() -> Result<RunOptions<NoSelectedOutputs>, ort::Error> {
    options(true, NO_GRAPH)
}

/// A session with everything bound in device memory.
struct Bound<'a> {
    session: &'a mut Session,
    binding: IoBinding,
    options: RunOptions<NoSelectedOutputs>,
    /// The id to capture under, or why there can be no graph.
    graph: Result<String, String>,
}

impl Enqueue for Bound<'_> {
    fn enqueue(&mut self) -> Result<(), String> {
        run_bound(self.session, &self.binding, Some(&self.options))
    }

    fn capture(&mut self) -> Result<(), String> {
        let id = self.graph.clone()?;
        let words = |e: ort::Error| run_error(&e).to_string();
        // ONNX Runtime captures during a run with a new id, and launches the graph from then on.
        let capturing = options(true, &id).map_err(words)?;
        run_bound(self.session, &self.binding, Some(&capturing))?;
        self.options = options(false, &id).map_err(words)?;
        Ok(())
    }

    fn release(&mut self) {
        // Options are a small object of the runtime's: without memory for one nothing runs anyway.
        if let Ok(plain) = options(false, NO_GRAPH) {
            self.options = plain;
        }
    }
}

struct Run<'a> {
    gpu: GpuLoop<Bound<'a>>,
}

impl Timed for Run<'_> {
    fn is_gpu(&self) -> bool {
        true
    }

    fn call(&mut self) -> Result<(), String> {
        Err("a GPU engine is measured by its streams and events".into())
    }

    fn gpu(&mut self) -> Option<&mut dyn GpuTimed> {
        Some(&mut self.gpu)
    }

    fn notes(&self) -> Vec<String> {
        self.gpu.notes().to_vec()
    }
}

/// The thing that the measuring loop drives.
///
/// # Errors
/// As [`crate::engine::Engine::timed`].
pub fn timed<'a>(engine: &'a mut OnnxRuntime, inputs: &NamedTensors) -> Result<Box<dyn Timed + 'a>, EngineError> {
    let failed = |message: String| EngineError::Failed(message);
    let words = |e: ort::Error| run_error(&e);
    // A plain run on the host's values gives the outputs' shapes and warms the session for these shapes.
    let outputs = crate::engine::Engine::infer(engine, inputs)?;
    let (session, gpu) = engine.parts();
    let gpu = gpu.ok_or_else(|| failed("this engine has no GPU".into()))?;
    let index = i32::try_from(gpu.device.context.ordinal()).unwrap_or_default();
    let memory = || {
        MemoryInfo::new(
            AllocationDevice::CUDA,
            index,
            AllocatorType::Device,
            MemoryType::Default,
        )
    };
    let allocator = memory().and_then(|m| Allocator::new(session, m)).map_err(words)?;
    let mut binding = session.create_binding().map_err(words)?;
    let mut transfers = Vec::new();
    for (name, tensor) in inputs {
        let mut value = empty(&allocator, name, tensor.dtype, &tensor.dims).map_err(failed)?;
        if !tensor.bytes.is_empty() {
            transfers.push((value.data_ptr_mut() as CUdeviceptr, tensor.bytes.clone()));
        }
        binding.bind_input(name, &value).map_err(words)?;
    }
    let fallback = memory().map_err(words)?;
    let results = bind_outputs(&mut binding, &allocator, &fallback, outputs)?;
    let results = results.into_iter().map(|(at, bytes)| (at as CUdeviceptr, bytes));
    let bound = Bound {
        session,
        binding,
        options: options(false, NO_GRAPH).map_err(words)?,
        graph: gpu.no_graph.clone().map_or_else(|| Ok(gpu.new_graph()), Err),
    };
    let gpu = GpuLoop::new(&gpu.device, &gpu.stream, bound, transfers, results.collect()).map_err(failed)?;
    Ok(Box::new(Run { gpu }))
}
