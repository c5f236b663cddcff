//! Which few sizes to build for, so that requests of many sizes, each padded to the next one, take the least time on average.
//!
//! Along one size (or several that stay equal) the best choice is exact, by dynamic programming over the sizes that occur:
//! in the best choice every built size is the padded size of the largest request that goes to it, so the requests in order
//! of size fall into as many runs as there are buckets (the segmentation of Bellman, "On the approximation of curves by line
//! segments using dynamic programming", 1961, with another cost). The cost of a size is its measured latency; between
//! measured sizes it is interpolated, beyond them nothing is claimed.

use crate::data::random::Random;
use crate::data::traffic::Requests;
use serde::{Deserialize, Serialize};

/// Resamples of the rounds for the interval.
const RESAMPLES: usize = 1000;
/// The same rounds always give the same answer.
const SEED: u64 = 0x5eed;
/// Sizes beyond which the table of the dynamic program gets slow; nearby ones are joined upwards then.
pub const MOST_SIZES: usize = 2048;

/// A measured size.
#[derive(Clone, PartialEq, Debug)]
pub struct Measured {
    /// The size.
    pub size: u64,
    /// Median latency of every round, in milliseconds.
    pub rounds_ms: Vec<f64>,
}

/// One size to build for.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Bucket {
    /// The size.
    pub size: u64,
    /// Requests that are padded to it.
    pub requests: u64,
    /// Their share of all, 0 to 1.
    pub share: f64,
    /// Latency there in milliseconds, measured or interpolated.
    pub latency_ms: f64,
}

/// The choice, and what it gains.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Choice {
    /// The sizes, ascending; the largest serves the largest request.
    pub buckets: Vec<Bucket>,
    /// Expected latency of a request that is padded to the next bucket, in milliseconds.
    pub expected_ms: f64,
    /// The same with one bucket, the largest.
    pub one_ms: f64,
    /// The same without padding, by the latency of each request's own size.
    pub unpadded_ms: f64,
    /// `one_ms` over `expected_ms`.
    pub gain: f64,
    /// Lower end of its 95 % interval, over the measured rounds.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The same against one engine for the whole range of sizes, which takes every request at its own size; none where its
    /// latencies were not measured.
    #[serde(default)]
    pub over_range: Option<OverRange>,
}

/// What buckets gain over one range of sizes.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct OverRange {
    /// Expected latency of a request at its own size in the engine for the whole range, in milliseconds.
    pub expected_ms: f64,
    /// That over the buckets' expected latency; below 1 where the range is faster.
    pub gain: f64,
    /// Lower end of its 95 % interval, over the measured rounds.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The latency at a size: measured, or on the line between the two measured sizes around it; none outside.
pub fn latency(curve: &[(u64, f64)], size: u64) -> Option<f64> {
    let above = curve.iter().position(|(s, _)| *s >= size)?;
    let (high, high_ms) = *curve.get(above)?;
    if high == size {
        return Some(high_ms);
    }
    let (low, low_ms) = *curve.get(above.checked_sub(1)?)?;
    let at = (size - low) as f64 / (high - low) as f64;
    Some(low_ms + at * (high_ms - low_ms))
}

