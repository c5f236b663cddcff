//! Writing the quantized graph: one pair of QuantizeLinear and DequantizeLinear per tensor, shared by its readers;
//! weights stored as codes behind a DequantizeLinear.

use super::QuantMode;
use super::place::Placed;
use super::scales::Scales;
use super::weights::{Grain, quantize};
use crate::graph::{Graph, NodeId, Producer, TensorId};
use crate::model::onnx::{ModelProto, NodeProto, TensorProto};
use crate::model::{Tensor, attribute};
use crate::rewrite::names::Fresh;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The changed messages.
///
/// # Errors
/// Weights that cannot be read or are not finite.
pub(super) fn insert(graph: &Graph, mode: QuantMode, placed: &Placed, scales: &Scales) -> Result<ModelProto, String> {
    let mut proto = graph.model.proto().clone();
    proto.ir_version = proto.ir_version.max(Some(mode.least_ir()));
    let mut writer = Writer {
        graph,
        mode,
        fresh: Fresh::new(graph),
        initializers: Vec::new(),
        names: HashMap::new(),
    };
    let mut first = Vec::new();
    let mut after: BTreeMap<NodeId, Vec<NodeProto>> = BTreeMap::new();
    // Weights, each once per grain.
    let mut done: HashMap<(TensorId, Grain), String> = HashMap::new();
    for ((node, index), (weight, grain)) in &placed.weights {
        let name = match done.get(&(*weight, *grain)) {
            Some(name) => name.clone(),
            None => {
                let (name, dequantize) = writer.weight(*weight, *grain)?;
                first.push(dequantize);
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
                let (name, pair) = writer.activation(*tensor, scale)?;
                match graph.tensor(*tensor).producer {
                    Producer::Node { node, .. } => after.entry(node).or_default().extend(pair),
                    _ => first.extend(pair),
                }
                pairs.insert(*tensor, name.clone());
                name
            }
        };
        writer.names.insert((*node, *index), name);
    }
    let unread = unread(graph, placed);
    let names = writer.names;
    if let Some(top) = proto.graph.as_option_mut() {
        let old = std::mem::take(&mut top.node);
        let mut nodes = first;
        for (mut proto, id) in old.into_iter().zip(&graph.bodies[0].nodes) {
            let outputs = &graph.node(*id).outputs;
            if !outputs.is_empty() && outputs.iter().flatten().all(|t| unread.contains(t)) {
                continue;
            }
            for (index, input) in proto.input.iter_mut().enumerate() {
                if let Some(name) = names.get(&(*id, index)) {
                    *input = name.clone();
                }
            }
            nodes.push(proto);
            nodes.extend(after.remove(id).unwrap_or_default());
        }
        top.node = nodes;
        let gone: HashSet<&str> = unread.iter().map(|t| &*graph.tensor(*t).name).collect();
        let stays = |name: &Option<String>| !gone.contains(name.as_deref().unwrap_or_default());
        top.initializer.retain(|t| stays(&t.name));
        top.input.retain(|i| stays(&i.name));
        top.value_info.retain(|i| stays(&i.name));
        top.initializer.extend(writer.initializers);
    }
    Ok(proto)
}

/// Weights that nothing reads in float any more.
fn unread(graph: &Graph, placed: &Placed) -> HashSet<TensorId> {
    let weights: HashSet<TensorId> = placed.weights.values().map(|(t, _)| *t).collect();
    let is_unread = |id: &TensorId| {
        let tensor = graph.tensor(*id);
        let is_coded = |(node, index): &(NodeId, u32)| placed.weights.contains_key(&(*node, *index as usize));
        tensor.body == 0 && !tensor.is_output && tensor.consumers.iter().all(is_coded)
    };
    weights.into_iter().filter(is_unread).collect()
}

struct Writer<'a> {
    graph: &'a Graph,
    mode: QuantMode,
    fresh: Fresh,
    initializers: Vec<TensorProto>,
    /// What a node's input reads now.
    names: HashMap<(NodeId, usize), String>,
}

impl Writer<'_> {
    fn store(&mut self, wanted: String, value: &Tensor) -> String {
        let name = self.fresh.name(wanted);
        self.initializers.push(value.to_proto(&name));
        name
    }

    /// The name of the weight as float, and the node that makes it from its codes.
    fn weight(&mut self, id: TensorId, grain: Grain) -> Result<(String, NodeProto), String> {
        let name = self.graph.tensor(id).name.to_string();
        let place = |why: String| format!("weight {name}: {why}");
        let value = self.graph.constant(id).ok_or_else(|| place("it has no value".into()))?;
        let value = value.map_err(|e| e.to_string())?;
        let done = quantize(&value, self.mode, grain).map_err(place)?;
        let mode = self.mode.name();
        let inputs = vec![
            self.store(format!("{name}__{mode}"), &done.values),
            self.store(format!("{name}__scale"), &done.scale),
            self.store(format!("{name}__zero_point"), &done.zero_point),
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
        Ok((output, node))
    }

    /// The name of the tensor as read from its codes, and the pair that makes it.
    fn activation(&mut self, id: TensorId, scale: f32) -> Result<(String, [NodeProto; 2]), String> {
        let name = self.graph.tensor(id).name.to_string();
        let zero = Tensor::new(self.mode.data_type(), &[], vec![0].into());
        let (Some(scale), Some(zero)) = (Tensor::from_f32(&[], &[scale]), zero) else {
            return Err(format!("{name}: a scalar cannot be made"));
        };
        let scale = self.store(format!("{name}__scale"), &scale);
        let zero = self.store(format!("{name}__zero_point"), &zero);
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
        Ok((output, [quantize, dequantize]))
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
