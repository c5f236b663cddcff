//! What the colours mean, in the lower left corner.

use super::Drawing;
use eframe::egui::{Align2, Mesh, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

const PADDING: f32 = 8.0;
const ROW: f32 = 16.0;
const SWATCH: f32 = 10.0;
const RAMP_WIDTH: f32 = 120.0;
/// A canvas smaller than this has no room for it.
const LEAST: (f32, f32) = (420.0, 320.0);

pub(super) fn draw(drawing: &Drawing<'_>) {
    let (screen, style) = (drawing.to.screen, drawing.style);
    if screen.width() < LEAST.0 || screen.height() < LEAST.1 || drawing.scene.nodes().is_empty() {
        return;
    }
    let legend = drawing.paint.legend(drawing.scene, style);
    if legend.entries.is_empty() && legend.ramp.is_none() {
        return;
    }
    let font = style.text(1.0);
    let color = style.overlay.text;
    let painter = &drawing.painter;
    let title = painter.layout_no_wrap(legend.title, font.clone(), color);
    let words: Vec<_> = legend
        .entries
        .iter()
        .map(|(_, w)| painter.layout_no_wrap(w.clone(), font.clone(), color))
        .collect();
    let widest = words
        .iter()
        .map(|g| g.size().x + SWATCH + 6.0)
        .fold(title.size().x, f32::max);
    let ramp_rows = if legend.ramp.is_some() { 2.0 } else { 0.0 };
    let width = if legend.ramp.is_some() {
        widest.max(RAMP_WIDTH)
    } else {
        widest
    };
    let height = (1.0 + words.len() as f32 + ramp_rows) * ROW;
    let size = vec2(width + 2.0 * PADDING, height + 2.0 * PADDING - 4.0);
    let frame = Rect::from_min_size(screen.left_bottom() + vec2(12.0, -12.0 - size.y), size);
    let outline = Stroke::new(1.0, style.overlay_stroke);
    painter.rect(frame, 6.0, style.overlay.fill, outline, StrokeKind::Inside);

    let mut at = frame.min + vec2(PADDING, PADDING - 2.0);
    painter.galley(at, title, color);
    at.y += ROW;
    if let Some((colors, low, high)) = legend.ramp {
        let bar = Rect::from_min_size(pos2(at.x, at.y + 3.0), vec2(width, SWATCH));
        let mut mesh = Mesh::default();
        let steps = colors.len().max(1) as f32;
        for (i, fill) in colors.into_iter().enumerate() {
            let left = bar.left() + bar.width() * i as f32 / steps;
            let right = bar.left() + bar.width() * (i + 1) as f32 / steps;
            mesh.add_colored_rect(
                Rect::from_min_max(pos2(left, bar.top()), pos2(right, bar.bottom())),
                fill,
            );
        }
        painter.add(Shape::mesh(mesh));
        painter.text(pos2(at.x, at.y + ROW), Align2::LEFT_TOP, low, font.clone(), color);
        painter.text(pos2(at.x + width, at.y + ROW), Align2::RIGHT_TOP, high, font, color);
        at.y += ramp_rows * ROW;
    }
    for ((fill, _), words) in legend.entries.iter().zip(words) {
        let swatch = Rect::from_min_size(pos2(at.x, at.y + 2.0), vec2(SWATCH, SWATCH));
        painter.rect(swatch, 2.0, *fill, outline, StrokeKind::Inside);
        painter.galley(pos2(at.x + SWATCH + 6.0, at.y), words, color);
        at.y += ROW;
    }
}
