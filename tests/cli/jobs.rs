//! Building, comparing, running a recipe, cancelling.

use super::json::has_documented_keys;
use super::support::digits;
use super::{enginesmith, expect_code, json, run, stderr, stdout};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn an_engine_file_is_kept_unless_forced() {
    let home = tempfile::tempdir().unwrap();
    let model = digits().join("digits.onnx");
    let build = |extra: &[&str]| {
        let base = [
            "build".as_ref(),
            model.as_os_str(),
            "-o".as_ref(),
            "engine.onnx".as_ref(),
        ];
        run(home.path(), base.into_iter().chain(extra.iter().map(AsRef::as_ref)))
    };
    expect_code(&build(&[]), 0);
    let engine = home.path().join("engine.onnx");
    let first = std::fs::read(&engine).unwrap();
    std::fs::write(&engine, b"mine").unwrap();
    let refused = build(&[]);
    expect_code(&refused, 2);
    assert!(
        stderr(&refused).contains("engine.onnx") && stderr(&refused).contains("--force"),
        "{}",
        stderr(&refused)
    );
    assert_eq!(std::fs::read(&engine).unwrap(), b"mine");
    expect_code(&build(&["--force"]), 0);
    assert_eq!(std::fs::read(&engine).unwrap(), first);
    let record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(home.path().join("engine.onnx.json")).unwrap()).unwrap();
    has_documented_keys(&record, "build");
    assert_eq!(record["target"], "embedded");
    assert_eq!(record["engine_bytes"].as_u64(), Some(first.len() as u64));
}

/// The demo's recipe with short measurements.
fn short_recipe(home: &Path) -> std::path::PathBuf {
    let mut recipe = enginesmith::recipe::Recipe::open(&digits().join("recipe.toml")).unwrap();
    recipe.bench.duration_s = Some(0.1);
    recipe.bench.rounds = Some(2);
    let path = home.join("demo.toml");
    recipe.save(&path).unwrap();
    path
}

#[test]
fn a_recipe_runs_to_its_report() {
    let home = tempfile::tempdir().unwrap();
    let recipe = short_recipe(home.path());
    let machine = run(
        home.path(),
        [
            "run".as_ref(),
            recipe.as_os_str(),
            "--json".as_ref(),
            "-o".as_ref(),
            "as-json".as_ref(),
        ],
    );
    let v = json(&machine, 0);
    assert!(v["check"]["supported"].as_bool().unwrap() && v["reports"].as_array().unwrap().len() == 3);
    let output = run(home.path(), ["run".as_ref(), recipe.as_os_str()]);
    expect_code(&output, 0);
    let text = stdout(&output);
    for part in ["protocol serial", "speed-up", "top-1", "of 540"] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    let folder = home.path().join("reports/demo");
    let html = std::fs::read_to_string(folder.join("demo.html")).unwrap();
    assert!(
        html.contains("<svg") && !html.contains("src=") && !html.contains("href=") && !html.contains("url("),
        "not self-contained"
    );
    let markdown = std::fs::read_to_string(folder.join("demo.md")).unwrap();
    assert!(markdown.contains("serial"));
    let comparison: enginesmith::bench::Comparison =
        serde_json::from_slice(&std::fs::read(folder.join("demo.json")).unwrap()).unwrap();
    assert!(comparison.variants.len() > 1);
    for variant in &comparison.variants {
        assert!(variant.error.is_none(), "{variant:?}");
        let task = variant.task.expect("labels");
        assert_eq!(task.samples, 540);
        // README of the demo: 539 of 540 with ONNX Runtime.
        assert!(task.top1_correct >= 538, "{task:?}");
    }
}

#[test]
fn compare_makes_variants_of_lists_and_gates_against_a_baseline() {
    let home = tempfile::tempdir().unwrap();
    let model = digits().join("digits.onnx");
    let compare = |extra: &[&str]| {
        let base = [
            "compare".as_ref(),
            model.as_os_str(),
            "--batch".as_ref(),
            "1,16".as_ref(),
            "--duration".as_ref(),
            "200ms".as_ref(),
        ];
        run(home.path(), base.into_iter().chain(extra.iter().map(AsRef::as_ref)))
    };
    let v = json(&compare(&["--json", "-o", "first.json"]), 0);
    has_documented_keys(&v, "compare");
    let batches: Vec<u64> = v["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["batch"].as_u64().unwrap())
        .collect();
    assert_eq!(batches, [1, 16]);
    let lenient = compare(&["--baseline", "first.json", "--fail-slower", "100000%"]);
    expect_code(&lenient, 0);
    // A baseline that claims to have been a thousand times faster fails the gate.
    let text = std::fs::read_to_string(home.path().join("first.json")).unwrap();
    let mut baseline: enginesmith::bench::Comparison = serde_json::from_str(&text).unwrap();
    for variant in &mut baseline.variants {
        variant.statistics.latency_ms.median /= 1e3;
    }
    std::fs::write(home.path().join("fast.json"), serde_json::to_string(&baseline).unwrap()).unwrap();
    let strict = compare(&["--baseline", "fast.json", "--fail-slower", "5%"]);
    expect_code(&strict, 1);
    assert!(stderr(&strict).contains("failed: "), "{}", stderr(&strict));
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_measurement_with_130() {
    let home = tempfile::tempdir().unwrap();
    let mut child = enginesmith(home.path())
        .arg("bench")
        .arg(digits().join("digits.onnx"))
        .args(["--duration", "10min"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Wait until it measures.
    let mut seen = String::new();
    let mut lines = std::io::BufReader::new(child.stderr.take().unwrap());
    while !seen.contains("Measure") {
        let before = seen.len();
        std::io::BufRead::read_line(&mut lines, &mut seen).unwrap();
        assert!(seen.len() > before, "ended early:\n{seen}");
    }
    assert!(
        Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "still running after the interrupt"
        );
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(130));
}
