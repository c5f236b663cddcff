//! Taking the time of an engine, as a whole and layer by layer.

use super::told::Told;
use super::{Loaded, Runner, failed, request};
use crate::bench::Sample;
use crate::bench::measure::{Plan, measure};
use crate::data::NamedTensors;
use crate::data::generate::generate;
use crate::data::shapes::run_sizes;
use crate::engine::Progress;
use crate::recipe::Recipe;
use crate::recipe::units::format_named_shape;
use crate::worker::host::Memory;
use crate::worker::protocol::FromWorker;
use crate::worker::{JobError, JobOutput, limit};

/// What an engine is run on to measure it, and why those inputs.
struct Inputs {
    tensors: NamedTensors,
    why: Vec<String>,
}

impl Inputs {
    /// Generated for the shapes that the recipe measures.
    fn generated(loaded: &Loaded, recipe: &Recipe, seed: u64) -> Result<Self, JobError> {
        let sizes = run_sizes(&loaded.graph, recipe).map_err(request)?;
        limit::set(recipe);
        limit::refuse_too_large(&loaded.graph, recipe, Some(&sizes.point()))?;
        let (tensors, why) = generate(&loaded.graph, &sizes, seed).map_err(request)?;
        Ok(Self { tensors, why })
    }

    fn shapes(&self) -> Vec<String> {
        let shapes = self.tensors.iter();
        shapes.map(|(name, t)| format_named_shape(name, &t.dims)).collect()
    }
}

impl Runner {
    pub(super) fn bench(
        &mut self,
        told: &Told<'_>,
        engine: u64,
        recipe: &Recipe,
        seed: u64,
    ) -> Result<JobOutput, JobError> {
        let host = self.host.clone();
        let loaded = self.loaded(engine)?;
        let inputs = Inputs::generated(loaded, recipe, seed)?;
        let mut environment = host.environment(loaded.engine.runtime(), loaded.engine.threads());
        environment.affinity = loaded.engine.pin();
        environment.gpu.extend(loaded.engine.gpu_state());
        let mut timed = loaded.engine.timed(&inputs.tensors)?;
        let is_gpu = timed.is_gpu();
        let plan = Plan::from_spec(&recipe.bench, is_gpu);
        let mut batch = |samples: &[Sample]| {
            if !samples.is_empty() {
                let rows = samples.iter().map(row).collect();
                told.out.send(told.id, FromWorker::Samples { rows });
            }
            !told.cancelled()
        };
        let measured = measure(&mut *timed, &plan, &mut batch);
        if told.cancelled() {
            return Err(JobError::Cancelled);
        }
        measured.map_err(failed)?;
        let notes = timed.notes();
        drop(timed);
        environment.gpu.extend(loaded.engine.gpu_state());
        Ok(JobOutput::Bench {
            environment,
            protocol: plan.protocol.name().into(),
            shapes: inputs.shapes(),
            inputs: inputs.why,
            is_gpu,
            notes,
            memory: Memory::with(loaded.engine.process()).map(Box::new),
            device_memory: loaded.engine.device_memory().map(Box::new),
            effective_precision: loaded.engine.effective_precision().map(Box::new),
        })
    }

    pub(super) fn profile(
        &mut self,
        engine: u64,
        recipe: &Recipe,
        seed: u64,
        runs: u32,
    ) -> Result<JobOutput, JobError> {
        let host = self.host.clone();
        let loaded = self.loaded(engine)?;
        let inputs = Inputs::generated(loaded, recipe, seed)?;
        let mut environment = host.environment(loaded.engine.runtime(), loaded.engine.threads());
        environment.gpu.extend(loaded.engine.gpu_state());
        let mut profile = loaded.engine.profile(&inputs.tensors, runs)?;
        profile.lead_back(&loaded.graph);
        environment.gpu.extend(loaded.engine.gpu_state());
        Ok(JobOutput::Profile {
            environment,
            profile,
            shapes: inputs.shapes(),
            inputs: inputs.why,
        })
    }
}

fn row(s: &Sample) -> [f64; 8] {
    [
        s.start_enq_ms,
        s.end_enq_ms,
        s.start_h2d_ms,
        s.end_h2d_ms,
        s.start_compute_ms,
        s.end_compute_ms,
        s.start_d2h_ms,
        s.end_d2h_ms,
    ]
}
