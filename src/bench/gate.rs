//! Gates: what makes a comparison fail, against an earlier comparison or against a recipe's accuracy limits.

use super::{Comparison, OutputAccuracy, Protocol, VariantResult};
use crate::recipe::AccuracySpec;
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

/// Why a comparison fails, one sentence each; empty when it passes.
///
/// # Errors
/// The two cannot be compared: another protocol or model, or nothing was asked.
pub fn check(current: &Comparison, baseline: &Comparison, gates: &Gates) -> Result<Vec<String>, String> {
    if current.protocol != baseline.protocol {
        return Err(format!(
            "the baseline was measured with the protocol {}, this comparison with {}: their numbers do not mean the same",
            baseline.protocol, current.protocol
        ));
    }
    if *gates == Gates::default() {
        return Err("a baseline was given but no gate: say how much worse a variant may be".into());
    }
    let mut failures = Vec::new();
    for old in &baseline.variants {
        let Some(new) = current.variants.iter().find(|v| v.name == old.name) else {
            failures.push(format!("{}: in the baseline, but not in this comparison", old.name));
            continue;
        };
        if old.error.is_some() {
            continue;
        }
        if let Some(error) = &new.error {
            failures.push(format!("{}: failed, the baseline did not: {error}", new.name));
            continue;
        }
        if old.shapes != new.shapes {
            failures.push(format!(
                "{}: measured with shapes {}, the baseline with {}",
                new.name,
                new.shapes.join(" "),
                old.shapes.join(" ")
            ));
            continue;
        }
        speed(new, old, gates, &mut failures);
        accuracy(new, old, gates, &mut failures);
    }
    Ok(failures)
}

fn speed(new: &VariantResult, old: &VariantResult, gates: &Gates, failures: &mut Vec<String>) {
    let (n, o) = (&new.statistics, &old.statistics);
    let rows = [
        (
            "median latency",
            "ms",
            n.latency_ms.median,
            o.latency_ms.median,
            gates.slower_percent,
            1.0,
        ),
        (
            "p99 latency",
            "ms",
            n.latency_ms.p99,
            o.latency_ms.p99,
            gates.p99_slower_percent,
            1.0,
        ),
        (
            "throughput",
            "queries/s",
            n.throughput_qps,
            o.throughput_qps,
            gates.throughput_percent,
            -1.0,
        ),
    ];
    for (what, unit, new_value, old_value, limit, worse) in rows {
        let change = (new_value - old_value) / old_value * 1e2;
        if let Some(limit) = limit
            && (change.is_nan() || change * worse > limit)
        {
            failures.push(format!(
                "{}: {what} {new_value:.4} {unit} is {change:+.1} % against the baseline's {old_value:.4} {unit}; \
                 {limit} % is allowed",
                new.name
            ));
        }
    }
}

fn accuracy(new: &VariantResult, old: &VariantResult, gates: &Gates, failures: &mut Vec<String>) {
    if let Some(limit) = gates.top1_points {
        match (top1_percent(new), top1_percent(old)) {
            (Some(n), Some(o)) if o - n > limit => failures.push(format!(
                "{}: top-1 {n:.2} % is {:.2} points below the baseline's {o:.2} %; {limit} are allowed",
                new.name,
                o - n
            )),
            (None, Some(_)) => failures.push(format!("{}: has no top-1 figure, the baseline has", new.name)),
            _ => {}
        }
    }
    if let Some(limit) = gates.error_percent {
        for o in &old.accuracy {
            match new.accuracy.iter().find(|n| n.output == o.output) {
                Some(n) if n.nan + n.inf > o.nan + o.inf => failures.push(format!(
                    "{}: output {:?} has {} NaN and {} infinite values, the baseline {} and {}",
                    new.name, n.output, n.nan, n.inf, o.nan, o.inf
                )),
                Some(n) if n.mean_abs > o.mean_abs * (1.0 + limit / 1e2) => failures.push(format!(
                    "{}: mean absolute error {:.3e} of output {:?} is above the baseline's {:.3e} by more than {limit} %",
                    new.name, n.mean_abs, n.output, o.mean_abs
                )),
                Some(_) => {}
                None => failures.push(format!("{}: output {:?} has no accuracy, the baseline has", new.name, o.output)),
            }
        }
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
        let name = &variant.name;
        if limited && a.nan + a.inf > 0 {
            failures.push(format!(
                "{name}: output {:?} has {} NaN and {} infinite values",
                a.output, a.nan, a.inf
            ));
        }
        if let Some(limit) = limits.max_mean_abs.filter(|limit| a.mean_abs > *limit) {
            failures.push(format!(
                "{name}: mean absolute error {:.3e} of output {:?} is above the limit {limit:.3e}",
                a.mean_abs, a.output
            ));
        }
        if let Some(limit) = limits.min_cosine.filter(|limit| a.cosine < *limit) {
            failures.push(format!(
                "{name}: cosine similarity {:.6} of output {:?} is below the limit {limit}",
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
            "{}: top-1 loses {lost:.2} percentage points against the reference; {limit} are allowed",
            variant.name
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
        let failures = check(&now, &base, &gates).unwrap();
        assert_eq!(failures.len(), 3, "{failures:?}");
        assert!(
            failures[0].contains("b: median latency 1.1000 ms is +10.0 %"),
            "{failures:?}"
        );
        assert!(
            failures[1].contains("b: throughput") && failures[1].contains("-9.1 %"),
            "{failures:?}"
        );
        assert!(failures[2].starts_with("gone:"), "{failures:?}");
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
            check(&comparison(vec![]), &other, &gates)
                .unwrap_err()
                .contains("trtexec-11")
        );
        assert!(check(&comparison(vec![]), &comparison(vec![]), &Gates::default()).is_err());
        let mut reshaped = variant("a", 1.0);
        reshaped.shapes = vec!["x:8x3".into()];
        let failures = check(
            &comparison(vec![reshaped]),
            &comparison(vec![variant("a", 1.0)]),
            &gates,
        )
        .unwrap();
        assert!(
            failures[0].contains("x:8x3") && failures[0].contains("x:1x3"),
            "{failures:?}"
        );
        let broken = VariantResult {
            error: Some("no memory".into()),
            ..variant("a", 1.0)
        };
        let failures = check(&comparison(vec![broken]), &comparison(vec![variant("a", 1.0)]), &gates).unwrap();
        assert!(failures[0].contains("no memory"));
        // A figure that is not a number never passes.
        let failures = check(
            &comparison(vec![variant("a", f64::NAN)]),
            &comparison(vec![variant("a", 1.0)]),
            &gates,
        );
        assert_eq!(failures.unwrap().len(), 1);
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
        let run = |new, old| check(&comparison(vec![new]), &comparison(vec![old]), &gates).unwrap();
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
