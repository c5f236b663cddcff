//! Casting small models; real ones are in `tests/precision`.

use super::{CastSpec, LowType};
use crate::graph::sample::{body, graph, import, int, model, node, proto, value, with};
use crate::graph::{Graph, ProblemKind};
use crate::model::onnx::{FunctionProto, GraphProto, ModelProto, TensorProto};
use crate::model::{DataType, Tensor};
use crate::rewrite::{AppliedPatch, PatchSpec, Range, Ranges, apply};

fn weights(name: &str, values: &[f32]) -> TensorProto {
    Tensor::from_f32(&[values.len() as u64], values).unwrap().to_proto(name)
}

fn cast(p: &ModelProto, change: impl FnOnce(&mut CastSpec)) -> AppliedPatch {
    // Most of these models are too small to see anything behind casts at their ends.
    let mut spec = CastSpec {
        keep_io_types: false,
        ..CastSpec::new(LowType::Fp16)
    };
    change(&mut spec);
    let done = apply(&model(p), &PatchSpec::Cast(Box::new(spec))).unwrap();
    let graph = Graph::new(done.model.clone());
    // Declared types, inferred types and data agree.
    assert!(
        !graph.problems.iter().any(|p| p.kind != ProblemKind::MissingOpset),
        "{:?}",
        graph.problems
    );
    done
}

fn reason<'a>(done: &'a AppliedPatch, node: &str) -> &'a str {
    done.notes
        .iter()
        .find(|(name, _)| name == node)
        .map_or("", |(_, note)| note)
}

fn dtype(done: &AppliedPatch, tensor: &str) -> Option<DataType> {
    let graph = Graph::new(done.model.clone());
    graph.tensors.iter().find(|t| *t.name == *tensor)?.ty.dtype
}

fn operators(g: &GraphProto) -> Vec<&str> {
    g.node
        .iter()
        .map(|n| n.op_type.as_deref().unwrap_or_default())
        .collect()
}

/// x + w, then y = tanh of it; z = that + w.
fn chain() -> ModelProto {
    proto(
        graph(
            &["x"],
            &["y", "z"],
            vec![weights("w", &[1.0, 2.0])],
            vec![
                node("Add", &["x", "w"], &["a"]),
                node("Tanh", &["a"], &["y"]),
                node("Add", &["y", "w"], &["z"]),
            ],
        ),
        vec![],
    )
}

fn reached(tensor: &str, value: f32) -> Option<Ranges> {
    let range = Range { min: 0.0, max: value };
    Some(Ranges {
        source: "a test".into(),
        samples: 1,
        tensors: [(tensor.to_owned(), range)].into(),
    })
}

#[test]
fn everything_is_lowered_where_nothing_speaks_against_it() {
    let done = cast(&chain(), |_| ());
    assert_eq!(operators(done.model.graph()), ["Add", "Tanh", "Add"]);
    for tensor in ["x", "w", "a", "y", "z"] {
        assert_eq!(dtype(&done, tensor), Some(DataType::Float16), "{tensor}");
    }
    assert!(done.summary.contains("no ranges were given"), "{}", done.summary);
}

#[test]
fn inputs_and_outputs_keep_name_and_type_on_request() {
    let done = cast(&chain(), |spec| spec.keep_io_types = true);
    // One cast in, two out; y is read in float16 inside.
    assert_eq!(
        operators(done.model.graph()),
        ["Cast", "Add", "Tanh", "Cast", "Add", "Cast"]
    );
    for (tensor, want) in [
        ("x", DataType::Float32),
        ("y", DataType::Float32),
        ("y__fp16", DataType::Float16),
        ("z", DataType::Float32),
    ] {
        assert_eq!(dtype(&done, tensor), Some(want), "{tensor}");
    }
}

