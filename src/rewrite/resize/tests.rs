use super::*;
use crate::graph::sample::{graph, int, ints, model, node, proto, value, weight, with};
use crate::graph::sizes::{At, evaluate};
use crate::model::onnx::{GraphProto, NodeProto, TensorProto};
use crate::model::{DataType, Tensor};
use crate::rewrite::clean::Done;
use std::collections::BTreeMap;

fn vector(name: &str, values: &[i64]) -> TensorProto {
    Tensor::from_i64(&[values.len() as u64], values).unwrap().to_proto(name)
}

/// A graph of float32 with input `x` and output `y`.
fn build(x: &[i64], constants: Vec<TensorProto>, nodes: Vec<NodeProto>) -> GraphProto {
    let mut g = graph(&[], &["y"], constants, nodes);
    g.input = vec![value("x", DataType::Float32, x)];
    g.output.iter_mut().for_each(|o| o.r#type = Default::default());
    g
}

fn open(g: GraphProto) -> Result<(Done, Graph), String> {
    let done = open_size(&model(&proto(g, vec![])), "batch", &["x:0".into()])?;
    let graph = Graph::new(done.model.clone());
    Ok((done, graph))
}

fn shape(graph: &Graph, name: &str) -> String {
    let tensor = graph.tensors.iter().find(|t| &*t.name == name).unwrap();
    tensor.ty.shape.as_ref().unwrap().to_string()
}

/// Shapes of the graph with another batch: without a contradiction, or the test fails.
fn at(graph: &Graph, batch: u64, name: &str) -> String {
    let top = graph.tensor(graph.bodies[0].inputs[0]).ty.shape.clone().unwrap();
    let dims: Vec<u64> = top
        .0
        .iter()
        .map(|d| if let Dim::Known(n) = d { *n } else { batch })
        .collect();
    assert_eq!(graph.problems, []);
    let at = [("x".to_owned(), At::shape(&dims))].into();
    shape(&evaluate(graph, &at).unwrap(), name)
}

#[test]
fn open_sizes_are_fixed_by_symbol_and_by_axis() {
    let mut g = build(&[-1, 3, -1], vec![], vec![node("Relu", &["x"], &["y"])]);
    let dims = super::dims(&mut g.input[0]).unwrap();
    dims[0].value = Some(DimValue::DimParam("batch".into()));
    let model = model(&proto(g, vec![]));
    let fix = |sizes: &[(&str, u64)]| {
        fix_sizes(
            &model,
            &sizes
                .iter()
                .map(|(n, s)| ((*n).to_owned(), *s))
                .collect::<BTreeMap<_, _>>(),
        )
    };
    let done = fix(&[("batch", 2), ("x:2", 5)]).unwrap();
    assert_eq!(shape(&Graph::new(done.model), "y"), "2x3x5");
    assert_eq!(
        (done.summary.as_str(), done.notes.len()),
        ("Fixed 2 sizes of inputs", 2)
    );
    // An axis that has a symbol is that symbol.
    assert_eq!(shape(&Graph::new(fix(&[("x:0", 4)]).unwrap().model), "y"), "4x3x?");
    for (sizes, reason) in [
        (
            &[("btch", 2)][..],
            "there is no open size \"btch\"; there are batch, x:2",
        ),
        (&[("x:1", 4)][..], "x:1 is fixed at 3 already, not at 4"),
        (&[("x:7", 4)][..], "there is no axis 7"),
        (&[("batch", 2), ("x:0", 3)][..], "cannot be 2 and 3"),
        (&[("batch", 0)][..], "cannot be fixed at 0"),
    ] {
        let error = fix(sizes).err().unwrap();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn reshapes_that_hold_the_batch_are_rewritten() {
    let nodes = vec![
        node("Reshape", &["x", "flat"], &["a"]),
        node("Reshape", &["a", "heads"], &["b"]),
        node("Reshape", &["b", "free"], &["c"]),
        node("Reshape", &["c", "back"], &["y"]),
    ];
    let constants = vec![
        vector("flat", &[2, 48]),
        vector("heads", &[2, 6, -1]),
        // Merged with the heads: 2 x 6.
        vector("free", &[12, 8]),
        vector("back", &[2, 6, 8]),
    ];
    let (done, graph) = open(build(&[2, 3, 4, 4], constants, nodes)).unwrap();
    assert_eq!(done.notes.len(), 5, "{:?}", done.notes);
    for batch in [1, 2, 5] {
        assert_eq!(at(&graph, batch, "y"), format!("{batch}x6x8"));
    }
    assert_eq!(shape(&graph, "y"), "batchx6x8");
    // Constants that nobody reads any more are gone.
    assert_eq!(graph.tensors.iter().filter(|t| &*t.name == "flat").count(), 0);
}

#[test]
fn a_batch_of_one_is_opened_and_what_has_one_is_expanded() {
    // A class token of batch 1 in front of patches, as vision transformers have it; a first state of a recurrent layer.
    let nodes = vec![
        with(node("Transpose", &["x"], &["p"]), ints("perm", &[0, 2, 1])),
        with(node("Concat", &["token", "p"], &["q"]), int("axis", 1)),
        with(node("Transpose", &["q"], &["t"]), ints("perm", &[1, 0, 2])),
        with(
            node("LSTM", &["t", "w", "r", "", "", "h", "h"], &["l"]),
            int("hidden_size", 2),
        ),
        with(node("Squeeze", &["l", "one"], &["y"]), int("unused", 0)),
    ];
    let constants = vec![
        weight("token", &[1, 1, 4]),
        weight("w", &[1, 8, 4]),
        weight("r", &[1, 8, 2]),
        weight("h", &[1, 1, 2]),
        vector("one", &[1]),
    ];
    let mut nodes = nodes;
    nodes[4].attribute.clear();
    let (done, graph) = open(build(&[1, 4, 9], constants, nodes)).unwrap();
    assert_eq!(
        done.notes.iter().filter(|n| n.1.contains("expanded to batch")).count(),
        3,
        "{:?}",
        done.notes
    );
    for batch in [1, 3] {
        assert_eq!(at(&graph, batch, "y"), format!("10x{batch}x2"));
    }
}

#[test]
fn slices_to_the_end_and_expansions_follow() {
    let nodes = vec![
        node("Slice", &["x", "zero", "two", "zero"], &["a"]),
        node("Expand", &["small", "shape"], &["e"]),
        node("Add", &["a", "e"], &["y"]),
    ];
    let constants = vec![
        vector("zero", &[0]),
        vector("two", &[2]),
        vector("shape", &[2, 4]),
        weight("small", &[1, 4]),
    ];
    let (_, graph) = open(build(&[2, 4], constants, nodes)).unwrap();
    for batch in [1, 2, 7] {
        assert_eq!(at(&graph, batch, "y"), format!("{batch}x4"));
    }
}

#[test]
fn what_cannot_be_told_apart_is_refused_by_name() {
    // Weights for each of two images.
    let g = build(
        &[2, 4],
        vec![weight("w", &[2, 4])],
        vec![node("Add", &["x", "w"], &["y"])],
    );
    let error = open(g).err().unwrap();
    assert!(
        error.contains("node y_Add (Add)") && error.contains("\"w\" holds 2 on axis 0"),
        "{error}"
    );
    // A batch that is a part of a number in the target.
    let g = build(
        &[4, 6],
        vec![vector("s", &[3, 8])],
        vec![node("Reshape", &["x", "s"], &["y"])],
    );
    let error = open(g).err().unwrap();
    assert!(
        error.contains("node y_Reshape (Reshape)") && error.contains("stands for batch (4)"),
        "{error}"
    );
    let g = || build(&[2, 4], vec![], vec![node("Relu", &["x"], &["y"])]);
    let m = model(&proto(g(), vec![]));
    for (name, axes, reason) in [
        ("batch", &["z:0"][..], "no input \"z\"; it has x"),
        ("batch", &["x"][..], "as in images:0"),
        ("batch", &["x:0", "x:1"][..], "x:1 is 4 and x:0 is 2"),
        ("2x", &["x:0"][..], "is no name for a size"),
    ] {
        let axes: Vec<String> = axes.iter().map(|a| (*a).to_owned()).collect();
        let error = open_size(&m, name, &axes).err().unwrap();
        assert!(error.contains(reason), "{error}");
    }
}
