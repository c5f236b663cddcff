//! Nested layouts: a collapsed scope is one box, an open one a frame around its own layout.
//!
//! Each open scope is laid out by itself, inner ones first, so that opening one leaves the insides of all others as they
//! are, and identical blocks are laid out once ([`LayoutCache`]). Where a tensor crosses a frame it gets a port there:
//! the inner layout places it in its first or last row, and the outer one leads its line to that spot.
//! Steps: `view` (what is visible), `lift` (edges to the scopes where they show), `assemble` (nested places to one
//! picture); `level` chooses what a graph opens with.

mod assemble;
mod cache;
mod level;
mod lift;
mod view;

pub use cache::LayoutCache;
pub use level::opening_level;

use super::{Cancelled, LayoutOptions, NONE, Point, StubEnd};
use std::sync::atomic::AtomicBool;
use view::View;

/// An operator, input or output to show.
#[derive(Debug, Clone, Copy)]
pub struct HierarchyNode {
    /// Width and height of its box, in points.
    pub size: (f32, f32),
    /// Index of its scope.
    pub scope: u32,
}

/// A scope of the graph.
#[derive(Debug, Clone, Copy)]
pub struct HierarchyScope {
    /// Index of the enclosing scope, which comes before this one in the list; anything else means the root.
    pub parent: u32,
    /// Width and height of its box while it is collapsed, in points; also the least size of its frame.
    pub size: (f32, f32),
    /// The body of an operator rather than a part of names: always shown as box or frame.
    pub real: bool,
}

/// A tensor from one node to another.
#[derive(Debug, Clone, Copy)]
pub struct HierarchyEdge {
    /// Index of the producing node.
    pub source: u32,
    /// Any number that tells tensors apart.
    pub tensor: u32,
    /// Index of the consuming node.
    pub target: u32,
}

/// A graph with its scopes. `scopes[0]` is the root (one is assumed if the list is empty); nodes in scopes that do not
/// exist are in the root; edges of nodes that do not exist are ignored.
#[derive(Debug, Clone, Default)]
pub struct Hierarchy {
    /// In topological order if possible: it decides what is drawn first.
    pub nodes: Vec<HierarchyNode>,
    /// Parents before children.
    pub scopes: Vec<HierarchyScope>,
    /// Tensors.
    pub edges: Vec<HierarchyEdge>,
}

/// Which scopes there are and which are open.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Grouping {
    /// Whether scopes from names count; without them only those that are `real` do.
    pub by_name: bool,
    /// Open scopes; those beyond the list are collapsed. The root is always open.
    pub open: Vec<bool>,
}

impl Grouping {
    /// No scopes from names, everything else open.
    pub fn flat(hierarchy: &Hierarchy) -> Self {
        Self {
            by_name: false,
            open: vec![true; hierarchy.scopes.len()],
        }
    }

    /// Scopes from names, with these open.
    pub fn scopes(open: Vec<bool>) -> Self {
        Self { by_name: true, open }
    }
}

/// Something that has a place in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Item {
    /// A node, by index.
    Node(u32),
    /// A scope, by index.
    Scope(u32),
}

/// A rectangle in the picture.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Area {
    /// Top left corner.
    pub min: Point,
    /// Bottom right corner.
    pub max: Point,
}

/// A node or a collapsed scope, or the frame of an open one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlacedItem {
    /// What it is.
    pub item: Item,
    /// Where it is.
    pub area: Area,
    /// The scope whose frame it is in; 0 for the root.
    pub around: u32,
    /// Frames around it.
    pub depth: u32,
}

/// A piece of a line, like [`super::Segment`], whose ends are boxes of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlacedSegment {
    /// The tensor.
    pub tensor: u32,
    /// Producer's side.
    pub from: Point,
    /// Consumer's side.
    pub to: Point,
    /// Index of the segment it continues, through frames, or [`NONE`].
    pub parent: u32,
    /// Index of the box in [`Picture::boxes`] that the line ends at here, or [`NONE`].
    pub target: u32,
    /// Part of a cycle.
    pub reversed: bool,
    /// A straight line even where it is not vertical.
    pub straight: bool,
}

