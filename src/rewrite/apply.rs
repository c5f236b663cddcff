//! Applying patches.

use super::{GraphDiff, PatchSpec, cast, clean, diff, fold, opset, quantize};
use crate::graph::Graph;
use crate::model::Model;
use std::sync::Arc;

/// A patch and what it did.
#[derive(Clone)]
pub struct AppliedPatch {
    /// The patch.
    pub spec: PatchSpec,
    /// What it did in a sentence with counts: `Folded 14 nodes into 3 constants`.
    pub summary: String,
    /// Per node (by name, or path where the name is empty): what was done or why not.
    pub notes: Vec<(String, String)>,
    /// The model after it.
    pub model: Arc<Model>,
    /// What changed against the model before it.
    pub diff: GraphDiff,
}

/// Why a patch cannot be applied.
#[derive(thiserror::Error, Debug)]
#[error("patch {index} ({label}): {reason}")]
pub struct PatchError {
    /// Position in the recipe, from 1.
    pub index: usize,
    /// The patch's label.
    pub label: String,
    /// Why, naming node, tensor and value.
    pub reason: String,
}

/// Applies one patch; the input model stays as it is.
///
/// # Errors
/// The reason in words.
pub fn apply(model: &Arc<Model>, spec: &PatchSpec) -> Result<AppliedPatch, String> {
    let done = match spec {
        PatchSpec::FoldConstants { max_bytes } => fold::fold(model, *max_bytes)?,
        PatchSpec::RemoveNoOps {} => clean::remove_no_ops(model)?,
        PatchSpec::RemoveDead {} => clean::remove_dead(model)?,
        PatchSpec::RaiseOpset {} => opset::raise(model)?,
        PatchSpec::Cast(spec) => cast::cast(model, spec)?,
        PatchSpec::Quantize(spec) => quantize::quantize(model, spec)?,
    };
    let diff = diff(&Graph::new(model.clone()), &Graph::new(done.model.clone()));
    Ok(AppliedPatch {
        spec: spec.clone(),
        summary: done.summary,
        notes: done.notes,
        model: done.model,
        diff,
    })
}

/// Applies patches in order.
///
/// # Errors
/// The first patch that cannot be applied.
pub fn apply_all(model: &Arc<Model>, specs: &[PatchSpec]) -> Result<Vec<AppliedPatch>, PatchError> {
    let mut done: Vec<AppliedPatch> = Vec::with_capacity(specs.len());
    for (i, spec) in specs.iter().enumerate() {
        let before = done.last().map_or(model, |p| &p.model);
        let step = apply(before, spec).map_err(|reason| PatchError {
            index: i + 1,
            label: spec.label().into(),
            reason,
        })?;
        done.push(step);
    }
    Ok(done)
}
