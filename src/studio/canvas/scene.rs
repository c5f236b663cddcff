//! What the canvas shows: boxes, frames, lines and labels in their places, indexed for drawing and hitting.

use super::{
    Family,
    index::{Bands, Density},
    layout::{NONE, StubEnd, hierarchy::Item},
};
use crate::check::Severity;
use eframe::egui::{Pos2, Rect, pos2};
use std::collections::HashMap;

/// How a node differs from the other graph of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DiffMark {
    /// Only in this graph.
    Added,
    /// Only in the other graph.
    Removed,
    /// In both, but different.
    Changed,
}

/// What is marked on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// The worst finding at the node or, for a scope, in it.
    pub finding: Option<Severity>,
    /// How it differs.
    pub diff: Option<DiffMark>,
}

/// What a box stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// An operator.
    Operator,
    /// A graph input.
    Input,
    /// A graph output.
    Output,
    /// A collapsed scope with so many operators in it.
    Scope {
        /// Operators in it, at any depth.
        nodes: u32,
    },
}

/// A box.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneNode {
    /// Which item it is; stays the same when the scene is made anew.
    pub key: Item,
    /// Where it is.
    pub rect: Rect,
    /// What it stands for.
    pub kind: NodeKind,
    /// Operator type, or name of the input, output or scope.
    pub title: String,
    /// The node's name; empty for none.
    pub name: String,
    /// Output type and shape, key attributes; empty for none.
    pub detail: String,
    /// Colour.
    pub family: Family,
    /// Finding and difference.
    pub marks: Marks,
}

/// The frame of an open scope.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneFrame {
    /// Which scope it is.
    pub key: Item,
    /// Where it is.
    pub rect: Rect,
    /// Its name.
    pub title: String,
    /// Frames around it.
    pub depth: u32,
    /// The worst finding in it.
    pub marks: Marks,
}

/// A tensor whose lines are shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SceneTensor {
    /// Its name.
    pub name: String,
    /// Type and shape in words.
    pub ty: String,
    /// Index of the producing box, [`NONE`] if it is not shown.
    pub producer: u32,
    /// Indices of the consuming boxes.
    pub consumers: Vec<u32>,
}

/// A piece of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SceneSegment {
    /// Index into the scene's tensors.
    pub tensor: u32,
    /// Producer's side.
    pub from: Pos2,
    /// Consumer's side.
    pub to: Pos2,
    /// The segment it continues, or [`NONE`].
    pub parent: u32,
    /// The box it ends at with an arrow head, or [`NONE`].
    pub target: u32,
    /// Part of a cycle.
    pub reversed: bool,
    /// Not a curve.
    pub straight: bool,
}

/// A label that stands for a line too long to draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SceneStub {
    /// Index into the scene's tensors.
    pub tensor: u32,
    /// Where it is.
    pub rect: Rect,
    /// Producer's or consumer's side.
    pub end: StubEnd,
}

/// The parts of a scene. Indices that do not exist are treated as [`NONE`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SceneParts {
    /// Boxes.
    pub nodes: Vec<SceneNode>,
    /// Frames, outer ones first.
    pub frames: Vec<SceneFrame>,
    /// Tensors.
    pub tensors: Vec<SceneTensor>,
    /// Lines.
    pub segments: Vec<SceneSegment>,
    /// Labels.
    pub stubs: Vec<SceneStub>,
}

/// A scene with its indices. Immutable but for the marks; made off the UI thread for large graphs.
#[derive(Debug, Clone)]
pub struct Scene {
    parts: SceneParts,
    bounds: Rect,
    place: HashMap<Item, Rect>,
    node_of: HashMap<Item, u32>,
    families: [u32; Family::ALL.len()],
    /// Tensors that each box consumes and produces.
    inputs: Vec<Vec<u32>>,
    outputs: Vec<Vec<u32>>,
    /// Segments of each tensor.
    lines: Vec<Vec<u32>>,
    pub(super) node_bands: Bands,
    pub(super) segment_bands: Bands,
    pub(super) stub_bands: Bands,
    pub(super) density: Density,
}

