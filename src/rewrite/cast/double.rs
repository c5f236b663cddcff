//! Float32 in the place of another float type. Of float64, the step before lowering: engines for GPUs have no double precision worth
//! having. Of 16-bit types, for models that somebody lowered and that are to be lowered otherwise ([`raise`]).
//!
//! What only computes integers from integers stays float64 ([`exact`]): beyond 2^24 float32 has no longer all of them. Where
//! such numbers mix with others they become float32 too, and a [`Loss`] says so.

use super::integers::{casts_to_integer, is_arithmetic};
use crate::format::plural;
use crate::graph::{Graph, NodeId, Producer, TensorId};
use crate::model::onnx::__buffa::oneof::type_proto;
use crate::model::onnx::{
    AttributeProto, GraphProto, NodeProto, SparseTensorProto, TensorProto, TypeProto, attribute_proto::AttributeType,
};
use crate::model::{DataType, Model, Tensor, attribute};
use crate::rewrite::bodies::body_mut;
use crate::rewrite::clean::{Done, remove_no_ops};
use crate::rewrite::fold::refuse_broken;
use crate::rewrite::loss::{Loss, LossKind};
use crate::rewrite::names::Fresh;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

const DOUBLE: i32 = 11;
const HALF: i32 = 10;
const BRAIN: i32 = 16;
const FLOAT: i32 = 1;
/// The largest integer up to which float32 has all (24 bits of digits).
const EXACT: u32 = 1 << 24;
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
    let is_wide = |t: &&crate::graph::TensorInfo| t.ty.dtype == Some(DataType::Float64);
    let all = graph.tensors.iter().filter(is_wide).count();
    let model = &graph.model;
    if all == 0 || !model.proto().functions.is_empty() {
        return Ok(None);
    }
    let exact = exact(graph, losses);
    let count = all.saturating_sub(exact.len());
    if count == 0 {
        return Ok(None);
    }
    let mut proto = model.proto().clone();
    let names = exact.iter().map(|id| {
        let tensor = graph.tensor(*id);
        (tensor.body, &*tensor.name)
    });
    let mut changer = Changer {
        graph,
        from: DOUBLE,
        names: names.collect(),
        exact: &exact,
        losses,
    };
    if let Some(top) = proto.graph.as_option_mut() {
        changer.change(top, keep_io_types)?;
    }
    Ok(Some((Arc::new(model.with_proto(proto)), count)))
}

/// The model with float32 in the place of float16 and bfloat16; inputs and outputs keep their types, with casts behind and in front of
/// them. Exact: float32 has every number of both.
///
/// # Errors
/// Structural problems, constants that cannot be read, local functions with such types, which are to be inlined first.
pub(in crate::rewrite) fn raise(model: &Arc<Model>) -> Result<Done, String> {
    let mut at = Arc::clone(model);
    let mut count = 0;
    for (from, dtype) in [(HALF, DataType::Float16), (BRAIN, DataType::BFloat16)] {
        let graph = Graph::new(Arc::clone(&at));
        refuse_broken(&graph)?;
        let tensors = graph.tensors.iter().filter(|t| t.ty.dtype == Some(dtype)).count();
        if tensors == 0 {
            continue;
        }
        if !at.proto().functions.is_empty() {
            return Err("the model has local functions, whose types are not known; inline them first".into());
        }
        count += tensors;
        let mut proto = at.proto().clone();
        let mut changer = Changer {
            graph: &graph,
            from,
            names: HashSet::new(),
            exact: &HashSet::new(),
            losses: &mut Vec::new(),
        };
        if let Some(top) = proto.graph.as_option_mut() {
            changer.change(top, true)?;
        }
        at.check_intact().map_err(|e| e.to_string())?;
        at = Arc::new(at.with_proto(proto));
    }
    if count == 0 {
        return Ok(Done {
            model: at,
            summary: "No tensor of 16-bit floats to raise".into(),
            notes: Vec::new(),
        });
    }
    // Casts between what is one type now.
    let at = remove_no_ops(&at)?.model;
    let graph = Graph::new(Arc::clone(&at));
    let left = graph.tensors.iter();
    let left = left
        .filter(|t| matches!(t.ty.dtype, Some(DataType::Float16 | DataType::BFloat16)))
        .count();
    Ok(Done {
        summary: format!(
            "Raised {} of 16-bit floats to float32",
            plural(count.saturating_sub(left), "tensor")
        ),
        model: at,
        notes: Vec::new(),
    })
}

/// Groups of float64 tensors that nodes other than Cast tie together: all of a group have one type.
struct Groups(Vec<u32>);

impl Groups {
    fn of(&mut self, tensor: TensorId) -> u32 {
        let mut at = tensor.0;
        while let Some(next) = self.0.get(at as usize).copied().filter(|next| *next != at) {
            // Halves the way for the next who asks.
            let after = self.0.get(next as usize).copied().unwrap_or(next);
            if let Some(slot) = self.0.get_mut(at as usize) {
                *slot = after;
            }
            at = next;
        }
        at
    }

