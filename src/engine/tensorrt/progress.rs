//! Following a build: TensorRT's phases as stages, its log, and the wish to cancel on its way back.
//!
//! TensorRT calls the monitor and the logger from threads of its own and wants objects that live for good, while the
//! [`Progress`] of a job lives for the job. So both put what they hear into a channel, which a thread of the job reads.

use super::words;
use crate::engine::{Progress, Stage};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use enginesmith_tensorrt::interfaces::{ProgressMonitor, subscribe};
use enginesmith_tensorrt::sys::Severity;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often the job is asked whether it was cancelled.
const ASK: Duration = Duration::from_millis(20);
/// A phase tells its steps at most this often.
const TELL: Duration = Duration::from_millis(50);
/// Log lines kept for the record; more are shown but not kept.
const KEPT: usize = 10_000;
/// Phases nested deeper than this are shown with their parents, but their times are part of their parents'.
const DEEPEST: usize = 2;

/// What was heard during a build.
#[derive(Debug, Default)]
pub struct Heard {
    /// Seconds per phase, with its parents (`build engine / Building Engine`), in the order in which they ended.
    pub phases: Vec<(String, f64)>,
    /// Log lines with severity.
    pub log: Vec<(String, String)>,
}

enum Event {
    Stage(Stage),
    Log(&'static str, String),
    End,
}

/// TensorRT's progress monitor.
pub struct Monitor {
    /// The stage of ours that the build runs in.
    root: String,
    events: Sender<Event>,
    cancelled: Arc<AtomicBool>,
    phases: Mutex<Phases>,
}

#[derive(Default)]
struct Phases {
    running: HashMap<String, Phase>,
    ended: Vec<(String, f64)>,
}

struct Phase {
    parents: Vec<String>,
    done: u64,
    total: u64,
    began: Instant,
    told: Instant,
}

/// Runs `run` with a monitor whose phases are stages inside `root`; meanwhile everything that TensorRT logs is told too.
pub fn follow<R>(progress: &dyn Progress, root: &str, run: impl FnOnce(&Arc<Monitor>) -> R) -> (R, Heard) {
    let (sender, events) = crossbeam_channel::unbounded();
    let cancelled = Arc::new(AtomicBool::new(progress.cancelled()));
    let monitor = Arc::new(Monitor {
        root: root.into(),
        events: sender.clone(),
        cancelled: Arc::clone(&cancelled),
        phases: Mutex::default(),
    });
    std::thread::scope(|scope| {
        let teller = scope.spawn(|| tell(progress, &events, &cancelled));
        // The teller waits for the end also when `run` panics.
        let end = End(sender.clone());
        let subscription = subscribe(
            Severity::Info,
            Arc::new(move |severity, text: &str| {
                // Fails only when the job is over.
                let _ = sender.send(Event::Log(words::severity(severity), text.trim_end().into()));
            }),
        );
        let result = run(&monitor);
        drop(subscription);
        drop(end);
        let log = teller.join().unwrap_or_default();
        let phases = std::mem::take(&mut monitor.phases().ended);
        (result, Heard { phases, log })
    })
}

struct End(Sender<Event>);

impl Drop for End {
    fn drop(&mut self) {
        let _ = self.0.send(Event::End);
    }
}

fn tell(progress: &dyn Progress, events: &Receiver<Event>, cancelled: &AtomicBool) -> Vec<(String, String)> {
    let mut log = Vec::new();
    loop {
        match events.recv_timeout(ASK) {
            Ok(Event::Stage(stage)) => progress.stage(stage),
            Ok(Event::Log(severity, line)) => {
                progress.log(severity, &line);
                if log.len() < KEPT {
                    log.push((severity.to_string(), line));
                }
            }
            Ok(Event::End) | Err(RecvTimeoutError::Disconnected) => return log,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if progress.cancelled() {
            cancelled.store(true, Ordering::Relaxed);
        }
    }
}

impl Monitor {
    fn phases(&self) -> MutexGuard<'_, Phases> {
        self.phases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stage(&self, name: &str, phase: &Phase, finished: bool) {
        let stage = Stage {
            name: name.into(),
            parents: phase.parents.clone(),
            done: phase.done,
            total: phase.total,
            finished,
        };
        // Fails only when the job is over.
        let _ = self.events.send(Event::Stage(stage));
    }
}

impl ProgressMonitor for Monitor {
    fn phase_start(&self, name: &str, parent: Option<&str>, steps: i32) {
        let mut phases = self.phases();
        let parents = match parent.and_then(|p| Some((p, phases.running.get(p)?))) {
            Some((parent, phase)) => {
                let mut parents = phase.parents.clone();
                parents.push(parent.into());
                parents
            }
            None => vec![self.root.clone()],
        };
        let now = Instant::now();
        let phase = Phase {
            parents,
            done: 0,
            total: u64::try_from(steps).unwrap_or(0),
            began: now,
            told: now,
        };
        self.stage(name, &phase, false);
        phases.running.insert(name.into(), phase);
    }

    fn step_complete(&self, name: &str, step: i32) -> bool {
        if let Some(phase) = self.phases().running.get_mut(name) {
            phase.done = u64::try_from(step).map_or(phase.done, |s| phase.done.max(s + 1));
            if phase.told.elapsed() >= TELL || phase.done == phase.total {
                phase.told = Instant::now();
                self.stage(name, phase, false);
            }
        }
        !self.cancelled.load(Ordering::Relaxed)
    }

    fn phase_finish(&self, name: &str) {
        let mut phases = self.phases();
        let Some(mut phase) = phases.running.remove(name) else {
            return;
        };
        // A phase may end before all of its steps are done; it is done all the same.
        phase.done = phase.total;
        self.stage(name, &phase, true);
        if phase.parents.len() <= DEEPEST {
            let mut path = phase.parents;
            path.push(name.into());
            phases
                .ended
                .push((path.join(" / "), phase.began.elapsed().as_secs_f64()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Told {
        stages: Mutex<Vec<Stage>>,
        cancel: AtomicBool,
    }

    impl Progress for Told {
        fn stage(&self, stage: Stage) {
            self.stages.lock().unwrap().push(stage);
        }
        fn log(&self, _: &str, _: &str) {}
        fn cancelled(&self) -> bool {
            self.cancel.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn phases_form_a_tree_with_steps() {
        let told = Told::default();
        let (result, heard) = follow(&told, "build engine", |monitor| {
            monitor.phase_start("Building", None, 2);
            monitor.phase_start("Tactics", Some("Building"), 10);
            assert!(monitor.step_complete("Tactics", 9));
            monitor.phase_finish("Tactics");
            assert!(monitor.step_complete("Building", 0));
            monitor.phase_finish("Building");
            monitor.phase_finish("never began");
            7
        });
        assert_eq!(result, 7);
        let stages = told.stages.into_inner().unwrap();
        let tactics = stages.iter().rfind(|s| s.name == "Tactics").unwrap();
        assert_eq!(tactics.parents, ["build engine", "Building"]);
        assert_eq!((tactics.done, tactics.total, tactics.finished), (10, 10, true));
        let building: Vec<_> = stages.iter().filter(|s| s.name == "Building").collect();
        assert_eq!(
            (building[0].done, building[0].total, building[0].finished),
            (0, 2, false)
        );
        assert!(building.last().unwrap().finished);
        let names: Vec<&str> = heard.phases.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["build engine / Building / Tactics", "build engine / Building"]);
    }

    #[test]
    fn a_cancel_reaches_the_next_step() {
        let told = Told::default();
        let (stopped, _) = follow(&told, "build engine", |monitor| {
            monitor.phase_start("Building", None, 1000);
            assert!(monitor.step_complete("Building", 0));
            told.cancel.store(true, Ordering::Relaxed);
            let deadline = Instant::now() + Duration::from_secs(20);
            while monitor.step_complete("Building", 1) {
                assert!(Instant::now() < deadline, "the cancel is not heard");
                std::thread::sleep(Duration::from_millis(1));
            }
            true
        });
        assert!(stopped);
    }
}
