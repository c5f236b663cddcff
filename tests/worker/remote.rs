//! Workers behind a command prefix, with and without the client's files.

use crate::fixtures::*;
use bytes::Bytes;
use enginesmith::model::{DataType, Tensor};
use enginesmith::worker::{Job, JobEvent, JobOutput, Launch, Worker};
use std::path::{Path, PathBuf};

/// A worker in another folder, with its own cache, to which every path of the client's folder means nothing: the wrapper
/// renames it in all that the client says, and the token is not found.
fn elsewhere(folder: &Path, cache: &Path) -> Launch {
    let script = format!(
        "cd / && export XDG_CACHE_HOME={} && sed -u -e 's#{}#/nowhere#g' -e 's#\"token\":\"#&x#' | \"$@\"",
        cache.display(),
        folder.display()
    );
    behind(folder, &script)
}

fn floats(values: &[f32]) -> Tensor {
    Tensor {
        dtype: DataType::Float32,
        dims: vec![values.len() as u64],
        bytes: Bytes::from(values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>()),
    }
}

/// Files in the worker's cache, by size.
fn cached(cache: &Path) -> Vec<u64> {
    let files = std::fs::read_dir(cache.join("enginesmith/worker/files")).unwrap();
    files.map(|f| f.unwrap().metadata().unwrap().len()).collect()
}

#[test]
fn a_model_is_uploaded_once_and_results_come_back() {
    let (dir, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let model = relu(dir.path(), 3);
    let mut transfers = Vec::new();
    for _ in 0..2 {
        let worker = Worker::start(&elsewhere(dir.path(), cache.path())).unwrap();
        let output = dir.path().join("engine.onnx");
        let job = worker.submit(Job::Build {
            recipe: Box::new(enginesmith::recipe::Recipe::for_model(&model)),
            output: Some(output.clone()),
            force: true,
        });
        let mut seen = 0;
        let built = job.wait(|e| seen += usize::from(matches!(e, JobEvent::Transfer { .. })));
        let Ok(JobOutput::Build { engine, record, .. }) = built else {
            panic!("{built:?}")
        };
        transfers.push(seen);
        // The engine file came back whole, with its record beside it.
        let bytes = std::fs::read(&output).unwrap();
        assert_eq!(record.engine_bytes, Some(bytes.len() as u64));
        enginesmith::model::Model::open(&output).unwrap();
        let beside = std::fs::read(dir.path().join("engine.onnx.json")).unwrap();
        assert_eq!(
            serde_json::from_slice::<enginesmith::engine::BuildRecord>(&beside).unwrap(),
            record
        );

        let outputs = end(&worker.submit(Job::Infer {
            engine,
            inputs: vec![("x".into(), floats(&[-1.0, 0.5, 2.0]))],
            tensors: Vec::new(),
        }));
        let Ok(JobOutput::Infer { tensors }) = outputs else {
            panic!("{outputs:?}")
        };
        assert_eq!(tensors, [("y".to_string(), floats(&[0.0, 0.5, 2.0]))]);
    }
    // One chunk up and one down at first; only the engine came back the second time.
    assert_eq!(transfers, [2, 1]);
    assert_eq!(cached(cache.path()), [std::fs::metadata(&model).unwrap().len()]);
}

#[test]
fn a_worker_that_sees_the_files_copies_nothing() {
    let (dir, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let model = relu(dir.path(), 3);
    let launch = behind(
        dir.path(),
        &format!("cd / && XDG_CACHE_HOME={} exec \"$@\"", cache.path().display()),
    );
    let worker = Worker::start(&launch).unwrap();
    let job = worker.submit(build_job(&model));
    job.wait(|e| assert!(!matches!(e, JobEvent::Transfer { .. }))).unwrap();
    assert!(cached(cache.path()).is_empty());
}

#[test]
fn a_relative_path_means_the_client_s_folder() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 3);
    // Up to the root and down again, wherever the tests run and whatever folder holds temporary files.
    let here = std::env::current_dir().unwrap();
    let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
    let relative = up.join(model.strip_prefix("/").unwrap());
    let worker = Worker::start(&behind(dir.path(), "cd /usr/share && exec \"$@\"")).unwrap();
    build(&worker, &relative);
}

#[test]
fn many_chunks_arrive_in_order() {
    let (dir, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // 3 MB of inputs and outputs: several chunks each way.
    let n = 750_000;
    let model = relu(dir.path(), n);
    let worker = Worker::start(&elsewhere(dir.path(), cache.path())).unwrap();
    let engine = build(&worker, &model);
    let values: Vec<f32> = (0..n).map(|i| i as f32).collect();
    let outputs = end(&worker.submit(Job::Infer {
        engine,
        inputs: vec![("x".into(), floats(&values))],
        tensors: Vec::new(),
    }));
    let Ok(JobOutput::Infer { tensors }) = outputs else {
        panic!("{outputs:?}")
    };
    assert!(tensors[0].1 == floats(&values));
}

#[test]
fn an_existing_engine_file_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 3);
    let output = dir.path().join("engine.onnx");
    std::fs::write(&output, "mine").unwrap();
    let worker = Worker::start(&local()).unwrap();
    let job = worker.submit(Job::Build {
        recipe: Box::new(enginesmith::recipe::Recipe::for_model(&model)),
        output: Some(output.clone()),
        force: false,
    });
    let error = end(&job).unwrap_err().to_string();
    assert!(error.contains("engine.onnx"), "{error}");
    assert_eq!(std::fs::read(&output).unwrap(), b"mine");
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        2,
        "nothing is left behind"
    );
}
