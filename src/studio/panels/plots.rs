//! The Plots tab: latency over time with the histogram beside it, throughput and speed-up.

use crate::format;
use crate::studio::command::{self, CommandId};
use crate::studio::plots;
use crate::studio::state::{Action, State};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::empty_with;
use eframe::egui;
use eframe::egui::{Align, Layout, RichText, Ui, vec2};

/// Draws the tab.
pub fn show(ui: &mut Ui, state: &mut State) {
    let lab = &mut state.lab;
    let Some(run) = &mut lab.run else {
        let advice = "Latency, throughput and speed-up appear here while samples arrive.";
        empty_with(ui, "No measurements yet", advice, |ui| {
            command::primary(ui, state, CommandId::Compare);
        });
        return;
    };
    state.plots_at = Some(ui.max_rect());
    let t = Tokens::of(ui);
    let mut actions = Vec::new();
    // The buttons first, from the right: the legend has the rest and wraps in it.
    let buttons = Layout::right_to_left(Align::TOP);
    ui.horizontal(|ui| {
        ui.with_layout(buttons, |ui| {
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
            ui.with_layout(Layout::left_to_right(Align::Center).with_main_wrap(true), |ui| {
                for (i, v) in run.variants.iter().enumerate() {
                    super::variants::swatch(ui, t.variant(i));
                    ui.label(format::middle(&v.name, 40)).on_hover_text(&v.name);
                }
            });
        })
    });
    let key = format!(
        "protocol {} · dots: samples · line: rolling median · dashes: p99",
        run.protocol
    );
    ui.add(egui::Label::new(RichText::new(key).small().color(t.weak)).truncate());
    ui.add_space(HALF);
    let size = ui.available_size().max(vec2(0.0, 0.0));
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
                let half = (height / 2.0 - HALF).max(0.0);
                ui.vertical(|ui| {
                    plots::throughput(ui, run, lab.result.as_ref(), half);
                    plots::speedup(ui, run, lab.result.as_ref(), half);
                });
            });
        }
    });
    state.actions.extend(actions);
}
