//! The Model step: what is open, in figures; how to open something else.

use crate::format;
use crate::studio::model::document::{Analysis, Document};
use crate::studio::sizes::known::words;
use crate::studio::state::State;
use crate::studio::theme::SPACE;
use crate::studio::widgets::{card, empty, failure, heading, key_value, note, section};
use eframe::egui::{self, Grid, ScrollArea, Ui};

/// Draws the panel.
pub fn show(ui: &mut Ui, state: &mut State) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        if let Some(of) = state.open_failure.clone()
            && state.doc.is_some()
        {
            failure(ui, &of, |ui| {
                if ui.button("Dismiss").clicked() {
                    state.open_failure = None;
                }
            });
        }
        match &state.doc {
            None => empty(
                ui,
                "No model open",
                "Drop an ONNX file on the window, or open one with Ctrl+O.",
            ),
            Some(doc) => {
                heading(ui, &doc.outline.file);
                figures(ui, doc);
                section(ui, "Inputs and outputs", |ui| interface(ui, doc));
                section(ui, "Operators", |ui| operators(ui, doc));
            }
        }
        if state.doc.is_some() {
            section(ui, "Open another", |ui| {
                crate::studio::model::start::path_field(ui, state)
            });
        }
    });
}

/// Figures of the model.
fn figures(ui: &mut Ui, doc: &Document) {
    let o = &doc.outline;
    card(ui, None, |ui| {
        Grid::new("model figures")
            .num_columns(2)
            .spacing([2.0 * SPACE, 4.0])
            .show(ui, |ui| {
                if let Some(a) = &doc.analysis {
                    key_value(ui, "Nodes", format::count(a.figures.nodes as u64));
                    key_value(ui, "Parameters", format::short(a.figures.total.parameters));
                    costs(ui, a);
                } else {
                    key_value(ui, "Nodes", format::count(o.nodes as u64));
                    key_value(ui, "Graph", "being built");
                }
                let file = match o.external_files {
                    0 => format::bytes(o.file_bytes),
                    n => format!(
                        "{} and {}",
                        format::bytes(o.file_bytes),
                        format::plural(n, "external file")
                    ),
                };
                key_value(ui, "File", file);
            });
    });
    if let Some(a) = &doc.analysis
        && !a.graph.problems.is_empty()
    {
        let problems = format::plural(a.graph.problems.len(), "problem");
        note(ui, format!("⚠ {problems} in the model's structure; see Check."));
    }
}

/// What one inference takes, at which sizes.
fn costs(ui: &mut Ui, a: &Analysis) {
    let total = &a.figures.total;
    let least = |is_complete: bool, words: String| {
        if is_complete {
            words
        } else {
            format!("at least {words}")
        }
    };
    let macs = match (total.macs, total.macs_unknown) {
        (0, n) if n > 0 => "not known".to_owned(),
        (macs, unknown) => least(unknown == 0, format::short(macs)),
    };
    key_value(ui, "Multiply-accumulates", macs);
    let memory = &a.memory;
    key_value(ui, "Weights", format::bytes(memory.weight_bytes));
    key_value(
        ui,
        "Activations",
        least(memory.is_complete(), format::bytes(memory.activation_bytes)),
    );
    if let Some(node) = memory.peak.and_then(|id| a.graph.nodes.get(id.0 as usize)) {
        let name = crate::rewrite::label(node);
        key_value(ui, "Most at", format!("{} {}", node.op_type, format::middle(&name, 28)));
    }
    key_value(
        ui,
        "Memory in all",
        least(memory.is_complete(), format::bytes(memory.total_bytes())),
    );
    let at = match (a.axes.axes.as_slice(), a.at.as_deref()) {
        ([], _) => return,
        (_, Some(at)) => words(at),
        ([one], None) => format!("{} 1", format::middle(&one.label, 16)),
        (_, None) => "sizes that the recipe does not give".to_owned(),
    };
    key_value(ui, "Counted at", at);
}

/// Where the model comes from: versions, producer, description.
pub fn origin(ui: &mut Ui, doc: &Document) {
    let o = &doc.outline;
    card(ui, None, |ui| {
        Grid::new("model origin")
            .num_columns(2)
            .spacing([2.0 * SPACE, 4.0])
            .show(ui, |ui| {
                for (domain, version) in &o.opsets {
                    key_value(ui, "Opset", format!("{domain} {version}"));
                }
                key_value(ui, "IR version", o.ir_version.to_string());
                if !o.producer.is_empty() {
                    key_value(ui, "Producer", o.producer.clone());
                }
                if !o.graph_name.is_empty() {
                    key_value(ui, "Graph name", format::middle(&o.graph_name, 48));
                }
                if let Some(a) = &doc.analysis {
                    for (title, stored) in [
                        ("Initializers", a.figures.initializers),
                        ("Constants", a.figures.constants),
                    ] {
                        let bytes = format::bytes(stored.bytes);
                        key_value(ui, title, format!("{}, {bytes}", format::count(stored.count)));
                    }
                }
                if o.functions > 0 {
                    key_value(ui, "Functions", format::count(o.functions as u64));
                }
            });
    });
    if !o.doc.is_empty() {
        note(ui, o.doc.chars().take(2000).collect::<String>());
    }
}

/// Inputs and outputs with types and shapes.
pub fn interface(ui: &mut Ui, doc: &Document) {
    let Some(a) = &doc.analysis else {
        note(ui, "Shown when the graph is built.");
        return;
    };
    let Some(top) = a.graph.bodies.first() else { return };
    for (title, ids) in [("Input", &top.inputs), ("Output", &top.outputs)] {
        for id in ids.iter().take(200) {
            let tensor = a.graph.tensor(*id);
            ui.horizontal(|ui| {
                ui.weak(title);
                crate::studio::widgets::name(ui, &tensor.name);
            });
            ui.indent((title, id.0), |ui| crate::studio::widgets::tensor_type(ui, &tensor.ty));
        }
        if ids.len() > 200 {
            note(ui, format!("and {} more", ids.len() - 200));
        }
    }
}

/// Operators by number.
pub fn operators(ui: &mut Ui, doc: &Document) {
    let Some(a) = &doc.analysis else { return };
    let most = a.figures.operators.first().map_or(1, |o| o.1.max(1)) as f32;
    let t = crate::studio::theme::Tokens::of(ui);
    let style = crate::studio::theme::canvas::style(&t, true);
    for (name, count) in a.figures.operators.iter().take(100) {
        let (rect, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 20.0), egui::Sense::hover());
        let text = rect.width() * 0.5;
        let room = rect.width() - text - 48.0;
        let bar = egui::Rect::from_min_size(
            egui::pos2(rect.left() + text, rect.center().y - 4.0),
            egui::vec2((room * *count as f32 / most).max(2.0), 8.0),
        );
        let font = egui::TextStyle::Monospace.resolve(ui.style());
        let painter = ui.painter_at(rect);
        let label = format::middle(name, ((text - 8.0) / 7.5) as usize);
        painter.text(
            rect.left_center(),
            egui::Align2::LEFT_CENTER,
            label,
            font.clone(),
            t.text,
        );
        let fill = style.family(crate::studio::graph::pane::family_of(name)).strong;
        painter.rect_filled(bar, 2.0, fill);
        painter.text(
            rect.right_center(),
            egui::Align2::RIGHT_CENTER,
            format::count(*count as u64),
            font,
            t.weak,
        );
    }
}
