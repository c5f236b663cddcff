//! From a laid out picture to a scene: places get their words and colours, tensors their producers and consumers.

use super::{
    Family, Marks, NodeKind, Scene, SceneFrame, SceneNode, SceneParts, SceneSegment, SceneStub, SceneTensor,
    layout::{
        NONE, Point,
        hierarchy::{Area, Hierarchy, Item, Picture},
    },
};
use eframe::egui::{Pos2, Rect, pos2};
use std::collections::HashMap;

/// The words on a box or frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// What it stands for.
    pub kind: NodeKind,
    /// Operator type, or name of the input, output or scope.
    pub title: String,
    /// Name of the node; empty for none.
    pub name: String,
    /// Type and shape of the output, attributes; empty for none.
    pub detail: String,
    /// Colour.
    pub family: Family,
}

/// Whoever knows what the numbers of a [`Hierarchy`] mean.
pub trait Describe {
    /// The words for an item; `around` is the scope whose frame it is in (0 for the root), so that names can be relative.
    fn label(&self, item: Item, around: u32) -> Label;
    /// Name of a tensor, and its type and shape in words.
    fn tensor(&self, tensor: u32) -> (String, String);
    /// What is marked on an item.
    fn marks(&self, item: Item) -> Marks;
}

/// Makes the scene that shows `picture`, which was made from `hierarchy`.
pub fn compose(picture: &Picture, hierarchy: &Hierarchy, words: &dyn Describe) -> Scene {
    let (tensors, number) = tensors(picture, hierarchy, words);
    let tensor = |id: u32| number.get(&id).copied().unwrap_or(NONE);
    let nodes = picture.boxes.iter().map(|b| {
        let label = words.label(b.item, b.around);
        SceneNode {
            key: b.item,
            rect: rect(b.area),
            kind: label.kind,
            title: label.title,
            name: label.name,
            detail: label.detail,
            family: label.family,
            marks: words.marks(b.item),
        }
    });
    let frames = picture.frames.iter().map(|f| SceneFrame {
        key: f.item,
        rect: rect(f.area),
        title: words.label(f.item, f.around).title,
        depth: f.depth,
        marks: words.marks(f.item),
    });
    let segments = picture.segments.iter().map(|s| SceneSegment {
        tensor: tensor(s.tensor),
        from: pos(s.from),
        to: pos(s.to),
        parent: s.parent,
        target: s.target,
        reversed: s.reversed,
        straight: s.straight,
    });
    let stubs = picture.stubs.iter().map(|s| SceneStub {
        tensor: tensor(s.tensor),
        rect: rect(s.area),
        end: s.end,
    });
    Scene::new(SceneParts {
        nodes: nodes.collect(),
        frames: frames.collect(),
        segments: segments.collect(),
        stubs: stubs.collect(),
        tensors,
    })
}

/// The tensors between different boxes, and their numbers in the scene by id.
fn tensors(picture: &Picture, hierarchy: &Hierarchy, words: &dyn Describe) -> (Vec<SceneTensor>, HashMap<u32, u32>) {
    let mut number: HashMap<u32, u32> = HashMap::new();
    let mut tensors: Vec<SceneTensor> = Vec::new();
    let shown = |node: u32| picture.shown_by.get(node as usize).copied().unwrap_or(NONE);
    for edge in &hierarchy.edges {
        let (producer, consumer) = (shown(edge.source), shown(edge.target));
        if producer == consumer && edge.source != edge.target {
            continue; // inside a collapsed scope
        }
        let index = *number.entry(edge.tensor).or_insert_with(|| {
            let (name, ty) = words.tensor(edge.tensor);
            tensors.push(SceneTensor {
                name,
                ty,
                producer,
                consumers: Vec::new(),
            });
            tensors.len() as u32 - 1
        });
        tensors[index as usize].consumers.push(consumer);
    }
    (tensors, number)
}

fn pos(at: Point) -> Pos2 {
    pos2(at.x, at.y)
}

fn rect(area: Area) -> Rect {
    Rect::from_min_max(pos(area.min), pos(area.max))
}
