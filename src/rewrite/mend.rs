//! Mending what exporters and editors leave behind: node names that several nodes have, nodes in the wrong order, declared
//! types and shapes that are not what the operators give, missing ones, and, when asked for, inputs that nothing reads.

use super::bodies::body_mut;
use super::clean::{Done, count, label};
use super::names::Fresh;
use super::outputs::declaration;
use crate::graph::{Dim, Graph, NodeId, Producer, Shape, TensorInfo, TensorType};
use crate::model::Model;
use crate::model::onnx::{GraphProto, ModelProto, NodeProto, ValueInfoProto};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What stands in the way of a rewrite: nothing, or what the mend patch takes out of it.
///
/// # Errors
/// The first problem that mending leaves.
pub fn needs_mending(model: &Arc<Model>) -> Result<bool, String> {
    let graph = Graph::new(model.clone());
    if graph.problems.is_empty() {
        return Ok(false);
    }
    let mended = mend(model, false)?;
    match Graph::new(mended.model).problems.first() {
        Some(problem) => Err(format!("the model is broken: {}", problem.message)),
        None => Ok(true),
    }
}

/// Mends the model; `unused_inputs` go too where that is asked for, which changes what callers have to give.
///
/// # Errors
/// None so far: what cannot be mended stays.
pub(super) fn mend(model: &Arc<Model>, unused_inputs: bool) -> Result<Done, String> {
    let graph = Graph::new(model.clone());
    let mut mending = Mending {
        graph: &graph,
        fresh: None,
        notes: Vec::new(),
        renamed: 0,
        moved: 0,
        declared: 0,
        dropped: 0,
    };
    let mut proto = model.proto().clone();
    if let Some(top) = proto.graph.as_option_mut() {
        mending.body(0, top);
    }
    for (at, body) in graph.bodies.iter().enumerate().filter(|(_, b)| b.is_function) {
        if let Some(function) = body.function.and_then(|f| proto.functions.get_mut(f as usize)) {
            function.node = mending.nodes(at as u32, std::mem::take(&mut function.node));
        }
    }
    mending.declarations(&mut proto);
    if unused_inputs && let Some(top) = proto.graph.as_option_mut() {
        mending.inputs(top);
    }
    let Mending {
        notes,
        renamed,
        moved,
        declared,
        dropped,
        ..
    } = mending;
    let parts: Vec<String> = [
        (renamed, "node", "given names of their own"),
        (moved, "node", "put behind what they read"),
        (declared, "declared type or shape", "corrected"),
        (dropped, "unused input", "removed"),
    ]
    .into_iter()
    .filter(|(n, ..)| *n > 0)
    .map(|(n, what, done)| {
        let what = match (n, what) {
            (1, what) => format!("1 {what}"),
            (n, "declared type or shape") => format!("{n} declared types or shapes"),
            (n, what) => count(n, what),
        };
        format!("{what} {done}")
    })
    .collect();
    Ok(match parts.is_empty() {
        true => Done {
            model: model.clone(),
            summary: "Nothing to mend".into(),
            notes: Vec::new(),
        },
        false => Done {
            model: Arc::new(model.with_proto(proto)),
            summary: format!("Mended: {}", parts.join(", ")),
            notes,
        },
    })
}

struct Mending<'a> {
    graph: &'a Graph,
    fresh: Option<Fresh>,
    notes: Vec<(String, String)>,
    renamed: usize,
    moved: usize,
    declared: usize,
    dropped: usize,
}

