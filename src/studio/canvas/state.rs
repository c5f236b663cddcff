//! What the canvas remembers between frames.

use super::{
    camera::{Camera, MOTION, Motion},
    layout::hierarchy::Item,
    scene::Scene,
};
use eframe::egui::{Rect, Vec2};

/// Below this zoom a graph opens at its beginning instead of as a whole.
const READABLE: f32 = 0.6;
/// Space around a selection that is zoomed to, in points of the graph.
const SURROUNDINGS: f32 = 96.0;
/// Zoom at which a node that was jumped to can be read.
const CLOSE: f32 = 0.9;

/// Where the view should go when the canvas is drawn next.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Goal {
    Fit,
    Selection,
    Item(Item),
    Visible(Item),
}

/// The view, the selection and what is under the pointer.
#[derive(Debug, Default)]
pub struct CanvasState {
    /// What is in view.
    pub camera: Camera,
    selection: Option<Item>,
    pub(super) hovered_node: Option<u32>,
    pub(super) hovered_tensor: Option<u32>,
    pub(super) drag: Drag,
    goal: Option<Goal>,
    motion: Option<Motion>,
    /// A scope that just opened or collapsed: its place before and after, and when (not yet known in the first frame).
    unfold: Option<(Rect, Rect, Option<f64>)>,
    /// How the outline of that scope is drawn now: its place and how far the motion is, 0 to 1.
    pub(super) unfolding: Option<(Rect, f32)>,
    opened: bool,
    /// The canvas's size and the view when the graph was opened, while nobody has moved it since.
    as_opened: Option<(Vec2, Camera)>,
}

/// What a drag moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Drag {
    #[default]
    Graph,
    Minimap,
}

impl CanvasState {
    /// The selected node or scope.
    pub fn selection(&self) -> Option<Item> {
        self.selection
    }

    /// Selects a node or scope, or nothing. The view stays; see [`Self::jump_to`].
    pub fn select(&mut self, item: Option<Item>) {
        self.selection = item;
    }

    /// Shows the graph as when it is opened: a new graph came.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Shows the whole graph.
    pub fn fit(&mut self) {
        self.goal = Some(Goal::Fit);
    }

    /// Shows the selection and its neighbourhood.
    pub fn zoom_to_selection(&mut self) {
        self.goal = Some(Goal::Selection);
    }

    /// Selects an item and moves it to the middle, close enough to read.
    pub fn jump_to(&mut self, item: Item) {
        self.selection = Some(item);
        self.goal = Some(Goal::Item(item));
    }

    /// Moves only if the item is out of view.
    pub(super) fn make_visible(&mut self, item: Item) {
        self.goal = Some(Goal::Visible(item));
    }

    /// Is the view moving?
    pub fn is_moving(&self) -> bool {
        self.motion.is_some() || self.unfold.is_some()
    }

    /// After the scene was made anew (a scope opened or collapsed, a patch applied): keeps `anchor` where it is on the
    /// screen; without it, what is nearest to the middle.
    pub fn keep_in_place(&mut self, old: &Scene, new: &Scene, anchor: Option<Item>) {
        self.hovered_node = None;
        self.hovered_tensor = None;
        let both = |item: Item| Some((old.place(item)?, new.place(item)?));
        let nearest = || {
            let center = self.camera.center;
            let known = old.nodes().iter().filter(|n| new.place(n.key).is_some());
            known
                .min_by(|a, b| {
                    a.rect
                        .distance_to_pos(center)
                        .total_cmp(&b.rect.distance_to_pos(center))
                })
                .map(|n| n.key)
        };
        if let Some((before, after)) = anchor.and_then(both).or_else(|| nearest().and_then(both)) {
            // The upper edge of a box is where its frame begins.
            let shift = after.center_top() - before.center_top();
            self.camera.center += shift;
            self.motion = None;
            self.unfold = anchor.map(|_| (before.translate(shift), after, None));
        }
        if self.selection.is_some_and(|s| new.place(s).is_none()) {
            self.selection = anchor.filter(|&a| new.place(a).is_some());
        }
    }

