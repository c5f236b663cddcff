//! Writing the quantized graph: one pair of QuantizeLinear and DequantizeLinear per tensor, shared by its readers;
//! weights stored as codes behind a DequantizeLinear.

use super::QuantMode;
use super::place::Placed;
use super::scales::Scales;
use super::weights::{Grain, quantize};
use crate::graph::{Graph, NodeId, Producer, TensorId};
use crate::model::onnx::{GraphProto, ModelProto, NodeProto, TensorProto};
use crate::model::{Tensor, attribute};
use crate::rewrite::bodies::body_mut;
use crate::rewrite::names::Fresh;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What was written.
pub(super) struct Inserted {
    /// The changed messages.
    pub(super) proto: ModelProto,
    /// How far the weights that alone are quantized are from what they were: root mean square over that of the values; none
    /// where there are no such weights.
    pub(super) weight_error: Option<f64>,
}

/// Writes the pairs and the codes.
///
/// # Errors
/// Weights that cannot be read or are not finite.
pub(super) fn insert(graph: &Graph, mode: QuantMode, placed: &Placed, scales: &Scales) -> Result<Inserted, String> {
    let mut proto = graph.model.proto().clone();
    proto.ir_version = proto.ir_version.max(Some(mode.least_ir()));
    let mut writer = Writer {
        graph,
        mode,
        fresh: Fresh::new(graph),
        first: BTreeMap::new(),
        after: BTreeMap::new(),
        initializers: BTreeMap::new(),
        names: HashMap::new(),
        error: Error::default(),
    };
    // Weights, each once per grain.
    let mut done: HashMap<(TensorId, Grain), String> = HashMap::new();
    for ((node, index), (weight, grain)) in &placed.weights {
        let name = match done.get(&(*weight, *grain)) {
            Some(name) => name.clone(),
            None => {
                let is_alone = !mode.has_activations() || placed.alone.contains(node);
                let name = writer.weight(*weight, *grain, is_alone)?;
                done.insert((*weight, *grain), name.clone());
                name
            }
        };
        writer.names.insert((*node, *index), name);
    }
    let mut pairs: HashMap<TensorId, String> = HashMap::new();
    for ((node, index), tensor) in &placed.activations {
        let name = match pairs.get(tensor) {
            Some(name) => name.clone(),
            None => {
                let scale = scales.scale(*tensor).ok_or("a tensor has no scale")?;
                let name = writer.activation(*tensor, scale)?;
                pairs.insert(*tensor, name.clone());
                name
            }
        };
        writer.names.insert((*node, *index), name);
    }
    let unread = unread(graph, placed);
    if let Some(top) = proto.graph.as_option_mut() {
        writer.rewrite(0, top, &unread);
    }
    Ok(Inserted {
        proto,
        weight_error: writer.error.relative(),
    })
}

/// Weights that nothing reads in float any more.
fn unread(graph: &Graph, placed: &Placed) -> HashSet<TensorId> {
    let weights: HashSet<TensorId> = placed.weights.values().map(|(t, _)| *t).collect();
    let is_unread = |id: &TensorId| {
        let tensor = graph.tensor(*id);
        // That a body of a node reads it counts as an input without a number, besides the reader itself.
        let is_coded = |(node, index): &(NodeId, u32)| {
            *index == u32::MAX || placed.weights.contains_key(&(*node, *index as usize))
        };
        !tensor.is_output && tensor.consumers.iter().all(is_coded)
    };
    weights.into_iter().filter(is_unread).collect()
}

/// Sums of squares of what quantizing changed, and of the values.
#[derive(Default)]
struct Error {
    changed: f64,
    values: f64,
}

impl Error {
    fn relative(&self) -> Option<f64> {
        (self.values > 0.0).then(|| (self.changed / self.values).sqrt())
    }
}

struct Writer<'a> {
    graph: &'a Graph,
    mode: QuantMode,
    fresh: Fresh,
    /// By body, what comes in front of its nodes.
    first: BTreeMap<u32, Vec<NodeProto>>,
    /// What comes right behind a node.
    after: BTreeMap<NodeId, Vec<NodeProto>>,
    /// By body.
    initializers: BTreeMap<u32, Vec<TensorProto>>,
    /// What a node's input reads now.
    names: HashMap<(NodeId, usize), String>,
    error: Error,
}

