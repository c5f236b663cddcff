//! Throughput and speed-up as horizontal bars from zero, the value written beside each.

use crate::bench::Comparison;
use crate::format;
use crate::studio::lab::run::Run;
use crate::studio::theme::{HALF, SPACE, Tokens, tokens};
use eframe::egui::{Align2, Color32, FontId, Painter, Rect, Sense, Stroke, Ui, pos2, vec2};

struct BarRow {
    name: String,
    value: f64,
    words: String,
    /// What to know of the value, below it.
    remark: &'static str,
    /// Interval to draw over the bar's end.
    interval: Option<(f64, f64)>,
}

/// Images per second of every variant; queries per second while every query is one image.
pub fn throughput(ui: &mut Ui, run: &Run, result: Option<&Comparison>, height: f32) {
    let images = run.variants.iter().any(|v| v.batch > 1);
    let rows = run
        .variants
        .iter()
        .enumerate()
        .filter_map(|(i, v)| {
            let done = result.and_then(|r| r.variants.get(i)).filter(|r| r.error.is_none());
            let (rate, batch) = match done {
                Some(r) => (r.statistics.throughput_qps, r.batch),
                None => (v.series.throughput_qps()?, v.batch),
            };
            let value = rate * batch.max(1) as f64;
            let row = BarRow {
                name: v.name.clone(),
                value,
                words: format::significant(value),
                remark: "",
                interval: None,
            };
            Some((i, row))
        })
        .collect();
    let title = if images {
        "Throughput, images/s"
    } else {
        "Throughput, queries/s"
    };
    bars(ui, title, rows, None, height);
}

/// Speed-up of every variant against the first, with its interval.
pub fn speedup(ui: &mut Ui, run: &Run, result: Option<&Comparison>, height: f32) {
    let mut rows = Vec::new();
    for (i, v) in run.variants.iter().enumerate().skip(1) {
        if let Some(ratio) = result.and_then(|r| r.variants.get(i)).and_then(|r| r.ratio) {
            rows.push((
                i,
                BarRow {
                    name: v.name.clone(),
                    value: ratio.speedup,
                    words: format::speedup(ratio.speedup),
                    remark: if ratio.within_noise { "within noise" } else { "" },
                    interval: Some((ratio.low, ratio.high)),
                },
            ));
        }
    }
    let base = run.variants.first().map_or("", |v| v.name.as_str());
    let title = format!("Speed-up against {}, 95 % interval", format::middle(base, 24));
    if rows.is_empty() {
        let why = match (run.variants.len(), run.job.is_running()) {
            (0 | 1, _) => "One variant: nothing to compare with.",
            (_, true) => "Shown when the measurement is done.",
            (_, false) => "No speed-up: the comparison did not finish.",
        };
        empty_bars(ui, &title, why, height);
        return;
    }
    bars(ui, &title, rows, Some(1.0), height);
}

fn empty_bars(ui: &mut Ui, title: &str, why: &str, height: f32) {
    let t = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let small = FontId::proportional(tokens::SMALL);
    ui.painter()
        .text(rect.left_top(), Align2::LEFT_TOP, title, small.clone(), t.weak);
    ui.painter().text(
        rect.left_top() + vec2(0.0, 3.0 * SPACE),
        Align2::LEFT_TOP,
        why,
        small,
        t.weak,
    );
}

fn bars(ui: &mut Ui, title: &str, rows: Vec<(usize, BarRow)>, mark: Option<f64>, height: f32) {
    let t = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let painter = ui.painter_at(rect);
    let small = FontId::proportional(tokens::SMALL);
    let mono = FontId::monospace(tokens::SMALL);
    painter.text(rect.left_top(), Align2::LEFT_TOP, title, small.clone(), t.weak);
    let top = rect.top() + 2.5 * SPACE;
    let row = ((rect.bottom() - top) / rows.len().max(1) as f32).min(32.0);
    // Names have the room they need, up to two fifths; beyond that they lose their middle.
    let widest = rows.iter().map(|(_, r)| {
        let galley = painter.layout_no_wrap(r.name.clone(), small.clone(), t.text);
        galley.size().x + SPACE
    });
    let names = widest.fold(0.0, f32::max).min(rect.width() * 0.4);
    let widest = rows.iter().map(|(_, r)| {
        let words = painter.layout_no_wrap(r.words.clone(), mono.clone(), t.text);
        let remark = painter.layout_no_wrap(r.remark.into(), small.clone(), t.weak);
        words.size().x.max(remark.size().x) + SPACE
    });
    let values = widest.fold(64.0, f32::max).min(rect.width() * 0.4);
    let left = rect.left() + names;
    let room = (rect.width() - names - values).max(8.0);
    let most = rows
        .iter()
        .map(|(_, r)| r.interval.map_or(r.value, |i| i.1))
        .fold(mark.unwrap_or(0.0), f64::max)
        .max(1e-12);
    let x = |value: f64| left + room * (value / most).clamp(0.0, 1.0) as f32;
    for (k, (i, r)) in rows.iter().enumerate() {
        let y = top + row * k as f32;
        let mid = y + row / 2.0;
        painter.text(
            pos2(rect.left(), mid),
            Align2::LEFT_CENTER,
            format::middle(&r.name, fitting(&painter, &r.name, &small, names - SPACE)),
            small.clone(),
            t.text,
        );
        let bar = Rect::from_min_max(pos2(left, y + HALF), pos2(x(r.value).max(left + 1.0), y + row - HALF));
        painter.rect_filled(bar, 2.0, t.variant(*i));
        if let Some((low, high)) = r.interval {
            painter.hline(x(low)..=x(high), mid, Stroke::new(2.0, t.text));
            for end in [x(low), x(high)] {
                painter.vline(end, (mid - HALF)..=(mid + HALF), Stroke::new(1.5, t.text));
            }
        }
        // Two lines where there is a remark and room for it.
        let two = !r.remark.is_empty() && row >= 28.0;
        let (anchor, end) = if two {
            (Align2::RIGHT_BOTTOM, pos2(rect.right(), mid + 1.0))
        } else {
            (Align2::RIGHT_CENTER, pos2(rect.right(), mid))
        };
        painter.text(end, anchor, &r.words, mono.clone(), t.text);
        if two {
            let below = pos2(rect.right(), mid - 1.0);
            painter.text(below, Align2::RIGHT_TOP, r.remark, small.clone(), t.weak);
        }
    }
    if let Some(mark) = mark {
        let end = (top + row * rows.len() as f32).min(rect.bottom());
        painter.vline(x(mark), top..=end, Stroke::new(1.0, t.weak));
    }
}

/// Characters of `name` that fit in `room` when its middle is left out; all of them when it fits.
fn fitting(painter: &Painter, name: &str, font: &FontId, room: f32) -> usize {
    let wide = |n: usize| {
        let text = format::middle(name, n);
        painter
            .layout_no_wrap(text, font.clone(), Color32::PLACEHOLDER)
            .size()
            .x
    };
    let mut n = name.chars().count();
    while n > 4 && wide(n) > room + 0.5 {
        n -= 1;
    }
    n
}
