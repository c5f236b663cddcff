//! A reference engine's results, kept in the worker so that other engines can be held against them: inputs and results travel
//! once, however many engines follow.

use super::job::JobError;
use crate::bench::TaskAccuracy;
use crate::bench::accuracy::OutputMeter;
use crate::data::NamedTensors;
use crate::engine::{Engine, EngineError};
use crate::rewrite::search::{Errors, Top1};

/// Inputs with what the reference made of them.
#[derive(Default)]
pub struct Expected {
    batches: Vec<Batch>,
    bytes: u64,
    task: TaskAccuracy,
}

struct Batch {
    inputs: NamedTensors,
    outputs: NamedTensors,
    samples: u64,
    labels: Vec<i64>,
}

impl Expected {
    /// Keeps a batch with the reference's results.
    pub fn add(&mut self, inputs: NamedTensors, outputs: NamedTensors, samples: u64, labels: Vec<i64>) {
        let tensors = inputs.iter().chain(&outputs);
        self.bytes += tensors.map(|(_, t)| t.bytes.len() as u64).sum::<u64>();
        label(&mut self.task, &outputs, &labels);
        self.batches.push(Batch {
            inputs,
            outputs,
            samples,
            labels,
        });
    }

    /// Bytes of all that is kept.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The reference's own answers against the labels.
    pub fn top1(&self) -> Option<Top1> {
        top1(&self.task)
    }

    /// Runs an engine on the first batches and compares; `go_on` is asked between them.
    ///
    /// # Errors
    /// What the engine says; outputs that cannot be compared, or are missing; cancelled.
    pub fn judge(
        &self,
        engine: &mut dyn Engine,
        batches: u64,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Errors, JobError> {
        let failed = |message: String| JobError::Engine(EngineError::Failed(message));
        let count = usize::try_from(batches).unwrap_or(usize::MAX);
        let first = self.batches.first().filter(|_| count > 0);
        let first = first.ok_or_else(|| failed("the worker holds no results to compare with".into()))?;
        let names = first.outputs.iter().map(|(name, _)| name);
        let mut meters: Vec<OutputMeter> = names.map(|name| OutputMeter::new(name)).collect();
        let (mut samples, mut task) = (0, TaskAccuracy::default());
        for batch in self.batches.iter().take(count) {
            if !go_on() {
                return Err(JobError::Cancelled);
            }
            let results = engine.infer(&batch.inputs)?;
            for ((name, expected), meter) in batch.outputs.iter().zip(&mut meters) {
                let (_, result) = results
                    .iter()
                    .find(|(n, _)| n == name)
                    .ok_or_else(|| failed(format!("the engine gives no output {name}")))?;
                meter.add(expected, result, batch.samples).map_err(failed)?;
            }
            label(&mut task, &results, &batch.labels);
            samples += batch.samples;
        }
        Ok(Errors {
            samples,
            outputs: meters.iter().map(OutputMeter::output_error).collect(),
            top1: top1(&task),
        })
    }
}

/// Counts the answers of the first output that is shaped like a classifier's.
fn label(task: &mut TaskAccuracy, results: &NamedTensors, labels: &[i64]) {
    if !labels.is_empty() {
        let _ = results.iter().any(|(_, output)| task.add(output, labels));
    }
}

fn top1(task: &TaskAccuracy) -> Option<Top1> {
    (task.samples > 0).then_some(Top1 {
        samples: task.samples,
        correct: task.top1_correct,
    })
}
