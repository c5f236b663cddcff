//! Building an engine.

use super::engine::Elsewhere;
use super::file::{self, Content};
use super::libraries::numbers;
use super::options::{Options, capability_text};
use super::probe::{self, Trial};
use super::progress::{Monitor, follow};
use super::run::{Running, Setting};
use super::{TensorRt, dimensions, name, parse, setup, tf32, timing, words};
use crate::check::{Evidence, ParserReport, Request, Severity, check};
use crate::data::generate::generate;
use crate::engine::bind::{check_types, specs, warm_shapes};
use crate::engine::cuda::{self, DeviceInfo};
use crate::engine::{BuildContext, BuildRecord, BuildRequest, Engine, EngineError, Recorder};
use crate::graph::Graph;
use crate::model::Model;
use crate::recipe::{Precision, Recipe};
use enginesmith_tensorrt::api::{Builder, BuilderConfig, HostMemory, Network};
use enginesmith_tensorrt::sys::ComputeCapability;
use enginesmith_tensorrt::{Error, Flavour, Library};
use std::path::Path;
use std::sync::Arc;

/// The stage that TensorRT's own phases are in.
const BUILD: &str = "build engine";
/// Reasons that a refusal spells out.
const REASONS: usize = 5;

/// The engine's bytes.
enum Plan {
    /// In the file that was asked for.
    File(Content),
    Memory(HostMemory),
}

/// Builds as the request says.
///
/// # Errors
/// [`EngineError`]: unsupported nodes by name, options that this version lacks, TensorRT's own words.
pub fn build(
    target: &TensorRt,
    request: &BuildRequest,
    context: &BuildContext<'_>,
) -> Result<Box<dyn Engine>, EngineError> {
    let recipe = &request.recipe;
    let options = Options::read(&recipe.build, target.flavour)?;
    let graph = Graph::new(request.model.clone());
    if !options.weak_typing {
        check_types(recipe.build.precision, &graph, target.flavour.name())?;
    }
    specs(&graph)?;
    let mut recorder = Recorder::new(context.progress);
    let (made, heard) = follow(context.progress, BUILD, |monitor| {
        let mut job = Job {
            target,
            request,
            options: &options,
            graph: &graph,
            recorder: &mut recorder,
            monitor,
            scratch: &context.scratch,
        };
        job.run()
    });
    recorder.keep(heard.phases, heard.log);
    let made = made?;
    let mut record = BuildRecord {
        target: name(target.flavour).into(),
        version: made.version,
        device: Some(made.built_for),
        ..BuildRecord::default()
    };
    let content = match made.plan {
        Plan::File(content) => content,
        Plan::Memory(bytes) => Content::of(&bytes),
    };
    record.engine_bytes = Some(content.bytes);
    record.engine_sha256 = Some(content.sha256);
    recorder.finish(&mut record);
    match made.engine {
        Ok(mut running) => {
            record.jit_s = running.jit_s();
            running.set_record(record);
            Ok(running)
        }
        Err(mut elsewhere) => {
            elsewhere.record = record;
            Ok(elsewhere)
        }
    }
}

/// What a build made.
struct Made {
    version: String,
    /// Which devices it was built for, in words.
    built_for: String,
    plan: Plan,
    /// On the GPU here, or not.
    engine: Result<Box<Running>, Box<Elsewhere>>,
}

struct Job<'a, 'p> {
    target: &'a TensorRt,
    request: &'a BuildRequest,
    options: &'a Options,
    graph: &'a Graph,
    recorder: &'a mut Recorder<'p>,
    monitor: &'a Arc<Monitor>,
    scratch: &'a Path,
}

