//! The worker protocol, version 1: one JSON object a line over the worker's stdin and stdout. This is its one document.
//!
//! Every line is at most [`MAX_LINE`] bytes and has `v` (the protocol version), `id` (the job it belongs to; 0 for the
//! connection itself) and `type`, with `v` first and written without blanks, so that a message can be told from whatever
//! else a command prefix prints. What is not a message is the user's to read: clients show it, they do not guess.
//!
//! **Parts.** A message that would exceed a line (the profile of a model of 40,000 nodes) is written as `part`s, in both
//! directions: the text of the message cut into pieces, `more` true for all but the last, with no other message between
//! them. A message has at most [`MAX_MESSAGE`] bytes over all its parts. `v`, `id` and `type` are the first three keys.
//!
//! **Handshake.** The worker speaks first (`hello`: program version, the targets it knows, the host it runs on). The
//! client answers with a `hello` of its own that names a file it just wrote and what is in it. A worker that reads the
//! same text there sees the client's files.
//!
//! **Jobs** run one after another in the order they come. `job` starts one under an id that the client chose (new, above
//! 0); it ends with `done` or `failed`. In between come `stage`, `log`, `samples` (rows of eight numbers: milliseconds of
//! start and end of enqueue, transfer in, compute, transfer out). `cancel` asks the job with that id to stop, running or
//! queued. The end of stdin ends the worker at once.
//!
//! **Models** go by content. Before a job with a model the client makes an `offer`: each file with path, size and time of
//! change, the model first, then its external data, all named relative to the model's folder. The `answer` is `direct`
//! when the worker sees the same files at these paths. Otherwise the client offers again with hashes, the answer lists
//! those `missing`, and the client uploads each: `blob`, `chunk`s of base64 (at most [`CHUNK`] bytes each), `blob_end`,
//! answered by `stored` once size and hash are right. They stay in the worker's cache directory.
//!
//! **Other blobs** go the same way without an offer, under the job's id: the inputs of an `infer` job before the job
//! (`keep` false, no answer), and its outputs before `done`. Tensors are packed as [`super::wire::tensors_to_bytes`] says.
//!
//! **Engines** take the short way where there is one. A `build` job with an output names a folder that the client made
//! `beside` the file that it wants, with a file [`TOKEN`] in it and what that says. A worker that reads the same text there
//! writes the engine into that folder, under the name of the wanted file, and says `written` before `done`; the client then
//! only renames it, and removes the folder however the job ends. Removing it also keeps a worker that is slow to stop from
//! writing anything later. Any other worker sends the engine as a blob before `done`. Either way the client reads the file,
//! compares size and hash with those that the record in `done` has, and keeps nothing that differs or is no plain file.
//!
//! **Life signs.** A `heartbeat` comes every second from a thread of its own and names the job at work, if any.
//!
//! An example: the model `y = Relu(x)` of 63 bytes is uploaded, built and run. `<` is the worker, `>` the client. A test
//! replays the client's lines against a real worker.
//!
//! ```text
//! < {"v":1,"id":0,"type":"hello","program":"0.1.0","targets":["embedded","onnxruntime-cpu","onnxruntime-cuda"],"host":{"host":"gpu-box","system":"Linux 6.8.0","cpu":"AMD EPYC 9354","cores":64}}
//! > {"v":1,"id":0,"type":"hello","program":"0.1.0","token_path":"/tmp/enginesmith-token-x1","token":"8f14e45f"}
//! > {"v":1,"id":1,"type":"offer","files":[{"name":"relu.onnx","path":"/home/ada/relu.onnx","bytes":63,"modified_ns":1700000000000000000}]}
//! < {"v":1,"id":1,"type":"answer","direct":false,"missing":[]}
//! > {"v":1,"id":1,"type":"offer","files":[{"name":"relu.onnx","path":"/home/ada/relu.onnx","bytes":63,"modified_ns":1700000000000000000,"sha256":"85379764376b952954c41e0bcfc291ded53ab795c24f242b8be38d877fb44c8d"}]}
//! < {"v":1,"id":1,"type":"answer","direct":false,"missing":["85379764376b952954c41e0bcfc291ded53ab795c24f242b8be38d877fb44c8d"]}
//! > {"v":1,"id":1,"type":"blob","sha256":"85379764376b952954c41e0bcfc291ded53ab795c24f242b8be38d877fb44c8d","bytes":63,"keep":true}
//! > {"v":1,"id":1,"type":"chunk","data":"CAgSADozCgwKAXgSAXkiBFJlbHUSAWdaDwoBeBIKCggIARIECgIIA2IPCgF5EgoKCAgBEgQKAggDQgQKABAR"}
//! > {"v":1,"id":1,"type":"blob_end"}
//! < {"v":1,"id":1,"type":"stored"}
//! > {"v":1,"id":1,"type":"job","job":{"job":"build","recipe":{"version":1,"model":{"path":"/home/ada/relu.onnx"},"target":{"name":"embedded"}},"output":null,"force":false},"model":{"files":[{"name":"relu.onnx","sha256":"85379764376b952954c41e0bcfc291ded53ab795c24f242b8be38d877fb44c8d"}]}}
//! < {"v":1,"id":1,"type":"stage","stage":{"name":"load","parents":[],"done":0,"total":0,"finished":false}}
//! < {"v":1,"id":1,"type":"done","output":{"output":"build","engine":1,"record":{"target":"embedded","version":"0.27.0","model_sha256":"85379764376b952954c41e0bcfc291ded53ab795c24f242b8be38d877fb44c8d","recipe":"version = 1","engine_bytes":null,"engine_sha256":null,"device":null,"seconds":0.004,"load_s":0.003,"first_inference_s":0.0004,"jit_s":null,"providers":[],"stages":[["load",0.003]],"log":[],"notes":[]},"inputs":[{"name":"x","dtype":"float32","shape":[3]}],"outputs":[{"name":"y","dtype":"float32","shape":[3]}]}}
//! > {"v":1,"id":2,"type":"blob","sha256":"6987987b07cdf3d6641b288b7e1c56f737e1f4e4d438a1b9961da2fb26d8e56a","bytes":74,"keep":false}
//! > {"v":1,"id":2,"type":"chunk","data":"NgAAAAAAAABbeyJuYW1lIjoieCIsImR0eXBlIjoiZmxvYXQzMiIsImRpbXMiOlszXSwiYnl0ZXMiOjEyfV0AAIC/AAAAPwAAAEA="}
//! > {"v":1,"id":2,"type":"blob_end"}
//! > {"v":1,"id":2,"type":"job","job":{"job":"infer","engine":1,"tensors":[]},"model":null}
//! < {"v":1,"id":2,"type":"blob","sha256":"7b3740dc9dd8fb394d4cb84f9dcf5d58bf1417236eb263b80779ff02dc925818","bytes":74}
//! < {"v":1,"id":2,"type":"chunk","data":"NgAAAAAAAABbeyJuYW1lIjoieSIsImR0eXBlIjoiZmxvYXQzMiIsImRpbXMiOlszXSwiYnl0ZXMiOjEyfV0AAAAAAAAAPwAAAEA="}
//! < {"v":1,"id":2,"type":"blob_end"}
//! < {"v":1,"id":2,"type":"done","output":{"output":"infer"}}
//! > {"v":1,"id":3,"type":"job","job":{"job":"build","recipe":{"version":1,"model":{"path":"/home/ada/relu.onnx"},"target":{"name":"embedded"}},"output":"/home/ada/ready.onnx","force":false},"model":{"files":[{"name":"relu.onnx","sha256":"85379764376b952954c41e0bcfc291ded53ab795c24f242b8be38d877fb44c8d"}]},"beside":{"folder":"/home/ada/.enginesmith-k3","token":"5d41402a"}}
//! < {"v":1,"id":3,"type":"written","sha256":"85379764376b952954c41e0bcfc291ded53ab795c24f242b8be38d877fb44c8d","bytes":63}
//! < {"v":1,"id":3,"type":"done","output":{"output":"build","engine":3,"record":{"target":"embedded","version":"0.27.0","model_sha256":"85379764376b952954c41e0bcfc291ded53ab795c24f242b8be38d877fb44c8d","recipe":"version = 1","engine_bytes":63,"engine_sha256":"85379764376b952954c41e0bcfc291ded53ab795c24f242b8be38d877fb44c8d","device":null,"seconds":0.004,"load_s":0.003,"first_inference_s":0.0004,"jit_s":null,"providers":[],"stages":[["load",0.003]],"log":[],"notes":[]},"inputs":[{"name":"x","dtype":"float32","shape":[3]}],"outputs":[{"name":"y","dtype":"float32","shape":[3]}]}}
//! > {"v":1,"id":4,"type":"job","job":{"job":"bench","engine":99,"recipe":{"version":1,"model":{"path":"/home/ada/relu.onnx"}},"seed":0},"model":null}
//! < {"v":1,"id":4,"type":"failed","error":{"kind":"engine","detail":{"kind":"request","message":"there is no engine 99 in this worker"}}}
//! < {"v":1,"id":0,"type":"heartbeat","busy":null}
//! ```

