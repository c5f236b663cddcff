//! Looks at a graph that patterns share: who makes a tensor, scalars, products taken apart, what leaks out.

use crate::graph::{Graph, Node, NodeId, Producer, TensorId, TensorKind};
use crate::model::{Attributes, DataType};
use crate::rewrite::edit::defaults;
use crate::rewrite::fold::has_references;
use std::collections::HashSet;
use std::sync::Arc;

/// Most factors of a product; longer ones are no pattern.
const FACTORS: usize = 12;

/// A graph to look at.
#[derive(Clone)]
pub(super) struct Look<'a> {
    pub(super) graph: &'a Graph,
    defaults: Arc<HashSet<TensorId>>,
}

/// A product taken apart.
#[derive(Default)]
pub(super) struct Product {
    /// Product of the scalar constants.
    pub(super) scalar: f64,
    /// The other factors.
    pub(super) factors: Vec<TensorId>,
    /// Multiplications and divisions.
    pub(super) nodes: Vec<NodeId>,
}

impl<'a> Look<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        Self {
            graph,
            defaults: Arc::new(defaults(graph)),
        }
    }

    /// The node of ONNX's own domain that makes the tensor as its first output, when it is this operator.
    pub(super) fn made_by(&self, tensor: TensorId, op: &str) -> Option<(NodeId, &'a Node)> {
        let Producer::Node { node: id, output: 0 } = self.graph.tensor(tensor).producer else {
            return None;
        };
        self.is(id, op).map(|node| (id, node))
    }

    /// The node when it is this operator.
    pub(super) fn is(&self, id: NodeId, op: &str) -> Option<&'a Node> {
        let node = self.graph.node(id);
        (&*node.op_type == op && node.domain.is_empty() && !has_references(self.graph.proto(id))).then_some(node)
    }

    /// Both inputs.
    pub(super) fn pair(node: &Node) -> Option<(TensorId, TensorId)> {
        match node.inputs[..] {
            [Some(a), Some(b)] => Some((a, b)),
            _ => None,
        }
    }

    /// True for a stored constant that nobody may replace.
    pub(super) fn is_constant(&self, tensor: TensorId) -> bool {
        self.graph.tensor(tensor).kind == TensorKind::Constant && !self.defaults.contains(&tensor)
    }

    /// The value of a constant of one element and at most one dimension.
    pub(super) fn scalar(&self, tensor: TensorId) -> Option<f64> {
        let info = self.graph.tensor(tensor);
        if !self.is_constant(tensor) || info.ty.shape.as_ref()?.elements()? != 1 || info.ty.shape.as_ref()?.0.len() > 1
        {
            return None;
        }
        self.graph.constant(tensor)?.ok()?.to_f64_iter()?.next()
    }

    /// Both terms of an addition of two, which is also written as Sum.
    pub(super) fn sum(&self, tensor: TensorId) -> Option<(NodeId, (TensorId, TensorId))> {
        let (id, node) = self.made_by(tensor, "Add").or_else(|| self.made_by(tensor, "Sum"))?;
        Some((id, Self::pair(node)?))
    }

    /// The other input of an addition of a scalar constant, and the scalar.
    pub(super) fn plus_scalar(&self, tensor: TensorId) -> Option<(NodeId, TensorId, f64)> {
        let (id, (a, b)) = self.sum(tensor)?;
        if let Some(value) = self.scalar(b) {
            return Some((id, a, value));
        }
        Some((id, b, self.scalar(a)?))
    }

    /// Taken apart: a product, through multiplications that only it reads, and divisions by scalars.
    pub(super) fn product(&self, root: NodeId) -> Option<Product> {
        let mut out = Product {
            scalar: 1.0,
            ..Default::default()
        };
        self.expand(root, &mut out)?;
        Some(out)
    }

    /// As [`Self::product`], of a tensor, which may be no product at all.
    pub(super) fn product_of(&self, tensor: TensorId) -> Option<Product> {
        if let Producer::Node { node, output: 0 } = self.graph.tensor(tensor).producer
            && (self.is(node, "Mul").is_some() || self.is(node, "Div").is_some())
            && let Some(product) = self.product(node)
        {
            return Some(product);
        }
        Some(Product {
            scalar: 1.0,
            factors: vec![tensor],
            nodes: Vec::new(),
        })
    }

    fn expand(&self, root: NodeId, out: &mut Product) -> Option<()> {
        let mut todo = vec![root];
        while let Some(id) = todo.pop() {
            if out.nodes.len() + out.factors.len() > FACTORS {
                return None;
            }
            let node = self.graph.node(id);
            let (a, b) = Self::pair(node)?;
            out.nodes.push(id);
            if self.is(id, "Div").is_some() {
                out.scalar /= self.scalar(b)?;
                self.factor(a, out, &mut todo);
            } else {
                self.is(id, "Mul")?;
                self.factor(b, out, &mut todo);
                self.factor(a, out, &mut todo);
            }
        }
        Some(())
    }

    fn factor(&self, tensor: TensorId, out: &mut Product, todo: &mut Vec<NodeId>) {
        if let Some(value) = self.scalar(tensor) {
            out.scalar *= value;
            return;
        }
        let info = self.graph.tensor(tensor);
        let is_read_once = info.consumers.len() == 1 && !info.is_output;
        match info.producer {
            Producer::Node { node, output: 0 } if is_read_once && self.is_product(node) => todo.push(node),
            _ => out.factors.push(tensor),
        }
    }

    fn is_product(&self, id: NodeId) -> bool {
        let by_scalar = |node: &Node| Self::pair(node).is_some_and(|(_, b)| self.scalar(b).is_some());
        self.is(id, "Mul").is_some() || self.is(id, "Div").is_some_and(by_scalar)
    }

    /// Close enough to a constant of a formula, for the precision that exporters write it in.
    pub(super) fn is_near(&self, value: f64, ideal: f64, dtype: Option<DataType>) -> bool {
        let tolerance = match dtype {
            Some(DataType::Float32 | DataType::Float64) => 2e-6,
            _ => 4e-3,
        };
        (value - ideal).abs() <= tolerance * ideal.abs()
    }

    /// Why the nodes of a pattern cannot go: what is computed inside and needed outside, or another body.
    pub(super) fn leak(&self, nodes: &[NodeId], last: NodeId) -> Option<String> {
        let body = self.graph.node(last).body;
        for id in nodes {
            let node = self.graph.node(*id);
            if node.body != body {
                return Some("part of it stands in another body".into());
            }
            if *id == last {
                continue;
            }
            for tensor in node.outputs.iter().flatten() {
                let info = self.graph.tensor(*tensor);
                if info.is_output || info.consumers.iter().any(|(reader, _)| !nodes.contains(reader)) {
                    return Some(format!("{:?} inside it is read elsewhere too", info.name));
                }
            }
        }
        None
    }

    /// The result's element type.
    pub(super) fn dtype(&self, tensor: TensorId) -> Option<DataType> {
        self.graph.tensor(tensor).ty.dtype
    }

    /// Number of dimensions when known.
    pub(super) fn rank(&self, tensor: TensorId) -> Option<usize> {
        self.graph.tensor(tensor).ty.shape.as_ref().map(|s| s.0.len())
    }

    /// The axes of a reduction that keeps its dims, when they are constant.
    pub(super) fn axes(&self, id: NodeId) -> Option<Vec<i64>> {
        let (node, proto) = (self.graph.node(id), self.graph.proto(id));
        if proto.int("keepdims").unwrap_or(1) != 1 {
            return None;
        }
        let axes = match node.inputs.get(1).copied().flatten() {
            Some(axes) if self.is_constant(axes) => self.graph.constant(axes)?.ok()?.to_i64()?,
            Some(_) => return None,
            None => proto.ints("axes")?.to_vec(),
        };
        (!axes.is_empty()).then_some(axes)
    }
}
