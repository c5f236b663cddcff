//! Ranges of what runs inside bodies: engines give only tensors of the top level, so the smallest and largest value of each
//! float tensor in a body is computed beside it and handed out, through every If, Loop and Scan around it.
//!
//! Inside, a range is the vector `[-min, max]`, and `[-inf, -inf]` where nothing ran: joining two is the larger of each, a
//! branch that did not run gives the latter, and a loop carries its range from turn to turn. At the top level it becomes
//! `[min, max]`, or nothing at all. A value that is no number counts as infinite.

use super::bodies::{body_mut, value_name};
use super::clean::{Done, count, label};
use super::edit::constant_node;
use super::fold::refuse_broken;
use super::names::Fresh;
use super::outputs::declaration;
use crate::graph::{Dim, Graph, NodeId, Producer, Shape, TensorId, TensorKind};
use crate::model::attribute::int;
use crate::model::onnx::{AttributeProto, GraphProto, NodeProto};
use crate::model::{Attributes, DataType, Model, Tensor};
use std::sync::Arc;

/// Where, IsNaN and what bodies may do came with these opsets (Scan took its present form in 9).
const OPSET: i64 = 9;

/// Float tensors inside bodies that are computed and whose range [`add_body_ranges`] can make an output, in the graph's order.
pub fn seen(graph: &Graph) -> Vec<TensorId> {
    let ids = (0..graph.tensors.len() as u32).map(TensorId);
    ids.filter(|id| is_seen(graph, *id)).collect()
}

fn is_seen(graph: &Graph, id: TensorId) -> bool {
    let tensor = graph.tensor(id);
    let is_float = tensor.ty.container.is_none() && tensor.ty.dtype == Some(DataType::Float32);
    let is_computed = matches!(tensor.producer, Producer::Node { .. } | Producer::Input);
    tensor.body != 0
        && graph.bodies[tensor.body as usize].function.is_none()
        && is_float
        && is_computed
        && tensor.kind != TensorKind::Constant
        && graph.opset(0, "").is_some_and(|v| v >= OPSET)
}

/// Makes the ranges of float tensors inside bodies outputs of the model, named as [`value_name`] says.
///
/// # Errors
/// Structural problems that must be settled first.
pub(super) fn add_body_ranges(model: &Arc<Model>) -> Result<Done, String> {
    let graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    let mut watcher = Watcher::new(&graph);
    let mut proto = model.proto().clone();
    let mut notes = Vec::new();
    if let Some(top) = proto.graph.as_option_mut() {
        let mut nodes = watcher.constants();
        let mut found: Vec<Found> = Vec::new();
        for (mut node, id) in std::mem::take(&mut top.node).into_iter().zip(&graph.bodies[0].nodes) {
            found.extend(watcher.control(*id, &mut node));
            nodes.push(node);
        }
        for one in found {
            // Where another tensor has the name already, nobody would know whose range it is.
            let name = watcher.fresh.name(one.key.clone());
            if name != one.key {
                continue;
            }
            watcher.hand_out(&one, &mut nodes);
            top.output
                .push(declaration(&name, DataType::Float32, Some(&Shape(vec![Dim::Unknown]))));
            notes.push((name, "its range was made an output".to_owned()));
        }
        top.node = nodes;
    }
    let summary = match notes.len() {
        0 => "No float tensor is computed inside a body".to_owned(),
        n => format!("Made the {} of tensors inside bodies outputs", count(n, "range")),
    };
    let model = match notes.len() {
        0 => model.clone(),
        _ => Arc::new(model.with_proto(proto)),
    };
    Ok(Done { model, summary, notes })
}

/// A range in the making: the tensor's name for the outside, and what holds `[-min, max]` in the body at hand.
struct Found {
    key: String,
    held: String,
}

struct Watcher<'a> {
    graph: &'a Graph,
    fresh: Fresh,
    /// Names of constants at the top level, which every body sees: the shape `[-1]`, infinity, minus infinity, the range of
    /// nothing, `[-1, 1]`.
    flat: String,
    infinite: String,
    lowest: String,
    nothing: String,
    signs: String,
}

impl<'a> Watcher<'a> {
    fn new(graph: &'a Graph) -> Self {
        let mut fresh = Fresh::new(graph);
        let mut name = |text: &str| fresh.name(format!("ranges/{text}"));
        let (flat, infinite, lowest) = (name("flat"), name("infinite"), name("lowest"));
        let (nothing, signs) = (name("nothing"), name("signs"));
        Self {
            graph,
            fresh,
            flat,
            infinite,
            lowest,
            nothing,
            signs,
        }
    }

