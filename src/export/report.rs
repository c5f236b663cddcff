//! One self-contained HTML file: what was compared, on what, how, results, findings, how to reproduce. No network, no
//! scripts; light or dark as the reader's system is.

use super::svg::{color, escape};
use super::{mixes, plots, sweep, table};
use crate::bench::{Comparison, Environment, Mixes, Protocol};
use crate::check::finding::{Place, Report as Findings, Severity};
use crate::format::{self, significant};
use crate::rewrite::search::Search;
use std::collections::BTreeSet;
use std::fmt::Write;

/// More findings than this are counted, not listed.
const MAX_FINDINGS: usize = 200;

/// What goes into a report.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The results.
    pub comparison: &'a Comparison,
    /// When the rows are the mixes of a search: what was found, and which row is which.
    pub mixes: Option<(&'a Search, &'a Mixes)>,
    /// Findings about the model, when it was checked.
    pub findings: Option<&'a Findings>,
    /// The recipe's text, for "how to reproduce".
    pub recipe: Option<&'a str>,
    /// The command that made this, for "how to reproduce".
    pub command: Option<&'a str>,
}

impl Report<'_> {
    /// The HTML document.
    pub fn html(&self) -> String {
        let c = self.comparison;
        let mut body = String::new();
        self.head(&mut body);
        self.plots(&mut body);
        let (note, table) = results(c);
        section(&mut body, "Results", note.as_deref(), &table);
        if c.variants.iter().any(|v| !v.accuracy.is_empty()) {
            section(&mut body, "Accuracy", Some(ACCURACY_NOTE), &accuracy(c));
        }
        let notes = table::notes(c);
        if !notes.is_empty() {
            let items: String = notes.iter().map(|n| format!("<li>{}</li>", escape(n))).collect();
            section(
                &mut body,
                "What to know about these numbers",
                None,
                &format!("<ul>{items}</ul>"),
            );
        }
        if let Some(report) = self.findings {
            let note = format!(
                "For {}: {}, {}.{}",
                report.target,
                format::plural(report.count(Severity::Error), "error"),
                format::plural(report.count(Severity::Warning), "warning"),
                if report.parser_asked {
                    " The target's own parser was asked."
                } else {
                    " From static rules; the target's own parser was not asked."
                }
            );
            section(&mut body, "Findings", Some(&note), &findings(report));
        }
        section(&mut body, "Environment", None, &environments(c));
        self.reproduce(&mut body);
        let title = escape(&format!("{}: comparison", c.model));
        let version = env!("CARGO_PKG_VERSION");
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>{title}</title>\n\
             <style>\n{}</style>\n</head>\n<body>\n<main>\n{body}<footer>Made by Enginesmith {version}.</footer>\n</main>\n</body>\n</html>\n",
            include_str!("report.css")
        )
    }

    fn head(&self, out: &mut String) {
        let c = self.comparison;
        let (lead, cards) = (&c.headline, cards(c));
        let _ = writeln!(
            out,
            "<p class=\"eyebrow\">Engine comparison · protocol {}</p>",
            escape(&c.protocol)
        );
        let _ = writeln!(
            out,
            "<h1>{}</h1>\n<p class=\"lead\">{}</p>",
            escape(&c.model),
            escape(lead)
        );
        out.push_str("<div class=\"cards\">");
        for (value, what) in cards {
            let _ = write!(
                out,
                "<div class=\"card\"><b>{}</b><span>{}</span></div>",
                escape(&value),
                escape(&what)
            );
        }
        out.push_str("</div>\n");
    }

    fn plots(&self, out: &mut String) {
        let c = self.comparison;
        let meaning = Protocol::from_name(&c.protocol).map_or("", Protocol::meaning);
        if let Some((found, measured)) = self.mixes
            && let Some(svg) = mixes::trade_off(found, measured)
        {
            let note = format!(
                "{} Errors are those at the model's outputs against {}, on {}. Bars are 95 % intervals of the median. \
                 The line joins those that no other beats in both.",
                measured.words(),
                found.reference,
                found.data
            );
            section(out, "Error against latency", Some(&note), &svg);
        }
        if let Some(svg) = plots::speedup(c) {
            let batches: BTreeSet<u64> = c.variants.iter().map(|v| v.batch).collect();
            let note = if batches.len() > 1 {
                "Ratio of median latencies per image (latency over batch), with 95 % intervals by ranks over rounds in random order. Batches differ, so a query is not the same amount of work."
            } else {
                "Ratio of median latencies, with 95 % intervals by ranks over rounds in random order."
            };
            section(out, "Speed-up", Some(note), &svg);
        }
        if let Some(svg) = plots::latency(c) {
            let note = format!(
                "Protocol {}: {meaning} Each shape has its own height; samples above p99 are in its last bin.",
                c.protocol
            );
            section(out, "Latency", Some(&note), &svg);
        }
        if let Some(svg) = sweep::throughput(c) {
            let over = c.sweeps.first().map_or("batch size", sweep::over_words);
            let knee = match c.sweeps.iter().any(|s| s.knee.is_some() || s.no_knee.is_some()) {
                true => " A knee is Kneedle's (Satopää and others 2011), claimed only beyond the noise.",
                false => "",
            };
            let note = format!(
                "{}. Bars span the slowest and the fastest round, protocol {}.{knee}",
                sweep::words(c).join(". "),
                c.protocol
            );
            section(out, &format!("Throughput against {over}"), Some(&note), &svg);
            return;
        }
        if let Some(svg) = plots::throughput(c) {
            let note = format!("Queries per second times batch, protocol {}.", c.protocol);
            section(out, "Throughput", Some(&note), &svg);
        }
    }

    fn reproduce(&self, out: &mut String) {
        let mut text = String::new();
        if let Some(command) = self.command {
            let _ = write!(text, "<p class=\"note\">Command</p><pre>{}</pre>", escape(command));
        }
        if let Some(recipe) = self.recipe {
            let _ = write!(text, "<p class=\"note\">Recipe</p><pre>{}</pre>", escape(recipe));
        }
        let _ = write!(
            text,
            "<p class=\"note\">Model {}, SHA-256 <code>{}</code></p>",
            escape(&self.comparison.model),
            escape(&self.comparison.model_sha256)
        );
        section(out, "How to reproduce", None, &text);
    }
}

