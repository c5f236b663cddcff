//! `profile`: time per layer.

use super::args::{ProfileArgs, named};
use super::drive::drive;
use super::engine::print_findings;
use super::exit::{CliError, Exit};
use super::inspect::{print_json, with_sizes};
use super::request;
use super::table::Table;
use crate::bench::{LayerProfile, SideBySide};
use crate::format;
use crate::graph::Graph;
use crate::graph::sizes::Sizes;
use crate::model::Model;
use crate::recipe::{Precision, Recipe};
use crate::worker::{Task, TaskOutput};
use serde_json::{Value, json};
use std::sync::Arc;

/// Layers that are listed; `--json` has all.
const LISTED: usize = 40;

/// Builds, profiles and prints the layers, those that take most time first.
pub fn profile(args: &ProfileArgs) -> Result<Exit, CliError> {
    let recipe = request::one(&args.recipe, &args.one)?;
    let other = match args.against.is_empty() {
        true => None,
        false => Some(against(args, &recipe)?),
    };
    let (profile, sizes) = run(&recipe, args)?;
    let Some(other) = other else {
        if args.recipe.json {
            print_json(&with_sizes(&to_json(&profile), &sizes)?)?;
        } else {
            print_human(&profile);
        }
        return Ok(Exit::Fine);
    };
    let (other, other_sizes) = run(&other, args)?;
    let model = Model::open(&recipe.model.path).map_err(CliError::unusable)?;
    let both = SideBySide::of(&Graph::new(Arc::new(model)), &profile, &other);
    if args.recipe.json {
        let first = with_sizes(&to_json(&profile), &sizes)?;
        let second = with_sizes(&to_json(&other), &other_sizes)?;
        print_json(&json!({ "profile": first, "against": second, "side_by_side": both }))?;
    } else {
        print_both(&profile, &other, &both);
    }
    Ok(Exit::Fine)
}

fn run(recipe: &Recipe, args: &ProfileArgs) -> Result<(LayerProfile, Sizes), CliError> {
    let names = [recipe.build.precision.name().to_owned()];
    let task = Task::Profile {
        recipe: Box::new(recipe.clone()),
        runs: args.runs,
    };
    let outcome = drive(task, &names, args.recipe.json)?;
    match outcome.output {
        TaskOutput::Profile(profile) => Ok((*profile, outcome.sizes)),
        _ => Err(CliError::failed("the profile gave no result")),
    }
}

/// The recipe with what `--against` names: a variant of the recipe file, a precision, a target.
fn against(args: &ProfileArgs, recipe: &Recipe) -> Result<Recipe, CliError> {
    let mut other = recipe.clone();
    let file = request::recipe(&args.recipe)?;
    for text in &args.against {
        let variants = file.resolve_variants().map_err(CliError::unusable)?;
        if let Some((_, variant)) = variants.into_iter().find(|(name, _)| name == text) {
            other = variant;
            other.variants.clear();
        } else if let Ok(precision) = named::<Precision>(text) {
            other.build.precision = precision;
        } else {
            let target = request::target_spec(text).map_err(|_| {
                CliError::unusable(format!(
                    "--against {text}: neither a variant of the recipe, nor a precision, nor a target"
                ))
            })?;
            if target.name != other.target.name {
                // Another runtime has other options; its own defaults, but for the threads.
                other.build.options.retain(|name, _| name == "threads");
            }
            other.target = crate::recipe::TargetSpec {
                via: other.target.via.clone(),
                ..target
            };
        }
    }
    Ok(other)
}

fn print_both(first: &LayerProfile, other: &LayerProfile, both: &SideBySide) {
    let name = |p: &LayerProfile| format!("{} {}", p.target, p.precision);
    outln!(
        "{}  {}  {} | {}",
        first.model,
        first.shapes.join(" "),
        name(first),
        name(other)
    );
    outln!(
        "all layers {} ms | {} ms, with the profiler on: neither is the latency. The largest differences first.",
        format::significant(first.profile.sum_ms()),
        format::significant(other.profile.sum_ms())
    );
    outln!();
    let mut table = Table::new(
        &["nodes", "operators", "layers", "ms", "against ms", "difference ms"],
        2,
    );
    for group in both.groups.iter().take(LISTED) {
        let nodes = match group.nodes.as_slice() {
            [] => String::new(),
            [one] => format::middle(one, 40),
            [first, .., last] => format!("{} … {}", format::middle(first, 24), format::middle(last, 24)),
        };
        let mut kinds: Vec<&str> = Vec::new();
        group.ops.iter().for_each(|op| {
            if !kinds.contains(&op.as_str()) {
                kinds.push(op);
            }
        });
        table.row([
            nodes,
            format::middle(&kinds.join(" "), 32),
            format!("{} | {}", group.layers.len(), group.against_layers.len()),
            format::significant(group.ms),
            format::significant(group.against_ms),
            format!("{:+.4}", group.difference_ms()),
        ]);
    }
    out!("{table}");
    if both.groups.len() > LISTED {
        outln!("and {} more; --json has them", both.groups.len() - LISTED);
    }
    outln!(
        "layers that lead to no node of the model: {} ms | {} ms",
        format::significant(both.unmatched_ms),
        format::significant(both.against_unmatched_ms)
    );
    for note in first.profile.notes.iter().chain(&other.profile.notes) {
        outln!("note: {note}");
    }
}

/// The documented JSON form.
fn to_json(of: &LayerProfile) -> Value {
    json!({
        "model": of.model,
        "model_sha256": of.model_sha256,
        "target": of.target,
        "precision": of.precision,
        "shapes": of.shapes,
        "inputs": of.inputs,
        "environment": of.environment,
        "runs": of.profile.runs,
        "run_ms": of.profile.run_ms,
        "layers_ms": of.profile.sum_ms(),
        "layers": of.profile.layers,
        "findings": of.findings,
        "notes": of.profile.notes,
    })
}

fn print_human(of: &LayerProfile) {
    let profile = &of.profile;
    outln!("{}  {} {}  {}", of.model, of.target, of.precision, of.shapes.join(" "));
    outln!(
        "{} with the profiler on; median of a run {} ms, all layers {} ms: neither is the latency",
        format::plural(profile.runs as usize, "run"),
        format::significant(profile.run_ms),
        format::significant(profile.sum_ms())
    );
    outln!();
    let mut order: Vec<usize> = (0..profile.layers.len()).collect();
    let total = |i: &usize| profile.layers.get(*i).map_or(0.0, |l| l.total_ms);
    order.sort_by(|a, b| total(b).total_cmp(&total(a)));
    let mut table = Table::new(&["layer", "kind", "node", "median ms", "mean ms", "share %"], 3);
    for layer in order.iter().take(LISTED).filter_map(|i| profile.layers.get(*i)) {
        let node = match (&layer.node, &layer.path) {
            (Some(name), _) => name.clone(),
            (None, Some(path)) => path.to_string(),
            (None, None) => String::new(),
        };
        table.row([
            format::middle(&layer.name, 48),
            layer.op.clone().unwrap_or_default(),
            format::middle(&node, 48),
            format::significant(layer.median_ms),
            format::significant(layer.mean_ms),
            format::significant(100.0 * layer.share),
        ]);
    }
    out!("{table}");
    if profile.layers.len() > LISTED {
        outln!("and {} more; --json has them", profile.layers.len() - LISTED);
    }
    print_findings(&of.findings);
    for note in &profile.notes {
        outln!("note: {note}");
    }
}
