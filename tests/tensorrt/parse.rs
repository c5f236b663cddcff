//! What the parser says, as `check` shows it.

use super::{launch, recipe, support};
use buffa::Message;
use enginesmith::check::{Evidence, Place, Report, Severity};
use enginesmith::model::onnx::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto};
use enginesmith::worker::{JobError, Service, ServiceEvent, Task, TaskOutput};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn check(recipe: enginesmith::recipe::Recipe) -> Result<Report, JobError> {
    let task = Task::Check {
        recipe: Box::new(recipe),
        require_parser: true,
    };
    let handle = Service::new(launch()).start(task, Arc::new(|| ()));
    loop {
        match handle.events.recv().expect("an end") {
            ServiceEvent::Done(output) => match *output {
                TaskOutput::Check(report) => return Ok(report),
                other => panic!("{other:?}"),
            },
            ServiceEvent::Failed(error) => return Err(error),
            _ => {}
        }
    }
}

/// The demo's model with one node of an operator that nobody has.
pub fn custom_operator(folder: &Path) -> PathBuf {
    let bytes = std::fs::read(super::digits()).unwrap();
    let mut model = ModelProto::decode_from_slice(&bytes).expect("a model");
    let graph: &mut GraphProto = model.graph.get_or_insert_default();
    let output = graph.output[0].name.clone().unwrap();
    let last = graph.node.iter_mut().rfind(|n| n.output.contains(&output)).unwrap();
    last.output = vec!["before".into()];
    graph.node.push(NodeProto {
        name: Some("strange".into()),
        op_type: Some("MyOperator".into()),
        domain: Some("my.domain".into()),
        input: vec!["before".into()],
        output: vec![output],
        ..NodeProto::default()
    });
    model.opset_import.push(OperatorSetIdProto {
        domain: Some("my.domain".into()),
        version: Some(1),
        ..OperatorSetIdProto::default()
    });
    let path = folder.join("custom.onnx");
    std::fs::write(&path, model.encode_to_vec()).unwrap();
    path
}

#[test]
fn real_models_get_the_parsers_answer_from_every_version() {
    for version in ["1.5", "1.6", "1.7"] {
        for name in ["PP-OCRv6_det_small.onnx", "magika.onnx", "silero_vad.onnx"] {
            let report = check(recipe(&support::model(name), version, "")).expect("a report");
            assert!(report.parser_asked, "{name}");
            let note = format!("TensorRT-RTX {version}.");
            assert!(report.notes.iter().any(|n| n.starts_with(&note)), "{:?}", report.notes);
            for finding in &report.findings {
                println!(
                    "{version} {name}: {:?} {} {}",
                    finding.severity, finding.rule, finding.reason
                );
                if finding.evidence == Evidence::Parser {
                    assert!(
                        finding.detail.as_ref().is_some_and(|d| !d.is_empty()),
                        "raw text is kept"
                    );
                }
            }
        }
    }
}

#[test]
fn an_unknown_operator_is_named_with_a_next_step_and_the_rest_is_a_supported_group() {
    let folder = tempfile::tempdir().unwrap();
    let model = custom_operator(folder.path());
    for version in ["1.5", "1.6", "1.7"] {
        let report = check(recipe(&model, version, "")).expect("a report");
        assert!(!report.supported);
        let parser: Vec<_> = report
            .findings
            .iter()
            .filter(|f| f.evidence == Evidence::Parser)
            .collect();
        assert_eq!(parser.len(), 1, "{parser:?}");
        let finding = parser[0];
        assert_eq!(finding.severity, Severity::Error);
        assert!(
            matches!(&finding.place, Place::Node { name, .. } if name == "strange"),
            "{finding:?}"
        );
        assert!(finding.reason.contains("MyOperator"), "{finding:?}");
        assert!(finding.fixes.iter().any(|f| f.text.contains("plugin")), "{finding:?}");
        let taken: usize = report.supported_subgraphs.iter().map(Vec::len).sum();
        assert!(
            taken > 10,
            "all other nodes can be taken: {:?}",
            report.supported_subgraphs
        );
    }
}

#[test]
fn a_parser_that_is_required_and_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut recipe = recipe(&super::digits(), "1.7", "");
    let path = folder.path().display().to_string();
    recipe.build.options.insert("library".into(), path.into());
    let error = check(recipe).expect_err("no library");
    assert!(error.to_string().contains("no TensorRT library in"), "{error}");
}
