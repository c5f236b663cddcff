//! Float64 to float32, the step before lowering: engines for GPUs have no double precision worth having.

use crate::graph::Graph;
use crate::model::onnx::__buffa::oneof::type_proto;
use crate::model::onnx::{
    AttributeProto, GraphProto, NodeProto, TensorProto, TypeProto, attribute_proto::AttributeType,
};
use crate::model::{DataType, Model, Tensor};
use crate::rewrite::loss::{Loss, LossKind};
use crate::rewrite::names::Fresh;
use std::collections::HashMap;
use std::sync::Arc;

const DOUBLE: i32 = 11;
const FLOAT: i32 = 1;
/// Attributes that name an element type (Cast, EyeLike, the Random operators, QuantizeLinear, SequenceEmpty).
const TYPE_ATTRIBUTES: [&str; 3] = ["to", "dtype", "output_dtype"];

/// The model with float32 in the place of float64, and how many tensors that concerned; `None` where it has none, or where
/// local functions might hold some that are not seen. With `keep_io_types`, casts stand at inputs and outputs.
///
/// # Errors
/// Constants that cannot be read.
pub(super) fn narrow(
    graph: &Graph,
    keep_io_types: bool,
    losses: &mut Vec<Loss>,
) -> Result<Option<(Arc<Model>, usize)>, String> {
    let count = graph
        .tensors
        .iter()
        .filter(|t| t.ty.dtype == Some(DataType::Float64))
        .count();
    let model = &graph.model;
    if count == 0 || !model.proto().functions.is_empty() {
        return Ok(None);
    }
    let mut proto = model.proto().clone();
    let mut narrower = Narrower { model, losses };
    if let Some(top) = proto.graph.as_option_mut() {
        let kept = if keep_io_types {
            kept(graph, top)
        } else {
            HashMap::new()
        };
        narrower.graph(top)?;
        if keep_io_types {
            restore(top, &kept);
        }
    }
    Ok(Some((Arc::new(model.with_proto(proto)), count)))
}

struct Narrower<'a> {
    model: &'a Model,
    losses: &'a mut Vec<Loss>,
}

impl Narrower<'_> {
    fn graph(&mut self, graph: &mut GraphProto) -> Result<(), String> {
        for tensor in &mut graph.initializer {
            self.tensor(tensor)?;
        }
        let infos = graph
            .input
            .iter_mut()
            .chain(&mut graph.output)
            .chain(&mut graph.value_info);
        for info in infos {
            if let Some(ty) = info.r#type.as_option_mut() {
                set_type(ty);
            }
        }
        for node in &mut graph.node {
            for attribute in &mut node.attribute {
                self.attribute(attribute)?;
            }
        }
        Ok(())
    }

    fn attribute(&mut self, attribute: &mut AttributeProto) -> Result<(), String> {
        let names_type = attribute.name.as_deref().is_some_and(|n| TYPE_ATTRIBUTES.contains(&n));
        if names_type && attribute.r#type == Some(AttributeType::INT) && attribute.i == Some(i64::from(DOUBLE)) {
            attribute.i = Some(i64::from(FLOAT));
        }
        if let Some(tensor) = attribute.t.as_option_mut() {
            self.tensor(tensor)?;
        }
        for tensor in &mut attribute.tensors {
            self.tensor(tensor)?;
        }
        if let Some(inner) = attribute.g.as_option_mut() {
            self.graph(inner)?;
        }
        for inner in &mut attribute.graphs {
            self.graph(inner)?;
        }
        Ok(())
    }

    fn tensor(&mut self, tensor: &mut TensorProto) -> Result<(), String> {
        if tensor.data_type != Some(DOUBLE) {
            return Ok(());
        }
        let name = tensor.name.clone().unwrap_or_default();
        let value = self.model.tensor(tensor).map_err(|e| e.to_string())?;
        let values = value
            .to_f64_iter()
            .ok_or_else(|| format!("{name}: its values cannot be read"))?;
        let mut clamped = 0u64;
        let largest = f64::from(f32::MAX);
        let narrow = |v: f64| {
            clamped += u64::from(v.is_finite() && v.abs() > largest);
            if v.is_finite() {
                v.clamp(-largest, largest) as f32
            } else {
                v as f32
            }
        };
        let values: Vec<f32> = values.map(narrow).collect();
        let dims = value.dims.clone();
        let made = Tensor::from_f32(&dims, &values).ok_or_else(|| format!("{name}: its dims and data disagree"))?;
        if clamped > 0 {
            self.losses.push(Loss {
                tensor: name.clone(),
                kind: LossKind::Clamped { to: f32::MAX },
                count: clamped,
                of: made.elements(),
                dtype: DataType::Float32,
            });
        }
        let mut made = made.to_proto(&name);
        made.name = tensor.name.take();
        made.doc_string = tensor.doc_string.take();
        *tensor = made;
        Ok(())
    }
}

