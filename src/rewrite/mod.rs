//! Patches: labelled, reversible rewrites of a graph, each with a reason and a diff.
//!
//! A [`PatchSpec`] is plain data (it is what a recipe saves); applying a list of them to a model gives a chain of
//! [`AppliedPatch`], in which every step can be looked at, and dropped: that is undo. May be called by everything above; calls
//! `model` and `graph`.

pub mod apply;
pub mod bodies;
pub mod body_ranges;
pub mod cast;
mod clean;
pub mod decisions;
pub mod diff;
mod duplicates;
mod edit;
mod fold;
mod functions;
mod fuse;
pub mod histogram;
mod inline;
mod loss;
pub mod lowered;
mod mend;
mod merge;
mod names;
mod opset;
pub mod outputs;
pub mod quantize;
pub mod ranges;
pub mod resize;
pub mod search;
mod simplify;
pub mod spec;
mod strip;
#[cfg(test)]
mod tests;

pub use apply::{AppliedPatch, CleanedUp, PatchError, apply, apply_all, clean_up};
pub use cast::{CastSpec, LowType};
pub use clean::label;
pub use decisions::Decision;
pub use diff::{GraphDiff, NodeChange, diff};
pub use loss::{Loss, LossKind};
pub use lowered::{Computes, Counts};
pub use mend::needs_mending;
pub use names::matches;
pub use quantize::{Method, QuantMode, QuantizeSpec};
pub use ranges::{Calibration, Observed, Range, Ranges};
pub use spec::PatchSpec;
pub use strip::held_ranges;
