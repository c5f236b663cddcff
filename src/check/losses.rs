//! Findings about values: what a patch that lowers precision does to weights and activations.

use super::{Evidence, Finding, Fix, Place, Severity};
use crate::rewrite::ranges::magnitude;
use crate::rewrite::{AppliedPatch, Loss, LossKind};

/// Share of a weight's values from which on losing them is a warning, not a remark.
const MANY: f64 = 1e-3;

/// One finding per tensor and kind of loss, in the order of the patches.
pub fn losses(patches: &[AppliedPatch]) -> Vec<Finding> {
    patches.iter().flat_map(|p| &p.losses).map(finding).collect()
}

fn finding(loss: &Loss) -> Finding {
    let Loss {
        tensor,
        count,
        of,
        dtype,
        ..
    } = loss;
    let many = *count as f64 > *of as f64 * MANY;
    let (rule, severity, reason) = match loss.kind {
        LossKind::Clamped { to } => (
            "data.clamped",
            Severity::Warning,
            format!(
                "{count} of {of} values of {tensor} are beyond {dtype} and become {}",
                magnitude(to)
            ),
        ),
        LossKind::Flushed { to } => (
            "data.flushed",
            if many { Severity::Warning } else { Severity::Info },
            format!("{count} of {of} values of {tensor} are too small for {dtype} and become {to:e}"),
        ),
        LossKind::Overflow { reached } => (
            "data.overflow",
            Severity::Warning,
            format!("{tensor} reached {}, which is infinite in {dtype}", magnitude(reached)),
        ),
        LossKind::Integers { up_to } => (
            "data.integers",
            Severity::Warning,
            format!("{tensor} becomes integers, which in {dtype} are exact up to {up_to} only"),
        ),
    };
    let exclude = match loss.kind {
        LossKind::Flushed { .. } if !many => Vec::new(),
        // Float64 becomes float32 whatever is excluded.
        LossKind::Integers { .. } => Vec::new(),
        _ => vec![Fix {
            text: format!("Exclude the nodes that read or make {tensor} from lowering"),
            patch: None,
        }],
    };
    Finding {
        rule: rule.into(),
        place: Place::Tensor { name: tensor.clone() },
        severity,
        reason,
        evidence: Evidence::Data,
        detail: None,
        fixes: exclude,
    }
}
