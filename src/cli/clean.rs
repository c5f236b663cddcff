//! `clean`: the standard list of clean-up patches, and what each of them changed.

use super::args::CleanArgs;
use super::exit::{CliError, Exit};
use super::inspect::print_json;
use super::{lower, request};
use crate::check::{Sorted, taken};
use crate::files;
use crate::format;
use crate::graph::{Graph, NodePath};
use crate::model::Model;
use crate::model::save::Saved;
use crate::rewrite::{AppliedPatch, CleanedUp, PatchSpec, clean_up, needs_mending};
use serde_json::{Value, json};
use std::sync::Arc;

/// Cleans a model up and writes it.
pub fn clean(args: &CleanArgs) -> Result<Exit, CliError> {
    let model = Arc::new(Model::open(&args.model).map_err(CliError::unusable)?);
    files::may_write(&args.output, args.force, &[&args.model]).map_err(CliError::unusable)?;
    needs_mending(&model).map_err(|why| CliError::unusable(format!("{}: {why}", args.model.display())))?;
    let mut specs: Vec<PatchSpec> = args.opset.map(|to| PatchSpec::RaiseOpset { to }).into_iter().collect();
    specs.extend(if args.only.is_empty() {
        let all = PatchSpec::clean_up().into_iter();
        all.filter(|p| !args.skip.iter().any(|s| s.kind() == p.kind()))
            .collect::<Vec<_>>()
    } else {
        args.only.clone()
    });
    if args.drop_unused_inputs {
        specs.retain(|p| !matches!(p, PatchSpec::Mend { .. }));
        specs.insert(0, PatchSpec::Mend { unused_inputs: true });
    }
    let (specs, lacking) = taken_by_target(args, specs)?;
    let mut done = clean_up(&model, &specs);
    done.refused.extend(lacking);
    // Asked for and refused is no success; left out of the standard list it is a line to read.
    let is_asked = |patch: &PatchSpec| args.only.contains(patch) || matches!(patch, PatchSpec::RaiseOpset { .. });
    if let Some((patch, why)) = done.refused.iter().find(|(patch, _)| is_asked(patch)) {
        return Err(CliError::unusable(format!(
            "{}: {}: {why}",
            args.model.display(),
            patch.label()
        )));
    }
    let saved = done.model.save(&args.output, args.force).map_err(CliError::unusable)?;
    let idle = idle(args, &model, &done);
    if args.json {
        print_json(&report(args, &model, &done, &saved, &idle))?;
        return Ok(Exit::Fine);
    }
    let mut before = model.clone();
    for step in &done.applied {
        outln!("{}: {}", step.spec.label(), step.summary);
        let d = &step.diff;
        outln!(
            "  nodes: {} removed, {} added, {} changed",
            d.removed.len(),
            d.added.len(),
            d.changed.len()
        );
        if args.nodes {
            list(&before, step);
        }
        before = step.model.clone();
    }
    if done.applied.is_empty() {
        outln!("Nothing to clean up");
    }
    for line in &idle {
        outln!("{line}");
    }
    for (patch, why) in &done.refused {
        outln!("{}: left out: {why}", patch.label());
    }
    outln!(
        "{}  {}, was {}; {}, was {}",
        lower::written(&args.output, &saved),
        format::plural(nodes(&done.model), "node"),
        nodes(&model),
        format::bytes(saved.bytes),
        format::bytes(model.total_bytes())
    );
    if let Some(why) = lower::growth(&model, &done.model, &saved) {
        outln!("{why}");
    }
    Ok(Exit::Fine)
}

/// The patches whose operators the target takes, and the others with the reason.
fn taken_by_target(args: &CleanArgs, specs: Vec<PatchSpec>) -> Result<Sorted, CliError> {
    let Some(target) = &args.target else {
        return Ok((specs, Vec::new()));
    };
    let target = request::target_spec(target)?;
    taken(&target.name, target.version.as_deref(), specs).map_err(CliError::unusable)
}

/// Nodes of all bodies and functions.
fn nodes(model: &Arc<Model>) -> usize {
    Graph::new(model.clone()).nodes.len()
}

/// Options that were given and changed nothing, each in a sentence.
fn idle(args: &CleanArgs, model: &Arc<Model>, done: &CleanedUp) -> Vec<String> {
    let did = |kind: &str| done.applied.iter().any(|step| step.spec.kind() == kind);
    let mut lines = Vec::new();
    if let Some(to) = args.opset.filter(|to| !did(PatchSpec::RaiseOpset { to: *to }.kind())) {
        let graph = Graph::new(model.clone());
        let has = graph
            .opset(0, "")
            .map_or("none".to_owned(), |opset| format!("opset {opset}"));
        lines.push(format!("--opset {to}: nothing to raise, the model has {has}"));
    }
    if args.drop_unused_inputs && !done.applied.iter().any(|step| step.summary.contains("unused input")) {
        lines.push("--drop-unused-inputs: every input is read".into());
    }
    let only = args.only.iter().filter(|patch| !did(patch.kind()));
    lines.extend(only.map(|patch| format!("--only {}: nothing to do in this model", patch.kind())));
    lines
}

fn report(args: &CleanArgs, model: &Arc<Model>, done: &CleanedUp, saved: &Saved, idle: &[String]) -> Value {
    let patches: Vec<Value> = done
        .applied
        .iter()
        .map(|step| {
            json!({
                "kind": step.spec.kind(),
                "label": step.spec.label(),
                "summary": step.summary,
                "diff": step.diff,
                "notes": step.notes,
            })
        })
        .collect();
    let refused: Vec<Value> = done
        .refused
        .iter()
        .map(|(patch, why)| json!({ "kind": patch.kind(), "reason": why }))
        .collect();
    json!({
        "output": args.output.to_string_lossy(),
        "data": saved.data.as_ref().map(|path| path.to_string_lossy()),
        "nodes_before": nodes(model),
        "nodes": nodes(&done.model),
        "bytes_before": model.total_bytes(),
        "bytes": saved.bytes,
        "patches": patches,
        "refused": refused,
        "idle": idle,
    })
}

/// One line for each node that went (-), came (+) or changed (~), then the notes.
fn list(before: &Arc<Model>, step: &AppliedPatch) {
    let (old, new) = (Graph::new(before.clone()), Graph::new(step.model.clone()));
    let line = |sign: char, graph: &Graph, path: &NodePath| match graph.find(path) {
        Some(id) => {
            let node = graph.node(id);
            outln!("  {sign} {path} {} {:?}", node.op_type, node.name);
        }
        None => outln!("  {sign} {path}"),
    };
    for path in &step.diff.removed {
        line('-', &old, path);
    }
    for path in &step.diff.added {
        line('+', &new, path);
    }
    for change in &step.diff.changed {
        line('~', &new, &change.after);
        for what in &change.what {
            outln!("      {what}");
        }
    }
    for (name, note) in &step.notes {
        outln!("  {name}: {note}");
    }
}
