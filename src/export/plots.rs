//! Plots of a comparison as SVG. Bars start at zero; a variant has its colour everywhere; every plot names its unit.

use super::svg::{Svg, color, ticks};
use crate::bench::{Comparison, VariantResult};
use crate::format::{self, significant};

const WIDTH: f64 = 860.0;
/// Room for names on the left and figures on the right.
const LEFT: f64 = 160.0;
const RIGHT: f64 = 160.0;
/// Characters of a name that fit the room on the left.
const NAME: usize = 24;

/// Variants that have figures, with their index in the comparison.
fn measured(comparison: &Comparison) -> impl Iterator<Item = (usize, &VariantResult)> {
    comparison
        .variants
        .iter()
        .enumerate()
        .filter(|(_, v)| v.statistics.samples > 0)
}

/// Largest value of an axis; never 0.
fn top(values: impl Iterator<Item = f64>) -> f64 {
    let top = values.filter(|x| x.is_finite()).fold(0.0, f64::max);
    if top > 0.0 { top } else { 1.0 }
}

/// Room below the rows for the axis' numbers and its unit.
const FOOT: f64 = 54.0;

/// Vertical lines with numbers below, and the unit under them.
fn axis(svg: &mut Svg, x: &dyn Fn(f64) -> f64, marks: &[f64], height: f64, unit: &str) {
    for mark in marks {
        svg.line((x(*mark), 8.0), (x(*mark), height - FOOT + 14.0), "");
        svg.text(
            x(*mark),
            height - FOOT + 30.0,
            "middle",
            "m n",
            &format!("{}", (mark * 1e6).round() / 1e6),
        );
    }
    svg.text(LEFT, height - 6.0, "start", "m", unit);
}

/// Speed-up against the first variant, with the 95 % interval as a whisker; `None` when no variant has a ratio.
pub fn speedup(comparison: &Comparison) -> Option<String> {
    let rows: Vec<(usize, &VariantResult)> = measured(comparison)
        .filter(|(i, v)| *i == 0 || v.ratio.is_some())
        .collect();
    if rows.len() < 2 {
        return None;
    }
    let height = rows.len() as f64 * 44.0 + FOOT;
    let mut svg = Svg::new(WIDTH, height);
    let end = top(rows.iter().map(|(_, v)| v.ratio.map_or(1.0, |r| r.high.max(r.speedup))));
    let x = |value: f64| LEFT + value / end * (WIDTH - LEFT - RIGHT);
    axis(&mut svg, &x, &ticks(0.0, end, 5), height, "times the baseline's speed");
    svg.line((x(1.0), 4.0), (x(1.0), height - FOOT + 14.0), "s");
    for (row, (index, variant)) in rows.iter().enumerate() {
        let y = row as f64 * 44.0 + 12.0;
        svg.text(LEFT - 10.0, y + 19.0, "end", "", &format::middle(&variant.name, NAME));
        let value = variant.ratio.map_or(1.0, |r| r.speedup);
        svg.rect(x(0.0), y, x(value) - x(0.0), 28.0, &color(*index));
        match variant.ratio {
            None => svg.text(x(value) + 10.0, y + 19.0, "start", "m", "baseline"),
            Some(ratio) => {
                svg.line((x(ratio.low), y + 14.0), (x(ratio.high), y + 14.0), "s");
                for at in [ratio.low, ratio.high] {
                    svg.line((x(at), y + 9.0), (x(at), y + 19.0), "s");
                }
                let right = x(ratio.high.max(value)) + 10.0;
                svg.text(right, y + 12.0, "start", "b n", &format::speedup(value));
                let range = format::range(ratio.low, ratio.high);
                let note = if ratio.within_noise {
                    "within noise".into()
                } else {
                    range
                };
                svg.text(right, y + 27.0, "start", "m n", &note);
            }
        }
    }
    Some(svg.finish("Speed-up against the baseline with 95 % intervals"))
}

