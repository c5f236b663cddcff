//! `search`: which layers lose what, and the fewest to keep, on a made-up network and on the demo.

use crate::cli::{json, refused, run, test_set};
use crate::judge::judge;
use crate::support::{digits, python};
use serde_json::Value;
use std::path::Path;

/// Index of the product that 8 bits ruin.
const RUINED: &str = "5";

/// A network with one layer that 8 bits ruin, and data with labels, in this folder.
fn outlier(home: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/precision/outlier.py");
    let mut command = python();
    let command = command.arg(script).args(["net.onnx", "data.npz", "--layer", RUINED]);
    let output = command.current_dir(home).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn search(home: &Path, input: &str, more: &[&str]) -> Value {
    let mut arguments = vec!["search", input, "--json"];
    arguments.extend(more);
    json(&run(home, &arguments))
}

fn error(measured: &Value) -> f64 {
    measured["errors"]["outputs"][0]["relative_l2"].as_f64().unwrap()
}

/// Names of the layers at these indices.
fn names(report: &Value, indices: &Value) -> Vec<String> {
    let at = |i: &Value| &report["layers"][usize::try_from(i.as_u64().unwrap()).unwrap()]["layer"]["name"];
    let indices = indices.as_array().unwrap().iter();
    indices.map(|i| at(i).as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_layer_that_8_bits_ruin_is_ranked_first_and_is_the_one_kept() {
    let home = tempfile::tempdir().unwrap();
    outlier(home.path());
    let ruined = format!("layer{RUINED}/MatMul");
    for way in ["one-lowered", "one-kept"] {
        let output = format!("{way}.onnx");
        let arguments = [
            "--to",
            "int8",
            "--method",
            "max",
            "--data",
            "data.npz",
            "--labels",
            "labels",
            "--way",
            way,
            "--limit",
            "cosine=0.99",
            "-o",
            &output,
        ];
        let report = search(home.path(), "net.onnx", &arguments);
        let layers = report["layers"].as_array().unwrap();
        assert_eq!(layers.len(), 8, "{report}");
        let ranking = names(&report, &report["ranking"]);
        assert_eq!(ranking[0], ruined, "{way}: {report}");
        if way == "one-lowered" {
            let errors: Vec<f64> = report["ranking"]
                .as_array()
                .unwrap()
                .iter()
                .map(|i| error(&layers[usize::try_from(i.as_u64().unwrap()).unwrap()]))
                .collect();
            assert!(errors.is_sorted_by(|a, b| a >= b), "{errors:?}");
            assert!(errors[0] > 0.3 && errors[1] < 0.1, "{errors:?}");
        }
        let trials = report["trials"].as_array().unwrap();
        let found = &trials[usize::try_from(report["found"].as_u64().unwrap()).unwrap()];
        assert_eq!(names(&report, &found["kept"]), [ruined.as_str()], "{way}: {report}");
        assert_eq!((&found["holds"], &trials[0]["holds"]), (&true.into(), &false.into()));
        let share = found["lowered_macs"].as_f64().unwrap();
        let (all, one) = ((7 * 32 + 20) as f64, 32.0);
        assert!((share - (all - one) / all).abs() < 1e-9, "{share}");
        // Independently of the search: the file holds the limit, and is quantized but for that layer.
        let data = ["--data", "data.npz", "--array", "x=x", "--labels", "labels"];
        let data: Vec<String> = data
            .iter()
            .map(|a| match *a {
                "data.npz" => home.path().join(a).display().to_string(),
                other => other.to_owned(),
            })
            .collect();
        let data: Vec<&str> = data.iter().map(String::as_str).collect();
        let judged = judge(&home.path().join("net.onnx"), &home.path().join(&output), &data);
        println!("{way}: {judged}");
        let cosine = judged["outputs"]["y"]["cosine"].as_f64().unwrap();
        assert!(cosine >= 0.99, "{judged}");
        let measured = found["errors"]["outputs"][0]["cosine"].as_f64().unwrap();
        assert!((cosine - measured).abs() < 1e-3, "{cosine} {measured}");
        // Labels are the network's own answers.
        let right = found["errors"]["top1"]["correct"].as_u64().unwrap();
        assert_eq!(judged["right"][1].as_u64().unwrap(), right, "{judged}");
        assert_eq!(report["reference_top1"]["correct"], 64);
    }
}

#[test]
fn a_limit_on_the_demo_is_held_by_the_model_and_by_the_recipe_written() {
    let home = tempfile::tempdir().unwrap();
    let recipe = digits().join("recipe.toml");
    let recipe = recipe.to_str().unwrap();
    // What the demo loses with nothing and with four layers kept.
    let seen = search(
        home.path(),
        recipe,
        &["--to", "int8", "--keep", "0,4", "--test-samples", "100"],
    );
    assert_eq!((&seen["samples"], &seen["rank_samples"]), (&100.into(), &32.into()));
    let trials = seen["trials"].as_array().unwrap();
    let (none, four) = (error(&trials[0]), error(&trials[1]));
    assert!(four < none, "{seen}");
    let limit = format!("relative-l2={}", (none + four) / 2.0);
    let arguments = [
        "--to",
        "int8",
        "--limit",
        &limit,
        "--test-samples",
        "100",
        "-o",
        "found.toml",
    ];
    let report = search(home.path(), recipe, &arguments);
    let trials = report["trials"].as_array().unwrap();
    let found = usize::try_from(report["found"].as_u64().unwrap()).unwrap();
    let kept = trials[found]["kept"].as_array().unwrap().len();
    assert!((1..=4).contains(&kept), "{report}");
    assert!(error(&trials[found]) <= (none + four) / 2.0);
    // None that holds lowers more.
    let share = |trial: &Value| trial["lowered_macs"].as_f64().unwrap();
    for trial in trials.iter().filter(|t| share(t) > share(&trials[found])) {
        assert_eq!(trial["holds"], false, "{report}");
    }
    // The recipe says the same again: its patch is searched as it is, with nothing more kept.
    let again = search(home.path(), "found.toml", &["--keep", "0", "--test-samples", "100"]);
    assert_eq!(
        again["layers"].as_array().unwrap().len() + kept,
        report["layers"].as_array().unwrap().len()
    );
    assert!(
        (error(&again["trials"][0]) - error(&trials[found])).abs() < 1e-6,
        "{again}"
    );
    let built = run(home.path(), &["build", "found.toml", "--json"]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}

#[test]
fn half_precision_of_the_demo_keeps_its_answers() {
    let home = tempfile::tempdir().unwrap();
    let recipe = digits().join("recipe.toml");
    let arguments = [
        "--to",
        "fp16",
        "--limit",
        "top1-drop=0.2%",
        "--keep",
        "0",
        "-o",
        "half.onnx",
    ];
    let report = search(home.path(), recipe.to_str().unwrap(), &arguments);
    let trial = &report["trials"][0];
    assert_eq!(
        (&report["found"], &trial["holds"]),
        (&0.into(), &true.into()),
        "{report}"
    );
    assert!(
        error(trial) > 1e-6 && error(trial) < 0.01,
        "16 bits are told from 32: {trial}"
    );
    let test = test_set();
    let test: Vec<&str> = test.iter().map(String::as_str).collect();
    let judged = judge(&digits().join("digits.onnx"), &home.path().join("half.onnx"), &test);
    assert_eq!(judged["right"][1], trial["errors"]["top1"]["correct"], "{judged}");
}

#[test]
fn what_cannot_be_searched_is_refused_in_words() {
    let home = tempfile::tempdir().unwrap();
    outlier(home.path());
    let data = ["--data", "data.npz"];
    for (arguments, word) in [
        (vec![], "--to is missing"),
        (vec!["--to", "fp7"], "fp7"),
        (vec!["--to", "int8", "--limit", "cosine=2"], "not between"),
        (vec!["--to", "int8", "--limit", "speed=2"], "top1-drop"),
        (vec!["--to", "int8", "--limit", "top1-drop=1%"], "needs labels"),
        (vec!["--to", "int8", "-o", "out.onnx"], "-o needs --limit"),
        (
            vec!["--to", "int8", "--keep", "0", "-o", "net.onnx"],
            "the model itself",
        ),
        (vec!["--to", "int8", "--labels", "nothing"], "nothing"),
    ] {
        let all: Vec<&str> = ["search", "net.onnx"]
            .into_iter()
            .chain(data)
            .chain(arguments)
            .collect();
        let err = refused(&run(home.path(), &all), 2);
        assert!(err.contains(word), "{all:?}: {err}");
        assert!(!home.path().join("out.onnx").exists());
    }
}

#[test]
fn a_limit_of_nothing_keeps_everything_and_one_out_of_reach_fails() {
    let home = tempfile::tempdir().unwrap();
    outlier(home.path());
    let exact = [
        "--data",
        "data.npz",
        "--to",
        "int8",
        "--limit",
        "max-abs=0",
        "-o",
        "out.onnx",
    ];
    let report = search(home.path(), "net.onnx", &exact);
    let trials = report["trials"].as_array().unwrap();
    let found = &trials[usize::try_from(report["found"].as_u64().unwrap()).unwrap()];
    assert_eq!(found["kept"].as_array().unwrap().len(), 8, "{report}");
    assert_eq!((error(found), found["lowered_macs"].as_f64()), (0.0, Some(0.0)));
    // A recipe that wants the ruined layer in 8 bits cannot reach what only keeping it reaches.
    let arguments = [
        "--data", "data.npz", "--to", "int8", "--method", "max", "--keep", "0", "-o", "r.toml",
    ];
    search(home.path(), "net.onnx", &arguments);
    let text = std::fs::read_to_string(home.path().join("r.toml")).unwrap();
    let mode = "mode = \"int8\"\n";
    assert!(text.contains(mode), "{text}");
    let include = format!("{mode}include = [\"layer{RUINED}/MatMul\"]\n");
    std::fs::write(home.path().join("r.toml"), text.replace(mode, &include)).unwrap();
    let arguments = ["search", "r.toml", "--limit", "cosine=0.99", "-o", "never.onnx"];
    let output = run(home.path(), &arguments);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("does not hold even with all of 7 layers kept"), "{text}");
    assert!(!home.path().join("never.onnx").exists());
}
