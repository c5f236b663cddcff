//! The panes and where they stand: the step's panel on the left, the canvas in the middle, the inspector on the right; precision,
//! plots, variants, findings and log in a drawer below.

use crate::studio::state::Step;
use eframe::egui;
use egui_tiles::{Container, Linear, LinearDir, TileId, Tiles, Tree};
use serde::{Deserialize, Serialize};

/// A pane.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Pane {
    /// The panel of the story line's current step.
    Step,
    /// The graph.
    Canvas,
    /// What is selected.
    Inspector,
    /// What nodes compute in and why; ranges of tensors.
    Precision,
    /// Plots of the comparison.
    Plots,
    /// Throughput against batch size.
    Batches,
    /// Table of variants.
    Variants,
    /// Earlier runs of the model over time.
    History,
    /// List of findings.
    Findings,
    /// Errors against the reference, tensor by tensor.
    Differences,
    /// The open engine file.
    Engine,
    /// Time per layer.
    Layers,
    /// The log.
    Log,
}

/// Panes of the drawer.
const DRAWER: [Pane; 10] = [
    Pane::Precision,
    Pane::Plots,
    Pane::Batches,
    Pane::Variants,
    Pane::History,
    Pane::Findings,
    Pane::Engine,
    Pane::Layers,
    Pane::Differences,
    Pane::Log,
];
/// Panes of the drawer that are there from the start; the others come when they are asked for.
const FIRST: [Pane; 7] = [
    Pane::Precision,
    Pane::Plots,
    Pane::Variants,
    Pane::Findings,
    Pane::Engine,
    Pane::Layers,
    Pane::Log,
];

impl Pane {
    /// All, in the order of the View menu.
    pub const ALL: [Self; 13] = [
        Self::Step,
        Self::Canvas,
        Self::Inspector,
        Self::Precision,
        Self::Plots,
        Self::Batches,
        Self::Variants,
        Self::History,
        Self::Findings,
        Self::Engine,
        Self::Layers,
        Self::Differences,
        Self::Log,
    ];

    /// Title of its tab; the step's panel is called after the step.
    pub fn title(self, step: Step) -> &'static str {
        match self {
            Self::Step => step.title(),
            Self::Canvas => "Graph",
            Self::Inspector => "Inspector",
            Self::Precision => "Precision",
            Self::Plots => "Plots",
            Self::Batches => "Batches",
            Self::Variants => "Variants",
            Self::History => "History",
            Self::Findings => "Findings",
            Self::Engine => "Engine",
            Self::Layers => "Layers",
            Self::Differences => "Differences",
            Self::Log => "Log",
        }
    }

    /// The pane with this name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|p| p.title(Step::Model).eq_ignore_ascii_case(name))
    }
}

/// The step's panel's share of the width.
const STEP: f32 = 0.27;
/// The inspector's share of the width beside the step's panel.
const INSPECTOR: f32 = 0.33;

/// The layout to start from and to come back to: the step's panel over the whole height, beside it canvas and inspector above the drawer.
pub fn default_tree() -> Tree<Pane> {
    let mut tiles = Tiles::default();
    let tabs = |tiles: &mut Tiles<Pane>, panes: &[Pane]| {
        let panes = panes.iter().map(|p| tiles.insert_pane(*p)).collect();
        tiles.insert_tab_tile(panes)
    };
    let step = tabs(&mut tiles, &[Pane::Step]);
    let canvas = tabs(&mut tiles, &[Pane::Canvas]);
    let inspector = tabs(&mut tiles, &[Pane::Inspector]);
    let drawer = tabs(&mut tiles, &FIRST);
    let split = |tiles: &mut Tiles<Pane>, dir, first, second, share: f32| {
        let mut linear = Linear::new(dir, vec![first, second]);
        linear.shares.set_share(first, share);
        linear.shares.set_share(second, 1.0 - share);
        tiles.insert_container(Container::Linear(linear))
    };
    let upper = split(&mut tiles, LinearDir::Horizontal, canvas, inspector, 1.0 - INSPECTOR);
    let right = split(
        &mut tiles,
        LinearDir::Vertical,
        upper,
        drawer,
        1.0 - default_drawer(Step::Model),
    );
    let root = split(&mut tiles, LinearDir::Horizontal, step, right, STEP);
    Tree::new(egui::Id::unique("studio panes"), root, tiles)
}

/// The drawer's share of the height for a step when the user has set none: in the Lab the plots are what is looked at.
pub fn default_drawer(step: Step) -> f32 {
    match step {
        Step::Model => 0.26,
        Step::Check | Step::Build => 0.34,
        Step::Recipe => 0.42,
        Step::Lab => 0.60,
    }
}

