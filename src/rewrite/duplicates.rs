//! One copy of what stands twice: stored constants of the same type, shape and bytes, and nodes that compute the same from
//! the same inputs.

use super::clean::{Done, count, label};
use super::edit::{Edit, defaults};
use super::fold::refuse_broken;
use crate::graph::{Graph, Node, NodeId, Producer, TensorId, TensorKind};
use crate::model::{DataType, Model, Tensor};
use buffa::Message;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Attributes of a node that take more bytes than this (a `Constant` with a weight) are not compared.
const ATTRIBUTES: u32 = 1 << 20;

/// Merges duplicates in the same body, and those of an inner body with what stands around it.
///
/// # Errors
/// Structural problems that must be settled first; a file that changed meanwhile.
pub(super) fn merge_duplicates(model: &Arc<Model>) -> Result<Done, String> {
    let graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    let mut merge = Merge {
        graph: &graph,
        edit: Edit::new(&graph),
        notes: Vec::new(),
    };
    let constants = merge.constants();
    let nodes = merge.nodes();
    model.check_intact().map_err(|e| e.to_string())?;
    let summary = match (constants, nodes) {
        (0, 0) => "Nothing stands twice".to_owned(),
        (n, 0) => format!("Merged {} with an equal one", count(n, "constant")),
        (0, n) => format!("Merged {} with an equal one", count(n, "node")),
        (c, n) => format!(
            "Merged {} and {} with equal ones",
            count(c, "constant"),
            count(n, "node")
        ),
    };
    let Merge { edit, notes, .. } = merge;
    let model = match constants + nodes {
        0 => model.clone(),
        _ => Arc::new(model.with_proto(edit.finish().proto)),
    };
    Ok(Done { model, summary, notes })
}

struct Merge<'a> {
    graph: &'a Graph,
    edit: Edit<'a>,
    notes: Vec<(String, String)>,
}

impl Merge<'_> {
    /// Merges initializers; gives their number.
    fn constants(&mut self) -> usize {
        let graph = self.graph;
        let defaults = defaults(graph);
        // Only what agrees in type and shape is read at all.
        let mut alike: HashMap<(DataType, Vec<u64>), Vec<TensorId>> = HashMap::new();
        for id in (0..graph.tensors.len() as u32).map(TensorId) {
            let info = graph.tensor(id);
            let is_plain = info.producer == Producer::Initializer
                && !info.is_output
                && !defaults.contains(&id)
                && graph.quantization(id).is_none()
                && self.edit.uses(id) > 0;
            if let (true, Some(dtype), Some(dims)) = (
                is_plain,
                info.ty.dtype.filter(|t| *t != DataType::String),
                info.ty.shape.as_ref().and_then(|s| s.as_known()),
            ) {
                alike.entry((dtype, dims)).or_default().push(id);
            }
        }
        let mut groups: Vec<Vec<TensorId>> = alike.into_values().filter(|g| g.len() > 1).collect();
        groups.sort_unstable();
        let mut merged = 0;
        for group in groups {
            // Most differ in their first bytes; the others are read whole, once.
            let mut seen: HashMap<u64, Vec<Seen>> = HashMap::new();
            for id in group {
                let Some(Ok(value)) = graph.constant(id) else { continue };
                let earlier = seen.entry(start(&value)).or_default();
                let new = Seen::new(id, value);
                let same = earlier.iter().find(|kept| {
                    kept.whole() == new.whole()
                        && kept.value == new.value
                        && self.surrounds(graph.tensor(kept.id).body, graph.tensor(id).body)
                });
                match same.map(|kept| kept.id) {
                    Some(first) if self.edit.can_substitute(first, id) => {
                        self.edit.substitute(first, id);
                        let [name, kept] = [id, first].map(|t| graph.tensor(t).name.to_string());
                        self.notes.push((name, format!("the same constant as {kept:?}")));
                        merged += 1;
                    }
                    _ => earlier.push(new),
                }
            }
        }
        merged
    }

    /// Merges nodes; gives their number.
    fn nodes(&mut self) -> usize {
        let graph = self.graph;
        let mut seen: HashMap<Key, Vec<NodeId>> = HashMap::new();
        let mut merged = 0;
        for id in graph.topological_order() {
            let node = graph.node(id);
            if self.edit.is_removed(id) || !is_pure(node) {
                continue;
            }
            let Some(key) = self.key(id, node) else { continue };
            let earlier = seen.entry(key).or_default();
            let first = earlier
                .iter()
                .copied()
                .find(|first| surrounds(graph, graph.node(*first).body, node.body));
            match first {
                Some(first) if merge_nodes(graph, &mut self.edit, first, id) => {
                    self.notes
                        .push((label(node), format!("the same as {}", label(graph.node(first)))));
                    merged += 1;
                }
                _ => earlier.push(id),
            }
        }
        merged
    }

    fn surrounds(&self, outer: u32, inner: u32) -> bool {
        surrounds(self.graph, outer, inner)
    }

    /// What makes two nodes the same; `None` for those that are not compared.
    fn key(&self, id: NodeId, node: &Node) -> Option<Key> {
        let graph = self.graph;
        let is_large = |t: &TensorId| {
            graph.tensor(*t).kind == TensorKind::Constant && graph.tensor(*t).stored_bytes > u64::from(ATTRIBUTES)
        };
        if node.outputs.iter().flatten().any(is_large) {
            return None;
        }
        let proto = graph.proto(id);
        let mut attributes: Vec<(String, Vec<u8>)> = proto
            .attribute
            .iter()
            .filter(|a| a.encoded_len() <= ATTRIBUTES)
            .map(|a| (a.name.clone().unwrap_or_default(), a.encode_to_vec()))
            .collect();
        if attributes.len() < proto.attribute.len() {
            return None;
        }
        attributes.sort_unstable();
        Some(Key {
            op_type: node.op_type.to_string(),
            inputs: node.inputs.iter().map(|t| t.map(|t| self.edit.target(t))).collect(),
            outputs: node.outputs.iter().map(Option::is_some).collect(),
            attributes,
        })
    }
}

