//! Statistics with trtexec's definitions (samples/common/sampleReporting.cpp, TensorRT 10.16 and 11.1).

use super::{Protocol, Sample};
use serde::{Deserialize, Serialize};

/// Statistics of one series, in milliseconds.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Summary {
    pub min: f64,
    pub max: f64,
    pub mean: f64,
    pub median: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    /// Population standard deviation over mean.
    pub cv: f64,
}

/// Statistics of one run.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Statistics {
    /// Number of samples after warm-up.
    pub samples: u64,
    /// h2d + compute + d2h.
    pub latency_ms: Summary,
    /// Host time of the enqueue call; none on CPU engines.
    pub enqueue_ms: Option<Summary>,
    /// Transfer to the device; none where the protocol leaves it out.
    pub h2d_ms: Option<Summary>,
    /// Computation alone.
    pub compute_ms: Summary,
    /// Transfer from the device.
    pub d2h_ms: Option<Summary>,
    /// Queries per second (not images).
    pub throughput_qps: f64,
    /// Warnings of the protocol, as sentences.
    pub warnings: Vec<String>,
}

impl Statistics {
    /// Statistics of samples in order of time; none when there are no samples.
    pub fn of(samples: &[Sample], protocol: Protocol, is_gpu: bool, streams: u32) -> Option<Self> {
        let _ = (samples, protocol, is_gpu, streams);
        todo!("owner: bench")
    }
}
