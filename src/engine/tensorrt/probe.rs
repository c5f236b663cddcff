//! Whether a library runs on a GPU, asked of both: a child process of this program builds a tiny engine with it, reads it and
//! runs it once. The verdict is kept in the user's cache with the library's and the driver's version.
//!
//! A process of its own because one process holds one version of one library, and because a library that does not suit a GPU
//! may crash or hang.

use super::engine::ELSEWHERE;
use super::words;
use crate::data::NamedTensors;
use crate::data::generate::generate;
use crate::data::shapes::sizes;
use crate::engine::cuda::{self, DeviceInfo};
use crate::engine::tiny::{self, Agreement, Arithmetic};
use crate::engine::{BuildContext, BuildRequest, EngineError, Silent, builder};
use crate::files;
use crate::graph::Graph;
use crate::model::Model;
use crate::recipe::{Recipe, TargetSpec};
use enginesmith_tensorrt::Library;
use enginesmith_tensorrt::api::ContextOptions;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A library that has not answered then hangs.
const TIME_OUT: Duration = Duration::from_secs(90);
/// How often the child is looked at.
const POLL: Duration = Duration::from_millis(20);
/// A refusal is asked again after this long: what refused may have been a GPU in use by others.
const STALE_S: u64 = 24 * 3600;
/// Name of the file in the child's folder that says what to try.
const REQUEST: &str = "request.json";
/// Name of the file in the child's folder that says what came of it.
const VERDICT: &str = "verdict.json";

/// What is tried: the key that a verdict is kept under.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Trial {
    /// Name of the target.
    pub target: String,
    /// The library's file.
    pub library: PathBuf,
    /// Its version as far as the file tells.
    pub version: String,
    /// Its size in bytes: another file in the same place is another library.
    pub bytes: u64,
    /// Index of the GPU.
    pub device: u32,
    /// Name and compute capability of the GPU.
    pub gpu: String,
    /// Version of the NVIDIA driver.
    pub driver: String,
    /// An engine file to read instead of a tiny engine to build and run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    engine: Option<PathBuf>,
}

impl Trial {
    /// For a library and a GPU that are here.
    pub fn of(target: &str, library: &Path, version: &str, device: &DeviceInfo) -> Self {
        Self {
            target: target.into(),
            library: library.into(),
            version: version.into(),
            bytes: std::fs::metadata(library).map_or(0, |m| m.len()),
            device: device.index,
            gpu: device.to_string(),
            driver: cuda::driver_version().unwrap_or_default(),
            engine: None,
        }
    }

    /// Where its verdict is kept: GPUs of one kind share it. None when the user has no cache directory.
    fn file(&self) -> Option<PathBuf> {
        let dirs = directories::ProjectDirs::from("", "", "enginesmith")?;
        let key = Self {
            device: 0,
            ..self.clone()
        };
        let digest = Sha256::digest(serde_json::to_vec(&key).ok()?);
        let name: String = digest.iter().take(12).map(|b| format!("{b:02x}")).collect();
        Some(dirs.cache_dir().join("verdicts").join(format!("{name}.json")))
    }
}

/// What came of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// The tiny engine was built.
    pub builds: bool,
    /// It ran.
    pub runs: bool,
    /// The library's words where one of them failed.
    pub why: Option<String>,
    /// What precision `fp32` is computed in, by the numbers; none when it did not run or no arithmetic explains them.
    pub fp32: Option<Arithmetic>,
}

/// A verdict as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    trial: Trial,
    verdict: Verdict,
    /// Seconds since 1970.
    at: u64,
}

/// The verdict on a library and a GPU: the kept one, or a new one.
///
/// # Errors
/// Why it could not be found out, as a sentence; that is not kept.
pub fn verdict(trial: &Trial) -> Result<Verdict, String> {
    if let Some(kept) = kept(trial) {
        return Ok(kept);
    }
    let program = std::env::current_exe().map_err(|e| format!("this program's file is not known: {e}"))?;
    let verdict = ask(&program, trial, TIME_OUT)?;
    keep(trial, &verdict);
    Ok(verdict)
}

/// Whether a child reads an engine file and makes a context of it; that is not kept.
///
/// # Errors
/// As [`verdict`].
pub fn reads(trial: &Trial, engine: &Path) -> Result<Verdict, String> {
    let program = std::env::current_exe().map_err(|e| format!("this program's file is not known: {e}"))?;
    let trial = Trial {
        engine: Some(engine.into()),
        ..trial.clone()
    };
    ask(&program, &trial, TIME_OUT)
}

