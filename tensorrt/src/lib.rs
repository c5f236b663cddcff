//! TensorRT and TensorRT-RTX from Rust, loaded at run time and called by vtable slots.
