//! Runs a task to its end in the terminal: progress on standard error, Ctrl+C cancels.

use super::exit::CliError;
use super::progress::Progress;
use crate::bench::Sample;
use crate::worker::{JobError, Launch, Service, ServiceEvent, Task, TaskOutput};
use crossbeam_channel::RecvTimeoutError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A task's result, with what it told on the way.
pub struct Outcome {
    /// The result.
    pub output: TaskOutput,
    /// All samples, by variant, in order of time.
    pub samples: Vec<Vec<Sample>>,
}

/// Runs the task; `names` are the variants' names, for progress.
///
/// # Errors
/// The task's own error with its exit code; exit code 130 after Ctrl+C.
pub fn drive(task: Task, names: &[String], quiet: bool) -> Result<Outcome, CliError> {
    let interrupted = interrupt_flag();
    let handle = Service::new(Launch::default()).start(task, Arc::new(|| ()));
    let mut progress = Progress::new(names, quiet);
    let mut samples = vec![Vec::new(); names.len()];
    let mut asked = false;
    loop {
        if interrupted.load(Ordering::Relaxed) && !asked {
            progress.note("Cancelling");
            handle.cancel();
            asked = true;
        }
        match handle.events.recv_timeout(Duration::from_millis(50)) {
            Ok(ServiceEvent::Done(output)) => {
                progress.finish();
                return Ok(Outcome {
                    output: *output,
                    samples,
                });
            }
            Ok(ServiceEvent::Failed(error)) => {
                progress.finish();
                return Err(error.into());
            }
            Ok(event) => {
                if let ServiceEvent::Samples {
                    variant, samples: new, ..
                } = &event
                    && let Some(kept) = samples.get_mut(*variant)
                {
                    kept.extend_from_slice(new);
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

/// Set by Ctrl+C. A second Ctrl+C ends the program at once.
pub fn interrupt_flag() -> Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    FLAG.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let seen = flag.clone();
        let installed = ctrlc::set_handler(move || {
            if seen.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        });
        if let Err(error) = installed {
            tracing::warn!("Ctrl+C cannot be caught: {error}");
        }
        flag
    })
    .clone()
}