const ACCURACY_NOTE: &str =
    "Against the reference engine on the test data. The tolerance is the smallest absolute one that would have passed.";

fn section(out: &mut String, title: &str, note: Option<&str>, body: &str) {
    let _ = write!(out, "<section><h2>{}</h2>", escape(title));
    if let Some(note) = note {
        let _ = write!(out, "<p class=\"note\">{}</p>", escape(note));
    }
    let _ = writeln!(out, "{body}</section>");
}

/// Figures with what they are: those of the winner, of the baseline where there is none.
fn cards(c: &Comparison) -> Vec<(String, String)> {
    let winner = c.winner();
    let Some(v) = winner.or_else(|| c.variants.iter().find(|v| v.is_measured())) else {
        return Vec::new();
    };
    let mut cards = Vec::new();
    if let Some((ratio, base)) = winner.and_then(|w| Some((w.ratio?, w.verdict.against.as_ref()?))) {
        cards.push((
            format::speedup(ratio.speedup),
            format!("median speed-up per image of {} over {base}", v.name),
        ));
    }
    cards.extend([
        (
            format!("{} ms", significant(v.statistics.latency_ms.median)),
            format!("median latency, {}", v.name),
        ),
        (
            format!("{} ms", significant(v.statistics.latency_ms.p99)),
            format!("p99 latency, {}", v.name),
        ),
        (
            significant(table::images_per_second(v)),
            format!("images per second on average, {}", v.name),
        ),
    ]);
    if let Some(task) = v.task.filter(|t| t.samples > 0) {
        let top1 = task.top1_correct as f64 / task.samples as f64 * 1e2;
        cards.push((
            format!("{} %", significant(top1)),
            format!("top-1 on {} samples, {}", task.samples, v.name),
        ));
    }
    cards
}

/// The table; what is the same in every row is said once, in the note.
fn results(c: &Comparison) -> (Option<String>, String) {
    let (headers, rows) = table::rows(c);
    let same = |i: usize| {
        let first = rows.first().and_then(|r| r.get(i));
        let shared = matches!(headers[i], "Target" | "Precision" | "Batch");
        shared && rows.len() > 1 && rows.iter().all(|r| r.get(i) == first)
    };
    let (said, shown): (Vec<usize>, Vec<usize>) = (0..headers.len()).partition(|i| same(*i));
    let words: Vec<String> = said
        .iter()
        .map(|i| format!("{} {}", headers[*i].to_lowercase(), rows[0][*i]))
        .collect();
    let note = (!words.is_empty()).then(|| format!("All variants: {}.", words.join(", ")));
    let class = |i: usize| if i < 3 { "" } else { " class=\"num\"" };
    let mut out = String::from("<div class=\"scroll\"><table class=\"wide\"><thead><tr>");
    for i in &shown {
        let _ = write!(out, "<th{}>{}</th>", class(*i), escape(headers[*i]));
    }
    out.push_str("</tr></thead><tbody>");
    for (index, row) in rows.iter().enumerate() {
        out.push_str("<tr>");
        for i in &shown {
            let dot = match i {
                0 => format!("<span class=\"dot\" style=\"background:{}\"></span>", color(index)),
                _ => String::new(),
            };
            let _ = write!(out, "<td{}>{dot}{}</td>", class(*i), escape(&row[*i]));
        }
        out.push_str("</tr>");
    }
    (note, out + "</tbody></table></div>")
}

