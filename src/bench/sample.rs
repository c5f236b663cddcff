//! Raw samples and the environment they were taken in.

use serde::{Deserialize, Serialize};

/// Time stamps of one inference in milliseconds since the measurement's start; trtexec's `exportTimes` row. Engines
/// without an enqueue or transfers (CPU) repeat the compute stamps there (so those series are zero or absent).
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Sample {
    pub start_enq_ms: f64,
    pub end_enq_ms: f64,
    pub start_h2d_ms: f64,
    pub end_h2d_ms: f64,
    pub start_compute_ms: f64,
    pub end_compute_ms: f64,
    pub start_d2h_ms: f64,
    pub end_d2h_ms: f64,
}

impl Sample {
    /// A CPU engine's sample: one call.
    pub fn call(start_ms: f64, end_ms: f64) -> Self {
        Self {
            start_enq_ms: start_ms,
            end_enq_ms: start_ms,
            start_h2d_ms: start_ms,
            end_h2d_ms: start_ms,
            start_compute_ms: start_ms,
            end_compute_ms: end_ms,
            start_d2h_ms: end_ms,
            end_d2h_ms: end_ms,
        }
    }

    /// The same sample with its stamps counted from `zero_ms`.
    #[must_use]
    pub fn since(&self, zero_ms: f64) -> Self {
        Self {
            start_enq_ms: self.start_enq_ms - zero_ms,
            end_enq_ms: self.end_enq_ms - zero_ms,
            start_h2d_ms: self.start_h2d_ms - zero_ms,
            end_h2d_ms: self.end_h2d_ms - zero_ms,
            start_compute_ms: self.start_compute_ms - zero_ms,
            end_compute_ms: self.end_compute_ms - zero_ms,
            start_d2h_ms: self.start_d2h_ms - zero_ms,
            end_d2h_ms: self.end_d2h_ms - zero_ms,
        }
    }

    /// Transfer to the device.
    pub fn h2d_ms(&self) -> f64 {
        self.end_h2d_ms - self.start_h2d_ms
    }

    /// Computation.
    pub fn compute_ms(&self) -> f64 {
        self.end_compute_ms - self.start_compute_ms
    }

    /// Transfer from the device.
    pub fn d2h_ms(&self) -> f64 {
        self.end_d2h_ms - self.start_d2h_ms
    }

    /// Host time of the enqueue call.
    pub fn enqueue_ms(&self) -> f64 {
        self.end_enq_ms - self.start_enq_ms
    }

    /// h2d + compute + d2h; waiting between them is not part of it.
    pub fn latency_ms(&self) -> f64 {
        self.h2d_ms() + self.compute_ms() + self.d2h_ms()
    }
}

/// Where and with what a run was measured.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Environment {
    /// Host name.
    pub host: String,
    /// Operating system and kernel.
    pub system: String,
    /// Processor name.
    pub cpu: String,
    /// Logical processors of the machine.
    pub cores: u32,
    /// Threads the engine used.
    pub threads: Option<u32>,
    /// Processors the engine was bound to, in words, when it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affinity: Option<String>,
    /// Name and version of the runtime library.
    pub runtime: String,
    /// Enginesmith's version, and whether it is a release or a development build.
    pub program: String,
    /// When the run started, RFC 3339 in UTC.
    pub started: String,
    /// The GPU at start and end, when there is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpu: Vec<GpuState>,
}

/// What NVML says.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct GpuState {
    pub name: String,
    pub driver: String,
    pub cuda: String,
    pub sm_clock_mhz: Option<u32>,
    pub memory_clock_mhz: Option<u32>,
    pub power_w: Option<f64>,
    pub temperature_c: Option<u32>,
}
