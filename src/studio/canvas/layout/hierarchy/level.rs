//! What a graph opens with: small ones flat, large ones collapsed to a level that can be read.

use super::{Grouping, Hierarchy, Item, view::View};

/// Graphs up to this size open without scopes.
const FLAT: usize = 300;
/// Scopes are opened level by level while no more things than this would show.
const READABLE: usize = 160;
/// With fewer things than this the picture says too little, so one more level is opened ...
const TOO_FEW: usize = 12;
/// ... if it shows no more things than this.
const MOST: usize = 4000;

/// The grouping that `hierarchy` opens with.
pub fn opening_level(hierarchy: &Hierarchy) -> Grouping {
    if hierarchy.nodes.len() <= FLAT {
        return Grouping::flat(hierarchy);
    }
    let mut open = vec![false; hierarchy.scope_count()];
    loop {
        let view = View::new(hierarchy, &Grouping::scopes(open.clone()));
        let boxes: Vec<usize> = (1..open.len()).filter(|&s| view.is_box(s as u32)).collect();
        let deeper: Vec<bool> = (0..open.len())
            .map(|s| open[s] || boxes.binary_search(&s).is_ok())
            .collect();
        let now = visible(hierarchy, &view);
        let then = visible(hierarchy, &View::new(hierarchy, &Grouping::scopes(deeper.clone())));
        let worth_it = then <= READABLE || (now < TOO_FEW && then <= MOST);
        if boxes.is_empty() || !worth_it {
            return Grouping::scopes(open);
        }
        open = deeper;
    }
}

fn visible(hierarchy: &Hierarchy, view: &View) -> usize {
    let nodes = (0..hierarchy.nodes.len() as u32)
        .filter(|&n| view.shown(n) == Item::Node(n))
        .count();
    nodes + (1..hierarchy.scope_count() as u32).filter(|&s| view.is_box(s)).count()
}
