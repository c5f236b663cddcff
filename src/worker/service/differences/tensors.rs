//! Every tensor that both graphs compute, in chunks.
//!
//! Memory is bounded: as many tensors at a time as [`BUDGET`] holds, and only figures are kept of them.

use super::super::accuracy::infer;
use super::super::build::{Built, build};
use super::meters::{Measured, add, fresh, rows};
use super::{Pair, top};
use crate::bench::bisect::first_bad;
use crate::bench::{Differences, TensorDifference};
use crate::data::NamedTensors;
use crate::graph::sized::sized;
use crate::graph::sizes::point;
use crate::graph::{Dim, Graph, TensorId, TensorInfo, TensorKind};
use crate::model::DataType;
use crate::rewrite::PatchSpec;
use crate::worker::{Job, JobError};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Bytes that the tensors of a chunk, with what is kept of them for medians, may take.
const BUDGET: u64 = 512 << 20;
/// Bytes per element: two copies in the worker's form, two as numbers.
const PER_ELEMENT: u64 = 2 * 4 + 2 * 8;
/// Bytes of a tensor that is kept of its errors for medians, at most.
const KEPT: u64 = 16 << 20;
/// Tensors of a chunk at most. Every chunk costs two engines a session, which for a model of many nodes takes longer than
/// running it: the budget is what bounds a chunk, this only its list of names.
const CHUNK: usize = 4096;
/// A dimension that nothing says, for the budget.
const UNKNOWN_DIM: u64 = 64;

/// A tensor that both graphs have.
#[derive(Clone)]
pub struct Candidate {
    /// In the reference's graph.
    pub id: TensorId,
    /// Its name.
    pub name: String,
    /// Bytes it takes to compare it.
    bytes: u64,
}

impl Pair<'_> {
    /// Tensors that both graphs compute, outputs left out, in topological order.
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let theirs: HashSet<&str> = top(self.changed)
            .filter(|(_, t)| t.kind != TensorKind::Constant)
            .map(|(_, t)| &*t.name)
            .collect();
        let sized = self.sized();
        let sized = sized.as_ref().unwrap_or(self.base);
        let made = self
            .base
            .body_order(0)
            .iter()
            .flat_map(|n| self.base.node(*n).outputs.iter().flatten());
        let computed = made.filter(|id| {
            let t = self.base.tensor(**id);
            let is_plain = t.ty.container.is_none() && t.ty.dtype != Some(DataType::String);
            t.kind == TensorKind::Activation && !t.is_output && is_plain && theirs.contains(&*t.name)
        });
        let of = |id: &TensorId| {
            let tensor = self.base.tensor(*id);
            let elements = elements(sized.tensors.get(id.0 as usize).unwrap_or(tensor));
            Candidate {
                id: *id,
                name: tensor.name.to_string(),
                bytes: elements
                    .saturating_mul(PER_ELEMENT)
                    .saturating_add(elements.saturating_mul(16).min(KEPT)),
            }
        };
        computed.map(of).collect()
    }

    /// The reference's graph at the sizes of the first batch; none without one. Tensors keep their numbers.
    fn sized(&self) -> Option<Graph> {
        let batch = self.inputs().and_then(|mut inputs| inputs.next()).ok()??;
        let graph = sized(self.base, &point(&super::dims(&batch.tensors)));
        (graph.tensors.len() == self.base.tensors.len()).then_some(graph)
    }

    /// Compares every tensor, and names the first bad node.
    pub(super) fn tensors(&self, found: &mut Differences) -> Result<(), JobError> {
        let candidates = self.candidates();
        if candidates.is_empty() {
            let note = "No inner tensor has the same name in both graphs, so only outputs could be compared.";
            found.notes.push(note.into());
        }
        let total = candidates.len();
        let mut todo = chunks(&candidates);
        todo.reverse();
        let mut done = 0;
        let mut errors = self.output_errors(found);
        let mut all: HashMap<TensorId, TensorDifference> = HashMap::new();
        while let Some(chunk) = todo.pop() {
            let names: Vec<String> = chunk.iter().map(|c| c.name.clone()).collect();
            let part = |share: f64| (done as f64 + share * chunk.len() as f64) / total.max(1) as f64;
            let measured = self.measure(&names, &mut |share| {
                let words = format!("Compare tensors, {done} of {total}");
                self.context.share(words, part(share));
            });
            match measured {
                Ok(measured) => {
                    for (candidate, measured) in chunk.iter().zip(measured) {
                        match measured {
                            Ok(meter) => {
                                errors.insert(candidate.id, meter.error());
                                all.insert(candidate.id, self.difference(&candidate.name, &meter, false));
                            }
                            Err(why) => found.skipped.push((candidate.name.clone(), why)),
                        }
                    }
                    done += chunk.len();
                }
                Err(JobError::Engine(why)) if chunk.len() == 1 => {
                    found.skipped.extend(names.into_iter().map(|n| (n, why.to_string())));
                    done += 1;
                }
                Err(JobError::Engine(_)) => {
                    let (front, back) = chunk.split_at(chunk.len() / 2);
                    todo.extend([back.to_vec(), front.to_vec()]);
                }
                Err(error) => return Err(error),
            }
        }
        found.tensors = candidates.iter().filter_map(|c| all.remove(&c.id)).collect();
        self.note_engines(found);
        if let Some(bad) = first_bad(self.base, &errors, self.limit) {
            found.first_bad = Some(self.explain(&bad, &errors)?);
        }
        Ok(())
    }

    /// Says where inner tensors come from.
    pub(super) fn note_engines(&self, found: &mut Differences) {
        found.notes.push(if self.by_building {
            "Inner tensors come from engines built to give them as outputs: around them nodes are not fused as in the \
             variant itself."
                .into()
        } else {
            "An engine that is asked for an inner tensor keeps it: nodes around it are not fused as in the variant itself."
                .into()
        });
    }

    /// Runs both engines on all samples and compares these inner tensors. `told` gets the share that is done.
    pub(super) fn measure(&self, names: &[String], told: &mut dyn FnMut(f64)) -> Result<Vec<Measured>, JobError> {
        let asked = self.ask(names)?;
        let mut inputs = self.inputs()?;
        let mut meters = fresh(names);
        let mut samples = 0;
        while let Some(batch) = inputs.next()? {
            self.context.go_on()?;
            let expected = infer(self.context, &self.reference, &batch.tensors, names, None)?;
            let results = asked.infer(&batch.tensors)?;
            add(&mut meters, names, &expected, &results, rows(&batch));
            samples += batch.count;
            told(samples as f64 / self.samples.max(1) as f64);
        }
        Ok(meters)
    }

    /// The variant's engine, ready to give these inner tensors.
    pub(super) fn ask<'p>(&'p self, names: &'p [String]) -> Result<Asked<'p>, JobError> {
        let mut asked = Asked {
            pair: self,
            names,
            built: None,
        };
        if self.by_building {
            let mut recipe = self.recipe.clone();
            recipe.patches.push(PatchSpec::AddOutputs {
                tensors: names.to_vec(),
            });
            let worker = Arc::clone(&self.variant.worker);
            asked.built = Some(build(self.context, worker, &recipe, Some(0), None, false)?);
        }
        Ok(asked)
    }
}

