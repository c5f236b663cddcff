//! Versions side by side, and runs over time.

use super::json::has_documented_keys;
use super::support::{self, digits};
use super::{enginesmith, expect_code, json, judged, run, stderr, stdout};
use enginesmith::bench::Comparison;
use enginesmith::bench::history::{Entry, History};
use std::path::Path;

/// Two versions of ONNX Runtime from PyPI, each in a worker of its own, in one comparison.
#[test]
fn two_versions_of_a_runtime_are_compared_side_by_side() {
    let Some(old) = support::older_onnxruntime_library() else {
        return;
    };
    let new = support::onnxruntime_library();
    let version = |library: &Path| {
        let name = library.file_name().unwrap().to_string_lossy().into_owned();
        name.split(".so.").nth(1).expect("a version in the name").to_owned()
    };
    let (old_version, new_version) = (version(&old), version(&new));
    let home = tempfile::tempdir().unwrap();
    let folders = [&old, &new].map(|library| library.parent().unwrap().to_path_buf());
    let targets = format!("onnxruntime-cpu@{old_version},onnxruntime-cpu@{new_version}");
    let output = enginesmith(home.path())
        .env("LD_LIBRARY_PATH", std::env::join_paths(folders).unwrap())
        .arg("compare")
        .arg(digits().join("digits.onnx"))
        .args(["--target", &targets, "--threads", "1", "--duration", "200ms", "--json"])
        .output()
        .unwrap();
    let comparison: Comparison = serde_json::from_value(json(&output, 0)).unwrap();
    let rows: Vec<(&str, &str, &str)> = comparison
        .variants
        .iter()
        .map(|v| (v.name.as_str(), v.target.as_str(), v.environment.runtime.as_str()))
        .collect();
    let wanted = [&old_version, &new_version].map(|v| {
        (
            format!("onnxruntime-cpu@{v} t1"),
            format!("onnxruntime-cpu@{v}"),
            format!("ONNX Runtime {v}"),
        )
    });
    for (row, wanted) in rows.iter().zip(&wanted) {
        assert_eq!(*row, (wanted.0.as_str(), wanted.1.as_str(), wanted.2.as_str()));
    }
    assert_eq!(rows.len(), 2);
    assert!(
        comparison
            .variants
            .iter()
            .all(|v| v.error.is_none() && v.round_medians_ms.len() == 10)
    );
    judged(&serde_json::to_value(&comparison.variants[1]).unwrap());
}

fn bench(home: &Path) -> Comparison {
    let model = digits().join("digits.onnx");
    let base = ["compare".as_ref(), model.as_os_str()];
    let options = ["--threads", "1", "--duration", "60ms", "--json"];
    let output = run(home, base.into_iter().chain(options.iter().map(AsRef::as_ref)));
    serde_json::from_value(json(&output, 0)).unwrap()
}

#[test]
fn runs_are_shown_over_time_and_a_regression_is_named() {
    let home = tempfile::tempdir().unwrap();
    let history = |extra: &[&str]| {
        let model = digits().join("digits.onnx");
        let base = ["history".as_ref(), model.as_os_str()];
        run(home.path(), base.into_iter().chain(extra.iter().map(AsRef::as_ref)))
    };
    let empty = history(&[]);
    expect_code(&empty, 0);
    assert!(stdout(&empty).contains("Nothing was measured of this model yet"));
    let sha256 = bench(home.path()).model_sha256;
    bench(home.path());
    let v = json(&history(&["--json"]), 0);
    has_documented_keys(&v, "history");
    assert_eq!(
        (v["runs"].as_u64(), v["trends"].as_array().unwrap().len()),
        (Some(2), 1)
    );
    let trend = &v["trends"][0];
    assert_eq!(
        (trend["variant"].as_str(), trend["target"].as_str()),
        (Some("t1"), Some("embedded"))
    );
    assert_eq!(
        trend["last"]["verdict"], "unknown",
        "two runs say nothing about the noise"
    );
    assert!(trend["runs"][0]["median_ms"].as_f64().unwrap() > 0.0);

    // The same machine a while later: twice as slow after an upgrade. Made from a run, kept as a comparison keeps it.
    let folder = home.path().join("data/enginesmith");
    let mut kept = History::open(&folder, &sha256).unwrap();
    let first: Entry = kept.entries[0].clone();
    let samples = kept.samples(&first).unwrap();
    for (runtime, slower) in [("rten 0.27.0", 1.0), ("rten 0.27.0", 1.01), ("rten 0.28.0", 9.0)] {
        let mut entry = first.clone();
        entry.result.environment.runtime = runtime.into();
        entry.result.statistics.latency_ms = kept.entries[1].result.statistics.latency_ms;
        entry.result.statistics.latency_ms.median *= slower;
        entry.result.round_medians_ms.iter_mut().for_each(|ms| *ms *= slower);
        kept.append(entry, &samples).unwrap();
    }
    let v = json(&history(&["--json"]), 0);
    let trend = &v["trends"][0];
    assert_eq!(trend["changes"][0]["to"], "rten 0.28.0", "{trend}");
    assert_eq!(trend["runs"].as_array().unwrap().len(), 5);
    let text = stdout(&history(&["--last", "2"]));
    for part in [
        "runtime changed",
        "rten 0.27.0 to rten 0.28.0",
        "3 runs before these",
        "t1  embedded fp32  input:1x1x8x8  protocol serial",
    ] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }

    // Two runs, from their samples; models by the start of their hash; what is not there is said.
    let ids: Vec<&str> = trend["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["id"].as_str().unwrap())
        .collect();
    let v = json(&history(&["--json", "--compare", ids[0], ids[1], "-o", "two.html"]), 0);
    has_documented_keys(&v, "compare");
    judged(&v["variants"][1]);
    assert!(home.path().join("two.html").exists());
    let listed = json(&run(home.path(), ["history", "--json"]), 0);
    assert_eq!(listed["models"][0]["model"], "digits.onnx");
    expect_code(&run(home.path(), ["history", &sha256[..8]]), 0);
    let unknown = run(home.path(), ["history", "feedbeef"]);
    expect_code(&unknown, 2);
    assert!(stderr(&unknown).contains("no model of the history"));
    expect_code(&history(&["--compare", "1", "nothing"]), 2);
}

/// Two programs at once in one folder, with one history: both end well, both are in the history, the report is one of theirs,
/// whole.
#[test]
fn two_runs_at_once_keep_both() {
    let home = tempfile::tempdir().unwrap();
    let text = format!(
        "version = 1\n[model]\npath = {:?}\n[target]\nname = \"embedded\"\n[bench]\nduration_s = 0.2\nwarmup_ms = 1\nrounds = 4\n",
        digits().join("digits.onnx")
    );
    std::fs::write(home.path().join("r.toml"), text).unwrap();
    let start = || {
        let mut command = super::enginesmith(home.path());
        command.args(["run", "r.toml", "-o", "out", "--force"]);
        command
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let both = [start(), start()];
    for child in both {
        let output = child.wait_with_output().unwrap();
        super::expect_code(&output, 0);
    }
    let model = digits().join("digits.onnx").display().to_string();
    let history = super::json(&super::run(home.path(), ["history", &model, "--json"]), 0);
    assert_eq!(history["runs"], 2, "{history}");
    let report = std::fs::read(home.path().join("out/r.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert!(
        report["variants"]
            .as_array()
            .or(report["comparison"]["variants"].as_array())
            .is_some(),
        "{report}"
    );
    let mut left: Vec<String> = std::fs::read_dir(home.path().join("out"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["r.html", "r.json", "r.md"]);
}
