//! Samples as they stream in, made small enough to draw: whatever the number of samples, a frame costs the same.

use super::{Histogram, Sample};
use std::collections::VecDeque;

/// Columns kept for the plot over time; when they are full, neighbours merge, so a column stands for twice the samples.
const COLUMNS: usize = 2048;
/// Samples that the rolling median looks back on.
const WINDOW: usize = 101;
/// Steps per power of two of the latency counter: every latency is known to 1 part in 512.
const STEPS_LOG2: u32 = 9;
/// Smallest power of two in milliseconds that is told apart (2^-24 ms is 0.06 ns), and the largest (2^23 ms is 2.3 h).
const OCTAVES: std::ops::Range<i32> = -24..23;

/// A column of the plot over time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Column {
    /// When its first sample started, in milliseconds on the series' own clock.
    pub start_ms: f64,
    /// When its last sample ended.
    pub end_ms: f64,
    /// Smallest latency in milliseconds.
    pub min_ms: f64,
    /// Largest latency.
    pub max_ms: f64,
    /// Rolling median at its end.
    pub median_ms: f64,
}

/// One variant's latencies, summarised while they arrive. Memory is bounded: about 0.3 MB however many samples there are.
#[derive(Clone, Debug)]
pub struct LiveSeries {
    columns: Vec<Column>,
    /// Samples per full column.
    per_column: usize,
    /// Samples in the last column.
    in_last: usize,
    window: VecDeque<f64>,
    /// The window's values, ascending.
    sorted: Vec<f64>,
    counter: Counter,
    /// Sum of the latencies, for the mean.
    sum_ms: f64,
    span_ms: f64,
    round: Option<u32>,
    /// Where the current round's clock starts on the series' own.
    round_offset_ms: f64,
}

impl Default for LiveSeries {
    fn default() -> Self {
        Self {
            columns: Vec::new(),
            per_column: 1,
            in_last: 0,
            window: VecDeque::with_capacity(WINDOW),
            sorted: Vec::with_capacity(WINDOW),
            counter: Counter::default(),
            sum_ms: 0.0,
            span_ms: 0.0,
            round: None,
            round_offset_ms: 0.0,
        }
    }
}

impl LiveSeries {
    /// Adds samples of a round, in order of time. A new round goes on where the last one ended.
    pub fn append(&mut self, round: u32, samples: &[Sample]) {
        if self.round != Some(round) {
            self.round = Some(round);
            self.round_offset_ms = self.span_ms;
        }
        for sample in samples {
            let latency = sample.latency_ms();
            if !latency.is_finite() {
                continue;
            }
            self.roll(latency);
            self.counter.add(latency);
            self.sum_ms += latency;
            let start_ms = self.round_offset_ms + sample.start_h2d_ms;
            let end_ms = self.round_offset_ms + sample.end_d2h_ms;
            self.span_ms = self.span_ms.max(end_ms);
            self.push(Column {
                start_ms,
                end_ms,
                min_ms: latency,
                max_ms: latency,
                median_ms: middle(&self.sorted),
            });
        }
    }

    /// Number of samples.
    pub fn count(&self) -> u64 {
        self.counter.total
    }

    /// Columns in order of time, 2,048 at most; while there are fewer samples than that, one column is one sample.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Time covered so far in milliseconds, the pauses between rounds left out.
    pub fn span_ms(&self) -> f64 {
        self.span_ms
    }

