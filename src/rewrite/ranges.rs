//! What values tensors take, as plain data: found by running a model in the worker, used by patches that lower precision.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The values of one tensor over all samples.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
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
    /// By tensor name; inside bodies of If, Loop and Scan by the name that [`super::bodies::value_name`] gives.
    pub tensors: BTreeMap<String, Range>,
}

/// What was seen of one tensor: its range, the thresholds that calibration methods choose, and a picture of its magnitudes.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Observed {
    /// Smallest and largest value; the limits of float32 when a value was not finite.
    pub range: Range,
    /// Threshold that loses the least information; the largest magnitude, like the other two, where only the range was
    /// asked for.
    pub entropy: f32,
    /// Threshold that 99.99 % of the magnitudes do not exceed.
    pub percentile: f32,
    /// Threshold with the least mean squared error in 8 bits.
    pub mse: f32,
    /// Counts of magnitudes in bins of equal width, [`Observed::BINS`] of them from 0 to `histogram_end`; empty ones at the end
    /// are left out. Where many values came, most were not counted, and those that were count for their neighbours
    /// ([`super::histogram::COUNTED`]).
    pub histogram: Vec<u64>,
    /// Upper edge of the last bin, were all bins there.
    pub histogram_end: f32,
    /// Counts of magnitudes below `octaves_start`, then from there to twice as much, and so on; empty ones at the end are left
    /// out. What a logarithmic axis shows.
    #[serde(default)]
    pub octaves: Vec<u64>,
    /// Lower edge of the second octave.
    #[serde(default)]
    pub octaves_start: f32,
}

impl Observed {
    /// Bins of the histogram, were all there.
    pub const BINS: usize = 64;

    /// Width of a bin of the histogram.
    pub fn bin_width(&self) -> f32 {
        self.histogram_end / Self::BINS as f32
    }

    /// Share of the values whose magnitude is beyond a limit, 0..=1; by the middles of bins.
    pub fn beyond(&self, limit: f32) -> f64 {
        let all: u64 = self.histogram.iter().sum();
        let width = self.bin_width();
        let beyond = |(i, _): &(usize, &u64)| (*i as f32 + 0.5) * width > limit;
        let clipped: u64 = self.histogram.iter().enumerate().filter(beyond).map(|(_, n)| n).sum();
        clipped as f64 / all.max(1) as f64
    }

    /// Of a tensor whose range alone was looked at.
    pub fn range_only(range: Range) -> Self {
        let largest = range.absmax();
        Self {
            range,
            entropy: largest,
            percentile: largest,
            mse: largest,
            ..Self::default()
        }
    }
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
    /// What was looked at, in words: `everything`, `ranges`, or what of a quantization.
    #[serde(default)]
    pub purpose: String,
    /// What was run, in words.
    pub source: String,
    /// Samples seen.
    pub samples: u64,
    /// Seconds that the inferences took.
    #[serde(default)]
    pub inference_s: f64,
    /// Seconds that looking at their values took.
    #[serde(default)]
    pub looking_s: f64,
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