#[test]
fn a_large_activation_keeps_its_makers_and_readers_in_float32() {
    let done = cast(&chain(), |spec| spec.ranges = reached("a", 1.3e5));
    assert_eq!(reason(&done, "a_Add"), "FP32: output a reached 1.3e5");
    assert_eq!(reason(&done, "y_Tanh"), "FP32: input a reached 1.3e5");
    assert_eq!(reason(&done, "z_Add"), "FP16");
    // w is read in both types: a copy of it is float16, it itself stays.
    assert_eq!(dtype(&done, "w"), Some(DataType::Float32));
    assert_eq!(dtype(&done, "w__fp16"), Some(DataType::Float16));
    assert_eq!(dtype(&done, "y"), Some(DataType::Float16));
    assert_eq!(dtype(&done, "a"), Some(DataType::Float32));
    let done = cast(&chain(), |spec| {
        spec.ranges = reached("a", 1.3e5);
        spec.max_activation = Some(2e5);
    });
    assert_eq!(reason(&done, "a_Add"), "FP16");
}

#[test]
fn lists_beat_limits_and_including_beats_excluding() {
    let done = cast(&chain(), |spec| {
        spec.ranges = reached("a", 1.3e5);
        spec.include = vec!["a_*".into()];
        spec.exclude = vec!["*_Add".into()];
    });
    assert_eq!(reason(&done, "a_Add"), "FP16");
    assert_eq!(reason(&done, "z_Add"), "FP32: excluded by name");
    let done = cast(&chain(), |spec| spec.exclude_ops = vec!["Tanh".into()]);
    assert_eq!(reason(&done, "y_Tanh"), "FP32: Tanh is excluded");
}

#[test]
fn a_weight_beyond_the_range_keeps_its_reader_unless_included() {
    let mut p = chain();
    p.graph.get_or_insert_default().initializer = vec![weights("w", &[1e6, 1e-12])];
    let done = cast(&p, |_| ());
    assert_eq!(reason(&done, "a_Add"), "FP32: weight w reaches 1.0e6");
    let done = cast(&p, |spec| spec.include_ops = vec!["Add".into()]);
    let notes: Vec<&str> = done.notes.iter().filter(|(n, _)| n == "w").map(|(_, t)| &**t).collect();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[0].contains("1 of 2 values clamped to 65504"), "{notes:?}");
    // An infinite value, as masks have it, is one in float16 too.
    p.graph.get_or_insert_default().initializer = vec![weights("w", &[f32::NEG_INFINITY, 0.0])];
    assert_eq!(reason(&cast(&p, |_| ()), "a_Add"), "FP16");
}

#[test]
fn branches_of_an_if_give_one_type() {
    let branch = |op: &str| {
        graph(
            &[],
            &["i"],
            vec![],
            vec![node("Exp", &["x"], &["e"]), node(op, &["e"], &["i"])],
        )
    };
    let mut g = graph(
        &["x"],
        &["y"],
        vec![],
        vec![with(
            with(node("If", &["c"], &["y"]), body("then_branch", branch("Tanh"))),
            body("else_branch", branch("Celu")),
        )],
    );
    g.input.push(value("c", DataType::Bool, &[]));
    let done = cast(&proto(g, vec![]), |_| ());
    let node = done
        .model
        .graph()
        .node
        .iter()
        .find(|n| n.op_type.as_deref() == Some("If"));
    let branches: Vec<_> = node.unwrap().attribute.iter().map(|a| operators(&a.g)).collect();
    // Celu is never lowered: it reads and gives float32, and so does the other branch.
    assert_eq!(branches, [vec!["Exp", "Tanh", "Cast"], vec!["Exp", "Cast", "Celu"]]);
    assert_eq!(dtype(&done, "y"), Some(DataType::Float16));
}

