//! Every node with what it computes in and why: a table that is filtered, sorted, and in step with the selection.

use crate::format;
use crate::graph::NodeId;
use crate::recipe::Lowering;
use crate::rewrite::decisions::reached;
use crate::rewrite::lowered::Computes;
use crate::studio::lab::table::swatch;
use crate::studio::precision::state::Column;
use crate::studio::state::{Action, Selection, State};
use crate::studio::theme::{HALF, Tokens};
use crate::studio::widgets::{card, field, note};
use eframe::egui::{self, Align, Button, Label, Layout, RichText, TextEdit, Ui};
use egui_extras::TableBuilder;
use std::sync::Arc;

/// Search, and a button per type.
pub fn filter_bar(ui: &mut Ui, state: &mut State) {
    let t = Tokens::of(ui);
    let counts = state.doc.as_ref().and_then(|d| Some(d.shown()?.counts.clone()));
    let filter = &mut state.precision.filter;
    field(
        ui,
        "Search nodes",
        TextEdit::singleline(&mut filter.search).desired_width(160.0),
    );
    let Some(counts) = counts else { return };
    let kinds = Computes::ALL
        .into_iter()
        .filter(|c| c.is_arithmetic() || *c == Computes::Converts);
    for c in kinds.filter(|c| counts.nodes(*c) > 0) {
        let on = filter.only == Some(c);
        swatch(ui, t.computes(c).unwrap_or(t.weak));
        let text = format!("{} {}", c.name(), format::count(counts.nodes(c)));
        let response = ui.add(Button::selectable(on, RichText::new(text).small()));
        let label = format!("Show only {}", c.name());
        response.widget_info(|| egui::WidgetInfo::selected(egui::accesskit::Role::CheckBox, true, on, &label));
        if response.on_hover_text(label.clone()).clicked() {
            filter.only = (!on).then_some(c);
        }
    }
}

/// Draws the table.
pub fn table(ui: &mut Ui, state: &mut State) {
    let Some(doc) = &state.doc else { return };
    let found = state.precision.calibration(doc.recipe());
    let rows = state.precision.rows(doc, found.as_deref());
    let Some(shown) = doc.shown() else { return };
    let (graph, decided) = (Arc::clone(&shown.graph), doc.decisions());
    if rows.is_empty() {
        note(ui, "No node passes the filter.");
        return;
    }
    let t = Tokens::of(ui);
    let selected = match state.selection {
        Selection::Node(id) => Some(id),
        _ => None,
    };
    let mut actions = Vec::new();
    let mut keep: Option<Keep> = None;
    let mut filter = state.precision.filter.clone();
    let width = ui.available_width();
    // Reasons have what the others leave.
    let share = |part: f32, most: f32| (width * part).clamp(56.0, most);
    let widths = [share(0.24, 320.0), share(0.12, 140.0), 84.0, 60.0, 60.0];
    ui.spacing_mut().item_spacing.x = HALF;
    let mut builder = TableBuilder::new(ui)
        .id_salt("precision nodes")
        .striped(true)
        .sense(egui::Sense::click())
        .cell_layout(Layout::left_to_right(Align::Center));
    for width in widths {
        builder = builder.column(egui_extras::Column::exact(width).clip(true));
    }
    builder = builder.column(egui_extras::Column::remainder().at_least(60.0).clip(true));
    // A node selected elsewhere comes into view.
    if selected != state.precision.followed {
        if let Some(row) = selected.and_then(|id| rows.iter().position(|r| *r == id)) {
            builder = builder.scroll_to_row(row, None);
        }
        state.precision.followed = selected;
    }
    builder
        .header(24.0, |mut header| {
            for column in Column::ALL {
                header.col(|ui| {
                    let is_number = matches!(column, Column::Macs | Column::Reached);
                    ui.with_layout(side(is_number), |ui| {
                        let arrow = match (filter.by == column && column != Column::Node, filter.reversed) {
                            (false, _) => "",
                            (true, false) => " ⏷",
                            (true, true) => " ⏶",
                        };
                        let text = RichText::new(format!("{}{arrow}", column.title()))
                            .small()
                            .color(t.weak);
                        if is_number {
                            ui.add_space(HALF);
                        }
                        // In line with what stands below.
                        ui.spacing_mut().button_padding.x = 0.0;
                        let button = ui.add(Button::new(text).frame_when_inactive(false));
                        let label = format!("Sort by {}", column.title());
                        button.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &label));
                        if button.on_hover_text(hint(column)).clicked() {
                            filter.sort(column);
                        }
                    });
                });
            }
        })
        .body(|body| {
            body.rows(22.0, rows.len(), |mut row| {
                let Some(id) = rows.get(row.index()).copied() else {
                    return;
                };
                let (node, Some(decision)) = (graph.node(id), decided.get(id.0 as usize)) else {
                    return;
                };
                row.set_selected(selected == Some(id));
                let shown_name = if node.name.is_empty() {
                    node.path.to_string()
                } else {
                    node.name.to_string()
                };
                row.col(|ui| {
                    let text = format::middle(&shown_name, (widths[0] / 7.4) as usize);
                    ui.add(Label::new(RichText::new(text).monospace()).selectable(false));
                });
                row.col(|ui| {
                    ui.add(Label::new(&*node.op_type).selectable(false).truncate());
                });
                row.col(|ui| {
                    swatch(ui, t.computes(decision.computes).unwrap_or(t.weak));
                    ui.add(Label::new(decision.computes.name()).selectable(false).truncate());
                });
                let macs = shown.costs.get(id.0 as usize).and_then(|c| c.macs);
                figure(&mut row, macs.map(|n| format::significant(n as f64 / 1e6)));
                let of = |t: &str| found.as_ref()?.tensors.get(t).map(|s| s.range.absmax());
                figure(
                    &mut row,
                    reached(&graph, id, of).map(|v| format::significant(f64::from(v))),
                );
                row.col(|ui| {
                    ui.add(Label::new(&decision.why).selectable(false).truncate());
                });
                let response = row.response();
                let label = format!("{shown_name} {}: {}", node.op_type, decision.why);
                let is_selected = selected == Some(id);
                response
                    .widget_info(|| egui::WidgetInfo::selected(egui::accesskit::Role::Row, true, is_selected, &label));
                if response.clicked() {
                    actions.push(Action::Go(Selection::Node(id)));
                }
                response.on_hover_text(&decision.why).context_menu(|ui| {
                    keep = keep.take().or(menu(ui, &shown_name, &node.op_type));
                });
            });
        });
    state.precision.filter = filter;
    state.actions.extend(actions);
    if let Some(keep) = keep {
        apply(state, keep);
    }
}

