//! Shapes of the recipe: what is typed counts when it is done, one cell at a time.

use crate::{click, digits, opening, settle, step, studio, until_state};
use eframe::egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use enginesmith::graph::Graph;
use enginesmith::graph::sized::Counted;
use enginesmith::model::Model;
use enginesmith::recipe::Recipe;
use enginesmith::studio::Studio;
use enginesmith::studio::state::PaintChoice;
use std::sync::Arc;

fn recipe<'h>(h: &'h Harness<'_, Studio>) -> &'h Recipe {
    h.state().state().doc.as_ref().unwrap().recipe()
}

/// Types into a cell, key by key, and looks at the recipe after each.
fn type_in(h: &mut Harness<'_, Studio>, label: &str, text: &str) {
    h.get_by_label(label).scroll_to_me();
    h.run_ok();
    h.get_by_label(label).focus();
    h.run_ok();
    let before = recipe(h).profiles.clone();
    for c in text.chars() {
        h.get_by_label(label).type_text(&c.to_string());
        h.run_ok();
        assert_eq!(recipe(h).profiles, before, "nothing counts before it is done");
    }
}

fn range(h: &Harness<'_, Studio>, profile: usize) -> [u64; 3] {
    let range = &recipe(h).profiles[profile].inputs["input"];
    [range.min[0], range.opt[0], range.max[0]]
}

#[test]
fn what_is_typed_counts_on_enter_or_when_the_field_is_left_and_changes_nothing_else() {
    let mut h = studio(opening(digits()));
    settle(&mut h);
    step(&mut h, "Recipe");
    type_in(&mut h, "batch max", "640");
    h.key_press(Key::Enter);
    settle(&mut h);
    assert_eq!(range(&h, 0)[2], 640);
    let first = range(&h, 0)[0];
    // A smaller number than its neighbour stays as it was typed, and so does the neighbour; what is wrong is said.
    type_in(&mut h, "batch opt", "700");
    click(&mut h, "batch min");
    settle(&mut h);
    assert_eq!(range(&h, 0), [first, 700, 640]);
    h.get_by_label_contains("batch: opt 700 is larger than max 640");
    type_in(&mut h, "batch opt", "320");
    h.key_press(Key::Enter);
    settle(&mut h);
    assert_eq!(range(&h, 0), [first, 320, 640]);
    assert!(h.query_by_label_contains("is larger than max").is_none());
    // Escape gives the old number back; what is no number does not count.
    type_in(&mut h, "batch opt", "9");
    h.key_press(Key::Escape);
    settle(&mut h);
    assert_eq!(range(&h, 0), [first, 320, 640]);
    type_in(&mut h, "batch opt", "many");
    h.key_press(Key::Enter);
    settle(&mut h);
    assert_eq!(range(&h, 0), [first, 320, 640]);
    // One step of undo takes one cell back.
    h.key_press_modifiers(eframe::egui::Modifiers::COMMAND, Key::Z);
    settle(&mut h);
    assert_eq!(range(&h, 0), [first, 700, 640]);
}

#[test]
fn profiles_are_added_and_presets_set_a_row() {
    let mut h = studio(opening(digits()));
    settle(&mut h);
    step(&mut h, "Recipe");
    type_in(&mut h, "batch max", "8");
    h.key_press(Key::Enter);
    settle(&mut h);
    click(&mut h, "Add profile");
    settle(&mut h);
    assert_eq!(recipe(&h).profiles.len(), 2);
    h.get_by_label("Presets for batch").scroll_to_me();
    h.run_ok();
    click(&mut h, "Presets for batch");
    click(&mut h, "1 to 32, optimized for 8");
    settle(&mut h);
    assert_eq!(range(&h, 1), [1, 8, 32]);
    assert_eq!(range(&h, 0)[2], 8, "the other profile stays");
    click(&mut h, "Remove profile");
    settle(&mut h);
    assert_eq!((recipe(&h).profiles.len(), range(&h, 0)[2]), (1, 8));
    click(&mut h, "Clear shape ranges");
    settle(&mut h);
    assert!(recipe(&h).profiles.is_empty());
}

#[test]
fn sizes_are_fixed_and_opened_by_patches_and_undo_takes_them_back() {
    let mut h = studio(opening(digits()));
    settle(&mut h);
    step(&mut h, "Recipe");
    type_in(&mut h, "batch max", "4");
    h.key_press(Key::Enter);
    settle(&mut h);
    h.get_by_label("Fix sizes for good").scroll_to_me();
    h.run_ok();
    click(&mut h, "Fix sizes for good");
    settle(&mut h);
    let applied = |h: &Harness<'_, Studio>| {
        let doc = h.state().state().doc.as_ref().unwrap();
        let inputs = doc.built().unwrap().axes.inputs.clone();
        (
            doc.recipe().patches.len(),
            doc.recipe().profiles.len(),
            inputs[0].dims.as_ref().unwrap()[0],
        )
    };
    let (patches, profiles, batch) = applied(&h);
    assert_eq!((patches, profiles), (1, 0));
    assert!(batch.is_some());
    // What was fixed can be opened.
    h.get_by_label("Open the batch").scroll_to_me();
    h.run_ok();
    click(&mut h, "Open the batch");
    settle(&mut h);
    assert_eq!(applied(&h), (2, 0, None));
    for _ in 0..2 {
        h.key_press_modifiers(eframe::egui::Modifiers::COMMAND, Key::Z);
        settle(&mut h);
    }
    assert_eq!(applied(&h), (0, 1, None));
}

#[test]
fn memory_and_products_are_shown_at_the_sizes_of_the_profile_and_painted() {
    let mut h = studio(opening(digits()));
    settle(&mut h);
    let figures = |h: &Harness<'_, Studio>| {
        let analysis = h.state().state().doc.as_ref().unwrap().analysis.as_ref().unwrap();
        (analysis.figures.total.macs, analysis.memory.activation_bytes)
    };
    let one = figures(&h);
    h.get_by_label_contains("float32 [batch, 1, 8, 8]");
    step(&mut h, "Recipe");
    for cell in ["batch max", "batch opt"] {
        type_in(&mut h, cell, "16");
        h.key_press(Key::Enter);
        settle(&mut h);
    }
    until_state(&mut h, "it is counted at 16", |s| {
        s.doc
            .as_ref()
            .unwrap()
            .analysis
            .as_ref()
            .is_some_and(|a| a.figures.total.macs == 16 * one.0)
    });
    // What does not hang on the batch (copies of weights) stays as it is, so the sum is not quite sixteen times as large.
    let graph = Graph::new(Arc::new(Model::open(&digits()).unwrap()));
    let counted = Counted::at(&graph, &[("input".to_owned(), vec![16, 1, 8, 8])].into());
    let bytes = figures(&h).1;
    assert_eq!(bytes, counted.memory.activation_bytes);
    assert!(bytes > 15 * one.1, "{bytes} {}", one.1);
    step(&mut h, "Model");
    h.get_by_label(&enginesmith::format::bytes(bytes));
    click(&mut h, "Paint by");
    click(&mut h, "Memory");
    settle(&mut h);
    assert_eq!(h.state().state().paint, PaintChoice::Memory);
}
