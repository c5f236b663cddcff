//! Enginesmith: an ONNX model in, a fast inference engine out, and honest numbers about it.
//!
//! One direction of dependency: `model` knows nothing above it; then `graph`; then `check` and `rewrite`; then
//! `recipe`, `data`, `engine`, `bench`; then `worker`; on top `cli` and `studio`, which never reach past `worker` and
//! `recipe` for anything that runs.

/// The program's version and how it was compiled; figures of a development build say so.
pub const VERSION: &str = if cfg!(debug_assertions) {
    concat!(env!("CARGO_PKG_VERSION"), " (development build)")
} else {
    concat!(env!("CARGO_PKG_VERSION"), " (release build)")
};

pub mod bench;
pub mod check;
pub mod cli;
pub mod data;
pub mod engine;
pub mod export;
pub mod files;
pub mod format;
pub mod graph;
pub mod model;
pub mod recipe;
pub mod rewrite;
pub mod studio;
pub mod visible;
pub mod worker;
