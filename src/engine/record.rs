//! Keeping the build record while a build goes on.

use super::{BuildRecord, EngineError, Progress, Stage};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Where the build record of an engine file stands: `<file>.json`.
pub fn record_path(engine: &Path) -> PathBuf {
    let mut name = engine.as_os_str().to_owned();
    name.push(".json");
    name.into()
}

/// Tells stages to a [`Progress`] and takes their times for the [`BuildRecord`].
pub struct Recorder<'a> {
    progress: &'a dyn Progress,
    start: Instant,
    stages: Vec<(String, f64)>,
    log: Vec<(String, String)>,
    load_s: Option<f64>,
    first_inference_s: Option<f64>,
}

impl<'a> Recorder<'a> {
    /// A record that starts now.
    pub fn new(progress: &'a dyn Progress) -> Self {
        Self {
            progress,
            start: Instant::now(),
            stages: Vec::new(),
            log: Vec::new(),
            load_s: None,
            first_inference_s: None,
        }
    }

    /// Says that the stages of these names, so far, made an engine that can run.
    pub fn loaded(&mut self, stages: &[&str]) {
        let of = self.stages.iter().filter(|(name, _)| stages.contains(&name.as_str()));
        self.load_s = Some(of.map(|(_, seconds)| seconds).sum());
    }

    /// Says that the last stage was an inference that went well; the first one counts.
    pub fn inferred(&mut self) {
        let last = self.stages.last().map(|(_, seconds)| *seconds);
        self.first_inference_s = self.first_inference_s.or(last);
    }

    /// Runs one stage.
    ///
    /// # Errors
    /// [`EngineError::Cancelled`] when the user asked to stop before or during it.
    pub fn stage<T>(&mut self, name: &str, run: impl FnOnce() -> T) -> Result<T, EngineError> {
        if self.progress.cancelled() {
            return Err(EngineError::Cancelled);
        }
        let tell = |finished| {
            self.progress.stage(Stage {
                name: name.into(),
                parents: Vec::new(),
                done: u64::from(finished),
                total: 1,
                finished,
            });
        };
        tell(false);
        let start = Instant::now();
        let value = run();
        self.stages.push((name.into(), start.elapsed().as_secs_f64()));
        tell(true);
        if self.progress.cancelled() {
            return Err(EngineError::Cancelled);
        }
        Ok(value)
    }

    /// Logs a line, now and in the record.
    pub fn log(&mut self, severity: &str, line: &str) {
        self.progress.log(severity, line);
        self.log.push((severity.into(), line.into()));
    }

    /// Keeps times and log lines that a runtime told on its own.
    pub fn keep(&mut self, stages: Vec<(String, f64)>, log: Vec<(String, String)>) {
        self.stages.extend(stages);
        self.log.extend(log);
    }

    /// Completes a record with the times and log kept here.
    pub fn finish(self, record: &mut BuildRecord) {
        record.seconds = self.start.elapsed().as_secs_f64();
        record.load_s = self.load_s.or(record.load_s);
        record.first_inference_s = self.first_inference_s.or(record.first_inference_s);
        record.stages = self.stages;
        record.log = self.log;
    }

    /// Puts what was kept here before an engine's own record: the stages that came first. The whole time is ours.
    pub fn lead(mut self, record: &mut BuildRecord) {
        self.stages.append(&mut record.stages);
        self.log.append(&mut record.log);
        self.finish(record);
    }
}
