//! Which part of the graph is in view, and short motions from one view to another.

use eframe::egui::{Pos2, Rect, Vec2, vec2};

/// Zoom limits: a graph of millions of points must fit, and text must not fill the screen.
const ZOOM: std::ops::RangeInclusive<f32> = 0.000_2..=4.0;
/// Length of a motion, in seconds.
pub(super) const MOTION: f64 = 0.16;
/// Space left around what is fitted, in points.
const MARGIN: f32 = 32.0;

/// A view: the place in the middle and the scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// What is in the middle of the canvas.
    pub center: Pos2,
    /// Screen points for each point of the graph.
    pub zoom: f32,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            center: Pos2::ZERO,
            zoom: 1.0,
        }
    }
}

impl Camera {
    /// Shows all of `area` in a canvas of this size, not larger than at zoom `most`.
    pub fn fit(area: Rect, size: Vec2, most: f32) -> Self {
        let room = (size - Vec2::splat(2.0 * MARGIN)).max(vec2(16.0, 16.0));
        let zoom = (room.x / area.width().max(1.0))
            .min(room.y / area.height().max(1.0))
            .min(most);
        Self {
            center: area.center(),
            zoom,
        }
        .sane()
    }

    /// How a graph opens: all of it if it can be read like that, else its beginning, centred on the nodes that stand
    /// there (long lines at the side would pull them off).
    pub fn opening(area: Rect, nodes: impl Iterator<Item = Rect>, size: Vec2, readable: f32) -> Self {
        let all = Self::fit(area, size, 1.0);
        if all.zoom >= readable {
            return all;
        }
        let reach = area.top() + size.y / readable;
        let beginning = nodes.filter(|n| n.top() <= reach).fold(Rect::NOTHING, Rect::union);
        let (width, center) = if beginning.is_positive() {
            (beginning.width(), beginning.center().x)
        } else {
            (area.width(), area.center().x)
        };
        let zoom = ((size.x - 2.0 * MARGIN) / width.max(1.0)).clamp(readable, 1.0);
        let y = area.top() + (size.y / 2.0 - MARGIN) / zoom;
        Self {
            center: Pos2::new(center, y),
            zoom,
        }
        .sane()
    }

    /// The zoom multiplied, with the place under `fixed` (from the canvas's middle, in screen points) staying there.
    pub fn zoomed(self, factor: f32, fixed: Vec2) -> Self {
        let zoom = (self.zoom * factor).clamp(*ZOOM.start(), *ZOOM.end());
        Self {
            center: self.center + fixed / self.zoom - fixed / zoom,
            zoom,
        }
        .sane()
    }

    /// Moved by screen points, as if the graph were dragged.
    pub fn panned(self, by: Vec2) -> Self {
        Self {
            center: self.center - by / self.zoom,
            zoom: self.zoom,
        }
        .sane()
    }

    /// Moved so that a part of `bounds` stays in a canvas of this size: nobody gets lost.
    pub fn kept_near(self, bounds: Rect, size: Vec2) -> Self {
        let reach = bounds.expand2((size / 2.0 - Vec2::splat(MARGIN)).max(Vec2::ZERO) / self.zoom);
        Self {
            center: reach.clamp(self.center),
            zoom: self.zoom,
        }
    }

    fn sane(self) -> Self {
        let zoom = if self.zoom.is_finite() {
            self.zoom.clamp(*ZOOM.start(), *ZOOM.end())
        } else {
            1.0
        };
        let center = if self.center.is_finite() {
            self.center
        } else {
            Pos2::ZERO
        };
        Self { center, zoom }
    }

    fn between(self, other: Self, t: f32) -> Self {
        let zoom = (self.zoom.ln() * (1.0 - t) + other.zoom.ln() * t).exp();
        Self {
            center: self.center.lerp(other.center, t),
            zoom,
        }
    }
}

/// A motion in progress.
#[derive(Debug, Clone, Copy)]
pub(super) struct Motion {
    from: Camera,
    to: Camera,
    start: f64,
}

impl Motion {
    pub(super) fn new(from: Camera, to: Camera, now: f64) -> Self {
        Self { from, to, start: now }
    }

    pub(super) fn target(&self) -> Camera {
        self.to
    }

    /// The view at a time, and whether the motion goes on.
    pub(super) fn at(&self, now: f64) -> (Camera, bool) {
        let t = ((now - self.start) / MOTION).clamp(0.0, 1.0) as f32;
        if t >= 1.0 {
            return (self.to, false);
        }
        (self.from.between(self.to, 1.0 - (1.0 - t).powi(3)), true)
    }
}

/// From places in the graph to places on the screen and back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Projection {
    pub screen: Rect,
    pub camera: Camera,
}

impl Projection {
    pub(super) fn zoom(&self) -> f32 {
        self.camera.zoom
    }

    pub(super) fn to_screen(self, at: Pos2) -> Pos2 {
        self.screen.center() + (at - self.camera.center) * self.camera.zoom
    }

    pub(super) fn rect(self, area: Rect) -> Rect {
        Rect::from_min_max(self.to_screen(area.min), self.to_screen(area.max))
    }

    pub(super) fn to_graph(self, at: Pos2) -> Pos2 {
        self.camera.center + (at - self.screen.center()) / self.camera.zoom
    }

    /// The part of the graph that is in view, with `margin` screen points around it.
    pub(super) fn visible(self, margin: f32) -> Rect {
        let screen = self.screen.expand(margin);
        Rect::from_min_max(self.to_graph(screen.min), self.to_graph(screen.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::pos2;

    #[test]
    fn zooming_keeps_the_place_under_the_pointer() {
        let screen = Rect::from_min_size(pos2(10.0, 20.0), vec2(800.0, 600.0));
        let before = Projection {
            screen,
            camera: Camera {
                center: pos2(50.0, 70.0),
                zoom: 0.8,
            },
        };
        let pointer = pos2(123.0, 456.0);
        let camera = before.camera.zoomed(1.7, pointer - screen.center());
        let after = Projection { screen, camera };
        assert!((before.to_graph(pointer) - after.to_graph(pointer)).length() < 0.01);
    }

    #[test]
    fn fitting_shows_everything_and_opening_shows_the_beginning() {
        let tall = Rect::from_min_size(pos2(0.0, 0.0), vec2(500.0, 40_000.0));
        let size = vec2(1280.0, 800.0);
        let fitted = Camera::fit(tall, size, 1.0);
        assert!(fitted.zoom * tall.height() <= size.y);
        let node = Rect::from_min_size(pos2(380.0, 0.0), vec2(100.0, 40.0));
        let opened = Camera::opening(tall, [node].into_iter(), size, 0.6);
        assert_eq!(opened.center.x, node.center().x);
        assert!(opened.zoom >= 0.6);
        let top = (tall.top() - opened.center.y) * opened.zoom + size.y / 2.0;
        assert!((0.0..100.0).contains(&top), "{top}");
    }

    #[test]
    fn motions_end_exactly() {
        let to = Camera {
            center: pos2(9.0, 9.0),
            zoom: 2.0,
        };
        let motion = Motion::new(Camera::default(), to, 5.0);
        assert_eq!(motion.at(5.2), (to, false));
        let (middle, goes_on) = motion.at(5.05);
        assert!(goes_on && middle.zoom > 1.0 && middle.zoom < 2.0);
    }
}
