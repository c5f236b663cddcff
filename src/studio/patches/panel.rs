//! The recipe panel's patches: what each did and why, dropping one, adding those that need no choices.

use crate::check::lacks;
use crate::format;
use crate::recipe::Recipe;
use crate::rewrite::PatchSpec;
use crate::studio::patches::patched::Step;
use crate::studio::recipe::panel::Looks;
use crate::studio::theme::{HALF, Tokens};
use crate::studio::widgets::{card, name, note};
use eframe::egui::{self, CollapsingHeader, RichText, Ui};

/// Notes listed per patch.
const NOTES: usize = 100;

/// The patches in order. True when all that clean up should be added; `blocked` says why they cannot be now.
pub fn patches(ui: &mut Ui, recipe: &mut Recipe, looks: &Looks<'_>, blocked: Option<&str>) -> bool {
    if recipe.patches.is_empty() {
        note(
            ui,
            "None. Findings offer the ones that help; folding constants never changes results.",
        );
    }
    let t = Tokens::of(ui);
    let applied = looks.patched.applied();
    let mut remove = None;
    for (i, patch) in recipe.patches.iter().enumerate() {
        card(ui, None, |ui| {
            ui.horizontal(|ui| {
                ui.add(egui::Label::new(RichText::new(format!("{}. {}", i + 1, patch.label())).strong()).truncate());
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let button = ui.add(egui::Button::new("Drop").fill(t.hover));
                    let label = format!("Drop patch {}", i + 1);
                    button.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &label));
                    if button
                        .on_hover_text("Takes the patch back; the model file was never changed")
                        .clicked()
                    {
                        remove = Some(i);
                    }
                });
            });
            if let Some(step) = applied.and_then(|a| a.steps.get(i)) {
                why(ui, i, step, &t);
            }
        });
    }
    if let Some(i) = remove {
        recipe.patches.remove(i);
    }
    if looks.patched.is_running() {
        ui.horizontal(|ui| {
            ui.spinner();
            ui.label("Applying patches");
        });
    }
    if let Some(why) = looks.patched.failure() {
        let text = format!("⛔ The patches cannot be applied: {why}");
        ui.add(egui::Label::new(RichText::new(text).color(t.error)).wrap());
    }
    let mut clean_up = false;
    ui.menu_button("Add patch", |ui| {
        let all = ui
            .add_enabled(blocked.is_none(), egui::Button::new("All that clean up"))
            .on_hover_text(
                "Tries the standard clean-up patches and adds those that change something; results stay the same",
            )
            .on_disabled_hover_text(blocked.unwrap_or_default());
        if all.clicked() {
            clean_up = true;
            ui.close();
        }
        ui.separator();
        for patch in PatchSpec::offered() {
            let has = recipe.patches.iter().any(|p| p.label() == patch.label());
            let target = &recipe.target;
            let why = match patch.makes() {
                _ if has => Some("It is in the list already".to_owned()),
                None => None,
                Some(op) => lacks(&target.name, target.version.as_deref(), op).ok().flatten(),
            };
            let button = ui.add_enabled(why.is_none(), egui::Button::new(patch.label()));
            let button = button.on_hover_text(patch.explanation());
            if button.on_disabled_hover_text(why.unwrap_or_default()).clicked() {
                // What lowers precision comes after what cleans up.
                let at = recipe.before_lowering().len();
                recipe.patches.insert(at, patch);
                ui.close();
            }
        }
    });
    clean_up
}

/// What a patch did, and its notes by node, folded.
fn why(ui: &mut Ui, index: usize, step: &Step, t: &Tokens) {
    ui.add(egui::Label::new(&step.summary).wrap());
    if step.notes.is_empty() {
        return;
    }
    let title = format!("Why, {}", format::plural(step.notes.len(), "note"));
    CollapsingHeader::new(RichText::new(title).small())
        .id_salt(("patch notes", index))
        .show(ui, |ui| {
            for (node, words) in step.notes.iter().take(NOTES) {
                name(ui, node);
                ui.add(egui::Label::new(RichText::new(words).small().color(t.weak)).wrap());
                ui.add_space(HALF);
            }
            if step.notes.len() > NOTES {
                let more = format::count((step.notes.len() - NOTES) as u64);
                note(ui, format!("and {more} more"));
            }
        });
}
