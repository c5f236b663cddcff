//! The Lab step: measure and compare, with the live state of every variant.

use crate::bench::{Comparison, VariantResult};
use crate::format;
use crate::studio::command::CommandId;
use crate::studio::jobs::Ending;
use crate::studio::lab::run::{LiveVariant, Run};
use crate::studio::shell::menus;
use crate::studio::state::{Action, State};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::{self, Failure, card, empty, heading, note};
use eframe::egui::{self, RichText, ScrollArea, Ui};

/// Draws the panel.
pub fn show(ui: &mut Ui, state: &mut State) {
    heading(ui, "Lab");
    let Some(doc) = &state.doc else {
        empty(ui, "Nothing to measure", "Open a model first.");
        return;
    };
    let recipe = doc.recipe();
    let n = recipe.variants.len().max(1);
    let words = format!(
        "{}, at least {2} s each in {1} rounds, protocol {3}",
        format::plural(n, "variant"),
        recipe.bench.rounds.unwrap_or(crate::bench::rounds::ROUNDS),
        recipe.bench.duration_s.unwrap_or(3.0),
        crate::studio::recipe::panel::protocol_name(recipe)
    );
    ui.add(egui::Label::new(RichText::new(words).color(Tokens::of(ui).weak)).wrap());
    ui.add_space(HALF);
    ui.horizontal_wrapped(|ui| {
        menus::primary(ui, state, CommandId::Compare);
        if state.lab.is_sweeping() {
            crate::studio::jobs::panel::tall_cancel(ui, state, CommandId::CancelSweep);
        } else if state.lab.is_running() {
            crate::studio::jobs::panel::tall_cancel(ui, state, CommandId::CancelCompare);
        } else if state.lab.is_profiling() {
            crate::studio::jobs::panel::tall_cancel(ui, state, CommandId::CancelProfile);
        } else {
            for (id, hint) in [
                (
                    CommandId::ProfileLayers,
                    "Time per layer of a variant, in a run of its own",
                ),
                (CommandId::Sweep, "Throughput against batch size, and its knee"),
            ] {
                if let Some(response) = menus::tall_button(ui, state, id) {
                    response.on_hover_text(hint);
                }
            }
        }
    });
    if let Some(why) = crate::studio::recipe::panel::builds_only(state) {
        ui.add_space(HALF);
        card(ui, Some(Tokens::of(ui).warning), |ui| {
            ui.label(RichText::new("⚠ Builds only").strong());
            ui.add(egui::Label::new(why).wrap());
            note(
                ui,
                "Nothing can be measured on this machine. Build the engine here and run it where its GPU is, or name a command prefix (such as ssh gpu-box) in the Recipe step.",
            );
        });
    }
    ui.add_space(SPACE);
    let (mut again, mut profile, mut differ, mut layers) = (false, None, None, None);
    if let Some(sweep) = state.lab.sweep.as_ref().filter(|s| s.job.is_running()) {
        crate::studio::jobs::panel::progress(ui, &sweep.job);
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        if let Some(result) = state.lab.sweep.as_ref().and_then(|s| s.result.as_ref()) {
            for words in crate::export::sweep::words(result) {
                note(ui, words);
            }
        }
        let Some(run) = &state.lab.run else {
            note(ui, "Builds every variant of the recipe, then measures them in turn. Plots fill below while samples arrive.");
            if n == 1 {
                note(ui, "The recipe has one variant. Add another in the Recipe step to see a speed-up.");
            }
            return;
        };
        match &run.job.ending {
            None => crate::studio::jobs::panel::progress(ui, &run.job),
            Some(Ending::Failed(error)) => {
                let of = crate::studio::jobs::panel::failure(error, "The comparison", &run.job);
                widgets::failure(ui, &of, |ui| again = ui.button("Start again").clicked());
            }
            Some(Ending::Cancelled) => {
                card(ui, None, |ui| {
                    ui.label(RichText::new("Cancelled").strong());
                    note(ui, "The comparison has stopped. The samples taken so far stay in the plots.");
                });
            }
            Some(Ending::Done(_)) => {
                if let Some(result) = &state.lab.result {
                    ui.add(egui::Label::new(RichText::new(&result.headline).strong()).wrap());
                }
                if let Some(of) = without_numbers(run, state.lab.result.as_ref()) {
                    widgets::failure(ui, &of, |ui| again = ui.button("Start again").clicked());
                }
            }
        }
        let t = Tokens::of(ui);
        ui.add_space(HALF);
        let slow = state.lab.result.as_ref().map(Comparison::slow_quantized).unwrap_or_default();
        let is_idle = !run.job.is_running() && !state.lab.is_profiling() && !state.lab.is_differing();
        let protocol = run.protocol.clone();
        for (i, v) in run.variants.iter().enumerate() {
            let result = state.lab.result.as_ref().and_then(|r| r.variants.get(i));
            card(ui, Some(t.variant(i)), |ui| {
                ui.horizontal(|ui| {
                    // The speed-up first, from the right: the name has the rest.
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                        if let Some(result) = result.filter(|r| r.error.is_none()) {
                            ui.label(RichText::new(crate::studio::lab::table::speedup_words(result)).strong());
                        }
                        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                            ui.add(egui::Label::new(RichText::new(&v.name).strong()).truncate());
                        });
                    });
                });
                if let Some(why) = why_lost(v, result) {
                    ui.add(egui::Label::new(RichText::new(format!("⛔ {why}")).color(t.error)).wrap());
                    return;
                }
                // Final figures once they are there, live ones until then.
                let live = v.series.percentile_ms(50.0).zip(v.series.percentile_ms(99.0));
                let (median, p99, rate) = match (result, live) {
                    (Some(r), _) => {
                        let s = &r.statistics;
                        (s.latency_ms.median, s.latency_ms.p99, Some(s.throughput_qps))
                    }
                    (None, Some((median, p99))) => (median, p99, v.series.throughput_qps()),
                    (None, None) => {
                        let waiting = if v.record.is_some() { "built, waiting to be measured" } else { "waiting" };
                        ui.label(RichText::new(waiting).color(t.weak));
                        return;
                    }
                };
                ui.horizontal(|ui| {
                    ui.label(RichText::new(format!("median {} ms", format::significant(median))).monospace());
                    ui.label(RichText::new(format!("p99 {} ms", format::significant(p99))).monospace());
                });
                let rate = rate.map_or_else(String::new, |r| format!("{} queries/s, ", format::significant(r)));
                ui.label(RichText::new(format!("{rate}{} samples, {protocol}", format::count(v.series.count()))).small().color(t.weak));
                let start = format!("{} is slower than ", v.name);
                let told = slow.iter().find_map(|s| Some((s, s.strip_prefix(&start)?)));
                if let Some((why, rest)) = told {
                    // The reasons stand below the variants too.
                    let than = rest.split_once(". ").map_or(rest, |(first, _)| first);
                    let text = RichText::new(format!("⚠ Slower than {than}")).color(t.warning);
                    ui.add(egui::Label::new(text).wrap()).on_hover_text(why);
                }
                if !is_idle {
                    return;
                }
                ui.horizontal_wrapped(|ui| {
                    for (words, what, hint, chosen) in [
                        ("Profile layers", format!("Profile layers of {}", v.name), "Time per layer, in a run of its own", &mut profile),
                        (
                            "Where does it differ",
                            format!("Where does {} differ", v.name),
                            "Compare every tensor with the reference's and name the first bad node",
                            &mut differ,
                        ),
                    ] {
                        let button = ui.add(egui::Button::new(RichText::new(words).small()).fill(t.hover)).on_hover_text(hint);
                        button.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &what));
                        if button.clicked() {
                            *chosen = Some(i);
                        }
                    }
                    if let Some(result) = &state.lab.result {
                        layers = crate::studio::lab::table::find_layers(ui, result, i).or(layers.take());
                    }
                });
            });
        }
        if let Some(result) = &state.lab.result {
            for warning in result.warnings.iter().chain(&slow) {
                note(ui, format!("⚠ {warning}"));
            }
        }
    });
    if again {
        state.act(Action::Run(CommandId::Compare));
    }
    state.actions.extend(layers);
    if let Some(variant) = differ {
        state.lab.difference_variant = variant;
        state.act(Action::Run(CommandId::FindDifference));
    }
    if let Some(variant) = profile {
        state.lab.profile_variant = variant;
        state.act(Action::Run(CommandId::ProfileLayers));
    }
}

