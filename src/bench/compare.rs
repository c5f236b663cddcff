//! Comparing variants.

use super::{EffectivePrecision, Environment, OutputAccuracy, Resources, Statistics, TaskAccuracy};
use crate::graph::sizes::Sizes;
use serde::{Deserialize, Serialize};

/// A ratio of medians with its bootstrap interval.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Ratio {
    /// Median latency per image (latency over batch, so that batches compare) of the baseline over the variant's: above 1
    /// the variant is faster.
    pub speedup: f64,
    /// Lower end of the 95 % bootstrap interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// True when the interval contains 1: no winner is called.
    pub within_noise: bool,
}

impl Ratio {
    /// From the latencies in milliseconds of each round of the baseline and of the variant; `None` when either has none.
    /// See [`super::bootstrap`] for the interval.
    pub fn of(baseline: &[Vec<f64>], variant: &[Vec<f64>], seed: u64) -> Option<Self> {
        super::bootstrap::ratio_of_medians(baseline, variant, seed)
    }
}

/// One row.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
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
    /// Until it could be used, and memory.
    #[serde(default)]
    pub resources: Resources,
    /// What it computes in, beside `precision`, which was asked for; none without evidence.
    #[serde(default)]
    pub effective_precision: Option<EffectivePrecision>,
    /// Statistics over all rounds.
    pub statistics: Statistics,
    /// Median latency of each round, in order.
    pub round_medians_ms: Vec<f64>,
    /// 95 % bootstrap interval of the median latency.
    #[serde(default)]
    pub median_interval_ms: Option<(f64, f64)>,
    /// Against the first row.
    pub ratio: Option<Ratio>,
    /// Per output, when test data was given.
    pub accuracy: Vec<OutputAccuracy>,
    /// When labels were given.
    pub task: Option<TaskAccuracy>,
    /// Where it was measured.
    pub environment: Environment,
    /// How it ran, as sentences: what inputs were generated as, whether a CUDA graph was captured.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Why this variant has no numbers, when it failed.
    pub error: Option<String>,
    /// Latencies for pictures, when they were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
}

/// Latencies counted in bins of one width.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Histogram {
    /// Lower edge of the first bin in milliseconds.
    pub start_ms: f64,
    /// Width of every bin in milliseconds.
    pub width_ms: f64,
    /// Samples per bin; those above the last edge are in the last bin.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// Counts latencies into `bins` bins from `low_ms` to `high_ms`; what lies outside goes to the bin at that end.
    pub fn of(latencies_ms: impl IntoIterator<Item = f64>, low_ms: f64, high_ms: f64, bins: usize) -> Self {
        let bins = bins.max(1);
        let width_ms = ((high_ms - low_ms) / bins as f64).max(f64::MIN_POSITIVE);
        let mut counts = vec![0; bins];
        for x in latencies_ms {
            let bin = ((x - low_ms) / width_ms).max(0.0) as usize;
            if let Some(count) = counts.get_mut(bin.min(bins - 1)) {
                *count += 1;
            }
        }
        Self {
            start_ms: low_ms,
            width_ms,
            counts,
        }
    }
}

impl Comparison {
    /// Takes in a sweep of the same recipe: its curves, and its rows after the ones that are here. Their ratios are against
    /// the sweep's own first row, so they are left out.
    pub fn add_sweep(&mut self, sweep: Self) {
        let offset = self.variants.len();
        self.sweeps.extend(sweep.sweeps.into_iter().map(|mut curve| {
            curve.points.iter_mut().for_each(|p| p.row += offset);
            curve
        }));
        self.variants.extend(sweep.variants.into_iter().map(|mut row| {
            row.ratio = None;
            row
        }));
        self.warnings.extend(sweep.warnings);
    }
}

/// What was measured of one variant.
pub struct Measured<'a> {
    /// Samples of each round, in order.
    pub rounds: &'a [Vec<super::Sample>],
    /// The protocol.
    pub protocol: super::Protocol,
    /// True for GPU engines.
    pub is_gpu: bool,
}

