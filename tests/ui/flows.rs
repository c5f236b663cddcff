//! What a user does in a good case.

use crate::{
    cancel_comparison, click, click_containing, digits, opening, settle, step, studio, until, until_samples,
    until_state,
};
use eframe::egui::{self, Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use enginesmith::check::Severity;
use enginesmith::studio::Options;
use enginesmith::studio::{
    jobs::Ending,
    state::{Selection, Step},
};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A recipe file for the demo's model with these lines more.
pub fn recipe(dir: &TempDir, lines: &str) -> PathBuf {
    let path = dir.path().join("recipe.toml");
    let model = digits();
    std::fs::write(
        &path,
        format!("version = 1\nmodel.path = {:?}\n{lines}", model.display().to_string()),
    )
    .unwrap();
    path
}

#[test]
fn a_model_opens_from_the_path_field() {
    let mut h = studio(Options::default());
    settle(&mut h);
    h.get_by_label("Drop an ONNX file here");
    h.get_by_label("Open model…");
    let path = digits().display().to_string();
    h.get_all_by_label("Path of a model or recipe").next().unwrap().focus();
    h.run_ok();
    h.get_all_by_label("Path of a model or recipe")
        .next()
        .unwrap()
        .type_text(&path);
    h.run_ok();
    h.get_all_by_label("Open path").next().unwrap().click();
    until_state(&mut h, "the model is open", |s| s.doc.is_some());
    settle(&mut h);
    h.get_by_label_contains("Model: digits.onnx · ");
    assert!(h.state().state().settings.recent[0].ends_with("digits.onnx"));
}

#[test]
fn a_node_is_found_by_search_and_inspected() {
    let mut h = studio(opening(digits()));
    settle(&mut h);
    h.key_press_modifiers(Modifiers::COMMAND, Key::F);
    h.run_ok();
    h.get_by_label("Find node by name or operator").type_text("gemm");
    h.run_ok();
    h.key_press(Key::Enter);
    until_state(&mut h, "a node is selected", |s| {
        matches!(s.selection, Selection::Node(_))
    });
    settle(&mut h);
    let graph = h
        .state()
        .state()
        .doc
        .as_ref()
        .unwrap()
        .analysis
        .as_ref()
        .unwrap()
        .graph
        .clone();
    let Selection::Node(id) = h.state().state().selection else {
        panic!("no node selected")
    };
    assert_eq!(&*graph.node(id).op_type, "Gemm");
    // The inspector lists its weights; values are read on demand.
    let weight = graph.node(id).inputs[1].unwrap();
    let name = graph.tensor(weight).name.to_string();
    click_containing(&mut h, &format!("Inspect tensor {name}"));
    click(&mut h, "Show values");
    until(&mut h, "statistics are shown", |h| {
        h.query_by_label("Standard deviation").is_some()
    });
}

#[test]
fn a_finding_leads_to_its_node() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = studio(opening(odd_model(&dir)));
    settle(&mut h);
    step(&mut h, "Check");
    settle(&mut h);
    let report = h.state().state().doc.as_ref().unwrap().report().unwrap().clone();
    assert!(report.count(Severity::Error) > 0, "{report:?}");
    h.get_by_label_contains("cannot take this model");
    click(&mut h, "error: strange Strange");
    settle(&mut h);
    let Selection::Node(id) = h.state().state().selection else {
        panic!("no node selected")
    };
    let doc = h.state().state().doc.as_ref().unwrap();
    assert_eq!(&*doc.analysis.as_ref().unwrap().graph.node(id).name, "strange");
    // The canvas announces it too.
    let canvas = h.get_by_label("Graph canvas");
    assert!(canvas.value().unwrap().contains("strange"), "{:?}", canvas.value());
}

