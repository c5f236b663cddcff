//! Quantizing small models; real ones are in `tests/precision`.

use super::{Method, QuantMode, QuantizeSpec};
use crate::graph::sample::{graph, import, model, node, proto, value, weight};
use crate::graph::{Graph, ProblemKind};
use crate::model::DataType;
use crate::model::onnx::ModelProto;
use crate::rewrite::{AppliedPatch, PatchSpec, apply};

/// x -> Conv a -> Relu -> Conv b -> Add x2 (the Relu's result) -> GlobalAveragePool -> y
fn residual() -> ModelProto {
    let mut g = graph(
        &[],
        &[],
        vec![
            weight("w1", &[16, 3, 1, 1]),
            weight("w2", &[16, 16, 1, 1]),
            weight("w3", &[8, 16, 1, 3]),
        ],
        vec![
            node("Conv", &["x", "w1"], &["a"]),
            node("Relu", &["a"], &["r"]),
            node("Conv", &["r", "w2"], &["b"]),
            node("Add", &["b", "r"], &["s"]),
            node("Conv", &["s", "w3"], &["few"]),
            node("GlobalAveragePool", &["few"], &["y"]),
        ],
    );
    g.input = vec![value("x", DataType::Float32, &[-1, 3, 8, 8])];
    g.output = vec![value("y", DataType::Float32, &[-1, 8, 1, 1])];
    proto(g, vec![])
}

fn spec(names: &[&str]) -> QuantizeSpec {
    QuantizeSpec {
        mode: QuantMode::Int8,
        method: Method::Max,
        include: Vec::new(),
        exclude: Vec::new(),
        include_ops: Vec::new(),
        exclude_ops: Vec::new(),
        pointwise: false,
        attention: false,
        weight_only: false,
        block: None,
        source: "a test".into(),
        thresholds: names.iter().map(|n| ((*n).to_owned(), 12.7)).collect(),
    }
}

const ALL: [&str; 7] = ["x", "a", "r", "b", "s", "few", "y"];

fn quantize(p: &ModelProto, spec: QuantizeSpec) -> Result<AppliedPatch, String> {
    let done = apply(&model(p), &PatchSpec::Quantize(Box::new(spec)))?;
    let graph = Graph::new(done.model.clone());
    assert!(
        !graph.problems.iter().any(|p| p.kind != ProblemKind::MissingOpset),
        "{:?}",
        graph.problems
    );
    Ok(done)
}

fn reason<'a>(done: &'a AppliedPatch, node: &str) -> &'a str {
    done.notes
        .iter()
        .find(|(name, _)| name == node)
        .map_or("", |(_, note)| note)
}

fn inputs(done: &AppliedPatch, node: &str) -> Vec<String> {
    let nodes = &done.model.graph().node;
    nodes
        .iter()
        .find(|n| n.name.as_deref() == Some(node))
        .unwrap()
        .input
        .clone()
}

#[test]
fn convolutions_and_the_skipping_branch_are_read_in_8_bits() {
    let done = quantize(&residual(), spec(&ALL)).unwrap();
    assert_eq!(inputs(&done, "a_Conv"), ["x__dequantized", "w1__dequantized"]);
    assert_eq!(inputs(&done, "b_Conv"), ["r__dequantized", "w2__dequantized"]);
    // The branch that ends in a convolution stays float; the pair of r is shared.
    assert_eq!(inputs(&done, "s_Add"), ["b", "r__dequantized"]);
    assert_eq!(inputs(&done, "r_Relu"), ["a"]);
    assert_eq!(reason(&done, "r_Relu"), "INT8: fused into a_Conv");
    assert!(
        reason(&done, "few_Conv").contains("8 output and 16 input channels"),
        "{:?}",
        done.notes
    );
    assert!(
        reason(&done, "y_GlobalAveragePool").contains("nothing next to it"),
        "{:?}",
        done.notes
    );
    let pairs = done
        .model
        .graph()
        .node
        .iter()
        .filter(|n| n.op_type.as_deref() == Some("QuantizeLinear"));
    assert_eq!(pairs.count(), 2);
    let names: Vec<_> = done
        .model
        .graph()
        .initializer
        .iter()
        .filter_map(|t| t.name.as_deref())
        .collect();
    assert!(
        !names.contains(&"w1") && names.contains(&"w1__int8") && names.contains(&"w3"),
        "{names:?}"
    );
    let scale = done
        .model
        .graph()
        .initializer
        .iter()
        .find(|t| t.name.as_deref() == Some("r__scale"));
    let scale = done.model.tensor(scale.unwrap()).unwrap().to_f32().unwrap();
    assert!((scale[0] - 0.1).abs() < 1e-6);
}

