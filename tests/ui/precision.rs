//! Choosing a precision: the toggle is a patch, its effect is counted, every node has its reason, ranges are drawn.

use crate::flows::recipe;
use crate::{click, digits, opening, settle, step, studio, until_state};
use eframe::egui::accesskit::{Role, Toggled};
use eframe::egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use enginesmith::format;
use enginesmith::recipe::Lowering;
use enginesmith::rewrite::{Computes, PatchSpec};
use enginesmith::studio::Studio;
use enginesmith::studio::{
    jobs::Ending,
    model::document::Document,
    state::{PaintChoice, Selection},
};

fn doc<'a>(h: &'a Harness<'static, Studio>) -> &'a Document {
    h.state().state().doc.as_ref().unwrap()
}

fn choose(h: &mut Harness<'static, Studio>, name: &str) {
    h.get_by_role_and_label(Role::Button, name).click();
    h.run_ok();
}

/// The demo with its calibration data, at the Recipe step.
fn demo() -> Harness<'static, Studio> {
    let mut h = studio(opening(digits().with_file_name("recipe.toml")));
    settle(&mut h);
    step(&mut h, "Recipe");
    h
}

#[test]
fn fp16_is_a_patch_that_is_counted_painted_and_taken_back() {
    let mut h = demo();
    choose(&mut h, "FP16");
    settle(&mut h);
    assert!(matches!(&doc(&h).recipe().patches[..], [PatchSpec::Cast(_)]));
    assert_eq!(h.state().state().paint, PaintChoice::Precision);
    let before = doc(&h).analysis.as_ref().unwrap().counts.clone();
    let after = doc(&h).patched.applied().unwrap().analysis.counts.clone();
    assert!(after.nodes(Computes::Fp16) > 10 && before.nodes(Computes::Fp16) == 0);
    h.get_by_label(&format::bytes(before.weight_bytes));
    h.get_by_label(&format::bytes(after.weight_bytes));
    let share = format::significant(100.0 * after.lowered_share().unwrap());
    h.get_by_label(&format!("{share} %"));
    // The demo's target cannot run it, and says so without taking the choice away.
    h.get_by_label_contains("embedded cannot build this");
    h.get_by_label_contains("Recipe: FP16");
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    settle(&mut h);
    assert!(doc(&h).recipe().patches.is_empty());
    h.get_by_label_contains("Recipe: FP32");
    assert!(h.query_by_label_contains("embedded cannot build this").is_none());
}

#[test]
fn a_calibration_shows_what_values_tensors_take() {
    let mut h = demo();
    h.get_by_label("Calibrate").scroll_to_me();
    h.run_ok();
    click(&mut h, "Calibrate");
    until_state(&mut h, "the calibration has ended", |s| {
        s.precision.job.as_ref().is_some_and(|j| !j.is_running())
    });
    let state = h.state().state();
    let ending = &state.precision.job.as_ref().unwrap().ending;
    assert!(matches!(ending, Some(Ending::Done(_))), "{ending:?}");
    // FP32 stays what was chosen.
    assert!(doc(&h).recipe().patches.is_empty());
    h.run_ok();
    h.get_by_label_contains("samples of calibration.npz");
    assert!(h.query_by_label("Log axis").is_none());
    let (name, id) = {
        let graph = &doc(&h).shown().unwrap().graph;
        let at = graph.nodes.iter().position(|n| &*n.op_type == "Conv").unwrap();
        (graph.nodes[at].name.to_string(), at)
    };
    h.get_by_label_contains(&format!("{name} Conv: ")).click();
    h.run_ok();
    let selected = h.state().state().selection;
    assert!(
        matches!(selected, Selection::Node(n) if n.0 as usize == id),
        "{selected:?}"
    );
    h.get_by_label("Log axis").click();
    h.run_ok();
    assert_eq!(h.state().state().precision.log_axis, Some(false));
}

#[test]
fn int8_calibrates_first_and_gives_every_node_its_reason() {
    let mut h = demo();
    choose(&mut h, "INT8");
    until_state(&mut h, "the patch is there", |s| {
        Lowering::is_patched(s.doc.as_ref().unwrap().recipe())
    });
    settle(&mut h);
    let doc = doc(&h);
    assert!(matches!(doc.recipe().patches.last(), Some(PatchSpec::Quantize(_))));
    assert!(Lowering::source(doc.recipe()).unwrap().contains("calibration.npz"));
    let shown = doc.shown().unwrap();
    let mut reasons = 0;
    for (node, decision) in shown.graph.nodes.iter().zip(doc.decisions()) {
        if &*node.op_type == "Conv" {
            let int8 = decision.computes == Computes::Int8;
            assert_eq!(int8, decision.why.starts_with("INT8: "), "{decision:?}");
            reasons += 1;
        }
    }
    assert!(reasons > 3);
    // The table's row leads to the node, and the inspector gives the reason.
    let at = doc
        .decisions()
        .iter()
        .position(|d| d.computes == Computes::Int8)
        .unwrap();
    let why = doc.decisions()[at].why.clone();
    let node = &shown.graph.nodes[at];
    let label = format!("{} {}: {why}", node.name, node.op_type);
    let listed = h.query_all_by_label(&why).count();
    h.get_by_role_and_label(Role::Row, &label).click();
    h.run_ok();
    assert_eq!(
        h.state().state().selection,
        Selection::Node(enginesmith::graph::NodeId(at as u32))
    );
    assert_eq!(h.query_all_by_label(&why).count(), listed + 1);
    // Only what is asked for is listed.
    click(&mut h, "Show only FP32");
    assert!(h.query_by_role_and_label(Role::Row, &label).is_none());
    // One step takes it all back.
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    settle(&mut h);
    assert!(self::doc(&h).recipe().patches.is_empty());
}

#[test]
fn data_that_is_not_there_changes_nothing_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    let path = dir.path().join("empty").display().to_string();
    let mut h = studio(opening(recipe(&dir, &format!("data.calibration.path = {path:?}"))));
    settle(&mut h);
    step(&mut h, "Recipe");
    let before = doc(&h).recipe().clone();
    choose(&mut h, "INT8");
    until_state(&mut h, "the calibration has ended", |s| {
        s.precision.job.as_ref().is_some_and(|j| !j.is_running())
    });
    settle(&mut h);
    assert_eq!(*doc(&h).recipe(), before);
    h.get_by_label_contains("The calibration failed");
    let toggled = h.get_by_role_and_label(Role::Button, "FP32").accesskit_node().toggled();
    assert_eq!(toggled, Some(Toggled::True));
}

#[test]
fn without_data_it_says_what_generated_inputs_mean() {
    let mut h = studio(opening(digits()));
    settle(&mut h);
    step(&mut h, "Recipe");
    h.get_by_label_contains("inputs are generated at random");
}
