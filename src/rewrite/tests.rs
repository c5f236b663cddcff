//! Patches on small models; what they do to real ones is in `tests/`.

use super::*;
use crate::graph::sample::{body, graph, int, ints, model, node, proto, value, with};
use crate::graph::{Graph, TensorKind};
use crate::model::onnx::{FunctionProto, ModelProto, TensorProto};
use crate::model::{DataType, Tensor};

const FOLD: PatchSpec = PatchSpec::FoldConstants {
    max_bytes: 1 << 20,
    copies: false,
};

fn i64s(name: &str, values: &[i64]) -> TensorProto {
    Tensor::from_i64(&[values.len() as u64], values).unwrap().to_proto(name)
}

fn operators(applied: &AppliedPatch) -> Vec<String> {
    applied
        .model
        .graph()
        .node
        .iter()
        .map(|n| n.op_type.clone().unwrap_or_default())
        .collect()
}

fn fold(p: &ModelProto) -> AppliedPatch {
    apply(&model(p), &FOLD).unwrap()
}

/// Reshape to `[batch, -1]` with the arithmetic that exporters write for it.
fn shape_arithmetic(batch: i64) -> ModelProto {
    let mut g = graph(
        &[],
        &["y"],
        vec![
            i64s("zero", &[0]),
            i64s("one", &[1]),
            i64s("minus", &[-1]),
            i64s("unused", &[5]),
        ],
        vec![
            node("Shape", &["x"], &["s"]),
            with(node("Gather", &["s", "one"], &["c"]), int("axis", 0)),
            node("Mul", &["c", "one"], &["c1"]),
            node("Shape", &["x"], &["s2"]),
            node("Slice", &["s2", "zero", "one"], &["b"]),
            with(node("Concat", &["b", "c1", "minus"], &["shape"]), int("axis", 0)),
            node("Reshape", &["x", "shape"], &["y"]),
        ],
    );
    g.input = vec![value("x", DataType::Float32, &[batch, 6, 8])];
    g.output = vec![value("y", DataType::Float32, &[-1, -1, -1])];
    proto(g, vec![])
}

#[test]
fn shape_arithmetic_folds_to_one_constant() {
    let done = fold(&shape_arithmetic(2));
    assert_eq!(operators(&done), ["Reshape"]);
    assert!(
        done.summary.starts_with("Folded 6 nodes into 1 constant"),
        "{}",
        done.summary
    );
    let names: Vec<_> = done
        .model
        .graph()
        .initializer
        .iter()
        .map(|t| t.name.clone().unwrap())
        .collect();
    // `unused` was unread before; that is another patch's business.
    assert_eq!(names, ["unused", "shape"]);
    let shape = done.model.tensor(&done.model.graph().initializer[1]).unwrap();
    assert_eq!(shape.to_i64().unwrap(), [2, 6, -1]);
    assert_eq!(done.diff.removed.len(), 6);
    assert!(done.diff.added.is_empty());
    assert_eq!(done.diff.changed.len(), 1);
    assert_eq!(
        done.diff.changed[0].what,
        ["input 1 \"shape\": computed -> constant int64 3"]
    );
}

#[test]
fn known_sizes_fold_out_of_a_dynamic_shape() {
    let done = fold(&shape_arithmetic(-1));
    assert_eq!(operators(&done), ["Shape", "Slice", "Concat", "Reshape"]);
}

#[test]
fn outputs_keep_their_names_and_stay_nodes() {
    let g = graph(
        &[],
        &["y"],
        vec![i64s("a", &[1]), i64s("b", &[2])],
        vec![node("Add", &["a", "b"], &["y"])],
    );
    let done = fold(&proto(g, vec![]));
    assert_eq!(operators(&done), ["Constant"]);
    let after = Graph::new(done.model.clone());
    let output = after.bodies[0].outputs[0];
    assert_eq!(
        (&*after.tensor(output).name, after.tensor(output).kind),
        ("y", TensorKind::Constant)
    );
    assert_eq!(after.constant(output).unwrap().unwrap().to_i64().unwrap(), [3]);
    assert!(done.model.graph().initializer.is_empty());
}

