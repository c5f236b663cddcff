//! Chains that one node does as well: a reshape of a reshape, a transposition of a transposition, a slice of a slice, a
//! squeeze of a squeeze, a reduction whose axes are put back, padding in front of a convolution. Also a reshape whose
//! computed shape is known but for one size, which `-1` stands for.

use super::clean::{Done, count, label};
use super::edit::{Edit, Feed, defaults};
use super::fold::{has_references, is_contradicted, refuse_broken};
use crate::graph::{Dim, Graph, Node, NodeId, Producer, TensorId, TensorKind};
use crate::model::attribute::ints;
use crate::model::onnx::NodeProto;
use crate::model::{Attributes, Model, Tensor};
use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

/// Nodes between a shape and the sizes that are taken from it.
const SIZES: usize = 8;

/// Rounds, each shortening a chain by one; ends the work on hostile models.
const ROUNDS: usize = 16;

/// Simplifies until nothing more can be.
///
/// # Errors
/// Structural problems that must be settled first; a file that changed meanwhile.
pub(super) fn simplify(model: &Arc<Model>) -> Result<Done, String> {
    let mut model = model.clone();
    let mut notes = Vec::new();
    for _ in 0..ROUNDS {
        let graph = Graph::new(model.clone());
        refuse_broken(&graph)?;
        let mut edit = Edit::new(&graph);
        let look = Look {
            graph: &graph,
            defaults: defaults(&graph),
            never_zero: OnceCell::new(),
        };
        let before = notes.len();
        for id in graph.topological_order() {
            let node = graph.node(id);
            let is_plain = node.domain.is_empty() && node.owned_bodies.is_empty() && !has_references(graph.proto(id));
            if !is_plain || edit.is_removed(id) {
                continue;
            }
            let Some(new) = look.rewrite(&edit, id, node) else {
                continue;
            };
            notes.push((label(node), format!("{} {}", node.op_type, new.what)));
            edit.replace(id, new.proto, new.feeds);
        }
        if notes.len() == before {
            break;
        }
        model.check_intact().map_err(|e| e.to_string())?;
        model = Arc::new(model.with_proto(edit.finish().proto));
    }
    let summary = match notes.len() {
        0 => "No chain can be shortened".to_owned(),
        n => format!("Simplified {}", count(n, "node")),
    };
    Ok(Done { model, summary, notes })
}

/// A node that does what it and the one before did.
struct Rewritten {
    proto: NodeProto,
    feeds: Vec<Feed>,
    what: &'static str,
}

struct Look<'a> {
    graph: &'a Graph,
    defaults: HashSet<TensorId>,
    /// Found when first asked for.
    never_zero: OnceCell<HashSet<&'a str>>,
}

/// Starts, ends, axes (from the front) and steps.
struct SliceOf {
    starts: Vec<i64>,
    ends: Vec<i64>,
    axes: Vec<i64>,
    steps: Vec<i64>,
}

impl<'a> Look<'a> {
    fn rewrite(&self, edit: &Edit<'_>, id: NodeId, node: &Node) -> Option<Rewritten> {
        match &*node.op_type {
            "Reshape" => self
                .reshape_chain(edit, id, node)
                .or_else(|| self.reshape_shape(id, node))
                .or_else(|| self.reshape_parts(id, node)),
            "Transpose" => self.transpose(edit, id, node),
            "Slice" => self.slice(edit, id, node),
            "Squeeze" => self.squeeze(edit, id, node),
            "Unsqueeze" => self.reduce(edit, id, node).or_else(|| self.unsqueeze(edit, id, node)),
            "Conv" => self.pad(edit, id, node),
            _ => None,
        }
    }

    fn opset(&self, node: &Node) -> i64 {
        self.graph.opset(node.body, "").unwrap_or(0)
    }

