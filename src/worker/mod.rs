//! The child process that loads runtimes (`enginesmith worker`), and the client that talks to it.
//!
//! `protocol` is the one document of the wire format. `server` runs inside the child; `client` starts one (on this
//! machine or behind a command prefix) and turns its messages into [`JobEvent`]s; `service` joins jobs into what a user
//! wants (check, build, compare) and is the one layer that `cli` and `studio` call.

pub mod client;
pub mod host;
pub mod install;
pub mod job;
mod jobs;
mod judge;
mod limit;
mod observe;
pub mod protocol;
mod room;
pub mod server;
pub mod service;
mod stdio;
mod store;
pub mod wire;
mod words;

pub use crate::engine::runner::PYTHON as PYTHON_RUNNER;
pub use client::{JobHandle, Launch, Worker, WorkerError};
pub use job::{Job, JobError, JobEvent, JobOutput};
pub use service::{Depth, Service, ServiceEvent, Task, TaskHandle, TaskOutput, Want, file_name, mixes_time};
pub use words::split as split_words;