impl Mending<'_> {
    fn body(&mut self, body: u32, proto: &mut GraphProto) {
        proto.node = self.nodes(body, std::mem::take(&mut proto.node));
        if body != 0 {
            self.inner_declarations(body, proto);
        }
    }

    /// The nodes of a body under names of their own, in an order in which makers come before readers.
    fn nodes(&mut self, body: u32, mut nodes: Vec<NodeProto>) -> Vec<NodeProto> {
        let graph = self.graph;
        let ids = &graph.bodies[body as usize].nodes;
        let mut seen: HashSet<String> = HashSet::new();
        for (proto, id) in nodes.iter_mut().zip(ids) {
            for owned in &graph.node(*id).owned_bodies {
                if let Some(inner) = body_mut(graph, proto, *owned) {
                    self.body(*owned, inner);
                }
            }
            let name = proto.name.clone().unwrap_or_default();
            if !name.is_empty() && !seen.insert(name.clone()) {
                let fresh = self.fresh.get_or_insert_with(|| Fresh::new(graph));
                let new = fresh.name(name.clone());
                self.notes.push((
                    graph.node(*id).path.to_string(),
                    format!(
                        "{} {name:?} renamed {new:?}: an earlier node has that name",
                        graph.node(*id).op_type
                    ),
                ));
                seen.insert(new.clone());
                proto.name = Some(new);
                self.renamed += 1;
            }
        }
        self.sorted(body, nodes)
    }

    fn sorted(&mut self, body: u32, nodes: Vec<NodeProto>) -> Vec<NodeProto> {
        let graph = self.graph;
        let ids = &graph.bodies[body as usize].nodes;
        let order = graph.body_order(body);
        if order == ids.as_slice() || order.len() != nodes.len() {
            return nodes;
        }
        let place: HashMap<NodeId, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        let mut nodes: Vec<Option<NodeProto>> = nodes.into_iter().map(Some).collect();
        let mut out = Vec::with_capacity(nodes.len());
        let mut furthest = 0;
        for id in order {
            let at = place.get(id).copied().unwrap_or(usize::MAX);
            out.extend(nodes.get_mut(at).and_then(Option::take));
            // A node before which others come that the file has behind it.
            if at < furthest {
                self.moved += 1;
                let node = graph.node(*id);
                self.notes.push((
                    label(node),
                    format!("{} moved: others read what it makes before it", node.op_type),
                ));
            }
            furthest = furthest.max(at);
        }
        out
    }

    /// Declarations of the top level, compared with what the operators alone make of the inputs.
    fn declarations(&mut self, proto: &mut ModelProto) {
        let Some(top) = proto.graph.as_option_mut() else { return };
        // What is left once nobody says what comes out.
        let mut bare = ModelProto::clone(self.graph.model.proto());
        if let Some(graph) = bare.graph.as_option_mut() {
            graph.value_info.clear();
            for output in &mut graph.output {
                output.r#type = Default::default();
            }
        }
        let found = Graph::new(Arc::new(self.graph.model.with_proto(bare)));
        let by_name: HashMap<&str, &TensorInfo> = found
            .tensors
            .iter()
            .filter(|t| t.body == 0 && matches!(t.producer, Producer::Node { .. }))
            .map(|t| (&*t.name, t))
            .collect();
        let inner: Vec<ValueInfoProto> = std::mem::take(&mut top.value_info);
        for info in inner {
            let name = info.name.clone().unwrap_or_default();
            let declared = crate::graph::declared_type(&info);
            match by_name.get(name.as_str()).and_then(|t| wrong(&declared, &t.ty)) {
                // Nothing is lost: every reader finds it out in the same way.
                Some(why) => self.correct(&name, &format!("its declaration is left out: {why}")),
                None if declared.dtype.is_none() && declared.container.is_none() => {
                    self.correct(&name, "its declaration has no type and is left out");
                }
                None => top.value_info.push(info),
            }
        }
        for output in &mut top.output {
            let name = output.name.clone().unwrap_or_default();
            let Some(tensor) = by_name.get(name.as_str()) else {
                continue;
            };
            let declared = crate::graph::declared_type(output);
            let why = match wrong(&declared, &tensor.ty) {
                Some(why) => why,
                None if declared.dtype.is_none() && declared.container.is_none() => "no type was declared".into(),
                None => continue,
            };
            let (Some(dtype), None) = (tensor.ty.dtype, &tensor.ty.container) else {
                continue;
            };
            let shape = tensor
                .ty
                .shape
                .as_ref()
                .map(|found| joined(declared.shape.as_ref(), found));
            let made = declaration(&name, dtype, shape.as_ref());
            output.r#type = made.r#type;
            let said = shape.map_or_else(String::new, |s| format!(" {s}"));
            self.correct(&name, &format!("declared as {dtype}{said}: {why}"));
        }
    }

    /// In bodies only what is contradicted goes: there much follows from declarations alone.
    fn inner_declarations(&mut self, body: u32, proto: &mut GraphProto) {
        let graph = self.graph;
        let is_wrong = |name: &str| {
            let mut problems = graph.problems.iter();
            problems.any(|p| {
                p.kind == crate::graph::ProblemKind::Contradiction
                    && p.tensor.as_deref() == Some(name)
                    && p.node.is_some_and(|id| graph.node(id).body == body)
            })
        };
        let gone: Vec<String> = proto
            .value_info
            .iter()
            .filter_map(|info| info.name.clone())
            .filter(|name| is_wrong(name))
            .collect();
        proto
            .value_info
            .retain(|info| !info.name.as_ref().is_some_and(|n| gone.contains(n)));
        for name in gone {
            self.correct(&name, "its declaration is left out: its operator gives something else");
        }
        for output in &mut proto.output {
            let name = output.name.clone().unwrap_or_default();
            if is_wrong(&name) {
                output.r#type = Default::default();
                self.correct(&name, "its declaration is left out: its operator gives something else");
            }
        }
    }

    fn correct(&mut self, name: &str, what: &str) {
        self.declared += 1;
        self.notes.push((name.to_owned(), what.to_owned()));
    }

    /// Takes out inputs that nothing reads, which callers then no longer give.
    fn inputs(&mut self, top: &mut GraphProto) {
        let graph = self.graph;
        let unread: HashSet<&str> = graph.bodies[0]
            .inputs
            .iter()
            .map(|id| graph.tensor(*id))
            .filter(|t| t.consumers.is_empty() && !t.is_output)
            .map(|t| &*t.name)
            .collect();
        top.input.retain(|input| {
            let name = input.name.as_deref().unwrap_or_default();
            let goes = unread.contains(name);
            if goes {
                self.dropped += 1;
                self.notes
                    .push((name.to_owned(), "input removed: nothing reads it".into()));
            }
            !goes
        });
    }
}

