//! Joins what the target's own parser said with what the rules said.

use super::message::sentence;
use super::ruleset::{ParserText, parser_texts};
use super::subject::{fill, node_place, node_words};
use super::{Evidence, Finding, Fix, ParserError, ParserReport, Place, Plugin, Severity};
use crate::graph::{Graph, Node, NodePath, PathStep, TensorId};
use std::collections::{HashMap, HashSet};

/// What the parser's report makes of the findings.
pub(super) struct Merged {
    pub findings: Vec<Finding>,
    pub supported_subgraphs: Vec<Vec<NodePath>>,
    /// Findings of the rules that the parser has overruled.
    pub overruled: usize,
}

/// Puts the parser's errors in place of the rules' guesses: at every node the parser names, and at every node it takes
/// (all of them when the model parsed, else those of its supported groups). Rules about shapes ranges, values and the
/// model's structure stay; the parser does not look at those.
///
/// # Errors
/// As [`parser_texts`].
pub(super) fn merge(graph: &Graph, findings: Vec<Finding>, report: &ParserReport) -> Result<Merged, String> {
    let texts = parser_texts()?;
    let places = Places::new(graph);
    let mut parser_findings: Vec<Finding> = Vec::new();
    let mut named: HashSet<NodePath> = HashSet::new();
    for error in &report.errors {
        let node = places.find(error);
        if let Some(node) = node {
            named.insert(node.path.clone());
        }
        let mut finding = explain(graph, texts, error, node);
        if is_about_a_plugin(&error.text) {
            finding.fixes.extend(plugin_fix(error, node, &report.plugins));
        }
        if !parser_findings.contains(&finding) {
            parser_findings.push(finding);
        }
    }
    let groups = report.subgraphs.iter().filter(|s| s.supported);
    let supported_subgraphs: Vec<Vec<NodePath>> = groups
        .map(|group| {
            group
                .nodes
                .iter()
                .filter(|i| places.top(**i).is_some())
                .map(|i| NodePath::top(*i))
                .collect()
        })
        .collect();
    let taken: HashSet<u32> = supported_subgraphs
        .iter()
        .flatten()
        .filter_map(NodePath::top_index)
        .collect();
    let before = findings.len();
    let mut kept: Vec<Finding> = findings
        .into_iter()
        .filter(|finding| {
            let Place::Node { path, .. } = &finding.place else {
                return true;
            };
            let guess = finding.evidence == Evidence::Static && !finding.rule.starts_with("graph.");
            let answered =
                report.parsed || named.contains(path) || path.top_index().is_some_and(|i| taken.contains(&i));
            // What the parser takes may still be slow or surprising: only errors are disproved by it.
            !(guess && answered && (finding.severity == Severity::Error || named.contains(path)))
        })
        .collect();
    let overruled = before - kept.len();
    kept.append(&mut parser_findings);
    Ok(Merged {
        findings: kept,
        supported_subgraphs,
        overruled,
    })
}

/// Finds nodes by what the parser says of them.
struct Places<'a> {
    graph: &'a Graph,
    by_name: HashMap<&'a str, Option<&'a Node>>,
}

impl<'a> Places<'a> {
    fn new(graph: &'a Graph) -> Self {
        let mut by_name: HashMap<&str, Option<&Node>> = HashMap::new();
        for node in graph.nodes.iter().filter(|n| !n.name.is_empty()) {
            // A name that several nodes have names none.
            by_name
                .entry(&node.name)
                .and_modify(|n| *n = None)
                .or_insert(Some(node));
        }
        Self { graph, by_name }
    }

