//! Throughput against batch size, and its knee: the batch beyond which a larger one buys little more.
//!
//! The knee is Kneedle's (Satopää, Albrecht, Irwin and Raghavan, "Finding a 'Kneedle' in a haystack: detecting knee points
//! in system behavior", ICDCS workshops 2011), offline, with the paper's sensitivity S = 1: batch sizes and images per
//! second are scaled to 0..1, and the knee is the first local maximum of (rate - batch) after which that difference falls by
//! more than S times the mean distance of the batch sizes before it rises again. The paper's smoothing is left out: every
//! point is a whole measurement already. The rule sees the measured range only, so a wider one may move the knee.
//!
//! A knee is claimed only when it stands out of the noise; see [`knee`].

use super::Sample;
use super::stats::span_ms;
use crate::data::random::Random;
use crate::data::traffic::Requests;
use crate::format::{self, significant};
use serde::{Deserialize, Serialize};

/// Kneedle's sensitivity.
const SENSITIVITY: f64 = 1.0;
/// Batch sizes below which the shape of a curve says nothing.
const LEAST_POINTS: usize = 4;
/// Rounds below which nothing is known about the spread.
const LEAST_ROUNDS: usize = 3;
/// A knee that is worth less than this over the smallest batch is no reason to batch.
const LEAST_GAIN: f64 = 1.05;
/// Resamples of the rounds.
const RESAMPLES: usize = 1000;
/// The same rounds always give the same answer.
const SEED: u64 = 0x5eed;

/// Throughput against batch size of one variant. A comparison that was swept has one for every variant.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Curve {
    /// The variant's name.
    pub name: String,
    /// What varies: `batch`, or the open size that was swept.
    #[serde(default = "batch")]
    pub over: String,
    /// Measured sizes, ascending.
    pub points: Vec<Point>,
    /// The knee, when there is one beyond the noise.
    pub knee: Option<Knee>,
    /// Why there is none.
    pub no_knee: Option<String>,
    /// Requests of real traffic by size, where it was given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traffic: Vec<Requests>,
    /// Why larger batch sizes were not measured, when the largest asked for was not reached.
    pub stopped: Option<String>,
}

fn batch() -> String {
    crate::recipe::SweepSpec::BATCH.into()
}

impl Curve {
    /// True when the batch varies.
    pub fn is_batch(&self) -> bool {
        self.over.is_empty() || self.over == crate::recipe::SweepSpec::BATCH
    }
}

/// One size of a curve.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Point {
    /// Images per query.
    pub batch: u64,
    /// The size that is swept; 0 in files from before sizes other than the batch were swept, which mean the batch.
    #[serde(default)]
    pub size: u64,
    /// Items of the swept size per second (the size times queries per second): tokens where the length of a sequence is swept.
    #[serde(default)]
    pub items_per_s: f64,
    /// Median latency in milliseconds over all rounds.
    #[serde(default)]
    pub median_ms: f64,
    /// Most memory that the worker had had after this size, in bytes, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_bytes: Option<u64>,
    /// Index of the engine's profile that served it, where the recipe has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<usize>,
    /// Index of its row in the comparison.
    pub row: usize,
    /// Images per second over all rounds.
    pub images_per_s: f64,
    /// The slowest round's.
    pub low: f64,
    /// The fastest round's.
    pub high: f64,
}

impl Point {
    /// A point at a swept size.
    pub fn at(size: u64) -> Self {
        Self {
            size,
            ..Self::default()
        }
    }

    /// The size that is swept.
    pub fn size(&self) -> u64 {
        if self.size == 0 { self.batch } else { self.size }
    }
}

/// Where a curve bends.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Knee {
    /// Its batch size.
    pub batch: u64,
    /// Smallest batch size that is the knee of a resample, 2.5 % of the resamples left out.
    pub low: u64,
    /// Largest one.
    pub high: u64,
    /// Images per second there over those of the smallest batch.
    pub gain: f64,
    /// Images per second there over those of the best batch.
    pub of_best: f64,
}