#[test]
fn bodies_fold_and_read_outer_constants() {
    let inner = |out: &str| {
        graph(
            &[],
            &[out],
            vec![i64s("two", &[2])],
            vec![
                node("Mul", &["k", "two"], &["four"]),
                node("Add", &["x", "four"], &[out]),
            ],
        )
    };
    let branch = with(
        with(node("If", &["c"], &["y"]), body("then_branch", inner("t"))),
        body("else_branch", inner("e")),
    );
    let g = graph(
        &["x", "c"],
        &["y"],
        vec![i64s("one", &[1])],
        vec![node("Add", &["one", "one"], &["k"]), branch],
    );
    let done = fold(&proto(g, vec![]));
    assert_eq!(operators(&done), ["If"]);
    assert!(done.model.graph().initializer.is_empty(), "k fed only what was folded");
    for attribute in &done.model.graph().node[0].attribute {
        assert_eq!(attribute.g.node.len(), 1);
        let stored = done.model.tensor(&attribute.g.initializer[0]).unwrap();
        assert_eq!(stored.to_i64().unwrap(), [4]);
    }
    assert!(Graph::new(done.model.clone()).problems.is_empty());
}

#[test]
fn functions_fold_into_constant_nodes_but_not_through_their_attributes() {
    let constant = |name: &str, values: &[i64]| with(node("Constant", &[], &[name]), ints("value_ints", values));
    let mut by_reference = int("axis", 0);
    by_reference.i = None;
    by_reference.ref_attr_name = Some("axis".into());
    let function = FunctionProto {
        name: Some("f".into()),
        domain: Some("my".into()),
        input: vec!["a".into()],
        output: vec!["r".into()],
        attribute: vec!["axis".into()],
        node: vec![
            constant("p", &[2, 3]),
            constant("q", &[4, 5]),
            node("Add", &["p", "q"], &["sum"]),
            with(node("Gather", &["sum", "p"], &["picked"]), by_reference),
            node("Add", &["a", "picked"], &["r"]),
        ],
        opset_import: vec![crate::graph::sample::import("", 21)],
        ..Default::default()
    };
    let mut call = node("f", &["x"], &["y"]);
    call.domain = Some("my".into());
    let mut p = proto(graph(&["x"], &["y"], vec![], vec![call]), vec![function]);
    p.opset_import.push(crate::graph::sample::import("my", 1));
    let done = fold(&p);
    let left: Vec<_> = done.model.proto().functions[0]
        .node
        .iter()
        .map(|n| n.op_type.clone().unwrap())
        .collect();
    assert_eq!(left, ["Constant", "Constant", "Gather", "Add"]);
}

#[test]
fn what_may_not_be_folded_stays_with_a_reason() {
    let random = node("RandomUniformLike", &["w"], &["r"]);
    let g = graph(
        &["x"],
        &["y", "big", "r"],
        vec![
            i64s("w", &[1, 2]),
            i64s("zero", &[0, 0]),
            i64s("huge", &[1 << 20, 1 << 20]),
        ],
        vec![
            node("Div", &["w", "zero"], &["d"]),
            node("Add", &["x", "d"], &["y"]),
            node("ConstantOfShape", &["huge"], &["big"]),
            random,
        ],
    );
    let done = fold(&proto(g, vec![]));
    assert_eq!(operators(&done), ["Div", "Add", "ConstantOfShape", "RandomUniformLike"]);
    assert_eq!(done.summary, "Nothing to fold");
    assert_eq!(done.notes.len(), 3, "{:?}", done.notes);
    assert!(done.diff == GraphDiff::default());
}

#[test]
fn values_far_larger_than_their_source_stay_nodes() {
    let g = graph(
        &["x"],
        &["y", "z"],
        vec![i64s("n", &[100, 100])],
        vec![
            node("ConstantOfShape", &["n"], &["zeros"]),
            node("Add", &["x", "zeros"], &["y"]),
            node("ReduceMax", &["zeros"], &["m"]),
            node("Add", &["x", "m"], &["z"]),
        ],
    );
    let done = fold(&proto(g, vec![]));
    assert_eq!(operators(&done), ["ConstantOfShape", "Add", "Add"], "{}", done.summary);
    assert!(
        done.notes.iter().any(|(_, why)| why.contains("40000 bytes")),
        "{:?}",
        done.notes
    );
}

