//! Precision: the choice with its settings and counts in the Recipe step, calibrations, every node's decision and the ranges of
//! tensors in the drawer. What is shown is computed in `rewrite::lowered`, `recipe::lowering` and by the worker.

pub mod calibration;
pub mod choice;
pub mod counts;
pub mod drawer;
pub mod nodes;
pub mod paint;
pub mod ranges;
pub mod state;
pub mod words;
