//! Engine files and profiles in the studio: real engines of TensorRT-RTX, built without a GPU, and times of the embedded
//! engine.

use crate::flows::recipe;
use crate::{click, digits, opening, settle, step, studio, until_state};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use enginesmith::engine::plan::is_engine;
use enginesmith::studio::Studio;
use enginesmith::studio::state::{PaintChoice, Selection};
use std::path::{Path, PathBuf};

/// A recipe that builds the demo for a GPU that is not here, with the newest TensorRT-RTX of the tests.
fn rtx_recipe(dir: &tempfile::TempDir) -> PathBuf {
    let library = crate::support::rtx_folders()
        .pop()
        .expect("a TensorRT-RTX: run tests/setup.sh");
    let lines = format!(
        "target.name = \"tensorrt-rtx\"\n[build.options]\ncompute_capability = \"8.6\"\nlibrary = {:?}\n\
         [[profile]]\n[profile.inputs.input]\nmin = [1, 1, 8, 8]\nopt = [8, 1, 8, 8]\nmax = [32, 1, 8, 8]\n",
        library.display().to_string()
    );
    recipe(dir, &lines)
}

/// An engine file of the demo with its build record.
fn engine(dir: &tempfile::TempDir) -> PathBuf {
    let file = dir.path().join("digits.engine");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_enginesmith"))
        .arg("build")
        .arg(rtx_recipe(dir))
        .arg("-o")
        .arg(&file)
        .env("XDG_DATA_HOME", dir.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    file
}

fn has_gpu() -> bool {
    Path::new("/dev/nvidiactl").exists()
}

/// The node that is selected, by name.
fn selected(h: &Harness<'_, Studio>) -> String {
    let state = h.state().state();
    let Selection::Node(id) = state.selection else {
        panic!("no node is selected: {:?}", state.selection)
    };
    state
        .doc
        .as_ref()
        .unwrap()
        .shown()
        .unwrap()
        .graph
        .node(id)
        .name
        .to_string()
}

#[test]
fn an_engine_file_shows_what_it_says_and_opens_its_model() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = studio(opening(engine(&dir)));
    until_state(&mut h, "the engine is open", |s| s.engine.is_some());
    settle(&mut h);
    let state = h.state().state();
    let engine = state.engine.as_ref().unwrap();
    assert!(engine.unanswered.is_none(), "{:?}", engine.unanswered);
    assert!(state.settings.recent.iter().any(|p| p.ends_with("digits.engine")));
    let built = engine.view.header.version.clone().unwrap();
    h.get_by_label(&format!("TensorRT-RTX {built}"));
    h.get_by_label("8.6");
    h.get_by_label("Build record");
    if !has_gpu() {
        h.get_by_label("⚠ Does not run here");
        h.get_by_label("No layers to show");
        h.get_by_label_contains("reads layers only where the engine runs");
    }
    // The record names the model: it is open, with the recipe that built the engine.
    h.get_by_label_contains("Model: digits.onnx · ");
    let recipe = h.state().state().doc.as_ref().unwrap().recipe();
    assert_eq!(recipe.target.name, "tensorrt-rtx");
    assert!(recipe.build.options.contains_key("compute_capability"));
    click(&mut h, "Close engine");
    h.get_by_label("No engine file is open");
}

#[test]
fn a_file_that_only_is_called_an_engine_and_one_cut_short_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    let notes = dir.path().join("notes.engine");
    std::fs::write(&notes, "these are notes").unwrap();
    let mut h = studio(opening(&notes));
    settle(&mut h);
    h.get_by_label_contains("This is not an engine that can be read");
    assert!(h.query_all_by_label_contains(&notes.display().to_string()).count() > 0);
    assert!(h.state().state().engine.is_none());
    let whole = engine(&dir);
    let bytes = std::fs::read(&whole).unwrap();
    let cut = dir.path().join("cut.plan");
    std::fs::write(&cut, &bytes[..bytes.len() / 3]).unwrap();
    let mut h = studio(opening(&cut));
    until_state(&mut h, "the engine is open", |s| s.engine.is_some());
    settle(&mut h);
    h.get_by_label("8.6");
    h.get_by_label_contains("cut short");
    h.get_by_label_contains("No build record belongs to this file");
}

/// Layers as a GPU's worker would tell them, in the worker's own JSON.
const LAYERS: &str = r#"[{"name":"fused","kind":"CaskConvolution","precision":"FP16","format":"Half NHWC8","tactic":"sm86_xmma_fprop","nodes":["\/stem\/stem.0\/Conv","\/stem\/stem.2\/Relu"],"inputs":[{"name":"a","shape":[8,1,8,8],"dtype":"FP16"}],"outputs":[{"name":"b","shape":[8,32,8,8],"dtype":"FP16"}]},{"name":"to rows","kind":"Reformat","precision":"FP32","inputs":[{"name":"b","shape":[8],"dtype":"FP16"}],"outputs":[{"name":"c","shape":[8],"dtype":"FP32"}]},{"name":"classifier","kind":"gemm","precision":"FP32","nodes":["\/fc\/Gemm"],"inputs":[],"outputs":[]}]"#;

/// A studio whose worker is the real one, with these layers put into what it says of an engine: no GPU here can tell any.
fn with_layers(dir: &tempfile::TempDir) -> Harness<'static, Studio> {
    let file = engine(dir);
    let script = format!("\"$@\" | sed -u 's/\"layers\":\\[\\]/\"layers\":{LAYERS}/'");
    let mut options = crate::trouble::behind(dir, &script);
    options.open = Some(file);
    let mut h = crate::studio_with_launch(options);
    until_state(&mut h, "the engine is open", |s| s.engine.is_some());
    settle(&mut h);
    h
}

