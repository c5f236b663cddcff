//! A table of [`Rows`]: sorts by its headings, draws only what is in view, says which row was clicked.

use crate::format;
use crate::studio::theme::Tokens;
use crate::studio::widgets::rows::{Cell, Rows};
use eframe::egui;
use egui::{Align, Label, Layout, RichText, Sense, TextEdit, Ui};
use egui_extras::{Column, TableBuilder};

/// Height of a row, in points.
const ROW: f32 = 22.0;

/// The field that filters rows, with how many are shown.
pub fn filter(ui: &mut Ui, label: &str, rows: &mut Rows, width: f32) {
    let edit = TextEdit::singleline(&mut rows.filter).desired_width(width);
    crate::studio::widgets::field(ui, label, edit);
    let (shown, all) = (rows.shown().len(), rows.len());
    if shown < all {
        let words = format!("{shown} of {all}");
        ui.label(RichText::new(words).small().color(Tokens::of(ui).weak));
    }
}

/// Draws the table in what room there is. `verb` with the text of the cell in column `named` is a row's accessible label.
/// Returns the row that was clicked.
pub fn table(ui: &mut Ui, id: &str, rows: &mut Rows, verb: &str, named: usize) -> Option<usize> {
    let t = Tokens::of(ui);
    let headings = rows.headings();
    let shown = rows.shown().to_vec();
    let (chosen, sort) = (rows.chosen(), rows.sort());
    let (mut clicked, mut sort_by) = (None, None);
    let reveal = rows.take_reveal();
    egui::ScrollArea::horizontal().id_salt(id).show(ui, |ui| {
        let mut builder = TableBuilder::new(ui)
            .id_salt(id)
            .resizable(true)
            .sense(Sense::click())
            .cell_layout(Layout::left_to_right(Align::Center))
            .auto_shrink(false);
        for heading in headings {
            builder = builder.column(if heading.grows() {
                Column::remainder().at_least(heading.width).clip(true)
            } else {
                Column::initial(heading.width).at_least(36.0).clip(true)
            });
        }
        if let Some(place) = reveal {
            builder = builder.scroll_to_row(place, Some(Align::Center));
        }
        builder
            .header(26.0, |mut header| {
                for (i, heading) in headings.iter().enumerate() {
                    header.col(|ui| {
                        let layout = side(heading.is_number);
                        let sorted = sort.filter(|s| s.0 == i).map(|s| s.1);
                        if ui.with_layout(layout, |ui| title(ui, heading.title, sorted, &t)).inner {
                            sort_by = Some(i);
                        }
                    });
                }
            })
            .body(|body| {
                body.rows(ROW, shown.len(), |mut row| {
                    let Some(index) = shown.get(row.index()).copied() else {
                        return;
                    };
                    let cells = rows.row(index);
                    row.set_selected(chosen == Some(index));
                    for cell in cells {
                        row.col(|ui| {
                            let (text, is_number) = match cell {
                                Cell::Text(text) => (RichText::new(text), false),
                                Cell::Number(_, text) => (RichText::new(text).monospace(), true),
                                Cell::Name(full) => {
                                    name(ui, full);
                                    return;
                                }
                            };
                            let label = Label::new(text).selectable(false).truncate();
                            ui.with_layout(side(is_number), |ui| ui.add(label));
                        });
                    }
                    let response = row.response();
                    let name = cells.get(named).map(Cell::text).unwrap_or_default();
                    let label = format!("{verb} {name}");
                    response.widget_info(|| {
                        egui::WidgetInfo::selected(egui::accesskit::Role::Button, true, chosen == Some(index), &label)
                    });
                    if response.clicked() {
                        clicked = Some(index);
                    }
                });
            });
    });
    if let Some(column) = sort_by {
        rows.sort_by(column);
    }
    clicked
}

/// A name: monospace, shortened in its middle, whole on hover.
fn name(ui: &mut Ui, full: &str) {
    let shown = format::middle(full, crate::studio::widgets::fitting(ui, ui.available_width()));
    let shortened = shown != full;
    let response = ui.add(Label::new(RichText::new(shown).monospace()).selectable(false).extend());
    if shortened {
        response.on_hover_text(RichText::new(full).monospace());
    }
}

fn side(is_number: bool) -> Layout {
    if is_number {
        Layout::right_to_left(Align::Center)
    } else {
        Layout::left_to_right(Align::Center)
    }
}

/// A heading; true when it was clicked.
fn title(ui: &mut Ui, title: &str, turned: Option<bool>, t: &Tokens) -> bool {
    let mark = match turned {
        None => "",
        Some(false) => " ⏷",
        Some(true) => " ⏶",
    };
    // The terminal's tables have the same titles in small letters.
    let words = format!("{}{mark}", format::sentence(title));
    let text = RichText::new(words).small().color(t.weak);
    // Titles stand over what is below them.
    ui.spacing_mut().button_padding.x = 0.0;
    let response = ui.add(egui::Button::new(text).frame_when_inactive(false));
    let label = format!("Sort by {title}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &label));
    response.on_hover_text(label.clone()).clicked()
}
