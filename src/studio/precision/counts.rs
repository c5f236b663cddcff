//! What the patches change, in figures: nodes by type, weights, multiply-accumulates; before and after.

use crate::format;
use crate::rewrite::lowered::{Computes, Counts};
use crate::studio::lab::table::swatch;
use crate::studio::model::document::Document;
use crate::studio::sizes::known::words;
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::{card, note};
use eframe::egui::{self, Align, Grid, Layout, RichText, Ui};

/// Width of a column of figures: `1,234 MiB`, `not known`.
const FIGURE: f32 = 66.0;

/// Draws the figures.
pub fn show(ui: &mut Ui, doc: &Document) {
    let Some(before) = doc.analysis.as_ref().map(|a| &a.counts) else {
        note(ui, "Counted when the graph is built.");
        return;
    };
    let applied = doc.patched.applied().map(|a| &a.analysis.counts);
    let t = Tokens::of(ui);
    let patched = !doc.recipe().patches.is_empty();
    let later = |ui: &mut Ui, text: Option<String>| {
        if patched {
            figure(ui, &text.unwrap_or_else(|| waiting(doc)));
        }
    };
    ui.add_space(HALF);
    Grid::new("precision counts")
        .num_columns(3)
        .spacing([SPACE, HALF])
        .show(ui, |ui| {
            let head = |ui: &mut Ui, text: &str| right(ui, RichText::new(text).small().color(t.weak));
            ui.label(RichText::new("Nodes by what they compute in").small().color(t.weak));
            if patched {
                head(ui, "Before");
                head(ui, "After");
            } else {
                head(ui, "Now");
            }
            ui.end_row();
            let kinds = Computes::ALL
                .into_iter()
                .filter(|c| c.is_arithmetic() || *c == Computes::Converts);
            for c in kinds {
                let after = applied.map(|a| a.nodes(c));
                if before.nodes(c) == 0 && after.unwrap_or(0) == 0 {
                    continue;
                }
                ui.horizontal(|ui| {
                    swatch(ui, t.computes(c).unwrap_or(t.weak));
                    ui.label(c.name());
                });
                figure(ui, &format::count(before.nodes(c)));
                later(ui, after.map(format::count));
                ui.end_row();
            }
            ui.label("Weights");
            figure(ui, &format::bytes(before.weight_bytes));
            later(ui, applied.map(|a| format::bytes(a.weight_bytes)));
            ui.end_row();
            ui.label("MACs lowered").on_hover_text(
                "Share of the multiply-accumulates that are computed in less than 32 bits: the bulk of the work in most models",
            );
            figure(ui, &share(before));
            later(ui, applied.map(share));
            ui.end_row();
        });
    if let Some(why) = doc.patched.failure() {
        ui.add(egui::Label::new(RichText::new(format!("⛔ {why}")).color(t.error)).wrap());
    }
    let shown = applied.unwrap_or(before);
    let at = doc.analysis.as_ref().and_then(|a| a.at.as_deref());
    if let Some(at) = at {
        note(ui, format!("MACs counted for {}", words(at)));
    }
    if shown.macs_unknown > 0 {
        let n = format::plural(usize::try_from(shown.macs_unknown).unwrap_or(usize::MAX), "node");
        let needs = doc.analysis.as_ref().is_some_and(|a| a.needs_sizes() && a.at.is_none());
        note(
            ui,
            match doc.sizes.failure() {
                Some(why) if needs => format!("{n} multiply in open shapes, and the recipe does not tell them: {why}"),
                None if needs => format!(
                    "{n} multiply in open shapes, and are not counted: calibration data, a profile or shapes to measure with say \
                     which."
                ),
                _ => format!("{n} multiply in shapes that are open, and are not counted."),
            },
        );
    }
    if let Some(why) = applied.and_then(Counts::slow_when_quantized) {
        card(ui, Some(t.warning), |ui| {
            ui.add(egui::Label::new(RichText::new(format!("⚠ {why}")).color(t.warning)).wrap());
        });
    }
}

fn share(counts: &Counts) -> String {
    counts
        .lowered_share()
        .map_or_else(|| "not known".into(), |s| format!("{} %", format::significant(1e2 * s)))
}

/// The figure after patches while there is none.
fn waiting(doc: &Document) -> String {
    match doc.patched.failure() {
        Some(_) => "failed".into(),
        None => "…".into(),
    }
}

fn figure(ui: &mut Ui, text: &str) {
    right(ui, RichText::new(text).monospace());
}

/// Text at the right of a column of figures.
fn right(ui: &mut Ui, text: RichText) {
    let size = egui::vec2(FIGURE, ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_width(FIGURE);
        ui.label(text);
    });
}
