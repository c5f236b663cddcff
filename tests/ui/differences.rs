//! Where a variant differs: from a button to the node that is at fault.

use crate::support::onnx::{floats, node, value, write};
use crate::{click, opening, settle, studio, until_state};
use egui_kittest::kittest::Queryable;
use enginesmith::model::DataType;
use enginesmith::model::onnx::GraphProto;
use enginesmith::studio::Options;
use enginesmith::studio::shell::layout::Pane;
use enginesmith::studio::state::{PaintChoice, Selection};
use std::path::{Path, PathBuf};

/// A recipe whose model divides what FP16 cannot hold, lowered as a whole and run by the embedded engine's reference too.
fn recipe(folder: &Path) -> PathBuf {
    let graph = GraphProto {
        name: Some("g".into()),
        input: vec![value("x", DataType::Float32, &[1, 8])],
        output: vec![value("y", DataType::Float32, &[1, 8])],
        initializer: vec![floats("many", &[], &[90_000.0]), floats("few", &[], &[300.0])],
        node: vec![
            node("Relu", &["x"], &["positive"]),
            node("Mul", &["positive", "few"], &["scaled"]),
            node("Mul", &["scaled", "few"], &["far"]),
            node("Div", &["far", "many"], &["y"]),
        ],
        ..Default::default()
    };
    write(&folder.join("far.onnx"), graph);
    let library = crate::support::onnxruntime_library();
    let text = format!(
        "version = 1\n[model]\npath = \"far.onnx\"\n[target]\nname = \"onnxruntime-cpu\"\n[build.options]\nlibrary = {:?}\n\
         [[patch]]\nkind = \"cast\"\nto = \"fp16\"\ninclude = [\"*\"]\nkeep_io_types = true\n\
         [accuracy]\nreference.name = \"embedded\"\n",
        library.display().to_string()
    );
    let path = folder.join("far.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_node_at_fault_is_named_painted_and_a_click_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut h = studio(Options {
        pane: Some(Pane::Differences),
        ..opening(recipe(folder.path()))
    });
    settle(&mut h);
    h.get_by_label("Not compared yet");
    click(&mut h, "Find where it differs");
    until_state(&mut h, "tensors are compared", |s| {
        s.lab.difference.as_ref().is_some_and(|d| d.result.is_some())
    });
    settle(&mut h);
    h.get_by_label_contains("First bad node: /far/Mul (Mul)");
    h.get_by_label_contains("the node itself is at fault");
    h.get_by_label("Show tensor scaled");
    click(&mut h, "Paint graph by error");
    assert_eq!(h.state().state().paint, PaintChoice::Error);
    click(&mut h, "Go to first bad node");
    settle(&mut h);
    let state = h.state().state();
    let Selection::Node(id) = state.selection else {
        panic!("no node is selected: {:?}", state.selection)
    };
    let graph = &state.doc.as_ref().unwrap().shown().unwrap().graph;
    assert_eq!(&*graph.node(id).name, "/far/Mul");
    // The inspector has its weights and its values in both engines.
    h.get_by_label("⛔ First bad node");
    h.get_by_label_contains("Weights few");
    h.get_by_label_contains("Makes far, reference");
    h.get_by_label_contains("Makes far, variant");
}
