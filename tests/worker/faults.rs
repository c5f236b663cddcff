//! What false workers, large models and machines that stop do: nothing is believed, nothing is buffered without limit, and
//! what was said is said whole.

use crate::fixtures::*;
use crate::support::onnx::{node, value, write};
use enginesmith::graph::sample::{self, with};
use enginesmith::model::onnx::{GraphProto, TensorProto};
use enginesmith::model::{DataType, Tensor};
use enginesmith::recipe::Recipe;
use enginesmith::worker::{Job, JobError, JobOutput, Worker};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn building(model: &Path, output: Option<PathBuf>) -> Job {
    Job::Build {
        recipe: Box::new(Recipe::for_model(model)),
        output,
        force: false,
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

/// Begins as a worker does, says that it sees all files, and answers a job with `then`.
fn false_worker(then: &str) -> String {
    let hello = r#"{"v":1,"id":0,"type":"hello","program":"0.1.0","targets":["embedded"],"host":{"host":"h","system":"s","cpu":"c","cores":2}}"#;
    format!(
        r#"echo '{hello}'
(while sleep 1; do echo '{{"v":1,"id":0,"type":"heartbeat","busy":null}}'; done) &
beat=$!
trap 'kill $beat' EXIT
while read -r line; do case "$line" in
*'"type":"offer"'*) echo '{{"v":1,"id":1,"type":"answer","direct":true,"missing":[]}}';;
*'"type":"job"'*) {then};;
esac; done"#
    )
}

#[test]
fn more_bytes_than_anybody_has_are_refused_when_they_are_announced() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 4);
    for bytes in ["9223372036854775808", "18446744073709551615", "1152921504606846976"] {
        for to_file in [true, false] {
            let blob = format!(
                r#"echo '{{"v":1,"id":1,"type":"blob","sha256":"{}","bytes":{bytes}}}'"#,
                "0".repeat(64)
            );
            let worker = Worker::start(&behind(dir.path(), &false_worker(&blob))).unwrap();
            let output = to_file.then(|| dir.path().join("e.onnx"));
            let error = end(&worker.submit(building(&model, output))).unwrap_err().to_string();
            assert!(error.contains("are announced"), "{error}");
        }
    }
}

#[test]
fn an_engine_that_is_not_what_its_record_says_is_not_kept() {
    let (scripts, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let model = relu(scripts.path(), 4);
    let output = folder.path().join("engine.onnx");
    let beside = folder.path().display();
    for (change, wanted) in [
        (
            "printf X | dd of=\"$f\" bs=1 seek=20 conv=notrunc 2>/dev/null",
            "SHA-256",
        ),
        ("printf X >>\"$f\"", "bytes"),
        ("cp \"$f\" /tmp/$$.copy; ln -sf /tmp/$$.copy \"$f\"", "a link"),
    ] {
        // The worker's answer is held back until the file is another one.
        let script = format!(
            "\"$@\" | while IFS= read -r line; do case \"$line\" in *'\"type\":\"written\"'*) \
             for f in {beside}/.enginesmith-*/engine.onnx; do {change}; done;; esac; printf '%s\\n' \"$line\"; done; rm -f /tmp/$$.copy"
        );
        let worker = Worker::start(&behind(scripts.path(), &script)).unwrap();
        let error = end(&worker.submit(building(&model, Some(output.clone()))))
            .unwrap_err()
            .to_string();
        assert!(error.contains(wanted), "{change}: {error}");
        assert!(names(folder.path()).is_empty(), "{:?}", names(folder.path()));
    }
}

#[test]
fn a_result_far_over_the_limit_of_a_line_arrives_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("many.onnx");
    let name = |i: usize| format!("{i}{}", "n".repeat(2000));
    let count = 6000;
    write(
        &path,
        GraphProto {
            name: Some("g".into()),
            node: (0..count).map(|i| sample::node("Relu", &["x"], &[&name(i)])).collect(),
            input: vec![value("x", DataType::Float32, &[1])],
            output: (0..count).map(|i| value(&name(i), DataType::Float32, &[1])).collect(),
            ..Default::default()
        },
    );
    let worker = Worker::start(&local()).unwrap();
    let Ok(JobOutput::Build { outputs, .. }) = end(&worker.submit(building(&path, None))) else {
        panic!("it is built")
    };
    assert!(outputs.len() == count && outputs[count - 1].name == name(count - 1));
}

