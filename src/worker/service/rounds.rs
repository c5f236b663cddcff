//! Measuring rows in turn: rounds in which every row is measured once, in an order drawn at random, in sessions made anew,
//! as many as [`Rounds`] says.

use super::ServiceEvent;
use super::build::renew;
use super::compare::{Row, SEED, share_of};
use super::context::Context;
use crate::bench::Sample;
use crate::bench::rounds::{ROUNDS, Rounds, half_width};
use crate::bench::verdict::{Pairing, median_ms};
use crate::data::random::Random;
use crate::format;
use crate::worker::{Job, JobError, JobEvent};
use std::time::{Instant, SystemTime};

/// An engine that takes longer than this many seconds to make is measured in the session that it was built in.
const RENEWABLE_S: f64 = 3.0;

/// The widest half width, as a share of the ratio, among the intervals of all rows against the first; none before there are
/// intervals, and where no two rows are left to compare.
fn widest(rows: &[Row], pairing: Pairing) -> Option<f64> {
    let medians = |row: &Row| -> Vec<f64> { row.rounds.iter().filter_map(|round| median_ms(round)).collect() };
    let (first, others) = rows.split_first()?;
    let base = medians(first);
    let of = |row: &Row| half_width(&base, &medians(row), others.len(), pairing);
    others.iter().filter_map(of).reduce(f64::max)
}

/// Indices of rows in an order drawn at random for every round.
struct Order {
    seed: u64,
    random: Random,
}

impl Order {
    fn drawn() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map_or(0, |t| t.as_nanos() as u64);
        // 53 bits, so that readers of JSON that know only doubles see the same number.
        let seed = (now ^ (u64::from(std::process::id()) << 32)) & ((1 << 53) - 1);
        Self {
            seed,
            random: Random::new(seed),
        }
    }

    fn next(&mut self, rows: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..rows).collect();
        for last in (1..rows).rev() {
            order.swap(last, self.random.below(last as u64 + 1) as usize);
        }
        order
    }
}

/// How the rounds went.
pub struct Done {
    /// The seed of their order.
    pub seed: u64,
    /// What was measured of what, when the user ended it.
    pub ended_early: Option<String>,
}

/// Measures the rows round by round. When the user ends it, the rounds that all rows have are what there is.
///
/// # Errors
/// Cancelled. A row that fails is noted as failed, and the others go on.
pub fn measure(context: &Context, rows: &mut [Row], plan: &Rounds) -> Result<Done, JobError> {
    let mut order = Order::drawn();
    if rows.iter().all(|row| row.built.is_none()) {
        return Ok(Done {
            seed: order.seed,
            ended_early: None,
        });
    }
    let began = Instant::now();
    let (mut round, mut width) = (0, None);
    while plan.goes_on(round, width, began.elapsed()) {
        for i in order.next(rows.len()) {
            let Some(row) = rows.get_mut(i) else { continue };
            context.phase(name(&row.name, round, plan, width), Some(i));
            if row.built.is_some()
                && let Err(error) = row.round(context, i, round)
            {
                if context.is_ending() {
                    break;
                }
                row.fail(context, i, error)?;
            }
        }
        if context.is_ending() {
            context.go_on()?;
            // A round that some rows lack is none.
            rows.iter_mut().for_each(|row| row.rounds.truncate(round as usize));
            return Ok(Done {
                seed: order.seed,
                ended_early: Some(format!(
                    "ended by the user after {}; {} were wanted, and what comes after them was left out",
                    format::plural(round as usize, "round"),
                    if plan.wanted.is_some() {
                        format!("{} to {}", plan.least, plan.most)
                    } else {
                        plan.least.to_string()
                    },
                )),
            });
        }
        round += 1;
        context.keep_results();
        // Where no two rows are left to compare, no interval is too wide.
        width = Some(widest(rows, plan.pairing()).unwrap_or(0.0));
    }
    Ok(Done {
        seed: order.seed,
        ended_early: None,
    })
}

/// `Measure fp16, round 12 of at most 40, interval ±2.3 % (±1.5 % wanted)`.
fn name(row: &str, round: u32, plan: &Rounds, width: Option<f64>) -> String {
    let percent = |share: f64| format!("±{} %", format::significant(share * 1e2));
    let most = if plan.wanted.is_some() { "at most " } else { "" };
    let narrow = match (plan.wanted, width) {
        (Some(wanted), Some(width)) if width > 0.0 && width.is_finite() => {
            format!(", interval {} ({} wanted)", percent(width), percent(wanted))
        }
        _ => String::new(),
    };
    format!("Measure {row}, round {} of {most}{}{narrow}", round + 1, plan.most)
}

impl Row {
    /// Measures one round, in a session made anew where that is quick.
    fn round(&mut self, context: &Context, i: usize, round: u32) -> Result<(), JobError> {
        let Some(built) = &self.built else { return Ok(()) };
        let makes_sessions = crate::engine::makes_sessions(&self.recipe.target.name);
        if round > 0 && makes_sessions && built.record.seconds <= RENEWABLE_S {
            self.built = Some(renew(context, built, &self.recipe)?);
            self.sessions += 1;
        }
        let Some(built) = &self.built else { return Ok(()) };
        let mut recipe = self.recipe.clone();
        recipe.bench = share_of(&recipe.bench, recipe.bench.rounds.unwrap_or(ROUNDS).max(1));
        let job = Job::Bench {
            engine: built.engine,
            recipe: Box::new(recipe),
            seed: SEED,
        };
        let mut samples: Vec<Sample> = Vec::new();
        let worker = built.worker.clone();
        let output = context.run(&worker, job, Some(i), &mut |event| {
            if let JobEvent::Samples(new) = event {
                samples.extend_from_slice(new);
                let samples = new.clone();
                context.tell(ServiceEvent::Samples {
                    variant: i,
                    round,
                    samples,
                });
            }
        })?;
        self.measured(output, samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_has_every_row_once_and_all_orders_come() {
        let mut order = Order::drawn();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let mut one = order.next(3);
            seen.insert(one.clone());
            one.sort_unstable();
            assert_eq!(one, [0, 1, 2]);
        }
        assert_eq!(seen.len(), 6);
        let again = Order {
            seed: order.seed,
            random: Random::new(order.seed),
        }
        .next(5);
        assert_eq!(
            again,
            Order {
                seed: order.seed,
                random: Random::new(order.seed)
            }
            .next(5)
        );
    }
}
