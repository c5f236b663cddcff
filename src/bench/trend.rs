//! Runs over time: which belong together, where the runtime changed, whether the last ones are slower than the noise allows.
//!
//! Runs of the same thing differ by more than the samples inside one run do (other work, temperature, memory layout), so
//! what counts as noise is the spread between runs (Kalibera and Jones, "Rigorous benchmarking in reasonable time", ISMM
//! 2013). Two groups of runs are compared by Student's t on the logarithms of their median latencies, with the pooled
//! variance; a group of one run has no variance of its own and borrows the other's, which makes the interval that of a
//! prediction. See [`Shift::of`].

use super::history::Entry;
use serde::{Deserialize, Serialize};

/// Earlier runs below which nothing is known about how much runs differ.
pub const LEAST_BEFORE: usize = 3;
/// Earlier runs that are looked at: what is older says little about now.
const WINDOW: usize = 20;
/// Two-sided 95 % points of Student's t for 1 to 30 degrees of freedom; beyond that the normal distribution's.
const T: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];
const NORMAL: f64 = 1.960;

/// What runs must share to be compared over time.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Key {
    /// The variant's name.
    pub variant: String,
    /// The target without its version.
    pub target: String,
    /// Precision as recipes write it.
    pub precision: String,
    /// Shapes, `name:1x3x224x224`.
    pub shapes: Vec<String>,
    /// Protocol of the latency.
    pub protocol: String,
    /// Machine.
    pub host: String,
    /// GPU, or processor.
    pub device: String,
    /// Threads of a CPU engine.
    pub threads: Option<u32>,
}

impl Key {
    /// The key of a run.
    pub fn of(entry: &Entry) -> Self {
        let (result, environment) = (&entry.result, &entry.result.environment);
        let target = result.target.split('@').next().unwrap_or_default();
        let device = environment.gpu.first().map_or(&environment.cpu, |gpu| &gpu.name);
        Self {
            variant: result.name.clone(),
            target: target.into(),
            precision: result.precision.clone(),
            shapes: result.shapes.clone(),
            protocol: entry.protocol.clone(),
            host: environment.host.clone(),
            device: device.clone(),
            threads: environment.threads,
        }
    }
}

/// What computes a run: the runtime with its version, and on GPUs the driver.
pub fn runtime(entry: &Entry) -> String {
    let environment = &entry.result.environment;
    match environment.gpu.first().filter(|gpu| !gpu.driver.is_empty()) {
        Some(gpu) => format!("{}, driver {}", environment.runtime, gpu.driver),
        None => environment.runtime.clone(),
    }
}

/// Runs of one thing in order of time.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Trend {
    /// What they share.
    #[serde(flatten)]
    pub key: Key,
    /// Indices of the runs in the history.
    pub runs: Vec<usize>,
    /// Where the runtime changed.
    pub changes: Vec<Change>,
    /// What can be said of the last run.
    pub last: Verdict,
}

/// A change of the runtime between two runs.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Change {
    /// Index in [`Trend::runs`] of the first run after it.
    pub at: usize,
    /// Runtime before.
    pub from: String,
    /// Runtime after.
    pub to: String,
    /// The runs after it (up to the next change) against those before it (back to the last), when these are enough.
    pub shift: Option<Shift>,
}

/// Latency of some runs against earlier ones.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Shift {
    /// Earlier runs.
    pub before: usize,
    /// Later runs.
    pub after: usize,
    /// Geometric mean of the later median latencies over that of the earlier ones: above 1 it became slower.
    pub ratio: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What the last run says.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// Slower than the noise of the earlier runs allows.
    Slower {
        /// By how much.
        shift: Shift,
    },
    /// Faster than that noise.
    Faster {
        /// By how much.
        shift: Shift,
    },
    /// Inside the noise.
    Same {
        /// The interval.
        shift: Shift,
    },
    /// Too few runs to know the noise.
    Unknown,
}

/// One run for the test: its median latency, and how uncertain its own rounds leave it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Run {
    /// Median latency in milliseconds.
    pub median_ms: f64,
    /// Standard error of its logarithm, from the medians of the rounds; 0 when unknown.
    pub error: f64,
}