    fn top(&self, index: u32) -> Option<&'a Node> {
        let id = self.graph.bodies.first()?.nodes.get(index as usize)?;
        self.graph.nodes.get(id.0 as usize)
    }

    fn find(&self, error: &ParserError) -> Option<&'a Node> {
        if let Some(path) = &error.path
            && let Some(id) = self.graph.find(path)
        {
            return self.graph.nodes.get(id.0 as usize);
        }
        if let Some(node) = self.by_name.get(error.node_name.as_str()).copied().flatten() {
            return Some(node);
        }
        let same_op = |node: &&Node| error.op_type.is_empty() || *node.op_type == *error.op_type;
        if let Some(function) = error.function_stack.last() {
            // The index counts inside the function that is being expanded.
            let body = self.graph.bodies.iter().find(|b| {
                b.is_function && (*b.name == **function || b.name.rsplit("::").next() == Some(function.as_str()))
            });
            let id = body.and_then(|b| b.nodes.get(usize::try_from(error.node).ok()?));
            return id.and_then(|id| self.graph.nodes.get(id.0 as usize)).filter(same_op);
        }
        let top = u32::try_from(error.node).ok().and_then(|i| self.top(i));
        if let Some(node) = top.filter(same_op) {
            return Some(node);
        }
        // An index that fits no such operator counts inside a body: only a single candidate is sure enough.
        let index = u32::try_from(error.node).ok()?;
        let in_bodies = |n: &&Node| n.body != 0 && n.path.0.last() == Some(&PathStep::Node(index));
        let mut candidates = self.graph.nodes.iter().filter(in_bodies).filter(same_op);
        let found = candidates.next()?;
        candidates.next().is_none().then_some(found)
    }
}

fn explain(graph: &Graph, texts: &[ParserText], error: &ParserError, node: Option<&Node>) -> Finding {
    let op = node.map_or(error.op_type.as_str(), |n| &n.op_type);
    let words = match node {
        Some(node) => node_words(node),
        None if error.node_name.is_empty() && op.is_empty() => "The model".into(),
        None if error.node_name.is_empty() => format!("A node of operator {op}"),
        None => format!("{op} \"{}\"", error.node_name.escape_debug()),
    };
    let said = sentence(&error.text, &error.node_name);
    let values = [
        ("types", node.map(|n| types(graph, n)).unwrap_or_default()),
        ("said", said.as_ref().map(|s| format!(": {s}")).unwrap_or_default()),
        ("node", words.clone()),
        (
            "op",
            if op.is_empty() {
                "the operator".into()
            } else {
                op.into()
            },
        ),
    ];
    let code = error.code.trim_start_matches('k');
    let meaning = texts
        .iter()
        .find(|t| t.is_of(&error.text))
        .or_else(|| texts.iter().find(|t| t.code.as_deref() == Some(code)));
    let (reason, fixes) = match meaning {
        Some(m) => (
            fill(&m.reason, &values),
            vec![Fix {
                text: fill(&m.fix, &values),
                patch: m.patch.clone(),
            }],
        ),
        None => (
            format!(
                "{words}: the parser refuses it: {}",
                said.as_deref().unwrap_or("it gives no reason")
            ),
            Vec::new(),
        ),
    };
    let mut detail = error.text.clone();
    for (what, value) in [("code", &error.code), ("at", &error.origin)] {
        if !value.is_empty() {
            detail.push_str(&format!("\n{what} {value}"));
        }
    }
    if !error.function_stack.is_empty() {
        detail.push_str(&format!("\nin functions {}", error.function_stack.join(" > ")));
    }
    let place = match node {
        Some(node) => node_place(node),
        None => Place::Model,
    };
    Finding {
        rule: format!(
            "parser.{}",
            if code.is_empty() {
                "error".into()
            } else {
                code.to_lowercase().replace('_', "-")
            }
        ),
        place,
        severity: Severity::Error,
        reason,
        evidence: Evidence::Parser,
        detail: Some(detail),
        fixes,
    }
}

