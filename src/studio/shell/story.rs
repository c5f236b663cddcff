//! The story line across the top: five steps with live state, each a click away.

use crate::check::Severity;
use crate::format;
use crate::recipe::Lowering;
use crate::studio::jobs::{Ending, Job};
use crate::studio::model::document::CheckState;
use crate::studio::state::{Action, State, Step};
use crate::studio::theme::{HALF, SPACE, Tokens, tokens};
use crate::worker::TaskOutput;
use eframe::egui::{self, Align2, FontId, Rect, Sense, Stroke, Ui, pos2, vec2};

/// What a step says about itself.
struct Live {
    text: String,
    tone: Tone,
    /// Share done, while something runs.
    progress: Option<f32>,
}

#[derive(Clone, Copy, PartialEq)]
enum Tone {
    /// Nothing yet.
    Idle,
    Running,
    Good,
    Warning,
    Bad,
}

impl Live {
    fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
            progress: None,
        }
    }
}

const HEIGHT: f32 = 52.0;

/// The story line over the whole width.
pub fn show(ui: &mut Ui, state: &mut State) {
    let t = Tokens::of(ui);
    let width = ui.available_width() / Step::ALL.len() as f32;
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    for (i, step) in Step::ALL.into_iter().enumerate() {
        let rect = Rect::from_min_size(pos2(row.left() + i as f32 * width, row.top()), vec2(width, HEIGHT));
        let live = live(state, step);
        let response = ui.interact(rect, ui.scope_id().with(("step", i)), Sense::click());
        let active = state.step == step;
        let label = format!("{}: {}", step.title(), live.text);
        response.widget_info(|| egui::WidgetInfo::selected(egui::accesskit::Role::Button, true, active, &label));
        paint(ui, rect, i, step, active, &live, &response, &t);
        if response.clicked() {
            state.act(Action::Step(step));
        }
        response.on_hover_ui(|ui| {
            ui.label(&live.text);
        });
    }
}

#[allow(clippy::too_many_arguments)]
fn paint(ui: &Ui, rect: Rect, i: usize, step: Step, active: bool, live: &Live, response: &egui::Response, t: &Tokens) {
    let painter = ui.painter_at(rect);
    let fill = match (active, response.hovered()) {
        (true, _) => t.raised,
        (false, true) => t.hover,
        _ => t.panel,
    };
    painter.rect_filled(rect, 0.0, fill);
    if i > 0 {
        // A chevron points from step to step.
        let (x, mid) = (rect.left(), rect.center().y);
        painter.line_segment([pos2(x, mid - SPACE), pos2(x + HALF, mid)], Stroke::new(1.5, t.line));
        painter.line_segment([pos2(x + HALF, mid), pos2(x, mid + SPACE)], Stroke::new(1.5, t.line));
    }
    let colour = match live.tone {
        Tone::Idle => t.weak,
        Tone::Running => t.accent,
        Tone::Good => t.success,
        Tone::Warning => t.warning,
        Tone::Bad => t.error,
    };
    let icon = match live.tone {
        Tone::Idle => "○",
        Tone::Running => "◑",
        Tone::Good => "✔",
        Tone::Warning => "⚠",
        Tone::Bad => "⛔",
    };
    let left = rect.left() + 2.0 * SPACE;
    let top = rect.top() + SPACE;
    let small = FontId::proportional(tokens::SMALL);
    let body = FontId::proportional(tokens::TEXT);
    let drawn = painter.text(pos2(left, top), Align2::LEFT_TOP, icon, small.clone(), colour);
    let title = pos2(drawn.right().max(left + 14.0) + HALF, top);
    painter.text(
        title,
        Align2::LEFT_TOP,
        step.title(),
        small,
        if active { t.text } else { t.weak },
    );
    let room = rect.right() - left - SPACE;
    let tone = match live.tone {
        Tone::Bad => t.error,
        Tone::Idle => t.weak,
        _ => t.text,
    };
    let text = fit(ui, &live.text, &body, room);
    painter.text(pos2(left, rect.bottom() - SPACE), Align2::LEFT_BOTTOM, text, body, tone);
    if active {
        let line = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 2.0), rect.max);
        painter.rect_filled(line, 0.0, t.accent);
    }
    if let Some(share) = live.progress {
        let end = rect.left() + rect.width() * share.clamp(0.0, 1.0);
        painter.rect_filled(
            Rect::from_min_max(pos2(rect.left(), rect.bottom() - 4.0), pos2(end, rect.bottom())),
            0.0,
            t.accent,
        );
    }
    if response.has_focus() {
        painter.rect_stroke(
            rect.shrink(2.0),
            2.0,
            Stroke::new(1.5, t.accent),
            egui::StrokeKind::Inside,
        );
    }
}

