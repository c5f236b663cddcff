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
    /// All, in the order of menus.
    pub const ALL: [Self; 4] = [Self::Serial, Self::Trtexec10, Self::Trtexec11, Self::Custom];

    /// The protocol of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }

    /// What its latency means, in a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Trtexec10 => {
                "trtexec of TensorRT 10: transfers included, one inference enqueued ahead, no CUDA graph."
            }
            Self::Trtexec11 => {
                "trtexec of TensorRT 11: GPU compute only, one inference enqueued ahead, CUDA graph, spin wait."
            }
            Self::Serial => "Each inference is waited for, transfers included: what a simple application sees.",
            Self::Custom => "Parts chosen by hand; the recipe states them.",
        }
    }

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
