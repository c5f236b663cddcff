//! What the threads of one worker's client share.

use super::super::host::Host;
use super::super::protocol::FromWorker;
use super::super::room;
use super::super::wire::{finish, from_base64, tensors_from_bytes};
use super::super::{JobError, JobEvent, JobOutput};
use super::delivery::Delivery;
use crate::engine::EngineError;
use crate::{files, visible};
use crossbeam_channel::Sender;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// A worker that says nothing for so long hangs.
const SILENCE: Duration = Duration::from_secs(10);
/// A job that does not stop within this time after a cancel is stopped with its worker.
const CANCEL: Duration = Duration::from_secs(5);
/// Silence before the handshake that is too long. A prefix may have to connect or to fetch a container image, and mostly
/// says so; what it prints counts as a sign of life until the handshake.
const HANDSHAKE: Duration = Duration::from_secs(60);
/// Time for the handshake, whatever is printed.
const HANDSHAKE_AT_MOST: Duration = Duration::from_secs(1800);
/// Stray lines kept for messages.
const STRAYS: usize = 12;
/// Longest stray line that is kept, in characters.
const STRAY_LENGTH: usize = 500;

/// Shared state of one worker's client.
pub struct Shared {
    /// Process id of the child.
    pub pid: u32,
    inner: Mutex<Inner>,
    changed: Condvar,
}

struct Inner {
    started: Instant,
    heard: Instant,
    hello: Option<(Host, Vec<String>)>,
    /// Why there will be no further answers.
    ended: Option<String>,
    /// Why the process has to be killed.
    doomed: Option<String>,
    closing: bool,
    output_ended: bool,
    errors_ended: bool,
    jobs: HashMap<u64, Pending>,
    strays: VecDeque<String>,
    /// The proof for a worker that sees our files, until it has read it.
    token: Option<NamedTempFile>,
}

struct Pending {
    events: Sender<JobEvent>,
    /// The job message was written: the worker may be at it.
    sent: bool,
    cancelled: Option<Instant>,
    /// Where its engine file goes.
    delivery: Option<Delivery>,
    incoming: Option<Incoming>,
    /// Outputs that came as a blob.
    blob: Option<Vec<u8>>,
}

/// A blob on its way from the worker.
struct Incoming {
    sha256: String,
    bytes: u64,
    received: u64,
    hash: Sha256,
    to: To,
}

enum To {
    File(File),
    Memory(Vec<u8>),
}

/// What the watching thread has to do.
pub enum Watch {
    /// Nothing.
    GoOn,
    /// Kill the process; the reason is kept.
    Kill,
}

impl Shared {
    pub fn new(pid: u32) -> Self {
        Self {
            pid,
            inner: Mutex::new(Inner {
                started: Instant::now(),
                heard: Instant::now(),
                hello: None,
                ended: None,
                doomed: None,
                closing: false,
                output_ended: false,
                errors_ended: false,
                jobs: HashMap::new(),
                strays: VecDeque::new(),
                token: None,
            }),
            changed: Condvar::new(),
        }
    }

    /// Keeps the file that proves to the worker that it sees ours; removed when it was read, or with the worker.
    pub fn hold_token(&self, token: Option<NamedTempFile>) {
        self.lock().token = token;
    }

