//! What is seen of inner tensors is what they are when the runtime hands them out.

use crate::results::{MODELS, inputs};
use crate::{build, infer, recipe_with, run, support, worker};
use enginesmith::data::NamedTensors;
use enginesmith::graph::{Graph, TensorKind};
use enginesmith::model::{DataType, Model, Tensor};
use enginesmith::rewrite::Observed;
use enginesmith::worker::{Job, JobOutput, Worker};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Float32 tensors that nodes of the top level make.
fn inner(model: &Path) -> Vec<String> {
    let graph = Graph::new(Arc::new(Model::open(model).unwrap()));
    let made = graph.tensors.iter();
    let made = made.filter(|t| t.body == 0 && t.kind == TensorKind::Activation);
    let floats = made.filter(|t| t.ty.dtype == Some(DataType::Float32) && t.ty.container.is_none());
    floats.map(|t| t.name.to_string()).collect()
}

fn observe(worker: &Arc<Worker>, engine: u64, inputs: &NamedTensors, last: bool) -> (BTreeMap<String, Observed>, u64) {
    let inputs = inputs.clone();
    match run(worker, Job::Observe { engine, inputs, last }).unwrap() {
        JobOutput::Observed { tensors, bytes, .. } => (tensors, bytes),
        other => panic!("{other:?}"),
    }
}

/// Smallest and largest.
fn range(tensor: &Tensor) -> (f32, f32) {
    let values = tensor.to_f32().unwrap();
    let least = values.iter().copied().fold(f32::INFINITY, f32::min);
    (least, values.iter().copied().fold(f32::NEG_INFINITY, f32::max))
}

#[test]
fn what_is_seen_is_what_the_runtime_hands_out() {
    let libraries = [
        Some(support::onnxruntime_library()),
        support::older_onnxruntime_library(),
    ];
    for library in libraries.into_iter().flatten() {
        let worker = worker();
        for (name, shapes) in MODELS {
            let model = support::model(name);
            let (inputs, tensors) = (inputs(&model, shapes), inner(&model));
            let (engine, _) = build(&worker, recipe_with(&model, &library, ""), None).unwrap();
            let names: Vec<&str> = tensors.iter().map(String::as_str).collect();
            let given = infer(&worker, engine, &inputs, &names).unwrap();
            run(&worker, Job::Drop { engine }).unwrap();
            for brief in [true, false] {
                let job = Job::BuildObserver {
                    recipe: Box::new(recipe_with(&model, &library, "")),
                    tensors: tensors.clone(),
                    thresholds: Some(tensors[..1].to_vec()),
                    brief,
                };
                let engine = match run(&worker, job).unwrap_or_else(|e| panic!("{name}, brief {brief}: {e}")) {
                    JobOutput::BuildObserver { engine, record } => {
                        assert!(
                            library.to_string_lossy().contains(&record.version),
                            "{}",
                            record.version
                        );
                        engine
                    }
                    other => panic!("{other:?}"),
                };
                let (nothing, bytes) = observe(&worker, engine, &inputs, false);
                let (seen, again) = observe(&worker, engine, &inputs, true);
                assert!(nothing.is_empty() && bytes == again, "{name}");
                let mut looked_at = 0;
                let floats = given
                    .iter()
                    .chain(&inputs)
                    .filter(|(_, t)| t.dtype == DataType::Float32);
                for (tensor, value) in floats.filter(|(_, t)| !t.bytes.is_empty()) {
                    let found = seen
                        .get(tensor)
                        .unwrap_or_else(|| panic!("{name}: {tensor} was not seen"));
                    let (min, max) = range(value);
                    let near = |a: f32, b: f32| (a - b).abs() <= 1e-4 * min.abs().max(max.abs()).max(1.0);
                    assert!(
                        near(found.range.min, min) && near(found.range.max, max),
                        "{name}, brief {brief}: {tensor} from {min} to {max}, seen {:?}",
                        found.range
                    );
                    let counted: u64 = found.histogram.iter().sum();
                    let elements = value.elements();
                    assert_eq!(
                        counted,
                        if *tensor == tensors[0] { 2 * elements } else { 0 },
                        "{name}: {tensor}"
                    );
                    looked_at += value.bytes.len() as u64;
                }
                assert_eq!((bytes, seen.len() > names.len() / 2), (looked_at, true), "{name}");
                run(&worker, Job::Drop { engine }).unwrap();
            }
        }
    }
}

#[test]
fn a_tensor_that_no_node_makes_is_refused_by_name() {
    let model = support::model("light/light_squeezenet.onnx");
    let job = Job::BuildObserver {
        recipe: Box::new(crate::recipe(&model, "")),
        tensors: vec!["no such tensor".into()],
        thresholds: None,
        brief: true,
    };
    let error = run(&worker(), job).unwrap_err().to_string();
    assert!(error.contains("no such tensor"), "{error}");
}
