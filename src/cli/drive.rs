//! Runs a task to its end in the terminal: progress on standard error, Ctrl+C cancels.

use super::exit::CliError;
use super::progress::Progress;
use crate::bench::Sample;
use crate::engine::EngineError;
use crate::files;
use crate::graph::sizes::Sizes;
use crate::worker::{JobError, Launch, Service, ServiceEvent, Task, TaskOutput};
use crossbeam_channel::RecvTimeoutError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A task's result, with what it told on the way.
pub struct Outcome {
    /// The result.
    pub output: TaskOutput,
    /// All samples, by variant, in order of time.
    pub samples: Vec<Vec<Sample>>,
    /// The sizes of the inputs that it was made at; empty for a task that runs no model.
    pub sizes: Sizes,
}

/// Runs the task; `names` are the variants' names, for progress.
///
/// # Errors
/// The task's own error with its exit code; exit code 130 after Ctrl+C.
pub fn drive(task: Task, names: &[String], quiet: bool) -> Result<Outcome, CliError> {
    let interrupts = Interrupts::heard();
    let (file, data) = task.files();
    let handle = Service::new(Launch::default()).start(task, Arc::new(|| ()));
    let mut progress = Progress::new(names, quiet);
    let mut samples = vec![Vec::new(); names.len()];
    let mut sizes = Sizes::default();
    let mut asked = false;
    loop {
        if interrupts.came() && !asked {
            progress.note("Ending; a second Ctrl+C ends at once");
            handle.end_early();
            asked = true;
        }
        match handle.events.recv_timeout(Duration::from_millis(50)) {
            Ok(ServiceEvent::Done(output)) => {
                progress.finish();
                return Ok(Outcome {
                    output: *output,
                    samples,
                    sizes,
                });
            }
            Ok(ServiceEvent::Failed(error)) => {
                progress.failed(&error.to_string());
                // That a target is not here does not concern the file.
                let is_missing = matches!(error, JobError::Engine(EngineError::Unavailable(_)));
                let error = CliError::from(error);
                return Err(match file.filter(|_| !is_missing) {
                    Some(file) => error.about(&file, data.as_deref()),
                    None => error,
                });
            }
            Ok(event) => {
                if let ServiceEvent::Samples {
                    variant, samples: new, ..
                } = &event
                    && let Some(kept) = samples.get_mut(*variant)
                {
                    kept.extend_from_slice(new);
                }
                if let ServiceEvent::Sizes(decided) = &event {
                    sizes.clone_from(decided);
                    if let Some(line) = decided.line().filter(|_| !quiet) {
                        progress.note(&line);
                    }
                }
                progress.event(&event);
            }
            Err(RecvTimeoutError::Timeout) => progress.tick(),
            Err(RecvTimeoutError::Disconnected) => {
                progress.finish();
                return Err(JobError::Worker("the task ended without a result".into()).into());
            }
        }
    }
}

/// Somebody hears Ctrl+C and ends its work in good order.
static HEARD: AtomicBool = AtomicBool::new(false);
/// Ctrl+C came.
static CAME: AtomicBool = AtomicBool::new(false);

/// While this lives, the first Ctrl+C is its owner's to hear.
pub struct Interrupts(());

impl Interrupts {
    /// From now on.
    pub fn heard() -> Self {
        HEARD.store(true, Ordering::SeqCst);
        Self(())
    }

    /// True once Ctrl+C came.
    pub fn came(&self) -> bool {
        CAME.load(Ordering::SeqCst)
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        HEARD.store(false, Ordering::SeqCst);
    }
}

/// From now on Ctrl+C (and being told to terminate) goes to who hears it; a second one, or one that nobody hears, removes
/// what is half written and ends the program.
pub fn catch_interrupts() {
    let installed = ctrlc::set_handler(|| {
        if CAME.swap(true, Ordering::SeqCst) || !HEARD.load(Ordering::SeqCst) {
            files::abandon();
            errln!("error: cancelled");
            std::process::exit(130);
        }
    });
    if let Err(error) = installed {
        tracing::warn!("Ctrl+C cannot be caught: {error}");
    }
}
