//! Figures by tensor, batch by batch.

use super::super::inputs::Batch;
use crate::bench::OutputMeter;
use crate::data::NamedTensors;
use crate::model::Tensor;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// A tensor's figures, or why there are none.
pub type Measured = Result<OutputMeter, String>;

/// Samples of a batch as its tensors count them.
pub fn rows(batch: &Batch) -> u64 {
    batch
        .tensors
        .first()
        .and_then(|(_, t)| t.dims.first().copied())
        .unwrap_or(1)
}

/// Meters that have seen nothing yet.
pub fn fresh(names: &[String]) -> Vec<Measured> {
    names.iter().map(|name| Ok(OutputMeter::new(name))).collect()
}

/// The tensor of this name.
pub fn find<'t>(tensors: &'t NamedTensors, name: &str) -> Option<&'t Tensor> {
    tensors.iter().find(|(n, _)| n == name).map(|(_, t)| t)
}

/// Adds one batch to every meter; one that cannot take it is done with, and why.
pub fn add(meters: &mut [Measured], names: &[String], expected: &NamedTensors, results: &NamedTensors, rows: u64) {
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

/// Shapes by name.
pub fn dims(tensors: &NamedTensors) -> BTreeMap<String, Vec<u64>> {
    tensors.iter().map(|(name, t)| (name.clone(), t.dims.clone())).collect()
}
