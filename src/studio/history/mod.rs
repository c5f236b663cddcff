//! Earlier runs of the open model over time.

pub mod panel;
pub mod runs;
