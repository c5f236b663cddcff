//! Step 6a: groups vertices into vertical blocks (Brandes, Köpf: Fast and simple horizontal coordinate assignment, 2002).
//!
//! A block is a chain of vertices, one a layer, that gets one x. Four runs (from above or below, leaning left or right)
//! give four proposals. Beyond the paper: vertices follow their most important neighbours only, so that the main path of a residual
//! network is one straight line and skips go around it.

use super::{
    Cancel, Cancelled,
    trunks::{Layered, Link},
};

/// One of the four runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// Aligns with the layer below instead of the one above.
    pub from_below: bool,
    /// Works from right to left.
    pub from_right: bool,
}

/// All four.
pub(super) const RUNS: [Run; 4] = [
    Run {
        from_below: false,
        from_right: false,
    },
    Run {
        from_below: false,
        from_right: true,
    },
    Run {
        from_below: true,
        from_right: false,
    },
    Run {
        from_below: true,
        from_right: true,
    },
];

/// Marks links that cross a piece of trunk: no block may follow them, so that trunks stay straight.
pub(super) fn mark_conflicts(graph: &Layered, position: &[u32], cancel: Cancel) -> Result<Vec<bool>, Cancelled> {
    let mut conflict = vec![false; graph.links.len()];
    for pair in graph.layers.windows(2) {
        let [upper, layer] = pair else { continue };
        cancel.check()?;
        let (mut left, mut checked) = (0, 0);
        for (i, &vertex) in layer.iter().enumerate() {
            let trunk_above = if graph.is_bend(vertex) {
                graph.above(vertex).find(|&v| graph.is_bend(v))
            } else {
                None
            };
            if trunk_above.is_none() && i + 1 < layer.len() {
                continue;
            }
            let right = trunk_above.map_or(upper.len() as u32, |v| position[v as usize]);
            for &between in &layer[checked..=i] {
                for &link in graph.up.of(between) {
                    let above = graph.links[link as usize].upper;
                    let outside = position[above as usize] < left || position[above as usize] > right;
                    if outside && !(graph.is_bend(above) && graph.is_bend(between)) {
                        conflict[link as usize] = true;
                    }
                }
            }
            checked = i + 1;
            left = right;
        }
    }
    Ok(conflict)
}

/// Links that blocks may follow: those where each end is the most important neighbour of the other (or ties with it).
///
/// To an operator, the neighbour on the path with the most operators is the most important one; to a bend, the other
/// bends of its trunk. So the main path of a network goes straight on where a skip or a short branch leaves or joins it.
/// If a branch took the fork out of the main path, the path would drift sideways block after block. `barred` links stay
/// barred.
pub(super) fn followable(graph: &Layered, barred: &[bool]) -> Vec<bool> {
    let above = path_lengths(graph, true);
    let below = path_lengths(graph, false);
    let attraction = |from: u32, to: u32, length: &[u32]| {
        if graph.is_bend(from) && graph.is_bend(to) {
            u32::MAX
        } else {
            length[to as usize]
        }
    };
    let vertices = 0..graph.rank.len() as u32;
    let most_above: Vec<u32> = vertices
        .clone()
        .map(|v| graph.above(v).map(|u| attraction(v, u, &above)).max().unwrap_or(0))
        .collect();
    let most_below: Vec<u32> = vertices
        .map(|v| graph.below(v).map(|w| attraction(v, w, &below)).max().unwrap_or(0))
        .collect();
    let mutual = |upper: u32, lower: u32| {
        attraction(upper, lower, &below) == most_below[upper as usize]
            && attraction(lower, upper, &above) == most_above[lower as usize]
    };
    graph
        .links
        .iter()
        .zip(barred)
        .map(|(l, &barred)| !barred && mutual(l.upper, l.lower))
        .collect()
}

/// For every vertex the most operators on a path from the top to it, or from it to the bottom, itself included.
fn path_lengths(graph: &Layered, from_top: bool) -> Vec<u32> {
    let mut length = vec![0u32; graph.rank.len()];
    let count = graph.layers.len();
    for step in 0..count {
        for &vertex in &graph.layers[if from_top { step } else { count - 1 - step }] {
            let longest = |neighbours: &mut dyn Iterator<Item = u32>| neighbours.map(|v| length[v as usize]).max();
            let before = if from_top {
                longest(&mut graph.above(vertex))
            } else {
                longest(&mut graph.below(vertex))
            };
            let itself = u32::from((vertex as usize) < graph.node_count);
            length[vertex as usize] = before.unwrap_or(0) + itself;
        }
    }
    length
}

/// The block of every vertex, named by its first vertex.
pub(super) fn blocks(
    graph: &Layered,
    position: &[u32],
    followable: &[bool],
    run: Run,
    cancel: Cancel,
) -> Result<Vec<u32>, Cancelled> {
    let mut root: Vec<u32> = (0..graph.rank.len() as u32).collect();
    let place = |v: u32| {
        let p = i64::from(position[v as usize]);
        if run.from_right { -p } else { p }
    };
    let mut candidates: Vec<u32> = Vec::new();
    let count = graph.layers.len();
    for step in 0..count {
        let layer = &graph.layers[if run.from_below { count - 1 - step } else { step }];
        cancel.check()?;
        let mut frontier = i64::MIN;
        for i in 0..layer.len() {
            let vertex = layer[if run.from_right { layer.len() - 1 - i } else { i }];
            collect_candidates(graph, followable, vertex, run.from_below, &mut candidates);
            candidates.sort_unstable_by_key(|&v| place(v));
            candidates.dedup();
            let Some(last) = candidates.len().checked_sub(1) else {
                continue;
            };
            for median in [last / 2, last.div_ceil(2)] {
                let neighbour = candidates[median];
                if place(neighbour) > frontier {
                    root[vertex as usize] = root[neighbour as usize];
                    frontier = place(neighbour);
                    break;
                }
            }
        }
    }
    Ok(root)
}

/// The neighbours that `vertex` may align with.
fn collect_candidates(graph: &Layered, followable: &[bool], vertex: u32, below: bool, candidates: &mut Vec<u32>) {
    candidates.clear();
    let links = if below {
        graph.down.of(vertex)
    } else {
        graph.up.of(vertex)
    };
    for &link in links.iter().filter(|&&l| followable[l as usize]) {
        let Link { upper, lower, .. } = graph.links[link as usize];
        candidates.push(if below { lower } else { upper });
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        cycles::Wire,
        order,
        testing::{never, wire},
        trunks,
    };
    use super::*;

    #[test]
    fn the_main_path_of_a_residual_block_is_one_block() {
        // 0 -> 1 -> 2 -> 3 -> 4 and the skip 0 -> 4
        let mut wires = [
            wire(0, 1),
            wire(1, 2),
            wire(2, 3),
            wire(3, 4),
            Wire {
                tensor: 0,
                ..wire(0, 4)
            },
        ];
        let mut graph = trunks::build(&[0, 1, 2, 3, 4], &[], &mut wires);
        let (position, _) = order::order(&mut graph, 8, never()).unwrap();
        let conflict = mark_conflicts(&graph, &position, never()).unwrap();
        let follow = followable(&graph, &conflict);
        for run in RUNS {
            let root = blocks(&graph, &position, &follow, run, never()).unwrap();
            assert!(root[..5].iter().all(|&r| r == root[0]), "{run:?}: {root:?}");
            assert!(
                root[5..].iter().all(|&r| r == root[5]),
                "the skip is straight too: {root:?}"
            );
        }
    }
}
