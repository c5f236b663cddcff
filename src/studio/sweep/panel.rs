//! The Batches tab: throughput against batch size, live, with the knee.

use crate::export::sweep::words;
use crate::format;
use crate::studio::command::CommandId;
use crate::studio::jobs;
use crate::studio::jobs::Ending;
use crate::studio::plots;
use crate::studio::shell::menus;
use crate::studio::state::State;
use crate::studio::theme::{HALF, Tokens};
use crate::studio::widgets::empty_with;
use eframe::egui::{self, RichText, Ui};

/// Draws the tab.
pub fn show(ui: &mut Ui, state: &mut State) {
    let Some(sweep) = &state.lab.sweep else {
        empty_with(
            ui,
            "No batch sizes measured yet",
            "Measures every variant at growing batch sizes and finds the one beyond which larger ones buy little.",
            |ui| {
                menus::primary(ui, state, CommandId::Sweep);
            },
        );
        return;
    };
    let t = Tokens::of(ui);
    let curves = sweep.curves();
    let running = sweep.job.is_running();
    let phase = match &sweep.job.ending {
        None => Some(sweep.job.phase.name.clone()),
        Some(Ending::Cancelled) => Some("Cancelled; what was measured so far stays".into()),
        Some(Ending::Failed(error)) => Some(format!("⛔ {error}")),
        Some(Ending::Done(_)) => None,
    };
    let left = sweep.job.seconds_left();
    let protocol = sweep.protocol.clone();
    let judged = sweep.result.as_ref().map(words).unwrap_or_default();
    let high = curves
        .iter()
        .flat_map(|c| &c.points)
        .map(|p| p.high)
        .filter(|h| h.is_finite());
    let top = high.fold(sweep.top, f64::max);
    ui.horizontal(|ui| {
        for (i, curve) in curves.iter().enumerate() {
            crate::studio::lab::table::swatch(ui, t.variant(i));
            ui.label(&curve.name);
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if running {
                jobs::panel::tall_cancel(ui, state, CommandId::CancelSweep);
            } else {
                menus::primary(ui, state, CommandId::Sweep);
            }
            let mut key = format!("protocol {protocol} · bars: slowest to fastest round");
            if let Some(phase) = phase {
                let left = left
                    .filter(|_| running)
                    .map_or(String::new(), |s| format!(", {} left", format::seconds(s)));
                key = format!("{phase}{left} · {key}");
            }
            ui.add(egui::Label::new(RichText::new(key).small().color(t.weak)).truncate());
        });
    });
    for line in &judged {
        ui.add(egui::Label::new(RichText::new(line).small()).wrap());
    }
    ui.add_space(HALF);
    plots::sweep(ui, &curves, top);
    if let Some(sweep) = &mut state.lab.sweep {
        sweep.top = top;
    }
}