    fn join(&mut self, a: TensorId, b: TensorId) {
        let (a, b) = (self.of(a), self.of(b));
        if let Some(slot) = self.0.get_mut(a as usize) {
            *slot = b;
        }
    }
}

/// Float64 tensors that stay: those of groups that a Cast turns into integers and that hold nothing but index arithmetic.
/// Groups that end in integers and hold more than that lose digits, which is added to `losses`.
fn exact(graph: &Graph, losses: &mut Vec<Loss>) -> HashSet<TensorId> {
    let is_wide = |t: &TensorId| graph.tensor(*t).ty.dtype == Some(DataType::Float64);
    let mut groups = Groups((0..graph.tensors.len() as u32).collect());
    let wide_of = |id: NodeId| {
        let node = graph.node(id);
        let tensors = node.inputs.iter().chain(&node.outputs).flatten().copied();
        let bodies = node.owned_bodies.iter().filter_map(|b| graph.bodies.get(*b as usize));
        let inner = bodies.flat_map(|b| b.inputs.iter().chain(&b.outputs).copied());
        tensors.chain(inner).filter(is_wide).collect::<Vec<_>>()
    };
    let ids = || (0..graph.nodes.len() as u32).map(NodeId);
    let is_cast = |id: &NodeId| &*graph.node(*id).op_type == "Cast" && graph.node(*id).domain.is_empty();
    for id in ids().filter(|id| !is_cast(id)) {
        for pair in wide_of(id).windows(2) {
            if let [a, b] = pair {
                groups.join(*a, *b);
            }
        }
    }
    let read_as_integer: Vec<TensorId> = ids()
        .filter(|id| casts_to_integer(graph, *id))
        .flat_map(|id| graph.node(id).inputs.iter().flatten().copied())
        .filter(is_wide)
        .collect();
    let mut mixed: HashSet<u32> = HashSet::new();
    for id in ids() {
        let node = graph.node(id);
        if !is_arithmetic(node) && !matches!(&*node.op_type, "Constant" | "ConstantOfShape") {
            mixed.extend(wide_of(id).into_iter().map(|t| groups.of(t)));
        }
    }
    for (at, tensor) in graph.tensors.iter().enumerate() {
        let is_outer = tensor.is_output || tensor.producer == Producer::Input || tensor.ty.container.is_some();
        let id = TensorId(at as u32);
        if is_wide(&id) && (is_outer || graph.is_default(id)) {
            mixed.insert(groups.of(id));
        }
    }
    let mut kept: HashSet<u32> = HashSet::new();
    for tensor in read_as_integer {
        let group = groups.of(tensor);
        if !mixed.contains(&group) {
            kept.insert(group);
            continue;
        }
        let name = graph.tensor(tensor).name.to_string();
        if !losses.iter().any(|l| l.tensor == name) {
            losses.push(Loss {
                tensor: name,
                kind: LossKind::Integers { up_to: EXACT },
                count: 0,
                of: 0,
                dtype: DataType::Float32,
            });
        }
    }
    let all = (0..graph.tensors.len() as u32).map(TensorId).filter(is_wide);
    all.filter(|id| kept.contains(&groups.of(*id))).collect()
}

struct Changer<'a> {
    graph: &'a Graph,
    /// The type that becomes float32, as ONNX numbers it.
    from: i32,
    /// Tensors that stay as they are.
    exact: &'a HashSet<TensorId>,
    /// Their bodies and names.
    names: HashSet<(u32, &'a str)>,
    losses: &'a mut Vec<Loss>,
}

