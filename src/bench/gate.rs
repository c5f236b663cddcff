//! Gates: what makes a comparison fail, against an earlier comparison or against a recipe's accuracy limits.

use super::verdict::ERROR;
use super::{Comparison, OutputAccuracy, Protocol, VariantResult, interval};
use crate::recipe::AccuracySpec;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How much worse than the baseline file a variant may be; `None` leaves that out.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Gates {
    /// Percent by which the median latency may grow.
    pub slower_percent: Option<f64>,
    /// Percent by which the 99th percentile of the latency may grow.
    pub p99_slower_percent: Option<f64>,
    /// Percent by which throughput may fall.
    pub throughput_percent: Option<f64>,
    /// Percentage points by which top-1 accuracy (against labels, else agreement with the reference) may fall.
    pub top1_points: Option<f64>,
    /// Percent by which the mean absolute error of an output may grow.
    pub error_percent: Option<f64>,
}

/// What a baseline may differ in from what is held against it, where the user says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Different {
    /// Host or processor or GPU.
    Machine,
    /// Library and version.
    Runtime,
    /// Model file.
    Model,
    /// Threads of a CPU engine.
    Threads,
}

impl Different {
    fn name(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Runtime => "runtime",
            Self::Model => "model",
            Self::Threads => "threads",
        }
    }
}

/// One thing that was checked of one variant.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Check {
    /// The variant.
    pub variant: String,
    /// What was checked: `measured`, `accuracy`, `slower`, `p99`, `throughput`, `top1`, `error`.
    pub gate: String,
    /// True when it holds.
    pub passed: bool,
    /// What was found, as a sentence without the variant's name.
    pub message: String,
}

impl Check {
    fn new(variant: &VariantResult, gate: &str, passed: bool, message: String) -> Self {
        Self {
            variant: variant.name.clone(),
            gate: gate.into(),
            passed,
            message,
        }
    }
}

impl Comparison {
    /// Everything that was checked: that every variant was measured, the recipe's limits, and the gates against a baseline.
    /// Files for CI and the exit code come from this.
    pub fn checks(&self) -> Vec<Check> {
        let mut out = Vec::new();
        for v in &self.variants {
            let message = match &v.error {
                Some(error) => error.clone(),
                None => format!(
                    "{} samples in {} rounds",
                    v.statistics.samples,
                    v.round_medians_ms.len()
                ),
            };
            out.push(Check::new(v, "measured", v.error.is_none(), message));
            if !v.accuracy.is_empty() || v.task.is_some() || !v.broken_limits.is_empty() {
                let message = match v.broken_limits.is_empty() {
                    true => "the recipe's limits hold".into(),
                    false => v.broken_limits.join("; "),
                };
                out.push(Check::new(v, "accuracy", v.broken_limits.is_empty(), message));
            }
        }
        out.extend(self.gates.iter().cloned());
        out
    }
}

/// Holds a comparison against an earlier one.
///
/// # Errors
/// The two cannot be compared: another protocol, or what is not among `allowed` differs; nothing was asked; too few rounds.
pub fn check(
    current: &Comparison,
    baseline: &Comparison,
    gates: &Gates,
    allowed: &[Different],
) -> Result<Vec<Check>, String> {
    if current.protocol != baseline.protocol {
        return Err(format!(
            "the baseline was measured with the protocol {}, this comparison with {}: their numbers do not mean the same",
            baseline.protocol, current.protocol
        ));
    }
    if *gates == Gates::default() {
        return Err("a baseline was given but no gate: say how much worse a variant may be".into());
    }
    if current.model_sha256 != baseline.model_sha256 {
        differ(Different::Model, &baseline.model_sha256, &current.model_sha256, allowed)?;
    }
    let mut checks = Vec::new();
    for old in &baseline.variants {
        let Some(new) = current.variants.iter().find(|v| v.name == old.name) else {
            let message = "it is in the baseline, but not in this comparison".into();
            checks.push(Check::new(old, "measured", false, message));
            continue;
        };
        if old.error.is_some() || new.error.is_some() {
            // What failed now is among the checks already.
            continue;
        }
        if old.shapes != new.shapes {
            let (new_shapes, old_shapes) = (new.shapes.join(" "), old.shapes.join(" "));
            let message = format!("measured with shapes {new_shapes}, the baseline with {old_shapes}");
            checks.push(Check::new(new, "measured", false, message));
            continue;
        }
        same_conditions(new, old, allowed)?;
        speed(new, old, gates, baseline.variants.len(), &mut checks)?;
        accuracy(new, old, gates, &mut checks);
    }
    Ok(checks)
}

