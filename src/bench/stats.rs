//! Statistics with trtexec's definitions (samples/common/sampleReporting.cpp, TensorRT 10.16 and 11.1).

use super::{Protocol, Sample};
use serde::{Deserialize, Serialize};

/// Median enqueue over median compute above which a run is enqueue bound.
const ENQUEUE_BOUND: f64 = 0.8;
/// Coefficient of variation of the compute time above which trtexec calls clocks unstable.
const SCATTER_CV: f64 = 0.025;

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

impl Summary {
    /// Statistics of a series in any order; `None` when it is empty.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        Some(Self {
            min,
            max,
            mean,
            median: median(&values)?,
            p90: percentile(&values, 90.0)?,
            p95: percentile(&values, 95.0)?,
            p99: percentile(&values, 99.0)?,
            cv: if mean == 0.0 { 0.0 } else { variance.sqrt() / mean },
        })
    }
}

/// Index of percentile `percent` (0..=100) among `n` ascending samples: `max(n - 1 - trunc((1 - p/100) * n), 0)` in f32
/// arithmetic, without interpolation. 0 when `n` is 0.
pub fn percentile_index(n: usize, percent: f32) -> usize {
    // trtexec multiplies in float; the cast truncates and saturates.
    let exclude = ((1.0f32 - percent / 100.0f32) * n as f32) as usize;
    n.saturating_sub(1).saturating_sub(exclude)
}

/// Percentile of ascending values; `None` when there are none.
pub fn percentile(ascending: &[f64], percent: f32) -> Option<f64> {
    ascending.get(percentile_index(ascending.len(), percent)).copied()
}

/// Median of ascending values: the middle one, or the mean of the middle two; `None` when there are none.
pub fn median(ascending: &[f64]) -> Option<f64> {
    let middle = ascending.len() / 2;
    let upper = *ascending.get(middle)?;
    match middle.checked_sub(1).and_then(|i| ascending.get(i)) {
        Some(lower) if ascending.len().is_multiple_of(2) => Some((lower + upper) / 2.0),
        _ => Some(upper),
    }
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
        Self::of_rounds(&[samples], protocol, is_gpu, streams)
    }

    /// Statistics over all samples of several rounds. Each round has a clock of its own and others ran in between, so
    /// the throughput is that of all queries over the sum of the rounds' spans.
    pub fn of_rounds(rounds: &[&[Sample]], protocol: Protocol, is_gpu: bool, streams: u32) -> Option<Self> {
        let series = |f: fn(&Sample) -> f64| Summary::of(rounds.iter().copied().flatten().map(f).collect());
        let latency_ms = series(Sample::latency_ms)?;
        let compute_ms = series(Sample::compute_ms)?;
        let enqueue_ms = if is_gpu { series(Sample::enqueue_ms) } else { None };
        let transfers = is_gpu && protocol != Protocol::Trtexec11;
        let (h2d_ms, d2h_ms) = if transfers {
            (series(Sample::h2d_ms), series(Sample::d2h_ms))
        } else {
            (None, None)
        };
        let samples = rounds.iter().map(|r| r.len() as u64).sum::<u64>();
        let span_ms: f64 = rounds.iter().map(|round| span_ms(round)).sum();
        let mut out = Self {
            samples,
            latency_ms,
            enqueue_ms,
            h2d_ms,
            compute_ms,
            d2h_ms,
            throughput_qps: if span_ms > 0.0 {
                samples as f64 * 1e3 / span_ms
            } else {
                0.0
            },
            warnings: Vec::new(),
        };
        out.warnings = out.warn(is_gpu, streams);
        Some(out)
    }

    fn warn(&self, is_gpu: bool, streams: u32) -> Vec<String> {
        let mut out = Vec::new();
        let compute = self.compute_ms.median;
        if let Some(enqueue) = self.enqueue_ms
            && enqueue.median > ENQUEUE_BOUND * compute
        {
            out.push(format!(
                "Enqueue bound: the median enqueue time ({:.4} ms) is more than {ENQUEUE_BOUND} of the median compute time \
                 ({compute:.4} ms), so the host limits throughput; a CUDA graph or a larger batch helps.",
                enqueue.median
            ));
        }
        for (name, series) in [("to the device", self.h2d_ms), ("from the device", self.d2h_ms)] {
            if let Some(transfer) = series
                && transfer.median >= compute
            {
                out.push(format!(
                    "Transfer bound: the median transfer {name} ({:.4} ms) takes as long as the median compute time \
                     ({compute:.4} ms) or longer.",
                    transfer.median
                ));
            }
        }
        if self.compute_ms.cv > SCATTER_CV {
            let cause = if is_gpu {
                "lock the clocks, or measure longer"
            } else {
                "other work on the machine or changing clocks; measure longer or on a quiet machine"
            };
            out.push(format!(
                "Scattered: the compute time's coefficient of variation is {:.1} %, above {:.1} %: {cause}.",
                self.compute_ms.cv * 1e2,
                SCATTER_CV * 1e2
            ));
        }
        if streams > 1 {
            out.push(format!(
                "{streams} streams ran at once: they share the device, so the latency is not that of one inference alone."
            ));
        }
        out
    }
}

