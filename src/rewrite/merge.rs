//! Merging what scales and shifts channels into the constants of what made them: BatchNormalization, and Mul, Div, Add or
//! Sub with a constant per channel, behind Conv, ConvTranspose, Gemm or another BatchNormalization.
//!
//! A convolution `y = W*x + b` followed by `z = s*y + t` per channel is `z = (s*W)*x + (s*b + t)`; BatchNormalization in
//! inference has `s = scale / sqrt(var + epsilon)` and `t = B - mean*s` (operator BatchNormalization-15). New weights are
//! computed in FP64 and rounded once.

use super::clean::{Done, count, label};
use super::edit::{Edit, Feed, defaults};
use super::fold::{has_references, refuse_broken};
use crate::graph::{Graph, Node, NodeId, Producer, TensorId, TensorKind};
use crate::model::onnx::NodeProto;
use crate::model::{Attributes, DataType, Model, Tensor};
use std::collections::HashSet;
use std::sync::Arc;

/// Rounds, each merging one node of a chain; ends the work on hostile models.
const ROUNDS: usize = 8;

/// Merges until nothing more can be.
///
/// # Errors
/// Structural problems that must be settled first.
pub(super) fn merge_scales(model: &Arc<Model>) -> Result<Done, String> {
    let mut model = model.clone();
    let mut notes = Vec::new();
    let mut merged = 0;
    for _ in 0..ROUNDS {
        let graph = Graph::new(model.clone());
        refuse_broken(&graph)?;
        let mut round = Round {
            graph: &graph,
            edit: Edit::new(&graph),
            defaults: defaults(&graph),
            notes: Vec::new(),
        };
        let done = round.run();
        let Round { edit, notes: made, .. } = round;
        notes.extend(made);
        if done == 0 {
            break;
        }
        model.check_intact().map_err(|e| e.to_string())?;
        merged += done;
        model = Arc::new(model.with_proto(edit.finish().proto));
    }
    // A node kept in one round may be merged in the next, or be kept once more.
    let mut seen = HashSet::new();
    let mut last: Vec<_> = notes
        .into_iter()
        .rev()
        .filter(|(name, _)| seen.insert(name.clone()))
        .collect();
    last.reverse();
    let summary = match merged {
        0 => "No scale or shift can be merged".to_owned(),
        n => format!("Merged {} into the weights before", count(n, "node")),
    };
    Ok(Done {
        model,
        summary,
        notes: last,
    })
}

/// `z = scale*y + shift` for each channel.
struct Affine {
    scale: Vec<f64>,
    shift: Vec<f64>,
}

impl Affine {
    /// The values for this many channels; one value holds for all.
    fn channels(mut self, n: usize) -> Option<Self> {
        for values in [&mut self.scale, &mut self.shift] {
            if values.len() == 1 {
                *values = vec![values[0]; n];
            }
        }
        (self.scale.len() == n && self.shift.len() == n).then_some(self)
    }
}

/// Constants of the node that scales and shifts, before they are read per channel.
enum Step {
    /// Already one value per channel (axis 1).
    PerChannel(Affine),
    /// An elementwise operator and its constant, which broadcasts; true when the constant is the second input.
    Elementwise(Tensor, bool),
}

struct Round<'a> {
    graph: &'a Graph,
    edit: Edit<'a>,
    defaults: HashSet<TensorId>,
    notes: Vec<(String, String)>,
}

