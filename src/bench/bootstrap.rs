//! The interval of a ratio of medians, by a bootstrap that knows about rounds.
//!
//! Machines drift, so samples of one round resemble each other more than samples of different rounds. A resample
//! therefore draws rounds first (with replacement), then samples from the pool of the rounds drawn. Variants are measured in
//! turn, so when both have the same number of rounds the same rounds are drawn for both: drift that both saw cancels in
//! the ratio, drift that only one saw widens the interval.
//!
//! The inner draw is not simulated sample by sample: the rank of the median of N draws from a pool of N follows a
//! Beta((N + 1)/2, (N + 1)/2) distribution (order statistics of N uniform numbers), so one number from it gives the median
//! of a whole resample. 2,000 resamples of millions of samples take well under a second.

use super::{Ratio, Sample, Summary};
use crate::data::random::Random;

/// Resamples per interval.
const RESAMPLES: usize = 2000;

/// The latencies in milliseconds of each round.
pub(super) fn latencies(rounds: &[Vec<Sample>]) -> Vec<Vec<f64>> {
    rounds
        .iter()
        .map(|round| round.iter().map(Sample::latency_ms).collect())
        .collect()
}

/// Median of the baseline over median of the variant with the 2.5 % and 97.5 % percentiles of its resamples; `None` when
/// either has no samples or a median of 0.
pub(super) fn ratio_of_medians(baseline: &[Vec<f64>], variant: &[Vec<f64>], seed: u64) -> Option<Ratio> {
    let (a, b) = (Rounds::new(baseline)?, Rounds::new(variant)?);
    let speedup = a.median / b.median;
    if !speedup.is_finite() || speedup <= 0.0 {
        return None;
    }
    let mut random = Random::new(seed);
    let mut ratios = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        let drawn_a = a.draw(&mut random);
        let drawn_b = if a.sorted.len() == b.sorted.len() {
            drawn_a.clone()
        } else {
            b.draw(&mut random)
        };
        ratios.push(a.resampled_median(&drawn_a, &mut random) / b.resampled_median(&drawn_b, &mut random));
    }
    ratios.sort_unstable_by(f64::total_cmp);
    let (low, high) = tails(&ratios);
    Some(Ratio {
        speedup,
        low,
        high,
        within_noise: low <= 1.0 && high >= 1.0,
    })
}

/// The 2.5 % and 97.5 % percentiles of the resamples of a median; `None` without samples.
pub(super) fn interval_of_median(rounds: &[Vec<f64>], seed: u64) -> Option<(f64, f64)> {
    let rounds = Rounds::new(rounds)?;
    let mut random = Random::new(seed);
    let mut medians: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn = rounds.draw(&mut random);
            rounds.resampled_median(&drawn, &mut random)
        })
        .collect();
    medians.sort_unstable_by(f64::total_cmp);
    Some(tails(&medians))
}

/// The ends of the 95 % interval of resamples in order.
fn tails(sorted: &[f64]) -> (f64, f64) {
    let tail = RESAMPLES / 40;
    (sorted[tail - 1], sorted[RESAMPLES - tail])
}

/// Rounds, each sorted.
struct Rounds {
    sorted: Vec<Vec<f64>>,
    median: f64,
}

impl Rounds {
    fn new(rounds: &[Vec<f64>]) -> Option<Self> {
        let mut sorted: Vec<Vec<f64>> = rounds.iter().filter(|r| !r.is_empty()).cloned().collect();
        for round in &mut sorted {
            round.sort_unstable_by(f64::total_cmp);
        }
        let median = Summary::of(sorted.concat())?.median;
        Some(Self { sorted, median })
    }

    /// Indices of as many rounds as there are, with replacement.
    fn draw(&self, random: &mut Random) -> Vec<usize> {
        let n = self.sorted.len();
        (0..n).map(|_| random.below(n as u64) as usize).collect()
    }

    /// The median of as many draws from the pool of these rounds as the pool has samples.
    fn resampled_median(&self, drawn: &[usize], random: &mut Random) -> f64 {
        let pool: Vec<&[f64]> = drawn.iter().map(|i| self.sorted[*i].as_slice()).collect();
        let size: usize = pool.iter().map(|r| r.len()).sum();
        let half = (size as f64 + 1.0) / 2.0;
        let (x, y) = (random.gamma(half), random.gamma(half));
        let rank = (x / (x + y) * size as f64) as usize;
        select(&pool, rank.min(size.saturating_sub(1)))
    }
}