#[test]
fn what_a_loop_carries_keeps_its_type() {
    let mut inner = graph(
        &[],
        &[],
        vec![],
        vec![node("Identity", &["go"], &["again"]), node("Exp", &["v"], &["next"])],
    );
    inner.input = vec![
        value("n", DataType::Int64, &[]),
        value("go", DataType::Bool, &[]),
        value("v", DataType::Float32, &[2]),
    ];
    inner.output = vec![
        value("again", DataType::Bool, &[]),
        value("next", DataType::Float32, &[2]),
    ];
    let mut g = graph(
        &["x"],
        &["y"],
        vec![
            Tensor::from_i64(&[], &[3]).unwrap().to_proto("times"),
            Tensor::from_bool(&[], &[true]).unwrap().to_proto("true"),
        ],
        vec![with(node("Loop", &["times", "true", "x"], &["y"]), body("body", inner))],
    );
    g.input = vec![value("x", DataType::Float32, &[2])];
    g.output = vec![value("y", DataType::Float32, &[2])];
    let p = proto(g, vec![]);
    let done = cast(&p, |spec| spec.keep_io_types = true);
    assert_eq!(operators(done.model.graph()), ["Cast", "Loop", "Cast"]);
    assert_eq!(dtype(&done, "v"), Some(DataType::Float16));
    let done = cast(&p, |spec| spec.exclude_ops = vec!["Exp".into()]);
    assert_eq!(dtype(&done, "v"), Some(DataType::Float32));
}

#[test]
fn functions_and_other_domains_stay_with_a_reason() {
    let function = FunctionProto {
        name: Some("twice".into()),
        domain: Some("own".into()),
        input: vec!["a".into()],
        output: vec!["b".into()],
        node: vec![node("Add", &["a", "a"], &["b"])],
        opset_import: vec![import("", 21)],
        ..Default::default()
    };
    let mut call = node("twice", &["x"], &["a"]);
    call.domain = Some("own".into());
    let mut p = proto(
        graph(&["x"], &["y"], vec![], vec![call, node("Exp", &["a"], &["y"])]),
        vec![function],
    );
    p.opset_import.push(import("own", 1));
    let done = cast(&p, |_| ());
    assert!(reason(&done, "a_twice").contains("local function"), "{:?}", done.notes);
    assert_eq!(reason(&done, "y_Exp"), "FP16");
    assert_eq!(operators(done.model.graph()), ["Cast", "twice", "Cast", "Exp"]);
}

#[test]
fn casts_are_not_piled_up() {
    let to = |dtype: DataType| int("to", i64::from(dtype.to_onnx()));
    let p = proto(
        graph(
            &["x"],
            &["y"],
            vec![],
            vec![
                with(node("Cast", &["x"], &["h"]), to(DataType::Float16)),
                with(node("Cast", &["h"], &["f"]), to(DataType::Float32)),
                node("Exp", &["f"], &["y"]),
            ],
        ),
        vec![],
    );
    let done = cast(&p, |_| ());
    assert_eq!(operators(done.model.graph()), ["Exp"]);
}

#[test]
fn float64_becomes_float32_first() {
    let wide = Tensor::from_f64(&[2], &[0.5, 1e300]).unwrap().to_proto("w");
    let mut g = graph(
        &[],
        &[],
        vec![wide],
        vec![node("Add", &["x", "w"], &["a"]), node("Tanh", &["a"], &["y"])],
    );
    g.input = vec![value("x", DataType::Float64, &[2])];
    g.output = vec![value("y", DataType::Float64, &[2])];
    let p = proto(g, vec![]);
    let done = cast(&p, |spec| spec.include_ops = vec!["Add".into()]);
    assert_eq!(operators(done.model.graph()), ["Add", "Tanh"]);
    assert_eq!(dtype(&done, "x"), Some(DataType::Float16));
    assert!(
        done.summary.contains("float64 tensors became float32 first"),
        "{}",
        done.summary
    );
    // Once on the way to float32, once on the way to float16.
    let clamped: Vec<(&str, DataType)> = done.losses.iter().map(|l| (l.tensor.as_str(), l.dtype)).collect();
    assert_eq!(clamped, [("w", DataType::Float32), ("w", DataType::Float16)]);
    let done = cast(&p, |spec| spec.keep_io_types = true);
    assert_eq!(dtype(&done, "x"), Some(DataType::Float64));
    assert_eq!(dtype(&done, "y"), Some(DataType::Float64));
    let inner: Vec<_> = operators(done.model.graph())
        .into_iter()
        .filter(|op| *op != "Cast")
        .collect();
    assert_eq!(inner, ["Add", "Tanh"]);
}

