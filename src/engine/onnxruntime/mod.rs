//! ONNX Runtime on the processor and on NVIDIA GPUs, through a library that is found when the program runs.
//!
//! `find` finds libraries without loading them, `need` says what CUDA lacks here (`elf` reads what a library names),
//! `library` loads one, `session` makes sessions as `options` say, `run` is the engine and `gpu` how it is measured on a
//! GPU; `effective` says what was computed in which type, `observe` looks at inner tensors, `weights` gives a session its weights where they lie; `plugin` runs nodes in libraries of execution providers (OpenVINO's), which `provider` finds
//! and registers, and `assignment` asks which provider runs which node; `profile` reads times per
//! node, `tensors` converts values, `words` makes sentences of the runtime's errors. Telemetry is
//! switched off twice: in the environment before the library is loaded (`worker`, `.cargo/config.toml` for tests) and in `library`.
//!
//! The engine file that `build -o` writes is the graph as ONNX Runtime optimized it: to look at and to compare with the
//! original. It belongs to this version and this machine, and only ONNX Runtime has its operators.

mod assignment;
mod effective;
mod elf;
mod find;
mod gpu;
mod library;
mod need;
mod observe;
mod options;
mod plugin;
mod profile;
mod provider;
mod run;
mod session;
mod tensors;
mod weights;
mod words;

use super::bind::{check_types, warm_shapes};
use super::{
    BuildContext, BuildRecord, BuildRequest, Builder, Engine, EngineError, Found, ObserverRequest, Recorder,
    TargetInfo, Usable,
};
use crate::bench::gpu_loop::Conduct;
use crate::bench::measure::Plan;
use crate::data::generate::generate;
use crate::graph::Graph;
use crate::model::DataType;
use crate::recipe::{Precision, Recipe};
use find::Library;
use gpu::Gpu;
use observe::Observing;
use options::Options;
pub use plugin::{ANY as ANY_PROVIDER, OPENVINO, PluginRuntime};
use run::OnnxRuntime as Running;
use session::{Files, Setup, process_threads, record_log};
use std::path::{Path, PathBuf};

/// Name of the target on the processor.
pub const CPU: &str = "onnxruntime-cpu";
/// Name of the target on NVIDIA GPUs.
pub const CUDA: &str = "onnxruntime-cuda";

/// Stages of a build that make a session.
const LOADING: [&str; 4] = [
    "load NVIDIA libraries",
    "load library",
    "create session",
    "create session without CUDA graph",
];

/// Builds engines of one of the two targets.
pub struct OnnxRuntime {
    /// The one on NVIDIA GPUs.
    pub cuda: bool,
}

fn name(cuda: bool) -> &'static str {
    if cuda { CUDA } else { CPU }
}

/// The package that brings the library, as `targets install` names it.
fn package(cuda: bool) -> &'static str {
    if cuda { "onnxruntime-gpu" } else { "onnxruntime" }
}

impl Builder for OnnxRuntime {
    fn target(&self) -> TargetInfo {
        let found = find::find().into_iter().map(|l| self.found(l)).collect();
        let mut protocols = vec!["serial", "custom"];
        if self.cuda {
            protocols.extend(["trtexec-10", "trtexec-11"]);
        }
        TargetInfo {
            name: name(self.cuda).into(),
            found,
            install: Some(format!("enginesmith targets install {}", package(self.cuda))),
            precisions: Precision::ALL
                .iter()
                .map(|p| (p.name().to_string(), self.refusal(*p).map(String::from)))
                .collect(),
            options: options::help(self.cuda)
                .iter()
                .map(|(name, help)| ((*name).to_string(), (*help).to_string()))
                .collect(),
            kinds: options::help(self.cuda)
                .iter()
                .map(|(name, _)| ((*name).to_string(), options::kind(name)))
                .collect(),
            protocols: protocols.into_iter().map(String::from).collect(),
        }
    }

