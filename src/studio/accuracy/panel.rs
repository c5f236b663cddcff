//! Where a variant differs from the reference: tensor by tensor, with the first bad node.

use crate::bench::Differences;
use crate::bench::differences::Alone;
use crate::format::{self, plural};
use crate::studio::accuracy::differences::{DifferenceRun, words};
use crate::studio::command::CommandId;
use crate::studio::shell::menus;
use crate::studio::state::{Action, PaintChoice, Selection, State};
use crate::studio::theme::{HALF, Tokens};
use crate::studio::widgets::{self, empty, note};
use eframe::egui;
use egui::{ComboBox, RichText, TextEdit, Ui};

/// Draws the tab.
pub fn show(ui: &mut Ui, state: &mut State) {
    if state.doc.is_none() {
        empty(ui, "Nothing to compare", "Open a model first.");
        return;
    }
    controls(ui, state);
    ui.add_space(HALF);
    let Some(mut run) = state.lab.difference.take() else {
        empty(
            ui,
            "Not compared yet",
            "\"Find where it differs\" runs a variant and the reference on the test data, compares every tensor that both have, \
             and names the first node whose result is bad while what it reads is not.",
        );
        return;
    };
    let again = crate::studio::jobs::panel::standing(ui, "The comparison of tensors", &run.job);
    if let Some(found) = run.result.take() {
        head(ui, &run, &found);
        run.result = Some(found);
        widgets::filter(ui, "Filter tensors", &mut run.rows, 220.0);
        if let Some(row) = widgets::table(ui, "differences", &mut run.rows, "Show tensor", 2) {
            run.choose(Some(row), false);
            if let Some(node) = run.node(row) {
                state.act(Action::Go(Selection::Node(node)));
            }
        }
    }
    state.lab.difference = Some(run);
    if again {
        state.act(Action::Run(CommandId::FindDifference));
    }
}

/// Which variant, limit, start, cancel, paint, jump.
fn controls(ui: &mut Ui, state: &mut State) {
    ui.horizontal_wrapped(|ui| {
        let variants = state.doc.iter().flat_map(|d| &d.recipe().variants);
        let names: Vec<String> = variants.map(|v| v.name.clone()).collect();
        if names.len() > 1 {
            let chosen = names.get(state.lab.difference_variant).or(names.first());
            let text = chosen.cloned().unwrap_or_default();
            ui.name_inputs("Variant to look at", |ui| {
                ComboBox::from_id_salt("variant to look at")
                    .width(140.0)
                    .selected_text(text)
                    .show_ui(ui, |ui| {
                        for (i, name) in names.iter().enumerate() {
                            ui.selectable_value(&mut state.lab.difference_variant, i, name);
                        }
                    });
            });
        }
        let edit = TextEdit::singleline(&mut state.lab.difference_limit).desired_width(110.0);
        widgets::field(ui, "Largest error", edit).on_hover_text(
            "A tensor with a larger error is bad: size of the difference over size of the reference. Chosen by precision \
             when empty",
        );
        let has_result = state.lab.difference.as_ref().is_some_and(|d| d.result.is_some());
        menus::button(ui, state, CommandId::FindDifference);
        if has_result {
            menus::button(ui, state, CommandId::GoToFirstBad);
        }
        if state.lab.is_differing() {
            crate::studio::jobs::panel::cancel(ui, state, CommandId::CancelDifference);
        }
        if has_result && ui.button("Paint graph by error").clicked() {
            state.act(Action::Run(CommandId::Paint(PaintChoice::Error)));
        }
    });
}

fn head(ui: &mut Ui, run: &DifferenceRun, found: &Differences) {
    let t = Tokens::of(ui);
    let beyond = found.tensors.iter().filter(|d| d.size() > found.limit).count();
    ui.add(
        egui::Label::new(RichText::new(format!(
            "{}: {} against {}, {} of {} beyond {} ({}), {}",
            run.variant,
            found.variant,
            found.reference,
            format::count(beyond as u64),
            plural(found.tensors.len(), "tensor"),
            format::significant(found.limit),
            found.limit_reason,
            found.data
        )))
        .truncate(),
    );
    match &found.first_bad {
        Some(bad) => {
            let line = format!(
                "⛔ First bad node: {}, error {} before and {} after. {}",
                bad.node.label(),
                format::significant(bad.error_before),
                words(bad.error_after),
                verdict(&bad.alone)
            );
            ui.add(egui::Label::new(RichText::new(line).color(t.error)).wrap());
        }
        None if found.is_bad() => {
            ui.label("An output is beyond the limit, but no node could be named.");
        }
        None => {
            ui.label(RichText::new("✔ No output is beyond the limit.").color(t.success));
        }
    }
    for text in &found.notes {
        note(ui, text.as_str());
    }
    if !found.skipped.is_empty() {
        let names: Vec<String> = found
            .skipped
            .iter()
            .take(20)
            .map(|(n, why)| format!("{n}: {why}"))
            .collect();
        let label = format!("{} could not be compared", plural(found.skipped.len(), "tensor"));
        ui.label(RichText::new(label).small().color(t.weak))
            .on_hover_text(names.join("\n"));
    }
    ui.add_space(HALF);
}

/// What running the node alone showed, in a sentence.
pub fn verdict(alone: &Alone) -> String {
    match alone {
        Alone::Own { .. } => "Run alone on the reference's values it is bad too: the node itself is at fault.".into(),
        Alone::Arrived { error } => format!(
            "Run alone on the reference's values its error is only {}: errors that arrive are amplified here or add up.",
            format::significant(*error)
        ),
        Alone::Unknown { why } => format!("It could not be run alone: {why}."),
    }
}