/// What is known of a library and a GPU without asking.
pub fn kept(trial: &Trial) -> Option<Verdict> {
    let kept: Kept = serde_json::from_slice(&std::fs::read(trial.file()?).ok()?).ok()?;
    let same = Trial {
        device: 0,
        ..kept.trial
    } == Trial {
        device: 0,
        ..trial.clone()
    };
    let fresh = kept.verdict.runs || now().saturating_sub(kept.at) < STALE_S;
    (same && fresh).then_some(kept.verdict)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// Keeps a verdict. That it cannot be kept costs time, nothing else.
fn keep(trial: &Trial, verdict: &Verdict) {
    let kept = Kept {
        trial: trial.clone(),
        verdict: verdict.clone(),
        at: now(),
    };
    if let (Some(file), Ok(bytes)) = (trial.file(), serde_json::to_vec_pretty(&kept)) {
        let _ = file.parent().map(std::fs::create_dir_all);
        let _ = files::write_renamed(&file, &bytes);
    }
}

/// Starts a child that tries it and waits for what it says.
///
/// # Errors
/// A child that cannot be started or does not end in time. One that crashes is a verdict.
fn ask(program: &Path, trial: &Trial, time_out: Duration) -> Result<Verdict, String> {
    let folder = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
    let request = serde_json::to_vec(trial).map_err(|e| e.to_string())?;
    std::fs::write(folder.path().join(REQUEST), request).map_err(|e| e.to_string())?;
    let mut child = Command::new(program)
        .args(["worker", "--probe"])
        .arg(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let started = Instant::now();
    let status = loop {
        match child.try_wait().map_err(|e| e.to_string())? {
            Some(status) => break status,
            None if started.elapsed() > time_out => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!(
                    "a tiny engine was tried on it and had not run after {} s",
                    time_out.as_secs()
                ));
            }
            None => std::thread::sleep(POLL),
        }
    };
    let tried = match &trial.engine {
        Some(_) => "it read the engine",
        None => "a tiny engine was tried",
    };
    let said = std::fs::read(folder.path().join(VERDICT)).ok();
    match said.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
        Some(verdict) => Ok(verdict),
        None => Ok(Verdict {
            builds: trial.engine.is_some(),
            runs: false,
            why: Some(format!("the library {} while {tried}", ended(status))),
            fp32: None,
        }),
    }
}

fn ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was killed by signal {signal}");
    }
    format!("ended the process ({status})")
}

/// The child's side: reads what to try, tries it and writes what came of it; the process's exit code.
pub fn serve(folder: &Path) -> i32 {
    let read = std::fs::read(folder.join(REQUEST)).map_err(|e| e.to_string());
    let trial = read.and_then(|bytes| serde_json::from_slice::<Trial>(&bytes).map_err(|e| e.to_string()));
    let trial = match trial {
        Ok(trial) => trial,
        Err(e) => {
            eprintln!("{}: {e}", folder.join(REQUEST).display());
            return 2;
        }
    };
    let verdict = match &trial.engine {
        Some(engine) => read_engine(&trial, engine),
        None => try_out(&trial, folder),
    };
    let written = serde_json::to_vec(&verdict).map_err(|e| e.to_string());
    match written.and_then(|bytes| std::fs::write(folder.join(VERDICT), bytes).map_err(|e| e.to_string())) {
        Ok(()) => 0,
        Err(e) => {
            eprintln!("{}: {e}", folder.join(VERDICT).display());
            2
        }
    }
}

/// Reads an engine file in this process and makes a context of it.
fn read_engine(trial: &Trial, engine: &Path) -> Verdict {
    let tried = || -> Result<(), String> {
        let _device = cuda::Device::open(trial.device)?;
        let library = Library::load_for_running(&trial.library).map_err(|e| e.to_string())?;
        let runtime = library.runtime().map_err(|e| words::error(e).to_string())?;
        let bytes = std::fs::read(engine).map_err(|e| format!("{}: {e}", engine.display()))?;
        let engine = runtime.engine(&bytes).map_err(|e| words::error(e).to_string())?;
        let context = engine.context(&ContextOptions::default());
        context.map(drop).map_err(|e| words::error(e).to_string())
    };
    let why = tried().err();
    Verdict {
        builds: true,
        runs: why.is_none(),
        why,
        fp32: None,
    }
}

