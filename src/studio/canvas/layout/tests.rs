//! Tests of whole layouts: what a reader of the picture would notice.

use super::{generate::*, testing::edge, *};

static NEVER: AtomicBool = AtomicBool::new(false);

fn lay_out(input: &LayoutInput) -> Layout {
    let layout = layout(input, &LayoutOptions::default(), &NEVER).unwrap();
    check(input, &layout);
    layout
}

fn boxes(count: usize, edges: Vec<LayoutEdge>) -> LayoutInput {
    LayoutInput {
        nodes: vec![
            LayoutNode {
                width: 100.0,
                height: 40.0,
                role: Role::Node
            };
            count
        ],
        edges,
    }
}

/// What holds for every layout: boxes apart and inside, line ends on the boxes they belong to, paths that lead back to
/// the producer.
fn check(input: &LayoutInput, layout: &Layout) {
    let area = |v: usize| {
        let (n, c) = (sane(&input.nodes[v]), layout.centers[v]);
        (
            c.x - n.width / 2.0,
            c.y - n.height / 2.0,
            c.x + n.width / 2.0,
            c.y + n.height / 2.0,
        )
    };
    let mut by_top: Vec<usize> = (0..input.nodes.len()).collect();
    by_top.sort_by(|&a, &b| area(a).1.total_cmp(&area(b).1));
    let mut open: Vec<usize> = Vec::new();
    for v in by_top {
        let a = area(v);
        assert!(
            a.0 >= -0.1 && a.1 >= -0.1 && a.2 <= layout.width + 0.1 && a.3 <= layout.height + 0.1,
            "node {v} is outside"
        );
        open.retain(|&w| area(w).3 > a.1 + 0.01);
        for &w in &open {
            let b = area(w);
            assert!(a.2 <= b.0 + 0.1 || b.2 <= a.0 + 0.1, "nodes {v} and {w} overlap");
        }
        open.push(v);
    }
    for (i, segment) in layout.segments.iter().enumerate() {
        if segment.parent != NONE {
            let parent = &layout.segments[segment.parent as usize];
            assert_eq!(parent.tensor, segment.tensor);
            let gap = (parent.to.x - segment.from.x).abs() + (parent.to.y - segment.from.y).abs();
            assert!(
                gap < 0.6,
                "segment {i} does not continue its parent: {parent:?} {segment:?}"
            );
        }
        for (node, point) in [(segment.source, segment.from), (segment.target, segment.to)] {
            if node != NONE {
                let a = area(node as usize);
                let on_edge = [a.1, a.3].iter().any(|y| (point.y - y).abs() < 0.6);
                let inside = point.x >= a.0 - 0.6 && point.x <= a.2 + 0.6;
                assert!(
                    inside && (on_edge || segment.reversed),
                    "line {i} does not meet node {node}: {point:?} {a:?}"
                );
            }
        }
    }
}

/// Pairs (producer, consumer) that the drawn lines and stubs connect.
fn connections(input: &LayoutInput, layout: &Layout) -> HashSet<(u32, u32)> {
    let mut found = HashSet::new();
    for segment in layout.segments.iter().filter(|s| s.target != NONE) {
        let mut first = segment;
        while first.parent != NONE {
            first = &layout.segments[first.parent as usize];
        }
        if first.source != NONE {
            found.insert((first.source, segment.target));
        }
    }
    for stub in layout.stubs.iter().filter(|s| s.end == StubEnd::Consumer) {
        let edges = input
            .edges
            .iter()
            .filter(|e| e.tensor == stub.tensor && e.target == stub.node);
        found.extend(edges.map(|e| (e.source, e.target)));
    }
    found
}

fn check_connections(input: &LayoutInput, layout: &Layout) {
    let expected: HashSet<(u32, u32)> = input.edges.iter().map(|e| (e.source, e.target)).collect();
    assert_eq!(connections(input, layout), expected);
}

#[test]
fn nothing_and_one_node() {
    assert_eq!(lay_out(&LayoutInput::default()), Layout::default());
    let one = lay_out(&boxes(1, vec![]));
    assert_eq!((one.width, one.height), (100.0, 40.0));
}

#[test]
fn a_chain_is_one_straight_line() {
    let input = boxes(5, (0..4).map(|i| edge(i, i + 1)).collect());
    let layout = lay_out(&input);
    assert!(layout.centers.windows(2).all(|c| c[0].x == c[1].x && c[0].y < c[1].y));
    assert_eq!(layout.segments.len(), 4);
    check_connections(&input, &layout);
}

#[test]
fn the_main_path_of_a_residual_network_is_straight() {
    let graph = resnet(120);
    let input = graph.layout_input();
    let layout = lay_out(&input);
    check_connections(&input, &layout);
    let main: Vec<f32> = graph
        .nodes
        .iter()
        .zip(&layout.centers)
        .filter(|(n, _)| matches!(n.op, "Add" | "MaxPool" | "Gemm"))
        .map(|(_, c)| c.x)
        .collect();
    assert!(main.windows(2).all(|x| (x[0] - x[1]).abs() < 1.0), "{main:?}");
    assert_eq!(layout.crossings, 0);
}

#[test]
fn lines_meet_boxes_of_different_heights_in_one_row() {
    let mut input = boxes(4, vec![edge(0, 1), edge(0, 2), edge(1, 3), edge(2, 3)]);
    input.nodes[1].height = 120.0;
    check_connections(&input, &lay_out(&input));
}

