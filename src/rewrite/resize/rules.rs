//! Where operators hold a size in constants, and what takes its place.

use super::align::aligned;
use crate::graph::infer::size::Size;
use crate::graph::{Dim, Graph, Node, NodeId, Producer, TensorId, TensorKind};
use crate::model::{Attributes, DataType, Tensor};
use crate::rewrite::label;

/// What other open sizes count as where numbers are compared; nothing else in a model is likely to be this.
const OTHER: i64 = 7919;

/// A change that makes a node work with any size.
pub(super) enum Rewrite {
    /// Other values for an input that is a constant vector.
    Constant {
        owner: NodeId,
        input: usize,
        values: Vec<i64>,
        why: String,
    },
    /// A Resize to sizes becomes one by these scales.
    Scales { scales: Vec<f32>, why: String },
    /// The limit of a Range becomes the size.
    Limit {
        owner: NodeId,
        dtype: DataType,
        why: String,
    },
    /// An operand that has 1 on an axis is expanded to the size there.
    Widen {
        input: usize,
        axis: usize,
        rank: usize,
        why: String,
    },
}

pub(super) fn int64(values: &[i64]) -> Option<Tensor> {
    Tensor::from_i64(&[values.len() as u64], values)
}

/// The rules for one opened size.
pub(super) struct Rules<'a> {
    /// The graph in which it was fixed.
    pub before: &'a Graph,
    pub name: &'a str,
    pub size: u64,
}

/// A dimension that depends on the size.
#[derive(Clone, Copy)]
struct Open {
    axis: usize,
    /// Its value at the old size.
    held: u64,
    /// How many times the size it is; none where it is something else (a half, one more).
    factor: Option<u64>,
}