impl Default for Scene {
    fn default() -> Self {
        Self::new(SceneParts::default())
    }
}

impl Scene {
    /// Checks the parts' indices and makes the spatial index.
    pub fn new(mut parts: SceneParts) -> Self {
        sanitise(&mut parts);
        let rects = || parts.nodes.iter().map(|n| n.rect);
        let around = parts
            .frames
            .iter()
            .map(|f| f.rect)
            .chain(parts.stubs.iter().map(|s| s.rect));
        let lines = parts.segments.iter().map(SceneSegment::rect);
        let mut bounds = rects().chain(around).chain(lines).fold(Rect::NOTHING, Rect::union);
        if !bounds.is_finite() || !bounds.is_positive() {
            bounds = Rect::from_min_size(Pos2::ZERO, eframe::egui::vec2(1.0, 1.0));
        }
        let mut inputs = vec![Vec::new(); parts.nodes.len()];
        let mut outputs = vec![Vec::new(); parts.nodes.len()];
        for (i, tensor) in parts.tensors.iter().enumerate() {
            if let Some(list) = outputs.get_mut(tensor.producer as usize) {
                list.push(i as u32);
            }
            for &consumer in &tensor.consumers {
                inputs[consumer as usize].push(i as u32);
            }
        }
        let mut lines = vec![Vec::new(); parts.tensors.len()];
        for (i, segment) in parts.segments.iter().enumerate() {
            lines[segment.tensor as usize].push(i as u32);
        }
        let mut families = [0; Family::ALL.len()];
        for node in parts.nodes.iter().filter(|n| n.kind == NodeKind::Operator) {
            families[node.family as usize] += 1;
        }
        let place = parts
            .nodes
            .iter()
            .map(|n| (n.key, n.rect))
            .chain(parts.frames.iter().map(|f| (f.key, f.rect)));
        Self {
            bounds,
            place: place.collect(),
            node_of: parts.nodes.iter().enumerate().map(|(i, n)| (n.key, i as u32)).collect(),
            families,
            inputs,
            outputs,
            lines,
            node_bands: Bands::new(bounds, parts.nodes.iter().map(|n| n.rect)),
            segment_bands: Bands::new(bounds, parts.segments.iter().map(SceneSegment::rect)),
            stub_bands: Bands::new(bounds, parts.stubs.iter().map(|s| s.rect)),
            density: Density::new(bounds, &parts.nodes),
            parts,
        }
    }

    /// Boxes.
    pub fn nodes(&self) -> &[SceneNode] {
        &self.parts.nodes
    }

    /// Frames.
    pub fn frames(&self) -> &[SceneFrame] {
        &self.parts.frames
    }

    /// Tensors.
    pub fn tensors(&self) -> &[SceneTensor] {
        &self.parts.tensors
    }

    /// Lines.
    pub fn segments(&self) -> &[SceneSegment] {
        &self.parts.segments
    }

    /// Labels.
    pub fn stubs(&self) -> &[SceneStub] {
        &self.parts.stubs
    }

    /// Smallest rectangle around everything.
    pub fn bounds(&self) -> Rect {
        self.bounds
    }

    /// Where an item is, as a box or as a frame.
    pub fn place(&self, key: Item) -> Option<Rect> {
        self.place.get(&key).copied()
    }

    /// The box of an item.
    pub fn node(&self, key: Item) -> Option<&SceneNode> {
        self.parts.nodes.get(*self.node_of.get(&key)? as usize)
    }

    pub(super) fn node_index(&self, key: Item) -> Option<u32> {
        self.node_of.get(&key).copied()
    }

    /// The frame of an open scope.
    pub fn frame(&self, key: Item) -> Option<&SceneFrame> {
        self.parts.frames.iter().find(|f| f.key == key)
    }

    /// Operators shown of a family.
    pub fn family_count(&self, family: Family) -> u32 {
        self.families[family as usize]
    }