/// What is declared, against what an operator gives; `None` where both agree as far as they say anything.
fn wrong(declared: &TensorType, found: &TensorType) -> Option<String> {
    if declared.container != found.container {
        return None;
    }
    if let (Some(said), Some(is)) = (declared.dtype, found.dtype)
        && said != is
    {
        return Some(format!("{said} was declared, its operator gives {is}"));
    }
    let (said, is) = (declared.shape.as_ref()?, found.shape.as_ref()?);
    let differs = said.0.len() != is.0.len()
        || said.0.iter().zip(&is.0).any(|(said, is)| match (said, is) {
            (Dim::Known(said), Dim::Known(is)) => said != is,
            // A size of the inputs, where a number or the name of another was declared.
            (Dim::Known(_), Dim::Symbol(_)) => true,
            (Dim::Symbol(said), Dim::Symbol(is)) => said != is && !is.is_empty(),
            (Dim::Symbol(_), Dim::Known(_)) | (Dim::Unknown, _) | (_, Dim::Unknown) => false,
        });
    differs.then(|| format!("the shape {said} was declared, its operator gives {is}"))
}

/// What was found, with the declared size where nothing was found.
fn joined(declared: Option<&Shape>, found: &Shape) -> Shape {
    let declared = declared.filter(|d| d.0.len() == found.0.len());
    let dim = |(at, dim): (usize, &Dim)| match (dim, declared.and_then(|d| d.0.get(at))) {
        (Dim::Unknown, Some(said)) => said.clone(),
        _ => dim.clone(),
    };
    Shape(found.0.iter().enumerate().map(dim).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{body, graph, model, node, proto, value, with};
    use crate::model::{DataType, Tensor};

    fn mended(proto: &ModelProto) -> (Done, Graph) {
        let done = mend(&model(proto), false).unwrap();
        let graph = Graph::new(done.model.clone());
        (done, graph)
    }

    #[test]
    fn a_sound_model_stays() {
        let sound = proto(
            graph(&["x"], &["y"], vec![], vec![node("Relu", &["x"], &["y"])]),
            vec![],
        );
        let before = model(&sound);
        assert!(!needs_mending(&before).unwrap());
        assert!(Arc::ptr_eq(&mend(&before, false).unwrap().model, &before));
    }

    #[test]
    fn names_become_unique_in_bodies_too_and_nodes_are_sorted() {
        let named = |mut n: NodeProto| {
            n.name = Some("F0::anon".into());
            n
        };
        let inner = graph(
            &[],
            &["i"],
            vec![],
            vec![named(node("Relu", &["h"], &["i"])), named(node("Neg", &["x"], &["h"]))],
        );
        let outer = vec![
            named(node("Add", &["a", "b"], &["y"])),
            named(node("Relu", &["x"], &["a"])),
            named(with(
                with(node("If", &["c"], &["b"]), body("then_branch", inner.clone())),
                body("else_branch", inner),
            )),
        ];
        let mut top = graph(
            &["x"],
            &["y"],
            vec![Tensor::from_i64(&[], &[1]).unwrap().to_proto("k")],
            outer,
        );
        top.input.push(value("c", DataType::Bool, &[]));
        let broken = proto(top, vec![]);
        assert!(needs_mending(&model(&broken)).unwrap());
        let (done, graph) = mended(&broken);
        assert!(graph.problems.is_empty(), "{:?}", graph.problems);
        assert_eq!(graph.nodes[0].op_type.as_ref(), "Relu");
        let names: HashSet<&str> = graph.nodes.iter().map(|n| &*n.name).collect();
        // Within a body: nodes of different bodies may share a name.
        assert!(names.len() >= 3, "{names:?}");
        assert!(done.summary.contains("given names of their own"), "{}", done.summary);
        assert!(done.summary.contains("put behind what they read"), "{}", done.summary);
        assert!(
            done.notes.iter().any(|(_, note)| note.contains("F0::anon_2")),
            "{:?}",
            done.notes
        );
    }

    #[test]
    fn stale_declarations_are_corrected() {
        let mut top = graph(
            &[],
            &[],
            vec![],
            vec![node("MatMul", &["x", "x"], &["a"]), node("Relu", &["a"], &["y"])],
        );
        top.input.push(value("x", DataType::Float32, &[4, 4]));
        top.output.push(value("y", DataType::Float32, &[7]));
        top.value_info.push(value("a", DataType::Float16, &[4, 4]));
        let (done, graph) = mended(&proto(top, vec![]));
        assert!(graph.problems.is_empty(), "{:?}", graph.problems);
        assert!(done.model.graph().value_info.is_empty());
        let y = graph.tensors.iter().find(|t| &*t.name == "y").unwrap();
        assert_eq!(y.ty.shape, Some(Shape::known(&[4, 4])));
        assert_eq!(done.summary, "Mended: 2 declared types or shapes corrected");
    }

    #[test]
    fn what_cannot_be_mended_is_named() {
        let missing = proto(
            graph(&["x"], &["y"], vec![], vec![node("Add", &["x", "gone"], &["y"])]),
            vec![],
        );
        let why = needs_mending(&model(&missing)).unwrap_err();
        assert!(why.contains("gone"), "{why}");
    }

    #[test]
    fn unused_inputs_go_when_asked() {
        let unused = model(&proto(
            graph(&["x", "mask"], &["y"], vec![], vec![node("Relu", &["x"], &["y"])]),
            vec![],
        ));
        assert_eq!(mend(&unused, false).unwrap().model.graph().input.len(), 2);
        let done = mend(&unused, true).unwrap();
        assert_eq!(done.model.graph().input.len(), 1);
        assert_eq!(done.summary, "Mended: 1 unused input removed");
    }
}
