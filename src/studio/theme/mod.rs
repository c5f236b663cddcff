//! Look of the studio: tokens, and how egui's style follows from them. May be called by everything in `studio`.

pub mod canvas;
pub mod tokens;

pub use tokens::{HALF, SPACE, Tokens};

use eframe::egui::{self, Color32, CornerRadius, FontFamily, FontId, Stroke, TextStyle, Theme};
use tokens::{DARK, HEADING, LIGHT, MOTION, RADIUS, SMALL, TEXT};

/// Adds the icon fonts behind the text fonts; see assets/fonts/README.md.
pub fn install_fonts(ctx: &egui::Context) {
    use egui::epaint::text::{FontInsert, FontPriority, InsertFontFamily};
    let fonts: [(&str, &'static [u8]); 2] = [
        ("studio-icons", include_bytes!("../../../assets/fonts/icons.ttf")),
        ("studio-signs", include_bytes!("../../../assets/fonts/signs.ttf")),
    ];
    for (name, bytes) in fonts {
        let families = [FontFamily::Proportional, FontFamily::Monospace]
            .map(|family| InsertFontFamily {
                family,
                priority: FontPriority::Lowest,
            })
            .to_vec();
        ctx.add_font(FontInsert::new(name, egui::FontData::from_static(bytes), families));
    }
}

/// Sets both themes' styles. With `reduce_motion` nothing is animated.
pub fn install(ctx: &egui::Context, reduce_motion: bool) {
    for (theme, tokens) in [(Theme::Dark, DARK), (Theme::Light, LIGHT)] {
        ctx.style_mut_of(theme, |style| apply(style, &tokens, reduce_motion));
    }
}

fn apply(style: &mut egui::Style, t: &Tokens, reduce_motion: bool) {
    style.text_styles = [
        (TextStyle::Heading, FontId::new(HEADING, FontFamily::Proportional)),
        (TextStyle::Body, FontId::new(TEXT, FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(TEXT, FontFamily::Proportional)),
        (TextStyle::Small, FontId::new(SMALL, FontFamily::Proportional)),
        (TextStyle::Monospace, FontId::new(SMALL, FontFamily::Monospace)),
    ]
    .into();
    style.animation_time = if reduce_motion { 0.0 } else { MOTION };
    if reduce_motion {
        style.scroll_animation = egui::style::ScrollAnimation::none();
    }
    let s = &mut style.spacing;
    s.item_spacing = egui::vec2(SPACE, HALF);
    s.button_padding = egui::vec2(SPACE, HALF);
    s.interact_size = egui::vec2(40.0, 24.0);
    s.menu_margin = egui::Margin::same(HALF as i8);
    s.window_margin = egui::Margin::same(2 * SPACE as i8);
    s.indent = 2.0 * SPACE;
    s.icon_width = 2.0 * SPACE;
    s.combo_height = 320.0;
    s.tooltip_width = 400.0;

    let v = &mut style.visuals;
    *v = if t.dark {
        egui::Visuals::dark()
    } else {
        egui::Visuals::light()
    };
    v.panel_fill = t.panel;
    v.window_fill = t.panel;
    v.extreme_bg_color = t.ground;
    v.text_edit_bg_color = Some(t.ground);
    v.code_bg_color = t.raised;
    v.faint_bg_color = mix(t.panel, t.raised, 0.5);
    v.window_stroke = Stroke::new(1.0, t.line);
    v.window_corner_radius = CornerRadius::same(2 * RADIUS);
    v.menu_corner_radius = CornerRadius::same(RADIUS);
    v.warn_fg_color = t.warning;
    v.error_fg_color = t.error;
    v.hyperlink_color = t.accent;
    v.weak_text_color = Some(t.weak);
    v.selection.bg_fill = t.selected;
    v.selection.stroke = Stroke::new(1.0, t.text);
    v.striped = false;
    let w = &mut v.widgets;
    let radius = CornerRadius::same(RADIUS);
    for (state, fill, text, outline) in [
        (&mut w.noninteractive, t.panel, t.text, t.line),
        // A card is as raised as a button: the outline tells them apart.
        (&mut w.inactive, t.raised, t.text, t.line),
        (&mut w.hovered, t.hover, t.text, t.line),
        (&mut w.active, t.selected, t.text, t.accent),
        (&mut w.open, t.hover, t.text, t.line),
    ] {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.fg_stroke = Stroke::new(1.0, text);
        state.bg_stroke = Stroke::new(1.0, outline);
        state.corner_radius = radius;
        state.expansion = 0.0;
    }
}

/// The edge of a toast, which has a shadow but no outline of its own: a line around it.
pub fn toast_edge(t: &Tokens) -> egui::Shadow {
    egui::Shadow {
        offset: [0, 0],
        blur: 0,
        spread: 1,
        color: mix(t.line, t.weak, 0.5),
    }
}

/// `a` with a share `t` of `b`.
pub fn mix(a: Color32, b: Color32, t: f32) -> Color32 {
    a.lerp_to_gamma(b, t)
}
