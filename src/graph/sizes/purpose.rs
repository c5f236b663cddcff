//! What a model makes of a picture, from how the sizes of its outputs depend on those of the picture.

use super::evaluate::{At, Point, types_at};
use super::symbols::Symbolic;
use crate::graph::Dim;
use crate::graph::infer::size::Size;
use std::collections::BTreeSet;

/// Sides at which outputs are looked at where their expressions were lost: a multiple of all usual strides, and twice that.
const PROBE: i64 = 512;

/// What a model makes of pictures, from how the sizes of its outputs depend on theirs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// Outputs without height and width: classes, or a vector.
    Classify,
    /// Boxes, keypoints, or maps at several scales.
    Detect,
    /// A map of classes as large as the picture, or a fraction of it.
    Segment,
    /// A picture from a picture.
    Restore,
    /// A line of text: steps along the width.
    ReadLine,
    /// A line of text, classified.
    ClassifyLine,
    /// A latent picture of a diffusion model.
    Latent,
}

impl Purpose {
    /// Height and width.
    pub fn usual(self) -> (i64, i64) {
        match self {
            Self::Classify => (224, 224),
            Self::Detect => (640, 640),
            Self::Segment => (512, 512),
            Self::Restore => (256, 256),
            // PaddleOCR's recognizers, and its classifiers of the direction of a line.
            Self::ReadLine => (48, 320),
            Self::ClassifyLine => (48, 192),
            Self::Latent => (64, 64),
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Classify => "a picture to classify",
            Self::Detect => "a picture to find things in",
            Self::Segment => "a picture to segment",
            Self::Restore => "a picture to make a picture from",
            Self::ReadLine => "a line of text to read",
            Self::ClassifyLine => "a line of text to classify",
            Self::Latent => "a latent picture of 512 pixels",
        }
    }

    pub fn is_line(self) -> bool {
        matches!(self, Self::ReadLine | Self::ClassifyLine)
    }
}

/// One axis of an output.
#[derive(Clone, Default)]
struct Axis {
    /// Its size, where that depends on nothing.
    known: Option<i64>,
    on_height: bool,
    on_width: bool,
    /// Its size where both sides of the picture are [`PROBE`].
    at_probe: Option<i64>,
}

impl Axis {
    fn is_open(&self) -> bool {
        self.on_height || self.on_width
    }

    fn is_lost(&self) -> bool {
        self.known.is_none() && !self.is_open() && self.at_probe.is_none()
    }
}

/// What the model does with a picture whose sides are these sizes.
pub(super) fn purpose(model: &Symbolic<'_>, channels: Option<i64>, height: &Size, width: &Size) -> Purpose {
    let leader = |size: &Size| size.as_symbol().map(|s| model.leader(s));
    let (h, w) = (leader(height), leader(width));
    let outputs = outputs(model, h.as_deref(), w.as_deref());
    // Strides along height and width differ where a network reads lines: it keeps the width.
    let stride = |side: &Option<String>| side.as_deref().map_or(1, |s| model.stride(s));
    let strides = (stride(&h), stride(&w));
    let narrow = height.known().is_some_and(|n| n <= 64) && width.known().is_none();
    let keeps_width = (h.is_some() && w.is_some() && strides.0 > strides.1) || narrow;
    let all = || outputs.iter().flatten();
    let along_width = all().any(|a| a.on_width) && !all().any(|a| a.on_height);
    if along_width && (h.is_some() || narrow) && h != w {
        return Purpose::ReadLine;
    }
    let suppresses = model.graph.nodes.iter().any(|n| &*n.op_type == "NonMaxSuppression");
    // Maps keep height and width as two axes.
    let is_map = |axes: &&Vec<Axis>| axes.len() >= 3 && axes.iter().filter(|a| a.is_open()).count() >= 2;
    let maps: Vec<&Vec<Axis>> = outputs.iter().filter(is_map).collect();
    let is_row = |axes: &&Vec<Axis>| (2..=3).contains(&axes.len()) && axes.iter().any(Axis::is_open) && !is_map(axes);
    // A fixed number of boxes (DETR), or as many as are found.
    let are_boxes = |axes: &&Vec<Axis>| match axes.as_slice() {
        [_, _, last] if last.known == Some(4) => true,
        [.., count, last] => matches!(last.known, Some(4..=7)) && count.is_lost(),
        _ => false,
    };
    if suppresses || outputs.iter().any(|o| is_row(&o) || are_boxes(&o)) {
        return Purpose::Detect;
    }
    match maps.as_slice() {
        [] if keeps_width => Purpose::ClassifyLine,
        [] => Purpose::Classify,
        [map] => of_map(map, channels, strides.0),
        several => {
            let scale = |map: &&Vec<Axis>| map.iter().map(|a| a.at_probe).collect::<Vec<_>>();
            let scales: BTreeSet<_> = several.iter().map(scale).collect();
            if scales.len() > 1 {
                Purpose::Detect
            } else {
                Purpose::Segment
            }
        }
    }
}

