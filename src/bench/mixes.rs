//! Mixes of precision, measured: what a search found, against what it costs in time.

use super::measure::Plan;
use super::{Comparison, Ratio, VariantResult};
use crate::format;
use crate::recipe::BenchSpec;
use crate::rewrite::search::{Metric, Search, TrialKind, pareto};
use serde::{Deserialize, Serialize};

/// Mixes that are measured at most, beside the model before precision is lowered: every one is an engine that is held while
/// all are measured in turn.
const MOST: usize = 8;

/// The row of the model before precision is lowered.
pub const FULL: &str = "FP32";

/// Mixes measured side by side under one protocol.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Mixes {
    /// The rows; first [`FULL`], then the mixes.
    pub comparison: Comparison,
    /// By row: index into [`Search::trials`]; none for [`FULL`].
    pub trials: Vec<Option<usize>>,
}

/// A row in the picture "error against measured latency".
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MixPoint {
    /// Index into [`Search::trials`]; none for [`FULL`].
    pub trial: Option<usize>,
    /// Median latency in milliseconds.
    pub ms: f64,
    /// Its 95 % interval.
    pub interval_ms: (f64, f64),
    /// The metric's figure; of [`FULL`] that of no error.
    pub figure: f64,
    /// True when no other row has both a smaller latency and a smaller error.
    pub best: bool,
}

/// The trials that are worth measuring, in order: the one that was found, those with the worst N kept, those that nothing beats
/// in work lowered and error; of all these the first [`MOST`] that ran and lower anything.
pub fn candidates(search: &Search) -> Vec<usize> {
    let points = search.trials.iter().enumerate();
    let points = points.filter(|(_, t)| t.kind == TrialKind::Point).map(|(i, _)| i);
    let front = search.by_lowered_macs(Metric::RelativeL2);
    let front = front.iter().filter(|p| p.3).map(|p| p.0);
    let mut chosen: Vec<usize> = Vec::new();
    for index in search.found.into_iter().chain(points).chain(front) {
        let of = search.trials.get(index);
        let runs = of.is_some_and(|t| t.errors.is_some() && t.kept.len() < search.layers.len());
        if runs && chosen.len() < MOST && !chosen.contains(&index) {
            chosen.push(index);
        }
    }
    chosen.sort_by_key(|i| search.trials.get(*i).map(|t| t.kept.len()));
    chosen
}

/// Seconds that measuring this many rows takes in all rounds together, builds left out.
pub fn seconds(bench: &BenchSpec, rounds: u32, rows: usize) -> f64 {
    let plan = Plan::from_spec(bench, false);
    (plan.duration_s + f64::from(rounds) * plan.warmup_ms / 1e3) * rows as f64
}

impl Mixes {
    /// Target and version that the rows were measured on.
    pub fn target(&self) -> &str {
        let targets = self.comparison.variants.iter().map(|v| v.target.as_str());
        // A row that was not built knows no version.
        targets
            .reduce(|a, b| if b.len() > a.len() { b } else { a })
            .unwrap_or_default()
    }

    /// The row of a trial, or of the model before precision is lowered.
    pub fn row(&self, trial: Option<usize>) -> Option<&VariantResult> {
        let at = self.trials.iter().position(|t| *t == trial)?;
        self.comparison.variants.get(at)
    }

    /// The picture: every row that has a latency and a figure of this metric.
    pub fn picture(&self, search: &Search, metric: Metric) -> Vec<MixPoint> {
        let rows = self.trials.iter().zip(&self.comparison.variants);
        let of = |(trial, row): (&Option<usize>, &VariantResult)| {
            let figure = match trial {
                None => metric.of_no_error(),
                Some(i) => {
                    let errors = search.trials.get(*i)?.errors.as_ref().filter(|e| e.not_finite() == 0)?;
                    errors.figure(metric, search.reference_top1)?
                }
            };
            let ms = row.statistics.latency_ms.median;
            (row.error.is_none() && row.statistics.samples > 0).then_some(MixPoint {
                trial: *trial,
                ms,
                interval_ms: row.median_interval_ms.unwrap_or((ms, ms)),
                figure,
                best: false,
            })
        };
        let mut points: Vec<MixPoint> = rows.filter_map(of).collect();
        let error = |p: &MixPoint| if metric.is_floor() { -p.figure } else { p.figure };
        let both: Vec<(f64, f64)> = points.iter().map(|p| (p.ms, error(p))).collect();
        for (point, best) in points.iter_mut().zip(pareto(&both)) {
            point.best = best;
        }
        points
    }

    /// True when a mix is faster than the model before precision is lowered, beyond the noise.
    pub fn is_faster(&self) -> bool {
        let mut ratios = self.comparison.variants.iter().filter_map(|v| v.ratio);
        ratios.any(|r| r.low > 1.0)
    }

