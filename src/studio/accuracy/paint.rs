//! The canvas's paint layer of errors against the reference.

use crate::graph::NodeId;
use crate::studio::accuracy::differences::DifferenceRun;
use crate::studio::canvas::{GraphView, Item, Legend, NodeKind, PaintBy, Scene, SceneNode, Style};
use crate::studio::check::paint::by_item;
use eframe::egui::Color32;
use std::collections::HashMap;

/// Factor between the ends of the scale at least, so that rounding noise alone does not look like trouble.
const LEAST_RANGE: f64 = 10.0;

/// Colours by error, on a logarithmic scale.
pub struct DifferencePaint {
    title: String,
    errors: HashMap<Item, f64>,
    /// Ends of the scale.
    range: (f64, f64),
    /// Nodes with NaN or infinities.
    infinite: usize,
    first_bad: Option<Item>,
}

impl DifferencePaint {
    /// The layer of a run that has a result.
    pub fn of(view: &GraphView, run: &DifferenceRun) -> Option<Self> {
        let found = run.result.as_ref()?;
        let nodes = (0..view.graph().nodes.len() as u32).map(NodeId);
        let (low, high) = run.range().unwrap_or((found.limit, found.limit));
        Some(Self {
            title: format!("Error of {} against {}", run.variant, found.reference),
            errors: by_item(view, |node| run.error(node), f64::max),
            range: (low.min(high / LEAST_RANGE), high),
            infinite: nodes.filter(|n| run.error(*n).is_some_and(f64::is_infinite)).count(),
            first_bad: run.first_bad().and_then(|n| view.item(n)),
        })
    }

    /// Where an error is on the scale, 0 to 1.
    fn share(&self, error: f64) -> f64 {
        let (low, high) = self.range;
        if error <= low || high <= low {
            return 0.0;
        }
        ((error / low).ln() / (high / low).ln()).clamp(0.0, 1.0)
    }
}

impl PaintBy for DifferencePaint {
    fn color(&self, node: &SceneNode, style: &Style) -> Option<Color32> {
        if matches!(node.kind, NodeKind::Input | NodeKind::Output) {
            return None;
        }
        if self.first_bad == Some(node.key) {
            return Some(style.selection);
        }
        let error = *self.errors.get(&node.key)?;
        Some(match error.is_finite() {
            true => style.heat(self.share(error)),
            false => style.error.fill,
        })
    }

    fn legend(&self, _: &Scene, style: &Style) -> Legend {
        let mut entries = Vec::new();
        if self.first_bad.is_some() {
            entries.push((style.selection, "First bad node".to_owned()));
        }
        if self.infinite > 0 {
            entries.push((style.error.fill, format!("NaN or infinite ({})", self.infinite)));
        }
        let words = |e: f64| crate::format::significant(e);
        Legend {
            title: self.title.clone(),
            entries,
            ramp: Some((
                style.ramp.to_vec(),
                words(self.range.0),
                format!("{} (log)", words(self.range.1)),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_logarithmic_and_noise_stays_pale() {
        let paint = |range| DifferencePaint {
            title: String::new(),
            errors: HashMap::new(),
            range,
            infinite: 0,
            first_bad: None,
        };
        let p = paint((1e-6, 1e-2));
        assert_eq!((p.share(0.0), p.share(1e-7), p.share(1.0)), (0.0, 0.0, 1.0));
        assert!((p.share(1e-4) - 0.5).abs() < 1e-9);
        assert_eq!(paint((0.0, 0.0)).share(0.0), 0.0);
    }
}
