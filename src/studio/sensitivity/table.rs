//! The table of layers by what they lose, worst first.

use crate::format;
use crate::graph::NodeId;
use crate::rewrite::search::{Errors, Measured, Search};
use crate::studio::state::{Action, Selection, State};
use crate::studio::theme::Tokens;
use eframe::egui::{self, Align, Label, Layout, RichText, Ui, vec2};
use egui_extras::{Column, TableBuilder};

/// The ranking, worst first, the error as a bar.
pub fn table(ui: &mut Ui, state: &mut State, found: &Search) {
    let t = Tokens::of(ui);
    let order = state.sensitivity.order();
    let kept = state.doc.as_ref().and_then(|d| state.sensitivity.kept(d.recipe()));
    let kept = found.worst(kept.unwrap_or(0));
    let largest = found
        .layers
        .iter()
        .filter_map(|m| m.errors.as_ref().map(Errors::relative_l2))
        .filter(|e| e.is_finite())
        .fold(0.0, f64::max);
    let mut go = None;
    let width = ui.available_width();
    TableBuilder::new(ui)
        .id_salt("sensitive layers")
        .striped(true)
        .sense(egui::Sense::click())
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(width * 0.32).clip(true))
        .column(Column::exact(72.0).clip(true))
        .column(Column::exact(72.0))
        .column(Column::exact(64.0))
        .column(Column::remainder().at_least(80.0).clip(true))
        .header(24.0, |mut header| {
            for (title, hint) in [
                (
                    "Layer",
                    "The nodes that are lowered together go by the first one's name",
                ),
                ("Operator", ""),
                (
                    "Error",
                    "Relative L2 error at the outputs with this layer lowered (or kept, as chosen): worst output",
                ),
                ("MACs [M]", "Multiply-accumulates in millions"),
                ("", ""),
            ] {
                header.col(|ui| {
                    let label = ui.label(RichText::new(title).small().color(t.weak));
                    if !hint.is_empty() {
                        label.on_hover_text(hint);
                    }
                });
            }
        })
        .body(|body| {
            body.rows(22.0, order.len(), |mut row| {
                let Some(index) = order.get(row.index()).copied() else {
                    return;
                };
                let Some(measured) = found.layers.get(index) else {
                    return;
                };
                let layer = &measured.layer;
                let is_kept = kept.contains(&index);
                row.col(|ui| {
                    let text = format::middle(&layer.name, (width * 0.32 / 7.4) as usize);
                    ui.add(Label::new(RichText::new(text).monospace()).selectable(false));
                });
                row.col(|ui| {
                    ui.add(Label::new(&layer.op_type).selectable(false).truncate());
                });
                row.col(|ui| {
                    let text = error(measured);
                    ui.add(Label::new(RichText::new(text).monospace()).selectable(false));
                });
                row.col(|ui| {
                    let text = layer
                        .macs
                        .map_or_else(String::new, |n| format::significant(n as f64 / 1e6));
                    ui.add(Label::new(RichText::new(text).monospace()).selectable(false));
                });
                row.col(|ui| bar(ui, measured, largest, is_kept, &t));
                let response = row.response();
                let words = if is_kept { ", kept" } else { "" };
                let label = format!("Layer {} {}: {}{words}", layer.name, layer.op_type, error(measured));
                response.widget_info(|| egui::WidgetInfo::selected(egui::accesskit::Role::Row, true, is_kept, &label));
                if response.clicked() {
                    go = layer.nodes.first().cloned();
                }
                if let Some(why) = &measured.failure {
                    response.on_hover_text(why);
                }
            });
        });
    if let Some(name) = go {
        let graph = state.shown_graph();
        let at = graph.and_then(|g| g.nodes.iter().position(|n| *n.name == *name));
        if let Some(id) = at.and_then(|i| u32::try_from(i).ok()) {
            state.act(Action::Go(Selection::Node(NodeId(id))));
        }
    }
}

fn error(measured: &Measured) -> String {
    match (&measured.errors, &measured.failure) {
        (Some(e), _) if e.relative_l2().is_infinite() => "not finite".into(),
        (Some(e), _) => format::significant(e.relative_l2()),
        (None, Some(_)) => "failed".into(),
        (None, None) => "…".into(),
    }
}

fn bar(ui: &mut Ui, measured: &Measured, largest: f64, is_kept: bool, t: &Tokens) {
    let room = ui.available_width() - if is_kept { 40.0 } else { 0.0 };
    let share = match &measured.errors {
        Some(e) if e.relative_l2().is_finite() => (e.relative_l2() / largest.max(1e-300)) as f32,
        Some(_) => 1.0,
        None => 0.0,
    };
    let (rect, _) = ui.allocate_exact_size(vec2(room.max(8.0), 10.0), egui::Sense::hover());
    let mut filled = rect;
    filled.set_width((rect.width() * share.clamp(0.0, 1.0)).max(if measured.errors.is_some() { 1.0 } else { 0.0 }));
    let colour = if is_kept { t.success } else { t.sensitivity(share) };
    ui.painter().rect_filled(filled, 2.0, colour);
    if is_kept {
        ui.label(RichText::new("kept").small().color(t.success));
    }
}
