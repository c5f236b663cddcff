//! A variant against the reference: outputs, inner tensors, the first bad node.
//!
//! Memory is bounded: inner tensors are compared in chunks, as many at a time as [`BUDGET`] holds, and only figures are
//! kept of them. A chunk that an engine cannot give is halved until what it cannot give stands alone. Engines that fuse
//! tensors away give them as outputs of an engine built for the chunk.

use super::accuracy::{Part, infer, reference};
use super::alone;
use super::build::{Built, build, with_hash};
use super::context::{Context, Step};
use super::inputs::{Batch, Inputs};
use super::{Depth, TaskOutput, request};
use crate::bench::bisect::{Bad, Next, Search, first_bad};
use crate::bench::differences::{Activation, Alone, TaskPair, Weight, derived_limit};
use crate::bench::{Differences, FirstBad, NodeRef, OutputMeter, TensorDifference};
use crate::data::NamedTensors;
use crate::engine::EngineError;
use crate::graph::{Dim, Graph, Producer, TensorId, TensorInfo, TensorKind};
use crate::model::statistics::TensorStatistics;
use crate::model::{DataType, Model, Tensor};
use crate::recipe::{DataSource, ModelSpec, Recipe};
use crate::rewrite::{PatchSpec, apply_all};
use crate::worker::{Job, JobError};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// Inputs generated when the recipe has no data.
const GENERATED: u64 = 4;
/// Samples that inner tensors are compared on when the data sets no limit.
const SAMPLES: u64 = 32;
/// Bytes that the tensors of a chunk, with what is kept of them for medians, may take.
const BUDGET: u64 = 512 << 20;
/// Bytes per element: two copies in the worker's form, two as numbers.
const PER_ELEMENT: u64 = 2 * 4 + 2 * 8;
/// Bytes of a tensor that is kept of its errors for medians, at most.
const KEPT: u64 = 16 << 20;
/// Tensors of a chunk at most.
const CHUNK: usize = 512;
/// A dimension that nothing says, for the budget.
const UNKNOWN_DIM: u64 = 64;
/// Targets whose engines keep no inner tensors.
const FUSING: [&str; 2] = ["tensorrt", "tensorrt-rtx"];

/// The task.
pub fn run(
    context: &Context,
    recipe: &Recipe,
    against: Option<&Path>,
    depth: Depth,
    limit: Option<f64>,
) -> Result<TaskOutput, JobError> {
    context.plan(vec![Step::known(0.2)]);
    context.phase("Read models", None);
    if let Some(limit) = limit.filter(|l| !(*l >= 0.0 && l.is_finite())) {
        return Err(request(format!("the limit {limit} is no error that a tensor can have")));
    }
    let mut base_recipe = recipe.clone();
    if let Some(path) = against {
        base_recipe.model = ModelSpec {
            path: path.to_owned(),
            sha256: None,
        };
    }
    let open = |path: &Path| Model::open(path).map(Arc::new).map_err(|e| request(e.to_string()));
    let base = Graph::new(open(&base_recipe.model.path)?);
    let recipe = super::precision::prepare(context, with_hash(context, recipe)?, Some(0))?;
    let mut model = open(&recipe.model.path)?;
    if let Some(last) = apply_all(&model, &recipe.patches)
        .map_err(|e| request(e.to_string()))?
        .pop()
    {
        model = last.model;
    }
    let changed = Graph::new(model);
    let (limit, limit_reason) = match limit {
        Some(limit) => (limit, "given".into()),
        None => derived_limit(&changed, recipe.build.precision),
    };
    let source = recipe.data.test.clone().or_else(|| recipe.data.calibration.clone());
    let source = source.map(|mut source| {
        if depth != Depth::Outputs {
            source.limit = Some(source.limit.unwrap_or(SAMPLES));
        }
        source
    });
    // What does not fit costs nobody's time: said before anything is built.
    let samples = Inputs::open(&recipe, source.as_ref(), &base, GENERATED)?.count();
    context.replan(vec![
        Step::guess(5.0),
        Step::guess(10.0),
        Step::guess(5.0),
        Step::guess(30.0),
    ]);
    context.phase("Build the reference", None);
    let reference = reference(context, &base_recipe, Vec::new())?;
    context.phase("Build the variant", Some(0));
    let variant = build(
        context,
        context.worker(Some(&recipe.target))?,
        &recipe,
        Some(0),
        None,
        false,
    )?;
    let pair = Pair {
        by_building: depth == Depth::Search || FUSING.contains(&recipe.target.name.as_str()),
        context,
        recipe: &recipe,
        source,
        samples,
        base: &base,
        changed: &changed,
        reference,
        variant,
        limit,
    };
    context.phase("Compare outputs", None);
    let mut found = pair.outputs(against.is_some(), limit_reason)?;
    context.phase("Compare tensors", None);
    match depth {
        Depth::Outputs => {}
        Depth::FirstBad if !found.is_bad() => {}
        Depth::FirstBad if pair.by_building => pair.search(&mut found)?,
        Depth::Tensors | Depth::FirstBad => pair.tensors(&mut found)?,
        Depth::Search => pair.search(&mut found)?,
    }
    Ok(TaskOutput::Accuracy(Box::new(found)))
}

