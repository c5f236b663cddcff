//! What panels show of a job: progress, stages, its cancel button, how it ended.

use crate::engine::EngineError;
use crate::format;
use crate::studio::command::{CommandId, find};
use crate::studio::jobs::stages::Stages;
use crate::studio::jobs::{Ending, Job};
use crate::studio::state::{Action, State};
use crate::studio::theme::{SPACE, Tokens};
use crate::studio::widgets::{self, Failure, card, note};
use crate::worker::JobError;
use eframe::egui::{self, ProgressBar, RichText, Ui};

/// The cancel button; says that it was heard until the job has stopped.
pub fn cancel(ui: &mut Ui, state: &mut State, id: CommandId) {
    cancel_button(ui, state, id, 0.0);
}

/// As [`cancel`], as high as the panel's primary button, for a place beside it.
pub fn tall_cancel(ui: &mut Ui, state: &mut State, id: CommandId) {
    cancel_button(ui, state, id, 4.0 * SPACE);
}

fn cancel_button(ui: &mut Ui, state: &mut State, id: CommandId, height: f32) {
    let Some(command) = find(id) else { return };
    let blocked = (command.blocked)(state);
    let text = if blocked.is_some() { "Cancelling" } else { command.name };
    let button = egui::Button::new(text).min_size(egui::vec2(0.0, height));
    let response = ui.add_enabled(blocked.is_none(), button);
    if response.clicked() {
        state.act(Action::Run(id));
    }
    if let Some(why) = blocked {
        response.on_disabled_hover_text(why);
    }
}

/// Phase, bar, elapsed and left.
pub fn progress(ui: &mut Ui, job: &Job) {
    let phase = match job.phase.name.as_str() {
        _ if job.is_cancelling() => "Asked to stop; waiting for the worker",
        "" => "Starting the worker",
        name => name,
    };
    ui.add(egui::Label::new(RichText::new(phase).strong()).wrap());
    let share = job.phase.fraction.or_else(|| job.stages.fraction());
    let bar = ProgressBar::new(share.unwrap_or(0.0))
        .desired_height(SPACE)
        .animate(false);
    if share.is_some() {
        ui.name_inputs("Progress", |ui| ui.add(bar));
    } else {
        ui.spinner();
    }
    let mut words = format!("{} elapsed", format::seconds(job.elapsed().as_secs_f64()));
    // Less than a second is a guess that comes too late to be read.
    if let Some(left) = job.seconds_left().filter(|left| *left >= 1.0) {
        words = format!("{words}, about {} left", format::seconds(left));
    }
    note(ui, words);
}

/// The tree of stages.
pub fn stages(ui: &mut Ui, stages: &Stages) {
    let t = Tokens::of(ui);
    for row in &stages.rows {
        ui.horizontal(|ui| {
            ui.add_space(row.depth as f32 * 2.0 * SPACE);
            let (icon, colour) = if row.finished {
                ("✔", t.success)
            } else {
                ("◑", t.accent)
            };
            ui.label(RichText::new(icon).color(colour));
            // Times first, from the right: the name has the rest.
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let took = row.took.unwrap_or_else(|| row.since.elapsed());
                ui.label(
                    RichText::new(format::seconds(took.as_secs_f64()))
                        .monospace()
                        .color(t.weak),
                );
                if row.total > 1 && !row.finished {
                    let words = format!("{} of {}", format::count(row.done), format::count(row.total));
                    ui.label(RichText::new(words).small().color(t.weak));
                }
                let name = egui::Label::new(format::sentence(&row.name)).truncate();
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| ui.add(name));
            });
        });
    }
}

/// How a job stands that has a tab of its own: its progress, that it was cancelled, or why it failed; nothing once it is done.
/// True when the user wants it started again. `what` begins a sentence: `The profile`.
pub fn standing(ui: &mut Ui, what: &str, job: &Job) -> bool {
    let mut again = false;
    match &job.ending {
        None => progress(ui, job),
        Some(Ending::Cancelled) => {
            card(ui, None, |ui| {
                ui.label(RichText::new("Cancelled").strong());
                note(ui, format!("{what} has stopped."));
            });
        }
        Some(Ending::Failed(error)) => {
            let of = failure(error, what, job);
            widgets::failure(ui, &of, |ui| again = ui.button("Start again").clicked());
        }
        Some(Ending::Done(_)) => {}
    }
    again
}

/// A failed job as a panel shows it.
pub fn failure(error: &JobError, what: &str, job: &Job) -> Failure {
    let raw = job.log_text();
    let (happened, why, advice) = match error {
        JobError::Engine(EngineError::Unavailable(why)) => (
            "could not start: the target is not available",
            why.clone(),
            "Install the target, or choose another one in the recipe.",
        ),
        JobError::Engine(EngineError::Unsupported(why)) => (
            "failed: the target cannot take the model",
            why.clone(),
            "Check the model: the findings name the nodes and what can be done.",
        ),
        JobError::Engine(EngineError::Request(why)) => (
            "failed: the recipe asks for something wrong",
            why.clone(),
            "Correct the recipe.",
        ),
        JobError::Engine(EngineError::Failed(why)) => (
            "failed in the runtime",
            why.clone(),
            "The log has what the runtime printed.",
        ),
        JobError::Engine(EngineError::Cancelled) | JobError::Cancelled => ("was cancelled", String::new(), ""),
        JobError::Worker(why) => (
            "failed: its worker is gone",
            why.clone(),
            "The studio is not affected. Start again; if it happens again, the log says what the worker printed last.",
        ),
    };
    Failure {
        what: format!("{what} {happened}"),
        place: String::new(),
        why,
        advice: advice.into(),
        raw,
    }
}
