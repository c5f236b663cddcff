//! Step 5: orders the vertices of each layer so that few lines cross.
//!
//! A depth-first search gives an order in which chains stay together; barycentre sweeps improve it; the best order seen
//! is kept.

use super::{Cancel, Cancelled, crossings::CrossingCounter, trunks::Layered};

/// Fills `graph.layers` and returns each vertex's position in its layer and the number of crossings left.
pub(super) fn order(graph: &mut Layered, sweeps: usize, cancel: Cancel) -> Result<(Vec<u32>, u64), Cancelled> {
    depth_first(graph);
    cancel.check()?;
    let mut position = vec![0; graph.rank.len()];
    read_positions(&graph.layers, &mut position);
    let mut counter = CrossingCounter::default();
    let mut fewest = counter.count(graph, &position);
    let mut best = graph.layers.clone();
    let mut without_gain = 0;
    let mut key = vec![0f32; graph.rank.len()];
    for sweep in 0..sweeps {
        if fewest == 0 || without_gain >= 4 {
            break;
        }
        // Every other pair of sweeps breaks ties the other way round.
        sweep_once(graph, &mut position, &mut key, sweep % 2 == 0, sweep % 4 >= 2, cancel)?;
        let crossings = counter.count(graph, &position);
        if crossings < fewest {
            fewest = crossings;
            best.clone_from(&graph.layers);
            without_gain = 0;
        } else {
            without_gain += 1;
        }
    }
    graph.layers = best;
    read_positions(&graph.layers, &mut position);
    Ok((position, fewest))
}

fn read_positions(layers: &[Vec<u32>], position: &mut [u32]) {
    for layer in layers {
        for (i, &vertex) in layer.iter().enumerate() {
            position[vertex as usize] = i as u32;
        }
    }
}

/// Visits the vertices depth first from the sources, top ones first, and appends each to its layer.
fn depth_first(graph: &mut Layered) {
    let count = graph.rank.len() as u32;
    let mut layers = std::mem::take(&mut graph.layers);
    let mut seen = vec![false; count as usize];
    let mut sources: Vec<u32> = (0..count).filter(|&v| graph.up.degree(v) == 0).collect();
    sources.sort_by_key(|&v| graph.rank[v as usize]);
    let mut stack = Vec::new();
    for source in sources {
        stack.push(source);
        while let Some(vertex) = stack.pop() {
            if std::mem::replace(&mut seen[vertex as usize], true) {
                continue;
            }
            layers[graph.rank[vertex as usize] as usize].push(vertex);
            for &link in graph.down.of(vertex).iter().rev() {
                let next = graph.links[link as usize].lower;
                if !seen[next as usize] {
                    stack.push(next);
                }
            }
        }
    }
    graph.layers = layers;
}

/// Sorts every layer by the mean position of its neighbours in the layer before (or after, going up).
fn sweep_once(
    graph: &mut Layered,
    position: &mut [u32],
    key: &mut [f32],
    downward: bool,
    flip_ties: bool,
    cancel: Cancel,
) -> Result<(), Cancelled> {
    let mut layers = std::mem::take(&mut graph.layers);
    let count = layers.len();
    for step in 0..count {
        let layer = &mut layers[if downward { step } else { count - 1 - step }];
        if layer.len() < 2 {
            continue;
        }
        cancel.check()?;
        for (i, &vertex) in layer.iter().enumerate() {
            let mean = if downward {
                mean_position(graph.above(vertex), position)
            } else {
                mean_position(graph.below(vertex), position)
            };
            key[vertex as usize] = mean.unwrap_or(i as f32);
        }
        if flip_ties {
            layer.reverse();
        }
        layer.sort_by(|&a, &b| key[a as usize].total_cmp(&key[b as usize]));
        for (i, &vertex) in layer.iter().enumerate() {
            position[vertex as usize] = i as u32;
        }
    }
    graph.layers = layers;
    Ok(())
}

fn mean_position(neighbours: impl Iterator<Item = u32>, position: &[u32]) -> Option<f32> {
    let (mut sum, mut count) = (0.0, 0u32);
    for vertex in neighbours {
        sum += position[vertex as usize] as f32;
        count += 1;
    }
    (count > 0).then(|| sum / count as f32)
}

#[cfg(test)]
mod tests {
    use super::super::{
        testing::{never, wire},
        trunks,
    };
    use super::*;

    #[test]
    fn untangles_two_chains() {
        // 0 -> 3, 1 -> 2 drawn as a cross unless ordered
        let mut wires = [wire(0, 3), wire(1, 2), wire(3, 5), wire(2, 4)];
        let mut graph = trunks::build(&[0, 0, 1, 1, 2, 2], &[], &mut wires);
        let (position, crossings) = order(&mut graph, 8, never()).unwrap();
        assert_eq!(crossings, 0);
        assert_eq!(position[0], position[3]);
        assert_eq!(position[3], position[5]);
    }

    #[test]
    fn every_vertex_is_in_its_layer_once() {
        let mut wires = [wire(0, 1), wire(0, 4), wire(1, 2), wire(2, 3), wire(3, 4)];
        let mut graph = trunks::build(&[0, 1, 2, 3, 4], &[], &mut wires);
        order(&mut graph, 8, never()).unwrap();
        let mut all: Vec<u32> = graph.layers.iter().flatten().copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..graph.rank.len() as u32).collect::<Vec<_>>());
        for (rank, layer) in graph.layers.iter().enumerate() {
            assert!(layer.iter().all(|&v| graph.rank[v as usize] as usize == rank));
        }
    }
}
