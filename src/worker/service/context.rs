//! What every task has: events, progress, cancel, its workers.

use super::ServiceEvent;
use crate::recipe::TargetSpec;
use crate::worker::{Job, JobError, JobEvent, JobHandle, JobOutput, Launch, Worker};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How often progress is told anew while one step goes on.
const TICK: Duration = Duration::from_millis(250);

/// Where events go.
#[derive(Clone)]
pub struct Sink {
    events: Sender<ServiceEvent>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Sink {
    /// Tells an event.
    pub fn send(&self, event: ServiceEvent) {
        // Nobody may be listening any more.
        let _ = self.events.send(event);
        (self.wake)();
    }
}

/// The handle's side of a task.
pub struct Control {
    /// For what goes wrong before the task runs.
    pub sink: Sink,
    cancelled: Arc<AtomicBool>,
    ending: Arc<AtomicBool>,
    workers: Arc<Mutex<Vec<Weak<Worker>>>>,
}

impl Control {
    /// Asks the task to stop with what it has; one that has nothing to show is cancelled.
    pub fn end_early(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Asks the task to stop.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Process ids of its living workers.
    pub fn worker_pids(&self) -> Vec<u32> {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        let living = workers.iter().filter_map(Weak::upgrade).filter(|w| w.is_alive());
        living.map(|w| w.pid()).collect()
    }
}

/// Share of a step after which its own pace tells the time left.
const TIMED: f64 = 0.02;

/// A part of a task, for its progress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Seconds it will take.
    seconds: f64,
    /// False when that is a guess, which is good for a share of the whole but not for a promise.
    known: bool,
}

impl Step {
    /// A step whose time can be told.
    pub fn known(seconds: f64) -> Self {
        Self { seconds, known: true }
    }

    /// A step whose time was never measured.
    pub fn guess(seconds: f64) -> Self {
        Self { seconds, known: false }
    }

    /// From an estimate, if there is one.
    pub fn from(estimate: Option<f64>, guess: f64) -> Self {
        estimate.map_or(Self::guess(guess), Self::known)
    }
}

/// Where a task is.
#[derive(Default)]
struct Timeline {
    steps: Vec<Step>,
    /// Index of the step at work; none before the first.
    at: Option<usize>,
    began: Option<Instant>,
    told: Option<Instant>,
    name: String,
    variant: Option<usize>,
    /// Share of the step done, when the step itself can tell.
    share: Option<f64>,
}

impl Timeline {
    /// Share of the whole done, and seconds left when every step ahead can be told.
    fn progress(&self, now: Instant) -> (Option<f32>, Option<f64>) {
        let total: f64 = self.steps.iter().map(|s| s.seconds).sum();
        let (Some(at), Some(began)) = (self.at, self.began) else {
            return (None, None);
        };
        let Some(step) = self.steps.get(at) else {
            return (None, None);
        };
        let elapsed = now.duration_since(began).as_secs_f64();
        let share = match self.share {
            Some(share) => share,
            // What takes longer than expected is not done before it is done.
            None if step.known => (elapsed / step.seconds.max(1e-3)).min(0.95),
            None => 0.0,
        };
        let before: f64 = self.steps[..at].iter().map(|s| s.seconds).sum();
        let fraction = (total > 0.0).then(|| ((before + share * step.seconds) / total) as f32);
        let left = if step.known {
            Some((step.seconds * (1.0 - share)).max(0.0))
        } else {
            // A guess is no promise, but a part of the step that was timed is.
            let timed = self.share.filter(|s| *s >= TIMED);
            timed.map(|share| elapsed * (1.0 - share).max(0.0) / share)
        };
        let ahead = &self.steps[at + 1..];
        let eta = left
            .filter(|_| ahead.iter().all(|s| s.known))
            .map(|left| left + ahead.iter().map(|s| s.seconds).sum::<f64>());
        (fraction, eta)
    }
}

/// A running task, on its own thread.
pub struct Context {
    sink: Sink,
    launch: Launch,
    data: Option<PathBuf>,
    cancelled: Arc<AtomicBool>,
    /// Asked to stop with what there is.
    ending: Arc<AtomicBool>,
    /// There is something to stop with.
    has_results: Cell<bool>,
    workers: Arc<Mutex<Vec<Weak<Worker>>>>,
    timeline: RefCell<Timeline>,
}

impl Context {
    /// A context and where its events can be read.
    pub fn new(
        launch: Launch,
        data: Option<PathBuf>,
        wake: Arc<dyn Fn() + Send + Sync>,
    ) -> (Self, Receiver<ServiceEvent>) {
        let (events, receiver) = crossbeam_channel::unbounded();
        let context = Self {
            sink: Sink { events, wake },
            launch,
            data,
            cancelled: Arc::default(),
            ending: Arc::default(),
            has_results: Cell::new(false),
            workers: Arc::default(),
            timeline: RefCell::default(),
        };
        (context, receiver)
    }

    /// The handle's side.
    pub fn control(&self) -> Control {
        Control {
            sink: self.sink.clone(),
            cancelled: Arc::clone(&self.cancelled),
            ending: Arc::clone(&self.ending),
            workers: Arc::clone(&self.workers),
        }
    }

