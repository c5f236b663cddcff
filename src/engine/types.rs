//! What every engine has in common.

use super::OptionKind;
use crate::bench::{DeviceMemory, EffectivePrecision};
use crate::check::ParserReport;
use crate::data::NamedTensors;
use crate::graph::Shape;
use crate::model::{DataType, Model};
use crate::recipe::{BuildSpec, Recipe, TargetSpec};
use crate::rewrite::{PatchSpec, apply};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// A target and whether it can be used here.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TargetInfo {
    /// `embedded`, `onnxruntime-cpu`, ...
    pub name: String,
    /// Libraries found, newest first; `embedded` has exactly one (itself).
    pub found: Vec<Found>,
    /// What to do when nothing was found: a command or a sentence.
    pub install: Option<String>,
    /// Precisions the target can do, with the reason for each it cannot: `(name, None)` or `(name, Some(why not))`.
    pub precisions: Vec<(String, Option<String>)>,
    /// Names of build options it knows, each with a line of help.
    pub options: Vec<(String, String)>,
    /// What each of them takes, by name.
    #[serde(default)]
    pub kinds: BTreeMap<String, OptionKind>,
    /// Protocols it can measure with.
    pub protocols: Vec<String>,
}

/// A library that was found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Found {
    /// Exact version.
    pub version: String,
    /// Where; none for built-in ones.
    pub path: Option<PathBuf>,
    /// What it can do here.
    pub usable: Usable,
    /// What a document says otherwise, or what is worth knowing; none when nothing is.
    #[serde(default)]
    pub remark: Option<String>,
}

/// What a library can do on this machine.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usable {
    /// Build and run.
    Yes,
    /// Build but not run, and why.
    BuildOnly(String),
    /// Nothing, and why.
    No(String),
}

/// A stage of a build: real ones only.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Stage {
    /// The runtime's own name of the phase.
    pub name: String,
    /// Names of the enclosing phases, outermost first.
    pub parents: Vec<String>,
    /// Steps done.
    pub done: u64,
    /// Steps in all; 0 when unknown.
    pub total: u64,
    /// True with the last message of this stage.
    pub finished: bool,
}

/// Where a build tells how far it is, and learns that it should stop.
pub trait Progress: Send + Sync {
    /// A stage began, advanced or ended.
    fn stage(&self, stage: Stage);
    /// A line of the runtime's log; severity as `tracing` names it (`error`, `warn`, `info`, `debug`).
    fn log(&self, severity: &str, line: &str);
    /// True when the user asked to cancel; engines check it as often as they can.
    fn cancelled(&self) -> bool;
}

/// Progress of a build that nobody watches and nobody cancels.
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _: Stage) {}
    fn log(&self, _: &str, _: &str) {}
    fn cancelled(&self) -> bool {
        false
    }
}

/// Context of a build.
pub struct BuildContext<'a> {
    /// Progress and cancel.
    pub progress: &'a dyn Progress,
    /// A folder the engine may write scratch files to; removed afterwards.
    pub scratch: PathBuf,
}

/// What to build.
pub struct BuildRequest {
    /// The model with the recipe's patches applied.
    pub model: Arc<Model>,
    /// The resolved recipe (one variant).
    pub recipe: Recipe,
    /// Where the built engine is written, when the user wants it.
    pub output: Option<PathBuf>,
}

/// Why an engine cannot do what it was asked.
#[derive(thiserror::Error, Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "message")]
pub enum EngineError {
    /// The target's library is not there or cannot be used here (exit code 3).
    #[error("{0}")]
    Unavailable(String),
    /// The model cannot be taken, and why, naming nodes (exit code 1).
    #[error("{0}")]
    Unsupported(String),
    /// The recipe asks for something wrong (exit code 2).
    #[error("{0}")]
    Request(String),
    /// The user cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The runtime failed.
    #[error("{0}")]
    Failed(String),
}

