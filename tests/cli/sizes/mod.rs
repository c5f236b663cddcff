//! Sizes: every model runs through every command without a shape typed.

mod models;

use super::support::{model, onnxruntime_library, rtx_folders};
use super::{enginesmith, expect_code, json, run, stderr};
use buffa::Message;
use enginesmith::graph::Graph;
use enginesmith::graph::sizes::{Sizes, evaluate, propose};
use enginesmith::model::Model;
use models::{Case, cases};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Real models, and the sizes that a person would choose.
const REAL: &[(&str, &str)] = &[
    ("PP-OCRv6_det_small.onnx", "x 1x3x640x640"),
    ("PP-OCRv6_rec_small.onnx", "x 1x3x48x320"),
    ("ch_ppocr_mobile_v2.0_cls_mobile.onnx", "x 1x3x48x192"),
    ("magika.onnx", "bytes 1x2048"),
    ("silero_vad.onnx", "input 1x512, sr scalar=[16000], state 2x1x128"),
    (
        "silero_vad_16k_op15.onnx",
        "input 1x512, sr scalar=[16000], state 2x1x128",
    ),
    ("light/light_resnet50.onnx", "gpu_0/data_0 1x3x224x224"),
    ("light/light_densenet121.onnx", "data_0 1x3x224x224"),
    ("light/light_squeezenet.onnx", "data_0 1x3x224x224"),
];