/// The text shortened in its first part (the file name) until it fits.
fn fit(ui: &Ui, text: &str, font: &FontId, room: f32) -> String {
    let wide = |text: &str| {
        ui.ctx().fonts_mut(|f| {
            f.layout_no_wrap(text.to_owned(), font.clone(), egui::Color32::WHITE)
                .size()
                .x
        })
    };
    if wide(text) <= room {
        return text.into();
    }
    let (first, rest) = text.split_once(" · ").map_or((text, ""), |(a, b)| (a, b));
    let mut limit = first.chars().count();
    loop {
        let short = format::middle(first, limit);
        let whole = if rest.is_empty() {
            short
        } else {
            format!("{short} · {rest}")
        };
        if wide(&whole) <= room {
            return whole;
        }
        if limit <= 12 {
            // Not even the rest fits: shorten the whole.
            let mut n = text.chars().count();
            while n > 4 && wide(&format::middle(text, n)) > room {
                n -= 1;
            }
            return format::middle(text, n);
        }
        limit -= 1;
    }
}

fn live(state: &State, step: Step) -> Live {
    let Some(doc) = &state.doc else {
        return match (step, &state.opening, &state.open_failure) {
            (Step::Model, Some(opening), _) => {
                let name = opening
                    .path
                    .file_name()
                    .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
                Live::new(format!("Opening {name}"), Tone::Running)
            }
            (Step::Model, None, Some(_)) => Live::new("Could not open", Tone::Bad),
            (Step::Model, None, None) => Live::new("No model open", Tone::Idle),
            _ => Live::new("–", Tone::Idle),
        };
    };
    match step {
        Step::Model => match &doc.analysis {
            Some(a) => Live::new(
                format!(
                    "{} · {} · {}",
                    doc.outline.file,
                    format::plural(a.figures.nodes, "node"),
                    format::short(a.figures.total.parameters)
                ),
                Tone::Good,
            ),
            None => Live::new(
                format!("{} · {}", doc.outline.file, format::plural(doc.outline.nodes, "node")),
                Tone::Running,
            ),
        },
        Step::Check => match &doc.check {
            CheckState::None => Live::new("Not checked", Tone::Idle),
            CheckState::Running(_) => Live::new("Checking", Tone::Running),
            CheckState::Failed(_) => Live::new("Check failed", Tone::Bad),
            CheckState::Ready(report) => {
                let (e, w) = (report.count(Severity::Error), report.count(Severity::Warning));
                match (e, w) {
                    (0, 0) => Live::new("No errors, no warnings", Tone::Good),
                    (0, w) => Live::new(format::plural(w, "warning"), Tone::Warning),
                    (e, 0) => Live::new(format::plural(e, "error"), Tone::Bad),
                    (e, w) => Live::new(
                        format!("{} · {}", format::plural(e, "error"), format::plural(w, "warning")),
                        Tone::Bad,
                    ),
                }
            }
        },
        Step::Recipe => {
            let recipe = doc.recipe();
            let jobs = [
                ("Calibrating", &state.precision.job),
                ("Searching layers", &state.sensitivity.job),
                ("Measuring mixes", &state.sensitivity.measuring),
            ];
            let running = |(what, job): (&'static str, &'_ Option<Job>)| Some((what, job.as_ref()?.phase.fraction));
            let busy = jobs
                .into_iter()
                .filter(|(_, job)| job.as_ref().is_some_and(Job::is_running));
            if let Some((what, fraction)) = busy.filter_map(running).next() {
                let share = fraction.map_or_else(String::new, |s| format!(" {:.0} %", s * 100.0));
                return Live {
                    text: format!("{what}{share}"),
                    tone: Tone::Running,
                    progress: fraction,
                };
            }
            let mut parts = vec![Lowering::of(recipe).to.to_string()];
            let shapes = doc.analysis.as_ref().map(|a| a.axes.words(recipe)).unwrap_or_default();
            if !shapes.is_empty() {
                parts.push(shapes);
            }
            if recipe.variants.len() > 1 {
                parts.push(format::plural(recipe.variants.len(), "variant"));
            }
            if recipe.target.name != "embedded" {
                parts.push(recipe.target.name.clone());
            }
            let blocked = crate::studio::recipe::panel::blocked(state).is_some();
            Live::new(parts.join(" · "), if blocked { Tone::Warning } else { Tone::Good })
        }
        Step::Build => match &state.build {
            None => Live::new("Not built", Tone::Idle),
            Some(job) => match &job.ending {
                None => {
                    let share = job.phase.fraction.or_else(|| job.stages.fraction());
                    let mut text = share.map_or_else(|| "Building".to_owned(), |s| format!("{:.0} %", s * 100.0));
                    match job.seconds_left() {
                        _ if job.is_cancelling() => text = "Cancelling".into(),
                        Some(left) => text = format!("{text} · {} left", format::seconds(left)),
                        None => text = format!("{text} · {}", format::seconds(job.elapsed().as_secs_f64())),
                    }
                    Live {
                        text,
                        tone: Tone::Running,
                        progress: share,
                    }
                }
                Some(Ending::Done(output)) => match &**output {
                    TaskOutput::Build(record) => {
                        Live::new(format!("Built in {}", format::seconds(record.seconds)), Tone::Good)
                    }
                    _ => Live::new("Built", Tone::Good),
                },
                Some(Ending::Cancelled) => Live::new("Cancelled", Tone::Idle),
                Some(Ending::Failed(_)) => Live::new("Build failed", Tone::Bad),
            },
        },
        Step::Lab => lab(state),
    }
}

