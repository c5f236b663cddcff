//! The marks of findings and differences, as shapes: no colour has to be told from another.

use crate::{
    check::Severity,
    studio::canvas::{scene::DiffMark, style::Style},
};
use eframe::egui::{Painter, Pos2, Shape, Stroke, Vec2, vec2};

/// Error: a disc with a cross. Warning: a triangle with an exclamation mark. Info: a disc with an i.
pub(super) fn finding(painter: &Painter, at: Pos2, radius: f32, severity: Severity, style: &Style) {
    let colors = style.severity(severity);
    let line = Stroke::new((radius * 0.25).max(1.25), colors.text);
    let rim = Stroke::new(1.0, style.background);
    match severity {
        Severity::Error => {
            painter.circle(at, radius, colors.fill, rim);
            let arm = radius * 0.4;
            painter.line_segment([at - Vec2::splat(arm), at + Vec2::splat(arm)], line);
            painter.line_segment([at + vec2(-arm, arm), at + vec2(arm, -arm)], line);
        }
        Severity::Warning => {
            let size = radius * 1.15;
            let corners = vec![
                at + vec2(0.0, -size),
                at + vec2(size, size * 0.8),
                at + vec2(-size, size * 0.8),
            ];
            painter.add(Shape::convex_polygon(corners, colors.fill, rim));
            painter.line_segment([at + vec2(0.0, -size * 0.4), at + vec2(0.0, size * 0.25)], line);
            painter.circle_filled(at + vec2(0.0, size * 0.55), line.width * 0.55, colors.text);
        }
        Severity::Info => {
            painter.circle(at, radius, colors.fill, rim);
            painter.line_segment([at + vec2(0.0, -radius * 0.1), at + vec2(0.0, radius * 0.55)], line);
            painter.circle_filled(at - vec2(0.0, radius * 0.45), line.width * 0.6, colors.text);
        }
    }
}

/// Added: plus. Removed: minus. Changed: a tilde.
pub(super) fn diff(painter: &Painter, at: Pos2, radius: f32, mark: DiffMark, style: &Style) {
    let colors = style.diff(mark);
    let line = Stroke::new((radius * 0.25).max(1.25), colors.text);
    let square = eframe::egui::Rect::from_center_size(at, Vec2::splat(radius * 1.8));
    painter.rect_filled(square, radius * 0.4, colors.fill);
    let arm = radius * 0.5;
    match mark {
        DiffMark::Added | DiffMark::Removed => {
            painter.line_segment([at - vec2(arm, 0.0), at + vec2(arm, 0.0)], line);
            if mark == DiffMark::Added {
                painter.line_segment([at - vec2(0.0, arm), at + vec2(0.0, arm)], line);
            }
        }
        DiffMark::Changed => {
            let wave = (0..=8).map(|i| {
                let t = i as f32 / 4.0 - 1.0;
                at + vec2(t * arm * 1.1, (t * std::f32::consts::PI).sin() * -arm * 0.5)
            });
            painter.add(Shape::line(wave.collect(), line));
        }
    }
}
