//! How the panes behave: what each draws, how tabs look, that every pane can be closed.

use crate::studio;
use crate::studio::shell::layout::Pane;
use crate::studio::state::{State, Step};
use crate::studio::theme;
use crate::studio::theme::tokens::RADIUS;
use crate::studio::theme::{SPACE, Tokens};
use eframe::egui;
use egui::{Frame, Id, Rect, Response, Sense, Ui, WidgetInfo, WidgetText, accesskit::Role};
use egui_tiles::{SimplificationOptions, TabState, TileId, Tiles, UiResponse};

/// Side of a tab's closing cross, in points.
const CLOSE: f32 = 12.0;

/// How the panes behave.
pub struct Behavior<'a> {
    /// What the panes show.
    pub state: &'a mut State,
    /// The graph pane.
    pub canvas: &'a mut studio::graph::pane::CanvasPane,
}

impl egui_tiles::Behavior<Pane> for Behavior<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, pane: &mut Pane) -> UiResponse {
        let t = Tokens::of(ui);
        ui.painter().rect_filled(ui.max_rect(), 0.0, t.panel);
        let margin = if *pane == Pane::Canvas { 0 } else { SPACE as i8 };
        Frame::new().inner_margin(margin).show(ui, |ui| {
            let state = &mut *self.state;
            match pane {
                Pane::Step => match state.step {
                    Step::Model => studio::model::panel::show(ui, state),
                    Step::Check => studio::check::panel::show(ui, state),
                    Step::Recipe => studio::recipe::panel::show(ui, state),
                    Step::Build => studio::build::panel::show(ui, state),
                    Step::Lab => studio::lab::panel::show(ui, state),
                },
                Pane::Canvas => self.canvas.show(ui, state),
                Pane::Inspector => studio::inspector::show(ui, state),
                Pane::Precision => studio::precision::drawer::show(ui, state),
                Pane::Plots => studio::lab::plots::show(ui, state),
                Pane::Batches => studio::sweep::panel::show(ui, state),
                Pane::History => studio::history::panel::show(ui, state),
                Pane::Variants => studio::lab::table::show(ui, state),
                Pane::Differences => studio::accuracy::panel::show(ui, state),
                Pane::Findings => studio::check::findings::show(ui, state),
                Pane::Engine => studio::engine_file::panel::show(ui, state),
                Pane::Layers => studio::layers::panel::show(ui, state),
                Pane::Log => studio::log::panel::show(ui, state),
            }
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        let title = pane.title(self.state.step);
        let count = match pane {
            Pane::Findings => self
                .state
                .doc
                .as_ref()
                .and_then(|d| d.report())
                .map(|r| r.findings.len()),
            _ => None,
        };
        match count {
            Some(n) if n > 0 => format!("{title} {n}").into(),
            _ => title.into(),
        }
    }

    fn simplification_options(&self) -> SimplificationOptions {
        // Every pane keeps its tab, so that it can be moved and closed.
        SimplificationOptions {
            all_panes_must_have_tabs: true,
            ..Default::default()
        }
    }

    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        28.0
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        1.0
    }

    fn min_size(&self) -> f32 {
        120.0
    }

    fn tab_bar_color(&self, visuals: &egui::Visuals) -> egui::Color32 {
        theme::mix(visuals.panel_fill, visuals.extreme_bg_color, 0.7)
    }

    fn resize_stroke(&self, style: &egui::Style, state: egui_tiles::ResizeState) -> egui::Stroke {
        match state {
            egui_tiles::ResizeState::Idle => {
                egui::Stroke::new(1.0, style.visuals.widgets.noninteractive.bg_stroke.color)
            }
            _ => egui::Stroke::new(2.0, style.visuals.hyperlink_color),
        }
    }

    fn tab_ui(&mut self, tiles: &mut Tiles<Pane>, ui: &mut Ui, id: Id, tile: TileId, tab: &TabState) -> Response {
        let t = Tokens::of(ui);
        let title = self.tab_title_for_tile(tiles, tile);
        let font = egui::TextStyle::Button.resolve(ui.style());
        let galley = title.into_galley(ui, Some(egui::TextWrapMode::Extend), f32::INFINITY, font);
        let words = galley.text().to_owned();
        let width = galley.size().x + CLOSE + 3.0 * SPACE;
        let (_, rect) = ui.allocate_space(egui::vec2(width, ui.available_height()));
        let response = ui.interact(rect, id, Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), tab.active, &words));
        let cross = Rect::from_center_size(
            rect.right_center() - egui::vec2(SPACE + CLOSE / 2.0, 0.0),
            egui::Vec2::splat(CLOSE),
        );
        let close = ui.interact(cross, id.with("close"), Sense::click());
        close.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), format!("Close {words}")));
        let hovered = response.hovered() || close.hovered();
        if ui.is_rect_visible(rect) && !tab.is_being_dragged {
            let painter = ui.painter();
            if tab.active {
                painter.rect_filled(rect, 0.0, t.panel);
                painter.rect_filled(rect.with_max_y(rect.top() + 2.0), 0.0, t.accent);
            } else if hovered {
                painter.rect_filled(rect, 0.0, t.hover);
            }
            let colour = if tab.active || hovered { t.text } else { t.weak };
            let at = egui::pos2(rect.left() + SPACE, rect.center().y - galley.size().y / 2.0);
            painter.galley(at, galley, colour);
            // A row of crosses says less than one: only the tab in front and the one under the pointer have theirs.
            if tab.active || hovered || close.has_focus() {
                if close.hovered() || close.has_focus() {
                    painter.rect_filled(cross.expand(2.0), RADIUS, theme::mix(t.hover, t.weak, 0.3));
                }
                let colour = if close.hovered() { t.text } else { t.weak };
                let (stroke, x) = (egui::Stroke::new(1.2, colour), cross.shrink(2.0));
                painter.line_segment([x.left_top(), x.right_bottom()], stroke);
                painter.line_segment([x.right_top(), x.left_bottom()], stroke);
            }
            if response.has_focus() {
                let stroke = egui::Stroke::new(1.5, t.accent);
                painter.rect_stroke(rect.shrink(2.0), RADIUS, stroke, egui::StrokeKind::Inside);
            }
        }
        if close.clicked() || response.middle_clicked() {
            tiles.remove(tile);
        }
        close.on_hover_text("Close; the View menu brings it back");
        self.on_tab_button(tiles, tile, response)
    }
}
