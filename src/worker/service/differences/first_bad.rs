//! Where an error begins: looking for the first bad node, and everything there is to say about it.

use super::super::accuracy::infer;
use super::super::alone;
use super::Pair;
use super::meters::{add, find, fresh, rows};
use crate::bench::bisect::{Bad, Next, Search};
use crate::bench::differences::{Activation, Alone, Weight};
use crate::bench::{Differences, FirstBad, NodeRef, TensorDifference};
use crate::data::NamedTensors;
use crate::engine::EngineError;
use crate::graph::TensorId;
use crate::model::statistics::TensorStatistics;
use crate::worker::JobError;
use std::collections::HashMap;

impl Pair<'_> {
    /// Looks for the first bad node, asking for few tensors.
    pub(super) fn search(&self, found: &mut Differences) -> Result<(), JobError> {
        let candidates = self.candidates();
        let comparable: Vec<TensorId> = candidates.iter().map(|c| c.id).collect();
        let mut errors = self.output_errors(found);
        let Some(mut search) = Search::new(self.base, &comparable, &errors, self.limit) else {
            return Ok(());
        };
        // A binary search, and a few more for what the node found reads.
        let guess = (candidates.len().max(1) as f64).log2() + 4.0;
        let mut seen: HashMap<TensorId, TensorDifference> = HashMap::new();
        let bad = loop {
            let tensors = match search.step() {
                Next::Found(bad) => break bad,
                Next::Probe(tensors) => tensors,
            };
            for id in tensors {
                let name = self.base.tensor(id).name.to_string();
                let share = (found.probes as f64 / guess).min(0.95);
                self.context.share(format!("Look at {name}"), share);
                found.probes += 1;
                let measured = self.measure(std::slice::from_ref(&name), &mut |_| {});
                let measured = match measured {
                    Ok(mut list) => list.pop().unwrap_or_else(|| Err("it was not given".into())),
                    Err(JobError::Engine(why)) => Err(why.to_string()),
                    Err(error) => return Err(error),
                };
                match measured {
                    Ok(meter) => {
                        errors.insert(id, meter.error());
                        seen.insert(id, self.difference(&name, &meter, false));
                        search.tell(id, Some(meter.error()));
                    }
                    Err(why) => {
                        found.skipped.push((name, why));
                        search.tell(id, None);
                    }
                }
            }
        };
        found.tensors = candidates.iter().filter_map(|c| seen.remove(&c.id)).collect();
        self.note_engines(found);
        found.first_bad = Some(self.explain(&bad, &errors)?);
        Ok(())
    }

    /// Everything there is to say about a bad node.
    pub(super) fn explain(&self, bad: &Bad, errors: &HashMap<TensorId, f64>) -> Result<FirstBad, JobError> {
        let name = |id: TensorId| self.base.tensor(id).name.to_string();
        let node = self.base.node(bad.node);
        self.context
            .share(format!("Run {} alone", NodeRef::of(self.base, bad.node).label()), 0.98);
        let known: Vec<String> = errors.keys().filter(|t| **t != bad.tensor).map(|t| name(*t)).collect();
        let alone = match alone::run(self, &name(bad.tensor), &known) {
            Ok(alone) => alone,
            Err(JobError::Engine(why)) if !matches!(why, EngineError::Cancelled) => {
                Alone::Unknown { why: why.to_string() }
            }
            Err(error) => return Err(error),
        };
        let weights = node.inputs.iter().flatten().filter_map(|id| {
            let values = TensorStatistics::of(&self.base.stored_value(*id)?.ok()?)?;
            Some(Weight {
                tensor: name(*id),
                values,
            })
        });
        let weights = weights.collect();
        let reads = bad.reads.iter().map(|(id, _)| (*id, false));
        let made = node.outputs.iter().flatten().map(|id| (*id, true));
        let made = made.filter(|(id, _)| errors.contains_key(id));
        let listed: Vec<(TensorId, bool)> = reads.chain(made).collect();
        Ok(FirstBad {
            node: NodeRef::of(self.base, bad.node),
            tensor: name(bad.tensor),
            error_before: bad.before(),
            error_after: Some(bad.after).filter(|e| e.is_finite()),
            unseen: bad.unseen.iter().map(|n| NodeRef::of(self.base, *n)).collect(),
            alone,
            weights,
            activations: self.activations(&name(bad.tensor), &listed, errors)?,
        })
    }

    /// Values of these tensors and of the model's inputs among what the node reads, in the batch where `worst` differs most.
    fn activations(
        &self,
        worst: &str,
        listed: &[(TensorId, bool)],
        errors: &HashMap<TensorId, f64>,
    ) -> Result<Vec<Activation>, JobError> {
        let mut activations: Vec<Activation> = listed
            .iter()
            .map(|(id, is_made)| Activation {
                tensor: self.base.tensor(*id).name.to_string(),
                is_made: *is_made,
                error: errors.get(id).copied().filter(|e| e.is_finite()),
                reference: None,
                variant: None,
            })
            .collect();
        let names: Vec<String> = activations.iter().map(|a| a.tensor.clone()).collect();
        let inner: Vec<String> = names
            .iter()
            .filter(|n| !self.reference.outputs.iter().any(|o| o.name == **n))
            .cloned()
            .collect();
        let asked = self.ask(&inner)?;
        let mut inputs = self.inputs()?;
        let mut largest = -1.0;
        while let Some(batch) = inputs.next()? {
            let expected = infer(self.context, &self.reference, &batch.tensors, &inner, None)?;
            let results = asked.infer(&batch.tensors)?;
            let mut meters = fresh(&[worst.to_owned()]);
            add(&mut meters, &[worst.to_owned()], &expected, &results, rows(&batch));
            let error = meters.pop().and_then(Result::ok).map_or(0.0, |m| m.error());
            if error <= largest {
                continue;
            }
            largest = error;
            for activation in &mut activations {
                let of = |list: &NamedTensors| find(list, &activation.tensor).and_then(TensorStatistics::of);
                (activation.reference, activation.variant) = (of(&expected), of(&results));
            }
        }
        Ok(activations)
    }
}
