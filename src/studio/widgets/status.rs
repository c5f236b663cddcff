//! Empty and failed states.

use crate::format;
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::card;
use eframe::egui::{self, RichText, Ui};

/// What went wrong, as a panel shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failure {
    /// What happened, one sentence.
    pub what: String,
    /// Where: a file, a node, a stage.
    pub place: String,
    /// Why.
    pub why: String,
    /// What can be done.
    pub advice: String,
    /// Raw text, folded.
    pub raw: String,
}

/// A centred remark for a pane with nothing to show, with what to do about it.
pub fn empty(ui: &mut Ui, title: &str, advice: &str) {
    empty_with(ui, title, advice, |_| {});
}

/// As [`empty`], with a button or two below.
pub fn empty_with(ui: &mut Ui, title: &str, advice: &str, actions: impl FnOnce(&mut Ui)) {
    /// Longer lines are hard to read.
    const WIDEST: f32 = 560.0;
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.set_max_width(ui.available_width().min(WIDEST));
        ui.add_space((height / 2.0 - 6.0 * SPACE).max(SPACE));
        ui.label(RichText::new(title).strong());
        ui.add_space(HALF);
        ui.add(egui::Label::new(RichText::new(advice).color(Tokens::of(ui).weak)).wrap());
        ui.add_space(SPACE);
        actions(ui);
    });
}

/// A failed state: what, where, why, what can be done; raw text folded, with a copy button. `actions` adds buttons.
pub fn failure(ui: &mut Ui, of: &Failure, actions: impl FnOnce(&mut Ui)) {
    let tokens = Tokens::of(ui);
    card(ui, Some(tokens.error), |ui| {
        ui.label(RichText::new(format!("⛔ {}", of.what)).strong().color(tokens.error));
        if !of.place.is_empty() {
            ui.add(egui::Label::new(RichText::new(&of.place).monospace()).wrap());
        }
        if !of.why.is_empty() {
            ui.add_space(HALF);
            ui.add(egui::Label::new(format::sentence(&of.why)).wrap());
        }
        if !of.advice.is_empty() {
            ui.add_space(HALF);
            ui.add(egui::Label::new(RichText::new(&of.advice).color(tokens.weak)).wrap());
        }
        ui.add_space(HALF);
        ui.horizontal_wrapped(actions);
        if !of.raw.is_empty() {
            egui::CollapsingHeader::new("Raw text")
                .id_salt(&of.what)
                .show(ui, |ui| {
                    if ui.button("Copy raw text").clicked() {
                        ui.ctx().copy_text(of.raw.clone());
                    }
                    ui.add(egui::Label::new(RichText::new(&of.raw).monospace()).wrap());
                });
        }
    });
}
