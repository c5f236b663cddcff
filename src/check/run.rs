//! Runs the rules over a graph and joins them with the parser's report.

use super::corners::CornerReport;
use super::merge::merge;
use super::ruleset::{Rule, rules};
use super::subject::{Hit, Subject, fill, node_place};
use super::table::{Operators, Support, embedded_has};
use super::target::Target;
use super::{Evidence, Finding, Fix, ParserReport, Place, Report, Severity};
use crate::graph::Graph;
use crate::graph::build::{Problem, ProblemKind};
use crate::graph::ranges::ProfileSpec;
use crate::rewrite::PatchSpec;
use std::collections::HashMap;

/// What to check for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Target name: `embedded`, `onnxruntime-cpu`, `onnxruntime-cuda`, `tensorrt`, `tensorrt-rtx`.
    pub target: String,
    /// Version (`10`, `10.16`, `1.7`); `None` means the newest that the table knows.
    pub version: Option<String>,
    /// Ranges of sizes that the engine is for.
    pub profiles: Vec<ProfileSpec>,
    /// What the target's parser said, when it was asked.
    pub parser: Option<ParserReport>,
}

/// Why the target takes no node of this operator (of ONNX's own domain), by the tables alone; `None` where it takes some.
///
/// # Errors
/// An unknown target or version, as a sentence.
pub fn lacks(target: &str, version: Option<&str>, op: &str) -> Result<Option<String>, String> {
    let target = Target::parse(target, version)?;
    let is_taken = match target.name {
        "embedded" => embedded_has("", op),
        "tensorrt" | "tensorrt-rtx" => {
            // Without a minor version the newest is meant.
            let (major, minor) = target
                .version
                .map_or((u32::MAX, u32::MAX), |(a, b)| (a, b.unwrap_or(u32::MAX)));
            match Operators::of(&target).support(&target, op) {
                Support::Yes => true,
                Support::Since(a, b) => (major, minor) >= (a, b),
                Support::Before(a, b) => (major, minor) < (a, b),
                Support::No | Support::Unlisted => false,
            }
        }
        // ONNX Runtime runs what it has no code of its own for as the functions that onnx defines.
        _ => true,
    };
    Ok((!is_taken).then(|| format!("{} does not take {op}", target.words())))
}

/// Patches, and those left out with the reason.
pub type Sorted = (Vec<PatchSpec>, Vec<(PatchSpec, String)>);

/// The patches whose operators the target takes, and the others with the reason.
///
/// # Errors
/// As [`lacks`].
pub fn taken(target: &str, version: Option<&str>, patches: Vec<PatchSpec>) -> Result<Sorted, String> {
    let (mut taken, mut lacking) = (Vec::new(), Vec::new());
    for patch in patches {
        let why = match patch.makes() {
            None => None,
            Some(op) => lacks(target, version, op)?,
        };
        match why {
            None => taken.push(patch),
            Some(why) => lacking.push((patch, why)),
        }
    }
    Ok((taken, lacking))
}

/// All findings for the target. Reads the stored weights once (rules about values).
///
/// # Errors
/// An unknown target or version, as a sentence that names the nearest known one.
pub fn check(graph: &Graph, request: &Request) -> Result<Report, String> {
    let target = Target::parse(&request.target, request.version.as_deref())?;
    let label = target.label();
    let subject = Subject::new(graph, target, request);
    let mut findings: Vec<Finding> = graph.problems.iter().map(|p| problem(graph, p)).collect();
    for rule in rules(&subject.target)? {
        findings.extend(subject.hits(rule).into_iter().map(|hit| finding(rule, hit)));
    }
    let mut notes = Vec::new();
    let mut supported_subgraphs = Vec::new();
    let mut parser_asked = false;
    if let Some(report) = &request.parser {
        let merged = merge(graph, findings, report)?;
        findings = merged.findings;
        supported_subgraphs = merged.supported_subgraphs;
        parser_asked = true;
        notes.push(format!(
            "{} {} read the model with its own parser.",
            subject.target.product(),
            report.version
        ));
        if merged.overruled > 0 {
            notes.push(format!(
                "Its answer replaces {} of the static rules' guesses.",
                merged.overruled
            ));
        }
    } else if let Some(column) = Operators::of(&subject.target).column(&subject.target) {
        let how = if column.evidence == "tested" {
            "asking the parser"
        } else {
            "documentation, not tested"
        };
        notes.push(format!(
            "{} was not asked; these findings come from static rules ({how}: {}).",
            subject.target.product(),
            column.source
        ));
    }
    // One fault, one finding: what a rule said of the node already is not said again.
    let judged = super::corners::judged(graph, subject.target.name, &request.profiles);
    let mut corners = super::corners::findings(graph, subject.target.name, &request.profiles, &judged);
    corners.retain(|c| !findings.iter().any(|f| f.rule == "topk.k" && f.place == c.place));
    findings.extend(corners);
    sort(graph, &mut findings);
    let supported = findings.iter().all(|f| f.severity != Severity::Error);
    Ok(Report {
        target: label,
        supported,
        findings,
        parser_asked,
        notes,
        supported_subgraphs,
        corners: judged.iter().map(CornerReport::from).collect(),
        device_bytes: None,
    })
}

