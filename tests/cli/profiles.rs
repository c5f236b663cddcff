//! Ranges of sizes: profiles that are derived, filled, contradicted; sizes that are swept; buckets for real traffic.

use super::json::has_documented_keys;
use super::support::onnx::{floats, node, write};
use super::support::{digits, rtx_folders};
use super::{expect_code, json, run, stderr, stdout};
use enginesmith::graph::sample;
use enginesmith::model::DataType::Float32;
use enginesmith::model::Tensor;
use enginesmith::model::onnx::__buffa::oneof::{tensor_shape_proto::dimension, type_proto};
use enginesmith::model::onnx::ValueInfoProto;
use enginesmith::recipe::Recipe;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;

/// Options for the newest TensorRT-RTX of the tests, which builds for a GPU that is not here.
fn rtx() -> [String; 6] {
    let folders = rtx_folders();
    let newest = folders.last().expect("TensorRT-RTX: run tests/setup.sh");
    [
        "--target".into(),
        "tensorrt-rtx".into(),
        "--option".into(),
        format!("library={}", newest.display()),
        "--option".into(),
        "compute_capability=8.6".into(),
    ]
}

fn on_rtx(home: &Path, command: &str, model: &Path, extra: &[&str]) -> Output {
    let model = model.display().to_string();
    let mut all = vec![command.to_owned(), model];
    all.extend(rtx());
    all.extend(extra.iter().map(|s| (*s).to_owned()));
    run(home, all)
}

/// A value whose sizes are numbers, or names.
fn value(name: &str, dims: &[&str]) -> ValueInfoProto {
    let numbers: Vec<i64> = dims.iter().map(|d| d.parse().unwrap_or(-1)).collect();
    let mut info = sample::value(name, Float32, &numbers);
    if let Some(type_proto::Value::TensorType(tensor)) = &mut info.r#type.get_or_insert_default().value {
        for (dim, text) in tensor.shape.get_or_insert_default().dim.iter_mut().zip(dims) {
            dim.value.get_or_insert(dimension::Value::DimParam((*text).into()));
        }
    }
    info
}

/// Two sequences added, then multiplied: `[batch, seq, 64]`.
fn sequences(folder: &Path) -> PathBuf {
    let weights = vec![floats("w", &[64, 64], &[0.01; 64 * 64])];
    let nodes = vec![node("Add", &["a", "b"], &["c"]), node("MatMul", &["c", "w"], &["y"])];
    let mut graph = sample::graph(&[], &[], weights, nodes);
    let shape = ["batch", "seq", "64"];
    graph.input = vec![value("a", &shape), value("b", &shape)];
    graph.output = vec![value("y", &shape)];
    let path = folder.join("sequences.onnx");
    write(&path, graph);
    path
}

/// A picture halved, doubled and added to itself: odd sizes do not meet again.
fn skip(folder: &Path) -> PathBuf {
    let scales = floats("scales", &[4], &[1.0, 1.0, 2.0, 2.0]);
    let pool = sample::with(
        node("MaxPool", &["x"], &["half"]),
        sample::ints("kernel_shape", &[2, 2]),
    );
    let pool = sample::with(pool, sample::ints("strides", &[2, 2]));
    let nodes = vec![
        pool,
        node("Resize", &["half", "", "scales"], &["up"]),
        node("Add", &["x", "up"], &["y"]),
    ];
    let mut graph = sample::graph(&[], &[], vec![scales], nodes);
    graph.input = vec![value("x", &["b", "3", "h", "w"])];
    graph.output = vec![value("y", &["b", "3", "h", "w"])];
    let path = folder.join("skip.onnx");
    write(&path, graph);
    path
}

/// A picture resized to the sizes that an input has as its values.
fn resized(folder: &Path) -> PathBuf {
    let nc = Tensor::from_i64(&[2], &[1, 3]).unwrap().to_proto("nc");
    let nodes = vec![
        sample::with(node("Concat", &["nc", "hw"], &["sizes"]), sample::int("axis", 0)),
        node("Resize", &["x", "", "", "sizes"], &["y"]),
    ];
    let mut graph = sample::graph(&[], &[], vec![nc], nodes);
    let hw = sample::value("hw", enginesmith::model::DataType::Int64, &[2]);
    graph.input = vec![value("x", &["1", "3", "32", "32"]), hw];
    graph.output = vec![value("y", &["1", "3", "h", "w"])];
    let path = folder.join("resized.onnx");
    write(&path, graph);
    path
}