use super::host::Host;
use super::job::{Job, JobError, JobOutput};
use crate::engine::Stage;
use crate::format;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

/// Version of this protocol.
pub const VERSION: u32 = 1;
/// Longest line in bytes; a longer one ends the connection.
pub const MAX_LINE: usize = 8 << 20;
/// Longest message in bytes, written as parts where it exceeds a line.
pub const MAX_MESSAGE: usize = 512 << 20;
/// Most bytes of text in one part; JSON's escapes at most double those of a text that is JSON.
const PART: usize = 2 << 20;
/// Bytes in one chunk, before base64.
pub const CHUNK: usize = 768 << 10;
/// Time between two heartbeats.
pub const HEARTBEAT: Duration = Duration::from_secs(1);
/// Name of the file in a folder beside a destination that proves that both sides see it.
pub const TOKEN: &str = "token";
/// How every message begins; what a reader looks for in a line.
pub const MARK: &str = r#"{"v":"#;

/// A line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message<T> {
    /// Protocol version.
    pub v: u32,
    /// The job it belongs to; 0 for the connection.
    pub id: u64,
    /// What it says.
    #[serde(flatten)]
    pub body: T,
}

impl<T: Serialize> Message<T> {
    /// A message of this version.
    pub fn new(id: u64, body: T) -> Self {
        Self { v: VERSION, id, body }
    }

