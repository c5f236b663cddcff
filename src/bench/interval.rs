//! Intervals of a ratio of latencies, by ranks.
//!
//! **What varies.** A session of the same engine falls into modes of its own (memory layout, threads' places), rounds drift with the
//! machine, samples of one round resemble each other (Kalibera and Jones, "Rigorous benchmarking in reasonable time", 2013).
//! So a round is one number, its median latency: what happens inside a round, autocorrelation included, changes that number
//! and never the count of independent ones. Every round has a session made anew where the engine can be made anew in
//! acceptable time, and so holds one draw of all three levels.
//!
//! **Why ranks.** All variants are measured once in each round, in an order drawn at random. If two variants are the same,
//! which of the two was which is a matter of that draw, so the difference of their logarithms is as likely `+d` as `-d`,
//! whatever the distribution (modes 20 % apart, outliers, drift). That is all that Wilcoxon's signed-rank statistic
//! assumes; its distribution is counted exactly, for any number of rounds, where resampling three to ten clusters covers
//! too little. The estimate and the interval that belong to it are Hodges' and Lehmann's (1963).

/// An estimate with its interval.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interval {
    /// The estimate.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The shift of paired differences: the median of the means of all pairs of them (Hodges and Lehmann), with the interval
/// of Wilcoxon's signed-rank test that fails to hold it with a probability of at most `error`. The interval is infinite
/// where there are too few differences for that ([`least_rounds`]); `None` without differences.
pub fn paired(differences: &[f64], error: f64) -> Option<Interval> {
    let n = differences.len();
    let mut means = Vec::with_capacity(n * (n + 1) / 2);
    for (i, a) in differences.iter().enumerate() {
        means.extend(differences[i..].iter().map(|b| (a + b) / 2.0));
    }
    between(means, &signed_rank(n), error)
}

/// As [`paired`] for two samples that share nothing: the median of all differences `a - b`, with the interval of
/// Wilcoxon's rank-sum test (Mann and Whitney).
pub fn unpaired(a: &[f64], b: &[f64], error: f64) -> Option<Interval> {
    let all = a.iter().flat_map(|a| b.iter().map(move |b| a - b));
    between(all.collect(), &rank_sum(a.len(), b.len()), error)
}

/// The interval of the median of one sample by the sign test, the ends of the sample where it is too small.
pub fn of_median(values: &[f64], error: f64) -> Option<Interval> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let estimate = middle(&sorted)?;
    let n = sorted.len();
    let cut = cut(&binomial(n), error).unwrap_or(0);
    Some(Interval {
        estimate,
        low: sorted[cut],
        high: sorted[n - 1 - cut],
    })
}

/// Rounds from which on [`paired`] has an interval: the chance that all differences have one sign is `2^(1-n)`.
pub fn least_rounds(error: f64) -> usize {
    (1.0 - error.log2()).ceil().max(1.0) as usize
}

/// Between the order statistics of `values` that the distribution of a rank statistic says.
fn between(mut values: Vec<f64>, distribution: &[f64], error: f64) -> Option<Interval> {
    values.sort_unstable_by(f64::total_cmp);
    let estimate = middle(&values)?;
    Some(match cut(distribution, error) {
        Some(cut) => Interval {
            estimate,
            low: values[cut],
            high: values[values.len() - 1 - cut],
        },
        None => Interval {
            estimate,
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
        },
    })
}

/// The largest value that the statistic exceeds with a probability of at least `1 - error / 2`; none when even its least
/// value is more likely than that.
fn cut(distribution: &[f64], error: f64) -> Option<usize> {
    let mut below = 0.0;
    let tail = distribution.iter().take_while(|p| {
        below += **p;
        below <= error / 2.0
    });
    tail.count().checked_sub(1)
}

fn middle(sorted: &[f64]) -> Option<f64> {
    let n = sorted.len();
    let (low, high) = (sorted.get(n.checked_sub(1)? / 2)?, sorted.get(n / 2)?);
    Some((low + high) / 2.0)
}

/// Probabilities of the sum of the ranks with a positive sign among `1..=n`.
fn signed_rank(n: usize) -> Vec<f64> {
    let mut p = vec![0.0; n * (n + 1) / 2 + 1];
    p[0] = 1.0;
    for rank in 1..=n {
        for sum in (0..p.len()).rev() {
            let with = sum.checked_sub(rank).map_or(0.0, |before| p[before]);
            p[sum] = (p[sum] + with) / 2.0;
        }
    }
    p
}

/// Probabilities of the number of pairs `a > b` among `n * m`: ranks `1..=n+m` are dealt one by one to the two samples.
fn rank_sum(n: usize, m: usize) -> Vec<f64> {
    // ways[i]: after some ranks, i of them dealt to `a`; each brings as many pairs as `b` has ranks already.
    let mut ways = vec![vec![0.0; n * m + 1]; n + 1];
    ways[0][0] = 1.0;
    for dealt in 0..n + m {
        let mut next = vec![vec![0.0; n * m + 1]; n + 1];
        for i in 0..=n.min(dealt) {
            let in_b = dealt - i;
            if in_b > m {
                continue;
            }
            let left = (n + m - dealt) as f64;
            let (to_a, to_b) = ((n - i) as f64 / left, (m - in_b) as f64 / left);
            for pairs in 0..=n * m {
                let p = ways[i][pairs];
                if p == 0.0 {
                    continue;
                }
                if i < n {
                    next[i + 1][pairs + in_b] += p * to_a;
                }
                if in_b < m {
                    next[i][pairs] += p * to_b;
                }
            }
        }
        ways = next;
    }
    ways.pop().unwrap_or_default()
}

