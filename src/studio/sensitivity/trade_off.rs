//! What keeping layers costs against what it wins back: the picture of the combinations that were run, and measuring them.

use crate::format;
use crate::rewrite::search::Search;
use crate::studio::command::{CommandId, find};
use crate::studio::plots;
use crate::studio::state::{Action, State, Step};
use crate::studio::theme::{HALF, Tokens};
use crate::studio::widgets::{empty, note};
use crate::worker::mixes_time;
use eframe::egui::{Button, Label, RichText, Ui};

/// Draws the picture, against latency once that was measured.
pub fn picture(ui: &mut Ui, state: &mut State, found: &Search) {
    let metric = state.sensitivity.metric();
    let mixes = state.sensitivity.mixes.clone();
    let by_latency = mixes
        .as_ref()
        .map_or_else(Vec::new, |m| plots::by_latency(found, m, metric));
    let measured = mixes.filter(|_| by_latency.len() > 1);
    let points = match &measured {
        Some(_) => by_latency,
        None => plots::by_lowered_macs(found, metric),
    };
    if points.is_empty() {
        empty(
            ui,
            "No picture yet",
            "Combinations of kept layers appear here, error against the share of multiply-accumulates lowered.",
        );
        return;
    }
    let cost = match &measured {
        Some(m) => format!("latency, ms (measured on {})", m.target()),
        None => "share of multiply-accumulates lowered, %".into(),
    };
    let title = format!("{} against {cost}", plots::metric_axis(metric));
    let title = ui.add(Label::new(RichText::new(title).small().strong()).wrap());
    if measured.is_none() {
        title.on_hover_text("Not a time yet: how much faster lower precision is, only measuring tells.");
    }
    let best: Vec<usize> = points.iter().filter(|p| p.best).filter_map(|p| p.trial).collect();
    ui.horizontal(|ui| buttons(ui, state, found, &best, measured.is_some()));
    if let Some(m) = &measured {
        let t = Tokens::of(ui);
        let (icon, colour) = if m.is_faster() {
            ("✔", t.text)
        } else {
            ("⚠", t.warning)
        };
        let words = RichText::new(format!("{icon} {}", m.headline())).small().color(colour);
        ui.add(Label::new(words).wrap()).on_hover_text(m.words());
    }
    for words in &found.notes {
        note(ui, format!("⚠ {words}"));
    }
    let now = state.doc.as_ref().and_then(|d| state.sensitivity.kept(d.recipe()));
    let now = now.and_then(|n| found.trial_of(&found.worst(n)));
    let height = (ui.available_height() - HALF).max(72.0);
    plots::pareto(ui, points, &cost, metric, now, height);
}

/// Measuring, taking over the best as variants, and what measuring takes.
fn buttons(ui: &mut Ui, state: &mut State, found: &Search, best: &[usize], is_measured: bool) {
    if state.sensitivity.is_running() {
        return;
    }
    let wanted = state.doc.as_ref().map(|d| state.sensitivity.to_measure(d.recipe()));
    let takes = wanted.and_then(Result::ok).map(|recipe| {
        let (rows, seconds) = mixes_time(&recipe, found);
        let (rows, seconds) = (format::plural(rows, "row"), format::seconds(seconds));
        (format!("{rows}: {seconds}, and builds"), recipe.target.name)
    });
    let (takes, target) = takes.unwrap_or_default();
    let blocked = find(CommandId::MeasureMixes).and_then(|c| (c.blocked)(state));
    let name = if is_measured {
        "Measure again"
    } else {
        "Measure latency"
    };
    let button = ui.add_enabled(blocked.is_none(), Button::new(name).small());
    if button.clicked() {
        state.actions.push(Action::Run(CommandId::MeasureMixes));
    }
    button
        .on_hover_text(format!(
            "Builds FP32 and the mixes and measures them in turn on {target}; {takes}"
        ))
        .on_disabled_hover_text(blocked.unwrap_or_default());
    let hint = "Those on the line become variants of the recipe, beside FP32: compare them in the Lab";
    let ready = !found.ranking.is_empty() && !best.is_empty();
    if ready && ui.small_button("Add as variants").on_hover_text(hint).clicked() {
        let Some(doc) = &mut state.doc else { return };
        match state.sensitivity.with_variants(doc.recipe(), best) {
            Ok(next) => {
                doc.edit("Add variants", next);
                doc.history().close_step();
                state.actions.push(Action::Step(Step::Lab));
            }
            Err(why) => state.sensitivity.failure = Some(why),
        }
    }
    if !is_measured {
        let takes = RichText::new(takes).small().color(Tokens::of(ui).weak);
        ui.add(Label::new(takes).truncate());
    }
}