    /// The node before, which makes the first input and is read by nothing else; one of these operators.
    fn before(&self, edit: &Edit<'_>, node: &Node, ops: &[&str]) -> Option<(NodeId, &'a Node)> {
        let read = node.inputs.first().copied().flatten()?;
        // What is redirected in this round is looked at in the next.
        if edit.target(read) != read || edit.uses(read) != 1 {
            return None;
        }
        let info = self.graph.tensor(read);
        let Producer::Node { node: id, output: 0 } = info.producer else {
            return None;
        };
        let maker = self.graph.node(id);
        let is_plain = ops.contains(&&*maker.op_type)
            && maker.domain.is_empty()
            && maker.body == node.body
            && !info.is_output
            && !has_references(self.graph.proto(id))
            && !edit.is_removed(id)
            && !edit.is_replaced(id);
        is_plain.then_some((id, maker))
    }

    fn is_constant(&self, tensor: TensorId) -> bool {
        self.graph.tensor(tensor).kind == TensorKind::Constant && !self.defaults.contains(&tensor)
    }

    /// The values of a constant input.
    fn integers(&self, node: &Node, at: usize) -> Option<Vec<i64>> {
        let tensor = node.input(at).filter(|t| self.is_constant(*t))?;
        self.graph.constant(tensor)?.ok()?.to_i64()
    }

    fn rank(&self, tensor: TensorId) -> Option<usize> {
        self.graph.tensor(tensor).ty.shape.as_ref().map(|s| s.0.len())
    }

    /// Axes from an attribute, or from a constant input where the opset has them there.
    fn axes(&self, id: NodeId, node: &Node, input_from: i64) -> Option<Vec<i64>> {
        if self.opset(node) >= input_from {
            self.integers(node, 1)
        } else {
            self.graph.proto(id).ints("axes").map(<[i64]>::to_vec)
        }
    }

    /// Axes counted from the front, in order and each once.
    fn from_front(axes: &[i64], rank: Option<usize>) -> Option<Vec<i64>> {
        let mut out = Vec::with_capacity(axes.len());
        for axis in axes {
            let axis = match axis {
                ..0 => axis + rank? as i64,
                _ => *axis,
            };
            if !(0..64).contains(&axis) || out.contains(&axis) {
                return None;
            }
            out.push(axis);
        }
        out.sort_unstable();
        Some(out)
    }

    /// Reshape looks at the elements in order, which none of these changes.
    fn reshape_chain(&self, edit: &Edit<'_>, id: NodeId, node: &Node) -> Option<Rewritten> {
        let (_, maker) = self.before(edit, node, &["Reshape", "Flatten", "Squeeze", "Unsqueeze"])?;
        let proto = self.graph.proto(id);
        // A zero copies a size of what is between.
        let copies = proto.int("allowzero").unwrap_or(0) == 0;
        if copies && self.integers(node, 1)?.contains(&0) {
            return None;
        }
        Some(Rewritten {
            proto: proto.clone(),
            feeds: vec![Feed::Tensor(maker.input(0)?), Feed::Tensor(node.input(1)?)],
            what: "reads past the one before",
        })
    }

    /// The shape of a Reshape written out, where all but one size of the result are known.
    fn reshape_shape(&self, id: NodeId, node: &Node) -> Option<Rewritten> {
        let shape = node.input(1)?;
        if self.opset(node) < 5 || self.is_constant(shape) || self.defaults.contains(&shape) {
            return None;
        }
        let made = node.input(0).zip(node.outputs.first().copied().flatten())?;
        let dims = &self.graph.tensor(made.1).ty.shape.as_ref()?.0;
        if is_contradicted(self.graph, made.1) {
            return None;
        }
        let sizes: Vec<i64> = dims
            .iter()
            .map(|d| match d {
                Dim::Known(n) => i64::try_from(*n).unwrap_or(0),
                _ => -1,
            })
            .collect();
        // With nothing in it, a tensor does not say what -1 is.
        if sizes.contains(&0) || sizes.iter().filter(|n| **n == -1).count() > 1 || sizes.is_empty() {
            return None;
        }
        let value = Tensor::from_i64(&[sizes.len() as u64], &sizes)?;
        let name = format!("{}__shape", self.graph.tensor(made.1).name);
        Some(Rewritten {
            proto: self.graph.proto(id).clone(),
            feeds: vec![Feed::Tensor(made.0), Feed::Value(name, value)],
            what: "has a constant shape",
        })
    }