/// The sizes out of `requests` (ascending by padded size) that at most `count` buckets should have, by the latency of each.
/// O(sizes^2 * count).
pub fn choose(requests: &[(u64, u64)], latency: &[f64], count: usize) -> Vec<u64> {
    let n = requests.len();
    if n == 0 || count == 0 || latency.len() != n {
        return Vec::new();
    }
    let mut before = vec![0u64; n + 1];
    for (i, (_, c)) in requests.iter().enumerate() {
        before[i + 1] = before[i].saturating_add(*c);
    }
    let cost = |from: usize, to: usize| (before[to + 1] - before[from]) as f64 * latency[to];
    // best[k][j]: the least cost of the first j + 1 sizes with k + 1 buckets, and where the last bucket begins.
    let mut best: Vec<Vec<(f64, usize)>> = vec![(0..n).map(|j| (cost(0, j), 0)).collect()];
    for k in 1..count.min(n) {
        let last = &best[k - 1];
        let row: Vec<(f64, usize)> = (0..n)
            .map(|j| {
                let mut least = last[j];
                least.1 = usize::MAX;
                for from in 1..=j {
                    let total = last[from - 1].0 + cost(from, j);
                    if total < least.0 {
                        least = (total, from);
                    }
                }
                least
            })
            .collect();
        best.push(row);
    }
    let mut chosen = Vec::new();
    let (mut k, mut j) = (best.len() - 1, n - 1);
    loop {
        let from = best[k][j].1;
        // One bucket fewer does as well.
        if from == usize::MAX {
            k -= 1;
            continue;
        }
        chosen.push(requests[j].0);
        if k == 0 || from == 0 {
            break;
        }
        (k, j) = (k - 1, from - 1);
    }
    chosen.reverse();
    chosen
}

/// Expected latency of the requests when each is padded to the least of `sizes` at or above it.
fn expected(requests: &[(u64, u64)], sizes: &[u64], at: &dyn Fn(u64) -> Option<f64>) -> Option<f64> {
    let (mut total, mut count) = (0.0, 0u64);
    for (size, n) in requests {
        let bucket = sizes.iter().find(|s| *s >= size)?;
        total += at(*bucket)? * *n as f64;
        count += n;
    }
    (count > 0).then(|| total / count as f64)
}

fn median_curve(measured: &[Measured], drawn: Option<&[usize]>) -> Vec<(u64, f64)> {
    let one = |m: &Measured| {
        let rounds: Vec<f64> = match drawn {
            None => m.rounds_ms.clone(),
            Some(drawn) => drawn.iter().filter_map(|i| m.rounds_ms.get(*i).copied()).collect(),
        };
        Some((m.size, crate::bench::Summary::of(rounds)?.median))
    };
    measured.iter().filter_map(one).collect()
}

/// What has figures, ascending by size.
fn usable(measured: &[Measured]) -> Vec<Measured> {
    let mut measured = measured.to_vec();
    measured.sort_by_key(|m| m.size);
    measured.retain(|m| !m.rounds_ms.is_empty() && m.rounds_ms.iter().all(|ms| ms.is_finite() && *ms > 0.0));
    measured
}

/// The median of sorted gains' middle 95 %.
fn interval(mut gains: Vec<f64>, gain: f64) -> (f64, f64) {
    gains.sort_unstable_by(f64::total_cmp);
    let end = |share: usize| {
        gains
            .get(share.min(gains.len().saturating_sub(1)))
            .copied()
            .unwrap_or(gain)
    };
    let cut = gains.len() / 40;
    (end(cut).min(gain), end(gains.len().saturating_sub(cut + 1)).max(gain))
}

