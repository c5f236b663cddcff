//! Latency over time, and its histogram on the same axis.

use crate::format;
use crate::studio::lab::run::{Axes, Run};
use crate::studio::theme::Tokens;
use eframe::egui::{self, Ui, Vec2b};
use egui_plot::{Bar, BarChart, HLine, HoverPosition, Line, LineStyle, Plot, PlotBounds, Points};

/// Bins of the histogram over the visible latency axis.
const BINS: usize = 60;

/// Grows the run's axes to what has arrived and returns them. Latencies far above p99 do not stretch the axis.
pub fn axes(run: &mut Run) -> Axes {
    for v in &run.variants {
        let percentile = |p| v.series.percentile_ms(p);
        if let (Some(min), Some(median), Some(p99)) = (percentile(0.0), percentile(50.0), percentile(99.0)) {
            let spread = (p99 - min).max(median * 0.05);
            let seconds = v.series.span_ms() / 1e3;
            run.axes
                .grow(seconds, (min - spread * 0.3).max(0.0), p99 + spread * 0.5);
        }
    }
    run.axes
}

/// Time and latency under the pointer.
fn read_out(position: &HoverPosition<'_>) -> Option<String> {
    match position {
        HoverPosition::NearDataPoint {
            plot_name, position, ..
        } => Some(format!(
            "{plot_name}\n{} ms at {} s",
            format::significant(position.y),
            format::significant(position.x)
        )),
        HoverPosition::Elsewhere { .. } => None,
    }
}

/// Draws latency over time; true when the user zoomed or panned this frame.
pub fn latency(ui: &mut Ui, run: &Run, axes: Axes, reset: u64, zoomed: bool) -> bool {
    let t = Tokens::of(ui);
    let (low, high) = axes.latency.unwrap_or((0.0, 1.0));
    let plot = Plot::new(("latency over time", reset))
        .x_axis_label("measuring time of the variant, s")
        .y_axis_label("latency, ms")
        .y_axis_min_width(48.0)
        .label_formatter(read_out)
        .auto_bounds(false)
        .set_margin_fraction(egui::Vec2::ZERO)
        .allow_double_click_reset(false)
        .grid_color(t.line)
        .show_background(true);
    let response = plot.show(ui, |plot| {
        if !zoomed {
            plot.set_plot_bounds(PlotBounds::from_min_max(
                [0.0, low],
                [axes.seconds.max(0.1), high.max(low + 1e-6)],
            ));
        }
        for (i, v) in run.variants.iter().enumerate() {
            let columns = v.series.columns();
            let raw: Vec<[f64; 2]> = columns
                .iter()
                .flat_map(|c| [[c.end_ms / 1e3, c.min_ms], [c.end_ms / 1e3, c.max_ms]])
                .collect();
            let faint = t.variant(i).gamma_multiply(0.25);
            plot.points(
                Points::new(v.name.clone(), raw)
                    .color(faint)
                    .radius(1.5)
                    .allow_hover(false),
            );
        }
        for (i, v) in run.variants.iter().enumerate() {
            let colour = t.variant(i);
            if let Some(p99) = v.series.percentile_ms(99.0) {
                let line = HLine::new(format!("{}, p99", v.name), p99);
                plot.hline(
                    line.color(colour)
                        .width(1.0)
                        .style(LineStyle::dashed_dense())
                        .allow_hover(false),
                );
            }
            let median: Vec<[f64; 2]> = v
                .series
                .columns()
                .iter()
                .map(|c| [c.end_ms / 1e3, c.median_ms])
                .collect();
            plot.line(
                Line::new(format!("{}, rolling median", v.name), median)
                    .color(colour)
                    .width(2.0),
            );
        }
    });
    let r = &response.response;
    r.dragged()
        || r.double_clicked()
        || (r.hovered() && ui.input(|i| i.zoom_delta() != 1.0 || i.smooth_scroll_delta() != egui::Vec2::ZERO))
}

/// Draws the histogram, its latency axis the one of [`latency`].
pub fn histogram(ui: &mut Ui, run: &mut Run, axes: Axes, reset: u64) {
    let t = Tokens::of(ui);
    let range = axes.latency.unwrap_or((0.0, 1.0));
    let width = (range.1 - range.0) / BINS as f64;
    let counts: Vec<Vec<u64>> = run
        .variants
        .iter()
        .map(|v| v.series.histogram(range.0, range.1, BINS).counts)
        .collect();
    // Shares, so that a fast variant with more samples does not drown a slow one.
    let share = |c: &[u64], n: u64| {
        if n == 0 {
            0.0
        } else {
            100.0 * n as f64 / c.iter().sum::<u64>().max(1) as f64
        }
    };
    let most = counts
        .iter()
        .flat_map(|c| c.iter().map(|n| share(c, *n)))
        .fold(0.0, f64::max);
    run.axes.count = run.axes.count.max(most);
    Plot::new(("latency histogram", reset))
        .x_axis_label("samples, %")
        .y_axis_label("latency, ms")
        .label_formatter(|_| None)
        .auto_bounds(false)
        .set_margin_fraction(egui::Vec2::ZERO)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_double_click_reset(false)
        .grid_color(t.line)
        .show_grid(Vec2b::new(false, true))
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max(
                [0.0, range.0],
                [run.axes.count.max(1.0) * 1.05, range.1.max(range.0 + 1e-6)],
            ));
            for (i, (v, counts)) in run.variants.iter().zip(&counts).enumerate() {
                let colour = t.variant(i);
                let bars = counts
                    .iter()
                    .enumerate()
                    .filter(|(_, n)| **n > 0)
                    .map(|(bin, n)| {
                        Bar::new(range.0 + (bin as f64 + 0.5) * width, share(counts, *n))
                            .width(width)
                            .fill(colour.gamma_multiply(0.55))
                            .stroke(egui::Stroke::NONE)
                    })
                    .collect();
                plot.bar_chart(
                    BarChart::new(v.name.clone(), bars)
                        .horizontal()
                        .color(colour)
                        .allow_hover(false),
                );
                if let Some(p99) = v.series.percentile_ms(99.0) {
                    plot.hline(
                        HLine::new(format!("{} p99", v.name), p99)
                            .color(colour)
                            .width(1.0)
                            .style(LineStyle::dashed_dense())
                            .allow_hover(false),
                    );
                }
            }
        });
}
