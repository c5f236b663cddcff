//! The engine: a session with its model.

use super::gpu::{self, Gpu};
use super::session::{Files, Setup};
use super::tensors::{empty, from_value, to_value};
use super::words::{located, run_error};
use super::{effective, profile};
use crate::bench::measure::Timed;
use crate::bench::sample::GpuState;
use crate::bench::{DeviceMemory, EffectivePrecision, Profile};
use crate::data::NamedTensors;
use crate::engine::bind::{check_inputs, specs};
use crate::engine::{BuildRecord, Engine, EngineError, TensorSpec};
use crate::graph::Graph;
use crate::model::Model;
use crate::model::onnx::ValueInfoProto;
use crate::recipe::ProfileSpec;
use ort::AsPointer;
use ort::memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType};
use ort::session::{IoBinding, NoSelectedOutputs, RunOptions, Session};
use ort::value::DynTensor;
use std::collections::HashSet;
use std::sync::Arc;

/// Runs before those that a profile counts.
const WARM: usize = 3;

/// A session, on the processor or on a GPU.
pub struct OnnxRuntime {
    session: Session,
    /// The session that also gives these inner tensors, kept for the next call.
    inner: Option<(Vec<String>, Session)>,
    /// The GPU, of `onnxruntime-cuda`; dropped after the sessions, which compute on its stream.
    gpu: Option<Gpu>,
    setup: Setup,
    model: Arc<Model>,
    inputs: Vec<TensorSpec>,
    outputs: Vec<TensorSpec>,
    /// Names of all tensors of the top level.
    names: HashSet<Arc<str>>,
    profiles: Vec<ProfileSpec>,
    threads: Option<u32>,
    record: BuildRecord,
    effective: Option<EffectivePrecision>,
    /// Name and version of the runtime, where it is more than ONNX Runtime.
    runtime: Option<String>,
}

impl OnnxRuntime {
    /// The engine of a session that was made from `graph`'s model.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`] for inputs or outputs that are no tensors.
    pub fn new(
        session: Session,
        setup: Setup,
        gpu: Option<Gpu>,
        graph: &Graph,
        profiles: &[ProfileSpec],
        threads: Option<u32>,
    ) -> Result<Self, EngineError> {
        let (inputs, outputs) = specs(graph)?;
        let names = graph.tensors.iter().filter(|t| t.body == 0);
        Ok(Self {
            session,
            gpu,
            setup,
            model: Arc::clone(&graph.model),
            inputs,
            outputs,
            names: names.map(|t| Arc::clone(&t.name)).collect(),
            profiles: profiles.to_vec(),
            threads,
            record: BuildRecord::default(),
            inner: None,
            effective: None,
            runtime: None,
        })
    }

    /// Sets what it computes in, where more is known than the executed nodes say.
    pub fn set_effective(&mut self, effective: Option<EffectivePrecision>) {
        self.effective = effective;
    }

    /// Sets the words for the runtime.
    pub fn set_runtime(&mut self, runtime: String) {
        self.runtime = Some(runtime);
    }

    /// Ends the profile that the session was made with, and keeps what it says of the nodes that ran so far.
    ///
    /// # Errors
    /// The profile cannot be read.
    pub fn end_first_profile(&mut self) -> Result<(), String> {
        let written = self.session.end_profiling().map_err(|e| run_error(&e).to_string())?;
        let text = std::fs::read_to_string(&written).map_err(|e| format!("{written}: {}", crate::files::words(&e)));
        let _ = std::fs::remove_file(&written);
        let tf32 = self.gpu.is_some() && self.setup.options.cuda.tf32;
        self.effective = effective::effective(&profile::executed(&text?)?, tf32);
        if let Some(gpu) = &mut self.gpu {
            gpu.ran();
        }
        Ok(())
    }

    /// Sets how it was built.
    pub fn set_record(&mut self, record: BuildRecord) {
        self.record = record;
    }

    /// The session, and the GPU where there is one.
    pub fn parts(&mut self) -> (&mut Session, Option<&Gpu>) {
        (&mut self.session, self.gpu.as_ref())
    }

    /// Inputs as ONNX Runtime's values, in the order of the model.
    fn values(&self, inputs: &NamedTensors) -> Result<Vec<(String, DynTensor)>, EngineError> {
        values(&self.inputs, &self.profiles, inputs)
    }

