//! The project's own layered layout: plain numbers in, places and lines out. No window types here.
//!
//! Steps, each in its file: cycles, ranks, stubs, trunks, order (with crossings), align + compact = coordinates,
//! routing. `components` packs unconnected parts; [`hierarchy`] nests layouts of scopes. No step recurses, all look at
//! the cancel flag, and time and memory are close to linear in nodes and edges. Callers: `studio/canvas/build.rs` and
//! whoever shows a graph; run it off the UI thread for large graphs.

mod align;
mod compact;
mod components;
mod coordinates;
mod crossings;
mod csr;
mod cycles;
pub mod generate;
pub mod hierarchy;
mod order;
mod ranks;
mod routing;
mod stubs;
#[cfg(test)]
mod testing;
mod trunks;

pub use stubs::StubEnd;

use csr::Csr;
use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
};

/// "No such index" in the compact arrays of this module.
pub const NONE: u32 = u32::MAX;

/// A place in the picture, in points; y grows downwards.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Downwards.
    pub y: f32,
}

/// What a node is to the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Role {
    /// A box.
    #[default]
    Node,
    /// Where a tensor comes into a frame: in the first rank, above everything.
    InPort,
    /// Where a tensor leaves a frame: in the last rank.
    OutPort,
}

/// A box to place. Sizes that are not finite or absurd are clamped to 1..=10^7 points (an open scope is as
/// large as its contents).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayoutNode {
    /// Points.
    pub width: f32,
    /// Points.
    pub height: f32,
    /// Box or port.
    pub role: Role,
}

/// A tensor going from a producer to one of its consumers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayoutEdge {
    /// Index of the producing node.
    pub source: u32,
    /// Any number that tells tensors apart.
    pub tensor: u32,
    /// Index of the consuming node.
    pub target: u32,
    /// Where on the producer's lower border the line begins, from its middle; chosen by the router if absent.
    pub source_port: Option<f32>,
    /// Where on the consumer's upper border the line ends, from its middle; chosen by the router if absent.
    pub target_port: Option<f32>,
    /// If the edge closes a cycle it becomes a stub pair instead of a line upwards.
    pub stub_if_reversed: bool,
}

impl LayoutEdge {
    /// An edge whose ends the router chooses.
    pub fn new(source: u32, tensor: u32, target: u32) -> Self {
        Self {
            source,
            tensor,
            target,
            source_port: None,
            target_port: None,
            stub_if_reversed: false,
        }
    }
}

/// The graph to lay out. Edges whose ends are no nodes and repeated edges are ignored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LayoutInput {
    /// Boxes and ports.
    pub nodes: Vec<LayoutNode>,
    /// Tensors.
    pub edges: Vec<LayoutEdge>,
}

/// Distances in points, counts, and when lines become stubs.
#[derive(Debug, Clone, PartialEq)]
pub struct LayoutOptions {
    /// Between neighbouring boxes of a rank.
    pub node_gap: f32,
    /// Between neighbouring lines, and of line ends from each other and from a box's corners.
    pub line_gap: f32,
    /// Between ranks; up to twice that where a line goes far sideways.
    pub rank_gap: f32,
    /// Between unconnected parts.
    pub part_gap: f32,
    /// Barycentre sweeps at most.
    pub sweeps: usize,
    /// A tensor with at least so many consumers ...
    pub stub_fan_out: usize,
    /// ... ends in a stub at those more than so many ranks away.
    pub stub_span: i32,
    /// At most so many lines longer than `stub_span` cross a rank; further ones become stubs.
    pub long_lines: usize,
    /// Width and height of a stub.
    pub stub_size: (f32, f32),
}

impl Default for LayoutOptions {
    /// Distances on the 8-point grid; stub limits as measured on transformers (they keep the width independent of depth).
    fn default() -> Self {
        Self {
            node_gap: 24.0,
            line_gap: 16.0,
            rank_gap: 32.0,
            part_gap: 48.0,
            sweeps: 8,
            stub_fan_out: 4,
            stub_span: 60,
            long_lines: 24,
            stub_size: (104.0, 16.0),
        }
    }
}

