//! Comparing variants.

use super::{Environment, OutputAccuracy, Statistics, TaskAccuracy};
use serde::{Deserialize, Serialize};

/// A ratio of medians with its bootstrap interval.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Ratio {
    /// Median latency of the baseline over the variant's: above 1 the variant is faster.
    pub speedup: f64,
    /// Lower end of the 95 % bootstrap interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// True when the interval contains 1: no winner is called.
    pub within_noise: bool,
}

/// One row.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct VariantResult {
    /// The variant's name.
    pub name: String,
    /// Target with version.
    pub target: String,
    /// Precision as recipes write it.
    pub precision: String,
    /// Shapes it was measured with, `name:1x3x224x224`.
    pub shapes: Vec<String>,
    /// Images (first dimension of the first input) per query.
    pub batch: u64,
    /// The engine's size in bytes, when it has a file.
    pub engine_bytes: Option<u64>,
    /// Seconds the build took.
    pub build_s: f64,
    /// Statistics over all rounds.
    pub statistics: Statistics,
    /// Median latency of each round, in order.
    pub round_medians_ms: Vec<f64>,
    /// Against the first row.
    pub ratio: Option<Ratio>,
    /// Per output, when test data was given.
    pub accuracy: Vec<OutputAccuracy>,
    /// When labels were given.
    pub task: Option<TaskAccuracy>,
    /// Where it was measured.
    pub environment: Environment,
    /// Why this variant has no numbers, when it failed.
    pub error: Option<String>,
}

/// All rows, the first is the baseline.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// Model file name.
    pub model: String,
    /// SHA-256 of the model file.
    pub model_sha256: String,
    /// Protocol of every number below.
    pub protocol: String,
    /// Rows.
    pub variants: Vec<VariantResult>,
    /// What the reader must know.
    pub warnings: Vec<String>,
}