    fn observer(&self, request: &ObserverRequest, context: &BuildContext<'_>) -> Result<Box<dyn Engine>, EngineError> {
        if self.cuda {
            // Values on the GPU have to be handed out anyway.
            return super::with_outputs(self, request, context);
        }
        let options = Options::read(&request.recipe.build, false)?;
        let mut recorder = Recorder::new(context.progress);
        let library = library::choose(&request.recipe.target, options.library.as_deref(), false)?;
        let (environment, graph) = std::thread::scope(|scope| {
            let loading = scope.spawn(|| library::load(&library));
            let graph = Graph::new(request.model.clone());
            let loaded = recorder.stage("load library", || loading.join());
            (loaded, graph)
        });
        let panicked = |_| EngineError::Failed("loading the library failed".into());
        let environment = environment?.map_err(panicked)??;
        let setup = Setup {
            environment,
            cuda: None,
            graph: false,
            options,
            has_fp8: has_fp8(&graph),
            plugin: None,
        };
        let made = recorder.stage("create session", || {
            Observing::new(setup, &graph, request, &context.scratch, context.progress)
        })?;
        record_log(&mut recorder);
        let mut engine = made?;
        let mut record = BuildRecord {
            target: CPU.into(),
            version: library.version.unwrap_or_default(),
            ..BuildRecord::default()
        };
        recorder.finish(&mut record);
        engine.set_record(record);
        Ok(Box::new(engine))
    }

    fn build(&self, request: &BuildRequest, context: &BuildContext<'_>) -> Result<Box<dyn Engine>, EngineError> {
        let recipe = &request.recipe;
        let options = Options::read(&recipe.build, self.cuda)?;
        if let Some(output) = &request.output
            && !output.extension().is_some_and(|e| e.eq_ignore_ascii_case("onnx"))
        {
            return Err(EngineError::Request(
                "ONNX Runtime's engine file is the optimized graph as ONNX: give it a name that ends in .onnx".into(),
            ));
        }
        let graph = Graph::new(request.model.clone());
        self.check_precision(recipe.build.precision, &graph)?;
        let mut recorder = Recorder::new(context.progress);
        let library = library::choose(&recipe.target, options.library.as_deref(), self.cuda)?;
        if self.cuda {
            if let Some(trouble) = need::trouble(&library) {
                let path = library.path.display();
                return Err(EngineError::Unavailable(format!("{path}: {trouble}")));
            }
            for note in recorder.stage("load NVIDIA libraries", || need::preload(&library))? {
                recorder.log("info", &note);
            }
        }
        let environment = recorder.stage("load library", || library::load(&library))??;
        let path = model_file(request, &context.scratch, &mut recorder)?;
        let device = recipe.target.device.unwrap_or(0);
        let mut gpu = self.cuda.then(|| Gpu::open(device)).transpose()?;
        let wanted = self.cuda && options.cuda.graph.unwrap_or_else(|| wants_graph(recipe));
        let mut setup = Setup {
            environment,
            cuda: gpu.as_ref().map(|gpu| (device, gpu.stream.clone())),
            graph: wanted,
            options,
            has_fp8: has_fp8(&graph),
            plugin: None,
        };
        let files = Files {
            optimized: request.output.clone(),
            // Ended after the first inferences: what was executed in which types is known then.
            profile: Some(context.scratch.join("executed")),
        };
        if setup.has_fp8 {
            let line = "the graph has 8-bit floats, which ONNX Runtime's extended optimizations get wrong: basic ones are used";
            recorder.log("info", line);
        }
        let before = process_threads();
        let create = |setup: &Setup| setup.session(&path, &files, Some(context.progress));
        let mut made = recorder.stage("create session", || create(&setup))?;
        if let Some(gpu) = &mut gpu
            && !wanted
        {
            gpu.no_graph = Some(match setup.options.cuda.graph {
                Some(_) => "build option cuda_graph = false".into(),
                None => "the engine was built for a protocol without CUDA graphs".into(),
            });
        } else if let Some(gpu) = &mut gpu {
            // Models with control flow, or with nodes that stay on the processor, cannot be captured.
            if let Err(reason @ EngineError::Unsupported(_) | reason @ EngineError::Failed(_)) = &made
                && setup.options.cuda.graph.is_none()
            {
                let reason = reason.to_string();
                recorder.log("warn", &format!("the session takes no CUDA graph: {reason}"));
                gpu.no_graph = Some(reason);
                setup.graph = false;
                made = recorder.stage("create session without CUDA graph", || create(&setup))?;
            }
        }
        record_log(&mut recorder);
        let session = made.map_err(|e| words::located(e, &request.model))?;
        if let Some(gpu) = &mut gpu {
            gpu.loaded();
        }
        recorder.loaded(&LOADING);
        let providers = assignment::assigned(&library.path, &session);
        // The caller's thread computes too.
        let threads = process_threads()
            .zip(before)
            .map(|(now, before)| now.saturating_sub(before) + 1)
            .filter(|_| !self.cuda);
        if request.output.is_some() {
            recorder.log(
                "info",
                "the engine file is the graph as this ONNX Runtime optimized it for this machine",
            );
        }
        let threads = match setup.options.threads {
            Some(threads) => u32::try_from(threads).ok(),
            None => threads,
        };
        let device = gpu.as_ref().map(|gpu| gpu.device.name());
        let mut engine = Running::new(session, setup, gpu, &graph, &recipe.profiles, threads)?;
        warm(&mut engine, &graph, recipe, &mut recorder)?;
        if let Err(why) = engine.end_first_profile() {
            recorder.log("warn", &format!("what was executed in which types is not known: {why}"));
        }
        let mut record = BuildRecord {
            target: name(self.cuda).into(),
            version: library.version.unwrap_or_default(),
            device,
            // Older versions do not record it.
            providers: providers.unwrap_or_default(),
            ..BuildRecord::default()
        };
        recorder.finish(&mut record);
        engine.set_record(record);
        Ok(Box::new(engine))
    }
}