/// Why a variant has no numbers.
fn why_lost<'a>(v: &'a LiveVariant, result: Option<&'a VariantResult>) -> Option<&'a String> {
    v.lost.as_ref().or(result.and_then(|r| r.error.as_ref()))
}

/// A comparison that ended while some of its variants did not, as a panel shows it.
fn without_numbers(run: &Run, result: Option<&Comparison>) -> Option<Failure> {
    let failed: Vec<(&str, &String)> = run
        .variants
        .iter()
        .enumerate()
        .filter_map(|(i, v)| {
            let result = result.and_then(|r| r.variants.get(i));
            Some((v.name.as_str(), why_lost(v, result)?))
        })
        .collect();
    let (first, why) = failed.first()?;
    let gone = run.variants.iter().any(|v| v.lost.is_some());
    Some(Failure {
        what: match failed.len() {
            n if n == run.variants.len() => "No variant could be measured".into(),
            n => format!("{n} of {} could not be measured", format::plural(run.variants.len(), "variant")),
        },
        place: failed.iter().map(|f| f.0).collect::<Vec<_>>().join(", "),
        why: if failed.len() == 1 {
            (*why).clone()
        } else {
            format!("{first}: {why}")
        },
        advice: if gone {
            "The worker is gone; the studio is not affected. Start again; if it happens again, the log says what the worker printed last."
        } else {
            "The reasons stand at the variants below."
        }
        .into(),
        raw: run.job.log_text(),
    })
}
