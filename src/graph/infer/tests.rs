//! Inference on small graphs: what exporters write, control flow, functions, and models that mean harm.

use crate::graph::sample::{body, graph, import, int, ints, model, node, proto, value, with};
use crate::graph::{Graph, ProblemKind};
use crate::model::DataType::{self, Float32, Int64};
use crate::model::Tensor;
use crate::model::onnx::__buffa::oneof::{tensor_shape_proto::dimension, type_proto};
use crate::model::onnx::{AttributeProto, FunctionProto, GraphProto, NodeProto, TensorProto, ValueInfoProto};
use proptest::prelude::*;

fn untyped(name: &str) -> ValueInfoProto {
    ValueInfoProto {
        name: Some(name.into()),
        ..Default::default()
    }
}

/// A value whose negative sizes have names: the n-th negative one is `names[n]`.
fn named(name: &str, dtype: DataType, dims: &[i64], names: &[&str]) -> ValueInfoProto {
    let mut value = value(name, dtype, dims);
    let mut names = names.iter();
    if let Some(type_proto::Value::TensorType(t)) = &mut value.r#type.get_or_insert_default().value {
        for dim in &mut t.shape.get_or_insert_default().dim {
            if dim.value.is_none() {
                dim.value = names.next().map(|n| dimension::Value::DimParam((*n).into()));
            }
        }
    }
    value
}

fn vector(name: &str, values: &[i64]) -> TensorProto {
    Tensor::from_i64(&[values.len() as u64], values).unwrap().to_proto(name)
}

fn scalar(name: &str, value: i64) -> TensorProto {
    Tensor::from_i64(&[], &[value]).unwrap().to_proto(name)
}

fn build(inputs: Vec<ValueInfoProto>, weights: Vec<TensorProto>, nodes: Vec<NodeProto>) -> Graph {
    let mut g = graph(&[], &[], weights, nodes);
    g.output = g
        .node
        .last()
        .map(|n| n.output.iter().map(|o| untyped(o)).collect())
        .unwrap_or_default();
    g.input = inputs;
    Graph::new(model(&proto(g, vec![])))
}

fn ty(graph: &Graph, name: &str) -> String {
    graph.tensors.iter().find(|t| &*t.name == name).unwrap().ty.to_string()
}

#[test]
fn exported_attention_reshape_keeps_its_symbols() {
    // x.view(x.shape[0], x.shape[1], 12, 64).transpose(1, 2), as the TorchScript exporter writes it.
    let g = build(
        vec![named("x", Float32, &[-1, -1, 768], &["batch", "seq"])],
        vec![
            scalar("zero", 0),
            scalar("one", 1),
            vector("axis", &[0]),
            vector("heads", &[12]),
            vector("width", &[64]),
        ],
        vec![
            node("Shape", &["x"], &["s"]),
            node("Gather", &["s", "zero"], &["b"]),
            node("Shape", &["x"], &["s2"]),
            node("Gather", &["s2", "one"], &["t"]),
            node("Unsqueeze", &["b", "axis"], &["bu"]),
            node("Unsqueeze", &["t", "axis"], &["tu"]),
            with(
                node("Concat", &["bu", "tu", "heads", "width"], &["target"]),
                int("axis", 0),
            ),
            node("Reshape", &["x", "target"], &["r"]),
            with(node("Transpose", &["r"], &["q"]), ints("perm", &[0, 2, 1, 3])),
            with(node("Transpose", &["r"], &["k"]), ints("perm", &[0, 2, 3, 1])),
            node("MatMul", &["q", "k"], &["y"]),
        ],
    );
    assert_eq!(ty(&g, "r"), "float32 batchxseqx12x64");
    assert_eq!(ty(&g, "y"), "float32 batchx12xseqxseq");
    assert!(g.problems.is_empty(), "{:?}", g.problems);
}

#[test]
fn expand_with_minus_one_through_where() {
    // torch's expand: Where(Equal(shape, -1), 1, shape), then Expand.
    let g = build(
        vec![
            named("x", Float32, &[-1, 1], &["batch"]),
            named("like", Float32, &[-1, -1], &["batch", "seq"]),
        ],
        vec![vector("minus", &[-1, -1]), vector("two", &[2])],
        vec![
            node("Shape", &["like"], &["shape"]),
            node("ConstantOfShape", &["two"], &["zeros"]),
            with(node("Cast", &["zeros"], &["ones"]), int("to", 7)),
            node("Equal", &["shape", "minus"], &["is"]),
            node("Where", &["is", "ones", "shape"], &["target"]),
            node("Expand", &["x", "target"], &["y"]),
        ],
    );
    assert_eq!(ty(&g, "y"), "float32 batchxseq");
}