/// Builds and runs the tiny model in this process.
fn try_out(trial: &Trial, scratch: &Path) -> Verdict {
    let mut recipe = Recipe::for_model(Path::new("tiny.onnx"));
    recipe.target = TargetSpec {
        name: trial.target.clone(),
        device: Some(trial.device),
        ..TargetSpec::default()
    };
    let library = trial.library.display().to_string();
    recipe.build.options.insert("library".into(), library.into());
    let mut verdict = Verdict {
        builds: false,
        runs: false,
        why: None,
        fp32: None,
    };
    let outputs = run(&recipe, tiny::model(), scratch, &mut verdict.builds, |inputs| inputs);
    let ours = match outputs {
        Ok(outputs) => outputs,
        Err(error) => {
            let text = error.to_string();
            verdict.why = Some(text.strip_prefix(ELSEWHERE).unwrap_or(&text).to_string());
            return verdict;
        }
    };
    verdict.runs = true;
    let embedded = Recipe::for_model(Path::new("tiny.onnx"));
    let fp32 = run(&embedded, tiny::model(), scratch, &mut false, |inputs| inputs);
    let tf32 = run(&embedded, tiny::tf32_model(), scratch, &mut false, |inputs| {
        tiny::rounded(&inputs)
    });
    match (fp32, tf32) {
        (Ok(fp32), Ok(tf32)) => match Agreement::of(&ours, &fp32, &tf32) {
            Ok(agreement) => verdict.fp32 = Some(agreement.arithmetic),
            Err(why) => verdict.why = Some(why),
        },
        (Err(error), _) | (_, Err(error)) => verdict.why = Some(error.to_string()),
    }
    verdict
}

/// Builds a model for a recipe and runs it once on inputs of its own.
fn run(
    recipe: &Recipe,
    model: Vec<u8>,
    scratch: &Path,
    built: &mut bool,
    change: impl FnOnce(NamedTensors) -> NamedTensors,
) -> Result<NamedTensors, EngineError> {
    let failed = |e: String| EngineError::Failed(e);
    let model = Arc::new(Model::from_bytes(model.into(), Path::new("tiny.onnx")).map_err(|e| failed(e.to_string()))?);
    let graph = Graph::new(Arc::clone(&model));
    let at = sizes(&graph, &Default::default(), &[], None).map_err(failed)?;
    let inputs = change(generate(&graph, &at, 0).map_err(failed)?.0);
    let target = &recipe.target.name;
    let builder = builder(target).ok_or_else(|| failed(format!("there is no target {target:?}")))?;
    let context = BuildContext {
        progress: &Silent,
        scratch: scratch.into(),
    };
    let request = BuildRequest {
        model,
        recipe: recipe.clone(),
        output: None,
    };
    let mut engine = builder.build(&request, &context)?;
    *built = true;
    engine.infer(&inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(target: &str) -> Trial {
        Trial {
            target: target.into(),
            library: "/nowhere/library.so".into(),
            version: "1.5.0".into(),
            bytes: 1,
            device: 0,
            gpu: "NVIDIA H200 (compute capability 9.0)".into(),
            driver: "580.1".into(),
            engine: None,
        }
    }

    /// What the program with these lines of shell says; `$3` is the child's folder.
    #[cfg(unix)]
    fn said(script: &str, time_out: Duration) -> Result<Verdict, String> {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        ask(&program, &trial("tensorrt-rtx"), time_out)
    }

    #[cfg(unix)]
    #[test]
    fn a_child_that_crashes_is_a_verdict_and_one_that_hangs_is_none() {
        let minute = Duration::from_secs(60);
        let crashed = said("kill -8 $$", minute).unwrap();
        assert!(!crashed.runs && crashed.why.as_ref().is_some_and(|w| w.contains("killed by signal 8")));
        let ended = said("exit 7", minute).unwrap();
        assert!(
            ended.why.as_ref().is_some_and(|w| w.contains("exit status: 7")),
            "{ended:?}"
        );
        let hung = said("sleep 60", Duration::from_millis(50)).unwrap_err();
        assert!(hung.contains("had not run after"), "{hung}");
        let runs = r#"test -f $3/request.json && echo '{"builds":true,"runs":true,"why":null,"fp32":"tf32"}' > $3/verdict.json"#;
        let ran = said(runs, minute).unwrap();
        assert!(ran.runs && ran.fp32 == Some(Arithmetic::Tf32));
    }

    #[test]
    fn the_childs_side_tries_it_and_says_what_came_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let gone = try_out(&trial("tensorrt-rtx"), folder.path());
        assert!(!gone.builds && !gone.runs && gone.why.is_some(), "{gone:?}");
        let unread = read_engine(&trial("tensorrt-rtx"), Path::new("/nowhere/x.engine"));
        assert!(unread.builds && !unread.runs && unread.why.is_some(), "{unread:?}");
        assert_eq!(serve(folder.path()), 2);
    }

    #[test]
    fn gpus_of_one_kind_share_a_verdict_and_another_driver_does_not() {
        let one = trial("tensorrt-rtx");
        let other = Trial {
            device: 3,
            ..one.clone()
        };
        let newer = Trial {
            driver: "581.0".into(),
            ..one.clone()
        };
        assert_eq!(one.file(), other.file());
        assert!(one.file().is_none() || one.file() != newer.file());
    }
}
