//! What keeping layers costs against what it wins back: a point per combination that was really run.

use crate::bench::Mixes;
use crate::bench::mixes::FULL;
use crate::format;
use crate::rewrite::search::{Metric, Search};
use crate::studio::theme::Tokens;
use eframe::egui::{self, Ui};
use egui_plot::{GridMark, HoverPosition, Line, Plot, PlotBounds, Points};

/// Names of kept layers that the read-out lists.
const NAMED: usize = 6;

/// A combination's point: what it keeps, what it costs, its figure, and whether no other beats it.
pub struct Point {
    /// Index into [`Search::trials`]; none for the model before precision is lowered.
    pub trial: Option<usize>,
    /// On the lower axis.
    pub cost: f64,
    /// The interval that the cost lies in, where it was measured.
    pub interval: Option<(f64, f64)>,
    /// On the other axis.
    pub figure: f64,
    /// True when no other has both a better cost and a better figure.
    pub best: bool,
    /// Which layers are kept, for the read-out.
    pub words: String,
}

/// The points of a search's trials against the share of multiply-accumulates lowered, in percent.
pub fn by_lowered_macs(search: &Search, metric: Metric) -> Vec<Point> {
    let of = |(trial, share, figure, best): (usize, f64, f64, bool)| Point {
        trial: Some(trial),
        cost: 100.0 * share,
        interval: None,
        figure: scale(metric) * figure,
        best,
        words: kept(search, Some(trial)),
    };
    search.by_lowered_macs(metric).into_iter().map(of).collect()
}

/// The points of the mixes that were measured, against their median latency in milliseconds.
pub fn by_latency(search: &Search, mixes: &Mixes, metric: Metric) -> Vec<Point> {
    let points = mixes.picture(search, metric).into_iter();
    points
        .map(|p| Point {
            trial: p.trial,
            cost: p.ms,
            interval: Some(p.interval_ms),
            figure: scale(metric) * p.figure,
            best: p.best,
            words: kept(search, p.trial),
        })
        .collect()
}

/// Shares are in percent in texts.
fn scale(metric: Metric) -> f64 {
    if metric == Metric::Top1Agreement { 100.0 } else { 1.0 }
}