/// Both engines and what they run on.
pub struct Pair<'a> {
    /// The running task.
    pub context: &'a Context,
    /// The variant's recipe.
    pub recipe: &'a Recipe,
    source: Option<DataSource>,
    samples: u64,
    /// The reference's graph.
    pub base: &'a Graph,
    /// The variant's graph, after its patches.
    pub changed: &'a Graph,
    /// The reference engine.
    pub reference: Built,
    /// The variant's engine.
    pub variant: Built,
    /// The variant gives inner tensors only as outputs of an engine built for that.
    by_building: bool,
    /// Error beyond which a tensor is bad.
    pub limit: f64,
}

/// A tensor that both graphs have.
#[derive(Clone)]
struct Candidate {
    id: TensorId,
    name: String,
    /// Bytes it takes to compare it.
    bytes: u64,
}

type Measured = Result<OutputMeter, String>;

impl Pair<'_> {
    /// The samples, from the first on.
    pub fn inputs(&self) -> Result<Inputs<'_>, JobError> {
        Inputs::open(self.recipe, self.source.as_ref(), self.base, GENERATED)
    }

    /// Compares what the engines give as they are.
    fn outputs(&self, other_model: bool, limit_reason: String) -> Result<Differences, JobError> {
        let names: Vec<String> = self.reference.outputs.iter().map(|o| o.name.clone()).collect();
        let common = |name: &&String| self.variant.outputs.iter().any(|o| o.name == **name);
        let common: Vec<String> = names.iter().filter(common).cloned().collect();
        if common.is_empty() {
            return Err(request("the variant has no output that the reference has too"));
        }
        let (mut own, mut theirs) = (Part::new(&[]), Part::new(&[]));
        let mut inputs = self.inputs()?;
        let mut meters = fresh(&common);
        let mut samples = 0;
        while let Some(batch) = inputs.next()? {
            let expected = infer(self.context, &self.reference, &batch.tensors, &[], None)?;
            let results = infer(self.context, &self.variant, &batch.tensors, &[], Some(0))?;
            add(&mut meters, &common, &expected, &results, rows(&batch));
            own.label(&expected, &batch.labels);
            theirs.label(&results, &batch.labels);
            samples += batch.count;
            let share = samples as f64 / self.samples.max(1) as f64;
            self.context
                .share(format!("Compare outputs, {samples} of {} samples", self.samples), share);
        }
        let mut notes = Vec::new();
        if self.source.is_none() {
            notes.push("The inputs are generated: real data may show other errors.".to_owned());
        }
        let mut skipped = Vec::new();
        let mut outputs = Vec::new();
        for (name, measured) in common.iter().zip(meters) {
            match measured {
                Ok(meter) => outputs.push(self.difference(name, &meter, true)),
                Err(why) => skipped.push((name.clone(), why)),
            }
        }
        let lacking = names.iter().filter(|n| !common.contains(n));
        skipped.extend(lacking.map(|n| (n.clone(), "the variant has no such output".to_owned())));
        let file = |path: &Path| {
            path.file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned()
        };
        let built = |b: &Built| format!("{}@{}", b.record.target, b.record.version);
        let task = own.task().zip(theirs.task());
        if other_model {
            notes.push("Tensors of the two models are matched by their names.".into());
        }
        Ok(Differences {
            model: file(&self.recipe.model.path),
            reference_model: file(self.base.model.path()),
            reference: built(&self.reference),
            variant: built(&self.variant),
            precision: self.recipe.build.precision.name().into(),
            data: inputs.words(samples),
            samples,
            limit: self.limit,
            limit_reason,
            outputs,
            task: task.map(|(reference, variant)| TaskPair { reference, variant }),
            tensors: Vec::new(),
            skipped,
            first_bad: None,
            probes: 0,
            notes,
        })
    }

    fn difference(&self, name: &str, meter: &OutputMeter, is_output: bool) -> TensorDifference {
        let producer = top(self.base).find(|(_, t)| *t.name == *name).map(|(_, t)| t.producer);
        let node = match producer {
            Some(Producer::Node { node, .. }) => NodeRef::of(self.base, node),
            _ => NodeRef::default(),
        };
        let mut accuracy = meter.finish();
        if !is_output {
            // The shape of an inner tensor says nothing about classes.
            (accuracy.top1_agreement, accuracy.top5_agreement) = (None, None);
        }
        TensorDifference {
            tensor: name.to_owned(),
            node,
            is_output,
            error: Some(meter.error()).filter(|e| e.is_finite()),
            accuracy,
        }
    }

    /// Tensors that both graphs compute, outputs left out, in topological order.
    fn candidates(&self) -> Vec<Candidate> {
        let theirs: HashSet<&str> = top(self.changed)
            .filter(|(_, t)| t.kind != TensorKind::Constant)
            .map(|(_, t)| &*t.name)
            .collect();
        let sizes = self.sizes();
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
            let elements = elements(tensor, &sizes);
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

    /// What symbolic sizes are in the first batch.
    fn sizes(&self) -> HashMap<Arc<str>, u64> {
        let first = self.inputs().and_then(|mut inputs| inputs.next());
        let Ok(Some(batch)) = first else { return HashMap::new() };
        let mut sizes = HashMap::new();
        for (name, value) in &batch.tensors {
            let declared = top(self.base)
                .find(|(_, t)| *t.name == **name)
                .and_then(|(_, t)| t.ty.shape.clone());
            for (dim, size) in declared.iter().flat_map(|s| &s.0).zip(&value.dims) {
                if let Dim::Symbol(symbol) = dim {
                    sizes.insert(Arc::clone(symbol), *size);
                }
            }
        }
        sizes
    }

    /// Compares every tensor, and names the first bad node.
    fn tensors(&self, found: &mut Differences) -> Result<(), JobError> {
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

    /// Looks for the first bad node, asking for few tensors.
    fn search(&self, found: &mut Differences) -> Result<(), JobError> {
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

    fn note_engines(&self, found: &mut Differences) {
        found.notes.push(if self.by_building {
            "Inner tensors come from engines built to give them as outputs: around them nodes are not fused as in the \
             variant itself."
                .into()
        } else {
            "An engine that is asked for an inner tensor keeps it: nodes around it are not fused as in the variant itself."
                .into()
        });
    }

    /// Errors of the model's outputs.
    fn output_errors(&self, found: &Differences) -> HashMap<TensorId, f64> {
        let ids = top(self.base).filter(|(_, t)| t.is_output);
        let error = |name: &str| {
            found
                .outputs
                .iter()
                .find(|o| o.tensor == name)
                .map(TensorDifference::size)
        };
        ids.filter_map(|(id, t)| Some((id, error(&t.name)?))).collect()
    }

    /// Runs both engines on all samples and compares these inner tensors. `told` gets the share that is done.
    fn measure(&self, names: &[String], told: &mut dyn FnMut(f64)) -> Result<Vec<Measured>, JobError> {
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
    fn ask<'p>(&'p self, names: &'p [String]) -> Result<Asked<'p>, JobError> {
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

    /// Everything there is to say about a bad node.
    fn explain(&self, bad: &Bad, errors: &HashMap<TensorId, f64>) -> Result<FirstBad, JobError> {
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
            let values = TensorStatistics::of(&self.base.constant(*id)?.ok()?)?;
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

/// The variant's engine while inner tensors are asked of it; one built for that is forgotten afterwards.
struct Asked<'p> {
    pair: &'p Pair<'p>,
    names: &'p [String],
    built: Option<Built>,
}

impl Asked<'_> {
    fn infer(&self, inputs: &NamedTensors) -> Result<NamedTensors, JobError> {
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

/// Samples of a batch as its tensors count them.
fn rows(batch: &Batch) -> u64 {
    batch
        .tensors
        .first()
        .and_then(|(_, t)| t.dims.first().copied())
        .unwrap_or(1)
}

fn fresh(names: &[String]) -> Vec<Measured> {
    names.iter().map(|name| Ok(OutputMeter::new(name))).collect()
}

/// The tensor of this name.
pub fn find<'t>(tensors: &'t NamedTensors, name: &str) -> Option<&'t Tensor> {
    tensors.iter().find(|(n, _)| n == name).map(|(_, t)| t)
}

/// Adds one batch to every meter; one that cannot take it is done with, and why.
fn add(meters: &mut [Measured], names: &[String], expected: &NamedTensors, results: &NamedTensors, rows: u64) {
    let by_name = |list: &'_ NamedTensors| -> HashMap<String, usize> {
        list.iter()
            .enumerate()
            .map(|(i, (name, _))| (name.clone(), i))
            .collect()
    };
    let (at, theirs) = (by_name(expected), by_name(results));
    let pairs = meters.par_iter_mut().zip(names.par_iter());
    pairs.for_each(|(measured, name)| {
        let get = |list: &'_ NamedTensors, at: &HashMap<String, usize>| {
            at.get(name).and_then(|i| list.get(*i)).map(|(_, t)| t.clone())
        };
        let added = match (get(expected, &at), get(results, &theirs), &mut *measured) {
            (Some(expected), Some(result), Ok(meter)) => meter.add(&expected, &result, rows),
            (None, _, _) => Err("the reference engine did not give it".into()),
            (_, None, _) => Err("the variant's engine did not give it".into()),
            (_, _, Err(_)) => return,
        };
        if let Err(why) = added {
            *measured = Err(why);
        }
    });
}

/// Tensors of the top level.
fn top(graph: &Graph) -> impl Iterator<Item = (TensorId, &TensorInfo)> {
    let all = graph.tensors.iter().enumerate().filter(|(_, t)| t.body == 0);
    all.map(|(i, t)| (TensorId(i as u32), t))
}

/// Elements of a tensor, guessing what is not known.
fn elements(tensor: &TensorInfo, sizes: &HashMap<Arc<str>, u64>) -> u64 {
    let dims = tensor.ty.shape.as_ref().map(|s| s.0.as_slice());
    let size = |d: &Dim| match d {
        Dim::Known(n) => *n,
        Dim::Symbol(s) => sizes.get(s).copied().unwrap_or(UNKNOWN_DIM),
        Dim::Unknown => UNKNOWN_DIM,
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

/// Shapes by name.
pub fn dims(tensors: &NamedTensors) -> BTreeMap<String, Vec<u64>> {
    tensors.iter().map(|(name, t)| (name.clone(), t.dims.clone())).collect()
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