#[test]
fn lists_and_missing_ranges_keep_nodes_float() {
    let mut s = spec(&ALL);
    s.exclude = vec!["b_*".into()];
    s.include = vec!["few_Conv".into()];
    let done = quantize(&residual(), s).unwrap();
    assert_eq!(reason(&done, "b_Conv"), "float: excluded by name");
    assert!(reason(&done, "few_Conv").starts_with("INT8: "), "{:?}", done.notes);
    assert!(reason(&done, "s_Add").contains("neither input"), "{:?}", done.notes);
    let done = quantize(&residual(), spec(&["x"])).unwrap();
    assert_eq!(reason(&done, "b_Conv"), "float: no range of r is known");
    let mut s = spec(&["r"]);
    s.thresholds.insert("x".into(), 0.0);
    let done = quantize(&residual(), s).unwrap();
    assert!(reason(&done, "a_Conv").contains("x was zero"), "{:?}", done.notes);
}

#[test]
fn inputs_of_one_concat_share_a_scale() {
    let mut p = residual();
    let g = p.graph.get_or_insert_default();
    g.node.truncate(4);
    g.initializer = vec![
        weight("w1", &[16, 3, 1, 1]),
        weight("w2", &[16, 16, 1, 1]),
        weight("w4", &[16, 32, 1, 1]),
    ];
    let axis = crate::graph::sample::int("axis", 1);
    g.node
        .push(crate::graph::sample::with(node("Concat", &["r", "s"], &["c"]), axis));
    g.node.push(node("Conv", &["c", "w4"], &["y"]));
    g.output = vec![value("y", DataType::Float32, &[-1, 16, 8, 8])];
    let mut s = spec(&["x", "r", "s", "c"]);
    s.thresholds.insert("s".into(), 25.4);
    let done = quantize(&p, s).unwrap();
    let scale = |name: &str| {
        let found = done
            .model
            .graph()
            .initializer
            .iter()
            .find(|t| t.name.as_deref() == Some(name));
        done.model.tensor(found.unwrap()).unwrap().to_f32().unwrap()[0]
    };
    assert_eq!(scale("r__scale"), scale("c__scale"));
    assert!((scale("c__scale") - 0.2).abs() < 1e-6 && (scale("x__scale") - 0.1).abs() < 1e-6);
}

/// x -> q, k -> q * k -> + mask -> Softmax -> * x -> y, over so many places.
fn attention(places: u64) -> ModelProto {
    let side = places as i64;
    let mut g = graph(
        &[],
        &[],
        vec![
            weight("wq", &[32, 32]),
            weight("wk", &[32, places]),
            weight("mask", &[1]),
        ],
        vec![
            node("MatMul", &["x", "wq"], &["q"]),
            node("MatMul", &["x", "wk"], &["k"]),
            node("MatMul", &["q", "k"], &["qk"]),
            node("Add", &["qk", "given"], &["masked"]),
            node("Softmax", &["masked"], &["p"]),
            node("MatMul", &["p", "v"], &["y"]),
        ],
    );
    g.input = vec![
        value("x", DataType::Float32, &[32, 32]),
        value("given", DataType::Float32, &[32, side]),
        value("v", DataType::Float32, &[side, 32]),
    ];
    g.output = vec![value("y", DataType::Float32, &[32, 32])];
    proto(g, vec![])
}

const ATTENDED: [&str; 9] = ["x", "given", "v", "q", "k", "qk", "masked", "p", "y"];

