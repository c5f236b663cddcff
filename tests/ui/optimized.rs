//! The graph as ONNX Runtime optimized it, against the one that went in.

use crate::flows::recipe;
use crate::{click, opening, settle, studio, until_state};
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use enginesmith::studio::canvas::Side;

#[test]
fn the_optimized_graph_is_shown_against_what_went_in() {
    let dir = tempfile::tempdir().unwrap();
    let library = crate::support::onnxruntime_library();
    let lines = format!(
        "target.name = \"onnxruntime-cpu\"\nbuild.options.library = {:?}\n",
        library.display().to_string()
    );
    let mut h = studio(opening(recipe(&dir, &lines)));
    settle(&mut h);
    let nodes = |s: &enginesmith::studio::state::State| s.doc.as_ref().unwrap().shown().unwrap().graph.nodes.len();
    let before = nodes(h.state().state());
    h.key_press_modifiers(Modifiers::COMMAND, Key::K);
    h.run_ok();
    h.get_by_label("Type a command").type_text("show optimized");
    h.run_ok();
    h.key_press(Key::Enter);
    until_state(&mut h, "the optimized graph is there", |s| {
        s.doc.as_ref().is_some_and(|d| d.optimized().is_some())
    });
    settle(&mut h);
    let doc = h.state().state().doc.as_ref().unwrap();
    let graph = &doc.shown().unwrap().graph;
    assert!(
        graph.nodes.len() < before,
        "{} nodes, {before} before",
        graph.nodes.len()
    );
    assert!(
        graph.nodes.iter().any(|n| n.domain.starts_with("com.microsoft")),
        "fused nodes"
    );
    let diff = doc.difference().unwrap();
    assert!(!diff.removed.is_empty() && !diff.changed.is_empty());
    click(&mut h, "Before optimizing");
    settle(&mut h);
    assert_eq!(h.state().state().doc.as_ref().unwrap().side, Side::Before);
    assert_eq!(nodes(h.state().state()), before);
    click(&mut h, "Leave optimized graph");
    settle(&mut h);
    assert!(h.state().state().doc.as_ref().unwrap().optimized().is_none());
    assert_eq!(nodes(h.state().state()), before);
}
