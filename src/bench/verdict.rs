//! What may be said of a comparison: which rows are compared with which, with what ratio, and every sentence about it.
//! Tables, reports, JSON and the window take their words from here.
//!
//! A row is compared with the first row that does the same work (the same sizes but for the batch, under the same
//! protocol). A row that was measured in part only, whose rounds are unstable or that broke its accuracy limit gets no
//! ratio, and neither do rows whose baseline is such a row.

use super::{Comparison, Ratio, Sample, VariantResult, interval};
use crate::format;
use crate::recipe::units::parse_named_shape;
use serde::{Deserialize, Serialize};

/// Chance that a comparison, all its rows together, names a winner where there is none.
pub const ERROR: f64 = 0.05;
/// The part of [`ERROR`] that is left to the intervals when rounds are added until they are narrow: whoever looks often
/// stops too often when the interval happens to be narrow. Simulated (`interval`'s tests): 4.8 % at most in all.
const GROWING: f64 = 0.8;

/// What the comparison says of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Others are compared with it, or would be.
    Baseline,
    /// Faster than its baseline.
    Faster,
    /// Slower than its baseline.
    Slower,
    /// The interval of the ratio holds 1.
    WithinNoise,
    /// There is no ratio; the verdict says why.
    #[default]
    NotCompared,
}

/// What the comparison says of a row, and in words.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Verdict {
    /// In one word.
    pub standing: Standing,
    /// The row that it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// Why there is no ratio, for a cell of a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The whole sentence.
    pub sentence: String,
}

/// How the rounds of two rows belong together.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pairing {
    /// All rows were measured once in every round; `growing` when rounds were added until the interval was narrow.
    Rounds {
        /// True when the number of rounds was not fixed beforehand.
        growing: bool,
    },
    /// The rows were measured at different times.
    Apart,
}

/// The decision's error rate and what it rests on.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Decision {
    /// Chance that any row is called faster or slower where it is not.
    pub error_rate: f64,
    /// Rows compared with a baseline; each has its share of the error rate (Bonferroni).
    pub comparisons: usize,
    /// Rounds measured.
    pub rounds: usize,
    /// Seed of the order in which rows were measured in each round; none when it was fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_seed: Option<u64>,
    /// Half width of the interval asked for, as a share of the ratio; none when the number of rounds was fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<f64>,
    /// The widest half width reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<f64>,
}

impl Decision {
    /// In words; none when nothing was compared.
    pub fn words(&self) -> Option<String> {
        if self.comparisons == 0 {
            return None;
        }
        let many = match self.comparisons {
            1 => String::new(),
            n => format!(" in all {n} comparisons together (Bonferroni)"),
        };
        Some(format!(
            "Of rows that are equally fast, one is called faster or slower with a chance of at most {} %{many}; {}.",
            format::significant(self.error_rate * 1e2),
            format::plural(self.rounds, "round")
        ))
    }
}

/// The share of the error rate that each of `comparisons` has.
pub fn error_of_each(comparisons: usize, pairing: Pairing) -> f64 {
    let growing = pairing == Pairing::Rounds { growing: true };
    ERROR * if growing { GROWING } else { 1.0 } / comparisons.max(1) as f64
}

/// Median latency per image of each round, as logarithms.
fn logarithms(rounds: &[Vec<Sample>], batch: u64) -> Vec<f64> {
    let medians = rounds.iter().filter_map(|round| median_ms(round));
    medians.map(|ms| (ms / batch.max(1) as f64).ln()).collect()
}

/// The median latency of a round in milliseconds; none without samples.
pub fn median_ms(round: &[Sample]) -> Option<f64> {
    let summary = super::Summary::of(round.iter().map(Sample::latency_ms).collect())?;
    Some(summary.median).filter(|ms| *ms > 0.0)
}

impl Ratio {
    /// From the rounds of the baseline and of the variant, with the images of a query of each. `None` when either has no
    /// rounds, when rounds that belong together are not as many on both sides, and when they are too few for an interval.
    pub fn of(
        (baseline, images): (&[Vec<Sample>], u64),
        (variant, images_too): (&[Vec<Sample>], u64),
        pairing: Pairing,
        error: f64,
    ) -> Option<Self> {
        let (a, b) = (logarithms(baseline, images), logarithms(variant, images_too));
        let found = match pairing {
            Pairing::Rounds { .. } if a.len() == b.len() => {
                let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
                interval::paired(&differences, error)?
            }
            Pairing::Rounds { .. } => return None,
            Pairing::Apart => interval::unpaired(&a, &b, error)?,
        };
        let (speedup, low, high) = (found.estimate.exp(), found.low.exp(), found.high.exp());
        (low > 0.0 && high.is_finite()).then_some(Self {
            speedup,
            low,
            high,
            within_noise: low <= 1.0 && high >= 1.0,
        })
    }
}

