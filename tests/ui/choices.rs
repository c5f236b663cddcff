//! What a user chooses: patches and the side of them that is shown, colours, the engine file, the target.

use crate::flows::recipe;
use crate::{click, click_containing, digits, opening, settle, step, studio, until_state};
use egui_kittest::kittest::{NodeT, Queryable};
use enginesmith::studio::canvas::Side;
use enginesmith::studio::{jobs::Ending, state::PaintChoice};

#[test]
fn patches_say_what_they_did_and_both_sides_are_shown() {
    let mut h = studio(opening(digits()));
    settle(&mut h);
    assert!(h.query_by_label("Patched").is_none(), "no switch without patches");
    step(&mut h, "Recipe");
    h.get_by_label("Add patch").scroll_to_me();
    h.run_ok();
    click(&mut h, "Add patch");
    click(&mut h, "Remove nodes that do nothing");
    settle(&mut h);
    let doc = h.state().state().doc.as_ref().unwrap();
    let applied = doc.patched.applied().unwrap();
    let nodes = |a: &enginesmith::studio::model::document::Analysis| a.graph.nodes.len();
    let removed = applied.diff.removed.len();
    assert!(removed > 0, "the demo has nodes that do nothing");
    assert_eq!(
        nodes(&applied.analysis) + removed,
        nodes(doc.analysis.as_ref().unwrap())
    );
    assert_eq!(nodes(doc.shown().unwrap()), nodes(&applied.analysis));
    let summary = applied.steps[0].summary.clone();
    h.get_by_label(&summary);
    // The other side marks what is gone.
    click(&mut h, "Original");
    settle(&mut h);
    let doc = h.state().state().doc.as_ref().unwrap();
    assert_eq!(doc.side, Side::Before);
    assert_eq!(nodes(doc.shown().unwrap()), nodes(doc.analysis.as_ref().unwrap()));
    h.get_by_label_contains(&format!("{removed} removed"));
    // Dropping the patch is undoing it.
    h.get_by_label("Drop patch 1").scroll_to_me();
    h.run_ok();
    click(&mut h, "Drop patch 1");
    settle(&mut h);
    assert!(h.query_by_label("Patched").is_none());
    assert!(h.state().state().doc.as_ref().unwrap().recipe().patches.is_empty());
}

#[test]
fn all_clean_up_patches_are_added_at_once_and_taken_back_at_once() {
    let mut h = studio(opening(digits()));
    settle(&mut h);
    let nodes = h
        .state()
        .state()
        .doc
        .as_ref()
        .unwrap()
        .shown()
        .unwrap()
        .graph
        .nodes
        .len();
    step(&mut h, "Recipe");
    h.get_by_label("Add patch").scroll_to_me();
    h.run_ok();
    click(&mut h, "Add patch");
    click(&mut h, "All that clean up");
    until_state(&mut h, "patches are added", |s| {
        !s.doc.as_ref().unwrap().recipe().patches.is_empty()
    });
    settle(&mut h);
    let doc = h.state().state().doc.as_ref().unwrap();
    let applied = doc.patched.applied().unwrap();
    // Each of them changes something, and the demo has what they remove.
    assert_eq!(applied.steps.len(), doc.recipe().patches.len());
    assert!(applied.analysis.graph.nodes.len() < nodes);
    assert!(applied.steps.iter().all(|s| !s.summary.is_empty()));
    h.key_press_modifiers(eframe::egui::Modifiers::COMMAND, eframe::egui::Key::Z);
    settle(&mut h);
    let doc = h.state().state().doc.as_ref().unwrap();
    assert!(doc.recipe().patches.is_empty(), "one step of undo takes all back");
}

#[test]
fn the_view_stays_where_it_is_when_the_side_is_turned() {
    let mut h = studio(opening(digits()));
    settle(&mut h);
    let opened = h.state().camera();
    step(&mut h, "Recipe");
    h.get_by_label("Add patch").scroll_to_me();
    h.run_ok();
    click(&mut h, "Add patch");
    click(&mut h, "Remove nodes that do nothing");
    settle(&mut h);
    h.key_press_modifiers(eframe::egui::Modifiers::COMMAND, eframe::egui::Key::F);
    h.run_ok();
    h.get_by_label("Find node by name or operator").type_text("fc/Gemm");
    h.run_ok();
    h.key_press(eframe::egui::Key::Enter);
    settle(&mut h);
    let before = h.state().camera();
    assert!(
        (before.center - opened.center).length() > 1000.0,
        "the end of the graph"
    );
    for side in ["Original", "Patched"] {
        click(&mut h, side);
        settle(&mut h);
        let now = h.state().camera();
        // Two small nodes at the side come and go; the view does not leave the end of the graph.
        assert!(
            (now.center - before.center).length() < 300.0,
            "{side}: {before:?} {now:?}"
        );
        assert_eq!(now.zoom, before.zoom, "{side}");
    }
}

