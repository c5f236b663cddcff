//! A comparison as a table: Markdown for people, CSV for spreadsheets, JSON for programs.

use crate::bench::{Comparison, VariantResult};
use crate::format::{self, significant};
use crate::visible;

/// A column: its header with the unit, and the cell of a variant.
type Column = (&'static str, fn(&VariantResult) -> String);

/// Columns for people; those that no variant fills are left out.
pub(super) const COLUMNS: [Column; 23] = [
    ("Variant", |v| v.name.clone()),
    ("Target", |v| v.target.clone()),
    ("Precision", |v| v.precision.to_uppercase()),
    ("Computes in", |v| {
        v.effective_precision.as_ref().map_or(String::new(), |e| e.words())
    }),
    ("Batch", |v| v.batch.to_string()),
    (SIZES, |v| v.shapes.join(" ")),
    ("Median [ms]", |v| match v.error {
        Some(_) => "failed".into(),
        None => figure(v, v.statistics.latency_ms.median),
    }),
    ("p99 [ms]", |v| figure(v, v.statistics.latency_ms.p99)),
    ("CV [%]", |v| figure(v, v.statistics.latency_ms.cv * 1e2)),
    ("Images/s, mean", |v| figure(v, images_per_second(v))),
    ("Speed-up per image, median", VariantResult::speedup_words),
    ("95 % interval", |v| {
        v.ratio.map_or(String::new(), |r| format::range(r.low, r.high))
    }),
    ("Top-1 [%]", |v| match &v.task {
        Some(t) if t.samples > 0 => significant(t.top1_correct as f64 / t.samples as f64 * 1e2),
        _ => String::new(),
    }),
    ("Top-5 [%]", |v| {
        match v.task.and_then(|t| Some((t.top5_correct?, t.samples))) {
            Some((right, samples)) if samples > 0 => significant(right as f64 / samples as f64 * 1e2),
            _ => String::new(),
        }
    }),
    ("Mean error", |v| {
        worst(v, |a| a.mean_abs).map_or(String::new(), significant)
    }),
    ("Passes at", |v| match least_tolerance(v) {
        Some(tolerance) if tolerance.is_infinite() => "never".into(),
        tolerance => tolerance.map_or(String::new(), significant),
    }),
    ("Build [s]", |v| {
        if v.build_s > 0.0 {
            significant(v.build_s)
        } else {
            String::new()
        }
    }),
    ("Engine", |v| v.engine_bytes.map_or(String::new(), format::bytes)),
    ("Load [s]", |v| v.resources.load_s.map_or(String::new(), significant)),
    ("First inference [s]", |v| {
        v.resources.first_inference_s.map_or(String::new(), significant)
    }),
    ("JIT [s]", |v| v.resources.jit_s.map_or(String::new(), significant)),
    ("Host memory", |v| {
        v.resources.host_peak_bytes.map_or(String::new(), format::bytes)
    }),
    ("Device memory", |v| {
        let peak = v.resources.device.and_then(|d| d.peak);
        peak.map_or(String::new(), format::bytes)
    }),
];

/// Shapes, shown only where rows do different work.
const SIZES: &str = "Shapes";

/// Queries per second times batch.
pub(super) fn images_per_second(v: &VariantResult) -> f64 {
    v.statistics.throughput_qps * v.batch.max(1) as f64
}

fn figure(v: &VariantResult, x: f64) -> String {
    if v.statistics.samples == 0 {
        String::new()
    } else {
        significant(x)
    }
}

/// The largest figure over all outputs.
pub(super) fn worst(v: &VariantResult, of: fn(&crate::bench::OutputAccuracy) -> f64) -> Option<f64> {
    v.accuracy.iter().map(of).max_by(f64::total_cmp)
}

/// The smallest absolute tolerance with which all outputs would have passed; infinite where NaN or infinities stand in the
/// way of any, none without a comparison.
fn least_tolerance(v: &VariantResult) -> Option<f64> {
    worst(v, |a| match a.nan + a.inf {
        0 => a.min_passing_atol,
        _ => f64::INFINITY,
    })
}

/// Headers and rows for people, without columns that are empty everywhere.
pub fn rows(comparison: &Comparison) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let used: Vec<&Column> = COLUMNS
        .iter()
        .filter(|(name, _)| *name != SIZES || comparison.has_other_work())
        .filter(|(_, cell)| comparison.variants.iter().any(|v| !cell(v).is_empty()))
        .collect();
    let rows = comparison
        .variants
        .iter()
        .map(|v| used.iter().map(|(_, cell)| cell(v)).collect());
    (used.iter().map(|(name, _)| *name).collect(), rows.collect())
}

