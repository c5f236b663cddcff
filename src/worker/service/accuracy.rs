//! Results of the variants against those of the reference target, on the recipe's test data.
//!
//! The reference is the model as it is, in FP32, without patches. Samples stream through: memory holds one batch.

use super::build::{Built, build};
use super::compare::Row;
use super::context::Context;
use super::inputs::alone_words;
use super::{ServiceEvent, request, unexpected};
use crate::bench::accuracy::OutputMeter;
use crate::bench::compare::ReferenceResult;
use crate::bench::{OutputAccuracy, TaskAccuracy};
use crate::data::convert::convert;
use crate::data::{NamedTensors, Samples};
use crate::engine::{EngineError, Usable};
use crate::graph::{Dim, Graph};
use crate::model::Model;
use crate::recipe::{BuildSpec, Recipe, TargetSpec};
use crate::rewrite::PatchSpec;
use crate::worker::{Job, JobError, JobOutput, Worker};
use std::sync::Arc;

/// Samples that are run together at most, where the model leaves that open.
const BATCH: u64 = 32;
/// The reference when the recipe names none, if it is usable; else the embedded engine.
const PREFERRED: &str = "onnxruntime-cpu";

/// Test data, opened and checked against the model.
pub struct Test {
    samples: Samples,
    batch: u64,
    /// Batches with fewer samples cannot be run.
    least: u64,
}

impl Test {
    /// Opens the recipe's test data; `None` when it has none. Done before anything is built, so that data that does not fit
    /// costs nobody's time.
    ///
    /// # Errors
    /// What does not fit.
    pub fn open(recipe: &Recipe, rows: &[Row]) -> Result<Option<Self>, JobError> {
        let Some(source) = &recipe.data.test else {
            return Ok(None);
        };
        let model = Model::open(&recipe.model.path).map_err(|e| request(e.to_string()))?;
        let graph = Graph::new(Arc::new(model));
        let samples = Samples::open(source, &graph).map_err(|e| request(e.to_string()))?;
        let recipes = std::iter::once(recipe).chain(rows.iter().map(|r| &r.recipe));
        let (least, batch) = batch_range(&graph, recipes);
        Ok(Some(Self { samples, batch, least }))
    }
}

/// Smallest and largest batch that the model and all profiles allow, the latter at most [`BATCH`].
pub fn batch_range<'a>(graph: &Graph, recipes: impl Iterator<Item = &'a Recipe>) -> (u64, u64) {
    let inputs = graph.bodies.first().map_or(&[][..], |b| &b.inputs);
    let first = inputs.first().map(|id| graph.tensor(*id));
    if let Some(Dim::Known(n)) = first.and_then(|t| t.ty.shape.as_ref()?.0.first()) {
        return ((*n).max(1), (*n).max(1));
    }
    let (mut least, mut most) = (1, BATCH);
    for profile in recipes.flat_map(|r| &r.profiles) {
        for id in inputs {
            let Some(range) = profile.inputs.get(&*graph.tensor(*id).name) else {
                continue;
            };
            least = least.max(range.min.first().copied().unwrap_or(1));
            most = most.min(range.max.first().copied().unwrap_or(BATCH));
        }
    }
    (least, most.max(least).max(1))
}

/// What is known of the reference.
#[derive(Default)]
pub struct Outcome {
    /// The reference's own figures.
    pub reference: Option<ReferenceResult>,
    /// What the reader must know.
    pub warnings: Vec<String>,
}

/// One engine's part in the comparison.
pub struct Part {
    meters: Vec<OutputMeter>,
    task: TaskAccuracy,
    /// Why it goes no further.
    failure: Option<String>,
}

