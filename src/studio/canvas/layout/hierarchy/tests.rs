//! Tests of nested pictures.

use super::{super::generate, *};
use std::collections::{HashMap, HashSet};

static NEVER: AtomicBool = AtomicBool::new(false);

/// A generated graph with its scopes.
fn hierarchy(graph: &generate::GeneratedGraph) -> (Hierarchy, Vec<String>) {
    let mut names = vec![String::new()];
    let mut index: HashMap<String, u32> = HashMap::from([(String::new(), 0)]);
    let mut result = Hierarchy {
        scopes: vec![HierarchyScope {
            parent: 0,
            size: (160.0, 48.0),
            real: false,
        }],
        ..Default::default()
    };
    for (node, layout) in graph.nodes.iter().zip(graph.layout_input().nodes) {
        let mut path = String::new();
        let mut scope = 0;
        for part in node.scope.split('/').filter(|p| !p.is_empty()) {
            path = format!("{path}/{part}");
            scope = *index.entry(path.clone()).or_insert_with(|| {
                names.push(path.clone());
                result.scopes.push(HierarchyScope {
                    parent: scope,
                    size: (160.0, 48.0),
                    real: false,
                });
                names.len() as u32 - 1
            });
        }
        result.nodes.push(HierarchyNode {
            size: (layout.width, layout.height),
            scope,
        });
    }
    let edge = |e: &super::super::LayoutEdge| HierarchyEdge {
        source: e.source,
        tensor: e.tensor,
        target: e.target,
    };
    result.edges = graph.edges.iter().map(edge).collect();
    (result, names)
}

fn place(h: &Hierarchy, grouping: &Grouping, cache: &mut LayoutCache) -> Picture {
    let picture = h.place(grouping, &LayoutOptions::default(), cache, &NEVER).unwrap();
    check(&picture);
    picture
}

fn inside(a: &Area, b: &Area) -> bool {
    a.min.x >= b.min.x - 0.5 && a.min.y >= b.min.y - 0.5 && a.max.x <= b.max.x + 0.5 && a.max.y <= b.max.y + 0.5
}

fn apart(a: &Area, b: &Area) -> bool {
    a.max.x <= b.min.x + 0.5 || b.max.x <= a.min.x + 0.5 || a.max.y <= b.min.y + 0.5 || b.max.y <= a.min.y + 0.5
}

/// Boxes do not overlap; frames contain or avoid; lines continue where their parents end and meet their boxes.
fn check(picture: &Picture) {
    let whole = Area {
        min: Point::default(),
        max: Point {
            x: picture.size.0,
            y: picture.size.1,
        },
    };
    for (i, a) in picture.boxes.iter().enumerate() {
        assert!(inside(&a.area, &whole), "{a:?}");
        assert!(
            picture.boxes[..i].iter().all(|b| apart(&a.area, &b.area)),
            "{a:?} overlaps"
        );
        assert!(
            picture
                .frames
                .iter()
                .all(|f| inside(&a.area, &f.area) || apart(&a.area, &f.area)),
            "{a:?} cuts a frame"
        );
    }
    for (i, a) in picture.frames.iter().enumerate() {
        assert!(
            picture.frames[..i]
                .iter()
                .all(|b| inside(&a.area, &b.area) || apart(&a.area, &b.area))
        );
    }
    for segment in &picture.segments {
        if segment.parent != NONE {
            let parent = &picture.segments[segment.parent as usize];
            assert_eq!(parent.tensor, segment.tensor);
            let gap = (parent.to.x - segment.from.x).abs() + (parent.to.y - segment.from.y).abs();
            assert!(gap < 1.0, "{segment:?} does not continue {parent:?}");
        }
        if segment.target != NONE {
            let area = picture.boxes[segment.target as usize].area;
            let meets = segment.to.x >= area.min.x - 0.5 && segment.to.x <= area.max.x + 0.5;
            assert!(
                meets && ((segment.to.y - area.min.y).abs() < 0.6 || segment.reversed),
                "{segment:?} misses {area:?}"
            );
        }
    }
}

/// (tensor, node) for every consumer that a line or stub leads to.
fn consumers(picture: &Picture) -> HashSet<(u32, u32)> {
    let ends = picture.segments.iter().filter(|s| s.target != NONE);
    ends.filter_map(|s| match picture.boxes[s.target as usize].item {
        Item::Node(n) => Some((s.tensor, n)),
        Item::Scope(_) => None,
    })
    .collect()
}

fn all_open(h: &Hierarchy) -> Grouping {
    Grouping::scopes(vec![true; h.scopes.len()])
}

#[test]
fn an_empty_hierarchy_is_an_empty_picture() {
    let picture = place(&Hierarchy::default(), &Grouping::default(), &mut LayoutCache::default());
    assert_eq!(picture, Picture::default());
}