fn side(is_number: bool) -> Layout {
    if is_number {
        Layout::right_to_left(Align::Center)
    } else {
        Layout::left_to_right(Align::Center)
    }
}

fn figure(row: &mut egui_extras::TableRow<'_, '_>, text: Option<String>) {
    row.col(|ui| {
        ui.with_layout(side(true), |ui| {
            ui.add_space(HALF);
            let text = text.unwrap_or_default();
            ui.add(Label::new(RichText::new(text).monospace()).selectable(false));
        });
    });
}

fn hint(column: Column) -> &'static str {
    match column {
        Column::Node => "In the graph's order",
        Column::Operator => "By operator",
        Column::Computes => "By type, widest first",
        Column::Macs => "Multiply-accumulates in millions, most first; a node without a product has none",
        Column::Reached => "Largest magnitude that its outputs reached in the calibration, largest first",
        Column::Why => "By reason",
    }
}

/// What a row's menu asks for.
enum Keep {
    Node(String),
    Operator(String),
    Lower(String),
}

fn menu(ui: &mut Ui, name: &str, op: &str) -> Option<Keep> {
    let mut keep = None;
    if ui.button("Keep this node in FP32").clicked() {
        keep = Some(Keep::Node(name.to_owned()));
    }
    if ui.button(format!("Keep every {op} in FP32")).clicked() {
        keep = Some(Keep::Operator(op.to_owned()));
    }
    if ui.button("Lower this node anyway").clicked() {
        keep = Some(Keep::Lower(name.to_owned()));
    }
    if ui.button("Copy name").clicked() {
        ui.ctx().copy_text(name.to_owned());
        ui.close();
    }
    if keep.is_some() {
        ui.close();
    }
    keep
}

/// Edits the lists of the recipe's lowering.
fn apply(state: &mut State, keep: Keep) {
    let Some(doc) = &mut state.doc else { return };
    let mut recipe = doc.recipe().clone();
    let mut choice = Lowering::of(&recipe);
    if !choice.to.is_lower() {
        state.say("Choose FP16, BF16 or INT8 first: in FP32 every node is kept");
        return;
    }
    match keep {
        Keep::Node(name) => {
            choice.include.retain(|n| *n != name);
            choice.exclude.push(name);
        }
        Keep::Operator(op) => choice.exclude_ops.push(op),
        Keep::Lower(name) => {
            choice.exclude.retain(|n| *n != name);
            choice.include.push(name);
        }
    }
    let found = state.precision.calibration_for(&choice, &recipe);
    if choice.write(&mut recipe, found.as_deref()).is_ok() {
        doc.edit("Change precision of nodes", recipe);
        doc.history().close_step();
    }
}

/// The inspector's part: what a node computes in, and why.
pub fn why_here(ui: &mut Ui, state: &State, id: NodeId) {
    let Some(doc) = &state.doc else { return };
    let Some(decision) = doc.decisions().get(id.0 as usize) else {
        return;
    };
    if !Lowering::is_patched(doc.recipe())
        || !(decision.computes.is_arithmetic() || decision.computes == Computes::Converts)
    {
        return;
    }
    let t = Tokens::of(ui);
    let colour = t.computes(decision.computes).unwrap_or(t.weak);
    ui.add_space(HALF);
    card(ui, Some(colour), |ui| {
        ui.horizontal(|ui| {
            swatch(ui, colour);
            ui.label(RichText::new(decision.computes.name()).strong());
        });
        if decision.why != decision.computes.name() {
            ui.add(Label::new(&decision.why).wrap());
        }
    });
}
