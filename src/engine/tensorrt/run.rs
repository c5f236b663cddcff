//! Running an engine on a GPU. `targets doctor` does it end to end.

use super::device_memory::{Growing, Place};
use super::effective::{self, Node};
use super::kernels::Kernels;
use super::libraries::numbers;
use super::options::Options;
use super::probe::{self, Trial};
use super::{RTX, tf32, words};
use crate::bench::gpu_loop::GpuTimed;
use crate::bench::layer::{LayerTime, Profile};
use crate::bench::measure::Timed;
use crate::bench::sample::GpuState;
use crate::bench::{DeviceMemory, EffectivePrecision};
use crate::data::NamedTensors;
use crate::engine::bind::{check_inputs, profile_for};
use crate::engine::cuda::{Device, DeviceInfo, Enqueue, GpuLoop};
use crate::engine::plan::{EngineLayer, read_layers};
use crate::engine::tiny::Arithmetic;
use crate::engine::{BuildRecord, Engine, EngineError, TensorSpec};
use crate::graph::Graph;
use crate::model::{DataType, Tensor};
use crate::recipe::ProfileSpec;
use bytes::Bytes;
use cudarc::driver::sys::{CUevent_flags, CUgraphInstantiate_flags, CUstreamCaptureMode};
use cudarc::driver::{CudaGraph, CudaStream};
use enginesmith_tensorrt::api::{self, ContextOptions, ExecutionContext, IoTensor};
use enginesmith_tensorrt::interfaces::Profiler;
use enginesmith_tensorrt::sys::{DataType as TrtType, TensorIoMode, TensorLocation};
use enginesmith_tensorrt::{Error, Flavour, Library};
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Runs before those that a profile counts.
const WARM: u32 = 3;

/// An engine with a context on a GPU. Fields are dropped in this order: what runs before what it runs on.
pub struct Running {
    context: ExecutionContext,
    kernels: Option<Kernels>,
    /// How contexts of it are made.
    options: ContextOptions,
    engine: api::Engine,
    stream: Arc<CudaStream>,
    device: Device,
    tensors: Vec<IoTensor>,
    /// Inputs as the model declares them.
    inputs: Vec<TensorSpec>,
    outputs: Vec<TensorSpec>,
    profiles: Vec<ProfileSpec>,
    /// The optimization profile that the context uses.
    profile: usize,
    /// Nodes of the model by name, for what is said of layers.
    nodes: HashMap<String, Node>,
    record: BuildRecord,
    /// The GPU.
    gpu: DeviceInfo,
    /// True when the recipe allows TF32.
    allows_tf32: bool,
    /// Seconds that making the context took: TensorRT-RTX compiles kernels then.
    context_s: f64,
    memory: DeviceMemory,
}

/// Everything that one run reads and writes.
struct Bound {
    inputs: Vec<(Bytes, Place)>,
    outputs: Vec<Output>,
}

struct Output {
    name: String,
    dtype: DataType,
    memory: OutputMemory,
}

enum OutputMemory {
    /// Of this shape.
    Fixed(Vec<u64>, Place),
    /// Of a shape that the run decides.
    Open(Arc<Growing>),
}

/// What loading needs besides the engine's bytes.
pub struct Setting<'a> {
    /// The library.
    pub library: Library,
    /// The GPU.
    pub device: &'a DeviceInfo,
    /// The model.
    pub graph: &'a Graph,
    /// Its inputs.
    pub inputs: Vec<TensorSpec>,
    /// Its outputs.
    pub outputs: Vec<TensorSpec>,
    /// The recipe's profiles.
    pub profiles: Vec<ProfileSpec>,
    /// The recipe's options.
    pub options: &'a Options,
    /// True when the recipe allows TF32.
    pub allows_tf32: bool,
}

