//! The Plots tab: latency over time with the histogram beside it, throughput and speed-up.

use crate::format;
use crate::studio::command::{CommandId, Figure};
use crate::studio::plots;
use crate::studio::shell::menus;
use crate::studio::state::{Action, State};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::empty_with;
use eframe::egui::{self, Align, Layout, RichText, Ui, vec2};

/// What goes to the clipboard.
const COPIES: [CommandId; 5] = [
    CommandId::CopyPlotPng,
    CommandId::CopyPlotCsv,
    CommandId::CopySvg(Figure::Latency),
    CommandId::CopySvg(Figure::Throughput),
    CommandId::CopySvg(Figure::Speedup),
];

/// Draws the tab.
pub fn show(ui: &mut Ui, state: &mut State) {
    if state.lab.run.is_none() {
        let advice = "Latency, throughput and speed-up appear here while samples arrive.";
        empty_with(ui, "No measurements yet", advice, |ui| {
            menus::primary(ui, state, CommandId::Compare);
        });
        return;
    }
    state.plots_at = Some(ui.max_rect());
    head(ui, state);
    let lab = &mut state.lab;
    let Some(run) = &mut lab.run else { return };
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
}

/// Legend and buttons, and below what the marks stand for.
fn head(ui: &mut Ui, state: &mut State) {
    let t = Tokens::of(ui);
    let Some(run) = &state.lab.run else { return };
    let names: Vec<String> = run.variants.iter().map(|v| v.name.clone()).collect();
    let key = format!(
        "protocol {} · dots: samples · line: rolling median · dashes: p99",
        run.protocol
    );
    // The buttons first, from the right: the legend has the rest and wraps in it.
    let buttons = Layout::right_to_left(Align::TOP);
    ui.horizontal(|ui| {
        ui.with_layout(buttons, |ui| {
            ui.menu_button("Copy", |ui| menus::context(ui, state, &COPIES));
            if ui.button("Reset zoom").clicked() {
                state.act(Action::Run(CommandId::ResetPlots));
            }
            let label = if state.lab.paused { "Resume" } else { "Pause" };
            if ui
                .button(label)
                .on_hover_text("Samples are still taken while the plots stand still")
                .clicked()
            {
                state.act(Action::Run(CommandId::PausePlots));
            }
            ui.with_layout(Layout::left_to_right(Align::Center).with_main_wrap(true), |ui| {
                for (i, name) in names.iter().enumerate() {
                    crate::studio::lab::table::swatch(ui, t.variant(i));
                    let shown = format::middle(name, 40);
                    let response = ui.label(&shown);
                    if shown != *name {
                        response.on_hover_text(name);
                    }
                }
            });
        })
    });
    ui.add(egui::Label::new(RichText::new(key).small().color(t.weak)).truncate());
}
