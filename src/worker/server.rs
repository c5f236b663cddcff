//! The worker's side: reads requests, runs jobs one after another, sends a heartbeat every second.
//!
//! Four threads: the reader (this one) also stores uploads, so that cancel is heard while a job runs; one runs jobs; one
//! writes; one beats.

use super::host::Host;
use super::jobs::{Out, Runner, Work, Writing};
use super::protocol::{FromWorker, HEARTBEAT, Joiner, MAX_LINE, Message, ToWorker, VERSION};
use super::store::{Store, Upload};
use super::wire::Lines;
use super::{JobError, limit, stdio};
use crate::engine::EngineError;
use crossbeam_channel::{Receiver, Sender};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Stack of the thread that runs jobs: models nest their graphs as deep as they like.
const JOB_STACK: usize = 64 << 20;

/// Runs the worker until its standard input ends or it is told to stop; returns the process's exit code.
pub fn serve() -> i32 {
    stdio::no_telemetry();
    let (input, output) = match stdio::take() {
        Ok(streams) => streams,
        Err(e) => {
            eprintln!("the worker cannot take over its standard streams: {e}");
            return 2;
        }
    };
    let store = match Store::open() {
        Ok(store) => store,
        Err(e) => {
            eprintln!("the worker has no folder for its files: {e}");
            return 2;
        }
    };
    if let Err(e) = limit::watch() {
        eprintln!("the worker cannot watch its memory: {e}");
        return 2;
    }
    let scratch = store.scratch_root().to_path_buf();
    let code = run(BufReader::with_capacity(1 << 16, input), output, store);
    let _ = std::fs::remove_dir_all(scratch);
    // The jobs' thread may be deep inside a library; nobody waits for it.
    stdio::exit_now(code)
}

/// Tries a library on a GPU as the file in `folder` says, for a worker that asks; returns the process's exit code.
pub fn probe(folder: &Path) -> i32 {
    // What the library prints goes to stderr, as in a worker.
    let streams = stdio::take();
    let code = crate::engine::tensorrt::probe::serve(folder);
    drop(streams);
    stdio::exit_now(code)
}

fn run(input: impl BufRead, output: impl Write + Send + 'static, store: Store) -> i32 {
    let (out, messages) = crossbeam_channel::bounded(64);
    let (work, queue) = crossbeam_channel::unbounded::<Work>();
    let store = Arc::new(Mutex::new(store));
    let busy = Arc::new(AtomicU64::new(0));
    let writing = Writing::default();
    let host = Host::here();
    let hello = FromWorker::Hello {
        program: env!("CARGO_PKG_VERSION").into(),
        targets: crate::engine::TARGETS.map(String::from).into(),
        host: host.clone(),
    };
    // Cannot fail: the channel is empty and its receiver lives.
    let _ = out.send(Message::new(0, hello));
    let threads = [
        spawn("write", 0, move || write(BufWriter::new(output), &messages)),
        spawn("heartbeat", 0, {
            let (out, busy) = (out.clone(), Arc::clone(&busy));
            move || beat(&out, &busy)
        }),
        spawn("jobs", JOB_STACK, {
            let mut runner = Runner::new(Out(out.clone()), Arc::clone(&store), host, writing.clone());
            move || {
                for work in queue {
                    busy.store(work.id, Ordering::Relaxed);
                    runner.run(work);
                    busy.store(0, Ordering::Relaxed);
                }
            }
        }),
    ];
    if let Some(Err(e)) = threads.into_iter().find(Result::is_err) {
        eprintln!("the worker cannot start its threads: {e}");
        return 2;
    }
    let mut reader = Reader {
        out,
        work,
        store,
        uploads: HashMap::new(),
        inputs: HashMap::new(),
        cancels: HashMap::new(),
        joiner: Joiner::default(),
    };
    let code = reader.read(Lines::new(input, MAX_LINE));
    writing.remove();
    code
}

fn spawn(name: &str, stack: usize, body: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let builder = thread::Builder::new().name(name.into());
    let builder = if stack > 0 { builder.stack_size(stack) } else { builder };
    builder.spawn(body).map(drop)
}

fn write(mut output: impl Write, messages: &Receiver<Message<FromWorker>>) {
    for message in messages {
        // A job whose end cannot be told is one that failed.
        let lines = message.to_lines().or_else(|e| {
            let error = JobError::Engine(EngineError::Failed(e.to_string()));
            Message::new(message.id, FromWorker::Failed { error }).to_lines()
        });
        let lines = match lines {
            Ok(lines) => lines,
            Err(e) => {
                eprintln!("{e}");
                continue;
            }
        };
        let flush = messages.is_empty();
        let written = lines.iter().try_for_each(|line| output.write_all(line.as_bytes()));
        if written.is_err() || (flush && output.flush().is_err()) {
            // Nobody listens any more; the end of stdin ends the process.
            return;
        }
    }
}