    /// The shape of a Reshape put together from constants and sizes: `0` stands for a size of its own input at the same
    /// place, `-1` for one that is computed.
    fn reshape_parts(&self, id: NodeId, node: &Node) -> Option<Rewritten> {
        const COMPUTED: i64 = -2;
        let (read, shape) = (node.input(0)?, node.input(1)?);
        let proto = self.graph.proto(id);
        if self.opset(node) < 5 || proto.int("allowzero").unwrap_or(0) != 0 {
            return None;
        }
        let concat = self.maker(shape, "Concat")?;
        let own = self.dims(read);
        let mut sizes: Vec<i64> = Vec::new();
        for part in &concat.inputs {
            let part = (*part)?;
            if self.is_constant(part) {
                sizes.extend(self.graph.constant(part)?.ok()?.to_i64()?);
            } else if let Some(found) = self.sizes(part, SIZES) {
                for (of, at) in found {
                    let same = match (self.dims(of).get(at), own.get(sizes.len())) {
                        _ if of == read => at == sizes.len(),
                        (Some(Dim::Symbol(a)), Some(Dim::Symbol(b))) => a == b,
                        _ => false,
                    };
                    sizes.push(if same { 0 } else { COMPUTED });
                }
            } else {
                let is_one = matches!(self.dims(part), [Dim::Known(1)]);
                is_one.then(|| sizes.push(COMPUTED))?;
            }
            if sizes.len() > 64 {
                return None;
            }
        }
        let computed = sizes.iter().filter(|n| **n == COMPUTED).count();
        if sizes.is_empty() || computed > 1 || computed == 1 && sizes.contains(&-1) {
            return None;
        }
        // With nothing in it, a tensor does not say what -1 is.
        let is_empty = |(at, size): (usize, &i64)| match own.get(at) {
            _ if *size != 0 => false,
            Some(Dim::Known(n)) => *n == 0,
            Some(Dim::Symbol(name)) => !self.never_zero.get_or_init(|| self.never_zero()).contains(&**name),
            _ => true,
        };
        if computed == 1 && sizes.iter().enumerate().any(is_empty) {
            return None;
        }
        for size in &mut sizes {
            *size = (*size).max(-1);
        }
        let value = Tensor::from_i64(&[sizes.len() as u64], &sizes)?;
        let made = node.outputs.first().copied().flatten()?;
        let name = format!("{}__shape", self.graph.tensor(made).name);
        Some(Rewritten {
            proto: proto.clone(),
            feeds: vec![Feed::Tensor(read), Feed::Value(name, value)],
            what: "has a constant shape",
        })
    }

