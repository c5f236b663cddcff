//! The engine: a model that rten has loaded.

use super::options::Options;
use super::profile;
use super::tensors::{from_value, takes, to_value};
use crate::bench::measure::Timed;
use crate::bench::{EffectivePrecision, Profile};
use crate::data::NamedTensors;
use crate::engine::bind::{check_inputs, specs};
use crate::engine::{BuildRecord, Engine, EngineError, TensorSpec};
use crate::graph::Graph;
use crate::model::{DataType, Tensor};
use crate::recipe::ProfileSpec;
use rten::{Model, ModelOptions, NodeId, RunErrorKind, RunOptions, ThreadPool, Value, ValueOrView};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Runs before those that a profile counts.
const WARM: usize = 3;

/// A loaded model with its threads.
pub struct Embedded {
    model: Model,
    /// What was loaded, for loading it anew without fusions.
    prepared: Arc<crate::model::Model>,
    /// The same without rten's fusions, for inner tensors that these take away.
    plain: Option<Model>,
    pool: Arc<ThreadPool>,
    threads: usize,
    inputs: Vec<TensorSpec>,
    outputs: Vec<TensorSpec>,
    /// What inner tensors are declared or inferred as.
    types: HashMap<String, DataType>,
    profiles: Vec<ProfileSpec>,
    record: BuildRecord,
    effective: Option<EffectivePrecision>,
}

impl Embedded {
    /// Loads a prepared model; `graph` is the same model for its types.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`] with rten's reason, or for an input type that rten would change.
    pub fn load(path: &Path, graph: &Graph, options: &Options, profiles: &[ProfileSpec]) -> Result<Self, EngineError> {
        let (inputs, outputs) = specs(graph)?;
        if let Some(input) = inputs.iter().find(|i| !takes(i.dtype)) {
            return Err(EngineError::Unsupported(format!(
                "input {}: the embedded engine cannot take {}",
                input.name, input.dtype
            )));
        }
        let model = ModelOptions::with_all_ops()
            .prepack_weights(options.prepack)
            .load_file(path)
            .map_err(|e| EngineError::Unsupported(format!("rten cannot load the model: {e}")))?;
        let threads = options
            .threads
            .unwrap_or_else(|| rten::thread_pool().run(rayon::current_num_threads));
        let types = graph.tensors.iter().filter(|t| t.body == 0);
        Ok(Self {
            model,
            prepared: Arc::clone(&graph.model),
            plain: None,
            pool: Arc::new(ThreadPool::with_num_threads(threads)),
            threads,
            inputs,
            outputs,
            types: types.filter_map(|t| Some((t.name.to_string(), t.ty.dtype?))).collect(),
            profiles: profiles.to_vec(),
            record: BuildRecord::default(),
            effective: None,
        })
    }

    /// Runs once more and keeps what the operators computed in.
    ///
    /// # Errors
    /// As [`Engine::infer`].
    pub fn look_at_types(&mut self, inputs: &NamedTensors) -> Result<(), EngineError> {
        let (steps, _) = self.verbose(inputs)?;
        self.effective = profile::effective(&steps);
        Ok(())
    }

    /// One inference of which rten prints every operator; those, and milliseconds of the whole.
    fn verbose(&self, inputs: &NamedTensors) -> Result<(Vec<profile::Step>, f64), EngineError> {
        let bound = self.bind(&self.model, inputs)?;
        let outputs = ids(&self.model, &self.output_names())?;
        let views = bound
            .iter()
            .map(|(id, value)| (*id, ValueOrView::from(value)))
            .collect();
        let options = self.options().with_verbose(true);
        let run = || {
            let start = Instant::now();
            let ran = self.model.run(views, &outputs, Some(options)).map(drop);
            ran.map(|()| start.elapsed().as_secs_f64() * 1e3)
        };
        let (ran, text) = profile::printed(run).map_err(|e| EngineError::Failed(e.to_string()))?;
        let whole = ran.map_err(|e| EngineError::Failed(format!("rten: {e}")))?;
        Ok((profile::read(&text), whole))
    }

    /// Sets how it was built.
    pub fn set_record(&mut self, record: BuildRecord) {
        self.record = record;
    }

    /// Checks inputs against the model and the recipe's profiles and converts them.
    fn bind(&self, model: &Model, inputs: &NamedTensors) -> Result<Vec<(NodeId, Value)>, EngineError> {
        let tensors = check_inputs(&self.inputs, &self.profiles, inputs)?;
        let convert = |(spec, tensor): (&TensorSpec, &Tensor)| {
            let id = model.node_id(&spec.name);
            let id = id.map_err(|e| EngineError::Failed(e.to_string()))?;
            Ok((id, to_value(&spec.name, tensor).map_err(EngineError::Request)?))
        };
        self.inputs.iter().zip(tensors).map(convert).collect()
    }

    fn options(&self) -> RunOptions {
        RunOptions::default().with_thread_pool(Some(Arc::clone(&self.pool)))
    }

    /// Runs `model` (this one, or the plain one) for tensors by name.
    fn run(&self, model: &Model, inputs: &NamedTensors, names: &[String]) -> Result<NamedTensors, RunFailure> {
        let bound = self.bind(model, inputs)?;
        let views = bound
            .iter()
            .map(|(id, value)| (*id, ValueOrView::from(value)))
            .collect();
        let ids = ids(model, names)?;
        let values = match model.run(views, &ids, Some(self.options())) {
            Ok(values) => values,
            Err(e) => {
                let message = e.to_string();
                // rten names the tensor that its optimizations left without a producer.
                let gone = names.iter().find(|name| message.ends_with(&format!("output {name:?}")));
                return Err(match (e.kind(), gone) {
                    (RunErrorKind::PlanningError, Some(name)) => RunFailure::Gone(name.clone()),
                    _ => EngineError::Failed(format!("rten: {message}")).into(),
                });
            }
        };
        let mut tensors = NamedTensors::with_capacity(names.len());
        for (name, value) in names.iter().zip(values) {
            let tensor = from_value(name, value, self.types.get(name).copied()).map_err(EngineError::Unsupported)?;
            tensors.push((name.clone(), tensor));
        }
        Ok(tensors)
    }

