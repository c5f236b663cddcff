//! `sweep`: throughput against batch size, and its knee.

use super::args::SweepArgs;
use super::compare::{may_write, print_warnings, write_reports};
use super::drive::drive;
use super::exit::{CliError, Exit};
use super::gates::verdict;
use super::inspect::print_json;
use super::request;
use super::table::Table;
use crate::bench::Comparison;
use crate::bench::sweep::{Curve, Point};
use crate::data::traffic::Requests;
use crate::export::sweep::words;
use crate::format::{self, significant};
use crate::recipe::units::parse_duration;
use crate::recipe::{Grid, Recipe, SweepSpec};
use crate::worker::service::buckets::plan;
use crate::worker::service::planned_sweep;
use crate::worker::{Task, TaskOutput};

/// Measures every variant at every batch size, prints the curves, writes reports.
pub fn sweep(args: &SweepArgs) -> Result<Exit, CliError> {
    let (mut recipe, targets) = request::recipe_on(&args.recipe)?;
    let grid = Grid {
        targets,
        precisions: args.precision.clone(),
        threads: args.threads.clone(),
        ..Grid::default()
    };
    if grid != Grid::default() {
        recipe.variants = grid.variants(|_| Ok(Default::default())).map_err(CliError::unusable)?;
    }
    let traffic = traffic(args, &recipe)?;
    recipe.sweep = Some(match &traffic {
        Some((spec, _)) => spec.clone(),
        None => spec(args, recipe.sweep.take())?,
    });
    may_write(&args.report, &recipe)?;
    let mut comparison = measure(&recipe, args.recipe.json)?;
    if let Some((_, requests)) = traffic {
        comparison
            .sweeps
            .iter_mut()
            .for_each(|c| c.traffic.clone_from(&requests));
    }
    write_reports(&args.report, &comparison, &recipe)?;
    if args.recipe.json {
        print_json(&comparison)?;
    } else {
        print(&comparison);
    }
    Ok(verdict(&comparison))
}

/// The sweep over the sizes that traffic has, and how many requests have each.
fn traffic(args: &SweepArgs, recipe: &Recipe) -> Result<Option<(SweepSpec, Vec<Requests>)>, CliError> {
    let Some(path) = &args.traffic else { return Ok(None) };
    request::must_exist("--traffic: ", path)?;
    // Without a word the table's own columns say what varies.
    let over = Some(args.over.as_str()).filter(|over| *over != SweepSpec::BATCH);
    let plan = plan(recipe, path, over).map_err(CliError::unusable)?;
    let mut spec = plan.recipe.sweep.unwrap_or_default();
    if !args.sizes.is_empty() {
        let sizes = if spec.is_batch() {
            &mut spec.batches
        } else {
            &mut spec.sizes
        };
        sizes.clone_from(&args.sizes);
        sizes.sort_unstable();
        sizes.dedup();
    }
    Ok(Some((spec, plan.requests)))
}

/// What the recipe says, with the options over it.
fn spec(args: &SweepArgs, recipe: Option<SweepSpec>) -> Result<SweepSpec, CliError> {
    let mut spec = recipe.unwrap_or_default();
    let ascending = |sizes: &[u64]| {
        let mut sizes = sizes.to_vec();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    };
    if args.over != SweepSpec::BATCH {
        // Another size than the recipe's starts anew.
        let kept = Some(args.over.as_str()) == spec.over.as_deref();
        let sizes = if args.sizes.is_empty() && kept {
            spec.sizes
        } else {
            ascending(&args.sizes)
        };
        return Ok(SweepSpec {
            over: Some(args.over.clone()),
            sizes,
            ..SweepSpec::default()
        });
    }
    if !args.sizes.is_empty() && spec.is_batch() {
        return Err(CliError::unusable(
            "--sizes: say what varies with --over; batch sizes are --batch",
        ));
    }
    if !args.sizes.is_empty() {
        spec.sizes = ascending(&args.sizes);
        return Ok(spec);
    }
    if !args.batch.is_empty() {
        return Ok(SweepSpec {
            batches: ascending(&args.batch),
            ..SweepSpec::default()
        });
    }
    if args.max_batch.is_some() || args.max_latency.is_some() {
        spec.batches.clear();
    }
    spec.max_batch = args.max_batch.or(spec.max_batch);
    if let Some(text) = &args.max_latency {
        let seconds = parse_duration(text).map_err(|e| CliError::unusable(format!("--max-latency: {e}")))?;
        if seconds <= 0.0 {
            return Err(CliError::unusable("--max-latency: nothing takes no time"));
        }
        spec.max_latency_ms = Some(seconds * 1e3);
    }
    Ok(spec)
}

/// Runs the sweep that a recipe describes.
///
/// # Errors
/// A variant that does not resolve (exit code 2), the task's own.
pub fn measure(recipe: &Recipe, quiet: bool) -> Result<Comparison, CliError> {
    let recipe = &planned_sweep(recipe).map_err(CliError::unusable)?;
    let rows = recipe.sweep_rows().map_err(CliError::unusable)?;
    let names: Vec<String> = rows.into_iter().map(|row| row.name).collect();
    let task = Task::Sweep {
        recipe: Box::new(recipe.clone()),
    };
    match drive(task, &names, quiet)?.output {
        TaskOutput::Compare(comparison) => Ok(comparison),
        _ => Err(CliError::failed("the sweep gave no result")),
    }
}

/// The curves, and warnings.
fn print(comparison: &Comparison) {
    print_curves(comparison);
    print_warnings(comparison);
}

/// The curves as tables, each with its knee or why it has none.
pub fn print_curves(comparison: &Comparison) {
    for curve in &comparison.sweeps {
        let target = curve.points.first().and_then(|p| comparison.variants.get(p.row));
        let target = target.map_or("", |v| v.target.as_str());
        outln!(
            "{}  {}  {target}  protocol {}",
            comparison.model,
            curve.name,
            comparison.protocol
        );
        outln!();
        outln!("{}", table(comparison, curve));
    }
    for line in words(comparison) {
        outln!("{line}");
    }
}

fn table(comparison: &Comparison, curve: &Curve) -> Table {
    let items = if curve.is_batch() {
        "images/s".to_owned()
    } else {
        format!("{}/s", curve.over)
    };
    let over = if curve.is_batch() { "batch" } else { &curve.over };
    let mut table = Table::new(
        &[
            over,
            "median ms",
            "p99 ms",
            &items,
            "peak memory",
            "slowest round",
            "fastest round",
            "of best %",
            "",
        ],
        0,
    );
    // Rates by items of what varies: of the batch these are images.
    let items = |p: &Point, rate: f64| match curve.is_batch() {
        true => rate,
        false => rate / (p.batch.max(1) as f64) * p.size() as f64,
    };
    let best = curve
        .points
        .iter()
        .map(|p| items(p, p.images_per_s))
        .fold(0.0, f64::max);
    for point in &curve.points {
        let latency = comparison.variants.get(point.row).map(|v| v.statistics.latency_ms);
        let knee = curve.knee.is_some_and(|k| k.batch == point.batch);
        table.row([
            format::count(point.size()),
            latency.map_or(String::new(), |l| significant(l.median)),
            latency.map_or(String::new(), |l| significant(l.p99)),
            significant(items(point, point.images_per_s)),
            point.peak_bytes.map_or(String::new(), format::bytes),
            significant(items(point, point.low)),
            significant(items(point, point.high)),
            significant(items(point, point.images_per_s) / best * 1e2),
            if knee { "knee".into() } else { String::new() },
        ]);
    }
    table
}
