//! The same values as Python's ONNX Runtime, on the real models.

use crate::{build, infer, recipe, run, support, worker};
use enginesmith::data::{NamedTensors, generate, npz, shapes};
use enginesmith::graph::Graph;
use enginesmith::model::Model;
use enginesmith::recipe::BenchSpec;
use enginesmith::worker::{Job, JobError, JobEvent, JobOutput};
use std::path::Path;
use std::sync::Arc;

/// Inputs with their shapes.
pub type Shapes = [(&'static str, &'static [u64])];

/// Models of the set-up with shapes for what they leave open.
pub const MODELS: [(&str, &Shapes); 7] = [
    ("PP-OCRv6_det_small.onnx", &[("x", &[1, 3, 96, 160])]),
    ("PP-OCRv6_rec_small.onnx", &[("x", &[2, 3, 48, 160])]),
    ("ch_ppocr_mobile_v2.0_cls_mobile.onnx", &[("x", &[3, 3, 48, 192])]),
    ("magika.onnx", &[]),
    ("silero_vad.onnx", &[("input", &[1, 512]), ("state", &[2, 1, 128])]),
    (
        "silero_vad_16k_op15.onnx",
        &[("input", &[1, 512]), ("state", &[2, 1, 128])],
    ),
    ("light/light_squeezenet.onnx", &[]),
];

pub fn inputs(model: &Path, given: &Shapes) -> NamedTensors {
    let graph = Graph::new(Arc::new(Model::open(model).unwrap()));
    let bench = BenchSpec {
        shapes: given.iter().map(|(n, d)| ((*n).into(), d.to_vec())).collect(),
        ..BenchSpec::default()
    };
    let sizes = shapes::sizes(&graph, &bench, &[], None).unwrap();
    generate::generate(&graph, &sizes, 7).unwrap().0
}

/// What Python's ONNX Runtime gives, with these inner tensors.
fn python(model: &Path, inputs: &NamedTensors, tensors: &[&str]) -> NamedTensors {
    let folder = tempfile::tempdir().unwrap();
    let (given, got) = (folder.path().join("inputs.npz"), folder.path().join("outputs.npz"));
    std::fs::write(&given, npz::write(inputs).unwrap()).unwrap();
    let mut arguments = vec!["run".to_string()];
    arguments.extend([model, &given, &got].map(|p| p.display().to_string()));
    for tensor in tensors {
        arguments.extend(["--tensor".into(), (*tensor).into()]);
    }
    support::reference(arguments);
    npz::read(&std::fs::read(got).unwrap()).unwrap()
}

fn assert_equal(what: &str, ours: &NamedTensors, theirs: &NamedTensors) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (name, theirs) in theirs {
        let (_, ours) = ours
            .iter()
            .find(|(n, _)| n == name)
            .unwrap_or_else(|| panic!("{what}: {name}"));
        assert_eq!((ours.dtype, &ours.dims), (theirs.dtype, &theirs.dims), "{what}: {name}");
        let pairs = ours.to_f64_iter().unwrap().zip(theirs.to_f64_iter().unwrap());
        for (i, (a, b)) in pairs.enumerate() {
            // The same library and the same kernels; threads may sum in another order.
            assert!(
                (a - b).abs() <= 1e-5 * b.abs().max(1.0),
                "{what}: {name}[{i}]: {a} and {b}"
            );
        }
    }
}

#[test]
fn results_equal_those_of_python() {
    let worker = worker();
    for (name, shapes) in MODELS {
        let model = support::model(name);
        let inputs = inputs(&model, shapes);
        let (engine, record) = build(&worker, recipe(&model, ""), None).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(
            (record.target.as_str(), record.stages.len() > 3),
            ("onnxruntime-cpu", true)
        );
        let ours = infer(&worker, engine, &inputs, &[]).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_equal(name, &ours, &python(&model, &inputs, &[]));
        run(&worker, Job::Drop { engine }).unwrap();
    }
}

#[test]
fn inner_tensors_equal_those_of_python_and_unknown_ones_are_refused_by_name() {
    let model = support::model("light/light_squeezenet.onnx");
    let graph = Graph::new(Arc::new(Model::open(&model).unwrap()));
    let of = |index: usize| graph.tensor(graph.nodes[index].outputs[0].unwrap()).name.to_string();
    let (first, later) = (of(0), of(20));
    let inputs = inputs(&model, &[]);
    let worker = worker();
    let (engine, _) = build(&worker, recipe(&model, ""), None).unwrap();
    let tensors = [first.as_str(), later.as_str()];
    let theirs = python(&model, &inputs, &tensors);
    assert_eq!(theirs.len(), 3);
    for _ in 0..2 {
        let ours = infer(&worker, engine, &inputs, &tensors).unwrap();
        assert_equal("squeezenet", &ours, &theirs);
    }
    let error = infer(&worker, engine, &inputs, &["no such tensor"]).unwrap_err();
    assert!(error.to_string().contains("no such tensor"), "{error}");
}