fn notes(record: &Value) -> String {
    record["notes"].to_string()
}

#[test]
fn a_build_without_a_range_derives_one_and_says_so() {
    let home = tempfile::tempdir().unwrap();
    let record = json(
        &on_rtx(home.path(), "build", &digits().join("digits.onnx"), &["--json"]),
        0,
    );
    assert!(
        notes(&record).contains("profile derived from the sizes that are run: input 1x1x8x8"),
        "{record}"
    );
    let recipe: Recipe = toml::from_str(record["recipe"].as_str().unwrap()).unwrap();
    assert_eq!(
        recipe.profiles[0].inputs["input"].max,
        [1, 1, 8, 8],
        "the record has it"
    );
    let checked = json(
        &on_rtx(home.path(), "check", &digits().join("digits.onnx"), &["--json"]),
        0,
    );
    assert!(checked["notes"].to_string().contains("profile derived"), "{checked}");
}

#[test]
fn a_comparison_of_batches_builds_and_says_what_running_lacks() {
    let home = tempfile::tempdir().unwrap();
    let output = on_rtx(
        home.path(),
        "compare",
        &digits().join("digits.onnx"),
        &["--batch", "1,8", "--duration", "100ms"],
    );
    if std::path::Path::new("/dev/nvidiactl").exists() {
        return;
    }
    expect_code(&output, 3);
    let text = stderr(&output);
    assert!(
        !text.contains("no profile") && text.contains("GPU") | text.contains("NVIDIA"),
        "{text}"
    );
}

#[test]
fn a_range_for_one_input_fills_the_other_and_several_make_several_profiles() {
    let home = tempfile::tempdir().unwrap();
    let model = sequences(home.path());
    let ranges = [
        "--min",
        "a:1x16x64",
        "--opt",
        "a:1x64x64",
        "--max",
        "a:4x128x64",
        "--json",
    ];
    let record = json(&on_rtx(home.path(), "build", &model, &ranges), 0);
    assert!(
        notes(&record).contains("b 1x16x64 to 4x128x64, best 1x64x64"),
        "{record}"
    );
    assert!(notes(&record).contains("--fixed-against-range"), "{record}");
    let two = [
        "--min",
        "a:1x16x64",
        "--max",
        "a:1x64x64",
        "--min",
        "a:1x65x64",
        "--max",
        "a:1x512x64",
        "--json",
    ];
    let record = json(&on_rtx(home.path(), "build", &model, &two), 0);
    let recipe: Recipe = toml::from_str(record["recipe"].as_str().unwrap()).unwrap();
    assert_eq!(recipe.profiles.len(), 2);
    assert_eq!(recipe.profiles[1].inputs["b"].min, [1, 65, 64]);
}

#[test]
fn ranges_that_contradict_are_refused_with_words_by_check_and_build() {
    let home = tempfile::tempdir().unwrap();
    let model = sequences(home.path());
    for (ranges, words) in [
        (vec!["--min", "a:1x16x64", "--max", "a:1x8x64"], "smaller than min 16"),
        (
            vec!["--min", "a:1x16x32", "--max", "a:1x64x32"],
            "the model fixes it at 64",
        ),
        (
            vec![
                "--min",
                "a:1x16x64",
                "--max",
                "a:1x64x64",
                "--min",
                "b:1x16x64",
                "--max",
                "b:1x32x64",
            ],
            "it is one size, so it has one range",
        ),
        (vec!["--min", "c:1x16x64"], "no input of that name"),
    ] {
        let built = on_rtx(home.path(), "build", &model, &ranges);
        expect_code(&built, 2);
        assert!(stderr(&built).contains(words), "{words}: {}", stderr(&built));
        let checked = on_rtx(home.path(), "check", &model, &ranges);
        let said = format!("{}{}", stdout(&checked), stderr(&checked));
        assert!(
            checked.status.code() != Some(0) && said.contains(words),
            "{words}: {said}"
        );
    }
}

