//! How far results are from the reference.

use serde::{Deserialize, Serialize};

/// One output against the reference, over all test samples.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct OutputAccuracy {
    pub output: String,
    pub samples: u64,
    pub max_abs: f64,
    pub mean_abs: f64,
    pub median_abs: f64,
    pub max_rel: f64,
    pub mean_rel: f64,
    pub median_rel: f64,
    pub cosine: f64,
    /// Signal to noise in dB; none when the error is zero.
    pub snr_db: Option<f64>,
    /// Smallest absolute tolerance (with relative 0) that would have passed.
    pub min_passing_atol: f64,
    /// Smallest relative tolerance (with absolute 0) that would have passed; none when a reference of 0 differs.
    pub min_passing_rtol: Option<f64>,
    pub nan: u64,
    pub inf: u64,
    /// Share of samples whose largest class agrees, for outputs shaped like a classifier's.
    pub top1_agreement: Option<f64>,
    pub top5_agreement: Option<f64>,
}

/// Labels against the classifier's answers.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TaskAccuracy {
    pub samples: u64,
    pub top1_correct: u64,
    pub top5_correct: Option<u64>,
}
