//! Verdicts on the corners of profiles against NVIDIA's own builder: a refusal of ours is one of the builder's, and what
//! it builds is not refused.

use super::library;
use super::support::onnx::{floats, node};
use buffa::Message;
use enginesmith::check::Severity;
use enginesmith::check::corners::{contradictions, judged};
use enginesmith::graph::Graph;
use enginesmith::graph::ranges::{ProfileSpec, Range};
use enginesmith::graph::sample::{self, import, int, ints, with};
use enginesmith::model::DataType::{self, Float32, Int64};
use enginesmith::model::attribute::text;
use enginesmith::model::onnx::__buffa::oneof::{tensor_shape_proto::dimension, type_proto};
use enginesmith::model::onnx::{ModelProto, NodeProto, TensorProto, ValueInfoProto};
use enginesmith::model::{Model, Tensor};
use enginesmith_tensorrt::Library;
use enginesmith_tensorrt::sys::{ComputeCapability, VersionedEnum};
use std::path::Path;
use std::sync::Arc;

/// A model and the profiles to try on it: inputs with min, opt and max.
struct Case {
    name: &'static str,
    model: Vec<u8>,
    profiles: Vec<Vec<ProfileSpec>>,
}

/// A value whose sizes are numbers, or names.
fn value(name: &str, dtype: DataType, dims: &[&str]) -> ValueInfoProto {
    let numbers: Vec<i64> = dims.iter().map(|d| d.parse().unwrap_or(-1)).collect();
    let mut info = sample::value(name, dtype, &numbers);
    if let Some(type_proto::Value::TensorType(tensor)) = &mut info.r#type.get_or_insert_default().value {
        for (dim, text) in tensor.shape.get_or_insert_default().dim.iter_mut().zip(dims) {
            dim.value.get_or_insert(dimension::Value::DimParam((*text).into()));
        }
    }
    info
}

fn model(
    inputs: Vec<ValueInfoProto>,
    outputs: Vec<ValueInfoProto>,
    weights: Vec<TensorProto>,
    nodes: Vec<NodeProto>,
) -> Vec<u8> {
    let mut graph = sample::graph(&[], &[], weights, nodes);
    (graph.input, graph.output) = (inputs, outputs);
    let model = ModelProto {
        ir_version: Some(8),
        opset_import: vec![import("", 17)],
        ..sample::proto(graph, Vec::new())
    };
    model.encode_to_vec()
}

fn whole(name: &str, values: &[i64]) -> TensorProto {
    Tensor::from_i64(&[values.len() as u64], values).unwrap().to_proto(name)
}

fn weight(name: &str, dims: &[u64]) -> TensorProto {
    let count = dims.iter().product::<u64>() as usize;
    floats(name, dims, &vec![0.5; count])
}

/// Ranges of one input, each made of three numbers by `shape`.
fn ranges(input: &str, shape: impl Fn(u64) -> Vec<u64>, list: &[[u64; 3]]) -> Vec<Vec<ProfileSpec>> {
    let one = |[min, opt, max]: &[u64; 3]| {
        let range = Range {
            min: shape(*min),
            opt: shape(*opt),
            max: shape(*max),
        };
        vec![ProfileSpec {
            inputs: [(input.to_owned(), range)].into(),
            ..ProfileSpec::default()
        }]
    };
    list.iter().map(one).collect()
}

/// Three numbers and the shape that each stands for.
type Sizes = ([u64; 3], fn(u64) -> Vec<u64>);

/// Ranges of two inputs at once.
fn both(a: Sizes, b: Sizes) -> Vec<ProfileSpec> {
    let range = |([min, opt, max], shape): Sizes| Range {
        min: shape(min),
        opt: shape(opt),
        max: shape(max),
    };
    vec![ProfileSpec {
        inputs: [("a".to_owned(), range(a)), ("b".to_owned(), range(b))].into(),
        ..ProfileSpec::default()
    }]
}

fn values(input: &str, list: &[[Vec<i64>; 3]]) -> Vec<Vec<ProfileSpec>> {
    let one = |[min, opt, max]: &[Vec<i64>; 3]| {
        let range = Range {
            min: min.clone(),
            opt: opt.clone(),
            max: max.clone(),
        };
        vec![ProfileSpec {
            values: [(input.to_owned(), range)].into(),
            ..ProfileSpec::default()
        }]
    };
    list.iter().map(one).collect()
}

