//! The layer view: time per layer of one variant, as a bar in order of execution and as a table.

use crate::bench::LayerProfile;
use crate::format;
use crate::studio::command::CommandId;
use crate::studio::graph::pane::family_of;
use crate::studio::layers::findings;
use crate::studio::layers::run::LayerRun;
use crate::studio::shell::menus;
use crate::studio::state::{Action, PaintChoice, Selection, State};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::{self, Segment, empty, note, segments};
use eframe::egui;
use egui::{ComboBox, RichText, ScrollArea, Ui, vec2};

/// Width of the column of findings, in points.
const FINDINGS: f32 = 300.0;
/// Height of the bar, in points.
const BAR: f32 = 36.0;

/// Draws the tab.
pub fn show(ui: &mut Ui, state: &mut State) {
    if state.doc.is_none() {
        empty(ui, "Nothing to profile", "Open a model first.");
        return;
    }
    controls(ui, state);
    ui.add_space(HALF);
    let Some(mut run) = state.lab.profile.take() else {
        empty(
            ui,
            "No layers measured yet",
            "\"Profile layers\" builds a variant and runs it with the runtime's profiler on: a run of its own, which says \
             where the time goes, not what the latency is.",
        );
        return;
    };
    run.follow(state.shown_graph().as_ref());
    let again = crate::studio::jobs::panel::standing(ui, "The profile", &run.job);
    if let Some(result) = run.result.take() {
        times(ui, state, &mut run, &result);
        run.result = Some(result);
    }
    state.lab.profile = Some(run);
    if again {
        state.act(Action::Run(CommandId::ProfileLayers));
    }
}

/// Which variant, start, cancel, paint.
fn controls(ui: &mut Ui, state: &mut State) {
    ui.horizontal(|ui| {
        let names = state.variant_names();
        if names.len() > 1 {
            let chosen = names.get(state.lab.profile_variant).or(names.first());
            let words = chosen.cloned().unwrap_or_default();
            ui.name_inputs("Variant to profile", |ui| {
                ComboBox::from_id_salt("variant to profile")
                    .width(140.0)
                    .selected_text(words)
                    .show_ui(ui, |ui| {
                        for (i, name) in names.iter().enumerate() {
                            ui.selectable_value(&mut state.lab.profile_variant, i, name);
                        }
                    });
            });
        }
        menus::button(ui, state, CommandId::ProfileLayers);
        if state.lab.is_profiling() {
            crate::studio::jobs::panel::cancel(ui, state, CommandId::CancelProfile);
        }
        if state.lab.profile.as_ref().is_some_and(|p| p.result.is_some()) && ui.button("Paint graph by time").clicked()
        {
            state.act(Action::Run(CommandId::Paint(PaintChoice::Time)));
        }
    });
}

fn times(ui: &mut Ui, state: &mut State, run: &mut LayerRun, of: &LayerProfile) {
    let t = Tokens::of(ui);
    let profile = &of.profile;
    ui.add(
        egui::Label::new(RichText::new(format!(
            "{} ({}), {}, {}, {}",
            run.variant,
            of.target,
            of.shapes.join(" "),
            format::plural(profile.layers.len(), "layer"),
            format::plural(profile.runs as usize, "run"),
        )))
        .truncate(),
    );
    note(
        ui,
        format!(
            "A run of its own with the profiler on: all layers take {} ms, a profiled run as a whole {} ms. Neither is the \
             latency; comparisons measure that.",
            format::significant(profile.sum_ms()),
            format::significant(profile.run_ms)
        ),
    );
    ui.add_space(HALF);
    let style = crate::studio::theme::canvas::style(&t, true);
    let color = |op: &Option<String>| match op {
        Some(op) => style.family(family_of(op)).strong,
        None => style.scope.strong,
    };
    let list: Vec<Segment> = profile
        .layers
        .iter()
        .map(|l| Segment {
            share: l.share,
            color: color(&l.op),
        })
        .collect();
    let hover = |ui: &mut Ui, i: usize| {
        let Some(layer) = profile.layers.get(i) else { return };
        ui.label(RichText::new(&layer.name).monospace());
        let kind = layer.op.as_deref().unwrap_or("kind not told");
        ui.label(format!(
            "{kind}: {} % of the layers' time, {} ms on average",
            format::significant(100.0 * layer.share),
            format::significant(layer.mean_ms)
        ));
    };
    let label = "Layers in order of execution, as wide as their share of the time";
    let clicked = segments(ui, label, BAR, &list, run.table.rows.chosen(), &hover);
    ui.horizontal(|ui| {
        ui.label(RichText::new("first").small().color(t.weak));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(RichText::new("last").small().color(t.weak));
        });
    });
    let size = ui.available_size();
    let wide = !of.findings.is_empty() && size.x > 2.2 * FINDINGS;
    let mut shown = None;
    ui.horizontal_top(|ui| {
        let left = if wide { size.x - FINDINGS - 2.0 * SPACE } else { size.x };
        ui.allocate_ui(vec2(left, size.y), |ui| {
            ui.vertical(|ui| {
                ui.set_width(left);
                widgets::filter(ui, "Filter layers", &mut run.table.rows, 220.0);
                let row = widgets::table(ui, "layer times", &mut run.table.rows, "Show layer", 1);
                if let Some(layer) = row {
                    go(state, run, layer, false);
                }
            });
        });
        if wide {
            ui.vertical(|ui| {
                ScrollArea::vertical()
                    .id_salt("layer findings")
                    .auto_shrink(false)
                    .show(ui, |ui| {
                        let name = |i: usize| profile.layers.get(i).map(|l| l.name.clone()).unwrap_or_default();
                        shown = findings::show(ui, &of.findings, &name);
                        for text in &profile.notes {
                            note(ui, text.as_str());
                        }
                    });
            });
        }
    });
    if let Some(layer) = clicked.or(shown) {
        go(state, run, layer, true);
    }
}

/// Chooses a layer and shows its node on the graph.
fn go(state: &mut State, run: &mut LayerRun, layer: usize, reveal: bool) {
    run.table.choose(Some(layer), reveal);
    let node = run.table.nodes.as_ref().and_then(|n| n.nodes(layer).first().copied());
    if let Some(node) = node {
        state.act(Action::Go(Selection::Node(node)));
    }
}