fn finding(rule: &Rule, hit: Hit) -> Finding {
    let fixes = rule
        .fixes
        .iter()
        .map(|f| Fix {
            text: fill(&f.text, &hit.values),
            patch: f.patch.clone(),
        })
        .collect();
    let source = if rule.source == "operators" { hit.source } else { None };
    Finding {
        rule: rule.id.clone(),
        place: hit.place,
        severity: rule.severity,
        reason: fill(&rule.reason, &hit.values),
        evidence: rule.evidence,
        detail: Some(source.unwrap_or_else(|| {
            if rule.source == "operators" {
                // A condition that did not look into the table itself; the rule comes from the same document.
                "onnx-tensorrt docs/operators.md, TensorRT 10.15 (documented)".into()
            } else {
                rule.source.clone()
            }
        })),
        fixes,
    }
}

/// A structural problem as a finding: whatever the target, a broken model does not run.
fn problem(graph: &Graph, problem: &Problem) -> Finding {
    let kind = match problem.kind {
        ProblemKind::Cycle => "cycle",
        ProblemKind::DuplicateName => "duplicate-name",
        ProblemKind::MissingInput => "missing-input",
        ProblemKind::Order => "order",
        ProblemKind::MissingOutput => "missing-output",
        ProblemKind::Contradiction => "contradiction",
        ProblemKind::MissingOpset => "missing-opset",
    };
    let place = match (
        problem.node.and_then(|id| graph.nodes.get(id.0 as usize)),
        &problem.tensor,
    ) {
        (Some(node), _) => node_place(node),
        (None, Some(tensor)) => Place::Tensor {
            name: tensor.to_string(),
        },
        (None, None) => Place::Model,
    };
    Finding {
        rule: format!("graph.{kind}"),
        place,
        severity: Severity::Error,
        reason: problem.message.clone(),
        evidence: Evidence::Static,
        detail: Some("ONNX specification, docs/IR.md".into()),
        fixes: Vec::new(),
    }
}

/// Worst first, then in graph order, then by rule.
fn sort(graph: &Graph, findings: &mut [Finding]) {
    let order: HashMap<_, _> = graph
        .nodes
        .iter()
        .enumerate()
        .map(|(i, n)| (n.path.clone(), i))
        .collect();
    let position = |finding: &Finding| match &finding.place {
        Place::Model => (0, 0),
        Place::Tensor { .. } => (1, 0),
        Place::Node { path, .. } => (2, order.get(path).copied().unwrap_or(usize::MAX)),
    };
    findings.sort_by(|a, b| {
        b.severity
            .cmp(&a.severity)
            .then_with(|| position(a).cmp(&position(b)))
            .then_with(|| a.rule.cmp(&b.rule))
    });
}

#[cfg(test)]
mod tests {
    use super::lacks;

    #[test]
    fn what_a_target_lacks_depends_on_its_version() {
        for (target, version, op, is_lacking) in [
            ("tensorrt", Some("10.3"), "RMSNormalization", true),
            ("tensorrt", Some("10.16"), "RMSNormalization", false),
            ("tensorrt", Some("10"), "RMSNormalization", false),
            ("tensorrt-rtx", Some("1.7"), "Gelu", false),
            ("tensorrt-rtx", None, "NonZero", true),
            ("embedded", None, "LayerNormalization", false),
            ("embedded", None, "SVMRegressor", true),
            ("onnxruntime-cpu", Some("1.24"), "RMSNormalization", false),
        ] {
            let why = lacks(target, version, op).unwrap();
            assert_eq!(why.is_some(), is_lacking, "{target} {version:?} {op}: {why:?}");
        }
        assert_eq!(
            lacks("tensorrt", Some("10.3"), "RMSNormalization").unwrap().unwrap(),
            "TensorRT 10.3 does not take RMSNormalization"
        );
        assert!(lacks("tensorflow", None, "Gelu").is_err());
    }
}