impl Running {
    /// Reads an engine onto the GPU.
    ///
    /// # Errors
    /// Why it does not run there, in words.
    pub fn load(bytes: &[u8], setting: Setting<'_>) -> Result<Self, String> {
        let device = Device::open(setting.device.index)?;
        let text = |e: Error| words::error(e).to_string();
        let before = device.memory_in_use();
        let runtime = setting.library.runtime().map_err(text)?;
        let engine = runtime.engine(bytes).map_err(text)?;
        if let Some(budget) = setting.options.weight_streaming {
            engine.set_weight_budget(budget).map_err(text)?;
        }
        let kernels = Kernels::open(&setting.options.runtime_cache, &engine, setting.device)?;
        let options = ContextOptions {
            allocation: setting.options.context_memory,
            cuda_graph: setting.options.cuda_graph,
            kernel_specialization: setting.options.kernel_specialization,
            cache: kernels.as_ref().map(|k| k.cache.clone()),
        };
        let with_engine = device.memory_in_use();
        let started = Instant::now();
        allow_tf32(&setting.library, setting.allows_tf32);
        let context = engine.context(&options).map_err(text)?;
        let context_s = started.elapsed().as_secs_f64();
        let with_context = device.memory_in_use();
        let taken = |from: Option<u64>, to: Option<u64>| Some(to?.saturating_sub(from?));
        let mut memory = DeviceMemory {
            before,
            engine: taken(before, with_engine),
            context: taken(with_engine, with_context),
            peak: None,
        };
        with_context.into_iter().for_each(|in_use| memory.seen(in_use));
        Ok(Self {
            tensors: engine.tensors().map_err(text)?,
            stream: device.stream()?,
            nodes: effective::nodes(setting.graph, &setting.profiles),
            gpu: setting.device.clone(),
            allows_tf32: setting.allows_tf32,
            context_s,
            memory,
            inputs: setting.inputs,
            outputs: setting.outputs,
            profiles: setting.profiles,
            profile: 0,
            record: BuildRecord::default(),
            context,
            kernels,
            options,
            engine,
            device,
        })
    }

    /// What became of the file of compiled kernels when it was read.
    pub fn kernels_note(&self) -> Option<String> {
        self.kernels.as_ref()?.note.clone()
    }

    /// Keeps the kernels compiled so far, where that was asked for; the reason when they cannot be kept.
    pub fn keep_kernels(&mut self) -> Option<String> {
        self.kernels.as_mut()?.keep()
    }

    /// Seconds in which kernels were compiled for the GPU; none for TensorRT, whose builder does that.
    pub fn jit_s(&self) -> Option<f64> {
        (self.engine.library().version().flavour == Flavour::Rtx).then_some(self.context_s)
    }

    /// What FP32 convolutions and matrix products are computed in: what the recipe allows, and where it allows no TF32 from
    /// TensorRT-RTX, the numbers of a self-test.
    fn fp32(&self) -> &'static str {
        let library = self.engine.library();
        let has_tf32 = self.gpu.capability >= (8, 0);
        let is_tf32 = match library.version().flavour {
            Flavour::Enterprise => self.allows_tf32 && has_tf32,
            Flavour::Rtx => {
                let trial = Trial::of(RTX, library.path(), &numbers(library.version()), &self.gpu);
                match probe::verdict(&trial).ok().and_then(|v| v.fp32) {
                    Some(arithmetic) => arithmetic == Arithmetic::Tf32 || (self.allows_tf32 && has_tf32),
                    None => self.allows_tf32 && has_tf32,
                }
            }
        };
        if is_tf32 { "tf32" } else { "fp32" }
    }

    fn layers(&self) -> Result<Vec<EngineLayer>, String> {
        let json = self.engine.inspect_json(None);
        json.map_err(|e| e.to_string()).and_then(|json| read_layers(&json))
    }

    /// Sets how it was built.
    pub fn set_record(&mut self, record: BuildRecord) {
        self.record = record;
    }

    fn stream_pointer(&self) -> *mut c_void {
        self.stream.cu_stream().cast()
    }

    /// Checks inputs, chooses the profile that allows them and binds everything to the context.
    fn bind(&mut self, inputs: &NamedTensors) -> Result<Bound, EngineError> {
        check_inputs(&self.inputs, &self.profiles, inputs)?;
        self.device.context.bind_to_thread().map_err(driver)?;
        let wanted = profile_for(&self.profiles, inputs).unwrap_or(0);
        if wanted != self.profile {
            // SAFETY: the stream is of the engine's device, and every run was waited for.
            unsafe { self.context.set_profile(wanted, self.stream.cu_stream().cast()) }.map_err(words::error)?;
            self.stream.synchronize().map_err(driver)?;
            self.profile = wanted;
        }
        bind(&mut self.context, &self.stream, &self.tensors, inputs)
    }

    /// One run that is waited for.
    fn run(&mut self) -> Result<(), EngineError> {
        let stream = self.stream_pointer();
        // SAFETY: the stream is of the engine's device; `bind` set all shapes and addresses, whose memory the caller keeps
        // until this returns; the run is waited for below.
        unsafe { self.context.enqueue(stream) }.map_err(words::error)?;
        self.stream.synchronize().map_err(driver)
    }

    fn collect(&self, bound: &Bound) -> Result<NamedTensors, EngineError> {
        let mut found: HashMap<&str, Tensor> = HashMap::new();
        for output in &bound.outputs {
            let (dims, bytes) = match &output.memory {
                OutputMemory::Fixed(dims, place) => {
                    let bytes = size(&output.name, output.dtype, dims)?;
                    (dims.clone(), place.read(&self.stream, bytes).map_err(failed)?)
                }
                OutputMemory::Open(growing) => {
                    let dims = growing.dims().ok_or_else(|| {
                        failed(format!("TensorRT did not say which shape output {} has", output.name))
                    })?;
                    let bytes = size(&output.name, output.dtype, &dims)?;
                    (dims, growing.read(&self.stream, bytes).map_err(failed)?)
                }
            };
            let dtype = output.dtype;
            let bytes = bytes.into();
            found.insert(&output.name, Tensor { dtype, dims, bytes });
        }
        let one = |spec: &TensorSpec| {
            let tensor = found.remove(spec.name.as_str());
            let tensor = tensor.ok_or_else(|| failed(format!("the engine has no output {}", spec.name)))?;
            Ok((spec.name.clone(), tensor))
        };
        self.outputs.iter().map(one).collect()
    }
}