/// A piece of a line: vertical if its ends are above each other, otherwise meant as an S-curve with vertical ends (self
/// loops: straight).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// The tensor, as given in the edge.
    pub tensor: u32,
    /// Where it begins, on the producer's side.
    pub from: Point,
    /// Where it ends, on the consumer's side.
    pub to: Point,
    /// The segment it continues, or [`NONE`] where a line begins.
    pub parent: u32,
    /// The node that a line begins at; [`NONE`] for stubs and segments with a parent.
    pub source: u32,
    /// The node that the line ends at here (draw an arrow head), or [`NONE`].
    pub target: u32,
    /// Runs against the flow: part of a cycle.
    pub reversed: bool,
}

/// A small label that stands for a line too long to draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stub {
    /// The tensor, as given in the edge.
    pub tensor: u32,
    /// The node it hangs on.
    pub node: u32,
    /// Below the producer or above a consumer.
    pub end: StubEnd,
    /// Its middle; the size is [`LayoutOptions::stub_size`].
    pub center: Point,
}

/// A finished layout. Everything lies within `0..=width`, `0..=height`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    /// Middle of each node, in the order of the input.
    pub centers: Vec<Point>,
    /// The lines.
    pub segments: Vec<Segment>,
    /// The ends of lines that are not drawn.
    pub stubs: Vec<Stub>,
    /// Indices of the edges that close a cycle (drawn upwards or as stubs).
    pub reversed: Vec<u32>,
    /// Points.
    pub width: f32,
    /// Points.
    pub height: f32,
    /// Line crossings left between neighbouring ranks.
    pub crossings: u64,
}

/// The caller asked the layout to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the layout was cancelled")]
pub struct Cancelled;

#[derive(Clone, Copy)]
struct Cancel<'a>(&'a AtomicBool);

impl Cancel<'_> {
    fn check(self) -> Result<(), Cancelled> {
        if self.0.load(Ordering::Relaxed) {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }
}

/// Lays out a graph. Stops soon after `cancel` becomes true.
pub fn layout(input: &LayoutInput, options: &LayoutOptions, cancel: &AtomicBool) -> Result<Layout, Cancelled> {
    let cancel = Cancel(cancel);
    let nodes: Vec<LayoutNode> = input.nodes.iter().map(sane).collect();
    let (edges, origin) = sane_edges(nodes.len(), &input.edges);
    cancel.check()?;
    let (part_of, part_count) = components::components(nodes.len(), &edges_and_ports(&nodes, &edges));
    let members = Csr::group(part_count, part_of.iter().enumerate().map(|(v, &p)| (p, v as u32)));
    let part_edges = Csr::group(
        part_count,
        edges
            .iter()
            .enumerate()
            .map(|(i, e)| (part_of[e.source as usize], i as u32)),
    );
    let mut local = vec![0u32; nodes.len()];
    let mut parts = Vec::with_capacity(part_count);
    for part in 0..part_count as u32 {
        for (i, &v) in members.of(part).iter().enumerate() {
            local[v as usize] = i as u32;
        }
        let nodes: Vec<LayoutNode> = members.of(part).iter().map(|&v| nodes[v as usize]).collect();
        let to_local = |&i: &u32| {
            let edge = edges[i as usize];
            LayoutEdge {
                source: local[edge.source as usize],
                target: local[edge.target as usize],
                ..edge
            }
        };
        let edges: Vec<LayoutEdge> = part_edges.of(part).iter().map(to_local).collect();
        parts.push(layout_part(&nodes, &edges, options, cancel)?);
    }
    let sizes: Vec<(f32, f32)> = parts.iter().map(|p| (p.width, p.height)).collect();
    let (corners, (width, height)) = components::pack(&sizes, options.part_gap);
    let mut whole = Layout {
        centers: vec![Point::default(); nodes.len()],
        width,
        height,
        ..Layout::default()
    };
    for (i, (part, corner)) in parts.into_iter().zip(corners).enumerate() {
        let edges = part_edges.of(i as u32);
        whole
            .reversed
            .extend(part.reversed.iter().map(|&e| origin[edges[e as usize] as usize]));
        append(&mut whole, part, members.of(i as u32), corner);
    }
    whole.reversed.sort_unstable();
    Ok(whole)
}