    /// The folder where results and build times are kept, if any.
    pub fn data(&self) -> Option<&Path> {
        self.data.as_deref()
    }

    /// Where events go.
    pub fn sink(&self) -> Sink {
        self.sink.clone()
    }

    /// Tells an event.
    pub fn tell(&self, event: ServiceEvent) {
        self.sink.send(event);
    }

    /// Tells how the task ended.
    pub fn end(&self, result: Result<super::TaskOutput, JobError>) {
        // A worker killed for a cancelled job may have been told as lost; to the user the task was cancelled.
        let result = if self.is_cancelled() {
            Err(JobError::Cancelled)
        } else {
            result
        };
        self.tell(match result {
            Ok(output) => ServiceEvent::Done(Box::new(output)),
            Err(error) => ServiceEvent::Failed(error),
        });
    }

    /// Tells a log line.
    pub fn log(&self, variant: Option<usize>, severity: &str, line: impl Into<String>) {
        self.tell(ServiceEvent::Log {
            variant,
            severity: severity.into(),
            line: line.into(),
        });
    }

    /// True when the user asked to stop, and nothing is to be kept.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed) || (self.is_ending() && !self.has_results.get())
    }

    /// True when the user asked to stop with what there is.
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// From now on the task has something to show when it is ended early.
    pub fn keep_results(&self) {
        self.has_results.set(true);
    }

    /// # Errors
    /// [`JobError::Cancelled`] when the user asked to stop.
    pub fn go_on(&self) -> Result<(), JobError> {
        if self.is_cancelled() {
            Err(JobError::Cancelled)
        } else {
            Ok(())
        }
    }

    /// Says what the task will do; each [`Self::phase`] is the next of these steps.
    pub fn plan(&self, steps: Vec<Step>) {
        let mut timeline = self.timeline.borrow_mut();
        timeline.steps = steps;
        timeline.at = None;
    }

    /// Replaces the steps from the next one on, now that more is known.
    pub fn replan(&self, ahead: Vec<Step>) {
        let mut timeline = self.timeline.borrow_mut();
        let done = timeline.at.map_or(0, |at| at + 1);
        timeline.steps.truncate(done);
        timeline.steps.extend(ahead);
    }

    /// The next step begins.
    pub fn phase(&self, name: impl Into<String>, variant: Option<usize>) {
        {
            let mut timeline = self.timeline.borrow_mut();
            timeline.at = Some(timeline.at.map_or(0, |at| at + 1));
            timeline.began = Some(Instant::now());
            timeline.name = name.into();
            timeline.variant = variant;
            timeline.share = None;
        }
        self.tell_phase();
    }

    /// How much of the step is done, 0..=1, and under which name it goes on.
    pub fn share(&self, name: impl Into<String>, share: f64) {
        {
            let mut timeline = self.timeline.borrow_mut();
            timeline.name = name.into();
            timeline.share = Some(share);
        }
        self.tick();
    }

    /// Tells progress anew, if it was not told just now.
    pub fn tick(&self) {
        let due = self.timeline.borrow().told.is_none_or(|t| t.elapsed() >= TICK);
        if due && self.timeline.borrow().at.is_some() {
            self.tell_phase();
        }
    }

    fn tell_phase(&self) {
        let now = Instant::now();
        let event = {
            let mut timeline = self.timeline.borrow_mut();
            timeline.told = Some(now);
            let (fraction, eta_s) = timeline.progress(now);
            ServiceEvent::Phase {
                name: timeline.name.clone(),
                variant: timeline.variant,
                fraction,
                eta_s,
            }
        };
        self.tell(event);
    }

    /// Starts a worker for a target (which may name its own command prefix).
    ///
    /// # Errors
    /// [`JobError::Worker`], or cancelled.
    pub fn worker(&self, target: Option<&TargetSpec>) -> Result<Arc<Worker>, JobError> {
        self.go_on()?;
        let mut launch = self.launch.clone();
        if let Some(via) = target.and_then(|t| t.via.clone()) {
            launch.via = Some(via);
        }
        let started = Worker::start_while(&launch, &|| !self.is_cancelled());
        self.go_on()?;
        let worker = started.map_err(|e| JobError::Worker(e.to_string()))?;
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.retain(|w| w.strong_count() > 0);
        workers.push(Arc::downgrade(&worker));
        Ok(worker)
    }

    /// Runs a job to its end. Log lines and stages are told here; `event` gets every event.
    ///
    /// # Errors
    /// Why the job ended without a result.
    pub fn run(
        &self,
        worker: &Arc<Worker>,
        job: Job,
        variant: Option<usize>,
        event: &mut dyn FnMut(&JobEvent),
    ) -> Result<JobOutput, JobError> {
        let handle = self.begin(worker, job)?;
        self.finish(&handle, variant, event)
    }

