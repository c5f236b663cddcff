//! The calibration's state: running, known, or none, and on what data.

use crate::recipe::{Lowering, Recipe};
use crate::studio::command::CommandId;
use crate::studio::jobs;
use crate::studio::jobs::Ending;
use crate::studio::precision::choice::View;
use crate::studio::precision::words;
use crate::studio::state::Action;
use crate::studio::theme::{HALF, Tokens};
use crate::studio::widgets::{card, failure, note};
use eframe::egui::{self, RichText, Ui};

/// Draws the card.
pub fn show(ui: &mut Ui, recipe: &Recipe, view: &mut View<'_>) {
    let t = Tokens::of(ui);
    let found = view.view.calibration(recipe);
    card(ui, None, |ui| {
        ui.label(RichText::new("Calibration").strong()).on_hover_text(
            "Runs sample data through the model in FP32 and notes what values every tensor takes. INT8 takes its scales from \
             it, FP16 learns which nodes would overflow.",
        );
        let mut button = "Calibrate";
        match view.view.job.as_ref().map(|job| (job, &job.ending)) {
            Some((job, None)) => {
                jobs::panel::progress(ui, job);
                cancel(ui, view);
                return;
            }
            Some((job, Some(Ending::Failed(error)))) => {
                let of = jobs::panel::failure(error, "The calibration", job);
                failure(ui, &of, |_| {});
                button = "Calibrate again";
            }
            Some((_, Some(Ending::Cancelled))) => note(ui, "Cancelled: nothing was changed."),
            _ => {}
        }
        match (&found, Lowering::source(recipe)) {
            (Some(found), _) => {
                ui.add(egui::Label::new(RichText::new(format!("✔ {}", found.source)).color(t.success)).wrap());
                button = "Calibrate again";
            }
            (None, Some(source)) => {
                ui.add(egui::Label::new(format!("In the recipe: {source}")).wrap());
                note(ui, "Calibrate to see the histograms, or after the data changed.");
            }
            (None, None) if Lowering::is_patched(recipe) => {
                note(ui, "Without a calibration the weights alone decide what stays in FP32.");
            }
            (None, None) => note(
                ui,
                "Not done yet. Results are kept: the same model and data are run only once.",
            ),
        }
        if recipe.data.calibration.is_none() {
            let text = format!("⚠ {}", words::GENERATED);
            ui.add(egui::Label::new(RichText::new(text).small().color(t.warning)).wrap());
        }
        ui.add_space(HALF);
        ui.horizontal_wrapped(|ui| {
            let response = ui.add_enabled(view.blocked.is_none(), egui::Button::new(button).fill(t.hover));
            if response.clicked() {
                view.actions.push(Action::Run(CommandId::Calibrate));
            }
            if let Some(why) = &view.blocked {
                response.on_disabled_hover_text(why);
            }
            if ui
                .add(egui::Button::new("Choose data folder…").fill(t.hover))
                .on_hover_text("Images or arrays like those the model will see; 500 are plenty for vision. A path can be typed under Data.")
                .clicked()
            {
                view.actions.push(Action::Run(CommandId::ChooseCalibrationData));
            }
        });
    });
}

fn cancel(ui: &mut Ui, view: &mut View<'_>) {
    let stopping = view
        .view
        .job
        .as_ref()
        .is_some_and(crate::studio::jobs::Job::is_cancelling);
    let label = if stopping { "Cancelling" } else { "Cancel calibration" };
    if ui
        .add_enabled(!stopping, egui::Button::new(label).fill(Tokens::of(ui).hover))
        .clicked()
    {
        view.actions.push(Action::Run(CommandId::CancelCalibration));
    }
}