/// The rounds of one batch size.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rounds {
    /// Images per query.
    pub batch: u64,
    /// Images and milliseconds of every round, in order. Rounds of different batch sizes that were measured in turn have
    /// the same index.
    pub rounds: Vec<(f64, f64)>,
}

impl Rounds {
    /// From the samples of each round.
    pub fn of(batch: u64, rounds: &[Vec<Sample>]) -> Self {
        let one = |samples: &Vec<Sample>| (samples.len() as f64 * batch as f64, span_ms(samples));
        Self {
            batch,
            rounds: rounds.iter().map(one).filter(|(_, ms)| *ms > 0.0).collect(),
        }
    }

    /// Images per second over these of the rounds.
    fn rate(&self, drawn: impl Iterator<Item = usize>) -> f64 {
        let (mut images, mut ms) = (0.0, 0.0);
        for (n, t) in drawn.filter_map(|i| self.rounds.get(i)) {
            images += n;
            ms += t;
        }
        if ms > 0.0 { images * 1e3 / ms } else { 0.0 }
    }

    /// Images per second over all rounds, and the slowest and the fastest round's; none without rounds.
    pub fn rates(&self) -> Option<(f64, f64, f64)> {
        let each = || (0..self.rounds.len()).map(|i| self.rate(std::iter::once(i)));
        let low = each().min_by(f64::total_cmp)?;
        let high = each().max_by(f64::total_cmp)?;
        Some((self.rate(0..self.rounds.len()), low, high))
    }
}

/// The knee by Kneedle of (batch, rate) with ascending batches, as an index; none when the curve does not bend.
pub fn kneedle(points: &[(f64, f64)]) -> Option<usize> {
    let (first, last) = (points.first()?, points.last()?);
    let low = points.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
    let (wide, tall) = (last.0 - first.0, high - low);
    if !(wide > 0.0 && tall > 0.0 && wide.is_finite() && tall.is_finite()) {
        return None;
    }
    let difference: Vec<f64> = points
        .iter()
        .map(|(x, y)| (y - low) / tall - (x - first.0) / wide)
        .collect();
    // The mean distance of n points scaled to 0..1.
    let drop = SENSITIVITY / (points.len() - 1) as f64;
    let mut candidate: Option<usize> = None;
    for i in 1..difference.len() {
        let here = difference[i];
        if let Some(at) = candidate
            && here < difference[at] - drop
        {
            return Some(at);
        }
        let falls = difference.get(i + 1).is_some_and(|next| *next < here);
        if difference[i - 1] < here && falls {
            candidate = Some(i);
        }
    }
    None
}

