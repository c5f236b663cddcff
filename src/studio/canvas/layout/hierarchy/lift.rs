//! Lifts every edge to the frames where it shows: inside the frames it leaves or enters it runs to a port, and in the
//! innermost frame around both ends it runs between the two things that stand for them.

use super::{
    super::{Layout, LayoutEdge, LayoutInput, LayoutNode, Role},
    Hierarchy, HierarchyEdge, Item, frame,
    view::View,
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// An end of an edge inside a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum End {
    Item(Item),
    /// A tensor's port at the top of the frame.
    In(u32),
    /// A tensor's port at the bottom of the frame.
    Out(u32),
}

/// What one frame contains.
#[derive(Debug, Default)]
pub(super) struct FrameContents {
    /// Ports and things in the order of the layout's nodes.
    pub ends: Vec<End>,
    pub edges: Vec<(End, u32, End)>,
    index: HashMap<End, u32>,
    in_ports: usize,
    out_ports: usize,
}

impl FrameContents {
    fn add(&mut self, end: End) {
        self.index.insert(end, self.ends.len() as u32);
        self.ends.push(end);
    }

    /// Makes room for a port. False when the frame has enough of them.
    fn port(&mut self, end: End) -> bool {
        if self.index.contains_key(&end) {
            return true;
        }
        let count = if matches!(end, End::In(_)) {
            &mut self.in_ports
        } else {
            &mut self.out_ports
        };
        if *count >= frame::MOST_PORTS {
            return false;
        }
        *count += 1;
        self.add(end);
        true
    }

    /// Index among the layout's nodes.
    pub(super) fn index(&self, end: End) -> Option<u32> {
        self.index.get(&end).copied()
    }
}

/// The contents of all frames, by scope.
pub(super) struct Lifted {
    pub scopes: Vec<FrameContents>,
}

pub(super) fn lift(hierarchy: &Hierarchy, view: &View) -> Lifted {
    let mut lifted = Lifted {
        scopes: (0..hierarchy.scope_count()).map(|_| FrameContents::default()).collect(),
    };
    for (_, item) in visible_items(hierarchy, view) {
        lifted.scopes[view.around(item) as usize].add(End::Item(item));
    }
    let count = hierarchy.nodes.len() as u32;
    let mut seen = HashSet::new();
    for edge in hierarchy.edges.iter().filter(|e| e.source < count && e.target < count) {
        lifted.lift_edge(view, edge, &mut seen);
    }
    lifted
}

/// Nodes, boxes and frames by their first nodes, so that layouts see them in the graph's own order.
fn visible_items(hierarchy: &Hierarchy, view: &View) -> Vec<(u32, Item)> {
    let nodes = (0..hierarchy.nodes.len() as u32)
        .map(|n| (n, Item::Node(n)))
        .filter(|&(n, i)| view.shown(n) == i);
    let scopes = (1..hierarchy.scope_count() as u32)
        .filter(|&s| view.is_box(s) || view.is_frame(s))
        .map(|s| (view.first_node[s as usize], Item::Scope(s)));
    let mut items: Vec<(u32, Item)> = nodes.chain(scopes).collect();
    items.sort_unstable();
    items
}

impl Lifted {
    fn lift_edge(&mut self, view: &View, edge: &HierarchyEdge, seen: &mut HashSet<(u32, End, u32, End)>) {
        let (mut upper, mut lower) = (view.shown(edge.source), view.shown(edge.target));
        if upper == lower && matches!(upper, Item::Scope(_)) {
            return; // inside a collapsed scope
        }
        let mut add = |scopes: &mut Vec<FrameContents>, frame: u32, from: End, to: End| {
            let contents = &mut scopes[frame as usize];
            let ported = [from, to]
                .into_iter()
                .all(|e| matches!(e, End::Item(_)) || contents.port(e));
            if ported && seen.insert((frame, from, edge.tensor, to)) {
                contents.edges.push((from, edge.tensor, to));
            }
        };
        // Climb the deeper side until both are in the same frame.
        loop {
            let (above, below) = (view.around(upper), view.around(lower));
            if above == below {
                add(&mut self.scopes, above, End::Item(upper), End::Item(lower));
                return;
            }
            if view.depth(above) >= view.depth(below) {
                add(&mut self.scopes, above, End::Item(upper), End::Out(edge.tensor));
                upper = Item::Scope(above);
            } else {
                add(&mut self.scopes, below, End::In(edge.tensor), End::Item(lower));
                lower = Item::Scope(below);
            }
        }
    }