/// Says to TensorRT-RTX, before a context is made, what it was said when the engine was built.
fn allow_tf32(library: &Library, allowed: bool) {
    if library.version().flavour == Flavour::Rtx {
        tf32::allow(allowed);
    }
}

fn failed(message: String) -> EngineError {
    EngineError::Failed(message)
}

fn driver(error: cudarc::driver::DriverError) -> EngineError {
    failed(format!("CUDA: {error}"))
}

fn size(name: &str, dtype: DataType, dims: &[u64]) -> Result<usize, EngineError> {
    let elements = dims.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
    let bytes = elements
        .and_then(|n| dtype.packed_bytes(n))
        .and_then(|b| usize::try_from(b).ok());
    bytes.ok_or_else(|| failed(format!("tensor {name} of shape {dims:?} is too large")))
}

/// The type of a tensor of an engine, as models name it; none for what models do not have.
fn data_type(of: Option<TrtType>) -> Option<DataType> {
    Some(match of? {
        TrtType::Float => DataType::Float32,
        TrtType::Half => DataType::Float16,
        TrtType::Int8 => DataType::Int8,
        TrtType::Int32 => DataType::Int32,
        TrtType::Bool => DataType::Bool,
        TrtType::Uint8 => DataType::UInt8,
        TrtType::Fp8 => DataType::Float8E4M3FN,
        TrtType::Bf16 => DataType::BFloat16,
        TrtType::Int64 => DataType::Int64,
        TrtType::Int4 => DataType::Int4,
        TrtType::Fp4 => DataType::Float4E2M1,
        TrtType::E8m0 => DataType::Float8E8M0,
    })
}

