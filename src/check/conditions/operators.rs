//! Conditions on operators, domains and versions.

use super::super::subject::{Hit, Subject, node_words, quoted};
use super::super::table::{Operators, Support, embedded_has};
use crate::graph::Node;

pub(super) fn unsupported(subject: &Subject<'_>) -> Vec<Hit> {
    let embedded = subject.target.name == "embedded";
    let table = Operators::tensorrt();
    let mut hits = Vec::new();
    for (_, node) in subject.nodes() {
        if node.function.is_some() {
            continue;
        }
        let note = if embedded {
            if embedded_has(&node.domain, &node.op_type) {
                continue;
            }
            String::new()
        } else {
            // Other domains are another rule's.
            if !node.domain.is_empty() {
                continue;
            }
            match table.support(&subject.target, &node.op_type) {
                Support::No => table.row(&node.op_type).map(|r| sentence(r.note)).unwrap_or_default(),
                Support::Unlisted => "NVIDIA's operator list does not have it.".into(),
                Support::Yes | Support::Since(..) => continue,
            }
        };
        let op = if node.domain.is_empty() {
            node.op_type.to_string()
        } else {
            format!("{}::{}", node.domain, node.op_type)
        };
        let mut values = vec![("note", note), ("target", subject.target.words())];
        if embedded {
            values.push(("op", op));
        }
        hits.push(with_table_source(subject, Hit::node(node, values)));
    }
    hits
}

fn sentence(note: &str) -> String {
    note.strip_prefix("Not supported. ").unwrap_or(note).into()
}

pub(super) fn too_new(subject: &Subject<'_>) -> Vec<Hit> {
    let table = Operators::tensorrt();
    let Some((major, Some(minor))) = subject.target.version else {
        return Vec::new();
    };
    let mut hits = Vec::new();
    for (_, node) in subject.nodes().filter(|(_, n)| n.domain.is_empty()) {
        if let Support::Since(since_major, since_minor) = table.support(&subject.target, &node.op_type)
            && (major, minor) < (since_major, since_minor)
            && node.function.is_none()
        {
            let values = vec![
                ("since", format!("{since_major}.{since_minor}")),
                ("target", subject.target.words()),
                ("target_name", subject.target.product().into()),
            ];
            hits.push(with_table_source(subject, Hit::node(node, values)));
        }
    }
    hits
}

pub(super) fn types(subject: &Subject<'_>) -> Vec<Hit> {
    let table = Operators::tensorrt();
    let mut hits = Vec::new();
    for (_, node) in subject.nodes().filter(|(_, n)| n.domain.is_empty()) {
        let Some(row) = table.row(&node.op_type) else { continue };
        if row.types.is_empty() || row.note.is_empty() && matches!(&*node.op_type, "Cast" | "CastLike") {
            continue;
        }
        // The list gives the types of the data, which is the first input; others are shapes, axes or indices.
        let Some((_, info)) = subject.input(node, 0) else {
            continue;
        };
        let Some(dtype) = info.ty.dtype else { continue };
        // FP64 and types without any support have rules of their own, and FP64 is cast by the parser.
        let own_rule = !super::types::TENSORRT_COMPUTES.contains(&dtype);
        if own_rule || row.types.contains(&dtype.name()) || info.ty.container.is_some() {
            continue;
        }
        let values = vec![
            ("tensor", quoted(&info.name)),
            ("dtype", dtype.to_string()),
            ("types", row.types.join(", ")),
        ];
        hits.push(with_table_source(subject, Hit::node(node, values)));
    }
    hits
}

pub(super) fn custom_domain(subject: &Subject<'_>, known: &[String]) -> Vec<Hit> {
    subject
        .nodes()
        .filter(|(_, n)| !n.domain.is_empty() && !known.iter().any(|k| **k == *n.domain))
        .filter(|(_, n)| n.function.is_none())
        .map(|(_, n)| Hit::node(n, Vec::new()))
        .collect()
}

pub(super) fn uses(subject: &Subject<'_>, ops: &[String]) -> Vec<Hit> {
    let found: Vec<&Node> = subject
        .nodes()
        .map(|(_, n)| n)
        .filter(|n| n.domain.is_empty() && ops.iter().any(|op| **op == *n.op_type))
        .collect();
    let Some(first) = found.first() else { return Vec::new() };
    let count = if found.len() == 1 {
        "1 node".into()
    } else {
        format!("{} nodes", found.len())
    };
    vec![Hit::model(vec![("count", count), ("node", node_words(first))])]
}

pub(super) fn opset(subject: &Subject<'_>, below: Option<i64>, above: Option<i64>) -> Vec<Hit> {
    let Some(opset) = subject.graph.opset(0, "") else {
        return Vec::new();
    };
    let column = Operators::tensorrt().column(&subject.target);
    let (low, high) = match (below, above, column) {
        (None, None, Some(column)) => column.opsets,
        _ => (below.unwrap_or(i64::MIN), above.unwrap_or(i64::MAX)),
    };
    if opset >= low && opset <= high {
        return Vec::new();
    }
    let values = vec![
        ("opset", opset.to_string()),
        ("low", low.to_string()),
        ("high", high.to_string()),
        ("target", subject.target.words()),
    ];
    vec![with_table_source(subject, Hit::model(values))]
}

pub(super) fn ir_version(subject: &Subject<'_>, above: i64) -> Vec<Hit> {
    match subject.graph.model.proto().ir_version {
        Some(version) if version > above => {
            vec![Hit::model(vec![
                ("value", version.to_string()),
                ("high", above.to_string()),
            ])]
        }
        _ => Vec::new(),
    }
}

/// The column's own source in place of `operators`.
fn with_table_source(subject: &Subject<'_>, mut hit: Hit) -> Hit {
    hit.source = Some(match Operators::tensorrt().column(&subject.target) {
        Some(column) => format!("{} ({})", column.source, column.evidence),
        None => "rten 0.27 src/op_registry/onnx_registry.rs (tested)".into(),
    });
    hit
}
