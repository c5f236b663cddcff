//! Where a variant differs from the reference, tensor by tensor, with the first bad node.

pub mod differences;
pub mod node;
pub mod paint;
pub mod panel;
