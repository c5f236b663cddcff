//! One call's copy of a function.

use super::{Functions, plan};
use crate::model::onnx::{AttributeProto, GraphProto, NodeProto, ValueInfoProto, attribute_proto::AttributeType};
use crate::rewrite::names::Fresh;
use std::collections::{HashMap, HashSet};

/// A prefix longer than this is cut to its last part, so that names do not grow with every call inside a call.
const LONGEST_PREFIX: usize = 200;
/// Bytes of attributes that calls pass to more than one place, at most.
const ATTRIBUTES: u64 = 256 << 20;

/// Operators of ONNX whose first input may be left out.
const FIRST_IS_OPTIONAL: [&str; 2] = ["Loop", "Optional"];

/// Makes copies of functions.
pub(super) struct Copier<'a> {
    pub(super) functions: &'a Functions<'a>,
    fresh: Fresh,
    /// What may still be copied of attributes that calls pass.
    attributes: u64,
}

/// What names and attributes mean inside one call.
struct Scope<'c> {
    /// What stands in front of the names of nodes and tensors.
    prefix: String,
    /// New names of tensors, the innermost body's last; an input that is left out is empty.
    names: HashMap<String, Vec<String>>,
    /// Attributes by the function's name for them; `None` where neither the call nor a default gives one.
    attributes: HashMap<&'c str, Option<&'c AttributeProto>>,
}

impl Scope<'_> {
    fn get(&self, name: &str) -> Option<&String> {
        self.names.get(name)?.last()
    }

    fn push(&mut self, name: &str, new: String) {
        self.names.entry(name.to_owned()).or_default().push(new);
    }

    fn pop(&mut self, name: &str) {
        if let Some(all) = self.names.get_mut(name) {
            all.pop();
        }
    }
}

impl<'a> Copier<'a> {
    pub(super) fn new(functions: &'a Functions<'a>, fresh: Fresh) -> Self {
        Self {
            functions,
            fresh,
            attributes: ATTRIBUTES,
        }
    }

    /// Appends what stands for a call: copies of the nodes of function number `called`, and types of their tensors.
    ///
    /// # Errors
    /// A call that does not fit the function, in words.
    pub(super) fn call(
        &mut self,
        call: NodeProto,
        called: usize,
        out: &mut Vec<NodeProto>,
        infos: &mut Vec<ValueInfoProto>,
    ) -> Result<(), String> {
        let functions = self.functions;
        let function = &functions.all[called];
        let name = functions.name(called);
        for (what, given, taken) in [
            ("inputs", call.input.len(), function.input.len()),
            ("outputs", call.output.len(), function.output.len()),
        ] {
            if given > taken {
                return Err(format!("the call has {given} {what}, function {name} has {taken}"));
            }
        }
        let mut attributes: HashMap<&str, Option<&AttributeProto>> = HashMap::new();
        for attribute in &function.attribute {
            attributes.insert(attribute, None);
        }
        for default in &function.attribute_proto {
            attributes.insert(default.name.as_deref().unwrap_or_default(), Some(default));
        }
        for given in &call.attribute {
            if let Some(slot) = attributes.get_mut(given.name.as_deref().unwrap_or_default()) {
                *slot = Some(given);
            }
        }
        let mut scope = Scope {
            prefix: prefix(&call, &name),
            names: HashMap::new(),
            attributes,
        };
        for (at, formal) in function.input.iter().enumerate() {
            scope.push(formal, call.input.get(at).cloned().unwrap_or_default());
        }
        let made: HashSet<&str> = function
            .node
            .iter()
            .flat_map(|n| &n.output)
            .map(String::as_str)
            .filter(|n| !n.is_empty())
            .collect();
        let mut passed: Vec<(&str, &str)> = Vec::new();
        let mut outputs: HashSet<&str> = HashSet::new();
        for (formal, wanted) in function.output.iter().zip(&call.output) {
            if wanted.is_empty() {
                continue;
            }
            if made.contains(formal.as_str()) && outputs.insert(formal) {
                scope.push(formal, wanted.clone());
            } else {
                passed.push((formal, wanted));
            }
        }
        let mut inner: Vec<&str> = made.iter().copied().filter(|n| !outputs.contains(n)).collect();
        inner.sort_unstable();
        for tensor in &inner {
            let new = self.fresh.name(format!("{}/{tensor}", scope.prefix));
            scope.push(tensor, new);
        }
        for info in &function.value_info {
            let tensor = info.name.as_deref().unwrap_or_default();
            if inner.binary_search(&tensor).is_ok() {
                let mut info = info.clone();
                info.name = scope.get(tensor).cloned();
                infos.push(info);
            }
        }
        for node in &function.node {
            let mut copy = node.clone();
            self.node(&mut scope, &mut copy)
                .map_err(|why| format!("function {name}: {why}"))?;
            self.finish(copy, out, infos)?;
        }
        for (formal, wanted) in passed {
            let source = scope.get(formal).filter(|source| !source.is_empty());
            let source = source.ok_or_else(|| {
                format!("function {name}: its output {formal:?} is made by none of its nodes, or is an input left out")
            })?;
            out.push(NodeProto {
                op_type: Some("Identity".into()),
                name: Some(self.fresh.name(format!("{}/Identity", scope.prefix))),
                input: vec![source.clone()],
                output: vec![wanted.to_owned()],
                ..Default::default()
            });
        }
        Ok(())
    }