#[test]
fn layers_and_nodes_are_selected_both_ways_and_painted() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = with_layers(&dir);
    let engine = |h: &Harness<'_, Studio>| h.state().state().engine.as_ref().unwrap().table.rows.chosen();
    assert_eq!(h.state().state().engine.as_ref().unwrap().view.layers.len(), 3);
    h.get_by_label_contains("2 of 3 layers name nodes of the open model");
    h.get_by_label_contains("Layers by type: FP32: 2 layers (67 %), FP16: 1 layer (33 %)");
    // A reformat of three layers is a finding, with its reason.
    h.get_by_label("layers.reformat");
    h.get_by_label_contains("1 of them changes the type");
    // From layer to node.
    click(&mut h, "Show layer classifier");
    settle(&mut h);
    assert_eq!((selected(&h).as_str(), engine(&h)), ("/fc/Gemm", Some(2)));
    h.get_by_label("In the engine");
    // From node to layer: the second node of the fused layer.
    click(&mut h, "Search commands");
    h.get_by_label("Type a command").type_text("find node");
    h.run_ok();
    h.key_press(eframe::egui::Key::Enter);
    h.run_ok();
    h.get_by_label("Find node by name or operator").type_text("stem.2/Relu");
    h.run_ok();
    h.key_press(eframe::egui::Key::Enter);
    settle(&mut h);
    assert_eq!((selected(&h).as_str(), engine(&h)), ("/stem/stem.2/Relu", Some(0)));
    // Colours.
    click(&mut h, "Paint graph by type");
    assert_eq!(h.state().state().paint, PaintChoice::Types);
    // The table filters.
    h.get_by_label("Filter layers").focus();
    h.run_ok();
    h.get_by_label("Filter layers").type_text("reformat");
    h.run_ok();
    assert!(h.query_all_by_label("Show layer to rows").count() > 0);
    h.get_by_label("1 of 3");
}

#[test]
fn a_build_writes_an_engine_and_shows_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = studio(opening(rtx_recipe(&dir)));
    settle(&mut h);
    step(&mut h, "Build");
    let file = dir.path().join("made.engine");
    h.get_by_label("Engine file").focus();
    h.run_ok();
    h.key_press_modifiers(eframe::egui::Modifiers::COMMAND, eframe::egui::Key::A);
    h.run_ok();
    h.get_by_label("Engine file").type_text(&file.display().to_string());
    h.run_ok();
    click(&mut h, "Build engine");
    until_state(&mut h, "the build has ended", |s| {
        s.build.as_ref().is_some_and(|b| !b.is_running())
    });
    h.run_ok();
    h.get_by_label("✔ Engine built");
    // The phases are TensorRT's own, as a tree.
    h.get_by_label("Building engine");
    assert!(is_engine(&file));
    click(&mut h, "Show engine");
    until_state(&mut h, "the engine is open", |s| s.engine.is_some());
    settle(&mut h);
    assert_eq!(h.state().state().engine.as_ref().unwrap().path, file);
}

#[test]
fn layers_are_profiled_and_lead_to_their_nodes() {
    let mut h = studio(opening(digits()));
    settle(&mut h);
    step(&mut h, "Lab");
    click(&mut h, "Layers");
    h.get_by_label("No layers measured yet");
    click(&mut h, "Profile layers");
    until_state(&mut h, "the profile has ended", |s| {
        s.lab.profile.as_ref().is_some_and(|p| !p.job.is_running())
    });
    settle(&mut h);
    h.get_by_label_contains("Neither is the latency");
    h.get_by_label("Layers in order of execution, as wide as their share of the time");
    let run = h.state().state().lab.profile.as_ref().unwrap();
    let profile = &run.result.as_ref().unwrap().profile;
    assert_eq!(run.table.nodes.as_ref().unwrap().mapped(), profile.layers.len());
    // Sorted by share at first: the first row is the largest.
    let most = profile
        .layers
        .iter()
        .max_by(|a, b| a.share.total_cmp(&b.share))
        .unwrap();
    let (name, node) = (most.name.clone(), most.node.clone().unwrap());
    let rows: Vec<String> = h
        .get_all_by_label_contains("Show layer ")
        .filter_map(|n| n.accesskit_node().label())
        .collect();
    assert!(rows.contains(&format!("Show layer {name}")), "{rows:?}");
    h.get_all_by_label(&format!("Show layer {name}"))
        .next()
        .unwrap()
        .click();
    h.run_ok();
    settle(&mut h);
    assert_eq!(selected(&h), node);
    h.get_by_label_contains("of the layers' time, ");
    click(&mut h, "Paint graph by time");
    assert_eq!(h.state().state().paint, PaintChoice::Time);
}

#[test]
fn a_target_that_only_builds_here_cannot_be_profiled_and_says_why() {
    if has_gpu() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut h = studio(opening(rtx_recipe(&dir)));
    settle(&mut h);
    step(&mut h, "Lab");
    click(&mut h, "Layers");
    click(&mut h, "Profile layers");
    until_state(&mut h, "the profile has ended", |s| {
        s.lab.profile.as_ref().is_some_and(|p| !p.job.is_running())
    });
    h.run_ok();
    h.get_by_label_contains("The profile could not start: the target is not available");
    h.get_by_label_contains("no NVIDIA driver");
}