    /// After another graph came that has nodes of this one (a patch applied or taken back): keeps the node nearest to the
    /// middle that stands in both where it is on the screen. `twin` finds a node's place in the new scene. Shows the graph
    /// as when it is opened where no node stands in both.
    pub fn carry_over(&mut self, old: &Scene, new: &Scene, twin: impl Fn(Item) -> Option<Item>) {
        let mut nodes: Vec<_> = old
            .nodes()
            .iter()
            .map(|n| (n.rect.distance_to_pos(self.camera.center), n))
            .collect();
        nodes.sort_by(|a, b| a.0.total_cmp(&b.0));
        let found = nodes.iter().find_map(|(_, n)| Some((n.rect, new.place(twin(n.key)?)?)));
        let camera = self.camera;
        *self = Self::default();
        if let Some((before, after)) = found {
            self.opened = true;
            self.camera = Camera {
                center: camera.center + (after.center_top() - before.center_top()),
                zoom: camera.zoom,
            };
        }
    }

    /// Resolves goals and motions for a canvas of this size. True while the view moves.
    pub(super) fn advance(&mut self, scene: &Scene, size: Vec2, now: f64, reduced_motion: bool) -> bool {
        // A view that nobody has moved follows the canvas's size: the drawer grows and shrinks with the step.
        let untouched = self.as_opened.filter(|(_, camera)| *camera == self.camera);
        let resized = self.motion.is_none() && untouched.is_some_and(|(was, _)| was != size);
        if (!self.opened || resized) && !scene.nodes().is_empty() {
            self.opened = true;
            self.camera = Camera::opening(scene.bounds(), scene.nodes().iter().map(|n| n.rect), size, READABLE);
            self.as_opened = Some((size, self.camera));
        }
        if let Some(target) = self.goal.take().and_then(|g| self.target(g, scene, size)) {
            if reduced_motion {
                self.camera = target;
                self.motion = None;
            } else if target != self.camera {
                self.motion = Some(Motion::new(self.camera, target, now));
            }
        }
        let unfolds = self.advance_unfold(now, reduced_motion);
        let Some(motion) = self.motion else {
            return unfolds;
        };
        let (camera, goes_on) = motion.at(now);
        self.camera = camera;
        if !goes_on {
            self.motion = None;
        }
        goes_on || unfolds
    }

    /// Moves the outline of a scope from the place it had to the one it has.
    fn advance_unfold(&mut self, now: f64, reduced_motion: bool) -> bool {
        self.unfolding = None;
        let Some((before, after, start)) = self.unfold else {
            return false;
        };
        let start = start.unwrap_or(now);
        let t = ((now - start) / MOTION) as f32;
        if reduced_motion || t >= 1.0 {
            self.unfold = None;
            return false;
        }
        self.unfold = Some((before, after, Some(start)));
        let eased = 1.0 - (1.0 - t).powi(3);
        let corner = |a: Rect, b: Rect| Rect::from_min_max(a.min.lerp(b.min, eased), a.max.lerp(b.max, eased));
        self.unfolding = Some((corner(before, after), t));
        true
    }

    fn target(&self, goal: Goal, scene: &Scene, size: Vec2) -> Option<Camera> {
        let current = self.motion.map_or(self.camera, |m| m.target());
        match goal {
            Goal::Fit => Some(Camera::fit(scene.bounds(), size, 1.0)),
            Goal::Selection => {
                let place = scene.place(self.selection?)?;
                Some(Camera::fit(place.expand(SURROUNDINGS), size, 1.25))
            }
            Goal::Item(item) => {
                let place = scene.place(item)?;
                let zoom = current.zoom.max(CLOSE);
                Some(Camera {
                    center: focus(place, size / zoom),
                    zoom,
                })
            }
            Goal::Visible(item) => {
                let place = scene.place(item)?;
                let view = Rect::from_center_size(current.center, size / current.zoom).shrink(24.0 / current.zoom);
                let target = Camera {
                    center: focus(place, size / current.zoom),
                    zoom: current.zoom,
                };
                (!view.contains_rect(place) && !place.contains_rect(view)).then_some(target)
            }
        }
    }

    /// Ends any motion: the user has taken over.
    pub(super) fn take_over(&mut self, camera: Camera) {
        self.motion = None;
        self.camera = camera;
    }
}

/// The middle of a place, or of its upper part if it is higher than the view.
fn focus(place: Rect, view: Vec2) -> eframe::egui::Pos2 {
    let y = if place.height() > view.y {
        place.top() + view.y * 0.4
    } else {
        place.center().y
    };
    eframe::egui::Pos2::new(place.center().x, y)
}
