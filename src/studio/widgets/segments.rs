//! A bar of segments whose widths are shares: types of an engine's layers, layers by time.

use crate::studio::theme::Tokens;
use crate::studio::theme::tokens::RADIUS;
use eframe::egui;
use egui::{Color32, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

/// A segment.
pub struct Segment {
    /// Its share of the bar; shares need not sum to 1.
    pub share: f64,
    /// Its colour.
    pub color: Color32,
}

/// Draws a bar of this height over the room there is. The segment under the pointer is outlined and `hover` says what it
/// is; the chosen one is outlined too. Returns the segment that was clicked.
pub fn segments(
    ui: &mut Ui,
    label: &str,
    height: f32,
    list: &[Segment],
    chosen: Option<usize>,
    hover: &dyn Fn(&mut Ui, usize),
) -> Option<usize> {
    let t = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, label));
    let total: f64 = list.iter().map(|s| s.share.max(0.0)).sum();
    if total <= 0.0 {
        ui.painter().rect_filled(rect, RADIUS, t.raised);
        return None;
    }
    let mut edges = Vec::with_capacity(list.len() + 1);
    let mut sum = 0.0;
    for segment in list {
        edges.push(rect.left() + rect.width() * (sum / total) as f32);
        sum += segment.share.max(0.0);
    }
    edges.push(rect.right());
    let place = |i: usize| {
        let (from, to) = (edges.get(i)?, edges.get(i + 1)?);
        Some(Rect::from_min_max(pos2(*from, rect.top()), pos2(*to, rect.bottom())))
    };
    let painter = ui.painter_at(rect);
    for (i, segment) in list.iter().enumerate() {
        let Some(at) = place(i) else { continue };
        // A gap tells neighbours of one colour apart where there is room for it.
        let gap = if at.width() > 3.0 { 1.0 } else { 0.0 };
        painter.rect_filled(at.with_max_x(at.right() - gap), 0.0, segment.color);
    }
    let under = |pos: Pos2| {
        let after = edges.partition_point(|edge| *edge <= pos.x);
        (!list.is_empty()).then(|| after.saturating_sub(1).min(list.len() - 1))
    };
    let outline = |i: usize, color: Color32| {
        if let Some(at) = place(i) {
            let at = at.with_max_x(at.right().max(at.left() + 3.0));
            painter.rect_stroke(at, 0.0, Stroke::new(2.0, color), StrokeKind::Inside);
        }
    };
    if let Some(chosen) = chosen {
        outline(chosen, t.text);
    }
    let hovered = response.hover_pos().and_then(under);
    if let Some(i) = hovered {
        outline(i, t.accent);
    }
    let clicked = response
        .clicked()
        .then(|| response.interact_pointer_pos().and_then(under))
        .flatten();
    if let Some(i) = hovered {
        response.on_hover_ui_at_pointer(|ui| hover(ui, i));
    }
    clicked
}
