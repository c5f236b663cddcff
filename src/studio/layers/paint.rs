//! The canvas's paint layers that come from layers: the types an engine computes in, the time of a profile.

use crate::graph::NodeId;
use crate::studio::canvas::{GraphView, Item, Legend, NodeKind, PaintBy, Scene, SceneNode, Style};
use crate::studio::check::paint::by_item;
use crate::studio::engine_file::opened::OpenedEngine;
use crate::studio::layers::run::LayerRun;
use eframe::egui::Color32;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a node or scope shows.
enum Value {
    /// A type, by its place in the list; none where nodes of a scope differ.
    Type(Option<usize>),
    /// Share of the time, 0..=1.
    Share(f64),
}

/// Colours by layer.
#[derive(Default)]
pub struct LayerPaint {
    title: String,
    values: HashMap<Item, Value>,
    /// Types, with how many nodes have each.
    types: Vec<(String, usize)>,
    /// Largest share of a node; none for types.
    largest: Option<f64>,
    /// Nodes of the chosen layer.
    chosen: HashSet<Item>,
}

impl LayerPaint {
    /// Types of the open engine's layers.
    pub fn of_engine(view: &GraphView, engine: &OpenedEngine) -> Option<Self> {
        let nodes = engine.table.nodes.as_ref().filter(|n| n.is_of(view.graph()))?;
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut types: Vec<(String, usize)> = Vec::new();
        let mut of_node: HashMap<NodeId, usize> = HashMap::new();
        for (i, layer) in engine.view.layers.iter().enumerate() {
            let Some(name) = layer.precision.as_deref() else {
                continue;
            };
            let place = *places.entry(name).or_insert_with(|| {
                types.push((name.to_owned(), 0));
                types.len() - 1
            });
            for node in nodes.nodes(i) {
                // A node in several layers has the type of the first.
                if let std::collections::hash_map::Entry::Vacant(vacant) = of_node.entry(*node) {
                    vacant.insert(place);
                    if let Some((_, count)) = types.get_mut(place) {
                        *count += 1;
                    }
                }
            }
        }
        let same = |a: Option<usize>, b: Option<usize>| if a == b { a } else { None };
        let values = by_item(view, |id| of_node.get(&id).copied().map(Some), same);
        let chosen = engine.table.rows.chosen().map(|i| nodes.nodes(i)).unwrap_or_default();
        Some(Self {
            title: engine.name(),
            values: values.into_iter().map(|(item, v)| (item, Value::Type(v))).collect(),
            types,
            largest: None,
            chosen: chosen.iter().filter_map(|n| view.item(*n)).collect(),
        })
    }

    /// Times of the last profile.
    pub fn of_run(view: &GraphView, run: &LayerRun) -> Option<Self> {
        let nodes = run.table.nodes.as_ref().filter(|n| n.is_of(view.graph()))?;
        let result = run.result.as_ref()?;
        let mut shares: HashMap<NodeId, f64> = HashMap::new();
        for (i, layer) in result.profile.layers.iter().enumerate() {
            for node in nodes.nodes(i) {
                *shares.entry(*node).or_default() += layer.share;
            }
        }
        let values = by_item(view, |id| shares.get(&id).copied(), |a, b| a + b);
        Some(Self {
            title: format!("Time in {}, {}", run.variant, result.target),
            values: values.into_iter().map(|(item, v)| (item, Value::Share(v))).collect(),
            largest: Some(shares.into_values().fold(0.0, f64::max)),
            ..Self::default()
        })
    }
}

impl PaintBy for LayerPaint {
    fn color(&self, node: &SceneNode, style: &Style) -> Option<Color32> {
        if matches!(node.kind, NodeKind::Input | NodeKind::Output) {
            return None;
        }
        if self.chosen.contains(&node.key) {
            return Some(style.selection);
        }
        match self.values.get(&node.key)? {
            Value::Type(place) => self.types.get((*place)?).map(|(name, _)| style.type_color(name)),
            // A scope may hold more than the largest node: it is as strong as can be then.
            Value::Share(share) => Some(style.heat(share / self.largest.unwrap_or(1.0).max(f64::MIN_POSITIVE))),
        }
    }

    fn legend(&self, _: &Scene, style: &Style) -> Legend {
        let entry = |(name, n): &(String, usize)| (style.type_color(name), format!("{name} ({n})"));
        let mut entries: Vec<(Color32, String)> = self.types.iter().map(entry).collect();
        if !self.chosen.is_empty() {
            entries.push((style.selection, "Chosen layer".into()));
        }
        Legend {
            title: self.title.clone(),
            entries,
            ramp: self.largest.map(|largest| {
                let most = format!("{} %", crate::format::significant(100.0 * largest));
                (style.ramp.to_vec(), "0 %".into(), most)
            }),
        }
    }
}
