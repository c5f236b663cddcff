//! The canvas's paint layers of what nodes compute in, and of how much accuracy their layers lose.

use crate::format;
use crate::graph::Graph;
use crate::rewrite::decisions::Decision;
use crate::rewrite::lowered::Computes;
use crate::studio::canvas::{GraphView, Item, Legend, NodeKind, PaintBy, Scene, SceneNode, Style};
use crate::studio::check::paint::by_item;
use crate::studio::theme::Tokens;
use eframe::egui::Color32;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};

/// Colours by what nodes compute in.
#[derive(Default)]
pub struct LoweredLayer {
    /// What an item computes in; of a scope where all its arithmetic agrees.
    items: HashMap<Item, Option<Computes>>,
    counts: BTreeMap<Computes, usize>,
    tokens: Option<Tokens>,
}

impl LoweredLayer {
    /// The layer of the decisions about the graph that `view` shows.
    pub fn of(view: &GraphView, decided: &[Decision]) -> Self {
        let value = |i: u32| {
            let computes = decided.get(i as usize)?.computes;
            (computes.is_arithmetic() || computes == Computes::Converts).then_some(Some(computes))
        };
        let merge = |a: Option<Computes>, b: Option<Computes>| match (a, b) {
            // Conversions do not decide about a scope's colour.
            (Some(Computes::Converts), other) | (other, Some(Computes::Converts)) => other,
            (a, b) if a == b => a,
            _ => None,
        };
        let mut counts = BTreeMap::new();
        for decision in decided {
            *counts.entry(decision.computes).or_default() += 1;
        }
        Self {
            items: by_item(view, |id| value(id.0), merge),
            counts,
            tokens: None,
        }
    }

    /// With the theme's colours.
    pub fn themed(&mut self, tokens: Tokens) {
        self.tokens = Some(tokens);
    }
}

impl PaintBy for LoweredLayer {
    fn color(&self, node: &SceneNode, _: &Style) -> Option<Color32> {
        if matches!(node.kind, NodeKind::Input | NodeKind::Output) {
            return None;
        }
        let computes = self.items.get(&node.key).copied().flatten();
        let tokens = self.tokens?;
        Some(computes.and_then(|c| tokens.computes(c)).unwrap_or(tokens.hover))
    }

    fn legend(&self, _: &Scene, _: &Style) -> Legend {
        let entry = |(c, n): (&Computes, &usize)| Some((self.tokens?.computes(*c)?, format!("{} ({n})", c.name())));
        Legend {
            title: "Computes in".into(),
            entries: self.counts.iter().filter_map(entry).collect(),
            ramp: None,
        }
    }
}

/// Colours of the ramp in the legend.
const STEPS: usize = 24;

/// Colours by the error at the model's outputs with a node's layer lowered.
#[derive(Default)]
pub struct SensitivityLayer {
    /// Error; infinite where results were not finite. Of a scope the worst.
    items: HashMap<Item, f64>,
    /// The largest finite error.
    worst: f64,
    graph: Weak<Graph>,
    tokens: Option<Tokens>,
}

impl SensitivityLayer {
    /// The layer of the errors by node of the graph that `view` shows.
    pub fn of(view: &GraphView, graph: &Arc<Graph>, errors: &[Option<f64>]) -> Self {
        let value = |id: crate::graph::NodeId| errors.get(id.0 as usize).copied().flatten();
        let finite = errors.iter().flatten().filter(|e| e.is_finite());
        Self {
            items: by_item(view, value, f64::max),
            worst: finite.copied().fold(0.0, f64::max),
            graph: Arc::downgrade(graph),
            tokens: None,
        }
    }

    /// True when it was made for this graph.
    pub fn is_of(&self, graph: &Arc<Graph>) -> bool {
        std::ptr::eq(self.graph.as_ptr(), Arc::as_ptr(graph))
    }

    /// With the theme's colours.
    pub fn themed(&mut self, tokens: Tokens) {
        self.tokens = Some(tokens);
    }
}

impl PaintBy for SensitivityLayer {
    fn color(&self, node: &SceneNode, _: &Style) -> Option<Color32> {
        if matches!(node.kind, NodeKind::Input | NodeKind::Output) {
            return None;
        }
        let tokens = self.tokens?;
        let share = |error: &f64| (error / self.worst.max(1e-300)).min(1.0) as f32;
        let error = self.items.get(&node.key);
        Some(error.map_or(tokens.hover, |e| tokens.sensitivity(share(e))))
    }

    fn legend(&self, _: &Scene, _: &Style) -> Legend {
        let title = "Error with the layer lowered".to_owned();
        let Some(tokens) = self.tokens.filter(|_| !self.items.is_empty()) else {
            return Legend {
                title: "No layer is measured yet".into(),
                ..Legend::default()
            };
        };
        let colours = (0..STEPS).map(|i| tokens.sensitivity(i as f32 / (STEPS - 1) as f32));
        Legend {
            title,
            entries: Vec::new(),
            ramp: Some((colours.collect(), "0".into(), format::significant(self.worst))),
        }
    }
}
