//! Step 6: x from the four block placements, y from the heights of the rows.

use super::{Cancel, Cancelled, LayoutOptions, align, compact, trunks::Layered};

/// Places of all vertices and rows.
#[derive(Debug)]
pub(super) struct Coordinates {
    /// Centre of each vertex.
    pub x: Vec<f32>,
    /// Top of each row.
    pub row_top: Vec<f32>,
    /// Height of each row, that of its tallest node.
    pub row_height: Vec<f32>,
}

/// Sizes of all vertices; a bend has none.
pub(super) type Sizes = Vec<(f32, f32)>;

/// Chooses the coordinates of an ordered graph.
pub(super) fn assign(
    graph: &Layered,
    position: &[u32],
    sizes: &Sizes,
    options: &LayoutOptions,
    cancel: Cancel,
) -> Result<Coordinates, Cancelled> {
    let conflict = align::mark_conflicts(graph, position, cancel)?;
    let follow = align::followable(graph, &conflict);
    let gap = |v: u32| {
        if (v as usize) < graph.node_count {
            options.node_gap
        } else {
            options.line_gap
        }
    };
    let separation = |a: u32, b: u32| (sizes[a as usize].0 + sizes[b as usize].0) / 2.0 + (gap(a) + gap(b)) / 2.0;
    let mut proposals = Vec::with_capacity(4);
    for run in align::RUNS {
        let root = align::blocks(graph, position, &follow, run, cancel)?;
        proposals.push(compact::place_blocks(graph, &root, run, separation));
    }
    let mut x = balance(proposals, &align::RUNS.map(|r| r.from_right), sizes);
    draw_near(graph, separation, &mut x);
    let (row_top, row_height) = rows(graph, &x, sizes, options);
    Ok(Coordinates { x, row_top, row_height })
}

/// Shifts the proposals onto the narrowest one (left edges for those that lean left, right edges for the others) and
/// takes the mean of the two middle values, which keeps all distances.
fn balance(mut proposals: Vec<Vec<f32>>, from_right: &[bool], sizes: &Sizes) -> Vec<f32> {
    let extent = |x: &Vec<f32>| {
        x.iter()
            .zip(sizes)
            .fold((f32::MAX, f32::MIN), |(low, high), (&x, &(w, _))| {
                (low.min(x - w / 2.0), high.max(x + w / 2.0))
            })
    };
    let extents: Vec<(f32, f32)> = proposals.iter().map(extent).collect();
    let Some(&(low, high)) = extents.iter().min_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0))) else {
        return Vec::new();
    };
    for ((x, extent), &right) in proposals.iter_mut().zip(&extents).zip(from_right) {
        let shift = if right { high - extent.1 } else { low - extent.0 };
        x.iter_mut().for_each(|x| *x += shift);
    }
    let count = proposals.first().map_or(0, Vec::len);
    (0..count)
        .map(|v| {
            let mut values: Vec<f32> = Vec::with_capacity(4);
            values.extend(proposals.iter().map(|x| x[v]));
            values.sort_unstable_by(f32::total_cmp);
            (values[1] + values[2]) / 2.0
        })
        .collect()
}

/// Moves what hangs on a single line (stubs, ends of the graph) as near to the line's other end as its row allows.
fn draw_near(graph: &Layered, separation: impl Fn(u32, u32) -> f32, x: &mut [f32]) {
    for layer in &graph.layers {
        for (i, &vertex) in layer.iter().enumerate() {
            if graph.is_bend(vertex) || graph.up.degree(vertex) + graph.down.degree(vertex) != 1 {
                continue;
            }
            let Some(other) = graph.above(vertex).chain(graph.below(vertex)).next() else {
                continue;
            };
            let left = i
                .checked_sub(1)
                .map_or(f32::MIN, |l| x[layer[l] as usize] + separation(layer[l], vertex));
            let right = layer
                .get(i + 1)
                .map_or(f32::MAX, |&r| x[r as usize] - separation(vertex, r));
            if left <= right {
                x[vertex as usize] = x[other as usize].clamp(left, right);
            }
        }
    }
}

/// Rows from top to bottom. A gap that a line crosses far sideways is higher, so that its curve does not lie flat.
fn rows(graph: &Layered, x: &[f32], sizes: &Sizes, options: &LayoutOptions) -> (Vec<f32>, Vec<f32>) {
    let count = graph.layers.len();
    let mut height = vec![0f32; count];
    for (v, &(_, h)) in sizes.iter().enumerate() {
        let row = &mut height[graph.rank[v] as usize];
        *row = row.max(h);
    }
    let mut sideways = vec![0f32; count];
    for link in &graph.links {
        let row = &mut sideways[graph.rank[link.upper as usize] as usize];
        *row = row.max((x[link.upper as usize] - x[link.lower as usize]).abs());
    }
    let mut top = Vec::with_capacity(count);
    let mut y = 0.0;
    for (row, sideways) in sideways.into_iter().enumerate() {
        top.push(y);
        // Ports and bends have no height: what is next to them needs less room.
        let beside_ports = height[row] == 0.0 || height.get(row + 1) == Some(&0.0);
        let gap = if beside_ports {
            options.rank_gap / 2.0
        } else {
            options.rank_gap
        };
        y += height[row] + gap + (sideways / 12.0).min(options.rank_gap);
    }
    (top, height)
}

#[cfg(test)]
mod tests {
    use super::super::{testing::wire, trunks};
    use super::*;

    #[test]
    fn ends_draw_near_and_keep_their_distance() {
        let mut wires = [wire(0, 2), wire(1, 3)];
        let mut graph = trunks::build(&[0, 0, 1, 1], &[], &mut wires);
        graph.layers = vec![vec![0, 1], vec![2, 3]];
        let mut x = vec![0.0, 500.0, 480.0, 600.0];
        draw_near(&graph, |_, _| 20.0, &mut x);
        assert_eq!(x, [480.0, 600.0, 480.0, 600.0]);
        graph.layers = vec![vec![0, 1], vec![2, 3]];
        let mut x = vec![0.0, 490.0, 480.0, 600.0];
        draw_near(&graph, |_, _| 200.0, &mut x);
        assert!(x[1] - x[0] >= 200.0, "{x:?}");
    }

    #[test]
    fn balancing_keeps_distances() {
        let sizes = vec![(10.0, 0.0); 3];
        let proposals = vec![
            vec![0., 20., 40.],
            vec![-50., -20., 0.],
            vec![0., 30., 50.],
            vec![-40., -20., 0.],
        ];
        let x = balance(proposals, &[false, true, false, true], &sizes);
        assert!(x[1] - x[0] >= 20.0 && x[2] - x[1] >= 20.0, "{x:?}");
    }
}