/// What was built, how: written as a JSON sidecar next to an engine file.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct BuildRecord {
    /// Target name.
    pub target: String,
    /// Exact library version.
    pub version: String,
    /// SHA-256 of the model file before patches.
    pub model_sha256: String,
    /// The resolved recipe as TOML.
    pub recipe: String,
    /// Size of the engine file, when there is one.
    pub engine_bytes: Option<u64>,
    /// SHA-256 of the engine file, when there is one.
    pub engine_sha256: Option<String>,
    /// Device it was built for, when that matters.
    pub device: Option<String>,
    /// Wall time of the whole build in seconds.
    pub seconds: f64,
    /// Seconds until the engine could run, from the prepared model or engine file: [`crate::bench::Resources::load_s`].
    #[serde(default)]
    pub load_s: Option<f64>,
    /// Seconds of its first inference.
    #[serde(default)]
    pub first_inference_s: Option<f64>,
    /// Seconds of `load_s` in which the runtime compiled kernels for this device.
    #[serde(default)]
    pub jit_s: Option<f64>,
    /// Wall time per stage in seconds, in order.
    pub stages: Vec<(String, f64)>,
    /// Which execution provider runs which node, where the runtime says it.
    #[serde(default)]
    pub providers: Vec<ProviderNodes>,
    /// Log lines with severity.
    pub log: Vec<(String, String)>,
    /// What was derived for the build and from what (profiles), and what to know of it, in sentences.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Nodes that one execution provider of ONNX Runtime runs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ProviderNodes {
    /// `CPUExecutionProvider`, `OpenVINOExecutionProvider`, ...
    pub provider: String,
    /// Name and operator of each, as ONNX Runtime had them when it shared them out.
    pub nodes: Vec<(String, String)>,
}

/// An input or output of an engine.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TensorSpec {
    /// Name.
    pub name: String,
    /// Element type.
    pub dtype: DataType,
    /// Shape; dynamic dimensions stay symbolic.
    pub shape: Shape,
}

/// Builds engines for one target.
pub trait Builder: Send {
    /// The target, and what was found here. Must not load a GPU library that can crash; that is what the worker is for.
    fn target(&self) -> TargetInfo;

    /// Asks the target's own parser about a model, as the recipe's `[build]` would (plugins, parser flags).
    ///
    /// # Errors
    /// [`EngineError::Unavailable`] when there is no parser to ask.
    fn parse(&self, model: &Model, target: &TargetSpec, build: &BuildSpec) -> Result<ParserReport, EngineError> {
        let _ = (model, target, build);
        Err(EngineError::Unavailable(format!(
            "{} has no parser that can be asked",
            self.target().name
        )))
    }

    /// Adds what the target's library says about an engine file to what the file itself says.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`] when there is no library to ask, [`EngineError::Unsupported`] for targets without
    /// engine files of their own.
    fn inspect(
        &self,
        file: &std::path::Path,
        target: &TargetSpec,
        build: &BuildSpec,
    ) -> Result<super::plan::EngineView, EngineError> {
        let _ = (file, target, build);
        let name = self.target().name;
        Err(EngineError::Unsupported(format!(
            "{name} has no engine files that can be looked into"
        )))
    }

    /// Builds an engine for [`Engine::observe`]; nothing else is asked of it. Here: the model with the tensors as outputs.
    ///
    /// # Errors
    /// [`EngineError`].
    fn observer(&self, request: &ObserverRequest, context: &BuildContext<'_>) -> Result<Box<dyn Engine>, EngineError> {
        with_outputs(self, request, context)
    }

