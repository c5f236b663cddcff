//! What an engine makes of given inputs: its results, and those against a reference.

use super::told::Told;
use super::{Runner, failed};
use crate::data::NamedTensors;
use crate::worker::protocol::CHUNK;
use crate::worker::wire::{sha256_hex, tensors_to_bytes};
use crate::worker::{JobError, JobOutput};
use std::sync::Arc;

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