#[test]
fn a_corner_that_fails_is_named_with_node_and_size() {
    let home = tempfile::tempdir().unwrap();
    let model = skip(home.path());
    let odd = ["--min", "x:1x3x32x32", "--opt", "x:1x3x65x65", "--max", "x:1x3x128x128"];
    let refused = on_rtx(home.path(), "build", &model, &odd);
    expect_code(&refused, 2);
    let text = stderr(&refused);
    for part in ["/y/Add", "65 and 64 do not meet", "x 1x3x65x65", "optimum"] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    expect_code(&on_rtx(home.path(), "check", &model, &odd), 1);
    // What fails between the ends is a warning: the engine is built, and the note says which sizes work.
    let even = [
        "--min",
        "x:1x3x32x32",
        "--opt",
        "x:1x3x64x64",
        "--max",
        "x:1x3x128x128",
        "--json",
    ];
    let record = json(&on_rtx(home.path(), "build", &model, &even), 0);
    assert!(notes(&record).contains("Multiples of 2 work"), "{record}");
    let report = json(&on_rtx(home.path(), "check", &model, &even), 0);
    let corner = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["rule"] == "shape.corner");
    let corner = corner.unwrap_or_else(|| panic!("{report}"));
    assert_eq!(
        (&corner["severity"], &corner["op_type"]),
        (&"warning".into(), &"Add".into())
    );
}

#[test]
fn a_shape_tensor_has_a_range_of_values() {
    let home = tempfile::tempdir().unwrap();
    let model = resized(home.path());
    let values = ["--min", "hw=16,16", "--opt", "hw=32,32", "--max", "hw=64,64", "--json"];
    let record = json(&on_rtx(home.path(), "build", &model, &values), 0);
    let recipe: Recipe = toml::from_str(record["recipe"].as_str().unwrap()).unwrap();
    assert_eq!(recipe.profiles[0].values["hw"].max, [64, 64]);
    // As recipes had it before.
    expect_code(&on_rtx(home.path(), "build", &model, &["--min", "hw:32x32"]), 0);
    let one = on_rtx(home.path(), "build", &model, &["--min", "hw:2"]);
    expect_code(&one, 2);
    assert!(
        stderr(&one).contains("the range is of its 2 values; 1 given"),
        "{}",
        stderr(&one)
    );
    let record = json(&on_rtx(home.path(), "build", &model, &["--json"]), 0);
    assert!(
        notes(&record).contains("values of shape tensors that no profile gives: hw = 32,32 (the size of the picture)"),
        "{record}"
    );
    let typo = on_rtx(home.path(), "build", &model, &["--min", "hw=a,b"]);
    expect_code(&typo, 2);
    assert!(stderr(&typo).contains("whole numbers"), "{}", stderr(&typo));
}

#[test]
fn any_open_size_is_swept() {
    let home = tempfile::tempdir().unwrap();
    let model = sequences(home.path()).display().to_string();
    let base = ["sweep", &model, "--shape", "a:1x64x64", "--duration", "50ms"];
    let of = |extra: &[&str]| run(home.path(), base.iter().chain(extra).copied());
    let v = json(&of(&["--over", "seq", "--sizes", "32,16", "--json", "-o", "s.html"]), 0);
    has_documented_keys(&v, "sweep");
    let points = v["sweeps"][0]["points"].as_array().unwrap();
    let sizes: Vec<u64> = points.iter().map(|p| p["size"].as_u64().unwrap()).collect();
    assert_eq!((sizes, &v["sweeps"][0]["over"]), (vec![16, 32], &"seq".into()));
    let row = &v["variants"][1];
    assert_eq!(row["shapes"], serde_json::json!(["a:1x32x64", "b:1x32x64"]));
    let rate = points[1]["items_per_s"].as_f64().unwrap() / row["statistics"]["throughput_qps"].as_f64().unwrap();
    assert!((rate - 32.0).abs() < 1e-6, "{rate}");
    assert!(points[1]["median_ms"].as_f64().unwrap() > 0.0);
    let html = std::fs::read_to_string(home.path().join("s.html")).unwrap();
    assert!(html.contains("Throughput against seq"), "the report names what varies");
    // Without sizes: around the one that is measured otherwise.
    let text = stdout(&of(&["--over", "b:1"]));
    assert!(text.contains("b:1/s") && text.contains("from b:1 16 to 256"), "{text}");
    for (over, words) in [
        ("sequence_lenght", "there are batch and batch, seq"),
        ("a:2", "fixes axis 2"),
    ] {
        let refused = of(&["--over", over]);
        expect_code(&refused, 2);
        assert!(stderr(&refused).contains(words), "{over}: {}", stderr(&refused));
    }
}