fn picture(n: u64) -> Vec<u64> {
    vec![1, 3, n, n]
}

fn rows(n: u64) -> Vec<u64> {
    vec![n, 4]
}

fn columns(n: u64) -> Vec<u64> {
    vec![1, n]
}

fn cases() -> Vec<Case> {
    let x = |dims: &[&str]| vec![value("x", Float32, dims)];
    let y = |rank: usize| vec![value("y", Float32, &["p", "q", "r", "s"][..rank])];
    let open = ["1", "3", "h", "w"];
    let halved = |from: &str, to: &str| {
        let pool = with(node("MaxPool", &[from], &[to]), ints("kernel_shape", &[2, 2]));
        with(pool, ints("strides", &[2, 2]))
    };
    let doubles = || floats("scales", &[4], &[1.0, 1.0, 2.0, 2.0]);
    let ab = |a: &str, b: &str| vec![value("a", Float32, &[a, "4"]), value("b", Float32, &[b, "4"])];
    let mut all = Vec::new();
    let mut add = |name, model, profiles| {
        all.push(Case { name, model, profiles });
    };
    let skip = vec![
        halved("x", "half"),
        node("Resize", &["half", "", "scales"], &["up"]),
        node("Add", &["x", "up"], &["y"]),
    ];
    let mut at = ranges(
        "x",
        picture,
        &[[32, 64, 128], [33, 64, 127], [32, 65, 128], [33, 33, 33], [32, 32, 33]],
    );
    let second = at
        .iter()
        .take(1)
        .chain(at.iter().skip(2).take(1))
        .flatten()
        .cloned()
        .collect();
    at.push(second);
    add("skip connection", model(x(&open), y(4), vec![doubles()], skip), at);
    let levels = vec![
        halved("x", "half"),
        halved("half", "quarter"),
        node("Resize", &["quarter", "", "scales"], &["up"]),
        with(node("Concat", &["half", "up"], &["y"]), int("axis", 1)),
    ];
    let at = ranges("x", picture, &[[4, 8, 16], [4, 6, 8], [6, 8, 16], [4, 9, 16]]);
    add("two levels", model(x(&open), y(4), vec![doubles()], levels), at);
    let reshape = |shape: &[i64]| {
        let nodes = vec![node("Reshape", &["x", "shape"], &["y"])];
        model(x(&["n", "4"]), y(2), vec![whole("shape", shape)], nodes)
    };
    add(
        "multiple of 16",
        reshape(&[-1, 16]),
        ranges("x", rows, &[[1, 4, 8], [4, 5, 8], [4, 4, 5]]),
    );
    add(
        "one batch",
        reshape(&[1, 16]),
        ranges("x", rows, &[[1, 4, 8], [1, 2, 8], [4, 4, 4]]),
    );
    let tokens = |n: u64| vec![1, n, 8];
    let positions = model(
        x(&["1", "s", "8"]),
        y(3),
        vec![weight("p", &[1, 16, 8])],
        vec![node("Add", &["x", "p"], &["y"])],
    );
    add(
        "positions",
        positions,
        ranges("x", tokens, &[[1, 16, 16], [1, 8, 16], [1, 1, 1], [1, 16, 32]]),
    );
    let cut = vec![
        node("Shape", &["x"], &["sizes"]),
        with(node("Gather", &["sizes", "one"], &["n"]), int("axis", 0)),
        node("Slice", &["p", "zero", "n", "one"], &["q"]),
        node("Add", &["x", "q"], &["y"]),
    ];
    let weights = vec![weight("p", &[1, 16, 8]), whole("one", &[1]), whole("zero", &[0])];
    let cut = model(x(&["1", "s", "8"]), y(3), weights, cut);
    add(
        "positions cut",
        cut,
        ranges("x", tokens, &[[1, 8, 16], [1, 16, 32], [1, 20, 32]]),
    );
    let top = |weights: Vec<TensorProto>, nodes: Vec<NodeProto>, inputs: Vec<ValueInfoProto>| {
        let outputs = vec![value("y", Float32, &["1", "k"]), value("i", Int64, &["1", "k"])];
        model(inputs, outputs, weights, nodes)
    };
    let computed = vec![
        node("Shape", &["x"], &["sizes"]),
        node("Gather", &["sizes", "one"], &["n"]),
        node("TopK", &["x", "n"], &["y", "i"]),
    ];
    let list = [
        [100, 1000, 3840],
        [100, 1000, 5000],
        [3840, 3841, 4000],
        [3841, 3841, 3841],
        [3840, 3840, 3840],
    ];
    add(
        "K of a size",
        top(vec![whole("one", &[1])], computed, x(&["1", "n"])),
        ranges("x", columns, &list),
    );
    for (name, k) in [("K at the limit", 3840), ("K above the limit", 3841)] {
        let nodes = vec![node("TopK", &["x", "k"], &["y", "i"])];
        add(
            name,
            top(vec![whole("k", &[k])], nodes, x(&["1", "8400"])),
            vec![vec![]],
        );
    }
    let nodes = vec![node("TopK", &["x", "k"], &["y", "i"])];
    let five = top(vec![whole("k", &[5])], nodes.clone(), x(&["1", "n"]));
    add(
        "five of them",
        five,
        ranges("x", columns, &[[2, 8, 8], [5, 8, 8], [2, 4, 8]]),
    );
    let given = vec![value("x", Float32, &["1", "8000"]), value("k", Int64, &["1"])];
    let list = [[vec![1], vec![5], vec![50]], [vec![1], vec![3841], vec![5000]]];
    add("K by value", top(vec![], nodes, given), values("k", &list));
    let resized = vec![
        with(node("Concat", &["nc", "hw"], &["sizes"]), int("axis", 0)),
        node("Resize", &["x", "", "", "sizes"], &["y"]),
    ];
    let inputs = vec![value("x", Float32, &["1", "3", "32", "32"]), value("hw", Int64, &["2"])];
    let list = [[vec![16, 16], vec![32, 32], vec![64, 64]], [vec![2], vec![2], vec![2]]];
    add(
        "size by value",
        model(inputs, y(4), vec![whole("nc", &[1, 3])], resized),
        values("hw", &list),
    );
    let inputs = vec![value("x", Float32, &["8", "3"]), value("s", Int64, &["2"])];
    let list = [
        [vec![1, 1], vec![2, 12], vec![24, 24]],
        [vec![1, 1], vec![5, 12], vec![24, 24]],
    ];
    let nodes = vec![node("Reshape", &["x", "s"], &["y"])];
    add("shape by value", model(inputs, y(2), vec![], nodes), values("s", &list));
    let expand = vec![node("Expand", &["x", "shape"], &["y"])];
    let expand = model(x(&["n", "4"]), y(2), vec![whole("shape", &[8, 4])], expand);
    add("expand", expand, ranges("x", rows, &[[1, 8, 8], [1, 2, 8], [1, 1, 1]]));
    let blocks = with(node("SpaceToDepth", &["x"], &["y"]), int("blocksize", 2));
    let blocks = model(x(&open), y(4), vec![], vec![blocks]);
    add(
        "blocks",
        blocks,
        ranges("x", picture, &[[2, 4, 8], [3, 4, 9], [2, 5, 8]]),
    );
    let sum = vec![node("Add", &["a", "b"], &["y"])];
    let two = model(ab("n", "k"), y(2), vec![], sum);
    let profiles = vec![
        both(([1, 2, 8], rows), ([1, 4, 8], rows)),
        both(([2, 2, 8], rows), ([9, 10, 16], rows)),
        both(([2, 2, 8], rows), ([1, 1, 1], rows)),
        both(([1, 2, 8], rows), ([1, 2, 8], rows)),
    ];
    add("sum of two", two, profiles);
    let joined = with(node("Concat", &["a", "b"], &["y"]), int("axis", 1));
    let joined = model(ab("n", "k"), y(2), vec![], vec![joined]);
    let profiles = vec![
        both(([1, 2, 8], rows), ([1, 4, 8], rows)),
        both(([1, 4, 8], rows), ([2, 4, 8], rows)),
        both(([1, 2, 3], rows), ([5, 6, 8], rows)),
    ];
    add("joined", joined, profiles);
    let wide: fn(u64) -> Vec<u64> = |n| vec![2, n];
    let tall: fn(u64) -> Vec<u64> = |n| vec![n, 3];
    let inputs = vec![value("a", Float32, &["2", "k"]), value("b", Float32, &["j", "3"])];
    let product = model(inputs, y(2), vec![], vec![node("MatMul", &["a", "b"], &["y"])]);
    let profiles = vec![
        both(([2, 4, 8], wide), ([2, 5, 8], tall)),
        both(([2, 4, 8], wide), ([2, 4, 8], tall)),
    ];
    add("product of two", product, profiles);
    let fixed = model(
        x(&["2", "k"]),
        y(2),
        vec![weight("w", &[16, 3])],
        vec![node("MatMul", &["x", "w"], &["y"])],
    );
    add(
        "product with weights",
        fixed,
        ranges("x", wide, &[[16, 16, 16], [8, 8, 32], [2, 4, 8]]),
    );
    let flat = vec![node("Flatten", &["x"], &["flat"]), node("Gemm", &["flat", "w"], &["y"])];
    let flat = model(x(&["n", "3", "h", "w"]), y(2), vec![weight("w", &[48, 4])], flat);
    add(
        "flattened",
        flat,
        ranges("x", picture, &[[4, 4, 4], [4, 5, 8], [2, 4, 8]]),
    );
    let window = model(
        x(&open),
        y(4),
        vec![weight("w", &[4, 3, 5, 5])],
        vec![node("Conv", &["x", "w"], &["y"])],
    );
    add("window", window, ranges("x", picture, &[[4, 8, 16], [5, 5, 5]]));
    let padded = with(node("Pad", &["x", "pads"], &["y"]), text("mode", "reflect"));
    let padded = model(
        x(&open),
        y(4),
        vec![whole("pads", &[0, 0, 3, 3, 0, 0, 3, 3])],
        vec![padded],
    );
    add(
        "reflected",
        padded,
        ranges("x", picture, &[[2, 8, 8], [2, 3, 8], [8, 8, 8]]),
    );
    let slope = vec![node("PRelu", &["x", "slope"], &["y"])];
    let slope = model(x(&["1", "c", "8", "8"]), y(4), vec![weight("slope", &[3, 1, 1])], slope);
    add(
        "slopes",
        slope,
        ranges("x", |n| vec![1, n, 8, 8], &[[1, 3, 8], [1, 4, 8]]),
    );
    all
}

