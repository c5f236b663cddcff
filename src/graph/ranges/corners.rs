//! The graph evaluated where the ranges of a profile end: min, opt and max, every open size alone at its ends, and one size
//! between them, because what works at 32 and 64 need not work at 33 (a skip connection around a stride of 2).

use super::complete::complete;
use super::open::{OpenSize, open_sizes};
use super::shape_tensors;
use super::{ProfileSpec, Range};
use crate::graph::memory::{Memory, Needs};
use crate::graph::sizes::{At, Conflict, Point, evaluate};
use crate::graph::{Graph, NodePath};
use std::collections::BTreeMap;

/// Granularities that are tried where sizes between the ends fail: products of the strides of pictures and of sounds.
const STEPS: [u64; 9] = [2, 4, 8, 16, 32, 64, 128, 160, 320];

/// One place of a profile's ranges, and whether the graph works there.
#[derive(Clone, PartialEq, Debug)]
pub struct Corner {
    /// Index of the profile.
    pub profile: usize,
    /// Where in its ranges.
    pub at: CornerKind,
    /// Shape, and value of a shape tensor, of every open input there.
    pub sizes: Point,
    /// What fails there.
    pub result: Result<(), Box<Fault>>,
    /// What one inference needs there; none where it fails.
    pub memory: Option<Needs>,
    /// Where sizes between the ends fail: the least of the steps tried whose multiples work.
    pub step: Option<u64>,
}

/// Where in the ranges of a profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CornerKind {
    /// Every size at its minimum.
    Min,
    /// Every size at its optimum.
    Opt,
    /// Every size at its maximum.
    Max,
    /// One size at its minimum, the rest at the optimum.
    MinOf(String),
    /// One size at its maximum, the rest at the optimum.
    MaxOf(String),
    /// One size at a value between its ends that is no multiple of a stride, the rest at the optimum.
    Between(String),
}

/// What fails at a corner.
#[derive(Clone, PartialEq, Debug)]
pub struct Fault {
    /// The node.
    pub node: NodePath,
    /// Its name; may be empty.
    pub name: String,
    /// Its operator.
    pub op: String,
    /// The tensor that it is about; may be empty.
    pub tensor: String,
    /// The two sizes that do not go together; -1 where one is not a number.
    pub sizes: (i64, i64),
    /// All of it in words.
    pub message: String,
}

impl From<Box<Conflict>> for Box<Fault> {
    fn from(conflict: Box<Conflict>) -> Self {
        Self::new(Fault {
            node: conflict.node,
            name: conflict.name,
            op: conflict.op,
            tensor: conflict.tensor,
            sizes: conflict.sizes,
            message: conflict.message,
        })
    }
}

impl CornerKind {
    /// `the minimum`, `the maximum of height`.
    pub fn words(&self) -> String {
        match self {
            Self::Min => "the minimum".into(),
            Self::Opt => "the optimum".into(),
            Self::Max => "the maximum".into(),
            Self::MinOf(label) => format!("the minimum of {label}"),
            Self::MaxOf(label) => format!("the maximum of {label}"),
            Self::Between(label) => format!("a size of {label} between its ends"),
        }
    }
}