/// Gives the context shapes and memory for these inputs, with their values in place.
fn bind(
    context: &mut ExecutionContext,
    stream: &Arc<CudaStream>,
    tensors: &[IoTensor],
    inputs: &NamedTensors,
) -> Result<Bound, EngineError> {
    let mut bound = Bound {
        inputs: Vec::new(),
        outputs: Vec::new(),
    };
    for tensor in tensors.iter().filter(|t| t.mode == Some(TensorIoMode::Input)) {
        let name = &tensor.name;
        let given = inputs.iter().find(|(n, _)| n == name).map(|(_, t)| t);
        let given = given.ok_or_else(|| EngineError::Request(format!("input {name} is missing")))?;
        let wants = data_type(tensor.data_type);
        if wants != Some(given.dtype) {
            let wants = wants.map_or_else(|| "another type".into(), |t| t.to_string());
            return Err(EngineError::Request(format!(
                "input {name} is {}, the engine wants {wants}",
                given.dtype
            )));
        }
        let dims: Option<Vec<i64>> = given.dims.iter().map(|d| i64::try_from(*d).ok()).collect();
        let dims = dims.ok_or_else(|| EngineError::Request(format!("input {name} is too large")))?;
        context.set_input_shape(name, &dims).map_err(words::error)?;
        let mut place =
            Place::new(stream, tensor.location == Some(TensorLocation::Host), given.bytes.len()).map_err(failed)?;
        place.write(stream, &given.bytes).map_err(failed)?;
        // SAFETY: the memory is as large as the tensor of this shape, CUDA's allocations are aligned to 256 bytes, and the
        // caller keeps it in `Bound` until every run is over.
        unsafe { context.set_address(name, place.address()) }.map_err(words::error)?;
        bound.inputs.push((given.bytes.clone(), place));
    }
    let missing = context.missing_inputs().map_err(words::error)?;
    if !missing.is_empty() {
        return Err(failed(format!(
            "TensorRT misses shapes or values of {}",
            missing.join(", ")
        )));
    }
    for tensor in tensors.iter().filter(|t| t.mode == Some(TensorIoMode::Output)) {
        let name = &tensor.name;
        let dtype = data_type(tensor.data_type);
        let dtype = dtype.ok_or_else(|| failed(format!("output {name} has a type that models do not have")))?;
        let shape = context.shape(name).map_err(words::error)?;
        let dims: Option<Vec<u64>> = shape.and_then(|s| s.iter().map(|d| u64::try_from(*d).ok()).collect());
        let memory = match dims {
            Some(dims) => {
                let bytes = size(name, dtype, &dims)?;
                let on_host = tensor.location == Some(TensorLocation::Host);
                let place = Place::new(stream, on_host, bytes).map_err(failed)?;
                // SAFETY: as for inputs.
                unsafe { context.set_address(name, place.address()) }.map_err(words::error)?;
                OutputMemory::Fixed(dims, place)
            }
            None => {
                let growing = Arc::new(Growing::new(stream));
                context
                    .set_output_allocator(name, growing.clone())
                    .map_err(words::error)?;
                OutputMemory::Open(growing)
            }
        };
        bound.outputs.push(Output {
            name: name.clone(),
            dtype,
            memory,
        });
    }
    Ok(bound)
}

impl Engine for Running {
    fn record(&self) -> &BuildRecord {
        &self.record
    }

    fn inputs(&self) -> &[TensorSpec] {
        &self.inputs
    }

    fn outputs(&self) -> &[TensorSpec] {
        &self.outputs
    }

    fn runtime(&self) -> String {
        self.engine.library().version().to_string()
    }

    fn gpu_state(&self) -> Option<GpuState> {
        Some(self.device.state())
    }

    fn device_memory(&mut self) -> Option<DeviceMemory> {
        if let Some(in_use) = self.device.memory_in_use() {
            self.memory.seen(in_use);
        }
        Some(self.memory)
    }

    fn effective_precision(&mut self) -> Option<EffectivePrecision> {
        let layers = self.layers().ok()?;
        let fp32 = if effective::has_fp32(&layers, &self.nodes) {
            self.fp32()
        } else {
            "fp32"
        };
        effective::of(&layers, &self.nodes, fp32)
    }

    fn infer(&mut self, inputs: &NamedTensors) -> Result<NamedTensors, EngineError> {
        let bound = self.bind(inputs)?;
        self.run()?;
        self.collect(&bound)
    }

