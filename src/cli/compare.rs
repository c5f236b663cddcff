//! `compare`: variants side by side.

use super::accuracy::task_words;
use super::args::{CompareArgs, ReportArgs};
use super::drive::drive;
use super::exit::{CliError, Exit};
use super::gates::{Gate, percent, verdict};
use super::inspect::print_json;
use super::request;
use super::table::Table;
use crate::bench::{Comparison, Decision, VariantResult};
use crate::data::profiles::fixed_against_range;
use crate::data::shapes;
use crate::export::Report;
use crate::export::file::{self, ReportFormat};
use crate::files;
use crate::format;
use crate::graph::Graph;
use crate::model::Model;
use crate::recipe::units::parse_duration;
use crate::recipe::{Grid, Recipe};
use crate::worker::service::patched_graph;
use crate::worker::{Task, TaskOutput};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Measures all variants, prints the table, writes reports, applies the gates.
pub fn compare(args: &CompareArgs) -> Result<Exit, CliError> {
    let (mut recipe, targets) = request::recipe_on(&args.recipe)?;
    let grid = Grid {
        targets,
        precisions: args.precision.clone(),
        batches: args.batch.clone(),
        threads: args.threads.clone(),
    };
    if grid != Grid::default() {
        recipe.variants = grid
            .variants(|batch| shapes_at(&recipe, batch))
            .map_err(CliError::unusable)?;
    }
    if let Some(share) = percent("--precision-of-answer", &args.precision_of_answer)? {
        if !(share > 0.0 && share < 100.0) {
            return Err(CliError::unusable(
                "--precision-of-answer: give a percentage between 0 and 100, such as 2%",
            ));
        }
        recipe.bench.precision_of_answer = Some(share / 1e2);
    }
    if let Some(text) = &args.time_limit {
        let seconds = parse_duration(text).map_err(|e| CliError::unusable(format!("--time-limit: {e}")))?;
        recipe.bench.time_limit_s = Some(seconds);
    }
    if args.fixed_against_range {
        let model = Model::open(&recipe.model.path).map_err(CliError::unusable)?;
        let graph = Graph::new(Arc::new(model));
        recipe.variants = fixed_against_range(&graph, &recipe)
            .map_err(|why| CliError::unusable(format!("--fixed-against-range: {why}")))?;
    }
    may_write(&args.report, &recipe)?;
    let gate = Gate::open(&args.gates)?;
    let mut comparison = measure(&recipe, args.recipe.json)?;
    gate.hold(&mut comparison)?;
    write_reports(&args.report, &comparison, &recipe)?;
    gate.write(&comparison, &args.recipe.input)?;
    if args.recipe.json {
        print_json(&comparison)?;
    } else {
        print_table(&comparison);
    }
    Ok(verdict(&comparison))
}

/// Makes sure that the reports can be written, before anything is measured for them.
///
/// # Errors
/// Exit code 2: a report of unknown ending, one that is there already and not to be replaced, or what cannot be a file.
pub fn may_write(reports: &ReportArgs, recipe: &Recipe) -> Result<(), CliError> {
    for path in &reports.output {
        ReportFormat::of(path).map_err(CliError::unusable)?;
        files::may_write(path, reports.force, &[&recipe.model.path]).map_err(CliError::unusable)?;
    }
    Ok(())
}

/// Writes the reports that were asked for and says where.
///
/// # Errors
/// A file that cannot be written.
pub fn write_reports(reports: &ReportArgs, comparison: &Comparison, recipe: &Recipe) -> Result<(), CliError> {
    let text = recipe.to_toml();
    let report = Report {
        comparison,
        mixes: None,
        findings: None,
        recipe: Some(&text),
        command: None,
    };
    for path in &reports.output {
        file::write(path, &report).map_err(CliError::unusable)?;
        errln!("wrote {}", path.display());
    }
    Ok(())
}

/// Shapes of every input at a batch size.
fn shapes_at(recipe: &Recipe, batch: u64) -> Result<BTreeMap<String, Vec<u64>>, String> {
    let graph = patched_graph(recipe)?;
    let bound = shapes::run_shapes(&graph, recipe)?;
    shapes::with_batch(&graph, &bound, batch)
}

/// Runs the comparison that a recipe describes.
///
/// # Errors
/// A variant that does not resolve (exit code 2), the task's own.
pub fn measure(recipe: &Recipe, quiet: bool) -> Result<Comparison, CliError> {
    let names: Vec<String> = recipe
        .resolve_variants()
        .map_err(CliError::unusable)?
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    match drive(
        Task::Compare {
            recipe: Box::new(recipe.clone()),
        },
        &names,
        quiet,
    )?
    .output
    {
        TaskOutput::Compare(comparison) => Ok(comparison),
        _ => Err(CliError::failed("the comparison gave no result")),
    }
}

/// The table of results, the protocol above it.
pub fn print_table(comparison: &Comparison) {
    outln!("{}  protocol {}", comparison.model, comparison.protocol);
    if !comparison.headline.is_empty() {
        outln!("{}", comparison.headline);
    }
    outln!();
    let sizes = comparison.has_other_work();
    let accuracy = comparison.variants.iter().any(|v| v.task.is_some());
    let mut header = vec![
        "variant",
        "target",
        "median ms",
        "p99 ms",
        "mean queries/s",
        "mean images/s",
        "median speed-up per image",
        "95 % interval",
    ];
    if sizes {
        header.push("shapes");
    }
    if accuracy {
        header.push("top-1");
    }
    let mut table = Table::new(&header, 2);
    for variant in &comparison.variants {
        let mut cells = row(variant, sizes, accuracy);
        cells.resize(header.len(), String::new());
        table.row(cells);
    }
    outln!("{table}");
    print_costs(comparison);
    print_accuracy(comparison);
    print_warnings(comparison);
}