#[test]
fn attention_stays_float_around_its_softmax_unless_asked_for() {
    let done = quantize(&attention(32), spec(&ATTENDED)).unwrap();
    assert!(
        reason(&done, "q_MatMul").contains("weight per channel of axis 1"),
        "{:?}",
        done.notes
    );
    for node in ["qk_MatMul", "y_MatMul"] {
        assert!(reason(&done, node).contains("attention"), "{:?}", done.notes);
    }
    // What is not calibrated for it has the same reason.
    let done = quantize(&attention(32), spec(&["x"])).unwrap();
    assert!(reason(&done, "y_MatMul").contains("attention"), "{:?}", done.notes);

    let mut s = spec(&ATTENDED);
    (s.attention, s.pointwise) = (true, true);
    let done = quantize(&attention(32), s.clone()).unwrap();
    assert_eq!(inputs(&done, "y_MatMul"), ["p__dequantized", "v__dequantized"]);
    assert!(
        reason(&done, "qk_MatMul").starts_with("INT8: q with scale"),
        "{:?}",
        done.notes
    );
    // The addition of the mask is not one of those that stand alone.
    assert_eq!(inputs(&done, "masked_Add"), ["qk", "given"]);
    let done = quantize(&attention(513), s.clone()).unwrap();
    assert!(
        reason(&done, "y_MatMul").contains("attention over 513 places"),
        "{:?}",
        done.notes
    );
    s.mode = QuantMode::Int4;
    s.pointwise = false;
    assert!(quantize(&attention(32), s).err().unwrap().contains("have no weights"));
}

/// x -> Conv c, read by three: + one -> Clip -> * c (a written-out HardSwish) -> MatMul -> + bias -> + skip -> y; c -> Resize.
fn standing_alone() -> ModelProto {
    let mut g = graph(
        &[],
        &[],
        vec![
            weight("w", &[16, 16, 1, 1]),
            weight("three", &[1]),
            weight("sizes", &[4]),
            weight("v", &[16, 16]),
            weight("bias", &[16]),
        ],
        vec![
            node("Conv", &["x", "w"], &["c"]),
            node("Add", &["c", "three"], &["plus"]),
            node("Clip", &["plus"], &["clip"]),
            node("Mul", &["c", "clip"], &["swish"]),
            node("MatMul", &["swish", "v"], &["m"]),
            node("Add", &["m", "bias"], &["biased"]),
            node("Add", &["biased", "skip"], &["sum"]),
            node("Relu", &["sum"], &["y"]),
            node("Resize", &["c", "", "sizes"], &["large"]),
            node("Mul", &["large", "large"], &["square"]),
            node("Relu", &["square"], &["z"]),
        ],
    );
    g.input = ["x", "skip"]
        .map(|n| value(n, DataType::Float32, &[1, 16, 16, 16]))
        .into();
    g.output = vec![
        value("y", DataType::Float32, &[1, 16, 16, 16]),
        value("z", DataType::Float32, &[-1, -1, -1, -1]),
    ];
    proto(g, vec![])
}

#[test]
fn operators_that_stand_alone_read_codes_where_asked_for() {
    let names = [
        "x", "skip", "c", "plus", "clip", "swish", "m", "biased", "sum", "large", "square",
    ];
    let done = quantize(&standing_alone(), spec(&names)).unwrap();
    for node in ["swish_Mul", "plus_Add", "sum_Add", "large_Resize"] {
        assert!(reason(&done, node).starts_with("float: "), "{node}: {:?}", done.notes);
    }
    let mut s = spec(&names);
    s.pointwise = true;
    let done = quantize(&standing_alone(), s.clone()).unwrap();
    assert_eq!(inputs(&done, "swish_Mul"), ["c__dequantized", "clip__dequantized"]);
    // The codes of c are there already; a constant is never quantized.
    assert_eq!(inputs(&done, "plus_Add"), ["c__dequantized", "three"]);
    assert!(
        reason(&done, "plus_Add").contains("others read as codes too"),
        "{:?}",
        done.notes
    );
    assert_eq!(inputs(&done, "large_Resize")[0], "c__dequantized");
    assert!(
        reason(&done, "square_Mul").contains("squares its input"),
        "{:?}",
        done.notes
    );
    // What the product makes fuses with it and stays float.
    assert_eq!(inputs(&done, "biased_Add"), ["m", "bias"]);
    assert_eq!(inputs(&done, "sum_Add"), ["biased", "skip__dequantized"]);
    s.exclude = vec!["swish_*".into()];
    s.exclude_ops = vec!["Resize".into()];
    let done = quantize(&standing_alone(), s.clone()).unwrap();
    assert_eq!(reason(&done, "swish_Mul"), "float: excluded by name");
    assert_eq!(reason(&done, "large_Resize"), "float: Resize is excluded");
    assert_eq!(inputs(&done, "plus_Add"), ["c", "three"]);
    s.mode = QuantMode::Fp8;
    assert!(quantize(&standing_alone(), s).err().unwrap().contains("to INT8 only"));
}