/// Last end of the transfer from the device minus first start of the transfer to it, in milliseconds.
pub(super) fn span_ms(samples: &[Sample]) -> f64 {
    let start = samples.iter().map(|s| s.start_h2d_ms).fold(f64::INFINITY, f64::min);
    let end = samples.iter().map(|s| s.end_d2h_ms).fold(f64::NEG_INFINITY, f64::max);
    if end > start { end - start } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of ten samples of 1, 2, ..., `n` ms, back to back.
    fn calls(n: u32) -> Vec<Sample> {
        let mut clock = 100.0;
        (1..=n)
            .map(|i| {
                let start = clock;
                clock += f64::from(i);
                Sample::call(start, clock)
            })
            .collect()
    }

    #[test]
    fn percentile_index_is_computed_in_f32() {
        // By hand: 1 - 99/100 in f32 is 0.00999999046; times 1000 is 9.99999046, truncated 9; 1000 - 1 - 9 = 990.
        assert_eq!(percentile_index(1000, 99.0), 990);
        // (Exact arithmetic leaves out 10, and so does f64.) 1 - 0.9 in f32 is 0.100000024; times 10 truncates to 1.
        assert_eq!(percentile_index(10, 90.0), 8);
        // p95 of 20: 1 - 0.95 in f32 is 0.0500000119; times 20 is 1.00000024, truncated 1.
        assert_eq!(percentile_index(20, 95.0), 18);
        // p99 of 100: 0.00999999046 * 100 = 0.999999046, truncated 0.
        assert_eq!(percentile_index(100, 99.0), 99);
        assert_eq!(percentile_index(1, 90.0), 0);
        assert_eq!(percentile_index(3, 0.0), 0);
        assert_eq!(percentile_index(3, 100.0), 2);
        assert_eq!(percentile_index(0, 50.0), 0);
    }

    #[test]
    fn median_is_the_middle_or_the_mean_of_two() {
        assert_eq!(median(&[1.0, 2.0, 9.0]), Some(2.0));
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
        assert_eq!(median(&[5.0]), Some(5.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_cpu_run_by_hand() {
        let s = Statistics::of(&calls(10), Protocol::Serial, false, 1).unwrap();
        assert_eq!(s.samples, 10);
        let l = s.latency_ms;
        assert_eq!((l.min, l.max, l.mean, l.median), (1.0, 10.0, 5.5, 5.5));
        // p90 leaves out 1 of 10, p95 and p99 none.
        assert_eq!((l.p90, l.p95, l.p99), (9.0, 10.0, 10.0));
        // Population variance of 1..=10 is (100 - 1) / 12 = 8.25.
        assert!((l.cv - 8.25f64.sqrt() / 5.5).abs() < 1e-12);
        assert_eq!(l, s.compute_ms);
        assert_eq!((s.enqueue_ms, s.h2d_ms, s.d2h_ms), (None, None, None));
        // 10 queries in 55 ms.
        assert!((s.throughput_qps - 10.0 / 0.055).abs() < 1e-9);
        assert_eq!(s.warnings.len(), 1);
        assert!(s.warnings[0].contains("52.2 %"), "{:?}", s.warnings);
    }

    #[test]
    fn rounds_add_their_spans_not_the_time_between() {
        let (a, b) = (calls(4), calls(2));
        let s = Statistics::of_rounds(&[&a, &b], Protocol::Serial, false, 1).unwrap();
        assert_eq!(s.samples, 6);
        assert!((s.throughput_qps - 6.0 / 0.013).abs() < 1e-9, "10 ms and 3 ms");
        assert_eq!(Statistics::of_rounds(&[&[], &[]], Protocol::Serial, false, 1), None);
        assert_eq!(Statistics::of(&[], Protocol::Serial, false, 1), None);
    }

    fn gpu(enqueue: f64, h2d: f64, compute: f64, d2h: f64) -> Sample {
        Sample {
            start_enq_ms: 0.0,
            end_enq_ms: enqueue,
            start_h2d_ms: 1.0,
            end_h2d_ms: 1.0 + h2d,
            start_compute_ms: 2.0 + h2d,
            end_compute_ms: 2.0 + h2d + compute,
            start_d2h_ms: 3.0 + h2d + compute,
            end_d2h_ms: 3.0 + h2d + compute + d2h,
        }
    }

    #[test]
    fn a_gpu_run_has_four_series_and_their_warnings() {
        let s = Statistics::of(&[gpu(0.9, 1.0, 1.0, 0.5)], Protocol::Trtexec10, true, 2).unwrap();
        assert!(
            (s.latency_ms.median - 2.5).abs() < 1e-12,
            "waiting between the parts is not latency"
        );
        assert!((s.enqueue_ms.unwrap().median - 0.9).abs() < 1e-12);
        // Span: from 1.0 to 3 + 1 + 1 + 0.5 = 5.5.
        assert!((s.throughput_qps - 1000.0 / 4.5).abs() < 1e-9);
        let text = s.warnings.join("\n");
        assert!(
            text.contains("(0.9000 ms)") && text.contains("Transfer bound: the median transfer to"),
            "{text}"
        );
        assert!(text.contains("2 streams"), "{text}");
        assert!(
            !text.contains("from the device") && !text.contains("Scattered"),
            "{text}"
        );
    }

    #[test]
    fn limits_are_where_trtexec_has_them() {
        let warnings = |s: Sample| Statistics::of(&[s], Protocol::Trtexec10, true, 1).unwrap().warnings;
        assert_eq!(warnings(gpu(0.75, 0.5, 1.0, 0.5)), [""; 0]);
        assert!(warnings(gpu(0.8125, 0.5, 1.0, 0.5))[0].starts_with("Enqueue bound"));
        assert!(warnings(gpu(0.5, 0.5, 1.0, 1.0))[0].contains("from the device"));
        let s = Statistics::of(&[gpu(0.1, 0.0, 1.0, 0.0)], Protocol::Trtexec11, true, 1).unwrap();
        assert_eq!((s.h2d_ms, s.d2h_ms), (None, None), "trtexec-11 leaves transfers out");
    }
}
