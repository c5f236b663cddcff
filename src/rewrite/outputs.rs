//! Inner tensors as outputs of the model, and a part of a model on its own.

use super::clean::{Done, count};
use super::fold::refuse_broken;
use crate::graph::{Dim, Graph, NodeId, Producer, Shape, TensorId, TensorKind};
use crate::model::onnx::__buffa::oneof::{self, tensor_shape_proto::dimension};
use crate::model::onnx::{
    GraphProto, TensorShapeProto, TypeProto, ValueInfoProto, tensor_shape_proto::Dimension, type_proto,
};
use crate::model::{DataType, Model};
use buffa::MessageField;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Makes these tensors of the top level outputs, behind those that the model has.
///
/// # Errors
/// A name that no node of the top level makes, or whose type is not known.
pub(super) fn add_outputs(model: &Arc<Model>, names: &[String]) -> Result<Done, String> {
    let graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    let by_name: HashMap<&str, TensorId> = top(&graph).collect();
    let mut proto = model.proto().clone();
    let mut added = Vec::new();
    for name in names {
        let id = by_name.get(name.as_str()).copied();
        let tensor = id.map(|id| graph.tensor(id));
        let Some(tensor) = tensor.filter(|t| matches!(t.producer, Producer::Node { .. })) else {
            return Err(format!("no node of the top-level graph makes a tensor {name:?}"));
        };
        if tensor.is_output || added.contains(name) {
            continue;
        }
        let Some(dtype) = tensor.ty.dtype.filter(|_| tensor.ty.container.is_none()) else {
            return Err(format!("the type of tensor {name:?} is not known"));
        };
        let info = declaration(name, dtype, tensor.ty.shape.as_ref());
        proto.graph.get_or_insert_default().output.push(info);
        added.push(name.clone());
    }
    let notes = added.iter().map(|name| (name.clone(), "made an output".to_owned()));
    Ok(Done {
        notes: notes.collect(),
        summary: format!("Made {} an output", count(added.len(), "tensor")),
        model: Arc::new(model.with_proto(proto)),
    })
}

/// Tensors of the top level by name.
fn top(graph: &Graph) -> impl Iterator<Item = (&str, TensorId)> {
    let all = graph.tensors.iter().enumerate().filter(|(_, t)| t.body == 0);
    all.map(|(i, t)| (&*t.name, TensorId(i as u32)))
}

