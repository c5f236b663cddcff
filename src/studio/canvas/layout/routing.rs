//! Step 7: turns links into the lines to draw.
//!
//! A tensor is a tree of segments from its producer to its consumers; each segment knows the one it continues. Lines
//! begin at a node's lower border and end at its upper border, wherever those are within the row. A bend crosses its
//! row vertically, so that a curve never cuts through a neighbour.

use super::{
    LayoutEdge, LayoutNode, NONE, Point, Segment,
    coordinates::{Coordinates, Sizes},
    cycles::Wire,
    trunks::Layered,
};

/// Vertical runs end after this length, in points, so that a spatial index over them stays small.
const LONGEST_RUN: f32 = 2000.0;
/// Sideways offsets below this, in points, count as straight.
const STRAIGHT: f32 = 0.5;

/// Everything the router reads.
pub(super) struct Router<'a> {
    pub graph: &'a Layered,
    pub wires: &'a [Wire],
    pub edges: &'a [LayoutEdge],
    pub nodes: &'a [LayoutNode],
    pub sizes: &'a Sizes,
    pub at: &'a Coordinates,
    /// Distance of line ends from each other and from a node's corners, in points.
    pub end_gap: f32,
}

/// Where the two ends of every link are, sideways.
struct Ends {
    upper: Vec<f32>,
    lower: Vec<f32>,
}

impl Router<'_> {
    /// All segments, each after the one it continues (for reversed edges: before it).
    pub(super) fn route(&self) -> Vec<Segment> {
        let ends = self.line_ends();
        let mut segments: Vec<Segment> = Vec::with_capacity(self.graph.links.len() * 2);
        // Last segment of the line that comes into a bend.
        let mut reached = vec![NONE; self.graph.rank.len()];
        let mut first_of_reversed = NONE;
        for (i, link) in self.graph.links.iter().enumerate() {
            let wire = &self.wires[link.wire as usize];
            let from_bend = self.graph.is_bend(link.upper);
            let starts_at_node = (link.upper as usize) < self.graph.node_count;
            let mut line = Line {
                segments: &mut segments,
                tensor: wire.tensor,
                source: if starts_at_node { link.upper } else { NONE },
                last: if from_bend { reached[link.upper as usize] } else { NONE },
                may_extend: from_bend && self.graph.down.degree(link.upper) == 1,
                at: Point::default(),
            };
            line.at = self.start(link.upper, ends.upper[i]);
            if !from_bend {
                first_of_reversed = line.segments.len() as u32;
                line.down_to(self.bottom_of_row(link.upper));
            }
            line.curve_to(Point {
                x: ends.lower[i],
                y: self.top_of_row(link.lower),
            });
            if self.graph.is_bend(link.lower) {
                line.down_to(self.bottom_of_row(link.lower));
                reached[link.lower as usize] = line.last;
                continue;
            }
            line.down_to(self.top(link.lower));
            if let Some(last) = line.segments.get_mut(line.last as usize)
                && (link.lower as usize) < self.graph.node_count
            {
                last.target = link.lower;
            }
            if wire.reversed {
                turn_round(&mut segments, first_of_reversed as usize, wire.lower, wire.upper);
            }
        }
        segments
    }

    fn start(&self, vertex: u32, x: f32) -> Point {
        let y = if self.graph.is_bend(vertex) {
            self.bottom_of_row(vertex)
        } else {
            self.bottom(vertex)
        };
        Point { x, y }
    }

    fn row(&self, vertex: u32) -> (f32, f32) {
        let rank = self.graph.rank[vertex as usize] as usize;
        (self.at.row_top[rank], self.at.row_height[rank])
    }

    fn top_of_row(&self, vertex: u32) -> f32 {
        self.row(vertex).0
    }

    fn bottom_of_row(&self, vertex: u32) -> f32 {
        let (top, height) = self.row(vertex);
        top + height
    }

    fn top(&self, vertex: u32) -> f32 {
        let (top, height) = self.row(vertex);
        top + (height - self.sizes[vertex as usize].1) / 2.0
    }

    fn bottom(&self, vertex: u32) -> f32 {
        self.top(vertex) + self.sizes[vertex as usize].1
    }

    /// Chooses the ends at nodes: given ports as given; outputs spread around the middle of the lower border; inputs as
    /// straight below where they come from as the upper border allows, a single one from further aside at the middle.
    fn line_ends(&self) -> Ends {
        let links = &self.graph.links;
        let mut ends = Ends {
            upper: links.iter().map(|l| self.at.x[l.upper as usize]).collect(),
            lower: links.iter().map(|l| self.at.x[l.lower as usize]).collect(),
        };
        for vertex in 0..self.graph.first_bend as u32 {
            self.spread_outputs(vertex, &mut ends);
        }
        let mut wanted = Vec::new();
        for vertex in 0..self.graph.first_bend as u32 {
            self.place_inputs(vertex, &mut ends, &mut wanted);
        }
        ends
    }

    /// The port that the input gives for the end of a wire at `vertex`, as an x.
    fn given_port(&self, wire: &Wire, vertex: u32) -> Option<f32> {
        if vertex as usize >= self.graph.node_count {
            return None;
        }
        let edge = &self.edges[wire.edge as usize];
        // A wire to or from a stub has only one end at a node of its edge; a reversed one uses no ports.
        let port = match vertex {
            _ if wire.reversed => None,
            v if v == wire.upper && v == edge.source => edge.source_port,
            v if v == wire.lower && v == edge.target => edge.target_port,
            _ => None,
        };
        port.map(|offset| self.at.x[vertex as usize] + offset)
    }

    fn spread_outputs(&self, vertex: u32, ends: &mut Ends) {
        let links = self.graph.down.of(vertex);
        // Lines of one tensor leave at one place; tensors are told apart by their wires' order.
        let mut tensors: Vec<(u32, f32)> = Vec::new();
        for &link in links {
            let wire = &self.wires[self.graph.links[link as usize].wire as usize];
            if !tensors.iter().any(|t| t.0 == wire.tensor) {
                tensors.push((wire.tensor, ends.lower[link as usize]));
            }
            if tensors.len() > 64 {
                break;
            }
        }
        tensors.sort_by(|a, b| a.1.total_cmp(&b.1));
        let middle = (tensors.len() as f32 - 1.0) / 2.0;
        let room = (self.sizes[vertex as usize].0 - 2.0 * self.end_gap).max(0.0);
        let step = (room / tensors.len().max(1) as f32).min(2.0 * self.end_gap);
        for &link in links {
            let wire = &self.wires[self.graph.links[link as usize].wire as usize];
            let index = tensors.iter().position(|t| t.0 == wire.tensor);
            let offset = index.map_or(0.0, |i| (i as f32 - middle) * step);
            let free = self.at.x[vertex as usize] + offset;
            ends.upper[link as usize] = self.given_port(wire, vertex).unwrap_or(free);
        }
    }

    fn place_inputs(&self, vertex: u32, ends: &mut Ends, wanted: &mut Vec<(f32, u32)>) {
        let (width, x) = (self.sizes[vertex as usize].0, self.at.x[vertex as usize]);
        let half = (width / 2.0 - self.end_gap).max(0.0);
        wanted.clear();
        for &link in self.graph.up.of(vertex) {
            let wire = &self.wires[self.graph.links[link as usize].wire as usize];
            match self.given_port(wire, vertex) {
                Some(port) => ends.lower[link as usize] = port,
                None => wanted.push((ends.upper[link as usize], link)),
            }
        }
        wanted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        if let [(from, link)] = wanted[..] {
            ends.lower[link as usize] = if (from - x).abs() <= half { from } else { x };
            return;
        }
        let step = if wanted.len() > 1 {
            self.end_gap.min(2.0 * half / (wanted.len() - 1) as f32)
        } else {
            0.0
        };
        let mut left = x - half;
        let count = wanted.len();
        for (i, &(from, link)) in wanted.iter().enumerate() {
            let right = x + half - (count - 1 - i) as f32 * step;
            let place = from.clamp(left.min(right), right);
            ends.lower[link as usize] = place;
            left = place + step;
        }
    }

    /// Loops from a node to itself, at its right side.
    pub(super) fn self_loop(&self, edge: &LayoutEdge, segments: &mut Vec<Segment>) {
        let Some(node) = self.nodes.get(edge.source as usize) else {
            return;
        };
        let (x, y) = (self.at.x[edge.source as usize], self.top(edge.source));
        let right = x + node.width / 2.0;
        let reach = right + self.end_gap;
        let (low, high) = (y + node.height * 0.75, y + node.height * 0.25);
        let corners = [(right, low), (reach, low), (reach, high), (right, high)].map(|(x, y)| Point { x, y });
        let mut parent = NONE;
        for pair in corners.windows(2) {
            let [from, to] = *pair else { continue };
            let target = if to == corners[3] { edge.target } else { NONE };
            let source = if parent == NONE { edge.source } else { NONE };
            segments.push(Segment {
                tensor: edge.tensor,
                from,
                to,
                parent,
                source,
                target,
                reversed: true,
            });
            parent = segments.len() as u32 - 1;
        }
    }
}

