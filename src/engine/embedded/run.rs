//! The engine: a model that rten has loaded.

use super::options::Options;
use super::tensors::{from_value, takes, to_value};
use crate::bench::measure::Timed;
use crate::data::NamedTensors;
use crate::engine::bind::{check_inputs, specs};
use crate::engine::{BuildRecord, Engine, EngineError, TensorSpec};
use crate::graph::Graph;
use crate::model::{DataType, Tensor};
use crate::recipe::ProfileSpec;
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// A loaded model with its threads.
pub struct Embedded {
    model: Model,
    pool: Arc<ThreadPool>,
    threads: usize,
    inputs: Vec<TensorSpec>,
    outputs: Vec<TensorSpec>,
    /// What inner tensors are declared or inferred as.
    types: HashMap<String, DataType>,
    profiles: Vec<ProfileSpec>,
    record: BuildRecord,
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
            pool: Arc::new(ThreadPool::with_num_threads(threads)),
            threads,
            inputs,
            outputs,
            types: types.filter_map(|t| Some((t.name.to_string(), t.ty.dtype?))).collect(),
            profiles: profiles.to_vec(),
            record: BuildRecord::default(),
        })
    }

    /// Sets how it was built.
    pub fn set_record(&mut self, record: BuildRecord) {
        self.record = record;
    }

    /// Checks inputs against the model and the recipe's profiles and converts them.
    fn bind(&self, inputs: &NamedTensors) -> Result<Vec<(NodeId, Value)>, EngineError> {
        let tensors = check_inputs(&self.inputs, &self.profiles, inputs)?;
        let convert = |(spec, tensor): (&TensorSpec, &Tensor)| {
            let id = self.model.node_id(&spec.name);
            let id = id.map_err(|e| EngineError::Failed(e.to_string()))?;
            Ok((id, to_value(&spec.name, tensor).map_err(EngineError::Request)?))
        };
        self.inputs.iter().zip(tensors).map(convert).collect()
    }

    fn ids(&self, names: &[String]) -> Result<Vec<NodeId>, EngineError> {
        let id = |name: &String| {
            self.model.find_node(name).ok_or_else(|| {
                EngineError::Unsupported(format!(
                    "tensor {name} cannot be had: the model has none of this name, or rten fused it away"
                ))
            })
        };
        names.iter().map(id).collect()
    }

    fn options(&self) -> RunOptions {
        RunOptions::default().with_thread_pool(Some(Arc::clone(&self.pool)))
    }

    fn run(&self, inputs: &NamedTensors, names: &[String]) -> Result<NamedTensors, EngineError> {
        let bound = self.bind(inputs)?;
        let views = bound
            .iter()
            .map(|(id, value)| (*id, ValueOrView::from(value)))
            .collect();
        // rten refuses a list that names one tensor twice.
        let mut unique: Vec<String> = Vec::new();
        for name in names {
            if !unique.contains(name) {
                unique.push(name.clone());
            }
        }
        let ids = self.ids(&unique)?;
        let ran = self.model.run(views, &ids, Some(self.options()));
        let values = ran.map_err(|e| EngineError::Failed(format!("rten: {e}")))?;
        let mut tensors = NamedTensors::with_capacity(unique.len());
        for (name, value) in unique.into_iter().zip(values) {
            let tensor = from_value(&name, value, self.types.get(&name).copied()).map_err(EngineError::Unsupported)?;
            tensors.push((name, tensor));
        }
        Ok(tensors)
    }

    fn output_names(&self) -> Vec<String> {
        self.outputs.iter().map(|o| o.name.clone()).collect()
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

    fn infer(&mut self, inputs: &NamedTensors) -> Result<NamedTensors, EngineError> {
        self.run(inputs, &self.output_names())
    }

    fn infer_with(&mut self, inputs: &NamedTensors, tensors: &[String]) -> Result<NamedTensors, EngineError> {
        let mut names = self.output_names();
        names.extend_from_slice(tensors);
        self.run(inputs, &names)
    }

    fn timed(&mut self, inputs: &NamedTensors) -> Result<Box<dyn Timed + '_>, EngineError> {
        let inputs = self.bind(inputs)?;
        let outputs = self.ids(&self.output_names())?;
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
