//! `resize`: sizes of inputs fixed or opened for good, and both models run to compare what they compute.

use super::args::ResizeArgs;
use super::drive::drive;
use super::exit::{CliError, Exit};
use super::inspect::print_json;
use crate::files;
use crate::format;
use crate::graph::{Graph, Shape};
use crate::model::Model;
use crate::recipe::{Recipe, TargetSpec};
use crate::rewrite::resize::twice;
use crate::rewrite::{AppliedPatch, PatchSpec, apply_all};
use crate::worker::{Depth, Task, TaskOutput};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Changes sizes, verifies, writes the model.
pub fn resize(args: &ResizeArgs) -> Result<Exit, CliError> {
    let model = Arc::new(Model::open(&args.model).map_err(CliError::unusable)?);
    files::may_write(&args.output, args.force, &[&args.model]).map_err(CliError::unusable)?;
    let specs = specs(args)?;
    let failed = |e| CliError::unusable(format!("{}: {e}", args.model.display()));
    let applied = apply_all(&model, &specs).map_err(failed)?;
    let Some(last) = applied.last() else {
        return Err(CliError::unusable("nothing to fix or to open"));
    };
    let verified = match args.no_verify {
        true => vec![Verified::not("at no size", "--no-verify was given")],
        false => verify(args, &model, &applied)?,
    };
    if let Some(wrong) = verified.iter().find(|v| v.is_wrong) {
        return Err(CliError::failed(format!(
            "{}: the changed model computes something else {} ({}); nothing was written",
            args.model.display(),
            wrong.at,
            wrong.words
        )));
    }
    last.model.save(&args.output, args.force).map_err(CliError::unusable)?;
    let bytes = std::fs::metadata(&args.output).map_or(0, |m| m.len());
    let inputs = inputs(&last.model);
    if args.json {
        let patches = applied.iter().map(|step| {
            json!({
                "kind": step.spec.kind(),
                "label": step.spec.label(),
                "summary": step.summary,
                "diff": step.diff,
                "notes": step.notes,
            })
        });
        print_json(&json!({
            "output": args.output.to_string_lossy(),
            "bytes_before": model.file_bytes(),
            "bytes": bytes,
            "patches": patches.collect::<Vec<_>>(),
            "inputs": inputs.iter().map(|(name, shape)| json!({ "name": name, "shape": shape })).collect::<Vec<_>>(),
            "verified": verified.iter().map(Verified::json).collect::<Vec<_>>(),
        }))?;
        return Ok(Exit::Fine);
    }
    for step in &applied {
        outln!("{}", step.summary);
        for (name, note) in &step.notes {
            outln!("  {name}: {note}");
        }
    }
    for (name, shape) in &inputs {
        outln!(
            "{name} is {} now",
            shape.as_ref().map_or("?".into(), |s| s.notation(usize::MAX))
        );
    }
    for v in &verified {
        outln!("{}", v.sentence());
    }
    outln!("{}  {}", args.output.display(), format::bytes(bytes));
    Ok(Exit::Fine)
}

/// One patch for what is fixed, one for each name that is opened.
fn specs(args: &ResizeArgs) -> Result<Vec<PatchSpec>, CliError> {
    let mut sizes = BTreeMap::new();
    for (name, size) in &args.fix {
        if sizes.insert(name.clone(), *size).is_some_and(|other| other != *size) {
            return Err(CliError::unusable(format!("--fix {name}: given twice, as two numbers")));
        }
    }
    let mut out: Vec<PatchSpec> = Vec::new();
    if !sizes.is_empty() {
        out.push(PatchSpec::FixSizes { sizes });
    }
    for (place, name) in &args.open {
        let known = out.iter_mut().find_map(|spec| match spec {
            PatchSpec::OpenSize { name: other, axes } if other == name => Some(axes),
            _ => None,
        });
        match known {
            Some(axes) => axes.push(place.clone()),
            None => out.push(PatchSpec::OpenSize {
                name: name.clone(),
                axes: vec![place.clone()],
            }),
        }
    }
    Ok(out)
}

fn inputs(model: &Arc<Model>) -> Vec<(String, Option<Shape>)> {
    let graph = Graph::new(model.clone());
    let top = graph.bodies[0].inputs.iter().map(|id| graph.tensor(*id));
    top.map(|t| (t.name.to_string(), t.ty.shape.clone())).collect()
}

/// What running both models said.
struct Verified {
    /// `at the old sizes`.
    at: String,
    /// The error and the limit, or why nothing was run.
    words: String,
    was_run: bool,
    is_wrong: bool,
}

impl Verified {
    fn not(at: &str, why: &str) -> Self {
        Self {
            at: at.into(),
            words: why.into(),
            was_run: false,
            is_wrong: false,
        }
    }

    fn sentence(&self) -> String {
        match self.was_run {
            true => format!("Both models compute the same {} ({})", self.at, self.words),
            false => format!("Not compared {}: {}", self.at, self.words),
        }
    }

