//! The sizes that a calibration really runs at, as the model itself tells them: a probe computes its inputs' sizes as
//! floats, and the ranges that were collected hold what came out.

use super::super::{enginesmith, expect_code, stderr};
use super::models::{Case, cases};
use super::onnxruntime_library;
use buffa::Message;
use enginesmith::graph::sample::{int, node, value, with};
use enginesmith::model::onnx::ModelProto;
use enginesmith::model::{DataType, Tensor};
use serde_json::Value;
use std::path::Path;

/// Copies of the sizes side by side, so that a product has enough channels to be quantized.
const COPIES: usize = 32;

/// The tensor that has the sizes of an input in a probed model.
fn tensor(input: &str) -> String {
    format!("sizes_of_{input}")
}

/// The model with a product over the sizes of each input of a dimension or more.
fn probed(model: &ModelProto) -> ModelProto {
    let mut model = model.clone();
    let graph = model.graph.get_or_insert_default();
    let inputs: Vec<(String, usize)> = graph
        .input
        .iter()
        .filter_map(|i| Some((i.name.clone()?, super::models::rank(i)?)))
        .filter(|(_, rank)| *rank > 0)
        .collect();
    for (input, rank) in inputs {
        let name = |what: &str| format!("{what}_of_{input}");
        let (shape, floats, row) = (name("shape"), name("float"), name("row"));
        let weight: Vec<f32> = (0..rank * COPIES * COPIES).map(|i| (i % 7) as f32 - 3.0).collect();
        let dims = [(rank * COPIES) as u64, COPIES as u64];
        let weight = Tensor::from_f32(&dims, &weight).unwrap().to_proto(&name("w"));
        let all = vec![floats.as_str(); COPIES];
        let front = Tensor::from_i64(&[2], &[1, -1]).unwrap().to_proto(&name("front"));
        graph.initializer.extend([weight, front]);
        graph.node.extend([
            node("Shape", &[&input], &[&shape]),
            with(node("Cast", &[&shape], &[&floats]), int("to", 1)),
            with(node("Concat", &all, &[&row]), int("axis", 0)),
            node("Reshape", &[&row, &name("front")], &[&tensor(&input)]),
            node("MatMul", &[&tensor(&input), &name("w")], &[&name("probe")]),
        ]);
        graph
            .output
            .push(value(&name("probe"), DataType::Float32, &[1, COPIES as i64]));
    }
    model
}

/// Runs cast and quantize without a shape; what their ranges say that the inputs' sizes were, beside what was proposed.
fn seen(home: &Path, case: &Case) -> Vec<String> {
    let file = home.join("probed.onnx");
    std::fs::write(&file, probed(&case.model).encode_to_vec()).unwrap();
    let file = file.to_str().unwrap();
    let mut wrong = Vec::new();
    for command in [
        vec!["cast", file, "--to", "fp16"],
        vec!["quantize", file, "--include", "probe*"],
    ] {
        let cache = home.join("ranges.json");
        let _ = std::fs::remove_file(&cache);
        let output = enginesmith(home)
            .env("ORT_DYLIB_PATH", onnxruntime_library())
            .args(&command)
            .args(["--force", "-o", "lowered.onnx", "--json", "--cache"])
            .arg(&cache)
            .output()
            .expect("the program starts");
        expect_code(&output, 0);
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        let ranges: Value = serde_json::from_slice(&std::fs::read(&cache).unwrap_or_default()).unwrap_or_default();
        for (input, size) in said["sizes"].as_object().unwrap() {
            let shape: Vec<f64> = size["shape"]
                .as_array()
                .unwrap()
                .iter()
                .map(|n| n.as_f64().unwrap())
                .collect();
            if shape.is_empty() {
                continue;
            }
            let range = &ranges["tensors"][tensor(input)]["range"];
            let got = (range["min"].as_f64(), range["max"].as_f64());
            let ends = (
                shape.iter().copied().reduce(f64::min),
                shape.iter().copied().reduce(f64::max),
            );
            if got != ends {
                wrong.push(format!(
                    "{}: {} {input}: {size} said, the calibration saw {range}\n{}",
                    case.name,
                    command[0],
                    stderr(&output)
                ));
            }
        }
    }
    wrong
}

fn none_sees_another_size(wanted: impl Fn(&str) -> bool) {
    let home = tempfile::tempdir().unwrap();
    let all = cases();
    let wrong: Vec<String> = all
        .iter()
        .filter(|c| wanted(c.name))
        .flat_map(|case| seen(home.path(), case))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_calibration_sees_the_sizes_that_were_said_and_never_a_single_pixel_or_step() {
    none_sees_another_size(|name| ["paddle text detector", "bert"].contains(&name));
}

#[test]
#[ignore = "minutes: all models"]
fn the_calibration_of_every_model_sees_the_sizes_that_were_said() {
    none_sees_another_size(|_| true);
}
