//! Time per layer of one variant, and which nodes the layers of an engine or a profile compute.

pub mod findings;
pub mod node;
pub mod nodes;
pub mod paint;
pub mod panel;
pub mod run;
pub mod table;
