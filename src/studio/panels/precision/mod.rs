//! Precision: the choice with its settings and counts in the Recipe step, every node's decision and the ranges of tensors in the
//! drawer, which layers lose accuracy, and the graph's paint layers. What is shown is computed in `rewrite::lowered`, `recipe::lowering` and by the worker.

mod calibration;
mod choice;
mod counts;
mod drawer;
mod layer;
mod layers;
mod nodes;
mod ranges;
mod sensitivity;
mod trade_off;
mod words;

pub use choice::{View, choice};
pub use drawer::show;
pub use layer::{LoweredLayer, SensitivityLayer};
pub use nodes::why_here;
pub use ranges::{has_ranges, tensor_ranges};
pub use sensitivity::blocked as cannot_search;