/// The knee of a curve, or why there is none. Batches must ascend.
///
/// The rounds are resampled with replacement, the same ones for every batch size because these were measured in turn. A
/// knee is claimed when at least 95 % of the resamples have one, when the middle 95 % of those lie within one measured step
/// of it, and when its throughput lies at least 5 % above that of the smallest batch in 97.5 % of the resamples.
///
/// # Errors
/// A sentence: too little was measured, the throughput does not rise, it rises to the end, or the noise is too large.
pub fn knee(points: &[Rounds]) -> Result<Knee, String> {
    let rounds = points.iter().map(|p| p.rounds.len()).min().unwrap_or(0);
    if points.len() < LEAST_POINTS {
        return Err(format!(
            "{} measured; a knee needs at least {LEAST_POINTS}",
            format::plural(points.len(), "batch size")
        ));
    }
    if rounds < LEAST_ROUNDS {
        return Err(format!(
            "{} measured; at least {LEAST_ROUNDS} are needed to know the noise",
            format::plural(rounds, "round")
        ));
    }
    let rates = |drawn: &[usize]| -> Vec<(f64, f64)> {
        let rate = |p: &Rounds| (p.batch as f64, p.rate(drawn.iter().copied()));
        points.iter().map(rate).collect()
    };
    let whole = rates(&(0..rounds).collect::<Vec<_>>());
    let best = (0..whole.len()).max_by(|a, b| whole[*a].1.total_cmp(&whole[*b].1));
    let (Some(best), Some(last)) = (best, points.last()) else {
        return Err("nothing was measured".into());
    };
    let found = kneedle(&whole);
    // What the batch is said to be worth: at the knee, or where it is best when there is none.
    let judged = found.unwrap_or(best);
    let mut random = Random::new(SEED);
    let (mut knees, mut gains) = (Vec::new(), Vec::new());
    for _ in 0..RESAMPLES {
        let drawn: Vec<usize> = (0..rounds).map(|_| random.below(rounds as u64) as usize).collect();
        let resampled = rates(&drawn);
        knees.extend(kneedle(&resampled));
        gains.push(resampled[judged].1 / resampled[0].1);
    }
    gains.sort_unstable_by(f64::total_cmp);
    knees.sort_unstable();
    let least_gain = gains[RESAMPLES / 40];
    if least_gain.is_nan() || least_gain < LEAST_GAIN {
        return Err(format!(
            "no batch gives at least {:.0} % more images per second than {} beyond the noise",
            (LEAST_GAIN - 1.0) * 1e2,
            points[0].batch
        ));
    }
    let tail = knees.len() / 40;
    let spread = knees
        .get(tail)
        .copied()
        .zip(knees.get(knees.len().saturating_sub(tail + 1)).copied());
    match (found, spread) {
        (None, _) => Err(format!(
            "the throughput rises up to the largest batch measured ({}) without levelling off",
            last.batch
        )),
        (Some(at), Some((low, high))) if knees.len() * 20 >= RESAMPLES * 19 && low + 1 >= at && high <= at + 1 => {
            Ok(Knee {
                batch: points[at].batch,
                low: points[low].batch,
                high: points[high].batch,
                gain: whole[at].1 / whole[0].1,
                of_best: whole[at].1 / whole[best].1,
            })
        }
        (Some(at), Some((low, high))) => Err(format!(
            "the bend near batch {} is inside the noise: {} % of the resampled rounds have one, between {} and {}",
            points[at].batch,
            knees.len() * 100 / RESAMPLES,
            points[low].batch,
            points[high].batch
        )),
        (Some(at), None) => Err(format!("the bend near batch {} is inside the noise", points[at].batch)),
    }
}

