//! Boxes and frames close up.

use super::{DETAIL, Drawing, MESH, TEXT, glyphs};
use crate::studio::canvas::{
    scene::{DiffMark, NodeKind, SceneFrame, SceneNode},
    style::{FamilyColors, Pair, Style},
    text,
};
use eframe::egui::{
    Align2, Color32, CornerRadius, Pos2, Rect, Shape, Stroke, StrokeKind, epaint::RectShape, pos2, vec2,
};

/// Corner of boxes, at zoom 1.
const CORNER: f32 = 6.0;
/// Height of a node's header, at zoom 1.
pub(super) const HEADER: f32 = 24.0;
/// Height of a line of text in a node's body, at zoom 1.
const LINE: f32 = 16.0;
/// Space left and right of text, at zoom 1.
const PADDING: f32 = 8.0;
/// Size of the button that collapses a frame, at zoom 1.
const BUTTON: f32 = 16.0;

/// A node's colours without a paint layer.
pub(super) fn plain(node: &SceneNode, style: &Style) -> FamilyColors {
    match node.kind {
        NodeKind::Operator => style.family(node.family),
        NodeKind::Input | NodeKind::Output => style.terminal,
        NodeKind::Scope { .. } => style.scope,
    }
}

/// Where the button is that collapses a frame, on the screen: at the frame's upper left corner, or, where that is out of
/// view, as near to it as the frame reaches, so that one knows what one is looking at.
pub(in super::super) fn collapse_button(frame: Rect, screen: Rect, zoom: f32) -> Rect {
    let size = vec2(BUTTON, BUTTON) * zoom;
    let corner = frame.left_top() + vec2(PADDING, PADDING) * zoom;
    let least = frame.right() - size.x - PADDING * zoom;
    let x = corner.x.max((screen.left() + PADDING * zoom).min(least));
    Rect::from_min_size(pos2(x, corner.y), size)
}

/// Where a frame can be grasped: its header.
pub(in super::super) fn frame_header(frame: Rect) -> Rect {
    frame.with_max_y(frame.top() + 32.0)
}

