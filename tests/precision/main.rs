//! Models whose precision was lowered, judged by onnx.checker and by ONNX Runtime against the originals.

mod cast;
mod cli;
mod judge;
mod quantize;
#[path = "../support/mod.rs"]
mod support;
