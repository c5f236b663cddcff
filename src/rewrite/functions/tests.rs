//! Inlining small models; what it computes is compared in `tests/cleanup`.

use super::*;
use crate::graph::sample::{body, graph, import, int, ints, model, node, proto, value, with};
use crate::graph::{Problem, ProblemKind};
use crate::model::onnx::{AttributeProto, attribute_proto::AttributeType};
use crate::model::{Attributes, DataType, Tensor};
use crate::rewrite::{PatchSpec, apply};

fn function(name: &str, inputs: &[&str], outputs: &[&str], nodes: Vec<NodeProto>) -> FunctionProto {
    FunctionProto {
        name: Some(name.into()),
        domain: Some("own".into()),
        input: inputs.iter().map(|s| (*s).into()).collect(),
        output: outputs.iter().map(|s| (*s).into()).collect(),
        node: nodes,
        opset_import: vec![import("", 21), import("own", 1)],
        ..Default::default()
    }
}

fn call(name: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    NodeProto {
        domain: Some("own".into()),
        ..node(name, inputs, outputs)
    }
}

/// An attribute that takes the value of the call's.
fn reference(name: &str, of: &str, r#type: AttributeType) -> AttributeProto {
    AttributeProto {
        name: Some(name.into()),
        r#type: Some(r#type),
        ref_attr_name: Some(of.into()),
        ..Default::default()
    }
}

fn source(nodes: Vec<NodeProto>, functions: Vec<FunctionProto>) -> ModelProto {
    let mut p = proto(graph(&["x"], &["y"], vec![], nodes), functions);
    p.opset_import.push(import("own", 1));
    p
}

fn inlined(p: &ModelProto) -> Result<Done, String> {
    let done = inline_functions(&model(p))?;
    let after = Graph::new(done.model.clone());
    let is_structural = |p: &&Problem| p.kind != ProblemKind::Contradiction;
    let wrong: Vec<_> = after.problems.iter().filter(is_structural).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(done.model.proto().functions.is_empty());
    Ok(done)
}

fn refused(p: &ModelProto) -> String {
    inlined(p).err().expect("it was not refused")
}

fn lines(nodes: &[NodeProto]) -> Vec<String> {
    let line = |n: &NodeProto| {
        let op = n.op_type.as_deref().unwrap_or_default();
        format!("{} = {op}({})", n.output.join(","), n.input.join(","))
    };
    nodes.iter().map(line).collect()
}

#[test]
fn calls_in_calls_become_nodes_under_names_of_their_own() {
    let twice = function("twice", &["a"], &["b"], vec![node("Add", &["a", "a"], &["b"])]);
    let both = function(
        "both",
        &["a"],
        &["b"],
        vec![
            call("twice", &["a"], &["t"]),
            node("Neg", &["t"], &["x"]),
            call("twice", &["x"], &["b"]),
        ],
    );
    let never = function("never", &["a"], &["b"], vec![node("Exp", &["a"], &["b"])]);
    let p = source(
        vec![call("both", &["x"], &["h"]), call("both", &["h"], &["y"])],
        vec![twice, both, never],
    );
    let done = inlined(&p).unwrap();
    assert_eq!(
        lines(&done.model.graph().node),
        [
            "h_both/t = Add(x,x)",
            "h_both/x = Neg(h_both/t)",
            "h = Add(h_both/x,h_both/x)",
            "y_both/t = Add(h,h)",
            "y_both/x = Neg(y_both/t)",
            "y = Add(y_both/x,y_both/x)",
        ]
    );
    let names: Vec<_> = done
        .model
        .graph()
        .node
        .iter()
        .filter_map(|n| n.name.as_deref())
        .collect();
    assert_eq!(names[..2], ["h_both/t_twice/b_Add", "h_both/x_Neg"]);
    assert_eq!(
        done.summary,
        "Inlined 2 calls of 2 local functions, dropped 1 function that nothing calls"
    );
    assert_eq!(done.notes[0].1, "call of own::both replaced by 3 nodes");
    let domains: Vec<_> = done
        .model
        .proto()
        .opset_import
        .iter()
        .map(|i| i.domain.as_deref())
        .collect();
    assert_eq!(domains, [Some("")]);
}