#[test]
fn defaults_of_inputs_are_not_constants_from_ir_4_on() {
    let mut g = graph(
        &["x"],
        &["y"],
        vec![i64s("k", &[1])],
        vec![node("Neg", &["k"], &["n"]), node("Add", &["x", "n"], &["y"])],
    );
    g.input.push(value("k", DataType::Int64, &[1]));
    let mut p = proto(g, vec![]);
    assert_eq!(operators(&fold(&p)), ["Neg", "Add"]);
    p.ir_version = Some(3);
    let old = fold(&p);
    assert_eq!(operators(&old), ["Add"]);
    let names: Vec<_> = old
        .model
        .graph()
        .input
        .iter()
        .map(|i| i.name.clone().unwrap())
        .collect();
    assert_eq!(names, ["x", "n"], "initializers of old models are inputs too");
}

#[test]
fn broken_models_are_refused() {
    let g = graph(&["x"], &["y"], vec![], vec![node("Add", &["x", "y"], &["y"])]);
    let error = apply_all(&model(&proto(g, vec![])), &[FOLD]).err().unwrap().to_string();
    assert_eq!(
        error,
        "patch 1 (Fold constants): the model is broken: node \"y_Add\" (Add) reads its own output"
    );
}

#[test]
fn differences_are_told_in_words() {
    let before = graph(
        &["x"],
        &["y"],
        vec![i64s("w", &[1])],
        vec![
            with(node("Softmax", &["x"], &["s"]), int("axis", 1)),
            node("Mul", &["s", "w"], &["m"]),
            node("Neg", &["m"], &["y"]),
        ],
    );
    let mut after = before.clone();
    after.node[0].attribute[0].i = Some(-1);
    after.initializer[0] = Tensor::from_f32(&[2], &[1.0, 2.0]).unwrap().to_proto("w");
    after.node.remove(2);
    after.node.insert(0, node("Abs", &["x"], &["a"]));
    after.node[1].input[0] = "a".into();
    after.output[0].name = Some("m".into());
    let [before, after] = [before, after].map(|g| Graph::new(model(&proto(g, vec![]))));
    let found = diff(&before, &after);
    assert_eq!(found.added, [crate::graph::NodePath::top(0)]);
    assert_eq!(found.removed, [crate::graph::NodePath::top(2)]);
    let what: Vec<_> = found.changed.iter().map(|c| c.what.join("; ")).collect();
    assert_eq!(
        what,
        [
            "input 0: \"x\" -> \"a\"; attribute axis: 1 -> -1",
            "input 1 \"w\": int64 1 -> float32 2"
        ]
    );
}

#[test]
fn nodes_that_do_nothing_are_bypassed() {
    let cast = with(node("Cast", &["i"], &["c"]), int("to", 1));
    let inner = |out: &str| graph(&[], &[out], vec![], vec![node("Add", &["c", "x"], &[out])]);
    let branch = with(
        with(node("If", &["b"], &["y"]), body("then_branch", inner("t"))),
        body("else_branch", inner("e")),
    );
    let g = graph(
        &["x", "b"],
        &["y", "kept", "last", "i2"],
        vec![],
        vec![
            node("Identity", &["x"], &["i"]),
            cast,
            branch,
            node("Identity", &["x"], &["kept"]),
            node("Neg", &["c"], &["n"]),
            node("Identity", &["n"], &["last"]),
            node("Identity", &["i"], &["j"]),
            with(node("Cast", &["j"], &["i2"]), int("to", 7)),
        ],
    );
    let original = model(&proto(g, vec![]));
    let done = apply(&original, &PatchSpec::RemoveNoOps {}).unwrap();
    assert_eq!(operators(&done), ["If", "Identity", "Neg", "Cast"]);
    assert_eq!(done.summary, "Removed 4 nodes that did nothing");
    let nodes = &done.model.graph().node;
    assert_eq!(nodes[0].attribute[0].g.node[0].input, ["x", "x"]);
    assert_eq!(
        (&nodes[2].input[0], &nodes[2].output[0]),
        (&"x".to_owned(), &"last".to_owned())
    );
    assert_eq!(nodes[3].input, ["x"]);
    // The outputs are declared float32, the last one is not: that stands before and after, and nothing else does.
    let problems = |model| Graph::new(model).problems.iter().map(|p| p.kind).collect::<Vec<_>>();
    assert_eq!(problems(done.model.clone()), problems(original));
}

