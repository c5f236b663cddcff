//! How many rounds to measure: until the interval is narrow enough for the question, or a stated limit is reached.

use super::interval;
use super::verdict::{Pairing, error_of_each};
use crate::recipe::BenchSpec;
use std::time::Duration;

/// Rounds when the recipe says nothing, and at least; a measurement's time is divided by this.
pub const ROUNDS: u32 = 10;
/// Rounds at most while they are added for the sake of a narrow interval.
const MOST: u32 = 40;
/// Rounds are added this many at a time.
const STEP: u32 = 5;
/// Half width of the interval, as a share of the ratio, at which adding rounds ends: narrow enough to find a difference
/// of 3 % nine times in ten.
pub const PRECISION: f64 = 0.015;
/// Seconds after which no rounds are added.
pub const LIMIT_S: f64 = 120.0;
/// How many rounds to measure.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rounds {
    /// At least.
    pub least: u32,
    /// At most.
    pub most: u32,
    /// Rounds are added until all intervals are this narrow; none when their number is fixed.
    pub wanted: Option<f64>,
    limit: Duration,
}

impl Rounds {
    /// What a recipe asks for. The number is fixed when it says rounds, a duration or iterations without a precision, and
    /// where there is nothing to compare.
    pub fn of(bench: &BenchSpec, rows: usize) -> Self {
        let least = bench.rounds.unwrap_or(ROUNDS).max(1);
        let is_open = bench.rounds.is_none() && bench.duration_s.is_none() && bench.iterations.is_none();
        let wanted = bench
            .precision_of_answer
            .or(is_open.then_some(PRECISION))
            .filter(|_| rows > 1);
        Self {
            least,
            most: if wanted.is_some() { MOST.max(least) } else { least },
            wanted,
            limit: Duration::from_secs_f64(bench.time_limit_s.unwrap_or(LIMIT_S).clamp(0.0, 1e7)),
        }
    }

    /// How the rounds of two rows belong together.
    pub fn pairing(&self) -> Pairing {
        Pairing::Rounds {
            growing: self.wanted.is_some(),
        }
    }

    /// True when another round is to be measured; `widest` is the half width of the widest interval.
    pub fn goes_on(&self, done: u32, widest: Option<f64>, elapsed: Duration) -> bool {
        if done < self.least {
            return true;
        }
        let Some(wanted) = self.wanted else { return false };
        if done >= self.most || elapsed >= self.limit {
            return false;
        }
        !(done - self.least).is_multiple_of(STEP) || widest.is_none_or(|w| w > wanted)
    }
}

/// Half the width, as a share of the ratio, of the interval that two rows have when they are one of `comparisons`; from
/// their median latencies in milliseconds of each round. None when they have not the same rounds.
pub fn half_width(base_ms: &[f64], row_ms: &[f64], comparisons: usize, pairing: Pairing) -> Option<f64> {
    let pairs = base_ms.iter().zip(row_ms);
    let differences: Vec<f64> = pairs.map(|(a, b)| a.ln() - b.ln()).collect();
    let interval = interval::paired(&differences, error_of_each(comparisons, pairing))?;
    (base_ms.len() == row_ms.len()).then(|| ((interval.high - interval.low) / 2.0).exp_m1())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_added_until_the_interval_is_narrow_or_a_limit_is_reached() {
        let plan = Rounds::of(&BenchSpec::default(), 2);
        assert_eq!((plan.least, plan.most, plan.wanted), (ROUNDS, MOST, Some(PRECISION)));
        let second = Duration::from_secs(1);
        assert!(plan.goes_on(9, Some(0.0), second), "at least ten");
        assert!(!plan.goes_on(10, Some(0.01), second));
        assert!(plan.goes_on(10, Some(0.02), second) && plan.goes_on(10, None, second));
        assert!(plan.goes_on(11, Some(0.01), second), "looked at every five rounds only");
        assert!(!plan.goes_on(15, Some(0.01), second) && !plan.goes_on(40, Some(0.5), second));
        assert!(!plan.goes_on(15, Some(0.5), Duration::from_secs(121)));
        // Fixed where the recipe fixes it, and where there is nothing to compare.
        let timed = BenchSpec {
            duration_s: Some(1.0),
            ..BenchSpec::default()
        };
        assert_eq!(Rounds::of(&timed, 2).most, ROUNDS);
        let precise = BenchSpec {
            precision_of_answer: Some(0.02),
            ..timed
        };
        assert_eq!(Rounds::of(&precise, 2).wanted, Some(0.02));
        assert_eq!(Rounds::of(&precise, 1).most, ROUNDS);
    }
}
