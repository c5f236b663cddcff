//! The engine: a session with its model.

use super::session::{Files, Setup};
use super::tensors::{empty, from_value, to_value};
use super::words::run_error;
use crate::bench::measure::Timed;
use crate::data::NamedTensors;
use crate::engine::bind::{check_inputs, specs};
use crate::engine::{BuildRecord, Engine, EngineError, TensorSpec};
use crate::graph::Graph;
use crate::model::Model;
use crate::model::onnx::ValueInfoProto;
use crate::recipe::ProfileSpec;
use ort::AsPointer;
use ort::memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType};
use ort::session::{IoBinding, Session};
use ort::value::DynTensor;
use std::collections::HashSet;
use std::sync::Arc;

/// A session on the processor.
pub struct OnnxRuntime {
    session: Session,
    setup: Setup,
    model: Arc<Model>,
    inputs: Vec<TensorSpec>,
    outputs: Vec<TensorSpec>,
    /// Names of all tensors of the top level.
    names: HashSet<Arc<str>>,
    profiles: Vec<ProfileSpec>,
    threads: Option<u32>,
    record: BuildRecord,
    /// The session that also gives these inner tensors, kept for the next call.
    inner: Option<(Vec<String>, Session)>,
}

impl OnnxRuntime {
    /// The engine of a session that was made from `graph`'s model.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`] for inputs or outputs that are no tensors.
    pub fn new(
        session: Session,
        setup: Setup,
        graph: &Graph,
        profiles: &[ProfileSpec],
        threads: Option<u32>,
    ) -> Result<Self, EngineError> {
        let (inputs, outputs) = specs(graph)?;
        let names = graph.tensors.iter().filter(|t| t.body == 0);
        Ok(Self {
            session,
            setup,
            model: Arc::clone(&graph.model),
            inputs,
            outputs,
            names: names.map(|t| Arc::clone(&t.name)).collect(),
            profiles: profiles.to_vec(),
            threads,
            record: BuildRecord::default(),
            inner: None,
        })
    }

    /// Sets how it was built.
    pub fn set_record(&mut self, record: BuildRecord) {
        self.record = record;
    }

    /// Inputs as ONNX Runtime's values, in the order of the model.
    fn values(&self, inputs: &NamedTensors) -> Result<Vec<(String, DynTensor)>, EngineError> {
        let tensors = check_inputs(&self.inputs, &self.profiles, inputs)?;
        let convert = |(spec, tensor): (&TensorSpec, &crate::model::Tensor)| {
            let value = to_value(&spec.name, tensor).map_err(EngineError::Request)?;
            Ok((spec.name.clone(), value))
        };
        self.inputs.iter().zip(tensors).map(convert).collect()
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
        let failed = |e: &dyn std::fmt::Display| EngineError::Failed(e.to_string());
        let folder = tempfile::tempdir().map_err(|e| failed(&e))?;
        let path = folder.path().join("model.onnx");
        let model = self.model.with_proto(proto);
        model.save(&path, false).map_err(|e| failed(&e))?;
        self.setup.session(&path, &Files::default(), None)
    }
}

/// Runs a session and returns all its outputs.
fn run(session: &mut Session, values: Vec<(String, DynTensor)>) -> Result<NamedTensors, EngineError> {
    let outputs = session.run(values).map_err(|e| run_error(&e))?;
    let mut tensors = NamedTensors::with_capacity(outputs.len());
    for (name, value) in outputs {
        let tensor = from_value(name, value).map_err(EngineError::Unsupported)?;
        tensors.push((name.to_string(), tensor));
    }
    Ok(tensors)
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
        format!("ONNX Runtime {}", self.record.version)
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

    fn infer(&mut self, inputs: &NamedTensors) -> Result<NamedTensors, EngineError> {
        let values = self.values(inputs)?;
        run(&mut self.session, values)
    }

    fn infer_with(&mut self, inputs: &NamedTensors, tensors: &[String]) -> Result<NamedTensors, EngineError> {
        let values = self.values(inputs)?;
        let mut wanted: Vec<String> = Vec::new();
        for name in tensors {
            if !wanted.contains(name) && !self.outputs.iter().any(|o| o.name == *name) {
                wanted.push(name.clone());
            }
        }
        let kept = self.inner.take().filter(|(names, _)| *names == wanted);
        let mut session = match kept {
            Some((_, session)) => session,
            None => self.session_with(&wanted)?,
        };
        let ran = run(&mut session, values);
        self.inner = Some((wanted, session));
        ran
    }

    fn timed(&mut self, inputs: &NamedTensors) -> Result<Box<dyn Timed + '_>, EngineError> {
        let values = self.values(inputs)?;
        let mut binding = self.session.create_binding().map_err(|e| run_error(&e))?;
        for (name, value) in &values {
            binding.bind_input(name, value).map_err(|e| run_error(&e))?;
        }
        // Run once to learn the outputs' shapes; they get memory of their own that every later run writes to.
        let outputs = run(&mut self.session, values)?;
        for (name, tensor) in outputs {
            let bound = match empty(&Allocator::default(), &name, tensor.dtype, &tensor.dims) {
                Ok(value) if !tensor.bytes.is_empty() => binding.bind_output(&name, value),
                // Empty tensors have no memory to bind.
                _ => MemoryInfo::new(AllocationDevice::CPU, 0, AllocatorType::Device, MemoryType::Default)
                    .and_then(|info| binding.bind_output_to_device(&name, &info)),
            };
            bound.map_err(|e| run_error(&e))?;
        }
        Ok(Box::new(Run {
            session: &mut self.session,
            binding,
        }))
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
        // Not `run_binding`: it wraps every output anew at each call, which is no part of the runtime.
        // SAFETY: session and binding are alive, belong together, and are borrowed by nobody else; null run options are
        // the default ones.
        let status = unsafe {
            let run = ort::api().RunWithBinding;
            ort::Error::result_from_status(run(self.session.ptr().cast_mut(), std::ptr::null(), self.binding.ptr()))
        };
        status.map_err(|e| run_error(&e).to_string())
    }
}
