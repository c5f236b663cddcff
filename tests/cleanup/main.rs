//! Clean-up patches on small models that show one pattern each: what must be left, that onnx.checker takes it, and that ONNX
//! Runtime computes the same as before.

mod functions;
mod judge;
mod mend;
mod patterns;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod rtx;
#[path = "../support/mod.rs"]
mod support;
