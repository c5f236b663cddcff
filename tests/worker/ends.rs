//! How workers end: killed, hanging, speaking garbage or another version, cancelled, dropped.

use crate::fixtures::*;
use enginesmith::worker::{JobError, JobEvent, JobOutput, Worker};
use std::time::{Duration, Instant};

#[test]
fn kill_9_while_measuring_ends_the_job_with_the_reason_and_a_new_worker_starts() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 4096);
    let worker = Worker::start(&local()).unwrap();
    let engine = build(&worker, &model);
    let job = worker.submit(bench_job(engine, &model, 600.0));
    until(&job, |e| matches!(e, JobEvent::Samples(s) if !s.is_empty()));
    kill("-9", worker.pid());
    let Err(JobError::Worker(message)) = end(&job) else {
        panic!()
    };
    assert!(message.contains("signal 9"), "{message}");
    assert!(!worker.is_alive());
    assert!(!exists(worker.pid()), "no zombie is left");
    let Err(JobError::Worker(later)) = end(&worker.submit(build_job(&model))) else {
        panic!()
    };
    assert!(later.contains("signal 9"), "{later}");

    let again = Worker::start(&local()).unwrap();
    build(&again, &model);
}

#[test]
fn a_banner_before_the_handshake_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 4);
    let launch = behind(
        dir.path(),
        "echo 'Welcome to gpu-box'; printf 'Last login: today '; exec \"$@\"",
    );
    build(&Worker::start(&launch).unwrap(), &model);
}

#[test]
fn no_handshake_at_all_is_told_with_what_was_printed() {
    let dir = tempfile::tempdir().unwrap();
    let launch = behind(dir.path(), "echo 'sh: enginesmith: not found' >&2; exit 127");
    let error = Worker::start(&launch).err().unwrap().to_string();
    assert!(
        error.contains("127") && error.contains("enginesmith: not found"),
        "{error}"
    );
    assert!(error.contains("wrapper.sh"), "the prefix is named: {error}");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let mut launch = local();
    launch.via = Some("/nowhere/ssh gpu-box".into());
    let error = Worker::start(&launch).err().unwrap().to_string();
    assert!(error.contains("/nowhere/ssh cannot be started"), "{error}");
}

#[test]
fn another_protocol_version_is_refused_with_both_versions() {
    let dir = tempfile::tempdir().unwrap();
    let hello = r#"{"v":7,"id":0,"type":"hello","program":"9.9.9","capabilities":{}}"#;
    let launch = behind(dir.path(), &format!("echo '{hello}'; cat >/dev/null"));
    let error = Worker::start(&launch).err().unwrap().to_string();
    assert!(error.contains("protocol 7 (enginesmith 9.9.9)"), "{error}");
    assert!(error.contains("speaks 1"), "{error}");
}

/// The first line of a real worker, for wrappers that begin well.
fn hello() -> String {
    r#"{"v":1,"id":0,"type":"hello","program":"0.1.0","targets":["embedded"],"host":{"host":"h","system":"s","cpu":"c","cores":2}}"#.into()
}

#[test]
fn garbage_on_its_output_ends_the_worker_and_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 4);
    let launch = behind(
        dir.path(),
        &format!(
            "echo '{}'; read line; yes 'library says hi' | head -n 5000; cat",
            hello()
        ),
    );
    let worker = Worker::start(&launch).unwrap();
    let job = worker.submit(build_job(&model));
    let Err(JobError::Worker(message)) = end(&job) else {
        panic!()
    };
    assert!(message.contains("lines that no worker prints"), "{message}");
    assert!(message.contains("library says hi"), "{message}");
    eventually("the process is gone", || !exists(worker.pid()));
}

#[test]
fn a_damaged_message_ends_the_worker() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 4);
    let launch = behind(
        dir.path(),
        &format!(
            r#"echo '{}'; read l; read l; echo '{{"v":1,"id":1,"ty'; cat >/dev/null"#,
            hello()
        ),
    );
    let worker = Worker::start(&launch).unwrap();
    let Err(JobError::Worker(message)) = end(&worker.submit(build_job(&model))) else {
        panic!()
    };
    assert!(
        message.contains("cannot be read") && message.contains(r#"{"v":1,"id":1,"ty"#),
        "{message}"
    );
}

