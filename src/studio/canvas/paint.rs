//! What colours stand for: one mechanism for operator families, precision, time, error, target and so on.

use super::{Family, NodeKind, Scene, SceneNode, Style};
use eframe::egui::Color32;

/// The explanation of the colours, drawn in the corner.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Legend {
    /// What the colours stand for.
    pub title: String,
    /// Colours and words.
    pub entries: Vec<(Color32, String)>,
    /// A continuous scale: colours from low to high and the words at its ends.
    pub ramp: Option<(Vec<Color32>, String, String)>,
}

/// A way to colour the nodes.
pub trait PaintBy {
    /// The colour of a node's header; `None` for the plain colour of nodes without a value.
    fn color(&self, node: &SceneNode, style: &Style) -> Option<Color32>;

    /// What the colours mean in this scene.
    fn legend(&self, scene: &Scene, style: &Style) -> Legend;

    /// The colour where a node is only a few pixels large; by default the header's.
    fn strong(&self, node: &SceneNode, style: &Style) -> Option<Color32> {
        self.color(node, style)
    }
}

/// Colours by operator family: the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct OperatorFamilies;

impl PaintBy for OperatorFamilies {
    fn color(&self, node: &SceneNode, style: &Style) -> Option<Color32> {
        (node.kind == NodeKind::Operator).then(|| style.family(node.family).header.fill)
    }

    fn strong(&self, node: &SceneNode, style: &Style) -> Option<Color32> {
        (node.kind == NodeKind::Operator).then(|| style.family(node.family).strong)
    }

    fn legend(&self, scene: &Scene, style: &Style) -> Legend {
        let present = Family::ALL.into_iter().filter(|&f| scene.family_count(f) > 0);
        let entries = present.map(|f| (style.family(f).strong, f.name().to_owned()));
        Legend {
            title: "Operators".to_owned(),
            entries: entries.collect(),
            ramp: None,
        }
    }
}