fn words(sizes: &Sizes) -> String {
    let text = |(name, size): (&String, &enginesmith::graph::sizes::InputSize)| {
        let value = size.value.as_ref().map_or_else(String::new, |v| format!("={v:?}"));
        format!("{name} {}{value}", enginesmith::graph::Shape::known(&size.shape))
    };
    sizes.inputs.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn write(home: &Path, case: &Case) -> PathBuf {
    let path = home.join(format!(
        "{}.onnx",
        case.name.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
    ));
    std::fs::write(&path, case.model.encode_to_vec()).unwrap();
    path
}

#[test]
fn every_model_is_proposed_the_sizes_that_a_person_would_choose() {
    let home = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    let made = cases();
    assert!(made.len() >= 40);
    let own = made
        .iter()
        .map(|case| (case.name, case.sizes, write(home.path(), case)));
    let real = REAL.iter().map(|(name, sizes)| (*name, *sizes, model(name)));
    for (name, wanted, path) in own.chain(real) {
        let graph = Graph::new(Arc::new(Model::open(&path).unwrap()));
        match propose(&graph, &[]) {
            Ok(sizes) => {
                if words(&sizes) != wanted {
                    wrong.push(format!("{name}: {} instead of {wanted}", words(&sizes)));
                }
                if let Err(conflict) = evaluate(&graph, &sizes.point()) {
                    wrong.push(format!("{name}: {conflict}"));
                }
                // Whatever was decided has its reason.
                assert!(sizes.inputs.values().all(|s| !s.reason.is_empty()), "{name}: {sizes:?}");
            }
            Err(unsolved) => wrong.push(format!("{name}: {unsolved}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs the model through the commands that need no GPU; what went wrong.
fn every_command(home: &Path, path: &Path) -> Vec<String> {
    let file = path.to_str().unwrap();
    let (half, int8) = (home.join("half.onnx"), home.join("int8.onnx"));
    let library = onnxruntime_library();
    let lines: [&[&str]; 6] = [
        &["inspect", file],
        &["check", file, "--target", "embedded"],
        &["bench", file, "--target", "embedded", "--duration", "50ms"],
        &["bench", file, "--target", "onnxruntime-cpu", "--duration", "50ms"],
        &["cast", file, "--to", "fp16", "-o", half.to_str().unwrap(), "--force"],
        &["quantize", file, "-o", int8.to_str().unwrap(), "--force"],
    ];
    let mut wrong = Vec::new();
    for line in lines {
        let output = enginesmith(home)
            .env("ORT_DYLIB_PATH", &library)
            .args(line)
            .output()
            .expect("the program starts");
        let text = stderr(&output);
        // A model without convolutions or products has nothing to quantize.
        if !output.status.success() && !text.contains("no node of the model can be quantized") {
            wrong.push(format!(
                "{}: {}",
                line.join(" "),
                text.lines().last().unwrap_or_default()
            ));
        }
    }
    wrong
}

/// A handful in every run of the suite; all of them with `--ignored`.
fn through_every_command(wanted: impl Fn(&str) -> bool) {
    let home = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for case in cases().iter().filter(|c| wanted(c.name)) {
        let path = write(home.path(), case);
        let found = every_command(home.path(), &path);
        wrong.extend(found.iter().map(|w| format!("{}: {w}", case.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn models_run_through_every_command_without_a_shape() {
    let handful = [
        "detector",
        "bert",
        "decoder with a cache",
        "streaming sound",
        "shape tensor",
        "two towers",
    ];
    through_every_command(|name| handful.contains(&name));
}

#[test]
#[ignore = "minutes: all models through every command"]
fn all_models_run_through_every_command_without_a_shape() {
    through_every_command(|_| true);
}

#[test]
fn what_runs_is_said_with_its_reason() {
    let home = tempfile::tempdir().unwrap();
    let all = cases();
    let yolo = write(home.path(), all.iter().find(|c| c.name == "ultralytics").unwrap());
    let file = yolo.to_str().unwrap();
    let bench = ["bench", file, "--target", "embedded", "--duration", "50ms"];
    let output = run(home.path(), bench);
    expect_code(&output, 0);
    let line = "sizes: images 1x3x480x640 (metadata imgsz); give --shape to change them";
    assert!(stderr(&output).lines().any(|l| l == line), "{}", stderr(&output));
    let wanted = serde_json::json!({"images": {
        "shape": [1, 3, 480, 640], "source": "metadata", "reason": "metadata imgsz"
    }});
    let (half, engine) = (home.path().join("half.onnx"), home.path().join("engine.onnx"));
    for command in [
        vec!["inspect", file],
        vec!["check", file, "--target", "embedded"],
        vec!["bench", file, "--target", "embedded", "--duration", "50ms"],
        vec!["build", file, "--target", "embedded", "-o", engine.to_str().unwrap()],
        vec!["cast", file, "--to", "fp16", "-o", half.to_str().unwrap()],
        vec!["profile", file, "--target", "embedded"],
    ] {
        let v = json(&run(home.path(), command.iter().copied().chain(["--json"])), 0);
        assert_eq!(v["sizes"], wanted, "{command:?}");
    }
    let given = [
        "bench",
        file,
        "--target",
        "embedded",
        "--duration",
        "50ms",
        "--shape",
        "images:2x3x64x96",
        "--json",
    ];
    let v = json(&run(home.path(), given), 0);
    assert_eq!(v["sizes"]["images"]["source"], "given");
    assert_eq!(v["shapes"], serde_json::json!(["images:2x3x64x96"]));
}

#[test]
fn a_size_at_which_the_graph_does_not_meet_is_refused_with_the_node() {
    let home = tempfile::tempdir().unwrap();
    let all = cases();
    let yolo = write(home.path(), all.iter().find(|c| c.name == "detector").unwrap());
    let file = yolo.to_str().unwrap();
    let output = run(
        home.path(),
        ["bench", file, "--target", "embedded", "--shape", "images:1x3x650x640"],
    );
    expect_code(&output, 2);
    assert!(stderr(&output).contains("Concat"), "{}", stderr(&output));
}

/// The sizes of the picture whose ranges a cast or quantization collects are those proposed: never one pixel.
#[test]
fn ranges_are_collected_at_the_proposed_sizes() {
    let home = tempfile::tempdir().unwrap();
    let all = cases();
    let path = write(
        home.path(),
        all.iter()
            .find(|c| c.name == "paddle text reader with open height")
            .unwrap(),
    );
    let output = home.path().join("int8.onnx");
    let arguments = [
        "quantize",
        path.to_str().unwrap(),
        "-o",
        output.to_str().unwrap(),
        "--json",
    ];
    let v: Value = json(&run(home.path(), arguments), 0);
    assert_eq!(v["sizes"]["x"]["shape"], serde_json::json!([1, 3, 48, 320]));
    let graph = Graph::new(Arc::new(Model::open(&path).unwrap()));
    let shapes = enginesmith::data::shapes::bind_shapes(&graph, &Default::default(), &[]).unwrap();
    assert_eq!(shapes["x"], [1, 3, 48, 320]);
}

#[test]
fn tensorrt_rtx_builds_without_a_shape() {
    let Some(folder) = rtx_folders().pop() else { return };
    let home = tempfile::tempdir().unwrap();
    let all = cases();
    for name in ["torch classifier", "bert", "two towers", "shape tensor"] {
        let path = write(home.path(), all.iter().find(|c| c.name == name).unwrap());
        let output = enginesmith(home.path())
            .env("LD_LIBRARY_PATH", &folder)
            .args(["build", path.to_str().unwrap(), "--target", "tensorrt-rtx", "-o"])
            .arg(path.with_extension("engine"))
            .output()
            .expect("the program starts");
        expect_code(&output, 0);
    }
}
