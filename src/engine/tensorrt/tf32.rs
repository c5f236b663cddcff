//! Plain FP32 from TensorRT-RTX.
//!
//! On an NVIDIA H200, TensorRT-RTX 1.4 and 1.5 compute FP32 convolutions and matrix products in TF32 whether BuilderFlag::kTF32
//! is set or cleared (relative error 2.9e-4 either way). NVIDIA_TF32_OVERRIDE=0 in the environment turns TF32 off (1.6e-5, and
//! three times the time). The engine records the variable's value, and a context is only made where it is the same.

const VARIABLE: &str = "NVIDIA_TF32_OVERRIDE";

/// What whoever runs such an engine elsewhere has to know.
pub const CONDITION: &str = "TensorRT-RTX computes in plain FP32 only where NVIDIA_TF32_OVERRIDE=0 is set, when an engine is built and \
     when it runs: programs that run this engine need the variable too. Precision tf32 makes an engine without that condition";

/// Turns TF32 off for what TensorRT-RTX builds and loads from now on in this process, or leaves it to the engine.
pub fn allow(allowed: bool) {
    if allowed == (std::env::var_os(VARIABLE).is_none_or(|v| v != "0")) {
        return;
    }
    // SAFETY: only workers come here, one job at a time. The standard library reads the environment under a lock, and
    // TensorRT-RTX reads this variable inside calls that the jobs' thread makes after this one.
    unsafe {
        if allowed {
            std::env::remove_var(VARIABLE);
        } else {
            std::env::set_var(VARIABLE, "0");
        }
    }
}