/// A Markdown document: what was compared under which protocol, the table, warnings and failures.
pub fn markdown(comparison: &Comparison) -> String {
    let plain = visible::markdown;
    let (headers, rows) = rows(comparison);
    let mut out = format!(
        "**{}**, protocol {}\n\n",
        plain(&comparison.model),
        plain(&comparison.protocol)
    );
    if !comparison.headline.is_empty() {
        out.push_str(&format!("{}\n\n", plain(&comparison.headline)));
    }
    out.push_str(&format!("| {} |\n|", headers.join(" | ")));
    for (i, _) in headers.iter().enumerate() {
        // Names to the left, numbers to the right.
        out.push_str(if i < 3 { "---|" } else { "---:|" });
    }
    out.push('\n');
    for row in rows {
        let cells: Vec<String> = row.iter().map(|c| plain(c)).collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    let notes = notes(comparison);
    if !notes.is_empty() {
        out.push('\n');
        notes.iter().for_each(|n| out.push_str(&format!("- {}\n", plain(n))));
    }
    out
}

/// What the reader must know: the comparison's warnings, then each variant's own with its name.
pub fn notes(comparison: &Comparison) -> Vec<String> {
    let sizes = comparison
        .sizes
        .words()
        .map(|words| format!("Sizes of the inputs: {words}."));
    let mut out: Vec<String> = sizes.into_iter().chain(comparison.warnings.iter().cloned()).collect();
    out.extend(comparison.decision.as_ref().and_then(crate::bench::Decision::words));
    out.extend(comparison.failures.iter().map(|f| format!("Limit broken: {f}")));
    let failed = comparison.gates.iter().filter(|c| !c.passed);
    out.extend(failed.map(|c| format!("Gate failed: {}: {}", c.variant, c.message)));
    out.extend(comparison.slow_quantized());
    for v in &comparison.variants {
        out.extend(v.error.iter().map(|e| format!("{} failed: {e}", v.name)));
        let told = v.statistics.warnings.iter().chain(&v.notes);
        out.extend(told.map(|w| format!("{}: {w}", v.name)));
    }
    out
}

/// One line per variant with every figure in full precision (RFC 4180; times in milliseconds).
pub fn csv(comparison: &Comparison) -> String {
    let mut out = String::from(
        "model,model_sha256,protocol,variant,target,precision,shapes,batch,samples,latency_min_ms,latency_max_ms,latency_mean_ms,\
         latency_median_ms,latency_p90_ms,latency_p95_ms,latency_p99_ms,latency_cv,compute_median_ms,throughput_qps,\
         speedup,speedup_low,speedup_high,within_noise,standing,verdict,rounds,sessions,build_s,engine_bytes,top1_correct,top5_correct,task_samples,min_passing_atol,effective_precision,load_s,\
         first_inference_s,jit_s,host_peak_bytes,device_before_bytes,device_engine_bytes,device_context_bytes,device_peak_bytes,error\r\n",
    );
    for v in &comparison.variants {
        let (s, l) = (&v.statistics, &v.statistics.latency_ms);
        let ratio = |f: fn(&crate::bench::Ratio) -> String| v.ratio.as_ref().map_or(String::new(), f);
        let cells = [
            comparison.model.clone(),
            comparison.model_sha256.clone(),
            comparison.protocol.clone(),
            v.name.clone(),
            v.target.clone(),
            v.precision.clone(),
            v.shapes.join(" "),
            v.batch.to_string(),
            s.samples.to_string(),
            l.min.to_string(),
            l.max.to_string(),
            l.mean.to_string(),
            l.median.to_string(),
            l.p90.to_string(),
            l.p95.to_string(),
            l.p99.to_string(),
            l.cv.to_string(),
            s.compute_ms.median.to_string(),
            s.throughput_qps.to_string(),
            ratio(|r| r.speedup.to_string()),
            ratio(|r| r.low.to_string()),
            ratio(|r| r.high.to_string()),
            ratio(|r| r.within_noise.to_string()),
            format!("{:?}", v.verdict.standing).to_lowercase(),
            v.verdict.sentence.clone(),
            v.round_medians_ms.len().to_string(),
            v.sessions.to_string(),
            v.build_s.to_string(),
            v.engine_bytes.map_or(String::new(), |n| n.to_string()),
            v.task.map_or(String::new(), |t| t.top1_correct.to_string()),
            v.task
                .and_then(|t| t.top5_correct)
                .map_or(String::new(), |n| n.to_string()),
            v.task.map_or(String::new(), |t| t.samples.to_string()),
            least_tolerance(v)
                .filter(|t| t.is_finite())
                .map_or(String::new(), |t| t.to_string()),
            v.effective_precision.as_ref().map_or(String::new(), |e| e.words()),
            optional(v.resources.load_s),
            optional(v.resources.first_inference_s),
            optional(v.resources.jit_s),
            optional(v.resources.host_peak_bytes),
            optional(v.resources.device.and_then(|d| d.before)),
            optional(v.resources.device.and_then(|d| d.engine)),
            optional(v.resources.device.and_then(|d| d.context)),
            optional(v.resources.device.and_then(|d| d.peak)),
            v.error.clone().unwrap_or_default(),
        ];
        let cells: Vec<String> = cells.iter().map(|c| quoted(c)).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

fn optional<T: ToString>(value: Option<T>) -> String {
    value.map_or(String::new(), |v| v.to_string())
}

/// A cell, quoted where it must be. A text that a spreadsheet would run as a formula is kept from it by an apostrophe.
fn quoted(cell: &str) -> String {
    let number = cell.parse::<f64>().is_ok();
    let formula = !number && cell.starts_with(['=', '+', '-', '@']);
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", cell.replace('"', "\"\""));
    }
    cell
}

/// The comparison as JSON, which `compare --baseline` reads back.
pub fn json(comparison: &Comparison) -> String {
    // A comparison has string keys and finite or null numbers only; writing it to memory cannot fail.
    serde_json::to_string_pretty(comparison).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::sample::comparison;
    use super::*;

    #[test]
    fn markdown_leaves_out_what_nobody_has_and_escapes_names() {
        let mut c = comparison();
        c.variants[1].name = "a|b\nc".into();
        let text = markdown(&c);
        assert!(
            text.starts_with("**net.onnx**, protocol serial\n\nint8 is ") && text.contains("\n\n| Variant | Target |"),
            "{text}"
        );
        assert!(text.contains("| a\\|b c | "), "{text}");
        assert!(!text.contains("Engine"), "no variant has a file");
        let columns = |line: &str| line.replace("\\|", "").matches('|').count();
        let table: Vec<usize> = text.lines().filter(|l| l.starts_with('|')).map(columns).collect();
        assert!(
            table.windows(2).all(|w| w[0] == w[1]) && table.len() == 2 + c.variants.len(),
            "{text}"
        );
        assert!(text.contains("- broken failed: out of memory"), "{text}");
    }

    #[test]
    fn csv_has_a_cell_for_every_header_and_runs_nothing() {
        let mut c = comparison();
        c.variants[0].name = "=1+1,\"x\"".into();
        let text = csv(&c);
        let mut lines = text.split_terminator("\r\n");
        let header = lines.next().unwrap().split(',').count();
        let first = lines.next().unwrap();
        assert!(first.contains("\"'=1+1,\"\"x\"\"\""), "{first}");
        let plain = lines.next().unwrap();
        assert_eq!(plain.split(',').count(), header, "{plain}");
    }

    #[test]
    fn json_reads_back_the_same() {
        let (c, text) = (comparison(), json(&comparison()));
        let back: Comparison = serde_json::from_str(&text).unwrap();
        assert_eq!(
            back.variants[0].histogram.as_ref().unwrap().counts,
            c.variants[0].histogram.as_ref().unwrap().counts
        );
        // Reading a decimal may be off by the last bit, so figures are compared as tables show them.
        assert_eq!(rows(&back), rows(&c));
        assert_eq!((&back.model_sha256, notes(&back)), (&c.model_sha256, notes(&c)));
    }
}
