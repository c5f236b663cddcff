//! Draws a scene. What is out of view is skipped before any shape is made, and what is too small to see is simplified:
//! below zoom 0.45 no text, below 0.3 one mesh without anti-aliasing, below 0.02 one strip for each row of pixels.

mod edges;
mod glyphs;
mod legend;
pub(super) mod minimap;
mod nodes;
pub(super) use nodes::{collapse_button, frame_header};
mod small;

use super::{
    camera::Projection,
    paint::PaintBy,
    scene::{Marks, Scene},
    state::CanvasState,
    style::Style,
};
use eframe::egui::{Color32, Mesh, Painter, Rect, Shape, pos2, vec2};

/// Below this zoom there is no text.
const TEXT: f32 = 0.45;
/// Below this zoom everything is one mesh.
const MESH: f32 = 0.3;
/// Below this zoom there are strips instead of nodes.
const STRIPS: f32 = 0.02;
/// Below this zoom only the first line of text is drawn.
const DETAIL: f32 = 0.6;
/// Distance of the background's dots.
const GRID: f32 = 32.0;

/// What drawing needs.
pub(super) struct Drawing<'a> {
    pub painter: Painter,
    pub to: Projection,
    pub scene: &'a Scene,
    pub state: &'a CanvasState,
    pub paint: &'a dyn PaintBy,
    pub style: &'a Style,
}

impl Drawing<'_> {
    /// Draws everything but legend and minimap.
    pub(super) fn scene(&self) {
        let zoom = self.to.zoom();
        self.painter.rect_filled(self.to.screen, 0.0, self.style.background);
        if zoom < STRIPS {
            self.strips();
            return;
        }
        if zoom >= TEXT {
            self.grid();
        }
        self.frames();
        if zoom < MESH {
            self.mesh();
        } else {
            self.lines();
            self.frame_titles();
            self.stubs();
            self.boxes();
        }
        self.outlines();
        self.distant_marks();
    }

    /// Legend and minimap.
    pub(super) fn overlays(&self) {
        legend::draw(self);
        minimap::draw(self);
    }

    /// A node's colour: that of the paint layer, or that of its kind.
    fn strong(&self, node: &super::SceneNode) -> Color32 {
        self.paint
            .strong(node, self.style)
            .unwrap_or_else(|| nodes::plain(node, self.style).strong)
    }

    /// The colour of the worse of a node's marks.
    fn mark_color(&self, marks: Marks) -> Option<Color32> {
        let finding = marks.finding.map(|s| self.style.severity(s).fill);
        finding.or_else(|| marks.diff.map(|d| self.style.diff(d).fill))
    }

    fn grid(&self) {
        let step = GRID * self.to.zoom();
        if self.style.grid == Color32::TRANSPARENT || step < 12.0 {
            return;
        }
        let visible = self.to.visible(0.0);
        let first = pos2(
            (visible.left() / GRID).ceil() * GRID,
            (visible.top() / GRID).ceil() * GRID,
        );
        let first = self.to.to_screen(first);
        let mut mesh = Mesh::default();
        let (columns, rows) = (
            (self.to.screen.width() / step) as usize,
            (self.to.screen.height() / step) as usize,
        );
        for row in 0..=rows {
            for column in 0..=columns {
                let at = pos2(first.x + column as f32 * step, first.y + row as f32 * step);
                mesh.add_colored_rect(Rect::from_center_size(at, vec2(1.5, 1.5)), self.style.grid);
            }
        }
        self.painter.add(Shape::mesh(mesh));
    }
}