/// The variant's engine while inner tensors are asked of it; one built for that is forgotten afterwards.
pub(super) struct Asked<'p> {
    pair: &'p Pair<'p>,
    names: &'p [String],
    built: Option<Built>,
}

impl Asked<'_> {
    /// Its outputs, then the tensors asked for.
    pub(super) fn infer(&self, inputs: &NamedTensors) -> Result<NamedTensors, JobError> {
        let context = self.pair.context;
        match &self.built {
            Some(built) => infer(context, built, inputs, &[], Some(0)),
            None => infer(context, &self.pair.variant, inputs, self.names, Some(0)),
        }
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if let Some(built) = &self.built {
            let job = Job::Drop { engine: built.engine };
            // A worker that cannot answer any more has forgotten it as well.
            let _ = self.pair.context.run_quietly(&built.worker, job, None);
        }
    }
}

/// Elements of a tensor, guessing what is not known.
fn elements(tensor: &TensorInfo) -> u64 {
    let dims = tensor.ty.shape.as_ref().map(|s| s.0.as_slice());
    let size = |d: &Dim| match d {
        Dim::Known(n) => *n,
        Dim::Symbol(_) | Dim::Unknown => UNKNOWN_DIM,
    };
    let unknown = UNKNOWN_DIM.pow(3);
    dims.map_or(unknown, |dims| dims.iter().fold(1u64, |n, d| n.saturating_mul(size(d))))
}

/// Groups in order, each within the budget or of a single tensor.
fn chunks(candidates: &[Candidate]) -> Vec<Vec<Candidate>> {
    let mut out: Vec<Vec<Candidate>> = Vec::new();
    let mut bytes = 0u64;
    for candidate in candidates {
        bytes = bytes.saturating_add(candidate.bytes);
        match out.last_mut().filter(|c| c.len() < CHUNK && bytes <= BUDGET) {
            Some(chunk) => chunk.push(candidate.clone()),
            None => {
                bytes = candidate.bytes;
                out.push(vec![candidate.clone()]);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_stay_within_the_budget() {
        let candidate = |bytes| Candidate {
            id: TensorId(0),
            name: String::new(),
            bytes,
        };
        let sizes = |list: &[u64]| -> Vec<usize> {
            let all: Vec<Candidate> = list.iter().map(|b| candidate(*b)).collect();
            chunks(&all).iter().map(Vec::len).collect()
        };
        assert_eq!(
            sizes(&[BUDGET / 2, BUDGET / 2, 1, BUDGET * 3, u64::MAX, 5]),
            [2, 1, 1, 1, 1]
        );
        let many = vec![1; CHUNK * 2 + 1];
        assert_eq!(sizes(&many), [CHUNK, CHUNK, 1]);
        assert!(sizes(&[]).is_empty());
    }
}
