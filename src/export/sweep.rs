//! Throughput against batch size as SVG: a line a variant, the spread of the rounds as a bar, a ring around the knee.

use super::svg::{Svg, color, ticks};
use crate::bench::Comparison;
use crate::bench::sweep::{Curve, Point};
use crate::data::traffic::Requests;
use crate::format::{self, significant};

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 70.0;
/// Room for the names on the right.
const RIGHT: f64 = 210.0;
const TOP: f64 = 34.0;
const FOOT: f64 = 54.0;
/// The bars of real traffic.
const TRAFFIC: &str = "#8884";

/// The figure; none when nothing was swept. Batch sizes stand at equal distances for doublings.
pub fn throughput(comparison: &Comparison) -> Option<String> {
    let curves: Vec<(usize, &Curve)> = comparison
        .sweeps
        .iter()
        .enumerate()
        .filter(|(_, c)| !c.points.is_empty())
        .collect();
    let points = || curves.iter().flat_map(|(_, c)| &c.points);
    let traffic = curves.first().map_or(&[][..], |(_, c)| c.traffic.as_slice());
    let asked = || traffic.iter().map(|r| r.size);
    let least = points().map(Point::size).chain(asked()).min()?.max(1) as f64;
    let most = points().map(Point::size).chain(asked()).max()?.max(1) as f64;
    let top = points().map(|p| p.high).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let (right, base) = (WIDTH - RIGHT, HEIGHT - FOOT);
    let doublings = (most / least).log2();
    let x = |batch: u64| {
        let at = (batch.max(1) as f64 / least).log2();
        LEFT + if doublings > 0.0 { at / doublings } else { 0.5 } * (right - LEFT)
    };
    let y = |rate: f64| base - rate / top * (base - TOP);
    let mut svg = Svg::new(WIDTH, HEIGHT);
    svg.text(LEFT - 50.0, 16.0, "start", "m", "images/s");
    for mark in ticks(0.0, top, 5) {
        svg.line((LEFT, y(mark)), (right, y(mark)), "");
        svg.text(LEFT - 8.0, y(mark) + 4.0, "end", "m n", &significant(mark));
    }
    // Real traffic behind the curves: the share of the requests that have each size.
    let peak = traffic.iter().map(|r| r.count).max().unwrap_or(0).max(1) as f64;
    for requests in traffic {
        let height = requests.count as f64 / peak * (base - TOP) / 2.0;
        svg.rect(x(requests.size) - 3.0, base - height, 6.0, height, TRAFFIC);
    }
    if let Some(words) = traffic_words(traffic) {
        svg.text(right, 16.0, "end", "m", &words);
    }
    let mut batches: Vec<u64> = points().map(Point::size).collect();
    batches.sort_unstable();
    batches.dedup();
    let mut free = f64::NEG_INFINITY;
    for batch in batches {
        let label = format::count(batch);
        let half = label.len() as f64 * 4.0 + 4.0;
        if x(batch) - half >= free {
            svg.text(x(batch), base + 20.0, "middle", "m n", &label);
            free = x(batch) + half;
        }
    }
    svg.text(LEFT, HEIGHT - 8.0, "start", "m", &axis_words(&curves));
    let mut names: Vec<(f64, usize, &Curve)> = Vec::new();
    for (index, curve) in &curves {
        let stroke = color(*index);
        let line: Vec<(f64, f64)> = curve.points.iter().map(|p| (x(p.size()), y(p.images_per_s))).collect();
        svg.path(&line, &stroke);
        for point in &curve.points {
            let at = x(point.size());
            svg.line((at, y(point.low)), (at, y(point.high)), "s");
            let knee = curve.knee.is_some_and(|k| k.batch == point.batch);
            svg.dot((at, y(point.images_per_s)), &stroke, knee.then_some(9.0));
        }
        if let Some(last) = line.last() {
            names.push((last.1, *index, curve));
        }
    }
    // Names beside the ends of their lines, kept apart.
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = TOP;
    for (end, index, curve) in names {
        let at = end.max(free);
        free = at + 38.0;
        svg.rect(right + 12.0, at - 6.0, 8.0, 8.0, &color(index));
        svg.text(right + 26.0, at + 2.0, "start", "b", &format::middle(&curve.name, 22));
        let knee = match curve.knee {
            Some(knee) => format!("knee at batch {}", knee.batch),
            None if curve.is_batch() => "no knee".into(),
            None => String::new(),
        };
        svg.text(right + 26.0, at + 18.0, "start", "m n", &knee);
    }
    let over = curves.first().map_or("batch size", |(_, c)| over_words(c));
    Some(svg.finish(&format!("Images per second against {over}")))
}

