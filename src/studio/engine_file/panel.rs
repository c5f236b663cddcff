//! The engine view: what an engine file says about itself and, where its library can read it, its bindings, profiles and
//! layers. Words are those of `enginesmith inspect`.

use crate::engine::BuildRecord;
use crate::engine::plan::{EngineView, words};
use crate::files::is_same;
use crate::format;
use crate::studio::command::CommandId;
use crate::studio::engine_file::opened::OpenedEngine;
use crate::studio::layers::findings;
use crate::studio::state::{Action, State};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::{self, Segment, card, empty, key_value, note, section, segments};
use eframe::egui;
use egui::{CollapsingHeader, Grid, RichText, ScrollArea, Ui, vec2};

/// Width of the column of facts, in points.
const FACTS: f32 = 320.0;
/// Log lines of the build record that are listed.
const LOG: usize = 400;

/// Draws the tab.
pub fn show(ui: &mut Ui, state: &mut State) {
    let Some(mut engine) = state.engine.take() else {
        empty(
            ui,
            "No engine file is open",
            "Open or drop an .engine or .plan file of TensorRT or TensorRT-RTX, or build one and choose \"Show engine\".",
        );
        return;
    };
    engine.follow(state.shown_graph().as_ref());
    head(ui, state, &engine);
    ui.add_space(HALF);
    let size = ui.available_size();
    ui.horizontal_top(|ui| {
        let left = FACTS.min(size.x * 0.5);
        ui.allocate_ui(vec2(left, size.y), |ui| {
            ui.vertical(|ui| {
                ui.set_width(left);
                ScrollArea::vertical()
                    .id_salt("engine facts")
                    .auto_shrink(false)
                    .show(ui, |ui| facts(ui, state, &mut engine));
            });
        });
        ui.separator();
        ui.vertical(|ui| layers(ui, state, &mut engine));
    });
    // Whoever closed it while it was drawn wants it closed.
    state.engine = Some(engine);
}

/// File, product, and what can be done with the whole.
fn head(ui: &mut Ui, state: &mut State, engine: &OpenedEngine) {
    let t = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.label(RichText::new(engine.name()).strong());
        let built = words::facts(&engine.view).into_iter().next();
        if let Some((label, value)) = built {
            ui.label(RichText::new(format!("{} {value}", label.to_lowercase())).color(t.weak));
        }
        if engine.asking.is_some() {
            ui.spinner();
            ui.label("Asking the library");
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.button("Close engine").clicked() {
                state.act(Action::Run(CommandId::CloseEngine));
            }
            if engine.asking.is_none()
                && ui
                    .button("Read again")
                    .on_hover_text("Reads the file and asks the library once more")
                    .clicked()
            {
                state.act(Action::Open(engine.path.clone()));
            }
        });
    });
}

fn facts(ui: &mut Ui, state: &mut State, engine: &mut OpenedEngine) {
    let t = Tokens::of(ui);
    let view = &engine.view;
    Grid::new("engine facts")
        .num_columns(2)
        .spacing([2.0 * SPACE, HALF])
        .show(ui, |ui| {
            for (label, value) in words::facts(view) {
                key_value(ui, label, value);
            }
        });
    ui.add_space(HALF);
    for why in &view.refusals {
        card(ui, Some(t.warning), |ui| {
            ui.label(RichText::new("⚠ Does not run here").strong().color(t.warning));
            ui.add(egui::Label::new(format::sentence(why)).wrap());
        });
    }
    if let Some(why) = &engine.unanswered {
        card(ui, Some(t.error), |ui| {
            ui.label(
                RichText::new("⛔ The library could not be asked")
                    .strong()
                    .color(t.error),
            );
            ui.add(egui::Label::new(format::sentence(why)).wrap());
            note(ui, "What is shown comes from the file's first bytes and its record.");
        });
    }
    model(ui, state, engine);
    let names = |i: usize| engine.view.layers.get(i).map(|l| l.name.clone()).unwrap_or_default();
    if !engine.view.findings.is_empty() {
        let shown = section(ui, "What the layers say", |ui| {
            findings::show(ui, &engine.view.findings, &names)
        });
        if let Some(layer) = shown.flatten() {
            go(state, engine, layer, true);
        }
    }
    let view = &engine.view;
    interface(ui, view);
    for text in &view.notes {
        note(ui, text.as_str());
    }
    if view.record.is_none() {
        ui.add_space(SPACE);
        note(
            ui,
            format!(
                "No build record belongs to this file ({}.json); Enginesmith writes one beside every engine it builds.",
                engine.name()
            ),
        );
    }
    // Where there are no layers the record has their place.
    if !view.layers.is_empty() {
        record(ui, state, view, false);
    }
}

