//! Throughput against batch size: a line a variant, the rounds' spread, the knee.

use crate::bench::sweep::{Curve, Point};
use crate::export::sweep::over_words;
use crate::format;
use crate::studio::theme::Tokens;
use eframe::egui::{self, Align2, RichText, Ui};
use egui_plot::{GridMark, HoverPosition, Line, Plot, PlotBounds, PlotPoint, Points, Text};

/// Draws the curves; `top` is the end of the axis in images per second. Batch sizes stand at equal distances for doublings.
pub fn sweep(ui: &mut Ui, curves: &[Curve], top: f64) {
    let t = Tokens::of(ui);
    let at = |batch: u64| (batch.max(1) as f64).log2();
    let points = || curves.iter().flat_map(|c| &c.points);
    let mut batches: Vec<u64> = points().map(Point::size).collect();
    batches.sort_unstable();
    batches.dedup();
    let (first, last) = (
        batches.first().map_or(0.0, |b| at(*b)),
        batches.last().map_or(1.0, |b| at(*b)),
    );
    let is_batch = curves.iter().all(Curve::is_batch);
    let over = if is_batch {
        "batch"
    } else {
        curves.first().map_or("", over_words)
    }
    .to_owned();
    let axis = if is_batch {
        "batch size, images per query".to_owned()
    } else {
        over.clone()
    };
    let marks: Vec<f64> = batches.iter().map(|b| at(*b)).collect();
    let size = |x: f64| x.exp2().round() as u64;
    let read_out = |position: &HoverPosition<'_>| match position {
        HoverPosition::NearDataPoint {
            plot_name, position, ..
        } => Some(format!(
            "{plot_name}\n{over} {}: {} images/s",
            format::count(size(position.x)),
            format::significant(position.y)
        )),
        HoverPosition::Elsewhere { .. } => None,
    };
    Plot::new("throughput against batch size")
        .x_axis_label(axis)
        .y_axis_label("images/s")
        .y_axis_min_width(56.0)
        .x_grid_spacer(move |_| {
            let mark = |value: &f64| GridMark {
                value: *value,
                step_size: 1.0,
            };
            marks.iter().map(mark).collect()
        })
        .x_axis_formatter(move |mark, _| format::count(size(mark.value)))
        .label_formatter(read_out)
        .auto_bounds(false)
        .set_margin_fraction(egui::Vec2::ZERO)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_double_click_reset(false)
        .grid_color(t.line)
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max(
                [first - 0.4, 0.0],
                [last.max(first + 1.0) + 0.4, top.max(1e-9) * 1.12],
            ));
            for (i, curve) in curves.iter().enumerate() {
                let colour = t.variant(i);
                for p in &curve.points {
                    let spread = vec![[at(p.size()), p.low], [at(p.size()), p.high]];
                    plot.line(
                        Line::new(format!("{} rounds at {}", curve.name, p.size()), spread)
                            .color(colour)
                            .width(1.5)
                            .allow_hover(false),
                    );
                }
                let line: Vec<[f64; 2]> = curve.points.iter().map(|p| [at(p.size()), p.images_per_s]).collect();
                plot.line(
                    Line::new(format!("{} line", curve.name), line.clone())
                        .color(colour)
                        .width(2.0)
                        .allow_hover(false),
                );
                plot.points(Points::new(curve.name.clone(), line).color(colour).radius(4.0));
                let knee = curve
                    .knee
                    .and_then(|k| curve.points.iter().find(|p| p.batch == k.batch));
                if let Some(p) = knee {
                    let place = [at(p.size()), p.images_per_s];
                    plot.points(
                        Points::new(format!("{}, knee", curve.name), vec![place])
                            .color(colour)
                            .filled(false)
                            .radius(9.0)
                            .allow_hover(false),
                    );
                    let words = RichText::new(format!("knee, batch {}", p.size())).strong();
                    let above = PlotPoint::new(place[0], p.high + top * 0.05);
                    plot.text(
                        Text::new(format!("{}, knee in words", curve.name), above, words)
                            .color(t.text)
                            .anchor(Align2::CENTER_BOTTOM),
                    );
                }
            }
        });
}