#[test]
fn attributes_come_from_the_call_from_a_default_or_not_at_all() {
    let mut f = function(
        "f",
        &["a"],
        &["b"],
        vec![
            with(
                with(
                    node("LeakyRelu", &["a"], &["t"]),
                    reference("alpha", "slope", AttributeType::FLOAT),
                ),
                reference("other", "left_out", AttributeType::INT),
            ),
            with(
                node("Transpose", &["t"], &["b"]),
                reference("perm", "order", AttributeType::INTS),
            ),
        ],
    );
    f.attribute = vec!["order".into(), "left_out".into()];
    f.attribute_proto = vec![AttributeProto {
        name: Some("slope".into()),
        r#type: Some(AttributeType::FLOAT),
        f: Some(0.25),
        ..Default::default()
    }];
    let outer = FunctionProto {
        attribute: vec!["way".into()],
        ..function(
            "outer",
            &["a"],
            &["b"],
            vec![with(
                call("f", &["a"], &["b"]),
                reference("order", "way", AttributeType::INTS),
            )],
        )
    };
    let p = source(
        vec![
            with(call("f", &["x"], &["h"]), ints("order", &[1, 0])),
            with(call("outer", &["h"], &["y"]), ints("way", &[0, 1])),
        ],
        vec![f.clone(), outer],
    );
    let done = inlined(&p).unwrap();
    let nodes = &done.model.graph().node;
    assert_eq!(nodes[0].float("alpha"), Some(0.25));
    assert!(nodes[0].attr("other").is_none());
    assert_eq!(nodes[1].ints("perm"), Some(&[1, 0][..]));
    assert_eq!(nodes[3].ints("perm"), Some(&[0, 1][..]));
    assert!(
        nodes
            .iter()
            .flat_map(|n| &n.attribute)
            .all(|a| a.ref_attr_name.is_none())
    );
    let error = refused(&source(vec![with(call("f", &["x"], &["y"]), int("order", 1))], vec![f]));
    assert!(error.contains("\"order\" as INTS, the call gives INT"), "{error}");
}

#[test]
fn inputs_and_outputs_may_be_left_out() {
    let f = function(
        "f",
        &["a", "low", "high"],
        &["b", "c"],
        vec![node("Clip", &["a", "low", "high"], &["b"]), node("Neg", &["b"], &["c"])],
    );
    let mut p = source(
        vec![call("f", &["x", "", "x"], &["h"]), call("f", &["h"], &["", "y"])],
        vec![f],
    );
    let done = inlined(&p).unwrap();
    assert_eq!(
        lines(&done.model.graph().node),
        ["h = Clip(x,,x)", "h_f/c = Neg(h)", "_f/b = Clip(h,,)", "y = Neg(_f/b)"]
    );
    p.graph.get_or_insert_default().node = vec![call("f", &["", "x"], &["y"])];
    assert!(refused(&p).contains("needs the input \"a\", which the call leaves out"));
    p.graph.get_or_insert_default().node = vec![call("f", &["x", "x", "x", "x"], &["y"])];
    assert!(refused(&p).contains("the call has 4 inputs, function own::f has 3"));
}

#[test]
fn what_is_only_passed_on_gets_an_identity() {
    let f = function("f", &["a"], &["a", "b", "b"], vec![node("Exp", &["a"], &["b"])]);
    let p = source(vec![call("f", &["x"], &["h", "i", "y"])], vec![f]);
    let done = inlined(&p).unwrap();
    assert_eq!(
        lines(&done.model.graph().node),
        ["i = Exp(x)", "h = Identity(x)", "y = Identity(i)"]
    );
    let f = function("f", &["a"], &["nowhere"], vec![node("Exp", &["a"], &["b"])]);
    let error = refused(&source(vec![call("f", &["x"], &["y"])], vec![f]));
    assert!(error.contains("\"nowhere\" is made by none"), "{error}");
    let f = function("f", &["a"], &["b"], vec![node("Add", &["a", "gone"], &["b"])]);
    let error = refused(&source(vec![call("f", &["x"], &["y"])], vec![f]));
    assert!(error.contains("reads \"gone\", which nothing in it makes"), "{error}");
}

