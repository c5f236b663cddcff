//! Sizes that the user, the recipe's data or its patches say.

use super::super::{enginesmith, expect_code, json, run, stderr};
use super::models::cases;
use super::{onnxruntime_library, write};
use serde_json::json;
use std::path::{Path, PathBuf};

fn model(home: &Path, name: &str) -> PathBuf {
    write(home, cases().iter().find(|c| c.name == name).unwrap())
}

fn on_onnxruntime(home: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = enginesmith(home);
    command.env("ORT_DYLIB_PATH", onnxruntime_library()).args(arguments);
    command.output().expect("the program starts")
}

/// What the engine of `profile` was run on as `hw`.
fn run_on(home: &Path, file: &str, more: &[&str]) -> String {
    let line = [&["profile", file, "--runs", "2", "--json"][..], more].concat();
    let v = json(&on_onnxruntime(home, &line), 0);
    let inputs = v["inputs"].as_array().unwrap().iter().filter_map(|i| i.as_str());
    inputs.filter(|i| i.starts_with("hw")).map(str::to_owned).collect()
}

#[test]
fn values_of_a_shape_tensor_are_given_by_value_and_reach_every_engine() {
    let home = tempfile::tempdir().unwrap();
    let path = model(home.path(), "shape tensor");
    let file = path.to_str().unwrap();
    let wanted = json!({"shape": [2], "value": [24, 40], "source": "given", "reason": "given"});
    let base = ["--shape", "hw=24,40", "--json", "--duration", "50ms"];
    for target in ["embedded", "onnxruntime-cpu"] {
        let line = [&["bench", file, "--target", target][..], &base].concat();
        let v = json(&on_onnxruntime(home.path(), &line), 0);
        assert_eq!(v["sizes"]["hw"], wanted, "{target}");
        assert_eq!(
            run_on(home.path(), file, &["--target", target, "--shape", "hw=24,40"]),
            "hw: 24, 40, given"
        );
    }
    let targets = ["compare", file, "--target", "embedded", "--target", "onnxruntime-cpu"];
    let v = json(&on_onnxruntime(home.path(), &[&targets[..], &base].concat()), 0);
    assert_eq!(v["sizes"]["hw"], wanted);
    let accuracy = [
        "accuracy",
        file,
        "--target",
        "embedded",
        "--against",
        file,
        "--shape",
        "hw=24,40",
        "--json",
    ];
    let v = json(&on_onnxruntime(home.path(), &accuracy), 0);
    assert_eq!(v["sizes"]["hw"], wanted, "{v}");
    assert!(v.to_string().contains("hw: 24, 40, given"), "{v}");
    // The values of a profile's optimum are those that are measured, also where the shapes choose the profile.
    let ranges = [
        "--target", "embedded", "--min", "hw=8,8", "--opt", "hw=16,24", "--max", "hw=64,64",
    ];
    assert_eq!(run_on(home.path(), file, &ranges), "hw: 16, 24, the profile's optimum");
    for (given, words) in [
        (
            "hw=24",
            "input \"hw\" has the shape 2, which is 2 values and not 1 (24)",
        ),
        ("wh=24,24", "no input \"wh\"; did you mean \"hw\"?"),
        ("hw=a", "whole numbers"),
    ] {
        let output = run(home.path(), ["bench", file, "--shape", given]);
        expect_code(&output, 2);
        assert!(stderr(&output).contains(words), "{given}: {}", stderr(&output));
    }
}

fn recipe(home: &Path, model: &Path, more: &str) -> PathBuf {
    let path = home.join("recipe.toml");
    let name = model.file_name().unwrap().to_str().unwrap();
    std::fs::write(&path, format!("version = 1\nmodel.path = \"{name}\"\n{more}\n")).unwrap();
    path
}

#[test]
fn data_that_would_say_the_sizes_and_cannot_be_read_is_an_error_with_its_name() {
    let home = tempfile::tempdir().unwrap();
    let model = model(home.path(), "detector");
    std::fs::write(home.path().join("broken.npz"), b"PK\x03\x04 and no more").unwrap();
    for (data, words) in [("broken.npz", "broken.npz"), ("missing.npz", "missing.npz")] {
        let recipe = recipe(home.path(), &model, &format!("[data.calibration]\npath = \"{data}\""));
        let file = recipe.to_str().unwrap();
        for line in [
            vec!["bench", file, "--duration", "50ms"],
            vec!["profile", file],
            vec!["cast", file, "--to", "fp16", "-o", "half.onnx"],
        ] {
            let output = run(home.path(), &line);
            expect_code(&output, 2);
            let text = stderr(&output);
            assert!(text.contains(words), "{line:?}: {text}");
            assert!(!text.contains("sizes: images"), "{line:?}: {text}");
        }
        // Where every size is given, no data is needed to measure.
        let given = ["bench", file, "--duration", "50ms", "--shape", "images:1x3x64x64"];
        expect_code(&run(home.path(), given), 0);
    }
}

#[test]
fn sizes_of_a_recipe_with_patches_are_those_of_the_patched_model() {
    let home = tempfile::tempdir().unwrap();
    let model = model(home.path(), "detector");
    let fixed = "[[patch]]\nkind = \"fix-sizes\"\nsizes = { height = 96, width = 128 }";
    let recipe = recipe(home.path(), &model, fixed);
    let file = recipe.to_str().unwrap();
    let bench = ["bench", file, "--target", "embedded", "--duration", "50ms", "--json"];
    let v = json(&run(home.path(), bench), 0);
    assert_eq!(v["sizes"]["images"]["shape"], json!([1, 3, 96, 128]));
    assert_eq!(v["shapes"], json!(["images:1x3x96x128"]));
    let compare = [
        "compare",
        file,
        "--target",
        "embedded",
        "--batch",
        "1,2",
        "--duration",
        "50ms",
        "--json",
    ];
    let v = json(&run(home.path(), compare), 0);
    assert_eq!(v["variants"][1]["shapes"], json!(["images:2x3x96x128"]));
}
