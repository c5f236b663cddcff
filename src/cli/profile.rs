//! `profile`: time per layer.

use super::args::ProfileArgs;
use super::drive::drive;
use super::engine::print_findings;
use super::exit::{CliError, Exit};
use super::inspect::{print_json, with_sizes};
use super::request;
use super::table::Table;
use crate::bench::LayerProfile;
use crate::format;
use crate::worker::{Task, TaskOutput};
use serde_json::{Value, json};

/// Layers that are listed; `--json` has all.
const LISTED: usize = 40;

/// Builds, profiles and prints the layers, those that take most time first.
pub fn profile(args: &ProfileArgs) -> Result<Exit, CliError> {
    let recipe = request::one(&args.recipe, &args.one)?;
    let names = [recipe.build.precision.name().to_owned()];
    let task = Task::Profile {
        recipe: Box::new(recipe),
        runs: args.runs,
    };
    let outcome = drive(task, &names, args.recipe.json)?;
    let TaskOutput::Profile(profile) = outcome.output else {
        return Err(CliError::failed("the profile gave no result"));
    };
    if args.recipe.json {
        print_json(&with_sizes(&to_json(&profile), &outcome.sizes)?)?;
    } else {
        print_human(&profile);
    }
    Ok(Exit::Fine)
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
