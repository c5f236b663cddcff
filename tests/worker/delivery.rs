//! How an engine file reaches its place: written there by a worker that sees it, sent by one that does not; never half, never
//! over something else, and nothing else is left in the folder.

use crate::fixtures::*;
use enginesmith::engine::{BuildRecord, EngineError};
use enginesmith::recipe::Recipe;
use enginesmith::worker::{Job, JobError, JobEvent, JobHandle, JobOutput, Launch, Worker};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn building(model: &Path, output: &Path, force: bool) -> Job {
    Job::Build {
        recipe: Box::new(Recipe::for_model(model)),
        output: Some(output.into()),
        force,
    }
}

/// The end of a build, and how many parts of a file travelled.
fn ended(job: &JobHandle) -> (Result<BuildRecord, JobError>, usize) {
    let mut parts = 0;
    let result = job.wait(|e| parts += usize::from(matches!(e, JobEvent::Transfer { .. })));
    let record = result.map(|output| match output {
        JobOutput::Build { record, .. } => record,
        other => panic!("{other:?}"),
    });
    (record, parts)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Model, destination (in a folder of its own), and both folders.
fn places(model: impl Fn(&Path) -> PathBuf) -> (PathBuf, PathBuf, [tempfile::TempDir; 2]) {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let output = folders[1].path().join("engine.onnx");
    (model(folders[0].path()), output, folders)
}

/// A worker to which the folder of the destination is another one, although it sees all others.
fn blind_to(output: &Path, scripts: &Path) -> Launch {
    let folder = output.parent().unwrap().display().to_string();
    behind(
        scripts,
        &format!("sed -u 's#\"folder\":\"{folder}#\"folder\":\"/nowhere#' | \"$@\""),
    )
}

#[test]
fn both_ways_give_the_same_file_and_only_one_of_them_sends_it() {
    let scripts = tempfile::tempdir().unwrap();
    let mut made = Vec::new();
    for sees in [true, false] {
        let (model, output, folders) = places(|f| relu(f, 3));
        let launch = if sees {
            local()
        } else {
            blind_to(&output, scripts.path())
        };
        let worker = Worker::start(&launch).unwrap();
        let (record, parts) = ended(&worker.submit(building(&model, &output, false)));
        let record = record.unwrap();
        assert_eq!(parts, usize::from(!sees), "one part, where it had to be sent");
        let bytes = std::fs::read(&output).unwrap();
        assert_eq!(record.engine_bytes, Some(bytes.len() as u64));
        assert_eq!(
            record.engine_sha256,
            Some(enginesmith::worker::wire::sha256_hex(&bytes))
        );
        let beside = std::fs::read(folders[1].path().join("engine.onnx.json")).unwrap();
        assert_eq!(serde_json::from_slice::<BuildRecord>(&beside).unwrap(), record);
        assert_eq!(names(folders[1].path()), ["engine.onnx", "engine.onnx.json"]);
        made.push(bytes);
    }
    assert_eq!(made[0], made[1]);
}

#[test]
fn cancel_leaves_nothing_beside_the_destination() {
    let scripts = tempfile::tempdir().unwrap();
    for sees in [true, false] {
        let (model, output, folders) = places(endless);
        let launch = if sees {
            local()
        } else {
            blind_to(&output, scripts.path())
        };
        let worker = Worker::start(&launch).unwrap();
        let job = worker.submit(building(&model, &output, false));
        until(
            &job,
            |e| matches!(e, JobEvent::Stage(s) if s.name.starts_with("warm run")),
        );
        // The embedded engine writes its file before it is tried.
        let waiting = &names(folders[1].path())[..];
        let [folder] = waiting else { panic!("{waiting:?}") };
        assert_eq!(folders[1].path().join(folder).join("engine.onnx").exists(), sees);
        job.cancel();
        assert!(matches!(end(&job), Err(JobError::Cancelled)));
        assert!(names(folders[1].path()).is_empty());
    }
}

#[test]
fn a_killed_worker_leaves_nothing_beside_the_destination() {
    let (model, output, folders) = places(endless);
    let worker = Worker::start(&local()).unwrap();
    let job = worker.submit(building(&model, &output, false));
    until(
        &job,
        |e| matches!(e, JobEvent::Stage(s) if s.name.starts_with("warm run")),
    );
    kill("-9", worker.pid());
    assert!(matches!(end(&job), Err(JobError::Worker(_))));
    assert!(names(folders[1].path()).is_empty());
}

#[test]
fn a_killed_client_leaves_nothing_beside_the_destination() {
    let (model, output, folders) = places(endless);
    let mut client = Command::new(PROGRAM)
        .arg("build")
        .arg(&model)
        .arg("-o")
        .arg(&output)
        .env("XDG_DATA_HOME", folders[0].path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let written = || {
        let mut waiting = names(folders[1].path()).into_iter();
        waiting.any(|folder| folders[1].path().join(folder).join("engine.onnx").exists())
    };
    eventually("the engine is written", written);
    kill("-9", client.id());
    client.wait().unwrap();
    eventually("the worker cleared up", || names(folders[1].path()).is_empty());
}

#[test]
fn a_full_disk_is_told_with_the_name_that_the_user_gave() {
    let scripts = tempfile::tempdir().unwrap();
    // More than any limit below: the model's weights.
    let (model, output, folders) = places(|f| weighted(f, 100_000));
    // Files of at most 64 KiB, which fails as a full disk does: with an error of the write.
    let launch = behind(scripts.path(), "trap '' XFSZ; ulimit -f 128; exec \"$@\"");
    let worker = Worker::start(&launch).unwrap();
    let (result, _) = ended(&worker.submit(building(&model, &output, false)));
    let Err(JobError::Engine(EngineError::Failed(message))) = result else {
        panic!("{result:?}")
    };
    assert!(message.contains(&output.display().to_string()), "{message}");
    assert!(
        message.contains("too large") && !message.contains(".part") && !message.contains(".enginesmith-"),
        "{message}"
    );
    assert!(names(folders[1].path()).is_empty());
    // The worker goes on.
    build(&worker, &relu(folders[0].path(), 3));
}

#[test]
fn what_cannot_be_written_or_replaced_is_told_before_anything_is_built() {
    let (model, output, folders) = places(|f| relu(f, 3));
    let worker = Worker::start(&local()).unwrap();
    let refused = |output: &Path, force| {
        let job = worker.submit(building(&model, output, force));
        let result = job.wait(|e| assert!(!matches!(e, JobEvent::Stage(_)), "{e:?}"));
        match result {
            Err(JobError::Engine(EngineError::Request(message))) => message,
            other => panic!("{other:?}"),
        }
    };
    let message = refused(Path::new("/proc/engine.onnx"), false);
    assert!(message.contains("/proc: no engine can be written there"), "{message}");
    std::fs::write(&output, "mine").unwrap();
    let message = refused(&output, false);
    assert!(
        message.contains("engine.onnx") && message.contains("--force"),
        "{message}"
    );
    // The model is kept even then.
    let message = refused(&model, true);
    assert!(message.contains("the model itself"), "{message}");
    assert_eq!(std::fs::read(&output).unwrap(), b"mine");
    assert_eq!(names(folders[1].path()), ["engine.onnx"]);
}
