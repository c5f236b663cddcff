//! Hostile files: cut anywhere, changed anywhere. Nothing may panic or hang, and what opens must hold together.

use super::sample::{body, graph, import, int, ints, node, proto, value, with};
use super::{Graph, TensorId};
use crate::model::onnx::{
    FunctionProto, ModelProto, SparseTensorProto, StringStringEntryProto, TensorAnnotation, TensorProto,
    tensor_proto::DataLocation,
};
use crate::model::{DataType, Model, Tensor};
use crate::rewrite::{CastSpec, LowType, PatchSpec, apply};
use buffa::{Message, MessageField};
use proptest::prelude::*;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A small model with one of everything.
fn everything() -> ModelProto {
    let i64s = |name: &str, values: &[i64]| Tensor::from_i64(&[values.len() as u64], values).unwrap().to_proto(name);
    let inner = |out: &str| {
        let loop_body = graph(
            &["n", "go", "acc"],
            &["go", "acc2"],
            vec![],
            vec![node("Add", &["acc", "x"], &["acc2"])],
        );
        graph(
            &[],
            &[out],
            vec![i64s("m", &[3])],
            vec![with(node("Loop", &["m", "", "x"], &[out]), body("body", loop_body))],
        )
    };
    let branch = with(
        with(node("If", &["c"], &["b"]), body("then_branch", inner("t"))),
        body("else_branch", inner("e")),
    );
    let mut call = node("twice", &["b"], &["f"]);
    call.domain = Some("my".into());
    let mut g = graph(
        &["x", "c"],
        &["y"],
        vec![
            i64s("zero", &[0]),
            i64s("shape", &[-1, 4]),
            Tensor::from_f32(&[2, 2], &[1.0; 4]).unwrap().to_proto("w"),
        ],
        vec![
            branch,
            call,
            with(node("Constant", &[], &["k"]), ints("value_ints", &[2, 2])),
            node("Shape", &["f"], &["s"]),
            with(node("Gather", &["s", "zero"], &["d"]), int("axis", 0)),
            with(node("Concat", &["d", "k"], &["target"]), int("axis", 0)),
            node("Reshape", &["f", "target"], &["r"]),
            node("Add", &["r", "dense"], &["y"]),
        ],
    );
    g.value_info = vec![
        value("r", DataType::Float32, &[-1, 2, 2]),
        value("s", DataType::Int64, &[1]),
    ];
    g.sparse_initializer = vec![SparseTensorProto {
        values: MessageField::some(Tensor::from_f32(&[1], &[5.0]).unwrap().to_proto("dense")),
        indices: MessageField::some(i64s("", &[1])),
        dims: vec![2],
        ..Default::default()
    }];
    g.output[0] = value("y", DataType::Float32, &[-1, 2, 2]);
    g.quantization_annotation = vec![TensorAnnotation {
        tensor_name: Some("y".into()),
        ..Default::default()
    }];
    let function = FunctionProto {
        name: Some("twice".into()),
        domain: Some("my".into()),
        input: vec!["a".into()],
        output: vec!["o".into()],
        node: vec![node("Add", &["a", "a"], &["o"])],
        opset_import: vec![import("", 18)],
        ..Default::default()
    };
    let mut p = proto(g, vec![function]);
    p.opset_import.push(import("my", 1));
    p
}

fn sample() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| everything().encode_to_vec())
}

