//! Sizes: every model runs through every command without a shape typed.

mod given;
pub mod models;
mod seen;

use super::support::{model, onnxruntime_library, rtx_folders};
use super::{enginesmith, expect_code, json, run, stderr};
use buffa::Message;
use enginesmith::graph::sizes::{Sizes, evaluate, propose};
use enginesmith::graph::{Graph, sample};
use enginesmith::model::Model;
use enginesmith::model::onnx::__buffa::oneof::type_proto;
use models::{Case, cases};
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

/// Real models whose sizes are all fixed.
const LIGHT: &[&str] = &[
    "light/light_bvlc_alexnet.onnx",
    "light/light_inception_v1.onnx",
    "light/light_inception_v2.onnx",
    "light/light_shufflenet.onnx",
    "light/light_vgg19.onnx",
    "light/light_zfnet512.onnx",
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

/// What one command made of one model.
struct Ran {
    /// `bench onnxruntime-cpu`.
    command: String,
    code: Option<i32>,
    /// Standard error.
    text: String,
}

impl Ran {
    /// True where the command did what it is for, or was right to refuse: a model without convolutions or products has
    /// nothing to quantize, and a library may refuse a model, in its own words.
    fn is_right(&self) -> bool {
        let says = |words: &str| self.text.contains(words);
        match self.command.as_str() {
            _ if self.code == Some(0) => true,
            "quantize" => self.code == Some(2) && says("no node of the model can be quantized"),
            // What the embedded engine lacks, `check` says and a build repeats.
            "check" => self.code == Some(1),
            "bench embedded" => self.code == Some(1) && says("the embedded engine"),
            // The builder computes constants on a GPU where it finds no other way.
            "build tensorrt-rtx" => self.code == Some(1) && says("there is no NVIDIA driver here"),
            _ => false,
        }
    }

    /// The last thing it said.
    fn words(&self) -> String {
        let last = self.text.lines().rfind(|l| !l.trim().is_empty()).unwrap_or_default();
        format!("{}: exit {:?}: {last}", self.command, self.code)
    }
}

/// Runs the model through the commands, without a shape; on TensorRT-RTX it is built only, which needs no GPU.
fn every_command(home: &Path, path: &Path, rtx: Option<&Path>) -> Vec<Ran> {
    let file = path.to_str().unwrap();
    let out = |name: &str| home.join(name).to_str().unwrap().to_owned();
    let (half, int8, engine) = (out("half.onnx"), out("int8.onnx"), out("model.engine"));
    let short = ["--duration", "50ms"];
    let mut lines: Vec<(&str, Vec<&str>)> = vec![
        ("inspect", vec!["inspect", file]),
        ("check", vec!["check", file, "--target", "embedded"]),
        (
            "bench embedded",
            [&["bench", file, "--target", "embedded"][..], &short].concat(),
        ),
        (
            "bench onnxruntime-cpu",
            [&["bench", file, "--target", "onnxruntime-cpu"][..], &short].concat(),
        ),
        ("cast", vec!["cast", file, "--to", "fp16", "-o", &half, "--force"]),
        ("quantize", vec!["quantize", file, "-o", &int8, "--force"]),
    ];
    if rtx.is_some() {
        let build = vec!["build", file, "--target", "tensorrt-rtx", "-o", &engine, "--force"];
        lines.push(("build tensorrt-rtx", build));
    }
    let library = onnxruntime_library();
    let run = |(command, line): (&str, Vec<&str>)| {
        let mut program = enginesmith(home);
        program.env("ORT_DYLIB_PATH", &library).args(line);
        if let Some(folder) = rtx {
            program.env("LD_LIBRARY_PATH", folder);
        }
        let output = program.output().expect("the program starts");
        Ran {
            command: command.into(),
            code: output.status.code(),
            text: stderr(&output),
        }
    };
    lines.into_iter().map(run).collect()
}

/// Runs the models through every command and prints what each gave.
fn through_every_command<'m>(models: impl Iterator<Item = (&'m str, PathBuf)>, home: &Path, rtx: Option<&Path>) {
    let mut wrong = Vec::new();
    for (name, path) in models {
        let ran = every_command(home, &path, rtx);
        let codes: Vec<String> = ran.iter().map(|r| format!("{} {:?}", r.command, r.code)).collect();
        println!("{name}: {}", codes.join(", "));
        for one in ran {
            if one.code != Some(0) {
                println!("    {}", one.words());
            }
            if !one.is_right() {
                wrong.push(format!("{name}: {}", one.words()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn models_run_through_every_command_without_a_shape() {
    let handful = ["decoder with a cache", "streaming sound", "shape tensor", "no rank"];
    let home = tempfile::tempdir().unwrap();
    let all = cases();
    let chosen = all.iter().filter(|c| handful.contains(&c.name));
    let chosen = chosen.map(|c| (c.name, write(home.path(), c)));
    let real = ["ch_ppocr_mobile_v2.0_cls_mobile.onnx"].map(|name| (name, model(name)));
    // That TensorRT-RTX builds without a shape has a test of its own.
    through_every_command(real.into_iter().chain(chosen), home.path(), None);
}

/// Every model of the table and all real ones of the tests; what the last run gave is in docs/checks/sizes.md.
#[test]
#[ignore = "minutes: all models through every command"]
fn all_models_run_through_every_command_without_a_shape() {
    let home = tempfile::tempdir().unwrap();
    let all = cases();
    let made = all.iter().map(|c| (c.name, write(home.path(), c)));
    let light = LIGHT.iter().map(|name| (*name, model(name)));
    let real = REAL.iter().map(|(name, _)| (*name, model(name)));
    through_every_command(
        real.chain(light).chain(made),
        home.path(),
        rtx_folders().pop().as_deref(),
    );
}

#[test]
fn what_runs_is_said_with_its_reason() {
    let home = tempfile::tempdir().unwrap();
    let all = cases();
    let yolo = Case {
        name: "ultralytics of small pictures",
        sizes: "images 1x3x64x96",
        model: models::yolo(
            &["batch", "3", "height", "width"],
            &[("stride", "32"), ("imgsz", "[64, 96]"), ("task", "detect")],
        ),
    };
    let yolo = write(home.path(), &yolo);
    let file = yolo.to_str().unwrap();
    let bench = ["bench", file, "--target", "embedded", "--duration", "50ms"];
    let output = run(home.path(), bench);
    expect_code(&output, 0);
    let line = "sizes: images 1x3x64x96 (metadata imgsz); give --shape to change them";
    assert!(stderr(&output).lines().any(|l| l == line), "{}", stderr(&output));
    let wanted = serde_json::json!({"images": {
        "shape": [1, 3, 64, 96], "source": "metadata", "reason": "metadata imgsz"
    }});
    let (half, engine) = (home.path().join("half.onnx"), home.path().join("engine.onnx"));
    for command in [
        vec!["inspect", file],
        vec!["check", file, "--target", "embedded"],
        vec!["bench", file, "--target", "embedded", "--duration", "50ms"],
        vec!["build", file, "--target", "embedded", "-o", engine.to_str().unwrap()],
        vec!["cast", file, "--to", "fp16", "-o", half.to_str().unwrap()],
        vec!["profile", file, "--target", "embedded", "--runs", "2"],
        vec![
            "compare",
            file,
            "--target",
            "embedded",
            "--duration",
            "50ms",
            "-o",
            "report.md",
            "--force",
        ],
        vec!["quantize", file, "-o", half.to_str().unwrap(), "--force"],
        vec!["accuracy", file, "--against", file, "--target", "embedded"],
    ] {
        let v = json(&run(home.path(), command.iter().copied().chain(["--json"])), 0);
        assert_eq!(v["sizes"], wanted, "{command:?}");
    }
    let report = std::fs::read_to_string(home.path().join("report.md")).unwrap();
    assert!(report.contains("images 1x3x64x96 (metadata imgsz)"), "{report}");
    // Inputs of one size are said together.
    let bert = write(home.path(), all.iter().find(|c| c.name == "exported bert").unwrap());
    let output = run(home.path(), ["inspect", bert.to_str().unwrap()]);
    let line =
        "sizes: attention_mask, input_ids, token_type_ids 1x128 (tokens of a paragraph); give --shape to change them";
    assert!(stderr(&output).lines().any(|l| l == line), "{}", stderr(&output));
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

/// A range for the ids is one for what shares their sizes; longer than the stored positions names the node.
#[test]
fn ranges_of_an_exported_bert_fill_each_other_and_end_at_its_positions() {
    let home = tempfile::tempdir().unwrap();
    let all = cases();
    let bert = write(home.path(), all.iter().find(|c| c.name == "exported bert").unwrap());
    let check = |longest: &str, code: i32| {
        let max = format!("input_ids:{longest}");
        let ranges = ["--min", "input_ids:1x16", "--opt", "input_ids:1x128", "--max", &max];
        let base = [
            "check",
            bert.to_str().unwrap(),
            "--target",
            "tensorrt-rtx@1.7",
            "--json",
        ];
        json(&run(home.path(), base.iter().chain(&ranges)), code)
    };
    let v = check("8x256", 0);
    let notes = v["notes"].to_string();
    for input in ["attention_mask", "token_type_ids"] {
        assert!(notes.contains(&format!("{input} 1x16 to 8x256, best 1x128")), "{notes}");
    }
    let corners = v["corners"].as_array().unwrap();
    assert!(
        corners.len() >= 5 && corners.iter().all(|c| c["fault"].is_null()),
        "{v}"
    );
    let bytes = |at: &str| {
        let corner = corners.iter().find(|c| c["at"] == at).unwrap();
        corner["memory"]["activation_bytes"].as_u64().unwrap()
    };
    assert!(
        bytes("the minimum") < bytes("the optimum") && bytes("the optimum") < bytes("the maximum"),
        "{v}"
    );
    let v = check("1x600", 0);
    let reasons = v["findings"].to_string();
    assert!(reasons.contains("the maximum") && reasons.contains("512"), "{reasons}");
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

/// An input of which nothing says how many dimensions it has; NVIDIA builds for a scalar.
fn any_rank() -> Case {
    let mut graph = sample::graph(&["x"], &["y"], vec![], vec![sample::node("Relu", &["x"], &["y"])]);
    for value in graph.input.iter_mut().chain(&mut graph.output) {
        if let Some(type_proto::Value::TensorType(t)) = &mut value.r#type.get_or_insert_default().value {
            t.shape = Default::default();
        }
    }
    Case {
        name: "any rank",
        sizes: "",
        model: sample::proto(graph, vec![]),
    }
}

#[test]
fn tensorrt_rtx_builds_without_a_shape() {
    let Some(folder) = rtx_folders().pop() else { return };
    let home = tempfile::tempdir().unwrap();
    let mut all = cases();
    all.push(any_rank());
    for name in ["torch classifier", "bert", "two towers", "shape tensor", "any rank"] {
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