/// Chooses at most `count` buckets for the requests over the measured curve. `range` is the curve of one engine for the whole
/// range of sizes, measured in the same rounds, where there is one.
///
/// # Errors
/// No requests, no curve, requests beyond what was measured.
pub fn buckets(
    measured: &[Measured],
    range: Option<&[Measured]>,
    requests: &[Requests],
    count: usize,
) -> Result<Choice, String> {
    let measured = usable(measured);
    let range = range.map(usable);
    let curve = median_curve(&measured, None);
    let (Some(first), Some(last)) = (curve.first(), curve.last()) else {
        return Err("nothing was measured".into());
    };
    let joined = joined(requests);
    let (Some(least), Some(most)) = (joined.first(), joined.last()) else {
        return Err("the traffic has no requests".into());
    };
    if least.0 < first.0 || most.0 > last.0 {
        return Err(format!(
            "the traffic needs sizes from {} to {}, measured were {} to {}; measure those as well (--sizes)",
            least.0, most.0, first.0, last.0
        ));
    }
    let at: Vec<f64> = joined.iter().filter_map(|(size, _)| latency(&curve, *size)).collect();
    let sizes = choose(&joined, &at, count);
    let own: Vec<u64> = joined.iter().map(|(size, _)| *size).collect();
    let one = [most.0];
    let of = |curve: &[(u64, f64)], sizes: &[u64]| expected(&joined, sizes, &|size| latency(curve, size));
    let missing = || "a size between the measured ones has no latency".to_owned();
    let expected_ms = of(&curve, &sizes).ok_or_else(missing)?;
    let one_ms = of(&curve, &one).ok_or_else(missing)?;
    let unpadded_ms = of(&curve, &own).ok_or_else(missing)?;
    let both = measured.iter().chain(range.iter().flatten());
    let rounds = both.map(|m| m.rounds_ms.len()).min().unwrap_or(0);
    let mut random = Random::new(SEED);
    let mut gains: Vec<f64> = Vec::with_capacity(RESAMPLES);
    let mut over_range: Vec<f64> = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        // Rounds of different sizes that were measured in turn are drawn together.
        let drawn: Vec<usize> = (0..rounds)
            .map(|_| random.below(rounds.max(1) as u64) as usize)
            .collect();
        let curve = median_curve(&measured, Some(&drawn));
        let some = of(&curve, &sizes);
        gains.extend(of(&curve, &one).zip(some).map(|(one, some)| one / some));
        if let Some(range) = &range {
            let range = of(&median_curve(range, Some(&drawn)), &own);
            over_range.extend(range.zip(some).map(|(range, some)| range / some));
        }
    }
    let gain = one_ms / expected_ms;
    let (low, high) = interval(gains, gain);
    let over_range = range.as_ref().and_then(|range| {
        let range_ms = of(&median_curve(range, None), &own)?;
        let gain = range_ms / expected_ms;
        let (low, high) = interval(over_range, gain);
        Some(OverRange {
            expected_ms: range_ms,
            gain,
            low,
            high,
        })
    });
    let total: u64 = joined.iter().map(|(_, n)| n).sum();
    let mut below = 0;
    let bucket = |size: &u64| {
        let requests: u64 = joined
            .iter()
            .filter(|(s, _)| *s > below && s <= size)
            .map(|(_, n)| n)
            .sum();
        below = *size;
        Some(Bucket {
            size: *size,
            requests,
            share: requests as f64 / total as f64,
            latency_ms: latency(&curve, *size)?,
        })
    };
    Ok(Choice {
        buckets: sizes.iter().filter_map(bucket).collect(),
        expected_ms,
        one_ms,
        unpadded_ms,
        gain,
        low,
        high,
        over_range,
    })
}

/// Requests by padded size, ascending; where there are too many sizes, neighbours are joined upwards.
fn joined(requests: &[Requests]) -> Vec<(u64, u64)> {
    let mut by_size: std::collections::BTreeMap<u64, u64> = std::collections::BTreeMap::new();
    for r in requests.iter().filter(|r| r.count > 0) {
        let slot = by_size.entry(r.padded).or_default();
        *slot = slot.saturating_add(r.count);
    }
    let all: Vec<(u64, u64)> = by_size.into_iter().collect();
    let together = all.len().div_ceil(MOST_SIZES).max(1);
    let chunk = |part: &[(u64, u64)]| Some((part.last()?.0, part.iter().fold(0u64, |n, p| n.saturating_add(p.1))));
    // From above, so that the largest size stays.
    let mut out: Vec<(u64, u64)> = all.rchunks(together).filter_map(chunk).collect();
    out.reverse();
    out
}

