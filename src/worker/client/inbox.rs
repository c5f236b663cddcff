//! Reading what the worker says, and what else comes on its output.

use super::super::JobEvent;
use super::super::protocol::{FromWorker, Joiner, MARK, MAX_LINE, Message, VERSION};
use super::super::wire::{LineError, Lines};
use super::state::Shared;
use crate::bench::Sample;
use crate::visible;
use crossbeam_channel::Sender;
use std::io::{BufReader, Read};

/// Lines on stdout that are no messages; more end the worker. A login banner has some dozens.
const GARBAGE_LINES: usize = 2_000;

/// Bytes kept of a line on stderr; the rest of it is passed over.
const STRAY: usize = 1 << 16;

/// What the sending thread waits for.
pub enum Answer {
    /// To an offer.
    Offer {
        /// The worker opens the client's own files.
        direct: bool,
        /// Hashes of files it does not have.
        missing: Vec<String>,
    },
    /// An uploaded file is stored.
    Stored,
    /// An upload could not be stored; the job was failed.
    Failed,
}

/// Reads messages until the output ends.
pub fn read_output(output: impl Read, shared: &Shared, answers: &Sender<(u64, Answer)>) {
    let mut lines = Lines::new(BufReader::with_capacity(1 << 16, output), MAX_LINE);
    let mut joiner = Joiner::default();
    let mut garbage = 0;
    loop {
        match lines.next_line() {
            Ok(Some(line)) => {
                // A prefix may print without a line feed just before a message.
                let Some(at) = line.find(MARK) else {
                    shared.stray(&line);
                    garbage += 1;
                    if garbage > GARBAGE_LINES {
                        shared.doom(format!(
                            "it printed more than {GARBAGE_LINES} lines that no worker prints"
                        ));
                        break;
                    }
                    continue;
                };
                let (stray, message) = line.split_at(at);
                shared.stray(stray);
                if let Err(reason) = receive(message, &mut joiner, shared, answers) {
                    if lines.is_cut() {
                        // Half a message is how a process ends that was killed; how it ended is told by who waits for it.
                        break;
                    }
                    shared.stray(message);
                    shared.doom(reason);
                    break;
                }
            }
            Ok(None) => break,
            Err(LineError::TooLong { limit, start }) => {
                shared.doom(format!(
                    "it printed a line of more than {} MiB, which no worker of this version does (they cut what is longer into \
                     parts); install the same version on both sides. The line begins with {start:?}",
                    limit >> 20
                ));
                break;
            }
            Err(LineError::Io(_)) => break,
        }
    }
    shared.set_output_ended();
}

/// Reads stderr until it ends; all of it is for the user.
pub fn read_errors(errors: impl Read, shared: &Shared) {
    let mut lines = Lines::cutting(BufReader::new(errors), STRAY);
    while let Ok(Some(line)) = lines.next_line() {
        shared.stray(&line);
    }
    shared.set_errors_ended();
}

/// Handles a message.
fn receive(line: &str, joiner: &mut Joiner, shared: &Shared, answers: &Sender<(u64, Answer)>) -> Result<(), String> {
    let joined = joiner
        .take(line)
        .map_err(|why| format!("it sent a message that cannot be read ({why})"))?;
    let Some(text) = joined else {
        shared.heard();
        return Ok(());
    };
    let message: Message<FromWorker> = match serde_json::from_str(&text) {
        Ok(message) => message,
        Err(e) => return Err(unreadable(&text, &e)),
    };
    if message.v != VERSION {
        return Err(other_version(u64::from(message.v), None));
    }
    shared.heard();
    let id = message.id;
    // Messages of jobs follow on ours, of which the one with the token is the first.
    if id != 0 {
        shared.token_was_read();
    }
    let answer = |answer| {
        // The sending thread ends only with the worker.
        let _ = answers.send((id, answer));
    };
    match message.body {
        FromWorker::Hello { host, targets, .. } => shared.hello(host, targets),
        _ if !shared.has_hello() => return Err("it did not begin with a hello".into()),
        FromWorker::Heartbeat { .. } => {}
        FromWorker::Answer { direct, missing } => answer(Answer::Offer { direct, missing }),
        FromWorker::Stored => answer(Answer::Stored),
        FromWorker::Stage { stage } => shared.tell(id, JobEvent::Stage(stage)),
        FromWorker::Log { severity, line } => {
            let line = visible::text(&line).into_owned();
            shared.tell(id, JobEvent::Log { severity, line });
        }
        FromWorker::Samples { rows } => shared.tell(id, JobEvent::Samples(rows.iter().map(sample).collect())),
        part @ (FromWorker::Written { .. }
        | FromWorker::Blob { .. }
        | FromWorker::Chunk { .. }
        | FromWorker::BlobEnd) => shared.blob(id, part),
        FromWorker::Done { output } => shared.done(id, *output),
        FromWorker::Failed { error } => {
            shared.fail(id, error);
            answer(Answer::Failed);
        }
    }
    Ok(())
}

/// Why a line that begins like a message is none.
fn unreadable(text: &str, error: &serde_json::Error) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let version = value.as_ref().and_then(|v| v.get("v")?.as_u64());
    let program = value.as_ref().and_then(|v| v.get("program")?.as_str());
    match version {
        Some(v) if v != u64::from(VERSION) => other_version(v, program),
        _ => format!("it sent a message that cannot be read ({error})"),
    }
}

fn other_version(version: u64, program: Option<&str>) -> String {
    let program = program.map(|p| format!(" (enginesmith {p})")).unwrap_or_default();
    let ours = env!("CARGO_PKG_VERSION");
    format!(
        "it speaks worker protocol {version}{program}, this program speaks {VERSION} (enginesmith {ours}); \
         install the same version on both sides"
    )
}

fn sample(row: &[f64; 8]) -> Sample {
    let [enq0, enq1, in0, in1, compute0, compute1, out0, out1] = *row;
    Sample {
        start_enq_ms: enq0,
        end_enq_ms: enq1,
        start_h2d_ms: in0,
        end_h2d_ms: in1,
        start_compute_ms: compute0,
        end_compute_ms: compute1,
        start_d2h_ms: out0,
        end_d2h_ms: out1,
    }
}
