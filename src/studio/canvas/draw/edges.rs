//! Lines, arrow heads and the labels of lines that are too long to draw.

use super::{Drawing, TEXT};
use crate::studio::canvas::{
    layout::{NONE, StubEnd},
    scene::SceneSegment,
    text,
};
use eframe::egui::{Align2, Color32, Pos2, Shape, Stroke, StrokeKind, Vec2, vec2};

/// Arrow heads from this zoom on.
const HEADS: f32 = 0.35;

impl Drawing<'_> {
    /// All lines in view, then those of what is hovered and selected over them.
    pub(super) fn lines(&self) {
        let visible = self.to.visible(8.0);
        let zoom = self.to.zoom();
        let width = (1.25 * zoom.sqrt()).clamp(0.75, 2.0);
        for i in self.scene.segment_bands.in_range(visible.top(), visible.bottom()) {
            let segment = &self.scene.segments()[i as usize];
            if segment.rect().expand(1.0).intersects(visible) {
                let color = if segment.reversed {
                    self.style.edge_cycle
                } else {
                    self.style.edge
                };
                self.line(segment, Stroke::new(width, color));
            }
        }
        let strong = Stroke::new(width + 1.0, self.style.edge_strong);
        for i in self.highlighted() {
            let segment = &self.scene.segments()[i as usize];
            if segment.rect().expand(1.0).intersects(visible) {
                self.line(segment, strong);
            }
        }
    }

    /// Segments of the hovered tensor and of the selected node's inputs and outputs.
    pub(super) fn highlighted(&self) -> Vec<u32> {
        let mut found = Vec::new();
        if let Some(tensor) = self.state.hovered_tensor {
            found.extend_from_slice(self.scene.lines(tensor));
        }
        if let Some(node) = self.state.selection().and_then(|s| self.scene.node_index(s)) {
            for &tensor in self.scene.outputs(node) {
                found.extend_from_slice(self.scene.lines(tensor));
            }
            for &tensor in self.scene.inputs(node) {
                found.extend(self.scene.path_to(tensor, node));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn line(&self, segment: &SceneSegment, stroke: Stroke) {
        let zoom = self.to.zoom();
        let head = if segment.target != NONE && zoom >= HEADS {
            (7.0 * zoom.sqrt()).clamp(4.0, 10.0)
        } else {
            0.0
        };
        let end = self.to.to_screen(segment.to);
        // Curves end vertically.
        let along = if segment.is_straight() {
            segment.from - segment.to
        } else {
            vec2(0.0, segment.from.y - segment.to.y)
        };
        let back = along.normalized();
        // The line stops inside the head, so that its tip stays sharp.
        let stop = end + back * (head * 0.7);
        if segment.is_straight() {
            self.painter
                .line_segment([self.to.to_screen(segment.from), stop], stroke);
        } else {
            let size = self.to.rect(segment.rect()).size();
            let pieces = ((size.x + size.y) / 10.0).clamp(6.0, 24.0) as usize;
            let mut points: Vec<Pos2> = (0..=pieces)
                .map(|i| self.to.to_screen(segment.sample(i as f32 / pieces as f32)))
                .collect();
            if let Some(last) = points.last_mut() {
                *last = stop;
            }
            self.painter.add(Shape::line(points, stroke));
        }
        if head > 0.0 {
            self.head(end, back, head, stroke.color);
        }
    }

    fn head(&self, tip: Pos2, back: Vec2, size: f32, color: Color32) {
        let side = back.rot90() * (size * 0.45);
        let base = tip + back * size;
        self.painter.add(Shape::convex_polygon(
            vec![tip, base + side, base - side],
            color,
            Stroke::NONE,
        ));
    }

    /// The labels in view.
    pub(super) fn stubs(&self) {
        let visible = self.to.visible(0.0);
        let zoom = self.to.zoom();
        let font = self.style.mono(zoom * 0.9);
        for i in self.scene.stub_bands.in_range(visible.top(), visible.bottom()) {
            let stub = &self.scene.stubs()[i as usize];
            if !stub.rect.intersects(visible) {
                continue;
            }
            let rect = self.to.rect(stub.rect);
            let strong = self.state.hovered_tensor == Some(stub.tensor);
            let stroke = Stroke::new(
                1.0,
                if strong {
                    self.style.edge_strong
                } else {
                    self.style.edge
                },
            );
            self.painter.rect(
                rect,
                rect.height() / 2.0,
                self.style.stub.fill,
                stroke,
                StrokeKind::Inside,
            );
            if zoom < TEXT {
                continue;
            }
            let height = rect.height();
            let arrow = match stub.end {
                StubEnd::Producer => rect.right_center() - vec2(height * 0.6, 0.0),
                StubEnd::Consumer => rect.left_center() + vec2(height * 0.6, 0.0),
            };
            self.double_arrow(arrow, height * 0.22);
            let inner = match stub.end {
                StubEnd::Producer => rect.with_max_x(rect.right() - height),
                StubEnd::Consumer => rect.with_min_x(rect.left() + height),
            };
            // The end of a tensor's name says what it is; the tooltip has all of it.
            let name = self.scene.tensors()[stub.tensor as usize].name.trim_end_matches('/');
            let name = name.rsplit('/').next().unwrap_or(name);
            let room = inner.width() - height * 0.4;
            text::fitted(
                &self.painter,
                inner.center(),
                Align2::CENTER_CENTER,
                name,
                room,
                &font,
                self.style.stub.text,
            );
        }
    }

    /// "Goes on elsewhere": two small chevrons.
    fn double_arrow(&self, at: Pos2, size: f32) {
        let stroke = Stroke::new(1.0, self.style.stub.text);
        for shift in [-size * 0.6, size * 0.6] {
            let tip = at + vec2(shift + size * 0.5, 0.0);
            let points = vec![tip + vec2(-size, -size), tip, tip + vec2(-size, size)];
            self.painter.add(Shape::line(points, stroke));
        }
    }
}
