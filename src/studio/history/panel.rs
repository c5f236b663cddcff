//! The History tab: the runs of the open model over time, per variant, with what became slower; a run opens on a click.

use crate::bench::history::Entry;
use crate::bench::trend::{self, Trend, Verdict};
use crate::format::{plural, significant};
use crate::studio::command::CommandId;
use crate::studio::history::runs::{Kept, Runs};
use crate::studio::plots;
use crate::studio::state::{Action, State};
use crate::studio::theme::{SPACE, Tokens};
use crate::studio::widgets::{card, empty, key_value, note};
use eframe::egui::{
    self, RichText, ScrollArea, TextFormat, TextStyle, Ui, WidgetInfo, accesskit::Role, text::LayoutJob, vec2,
};

/// Width of the list of trends and of a run's details.
const SIDE: f32 = 250.0;

/// Draws the tab.
pub fn show(ui: &mut Ui, state: &mut State) {
    if state.doc.is_none() {
        empty(ui, "No model", "Open a model to see what was measured of it before.");
        return;
    }
    if state.runs.kept.is_none() && !state.runs.is_busy() {
        state.act(Action::Run(CommandId::ReadHistory));
    }
    let kept = match &state.runs.kept {
        None => {
            empty(ui, "Reading the history", "");
            return;
        }
        Some(Err(why)) => {
            empty(ui, "The history cannot be read", why);
            return;
        }
        Some(Ok(kept)) if kept.trends.is_empty() => {
            empty(
                ui,
                "Nothing measured yet",
                "Compare variants (F7) or sweep batch sizes (F8): every run is kept here.",
            );
            return;
        }
        Some(Ok(kept)) => kept,
    };
    let mut next = Next {
        trend: state.runs.trend,
        selected: state.runs.selected.clone(),
        baseline: state.runs.baseline.clone(),
        actions: Vec::new(),
    };
    let size = ui.available_size();
    ui.horizontal_top(|ui| {
        ui.allocate_ui(vec2(SIDE, size.y), |ui| ui.vertical(|ui| list(ui, kept, &mut next)));
        let details = next.selected.is_some();
        let middle = size.x - SIDE - if details { SIDE + SPACE } else { 0.0 } - 2.0 * SPACE;
        ui.allocate_ui(vec2(middle.max(120.0), size.y), |ui| {
            ui.vertical(|ui| over_time(ui, kept, &mut next));
        });
        if details {
            ui.allocate_ui(vec2(SIDE, size.y), |ui| {
                ui.vertical(|ui| run(ui, kept, &state.runs, &mut next));
            });
        }
    });
    state.runs.trend = next.trend;
    state.runs.selected = next.selected;
    state.runs.baseline = next.baseline;
    state.actions.extend(next.actions);
}

/// What the user chose this frame.
struct Next {
    trend: usize,
    selected: Option<String>,
    baseline: Option<String>,
    actions: Vec<Action>,
}

fn mark(t: &Tokens, verdict: &Verdict) -> (&'static str, egui::Color32) {
    match verdict {
        Verdict::Slower { .. } => ("⏶ slower", t.error),
        Verdict::Faster { .. } => ("⏷ faster", t.success),
        Verdict::Same { .. } => ("✔ as before", t.weak),
        Verdict::Unknown => ("too few runs", t.weak),
    }
}

fn list(ui: &mut Ui, kept: &Kept, next: &mut Next) {
    let t = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.label(RichText::new(plural(kept.history.entries.len(), "run")).strong());
        if ui.button("Read again").clicked() {
            next.actions.push(Action::Run(CommandId::ReadHistory));
        }
    });
    if kept.history.unreadable > 0 {
        note(
            ui,
            format!(
                "⚠ {} of the index cannot be read",
                plural(kept.history.unreadable, "line")
            ),
        );
    }
    ScrollArea::vertical()
        .id_salt("trends")
        .auto_shrink(false)
        .show(ui, |ui| {
            for (i, trend) in kept.trends.iter().enumerate() {
                let (words, colour) = mark(&t, &trend.last);
                let key = &trend.key;
                let count = plural(trend.runs.len(), "run");
                let chosen = next.trend == i;
                let mut text = LayoutJob::default();
                let line = |text: &mut LayoutJob, words: String, style: TextStyle, colour| {
                    let font = style.resolve(ui.style());
                    text.append(&words, 0.0, TextFormat::simple(font, colour));
                };
                line(&mut text, format!("{}\n", key.variant), TextStyle::Body, t.text);
                line(
                    &mut text,
                    format!("{} · {count} · ", key.target),
                    TextStyle::Small,
                    t.weak,
                );
                line(&mut text, words.into(), TextStyle::Small, colour);
                let button = egui::Button::selectable(chosen, text)
                    .wrap()
                    .min_size(vec2(ui.available_width(), 0.0));
                let response = ui.add(button);
                let label = format!("{} · {} · {count}", key.variant, key.target);
                response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, &label));
                if response.on_hover_text(key.shapes.join(" ")).clicked() {
                    next.trend = i;
                    next.selected = None;
                }
            }
        });
}