/// The work of a row: protocol and sizes, those of the batch left out.
fn work(v: &VariantResult) -> (String, Vec<(String, Vec<u64>)>) {
    let batch = v.batch.max(1);
    let mut shapes: Vec<(String, Vec<u64>)> = v.shapes.iter().filter_map(|s| parse_named_shape(s).ok()).collect();
    for (_, dims) in &mut shapes {
        if let Some(first) = dims.first_mut().filter(|first| **first == batch) {
            *first = 0;
        }
    }
    shapes.sort();
    (v.protocol.clone(), shapes)
}

impl VariantResult {
    /// True when there are samples.
    pub fn is_measured(&self) -> bool {
        self.statistics.samples > 0
    }

    /// Why its latency is not to be held against another's; none when it may be.
    fn trouble(&self) -> Option<String> {
        match (&self.error, self.is_measured()) {
            (Some(error), false) => return Some(format!("it failed: {error}")),
            (Some(error), true) => {
                let rounds = format::plural(self.round_medians_ms.len(), "round");
                return Some(format!("it was measured in part only ({rounds}): {error}"));
            }
            (None, false) => return Some("it has no numbers".into()),
            (None, true) => {}
        }
        if let Some(limit) = self.broken_limits.first() {
            return Some(format!("it broke its accuracy limit: {limit}"));
        }
        self.unstable.as_ref().map(|why| format!("it is unstable: {why}"))
    }

    /// The same for a cell of a table.
    fn trouble_in_short(&self) -> &'static str {
        match (&self.error, self.is_measured()) {
            (Some(_), true) => "measured in part",
            (Some(_), false) => "failed",
            (None, false) => "no numbers",
            (None, true) if !self.broken_limits.is_empty() => "accuracy limit broken",
            (None, true) => "unstable",
        }
    }

    /// The speed-up for a cell of a table: `2.94x`, `within noise`, `baseline`, or why there is none.
    pub fn speedup_words(&self) -> String {
        match (self.verdict.standing, &self.ratio) {
            (Standing::WithinNoise, _) => "within noise".into(),
            (Standing::Faster | Standing::Slower, Some(r)) => format::speedup(r.speedup),
            (Standing::Baseline, _) => "baseline".into(),
            _ => self.verdict.why.clone().unwrap_or_default(),
        }
    }

    /// In what it differs from its baseline besides being another variant: what a reader must know beside the ratio.
    fn conditions(&self, base: &Self) -> Vec<String> {
        let mut out = Vec::new();
        if self.batch != base.batch {
            out.push(format!("batch {} against {}", self.batch, base.batch));
        }
        let (e, b) = (&self.environment, &base.environment);
        if let (Some(threads), Some(of_base)) = (e.threads, b.threads)
            && threads != of_base
        {
            out.push(format!(
                "{} against {of_base}",
                format::plural(threads as usize, "thread")
            ));
        }
        if (&e.host, &e.cpu) != (&b.host, &b.cpu) {
            out.push(format!("on {} against {}", e.host, b.host));
        }
        let clock = |v: &Self| v.environment.gpu.first().and_then(|g| g.sm_clock_mhz);
        if let (Some(clock), Some(of_base)) = (clock(self), clock(base))
            && clock.abs_diff(of_base) * 20 > clock.max(of_base)
        {
            out.push(format!("SM clock at {clock} MHz against {of_base} MHz"));
        }
        out
    }

    fn compared(&self, base: &Self, ratio: &Ratio) -> Verdict {
        let per = if self.batch == base.batch { "" } else { " per image" };
        let range = format!("95 % interval {}", format::range(ratio.low, ratio.high));
        let (standing, said) = if ratio.within_noise {
            let said = format!(
                "{} is not faster or slower than {}{per} beyond the noise",
                self.name, base.name
            );
            (Standing::WithinNoise, said)
        } else {
            let standing = if ratio.speedup > 1.0 {
                Standing::Faster
            } else {
                Standing::Slower
            };
            let speed = format::speedup(ratio.speedup);
            (
                standing,
                format!("{} is {speed} as fast as {}{per}", self.name, base.name),
            )
        };
        let mut aside = vec![range];
        aside.extend(self.conditions(base));
        let one = [self, base].iter().any(|v| v.sessions == 1);
        if one && !ratio.within_noise {
            aside.push("in one session: what changes from one start to the next is not in the interval".into());
        }
        Verdict {
            standing,
            against: Some(base.name.clone()),
            why: None,
            sentence: format!("{said} ({}).", aside.join("; ")),
        }
    }

    fn not_compared(&self, why: &str, short: impl Into<String>) -> Verdict {
        Verdict {
            standing: Standing::NotCompared,
            against: None,
            why: Some(short.into()),
            sentence: format!("{} gets no speed-up: {}.", self.name, why.trim_end_matches('.')),
        }
    }
}

