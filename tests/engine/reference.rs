//! Results, inner tensors and shapes against ONNX Runtime, through a worker as users get them.

use crate::support::{digits, model, reference};
use enginesmith::data::generate::generate;
use enginesmith::data::shapes::run_sizes;
use enginesmith::data::{NamedTensors, npz};
use enginesmith::graph::{Graph, TensorKind};
use enginesmith::model::{DataType, Model, Tensor};
use enginesmith::recipe::Recipe;
use enginesmith::recipe::units::parse_named_shape;
use enginesmith::worker::{Job, JobOutput, Launch, Worker};
use std::path::Path;
use std::sync::Arc;

/// Largest difference allowed, as a share of the largest value: FP32 sums in another order.
const TOLERANCE: f64 = 2e-4;

fn worker() -> Arc<Worker> {
    let launch = Launch {
        via: None,
        program: Some(env!("CARGO_BIN_EXE_enginesmith").into()),
    };
    Worker::start(&launch).unwrap()
}

fn build(worker: &Arc<Worker>, recipe: &Recipe) -> u64 {
    let job = Job::Build {
        recipe: Box::new(recipe.clone()),
        output: None,
        force: false,
    };
    match worker.submit(job).wait(|_| ()) {
        Ok(JobOutput::Build { engine, .. }) => engine,
        other => panic!("{}: {other:?}", recipe.model.path.display()),
    }
}

fn infer(worker: &Arc<Worker>, engine: u64, inputs: &NamedTensors, tensors: &[String]) -> NamedTensors {
    let job = Job::Infer {
        engine,
        inputs: inputs.clone(),
        tensors: tensors.to_vec(),
    };
    match worker.submit(job).wait(|_| ()) {
        Ok(JobOutput::Infer { tensors }) => tensors,
        other => panic!("{other:?}"),
    }
}

fn onnxruntime(path: &Path, inputs: &NamedTensors, tensors: &[String]) -> NamedTensors {
    let dir = tempfile::tempdir().unwrap();
    let (given, got) = (dir.path().join("inputs.npz"), dir.path().join("outputs.npz"));
    std::fs::write(&given, npz::write(inputs).unwrap()).unwrap();
    let mut arguments = vec![
        "run".into(),
        path.as_os_str().to_owned(),
        given.into(),
        got.clone().into(),
    ];
    for tensor in tensors {
        arguments.extend(["--tensor".into(), tensor.into()]);
    }
    reference(arguments);
    npz::read(&std::fs::read(got).unwrap()).unwrap()
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    match tensor.dtype {
        DataType::Float32 => tensor
            .bytes
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()).into())
            .collect(),
        DataType::Int64 => tensor
            .bytes
            .chunks_exact(8)
            .map(|b| i64::from_le_bytes(b.try_into().unwrap()) as f64)
            .collect(),
        other => panic!("{other}"),
    }
}

/// Largest difference as a share of the largest expected value.
fn difference(got: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!((got.dtype, &got.dims), (expected.dtype, &expected.dims));
    let (got, expected) = (numbers(got), numbers(expected));
    let scale = expected.iter().fold(0.0, |m: f64, v| m.max(v.abs())).max(1e-6);
    let worst = got.iter().zip(&expected).map(|(a, b)| (a - b).abs());
    // A NaN on either side is a difference of its own.
    worst.fold(0.0, |m: f64, d| if d.is_nan() { f64::INFINITY } else { m.max(d) }) / scale
}

pub fn agree(path: &Path, shapes: &[&str]) {
    let mut recipe = Recipe::for_model(path);
    recipe.bench.shapes = shapes.iter().map(|s| parse_named_shape(s).unwrap()).collect();
    let graph = Graph::new(Arc::new(Model::open(path).unwrap()));
    let bound = run_sizes(&graph, &recipe).unwrap();
    let generated = [1, 2].map(|seed| generate(&graph, &bound, seed).unwrap().0);
    agree_on(&recipe, &generated);
}

fn agree_on(recipe: &Recipe, inputs: &[NamedTensors]) {
    let path = &recipe.model.path;
    let worker = worker();
    let engine = build(&worker, recipe);
    for inputs in inputs {
        let (got, expected) = (infer(&worker, engine, inputs, &[]), onnxruntime(path, inputs, &[]));
        assert_eq!(got.len(), expected.len());
        for (name, got) in &got {
            let (_, expected) = expected.iter().find(|(n, _)| n == name).unwrap();
            let worst = difference(got, expected);
            assert!(worst <= TOLERANCE, "{}: {name} differs by {worst:.2e}", path.display());
        }
    }
}

