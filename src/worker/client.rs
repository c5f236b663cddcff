//! The client's side: starts a worker, shakes hands, submits jobs, notices death, hang and garbage.
//!
//! Per worker one thread reads messages, one reads stderr, one sends (uploads take time), one watches: it reaps the
//! child, listens for life signs and kills what does not stop. No call of this module waits for the worker, except
//! [`Worker::start`] for the handshake.

mod delivery;
mod inbox;
mod process;
mod sender;
mod state;

pub use crate::engine::record_path;
pub use delivery::refuse;

use super::{Job, JobError, JobEvent};
use crossbeam_channel::{Receiver, Sender};
use state::Shared;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How to start a worker.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Launch {
    /// Command prefix (`ssh gpu-box`, `docker run --gpus all -i image`), split as a shell splits words. `PROGRAM worker`
    /// is appended, or put where `{}` stands (`sh -c 'cd /data && exec {}'`).
    pub via: Option<String>,
    /// The enginesmith program; this program itself when not given (behind a prefix: `enginesmith`).
    pub program: Option<PathBuf>,
}

/// Why a worker could not be started or used.
#[derive(thiserror::Error, Debug, Clone)]
#[error("worker{}: {message}", via.as_ref().map(|v| format!(" via {v:?}")).unwrap_or_default())]
pub struct WorkerError {
    /// The prefix, when there is one.
    pub via: Option<String>,
    /// What happened, with what the worker printed last.
    pub message: String,
}

/// A running worker. Dropping it ends the process.
pub struct Worker {
    shared: Arc<Shared>,
    sender: Sender<sender::Command>,
    next: AtomicU64,
}

impl Worker {
    /// Starts the process and shakes hands.
    ///
    /// # Errors
    /// [`WorkerError`]: not found, another protocol version, no answer in time, garbage.
    pub fn start(launch: &Launch) -> Result<Arc<Self>, WorkerError> {
        Self::start_while(launch, &|| true)
    }

    /// As [`Self::start`], given up as soon as `go_on` says no (it is asked some twenty times a second).
    ///
    /// # Errors
    /// As [`Self::start`]; also when it was given up.
    pub fn start_while(launch: &Launch, go_on: &dyn Fn() -> bool) -> Result<Arc<Self>, WorkerError> {
        let fail = |message: String| WorkerError {
            via: launch.via.clone(),
            message,
        };
        let mut command = process::command(launch).map_err(fail)?;
        let spawned = process::spawn(&mut command).map_err(fail)?;
        let (shared, sender) = process::attend(spawned).map_err(fail)?;
        // From here on dropping the worker ends the process.
        let worker = Self {
            shared,
            sender,
            next: AtomicU64::new(1),
        };
        worker.shared.wait_for_hello(go_on).map_err(fail)?;
        let _ = worker.sender.send(sender::Command::Hello);
        Ok(Arc::new(worker))
    }

    /// Queues a job.
    pub fn submit(self: &Arc<Self>, job: Job) -> JobHandle {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (events_in, events) = crossbeam_channel::unbounded();
        self.shared.add(id, events_in);
        // When the sender is gone the worker has ended, and the job was failed by `add`.
        let _ = self.sender.send(sender::Command::Submit { id, job: Box::new(job) });
        JobHandle {
            id,
            events,
            worker: Arc::clone(self),
        }
    }

    /// Process id of the child (of the prefix command, when there is one).
    pub fn pid(&self) -> u32 {
        self.shared.pid
    }

    /// False once the process ended or was given up.
    pub fn is_alive(&self) -> bool {
        self.shared.ended().is_none()
    }

    /// Facts about the machine the worker runs on, from its handshake.
    pub fn host(&self) -> super::host::Host {
        self.shared.host()
    }

    /// Names of the targets that the worker knows, from its handshake.
    pub fn targets(&self) -> Vec<String> {
        self.shared.targets()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.close();
    }
}

/// A submitted job. Keeps its worker alive.
pub struct JobHandle {
    /// Its id; also the engine's id for a build.
    pub id: u64,
    /// What it tells; ends with [`JobEvent::Done`] or [`JobEvent::Failed`].
    pub events: Receiver<JobEvent>,
    worker: Arc<Worker>,
}

impl JobHandle {
    /// Asks the worker to stop this job; kills the worker when it does not within five seconds.
    pub fn cancel(&self) {
        if self.worker.shared.cancel(self.id) {
            let _ = self.worker.sender.send(sender::Command::Cancel { id: self.id });
        }
    }

    /// Waits for the end; what came before it goes to `event`.
    ///
    /// # Errors
    /// Why the job ended without a result.
    pub fn wait(&self, mut event: impl FnMut(JobEvent)) -> Result<super::JobOutput, JobError> {
        loop {
            match self.events.recv() {
                Ok(JobEvent::Done(output)) => return Ok(*output),
                Ok(JobEvent::Failed(error)) => return Err(error),
                Ok(other) => event(other),
                Err(_) => return Err(JobError::Worker("the worker's connection is gone".into())),
            }
        }
    }
}