    /// Tensors that the box with this index consumes.
    pub fn inputs(&self, node: u32) -> &[u32] {
        self.inputs.get(node as usize).map_or(&[], Vec::as_slice)
    }

    /// Tensors that the box with this index produces.
    pub fn outputs(&self, node: u32) -> &[u32] {
        self.outputs.get(node as usize).map_or(&[], Vec::as_slice)
    }

    /// Segments of a tensor.
    pub fn lines(&self, tensor: u32) -> &[u32] {
        self.lines.get(tensor as usize).map_or(&[], Vec::as_slice)
    }

    /// The segments from the producer to where a tensor's line meets the box `target`.
    pub fn path_to(&self, tensor: u32, target: u32) -> Vec<u32> {
        let mut path = Vec::new();
        for &end in self.lines(tensor) {
            if self.parts.segments[end as usize].target != target {
                continue;
            }
            let mut at = end;
            // A path is never longer than the list, whatever the parents say.
            while at != NONE && path.len() <= self.parts.segments.len() {
                path.push(at);
                at = self.parts.segments[at as usize].parent;
            }
        }
        path
    }

    /// Sets the marks of all boxes and frames anew; places stay.
    pub fn mark(&mut self, marks: impl Fn(Item) -> Marks) {
        for node in &mut self.parts.nodes {
            node.marks = marks(node.key);
        }
        for frame in &mut self.parts.frames {
            frame.marks = marks(frame.key);
        }
        self.density = Density::new(self.bounds, &self.parts.nodes);
    }

    /// The box at a place.
    pub(super) fn node_at(&self, at: Pos2) -> Option<u32> {
        self.node_bands
            .in_range(at.y, at.y)
            .find(|&i| self.parts.nodes[i as usize].rect.contains(at))
    }

    /// The stub at a place.
    pub(super) fn stub_at(&self, at: Pos2) -> Option<u32> {
        self.stub_bands
            .in_range(at.y, at.y)
            .find(|&i| self.parts.stubs[i as usize].rect.contains(at))
    }

    /// The tensor whose line passes within `reach` of a place, the nearest one.
    pub(super) fn tensor_at(&self, at: Pos2, reach: f32) -> Option<u32> {
        let mut best = (reach, None);
        for i in self.segment_bands.in_range(at.y - reach, at.y + reach) {
            let segment = &self.parts.segments[i as usize];
            if segment.rect().expand(reach).contains(at) {
                let distance = segment.distance(at);
                if distance < best.0 {
                    best = (distance, Some(segment.tensor));
                }
            }
        }
        best.1
    }
}

impl SceneSegment {
    /// The rectangle that it runs in.
    pub fn rect(&self) -> Rect {
        Rect::from_two_pos(self.from, self.to)
    }

    /// Is it drawn as one straight line?
    pub(super) fn is_straight(&self) -> bool {
        self.straight || (self.from.x - self.to.x).abs() < 0.5
    }

    /// A place on it, from 0 to 1. Curves are cubic with vertical ends.
    pub(super) fn sample(&self, t: f32) -> Pos2 {
        if self.is_straight() {
            return self.from + (self.to - self.from) * t;
        }
        let smooth = t * t * (3.0 - 2.0 * t);
        let half = (self.to.y - self.from.y) / 2.0;
        let s = 1.0 - t;
        let y = self.from.y + half * (3.0 * s * s * t + 3.0 * s * t * t) + (self.to.y - self.from.y) * t * t * t;
        pos2(self.from.x + (self.to.x - self.from.x) * smooth, y)
    }

    fn distance(&self, at: Pos2) -> f32 {
        let pieces = if self.is_straight() { 1 } else { 12 };
        let mut from = self.from;
        let mut nearest = f32::INFINITY;
        for i in 1..=pieces {
            let to = self.sample(i as f32 / pieces as f32);
            let along = to - from;
            let t = if along == eframe::egui::Vec2::ZERO {
                0.0
            } else {
                ((at - from).dot(along) / along.length_sq()).clamp(0.0, 1.0)
            };
            nearest = nearest.min(at.distance(from + along * t));
            from = to;
        }
        nearest
    }
}

