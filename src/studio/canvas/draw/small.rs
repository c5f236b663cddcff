//! The graph from far away: one mesh, or strips, and marks that stay large enough to see.

use super::{Drawing, MESH, glyphs};
use crate::{check::Severity, studio::canvas::scene::SceneSegment};
use eframe::egui::{Color32, Mesh, Pos2, Rect, Shape, pos2, vec2};

/// Size of a mark that is seen from far away, on the screen.
const MARK: f32 = 7.0;
/// Least width of a strip, on the screen.
const STRIP: f32 = 8.0;
/// Marks nearer to each other than this become one, on the screen.
const CELL: f32 = 20.0;
/// Marks drawn at most.
const MOST_MARKS: usize = 400;

impl Drawing<'_> {
    /// Lines and boxes as one mesh without anti-aliasing.
    pub(super) fn mesh(&self) {
        let visible = self.to.visible(2.0);
        let mut mesh = Mesh::default();
        let faint = self.style.edge.gamma_multiply(0.7);
        for i in self.scene.segment_bands.in_range(visible.top(), visible.bottom()) {
            let segment = &self.scene.segments()[i as usize];
            if segment.rect().expand(1.0).intersects(visible) {
                self.thin_line(&mut mesh, segment, 0.5, faint);
            }
        }
        for i in self.highlighted() {
            let segment = &self.scene.segments()[i as usize];
            if segment.rect().expand(1.0).intersects(visible) {
                self.thin_line(&mut mesh, segment, 1.0, self.style.edge_strong);
            }
        }
        for stub in self.scene.stub_bands.in_range(visible.top(), visible.bottom()) {
            let rect = self.scene.stubs()[stub as usize].rect;
            if rect.intersects(visible) {
                mesh.add_colored_rect(self.to.rect(rect), self.style.edge);
            }
        }
        for i in self.scene.node_bands.in_range(visible.top(), visible.bottom()) {
            let node = &self.scene.nodes()[i as usize];
            if !node.rect.intersects(visible) {
                continue;
            }
            let rect = self.to.rect(node.rect);
            if let Some(color) = self.mark_color(node.marks) {
                mesh.add_colored_rect(rect.expand(2.0), color);
            }
            mesh.add_colored_rect(rect, self.strong(node));
        }
        if !mesh.is_empty() {
            self.painter.add(Shape::mesh(mesh));
        }
    }

    fn thin_line(&self, mesh: &mut Mesh, segment: &SceneSegment, half: f32, color: Color32) {
        let (from, to) = (self.to.to_screen(segment.from), self.to.to_screen(segment.to));
        let side = (to - from).normalized().rot90() * half;
        let first = mesh.vertices.len() as u32;
        for corner in [from + side, to + side, to - side, from - side] {
            mesh.colored_vertex(corner, color);
        }
        mesh.add_triangle(first, first + 1, first + 2);
        mesh.add_triangle(first, first + 2, first + 3);
    }

    /// One quad for each row of pixels; findings of all nodes in the row are kept.
    pub(super) fn strips(&self) {
        let rows = self.to.screen.height().ceil().max(0.0) as usize;
        let mut mesh = Mesh::default();
        let mut marks = MarkCells::default();
        for row in 0..rows {
            let top = self.to.screen.top() + row as f32;
            let graph = |y: f32| self.to.to_graph(pos2(0.0, y)).y;
            let Some(strip) = self.scene.density.merged(graph(top), graph(top + 1.0)) else {
                continue;
            };
            let Some(node) = self.scene.nodes().get(strip.node as usize) else {
                continue;
            };
            let x = |x: f32| self.to.to_screen(pos2(x, 0.0)).x;
            let (left, right) = at_least(x(strip.left), x(strip.right), STRIP);
            let rect = Rect::from_min_max(pos2(left, top), pos2(right, top + 1.0));
            let marked = super::Marks {
                finding: strip.finding,
                diff: strip.diff,
            };
            mesh.add_colored_rect(rect, self.mark_color(marked).unwrap_or_else(|| self.strong(node)));
            if let Some(severity) = strip.finding {
                marks.add(pos2(right + MARK + 4.0, top), severity);
            }
        }
        if !mesh.is_empty() {
            self.painter.add(Shape::mesh(mesh));
        }
        self.far_marks(marks);
    }

    /// Marks of findings where nodes are too small to carry their own.
    pub(super) fn distant_marks(&self) {
        if self.to.zoom() >= MESH {
            return;
        }
        let visible = self.to.visible(0.0);
        let mut marks = MarkCells::default();
        for i in self.scene.node_bands.in_range(visible.top(), visible.bottom()) {
            let node = &self.scene.nodes()[i as usize];
            if let Some(severity) = node.marks.finding
                && node.rect.intersects(visible)
            {
                marks.add(self.to.rect(node.rect).right_center() + vec2(MARK, 0.0), severity);
            }
        }
        self.far_marks(marks);
    }

    fn far_marks(&self, marks: MarkCells) {
        for (at, severity) in marks.0.into_iter().take(MOST_MARKS) {
            glyphs::finding(&self.painter, at, MARK, severity, self.style);
        }
    }
}

/// An interval made at least `least` wide around its middle.
fn at_least(left: f32, right: f32, least: f32) -> (f32, f32) {
    let missing = ((least - (right - left)) / 2.0).max(0.0);
    (left - missing, right + missing)
}

/// Marks with some distance from each other; the worst of those nearby counts. They come in order from top to bottom.
#[derive(Default)]
struct MarkCells(Vec<(Pos2, Severity)>);

impl MarkCells {
    fn add(&mut self, at: Pos2, severity: Severity) {
        // Only the last ones can be near: rows come one after the other.
        let near = self
            .0
            .iter_mut()
            .rev()
            .take(16)
            .find(|(p, _)| (p.x - at.x).abs() < CELL && (p.y - at.y).abs() < CELL);
        match near {
            Some((_, worst)) => *worst = severity.max(*worst),
            None => self.0.push((at, severity)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_marks_become_the_worst_of_them() {
        let mut cells = MarkCells::default();
        cells.add(pos2(0.0, 0.0), Severity::Info);
        cells.add(pos2(5.0, 5.0), Severity::Error);
        cells.add(pos2(0.0, 300.0), Severity::Warning);
        assert_eq!(
            cells.0,
            [(pos2(0.0, 0.0), Severity::Error), (pos2(0.0, 300.0), Severity::Warning)]
        );
    }
}