/// A small recipe of a model with an operator that no target has.
fn odd_model(dir: &TempDir) -> PathBuf {
    use enginesmith::model::onnx::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};
    let value = |name: &str| ValueInfoProto {
        name: Some(name.into()),
        ..Default::default()
    };
    let node = |name: &str, op: &str, domain: &str, input: &str, output: &str| NodeProto {
        name: Some(name.into()),
        op_type: Some(op.into()),
        domain: Some(domain.into()),
        input: vec![input.into()],
        output: vec![output.into()],
        ..Default::default()
    };
    let graph = GraphProto {
        name: Some("odd".into()),
        node: vec![
            node("plain", "Relu", "", "x", "y"),
            node("strange", "Strange", "nobody.knows", "y", "z"),
        ],
        input: vec![value("x")],
        output: vec![value("z")],
        ..Default::default()
    };
    let opset = |domain: &str, version| OperatorSetIdProto {
        domain: Some(domain.into()),
        version: Some(version),
        ..Default::default()
    };
    let model = ModelProto {
        ir_version: Some(10),
        opset_import: vec![opset("", 21), opset("nobody.knows", 1)],
        graph: graph.into(),
        ..Default::default()
    };
    let path = dir.path().join("odd.onnx");
    std::fs::write(&path, buffa::Message::encode_to_vec(&model)).unwrap();
    path
}

#[test]
fn a_setting_is_changed_and_taken_back() {
    let mut h = studio(opening(digits()));
    settle(&mut h);
    step(&mut h, "Recipe");
    let patches = |h: &egui_kittest::Harness<'_, enginesmith::studio::Studio>| {
        h.state().state().doc.as_ref().unwrap().recipe().patches.len()
    };
    h.get_by_label("Add patch").scroll_to_me();
    h.run_ok();
    click(&mut h, "Add patch");
    click(&mut h, "Fold constants");
    assert_eq!(patches(&h), 1);
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_ok();
    assert_eq!(patches(&h), 0);
    h.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    h.run_ok();
    assert_eq!(patches(&h), 1);
    // What the embedded engine cannot do is not offered.
    let tf32 = h.get_by_label("TF32");
    assert!(tf32.accesskit_node().is_disabled());
}

#[test]
fn an_engine_is_built() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = studio(opening(recipe(&dir, "")));
    settle(&mut h);
    step(&mut h, "Build");
    click(&mut h, "Build engine");
    until_state(&mut h, "the build has ended", |s| {
        s.build.as_ref().is_some_and(|b| !b.is_running())
    });
    let ending = h.state().state().build.as_ref().unwrap().ending.clone();
    assert!(matches!(ending, Some(Ending::Done(_))), "{ending:?}");
    h.run_ok();
    h.get_by_label("✔ Engine built");
    h.get_by_label_contains("Build: Built in ");
}

#[test]
fn variants_are_compared_live() {
    let dir = tempfile::tempdir().unwrap();
    let lines = "bench.duration_s = 0.4\nbench.rounds = 2\nbench.warmup_ms = 20.0\n\
                 [[variant]]\nname = \"one\"\n[[variant]]\nname = \"batch 32, 4 threads\"\nbuild.options.threads = 1\n";
    let mut h = studio(opening(recipe(&dir, lines)));
    settle(&mut h);
    step(&mut h, "Lab");
    assert_eq!(h.state().state().step, Step::Lab);
    click(&mut h, "Compare variants");
    until_state(&mut h, "samples arrive", |s| {
        s.lab
            .run
            .as_ref()
            .is_some_and(|r| r.variants.iter().all(|v| v.series.count() > 0))
    });
    until_state(&mut h, "the comparison has ended", |s| !s.lab.is_running());
    let state = h.state().state();
    let result = state
        .lab
        .result
        .as_ref()
        .unwrap_or_else(|| panic!("{}", state.log.text()));
    assert_eq!(result.protocol, "serial");
    assert_eq!(result.variants.len(), 2);
    assert!(
        result
            .variants
            .iter()
            .all(|v| v.error.is_none() && v.statistics.samples > 0)
    );
    h.run_ok();
    click(&mut h, "Variants");
    h.get_by_label("Protocol serial");
    h.get_by_label("Copy as Markdown");
}