/// Makes indices that point nowhere harmless, so that drawing need not check them.
fn sanitise(parts: &mut SceneParts) {
    let (nodes, tensors, segments) = (parts.nodes.len(), parts.tensors.len(), parts.segments.len());
    parts.segments.iter_mut().for_each(|s| {
        s.parent = if (s.parent as usize) < segments { s.parent } else { NONE };
        s.target = if (s.target as usize) < nodes { s.target } else { NONE };
    });
    if parts.segments.iter().any(|s| s.tensor as usize >= tensors)
        || parts.stubs.iter().any(|s| s.tensor as usize >= tensors)
    {
        let unknown = parts.tensors.len() as u32;
        parts.tensors.push(SceneTensor {
            producer: NONE,
            ..SceneTensor::default()
        });
        parts.segments.iter_mut().for_each(|s| s.tensor = s.tensor.min(unknown));
        parts.stubs.iter_mut().for_each(|s| s.tensor = s.tensor.min(unknown));
    }
    for tensor in &mut parts.tensors {
        tensor.consumers.retain(|&c| (c as usize) < nodes);
        tensor.consumers.sort_unstable();
        tensor.consumers.dedup();
        tensor.producer = if (tensor.producer as usize) < nodes {
            tensor.producer
        } else {
            NONE
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(from: (f32, f32), to: (f32, f32)) -> SceneSegment {
        let (from, to) = (pos2(from.0, from.1), pos2(to.0, to.1));
        SceneSegment {
            tensor: 0,
            from,
            to,
            parent: NONE,
            target: NONE,
            reversed: false,
            straight: false,
        }
    }

    #[test]
    fn curves_begin_and_end_where_they_should_and_stay_between() {
        let s = segment((0.0, 0.0), (100.0, 40.0));
        assert_eq!((s.sample(0.0), s.sample(1.0)), (s.from, s.to));
        assert_eq!(s.sample(0.5), pos2(50.0, 20.0));
        let ys: Vec<f32> = (0..=10).map(|i| s.sample(i as f32 / 10.0).y).collect();
        assert!(ys.windows(2).all(|y| y[0] <= y[1]), "{ys:?}");
        assert!(s.distance(pos2(50.0, 20.0)) < 0.5);
        assert!(s.distance(pos2(0.0, 40.0)) > 10.0);
    }

    #[test]
    fn a_line_is_found_by_pointing_at_it() {
        let scene = Scene::new(SceneParts {
            tensors: vec![SceneTensor::default(); 2],
            segments: vec![
                segment((0.0, 0.0), (0.0, 500.0)),
                SceneSegment {
                    tensor: 1,
                    ..segment((9.0, 0.0), (9.0, 500.0))
                },
            ],
            ..SceneParts::default()
        });
        assert_eq!(scene.tensor_at(pos2(2.0, 333.0), 6.0), Some(0));
        assert_eq!(scene.tensor_at(pos2(7.0, 333.0), 6.0), Some(1));
        assert_eq!(scene.tensor_at(pos2(40.0, 333.0), 6.0), None);
    }

    #[test]
    fn indices_that_point_nowhere_are_harmless() {
        let scene = Scene::new(SceneParts {
            segments: vec![SceneSegment {
                tensor: 9,
                parent: 7,
                target: 3,
                ..segment((0.0, 0.0), (1.0, 1.0))
            }],
            tensors: vec![SceneTensor {
                producer: 4,
                consumers: vec![5],
                ..SceneTensor::default()
            }],
            ..SceneParts::default()
        });
        assert!(scene.path_to(0, 3).is_empty());
        assert_eq!(scene.segments()[0].parent, NONE);
        assert!(scene.tensors()[0].consumers.is_empty());
    }
}
