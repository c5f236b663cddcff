//! The example exchange of the protocol's documentation, replayed against a real worker.

use crate::fixtures::PROGRAM;
use enginesmith::worker::protocol::{TOKEN, example};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

#[test]
fn the_documented_exchange_happens() {
    let cache = tempfile::tempdir().unwrap();
    let mut child = Command::new(PROGRAM)
        .arg("worker")
        .env("XDG_CACHE_HOME", cache.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    // The folder of the example that the worker sees, as this machine has it.
    let seen = tempfile::tempdir().unwrap();
    std::fs::write(seen.path().join(TOKEN), "5d41402a").unwrap();
    for (side, line) in example() {
        let line = &line.replace("/home/ada/.enginesmith-k3", &seen.path().display().to_string());
        if side == '>' {
            writeln!(input, "{line}").unwrap();
            continue;
        }
        let wanted: Value = serde_json::from_str(line).unwrap();
        let kind = wanted["type"].as_str().unwrap();
        let got = loop {
            let line = output.next().expect("the worker goes on").unwrap();
            let got: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(got["v"], 1);
            // Heartbeats and stages come as often as they like.
            if got["type"] == wanted["type"] && (got["id"] == wanted["id"] || kind == "heartbeat") {
                break got;
            }
            let passed = got["type"].as_str().unwrap();
            assert!(
                ["heartbeat", "stage", "log"].contains(&passed),
                "{got} instead of {wanted}"
            );
        };
        match kind {
            "hello" => {
                assert_eq!(got["program"], env!("CARGO_PKG_VERSION"));
                assert!(got["targets"].as_array().unwrap().contains(&"embedded".into()));
            }
            "stage" => assert!(got["stage"]["name"].is_string()),
            "heartbeat" => assert!(got.get("busy").is_some()),
            "done" if wanted["output"]["output"] == "build" => {
                let (got, wanted) = (&got["output"], &wanted["output"]);
                if wanted["engine"] == 3 {
                    let bytes = std::fs::read(seen.path().join("ready.onnx")).unwrap();
                    assert_eq!(got["record"]["engine_bytes"], bytes.len());
                    assert_eq!(got["record"]["engine_bytes"], wanted["record"]["engine_bytes"]);
                    assert_eq!(got["record"]["engine_sha256"], wanted["record"]["engine_sha256"]);
                }
                for key in ["output", "engine", "inputs", "outputs"] {
                    assert_eq!(got[key], wanted[key]);
                }
                let recipe = got["record"]["recipe"].as_str().unwrap();
                assert!(
                    recipe.contains("/home/ada/relu.onnx"),
                    "the record names the client's file: {recipe}"
                );
                for key in ["target", "version", "model_sha256"] {
                    assert_eq!(got["record"][key], wanted["record"][key]);
                }
            }
            _ => assert_eq!(got, wanted),
        }
    }
    drop(input);
    assert_eq!(
        child.wait().unwrap().code(),
        Some(0),
        "the end of its input ends the worker"
    );
    assert_eq!(
        std::fs::read_dir(cache.path().join("enginesmith/worker/scratch"))
            .unwrap()
            .count(),
        0,
        "scratch is gone"
    );
}