/// # Errors
/// The difference, and the option that allows it.
fn differ(what: Different, old: &str, new: &str, allowed: &[Different]) -> Result<(), String> {
    if allowed.contains(&what) {
        return Ok(());
    }
    let name = what.name();
    Err(format!(
        "the baseline is of another {name} ({old}, now {new}): a difference would say nothing about this change; \
         --allow-different {name} compares them all the same"
    ))
}

fn same_conditions(new: &VariantResult, old: &VariantResult, allowed: &[Different]) -> Result<(), String> {
    let (n, o) = (&new.environment, &old.environment);
    let gpu = |v: &VariantResult| v.environment.gpu.first().map(|g| g.name.clone()).unwrap_or_default();
    let machine = |v: &VariantResult| {
        let words = [v.environment.host.clone(), v.environment.cpu.clone(), gpu(v)];
        words
            .into_iter()
            .filter(|w| !w.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let threads = |t: Option<u32>| t.map_or("unknown".into(), |t| t.to_string());
    let pairs = [
        (Different::Machine, machine(old), machine(new)),
        (
            Different::Runtime,
            format!("{} {}", old.target, o.runtime),
            format!("{} {}", new.target, n.runtime),
        ),
        (Different::Threads, threads(o.threads), threads(n.threads)),
    ];
    for (what, old, new) in pairs {
        if old != new {
            differ(what, old.trim(), new.trim(), allowed)?;
        }
    }
    Ok(())
}

/// A gate on a figure that every round has.
struct Figure {
    gate: &'static str,
    words: &'static str,
    unit: &'static str,
    limit: Option<f64>,
    of: fn(&VariantResult) -> &[f64],
    /// 1 where more is worse, -1 where less is.
    worse: f64,
}

/// Fails what is worse by more than the limit with the whole of its 95 % interval (over the rounds of both, by
/// Wilcoxon's rank-sum test; all variants of the baseline together).
fn speed(
    new: &VariantResult,
    old: &VariantResult,
    gates: &Gates,
    variants: usize,
    checks: &mut Vec<Check>,
) -> Result<(), String> {
    let figures = [
        Figure {
            gate: "slower",
            words: "median latency",
            unit: "ms",
            limit: gates.slower_percent,
            of: |v| &v.round_medians_ms,
            worse: 1.0,
        },
        Figure {
            gate: "p99",
            words: "p99 latency",
            unit: "ms",
            limit: gates.p99_slower_percent,
            of: |v| &v.round_p99_ms,
            worse: 1.0,
        },
        Figure {
            gate: "throughput",
            words: "throughput",
            unit: "queries/s",
            limit: gates.throughput_percent,
            of: |v| &v.round_qps,
            worse: -1.0,
        },
    ];
    for figure in figures {
        let Some(limit) = figure.limit else { continue };
        let logarithms = |v: &VariantResult| -> Vec<f64> { (figure.of)(v).iter().map(|x| x.ln()).collect() };
        let (n, o) = (logarithms(new), logarithms(old));
        let found = interval::unpaired(&n, &o, ERROR / variants.max(1) as f64)
            .filter(|i| i.low.is_finite() && i.high.is_finite() && i.estimate.is_finite());
        let Some(found) = found else {
            return Err(format!(
                "{}: {} rounds here and {} in the baseline are too few to tell by how much its {} differs; \
                 measure both in 10 rounds or more (a comparison saved by an older version has none of this figure)",
                new.name,
                n.len(),
                o.len(),
                figure.words
            ));
        };
        let percent = |x: f64| x.exp_m1() * 1e2;
        let middle = |v: &VariantResult| interval::of_median((figure.of)(v), ERROR).map_or(f64::NAN, |i| i.estimate);
        // The end of the interval that is least bad: beyond the limit, all of the interval is.
        let least = if figure.worse > 0.0 {
            percent(found.low)
        } else {
            -percent(found.high)
        };
        let passed = least <= limit;
        let verdict = if passed { "within" } else { "worse than" };
        let message = format!(
            "{} {:.4} {unit} is {:+.1} % (95 % interval {:+.1} to {:+.1} %) against the baseline's {:.4} {unit}, {verdict} the {limit} % allowed",
            figure.words,
            middle(new),
            percent(found.estimate),
            percent(found.low),
            percent(found.high),
            middle(old),
            unit = figure.unit,
        );
        checks.push(Check::new(new, figure.gate, passed, message));
    }
    Ok(())
}

fn accuracy(new: &VariantResult, old: &VariantResult, gates: &Gates, checks: &mut Vec<Check>) {
    if let Some(limit) = gates.top1_points {
        let (passed, message) = match (top1_percent(new), top1_percent(old)) {
            (Some(n), Some(o)) if o - n > limit => (
                false,
                format!(
                    "top-1 {n:.2} % is {:.2} points below the baseline's {o:.2} %; {limit} are allowed",
                    o - n
                ),
            ),
            (None, Some(_)) => (false, "it has no top-1 figure, the baseline has".into()),
            (Some(n), Some(o)) => (true, format!("top-1 {n:.2} %, the baseline's {o:.2} %")),
            (_, None) => (true, "the baseline has no top-1 figure".into()),
        };
        checks.push(Check::new(new, "top1", passed, message));
    }
    let Some(limit) = gates.error_percent else { return };
    for o in &old.accuracy {
        let (passed, message) = match new.accuracy.iter().find(|n| n.output == o.output) {
            Some(n) if n.nan + n.inf > o.nan + o.inf => (
                false,
                format!(
                    "output {:?} has {} NaN and {} infinite values, the baseline {} and {}",
                    n.output, n.nan, n.inf, o.nan, o.inf
                ),
            ),
            Some(n) => {
                let passed = n.mean_abs <= o.mean_abs * (1.0 + limit / 1e2);
                let verdict = if passed { "within" } else { "above" };
                let message = format!(
                    "mean absolute error {:.3e} of output {:?} is {verdict} {limit} % more than the baseline's {:.3e}",
                    n.mean_abs, n.output, o.mean_abs
                );
                (passed, message)
            }
            None => (
                false,
                format!("output {:?} has no accuracy, the baseline has", o.output),
            ),
        };
        checks.push(Check::new(new, "error", passed, message));
    }
}

/// Percent of samples with the right label, else that agree with the reference.
fn top1_percent(variant: &VariantResult) -> Option<f64> {
    match &variant.task {
        Some(task) if task.samples > 0 => Some(task.top1_correct as f64 / task.samples as f64 * 1e2),
        _ => variant
            .accuracy
            .iter()
            .find_map(|a| a.top1_agreement)
            .map(|share| share * 1e2),
    }
}

/// Why a variant's accuracy breaks the recipe's limits, one sentence each. `reference_top1_percent` is the reference
/// engine's accuracy on the same labels, when there are labels.
pub fn check_limits(
    variant: &VariantResult,
    limits: &AccuracySpec,
    reference_top1_percent: Option<f64>,
) -> Vec<String> {
    let mut failures = Vec::new();
    let limited = limits.max_mean_abs.is_some() || limits.min_cosine.is_some();
    for a in &variant.accuracy {
        if limited && a.nan + a.inf > 0 {
            failures.push(format!(
                "output {:?} has {} NaN and {} infinite values",
                a.output, a.nan, a.inf
            ));
        }
        if let Some(limit) = limits.max_mean_abs.filter(|limit| a.mean_abs > *limit) {
            failures.push(format!(
                "mean absolute error {:.3e} of output {:?} is above the limit {limit:.3e}",
                a.mean_abs, a.output
            ));
        }
        if let Some(limit) = limits.min_cosine.filter(|limit| a.cosine < *limit) {
            failures.push(format!(
                "cosine similarity {:.6} of output {:?} is below the limit {limit}",
                a.cosine, a.output
            ));
        }
    }
    let labelled = variant.task.filter(|t| t.samples > 0);
    let lost = match (labelled, reference_top1_percent) {
        (Some(_), Some(reference)) => top1_percent(variant).map(|top1| reference - top1),
        _ => variant.accuracy.iter().find_map(lost_agreement),
    };
    if let (Some(limit), Some(lost)) = (limits.max_top1_loss, lost)
        && lost > limit
    {
        failures.push(format!(
            "top-1 loses {lost:.2} percentage points against the reference; {limit} are allowed"
        ));
    }
    failures
}

fn lost_agreement(accuracy: &OutputAccuracy) -> Option<f64> {
    accuracy.top1_agreement.map(|share| (1.0 - share) * 1e2)
}

/// Reads a comparison that was saved as JSON.
///
/// # Errors
/// The file, and what is wrong with it.
pub fn read_baseline(path: &Path) -> Result<Comparison, String> {
    let place = |e: String| format!("{}: {e}", path.display());
    let text = std::fs::read(path).map_err(|e| place(crate::files::words(&e)))?;
    let comparison: Comparison =
        serde_json::from_slice(&text).map_err(|e| place(format!("not a comparison saved as JSON: {e}")))?;
    if Protocol::from_name(&comparison.protocol).is_none() {
        return Err(place(format!("unknown protocol {:?}", comparison.protocol)));
    }
    Ok(comparison)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Statistics, Summary, TaskAccuracy};

    fn variant(name: &str, median: f64) -> VariantResult {
        VariantResult {
            name: name.into(),
            shapes: vec!["x:1x3".into()],
            round_medians_ms: around(median),
            round_p99_ms: around(2.0 * median),
            round_qps: around(1e3 / median),
            statistics: Statistics {
                samples: 10,
                latency_ms: Summary {
                    median,
                    p99: 2.0 * median,
                    ..Summary::default()
                },
                throughput_qps: 1e3 / median,
                ..Statistics::default()
            },
            ..VariantResult::default()
        }
    }

    /// Ten rounds, 1 % apart at most.
    fn around(x: f64) -> Vec<f64> {
        (0..10).map(|i| x * (1.0 + 1e-3 * f64::from(i - 5))).collect()
    }

    /// What failed, as `variant: message`.
    fn failures(current: &Comparison, baseline: &Comparison, gates: &Gates) -> Result<Vec<String>, String> {
        let checks = check(current, baseline, gates, &[])?;
        let failed = checks.into_iter().filter(|c| !c.passed);
        Ok(failed.map(|c| format!("{}: {}", c.variant, c.message)).collect())
    }

    fn comparison(variants: Vec<VariantResult>) -> Comparison {
        Comparison {
            sizes: Default::default(),
            model: "m.onnx".into(),
            model_sha256: String::new(),
            protocol: "serial".into(),
            variants,
            ..Comparison::default()
        }
    }

    #[test]
    fn slower_than_allowed_fails_with_the_numbers() {
        let gates = Gates {
            slower_percent: Some(5.0),
            p99_slower_percent: Some(20.0),
            throughput_percent: Some(5.0),
            ..Gates::default()
        };
        let base = comparison(vec![variant("a", 1.0), variant("b", 1.0), variant("gone", 1.0)]);
        let now = comparison(vec![variant("a", 1.04), variant("b", 1.1), variant("new", 9.0)]);
        let failures = failures(&now, &base, &gates).unwrap();
        assert_eq!(failures.len(), 3, "{failures:?}");
        assert!(
            failures[0].starts_with("b: median latency 1.0995 ms is +10.0 % (95 % interval +9."),
            "{failures:?}"
        );
        assert!(
            failures[1].contains("b: throughput") && failures[1].contains("-9.1 %"),
            "{failures:?}"
        );
        assert!(failures[2].starts_with("gone:"), "{failures:?}");
        // 5.2 % more with an interval that reaches below 5 % is not more than 5 % with 95 % confidence.
        let near = comparison(vec![variant("a", 1.052), variant("b", 1.0), variant("gone", 1.0)]);
        let strict = Gates {
            slower_percent: Some(5.0),
            ..Gates::default()
        };
        assert_eq!(super::tests::failures(&near, &base, &strict).unwrap(), [""; 0]);
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let mut other = comparison(vec![]);
        other.protocol = "trtexec-11".into();
        let gates = Gates {
            slower_percent: Some(1.0),
            ..Gates::default()
        };
        assert!(
            failures(&comparison(vec![]), &other, &gates)
                .unwrap_err()
                .contains("trtexec-11")
        );
        assert!(failures(&comparison(vec![]), &comparison(vec![]), &Gates::default()).is_err());
        let mut reshaped = variant("a", 1.0);
        reshaped.shapes = vec!["x:8x3".into()];
        let base = comparison(vec![variant("a", 1.0)]);
        let failed = failures(&comparison(vec![reshaped]), &base, &gates).unwrap();
        assert!(failed[0].contains("x:8x3") && failed[0].contains("x:1x3"), "{failed:?}");
        // What failed now fails as not measured, whatever the gates.
        let broken = comparison(vec![VariantResult {
            error: Some("no memory".into()),
            ..variant("a", 1.0)
        }]);
        assert_eq!(failures(&broken, &base, &gates).unwrap(), [""; 0]);
        assert!(broken.checks().iter().any(|c| !c.passed && c.message == "no memory"));
        // Figures that are no numbers, and too few of them, decide nothing.
        assert!(failures(&comparison(vec![variant("a", f64::NAN)]), &base, &gates).is_err());
        let mut short = variant("a", 1.0);
        short.round_medians_ms.truncate(1);
        let why = failures(&comparison(vec![short]), &base, &gates).unwrap_err();
        assert!(why.contains("too few"), "{why}");
    }

    #[test]
    fn another_machine_runtime_model_or_thread_count_is_refused_unless_named() {
        let gates = Gates {
            slower_percent: Some(5.0),
            ..Gates::default()
        };
        let base = comparison(vec![variant("a", 1.0)]);
        type Change = fn(&mut Comparison);
        let changes: [(Different, Change); 4] = [
            (Different::Machine, |c| c.variants[0].environment.host = "other".into()),
            (Different::Runtime, |c| {
                c.variants[0].environment.runtime = "ONNX Runtime 9".into()
            }),
            (Different::Model, |c| c.model_sha256 = "ab".into()),
            (Different::Threads, |c| c.variants[0].environment.threads = Some(8)),
        ];
        for (what, change) in changes {
            let mut now = base.clone();
            change(&mut now);
            let why = check(&now, &base, &gates, &[]).unwrap_err();
            assert!(why.contains(&format!("--allow-different {}", what.name())), "{why}");
            assert!(check(&now, &base, &gates, &[what]).is_ok());
        }
    }

    #[test]
    fn accuracy_gates_look_at_labels_then_agreement_then_error() {
        let with = |correct, mean_abs, nan| VariantResult {
            task: Some(TaskAccuracy {
                samples: 200,
                top1_correct: correct,
                top5_correct: None,
            }),
            accuracy: vec![OutputAccuracy {
                output: "y".into(),
                mean_abs,
                nan,
                cosine: 0.9,
                ..OutputAccuracy::default()
            }],
            ..variant("a", 1.0)
        };
        let gates = Gates {
            top1_points: Some(1.0),
            error_percent: Some(10.0),
            ..Gates::default()
        };
        let run = |new, old| failures(&comparison(vec![new]), &comparison(vec![old]), &gates).unwrap();
        assert_eq!(run(with(198, 1.05e-3, 0), with(200, 1e-3, 0)), [""; 0]);
        let failures = run(with(197, 1.2e-3, 0), with(200, 1e-3, 0));
        assert!(
            failures[0].contains("98.50 % is 1.50 points") && failures[1].contains("1.200e-3"),
            "{failures:?}"
        );
        assert!(run(with(200, 0.0, 3), with(200, 1e-3, 0))[0].contains("3 NaN"));
        let limits = AccuracySpec {
            max_mean_abs: Some(1e-3),
            min_cosine: Some(0.99),
            max_top1_loss: Some(1.0),
            reference: None,
        };
        let failures = check_limits(&with(190, 2e-3, 0), &limits, Some(99.0));
        assert_eq!(failures.len(), 3, "{failures:?}");
        assert!(failures[2].contains("4.00 percentage points"), "{failures:?}");
        assert!(check_limits(&with(190, 2e-3, 0), &AccuracySpec::default(), Some(99.0)).is_empty());
    }
}