impl Comparison {
    /// Gives every row its ratio and its verdict, and the comparison its headline and its decision. `rounds` are the
    /// samples of the rows in their order; a row without any has no ratio.
    pub fn judge(&mut self, rounds: &[&[Vec<Sample>]], pairing: Pairing, order_seed: Option<u64>, wanted: Option<f64>) {
        let works: Vec<_> = self.variants.iter().map(work).collect();
        let baseline = |i: usize| {
            let measured = |j: &usize| self.variants[*j].is_measured() && works[*j] == works[i];
            // The first row is the baseline, broken or not: another one would answer another question.
            if works[i] == works[0] {
                Some(0)
            } else {
                (0..i).find(measured)
            }
        };
        let against: Vec<Option<usize>> = (0..works.len())
            .map(|i| {
                if self.variants[i].is_measured() {
                    baseline(i).filter(|j| *j != i)
                } else {
                    None
                }
            })
            .collect();
        let comparisons = against.iter().flatten().count();
        let error = error_of_each(comparisons, pairing);
        let mut reached: Option<f64> = None;
        for (i, against) in against.into_iter().enumerate() {
            let v = &self.variants[i];
            let pair = against.map(|j| (&self.variants[j], j));
            let (ratio, verdict) = match (v.trouble(), pair) {
                (Some(why), _) if i > 0 || !v.is_measured() => (None, v.not_compared(&why, v.trouble_in_short())),
                (_, None) => (None, self.alone(i)),
                (_, Some((base, _))) if base.trouble().is_some() => {
                    let why = base.trouble().unwrap_or_default();
                    let why = format!("its baseline is {}, and {why}", base.name);
                    (
                        None,
                        v.not_compared(&why, format!("baseline: {}", base.trouble_in_short())),
                    )
                }
                (_, Some((base, j))) => {
                    let of = |i: usize| rounds.get(i).copied().unwrap_or_default();
                    match Ratio::of((of(j), base.batch), (of(i), v.batch), pairing, error) {
                        Some(ratio) => {
                            let half = (ratio.high / ratio.low).sqrt() - 1.0;
                            reached = Some(reached.map_or(half, |r| r.max(half)));
                            (Some(ratio), v.compared(base, &ratio))
                        }
                        None => {
                            let least = interval::least_rounds(error);
                            let why = format!(
                                "{} are too few for an interval, {least} are needed for {}",
                                format::plural(of(i).len(), "round"),
                                format::plural(comparisons, "comparison")
                            );
                            (None, v.not_compared(&why, "too few rounds"))
                        }
                    }
                }
            };
            self.variants[i].ratio = ratio;
            self.variants[i].verdict = verdict;
        }
        let rounds = self
            .variants
            .iter()
            .map(|v| v.round_medians_ms.len())
            .max()
            .unwrap_or(0);
        self.decision = (comparisons > 0).then_some(Decision {
            error_rate: ERROR,
            comparisons,
            rounds,
            order_seed,
            wanted,
            reached,
        });
        self.headline = self.sentence();
    }

    /// The verdict of a row that nothing was measured before it does the same work as.
    fn alone(&self, i: usize) -> Verdict {
        let v = &self.variants[i];
        let others = self.variants.len() > 1;
        match self.variants.first() {
            Some(first) if i > 0 => {
                let what = if first.protocol == v.protocol {
                    format!(
                        "at {}, {} at {}",
                        v.shapes.join(" "),
                        first.name,
                        first.shapes.join(" ")
                    )
                } else {
                    format!("with protocol {}, {} with {}", v.protocol, first.name, first.protocol)
                };
                v.not_compared(&format!("it does other work, {what}"), "other work")
            }
            _ => Verdict {
                standing: Standing::Baseline,
                sentence: match (v.trouble(), others) {
                    (Some(why), true) => format!("{} is the baseline, and {}.", v.name, why.trim_end_matches('.')),
                    (Some(why), false) => format!("{} was measured, and {}.", v.name, why.trim_end_matches('.')),
                    (None, true) => format!("{} is the baseline.", v.name),
                    (None, false) => format!("{} was measured; nothing was compared with it.", v.name),
                },
                ..Verdict::default()
            },
        }
    }

