//! What `cast`, `quantize` and `search` do alike: the data they run on, applying the patch, writing and telling the result.

use super::args::{CalibrationArgs, NodeChoice, SampleArgs};
use super::check::finding_json;
use super::drive::drive;
use super::exit::{CliError, Exit};
use super::inspect::print_json;
use super::request;
use crate::check::{Severity, losses};
use crate::data::shapes::recipe_sizes;
use crate::files;
use crate::format;
use crate::graph::Graph;
use crate::model::Model;
use crate::model::save::Saved;
use crate::recipe::Recipe;
use crate::recipe::de::{nearest, suggest};
use crate::rewrite::{AppliedPatch, Calibration, PatchSpec, apply_all, label, matches, needs_mending};
use crate::worker::service::patched_graph;
use crate::worker::{Task, TaskOutput, Want};
use serde_json::json;
use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

/// The recipe that the arguments describe; its patches come before the one to be made.
pub fn recipe(args: &SampleArgs) -> Result<Recipe, CliError> {
    let mut recipe = request::open(&args.input)?;
    if let Some(source) = request::data_source(&args.data)? {
        recipe.data.calibration = Some(source);
    } else if let (Some(limit), Some(source)) = (args.data.samples, &mut recipe.data.calibration) {
        source.limit = Some(limit);
    }
    request::shapes(&mut recipe, &args.shape)?;
    Ok(recipe)
}

/// The recipe, when the model may be written where it is to go and the nodes that the user chose are there.
///
/// # Errors
/// Exit code 2: as [`recipe`]; an output that must not be written.
pub fn begin(args: &CalibrationArgs) -> Result<Recipe, CliError> {
    let mut recipe = recipe(&args.sample)?;
    files::may_write(&args.output, args.force, &[&recipe.model.path, &args.sample.input])
        .map_err(CliError::unusable)?;
    mend_first(&mut recipe)?;
    Ok(recipe)
}

/// Looks whether the model is sound, and puts mending in front of the recipe's patches where it is not.
///
/// # Errors
/// Exit code 2: a model that mending does not help.
pub fn mend_first(recipe: &mut Recipe) -> Result<(), CliError> {
    let path = &recipe.model.path;
    let model = Arc::new(Model::open(path).map_err(CliError::unusable)?);
    let needed = needs_mending(&model).map_err(|why| CliError::unusable(format!("{}: {why}", path.display())))?;
    let is_there = recipe.patches.iter().any(|p| matches!(p, PatchSpec::Mend { .. }));
    if needed && !is_there {
        recipe.patches.insert(0, PatchSpec::Mend { unused_inputs: false });
    }
    Ok(())
}

/// Makes sure that every name and operator that was given is in the model, as it is or after the recipe's patches, which
/// make nodes of their own.
///
/// # Errors
/// Exit code 2: the first that is not, and what comes near.
pub fn check_choice(choice: &NodeChoice, recipe: &Recipe) -> Result<(), CliError> {
    if choice.is_empty() {
        return Ok(());
    }
    let model = Arc::new(Model::open(&recipe.model.path).map_err(CliError::unusable)?);
    let mut graphs = vec![Graph::new(Arc::clone(&model))];
    let applied =
        apply_all(&model, &recipe.patches).map_err(|why| CliError::unusable(why).about(&recipe.model.path, None))?;
    graphs.extend(applied.last().map(|p| Graph::new(Arc::clone(&p.model))));
    let nodes = || graphs.iter().flat_map(|g| &g.nodes);
    let refuse = |option: &str, text: &str, what: &str, near: &str| {
        let file = recipe.model.path.display();
        Err(CliError::unusable(format!(
            "--{option} {text:?}: {file} has no such {what}{near}"
        )))
    };
    for (option, patterns) in [("exclude", &choice.exclude), ("include", &choice.include)] {
        for pattern in patterns {
            if !nodes().any(|node| matches(pattern, &label(node))) {
                let names: Vec<String> = nodes().map(label).collect();
                let near = nearest(pattern, &names).map_or(String::new(), |near| format!("; did you mean {near:?}?"));
                return refuse(option, pattern, "node", &near);
            }
        }
    }
    for (option, operators) in [("exclude-op", &choice.exclude_op), ("include-op", &choice.include_op)] {
        for operator in operators {
            if !nodes().any(|node| *node.op_type == **operator) {
                let known: BTreeSet<String> = nodes().map(|node| node.op_type.to_string()).collect();
                let near = suggest(operator, &known.into_iter().collect::<Vec<_>>());
                return refuse(option, operator, "operator", &near);
            }
        }
    }
    Ok(())
}