impl Changer<'_> {
    fn change(&mut self, top: &mut GraphProto, keep_io_types: bool) -> Result<(), String> {
        if !keep_io_types {
            return self.graph(0, top);
        }
        let kept = kept(self.graph, top, self.from);
        self.graph(0, top)?;
        restore(top, &kept, self.from);
        Ok(())
    }

    fn graph(&mut self, at: u32, graph: &mut GraphProto) -> Result<(), String> {
        let source = self.graph;
        for tensor in &mut graph.initializer {
            if !self.stays(at, tensor.name.as_deref()) {
                self.tensor(tensor)?;
            }
        }
        for sparse in &mut graph.sparse_initializer {
            let name = sparse.values.name.clone();
            if !self.stays(at, name.as_deref()) {
                self.sparse(sparse)?;
            }
        }
        let infos = graph
            .input
            .iter_mut()
            .chain(&mut graph.output)
            .chain(&mut graph.value_info);
        for info in infos {
            if !self.stays(at, info.name.as_deref())
                && let Some(ty) = info.r#type.as_option_mut()
            {
                set_type(ty, self.from);
            }
        }
        let ids = source.bodies.get(at as usize).map_or(&[][..], |b| b.nodes.as_slice());
        for (node, id) in graph.node.iter_mut().zip(ids) {
            let made = source.node(*id);
            if !made.outputs.iter().flatten().any(|t| self.exact.contains(t)) {
                for attribute in &mut node.attribute {
                    self.attribute(attribute)?;
                }
            }
            for owned in &made.owned_bodies {
                if let Some(inner) = body_mut(source, node, *owned) {
                    self.graph(*owned, inner)?;
                }
            }
        }
        Ok(())
    }

    fn stays(&self, body: u32, name: Option<&str>) -> bool {
        self.names.contains(&(body, name.unwrap_or_default()))
    }

    fn attribute(&mut self, attribute: &mut AttributeProto) -> Result<(), String> {
        let names_type = attribute.name.as_deref().is_some_and(|n| TYPE_ATTRIBUTES.contains(&n));
        if names_type && attribute.r#type == Some(AttributeType::INT) && attribute.i == Some(i64::from(self.from)) {
            attribute.i = Some(i64::from(FLOAT));
        }
        if let Some(tensor) = attribute.t.as_option_mut() {
            self.tensor(tensor)?;
        }
        for tensor in &mut attribute.tensors {
            self.tensor(tensor)?;
        }
        let one = attribute.sparse_tensor.as_option_mut().into_iter();
        for sparse in one.chain(&mut attribute.sparse_tensors) {
            self.sparse(sparse)?;
        }
        Ok(())
    }

    fn sparse(&mut self, sparse: &mut SparseTensorProto) -> Result<(), String> {
        match sparse.values.as_option_mut() {
            Some(values) => self.tensor(values),
            None => Ok(()),
        }
    }

    fn tensor(&mut self, tensor: &mut TensorProto) -> Result<(), String> {
        if tensor.data_type != Some(self.from) {
            return Ok(());
        }
        let name = tensor.name.clone().unwrap_or_default();
        let value = self.graph.model.tensor(tensor).map_err(|e| e.to_string())?;
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

/// Changes a tensor's type; sequences and optionals are changed inside.
fn set_type(ty: &mut TypeProto, from: i32) {
    match &mut ty.value {
        Some(type_proto::Value::TensorType(tensor)) if tensor.elem_type == Some(from) => {
            tensor.elem_type = Some(FLOAT);
        }
        Some(type_proto::Value::SequenceType(inner)) => {
            if let Some(ty) = inner.elem_type.as_option_mut() {
                set_type(ty, from);
            }
        }
        Some(type_proto::Value::OptionalType(inner)) => {
            if let Some(ty) = inner.elem_type.as_option_mut() {
                set_type(ty, from);
            }
        }
        _ => {}
    }
}

fn is_of(info: &crate::model::onnx::ValueInfoProto, from: i32) -> bool {
    let value = info.r#type.as_option().and_then(|ty| ty.value.as_ref());
    matches!(value, Some(type_proto::Value::TensorType(t)) if t.elem_type == Some(from))
}

/// New names for the inputs and outputs of this type, used inside already.
fn kept(graph: &Graph, top: &mut GraphProto, from: i32) -> HashMap<String, String> {
    let mut fresh = Fresh::new(graph);
    let stored: Vec<&String> = top.initializer.iter().filter_map(|t| t.name.as_ref()).collect();
    let infos = top.input.iter().chain(&top.output).filter(|i| is_of(i, from));
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
fn restore(top: &mut GraphProto, kept: &HashMap<String, String>, dtype: i32) {
    let cast = |from: &str, made: &str, to: i32| NodeProto {
        op_type: Some("Cast".into()),
        name: Some(format!("{made}/cast")),
        input: vec![from.into()],
        output: vec![made.into()],
        attribute: vec![attribute::int("to", i64::from(to))],
        ..Default::default()
    };
    let mut first = Vec::new();
    for info in &mut top.input {
        let name = info.name.clone().unwrap_or_default();
        if let Some(inner) = kept.get(&name) {
            first.push(cast(&name, inner, FLOAT));
            give_back(info, dtype);
        }
    }
    for info in &mut top.output {
        let name = info.name.clone().unwrap_or_default();
        if let Some(inner) = kept.get(&name) {
            top.node.push(cast(inner, &name, dtype));
            give_back(info, dtype);
        }
    }
    first.append(&mut top.node);
    top.node = first;
    top.value_info
        .retain(|i| !i.name.as_ref().is_some_and(|n| kept.contains_key(n)));
}

fn give_back(info: &mut crate::model::onnx::ValueInfoProto, dtype: i32) {
    if let Some(ty) = info.r#type.as_option_mut()
        && let Some(type_proto::Value::TensorType(tensor)) = &mut ty.value
    {
        tensor.elem_type = Some(dtype);
    }
}
