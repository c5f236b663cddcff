//! Visiting every stored tensor of a model: initializers, sparse ones, tensor attributes; in bodies and functions too, and
//! the bodies themselves.

use super::onnx::{AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, SparseTensorProto, TensorProto};
use std::fmt;

/// Where something is in a model, for messages; written out only when needed.
pub(super) struct Place<'a> {
    outer: Option<&'a Place<'a>>,
    part: Part<'a>,
}

enum Part<'a> {
    Graph,
    Training(usize),
    Function(usize, &'a FunctionProto),
    Node(usize, &'a NodeProto),
    Attribute(&'a AttributeProto),
    Initializer(usize, &'a str),
    SparseInitializer(usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outer) = self.outer {
            write!(f, "{outer}, ")?;
        }
        match &self.part {
            Part::Graph => f.write_str("graph"),
            Part::Training(i) => write!(f, "training_info[{i}]"),
            Part::Function(i, function) => {
                write!(
                    f,
                    "functions[{i}] {}",
                    quoted(function.name.as_deref().unwrap_or_default())
                )
            }
            Part::Node(i, node) => write!(
                f,
                "node[{i}] {} ({})",
                quoted(node.name.as_deref().unwrap_or_default()),
                shortened(node.op_type.as_deref().unwrap_or_default())
            ),
            Part::Attribute(attribute) => {
                write!(f, "attribute {}", quoted(attribute.name.as_deref().unwrap_or_default()))
            }
            Part::Initializer(i, name) => write!(f, "initializer[{i}] {}", quoted(name)),
            Part::SparseInitializer(i) => write!(f, "sparse_initializer[{i}]"),
        }
    }
}

/// A name for a message: in quotes, control characters escaped, not longer than a line.
pub(crate) fn quoted(name: &str) -> String {
    format!("{:?}", shortened(name))
}

/// A name for a message, cut in the middle when it is very long.
pub(crate) fn shortened(name: &str) -> std::borrow::Cow<'_, str> {
    const LONGEST: usize = 160;
    if name.len() <= LONGEST {
        return name.into();
    }
    let head: String = name.chars().take(LONGEST / 2).collect();
    let mut tail: Vec<char> = name.chars().rev().take(LONGEST / 2).collect();
    tail.reverse();
    format!("{head}...{}", tail.into_iter().collect::<String>()).into()
}

/// What a walk comes by.
pub(super) enum Found<'a> {
    /// A stored tensor.
    Tensor(&'a TensorProto),
    /// A body, before what is in it; the name of the attribute that holds it.
    Body(&'a str),
}

/// What is called at every place of a walk; an error ends it.
pub(super) type Visit<'v, E> = dyn FnMut(&Place<'_>, Found<'_>) -> Result<(), E> + 'v;

/// Calls `visit` for every tensor and every body until it returns an error.
pub(super) fn all<E>(model: &ModelProto, visit: &mut Visit<'_, E>) -> Result<(), E> {
    let place = |part| Place { outer: None, part };
    in_graph(&model.graph, &place(Part::Graph), visit)?;
    for (i, function) in model.functions.iter().enumerate() {
        let place = place(Part::Function(i, function));
        for attribute in &function.attribute_proto {
            in_attribute(attribute, &place, visit)?;
        }
        in_nodes(&function.node, &place, visit)?;
    }
    for (i, training) in model.training_info.iter().enumerate() {
        let place = place(Part::Training(i));
        in_graph(&training.initialization, &place, visit)?;
        in_graph(&training.algorithm, &place, visit)?;
    }
    Ok(())
}

/// As [`all`], for tensors alone.
pub(super) fn tensors<E>(
    model: &ModelProto,
    visit: &mut dyn FnMut(&Place<'_>, &TensorProto) -> Result<(), E>,
) -> Result<(), E> {
    all(model, &mut |place, found| match found {
        Found::Tensor(tensor) => visit(place, tensor),
        Found::Body(_) => Ok(()),
    })
}

fn in_graph<E>(graph: &GraphProto, outer: &Place<'_>, visit: &mut Visit<'_, E>) -> Result<(), E> {
    for (i, tensor) in graph.initializer.iter().enumerate() {
        let part = Part::Initializer(i, tensor.name.as_deref().unwrap_or_default());
        visit(
            &Place {
                outer: Some(outer),
                part,
            },
            Found::Tensor(tensor),
        )?;
    }
    for (i, sparse) in graph.sparse_initializer.iter().enumerate() {
        let place = Place {
            outer: Some(outer),
            part: Part::SparseInitializer(i),
        };
        in_sparse(sparse, &place, visit)?;
    }
    in_nodes(&graph.node, outer, visit)
}

fn in_nodes<E>(nodes: &[NodeProto], outer: &Place<'_>, visit: &mut Visit<'_, E>) -> Result<(), E> {
    for (i, node) in nodes.iter().enumerate() {
        let place = Place {
            outer: Some(outer),
            part: Part::Node(i, node),
        };
        for attribute in &node.attribute {
            in_attribute(attribute, &place, visit)?;
        }
    }
    Ok(())
}

fn in_attribute<E>(attribute: &AttributeProto, outer: &Place<'_>, visit: &mut Visit<'_, E>) -> Result<(), E> {
    let place = Place {
        outer: Some(outer),
        part: Part::Attribute(attribute),
    };
    for tensor in attribute.t.as_option().into_iter().chain(&attribute.tensors) {
        visit(&place, Found::Tensor(tensor))?;
    }
    for sparse in attribute
        .sparse_tensor
        .as_option()
        .into_iter()
        .chain(&attribute.sparse_tensors)
    {
        in_sparse(sparse, &place, visit)?;
    }
    // Depth is bounded by the decoder's recursion limit.
    for body in attribute.g.as_option().into_iter().chain(&attribute.graphs) {
        visit(&place, Found::Body(attribute.name.as_deref().unwrap_or_default()))?;
        in_graph(body, &place, visit)?;
    }
    Ok(())
}

fn in_sparse<E>(sparse: &SparseTensorProto, place: &Place<'_>, visit: &mut Visit<'_, E>) -> Result<(), E> {
    for part in [sparse.values.as_option(), sparse.indices.as_option()]
        .into_iter()
        .flatten()
    {
        visit(place, Found::Tensor(part))?;
    }
    Ok(())
}

/// Calls `visit` for every tensor, changeable, until it returns an error; the flag says whether it is an initializer.
pub(super) fn tensors_mut<E>(
    model: &mut ModelProto,
    visit: &mut dyn FnMut(bool, &mut TensorProto) -> Result<(), E>,
) -> Result<(), E> {
    if let Some(graph) = model.graph.as_option_mut() {
        graph_tensors_mut(graph, visit)?;
    }
    for function in &mut model.functions {
        attribute_tensors_mut(&mut function.attribute_proto, visit)?;
        for node in &mut function.node {
            attribute_tensors_mut(&mut node.attribute, visit)?;
        }
    }
    for training in &mut model.training_info {
        for graph in [
            training.initialization.as_option_mut(),
            training.algorithm.as_option_mut(),
        ]
        .into_iter()
        .flatten()
        {
            graph_tensors_mut(graph, visit)?;
        }
    }
    Ok(())
}

fn graph_tensors_mut<E>(
    graph: &mut GraphProto,
    visit: &mut dyn FnMut(bool, &mut TensorProto) -> Result<(), E>,
) -> Result<(), E> {
    for tensor in &mut graph.initializer {
        visit(true, tensor)?;
    }
    for sparse in &mut graph.sparse_initializer {
        sparse_tensors_mut(sparse, visit)?;
    }
    for node in &mut graph.node {
        attribute_tensors_mut(&mut node.attribute, visit)?;
    }
    Ok(())
}

fn attribute_tensors_mut<E>(
    attributes: &mut [AttributeProto],
    visit: &mut dyn FnMut(bool, &mut TensorProto) -> Result<(), E>,
) -> Result<(), E> {
    for attribute in attributes {
        for tensor in attribute.t.as_option_mut().into_iter().chain(&mut attribute.tensors) {
            visit(false, tensor)?;
        }
        for sparse in attribute
            .sparse_tensor
            .as_option_mut()
            .into_iter()
            .chain(&mut attribute.sparse_tensors)
        {
            sparse_tensors_mut(sparse, visit)?;
        }
        for body in attribute.g.as_option_mut().into_iter().chain(&mut attribute.graphs) {
            graph_tensors_mut(body, visit)?;
        }
    }
    Ok(())
}

fn sparse_tensors_mut<E>(
    sparse: &mut SparseTensorProto,
    visit: &mut dyn FnMut(bool, &mut TensorProto) -> Result<(), E>,
) -> Result<(), E> {
    for part in [sparse.values.as_option_mut(), sparse.indices.as_option_mut()]
        .into_iter()
        .flatten()
    {
        visit(false, part)?;
    }
    Ok(())
}
