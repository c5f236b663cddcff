//! Running a bad node alone: the variant's nodes between tensors that were compared, on the reference's own values.
//!
//! What is bad then too is the node's own fault; what is good then was only passed on, added up or amplified.

use super::accuracy::infer;
use super::build::{build, with_hash};
use super::differences::{Pair, dims, find};
use super::request;
use crate::bench::OutputMeter;
use crate::bench::differences::Alone;
use crate::data::NamedTensors;
use crate::model::Tensor;
use crate::recipe::{ModelSpec, Precision, Recipe};
use crate::rewrite::PatchSpec;
use crate::rewrite::outputs::part;
use crate::worker::{Job, JobError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Computes `tensor` in the variant from the reference's values of `known` tensors.
pub fn run(pair: &Pair<'_>, tensor: &str, known: &[String]) -> Result<Alone, JobError> {
    let context = pair.context;
    let unknown = |why: String| Ok(Alone::Unknown { why });
    // Which of the known tensors it takes: the sizes do not matter yet.
    let given = known.iter().chain(pair.reference.inputs.iter().map(|i| &i.name));
    let given: BTreeMap<String, Vec<u64>> = given.map(|name| (name.clone(), Vec::new())).collect();
    let taken = match part(pair.changed, &given, &[tensor.to_owned()]) {
        Ok(model) => model,
        Err(why) => return unknown(why),
    };
    let taken = taken.graph().input.iter().filter_map(|i| i.name.clone());
    let taken: Vec<String> = taken.filter(|name| given.contains_key(name)).collect();
    let is_outer = |name: &String| {
        let mut outer = pair.reference.inputs.iter().chain(&pair.reference.outputs);
        outer.any(|spec| spec.name == *name)
    };
    let mut inner: Vec<String> = taken.iter().filter(|name| !is_outer(name)).cloned().collect();
    let wanted = tensor.to_owned();
    if !is_outer(&wanted) {
        inner.push(wanted);
    }
    let values = |batch: &NamedTensors| -> Result<(NamedTensors, Tensor), JobError> {
        let all = infer(context, &pair.reference, batch, &inner, None)?;
        let get = |name: &str| find(batch, name).or_else(|| find(&all, name)).cloned();
        let missing = |name: &str| request(format!("the reference did not give tensor {name}"));
        let inputs = taken
            .iter()
            .map(|name| Ok((name.clone(), get(name).ok_or_else(|| missing(name))?)));
        let inputs = inputs.collect::<Result<NamedTensors, JobError>>()?;
        Ok((inputs, get(tensor).ok_or_else(|| missing(tensor))?))
    };
    let mut samples = pair.inputs()?;
    let Some(first) = samples.next()? else {
        return unknown("there are no samples".into());
    };
    let (mut inputs, mut expected) = values(&first.tensors)?;
    let shapes = dims(&inputs);
    let model = match part(pair.changed, &shapes, &[tensor.to_owned()]) {
        Ok(model) => model,
        Err(why) => return unknown(why),
    };
    let folder = tempfile::tempdir().map_err(|e| request(format!("no folder for the node's own model: {e}")))?;
    let path = folder.path().join("node.onnx");
    model.save(&path, false).map_err(|e| request(e.to_string()))?;
    let mut recipe = Recipe {
        model: ModelSpec { path, sha256: None },
        patches: Vec::new(),
        profiles: Vec::new(),
        variants: Vec::new(),
        ..pair.recipe.clone()
    };
    recipe.bench.shapes.clone_from(&shapes);
    if pair.recipe.patches.iter().any(PatchSpec::is_precision) {
        // The types are in the graph already.
        recipe.build.precision = Precision::Fp32;
    }
    let worker = Arc::clone(&pair.variant.worker);
    let built = build(context, worker, &with_hash(context, &recipe)?, None, None, false)?;
    let mut meter = OutputMeter::new(tensor);
    loop {
        // Other shapes would want another model: its inputs have fixed sizes.
        if dims(&inputs) == shapes {
            let results = infer(context, &built, &inputs, &[], None)?;
            let Some(result) = find(&results, tensor) else {
                return unknown("the node alone gave no such output".into());
            };
            let rows = expected.dims.first().copied().unwrap_or(1);
            meter.add(&expected, result, rows).map_err(request)?;
        }
        let Some(batch) = samples.next()? else { break };
        (inputs, expected) = values(&batch.tensors)?;
    }
    context.run_quietly(&built.worker, Job::Drop { engine: built.engine }, None)?;
    let error = meter.error();
    Ok(if error > pair.limit {
        Alone::Own {
            error: Some(error).filter(|e| e.is_finite()),
        }
    } else {
        Alone::Arrived { error }
    })
}
