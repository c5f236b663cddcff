//! `--json` of every command has the keys that docs/json.md lists, with the values that the model has.

use super::support::{digits, model};
use super::{expect_code, json, run, stderr, stdout};
use serde_json::Value;
use std::path::Path;

/// The keys that docs/json.md gives for a command: the first column of the table under its heading.
fn documented(command: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md")).unwrap();
    let section = text
        .split("\n## ")
        .find(|s| s.starts_with(&format!("`{command}`")))
        .expect("a section");
    let rows = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(key, _)| key.to_owned()).collect()
}

pub fn has_documented_keys(value: &Value, command: &str) {
    let mut wanted = documented(command);
    assert!(wanted.len() > 3, "{wanted:?}");
    let mut found: Vec<String> = value.as_object().expect("an object").keys().cloned().collect();
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted, "{command}");
}

#[test]
fn inspect_of_the_demo() {
    let home = tempfile::tempdir().unwrap();
    let file = digits().join("digits.onnx");
    let v = json(
        &run(home.path(), ["inspect".as_ref(), file.as_os_str(), "--json".as_ref()]),
        0,
    );
    has_documented_keys(&v, "inspect");
    assert_eq!(v["inputs"][0]["name"], "input");
    assert_eq!(v["inputs"][0]["type"], "float32");
    assert_eq!(v["inputs"][0]["shape"], serde_json::json!(["batch", 1, 8, 8]));
    // What train.py prints: trained parameters, batch statistics not among them.
    assert!(v["parameters"].as_u64().unwrap() >= 174_058, "{v}");
    assert!(v["macs"].as_u64().unwrap() > 1_000_000, "{v}");
    assert_eq!(
        v["op_types"]
            .as_object()
            .unwrap()
            .values()
            .map(|n| n.as_u64().unwrap())
            .sum::<u64>(),
        v["nodes"].as_u64().unwrap()
    );
}

#[test]
fn inspect_counts_at_the_shapes_given_and_says_what_it_cannot_count() {
    let home = tempfile::tempdir().unwrap();
    let file = model("PP-OCRv6_det_small.onnx");
    let inspect = |more: &[&str]| {
        let base = ["inspect".as_ref(), file.as_os_str(), "--json".as_ref()];
        run(home.path(), base.into_iter().chain(more.iter().map(AsRef::as_ref)))
    };
    // Without a flag it is counted at sizes that somebody would choose, and says which.
    let open = json(&inspect(&[]), 0);
    let sizes = open["sizes"]["x"]["shape"].as_array().unwrap();
    assert!(sizes[2].as_u64().unwrap() > 31 && open["is_complete"] == true, "{open}");
    let small = json(&inspect(&["--shape", "x:1x3x320x320"]), 0);
    let large = json(&inspect(&["--shape", "x:1x3x640x640"]), 0);
    for v in [&small, &large] {
        assert_eq!(
            (&v["is_complete"], &v["macs_unknown"]),
            (&true.into(), &0.into()),
            "{v}"
        );
        let curve = v["memory"]["curve"].as_array().unwrap();
        assert_eq!(curve.len(), v["nodes"].as_u64().unwrap() as usize);
        let most = curve.iter().map(|at| at[1].as_u64().unwrap()).max().unwrap();
        assert_eq!(v["memory"]["activation_bytes"], most);
        assert!(v["memory"]["peak"]["op_type"].is_string(), "{v}");
    }
    // Four times the pixels: four times the products (but for pooled branches), and four times the activations.
    let ratio = |key: &dyn Fn(&Value) -> f64| key(&large) / key(&small);
    let macs = ratio(&|v| v["macs"].as_f64().unwrap());
    let bytes = ratio(&|v| v["memory"]["activation_bytes"].as_f64().unwrap());
    assert!(
        (3.9..=4.0).contains(&macs) && (3.9..=4.0).contains(&bytes),
        "{macs} {bytes}"
    );
    // Constants of Constant nodes are no initializers.
    assert!(open["constants"]["count"].as_u64().unwrap() + open["initializers"]["count"].as_u64().unwrap() > 100);
    // An input that is not there is named with the nearest.
    let output = inspect(&["--shape", "xx:1x3x64x64"]);
    expect_code(&output, 2);
    assert!(stderr(&output).contains("did you mean \"x\"?"), "{}", stderr(&output));
}