/// Runs once at the shapes that are to be measured and at those of the profiles.
fn warm(engine: &mut Running, graph: &Graph, recipe: &Recipe, recorder: &mut Recorder<'_>) -> Result<(), EngineError> {
    for shapes in warm_shapes(graph, recipe)? {
        let name = shapes.stage();
        let ran = recorder.stage(&name, || {
            let (inputs, _) = generate(graph, &shapes.sizes, 0).map_err(EngineError::Unsupported)?;
            engine.infer(&inputs).map(drop)
        })?;
        record_log(recorder);
        match ran {
            // Sizes that nobody chose may not suit the model; that is no reason to refuse it.
            Err(e) if !shapes.chosen => recorder.log("warn", &format!("{name}: {e}")),
            other => {
                other?;
                recorder.inferred();
            }
        }
    }
    Ok(())
}

/// True for floats of 8 bits somewhere in the graph.
fn has_fp8(graph: &Graph) -> bool {
    graph.tensors.iter().any(|t| t.ty.dtype.is_some_and(is_small_float))
}

impl OnnxRuntime {
    fn found(&self, library: Library) -> Found {
        let usable = match library.refusal() {
            Some(reason) => Usable::No(reason),
            None => match self.cuda.then(|| need::trouble(&library)).flatten() {
                Some(trouble) => Usable::No(trouble),
                None => Usable::Yes,
            },
        };
        Found {
            version: library.version.unwrap_or_else(|| "unknown".into()),
            path: Some(library.path),
            usable,
            remark: None,
        }
    }

    /// Why this precision cannot be had; none when it can.
    fn refusal(&self, precision: Precision) -> Option<&'static str> {
        (precision == Precision::Tf32 && !self.cuda)
            .then_some("TF32 is a mode of NVIDIA's matrix units; onnxruntime-cpu runs on the processor")
    }

    /// ONNX Runtime computes in the types of the graph: a precision other than FP32 and TF32 must be there already.
    fn check_precision(&self, precision: Precision, graph: &Graph) -> Result<(), EngineError> {
        if let Some(reason) = self.refusal(precision) {
            return Err(EngineError::Unsupported(format!("{precision}: {reason}")));
        }
        check_types(precision, graph, "ONNX Runtime")
    }
}

/// Floats of 8 bits.
fn is_small_float(dtype: DataType) -> bool {
    dtype.is_float() && dtype.bits() == 8
}

/// True when the recipe's protocol launches CUDA graphs.
fn wants_graph(recipe: &Recipe) -> bool {
    Conduct::of(Plan::from_spec(&recipe.bench, true).protocol).graph
}

/// The file that ONNX Runtime reads: the model's own, or the patched model written out.
fn model_file(request: &BuildRequest, scratch: &Path, recorder: &mut Recorder<'_>) -> Result<PathBuf, EngineError> {
    let own = request.model.path();
    if request.recipe.patches.is_empty() && own.is_file() {
        return Ok(own.to_path_buf());
    }
    let path = scratch.join("patched.onnx");
    let saved = recorder.stage("write patched model", || request.model.save_scratch(&path))?;
    saved.map_err(|e| EngineError::Failed(e.to_string()))?;
    Ok(path)
}