impl Corner {
    /// `x 1x3x33x64, hw values 32,32`.
    pub fn sizes_words(&self) -> String {
        let one = |(name, at): (&String, &At)| match &at.value {
            Some(values) => {
                let values: Vec<String> = values.iter().map(i64::to_string).collect();
                format!("{name} values {}", values.join(","))
            }
            None if at.shape.is_empty() => format!("{name} scalar"),
            None => {
                let sizes: Vec<String> = at.shape.iter().map(u64::to_string).collect();
                format!("{name} {}", sizes.join("x"))
            }
        };
        self.sizes.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

/// Every corner of every profile. Profiles may leave inputs out ([`complete`] fills them). O(graph) a corner; there are at
/// most 3 and 3 more for each open size.
pub fn corners(graph: &Graph, profiles: &[ProfileSpec]) -> Vec<Corner> {
    corners_with(graph, profiles, &|_| None)
}

/// As [`corners`], with one more question about the graph where its sizes work: what a target's own limits say.
pub fn corners_with(graph: &Graph, profiles: &[ProfileSpec], limits: &dyn Fn(&Graph) -> Option<Fault>) -> Vec<Corner> {
    let mut out = Vec::new();
    for (index, profile) in profiles.iter().enumerate() {
        let profile = complete(graph, profile, &BTreeMap::new());
        if profile.inputs.values().any(|r| r.check().is_err()) || profile.values.values().any(|r| r.check().is_err()) {
            continue;
        }
        Corners {
            graph,
            profile,
            index,
            limits,
        }
        .collect(&mut out);
    }
    out
}

/// Whether the graph works when one open size takes this number and all others stay at the profile's optimum.
pub fn works_with(graph: &Graph, profile: &ProfileSpec, size: &OpenSize, number: u64) -> bool {
    let profile = complete(graph, profile, &BTreeMap::new());
    let mut point = point_of(graph, &profile, |r| &r.opt, |r| &r.opt);
    set(&mut point, size, number);
    evaluate(graph, &with_fixed(graph, &point)).is_ok()
}

/// One size, or several that stay equal, that vary within one range.
struct Axis {
    label: String,
    sizes: Vec<OpenSize>,
    range: [u64; 3],
}

struct Corners<'a> {
    graph: &'a Graph,
    profile: ProfileSpec,
    index: usize,
    limits: &'a dyn Fn(&Graph) -> Option<Fault>,
}

impl Corners<'_> {
    fn collect(&self, out: &mut Vec<Corner>) {
        let ends = [
            (CornerKind::Opt, self.point(|r| &r.opt, |r| &r.opt)),
            (CornerKind::Min, self.point(|r| &r.min, |r| &r.min)),
            (CornerKind::Max, self.point(|r| &r.max, |r| &r.max)),
        ];
        let mut seen: Vec<Point> = Vec::new();
        for (at, point) in ends {
            if !seen.contains(&point) {
                seen.push(point.clone());
                out.push(self.corner(at, point));
            }
        }
        let opt = self.point(|r| &r.opt, |r| &r.opt);
        // Where the optimum itself fails, a size alone would only fail again.
        if self.judge(&opt).is_err() {
            return;
        }
        for axis in self.axes(&opt) {
            let [min, _, max] = axis.range;
            let alone = |number: u64| {
                let mut point = opt.clone();
                axis.sizes.iter().for_each(|size| set(&mut point, size, number));
                point
            };
            for (at, number) in [
                (CornerKind::MinOf(axis.label.clone()), min),
                (CornerKind::MaxOf(axis.label.clone()), max),
            ] {
                let point = alone(number);
                if !seen.contains(&point) {
                    seen.push(point.clone());
                    out.push(self.corner(at, point));
                }
            }
            let Some(between) = odd_between(axis.range) else {
                continue;
            };
            let point = alone(between);
            if seen.contains(&point) {
                continue;
            }
            seen.push(point.clone());
            let mut corner = self.corner(CornerKind::Between(axis.label.clone()), point);
            if corner.result.is_err() {
                corner.step = STEPS.into_iter().find(|step| {
                    let multiples = some_multiples(*step, min, max);
                    multiples.len() > 1 && multiples.iter().all(|n| self.judge(&alone(*n)).is_ok())
                });
            }
            out.push(corner);
        }
    }

    /// The sizes that vary. Those with one range that do not work alone but do work together stay equal to each other.
    fn axes(&self, opt: &Point) -> Vec<Axis> {
        let mut axes: Vec<Axis> = Vec::new();
        for size in open_sizes(self.graph) {
            let Some(range) = super::complete::range_of(&self.profile, &size) else {
                continue;
            };
            if range[0] == range[2] {
                continue;
            }
            let works = |sizes: &[OpenSize], number: u64| {
                let mut point = opt.clone();
                sizes.iter().for_each(|s| set(&mut point, s, number));
                self.judge(&point).is_ok()
            };
            let another = if range[2] == range[1] { range[0] } else { range[2] };
            let same = axes.iter_mut().find(|axis| {
                let both = [axis.sizes.as_slice(), std::slice::from_ref(&size)].concat();
                axis.range == range && !works(std::slice::from_ref(&size), another) && works(&both, another)
            });
            match same {
                Some(axis) => {
                    axis.label = format!("{}={}", axis.label, size.label);
                    axis.sizes.push(size);
                }
                None => axes.push(Axis {
                    label: size.label.clone(),
                    sizes: vec![size],
                    range,
                }),
            }
        }
        axes
    }

