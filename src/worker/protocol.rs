//! The worker protocol, version 1: one JSON object a line over the worker's stdin and stdout. This is its one document.
//!
//! Every line is at most [`MAX_LINE`] bytes and has `v` (the protocol version), `id` (the job it belongs to; 0 for the
//! connection itself) and `type`, with `v` first and written without blanks, so that a message can be told from whatever
//! else a command prefix prints. What is not a message is the user's to read: clients show it, they do not guess.
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
//! writing anything later. Any other worker sends the engine as a blob before `done`. Size and hash are those that the
//! record in `done` has; a client that gets a blob checks them, and where the worker wrote the file itself it checks the
//! size: the bytes were hashed on their way to the file, and nobody reads them again.
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
//! < {"v":1,"id":1,"type":"done","output":{"output":"build","engine":1,"record":{"target":"embedded","version":"0.27.0","model_sha256":"85379764376b952954c41e0bcfc291ded53ab795c24f242b8be38d877fb44c8d","recipe":"version = 1","engine_bytes":null,"engine_sha256":null,"device":null,"seconds":0.004,"load_s":0.003,"first_inference_s":0.0004,"jit_s":null,"providers":[],"stages":[["load",0.003]],"log":[]},"inputs":[{"name":"x","dtype":"float32","shape":[3]}],"outputs":[{"name":"y","dtype":"float32","shape":[3]}]}}
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
//! < {"v":1,"id":3,"type":"done","output":{"output":"build","engine":3,"record":{"target":"embedded","version":"0.27.0","model_sha256":"85379764376b952954c41e0bcfc291ded53ab795c24f242b8be38d877fb44c8d","recipe":"version = 1","engine_bytes":63,"engine_sha256":"85379764376b952954c41e0bcfc291ded53ab795c24f242b8be38d877fb44c8d","device":null,"seconds":0.004,"load_s":0.003,"first_inference_s":0.0004,"jit_s":null,"providers":[],"stages":[["load",0.003]],"log":[]},"inputs":[{"name":"x","dtype":"float32","shape":[3]}],"outputs":[{"name":"y","dtype":"float32","shape":[3]}]}}
//! > {"v":1,"id":4,"type":"job","job":{"job":"bench","engine":99,"recipe":{"version":1,"model":{"path":"/home/ada/relu.onnx"}},"seed":0},"model":null}
//! < {"v":1,"id":4,"type":"failed","error":{"kind":"engine","detail":{"kind":"request","message":"there is no engine 99 in this worker"}}}
//! < {"v":1,"id":0,"type":"heartbeat","busy":null}
//! ```

use super::host::Host;
use super::job::{Job, JobError, JobOutput};
use crate::engine::Stage;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// Version of this protocol.
pub const VERSION: u32 = 1;
/// Longest line in bytes; a longer one ends the connection.
pub const MAX_LINE: usize = 8 << 20;
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

    /// The line, with its line feed.
    ///
    /// # Errors
    /// Never for the types of this module, except for a path that is not UTF-8.
    pub fn to_line(&self) -> Result<String, serde_json::Error> {
        let mut line = serde_json::to_string(self)?;
        line.push('\n');
        Ok(line)
    }
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
                serde_json::from_str::<Message<ToWorker>>(line).unwrap().to_line()
            } else {
                serde_json::from_str::<Message<FromWorker>>(line).unwrap().to_line()
            }
            .unwrap();
            assert!(written.starts_with(MARK) && written.ends_with('\n'));
            let (mut written, read): (Value, Value) = (
                serde_json::from_str(&written).unwrap(),
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
        let line = Message::new(u64::MAX, FromWorker::Chunk { data }).to_line().unwrap();
        assert!(line.len() < MAX_LINE);
    }
}