/// `bars: 1,200 requests, most of them at 128`; none without traffic.
fn traffic_words(traffic: &[Requests]) -> Option<String> {
    let most = traffic.iter().max_by_key(|r| r.count)?;
    let all: u64 = traffic.iter().map(|r| r.count).sum();
    Some(format!(
        "bars: {} requests, most of them at {}",
        format::count(all),
        format::count(most.size)
    ))
}

/// What varies, in words: `batch size`, `seq`.
pub fn over_words(curve: &Curve) -> &str {
    if curve.is_batch() { "batch size" } else { &curve.over }
}

fn axis_words(curves: &[(usize, &Curve)]) -> String {
    match curves.first() {
        Some((_, curve)) if !curve.is_batch() => curve.over.clone(),
        _ => "batch size (images per query)".into(),
    }
}

/// What to read beside the figure: every curve's knee, or why it has none.
pub fn words(comparison: &Comparison) -> Vec<String> {
    let mut out = Vec::new();
    for curve in &comparison.sweeps {
        let judged = match (&curve.knee, &curve.no_knee) {
            (Some(knee), _) => knee.words(),
            (None, _) if !curve.is_batch() => slope(curve),
            (None, why) => format!("no knee: {}", why.as_deref().unwrap_or("nothing was measured")),
        };
        out.push(format!("{}: {judged}", curve.name));
        out.extend(
            curve
                .stopped
                .iter()
                .map(|why| format!("{}: larger batch sizes were not measured: {why}", curve.name)),
        );
    }
    out
}

/// What a size costs: the latency at both ends.
fn slope(curve: &Curve) -> String {
    let (Some(first), Some(last)) = (curve.points.first(), curve.points.last()) else {
        return "nothing was measured".into();
    };
    if curve.points.len() < 2 {
        return format!("{} ms at {} {}", significant(first.median_ms), curve.over, first.size());
    }
    format!(
        "from {} {} to {} the median latency goes from {} to {} ms, {} times for {} times the size",
        curve.over,
        format::count(first.size()),
        format::count(last.size()),
        significant(first.median_ms),
        significant(last.median_ms),
        significant(last.median_ms / first.median_ms),
        significant(last.size() as f64 / first.size() as f64)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::sweep::Knee;

    #[test]
    fn the_figure_has_every_curve_and_rings_the_knee() {
        let point = |batch: u64, rate: f64| Point {
            batch,
            images_per_s: rate,
            low: rate * 0.95,
            high: rate * 1.05,
            ..Point::default()
        };
        let knee = Knee {
            batch: 4,
            low: 4,
            high: 8,
            gain: 3.5,
            of_best: 0.9,
        };
        let mut comparison = Comparison {
            sizes: Default::default(),
            sweeps: vec![
                Curve {
                    name: "<fp32>".into(),
                    points: vec![point(1, 100.0), point(4, 350.0), point(16, 380.0)],
                    knee: Some(knee),
                    ..Curve::default()
                },
                Curve {
                    name: "int8".into(),
                    points: vec![point(1, 90.0)],
                    no_knee: Some("1 batch size measured".into()),
                    stopped: Some("it failed".into()),
                    ..Curve::default()
                },
                Curve::default(),
            ],
            ..Comparison::default()
        };
        let svg = throughput(&comparison).unwrap();
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert_eq!(svg.matches("<circle").count(), 4 + 1, "a dot a point, and the ring");
        assert!(svg.contains("&lt;fp32&gt;") && svg.contains("knee at batch 4") && svg.contains("no knee"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        let words = words(&comparison);
        assert!(
            words[0].contains("between 4 and 8") && words[2].contains("it failed"),
            "{words:?}"
        );
        assert!(!svg.contains(TRAFFIC));
        let requests = |size: u64, count: u64| Requests {
            size,
            padded: size,
            count,
        };
        comparison.sweeps[0].traffic = vec![requests(1, 900), requests(32, 300)];
        let svg = throughput(&comparison).unwrap();
        assert_eq!(svg.matches(TRAFFIC).count(), 2, "a bar for each size of the traffic");
        assert!(svg.contains("bars: 1,200 requests, most of them at 1"), "{svg}");
        comparison.sweeps.clear();
        assert_eq!(throughput(&comparison), None);
    }
}