fn lab(state: &State) -> Live {
    let swept = state.lab.sweep.as_ref();
    if let Some(sweep) = swept.filter(|s| s.job.is_running()) {
        let phase = &sweep.job.phase;
        return Live {
            text: if phase.name.is_empty() {
                "Starting".into()
            } else {
                phase.name.clone()
            },
            tone: Tone::Running,
            progress: phase.fraction,
        };
    }
    let Some(run) = &state.lab.run else {
        let curves = swept
            .and_then(|s| s.result.as_ref())
            .map(|r| r.sweeps.as_slice())
            .unwrap_or_default();
        let knee = |c: &crate::bench::sweep::Curve| {
            c.knee
                .map(|k| Live::new(format!("Knee at batch {}", k.batch), Tone::Good))
        };
        return match curves.iter().find_map(knee) {
            Some(live) => live,
            None if !curves.is_empty() => Live::new("No knee", Tone::Good),
            None => Live::new("Not measured", Tone::Idle),
        };
    };
    if run.job.is_running() {
        let name = if run.job.is_cancelling() {
            "Cancelling".into()
        } else {
            run.job.phase.name.clone()
        };
        let name = if name.is_empty() { "Starting".into() } else { name };
        return Live {
            text: name,
            tone: Tone::Running,
            progress: run.job.phase.fraction,
        };
    }
    match (&run.job.ending, &state.lab.result) {
        (_, Some(result)) => {
            let winner = result.winner();
            let row = winner.or_else(|| result.variants.iter().find(|v| v.is_measured()));
            let Some(row) = row else {
                return Live::new("All variants failed", Tone::Bad);
            };
            let p99 = format!(
                "p99 {} ms ({})",
                format::significant(row.statistics.latency_ms.p99),
                result.protocol
            );
            let compared = result.variants.iter().any(|v| v.ratio.is_some());
            match winner {
                Some(winner) => Live::new(format!("{} · {p99}", winner.speedup_words()), Tone::Good),
                None if compared => Live::new(format!("No winner · {p99}"), Tone::Good),
                None => Live::new(p99, Tone::Good),
            }
        }
        (Some(Ending::Cancelled), None) => Live::new("Cancelled", Tone::Idle),
        (Some(Ending::Failed(_)), None) => Live::new("Comparison failed", Tone::Bad),
        _ => Live::new("Not measured", Tone::Idle),
    }
}
