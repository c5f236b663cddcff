//! What was checked, for CI: JUnit, GitLab's code quality and metrics, a summary in Markdown.

use super::svg::escape;
use super::table;
use crate::bench::Comparison;
use crate::bench::gate::Check;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// JUnit XML: a suite for the model, a case for every check of every variant.
pub fn junit(comparison: &Comparison) -> String {
    let checks = comparison.checks();
    let failed = checks.iter().filter(|c| !c.passed).count();
    let model = escape(&comparison.model);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"enginesmith\" tests=\"{0}\" failures=\"{failed}\">\n\
         <testsuite name=\"{model}\" tests=\"{0}\" failures=\"{failed}\">\n",
        checks.len()
    );
    for check in &checks {
        let (class, name) = (
            escape(&format!("{}.{}", comparison.model, check.variant)),
            escape(&check.gate),
        );
        let message = escape(&check.message);
        let _ = match check.passed {
            true => writeln!(
                out,
                "<testcase classname=\"{class}\" name=\"{name}\"><system-out>{message}</system-out></testcase>"
            ),
            false => writeln!(
                out,
                "<testcase classname=\"{class}\" name=\"{name}\"><failure message=\"{message}\">{message}</failure></testcase>"
            ),
        };
    }
    out + "</testsuite>\n</testsuites>\n"
}

/// GitLab's code quality report: what failed, at the recipe or model at `path`.
pub fn code_quality(comparison: &Comparison, path: &str) -> String {
    let failed = comparison.checks().into_iter().filter(|c| !c.passed);
    let issues: Vec<_> = failed
        .map(
            |Check {
                 variant, gate, message, ..
             }| {
                // The same finding has the same fingerprint in every run.
                let hash = Sha256::digest(format!("{path}\0{variant}\0{gate}"));
                let fingerprint: String = hash.iter().map(|b| format!("{b:02x}")).collect();
                json!({
                    "description": format!("{variant}: {message}"),
                    "check_name": format!("enginesmith/{gate}"),
                    "fingerprint": fingerprint,
                    "severity": "major",
                    "location": { "path": path, "lines": { "begin": 1 } },
                })
            },
        )
        .collect();
    serde_json::to_string_pretty(&issues).unwrap_or_default()
}

/// GitLab's metrics report: OpenMetrics text, one line a figure of every measured variant.
pub fn metrics(comparison: &Comparison) -> String {
    let label = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let mut out = String::new();
    for v in comparison.variants.iter().filter(|v| v.is_measured()) {
        let labels = format!(
            "{{model=\"{}\",variant=\"{}\",target=\"{}\",protocol=\"{}\"}}",
            label(&comparison.model),
            label(&v.name),
            label(&v.target),
            label(&v.protocol)
        );
        let s = &v.statistics;
        let figures = [
            ("latency_median_ms", Some(s.latency_ms.median)),
            ("latency_p99_ms", Some(s.latency_ms.p99)),
            ("throughput_qps", Some(s.throughput_qps)),
            ("speedup", v.ratio.map(|r| r.speedup)),
            ("build_seconds", Some(v.build_s)),
        ];
        for (name, value) in figures {
            if let Some(value) = value {
                let _ = writeln!(out, "enginesmith_{name}{labels} {value}");
            }
        }
    }
    let failed = comparison.checks().iter().filter(|c| !c.passed).count();
    let _ = writeln!(
        out,
        "enginesmith_failed_checks{{model=\"{}\"}} {failed}\n# EOF",
        label(&comparison.model)
    );
    out
}

/// Markdown for a job's summary page: the table, and what was checked.
pub fn summary(comparison: &Comparison) -> String {
    let plain = |text: &str| text.replace('|', "\\|").replace(['\n', '\r'], " ");
    let mut out = table::markdown(comparison);
    out.push_str("\n| | Variant | Check | Found |\n|---|---|---|---|\n");
    for check in comparison.checks() {
        let mark = if check.passed { "✓" } else { "✗" };
        let _ = writeln!(
            out,
            "| {mark} | {} | {} | {} |",
            plain(&check.variant),
            check.gate,
            plain(&check.message)
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::sample::comparison;
    use super::*;

    fn failing() -> Comparison {
        let mut c = comparison();
        c.variants[0].name = "a<b|\"c\"".into();
        c.gates = vec![Check {
            variant: c.variants[0].name.clone(),
            gate: "slower".into(),
            passed: false,
            message: "9 % & more".into(),
        }];
        c
    }

    #[test]
    fn every_failure_is_in_every_file() {
        let c = failing();
        let failed: Vec<Check> = c.checks().into_iter().filter(|c| !c.passed).collect();
        // The gate, and the variant that could not be measured.
        assert_eq!(failed.len(), 2, "{failed:?}");
        let xml = junit(&c);
        assert_eq!(xml.matches("<failure ").count(), 2, "{xml}");
        assert!(
            xml.contains("failures=\"2\"") && xml.contains("a&lt;b|&quot;c&quot;") && xml.contains("9 % &amp; more"),
            "{xml}"
        );
        let issues: Vec<serde_json::Value> = serde_json::from_str(&code_quality(&c, "r.toml")).unwrap();
        assert_eq!(issues.len(), 2);
        assert_eq!(issues[1]["check_name"], "enginesmith/slower");
        assert_eq!(issues[0]["location"]["path"], "r.toml");
        assert_ne!(issues[0]["fingerprint"], issues[1]["fingerprint"]);
        let text = metrics(&c);
        assert!(
            text.contains("enginesmith_failed_checks{model=\"net.onnx\"} 2\n# EOF\n"),
            "{text}"
        );
        assert!(text.contains("variant=\"a<b|\\\"c\\\"\""), "{text}");
        let text = summary(&c);
        assert!(text.contains("| ✗ | a<b\\|\"c\" | slower | 9 % & more |"), "{text}");
    }
}