/// A stub in the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlacedStub {
    /// The tensor.
    pub tensor: u32,
    /// Producer's or consumer's side.
    pub end: StubEnd,
    /// Where it is.
    pub area: Area,
}

/// Everything in its place; the top left corner is 0, 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// Nodes and collapsed scopes.
    pub boxes: Vec<PlacedItem>,
    /// Open scopes, outer ones first.
    pub frames: Vec<PlacedItem>,
    /// Lines.
    pub segments: Vec<PlacedSegment>,
    /// Ends of lines that are not drawn.
    pub stubs: Vec<PlacedStub>,
    /// For each node the index of the box that stands for it.
    pub shown_by: Vec<u32>,
    /// Width and height.
    pub size: (f32, f32),
}

/// Space inside a frame, in points.
pub(super) mod frame {
    /// At the left, right and bottom.
    pub(in super::super) const PADDING: f32 = 16.0;
    /// At the top, for the name.
    pub(in super::super) const HEADER: f32 = 32.0;
    /// More tensors than this on one side of a frame get no ports; their lines end at the frame.
    pub(in super::super) const MOST_PORTS: usize = 48;
    /// Width of a port.
    pub(in super::super) const PORT: f32 = 8.0;
}

impl Hierarchy {
    /// Lays out what `grouping` shows. Layouts are kept in `cache` for the next call.
    pub fn place(
        &self,
        grouping: &Grouping,
        options: &LayoutOptions,
        cache: &mut LayoutCache,
        cancel: &AtomicBool,
    ) -> Result<Picture, Cancelled> {
        let view = View::new(self, grouping);
        let lifted = lift::lift(self, &view);
        let count = lifted.scopes.len();
        let mut layouts = vec![None; count];
        // Inner scopes come after their parents, so backwards every size is known before it is needed.
        for scope in (0..count).rev().filter(|&s| view.is_frame(s as u32)) {
            let input = lifted.layout_input(self, &view, scope as u32, &layouts);
            layouts[scope] = Some(cache.layout(&input, options, cancel)?);
        }
        Ok(assemble::assemble(self, &view, &lifted, &layouts, options))
    }

    /// Opens the scopes around a node, so that it shows.
    pub fn reveal(&self, node: u32, grouping: &mut Grouping) {
        let Some(node) = self.nodes.get(node as usize) else {
            return;
        };
        grouping.open.resize(self.scope_count(), false);
        let mut scope = self.scope_of(node);
        while scope != 0 {
            grouping.open[scope as usize] = true;
            scope = self.parent(scope);
        }
    }

    /// Opens a collapsed scope or collapses an open one.
    pub fn toggle(&self, scope: u32, grouping: &mut Grouping) {
        grouping.open.resize(self.scope_count(), false);
        if let Some(open) = grouping.open.get_mut(scope as usize) {
            *open = !*open;
        }
    }

    fn scope_count(&self) -> usize {
        self.scopes.len().max(1)
    }

    fn parent(&self, scope: u32) -> u32 {
        match self.scopes.get(scope as usize) {
            Some(s) if s.parent < scope => s.parent,
            _ => 0,
        }
    }

    fn scope_of(&self, node: &HierarchyNode) -> u32 {
        if (node.scope as usize) < self.scopes.len() {
            node.scope
        } else {
            0
        }
    }

    fn box_size(&self, item: Item) -> (f32, f32) {
        match item {
            Item::Node(i) => self.nodes.get(i as usize).map_or((1.0, 1.0), |n| n.size),
            Item::Scope(i) => self.scopes.get(i as usize).map_or((1.0, 1.0), |s| s.size),
        }
    }
}

#[cfg(test)]
mod tests;