impl Run {
    /// Of a run of the history; none when it has no latency.
    pub fn of(entry: &Entry) -> Option<Self> {
        let median_ms = entry.result.statistics.latency_ms.median;
        let rounds = &entry.result.round_medians_ms;
        let logs: Vec<f64> = rounds.iter().filter(|ms| **ms > 0.0).map(|ms| ms.ln()).collect();
        let error = (variance(&logs) / logs.len().max(1) as f64).sqrt();
        let usable = median_ms.is_finite() && median_ms > 0.0 && entry.result.error.is_none();
        usable.then_some(Self { median_ms, error })
    }
}

/// Sample variance; 0 for fewer than two values.
fn variance(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}

impl Shift {
    /// Later runs against earlier ones; none when there are fewer than three earlier ones or no later ones.
    ///
    /// The interval is `d ± t s sqrt(1/k + 1/m)` on logarithms: k earlier and m later runs, d the difference of their means,
    /// s the pooled standard deviation with t's k + m - 2 degrees of freedom. Runs that agree better than their own rounds
    /// do agree by chance, so s is at least the root mean square of the runs' own errors.
    pub fn of(before: &[Run], after: &[Run]) -> Option<Self> {
        let (k, m) = (before.len(), after.len());
        if k < LEAST_BEFORE || m == 0 {
            return None;
        }
        let logs = |runs: &[Run]| -> Vec<f64> { runs.iter().map(|r| r.median_ms.ln()).collect() };
        let mean = |logs: &[f64]| logs.iter().sum::<f64>() / logs.len() as f64;
        let (x, y) = (logs(before), logs(after));
        let freedom = k + m - 2;
        let pooled = (variance(&x) * (k - 1) as f64 + variance(&y) * (m - 1) as f64) / freedom as f64;
        let own = before.iter().chain(after).map(|r| r.error.powi(2)).sum::<f64>() / (k + m) as f64;
        let s = pooled.max(own).sqrt();
        let t = T.get(freedom - 1).copied().unwrap_or(NORMAL);
        let half = t * s * (1.0 / k as f64 + 1.0 / m as f64).sqrt();
        let difference = mean(&y) - mean(&x);
        Some(Self {
            before: k,
            after: m,
            ratio: difference.exp(),
            low: (difference - half).exp(),
            high: (difference + half).exp(),
        })
    }

    /// In words: `1.08x the latency (1.03 to 1.13)`.
    pub fn words(&self) -> String {
        use crate::format;
        format!(
            "{} the latency ({})",
            format::speedup(self.ratio),
            format::range(self.low, self.high)
        )
    }
}

impl Verdict {
    fn of(shift: Option<Shift>) -> Self {
        match shift {
            None => Self::Unknown,
            Some(shift) if shift.low > 1.0 => Self::Slower { shift },
            Some(shift) if shift.high < 1.0 => Self::Faster { shift },
            Some(shift) => Self::Same { shift },
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        let against = |shift: &Shift| {
            let last = if shift.after == 1 {
                "the last run"
            } else {
                "the runs since the last change"
            };
            format!(
                "{last} against {} before: {}",
                crate::format::plural(shift.before, "run"),
                shift.words()
            )
        };
        match self {
            Self::Slower { shift } => format!("slower beyond the noise: {}", against(shift)),
            Self::Faster { shift } => format!("faster beyond the noise: {}", against(shift)),
            Self::Same { shift } => format!("within the noise: {}", against(shift)),
            Self::Unknown => format!("too few runs to know the noise: {LEAST_BEFORE} earlier ones are needed"),
        }
    }
}

/// The trends of a model's history, the one with the latest run first. `entries` are in order of time.
pub fn trends(entries: &[Entry]) -> Vec<Trend> {
    let mut index: std::collections::HashMap<Key, usize> = std::collections::HashMap::new();
    let mut groups: Vec<(Key, Vec<usize>)> = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        if Run::of(entry).is_none() {
            continue;
        }
        let key = Key::of(entry);
        let at = *index.entry(key.clone()).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        if let Some((_, runs)) = groups.get_mut(at) {
            runs.push(i);
        }
    }
    groups.sort_by_key(|(_, runs)| std::cmp::Reverse(runs.last().copied()));
    groups
        .into_iter()
        .map(|(key, runs)| trend(entries, key, runs))
        .collect()
}

