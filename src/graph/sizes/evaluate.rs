//! Whether a graph works at given sizes of its inputs.

use crate::graph::infer::fact::{Fact, Item};
use crate::graph::infer::size::Size;
use crate::graph::infer::{self, demand::Demand};
use crate::graph::{Graph, NodeId, NodePath, TensorId};
use crate::model::quoted;
use std::collections::BTreeMap;

/// A concrete input.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct At {
    /// Its shape; empty for a scalar.
    pub shape: Vec<u64>,
    /// Its elements where they decide sizes (shape tensors, lengths) or are known; of floats the whole numbers.
    pub value: Option<Vec<i64>>,
}

/// A concrete shape, and a value where it matters, for every input by name.
pub type Point = BTreeMap<String, At>;

/// An operator that does not take the sizes that reach it: every runtime refuses the model at these sizes.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Conflict {
    /// Where the node is in the file.
    pub node: NodePath,
    /// Its name; may be empty.
    pub name: String,
    /// Its operator.
    pub op: String,
    /// The input of the node that it is about.
    pub tensor: String,
    /// The two sizes that do not go together.
    pub sizes: (i64, i64),
    /// All of it in words.
    pub message: String,
}

impl Conflict {
    pub(super) fn new(graph: &Graph, id: NodeId, demand: &Demand) -> Self {
        let node = graph.node(id);
        let (a, b) = demand.relation.sides();
        let tensor = node.inputs.get(demand.input).copied().flatten();
        let tensor = tensor.map_or_else(String::new, |t| graph.tensor(t).name.to_string());
        let label = if node.name.is_empty() {
            format!("{} {}", node.op_type, node.path)
        } else {
            format!("{} {}", node.op_type, quoted(&node.name))
        };
        Self {
            node: node.path.clone(),
            name: node.name.to_string(),
            op: node.op_type.to_string(),
            message: format!(
                "{label}: {} ({}, input {})",
                demand.relation.words(),
                demand.what,
                quoted(&tensor)
            ),
            tensor,
            sizes: (a.known().unwrap_or(-1), b.known().unwrap_or(-1)),
        }
    }
}

/// The fact of an input at a point; what is missing there is as declared.
fn fact(graph: &Graph, id: TensorId, at: &At) -> Fact {
    let size = |n: &u64| i64::try_from(*n).map_or(Size::Unknown, Size::Known);
    let dtype = graph.tensor(id).ty.dtype;
    let item = |n: &i64| match dtype {
        #[allow(clippy::cast_precision_loss)]
        Some(t) if t.is_float() => Item::Float(*n as f64),
        _ => Item::Int(Size::Known(*n)),
    };
    let items = at.value.as_ref().map(|v| v.iter().map(item).collect());
    Fact::new(dtype, Some(at.shape.iter().map(size).collect())).with_items(items)
}

/// What is known of the inputs at a point.
pub(in crate::graph) fn facts(graph: &Graph, point: &Point) -> BTreeMap<TensorId, Fact> {
    let top = graph.bodies.first().map_or(&[][..], |b| b.inputs.as_slice());
    let facts = top.iter().filter_map(|id| {
        let at = point.get(&*graph.tensors.get(id.0 as usize)?.name)?;
        Some((*id, fact(graph, *id, at)))
    });
    facts.collect()
}

/// Types at the point, or the conflict; the graph is walked once.
pub(super) fn types_at(graph: &Graph, point: &Point) -> Result<Vec<crate::graph::TensorType>, Box<Conflict>> {
    let at = infer::infer_at(graph, &facts(graph, point));
    match at.demands.iter().find(|(_, d)| d.relation.state() == Some(false)) {
        Some((node, demand)) => Err(Box::new(Conflict::new(graph, *node, demand))),
        None => Ok(at.types),
    }
}

/// The graph with these inputs, every shape inferred anew, also those that depend on values computed from shapes. Nodes
/// and tensors keep their numbers; the model is the same one, with its declarations. What depends on data (how many boxes
/// are left) stays open. O(graph).
///
/// # Errors
/// The first node, in the order of execution, that does not take the sizes that reach it. Nodes in the bodies of loops and
/// in branches that may not run are not held against the point.
pub fn evaluate(graph: &Graph, point: &Point) -> Result<Graph, Box<Conflict>> {
    let types = types_at(graph, point)?;
    let mut out = graph.clone();
    for (tensor, ty) in out.tensors.iter_mut().zip(types) {
        tensor.ty = ty;
    }
    Ok(out)
}

impl At {
    /// An input of which only the shape matters.
    pub fn shape(shape: &[u64]) -> Self {
        Self {
            shape: shape.to_vec(),
            value: None,
        }
    }
}

