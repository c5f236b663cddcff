//! Which libraries are found, and which one a version means.

use super::{launch, library};
use enginesmith::engine::Usable;
use enginesmith::recipe::{Recipe, TargetSpec};
use enginesmith::worker::{Job, JobOutput, Launch, Worker};

/// A launch whose worker finds these libraries on the loader's path.
fn with_libraries(versions: &[&str]) -> Launch {
    let folders = versions.iter().map(|v| library(v));
    let path = std::env::join_paths(folders).unwrap().into_string().unwrap();
    Launch {
        via: Some(format!("env LD_LIBRARY_PATH={path}")),
        ..launch()
    }
}

#[test]
fn every_version_is_listed_newest_first_with_what_it_can_do() {
    let worker = Worker::start(&with_libraries(&["1.5", "1.7", "1.6"])).expect("a worker");
    let JobOutput::Targets { targets } = worker.submit(Job::Targets).wait(|_| ()).expect("targets") else {
        panic!("no list of targets");
    };
    let rtx = targets.iter().find(|t| t.name == "tensorrt-rtx").expect("the target");
    let ours: Vec<&str> = ["1.7", "1.6", "1.5"].to_vec();
    let versions: Vec<&str> = rtx.found.iter().map(|f| f.version.as_str()).collect();
    let at = |wanted: &str| versions.iter().position(|v| v.starts_with(&format!("{wanted}.")));
    let places: Vec<_> = ours.iter().map(|v| at(v).expect("every version")).collect();
    assert!(places.is_sorted(), "{versions:?}");
    for found in &rtx.found {
        assert!(found.path.is_some());
        // Without a GPU it builds and says why it does not run; with one it may run.
        if let Usable::BuildOnly(why) = &found.usable {
            assert!(!why.is_empty());
        } else {
            assert_eq!(found.usable, Usable::Yes);
        }
    }
    let tensorrt = targets.iter().find(|t| t.name == "tensorrt").expect("the target");
    assert!(tensorrt.install.as_ref().is_some_and(|i| i.contains("TENSORRT_HOME")));
}

#[test]
fn a_version_is_chosen_by_its_first_numbers_and_the_newest_without_one() {
    let launch = with_libraries(&["1.5", "1.6", "1.7"]);
    for (wanted, is) in [(Some("1.5"), "1.5."), (Some("1.6"), "1.6."), (None, "1.")] {
        let mut recipe = Recipe::for_model(&super::digits());
        recipe.target = TargetSpec {
            name: "tensorrt-rtx".into(),
            version: wanted.map(String::from),
            ..TargetSpec::default()
        };
        let worker = Worker::start(&launch).expect("a worker");
        let job = Job::Parse {
            model: super::digits(),
            target: recipe.target,
            build: recipe.build,
        };
        let JobOutput::Parse { report } = worker.submit(job).wait(|_| ()).expect("a report") else {
            panic!("no report");
        };
        assert!(report.version.starts_with(is), "{wanted:?} gave {}", report.version);
        if wanted.is_none() {
            assert!(!report.version.starts_with("1.5.") && !report.version.starts_with("1.6."));
        }
        assert!(report.parsed, "{report:?}");
    }
}

#[test]
fn a_child_tries_a_library_and_says_what_came_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let trial = serde_json::json!({
        "target": "tensorrt-rtx", "library": library("1.5"), "version": "1.5.0", "bytes": 0,
        "device": 0, "gpu": "the one here", "driver": "",
    });
    std::fs::write(folder.path().join("request.json"), trial.to_string()).unwrap();
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_enginesmith"))
        .args(["worker", "--probe"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(child.status.success() && child.stdout.is_empty(), "{child:?}");
    let verdict = std::fs::read(folder.path().join("verdict.json")).expect("a verdict");
    let verdict: serde_json::Value = serde_json::from_slice(&verdict).unwrap();
    // It builds without a GPU too; whether it runs is the library's to say.
    assert_eq!(verdict["builds"], true, "{verdict}");
    if verdict["runs"] == false {
        let why = verdict["why"].as_str().unwrap_or_default();
        assert!(why.contains("driver") || why.contains("GPU"), "{verdict}");
    }
}
