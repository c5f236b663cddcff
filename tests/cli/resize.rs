//! `resize`: sizes of inputs fixed and opened for good, with both models run.

use super::sizes::models::cases;
use super::support::{digits, model, onnxruntime_library};
use super::{enginesmith, expect_code, json, run, stderr, stdout};
use crate::json::has_documented_keys;
use buffa::Message;
use enginesmith::graph::sample::{self, graph, int, node, with};
use enginesmith::model::DataType::{Float32, Int64};
use enginesmith::model::Tensor;
use std::path::Path;

#[test]
fn a_batch_is_fixed_and_opened_again_and_both_models_are_compared() {
    let home = tempfile::tempdir().unwrap();
    let file = digits().join("digits.onnx");
    std::fs::copy(file, home.path().join("m.onnx")).unwrap();
    let v = json(
        &run(
            home.path(),
            "resize m.onnx --fix batch=3 -o fixed.onnx --json".split(' '),
        ),
        0,
    );
    has_documented_keys(&v, "resize");
    assert_eq!(v["inputs"][0]["shape"], serde_json::json!([3, 1, 8, 8]));
    assert_eq!(
        (&v["verified"][0]["was_run"], v["verified"].as_array().unwrap().len()),
        (&true.into(), 1),
        "{v}"
    );
    // The batch comes back, in inputs and outputs, and computes the same at two sizes.
    let v = json(
        &run(
            home.path(),
            "resize fixed.onnx --open input:0=n -o open.onnx --json".split(' '),
        ),
        0,
    );
    assert_eq!(v["inputs"][0]["shape"], serde_json::json!(["n", 1, 8, 8]));
    let verified = v["verified"].as_array().unwrap();
    assert_eq!(verified.len(), 2, "{v}");
    assert!(verified.iter().all(|x| x["was_run"] == true), "{v}");
    let v = json(&run(home.path(), "inspect open.onnx --json".split(' ')), 0);
    assert_eq!(v["outputs"][0]["shape"][0], "n", "{v}");
    let output = run(
        home.path(),
        "resize fixed.onnx --open input:0=n -o again.onnx".split(' '),
    );
    expect_code(&output, 0);
    assert!(
        stdout(&output).contains("Both models compute the same at n twice as large"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn what_is_not_there_is_named_and_nothing_is_written() {
    let home = tempfile::tempdir().unwrap();
    let file = digits().join("digits.onnx");
    std::fs::copy(file, home.path().join("m.onnx")).unwrap();
    for (words, reason) in [
        ("--fix btch=3", "there is no open size \"btch\"; there are batch"),
        ("--fix batch", "as in batch=1"),
        ("--open input:1=n --open input:2=n", "they cannot be one size"),
        ("--open inputs:0=n", "it has input"),
        ("--open input:0=n", "input:0 is open already (batch)"),
    ] {
        let output = run(home.path(), format!("resize m.onnx {words} -o out.onnx").split(' '));
        expect_code(&output, 2);
        assert!(stderr(&output).contains(reason), "{words}: {}", stderr(&output));
        assert!(!home.path().join("out.onnx").exists());
    }
}

#[test]
fn real_models_are_fixed_and_opened() {
    let home = tempfile::tempdir().unwrap();
    for (name, fix, open) in [
        (
            "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
            "x:0=1 x:2=48 x:3=192",
            "x:0=batch",
        ),
        ("PP-OCRv6_rec_small.onnx", "x:0=1 x:2=48 x:3=320", "x:0=batch"),
    ] {
        let file = model(name);
        let mut words = vec!["resize".to_owned(), file.display().to_string()];
        words.extend(fix.split(' ').map(|f| format!("--fix={f}")));
        words.extend(["-o", "fixed.onnx", "--force", "--json"].map(str::to_owned));
        let v = json(&run(home.path(), &words), 0);
        assert_eq!(v["verified"][0]["was_run"], true, "{name}: {v}");
        let words = format!("resize fixed.onnx --open {open} -o open.onnx --force --json");
        let v = json(&run(home.path(), words.split(' ')), 0);
        assert!(
            v["verified"].as_array().unwrap().iter().all(|x| x["was_run"] == true),
            "{name}: {v}"
        );
        assert_eq!(v["inputs"][0]["shape"][0], "batch", "{name}: {v}");
    }
}

/// Runs the program where ONNX Runtime is found.
fn with_onnxruntime(home: &Path, words: &str) -> std::process::Output {
    let mut command = enginesmith(home);
    command.env("ORT_DYLIB_PATH", onnxruntime_library());
    command.args(words.split(' ')).output().expect("the program starts")
}

/// Asserts that both models compute the same on ONNX Runtime at these shapes.
fn the_same(home: &Path, a: &str, b: &str, shape: &str) {
    let words = format!("accuracy {a} --against {b} --target onnxruntime-cpu --shape {shape} --json --limit 1e-4");
    let v = json(&with_onnxruntime(home, &words), 0);
    let outputs = v["outputs"].as_array().unwrap();
    let close = |o: &serde_json::Value| o["error"].as_f64().is_some_and(|e| e < 1e-5);
    assert!(!outputs.is_empty() && outputs.iter().all(close), "{shape}: {v}");
}

/// Models whose sizes are all fixed and opened again compute on ONNX Runtime what they computed, at sizes that they were
/// never fixed at: pictures with a skip connection (the Resize holds its sizes), and tokens with counted positions.
#[test]
fn sizes_fixed_and_opened_again_compute_the_same_on_onnxruntime_at_two_sizes() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    let all = cases();
    let unet = &all.iter().find(|c| c.name == "segmenter").unwrap().model;
    std::fs::write(at.join("a.onnx"), unet.encode_to_vec()).unwrap();
    expect_code(
        &run(
            at,
            "resize a.onnx --fix batch=1 --fix h=64 --fix w=96 --no-verify -o fixed.onnx".split(' '),
        ),
        0,
    );
    // As exporters leave it: Resize to the numbers of the fixed size.
    hold_sizes(at);
    let opened = with_onnxruntime(
        at,
        "resize held.onnx --open x:2=rows --open x:3=columns --open x:0=n --no-verify -o open.onnx --json",
    );
    let v = json(&opened, 0);
    let notes = v["patches"].to_string();
    assert!(notes.contains("became scales 1, 1, 2, 2"), "{notes}");
    for shape in ["x:1x3x128x64", "x:2x3x192x160"] {
        the_same(at, "open.onnx", "a.onnx", shape);
    }
    let positions = positions();
    std::fs::write(at.join("tokens.onnx"), positions.encode_to_vec()).unwrap();
    let v = json(
        &with_onnxruntime(at, "resize tokens.onnx --open ids:1=seq --no-verify -o seq.onnx --json"),
        0,
    );
    assert!(v["patches"].to_string().contains("its limit 8 became seq"), "{v}");
    for length in [5, 13] {
        let mut at_length = positions.clone();
        let top = at_length.graph.get_or_insert_default();
        top.input[0] = sample::value("ids", Int64, &[2, length]);
        top.initializer[1] = Tensor::from_i64(&[], &[length]).unwrap().to_proto("limit");
        std::fs::write(at.join("reference.onnx"), at_length.encode_to_vec()).unwrap();
        the_same(at, "seq.onnx", "reference.onnx", &format!("ids:2x{length}"));
    }
}

/// Positions 0 to 7 for two sentences of 8 tokens.
fn positions() -> enginesmith::model::onnx::ModelProto {
    let number = |name: &str, n: i64| Tensor::from_i64(&[], &[n]).unwrap().to_proto(name);
    let table: Vec<f32> = (0..64).map(|i| i as f32 / 7.0).collect();
    let table = Tensor::from_f32(&[16, 4], &table).unwrap().to_proto("table");
    let mut g = graph(
        &[],
        &["y"],
        vec![number("zero", 0), number("limit", 8), number("one", 1), table],
        vec![
            node("Range", &["zero", "limit", "one"], &["places"]),
            node("Gather", &["table", "places"], &["position"]),
            node("Gather", &["table", "ids"], &["token"]),
            node("Add", &["token", "position"], &["sum"]),
            with(node("Softmax", &["sum"], &["y"]), int("axis", 1)),
        ],
    );
    g.input = vec![sample::value("ids", Int64, &[2, 8])];
    g.output = vec![sample::value("y", Float32, &[-1, -1, -1])];
    sample::proto(g, vec![])
}

/// Every Resize by scales becomes one to the sizes that it makes in `fixed.onnx`; written as `held.onnx`.
fn hold_sizes(home: &Path) {
    let model = std::sync::Arc::new(enginesmith::model::Model::open(&home.join("fixed.onnx")).unwrap());
    let known = enginesmith::graph::Graph::new(std::sync::Arc::clone(&model));
    let mut proto = model.proto().clone();
    let top = proto.graph.get_or_insert_default();
    let mut made = Vec::new();
    for node in top.node.iter_mut().filter(|n| n.op_type.as_deref() == Some("Resize")) {
        let output = node.output[0].clone();
        let tensor = known.tensors.iter().find(|t| *t.name == *output).unwrap();
        let sizes: Vec<i64> = tensor
            .ty
            .shape
            .as_ref()
            .unwrap()
            .as_known()
            .unwrap()
            .iter()
            .map(|n| *n as i64)
            .collect();
        let name = format!("{output}_sizes");
        made.push(Tensor::from_i64(&[4], &sizes).unwrap().to_proto(&name));
        node.input = vec![node.input[0].clone(), String::new(), String::new(), name];
    }
    assert!(!made.is_empty());
    top.initializer.extend(made);
    std::fs::write(home.join("held.onnx"), proto.encode_to_vec()).unwrap();
}

#[test]
fn where_the_embedded_engine_cannot_run_a_model_onnxruntime_compares_and_a_size_that_does_not_meet_names_its_node() {
    let home = tempfile::tempdir().unwrap();
    let file = model("light/light_squeezenet.onnx");
    std::fs::copy(file, home.path().join("lrn.onnx")).unwrap();
    let v = json(
        &with_onnxruntime(home.path(), "resize lrn.onnx --open data_0:0=n -o open.onnx --json"),
        0,
    );
    assert!(
        v["verified"].as_array().unwrap().iter().all(|x| x["was_run"] == true),
        "{v}"
    );
    assert!(
        v["verified"][0]["detail"]
            .as_str()
            .unwrap()
            .ends_with("on onnxruntime-cpu"),
        "{v}"
    );
    let all = cases();
    let unet = &all.iter().find(|c| c.name == "segmenter").unwrap().model;
    std::fs::write(home.path().join("a.onnx"), unet.encode_to_vec()).unwrap();
    let output = run(
        home.path(),
        "resize a.onnx --fix h=66 --fix w=64 -o out.onnx".split(' '),
    );
    expect_code(&output, 2);
    assert!(stderr(&output).contains("Concat"), "{}", stderr(&output));
}