#[test]
fn inspect_counts_nodes_inside_bodies_apart() {
    let home = tempfile::tempdir().unwrap();
    let file = model("silero_vad.onnx");
    let v = json(
        &run(home.path(), ["inspect".as_ref(), file.as_os_str(), "--json".as_ref()]),
        0,
    );
    assert!(
        v["nested_nodes"].as_u64().unwrap() > v["nodes"].as_u64().unwrap(),
        "{v}"
    );
}

#[test]
fn clean_says_what_each_patch_changed_and_keeps_files() {
    let home = tempfile::tempdir().unwrap();
    let file = model("ch_ppocr_mobile_v2.0_cls_mobile.onnx");
    let run_with = |more: &[&str]| {
        let base = ["clean".as_ref(), file.as_os_str(), "-o".as_ref(), "after.onnx".as_ref()];
        run(home.path(), base.into_iter().chain(more.iter().map(AsRef::as_ref)))
    };
    let v = json(&run_with(&["--json"]), 0);
    has_documented_keys(&v, "clean");
    let patches = v["patches"].as_array().unwrap();
    let merged = patches
        .iter()
        .find(|p| p["kind"] == "merge-scales")
        .expect("there are BatchNormalizations");
    assert!(merged["diff"]["removed"].as_array().unwrap().len() >= 35, "{merged}");
    assert!(
        v["nodes"].as_u64().unwrap() < v["nodes_before"].as_u64().unwrap() / 2,
        "{v}"
    );
    let again = run_with(&["--json"]);
    assert_eq!(again.status.code(), Some(2));
    let unknown = run_with(&["--force", "--only", "tidy"]);
    assert_eq!(unknown.status.code(), Some(2));
    let words = String::from_utf8_lossy(&unknown.stderr);
    assert!(words.contains("tidy") && words.contains("merge-scales"), "{words}");
    let one = json(&run_with(&["--force", "--only", "remove-dead", "--json"]), 0);
    assert_eq!(one["patches"], serde_json::json!([]));
    assert_eq!(one["nodes"], one["nodes_before"]);
}

#[test]
fn check_lists_findings_for_each_target() {
    let home = tempfile::tempdir().unwrap();
    for name in ["magika.onnx", "PP-OCRv6_det_small.onnx"] {
        let file = model(name);
        for target in ["tensorrt@10", "tensorrt@11", "embedded"] {
            let output = run(
                home.path(),
                [
                    "check".as_ref(),
                    file.as_os_str(),
                    "--target".as_ref(),
                    target.as_ref(),
                    "--json".as_ref(),
                ],
            );
            let supported = output.status.code() == Some(0);
            let v = json(&output, i32::from(!supported));
            has_documented_keys(&v, "check");
            assert_eq!(v["supported"], supported);
            let findings = v["findings"].as_array().unwrap();
            assert_eq!(findings.iter().all(|f| f["severity"] != "error"), supported);
            for finding in findings {
                assert!(!finding["reason"].as_str().unwrap().is_empty());
                assert!(finding["evidence"].is_string() && finding["fix"].is_array());
            }
        }
    }
}