/// Opens the bytes and does with them what the program does.
fn exercise(bytes: Vec<u8>) {
    let Ok(model) = Model::from_bytes(bytes.into(), Path::new("/nowhere/hostile.onnx")) else {
        return;
    };
    let model = Arc::new(model);
    let graph = Graph::new(model.clone());
    graph.check_invariants().unwrap();
    for id in (0..graph.tensors.len() as u32).map(TensorId) {
        if let Some(Ok(tensor)) = graph.constant(id) {
            assert_eq!(
                tensor.dtype.packed_bytes(tensor.elements()),
                Some(tensor.bytes.len() as u64)
            );
            let _ = (tensor.to_f32(), tensor.to_i64());
        }
    }
    let _ = graph.summary(&Default::default());
    let mut specs = vec![PatchSpec::FoldConstants {
        max_bytes: 4096,
        copies: false,
    }];
    let is_folding = |p: &PatchSpec| matches!(p, PatchSpec::FoldConstants { .. });
    specs.extend(PatchSpec::clean_up().into_iter().filter(|p| !is_folding(p)));
    specs.push(PatchSpec::RaiseOpset { to: 22 });
    specs.push(PatchSpec::AddBodyRanges {});
    specs.push(PatchSpec::Cast(Box::new(CastSpec::new(LowType::Fp16))));
    for spec in specs {
        if let Ok(done) = apply(&model, &spec) {
            Graph::new(done.model).check_invariants().unwrap();
        }
    }
}

#[test]
fn the_sample_itself_is_sound() {
    let model = Model::from_bytes(sample().into(), Path::new("sample.onnx")).unwrap();
    let graph = Graph::new(Arc::new(model));
    assert_eq!(graph.problems, []);
    graph.check_invariants().unwrap();
    let dense = graph.tensors.iter().position(|t| &*t.name == "dense").unwrap();
    let dense = graph.constant(TensorId(dense as u32)).unwrap().unwrap();
    assert_eq!(dense.to_f32().unwrap(), [0.0, 5.0]);
}

#[test]
fn cutting_at_any_byte_is_survived() {
    for end in 0..sample().len() {
        exercise(sample()[..end].to_vec());
    }
}

/// One change to a file.
#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Flip(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = 0..sample().len();
    prop_oneof![
        4 => (at.clone(), any::<u8>()).prop_map(|(at, v)| Change::Set(at, v)),
        4 => (at.clone(), 0u8..8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        1 => (at.clone(), prop::collection::vec(any::<u8>(), 1..12)).prop_map(|(at, v)| Change::Insert(at, v)),
        1 => (at.clone(), 1usize..40).prop_map(|(at, n)| Change::Remove(at, n)),
        1 => (at.clone(), 1usize..80, at).prop_map(|(from, n, to)| Change::Repeat(from, n, to)),
    ]
}

fn changed(changes: &[Change]) -> Vec<u8> {
    let mut bytes = sample().to_vec();
    for change in changes {
        let len = bytes.len().max(1);
        match change {
            Change::Set(at, value) => bytes[at % len] = *value,
            Change::Flip(at, bit) => bytes[at % len] ^= 1 << bit,
            Change::Insert(at, values) => drop(bytes.splice(at % len..at % len, values.iter().copied())),
            Change::Remove(at, n) => drop(bytes.drain(at % len..(at % len + n).min(bytes.len() - 1).max(at % len))),
            Change::Repeat(from, n, to) => {
                let part = bytes[from % len..(from % len + n).min(bytes.len())].to_vec();
                drop(bytes.splice(to % len..to % len, part));
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, max_shrink_iters: 2000, ..ProptestConfig::default() })]
    #[test]
    fn changing_any_bytes_is_survived(changes in prop::collection::vec(change(), 1..6)) {
        exercise(changed(&changes));
    }
}

fn external(location: &str, offset: &str, length: &str) -> TensorProto {
    let entry = |key: &str, value: &str| StringStringEntryProto {
        key: Some(key.into()),
        value: Some(value.into()),
        ..Default::default()
    };
    TensorProto {
        name: Some("w".into()),
        data_type: Some(DataType::Float32.to_onnx()),
        dims: vec![2],
        data_location: Some(DataLocation::EXTERNAL),
        external_data: vec![
            entry("location", location),
            entry("offset", offset),
            entry("length", length),
        ],
        ..Default::default()
    }
}

