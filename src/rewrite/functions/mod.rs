//! Inlining model-local functions: each call is replaced by a copy of what the function computes, under names of its own.
//!
//! `plan` counts before anything is copied what would come of it, so that functions that call functions many times are
//! refused and not written out; `copy` makes one call's copy: attributes filled in from the call, inputs left out where the
//! call leaves them out, inner tensors and bodies renamed. A model and its functions may import different opsets: what is
//! older is raised to the newest of them first.

mod copy;
mod plan;
#[cfg(test)]
mod tests;

use super::clean::{Done, count, label};
use super::fold::refuse_broken;
use super::names::Fresh;
use super::opset;
use crate::graph::{Graph, NodeId};
use crate::model::Model;
use crate::model::onnx::{FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};
use copy::Copier;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What a function is called by: domain, name, overload.
type Key<'a> = (&'a str, &'a str, &'a str);

/// ONNX's own domain has two spellings.
fn domain(text: Option<&str>) -> &str {
    match text {
        None | Some("ai.onnx") => "",
        Some(domain) => domain,
    }
}

/// The functions of a model.
struct Functions<'a> {
    all: &'a [FunctionProto],
    by_key: HashMap<Key<'a>, usize>,
}

impl<'a> Functions<'a> {
    fn new(all: &'a [FunctionProto]) -> Self {
        let mut by_key = HashMap::new();
        for (at, f) in all.iter().enumerate() {
            by_key.insert(
                (
                    domain(f.domain.as_deref()),
                    f.name.as_deref().unwrap_or_default(),
                    f.overload.as_deref().unwrap_or_default(),
                ),
                at,
            );
        }
        Self { all, by_key }
    }

    /// The number of the function that a node calls.
    fn called(&self, node: &NodeProto) -> Option<usize> {
        if self.all.is_empty() {
            return None;
        }
        let key = (
            domain(node.domain.as_deref()),
            node.op_type.as_deref().unwrap_or_default(),
            node.overload.as_deref().unwrap_or_default(),
        );
        self.by_key.get(&key).copied()
    }

    /// `domain::name`, for messages.
    fn name(&self, at: usize) -> String {
        let f = &self.all[at];
        let name = f.name.as_deref().unwrap_or_default();
        match domain(f.domain.as_deref()) {
            "" => name.to_owned(),
            domain => format!("{domain}::{name}"),
        }
    }
}

/// Replaces all calls of local functions.
///
/// # Errors
/// Structural problems that must be settled first, recursion among them; a call that does not fit its function; operator
/// sets that cannot be joined; more nodes than [`plan::NODES`].
pub(super) fn inline_functions(model: &Arc<Model>) -> Result<Done, String> {
    if model.proto().functions.is_empty() {
        return Ok(Done {
            model: model.clone(),
            summary: "The model has no local functions".into(),
            notes: Vec::new(),
        });
    }
    let graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    let plan = plan::plan(model.proto(), &Functions::new(&model.proto().functions))?;
    let (graph, raised) = one_opset(graph, &plan.called)?;
    let source = graph.model.clone();
    let mut proto = source.proto().clone();
    proto.functions.clear();
    let functions = Functions::new(&source.proto().functions);
    let mut inliner = Inliner {
        graph: &graph,
        copier: Copier::new(&functions, Fresh::new(&graph)),
        notes: Vec::new(),
    };
    if let Some(top) = proto.graph.as_option_mut() {
        inliner.body(0, top)?;
    }
    let mut notes = inliner.notes;
    let calls = notes.len();
    imports(&mut proto, &functions, &plan.called);
    let dropped = source.proto().functions.len().saturating_sub(plan.called.len());
    for at in (0..source.proto().functions.len()).filter(|at| !plan.called.contains(at)) {
        notes.push((functions.name(at), "dropped: nothing calls it".into()));
    }
    let mut summary = match calls {
        0 => "Dropped local functions that nothing calls".to_owned(),
        n => format!(
            "Inlined {} of {}",
            count(n, "call"),
            count(plan.called.len(), "local function")
        ),
    };
    if dropped > 0 && calls > 0 {
        summary.push_str(&format!(", dropped {} that nothing calls", count(dropped, "function")));
    }
    if let Some((from, to)) = raised {
        summary.push_str(&format!(
            "; what was of opset {from} was raised to {to}, the newest among them"
        ));
    }
    Ok(Done {
        model: Arc::new(model.with_proto(proto)),
        summary,
        notes,
    })
}

