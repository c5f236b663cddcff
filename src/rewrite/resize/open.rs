//! A fixed size opened, and the constants that hold it rewritten.
//!
//! The size of the inputs becomes a symbol and shapes are inferred anew. The first node in topological order that does not work
//! with any value of it holds the old size somewhere; `rules` finds the constant and says what takes its place. That is done
//! until every node works. What cannot be told apart is refused with the node's name; whether the result computes the same is
//! for whoever applies the patch to try, by running both models.

use super::rules::{Rewrite, Rules, int64};
use super::{Place, dims, refuse_broken, size_at};
use crate::graph::{Dim, Graph, NodeId, TensorKind};
use crate::model::onnx::__buffa::oneof::tensor_shape_proto::dimension::Value as DimValue;
use crate::model::onnx::{GraphProto, ModelProto, NodeProto};
use crate::model::{DataType, Model, Tensor, attribute};
use crate::rewrite::clean::{Done, count};
use crate::rewrite::label;
use crate::rewrite::names::Fresh;
use std::sync::Arc;

/// Opens the size at these places (`INPUT:AXIS`), which are one size from now on, under this name.
///
/// # Errors
/// Places that are not there, open already or of different sizes; a name that is in use; a node that holds the size in a way
/// that cannot be rewritten, by name.
pub(in crate::rewrite) fn open_size(model: &Arc<Model>, name: &str, places: &[String]) -> Result<Done, String> {
    let graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    if !model.proto().functions.is_empty() {
        return Err("the model has local functions; apply inline-functions first".into());
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(is_word) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(format!(
            "{name:?} is no name for a size: letters, digits and _ make one"
        ));
    }
    let in_use = |d: &Dim| matches!(d, Dim::Symbol(symbol) if **symbol == *name);
    if graph
        .tensors
        .iter()
        .any(|t| t.ty.shape.iter().flat_map(|s| &s.0).any(in_use))
    {
        return Err(format!("the model has an open size {name:?} already"));
    }
    let parsed: Option<Vec<Place>> = places.iter().map(|text| Place::parse(text)).collect();
    let parsed = parsed.filter(|p| !p.is_empty()).ok_or_else(|| {
        format!(
            "{:?}: a place is an input and one of its dimensions, as in images:0",
            places.join(" ")
        )
    })?;
    let mut size = None;
    for place in &parsed {
        let at = format!("{}:{}", place.input, place.axis);
        match (size_at(&graph, place)?, size) {
            (Dim::Known(n), None) => size = Some(*n),
            (Dim::Known(n), Some(other)) if *n != other => {
                return Err(format!(
                    "{at} is {n} and {} is {other}; they cannot be one size",
                    places[0]
                ));
            }
            (Dim::Known(_), _) => {}
            (open, _) => return Err(format!("{at} is open already ({open})")),
        }
    }
    let Some(size) = size.filter(|n| *n > 0) else {
        return Err("a size of 0 cannot be opened".into());
    };
    let mut proto = model.proto().clone();
    declare(&mut proto, name, &parsed);
    let mut opening = Opening {
        fresh: Fresh::new(&graph),
        rules: Rules {
            before: &graph,
            name,
            size,
        },
        source: &parsed[0],
        of_size: None,
        notes: Vec::new(),
    };
    // Every round rewrites one constant or puts one node in.
    let most = graph.nodes.len().saturating_mul(4).saturating_add(64);
    for _ in 0..most {
        let now = Graph::new(Arc::new(model.with_proto(proto.clone())));
        match opening.first(&now)? {
            Some((id, rewrite)) => opening.apply(&now, &mut proto, id, rewrite)?,
            None => return finish(model, proto, &graph, &now, opening, &parsed),
        }
    }
    Err("rewriting came to no end; this is a fault of Enginesmith".into())
}

/// Declares the inputs anew, and forgets what was declared of everything that is computed.
fn declare(proto: &mut ModelProto, name: &str, places: &[Place]) {
    let Some(top) = proto.graph.as_option_mut() else { return };
    for place in places {
        let input = top.input.iter_mut().find(|i| i.name.as_deref() == Some(&place.input));
        if let Some(dim) = input.and_then(dims).and_then(|d| d.get_mut(place.axis)) {
            dim.value = Some(DimValue::DimParam(name.to_owned()));
        }
    }
    top.value_info.clear();
    for output in &mut top.output {
        for dim in dims(output).into_iter().flatten() {
            dim.value = None;
        }
    }
}

