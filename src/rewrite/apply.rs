//! Applying patches.

use super::fuse::{Fused, fuse};
use super::{
    GraphDiff, Loss, PatchSpec, body_ranges, cast, clean, diff, duplicates, fold, functions, inline, mend, merge,
    opset, outputs, quantize, resize, simplify, strip,
};
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
    /// What a lower precision does to values.
    pub losses: Vec<Loss>,
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
    let mut losses = Vec::new();
    let done = match spec {
        PatchSpec::Mend { unused_inputs } => mend::mend(model, *unused_inputs)?,
        PatchSpec::InlineFunctions {} => functions::inline_functions(model)?,
        PatchSpec::FoldConstants { max_bytes, copies } => fold::fold(model, *max_bytes, *copies)?,
        PatchSpec::RemoveNoOps {} => clean::remove_no_ops(model)?,
        PatchSpec::RemoveDead {} => clean::remove_dead(model)?,
        PatchSpec::MergeDuplicates {} => duplicates::merge_duplicates(model)?,
        PatchSpec::MergeScales {} => merge::merge_scales(model)?,
        PatchSpec::SimplifyChains {} => simplify::simplify(model)?,
        PatchSpec::InlineConstantIfs {} => inline::inline_constant_ifs(model)?,
        PatchSpec::FuseLayerNorm { mean_of_squares } => fuse(
            model,
            Fused::LayerNorm {
                mean_of_squares: *mean_of_squares,
            },
        )?,
        PatchSpec::FuseRmsNorm {} => fuse(model, Fused::RmsNorm)?,
        PatchSpec::FuseGelu {} => fuse(model, Fused::Gelu)?,
        PatchSpec::RaiseOpset { to } => opset::raise(model, *to)?,
        PatchSpec::AddOutputs { tensors } => outputs::add_outputs(model, tensors)?,
        PatchSpec::AddBodyRanges {} => body_ranges::add_body_ranges(model)?,
        PatchSpec::FixSizes { sizes } => resize::fix_sizes(model, sizes)?,
        PatchSpec::OpenSize { name, axes } => resize::open_size(model, name, axes)?,
        PatchSpec::StripQuantization {} => strip::strip(model)?,
        PatchSpec::RaiseFloats {} => cast::double::raise(model)?,
        PatchSpec::Cast(spec) => cast::cast(model, spec, &mut losses)?,
        PatchSpec::Quantize(spec) => quantize::quantize(model, spec)?,
    };
    let diff = match Arc::ptr_eq(model, &done.model) {
        true => GraphDiff::default(),
        false => diff(&Graph::new(model.clone()), &Graph::new(done.model.clone())),
    };
    Ok(AppliedPatch {
        spec: spec.clone(),
        summary: done.summary,
        notes: done.notes,
        losses,
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

/// What cleaning a model up did.
pub struct CleanedUp {
    /// The patches that changed something, in order.
    pub applied: Vec<AppliedPatch>,
    /// Patches that cannot be applied, with the reason.
    pub refused: Vec<(PatchSpec, String)>,
    /// The model after all of them.
    pub model: Arc<Model>,
}

/// Times that the list is gone through: what one patch does may be what another waited for.
const PASSES: usize = 8;

/// Applies patches again and again until none of them changes anything; one that cannot be applied is left out.
pub fn clean_up(model: &Arc<Model>, specs: &[PatchSpec]) -> CleanedUp {
    let mut out = CleanedUp {
        applied: Vec::new(),
        refused: Vec::new(),
        model: model.clone(),
    };
    let mut idle = 0;
    for spec in specs.iter().cycle().take(specs.len() * PASSES) {
        // Each has seen the model as it is.
        if idle >= specs.len() {
            break;
        }
        idle += 1;
        if out.refused.iter().any(|(refused, _)| refused == spec) {
            continue;
        }
        match apply(&out.model, spec) {
            Ok(step) if Arc::ptr_eq(&step.model, &out.model) => {}
            Ok(step) => {
                idle = 0;
                out.model = step.model.clone();
                out.applied.push(step);
            }
            Err(reason) => out.refused.push((spec.clone(), reason)),
        }
    }
    out
}
