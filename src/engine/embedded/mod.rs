//! The embedded engine: rten, pure Rust, built in.
//!
//! `prepare` makes the model what rten can take without computing something else, `tensors` converts values, `run` is
//! the engine, `profile` its times per operator. rten's known faults are refused before it is asked: the findings of `check` for the target `embedded` say
//! which, and why.

mod options;
mod prepare;
mod profile;
mod run;
mod tensors;

use super::{
    BuildContext, BuildRecord, BuildRequest, Builder, Engine, EngineError, Found, Recorder, TargetInfo, Usable,
};
use crate::check::{Request, Severity, check};
use crate::data::generate::generate;
use crate::engine::bind::warm_shapes;
use crate::graph::Graph;
use crate::recipe::{Precision, Recipe};
use options::Options;
use run::Embedded as RtenEngine;
use std::path::{Path, PathBuf};

/// Name of the target.
pub const NAME: &str = "embedded";
/// Findings that a refusal spells out.
const REASONS: usize = 5;

/// Builds engines of the embedded target.
pub struct Embedded;

impl Builder for Embedded {
    fn target(&self) -> TargetInfo {
        TargetInfo {
            name: NAME.into(),
            found: vec![Found {
                version: version().into(),
                path: None,
                usable: Usable::Yes,
                remark: None,
            }],
            install: None,
            precisions: Precision::ALL
                .iter()
                .map(|p| (p.name().to_string(), refusal(*p).map(String::from)))
                .collect(),
            options: options::HELP
                .iter()
                .map(|(name, help)| ((*name).to_string(), (*help).to_string()))
                .collect(),
            kinds: options::HELP
                .iter()
                .map(|(name, _)| ((*name).to_string(), options::kind(name)))
                .collect(),
            protocols: vec!["serial".into(), "custom".into()],
        }
    }

    fn build(&self, request: &BuildRequest, context: &BuildContext<'_>) -> Result<Box<dyn Engine>, EngineError> {
        let recipe = &request.recipe;
        let options = Options::read(&recipe.build)?;
        let here = version();
        let is_here = |wanted: &str| here == wanted || here.starts_with(&format!("{wanted}."));
        if let Some(wanted) = recipe.target.version.as_deref().filter(|v| !is_here(v)) {
            return Err(EngineError::Unavailable(format!(
                "the embedded engine of this program is {here}, not {wanted}; leave the version out"
            )));
        }
        if let Some(output) = &request.output
            && !output.extension().is_some_and(|e| e.eq_ignore_ascii_case("onnx"))
        {
            return Err(EngineError::Request(
                "the embedded engine's file is an ONNX model: give it a name that ends in .onnx".into(),
            ));
        }
        let mut recorder = Recorder::new(context.progress);
        let graph = recorder.stage("read graph", || Graph::new(request.model.clone()))?;
        let prepared = recorder.stage("prepare model", || {
            prepare::prepare(&graph, &recipe.profiles, !recipe.patches.is_empty())
        })??;
        for note in &prepared.notes {
            recorder.log("info", note);
        }
        // What is loaded is what is judged: the preparation repairs some of what rten cannot take.
        let ready = recorder.stage("check operators", || {
            let ready = Graph::new(prepared.model.clone());
            guard(&ready, recipe).map(|()| ready)
        })??;
        let file = match &request.output {
            Some(output) => Some(output.clone()),
            None if prepared.is_as_on_disk() => None,
            None => Some(context.scratch.join("prepared.onnx")),
        };
        let path = match file {
            Some(file) => {
                let saved = recorder.stage("write prepared model", || prepared.model.save_embedded(&file, true))?;
                saved.map_err(|e| EngineError::Failed(e.to_string()))?;
                if request.output.is_some() && beside(&file).exists() {
                    return Err(EngineError::Unsupported(
                        "the prepared model is too large for one file (2 GiB); build it without an engine file".into(),
                    ));
                }
                file
            }
            None => prepared.model.path().to_path_buf(),
        };
        let loaded = recorder.stage("load", || RtenEngine::load(&path, &ready, &options, &recipe.profiles))?;
        let mut engine = loaded?;
        recorder.loaded(&["load"]);
        for shapes in warm_shapes(&graph, recipe)? {
            let name = shapes.stage();
            let ran = recorder.stage(&name, || {
                let (inputs, _) = generate(&graph, &shapes.sizes, 0).map_err(EngineError::Unsupported)?;
                engine.infer(&inputs).map(|_| inputs)
            })?;
            match ran {
                // Sizes that nobody chose may not suit the model; that is no reason to refuse it.
                Err(e) if !shapes.chosen => recorder.log("warn", &format!("{name}: {e}")),
                other => {
                    let inputs = other?;
                    recorder.inferred();
                    if engine.effective_precision().is_none() {
                        let looked = recorder.stage("look at operators", || engine.look_at_types(&inputs))?;
                        if let Err(e) = looked {
                            recorder.log("warn", &format!("what operators compute in is not known: {e}"));
                        }
                    }
                }
            }
        }
        let mut record = BuildRecord {
            target: NAME.into(),
            version: version().into(),
            ..BuildRecord::default()
        };
        recorder.finish(&mut record);
        engine.set_record(record);
        Ok(Box::new(engine))
    }
}

