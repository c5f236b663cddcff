//! Protocols: what a latency means.

use serde::{Deserialize, Serialize};

/// A named definition of a measurement.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Protocol {
    /// trtexec of TensorRT 10: transfers included, no CUDA graph, no spin wait.
    #[serde(rename = "trtexec-10")]
    Trtexec10,
    /// trtexec of TensorRT 11: transfers off, CUDA graph, spin wait.
    #[serde(rename = "trtexec-11")]
    Trtexec11,
    /// Wait for each inference, transfers included, no graph: what a simple application sees.
    #[serde(rename = "serial")]
    Serial,
    /// Parts chosen by hand; the recipe states them.
    #[serde(rename = "custom")]
    Custom,
}

impl Protocol {
    /// Name as recipes and tables write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trtexec10 => "trtexec-10",
            Self::Trtexec11 => "trtexec-11",
            Self::Serial => "serial",
            Self::Custom => "custom",
        }
    }
}
