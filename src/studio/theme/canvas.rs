//! The colours of the graph canvas in both themes.

use super::tokens::{SMALL, Tokens, hex};
use crate::studio::canvas::{FamilyColors, Pair, Style};
use eframe::egui::{Color32, FontFamily};

fn pair(fill: u32, text: u32) -> Pair {
    Pair {
        fill: hex(fill),
        text: hex(text),
    }
}

/// Header fill, text on it and the strong colour for small boxes, in the order of [`crate::studio::canvas::Family::ALL`].
const LIGHT: [(u32, u32, u32); 10] = [
    (0xcf_e2fb, 0x0b_3a75, 0x3b_82d6),
    (0xdc_d6fb, 0x3a_2a86, 0x7a_66d9),
    (0xfb_dcd3, 0x7a_2a12, 0xd9_694a),
    (0xcd_eee0, 0x0d_4f38, 0x2f_a57c),
    (0xd3_eef5, 0x0b_4a5c, 0x35_a3bf),
    (0xe4_e8ee, 0x32_3b49, 0x85_92a6),
    (0xf3_e8cf, 0x5c_430a, 0xb8_923a),
    (0xf9_d6ea, 0x7a_1450, 0xcc_4f98),
    (0xe5_f0c6, 0x3f_5208, 0x86_a62b),
    (0xda_dde3, 0x2b_323d, 0x6b_7686),
];

/// As [`LIGHT`].
const DARK: [(u32, u32, u32); 10] = [
    (0x1f_4a80, 0xdc_eaff, 0x4a_90e2),
    (0x47_3a94, 0xe6_e1ff, 0x8f_7df0),
    (0x82_392a, 0xff_e4dc, 0xe0_7a5c),
    (0x1c_5c46, 0xd3_f5e7, 0x3b_b78c),
    (0x1c_5464, 0xd3_f1fa, 0x45_b3cf),
    (0x3d_4756, 0xe3_e9f2, 0x8e_9bb0),
    (0x5c_4a1e, 0xf8_ecd0, 0xc7_a24d),
    (0x7a_2a5c, 0xff_e0f2, 0xdb_66ab),
    (0x46_5418, 0xee_f7d0, 0x9a_ba3f),
    (0x36_3d48, 0xdd_e3ec, 0x78_849a),
];

/// Element types in the order of [`Style::types`]: grey for FP32, then Okabe and Ito's colours.
const TYPES: [u32; 7] = [
    0x8e_9bb0, 0x56_b4e9, 0x00_72b2, 0x00_9e73, 0xe6_9f00, 0xcc_79a7, 0xd5_5e00,
];

