//! Puts the layouts of all frames together into one picture.

use super::{
    super::{Layout, LayoutOptions, NONE, Point, Segment},
    Area, Hierarchy, Item, Picture, PlacedItem, PlacedSegment, PlacedStub,
    lift::{End, Lifted},
    view::View,
};
use std::{collections::HashMap, sync::Arc};

/// Where lines continue through the border of a frame: (scope, tensor) to the segment that reaches it.
#[derive(Default)]
struct Borders {
    /// From outside, at the top.
    entering: HashMap<(u32, u32), u32>,
    /// From inside, at the bottom.
    leaving: HashMap<(u32, u32), u32>,
    /// Segments whose parent is the one that enters or leaves a frame with their tensor.
    after_entering: Vec<(u32, (u32, u32))>,
    after_leaving: Vec<(u32, (u32, u32))>,
}

pub(super) fn assemble(
    hierarchy: &Hierarchy,
    view: &View,
    lifted: &Lifted,
    layouts: &[Option<Arc<Layout>>],
    options: &LayoutOptions,
) -> Picture {
    let mut picture = Picture::default();
    let mut borders = Borders::default();
    let mut origin = vec![Point::default(); layouts.len()];
    if let Some(Some(root)) = layouts.first() {
        picture.size = (root.width, root.height);
    }
    // Outer frames come first, so a frame's place is known when its turn comes.
    for scope in 0..layouts.len() as u32 {
        let Some(layout) = &layouts[scope as usize] else {
            continue;
        };
        let mut part = Part {
            view,
            lifted,
            scope,
            layout,
            at: origin[scope as usize],
            first: 0,
        };
        let boxes = part.place_items(hierarchy, layouts, &mut picture, &mut origin);
        part.place_lines(&boxes, layouts, hierarchy, &mut picture, &mut borders);
        part.place_stubs(options, &mut picture);
    }
    let index: HashMap<Item, u32> = picture
        .boxes
        .iter()
        .enumerate()
        .map(|(i, b)| (b.item, i as u32))
        .collect();
    let shown = (0..hierarchy.nodes.len() as u32).map(|n| index.get(&view.shown(n)).copied().unwrap_or(NONE));
    picture.shown_by = shown.collect();
    for (segment, border) in &borders.after_entering {
        picture.segments[*segment as usize].parent = borders.entering.get(border).copied().unwrap_or(NONE);
    }
    for (segment, border) in &borders.after_leaving {
        picture.segments[*segment as usize].parent = borders.leaving.get(border).copied().unwrap_or(NONE);
    }
    picture
}

/// One frame while its contents are added.
struct Part<'a> {
    view: &'a View,
    lifted: &'a Lifted,
    scope: u32,
    layout: &'a Layout,
    /// Where its contents begin.
    at: Point,
    /// Index of its first segment in the picture.
    first: u32,
}