/// True for the messages about an operator that the parser has neither an importer nor a plugin for: of TensorRT-RTX 1.7 and
/// TensorRT 10 (a plugin was looked for), and of TensorRT-RTX 1.4 to 1.6.
fn is_about_a_plugin(text: &str) -> bool {
    [
        "Plugin not found",
        "not found in the plugin registry",
        "not found in plugin registry",
        "is not supported in TensorRT",
        "No importer registered",
    ]
    .iter()
    .any(|t| text.contains(t))
}

/// What the registry offers instead: plugins of that name (so version or namespace differ), else those of a similar one.
fn plugin_fix(error: &ParserError, node: Option<&Node>, plugins: &[Plugin]) -> Option<Fix> {
    const SIMILAR: f64 = 0.88;
    let op = node.map_or(error.op_type.as_str(), |n| &n.op_type);
    let words = |p: &&Plugin| match p.namespace.as_str() {
        "" => format!("{} version {}", p.name, p.version),
        namespace => format!("{namespace}::{} version {}", p.name, p.version),
    };
    let list = |chosen: Vec<&Plugin>| chosen.iter().map(words).collect::<Vec<String>>().join(", ");
    let near = |name: &str| strsim::jaro_winkler(&name.to_lowercase(), &op.to_lowercase());
    let same: Vec<&Plugin> = plugins.iter().filter(|p| p.name == op).collect();
    let text = if !same.is_empty() {
        format!(
            "Registered under this name: {}. Set the node's attributes plugin_version and plugin_namespace to one of them.",
            list(same)
        )
    } else {
        let mut similar: Vec<&Plugin> = plugins.iter().filter(|p| near(&p.name) >= SIMILAR).collect();
        similar.sort_by(|a, b| near(&b.name).total_cmp(&near(&a.name)));
        similar.truncate(3);
        if similar.is_empty() {
            return None;
        }
        format!(
            "Use a plugin with a similar name, if that is what was meant: {}.",
            list(similar)
        )
    };
    Some(Fix { text, patch: None })
}

/// Element types of a node's inputs and outputs, for a sentence: ` (inputs float64 and int64, output float64)`; empty when
/// none is known.
fn types(graph: &Graph, node: &Node) -> String {
    let list = |name: &str, ids: &[Option<TensorId>]| {
        let mut known: Vec<String> = Vec::new();
        for id in ids.iter().flatten() {
            if let Some(dtype) = graph.tensor(*id).ty.dtype.map(|d| d.to_string())
                && !known.contains(&dtype)
            {
                known.push(dtype);
            }
        }
        let plural = if ids.iter().flatten().count() > 1 { "s" } else { "" };
        (!known.is_empty()).then(|| format!("{name}{plural} {}", known.join(" and ")))
    };
    let parts = [list("input", &node.inputs), list("output", &node.outputs)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match parts.is_empty() {
        true => String::new(),
        false => format!(" ({})", parts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(name: &str) -> Plugin {
        Plugin {
            name: name.into(),
            version: "1".into(),
            namespace: String::new(),
        }
    }

    #[test]
    fn a_missing_plugin_names_what_is_registered() {
        let error = ParserError {
            op_type: "EfficientNMS_TRT".into(),
            ..ParserError::default()
        };
        let fix = |plugins: &[Plugin]| plugin_fix(&error, None, plugins).map(|f| f.text);
        assert_eq!(fix(&[plugin("ROIAlign_TRT")]), None);
        let similar = fix(&[plugin("ROIAlign_TRT"), plugin("EfficientNMSX_TRT")]).unwrap();
        assert!(similar.contains("EfficientNMSX_TRT version 1") && !similar.contains("ROIAlign"));
        let same = fix(&[plugin("EfficientNMS_TRT"), plugin("EfficientNMSX_TRT")]).unwrap();
        assert!(
            same.contains("plugin_version") && !same.contains("EfficientNMSX"),
            "{same}"
        );
        for text in [
            "creator && \"Plugin not found\"",
            "Op type X is not supported in TensorRT-RTX.",
        ] {
            assert!(is_about_a_plugin(text));
        }
    }
}
