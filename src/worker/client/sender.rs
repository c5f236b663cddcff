//! Sending: jobs with their models, one after another; uploads only what the worker lacks.

use super::super::protocol::{CHUNK, Content, Message, ModelAt, Offered, ToWorker, Unsayable};
use super::super::store::{hash_file, modified_ns};
use super::super::wire::{sha256_hex, tensors_to_bytes, to_base64};
use super::super::{Job, JobError, JobEvent};
use super::delivery::Delivery;
use super::inbox::Answer;
use super::state::Shared;
use crate::engine::EngineError;
use crate::model::Model;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What the sending thread is asked to do.
pub enum Command {
    /// Answer the worker's hello.
    Hello,
    /// Send a job, after its model.
    Submit {
        /// Its id.
        id: u64,
        /// The job.
        job: Box<Job>,
    },
    /// Ask the worker to stop a job.
    Cancel {
        /// Its id.
        id: u64,
    },
}

/// The sending thread.
pub struct Sending<W> {
    input: W,
    shared: Arc<Shared>,
    commands: Receiver<Command>,
    answers: Receiver<(u64, Answer)>,
}

/// Why a job was not sent.
enum Stop {
    /// Nobody wants it any more, or it was failed already.
    Unwanted,
    /// It failed here.
    Failed(JobError),
    /// The worker's input is closed; the watching thread tells why.
    Closed,
}

impl From<Unsayable> for Stop {
    fn from(error: Unsayable) -> Self {
        Self::Failed(request(error.to_string()))
    }
}

impl<W: Write> Sending<W> {
    pub fn new(input: W, shared: Arc<Shared>, commands: Receiver<Command>, answers: Receiver<(u64, Answer)>) -> Self {
        Self {
            input,
            shared,
            commands,
            answers,
        }
    }

    /// Sends until the worker's client is dropped or the worker's input is closed.
    pub fn run(mut self) {
        while let Ok(command) = self.commands.recv() {
            let sent = match command {
                Command::Hello => self.hello(),
                Command::Cancel { id } => self.send(id, ToWorker::Cancel),
                Command::Submit { id, job } => match self.submit(id, *job) {
                    Err(Stop::Failed(error)) => {
                        self.shared.fail(id, error);
                        self.send(id, ToWorker::Cancel)
                    }
                    Err(Stop::Unwanted) => self.send(id, ToWorker::Cancel),
                    other => other,
                },
            };
            if matches!(sent, Err(Stop::Closed)) {
                return;
            }
        }
    }

    fn send(&mut self, id: u64, body: ToWorker) -> Result<(), Stop> {
        let lines = Message::new(id, body).to_lines()?;
        let written = lines.iter().try_for_each(|line| self.input.write_all(line.as_bytes()));
        written.and_then(|()| self.input.flush()).map_err(|_| Stop::Closed)
    }

    /// Says hello, with the proof for a worker that sees our files.
    fn hello(&mut self) -> Result<(), Stop> {
        let token = random_hex();
        let file = tempfile::Builder::new().prefix("enginesmith-token-").tempfile();
        let file = file
            .ok()
            .and_then(|mut f| f.write_all(token.as_bytes()).ok().map(|()| f));
        let token_path = file.as_ref().map(|f| sayable(f.path()));
        self.shared.hold_token(file);
        self.send(
            0,
            ToWorker::Hello {
                program: env!("CARGO_PKG_VERSION").into(),
                token: token_path.as_ref().map(|_| token),
                token_path,
            },
        )
    }

    fn submit(&mut self, id: u64, mut job: Job) -> Result<(), Stop> {
        if !self.shared.is_wanted(id) {
            return Err(Stop::Unwanted);
        }
        let files = match (job.model(), job.engine_file()) {
            (Some(model), _) => Some(offer(model)),
            (None, Some(engine)) => Some(offer_file(engine)),
            (None, None) => None,
        };
        let files = files.transpose().map_err(|message| Stop::Failed(request(message)))?;
        let beside = match &job {
            Job::Build {
                output: Some(path),
                force,
                ..
            } => {
                let read: Vec<&Path> = files.iter().flatten().map(|f| f.path.as_path()).collect();
                let delivery = Delivery::prepare(path, *force, &read, random_hex());
                let delivery = delivery.map_err(|message| Stop::Failed(request(message)))?;
                let beside = delivery.beside();
                self.shared.deliver(id, delivery);
                Some(beside)
            }
            _ => None,
        };
        let model = match files {
            Some(files) => Some(self.model(id, files)?),
            None => None,
        };
        if let Job::Infer { inputs, .. } | Job::Observe { inputs, .. } | Job::Expect { inputs, .. } = &mut job {
            let blob = tensors_to_bytes(inputs);
            inputs.clear();
            let sha256 = sha256_hex(&blob);
            self.upload(id, &mut blob.as_slice(), blob.len() as u64, sha256, false)?;
        }
        if !self.shared.set_sent(id) {
            return Err(Stop::Unwanted);
        }
        say_paths(&mut job);
        let job = Box::new(job);
        self.send(id, ToWorker::Job { job, model, beside })
    }

