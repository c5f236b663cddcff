//! Shared by the tests: real libraries, each in a process of its own, and small ONNX models.

#![allow(dead_code)]

pub mod onnx;

use enginesmith_tensorrt::Library;
use std::path::PathBuf;
use std::process::Command;

const ONE: &str = "ENGINESMITH_TEST_ONE_LIBRARY";

/// The folders of TensorRT-RTX libraries to test with: `ENGINESMITH_TEST_RTX`, separated by colons. `None` when the person
/// who runs the tests said `ENGINESMITH_SKIP_RUNTIMES=1`.
pub fn libraries() -> Option<Vec<PathBuf>> {
    if std::env::var("ENGINESMITH_SKIP_RUNTIMES").is_ok_and(|v| v == "1") {
        eprintln!("skipped: ENGINESMITH_SKIP_RUNTIMES=1");
        return None;
    }
    let list = std::env::var_os("ENGINESMITH_TEST_RTX").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&list)
        .filter(|p| !p.as_os_str().is_empty())
        .map(inside)
        .collect();
    assert!(
        !folders.is_empty(),
        "this test needs TensorRT-RTX: set ENGINESMITH_TEST_RTX to the folders of its libraries (separated by colons), \
         for instance of the wheel tensorrt-rtx-cu13-libs, or ENGINESMITH_SKIP_RUNTIMES=1 to leave such tests out"
    );
    Some(folders)
}

/// Runs the calling test once per folder of a lean runtime, each in its own process: `ENGINESMITH_TEST_LEAN`, separated by colons.
pub fn each_lean(body: impl FnOnce(&std::path::Path)) {
    if let Some(folder) = std::env::var_os(ONE) {
        return body(&PathBuf::from(folder));
    }
    if std::env::var("ENGINESMITH_SKIP_RUNTIMES").is_ok_and(|v| v == "1") {
        eprintln!("skipped: ENGINESMITH_SKIP_RUNTIMES=1");
        return;
    }
    let list = std::env::var_os("ENGINESMITH_TEST_LEAN").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&list)
        .filter(|p| !p.as_os_str().is_empty())
        .collect();
    assert!(
        !folders.is_empty(),
        "this test needs TensorRT's lean runtime: set ENGINESMITH_TEST_LEAN to folders of libnvinfer_lean.so (separated by \
         colons), for instance of the wheel tensorrt-lean-cu13-libs, or ENGINESMITH_SKIP_RUNTIMES=1 to leave such tests out"
    );
    again(&folders);
}

/// The libraries' folder inside of a folder that pip installed the wheel to.
fn inside(folder: PathBuf) -> PathBuf {
    let inner = folder.join("tensorrt_rtx_libs");
    if inner.is_dir() { inner } else { folder }
}

/// Runs the calling test once per library, each in its own process (one process holds one version).
pub fn each_library(body: impl FnOnce(Library)) {
    if let Some(folder) = std::env::var_os(ONE) {
        let library = Library::load(PathBuf::from(folder)).expect("load the library");
        body(library);
        return;
    }
    let Some(folders) = libraries() else { return };
    again(&folders);
}

/// Runs the calling test again, once per folder.
fn again(folders: &[PathBuf]) {
    let test = std::thread::current().name().expect("the test's name").to_owned();
    for folder in folders {
        let output = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", &test, "--nocapture", "--test-threads=1"])
            .env(ONE, folder)
            .output()
            .expect("start this program again");
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{test} with {}: {}\n{text}",
            folder.display(),
            output.status
        );
        assert!(
            text.contains("1 passed"),
            "{test} did not run with {}:\n{text}",
            folder.display()
        );
    }
}
