//! Counts line crossings between neighbouring layers with a Fenwick tree in O(E log V)
//! (Barth, Jünger, Mutzel: Simple and efficient bilayer cross counting, 2004).

use super::trunks::Layered;

/// Scratch space that is kept between counts.
#[derive(Debug, Default)]
pub(super) struct CrossingCounter {
    tree: Vec<u32>,
    ends: Vec<u32>,
}

impl CrossingCounter {
    /// Crossings of the whole picture when vertex `v` is at `position[v]` in its layer.
    pub(super) fn count(&mut self, graph: &Layered, position: &[u32]) -> u64 {
        let mut total = 0;
        for pair in graph.layers.windows(2) {
            if let [upper, lower] = pair {
                total += self.count_between(graph, upper, lower.len(), position);
            }
        }
        total
    }

    fn count_between(&mut self, graph: &Layered, upper: &[u32], lower_len: usize, position: &[u32]) -> u64 {
        self.tree.clear();
        self.tree.resize(lower_len + 1, 0);
        let (mut total, mut seen) = (0u64, 0u32);
        for &vertex in upper {
            self.ends.clear();
            self.ends.extend(graph.below(vertex).map(|v| position[v as usize]));
            // Lines that start together do not cross: count them all before any is entered.
            for &end in &self.ends {
                total += u64::from(seen - prefix(&self.tree, end));
            }
            for &end in &self.ends {
                add(&mut self.tree, end);
                seen += 1;
            }
        }
        total
    }
}

/// How many entered ends are at or left of `end`.
fn prefix(tree: &[u32], end: u32) -> u32 {
    let (mut i, mut sum) = (end as usize + 1, 0);
    while i > 0 {
        sum += tree[i];
        i &= i - 1;
    }
    sum
}

fn add(tree: &mut [u32], end: u32) {
    let mut i = end as usize + 1;
    while i < tree.len() {
        tree[i] += 1;
        i += i & i.wrapping_neg();
    }
}

#[cfg(test)]
mod tests {
    use super::super::{testing::wire, trunks};
    use super::*;

    fn crossings_of_two_layers(upper: u32, lower: u32, pairs: &[(u32, u32)]) -> u64 {
        let rank: Vec<i32> = (0..upper + lower).map(|v| i32::from(v >= upper)).collect();
        let mut wires: Vec<_> = pairs.iter().map(|&(a, b)| wire(a, upper + b)).collect();
        let mut graph = trunks::build(&rank, &[], &mut wires);
        graph.layers = vec![(0..upper).collect(), (upper..upper + lower).collect()];
        let position: Vec<u32> = (0..upper).chain(0..lower).collect();
        CrossingCounter::default().count(&graph, &position)
    }

    #[test]
    fn agrees_with_counting_pairs() {
        let pairs = [(0, 3), (0, 1), (1, 0), (2, 2), (3, 0), (3, 1), (2, 0)];
        let mut expected = 0;
        for (i, a) in pairs.iter().enumerate() {
            for b in &pairs[..i] {
                expected += u64::from((a.0 < b.0 && a.1 > b.1) || (a.0 > b.0 && a.1 < b.1));
            }
        }
        assert_eq!(crossings_of_two_layers(4, 4, &pairs), expected);
    }

    #[test]
    fn a_fan_does_not_cross_itself() {
        assert_eq!(crossings_of_two_layers(1, 3, &[(0, 2), (0, 0), (0, 1)]), 0);
    }
}
