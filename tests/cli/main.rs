//! The command line as users have it: real models, real workers, exit codes and JSON as docs/json.md says.

#[path = "../support/mod.rs"]
mod support;

mod accuracy;
mod bad_input;
#[cfg(target_os = "linux")]
mod clock;
mod effective;
mod failures;
mod history;
#[cfg(target_os = "linux")]
mod hostile;
#[cfg(target_os = "linux")]
mod install;
mod jobs;
mod json;
mod large;
mod mistakes;
#[cfg(target_os = "linux")]
mod network;
mod profiles;
mod resize;
mod runner;
mod sizes;
mod sweep;

use std::path::Path;
use std::process::{Command, Output};

/// The program, with data and cache folders of its own.
fn enginesmith(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enginesmith"));
    command
        .current_dir(home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CACHE_HOME", home.join("cache"));
    command
}

/// Runs the program in `home` with these arguments.
fn run<S: AsRef<std::ffi::OsStr>>(home: &Path, arguments: impl IntoIterator<Item = S>) -> Output {
    enginesmith(home).args(arguments).output().expect("the program starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Asserts the exit code and shows both streams when it differs.
fn expect_code(output: &Output, code: i32) {
    assert_eq!(
        output.status.code(),
        Some(code),
        "stdout:\n{}\nstderr:\n{}",
        stdout(output),
        stderr(output)
    );
}

/// The JSON on standard output of a run that ended with `code`.
fn json(output: &Output, code: i32) -> serde_json::Value {
    expect_code(output, code);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("not JSON: {e}\n{}", stdout(output)))
}

/// Asserts that a row of a comparison has a ratio inside its interval, or a reason why not: on a busy machine its rounds
/// may scatter too much for one.
fn judged(row: &serde_json::Value) {
    let number = |key: &str| row["ratio"][key].as_f64();
    match (number("low"), number("speedup"), number("high")) {
        (Some(low), Some(speedup), Some(high)) => assert!(0.0 < low && low <= speedup && speedup <= high, "{row}"),
        _ => assert!(
            row["verdict"]["why"]
                .as_str()
                .is_some_and(|why| why.contains("unstable")),
            "{row}"
        ),
    }
}