impl Job<'_, '_> {
    fn run(&mut self) -> Result<Made, EngineError> {
        let recipe = &self.request.recipe;
        let device = self.device()?;
        // Current on this thread as long as the build goes on: TensorRT builds on, and for, the current device.
        let _context = match &device {
            Ok(device) => Some(cuda::Device::open(device.index).map_err(EngineError::Unavailable)?),
            Err(_) => None,
        };
        let (target, options) = (self.target, self.options);
        let library = self
            .recorder
            .stage("load library", || target.load(&recipe.target, options))??;
        let plain_fp32 = self.is_plain_fp32() && device.is_ok();
        if target.flavour == Flavour::Rtx {
            tf32::allow(!plain_fp32);
        }
        if plain_fp32 {
            self.recorder.log("warn", tf32::CONDITION);
        }
        let builder = library.builder().map_err(words::error)?;
        if options.weak_typing {
            setup::check_weak_typing(&builder, recipe.build.precision)?;
        }
        let mut network = parse::network(&builder, options.weak_typing).map_err(words::error)?;
        self.parse(library, &mut network)?;
        let mut config = builder.config().map_err(words::error)?;
        setup::configure(&builder, &mut config, recipe, options)?;
        setup::add_profiles(&builder, &mut config, &network, &recipe.profiles)?;
        for line in dimensions::part(&mut network, &recipe.profiles)? {
            self.recorder.log("warn", &line);
        }
        config
            .set_progress_monitor(self.monitor.clone())
            .map_err(words::error)?;
        let cache = timing::file(&options.timing_cache, library.version(), device.as_ref().ok());
        if let Some(file) = &cache {
            timing::load(&mut config, file)?;
        }
        let plan = self
            .plan(&builder, &network, &config)
            .map_err(|error| match (error, &device) {
                // Some options make a build that otherwise needs no GPU ask for one, in words that few understand.
                (EngineError::Failed(text), Err(why)) if text.contains("CUDA") => EngineError::Failed(format!(
                    "{text}\nIt asked for a GPU, which an option may make it do (refit and strip_weights, for instance), and {why}"
                )),
                (error, _) => error,
            })?;
        if let Some(file) = &cache {
            match timing::store(&config, file) {
                Ok(_) => self
                    .recorder
                    .log("info", &format!("timing cache kept in {}", file.display())),
                Err(why) => self
                    .recorder
                    .log("warn", &format!("the timing cache is not kept: {why}")),
            }
        }
        let version = numbers(library.version());
        let built_for = built_for(library, options, device.as_ref().ok());
        let engine = match self.load(library, &plan, device) {
            Ok(running) => Ok(Box::new(running)),
            Err(EngineError::Unavailable(why)) => {
                self.recorder
                    .log("warn", &format!("the engine does not run here: {why}"));
                let (inputs, outputs) = specs(self.graph)?;
                let record = BuildRecord::default();
                Err(Box::new(Elsewhere {
                    record,
                    inputs,
                    outputs,
                    why,
                }))
            }
            Err(error) => return Err(error),
        };
        Ok(Made {
            version,
            built_for,
            plan,
            engine,
        })
    }

    /// Reads the engine onto the GPU and runs it once per shape that the recipe names.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`] when it does not run here.
    fn load(
        &mut self,
        library: Library,
        plan: &Plan,
        device: Result<DeviceInfo, String>,
    ) -> Result<Running, EngineError> {
        let device = device.map_err(EngineError::Unavailable)?;
        if let Some(why) = self.kills(library, plan, &device) {
            return Err(EngineError::Unavailable(why));
        }
        let (inputs, outputs) = specs(self.graph)?;
        let recipe = &self.request.recipe;
        let setting = Setting {
            library,
            device: &device,
            graph: self.graph,
            inputs,
            outputs,
            profiles: recipe.profiles.clone(),
            options: self.options,
            allows_tf32: recipe.build.precision != Precision::Fp32,
        };
        let output = self.request.output.as_deref();
        let loaded = self.recorder.stage("load engine", || match (plan, output) {
            (Plan::Memory(bytes), _) => Running::load(bytes, setting),
            (Plan::File(_), Some(path)) => {
                let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
                Running::load(&bytes, setting)
            }
            (Plan::File(_), None) => Err("the engine has no file".into()),
        })?;
        let mut engine = loaded.map_err(EngineError::Unavailable)?;
        self.recorder.loaded(&["load library", "load engine"]);
        for shapes in warm_shapes(self.graph, recipe)? {
            let name = shapes.stage();
            let graph = self.graph;
            let ran = self.recorder.stage(&name, || {
                let (inputs, _) = generate(graph, &shapes.sizes, 0).map_err(EngineError::Unsupported)?;
                engine.infer(&inputs).map(drop)
            })?;
            match ran {
                // Sizes that nobody chose may not suit the model; that is no reason to refuse it.
                Err(e) if !shapes.chosen => self.recorder.log("warn", &format!("{name}: {e}")),
                other => {
                    other?;
                    self.recorder.inferred();
                }
            }
        }
        if let Some(note) = engine.kernels_note() {
            self.recorder.log("info", &note);
        }
        if let Some(why) = engine.keep_kernels() {
            self.recorder
                .log("warn", &format!("the compiled kernels are not kept: {why}"));
        }
        Ok(engine)
    }

    /// True for an engine of TensorRT-RTX that must not compute in TF32.
    fn is_plain_fp32(&self) -> bool {
        self.target.flavour == Flavour::Rtx && self.request.recipe.build.precision == Precision::Fp32
    }

    /// Why an engine must not be read in this process; none when it may. TensorRT-RTX 1.5 kills the process (signal 8) when it
    /// reads some engines with FP8 and a range of shapes on an NVIDIA H200, so a child tries those first.
    fn kills(&self, library: Library, plan: &Plan, device: &DeviceInfo) -> Option<String> {
        let recipe = &self.request.recipe;
        let is_ranged = recipe
            .profiles
            .iter()
            .any(|p| p.inputs.values().any(|r| r.min != r.max));
        if self.target.flavour != Flavour::Rtx || recipe.build.precision != Precision::Fp8 || !is_ranged {
            return None;
        }
        let path = match (plan, self.request.output.as_deref()) {
            (Plan::File(_), Some(path)) => path.to_path_buf(),
            (Plan::File(_), None) => return None,
            (Plan::Memory(bytes), _) => {
                let path = self.scratch.join("tried.engine");
                std::fs::write(&path, &bytes[..]).ok()?;
                path
            }
        };
        let trial = Trial::of(
            name(self.target.flavour),
            library.path(),
            &numbers(library.version()),
            device,
        );
        let verdict = probe::reads(&trial, &path).ok().filter(|v| !v.runs)?;
        Some(format!(
            "{} on {device}, an FP8 engine with a range of shapes: {}. One shape (min, opt and max alike) works where a range does not",
            library.version(),
            verdict.why.unwrap_or_default()
        ))
    }