    /// Makes sure that the worker has the model, or the engine file.
    fn model(&mut self, id: u64, mut files: Vec<Offered>) -> Result<ModelAt, Stop> {
        self.send(id, told(&files))?;
        if let Answer::Offer { direct: true, .. } = self.answer(id)? {
            return Ok(ModelAt::Path(files.swap_remove(0).path));
        }
        for file in &mut files {
            let hash = hash_file(&file.path, &mut || self.shared.is_wanted(id));
            file.sha256 = Some(hash.map_err(|e| self.unreadable(id, &file.path, &e))?);
        }
        self.send(id, told(&files))?;
        let missing = match self.answer(id)? {
            Answer::Offer { missing, .. } => missing,
            Answer::Stored | Answer::Failed => return Err(Stop::Unwanted),
        };
        let mut contents = Vec::new();
        let mut uploaded = Vec::new();
        for file in files {
            let sha256 = file.sha256.unwrap_or_default();
            if missing.contains(&sha256) && !uploaded.contains(&sha256) {
                let mut reader = File::open(&file.path).map_err(|e| self.unreadable(id, &file.path, &e))?;
                self.upload(id, &mut reader, file.bytes, sha256.clone(), true)?;
                match self.answer(id)? {
                    Answer::Stored => uploaded.push(sha256.clone()),
                    Answer::Offer { .. } | Answer::Failed => return Err(Stop::Unwanted),
                }
            }
            let name = file.name;
            contents.push(Content { name, sha256 });
        }
        Ok(ModelAt::Files(contents))
    }

    fn upload(&mut self, id: u64, from: &mut dyn Read, total: u64, sha256: String, keep: bool) -> Result<(), Stop> {
        let bytes = total;
        self.send(id, ToWorker::Blob { sha256, bytes, keep })?;
        let mut part = vec![0u8; CHUNK];
        let mut done = 0;
        while done < total {
            if !self.shared.is_wanted(id) {
                return Err(Stop::Unwanted);
            }
            let length = part.len().min(usize::try_from(total - done).unwrap_or(usize::MAX));
            let read = from.read(&mut part[..length]);
            let n = match read {
                Ok(0) => break,
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(Stop::Failed(request(format!("the model cannot be read: {e}")))),
            };
            let data = to_base64(&part[..n]);
            self.send(id, ToWorker::Chunk { data })?;
            done += n as u64;
            if keep {
                self.shared.tell(id, JobEvent::Transfer { done, total });
            }
        }
        self.send(id, ToWorker::BlobEnd)
    }

    /// Waits for the worker's answer about job `id`, as long as somebody wants the job.
    fn answer(&mut self, id: u64) -> Result<Answer, Stop> {
        loop {
            match self.answers.recv_timeout(Duration::from_millis(50)) {
                Ok((of, Answer::Failed)) if of == id => return Err(Stop::Unwanted),
                Ok((of, answer)) if of == id => return Ok(answer),
                // Of a job that was given up, or the end of one that ran.
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) if self.shared.is_wanted(id) => {}
                Err(RecvTimeoutError::Timeout) => return Err(Stop::Unwanted),
                Err(RecvTimeoutError::Disconnected) => return Err(Stop::Closed),
            }
        }
    }

    fn unreadable(&self, id: u64, path: &Path, error: &io::Error) -> Stop {
        if self.shared.is_wanted(id) {
            Stop::Failed(request(format!("{}: {error}", path.display())))
        } else {
            Stop::Unwanted
        }
    }
}

/// The model's files as they are now: the model first, then its external data.
fn offer(path: &Path) -> Result<Vec<Offered>, String> {
    let model = Model::open(path).map_err(|e| e.to_string())?;
    let path = std::path::absolute(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new("/")).to_path_buf();
    let mut paths = vec![path];
    for external in model.external_files() {
        paths.push(std::path::absolute(&external).map_err(|e| format!("{}: {e}", external.display()))?);
    }
    paths.into_iter().map(|path| offered(path, &folder)).collect()
}

/// One file that stands alone.
fn offer_file(path: &Path) -> Result<Vec<Offered>, String> {
    let path = std::path::absolute(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new("/")).to_path_buf();
    Ok(vec![offered(path, &folder)?])
}

fn offered(path: PathBuf, folder: &Path) -> Result<Offered, String> {
    let meta = std::fs::metadata(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let name = path.strip_prefix(folder).ok().and_then(|name| {
        let parts: Vec<_> = name.components().map(|c| c.as_os_str().to_string_lossy()).collect();
        (!parts.is_empty()).then(|| parts.join("/"))
    });
    let name = name.ok_or_else(|| format!("{}: not a path inside the model's folder", path.display()))?;
    Ok(Offered {
        name,
        bytes: meta.len(),
        modified_ns: modified_ns(&meta).unwrap_or(0),
        path,
        sha256: None,
    })
}

/// The files as the worker is told of them.
fn told(files: &[Offered]) -> ToWorker {
    let mut files = files.to_vec();
    files.iter_mut().for_each(|f| f.path = sayable(&f.path));
    ToWorker::Offer { files }
}

/// The path as JSON can say it. One that is not UTF-8 leads to no file at the other end, so the worker asks for the content
/// instead, as one on another machine does.
fn sayable(path: &Path) -> PathBuf {
    path.to_string_lossy().into_owned().into()
}

/// Makes the paths of a job sayable. They only tell the worker what things are called here; where they are it has been told.
fn say_paths(job: &mut Job) {
    let say = |path: &mut PathBuf| {
        if path.to_str().is_none() {
            *path = sayable(path);
        }
    };
    match job {
        Job::Parse { model, .. } => say(model),
        Job::InspectEngine { file, .. } => say(file),
        Job::Build { recipe, .. }
        | Job::BuildObserver { recipe, .. }
        | Job::Bench { recipe, .. }
        | Job::Profile { recipe, .. } => {
            say(&mut recipe.model.path);
            let data = [&mut recipe.data.calibration, &mut recipe.data.test];
            data.into_iter().flatten().for_each(|source| say(&mut source.path));
        }
        _ => {}
    }
}

/// 32 digits that others should not guess in a second: keyed from the system's random source.
fn random_hex() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

fn request(message: String) -> JobError {
    JobError::Engine(EngineError::Request(message))
}