impl Rules<'_> {
    /// What has to change for this node to work with any size; none when it does.
    ///
    /// # Errors
    /// The node, and why it cannot be told what to change.
    pub(super) fn of(&self, now: &Graph, id: NodeId) -> Result<Option<Rewrite>, String> {
        let node = now.node(id);
        if !node.domain.is_empty() {
            return Ok(None);
        }
        match &*node.op_type {
            "Reshape" => self.reshape(now, id),
            "Expand" => self.expand(now, id),
            "Slice" => self.slice(now, id),
            "Concat" => self.concat(now, id),
            "LSTM" | "GRU" | "RNN" => self.states(now, id),
            "Resize" => self.resize(now, id),
            "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Where" | "Equal" | "Less" | "Greater" | "And" | "Or" | "PRelu"
            | "Max" | "Min" | "Mod" => self.broadcast(now, id, 0),
            "MatMul" => self.broadcast(now, id, 2),
            _ => Ok(None),
        }
    }

    fn value(&self, dim: &Dim, times: u64) -> Option<u64> {
        let size = i64::try_from(self.size.checked_mul(times)?).ok()?;
        match dim {
            Dim::Known(n) => Some(*n),
            Dim::Symbol(text) => {
                let value = Size::parse(text).eval(&|name| Some(if name == self.name { size } else { OTHER }))?;
                u64::try_from(value).ok()
            }
            Dim::Unknown => None,
        }
    }

    /// The sizes of a tensor with the open one this many times what it was.
    fn sizes(&self, graph: &Graph, id: TensorId, times: u64) -> Option<Vec<u64>> {
        let shape = graph.tensor(id).ty.shape.as_ref()?;
        shape.0.iter().map(|d| self.value(d, times)).collect()
    }

    /// The sizes that the tensor had in the model as it was.
    fn old_sizes(&self, now: &Graph, id: TensorId) -> Option<Vec<u64>> {
        let name = &*now.tensor(id).name;
        let old = self
            .before
            .tensors
            .iter()
            .position(|t| t.body == now.tensor(id).body && &*t.name == name)?;
        self.sizes(self.before, TensorId(u32::try_from(old).ok()?), 1)
    }

    /// The dimensions of a tensor that depend on the size.
    fn open(&self, now: &Graph, id: TensorId) -> Vec<Open> {
        let shape = now.tensor(id).ty.shape.iter().flat_map(|s| &s.0);
        let mut out = Vec::new();
        for (axis, dim) in shape.enumerate() {
            let (Some(one), Some(two)) = (self.value(dim, 1), self.value(dim, 2)) else {
                continue;
            };
            if one == two {
                continue;
            }
            let is_multiple = Some(two) == one.checked_mul(2) && one.is_multiple_of(self.size);
            out.push(Open {
                axis,
                held: one,
                factor: is_multiple.then(|| one / self.size),
            });
        }
        out
    }

    fn refuse<T>(&self, node: &Node, why: &str) -> Result<T, String> {
        Err(format!("node {} ({}): {why}", label(node), node.op_type))
    }

    fn reshape(&self, now: &Graph, id: NodeId) -> Result<Option<Rewrite>, String> {
        let node = now.node(id);
        let (Some(x), Some(y)) = (first(&node.inputs), first(&node.outputs)) else {
            return Ok(None);
        };
        let open = self.open(now, x);
        let [of] = open.as_slice() else {
            return match open.as_slice() {
                [] => Ok(None),
                _ => self.refuse(node, "its input has the size on several axes"),
            };
        };
        let (Some(mut input), Some(target)) = (self.sizes(now, x, 1), self.old_sizes(now, y)) else {
            return self.refuse(node, "its shape is not known");
        };
        // A size that others were merged into is its outer part.
        let Some(factor) = of.factor else {
            return self.refuse(node, &format!("a size of its input is no multiple of {}", self.name));
        };
        if factor > 1 {
            input.splice(of.axis..=of.axis, [self.size, factor]);
        }
        let Some(place) = aligned(&input, of.axis, &target) else {
            let why = format!(
                "it cannot be told which number of its shape stands for {} ({})",
                self.name, self.size
            );
            return self.refuse(node, &why);
        };
        // It works when the size comes out where it belongs, and nowhere else.
        let twice: Option<Vec<u64>> = self.sizes(now, y, 2);
        let wanted = target
            .iter()
            .enumerate()
            .map(|(i, n)| if i == place { n * 2 } else { *n });
        if twice.is_some_and(|twice| twice.iter().copied().eq(wanted)) {
            return Ok(None);
        }
        let Some(shape) = node.inputs.get(1).copied().flatten() else {
            return self.refuse(node, "its shape is an attribute; raise the opset first");
        };
        let fixed = |at: usize| i64::try_from(target[at]).ok();
        let why = |value: i64| {
            format!(
                "shape {} at {place}: {value} became -1, which takes {}",
                shape_words(&target),
                self.name
            )
        };
        if let Some(mut values) = constant(now, shape) {
            let Some(old) = values.get(place).copied() else {
                return self.refuse(node, "its shape has another rank than its result");
            };
            // What it takes is computed already; whether it can be inferred is another matter.
            if old == -1 {
                return Ok(None);
            }
            // One number may be -1: what was it is known.
            for (at, value) in values.iter_mut().enumerate() {
                if *value == -1 && at != place {
                    match fixed(at).filter(|n| *n != OTHER) {
                        Some(n) => *value = n,
                        None => return self.refuse(node, "two sizes of its shape would have to be computed"),
                    }
                }
            }
            values[place] = -1;
            return Ok(Some(Rewrite::Constant {
                owner: id,
                input: 1,
                values,
                why: why(old),
            }));
        }
        // Put together from pieces, one of which is a constant that holds the size.
        let Producer::Node { node: maker, .. } = now.tensor(shape).producer else {
            return self.refuse(node, "its shape is an input of the model");
        };
        let concat = now.node(maker);
        if &*concat.op_type == "Concat" {
            let mut at = 0;
            let mut rest = false;
            let mut found = None;
            for (input, piece) in concat.inputs.iter().enumerate() {
                let Some(piece) = *piece else { continue };
                let values = constant(now, piece);
                let length = values.as_ref().map(|v| v.len()).or_else(|| {
                    let sizes = self.sizes(now, piece, 1)?;
                    usize::try_from(*sizes.first()?).ok()
                });
                let Some(length) = length else {
                    return self.refuse(node, "the pieces of its shape have no known length");
                };
                if let Some(values) = values {
                    match place.checked_sub(at).filter(|offset| *offset < length) {
                        Some(offset) => found = Some((input, values, offset)),
                        None => rest |= values.contains(&-1),
                    }
                }
                at += length;
            }
            if let Some((input, mut values, offset)) = found.filter(|_| !rest) {
                let old = values[offset];
                if old == -1 {
                    return Ok(None);
                }
                values[offset] = -1;
                return Ok(Some(Rewrite::Constant {
                    owner: maker,
                    input,
                    values,
                    why: why(old),
                }));
            }
        }
        self.refuse(
            node,
            &format!(
                "its shape is computed, and holds {} ({}) in a way that is not known",
                self.name, self.size
            ),
        )
    }

    /// An Expand of what has the size already leaves it as it is.
    fn expand(&self, now: &Graph, id: NodeId) -> Result<Option<Rewrite>, String> {
        let node = now.node(id);
        let Some(x) = first(&node.inputs) else { return Ok(None) };
        let open = self.open(now, x);
        let shape = node.inputs.get(1).copied().flatten().and_then(|t| constant(now, t));
        let (Some(mut values), Some(rank)) = (shape, now.tensor(x).ty.shape.as_ref().map(|s| s.0.len())) else {
            return Ok(None);
        };
        for of in open {
            let held = of.held;
            // Both shapes end at the same axis.
            let place = (values.len() + of.axis).checked_sub(rank);
            if let Some(value) = place.and_then(|p| values.get_mut(p)).filter(|v| **v != 1) {
                if u64::try_from(*value) != Ok(held) {
                    return self.refuse(node, &format!("it expands {} to {value}", self.name));
                }
                *value = 1;
                return Ok(Some(Rewrite::Constant {
                    owner: id,
                    input: 1,
                    values,
                    why: format!("the {held} of its shape became 1, which keeps {}", self.name),
                }));
            }
        }
        Ok(None)
    }

    /// A slice to the end of the size is one to the end whatever it is.
    fn slice(&self, now: &Graph, id: NodeId) -> Result<Option<Rewrite>, String> {
        let node = now.node(id);
        let Some(x) = first(&node.inputs) else { return Ok(None) };
        let open = self.open(now, x);
        let vector = |at: usize| node.inputs.get(at).copied().flatten().and_then(|t| constant(now, t));
        let (Some(starts), Some(mut ends)) = (vector(1), vector(2)) else {
            return Ok(None);
        };
        let rank = now.tensor(x).ty.shape.as_ref().map_or(0, |s| s.0.len()) as i64;
        let axes = vector(3).unwrap_or_else(|| (0..ends.len() as i64).collect());
        let steps = vector(4).unwrap_or_else(|| vec![1; ends.len()]);
        let mut changed = None;
        for (i, axis) in axes.iter().enumerate() {
            let axis = if *axis < 0 { axis + rank } else { *axis };
            let Some(of) = open.iter().find(|o| o.axis as i64 == axis) else {
                continue;
            };
            let whole = i64::try_from(of.held).unwrap_or(i64::MAX);
            let (Some(start), Some(step), Some(end)) = (starts.get(i), steps.get(i), ends.get_mut(i)) else {
                continue;
            };
            if *step > 0 && *end == whole && *start < whole {
                *end = i64::from(i32::MAX);
                changed = Some(whole);
            }
        }
        Ok(changed.map(|whole| Rewrite::Constant {
            owner: id,
            input: 2,
            values: ends,
            why: format!("the end {whole} became the end of the axis, which is {}", self.name),
        }))
    }

    /// A Resize to a number where its input has the size is one by the ratio of both.
    fn resize(&self, now: &Graph, id: NodeId) -> Result<Option<Rewrite>, String> {
        let node = now.node(id);
        let (Some(x), Some(y)) = (first(&node.inputs), first(&node.outputs)) else {
            return Ok(None);
        };
        let shape = |t: TensorId| now.tensor(t).ty.shape.as_ref().map(|s| s.0.as_slice());
        let (Some(from), Some(to)) = (shape(x), shape(y)) else {
            return Ok(None);
        };
        let held: Vec<Open> = self
            .open(now, x)
            .into_iter()
            .filter(|o| matches!(to.get(o.axis), Some(Dim::Known(_))))
            .collect();
        if held.is_empty() || node.inputs.get(3).copied().flatten().is_none() {
            return Ok(None);
        }
        let (Some(before), Some(after)) = (self.sizes(now, x, 1), self.sizes(now, y, 1)) else {
            return self.refuse(node, "its sizes are not known");
        };
        let proto = now.proto(id);
        if !matches!(proto.text("keep_aspect_ratio_policy"), None | Some("stretch")) {
            return self.refuse(node, "it keeps the aspect ratio of a size that it holds as a number");
        }
        let axes = proto.ints("axes").map(<[i64]>::to_vec);
        let axes: Vec<usize> = match axes {
            None => (0..from.len()).collect(),
            Some(list) => {
                let rank = from.len() as i64;
                let whole = list.iter().map(|a| if *a < 0 { a + rank } else { *a });
                whole.filter_map(|a| usize::try_from(a).ok()).collect()
            }
        };
        let mut scales = Vec::with_capacity(axes.len());
        for axis in axes {
            let (Some(a), Some(b)) = (before.get(axis), after.get(axis)) else {
                return self.refuse(node, "its axes are not those of its input");
            };
            #[allow(clippy::cast_precision_loss)]
            let scale = *b as f32 / *a as f32;
            // The output is the floor of the product, in FP32.
            #[allow(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss
            )]
            let again = (*a as f32 * scale).floor() as u64;
            if again != *b {
                return self.refuse(node, &format!("{b} is no product of {a} and a scale in FP32"));
            }
            scales.push(scale);
        }
        let numbers: Vec<String> = held
            .iter()
            .filter_map(|o| after.get(o.axis))
            .map(u64::to_string)
            .collect();
        let why = format!(
            "its sizes hold {}, which became scales {}",
            numbers.join(" and "),
            scales.iter().map(f32::to_string).collect::<Vec<_>>().join(", ")
        );
        Ok(Some(Rewrite::Scales { scales, why }))
    }

    /// Operands of a Concat agree on every axis but its own.
    fn concat(&self, now: &Graph, id: NodeId) -> Result<Option<Rewrite>, String> {
        let node = now.node(id);
        let inputs: Vec<(usize, TensorId)> = node
            .inputs
            .iter()
            .enumerate()
            .filter_map(|(i, t)| Some((i, (*t)?)))
            .collect();
        let Some(rank) = inputs
            .iter()
            .find_map(|(_, t)| now.tensor(*t).ty.shape.as_ref())
            .map(|s| s.0.len())
        else {
            return Ok(None);
        };
        let own = now.proto(id).int("axis").unwrap_or(0);
        let own = if own < 0 { own + rank as i64 } else { own };
        for axis in (0..rank).filter(|a| *a as i64 != own) {
            if let Some(of) = self.on_axis(now, &inputs, |_| Some(axis)) {
                for (input, tensor) in &inputs {
                    if let Some(rewrite) = self.operand(now, id, (*input, *tensor), axis, of, true)? {
                        return Ok(Some(rewrite));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Operands that are broadcast have the size or 1; the last `without` dimensions do not take part.
    fn broadcast(&self, now: &Graph, id: NodeId, without: usize) -> Result<Option<Rewrite>, String> {
        let node = now.node(id);
        let inputs: Vec<(usize, TensorId)> = node
            .inputs
            .iter()
            .enumerate()
            .filter_map(|(i, t)| Some((i, (*t)?)))
            .collect();
        let rank = |t: TensorId| now.tensor(t).ty.shape.as_ref().map(|s| s.0.len());
        let most = inputs.iter().filter_map(|(_, t)| rank(*t)).max().unwrap_or(0);
        for back in without + 1..=most {
            let axis = |t: TensorId| rank(t)?.checked_sub(back);
            let Some(of) = self.on_axis(now, &inputs, axis) else {
                continue;
            };
            for (input, tensor) in &inputs {
                let Some(at) = axis(*tensor) else { continue };
                if let Some(rewrite) = self.operand(now, id, (*input, *tensor), at, of, false)? {
                    return Ok(Some(rewrite));
                }
            }
        }
        Ok(None)
    }

    /// The first states of a recurrent layer have the batch of its sequences.
    fn states(&self, now: &Graph, id: NodeId) -> Result<Option<Rewrite>, String> {
        let node = now.node(id);
        let batch_first = now.proto(id).int("layout").unwrap_or(0) != 0;
        let Some(x) = first(&node.inputs) else { return Ok(None) };
        let open = self.open(now, x);
        let axis = usize::from(!batch_first);
        let Some(of) = open.iter().find(|o| o.axis == axis) else {
            return Ok(None);
        };
        for (input, axis) in [(4, 0), (5, axis), (6, axis)] {
            let Some(tensor) = node.inputs.get(input).copied().flatten() else {
                continue;
            };
            if let Some(rewrite) = self.operand(now, id, (input, tensor), axis, *of, true)? {
                return Ok(Some(rewrite));
            }
        }
        Ok(None)
    }

    /// The open dimension that some operand has on its axis.
    fn on_axis(
        &self,
        now: &Graph,
        inputs: &[(usize, TensorId)],
        axis: impl Fn(TensorId) -> Option<usize>,
    ) -> Option<Open> {
        let on = |tensor: TensorId| {
            self.open(now, tensor)
                .into_iter()
                .find(|o| Some(o.axis) == axis(tensor))
        };
        inputs.iter().find_map(|(_, tensor)| on(*tensor))
    }

    /// An operand that must have the size on this axis: what it needs when it holds a number there. One of 1 is expanded where
    /// `must_match`, one that repeats something the old number of times repeats it once.
    fn operand(
        &self,
        now: &Graph,
        id: NodeId,
        (input, tensor): (usize, TensorId),
        axis: usize,
        of: Open,
        must_match: bool,
    ) -> Result<Option<Rewrite>, String> {
        let node = now.node(id);
        let info = now.tensor(tensor);
        let Some(shape) = &info.ty.shape else { return Ok(None) };
        let Some(Dim::Known(held)) = shape.0.get(axis) else {
            return Ok(None);
        };
        let what = format!("{:?} holds {held} on axis {axis}", &*info.name);
        match *held {
            1 if !must_match => Ok(None),
            1 if of.factor == Some(1) => Ok(Some(Rewrite::Widen {
                input,
                axis,
                rank: shape.0.len(),
                why: format!("{what}; expanded to {}", self.name),
            })),
            n if n == of.held && n > 1 => {
                if let Producer::Node { node: maker, .. } = info.producer
                    && let Some(rewrite) = self.once(now, maker, axis, n).or_else(|| self.counted(now, maker, n))
                {
                    return Ok(Some(rewrite));
                }
                self.refuse(
                    node,
                    &format!("{what}, and whether that stands for {} cannot be told", self.name),
                )
            }
            _ => self.refuse(node, &format!("{what}, which does not go with {}", self.name)),
        }
    }

    /// Positions 0, 1, … up to the old size, found behind this node through what only picks, casts or adds to them.
    fn counted(&self, now: &Graph, maker: NodeId, held: u64) -> Option<Rewrite> {
        const PASSED: [&str; 8] = [
            "Unsqueeze",
            "Squeeze",
            "Cast",
            "Identity",
            "Gather",
            "Add",
            "Mul",
            "Sub",
        ];
        let mut queue = vec![(maker, 0)];
        while let Some((id, depth)) = queue.pop() {
            let node = now.node(id);
            if &*node.op_type == "Range" && node.body == 0 {
                let scalar = |i: usize| {
                    let value = now.constant(node.inputs.get(i).copied().flatten()?)?.ok()?;
                    value.to_f64_iter()?.next()
                };
                #[allow(clippy::cast_precision_loss)]
                let counts = scalar(0) == Some(0.0) && scalar(1) == Some(held as f64) && scalar(2) == Some(1.0);
                if counts {
                    return Some(Rewrite::Limit {
                        owner: id,
                        dtype: now.tensor(node.inputs.get(1).copied().flatten()?).ty.dtype?,
                        why: format!("its limit {held} became {}", self.name),
                    });
                }
            }
            if depth < 8 && PASSED.contains(&&*node.op_type) {
                let makers = node
                    .inputs
                    .iter()
                    .flatten()
                    .filter_map(|t| match now.tensor(*t).producer {
                        Producer::Node { node, .. } => Some((node, depth + 1)),
                        _ => None,
                    });
                queue.extend(makers);
            }
        }
        None
    }

    /// A node that repeats something by a constant, made to do it once.
    fn once(&self, now: &Graph, maker: NodeId, axis: usize, held: u64) -> Option<Rewrite> {
        let node = now.node(maker);
        let input = match &*node.op_type {
            "Expand" | "Tile" => 1,
            "ConstantOfShape" => 0,
            _ => return None,
        };
        let mut values = constant(now, node.inputs.get(input).copied().flatten()?)?;
        let value = values.get_mut(axis).filter(|v| u64::try_from(**v) == Ok(held))?;
        *value = 1;
        Some(Rewrite::Constant {
            owner: maker,
            input,
            values,
            why: format!("the {held} on axis {axis} became 1, which is expanded to {}", self.name),
        })
    }
}

fn first(list: &[Option<TensorId>]) -> Option<TensorId> {
    list.first().copied().flatten()
}

/// The integers of a constant of the graph.
fn constant(graph: &Graph, id: TensorId) -> Option<Vec<i64>> {
    let info = graph.tensor(id);
    (info.kind == TensorKind::Constant && info.ty.dtype == Some(DataType::Int64)).then_some(())?;
    graph.constant(id)?.ok()?.to_i64()
}

fn shape_words(sizes: &[u64]) -> String {
    let sizes: Vec<String> = sizes.iter().map(u64::to_string).collect();
    format!("[{}]", sizes.join(", "))
}