/// Largest size of a box, in points: beyond it, 32-bit floats are coarser than a point.
const LARGEST: f32 = 1e7;

fn sane(node: &LayoutNode) -> LayoutNode {
    let size = |s: f32| {
        if s.is_finite() {
            s.clamp(if node.role == Role::Node { 1.0 } else { 0.0 }, LARGEST)
        } else {
            1.0
        }
    };
    LayoutNode {
        width: size(node.width),
        height: size(node.height),
        role: node.role,
    }
}

/// Usable edges and their indices in the input.
fn sane_edges(node_count: usize, edges: &[LayoutEdge]) -> (Vec<LayoutEdge>, Vec<u32>) {
    let mut seen = HashSet::with_capacity(edges.len());
    let usable = |e: &LayoutEdge| (e.source as usize) < node_count && (e.target as usize) < node_count;
    let finite = |p: Option<f32>| p.filter(|p| p.is_finite());
    edges
        .iter()
        .enumerate()
        .filter(|(_, e)| usable(e))
        .filter(|(_, e)| seen.insert((e.source, e.tensor, e.target)))
        .map(|(i, e)| {
            let (source_port, target_port) = (finite(e.source_port), finite(e.target_port));
            (
                LayoutEdge {
                    source_port,
                    target_port,
                    ..*e
                },
                i as u32,
            )
        })
        .unzip()
}

/// The edges plus ones that tie all ports together: a frame's ports belong to its first and last row.
fn edges_and_ports(nodes: &[LayoutNode], edges: &[LayoutEdge]) -> Vec<LayoutEdge> {
    let mut ports = (0..nodes.len() as u32).filter(|&v| nodes[v as usize].role != Role::Node);
    let mut all = edges.to_vec();
    if let Some(first) = ports.next() {
        all.extend(ports.map(|port| LayoutEdge::new(first, NONE, port)));
    }
    all
}

/// Lays out one connected part: the steps in order.
fn layout_part(
    nodes: &[LayoutNode],
    edges: &[LayoutEdge],
    options: &LayoutOptions,
    cancel: Cancel,
) -> Result<Layout, Cancelled> {
    cancel.check()?;
    if let ([node], []) = (nodes, edges) {
        let (width, height) = (node.width, node.height);
        let centers = vec![Point {
            x: width / 2.0,
            y: height / 2.0,
        }];
        return Ok(Layout {
            centers,
            width,
            height,
            ..Layout::default()
        });
    }
    let acyclic = cycles::break_cycles(nodes.len(), edges, cancel)?;
    let mut reversed: Vec<u32> = acyclic.wires.iter().filter(|w| w.reversed).map(|w| w.edge).collect();
    reversed.extend(&acyclic.self_loops);
    let roles: Vec<Role> = nodes.iter().map(|n| n.role).collect();
    let rank = ranks::assign(&roles, &acyclic.wires, cancel)?;
    let keep_reversed = |e: u32| !edges[e as usize].stub_if_reversed;
    let mut stubbed = stubs::replace_long_wires(nodes.len(), acyclic.wires, &rank, options, keep_reversed, cancel)?;
    let mut graph = trunks::build(&rank, &stubbed.stubs, &mut stubbed.wires);
    let (position, crossings) = order::order(&mut graph, options.sweeps, cancel)?;

    let mut sizes: coordinates::Sizes = nodes.iter().map(|n| (n.width, n.height)).collect();
    sizes.resize(graph.first_bend, options.stub_size);
    sizes.resize(graph.rank.len(), (0.0, 0.0));
    let at = coordinates::assign(&graph, &position, &sizes, options, cancel)?;
    let router = routing::Router {
        graph: &graph,
        wires: &stubbed.wires,
        edges,
        nodes,
        sizes: &sizes,
        at: &at,
        end_gap: options.line_gap,
    };
    let mut segments = router.route();
    for &edge in &acyclic.self_loops {
        router.self_loop(&edges[edge as usize], &mut segments);
    }
    let center = |v: usize| {
        let rank = graph.rank[v] as usize;
        Point {
            x: at.x[v],
            y: at.row_top[rank] + at.row_height[rank] / 2.0,
        }
    };
    let stubs = stubbed.stubs.iter().enumerate().map(|(i, s)| Stub {
        tensor: s.tensor,
        node: s.node,
        end: s.end,
        center: center(nodes.len() + i),
    });
    let mut layout = Layout {
        centers: (0..nodes.len()).map(center).collect(),
        stubs: stubs.collect(),
        segments,
        reversed,
        crossings,
        ..Layout::default()
    };
    to_origin(&mut layout, &sizes);
    Ok(layout)
}

