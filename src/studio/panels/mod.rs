//! One file per panel. A panel draws what [`State`](super::state::State) holds and queues actions; it computes nothing that a test
//! below it should.

pub mod build;
pub mod canvas;
mod canvas_bar;
pub mod check;
mod engine_file;
pub mod findings;
pub mod inspector;
pub mod lab;
pub mod log;
pub mod model;
pub mod paint;
mod patches;
pub mod plots;
pub mod precision;
pub mod recipe;
mod recipe_parts;
mod recipe_target;
pub mod start;
pub mod story;
pub mod variants;
