//! The bar over the canvas: what colours stand for, and which side of the recipe's patches is shown.

use crate::format;
use crate::rewrite::GraphDiff;
use crate::studio::canvas::Side;
use crate::studio::command::CommandId;
use crate::studio::state::{Action, PaintChoice, State};
use crate::studio::theme::{SPACE, Tokens};
use eframe::egui::{self, ComboBox, RichText, Ui};

/// Draws the bar.
pub fn show(ui: &mut Ui, state: &mut State) {
    let t = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.add_space(SPACE);
        ui.label(RichText::new("Paint by").small().color(t.weak));
        ui.name_inputs("Paint by", |ui| {
            ComboBox::from_id_salt("paint by")
                .width(170.0)
                .selected_text(state.paint.title())
                .show_ui(ui, |ui| {
                    for choice in PaintChoice::ALL {
                        ui.selectable_value(&mut state.paint, choice, choice.title());
                    }
                });
        });
        if optimized(ui, state) {
            return;
        }
        let Some(doc) = &state.doc else { return };
        if doc.recipe().patches.is_empty() {
            return;
        }
        ui.separator();
        if doc.patched.is_running() {
            ui.spinner();
            ui.label("Applying patches");
            return;
        }
        let Some(applied) = doc.patched.applied() else {
            ui.label(RichText::new("⛔ Patches not applied").color(t.error))
                .on_hover_text(doc.patched.failure().unwrap_or_default());
            return;
        };
        let words = difference(&applied.diff, doc.side);
        let mut side = doc.side;
        ui.selectable_value(&mut side, Side::Before, "Original")
            .on_hover_text("The model as opened; what the patches remove is marked");
        ui.selectable_value(&mut side, Side::After, "Patched")
            .on_hover_text("The model that is checked and built; what the patches add is marked");
        if side != doc.side {
            state.actions.push(Action::Run(CommandId::Turn));
        }
        ui.add(egui::Label::new(RichText::new(words).small().color(t.weak)).truncate());
    });
}

/// The optimized graph, on its way or shown; false when there is none of it.
fn optimized(ui: &mut Ui, state: &mut State) -> bool {
    let t = Tokens::of(ui);
    let Some(doc) = &state.doc else { return false };
    let mut command = None;
    if let Some(running) = doc.optimized.as_ref().filter(|o| o.is_running()) {
        ui.separator();
        ui.spinner();
        ui.label("Optimizing");
        if !running.job.is_cancelling() && ui.small_button("Stop optimizing").clicked() {
            command = Some(CommandId::CancelOptimize);
        }
    } else if let Some(opened) = doc.optimized() {
        ui.separator();
        let mut side = doc.side;
        ui.selectable_value(&mut side, Side::Before, "Before optimizing")
            .on_hover_text("What ONNX Runtime was given; what it removes is marked");
        ui.selectable_value(&mut side, Side::After, "Optimized")
            .on_hover_text("What ONNX Runtime runs; what it adds or changes is marked");
        if side != doc.side {
            command = Some(CommandId::Turn);
        }
        if ui.small_button("Leave optimized graph").clicked() {
            command = Some(CommandId::CloseOptimized);
        }
        let words = difference(&opened.diff, doc.side);
        ui.add(egui::Label::new(RichText::new(words).small().color(t.weak)).truncate());
    } else {
        return false;
    }
    state.actions.extend(command.map(Action::Run));
    true
}

/// What is marked on a side, in words.
fn difference(diff: &GraphDiff, side: Side) -> String {
    let (own, word) = match side {
        Side::Before => (diff.removed.len(), "removed"),
        Side::After => (diff.added.len(), "added"),
    };
    match (own, diff.changed.len()) {
        (0, 0) if side == Side::Before => "nothing removed or changed".into(),
        (0, 0) => "nothing added or changed".into(),
        (own, changed) => format!(
            "{} {word}, {} changed",
            format::count(own as u64),
            format::count(changed as u64)
        ),
    }
}
