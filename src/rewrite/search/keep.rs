//! Patches with layers kept in higher precision, or with one layer lowered alone.

use super::Layer;
use crate::rewrite::PatchSpec;

/// Index of the patch whose layers are searched: the first that lowers precision. With a quantization followed by a cast
/// that is the quantization, and what is kept of it is what the cast makes of it.
pub fn precision_patch(patches: &[PatchSpec]) -> Option<usize> {
    patches.iter().position(PatchSpec::is_precision)
}

/// The patches with these layers left out of the precision patch. `all` says that no layer is left to lower: the patch goes.
///
/// # Errors
/// No patch lowers precision; a layer that the patch includes by name.
pub fn keep(patches: &[PatchSpec], layers: &[&Layer], all: bool) -> Result<Vec<PatchSpec>, String> {
    let at = precision_patch(patches).ok_or("no patch of the recipe lowers precision")?;
    if let Some(layer) = layers.iter().find(|l| l.is_asked_for) {
        return Err(format!("{} is included by name, so it cannot be kept", layer.name));
    }
    let mut patches = patches.to_vec();
    if all {
        patches.remove(at);
        return Ok(patches);
    }
    let exclude = match &mut patches[at] {
        PatchSpec::Cast(spec) => &mut spec.exclude,
        PatchSpec::Quantize(spec) => &mut spec.exclude,
        other => return Err(format!("{} does not lower precision", other.label())),
    };
    for name in layers.iter().flat_map(|l| &l.nodes) {
        if !exclude.contains(name) {
            exclude.push(name.clone());
        }
    }
    Ok(patches)
}

/// The patch with this layer alone lowered; inputs and outputs keep their types.
pub fn only(patch: &PatchSpec, layer: &Layer) -> PatchSpec {
    // Including by name beats excluding everything, and what is included was found fit to be lowered before.
    let (include, exclude) = (layer.nodes.clone(), vec!["*".to_owned()]);
    match patch {
        PatchSpec::Cast(spec) => {
            let mut spec = spec.clone();
            (spec.include, spec.exclude) = (include, exclude);
            spec.include_ops.clear();
            spec.exclude_ops.clear();
            // They would only say again what is included.
            spec.ranges = None;
            spec.keep_io_types = true;
            PatchSpec::Cast(spec)
        }
        PatchSpec::Quantize(spec) => {
            let mut spec = spec.clone();
            (spec.include, spec.exclude) = (include, exclude);
            spec.include_ops.clear();
            spec.exclude_ops.clear();
            PatchSpec::Quantize(spec)
        }
        other => other.clone(),
    }
}
