//! Dynamic dimensions of the inputs, and the sizes that the model is counted at.

pub mod axes;
pub mod known;
pub mod panel;