#[test]
fn sizes_through_convolutions_and_flatten() {
    let w = |name: &str| Tensor::from_f32(&[8, 8, 3, 3], &[0.0; 576]).unwrap().to_proto(name);
    let conv = |x: &str, y: &str| {
        with(
            with(node("Conv", &[x, "w"], &[y]), ints("pads", &[1, 1, 1, 1])),
            ints("strides", &[2, 2]),
        )
    };
    let g = build(
        vec![named("x", Float32, &[-1, 8, -1, 64], &["n", "h"])],
        vec![w("w")],
        vec![
            conv("x", "a"),
            conv("a", "b"),
            with(node("Flatten", &["b"], &["y"]), int("axis", 1)),
        ],
    );
    assert_eq!(ty(&g, "b"), "float32 nx8xfloor((h-1)/4)+1x16");
    assert_eq!(ty(&g, "y"), "float32 nx128*floor((h-1)/4)+128");
}

#[test]
fn reshape_with_an_unknown_size_that_is_copied() {
    let g = build(
        vec![value("x", Float32, &[-1, 6, 4])],
        vec![vector("target", &[0, -1])],
        vec![node("Reshape", &["x", "target"], &["y"])],
    );
    assert_eq!(ty(&g, "y"), "float32 ?x24");
}

#[test]
fn declared_types_win_and_contradictions_are_said() {
    let mut g = graph(
        &[],
        &[],
        vec![],
        vec![node("Relu", &["x"], &["m"]), node("Relu", &["m"], &["y"])],
    );
    g.input = vec![value("x", Float32, &[2, 3])];
    g.value_info = vec![value("m", Float32, &[2, 4])];
    g.output = vec![value("y", Int64, &[2, -1])];
    let g = Graph::new(model(&proto(g, vec![])));
    assert_eq!(ty(&g, "m"), "float32 2x4");
    assert_eq!(ty(&g, "y"), "int64 2x4");
    let said: Vec<&str> = g.problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "Relu \"m_Relu\": output \"m\" is declared 2x4, but its operator gives 2x3",
            "Relu \"y_Relu\": output \"y\" is declared int64, but its operator gives float32",
        ]
    );
    assert!(
        g.problems
            .iter()
            .all(|p| p.kind == ProblemKind::Contradiction && p.node.is_some())
    );
}

fn one_node_body(output: &str, n: NodeProto) -> GraphProto {
    let mut g = graph(&[], &[], vec![], vec![n]);
    g.output = vec![untyped(output)];
    g
}

fn if_node(then: NodeProto, other: NodeProto) -> NodeProto {
    let (a, b) = (then.output[0].clone(), other.output[0].clone());
    let branches = with(node("If", &["c"], &["y"]), body("then_branch", one_node_body(&a, then)));
    with(branches, body("else_branch", one_node_body(&b, other)))
}

#[test]
fn branches_are_joined_and_a_constant_condition_chooses() {
    let branches = || {
        if_node(
            node("Relu", &["x"], &["a"]),
            with(node("Concat", &["x", "x"], &["b"]), int("axis", 0)),
        )
    };
    let inputs = vec![value("x", Float32, &[2, 3]), value("c", DataType::Bool, &[])];
    assert_eq!(ty(&build(inputs, vec![], vec![branches()]), "y"), "float32 ?x3");
    let always = Tensor::from_bool(&[], &[false]).unwrap().to_proto("c");
    assert_eq!(
        ty(
            &build(vec![value("x", Float32, &[2, 3])], vec![always], vec![branches()]),
            "y"
        ),
        "float32 4x3"
    );
}

fn looped(step: NodeProto) -> NodeProto {
    let mut g = graph(&[], &[], vec![], vec![node("Identity", &["go"], &["on"]), step]);
    g.input = vec![untyped("i"), untyped("go"), untyped("v")];
    g.output = vec![untyped("on"), untyped("w"), untyped("w")];
    with(node("Loop", &["n", "", "x"], &["last", "rows"]), body("body", g))
}