/// The row that holds the drawer's panes below the canvas with its share of the height, while the layout still has one.
fn drawer(tree: &Tree<Pane>) -> Option<(TileId, TileId, f32)> {
    let canvas = tree.tiles.find_pane(&Pane::Canvas)?;
    let pane = DRAWER.iter().find_map(|p| tree.tiles.find_pane(p))?;
    let mut at = pane;
    loop {
        let parent = tree.tiles.parent_of(at)?;
        if let Container::Linear(linear) = tree.tiles.get_container(parent)?
            && linear.dir == LinearDir::Vertical
            && linear.children.len() == 2
            && linear.children.last() == Some(&at)
            && is_inside(tree, canvas, parent)
        {
            let total: f32 = linear.children.iter().map(|c| linear.shares[*c]).sum();
            return (total > 0.0).then(|| (parent, at, linear.shares[at] / total));
        }
        at = parent;
    }
}

fn is_inside(tree: &Tree<Pane>, tile: TileId, container: TileId) -> bool {
    let mut at = Some(tile);
    while let Some(id) = at {
        if id == container {
            return true;
        }
        at = tree.tiles.parent_of(id);
    }
    false
}

/// The drawer's share of the height now.
pub fn drawer_share(tree: &Tree<Pane>) -> Option<f32> {
    drawer(tree).map(|d| d.2)
}

/// Gives the drawer this share of the height.
pub fn set_drawer_share(tree: &mut Tree<Pane>, share: f32) {
    let Some((row, last, _)) = drawer(tree) else { return };
    if let Some(egui_tiles::Tile::Container(Container::Linear(linear))) = tree.tiles.get_mut(row) {
        let share = share.clamp(0.1, 0.9);
        for child in linear.children.clone() {
            linear
                .shares
                .set_share(child, if child == last { share } else { 1.0 - share });
        }
    }
}

/// Brings a pane to the front; a closed one comes back where it belongs.
pub fn show(tree: &mut Tree<Pane>, pane: Pane) {
    if tree.tiles.find_pane(&pane).is_none() {
        reopen(tree, pane);
    }
    tree.make_active(|_, tile| matches!(tile, egui_tiles::Tile::Pane(p) if *p == pane));
}

/// Brings the drawer's tab that belongs to a step to the front, unless the user closed it.
pub fn show_tab_of(tree: &mut Tree<Pane>, step: Step) {
    let tab = match step {
        Step::Check => Pane::Findings,
        Step::Build => Pane::Log,
        Step::Lab => Pane::Plots,
        Step::Recipe => Pane::Precision,
        Step::Model => return,
    };
    if is_open(tree, tab) {
        show(tree, tab);
    }
}

/// True when the pane is open.
pub fn is_open(tree: &Tree<Pane>, pane: Pane) -> bool {
    tree.tiles.find_pane(&pane).is_some()
}

/// Closes a pane.
pub fn close(tree: &mut Tree<Pane>, pane: Pane) {
    if let Some(tile) = tree.tiles.find_pane(&pane) {
        tree.remove_recursively(tile);
    }
}

/// Tabs of the drawer and the place among them where a pane belongs: after the nearest open one that stands before it by
/// default, else before the nearest after it.
fn place(tree: &Tree<Pane>, pane: Pane) -> Option<(TileId, usize)> {
    let at = DRAWER.iter().position(|p| *p == pane)?;
    let beside = |p: &Pane| {
        let tile = tree.tiles.find_pane(p)?;
        let parent = tree.tiles.parent_of(tile)?;
        match tree.tiles.get_container(parent)? {
            Container::Tabs(tabs) => Some((parent, tabs.children.iter().position(|c| *c == tile)?)),
            _ => None,
        }
    };
    let before = DRAWER[..at].iter().rev().find_map(beside);
    let after = || DRAWER[at + 1..].iter().find_map(beside);
    before.map(|(tabs, index)| (tabs, index + 1)).or_else(after)
}

/// Gives a stored layout the panes that its version of the studio did not know and that are there from the start; what is in
/// front stays there. `known` are the titles of the panes that it knew.
pub fn add_new(tree: &mut Tree<Pane>, known: &[String]) {
    for pane in FIRST {
        let title = pane.title(Step::Model);
        if is_open(tree, pane) || known.iter().any(|k| k == title) {
            continue;
        }
        let Some((tabs, _)) = place(tree, pane) else { continue };
        let front = match tree.tiles.get_container(tabs) {
            Some(Container::Tabs(tabs)) => tabs.active,
            _ => None,
        };
        reopen(tree, pane);
        if let (Some(front), Some(egui_tiles::Tile::Container(Container::Tabs(tabs)))) =
            (front, tree.tiles.get_mut(tabs))
        {
            tabs.set_active(front);
        }
    }
}