    /// A session whose outputs are the model's and these inner tensors.
    fn session_with(&self, tensors: &[String]) -> Result<Session, EngineError> {
        let mut proto = self.model.proto().clone();
        if let Some(graph) = proto.graph.as_option_mut() {
            for name in tensors {
                if !self.names.contains(name.as_str()) {
                    return Err(EngineError::Unsupported(format!(
                        "tensor {name} cannot be had: the model's top-level graph has none of this name"
                    )));
                }
                // ONNX Runtime finds type and shape itself.
                graph.output.push(ValueInfoProto {
                    name: Some(name.clone()),
                    ..ValueInfoProto::default()
                });
            }
        }
        let folder = tempfile::tempdir().map_err(failed)?;
        let path = folder.path().join("model.onnx");
        self.model.with_proto(proto).save_scratch(&path).map_err(failed)?;
        self.setup.session(&path, &Files::default(), None)
    }
}

/// Inputs that were checked against `specs`, as ONNX Runtime's values in that order.
pub fn values(
    specs: &[TensorSpec],
    profiles: &[ProfileSpec],
    inputs: &NamedTensors,
) -> Result<Vec<(String, DynTensor)>, EngineError> {
    let tensors = check_inputs(specs, profiles, inputs)?;
    let convert = |(spec, tensor): (&TensorSpec, &crate::model::Tensor)| {
        let value = to_value(&spec.name, tensor).map_err(EngineError::Request)?;
        Ok((spec.name.clone(), value))
    };
    specs.iter().zip(tensors).map(convert).collect()
}

fn failed(error: impl std::fmt::Display) -> EngineError {
    EngineError::Failed(error.to_string())
}

/// Runs a session on the host's values and returns all its outputs.
pub fn run(session: &mut Session, on_gpu: bool, values: Vec<(String, DynTensor)>) -> Result<NamedTensors, EngineError> {
    let words = |e: ort::Error| run_error(&e);
    let options = on_gpu.then(gpu::plain).transpose().map_err(words)?;
    let outputs = match &options {
        Some(options) => session.run_with_options(values, options),
        None => session.run(values),
    };
    let outputs = outputs.map_err(words)?;
    let mut tensors = NamedTensors::with_capacity(outputs.len());
    for (name, value) in outputs {
        let tensor = from_value(name, value).map_err(EngineError::Unsupported)?;
        tensors.push((name.to_string(), tensor));
    }
    Ok(tensors)
}

/// Binds memory of `allocator` for outputs of these types and shapes, which every later run writes to; returns the
/// address and size in bytes of each that has any. Empty outputs go wherever the runtime likes within `fallback`.
pub fn bind_outputs(
    binding: &mut IoBinding,
    allocator: &Allocator,
    fallback: &MemoryInfo<'_>,
    outputs: NamedTensors,
) -> Result<Vec<(usize, usize)>, EngineError> {
    let words = |e: ort::Error| run_error(&e);
    let mut places = Vec::new();
    for (name, tensor) in outputs {
        if tensor.bytes.is_empty() {
            binding.bind_output_to_device(&name, fallback).map_err(words)?;
            continue;
        }
        let mut value = empty(allocator, &name, tensor.dtype, &tensor.dims).map_err(EngineError::Failed)?;
        places.push((value.data_ptr_mut() as usize, tensor.bytes.len()));
        binding.bind_output(&name, value).map_err(words)?;
    }
    Ok(places)
}

/// Runs a session on what is bound. Not `Session::run_binding`: that wraps every output anew at each call, which is no
/// part of the runtime.
pub fn run_bound(
    session: &mut Session,
    binding: &IoBinding,
    options: Option<&RunOptions<NoSelectedOutputs>>,
) -> Result<(), String> {
    let options = options.map_or(std::ptr::null(), AsPointer::ptr);
    // SAFETY: session, binding and options are alive; the binding was made by this session, which nobody else uses
    // meanwhile; null run options are the default ones.
    let status = unsafe {
        let run = ort::api().RunWithBinding;
        ort::Error::result_from_status(run(session.ptr().cast_mut(), options, binding.ptr()))
    };
    status.map_err(|e| run_error(&e).to_string())
}

