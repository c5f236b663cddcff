//! A few SVG elements as text. Colours of text and lines come from the page's style, those of variants from the palette.

use crate::bench::palette::variant_color;
use crate::visible;

/// Text that is safe inside an element or an attribute, and shows what is in it; characters that XML forbids are left out.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible::text(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

/// `#0072b2`.
pub(super) fn color(index: usize) -> String {
    let [r, g, b] = variant_color(index);
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// A picture being drawn.
pub(super) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

impl Svg {
    pub fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            body: String::new(),
        }
    }

    /// The whole element, with a title that screen readers say.
    pub fn finish(self, title: &str) -> String {
        let (w, h, title) = (self.width, self.height, escape(title));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>\
             <style>text{{font:13px system-ui,-apple-system,'Segoe UI',sans-serif;fill:var(--text,#1c1e21)}}\
             .m{{fill:var(--muted,#5d646d)}}.b{{font-weight:600}}.n{{font-variant-numeric:tabular-nums}}\
             line{{stroke:var(--line,#c9ced6)}}.s{{stroke:var(--text,#1c1e21)}}</style>{}</svg>",
            self.body
        )
    }

    pub fn rect(&mut self, x: f64, y: f64, w: f64, h: f64, fill: &str) {
        let (w, h) = (w.max(0.0), h.max(0.0));
        self.body.push_str(&format!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"2\" fill=\"{fill}\"/>"
        ));
    }

    /// A line; `class` is `s` for a strong one.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        self.body.push_str(&format!(
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" class=\"{class}\"/>",
            from.0, from.1, to.0, to.1
        ));
    }

    /// Text at its baseline; `anchor` is start, middle or end, `class` any of `m` (muted), `b` (bold), `n` (digits).
    pub fn text(&mut self, x: f64, y: f64, anchor: &str, class: &str, text: &str) {
        self.body.push_str(&format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{}</text>",
            escape(text)
        ));
    }

    /// A line through points, in this colour.
    pub fn path(&mut self, points: &[(f64, f64)], stroke: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        self.body.push_str(&format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"2.5\" stroke-linejoin=\"round\"/>",
            points.join(" ")
        ));
    }

    /// A dot; `ring` is the radius of a circle around it.
    pub fn dot(&mut self, at: (f64, f64), fill: &str, ring: Option<f64>) {
        let (x, y) = at;
        self.body.push_str(&format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{fill}\"/>"
        ));
        if let Some(r) = ring {
            self.body.push_str(&format!(
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r:.1}\" fill=\"none\" stroke=\"{fill}\" stroke-width=\"2\"/>"
            ));
        }
    }

    pub fn area(&mut self, points: &[(f64, f64)], fill: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        self.body
            .push_str(&format!("<polygon points=\"{}\" fill=\"{fill}\"/>", points.join(" ")));
    }
}

/// Steps of 1, 2 or 5 times a power of ten that cut `from..=to` into at most `most` parts.
pub(super) fn ticks(from: f64, to: f64, most: usize) -> Vec<f64> {
    let span = to - from;
    if !(span.is_finite() && span > 0.0) || most == 0 {
        return Vec::new();
    }
    let raw = span / most as f64;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|s| *s >= raw)
        .unwrap_or(raw);
    let first = (from / step).ceil() as i64;
    (first..)
        .map(|i| i as f64 * step)
        .take_while(|x| *x <= to * (1.0 + 1e-9))
        .take(most + 2)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_text() {
        assert_eq!(
            escape("<b a='1'>&\"\u{1}x\u{ffff}"),
            "&lt;b a=&#39;1&#39;&gt;&amp;&quot;\\u{1}x"
        );
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(ticks(0.0, 1.0, 5), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(ticks(0.0, 37.0, 5), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!(ticks(0.9, 1.3, 4), [0.9, 1.0, 1.1, 1.2000000000000002, 1.3]);
        assert!(ticks(1.0, 1.0, 5).is_empty() && ticks(0.0, f64::NAN, 5).is_empty());
    }
}
