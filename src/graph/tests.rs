//! Graphs of small and of broken models.

use super::sample::{body, graph, import, int, model, node, proto, value, with};
use super::*;
use crate::model::onnx::{FunctionProto, GraphProto, StringStringEntryProto, TensorAnnotation};
use crate::model::{Attributes, DataType, Tensor};
use std::sync::Arc;

fn built(g: GraphProto) -> Graph {
    Graph::new(model(&proto(g, vec![])))
}

fn tensor<'a>(graph: &'a Graph, name: &str) -> &'a TensorInfo {
    graph.tensors.iter().find(|t| &*t.name == name).unwrap()
}

fn problems(graph: &Graph, kind: ProblemKind) -> Vec<&str> {
    graph
        .problems
        .iter()
        .filter(|p| p.kind == kind)
        .map(|p| p.message.as_str())
        .collect()
}

fn weight(name: &str) -> crate::model::onnx::TensorProto {
    Tensor::from_f32(&[2], &[1.0, 2.0]).unwrap().to_proto(name)
}

#[test]
fn names_producers_and_consumers_are_resolved() {
    let g = built(graph(
        &["x"],
        &["z"],
        vec![weight("w")],
        vec![node("Mul", &["x", "w"], &["y"]), node("Clip", &["y", "", "w"], &["z"])],
    ));
    assert!(g.problems.is_empty(), "{:?}", g.problems);
    let w = tensor(&g, "w");
    assert_eq!(
        (w.kind, w.producer, w.stored_bytes),
        (TensorKind::Constant, Producer::Initializer, 8)
    );
    assert_eq!(w.ty.to_string(), "float32 2");
    assert_eq!(w.consumers, [(NodeId(0), 1), (NodeId(1), 2)]);
    assert_eq!(g.nodes[1].inputs[1], None);
    assert!(tensor(&g, "z").is_output);
    let y = tensor(&g, "y");
    assert_eq!(
        y.producer,
        Producer::Node {
            node: NodeId(0),
            output: 0
        }
    );
    assert_eq!(g.find(&NodePath::top(1)), Some(NodeId(1)));
    assert_eq!(g.find(&NodePath::top(2)), None);
    assert_eq!(g.opset(0, "ai.onnx"), Some(21));
    assert_eq!(g.opset(0, "com.microsoft"), None);
}

/// If with a body that reads an outer tensor, inside it another If that does.
fn nested() -> GraphProto {
    let inner = graph(
        &[],
        &["i"],
        vec![],
        vec![with(node("Add", &["x", "o"], &["i"]), int("mark", 7))],
    );
    let other = graph(&[], &["j"], vec![weight("j")], vec![]);
    let outer = graph(
        &[],
        &["q"],
        vec![],
        vec![
            node("Neg", &["x"], &["o"]),
            with(
                with(node("If", &["c"], &["q"]), body("then_branch", inner)),
                body("else_branch", other.clone()),
            ),
        ],
    );
    let other = graph(&[], &["j"], vec![weight("j")], vec![]);
    graph(
        &["x", "c"],
        &["y"],
        vec![],
        vec![with(
            with(node("If", &["c"], &["y"]), body("then_branch", outer)),
            body("else_branch", other),
        )],
    )
}