#[test]
fn a_dynamic_input_without_a_range_gets_one_and_a_wrong_one_is_a_finding() {
    let home = tempfile::tempdir().unwrap();
    let file = digits().join("digits.onnx");
    let base = [
        "check".as_ref(),
        file.as_os_str(),
        "--target".as_ref(),
        "tensorrt@10".as_ref(),
        "--json".as_ref(),
    ];
    let is_derived = |v: &Value| {
        v["notes"]
            .to_string()
            .contains("profile derived from the sizes that are run: input 1x1x8x8")
    };
    let without = run(home.path(), base);
    let without = json(&without, without.status.code().unwrap());
    let range = [
        "--min",
        "input:1x1x8x8",
        "--opt",
        "input:8x1x8x8",
        "--max",
        "input:32x1x8x8",
    ];
    let with = run(home.path(), base.into_iter().chain(range.iter().map(AsRef::as_ref)));
    let with = json(&with, with.status.code().unwrap());
    assert!(is_derived(&without) && !is_derived(&with), "{without}\n{with}");
    let broken = run(
        home.path(),
        base.into_iter()
            .chain(["--min", "input:1x2x8x8"].iter().map(AsRef::as_ref)),
    );
    let broken = json(&broken, 1);
    let about_input = |f: &&Value| f["tensor"] == "input";
    assert!(
        broken["findings"].as_array().unwrap().iter().any(|f| about_input(&f)),
        "{broken}"
    );
}

#[test]
fn bench_of_the_demo() {
    let home = tempfile::tempdir().unwrap();
    let file = digits().join("digits.onnx");
    let output = run(
        home.path(),
        [
            "bench".as_ref(),
            file.as_os_str(),
            "--shape".as_ref(),
            "input:4x1x8x8".as_ref(),
            "--duration".as_ref(),
            "300ms".as_ref(),
            "--json".as_ref(),
        ],
    );
    let v = json(&output, 0);
    has_documented_keys(&v, "bench");
    assert_eq!(
        (v["protocol"].as_str(), v["precision"].as_str()),
        (Some("serial"), Some("fp32"))
    );
    assert_eq!(v["shapes"], serde_json::json!(["input:4x1x8x8"]));
    assert_eq!(v["batch"], 4);
    assert!(v["samples"].as_u64().unwrap() >= 10);
    assert_eq!(v["enqueue_ms"], Value::Null, "a CPU engine has no enqueue series");
    let latency: Vec<f64> = ["min", "median", "p90", "p95", "p99", "max"]
        .iter()
        .map(|k| v["latency_ms"][k].as_f64().unwrap())
        .collect();
    assert!(latency[0] > 0.0 && latency.is_sorted(), "{latency:?}");
    for key in ["host", "system", "cpu", "cores", "runtime", "program", "started"] {
        assert!(!v["environment"][key].is_null(), "environment.{key}");
    }
}

#[test]
fn profile_of_the_demo() {
    let home = tempfile::tempdir().unwrap();
    let file = digits().join("digits.onnx");
    let targets: &[&[&str]] = &[
        &["--target", "embedded", "--threads", "1"],
        &["--target", "onnxruntime-cpu", "--option", &library()],
    ];
    for target in targets {
        let base = ["profile".as_ref(), file.as_os_str()];
        let rest = ["--shape", "input:4x1x8x8", "--runs", "7", "--json"];
        let output = run(
            home.path(),
            base.into_iter().chain(target.iter().chain(&rest).map(AsRef::as_ref)),
        );
        let v = json(&output, 0);
        has_documented_keys(&v, "profile");
        assert_eq!(
            (v["runs"].as_u64(), v["shapes"][0].as_str()),
            (Some(7), Some("input:4x1x8x8"))
        );
        let layers = v["layers"].as_array().unwrap();
        let sum = |key: &str| layers.iter().map(|l| l[key].as_f64().unwrap()).sum::<f64>();
        assert!((sum("share") - 1.0).abs() < 1e-6 && (sum("mean_ms") - v["layers_ms"].as_f64().unwrap()).abs() < 1e-9);
        assert!(v["run_ms"].as_f64().unwrap() > 0.0);
        // Every convolution of the model is somewhere, and led back to a node by name and place.
        let convs: Vec<_> = layers
            .iter()
            .filter(|l| l["op"].as_str().unwrap().contains("Conv"))
            .collect();
        let summary = json(
            &run(home.path(), ["inspect".as_ref(), file.as_os_str(), "--json".as_ref()]),
            0,
        );
        assert_eq!(convs.len() as u64, summary["op_types"]["Conv"].as_u64().unwrap(), "{v}");
        assert!(
            convs.iter().all(|l| l["node"].is_string() && l["path"][0].is_u64()),
            "{v}"
        );
        for finding in v["findings"].as_array().unwrap() {
            let named = finding["layers"].as_array().unwrap();
            assert!(!named.is_empty() && named.iter().all(|i| (i.as_u64().unwrap() as usize) < layers.len()));
            assert!(!finding["reason"].as_str().unwrap().is_empty());
        }
    }
    // What people read names the same, and says what the numbers are not.
    let output = run(
        home.path(),
        [
            "profile".as_ref(),
            file.as_os_str(),
            "--shape".as_ref(),
            "input:4x1x8x8".as_ref(),
        ],
    );
    expect_code(&output, 0);
    let text = stdout(&output);
    assert!(
        text.contains("neither is the latency") && text.contains("Conv"),
        "{text}"
    );
}

