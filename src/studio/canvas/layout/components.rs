//! Parts of a graph that no edge connects are laid out one by one and packed in rows.

use super::LayoutEdge;

/// The component of each node, numbered from 0 in the order of their first nodes, and how many there are.
pub(super) fn components(count: usize, edges: &[LayoutEdge]) -> (Vec<u32>, usize) {
    let mut parent: Vec<u32> = (0..count as u32).collect();
    for edge in edges {
        let (a, b) = (find(&mut parent, edge.source), find(&mut parent, edge.target));
        // The smaller index leads, so that a component is named by its first node.
        parent[a.max(b) as usize] = a.min(b);
    }
    let mut number = vec![0u32; count];
    let mut found = 0;
    for v in 0..count as u32 {
        let lead = find(&mut parent, v);
        if lead == v {
            number[v as usize] = found;
            found += 1;
        } else {
            number[v as usize] = number[lead as usize];
        }
    }
    (number, found as usize)
}

/// Leader of a node's set, halving the path on the way.
fn find(parent: &mut [u32], mut v: u32) -> u32 {
    while parent[v as usize] != v {
        parent[v as usize] = parent[parent[v as usize] as usize];
        v = parent[v as usize];
    }
    v
}

/// Top left corners for boxes of the given sizes, placed in rows about as wide as the whole is high, and the extent of all.
pub(super) fn pack(sizes: &[(f32, f32)], gap: f32) -> (Vec<(f32, f32)>, (f32, f32)) {
    let area: f32 = sizes.iter().map(|(w, h)| (w + gap) * (h + gap)).sum();
    let widest = sizes.iter().map(|s| s.0).fold(0.0, f32::max);
    let row_width = (area * 1.6).sqrt().max(widest);
    let (mut x, mut y, mut row_height) = (0f32, 0f32, 0f32);
    let mut extent = (0f32, 0f32);
    let mut corners = Vec::with_capacity(sizes.len());
    for &(width, height) in sizes {
        if x > 0.0 && x + width > row_width {
            (x, y, row_height) = (0.0, y + row_height + gap, 0.0);
        }
        corners.push((x, y));
        extent = (extent.0.max(x + width), extent.1.max(y + height));
        x += width + gap;
        row_height = row_height.max(height);
    }
    (corners, extent)
}

#[cfg(test)]
mod tests {
    use super::super::testing::edge;
    use super::*;

    #[test]
    fn finds_components_in_order() {
        let (number, count) = components(6, &[edge(4, 1), edge(2, 3)]);
        assert_eq!(count, 4);
        assert_eq!(number, [0, 1, 2, 2, 1, 3]);
    }

    #[test]
    fn many_single_boxes_fill_a_rectangle() {
        let (corners, extent) = pack(&vec![(100.0, 50.0); 400], 20.0);
        assert!(extent.0 / extent.1 > 0.5 && extent.0 / extent.1 < 3.0, "{extent:?}");
        assert_eq!(corners.len(), 400);
    }
}
