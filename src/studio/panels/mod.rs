//! One file per panel. A panel draws what [`State`](super::state::State) holds and queues actions; it computes nothing that a test
//! below it should.

pub mod build;
pub mod canvas;
mod canvas_bar;
pub mod check;
pub mod differences;
pub mod engine;
mod engine_file;
pub mod findings;
pub mod inspector;
pub mod lab;
mod layer_findings;
pub mod layers;
pub mod log;
pub mod model;
mod node_differences;
mod node_layers;
pub mod paint;
mod paint_differences;
pub mod paint_layers;
mod paint_memory;
mod patches;
pub mod plots;
pub mod precision;
pub mod recipe;
mod recipe_options;
mod recipe_parts;
mod recipe_target;
pub mod runs;
mod shapes;
pub mod start;
pub mod story;
pub mod sweep;
pub mod variants;
