//! The log: lines of the studio, the workers and the runtimes.

pub mod lines;
pub mod panel;
