//! What an engine makes of given inputs: its results, what its inner tensors hold, and both against a reference.

use super::told::Told;
use super::{Loaded, Runner, failed};
use crate::data::NamedTensors;
use crate::worker::protocol::CHUNK;
use crate::worker::wire::{sha256_hex, tensors_to_bytes};
use crate::worker::{JobError, JobOutput};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Runner {
    pub(super) fn infer(
        &mut self,
        told: &Told<'_>,
        engine: u64,
        inputs: &NamedTensors,
        tensors: &[String],
    ) -> Result<JobOutput, JobError> {
        let engine = &mut self.loaded(engine)?.engine;
        let outputs = if tensors.is_empty() {
            engine.infer(inputs)?
        } else {
            engine.infer_with(inputs, tensors)?
        };
        let blob = tensors_to_bytes(&outputs);
        let (sha256, bytes) = (sha256_hex(&blob), blob.len() as u64);
        told.out.blob(told.id, sha256, bytes, |send| {
            blob.chunks(CHUNK).for_each(send);
            Ok(())
        })?;
        Ok(JobOutput::Infer { tensors: Vec::new() })
    }

    pub(super) fn observe(
        &mut self,
        engine: u64,
        inputs: &NamedTensors,
        thresholds: Option<Vec<String>>,
        last: bool,
    ) -> Result<JobOutput, JobError> {
        let Loaded { engine, seen, .. } = self.loaded(engine)?;
        let thresholds: Option<HashSet<String>> = thresholds.map(|names| names.into_iter().collect());
        let wanted = |name: &str| thresholds.as_ref().is_none_or(|names| names.contains(name));
        let floats = inputs.iter().filter(|(_, t)| t.dtype.is_float());
        let given: Vec<(&str, Vec<f32>)> = floats.filter_map(|(n, t)| Some((n.as_str(), t.to_f32()?))).collect();
        let (mut bytes, mut looking) = (0, Duration::ZERO);
        let started = Instant::now();
        engine.observe(inputs, &mut |outputs| {
            let looked = Instant::now();
            let mut views: Vec<(&str, &[f32])> = given.iter().map(|(n, v)| (*n, v.as_slice())).collect();
            views.extend_from_slice(outputs);
            bytes = views.iter().map(|(_, v)| size_of_val(*v) as u64).sum();
            seen.add(&views, &wanted);
            looking = looked.elapsed();
        })?;
        let running = started.elapsed().saturating_sub(looking);
        let tensors = match last {
            true => std::mem::take(seen).observed(),
            false => BTreeMap::new(),
        };
        Ok(JobOutput::Observed {
            tensors,
            bytes,
            running_s: running.as_secs_f64(),
            looking_s: looking.as_secs_f64(),
        })
    }

    pub(super) fn expect(
        &mut self,
        engine: u64,
        inputs: NamedTensors,
        samples: u64,
        labels: Vec<i64>,
    ) -> Result<JobOutput, JobError> {
        let loaded = self.loaded(engine)?;
        let outputs = loaded.engine.infer(&inputs)?;
        let expected =
            Arc::get_mut(&mut loaded.expected).ok_or_else(|| failed("the reference's results are in use"))?;
        expected.add(inputs, outputs, samples, labels);
        Ok(JobOutput::Expected {
            bytes: expected.bytes(),
            top1: expected.top1(),
        })
    }
}
