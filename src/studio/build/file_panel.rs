//! The engine file of a build: whether one is written, where, and what becomes of one that is there.

use crate::files::is_same;
use crate::studio::build::file;
use crate::studio::state::State;
use crate::studio::theme::HALF;
use crate::studio::widgets::{field, note};
use eframe::egui::{TextEdit, Ui};

/// Draws the part of the Build panel.
pub fn show(ui: &mut Ui, state: &mut State) {
    let Some(doc) = &state.doc else { return };
    let (recipe, choice) = (doc.recipe(), &mut state.engine_file);
    let mut wanted = choice.is_wanted(recipe);
    if ui.checkbox(&mut wanted, "Write engine file").changed() {
        choice.wanted = Some(wanted);
    }
    if !wanted {
        note(ui, "The engine is built and tried in the worker; nothing is written.");
        return;
    }
    let named = choice.named(recipe);
    let mut text = choice.typed.clone().unwrap_or_else(|| named.display().to_string());
    let edit = TextEdit::singleline(&mut text).desired_width(f32::INFINITY);
    let response = field(ui, "Engine file", edit);
    if response.changed() {
        choice.typed = Some(text);
    }
    response.on_hover_text(named.display().to_string());
    if file::exists(&named) {
        if is_same(&named, &recipe.model.path) {
            note(ui, "⚠ That is the model itself, which is kept.");
        } else {
            ui.horizontal(|ui| {
                ui.label("This file exists");
                ui.selectable_value(&mut choice.replace, false, "Keep existing");
                ui.selectable_value(&mut choice.replace, true, "Replace");
            });
        }
        if let Some(output) = choice.output(recipe).filter(|o| o.path != named) {
            let name = output.path.file_name().unwrap_or_default().to_string_lossy();
            note(ui, format!("The new engine is written beside it: {name}"));
        }
    }
    ui.add_space(HALF);
}