#[test]
fn deep_sums_stay_float32_on_request() {
    let mut g = graph(
        &[],
        &[],
        vec![
            Tensor::from_f32(&[40, 8], &[0.1; 320]).unwrap().to_proto("deep"),
            Tensor::from_f32(&[8, 4], &[0.1; 32]).unwrap().to_proto("flat"),
        ],
        vec![
            node("MatMul", &["x", "deep"], &["a"]),
            node("MatMul", &["a", "flat"], &["b"]),
            node("ReduceMean", &["b"], &["y"]),
        ],
    );
    g.input = vec![value("x", DataType::Float32, &[2, 40])];
    g.output = vec![value("y", DataType::Float32, &[1, 1])];
    let done = cast(&proto(g, vec![]), |spec| spec.max_depth = Some(16));
    assert_eq!(
        reason(&done, "a_MatMul"),
        "FP32: it adds up 40 values into one, the limit is 16"
    );
    assert_eq!(reason(&done, "b_MatMul"), "FP16");
    assert_eq!(reason(&done, "y_ReduceMean"), "FP16");
}

#[test]
fn losses_of_values_are_told() {
    let mut p = chain();
    p.graph.get_or_insert_default().initializer = vec![weights("w", &[1e6, 1e-12])];
    let done = cast(&p, |spec| {
        spec.include_ops = vec!["Add".into()];
        spec.ranges = reached("a", 1.3e5);
    });
    let found = crate::check::losses(std::slice::from_ref(&done));
    let rules: Vec<&str> = found.iter().map(|f| f.rule.as_str()).collect();
    assert_eq!(rules, ["data.overflow", "data.clamped", "data.flushed"]);
    assert_eq!(found[0].reason, "a reached 1.3e5, which is infinite in float16");
    assert!(
        found[1].reason.starts_with("1 of 2 values of w are beyond float16"),
        "{}",
        found[1].reason
    );
    assert!(found.iter().all(|f| f.evidence == crate::check::Evidence::Data));
}

#[test]
fn inside_bodies_ranges_were_not_seen() {
    let branch = |op: &str| graph(&[], &["i"], vec![], vec![node(op, &["x"], &["i"])]);
    let mut g = graph(
        &["x"],
        &["y"],
        vec![],
        vec![with(
            with(node("If", &["c"], &["y"]), body("then_branch", branch("Tanh"))),
            body("else_branch", branch("Exp")),
        )],
    );
    g.input.push(value("c", DataType::Bool, &[]));
    let p = proto(g, vec![]);
    let done = cast(&p, |spec| spec.ranges = reached("x", 1.0));
    let unseen = "FP32: it runs inside a body, where no range of i was seen";
    assert_eq!(reason(&done, "i_Exp"), unseen);
    // A range is that of one place: the other branch has another tensor of that name.
    let known = |place: &str, value: f32| {
        let range = Range { min: 0.0, max: value };
        let mut ranges = reached("x", 1.0).unwrap();
        ranges.tensors.insert(format!("y_If/{place}/i"), range);
        cast(&p, |spec| spec.ranges = Some(ranges))
    };
    let done = known("else_branch", 3.0);
    assert_eq!((reason(&done, "i_Exp"), reason(&done, "i_Tanh")), ("FP16", unseen));
    let done = known("then_branch", 1e4);
    assert_eq!(reason(&done, "i_Tanh"), "FP32: output i reached 10,000");
    let done = cast(&p, |spec| {
        spec.ranges = reached("x", 1.0);
        spec.include_ops = vec!["Exp".into()];
    });
    assert_eq!(reason(&done, "i_Exp"), "FP16");
}