#[test]
fn bodies_of_functions_do_not_catch_what_the_call_gives() {
    // The body's own x must not be taken for the x that the call passes as a.
    let branch = |op: &str| {
        let two = Tensor::from_f32(&[1], &[2.0]).unwrap().to_proto("k");
        graph(
            &[],
            &["o"],
            vec![two],
            vec![
                node("Exp", &["a"], &["x"]),
                node(op, &["x", "a"], &["s"]),
                call("twice", &["s"], &["t"]),
                node("Mul", &["t", "k"], &["o"]),
            ],
        )
    };
    let choose = with(
        with(node("If", &["c"], &["b"]), body("then_branch", branch("Add"))),
        body("else_branch", branch("Sub")),
    );
    let twice = function("twice", &["a"], &["b"], vec![node("Add", &["a", "a"], &["b"])]);
    let f = function("f", &["a", "c"], &["b"], vec![choose]);
    let mut p = source(vec![call("f", &["x", "c"], &["y"])], vec![f, twice]);
    p.graph
        .get_or_insert_default()
        .input
        .push(value("c", DataType::Bool, &[]));
    let done = inlined(&p).unwrap();
    let node = &done.model.graph().node[0];
    let branch = |name: &str| node.body(name).unwrap();
    assert_eq!(
        lines(&branch("then_branch").node),
        [
            "y_f/x = Exp(x)",
            "y_f/s = Add(y_f/x,x)",
            "y_f/t = Add(y_f/s,y_f/s)",
            "y_f/o = Mul(y_f/t,y_f/k)"
        ]
    );
    assert_eq!(branch("then_branch").output[0].name.as_deref(), Some("y_f/o"));
    assert_eq!(branch("else_branch").output[0].name.as_deref(), Some("y_f/o_2"));
    assert_eq!(branch("else_branch").initializer[0].name.as_deref(), Some("y_f/k_2"));
}

#[test]
fn overloads_are_told_apart() {
    let one = function("f", &["a"], &["b"], vec![node("Exp", &["a"], &["b"])]);
    let mut other = function("f", &["a"], &["b"], vec![node("Log", &["a"], &["b"])]);
    other.overload = Some("2".into());
    let mut second = call("f", &["h"], &["y"]);
    second.overload = Some("2".into());
    let p = source(vec![call("f", &["x"], &["h"]), second], vec![one, other]);
    let done = inlined(&p).unwrap();
    assert_eq!(lines(&done.model.graph().node), ["h = Exp(x)", "y = Log(h)"]);
}

#[test]
fn older_functions_and_older_models_are_raised() {
    let squeeze = with(node("Squeeze", &["a"], &["b"]), ints("axes", &[0]));
    let mut f = function("f", &["a"], &["b"], vec![squeeze]);
    f.opset_import = vec![import("", 12)];
    let mut g = graph(&[], &["y"], vec![], vec![call("f", &["x"], &["y"])]);
    g.input = vec![value("x", DataType::Float32, &[1, 3])];
    let mut p = proto(g, vec![f]);
    p.opset_import = vec![import("", 17), import("own", 1)];
    let done = inlined(&p).unwrap();
    assert_eq!(
        lines(&done.model.graph().node),
        ["y_f/b__axes = Constant()", "y = Squeeze(x,y_f/b__axes)"]
    );
    assert!(done.summary.contains("opset 12 was raised to 17"), "{}", done.summary);
    assert_eq!(Graph::new(done.model).opset(0, ""), Some(17));

    p.opset_import[0].version = Some(12);
    p.functions[0].opset_import[0].version = Some(13);
    p.functions[0].node = vec![node("Exp", &["a"], &["b"])];
    let done = inlined(&p).unwrap();
    assert_eq!(Graph::new(done.model).opset(0, ""), Some(13));

    // A meaning that cannot be kept is refused by name.
    p.functions[0].opset_import[0].version = Some(10);
    p.functions[0].node = vec![node("OneHot", &["a", "a", "a"], &["b"])];
    p.opset_import[0].version = Some(17);
    let error = refused(&p);
    assert!(
        error.contains("function own::f: b_OneHot: OneHot takes negative indices"),
        "{error}"
    );
}

