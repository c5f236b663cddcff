//! Small models, wrapper scripts and waiting.

use crate::support::onnx::{node, value, write};
use enginesmith::graph::sample::{self, with};
use enginesmith::model::DataType;
use enginesmith::model::onnx::{GraphProto, TensorProto};
use enginesmith::recipe::Recipe;
use enginesmith::worker::{Job, JobError, JobEvent, JobHandle, JobOutput, Launch, Worker};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_enginesmith");
/// Longer than anything here may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn local() -> Launch {
    Launch {
        via: None,
        program: Some(PROGRAM.into()),
    }
}

/// A launch behind a shell script that gets the worker's command line as arguments.
pub fn behind(folder: &Path, script: &str) -> Launch {
    let path = folder.join("wrapper.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    Launch {
        via: Some(path.to_str().unwrap().into()),
        program: Some(PROGRAM.into()),
    }
}

/// `y = Relu(x)` on `n` floats.
pub fn relu(folder: &Path, n: i64) -> PathBuf {
    let path = folder.join("relu.onnx");
    let graph = GraphProto {
        name: Some("g".into()),
        node: vec![node("Relu", &["x"], &["y"])],
        input: vec![value("x", DataType::Float32, &[n])],
        output: vec![value("y", DataType::Float32, &[n])],
        ..Default::default()
    };
    write(&path, graph);
    path
}

/// `y = x + w` on `n` floats, with weights as large as the input.
pub fn weighted(folder: &Path, n: i64) -> PathBuf {
    let path = folder.join("weighted.onnx");
    let graph = GraphProto {
        name: Some("g".into()),
        node: vec![node("Add", &["x", "w"], &["y"])],
        initializer: vec![TensorProto {
            name: Some("w".into()),
            data_type: Some(1),
            dims: vec![n],
            raw_data: Some(vec![0; n as usize * 4].into()),
            ..Default::default()
        }],
        input: vec![value("x", DataType::Float32, &[n])],
        output: vec![value("y", DataType::Float32, &[n])],
        ..Default::default()
    };
    write(&path, graph);
    path
}

/// `y = x * w` with one number a row of `x` and `n` a row of `y`, for any number of rows (`batch`): little goes in, much
/// comes out.
pub fn widening(folder: &Path, n: i64) -> PathBuf {
    let path = folder.join("widening.onnx");
    let w = TensorProto {
        name: Some("w".into()),
        data_type: Some(1),
        dims: vec![1, n],
        raw_data: Some(vec![0u8; 4 * n as usize].into()),
        ..Default::default()
    };
    let graph = GraphProto {
        name: Some("g".into()),
        node: vec![node("Mul", &["x", "w"], &["y"])],
        initializer: vec![w],
        input: vec![value("x", DataType::Float32, &[-1, 1])],
        output: vec![value("y", DataType::Float32, &[-1, n])],
        ..Default::default()
    };
    write(&path, graph);
    path
}

/// A Loop that adds 1 to its input two billion times: no run of it ends in a person's patience.
pub fn endless(folder: &Path) -> PathBuf {
    let path = folder.join("endless.onnx");
    let scalar = |name: &str, data_type: i32, raw: Vec<u8>| TensorProto {
        name: Some(name.into()),
        data_type: Some(data_type),
        raw_data: Some(raw.into()),
        ..Default::default()
    };
    let body = GraphProto {
        name: Some("body".into()),
        node: vec![
            node("Identity", &["cond_in"], &["cond_out"]),
            node("Add", &["v_in", "one"], &["v_out"]),
        ],
        input: vec![
            value("i", DataType::Int64, &[]),
            value("cond_in", DataType::Bool, &[]),
            value("v_in", DataType::Float32, &[64]),
        ],
        output: vec![
            value("cond_out", DataType::Bool, &[]),
            value("v_out", DataType::Float32, &[64]),
        ],
        ..Default::default()
    };
    let repeat = with(
        node("Loop", &["trips", "go_on", "x"], &["y"]),
        sample::body("body", body),
    );
    let graph = GraphProto {
        name: Some("g".into()),
        node: vec![repeat],
        initializer: vec![
            scalar("trips", 7, i64::from(i32::MAX).to_le_bytes().to_vec()),
            scalar("go_on", 9, vec![1]),
            scalar("one", 1, 1f32.to_le_bytes().to_vec()),
        ],
        input: vec![value("x", DataType::Float32, &[64])],
        output: vec![value("y", DataType::Float32, &[64])],
        ..Default::default()
    };
    write(&path, graph);
    path
}

pub fn build_job(model: &Path) -> Job {
    Job::Build {
        recipe: Box::new(Recipe::for_model(model)),
        output: None,
        force: false,
    }
}

/// Builds in the worker; the engine's id.
pub fn build(worker: &Arc<Worker>, model: &Path) -> u64 {
    let handle = worker.submit(build_job(model));
    match handle.wait(|_| ()) {
        Ok(JobOutput::Build { engine, .. }) => engine,
        other => panic!("{other:?}"),
    }
}

pub fn bench_job(engine: u64, model: &Path, seconds: f64) -> Job {
    let mut recipe = Recipe::for_model(model);
    recipe.bench.duration_s = Some(seconds);
    recipe.bench.warmup_ms = Some(1.0);
    Job::Bench {
        engine,
        recipe: Box::new(recipe),
        seed: 0,
    }
}

/// Waits for an event that `wanted` accepts.
pub fn until(handle: &JobHandle, mut wanted: impl FnMut(&JobEvent) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let event = handle.events.recv_timeout(left).expect("the event comes in time");
        if wanted(&event) {
            return;
        }
        if let JobEvent::Done(_) | JobEvent::Failed(_) = event {
            panic!("the job ended with {event:?}");
        }
    }
}

/// Waits for the end of a job.
pub fn end(handle: &JobHandle) -> Result<JobOutput, JobError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match handle.events.recv_timeout(left).expect("the job ends in time") {
            JobEvent::Done(output) => return Ok(*output),
            JobEvent::Failed(error) => return Err(error),
            _ => {}
        }
    }
}

/// True while a process (a zombie too) has this id.
pub fn exists(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// Waits for a condition.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a signal as a user would.
pub fn kill(signal: &str, pid: u32) {
    let status = std::process::Command::new("kill")
        .args([signal, &pid.to_string()])
        .status();
    assert!(status.unwrap().success());
}
