//! The Build step: button, phases, time left, cancel, result.

use crate::engine::BuildRecord;
use crate::format;
use crate::studio::command::{CommandId, find};
use crate::studio::jobs::panel::{failure, progress, stages, tall_cancel};
use crate::studio::jobs::{Ending, Job};
use crate::studio::state::{Action, State};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::{self, card, empty, heading, key_value, note, section};
use crate::worker::TaskOutput;
use eframe::egui::{self, Grid, RichText, ScrollArea, Ui};
use std::path::{Path, PathBuf};

/// Draws the panel.
pub fn show(ui: &mut Ui, state: &mut State) {
    heading(ui, "Build");
    let Some(doc) = &state.doc else {
        empty(ui, "Nothing to build", "Open a model first.");
        return;
    };
    let recipe = doc.recipe();
    let words = format!(
        "{} for {}",
        recipe.build.precision,
        crate::studio::check::panel::target_words(recipe)
    );
    ui.add(egui::Label::new(RichText::new(words).color(Tokens::of(ui).weak)).wrap());
    ui.add_space(HALF);
    let running = state.build.as_ref().is_some_and(Job::is_running);
    ui.horizontal(|ui| {
        let blocked = find(CommandId::Build).and_then(|c| (c.blocked)(state));
        if widgets::primary(ui, "Build engine", blocked.as_deref()).clicked() {
            state.act(Action::Run(CommandId::Build));
        }
        if running {
            tall_cancel(ui, state, CommandId::CancelBuild);
        }
    });
    ui.add_space(HALF);
    ui.add_enabled_ui(!running, |ui| crate::studio::build::file_panel::show(ui, state));
    ui.add_space(HALF);
    let (mut again, mut open) = (false, None);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let Some(job) = &state.build else {
            note(ui, "Building prepares the model for the target with the recipe's settings. It runs in a process of its own; the window stays usable.");
            return;
        };
        match &job.ending {
            None => progress(ui, job),
            Some(Ending::Done(output)) => {
                if let TaskOutput::Build(record) = &**output {
                    open = result(ui, record, state.built_file.as_deref());
                }
            }
            Some(Ending::Cancelled) => {
                card(ui, None, |ui| {
                    ui.label(RichText::new("Cancelled").strong());
                    note(ui, format!("The build has stopped, after {}. Nothing was written.", format::seconds(job.elapsed().as_secs_f64())));
                });
            }
            Some(Ending::Failed(error)) => {
                widgets::failure(ui, &failure(error, "The build", job), |ui| {
                    again = ui.button("Start again").clicked();
                });
            }
        }
        if !job.stages.rows.is_empty() {
            section(ui, "Stages", |ui| stages(ui, &job.stages));
        }
    });
    if again {
        state.act(Action::Run(CommandId::Build));
    }
    if let Some(file) = open {
        state.act(Action::Open(file));
    }
}

/// What was built; the engine file when it should be shown.
fn result(ui: &mut Ui, record: &BuildRecord, file: Option<&Path>) -> Option<PathBuf> {
    let t = Tokens::of(ui);
    let mut opens = false;
    card(ui, Some(t.success), |ui| {
        ui.label(RichText::new("✔ Engine built").strong().color(t.success));
        Grid::new("build result")
            .num_columns(2)
            .spacing([2.0 * SPACE, HALF])
            .show(ui, |ui| {
                key_value(ui, "Target", format!("{} {}", record.target, record.version));
                key_value(ui, "Time", format::seconds(record.seconds));
                ui.weak("File");
                match file {
                    Some(file) => widgets::name(ui, &file.display().to_string()),
                    None => ui.label("none written"),
                };
                ui.end_row();
                if let Some(bytes) = record.engine_bytes {
                    key_value(ui, "Size", format::bytes(bytes));
                }
                if let Some(device) = &record.device {
                    key_value(ui, "Device", device.clone());
                }
            });
        ui.add_space(HALF);
        ui.horizontal(|ui| {
            opens = file.is_some() && record.target.starts_with("tensorrt") && ui.button("Show engine").clicked();
            if ui.button("Copy build record").clicked()
                && let Ok(text) = serde_json::to_string_pretty(record)
            {
                ui.ctx().copy_text(text);
            }
        });
    });
    file.filter(|_| opens).map(Path::to_path_buf)
}
