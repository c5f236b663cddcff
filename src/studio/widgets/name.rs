//! Names of nodes and tensors: monospace, shortened in the middle, whole on hover, copied by the context menu.

use crate::format;
use crate::graph::TensorType;
use eframe::egui::{self, Button, Response, RichText, TextStyle, Ui, WidgetText};

/// Characters of monospace text that fit in `width` points.
pub fn fitting(ui: &Ui, width: f32) -> usize {
    let font = TextStyle::Monospace.resolve(ui.style());
    let advance = ui.ctx().fonts_mut(|f| f.glyph_width(&font, '0')).max(1.0);
    (width / advance).floor().max(3.0) as usize
}

fn copy_menu(response: &Response, full: &str) {
    response.context_menu(|ui| {
        if ui.button("Copy name").clicked() {
            ui.ctx().copy_text(full.to_owned());
            ui.close();
        }
    });
}

/// A name as text. The accessible label is the full name.
pub fn name(ui: &mut Ui, full: &str) -> Response {
    let shown = format::middle(full, fitting(ui, ui.available_width()));
    let shortened = shown != full;
    let mut response = ui.add(
        egui::Label::new(RichText::new(shown).monospace())
            .extend()
            .selectable(false)
            .sense(egui::Sense::click()),
    );
    if shortened {
        response = response.on_hover_text(RichText::new(full).monospace());
    }
    copy_menu(&response, full);
    response
}

/// A tensor's type and shape: `float32 [batch, 3, height, width]`, long expressions folded and whole on hover.
pub fn tensor_type(ui: &mut Ui, ty: &TensorType) -> Response {
    const FOLDED: usize = 20;
    let (shown, full) = (ty.notation(FOLDED), ty.notation(usize::MAX));
    let response = ui.add(egui::Label::new(RichText::new(&shown).monospace()).wrap());
    if shown == full {
        response
    } else {
        response.on_hover_text(RichText::new(full).monospace())
    }
}

/// A name as a link that does `verb` ("Inspect tensor"); the accessible label is the verb with the full name.
pub fn name_link(ui: &mut Ui, full: &str, verb: &str) -> Response {
    let width = ui.available_width() - 2.0 * ui.spacing().button_padding.x;
    let shown = format::middle(full, fitting(ui, width));
    let text = RichText::new(shown).monospace().color(ui.visuals().hyperlink_color);
    let response = ui.add(Button::new(WidgetText::from(text)).frame_when_inactive(false));
    let label = format!("{verb} {full}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &label));
    let response = response.on_hover_ui(|ui| {
        ui.monospace(full);
        ui.small(verb);
    });
    copy_menu(&response, full);
    response
}

/// Adds a text field with an accessible label (its hint is gone once there is text).
pub fn field(ui: &mut Ui, label: &str, edit: egui::TextEdit<'_>) -> Response {
    let response = ui.add(edit.hint_text(label.to_owned()));
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_label(label.to_owned()));
    response
}
