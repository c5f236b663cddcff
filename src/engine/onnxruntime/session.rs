//! Making sessions as a recipe's options say.

use super::library::take_log;
use super::options::Options;
use super::words::session_error;
use crate::engine::{EngineError, Progress, Recorder};
use crossbeam_channel::RecvTimeoutError;
use ort::environment::Environment;
use ort::ep;
use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::{AutoDevicePolicy, SessionBuilder};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Everything that a session is made of but the model.
#[derive(Clone)]
pub struct Setup {
    /// The loaded library.
    pub environment: Environment,
    /// The recipe's options.
    pub options: Options,
}

/// Files that a session writes.
#[derive(Clone, Default)]
pub struct Files {
    /// The optimized graph.
    pub optimized: Option<PathBuf>,
    /// Beginning of the profile's file name.
    pub profile: Option<PathBuf>,
}

impl Setup {
    /// A session of the model at `path`, optimized and ready. `progress` is asked whether to stop.
    ///
    /// # Errors
    /// ONNX Runtime's reason in words; [`EngineError::Cancelled`].
    pub fn session(&self, path: &Path, files: &Files, progress: Option<&dyn Progress>) -> Result<Session, EngineError> {
        let mut builder = self.builder(files).map_err(|e| session_error(&e))?;
        let canceler = builder.canceler();
        let (done, ended) = crossbeam_channel::bounded::<()>(0);
        let session = std::thread::scope(|scope| {
            if let Some(progress) = progress {
                scope.spawn(move || {
                    while ended.recv_timeout(Duration::from_millis(50)) == Err(RecvTimeoutError::Timeout) {
                        if progress.cancelled() {
                            // The only thing that can fail here is a session that is made already.
                            let _ = canceler.cancel();
                        }
                    }
                });
            }
            let session = builder.commit_from_file(path);
            drop(done);
            session
        });
        if progress.is_some_and(Progress::cancelled) {
            return Err(EngineError::Cancelled);
        }
        session.map_err(|e| session_error(&e))
    }

    fn builder(&self, files: &Files) -> Result<SessionBuilder, ort::Error> {
        let options = &self.options;
        let mut builder = Session::builder(&self.environment)?
            // The binding's own default would look for accelerators that nobody asked for.
            .with_auto_device(AutoDevicePolicy::PreferCPU)?
            .with_log_level(LogLevel::Warning)?
            .with_optimization_level(options.level)?
            .with_parallel_execution(options.parallel)?
            .with_execution_providers([ep::CPU::default().with_arena_allocator(options.arena).build()])?;
        if let Some(threads) = options.threads {
            builder = builder.with_intra_threads(threads)?;
        }
        if let Some(threads) = options.inter_threads {
            builder = builder.with_inter_threads(threads)?;
        }
        if let Some(path) = &files.optimized {
            builder = builder.with_optimized_model_path(path)?;
        }
        if let Some(path) = &files.profile {
            builder = builder.with_profiling(path)?;
        }
        Ok(builder)
    }
}

/// Puts what the library logged into a build's record.
pub fn record_log(recorder: &mut Recorder<'_>) {
    for (severity, line) in take_log() {
        recorder.log(severity, &line);
    }
}

/// Threads of this process, where the system tells.
pub fn process_threads() -> Option<u32> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("Threads:"))?;
    line.trim().parse().ok()
}