    /// Loads the model without rten's optimizations, when it was not needed before.
    fn load_plain(&mut self) -> Result<(), EngineError> {
        if self.plain.is_none() {
            let failed = |e: &dyn std::fmt::Display| EngineError::Failed(format!("loading without fusions: {e}"));
            let folder = tempfile::tempdir().map_err(|e| failed(&e))?;
            let path = folder.path().join("plain.onnx");
            self.prepared.save_embedded(&path, false).map_err(|e| failed(&e))?;
            let mut options = ModelOptions::with_all_ops();
            let loaded = options.enable_optimization(false).load_file(&path);
            self.plain = Some(loaded.map_err(|e| failed(&e))?);
        }
        Ok(())
    }

    /// Names of the outputs, each once: rten refuses a list that names one twice.
    fn output_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::with_capacity(self.outputs.len());
        for output in &self.outputs {
            if !names.contains(&output.name) {
                names.push(output.name.clone());
            }
        }
        names
    }
}

impl Engine for Embedded {
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
        format!("rten {}", super::version())
    }

    fn threads(&self) -> Option<u32> {
        u32::try_from(self.threads).ok()
    }

    fn pin(&mut self) -> Option<String> {
        // Several threads are the scheduler's business: pinned, two of them may land on one physical core.
        let cores = core_affinity::get_core_ids()?;
        if self.threads != 1 || cores.len() <= 2 {
            return None;
        }
        let core = *cores.last()?;
        let pinned = self.pool.run(move || core_affinity::set_for_current(core));
        pinned.then(|| format!("one thread on processor {}", core.id))
    }

    fn effective_precision(&mut self) -> Option<EffectivePrecision> {
        self.effective.clone()
    }

    fn infer(&mut self, inputs: &NamedTensors) -> Result<NamedTensors, EngineError> {
        Ok(self.run(&self.model, inputs, &self.output_names())?)
    }

    fn infer_with(&mut self, inputs: &NamedTensors, tensors: &[String]) -> Result<NamedTensors, EngineError> {
        let mut here = self.output_names();
        for name in tensors {
            if !here.contains(name) {
                here.push(name.clone());
            }
        }
        let wanted = here.clone();
        let mut gone = Vec::new();
        let mut found = loop {
            match self.run(&self.model, inputs, &here) {
                Ok(found) => break found,
                Err(RunFailure::Gone(name)) => {
                    here.retain(|n| *n != name);
                    gone.push(name);
                }
                Err(RunFailure::Engine(error)) => return Err(error),
            }
        };
        // What fusing took away is computed by the same model without it.
        if !gone.is_empty() {
            self.load_plain()?;
            if let Some(plain) = &self.plain {
                found.extend(self.run(plain, inputs, &gone)?);
            }
            found.sort_by_key(|(name, _)| wanted.iter().position(|w| w == name));
        }
        Ok(found)
    }

    fn profile(&mut self, inputs: &NamedTensors, runs: u32) -> Result<Profile, EngineError> {
        let mut taken = Vec::new();
        for _ in 0..WARM + runs.max(1) as usize {
            taken.push(self.verbose(inputs)?);
        }
        Ok(profile::profile(taken.get(WARM..).unwrap_or_default()))
    }

    fn timed(&mut self, inputs: &NamedTensors) -> Result<Box<dyn Timed + '_>, EngineError> {
        let inputs = self.bind(&self.model, inputs)?;
        let outputs = ids(&self.model, &self.output_names())?;
        Ok(Box::new(Run {
            engine: self,
            inputs,
            outputs,
            results: Vec::new(),
        }))
    }
}

/// Inference on inputs that were converted once.
struct Run<'a> {
    engine: &'a Embedded,
    inputs: Vec<(NodeId, Value)>,
    outputs: Vec<NodeId>,
    results: Vec<Value>,
}

impl Timed for Run<'_> {
    fn is_gpu(&self) -> bool {
        false
    }

    fn call(&mut self) -> Result<(), String> {
        let views = self
            .inputs
            .iter()
            .map(|(id, value)| (*id, ValueOrView::from(value)))
            .collect();
        let ran = self.engine.model.run(views, &self.outputs, Some(self.engine.options()));
        self.results = ran.map_err(|e| format!("rten: {e}"))?;
        Ok(())
    }

    fn settle(&mut self) {
        self.results.clear();
    }
}

/// Why a run gave nothing.
enum RunFailure {
    /// Nothing that makes this tensor is left in the model, if there ever was.
    Gone(String),
    /// Anything else.
    Engine(EngineError),
}

impl From<EngineError> for RunFailure {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<RunFailure> for EngineError {
    fn from(failure: RunFailure) -> Self {
        match failure {
            RunFailure::Gone(name) => Self::Request(format!("the model has no tensor {name:?}")),
            RunFailure::Engine(error) => error,
        }
    }
}

fn ids(model: &Model, names: &[String]) -> Result<Vec<NodeId>, RunFailure> {
    let id = |name: &String| model.find_node(name).ok_or_else(|| RunFailure::Gone(name.clone()));
    names.iter().map(id).collect()
}