/// Where weights go that do not fit the file.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".data");
    name.into()
}

/// Version of rten that this program was built with, from its lock file.
pub fn version() -> &'static str {
    let lock = include_str!("../../../Cargo.lock");
    let version = lock.split("name = \"rten\"\nversion = \"").nth(1);
    version.and_then(|v| v.split('"').next()).unwrap_or("unknown")
}

/// Why this precision cannot be had; none when it can.
fn refusal(precision: Precision) -> Option<&'static str> {
    match precision {
        // Where the graph says it, which the build looks for.
        Precision::Fp32 | Precision::Int8 => None,
        Precision::Tf32 => Some("TF32 is a mode of NVIDIA's matrix units; the embedded engine runs on the processor"),
        Precision::Fp16 => Some("the embedded engine computes in FP32: it would turn FP16 weights back into FP32"),
        Precision::Bf16 | Precision::Fp8 | Precision::Int4 => Some("the embedded engine has no operators of this type"),
    }
}

/// Refuses what rten would compute wrongly, or not at all.
fn guard(graph: &Graph, recipe: &Recipe) -> Result<(), EngineError> {
    if let Some(reason) = refusal(recipe.build.precision) {
        let precision = recipe.build.precision;
        return Err(EngineError::Unsupported(format!("{precision}: {reason}")));
    }
    let is_quantized = || graph.nodes.iter().any(|n| &*n.op_type == "DequantizeLinear");
    if recipe.build.precision == Precision::Int8 && !is_quantized() {
        let reason = "the embedded engine runs INT8 only where the graph says it (QDQ), and this graph does not";
        return Err(EngineError::Unsupported(format!("INT8: {reason}")));
    }
    let request = Request {
        target: NAME.into(),
        version: None,
        profiles: recipe.profiles.clone(),
        parser: None,
    };
    let report = check(graph, &request).map_err(EngineError::Request)?;
    let errors: Vec<&str> = report
        .findings
        .iter()
        .filter(|f| f.severity == Severity::Error)
        .map(|f| f.reason.as_str())
        .collect();
    if errors.is_empty() {
        return Ok(());
    }
    let mut text = errors[..errors.len().min(REASONS)].join("\n");
    if errors.len() > REASONS {
        text.push_str(&format!("\nand {} more; `check` lists all", errors.len() - REASONS));
    }
    Err(EngineError::Unsupported(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_locked_one() {
        assert!(version().split('.').count() >= 3, "{}", version());
        assert!(version().starts_with("0."), "{}", version());
    }

    #[test]
    fn what_rten_does_not_compute_in_is_refused_with_a_reason() {
        let target = Embedded.target();
        assert_eq!(target.precisions.len(), Precision::ALL.len());
        for (name, why_not) in target.precisions {
            assert_eq!(why_not.is_none(), matches!(&*name, "fp32" | "int8"), "{name}");
        }
    }
}