    /// The worker has read the token: it answers something that was said after it.
    pub fn token_was_read(&self) {
        drop(self.lock().token.take());
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn wait_for_hello(&self, go_on: &dyn Fn() -> bool) -> Result<(), String> {
        let mut inner = self.lock();
        loop {
            if let Some(reason) = &inner.ended {
                return Err(reason.clone());
            }
            if inner.hello.is_some() {
                return Ok(());
            }
            if !go_on() {
                return Err("given up while it started".into());
            }
            let waited = self.changed.wait_timeout(inner, Duration::from_millis(50));
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub fn ended(&self) -> Option<String> {
        self.lock().ended.clone()
    }

    pub fn host(&self) -> Host {
        self.lock().hello.as_ref().map(|h| h.0.clone()).unwrap_or_default()
    }

    pub fn targets(&self) -> Vec<String> {
        self.lock().hello.as_ref().map(|h| h.1.clone()).unwrap_or_default()
    }

    pub fn has_hello(&self) -> bool {
        self.lock().hello.is_some()
    }

    pub fn hello(&self, host: Host, targets: Vec<String>) {
        let mut inner = self.lock();
        inner.hello = Some((host, targets));
        inner.heard = Instant::now();
        drop(inner);
        self.changed.notify_all();
    }

    /// Something came from the worker.
    pub fn heard(&self) {
        self.lock().heard = Instant::now();
    }

    /// This program runs again after it did not: all times of waiting begin anew.
    pub fn resume(&self) {
        let mut inner = self.lock();
        let now = Instant::now();
        (inner.heard, inner.started) = (now, now);
        for job in inner.jobs.values_mut() {
            job.cancelled = job.cancelled.map(|_| now);
        }
    }

    /// A line that is no message: shown with the jobs at work and kept for messages.
    pub fn stray(&self, line: &str) {
        let line = line.trim_end();
        if line.is_empty() {
            return;
        }
        let line: String = line.chars().take(STRAY_LENGTH).collect();
        let line = visible::line(&line).into_owned();
        let mut inner = self.lock();
        if inner.hello.is_none() {
            inner.heard = Instant::now();
        }
        for job in inner.jobs.values() {
            let (severity, line) = ("stray".into(), line.clone());
            let _ = job.events.send(JobEvent::Log { severity, line });
        }
        if inner.strays.len() == STRAYS {
            inner.strays.pop_front();
        }
        inner.strays.push_back(line);
    }

    pub fn add(&self, id: u64, events: Sender<JobEvent>) {
        let mut inner = self.lock();
        if let Some(reason) = &inner.ended {
            let _ = events.send(JobEvent::Failed(JobError::Worker(reason.clone())));
            return;
        }
        let pending = Pending {
            events,
            sent: false,
            cancelled: None,
            delivery: None,
            incoming: None,
            blob: None,
        };
        inner.jobs.insert(id, pending);
    }

    /// Keeps where the engine file of a job goes until the job ends.
    pub fn deliver(&self, id: u64, delivery: Delivery) {
        if let Some(job) = self.lock().jobs.get_mut(&id) {
            job.delivery = Some(delivery);
        }
    }

    /// True while the job has neither ended nor been cancelled, and the worker lives.
    pub fn is_wanted(&self, id: u64) -> bool {
        let inner = self.lock();
        inner.ended.is_none() && inner.jobs.get(&id).is_some_and(|job| job.cancelled.is_none())
    }

    /// The job message is about to be written; false when nobody wants it any more.
    pub fn set_sent(&self, id: u64) -> bool {
        let mut inner = self.lock();
        match inner.jobs.get_mut(&id) {
            Some(job) => {
                job.sent = true;
                true
            }
            None => false,
        }
    }

    /// Notes the wish to cancel; true when the worker must be told.
    pub fn cancel(&self, id: u64) -> bool {
        let mut inner = self.lock();
        match inner.jobs.get_mut(&id) {
            Some(job) if job.sent => {
                job.cancelled.get_or_insert_with(Instant::now);
                true
            }
            Some(_) => {
                // Still on this side: it ends here, and the sender passes over it.
                inner.finish(id, Err(JobError::Cancelled));
                false
            }
            None => false,
        }
    }

    pub fn tell(&self, id: u64, event: JobEvent) {
        if let Some(job) = self.lock().jobs.get(&id) {
            let _ = job.events.send(event);
        }
    }

    pub fn fail(&self, id: u64, error: JobError) {
        self.lock().finish(id, Err(error));
    }

    /// The worker's answer that a job ended.
    pub fn done(&self, id: u64, mut output: JobOutput) {
        let mut inner = self.lock();
        let Some(job) = inner.jobs.get_mut(&id) else {
            return;
        };
        let result = match &mut output {
            JobOutput::Infer { tensors } => match job.blob.take() {
                Some(blob) => match tensors_from_bytes(&blob.into()) {
                    Ok(read) => {
                        *tensors = read;
                        Ok(output)
                    }
                    Err(message) => Err(engine_failed(format!("the worker's outputs cannot be read: {message}"))),
                },
                None => Err(engine_failed("the worker sent no outputs".into())),
            },
            JobOutput::Build { record, .. } => match job.delivery.take() {
                Some(delivery) => delivery.complete(record).map(|()| output),
                None => Ok(output),
            },
            _ => Ok(output),
        };
        inner.finish(id, result);
    }

    /// A part of a blob from the worker.
    pub fn blob(&self, id: u64, part: FromWorker) {
        let mut inner = self.lock();
        let Some(job) = inner.jobs.get_mut(&id) else {
            return;
        };
        if let Err(error) = job.receive(part) {
            // The worker does not know; it goes on until its own end of the job, which nobody waits for.
            inner.finish(id, Err(error));
        }
    }

    pub fn close(&self) {
        self.lock().closing = true;
    }

    pub fn output_ended(&self) -> bool {
        self.lock().output_ended
    }

    pub fn set_output_ended(&self) {
        self.lock().output_ended = true;
    }

    pub fn set_errors_ended(&self) {
        self.lock().errors_ended = true;
    }

    /// True when all that the process printed was read.
    pub fn all_was_read(&self) -> bool {
        let inner = self.lock();
        inner.output_ended && inner.errors_ended
    }

    /// The process cannot be used any more and has to be killed; the first reason stays.
    pub fn doom(&self, reason: impl Into<String>) {
        self.lock().doomed.get_or_insert_with(|| reason.into());
    }

    pub fn watch(&self) -> Watch {
        let mut inner = self.lock();
        let reason = if let Some(reason) = &inner.doomed {
            reason.clone()
        } else if inner.closing {
            "closed".into()
        } else if inner.hello.is_none()
            && (inner.heard.elapsed() > HANDSHAKE || inner.started.elapsed() > HANDSHAKE_AT_MOST)
        {
            format!(
                "it said nothing that a worker says for {} s",
                inner.started.elapsed().as_secs()
            )
        } else if inner.hello.is_some() && inner.heard.elapsed() > SILENCE {
            format!("it hangs: no sign of life for {} s", SILENCE.as_secs())
        } else if inner
            .jobs
            .values()
            .any(|j| j.cancelled.is_some_and(|at| at.elapsed() > CANCEL))
        {
            format!("a cancelled job did not stop within {} s", CANCEL.as_secs())
        } else {
            return Watch::GoOn;
        };
        inner.doomed = Some(reason);
        Watch::Kill
    }

    /// The process is gone: every job ends, and so does every later one. A reason noted before goes before `reason`.
    pub fn end(&self, reason: &str) {
        let mut inner = self.lock();
        let reason = inner.doomed.take().unwrap_or_else(|| reason.into());
        let message = inner.with_strays(&reason);
        let jobs: Vec<u64> = inner.jobs.keys().copied().collect();
        for id in jobs {
            let cancelled = inner.jobs.get(&id).is_some_and(|j| j.cancelled.is_some());
            let error = if cancelled {
                JobError::Cancelled
            } else {
                JobError::Worker(message.clone())
            };
            inner.finish(id, Err(error));
        }
        inner.ended = Some(message);
        self.changed.notify_all();
    }
}

impl Inner {
    fn finish(&mut self, id: u64, result: Result<JobOutput, JobError>) {
        if let Some(mut job) = self.jobs.remove(&id) {
            // Gone before anybody hears of the end.
            job.incoming = None;
            job.delivery = None;
            let event = result.map_or_else(JobEvent::Failed, |output| JobEvent::Done(Box::new(output)));
            let _ = job.events.send(event);
        }
    }

    fn with_strays(&self, reason: &str) -> String {
        if self.strays.is_empty() {
            return reason.into();
        }
        let lines: Vec<&str> = self.strays.iter().map(String::as_str).collect();
        format!("{reason}; it printed last:\n{}", lines.join("\n"))
    }
}

impl Pending {
    fn receive(&mut self, part: FromWorker) -> Result<(), JobError> {
        match part {
            FromWorker::Blob { sha256, bytes } => {
                let too_large = |why| engine_failed(format!("what the worker sends is refused: {why}"));
                let to = match &self.delivery {
                    Some(delivery) => {
                        room::on_disk(files::folder(delivery.path()), bytes).map_err(too_large)?;
                        To::File(delivery.receive()?)
                    }
                    None => {
                        room::in_memory(bytes).map_err(too_large)?;
                        To::Memory(Vec::new())
                    }
                };
                self.incoming = Some(Incoming {
                    sha256,
                    bytes,
                    received: 0,
                    hash: Sha256::new(),
                    to,
                });
            }
            FromWorker::Chunk { data } => {
                let incoming = self.incoming.as_mut().ok_or_else(unexpected)?;
                let data = from_base64(&data).ok_or_else(unexpected)?;
                incoming.received += data.len() as u64;
                if incoming.received > incoming.bytes {
                    return Err(unexpected());
                }
                incoming.hash.update(&data);
                let (done, total) = (incoming.received, incoming.bytes);
                match &mut incoming.to {
                    To::File(file) => file.write_all(&data).map_err(|e| {
                        let path = self.delivery.as_ref().map(|d| d.path().display().to_string());
                        engine_failed(format!("{}: {e}", path.unwrap_or_default()))
                    })?,
                    To::Memory(bytes) => bytes.extend_from_slice(&data),
                }
                let _ = self.events.send(JobEvent::Transfer { done, total });
            }
            FromWorker::BlobEnd => {
                let incoming = self.incoming.take().ok_or_else(unexpected)?;
                if incoming.received != incoming.bytes || finish(incoming.hash) != incoming.sha256 {
                    return Err(unexpected());
                }
                if let To::Memory(bytes) = incoming.to {
                    self.blob = Some(bytes);
                }
            }
            // Where it was written the record says, and what is there is looked at with the record.
            _ => {}
        }
        Ok(())
    }
}

fn unexpected() -> JobError {
    engine_failed("a file from the worker arrived damaged".into())
}

pub fn engine_failed(message: String) -> JobError {
    JobError::Engine(EngineError::Failed(message))
}