fn accuracy(c: &Comparison) -> String {
    let mut out = String::from(
        "<div class=\"scroll\"><table class=\"wide\"><thead><tr><th>Variant</th><th>Output</th><th class=\"num\">Samples</th><th class=\"num\">Mean error</th>\
         <th class=\"num\">Median</th><th class=\"num\">Max</th><th class=\"num\">Cosine</th><th class=\"num\">SNR [dB]</th>\
         <th class=\"num\">Tolerance</th><th class=\"num\">NaN, Inf</th><th class=\"num\">Top-1 agrees [%]</th></tr></thead><tbody>",
    );
    for v in &c.variants {
        for a in &v.accuracy {
            let cells = [
                a.samples.to_string(),
                significant(a.mean_abs),
                significant(a.median_abs),
                significant(a.max_abs),
                format!("{:.6}", a.cosine),
                a.snr_db.map_or(String::new(), significant),
                significant(a.min_passing_atol),
                format!("{}, {}", a.nan, a.inf),
                a.top1_agreement.map_or(String::new(), |x| significant(x * 1e2)),
            ];
            let _ = write!(
                out,
                "<tr><td>{}</td><td><code>{}</code></td>",
                escape(&v.name),
                escape(&a.output)
            );
            for cell in cells {
                let _ = write!(out, "<td class=\"num\">{}</td>", escape(&cell));
            }
            out.push_str("</tr>");
        }
    }
    out + "</tbody></table></div>"
}

fn findings(report: &Findings) -> String {
    if report.findings.is_empty() {
        return "<p>None.</p>".into();
    }
    let mut out = String::from("<table><thead><tr><th>Severity</th><th>Where</th><th>What</th></tr></thead><tbody>");
    for f in report.findings.iter().take(MAX_FINDINGS) {
        let (class, word) = match f.severity {
            Severity::Error => ("error", "✕ Error"),
            Severity::Warning => ("warning", "▲ Warning"),
            Severity::Info => ("info", "● Info"),
        };
        let place = match &f.place {
            Place::Model => "the model".into(),
            Place::Node { name, op_type, .. } => format!("{name} ({op_type})"),
            Place::Tensor { name } => name.clone(),
        };
        let _ = write!(
            out,
            "<tr><td class=\"{class}\">{word}</td><td><code>{}</code></td><td>{}</td></tr>",
            escape(&place),
            escape(&f.reason)
        );
    }
    out.push_str("</tbody></table>");
    let left = report.findings.len().saturating_sub(MAX_FINDINGS);
    if left > 0 {
        let _ = write!(out, "<p class=\"note\">and {left} more</p>");
    }
    out
}

/// Environments that differ, each with the variants that ran there.
fn environments(c: &Comparison) -> String {
    let mut groups: Vec<(Environment, Vec<&str>)> = Vec::new();
    for v in c.variants.iter().filter(|v| v.statistics.samples > 0) {
        // Start times, clocks and temperatures differ always; what the machine is does not.
        let mut key = v.environment.clone();
        key.started.clear();
        key.gpu.truncate(1);
        for gpu in &mut key.gpu {
            (gpu.sm_clock_mhz, gpu.memory_clock_mhz, gpu.power_w, gpu.temperature_c) = (None, None, None, None);
        }
        match groups.iter_mut().find(|(e, _)| *e == key) {
            Some((_, names)) => names.push(&v.name),
            None => groups.push((key, vec![&v.name])),
        }
    }
    let mut out = String::new();
    for (e, names) in &groups {
        let mut rows = vec![
            ("Variants", names.join(", ")),
            ("Machine", e.host.clone()),
            ("System", e.system.clone()),
            ("Processor", format!("{} ({} logical processors)", e.cpu, e.cores)),
            ("Threads used", e.threads.map_or(String::new(), |n| n.to_string())),
            ("Runtime", e.runtime.clone()),
            ("Program", format!("Enginesmith {}", e.program)),
        ];
        rows.extend(
            e.gpu
                .iter()
                .map(|g| ("GPU", format!("{}, driver {}, CUDA {}", g.name, g.driver, g.cuda))),
        );
        out.push_str("<table><tbody>");
        for (what, value) in rows.iter().filter(|(_, v)| !v.is_empty()) {
            let _ = write!(out, "<tr><th>{what}</th><td>{}</td></tr>", escape(value));
        }
        out.push_str("</tbody></table>");
    }
    let gpus = gpu_states(c);
    if groups.is_empty() {
        return "<p>Nothing was measured.</p>".into();
    }
    out + &gpus
}