/// Puts a closed pane where it stands by default, else under the root; resets the layout when nothing is left.
fn reopen(tree: &mut Tree<Pane>, pane: Pane) {
    let tabs = place(tree, pane);
    let Some(root) = tree.root() else {
        *tree = default_tree();
        return;
    };
    let new = tree.tiles.insert_pane(pane);
    if let Some((tabs, index)) = tabs {
        tree.move_tile_to_container(new, tabs, index, false);
        return;
    }
    let tab = tree.tiles.insert_tab_tile(vec![new]);
    // Canvas and inspector are columns of the row that holds the other; step's panel and drawer stand beside everything.
    let row = [Pane::Canvas, Pane::Inspector]
        .iter()
        .filter(|p| pane != Pane::Step && !DRAWER.contains(&pane) && **p != pane)
        .find_map(|n| {
            let mut at = tree.tiles.find_pane(n)?;
            while let Some(parent) = tree.tiles.parent_of(at) {
                if matches!(tree.tiles.get_container(parent)?, Container::Linear(l) if l.dir == LinearDir::Horizontal) {
                    return Some(parent);
                }
                at = parent;
            }
            None
        });
    match row {
        Some(row) => {
            let index = if pane == Pane::Canvas { 0 } else { usize::MAX };
            tree.move_tile_to_container(tab, row, index, false);
        }
        None => {
            let dir = if DRAWER.contains(&pane) {
                LinearDir::Vertical
            } else {
                LinearDir::Horizontal
            };
            let children = if pane == Pane::Step {
                vec![tab, root]
            } else {
                vec![root, tab]
            };
            let mut linear = Linear::new(dir, children);
            linear.shares.set_share(root, 0.7);
            linear.shares.set_share(tab, 0.3);
            tree.root = Some(tree.tiles.insert_container(Container::Linear(linear)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_closed_pane_comes_back() {
        for pane in Pane::ALL {
            let mut tree = default_tree();
            close(&mut tree, pane);
            assert!(!is_open(&tree, pane));
            show(&mut tree, pane);
            assert!(is_open(&tree, pane), "{pane:?}");
        }
        let mut tree = default_tree();
        for pane in Pane::ALL {
            close(&mut tree, pane);
        }
        for pane in Pane::ALL {
            show(&mut tree, pane);
            assert!(is_open(&tree, pane), "{pane:?}");
        }
    }

    fn drawer_tabs(tree: &Tree<Pane>) -> (Vec<Pane>, Option<Pane>) {
        let parent = tree.tiles.parent_of(tree.tiles.find_pane(&Pane::Log).unwrap()).unwrap();
        let Some(Container::Tabs(tabs)) = tree.tiles.get_container(parent) else {
            panic!("the log stands in tabs");
        };
        let pane = |tile: &TileId| tree.tiles.get_pane(tile).copied();
        (
            tabs.children.iter().filter_map(pane).collect(),
            tabs.active.as_ref().and_then(pane),
        )
    }

    #[test]
    fn a_stored_layout_gains_new_tabs_and_keeps_what_the_user_made_of_it() {
        // Of a version without Precision and Layers, whose user closed Variants and has the log in front.
        let mut tree = default_tree();
        for pane in [Pane::Precision, Pane::Layers, Pane::Variants] {
            close(&mut tree, pane);
        }
        show(&mut tree, Pane::Log);
        set_drawer_share(&mut tree, 0.45);
        let known = ["Plots", "Variants", "Findings", "Engine", "Log"].map(String::from);
        add_new(&mut tree, &known);
        let (tabs, front) = drawer_tabs(&tree);
        assert_eq!(
            tabs,
            [
                Pane::Precision,
                Pane::Plots,
                Pane::Findings,
                Pane::Engine,
                Pane::Layers,
                Pane::Log
            ]
        );
        assert_eq!(front, Some(Pane::Log));
        assert!((drawer_share(&tree).unwrap() - 0.45).abs() < 1e-6);
    }

    #[test]
    fn a_reopened_tab_stands_where_it_stood() {
        let mut tree = default_tree();
        close(&mut tree, Pane::Findings);
        show(&mut tree, Pane::Findings);
        assert_eq!(drawer_tabs(&tree), (FIRST.to_vec(), Some(Pane::Findings)));
        show(&mut tree, Pane::Batches);
        assert_eq!(drawer_tabs(&tree).0[2], Pane::Batches);
    }

    #[test]
    fn the_drawer_has_a_share() {
        let mut tree = default_tree();
        assert!((drawer_share(&tree).unwrap() - default_drawer(Step::Model)).abs() < 1e-6);
        set_drawer_share(&mut tree, 0.5);
        assert!((drawer_share(&tree).unwrap() - 0.5).abs() < 1e-6);
    }
}
