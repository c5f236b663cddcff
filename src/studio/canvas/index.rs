//! The spatial index: horizontal bands for what is in view, and a coarse summary for views of everything.

use super::{DiffMark, SceneNode};
use crate::check::Severity;
use eframe::egui::Rect;

/// Height of a band, in points.
const BAND: f32 = 200.0;
/// More bands than this are made higher instead.
const MOST_BANDS: f32 = 65_536.0;

/// Things by the bands that they are in. Graphs are tall, so bands cut most of what is out of view.
#[derive(Debug, Clone, Default)]
pub(super) struct Bands {
    top: f32,
    height: f32,
    starts: Vec<u32>,
    items: Vec<u32>,
    /// First band of each thing: a thing in several bands is reported once.
    first: Vec<u32>,
}

impl Bands {
    pub(super) fn new(bounds: Rect, rects: impl Iterator<Item = Rect> + Clone) -> Self {
        let height = BAND.max(bounds.height() / MOST_BANDS);
        let count = (bounds.height() / height) as usize + 1;
        let mut bands = Self {
            top: bounds.top(),
            height,
            starts: vec![0; count + 1],
            ..Self::default()
        };
        for rect in rects.clone() {
            let (first, last) = bands.range(rect.top(), rect.bottom());
            bands.first.push(first as u32);
            (first..=last).for_each(|b| bands.starts[b + 1] += 1);
        }
        for band in 0..count {
            bands.starts[band + 1] += bands.starts[band];
        }
        let mut next = bands.starts.clone();
        bands.items = vec![0; bands.starts[count] as usize];
        for (i, rect) in rects.enumerate() {
            let (first, last) = bands.range(rect.top(), rect.bottom());
            for slot in &mut next[first..=last] {
                bands.items[*slot as usize] = i as u32;
                *slot += 1;
            }
        }
        bands
    }

    fn range(&self, top: f32, bottom: f32) -> (usize, usize) {
        let last = self.starts.len().saturating_sub(2);
        let band = |y: f32| (((y - self.top) / self.height).max(0.0) as usize).min(last);
        (band(top), band(bottom))
    }

    /// Things in the bands between two heights, each once.
    pub(super) fn in_range(&self, top: f32, bottom: f32) -> impl Iterator<Item = u32> + '_ {
        let (first, last) = self.range(top, bottom);
        (first..=last).flat_map(move |band| {
            let items = &self.items[self.starts[band] as usize..self.starts[band + 1] as usize];
            items
                .iter()
                .copied()
                .filter(move |&i| (self.first[i as usize] as usize).max(first) == band)
        })
    }
}

/// What a horizontal strip of the graph contains.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Strip {
    pub left: f32,
    pub right: f32,
    /// A node in it, one with a mark if there is one; its colour stands for the strip.
    pub node: u32,
    pub finding: Option<Severity>,
    pub diff: Option<DiffMark>,
    pub filled: bool,
}

/// The whole graph in strips, for views in which a node is less than a pixel high.
#[derive(Debug, Clone, Default)]
pub(super) struct Density {
    pub top: f32,
    pub step: f32,
    pub strips: Vec<Strip>,
}

impl Density {
    /// Strips of this height, in points, less than a pixel wherever they are drawn.
    const STEP: f32 = 48.0;
    const MOST: f32 = 16_384.0;

    pub(super) fn new(bounds: Rect, nodes: &[SceneNode]) -> Self {
        let step = Self::STEP.max(bounds.height() / Self::MOST);
        let count = (bounds.height() / step) as usize + 1;
        let mut density = Self {
            top: bounds.top(),
            step,
            strips: vec![Strip::default(); count],
        };
        for (i, node) in nodes.iter().enumerate() {
            let row = |y: f32| (((y - density.top) / step).max(0.0) as usize).min(count - 1);
            for strip in &mut density.strips[row(node.rect.top())..=row(node.rect.bottom())] {
                strip.add(i as u32, node);
            }
        }
        density
    }

    /// All strips between two heights as one.
    pub(super) fn merged(&self, top: f32, bottom: f32) -> Option<Strip> {
        let last = self.strips.len();
        let from = (((top - self.top) / self.step).floor().max(0.0) as usize).min(last);
        let to = (((bottom - self.top) / self.step).ceil().max(0.0) as usize).clamp(from, last);
        self.strips[from..to]
            .iter()
            .filter(|s| s.filled)
            .copied()
            .reduce(Strip::merge)
    }
}

impl Strip {
    fn add(&mut self, index: u32, node: &SceneNode) {
        let own = Self {
            left: node.rect.left(),
            right: node.rect.right(),
            node: index,
            finding: node.marks.finding,
            diff: node.marks.diff,
            filled: true,
        };
        *self = if self.filled { self.merge(own) } else { own };
    }

    /// Both together: no finding gets lost.
    fn merge(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            right: self.right.max(other.right),
            node: if other.finding > self.finding {
                other.node
            } else {
                self.node
            },
            finding: self.finding.max(other.finding),
            diff: self.diff.or(other.diff),
            filled: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::pos2;

    fn rect(top: f32, bottom: f32) -> Rect {
        Rect::from_min_max(pos2(0.0, top), pos2(10.0, bottom))
    }

    #[test]
    fn things_are_reported_once_and_only_near_the_range() {
        let rects = [rect(0.0, 50.0), rect(150.0, 900.0), rect(950.0, 1000.0)];
        let bands = Bands::new(rect(0.0, 1000.0), rects.iter().copied());
        assert_eq!(bands.in_range(0.0, 1000.0).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(bands.in_range(450.0, 700.0).collect::<Vec<_>>(), [1]);
        assert_eq!(bands.in_range(-100.0, -50.0).collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn absurd_heights_do_not_make_absurd_indices() {
        let bands = Bands::new(rect(0.0, 1e9), [rect(0.0, 1e9)].into_iter());
        assert!(bands.items.len() < 100_000);
    }
}
