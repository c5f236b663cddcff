//! The whole graph in the lower right corner, with what is in view, when the graph is larger than the view.

use super::Drawing;
use crate::studio::canvas::{camera::Projection, scene::Scene};
use eframe::egui::{Mesh, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2};

/// Largest and least size, on the screen.
const MOST: (f32, f32) = (168.0, 240.0);
const LEAST: (f32, f32) = (40.0, 40.0);
const PADDING: f32 = 6.0;
/// Up to so many boxes are drawn each; more as strips.
const MOST_BOXES: usize = 1500;

/// The minimap's place and scale. Tall graphs are squeezed: width and height have scales of their own.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Minimap {
    pub frame: Rect,
    inner: Rect,
    bounds: Rect,
}

impl Minimap {
    /// `None` when the whole graph is in view or the canvas is too small.
    pub(in super::super) fn new(scene: &Scene, to: Projection) -> Option<Self> {
        let (bounds, screen) = (scene.bounds(), to.screen);
        let all_in_view = to.visible(1.0).contains_rect(bounds);
        if scene.nodes().len() < 2 || all_in_view || screen.width() < 420.0 || screen.height() < 320.0 {
            return None;
        }
        let most = vec2(MOST.0, MOST.1.min(screen.height() * 0.45));
        let scale = (most.x / bounds.width()).min(most.y / bounds.height());
        let size = (bounds.size() * scale).clamp(vec2(LEAST.0, LEAST.1), most);
        let frame_size = size + Vec2::splat(2.0 * PADDING);
        let frame = Rect::from_min_size(screen.right_bottom() - vec2(12.0, 12.0) - frame_size, frame_size);
        Some(Self {
            frame,
            inner: frame.shrink(PADDING),
            bounds,
        })
    }

    fn scale(&self) -> Vec2 {
        self.inner.size() / self.bounds.size()
    }

    fn place(&self, at: Pos2) -> Pos2 {
        self.inner.min + (at - self.bounds.min) * self.scale()
    }

    /// The place in the graph that a place on the minimap shows.
    pub(in super::super) fn to_graph(self, at: Pos2) -> Pos2 {
        self.bounds.min + (self.inner.clamp(at) - self.inner.min) / self.scale()
    }
}

pub(super) fn draw(drawing: &Drawing<'_>) {
    let Some(map) = Minimap::new(drawing.scene, drawing.to) else {
        return;
    };
    let (style, painter) = (drawing.style, &drawing.painter);
    let outline = Stroke::new(1.0, style.overlay_stroke);
    painter.rect(map.frame, 6.0, style.overlay.fill, outline, StrokeKind::Inside);
    let mut mesh = Mesh::default();
    if drawing.scene.nodes().len() <= MOST_BOXES {
        for node in drawing.scene.nodes() {
            let color = drawing.mark_color(node.marks).unwrap_or_else(|| drawing.strong(node));
            let rect = Rect::from_min_max(map.place(node.rect.min), map.place(node.rect.max));
            mesh.add_colored_rect(
                Rect::from_center_size(rect.center(), rect.size().max(vec2(1.0, 1.0))),
                color,
            );
        }
    } else {
        strips(drawing, &map, &mut mesh);
    }
    painter.add(Shape::mesh(mesh));
    let visible = drawing.to.visible(0.0).intersect(map.bounds);
    if visible.is_positive() {
        let view = Rect::from_min_max(map.place(visible.min), map.place(visible.max));
        let view = Rect::from_center_size(view.center(), view.size().max(vec2(6.0, 4.0)));
        painter.rect(
            view,
            2.0,
            style.selection.gamma_multiply(0.15),
            Stroke::new(1.5, style.selection),
            StrokeKind::Outside,
        );
    }
}

fn strips(drawing: &Drawing<'_>, map: &Minimap, mesh: &mut Mesh) {
    for row in 0..map.inner.height() as usize {
        let top = map.inner.top() + row as f32;
        let graph = |y: f32| map.to_graph(pos2(map.inner.left(), y)).y;
        let Some(strip) = drawing.scene.density.merged(graph(top), graph(top + 1.0)) else {
            continue;
        };
        let Some(node) = drawing.scene.nodes().get(strip.node as usize) else {
            continue;
        };
        let marks = super::Marks {
            finding: strip.finding,
            diff: strip.diff,
        };
        let color = drawing.mark_color(marks).unwrap_or_else(|| drawing.strong(node));
        let (left, right) = (map.place(pos2(strip.left, 0.0)).x, map.place(pos2(strip.right, 0.0)).x);
        let rect = Rect::from_min_max(pos2(left, top), pos2(right.max(left + 1.0), top + 1.0));
        mesh.add_colored_rect(rect, color);
    }
}