/// Runs the test data through the reference and every variant that has an engine.
pub fn run(context: &Context, recipe: &Recipe, mut test: Test, rows: &mut [Row]) -> Result<Outcome, JobError> {
    let mut outcome = Outcome::default();
    if let Some(layout) = test.samples.layout() {
        context.log(None, "note", layout.to_owned());
    }
    context.phase("Build the reference", None);
    if rows.iter().all(|r| r.built.is_none()) {
        return Ok(outcome);
    }
    let reference = match reference(context, recipe, Vec::new()) {
        Ok(reference) => reference,
        Err(JobError::Cancelled) => return Err(JobError::Cancelled),
        Err(error) => {
            outcome
                .warnings
                .push(format!("accuracy was not compared: the reference failed: {error}"));
            return Ok(outcome);
        }
    };
    context.phase("Compare results", None);
    let names: Vec<String> = reference.outputs.iter().map(|o| o.name.clone()).collect();
    let mut parts: Vec<Part> = rows.iter().map(|_| Part::new(&names)).collect();
    let mut own = Part::new(&names);
    let (total, mut done, mut left_out) = (test.samples.count(), 0u64, 0u64);
    let mut batch = usize::try_from(test.batch).unwrap_or(1);
    while let Some((inputs, labels)) = test.samples.next_batch(batch).map_err(|e| request(e.to_string()))? {
        let count = test.samples.in_batch();
        done += count;
        let share = done as f64 / total.max(1) as f64;
        context.share(format!("Compare results, {done} of {total} samples"), share);
        if count < test.least {
            left_out += count;
            continue;
        }
        let expected = match infer(context, &reference, &inputs, &[], None) {
            Ok(expected) => expected,
            Err(JobError::Cancelled) => return Err(JobError::Cancelled),
            Err(error @ JobError::Engine(_)) if count > 1 && test.least <= 1 => {
                context.log(None, "note", alone_words(&error));
                test.samples.step_back().map_err(|e| request(e.to_string()))?;
                (batch, done) = (1, done - count);
                continue;
            }
            Err(error) => {
                outcome
                    .warnings
                    .push(format!("accuracy was not compared: the reference failed: {error}"));
                return Ok(outcome);
            }
        };
        own.label(&expected, &labels);
        for (i, (row, part)) in rows.iter_mut().zip(&mut parts).enumerate() {
            let Some(built) = row.built.as_ref().filter(|_| part.failure.is_none()) else {
                continue;
            };
            match infer(context, built, &inputs, &[], Some(i)) {
                Ok(results) => {
                    part.add(&expected, &results, count);
                    part.label(&results, &labels);
                }
                Err(JobError::Cancelled) => return Err(JobError::Cancelled),
                Err(error) => {
                    if let JobError::Worker(message) = &error {
                        let message = message.clone();
                        context.tell(ServiceEvent::WorkerLost {
                            variant: Some(i),
                            message,
                        });
                    }
                    part.failure = Some(error.to_string());
                }
            }
        }
    }
    if left_out > 0 {
        outcome.warnings.push(format!(
            "{left_out} of {total} test samples were left out of the accuracy: they do not fill a batch of {}",
            test.least
        ));
    }
    for (row, part) in rows.iter_mut().zip(parts) {
        match part.failure {
            Some(why) => outcome.warnings.push(format!("{}: no accuracy: {why}", row.name)),
            None if row.built.is_some() => {
                row.result.accuracy = part.figures();
                row.result.task = part.task();
            }
            None => {}
        }
    }
    outcome.reference = Some(ReferenceResult {
        target: words(&reference),
        task: own.task(),
    });
    Ok(outcome)
}

impl Part {
    /// A part that compares these outputs.
    pub fn new(outputs: &[String]) -> Self {
        Self {
            meters: outputs.iter().map(|name| OutputMeter::new(name)).collect(),
            task: TaskAccuracy::default(),
            failure: None,
        }
    }

    fn add(&mut self, expected: &NamedTensors, results: &NamedTensors, samples: u64) {
        for ((name, expected), meter) in expected.iter().zip(&mut self.meters) {
            let result = results.iter().find(|(n, _)| n == name);
            let added = match result {
                Some((_, result)) => meter.add(expected, result, samples),
                None => Err("the variant has no such output".into()),
            };
            if let Err(why) = added {
                self.failure = Some(format!("output {name}: {why}"));
                return;
            }
        }
    }

    /// Counts the answers of the first output that is shaped like a classifier's.
    pub fn label(&mut self, results: &NamedTensors, labels: &[i64]) {
        if !labels.is_empty() {
            let task = &mut self.task;
            let _ = results.iter().any(|(_, output)| task.add(output, labels));
        }
    }

    /// Answers against labels; none without any.
    pub fn task(&self) -> Option<TaskAccuracy> {
        Some(self.task).filter(|t| t.samples > 0)
    }

    fn figures(&self) -> Vec<OutputAccuracy> {
        self.meters.iter().map(OutputMeter::finish).collect()
    }
}

/// Outputs of one inference, then the inner `tensors`. Inputs that the engine takes in another type (its graph was lowered)
/// are converted.
///
/// # Errors
/// The engine's own; a worker that is gone; cancelled.
pub fn infer(
    context: &Context,
    built: &Built,
    inputs: &NamedTensors,
    tensors: &[String],
    variant: Option<usize>,
) -> Result<NamedTensors, JobError> {
    let fitting = inputs.iter().map(|(name, tensor)| {
        let spec = built.inputs.iter().find(|spec| spec.name == *name);
        let converted = spec.and_then(|spec| convert(tensor, spec.dtype));
        (name.clone(), converted.unwrap_or_else(|| tensor.clone()))
    });
    let job = Job::Infer {
        engine: built.engine,
        inputs: fitting.collect(),
        tensors: tensors.to_vec(),
    };
    match context.run_quietly(&built.worker, job, variant)? {
        JobOutput::Infer { tensors } => Ok(tensors),
        other => Err(unexpected(&other)),
    }
}

