//! The colours, fonts and switches that the canvas draws with. The theme fills them; no colour is written down here.

use super::{DiffMark, Family};
use crate::check::Severity;
use eframe::egui::{Color32, FontFamily, FontId};

/// A surface and what is written on it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pair {
    /// Surface.
    pub fill: Color32,
    /// Text or glyph on it, with a contrast of at least 4.5.
    pub text: Color32,
}

/// How an operator family is shown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FamilyColors {
    /// The header of a node.
    pub header: Pair,
    /// The node when it is too small for a header, and in the minimap: must stand out from the background.
    pub strong: Color32,
}

/// Everything the theme decides about the canvas. Lengths in points at zoom 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    /// Behind everything.
    pub background: Color32,
    /// The dots of the background; transparent for none.
    pub grid: Color32,
    /// Under nodes; transparent for none.
    pub shadow: Color32,
    /// Body of a node and its main text.
    pub node: Pair,
    /// Secondary text on a node (shapes).
    pub node_weak_text: Color32,
    /// Outline of nodes.
    pub node_stroke: Color32,
    /// By [`Family`], in the order of [`Family::ALL`].
    pub families: [FamilyColors; Family::ALL.len()],
    /// Graph inputs and outputs.
    pub terminal: FamilyColors,
    /// Collapsed scopes.
    pub scope: FamilyColors,
    /// Open scopes; nested ones alternate.
    pub frames: [Pair; 2],
    /// Outline of open scopes.
    pub frame_stroke: Color32,
    /// Lines.
    pub edge: Color32,
    /// Lines of what is selected or hovered.
    pub edge_strong: Color32,
    /// Lines that close a cycle.
    pub edge_cycle: Color32,
    /// Labels that stand for lines too long to draw.
    pub stub: Pair,
    /// Outline of the selection and of the focused canvas.
    pub selection: Color32,
    /// Outline of the hovered node.
    pub hover: Color32,
    /// Marks of findings: error, warning, info.
    pub error: Pair,
    /// See `error`.
    pub warning: Pair,
    /// See `error`.
    pub info: Pair,
    /// Marks of the graph diff: added, removed, changed.
    pub added: Pair,
    /// See `added`.
    pub removed: Pair,
    /// See `added`.
    pub changed: Pair,
    /// Element types: FP32, FP16, BF16, INT8, FP8, 4 bits, others.
    pub types: [Color32; 7],
    /// A scale from nothing to much.
    pub ramp: [Color32; 5],
    /// Legend and minimap.
    pub overlay: Pair,
    /// Outline of legend and minimap.
    pub overlay_stroke: Color32,
    /// Text for colours that a paint layer brings, on dark ones.
    pub text_on_dark: Color32,
    /// Text for colours that a paint layer brings, on light ones.
    pub text_on_light: Color32,
    /// Operator types and scope names.
    pub title_font: FontFamily,
    /// Size of `title_font`.
    pub title_size: f32,
    /// Makes titles this much heavier (in points) for a family without a bold face; 0 for none.
    pub title_weight: f32,
    /// Legend, counts.
    pub text_font: FontFamily,
    /// Names and shapes.
    pub mono_font: FontFamily,
    /// Size of `text_font` and `mono_font`.
    pub text_size: f32,
    /// No motion: the view jumps.
    pub reduced_motion: bool,
}

impl Style {
    /// The mark of a finding.
    pub fn severity(&self, severity: Severity) -> Pair {
        match severity {
            Severity::Error => self.error,
            Severity::Warning => self.warning,
            Severity::Info => self.info,
        }
    }

    /// The mark of a difference.
    pub fn diff(&self, diff: DiffMark) -> Pair {
        match diff {
            DiffMark::Added => self.added,
            DiffMark::Removed => self.removed,
            DiffMark::Changed => self.changed,
        }
    }

    /// The colours of a family.
    pub fn family(&self, family: Family) -> FamilyColors {
        self.families[family as usize]
    }

    /// The colour of an element type, by TensorRT's name of it.
    pub fn type_color(&self, name: &str) -> Color32 {
        let index = match name {
            "FP32" | "TF32" => 0,
            "FP16" => 1,
            "BF16" => 2,
            "INT8" | "UINT8" => 3,
            "FP8" | "E8M0" => 4,
            "INT4" | "FP4" => 5,
            _ => 6,
        };
        self.types.get(index).copied().unwrap_or(self.node.fill)
    }

    /// The colour of a share of the most there is, 0 to 1.
    pub fn heat(&self, share: f64) -> Color32 {
        let last = self.ramp.len() - 1;
        let at = share.clamp(0.0, 1.0) as f32 * last as f32;
        let low = (at as usize).min(last - 1);
        match (self.ramp.get(low), self.ramp.get(low + 1)) {
            (Some(low_color), Some(high)) => low_color.lerp_to_gamma(*high, at - low as f32),
            _ => self.node.fill,
        }
    }

    /// Whichever of the two text colours is easier to read on `fill`.
    pub fn text_on(&self, fill: Color32) -> Color32 {
        if contrast(self.text_on_dark, fill) > contrast(self.text_on_light, fill) {
            self.text_on_dark
        } else {
            self.text_on_light
        }
    }

    pub(super) fn title(&self, zoom: f32) -> FontId {
        FontId::new(quantised(self.title_size * zoom), self.title_font.clone())
    }

    pub(super) fn mono(&self, zoom: f32) -> FontId {
        FontId::new(quantised(self.text_size * zoom), self.mono_font.clone())
    }

    pub(super) fn text(&self, zoom: f32) -> FontId {
        FontId::new(quantised(self.text_size * zoom), self.text_font.clone())
    }
}

/// Half-point steps: every size seen while zooming would otherwise fill the glyph atlas.
fn quantised(size: f32) -> f32 {
    ((size * 2.0).round() / 2.0).max(1.0)
}

/// Contrast ratio, 1 to 21 (WCAG 2.2, relative luminance of sRGB). Alpha is ignored.
pub fn contrast(a: Color32, b: Color32) -> f32 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(color: Color32) -> f32 {
    let linear = |c: u8| {
        let c = f32::from(c) / 255.0;
        if c <= 0.04045 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((contrast(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 0.01);
        // #767676 on white is the usual example of the AA limit: 4.54.
        assert!((contrast(Color32::from_gray(0x76), Color32::WHITE) - 4.54).abs() < 0.01);
    }
}