#[test]
fn a_transformer_is_drawn_completely_and_narrow_at_any_depth() {
    let (small, large) = (transformer(1000).layout_input(), transformer(4000).layout_input());
    let (a, b) = (lay_out(&small), lay_out(&large));
    check_connections(&small, &a);
    check_connections(&large, &b);
    assert!(b.stubs.iter().any(|s| s.end == StubEnd::Consumer));
    assert!(b.width < 1.2 * a.width, "{} against {}", b.width, a.width);
    assert!(b.width < 3000.0, "{}", b.width);
}

#[test]
fn a_unet_keeps_its_skips_and_a_huge_one_stays_sane() {
    let input = unet(8, 12).layout_input();
    let layout = lay_out(&input);
    assert!(layout.stubs.is_empty());
    check_connections(&input, &layout);
    let huge = unet(600, 4).layout_input();
    let layout = lay_out(&huge);
    check_connections(&huge, &layout);
    assert!(layout.width < 2500.0, "{}", layout.width);
    assert!(layout.segments.len() < 20 * huge.edges.len());
}

#[test]
fn a_cycle_is_drawn_upwards_and_reported() {
    let input = boxes(4, vec![edge(0, 1), edge(1, 2), edge(2, 1), edge(2, 3), edge(3, 3)]);
    let layout = lay_out(&input);
    assert_eq!(layout.reversed, [2, 4]);
    check_connections(&input, &layout);
    let up = layout.segments.iter().find(|s| s.reversed && s.target == 1).unwrap();
    assert!(up.to.y < up.from.y);
}

#[test]
fn a_cycle_between_frames_ends_in_stubs() {
    let back = LayoutEdge {
        stub_if_reversed: true,
        ..edge(1, 0)
    };
    let input = boxes(2, vec![edge(0, 1), back]);
    let layout = lay_out(&input);
    assert_eq!(layout.reversed, [1]);
    let ends: Vec<(u32, StubEnd)> = layout.stubs.iter().map(|s| (s.node, s.end)).collect();
    assert_eq!(ends, [(1, StubEnd::Producer), (0, StubEnd::Consumer)]);
}

#[test]
fn ports_are_the_first_and_the_last_row_and_edges_use_given_ports() {
    let port = |role| LayoutNode {
        width: 8.0,
        height: 0.0,
        role,
    };
    let mut input = boxes(3, vec![edge(0, 1), edge(3, 1), edge(4, 2), edge(2, 5)]);
    input
        .nodes
        .extend([port(Role::InPort), port(Role::InPort), port(Role::OutPort)]);
    input.edges[0].source_port = Some(-30.0);
    input.edges[0].target_port = Some(40.0);
    let layout = lay_out(&input);
    assert!(layout.centers[3].y == 0.0 && layout.centers[4].y == 0.0);
    assert_eq!(layout.centers[5].y, layout.height);
    let first = layout.segments.iter().find(|s| s.source == 0).unwrap();
    assert_eq!(first.from.x, layout.centers[0].x - 30.0);
    assert!(
        layout
            .segments
            .iter()
            .any(|s| s.target == 1 && s.to.x == layout.centers[1].x + 40.0)
    );
}

#[test]
fn unconnected_nodes_are_packed() {
    let layout = lay_out(&boxes(2000, vec![edge(3, 4), edge(10, 11)]));
    assert!(layout.width / layout.height < 3.0 && layout.height / layout.width < 3.0);
}

#[test]
fn nonsense_is_ignored() {
    let mut input = boxes(2, vec![edge(0, 1), edge(0, 1), edge(7, 1), edge(0, 9)]);
    input.nodes[0].width = f32::NAN;
    input.nodes[1].height = f32::INFINITY;
    input.edges[0].source_port = Some(f32::NAN);
    let layout = lay_out(&input);
    assert!(layout.width.is_finite() && layout.height.is_finite());
    assert_eq!(layout.segments.iter().filter(|s| s.target == 1).count(), 1);
}

#[test]
fn a_raised_flag_stops_the_layout() {
    let stop = AtomicBool::new(true);
    let input = transformer(500).layout_input();
    assert_eq!(layout(&input, &LayoutOptions::default(), &stop), Err(Cancelled));
}

#[test]
fn the_same_graph_gives_the_same_layout() {
    let input = transformer(600).layout_input();
    assert_eq!(lay_out(&input), lay_out(&input));
}

#[test]
fn very_deep_and_very_wide_graphs_are_fine() {
    lay_out(&boxes(20_000, (0..19_999).map(|i| edge(i, i + 1)).collect()));
    lay_out(&boxes(3_000, (1..3_000).map(|i| edge(0, i)).collect()));
    lay_out(&boxes(3_000, (1..3_000).map(|i| edge(i, 0)).collect()));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(60))]
    #[test]
    fn any_graph_is_drawn_completely(count in 1usize..40, pairs in proptest::collection::vec((0u32..40, 0u32..40), 0..120)) {
        let pairs: Vec<LayoutEdge> =
            pairs.into_iter().filter(|p| (p.0.max(p.1) as usize) < count).map(|(a, b)| edge(a, b)).collect();
        let input = boxes(count, pairs);
        let layout = lay_out(&input);
        check_connections(&input, &layout);
    }
}
