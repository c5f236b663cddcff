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
    has_documented_keys(&json(&build(&["--force", "--json"]), 0), "build");
    assert_eq!(std::fs::read(&engine).unwrap(), first);
    let record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(home.path().join("engine.onnx.json")).unwrap()).unwrap();
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
        variant.round_medians_ms.iter_mut().for_each(|ms| *ms /= 1e3);
    }
    std::fs::write(home.path().join("fast.json"), serde_json::to_string(&baseline).unwrap()).unwrap();
    let gate = ["--baseline", "fast.json", "--fail-slower", "5%"];
    let files = [
        "--junit",
        "junit.xml",
        "--code-quality",
        "quality.json",
        "--metrics",
        "metrics.txt",
        "-o",
        "now.md",
    ];
    let strict = compare(&[&gate[..], &files[..], &["-o", "now.json"]].concat());
    expect_code(&strict, 1);
    assert!(stderr(&strict).contains("failed: "), "{}", stderr(&strict));
    // Every failure is everywhere.
    let read = |name: &str| std::fs::read_to_string(home.path().join(name)).unwrap();
    assert_eq!(
        read("junit.xml").matches("<failure ").count(),
        2,
        "{}",
        read("junit.xml")
    );
    assert_eq!(read("quality.json").matches("enginesmith/slower").count(), 2);
    assert!(read("metrics.txt").contains("} 2\n# EOF"), "{}", read("metrics.txt"));
    assert_eq!(read("now.md").matches("Gate failed: ").count(), 2, "{}", read("now.md"));
    let now: serde_json::Value = serde_json::from_str(&read("now.json")).unwrap();
    assert_eq!(
        now["gates"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|g| g["passed"] == false)
            .count(),
        2
    );
    let summary = enginesmith(home.path())
        .args([
            "compare",
            model.to_str().unwrap(),
            "--batch",
            "1,16",
            "--duration",
            "200ms",
            "--step-summary",
        ])
        .args(gate)
        .env("GITHUB_STEP_SUMMARY", home.path().join("summary.md"))
        .output()
        .unwrap();
    expect_code(&summary, 1);
    assert!(read("summary.md").contains("| ✗ | "), "{}", read("summary.md"));
    // A baseline of another machine says nothing about a change, unless the user says that it does.
    baseline
        .variants
        .iter_mut()
        .for_each(|v| v.environment.host = "another".into());
    std::fs::write(home.path().join("far.json"), serde_json::to_string(&baseline).unwrap()).unwrap();
    let far = ["--baseline", "far.json", "--fail-slower", "5%"];
    let refused = compare(&far);
    expect_code(&refused, 2);
    assert!(
        stderr(&refused).contains("--allow-different machine"),
        "{}",
        stderr(&refused)
    );
    expect_code(&compare(&[&far[..], &["--allow-different", "machine"]].concat()), 1);
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

#[test]
fn layers_of_two_runtimes_stand_side_by_side() {
    let home = tempfile::tempdir().unwrap();
    let text = format!(
        "version = 1\n[model]\npath = {:?}\n[bench.shapes]\ninput = [4, 1, 8, 8]\n[[variant]]\nname = \"ours\"\n\
         [[variant]]\nname = \"ort\"\ntarget.name = \"onnxruntime-cpu\"\nbuild.options.library = {:?}\n",
        digits().join("digits.onnx"),
        super::support::onnxruntime_library(),
    );
    std::fs::write(home.path().join("r.toml"), text).unwrap();
    let both = [
        "profile",
        "r.toml",
        "--variant",
        "ours",
        "--against",
        "ort",
        "--runs",
        "5",
    ];
    let v = json(&run(home.path(), both.iter().chain(&["--json"])), 0);
    has_documented_keys(&v["profile"], "profile");
    has_documented_keys(&v["against"], "profile");
    let side = &v["side_by_side"];
    let groups = side["groups"].as_array().unwrap();
    assert!(groups.len() > 5, "{side}");
    // Every layer is in one place, on both sides.
    for (profile, layers, lost) in [
        ("profile", "layers", "unmatched"),
        ("against", "against_layers", "against_unmatched"),
    ] {
        let listed = groups
            .iter()
            .map(|g| g[layers].as_array().unwrap().len())
            .sum::<usize>();
        let all = listed + side[lost].as_array().unwrap().len();
        assert_eq!(all, v[profile]["layers"].as_array().unwrap().len(), "{side}");
        assert!(listed > 5, "{profile}: {side}");
    }
    let gap = |g: &serde_json::Value| (g["ms"].as_f64().unwrap() - g["against_ms"].as_f64().unwrap()).abs();
    assert!(
        groups.windows(2).all(|w| gap(&w[0]) >= gap(&w[1])),
        "the largest difference first"
    );
    // Both runtimes compute convolutions, mapped to the same nodes.
    let tied = groups
        .iter()
        .filter(|g| g["ms"].as_f64() > Some(0.0) && g["against_ms"].as_f64() > Some(0.0));
    assert!(tied.count() > 3, "{side}");
    let output = run(home.path(), both);
    expect_code(&output, 0);
    assert!(stdout(&output).contains("difference ms"), "{}", stdout(&output));
    let output = run(home.path(), ["profile", "r.toml", "--against", "nobody"]);
    expect_code(&output, 2);
}