/// Clocks, power and temperature at start and end of each variant that ran on a GPU.
fn gpu_states(c: &Comparison) -> String {
    let text = |x: Option<String>| x.unwrap_or_else(|| "–".into());
    let mut rows = String::new();
    for v in &c.variants {
        for (when, g) in ["start", "end"].iter().zip(&v.environment.gpu) {
            let _ = write!(
                rows,
                "<tr><td>{}</td><td>{when}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>",
                escape(&v.name),
                text(g.sm_clock_mhz.map(|n| n.to_string())),
                text(g.memory_clock_mhz.map(|n| n.to_string())),
                text(g.power_w.map(significant)),
                text(g.temperature_c.map(|n| n.to_string()))
            );
        }
    }
    if rows.is_empty() {
        return rows;
    }
    format!(
        "<table><thead><tr><th>Variant</th><th>At</th><th class=\"num\">SM clock [MHz]</th><th class=\"num\">Memory clock [MHz]</th>\
         <th class=\"num\">Power [W]</th><th class=\"num\">Temperature [°C]</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

#[cfg(test)]
mod tests {
    use super::super::sample::comparison;
    use super::*;
    use crate::check::finding::{Evidence, Finding};

    fn html(c: &Comparison) -> String {
        let findings = Findings {
            target: "tensorrt@10".into(),
            supported: false,
            findings: vec![Finding {
                rule: "type.float64".into(),
                place: Place::Node {
                    path: crate::graph::NodePath::top(3),
                    name: "/head/<b>".into(),
                    op_type: "Cast".into(),
                    domain: String::new(),
                },
                severity: Severity::Error,
                reason: "FP64 is not supported".into(),
                evidence: Evidence::Static,
                detail: None,
                fixes: vec![],
            }],
            parser_asked: false,
            notes: vec![],
            supported_subgraphs: vec![],
            corners: vec![],
            device_bytes: None,
        };
        let report = Report {
            comparison: c,
            mixes: None,
            findings: Some(&findings),
            recipe: Some("version = 1\n"),
            command: Some("enginesmith run 'a & b.toml'"),
        };
        report.html()
    }

    #[test]
    fn a_report_is_one_file_that_asks_nobody() {
        let text = html(&comparison());
        let links = text.replace("http://www.w3.org/2000/svg", "");
        for outside in ["http:", "https:", "<script", "<link", "<img", "@import", "url("] {
            assert!(!links.contains(outside), "{outside}");
        }
        assert_eq!(text.matches("<svg").count(), 3);
        assert!(text.contains("prefers-color-scheme:dark"));
        assert!(text.contains("/head/&lt;b&gt; (Cast)") && text.contains("a &amp; b.toml"));
        assert!(text.contains("protocol serial"));
    }

    #[test]
    fn elements_are_closed_in_order() {
        let mut c = comparison();
        c.model = "<script>alert(1)</script>\u{1}".into();
        c.variants[0].name = "\"><svg onload=x>".into();
        let text = html(&c);
        let mut open = Vec::new();
        for tag in text.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            let name = tag.split([' ', '/']).find(|s| !s.is_empty()).unwrap();
            if tag.starts_with('!') || tag.ends_with('/') || matches!(name, "meta" | "br") {
                continue;
            }
            if tag.starts_with('/') {
                assert_eq!(open.pop().as_deref(), Some(name), "closed out of order");
            } else {
                assert_ne!(name, "script");
                open.push(name.to_owned());
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }

    #[test]
    fn headline_and_cards_are_the_comparisons_own() {
        let mut c = comparison();
        let text = html(&c);
        assert!(
            text.contains(&escape(&c.headline)) && c.headline.starts_with("int8 is 3.2"),
            "{}",
            c.headline
        );
        assert!(
            c.headline.contains("broken gets no speed-up: it failed: out of memory"),
            "{}",
            c.headline
        );
        assert!(cards(&c)[0].0.starts_with("3.2"), "{:?}", cards(&c));
        assert!(super::table::markdown(&c).contains(&c.headline));
        c.variants.clear();
        c.judge(&[], crate::bench::verdict::Pairing::Apart, None, None);
        assert!(c.headline.contains("No variant"));
        assert!(html(&c).contains("Nothing was measured"));
    }

    #[test]
    fn batches_are_compared_by_images() {
        let mut c = comparison();
        c.variants[0].batch = 64;
        assert!(html(&c).contains("latencies per image"));
    }
}