#[test]
fn wrong_inputs_are_refused_by_name() {
    let model = support::model("light/light_squeezenet.onnx");
    let worker = worker();
    let (engine, _) = build(&worker, recipe(&model, ""), None).unwrap();
    let right = inputs(&model, &[]);
    let name = right[0].0.clone();
    let mut short = right.clone();
    short[0].1 = enginesmith::model::Tensor::from_f32(&[1], &[0.0]).unwrap();
    for (inputs, word) in [
        (vec![], "missing"),
        (short, "has the shape"),
        (vec![("other".to_string(), right[0].1.clone())], "other"),
    ] {
        let error = infer(&worker, engine, &inputs, &[]).unwrap_err();
        let text = error.to_string();
        assert!(
            matches!(error, JobError::Engine(_)) && text.contains(word) && text.contains(&name),
            "{text}"
        );
    }
}

#[test]
fn a_measurement_gives_samples_and_its_environment() {
    let model = support::model("silero_vad.onnx");
    let mut recipe = recipe(&model, "threads = 1");
    recipe.bench.shapes = [
        ("input".to_string(), vec![1, 512]),
        ("state".to_string(), vec![2, 1, 128]),
    ]
    .into();
    (recipe.bench.duration_s, recipe.bench.warmup_ms) = (Some(0.2), Some(20.0));
    let worker = worker();
    let (engine, record) = build(&worker, recipe.clone(), None).unwrap();
    let job = Job::Bench {
        engine,
        recipe: Box::new(recipe),
        seed: 1,
    };
    let mut samples = 0;
    let output = worker.submit(job).wait(|event| {
        if let JobEvent::Samples(new) = event {
            assert!(new.iter().all(|s| s.compute_ms() > 0.0 && s.enqueue_ms() == 0.0));
            samples += new.len();
        }
    });
    let JobOutput::Bench {
        environment,
        protocol,
        is_gpu,
        ..
    } = output.unwrap()
    else {
        panic!("no measurement");
    };
    assert_eq!(
        (protocol.as_str(), is_gpu, environment.threads),
        ("serial", false, Some(1))
    );
    assert_eq!(environment.runtime, format!("ONNX Runtime {}", record.version));
    assert!(samples >= 10, "{samples}");
}

#[test]
fn a_profile_leads_back_to_the_models_nodes() {
    let model = support::model("light/light_squeezenet.onnx");
    let recipe = recipe(&model, "threads = 1");
    let worker = worker();
    let (engine, _) = build(&worker, recipe.clone(), None).unwrap();
    let job = Job::Profile {
        engine,
        recipe: Box::new(recipe),
        seed: 1,
        runs: 4,
    };
    let JobOutput::Profile { profile, .. } = run(&worker, job).unwrap() else {
        panic!("no profile");
    };
    assert_eq!(profile.runs, 4);
    let share: f64 = profile.layers.iter().map(|l| l.share).sum();
    assert!((share - 1.0).abs() < 1e-9 && profile.run_ms > 0.0, "{share}");
    let graph = Graph::new(Arc::new(Model::open(&model).unwrap()));
    let convolutions: Vec<_> = profile
        .layers
        .iter()
        .filter(|l| l.op.as_deref().is_some_and(|op| op.ends_with("Conv")))
        .collect();
    let in_model = graph.nodes.iter().filter(|n| &*n.op_type == "Conv").count();
    assert_eq!(convolutions.len(), in_model);
    let mut places = Vec::new();
    for layer in convolutions {
        assert_eq!(layer.provider.as_deref(), Some("CPUExecutionProvider"));
        let path = layer.path.as_ref().unwrap_or_else(|| panic!("{layer:?} leads nowhere"));
        let node = graph.nodes.iter().find(|n| n.path == *path).unwrap();
        assert!(
            ["Conv", "Relu"].contains(&&*node.op_type),
            "{layer:?} is {}",
            node.op_type
        );
        places.push(path.clone());
    }
    places.dedup();
    assert_eq!(places.len(), in_model, "every one at a node of its own");
}