/// A line while it is drawn downwards.
struct Line<'a> {
    segments: &'a mut Vec<Segment>,
    tensor: u32,
    source: u32,
    last: u32,
    /// Nothing branches off where the last segment ends, so it may grow.
    may_extend: bool,
    at: Point,
}

impl Line<'_> {
    fn down_to(&mut self, y: f32) {
        self.curve_to(Point { x: self.at.x, y });
    }

    fn curve_to(&mut self, to: Point) {
        let straight = (to.x - self.at.x).abs() < STRAIGHT;
        if straight && to.y - self.at.y < STRAIGHT {
            return; // nothing to draw
        }
        if straight
            && self.may_extend
            && let Some(last) = self.segments.get_mut(self.last as usize)
        {
            let vertical = (last.from.x - last.to.x).abs() < STRAIGHT;
            if vertical && to.y - last.from.y < LONGEST_RUN {
                last.to.y = to.y;
                self.at.y = to.y;
                return;
            }
        }
        self.segments.push(Segment {
            tensor: self.tensor,
            from: self.at,
            to,
            parent: self.last,
            source: if self.last == NONE { self.source } else { NONE },
            target: NONE,
            reversed: false,
        });
        self.last = self.segments.len() as u32 - 1;
        self.may_extend = true;
        self.at = to;
    }
}

/// Makes the chain of segments from index `first` on run upwards, from node `source` to node `target`.
fn turn_round(segments: &mut [Segment], first: usize, source: u32, target: u32) {
    let end = segments.len();
    for (i, segment) in segments.iter_mut().enumerate().skip(first) {
        std::mem::swap(&mut segment.from, &mut segment.to);
        segment.parent = if i + 1 < end { i as u32 + 1 } else { NONE };
        segment.source = if i + 1 < end { NONE } else { source };
        segment.target = if i == first { target } else { NONE };
        segment.reversed = true;
    }
}