#[test]
fn scales_too_small_for_the_type_keep_their_pair_and_reader() {
    let scalar = |name: &str, value: f32| Tensor::from_f32(&[], &[value]).unwrap().to_proto(name);
    let zero = Tensor::from_i8(&[], &[0]).unwrap().to_proto("z");
    let g = graph(
        &["x"],
        &["y"],
        vec![scalar("s", 0.01), scalar("small", 1e-6), zero],
        vec![
            node("QuantizeLinear", &["x", "s", "z"], &["q"]),
            node("DequantizeLinear", &["q", "s", "z"], &["d"]),
            node("Exp", &["d"], &["e"]),
            node("QuantizeLinear", &["e", "small", "z"], &["q2"]),
            node("DequantizeLinear", &["q2", "small", "z"], &["d2"]),
            node("Tanh", &["d2"], &["y"]),
        ],
    );
    let done = cast(&proto(g, vec![]), |_| ());
    assert_eq!(reason(&done, "d_DequantizeLinear"), "FP16");
    assert_eq!(reason(&done, "e_Exp"), "FP16");
    assert_eq!(
        reason(&done, "q2_QuantizeLinear"),
        "FP32: its scale 1.0e-6 is too small for FP16"
    );
    assert_eq!(
        reason(&done, "y_Tanh"),
        "FP32: the scale 1.0e-6 of d2 is too small for FP16"
    );
    assert_eq!(dtype(&done, "small"), Some(DataType::Float32));
    assert_eq!(dtype(&done, "s"), Some(DataType::Float16));
}

#[test]
fn what_cannot_be_cast_is_refused_in_words() {
    let refused = |p: &ModelProto, to| {
        let spec = CastSpec::new(to);
        apply(&model(p), &PatchSpec::Cast(Box::new(spec)))
            .err()
            .unwrap_or_default()
    };
    let mut p = chain();
    p.opset_import = vec![import("", 12)];
    assert!(refused(&p, LowType::Bf16).contains("needs opset 13"));
    let done = cast(&chain(), |_| ());
    let again = refused(done.model.proto(), LowType::Fp16);
    assert!(again.contains("the model's floats are float16"), "{again}");
}

/// `Cast(int64 -> float)`, times 1, `Cast -> int64`: an index as exporters compute it; and `Exp`, which is none.
fn index_arithmetic(dtype: DataType) -> ModelProto {
    let to = |dtype: DataType| int("to", i64::from(dtype.to_onnx()));
    let one = match dtype {
        DataType::Float64 => Tensor::from_f64(&[], &[1.0]),
        _ => Tensor::from_f32(&[], &[1.0]),
    };
    let mut g = graph(
        &["x"],
        &["y"],
        vec![one.unwrap().to_proto("one")],
        vec![
            with(node("Cast", &["i"], &["f"]), to(dtype)),
            node("Mul", &["f", "one"], &["p"]),
            node("Floor", &["p"], &["q"]),
            with(node("Cast", &["q"], &["j"]), to(DataType::Int64)),
            node("Exp", &["x"], &["y"]),
        ],
    );
    g.input.push(value("i", DataType::Int64, &[3]));
    g.output.push(value("j", DataType::Int64, &[3]));
    proto(g, vec![])
}

#[test]
fn what_becomes_an_index_stays_exact() {
    let p = index_arithmetic(DataType::Float32);
    let done = cast(&p, |_| ());
    for name in ["f_Cast", "p_Mul", "q_Floor"] {
        let want = "FP32: its values become integers, and their range is not known";
        assert_eq!(reason(&done, name), want, "{name}");
    }
    assert_eq!(reason(&done, "y_Exp"), "FP16");
    assert_eq!(dtype(&done, "one"), Some(DataType::Float32));
    assert_eq!(operators(done.model.graph()), ["Cast", "Mul", "Floor", "Cast", "Exp"]);
    // Small numbers were seen; larger ones may come.
    let done = cast(&p, |spec| spec.ranges = reached("p", 3.0));
    assert_eq!(reason(&done, "p_Mul"), "FP32: it computes integers from integers");
    assert_eq!(reason(&done, "f_Cast"), "FP32: it computes integers from integers");
    // With ranges, what comes from floats is judged by them.
    let mut g = graph(
        &["x"],
        &["y"],
        vec![],
        vec![
            node("Exp", &["x"], &["e"]),
            node("Floor", &["e"], &["q"]),
            with(
                node("Cast", &["q"], &["y"]),
                int("to", i64::from(DataType::Int64.to_onnx())),
            ),
        ],
    );
    g.output = vec![value("y", DataType::Int64, &[-1])];
    let p = proto(g, vec![]);
    let done = cast(&p, |spec| spec.ranges = reached("q", 3.0));
    assert_eq!((reason(&done, "e_Exp"), reason(&done, "q_Floor")), ("FP16", "FP16"));
    let done = cast(&p, |_| ());
    // Exp is arithmetic; what it reads comes from no node.
    assert!(reason(&done, "e_Exp").contains("become integers") && reason(&done, "q_Floor").contains("become integers"));
}