#[test]
fn loops_keep_what_stays_and_open_what_grows() {
    let inputs = || vec![value("x", Float32, &[2, 3]), value("n", Int64, &[])];
    let same = build(inputs(), vec![], vec![looped(node("Relu", &["v"], &["w"]))]);
    assert_eq!(
        (ty(&same, "last"), ty(&same, "rows")),
        ("float32 2x3".into(), "float32 ?x2x3".into())
    );
    let grows = build(
        inputs(),
        vec![],
        vec![looped(with(node("Concat", &["v", "x"], &["w"]), int("axis", 0)))],
    );
    assert_eq!(
        (ty(&grows, "last"), ty(&grows, "w")),
        ("float32 ?x3".into(), "float32 ?x3".into())
    );
}

/// A loop over `prev` and `cur` of float32, each of size 1 at first: `cur` grows by one a round, and `prev` is what `cur`
/// was. `sum` adds up the sizes that `prev` has.
fn two_hops(step: NodeProto) -> NodeProto {
    let mut g = graph(
        &[],
        &[],
        vec![],
        vec![
            node("Identity", &["go"], &["on"]),
            node("Identity", &["cur"], &["prev_out"]),
            step,
            node("Shape", &["prev"], &["size"]),
            node("Size", &["size"], &["rank"]),
            node("Add", &["sum", "size"], &["sum_out"]),
        ],
    );
    g.input = ["i", "go", "prev", "cur", "sum"].map(untyped).to_vec();
    g.output = ["on", "prev_out", "cur_out", "sum_out"].map(untyped).to_vec();
    with(
        node("Loop", &["n", "", "x", "x", "zero"], &["p", "c", "s"]),
        body("body", g),
    )
}

#[test]
fn what_changes_over_two_rounds_is_open_inside_the_loop_too() {
    let weights = || vec![vector("zero", &[0]), vector("axis", &[0])];
    let inputs = || vec![value("x", Float32, &[1]), value("n", Int64, &[])];
    let grows = two_hops(with(node("Concat", &["cur", "x"], &["cur_out"]), int("axis", 0)));
    let g = build(inputs(), weights(), vec![grows]);
    for name in ["prev", "prev_out", "cur_out", "p", "c"] {
        assert_eq!(ty(&g, name), "float32 ?", "{name}");
        assert_eq!(
            g.tensors
                .iter()
                .find(|t| &*t.name == name)
                .unwrap()
                .ty
                .shape
                .as_ref()
                .unwrap()
                .0,
            [crate::graph::Dim::Unknown],
            "{name}"
        );
    }
    // The size of a list is the rank, which stays.
    assert_eq!(ty(&g, "sum_out"), "int64 1");
    let deeper = two_hops(node("Unsqueeze", &["cur", "axis"], &["cur_out"]));
    let g = build(inputs(), weights(), vec![deeper]);
    for name in ["prev", "cur", "p", "c"] {
        assert!(
            g.tensors.iter().find(|t| &*t.name == name).unwrap().ty.shape.is_none(),
            "{name}"
        );
    }
    assert_eq!(ty(&g, "size"), "int64 ?");
}