#[test]
fn other_operator_sets_are_imported_or_refused() {
    let foreign = NodeProto {
        domain: Some("com.microsoft".into()),
        ..node("Gelu", &["a"], &["b"])
    };
    let mut f = function("f", &["a"], &["b"], vec![foreign]);
    f.opset_import.push(import("com.microsoft", 1));
    let mut p = source(vec![call("f", &["x"], &["y"])], vec![f]);
    let done = inlined(&p).unwrap();
    let imports = &done.model.proto().opset_import;
    assert_eq!(imports.len(), 2);
    assert_eq!(imports[1].domain.as_deref(), Some("com.microsoft"));
    p.opset_import.push(import("com.microsoft", 2));
    let error = refused(&p);
    assert!(
        error.contains("the model imports version 2 of com.microsoft, function own::f imports version 1"),
        "{error}"
    );
}

#[test]
fn recursion_and_what_would_grow_without_end_are_refused_at_once() {
    let f = function("f", &["a"], &["b"], vec![call("g", &["a"], &["b"])]);
    let g = function("g", &["a"], &["b"], vec![call("f", &["a"], &["b"])]);
    let error = refused(&source(vec![call("f", &["x"], &["y"])], vec![f, g]));
    assert!(error.contains("calls itself"), "{error}");

    // Ten calls each of the next, twelve deep.
    let level = |n: usize| {
        let next = format!("f{}", n + 1);
        let nodes = (0..10)
            .map(|i| {
                let (from, to) = (format!("t{i}"), format!("t{}", i + 1));
                let from = if i == 0 { "a".to_owned() } else { from };
                match n {
                    11 => node("Exp", &[&from], &[&to]),
                    _ => call(&next, &[&from], &[&to]),
                }
            })
            .collect();
        function(&format!("f{n}"), &["a"], &["t10"], nodes)
    };
    let p = source(vec![call("f0", &["x"], &["y"])], (0..12).map(level).collect());
    let error = refused(&p);
    assert!(error.contains("nodes; the limit is 500,000"), "{error}");

    // One call each, but far too deep.
    let chain = |n: usize| {
        let inner = match n {
            199 => node("Exp", &["a"], &["b"]),
            _ => call(&format!("f{}", n + 1), &["a"], &["b"]),
        };
        function(&format!("f{n}"), &["a"], &["b"], vec![inner])
    };
    let p = source(vec![call("f0", &["x"], &["y"])], (0..200).map(chain).collect());
    let error = refused(&p);
    assert!(error.contains("call one another in a row; the limit is 64"), "{error}");
}

#[test]
fn other_patches_work_on_the_result_and_raising_inlines_first() {
    let squeeze = function("f", &["a"], &["b"], vec![node("Exp", &["a"], &["b"])]);
    let p = source(vec![call("f", &["x"], &["y"])], vec![squeeze]);
    let done = apply(&model(&p), &PatchSpec::RaiseOpset { to: 22 }).unwrap();
    assert!(
        done.summary.contains("local functions were inlined first"),
        "{}",
        done.summary
    );
    assert_eq!(lines(&done.model.graph().node), ["y = Exp(x)"]);
    assert_eq!(done.diff.changed.len() + done.diff.removed.len(), 2, "{:?}", done.diff);
}