/// The graph with one version of ONNX's operators for the model and the functions that are called; and where that took
/// raising, the oldest and the new one.
fn one_opset(graph: Graph, called: &BTreeSet<usize>) -> Result<(Graph, Option<(i64, i64)>), String> {
    let own = graph.opset(0, "");
    let functions = graph.bodies.iter().enumerate().filter(|(_, b)| b.is_function);
    let of_functions = functions.filter_map(|(at, body)| {
        let is_called = body.function.is_some_and(|f| called.contains(&(f as usize)));
        is_called.then(|| graph.opset(at as u32, ""))?
    });
    let versions: BTreeSet<i64> = of_functions.chain(own).collect();
    let (Some(oldest), Some(newest)) = (versions.first().copied(), versions.last().copied()) else {
        return Ok((graph, None));
    };
    if own.is_none() {
        // A graph that is nothing but calls need not import ONNX's operators itself.
        let mut proto = graph.model.proto().clone();
        proto.opset_import.push(OperatorSetIdProto {
            domain: Some(String::new()),
            version: Some(newest),
            ..Default::default()
        });
        let model = Arc::new(graph.model.with_proto(proto));
        return one_opset(Graph::new(model), called);
    }
    if oldest == newest {
        return Ok((graph, None));
    }
    let model = opset::raise_together(&graph, newest).map_err(|why| {
        format!("model and functions import ONNX's operators in versions {oldest} to {newest}, which cannot be joined: {why}")
    })?;
    let raised = Graph::new(model);
    refuse_broken(&raised).map_err(|why| format!("after raising opset {oldest} to {newest}: {why}"))?;
    Ok((raised, Some((oldest, newest))))
}

/// The operator sets that the model imports once its functions are gone: also those that only functions imported, no more
/// those that only held functions.
fn imports(proto: &mut ModelProto, functions: &Functions<'_>, called: &BTreeSet<usize>) {
    let mut known: BTreeSet<String> = BTreeSet::new();
    for import in &proto.opset_import {
        known.insert(domain(import.domain.as_deref()).to_owned());
    }
    let mut used: BTreeSet<String> = BTreeSet::new();
    if let Some(graph) = proto.graph.as_option() {
        plan::each_node(&graph.node, &mut |node| {
            let of = domain(node.domain.as_deref());
            if !used.contains(of) {
                used.insert(of.to_owned());
            }
        });
    }
    let own: BTreeSet<&str> = functions.all.iter().map(|f| domain(f.domain.as_deref())).collect();
    proto.opset_import.retain(|import| {
        let of = domain(import.domain.as_deref());
        of.is_empty() || used.contains(of) || !own.contains(of)
    });
    let mut added: BTreeMap<String, Option<i64>> = BTreeMap::new();
    for import in called.iter().flat_map(|at| &functions.all[*at].opset_import) {
        let of = domain(import.domain.as_deref());
        if used.contains(of) && !known.contains(of) {
            added.insert(of.to_owned(), import.version);
        }
    }
    proto
        .opset_import
        .extend(added.into_iter().map(|(domain, version)| OperatorSetIdProto {
            domain: Some(domain),
            version,
            ..Default::default()
        }));
}

struct Inliner<'a> {
    graph: &'a Graph,
    copier: Copier<'a>,
    notes: Vec<(String, String)>,
}

impl Inliner<'_> {
    fn body(&mut self, at: u32, proto: &mut GraphProto) -> Result<(), String> {
        let graph = self.graph;
        let ids: &[NodeId] = &graph.bodies[at as usize].nodes;
        let mut nodes = Vec::with_capacity(proto.node.len());
        let mut infos: Vec<ValueInfoProto> = Vec::new();
        for (mut node, id) in std::mem::take(&mut proto.node).into_iter().zip(ids) {
            for owned in &graph.node(*id).owned_bodies {
                if let Some(inner) = super::bodies::body_mut(graph, &mut node, *owned) {
                    self.body(*owned, inner)?;
                }
            }
            let Some(called) = self.copier.functions.called(&node) else {
                nodes.push(node);
                continue;
            };
            let label = label(graph.node(*id));
            let before = nodes.len();
            self.copier
                .call(node, called, &mut nodes, &mut infos)
                .map_err(|why| format!("{label}: {why}"))?;
            let name = self.copier.functions.name(called);
            let made = count(nodes.len() - before, "node");
            self.notes.push((label, format!("call of {name} replaced by {made}")));
        }
        proto.node = nodes;
        proto.value_info.extend(infos);
        Ok(())
    }
}