fn finish(
    model: &Arc<Model>,
    mut proto: ModelProto,
    before: &Graph,
    now: &Graph,
    opening: Opening<'_>,
    places: &[Place],
) -> Result<Done, String> {
    if let Some(problem) = now.problems.iter().find(|p| !before.problems.contains(p)) {
        return Err(format!(
            "the graph does not work with an open size: {}",
            problem.message
        ));
    }
    let outputs = now.bodies[0].outputs.iter().map(|id| now.tensor(*id));
    let shapes: Vec<_> = outputs.map(|t| (t.name.to_string(), t.ty.shape.clone())).collect();
    let top = proto.graph.as_option_mut().map(|g: &mut GraphProto| &mut g.output);
    for output in top.into_iter().flatten() {
        let found = shapes.iter().find(|(name, _)| Some(name) == output.name.as_ref());
        let Some((_, Some(shape))) = found else { continue };
        for (dim, size) in dims(output).into_iter().flatten().zip(&shape.0) {
            dim.value = match size {
                Dim::Known(n) => super::known(*n),
                Dim::Symbol(symbol) => Some(DimValue::DimParam(symbol.to_string())),
                Dim::Unknown => None,
            };
        }
    }
    let inputs = places.iter().map(|p| {
        let words = format!(
            "dimension {} is open: {}, was {}",
            p.axis, opening.rules.name, opening.rules.size
        );
        (p.input.clone(), words)
    });
    let rewritten = count(opening.notes.len(), "constant");
    Ok(Done {
        summary: format!(
            "Opened {} of inputs as {}; rewrote {rewritten}",
            count(places.len(), "size"),
            opening.rules.name
        ),
        notes: inputs.chain(opening.notes).collect(),
        model: Arc::new(model.with_proto(proto)),
    })
}

struct Opening<'a> {
    fresh: Fresh,
    rules: Rules<'a>,
    source: &'a Place,
    /// The tensor that holds the size when the model runs, once a node needs it.
    of_size: Option<String>,
    notes: Vec<(String, String)>,
}