#[test]
fn integers_in_float64_stay_float64() {
    let done = cast(&index_arithmetic(DataType::Float64), |_| ());
    for tensor in ["f", "one", "p", "q"] {
        assert_eq!(dtype(&done, tensor), Some(DataType::Float64), "{tensor}");
    }
    assert_eq!(dtype(&done, "y"), Some(DataType::Float16));
    assert!(done.losses.is_empty(), "{:?}", done.losses);
    assert!(!done.summary.contains("float64"), "{}", done.summary);
    // Where they mix with what is more than arithmetic, they become float32, and that is said.
    let mut p = index_arithmetic(DataType::Float64);
    let g = p.graph.get_or_insert_default();
    g.node.push(node("Tanh", &["p"], &["t"]));
    g.output.push(value("t", DataType::Float64, &[3]));
    let done = cast(&p, |_| ());
    assert_ne!(dtype(&done, "p"), Some(DataType::Float64));
    let found = crate::check::losses(std::slice::from_ref(&done));
    let said: Vec<_> = found.iter().map(|f| (f.rule.as_str(), f.reason.as_str())).collect();
    let text = "q becomes integers, which in float32 are exact up to 16777216 only";
    assert_eq!(said, [("data.integers", text)]);
}

#[test]
fn sparse_constants_in_float64_are_narrowed() {
    let sparse = |name: &str| {
        let mut values = Tensor::from_f64(&[2], &[0.5, 2.0]).unwrap().to_proto(name);
        values.name = Some(name.into());
        crate::model::onnx::SparseTensorProto {
            values: buffa::MessageField::some(values),
            indices: buffa::MessageField::some(Tensor::from_i64(&[2], &[0, 3]).unwrap().to_proto("at")),
            dims: vec![4],
            ..Default::default()
        }
    };
    let held = crate::model::onnx::AttributeProto {
        name: Some("sparse_value".into()),
        r#type: Some(crate::model::onnx::attribute_proto::AttributeType::SPARSE_TENSOR),
        sparse_tensor: buffa::MessageField::some(sparse("")),
        ..Default::default()
    };
    let mut g = graph(
        &[],
        &[],
        vec![],
        vec![
            with(node("Constant", &[], &["e"]), held),
            node("Add", &["x", "e"], &["a"]),
            node("Mul", &["a", "s"], &["y"]),
        ],
    );
    g.sparse_initializer = vec![sparse("s")];
    g.input = vec![value("x", DataType::Float64, &[4])];
    g.output = vec![value("y", DataType::Float64, &[4])];
    let done = cast(&proto(g, vec![]), |_| ());
    let after = Graph::new(done.model.clone());
    let left = after.tensors.iter().filter(|t| t.ty.dtype == Some(DataType::Float64));
    assert_eq!(left.count(), 0);
}

