//! A variant against the reference: outputs, inner tensors, the first bad node.
//!
//! `tensors` compares every inner tensor in chunks of bounded memory, `first_bad` finds and explains where an error begins,
//! `meters` adds up figures by tensor. A chunk that an engine cannot give is halved until what it cannot give stands alone. Engines
//! that fuse tensors away give them as outputs of an engine built for the chunk.

mod first_bad;
mod meters;
mod tensors;

use super::accuracy::{Part, infer, reference};
use super::build::{Built, build, with_hash};
use super::context::{Context, Step};
use super::inputs::{Inputs, alone_words};
use super::{Depth, TaskOutput, request};
use crate::bench::differences::{TaskPair, derived_limit};
use crate::bench::{Differences, NodeRef, OutputMeter, TensorDifference};
use crate::graph::{Graph, NodeId, Producer, TensorId, TensorInfo};
use crate::model::Model;
use crate::recipe::{DataSource, ModelSpec, Recipe};
use crate::rewrite::apply_all;
use crate::worker::JobError;
use meters::{add, fresh, rows};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

pub use meters::{dims, find};

/// Inputs generated when the recipe has no data.
const GENERATED: u64 = 4;
/// Samples that inner tensors are compared on when the data sets no limit.
const SAMPLES: u64 = 32;
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
    let mut recipe = super::precision::prepare(context, with_hash(context, recipe)?, Some(0))?;
    super::profiles::settle_all(&mut [&mut recipe])?;
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
        makers: makers(&base),
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
    /// The reference's node that makes each tensor of the top level.
    makers: HashMap<&'a str, NodeId>,
}

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
            let expected = match infer(self.context, &self.reference, &batch.tensors, &[], None) {
                Err(why @ JobError::Engine(_)) if inputs.one_at_a_time()? => {
                    self.context.log(None, "note", alone_words(&why));
                    continue;
                }
                other => other?,
            };
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
        let (judge, record) = (super::accuracy::words(&self.reference), &self.variant.record);
        let same_library = judge.starts_with(&format!("{}@{},", record.target, record.version));
        if same_library && self.recipe.patches.is_empty() && !other_model {
            notes.push(format!(
                "Both run the same model on the same library, the reference with its graph optimizations off: a difference \
                 comes from what {} makes of the graph; bisect names the node.",
                record.target
            ));
        }
        if other_model {
            notes.push("Tensors of the two models are matched by their names.".into());
        }
        Ok(Differences {
            model: file(&self.recipe.model.path),
            reference_model: file(self.base.model.path()),
            reference: super::accuracy::words(&self.reference),
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
        let node = self.makers.get(name).map(|node| NodeRef::of(self.base, *node));
        let node = node.unwrap_or_default();
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
}

/// Tensors of the top level.
fn top(graph: &Graph) -> impl Iterator<Item = (TensorId, &TensorInfo)> {
    let all = graph.tensors.iter().enumerate().filter(|(_, t)| t.body == 0);
    all.map(|(i, t)| (TensorId(i as u32), t))
}

/// The node that makes each tensor of the top level, by name.
fn makers(graph: &Graph) -> HashMap<&str, NodeId> {
    let made = top(graph).filter_map(|(_, t)| match t.producer {
        Producer::Node { node, .. } => Some((&*t.name, node)),
        _ => None,
    });
    made.collect()
}