    /// Mean latency; `None` before the first sample.
    pub fn mean_ms(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum_ms / self.count() as f64)
    }

    /// Median of the last 101 samples; `None` before the first.
    pub fn rolling_median_ms(&self) -> Option<f64> {
        (!self.sorted.is_empty()).then(|| middle(&self.sorted))
    }

    /// Queries per second so far; `None` before the first sample.
    pub fn throughput_qps(&self) -> Option<f64> {
        (self.span_ms > 0.0).then(|| self.count() as f64 * 1e3 / self.span_ms)
    }

    /// The percentile (0..=100) of all samples, exact to 1 part in 512 (final figures come from
    /// [`super::Statistics`]); `None` before the first sample.
    pub fn percentile_ms(&self, percent: f32) -> Option<f64> {
        self.counter.percentile(percent)
    }

    /// Histogram with `bins` bins of one width from `low_ms` to `high_ms`; what lies above goes to the last bin.
    pub fn histogram(&self, low_ms: f64, high_ms: f64, bins: usize) -> Histogram {
        self.counter.histogram(low_ms, high_ms, bins)
    }

    fn roll(&mut self, latency: f64) {
        if self.window.len() == WINDOW
            && let Some(old) = self.window.pop_front()
            && let Ok(at) = self.sorted.binary_search_by(|x| x.total_cmp(&old))
        {
            self.sorted.remove(at);
        }
        self.window.push_back(latency);
        let at = self.sorted.partition_point(|x| x.total_cmp(&latency).is_lt());
        self.sorted.insert(at, latency);
    }

    fn push(&mut self, new: Column) {
        match self.columns.last_mut() {
            Some(last) if self.in_last < self.per_column => {
                *last = merged(*last, new);
                self.in_last += 1;
                return;
            }
            _ => {}
        }
        if self.columns.len() == COLUMNS {
            for i in 0..COLUMNS / 2 {
                self.columns[i] = merged(self.columns[2 * i], self.columns[2 * i + 1]);
            }
            self.columns.truncate(COLUMNS / 2);
            self.per_column *= 2;
        }
        self.columns.push(new);
        self.in_last = 1;
    }
}

fn merged(a: Column, b: Column) -> Column {
    Column {
        start_ms: a.start_ms,
        end_ms: b.end_ms,
        min_ms: a.min_ms.min(b.min_ms),
        max_ms: a.max_ms.max(b.max_ms),
        median_ms: b.median_ms,
    }
}

fn middle(ascending: &[f64]) -> f64 {
    super::stats::median(ascending).unwrap_or_default()
}

/// Counts of latencies in bins whose width is 1/512 of their power of two.
#[derive(Clone, Debug)]
struct Counter {
    bins: Vec<u64>,
    total: u64,
    min: f64,
    max: f64,
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            bins: vec![0; OCTAVES.len() << STEPS_LOG2],
            total: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }
}