/// A Loop that doubles its input `rounds` times: no shape tells what it takes.
fn doubling(folder: &Path, rounds: i64) -> PathBuf {
    let path = folder.join("doubling.onnx");
    let body = GraphProto {
        name: Some("body".into()),
        node: vec![
            node("Identity", &["cond_in"], &["cond_out"]),
            with(
                node("Concat", &["v_in", "v_in"], &["v_out"]),
                enginesmith::model::attribute::int("axis", 0),
            ),
        ],
        input: vec![
            value("i", DataType::Int64, &[]),
            value("cond_in", DataType::Bool, &[]),
            value("v_in", DataType::Float32, &[-1]),
        ],
        output: vec![
            value("cond_out", DataType::Bool, &[]),
            value("v_out", DataType::Float32, &[-1]),
        ],
        ..Default::default()
    };
    let graph = GraphProto {
        name: Some("g".into()),
        node: vec![with(
            node("Loop", &["trips", "go_on", "x"], &["y"]),
            sample::body("body", body),
        )],
        initializer: vec![
            Tensor::from_i64(&[], &[rounds]).unwrap().to_proto("trips"),
            TensorProto {
                name: Some("go_on".into()),
                data_type: Some(9),
                raw_data: Some(vec![1].into()),
                ..Default::default()
            },
        ],
        input: vec![value("x", DataType::Float32, &[1024])],
        output: vec![value("y", DataType::Float32, &[-1])],
        ..Default::default()
    };
    write(&path, graph);
    path
}

#[test]
fn a_model_that_takes_more_memory_than_it_may_ends_its_worker_with_words() {
    let dir = tempfile::tempdir().unwrap();
    let model = doubling(dir.path(), 20);
    let mut recipe = Recipe::for_model(&model);
    recipe.build.memory = Some(400 << 20);
    let worker = Worker::start(&local()).unwrap();
    let job = Job::Build {
        recipe: Box::new(recipe),
        output: None,
        force: false,
    };
    let Err(JobError::Worker(message)) = end(&worker.submit(job)) else {
        panic!("4 GiB are more than 400 MiB")
    };
    assert!(
        message.contains("more memory than it may have") && message.contains("the limit is 400 MiB"),
        "{message}"
    );
}

#[test]
fn a_tensor_that_exceeds_the_limit_is_refused_before_it_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wide.onnx");
    let mut graph = sample::graph(
        &["x"],
        &["y"],
        vec![Tensor::from_i64(&[2], &[1 << 16, 1 << 16]).unwrap().to_proto("n")],
        vec![node("Expand", &["x", "n"], &["e"]), node("ReduceSum", &["e"], &["y"])],
    );
    graph.input = vec![value("x", DataType::Float32, &[1])];
    write(&path, graph);
    let mut recipe = Recipe::for_model(&path);
    recipe.build.memory = Some(4 << 30);
    let worker = Worker::start(&local()).unwrap();
    let job = Job::Build {
        recipe: Box::new(recipe),
        output: None,
        force: false,
    };
    let error = end(&worker.submit(job)).unwrap_err().to_string();
    assert!(
        error.contains("Expand") && error.contains("16.0 GiB") && error.contains("4.00 GiB"),
        "{error}"
    );
    assert!(worker.is_alive(), "it goes on");
    build(&worker, &relu(dir.path(), 4));
}

#[test]
fn a_program_that_was_stopped_goes_on_with_its_worker() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 64);
    let program = Command::new(PROGRAM)
        .args(["bench", "--duration", "4s", "--json"])
        .arg(&model)
        .env("XDG_DATA_HOME", dir.path())
        .env("XDG_CACHE_HOME", dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    // As Ctrl+Z and fg do: longer than a worker may be silent.
    kill("-STOP", program.id());
    std::thread::sleep(Duration::from_secs(12));
    kill("-CONT", program.id());
    let began = Instant::now();
    let output = program.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(began.elapsed() < PATIENCE);
}
