//! Targets whose nodes run in an execution provider library: `openvino`, and `onnxruntime-ep` for any other.
//!
//! OpenVINO chooses the type it computes in by itself (BF16 on processors that have it). Here it is told: the recipe's precision
//! is its hint. What it then does is shown by a product that only full precision gets right, computed under the same settings.

use super::options::{self, Options};
use super::provider::{self, Plugin};
use super::run::OnnxRuntime as Running;
use super::session::{Files, PluginDevice, Setup, record_log};
use super::{assignment, has_fp8, library, model_file, warm};
use crate::bench::{EffectivePrecision, TypedLayer};
use crate::engine::bind::{check_types, unknown_option};
use crate::engine::{
    BuildContext, BuildRecord, BuildRequest, Builder, Engine, EngineError, Found, OptionKind, ProviderNodes, Recorder,
    TargetInfo, Usable,
};
use crate::graph::Graph;
use crate::graph::sample::{graph, import, node, proto, value};
use crate::model::onnx::ModelProto;
use crate::model::{DataType, Tensor};
use crate::recipe::{BuildSpec, Precision, Recipe, TargetSpec};
use buffa::Message;
use std::path::Path;

/// Name of the target that runs OpenVINO.
pub const OPENVINO: &str = "openvino";
/// Name of the target for any library of execution providers.
pub const ANY: &str = "onnxruntime-ep";
/// The provider's name in OpenVINO's library.
const OPENVINO_PROVIDER: &str = "OpenVINOExecutionProvider";

/// Options of `openvino` alone.
const OWN: [(&str, &str); 2] = [
    (
        "precision_hint",
        "the type OpenVINO is told to compute in: f32, bf16, f16, or auto for its own choice; by default that of the precision asked for",
    ),
    (
        "streams",
        "inferences that OpenVINO is ready to run at the same time; 1 by default",
    ),
];

/// Builds engines of one of the two targets.
pub struct PluginRuntime {
    /// `openvino`; otherwise `onnxruntime-ep`.
    pub openvino: bool,
}

/// What OpenVINO is told.
#[derive(Clone, Debug, PartialEq)]
struct Hints {
    precision: Option<&'static str>,
    streams: i64,
}

