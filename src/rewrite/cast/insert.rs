//! Writing the lowered graph: casts, one per tensor and direction; weights converted where they stand, or copied when some
//! readers stay float32; declared types changed.

use super::decide::{Verdict, is_float32};
use super::storage::{Storage, Ty};
use super::weights::{Converted, convert};
use super::{CastSpec, LowType};
use crate::graph::{Graph, NodeId, Producer, TensorId};
use crate::model::onnx::__buffa::oneof::type_proto;
use crate::model::onnx::{GraphProto, ModelProto, NodeProto, ValueInfoProto};
use crate::model::{Attributes, DataType, Tensor, attribute};
use crate::rewrite::bodies::body_mut;
use crate::rewrite::edit::{constant_node, input};
use crate::rewrite::loss::{Loss, LossKind};
use crate::rewrite::names::Fresh;
use std::collections::HashMap;

/// What was written.
pub(super) struct Inserted {
    pub(super) proto: ModelProto,
    /// Cast nodes inserted.
    pub(super) casts: usize,
    /// Constants converted.
    pub(super) weights: usize,
    /// What happened to values of constants.
    pub(super) losses: Vec<Loss>,
}

/// Readers of a tensor by the type they want.
#[derive(Clone, Copy, Default)]
struct Wanted {
    low: bool,
    high: bool,
}

struct Writer<'a> {
    graph: &'a Graph,
    to: LowType,
    storage: &'a Storage,
    verdicts: &'a [Verdict],
    wanted: Vec<Wanted>,
    /// Names of tensors in the type that is not the one under their own name.
    names: HashMap<(TensorId, Ty), String>,
    /// Names of the Cast nodes.
    fresh: Fresh,
    /// Tensors of each body.
    tensors: Vec<Vec<TensorId>>,
    initializers: Vec<Vec<Option<TensorId>>>,
    is_old: bool,
    done: Inserted,
}

/// Writes what was decided.
///
/// # Errors
/// Weights that cannot be read.
pub(super) fn insert(
    graph: &Graph,
    spec: &CastSpec,
    verdicts: &[Verdict],
    storage: &Storage,
) -> Result<Inserted, String> {
    let mut proto = graph.model.proto().clone();
    let mut tensors = vec![Vec::new(); graph.bodies.len()];
    for (i, tensor) in graph.tensors.iter().enumerate() {
        tensors[tensor.body as usize].push(TensorId(i as u32));
    }
    let mut writer = Writer {
        graph,
        to: spec.to,
        storage,
        verdicts,
        wanted: wanted(graph, verdicts, storage),
        names: HashMap::new(),
        fresh: Fresh::new(graph),
        tensors,
        initializers: graph.initializers_by_body(),
        is_old: proto.ir_version.unwrap_or(0) < 4,
        done: Inserted {
            proto: ModelProto::default(),
            casts: 0,
            weights: 0,
            losses: Vec::new(),
        },
    };
    writer.choose_names();
    if let Some(top) = proto.graph.as_option_mut() {
        writer.body(0, top)?;
    }
    writer.done.proto = proto;
    Ok(writer.done)
}

/// Which types each tensor is wanted in.
fn wanted(graph: &Graph, verdicts: &[Verdict], storage: &Storage) -> Vec<Wanted> {
    let mut wanted = vec![Wanted::default(); graph.tensors.len()];
    let mut want = |id: TensorId, ty: Ty| {
        let slot = &mut wanted[id.0 as usize];
        match ty {
            Ty::Low => slot.low = true,
            Ty::High => slot.high = true,
        }
    };
    for (i, node) in graph.nodes.iter().enumerate() {
        if graph.bodies[node.body as usize].function.is_some() {
            continue;
        }
        for (k, tensor) in node.inputs.iter().enumerate() {
            let Some(tensor) = tensor.filter(|t| is_float32(graph, *t)) else {
                continue;
            };
            match storage.read(graph, verdicts, NodeId(i as u32), k) {
                Some(ty) => want(tensor, ty),
                // Whoever takes anything gets a weight as it is stored.
                None if storage.is_weight[tensor.0 as usize] => want(tensor, Ty::High),
                None => {}
            }
        }
    }
    for (body, outputs) in graph.bodies.iter().zip(&storage.outputs) {
        for (tensor, ty) in body.outputs.iter().zip(outputs) {
            if let Some(ty) = ty {
                want(*tensor, *ty);
            }
        }
    }
    wanted
}