impl Writer<'_> {
    fn store(&mut self, body: u32, wanted: String, value: &Tensor) -> String {
        let name = self.fresh.name(wanted);
        self.initializers.entry(body).or_default().push(value.to_proto(&name));
        name
    }

    /// Where codes of a constant belong: where it is stored, but outside of what runs again and again.
    fn home(&self, id: TensorId) -> u32 {
        let mut at = self.graph.tensor(id).body;
        while let Some(body) = self.graph.bodies.get(at as usize) {
            let repeats = |owner: NodeId| matches!(&*self.graph.node(owner).op_type, "Loop" | "Scan");
            match body.parent.filter(|_| body.owner.is_some_and(repeats)) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        at
    }

    /// Puts what was made into a body and those inside it, and takes out what is unread.
    fn rewrite(&mut self, body: u32, proto: &mut GraphProto, unread: &HashSet<TensorId>) {
        let graph = self.graph;
        let Some(here) = graph.bodies.get(body as usize) else {
            return;
        };
        let old = std::mem::take(&mut proto.node);
        let mut nodes = self.first.remove(&body).unwrap_or_default();
        for (mut proto, id) in old.into_iter().zip(&here.nodes) {
            let node = graph.node(*id);
            if !node.outputs.is_empty() && node.outputs.iter().flatten().all(|t| unread.contains(t)) {
                continue;
            }
            for (index, input) in proto.input.iter_mut().enumerate() {
                if let Some(name) = self.names.get(&(*id, index)) {
                    *input = name.clone();
                }
            }
            for inner in &node.owned_bodies {
                if let Some(inside) = body_mut(graph, &mut proto, *inner) {
                    self.rewrite(*inner, inside, unread);
                }
            }
            nodes.push(proto);
            nodes.extend(self.after.remove(id).unwrap_or_default());
        }
        proto.node = nodes;
        let of_here = unread.iter().map(|t| graph.tensor(*t)).filter(|t| t.body == body);
        let gone: HashSet<&str> = of_here.map(|t| &*t.name).collect();
        let stays = |name: &Option<String>| !gone.contains(name.as_deref().unwrap_or_default());
        proto.initializer.retain(|t| stays(&t.name));
        proto.input.retain(|i| stays(&i.name));
        proto.value_info.retain(|i| stays(&i.name));
        proto
            .initializer
            .extend(self.initializers.remove(&body).unwrap_or_default());
    }

    /// The name of the weight as float, made by a node from its codes; `is_alone` when what it is multiplied by stays float.
    fn weight(&mut self, id: TensorId, grain: Grain, is_alone: bool) -> Result<String, String> {
        let name = self.graph.tensor(id).name.to_string();
        let place = |why: String| format!("weight {name}: {why}");
        let value = self.graph.constant(id).ok_or_else(|| place("it has no value".into()))?;
        let value = value.map_err(|e| e.to_string())?;
        let done = quantize(&value, self.mode, grain).map_err(place)?;
        if is_alone {
            let (changed, values) = done
                .error(&value, grain)
                .ok_or_else(|| place("its codes cannot be read".into()))?;
            self.error.changed += changed;
            self.error.values += values;
        }
        let mode = self.mode.name();
        let home = self.home(id);
        let inputs = vec![
            self.store(home, format!("{name}__{mode}"), &done.values),
            self.store(home, format!("{name}__scale"), &done.scale),
            self.store(home, format!("{name}__zero_point"), &done.zero_point),
        ];
        let output = self.fresh.name(format!("{name}__dequantized"));
        let mut node = node(
            "DequantizeLinear",
            inputs,
            output.clone(),
            self.fresh.name(format!("{name}/dequantize")),
        );
        let mut attribute = |name: &str, value: usize| {
            node.attribute
                .push(attribute::int(name, i64::try_from(value).unwrap_or(0)));
        };
        match grain {
            // One scale has no axis, whatever the attribute says.
            Grain::Tensor => {}
            Grain::Channel(axis) => attribute("axis", axis),
            Grain::Blocks { axis, size } => {
                attribute("axis", axis);
                attribute("block_size", size);
            }
        }
        self.first.entry(home).or_default().push(node);
        Ok(output)
    }

    /// The name of the tensor as read from its codes, which a pair makes.
    fn activation(&mut self, id: TensorId, scale: f32) -> Result<String, String> {
        let name = self.graph.tensor(id).name.to_string();
        let zero = Tensor::new(self.mode.data_type(), &[], vec![0].into());
        let (Some(scale), Some(zero)) = (Tensor::from_f32(&[], &[scale]), zero) else {
            return Err(format!("{name}: a scalar cannot be made"));
        };
        let scale = self.store(0, format!("{name}__scale"), &scale);
        let zero = self.store(0, format!("{name}__zero_point"), &zero);
        let coded = self.fresh.name(format!("{name}__{}", self.mode.name()));
        let output = self.fresh.name(format!("{name}__dequantized"));
        let quantize = node(
            "QuantizeLinear",
            vec![name.clone(), scale.clone(), zero.clone()],
            coded.clone(),
            self.fresh.name(format!("{name}/quantize")),
        );
        let dequantize = node(
            "DequantizeLinear",
            vec![coded, scale, zero],
            output.clone(),
            self.fresh.name(format!("{name}/dequantize")),
        );
        let place = match self.graph.tensor(id).producer {
            Producer::Node { node, .. } => self.after.entry(node).or_default(),
            _ => self.first.entry(0).or_default(),
        };
        place.extend([quantize, dequantize]);
        Ok(output)
    }
}

fn node(op_type: &str, input: Vec<String>, output: String, name: String) -> NodeProto {
    NodeProto {
        op_type: Some(op_type.into()),
        name: Some(name),
        input,
        output: vec![output],
        ..Default::default()
    }
}
