//! How the panes behave: what each draws, how tabs look, that every pane can be closed.

use super::layout::Pane;
use super::panels;
use super::state::{State, Step};
use super::theme::{self, SPACE, Tokens};
use eframe::egui;
use egui::{Frame, Ui, WidgetText};
use egui_tiles::{SimplificationOptions, TileId, Tiles, UiResponse};

/// How the panes behave.
pub struct Behavior<'a> {
    /// What the panes show.
    pub state: &'a mut State,
    /// The graph pane.
    pub canvas: &'a mut panels::canvas::CanvasPane,
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
                    Step::Model => panels::model::show(ui, state),
                    Step::Check => panels::check::show(ui, state),
                    Step::Recipe => panels::recipe::show(ui, state),
                    Step::Build => panels::build::show(ui, state),
                    Step::Lab => panels::lab::show(ui, state),
                },
                Pane::Canvas => self.canvas.show(ui, state),
                Pane::Inspector => panels::inspector::show(ui, state),
                Pane::Precision => panels::precision::show(ui, state),
                Pane::Plots => panels::plots::show(ui, state),
                Pane::Batches => panels::sweep::show(ui, state),
                Pane::History => panels::runs::show(ui, state),
                Pane::Variants => panels::variants::show(ui, state),
                Pane::Differences => panels::differences::show(ui, state),
                Pane::Findings => panels::findings::show(ui, state),
                Pane::Engine => panels::engine::show(ui, state),
                Pane::Layers => panels::layers::show(ui, state),
                Pane::Log => panels::log::show(ui, state),
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

    fn is_tab_closable(&self, _tiles: &Tiles<Pane>, _tile: TileId) -> bool {
        true
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

    fn tab_outline_stroke(
        &self,
        _: &egui::Visuals,
        _: &Tiles<Pane>,
        _: TileId,
        _: &egui_tiles::TabState,
    ) -> egui::Stroke {
        egui::Stroke::NONE
    }

    fn tab_text_color(
        &self,
        visuals: &egui::Visuals,
        _: &Tiles<Pane>,
        _: TileId,
        state: &egui_tiles::TabState,
    ) -> egui::Color32 {
        if state.active {
            visuals.text_color()
        } else {
            visuals.weak_text_color()
        }
    }
}