/// What each variant computes in, what it takes until it can be used, and memory.
pub fn print_costs(comparison: &Comparison) {
    const ALL: [&str; 7] = [
        "computes in",
        "load s",
        "first inference s",
        "JIT s",
        "host memory",
        "device memory",
        "engine",
    ];
    let cells = |v: &VariantResult| -> [String; 7] {
        let r = &v.resources;
        let seconds = |s: Option<f64>| s.map_or(String::new(), format::significant);
        let bytes = |b: Option<u64>| b.map_or(String::new(), format::bytes);
        [
            v.effective_precision.as_ref().map_or(String::new(), |e| e.words()),
            seconds(r.load_s),
            seconds(r.first_inference_s),
            seconds(r.jit_s),
            bytes(r.host_peak_bytes),
            bytes(r.device.and_then(|d| d.peak)),
            bytes(v.engine_bytes),
        ]
    };
    let rows: Vec<[String; 7]> = comparison.variants.iter().map(cells).collect();
    let used: Vec<usize> = (0..ALL.len())
        .filter(|i| rows.iter().any(|r| !r[*i].is_empty()))
        .collect();
    if used.is_empty() {
        return;
    }
    let headers: Vec<&str> = std::iter::once("variant").chain(used.iter().map(|i| ALL[*i])).collect();
    let mut table = Table::new(&headers, 2);
    for (variant, cells) in comparison.variants.iter().zip(&rows) {
        let used = used.iter().map(|i| cells[*i].clone());
        table.row(std::iter::once(variant.name.clone()).chain(used));
    }
    outln!("{table}");
}

/// Every output of every variant against the reference, and answers against labels.
fn print_accuracy(comparison: &Comparison) {
    let Some(reference) = &comparison.reference else { return };
    let mut table = Table::new(
        &[
            "accuracy",
            "output",
            "mean abs",
            "max abs",
            "cosine",
            "passes at atol",
            "or rtol",
            "NaN, inf",
            "top-1 same",
        ],
        2,
    );
    for variant in &comparison.variants {
        for a in &variant.accuracy {
            let passes = a.nan + a.inf == 0;
            let tolerance = |t: Option<f64>| t.filter(|_| passes).map_or("never".into(), format::significant);
            let same = a.top1_agreement;
            table.row([
                variant.name.clone(),
                a.output.clone(),
                format::significant(a.mean_abs),
                format::significant(a.max_abs),
                format!("{:.6}", a.cosine),
                tolerance(Some(a.min_passing_atol)),
                tolerance(a.min_passing_rtol),
                match passes {
                    true => String::new(),
                    false => format!("{}, {}", format::count(a.nan), format::count(a.inf)),
                },
                same.map_or(String::new(), |s| format!("{} %", format::significant(100.0 * s))),
            ]);
        }
    }
    outln!("against {}", reference.target);
    outln!("{table}");
    let of_reference = reference.task.as_ref().map(|t| ("reference", t));
    let of_variants = comparison
        .variants
        .iter()
        .filter_map(|v| Some((v.name.as_str(), v.task.as_ref()?)));
    for (name, task) in of_reference.into_iter().chain(of_variants) {
        outln!("{name}: {}", task_words(task));
    }
}

fn row(variant: &VariantResult, sizes: bool, accuracy: bool) -> Vec<String> {
    let mut cells = vec![variant.name.clone(), variant.target.clone()];
    if !variant.is_measured() {
        cells.push(
            if variant.error.is_some() {
                "failed"
            } else {
                "not measured"
            }
            .into(),
        );
        return cells;
    }
    let s = &variant.statistics;
    cells.extend([
        format::significant(s.latency_ms.median),
        format::significant(s.latency_ms.p99),
        format::significant(s.throughput_qps),
        format::significant(s.throughput_qps * variant.batch as f64),
        variant.speedup_words(),
        variant.ratio.map_or(String::new(), |r| {
            format!("{} to {}", format::speedup(r.low), format::speedup(r.high))
        }),
    ]);
    if sizes {
        cells.push(variant.shapes.join(" "));
    }
    if accuracy {
        cells.push(variant.task.map_or(String::new(), |t| {
            format!("{} of {}", format::count(t.top1_correct), format::count(t.samples))
        }));
    }
    cells
}

/// Warnings of the comparison and of each variant, beside the numbers they concern.
pub fn print_warnings(comparison: &Comparison) {
    for warning in &comparison.warnings {
        outln!("warning: {warning}");
    }
    if let Some(words) = comparison.decision.as_ref().and_then(Decision::words) {
        outln!("note: {words}");
    }
    for variant in &comparison.variants {
        for warning in &variant.statistics.warnings {
            outln!("warning: {}: {warning}", variant.name);
        }
        for note in &variant.notes {
            outln!("note: {}: {note}", variant.name);
        }
    }
}