fn trend(entries: &[Entry], key: Key, runs: Vec<usize>) -> Trend {
    let facts: Vec<(Run, String)> = runs
        .iter()
        .filter_map(|i| entries.get(*i))
        .filter_map(|e| Some((Run::of(e)?, runtime(e))))
        .collect();
    let numbers: Vec<Run> = facts.iter().map(|(run, _)| *run).collect();
    let starts: Vec<usize> = (1..facts.len()).filter(|i| facts[*i].1 != facts[i - 1].1).collect();
    // Runs with one runtime, as ranges.
    let mut edges = vec![0];
    edges.extend(&starts);
    edges.push(facts.len());
    let recent = |from: usize, to: usize| &numbers[from.max(to.saturating_sub(WINDOW))..to];
    let changes = starts.iter().enumerate().map(|(i, at)| Change {
        at: *at,
        from: facts[at - 1].1.clone(),
        to: facts[*at].1.clone(),
        shift: Shift::of(recent(edges[i], *at), &numbers[*at..edges[i + 2]]),
    });
    let changes: Vec<Change> = changes.collect();
    let since = starts.last().copied().unwrap_or(0);
    let end = numbers.len().saturating_sub(1);
    // Against the runs of the same runtime where these are enough, else the change itself is what is judged.
    let shift = match changes.last() {
        Some(change) if end < since + LEAST_BEFORE => change.shift,
        _ => Shift::of(recent(since, end), &numbers[end..]),
    };
    Trend {
        key,
        runs,
        changes,
        last: Verdict::of(shift),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Statistics, Summary, VariantResult};
    use crate::data::random::Random;

    fn entry(name: &str, runtime: &str, median: f64) -> Entry {
        let mut result = VariantResult {
            name: name.into(),
            target: format!("onnxruntime-cpu@{runtime}"),
            round_medians_ms: vec![median * 0.999, median, median * 1.001],
            statistics: Statistics {
                samples: 10,
                latency_ms: Summary {
                    median,
                    p99: median * 1.2,
                    ..Summary::default()
                },
                ..Statistics::default()
            },
            ..VariantResult::default()
        };
        result.environment.runtime = format!("ONNX Runtime {runtime}");
        Entry {
            id: String::new(),
            model: "m.onnx".into(),
            model_sha256: String::new(),
            protocol: "serial".into(),
            recipe: String::new(),
            result,
            rounds: vec![],
        }
    }

    fn runs(medians: &[f64]) -> Vec<Run> {
        let run = |m: &f64| Run {
            median_ms: *m,
            error: 0.0,
        };
        medians.iter().map(run).collect()
    }

    #[test]
    fn the_interval_is_students_by_hand() {
        // Logarithms 0, 0.1, 0.2: mean 0.1, variance 0.01, s = 0.1, 2 degrees of freedom, t = 4.303.
        let before = runs(&[1.0, 0.1f64.exp(), 0.2f64.exp()]);
        let one = Shift::of(&before, &runs(&[0.7f64.exp()])).unwrap();
        let half = 4.303 * 0.1 * (1.0f64 / 3.0 + 1.0).sqrt();
        assert!(
            (one.ratio.ln() - 0.6).abs() < 1e-12 && (one.low.ln() - (0.6 - half)).abs() < 1e-12,
            "{one:?}"
        );
        assert!(one.low > 1.0 && (one.high.ln() - (0.6 + half)).abs() < 1e-12);
        // Two later runs pool their variance (0.005 with 1 degree): (0.01 * 2 + 0.005) / 3, t of 3 degrees.
        let two = Shift::of(&before, &runs(&[0.5f64.exp(), 0.6f64.exp()])).unwrap();
        let half = 3.182 * (0.025f64 / 3.0).sqrt() * (1.0f64 / 3.0 + 0.5).sqrt();
        assert!(
            (two.ratio.ln() - 0.45).abs() < 1e-12 && (two.high.ln() - (0.45 + half)).abs() < 1e-9,
            "{two:?}"
        );
        assert_eq!(Shift::of(&before[..2], &before), None);
        assert_eq!(Shift::of(&before, &[]), None);
    }

    #[test]
    fn runs_that_agree_by_chance_have_the_noise_of_their_rounds() {
        let same = vec![
            Run {
                median_ms: 1.0,
                error: 0.02
            };
            4
        ];
        let next = [Run {
            median_ms: 1.03,
            error: 0.02,
        }];
        let shift = Shift::of(&same, &next).unwrap();
        assert!(shift.low < 1.0 && shift.high > 1.03, "{shift:?}");
    }

    #[test]
    fn the_noise_alone_is_seldom_called_a_regression() {
        let mut random = Random::new(3);
        let called = (0..2000)
            .filter(|_| {
                let runs: Vec<Run> = (0..6)
                    .map(|_| Run {
                        median_ms: (0.05 * random.normal()).exp(),
                        error: 0.0,
                    })
                    .collect();
                matches!(Verdict::of(Shift::of(&runs[..5], &runs[5..])), Verdict::Slower { .. })
            })
            .count();
        // One-sided 2.5 % of 2,000 is 50; four standard deviations are 28.
        assert!((22..=78).contains(&called), "{called} of 2,000");
    }

    #[test]
    fn a_slower_version_is_named() {
        let mut entries: Vec<Entry> = [1.00, 1.02, 0.99, 1.01].map(|m| entry("fp32", "1.22.0", m)).into();
        assert_eq!(
            trends(&entries[..3])[0].last,
            Verdict::Unknown,
            "two earlier runs are too few"
        );
        assert!(matches!(trends(&entries)[0].last, Verdict::Same { .. }));
        entries.push(entry("int8", "1.22.0", 0.4));
        entries.push(entry("fp32", "1.23.0", 1.25));
        let trends = trends(&entries);
        assert_eq!(
            (trends.len(), trends[0].key.variant.as_str()),
            (2, "fp32"),
            "the latest first"
        );
        let t = &trends[0];
        assert_eq!((t.runs.as_slice(), t.changes.len()), ([0, 1, 2, 3, 5].as_slice(), 1));
        let change = &t.changes[0];
        assert_eq!((change.at, change.to.as_str()), (4, "ONNX Runtime 1.23.0"));
        assert!(
            matches!(t.last, Verdict::Slower { shift } if shift.low > 1.1 && shift.before == 4),
            "{t:?}"
        );
        assert!(
            t.last
                .words()
                .starts_with("slower beyond the noise: the last run against 4 runs before: 1.24x"),
            "{}",
            t.last.words()
        );
        assert_eq!(trends[1].last, Verdict::Unknown);
    }

    #[test]
    fn the_runs_since_a_change_are_judged_together_and_then_among_themselves() {
        let mut entries: Vec<Entry> = [1.00, 1.02, 0.99, 1.01].map(|m| entry("a", "1", m)).into();
        entries.extend([1.25, 1.26].map(|m| entry("a", "2", m)));
        let t = &trends(&entries)[0];
        assert!(matches!(t.last, Verdict::Slower { shift } if shift.after == 2), "{t:?}");
        entries.extend([1.24, 1.25].map(|m| entry("a", "2", m)));
        let t = &trends(&entries)[0];
        assert!(
            matches!(t.last, Verdict::Same { shift } if (shift.before, shift.after) == (3, 1)),
            "{t:?}"
        );
        assert!(
            t.changes[0].shift.is_some_and(|s| s.low > 1.2 && s.after == 4),
            "the change stays visible: {t:?}"
        );
    }

    #[test]
    fn what_cannot_be_compared_stays_apart() {
        let mut entries = vec![
            entry("a", "1", 1.0),
            entry("a", "1", 1.0),
            entry("a", "1", 1.0),
            entry("a", "1", 1.0),
        ];
        entries[1].result.environment.host = "other".into();
        entries[2].protocol = "custom".into();
        entries[3].result.error = Some("failed".into());
        assert_eq!(
            trends(&entries).iter().map(|t| t.runs.len()).collect::<Vec<_>>(),
            [1, 1, 1]
        );
        entries[0].result.statistics.latency_ms.median = f64::NAN;
        assert_eq!(trends(&entries).len(), 2);
        assert!(trends(&[]).is_empty());
    }
}