/// What magika is given for a file: its first and last 1024 bytes, 256 where there are none. Bytes that no file has make
/// its variances cancel, and every runtime's last digits differ.
fn file_features(content: &[u8]) -> Vec<i32> {
    let head = content.iter().take(1024).map(|b| i32::from(*b));
    let tail: Vec<i32> = content.iter().rev().take(1024).rev().map(|b| i32::from(*b)).collect();
    let mut features: Vec<i32> = head.collect();
    features.resize(2048 - tail.len(), 256);
    features.extend(tail);
    features
}

#[test]
fn magika() {
    let files = ["Cargo.toml", "src/lib.rs", "tests/setup.sh"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rows: Vec<Vec<i32>> = files
        .iter()
        .map(|f| file_features(&std::fs::read(root.join(f)).unwrap()))
        .collect();
    let inputs = |rows: &[Vec<i32>]| {
        let bytes: Vec<u8> = rows.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
        let tensor = Tensor {
            dtype: DataType::Int32,
            dims: vec![rows.len() as u64, 2048],
            bytes: bytes.into(),
        };
        vec![("bytes".to_string(), tensor)]
    };
    agree_on(
        &Recipe::for_model(&model("magika.onnx")),
        &[inputs(&rows), inputs(&rows[1..2])],
    );
}

#[test]
fn pp_ocr_detection() {
    agree(&model("PP-OCRv6_det_small.onnx"), &["x:1x3x224x320"]);
}

#[test]
fn pp_ocr_recognition() {
    agree(&model("PP-OCRv6_rec_small.onnx"), &["x:2x3x48x160"]);
}

#[test]
fn pp_ocr_classification() {
    agree(&model("ch_ppocr_mobile_v2.0_cls_mobile.onnx"), &["x:1x3x48x192"]);
}

#[test]
fn silero_vad() {
    agree(&model("silero_vad.onnx"), &["input:1x512", "state:2x1x128", "sr:"]);
    agree(&model("silero_vad_16k_op15.onnx"), &["input:1x576", "state:2x1x128"]);
}

#[test]
fn demo() {
    agree(&digits().join("digits.onnx"), &["input:1x1x8x8"]);
    agree(&digits().join("digits.onnx"), &["input:32x1x8x8"]);
}

#[test]
fn inner_tensors_by_name_even_where_operators_were_fused() {
    for (path, shapes) in [
        (digits().join("digits.onnx"), vec!["input:2x1x8x8"]),
        (model("ch_ppocr_mobile_v2.0_cls_mobile.onnx"), vec!["x:1x3x48x192"]),
    ] {
        let mut recipe = Recipe::for_model(&path);
        recipe.bench.shapes = shapes.iter().map(|s| parse_named_shape(s).unwrap()).collect();
        let graph = Graph::new(Arc::new(Model::open(&path).unwrap()));
        let inner: Vec<String> = graph
            .tensors
            .iter()
            .filter(|t| t.body == 0 && t.kind == TensorKind::Activation && t.ty.dtype == Some(DataType::Float32))
            .map(|t| t.name.to_string())
            .collect();
        assert!(inner.len() > 10, "{inner:?}");
        let bound = run_sizes(&graph, &recipe).unwrap();
        let (inputs, _) = generate(&graph, &bound, 1).unwrap();
        let worker = worker();
        let engine = build(&worker, &recipe);
        let got = infer(&worker, engine, &inputs, &inner);
        let expected = onnxruntime(&path, &inputs, &inner);
        for name in &inner {
            let find = |all: &NamedTensors| all.iter().find(|(n, _)| n == name).map(|(_, t)| t.clone());
            let (got, expected) = (find(&got).unwrap(), find(&expected).unwrap());
            let worst = difference(&got, &expected);
            assert!(worst <= 1e-3, "{}: {name} differs by {worst:.2e}", path.display());
        }
    }
}

#[test]
fn a_shape_outside_every_profile_is_refused_by_name() {
    let recipe = Recipe::open(&digits().join("recipe.toml")).unwrap();
    let worker = worker();
    let engine = build(&worker, &recipe);
    let graph = Graph::new(Arc::new(Model::open(&recipe.model.path).unwrap()));
    let most = recipe.profiles[0].inputs["input"].max[0];
    let shape = |batch| {
        let mut recipe = Recipe::for_model(&recipe.model.path);
        recipe.bench.shapes = [("input".to_string(), vec![batch, 1, 8, 8])].into();
        run_sizes(&graph, &recipe).unwrap()
    };
    let (inside, _) = generate(&graph, &shape(most), 0).unwrap();
    infer(&worker, engine, &inside, &[]);
    let (outside, _) = generate(&graph, &shape(most + 1), 0).unwrap();
    let job = Job::Infer {
        engine,
        inputs: outside,
        tensors: Vec::new(),
    };
    let error = worker.submit(job).wait(|_| ()).unwrap_err().to_string();
    assert!(error.contains("input") && error.contains("no profile"), "{error}");
}