impl PluginRuntime {
    fn name(&self) -> &'static str {
        if self.openvino { OPENVINO } else { ANY }
    }

    fn help(&self) -> Vec<(&'static str, &'static str)> {
        let own: &[(&str, &str)] = if self.openvino { &OWN } else { &[] };
        options::help(false).into_iter().chain(own.iter().copied()).collect()
    }

    fn refusal(&self, precision: Precision) -> Option<&'static str> {
        match precision {
            Precision::Tf32 => Some("TF32 is a mode of NVIDIA's matrix units"),
            Precision::Fp8 if self.openvino => Some("OpenVINO's processor plugin has no 8-bit floats"),
            _ => None,
        }
    }

    /// ONNX Runtime's options, and OpenVINO's hints.
    fn read(&self, build: &BuildSpec) -> Result<(Options, Hints), EngineError> {
        let known = self.help();
        if let Some(name) = build.options.keys().find(|n| !known.iter().any(|(k, _)| k == n)) {
            return Err(unknown_option(self.name(), name, &known));
        }
        let mut hints = Hints {
            precision: Some(match build.precision {
                Precision::Fp16 => "f16",
                Precision::Bf16 => "bf16",
                _ => "f32",
            }),
            streams: 1,
        };
        let mut common = build.clone();
        let wrong = |name: &str, value: &toml::Value, wanted: &str| {
            Err(EngineError::Request(format!(
                "build option {name} = {value}: {wanted} is wanted"
            )))
        };
        if let Some(value) = common.options.remove("precision_hint") {
            hints.precision = match value.as_str() {
                Some("f32") => Some("f32"),
                Some("bf16") => Some("bf16"),
                Some("f16") => Some("f16"),
                Some("auto") => None,
                _ => return wrong("precision_hint", &value, "\"f32\", \"bf16\", \"f16\" or \"auto\""),
            };
        }
        if let Some(value) = common.options.remove("streams") {
            hints.streams = match value.as_integer() {
                Some(n @ 1..=1024) => n,
                _ => return wrong("streams", &value, "a whole number from 1 to 1024"),
            };
        }
        Ok((Options::read(&common, false)?, hints))
    }

    /// The library to use: the target's own, else the first found of its version.
    fn plugin(&self, target: &TargetSpec) -> Result<Plugin, EngineError> {
        let unavailable = |message: String| Err(EngineError::Unavailable(message));
        if let Some(path) = &target.library {
            return match path.canonicalize() {
                Ok(path) => Ok(Plugin {
                    path,
                    version: None,
                    root: None,
                }),
                Err(e) => unavailable(format!("{}: {}", path.display(), crate::files::words(&e))),
            };
        }
        if !self.openvino {
            return Err(EngineError::Request(
                "the target onnxruntime-ep needs an execution provider library; in a recipe: [target] library = \
                 \"/path/to/libplugin.so\", with provider_options where it takes some"
                    .into(),
            ));
        }
        let found = provider::openvino();
        let wanted = target.version.as_deref();
        let is_wanted = |p: &&Plugin| {
            wanted.is_none_or(|w| {
                let rest = p.version.as_deref().and_then(|v| v.strip_prefix(w));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        if let Some(plugin) = found.iter().find(is_wanted) {
            return Ok(plugin.clone());
        }
        let version = wanted.map(|v| format!("@{v}")).unwrap_or_default();
        let has: Vec<&str> = found.iter().filter_map(|p| p.version.as_deref()).collect();
        let has = match has.is_empty() {
            true => String::new(),
            false => format!(" (found: {})", has.join(", ")),
        };
        unavailable(format!(
            "OpenVINO's plugin for ONNX Runtime was not found{has}; `enginesmith targets install openvino{version}` gets it"
        ))
    }

    /// Name of the provider to use, of those that the library offers devices for.
    fn provider(
        &self,
        names: &[String],
        plugin: &Path,
        environment: &ort::environment::Environment,
    ) -> Result<String, EngineError> {
        let wanted = match self.openvino {
            true => names.iter().find(|n| *n == OPENVINO_PROVIDER),
            false => names.first(),
        };
        wanted.cloned().ok_or_else(|| {
            let machine = provider::machine(environment);
            let more = match self.openvino {
                true => ". Version 1.8 of Intel's plugin offers Intel's devices only",
                false => "",
            };
            EngineError::Unavailable(format!(
                "{} offers no device of this machine ({machine}){more}",
                plugin.display()
            ))
        })
    }
}

/// Options of the provider: what the recipe passes through, and OpenVINO's hints.
fn provider_options(recipe: &Recipe, hints: Option<(&Hints, Option<usize>)>) -> Vec<(String, String)> {
    let mut options: Vec<(String, String)> = recipe.target.provider_options.clone().into_iter().collect();
    let given = options.iter().any(|(key, _)| key == "load_config");
    if let Some((hints, threads)) = hints.filter(|_| !given) {
        let mut config = serde_json::Map::new();
        if let Some(precision) = hints.precision {
            config.insert("INFERENCE_PRECISION_HINT".into(), precision.into());
        }
        config.insert("NUM_STREAMS".into(), hints.streams.to_string().into());
        if let Some(threads) = threads {
            config.insert("INFERENCE_NUM_THREADS".into(), threads.to_string().into());
        }
        options.push(("load_config".into(), serde_json::json!({ "CPU": config }).to_string()));
    }
    options
}

impl Builder for PluginRuntime {
    fn target(&self) -> TargetInfo {
        let found = match self.openvino {
            true => provider::openvino(),
            false => Vec::new(),
        };
        let found = found.into_iter().map(|plugin| Found {
            version: plugin.version.unwrap_or_else(|| "unknown".into()),
            path: Some(plugin.path),
            usable: Usable::Yes,
            remark: None,
        });
        let kind = |name: &str| match name {
            "precision_hint" => OptionKind::choice(["f32", "bf16", "f16", "auto"]),
            "streams" => OptionKind::whole(1, 1024, 1),
            other => options::kind(other),
        };
        TargetInfo {
            name: self.name().into(),
            found: found.collect(),
            install: Some(match self.openvino {
                true => "enginesmith targets install openvino".into(),
                false => "any execution provider library: [target] library = \"...\" in a recipe".into(),
            }),
            precisions: Precision::ALL
                .iter()
                .map(|p| (p.name().to_string(), self.refusal(*p).map(String::from)))
                .collect(),
            options: self
                .help()
                .iter()
                .map(|(name, help)| ((*name).to_string(), (*help).to_string()))
                .collect(),
            kinds: self
                .help()
                .iter()
                .map(|(name, _)| ((*name).to_string(), kind(name)))
                .collect(),
            protocols: vec!["serial".into(), "custom".into()],
        }
    }

    fn build(&self, request: &BuildRequest, context: &BuildContext<'_>) -> Result<Box<dyn Engine>, EngineError> {
        let recipe = &request.recipe;
        let (options, hints) = self.read(&recipe.build)?;
        if request.output.is_some() {
            return Err(EngineError::Request(
                "an engine of a provider library lives in its session; build it without an engine file".into(),
            ));
        }
        let precision = recipe.build.precision;
        if let Some(reason) = self.refusal(precision) {
            return Err(EngineError::Unsupported(format!("{precision}: {reason}")));
        }
        let graph = Graph::new(request.model.clone());
        // OpenVINO lowers floats itself, as its hint says; all else must be in the graph.
        if !self.openvino || !matches!(precision, Precision::Fp16 | Precision::Bf16) {
            check_types(precision, &graph, "ONNX Runtime")?;
        }
        let mut recorder = Recorder::new(context.progress);
        let plugin = self.plugin(&recipe.target)?;
        let any = TargetSpec {
            version: None,
            ..recipe.target.clone()
        };
        // Installed together, they are used together.
        let beside = plugin
            .root
            .as_ref()
            .map(|root| root.join("onnxruntime/capi"))
            .filter(|p| p.is_dir());
        let named = options.library.clone().or(beside);
        let library = library::choose(&any, named.as_deref(), false)?;
        let version = library.version.clone().unwrap_or_default();
        let environment = recorder.stage("load library", || library::load(&library))??;
        let names = recorder.stage("load provider", || provider::register(&environment, &plugin.path))??;
        let name = self.provider(&names, &plugin.path, &environment)?;
        let hinted = self.openvino.then_some((&hints, options.threads));
        let threads = options.threads.and_then(|n| u32::try_from(n).ok());
        let setup = Setup {
            environment,
            cuda: None,
            graph: false,
            options,
            has_fp8: has_fp8(&graph),
            plugin: Some(PluginDevice {
                provider: name.clone(),
                index: recipe.target.device.unwrap_or(0) as usize,
                options: provider_options(recipe, hinted),
            }),
        };
        let path = model_file(request, &context.scratch, &mut recorder)?;
        let files = Files {
            optimized: None,
            profile: Some(context.scratch.join("executed")),
        };
        let made = recorder.stage("create session", || {
            setup.session(&path, &files, Some(context.progress))
        })?;
        record_log(&mut recorder);
        let session = made.map_err(|e| super::words::located(e, &request.model))?;
        recorder.loaded(&["load library", "load provider", "create session"]);
        let providers = assignment::assigned(&library.path, &session);
        let probed = self
            .openvino
            .then(|| recorder.stage("probe precision", || probe(&setup, context)));
        let mut engine = Running::new(session, setup, None, &graph, &recipe.profiles, threads)?;
        warm(&mut engine, &graph, recipe, &mut recorder)?;
        if let Err(why) = engine.end_first_profile() {
            recorder.log("warn", &format!("what was executed in which types is not known: {why}"));
        }
        let plugin_version = plugin.version.clone().unwrap_or_else(|| name.clone());
        let mut record = BuildRecord {
            target: self.name().into(),
            version: plugin_version,
            ..BuildRecord::default()
        };
        match providers {
            Ok(providers) => record.providers = providers,
            Err(why) => recorder.log("warn", &why.to_string()),
        }
        match probed.transpose()? {
            Some(Ok(dtype)) => engine.set_effective(openvino_precision(&record.providers, &name, dtype)),
            Some(Err(why)) => recorder.log("warn", &format!("what OpenVINO computes in is not known: {why}")),
            None => {}
        }
        recorder.finish(&mut record);
        engine.set_runtime(format!("{} {} on ONNX Runtime {version}", name, record.version));
        engine.set_record(record);
        Ok(Box::new(engine))
    }
}

/// Shares of a session whose OpenVINO nodes compute in `dtype`; none where quantized nodes are among them, of which nothing
/// is known.
fn openvino_precision(providers: &[ProviderNodes], openvino: &str, dtype: &str) -> Option<EffectivePrecision> {
    let own = providers.iter().find(|p| p.provider == openvino)?;
    if own.nodes.iter().any(|(_, op)| op.contains("QuantizeLinear")) {
        return None;
    }
    let mut layers = Vec::new();
    for provider in providers {
        let dtype = if provider.provider == openvino { dtype } else { "fp32" };
        layers.extend(provider.nodes.iter().map(|_| TypedLayer {
            dtype: dtype.into(),
            macs: None,
        }));
    }
    EffectivePrecision::of(
        "a product computed under the same settings, and the nodes of each provider",
        &layers,
    )
}

/// Values that need more than the 8, 11 and 11 digits of BF16, FP16 and TF32: `1 + 2^-9` needs 10 and `1 + 2^-14` needs 15.
const FINE: f32 = 1.0 + 1.0 / 16384.0;
const COARSE: f32 = 1.0 + 1.0 / 512.0;
/// Rows and columns of the probe.
const SIDE: u64 = 32;

/// The type that a matrix product is computed in under these settings.
fn probe(setup: &Setup, context: &BuildContext<'_>) -> Result<&'static str, EngineError> {
    let path = context.scratch.join("probe.onnx");
    std::fs::write(&path, probe_model().encode_to_vec()).map_err(|e| EngineError::Failed(e.to_string()))?;
    let mut session = setup.session(&path, &Files::default(), None)?;
    // Each row has one value other than 0, so nothing is added up.
    let mut x = vec![0.0f32; (SIDE * SIDE) as usize];
    for i in 0..SIDE as usize {
        x[i * SIDE as usize + i] = if i % 2 == 0 { FINE } else { COARSE };
    }
    let given = |values: &[f32]| {
        let tensor = Tensor::from_f32(&[SIDE, SIDE], values);
        tensor.ok_or_else(|| EngineError::Failed("the probe has a wrong size".into()))
    };
    let twice: Vec<f32> = (0..SIDE * SIDE)
        .map(|i| if i / SIDE == i % SIDE { 2.0 } else { 0.0 })
        .collect();
    let inputs = vec![("x".to_string(), given(&x)?), ("w".to_string(), given(&twice)?)];
    let specs = [spec("x"), spec("w")];
    let outputs = super::run::run(&mut session, false, super::run::values(&specs, &[], &inputs)?)?;
    let y = outputs.first().and_then(|(_, t)| t.to_f32()).unwrap_or_default();
    let at = |i: usize| y.get(i * SIDE as usize + i).copied().unwrap_or(f32::NAN);
    match (at(0) == 2.0 * FINE, at(1) == 2.0 * COARSE) {
        (true, true) => Ok("fp32"),
        (false, true) => Ok("fp16"),
        (false, false) if (at(0) - 2.0).abs() < 0.05 => Ok("bf16"),
        _ => Err(EngineError::Failed(format!("the probe gave {} and {}", at(0), at(1)))),
    }
}

fn spec(name: &str) -> crate::engine::TensorSpec {
    crate::engine::TensorSpec {
        name: name.into(),
        dtype: DataType::Float32,
        shape: crate::graph::Shape::known(&[SIDE, SIDE]),
    }
}

/// `y = x w`.
fn probe_model() -> ModelProto {
    let side = SIDE as i64;
    let mut g = graph(&["x", "w"], &["y"], vec![], vec![node("MatMul", &["x", "w"], &["y"])]);
    g.input = ["x", "w"]
        .iter()
        .map(|n| value(n, DataType::Float32, &[side, side]))
        .collect();
    g.output = vec![value("y", DataType::Float32, &[side, side])];
    ModelProto {
        ir_version: Some(8),
        opset_import: vec![import("", 17)],
        ..proto(g, Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: &str, precision: Precision) -> Result<(Options, Hints), EngineError> {
        let build = BuildSpec {
            options: toml::from_str(options).unwrap(),
            precision,
            ..BuildSpec::default()
        };
        PluginRuntime { openvino: true }.read(&build)
    }

    #[test]
    fn the_hint_is_the_precision_asked_for_unless_it_is_given() {
        for (precision, hint) in [
            (Precision::Fp32, "f32"),
            (Precision::Bf16, "bf16"),
            (Precision::Fp16, "f16"),
            (Precision::Int8, "f32"),
        ] {
            assert_eq!(read("", precision).unwrap().1.precision, Some(hint));
        }
        assert_eq!(
            read("precision_hint = \"auto\"", Precision::Fp32).unwrap().1.precision,
            None
        );
        let (options, hints) = read("threads = 2\nstreams = 3\nprecision_hint = \"bf16\"", Precision::Fp32).unwrap();
        let recipe = Recipe::for_model(Path::new("m.onnx"));
        let given = provider_options(&recipe, Some((&hints, options.threads)));
        let config: serde_json::Value = serde_json::from_str(&given[0].1).unwrap();
        let wanted = serde_json::json!({"CPU": {"INFERENCE_PRECISION_HINT": "bf16", "NUM_STREAMS": "3", "INFERENCE_NUM_THREADS": "2"}});
        assert_eq!((given[0].0.as_str(), config), ("load_config", wanted));
        for (text, words) in [
            ("hint = 1", ["openvino has no build option", "hint"]),
            ("precision_hint = \"fp32\"", ["precision_hint", "\"auto\""]),
            ("streams = 0", ["streams = 0", "from 1 to"]),
        ] {
            let error = read(text, Precision::Fp32).unwrap_err().to_string();
            assert!(words.iter().all(|w| error.contains(w)), "{error}");
        }
    }

    #[test]
    fn what_is_offered_is_taken() {
        let target = PluginRuntime { openvino: true }.target();
        for (name, kind) in &target.kinds {
            for value in kind.values() {
                let more = if name == "inter_threads" {
                    "\nparallel = true"
                } else {
                    ""
                };
                read(&format!("{name} = {value}{more}"), Precision::Fp32).unwrap();
            }
        }
    }
}
