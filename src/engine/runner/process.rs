//! The runner's process: its pipes, served by threads so that a runner that neither reads nor writes holds up nobody, its
//! last words, its end.

use super::protocol::{self, Answer, Ours, Theirs};
use crate::engine::{EngineError, Recorder};
use crate::recipe::TargetSpec;
use bytes::Bytes;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a wait asks whether it should go on.
const POLL: Duration = Duration::from_millis(50);
/// Time that a runner has to end after `close`.
const FAREWELL: Duration = Duration::from_secs(2);
/// Lines of standard error kept for messages.
const KEPT: usize = 12;
/// Longest of those lines in bytes.
const LONGEST: usize = 400;

/// A runner that was started.
pub struct Process {
    child: Child,
    /// What the runner is called in messages: its command.
    words: String,
    patience: Duration,
    send: Sender<(Vec<u8>, Vec<Bytes>)>,
    receive: Receiver<Result<Option<Answer>, String>>,
    last_words: Arc<Mutex<VecDeque<String>>>,
    /// The conversation broke: what is read next would be the answer to something else.
    is_broken: bool,
}

impl Process {
    /// Starts the target's command. It stays in the worker's process group, so it cannot outlive a worker that is killed.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`]: the command cannot be started here.
    pub fn start(target: &TargetSpec, patience: Duration, recorder: &mut Recorder<'_>) -> Result<Self, EngineError> {
        let words = target.command.join(" ");
        let Some((program, arguments)) = target.command.split_first() else {
            return Err(EngineError::Request("the runner's command is empty".into()));
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(folder) = target.folder.as_deref().filter(|f| !f.as_os_str().is_empty()) {
            if folder.is_dir() {
                command.current_dir(folder);
            } else {
                let here = std::env::current_dir().unwrap_or_default();
                let line = format!(
                    "the folder {} is not on this machine: the runner starts in {}",
                    folder.display(),
                    here.display()
                );
                recorder.log("warn", &line);
            }
        }
        let place = command.get_current_dir().map(|p| format!(" in {}", p.display()));
        let mut child = command.spawn().map_err(|e| {
            EngineError::Unavailable(format!(
                "the runner `{words}` cannot be started{}: {}",
                place.unwrap_or_default(),
                crate::files::words(&e)
            ))
        })?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(EngineError::Failed("the runner has no pipes".into()));
        };
        let last_words = Arc::new(Mutex::new(VecDeque::new()));
        listen(stderr, Arc::clone(&last_words));
        Ok(Self {
            child,
            words,
            patience,
            send: writer(stdin),
            receive: reader(stdout),
            last_words,
            is_broken: false,
        })
    }

    /// Process number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// True while it can be asked.
    pub fn is_alive(&mut self) -> bool {
        !self.is_broken && matches!(self.child.try_wait(), Ok(None))
    }

    /// Says something and waits for the answer; `go_on` is asked some twenty times a second.
    ///
    /// # Errors
    /// [`EngineError::Failed`]: it crashed, took too long, or wrote what is no answer; it is not asked again then.
    /// [`EngineError::Cancelled`] when `go_on` says no.
    pub fn ask(&mut self, message: &Ours, arrays: &[Bytes], go_on: &dyn Fn() -> bool) -> Result<Answer, EngineError> {
        if self.is_broken {
            return Err(self.blame("it failed before"));
        }
        let line = protocol::line(message).map_err(EngineError::Request)?;
        if self.send.send((line, arrays.to_vec())).is_err() {
            return Err(self.broken("it does not read any more"));
        }
        let start = Instant::now();
        loop {
            match self.receive.recv_timeout(POLL.min(self.patience)) {
                Ok(Ok(Some(answer))) => return Ok(answer),
                Ok(Ok(None)) | Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
                Ok(Err(why)) => return Err(self.broken(&why)),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if !go_on() {
                self.is_broken = true;
                self.kill();
                return Err(EngineError::Cancelled);
            }
            if start.elapsed() >= self.patience {
                let seconds = self.patience.as_secs();
                self.kill();
                return Err(self.broken(&format!(
                    "it gave no answer for {seconds} s and was ended (build option timeout_s)"
                )));
            }
        }
    }

    /// An error about this runner, with what it wrote to standard error last.
    pub fn blame(&self, why: &str) -> EngineError {
        let mut text = format!("the runner `{}`: {why}", self.words);
        let last = self.last_words.lock().unwrap_or_else(PoisonError::into_inner);
        for line in last.iter() {
            text.push_str("\n  ");
            text.push_str(line);
        }
        EngineError::Failed(text)
    }

    fn broken(&mut self, why: &str) -> EngineError {
        self.is_broken = true;
        self.blame(why)
    }

    /// Its output is closed: how it ended.
    fn ended(&mut self) -> EngineError {
        let begin = Instant::now();
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if begin.elapsed() < FAREWELL => std::thread::sleep(Duration::from_millis(10)),
                _ => break None,
            }
        };
        // What it wrote at its end is still on its way.
        std::thread::sleep(POLL);
        match status {
            Some(status) => self.broken(&format!("it ended ({status})")),
            None => self.broken("it closed its output"),
        }
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(line) = protocol::line(&Ours::Close)
            && !self.is_broken
        {
            let _ = self.send.send((line, Vec::new()));
        }
        // Nothing follows: the writer closes the pipe.
        let (gone, _) = crossbeam_channel::bounded(0);
        self.send = gone;
        let begin = Instant::now();
        while !self.is_broken && begin.elapsed() < FAREWELL {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.kill();
    }
}

/// Writes what it is given; ends with the pipe.
fn writer(mut stdin: ChildStdin) -> Sender<(Vec<u8>, Vec<Bytes>)> {
    let (send, lines) = crossbeam_channel::bounded::<(Vec<u8>, Vec<Bytes>)>(1);
    std::thread::spawn(move || {
        for (line, arrays) in lines {
            let mut write = || -> std::io::Result<()> {
                stdin.write_all(&line)?;
                for array in &arrays {
                    stdin.write_all(array)?;
                }
                stdin.flush()
            };
            // The reader sees the end of a runner that is gone, and says so.
            if write().is_err() {
                return;
            }
        }
    });
    send
}

/// Reads answers, at most one ahead; ends with the first that is none.
fn reader(stdout: ChildStdout) -> Receiver<Result<Option<Answer>, String>> {
    let (send, answers) = crossbeam_channel::bounded(1);
    std::thread::spawn(move || {
        let mut from = BufReader::with_capacity(1 << 20, stdout);
        loop {
            let answer = protocol::read(&mut from);
            let is_last = !matches!(answer, Ok(Some(_)));
            if send.send(answer).is_err() || is_last {
                return;
            }
        }
    });
    answers
}

/// Passes standard error on and keeps its last lines.
fn listen(stderr: ChildStderr, kept: Arc<Mutex<VecDeque<String>>>) {
    std::thread::spawn(move || {
        let mut from = BufReader::new(stderr);
        let mut line = Vec::new();
        loop {
            line.clear();
            match std::io::Read::take(&mut from, 64 << 10).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            if text.is_empty() {
                continue;
            }
            let _ = writeln!(std::io::stderr(), "{text}");
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back(text.chars().take(LONGEST).collect());
        }
    });
}

/// The error for an answer that is not the one wanted: the runner's own message where it sent one.
pub fn other(process: &Process, answer: &Theirs, wanted: &str) -> EngineError {
    match answer {
        Theirs::Error { message } => process.blame(message),
        answer => process.blame(&protocol::unexpected(answer, wanted)),
    }
}
