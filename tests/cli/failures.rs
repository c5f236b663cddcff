//! Whatever fails: the file is named, a node where one is to blame, and no library's panic is shown.

use super::support::onnx::{node, value, write};
use super::support::onnxruntime_library;
use super::{enginesmith, stderr, stdout};
use enginesmith::data::random::Random;
use enginesmith::graph::sample::with;
use enginesmith::model::attribute::int;
use enginesmith::model::onnx::{GraphProto, NodeProto};
use enginesmith::model::{DataType, Tensor};
use std::path::Path;

/// Random changes of a sound model.
const MUTATED: u64 = 12;

fn graph(nodes: Vec<NodeProto>) -> GraphProto {
    let values: Vec<f32> = (0..256).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
    let weight = |name: &str, values: &[f32]| Tensor::from_f32(&[16, 16], values).unwrap().to_proto(name);
    let mut huge = values.clone();
    huge[7] = f32::NAN;
    GraphProto {
        name: Some("g".into()),
        node: nodes,
        initializer: vec![
            weight("w", &values),
            weight("nan", &huge),
            Tensor::from_i64(&[2], &[1 << 30, 1 << 30]).unwrap().to_proto("big"),
            Tensor::from_i64(&[2], &[3, 5]).unwrap().to_proto("odd"),
        ],
        input: vec![value("x", DataType::Float32, &[20, 16])],
        output: vec![value("y", DataType::Float32, &[])],
        ..Default::default()
    }
}

/// Models that decode and that something is wrong with, by what it is.
fn structured() -> Vec<(&'static str, GraphProto)> {
    let chain = |middle: NodeProto| graph(vec![node("MatMul", &["x", "w"], &["a"]), middle]);
    vec![
        ("unknown", chain(node("Frobnicate", &["a"], &["y"]))),
        ("cycle", chain(node("Add", &["a", "y"], &["y"]))),
        ("missing", chain(node("Add", &["a", "nobody"], &["y"]))),
        ("nan", graph(vec![node("MatMul", &["x", "nan"], &["y"])])),
        ("reshape", chain(node("Reshape", &["a", "odd"], &["y"]))),
        ("expand", chain(node("Expand", &["a", "big"], &["y"]))),
        ("axis", chain(with(node("Concat", &["a", "a"], &["y"]), int("axis", 9)))),
        ("types", chain(node("And", &["a", "a"], &["y"]))),
        ("inputs", chain(node("Conv", &["a"], &["y"]))),
        ("shapes", chain(node("MatMul", &["a", "odd"], &["y"]))),
    ]
}

#[test]
fn every_failure_names_its_file_and_shows_no_panic() {
    let home = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (name, graph) in structured() {
        let file = format!("case-{name}.onnx");
        write(&home.path().join(&file), graph);
        files.push((file, true));
    }
    let sound = graph(vec![
        node("MatMul", &["x", "w"], &["a"]),
        node("Relu", &["a"], &["b"]),
        node("MatMul", &["b", "w"], &["y"]),
    ]);
    let path = home.path().join("sound.onnx");
    write(&path, sound);
    let sound = std::fs::read(&path).unwrap();
    // Where the messages are; behind them come the weights' bytes, of which changes say nothing.
    let messages = sound.len().min(400);
    let mut random = Random::new(7);
    for number in 0..MUTATED {
        let mut bytes = sound.clone();
        for _ in 0..1 + random.below(3) {
            let at = random.below(messages as u64) as usize;
            bytes[at] = random.below(256) as u8;
        }
        if number % 6 == 0 {
            bytes.truncate(random.below(sound.len() as u64) as usize);
        }
        let file = format!("case-{number}.onnx");
        std::fs::write(home.path().join(&file), bytes).unwrap();
        files.push((file, false));
    }
    let mut failed = 0;
    for (file, all) in &files {
        let out = format!("out-{file}");
        let commands: &[&[&str]] = &[
            &["clean", "-o", &out],
            &["quantize", "-o", &out],
            &["cast", "--to", "fp16", "--no-ranges", "-o", &out],
            &["bench", "--target", "embedded", "--duration", "1ms"],
            &["quantize", "--mode", "int4", "-o", &out],
            &["build", "--target", "embedded"],
        ];
        let many = if *all { commands.len() } else { 3 };
        for command in &commands[..many] {
            let _ = std::fs::remove_file(home.path().join(&out));
            failed += usize::from(fails_well(home.path(), command, file));
        }
    }
    assert!(failed > 35, "only {failed} runs failed: the corpus is too kind");
}

/// True when the command failed, as it should.
fn fails_well(home: &Path, command: &[&str], file: &str) -> bool {
    let mut program = enginesmith(home);
    program.env("ORT_DYLIB_PATH", onnxruntime_library());
    program.arg(command[0]).arg(file).args(&command[1..]);
    let output = program.output().unwrap();
    let (said, told) = (stdout(&output), stderr(&output));
    let code = output.status.code();
    let place = format!("{command:?} {file}\n{said}\n{told}");
    assert!(code.is_some_and(|c| (0..=3).contains(&c)), "{code:?} {place}");
    if code == Some(0) {
        return false;
    }
    // `check` lists findings on standard output; all else is an error.
    let error = told.split("error: ").last().unwrap_or_default();
    assert!(error.contains(file), "no file name: {place}");
    for words in ["panicked", "unwrap", "RUST_BACKTRACE", ".rs:"] {
        assert!(!told.contains(words), "{words}: {place}");
    }
    true
}
