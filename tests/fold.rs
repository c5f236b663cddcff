//! Constant folding against the outside world: the node tests of onnx, and real models in ONNX Runtime.

mod support;

use buffa::Message;
use enginesmith::data::npz;
use enginesmith::graph::{Graph, TensorKind};
use enginesmith::model::{Model, Tensor};
use enginesmith::rewrite::{PatchSpec, apply};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use support::{model, python, reference};

const FOLD: PatchSpec = PatchSpec::FoldConstants {
    max_bytes: 16 << 20,
    copies: false,
};

/// Operators that the evaluator knows (src/graph/eval).
const OPERATORS: &[&str] = &[
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Mod",
    "Pow",
    "Min",
    "Max",
    "Sum",
    "Neg",
    "Abs",
    "Sign",
    "Floor",
    "Ceil",
    "Round",
    "Sqrt",
    "Reciprocal",
    "Exp",
    "Log",
    "Sin",
    "Cos",
    "Clip",
    "Equal",
    "Greater",
    "Less",
    "GreaterOrEqual",
    "LessOrEqual",
    "And",
    "Or",
    "Xor",
    "Not",
    "Where",
    "Cast",
    "CastLike",
    "Shape",
    "Size",
    "Identity",
    "Reshape",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Expand",
    "Tile",
    "Slice",
    "Split",
    "Concat",
    "Gather",
    "Pad",
    "Range",
    "ConstantOfShape",
    "NonZero",
    "ReduceSum",
    "ReduceProd",
    "ReduceMin",
    "ReduceMax",
    "ReduceMean",
];

/// Each node test of these operators with its inputs made constant: what folds must have the expected values.
#[test]
fn folded_values_are_those_of_the_node_tests() {
    let folder = tempfile::tempdir().unwrap();
    let ops = OPERATORS.iter().flat_map(|op| ["--op", op]);
    reference(["node-cases", folder.path().to_str().unwrap()].into_iter().chain(ops));
    let cases: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("cases.json")).unwrap()).unwrap();
    let (mut right, mut kept) = (0, Vec::new());
    for case in cases.as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let types: Vec<&str> = case["op_types"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t.as_str().unwrap())
            .collect();
        if types.iter().any(|t| !OPERATORS.contains(t) && *t != "Constant") {
            continue;
        }
        let place = folder.path().join(name);
        let read = |file: &str| npz::read(&std::fs::read(place.join(file)).unwrap()).unwrap();
        let source = Model::open(&place.join("model.onnx")).unwrap();
        let mut proto = source.proto().clone();
        let graph = proto.graph.get_or_insert_default();
        graph.input.clear();
        graph
            .initializer
            .extend(read("inputs.npz").iter().map(|(name, tensor)| tensor.to_proto(name)));
        proto.ir_version = proto.ir_version.max(Some(4));
        let model = Model::from_bytes(proto.encode_to_vec().into(), &place).unwrap();
        let done = apply(&Arc::new(model), &FOLD).unwrap();
        let after = Graph::new(done.model.clone());
        let folded = after.bodies[0]
            .outputs
            .iter()
            .all(|t| after.tensor(*t).kind == TensorKind::Constant);
        if !folded {
            kept.push(format!("{name}: {:?}", done.notes));
            continue;
        }
        let (rtol, atol) = (case["rtol"].as_f64().unwrap(), case["atol"].as_f64().unwrap());
        for (output, want) in read("outputs.npz") {
            let id = after.bodies[0]
                .outputs
                .iter()
                .find(|t| *after.tensor(**t).name == *output)
                .unwrap();
            let have = after.constant(*id).unwrap().unwrap();
            assert_same(name, &want, &have, rtol, atol);
        }
        right += 1;
    }
    println!("{right} folded right, kept:\n{}", kept.join("\n"));
    assert!(
        right > 250,
        "only {right} node tests folded; kept:\n{}",
        kept.join("\n")
    );
}

fn assert_same(name: &str, want: &Tensor, have: &Tensor, rtol: f64, atol: f64) {
    assert_eq!((want.dtype, &want.dims), (have.dtype, &have.dims), "{name}");
    let values = want.to_f64_iter().unwrap().zip(have.to_f64_iter().unwrap());
    for (i, (a, b)) in values.enumerate() {
        let same = a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= atol + rtol * a.abs();
        assert!(same, "{name}: element {i} is {b}, not {a}");
    }
}

/// Folds a model, and lets onnx.checker and ONNX Runtime judge the result. Gives nodes before and after.
fn fold_and_compare(path: &Path, inputs: &[&str]) -> (u64, u64) {
    let model = Arc::new(Model::open(path).unwrap());
    let done = apply(&model, &FOLD).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let folder = tempfile::tempdir().unwrap();
    let after = folder.path().join("folded.onnx");
    done.model.save(&after, false).unwrap();
    let report = same(python(), path, &after, inputs);
    let nodes = |key: &str| report[key].as_u64().unwrap();
    println!("{}: {} ({report})", path.display(), done.summary);
    assert_eq!(nodes("nodes_before"), model.graph().node.len() as u64);
    (nodes("nodes_before"), nodes("nodes_after"))
}

fn same(mut python: Command, before: &Path, after: &Path, inputs: &[&str]) -> serde_json::Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/same.py");
    let output = python
        .arg(script)
        .args([before, after])
        .args(inputs.iter().flat_map(|text| ["--input", text]))
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{}: {out}{err}", before.display());
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"))
}

#[test]
fn real_models_compute_the_same_after_folding() {
    let mut shrunk = 0;
    for (name, inputs) in [
        (
            "silero_vad.onnx",
            &["input:float32:1x576", "state:float32:2x1x128", "sr:int64:=16000"][..],
        ),
        (
            "silero_vad.onnx",
            &["input:float32:1x288", "state:float32:2x1x128", "sr:int64:=8000"],
        ),
        (
            "silero_vad_16k_op15.onnx",
            &["input:float32:1x576", "state:float32:2x1x128", "sr:int64:=16000"],
        ),
        ("PP-OCRv6_det_small.onnx", &["x:float32:1x3x64x96"]),
        ("PP-OCRv6_rec_small.onnx", &["x:float32:1x3x48x128"]),
        ("ch_ppocr_mobile_v2.0_cls_mobile.onnx", &["x:float32:1x3x48x192"]),
        ("magika.onnx", &["bytes:int32:1x2048=65"]),
        ("light/light_resnet50.onnx", &[]),
        ("light/light_densenet121.onnx", &[]),
        ("light/light_shufflenet.onnx", &[]),
    ] {
        let (before, after) = fold_and_compare(&model(name), inputs);
        assert!(after <= before, "{name}: {before} nodes became {after}");
        shrunk += u32::from(after < before);
    }
    assert!(shrunk >= 5, "folding did nothing to most of these models");
}
