//! The recipe panel's target: which one, which version, where it runs; the versions found with what each can do here.

use crate::engine::{TargetInfo, Usable};
use crate::recipe::Recipe;
use crate::studio::recipe::panel::{Here, Looks, here, is_version};
use crate::studio::theme::{HALF, Tokens};
use crate::studio::widgets::{name, note};
use eframe::egui::{self, ComboBox, RichText, TextEdit, Ui};

/// Target, version, what was found, and prefix.
pub fn target(ui: &mut Ui, recipe: &mut Recipe, looks: &Looks<'_>) {
    let local = recipe.target.via.is_none();
    ui.horizontal(|ui| {
        ui.name_inputs("Target", |ui| {
            ComboBox::from_id_salt("target")
                .width(150.0)
                .selected_text(&recipe.target.name)
                .show_ui(ui, |ui| {
                    for info in looks.targets {
                        choice(ui, recipe, info, local);
                    }
                });
        });
        let versions = looks.target.map(|t| t.found.as_slice()).unwrap_or_default();
        let words = recipe.target.version.clone().unwrap_or_else(|| "newest found".into());
        ui.name_inputs("Target version", |ui| {
            ComboBox::from_id_salt("version")
                .width(110.0)
                .selected_text(words)
                .show_ui(ui, |ui| {
                    ui.selectable_value(&mut recipe.target.version, None, "newest found");
                    for found in versions {
                        ui.selectable_value(&mut recipe.target.version, Some(found.version.clone()), &found.version);
                    }
                });
        });
    });
    if local && let Some(info) = looks.target {
        found(ui, recipe, info);
    }
    ui.horizontal(|ui| {
        let mut text = recipe.target.via.clone().unwrap_or_default();
        let label = ui.label("Run behind");
        let response = ui
            .add(
                TextEdit::singleline(&mut text)
                    .hint_text("nothing: on this machine")
                    .desired_width(f32::INFINITY),
            )
            .labelled_by(label.id)
            .on_hover_text("A command prefix, such as: ssh gpu-box");
        if response.changed() {
            recipe.target.via = (!text.trim().is_empty()).then(|| text.clone());
        }
    });
}

/// A target of the list. One that is not here can still be chosen: models are checked for it by the table of rules.
fn choice(ui: &mut Ui, recipe: &mut Recipe, info: &TargetInfo, local: bool) {
    let chosen = recipe.target.name == info.name;
    let (words, why) = match here(info, None) {
        _ if !local => (info.name.clone(), None),
        Here::Runs => (info.name.clone(), None),
        Here::Builds(why) => (format!("{}, builds only", info.name), Some(why)),
        Here::Nothing(why) => (format!("{}, checks only", info.name), Some(why)),
    };
    let mut response = ui.add(egui::Button::selectable(chosen, words));
    if let Some(why) = why {
        response = response.on_hover_text(why);
    }
    if response.clicked() && !chosen {
        recipe.target.name = info.name.clone();
        recipe.target.version = None;
        recipe.build.options.clear();
    }
}

/// Every version found with what it can do here; how to get one when there is none.
fn found(ui: &mut Ui, recipe: &Recipe, info: &TargetInfo) {
    let t = Tokens::of(ui);
    let asked = recipe.target.version.as_deref();
    let of_interest = |f: &&crate::engine::Found| asked.is_none_or(|v| is_version(&f.version, v));
    for found in info.found.iter().filter(of_interest) {
        let (icon, colour, words, why) = match &found.usable {
            Usable::Yes => ("✔", t.success, "builds and runs here", None),
            Usable::BuildOnly(why) => ("⚠", t.warning, "builds only", Some(why)),
            Usable::No(why) => ("⛔", t.error, "cannot be used", Some(why)),
        };
        ui.horizontal(|ui| {
            ui.label(RichText::new(icon).color(colour));
            ui.label(RichText::new(&found.version).monospace());
            ui.label(RichText::new(words).color(colour));
        });
        if why.is_none() && found.path.is_none() {
            continue;
        }
        ui.indent(("found", &found.version, &found.path), |ui| {
            if let Some(why) = why {
                note(ui, why.clone());
            }
            if let Some(path) = &found.path {
                name(ui, &path.display().to_string());
            }
        });
    }
    let missing = info.found.is_empty() || asked.is_some_and(|v| !info.found.iter().any(|f| is_version(&f.version, v)));
    if missing && let Here::Nothing(why) = here(info, asked) {
        note(ui, format!("⚠ {why}"));
        note(ui, "Models can still be checked for it, by the table of rules.");
    }
    ui.add_space(HALF);
}
