//! Which layers lose accuracy: starting the search, with or without a limit, and the slider that keeps the worst.

use crate::format;
use crate::recipe::Lowering;
use crate::rewrite::search::{Metric, Search, Way};
use crate::studio::command::{CommandId, find};
use crate::studio::jobs;
use crate::studio::jobs::Ending;
use crate::studio::sensitivity::state::{Place, Sensitivity};
use crate::studio::sensitivity::{table, trade_off};
use crate::studio::state::{Action, State};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::{empty, failure, field, note};
use eframe::egui::{Align, Button, ComboBox, Label, Layout, RichText, ScrollArea, Slider, TextEdit, Ui, vec2};

/// Below this width the picture is left out.
const WIDE: f32 = 640.0;

/// Draws the tab's content.
pub fn show(ui: &mut Ui, state: &mut State) {
    if state.sensitivity.is_running() {
        ui.horizontal(|ui| {
            if let Some(job) = state.sensitivity.running() {
                let share = job
                    .phase
                    .fraction
                    .map_or_else(String::new, |s| format!(" · {:.0} %", 100.0 * s));
                let left = job
                    .seconds_left()
                    .map_or_else(String::new, |s| format!(" · about {} left", format::seconds(s)));
                ui.spinner();
                ui.add(Label::new(format!("{}{share}{left}", job.phase.name)).truncate());
            }
        });
    }
    let ending = state.sensitivity.job.as_ref().map(|job| (job, &job.ending));
    if let Some((job, Some(Ending::Failed(error)))) = ending {
        let of = jobs::panel::failure(error, "The search", job);
        ScrollArea::vertical()
            .id_salt("search failure")
            .show(ui, |ui| failure(ui, &of, |_| {}));
        return;
    }
    let Some(found) = state.sensitivity.found.clone() else {
        empty(
            ui,
            "Not searched yet",
            "Lowers one layer at a time and compares the outputs with FP32: the layers that lose most come first.",
        );
        return;
    };
    keep(ui, state, &found);
    ui.add_space(HALF);
    let size = ui.available_size();
    let right = if size.x > WIDE { (size.x * 0.42).min(560.0) } else { 0.0 };
    ui.horizontal_top(|ui| {
        let down = Layout::top_down(Align::LEFT);
        let left = size.x - right - if right > 0.0 { 4.0 * SPACE } else { 0.0 };
        ui.allocate_ui_with_layout(vec2(left, size.y), down, |ui| {
            ui.set_min_size(vec2(left, size.y));
            table::table(ui, state, &found);
        });
        if right > 0.0 {
            ui.add_space(SPACE);
            ui.allocate_ui_with_layout(vec2(right, size.y), down, |ui| {
                ui.set_min_size(vec2(right, size.y));
                trade_off::picture(ui, state, &found);
            });
        }
    });
}

/// Starting and cancelling, and what a limit is on.
pub fn start(ui: &mut Ui, state: &mut State) {
    if state.sensitivity.is_running() {
        let searching = state.sensitivity.job.as_ref().is_some_and(|j| j.is_running());
        let id = if searching {
            CommandId::CancelSearch
        } else {
            CommandId::CancelMixes
        };
        jobs::panel::cancel(ui, state, id);
    } else {
        let blocked = find(CommandId::FindSensitive).and_then(|c| (c.blocked)(state));
        let mut start = |ui: &mut Ui, label: &str, id, blocked: &Option<String>| {
            let response = ui.add_enabled(blocked.is_none(), Button::new(label));
            if response.clicked() {
                state.actions.push(Action::Run(id));
            }
            if let Some(why) = blocked {
                response.on_disabled_hover_text(why);
            }
        };
        start(ui, "Find sensitive layers", CommandId::FindSensitive, &blocked);
        let limited = blocked.or_else(|| state.sensitivity.limit().err());
        start(ui, "Search under limit", CommandId::SearchUnderLimit, &limited);
    }
    let s = &mut state.sensitivity;
    let mut metric = s.metric();
    ui.name_inputs("Limit on", |ui| {
        ComboBox::from_id_salt("limit metric")
            .width(130.0)
            .selected_text(words(metric))
            .show_ui(ui, |ui| {
                for m in Metric::ALL {
                    ui.selectable_value(&mut metric, m, words(m)).on_hover_text(help(m));
                }
            });
    });
    if metric != s.metric() {
        s.metric = Some(metric);
        s.limit.clear();
    }
    let response = field(ui, "Limit", TextEdit::singleline(&mut s.limit).desired_width(64.0));
    response.on_hover_text(format!("{} For example {}", help(metric), example(metric)));
    ui.name_inputs("Layers", |ui| {
        ComboBox::from_id_salt("search way")
            .width(150.0)
            .selected_text(way(s.way))
            .show_ui(ui, |ui| {
                for w in [Way::OneLowered, Way::OneKept] {
                    ui.selectable_value(&mut s.way, w, way(w));
                }
            });
    });
}