#[test]
fn dead_nodes_and_constants_go() {
    let g = graph(
        &["x"],
        &["y"],
        vec![i64s("w", &[1]), i64s("unread", &[2])],
        vec![
            node("Neg", &["x"], &["y"]),
            node("Abs", &["x"], &["a"]),
            node("Add", &["a", "w"], &["b"]),
        ],
    );
    let done = apply(&model(&proto(g, vec![])), &PatchSpec::RemoveDead {}).unwrap();
    assert_eq!(
        (operators(&done), done.model.graph().initializer.len()),
        (vec!["Neg".to_owned()], 0)
    );
    assert_eq!(done.summary, "Removed 2 dead nodes and 2 unread constants");
}

fn inputs_of(applied: &AppliedPatch) -> Vec<String> {
    let inputs = &applied.model.graph().input;
    inputs.iter().map(|i| i.name.clone().unwrap_or_default()).collect()
}

#[test]
fn inputs_with_a_default_stay_inputs() {
    let mut g = graph(
        &["x"],
        &["y"],
        vec![i64s("unread", &[1]), i64s("fed", &[2])],
        vec![node("Neg", &["x"], &["y"]), node("Abs", &["fed"], &["dead"])],
    );
    g.input.push(value("unread", DataType::Int64, &[1]));
    g.input.push(value("fed", DataType::Int64, &[1]));
    let mut p = proto(g, vec![]);
    let done = apply(&model(&p), &PatchSpec::RemoveDead {}).unwrap();
    assert_eq!(operators(&done), ["Neg"]);
    assert_eq!(inputs_of(&done), ["x", "unread", "fed"]);
    assert_eq!(done.model.graph().initializer.len(), 2);
    // Before IR version 4 a constant had to be an input, and goes with it.
    p.ir_version = Some(3);
    let old = apply(&model(&p), &PatchSpec::RemoveDead {}).unwrap();
    assert_eq!(
        (inputs_of(&old), old.model.graph().initializer.len()),
        (vec!["x".to_owned()], 0)
    );
}

#[test]
fn normalization_in_training_is_not_merged() {
    let list = |name: &str| sample_weights(name, &[4], 0.5);
    let made = |opset: i64, training: bool| {
        let outputs = ["y", "mean", "var", "saved_mean", "saved_var"];
        let outputs = if training { &outputs[..] } else { &outputs[..1] };
        let mut g = graph(
            &[],
            &[],
            vec![
                sample_weights("w", &[4, 3, 1, 1], 0.25),
                list("s"),
                list("b"),
                list("m"),
                list("v"),
            ],
            vec![
                node("Conv", &["x", "w"], &["c"]),
                node("BatchNormalization", &["c", "s", "b", "m", "v"], outputs),
            ],
        );
        g.input = vec![value("x", DataType::Float32, &[1, 3, 5, 5])];
        g.output = vec![value("y", DataType::Float32, &[1, 4, 5, 5])];
        let mut p = proto(g, vec![]);
        p.opset_import = vec![crate::graph::sample::import("", opset)];
        p
    };
    let merged = |p: &ModelProto| apply(&model(p), &PatchSpec::MergeScales {}).unwrap();
    // Other outputs, though nothing reads them, say before opset 14 that the statistics are those of the batch.
    assert_eq!(operators(&merged(&made(9, true))), ["Conv", "BatchNormalization"]);
    assert_eq!(operators(&merged(&made(9, false))), ["Conv"]);
    // From then on an attribute says it; the node in its place makes one output.
    let done = merged(&made(15, true));
    assert_eq!(operators(&done), ["Conv"]);
    assert_eq!(done.model.graph().node[0].output, ["y"]);
    // Nor does raising the opset make inference of it.
    let raised = |p: &ModelProto| apply(&model(p), &PatchSpec::RaiseOpset { to: 17 });
    let why = raised(&made(9, true)).err().unwrap().to_string();
    assert!(
        why.contains("y_BatchNormalization") && why.contains("one of training"),
        "{why}"
    );
    assert_eq!(
        operators(&raised(&made(9, false)).unwrap()),
        ["Conv", "BatchNormalization"]
    );
}