#[test]
fn engines_are_built_and_kept_where_nothing_is_measured() {
    let home = tempfile::tempdir().unwrap();
    let recipe = digits().join("recipe.toml");
    let arguments = ["run", recipe.to_str().unwrap(), "--build-only", "-o", "kept"];
    let output = run(home.path(), arguments);
    expect_code(&output, 0);
    let said = stdout(&output);
    assert!(
        said.contains("Built only, nothing was measured: 4 of 4 engines"),
        "{said}"
    );
    let kept: Vec<String> = std::fs::read_dir(home.path().join("kept"))
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        kept.iter().filter(|name| name.ends_with(".onnx")).count(),
        4,
        "{kept:?}"
    );
    assert!(kept.iter().any(|name| name.ends_with(".html")), "{kept:?}");
    // They are not replaced without a word.
    expect_code(&run(home.path(), arguments), 2);
}

#[test]
fn a_worker_that_cannot_be_reached_is_3_and_the_report_is_written() {
    let home = tempfile::tempdir().unwrap();
    let text = format!(
        "version = 1\n[model]\npath = {:?}\n[bench]\nduration_s = 0.2\n[[variant]]\nname = \"here\"\n[[variant]]\nname = \"gone\"\ntarget.name = \"embedded\"\ntarget.via = \"false\"\n",
        digits().join("digits.onnx")
    );
    std::fs::write(home.path().join("r.toml"), text).unwrap();
    let output = run(home.path(), ["run", "r.toml", "-o", "out"]);
    expect_code(&output, 3);
    let report = std::fs::read_to_string(home.path().join("out/r.md")).unwrap();
    assert!(report.contains("gone gets no speed-up: it failed: "), "{report}");
    let text = std::fs::read_to_string(home.path().join("r.toml")).unwrap();
    std::fs::write(
        home.path().join("all.toml"),
        text.replace("[[variant]]\nname = \"here\"\n", ""),
    )
    .unwrap();
    let output = run(home.path(), ["run", "all.toml", "-o", "out"]);
    expect_code(&output, 3);
    let report = std::fs::read_to_string(home.path().join("out/all.md")).unwrap();
    assert!(report.contains("Nothing was measured: "), "{report}");
}

/// Ctrl+C while rows are measured: what was measured is reported as that, and the exit code says that it was ended.
#[cfg(unix)]
#[test]
fn an_interrupted_measurement_is_reported_as_far_as_it_came() {
    use std::io::{BufRead, BufReader, Read};
    let home = tempfile::tempdir().unwrap();
    let text = format!(
        "version = 1\n[model]\npath = {:?}\n[target]\nname = \"embedded\"\n[bench]\nduration_s = 30\nwarmup_ms = 1\nrounds = 300\n[[variant]]\nname = \"one\"\n         [[variant]]\nname = \"two\"\nbuild.options.threads = 1\n",
        digits().join("digits.onnx")
    );
    std::fs::write(home.path().join("r.toml"), text).unwrap();
    let mut command = enginesmith(home.path());
    command
        .args(["run", "r.toml", "-o", "out"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut all = String::new();
    while told.read_line(&mut all).unwrap() > 0 && !all.contains("round 4 of") {}
    let asked = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(asked.unwrap().success());
    told.read_to_string(&mut all).unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}{all}");
    let report = std::fs::read_to_string(home.path().join("out/r.md")).unwrap();
    assert!(
        report.contains("the measurement was ended by the user after "),
        "{report}"
    );
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(home.path().join("out/r.json")).unwrap()).unwrap();
    let comparison = if report["comparison"].is_object() {
        &report["comparison"]
    } else {
        &report
    };
    assert_eq!(comparison["is_partial"], true, "{report}");
    let rounds: Vec<usize> = comparison["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["round_medians_ms"].as_array().unwrap().len())
        .collect();
    assert!(
        rounds.len() == 2 && rounds[0] == rounds[1] && (3..300).contains(&rounds[0]),
        "{rounds:?}"
    );
}