fn way(way: Way) -> &'static str {
    match way {
        Way::OneLowered => "one lowered at a time",
        Way::OneKept => "all lowered but one",
    }
}

fn words(metric: Metric) -> &'static str {
    match metric {
        Metric::Cosine => "cosine at least",
        Metric::RelativeL2 => "relative L2 at most",
        Metric::MaxAbs => "largest error at most",
        Metric::Top1Agreement => "same class at least",
        Metric::Top1Drop => "top-1 lost at most",
    }
}

fn help(metric: Metric) -> &'static str {
    match metric {
        Metric::Cosine => "How well the outputs point the same way as in FP32; 1 is the same.",
        Metric::RelativeL2 => "Size of the outputs' error against the size of the outputs.",
        Metric::MaxAbs => "The largest difference of a single value.",
        Metric::Top1Agreement => "Share of the samples whose most likely class stays the same.",
        Metric::Top1Drop => "Percentage points of top-1 accuracy lost; needs labels in the test data.",
    }
}

fn example(metric: Metric) -> &'static str {
    match metric {
        Metric::Cosine => "0.999",
        Metric::RelativeL2 => "0.01",
        Metric::MaxAbs => "0.1",
        Metric::Top1Agreement => "99%",
        Metric::Top1Drop => "1%",
    }
}

/// The slider, and what the search under a limit found.
fn keep(ui: &mut Ui, state: &mut State, found: &Search) {
    let t = Tokens::of(ui);
    let Some(doc) = &mut state.doc else { return };
    let s: &mut Sensitivity = &mut state.sensitivity;
    let most = found.worst(usize::MAX).len();
    let kept = s.kept(doc.recipe());
    let mut wanted: Option<Vec<usize>> = None;
    ui.horizontal_wrapped(|ui| {
        let mut n = kept.unwrap_or(0);
        let ready = !found.ranking.is_empty() && !s.is_running();
        ui.label("Keep the worst");
        let slider = ui.name_inputs("Worst layers kept in higher precision", |ui| {
            ui.add_enabled(ready, Slider::new(&mut n, 0..=most))
        });
        ui.label("in higher precision");
        if slider.changed() {
            wanted = Some(found.worst(n));
        }
        let place = match s.place() {
            Place::Recipe => String::new(),
            Place::Variant(name) => format!("variant {name} · "),
        };
        let text = format!("{place}{} · {} · {}", found.patch, found.data, found.reference);
        ui.add(Label::new(RichText::new(text).small().color(t.weak)).truncate());
        if kept.is_none() && ready {
            note(
                ui,
                "⚠ The recipe's precision has changed since; moving the slider goes back to what was searched.",
            );
        }
    });
    if let (Some(limit), false) = (found.limit, s.is_running()) {
        ui.horizontal_wrapped(|ui| match found.found.and_then(|at| found.trials.get(at)) {
            Some(trial) => {
                let figure = trial
                    .errors
                    .as_ref()
                    .and_then(|e| e.figure(limit.metric, found.reference_top1));
                let figure = figure.map_or_else(String::new, |f| format!(" ({})", format::significant(f)));
                let n = format::plural(trial.kept.len(), "layer");
                let macs = trial.lowered_macs.map_or_else(String::new, |share| {
                    format!(
                        ", {} % of the multiply-accumulates lowered",
                        format::significant(1e2 * share)
                    )
                });
                let text = format!("✔ {limit} holds with {n} kept{macs}{figure}");
                ui.label(RichText::new(text).color(t.success));
                if ui.button("Keep these").clicked() {
                    wanted = Some(trial.kept.clone());
                }
            }
            None => {
                ui.label(RichText::new(format!("⚠ {limit} holds in no combination")).color(t.warning));
            }
        });
    }
    if let Some(why) = &s.failure {
        ui.add(Label::new(RichText::new(format!("⛔ {why}")).color(t.error)).wrap());
    }
    if let Some(layers) = wanted {
        match s.keep(doc.recipe(), &layers) {
            Ok(next) => {
                s.failure = None;
                doc.edit("Keep the worst layers", next);
            }
            Err(why) => s.failure = Some(why),
        }
    }
    // A drag is one step of undo.
    if !ui.input(|i| i.pointer.any_down()) && ui.memory(|m| m.focused()).is_none() {
        doc.history().close_step();
    }
}

/// Why no search can be started, besides what else runs; none when one can.
pub fn blocked(state: &State) -> Option<String> {
    let recipe = state.doc.as_ref()?.recipe();
    let has_variant = matches!(state.sensitivity.place(), Place::Variant(_));
    (!Lowering::is_patched(recipe) && !has_variant)
        .then(|| "Choose FP16, BF16, INT8, FP8 or INT4 in the Recipe step first".into())
}