fn sample_weights(name: &str, dims: &[u64], value: f32) -> TensorProto {
    let n = dims.iter().product::<u64>() as usize;
    Tensor::from_f32(dims, &vec![value; n]).unwrap().to_proto(name)
}

/// `Reshape(x, [sizes of x from 0 to 1, sizes of w from 0 to 1])`, `w` of a size that nothing says.
fn reshape_by_two(batch: i64) -> ModelProto {
    let mut g = graph(
        &[],
        &["y"],
        vec![i64s("zero", &[0]), i64s("one", &[1])],
        vec![
            node("Shape", &["x"], &["sx"]),
            node("Slice", &["sx", "zero", "one"], &["bx"]),
            node("Shape", &["w"], &["sw"]),
            node("Slice", &["sw", "zero", "one"], &["bw"]),
            with(node("Concat", &["bx", "bw"], &["shape"]), int("axis", 0)),
            node("Reshape", &["x", "shape"], &["y"]),
        ],
    );
    g.input = vec![
        value("x", DataType::Float32, &[batch, 2, 3]),
        value("w", DataType::Float32, &[-1]),
    ];
    g.output = vec![value("y", DataType::Float32, &[-1, -1])];
    proto(g, vec![])
}

#[test]
fn a_size_that_may_be_zero_is_not_copied_beside_a_computed_one() {
    let simplified = |p: &ModelProto| apply(&model(p), &PatchSpec::SimplifyChains {}).unwrap();
    // [0, -1] of nothing has no answer.
    let done = simplified(&reshape_by_two(-1));
    assert!(operators(&done).contains(&"Concat".to_owned()), "{}", done.summary);
    assert_eq!(operators(&simplified(&reshape_by_two(4))), ["Reshape"]);
    // Where the model fails with nothing in it anyway, this changes nothing.
    let mut p = reshape_by_two(-1);
    let g = p.graph.get_or_insert_default();
    let named = |n: &str| crate::model::onnx::__buffa::oneof::tensor_shape_proto::dimension::Value::DimParam(n.into());
    if let Some(crate::model::onnx::__buffa::oneof::type_proto::Value::TensorType(t)) =
        &mut g.input[0].r#type.get_or_insert_default().value
    {
        let dims = &mut t.shape.get_or_insert_default().dim;
        dims[0].value = Some(named("n"));
        dims[1].value = Some(named("m"));
    }
    assert!(operators(&simplified(&p)).contains(&"Concat".to_owned()));
    let g = p.graph.get_or_insert_default();
    g.initializer.push(i64s("flat", &[0, -1]));
    g.node.push(node("Reshape", &["x", "flat"], &["z"]));
    g.output.push(value("z", DataType::Float32, &[-1, -1]));
    assert_eq!(operators(&simplified(&p)), ["Reshape", "Reshape"]);
}