    /// The GPU to build on, or why there is none. TensorRT-RTX builds without one.
    fn device(&self) -> Result<Result<DeviceInfo, String>, EngineError> {
        let flavour = self.target.flavour;
        let index = self.request.recipe.target.device.unwrap_or(0);
        let device = cuda::devices().and_then(|devices| {
            let found = devices.into_iter().find(|d| d.index == index);
            found.ok_or_else(|| format!("there is no GPU {index}"))
        });
        if let Err(why) = &device {
            if flavour == Flavour::Enterprise {
                return Err(EngineError::Unavailable(format!(
                    "TensorRT builds on a GPU only: {why}"
                )));
            }
            if self.options.compute_capabilities.contains(&ComputeCapability::Current) {
                return Err(EngineError::Request(format!(
                    "build option compute_capability = \"current\": {why}; name the capability of the GPU it shall run on"
                )));
            }
        }
        Ok(device)
    }

    fn parse(&mut self, library: Library, network: &mut Network<'_>) -> Result<(), EngineError> {
        let recipe = &self.request.recipe;
        let written;
        let model: &Model = if recipe.patches.is_empty() {
            &self.request.model
        } else {
            // The parser reads bytes; a patched model has none yet.
            let path = self.scratch.join("patched.onnx");
            let model = &self.request.model;
            let saved = self.recorder.stage("write patched model", || model.save(&path, true))?;
            saved.map_err(|e| EngineError::Failed(e.to_string()))?;
            written = Model::open(&path).map_err(|e| EngineError::Failed(e.to_string()))?;
            &written
        };
        let options = self.options;
        let parsed = self.recorder.stage("parse model", || {
            let mut parser = network.parser().map_err(words::error)?;
            for flag in &options.parser_flags {
                parser.set_flag(*flag).map_err(words::option("parser_flags"))?;
            }
            Ok::<_, EngineError>(parser.parse(model.file_data(), Some(model.path())))
        })?;
        match parsed? {
            Ok(()) => Ok(()),
            Err(Error::Parse(errors)) => {
                let report = parse::of(library, self.graph, &errors, false);
                Err(EngineError::Unsupported(refusal(self.graph, recipe, report)))
            }
            Err(Error::Failed(failure)) => Err(EngineError::Unsupported(words::failure_words(&failure))),
            Err(error) => Err(words::error(error)),
        }
    }

    fn plan(
        &mut self,
        builder: &Builder,
        network: &Network<'_>,
        config: &BuilderConfig<'_>,
    ) -> Result<Plan, EngineError> {
        let output = self.request.output.as_deref();
        self.recorder.stage(BUILD, || match output {
            Some(path) => file::build(builder, network, config, path).map(Plan::File),
            None => builder.build(network, config).map(Plan::Memory).map_err(words::error),
        })?
    }
}

/// The parser's errors as sentences that name the nodes, as `check` has them.
fn refusal(graph: &Graph, recipe: &Recipe, report: ParserReport) -> String {
    let request = Request {
        target: recipe.target.name.clone(),
        version: recipe.target.version.clone(),
        profiles: Vec::new(),
        parser: Some(report),
    };
    let findings = match check(graph, &request) {
        Ok(report) => report.findings,
        Err(why) => return why,
    };
    let mut reasons: Vec<String> = findings
        .into_iter()
        .filter(|f| f.severity == Severity::Error && f.evidence == Evidence::Parser)
        .map(|f| match f.fixes.first() {
            Some(fix) => format!("{} {}", f.reason, fix.text),
            None => f.reason,
        })
        .collect();
    let more = reasons.len().saturating_sub(REASONS);
    reasons.truncate(REASONS);
    if more > 0 {
        reasons.push(format!("and {more} more; `check` lists all"));
    }
    reasons.join("\n")
}

/// The devices that an engine is for, in words.
fn built_for(library: Library, options: &Options, device: Option<&DeviceInfo>) -> String {
    let texts = options.compute_capabilities.iter().map(|c| capability_text(*c));
    let list: Option<Vec<String>> = texts.collect();
    match (library.version().flavour, list.as_deref(), device) {
        (Flavour::Rtx, Some([]), _) => format!("every GPU that {} takes", library.version()),
        (Flavour::Rtx, Some(list), _) => format!("compute capability {}", list.join(", ")),
        (_, _, Some(device)) => device.to_string(),
        (_, _, None) => "the GPU it was built on".into(),
    }
}
