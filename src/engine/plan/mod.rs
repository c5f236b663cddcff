//! Engine files of TensorRT and TensorRT-RTX as plain data: what the file's first bytes say, what the inspector's JSON says
//! about layers. No library is loaded here; everything above the engines may use it.

mod inspector;
mod lints;
mod view;
pub mod words;

pub use inspector::read_layers;
pub use lints::findings;
pub use view::{
    EngineHeader, EngineLayer, EngineProfile, EngineTensor, EngineView, LayerTensor, ProfileInput, is_engine,
};