impl Writer<'_> {
    /// The type under a tensor's own name, when it was float32.
    fn own(&self, id: TensorId) -> Option<Ty> {
        let at = id.0 as usize;
        if self.storage.is_weight[at] {
            let wanted = self.wanted[at];
            return Some(if wanted.low && !wanted.high { Ty::Low } else { Ty::High });
        }
        let stored = self.storage.of[at]?;
        Some(self.required(id).unwrap_or(stored))
    }

    /// The type that the model must give the tensor in, when it is one of its outputs.
    fn required(&self, id: TensorId) -> Option<Ty> {
        let tensor = self.graph.tensor(id);
        if tensor.body != 0 || !tensor.is_output {
            return None;
        }
        let at = self.graph.bodies.first()?.outputs.iter().position(|o| *o == id)?;
        *self.storage.outputs.first()?.get(at)?
    }

    fn suffix(&self, ty: Ty) -> &'static str {
        match ty {
            Ty::Low => self.to.name(),
            Ty::High => "fp32",
        }
    }

    fn dtype(&self, ty: Ty) -> DataType {
        match ty {
            Ty::Low => self.to.data_type(),
            Ty::High => DataType::Float32,
        }
    }

    fn choose_names(&mut self) {
        for i in 0..self.graph.tensors.len() {
            let id = TensorId(i as u32);
            let Some(own) = self.own(id) else { continue };
            let wanted = self.wanted[i];
            let other = match own {
                Ty::Low => Ty::High,
                Ty::High => Ty::Low,
            };
            let is_wanted = match other {
                Ty::Low => wanted.low,
                Ty::High => wanted.high,
            };
            // A node that makes an output in the other type makes it under another name.
            let is_made = self.storage.of[i] == Some(other);
            if is_wanted || is_made {
                let name = format!("{}__{}", self.graph.tensor(id).name, self.suffix(other));
                let name = self.fresh.name(name);
                self.names.insert((id, other), name);
            }
        }
    }

    /// The name under which the tensor is there in a type.
    fn name(&self, id: TensorId, ty: Ty) -> &str {
        match self.names.get(&(id, ty)) {
            Some(name) => name,
            None => &self.graph.tensor(id).name,
        }
    }

    /// The Cast that gives a tensor in the type in which nothing makes it; none where nobody wants that.
    fn cast(&mut self, id: TensorId) -> Option<NodeProto> {
        let stored = self.storage.of[id.0 as usize]?;
        let other = match stored {
            Ty::Low => Ty::High,
            Ty::High => Ty::Low,
        };
        let wanted = self.wanted[id.0 as usize];
        let is_wanted = match other {
            Ty::Low => wanted.low,
            Ty::High => wanted.high,
        };
        if !is_wanted {
            return None;
        }
        self.done.casts += 1;
        let (from, made) = (self.name(id, stored).to_owned(), self.name(id, other).to_owned());
        let wanted = format!("{}/cast_to_{}", self.graph.tensor(id).name, self.suffix(other));
        Some(NodeProto {
            op_type: Some("Cast".into()),
            name: Some(self.fresh.name(wanted)),
            input: vec![from],
            output: vec![made],
            attribute: vec![attribute::int("to", i64::from(self.dtype(other).to_onnx()))],
            ..Default::default()
        })
    }

    fn body(&mut self, at: u32, proto: &mut GraphProto) -> Result<(), String> {
        let graph = self.graph;
        let mut nodes = Vec::with_capacity(proto.node.len() + 8);
        self.initializers(at, proto, &mut nodes)?;
        for id in self.tensors[at as usize].clone() {
            if !matches!(graph.tensor(id).producer, Producer::Node { .. } | Producer::Missing) {
                nodes.extend(self.cast(id));
            }
        }
        let old = std::mem::take(&mut proto.node);
        for (node, id) in old.into_iter().zip(&graph.bodies[at as usize].nodes) {
            self.node(*id, node, &mut nodes)?;
        }
        proto.node = nodes;
        self.declare(at, proto);
        Ok(())
    }

    fn initializers(&mut self, at: u32, proto: &mut GraphProto, nodes: &mut Vec<NodeProto>) -> Result<(), String> {
        let of_body = std::mem::take(&mut self.initializers[at as usize]);
        let mut copies = Vec::new();
        for (k, tensor) in proto.initializer.iter_mut().enumerate() {
            let Some(id) = of_body.get(k).copied().flatten() else {
                continue;
            };
            let wanted = self.wanted[id.0 as usize];
            if !self.storage.is_weight[id.0 as usize] || !wanted.low {
                continue;
            }
            let value = self.convert(id)?;
            if !wanted.high {
                let name = tensor.name.clone().unwrap_or_default();
                *tensor = value.to_proto(&name);
                continue;
            }
            let name = self.name(id, Ty::Low).to_owned();
            if self.is_old && at != 0 {
                nodes.push(constant_node(&name, &value));
                continue;
            }
            if self.is_old {
                proto.input.push(input(&name, &value));
            }
            copies.push(value.to_proto(&name));
        }
        proto.initializer.extend(copies);
        Ok(())
    }

    fn convert(&mut self, id: TensorId) -> Result<Tensor, String> {
        let name = &self.graph.tensor(id).name;
        let value = self.graph.constant(id).ok_or_else(|| format!("{name} has no value"))?;
        let value = value.map_err(|e| e.to_string())?;
        let done = convert(&value, self.to).ok_or_else(|| format!("{name} is {}, not float32", value.dtype))?;
        self.done.weights += 1;
        self.lost(name, &value, &done);
        Ok(done.tensor)
    }

    /// Keeps count of what a conversion did to values.
    fn lost(&mut self, name: &str, value: &Tensor, done: &Converted) {
        let kinds = [
            (done.clamped, LossKind::Clamped { to: self.to.largest() }),
            (done.flushed, LossKind::Flushed { to: self.to.smallest() }),
        ];
        for (count, kind) in kinds.into_iter().filter(|(count, _)| *count > 0) {
            self.done.losses.push(Loss {
                tensor: name.into(),
                kind,
                count,
                of: value.elements(),
                dtype: self.to.data_type(),
            });
        }
    }

    fn node(&mut self, id: NodeId, mut proto: NodeProto, nodes: &mut Vec<NodeProto>) -> Result<(), String> {
        let graph = self.graph;
        let node = graph.node(id);
        for (k, read) in node.inputs.iter().enumerate() {
            let (Some(tensor), Some(name)) = (read, proto.input.get_mut(k)) else {
                continue;
            };
            if !is_float32(graph, *tensor) || graph.bodies[graph.tensor(*tensor).body as usize].function.is_some() {
                continue;
            }
            let ty = self.storage.read(graph, self.verdicts, id, k);
            let stored = self.storage.of[tensor.0 as usize].unwrap_or(Ty::High);
            let wanted = self.name(*tensor, ty.unwrap_or(stored));
            if name != wanted {
                *name = wanted.to_owned();
            }
        }
        for (k, made) in node.outputs.iter().enumerate() {
            if let (Some(tensor), Some(name)) = (made, proto.output.get_mut(k))
                && let Some(stored) = self.storage.of[tensor.0 as usize]
            {
                *name = self.name(*tensor, stored).to_owned();
            }
        }
        for owned in &node.owned_bodies {
            if let Some(inner) = body_mut(graph, &mut proto, *owned) {
                self.body(*owned, inner)?;
            }
        }
        match &self.verdicts[id.0 as usize] {
            Verdict::Constant => {
                self.constant(node.outputs.first().copied().flatten(), proto, nodes)?;
                return Ok(());
            }
            Verdict::Lowered { .. } if &*node.op_type == "ConstantOfShape" => self.fill(id, &mut proto)?,
            Verdict::Lowered { .. } if &*node.op_type == "Cast" => {
                let to = i64::from(self.to.data_type().to_onnx());
                let attribute = proto.attribute.iter_mut().find(|a| a.name.as_deref() == Some("to"));
                if let Some(attribute) = attribute {
                    attribute.i = Some(to);
                }
            }
            _ => {}
        }
        nodes.push(proto);
        for made in node.outputs.iter().flatten() {
            nodes.extend(self.cast(*made));
        }
        Ok(())
    }

    /// The value of `ConstantOfShape`; a float32 zero where none is given (onnx.ai operator documentation).
    fn fill(&mut self, id: NodeId, proto: &mut NodeProto) -> Result<(), String> {
        let value = match self.graph.proto(id).tensor("value") {
            Some(value) => self.graph.model.tensor(value).map_err(|e| e.to_string())?,
            None => Tensor::from_f32(&[1], &[0.0]).ok_or("a tensor of one value cannot be made")?,
        };
        let done = convert(&value, self.to).ok_or_else(|| format!("the value is {}, not float32", value.dtype))?;
        let made = self.graph.node(id).outputs.first().copied().flatten();
        let name = made.map_or_else(String::new, |t| self.graph.tensor(t).name.to_string());
        self.lost(&name, &value, &done);
        proto.attribute.retain(|a| a.name.as_deref() != Some("value"));
        proto
            .attribute
            .push(attribute::tensor("value", done.tensor.to_proto("")));
        Ok(())
    }

    /// A `Constant` node: converted, with a copy where both types are wanted.
    fn constant(&mut self, made: Option<TensorId>, proto: NodeProto, nodes: &mut Vec<NodeProto>) -> Result<(), String> {
        let weight = made.filter(|id| self.storage.is_weight[id.0 as usize] && self.wanted[id.0 as usize].low);
        let Some(id) = weight else {
            nodes.push(proto);
            if let Some(id) = made {
                nodes.extend(self.cast(id));
            }
            return Ok(());
        };
        let value = self.convert(id)?;
        let mut low = constant_node(self.name(id, Ty::Low), &value);
        if self.wanted[id.0 as usize].high {
            nodes.push(proto);
        } else {
            low.name = proto.name;
        }
        nodes.push(low);
        Ok(())
    }

    /// Declared types and, inside bodies, names of outputs.
    fn declare(&mut self, at: u32, proto: &mut GraphProto) {
        let graph = self.graph;
        let lowered: HashMap<&str, DataType> = self.tensors[at as usize]
            .iter()
            .filter_map(|id| Some((&*graph.tensor(*id).name, self.dtype(self.own(*id)?))))
            .collect();
        for info in proto.input.iter_mut().chain(&mut proto.value_info) {
            if let Some(dtype) = lowered.get(info.name.as_deref().unwrap_or_default()) {
                set_type(info, *dtype);
            }
        }
        let outputs = &graph.bodies[at as usize].outputs;
        for ((info, id), ty) in proto
            .output
            .iter_mut()
            .zip(outputs)
            .zip(&self.storage.outputs[at as usize])
        {
            if let Some(ty) = ty {
                set_type(info, self.dtype(*ty));
                if at != 0 {
                    info.name = Some(self.name(*id, *ty).to_owned());
                }
            }
        }
    }
}

/// Changes the declared element type of a tensor; what declares none stays so.
fn set_type(info: &mut ValueInfoProto, dtype: DataType) {
    if let Some(ty) = info.r#type.as_option_mut()
        && let Some(type_proto::Value::TensorType(tensor)) = &mut ty.value
    {
        tensor.elem_type = Some(dtype.to_onnx());
    }
}