fn record(ui: &mut Ui, state: &mut State, view: &EngineView, open: bool) {
    if let Some(record) = &view.record {
        section(ui, "Build record", |ui| build_record(ui, state, record, open));
    }
}

/// Which model the engine was built from, and how far its layers are known in the open one.
fn model(ui: &mut Ui, state: &mut State, engine: &OpenedEngine) {
    let recipe = engine.view.recipe(&engine.path);
    let open = state.doc.as_ref().map(|d| d.model.path().to_path_buf());
    let same = recipe.as_ref().zip(open.as_ref());
    let same = same.is_some_and(|(r, open)| is_same(&r.model.path, open));
    if let Some(recipe) = recipe.filter(|_| !same) {
        ui.horizontal(|ui| {
            if ui.button("Open its model").clicked() {
                state.act(Action::OpenEngineModel);
            }
            widgets::name(ui, &recipe.model.path.display().to_string());
        });
    }
    if let Some(nodes) = &engine.table.nodes {
        let words = format!(
            "{} of {} name nodes of the open model.",
            format::count(nodes.mapped() as u64),
            format::plural(engine.view.layers.len(), "layer")
        );
        note(ui, words);
    }
}

/// Bindings and optimization profiles.
fn interface(ui: &mut Ui, view: &EngineView) {
    if !view.tensors.is_empty() {
        section(ui, "Inputs and outputs", |ui| {
            for [name, direction, dtype, shape, layout] in words::tensor_rows(view) {
                widgets::name(ui, &name);
                note(ui, format!("{direction}, {dtype} {shape}, {layout}"));
            }
        });
    }
    if !view.profiles.is_empty() {
        section(ui, "Optimization profiles", |ui| {
            Grid::new("engine profiles")
                .num_columns(5)
                .spacing([SPACE, HALF])
                .show(ui, |ui| {
                    for title in ["#", "Input", "Min", "Opt", "Max"] {
                        ui.label(RichText::new(title).small().color(Tokens::of(ui).weak));
                    }
                    ui.end_row();
                    for [number, input, min, opt, max] in words::profile_rows(view) {
                        ui.label(number);
                        ui.monospace(format::middle(&input, 20)).on_hover_text(&input);
                        for shape in [min, opt, max] {
                            ui.monospace(shape);
                        }
                        ui.end_row();
                    }
                });
        });
    }
}

