//! `buckets`: which few sizes to build for, from real traffic and a measured curve.

use super::args::BucketsArgs;
use super::exit::{CliError, Exit};
use super::inspect::print_json;
use super::request;
use super::sweep::measure;
use super::table::Table;
use crate::bench::Comparison;
use crate::files;
use crate::format::{self, significant};
use crate::worker::service::buckets::{Buckets, plan};

/// Measures the curve (or reads it), chooses the sizes, writes them into a recipe.
pub fn buckets(args: &BucketsArgs) -> Result<Exit, CliError> {
    let base = request::one(&args.recipe, &args.one)?;
    request::must_exist("--traffic: ", &args.traffic)?;
    if let Some(output) = &args.output {
        files::may_write(output, args.force, &[&base.model.path]).map_err(CliError::unusable)?;
    }
    let plan = plan(&base, &args.traffic, args.over.as_deref()).map_err(CliError::unusable)?;
    let comparison = match &args.curve {
        None => measure(&plan.recipe, args.recipe.json)?,
        Some(path) => {
            request::must_exist("--curve: ", path)?;
            let fail = |why: String| CliError::unusable(format!("--curve: {}: {why}", path.display()));
            let text = std::fs::read_to_string(path).map_err(|e| fail(files::words(&e)))?;
            serde_json::from_str::<Comparison>(&text).map_err(|e| {
                fail(format!(
                    "this is no JSON of sweep ({e}); write one with: enginesmith sweep MODEL --over SIZE --json"
                ))
            })?
        }
    };
    let chosen = plan.choose(&comparison, args.count as usize);
    let chosen = chosen.map_err(|why| match &args.curve {
        Some(path) => CliError::unusable(format!("--curve: {}: {why}", path.display())),
        None => CliError::failed(why),
    })?;
    if let Some(output) = &args.output {
        let recipe = plan.recipe_for(&base, &chosen.choice).map_err(CliError::unusable)?;
        recipe.save(output).map_err(CliError::failed)?;
    }
    if args.recipe.json {
        print_json(&chosen)?;
    } else {
        print(&chosen);
    }
    if let Some(output) = &args.output {
        errln!("wrote {}", output.display());
    }
    Ok(Exit::Fine)
}

fn print(chosen: &Buckets) {
    outln!(
        "{}  {}  {}  protocol {}",
        chosen.model,
        chosen.variant,
        chosen.target,
        chosen.protocol
    );
    outln!();
    let mut table = Table::new(&[chosen.over.as_str(), "requests", "share %", "latency ms"], 0);
    for bucket in &chosen.choice.buckets {
        table.row([
            format::count(bucket.size),
            format::count(bucket.requests),
            significant(bucket.share * 1e2),
            significant(bucket.latency_ms),
        ]);
    }
    outln!("{table}");
    outln!("{}", chosen.choice.words(&chosen.over));
    for warning in &chosen.warnings {
        outln!("warning: {warning}");
    }
}
