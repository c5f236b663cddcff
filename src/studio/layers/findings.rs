//! Findings about layers, in the engine view and the layer view.

use crate::bench::LayerFinding;
use crate::studio::theme::Tokens;
use crate::studio::widgets::{self, card};
use eframe::egui::{self, RichText, Ui};

/// Layers offered of one finding.
const OFFERED: usize = 5;

/// One card a finding; returns the layer whose button was clicked. `name` names a layer.
pub fn show(ui: &mut Ui, findings: &[LayerFinding], name: &dyn Fn(usize) -> String) -> Option<usize> {
    let t = Tokens::of(ui);
    let mut clicked = None;
    for finding in findings {
        card(ui, Some(t.severity(finding.severity)), |ui| {
            ui.horizontal(|ui| {
                widgets::severity(ui, finding.severity);
                ui.add(egui::Label::new(RichText::new(&finding.rule).small().color(t.weak)).truncate());
            });
            ui.add(egui::Label::new(&finding.reason).wrap());
            for layer in finding.layers.iter().take(OFFERED) {
                if widgets::name_link(ui, &name(*layer), "Show layer").clicked() {
                    clicked = Some(*layer);
                }
            }
        });
    }
    clicked
}
