//! What happens to time while something is measured: the clock is set, the worker stands still.

use super::support::digits;
use super::{enginesmith, expect_code, stdout};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Sets the wall clock forward and back by a day with every look at it; the monotonic clock is left alone.
const JUMPS: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <time.h>
static _Atomic long looks;
int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int code = real(clock, now);
    if (clock == CLOCK_REALTIME) now->tv_sec += (atomic_fetch_add(&looks, 1) % 2 ? 86400 : -86400);
    return code;
}
"#;

fn model() -> String {
    digits().join("digits.onnx").display().to_string()
}

/// Latencies in milliseconds, of all rounds.
fn latencies(file: &Path) -> Vec<f64> {
    let samples: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let samples = samples.as_array().unwrap().iter();
    samples.map(|s| s["latencyMs"].as_f64().unwrap()).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn a_clock_that_is_set_during_a_measurement_changes_no_number() {
    let home = tempfile::tempdir().unwrap();
    let (source, library) = (home.path().join("jumps.c"), home.path().join("jumps.so"));
    std::fs::write(&source, JUMPS).unwrap();
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .status();
    assert!(compiled.unwrap().success());
    // The library does what it should: a look at the clock is a day off.
    let days = |command: &mut Command| -> i64 {
        let output = command.args(["+%s"]).output().unwrap();
        stdout(&output).trim().parse::<i64>().unwrap() / 3600
    };
    let off = days(Command::new("date").env("LD_PRELOAD", &library)) - days(&mut Command::new("date"));
    assert!((23..=25).contains(&off.abs()), "{off}");
    let mut command = enginesmith(home.path());
    command.env("LD_PRELOAD", &library).args([
        "bench",
        &model(),
        "--target",
        "embedded",
        "--duration",
        "500ms",
        "--export-times",
        "t.json",
    ]);
    let output = command.output().unwrap();
    expect_code(&output, 0);
    let taken = latencies(&home.path().join("t.json"));
    // A day would be 86,400,000.
    assert!(taken.iter().all(|ms| (0.0..60_000.0).contains(ms)), "{taken:?}");
}

#[test]
fn a_worker_that_stands_still_for_a_while_is_an_outlier_that_is_said() {
    let home = tempfile::tempdir().unwrap();
    let mut command = enginesmith(home.path());
    command
        .args([
            "bench",
            &model(),
            "--target",
            "embedded",
            "--duration",
            "3s",
            "--export-times",
            "t.json",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut all = String::new();
    while told.read_line(&mut all).unwrap() > 0 && !all.contains("round 1 of") {}
    std::thread::sleep(Duration::from_millis(700));
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let mut workers = std::fs::read_to_string(&children).unwrap_or_default();
    if workers.trim().is_empty() {
        // Another thread started it.
        let tasks = std::fs::read_dir(format!("/proc/{}/task", child.id()))
            .unwrap()
            .flatten();
        workers = tasks
            .filter_map(|t| std::fs::read_to_string(t.path().join("children")).ok())
            .collect();
    }
    let worker = workers.split_whitespace().next().expect("a worker runs").to_owned();
    let signal = |name: &str| assert!(Command::new("kill").args([name, &worker]).status().unwrap().success());
    signal("-STOP");
    std::thread::sleep(Duration::from_millis(1200));
    signal("-CONT");
    told.read_to_string(&mut all).unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}{all}");
    let taken = latencies(&home.path().join("t.json"));
    let longest = taken.iter().copied().fold(0.0, f64::max);
    // It stood still in the middle of an inference, or, seldom, between two.
    let typical = median(taken.clone());
    assert!(
        longest < 60_000.0 && typical < 600.0,
        "longest {longest}, median {typical}"
    );
    if longest >= 1000.0 {
        assert!(said.contains("Scattered: "), "{said}");
    }
}
