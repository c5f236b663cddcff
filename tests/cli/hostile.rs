//! Names, paths and places that somebody else chose: shown, not obeyed; opened, not loaded from.

use super::support::onnx::{node, value, write};
use super::{enginesmith, expect_code, json, run, stderr, stdout};
use enginesmith::graph::sample;
use enginesmith::model::DataType;
use enginesmith::model::onnx::GraphProto;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Writes the clipboard, clears the screen, hides the line, turns the direction, hides a letter.
const ACTS: &str = "a\u{1b}]52;c;cm0=\u{7}\u{1b}[2J\rb\u{9b}31m\u{202e}c\u{200b}";

/// A model of which every name acts on a terminal.
fn acting(path: &Path) {
    let mut relu = node("Relu", &[ACTS], &["y"]);
    relu.name = Some(ACTS.into());
    relu.domain = Some(String::new());
    let mut odd = node(&format!("Odd{ACTS}"), &["y"], &["z"]);
    odd.name = Some(format!("{ACTS}\n{}", "w".repeat(70_000)));
    write(
        path,
        GraphProto {
            name: Some(ACTS.into()),
            node: vec![relu, odd],
            input: vec![value(ACTS, DataType::Float32, &[4])],
            output: vec![value("y", DataType::Float32, &[4]), value("z", DataType::Float32, &[4])],
            ..Default::default()
        },
    );
}

fn is_plain(text: &str) -> bool {
    !text.contains(|c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{200b}'))
}

#[test]
fn names_that_act_on_a_terminal_are_shown() {
    let home = tempfile::tempdir().unwrap();
    acting(&home.path().join("m.onnx"));
    for arguments in [
        &["inspect", "m.onnx"][..],
        &["check", "m.onnx"],
        &["check", "m.onnx", "--target", "tensorrt"],
        &["build", "m.onnx"],
        &["bench", "m.onnx", "--duration", "100ms"],
        &["clean", "m.onnx", "-o", "clean.onnx", "--diff"],
        &["cast", "m.onnx", "-o", "cast.onnx"],
        &["bench", ACTS],
        &["profile", "m.onnx"],
    ] {
        let output = run(home.path(), arguments);
        assert_ne!(output.status.code(), Some(101), "{}", stderr(&output));
        let (said, told) = (stdout(&output), stderr(&output));
        assert!(is_plain(&said) && is_plain(&told), "{arguments:?}\n{said:?}\n{told:?}");
        let longest = said.lines().chain(told.lines()).map(|l| l.chars().count()).max();
        assert!(longest.unwrap_or(0) < 80_000);
    }
    let output = run(home.path(), ["inspect", "m.onnx"]);
    assert!(
        stdout(&output).contains("\\u{1b}]52;c;cm0=\\u{7}"),
        "{}",
        stdout(&output)
    );
    // Programs get what is there.
    let found = json(&run(home.path(), ["inspect", "m.onnx", "--json"]), 0);
    assert_eq!(found["inputs"][0]["name"], ACTS);
}

#[test]
fn what_a_wrapper_prints_is_shown() {
    let home = tempfile::tempdir().unwrap();
    acting(&home.path().join("m.onnx"));
    let output = run(
        home.path(),
        [
            "build",
            "m.onnx",
            "--via",
            "sh -c 'printf \"\\033]52;c;x\\007\\n\" >&2; exit 3' {}",
        ],
    );
    expect_code(&output, 3);
    assert!(
        is_plain(&stderr(&output)) && stderr(&output).contains("\\u{1b}]52"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn paths_that_are_not_utf_8_work_or_are_refused_by_name() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(OsStr::from_bytes(b"m\xff"));
    std::fs::create_dir(&folder).unwrap();
    let model = folder.join(OsStr::from_bytes(b"n\xfe.onnx"));
    write(
        &model,
        sample::graph(&["x"], &["y"], Vec::new(), vec![node("Relu", &["x"], &["y"])]),
    );
    let mut graph = sample::graph(&["x"], &["y"], Vec::new(), vec![node("Relu", &["x"], &["y"])]);
    graph.input = vec![value("x", DataType::Float32, &[4])];
    graph.output = vec![value("y", DataType::Float32, &[4])];
    write(&model, graph);
    let cleaned = folder.join(OsStr::from_bytes(b"c\xfe.onnx"));
    let clean: &[&OsStr] = &[OsStr::new("-o"), cleaned.as_os_str()];
    // What a command does is written down as a recipe, which is TOML, except where it only looks at or cleans a file.
    let commands: [(&str, &[&OsStr], i32); 6] = [
        ("inspect", &[], 0),
        ("clean", clean, 0),
        ("check", &[], 2),
        ("build", &[], 2),
        ("bench", &[], 2),
        ("profile", &[], 2),
    ];
    for (command, more, code) in commands {
        let output = enginesmith(home.path())
            .arg(command)
            .arg(&model)
            .args(more)
            .output()
            .unwrap();
        expect_code(&output, code);
        assert!(
            code == 0 || stderr(&output).contains("not UTF-8, so no recipe can name it; rename it"),
            "{}",
            stderr(&output)
        );
    }
    assert!(cleaned.exists());
    // An engine file's name goes into its record, which is JSON.
    let output = enginesmith(home.path())
        .arg("build")
        .arg(&model)
        .args(clean)
        .arg("--force")
        .output()
        .unwrap();
    expect_code(&output, 2);
    assert!(stderr(&output).contains("UTF-8"), "{}", stderr(&output));
}

#[test]
fn nothing_is_loaded_from_where_the_models_lie() {
    let home = tempfile::tempdir().unwrap();
    acting(&home.path().join("m.onnx"));
    let planted = super::support::elf_that_needs(&[]);
    for name in [
        "libonnxruntime.so",
        "libonnxruntime.so.9.9.9",
        "libtensorrt_rtx.so.9",
        "libnvinfer.so.99",
        "libcuda.so.1",
    ] {
        std::fs::write(home.path().join(name), &planted).unwrap();
    }
    std::fs::create_dir(home.path().join("lib")).unwrap();
    std::fs::write(home.path().join("lib/libonnxruntime.so"), &planted).unwrap();
    for path in ["", ":", ".", ".:lib", "lib"] {
        let mut command = enginesmith(home.path());
        command
            .env("LD_LIBRARY_PATH", path)
            .env("PYTHONPATH", path)
            .args(["targets", "--json"]);
        let output = command.output().unwrap();
        expect_code(&output, 0);
        let text = stdout(&output);
        assert!(
            !text.contains("9.9.9") && !text.contains(home.path().to_str().unwrap()),
            "{path:?}: {text}"
        );
    }
    // A library that the user's search path names and that is none is passed over with a reason, and nothing else fails.
    let mut command = enginesmith(home.path());
    command
        .env("LD_LIBRARY_PATH", home.path().join("lib"))
        .args(["build", "m.onnx", "--target", "embedded"]);
    let output = command.output().unwrap();
    assert_ne!(output.status.code(), Some(101), "{}", stderr(&output));
}
