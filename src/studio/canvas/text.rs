//! Text that fits: names are cut in the middle, where they say least.

use super::style::Style;
use eframe::egui::{Align2, Color32, FontId, Painter, Pos2, Rect, pos2, vec2};

/// Characters of a name that are looked at; longer ones are cut anyway.
const LONGEST: usize = 512;

/// `text`, or its beginning and end around an ellipsis if it is wider than `room`.
pub(super) fn middle_ellipsis(text: &str, room: f32, mut width: impl FnMut(char) -> f32) -> String {
    let characters: Vec<char> = if text.len() <= LONGEST {
        text.chars().collect()
    } else {
        let end: Vec<char> = text.chars().rev().take(LONGEST / 2).collect();
        text.chars().take(LONGEST / 2).chain(end.into_iter().rev()).collect()
    };
    let widths: Vec<f32> = characters.iter().map(|&c| width(c)).collect();
    if text.len() <= LONGEST && widths.iter().sum::<f32>() <= room {
        return text.to_owned();
    }
    let mut left = room - width('…');
    let (mut head, mut tail) = (0, characters.len());
    // The end of a name says more than its beginning: it gets the first turn.
    while head < tail {
        let from_end = characters.len() - tail <= head;
        let next = if from_end { tail - 1 } else { head };
        left -= widths[next];
        if left < 0.0 {
            break;
        }
        if from_end { tail -= 1 } else { head += 1 }
    }
    let (head, tail) = (characters[..head].iter(), characters[tail..].iter());
    head.chain(std::iter::once(&'…')).chain(tail).collect()
}

/// Draws text at its anchor, cut to `room` screen points. Returns where it is.
pub(super) fn fitted(
    painter: &Painter,
    at: Pos2,
    anchor: Align2,
    text: &str,
    room: f32,
    font: &FontId,
    color: Color32,
) -> Rect {
    if text.is_empty() || room < font.size {
        return Rect::from_min_size(at, vec2(0.0, 0.0));
    }
    let text = painter.fonts_mut(|fonts| middle_ellipsis(text, room, |c| fonts.glyph_width(font, c)));
    painter.text(at, anchor, text, font.clone(), color)
}

/// Draws a title: like [`fitted`], and heavier if the style says so.
pub(super) fn title(
    painter: &Painter,
    at: Pos2,
    anchor: Align2,
    text: &str,
    room: f32,
    (style, font): (&Style, &FontId),
    color: Color32,
) -> Rect {
    let pixel = 1.0 / painter.pixels_per_point();
    let rect = fitted(painter, at, anchor, text, room - pixel, font, color);
    // Text stands on whole pixels, so the second copy is one pixel aside and as strong as its share of it.
    let weight = style.title_weight * font.size / style.title_size / pixel;
    if weight > 0.0 {
        let color = color.gamma_multiply(weight.min(1.0));
        fitted(
            painter,
            pos2(at.x + pixel, at.y),
            anchor,
            text,
            room - pixel,
            font,
            color,
        );
    }
    rect
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_stay_and_long_ones_lose_their_middle() {
        let cut = |text: &str, room| middle_ellipsis(text, room, |_| 1.0);
        assert_eq!(cut("conv1", 5.0), "conv1");
        assert_eq!(cut("/layer.3/attn/MatMul", 9.0), "/lay…tMul");
        assert_eq!(cut("ab", 1.0), "…");
        assert_eq!(cut("", 1.0), "");
    }

    #[test]
    fn absurdly_long_names_are_cut() {
        let name = "x".repeat(1_000_000);
        assert_eq!(middle_ellipsis(&name, 11.0, |_| 1.0).chars().count(), 11);
        assert!(middle_ellipsis(&name, f32::INFINITY, |_| 1.0).chars().count() <= LONGEST + 1);
    }
}
