//! What an engine costs besides the time of an inference: until it can be used, and in memory.

use serde::{Deserialize, Serialize};

/// Times and sizes of one engine in its worker; what a runtime or system does not tell is left out.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Resources {
    /// Seconds from a prepared model or engine file to an engine that can run: loading the runtime's library, and making
    /// the session, or the engine and its context; of a runner, starting the program until it says that it is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_s: Option<f64>,
    /// Seconds of the first inference after that, which may allocate, choose or compile kernels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_inference_s: Option<f64>,
    /// Seconds of `load_s` in which the runtime compiled kernels for this device, where it does (TensorRT-RTX).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jit_s: Option<f64>,
    /// Most memory in bytes that the worker had in RAM since it started, build included; with the program it started, of
    /// a runner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_peak_bytes: Option<u64>,
    /// Memory of the GPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceMemory>,
}

/// Memory of a GPU in bytes, as the driver tells it for the whole device: other programs that take or free some meanwhile are
/// in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct DeviceMemory {
    /// In use before the engine was loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// Taken by loading the engine: its weights, mostly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<u64>,
    /// Taken by what an execution needs: a context, its workspace, inputs and outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
    /// Most that was in use beyond `before`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak: Option<u64>,
}

impl DeviceMemory {
    /// Takes in a later reading of the memory in use.
    pub fn seen(&mut self, in_use: u64) {
        if let Some(before) = self.before {
            let taken = in_use.saturating_sub(before);
            self.peak = Some(self.peak.map_or(taken, |peak| peak.max(taken)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_the_most_beyond_what_was_there() {
        let mut memory = DeviceMemory::default();
        memory.seen(7);
        assert_eq!(memory.peak, None, "nothing is known of before");
        memory.before = Some(100);
        for in_use in [150, 400, 90, 300] {
            memory.seen(in_use);
        }
        assert_eq!(memory.peak, Some(300));
    }
}