#[test]
fn collapsed_scopes_are_boxes_that_stand_for_their_nodes() {
    let (h, names) = hierarchy(&generate::transformer(600));
    let picture = place(&h, &Grouping::scopes(Vec::new()), &mut LayoutCache::default());
    let shown: Vec<&str> = picture
        .boxes
        .iter()
        .filter_map(|b| match b.item {
            Item::Scope(s) => Some(names[s as usize].as_str()),
            Item::Node(_) => None,
        })
        .collect();
    assert_eq!(
        shown,
        ["/mask", "/rope", "/model", "/final"],
        "embed and lm_head hold a single node each"
    );
    assert!(picture.frames.is_empty());
}

#[test]
fn an_open_scope_frames_its_children_and_every_consumer_has_its_line() {
    let graph = generate::transformer(250);
    let (h, _) = hierarchy(&graph);
    let picture = place(&h, &all_open(&h), &mut LayoutCache::default());
    assert_eq!(picture.boxes.len(), graph.nodes.len());
    let found = consumers(&picture);
    let stubbed: HashSet<u32> = picture.stubs.iter().map(|s| s.tensor).collect();
    for edge in &graph.edges {
        assert!(
            found.contains(&(edge.tensor, edge.target)) || stubbed.contains(&edge.tensor),
            "{edge:?}"
        );
    }
}

#[test]
fn lines_lead_back_to_the_producer_through_frames() {
    let graph = generate::transformer(150);
    let (h, _) = hierarchy(&graph);
    let picture = place(&h, &all_open(&h), &mut LayoutCache::default());
    let place_of: HashMap<Item, Area> = picture.boxes.iter().map(|b| (b.item, b.area)).collect();
    let mut checked = 0;
    for end in picture.segments.iter().filter(|s| s.target != NONE) {
        let mut first = end;
        while first.parent != NONE {
            first = &picture.segments[first.parent as usize];
        }
        let producer = place_of[&Item::Node(end.tensor)];
        let starts_there = (first.from.y - producer.max.y).abs() < 0.6;
        let at_stub = picture.stubs.iter().any(|s| (s.area.max.y - first.from.y).abs() < 0.6);
        assert!(
            starts_there || at_stub,
            "tensor {} starts at {:?}, not at {producer:?}",
            end.tensor,
            first.from
        );
        checked += usize::from(starts_there);
    }
    assert!(checked > graph.nodes.len() / 2);
}

#[test]
fn identical_blocks_are_laid_out_once() {
    let (h, _) = hierarchy(&generate::transformer(2000));
    let mut cache = LayoutCache::default();
    place(&h, &all_open(&h), &mut cache);
    let frames = h.scopes.len();
    assert!(
        cache.computed() * 4 < frames,
        "{} layouts for {frames} scopes",
        cache.computed()
    );
    let before = cache.computed();
    place(&h, &all_open(&h), &mut cache);
    assert_eq!(cache.computed(), before);
}

#[test]
fn opening_one_block_leaves_the_insides_of_others() {
    let (h, names) = hierarchy(&generate::transformer(600));
    let at = |name: &str| names.iter().position(|n| n == name).unwrap();
    let mut open = vec![false; h.scopes.len()];
    open[at("/model")] = true;
    open[at("/model/layers.2")] = true;
    let mut cache = LayoutCache::default();
    let before = place(&h, &Grouping::scopes(open.clone()), &mut cache);
    open[at("/model/layers.5")] = true;
    let after = place(&h, &Grouping::scopes(open), &mut cache);
    let inside = |p: &Picture| -> Vec<(f32, f32)> {
        let frame = p
            .frames
            .iter()
            .find(|f| f.item == Item::Scope(at("/model/layers.2") as u32))
            .unwrap()
            .area;
        let inner = p.boxes.iter().filter(|b| super::tests::inside(&b.area, &frame));
        inner
            .map(|b| {
                (
                    (b.area.min.x - frame.min.x).round(),
                    (b.area.min.y - frame.min.y).round(),
                )
            })
            .collect()
    };
    assert_eq!(inside(&before), inside(&after));
}

#[test]
fn revealing_a_node_opens_the_scopes_around_it() {
    let (h, names) = hierarchy(&generate::transformer(600));
    let node = h
        .nodes
        .iter()
        .position(|n| names[n.scope as usize] == "/model/layers.3/mlp")
        .unwrap() as u32;
    let mut grouping = Grouping::scopes(Vec::new());
    h.reveal(node, &mut grouping);
    let shows = |g: &Grouping| {
        place(&h, g, &mut LayoutCache::default())
            .boxes
            .iter()
            .any(|b| b.item == Item::Node(node))
    };
    assert!(shows(&grouping));
    h.toggle(h.nodes[node as usize].scope, &mut grouping);
    assert!(!shows(&grouping));
}

