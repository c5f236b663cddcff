//! Findings on real models: what the embedded engine and ONNX Runtime compute right has no error, and nothing is said
//! without a source.

#[path = "../support/mod.rs"]
mod support;

mod agreement;
#[path = "../../tensorrt/examples/ask_parser.rs"]
mod ask_parser;

use enginesmith::check::{Report, Request, Severity, check};
use enginesmith::graph::Graph;
use enginesmith::model::Model;
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;
use support::{model, reference};

fn report(name: &str, target: &str) -> Report {
    let graph = Graph::new(Arc::new(Model::open(&model(name)).unwrap()));
    let request = Request {
        target: target.into(),
        ..Default::default()
    };
    let report = check(&graph, &request).unwrap();
    for finding in &report.findings {
        println!(
            "{name} {target} {:?} {}: {}",
            finding.severity, finding.rule, finding.reason
        );
        assert!(finding.detail.is_some(), "{name} {target} {}: no source", finding.rule);
    }
    report
}

#[test]
fn models_that_run_have_no_error() {
    let models = [
        "magika.onnx",
        "PP-OCRv6_det_small.onnx",
        "PP-OCRv6_rec_small.onnx",
        "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
        "silero_vad.onnx",
        "silero_vad_16k_op15.onnx",
    ];
    for name in models {
        for target in ["embedded", "onnxruntime-cpu", "onnxruntime-cuda"] {
            assert!(report(name, target).supported, "{name} {target}");
        }
    }
}

#[test]
fn tensorrt_wants_ranges_for_open_dimensions() {
    for target in ["tensorrt", "tensorrt-rtx"] {
        let report = report("PP-OCRv6_det_small.onnx", target);
        let errors: Vec<&str> = report
            .findings
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .map(|f| f.rule.as_str())
            .collect();
        assert_eq!(errors, ["shape.no-profile"], "{target}");
        assert!(
            report.notes.iter().any(|n| n.contains("was not asked")),
            "{:?}",
            report.notes
        );
        for name in [
            "magika.onnx",
            "silero_vad.onnx",
            "light/light_resnet50.onnx",
            "light/light_shufflenet.onnx",
        ] {
            self::report(name, target);
        }
    }
}

#[derive(Deserialize)]
struct Case {
    name: String,
}

/// No surprise after a check without errors: the engine reads every such node test of the onnx package.
#[test]
fn what_embedded_takes_it_loads() {
    let folder = tempfile::tempdir().unwrap();
    reference([Path::new("node-cases"), folder.path()]);
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(folder.path().join("cases.json")).unwrap()).unwrap();
    let mut taken = 0;
    let mut refused = Vec::new();
    for case in &cases {
        let path = folder.path().join(&case.name).join("model.onnx");
        let graph = Graph::new(Arc::new(Model::open(&path).unwrap()));
        let request = Request {
            target: "embedded".into(),
            ..Default::default()
        };
        if check(&graph, &request).unwrap().supported {
            taken += 1;
            if let Err(error) = rten::ModelOptions::with_all_ops().load(std::fs::read(&path).unwrap()) {
                refused.push(format!("{}: {error}", case.name));
            }
        }
    }
    println!("{taken} of {} node tests have no error", cases.len());
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(taken * 2 > cases.len(), "only {taken} of {} are taken", cases.len());
}