fn over_time(ui: &mut Ui, kept: &Kept, next: &mut Next) {
    let Some(trend) = kept.trends.get(next.trend) else {
        return;
    };
    let t = Tokens::of(ui);
    let key = &trend.key;
    let words = format!(
        "{} · {} {} · {} · protocol {} · {}",
        key.variant,
        key.target,
        key.precision,
        key.shapes.join(" "),
        key.protocol,
        key.host
    );
    ui.add(egui::Label::new(RichText::new(words).small().color(t.weak)).truncate());
    let (_, colour) = mark(&t, &trend.last);
    ui.add(egui::Label::new(RichText::new(trend.last.words()).small().color(colour)).wrap());
    for change in trend.changes.iter().rev().take(2) {
        let shift = change
            .shift
            .map_or("too few runs before it to judge it".into(), |s| s.words());
        let words = format!("{} to {}: {shift}", change.from, change.to);
        ui.add(egui::Label::new(RichText::new(words).small()).truncate());
    }
    let at = selected(kept, trend, next.selected.as_deref());
    if let Some(clicked) = plots::trend(ui, &kept.history.entries, trend, at)
        && let Some(entry) = trend.runs.get(clicked).and_then(|i| kept.history.entries.get(*i))
    {
        next.selected = Some(entry.id.clone());
    }
}

fn selected(kept: &Kept, trend: &Trend, id: Option<&str>) -> Option<usize> {
    let id = id?;
    let is = |i: &usize| kept.history.entries.get(*i).is_some_and(|e| e.id == id);
    trend.runs.iter().position(is)
}

/// The selected run.
fn run(ui: &mut Ui, kept: &Kept, runs: &Runs, next: &mut Next) {
    let find =
        |id: &Option<String>| -> Option<&Entry> { kept.history.entries.iter().find(|e| Some(&e.id) == id.as_ref()) };
    let Some(entry) = find(&runs.selected) else {
        next.selected = None;
        return;
    };
    ScrollArea::vertical().id_salt("run").auto_shrink(false).show(ui, |ui| {
        card(ui, None, |ui| {
            let (result, environment) = (&entry.result, &entry.result.environment);
            ui.label(RichText::new(entry.label()).strong());
            let l = &result.statistics.latency_ms;
            key_value(ui, "Median", format!("{} ms", significant(l.median)));
            key_value(ui, "p99", format!("{} ms", significant(l.p99)));
            key_value(
                ui,
                "Throughput",
                format!("{} queries/s", significant(result.statistics.throughput_qps)),
            );
            key_value(ui, "Samples", crate::format::count(result.statistics.samples));
            key_value(ui, "Protocol", entry.protocol.clone());
            key_value(ui, "Runtime", trend::runtime(entry));
            key_value(ui, "Program", environment.program.clone());
            key_value(ui, "Machine", environment.host.clone());
        });
        if ui.button("Show in the table").clicked() {
            next.actions.push(Action::ShowRuns(vec![entry.id.clone()]));
        }
        if ui.button("Copy its recipe").clicked() {
            next.actions.push(Action::Copy(entry.recipe.clone(), "run's recipe"));
        }
        match find(&runs.baseline).filter(|b| b.id != entry.id) {
            Some(baseline) => {
                if ui
                    .button("Compare with the baseline")
                    .on_hover_text(baseline.label())
                    .clicked()
                {
                    next.actions
                        .push(Action::ShowRuns(vec![baseline.id.clone(), entry.id.clone()]));
                }
                note(ui, format!("Baseline: {}", baseline.label()));
            }
            None => note(ui, "Use a run as the baseline, then select another to compare the two."),
        }
        if runs.baseline.as_ref() != Some(&entry.id) && ui.button("Use as baseline").clicked() {
            next.baseline = Some(entry.id.clone());
        }
    });
}
