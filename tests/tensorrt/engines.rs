//! Engine files that real libraries built, looked into; and the self-test.

use super::{DIGITS, build, digits, launch, library, recipe};
use enginesmith::engine::plan::EngineView;
use enginesmith::recipe::{BuildSpec, TargetSpec};
use enginesmith::worker::service::{DoctorStep, StepOutcome};
use enginesmith::worker::{JobError, Service, ServiceEvent, Task, TaskOutput};
use std::path::Path;
use std::sync::Arc;

fn run(task: Task) -> Result<TaskOutput, JobError> {
    let handle = Service::new(launch()).start(task, Arc::new(|| ()));
    loop {
        match handle.events.recv().expect("an end") {
            ServiceEvent::Done(output) => return Ok(*output),
            ServiceEvent::Failed(error) => return Err(error),
            _ => {}
        }
    }
}

/// Build options that name the library of a version.
fn with_library(version: &str) -> BuildSpec {
    let mut build = BuildSpec::default();
    let path = library(version).display().to_string();
    build.options.insert("library".into(), path.into());
    build
}

fn inspect(file: &Path, version: &str) -> EngineView {
    let task = Task::InspectEngine {
        file: file.to_path_buf(),
        target: None,
        build: with_library(version),
    };
    match run(task).expect("a view") {
        TaskOutput::InspectEngine(view) => *view,
        other => panic!("{other:?}"),
    }
}

/// An engine of the demo's model for two GPUs.
fn engine(version: &str, file: &Path) {
    let options = format!("compute_capability = \"8.6,12.0\"\n{DIGITS}");
    build(recipe(&digits(), version, &options), Some(file), false).expect("an engine");
}

#[test]
fn an_engine_file_tells_its_version_gpus_record_and_why_it_does_not_run() {
    for version in ["1.5", "1.6", "1.7"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("digits.plan");
        engine(version, &file);
        let view = inspect(&file, version);
        assert_eq!(view.header.target, "tensorrt-rtx");
        let built = view.header.version.as_deref().unwrap_or_default();
        assert!(built.starts_with(&format!("{version}.")), "{built}");
        assert_eq!(view.header.capabilities, ["8.6", "12.0"]);
        assert!(view.header.is_verified && view.header.weight_bytes > Some(0));
        assert_eq!(view.bytes, std::fs::metadata(&file).unwrap().len());
        let record = view.record.as_ref().expect("its record");
        assert_eq!(record.engine_bytes, Some(view.bytes));
        let read_with = view.library.as_deref().unwrap_or_default();
        assert!(read_with.contains(version), "{read_with}");
        if !Path::new("/dev/nvidiactl").exists() {
            assert!(
                view.refusals.iter().any(|r| r.contains("no NVIDIA driver")),
                "{:?}",
                view.refusals
            );
        }
    }
}

#[test]
fn an_engine_of_a_newer_version_and_a_damaged_one_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("digits.engine");
    engine("1.7", &file);
    let view = inspect(&file, "1.6");
    let older = |r: &String| r.contains("1.7.") && r.contains("1.6.") && r.contains("older");
    assert!(view.refusals.iter().any(older), "{:?}", view.refusals);
    let bytes = std::fs::read(&file).unwrap();
    let cut = folder.path().join("cut.engine");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let view = inspect(&cut, "1.7");
    assert!(
        view.refusals.iter().any(|r| r.contains("cut short")),
        "{:?}",
        view.refusals
    );
    assert!(view.record.is_none(), "the record is of another file");
}

#[test]
fn without_its_library_an_engine_still_shows_its_header() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("digits.engine");
    engine("1.7", &file);
    let mut build = BuildSpec::default();
    let nowhere = folder.path().join("nowhere").display().to_string();
    build.options.insert("library".into(), nowhere.clone().into());
    let task = Task::InspectEngine {
        file,
        target: None,
        build,
    };
    let TaskOutput::InspectEngine(view) = run(task).expect("a view") else {
        panic!("no view");
    };
    assert_eq!(view.header.capabilities, ["8.6", "12.0"]);
    assert!(
        view.refusals.iter().any(|r| r.contains(&nowhere)),
        "{:?}",
        view.refusals
    );
}

#[test]
fn a_file_that_is_no_engine_is_refused_by_name() {
    let task = Task::InspectEngine {
        file: digits(),
        target: None,
        build: BuildSpec::default(),
    };
    let error = run(task).expect_err("a model is no engine").to_string();
    assert!(
        error.contains("digits.onnx") && error.contains("does not start like an engine"),
        "{error}"
    );
}

fn doctor(name: &str, build: BuildSpec) -> Vec<DoctorStep> {
    let target = TargetSpec {
        name: name.into(),
        ..TargetSpec::default()
    };
    match run(Task::Doctor { target, build }).expect("steps") {
        TaskOutput::Doctor(steps) => steps,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_self_test_goes_as_far_as_the_machine_allows() {
    let steps = doctor("tensorrt-rtx", with_library("1.7"));
    let of = |name: &str| {
        steps
            .iter()
            .find(|s| s.name == name)
            .unwrap_or_else(|| panic!("{name}: {steps:?}"))
    };
    for name in ["worker", "find", "parse", "build", "engine file"] {
        assert_eq!(of(name).outcome, StepOutcome::Ok, "{:?}", of(name));
    }
    assert!(of("parse").detail.contains("1.7.") && of("build").detail.contains("bytes"));
    if !Path::new("/dev/nvidiactl").exists() {
        assert_eq!(of("run").outcome, StepOutcome::Skipped, "{:?}", of("run"));
        assert!(of("run").detail.contains("no NVIDIA driver"));
    }
    // The rest of it, on a target that runs everywhere.
    let steps = doctor("embedded", BuildSpec::default());
    let ok: Vec<&str> = steps
        .iter()
        .filter(|s| s.outcome == StepOutcome::Ok)
        .map(|s| s.name.as_str())
        .collect();
    assert_eq!(ok, ["worker", "find", "build", "run", "numbers", "measure"]);
}
