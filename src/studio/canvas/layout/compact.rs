//! Step 6b: gives every block an x, as tight as the spacing allows.
//!
//! Blocks and "is right of" form an acyclic graph; the longest path through it is the tightest packing to the left.
//! Then every block moves right as far as its right neighbours allow, which pulls together what belongs together.
//! Plain Brandes-Köpf places blocks class by class instead, drifts, and makes large graphs thousands of points wide.

use super::{align::Run, csr::Csr, trunks::Layered};

/// The x of every vertex for one run. `separation(a, b)` is the least distance between the centres of neighbours.
pub(super) fn place_blocks(graph: &Layered, root: &[u32], run: Run, separation: impl Fn(u32, u32) -> f32) -> Vec<f32> {
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    let mut distance: Vec<f32> = Vec::new();
    for layer in &graph.layers {
        for pair in layer.windows(2) {
            let [left, right] = *pair else { continue };
            let (first, second) = if run.from_right { (right, left) } else { (left, right) };
            pairs.push((root[first as usize], root[second as usize]));
            distance.push(separation(left, right));
        }
    }
    let after = Csr::group(root.len(), pairs.iter().enumerate().map(|(i, p)| (p.0, i as u32)));
    let mut x = vec![0f32; root.len()];
    let order = pack(root, &pairs, &distance, &after, &mut x);
    pull_together(&order, &pairs, &distance, &after, &mut x);
    let sign = if run.from_right { -1.0 } else { 1.0 };
    root.iter().map(|&r| sign * x[r as usize]).collect()
}

/// Longest path over the block graph; returns the blocks in a topological order.
fn pack(root: &[u32], pairs: &[(u32, u32)], distance: &[f32], after: &Csr, x: &mut [f32]) -> Vec<u32> {
    let mut missing = vec![0u32; root.len()];
    for &(_, second) in pairs {
        missing[second as usize] += 1;
    }
    let mut order: Vec<u32> = (0..root.len() as u32)
        .filter(|&v| root[v as usize] == v && missing[v as usize] == 0)
        .collect();
    let mut done = 0;
    while let Some(&block) = order.get(done) {
        done += 1;
        for &pair in after.of(block) {
            let next = pairs[pair as usize].1 as usize;
            x[next] = x[next].max(x[block as usize] + distance[pair as usize]);
            missing[next] -= 1;
            if missing[next] == 0 {
                order.push(next as u32);
            }
        }
    }
    order
}

fn pull_together(order: &[u32], pairs: &[(u32, u32)], distance: &[f32], after: &Csr, x: &mut [f32]) {
    for &block in order.iter().rev() {
        let limit = after
            .of(block)
            .iter()
            .map(|&p| x[pairs[p as usize].1 as usize] - distance[p as usize])
            .fold(f32::INFINITY, f32::min);
        if limit.is_finite() {
            x[block as usize] = x[block as usize].max(limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{align::RUNS, testing::wire, trunks};
    use super::*;

    #[test]
    fn neighbours_keep_their_distance_and_blocks_share_an_x() {
        let mut wires = [wire(0, 2), wire(1, 3), wire(1, 4)];
        let mut graph = trunks::build(&[0, 0, 1, 1, 1], &[], &mut wires);
        graph.layers = vec![vec![0, 1], vec![2, 3, 4]];
        let root = [0, 1, 0, 1, 4];
        for run in RUNS {
            let x = place_blocks(&graph, &root, run, |_, _| 10.0);
            assert_eq!((x[0], x[1]), (x[2], x[3]), "{run:?}");
            assert!(x[1] - x[0] >= 10.0 && x[4] - x[3] >= 10.0, "{run:?}: {x:?}");
        }
    }
}
