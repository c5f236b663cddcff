//! The Plots tab: latency over time with the histogram beside it, throughput and speed-up.

use crate::studio::command::CommandId;
use crate::studio::plots;
use crate::studio::state::{Action, State};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::empty;
use eframe::egui;
use eframe::egui::{RichText, Ui, vec2};

/// Draws the tab.
pub fn show(ui: &mut Ui, state: &mut State) {
    let lab = &mut state.lab;
    let Some(run) = &mut lab.run else {
        empty(
            ui,
            "No measurements yet",
            "Compare variants (F7): latency, throughput and speed-up appear here while samples arrive.",
        );
        return;
    };
    state.plots_at = Some(ui.max_rect());
    let t = Tokens::of(ui);
    let mut actions = Vec::new();
    ui.horizontal(|ui| {
        for (i, v) in run.variants.iter().enumerate() {
            super::variants::swatch(ui, t.variant(i));
            ui.label(&v.name);
        }
        let key = format!(
            "protocol {} · points: samples, line: rolling median, dashes: p99",
            run.protocol
        );
        ui.add(egui::Label::new(RichText::new(key).small().color(t.weak)).truncate());
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui
                .button("Copy CSV")
                .on_hover_text("The plots' data, time and latency of every point")
                .clicked()
            {
                actions.push(Action::Run(CommandId::CopyPlotCsv));
            }
            if ui.button("Reset zoom").clicked() {
                actions.push(Action::Run(CommandId::ResetPlots));
            }
            let label = if lab.paused { "Resume" } else { "Pause" };
            if ui
                .button(label)
                .on_hover_text("Samples are still taken while the plots stand still")
                .clicked()
            {
                actions.push(Action::Run(CommandId::PausePlots));
            }
        });
    });
    ui.add_space(HALF);
    let size = ui.available_size();
    let wide = size.x > 640.0;
    let right = if wide { (size.x * 0.3).min(380.0) } else { 0.0 };
    let histogram = (size.x - right) * 0.25;
    let left = size.x - right - histogram - 2.0 * SPACE;
    ui.horizontal_top(|ui| {
        let axes = plots::axes(run);
        let height = size.y;
        ui.allocate_ui(vec2(left, height), |ui| {
            if plots::latency(ui, run, axes, lab.reset_plots, lab.zoomed) {
                lab.zoomed = true;
            }
        });
        ui.allocate_ui(vec2(histogram, height), |ui| {
            plots::histogram(ui, run, axes, lab.reset_plots)
        });
        if wide {
            ui.allocate_ui(vec2(right, height), |ui| {
                ui.vertical(|ui| {
                    plots::throughput(ui, run, lab.result.as_ref(), height / 2.0 - HALF);
                    plots::speedup(ui, run, lab.result.as_ref(), height / 2.0 - HALF);
                });
            });
        }
    });
    state.actions.extend(actions);
}