#[test]
fn what_is_in_sequences_and_optionals_stays_float32() {
    let float_sequence = |name: &str| {
        let mut info = value(name, DataType::Float32, &[-1]);
        let ty = info.r#type.get_or_insert_default();
        let inner = ty.clone();
        let sequence = crate::model::onnx::type_proto::Sequence {
            elem_type: buffa::MessageField::some(inner),
            ..Default::default()
        };
        ty.value = Some(crate::model::onnx::__buffa::oneof::type_proto::Value::SequenceType(
            Box::new(sequence),
        ));
        info
    };
    let mut g = graph(
        &["x"],
        &["y"],
        vec![Tensor::from_i64(&[], &[0]).unwrap().to_proto("zero")],
        vec![
            node("Exp", &["x"], &["e"]),
            node("SequenceConstruct", &["e", "x"], &["list"]),
            node("SequenceEmpty", &[], &["none"]),
            node("SequenceInsert", &["none", "e"], &["more"]),
            node("SequenceAt", &["more", "zero"], &["at"]),
            node("Optional", &["at"], &["maybe"]),
            node("OptionalGetElement", &["maybe"], &["got"]),
            node("Tanh", &["at"], &["y"]),
        ],
    );
    g.output.push(float_sequence("list"));
    g.output.push(value("got", DataType::Float32, &[-1]));
    let done = cast(&proto(g, vec![]), |spec| spec.keep_io_types = true);
    for name in [
        "list_SequenceConstruct",
        "more_SequenceInsert",
        "at_SequenceAt",
        "maybe_Optional",
        "got_OptionalGetElement",
    ] {
        let want = "FP32: it reads or makes a sequence or an optional";
        assert_eq!(reason(&done, name), want, "{name}");
    }
    assert_eq!((reason(&done, "e_Exp"), reason(&done, "y_Tanh")), ("FP16", "FP16"));
    let after = Graph::new(done.model.clone());
    for name in ["list", "more", "at", "maybe", "got"] {
        let tensor = after.tensors.iter().find(|t| &*t.name == name).unwrap();
        assert_eq!(tensor.ty.dtype, Some(DataType::Float32), "{name}");
    }
    let insert = done
        .model
        .graph()
        .node
        .iter()
        .find(|n| n.op_type.as_deref() == Some("SequenceInsert"));
    let fed = insert.map(|n| n.input[1].clone()).unwrap();
    assert_eq!(dtype(&done, &fed), Some(DataType::Float32), "{fed}");
}

#[test]
fn a_normalization_whose_definition_is_float32_stays_so() {
    let mut g = graph(
        &[],
        &[],
        vec![],
        vec![
            node("MeanVarianceNormalization", &["x"], &["m"]),
            node("Exp", &["m"], &["y"]),
        ],
    );
    g.input = vec![value("x", DataType::Float32, &[1, 2, 3, 3])];
    g.output = vec![value("y", DataType::Float32, &[1, 2, 3, 3])];
    let done = cast(&proto(g, vec![]), |_| ());
    assert_eq!(
        reason(&done, "m_MeanVarianceNormalization"),
        "FP32: MeanVarianceNormalization is never lowered"
    );
    assert_eq!(reason(&done, "y_Exp"), "FP16");
}

#[test]
fn weights_that_the_type_loses_stay_float32_and_say_how_much() {
    let values: Vec<f32> = (0..64).map(|i| (i as f32 - 31.5) * 1e-8).collect();
    let w = |name: &str, by: f32| {
        let values: Vec<f32> = values.iter().map(|v| v * by).collect();
        Tensor::from_f32(&[8, 8], &values).unwrap().to_proto(name)
    };
    let mut top = graph(
        &[],
        &[],
        vec![w("small", 1.0), w("usual", 1e6)],
        vec![
            node("MatMul", &["x", "small"], &["a"]),
            node("MatMul", &["x", "usual"], &["b"]),
        ],
    );
    top.input.push(value("x", DataType::Float32, &[2, 8]));
    for name in ["a", "b"] {
        top.output.push(value(name, DataType::Float32, &[2, 8]));
    }
    let p = proto(top, vec![]);
    let done = cast(&p, |_| {});
    let why = reason(&done, "a_MatMul");
    assert!(
        why.starts_with("FP32: weight small has values below 6.1e-5, of which FP16 loses"),
        "{why}"
    );
    assert_eq!(reason(&done, "b_MatMul"), "FP16");
    // BF16 has the range of float32.
    let done = cast(&p, |spec| spec.to = LowType::Bf16);
    assert_eq!(reason(&done, "a_MatMul"), "BF16");
    // What is computed may be as small: then it stays float32 as an output too.
    let done = cast(&p, |spec| {
        let range = |max: f32| Range { min: -max, max };
        spec.ranges = Some(Ranges {
            tensors: [("x", 1.0), ("a", 1e-6), ("b", 1.0)]
                .map(|(n, m)| (n.to_owned(), range(m)))
                .into(),
            ..Ranges::default()
        });
    });
    assert_eq!(dtype(&done, "a"), Some(DataType::Float32));
    assert_eq!(dtype(&done, "b"), Some(DataType::Float16));
}
