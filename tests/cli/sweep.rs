//! Throughput against batch size on the command line.

use super::json::has_documented_keys;
use super::support::{digits, model};
use super::{expect_code, json, run, stderr, stdout};
use enginesmith::bench::Comparison;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Output;

fn sweep(home: &Path, model: &Path, extra: &[&str]) -> Output {
    let base = [OsStr::new("sweep"), model.as_os_str()];
    run(home, base.into_iter().chain(extra.iter().map(AsRef::as_ref)))
}

#[test]
fn given_batch_sizes_are_measured_and_judged() {
    let home = tempfile::tempdir().unwrap();
    let model = digits().join("digits.onnx");
    let arguments = [
        "--batch",
        "8,1,2,4,16",
        "--threads",
        "1",
        "--duration",
        "200ms",
        "--json",
        "-o",
        "sweep.html",
    ];
    let v = json(&sweep(home.path(), &model, &arguments), 0);
    has_documented_keys(&v, "sweep");
    let comparison: Comparison = serde_json::from_value(v).unwrap();
    let [curve] = comparison.sweeps.as_slice() else {
        panic!("{:?}", comparison.sweeps)
    };
    assert_eq!(curve.name, "t1");
    let batches: Vec<u64> = curve.points.iter().map(|p| p.batch).collect();
    assert_eq!(batches, [1, 2, 4, 8, 16], "ascending, whatever was typed");
    for point in &curve.points {
        let row = &comparison.variants[point.row];
        assert_eq!(
            (row.batch, row.shapes.clone()),
            (point.batch, vec![format!("input:{}x1x8x8", point.batch)])
        );
        let rate = row.statistics.throughput_qps * point.batch as f64;
        assert!((rate / point.images_per_s - 1.0).abs() < 1e-6, "{rate} {point:?}");
        assert!(
            point.low <= point.images_per_s && point.images_per_s <= point.high,
            "{point:?}"
        );
        assert_eq!(row.round_medians_ms.len(), 10, "{row:?}");
    }
    assert_ne!(curve.knee.is_some(), curve.no_knee.is_some(), "one or the other");
    assert_eq!(curve.stopped, None);
    let html = std::fs::read_to_string(home.path().join("sweep.html")).unwrap();
    assert!(
        html.contains("Throughput against batch size"),
        "the report has the figure"
    );
}

#[test]
fn doubling_ends_at_the_latency_that_was_given() {
    let home = tempfile::tempdir().unwrap();
    let model = digits().join("digits.onnx");
    let output = sweep(
        home.path(),
        &model,
        &["--max-batch", "64", "--max-latency", "0.0001ms", "--duration", "50ms"],
    );
    expect_code(&output, 0);
    let text = stdout(&output);
    assert!(
        text.contains("larger batch sizes were not measured: one inference of batch 1 takes"),
        "{text}"
    );
    assert!(text.contains("no knee: 1 batch size measured"), "{text}");
}

#[test]
fn a_recipe_says_what_is_swept() {
    let home = tempfile::tempdir().unwrap();
    let mut recipe = enginesmith::recipe::Recipe::for_model(&digits().join("digits.onnx"));
    recipe.bench.duration_s = Some(0.05);
    recipe.bench.rounds = Some(2);
    recipe.sweep = Some(enginesmith::recipe::SweepSpec {
        max_batch: Some(4),
        ..Default::default()
    });
    recipe.save(&home.path().join("r.toml")).unwrap();
    let v = json(&sweep(home.path(), &home.path().join("r.toml"), &["--json"]), 0);
    let comparison: Comparison = serde_json::from_value(v).unwrap();
    let curve = &comparison.sweeps[0];
    assert_eq!(curve.points.iter().map(|p| p.batch).collect::<Vec<_>>(), [1, 2, 4]);
    assert!(curve.no_knee.as_ref().unwrap().contains("3 batch sizes"), "{curve:?}");
}

#[test]
fn a_fixed_batch_is_a_clear_answer() {
    let home = tempfile::tempdir().unwrap();
    let output = sweep(home.path(), &model("light/light_squeezenet.onnx"), &[]);
    expect_code(&output, 2);
    let text = stderr(&output);
    for part in [
        "light_squeezenet.onnx",
        "fixed at 1",
        "batch of 2",
        "needs a model whose batch is dynamic",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    // Its own batch can be measured.
    let library = format!("library={}", super::support::onnxruntime_library().display());
    let own = [
        "--batch",
        "1",
        "--duration",
        "50ms",
        "--target",
        "onnxruntime-cpu",
        "--option",
        &library,
    ];
    expect_code(&sweep(home.path(), &model("light/light_squeezenet.onnx"), &own), 0);
    let wrong = sweep(home.path(), &digits().join("digits.onnx"), &["--batch", "0,1"]);
    expect_code(&wrong, 2);
    assert!(stderr(&wrong).contains("from 1 on"));
}