impl Round<'_> {
    fn run(&mut self) -> usize {
        let graph = self.graph;
        let mut merged = 0;
        for id in graph.topological_order() {
            let node = graph.node(id);
            if self.edit.is_removed(id) || !node.domain.is_empty() || has_references(graph.proto(id)) {
                continue;
            }
            let Some((from, step)) = self.step(id, node) else {
                continue;
            };
            let Producer::Node { node: maker, output: 0 } = graph.tensor(from).producer else {
                continue;
            };
            let target = graph.node(maker);
            let is_target = target.domain.is_empty()
                && matches!(
                    &*target.op_type,
                    "Conv" | "ConvTranspose" | "Gemm" | "MatMul" | "BatchNormalization"
                )
                && !has_references(graph.proto(maker));
            if !is_target || self.edit.is_removed(maker) || self.edit.is_replaced(maker) {
                continue;
            }
            match self.merge(id, node, step, from, maker, target) {
                Ok(()) => {
                    let text = format!("{} merged into {} {}", node.op_type, target.op_type, label(target));
                    self.notes.push((label(node), text));
                    merged += 1;
                }
                Err(why) => self.notes.push((label(node), format!("{} kept: {why}", node.op_type))),
            }
        }
        merged
    }

    fn constant(&self, tensor: TensorId) -> Option<Tensor> {
        let info = self.graph.tensor(tensor);
        let is_constant = info.kind == TensorKind::Constant && !self.defaults.contains(&tensor);
        is_constant.then(|| self.graph.constant(tensor)?.ok())?
    }

    /// The tensor that this node scales and shifts by constants, and by which.
    fn step(&self, id: NodeId, node: &Node) -> Option<(TensorId, Step)> {
        // Elementwise operators broadcast by numpy's rules from opset 7 on.
        if self.graph.opset(node.body, "").unwrap_or(0) < 7 {
            return None;
        }
        match &*node.op_type {
            "BatchNormalization" => {
                let affine = self.batch_norm(id, node)?;
                Some((node.input(0)?, Step::PerChannel(affine)))
            }
            "Mul" | "Add" | "Sub" | "Div" => {
                let [Some(a), Some(b)] = node.inputs[..] else {
                    return None;
                };
                if let Some(value) = self.constant(b) {
                    return Some((a, Step::Elementwise(value, true)));
                }
                if &*node.op_type == "Div" {
                    return None;
                }
                Some((b, Step::Elementwise(self.constant(a)?, false)))
            }
            _ => None,
        }
    }

    /// Scale and shift of BatchNormalization in inference.
    fn batch_norm(&self, id: NodeId, node: &Node) -> Option<Affine> {
        let proto = self.graph.proto(id);
        let is_read = |t: &TensorId| self.edit.uses(*t) > 0;
        let others: Vec<&TensorId> = node.outputs.iter().skip(1).flatten().collect();
        // Before opset 14 it is one of training as soon as it has other outputs, read or not.
        let is_old = self.graph.opset(node.body, "").unwrap_or(0) < 14;
        if others.into_iter().any(|t| is_old || is_read(t))
            || proto.int("training_mode").unwrap_or(0) != 0
            || proto.int("spatial").unwrap_or(1) == 0
        {
            return None;
        }
        let epsilon = f64::from(proto.float("epsilon").unwrap_or(1e-5));
        let mut values = (1..5).map(|at| {
            let value = self.constant(node.input(at)?)?;
            let is_list = value.dims.len() == 1 && is_exact(value.dtype);
            is_list.then(|| Some(value.to_f64_iter()?.collect::<Vec<f64>>()))?
        });
        let (scale, shift, mean, var) = (values.next()??, values.next()??, values.next()??, values.next()??);
        let channels = scale.len();
        if [&shift, &mean, &var].iter().any(|v| v.len() != channels) {
            return None;
        }
        let scale: Vec<f64> = scale.iter().zip(&var).map(|(s, v)| s / (v + epsilon).sqrt()).collect();
        let shift = shift
            .iter()
            .zip(&mean)
            .zip(&scale)
            .map(|((b, m), s)| b - m * s)
            .collect();
        Some(Affine { scale, shift })
    }

    fn merge(
        &mut self,
        id: NodeId,
        node: &Node,
        step: Step,
        from: TensorId,
        maker: NodeId,
        target: &Node,
    ) -> Result<(), String> {
        let graph = self.graph;
        if target.body != node.body {
            return Err(format!("{} stands in another body", label(target)));
        }
        if graph.tensor(from).is_output || self.edit.uses(from) != 1 {
            return Err(format!("{:?} is read elsewhere too", graph.tensor(from).name));
        }
        let proto = graph.proto(maker);
        if &*target.op_type == "BatchNormalization" {
            return self.extend_batch_norm(id, node, step, maker, target);
        }
        let computed = |what: &str| format!("the {what} of {} is computed or no float32", label(target));
        let weight_id = target.input(1).ok_or_else(|| computed("weight"))?;
        let weight = self.constant(weight_id).filter(|w| is_exact(w.dtype));
        let weight = weight.ok_or_else(|| computed("weight"))?;
        let scales = match &step {
            Step::PerChannel(_) => true,
            Step::Elementwise(_, is_second) => !matches!((&*node.op_type, is_second), ("Add", _) | ("Sub", true)),
        };
        if scales && self.edit.uses(weight_id) > 1 {
            return Err(format!("weight {:?} is shared", graph.tensor(weight_id).name));
        }
        let bias = match target.input(2) {
            None => None,
            Some(bias) => Some(self.constant(bias).ok_or_else(|| computed("bias"))?),
        };
        let read = target.input(0).ok_or("the node before has no input")?;
        let rank = graph.tensor(read).ty.shape.as_ref().map(|s| s.0.len());
        let layout = Layout::of(target, proto, &weight, rank).ok_or("its weight or input has no known layout")?;
        let affine = self.per_channel(node, step, layout.channel_axis, layout.rank)?;
        let affine = affine
            .channels(layout.channels)
            .ok_or_else(|| format!("it has another number of channels than the {} before", layout.channels))?;
        let old = match &bias {
            None => vec![0.0; layout.channels],
            Some(bias) => {
                let values: Vec<f64> = bias.to_f64_iter().map(Iterator::collect).unwrap_or_default();
                let trailing = bias.dims.iter().rev().skip(1).all(|d| *d == 1);
                match values.len() {
                    1 => vec![values[0]; layout.channels],
                    n if n == layout.channels && trailing => values,
                    _ => return Err(format!("the bias of {} is no value per channel", label(target))),
                }
            }
        };
        let shifted = old.iter().zip(&affine.scale).zip(&affine.shift);
        let shifted: Vec<f64> = shifted.map(|((b, s), t)| layout.beta * b * s + t).collect();
        let new_bias =
            rounded(weight.dtype, &[layout.channels as u64], &shifted).ok_or("its new bias would overflow")?;
        let mut proto = proto.clone();
        let is_shifted = shifted.iter().any(|b| *b != 0.0);
        if &*target.op_type == "MatMul" && is_shifted {
            if layout.rank != 2 {
                return Err("MatMul has no bias, and Gemm takes matrices only".into());
            }
            proto.op_type = Some("Gemm".into());
        }
        if &*target.op_type == "Gemm" {
            // The new bias has the factor in it.
            proto.attribute.retain(|a| a.name.as_deref() != Some("beta"));
        }
        let weight_name = &graph.tensor(weight_id).name;
        let bias_name = match target.input(2) {
            Some(bias) => format!("{}__merged", graph.tensor(bias).name),
            None => format!("{weight_name}__bias"),
        };
        // Only now, because it is work.
        let weight = if affine.scale.iter().any(|s| *s != 1.0) {
            let scaled = weight.to_f64_iter().into_iter().flatten().enumerate();
            let scaled: Vec<f64> = scaled
                .map(|(at, w)| w * affine.scale.get(layout.channel(at)).copied().unwrap_or(f64::NAN))
                .collect();
            let new = rounded(weight.dtype, &weight.dims, &scaled).ok_or("its new weights would overflow")?;
            Feed::Value(format!("{weight_name}__merged"), new)
        } else {
            Feed::Tensor(weight_id)
        };
        let mut feeds = vec![Feed::Tensor(read), weight];
        if is_shifted || target.input(2).is_some() {
            feeds.push(Feed::Value(bias_name, new_bias));
        }
        self.edit.replace(id, proto, feeds);
        Ok(())
    }

    /// Scale and shift are constants of BatchNormalization already.
    fn extend_batch_norm(
        &mut self,
        id: NodeId,
        node: &Node,
        step: Step,
        maker: NodeId,
        target: &Node,
    ) -> Result<(), String> {
        let graph = self.graph;
        if self.batch_norm(maker, target).is_none() {
            return Err(format!("{} has no constants, or is one of training", label(target)));
        }
        let inputs: Option<Vec<TensorId>> = (0..5).map(|at| target.input(at)).collect();
        let inputs = inputs.ok_or_else(|| format!("{} lacks an input", label(target)))?;
        let rank = graph.tensor(inputs[0]).ty.shape.as_ref().map(|s| s.0.len());
        let rank = rank.ok_or("the rank is not known")?;
        let affine = self.per_channel(node, step, 1, rank)?;
        let value = |at: usize| self.constant(inputs[at]).ok_or("a constant cannot be read");
        let (scale, shift) = (value(1)?, value(2)?);
        let affine = affine
            .channels(scale.elements() as usize)
            .ok_or("it has another number of channels")?;
        let new = |value: &Tensor, shift: bool| {
            let values = value
                .to_f64_iter()
                .into_iter()
                .flatten()
                .zip(affine.scale.iter().zip(&affine.shift));
            let values: Vec<f64> = values.map(|(v, (s, t))| v * s + if shift { *t } else { 0.0 }).collect();
            rounded(value.dtype, &value.dims, &values).ok_or("its new constants would overflow")
        };
        let name = |at: usize| format!("{}__merged", graph.tensor(inputs[at]).name);
        let feeds = vec![
            Feed::Tensor(inputs[0]),
            Feed::Value(name(1), new(&scale, false)?),
            Feed::Value(name(2), new(&shift, true)?),
            Feed::Tensor(inputs[3]),
            Feed::Tensor(inputs[4]),
        ];
        self.edit.replace(id, graph.proto(maker).clone(), feeds);
        Ok(())
    }

    /// One scale and shift per channel, where the constant varies along that axis only.
    fn per_channel(&self, node: &Node, step: Step, axis: usize, rank: usize) -> Result<Affine, String> {
        let (value, is_second) = match step {
            Step::PerChannel(affine) if axis == 1 => return Ok(affine),
            Step::PerChannel(_) => return Err("its channels are another axis".into()),
            Step::Elementwise(value, is_second) => (value, is_second),
        };
        let dims = &value.dims;
        let more = dims.len() > rank;
        let varies = dims
            .iter()
            .enumerate()
            .filter(|(_, d)| **d != 1)
            .map(|(at, _)| at + rank - dims.len().min(rank));
        if more || varies.into_iter().any(|at| at != axis) {
            return Err("its constant is not one value per channel".into());
        }
        if !is_exact(value.dtype) {
            return Err(format!("its constant is {}", value.dtype));
        }
        let values: Vec<f64> = value.to_f64_iter().map(Iterator::collect).unwrap_or_default();
        let n = values.len();
        let (scale, shift) = match (&*node.op_type, is_second) {
            ("Mul", _) => (values, vec![0.0; n]),
            ("Div", _) => (values.iter().map(|v| 1.0 / v).collect(), vec![0.0; n]),
            ("Add", _) => (vec![1.0; n], values),
            ("Sub", true) => (vec![1.0; n], values.iter().map(|v| -v).collect()),
            _ => (vec![-1.0; n], values),
        };
        Ok(Affine { scale, shift })
    }
}