/// Moves a layout so that its top left corner is 0, 0 and sets its size.
fn to_origin(layout: &mut Layout, sizes: &coordinates::Sizes) {
    let (mut low, mut high) = (
        Point {
            x: f32::MAX,
            y: f32::MAX,
        },
        Point {
            x: f32::MIN,
            y: f32::MIN,
        },
    );
    let mut include = |x: f32, y: f32, w: f32, h: f32| {
        low = Point {
            x: low.x.min(x - w / 2.0),
            y: low.y.min(y - h / 2.0),
        };
        high = Point {
            x: high.x.max(x + w / 2.0),
            y: high.y.max(y + h / 2.0),
        };
    };
    let middles = layout.centers.iter().chain(layout.stubs.iter().map(|s| &s.center));
    for (middle, &(w, h)) in middles.zip(sizes) {
        include(middle.x, middle.y, w, h);
    }
    for segment in &layout.segments {
        include(segment.from.x, segment.from.y, 0.0, 0.0);
        include(segment.to.x, segment.to.y, 0.0, 0.0);
    }
    if low.x > high.x {
        return;
    }
    (layout.width, layout.height) = (high.x - low.x, high.y - low.y);
    shift(layout, (-low.x, -low.y));
}

fn shift(layout: &mut Layout, (dx, dy): (f32, f32)) {
    let lines = layout.segments.iter_mut().flat_map(|s| [&mut s.from, &mut s.to]);
    for point in layout
        .centers
        .iter_mut()
        .chain(layout.stubs.iter_mut().map(|s| &mut s.center))
        .chain(lines)
    {
        point.x += dx;
        point.y += dy;
    }
}

/// Adds a part whose local node `i` is `members[i]`.
fn append(whole: &mut Layout, mut part: Layout, members: &[u32], corner: (f32, f32)) {
    shift(&mut part, corner);
    for (&node, center) in members.iter().zip(&part.centers) {
        whole.centers[node as usize] = *center;
    }
    let first = whole.segments.len() as u32;
    let node = |v: u32| members.get(v as usize).copied().unwrap_or(NONE);
    whole.segments.extend(part.segments.into_iter().map(|s| Segment {
        parent: if s.parent == NONE { NONE } else { s.parent + first },
        source: node(s.source),
        target: node(s.target),
        ..s
    }));
    whole.stubs.extend(part.stubs.into_iter().map(|s| Stub {
        node: node(s.node),
        ..s
    }));
    whole.crossings += part.crossings;
}

#[cfg(test)]
mod tests;
