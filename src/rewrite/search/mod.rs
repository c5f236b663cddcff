//! Which layers lose accuracy when precision is lowered, and the fewest to keep so that a limit holds.
//!
//! Pure logic: `layers` groups the nodes that a precision patch lowers, `errors` says how far results are from the
//! reference and what a limit is, `rank` orders layers by what they lose, `keep` turns "keep these" into patches, `fewest`
//! looks for the fewest, `pareto` says which combinations no other beats, `sizes` what nodes cost, `found` is the result. The engines run in
//! [`crate::worker::service`] (`Task::Search`), which calls these.

mod errors;
mod fewest;
mod found;
mod keep;
mod layers;
mod pareto;
mod rank;
mod sizes;

#[cfg(test)]
mod tests;

pub use errors::{Errors, Limit, Metric, OutputError, Top1};
pub use fewest::fewest;
pub use found::{Measured, Search, SearchEvent, SearchSpec, Trial, TrialKind, Way};
pub use keep::{keep, only, precision_patch};
pub use layers::{Layer, Layers, layers};
pub use pareto::pareto;
pub use rank::rank;
pub use sizes::{Macs, macs};