    fn profile(&mut self, inputs: &NamedTensors, runs: u32) -> Result<Profile, EngineError> {
        check_inputs(&self.inputs, &self.profiles, inputs)?;
        self.device.context.bind_to_thread().map_err(driver)?;
        allow_tf32(&self.engine.library(), self.allows_tf32);
        // A context of its own: a profiler slows every run of its context down.
        let mut context = self.engine.context(&self.options).map_err(words::error)?;
        let wanted = profile_for(&self.profiles, inputs).unwrap_or(0);
        if wanted != 0 {
            // SAFETY: the stream is of the engine's device and nothing runs on the new context.
            unsafe { context.set_profile(wanted, self.stream_pointer()) }.map_err(words::error)?;
        }
        let bound = bind(&mut context, &self.stream, &self.tensors, inputs)?;
        let own_ms = self.latency(&mut context, runs)?;
        let times = Arc::new(Times::default());
        context.set_profiler(times.clone(), true).map_err(words::error)?;
        let mut whole: Vec<f64> = Vec::new();
        let mut layers: Vec<(String, Vec<f64>)> = Vec::new();
        for run in 0..WARM + runs.max(1) {
            let start = Instant::now();
            // SAFETY: as in `run`; `bound` lives until the end of this function.
            unsafe { context.enqueue(self.stream_pointer()) }.map_err(words::error)?;
            self.stream.synchronize().map_err(driver)?;
            let taken = times.take();
            if run < WARM {
                continue;
            }
            whole.push(start.elapsed().as_secs_f64() * 1e3);
            for (name, ms) in taken {
                match layers.iter_mut().find(|(n, _)| *n == name) {
                    Some((_, all)) => all.push(ms),
                    None => layers.push((name, vec![ms])),
                }
            }
        }
        drop(context);
        drop(bound);
        whole.sort_by(f64::total_cmp);
        let mut profile = Profile {
            runs: u64::from(runs.max(1)),
            layers: layers
                .iter()
                .map(|(name, ms)| LayerTime::of(name.clone(), ms))
                .collect(),
            run_ms: whole.get(whole.len() / 2).copied().unwrap_or_default(),
            notes: vec!["Times are those of TensorRT's profiler, which lets no two layers overlap.".into()],
        };
        let sum: f64 = profile.layers.iter().map(|l| l.median_ms).sum();
        profile.notes.push(gap(sum, own_ms));
        self.lead_back(&mut profile);
        profile.share();
        Ok(profile)
    }

    fn timed(&mut self, inputs: &NamedTensors) -> Result<Box<dyn Timed + '_>, EngineError> {
        let bound = self.bind(inputs)?;
        // The first run of a shape may allocate and compile, and tells the sizes of outputs that are open.
        self.run()?;
        self.keep_kernels();
        let mut to_device = Vec::new();
        for (bytes, place) in &bound.inputs {
            if let Place::Device(memory) = place
                && !bytes.is_empty()
            {
                to_device.push((memory.address, bytes.clone()));
            }
        }
        let mut to_host = Vec::new();
        let mut is_open = false;
        for output in &bound.outputs {
            match &output.memory {
                OutputMemory::Fixed(dims, Place::Device(memory)) => {
                    to_host.push((memory.address, size(&output.name, output.dtype, dims)?));
                }
                OutputMemory::Fixed(_, Place::Host(_)) => {}
                OutputMemory::Open(growing) => {
                    is_open = true;
                    let dims = growing.dims().unwrap_or_default();
                    let bytes = size(&output.name, output.dtype, &dims)?;
                    to_host.extend(growing.address().map(|address| (address, bytes)));
                }
            }
        }
        to_host.retain(|(_, bytes)| *bytes > 0);
        let work = Work {
            context: &mut self.context,
            stream: Arc::clone(&self.stream),
            graph: None,
            is_open,
            _bound: bound,
        };
        let gpu = GpuLoop::new(&self.device, &self.stream, work, to_device, to_host).map_err(failed)?;
        Ok(Box::new(Loop { gpu }))
    }
}

/// How the times of the layers relate to the engine's own latency, in words.
fn gap(sum: f64, own_ms: f64) -> String {
    let percent = (sum / own_ms.max(f64::MIN_POSITIVE) - 1.0) * 100.0;
    format!(
        "The layers add up to {sum:.4} ms; without the profiler an inference takes {own_ms:.4} ms on the GPU (median between \
         events): the sum is {:.0} % {}.",
        percent.abs(),
        if percent < 0.0 { "less" } else { "more" }
    )
}

impl Running {
    /// Median milliseconds of an inference between two events, without a profiler. Everything is bound to `context`.
    fn latency(&self, context: &mut ExecutionContext, runs: u32) -> Result<f64, EngineError> {
        let event = || {
            let flags = Some(CUevent_flags::CU_EVENT_DEFAULT);
            self.device.context.new_event(flags).map_err(driver)
        };
        let (start, end) = (event()?, event()?);
        let mut times = Vec::new();
        for run in 0..WARM + runs.max(1) {
            start.record(&self.stream).map_err(driver)?;
            // SAFETY: as in `run`; the caller keeps what is bound.
            unsafe { context.enqueue(self.stream_pointer()) }.map_err(words::error)?;
            end.record(&self.stream).map_err(driver)?;
            self.stream.synchronize().map_err(driver)?;
            if run >= WARM {
                times.push(f64::from(start.elapsed_ms(&end).map_err(driver)?));
            }
        }
        times.sort_by(f64::total_cmp);
        Ok(times.get(times.len() / 2).copied().unwrap_or_default())
    }

