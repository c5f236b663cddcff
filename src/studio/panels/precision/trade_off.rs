//! What keeping layers costs against what it wins back: the picture of the combinations that were run.

use crate::rewrite::search::Search;
use crate::studio::plots;
use crate::studio::state::{Action, State, Step};
use crate::studio::theme::HALF;
use crate::studio::widgets::{empty, note};
use eframe::egui::{RichText, Ui};

/// Draws the picture, against latency once that was measured.
pub fn picture(ui: &mut Ui, state: &mut State, found: &Search) {
    let Some(doc) = &mut state.doc else { return };
    let kept = state.sensitivity.kept(doc.recipe());
    let metric = state.sensitivity.metric();
    let measured = state.lab.result.as_ref().filter(|_| !state.lab.is_running());
    let latencies = measured.map_or_else(Vec::new, |m| state.sensitivity.latencies(doc.recipe(), m));
    let by_latency = plots::by_latency(found, metric, &latencies);
    let is_timed = by_latency.len() > 1;
    let by_macs = plots::by_lowered_macs(found, metric);
    let points = if is_timed { by_latency } else { by_macs };
    if points.is_empty() {
        empty(
            ui,
            "No picture yet",
            "Combinations of kept layers appear here, error against the share of multiply-accumulates lowered.",
        );
        return;
    }
    let best: Vec<usize> = points.iter().filter(|p| p.best).map(|p| p.kept).collect();
    let cost = if is_timed {
        "median latency, ms"
    } else {
        "multiply-accumulates lowered, %"
    };
    ui.horizontal_wrapped(|ui| {
        let title = format!("{} against {cost}", plots::metric_axis(metric));
        ui.label(RichText::new(title).small().strong());
        let text = match measured.filter(|_| is_timed) {
            Some(m) => format!("protocol {}", m.protocol),
            None => "not a time yet".into(),
        };
        note(ui, text);
        let ready = !found.ranking.is_empty() && !state.sensitivity.is_running() && !is_timed;
        let hint = "Those on the line become variants: compare them in the Lab to see their latency here";
        if ready && ui.small_button("Add as variants").on_hover_text(hint).clicked() {
            match state.sensitivity.with_variants(doc.recipe(), &best) {
                Ok(next) => {
                    doc.edit("Add variants", next);
                    doc.history().close_step();
                    state.actions.push(Action::Step(Step::Lab));
                }
                Err(why) => state.sensitivity.failure = Some(why),
            }
        }
    });
    let notes = 16.0 * found.notes.len().min(2) as f32;
    let height = (ui.available_height() - notes - HALF).max(72.0);
    plots::pareto(ui, points, cost, metric, kept, height);
    for words in &found.notes {
        note(ui, format!("⚠ {words}"));
    }
}
