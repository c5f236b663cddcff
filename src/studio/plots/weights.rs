//! Histogram of a stored tensor's values, with the limits of FP16 where they fall inside.

use crate::format;
use crate::model::statistics::{FP16_MAX, TensorStatistics};
use crate::studio::theme::Tokens;
use eframe::egui::{self, Ui};
use egui_plot::{Bar, BarChart, LineStyle, Plot, VLine};

/// Draws the histogram.
pub fn weights(ui: &mut Ui, s: &TensorStatistics) {
    let t = Tokens::of(ui);
    let bins = s.histogram.len().max(1);
    let width = if s.max > s.min {
        (s.max - s.min) / bins as f64
    } else {
        1.0
    };
    let bars: Vec<Bar> = s
        .histogram
        .iter()
        .enumerate()
        .map(|(i, n)| {
            Bar::new(s.min + (i as f64 + 0.5) * width, *n as f64)
                .width(width)
                .fill(t.accent.gamma_multiply(0.7))
                .stroke(egui::Stroke::NONE)
        })
        .collect();
    Plot::new("tensor values")
        .height(120.0)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .x_axis_label("value")
        .grid_color(t.line)
        .label_formatter(|_| None)
        .y_axis_formatter(|mark, _| format::short(mark.value.max(0.0) as u64))
        .show(ui, |plot| {
            plot.bar_chart(BarChart::new("values", bars).color(t.accent).allow_hover(false));
            for limit in [-FP16_MAX, FP16_MAX] {
                if limit > s.min && limit < s.max {
                    plot.vline(
                        VLine::new("FP16 limit", limit)
                            .color(t.warning)
                            .style(LineStyle::dashed_dense()),
                    );
                }
            }
        });
}
