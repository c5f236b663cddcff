//! What NVIDIA's ONNX parser says about a model, with its places in our terms.

use super::libraries::numbers;
use super::options::Options;
use super::{name, words};
use crate::check::{ParserError, ParserReport, Plugin, Subgraph};
use crate::engine::EngineError;
use crate::graph::{Graph, Node, NodePath};
use crate::model::Model;
use crate::recipe::TargetSpec;
use enginesmith_tensorrt::api::{self, Builder, ModelSupport, Network};
use enginesmith_tensorrt::interfaces::subscribe;
use enginesmith_tensorrt::sys::{BuilderFlag, NetworkFlag, Severity, VersionedEnum};
use enginesmith_tensorrt::{Error, Library};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Log lines that a report keeps.
const LINES: usize = 200;

/// Asks the parser about the model: all errors, the groups of nodes that it takes, the rest, its log.
///
/// # Errors
/// [`EngineError::Unsupported`] for a file that the parser does not read as ONNX at all.
pub fn report(
    library: Library,
    model: &Model,
    target: &TargetSpec,
    options: &Options,
) -> Result<ParserReport, EngineError> {
    let log = Arc::new(Mutex::new(Vec::new()));
    let subscription = subscribe(Severity::Warning, {
        let log = Arc::clone(&log);
        Arc::new(move |severity, text: &str| {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            let line = format!("{}: {}", words::severity(severity), text.trim());
            if log.len() < LINES && !log.contains(&line) {
                log.push(line);
            }
        })
    });
    let asked = ask(library, model, options);
    drop(subscription);
    let support = match asked {
        Ok(support) => support,
        Err(Error::Failed(failure)) => return Err(EngineError::Unsupported(words::failure_words(&failure))),
        Err(error) => return Err(words::error(error)),
    };
    let graph = Graph::new(Arc::new(model.clone()));
    let mut report = of(library, &graph, &support.errors, support.supported);
    report.target = target.name.clone();
    report.subgraphs = subgraphs(&graph, &support);
    report.log = std::mem::take(&mut *log.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(report)
}

/// A network of the kind that the options ask for.
///
/// # Errors
/// Weak typing where the version has none.
pub fn network<'b>(builder: &'b Builder, weak_typing: bool) -> Result<Network<'b>, Error> {
    if weak_typing {
        // Only versions that still have the flags of weak typing also have networks without types.
        BuilderFlag::Fp16.value(builder.library().table())?;
        return builder.network(&[]);
    }
    builder.network(&[NetworkFlag::StronglyTyped])
}

fn ask(library: Library, model: &Model, options: &Options) -> Result<ModelSupport, Error> {
    let builder = library.builder()?;
    let mut network = network(&builder, options.weak_typing)?;
    let mut parser = network.parser()?;
    for flag in &options.parser_flags {
        parser.set_flag(*flag)?;
    }
    match parser.supports(model.file_data(), Some(model.path())) {
        // TensorRT 10.0 cannot be asked for groups; parsing still gives all errors.
        Err(Error::Missing(_)) => {}
        other => return other,
    }
    let errors = match parser.parse(model.file_data(), Some(model.path())) {
        Ok(()) => Vec::new(),
        Err(Error::Parse(errors)) => errors,
        Err(error) => return Err(error),
    };
    Ok(ModelSupport {
        supported: errors.is_empty(),
        subgraphs: Vec::new(),
        errors,
    })
}

/// A report of these errors; groups and log are the caller's.
pub fn of(library: Library, graph: &Graph, errors: &[api::ParserError], parsed: bool) -> ParserReport {
    ParserReport {
        target: name(library.version().flavour).into(),
        version: numbers(library.version()),
        parsed,
        errors: errors.iter().map(|e| error(graph, e)).collect(),
        plugins: plugins(library),
        ..ParserReport::default()
    }
}

fn plugins(library: Library) -> Vec<Plugin> {
    let creators = library.plugins().and_then(|r| r.creators()).unwrap_or_default();
    let plugin = |c: api::PluginCreator| Plugin {
        name: c.name,
        version: c.version,
        namespace: c.namespace,
    };
    creators
        .into_iter()
        .filter(|c| !c.name.is_empty())
        .map(plugin)
        .collect()
}