#[test]
fn buckets_come_from_traffic_and_curve_and_go_into_a_recipe() {
    let home = tempfile::tempdir().unwrap();
    let model = sequences(home.path()).display().to_string();
    std::fs::write(home.path().join("t.csv"), "seq,count\n8,900\n16,60\n512,40\n").unwrap();
    let base = [
        "buckets",
        &model,
        "--traffic",
        "t.csv",
        "--shape",
        "a:1x64x64",
        "--duration",
        "50ms",
    ];
    let of = |extra: &[&str]| run(home.path(), base.iter().chain(extra).copied());
    let v = json(&of(&["--count", "2", "--json", "-o", "r.toml"]), 0);
    has_documented_keys(&v, "buckets");
    let sizes: Vec<u64> = v["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b["size"].as_u64().unwrap())
        .collect();
    assert!(sizes.len() == 2 && sizes[1] == 512, "{v}");
    assert!(v["gain"].as_f64().unwrap() > 1.0, "{v}");
    let recipe = Recipe::open(&home.path().join("r.toml")).unwrap();
    let ranges: Vec<Vec<u64>> = recipe.profiles.iter().map(|p| p.inputs["b"].max.clone()).collect();
    assert_eq!(ranges, [vec![1, sizes[0], 64], vec![1, 512, 64]]);
    // The embedded engine takes every size as it is: no padding is faster than buckets.
    let over_range = &v["over_range"];
    let number = |key: &str| over_range[key].as_f64().unwrap();
    assert!(
        number("low") <= number("gain") && number("gain") <= number("high"),
        "{v}"
    );
    assert!(
        (number("expected_ms") - v["unpadded_ms"].as_f64().unwrap()).abs() < 1e-9,
        "{v}"
    );
    // From a curve that was measured before.
    let sweep = [
        "sweep",
        &model,
        "--shape",
        "a:1x64x64",
        "--duration",
        "50ms",
        "--over",
        "seq",
        "--sizes",
        "8,512",
    ];
    let curve = run(home.path(), sweep.iter().chain(&["--json"]).copied());
    std::fs::write(home.path().join("curve.json"), &curve.stdout).unwrap();
    let text = stdout(&of(&["--curve", "curve.json"]));
    assert!(text.contains("ms expected where each request is padded"), "{text}");
    assert!(
        text.contains("one engine for the whole range, without padding"),
        "{text}"
    );
    // The same traffic drawn over the curve.
    let drawn = [
        "sweep",
        &model,
        "--shape",
        "a:1x64x64",
        "--duration",
        "50ms",
        "--traffic",
        "t.csv",
        "--json",
        "-o",
        "t.html",
    ];
    let v = json(&run(home.path(), drawn), 0);
    let curve = &v["sweeps"][0];
    assert_eq!(
        curve["traffic"],
        serde_json::json!([
            {"size": 8, "padded": 8, "count": 900}, {"size": 16, "padded": 16, "count": 60},
            {"size": 512, "padded": 512, "count": 40}
        ])
    );
    assert_eq!(
        curve["points"].as_array().unwrap().len(),
        3,
        "the sizes of the traffic are measured: {v}"
    );
    let html = std::fs::read_to_string(home.path().join("t.html")).unwrap();
    assert!(html.contains("bars: 1,000 requests, most of them at 8"));
    // Counted from a folder of data: a file is a request.
    let folder = home.path().join("requests");
    std::fs::create_dir(&folder).unwrap();
    for (index, length) in [24u64, 24, 48].into_iter().enumerate() {
        let array = |input: &str| (input.to_owned(), (vec![1, length, 64], vec![0.0; length as usize * 64]));
        let request = [array("a"), array("b")].into();
        super::support::write_npz(&folder.join(format!("{index}.npz")), &request);
    }
    let counted = [
        "sweep",
        &model,
        "--duration",
        "50ms",
        "--over",
        "seq",
        "--traffic",
        "requests",
        "--json",
    ];
    let v = json(&run(home.path(), counted), 0);
    let traffic = &v["sweeps"][0]["traffic"];
    assert_eq!(
        (&traffic[0]["size"], &traffic[0]["count"]),
        (&24.into(), &2.into()),
        "{traffic}"
    );
    assert_eq!(
        (&traffic[1]["size"], &traffic[1]["count"]),
        (&48.into(), &1.into()),
        "{traffic}"
    );
    for (traffic, words) in [
        ("height,width\n3,4\n", "buckets are chosen along one size"),
        ("seq\n1000\n", "measured were 8 to 512"),
        ("seq\nx\n", "line 2"),
    ] {
        std::fs::write(home.path().join("t.csv"), traffic).unwrap();
        let refused = of(&["--curve", "curve.json"]);
        expect_code(&refused, 2);
        assert!(stderr(&refused).contains(words), "{words}: {}", stderr(&refused));
    }
}