    /// The lines that say it: one, or its parts.
    ///
    /// # Errors
    /// [`Unsayable`]: a path that is not UTF-8, or more than [`MAX_MESSAGE`] bytes.
    pub fn to_lines(&self) -> Result<Vec<Line>, Unsayable> {
        let text = serde_json::to_string(self).map_err(|e| Unsayable(e.to_string()))?;
        if text.len() > MAX_MESSAGE {
            return Err(Unsayable(format!(
                "it has {}, and a message has at most {}",
                format::bytes(text.len() as u64),
                format::bytes(MAX_MESSAGE as u64)
            )));
        }
        let text = match Line::new(text) {
            Ok(line) => return Ok(vec![line]),
            Err(text) => text,
        };
        let mut lines = Vec::with_capacity(text.len() / PART + 1);
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (part, tail) = rest.split_at(rest.floor_char_boundary(PART));
            rest = tail;
            let part = Part::Part {
                text: part.into(),
                more: !rest.is_empty(),
            };
            let part = Message::new(self.id, part);
            let part = serde_json::to_string(&part).map_err(|e| Unsayable(e.to_string()))?;
            let line = Line::new(part).map_err(|_| Unsayable("one of its parts exceeds a line".into()))?;
            lines.push(line);
        }
        Ok(lines)
    }
}

/// Why a message cannot be written.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
#[error("the message cannot be sent: {0}")]
pub struct Unsayable(String);

/// A line of this protocol with its line feed: never longer than [`MAX_LINE`] without it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line(String);

impl Line {
    /// # Errors
    /// The text, when it exceeds a line.
    fn new(mut text: String) -> Result<Self, String> {
        if text.len() > MAX_LINE {
            return Err(text);
        }
        text.push('\n');
        Ok(Self(text))
    }

    /// What is written.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// A piece of a message that exceeds a line.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Part { text: Cow<'a, str>, more: bool },
}

/// Puts messages together again that came in parts.
#[derive(Default, Debug)]
pub struct Joiner {
    text: String,
}

