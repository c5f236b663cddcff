//! What is visible: which scopes are frames, which are boxes, and what stands for each node.

use super::{Grouping, Hierarchy, Item, NONE};

/// Frames nested deeper than this are not drawn; their contents belong to the last one.
const DEEPEST: u32 = 32;

/// The visible part of a hierarchy.
pub(super) struct View {
    /// For each scope: itself if it can be a box or frame, else the one that stands around its contents.
    stands: Vec<u32>,
    /// For each scope that stands: the one around it; [`NONE`] for the root.
    outer: Vec<u32>,
    /// For each scope that stands: frames around it.
    depth: Vec<u32>,
    /// For each scope that stands: whether it is an open, visible frame.
    frame: Vec<bool>,
    /// For each scope that stands and is no frame: the collapsed scope that hides it (itself if it is visible).
    hidden_by: Vec<u32>,
    /// Scope of each node.
    node_scope: Vec<u32>,
    /// First node in each scope, [`NONE`] if it is empty.
    pub first_node: Vec<u32>,
}

impl View {
    pub(super) fn new(hierarchy: &Hierarchy, grouping: &Grouping) -> Self {
        let count = hierarchy.scope_count();
        let node_scope: Vec<u32> = hierarchy.nodes.iter().map(|n| hierarchy.scope_of(n)).collect();
        let first_node = first_nodes(hierarchy, &node_scope);
        let single = single_item_scopes(hierarchy, &node_scope, &first_node);
        let mut view = Self {
            stands: vec![0; count],
            outer: vec![NONE; count],
            depth: vec![0; count],
            frame: vec![false; count],
            hidden_by: vec![NONE; count],
            node_scope,
            first_node,
        };
        view.frame[0] = true;
        for scope in 1..count as u32 {
            let s = scope as usize;
            let around = view.stands[hierarchy.parent(scope) as usize];
            let nested = view.depth[around as usize] + 1;
            let wanted = hierarchy.scopes[s].real || (grouping.by_name && !single[s]);
            if !wanted || nested > DEEPEST {
                view.stands[s] = around;
                continue;
            }
            view.stands[s] = scope;
            view.outer[s] = around;
            view.depth[s] = nested;
            let open = grouping.open.get(s).copied().unwrap_or(false);
            if view.frame[around as usize] {
                view.frame[s] = open;
                view.hidden_by[s] = if open { NONE } else { scope };
            } else {
                view.hidden_by[s] = view.hidden_by[around as usize];
            }
        }
        view
    }

    /// Is this scope shown open?
    pub(super) fn is_frame(&self, scope: u32) -> bool {
        self.frame[scope as usize]
    }

    /// Is this scope shown as a box?
    pub(super) fn is_box(&self, scope: u32) -> bool {
        self.hidden_by[scope as usize] == scope && self.first_node[scope as usize] != NONE
    }

    /// Frames around the contents of a frame.
    pub(super) fn depth(&self, scope: u32) -> u32 {
        self.depth[scope as usize]
    }

    /// The visible item that stands for a node.
    pub(super) fn shown(&self, node: u32) -> Item {
        let scope = self.stands[self.node_scope[node as usize] as usize];
        match self.hidden_by[scope as usize] {
            NONE => Item::Node(node),
            hider => Item::Scope(hider),
        }
    }

    /// The frame right around a visible item (the root for the outermost ones).
    pub(super) fn around(&self, item: Item) -> u32 {
        match item {
            Item::Node(node) => self.stands[self.node_scope[node as usize] as usize],
            Item::Scope(scope) => self.outer[scope as usize],
        }
    }
}

fn first_nodes(hierarchy: &Hierarchy, node_scope: &[u32]) -> Vec<u32> {
    let mut first = vec![NONE; hierarchy.scope_count()];
    for (node, &scope) in node_scope.iter().enumerate() {
        first[scope as usize] = first[scope as usize].min(node as u32);
    }
    for scope in (1..first.len()).rev() {
        let parent = hierarchy.parent(scope as u32) as usize;
        first[parent] = first[parent].min(first[scope]);
    }
    first
}

/// Scopes with at most one thing in them. A box around a single thing says nothing.
fn single_item_scopes(hierarchy: &Hierarchy, node_scope: &[u32], first_node: &[u32]) -> Vec<bool> {
    let mut things = vec![0u32; first_node.len()];
    for &scope in node_scope {
        things[scope as usize] = things[scope as usize].saturating_add(1);
    }
    for (scope, &first) in first_node.iter().enumerate().skip(1) {
        if first != NONE {
            let parent = hierarchy.parent(scope as u32) as usize;
            things[parent] = things[parent].saturating_add(1);
        }
    }
    things.iter().map(|&n| n <= 1).collect()
}
