//! The embedded engine on real models, against ONNX Runtime from PyPI.

mod faults;
mod reference;
#[path = "../support/mod.rs"]
mod support;