/// Changes a tensor's type; sequences and optionals of float64 are changed inside.
fn set_type(ty: &mut TypeProto) {
    match &mut ty.value {
        Some(type_proto::Value::TensorType(tensor)) if tensor.elem_type == Some(DOUBLE) => {
            tensor.elem_type = Some(FLOAT);
        }
        Some(type_proto::Value::SequenceType(inner)) => {
            if let Some(ty) = inner.elem_type.as_option_mut() {
                set_type(ty);
            }
        }
        Some(type_proto::Value::OptionalType(inner)) => {
            if let Some(ty) = inner.elem_type.as_option_mut() {
                set_type(ty);
            }
        }
        _ => {}
    }
}

fn is_double(info: &crate::model::onnx::ValueInfoProto) -> bool {
    let value = info.r#type.as_option().and_then(|ty| ty.value.as_ref());
    matches!(value, Some(type_proto::Value::TensorType(t)) if t.elem_type == Some(DOUBLE))
}

/// New names for the float64 inputs and outputs of the model, used inside already.
fn kept(graph: &Graph, top: &mut GraphProto) -> HashMap<String, String> {
    let mut fresh = Fresh::new(graph);
    let stored: Vec<&String> = top.initializer.iter().filter_map(|t| t.name.as_ref()).collect();
    let infos = top.input.iter().chain(&top.output).filter(|i| is_double(i));
    let names = infos.filter_map(|i| i.name.clone()).filter(|n| !stored.contains(&n));
    let new: HashMap<String, String> = names
        .map(|name| {
            let inner = fresh.name(format!("{name}__fp32"));
            (name, inner)
        })
        .collect();
    rename(top, &new);
    new
}

/// Renames what nodes read and make, also inside bodies (names are unique over a model's scopes: ONNX forbids shadowing).
fn rename(graph: &mut GraphProto, names: &HashMap<String, String>) {
    for node in &mut graph.node {
        for name in node.input.iter_mut().chain(&mut node.output) {
            if let Some(new) = names.get(name) {
                name.clone_from(new);
            }
        }
        for attribute in &mut node.attribute {
            let one = attribute.g.as_option_mut().into_iter();
            for inner in one.chain(&mut attribute.graphs) {
                rename(inner, names);
                for output in &mut inner.output {
                    if let Some(new) = output.name.as_ref().and_then(|n| names.get(n)) {
                        output.name = Some(new.clone());
                    }
                }
            }
        }
    }
}

/// Gives inputs and outputs their type back, with casts to and from what is used inside.
fn restore(top: &mut GraphProto, kept: &HashMap<String, String>) {
    let cast = |from: &str, made: &str, to: i32| NodeProto {
        op_type: Some("Cast".into()),
        name: Some(format!("{made}/cast")),
        input: vec![from.into()],
        output: vec![made.into()],
        attribute: vec![AttributeProto {
            name: Some("to".into()),
            r#type: Some(AttributeType::INT),
            i: Some(i64::from(to)),
            ..Default::default()
        }],
        ..Default::default()
    };
    let mut first = Vec::new();
    for info in &mut top.input {
        let name = info.name.clone().unwrap_or_default();
        if let Some(inner) = kept.get(&name) {
            first.push(cast(&name, inner, FLOAT));
            widen(info);
        }
    }
    for info in &mut top.output {
        let name = info.name.clone().unwrap_or_default();
        if let Some(inner) = kept.get(&name) {
            top.node.push(cast(inner, &name, DOUBLE));
            widen(info);
        }
    }
    first.append(&mut top.node);
    top.node = first;
    top.value_info
        .retain(|i| !i.name.as_ref().is_some_and(|n| kept.contains_key(n)));
}

fn widen(info: &mut crate::model::onnx::ValueInfoProto) {
    if let Some(ty) = info.r#type.as_option_mut()
        && let Some(type_proto::Value::TensorType(tensor)) = &mut ty.value
    {
        tensor.elem_type = Some(DOUBLE);
    }
}
