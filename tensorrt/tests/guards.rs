//! What cannot be loaded gives a clear error and never a crash.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use enginesmith_tensorrt::{Error, Library, LoadError};
use std::path::{Path, PathBuf};
use std::process::Command;

const CORE: &str = "libtensorrt_rtx.so.1";
const PARSER: &str = "libtensorrt_onnxparser_rtx.so.1";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a temporary folder"))
    }
    fn path(&self) -> &Path {
        self.0.path()
    }
    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, bytes).expect("write");
        path
    }
    /// Compiles C into a shared library; false where there is no compiler.
    fn compile(&self, name: &str, source: &str) -> bool {
        let c = self.put("source.c", source.as_bytes());
        let out = self.path().join(name);
        let done = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .args([&out, &c])
            .status();
        if done.is_err() {
            eprintln!("skipped: no C compiler");
        }
        done.is_ok_and(|s| s.success())
    }
}

fn load(path: &Path) -> LoadError {
    Library::load(path).expect_err("this must not load")
}

/// A library that exports what TensorRT does.
fn fake(version: i32, builder: &str) -> String {
    format!(
        "int getInferLibVersion(void) {{ return {version}; }}
         int getInferLibBuildVersion(void) {{ return 1; }}
         static long table[3]; static long object[2];
         void* createInferBuilder_INTERNAL(void* l, int v) {{ {builder} }}
         void* createInferRuntime_INTERNAL(void* l, int v) {{ return 0; }}
         void* getPluginRegistry(void) {{ return 0; }}
         void* getLogger(void) {{ return 0; }}"
    )
}
const FAKE_PARSER: &str = "int getNvOnnxParserVersion(void) { return 200; } void* createNvOnnxParser_INTERNAL(void* n, void* l, int v) { return 0; }";

#[test]
fn nothing_there() {
    let folder = Folder::new();
    let text = load(folder.path()).to_string();
    assert!(
        text.contains("no TensorRT library in") && text.contains(CORE) && text.contains("libnvinfer.so.10"),
        "{text}"
    );
    assert!(matches!(
        load(&folder.path().join("gone.so")),
        LoadError::MissingParser { .. } | LoadError::NotFound { .. }
    ));
}

#[test]
fn a_missing_parser() {
    let folder = Folder::new();
    folder.put(CORE, b"\x7fELF");
    let text = load(folder.path()).to_string();
    assert!(
        text.contains("its ONNX parser is not") && text.contains(PARSER),
        "{text}"
    );
}

#[test]
fn files_that_are_no_library_for_this_machine() {
    let mut arm = vec![0; 64];
    arm[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1]);
    arm[16] = 3;
    arm[18] = 183;
    let cases: [(&[u8], &str); 4] = [
        (b"not a library", "is not an ELF shared library"),
        (b"", "it is empty"),
        (&arm, "is built for aarch64, this program for x86-64"),
        (b"MZ\x90\0", "it is a Windows library"),
    ];
    for (bytes, expected) in cases {
        let folder = Folder::new();
        folder.put(CORE, bytes);
        folder.put(PARSER, bytes);
        let text = load(folder.path()).to_string();
        assert!(text.contains(expected) && text.contains(CORE), "{text}");
    }
}

#[test]
fn a_truncated_library() {
    let folder = Folder::new();
    if !folder.compile(CORE, &fake(10701, "return 0;")) || !folder.compile(PARSER, FAKE_PARSER) {
        return;
    }
    let bytes = std::fs::read(folder.path().join(CORE)).expect("read");
    for length in [40, 64, 200, 1000, bytes.len() / 2, bytes.len() - 1] {
        folder.put(CORE, &bytes[..length]);
        let error = load(folder.path());
        assert!(matches!(error, LoadError::File { .. }), "{length}: {error}");
    }
}

#[test]
fn a_library_that_is_not_tensorrt() {
    let folder = Folder::new();
    if !folder.compile(CORE, "int unrelated(void) { return 1; }") || !folder.compile(PARSER, FAKE_PARSER) {
        return;
    }
    let text = load(folder.path()).to_string();
    assert!(
        text.contains("is not a TensorRT library: it does not export getInferLibVersion"),
        "{text}"
    );
}

#[test]
fn unknown_versions() {
    for (number, words) in [
        (8601, "TensorRT 8.6.1"),
        (120000, "TensorRT 12.0.0"),
        (10200, "TensorRT-RTX 1.2.0"),
        (20000, "TensorRT-RTX 2.0.0"),
        (0, "of version number 0"),
    ] {
        let folder = Folder::new();
        if !folder.compile(CORE, &fake(number, "return 0;")) || !folder.compile(PARSER, FAKE_PARSER) {
            return;
        }
        let text = load(folder.path()).to_string();
        assert!(
            text.contains(words) && text.contains("known are TensorRT 10 and 11"),
            "{text}"
        );
    }
}

#[test]
fn a_version_function_that_is_data() {
    let folder = Folder::new();
    let source = fake(10701, "return 0;").replace(
        "int getInferLibVersion(void) { return 10701; }",
        "int getInferLibVersion = 10701;",
    );
    if !folder.compile(CORE, &source) || !folder.compile(PARSER, FAKE_PARSER) {
        return;
    }
    assert!(matches!(load(folder.path()), LoadError::NotTensorRt { .. }));
}

/// Loading keeps a library for the life of the process, so each of these runs in its own.
#[test]
fn objects_that_are_not_what_they_should_be() {
    const CASE: &str = "ENGINESMITH_TEST_CASE";
    if let Some(folder) = std::env::var_os(CASE) {
        let library = Library::load(folder).expect("it exports everything");
        let error = library.builder().err().expect("it makes no builder");
        assert!(
            matches!(error, Error::Load(LoadError::Layout { .. }) | Error::Failed(_)),
            "{error}"
        );
        println!("refused: {error}");
        return;
    }
    let cases = [
        ("return 0;", "TensorRT could not create a builder and did not say why"),
        ("return (void*)0x1234;", "is not the address of an object"),
        (
            "object[0] = 8; object[1] = (long)object; return object;",
            "does not lead to a table of functions",
        ),
        (
            "object[0] = (long)&table[1]; object[1] = (long)object; return object;",
            "has no destructors",
        ),
    ];
    for (builder, expected) in cases {
        let folder = Folder::new();
        if !folder.compile(CORE, &fake(10701, builder)) || !folder.compile(PARSER, FAKE_PARSER) {
            return;
        }
        let output = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "objects_that_are_not_what_they_should_be", "--nocapture"])
            .env(CASE, folder.path())
            .output()
            .expect("start this program again");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && text.contains(expected),
            "{builder}: {} {text}",
            output.status
        );
    }
}