impl Knee {
    /// In words, with what it is worth.
    pub fn words(&self) -> String {
        let interval = if self.low == self.high {
            String::new()
        } else {
            format!(" (between {} and {} by the noise)", self.low, self.high)
        };
        format!(
            "knee at batch {}{interval}: {} the images per second of the smallest batch, {} % of the best",
            self.batch,
            format::speedup(self.gain),
            significant(self.of_best * 1e2)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BATCHES: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

    /// Five rounds around `rate(batch)` with relative noise.
    fn curve(rate: impl Fn(f64) -> f64, noise: f64, seed: u64) -> Vec<Rounds> {
        let mut random = Random::new(seed);
        let mut point = |batch: u64| Rounds {
            batch,
            rounds: (0..5)
                .map(|_| (rate(batch as f64) * (1.0 + noise * random.normal()), 1e3))
                .collect(),
        };
        BATCHES.map(&mut point).into()
    }

    /// Latency a + c b: throughput b / (a + c b), half its limit at b = a / c.
    fn saturating(b: f64) -> f64 {
        1e3 * b / (8.0 + b)
    }

    #[test]
    fn the_knee_of_a_saturating_curve_is_where_the_difference_is_largest() {
        // By hand: the scaled difference of b / (n + b) is largest at sqrt((n + first)(n + last)) - n, here at
        // sqrt(9 * 264) - 8 = 40.7; of the measured sizes 32 (0.802 - 0.122) beats 64 (0.906 - 0.247).
        let points: Vec<(f64, f64)> = BATCHES.map(|b| (b as f64, saturating(b as f64))).into();
        assert_eq!(kneedle(&points).map(|i| BATCHES[i]), Some(32));
        let knee = knee(&curve(saturating, 0.005, 1)).unwrap();
        assert_eq!(knee.batch, 32, "{knee:?}");
        assert!(
            knee.low <= 32 && knee.high >= 32 && knee.gain > 6.5 && knee.of_best > 0.75,
            "{knee:?}"
        );
        assert!(knee.words().starts_with(&format!("knee at batch {}", knee.batch)));
    }

    #[test]
    fn a_sharp_bend_is_found_where_it_is() {
        let sharp = |b: f64| 100.0 * b.min(16.0);
        let points: Vec<(f64, f64)> = BATCHES.map(|b| (b as f64, sharp(b as f64))).into();
        assert_eq!(kneedle(&points).map(|i| BATCHES[i]), Some(16));
        let found = knee(&curve(sharp, 0.01, 2)).unwrap();
        assert_eq!((found.batch, found.low, found.high), (16, 16, 16));
        assert!((found.gain - 16.0).abs() < 0.5 && found.of_best > 0.97);
        // What falls again after its best has its knee at the best.
        let falling = |b: f64| if b <= 8.0 { 100.0 * b } else { 800.0 - b };
        assert_eq!(knee(&curve(falling, 0.005, 3)).unwrap().batch, 8);
    }

    #[test]
    fn a_line_has_no_knee_however_noisy() {
        let line = |b: f64| 50.0 * b;
        let points: Vec<(f64, f64)> = BATCHES.map(|b| (b as f64, line(b as f64))).into();
        assert_eq!(kneedle(&points), None);
        for seed in 0..20 {
            let why = knee(&curve(line, 0.03, seed)).unwrap_err();
            assert!(why.contains("rises up to the largest batch measured (256)"), "{why}");
        }
    }

    #[test]
    fn nothing_is_claimed_inside_the_noise() {
        // Flat: whatever Kneedle sees in it is noise.
        for seed in 0..40 {
            let why = knee(&curve(|_| 700.0, 0.05, 100 + seed)).unwrap_err();
            assert!(why.contains("beyond the noise"), "{why}");
        }
        // A real rise of 3 % is no reason to batch.
        let why = knee(&curve(|b| 700.0 * (1.0 + 0.03 * b / (2.0 + b)), 0.001, 7)).unwrap_err();
        assert!(why.contains("at least 5 %"), "{why}");
        // A bend drowned in noise: now and then it is still there, but it is never far from the truth.
        for seed in 0..40 {
            if let Ok(knee) = knee(&curve(saturating, 0.4, 200 + seed)) {
                assert!((8..=256).contains(&knee.batch), "{knee:?}");
            }
        }
        let refused = (0..40).filter(|seed| knee(&curve(saturating, 0.4, 200 + seed)).is_err());
        assert!(refused.count() >= 20);
    }

    #[test]
    fn too_little_is_said_to_be_too_little() {
        let all = curve(saturating, 0.0, 1);
        assert!(knee(&all[..3]).unwrap_err().starts_with("3 batch sizes measured"));
        assert!(knee(&[]).unwrap_err().starts_with("0 batch sizes"));
        let mut few = all;
        few.iter_mut().for_each(|p| p.rounds.truncate(2));
        assert!(knee(&few).unwrap_err().starts_with("2 rounds measured"));
    }

    #[test]
    fn hostile_numbers_do_no_harm() {
        for rate in [0.0, f64::NAN, f64::INFINITY, -1.0] {
            assert!(knee(&curve(|_| rate, 0.0, 1)).is_err(), "{rate}");
            assert!(kneedle(&[(1.0, rate), (2.0, 1.0), (4.0, rate)]).is_none_or(|i| i < 3));
        }
        assert_eq!(kneedle(&[]), None);
        assert_eq!(kneedle(&[(1.0, 1.0)]), None);
    }

    #[test]
    fn rates_are_images_over_time() {
        let call = |start: f64| Sample::call(start, start + 10.0);
        let rounds = Rounds::of(4, &[vec![call(0.0), call(10.0)], vec![], vec![call(0.0)]]);
        assert_eq!(rounds.rounds, [(8.0, 20.0), (4.0, 10.0)]);
        assert_eq!(rounds.rates(), Some((400.0, 400.0, 400.0)));
        assert_eq!(Rounds::default().rates(), None);
    }
}
