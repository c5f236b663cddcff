//! The finding and the report.

use super::corners::CornerReport;
use crate::format;
use crate::graph::NodePath;
use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// The build may work, but the result may be slow, wrong or surprising.
    Warning,
    /// The target cannot take it.
    Error,
}

/// Where the knowledge comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// The target's own parser said so.
    Parser,
    /// A rule of our table.
    Static,
    /// Values: weights, or activations of a run.
    Data,
}

/// What the finding is about.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The whole model.
    Model,
    /// A node.
    Node {
        /// Where it is.
        path: NodePath,
        /// Its name; may be empty.
        name: String,
        /// Operator.
        op_type: String,
        /// Operator domain; empty for ONNX's own.
        domain: String,
    },
    /// A tensor (a model input, an initializer).
    Tensor {
        /// Its name.
        name: String,
    },
}

/// Something that can be done about it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Fix {
    /// What to do, as a sentence that starts with a verb.
    pub text: String,
    /// The patch that does it, when we have one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub patch: Option<crate::rewrite::PatchSpec>,
}

/// One thing that the target cannot or should not take.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// Stable name of the rule (`type.float64`), for filtering and for tests.
    pub rule: String,
    /// Where.
    pub place: Place,
    /// How bad.
    pub severity: Severity,
    /// Why, in words that a person can act on.
    pub reason: String,
    /// Where the knowledge comes from.
    pub evidence: Evidence,
    /// Source of a static rule (document, version), or the parser's raw text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
    /// What can be done.
    pub fixes: Vec<Fix>,
}

/// All findings of one model for one target.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The target, with its version where that matters: `tensorrt@10`, `embedded`.
    pub target: String,
    /// True when no finding is an error.
    pub supported: bool,
    /// Worst first, then in graph order.
    pub findings: Vec<Finding>,
    /// True when the target's own parser was asked; false when only the static table answered.
    pub parser_asked: bool,
    /// What the reader must know about this report as a whole (static table only, rows that are documented, not tested).
    pub notes: Vec<String>,
    /// Groups of nodes that the parser can take together, when it was asked; node paths.
    #[serde(default)]
    pub supported_subgraphs: Vec<Vec<NodePath>>,
    /// Every corner of the profiles with the memory of one inference there; without profiles the sizes that are run.
    #[serde(default)]
    pub corners: Vec<CornerReport>,
    /// Memory of the device that the engine would run on, where it is known.
    #[serde(default)]
    pub device_bytes: Option<u64>,
}

impl Report {
    /// The most that one inference needs at a corner, beside what the device has: `memory: at most 102 MiB …, at the maximum;
    /// the device has 23.5 GiB`. None where no corner works.
    pub fn memory_words(&self) -> Option<String> {
        let needed = self.corners.iter().filter_map(|c| Some((c, c.memory?)));
        let (corner, most) = needed
            .filter(|(_, m)| m.total_bytes > 0)
            .max_by_key(|(_, m)| m.total_bytes)?;
        let device = self
            .device_bytes
            .map_or_else(String::new, |n| format!("; the device has {}", format::bytes(n)));
        let over = match self.device_bytes.filter(|n| *n < most.total_bytes) {
            Some(_) => ", which is less than the model needs",
            None => "",
        };
        Some(format!("memory: {} at {}{device}{over}", most.words(), corner.at))
    }

    /// Number of findings of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity == severity).count()
    }
}
