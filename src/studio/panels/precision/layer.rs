//! The canvas's paint layer of what nodes compute in.

use crate::rewrite::lowered::{Computes, Decision};
use crate::studio::canvas::{GraphView, Item, Legend, NodeKind, PaintBy, Scene, SceneNode, Style};
use crate::studio::panels::paint::by_item;
use crate::studio::theme::Tokens;
use eframe::egui::Color32;
use std::collections::{BTreeMap, HashMap};

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
        self.tokens?.computes(self.items.get(&node.key).copied().flatten()?)
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
