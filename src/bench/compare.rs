//! Comparing variants.

use super::{EffectivePrecision, Environment, OutputAccuracy, Resources, Statistics, TaskAccuracy};
use crate::graph::sizes::Sizes;
use serde::{Deserialize, Serialize};

/// How many times as fast as the baseline, with its interval ([`super::interval`]); [`super::verdict`] makes it.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Ratio {
    /// Median latency per image (latency over batch, so that batches compare) of the baseline over the variant's, round by
    /// round: above 1 the variant is faster.
    pub speedup: f64,
    /// Lower end of the interval: 95 % for all rows of the comparison together.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// True when the interval contains 1: no winner is called.
    pub within_noise: bool,
}

/// How much of a model an execution provider runs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ProviderShare {
    /// `CPUExecutionProvider`, ...
    pub provider: String,
    /// Nodes that it runs.
    pub nodes: u64,
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
    /// Execution providers of ONNX Runtime with the number of nodes that each runs, where it says it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<ProviderShare>,
    /// Statistics over all rounds.
    pub statistics: Statistics,
    /// Median latency of each round, in order.
    pub round_medians_ms: Vec<f64>,
    /// 99th percentile of the latency of each round, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub round_p99_ms: Vec<f64>,
    /// Queries per second of each round, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub round_qps: Vec<f64>,
    /// 95 % interval of the median latency, by the sign test over rounds.
    #[serde(default)]
    pub median_interval_ms: Option<(f64, f64)>,
    /// The protocol it was measured with.
    #[serde(default)]
    pub protocol: String,
    /// Sessions that its rounds ran in: as many as rounds where each had one made anew.
    #[serde(default)]
    pub sessions: u32,
    /// Why its rounds are no basis for a comparison, when they scatter too much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unstable: Option<String>,
    /// Accuracy limits of the recipe that it breaks, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken_limits: Vec<String>,
    /// Against the row that the verdict names.
    pub ratio: Option<Ratio>,
    /// What the comparison says of it.
    #[serde(default)]
    pub verdict: super::Verdict,
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
    /// True when it failed because its target or its worker could not be reached or ended, which says nothing about the
    /// model.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unreachable: bool,
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
            row.verdict = super::Verdict::default();
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

impl VariantResult {
    /// True when its results differ from the reference's by more than nothing.
    pub fn differs(&self) -> bool {
        self.accuracy.iter().any(|a| a.mean_abs > 0.0 || a.nan + a.inf > 0)
    }

    /// Fills in everything that follows from its own samples: statistics, round medians, histogram. A variant without
    /// samples keeps empty statistics and gets an error when it has none yet. The ratio is for
    /// [`Comparison::judge`] to give.
    pub fn fill(&mut self, measured: &Measured<'_>) {
        let rounds: Vec<&[super::Sample]> = measured.rounds.iter().map(Vec::as_slice).collect();
        let Some(statistics) = Statistics::of_rounds(&rounds, measured.protocol, measured.is_gpu, 1) else {
            self.error.get_or_insert_with(|| "no inference was measured".into());
            return;
        };
        self.protocol = measured.protocol.name().into();
        self.round_medians_ms = rounds.iter().filter_map(|r| super::verdict::median_ms(r)).collect();
        let of_rounds = |rounds: &&[super::Sample]| Statistics::of(rounds, measured.protocol, measured.is_gpu, 1);
        let each: Vec<Statistics> = rounds.iter().filter_map(of_rounds).collect();
        self.round_p99_ms = each.iter().map(|s| s.latency_ms.p99).collect();
        self.round_qps = each.iter().map(|s| s.throughput_qps).collect();
        let all = rounds.iter().flat_map(|r| r.iter().map(super::Sample::latency_ms));
        self.histogram = Some(Histogram::of(
            all,
            statistics.latency_ms.min,
            statistics.latency_ms.p99,
            HISTOGRAM_BINS,
        ));
        self.median_interval_ms = super::interval::of_median(&self.round_medians_ms, super::verdict::ERROR).map(|i| {
            (
                i.low.min(statistics.latency_ms.median),
                i.high.max(statistics.latency_ms.median),
            )
        });
        self.unstable = unstable(&self.round_medians_ms);
        self.statistics = statistics;
    }
}

/// Scatter of round medians above which a variant is called unstable. Sessions that fall into two modes 20 % apart, half of them
/// each, exceed it in 82 % of measurements of 10 rounds and in 96 % of 20; normal noise of 6 %, with which 3 % is found every
/// second time, in 1.2 and 0.3 % (simulated: docs/benchmarks/false-winners.md).
const UNSTABLE: f64 = 0.1;
/// Rounds from which on there is a scatter.
const SCATTER_ROUNDS: usize = 3;
/// Width of the middle half of normal noise, in standard deviations.
const MIDDLE_HALF: f64 = 1.349;