impl Joiner {
    /// The message that ends with this line: the line itself, or all parts of which it is the last.
    ///
    /// # Errors
    /// A part that cannot be read, another message between parts, more than [`MAX_MESSAGE`] bytes.
    pub fn take<'a>(&mut self, line: &'a str) -> Result<Option<Cow<'a, str>>, String> {
        if !is_part(line) {
            return match self.text.is_empty() {
                true => Ok(Some(line.into())),
                false => Err("another message came between the parts of one".into()),
            };
        }
        let part: Message<Part<'_>> = serde_json::from_str(line).map_err(|e| e.to_string())?;
        let Part::Part { text, more } = part.body;
        if self.text.len() + text.len() > MAX_MESSAGE {
            return Err(format!("a message of more than {}", format::bytes(MAX_MESSAGE as u64)));
        }
        self.text.push_str(&text);
        Ok((!more).then(|| std::mem::take(&mut self.text).into()))
    }
}

/// True for a line that says to be a part, by its first keys: the many others are not read twice.
fn is_part(line: &str) -> bool {
    let after_id = line.strip_prefix(MARK).and_then(|rest| rest.split_once(r#","id":"#));
    let after_id = after_id.map(|(_, rest)| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    after_id.is_some_and(|rest| rest.starts_with(r#","type":"part","#))
}

/// A file that the client has.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Offered {
    /// Path relative to the model's folder, with `/`.
    pub name: String,
    /// Where the client has it, absolute.
    pub path: PathBuf,
    /// Size.
    pub bytes: u64,
    /// Time of last change in nanoseconds since 1970.
    pub modified_ns: u64,
    /// SHA-256; only in a second offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// A file of a model by content.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Content {
    /// Path relative to the model's folder, with `/`.
    pub name: String,
    /// SHA-256 of a file in the worker's cache.
    pub sha256: String,
}

/// Where the worker finds the model of a job.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelAt {
    /// At the client's own path, after a `direct` answer.
    Path(PathBuf),
    /// In the cache: the model file first, then its external data.
    Files(Vec<Content>),
}

/// A folder that the client made beside the file that it wants.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Beside {
    /// The folder, absolute.
    pub folder: PathBuf,
    /// What its file [`TOKEN`] says.
    pub token: String,
}

/// What a client says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToWorker {
    /// Answer to the worker's `hello`.
    Hello {
        /// The client's program version.
        program: String,
        /// A file that the client wrote.
        token_path: Option<PathBuf>,
        /// What is in it.
        token: Option<String>,
    },
    /// Files of the model that a job with this id will need.
    Offer {
        /// The model first.
        files: Vec<Offered>,
    },
    /// A file or the inputs of a job follow.
    Blob {
        /// SHA-256 of all of it.
        sha256: String,
        /// Size.
        bytes: u64,
        /// True for a file of a model, which goes to the cache; false for inputs of the job with this id.
        keep: bool,
    },
    /// The next part of the blob.
    Chunk {
        /// Base64.
        data: String,
    },
    /// The blob is complete.
    BlobEnd,
    /// Start a job.
    Job {
        /// What to do.
        job: Box<Job>,
        /// Where its model is, for jobs with one.
        model: Option<ModelAt>,
        /// Where its engine may be written, for builds with an output.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beside: Option<Beside>,
    },
    /// Stop the job with this id.
    Cancel,
}

/// What a worker says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromWorker {
    /// First of all.
    Hello {
        /// The worker's program version.
        program: String,
        /// Names of the targets it knows, usable there or not.
        targets: Vec<String>,
        /// The machine it runs on.
        host: Host,
    },
    /// Every second.
    Heartbeat {
        /// The job at work.
        busy: Option<u64>,
    },
    /// To an offer.
    Answer {
        /// The worker opens the client's own files.
        direct: bool,
        /// Hashes of files it does not have.
        missing: Vec<String>,
    },
    /// The uploaded file is in the cache.
    Stored,
    /// A part of a build.
    Stage {
        /// Which.
        stage: Stage,
    },
    /// A line of a runtime's log.
    Log {
        /// `error`, `warn`, `info` or `debug`.
        severity: String,
        /// The line.
        line: String,
    },
    /// New samples.
    Samples {
        /// Milliseconds: start and end of enqueue, transfer in, compute, transfer out.
        rows: Vec<[f64; 8]>,
    },
    /// The engine file is in the folder beside its destination.
    Written {
        /// SHA-256 of all of it.
        sha256: String,
        /// Size.
        bytes: u64,
    },
    /// The engine file or the outputs of the job follow.
    Blob {
        /// SHA-256 of all of it.
        sha256: String,
        /// Size.
        bytes: u64,
    },
    /// The next part of the blob.
    Chunk {
        /// Base64.
        data: String,
    },
    /// The blob is complete.
    BlobEnd,
    /// The job ended.
    Done {
        /// Its result.
        output: Box<JobOutput>,
    },
    /// The job ended without a result (or its upload could not be stored).
    Failed {
        /// Why.
        error: JobError,
    },
}