/// Builds the reference with these patches: on the recipe's reference target, or ONNX Runtime where it is usable, or the
/// embedded engine.
pub fn reference(context: &Context, recipe: &Recipe, patches: Vec<PatchSpec>) -> Result<Built, JobError> {
    let (worker, target) = reference_worker(context, recipe)?;
    let plain = reference_recipe(recipe, target, patches);
    let mut plain = super::build::with_hash(context, &plain)?;
    if is_its_own_judge(recipe, &plain.target) {
        plain.build.options.insert(LEVEL.into(), LEVEL_OFF.into());
    }
    build(context, worker, &plain, None, None, false).map_err(|e| could_be_preferred(recipe, &plain.target, e))
}

/// Build option of ONNX Runtime for how far it rewrites the graph, and the value with which it does not.
const LEVEL: &str = "graph_optimization";
const LEVEL_OFF: &str = "disabled";

/// True when ONNX Runtime is to judge itself. Its rewriting of the graph can change results (fusions of quantized operators
/// by whole steps: its issues 32132 and 27845), so the reference then runs without any.
fn is_its_own_judge(recipe: &Recipe, reference: &TargetSpec) -> bool {
    let is = |target: &str| target.starts_with("onnxruntime");
    let variants = recipe.resolve_variants().unwrap_or_default();
    let tested = variants.iter().any(|(_, r)| is(&r.target.name));
    is(&reference.name) && (tested || is(&recipe.target.name))
}

/// The reference as it is named beside figures.
pub fn words(reference: &Built) -> String {
    let target = format!("{}@{}", reference.record.target, reference.record.version);
    let off = Recipe::from_toml(&reference.record.recipe)
        .is_ok_and(|r| r.build.options.get(LEVEL).and_then(toml::Value::as_str) == Some(LEVEL_OFF));
    if off {
        format!("{target}, graph optimizations off")
    } else {
        target
    }
}

/// What else would run a model that the reference cannot, where the user has not chosen the reference.
pub fn could_be_preferred(recipe: &Recipe, target: &TargetSpec, error: JobError) -> JobError {
    match error {
        JobError::Engine(EngineError::Unsupported(why))
            if recipe.accuracy.reference.is_none() && target.name != PREFERRED =>
        {
            let hint = "ONNX Runtime runs more models and would be taken: enginesmith targets install onnxruntime";
            JobError::Engine(EngineError::Unsupported(format!("{why} {hint}")))
        }
        error => error,
    }
}

/// A worker for the reference, and which target that is.
pub fn reference_worker(context: &Context, recipe: &Recipe) -> Result<(Arc<Worker>, TargetSpec), JobError> {
    let named = recipe.accuracy.reference.as_ref();
    let worker = context.worker(named)?;
    if let Some(target) = named {
        return Ok((worker, target.clone()));
    }
    let JobOutput::Targets { targets } = context.run_quietly(&worker, Job::Targets, None)? else {
        return Err(JobError::Worker("the worker does not list its targets".into()));
    };
    let usable = targets
        .iter()
        .any(|t| t.name == PREFERRED && t.found.iter().any(|f| f.usable == Usable::Yes));
    let name = match usable {
        true => PREFERRED.into(),
        false => TargetSpec::default().name,
    };
    let target = TargetSpec {
        name,
        ..TargetSpec::default()
    };
    Ok((worker, target))
}

/// The recipe on that target, with these patches and no build options.
pub fn reference_recipe(recipe: &Recipe, target: TargetSpec, patches: Vec<PatchSpec>) -> Recipe {
    Recipe {
        target,
        build: BuildSpec::default(),
        patches,
        variants: Vec::new(),
        ..recipe.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn onnx_runtime_judges_itself_without_its_graph_optimizations() {
        let target = |name: &str| TargetSpec {
            name: name.into(),
            ..TargetSpec::default()
        };
        let mut recipe = Recipe::for_model(Path::new("m.onnx"));
        recipe.target = target("embedded");
        assert!(
            !is_its_own_judge(&recipe, &target("onnxruntime-cpu")),
            "another engine is tested"
        );
        recipe.variants = vec![crate::recipe::VariantSpec {
            name: "cuda".into(),
            overrides: toml::from_str("target.name = 'onnxruntime-cuda'").unwrap(),
        }];
        assert!(is_its_own_judge(&recipe, &target("onnxruntime-cpu")));
        assert!(!is_its_own_judge(&recipe, &target("embedded")), "another engine judges");
    }
}
