//! The engine: a runner that said hello.

use super::process::{Process, other};
use super::protocol::{Array, Greeting, Ours, Theirs, check_outputs};
use crate::bench::measure::Timed;
use crate::bench::sample::GpuState;
use crate::bench::self_timed::{Parts, SelfTimed};
use crate::bench::{DeviceMemory, EffectivePrecision, TypeShare};
use crate::data::NamedTensors;
use crate::engine::bind::check_inputs;
use crate::engine::{BuildRecord, Engine, EngineError, TensorSpec, cuda};
use crate::recipe::ProfileSpec;
use bytes::Bytes;
use std::sync::Arc;

/// A runner with its process.
pub struct Runner {
    process: Process,
    greeting: Greeting,
    inputs: Vec<TensorSpec>,
    outputs: Vec<TensorSpec>,
    profiles: Vec<ProfileSpec>,
    record: BuildRecord,
    /// The folder of the patched model, which the runner may read as long as it lives.
    _model: Option<Arc<tempfile::TempDir>>,
}

impl Runner {
    /// The engine of a process that greeted.
    pub fn new(
        process: Process,
        greeting: Greeting,
        inputs: Vec<TensorSpec>,
        outputs: Vec<TensorSpec>,
        profiles: &[ProfileSpec],
        model: Option<Arc<tempfile::TempDir>>,
    ) -> Self {
        Self {
            process,
            greeting,
            inputs,
            outputs,
            profiles: profiles.to_vec(),
            record: BuildRecord::default(),
            _model: model,
        }
    }

    /// Sets how it was built.
    pub fn set_record(&mut self, record: BuildRecord) {
        self.record = record;
    }

    /// True while it can be asked.
    pub fn is_alive(&mut self) -> bool {
        self.process.is_alive()
    }

    /// What it computes on, as it says.
    pub fn device(&self) -> Option<String> {
        self.greeting.device.clone()
    }

    fn bind(&mut self, inputs: &NamedTensors, go_on: &dyn Fn() -> bool) -> Result<(), EngineError> {
        let tensors = check_inputs(&self.inputs, &self.profiles, inputs)?;
        let about = |(spec, tensor): (&TensorSpec, &&crate::model::Tensor)| Array {
            name: spec.name.clone(),
            dtype: tensor.dtype,
            shape: tensor.dims.clone(),
        };
        let message = Ours::Inputs {
            arrays: self.inputs.iter().zip(&tensors).map(about).collect(),
        };
        let bytes: Vec<Bytes> = tensors.iter().map(|t| t.bytes.clone()).collect();
        match self.process.ask(&message, &bytes, go_on)? {
            (Theirs::Ok, _) => Ok(()),
            (answer, _) => Err(other(&self.process, &answer, "ok")),
        }
    }

    fn run(&mut self, transfers: bool, go_on: &dyn Fn() -> bool) -> Result<Parts, EngineError> {
        match self.process.ask(&Ours::Run { transfers }, &[], go_on)? {
            (Theirs::Ran(times), _) => Ok(Parts {
                h2d_ms: times.h2d_ms.unwrap_or(0.0),
                compute_ms: times.compute_ms,
                d2h_ms: times.d2h_ms.unwrap_or(0.0),
            }),
            (answer, _) => Err(other(&self.process, &answer, "ran")),
        }
    }

    /// One inference, as long as `go_on` says so.
    ///
    /// # Errors
    /// As [`Engine::infer`].
    pub fn infer_while(
        &mut self,
        inputs: &NamedTensors,
        go_on: &dyn Fn() -> bool,
    ) -> Result<NamedTensors, EngineError> {
        self.bind(inputs, go_on)?;
        self.run(true, go_on)?;
        match self.process.ask(&Ours::Outputs, &[], go_on)? {
            (Theirs::Outputs { .. }, outputs) => {
                check_outputs(&outputs, &self.outputs).map_err(|why| self.process.blame(&why))?;
                Ok(outputs)
            }
            (answer, _) => Err(other(&self.process, &answer, "outputs")),
        }
    }
}

fn always() -> bool {
    true
}

impl Engine for Runner {
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
        self.greeting.words()
    }

    fn threads(&self) -> Option<u32> {
        self.greeting.threads
    }

    fn gpu_state(&self) -> Option<GpuState> {
        let index = self.greeting.device_index.unwrap_or(0);
        self.greeting.is_cuda().then(|| cuda::state(index)).flatten()
    }

    fn device_memory(&mut self) -> Option<DeviceMemory> {
        if !self.greeting.is_cuda() {
            return None;
        }
        let facts = match self.process.ask(&Ours::Facts, &[], &always) {
            Ok((Theirs::Facts(facts), _)) => facts,
            _ => return None,
        };
        facts.device_peak_bytes.map(|peak| DeviceMemory {
            peak: Some(peak),
            ..DeviceMemory::default()
        })
    }

    fn process(&self) -> Option<u32> {
        Some(self.process.id())
    }

    fn effective_precision(&mut self) -> Option<EffectivePrecision> {
        let stated = self.greeting.precision.as_deref()?.trim().to_lowercase();
        (!stated.is_empty()).then(|| EffectivePrecision {
            evidence: "the runner's own statement".into(),
            types: vec![TypeShare {
                dtype: stated,
                layer_share: 1.0,
                ..TypeShare::default()
            }],
        })
    }

    fn infer(&mut self, inputs: &NamedTensors) -> Result<NamedTensors, EngineError> {
        self.infer_while(inputs, &always)
    }

    fn timed(&mut self, inputs: &NamedTensors) -> Result<Box<dyn Timed + '_>, EngineError> {
        // What it gives for these inputs is checked before it is measured.
        self.infer(inputs)?;
        let notes = self.greeting.notes.clone();
        Ok(Box::new(Run { engine: self, notes }))
    }
}

/// Inference on inputs that the runner keeps.
struct Run<'a> {
    engine: &'a mut Runner,
    notes: Vec<String>,
}

impl Timed for Run<'_> {
    fn is_gpu(&self) -> bool {
        self.engine.greeting.is_cuda()
    }

    fn call(&mut self) -> Result<(), String> {
        self.run(true).map(drop)
    }

    fn self_timed(&mut self) -> Option<&mut dyn SelfTimed> {
        Some(self)
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

impl SelfTimed for Run<'_> {
    fn run(&mut self, transfers: bool) -> Result<Parts, String> {
        self.engine.run(transfers, &always).map_err(|e| e.to_string())
    }

    fn note(&mut self, sentence: String) {
        self.notes.push(sentence);
    }
}