    fn point<'p>(
        &'p self,
        shape: impl Fn(&'p Range<u64>) -> &'p Vec<u64>,
        value: impl Fn(&'p Range<i64>) -> &'p Vec<i64>,
    ) -> Point {
        point_of(self.graph, &self.profile, shape, value)
    }

    fn judge(&self, point: &Point) -> Result<(), Box<Fault>> {
        self.evaluated(point).map(drop)
    }

    fn evaluated(&self, point: &Point) -> Result<Graph, Box<Fault>> {
        let graph = evaluate(self.graph, &with_fixed(self.graph, point))?;
        match (self.limits)(&graph) {
            Some(fault) => Err(Box::new(fault)),
            None => Ok(graph),
        }
    }

    fn corner(&self, at: CornerKind, sizes: Point) -> Corner {
        let judged = self.evaluated(&sizes);
        Corner {
            profile: self.index,
            at,
            memory: judged.as_ref().ok().map(|graph| Memory::of(graph, &[]).needs()),
            result: judged.map(drop),
            sizes,
            step: None,
        }
    }
}

fn point_of<'p>(
    graph: &Graph,
    profile: &'p ProfileSpec,
    shape: impl Fn(&'p Range<u64>) -> &'p Vec<u64>,
    value: impl Fn(&'p Range<i64>) -> &'p Vec<i64>,
) -> Point {
    let mut point: Point = profile
        .inputs
        .iter()
        .map(|(name, range)| (name.clone(), At::shape(shape(range))))
        .collect();
    for tensor in shape_tensors(graph) {
        if let Some(range) = profile.values.get(&tensor.name) {
            let at = At {
                shape: tensor.shape,
                value: Some(value(range).clone()),
            };
            point.insert(tensor.name, at);
        }
    }
    point
}

/// The point with the inputs whose shapes the model fixes.
fn with_fixed(graph: &Graph, point: &Point) -> Point {
    let mut all = point.clone();
    for input in super::open::inputs(graph) {
        if let Some(shape) = input.ty.shape.as_ref().and_then(|s| s.as_known()) {
            all.entry(input.name.to_string()).or_insert_with(|| At::shape(&shape));
        }
    }
    all
}

fn set(point: &mut Point, size: &OpenSize, number: u64) {
    for (input, axis) in &size.places {
        if let Some(slot) = point.get_mut(input).and_then(|at| at.shape.get_mut(*axis)) {
            *slot = number;
        }
    }
}

/// An odd size strictly inside a range, next to its optimum.
fn odd_between([min, opt, max]: [u64; 3]) -> Option<u64> {
    let odd = |n: u64| if n % 2 == 1 { n } else { n + 1 };
    let above = odd(opt + 1);
    let below = opt
        .checked_sub(1)
        .map(|n| if n % 2 == 1 { n } else { n.saturating_sub(1) });
    [Some(above), below]
        .into_iter()
        .flatten()
        .find(|n| *n > min && *n < max)
}

/// The first, a middle and the last multiple of `step` inside, and the ones after the first and before the last.
fn some_multiples(step: u64, min: u64, max: u64) -> Vec<u64> {
    let (first, last) = (min.max(1).div_ceil(step), max / step);
    if first > last {
        return Vec::new();
    }
    let mut all = vec![
        first,
        (first + 1).min(last),
        first.midpoint(last),
        last.saturating_sub(1).max(first),
        last,
    ];
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(|n| n * step).collect()
}
