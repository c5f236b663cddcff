//! The one file of colours, type sizes and spacing. Nothing else in the studio names a colour.

use crate::rewrite::lowered::Computes;
use eframe::egui::{self, Color32};

/// Distance between unrelated things; everything is a multiple of half of it.
pub const SPACE: f32 = 8.0;
/// Half of [`SPACE`]: distance between related things.
pub const HALF: f32 = 4.0;
/// Running text, in points.
pub const TEXT: f32 = 14.0;
/// Secondary text, table headers, captions, in points.
pub const SMALL: f32 = 12.0;
/// Headings, in points.
pub const HEADING: f32 = 18.0;
/// Corner radius of buttons, cards and fields, in points.
pub const RADIUS: u8 = 4;
/// Animations in seconds; 0 when motion is reduced.
pub const MOTION: f32 = 0.15;

pub(super) const fn hex(rgb: u32) -> Color32 {
    Color32::from_rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

/// Colours of one theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tokens {
    /// True for the dark theme.
    pub dark: bool,
    /// Behind the graph and the plots, and inside text fields.
    pub ground: Color32,
    /// Panels.
    pub panel: Color32,
    /// Cards, buttons at rest, the story line.
    pub raised: Color32,
    /// Under the pointer.
    pub hover: Color32,
    /// Lines between panels, outlines of fields.
    pub line: Color32,
    /// Text.
    pub text: Color32,
    /// Secondary text.
    pub weak: Color32,
    /// The one accent: primary buttons, selection, focus, links.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Behind selected rows and text.
    pub selected: Color32,
    /// Severity: the target cannot take it; a build failed.
    pub error: Color32,
    /// Severity: may be slow, wrong or surprising.
    pub warning: Color32,
    /// Severity: worth knowing.
    pub info: Color32,
    /// Done, supported, faster.
    pub success: Color32,
}

/// The dark theme.
pub const DARK: Tokens = Tokens {
    dark: true,
    ground: hex(0x0f_1215),
    panel: hex(0x17_1b20),
    raised: hex(0x22_2830),
    hover: hex(0x2e_3640),
    line: hex(0x33_3c47),
    text: hex(0xe7_eaee),
    weak: hex(0xa4_aeba),
    accent: hex(0x9a_97ff),
    on_accent: hex(0x12_1030),
    selected: hex(0x3a_3a6b),
    error: hex(0xff_8178),
    warning: hex(0xe8_b54a),
    info: hex(0x7c_bcff),
    success: hex(0x5f_d38a),
};

/// The light theme.
pub const LIGHT: Tokens = Tokens {
    dark: false,
    ground: hex(0xff_ffff),
    panel: hex(0xf6_f7f9),
    raised: hex(0xe9_ecf0),
    hover: hex(0xdd_e2e8),
    line: hex(0xc9_d0d9),
    text: hex(0x1a_2028),
    weak: hex(0x55_606d),
    accent: hex(0x4d_43c6),
    on_accent: hex(0xff_ffff),
    selected: hex(0xd9_d7fb),
    error: hex(0xb4_2318),
    warning: hex(0x86_5200),
    info: hex(0x0a_5aa8),
    success: hex(0x17_6b3a),
};

impl Tokens {
    /// The tokens that belong to egui's current theme.
    pub fn of(ui: &egui::Ui) -> Self {
        if ui.visuals().dark_mode { DARK } else { LIGHT }
    }

    /// As [`Self::of`], from the context.
    pub fn of_ctx(ctx: &egui::Context) -> Self {
        if ctx.theme() == egui::Theme::Dark { DARK } else { LIGHT }
    }

    /// Colour of the variant with this index, the same as in reports.
    pub fn variant(&self, index: usize) -> Color32 {
        let [r, g, b] = crate::bench::palette::variant_color(index);
        Color32::from_rgb(r, g, b)
    }

    /// Colour of what a node computes in, from the same set; none for what precision does not concern.
    pub fn computes(&self, of: Computes) -> Option<Color32> {
        let index = match of {
            Computes::Fp32 => 5,
            Computes::Bf16 => 0,
            Computes::Fp16 => 2,
            Computes::Fp8 => 3,
            Computes::Int8 => 1,
            Computes::Int4 => 4,
            Computes::Converts => 6,
            Computes::Fp64 => return Some(self.weak),
            Computes::Integers | Computes::Other => return None,
        };
        let [r, g, b] = crate::bench::palette::OKABE_ITO[index];
        Some(Color32::from_rgb(r, g, b))
    }

    /// Colour of how much accuracy a layer loses, `share` of the worst one's in 0..=1: from the background to vermillion.
    pub fn sensitivity(&self, share: f32) -> Color32 {
        let [r, g, b] = crate::bench::palette::OKABE_ITO[4];
        self.line
            .lerp_to_gamma(Color32::from_rgb(r, g, b), share.clamp(0.0, 1.0))
    }

    /// Colour of a severity.
    pub fn severity(&self, severity: crate::check::Severity) -> Color32 {
        match severity {
            crate::check::Severity::Error => self.error,
            crate::check::Severity::Warning => self.warning,
            crate::check::Severity::Info => self.info,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::canvas::contrast;

    #[test]
    fn text_is_readable_on_every_surface() {
        for t in [DARK, LIGHT] {
            for ground in [t.ground, t.panel, t.raised] {
                for (name, colour) in [
                    ("text", t.text),
                    ("weak", t.weak),
                    ("error", t.error),
                    ("warning", t.warning),
                    ("info", t.info),
                    ("success", t.success),
                    ("accent", t.accent),
                ] {
                    let ratio = contrast(colour, ground);
                    assert!(ratio >= 4.5, "{name} on {ground:?} (dark: {}): {ratio:.2}", t.dark);
                }
            }
            assert!(contrast(t.text, t.hover) >= 4.5);
            assert!(contrast(t.text, t.selected) >= 4.5);
            assert!(contrast(t.on_accent, t.accent) >= 4.5);
        }
    }
}
