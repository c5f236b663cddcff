//! Conditions on one node: attributes, inputs, ranks.

use super::super::ruleset::{AttributeTest, NodeTest, Only};
use super::super::subject::{Hit, Subject, quoted};
use crate::graph::{Dim, Node, NodeId};
use crate::model::Attributes;
use crate::model::onnx::{AttributeProto, NodeProto};
use std::collections::BTreeMap;

pub(super) fn test(subject: &Subject<'_>, test: &NodeTest) -> Vec<Hit> {
    subject
        .nodes()
        .filter_map(|(id, node)| passes(subject, test, id, node))
        .collect()
}

/// `None` when a test fails; otherwise what was found.
fn passes(subject: &Subject<'_>, test: &NodeTest, id: NodeId, node: &Node) -> Option<Hit> {
    let op = &*node.op_type;
    let about = node.domain.is_empty()
        && (test.ops.is_empty() || test.ops.iter().any(|o| o == op))
        && !test.ops_not.iter().any(|o| o == op);
    if !about {
        return None;
    }
    let mut values: Vec<(&'static str, String)> = Vec::new();
    let opset = subject.opset(node);
    values.push(("opset", opset.map_or("?".into(), |o| o.to_string())));
    if test.opset_below.is_some_and(|limit| opset.is_none_or(|o| o >= limit)) {
        return None;
    }
    let proto = subject.graph.proto(id);
    if let Some(attribute) = &test.attribute {
        values.push(("value", attribute_matches(proto, attribute)?));
    }
    if !test.attributes_missing.is_empty() {
        let mut missing = Vec::new();
        for names in &test.attributes_missing {
            let gone: Vec<&str> = names.split('|').filter(|n| proto.attr(n).is_none()).collect();
            if gone.is_empty() {
                return None;
            }
            missing.push(gone.join(", "));
        }
        values.push(("value", missing.get(1..).unwrap_or_default().join(", ")));
    }
    let mut tensor = |info: &crate::graph::TensorInfo| values.push(("tensor", quoted(&info.name)));
    if let Some(index) = test.input_given {
        tensor(subject.input(node, index)?.1);
    }
    if let Some(index) = test.output_given {
        let info = subject.output(node, index)?;
        if info.consumers.is_empty() && !info.is_output {
            return None;
        }
        tensor(info);
    }
    if let Some(index) = test.input_constant {
        let (id, info) = subject.input(node, index)?;
        subject.is_constant(id).then_some(())?;
        tensor(info);
    }
    if let Some(index) = test.input_nonzero {
        let (id, info) = subject.input(node, index)?;
        let value = subject.numbers(id)?.into_iter().find(|v| *v != 0.0)?;
        values.push(("tensor", quoted(&info.name)));
        values.push(("value", value.to_string()));
    }
    if let Some(above) = &test.input_above {
        let (id, info) = subject.input(node, above.input)?;
        let value = subject.integers(id)?.into_iter().find(|v| *v > above.value)?;
        values.push(("tensor", quoted(&info.name)));
        values.push(("value", value.to_string()));
    }
    if let Some(rank) = &test.rank {
        let (_, info) = subject.input(node, rank.input)?;
        let found = info.ty.shape.as_ref()?.0.len();
        if rank.allowed.contains(&found) {
            return None;
        }
        values.push(("tensor", quoted(&info.name)));
        values.push(("rank", found.to_string()));
    }
    if let Some(index) = test.dynamic_input {
        let (_, info) = subject.input(node, index)?;
        let shape = info.ty.shape.as_ref().filter(|s| s.is_dynamic())?;
        values.push(("tensor", quoted(&info.name)));
        values.push(("shape", shape.to_string()));
    }
    if let Some(index) = test.input_shape_unknown {
        let (_, info) = subject.input(node, index)?;
        if info.ty.shape.as_ref().is_some_and(|s| !s.is_dynamic()) {
            return None;
        }
        values.push(("tensor", quoted(&info.name)));
    }
    if !test.any_input_type.is_empty() || !test.any_type.is_empty() {
        let (ids, names) = if test.any_type.is_empty() {
            (node.inputs.clone(), &test.any_input_type)
        } else {
            (
                node.inputs.iter().chain(&node.outputs).copied().collect(),
                &test.any_type,
            )
        };
        let info = ids
            .into_iter()
            .flatten()
            .filter_map(|id| subject.tensor(id))
            .find(|info| Subject::is_one_of(info.ty.dtype, names).is_some())?;
        values.push(("tensor", quoted(&info.name)));
    }
    if let Some(other) = &test.input_type_other_than {
        let (_, info) = subject.input(node, other.input)?;
        let dtype = info.ty.dtype?;
        if other.types.iter().any(|t| t == dtype.name()) {
            return None;
        }
        values.push(("tensor", quoted(&info.name)));
        values.push(("dtype", dtype.to_string()));
    }
    Some(Hit::node(node, values))
}

fn attribute_matches(proto: &NodeProto, test: &AttributeTest) -> Option<String> {
    let attribute = proto.attr(&test.name)?;
    let matches = match (&test.is, &test.other_than, test.not_all) {
        (Some(values), _, _) => values.iter().any(|v| equal(attribute, v)),
        (_, Some(values), _) => !values.iter().any(|v| equal(attribute, v)),
        (_, _, Some(all)) => attribute.ints.iter().any(|i| *i != all),
        _ => true,
    };
    matches.then(|| words(attribute))
}

/// Compares an attribute's single value.
fn equal(attribute: &AttributeProto, value: &toml::Value) -> bool {
    match value {
        toml::Value::String(text) => attribute.s.as_ref().is_some_and(|s| s.as_ref() == text.as_bytes()),
        toml::Value::Integer(i) => {
            #[allow(clippy::cast_precision_loss)]
            let as_float = *i as f32;
            attribute
                .i
                .map_or_else(|| attribute.f == Some(as_float), |found| found == *i)
        }
        toml::Value::Float(f) => {
            #[allow(clippy::cast_possible_truncation)]
            let as_float = *f as f32;
            attribute.f == Some(as_float)
        }
        _ => false,
    }
}

/// An attribute's value, shortened.
fn words(attribute: &AttributeProto) -> String {
    if let Some(s) = &attribute.s {
        return quoted(&String::from_utf8_lossy(s));
    }
    if let Some(i) = attribute.i {
        return i.to_string();
    }
    if let Some(f) = attribute.f {
        return f.to_string();
    }
    let shown: Vec<String> = attribute.ints.iter().take(8).map(ToString::to_string).collect();
    format!(
        "[{}{}]",
        shown.join(", "),
        if attribute.ints.len() > 8 { ", ..." } else { "" }
    )
}

pub(super) fn attributes(subject: &Subject<'_>, only: &[Only]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (id, node) in subject.nodes().filter(|(_, n)| n.domain.is_empty()) {
        for row in only.iter().filter(|row| row.ops.iter().any(|op| **op == *node.op_type)) {
            let Some(attribute) = subject.attribute(id, &row.name) else {
                continue;
            };
            if !row.values.iter().any(|v| equal(attribute, v)) {
                let allowed: Vec<String> = row.values.iter().map(ToString::to_string).collect();
                let only = match allowed.as_slice() {
                    [] => "the node only without this attribute".into(),
                    _ => format!("only {}", allowed.join(" or ")),
                };
                hits.push(Hit::node(
                    node,
                    vec![
                        ("attribute", row.name.clone()),
                        ("value", words(attribute)),
                        ("only", only),
                    ],
                ));
            }
        }
    }
    hits
}

