//! The Check step: the target's findings, and the graph coloured by what the target supports.

pub mod filter;
pub mod findings;
pub mod paint;
pub mod panel;
