//! Which layers lose accuracy when precision is lowered, and which to keep so that a limit holds and the most stays lowered.
//!
//! Pure logic: `layers` groups the nodes that a precision patch lowers, `errors` says how far results are from the
//! reference and what a limit is, `rank` orders layers by what they lose, `keep` turns "keep these" into patches, `most`
//! looks for those to keep under a limit, `pareto` says which combinations no other beats, `sizes` what nodes cost, `found` is the result. The engines run in
//! [`crate::worker::service`] (`Task::Search`), which calls these.

mod errors;
mod found;
mod keep;
mod layers;
mod most;
mod pareto;
mod rank;
mod sizes;

#[cfg(test)]
mod tests;

pub use errors::{Errors, Limit, Metric, OutputError, Top1};
pub use found::{Measured, Search, SearchEvent, SearchSpec, Trial, TrialKind, Way};
pub use keep::{keep, only, precision_patch};
pub use layers::{Layer, Layers, layers};
pub use most::{Choice, most_lowered};
pub use pareto::pareto;
pub use rank::{loss, rank};
pub use sizes::{Macs, macs};
