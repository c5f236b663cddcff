//! Progress on standard error: bars on a terminal, lines elsewhere.

use crate::rewrite::search::{Errors, SearchEvent};
use crate::worker::ServiceEvent;
use crate::{format, visible};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Shows what a task tells.
pub struct Progress {
    bar: ProgressBar,
    /// One line per phase instead of a bar.
    lines: bool,
    names: Vec<String>,
    phase: String,
    detail: String,
    eta: Option<(Instant, f64)>,
    /// The line of an error, and the error: kept back, because it may be what the task ends with.
    held: Option<(String, String)>,
}

impl Progress {
    /// A display for variants of these names; `quiet` shows nothing but warnings.
    pub fn new(names: &[String], quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(
            Some(1000),
            if terminal && !quiet {
                ProgressDrawTarget::stderr_with_hz(15)
            } else {
                ProgressDrawTarget::hidden()
            },
        )
        .with_finish(ProgressFinish::AndClear);
        // The template is a constant of this file; an error in it would show in every run.
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {percent:>3} %  {elapsed:>4}  {wide_msg}") {
            bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            lines: !terminal && !quiet,
            names: names.to_vec(),
            phase: String::new(),
            detail: String::new(),
            eta: None,
            held: None,
        }
    }

    /// Shows an event.
    pub fn event(&mut self, event: &ServiceEvent) {
        self.release();
        match event {
            ServiceEvent::Phase {
                name, fraction, eta_s, ..
            } => {
                // Counters in a phase's name move a bar, not a log.
                if self.lines && without_digits(&self.phase) != without_digits(name) {
                    errln!("{name}");
                }
                self.phase.clone_from(name);
                self.detail.clear();
                if let Some(fraction) = fraction {
                    self.bar
                        .set_position((f64::from(*fraction).clamp(0.0, 1.0) * 1000.0) as u64);
                }
                self.eta = eta_s.map(|s| (Instant::now(), s));
            }
            ServiceEvent::Stage { stage, .. } => {
                self.detail = match stage.total {
                    0 => stage.name.clone(),
                    total => format!("{} {}/{total}", stage.name, stage.done),
                };
            }
            ServiceEvent::Log {
                severity,
                line,
                variant,
            } if matches!(severity.as_str(), "error" | "warn" | "note") => {
                let name = variant
                    .and_then(|v| self.names.get(v))
                    .map(|n| format!("{n}: "))
                    .unwrap_or_default();
                let whole = format!("{name}{severity}: {line}");
                match severity.as_str() {
                    "error" => self.held = Some((whole, line.clone())),
                    _ => self.note(&whole),
                }
            }
            ServiceEvent::Samples { samples, .. } => {
                if let Some(last) = samples.last() {
                    self.detail = format!(
                        "{} ms",
                        format::significant(last.end_compute_ms - last.start_compute_ms)
                    );
                }
            }
            ServiceEvent::Search(SearchEvent::Layer { measured, .. }) => {
                let error = measured
                    .errors
                    .as_ref()
                    .map(Errors::relative_l2)
                    .filter(|e| e.is_finite());
                let error = error.map_or_else(|| "no figure".into(), format::significant);
                self.detail = format!("{} {error}", measured.layer.name);
            }
            ServiceEvent::WorkerLost { message, .. } => self.held = Some((message.clone(), message.clone())),
            _ => {}
        }
        self.tick();
    }

    /// Prints a line without disturbing the bar.
    pub fn note(&self, line: &str) {
        if self.bar.is_hidden() {
            errln!("{line}");
        } else {
            self.bar.println(visible::text(line));
        }
    }

    /// Refreshes the message and the estimate.
    pub fn tick(&self) {
        let left = self
            .eta
            .map(|(since, s)| s - since.elapsed().as_secs_f64())
            .filter(|s| *s > 0.5);
        let left = left
            .map(|s| format!(", {} left", format::seconds(s)))
            .unwrap_or_default();
        let detail = if self.detail.is_empty() {
            String::new()
        } else {
            format!(": {}", self.detail)
        };
        let message = format!("{}{detail}{left}", self.phase);
        self.bar.set_message(visible::line(&message).into_owned());
    }

    /// Takes the bar away.
    pub fn finish(&mut self) {
        self.release();
        self.bar.finish_and_clear();
    }

    /// Takes the bar away; the task failed with this error, which the caller tells.
    pub fn failed(&mut self, error: &str) {
        self.held = self.held.take().filter(|(_, held)| held != error);
        self.finish();
    }

    fn release(&mut self) {
        if let Some((line, _)) = self.held.take() {
            self.note(&line);
        }
    }
}

fn without_digits(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}
