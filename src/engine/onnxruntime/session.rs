//! Making sessions as a recipe's options say.

use super::library::take_log;
use super::options::Options;
use super::words::session_error;
use super::{assignment, provider};
use crate::engine::{EngineError, Progress, Recorder};
use crossbeam_channel::RecvTimeoutError;
use cudarc::driver::CudaStream;
use ort::environment::Environment;
use ort::ep::{self, ArbitrarilyConfigurableExecutionProvider, ExecutionProviderDispatch};
use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::{AutoDevicePolicy, GraphOptimizationLevel, SessionBuilder};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Everything that a session is made of but the model.
#[derive(Clone)]
pub struct Setup {
    /// The loaded library.
    pub environment: Environment,
    /// The recipe's options.
    pub options: Options,
    /// The GPU's index and the stream to compute on, of `onnxruntime-cuda`.
    pub cuda: Option<(u32, Arc<CudaStream>)>,
    /// Make the session ready to capture CUDA graphs.
    pub graph: bool,
    /// The graph has 8-bit floats. The extended optimizations of ONNX Runtime 1.31.1 take pairs around those for integer
    /// ones: some operators then refuse them, others compute nonsense, so they are not used.
    pub has_fp8: bool,
    /// The device of an execution provider library that nodes run on where it takes them.
    pub plugin: Option<PluginDevice>,
}

/// A device that an execution provider library offers.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginDevice {
    /// Name of the provider.
    pub provider: String,
    /// Which of its devices, from 0.
    pub index: usize,
    /// The provider's options.
    pub options: Vec<(String, String)>,
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
        let builder = self.builder(files).map_err(|e| session_error(&e))?;
        commit(builder, progress, |builder| builder.commit_from_file(path))
    }

    /// A builder of sessions, for one that is made of more than a file.
    ///
    /// # Errors
    /// ONNX Runtime's.
    pub fn builder(&self, files: &Files) -> Result<SessionBuilder, ort::Error> {
        let options = &self.options;
        let mut builder = Session::builder(&self.environment)?
            // The binding's own default would look for accelerators that nobody asked for.
            .with_auto_device(AutoDevicePolicy::PreferCPU)?
            .with_log_level(LogLevel::Warning)?
            .with_optimization_level(self.level())?
            .with_parallel_execution(options.parallel)?
            .with_intra_op_spinning(options.spinning)?
            .with_prepacking(options.prepacking)?
            .with_config_entry(assignment::RECORD.0, assignment::RECORD.1)?;
        if let Some(plugin) = &self.plugin {
            let devices = provider::devices(&self.environment, &plugin.provider);
            let device = devices
                .into_iter()
                .nth(plugin.index)
                .ok_or_else(|| ort::Error::new(format!("{} has no device {}", plugin.provider, plugin.index)))?;
            let named = |(key, value): &(String, String)| (format!("{}.{key}", plugin.provider), value.clone());
            let options: Vec<(String, String)> = plugin.options.iter().map(named).collect();
            builder = builder.with_devices([device], Some(&options))?;
        }
        if let Some((device, stream)) = &self.cuda {
            builder = builder.with_execution_providers([self.cuda_provider(*device, stream)])?;
        }
        builder = builder.with_execution_providers([ep::CPU::default().with_arena_allocator(options.arena).build()])?;
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

    fn level(&self) -> GraphOptimizationLevel {
        match self.options.level {
            GraphOptimizationLevel::Disable => GraphOptimizationLevel::Disable,
            _ if self.has_fp8 => GraphOptimizationLevel::Level1,
            level => level,
        }
    }

    fn cuda_provider(&self, device: u32, stream: &Arc<CudaStream>) -> ExecutionProviderDispatch {
        let options = &self.options.cuda;
        let mut provider = ep::CUDA::default()
            .with_device_id(i32::try_from(device).unwrap_or(i32::MAX))
            .with_tf32(options.tf32)
            .with_prefer_nhwc(options.prefer_nhwc)
            .with_cuda_graph(self.graph);
        if let Some(search) = options.cudnn_search {
            provider = provider.with_arbitrary_config("cudnn_conv_algo_search", search);
        }
        if let Some(bytes) = options.memory {
            provider = provider.with_arbitrary_config("gpu_mem_limit", bytes.to_string());
        }
        // SAFETY: the engine keeps the stream until its sessions are gone, and so does this setup.
        let provider = unsafe { provider.with_compute_stream(stream.cu_stream().cast()) };
        provider.build().error_on_failure()
    }
}

/// Makes the session; `progress` is asked whether to stop meanwhile.
///
/// # Errors
/// ONNX Runtime's reason in words; [`EngineError::Cancelled`].
pub fn commit(
    mut builder: SessionBuilder,
    progress: Option<&dyn Progress>,
    make: impl FnOnce(&mut SessionBuilder) -> Result<Session, ort::Error>,
) -> Result<Session, EngineError> {
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
        let session = make(&mut builder);
        drop(done);
        session
    });
    if progress.is_some_and(Progress::cancelled) {
        return Err(EngineError::Cancelled);
    }
    session.map_err(|e| session_error(&e))
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