/// The value at `rank` (from 0) of the union of ascending lists, by bisection over the values' bits.
fn select(pool: &[&[f64]], rank: usize) -> f64 {
    // Keys that order as total_cmp does, so that a midpoint always lies between two values.
    let key = |x: f64| {
        let bits = x.to_bits() as i64;
        bits ^ (((bits >> 63) as u64) >> 1) as i64
    };
    let unkey = |k: i64| f64::from_bits((k ^ (((k >> 63) as u64) >> 1) as i64) as u64);
    let mut low = pool
        .iter()
        .filter_map(|r| r.first())
        .map(|x| key(*x))
        .min()
        .unwrap_or(0);
    let mut high = pool.iter().filter_map(|r| r.last()).map(|x| key(*x)).max().unwrap_or(0);
    while low < high {
        let middle = low + ((i128::from(high) - i128::from(low)) / 2) as i64;
        let at_most: usize = pool.iter().map(|r| r.partition_point(|x| key(*x) <= middle)).sum();
        if at_most > rank {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    unkey(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Five rounds of `n` samples around `center` with noise of 1 %, shifted per round by `drift`.
    fn rounds(center: f64, n: usize, drift: &[f64], seed: u64) -> Vec<Vec<f64>> {
        let mut random = Random::new(seed);
        drift
            .iter()
            .map(|d| (0..n).map(|_| center * (1.0 + d + 0.01 * random.normal())).collect())
            .collect()
    }

    const CALM: [f64; 5] = [0.0; 5];
    const DRIFT: [f64; 5] = [0.0, 0.02, -0.03, 0.05, 0.01];

    #[test]
    fn a_clear_difference_is_called_and_covers_the_truth() {
        let ratio = ratio_of_medians(&rounds(2.0, 500, &CALM, 1), &rounds(1.0, 500, &CALM, 2), 3).unwrap();
        assert!(!ratio.within_noise && ratio.low < 2.0 && ratio.high > 2.0, "{ratio:?}");
        assert!(ratio.high - ratio.low < 0.02, "{ratio:?}");
        assert!((ratio.speedup - 2.0).abs() < 0.01);
    }

    #[test]
    fn the_same_thing_twice_is_within_noise() {
        let ratio = ratio_of_medians(&rounds(1.0, 300, &CALM, 4), &rounds(1.0, 300, &CALM, 5), 6).unwrap();
        assert!(ratio.within_noise, "{ratio:?}");
    }

    #[test]
    fn drift_of_one_widens_and_drift_of_both_cancels() {
        let calm = ratio_of_medians(&rounds(1.0, 300, &CALM, 7), &rounds(1.0, 300, &CALM, 8), 9).unwrap();
        let both = ratio_of_medians(&rounds(1.0, 300, &DRIFT, 7), &rounds(1.0, 300, &DRIFT, 8), 9).unwrap();
        let one = ratio_of_medians(&rounds(1.0, 300, &DRIFT, 7), &rounds(1.0, 300, &CALM, 8), 9).unwrap();
        let width = |r: Ratio| r.high - r.low;
        assert!(width(one) > 5.0 * width(calm), "{one:?} {calm:?}");
        assert!(width(both) < width(one) / 2.0, "{both:?} {one:?}");
    }

    #[test]
    fn intervals_cover_the_truth_about_as_often_as_they_say() {
        let covered = (0..40)
            .filter(|i| {
                let r = ratio_of_medians(&rounds(1.0, 60, &CALM, 1000 + i), &rounds(1.0, 60, &CALM, 5000 + i), *i);
                r.unwrap().within_noise
            })
            .count();
        assert!(covered >= 33, "{covered} of 40 intervals of 95 %");
    }

    #[test]
    fn the_rank_shortcut_agrees_with_drawing_every_sample() {
        let data = rounds(1.0, 200, &[0.0], 11);
        let rounds = Rounds::new(&data).unwrap();
        let mut random = Random::new(12);
        let spread = |values: Vec<f64>| Summary::of(values).unwrap();
        let quick = spread((0..1000).map(|_| rounds.resampled_median(&[0], &mut random)).collect());
        let slow = spread(
            (0..1000)
                .map(|_| {
                    let resample = (0..200).map(|_| data[0][random.below(200) as usize]).collect();
                    Summary::of(resample).unwrap().median
                })
                .collect(),
        );
        assert!((quick.median - slow.median).abs() < 3e-4, "{quick:?} {slow:?}");
        assert!((quick.cv / slow.cv - 1.0).abs() < 0.15, "{quick:?} {slow:?}");
    }

    #[test]
    fn the_interval_of_a_median_holds_it_and_widens_with_drift() {
        let width = |drift: &[f64]| {
            let data = rounds(1.0, 300, drift, 13);
            let (low, high) = interval_of_median(&data, 14).unwrap();
            let median = Summary::of(data.concat()).unwrap().median;
            assert!(low <= median && median <= high, "{low} {median} {high}");
            high - low
        };
        assert!(width(&DRIFT) > 5.0 * width(&CALM));
        let inside = (0..40)
            .filter(|i| {
                let (low, high) = interval_of_median(&rounds(1.0, 60, &CALM, 300 + i), *i).unwrap();
                (low..=high).contains(&1.0)
            })
            .count();
        assert!(inside >= 33, "{inside} of 40 intervals of 95 %");
    }

    #[test]
    fn nothing_to_compare_gives_no_ratio() {
        assert_eq!(interval_of_median(&[vec![]], 0), None);
        assert_eq!(interval_of_median(&[vec![2.0]], 0), Some((2.0, 2.0)));
        assert_eq!(ratio_of_medians(&[], &[vec![1.0]], 0), None);
        assert_eq!(ratio_of_medians(&[vec![]], &[vec![1.0]], 0), None);
        assert_eq!(ratio_of_medians(&[vec![1.0]], &[vec![0.0]], 0), None);
        let one = ratio_of_medians(&[vec![2.0]], &[vec![1.0]], 0).unwrap();
        assert_eq!((one.speedup, one.low, one.high), (2.0, 2.0, 2.0));
    }

    proptest! {
        #[test]
        fn selection_is_that_of_the_sorted_union(
            lists in prop::collection::vec(prop::collection::vec(-1e3..1e3f64, 0..9), 1..5),
            rank in 0..30usize,
        ) {
            let sorted: Vec<Vec<f64>> = lists.into_iter().map(|mut l| { l.sort_by(f64::total_cmp); l }).collect();
            let mut union = sorted.concat();
            union.sort_by(f64::total_cmp);
            prop_assume!(rank < union.len());
            let pool: Vec<&[f64]> = sorted.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(select(&pool, rank), union[rank]);
        }
    }
}