/// What a variant is compared with.
#[derive(Clone, Copy)]
pub struct Baseline<'a> {
    /// Samples of each round, in order.
    pub rounds: &'a [Vec<super::Sample>],
    /// Images per query.
    pub batch: u64,
}

/// Latencies in milliseconds of each round, divided by the images of a query.
fn per_image(mut latencies: Vec<Vec<f64>>, batch: u64) -> Vec<Vec<f64>> {
    let images = batch.max(1) as f64;
    latencies.iter_mut().flatten().for_each(|latency| *latency /= images);
    latencies
}

impl VariantResult {
    /// True when its results differ from the reference's by more than nothing.
    pub fn differs(&self) -> bool {
        self.accuracy.iter().any(|a| a.mean_abs > 0.0 || a.nan + a.inf > 0)
    }

    /// Fills in everything that follows from samples (`batch` must be set): statistics, round medians, histogram, and the
    /// ratio against the baseline's rounds (`None` for the baseline itself). A variant without samples keeps empty statistics and gets an
    /// error when it has none yet.
    pub fn fill(&mut self, measured: &Measured<'_>, baseline: Option<Baseline<'_>>) {
        let rounds: Vec<&[super::Sample]> = measured.rounds.iter().map(Vec::as_slice).collect();
        let Some(statistics) = Statistics::of_rounds(&rounds, measured.protocol, measured.is_gpu, 1) else {
            self.error.get_or_insert_with(|| "no inference was measured".into());
            return;
        };
        let latencies = super::bootstrap::latencies(measured.rounds);
        self.round_medians_ms = latencies
            .iter()
            .filter_map(|round| super::Summary::of(round.clone()).map(|s| s.median))
            .collect();
        let all = latencies.iter().flatten().copied();
        self.histogram = Some(Histogram::of(
            all,
            statistics.latency_ms.min,
            statistics.latency_ms.p99,
            HISTOGRAM_BINS,
        ));
        self.median_interval_ms = super::bootstrap::interval_of_median(&latencies, BOOTSTRAP_SEED);
        self.ratio = baseline.and_then(|b| {
            let base = per_image(super::bootstrap::latencies(b.rounds), b.batch);
            Ratio::of(&base, &per_image(latencies, self.batch), BOOTSTRAP_SEED)
        });
        self.statistics = statistics;
    }
}

/// Bins of a stored histogram, from the smallest latency to the 99th percentile.
const HISTOGRAM_BINS: usize = 60;
/// The same samples always give the same interval.
const BOOTSTRAP_SEED: u64 = 0x5eed;

/// The engine whose results are the reference.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ReferenceResult {
    /// Target with version.
    pub target: String,
    /// Its own answers against the labels, when there are labels.
    pub task: Option<TaskAccuracy>,
}

impl ReferenceResult {
    /// Its top-1 accuracy in percent, when there are labels.
    pub fn top1_percent(&self) -> Option<f64> {
        let task = self.task.filter(|t| t.samples > 0)?;
        Some(1e2 * task.top1_correct as f64 / task.samples as f64)
    }
}

/// All rows, the first is the baseline.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Comparison {
    /// Model file name.
    pub model: String,
    /// SHA-256 of the model file.
    pub model_sha256: String,
    /// Protocol of every number below.
    pub protocol: String,
    /// Sizes of the inputs, each with where it comes from; empty where that was not kept.
    #[serde(default)]
    pub sizes: Sizes,
    /// Rows.
    pub variants: Vec<VariantResult>,
    /// What accuracy was measured against, when there was test data.
    #[serde(default)]
    pub reference: Option<ReferenceResult>,
    /// Limits of the recipe that a variant breaks, one sentence each.
    #[serde(default)]
    pub failures: Vec<String>,
    /// What the reader must know.
    pub warnings: Vec<String>,
    /// Throughput against batch size of each variant, when batch sizes were swept; the rows are one a batch size then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sweeps: Vec<super::sweep::Curve>,
}