    /// Appends a node whose names are settled; a call is replaced in turn, in its bodies too.
    fn finish(
        &mut self,
        mut node: NodeProto,
        out: &mut Vec<NodeProto>,
        infos: &mut Vec<ValueInfoProto>,
    ) -> Result<(), String> {
        for attribute in &mut node.attribute {
            for graph in attribute.g.as_option_mut().into_iter().chain(&mut attribute.graphs) {
                self.calls_inside(graph)?;
            }
        }
        match self.functions.called(&node) {
            Some(called) => self.call(node, called, out, infos),
            None => {
                out.push(node);
                Ok(())
            }
        }
    }

    fn calls_inside(&mut self, graph: &mut GraphProto) -> Result<(), String> {
        let mut any = false;
        plan::each_node(&graph.node, &mut |node| any |= self.functions.called(node).is_some());
        if !any {
            return Ok(());
        }
        let (mut nodes, mut infos) = (Vec::with_capacity(graph.node.len()), Vec::new());
        for node in std::mem::take(&mut graph.node) {
            self.finish(node, &mut nodes, &mut infos)?;
        }
        graph.node = nodes;
        graph.value_info.extend(infos);
        Ok(())
    }

    /// Gives a node of the function the names and attributes of the call.
    fn node(&mut self, scope: &mut Scope<'_>, node: &mut NodeProto) -> Result<(), String> {
        let op = node.op_type.as_deref().unwrap_or_default();
        let own = match node.name.as_deref() {
            None | Some("") => op,
            Some(name) => name,
        };
        let label = own.to_owned();
        for (at, input) in node.input.iter_mut().enumerate() {
            if input.is_empty() {
                continue;
            }
            let Some(new) = scope.get(input) else {
                return Err(format!("{label} reads {input:?}, which nothing in it makes"));
            };
            let is_onnx = super::domain(node.domain.as_deref()).is_empty();
            if new.is_empty() && at == 0 && is_onnx && !FIRST_IS_OPTIONAL.contains(&op) {
                return Err(format!("{label} needs the input {input:?}, which the call leaves out"));
            }
            input.clone_from(new);
        }
        for output in node.output.iter_mut().filter(|o| !o.is_empty()) {
            if let Some(new) = scope.get(output) {
                output.clone_from(new);
            }
        }
        node.name = Some(self.fresh.name(format!("{}/{label}", scope.prefix)));
        let mut attributes = Vec::with_capacity(node.attribute.len());
        for mut attribute in std::mem::take(&mut node.attribute) {
            let Some(wanted) = attribute.ref_attr_name.as_deref().filter(|name| !name.is_empty()) else {
                for graph in attribute.g.as_option_mut().into_iter().chain(&mut attribute.graphs) {
                    self.graph(scope, graph)?;
                }
                attributes.push(attribute);
                continue;
            };
            // An attribute that neither the call nor a default gives is left out here too.
            let Some(given) = scope.attributes.get(wanted) else {
                return Err(format!(
                    "{label} refers to an attribute {wanted:?} that the function does not have"
                ));
            };
            let Some(given) = *given else { continue };
            let (is, wants) = (given.r#type, attribute.r#type);
            if let (Some(is), Some(wants)) = (is, wants)
                && wants != AttributeType::UNDEFINED
                && is != wants
            {
                return Err(format!(
                    "{label} wants the attribute {wanted:?} as {wants:?}, the call gives {is:?}"
                ));
            }
            self.attributes = self
                .attributes
                .checked_sub(plan::bytes(given))
                .ok_or("its calls pass more bytes of attributes than can be copied")?;
            let mut given = given.clone();
            given.name = attribute.name.take();
            attributes.push(given);
        }
        node.attribute = attributes;
        Ok(())
    }

    /// Renames a body of the function: what it defines gets names that nothing else has, what it reads follows.
    fn graph(&mut self, scope: &mut Scope<'_>, graph: &mut GraphProto) -> Result<(), String> {
        let mut defined: Vec<String> = Vec::new();
        let inputs = graph.input.iter().filter_map(|v| v.name.clone());
        let stored = graph.initializer.iter().filter_map(|t| t.name.clone());
        let sparse = graph.sparse_initializer.iter().filter_map(|t| t.values.name.clone());
        let made = graph.node.iter().flat_map(|n| n.output.iter().cloned());
        let mut seen = HashSet::new();
        for name in inputs.chain(stored).chain(sparse).chain(made) {
            if !name.is_empty() && seen.insert(name.clone()) {
                defined.push(name);
            }
        }
        for name in &defined {
            let new = self.fresh.name(format!("{}/{name}", scope.prefix));
            scope.push(name, new);
        }
        let follow = |name: &mut Option<String>| {
            if let Some(name) = name
                && let Some(new) = scope.get(name)
            {
                name.clone_from(new);
            }
        };
        graph.input.iter_mut().for_each(|v| follow(&mut v.name));
        graph.initializer.iter_mut().for_each(|t| follow(&mut t.name));
        for sparse in &mut graph.sparse_initializer {
            if let Some(values) = sparse.values.as_option_mut() {
                follow(&mut values.name);
            }
        }
        graph
            .value_info
            .retain(|v| v.name.as_ref().is_some_and(|n| seen.contains(n)));
        graph.value_info.iter_mut().for_each(|v| follow(&mut v.name));
        graph.output.iter_mut().for_each(|v| follow(&mut v.name));
        for annotation in &mut graph.quantization_annotation {
            follow(&mut annotation.tensor_name);
            for entry in &mut annotation.quant_parameter_tensor_names {
                follow(&mut entry.value);
            }
        }
        if let Some(left_out) = graph.output.iter().position(|v| v.name.as_deref() == Some("")) {
            return Err(format!(
                "output {left_out} of a body is an input that the call leaves out"
            ));
        }
        for node in &mut graph.node {
            self.node(scope, node)?;
        }
        for name in &defined {
            scope.pop(name);
        }
        Ok(())
    }
}

/// The prefix of a call's names: the call's own, or the function's.
fn prefix(call: &NodeProto, function: &str) -> String {
    let name = match call.name.as_deref() {
        None | Some("") => function.replace("::", "."),
        Some(name) => name.to_owned(),
    };
    if name.len() <= LONGEST_PREFIX {
        return name;
    }
    let last = name.rsplit('/').next().unwrap_or_default();
    match last.len() <= LONGEST_PREFIX && !last.is_empty() {
        true => last.to_owned(),
        false => "call".to_owned(),
    }
}