/// True for the types whose products need no second thought; half precision would be rounded once more.
fn is_exact(dtype: DataType) -> bool {
    matches!(dtype, DataType::Float32 | DataType::Float64)
}

/// Values as a tensor of this type; `None` when one is not finite.
fn rounded(dtype: DataType, dims: &[u64], values: &[f64]) -> Option<Tensor> {
    match dtype {
        DataType::Float64 if values.iter().all(|v| v.is_finite()) => Tensor::from_f64(dims, values),
        DataType::Float32 => {
            let values: Vec<f32> = values.iter().map(|v| *v as f32).collect();
            values
                .iter()
                .all(|v| v.is_finite())
                .then(|| Tensor::from_f32(dims, &values))?
        }
        _ => None,
    }
}

/// Where the output channels are in a weight.
struct Layout {
    channels: usize,
    /// Axis of the channels in the result, and its rank.
    channel_axis: usize,
    rank: usize,
    /// Factor of the bias (Gemm).
    beta: f64,
    /// Elements of one weight between two values of the axis below, and sizes of it.
    inner: usize,
    per_axis: usize,
    /// ConvTranspose: elements per input channel, and input channels per group.
    group: Option<(usize, usize)>,
}

impl Layout {
    /// `input` is the rank of what the weight is multiplied with, when known.
    fn of(node: &Node, proto: &NodeProto, weight: &Tensor, input: Option<usize>) -> Option<Self> {
        let dims: Option<Vec<usize>> = weight.dims.iter().map(|d| usize::try_from(*d).ok()).collect();
        let dims = dims?;
        if dims.contains(&0) {
            return None;
        }
        let rank = dims.len();
        let inner: usize = dims.get(2..)?.iter().product();
        let plain = |channels, channel_axis, inner| Self {
            channels,
            channel_axis,
            rank,
            beta: 1.0,
            inner,
            per_axis: channels,
            group: None,
        };
        match &*node.op_type {
            "Conv" if rank > 2 => Some(plain(dims[0], 1, dims[1] * inner)),
            "ConvTranspose" if rank > 2 => {
                let groups = usize::try_from(proto.int("group").unwrap_or(1))
                    .ok()
                    .filter(|g| *g > 0)?;
                if dims[0] % groups != 0 {
                    return None;
                }
                Some(Self {
                    per_axis: dims[1],
                    group: Some((dims[1] * inner, dims[0] / groups)),
                    ..plain(dims[1].checked_mul(groups)?, 1, inner)
                })
            }
            "Gemm" if rank == 2 => {
                let transposed = proto.int("transB").unwrap_or(0) != 0;
                let channels = dims[usize::from(!transposed)];
                Some(Self {
                    beta: f64::from(proto.float("beta").unwrap_or(1.0)),
                    ..plain(channels, 1, if transposed { dims[1] } else { 1 })
                })
            }
            "MatMul" if rank == 2 => {
                let rank = input.filter(|r| *r >= 2)?;
                Some(Self {
                    rank,
                    ..plain(dims[1], rank - 1, 1)
                })
            }
            _ => None,
        }
    }

    /// The output channel to which the element at this position belongs.
    fn channel(&self, at: usize) -> usize {
        let along = (at / self.inner) % self.per_axis;
        match self.group {
            None => along,
            Some((per_input, inputs)) => (at / per_input / inputs) * self.per_axis + along,
        }
    }
}