/// The option that names ONNX Runtime's library.
fn library() -> String {
    format!("library={}", super::support::onnxruntime_library().display())
}

#[test]
fn an_engine_and_a_profile_of_tensorrt_rtx_where_there_is_no_gpu() {
    let home = tempfile::tempdir().unwrap();
    let file = digits().join("digits.onnx");
    let newest = super::support::rtx_folders()
        .pop()
        .expect("a TensorRT-RTX: run tests/setup.sh");
    let option = format!("library={}", newest.display());
    let shapes = [
        "--min",
        "input:1x1x8x8",
        "--opt",
        "input:8x1x8x8",
        "--max",
        "input:32x1x8x8",
    ];
    let target = [
        "--target",
        "tensorrt-rtx",
        "--option",
        &option,
        "--option",
        "compute_capability=8.6",
    ];
    let job = |command: &str, more: &[&str]| {
        let base = [command.as_ref(), file.as_os_str()];
        let rest = shapes.iter().chain(&target).chain(more).map(AsRef::as_ref);
        run(home.path(), base.into_iter().chain(rest))
    };
    expect_code(&job("build", &["-o", "digits.engine"]), 0);
    let library = newest.display().to_string();
    let v = json(
        &run(
            home.path(),
            ["inspect", "digits.engine", "--library", &library, "--json"],
        ),
        0,
    );
    has_documented_keys(&v, "inspect ENGINE");
    assert_eq!(v["header"]["capabilities"], serde_json::json!(["8.6"]));
    let output = run(home.path(), ["inspect", "digits.engine", "--library", &library]);
    expect_code(&output, 0);
    let text = stdout(&output);
    assert!(
        text.contains("Built by: TensorRT-RTX 1.") && text.contains("Compute capability: 8.6"),
        "{text}"
    );
    if !Path::new("/dev/nvidiactl").exists() {
        assert!(
            text.contains("no layers: ") && text.contains("no NVIDIA driver"),
            "{text}"
        );
        let output = job("profile", &["--json"]);
        expect_code(&output, 3);
        assert!(stderr(&output).contains("no NVIDIA driver"), "{}", stderr(&output));
    }
}