#[test]
fn a_chain_longer_than_the_walks_is_open_too() {
    // Ten carried tensors, each taking what the next had; the last grows.
    let names: Vec<String> = (0..10).map(|i| format!("v{i}")).collect();
    let outs: Vec<String> = (0..10).map(|i| format!("w{i}")).collect();
    let mut nodes = vec![node("Identity", &["go"], &["on"])];
    for i in 0..9 {
        nodes.push(node("Identity", &[&names[i + 1]], &[&outs[i]]));
    }
    nodes.push(with(node("Concat", &[&names[9], "x"], &[&outs[9]]), int("axis", 0)));
    nodes.push(node("Shape", &[&names[0]], &["size"]));
    let mut g = graph(&[], &[], vec![], nodes);
    g.input = ["i", "go"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .map(untyped)
        .collect();
    g.output = std::iter::once("on")
        .chain(outs.iter().map(String::as_str))
        .map(untyped)
        .collect();
    let mut reads = vec!["n", ""];
    reads.extend(["x"; 10]);
    let ends: Vec<String> = (0..10).map(|i| format!("e{i}")).collect();
    let ends: Vec<&str> = ends.iter().map(String::as_str).collect();
    let looped = with(node("Loop", &reads, &ends), body("body", g));
    let inputs = vec![value("x", Float32, &[1]), value("n", Int64, &[])];
    let g = build(inputs, vec![], vec![looped]);
    for name in ["v0", "e0", "e9"] {
        let tensor = g.tensors.iter().find(|t| &*t.name == name).unwrap();
        assert!(
            tensor.ty.shape.as_ref().is_none_or(|s| s.is_dynamic()),
            "{name}: {}",
            tensor.ty
        );
    }
}

#[test]
fn rows_of_a_loop_need_its_first_condition() {
    let yes = |name: &str, value: bool| Tensor::from_bool(&[], &[value]).unwrap().to_proto(name);
    let rows = |condition: &str, weights: Vec<TensorProto>, times: i64| {
        let mut g = graph(&[], &[], vec![], vec![node("Identity", &["i"], &["row"])]);
        g.initializer = vec![yes("on", true)];
        g.input = ["i", "go"].map(untyped).to_vec();
        g.output = ["on", "row"].map(untyped).to_vec();
        let looped = with(node("Loop", &["n", condition], &["rows"]), body("body", g));
        let mut weights = weights;
        weights.push(scalar("n", times));
        ty(
            &build(vec![value("c", DataType::Bool, &[])], weights, vec![looped]),
            "rows",
        )
    };
    assert_eq!(rows("c", vec![], 6), "int64 ?", "the condition is an input");
    assert_eq!(rows("", vec![], 6), "int64 6");
    assert_eq!(rows("t", vec![yes("t", true)], 6), "int64 6");
    assert_eq!(rows("t", vec![yes("t", true)], -2), "int64 0");
    assert_eq!(rows("f", vec![yes("f", false)], 6), "int64 0");
}

#[test]
fn defaults_of_inputs_are_no_constants() {
    let reshaped = |ir: i64, sizes: &[i64]| {
        let mut g = graph(
            &[],
            &[],
            vec![vector("s", &[3, 4])],
            vec![node("Reshape", &["x", "s"], &["y"])],
        );
        g.input = vec![value("x", Float32, &[2, 6]), value("s", Int64, sizes)];
        g.output = vec![untyped("y")];
        let mut p = proto(g, vec![]);
        p.ir_version = Some(ir);
        Graph::new(model(&p))
    };
    let id = |g: &Graph| crate::graph::TensorId(g.tensors.iter().position(|t| &*t.name == "s").unwrap() as u32);
    let old = reshaped(3, &[2]);
    assert_eq!((ty(&old, "y"), old.is_default(id(&old))), ("float32 3x4".into(), false));
    let new = reshaped(8, &[2]);
    assert_eq!((ty(&new, "y"), ty(&new, "s")), ("float32 ?x?".into(), "int64 2".into()));
    assert!(new.is_default(id(&new)) && new.constant(id(&new)).is_none());
    assert_eq!(new.stored_value(id(&new)).unwrap().unwrap().to_i64().unwrap(), [3, 4]);
    // Where the input is open, another value may have another number of sizes.
    let open = reshaped(8, &[-1]);
    assert_eq!((ty(&open, "y"), ty(&open, "s")), ("float32 ?".into(), "int64 ?".into()));
    // An If whose condition has a default may go either way.
    let mut g = graph(
        &[],
        &[],
        vec![Tensor::from_bool(&[], &[true]).unwrap().to_proto("c")],
        vec![if_node(
            node("Relu", &["x"], &["a"]),
            with(node("Concat", &["x", "x"], &["b"]), int("axis", 0)),
        )],
    );
    g.input = vec![value("x", Float32, &[2, 3]), value("c", DataType::Bool, &[])];
    g.output = vec![untyped("y")];
    assert_eq!(ty(&Graph::new(model(&proto(g, vec![]))), "y"), "float32 ?x3");
}

#[test]
fn sizes_of_inputs_beat_names_that_tools_made_up() {
    let declared = |name: &str| {
        let mut g = graph(&[], &[], vec![], vec![node("Relu", &["x"], &["y"])]);
        g.input = vec![named("x", Float32, &[-1, 3], &["n"])];
        g.output = vec![named("y", Float32, &[-1, 3], &[name])];
        ty(&Graph::new(model(&proto(g, vec![]))), "y")
    };
    assert_eq!(declared("unk__12"), "float32 nx3");
    assert_eq!(declared("unk__more"), "float32 unk__morex3");
    assert_eq!(declared("rows"), "float32 rowsx3");
}

#[test]
fn sizes_of_inputs_beat_numbers_left_from_an_export() {
    let mut g = graph(
        &[],
        &[],
        vec![vector("s", &[-1, 2, 3])],
        vec![node("Reshape", &["x", "s"], &["y"])],
    );
    g.input = vec![named("x", Float32, &[-1, 6], &["n"])];
    g.output = vec![value("y", Float32, &[1, 2, 3])];
    assert_eq!(ty(&Graph::new(model(&proto(g, vec![]))), "y"), "float32 nx2x3");
}

#[test]
fn scan_takes_rows_and_stacks_them() {
    let mut g = graph(
        &[],
        &[],
        vec![],
        vec![
            node("Add", &["state", "row"], &["next"]),
            node("Identity", &["next"], &["out"]),
        ],
    );
    g.input = vec![untyped("state"), untyped("row")];
    g.output = vec![untyped("next"), untyped("out")];
    let scan = with(
        with(node("Scan", &["s", "x"], &["end", "all"]), body("body", g)),
        int("num_scan_inputs", 1),
    );
    let g = build(
        vec![value("s", Float32, &[3]), named("x", Float32, &[-1, 3], &["t"])],
        vec![],
        vec![scan],
    );
    assert_eq!(
        (ty(&g, "end"), ty(&g, "all")),
        ("float32 3".into(), "float32 tx3".into())
    );
}

fn call(domain: &str, name: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    let mut n = node(name, inputs, outputs);
    n.domain = Some(domain.into());
    n
}

fn function(name: &str, nodes: Vec<NodeProto>) -> FunctionProto {
    FunctionProto {
        name: Some(name.into()),
        domain: Some("my".into()),
        input: vec!["a".into()],
        output: vec!["r".into()],
        attribute: vec!["which".into()],
        node: nodes,
        opset_import: vec![import("", 21), import("my", 1)],
        ..Default::default()
    }
}

#[test]
fn functions_are_followed_per_call() {
    let reference = AttributeProto {
        name: Some("axis".into()),
        ref_attr_name: Some("which".into()),
        r#type: Some(crate::model::onnx::attribute_proto::AttributeType::INT),
        ..Default::default()
    };
    let f = function("twice", vec![with(node("Concat", &["a", "a"], &["r"]), reference)]);
    let mut g = graph(
        &[],
        &[],
        vec![],
        vec![
            with(call("my", "twice", &["x"], &["p"]), int("which", 0)),
            with(call("my", "twice", &["x"], &["q"]), int("which", 1)),
        ],
    );
    g.input = vec![value("x", Float32, &[2, 3])];
    g.output = vec![untyped("p"), untyped("q")];
    let mut m = proto(g, vec![f]);
    m.opset_import.push(import("my", 1));
    let g = Graph::new(model(&m));
    assert_eq!((ty(&g, "p"), ty(&g, "q")), ("float32 4x3".into(), "float32 2x6".into()));
    // The definition shows what holds for both calls.
    assert_eq!((ty(&g, "a"), ty(&g, "r")), ("float32 2x3".into(), "float32 ?x?".into()));
}

#[test]
fn functions_that_multiply_end_in_time() {
    // f0 calls f1 twice, f1 calls f2 twice, ...: 2^40 calls if followed to the end; and one that calls itself.
    let mut functions: Vec<FunctionProto> = (0..40)
        .map(|i| {
            let next = format!("f{}", i + 1);
            function(
                &format!("f{i}"),
                vec![call("my", &next, &["a"], &["m"]), call("my", &next, &["m"], &["r"])],
            )
        })
        .collect();
    functions.push(function("f40", vec![call("my", "f40", &["a"], &["r"])]));
    let mut g = graph(&[], &[], vec![], vec![call("my", "f0", &["x"], &["y"])]);
    g.input = vec![value("x", Float32, &[2])];
    g.output = vec![untyped("y")];
    let mut m = proto(g, functions);
    m.opset_import.push(import("my", 1));
    let g = Graph::new(model(&m));
    assert_eq!(ty(&g, "y"), "?");
}

#[test]
fn loops_in_loops_end_in_time() {
    let mut inner = looped(with(node("Concat", &["v", "v"], &["w"]), int("axis", 0)));
    for depth in 0..20 {
        let mut n = inner;
        n.input = vec!["n".into(), String::new(), "v".into()];
        n.output = vec!["w".into(), format!("rows{depth}")];
        inner = looped(n);
    }
    let g = build(
        vec![value("x", Float32, &[2]), value("n", Int64, &[])],
        vec![],
        vec![inner],
    );
    assert!(ty(&g, "last").starts_with("float32") || ty(&g, "last") == "?");
}

/// Operators with attributes and inputs that reach into sizes.
const FUZZED: &[&str] = &[
    "Conv",
    "ConvTranspose",
    "MaxPool",
    "AveragePool",
    "Reshape",
    "Slice",
    "Gather",
    "Concat",
    "Split",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Flatten",
    "Expand",
    "Tile",
    "Pad",
    "Range",
    "ConstantOfShape",
    "OneHot",
    "TopK",
    "DepthToSpace",
    "SpaceToDepth",
    "ReduceSum",
    "ArgMax",
    "Shape",
    "Resize",
    "Upsample",
    "LSTM",
    "GatherND",
    "DFT",
    "STFT",
    "MatMul",
    "Gemm",
    "Einsum",
    "Attention",
    "Col2Im",
    "CenterCropPad",
    "AffineGrid",
    "MaxUnpool",
    "GridSample",
    "Where",
    "Add",
    "Div",
    "Mod",
    "Max",
    "LayerNormalization",
    "RandomNormal",
    "TfIdfVectorizer",
    "RoiAlign",
    "BitCast",
];
const NAMES: &[&str] = &[
    "axis",
    "axes",
    "kernel_shape",
    "strides",
    "pads",
    "dilations",
    "group",
    "output_shape",
    "output_padding",
    "perm",
    "starts",
    "ends",
    "blocksize",
    "split",
    "shape",
    "start",
    "end",
    "hidden_size",
    "k",
    "batch_dims",
    "num_outputs",
    "scales",
    "keepdims",
    "allowzero",
    "q_num_heads",
    "kv_num_heads",
    "ceil_mode",
    "dtype",
    "to",
    "ngram_indexes",
];

fn hostile() -> impl Strategy<Value = i64> {
    prop_oneof![
        -3i64..6,
        Just(i64::MAX),
        Just(i64::MIN),
        Just(i64::from(i32::MAX)),
        Just(1 << 40),
        any::<i64>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]
    #[test]
    fn hostile_attributes_and_shapes_never_panic(
        op in proptest::sample::select(FUZZED),
        attributes in proptest::collection::vec((proptest::sample::select(NAMES), proptest::collection::vec(hostile(), 0..6)), 0..5),
        dims in proptest::collection::vec(proptest::collection::vec(hostile(), 0..6), 1..5),
        constant in proptest::collection::vec(hostile(), 0..6),
        version in 1i64..27,
        which in 0..4usize,
    ) {
        let names: Vec<String> = (0..dims.len()).map(|i| format!("x{i}")).collect();
        let mut inputs: Vec<&str> = names.iter().map(String::as_str).collect();
        if let Some(slot) = inputs.get_mut(which) {
            *slot = "c";
        }
        let mut n = node(op, &inputs, &["y", "z", "w"]);
        for (name, values) in &attributes {
            n = if let [single] = values.as_slice() { with(n, int(name, *single)) } else { with(n, ints(name, values)) };
        }
        let mut g = graph(&[], &[], vec![vector("c", &constant)], vec![n]);
        g.input = names.iter().zip(&dims).map(|(n, d)| value(n, if which > 1 { Int64 } else { Float32 }, d)).collect();
        g.output = vec![untyped("y")];
        let mut m = proto(g, vec![]);
        m.opset_import = vec![import("", version)];
        let graph = Graph::new(model(&m));
        let _ = crate::graph::cost::costs(&graph, &[("n", u64::MAX)]);
        for target in ["embedded", "tensorrt", "onnxruntime-cpu"] {
            let request = crate::check::Request { target: target.into(), ..Default::default() };
            crate::check::check(&graph, &request).unwrap();
        }
    }
}
