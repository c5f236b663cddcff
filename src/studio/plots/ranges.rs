//! Histogram of the magnitudes that a tensor took in the calibration, with the limits of narrow types drawn in.

use crate::format;
use crate::rewrite::lowered::Computes;
use crate::rewrite::{LowType, Observed, QuantMode};
use crate::studio::theme::Tokens;
use eframe::egui::{self, Align2, Ui, Vec2b};
use egui_plot::{Bar, BarChart, GridMark, LineStyle, Plot, PlotBounds, PlotPoint, Text, VLine};

/// A limit of a type, on the axis of magnitudes.
pub struct Limit {
    /// What it is: `FP16 max`.
    pub name: &'static str,
    /// The magnitude.
    pub value: f32,
    /// The type.
    pub of: Computes,
}

/// The limits that matter for a precision; `clip` is the threshold that a quantization chose.
pub fn limits(clip: Option<(QuantMode, f32)>) -> Vec<Limit> {
    let limit = |name, value, of| Limit { name, value, of };
    let mut all = vec![
        limit("FP16 normal", LowType::Fp16.smallest_normal(), Computes::Fp16),
        limit("E4M3 max", QuantMode::Fp8.largest(), Computes::Fp8),
        limit("FP16 max", LowType::Fp16.largest(), Computes::Fp16),
        limit("BF16 max", LowType::Bf16.largest(), Computes::Bf16),
    ];
    match clip {
        Some((QuantMode::Int8, at)) => all.push(limit("INT8 clip", at, Computes::Int8)),
        Some((QuantMode::Fp8, at)) => all.push(limit("FP8 clip", at, Computes::Fp8)),
        Some((QuantMode::Int4, _)) | None => {}
    }
    all
}

/// Bars as (from, to, count) on the axis that is drawn.
fn bars(seen: &Observed, log: bool) -> Vec<(f64, f64, u64)> {
    if log {
        let start = f64::from(seen.octaves_start).log10();
        let step = 2f64.log10();
        let bar = |(i, n): (usize, &u64)| (start + (i as f64 - 1.0) * step, start + i as f64 * step, *n);
        return seen.octaves.iter().enumerate().map(bar).collect();
    }
    let width = f64::from(seen.bin_width());
    let bar = |(i, n): (usize, &u64)| (i as f64 * width, (i as f64 + 1.0) * width, *n);
    seen.histogram.iter().enumerate().map(bar).collect()
}

/// Draws the histogram over the available width; counts on a logarithmic axis, because zeros would hide everything else.
pub fn ranges(ui: &mut Ui, name: &str, seen: &Observed, limits: &[Limit], log: bool, height: f32) {
    let t = Tokens::of(ui);
    let bars = bars(seen, log);
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else {
        return;
    };
    let (low, mut high) = (first.0, last.1);
    let at = |value: f32| {
        if log {
            f64::from(value).log10()
        } else {
            f64::from(value)
        }
    };
    let span = high - low;
    // On a logarithmic axis FP16's limits are in view; BF16's are 38 decades away.
    let mut left = low;
    if log {
        left = left.min(at(LowType::Fp16.smallest_normal()));
        high = high.max(at(LowType::Fp16.largest()));
        let margin = (high - left) * 0.04;
        (left, high) = (left - margin, high + margin);
    } else {
        high += 0.12 * span;
    }
    let most = bars.iter().map(|b| b.2).max().unwrap_or(1).max(1) as f64;
    let top = (most.log10() + 0.6).max(1.0) * 1.18;
    let drawn: Vec<Bar> = bars
        .iter()
        .filter(|b| b.2 > 0)
        .map(|(from, to, n)| {
            Bar::new((from + to) / 2.0, (*n as f64).log10() + 0.3)
                .width(to - from)
                .fill(t.accent.gamma_multiply(0.7))
                .stroke(egui::Stroke::NONE)
        })
        .collect();
    let decade = move |mark: GridMark, _: &std::ops::RangeInclusive<f64>| {
        if !log {
            return format::significant(mark.value);
        }
        if (mark.value - mark.value.round()).abs() > 1e-6 {
            return String::new();
        }
        format!("1e{}", mark.value.round())
    };
    Plot::new(("tensor ranges", name, log))
        .height(height)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .x_axis_label("magnitude")
        .grid_color(t.line)
        .label_formatter(|_| None)
        .auto_bounds(false)
        .set_margin_fraction(egui::Vec2::ZERO)
        .x_axis_formatter(decade)
        // Bars stand a little above the logarithm, so that a single value shows: no figures belong there.
        .show_axes(Vec2b::new(true, false))
        .show_grid(Vec2b::new(true, false))
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([left, 0.0], [high, top]));
            plot.bar_chart(BarChart::new("values", drawn).color(t.accent).allow_hover(false));
            // Labels that would overlap stand on two lines.
            let mut marks: Vec<&Limit> = limits.iter().filter(|l| l.value > 0.0).collect();
            marks.sort_by(|a, b| a.value.total_cmp(&b.value));
            // On a plain axis what is near zero says nothing.
            let from = if log { left } else { left + 0.02 * (high - left) };
            marks.retain(|l| (from..=high).contains(&at(l.value)));
            for (i, limit) in marks.iter().enumerate() {
                let x = at(limit.value);
                let colour = t.computes(limit.of).unwrap_or(t.warning);
                plot.vline(
                    VLine::new(limit.name, x)
                        .color(colour)
                        .width(1.5)
                        .style(LineStyle::dashed_dense())
                        .allow_hover(false),
                );
                let is_right = x > left + (high - left) * 0.7;
                let (anchor, shift) = if is_right {
                    (Align2::RIGHT_TOP, -0.006)
                } else {
                    (Align2::LEFT_TOP, 0.006)
                };
                let line = if i % 2 == 0 { 0.995 } else { 0.90 };
                let place = PlotPoint::new(x + shift * (high - left), top * line);
                let text = egui::RichText::new(limit.name).small().color(t.text);
                plot.text(Text::new(limit.name, place, text).anchor(anchor).allow_hover(false));
            }
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_cover_what_was_seen() {
        let seen = Observed {
            histogram: vec![5, 0, 1],
            histogram_end: 64.0,
            octaves: vec![4, 1, 1],
            octaves_start: 1.0,
            ..Observed::default()
        };
        assert_eq!(bars(&seen, false), [(0.0, 1.0, 5), (1.0, 2.0, 0), (2.0, 3.0, 1)]);
        let log = bars(&seen, true);
        assert_eq!(log.len(), 3);
        assert!(
            (log[1].0 - 0.0).abs() < 1e-12 && (log[2].1 - 4f64.log10()).abs() < 1e-12,
            "{log:?}"
        );
    }

    #[test]
    fn the_clip_is_the_thresholds() {
        let all = limits(Some((QuantMode::Int8, 2.5)));
        assert!(all.iter().any(|l| l.name == "INT8 clip" && l.value == 2.5));
        assert!(limits(None).iter().all(|l| l.of != Computes::Int8));
    }
}
