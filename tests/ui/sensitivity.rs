//! From a precision to the layers that lose accuracy, and keeping them.

use crate::flows::recipe;
use crate::{click, digits, opening, settle, step, studio, until_state};
use eframe::egui::Key;
use eframe::egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use enginesmith::recipe::Lowering;
use enginesmith::rewrite::PatchSpec;
use enginesmith::studio::Studio;
use enginesmith::studio::{jobs::Ending, model::document::Document, state::PaintChoice};

fn doc<'a>(h: &'a Harness<'static, Studio>) -> &'a Document {
    h.state().state().doc.as_ref().unwrap()
}

fn excluded(patches: &[PatchSpec]) -> &[String] {
    match patches.iter().find(|p| p.is_precision()) {
        Some(PatchSpec::Cast(spec)) => &spec.exclude,
        Some(PatchSpec::Quantize(spec)) => &spec.exclude,
        _ => &[],
    }
}

fn searched(h: &mut Harness<'static, Studio>) {
    until_state(h, "the search has ended", |s| {
        s.sensitivity.job.as_ref().is_some_and(|j| !j.is_running())
    });
    let ending = &h.state().state().sensitivity.job.as_ref().unwrap().ending;
    assert!(matches!(ending, Some(Ending::Done(_))), "{ending:?}");
    h.run_ok();
}

#[test]
fn layers_are_ranked_painted_and_the_worst_are_kept() {
    let mut h = studio(opening(digits().with_file_name("recipe.toml")));
    settle(&mut h);
    step(&mut h, "Recipe");
    click(&mut h, "Sensitive layers");
    let find = h.get_by_label("Find sensitive layers");
    assert!(
        egui_kittest::kittest::NodeT::accesskit_node(&find).is_disabled(),
        "nothing is lowered yet"
    );
    h.get_by_role_and_label(Role::Button, "INT8").click();
    until_state(&mut h, "the patch is there", |s| {
        Lowering::is_patched(s.doc.as_ref().unwrap().recipe())
    });
    settle(&mut h);
    click(&mut h, "Find sensitive layers");
    searched(&mut h);
    let state = h.state().state();
    assert_eq!(state.paint, PaintChoice::Sensitivity);
    let found = state.sensitivity.found.clone().unwrap();
    assert!(found.layers.len() > 3 && found.ranking.len() == found.layers.len());
    // The row of the worst says its error.
    let worst = &found.layers[found.ranking[0]].layer;
    h.get_by_label_contains(&format!("Layer {} {}: 0.", worst.name, worst.op_type));
    // The slider keeps it, in one step of undo.
    let before = doc(&h).recipe().clone();
    let slider = "Worst layers kept in higher precision";
    h.get_by_role_and_label(Role::Slider, slider).focus();
    h.run_ok();
    h.key_press(Key::ArrowRight);
    h.run_ok();
    settle(&mut h);
    let kept = excluded(&doc(&h).recipe().patches).to_vec();
    assert_eq!(kept, worst.nodes);
    h.get_by_label_contains(", kept");
    click(&mut h, "Undo recipe edit");
    settle(&mut h);
    assert!(*doc(&h).recipe() == before, "undo takes it back");
}

#[test]
fn the_fewest_layers_under_a_limit_are_kept_with_a_click() {
    let mut h = studio(opening(digits().with_file_name("recipe.toml")));
    settle(&mut h);
    step(&mut h, "Recipe");
    h.get_by_role_and_label(Role::Button, "INT8").click();
    until_state(&mut h, "the patch is there", |s| {
        Lowering::is_patched(s.doc.as_ref().unwrap().recipe())
    });
    settle(&mut h);
    click(&mut h, "Sensitive layers");
    h.get_by_label("Limit").type_text("2");
    h.run_ok();
    let start = h.get_by_label("Search under limit");
    assert!(
        egui_kittest::kittest::NodeT::accesskit_node(&start).is_disabled(),
        "no cosine is 2"
    );
    h.get_by_label("Limit").focus();
    h.run_ok();
    h.key_press(Key::Backspace);
    h.run_ok();
    h.get_by_label("Limit").type_text("0.9");
    h.run_ok();
    click(&mut h, "Search under limit");
    searched(&mut h);
    let found = h.state().state().sensitivity.found.clone().unwrap();
    let trial = &found.trials[found.found.expect("quantized digits reach a cosine of 0.9")];
    h.get_by_label_contains("cosine=0.9 holds with");
    click(&mut h, "Keep these");
    settle(&mut h);
    let nodes: usize = found.layers_at(&trial.kept).iter().map(|l| l.nodes.len()).sum();
    assert_eq!(excluded(&doc(&h).recipe().patches).len(), nodes);
}