/// The scatter of rounds around their middle: the width of the middle half of their logarithms, as a standard deviation of normal
/// noise. One odd round in ten hardly moves it; two modes show, which hide from the median distance from the median unless
/// exactly half of the rounds is in each.
fn scatter(medians_ms: &[f64]) -> Option<f64> {
    let mut logarithms: Vec<f64> = medians_ms.iter().map(|ms| ms.ln()).collect();
    logarithms.sort_unstable_by(f64::total_cmp);
    // Between the two values that the quartile lies between, in proportion.
    let quartile = |share: f64| {
        let place = share * logarithms.len().checked_sub(1)? as f64;
        let (low, high) = (
            logarithms.get(place.floor() as usize)?,
            logarithms.get(place.ceil() as usize)?,
        );
        Some(low + (high - low) * place.fract())
    };
    Some((quartile(0.75)? - quartile(0.25)?) / MIDDLE_HALF)
}

/// Why the rounds' medians are no basis for a comparison; none where they scatter little.
fn unstable(medians_ms: &[f64]) -> Option<String> {
    let scatter = scatter(medians_ms)?;
    (medians_ms.len() >= SCATTER_ROUNDS && scatter > UNSTABLE).then(|| {
        format!(
            "from round to round its median latency scatters by {:.0} %, above {:.0} %",
            scatter * 1e2,
            UNSTABLE * 1e2
        )
    })
}

/// Bins of a stored histogram, from the smallest latency to the 99th percentile.
const HISTOGRAM_BINS: usize = 60;
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

/// All rows, the first is the baseline of those that do the same work.
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
    /// What it all comes to, in a sentence or a few.
    #[serde(default)]
    pub headline: String,
    /// The decision's error rate and what it rests on; none where nothing was compared.
    #[serde(default)]
    pub decision: Option<super::Decision>,
    /// What was checked against a baseline file.
    #[serde(default)]
    pub gates: Vec<super::gate::Check>,
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
    /// The user ended the measurement before its end: fewer rounds, no accuracy.
    #[serde(default)]
    pub is_partial: bool,
    /// Throughput against batch size of each variant, when batch sizes were swept; the rows are one a batch size then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sweeps: Vec<super::sweep::Curve>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::Random;

    /// Of 2,000 measurements with noise from `draw`, the share that is called unstable.
    fn share(rounds: usize, mut draw: impl FnMut(&mut Random) -> f64) -> f64 {
        let mut random = Random::new(rounds as u64);
        let trials = 2_000;
        let called = (0..trials).filter(|_| {
            let medians: Vec<f64> = (0..rounds).map(|_| 10.0 * draw(&mut random).exp()).collect();
            unstable(&medians).is_some()
        });
        called.count() as f64 / f64::from(trials)
    }

    fn uniform(random: &mut Random) -> f64 {
        random.below(1 << 40) as f64 / (1u64 << 40) as f64
    }

    /// The sum of twelve uniform numbers is normal enough.
    fn normal(random: &mut Random) -> f64 {
        (0..12).map(|_| uniform(random)).sum::<f64>() - 6.0
    }

    /// Sessions that are slower by `gap` with this chance, and half a percent of noise.
    fn modes(gap: f64, chance: f64) -> impl FnMut(&mut Random) -> f64 {
        move |random| {
            let slow = uniform(random) < chance;
            0.005 * normal(random) + if slow { gap.ln_1p() } else { 0.0 }
        }
    }

    #[test]
    fn modes_are_called_unstable_and_noise_is_not() {
        for (rounds, least) in [(10, 0.75), (20, 0.92), (40, 0.98)] {
            let found = share(rounds, modes(0.2, 0.5));
            assert!(found > least, "two modes in {rounds} rounds: {found}");
            let third = share(rounds, modes(0.2, 1.0 / 3.0));
            assert!(third > 0.5, "one session of three in {rounds} rounds: {third}");
            let near = share(rounds, modes(0.05, 0.5));
            let noise = share(rounds, |random| 0.03 * normal(random));
            assert!(near < 0.001 && noise < 0.001, "{near} {noise}");
            let more = share(rounds, |random| 0.06 * normal(random));
            let odd = share(rounds, modes(0.2, 0.1));
            assert!(more < 0.03 && odd < 0.09, "{more} {odd}");
        }
    }

    #[test]
    fn few_rounds_have_no_scatter() {
        assert_eq!(unstable(&[1.0, 9.0]), None);
        assert_eq!(unstable(&[]), None);
        assert!(unstable(&[1.0, 1.5, 2.0]).is_some());
    }
}