/// How it was built: recipe, times, log.
fn build_record(ui: &mut Ui, state: &mut State, record: &BuildRecord, open: bool) {
    let t = Tokens::of(ui);
    if let Some(device) = &record.device {
        note(ui, format!("Built for {device}"));
    }
    let folded = |title: &str| {
        CollapsingHeader::new(title)
            .id_salt((title, "of the engine"))
            .default_open(open)
    };
    folded("Recipe").show(ui, |ui| {
        if ui.button("Copy recipe").clicked() {
            state.act(Action::Copy(record.recipe.clone(), "recipe"));
        }
        ui.add(egui::Label::new(RichText::new(&record.recipe).monospace()).wrap());
    });
    folded("Times").show(ui, |ui| {
        for (name, seconds) in &record.stages {
            ui.horizontal(|ui| {
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    ui.label(RichText::new(format::seconds(*seconds)).monospace());
                    let label = egui::Label::new(format::sentence(name)).truncate();
                    ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| ui.add(label));
                });
            });
        }
    });
    folded(&format!("Log, {}", format::plural(record.log.len(), "line"))).show(ui, |ui| {
        if ui.button("Copy log").clicked() {
            let lines = record
                .log
                .iter()
                .map(|(severity, line)| format!("{severity}: {line}\n"));
            state.act(Action::Copy(lines.collect(), "build log"));
        }
        for (severity, line) in record.log.iter().take(LOG) {
            let color = match severity.as_str() {
                "error" => t.error,
                "warn" => t.warning,
                "info" => t.text,
                _ => t.weak,
            };
            ui.add(egui::Label::new(RichText::new(line).monospace().color(color)).wrap());
        }
        if record.log.len() > LOG {
            note(
                ui,
                format!("and {} more", format::count((record.log.len() - LOG) as u64)),
            );
        }
    });
}

/// Share of the types, filter, table; why there are none.
fn layers(ui: &mut Ui, state: &mut State, engine: &mut OpenedEngine) {
    if engine.view.layers.is_empty() {
        if engine.asking.is_some() {
            empty(
                ui,
                "Reading the engine",
                "Its header is on the left; the library tells its layers.",
            );
        } else {
            card(ui, None, |ui| {
                ui.label(RichText::new("No layers to show").strong());
                note(ui, words::why_no_layers(&engine.view));
            });
            ScrollArea::vertical()
                .id_salt("engine record")
                .auto_shrink(false)
                .show(ui, |ui| record(ui, state, &engine.view, true));
        }
        return;
    }
    let t = Tokens::of(ui);
    let style = crate::studio::theme::canvas::style(&t, true);
    let all = engine.view.layers.len();
    let precisions = engine.view.precisions();
    let list: Vec<Segment> = precisions
        .iter()
        .map(|(name, count)| Segment {
            share: *count as f64,
            color: style.type_color(name),
        })
        .collect();
    let said = |i: usize| {
        let found = precisions.get(i);
        found.map_or_else(String::new, |(name, count)| words::share_words(name, *count, all))
    };
    if !list.is_empty() {
        let label = format!(
            "Layers by type: {}",
            (0..list.len()).map(said).collect::<Vec<_>>().join(", ")
        );
        let filter = segments(ui, &label, 12.0, &list, None, &|ui, i| {
            ui.label(said(i));
        });
        ui.horizontal_wrapped(|ui| {
            for (i, segment) in list.iter().enumerate() {
                crate::studio::lab::table::swatch(ui, segment.color);
                ui.label(RichText::new(said(i)).small());
            }
        });
        if let Some((name, _)) = filter.and_then(|i| precisions.get(i)) {
            engine.table.rows.filter = name.clone();
        }
    }
    ui.horizontal(|ui| {
        widgets::filter(ui, "Filter layers", &mut engine.table.rows, 220.0);
        if engine.table.nodes.as_ref().is_some_and(|n| n.mapped() > 0) && ui.button("Paint graph by type").clicked() {
            state.act(Action::Run(CommandId::Paint(crate::studio::state::PaintChoice::Types)));
        }
    });
    if let Some(layer) = widgets::table(ui, "engine layers", &mut engine.table.rows, "Show layer", 1) {
        go(state, engine, layer, false);
    }
}

/// Chooses a layer and shows its first node on the graph.
fn go(state: &mut State, engine: &mut OpenedEngine, layer: usize, reveal: bool) {
    engine.table.choose(Some(layer), reveal);
    let node = engine
        .table
        .nodes
        .as_ref()
        .and_then(|n| n.nodes(layer).first().copied());
    if let Some(node) = node {
        state.act(Action::Go(crate::studio::state::Selection::Node(node)));
    }
}
