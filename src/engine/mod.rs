//! Engines: what builds a model for a target and runs it. Used only inside the worker process: nothing here may be
//! called by `cli` or `studio`, which go through `worker`.

pub mod embedded;
pub mod onnxruntime;
pub mod tensorrt;
mod types;

pub use types::{
    BuildContext, BuildRecord, BuildRequest, Builder, Engine, EngineError, Found, Progress, Stage, TargetInfo,
    TensorSpec, Usable,
};

/// The builders of all targets this program knows, usable here or not.
pub fn builders() -> Vec<Box<dyn Builder>> {
    Vec::new()
}
