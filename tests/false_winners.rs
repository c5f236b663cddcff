//! How often the decision is wrong, on rounds that were really measured (`benches/false_winners.py` records them): of variants
//! that are the same thing, and of variants with 3 % more work. `--nocapture` prints the table of
//! docs/benchmarks/false-winners.md.

use enginesmith::bench::compare::Measured;
use enginesmith::bench::interval::least_rounds;
use enginesmith::bench::rounds::{ROUNDS, Rounds, half_width};
use enginesmith::bench::verdict::{ERROR, Pairing};
use enginesmith::bench::{Comparison, Protocol, Sample, Standing, VariantResult};
use enginesmith::data::random::Random;
use enginesmith::recipe::BenchSpec;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Trials made of drawn rounds.
const DRAWN: usize = 400;

/// Median latencies of two variants in one round.
type Pair = (f64, f64);

/// What the comparison says of the second variant against the first: all of it, unstable rounds included.
fn decide(rounds: &[Pair], pairing: Pairing) -> Standing {
    let (a, b): (Vec<f64>, Vec<f64>) = rounds.iter().copied().unzip();
    let samples = [a, b].map(|ms| ms.iter().map(|ms| vec![Sample::call(0.0, *ms)]).collect::<Vec<_>>());
    let row = |rounds: &Vec<Vec<Sample>>| {
        let mut row = VariantResult::default();
        row.fill(&Measured {
            rounds,
            protocol: Protocol::Serial,
            is_gpu: false,
        });
        row
    };
    let mut comparison = Comparison {
        variants: samples.iter().map(row).collect(),
        ..Comparison::default()
    };
    let samples: Vec<&[Vec<Sample>]> = samples.iter().map(Vec::as_slice).collect();
    comparison.judge(&samples, pairing, None, None);
    comparison.variants[1].verdict.standing
}

fn is_claim(standing: Standing) -> bool {
    matches!(standing, Standing::Faster | Standing::Slower)
}

/// The default rule on rounds that come one after another: the decision, and the rounds it took.
fn by_rule(next: &mut dyn FnMut() -> Pair) -> (Standing, usize) {
    let plan = Rounds::of(&BenchSpec::default(), 2);
    let (mut rounds, mut width): (Vec<Pair>, _) = (Vec::new(), None);
    while plan.goes_on(rounds.len() as u32, width, Duration::ZERO) {
        rounds.push(next());
        if rounds.len().is_multiple_of(5) {
            let (a, b): (Vec<f64>, Vec<f64>) = rounds.iter().copied().unzip();
            width = half_width(&a, &b, 1, plan.pairing());
        }
    }
    (decide(&rounds, plan.pairing()), rounds.len())
}

fn rounds(recording: &Value, kind: &str) -> Vec<Vec<f64>> {
    let rows = recording["rounds"].as_object().expect("rounds by variant");
    let of = |v: &Value| v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    let rows = rows.iter().filter(|(name, _)| name.starts_with(kind));
    rows.map(|(_, v)| of(v)).collect()
}

/// Pairs among `n` variants, by index.
fn pairs(n: usize) -> Vec<(usize, usize)> {
    (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).collect()
}

#[test]
fn false_winners_are_rare_on_recorded_rounds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/false_winners");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    println!(
        "| target | threads | rounds recorded | as measured: false winners | drawn: false winners | drawn: 3 % more work found | rounds used |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let fixed = Pairing::Rounds { growing: false };
    let (mut all, mut wrong_of_all) = (0, 0);
    for file in files {
        let recorded: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        println!("{}:", recorded["condition"].as_str().unwrap());
        for recording in recorded["recordings"].as_array().unwrap() {
            let (same, more) = (rounds(recording, "same"), rounds(recording, "more"));
            let count = same[0].len();
            let window = count.min(ROUNDS as usize);
            assert!(window >= least_rounds(ERROR), "{count} rounds");
            // Ten rounds (as many as there are) in order, as they were measured, every pair of the six: what
            // `--duration` measures.
            let (mut trials, mut wrong) = (0, 0);
            for (a, b) in pairs(same.len()) {
                for start in (0..=count - window).step_by(window) {
                    let taken: Vec<Pair> = (start..start + window).map(|r| (same[a][r], same[b][r])).collect();
                    trials += 1;
                    wrong += usize::from(is_claim(decide(&taken, fixed)));
                }
            }
            all += trials;
            wrong_of_all += wrong;
            // Rounds drawn at random, each with two variants drawn at random: as many as the default rule wants.
            let mut random = Random::new(1);
            let (mut drawn_wrong, mut found, mut used) = (0, 0, 0);
            for _ in 0..DRAWN {
                let mut below = |n: usize| random.below(n as u64) as usize;
                let (wrong, took) = by_rule(&mut || {
                    let (round, a) = (below(count), below(same.len()));
                    let b = (a + 1 + below(same.len() - 1)) % same.len();
                    (same[a][round], same[b][round])
                });
                let (slower, took_too) = by_rule(&mut || {
                    let round = below(count);
                    (same[below(same.len())][round], more[below(more.len())][round])
                });
                drawn_wrong += usize::from(is_claim(wrong));
                found += usize::from(slower == Standing::Slower);
                used += took + took_too;
            }
            let percent = |n: usize, of: usize| 1e2 * n as f64 / of as f64;
            println!(
                "| {} | {} | {count} | {wrong} of {trials} ({:.1} %) | {drawn_wrong} of {DRAWN} ({:.1} %) | {found} of {DRAWN} ({:.0} %) | {:.0} |",
                recording["runtime"].as_str().unwrap(),
                recording["threads"],
                percent(wrong, trials),
                percent(drawn_wrong, DRAWN),
                percent(found, DRAWN),
                used as f64 / (2 * DRAWN) as f64
            );
            // 5 %, and three standard errors of as many trials.
            assert!(drawn_wrong <= 33, "{}: {drawn_wrong} of {DRAWN}", recording["runtime"]);
        }
    }
    // Pairs of six variants share rounds, so trials are wrong together: the bound is wide, and the count is in the table.
    println!("as measured, all together: {wrong_of_all} of {all}");
    assert!(wrong_of_all * 10 <= all, "{wrong_of_all} of {all}");
}