impl Opening<'_> {
    /// The first node that does not work with any value of the size, and what mends it.
    fn first(&self, now: &Graph) -> Result<Option<(NodeId, Rewrite)>, String> {
        for id in now.topological_order() {
            let Some(rewrite) = self.rules.of(now, id)? else {
                continue;
            };
            if now.node(id).body != 0 {
                return Err(format!(
                    "node {} inside a body holds the size; bodies are not rewritten",
                    label(now.node(id))
                ));
            }
            return Ok(Some((id, rewrite)));
        }
        Ok(None)
    }

    fn apply(&mut self, now: &Graph, proto: &mut ModelProto, id: NodeId, rewrite: Rewrite) -> Result<(), String> {
        let Some(top) = proto.graph.as_option_mut() else {
            return Ok(());
        };
        let node = now.node(id);
        let lost = || {
            format!(
                "node {} is not where it was; this is a fault of Enginesmith",
                label(node)
            )
        };
        let at = node.path.top_index().map(|i| i as usize).ok_or_else(lost)?;
        match rewrite {
            Rewrite::Constant {
                owner,
                input,
                values,
                why,
            } => {
                let owner = now.node(owner);
                let place = owner.path.top_index().map(|i| i as usize).ok_or_else(lost)?;
                let name = self.fresh.name(format!(
                    "{}_open",
                    owner
                        .outputs
                        .first()
                        .copied()
                        .flatten()
                        .map_or("shape", |t| &now.tensor(t).name)
                ));
                let value = int64(&values).ok_or_else(lost)?;
                top.initializer.push(value.to_proto(&name));
                let slot = top
                    .node
                    .get_mut(place)
                    .and_then(|n| n.input.get_mut(input))
                    .ok_or_else(lost)?;
                *slot = name;
                self.notes.push((label(owner), why));
                self.drop_unread(top);
            }
            Rewrite::Limit { owner, dtype, why } => {
                let owner = now.node(owner);
                let place = owner.path.top_index().map(|i| i as usize).ok_or_else(lost)?;
                let (size, in_front) = self.size(top)?;
                let place = place + in_front;
                let (scalar, no_axes) = (
                    self.fresh.name(format!("{size}_scalar")),
                    self.fresh.name("no_axes".into()),
                );
                top.initializer.push(int64(&[]).ok_or_else(lost)?.to_proto(&no_axes));
                let mut made = vec![plain("Reshape", vec![size, no_axes], &scalar)];
                let mut limit = scalar;
                if dtype != DataType::Int64 {
                    let cast = self.fresh.name(format!("{limit}_cast"));
                    made.push(NodeProto {
                        attribute: vec![attribute::int("to", i64::from(dtype.to_onnx()))],
                        ..plain("Cast", vec![limit], &cast)
                    });
                    limit = cast;
                }
                let slot = top
                    .node
                    .get_mut(place)
                    .and_then(|n| n.input.get_mut(1))
                    .ok_or_else(lost)?;
                *slot = limit;
                top.node.splice(place..place, made);
                self.notes.push((label(owner), why));
                self.drop_unread(top);
            }
            Rewrite::Scales { scales, why } => {
                let name = self.fresh.name(format!(
                    "{}_scales",
                    node.outputs
                        .first()
                        .copied()
                        .flatten()
                        .map_or("resize", |t| &now.tensor(t).name)
                ));
                let value = Tensor::from_f32(&[scales.len() as u64], &scales).ok_or_else(lost)?;
                top.initializer.push(value.to_proto(&name));
                let inputs = &mut top.node.get_mut(at).ok_or_else(lost)?.input;
                inputs.truncate(2);
                inputs.resize(2, String::new());
                inputs.push(name);
                self.notes.push((label(node), why));
                self.drop_unread(top);
            }
            Rewrite::Widen { input, axis, rank, why } => {
                let read = node.inputs.get(input).copied().flatten().ok_or_else(lost)?;
                let operand = now.tensor(read).name.to_string();
                let (size, in_front) = self.size(top)?;
                let at = at + in_front;
                let ones = |n: usize| int64(&vec![1; n]);
                let mut pieces = Vec::new();
                for (place, n) in [(0, axis), (1, rank - axis - 1)] {
                    if place == 1 {
                        pieces.push(size.clone());
                    }
                    if n > 0 {
                        let name = self.fresh.name(format!("{operand}_ones"));
                        top.initializer.push(ones(n).ok_or_else(lost)?.to_proto(&name));
                        pieces.push(name);
                    }
                }
                let shape = self.fresh.name(format!("{operand}_shape"));
                let wide = self.fresh.name(format!("{operand}_wide"));
                let concat = NodeProto {
                    attribute: vec![attribute::int("axis", 0)],
                    ..plain("Concat", pieces, &shape)
                };
                let expand = plain("Expand", vec![operand, shape], &wide);
                let slot = top
                    .node
                    .get_mut(at)
                    .and_then(|n| n.input.get_mut(input))
                    .ok_or_else(lost)?;
                *slot = wide;
                top.node.splice(at..at, [concat, expand]);
                self.notes.push((label(node), why));
            }
        }
        Ok(())
    }

    /// The tensor that holds the size when the model runs, and how many nodes were put in front of all others to make it.
    fn size(&mut self, top: &mut GraphProto) -> Result<(String, usize), String> {
        if let Some(name) = &self.of_size {
            return Ok((name.clone(), 0));
        }
        let name = self.fresh.name(self.rules.name.to_owned());
        let (shape, index) = (
            self.fresh.name(format!("{name}_of")),
            self.fresh.name(format!("{name}_axis")),
        );
        let axis = i64::try_from(self.source.axis).ok().and_then(|axis| int64(&[axis]));
        let axis = axis.ok_or("an axis that does not fit 64 bits")?;
        top.initializer.push(axis.to_proto(&index));
        let gather = NodeProto {
            attribute: vec![attribute::int("axis", 0)],
            ..plain("Gather", vec![shape.clone(), index], &name)
        };
        let made = [plain("Shape", vec![self.source.input.clone()], &shape), gather];
        let in_front = made.len();
        top.node.splice(0..0, made);
        self.of_size = Some(name.clone());
        Ok((name, in_front))
    }

    /// Removes Constant nodes and initializers that a rewritten constant leaves without a reader.
    fn drop_unread(&self, top: &mut GraphProto) {
        let read: std::collections::HashSet<String> = top.node.iter().flat_map(|n| n.input.iter().cloned()).collect();
        let is_read = |name: &String| read.contains(name) || top.output.iter().any(|o| o.name.as_ref() == Some(name));
        let was_read = |name: &str| {
            let of = |t: &&crate::graph::TensorInfo| &*t.name == name && t.kind == TensorKind::Constant;
            self.rules
                .before
                .tensors
                .iter()
                .find(of)
                .is_none_or(|t| t.consumers.is_empty() || t.body != 0)
        };
        let bodies = self.rules.before.bodies.len() > 1;
        if bodies {
            // What bodies read is not listed here.
            return;
        }
        let keep_node: Vec<bool> = top
            .node
            .iter()
            .map(|n| n.op_type.as_deref() != Some("Constant") || n.output.iter().any(|o| is_read(o) || was_read(o)))
            .collect();
        // The default of an input stays with it.
        let is_input = |name: &String| top.input.iter().any(|i| i.name.as_ref() == Some(name));
        let keep_value: Vec<bool> = top
            .initializer
            .iter()
            .map(|t| t.name.as_ref().is_none_or(|n| is_read(n) || was_read(n) || is_input(n)))
            .collect();
        let mut keep = keep_node.into_iter();
        top.node.retain(|_| keep.next().unwrap_or(true));
        let mut keep = keep_value.into_iter();
        top.initializer.retain(|_| keep.next().unwrap_or(true));
    }
}

fn plain(op: &str, inputs: Vec<String>, output: &str) -> NodeProto {
    NodeProto {
        op_type: Some(op.into()),
        name: Some(output.into()),
        input: inputs,
        output: vec![output.into()],
        ..Default::default()
    }
}