pub(super) fn constant_inputs(subject: &Subject<'_>, inputs: &BTreeMap<String, usize>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (_, node) in subject.nodes().filter(|(_, n)| n.domain.is_empty()) {
        let Some(index) = inputs.get(&*node.op_type) else {
            continue;
        };
        let Some((id, info)) = subject.input(node, *index) else {
            continue;
        };
        if subject.is_constant(id) {
            continue;
        }
        let role = match &*node.op_type {
            "CumSum" => "axis",
            "OneHot" => "depth",
            "STFT" => "frame_step",
            "Dropout" => "training_mode",
            _ => "axes",
        };
        hits.push(Hit::node(
            node,
            vec![("tensor", quoted(&info.name)), ("role", role.into())],
        ));
    }
    hits
}

/// Softmax, LogSoftmax and Hardmax before opset 13 flatten all dimensions from `axis` (default 1) on into one.
pub(super) fn coerced_softmax(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (id, node) in subject.nodes() {
        let about = node.domain.is_empty() && matches!(&*node.op_type, "Softmax" | "LogSoftmax");
        if !about || subject.opset(node).is_none_or(|o| o >= 13) {
            continue;
        }
        let axis = subject.attribute(id, "axis").and_then(|a| a.i);
        let shape = subject.input(node, 0).and_then(|(_, info)| info.ty.shape.clone());
        let differs = match &shape {
            // The engine takes the last dimension where the attribute is missing.
            None => axis != Some(-1),
            Some(shape) => {
                let rank = i64::try_from(shape.0.len()).unwrap_or(i64::MAX);
                let resolve = |a: i64| usize::try_from(if a < 0 { a.saturating_add(rank) } else { a }).unwrap_or(0);
                let (onnx, engine) = (resolve(axis.unwrap_or(1)), resolve(axis.unwrap_or(-1)));
                let not_one = |i: &usize| shape.0.get(*i).is_some_and(|d| *d != Dim::Known(1));
                let over: Vec<usize> = (onnx..shape.0.len()).filter(not_one).collect();
                let engine_over: Vec<usize> = [engine].into_iter().filter(not_one).collect();
                over != engine_over
            }
        };
        if differs {
            let shape = shape.map_or_else(|| "rank unknown".into(), |s| s.to_string());
            hits.push(Hit::node(
                node,
                vec![("value", axis.unwrap_or(1).to_string()), ("shape", shape)],
            ));
        }
    }
    hits
}