    fn constants(&self) -> Vec<NodeProto> {
        let of = |name: &str, value: Option<Tensor>| value.map(|v| constant_node(name, &v));
        let low = f32::NEG_INFINITY;
        [
            of(&self.flat, Tensor::from_i64(&[1], &[-1])),
            of(&self.infinite, Tensor::from_f32(&[1], &[f32::INFINITY])),
            of(&self.lowest, Tensor::from_f32(&[1], &[low])),
            of(&self.nothing, Tensor::from_f32(&[2], &[low, low])),
            of(&self.signs, Tensor::from_f32(&[2], &[-1.0, 1.0])),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Appends a node and gives the name of what it makes.
    fn node(&mut self, op: &str, inputs: &[&str], attributes: Vec<AttributeProto>, out: &mut Vec<NodeProto>) -> String {
        let made = self.fresh.name(format!("ranges/{op}"));
        out.push(NodeProto {
            op_type: Some(op.into()),
            name: Some(made.clone()),
            input: inputs.iter().map(|s| (*s).into()).collect(),
            output: vec![made.clone()],
            attribute: attributes,
            ..Default::default()
        });
        made
    }

    /// `[-min, max]` of a tensor.
    fn look(&mut self, tensor: &str, out: &mut Vec<NodeProto>) -> String {
        let (flat, infinite, lowest) = (self.flat.clone(), self.infinite.clone(), self.lowest.clone());
        let axis = || vec![int("axis", 0)];
        let all = self.node("Reshape", &[tensor, &flat], Vec::new(), out);
        let is_none = self.node("IsNaN", &[&all], Vec::new(), out);
        let all = self.node("Where", &[&is_none, &infinite, &all], Vec::new(), out);
        let turned = self.node("Neg", &[&all], Vec::new(), out);
        let mut ends = Vec::with_capacity(2);
        for side in [turned, all] {
            // A tensor without elements has a largest one all the same.
            let some = self.node("Concat", &[&side, &lowest], axis(), out);
            ends.push(self.node("ReduceMax", &[&some], vec![int("keepdims", 1)], out));
        }
        self.node("Concat", &[&ends[0], &ends[1]], axis(), out)
    }

    /// At the top level: `[min, max]` under its name, or nothing where nothing ran.
    fn hand_out(&mut self, found: &Found, out: &mut Vec<NodeProto>) {
        let (lowest, signs) = (self.lowest.clone(), self.signs.clone());
        let ran = self.node("Greater", &[&found.held, &lowest], Vec::new(), out);
        let range = self.node("Mul", &[&found.held, &signs], Vec::new(), out);
        let places = self.node("NonZero", &[&ran], Vec::new(), out);
        let flat = self.flat.clone();
        let places = self.node("Reshape", &[&places, &flat], Vec::new(), out);
        let name = self.node("Gather", &[&range, &places], vec![int("axis", 0)], out);
        if let Some(last) = out.last_mut().filter(|n| n.output == [name]) {
            last.output = vec![found.key.clone()];
        }
    }

    /// Everything in a body, those inside it included.
    fn body(&mut self, at: u32, proto: &mut GraphProto) -> Vec<Found> {
        let graph = self.graph;
        let mut found = Vec::new();
        let mut nodes = Vec::with_capacity(proto.node.len());
        for (mut node, id) in std::mem::take(&mut proto.node)
            .into_iter()
            .zip(&graph.bodies[at as usize].nodes)
        {
            found.extend(self.control(*id, &mut node));
            nodes.push(node);
        }
        let made = graph.bodies[at as usize].nodes.iter();
        let made = made.flat_map(|id| graph.node(*id).outputs.iter().flatten().copied());
        let inputs = graph.bodies[at as usize].inputs.iter().copied();
        for id in inputs.chain(made).filter(|id| is_seen(graph, *id)) {
            found.push(Found {
                key: value_name(graph, id).into_owned(),
                held: self.look(&graph.tensor(id).name, &mut nodes),
            });
        }
        proto.node = nodes;
        found
    }

    /// A node with bodies hands out what they have.
    fn control(&mut self, id: NodeId, proto: &mut NodeProto) -> Vec<Found> {
        let graph = self.graph;
        let node = graph.node(id);
        if !node.domain.is_empty() || node.function.is_some() || graph.opset(node.body, "").unwrap_or(0) < OPSET {
            return Vec::new();
        }
        match &*node.op_type {
            "If" => self.branches(id, proto),
            "Loop" => self.turns(id, proto, 2, 1, node.inputs.len().saturating_sub(2)),
            "Scan" => {
                let scanned = proto.int("num_scan_inputs").and_then(|n| usize::try_from(n).ok());
                match scanned.and_then(|n| node.inputs.len().checked_sub(n)) {
                    Some(states) => self.turns(id, proto, 0, 0, states),
                    None => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    fn branches(&mut self, id: NodeId, proto: &mut NodeProto) -> Vec<Found> {
        let graph = self.graph;
        let owned = &graph.node(id).owned_bodies;
        let mut of_each: Vec<Vec<Found>> = Vec::with_capacity(owned.len());
        for body in owned {
            let inner = body_mut(graph, proto, *body);
            of_each.push(inner.map_or_else(Vec::new, |inner| self.body(*body, inner)));
        }
        // Outputs at the end may be left out; what comes behind them needs their places.
        let outputs = owned.iter().map(|b| graph.bodies[*b as usize].outputs.len()).max();
        if let Some(outputs) = outputs.filter(|n| *n > proto.output.len()) {
            proto.output.resize(outputs, String::new());
        }
        let mut out = Vec::new();
        for (ran, found) in of_each.into_iter().enumerate() {
            for found in found {
                for (at, body) in owned.iter().enumerate() {
                    let nothing = self.nothing.clone();
                    let Some(inner) = body_mut(graph, proto, *body) else {
                        continue;
                    };
                    // A body's output is made in it.
                    let held = match at == ran {
                        true => found.held.clone(),
                        false => self.node("Identity", &[&nothing], Vec::new(), &mut inner.node),
                    };
                    inner.output.push(declared(&held));
                }
                let made = self.fresh.name(format!("{}/range", label(graph.node(id))));
                proto.output.push(made.clone());
                out.push(Found {
                    key: found.key,
                    held: made,
                });
            }
        }
        out
    }

    /// A loop carries each range behind what it carries already: `carried` values, which are its body's inputs from
    /// `first_in` on and its outputs from `first_out` on.
    fn turns(
        &mut self,
        id: NodeId,
        proto: &mut NodeProto,
        first_in: usize,
        first_out: usize,
        carried: usize,
    ) -> Vec<Found> {
        let graph = self.graph;
        let [at] = graph.node(id).owned_bodies[..] else {
            return Vec::new();
        };
        let outputs = graph.node(id).outputs.len();
        let Some(inner) = body_mut(graph, proto, at) else {
            return Vec::new();
        };
        if inner.input.len() < first_in + carried || inner.output.len() < first_out + carried {
            return Vec::new();
        }
        let found = self.body(at, inner);
        let mut out = Vec::with_capacity(found.len());
        let (mut befores, mut afters) = (Vec::with_capacity(found.len()), Vec::with_capacity(found.len()));
        let mut made = Vec::with_capacity(found.len());
        for one in found {
            let before = self.fresh.name("ranges/before".into());
            let after = self.node("Max", &[&before, &one.held], Vec::new(), &mut inner.node);
            befores.push(declared(&before));
            afters.push(declared(&after));
            let held = self.fresh.name(format!("{}/range", label(graph.node(id))));
            made.push(held.clone());
            out.push(Found { key: one.key, held });
        }
        if made.is_empty() {
            return out;
        }
        inner.input.splice(first_in + carried..first_in + carried, befores);
        inner.output.splice(first_out + carried..first_out + carried, afters);
        let starts = vec![self.nothing.clone(); made.len()];
        // Inputs and outputs at the end may be left out; what comes behind them needs their places.
        let place = first_in + carried;
        if proto.input.len() < place {
            proto.input.resize(place, String::new());
        }
        proto.input.splice(place..place, starts);
        let place = carried;
        if proto.output.len() < place {
            proto.output.resize(place.max(outputs), String::new());
        }
        proto.output.splice(place..place, made);
        out
    }
}

/// The declaration of a range inside.
fn declared(name: &str) -> crate::model::onnx::ValueInfoProto {
    declaration(name, DataType::Float32, Some(&Shape::known(&[2])))
}