#[test]
fn scopes_that_depend_on_each_other_both_ways_end_in_stubs() {
    let node = |scope| HierarchyNode {
        size: (100.0, 40.0),
        scope,
    };
    let scope = |parent| HierarchyScope {
        parent,
        size: (160.0, 48.0),
        real: false,
    };
    let edge = |source, target| HierarchyEdge {
        source,
        tensor: source,
        target,
    };
    let h = Hierarchy {
        nodes: vec![node(1), node(2), node(1), node(2)],
        scopes: vec![scope(0), scope(0), scope(0)],
        edges: vec![edge(0, 1), edge(1, 2), edge(2, 3), edge(0, 2), edge(1, 3)],
    };
    let picture = place(&h, &all_open(&h), &mut LayoutCache::default());
    assert_eq!(picture.frames.len(), 2);
    assert!(!picture.stubs.is_empty());
    place(&h, &Grouping::scopes(Vec::new()), &mut LayoutCache::default());
}

#[test]
fn small_graphs_open_flat_and_large_ones_at_a_readable_level() {
    let (small, _) = hierarchy(&generate::resnet(120));
    assert_eq!(opening_level(&small), Grouping::flat(&small));
    for size in [2000, 10_000] {
        let (large, names) = hierarchy(&generate::transformer(size));
        let grouping = opening_level(&large);
        let picture = place(&large, &grouping, &mut LayoutCache::default());
        let blocks = names
            .iter()
            .filter(|n| n.starts_with("/model/layers") && n.matches('/').count() == 2)
            .count();
        let shown = picture
            .boxes
            .iter()
            .filter(|b| matches!(b.item, Item::Scope(_)))
            .count();
        assert!(
            shown >= blocks && picture.boxes.len() < blocks + 40,
            "{shown} boxes for {blocks} blocks"
        );
    }
}

#[test]
fn broken_scope_lists_and_absurd_depth_are_fine() {
    let count = 20_000;
    let h = Hierarchy {
        nodes: (0..count)
            .map(|i| HierarchyNode {
                size: (50.0, 20.0),
                scope: i,
            })
            .collect(),
        scopes: (0..count)
            .map(|i| HierarchyScope {
                parent: i.saturating_sub(1),
                size: (60.0, 40.0),
                real: false,
            })
            .collect(),
        edges: (1..count)
            .map(|i| HierarchyEdge {
                source: i - 1,
                tensor: i,
                target: i,
            })
            .collect(),
    };
    let picture = h
        .place(
            &all_open(&h),
            &LayoutOptions::default(),
            &mut LayoutCache::default(),
            &NEVER,
        )
        .unwrap();
    assert_eq!(picture.boxes.len(), count as usize);
    let broken = Hierarchy {
        nodes: vec![HierarchyNode {
            size: (50.0, 20.0),
            scope: 99,
        }],
        scopes: vec![
            HierarchyScope {
                parent: 7,
                size: (1.0, 1.0),
                real: false,
            },
            HierarchyScope {
                parent: 9,
                size: (1.0, 1.0),
                real: false,
            },
        ],
        edges: vec![HierarchyEdge {
            source: 5,
            tensor: 0,
            target: 0,
        }],
    };
    assert_eq!(
        place(&broken, &all_open(&broken), &mut LayoutCache::default())
            .boxes
            .len(),
        1
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(80))]
    #[test]
    fn any_hierarchy_is_drawn_completely(
        scopes in proptest::collection::vec((0u32..12, proptest::bool::ANY, proptest::bool::ANY), 1..12),
        nodes in proptest::collection::vec(0u32..14, 1..40),
        edges in proptest::collection::vec((0u32..42, 0u32..42), 0..90),
        by_name in proptest::bool::ANY,
    ) {
        let h = Hierarchy {
            nodes: nodes.iter().map(|&scope| HierarchyNode { size: (96.0, 40.0), scope }).collect(),
            scopes: scopes.iter().map(|s| HierarchyScope { parent: s.0, size: (160.0, 48.0), real: s.1 }).collect(),
            edges: edges.iter().map(|&(source, target)| HierarchyEdge { source, tensor: source, target }).collect(),
        };
        let open = scopes.iter().map(|s| s.2).collect();
        let picture = place(&h, &Grouping { by_name, open }, &mut LayoutCache::default());
        proptest::prop_assert_eq!(picture.shown_by.len(), nodes.len());
        proptest::prop_assert!(picture.shown_by.iter().all(|&b| (b as usize) < picture.boxes.len()));
        // Every edge between different boxes is a line or a stub at its end.
        let lines: HashSet<(u32, u32)> =
            picture.segments.iter().filter(|s| s.target != NONE).map(|s| (s.tensor, s.target)).collect();
        let stubbed: HashSet<u32> = picture.stubs.iter().map(|s| s.tensor).collect();
        for e in h.edges.iter().filter(|e| (e.source.max(e.target) as usize) < nodes.len()) {
            let (from, to) = (picture.shown_by[e.source as usize], picture.shown_by[e.target as usize]);
            let shown = from == to || lines.contains(&(e.tensor, to)) || stubbed.contains(&e.tensor);
            proptest::prop_assert!(shown, "{:?} is not drawn", e);
        }
    }
}
