//! Pictures of the studio with real models, in both themes. No times and no measurements are in them.

use crate::{click, digits, opening, settle, step, studio_of, until_state};
use eframe::egui::{self, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use enginesmith::studio::{Options, Studio};

fn picture(mut harness: Harness<'static, Studio>, name: &str) {
    settle(&mut harness);
    // The pointer is out of the way, and motion has ended.
    harness.remove_cursor();
    harness.run_steps(20);
    harness.snapshot(format!("studio_{name}"));
}

#[test]
fn empty() {
    picture(
        studio_of(Options::default(), vec2(1280.0, 800.0), Theme::Dark),
        "empty_dark",
    );
}

#[test]
fn model() {
    picture(
        studio_of(opening(digits()), vec2(1280.0, 800.0), Theme::Light),
        "model_light",
    );
}

#[test]
fn check() {
    let mut h = studio_of(opening(digits()), vec2(1920.0, 1080.0), Theme::Dark);
    settle(&mut h);
    step(&mut h, "Check");
    picture(h, "check_dark_1080");
}

#[test]
fn recipe() {
    let demo = digits().with_file_name("recipe.toml");
    let mut h = studio_of(opening(demo), vec2(1920.0, 1080.0), Theme::Light);
    settle(&mut h);
    step(&mut h, "Recipe");
    picture(h, "recipe_light_1080");
}

#[test]
fn palette() {
    let mut h = studio_of(opening(digits()), vec2(1280.0, 800.0), Theme::Dark);
    settle(&mut h);
    click(&mut h, "Search commands");
    h.get_by_label("Type a command").type_text("co");
    picture(h, "palette_dark");
}

#[test]
fn patched() {
    let mut h = studio_of(opening(digits()), vec2(1280.0, 800.0), Theme::Dark);
    settle(&mut h);
    step(&mut h, "Recipe");
    h.get_by_label("Add patch").scroll_to_me();
    h.run_ok();
    click(&mut h, "Add patch");
    click(&mut h, "Remove nodes that do nothing");
    settle(&mut h);
    click(&mut h, "Search commands");
    h.get_by_label("Type a command").type_text("fit graph");
    h.run_ok();
    h.key_press(egui::Key::Enter);
    settle(&mut h);
    h.get_by_role_and_label(egui::accesskit::Role::ComboBox, "Paint by")
        .click();
    h.run_ok();
    click(&mut h, "What the target takes");
    picture(h, "patched_dark");
}

#[test]
fn ranges() {
    let demo = digits().with_file_name("recipe.toml");
    let mut h = studio_of(opening(demo), vec2(1920.0, 1080.0), Theme::Dark);
    settle(&mut h);
    step(&mut h, "Recipe");
    h.get_by_role_and_label(egui::accesskit::Role::Button, "INT8").click();
    until_state(&mut h, "the patch is there", |s| {
        enginesmith::recipe::Lowering::is_patched(s.doc.as_ref().unwrap().recipe())
    });
    settle(&mut h);
    h.get_by_label_contains("/layer1/layer1.0/conv1/Conv Conv: ").click();
    h.run_ok();
    picture(h, "ranges_dark_1080");
}