    /// Builds.
    ///
    /// # Errors
    /// [`EngineError`].
    fn build(&self, request: &BuildRequest, context: &BuildContext<'_>) -> Result<Box<dyn Engine>, EngineError>;
}

/// Runs the numbered parts of some work, from 0 to the count given, on as many processors as its maker has to give.
pub type Spread<'a> = &'a dyn Fn(usize, &(dyn Fn(usize) + Sync));

/// Looks at values while a model runs.
pub trait See: Send + Sync {
    /// A tensor's values where they lie, once per tensor and inference. Must not panic: a runtime may be the caller.
    fn see(&self, name: &str, values: &[f32], spread: Spread<'_>);
}

/// What to build for looking at inner tensors.
pub struct ObserverRequest {
    /// The model with the recipe's patches applied.
    pub model: Arc<Model>,
    /// The resolved recipe (one variant).
    pub recipe: Recipe,
    /// Float32 tensors of the top level that nodes make.
    pub tensors: Vec<String>,
    /// Only a few inferences will follow: what makes later ones faster does not pay.
    pub brief: bool,
}

/// What [`Builder::observer`] does where the target has no way of its own.
pub(super) fn with_outputs(
    builder: &(impl Builder + ?Sized),
    request: &ObserverRequest,
    context: &BuildContext<'_>,
) -> Result<Box<dyn Engine>, EngineError> {
    let tensors = request.tensors.clone();
    let patch = PatchSpec::AddOutputs { tensors };
    let applied = apply(&request.model, &patch).map_err(EngineError::Request)?;
    let mut recipe = request.recipe.clone();
    recipe.patches.push(patch);
    let (model, output) = (applied.model, None);
    builder.build(&BuildRequest { model, recipe, output }, context)
}

/// A [`Spread`] over all processors.
pub fn everywhere(count: usize, part: &(dyn Fn(usize) + Sync)) {
    (0..count).into_par_iter().with_max_len(1).for_each(part);
}

/// A built engine, ready to run in this process.
pub trait Engine: Send {
    /// How it was built; whoever asked for it adds the recipe and the model's hash.
    fn record(&self) -> &BuildRecord;
    /// Its inputs.
    fn inputs(&self) -> &[TensorSpec];
    /// Its outputs.
    fn outputs(&self) -> &[TensorSpec];
    /// Name and version of the runtime, as environments write it.
    fn runtime(&self) -> String {
        format!("{} {}", self.record().target, self.record().version)
    }
    /// Threads it computes with, when that is known.
    fn threads(&self) -> Option<u32> {
        None
    }
    /// Binds the engine's computation to fixed processors, where it can; says what it did in words.
    fn pin(&mut self) -> Option<String> {
        None
    }

    /// The GPU it runs on, as it is now; none for engines on the processor.
    fn gpu_state(&self) -> Option<crate::bench::sample::GpuState> {
        None
    }

    /// Memory of the GPU, as far as it was read so far and is now; none for engines on the processor.
    fn device_memory(&mut self) -> Option<DeviceMemory> {
        None
    }

    /// Number of the process that computes, where that is another one than this (a runner).
    fn process(&self) -> Option<u32> {
        None
    }

    /// What it computes in, from what the runtime says of the engine or the operators that it ran; none where there is no
    /// evidence.
    fn effective_precision(&mut self) -> Option<EffectivePrecision> {
        None
    }

    /// One inference; outputs in the engine's order.
    ///
    /// # Errors
    /// [`EngineError::Request`] for inputs that do not fit, [`EngineError::Failed`] for the runtime's errors.
    fn infer(&mut self, inputs: &NamedTensors) -> Result<NamedTensors, EngineError>;

    /// One inference that also returns inner tensors by name, where the runtime can.
    ///
    /// # Errors
    /// As [`Self::infer`]; [`EngineError::Unsupported`] when inner tensors cannot be had.
    fn infer_with(&mut self, inputs: &NamedTensors, tensors: &[String]) -> Result<NamedTensors, EngineError> {
        let _ = (inputs, tensors);
        Err(EngineError::Unsupported(
            "this engine cannot return inner tensors".into(),
        ))
    }

    /// One inference at whose float outputs `see` looks, and at the inner tensors that the engine was built to show
    /// ([`Builder::observer`]).
    ///
    /// # Errors
    /// As [`Self::infer`].
    fn observe(&mut self, inputs: &NamedTensors, see: &Arc<dyn See>) -> Result<(), EngineError> {
        for (name, tensor) in self.infer(inputs)?.iter().filter(|(_, t)| t.dtype.is_float()) {
            if let Some(values) = tensor.to_f32().filter(|v| !v.is_empty()) {
                see.see(name, &values, &everywhere);
            }
        }
        Ok(())
    }

    /// Time per layer over `runs` runs on these inputs: a run of its own, whose times are not the engine's latency.
    ///
    /// # Errors
    /// As [`Self::infer`]; [`EngineError::Unsupported`] when the runtime has no profiler.
    fn profile(&mut self, inputs: &NamedTensors, runs: u32) -> Result<crate::bench::Profile, EngineError> {
        let _ = (inputs, runs);
        Err(EngineError::Unsupported("this engine tells no times per layer".into()))
    }

    /// Binds inputs for measuring and returns the thing that the measuring loop drives.
    ///
    /// # Errors
    /// As [`Self::infer`].
    fn timed(&mut self, inputs: &NamedTensors) -> Result<Box<dyn crate::bench::measure::Timed + '_>, EngineError>;
}