    /// The mix with the largest speed-up.
    fn fastest(&self) -> Option<(&VariantResult, Ratio)> {
        let mixes = self.comparison.variants.iter().skip(1);
        let rated = mixes.filter_map(|v| Some((v, v.ratio?)));
        rated.reduce(|a, b| if b.1.speedup > a.1.speedup { b } else { a })
    }

    /// What the measurement says, in a few words.
    pub fn headline(&self) -> String {
        match self.fastest() {
            None => "Nothing could be compared".into(),
            Some((_, r)) if r.within_noise => format!("No mix is faster than {FULL} beyond the noise"),
            Some((_, r)) if r.speedup < 1.0 => {
                let speed = format::speedup(r.speedup);
                format!("Every mix is slower than {FULL} here: {speed} its speed at best")
            }
            Some((row, r)) => format!(
                "Fastest: {}, {} the speed of {FULL}",
                row.name,
                format::speedup(r.speedup)
            ),
        }
    }

    /// What the measurement says, in a sentence.
    pub fn words(&self) -> String {
        let (target, protocol) = (self.target(), &self.comparison.protocol);
        let mixes = || self.comparison.variants.iter().skip(1);
        let full = self
            .comparison
            .variants
            .first()
            .map_or(0.0, |v| v.statistics.latency_ms.median);
        let Some((row, ratio)) = self.fastest() else {
            if !self.comparison.headline.is_empty() {
                return format!("On {target}, protocol {protocol}: {}", self.comparison.headline);
            }
            let why = self.comparison.variants.iter().find_map(|v| v.error.as_deref());
            return format!(
                "On {target} there is nothing to compare: {}.",
                why.unwrap_or("no mix was measured")
            );
        };
        let times = format!(
            "{} ms against {} ms of {FULL} ({} its speed, {}, protocol {protocol})",
            format::significant(row.statistics.latency_ms.median),
            format::significant(full),
            format::speedup(ratio.speedup),
            format::range(ratio.low, ratio.high)
        );
        if ratio.within_noise {
            return format!(
                "On {target} no mix is faster than {FULL} beyond the noise: the fastest, {}, takes {times}.",
                row.name
            );
        }
        if ratio.speedup < 1.0 {
            return format!(
                "On {target} every mix is slower than {FULL}: the fastest, {}, takes {times}. \
                 Lower precision costs accuracy here and buys no speed.",
                row.name
            );
        }
        let slower = mixes().filter(|v| v.ratio.is_some_and(|r| r.high < 1.0)).count();
        let slower = match slower {
            0 => String::new(),
            1 => format!(" 1 mix is slower than {FULL}."),
            n => format!(" {n} mixes are slower than {FULL}."),
        };
        format!("On {target} the fastest mix, {}, takes {times}.{slower}", row.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rewrite::search::{Errors, Layer, Measured, OutputError, Trial, Way};

    fn trial(kind: TrialKind, kept: &[usize], error: Option<f64>) -> Trial {
        let errors = error.map(|e| Errors {
            samples: 1,
            outputs: vec![OutputError {
                relative_l2: Some(e),
                cosine: 1.0 - e,
                ..OutputError::default()
            }],
            top1: None,
        });
        Trial {
            kind,
            kept: kept.to_vec(),
            lowered_macs: Some(1.0 - kept.len() as f64 / 4.0),
            failure: errors.is_none().then(|| "no".into()),
            errors,
            holds: None,
        }
    }

    fn search() -> Search {
        let layer = |_| Measured {
            layer: Layer::default(),
            errors: None,
            failure: None,
        };
        Search {
            patch: "Quantize".into(),
            reference: "a test".into(),
            data: "a test".into(),
            way: Way::OneLowered,
            screen_samples: 1,
            rank_samples: 1,
            samples: 1,
            layers: (0..4).map(layer).collect(),
            ranking: vec![0, 1, 2, 3],
            reference_top1: None,
            limit: None,
            trials: vec![
                trial(TrialKind::Point, &[0, 1], Some(0.1)),
                trial(TrialKind::Point, &[], Some(0.4)),
                trial(TrialKind::Point, &[0], None),
                trial(TrialKind::Limit, &[0, 1, 2], Some(0.2)),
                trial(TrialKind::GiveBack, &[1], Some(0.3)),
                trial(TrialKind::Point, &[0, 1, 2, 3], Some(0.0)),
            ],
            found: Some(3),
            notes: Vec::new(),
        }
    }

    /// Rows with these medians; none failed.
    fn mixes(trials: &[Option<usize>], medians: &[Option<f64>]) -> Mixes {
        let rows = medians.iter().enumerate().map(|(i, ms)| {
            let mut row = VariantResult {
                name: if i == 0 { FULL.into() } else { format!("mix {i}") },
                target: "embedded@1".into(),
                error: ms.is_none().then(|| "out of memory".into()),
                ..VariantResult::default()
            };
            if let (Some(ms), Some(full)) = (ms, medians[0]) {
                row.statistics.samples = 9;
                row.statistics.latency_ms.median = *ms;
                row.median_interval_ms = Some((ms * 0.9, ms * 1.1));
                let speedup = full / ms;
                row.ratio = (i > 0).then_some(Ratio {
                    speedup,
                    low: speedup * 0.95,
                    high: speedup * 1.05,
                    within_noise: (speedup - 1.0).abs() < 0.04,
                });
            }
            row
        });
        Mixes {
            comparison: Comparison {
                sizes: Default::default(),
                protocol: "serial".into(),
                variants: rows.collect(),
                ..Comparison::default()
            },
            trials: trials.to_vec(),
        }
    }

    #[test]
    fn what_ran_and_lowers_anything_is_measured() {
        let mut search = search();
        assert_eq!(candidates(&search), [1, 4, 0, 3]);
        search.found = None;
        assert_eq!(candidates(&search), [1, 4, 0], "beaten in both, and not asked for");
        search.trials = (0..20).map(|_| trial(TrialKind::Point, &[], Some(0.1))).collect();
        assert_eq!(candidates(&search).len(), MOST);
    }

    #[test]
    fn the_front_counts_the_model_itself() {
        let search = search();
        let of = |medians: &[Option<f64>], metric| -> Vec<(Option<usize>, bool)> {
            let mixes = mixes(&[None, Some(1), Some(0), Some(2)], medians);
            mixes
                .picture(&search, metric)
                .iter()
                .map(|p| (p.trial, p.best))
                .collect()
        };
        for metric in [Metric::RelativeL2, Metric::Cosine] {
            // The third failed to run in the search, so it has no error; faster ones are on the front.
            let faster = of(&[Some(9.0), Some(4.0), Some(5.0), Some(1.0)], metric);
            assert_eq!(faster, [(None, true), (Some(1), true), (Some(0), true)]);
            // Where the model itself is fastest it beats them all.
            let slower = of(&[Some(3.0), Some(4.0), Some(5.0), None], metric);
            assert_eq!(slower, [(None, true), (Some(1), false), (Some(0), false)]);
        }
        assert!(of(&[Some(1.0)], Metric::Top1Drop).contains(&(None, true)));
    }

    #[test]
    fn the_words_say_when_lower_is_slower() {
        let all = [None, Some(1), Some(0)];
        let words = |medians: &[Option<f64>]| mixes(&all, medians).words();
        let text = words(&[Some(9.0), Some(4.5), Some(12.0)]);
        assert!(
            text.contains("mix 1, takes 4.50 ms against 9.00 ms of FP32 (2.00x"),
            "{text}"
        );
        assert!(mixes(&all, &[Some(9.0), Some(4.5), Some(12.0)]).is_faster());
        assert!(!mixes(&all, &[Some(4.0), Some(4.1), Some(9.0)]).is_faster());
        assert!(text.contains("embedded@1") && text.contains("serial") && text.ends_with("1 mix is slower than FP32."));
        let short = |medians: &[Option<f64>]| mixes(&all, medians).headline();
        assert_eq!(
            short(&[Some(9.0), Some(4.5), Some(12.0)]),
            "Fastest: mix 1, 2.00x the speed of FP32"
        );
        assert!(short(&[Some(4.0), Some(8.0), Some(9.0)]).starts_with("Every mix is slower than FP32 here: 0.500x"));
        assert!(short(&[Some(4.0), Some(4.1), Some(9.0)]).contains("beyond the noise"));
        assert_eq!(short(&[None, None, None]), "Nothing could be compared");
        let text = words(&[Some(4.0), Some(8.0), Some(9.0)]);
        assert!(
            text.contains("every mix is slower than FP32") && text.contains("buys no speed"),
            "{text}"
        );
        let text = words(&[Some(4.0), Some(4.1), Some(9.0)]);
        assert!(text.contains("no mix is faster than FP32 beyond the noise"), "{text}");
        let text = words(&[None, None, None]);
        assert!(text.contains("nothing to compare: out of memory"), "{text}");
    }

    #[test]
    fn the_time_is_that_of_all_rounds_of_all_rows() {
        let bench = BenchSpec {
            duration_s: Some(2.0),
            warmup_ms: Some(100.0),
            ..BenchSpec::default()
        };
        assert!((seconds(&bench, 5, 3) - 3.0 * 2.5).abs() < 1e-9);
    }
}