    /// Kinds of layers and the nodes that they compute, as far as the inspector tells.
    fn lead_back(&self, profile: &mut Profile) {
        let known = match self.layers() {
            Ok(layers) => layers,
            Err(why) => {
                profile
                    .notes
                    .push(format!("The inspector tells nothing about the layers: {why}"));
                return;
            }
        };
        let known: HashMap<&str, _> = known.iter().map(|l| (l.name.as_str(), l)).collect();
        for layer in &mut profile.layers {
            let Some(found) = known.get(layer.name.as_str()) else {
                continue;
            };
            layer.op = Some(found.kind.clone()).filter(|k| !k.is_empty());
            layer.path = found
                .nodes
                .iter()
                .rev()
                .find_map(|name| self.nodes.get(name))
                .map(|n| n.path.clone());
        }
    }
}

/// Collects the times of one run.
#[derive(Default)]
struct Times(Mutex<Vec<(String, f64)>>);

impl Times {
    fn take(&self) -> Vec<(String, f64)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Profiler for Times {
    fn layer_time(&self, layer: &str, milliseconds: f32) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.push((layer.into(), f64::from(milliseconds)));
    }
}

/// One inference on what is bound. The graph is dropped before the memory that it names.
struct Work<'a> {
    graph: Option<CudaGraph>,
    context: &'a mut ExecutionContext,
    stream: Arc<CudaStream>,
    /// True when an output's memory may be given anew by a run.
    is_open: bool,
    _bound: Bound,
}

impl Work<'_> {
    fn plain(&mut self) -> Result<(), String> {
        // SAFETY: the stream is of the engine's device, everything is bound to memory in `_bound`, and the measuring loop
        // waits for all streams before this is dropped.
        unsafe { self.context.enqueue(self.stream.cu_stream().cast()) }.map_err(|e| words::error(e).to_string())
    }
}

impl Enqueue for Work<'_> {
    fn enqueue(&mut self) -> Result<(), String> {
        match &self.graph {
            Some(graph) => graph.launch().map_err(|e| format!("CUDA: {e}")),
            None => self.plain(),
        }
    }

    fn capture(&mut self) -> Result<(), String> {
        if self.is_open {
            return Err("the shape of an output depends on the data".into());
        }
        // Tried whatever isStreamCapturable() says: TensorRT-RTX 1.5 denies it for engines whose capture works, and the loop
        // compares what the graph computes with a plain inference.
        let text = |e: cudarc::driver::DriverError| format!("CUDA: {e}");
        self.stream
            .begin_capture(CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)
            .map_err(text)?;
        let enqueued = self.plain();
        let graph = self.stream.end_capture(CUgraphInstantiate_flags(0));
        enqueued?;
        self.graph = Some(graph.map_err(text)?.ok_or("nothing was captured")?);
        Ok(())
    }

    fn release(&mut self) {
        self.graph = None;
    }
}

struct Loop<'a> {
    gpu: GpuLoop<Work<'a>>,
}

impl Timed for Loop<'_> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use enginesmith_tensorrt::sys::VersionedEnum;

    #[test]
    fn every_type_of_tensorrt_has_one_of_ours() {
        let mut seen = std::collections::HashSet::new();
        for of in TrtType::ALL {
            assert!(seen.insert(data_type(Some(*of)).expect("a type")), "{of:?}");
        }
        assert_eq!(data_type(None), None);
    }

    #[test]
    fn the_gap_between_layers_and_latency_is_stated() {
        let text = gap(1.1, 1.0);
        assert!(text.contains("1.1000 ms") && text.contains("10 % more"), "{text}");
        assert!(gap(0.9, 1.0).contains("10 % less"));
    }

    #[test]
    fn sizes_of_packed_types_are_bytes() {
        assert_eq!(size("x", DataType::Int4, &[3, 3]).unwrap(), 5);
        assert_eq!(size("x", DataType::Float16, &[]).unwrap(), 2);
        let error = size("big", DataType::Float32, &[u64::MAX, 2]).unwrap_err();
        assert!(error.to_string().contains("big"), "{error}");
    }
}