#[test]
fn bodies_capture_outer_tensors() {
    let g = built(nested());
    assert!(g.problems.is_empty(), "{:?}", g.problems);
    assert_eq!(g.bodies.len(), 5);
    let path = NodePath::top(0).child("then_branch", 1).child("then_branch", 0);
    let add = g.find(&path).unwrap();
    assert_eq!(&*g.node(add).op_type, "Add");
    assert_eq!(g.proto(add).int("mark"), Some(7));
    let x = tensor(&g, "x");
    let through_bodies: Vec<_> = x.consumers.iter().filter(|(_, i)| *i == u32::MAX).collect();
    assert_eq!(through_bodies.len(), 2, "both Ifs around it");
    assert!(x.consumers.contains(&(add, 0)));
    // The inner If captures x and o, the outer only x and c.
    let names = |id: NodeId| {
        g.node(id)
            .captures
            .iter()
            .map(|t| g.tensor(*t).name.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(g.find(&NodePath::top(0).child("then_branch", 1)).unwrap()),
        ["x", "o"]
    );
    assert_eq!(names(NodeId(0)), ["x", "c"]);
    let order = g.topological_order();
    assert_eq!(order.len(), g.nodes.len());
    assert!(order.iter().position(|n| *n == add) < order.iter().position(|n| *n == NodeId(0)));
    for body in 0..g.bodies.len() as u32 {
        assert_eq!(
            g.body_proto(body).unwrap().node.len(),
            g.bodies[body as usize].nodes.len()
        );
    }
}

#[test]
fn functions_are_listed_once_and_calls_resolved() {
    let function = FunctionProto {
        name: Some("twice".into()),
        domain: Some("my".into()),
        input: vec!["a".into()],
        output: vec!["b".into()],
        node: vec![node("Add", &["a", "a"], &["b"])],
        opset_import: vec![import("", 18)],
        ..Default::default()
    };
    let mut call = node("twice", &["x"], &["y"]);
    call.domain = Some("my".into());
    let mut p = proto(
        graph(&["x"], &["z"], vec![], vec![call.clone(), node("Neg", &["y"], &["z"])]),
        vec![function.clone()],
    );
    p.opset_import.push(import("my", 1));
    let g = Graph::new(model(&p));
    assert!(g.problems.is_empty(), "{:?}", g.problems);
    assert_eq!(g.nodes[0].function, Some(1));
    assert_eq!(&*g.bodies[1].name, "my::twice");
    let path: NodePath = serde_json::from_str(r#"["my::twice", 0]"#).unwrap();
    let inside = g.find(&path).unwrap();
    assert_eq!((&*g.node(inside).op_type, &g.node(inside).path), ("Add", &path));
    assert_eq!((g.opset(1, ""), g.opset(0, "")), (Some(18), Some(21)));
    assert_eq!(g.proto(inside).op_type.as_deref(), Some("Add"));

    let mut recursive = function;
    recursive.node[0] = call;
    recursive.node[0].input[0] = "a".into();
    recursive.node[0].output[0] = "b".into();
    p.functions = vec![recursive];
    let g = Graph::new(model(&p));
    assert_eq!(
        problems(&g, ProblemKind::Cycle),
        ["function \"my::twice\" calls itself"]
    );
}

#[test]
fn old_models_list_initializers_as_inputs() {
    let mut p = proto(
        graph(
            &["x", "w"],
            &["y"],
            vec![weight("w")],
            vec![node("Mul", &["x", "w"], &["y"])],
        ),
        vec![],
    );
    p.ir_version = Some(3);
    let g = Graph::new(model(&p));
    assert_eq!(g.bodies[0].inputs.len(), 1);
    assert_eq!(tensor(&g, "w").kind, TensorKind::Constant);
    assert!(g.problems.is_empty());
}

#[test]
fn cycles_are_found_and_named() {
    let g = built(graph(
        &["x"],
        &["d"],
        vec![],
        vec![
            node("Add", &["x", "c"], &["a"]),
            node("Neg", &["a"], &["b"]),
            node("Neg", &["b"], &["c"]),
            node("Neg", &["c"], &["d"]),
            node("Add", &["x", "s"], &["s"]),
        ],
    ));
    assert_eq!(
        problems(&g, ProblemKind::Cycle),
        [
            "3 nodes feed each other in a cycle: node \"a_Add\" (Add), node \"b_Neg\" (Neg), node \"c_Neg\" (Neg)",
            "node \"s_Add\" (Add) reads its own output",
        ]
    );
    assert_eq!(problems(&g, ProblemKind::Order), Vec::<&str>::new());
    assert_eq!(g.topological_order().len(), 5);
}

#[test]
fn a_body_that_reads_its_owner_is_a_cycle() {
    let inner = graph(&[], &["i"], vec![], vec![node("Neg", &["y"], &["i"])]);
    let g = built(graph(
        &["c"],
        &["y"],
        vec![],
        vec![with(
            with(node("If", &["c"], &["y"]), body("then_branch", inner.clone())),
            body("else_branch", inner),
        )],
    ));
    assert_eq!(problems(&g, ProblemKind::Cycle).len(), 1);
}

#[test]
fn disorder_is_reported_and_repaired() {
    let g = built(graph(
        &["x"],
        &["z"],
        vec![],
        vec![node("Neg", &["y"], &["z"]), node("Neg", &["x"], &["y"])],
    ));
    assert_eq!(
        problems(&g, ProblemKind::Order),
        ["node \"z_Neg\" (Neg) stands before node \"y_Neg\" (Neg), which it reads from"]
    );
    assert_eq!(g.topological_order(), [NodeId(1), NodeId(0)]);
    assert_eq!(g.problems.len(), 1);
}

#[test]
fn missing_and_duplicate_names_are_reported() {
    let mut twin = node("Neg", &["x"], &["y"]);
    twin.name = Some("y_Neg".into());
    let g = built(graph(
        &["x"],
        &["y", "out"],
        vec![],
        vec![node("Neg", &["nothing"], &["y"]), twin],
    ));
    assert_eq!(
        problems(&g, ProblemKind::MissingInput),
        ["input 0 of node \"y_Neg\" (Neg), \"nothing\", is produced by nothing"]
    );
    assert_eq!(
        problems(&g, ProblemKind::MissingOutput),
        ["output \"out\" is produced by no node"]
    );
    assert_eq!(
        problems(&g, ProblemKind::DuplicateName),
        [
            "tensor \"y\" is produced more than once",
            "2 nodes are called \"y_Neg\""
        ]
    );
}

#[test]
fn domains_that_are_not_imported_are_reported_once() {
    let mut gelu = node("Gelu", &["x"], &["y"]);
    gelu.domain = Some("com.microsoft".into());
    let mut again = gelu.clone();
    again.output[0] = "z".into();
    again.name = None;
    let g = built(graph(&["x"], &["y", "z"], vec![], vec![gelu, again]));
    assert_eq!(problems(&g, ProblemKind::MissingOpset).len(), 1);
}

#[test]
fn declarations_that_contradict_the_data_are_reported() {
    let mut g = graph(
        &["x"],
        &["y"],
        vec![weight("w")],
        vec![node("Mul", &["x", "w"], &["y"])],
    );
    g.value_info = vec![value("w", DataType::Float32, &[3]), value("y", DataType::Int64, &[2])];
    let g = built(g);
    let found = problems(&g, ProblemKind::Contradiction);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found
            .iter()
            .any(|m| m.contains("\"w\"") && m.contains("shape 2 against 3")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|m| m.contains("\"y\"") && m.contains("int64 against float32")),
        "{found:?}"
    );
}

#[test]
fn constants_have_values_in_every_spelling() {
    let mut ints = node("Constant", &[], &["k"]);
    ints.attribute.push(super::sample::ints("value_ints", &[4, 5]));
    let g = built(graph(
        &["x"],
        &["x2"],
        vec![weight("w")],
        vec![ints, node("Add", &["x", "w"], &["x2"])],
    ));
    let id = |name: &str| TensorId(g.tensors.iter().position(|t| &*t.name == name).unwrap() as u32);
    assert_eq!(g.constant(id("k")).unwrap().unwrap().to_i64().unwrap(), [4, 5]);
    assert_eq!(g.tensor(id("k")).kind, TensorKind::Constant);
    assert_eq!(g.tensor(id("k")).ty.to_string(), "int64 2");
    assert_eq!(g.constant(id("w")).unwrap().unwrap().to_f32().unwrap(), [1.0, 2.0]);
    assert!(g.constant(id("x")).is_none());
}

#[test]
fn quantization_annotations_are_found() {
    let mut g = graph(&["x"], &["y"], vec![], vec![node("Neg", &["x"], &["y"])]);
    g.quantization_annotation = vec![TensorAnnotation {
        tensor_name: Some("x".into()),
        quant_parameter_tensor_names: vec![StringStringEntryProto {
            key: Some("SCALE_TENSOR".into()),
            value: Some("s".into()),
            ..Default::default()
        }],
        ..Default::default()
    }];
    let g = built(g);
    let x = TensorId(g.tensors.iter().position(|t| &*t.name == "x").unwrap() as u32);
    assert_eq!(g.quantization(x).unwrap().quant_parameter_tensor_names.len(), 1);
}

#[test]
fn long_chains_and_deep_bodies_need_no_deep_stack() {
    let nodes = (0..20_000)
        .map(|i| node("Neg", &[&format!("t{i}")], &[&format!("t{}", i + 1)]))
        .rev()
        .collect();
    let g = built(graph(&["t0"], &["t20000"], vec![], nodes));
    assert_eq!(g.topological_order().first(), Some(&NodeId(19_999)));

    let mut inner = graph(&[], &["i"], vec![], vec![node("Neg", &["x"], &["i"])]);
    for _ in 0..25 {
        inner = graph(
            &[],
            &["i"],
            vec![],
            vec![with(node("If", &["x"], &["i"]), body("then_branch", inner))],
        );
    }
    inner.input = vec![value("x", DataType::Bool, &[])];
    let g = Graph::new(Arc::new((*model(&proto(inner, vec![]))).clone()));
    assert_eq!(g.bodies.len(), 26);
}