#[test]
fn a_comparison_is_cancelled() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = studio(opening(recipe(&dir, "bench.duration_s = 60.0")));
    settle(&mut h);
    step(&mut h, "Lab");
    click(&mut h, "Compare variants");
    until_samples(&mut h);
    cancel_comparison(&mut h);
    h.run_ok();
    h.get_by_label("Cancelled");
    h.get_by_label_contains("Lab: Cancelled");
}

#[test]
fn a_closed_pane_comes_back() {
    let mut h = studio(opening(digits()));
    settle(&mut h);
    h.get_by_label("Log");
    click(&mut h, "Close Log");
    assert!(h.query_by_label("Log").is_none());
    click(&mut h, "Search commands");
    h.get_by_label("Type a command").type_text("show log");
    h.run_ok();
    h.key_press(Key::Enter);
    h.run_ok();
    h.get_by_label("Log");
    // The View menu has it too.
    click(&mut h, "View");
    click(&mut h, "Panes");
    h.get_by_label_contains("Show log");
}

#[test]
fn batch_sizes_are_swept_live_and_the_history_shows_the_runs() {
    let dir = tempfile::tempdir().unwrap();
    let lines = "bench.duration_s = 0.1\nbench.rounds = 3\nbench.warmup_ms = 1.0\nbuild.options.threads = 1\nsweep.batches = [1, 2, 4, 8]\n";
    let mut h = studio(opening(recipe(&dir, lines)));
    settle(&mut h);
    step(&mut h, "Lab");
    click(&mut h, "Sweep batch sizes");
    until_state(&mut h, "a curve grows", |s| {
        s.lab.sweep.as_ref().is_some_and(|s| s.curves()[0].points.len() >= 2)
    });
    until_state(&mut h, "the sweep has ended", |s| !s.lab.is_running());
    settle(&mut h);
    let state = h.state().state();
    let sweep = state.lab.sweep.as_ref().unwrap();
    assert!(sweep.result.is_some(), "{}", state.log.text());
    let curve = &sweep.curves()[0];
    assert_eq!(curve.points.iter().map(|p| p.batch).collect::<Vec<_>>(), [1, 2, 4, 8]);
    // The tab and the panel say how the curve was judged.
    assert!(h.query_all_by_label_contains(&format!("{}: ", curve.name)).count() >= 1);
    // Every batch size is a run of the history.
    click(&mut h, "Search commands");
    h.get_by_label("Type a command").type_text("show history");
    h.run_ok();
    h.key_press(Key::Enter);
    settle(&mut h);
    h.get_by_label("4 runs");
    click_containing(&mut h, " b8 · embedded · 1 run");
    h.get_by_label_contains("too few runs to know the noise");
    let Some(Ok(kept)) = &h.state().state().runs.kept else {
        panic!("the history was read")
    };
    assert_eq!((kept.trends.len(), kept.history.entries.len()), (4, 4));
}

/// A file as it is dropped on the window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|e| e.to_string())
    }
}

#[test]
fn a_dropped_file_is_opened() {
    let mut h = studio(Options::default());
    settle(&mut h);
    h.get_by_label("Drop an ONNX file here");
    h.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(digits())));
    h.run_ok();
    h.input_mut().dropped_files.clear();
    settle(&mut h);
    h.get_by_label_contains("Model: digits.onnx · ");
    // Of several the first is taken, and that is said.
    for name in ["digits.onnx", "recipe.toml"] {
        let path = digits().with_file_name(name);
        h.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(path)));
    }
    h.run_ok();
    h.input_mut().dropped_files.clear();
    settle(&mut h);
    assert!(
        h.state()
            .state()
            .log
            .text()
            .contains("2 files were dropped; the first is opened")
    );
}
