//! `check`: what the target cannot or should not take.

use super::args::CheckArgs;
use super::drive::drive;
use super::exit::{CliError, Exit};
use super::inspect::{print_json, with_sizes};
use super::request;
use crate::check::{Evidence, Finding, Place, Report, Severity};
use crate::format;
use crate::worker::{Task, TaskOutput};
use serde_json::{Value, json};

/// Prints the findings; exit code 1 when the target cannot take the model.
pub fn check(args: &CheckArgs) -> Result<Exit, CliError> {
    let recipe = request::one(&args.recipe, &args.one)?;
    let task = Task::Check {
        recipe: Box::new(recipe),
        require_parser: args.require_parser,
    };
    let outcome = drive(task, &[], args.recipe.json)?;
    let TaskOutput::Check(report) = outcome.output else {
        return Err(CliError::failed("the check gave no report"));
    };
    if args.recipe.json {
        print_json(&with_sizes(&to_json(&report), &outcome.sizes)?)?;
    } else {
        print_human(&report);
    }
    Ok(if report.supported { Exit::Fine } else { Exit::Findings })
}

/// The documented JSON form: findings flattened, with the top-level node index.
pub fn to_json(report: &Report) -> Value {
    let findings: Vec<Value> = report.findings.iter().map(finding_json).collect();
    json!({
        "target": report.target,
        "supported": report.supported,
        "parser_asked": report.parser_asked,
        "notes": report.notes,
        "findings": findings,
        "supported_subgraphs": report.supported_subgraphs,
        "corners": report.corners,
        "device_bytes": report.device_bytes,
    })
}

pub fn finding_json(finding: &Finding) -> Value {
    let (index, path, name, op_type, domain, tensor) = match &finding.place {
        Place::Model => (None, None, None, None, None, None),
        Place::Node {
            path,
            name,
            op_type,
            domain,
        } => (
            path.top_index(),
            Some(path),
            Some(name),
            Some(op_type),
            Some(domain),
            None,
        ),
        Place::Tensor { name } => (None, None, None, None, None, Some(name)),
    };
    json!({
        "node_index": index,
        "node_path": path,
        "node_name": name,
        "op_type": op_type,
        "domain": domain,
        "tensor": tensor,
        "rule": finding.rule,
        "severity": finding.severity,
        "reason": finding.reason,
        "evidence": finding.evidence,
        "detail": finding.detail,
        "fix": finding.fixes.iter().map(|f| f.text.as_str()).collect::<Vec<_>>(),
    })
}

fn print_human(report: &Report) {
    for finding in &report.findings {
        let word = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        let source = match finding.evidence {
            Evidence::Parser => "the target's parser",
            Evidence::Static => "rule",
            Evidence::Data => "values",
        };
        outln!("{word}: {}", place(&finding.place));
        outln!("  {}", finding.reason);
        for fix in &finding.fixes {
            outln!("  fix: {}", fix.text);
        }
        outln!("  [{source} {}]", finding.rule);
        if finding.evidence == Evidence::Parser {
            print_raw(finding.detail.as_deref().unwrap_or_default());
        }
    }
    if !report.findings.is_empty() {
        outln!();
    }
    for note in &report.notes {
        outln!("note: {note}");
    }
    if let Some(words) = report.memory_words() {
        outln!("{words}");
    }
    let counts = [
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
        (Severity::Info, "note"),
    ]
    .map(|(severity, word)| (report.count(severity), word));
    let counts: Vec<String> = counts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, w)| format::plural(*n, w))
        .collect();
    let verdict = if report.supported {
        "can take this model"
    } else {
        "cannot take this model as it is"
    };
    let counts = if counts.is_empty() {
        "no findings".into()
    } else {
        counts.join(", ")
    };
    outln!("{} {verdict}: {counts}", report.target);
}

/// What the parser wrote, as evidence; `--json` has all of it.
fn print_raw(detail: &str) {
    const LINES: usize = 3;
    const LONGEST: usize = 300;
    let lines: Vec<&str> = detail.lines().filter(|l| !l.trim().is_empty()).collect();
    for line in lines.iter().take(LINES) {
        let cut: String = line.chars().take(LONGEST).collect();
        let more = if cut.len() < line.len() { "..." } else { "" };
        outln!("    | {cut}{more}");
    }
    if lines.len() > LINES {
        outln!(
            "    | and {} more; --json has them",
            format::plural(lines.len() - LINES, "line")
        );
    }
}

fn place(place: &Place) -> String {
    match place {
        Place::Model => "the model".into(),
        Place::Node {
            path,
            name,
            op_type,
            domain,
        } => {
            let domain = if domain.is_empty() {
                String::new()
            } else {
                format!("{domain}::")
            };
            let name = if name.is_empty() {
                String::new()
            } else {
                format!(" {name}")
            };
            format!("{domain}{op_type} {path}{name}")
        }
        Place::Tensor { name } => format!("tensor {name}"),
    }
}
