//! The Check step: can the target take the model, and if not, why.

use crate::check::{Report, Severity};
use crate::format;
use crate::studio::command::{CommandId, find};
use crate::studio::model::document::CheckState;
use crate::studio::state::{Action, State, Step};
use crate::studio::theme::{HALF, Tokens};
use crate::studio::widgets::{self, Failure, card, empty, heading, note};
use eframe::egui::{self, RichText, ScrollArea, Ui};

/// Draws the panel.
pub fn show(ui: &mut Ui, state: &mut State) {
    heading(ui, "Check");
    let Some(doc) = &state.doc else {
        empty(ui, "Nothing to check", "Open a model first.");
        return;
    };
    ui.horizontal_wrapped(|ui| {
        ui.weak("Target");
        ui.monospace(target_words(doc.recipe()));
        if ui.link("Change target").clicked() {
            state.actions.push(Action::Step(Step::Recipe));
        }
    });
    ui.add_space(HALF);
    let blocked = find(CommandId::Check).and_then(|c| (c.blocked)(state));
    if widgets::primary(ui, "Check model", blocked.as_deref()).clicked() {
        state.act(Action::Run(CommandId::Check));
    }
    ui.add_space(HALF);
    let Some(doc) = &state.doc else { return };
    match &doc.check {
        CheckState::None => note(ui, "Not checked yet."),
        CheckState::Running(job) => {
            ui.horizontal(|ui| {
                ui.spinner();
                let name = if job.phase.name.is_empty() {
                    "Checking"
                } else {
                    job.phase.name.as_str()
                };
                ui.label(name);
            });
        }
        CheckState::Failed(why) => {
            let of = Failure {
                what: "The check did not end".into(),
                why: why.clone(),
                advice: "Check again; the log has what the worker printed.".into(),
                ..Default::default()
            };
            widgets::failure(ui, &of, |_| {});
        }
        CheckState::Ready(report) => {
            if doc.check_is_stale() {
                note(ui, "The recipe changed since this check.");
            }
            verdict(ui, report);
            for text in &report.notes {
                note(ui, text.clone());
            }
            if !report.findings.is_empty() {
                ui.add_space(HALF);
                // The list borrows the report while it queues actions.
                let report = report.clone();
                crate::studio::check::findings::filter_bar(ui, state, "step");
                ScrollArea::vertical()
                    .auto_shrink(false)
                    .show(ui, |ui| crate::studio::check::findings::cards(ui, state, &report));
            }
        }
    }
}

/// `tensorrt@10 via ssh gpu-box`.
pub fn target_words(recipe: &crate::recipe::Recipe) -> String {
    let t = &recipe.target;
    let mut text = t.name.clone();
    if let Some(version) = &t.version {
        text = format!("{text}@{version}");
    }
    if let Some(via) = &t.via {
        text = format!("{text} via {via}");
    }
    text
}

fn verdict(ui: &mut Ui, report: &Report) {
    let t = Tokens::of(ui);
    let (edge, text) = if report.supported {
        (t.success, format!("✔ {} can take this model", report.target))
    } else {
        (t.error, format!("⛔ {} cannot take this model as it is", report.target))
    };
    card(ui, Some(edge), |ui| {
        ui.add(egui::Label::new(RichText::new(text).strong().color(edge)).wrap());
        ui.horizontal_wrapped(|ui| {
            for severity in [Severity::Error, Severity::Warning, Severity::Info] {
                let n = report.count(severity);
                if n > 0 {
                    let text = format!(
                        "{} {}",
                        widgets::icon(severity),
                        format::plural(n, widgets::word(severity))
                    );
                    ui.label(RichText::new(text).color(t.severity(severity)));
                }
            }
        });
        let source = if report.parser_asked {
            "The target's own parser was asked."
        } else {
            "From the table of rules; the target's parser was not asked."
        };
        // The notes below say why it was not.
        if report.parser_asked || report.notes.is_empty() {
            note(ui, source);
        }
    });
}