/// The groups that the parser takes, and one of all nodes that it does not. An unsure group (the model as a whole is not
/// taken) is one that would be taken if it were cut out.
fn subgraphs(graph: &Graph, support: &ModelSupport) -> Vec<Subgraph> {
    let count = graph.bodies.first().map_or(0, |b| b.nodes.len());
    let rest = support.unsupported_nodes(count);
    let unsupported: HashSet<usize> = rest.iter().copied().collect();
    let nodes = |list: &[usize]| -> Vec<u32> {
        let inside = list.iter().filter(|n| **n < count);
        inside.filter_map(|n| u32::try_from(*n).ok()).collect()
    };
    let mut groups: Vec<Subgraph> = support
        .subgraphs
        .iter()
        .map(|group| {
            let taken: Vec<usize> = group
                .nodes
                .iter()
                .copied()
                .filter(|n| !unsupported.contains(n))
                .collect();
            Subgraph {
                nodes: nodes(&taken),
                supported: true,
            }
        })
        .filter(|group| !group.nodes.is_empty())
        .collect();
    // Without groups (TensorRT 10.0) the rest is not known.
    if !rest.is_empty() && !support.supported && !support.subgraphs.is_empty() {
        groups.push(Subgraph {
            nodes: nodes(&rest),
            supported: false,
        });
    }
    groups
}

fn error(graph: &Graph, error: &api::ParserError) -> ParserError {
    let (file, line, function) = &error.source;
    ParserError {
        node: error.node.into(),
        node_name: error.node_name.clone(),
        op_type: error.node_operator.clone(),
        code: error.code.map_or_else(|| error.number.to_string(), |c| c.name().into()),
        text: error.description.clone(),
        origin: match file.as_str() {
            "" => String::new(),
            file => format!("{file}:{line} {function}"),
        },
        function_stack: error.local_functions.clone(),
        path: place(graph, error),
    }
}

/// The node that an error is about. The parser's index is that of a node in the main graph, also for errors about nodes
/// inside of it: of the call, the If, the Loop. Name and operator are the inner node's; the stack, where there is one,
/// says the way (`the if (If)`, `test (then_branch)`).
fn place(graph: &Graph, error: &api::ParserError) -> Option<NodePath> {
    let top = graph.bodies.first()?;
    let index = usize::try_from(error.node).ok()?;
    let outer = graph.nodes.get(top.nodes.get(index)?.0 as usize)?;
    let is_it = |n: &Node| {
        let named = error.node_name.is_empty() || *n.name == *error.node_name;
        let same = error.node_operator.is_empty() || *n.op_type == *error.node_operator;
        named && same
    };
    let has_inside = !outer.owned_bodies.is_empty() || outer.function.is_some();
    if !has_inside || (error.local_functions.is_empty() && is_it(outer)) {
        return Some(outer.path.clone());
    }
    let mut bodies = inside(graph, outer);
    if let Some(last) = error.local_functions.last() {
        // The innermost entry names the body or the function that the node stands in.
        let named: Vec<u32> = bodies.iter().copied().filter(|b| stands_for(graph, *b, last)).collect();
        if !named.is_empty() {
            bodies = named;
        }
    }
    let nodes = bodies.iter().filter_map(|b| graph.bodies.get(*b as usize));
    let mut candidates = nodes
        .flat_map(|b| &b.nodes)
        .filter_map(|id| graph.nodes.get(id.0 as usize))
        .filter(|n| is_it(n));
    match (candidates.next(), candidates.next()) {
        (Some(node), None) => Some(node.path.clone()),
        // Several that look the same: the outer node is the place that is certain.
        _ => Some(outer.path.clone()),
    }
}

/// All bodies and functions that a node reaches.
fn inside(graph: &Graph, node: &Node) -> Vec<u32> {
    let of = |node: &Node| {
        node.owned_bodies
            .iter()
            .copied()
            .chain(node.function)
            .collect::<Vec<u32>>()
    };
    let mut found: Vec<u32> = Vec::new();
    let mut ahead = of(node);
    while let Some(body) = ahead.pop() {
        if found.contains(&body) {
            continue;
        }
        found.push(body);
        let nodes = graph.bodies.get(body as usize).map_or(&[][..], |b| &b.nodes);
        let nodes = nodes.iter().filter_map(|id| graph.nodes.get(id.0 as usize));
        ahead.extend(nodes.flat_map(of));
    }
    found.sort_unstable();
    found
}

/// True when a body is what an entry of the stack names: `graph (attribute)` for a body, `name (operator)` for a call.
fn stands_for(graph: &Graph, body: u32, entry: &str) -> bool {
    let Some(body) = graph.bodies.get(body as usize) else {
        return false;
    };
    let what = entry
        .rsplit_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .unwrap_or(entry);
    let own = body.name.rsplit("::").next().unwrap_or(&body.name);
    *body.name == *what || own == what
}