    /// As [`Self::run`] for a job that began before.
    ///
    /// # Errors
    /// Why the job ended without a result.
    pub fn finish(
        &self,
        handle: &JobHandle,
        variant: Option<usize>,
        event: &mut dyn FnMut(&JobEvent),
    ) -> Result<JobOutput, JobError> {
        self.wait(handle, &mut |next| {
            event(next);
            match next {
                JobEvent::Log { severity, line } => self.log(variant, severity, line),
                JobEvent::Stage(stage) => {
                    let (variant, stage) = (variant.unwrap_or(0), stage.clone());
                    self.tell(ServiceEvent::Stage { variant, stage });
                }
                JobEvent::Transfer { done, total } => self.transfer(variant, *done, *total),
                JobEvent::Samples(_) | JobEvent::Done(_) | JobEvent::Failed(_) => self.tick(),
            }
        })
    }

    /// As [`Self::run`] for the many short jobs of one step: only the runtime's log is told.
    ///
    /// # Errors
    /// Why the job ended without a result.
    pub fn run_quietly(&self, worker: &Arc<Worker>, job: Job, variant: Option<usize>) -> Result<JobOutput, JobError> {
        let handle = self.begin(worker, job)?;
        self.finish_quietly(handle, variant)
    }

    /// As [`Self::run`] for a job that was told before and is done again: nothing is told.
    ///
    /// # Errors
    /// Why the job ended without a result.
    pub fn run_silently(&self, worker: &Arc<Worker>, job: Job) -> Result<JobOutput, JobError> {
        self.wait(&self.begin(worker, job)?, &mut |_| {})
    }

    /// Submits a job, so that it travels and waits while another runs; [`Self::finish_quietly`] waits for its end.
    ///
    /// # Errors
    /// Cancelled.
    pub fn begin(&self, worker: &Arc<Worker>, job: Job) -> Result<JobHandle, JobError> {
        self.go_on()?;
        Ok(worker.submit(job))
    }

    /// Waits for a job that began before; only the runtime's log is told.
    ///
    /// # Errors
    /// Why the job ended without a result.
    pub fn finish_quietly(&self, handle: JobHandle, variant: Option<usize>) -> Result<JobOutput, JobError> {
        self.wait(&handle, &mut |event| {
            if let JobEvent::Log { severity, line } = event {
                self.log(variant, severity, line);
            }
        })
    }

    /// Hands a job's events on until it ends; cancels it when the task is cancelled.
    fn wait(&self, handle: &JobHandle, event: &mut dyn FnMut(&JobEvent)) -> Result<JobOutput, JobError> {
        let mut asked = false;
        loop {
            if (self.is_cancelled() || self.is_ending()) && !asked {
                handle.cancel();
                asked = true;
            }
            let next = match handle.events.recv_timeout(Duration::from_millis(25)) {
                Ok(next) => next,
                Err(RecvTimeoutError::Timeout) => {
                    self.tick();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(JobError::Worker("the worker's connection is gone".into()));
                }
            };
            event(&next);
            match next {
                JobEvent::Done(output) => return Ok(*output),
                JobEvent::Failed(error) => return Err(error),
                _ => {}
            }
        }
    }

    /// Bytes on their way are a stage like any other.
    fn transfer(&self, variant: Option<usize>, done: u64, total: u64) {
        let stage = crate::engine::Stage {
            name: "transfer".into(),
            parents: Vec::new(),
            done,
            total,
            finished: done >= total,
        };
        let variant = variant.unwrap_or(0);
        self.tell(ServiceEvent::Stage { variant, stage });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: &[Step], at: usize, elapsed: f64, share: Option<f64>) -> (Option<f32>, Option<f64>) {
        let now = Instant::now();
        let timeline = Timeline {
            steps: seconds.to_vec(),
            at: Some(at),
            began: now.checked_sub(Duration::from_secs_f64(elapsed)),
            share,
            ..Timeline::default()
        };
        timeline.progress(now)
    }

    fn near(got: (Option<f32>, Option<f64>), fraction: f32, eta: Option<f64>) {
        assert!((got.0.unwrap() - fraction).abs() < 1e-3, "{got:?}");
        match (got.1, eta) {
            (Some(a), Some(b)) => assert!((a - b).abs() < 1e-2, "{got:?}"),
            (a, b) => assert_eq!(a, b),
        }
    }

    #[test]
    fn progress_counts_expected_seconds_and_promises_only_what_was_measured() {
        let known = [Step::known(10.0), Step::known(30.0)];
        near(at(&known, 0, 5.0, None), 0.125, Some(35.0));
        near(at(&known, 1, 15.0, None), 0.625, Some(15.0));
        // Longer than expected: never done before it is done.
        near(at(&known, 1, 300.0, None), 0.9625, Some(1.5));
        near(at(&known, 1, 0.0, Some(0.5)), 0.625, Some(15.0));
        let guessed = [Step::guess(10.0), Step::known(30.0)];
        near(at(&guessed, 0, 5.0, None), 0.0, None);
        near(at(&guessed, 1, 15.0, None), 0.625, Some(15.0));
        // A guessed step that tells its share is timed by what is done of it.
        near(at(&guessed, 0, 5.0, Some(0.25)), 0.0625, Some(45.0));
        near(at(&guessed, 0, 5.0, Some(0.0)), 0.0, None);
        assert_eq!(at(&[], 0, 1.0, None), (None, None));
    }
}
