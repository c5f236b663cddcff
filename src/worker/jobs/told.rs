//! What a job tells the client while it runs.

use crate::engine::{Progress, Stage};
use crate::worker::JobError;
use crate::worker::protocol::{FromWorker, Message};
use crate::worker::wire::to_base64;
use crossbeam_channel::Sender;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where messages go.
#[derive(Clone)]
pub struct Out(pub Sender<Message<FromWorker>>);

impl Out {
    pub(super) fn send(&self, id: u64, body: FromWorker) {
        // Fails only when nobody listens any more; the process is about to end then.
        let _ = self.0.send(Message::new(id, body));
    }

    /// Sends tensors or a file's bytes in parts, after their size and hash.
    pub(super) fn blob(
        &self,
        id: u64,
        sha256: String,
        bytes: u64,
        parts: impl FnOnce(&mut dyn FnMut(&[u8])) -> Result<(), JobError>,
    ) -> Result<(), JobError> {
        self.send(id, FromWorker::Blob { sha256, bytes });
        parts(&mut |part| {
            let data = to_base64(part);
            self.send(id, FromWorker::Chunk { data });
        })?;
        self.send(id, FromWorker::BlobEnd);
        Ok(())
    }
}

/// The job's side of an engine's progress.
pub(super) struct Told<'a> {
    pub(super) id: u64,
    pub(super) out: &'a Out,
    pub(super) cancelled: &'a AtomicBool,
}

impl Progress for Told<'_> {
    fn stage(&self, stage: Stage) {
        self.out.send(self.id, FromWorker::Stage { stage });
    }

    fn log(&self, severity: &str, line: &str) {
        let (severity, line) = (severity.into(), line.into());
        self.out.send(self.id, FromWorker::Log { severity, line });
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