impl Engine for OnnxRuntime {
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
        match &self.runtime {
            Some(runtime) => runtime.clone(),
            None => format!("ONNX Runtime {}", self.record.version),
        }
    }

    fn threads(&self) -> Option<u32> {
        self.threads
    }

    fn pin(&mut self) -> Option<String> {
        // With one thread the runtime computes on the caller's; several are its scheduler's business.
        let cores = core_affinity::get_core_ids()?;
        if self.threads != Some(1) || cores.len() <= 2 {
            return None;
        }
        let core = *cores.last()?;
        core_affinity::set_for_current(core).then(|| format!("one thread on processor {}", core.id))
    }

    fn device_memory(&mut self) -> Option<DeviceMemory> {
        self.gpu.as_mut().and_then(Gpu::memory_now)
    }

    fn effective_precision(&mut self) -> Option<EffectivePrecision> {
        self.effective.clone()
    }

    fn infer(&mut self, inputs: &NamedTensors) -> Result<NamedTensors, EngineError> {
        let values = self.values(inputs)?;
        run(&mut self.session, self.gpu.is_some(), values).map_err(|e| located(e, &self.model))
    }

    fn infer_with(&mut self, inputs: &NamedTensors, tensors: &[String]) -> Result<NamedTensors, EngineError> {
        let values = self.values(inputs)?;
        let mut seen: HashSet<&str> = self.outputs.iter().map(|o| o.name.as_str()).collect();
        let wanted: Vec<String> = tensors.iter().filter(|name| seen.insert(name)).cloned().collect();
        drop(seen);
        let kept = self.inner.take().filter(|(names, _)| *names == wanted);
        let mut session = match kept {
            Some((_, session)) => session,
            None => self.session_with(&wanted)?,
        };
        let ran = run(&mut session, self.gpu.is_some(), values);
        self.inner = Some((wanted, session));
        ran.map_err(|e| located(e, &self.model))
    }

    fn profile(&mut self, inputs: &NamedTensors, runs: u32) -> Result<Profile, EngineError> {
        check_inputs(&self.inputs, &self.profiles, inputs)?;
        let folder = tempfile::tempdir().map_err(failed)?;
        let (model, optimized) = (folder.path().join("model.onnx"), folder.path().join("optimized.onnx"));
        self.model.save_scratch(&model).map_err(failed)?;
        let files = Files {
            optimized: Some(optimized.clone()),
            profile: Some(folder.path().join("profile")),
        };
        let setup = Setup {
            graph: false,
            ..self.setup.clone()
        };
        let mut session = setup.session(&model, &files, None)?;
        for _ in 0..WARM + runs.max(1) as usize {
            run(&mut session, self.gpu.is_some(), self.values(inputs)?)?;
        }
        let written = session.end_profiling().map_err(|e| run_error(&e))?;
        let text = std::fs::read_to_string(&written).map_err(|e| failed(format!("{written}: {e}")))?;
        let (mut profile, indices) = profile::read(&text, WARM).map_err(EngineError::Failed)?;
        let graph = Graph::new(Arc::clone(&self.model));
        profile::lead_back(&mut profile, &indices, &graph, Some(&optimized));
        if graph.bodies.len() > 1 {
            let nested = "The time of a node with a body (If, Loop, Scan) contains that of the body's nodes.";
            profile.notes.push(nested.into());
        }
        if self.gpu.is_some() {
            let launch = "ONNX Runtime takes these times on the host: for nodes on the GPU they are times to launch.";
            profile.notes.push(launch.into());
        }
        Ok(profile)
    }

    fn gpu_state(&self) -> Option<GpuState> {
        self.gpu.as_ref().map(|gpu| gpu.device.state())
    }

    fn timed(&mut self, inputs: &NamedTensors) -> Result<Box<dyn Timed + '_>, EngineError> {
        if self.gpu.is_some() {
            return gpu::timed(self, inputs);
        }
        let words = |e: ort::Error| run_error(&e);
        let values = self.values(inputs)?;
        let mut binding = self.session.create_binding().map_err(words)?;
        for (name, value) in &values {
            binding.bind_input(name, value).map_err(words)?;
        }
        // Run once to learn the outputs' shapes, which also warms the session for these shapes.
        let outputs = run(&mut self.session, false, values)?;
        let fallback = MemoryInfo::new(AllocationDevice::CPU, 0, AllocatorType::Device, MemoryType::Default);
        bind_outputs(&mut binding, &Allocator::default(), &fallback.map_err(words)?, outputs)?;
        let session = &mut self.session;
        Ok(Box::new(Run { session, binding }))
    }
}

/// Inference on inputs and outputs that were bound once.
struct Run<'a> {
    session: &'a mut Session,
    binding: IoBinding,
}

impl Timed for Run<'_> {
    fn is_gpu(&self) -> bool {
        false
    }

    fn call(&mut self) -> Result<(), String> {
        run_bound(self.session, &self.binding, None)
    }
}
