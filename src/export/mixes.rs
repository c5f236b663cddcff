//! The picture "error against measured latency" of a search's mixes, as SVG.

use super::svg::{Svg, color, ticks};
use crate::bench::Mixes;
use crate::bench::mixes::MixPoint;
use crate::format;
use crate::rewrite::search::{Metric, Search};

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 360.0;
/// Room for the axes' numbers and units.
const LEFT: f64 = 90.0;
const RIGHT: f64 = 150.0;
const FOOT: f64 = 54.0;
const TOP: f64 = 16.0;

/// A dot per row with the interval of its median latency, the front as a line; `None` with fewer than two.
pub fn trade_off(found: &Search, mixes: &Mixes) -> Option<String> {
    let mut points = mixes.picture(found, Metric::RelativeL2);
    if points.len() < 2 {
        return None;
    }
    points.sort_by(|a, b| a.ms.total_cmp(&b.ms));
    let most = |of: fn(&MixPoint) -> f64| points.iter().map(of).fold(0.0, f64::max).max(1e-12) * 1.05;
    let (end, top) = (most(|p| p.interval_ms.1), most(|p| p.figure));
    let x = |ms: f64| LEFT + ms / end * (WIDTH - LEFT - RIGHT);
    let y = |error: f64| HEIGHT - FOOT - error / top * (HEIGHT - FOOT - TOP);
    let mut svg = Svg::new(WIDTH, HEIGHT);
    for mark in ticks(0.0, end, 6) {
        svg.line((x(mark), TOP), (x(mark), HEIGHT - FOOT), "");
        svg.text(
            x(mark),
            HEIGHT - FOOT + 18.0,
            "middle",
            "m n",
            &format!("{}", (mark * 1e6).round() / 1e6),
        );
    }
    for mark in ticks(0.0, top, 4) {
        svg.line((LEFT, y(mark)), (WIDTH - RIGHT, y(mark)), "");
        svg.text(
            LEFT - 8.0,
            y(mark) + 4.0,
            "end",
            "m n",
            &format!("{}", (mark * 1e9).round() / 1e9),
        );
    }
    let unit = format!("latency, ms (measured on {})", mixes.target());
    svg.text(LEFT, HEIGHT - 6.0, "start", "m", &unit);
    svg.text(LEFT, TOP - 4.0, "start", "m", "relative L2 error, worst output");
    let front: Vec<(f64, f64)> = points
        .iter()
        .filter(|p| p.best)
        .map(|p| (x(p.ms), y(p.figure)))
        .collect();
    svg.path(&front, &color(0));
    for point in &points {
        let (at, fill) = (
            (x(point.ms), y(point.figure)),
            if point.best { color(0) } else { "#8a919b".into() },
        );
        let (low, high) = (x(point.interval_ms.0), x(point.interval_ms.1));
        svg.line((low, at.1), (high, at.1), "s");
        svg.dot(at, &fill, None);
        let class = if point.best { "b" } else { "m" };
        let name = mixes.row(point.trial).map_or("", |r| r.name.as_str());
        svg.text(
            high.max(at.0) + 8.0,
            at.1 - 4.0,
            "start",
            class,
            &format::middle(name, 24),
        );
    }
    Some(svg.finish("Error against median latency of the mixes"))
}
