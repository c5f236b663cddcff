//! What keeping layers costs against what it wins back: a point per combination that was really run.

use crate::format;
use crate::rewrite::search::{Metric, Search, Trial};
use crate::studio::theme::Tokens;
use eframe::egui;
use eframe::egui::Ui;
use egui_plot::{HoverPosition, Line, Plot, PlotBounds, Points};

/// A combination's point: how many layers it keeps, what it costs, its figure, and whether no other beats it.
pub struct Point {
    /// Layers kept in higher precision.
    pub kept: usize,
    /// On the lower axis.
    pub cost: f64,
    /// On the other axis.
    pub figure: f64,
    /// True when no other has both a better cost and a better figure.
    pub best: bool,
}

/// The points of a search's trials against the share of multiply-accumulates lowered, in percent.
pub fn by_lowered_macs(search: &Search, metric: Metric) -> Vec<Point> {
    points(search, metric, search.by_lowered_macs(metric), 100.0)
}

/// The points of a search's trials against milliseconds, where `latency` knows them by trial.
pub fn by_latency(search: &Search, metric: Metric, latency: &[Option<f64>]) -> Vec<Point> {
    let of = |trial: &Trial| {
        let at = search.trials.iter().position(|t| std::ptr::eq(t, trial))?;
        latency.get(at).copied().flatten()
    };
    points(search, metric, search.by_latency(metric, of), 1.0)
}

fn points(search: &Search, metric: Metric, found: Vec<(usize, f64, f64, bool)>, unit: f64) -> Vec<Point> {
    let scale = if metric == Metric::Top1Agreement { 100.0 } else { 1.0 };
    let of = |(trial, cost, figure, best): (usize, f64, f64, bool)| Point {
        kept: search.trials.get(trial).map_or(0, |t| t.kept.len()),
        cost: unit * cost,
        figure: scale * figure,
        best,
    };
    found.into_iter().map(of).collect()
}

/// What a metric is called on an axis.
pub fn axis(metric: Metric) -> &'static str {
    match metric {
        Metric::RelativeL2 => "relative error (L2)",
        Metric::Cosine => "cosine similarity",
        Metric::MaxAbs => "largest error",
        Metric::Top1Agreement => "same class, %",
        Metric::Top1Drop => "top-1 lost, points",
    }
}

/// Draws the picture; `kept` is how many layers the recipe keeps now.
pub fn pareto(
    ui: &mut Ui,
    mut points: Vec<Point>,
    cost: &'static str,
    metric: Metric,
    kept: Option<usize>,
    height: f32,
) {
    let t = Tokens::of(ui);
    points.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    let bounds = |of: fn(&Point) -> f64| {
        let low = points.iter().map(of).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        let margin = ((high - low) * 0.12).max(high.abs() * 1e-4).max(1e-9);
        (low - margin, high + margin)
    };
    let (left, right) = bounds(|p| p.cost);
    let (low, high) = bounds(|p| p.figure);
    let all: Vec<(f64, f64, usize)> = points.iter().map(|p| (p.cost, p.figure, p.kept)).collect();
    let read_out = move |position: &HoverPosition<'_>| {
        let HoverPosition::NearDataPoint { position, .. } = position else {
            return None;
        };
        let near = |p: &&(f64, f64, usize)| (p.0 - position.x).abs() < 1e-9 && (p.1 - position.y).abs() < 1e-12;
        let (x, figure, kept) = all.iter().find(near)?;
        Some(format!(
            "{} kept\n{} {cost}\n{} {}",
            format::plural(*kept, "layer"),
            format::significant(*x),
            format::significant(*figure),
            axis(metric)
        ))
    };
    Plot::new(("pareto", cost))
        .height(height)
        .y_axis_min_width(56.0)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .auto_bounds(false)
        .set_margin_fraction(egui::Vec2::ZERO)
        .grid_color(t.line)
        .label_formatter(read_out)
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max(
                [left, low],
                [right.max(left + 1e-6), high.max(low + 1e-12)],
            ));
            let at = |p: &Point| [p.cost, p.figure];
            let front: Vec<[f64; 2]> = points.iter().filter(|p| p.best).map(at).collect();
            let others: Vec<[f64; 2]> = points.iter().filter(|p| !p.best).map(at).collect();
            plot.line(
                Line::new("no other beats these", front.clone())
                    .color(t.accent)
                    .width(1.5)
                    .allow_hover(false),
            );
            plot.points(Points::new("beaten by another", others).color(t.weak).radius(4.0));
            plot.points(Points::new("no other beats it", front).color(t.accent).radius(5.0));
            let now: Vec<[f64; 2]> = points.iter().filter(|p| Some(p.kept) == kept).map(at).collect();
            plot.points(
                Points::new("the recipe", now)
                    .color(t.warning)
                    .radius(8.0)
                    .filled(false)
                    .allow_hover(false),
            );
        });
}