impl OverRange {
    /// `one engine for the whole range 3.1 ms, which is 1.2 times slower (95 % interval …)`.
    fn words(&self) -> String {
        use crate::format::{significant, speedup};
        let (words, gain, low, high) = if self.gain >= 1.0 {
            ("the buckets are", self.gain, self.low, self.high)
        } else {
            ("the range is", 1.0 / self.gain, 1.0 / self.high, 1.0 / self.low)
        };
        let verdict = if low > 1.0 { "" } else { ", which is within the noise" };
        format!(
            "one engine for the whole range, without padding, {} ms: {words} {} faster (95 % interval {} to {}{verdict})",
            significant(self.expected_ms),
            speedup(gain),
            speedup(low),
            speedup(high)
        )
    }
}

impl Choice {
    /// In words, with what it gains.
    pub fn words(&self, over: &str) -> String {
        use crate::format::significant;
        let sizes: Vec<String> = self.buckets.iter().map(|b| b.size.to_string()).collect();
        let interval = format!(
            "{} to {}",
            crate::format::speedup(self.low),
            crate::format::speedup(self.high)
        );
        if self.buckets.len() < 2 {
            return format!(
                "one size is as good as several: {over} {}, {} ms expected",
                sizes.join(", "),
                significant(self.expected_ms)
            );
        }
        let verdict = if self.low > 1.0 {
            ""
        } else {
            ", which is within the noise"
        };
        let range = self
            .over_range
            .map_or_else(String::new, |range| format!("; {}", range.words()));
        format!(
            "{over} {}: {} ms expected where each request is padded to the next, {} ms with {} alone, {} faster (95 % interval \
             {interval}{verdict}){range}",
            sizes.join(", "),
            significant(self.expected_ms),
            significant(self.one_ms),
            sizes.last().map_or("", String::as_str),
            crate::format::speedup(self.gain)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every subset of the sizes with at most `count` members that has the largest.
    fn brute_force(requests: &[(u64, u64)], latency: &[f64], count: usize) -> f64 {
        let n = requests.len();
        let mut least = f64::INFINITY;
        for set in 0u32..1 << n {
            if set.count_ones() as usize > count || set & (1 << (n - 1)) == 0 {
                continue;
            }
            let cost: f64 = (0..n)
                .map(|i| {
                    let bucket = (i..n).find(|j| set & (1 << j) != 0).unwrap();
                    requests[i].1 as f64 * latency[bucket]
                })
                .sum();
            least = least.min(cost);
        }
        least
    }

    #[test]
    fn the_choice_is_as_good_as_the_best_of_all_choices() {
        let mut random = Random::new(7);
        for _ in 0..400 {
            let n = 1 + random.below(9) as usize;
            let count = 1 + random.below(5) as usize;
            let mut sizes: Vec<u64> = (0..n).map(|_| 1 + random.below(500)).collect();
            sizes.sort_unstable();
            sizes.dedup();
            let requests: Vec<(u64, u64)> = sizes.iter().map(|s| (*s, 1 + random.below(100))).collect();
            // Also curves that fall: a larger size may well be faster.
            let latency: Vec<f64> = sizes.iter().map(|_| 1.0 + random.below(1000) as f64 / 10.0).collect();
            let chosen = choose(&requests, &latency, count);
            assert!(chosen.len() <= count && chosen.last() == sizes.last(), "{chosen:?}");
            let at = |size: u64| sizes.iter().position(|s| *s == size).map(|i| latency[i]);
            let total: u64 = requests.iter().map(|r| r.1).sum();
            let ours = expected(&requests, &chosen, &at).unwrap() * total as f64;
            let best = brute_force(&requests, &latency, count);
            assert!(
                (ours - best).abs() < 1e-6 * best,
                "{requests:?} {latency:?} {count}: {ours} {best}"
            );
        }
    }

    fn requests(list: &[(u64, u64)]) -> Vec<Requests> {
        let one = |(size, count): &(u64, u64)| Requests {
            size: *size,
            padded: *size,
            count: *count,
        };
        list.iter().map(one).collect()
    }

    fn curve(list: &[(u64, f64)], noise: f64) -> Vec<Measured> {
        let one = |(size, ms): &(u64, f64)| Measured {
            size: *size,
            rounds_ms: [-1.0, 0.0, 1.0, 0.5, -0.5]
                .iter()
                .map(|n| ms * (1.0 + n * noise))
                .collect(),
        };
        list.iter().map(one).collect()
    }

    #[test]
    fn the_gain_over_one_size_is_that_of_the_traffic() {
        let measured = curve(&[(32, 1.0), (64, 2.0), (128, 4.0), (512, 16.0)], 0.01);
        let traffic = requests(&[(32, 90), (512, 10)]);
        let choice = buckets(&measured, None, &traffic, 2).unwrap();
        let sizes: Vec<(u64, u64)> = choice.buckets.iter().map(|b| (b.size, b.requests)).collect();
        assert_eq!(sizes, [(32, 90), (512, 10)]);
        assert!(
            (choice.expected_ms - 2.5).abs() < 1e-9 && (choice.one_ms - 16.0).abs() < 1e-9,
            "{choice:?}"
        );
        assert!((choice.gain - 6.4).abs() < 1e-9 && choice.low <= 6.4 && choice.high >= 6.4);
        assert!(
            choice.words("seq").contains("seq 32, 512: 2.5"),
            "{}",
            choice.words("seq")
        );
        // Sizes between those measured lie on the line; beyond them nothing is said.
        assert_eq!(latency(&[(10, 1.0), (20, 3.0)], 15), Some(2.0));
        let error = buckets(&measured, None, &requests(&[(600, 1)]), 2).unwrap_err();
        assert!(error.contains("measured were 32 to 512"), "{error}");
        // One bucket is what is asked, or what is enough.
        assert_eq!(buckets(&measured, None, &traffic, 1).unwrap().buckets.len(), 1);
        let flat = curve(&[(32, 1.0), (512, 1.0)], 0.0);
        let one = buckets(&flat, None, &traffic, 3).unwrap();
        assert_eq!((one.buckets.len(), one.gain), (1, 1.0), "{one:?}");
        assert!(buckets(&[], None, &traffic, 2).is_err() && buckets(&measured, None, &[], 2).is_err());
    }

    #[test]
    fn the_gain_over_one_range_is_that_over_its_own_curve_without_padding() {
        let measured = curve(&[(32, 1.0), (64, 2.0), (512, 16.0)], 0.01);
        // The range costs twice as much at every size.
        let range = curve(&[(32, 2.0), (64, 4.0), (512, 32.0)], 0.01);
        let traffic = requests(&[(32, 50), (64, 40), (512, 10)]);
        let choice = buckets(&measured, Some(&range), &traffic, 2).unwrap();
        let over = choice.over_range.unwrap();
        // 0.5 * 2 + 0.4 * 4 + 0.1 * 32 in the range; 0.9 * 2 + 0.1 * 16 in buckets of 64 and 512.
        assert!(
            (over.expected_ms - 5.8).abs() < 1e-9 && (choice.expected_ms - 3.4).abs() < 1e-9,
            "{choice:?}"
        );
        assert!(
            (over.gain - 5.8 / 3.4).abs() < 1e-9 && over.low > 1.0 && over.low <= over.gain && over.gain <= over.high
        );
        assert!(
            choice.words("seq").contains("the buckets are 1.71x faster"),
            "{}",
            choice.words("seq")
        );
        // An engine that takes every size as well as its own needs no padding, and is faster.
        let same = buckets(&measured, Some(&measured), &traffic, 2).unwrap();
        assert!(same.over_range.unwrap().gain < 1.0);
        assert!(same.words("seq").contains("the range is"), "{}", same.words("seq"));
    }

    #[test]
    fn many_sizes_are_joined_upwards() {
        let many: Vec<(u64, u64)> = (1..=5000).map(|n| (n, 1)).collect();
        let few = joined(&requests(&many));
        assert!(few.len() <= MOST_SIZES && few.last().unwrap().0 == 5000);
        assert_eq!(few.iter().map(|r| r.1).sum::<u64>(), 5000);
    }
}