#[test]
fn the_mixes_found_are_measured_with_a_click() {
    let dir = tempfile::tempdir().unwrap();
    let data = |name: &str| digits().with_file_name(name).display().to_string();
    let lines = format!(
        "bench.duration_s = 0.1\nbench.rounds = 1\nbench.warmup_ms = 1.0\n\
         [data.calibration]\npath = {:?}\ninputs.input = \"images\"\nlimit = 64\n",
        data("calibration.npz"),
    );
    let mut h = studio(opening(recipe(&dir, &lines)));
    settle(&mut h);
    step(&mut h, "Recipe");
    h.get_by_role_and_label(Role::Button, "INT8").click();
    until_state(&mut h, "the patch is there", |s| {
        Lowering::is_patched(s.doc.as_ref().unwrap().recipe())
    });
    settle(&mut h);
    click(&mut h, "Sensitive layers");
    click(&mut h, "Find sensitive layers");
    searched(&mut h);
    h.get_by_label_contains("against share of multiply-accumulates lowered, %");
    // What it takes is said before.
    let trials = h.state().state().sensitivity.found.as_ref().unwrap().trials.len();
    assert!(trials > 2);
    h.get_by_label_contains("s, and builds");
    click(&mut h, "Measure latency");
    until_state(&mut h, "the mixes are measured", |s| {
        s.sensitivity.measuring.as_ref().is_some_and(|j| !j.is_running())
    });
    h.run_ok();
    let mixes = h.state().state().sensitivity.mixes.clone().expect("measured");
    assert!(
        mixes.comparison.variants.iter().all(|v| v.statistics.samples > 0),
        "{mixes:?}"
    );
    h.get_by_label_contains(&format!("against latency, ms (measured on {})", mixes.target()));
    // The sentence says what came of it, also where lower is slower.
    h.get_by_label_contains(&format!(" {}", mixes.headline()));
}

#[test]
fn a_variant_that_loses_accuracy_leads_to_its_layers() {
    let dir = tempfile::tempdir().unwrap();
    let data = |name: &str| digits().with_file_name(name).display().to_string();
    let lines = format!(
        "bench.duration_s = 0.1\nbench.rounds = 1\nbench.warmup_ms = 1.0\nbench.shapes.input = [8, 1, 8, 8]\n\
         [data.calibration]\npath = {:?}\ninputs.input = \"images\"\n[data.test]\npath = {:?}\ninputs.input = \"images\"\nlimit = 64\n\
         [[variant]]\nname = \"full\"\n[[variant]]\nname = \"eight\"\nbuild.precision = \"int8\"\n",
        data("calibration.npz"),
        data("test.npz")
    );
    let mut h = studio(opening(recipe(&dir, &lines)));
    settle(&mut h);
    step(&mut h, "Lab");
    click(&mut h, "Compare variants");
    until_state(&mut h, "the comparison has ended", |s| {
        s.lab.result.is_some() && !s.lab.is_running()
    });
    let result = h.state().state().lab.result.clone().unwrap();
    assert!(result.variants.iter().all(|v| v.error.is_none()), "{result:?}");
    assert!(result.variants[1].differs() && !result.variants[0].differs());
    click(&mut h, "Variants");
    click(&mut h, "Find layers that lose accuracy in eight");
    searched(&mut h);
    h.get_by_label_contains("variant eight · ");
    let before = doc(&h).recipe().patches.clone();
    h.get_by_role_and_label(Role::Slider, "Worst layers kept in higher precision")
        .focus();
    h.run_ok();
    h.key_press(Key::ArrowRight);
    h.run_ok();
    // Only that variant is changed.
    assert_eq!(doc(&h).recipe().patches, before);
    let variants = doc(&h).recipe().resolve_variants().unwrap();
    assert!(!Lowering::is_patched(&variants[0].1));
    assert!(!excluded(&variants[1].1.patches).is_empty());
}