    /// The layout input of one frame; the layouts of the frames in it are known. Tensors are numbered from 0, so that
    /// identical frames have identical inputs.
    pub(super) fn layout_input(
        &self,
        hierarchy: &Hierarchy,
        view: &View,
        scope: u32,
        layouts: &[Option<Arc<Layout>>],
    ) -> LayoutInput {
        let contents = &self.scopes[scope as usize];
        let node = |&end: &End| match end {
            End::Item(item) => {
                let (width, height) = self.size(hierarchy, view, item, layouts);
                LayoutNode {
                    width,
                    height,
                    role: Role::Node,
                }
            }
            End::In(_) => LayoutNode {
                width: frame::PORT,
                height: 0.0,
                role: Role::InPort,
            },
            End::Out(_) => LayoutNode {
                width: frame::PORT,
                height: 0.0,
                role: Role::OutPort,
            },
        };
        let mut numbers: HashMap<u32, u32> = HashMap::new();
        let edges = contents.edges.iter().filter_map(|&(from, tensor, to)| {
            let next = numbers.len() as u32;
            let number = *numbers.entry(tensor).or_insert(next);
            let (source, target) = (contents.index(from)?, contents.index(to)?);
            Some(LayoutEdge {
                source_port: self.port_offset(hierarchy, view, from, End::Out(tensor), layouts),
                target_port: self.port_offset(hierarchy, view, to, End::In(tensor), layouts),
                stub_if_reversed: self.is_open(view, from) || self.is_open(view, to),
                ..LayoutEdge::new(source, number, target)
            })
        });
        LayoutInput {
            edges: edges.collect(),
            nodes: contents.ends.iter().map(node).collect(),
        }
    }

    fn is_open(&self, view: &View, end: End) -> bool {
        matches!(end, End::Item(Item::Scope(s)) if view.is_frame(s))
    }

    /// The size of a box, or of a frame around its layout.
    pub(super) fn size(
        &self,
        hierarchy: &Hierarchy,
        view: &View,
        item: Item,
        layouts: &[Option<Arc<Layout>>],
    ) -> (f32, f32) {
        let (width, height) = hierarchy.box_size(item);
        match item {
            Item::Scope(scope) if view.is_frame(scope) => match &layouts[scope as usize] {
                Some(inner) => (
                    (inner.width + 2.0 * frame::PADDING).max(width),
                    (inner.height + frame::HEADER + frame::PADDING).max(height),
                ),
                None => (width, height),
            },
            _ => (width, height),
        }
    }

    /// Where the contents of a frame begin, seen from its top left corner.
    pub(super) fn inset(
        &self,
        hierarchy: &Hierarchy,
        view: &View,
        scope: u32,
        layouts: &[Option<Arc<Layout>>],
    ) -> (f32, f32) {
        let inner = layouts[scope as usize].as_ref().map_or(0.0, |l| l.width);
        let (width, _) = self.size(hierarchy, view, Item::Scope(scope), layouts);
        ((width - inner) / 2.0, frame::HEADER)
    }

    /// Where on the border of an open frame the port of a tensor is, from the border's middle.
    fn port_offset(
        &self,
        hierarchy: &Hierarchy,
        view: &View,
        end: End,
        port: End,
        layouts: &[Option<Arc<Layout>>],
    ) -> Option<f32> {
        let End::Item(item @ Item::Scope(scope)) = end else {
            return None;
        };
        let layout = layouts[scope as usize].as_ref()?;
        let index = self.scopes[scope as usize].index(port)?;
        let (left, _) = self.inset(hierarchy, view, scope, layouts);
        let (width, _) = self.size(hierarchy, view, item, layouts);
        Some(left + layout.centers.get(index as usize)?.x - width / 2.0)
    }
}
