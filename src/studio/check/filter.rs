//! Which findings are shown, and in what groups.

use crate::check::{Finding, Place, Report, Severity};

/// Filter of the findings list.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// Show errors.
    pub errors: bool,
    /// Show warnings.
    pub warnings: bool,
    /// Show notes.
    pub infos: bool,
    /// Text that rule, reason or place contains.
    pub search: String,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            errors: true,
            warnings: true,
            infos: true,
            search: String::new(),
        }
    }
}

/// Findings of one rule, in graph order.
pub struct Group<'a> {
    /// The rule.
    pub rule: &'a str,
    /// Its worst severity.
    pub severity: Severity,
    /// Index in the report, and the finding.
    pub findings: Vec<(usize, &'a Finding)>,
}

impl Filter {
    fn passes(&self, finding: &Finding) -> bool {
        let wanted = match finding.severity {
            Severity::Error => self.errors,
            Severity::Warning => self.warnings,
            Severity::Info => self.infos,
        };
        if !wanted || self.search.is_empty() {
            return wanted;
        }
        let needle = self.search.to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&needle);
        has(&finding.rule) || has(&finding.reason) || has(&place_name(&finding.place)) || has(place_op(&finding.place))
    }

    /// Findings that pass, by rule, worst rule first.
    pub fn groups<'a>(&self, report: &'a Report) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut by_rule = std::collections::HashMap::new();
        for (i, finding) in report.findings.iter().enumerate().filter(|(_, f)| self.passes(f)) {
            let at = *by_rule.entry(finding.rule.as_str()).or_insert_with(|| {
                groups.push(Group {
                    rule: &finding.rule,
                    severity: finding.severity,
                    findings: Vec::new(),
                });
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(at) {
                group.severity = group.severity.max(finding.severity);
                group.findings.push((i, finding));
            }
        }
        groups.sort_by_key(|g| std::cmp::Reverse(g.severity));
        groups
    }
}

/// Name of a place: the node's or tensor's name, else its path, else `model`.
pub fn place_name(place: &Place) -> String {
    match place {
        Place::Model => "model".into(),
        Place::Node { path, name, .. } if name.is_empty() => path.to_string(),
        Place::Node { name, .. } | Place::Tensor { name } => name.clone(),
    }
}

/// Operator of a place; empty where it is not a node.
pub fn place_op(place: &Place) -> &str {
    if let Place::Node { op_type, .. } = place {
        op_type
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Evidence;
    use crate::graph::NodePath;

    fn finding(rule: &str, severity: Severity, name: &str) -> Finding {
        Finding {
            rule: rule.into(),
            place: Place::Node {
                path: NodePath::top(3),
                name: name.into(),
                op_type: "Conv".into(),
                domain: String::new(),
            },
            severity,
            reason: "because".into(),
            evidence: Evidence::Static,
            detail: None,
            fixes: vec![],
        }
    }

    #[test]
    fn grouped_by_rule_worst_first() {
        let report = Report {
            target: "t".into(),
            supported: false,
            findings: vec![
                finding("a", Severity::Warning, "n1"),
                finding("b", Severity::Error, ""),
                finding("a", Severity::Warning, "n2"),
            ],
            parser_asked: false,
            notes: vec![],
            supported_subgraphs: vec![],
            corners: vec![],
            device_bytes: None,
        };
        let groups = Filter::default().groups(&report);
        let shape: Vec<_> = groups.iter().map(|g| (g.rule, g.findings.len())).collect();
        assert_eq!(shape, [("b", 1), ("a", 2)]);
        assert_eq!(place_name(&report.findings[1].place), "#3");
        let filter = Filter {
            search: "N2".into(),
            ..Default::default()
        };
        assert_eq!(filter.groups(&report)[0].findings[0].0, 2);
        let filter = Filter {
            errors: false,
            ..Default::default()
        };
        assert_eq!(filter.groups(&report).len(), 1);
    }
}