impl Part<'_> {
    fn ends(&self) -> &[End] {
        &self.lifted.scopes[self.scope as usize].ends
    }

    fn moved(&self, p: Point) -> Point {
        Point {
            x: p.x + self.at.x,
            y: p.y + self.at.y,
        }
    }

    /// Adds boxes and frames; returns for each layout node the index of its box, or [`NONE`].
    fn place_items(
        &self,
        hierarchy: &Hierarchy,
        layouts: &[Option<Arc<Layout>>],
        picture: &mut Picture,
        origin: &mut [Point],
    ) -> Vec<u32> {
        let depth = self.view.depth(self.scope);
        let mut boxes = vec![NONE; self.ends().len()];
        for (i, end) in self.ends().iter().enumerate() {
            let (&End::Item(item), Some(&center)) = (end, self.layout.centers.get(i)) else {
                continue;
            };
            let center = self.moved(center);
            let (width, height) = self.lifted.size(hierarchy, self.view, item, layouts);
            let area = area(center, width, height);
            match item {
                Item::Scope(inner) if self.view.is_frame(inner) => {
                    let (left, top) = self.lifted.inset(hierarchy, self.view, inner, layouts);
                    origin[inner as usize] = Point {
                        x: area.min.x + left,
                        y: area.min.y + top,
                    };
                    picture.frames.push(PlacedItem {
                        item,
                        area,
                        around: self.scope,
                        depth,
                    });
                }
                _ => {
                    boxes[i] = picture.boxes.len() as u32;
                    picture.boxes.push(PlacedItem {
                        item,
                        area,
                        around: self.scope,
                        depth,
                    });
                }
            }
        }
        boxes
    }

    fn place_lines(
        &mut self,
        boxes: &[u32],
        layouts: &[Option<Arc<Layout>>],
        hierarchy: &Hierarchy,
        picture: &mut Picture,
        borders: &mut Borders,
    ) {
        let tensors = self.tensor_numbers();
        let (_, frame_height) = self.lifted.size(hierarchy, self.view, Item::Scope(self.scope), layouts);
        let (_, inset) = self.lifted.inset(hierarchy, self.view, self.scope, layouts);
        let (top, bottom) = (self.at.y - inset, self.at.y - inset + frame_height);
        let mut port_lines: HashMap<u32, u32> = HashMap::new();
        for (i, end) in self.ends().iter().enumerate() {
            if let (&End::In(tensor), Some(&center)) = (end, self.layout.centers.get(i)) {
                let to = self.moved(center);
                borders
                    .after_entering
                    .push((picture.segments.len() as u32, (self.scope, tensor)));
                port_lines.insert(i as u32, picture.segments.len() as u32);
                picture
                    .segments
                    .push(vertical(tensor, Point { x: to.x, y: top }, to, NONE));
            }
        }
        self.first = picture.segments.len() as u32;
        for segment in &self.layout.segments {
            let index = picture.segments.len() as u32;
            let tensor = tensors.get(segment.tensor as usize).copied().unwrap_or(NONE);
            let mut placed = self.placed(segment, tensor);
            match self.end(segment.source) {
                Some(End::In(_)) => placed.parent = port_lines.get(&segment.source).copied().unwrap_or(NONE),
                Some(End::Item(Item::Scope(s))) if self.view.is_frame(s) => {
                    borders.after_leaving.push((index, (s, tensor)));
                }
                _ => {}
            }
            placed.target = boxes.get(segment.target as usize).copied().unwrap_or(NONE);
            if let Some(End::Item(Item::Scope(s))) = self.end(segment.target) {
                borders.entering.insert((s, tensor), index);
            }
            picture.segments.push(placed);
        }
        self.leave(bottom, &tensors, picture, borders);
    }

    /// Leads lines from out-ports down to the border.
    fn leave(&self, bottom: f32, tensors: &[u32], picture: &mut Picture, borders: &mut Borders) {
        for (i, segment) in self.layout.segments.iter().enumerate() {
            if let Some(End::Out(tensor)) = self.end(segment.target) {
                debug_assert_eq!(tensors.get(segment.tensor as usize), Some(&tensor));
                let from = self.moved(segment.to);
                borders
                    .leaving
                    .insert((self.scope, tensor), picture.segments.len() as u32);
                let to = Point { x: from.x, y: bottom };
                picture.segments.push(vertical(tensor, from, to, self.first + i as u32));
            }
        }
    }

    fn place_stubs(&self, options: &LayoutOptions, picture: &mut Picture) {
        let tensors = self.tensor_numbers();
        let (width, height) = options.stub_size;
        picture.stubs.extend(self.layout.stubs.iter().map(|s| PlacedStub {
            tensor: tensors.get(s.tensor as usize).copied().unwrap_or(NONE),
            end: s.end,
            area: area(self.moved(s.center), width, height),
        }));
    }

    fn end(&self, node: u32) -> Option<End> {
        self.ends().get(node as usize).copied()
    }

    fn placed(&self, segment: &Segment, tensor: u32) -> PlacedSegment {
        let parent = if segment.parent == NONE {
            NONE
        } else {
            segment.parent + self.first
        };
        PlacedSegment {
            tensor,
            from: self.moved(segment.from),
            to: self.moved(segment.to),
            parent,
            target: NONE,
            reversed: segment.reversed,
            straight: segment.reversed && segment.from.y == segment.to.y,
        }
    }

    /// The graph's tensor for each number used in the layout (the order in which they first appear in the edges).
    fn tensor_numbers(&self) -> Vec<u32> {
        let mut seen = std::collections::HashSet::new();
        let edges = &self.lifted.scopes[self.scope as usize].edges;
        edges.iter().map(|e| e.1).filter(|&t| seen.insert(t)).collect()
    }
}

fn vertical(tensor: u32, from: Point, to: Point, parent: u32) -> PlacedSegment {
    PlacedSegment {
        tensor,
        from,
        to,
        parent,
        target: NONE,
        reversed: false,
        straight: true,
    }
}

fn area(center: Point, width: f32, height: f32) -> Area {
    Area {
        min: Point {
            x: center.x - width / 2.0,
            y: center.y - height / 2.0,
        },
        max: Point {
            x: center.x + width / 2.0,
            y: center.y + height / 2.0,
        },
    }
}
