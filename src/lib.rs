//! Enginesmith: an ONNX model in, a fast inference engine out, and honest numbers about it.
//!
//! One direction of dependency: `model` knows nothing above it; then `graph`; then `check` and `rewrite`; then
//! `recipe`, `data`, `engine`, `bench`; then `worker`; on top `cli` and `studio`, which never reach past `worker` and
//! `recipe` for anything that runs.

pub mod bench;
pub mod check;
pub mod cli;
pub mod data;
pub mod engine;
pub mod export;
pub mod format;
pub mod graph;
pub mod model;
pub mod recipe;
pub mod rewrite;
pub mod studio;
pub mod worker;
