//! Options of the recipe reach the session.

use crate::{build, recipe, support, worker};
use enginesmith::model::Model;
use enginesmith::recipe::Precision;
use std::collections::BTreeSet;
use std::path::Path;

fn operators(model: &Path) -> BTreeSet<String> {
    let model = Model::open(model).unwrap();
    let nodes = &model.graph().node;
    nodes.iter().filter_map(|n| n.op_type.clone()).collect()
}

#[test]
fn graph_optimization_shows_in_the_graph_that_is_written() {
    let model = support::model("light/light_shufflenet.onnx");
    let folder = tempfile::tempdir().unwrap();
    let worker = worker();
    let written = |level: &str| {
        let path = folder.path().join(format!("{level}.onnx"));
        let options = format!("graph_optimization = {level:?}");
        let (_, record) = build(&worker, recipe(&model, &options), Some(&path)).unwrap();
        assert_eq!(record.engine_bytes, Some(std::fs::metadata(&path).unwrap().len()));
        operators(&path)
    };
    let original = operators(&model);
    assert!(original.contains("BatchNormalization"));
    assert_eq!(written("disabled"), original);
    let basic = written("basic");
    assert!(
        !basic.contains("BatchNormalization") && basic.contains("Relu"),
        "{basic:?}"
    );
    let extended = written("extended");
    assert!(extended.contains("FusedConv"), "{extended:?}");
}

#[test]
fn threads_are_those_of_the_process() {
    let model = support::model("light/light_squeezenet.onnx");
    let count = |pid: u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix("Threads:")).unwrap();
        line.trim().parse::<usize>().unwrap()
    };
    let with = |options: &str| {
        let worker = worker();
        build(&worker, recipe(&model, options), None).unwrap();
        count(worker.pid())
    };
    let one = with("threads = 1");
    assert_eq!(with("threads = 5"), one + 4);
    assert_eq!(with("threads = 1\nparallel = true\ninter_threads = 3"), one + 2);
}

#[test]
fn what_the_target_or_the_graph_does_not_have_is_refused_with_what_to_do() {
    let model = support::model("light/light_squeezenet.onnx");
    let worker = worker();
    let mut wrong = recipe(&model, "");
    wrong.build.precision = Precision::Tf32;
    let error = build(&worker, wrong.clone(), None).unwrap_err().to_string();
    assert!(error.contains("TF32"), "{error}");
    wrong.build.precision = Precision::Fp16;
    let error = build(&worker, wrong, None).unwrap_err().to_string();
    assert!(
        error.contains("no float16 tensor") && error.contains("patch"),
        "{error}"
    );
    let error = build(&worker, recipe(&model, "thread = 1"), None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("did you mean threads"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("model.engine");
    let error = build(&worker, recipe(&model, ""), Some(&odd)).unwrap_err().to_string();
    assert!(error.contains(".onnx"), "{error}");
}