/// Ranges of the model's tensors, from the cache or from a run in a worker.
pub fn calibrate(recipe: &Recipe, args: &SampleArgs, want: Want) -> Result<Calibration, CliError> {
    let task = Task::Calibrate {
        recipe: Box::new(recipe.clone()),
        cache: args.cache.clone(),
        want,
    };
    match drive(task, &[], args.json)?.output {
        TaskOutput::Calibrate(found) => Ok(found),
        _ => Err(CliError::failed("the calibration gave no ranges")),
    }
}

/// Why a model became larger: the constants that it did not have before. None where it did not.
pub fn growth(before: &Model, after: &Model, saved: &Saved) -> Option<String> {
    let was = before.total_bytes();
    if saved.bytes <= was {
        return None;
    }
    let old: HashSet<&str> = before
        .graph()
        .initializer
        .iter()
        .filter_map(|t| t.name.as_deref())
        .collect();
    let mut new: Vec<(u64, &str)> = after
        .graph()
        .initializer
        .iter()
        .filter_map(|t| Some((after.tensor_bytes(t).ok()?, t.name.as_deref()?)))
        .filter(|(_, name)| !old.contains(name))
        .collect();
    new.sort_unstable();
    let all: u64 = new.iter().map(|(bytes, _)| bytes).sum();
    let more = format::bytes(saved.bytes - was);
    Some(match new.last() {
        Some((bytes, name)) if all >= (saved.bytes - was) / 2 => format!(
            "{more} larger: {} with {}, the largest {name} with {}",
            format::plural(new.len(), "new constant"),
            format::bytes(all),
            format::bytes(*bytes)
        ),
        _ => format!("{more} larger: what describes nodes and tensors grew"),
    })
}

/// The files written, for the last line.
pub fn written(output: &Path, saved: &Saved) -> String {
    match &saved.data {
        Some(data) => format!("{} and {}", output.display(), data.display()),
        None => output.display().to_string(),
    }
}

/// Applies the recipe's patches and then these (the one asked for, and a cast of the rest where that is wanted), and writes
/// the model.
pub fn write(recipe: &Recipe, args: &CalibrationArgs, own: &[PatchSpec]) -> Result<Exit, CliError> {
    let model = Arc::new(Model::open(&recipe.model.path).map_err(CliError::unusable)?);
    let mut patches = recipe.patches.clone();
    patches.extend_from_slice(own);
    let failed = |e| CliError::unusable(format!("{}: {e}", recipe.model.path.display()));
    let applied = apply_all(&model, &patches).map_err(failed)?;
    let (Some(last), Some(done)) = (applied.last(), applied.get(recipe.patches.len())) else {
        return Err(CliError::failed("no patch was applied"));
    };
    let rest = applied.get(recipe.patches.len() + 1);
    let saved = last.model.save(&args.output, args.force).map_err(CliError::unusable)?;
    let (bytes, before) = (saved.bytes, model.total_bytes());
    let findings = losses(&applied);
    // What came first and changed something.
    let models = std::iter::once(&model).chain(applied.iter().map(|step| &step.model));
    let steps = applied.iter().zip(models).take(recipe.patches.len());
    let prepared: Vec<&AppliedPatch> = steps
        .filter(|(step, before)| !Arc::ptr_eq(&step.model, before))
        .map(|(step, _)| step)
        .collect();
    if args.sample.json {
        // Those that the calibration ran at, which was refused where there are none.
        let graph = patched_graph(recipe).map_err(CliError::unusable)?;
        let sizes = recipe_sizes(&graph, recipe).map_err(CliError::unusable)?;
        print_json(&json!({
            "output": args.output.to_string_lossy(),
            "data": saved.data.as_ref().map(|path| path.to_string_lossy()),
            "prepared": prepared.iter().map(|p| json!({
                "kind": p.spec.kind(),
                "label": p.spec.label(),
                "summary": p.summary,
            })).collect::<Vec<_>>(),
            "summary": done.summary,
            "bytes_before": before,
            "bytes": bytes,
            "notes": done.notes,
            "sizes": sizes,
            "rest": rest.map(|r| json!({ "summary": r.summary, "notes": r.notes })),
            "findings": findings.iter().map(finding_json).collect::<Vec<_>>(),
        }))?;
        return Ok(Exit::Fine);
    }
    if args.list_nodes {
        for (name, note) in done.notes.iter().chain(rest.iter().flat_map(|r| &r.notes)) {
            outln!("{name}: {note}");
        }
    }
    for finding in findings.iter().filter(|f| f.severity > Severity::Info) {
        outln!("warning: {}", finding.reason);
    }
    for step in prepared {
        outln!("{}", step.summary);
    }
    outln!("{}", done.summary);
    if let Some(rest) = rest {
        outln!("{}", rest.summary);
    }
    outln!(
        "{}  {}, was {}",
        written(&args.output, &saved),
        format::bytes(bytes),
        format::bytes(before)
    );
    if let Some(why) = growth(&model, &last.model, &saved) {
        outln!("{why}");
    }
    Ok(Exit::Fine)
}