#[test]
fn search_of_the_demo() {
    let home = tempfile::tempdir().unwrap();
    let recipe = digits().join("recipe.toml");
    let output = run(
        home.path(),
        [
            "search".as_ref(),
            recipe.as_os_str(),
            "--to".as_ref(),
            "int8".as_ref(),
            "--rank-samples".as_ref(),
            "4".as_ref(),
            "--test-samples".as_ref(),
            "20".as_ref(),
            "--keep".as_ref(),
            "0,2".as_ref(),
            "--json".as_ref(),
        ],
    );
    let v = json(&output, 0);
    has_documented_keys(&v, "search");
    assert_eq!((&v["rank_samples"], &v["samples"]), (&4.into(), &20.into()));
    let layers = v["layers"].as_array().unwrap();
    assert!(layers.len() > 8 && layers.len() == v["ranking"].as_array().unwrap().len());
    for measured in layers {
        let output = &measured["errors"]["outputs"][0];
        assert!(
            output["relative_l2"].as_f64().unwrap() > 0.0 && output["nan"] == 0,
            "{measured}"
        );
        assert!(measured["layer"]["macs"].as_u64().unwrap() > 0);
    }
    let trials = v["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 2);
    assert_eq!(trials[1]["kept"][0], v["ranking"][0]);
    assert!(trials[1]["lowered_macs"].as_f64() < trials[0]["lowered_macs"].as_f64());
    assert_eq!(
        (&v["limit"], &v["found"], &v["output"], &v["measured"]),
        (&Value::Null, &Value::Null, &Value::Null, &Value::Null)
    );
}

#[test]
fn what_a_search_found_is_measured_in_turn() {
    let home = tempfile::tempdir().unwrap();
    let recipe = digits().join("recipe.toml");
    let report = home.path().join("mixes.html");
    let arguments = [
        "search",
        recipe.to_str().unwrap(),
        "--to",
        "int8",
        "--rank-samples",
        "2",
        "--test-samples",
        "8",
        "--keep",
        "0,2",
        "--measure=embedded",
        "--duration",
        "300ms",
        "--report",
        report.to_str().unwrap(),
        "--json",
    ];
    let output = run(home.path(), arguments);
    let v = json(&output, 0);
    has_documented_keys(&v, "search");
    let said = stderr(&output);
    assert!(said.contains("measuring 3 rows on embedded: "), "{said}");
    let measured = &v["measured"];
    assert_eq!(measured["trials"], serde_json::json!([null, 0, 1]));
    let rows = measured["comparison"]["variants"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["FP32", "all lowered", "2 layers kept"]);
    let precisions: Vec<&str> = rows.iter().map(|r| r["precision"].as_str().unwrap()).collect();
    assert_eq!(precisions, ["fp32", "int8", "int8"]);
    for row in rows {
        let median = row["statistics"]["latency_ms"]["median"].as_f64().unwrap();
        let ends = row["median_interval_ms"].as_array().unwrap();
        let ends: Vec<f64> = ends.iter().map(|e| e.as_f64().unwrap()).collect();
        assert!(median > 0.0 && ends[0] <= median && median <= ends[1], "{row}");
        assert!(row["target"].as_str().unwrap().starts_with("embedded@"), "{row}");
    }
    // The rows are measured in turn, against FP32.
    assert!(rows[0]["ratio"].is_null());
    super::judged(&rows[1]);
    let rounds = |i: usize| rows[i]["round_medians_ms"].as_array().unwrap().len();
    assert!(rounds(0) > 1 && rounds(0) == rounds(2));
    // What has no error and what nothing beats is marked: FP32 always is.
    let front = measured["pareto"].as_array().unwrap();
    assert!(front.contains(&Value::Null), "{measured}");
    assert!(measured["words"].as_str().unwrap().contains("FP32"), "{measured}");
    let page = std::fs::read_to_string(&report).unwrap();
    assert!(page.contains("Error against latency") && page.contains("2 layers kept"));
    // Nothing is measured twice over an existing report.
    let output = run(home.path(), arguments);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn targets_are_listed() {
    let home = tempfile::tempdir().unwrap();
    let v = json(&run(home.path(), ["targets", "--json"]), 0);
    let names: Vec<&str> = v
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["name"].as_str().unwrap())
        .collect();
    for name in [
        "embedded",
        "onnxruntime-cpu",
        "onnxruntime-cuda",
        "tensorrt",
        "tensorrt-rtx",
    ] {
        assert!(names.contains(&name), "{names:?}");
    }
    let embedded = &v[names.iter().position(|n| *n == "embedded").unwrap()];
    assert_eq!(embedded["found"][0]["usable"], "yes");
}