/// One histogram of latencies per variant on one axis, with median and p99; `None` without histograms.
pub fn latency(comparison: &Comparison) -> Option<String> {
    let rows: Vec<_> = measured(comparison)
        .filter_map(|(i, v)| v.histogram.as_ref().map(|h| (i, v, h)))
        .collect();
    if rows.is_empty() {
        return None;
    }
    let height = rows.len() as f64 * 64.0 + FOOT;
    let mut svg = Svg::new(WIDTH, height);
    let end = top(rows.iter().map(|(_, v, _)| v.statistics.latency_ms.p99)) * 1.02;
    let least = rows
        .iter()
        .map(|(_, v, _)| v.statistics.latency_ms.min)
        .fold(end, f64::min);
    // Zero is shown unless everything lies in the upper half, where it would squeeze the shapes together.
    let start = if least < end / 2.0 {
        0.0
    } else {
        (least - (end - least) * 0.1).max(0.0)
    };
    let x = |ms: f64| LEFT + (ms - start) / (end - start) * (WIDTH - LEFT - RIGHT);
    axis(&mut svg, &x, &ticks(start, end, 6), height, "latency in ms");
    for (row, (index, variant, histogram)) in rows.iter().enumerate() {
        let base = row as f64 * 64.0 + 64.0;
        let peak = histogram.counts.iter().copied().max().unwrap_or(0).max(1) as f64;
        let mut points = vec![(x(histogram.start_ms), base)];
        for (bin, count) in histogram.counts.iter().enumerate() {
            let left = x(histogram.start_ms + bin as f64 * histogram.width_ms);
            // A narrow histogram is still visible.
            let right = x(histogram.start_ms + (bin + 1) as f64 * histogram.width_ms).max(left + 1.0);
            let y = base - *count as f64 / peak * 48.0;
            points.extend([(left, y), (right, y)]);
        }
        points.push((points.last().map_or(LEFT, |p| p.0), base));
        svg.area(&points, &color(*index));
        svg.line((LEFT, base), (WIDTH - RIGHT, base), "");
        let l = &variant.statistics.latency_ms;
        // From the fastest sample to p99, and the median below the line, where it hides nothing.
        let from = x(l.min);
        svg.rect(from, base + 2.0, (x(l.p99) - from).max(2.0), 3.0, &color(*index));
        svg.line((x(l.median), base), (x(l.median), base + 9.0), "s");
        svg.text(
            LEFT - 10.0,
            base - 18.0,
            "end",
            "",
            &format::middle(&variant.name, NAME),
        );
        let right = WIDTH - RIGHT + 12.0;
        svg.text(
            right,
            base - 26.0,
            "start",
            "b n",
            &format!("{} ms median", significant(l.median)),
        );
        svg.text(
            right,
            base - 9.0,
            "start",
            "m n",
            &format!("{} ms p99", significant(l.p99)),
        );
    }
    Some(svg.finish("Latency histograms with medians"))
}

/// Images per second (queries times batch); `None` without figures.
pub fn throughput(comparison: &Comparison) -> Option<String> {
    let rows: Vec<(usize, &VariantResult)> = measured(comparison).collect();
    if rows.is_empty() {
        return None;
    }
    let images = |v: &VariantResult| v.statistics.throughput_qps * v.batch.max(1) as f64;
    let height = rows.len() as f64 * 36.0 + FOOT;
    let mut svg = Svg::new(WIDTH, height);
    let end = top(rows.iter().map(|(_, v)| images(v)));
    let x = |value: f64| LEFT + value / end * (WIDTH - LEFT - RIGHT);
    let scale = if end >= 10_000.0 { 1e3 } else { 1.0 };
    let unit = if scale > 1.0 { "thousand images/s" } else { "images/s" };
    let marks = ticks(0.0, end / scale, 5);
    axis(&mut svg, &|value| x(value * scale), &marks, height, unit);
    for (row, (index, variant)) in rows.iter().enumerate() {
        let y = row as f64 * 36.0 + 10.0;
        svg.text(LEFT - 10.0, y + 16.0, "end", "", &format::middle(&variant.name, NAME));
        svg.rect(x(0.0), y, x(images(variant)) - x(0.0), 22.0, &color(*index));
        let right = x(images(variant)) + 10.0;
        svg.text(right, y + 16.0, "start", "b n", &significant(images(variant)));
    }
    Some(svg.finish("Throughput in images per second"))
}
