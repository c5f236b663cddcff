//! Headings, cards and rows that panels are made of.

use crate::studio::theme::{HALF, SPACE, Tokens};
use eframe::egui::{self, Button, CollapsingHeader, Frame, Margin, Response, RichText, Stroke, Ui};

/// The panel's heading, on one line: a long file name loses its middle and is whole on hover.
pub fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(HALF);
    let room = ui.available_width();
    let font = egui::TextStyle::Heading.resolve(ui.style());
    let wide = |words: &str| {
        let words = words.to_owned();
        let galley = ui
            .ctx()
            .fonts_mut(|f| f.layout_no_wrap(words, font.clone(), egui::Color32::PLACEHOLDER));
        galley.size().x
    };
    let mut shown = text.to_owned();
    let mut most = text.chars().count().min(200);
    while most > 8 && wide(&shown) > room {
        most -= 1;
        shown = crate::format::middle(text, most);
    }
    let response = ui.heading(&shown);
    if shown != text {
        response.on_hover_text(text);
    }
    ui.add_space(HALF);
}

/// A folding section, open at first.
pub fn section<R>(ui: &mut Ui, title: &str, add: impl FnOnce(&mut Ui) -> R) -> Option<R> {
    ui.add_space(SPACE);
    CollapsingHeader::new(RichText::new(title).strong())
        .default_open(true)
        .show_unindented(ui, |ui| {
            ui.add_space(HALF);
            add(ui)
        })
        .body_returned
}

/// A raised box over the whole width, with a coloured edge when `edge` is given.
pub fn card<R>(ui: &mut Ui, edge: Option<egui::Color32>, add: impl FnOnce(&mut Ui) -> R) -> R {
    let tokens = Tokens::of(ui);
    let inner = Frame::new()
        .fill(tokens.raised)
        .corner_radius(crate::studio::theme::tokens::RADIUS)
        .inner_margin(Margin::same(SPACE as i8))
        .show(ui, |ui| {
            ui.take_available_width();
            // Text stands to the left, also where the pane centres what it shows.
            ui.vertical(add).inner
        });
    if let Some(colour) = edge {
        let rect = inner.response.rect;
        ui.painter()
            .vline(rect.left() + 1.5, rect.y_range().shrink(2.0), Stroke::new(3.0, colour));
    }
    ui.add_space(HALF);
    inner.inner
}

/// One line of a two-column list inside a [`egui::Grid`]: key weak, value as given.
pub fn key_value(ui: &mut Ui, key: &str, value: impl Into<String>) {
    ui.weak(key);
    let value = value.into();
    ui.add(egui::Label::new(&value).wrap());
    ui.end_row();
}

/// A weak, wrapped remark.
pub fn note(ui: &mut Ui, text: impl Into<String>) {
    ui.add(egui::Label::new(RichText::new(text.into()).small().color(Tokens::of(ui).weak)).wrap());
}

/// The one primary button of a panel: accent fill. When `blocked` says why not, it is disabled and says so on hover.
pub fn primary(ui: &mut Ui, label: &str, blocked: Option<&str>) -> Response {
    let tokens = Tokens::of(ui);
    let text = RichText::new(label).strong();
    let button = if blocked.is_none() {
        Button::new(text.color(tokens.on_accent)).fill(tokens.accent)
    } else {
        Button::new(text)
    };
    let button = button.min_size(egui::vec2(0.0, 4.0 * SPACE));
    let response = ui.add_enabled(blocked.is_none(), button);
    if response.has_focus() {
        // The accent cannot be seen on the accent.
        let stroke = Stroke::new(2.0, tokens.text);
        let radius = crate::studio::theme::tokens::RADIUS;
        ui.painter()
            .rect_stroke(response.rect, radius, stroke, egui::StrokeKind::Outside);
    }
    match blocked {
        Some(why) => response.on_disabled_hover_text(why),
        None => response,
    }
}
