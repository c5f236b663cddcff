//! What values tensors take, as plain data: found by running a model in the worker, used by patches that lower precision.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The values of one tensor over all samples.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Smallest.
    pub min: f32,
    /// Largest.
    pub max: f32,
}

impl Range {
    /// The largest magnitude; infinite when a value was not finite.
    pub fn absmax(&self) -> f32 {
        let largest = self.min.abs().max(self.max.abs());
        if self.min.is_nan() || self.max.is_nan() {
            f32::INFINITY
        } else {
            largest
        }
    }

    /// The range that holds both.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }
}

/// Ranges of a model's tensors, with where they come from.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranges {
    /// What was run, in words: `64 samples of calibration.npz on onnxruntime-cpu 1.31`.
    pub source: String,
    /// Samples seen.
    pub samples: u64,
    /// By tensor name, of the top-level graph (what runs inside bodies cannot be seen from outside).
    pub tensors: BTreeMap<String, Range>,
}

/// What was seen of one tensor: its range, the thresholds that calibration methods choose, and a picture of its magnitudes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Observed {
    /// Smallest and largest value; the limits of float32 when a value was not finite.
    pub range: Range,
    /// Threshold that loses the least information.
    pub entropy: f32,
    /// Threshold that 99.99 % of the magnitudes do not exceed.
    pub percentile: f32,
    /// Threshold with the least mean squared error in 8 bits.
    pub mse: f32,
    /// Counts of magnitudes in bins of equal width from 0 to `histogram_end`.
    pub histogram: Vec<u64>,
    /// Upper edge of the last bin, were all bins there.
    pub histogram_end: f32,
}

/// What a calibration run found, with what it belongs to: the content of a calibration file.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Calibration {
    /// SHA-256 of the model file.
    pub model_sha256: String,
    /// Fingerprint of the data and its settings.
    pub data: String,
    /// Version of the program that made it.
    pub version: String,
    /// What was run, in words.
    pub source: String,
    /// Samples seen.
    pub samples: u64,
    /// By tensor name.
    pub tensors: BTreeMap<String, Observed>,
}

impl Calibration {
    /// The ranges alone.
    pub fn ranges(&self) -> Ranges {
        Ranges {
            source: self.source.clone(),
            samples: self.samples,
            tensors: self
                .tensors
                .iter()
                .map(|(name, seen)| (name.clone(), seen.range))
                .collect(),
        }
    }
}

/// A magnitude for a sentence: `813`, `0.25`, `1.3e5`.
pub fn magnitude(value: f32) -> String {
    if value.is_finite() && value.abs() >= 1e5 {
        format!("{value:.1e}")
    } else {
        crate::format::significant(f64::from(value))
    }
}
