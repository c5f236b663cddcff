//! `accuracy` and `bisect` on a network with one node that FP16 cannot compute.

use super::json::has_documented_keys;
use super::support::onnx::{floats, node, value, write};
use super::support::{digits, onnxruntime_library};
use super::{enginesmith, expect_code, json, stdout};
use enginesmith::model::DataType;
use enginesmith::model::onnx::GraphProto;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;

const WIDTH: u64 = 16;
const LAYERS: usize = 8;

/// Layers of MatMul and Relu; in the middle a factor of 300 that comes twice (90,000 is beyond FP16) and goes again.
fn overflowing(folder: &Path) -> PathBuf {
    let mut graph = GraphProto {
        name: Some("g".into()),
        input: vec![value("x", DataType::Float32, &[4, WIDTH as i64])],
        output: vec![value("y", DataType::Float32, &[4, WIDTH as i64])],
        initializer: vec![floats("factor", &[], &[300.0]), floats("square", &[], &[90_000.0])],
        ..Default::default()
    };
    let mut last = "x".to_owned();
    for i in 0..LAYERS {
        // Any numbers around zero that keep the size of what passes.
        let weights: Vec<f32> = (0..WIDTH * WIDTH)
            .map(|k| (((k * 7919 + i as u64 * 104_729) % 1009) as f32 / 504.5 - 1.0) * 0.65)
            .collect();
        let (w, m, r) = (format!("w{i}"), format!("m{i}"), format!("r{i}"));
        graph.initializer.push(floats(&w, &[WIDTH, WIDTH], &weights));
        graph.node.push(node("MatMul", &[&last, &w], &[&m]));
        graph.node.push(node("Relu", &[&m], &[&r]));
        last = r;
        if i == LAYERS / 2 {
            graph.node.push(node("Mul", &[&last, "factor"], &["scaled"]));
            graph.node.push(node("Mul", &["scaled", "factor"], &["far"]));
            graph.node.push(node("Div", &["far", "square"], &["back"]));
            last = "back".into();
        }
    }
    graph.node.push(node("Identity", &[&last], &["y"]));
    let path = folder.join("overflowing.onnx");
    write(&path, graph);
    path
}