/// A constant that was looked at.
struct Seen {
    id: TensorId,
    value: Tensor,
    whole: OnceCell<u64>,
}

impl Seen {
    fn new(id: TensorId, value: Tensor) -> Self {
        Self {
            id,
            value,
            whole: OnceCell::new(),
        }
    }

    /// Hash of all its bytes.
    fn whole(&self) -> u64 {
        *self.whole.get_or_init(|| hash(&self.value.bytes))
    }
}

/// Hash of the first bytes.
fn start(value: &Tensor) -> u64 {
    hash(&value.bytes[..value.bytes.len().min(1 << 10)])
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    op_type: String,
    inputs: Vec<Option<TensorId>>,
    outputs: Vec<bool>,
    attributes: Vec<(String, Vec<u8>)>,
}

/// True when what stands in `outer` is seen in `inner`.
fn surrounds(graph: &Graph, outer: u32, inner: u32) -> bool {
    let mut at = Some(inner);
    while let Some(body) = at {
        if body == outer {
            return true;
        }
        at = graph.bodies[body as usize].parent;
    }
    false
}

/// True when two such nodes with the same inputs give the same. Pairs of Q/DQ stay where quantization put them: what a
/// target fuses depends on each reader having its own.
fn is_pure(node: &Node) -> bool {
    let is_special = matches!(
        &*node.op_type,
        "RandomNormal"
            | "RandomNormalLike"
            | "RandomUniform"
            | "RandomUniformLike"
            | "Multinomial"
            | "Bernoulli"
            | "Dropout"
            | "QuantizeLinear"
            | "DequantizeLinear"
            | "DynamicQuantizeLinear"
    );
    !is_special
        && node.domain.is_empty()
        && node.function.is_none()
        && node.owned_bodies.is_empty()
        && node.outputs.iter().any(Option::is_some)
}

