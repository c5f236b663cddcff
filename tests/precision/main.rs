//! Models whose precision was lowered, judged by onnx.checker and by ONNX Runtime against the originals.

mod bad;
mod bodies;
mod cast;
mod cli;
mod judge;
mod layouts;
mod quantize;
mod quantized;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod rtx;
mod search;
#[path = "../support/mod.rs"]
mod support;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod weight_only;