/// A point of shapes alone.
pub fn point(shapes: &BTreeMap<String, Vec<u64>>) -> Point {
    shapes.iter().map(|(name, s)| (name.clone(), At::shape(s))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{graph, int, ints, model, node, proto, value, weight, with};
    use crate::model::DataType::{Float32, Int64};
    use crate::model::Tensor;
    use crate::model::onnx::{NodeProto, TensorProto, ValueInfoProto};

    fn build(inputs: Vec<ValueInfoProto>, weights: Vec<TensorProto>, nodes: Vec<NodeProto>) -> Graph {
        let mut g = graph(&[], &[], weights, nodes);
        g.input = inputs;
        Graph::new(model(&proto(g, vec![])))
    }

    fn conv(x: &str, y: &str, stride: i64) -> NodeProto {
        let conv = node("Conv", &[x, "w"], &[y]);
        let conv = with(conv, ints("strides", &[stride, stride]));
        with(conv, ints("pads", &[1, 1, 1, 1]))
    }

    fn at(graph: &Graph, dims: &[u64]) -> Result<Graph, Box<Conflict>> {
        evaluate(graph, &[("x".to_owned(), At::shape(dims))].into())
    }

    #[test]
    fn a_skip_connection_meets_or_is_named() {
        let scales = Tensor::from_f32(&[4], &[1.0, 1.0, 2.0, 2.0]).unwrap().to_proto("s");
        let g = build(
            vec![value("x", Float32, &[-1, 3, -1, -1])],
            vec![weight("w", &[3, 3, 3, 3]), scales],
            vec![
                conv("x", "half", 2),
                node("Resize", &["half", "", "s"], &["up"]),
                node("Add", &["up", "x"], &["y"]),
            ],
        );
        let fits = at(&g, &[1, 3, 80, 64]).unwrap();
        let y = fits.tensors.iter().find(|t| &*t.name == "y").unwrap();
        assert_eq!(y.ty.to_string(), "float32 1x3x80x64");
        let conflict = at(&g, &[1, 3, 81, 64]).err().unwrap();
        assert_eq!((conflict.op.as_str(), conflict.sizes), ("Add", (82, 81)));
        assert_eq!(conflict.node, NodePath::top(2));
        assert!(conflict.message.contains("82 and 81 do not meet"), "{conflict}");
        assert_eq!(at(&g, &[1, 4, 80, 64]).err().unwrap().op, "Conv");
    }

    #[test]
    fn windows_reshapes_concats_and_tables_are_checked() {
        let vector = |name: &str, v: &[i64]| Tensor::from_i64(&[v.len() as u64], v).unwrap().to_proto(name);
        let scalar = |name: &str, v: i64| Tensor::from_i64(&[], &[v]).unwrap().to_proto(name);
        let g = build(
            vec![value("x", Float32, &[-1, 3, -1, -1])],
            vec![weight("w", &[3, 3, 5, 5])],
            vec![node("Conv", &["x", "w"], &["y"])],
        );
        assert!(at(&g, &[1, 3, 5, 5]).is_ok());
        assert_eq!(at(&g, &[1, 3, 4, 5]).err().unwrap().sizes, (-1, 0));
        let g = build(
            vec![value("x", Float32, &[-1, -1])],
            vec![vector("shape", &[-1, 12, 64])],
            vec![node("Reshape", &["x", "shape"], &["y"])],
        );
        assert!(at(&g, &[1, 768]).is_ok());
        assert_eq!(at(&g, &[1, 769]).err().unwrap().sizes, (769, 768));
        let g = build(
            vec![value("x", Float32, &[-1, -1]), value("z", Float32, &[2, 3])],
            vec![],
            vec![with(node("Concat", &["x", "z"], &["y"]), int("axis", 1))],
        );
        assert!(at(&g, &[2, 9]).is_ok());
        assert_eq!(at(&g, &[1, 9]).err().unwrap().op, "Concat");
        // Positions 0, 1, … of a table with 16 rows.
        let g = build(
            vec![value("x", Int64, &[-1, -1])],
            vec![weight("table", &[16, 8]), scalar("zero", 0), scalar("one", 1)],
            vec![
                node("Shape", &["x"], &["shape"]),
                node("Gather", &["shape", "one"], &["length"]),
                node("Range", &["zero", "length", "one"], &["positions"]),
                node("Gather", &["table", "positions"], &["y"]),
            ],
        );
        assert!(at(&g, &[1, 16]).is_ok());
        assert_eq!(at(&g, &[1, 17]).err().unwrap().sizes, (16, 17));
    }

    #[test]
    fn values_flow_into_shapes() {
        let g = build(
            vec![value("x", Float32, &[-1]), value("hw", Int64, &[2])],
            vec![],
            vec![node("Reshape", &["x", "hw"], &["y"])],
        );
        let at = |n: u64, hw: [i64; 2]| {
            let hw = At {
                shape: vec![2],
                value: Some(hw.to_vec()),
            };
            evaluate(&g, &[("x".to_owned(), At::shape(&[n])), ("hw".to_owned(), hw)].into())
        };
        let fits = at(12, [3, 4]).unwrap();
        assert_eq!(fits.tensors.last().unwrap().ty.to_string(), "float32 3x4");
        assert_eq!(at(12, [5, 4]).err().unwrap().sizes, (12, 20));
    }

    #[test]
    fn only_the_branch_that_runs_is_held_against_a_point() {
        use crate::graph::sample::body;
        let branch = |op: &str, inputs: &[&str]| graph(&[], &["out"], vec![], vec![node(op, inputs, &["out"])]);
        let g = build(
            vec![
                value("x", Float32, &[-1]),
                value("z", Float32, &[3]),
                value("c", Int64, &[]),
            ],
            vec![],
            vec![
                with(node("Cast", &["c"], &["flag"]), int("to", 9)),
                with(
                    with(
                        node("If", &["flag"], &["y"]),
                        body("then_branch", branch("Add", &["x", "z"])),
                    ),
                    body("else_branch", branch("Identity", &["x"])),
                ),
            ],
        );
        let at = |flag: Option<i64>| {
            let c = At {
                shape: vec![],
                value: flag.map(|f| vec![f]),
            };
            evaluate(&g, &[("x".to_owned(), At::shape(&[5])), ("c".to_owned(), c)].into())
        };
        assert!(at(Some(0)).is_ok());
        assert!(at(None).is_ok());
        assert_eq!(at(Some(1)).err().unwrap().name, "out_Add");
    }
}