/// Probabilities of the number of heads of `n` coins.
fn binomial(n: usize) -> Vec<f64> {
    let mut p = vec![0.0; n + 1];
    p[0] = 1.0;
    for coin in 1..=n {
        for heads in (0..=coin).rev() {
            let with = heads.checked_sub(1).map_or(0.0, |before| p[before]);
            p[heads] = (p[heads] + with) / 2.0;
        }
    }
    p
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::rounds::Rounds;
    use crate::bench::verdict::error_of_each;
    use crate::data::random::Random;
    use crate::recipe::BenchSpec;
    use std::time::Duration;

    #[test]
    fn distributions_are_those_of_the_tables() {
        // Wilcoxon signed-rank, n = 10: P(W <= 8) = 0.0244, P(W <= 9) = 0.0322.
        let p = signed_rank(10);
        assert!((p[..=8].iter().sum::<f64>() - 25.0 / 1024.0).abs() < 1e-12);
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        // Mann-Whitney, 5 and 5: P(U <= 2) = 4 / 252.
        let p = rank_sum(5, 5);
        assert!((p[..=2].iter().sum::<f64>() - 4.0 / 252.0).abs() < 1e-12);
        assert!((rank_sum(3, 7).iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!([0.05, 0.01, 0.05 / 25.0].map(least_rounds), [6, 8, 10]);
    }

    #[test]
    fn intervals_by_hand() {
        let i = paired(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 0.05).unwrap();
        assert_eq!((i.estimate, i.low, i.high), (3.5, 1.0, 6.0));
        assert_eq!(
            paired(&[1.0; 5], 0.05).unwrap().high,
            f64::INFINITY,
            "five rounds say nothing at 5 %"
        );
        let i = unpaired(&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0], 0.05).unwrap();
        assert_eq!((i.estimate, i.low, i.high), (-4.0, -7.0, -1.0));
        let i = of_median(&[3.0, 1.0, 2.0], 0.05).unwrap();
        assert_eq!((i.estimate, i.low, i.high), (2.0, 1.0, 3.0));
        assert_eq!((paired(&[], 0.05), of_median(&[], 0.05)), (None, None));
    }

    /// The rounds of two variants under one kind of noise, `shift` between them, until the default rule stops: true when
    /// one is called faster.
    fn claims(noise: &mut dyn FnMut(&mut Random) -> f64, random: &mut Random, shift: f64) -> bool {
        let plan = Rounds::of(&BenchSpec::default(), 2);
        let error = error_of_each(1, plan.pairing());
        let (mut differences, mut found) = (Vec::new(), None);
        let width = |found: &Option<Interval>| found.as_ref().map(|i| ((i.high - i.low) / 2.0).exp_m1());
        while plan.goes_on(differences.len() as u32, width(&found), Duration::ZERO) {
            differences.push(noise(random) - noise(random) + shift);
            if differences.len() % 5 == 0 {
                found = paired(&differences, error);
            }
        }
        found.is_some_and(|i| i.low > 0.0 || i.high < 0.0)
    }

    #[test]
    fn no_false_winners_under_noise_that_machines_really_have() {
        type Noise = Box<dyn FnMut(&mut Random) -> f64>;
        let normal = |sd: f64| -> Noise { Box::new(move |r| sd * r.normal()) };
        let modes = |share: f64, apart: f64| -> Noise {
            Box::new(move |r| 0.01 * r.normal() + if r.unit() < share { apart } else { 0.0 })
        };
        let bursts: Noise = Box::new(|r| 0.005 * r.normal() / r.unit().max(1e-3));
        let kinds: [(&str, Noise, f64); 6] = [
            ("1 % from round to round", normal(0.01), 0.95),
            ("3 %", normal(0.03), 0.9),
            ("sessions in two modes 20 % apart, half each", modes(0.5, 0.18), 0.4),
            ("one session in ten 20 % slower", modes(0.1, 0.18), 0.9),
            ("sessions in two modes 5 % apart", modes(0.5, 0.05), 0.9),
            ("heavy tails", bursts, 0.9),
        ];
        let mut random = Random::new(7);
        for (name, mut noise, power) in kinds {
            let trials = 1000;
            let wrong = (0..trials).filter(|_| claims(&mut noise, &mut random, 0.0)).count();
            // 5 % and three standard errors of the trials.
            assert!(wrong <= 71, "{name}: {wrong} of {trials}");
            let right = (0..trials)
                .filter(|_| claims(&mut noise, &mut random, 1.03f64.ln()))
                .count();
            assert!(
                right as f64 >= power * f64::from(trials),
                "{name}: 3 % found in {right} of {trials}"
            );
        }
    }
}
