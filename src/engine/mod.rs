//! Engines: what builds a model for a target and runs it. Used only inside the worker process: nothing here may be
//! called by `cli` or `studio`, which go through `worker`.

mod bind;
pub mod can_compute;
pub mod cuda;
pub mod embedded;
pub mod installed;
pub mod onnxruntime;
mod option_kind;
pub mod plan;
mod record;
pub mod runner;
pub mod tensorrt;
pub mod tiny;
mod types;

use enginesmith_tensorrt::Flavour;
pub use option_kind::OptionKind;
pub use record::{Recorder, record_path};
use types::with_outputs;
pub use types::{
    BuildContext, BuildRecord, BuildRequest, Builder, Engine, EngineError, Found, ObserverRequest, Progress,
    ProviderNodes, See, Silent, Spread, Stage, TargetInfo, TensorSpec, Usable, everywhere,
};

/// True for targets whose build makes a session and decides nothing by measuring: made anew, it is the same engine.
pub fn makes_sessions(target: &str) -> bool {
    !target.starts_with("tensorrt")
}

/// Names of the targets this program knows, usable here or not, in the order of menus.
pub const TARGETS: [&str; 8] = [
    "embedded",
    onnxruntime::CPU,
    onnxruntime::CUDA,
    onnxruntime::OPENVINO,
    onnxruntime::ANY_PROVIDER,
    tensorrt::TENSORRT,
    tensorrt::RTX,
    runner::NAME,
];

/// The builder of the target with this name.
pub fn builder(target: &str) -> Option<Box<dyn Builder>> {
    match target {
        "embedded" => Some(Box::new(embedded::Embedded)),
        onnxruntime::CPU => Some(Box::new(onnxruntime::OnnxRuntime { cuda: false })),
        onnxruntime::CUDA => Some(Box::new(onnxruntime::OnnxRuntime { cuda: true })),
        onnxruntime::OPENVINO => Some(Box::new(onnxruntime::PluginRuntime { openvino: true })),
        onnxruntime::ANY_PROVIDER => Some(Box::new(onnxruntime::PluginRuntime { openvino: false })),
        tensorrt::TENSORRT => Some(Box::new(tensorrt::TensorRt {
            flavour: Flavour::Enterprise,
        })),
        tensorrt::RTX => Some(Box::new(tensorrt::TensorRt { flavour: Flavour::Rtx })),
        runner::NAME => Some(Box::new(runner::Runner)),
        _ => None,
    }
}

/// The builders of all targets this program knows, usable here or not.
pub fn builders() -> Vec<Box<dyn Builder>> {
    TARGETS.iter().filter_map(|name| builder(name)).collect()
}