    /// True when rows do different work, so that their sizes belong beside their numbers.
    pub fn has_other_work(&self) -> bool {
        self.variants.windows(2).any(|w| work(&w[0]) != work(&w[1]))
    }

    /// The fastest row among those that do the first row's work and are faster than it beyond the noise.
    pub fn winner(&self) -> Option<&VariantResult> {
        let first = self.variants.first()?;
        let won = self.variants.iter().filter(|v| v.verdict.standing == Standing::Faster);
        won.filter(|v| v.verdict.against.as_deref() == Some(&first.name) && work(v) == work(first))
            .max_by(|a, b| {
                let speed = |v: &VariantResult| v.ratio.map_or(0.0, |r| r.speedup);
                speed(a).total_cmp(&speed(b))
            })
    }

    /// The headline: the winner or that there is none, then every row that gets no speed-up and why.
    fn sentence(&self) -> String {
        let Some(base) = self.variants.first() else {
            return "No variant could be measured.".into();
        };
        if !self.variants.iter().any(VariantResult::is_measured) {
            return "No variant could be measured.".into();
        }
        let mut said = Vec::new();
        let compared = self.variants.iter().any(|v| v.ratio.is_some() && work(v) == work(base));
        match self.winner() {
            Some(winner) => said.push(winner.verdict.sentence.clone()),
            None if compared => said.push(format!("No variant is faster than {} beyond the noise.", base.name)),
            None => said.push(base.verdict.sentence.clone()),
        }
        let others = self.variants.iter().skip(1);
        let left_out = others.filter(|v| v.verdict.standing == Standing::NotCompared);
        said.extend(left_out.map(|v| v.verdict.sentence.clone()));
        said.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Protocol;
    use crate::bench::compare::Measured;

    /// Ten rounds of calls that take `ms`, a little more or less from round to round; `wild` by half.
    fn rounds(ms: f64, wild: bool, seed: u64) -> Vec<Vec<Sample>> {
        let mut random = crate::data::random::Random::new(seed);
        let round = |i: u64| {
            let odd = if wild && i.is_multiple_of(2) { 1.5 } else { 1.0 };
            let ms = ms * odd * (1.0 + 0.002 * random.normal());
            (0..20)
                .map(|i| Sample::call(f64::from(i) * ms, f64::from(i + 1) * ms))
                .collect()
        };
        (0..10).map(round).collect()
    }

    fn row(name: &str, shape: &str, batch: u64, rounds: &[Vec<Sample>]) -> VariantResult {
        let mut row = VariantResult {
            name: name.into(),
            shapes: vec![shape.into()],
            batch,
            sessions: 10,
            ..VariantResult::default()
        };
        let measured = Measured {
            rounds,
            protocol: Protocol::Serial,
            is_gpu: false,
        };
        row.fill(&measured);
        row
    }

    fn judged(rows: Vec<(VariantResult, Vec<Vec<Sample>>)>) -> Comparison {
        let (variants, rounds): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let mut out = Comparison {
            variants,
            ..Comparison::default()
        };
        let rounds: Vec<&[Vec<Sample>]> = rounds.iter().map(Vec::as_slice).collect();
        out.judge(&rounds, Pairing::Rounds { growing: false }, Some(1), None);
        out
    }

    const WORK: &str = "x:1x3x640x640";

    fn all() -> Vec<(VariantResult, Vec<Vec<Sample>>)> {
        let mut rows = Vec::new();
        for (i, (name, shape, batch, ms, wild)) in [
            ("base", WORK, 1, 4.0, false),
            ("fast", WORK, 1, 2.0, false),
            ("same", WORK, 1, 4.0, false),
            ("batch 8", "x:8x3x640x640", 8, 24.0, false),
            ("limit", WORK, 1, 1.0, false),
            ("small", "x:1x3x320x320", 1, 1.0, false),
            ("small and fast", "x:1x3x320x320", 1, 0.5, false),
            ("wild", WORK, 1, 1.0, true),
            ("dead", WORK, 1, 1.0, false),
            ("failed", WORK, 1, 1.0, false),
        ]
        .into_iter()
        .enumerate()
        {
            let taken = rounds(ms, wild, i as u64);
            let mut row = row(name, shape, batch, &taken);
            match name {
                "limit" => {
                    row.broken_limits = vec!["cosine similarity 0.5 of output \"y\" is below the limit 0.9".into()]
                }
                "dead" => row.error = Some("the worker ended".into()),
                "failed" => {
                    row = VariantResult {
                        name: name.into(),
                        error: Some("out of memory".into()),
                        ..VariantResult::default()
                    }
                }
                _ => {}
            }
            let taken = match name {
                "dead" => taken[..4].to_vec(),
                "failed" => Vec::new(),
                _ => taken,
            };
            rows.push((row, taken));
        }
        rows
    }

    #[test]
    fn only_whole_stable_correct_measurements_of_the_same_work_get_a_speed_up() {
        let c = judged(all());
        let of = |name: &str| c.variants.iter().find(|v| v.name == name).unwrap();
        assert_eq!(c.winner().unwrap().name, "fast");
        assert!(
            c.headline.starts_with("fast is 2.00x as fast as base (95 % interval "),
            "{}",
            c.headline
        );
        for (name, standing) in [
            ("base", Standing::Baseline),
            ("fast", Standing::Faster),
            ("same", Standing::WithinNoise),
            ("batch 8", Standing::Faster),
            ("small and fast", Standing::Faster),
        ] {
            assert_eq!(of(name).verdict.standing, standing, "{:?}", of(name).verdict);
        }
        for (name, short, sentence) in [
            (
                "limit",
                "accuracy limit broken",
                "limit gets no speed-up: it broke its accuracy limit: cosine",
            ),
            (
                "small",
                "other work",
                "small gets no speed-up: it does other work, at x:1x3x320x320, base at x:1x3x640x640.",
            ),
            (
                "wild",
                "unstable",
                "wild gets no speed-up: it is unstable: from round to round",
            ),
            (
                "dead",
                "measured in part",
                "dead gets no speed-up: it was measured in part only",
            ),
            ("failed", "failed", "failed gets no speed-up: it failed: out of memory."),
        ] {
            let v = of(name);
            assert_eq!((v.ratio, v.speedup_words().as_str()), (None, short), "{name}");
            assert!(v.verdict.sentence.starts_with(sentence), "{}", v.verdict.sentence);
            assert!(c.headline.contains(&v.verdict.sentence), "{}", c.headline);
        }
        // Per image, against the row that does the same work, never across sizes.
        assert!((of("batch 8").ratio.unwrap().speedup - 4.0 / 3.0).abs() < 0.02);
        let sentence = &of("batch 8").verdict.sentence;
        assert!(
            sentence.contains("as fast as base per image") && sentence.contains("batch 8 against 1"),
            "{sentence}"
        );
        assert_eq!(of("small and fast").verdict.against.as_deref(), Some("small"));
        assert!(c.has_other_work());
        let decision = c.decision.unwrap();
        assert_eq!(
            (decision.comparisons, decision.rounds, decision.order_seed),
            (7, 10, Some(1))
        );
    }

    #[test]
    fn a_broken_baseline_has_no_winners() {
        for spoil in [
            (|v| v.unstable = Some("it scatters".into())) as fn(&mut VariantResult),
            |v| v.error = Some("the worker ended".into()),
            |v| v.broken_limits = vec!["loses 3 points".into()],
        ] {
            let mut rows = all();
            rows.truncate(3);
            spoil(&mut rows[0].0);
            let c = judged(rows);
            assert!(c.winner().is_none() && c.variants.iter().all(|v| v.ratio.is_none()));
            assert!(
                c.headline.starts_with("base is the baseline, and it "),
                "{}",
                c.headline
            );
            assert!(
                c.headline
                    .contains("fast gets no speed-up: its baseline is base, and it "),
                "{}",
                c.headline
            );
        }
    }

    #[test]
    fn too_few_rounds_are_said_to_be_too_few() {
        let rows = all()
            .into_iter()
            .take(3)
            .map(|(v, rounds)| (v, rounds[..5].to_vec()))
            .collect();
        let c = judged(rows);
        assert_eq!(c.variants[1].speedup_words(), "too few rounds");
        assert!(
            c.headline
                .contains("5 rounds are too few for an interval, 7 are needed for 2 comparisons"),
            "{}",
            c.headline
        );
    }
}