fn of_map(map: &[Axis], channels: Option<i64>, stride: i64) -> Purpose {
    let first = map.get(1).and_then(|a| a.known);
    let last = map.last().and_then(|a| a.known);
    if channels == Some(4) && stride <= 8 && first == Some(4) {
        return Purpose::Latent;
    }
    let colours = first.or(last);
    let grows = map.iter().any(|a| a.is_open() && a.at_probe.is_some_and(|n| n > PROBE));
    if grows || colours == Some(3) || last == Some(3) || colours == channels && channels == Some(1) {
        Purpose::Restore
    } else if colours == Some(1) {
        // Maps of text, of depth or of one kind of thing.
        Purpose::Detect
    } else {
        Purpose::Segment
    }
}

/// The axes of the outputs, from their expressions, and from walks at numbers where those were lost.
fn outputs(model: &Symbolic<'_>, h: Option<&str>, w: Option<&str>) -> Vec<Vec<Axis>> {
    let ids = model.graph.bodies.first().map_or(&[][..], |b| b.outputs.as_slice());
    let shapes: Vec<&[Size]> = ids
        .iter()
        .map(|id| {
            model
                .shapes
                .get(id.0 as usize)
                .and_then(|s| s.as_deref())
                .unwrap_or_default()
        })
        .collect();
    let is_lost = shapes.iter().any(|s| s.is_empty() || s.iter().any(Size::is_unknown));
    let probes = if is_lost {
        [(PROBE, PROBE), (2 * PROBE, PROBE), (PROBE, 2 * PROBE)].map(|sides| probe(model, h, w, sides))
    } else {
        [None, None, None]
    };
    let bind = |name: &str| Some(of_side(&model.leader(name), h, w, (PROBE, PROBE)));
    let of = |(index, shape): (usize, &&[Size])| {
        let probed = |which: usize| probes.get(which)?.as_ref()?.get(index).map(Vec::as_slice);
        let rank = shape.len().max(probed(0).map_or(0, <[_]>::len));
        (0..rank)
            .map(|axis| match shape.get(axis) {
                Some(Size::Known(n)) => Axis {
                    known: Some(*n),
                    at_probe: Some(*n),
                    ..Axis::default()
                },
                Some(size @ Size::Expr(_)) => Axis {
                    known: None,
                    on_height: h.is_some_and(|h| model.depends(size, h)),
                    on_width: w.is_some_and(|w| model.depends(size, w)),
                    at_probe: size.eval(&bind),
                },
                _ => {
                    let at = |which: usize| probed(which).and_then(|s| *s.get(axis)?);
                    let (base, higher, wider) = (at(0), at(1), at(2));
                    let differs = |other: Option<i64>| base.is_some() && other.is_some() && base != other;
                    let open = differs(higher) || differs(wider);
                    Axis {
                        known: base.filter(|_| !open),
                        on_height: differs(higher),
                        on_width: differs(wider),
                        at_probe: base,
                    }
                }
            })
            .collect()
    };
    shapes.iter().enumerate().map(of).collect()
}

fn of_side(leader: &str, h: Option<&str>, w: Option<&str>, sides: (i64, i64)) -> i64 {
    if h == Some(leader) {
        sides.0
    } else if w == Some(leader) {
        sides.1
    } else {
        1
    }
}

/// The sizes of the outputs where the sides of the picture are these and everything else is 1; `None` where the graph does
/// not work there.
fn probe(model: &Symbolic<'_>, h: Option<&str>, w: Option<&str>, sides: (i64, i64)) -> Option<Vec<Vec<Option<i64>>>> {
    let bind = |name: &str| Some(of_side(&model.leader(name), h, w, sides));
    let mut point = Point::new();
    for input in &model.inputs {
        let shape = input
            .shape
            .iter()
            .map(|s| u64::try_from(s.eval(&bind)?).ok())
            .collect::<Option<_>>()?;
        let value: Vec<i64> = input.values.iter().filter_map(|v| bind(v)).collect();
        let at = At {
            shape,
            value: Some(value).filter(|v| !v.is_empty()),
        };
        point.insert(input.info.name.to_string(), at);
    }
    let types = types_at(model.graph, &point).ok()?;
    let known = |dim: &Dim| match dim {
        Dim::Known(n) => i64::try_from(*n).ok(),
        _ => None,
    };
    let shape = |id: &crate::graph::TensorId| {
        let shape = types.get(id.0 as usize).and_then(|t| t.shape.as_ref());
        shape.map_or_else(Vec::new, |s| s.0.iter().map(known).collect())
    };
    Some(model.graph.bodies.first()?.outputs.iter().map(shape).collect())
}