/// The canvas's style for these tokens.
pub fn style(t: &Tokens, reduced_motion: bool) -> Style {
    let families = if t.dark { DARK } else { LIGHT };
    let families = families.map(|(fill, text, strong)| FamilyColors {
        header: pair(fill, text),
        strong: hex(strong),
    });
    let common = Style {
        background: t.ground,
        grid: super::mix(t.ground, t.line, 0.45),
        shadow: Color32::from_black_alpha(if t.dark { 110 } else { 28 }),
        node: Pair {
            fill: if t.dark { t.raised } else { t.ground },
            text: t.text,
        },
        node_weak_text: t.weak,
        node_stroke: super::mix(t.line, t.weak, 0.25),
        families,
        terminal: FamilyColors {
            header: pair(0x2f_3b4d, 0xf4_f6f9),
            strong: hex(0x2f_3b4d),
        },
        scope: FamilyColors {
            header: Pair {
                fill: t.raised,
                text: t.text,
            },
            strong: hex(0x93_a1b8),
        },
        frames: [pair(0xee_f1f6, 0x2d_3949), pair(0xe6_eaf1, 0x2d_3949)],
        frame_stroke: super::mix(t.line, t.weak, 0.15),
        edge: hex(0x8a_95a6),
        edge_strong: t.accent,
        edge_cycle: t.error,
        stub: Pair {
            fill: if t.dark { t.raised } else { t.ground },
            text: t.text,
        },
        selection: t.accent,
        hover: super::mix(t.accent, t.ground, 0.35),
        error: pair(0xc6_2828, 0xff_ffff),
        warning: pair(0xf2_a60c, 0x2b_1d00),
        info: pair(0x1e_6fb8, 0xff_ffff),
        added: pair(0x1f_7a3d, 0xff_ffff),
        removed: pair(0xb3_261e, 0xff_ffff),
        changed: pair(0x7a_4fc4, 0xff_ffff),
        types: TYPES.map(hex),
        ramp: [0xe9_ecf1, 0xf7_dcbf, 0xf2_b06a, 0xdf_7a22, 0xb3_4a05].map(hex),
        overlay: Pair {
            fill: t.panel,
            text: t.text,
        },
        overlay_stroke: t.line,
        text_on_dark: hex(0xff_ffff),
        // Black: with anything lighter there are fills between light and dark on which neither is readable.
        text_on_light: hex(0x00_0000),
        title_font: FontFamily::Proportional,
        title_size: 13.0,
        title_weight: 0.6,
        text_font: FontFamily::Proportional,
        mono_font: FontFamily::Monospace,
        text_size: SMALL - 1.0,
        reduced_motion,
    };
    if !t.dark {
        return common;
    }
    Style {
        terminal: FamilyColors {
            header: pair(0xd5_dce6, 0x16_1c25),
            strong: hex(0xd5_dce6),
        },
        scope: FamilyColors {
            header: pair(0x2d_3643, 0xe6_ecf5),
            strong: hex(0x66_758c),
        },
        frames: [pair(0x16_1b21, 0xc6_d0dd), pair(0x1c_222a, 0xc6_d0dd)],
        ramp: [0x2d_3643, 0x5a_4636, 0x96_5a24, 0xd4_7b22, 0xff_b65c].map(hex),
        edge: hex(0x69_758a),
        error: pair(0xe5_484d, 0x1a_0506),
        warning: pair(0xf5_b83d, 0x2b_1d00),
        info: pair(0x4a_a3ea, 0x04_182b),
        added: pair(0x3f_ae68, 0x04_190c),
        removed: pair(0xe5_686b, 0x1f_0506),
        changed: pair(0xa9_8bee, 0x15_0a2b),
        ..common
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::canvas::{Family, contrast};
    use crate::studio::theme::tokens::{DARK, LIGHT};

    #[test]
    fn words_on_the_canvas_are_readable() {
        for t in [DARK, LIGHT] {
            let s = style(&t, false);
            let mut pairs = vec![
                s.node, s.stub, s.error, s.warning, s.info, s.added, s.removed, s.changed, s.overlay,
            ];
            pairs.extend(s.frames);
            pairs.extend([s.terminal.header, s.scope.header]);
            pairs.extend(Family::ALL.map(|f| s.family(f).header));
            for (i, pair) in pairs.iter().enumerate() {
                let ratio = contrast(pair.fill, pair.text);
                assert!(ratio >= 4.5, "pair {i} (dark: {}): {ratio:.2}", t.dark);
            }
            assert!(contrast(s.node.fill, s.node_weak_text) >= 4.5);
            let shares = (0..=20).map(|i| s.heat(f64::from(i) / 20.0));
            for fill in s.types.into_iter().chain(shares) {
                let ratio = contrast(s.text_on(fill), fill);
                assert!(ratio >= 4.5, "text on {fill:?} (dark: {}): {ratio:.2}", t.dark);
            }
            assert_eq!((s.heat(0.0), s.heat(1.0)), (s.ramp[0], s.ramp[4]));
            for family in Family::ALL {
                assert!(contrast(s.background, s.family(family).strong) >= 2.0, "{family:?}");
            }
        }
    }
}