fn kept(search: &Search, trial: Option<usize>) -> String {
    let Some(trial) = trial.and_then(|i| search.trials.get(i)) else {
        return format!("{FULL}: nothing lowered");
    };
    let layers = search.layers_at(&trial.kept);
    let mut words = match layers.len() {
        0 => "all lowered".to_owned(),
        n => format!("{} kept:", format::plural(n, "layer")),
    };
    for layer in layers.iter().take(NAMED) {
        words.push_str(&format!("\n  {}", format::middle(&layer.name, 40)));
    }
    if let Some(more) = layers.len().checked_sub(NAMED).filter(|n| *n > 0) {
        words.push_str(&format!("\n  and {more} more"));
    }
    words
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

/// Draws the picture; `now` is the trial that the recipe says now.
pub fn pareto(ui: &mut Ui, mut points: Vec<Point>, cost: &str, metric: Metric, now: Option<usize>, height: f32) {
    let t = Tokens::of(ui);
    points.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    let bounds = |ends: fn(&Point) -> (f64, f64)| {
        let low = points.iter().map(|p| ends(p).0).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(|p| ends(p).1).fold(f64::NEG_INFINITY, f64::max);
        let margin = ((high - low) * 0.12).max(high.abs() * 1e-4).max(1e-9);
        (low - margin, high + margin)
    };
    let (left, right) = bounds(|p| p.interval.unwrap_or((p.cost, p.cost)));
    let (low, high) = bounds(|p| (p.figure, p.figure));
    let unit = cost.to_owned();
    let all: Vec<(f64, f64, String)> = points.iter().map(|p| (p.cost, p.figure, read_out(p, metric))).collect();
    let read_out = move |position: &HoverPosition<'_>| {
        let HoverPosition::NearDataPoint { position, .. } = position else {
            return None;
        };
        let near = |p: &&(f64, f64, String)| (p.0 - position.x).abs() < 1e-9 && (p.1 - position.y).abs() < 1e-12;
        Some(all.iter().find(near)?.2.clone())
    };
    Plot::new(("pareto", unit))
        .height(height)
        .y_axis_min_width(56.0)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .auto_bounds(false)
        .set_margin_fraction(egui::Vec2::ZERO)
        .grid_color(t.line)
        .x_grid_spacer(move |_| marks(left, right))
        .label_formatter(read_out)
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max(
                [left, low],
                [right.max(left + 1e-6), high.max(low + 1e-12)],
            ));
            let at = |p: &Point| [p.cost, p.figure];
            let quiet = t.weak.gamma_multiply(0.6);
            for p in &points {
                let Some((from, to)) = p.interval else { continue };
                let colour = if p.best { t.accent } else { quiet };
                plot.line(
                    Line::new("95 % interval", vec![[from, p.figure], [to, p.figure]])
                        .color(colour)
                        .width(if p.best { 2.0 } else { 1.0 })
                        .allow_hover(false),
                );
            }
            let front: Vec<[f64; 2]> = points.iter().filter(|p| p.best).map(at).collect();
            let others: Vec<[f64; 2]> = points.iter().filter(|p| !p.best).map(at).collect();
            // Piece by piece: where two points almost stand above each other, joints of one line would be long spikes.
            for piece in front.windows(2) {
                plot.line(
                    Line::new("no other beats these", piece.to_vec())
                        .color(t.accent)
                        .width(1.5)
                        .allow_hover(false),
                );
            }
            plot.points(Points::new("beaten by another", others).color(quiet).radius(3.0));
            plot.points(Points::new("no other beats it", front).color(t.accent).radius(5.0));
            let full = points.iter().filter(|p| p.trial.is_none()).map(at).collect::<Vec<_>>();
            plot.points(
                Points::new(FULL, full)
                    .color(t.text)
                    .radius(8.0)
                    .shape(egui_plot::MarkerShape::Square)
                    .filled(false)
                    .allow_hover(false),
            );
            let now: Vec<[f64; 2]> = points
                .iter()
                .filter(|p| now.is_some() && p.trial == now)
                .map(at)
                .collect();
            plot.points(
                Points::new("the recipe", now)
                    .color(t.warning)
                    .radius(8.0)
                    .filled(false)
                    .allow_hover(false),
            );
        });
}

/// Steps of 1, 2 or 5 times a power of ten, so that two to seven of them lie between `from` and `to`.
fn marks(from: f64, to: f64) -> Vec<GridMark> {
    let raw = (to - from) / 6.0;
    if !(raw.is_finite() && raw > 0.0) {
        return Vec::new();
    }
    let power = 10f64.powf(raw.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|m| m * power);
    let step = steps.into_iter().find(|s| *s >= raw).unwrap_or(raw);
    let (first, last) = ((from / step).ceil() as i64, (to / step).floor() as i64);
    let mark = |i: i64| GridMark {
        value: i as f64 * step,
        step_size: step,
    };
    (first..=last.min(first.saturating_add(8))).map(mark).collect()
}

fn read_out(p: &Point, metric: Metric) -> String {
    let cost = format::significant(p.cost);
    let cost = match p.interval {
        Some((low, high)) => format!("{cost} ms ({})", format::range(low, high)),
        None => format!("{cost} % of the multiply-accumulates lowered"),
    };
    let figure = match metric {
        // Three digits would make most of them 1.
        Metric::Cosine => format!("{:.6}", p.figure),
        _ => format::significant(p.figure),
    };
    let beaten = if p.best { "" } else { "\nanother is better in both" };
    format!("{}\n{cost}\n{} {figure}{beaten}", p.words, axis(metric))
}

#[cfg(test)]
mod tests {
    use super::marks;

    #[test]
    fn an_axis_has_two_to_seven_round_marks() {
        let values = |from, to| marks(from, to).iter().map(|m| m.value).collect::<Vec<f64>>();
        assert_eq!(values(-2.0, 103.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(values(0.9, 7.1), [2.0, 4.0, 6.0]);
        for (from, to) in [(1.31, 1.32), (1e-9, 3e-9), (12.0, 900.0), (99.9, 100.1)] {
            let n = values(from, to).len();
            assert!((2..=7).contains(&n), "{from} {to}: {n}");
        }
        assert!(values(1.0, 1.0).is_empty() && values(f64::NAN, 1.0).is_empty());
    }
}