fn operator<'a>(done: &'a AppliedPatch, node: &str) -> &'a crate::model::onnx::NodeProto {
    let mut nodes = done.model.graph().node.iter();
    nodes.find(|n| n.name.as_deref() == Some(node)).unwrap()
}

#[test]
fn fp8_takes_what_engines_have_and_divides_by_448() {
    let mut s = spec(&ALL);
    s.mode = QuantMode::Fp8;
    s.thresholds.insert("r".into(), 44.8);
    let mut p = residual();
    p.graph.get_or_insert_default().initializer[1] = weight("w2", &[24, 17, 1, 1]);
    p.graph.get_or_insert_default().initializer[0] = weight("w1", &[17, 3, 1, 1]);
    p.graph.get_or_insert_default().node.truncate(3);
    p.graph.get_or_insert_default().output = vec![value("b", DataType::Float32, &[-1, 24, 8, 8])];
    let done = quantize(&p, s.clone()).unwrap();
    // Three channels are too few for FP8; the image's convolution stays, unlike in INT8.
    assert!(
        reason(&done, "a_Conv").contains("engines have FP8 for more than 16"),
        "{:?}",
        done.notes
    );
    assert!(
        reason(&done, "b_Conv").starts_with("FP8: r with scale 1.000e-1"),
        "{:?}",
        done.notes
    );
    assert_eq!(
        reason(&done, "r_Relu"),
        "float: it works value by value; a pair of its own would cost more than it saves"
    );
    let graph = Graph::new(done.model.clone());
    let dtype = |name: &str| graph.tensors.iter().find(|t| *t.name == *name).unwrap().ty.dtype;
    assert_eq!(dtype("r__fp8"), Some(DataType::Float8E4M3FN));
    assert_eq!(dtype("w2__fp8"), Some(DataType::Float8E4M3FN));
    s.method = Method::Entropy;
    assert!(quantize(&p, s.clone()).err().unwrap().contains("evenly spaced"));
    p.opset_import = vec![import("", 18)];
    s.method = Method::Max;
    assert!(quantize(&p, s).err().unwrap().contains("opset 19"));
}

#[test]
fn int4_stores_matrices_in_blocks_and_needs_no_ranges() {
    let turned = crate::graph::sample::int("transB", 1);
    let mut g = graph(
        &[],
        &[],
        vec![
            weight("w1", &[192, 32]),
            weight("w2", &[16, 32]),
            weight("w3", &[17, 17]),
            weight("b", &[16]),
        ],
        vec![
            node("MatMul", &["x", "w1"], &["h"]),
            node("Relu", &["h"], &["r"]),
            crate::graph::sample::with(node("Gemm", &["r", "w2", "b"], &["y"]), turned),
        ],
    );
    g.input = vec![value("x", DataType::Float32, &[1, 192])];
    g.output = vec![value("y", DataType::Float32, &[1, 16])];
    let s = QuantizeSpec {
        mode: QuantMode::Int4,
        thresholds: Default::default(),
        ..spec(&[])
    };
    let done = quantize(&proto(g, vec![]), s.clone()).unwrap();
    assert_eq!(done.spec.label(), "Quantize weights to INT4");
    // 128 does not divide 192, 64 does; 32 values are a block of their own.
    assert_eq!(reason(&done, "h_MatMul"), "INT4: weight in blocks of 64 along axis 0");
    assert_eq!(reason(&done, "y_Gemm"), "INT4: weight in blocks of 32 along axis 1");
    assert_eq!(
        reason(&done, "r_Relu"),
        "float: only weights of MatMul and Gemm are stored in 4 bits"
    );
    assert_eq!(operator(&done, "h_MatMul").input, ["x", "w1__dequantized"]);
    let scale = done
        .model
        .graph()
        .initializer
        .iter()
        .find(|t| t.name.as_deref() == Some("w1__scale"));
    assert_eq!(scale.unwrap().dims, [3, 32]);
    assert_eq!(done.notes.len(), 3);
}

