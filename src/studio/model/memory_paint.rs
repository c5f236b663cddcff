//! The canvas's paint layer of memory: what is alive while each node runs.

use crate::format;
use crate::graph::memory::Memory;
use crate::studio::canvas::{GraphView, Item, Legend, NodeKind, PaintBy, Scene, SceneNode, Style};
use crate::studio::check::paint::by_item;
use eframe::egui::Color32;
use std::collections::HashMap;

/// Colours by bytes alive; a scope has those of its node that needs the most.
#[derive(Default)]
pub struct MemoryPaint {
    bytes: HashMap<Item, u64>,
    most: u64,
    is_complete: bool,
}

impl MemoryPaint {
    /// The layer of what was counted for the graph that `view` shows.
    pub fn of(view: &GraphView, memory: &Memory) -> Self {
        Self {
            bytes: by_item(view, |id| memory.alive.get(id.0 as usize).copied(), u64::max),
            most: memory.activation_bytes,
            is_complete: memory.is_complete(),
        }
    }
}

impl PaintBy for MemoryPaint {
    fn color(&self, node: &SceneNode, style: &Style) -> Option<Color32> {
        if matches!(node.kind, NodeKind::Input | NodeKind::Output) {
            return None;
        }
        let bytes = *self.bytes.get(&node.key)?;
        Some(style.heat(bytes as f64 / self.most.max(1) as f64))
    }

    fn legend(&self, _: &Scene, style: &Style) -> Legend {
        let least = if self.is_complete { "" } else { ", at least" };
        Legend {
            title: format!("Activations alive{least}"),
            entries: Vec::new(),
            ramp: Some((style.ramp.to_vec(), "0".into(), format::bytes(self.most))),
        }
    }
}
