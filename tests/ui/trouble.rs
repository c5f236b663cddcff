//! What a user meets when things go wrong: the studio says so and stays usable.

use crate::flows::recipe;
use crate::{cancel_comparison, click, opening, settle, step, studio, until_samples, until_state};
use egui_kittest::kittest::Queryable;
use enginesmith::studio::Options;
use enginesmith::studio::jobs::Ending;

#[test]
fn a_file_that_is_no_model_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notes.onnx");
    std::fs::write(&path, "these are notes, not a model").unwrap();
    let mut h = studio(opening(&path));
    settle(&mut h);
    h.get_by_label_contains("This is not an ONNX model");
    h.get_by_label_contains(&path.display().to_string());
    h.get_by_label_contains("Model: Could not open");
    // The window is usable: the palette answers.
    click(&mut h, "Search commands");
    h.get_by_label("Type a command");
}

#[test]
fn a_failed_opening_keeps_what_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = studio(opening(crate::digits()));
    settle(&mut h);
    let missing = dir.path().join("missing.onnx").display().to_string();
    h.get_by_label("Path of a model or recipe").scroll_to_me();
    h.run_ok();
    h.get_by_label("Path of a model or recipe").focus();
    h.run_ok();
    h.get_by_label("Path of a model or recipe").type_text(&missing);
    h.run_ok();
    click(&mut h, "Open path");
    until_state(&mut h, "the failure is known", |s| s.open_failure.is_some());
    h.get_by_label_contains("The file cannot be read");
    h.get_by_label_contains("Model: digits.onnx · ");
    click(&mut h, "Dismiss");
    assert!(h.query_by_label_contains("The file cannot be read").is_none());
}

#[test]
fn a_killed_worker_is_told_and_work_starts_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = recipe(&dir, "bench.duration_s = 20.0\nbench.rounds = 3");
    let mut h = studio(opening(path));
    settle(&mut h);
    step(&mut h, "Lab");
    click(&mut h, "Compare variants");
    until_samples(&mut h);
    let pids = h.state().state().lab.run.as_ref().unwrap().job.worker_pids();
    assert!(!pids.is_empty());
    for pid in pids {
        let killed = std::process::Command::new("kill")
            .args(["-9", &pid.to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
    }
    until_state(&mut h, "the comparison has ended", |s| !s.lab.is_running());
    let state = h.state().state();
    assert!(
        state.log.shown().iter().any(|l| l.text.contains("worker")),
        "{}",
        state.log.text()
    );
    // The panel says what happened and why, and the user can start again.
    h.run_ok();
    h.get_by_label_contains("The comparison failed: its worker is gone");
    assert!(
        h.query_all_by_label_contains("signal 9").count() > 0,
        "the reason is shown"
    );
    click(&mut h, "Start again");
    until_samples(&mut h);
    cancel_comparison(&mut h);
}

#[test]
fn a_worker_that_is_no_worker_is_explained() {
    let mut options = Options {
        open: Some(crate::digits()),
        ..Options::default()
    };
    options.launch.program = Some("/bin/false".into());
    let mut h = crate::studio_with_launch(options);
    settle(&mut h);
    step(&mut h, "Build");
    click(&mut h, "Build engine");
    until_state(&mut h, "the build has failed", |s| {
        matches!(s.build.as_ref().unwrap().ending, Some(Ending::Failed(_)))
    });
    h.run_ok();
    h.get_by_label("Start again");
    h.get_by_label_contains("Build: Build failed");
}

/// Starts workers behind a shell script that gets the worker's command line.
pub fn behind(dir: &tempfile::TempDir, script: &str) -> Options {
    use std::os::unix::fs::PermissionsExt;
    let path = dir.path().join("wrapper.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut options = opening(crate::digits());
    options.launch.via = Some(path.display().to_string());
    options.launch.program = Some(env!("CARGO_BIN_EXE_enginesmith").into());
    options
}

/// The first line of a worker, for wrappers that begin well.
const HELLO: &str = r#"{"v":1,"id":0,"type":"hello","program":"0.1.0","targets":["embedded"],"host":{"host":"h","system":"s","cpu":"c","cores":2}}"#;

/// Builds with a worker that fails after its handshake: the panel says `why`, and building works once the worker does.
fn build_fails_then_works(bad: &str, why: &str) {
    let dir = tempfile::tempdir().unwrap();
    let mark = dir.path().join("repaired");
    let script = format!("[ -e '{}' ] && exec \"$@\"\necho '{HELLO}'\n{bad}", mark.display());
    let mut h = crate::studio_with_launch(behind(&dir, &script));
    settle(&mut h);
    step(&mut h, "Build");
    click(&mut h, "Build engine");
    // The window answers while the worker does not.
    step(&mut h, "Check");
    step(&mut h, "Build");
    until_state(&mut h, "the build has failed", |s| {
        matches!(s.build.as_ref().unwrap().ending, Some(Ending::Failed(_)))
    });
    h.run_ok();
    h.get_by_label_contains("The build failed: its worker is gone");
    assert!(
        h.query_all_by_label_contains(why).count() > 0,
        "{}",
        h.state().state().log.text()
    );
    std::fs::write(mark, "").unwrap();
    click(&mut h, "Start again");
    until_state(&mut h, "the build has ended", |s| {
        s.build.as_ref().is_some_and(|b| !b.is_running())
    });
    h.run_ok();
    h.get_by_label("✔ Engine built");
}

#[test]
fn a_worker_that_hangs_is_told_and_work_starts_again() {
    build_fails_then_works("exec sleep 1000", "no sign of life");
}

#[test]
fn garbage_from_a_worker_is_told_and_work_starts_again() {
    build_fails_then_works(
        "read line; yes 'library says hi' | head -n 5000; cat",
        "library says hi",
    );
}

#[test]
fn a_variant_that_lost_its_worker_is_named_while_the_other_has_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let lines = "bench.duration_s = 1.0\nbench.rounds = 5\n[[variant]]\nname = \"one\"\n[[variant]]\nname = \"two\"\n";
    let mut h = studio(opening(recipe(&dir, lines)));
    settle(&mut h);
    step(&mut h, "Lab");
    click(&mut h, "Compare variants");
    until_samples(&mut h);
    let pids = h.state().state().lab.run.as_ref().unwrap().job.worker_pids();
    assert_eq!(pids.len(), 2);
    let killed = std::process::Command::new("kill")
        .args(["-9", &pids[0].to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    until_state(&mut h, "the comparison has ended", |s| !s.lab.is_running());
    h.run_ok();
    h.get_by_label_contains("1 of 2 variants could not be measured");
    h.get_by_label("Start again");
    let result = h.state().state().lab.result.as_ref().unwrap();
    assert_eq!(result.variants.iter().filter(|v| v.error.is_none()).count(), 1);
}
