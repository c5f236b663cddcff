//! The drawer's Precision tab: every node with its decision, and beside it the ranges of what is selected.

use crate::studio::precision::state::Tab;
use crate::studio::precision::{nodes, ranges};
use crate::studio::sensitivity;
use crate::studio::state::State;
use crate::studio::theme::{HALF, SPACE};
use crate::studio::widgets::empty;
use eframe::egui::{Align, Layout, Ui, vec2};

/// Below this width the table alone is drawn; the inspector has the ranges too.
const WIDE: f32 = 640.0;

/// Draws the tab.
pub fn show(ui: &mut Ui, state: &mut State) {
    match state.doc.as_ref().map(|d| d.shown().is_some()) {
        None => {
            empty(
                ui,
                "No model open",
                "Open a model: what each node computes in appears here.",
            );
            return;
        }
        Some(false) => {
            empty(ui, "Building the graph", "The outline is in the Model panel.");
            return;
        }
        Some(true) => {}
    }
    ui.horizontal_wrapped(|ui| {
        for (tab, words, hint) in [
            (Tab::Nodes, "Nodes", "What every node computes in, and why"),
            (
                Tab::Layers,
                "Sensitive layers",
                "Which layers lose accuracy, and keeping the worst",
            ),
        ] {
            ui.selectable_value(&mut state.precision.tab, tab, words)
                .on_hover_text(hint);
        }
        ui.separator();
        match state.precision.tab {
            Tab::Nodes => nodes::filter_bar(ui, state),
            Tab::Layers => sensitivity::panel::start(ui, state),
        }
    });
    if state.precision.tab == Tab::Layers {
        sensitivity::panel::show(ui, state);
        return;
    }
    ui.add_space(HALF);
    let size = ui.available_size();
    let right = if size.x > WIDE { (size.x * 0.3).min(420.0) } else { 0.0 };
    ui.horizontal_top(|ui| {
        let left = size.x - right - if right > 0.0 { 4.0 * SPACE } else { 0.0 };
        let down = Layout::top_down(Align::LEFT);
        ui.allocate_ui_with_layout(vec2(left, size.y), down, |ui| {
            ui.set_min_size(vec2(left, size.y));
            nodes::table(ui, state);
        });
        if right > 0.0 {
            ui.add_space(SPACE);
            ui.allocate_ui_with_layout(vec2(right, size.y), down, |ui| {
                ui.set_min_size(vec2(right, size.y));
                ranges::side(ui, state);
            });
        }
    });
}
