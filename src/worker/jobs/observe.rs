//! Building an engine to look into, and looking at what values its tensors take.

use super::build::patched;
use super::told::Told;
use super::{Runner, failed, known, request};
use crate::data::NamedTensors;
use crate::engine::{BuildContext, Engine, ObserverRequest, Recorder, See, everywhere};
use crate::graph::Graph;
use crate::model::Model;
use crate::recipe::Recipe;
use crate::worker::observe::Collector;
use crate::worker::{JobError, JobOutput, limit};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// An engine to look into.
pub(super) struct Observer {
    engine: Box<dyn Engine>,
    thresholds: Option<HashSet<String>>,
    /// What was seen since somebody asked.
    seen: Arc<Collector>,
}

impl Observer {
    fn collector(&self) -> Arc<Collector> {
        Arc::new(Collector::new(self.thresholds.clone()))
    }
}

impl Runner {
    pub(super) fn build_observer(
        &mut self,
        told: &Told<'_>,
        recipe: Recipe,
        path: &Path,
        (tensors, thresholds): (Vec<String>, Option<Vec<String>>),
        brief: bool,
    ) -> Result<JobOutput, JobError> {
        let builder = known(&recipe.target.name)?;
        let mut recorder = Recorder::new(told);
        let model = recorder.stage("open model", || Model::open(path))?;
        let model = Arc::new(model.map_err(|e| request(e.to_string()))?);
        let model = patched(&mut recorder, model, &recipe)?;
        limit::set(&recipe);
        limit::refuse_too_large(&Graph::new(Arc::clone(&model)), &recipe, None)?;
        let scratch = self.store().scratch();
        let scratch = scratch.map_err(|e| failed(format!("no scratch folder: {e}")))?;
        let asked = ObserverRequest {
            model,
            recipe,
            tensors,
            brief,
        };
        let context = BuildContext {
            progress: told,
            scratch: scratch.path().to_path_buf(),
        };
        let engine = builder.observer(&asked, &context)?;
        let record = engine.record().clone();
        let mut observer = Observer {
            engine,
            thresholds: thresholds.map(|names| names.into_iter().collect()),
            seen: Arc::default(),
        };
        observer.seen = observer.collector();
        self.observers.insert(told.id, observer);
        Ok(JobOutput::BuildObserver {
            engine: told.id,
            record,
        })
    }

    pub(super) fn observe(&mut self, engine: u64, inputs: &NamedTensors, last: bool) -> Result<JobOutput, JobError> {
        let observer = self.observers.get_mut(&engine);
        let observer = observer.ok_or_else(|| request(format!("there is no engine {engine} to look into")))?;
        let before = observer.seen.so_far();
        for (name, tensor) in inputs.iter().filter(|(_, t)| t.dtype.is_float()) {
            if let Some(values) = tensor.to_f32().filter(|v| !v.is_empty()) {
                observer.seen.see(name, &values, &everywhere);
            }
        }
        let own = observer.seen.so_far();
        let see: Arc<dyn See> = Arc::clone(&observer.seen) as Arc<dyn See>;
        let started = Instant::now();
        observer.engine.observe(inputs, &see)?;
        let took = started.elapsed();
        drop(see);
        let (looking, bytes) = observer.seen.so_far();
        let running = took.saturating_sub(looking.saturating_sub(own.0));
        let tensors = match last {
            true => {
                let fresh = observer.collector();
                std::mem::replace(&mut observer.seen, fresh).observed()
            }
            false => BTreeMap::new(),
        };
        Ok(JobOutput::Observed {
            tensors,
            bytes: bytes.saturating_sub(before.1),
            running_s: running.as_secs_f64(),
            looking_s: looking.saturating_sub(before.0).as_secs_f64(),
        })
    }
}