/// The builder's verdict, in its words where it refuses.
fn builds(library: Library, bytes: &[u8], profiles: &[ProfileSpec]) -> Result<(), String> {
    let text = |e: enginesmith_tensorrt::Error| e.to_string();
    let builder = library.builder().map_err(text)?;
    let mut network = builder.strongly_typed().map_err(text)?;
    network.parser().map_err(text)?.parse(bytes, None).map_err(text)?;
    let mut config = builder.config().map_err(text)?;
    let capability = ComputeCapability::from_short_name("sm86").expect("a capability");
    config.set_compute_capabilities(&[capability]).map_err(text)?;
    let signed = |sizes: &[u64]| sizes.iter().map(|n| *n as i64).collect::<Vec<i64>>();
    for spec in profiles {
        let mut profile = builder.profile().map_err(text)?;
        for (name, r) in &spec.inputs {
            let set = profile.set_shape(name, &signed(&r.min), &signed(&r.opt), &signed(&r.max));
            set.map_err(text)?;
        }
        for (name, r) in &spec.values {
            profile.set_shape_values(name, &r.min, &r.opt, &r.max).map_err(text)?;
        }
        config.add_profile(&profile).map_err(text)?;
    }
    builder.build(&network, &config).map(drop).map_err(text)
}

#[test]
fn verdicts_on_corners_are_those_of_the_real_builder() {
    let library = Library::load(library("1.7")).expect("TensorRT-RTX 1.7");
    let mut wrong = Vec::new();
    let mut tried = (0, 0);
    for case in cases() {
        let opened = Model::from_bytes(case.model.clone().into(), Path::new("case.onnx")).expect("a model");
        let graph = Graph::new(Arc::new(opened));
        for profiles in &case.profiles {
            let ours: Vec<String> = contradictions(&graph, "tensorrt-rtx", profiles)
                .into_iter()
                .map(|(_, problem)| problem)
                .chain(judged(&graph, "tensorrt-rtx", profiles).into_iter().filter_map(|j| {
                    let fault = j.corner.result.err()?;
                    (j.severity == Some(Severity::Error)).then_some(fault.message)
                }))
                .collect();
            let theirs = builds(library, &case.model, profiles);
            tried.0 += 1;
            tried.1 += usize::from(theirs.is_err());
            if theirs.is_ok() != ours.is_empty() {
                let words: Vec<String> = profiles.iter().map(ProfileSpec::words).collect();
                wrong.push(format!(
                    "{} {words:?}: ours {ours:?}, the builder {theirs:?}",
                    case.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried.0 >= 60 && tried.1 >= 20, "{tried:?}");
}