#[test]
fn an_endless_line_ends_the_worker() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 4);
    let launch = behind(
        dir.path(),
        &format!("echo '{}'; read l; tr '\\0' x </dev/zero", hello()),
    );
    let worker = Worker::start(&launch).unwrap();
    let Err(JobError::Worker(message)) = end(&worker.submit(build_job(&model))) else {
        panic!()
    };
    assert!(message.contains("8 MiB"), "{message}");
    eventually("the process is gone", || !exists(worker.pid()));
}

#[test]
fn a_worker_that_hangs_is_noticed_and_killed() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 4);
    let worker = Worker::start(&local()).unwrap();
    build(&worker, &model);
    kill("-STOP", worker.pid());
    let before = Instant::now();
    let job = worker.submit(build_job(&model));
    assert!(
        before.elapsed() < Duration::from_secs(1),
        "asking never waits for the worker"
    );
    let Err(JobError::Worker(message)) = end(&job) else {
        panic!()
    };
    assert!(message.contains("no sign of life"), "{message}");
    eventually("the process is gone", || !exists(worker.pid()));
}

#[test]
fn waiting_for_a_silent_prefix_can_be_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let launch = behind(
        dir.path(),
        &format!("echo $$ >{}/pid; exec sleep 1000", dir.path().display()),
    );
    let begin = Instant::now();
    let error = Worker::start_while(&launch, &|| begin.elapsed() < Duration::from_secs(1))
        .err()
        .unwrap();
    assert!(error.to_string().contains("given up"), "{error}");
    let pid: u32 = std::fs::read_to_string(dir.path().join("pid"))
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    eventually("the process is gone", || !exists(pid));
}

#[test]
fn cancel_while_measuring_leaves_the_worker_usable() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 4096);
    let worker = Worker::start(&local()).unwrap();
    let engine = build(&worker, &model);
    let job = worker.submit(bench_job(engine, &model, 600.0));
    until(&job, |e| matches!(e, JobEvent::Samples(_)));
    job.cancel();
    assert!(matches!(end(&job), Err(JobError::Cancelled)));
    assert!(worker.is_alive());
    let again = end(&worker.submit(bench_job(engine, &model, 0.05)));
    assert!(matches!(again, Ok(JobOutput::Bench { .. })), "{again:?}");
}

#[test]
fn cancel_of_a_build_that_does_not_listen_kills_the_worker() {
    let dir = tempfile::tempdir().unwrap();
    let model = endless(dir.path());
    let worker = Worker::start(&local()).unwrap();
    let job = worker.submit(build_job(&model));
    until(
        &job,
        |e| matches!(e, JobEvent::Stage(s) if s.name.starts_with("warm run")),
    );
    job.cancel();
    assert!(matches!(end(&job), Err(JobError::Cancelled)));
    eventually("the process is gone", || !exists(worker.pid()));
    assert!(!worker.is_alive());
}

#[test]
fn a_queued_job_is_cancelled_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 4096);
    let worker = Worker::start(&local()).unwrap();
    let engine = build(&worker, &model);
    let first = worker.submit(bench_job(engine, &model, 600.0));
    until(&first, |e| matches!(e, JobEvent::Samples(_)));
    let second = worker.submit(build_job(&model));
    second.cancel();
    first.cancel();
    assert!(matches!(end(&first), Err(JobError::Cancelled)));
    assert!(matches!(end(&second), Err(JobError::Cancelled)));
    assert!(worker.is_alive());
}

#[test]
fn a_dropped_worker_is_gone_with_all_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let launch = behind(
        dir.path(),
        &format!("sleep 1000 & echo $! >{}/pid; \"$@\"; wait", dir.path().display()),
    );
    let worker = Worker::start(&launch).unwrap();
    let child: u32 = std::fs::read_to_string(dir.path().join("pid"))
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let pid = worker.pid();
    assert!(exists(pid) && exists(child));
    drop(worker);
    eventually("the worker is gone", || !exists(pid));
    eventually("what it started is gone", || {
        // An orphan that was killed may wait for init to notice.
        std::fs::read_to_string(format!("/proc/{child}/stat")).map_or(true, |s| s.contains(") Z "))
    });
}

#[test]
fn a_model_that_cannot_be_read_fails_alone() {
    let dir = tempfile::tempdir().unwrap();
    let broken = dir.path().join("broken.onnx");
    std::fs::write(&broken, "not a model").unwrap();
    let worker = Worker::start(&local()).unwrap();
    let Err(JobError::Engine(error)) = end(&worker.submit(build_job(&broken))) else {
        panic!()
    };
    assert!(error.to_string().contains("broken.onnx"), "{error}");
    build(&worker, &relu(dir.path(), 4));
}