#[test]
fn external_data_is_read_only_inside_the_folder_and_whole() {
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().join("model");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(outside.path().join("secret"), [0; 16]).unwrap();
    std::fs::write(folder.join("data"), [1.0f32, 2.0, 3.0].map(f32::to_le_bytes).concat()).unwrap();
    std::fs::create_dir(folder.join("sub")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret", folder.join("link")).unwrap();
    let open = |tensor: TensorProto| {
        let path = folder.join("m.onnx");
        let bytes = proto(graph(&["x"], &["x"], vec![tensor], vec![]), vec![]).encode_to_vec();
        std::fs::write(&path, bytes).unwrap();
        Model::open(&path)
    };
    let good = open(external("data", "4", "8")).unwrap();
    assert_eq!(
        good.tensor(&good.graph().initializer[0]).unwrap().to_f32().unwrap(),
        [2.0, 3.0]
    );
    assert_eq!(good.external_files(), [folder.join("data")]);
    let absolute = outside.path().join("secret").to_string_lossy().into_owned();
    for (location, offset, length, word) in [
        ("../secret", "0", "8", "leaves the model's folder"),
        (absolute.as_str(), "0", "8", "leaves the model's folder"),
        ("sub/../../secret", "0", "8", "leaves the model's folder"),
        #[cfg(unix)]
        ("link", "0", "8", "symbolic link"),
        ("missing", "0", "8", "missing"),
        ("sub", "0", "8", "not a regular file"),
        ("data", "8", "8", "8 bytes from offset 8 are needed, the file has 12"),
        ("data", "18446744073709551615", "8", "are needed"),
        ("data", "-1", "8", "not a number"),
        ("data", "0", "9", "length says 9 bytes, type and dims need 8"),
        ("", "0", "8", "without a location"),
    ] {
        let error = open(external(location, offset, length)).err().unwrap().to_string();
        assert!(
            error.contains(word) && error.contains("initializer[0] \"w\""),
            "{location}: {error}"
        );
    }
}

#[test]
fn errors_say_what_the_file_is_or_where_it_is_wrong() {
    let error = |bytes: &[u8]| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Model::open(file.path()).err().unwrap().to_string()
    };
    assert!(error(b"").contains("the file is empty"));
    assert!(error(b"PK\x03\x04....").contains("zip archive"));
    assert!(error(b"{\"format\": 1}\n").contains("JSON"));
    assert!(error(&[8, 10]).contains("there is no graph"));
    let mut p = everything();
    p.opset_import.clear();
    assert!(error(&p.encode_to_vec()).contains("no opset_import"));
    p.ir_version = None;
    assert!(error(&p.encode_to_vec()).contains("no ir_version"));
    p = everything();
    p.graph.get_or_insert_default().initializer[0].dims = vec![7];
    assert!(
        error(&p.encode_to_vec()).contains("initializer[0] \"zero\": dims [7] of int64 need 56 bytes, raw_data has 8")
    );
    // A body's own constant is checked too.
    p = everything();
    let inner = p.graph.get_or_insert_default().node[0].attribute[0]
        .g
        .get_or_insert_default();
    inner.initializer[0].dims = vec![-3];
    let text = error(&p.encode_to_vec());
    assert!(
        text.contains("attribute \"then_branch\"") && text.contains("negative"),
        "{text}"
    );
    let text = error(&sample()[..sample().len() - 400]);
    assert!(text.contains("graph at byte") && text.contains("cut off"), "{text}");
}

#[test]
fn nesting_without_end_is_refused_on_a_small_stack() {
    // An attribute that holds a graph that holds a node that holds an attribute, ten thousand times.
    let mut bytes: Vec<u8> = Vec::new();
    for depth in 0..30_000 {
        let tag = [0x0a, 0x2a, 0x32][depth % 3];
        let mut wrapped = vec![tag];
        let mut len = bytes.len();
        while len >= 0x80 {
            wrapped.push(len as u8 | 0x80);
            len >>= 7;
        }
        wrapped.push(len as u8);
        wrapped.append(&mut bytes);
        bytes = wrapped;
        if bytes.len() > 60_000 {
            break;
        }
    }
    let mut model = vec![8, 10, 0x3a];
    let mut len = bytes.len();
    while len >= 0x80 {
        model.push(len as u8 | 0x80);
        len >>= 7;
    }
    model.push(len as u8);
    model.append(&mut bytes);
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || exercise(model))
        .unwrap();
    thread.join().unwrap();
}