/// The declaration of an input or output.
pub(super) fn declaration(name: &str, dtype: DataType, shape: Option<&Shape>) -> ValueInfoProto {
    let dim = |d: &Dim| Dimension {
        value: match d {
            Dim::Known(n) => Some(dimension::Value::DimValue(i64::try_from(*n).unwrap_or(i64::MAX))),
            Dim::Symbol(name) => Some(dimension::Value::DimParam(name.to_string())),
            Dim::Unknown => None,
        },
        ..Default::default()
    };
    let shape = shape.map(|s| TensorShapeProto {
        dim: s.0.iter().map(dim).collect(),
        ..Default::default()
    });
    let tensor = type_proto::Tensor {
        elem_type: Some(dtype.to_onnx()),
        shape: shape.map_or_else(MessageField::none, MessageField::some),
        ..Default::default()
    };
    ValueInfoProto {
        name: Some(name.into()),
        r#type: MessageField::some(TypeProto {
            value: Some(oneof::type_proto::Value::TensorType(Box::new(tensor))),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// A model that computes `outputs` from `given` tensors with the nodes in between: those of the top level, in the order of
/// the file, with the constants that they read. A given tensor becomes an input of its own type and the sizes said here.
///
/// # Errors
/// A tensor that is not there, or whose type is not known; an input of the model that would be needed and is not given.
pub fn part(graph: &Graph, given: &BTreeMap<String, Vec<u64>>, outputs: &[String]) -> Result<Model, String> {
    let by_name: HashMap<&str, TensorId> = top(graph).collect();
    let find = |name: &String| {
        let found = by_name.get(name.as_str()).copied();
        found.ok_or_else(|| format!("the top-level graph has no tensor {name:?}"))
    };
    let dtype = |id: TensorId| {
        let tensor = graph.tensor(id);
        let known = tensor.ty.dtype.filter(|_| tensor.ty.container.is_none());
        known.ok_or_else(|| format!("the type of tensor {:?} is not known", tensor.name))
    };
    let (mut nodes, mut inputs, mut constants) = (BTreeSet::<NodeId>::new(), BTreeSet::new(), HashSet::new());
    let mut todo: Vec<TensorId> = outputs.iter().map(find).collect::<Result<_, _>>()?;
    let ends: HashSet<TensorId> = todo.iter().copied().collect();
    let mut seen = ends.clone();
    while let Some(id) = todo.pop() {
        let tensor = graph.tensor(id);
        if !ends.contains(&id) && tensor.kind != TensorKind::Constant && given.contains_key(&*tensor.name) {
            inputs.insert(id);
            continue;
        }
        match tensor.producer {
            Producer::Initializer => {
                constants.insert(&*tensor.name);
            }
            Producer::Node { node, .. } if graph.node(node).body == 0 => {
                nodes.insert(node);
                let node = graph.node(node);
                let reads = node.inputs.iter().flatten().chain(&node.captures).copied();
                todo.extend(reads.filter(|t| graph.tensor(*t).body == 0 && seen.insert(*t)));
            }
            _ => return Err(format!("tensor {:?} would be needed and is not given", tensor.name)),
        }
    }
    let whole = graph.model.graph();
    let mut proto = graph.model.proto().clone();
    let kept = whole
        .initializer
        .iter()
        .filter(|t| constants.contains(t.name.as_deref().unwrap_or_default()));
    let declare = |id: &TensorId| -> Result<ValueInfoProto, String> {
        let name = &*graph.tensor(*id).name;
        let dims = given.get(name).map(|d| Shape::known(d));
        Ok(declaration(name, dtype(*id)?, dims.as_ref()))
    };
    // Where initializers are inputs too (old IR versions), they stay that.
    let stored = whole
        .input
        .iter()
        .filter(|i| constants.contains(i.name.as_deref().unwrap_or_default()));
    let top = GraphProto {
        name: whole.name.clone(),
        node: nodes.iter().map(|id| graph.proto(*id).clone()).collect(),
        initializer: kept.cloned().collect(),
        sparse_initializer: whole.sparse_initializer.clone(),
        input: inputs
            .iter()
            .map(declare)
            .chain(stored.cloned().map(Ok))
            .collect::<Result<_, _>>()?,
        output: outputs
            .iter()
            .map(|name| Ok(declaration(name, dtype(find(name)?)?, None)))
            .collect::<Result<_, String>>()?,
        ..Default::default()
    };
    proto.graph = MessageField::some(top);
    Ok(graph.model.with_proto(proto))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{graph, model, node, proto};
    use crate::model::Tensor;
    use crate::rewrite::{PatchSpec, apply};

    fn chain() -> Arc<Model> {
        let w = Tensor::from_f32(&[2], &[1.0, 2.0]).unwrap().to_proto("w");
        let unused = Tensor::from_f32(&[1], &[3.0]).unwrap().to_proto("v");
        let nodes = vec![
            node("Relu", &["x"], &["a"]),
            node("Mul", &["a", "w"], &["b"]),
            node("Add", &["b", "a"], &["c"]),
            node("Mul", &["c", "v"], &["y"]),
        ];
        model(&proto(graph(&["x"], &["y"], vec![w, unused], nodes), vec![]))
    }

    fn outputs(model: &Model) -> Vec<String> {
        let all = model.graph().output.iter();
        all.map(|o| o.name.clone().unwrap_or_default()).collect()
    }

    #[test]
    fn inner_tensors_become_outputs_with_their_types() {
        let names = vec!["b".to_owned(), "y".to_owned(), "b".to_owned()];
        let spec = PatchSpec::AddOutputs { tensors: names };
        let done = apply(&chain(), &spec).unwrap();
        assert_eq!(outputs(&done.model), ["y", "b"]);
        assert_eq!(done.summary, "Made 1 tensor an output");
        let graph = Graph::new(done.model);
        assert!(graph.problems.is_empty(), "{:?}", graph.problems);
        let b = graph.tensors.iter().find(|t| *t.name == *"b").unwrap();
        assert!(b.is_output && b.ty.dtype == Some(DataType::Float32));
        for name in ["nowhere", "x", "w"] {
            let spec = PatchSpec::AddOutputs {
                tensors: vec![name.into()],
            };
            let error = apply(&chain(), &spec).err().unwrap();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn a_part_has_what_it_needs_and_nothing_else() {
        let whole = Graph::new(chain());
        let given = BTreeMap::from([("a".to_owned(), vec![2])]);
        let part = |given: &BTreeMap<String, Vec<u64>>, out: &str| part(&whole, given, &[out.to_owned()]);
        let cut = part(&given, "c").unwrap();
        let operators: Vec<&str> = cut.graph().node.iter().filter_map(|n| n.op_type.as_deref()).collect();
        assert_eq!(operators, ["Mul", "Add"]);
        assert_eq!(cut.graph().initializer.len(), 1);
        let graph = Graph::new(Arc::new(cut));
        assert!(graph.problems.is_empty(), "{:?}", graph.problems);
        let input = graph.tensor(graph.bodies[0].inputs[0]);
        assert_eq!((&*input.name, input.ty.shape.clone()), ("a", Some(Shape::known(&[2]))));
        // A given tensor that is the output itself is computed all the same.
        let both = BTreeMap::from([("a".to_owned(), vec![2]), ("c".to_owned(), vec![2])]);
        assert_eq!(part(&both, "c").unwrap().graph().node.len(), 2);
        let error = part(&BTreeMap::new(), "c").err().unwrap();
        assert!(error.contains("\"x\" would be needed"), "{error}");
    }
}