impl Drawing<'_> {
    /// Frames in view, outer ones first.
    pub(super) fn frames(&self) {
        let visible = self.to.visible(8.0);
        for frame in self.scene.frames().iter().filter(|f| f.rect.intersects(visible)) {
            let zoom = self.to.zoom();
            let colors = self.style.frames[frame.depth as usize % 2];
            // A frame can be far larger than the screen; its outline need not be.
            let rect = self.to.rect(frame.rect).intersect(self.to.screen.expand(16.0));
            let stroke = Stroke::new(1.0, self.style.frame_stroke);
            let corner = if zoom >= MESH { 8.0 * zoom } else { 0.0 };
            self.painter.rect(rect, corner, colors.fill, stroke, StrokeKind::Inside);
        }
    }

    /// Names of frames, over the lines.
    pub(super) fn frame_titles(&self) {
        let visible = self.to.visible(8.0);
        if self.to.zoom() >= TEXT {
            self.scene
                .frames()
                .iter()
                .filter(|f| f.rect.intersects(visible))
                .for_each(|f| self.frame_title(f));
        }
    }

    fn frame_title(&self, frame: &SceneFrame) {
        let zoom = self.to.zoom();
        let Pair { fill, text: color } = self.style.frames[frame.depth as usize % 2];
        let rect = self.to.rect(frame.rect);
        let button = collapse_button(rect, self.to.screen, zoom);
        if !button.intersects(self.to.screen) {
            return;
        }
        let at = button.right_center() + vec2(PADDING * zoom, 0.0);
        let room = rect.right() - at.x - PADDING * zoom;
        let font = self.style.title(zoom);
        // Lines may pass here: the name stands on the frame's own colour, whose place is known once the name is drawn.
        let behind = self.painter.add(Shape::Noop);
        let name = text::title(
            &self.painter,
            at,
            Align2::LEFT_CENTER,
            &frame.title,
            room,
            (self.style, &font),
            color,
        );
        let chip = name.union(button).expand(3.0 * zoom);
        self.painter.set(behind, RectShape::filled(chip, 4.0 * zoom, fill));
        let stroke = Stroke::new(1.0, self.style.frame_stroke);
        self.painter.rect_stroke(button, 3.0 * zoom, stroke, StrokeKind::Inside);
        let half = vec2(button.width() * 0.25, 0.0);
        let minus = [button.center() - half, button.center() + half];
        self.painter.line_segment(minus, Stroke::new(1.5 * zoom, color));
        if let Some(severity) = frame.marks.finding {
            let radius = (7.0 * zoom).clamp(5.0, 12.0);
            let at = pos2(chip.right() + radius + 4.0, chip.center().y);
            glyphs::finding(&self.painter, at, radius, severity, self.style);
        }
    }

    /// Boxes in view.
    pub(super) fn boxes(&self) {
        let visible = self.to.visible(16.0);
        for i in self.scene.node_bands.in_range(visible.top(), visible.bottom()) {
            let node = &self.scene.nodes()[i as usize];
            if node.rect.intersects(visible) {
                match node.kind {
                    NodeKind::Operator => self.card(node),
                    NodeKind::Input | NodeKind::Output => self.pill(node),
                    NodeKind::Scope { nodes } => self.stack(node, nodes),
                }
                self.marks(node);
            }
        }
    }

    /// The colours of a node's header with the paint layer applied.
    fn header(&self, node: &SceneNode) -> (Color32, Color32) {
        let plain = plain(node, self.style).header;
        match self.paint.color(node, self.style) {
            Some(fill) if fill != plain.fill => (fill, self.style.text_on(fill)),
            _ => (plain.fill, plain.text),
        }
    }

    fn stroke(&self, node: &SceneNode) -> Stroke {
        match self.mark_color(node.marks) {
            Some(color) => Stroke::new(2.0, color),
            None => Stroke::new(1.0, self.style.node_stroke),
        }
    }

    fn shadow(&self, rect: Rect, corner: f32) {
        if self.style.shadow != Color32::TRANSPARENT && self.to.zoom() >= DETAIL {
            let moved = rect.translate(vec2(0.0, 1.5 * self.to.zoom()));
            let blur = 6.0 * self.to.zoom();
            self.painter
                .add(RectShape::filled(moved, corner, self.style.shadow).with_blur_width(blur));
        }
    }

    /// An operator: type on a coloured header, name and shape below.
    fn card(&self, node: &SceneNode) {
        let zoom = self.to.zoom();
        let rect = self.to.rect(node.rect);
        let corner = CORNER * zoom;
        self.shadow(rect, corner);
        let (fill, color) = self.header(node);
        let header = rect.with_max_y((rect.top() + HEADER * zoom).min(rect.bottom()));
        let body = node.rect.height() > HEADER + 1.0;
        self.painter
            .rect_filled(rect, corner, if body { self.style.node.fill } else { fill });
        if body {
            let radius = corner.round() as u8;
            let top = CornerRadius {
                nw: radius,
                ne: radius,
                sw: 0,
                se: 0,
            };
            self.painter.rect_filled(header, top, fill);
        }
        self.painter
            .rect_stroke(rect, corner, self.stroke(node), StrokeKind::Inside);
        if zoom < TEXT {
            return;
        }
        let room = rect.width() - 2.0 * PADDING * zoom;
        let left = rect.left() + PADDING * zoom;
        let font = self.style.title(zoom);
        let at = pos2(left, header.center().y);
        text::title(
            &self.painter,
            at,
            Align2::LEFT_CENTER,
            &node.title,
            room,
            (self.style, &font),
            color,
        );
        if zoom < DETAIL || !body {
            return;
        }
        let font = self.style.mono(zoom);
        let mut y = header.bottom() + 12.0 * zoom;
        for (line, color) in [
            (&node.name, self.style.node.text),
            (&node.detail, self.style.node_weak_text),
        ] {
            if !line.is_empty() {
                text::fitted(
                    &self.painter,
                    pos2(left, y),
                    Align2::LEFT_CENTER,
                    line,
                    room,
                    &font,
                    color,
                );
                y += LINE * zoom;
            }
        }
    }

    /// A graph input or output.
    fn pill(&self, node: &SceneNode) {
        let zoom = self.to.zoom();
        let rect = self.to.rect(node.rect);
        let (fill, color) = self.header(node);
        self.painter
            .rect(rect, rect.height() / 2.0, fill, self.stroke(node), StrokeKind::Inside);
        if zoom < TEXT {
            return;
        }
        let room = rect.width() - rect.height() * 0.7;
        let two = !node.detail.is_empty() && zoom >= DETAIL;
        let shift = if two { LINE * 0.5 * zoom } else { 0.0 };
        let font = self.style.title(zoom);
        let at = rect.center() - vec2(0.0, shift);
        text::title(
            &self.painter,
            at,
            Align2::CENTER_CENTER,
            &node.title,
            room,
            (self.style, &font),
            color,
        );
        if two {
            let at = rect.center() + vec2(0.0, shift);
            text::fitted(
                &self.painter,
                at,
                Align2::CENTER_CENTER,
                &node.detail,
                room,
                &self.style.mono(zoom),
                color,
            );
        }
    }

    /// A collapsed scope: a stack of cards with its name and size.
    fn stack(&self, node: &SceneNode, count: u32) {
        let zoom = self.to.zoom();
        let rect = self.to.rect(node.rect);
        let corner = CORNER * zoom;
        let (fill, color) = self.header(node);
        let stroke = Stroke::new(1.0, self.style.node_stroke);
        for layer in [2.0, 1.0] {
            let sheet = rect
                .shrink2(vec2(layer * 4.0 * zoom, 0.0))
                .translate(vec2(0.0, layer * 4.0 * zoom));
            self.painter.rect(sheet, corner, fill, stroke, StrokeKind::Inside);
        }
        self.painter
            .rect(rect, corner, fill, self.stroke(node), StrokeKind::Inside);
        if zoom < TEXT {
            return;
        }
        let chevron = rect.right_center() - vec2(12.0 * zoom, 0.0);
        self.chevron(chevron, 3.5 * zoom, color);
        let left = rect.left() + 12.0 * zoom;
        let room = chevron.x - 8.0 * zoom - left;
        let two = zoom >= DETAIL;
        let shift = if two { LINE * 0.5 * zoom } else { 0.0 };
        let font = self.style.title(zoom);
        let at = pos2(left, rect.center().y - shift);
        text::title(
            &self.painter,
            at,
            Align2::LEFT_CENTER,
            &node.title,
            room,
            (self.style, &font),
            color,
        );
        if two {
            let words = if count == 1 {
                "1 node".to_owned()
            } else {
                format!("{count} nodes")
            };
            let at = pos2(left, rect.center().y + shift);
            text::fitted(
                &self.painter,
                at,
                Align2::LEFT_CENTER,
                &words,
                room,
                &self.style.text(zoom),
                color,
            );
        }
    }

    fn chevron(&self, at: Pos2, size: f32, color: Color32) {
        let points = vec![
            at + vec2(-size * 0.5, -size),
            at + vec2(size * 0.5, 0.0),
            at + vec2(-size * 0.5, size),
        ];
        self.painter.add(Shape::line(points, Stroke::new(1.5, color)));
    }

    /// Finding at the upper right corner, difference at the upper left one.
    fn marks(&self, node: &SceneNode) {
        let radius = (8.0 * self.to.zoom()).clamp(6.0, 14.0);
        let rect = self.to.rect(node.rect);
        if let Some(severity) = node.marks.finding {
            let at = rect.right_top() + vec2(-radius * 0.4, radius * 0.2);
            glyphs::finding(&self.painter, at, radius, severity, self.style);
        }
        if let Some(diff) = node.marks.diff {
            let at = rect.left_top() + vec2(radius * 0.4, radius * 0.2);
            glyphs::diff(&self.painter, at, radius, diff, self.style);
            if diff == DiffMark::Removed {
                let stroke = Stroke::new(1.5, self.style.diff(diff).fill);
                self.painter
                    .line_segment([rect.left_center(), rect.right_center()], stroke);
            }
        }
    }

    /// The outlines of hover, selection and keyboard focus, at any zoom.
    pub(super) fn outlines(&self) {
        let corner = if self.to.zoom() >= MESH {
            (CORNER + 3.0) * self.to.zoom()
        } else {
            2.0
        };
        if let Some(node) = self.state.hovered_node.and_then(|i| self.scene.nodes().get(i as usize)) {
            let rect = self.to.rect(node.rect).expand(2.0);
            self.painter
                .rect_stroke(rect, corner, Stroke::new(1.5, self.style.hover), StrokeKind::Outside);
        }
        if let Some((place, t)) = self.state.unfolding {
            let rect = self.to.rect(place).intersect(self.to.screen.expand(16.0));
            let color = self.style.selection.gamma_multiply(1.0 - t);
            self.painter
                .rect_stroke(rect, corner, Stroke::new(2.5, color), StrokeKind::Outside);
        }
        if let Some(rect) = self.state.selection().and_then(|s| self.scene.place(s)) {
            let rect = self.to.rect(rect).expand(2.0).intersect(self.to.screen.expand(16.0));
            if rect.is_positive() {
                self.painter.rect_stroke(
                    rect,
                    corner,
                    Stroke::new(2.5, self.style.selection),
                    StrokeKind::Outside,
                );
            }
        }
    }
}