/// Lets readers of the second node's outputs read the first one's.
fn merge_nodes(graph: &Graph, edit: &mut Edit<'_>, first: NodeId, second: NodeId) -> bool {
    let pairs = graph.node(first).outputs.iter().zip(&graph.node(second).outputs);
    let pairs: Vec<(TensorId, TensorId)> = pairs.filter_map(|(a, b)| Some(((*a)?, (*b)?))).collect();
    if let [(from, to)] = pairs[..]
        && graph.tensor(to).is_output
    {
        // The output's name stays: the first node makes it then.
        return edit.bypass(second, from, to);
    }
    if pairs.iter().any(|(from, to)| !edit.can_substitute(*from, *to)) {
        return false;
    }
    for (from, to) in pairs {
        edit.substitute(from, to);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{body, graph, int, model, node, proto, value, with};
    use crate::model::onnx::{GraphProto, NodeProto, TensorProto};
    use crate::rewrite::{AppliedPatch, PatchSpec, apply};

    fn merged(g: GraphProto) -> AppliedPatch {
        let done = apply(&model(&proto(g, vec![])), &PatchSpec::MergeDuplicates {}).unwrap();
        let after = Graph::new(done.model.clone());
        assert!(after.problems.is_empty(), "{:?}", after.problems);
        done
    }

    fn f32s(name: &str, values: &[f32]) -> TensorProto {
        Tensor::from_f32(&[values.len() as u64], values).unwrap().to_proto(name)
    }

    fn nodes(done: &AppliedPatch) -> Vec<(String, Vec<String>)> {
        let all = done.model.graph().node.iter();
        all.map(|n| (n.op_type.clone().unwrap(), n.input.clone())).collect()
    }

    fn reads(op: &str, inputs: &[&str]) -> (String, Vec<String>) {
        (op.into(), inputs.iter().map(|i| (*i).into()).collect())
    }

    #[test]
    fn equal_constants_become_one_and_others_stay() {
        let ints = Tensor::from_i32(&[1], &[1.0f32.to_bits() as i32])
            .unwrap()
            .to_proto("same_bits");
        let weights = vec![
            f32s("a", &[1.0]),
            f32s("b", &[1.0]),
            f32s("other", &[2.0]),
            Tensor::from_f32(&[1, 1], &[1.0]).unwrap().to_proto("other_shape"),
            ints,
        ];
        let g = graph(
            &["x"],
            &["y"],
            weights,
            vec![
                node("Mul", &["x", "a"], &["p"]),
                node("Add", &["p", "b"], &["q"]),
                node("Sub", &["q", "other"], &["r"]),
                node("Max", &["r", "b"], &["y"]),
            ],
        );
        let done = merged(g);
        assert_eq!(done.summary, "Merged 1 constant with an equal one");
        let names: Vec<_> = done
            .model
            .graph()
            .initializer
            .iter()
            .filter_map(|t| t.name.as_deref())
            .collect();
        assert_eq!(names, ["a", "other", "other_shape", "same_bits"]);
        assert_eq!(
            nodes(&done),
            [
                reads("Mul", &["x", "a"]),
                reads("Add", &["p", "a"]),
                reads("Sub", &["q", "other"]),
                reads("Max", &["r", "a"])
            ]
        );
    }

    #[test]
    fn defaults_of_inputs_are_not_merged() {
        let mut g = graph(
            &["x"],
            &["y"],
            vec![f32s("a", &[1.0]), f32s("b", &[1.0])],
            vec![node("Mul", &["x", "a"], &["p"]), node("Add", &["p", "b"], &["y"])],
        );
        g.input.push(value("b", DataType::Float32, &[1]));
        assert_eq!(merged(g).summary, "Nothing stands twice");
    }

    #[test]
    fn equal_nodes_become_one_along_whole_chains() {
        let g = graph(
            &["x"],
            &["y", "kept"],
            vec![],
            vec![
                node("Exp", &["x"], &["a"]),
                with(node("Softmax", &["a"], &["s"]), int("axis", 0)),
                node("Exp", &["x"], &["b"]),
                with(node("Softmax", &["b"], &["t"]), int("axis", 0)),
                with(node("Softmax", &["b"], &["u"]), int("axis", -1)),
                node("Sum", &["s", "t", "u"], &["y"]),
                node("Exp", &["x"], &["kept"]),
            ],
        );
        let done = merged(g);
        // The output is made under its name by the first of its kind.
        assert_eq!(
            nodes(&done),
            [
                reads("Exp", &["x"]),
                reads("Softmax", &["kept"]),
                reads("Softmax", &["kept"]),
                reads("Sum", &["s", "s", "u"])
            ]
        );
        assert_eq!(done.model.graph().node[0].output, ["kept"]);
    }

    #[test]
    fn chance_and_outputs_of_one_name_are_left_alone() {
        let random = |out: &str| -> NodeProto { node("RandomUniformLike", &["x"], &[out]) };
        let g = graph(
            &["x"],
            &["y", "e", "f"],
            vec![],
            vec![
                random("a"),
                random("b"),
                node("Sub", &["a", "b"], &["y"]),
                node("Exp", &["x"], &["e"]),
                node("Exp", &["x"], &["f"]),
            ],
        );
        let done = merged(g);
        assert_eq!(nodes(&done).len(), 5);
        assert!(done.notes.is_empty(), "{:?}", done.notes);
    }

    #[test]
    fn bodies_use_what_stands_around_them_but_not_each_other() {
        let inner = |out: &str, middle: &str, constant: &str| {
            graph(
                &[],
                &[out],
                vec![f32s(constant, &[3.0])],
                vec![node("Exp", &["x"], &[middle]), node("Add", &[middle, constant], &[out])],
            )
        };
        let branch = with(
            with(node("If", &["c"], &["y"]), body("then_branch", inner("t", "t1", "t2"))),
            body("else_branch", inner("e", "e1", "e2")),
        );
        let mut g = graph(
            &["x"],
            &["y", "z"],
            vec![],
            vec![node("Exp", &["x"], &["outer"]), node("Neg", &["outer"], &["z"]), branch],
        );
        g.input.push(value("c", DataType::Bool, &[]));
        let done = merged(g);
        assert_eq!(done.summary, "Merged 2 nodes with an equal one");
        for attribute in &done.model.graph().node[2].attribute {
            assert_eq!(attribute.g.node.len(), 1);
            assert_eq!(attribute.g.node[0].input[0], "outer");
            assert_eq!(attribute.g.initializer.len(), 1);
        }
    }
}