#[test]
fn shapes_left_from_an_export_are_not_written_down() {
    let made = |batch: i64| {
        let mut g = graph(
            &[],
            &[],
            vec![i64s("zero", &[0]), i64s("one", &[1]), i64s("rest", &[2, 3])],
            vec![
                node("Shape", &["x"], &["s"]),
                node("Slice", &["s", "zero", "one"], &["b"]),
                with(node("Concat", &["b", "rest"], &["shape"]), int("axis", 0)),
                node("Reshape", &["x", "shape"], &["y"]),
            ],
        );
        g.input = vec![value("x", DataType::Float32, &[batch, 6])];
        g.output = vec![value("y", DataType::Float32, &[1, 2, 3])];
        let mut p = proto(g, vec![]);
        if batch < 0 {
            let input = p.graph.get_or_insert_default().input[0].r#type.get_or_insert_default();
            if let Some(crate::model::onnx::__buffa::oneof::type_proto::Value::TensorType(t)) = &mut input.value {
                let name =
                    crate::model::onnx::__buffa::oneof::tensor_shape_proto::dimension::Value::DimParam("n".into());
                t.shape.get_or_insert_default().dim[0].value = Some(name);
            }
        }
        apply(&model(&p), &PatchSpec::SimplifyChains {}).unwrap()
    };
    let shape_of = |done: &AppliedPatch| {
        let graph = Graph::new(done.model.clone());
        let node = graph.nodes.iter().find(|n| &*n.op_type == "Reshape").unwrap();
        graph
            .constant(node.inputs[1].unwrap())
            .map(|t| t.unwrap().to_i64().unwrap())
    };
    assert!(matches!(shape_of(&made(-1)).as_deref(), Some([-1 | 0, 2, 3])));
    // Where the declaration is wrong, neither it nor what it says of the rank is written down.
    assert_ne!(shape_of(&made(4)).as_deref(), Some(&[1, 2, 3][..]));
}

#[test]
fn gelu_of_a_scalar_keeps_its_dimension() {
    let one = |name: &str, value: f32| sample_weights(name, &[1], value);
    let fused = |dims: &[i64], made: &[i64]| {
        let mut g = graph(
            &[],
            &[],
            vec![
                one("half", 0.5),
                one("root", std::f32::consts::FRAC_1_SQRT_2),
                one("one", 1.0),
            ],
            vec![
                node("Mul", &["x", "root"], &["s"]),
                node("Erf", &["s"], &["e"]),
                node("Add", &["e", "one"], &["a"]),
                node("Mul", &["x", "a"], &["p"]),
                node("Mul", &["p", "half"], &["y"]),
            ],
        );
        g.input = vec![value("x", DataType::Float32, dims)];
        g.output = vec![value("y", DataType::Float32, made)];
        operators(&apply(&model(&proto(g, vec![])), &PatchSpec::FuseGelu {}).unwrap())
    };
    assert_eq!(fused(&[2, 3], &[2, 3]), ["Gelu"]);
    // Constants of one dimension make one of a scalar.
    assert_eq!(fused(&[], &[1]).len(), 5);
}

#[test]
fn a_weight_that_two_nodes_read_is_stored_once() {
    use crate::graph::sample::weight;
    let nodes = vec![
        node("Gather", &["table", "ids"], &["e"]),
        node("Transpose", &["table"], &["t"]),
        node("MatMul", &["e", "t"], &["y"]),
    ];
    let mut top = graph(&[], &[], vec![weight("table", &[128, 64])], nodes);
    top.input.push(value("ids", DataType::Int64, &[3]));
    top.output.push(value("y", DataType::Float32, &[3, 128]));
    let tied = model(&proto(top, vec![]));
    let bytes = |model: &std::sync::Arc<crate::model::Model>| buffa::Message::encode_to_vec(model.proto()).len();
    let done = apply(&tied, &FOLD).unwrap();
    assert!(bytes(&done.model) <= bytes(&tied));
    assert!(
        done.notes
            .iter()
            .any(|(_, why)| why.contains("stays for other readers")),
        "{:?}",
        done.notes
    );
    let both = PatchSpec::FoldConstants {
        max_bytes: 1 << 20,
        copies: true,
    };
    assert!(bytes(&apply(&tied, &both).unwrap().model) > bytes(&tied) * 3 / 2);
    // Where every reader is folded, nothing is stored twice.
    let nodes = vec![
        node("Transpose", &["table"], &["t"]),
        node("Neg", &["table"], &["m"]),
        node("MatMul", &["x", "t"], &["h"]),
        node("MatMul", &["h", "m"], &["y"]),
    ];
    let mut top = graph(&[], &[], vec![weight("table", &[128, 64])], nodes);
    top.input.push(value("x", DataType::Float32, &[3, 64]));
    top.output.push(value("y", DataType::Float32, &[3, 64]));
    let done = apply(&model(&proto(top, vec![])), &FOLD).unwrap();
    assert_eq!(done.diff.removed.len(), 2);
}