#[test]
fn every_node_has_its_reason() {
    let mut g = graph(
        &[],
        &[],
        vec![
            weight("w", &[16, 16]),
            weight("gain", &[16]),
            weight("root", &[1]),
            weight("one", &[1]),
            weight("half", &[1]),
        ],
        vec![
            node("MatMul", &["x", "w"], &["h"]),
            node("Div", &["h", "root"], &["d"]),
            node("Erf", &["d"], &["e"]),
            node("Add", &["e", "one"], &["p"]),
            node("Mul", &["h", "p"], &["m"]),
            node("Mul", &["m", "half"], &["gelu"]),
            node("Mul", &["gelu", "gelu"], &["square"]),
            node("ReduceMean", &["square"], &["mean"]),
            node("Add", &["mean", "one"], &["plus"]),
            node("Sqrt", &["plus"], &["deviation"]),
            node("Div", &["gelu", "deviation"], &["normal"]),
            node("Softmax", &["normal"], &["soft"]),
            node("Transpose", &["soft"], &["turned"]),
            node("Shape", &["turned"], &["shape"]),
            node("Sigmoid", &["turned"], &["y"]),
        ],
    );
    g.input = vec![value("x", DataType::Float32, &[32, 16])];
    g.output = vec![value("y", DataType::Float32, &[16, 32])];
    let done = quantize(&proto(g, vec![]), spec(&["x"])).unwrap();
    assert_eq!(done.notes.len(), 15);
    for (nodes, words) in [
        (&["d_Div", "e_Erf", "p_Add", "m_Mul", "gelu_Mul"][..], "part of a GELU"),
        (
            &["square_Mul", "mean_ReduceMean", "deviation_Sqrt", "normal_Div"],
            "part of a normalization",
        ),
        (&["soft_Softmax"], "the values inside Softmax"),
        (&["turned_Transpose"], "only moves values"),
        (&["y_Sigmoid"], "value by value"),
    ] {
        for node in nodes {
            assert!(reason(&done, node).contains(words), "{node}: {:?}", done.notes);
        }
    }
}

#[test]
fn operators_can_be_included_and_excluded() {
    let mut s = spec(&ALL);
    s.exclude_ops = vec!["Conv".into()];
    s.include = vec!["b_Conv".into()];
    let done = quantize(&residual(), s).unwrap();
    assert_eq!(reason(&done, "a_Conv"), "float: Conv is excluded");
    assert!(reason(&done, "b_Conv").starts_with("INT8: "), "{:?}", done.notes);
    let mut s = spec(&ALL);
    s.include_ops = vec!["Conv".into()];
    let done = quantize(&residual(), s).unwrap();
    assert!(reason(&done, "few_Conv").starts_with("INT8: "), "{:?}", done.notes);
}

#[test]
fn what_cannot_be_quantized_is_refused_in_words() {
    let done = quantize(&residual(), spec(&ALL)).unwrap();
    let again = apply(&done.model, &PatchSpec::Quantize(Box::new(spec(&ALL))))
        .err()
        .unwrap();
    assert!(again.contains("quantized already"), "{again}");
    let mut p = residual();
    p.opset_import = vec![import("", 12)];
    assert!(quantize(&p, spec(&ALL)).err().unwrap().contains("opset 13"));
    assert!(
        quantize(&residual(), spec(&[]))
            .err()
            .unwrap()
            .contains("no range of x is known")
    );
}
