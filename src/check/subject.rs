//! What the conditions look at, and how they report a place that a rule applies to.

use super::conditions::Seen;
use super::{Place, Request, ruleset::Rule, target::Target};
use crate::graph::{Graph, Node, NodeId, TensorId, TensorInfo, TensorKind};
use crate::model::onnx::AttributeProto;
pub(super) use crate::model::quoted;
use crate::model::{Attributes, DataType};
use std::sync::OnceLock;

/// Constants larger than this are not read for a condition on a node; the ones the rules ask for are tiny.
const SMALL: u64 = 65_536;

/// The model and the question.
pub(super) struct Subject<'a> {
    pub graph: &'a Graph,
    pub target: Target,
    pub request: &'a Request,
    values: OnceLock<Vec<(TensorId, Seen)>>,
}

/// A place where a rule applies, with the values for the places in its sentence.
pub(super) struct Hit {
    pub place: Place,
    pub values: Vec<(&'static str, String)>,
    /// A source that replaces the rule's.
    pub source: Option<String>,
}

impl Hit {
    pub fn model(values: Vec<(&'static str, String)>) -> Self {
        Self {
            place: Place::Model,
            values,
            source: None,
        }
    }

    pub fn tensor(name: &str, mut values: Vec<(&'static str, String)>) -> Self {
        values.push(("tensor", quoted(name)));
        Self {
            place: Place::Tensor { name: name.into() },
            values,
            source: None,
        }
    }

    pub fn node(node: &Node, mut values: Vec<(&'static str, String)>) -> Self {
        values.push(("node", node_words(node)));
        values.push(("op", node.op_type.to_string()));
        values.push(("domain", node.domain.to_string()));
        Self {
            place: node_place(node),
            values,
            source: None,
        }
    }
}

/// The node as a place of a finding.
pub(super) fn node_place(node: &Node) -> Place {
    Place::Node {
        path: node.path.clone(),
        name: node.name.to_string(),
        op_type: node.op_type.to_string(),
        domain: node.domain.to_string(),
    }
}

/// `Conv "/layer1/conv"`, or `Conv #12` where it has no name.
pub(super) fn node_words(node: &Node) -> String {
    if node.name.is_empty() {
        format!("{} {}", node.op_type, node.path)
    } else {
        format!("{} {}", node.op_type, quoted(&node.name))
    }
}

/// Fills `{places}`; one without a value stays as it is.
pub(super) fn fill(template: &str, values: &[(&'static str, String)]) -> String {
    let mut out = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}') {
            Some((key, tail)) => {
                match values.iter().find(|(k, _)| *k == key) {
                    Some((_, value)) => out.push_str(value),
                    None => {
                        out.push('{');
                        out.push_str(key);
                        out.push('}');
                    }
                }
                rest = tail;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out.trim_end().into()
}

impl<'a> Subject<'a> {
    pub fn new(graph: &'a Graph, target: Target, request: &'a Request) -> Self {
        Self {
            graph,
            target,
            request,
            values: OnceLock::new(),
        }
    }

    /// What the floating-point constants hold; read at the first question.
    pub fn values(&self) -> &[(TensorId, Seen)] {
        self.values.get_or_init(|| super::conditions::look_at_all(self))
    }

    /// Everything a rule applies to.
    pub fn hits(&self, rule: &Rule) -> Vec<Hit> {
        super::conditions::hits(self, &rule.when)
    }

    pub fn tensor(&self, id: TensorId) -> Option<&'a TensorInfo> {
        self.graph.tensors.get(id.0 as usize)
    }

    pub fn input(&self, node: &Node, index: usize) -> Option<(TensorId, &'a TensorInfo)> {
        let id = node.inputs.get(index).copied().flatten()?;
        Some((id, self.tensor(id)?))
    }

    pub fn output(&self, node: &Node, index: usize) -> Option<&'a TensorInfo> {
        self.tensor(node.outputs.get(index).copied().flatten()?)
    }

    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &'a Node)> {
        (0u32..).map(NodeId).zip(&self.graph.nodes)
    }

    /// True when the tensor's value is stored in the model.
    pub fn is_constant(&self, id: TensorId) -> bool {
        self.tensor(id).is_some_and(|t| t.kind == TensorKind::Constant)
    }

    /// Values of a constant of at most [`SMALL`] elements, as numbers.
    pub fn numbers(&self, id: TensorId) -> Option<Vec<f64>> {
        let tensor = self.small(id)?;
        let values = tensor.to_f64_iter()?.collect();
        Some(values)
    }

    /// Values of an integer constant of at most [`SMALL`] elements.
    pub fn integers(&self, id: TensorId) -> Option<Vec<i64>> {
        self.small(id)?.to_i64()
    }

    fn small(&self, id: TensorId) -> Option<crate::model::Tensor> {
        let elements = self.tensor(id)?.ty.shape.as_ref()?.elements()?;
        if elements > SMALL {
            None
        } else {
            self.graph.stored_value(id)?.ok()
        }
    }

    /// An attribute of the node.
    pub fn attribute(&self, id: NodeId, name: &str) -> Option<&'a AttributeProto> {
        self.graph.proto(id).attr(name)
    }

    /// Opset of ONNX's own domain for the node.
    pub fn opset(&self, node: &Node) -> Option<i64> {
        self.graph.opset(node.body, "")
    }

    /// True when the types are among these names.
    pub fn is_one_of(dtype: Option<DataType>, names: &[String]) -> Option<DataType> {
        dtype.filter(|d| names.iter().any(|n| n == d.name()))
    }
}
