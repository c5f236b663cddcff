//! Conditions on operators, domains and versions.

use super::super::subject::{Hit, Subject, node_words, quoted};
use super::super::table::{Form, Operators, Row, Support, Typed, embedded_has};
use crate::graph::{Node, Producer, TensorInfo};

pub(super) fn unsupported(subject: &Subject<'_>) -> Vec<Hit> {
    let embedded = subject.target.name == "embedded";
    let table = Operators::of(&subject.target);
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
            let note = || table.row(&node.op_type).map(|r| sentence(r.note)).unwrap_or_default();
            match table.support(&subject.target, &node.op_type) {
                Support::No => note(),
                Support::Before(major, minor) if !is_before(subject, (major, minor)) => {
                    format!("Versions before {major}.{minor} took it. {}", note())
                }
                Support::Unlisted => "Our table of operators does not have it.".into(),
                Support::Yes | Support::Since(..) | Support::Before(..) => continue,
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

/// True when the target is known to be older than this version.
fn is_before(subject: &Subject<'_>, (major, minor): (u32, u32)) -> bool {
    subject
        .target
        .version
        .is_some_and(|(a, b)| (a, b.unwrap_or(u32::MAX)) < (major, minor))
}

fn sentence(note: &str) -> String {
    note.strip_prefix("Not supported. ").unwrap_or(note).into()
}

pub(super) fn too_new(subject: &Subject<'_>) -> Vec<Hit> {
    let table = Operators::of(&subject.target);
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
    let table = Operators::of(&subject.target);
    let mut hits = Vec::new();
    let tested = table.column(&subject.target).is_some_and(|c| c.evidence == "tested");
    for (_, node) in subject.nodes().filter(|(_, n)| n.domain.is_empty()) {
        let Some(row) = table.row(&node.op_type) else { continue };
        // The parser of TensorRT-RTX does not look at the types inside of a Loop or Scan (asked with FP8 through Add).
        let inside = subject
            .graph
            .bodies
            .get(node.body as usize)
            .is_some_and(|b| !b.is_function);
        if tested && node.body != 0 && inside {
            continue;
        }
        if row.types.is_empty() || !tested && row.note.is_empty() && matches!(&*node.op_type, "Cast" | "CastLike") {
            continue;
        }
        let Some((info, dtype)) = typed(subject, node, row).and_then(|info| Some((info, info.ty.dtype?))) else {
            continue;
        };
        // Types without any support have rules of their own, and so has FP64, which the parser casts.
        let own_rule = if tested {
            !table.knows_type(dtype.name())
        } else {
            !super::types::TENSORRT_COMPUTES.contains(&dtype)
        };
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

/// Forms of operators that the parser refused when it was asked, and opsets older than those that it takes.
pub(super) fn forms(subject: &Subject<'_>) -> Vec<Hit> {
    let table = Operators::of(&subject.target);
    let mut hits = Vec::new();
    for (_, node) in subject.nodes().filter(|(_, n)| n.domain.is_empty()) {
        let Some(row) = table.row(&node.op_type).filter(|_| node.function.is_none()) else {
            continue;
        };
        let mut add = |what: String, words: &str| {
            let values = vec![
                ("what", what),
                ("words", words.trim_end_matches(['.', '!']).into()),
                ("target", subject.target.words()),
            ];
            hits.push(with_table_source(subject, Hit::node(node, values)));
        };
        if subject.opset(node).is_some_and(|o| o < row.opset) {
            let what = format!(
                "the model's opset is older than {}, from which on it is taken",
                row.opset
            );
            add(what, row.note.rsplit_once(": ").map_or("", |(_, words)| words));
        }
        for form in &row.refused {
            if let Some(what) = has_form(subject, node, row, *form) {
                add(what, row.words(*form));
            }
        }
    }
    hits
}

/// The tensor that the row's types are about: the data; other inputs are shapes, axes or indices.
fn typed<'a>(subject: &Subject<'a>, node: &Node, row: &Row) -> Option<&'a TensorInfo> {
    match row.typed {
        Typed::Input(index) => subject.input(node, index).map(|(_, info)| info),
        Typed::Output => subject.output(node, 0),
        Typed::Nothing => None,
    }
}

/// The form in words, where the node has it.
fn has_form(subject: &Subject<'_>, node: &Node, row: &Row, form: Form) -> Option<String> {
    let has_type = |types: &str| {
        let dtype = typed(subject, node, row).and_then(|info| info.ty.dtype);
        types.is_empty() || dtype.is_some_and(|t| types.split('/').any(|name| name == t.name()))
    };
    match form {
        Form::Computed(index, name, types) if has_type(types) => {
            let (id, info) = subject.input(node, index)?;
            (!subject.is_constant(id)).then(|| format!("input {} ({name}) is computed", quoted(&info.name)))
        }
        Form::ModelInput(index, name, types) if has_type(types) => {
            let (_, info) = subject.input(node, index)?;
            let asked = info.producer == Producer::Input && node.body == 0;
            asked.then(|| format!("input {} ({name}) is an input of the model", quoted(&info.name)))
        }
        Form::Computed(..) | Form::ModelInput(..) => None,
        Form::Output(index, name) => {
            let info = subject.output(node, index)?;
            Some(format!("output {} ({name}) is used", quoted(&info.name)))
        }
        Form::Rank(rank) => {
            let Typed::Input(index) = row.typed else { return None };
            let (_, info) = subject.input(node, index)?;
            let same = info.ty.shape.as_ref().is_some_and(|s| s.0.len() == rank);
            same.then(|| format!("input {} has {rank} dimensions", quoted(&info.name)))
        }
    }
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
    let column = Operators::of(&subject.target).column(&subject.target);
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
        ("how", column.map_or("known", |c| c.evidence).into()),
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
    hit.source = Some(match Operators::of(&subject.target).column(&subject.target) {
        Some(column) => format!("{} ({})", column.source, column.evidence),
        None => "rten 0.27 src/op_registry/onnx_registry.rs (tested)".into(),
    });
    hit
}