#[test]
fn build_options_are_offered_by_what_they_take() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = studio(opening(recipe(&dir, "target.name = \"tensorrt-rtx\"\n")));
    settle(&mut h);
    step(&mut h, "Recipe");
    let set = |h: &egui_kittest::Harness<'_, enginesmith::studio::Studio>, name: &str| {
        let recipe = h.state().state().doc.as_ref().unwrap().recipe();
        recipe.build.options.get(name).cloned()
    };
    h.get_by_label("Set optimization_level").scroll_to_me();
    h.run_ok();
    click(&mut h, "Set optimization_level");
    assert_eq!(set(&h, "optimization_level"), Some(toml::Value::Integer(3)));
    h.get_by_role_and_label(eframe::egui::accesskit::Role::ComboBox, "profiling_verbosity")
        .scroll_to_me();
    h.run_ok();
    h.get_by_role_and_label(eframe::egui::accesskit::Role::ComboBox, "profiling_verbosity")
        .click();
    h.run_ok();
    click(&mut h, "detailed");
    assert_eq!(set(&h, "profiling_verbosity"), Some("detailed".into()));
    let field = eframe::egui::accesskit::Role::TextInput;
    h.get_by_role_and_label(field, "compute_capability").focus();
    h.run_ok();
    h.get_by_role_and_label(field, "compute_capability").type_text("8.6");
    h.run_ok();
    assert_eq!(set(&h, "compute_capability"), Some("8.6".into()));
    click(&mut h, "Reset optimization_level");
    assert_eq!(set(&h, "optimization_level"), None);
}

#[test]
fn nodes_are_coloured_by_what_the_target_takes() {
    let mut h = studio(opening(digits()));
    settle(&mut h);
    h.get_by_role_and_label(eframe::egui::accesskit::Role::ComboBox, "Paint by")
        .click();
    h.run_ok();
    click(&mut h, "What the target takes");
    assert_eq!(h.state().state().paint, PaintChoice::Target);
}

#[test]
fn an_engine_file_is_written_and_an_existing_one_kept_or_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("prepared.onnx");
    std::fs::write(&path, "mine").unwrap();
    let mut h = studio(opening(recipe(&dir, "")));
    settle(&mut h);
    step(&mut h, "Build");
    click(&mut h, "Write engine file");
    let field = h.get_by_label("Engine file");
    assert!(
        field.value().unwrap().ends_with("digits.embedded-fp32.onnx"),
        "{:?}",
        field.value()
    );
    field.focus();
    h.run_ok();
    h.key_press_modifiers(eframe::egui::Modifiers::COMMAND, eframe::egui::Key::A);
    h.run_ok();
    h.get_by_label("Engine file").type_text(&path.display().to_string());
    h.run_ok();
    h.get_by_label_contains("prepared-2.onnx");
    let built = |h: &mut egui_kittest::Harness<'_, enginesmith::studio::Studio>| {
        click(h, "Build engine");
        until_state(h, "the build has ended", |s| {
            s.build.as_ref().is_some_and(|b| !b.is_running())
        });
        let ending = h.state().state().build.as_ref().unwrap().ending.clone();
        assert!(matches!(ending, Some(Ending::Done(_))), "{ending:?}");
        h.run_ok();
    };
    built(&mut h);
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    let beside = dir.path().join("prepared-2.onnx");
    assert!(beside.is_file());
    h.get_by_label("✔ Engine built");
    assert_eq!(h.state().state().built_file.as_deref(), Some(beside.as_path()));
    click(&mut h, "Replace");
    built(&mut h);
    assert_ne!(std::fs::read(&path).unwrap(), b"mine");
    assert_eq!(h.state().state().built_file.as_deref(), Some(path.as_path()));
}

#[test]
fn the_target_list_says_what_each_can_do_here() {
    let mut h = studio(opening(digits()));
    settle(&mut h);
    step(&mut h, "Recipe");
    h.get_by_label("builds and runs here");
    let missing = h
        .state()
        .state()
        .known_targets()
        .iter()
        .find(|t| t.found.is_empty())
        .cloned();
    // Data-center TensorRT is in no registry: a machine that has it has no missing target to show.
    let Some(missing) = missing else { return };
    h.get_by_role_and_label(eframe::egui::accesskit::Role::ComboBox, "Target")
        .click();
    h.run_ok();
    click(&mut h, &format!("{}, checks only", missing.name));
    settle(&mut h);
    click_containing(&mut h, "Recipe: ");
    h.get_by_label_contains(&format!("{} was not found. {}", missing.name, missing.install.unwrap()));
    h.get_by_label_contains("can still be checked for it");
    step(&mut h, "Build");
    let buttons: Vec<_> = h.get_all_by_label("Build engine").collect();
    assert!(buttons.iter().all(|b| b.accesskit_node().is_disabled()));
}
