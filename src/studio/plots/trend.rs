//! Median and p99 of a variant's runs over time, with the changes of the runtime.

use crate::bench::history::Entry;
use crate::bench::trend::{Trend, Verdict};
use crate::format;
use crate::studio::theme::Tokens;
use eframe::egui::{self, Align2, RichText, Ui};
use egui_plot::{GridMark, HoverPosition, Line, LineStyle, Plot, PlotBounds, PlotPoint, Points, Text, VLine};

/// Labels on the axis at most.
const LABELS: usize = 8;

/// Draws the trend; the index in [`Trend::runs`] of a run that was clicked. Runs stand at equal distances, oldest first.
pub fn trend(ui: &mut Ui, entries: &[Entry], trend: &Trend, selected: Option<usize>) -> Option<usize> {
    let t = Tokens::of(ui);
    let runs: Vec<&Entry> = trend.runs.iter().filter_map(|i| entries.get(*i)).collect();
    let figure =
        |of: fn(&Entry) -> f64| -> Vec<[f64; 2]> { runs.iter().enumerate().map(|(i, e)| [i as f64, of(e)]).collect() };
    let median = figure(|e| e.result.statistics.latency_ms.median);
    let p99 = figure(|e| e.result.statistics.latency_ms.p99);
    let top = median
        .iter()
        .chain(&p99)
        .map(|p| p[1])
        .filter(|y| y.is_finite())
        .fold(0.0, f64::max)
        .max(1e-9);
    let last = runs.len().saturating_sub(1) as f64;
    let day = |value: f64| {
        let entry = runs.get(value.round().max(0.0) as usize);
        let started = entry.map(|e| e.result.environment.started.as_str()).unwrap_or_default();
        started.get(..16).unwrap_or(started).replace('T', " ")
    };
    let read_out = |position: &HoverPosition<'_>| match position {
        HoverPosition::NearDataPoint {
            plot_name, position, ..
        } => {
            let entry = runs.get(position.x.round().max(0.0) as usize);
            let runtime = entry.map(|e| crate::bench::trend::runtime(e)).unwrap_or_default();
            Some(format!(
                "{plot_name} {} ms\n{}\n{runtime}",
                format::significant(position.y),
                day(position.x)
            ))
        }
        HoverPosition::Elsewhere { .. } => None,
    };
    let step = (runs.len().div_ceil(LABELS)).max(1);
    let count = runs.len();
    let bad = matches!(trend.last, Verdict::Slower { .. });
    let response = Plot::new(("runs over time", &trend.key))
        .x_axis_label("runs, oldest first (UTC) · line: median, dashes: p99 · a click opens a run")
        .y_axis_label("latency, ms")
        .y_axis_min_width(48.0)
        .x_grid_spacer(move |_| {
            let mark = |i: usize| GridMark {
                value: i as f64,
                step_size: step as f64,
            };
            (0..count).step_by(step).map(mark).collect()
        })
        .x_axis_formatter(|mark, _| day(mark.value))
        .label_formatter(read_out)
        .auto_bounds(false)
        .set_margin_fraction(egui::Vec2::ZERO)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_double_click_reset(false)
        .grid_color(t.line)
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([-0.5, 0.0], [last.max(1.0) + 0.5, top * 1.2]));
            for change in &trend.changes {
                let x = change.at as f64 - 0.5;
                plot.vline(
                    VLine::new(format!("runtime changed at {}", change.at), x)
                        .color(t.weak)
                        .style(LineStyle::dashed_dense())
                        .allow_hover(false),
                );
                let words = RichText::new(&change.to).small();
                plot.text(
                    Text::new(format!("change at {}", change.at), PlotPoint::new(x, top * 1.18), words)
                        .color(t.weak)
                        .anchor(Align2::LEFT_TOP),
                );
            }
            plot.line(
                Line::new("p99 line", p99.clone())
                    .color(t.accent.gamma_multiply(0.5))
                    .width(1.0)
                    .style(LineStyle::dashed_dense())
                    .allow_hover(false),
            );
            plot.points(Points::new("p99", p99).color(t.accent.gamma_multiply(0.5)).radius(2.5));
            plot.line(
                Line::new("median line", median.clone())
                    .color(t.accent)
                    .width(2.0)
                    .allow_hover(false),
            );
            plot.points(Points::new("median", median.clone()).color(t.accent).radius(4.0));
            if let Some(point) = median.last().filter(|_| bad) {
                plot.points(
                    Points::new("slower", vec![*point])
                        .color(t.error)
                        .radius(6.0)
                        .allow_hover(false),
                );
            }
            if let Some(point) = selected.and_then(|i| median.get(i)) {
                plot.points(
                    Points::new("selected", vec![*point])
                        .color(t.text)
                        .filled(false)
                        .radius(9.0)
                        .allow_hover(false),
                );
            }
            plot.pointer_coordinate()
        });
    let at = response.inner.filter(|_| response.response.clicked())?;
    let nearest = at.x.round().clamp(0.0, last) as usize;
    (nearest < count).then_some(nearest)
}