fn beat(out: &Sender<Message<FromWorker>>, busy: &AtomicU64) {
    loop {
        thread::sleep(HEARTBEAT);
        let busy = Some(busy.load(Ordering::Relaxed)).filter(|id| *id > 0);
        if out.send(Message::new(0, FromWorker::Heartbeat { busy })).is_err() {
            return;
        }
    }
}

struct Reader {
    out: Sender<Message<FromWorker>>,
    work: Sender<Work>,
    store: Arc<Mutex<Store>>,
    uploads: HashMap<u64, Upload>,
    inputs: HashMap<u64, Vec<u8>>,
    cancels: HashMap<u64, std::sync::Weak<AtomicBool>>,
    joiner: Joiner,
}

impl Reader {
    /// Reads lines until they end; the process's exit code.
    fn read(&mut self, mut lines: Lines<impl BufRead>) -> i32 {
        loop {
            match lines.next_line() {
                Ok(Some(line)) if line.trim().is_empty() => {}
                Ok(Some(line)) => {
                    if let Err(message) = self.line(&line) {
                        eprintln!("the worker was sent something it cannot read: {message}");
                        return 2;
                    }
                }
                Ok(None) => return 0,
                Err(e) => {
                    eprintln!("the worker cannot read its input: {e}");
                    return 2;
                }
            }
        }
    }

    /// Handles one line.
    ///
    /// # Errors
    /// What is wrong with a line that is no message of this protocol.
    fn line(&mut self, line: &str) -> Result<(), String> {
        let Some(text) = self.joiner.take(line)? else {
            return Ok(());
        };
        let message: Message<ToWorker> = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        if message.v != VERSION {
            return Err(format!("protocol {} where this worker speaks {VERSION}", message.v));
        }
        let id = message.id;
        match message.body {
            ToWorker::Hello { token_path, token, .. } => self.store().meet(token_path.as_deref(), token.as_deref()),
            ToWorker::Offer { files } => {
                let mut store = self.store();
                let direct = store.sees(&files);
                let missing = if direct { Vec::new() } else { store.missing(&files) };
                drop(store);
                self.send(id, FromWorker::Answer { direct, missing });
            }
            ToWorker::Blob { sha256, bytes, keep } => {
                let begun = self.store().begin(&sha256, bytes, keep);
                match begun {
                    Ok(upload) => drop(self.uploads.insert(id, upload)),
                    Err(message) => self.refuse(id, &message),
                }
            }
            ToWorker::Chunk { data } => {
                // A chunk of an upload that was refused is passed over: its end is already told.
                let added = self.uploads.get_mut(&id).map(|upload| upload.add(&data));
                if let Some(Err(message)) = added {
                    self.uploads.remove(&id);
                    self.refuse(id, &message);
                }
            }
            ToWorker::BlobEnd => {
                if let Some(upload) = self.uploads.remove(&id) {
                    let ended = self.store().end(upload);
                    match ended {
                        Ok(None) => self.send(id, FromWorker::Stored),
                        Ok(Some(bytes)) => drop(self.inputs.insert(id, bytes)),
                        Err(message) => self.refuse(id, &message),
                    }
                }
            }
            ToWorker::Job { job, model, beside } => {
                let cancelled = Arc::new(AtomicBool::new(false));
                self.cancels.retain(|_, c| c.strong_count() > 0);
                self.cancels.insert(id, Arc::downgrade(&cancelled));
                let inputs = self.inputs.remove(&id);
                // The jobs' thread lives as long as this one.
                let _ = self.work.send(Work {
                    id,
                    job: *job,
                    model,
                    beside,
                    inputs,
                    cancelled,
                });
            }
            ToWorker::Cancel => {
                self.uploads.remove(&id);
                self.inputs.remove(&id);
                if let Some(cancelled) = self.cancels.get(&id).and_then(std::sync::Weak::upgrade) {
                    cancelled.store(true, Ordering::Relaxed);
                }
            }
        }
        Ok(())
    }

    fn store(&self) -> std::sync::MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, id: u64, body: FromWorker) {
        // Fails only when the writer ended because nobody listens.
        let _ = self.out.send(Message::new(id, body));
    }

    fn refuse(&self, id: u64, message: &str) {
        let error = EngineError::Failed(format!("the worker could not store the upload: {message}"));
        self.send(
            id,
            FromWorker::Failed {
                error: JobError::Engine(error),
            },
        );
    }
}
