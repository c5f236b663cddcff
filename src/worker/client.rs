//! The client's side: starts a worker, shakes hands, submits jobs, notices death, hang and garbage.

use super::{Job, JobEvent};
use crossbeam_channel::Receiver;
use std::path::PathBuf;
use std::sync::Arc;

/// How to start a worker.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Launch {
    /// Command prefix (`ssh gpu-box`, `docker run --gpus all -i image`), split as a shell splits words.
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
pub struct Worker {}

impl Worker {
    /// Starts the process and shakes hands.
    ///
    /// # Errors
    /// [`WorkerError`]: not found, another protocol version, no answer in time, garbage.
    pub fn start(launch: &Launch) -> Result<Arc<Self>, WorkerError> {
        let _ = launch;
        todo!("owner: worker")
    }

    /// Queues a job.
    pub fn submit(self: &Arc<Self>, job: Job) -> JobHandle {
        let _ = job;
        todo!("owner: worker")
    }

    /// Process id of the child (of the prefix command, when there is one).
    pub fn pid(&self) -> u32 {
        todo!("owner: worker")
    }

    /// False once the process ended or was given up.
    pub fn is_alive(&self) -> bool {
        todo!("owner: worker")
    }
}

/// A submitted job.
pub struct JobHandle {
    /// Its id; also the engine's id for a build.
    pub id: u64,
    /// What it tells; ends with [`JobEvent::Done`] or [`JobEvent::Failed`].
    pub events: Receiver<JobEvent>,
}

impl JobHandle {
    /// Asks the worker to stop this job; kills the worker when it does not within five seconds.
    pub fn cancel(&self) {
        todo!("owner: worker")
    }
}