    fn json(&self) -> Value {
        json!({ "at": self.at, "was_run": self.was_run, "detail": self.words })
    }
}

/// Runs the model as it was and as it is now: at the old sizes, and for an opened batch at twice as
/// much, where the old model runs on each half.
fn verify(args: &ResizeArgs, model: &Arc<Model>, applied: &[AppliedPatch]) -> Result<Vec<Verified>, CliError> {
    let folder = tempfile::tempdir().map_err(CliError::failed)?;
    let (old, new) = (folder.path().join("before.onnx"), folder.path().join("after.onnx"));
    let mut out = Vec::new();
    let mut before = model.clone();
    for step in applied {
        before.save(&old, true).map_err(CliError::unusable)?;
        step.model.save(&new, true).map_err(CliError::unusable)?;
        let (after, was) = (Graph::new(step.model.clone()), Graph::new(before.clone()));
        let opened = match &step.spec {
            PatchSpec::OpenSize { name, axes } => Some((name, axes)),
            _ => None,
        };
        // The sizes of whichever has them fixed.
        let shapes = match opened {
            Some(_) => fixed_shapes(&was),
            None => fixed_shapes(&after),
        };
        out.push(run(
            &new,
            &old,
            &shapes,
            "at the old sizes".replace("old", if opened.is_some() { "old" } else { "fixed" }),
            args.json,
        )?);
        if let Some((name, axes)) = opened {
            let at = format!("at {name} twice as large");
            let stacked = match axes.iter().all(|a| a.ends_with(":0")) {
                true => twice(&before, &after, name, axes),
                false => Err("only along a batch (axis 0) can the old model be run on parts".to_owned()),
            };
            out.push(match stacked {
                Err(why) => Verified::not(&at, &why),
                Ok((stacked, doubled)) => {
                    stacked.save(&old, true).map_err(CliError::unusable)?;
                    let mut shapes = shapes;
                    for (input, size) in doubled {
                        if let Some(first) = shapes.get_mut(&input).and_then(|s| s.first_mut()) {
                            *first = size;
                        }
                    }
                    run(&new, &old, &shapes, at, args.json)?
                }
            });
        }
        before = step.model.clone();
    }
    Ok(out)
}

/// Shapes of the inputs whose sizes are all fixed.
fn fixed_shapes(graph: &Graph) -> BTreeMap<String, Vec<u64>> {
    let top = graph.bodies[0].inputs.iter().map(|id| graph.tensor(*id));
    top.filter_map(|t| Some((t.name.to_string(), t.ty.shape.as_ref()?.as_known()?)))
        .collect()
}

/// Engines that both models are run on: the first that takes them.
const ENGINES: [&str; 2] = ["embedded", "onnxruntime-cpu"];

/// Compares two models at these shapes, on the embedded engine or, where that does not take one of them, on ONNX Runtime.
/// Where none takes them there is no verdict.
fn run(
    new: &Path,
    old: &Path,
    shapes: &BTreeMap<String, Vec<u64>>,
    at: String,
    quiet: bool,
) -> Result<Verified, CliError> {
    let mut refused = Vec::new();
    for engine in ENGINES {
        match run_on(engine, new, old, shapes, &at, quiet)? {
            Ok(verified) => return Ok(verified),
            Err(why) => refused.push(format!("{engine}: {why}")),
        }
    }
    Ok(Verified::not(&at, &refused.join("; ")))
}

/// The verdict of one engine, or why it has none.
fn run_on(
    engine: &str,
    new: &Path,
    old: &Path,
    shapes: &BTreeMap<String, Vec<u64>>,
    at: &str,
    quiet: bool,
) -> Result<Result<Verified, String>, CliError> {
    let mut recipe = Recipe::for_model(new);
    recipe.bench.shapes = shapes.clone();
    let target = TargetSpec {
        name: engine.into(),
        ..TargetSpec::default()
    };
    recipe.target = target.clone();
    recipe.accuracy.reference = Some(target);
    let task = Task::Accuracy {
        recipe: Box::new(recipe),
        against: Some(old.to_path_buf()),
        depth: Depth::Outputs,
        limit: None,
    };
    let found = match drive(task, &["variant".to_owned()], quiet) {
        Ok(done) => match done.output {
            TaskOutput::Accuracy(found) => found,
            _ => return Err(CliError::failed("the comparison gave no result")),
        },
        Err(error) if error.exit() == Exit::Cancelled => return Err(error),
        Err(error) => return Ok(Err(error.to_string())),
    };
    let worst = found.outputs.iter().filter_map(|o| o.error).fold(0.0, f64::max);
    Ok(Ok(Verified {
        at: at.to_owned(),
        words: format!(
            "largest error {}, limit {}, on {engine}",
            format::significant(worst),
            format::significant(found.limit)
        ),
        was_run: true,
        is_wrong: found.is_bad() || found.outputs.iter().any(|o| o.error.is_none()),
    }))
}