/// The client's lines (`>`) and the worker's (`<`) of the example above, in order.
pub fn example() -> Vec<(char, &'static str)> {
    include_str!("protocol.rs")
        .lines()
        .filter_map(|line| {
            let line = line.strip_prefix("//! ")?;
            let side = line.chars().next().filter(|c| "<>".contains(*c))?;
            Some((side, line.get(2..)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn every_line_of_the_example_is_what_this_module_would_write() {
        let lines = example();
        assert!(lines.len() > 20);
        for (side, line) in lines {
            let written = if side == '>' {
                serde_json::from_str::<Message<ToWorker>>(line).unwrap().to_lines()
            } else {
                serde_json::from_str::<Message<FromWorker>>(line).unwrap().to_lines()
            }
            .unwrap();
            let [Line(written)] = &written[..] else {
                panic!("{line}")
            };
            assert!(written.starts_with(MARK) && written.ends_with('\n'));
            let (mut written, read): (Value, Value) = (
                serde_json::from_str(written).unwrap(),
                serde_json::from_str(line).unwrap(),
            );
            // Recipes write out their defaults; the example leaves them out.
            if let (Some(w), Some(r)) = (written.pointer_mut("/job/recipe"), read.pointer("/job/recipe")) {
                *w = r.clone();
            }
            assert_eq!(written, read);
        }
    }

    #[test]
    fn a_full_chunk_fits_a_line() {
        let data = super::super::wire::to_base64(&vec![0xff; CHUNK]);
        let lines = Message::new(u64::MAX, FromWorker::Chunk { data }).to_lines().unwrap();
        assert_eq!(lines.len(), 1);
    }

    fn log(line: &str) -> Message<FromWorker> {
        let (severity, line) = ("info".into(), line.into());
        Message::new(7, FromWorker::Log { severity, line })
    }

    #[test]
    fn a_message_of_any_content_travels_in_lines_under_the_limit() {
        // What grows most by being escaped twice, characters of several bytes at every cut, and what looks like a part.
        for text in ["\"\\", "\u{1}", "aé層🎉", r#"{"v":1,"id":1,"type":"part","#] {
            let message = log(&text.repeat(MAX_LINE / text.len() + 1));
            let lines = message.to_lines().unwrap();
            assert!(lines.len() > 1, "{text}");
            let mut joiner = Joiner::default();
            let mut whole = Vec::new();
            for Line(line) in &lines {
                assert!(
                    line.len() <= MAX_LINE + 1 && line.starts_with(MARK) && line.find('\n') == Some(line.len() - 1)
                );
                whole.extend(joiner.take(line.trim_end()).unwrap());
            }
            let [whole] = &whole[..] else { panic!("{text}") };
            let back: Message<FromWorker> = serde_json::from_str(whole).unwrap();
            assert_eq!(
                (back.id, format!("{:?}", back.body)),
                (7, format!("{:?}", message.body))
            );
        }
    }

    #[test]
    fn nothing_comes_between_the_parts_of_a_message() {
        let lines = log(&"x".repeat(MAX_LINE)).to_lines().unwrap();
        let heartbeat = Message::new(0, FromWorker::Heartbeat { busy: None })
            .to_lines()
            .unwrap();
        let mut joiner = Joiner::default();
        assert_eq!(joiner.take(&lines[0].0), Ok(None));
        assert!(joiner.take(&heartbeat[0].0).unwrap_err().contains("between"));
        assert!(joiner.take(r#"{"v":1,"id":1,"type":"part","text":1}"#).is_err());
    }
}