    /// Names of sizes at which the model fails anyway when they are zero: a Reshape that always runs copies them beside -1.
    fn never_zero(&self) -> HashSet<&'a str> {
        let mut names = HashSet::new();
        for (at, node) in self.graph.nodes.iter().enumerate() {
            let copies = || self.graph.proto(NodeId(at as u32)).int("allowzero").unwrap_or(0) == 0;
            let is_one = node.body == 0 && &*node.op_type == "Reshape" && node.domain.is_empty();
            let Some(read) = node.input(0).filter(|_| is_one && copies()) else {
                continue;
            };
            let sizes = self
                .integers(node, 1)
                .filter(|sizes| sizes.contains(&-1))
                .unwrap_or_default();
            for (size, dim) in sizes.iter().zip(self.dims(read)) {
                if let (0, Dim::Symbol(name)) = (size, dim) {
                    names.insert(&**name);
                }
            }
        }
        names
    }

    fn dims(&self, tensor: TensorId) -> &'a [Dim] {
        let ty = &self.graph.tensor(tensor).ty;
        match &ty.shape {
            Some(shape) if ty.container.is_none() => &shape.0,
            _ => &[],
        }
    }

    /// The plain node of this operator that makes the tensor.
    fn maker(&self, tensor: TensorId, op: &str) -> Option<&'a Node> {
        let Producer::Node { node: id, output: 0 } = self.graph.tensor(tensor).producer else {
            return None;
        };
        let node = self.graph.node(id);
        let is_it = &*node.op_type == op && node.domain.is_empty() && !has_references(self.graph.proto(id));
        is_it.then_some(node)
    }

    /// Of which tensors this list, or single number, holds which sizes.
    fn sizes(&self, tensor: TensorId, depth: usize) -> Option<Vec<(TensorId, usize)>> {
        let inner = |node: &Node| self.sizes(node.input(0)?, depth.checked_sub(1)?);
        if let Some(shape) = self.maker(tensor, "Shape") {
            let of = shape.input(0)?;
            // Part of a shape (from opset 15 on) is seldom written.
            let Producer::Node { node: id, .. } = self.graph.tensor(tensor).producer else {
                return None;
            };
            let proto = self.graph.proto(id);
            let is_whole = proto.attr("start").is_none() && proto.attr("end").is_none();
            return is_whole.then(|| (0..self.dims(of).len()).map(|at| (of, at)).collect());
        }
        if let Some(cast) = self.maker(tensor, "Cast") {
            return inner(cast);
        }
        if let Some(node) = self
            .maker(tensor, "Unsqueeze")
            .or_else(|| self.maker(tensor, "Squeeze"))
        {
            return inner(node).filter(|sizes| sizes.len() == 1);
        }
        if let Some(gather) = self.maker(tensor, "Gather") {
            let all = inner(gather)?;
            let at = |index: &i64| {
                let index = if *index < 0 { index + all.len() as i64 } else { *index };
                all.get(usize::try_from(index).ok()?).copied()
            };
            return self.integers(gather, 1)?.iter().map(at).collect();
        }
        let slice = self.maker(tensor, "Slice").filter(|node| self.opset(node) >= 10)?;
        let SliceOf {
            starts, ends, steps, ..
        } = self.slice_of(slice)?;
        let all = inner(slice)?;
        let n = all.len() as i64;
        let ([start], [end], [1]) = (&starts[..], &ends[..], &steps[..]) else {
            return None;
        };
        let place = |at: i64| usize::try_from(if at < 0 { at.saturating_add(n) } else { at }.clamp(0, n)).ok();
        all.get(place(*start)?..place(*end)?).map(<[_]>::to_vec)
    }

    fn transpose(&self, edit: &Edit<'_>, id: NodeId, node: &Node) -> Option<Rewritten> {
        let (first, maker) = self.before(edit, node, &["Transpose"])?;
        let source = maker.input(0)?;
        let perm = |id: NodeId| -> Option<Vec<usize>> {
            let given = self.graph.proto(id).ints("perm").filter(|p| !p.is_empty());
            let perm: Vec<usize> = match given {
                Some(perm) => perm.iter().map(|p| usize::try_from(*p).ok()).collect::<Option<_>>()?,
                None => (0..self.rank(source)?).rev().collect(),
            };
            let all: HashSet<usize> = perm.iter().copied().collect();
            (all.len() == perm.len() && all.iter().all(|p| *p < perm.len())).then_some(perm)
        };
        let (inner, outer) = (perm(first)?, perm(id)?);
        if inner.len() != outer.len() {
            return None;
        }
        let both: Vec<i64> = outer
            .iter()
            .filter_map(|at| inner.get(*at))
            .map(|p| *p as i64)
            .collect();
        let mut proto = self.graph.proto(id).clone();
        set_ints(&mut proto, "perm", both);
        Some(Rewritten {
            proto,
            feeds: vec![Feed::Tensor(source)],
            what: "does what two did",
        })
    }

    /// Constant starts, ends, axes and steps (Slice-10).
    fn slice_of(&self, node: &Node) -> Option<SliceOf> {
        let (starts, ends) = (self.integers(node, 1)?, self.integers(node, 2)?);
        let given = |at: usize, default: Vec<i64>| match node.input(at) {
            None => Some(default),
            Some(_) => self.integers(node, at),
        };
        let axes = given(3, (0..starts.len() as i64).collect())?;
        let steps = given(4, vec![1; starts.len()])?;
        let rank = self.rank(node.input(0)?);
        let axes: Option<Vec<i64>> = axes
            .iter()
            .map(|axis| {
                if *axis < 0 {
                    Some(axis + rank? as i64)
                } else {
                    Some(*axis)
                }
            })
            .collect();
        let axes = axes?;
        let n = starts.len();
        (ends.len() == n && axes.len() == n && steps.len() == n).then_some(SliceOf {
            starts,
            ends,
            axes,
            steps,
        })
    }

    fn slice(&self, edit: &Edit<'_>, id: NodeId, node: &Node) -> Option<Rewritten> {
        if self.opset(node) < 10 {
            return None;
        }
        let (_, maker) = self.before(edit, node, &["Slice"])?;
        let (mut inner, outer) = (self.slice_of(maker)?, self.slice_of(node)?);
        if inner.axes.iter().any(|axis| outer.axes.contains(axis)) {
            return None;
        }
        inner.starts.extend(outer.starts);
        inner.ends.extend(outer.ends);
        inner.axes.extend(outer.axes);
        inner.steps.extend(outer.steps);
        let base = &self.graph.tensor(node.outputs.first().copied().flatten()?).name;
        let mut feeds = vec![Feed::Tensor(maker.input(0)?)];
        for (name, values) in [
            ("starts", inner.starts),
            ("ends", inner.ends),
            ("axes", inner.axes),
            ("steps", inner.steps),
        ] {
            let value = Tensor::from_i64(&[values.len() as u64], &values)?;
            feeds.push(Feed::Value(format!("{base}__{name}"), value));
        }
        Some(Rewritten {
            proto: self.graph.proto(id).clone(),
            feeds,
            what: "does what two did",
        })
    }

    fn squeeze(&self, edit: &Edit<'_>, id: NodeId, node: &Node) -> Option<Rewritten> {
        let (first, maker) = self.before(edit, node, &["Squeeze"])?;
        let source = maker.input(0)?;
        let rank = self.rank(source);
        let inner = Self::from_front(&self.axes(first, maker, 13)?, rank)?;
        let outer = Self::from_front(&self.axes(id, node, 13)?, rank.and_then(|r| r.checked_sub(inner.len())))?;
        let left: Vec<i64> = (0..128).filter(|axis| !inner.contains(axis)).collect();
        let mut both: Vec<i64> = outer.iter().filter_map(|at| left.get(*at as usize).copied()).collect();
        both.extend(&inner);
        both.sort_unstable();
        self.with_axes(id, node, source, both)
    }

    fn unsqueeze(&self, edit: &Edit<'_>, id: NodeId, node: &Node) -> Option<Rewritten> {
        let (first, maker) = self.before(edit, node, &["Unsqueeze"])?;
        let source = maker.input(0)?;
        let (inner, outer) = (self.axes(first, maker, 13)?, self.axes(id, node, 13)?);
        let rank = self.rank(source).map(|r| r + inner.len());
        let inner = Self::from_front(&inner, rank)?;
        let outer = Self::from_front(&outer, rank.map(|r| r + outer.len()))?;
        let left: Vec<i64> = (0..128).filter(|axis| !outer.contains(axis)).collect();
        let mut both: Vec<i64> = inner.iter().filter_map(|at| left.get(*at as usize).copied()).collect();
        both.extend(&outer);
        both.sort_unstable();
        self.with_axes(id, node, source, both)
    }

    /// The node with other axes, reading this tensor.
    fn with_axes(&self, id: NodeId, node: &Node, source: TensorId, axes: Vec<i64>) -> Option<Rewritten> {
        let mut proto = self.graph.proto(id).clone();
        let mut feeds = vec![Feed::Tensor(source)];
        if self.opset(node) >= 13 {
            let base = &self.graph.tensor(node.outputs.first().copied().flatten()?).name;
            let value = Tensor::from_i64(&[axes.len() as u64], &axes)?;
            feeds.push(Feed::Value(format!("{base}__axes"), value));
        } else {
            set_ints(&mut proto, "axes", axes);
        }
        Some(Rewritten {
            proto,
            feeds,
            what: "does what two did",
        })
    }

    /// A reduction that drops its axes, and the Unsqueeze that puts them back.
    fn reduce(&self, edit: &Edit<'_>, id: NodeId, node: &Node) -> Option<Rewritten> {
        const REDUCTIONS: [&str; 10] = [
            "ReduceMean",
            "ReduceSum",
            "ReduceMax",
            "ReduceMin",
            "ReduceProd",
            "ReduceL1",
            "ReduceL2",
            "ReduceLogSum",
            "ReduceLogSumExp",
            "ReduceSumSquare",
        ];
        let (first, maker) = self.before(edit, node, &REDUCTIONS)?;
        let proto = self.graph.proto(first);
        if proto.int("keepdims").unwrap_or(1) != 0 {
            return None;
        }
        let source = maker.input(0)?;
        let rank = self.rank(source);
        let from = if &*maker.op_type == "ReduceSum" { 13 } else { 18 };
        let dropped = Self::from_front(&self.axes(first, maker, from)?, rank)?;
        let restored = Self::from_front(&self.axes(id, node, 13)?, rank)?;
        if dropped != restored || dropped.is_empty() {
            return None;
        }
        let mut proto = proto.clone();
        proto.attribute.retain(|a| a.name.as_deref() != Some("keepdims"));
        let mut feeds = vec![Feed::Tensor(source)];
        feeds.extend(maker.input(1).map(Feed::Tensor));
        Some(Rewritten {
            proto,
            feeds,
            what: "is done by the reduction itself",
        })
    }

    /// Zeros around the input of a convolution, which can bring its own.
    fn pad(&self, edit: &Edit<'_>, id: NodeId, node: &Node) -> Option<Rewritten> {
        let (first, maker) = self.before(edit, node, &["Pad"])?;
        let (conv, pad) = (self.graph.proto(id), self.graph.proto(first));
        let is_zero = match maker.input(2) {
            None => pad.float("value").unwrap_or(0.0) == 0.0,
            Some(value) => {
                let value = self
                    .is_constant(value)
                    .then(|| self.graph.constant(value)?.ok())
                    .flatten()?;
                value.to_f64_iter()?.all(|v| v == 0.0)
            }
        };
        let is_plain = matches!(pad.text("mode"), None | Some("constant"))
            && matches!(conv.text("auto_pad"), None | Some("NOTSET" | ""))
            && maker.input(3).is_none()
            && is_zero;
        if !is_plain {
            return None;
        }
        let pads = match self.opset(node) {
            11.. => self.integers(maker, 1)?,
            _ => pad.ints("pads")?.to_vec(),
        };
        let rank = pads.len() / 2;
        let (begins, ends) = pads.split_at(rank);
        if rank < 3
            || pads.len() % 2 != 0
            || pads.iter().any(|p| *p < 0)
            || begins[..2] != [0, 0]
            || ends[..2] != [0, 0]
        {
            return None;
        }
        let own = match conv.ints("pads") {
            Some(own) if own.len() == pads.len() - 4 => own.to_vec(),
            Some(own) if !own.is_empty() => return None,
            _ => vec![0; pads.len() - 4],
        };
        let added = begins[2..].iter().chain(&ends[2..]);
        let sums: Option<Vec<i64>> = own.iter().zip(added).map(|(a, b)| a.checked_add(*b)).collect();
        let mut proto = conv.clone();
        set_ints(&mut proto, "pads", sums?);
        let mut feeds = vec![Feed::Tensor(maker.input(0)?)];
        for at in 1..node.inputs.len() {
            feeds.push(Feed::Tensor(node.input(at)?));
        }
        Some(Rewritten {
            proto,
            feeds,
            what: "pads its input itself",
        })
    }
}

fn set_ints(proto: &mut NodeProto, name: &str, values: Vec<i64>) {
    proto.attribute.retain(|a| a.name.as_deref() != Some(name));
    proto.attribute.push(ints(name, &values));
}
