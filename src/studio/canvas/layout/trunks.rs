//! Step 4: makes wires span one rank each by bending points, with one shared trunk per tensor.
//!
//! A line of its own for every consumer makes the number of bending points grow quadratically on shared tensors; the
//! trunk makes it linear, and reads better: one tensor, one line that forks.

use super::{csr::Csr, cycles::Wire, stubs::StubVertex};

/// A piece of wire between neighbouring ranks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub upper: u32,
    pub lower: u32,
    /// Index into the wires: of the wire that ends here, or of the first wire of the trunk.
    pub wire: u32,
}

/// The proper layered graph: vertices are nodes, then stubs, then bending points.
#[derive(Debug)]
pub(super) struct Layered {
    pub node_count: usize,
    /// Index of the first bending point.
    pub first_bend: usize,
    pub rank: Vec<u32>,
    /// Pieces in drawing order: those of one trunk from top to bottom.
    pub links: Vec<Link>,
    /// Link indices by upper vertex.
    pub down: Csr,
    /// Link indices by lower vertex.
    pub up: Csr,
    /// Vertices of each rank from left to right.
    pub layers: Vec<Vec<u32>>,
}

impl Layered {
    pub(super) fn is_bend(&self, vertex: u32) -> bool {
        vertex as usize >= self.first_bend
    }

    /// Vertices on the next rank that `vertex` leads to.
    pub(super) fn below(&self, vertex: u32) -> impl Iterator<Item = u32> + '_ {
        self.down.of(vertex).iter().map(|&l| self.links[l as usize].lower)
    }

    /// Vertices on the rank before that lead to `vertex`.
    pub(super) fn above(&self, vertex: u32) -> impl Iterator<Item = u32> + '_ {
        self.up.of(vertex).iter().map(|&l| self.links[l as usize].upper)
    }
}

/// Builds the layered graph. `wires` are sorted in place so that those of one trunk follow each other.
pub(super) fn build(node_rank: &[i32], stubs: &[StubVertex], wires: &mut [Wire]) -> Layered {
    let mut rank = joined_ranks(node_rank, stubs);
    let node_count = node_rank.len();
    let first_bend = rank.len();
    // A reversed wire starts at another node than its tensor, so it shares no trunk.
    let trunk = |w: &Wire| (w.upper, w.tensor, if w.reversed { w.edge } else { u32::MAX });
    wires.sort_by_key(|w| (trunk(w), rank[w.lower as usize], w.lower));

    let mut links = Vec::with_capacity(wires.len() * 2);
    let mut current = None;
    let mut end = 0; // last vertex of the trunk so far
    for (i, wire) in wires.iter().enumerate() {
        if current != Some(trunk(wire)) {
            current = Some(trunk(wire));
            end = wire.upper;
        }
        while rank[end as usize] + 1 < rank[wire.lower as usize] {
            let bend = rank.len() as u32;
            rank.push(rank[end as usize] + 1);
            links.push(Link {
                upper: end,
                lower: bend,
                wire: i as u32,
            });
            end = bend;
        }
        links.push(Link {
            upper: end,
            lower: wire.lower,
            wire: i as u32,
        });
    }

    let down = Csr::group(rank.len(), links.iter().enumerate().map(|(i, l)| (l.upper, i as u32)));
    let up = Csr::group(rank.len(), links.iter().enumerate().map(|(i, l)| (l.lower, i as u32)));
    let layers = vec![Vec::new(); rank.iter().max().map_or(0, |&m| m as usize + 1)];
    Layered {
        node_count,
        first_bend,
        rank,
        links,
        down,
        up,
        layers,
    }
}

/// Ranks of nodes and stubs, shifted so that the first one is 0.
fn joined_ranks(node_rank: &[i32], stubs: &[StubVertex]) -> Vec<u32> {
    let all = || node_rank.iter().copied().chain(stubs.iter().map(|s| s.rank));
    let first = all().min().unwrap_or(0);
    all().map(|r| (r - first) as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::wire;
    use super::*;

    #[test]
    fn consumers_share_one_trunk() {
        let mut wires = [wire(0, 9), wire(0, 5), wire(0, 1)];
        let rank: Vec<i32> = (0..10).collect();
        let layered = build(&rank, &[], &mut wires);
        assert_eq!(
            layered.rank.len() - layered.first_bend,
            8,
            "one bend for each rank between 0 and 9"
        );
        assert_eq!(layered.links.len(), 8 + 3);
        for link in &layered.links {
            assert_eq!(layered.rank[link.upper as usize] + 1, layered.rank[link.lower as usize]);
        }
    }

    #[test]
    fn different_tensors_of_one_node_do_not() {
        let mut wires = [
            wire(0, 3),
            Wire {
                tensor: 77,
                ..wire(0, 3)
            },
        ];
        let layered = build(&[0, 1, 2, 3], &[], &mut wires);
        assert_eq!(layered.rank.len() - layered.first_bend, 4);
    }
}