impl Counter {
    fn add(&mut self, value: f64) {
        let index = self.index(value);
        self.bins[index] += 1;
        self.total += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// The bin, straight from the number's exponent and leading mantissa bits.
    fn index(&self, value: f64) -> usize {
        let lowest = 2f64.powi(OCTAVES.start);
        if value < lowest {
            return 0;
        }
        let bits = value.to_bits() - lowest.to_bits();
        ((bits >> (52 - STEPS_LOG2)) as usize).min(self.bins.len() - 1)
    }

    /// Lower edge of a bin.
    fn edge(index: usize) -> f64 {
        let lowest = 2f64.powi(OCTAVES.start);
        f64::from_bits(lowest.to_bits() + ((index as u64) << (52 - STEPS_LOG2)))
    }

    /// Middle of a bin, never outside what was seen.
    fn value(&self, index: usize) -> f64 {
        ((Self::edge(index) + Self::edge(index + 1)) / 2.0).clamp(self.min, self.max)
    }

    fn percentile(&self, percent: f32) -> Option<f64> {
        let n = usize::try_from(self.total).ok().filter(|n| *n > 0)?;
        let rank = super::stats::percentile_index(n, percent) as u64;
        let mut below = 0;
        let first = self.index(self.min);
        for (index, count) in self.bins.iter().enumerate().skip(first) {
            below += count;
            if below > rank {
                return Some(self.value(index));
            }
        }
        Some(self.max)
    }

    fn histogram(&self, low_ms: f64, high_ms: f64, bins: usize) -> Histogram {
        let mut out = Histogram::of([], low_ms, high_ms, bins);
        if self.total == 0 {
            return out;
        }
        let last = out.counts.len() - 1;
        for index in self.index(self.min)..=self.index(self.max) {
            let bin = ((self.value(index) - low_ms) / out.width_ms).max(0.0) as usize;
            out.counts[bin.min(last)] += self.bins[index];
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::stats;
    use crate::data::random::Random;

    fn feed(latencies: &[f64]) -> LiveSeries {
        let mut series = LiveSeries::default();
        let mut clock = 0.0;
        for chunk in latencies.chunks(37) {
            let samples: Vec<Sample> = chunk
                .iter()
                .map(|l| {
                    clock += l;
                    Sample::call(clock - l, clock)
                })
                .collect();
            series.append(0, &samples);
        }
        series
    }

    #[test]
    fn few_samples_are_drawn_one_by_one() {
        let series = feed(&[3.0, 1.0, 2.0]);
        let columns = series.columns();
        assert_eq!((columns.len(), series.per_column, series.count()), (3, 1, 3));
        assert!(columns.iter().all(|c| c.min_ms == c.max_ms));
        let medians: Vec<f64> = columns.iter().map(|c| c.median_ms).collect();
        assert!(
            medians.iter().zip([3.0, 2.0, 2.0]).all(|(a, b)| (a - b).abs() < 1e-9),
            "{medians:?}"
        );
        assert!((series.throughput_qps().unwrap() - 500.0).abs() < 1e-6);
        assert!((series.mean_ms().unwrap() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn many_samples_keep_their_extremes_in_bounded_columns() {
        let mut latencies = vec![1.0; 100_000];
        latencies[54_321] = 9.0;
        latencies[77_777] = 0.25;
        let series = feed(&latencies);
        let columns = series.columns();
        assert!(
            columns.len() <= COLUMNS && columns.len() > COLUMNS / 4,
            "{}",
            columns.len()
        );
        assert_eq!(series.per_column, 64);
        let high = columns.iter().filter(|c| (c.max_ms - 9.0).abs() < 1e-6).count();
        let low = columns.iter().filter(|c| (c.min_ms - 0.25).abs() < 1e-6).count();
        assert_eq!((high, low), (1, 1), "a spike stays one column");
        assert!(columns.windows(2).all(|w| w[0].end_ms <= w[1].start_ms + 1e-6));
        assert!(columns.iter().all(|c| (c.median_ms - 1.0).abs() < 1e-6));
    }

    #[test]
    fn the_rolling_median_forgets_what_is_old() {
        let mut latencies = vec![1.0; 500];
        latencies.extend([2.0; 52]);
        assert!(
            (feed(&latencies[..550]).rolling_median_ms().unwrap() - 1.0).abs() < 1e-6,
            "50 of 101 are new"
        );
        assert!(
            (feed(&latencies).rolling_median_ms().unwrap() - 2.0).abs() < 1e-6,
            "52 of 101 are new"
        );
        assert_eq!(LiveSeries::default().rolling_median_ms(), None);
    }

    #[test]
    fn percentiles_are_those_of_the_definition_to_one_part_in_512() {
        let mut random = Random::new(1);
        let latencies: Vec<f64> = (0..5000).map(|_| (random.normal() * 2.0).exp()).collect();
        let series = feed(&latencies);
        let mut sorted = latencies;
        sorted.sort_by(f64::total_cmp);
        for percent in [0.0, 50.0, 90.0, 95.0, 99.0, 100.0] {
            let exact = stats::percentile(&sorted, percent).unwrap();
            let live = series.percentile_ms(percent).unwrap();
            assert!(
                (live / exact - 1.0).abs() <= 1.0 / 512.0 + 1e-9,
                "{percent}: {live} for {exact}"
            );
        }
        assert_eq!(LiveSeries::default().percentile_ms(99.0), None);
    }

    #[test]
    fn histograms_count_every_sample_once() {
        let latencies: Vec<f64> = (0..1000).map(|i| 1.0 + f64::from(i) / 1000.0).collect();
        let h = feed(&latencies).histogram(1.0, 2.0, 10);
        assert_eq!(h.counts.iter().sum::<u64>(), 1000);
        assert!(h.counts.iter().all(|c| (90..=110).contains(c)), "{h:?}");
        let h = feed(&[0.5, 5.0, 500.0]).histogram(1.0, 2.0, 4);
        assert_eq!(h.counts, [1, 0, 0, 2], "what lies outside goes to the ends");
        assert_eq!(LiveSeries::default().histogram(0.0, 0.0, 0).counts, [0]);
    }

    #[test]
    fn rounds_follow_each_other_and_hostile_stamps_do_no_harm() {
        let mut series = LiveSeries::default();
        series.append(0, &[Sample::call(0.0, 2.0)]);
        series.append(1, &[Sample::call(0.0, 1.0)]);
        assert_eq!(series.columns()[1].start_ms, 2.0);
        assert_eq!(series.span_ms(), 3.0);
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            series.append(1, &[Sample::call(0.0, bad)]);
        }
        series.append(
            1,
            &[
                Sample::call(1.0, 0.0),
                Sample::call(1e300, 1e301),
                Sample::call(1.0, 1.0),
            ],
        );
        assert!(series.percentile_ms(99.0).is_some());
        let _ = series.histogram(0.0, 1.0, 10);
        assert_eq!(series.count(), 5);
    }
}
