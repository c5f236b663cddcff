//! A running or ended task of the service, as the studio follows it.

pub mod panel;
pub mod stages;

use crate::studio::jobs::stages::Stages;
use crate::worker::{JobError, ServiceEvent, TaskHandle, TaskOutput};
use crossbeam_channel::TryRecvError;
use std::time::{Duration, Instant};

/// Events taken in per frame, so that a flood of them does not freeze the window.
const PER_FRAME: usize = 20_000;

/// How a job ended.
#[derive(Clone, Debug)]
pub enum Ending {
    /// With a result.
    Done(Box<TaskOutput>),
    /// The user cancelled, and it has stopped.
    Cancelled,
    /// Without a result.
    Failed(JobError),
}

/// What is being done now.
#[derive(Clone, Debug, Default)]
pub struct Phase {
    /// In words.
    pub name: String,
    /// Variant concerned.
    pub variant: Option<usize>,
    /// Share of the whole, 0..=1.
    pub fraction: Option<f32>,
    /// When the estimate was made and what it said.
    pub eta: Option<(Instant, f64)>,
}

/// A job.
pub struct Job {
    handle: Option<TaskHandle>,
    started: Instant,
    ended: Option<Instant>,
    cancel_asked: Option<Instant>,
    /// What is being done now.
    pub phase: Phase,
    /// Stages of the build; of the last variant that has any.
    pub stages: Stages,
    /// Log lines with severity, of this job alone.
    pub lines: Vec<(String, String)>,
    /// How it ended; none while it runs.
    pub ending: Option<Ending>,
}

/// Log lines of one job kept for copying with a failure.
const LINES: usize = 2_000;

impl Job {
    /// Follows a task that was just started.
    pub fn new(handle: TaskHandle) -> Self {
        Self {
            handle: Some(handle),
            started: Instant::now(),
            ended: None,
            cancel_asked: None,
            phase: Phase::default(),
            stages: Stages::default(),
            lines: Vec::new(),
            ending: None,
        }
    }

    /// When it started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// True until it ended.
    pub fn is_running(&self) -> bool {
        self.ending.is_none()
    }

    /// Time since the start, up to the end.
    pub fn elapsed(&self) -> Duration {
        self.ended.unwrap_or_else(Instant::now).duration_since(self.started)
    }

    /// Seconds left by the latest estimate, counted down since.
    pub fn seconds_left(&self) -> Option<f64> {
        let (at, seconds) = self.phase.eta?;
        Some((seconds - at.elapsed().as_secs_f64()).max(0.0))
    }

    /// Asks it to stop. Says so at once; [`Ending::Cancelled`] follows when it has.
    pub fn cancel(&mut self) {
        if self.is_running() && self.cancel_asked.is_none() {
            self.cancel_asked = Some(Instant::now());
            if let Some(handle) = &self.handle {
                handle.cancel();
            }
        }
    }

    /// True between the request to cancel and its end.
    pub fn is_cancelling(&self) -> bool {
        self.cancel_asked.is_some() && self.is_running()
    }

    /// Process ids of its workers.
    pub fn worker_pids(&self) -> Vec<u32> {
        self.handle.as_ref().map(TaskHandle::worker_pids).unwrap_or_default()
    }

    /// The job's log as text.
    pub fn log_text(&self) -> String {
        self.lines
            .iter()
            .map(|(severity, line)| format!("{severity}: {line}\n"))
            .collect()
    }

    /// Takes in what arrived; every event but the end is also given to `see`.
    pub fn poll(&mut self, see: &mut dyn FnMut(&ServiceEvent)) {
        for _ in 0..PER_FRAME {
            let Some(handle) = &self.handle else { return };
            match handle.events.try_recv() {
                Ok(ServiceEvent::Done(output)) => self.end(Ending::Done(output)),
                Ok(ServiceEvent::Failed(
                    JobError::Cancelled | JobError::Engine(crate::engine::EngineError::Cancelled),
                )) => {
                    self.end(Ending::Cancelled);
                }
                Ok(ServiceEvent::Failed(error)) => self.end(Ending::Failed(error)),
                Ok(event) => {
                    self.take_in(&event);
                    see(&event);
                }
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.end(Ending::Failed(JobError::Worker(
                        "the task ended without a result; this is a fault of Enginesmith".into(),
                    )));
                }
            }
        }
    }

    fn take_in(&mut self, event: &ServiceEvent) {
        match event {
            ServiceEvent::Phase {
                name,
                variant,
                fraction,
                eta_s,
            } => {
                if variant.is_some() && *variant != self.phase.variant {
                    self.stages = Stages::default();
                }
                self.phase = Phase {
                    name: name.clone(),
                    variant: *variant,
                    fraction: *fraction,
                    eta: eta_s.map(|s| (Instant::now(), s)),
                };
            }
            ServiceEvent::Stage { stage, .. } => self.stages.update(stage.clone()),
            ServiceEvent::Log { severity, line, .. } => self.keep(severity, line),
            ServiceEvent::WorkerLost { message, .. } => self.keep("error", message),
            _ => {}
        }
    }

    fn keep(&mut self, severity: &str, line: &str) {
        if self.lines.len() < LINES {
            self.lines.push((severity.into(), line.into()));
        }
    }

    fn end(&mut self, ending: Ending) {
        self.ended = Some(Instant::now());
        self.ending = Some(ending);
        self.handle = None;
    }
}