/// The same lowered to FP16 as a whole, as a recipe for ONNX Runtime.
fn lowered(folder: &Path) -> PathBuf {
    overflowing(folder);
    let text = "version = 1\n[model]\npath = \"overflowing.onnx\"\n[target]\nname = \"onnxruntime-cpu\"\n\
        [[patch]]\nkind = \"cast\"\nto = \"fp16\"\ninclude = [\"*\"]\nkeep_io_types = true\n";
    let path = folder.join("fp16.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn ask(home: &Path, arguments: &[&str]) -> Output {
    let mut command = enginesmith(home);
    command.env("ORT_DYLIB_PATH", onnxruntime_library());
    command.args(arguments).output().expect("the program starts")
}

#[test]
fn bisect_names_the_node_that_overflows() {
    let home = tempfile::tempdir().unwrap();
    let recipe = lowered(home.path());
    let file = recipe.to_str().unwrap();
    for (how, reference) in [
        ("", "onnxruntime-cpu"),
        ("", "embedded"),
        ("--search", "onnxruntime-cpu"),
    ] {
        let mut arguments = vec!["bisect", file, "--against", reference, "--json"];
        arguments.extend(Some(how).filter(|h| !h.is_empty()));
        let v = json(&ask(home.path(), &arguments), 1);
        has_documented_keys(&v, "accuracy");
        let bad = &v["first_bad"];
        assert_eq!(
            (&bad["node"]["name"], &bad["tensor"]),
            (&"/far/Mul".into(), &"far".into()),
            "{v}"
        );
        assert!(v["reference"].as_str().unwrap().starts_with(reference), "{v}");
        // Infinite after, within the limit before, and infinite too on exact values.
        assert_eq!(bad["error_after"], Value::Null);
        assert!(bad["error_before"].as_f64().unwrap() < v["limit"].as_f64().unwrap());
        assert_eq!(
            (&bad["alone"]["verdict"], &bad["alone"]["error"]),
            (&"own".into(), &Value::Null)
        );
        assert_eq!(bad["weights"][0]["tensor"], "factor");
        assert_eq!(bad["weights"][0]["values"]["max"], 300.0);
        let made = bad["activations"]
            .as_array()
            .unwrap()
            .iter()
            .find(|a| a["is_made"] == true)
            .unwrap();
        assert!(made["reference"]["max"].as_f64().unwrap() > 65_504.0, "{made}");
        assert!(made["variant"]["inf"].as_u64().unwrap() > 0, "{made}");
        let searched = how == "--search";
        assert_eq!(v["probes"].as_u64().unwrap() > 0, searched);
        let looked_at = v["tensors"].as_array().unwrap().len();
        assert_eq!(looked_at < 10, searched, "{looked_at}");
    }
    let words = ask(home.path(), &["bisect", file]);
    expect_code(&words, 1);
    assert!(
        stdout(&words).contains("first bad node: /far/Mul (Mul)"),
        "{}",
        stdout(&words)
    );
}

#[test]
fn rounding_that_adds_up_is_told_from_a_node_at_fault() {
    let home = tempfile::tempdir().unwrap();
    let recipe = lowered(home.path());
    let file = recipe.to_str().unwrap();
    // Between the error of one layer and that of a few.
    let all = json(&ask(home.path(), &["accuracy", file, "--per-tensor", "--json"]), 0);
    let error = |name: &str| {
        let tensors = all["tensors"].as_array().unwrap();
        let found = tensors.iter().find(|t| t["tensor"] == name);
        found.unwrap()["error"].as_f64().unwrap()
    };
    let limit = (error("r3") * 0.9).max(error("r0") * 1.2);
    assert!(limit < error("r3"), "errors grow from layer to layer: {all}");
    let v = json(
        &ask(home.path(), &["bisect", file, "--limit", &limit.to_string(), "--json"]),
        1,
    );
    assert_eq!(v["first_bad"]["alone"]["verdict"], "arrived", "{v}");
    assert!(v["first_bad"]["alone"]["error"].as_f64().unwrap() < limit);
    // What is within the limit has no bad node, and a limit that is given decides the exit code.
    let fine = json(
        &ask(
            home.path(),
            &["bisect", file, "--limit", "1e30", "--precision", "fp32", "--json"],
        ),
        0,
    );
    assert_eq!(fine["first_bad"], Value::Null);
    expect_code(&ask(home.path(), &["accuracy", file, "--limit", "1e-9"]), 1);
}

#[test]
fn two_files_are_compared_by_the_names_of_their_tensors() {
    let home = tempfile::tempdir().unwrap();
    let model = overflowing(home.path());
    let cast = [
        "cast",
        "overflowing.onnx",
        "--to",
        "fp16",
        "--no-ranges",
        "-o",
        "low.onnx",
    ];
    expect_code(&ask(home.path(), &cast), 0);
    let arguments = [
        "accuracy",
        "low.onnx",
        "--target",
        "onnxruntime-cpu",
        "--against",
        model.to_str().unwrap(),
        "--against",
        "embedded",
        "--per-tensor",
        "--json",
    ];
    let v = json(&ask(home.path(), &arguments), 0);
    has_documented_keys(&v, "accuracy");
    assert_eq!(
        (&v["model"], &v["reference_model"]),
        (&"low.onnx".into(), &"overflowing.onnx".into())
    );
    let names: Vec<&str> = v["tensors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["tensor"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 2 * LAYERS + 3, "{names:?}");
    assert_eq!(names[..4], ["m0", "r0", "m1", "r1"]);
    assert_eq!(v["outputs"][0]["tensor"], "y");
    assert_eq!(v["skipped"], serde_json::json!([]));
}

#[test]
fn labels_give_top_1_of_both() {
    let home = tempfile::tempdir().unwrap();
    let folder = digits();
    let (model, data) = (folder.join("digits.onnx"), folder.join("test.npz"));
    let recipe = std::fs::read_to_string(folder.join("recipe.toml")).unwrap();
    let recipe: toml::Table = recipe.parse().unwrap();
    let labels = recipe["data"]["test"]["labels"].as_str().expect("the demo has labels");
    let mut arguments = vec!["accuracy", model.to_str().unwrap(), "--data", data.to_str().unwrap()];
    arguments.extend(["--array", "input=images", "--labels", labels, "--precision", "fp32"]);
    let output = ask(home.path(), &arguments);
    expect_code(&output, 0);
    assert!(stdout(&output).contains("top-1"), "{}", stdout(&output));
    arguments.push("--json");
    let v = json(&ask(home.path(), &arguments), 0);
    assert_eq!(v["task"]["reference"], v["task"]["variant"]);
    assert_eq!(v["task"]["reference"]["samples"], v["samples"]);
    assert!(v["task"]["reference"]["top1_correct"].as_u64().unwrap() * 10 > v["samples"].as_u64().unwrap() * 9);
    assert!(v["outputs"][0]["accuracy"]["min_passing_atol"].as_f64().unwrap() < 1e-3);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let model = overflowing(home.path());
    let digits = digits().join("digits.onnx");
    let other = ask(
        home.path(),
        &[
            "accuracy",
            model.to_str().unwrap(),
            "--against",
            digits.to_str().unwrap(),
        ],
    );
    assert_ne!(other.status.code(), Some(0));
    let nowhere = ask(home.path(), &["accuracy", model.to_str().unwrap(), "--against", "onnx"]);
    expect_code(&nowhere, 2);
    let limit = ask(home.path(), &["bisect", model.to_str().unwrap(), "--limit=-1"]);
    expect_code(&limit, 2);
}
