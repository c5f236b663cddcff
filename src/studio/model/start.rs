//! Before a model is open: where to drop one, and how else to open it.

use crate::format;
use crate::studio::command::CommandId;
use crate::studio::shell::menus;
use crate::studio::state::{Action, State};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::{self, Failure};
use eframe::egui::{self, Align2, Color32, RichText, ScrollArea, Stroke, TextEdit, Ui, vec2};

const WIDTH: f32 = 440.0;

/// The empty state of the canvas.
pub fn show(ui: &mut Ui, state: &mut State) {
    let t = Tokens::of(ui);
    let full = ui.max_rect();
    ui.painter().rect_filled(full, 0.0, t.ground);
    let frame = full.shrink(2.0 * SPACE);
    // Fields are as dark as the ground elsewhere; here they stand on it.
    ui.visuals_mut().text_edit_bg_color = Some(t.raised);
    dashed(ui, frame, t.line);
    let failure = state.open_failure.clone();
    let card = if failure.is_some() { 130.0 } else { 0.0 };
    let height = 300.0 + card + 24.0 * state.settings.recent.len().min(6) as f32;
    let room = ui.new_child(egui::UiBuilder::new().max_rect(frame.shrink(HALF)));
    ScrollArea::vertical().auto_shrink(false).show(&mut { room }, |ui| {
        ui.vertical_centered(|ui| {
            ui.add_space(((full.height() - height) / 2.0).max(SPACE));
            ui.set_max_width(WIDTH.min(full.width() - 6.0 * SPACE));
            content(ui, state, failure.as_ref());
        });
    });
}

fn content(ui: &mut Ui, state: &mut State, failure: Option<&Failure>) {
    let t = Tokens::of(ui);
    if let Some(opening) = &state.opening {
        ui.spinner();
        ui.heading("Opening");
        ui.monospace(format::middle(&opening.path.display().to_string(), 60));
        ui.add_space(SPACE);
        if ui.button("Stop opening").clicked() {
            state.opening = None;
        }
        return;
    }
    // What went wrong comes first, and in place of the picture.
    match failure {
        Some(failure) => {
            widgets::failure(ui, failure, |_| {});
            ui.add_space(2.0 * SPACE);
        }
        None => {
            ui.label(RichText::new("🗁").size(40.0).color(t.weak));
        }
    }
    ui.heading("Drop an ONNX file here");
    ui.label(RichText::new("or a recipe (.toml), or an engine (.engine, .plan)").color(t.weak));
    ui.add_space(2.0 * SPACE);
    let row = 205.0f32.min(ui.available_width());
    ui.allocate_ui(vec2(row, 32.0), |ui| {
        ui.horizontal(|ui| {
            let open = widgets::primary(ui, "Open model…", None);
            if open.clicked() {
                state.act(Action::Run(CommandId::Open));
            }
            menus::tall_button(ui, state, CommandId::OpenDemo);
        });
    });
    ui.add_space(2.0 * SPACE);
    path_field(ui, state);
    recent(ui, state);
}

/// A field for typing or pasting a path; Enter opens it.
pub fn path_field(ui: &mut Ui, state: &mut State) {
    ui.horizontal(|ui| {
        // The button has the width of its words; the field takes the rest.
        let words = egui::WidgetText::from("Open path").into_galley(
            ui,
            Some(egui::TextWrapMode::Extend),
            f32::INFINITY,
            egui::TextStyle::Button,
        );
        let spacing = ui.spacing();
        let button = words.size().x + 2.0 * spacing.button_padding.x + spacing.item_spacing.x;
        let frame = 2.0 * SPACE;
        let width = (ui.available_width() - button - frame).max(40.0);
        let edit = TextEdit::singleline(&mut state.path_field).desired_width(width);
        let response = widgets::field(ui, "Path of a model or recipe", edit);
        let entered = response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
        let typed = !state.path_field.trim().is_empty();
        let button = ui
            .add_enabled(typed, egui::Button::new("Open path"))
            .on_disabled_hover_text("Type or paste a path first");
        if (entered || button.clicked()) && typed {
            // A path pasted from a file manager may come quoted.
            let path = state.path_field.trim().trim_matches(['"', '\'']).to_owned();
            state.act(Action::Open(path.into()));
        }
    });
}

fn recent(ui: &mut Ui, state: &mut State) {
    if state.settings.recent.is_empty() {
        return;
    }
    ui.add_space(2.0 * SPACE);
    ui.label(RichText::new("Recent").small().color(Tokens::of(ui).weak));
    ui.add_space(HALF);
    for path in state.settings.recent.clone().into_iter().take(6) {
        let text = format::middle(&path.display().to_string(), 56);
        let button = egui::Button::new(RichText::new(text).monospace()).frame_when_inactive(false);
        if ui.add(button).on_hover_text(path.display().to_string()).clicked() {
            state.act(Action::Open(path));
        }
    }
}

fn dashed(ui: &Ui, rect: egui::Rect, colour: Color32) {
    let corners = [
        rect.left_top(),
        rect.right_top(),
        rect.right_bottom(),
        rect.left_bottom(),
        rect.left_top(),
    ];
    ui.painter()
        .extend(egui::Shape::dashed_line(&corners, Stroke::new(1.5, colour), 8.0, 6.0));
}

/// The overlay while a file is dragged over the window.
pub fn drop_overlay(ctx: &egui::Context, what: &str) {
    let t = Tokens::of_ctx(ctx);
    let painter = ctx.layer_painter(egui::LayerId::new(
        egui::Order::Foreground,
        egui::Id::unique("drop overlay"),
    ));
    let rect = ctx.content_rect();
    painter.rect_filled(rect, 0.0, t.ground.gamma_multiply(0.85));
    painter.rect_stroke(
        rect.shrink(2.0 * SPACE),
        8.0,
        Stroke::new(3.0, t.accent),
        egui::StrokeKind::Inside,
    );
    let font = egui::FontId::proportional(crate::studio::theme::tokens::HEADING);
    painter.text(rect.center(), Align2::CENTER_CENTER, what, font, t.text);
}
