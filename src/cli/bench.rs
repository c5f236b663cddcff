//! `bench`: one engine measured.

use super::args::BenchArgs;
use super::compare::{print_costs, print_warnings};
use super::drive::drive;
use super::exit::{CliError, Exit};
use super::inspect::print_json;
use super::request;
use super::table::Table;
use crate::bench::{Comparison, Sample, Summary, VariantResult};
use crate::files;
use crate::format;
use crate::worker::{Task, TaskOutput};
use serde_json::{Value, json};
use std::path::Path;

/// Measures and prints the statistics.
pub fn bench(args: &BenchArgs) -> Result<Exit, CliError> {
    let recipe = request::one(&args.recipe, &args.one)?;
    if let Some(path) = &args.export_times {
        files::may_write(path, args.force, &[&recipe.model.path]).map_err(CliError::unusable)?;
    }
    let names = [recipe.build.precision.name().to_owned()];
    let outcome = drive(
        Task::Compare {
            recipe: Box::new(recipe),
        },
        &names,
        args.recipe.json,
    )?;
    let TaskOutput::Compare(comparison) = outcome.output else {
        return Err(CliError::failed("the measurement gave no result"));
    };
    let Some(result) = comparison.variants.first() else {
        return Err(CliError::failed("the measurement gave no result"));
    };
    if let Some(error) = &result.error {
        return Err(CliError::failed(error));
    }
    if let Some(path) = &args.export_times {
        export_times(path, &outcome.samples[0])?;
    }
    if args.recipe.json {
        print_json(&to_json(&comparison, result))?;
    } else {
        print_human(&comparison, result);
    }
    Ok(match comparison.is_partial {
        true => Exit::Cancelled,
        false => Exit::Fine,
    })
}

/// The documented JSON form.
fn to_json(comparison: &Comparison, result: &VariantResult) -> Value {
    let s = &result.statistics;
    json!({
        "model": comparison.model,
        "model_sha256": comparison.model_sha256,
        "protocol": comparison.protocol,
        "target": result.target,
        "precision": result.precision,
        "shapes": result.shapes,
        "sizes": comparison.sizes,
        "batch": result.batch,
        "environment": result.environment,
        "samples": s.samples,
        "latency_ms": s.latency_ms,
        "compute_ms": s.compute_ms,
        "enqueue_ms": s.enqueue_ms,
        "h2d_ms": s.h2d_ms,
        "d2h_ms": s.d2h_ms,
        "throughput_qps": s.throughput_qps,
        "build_s": result.build_s,
        "providers": result.providers,
        "resources": result.resources,
        "effective_precision": result.effective_precision,
        "notes": result.notes,
        "warnings": comparison.warnings.iter().chain(&s.warnings).collect::<Vec<_>>(),
    })
}

fn print_human(comparison: &Comparison, result: &VariantResult) {
    let s = &result.statistics;
    outln!(
        "{}  {} {}  {}",
        comparison.model,
        result.target,
        result.precision,
        result.shapes.join(" ")
    );
    outln!(
        "protocol {}: {}",
        comparison.protocol,
        format::plural(s.samples as usize, "sample")
    );
    outln!();
    let mut table = Table::new(&["ms", "min", "median", "mean", "p90", "p95", "p99", "max", "CV %"], 1);
    let series = [
        ("latency", Some(s.latency_ms)),
        ("compute", Some(s.compute_ms).filter(|c| *c != s.latency_ms)),
        ("enqueue", s.enqueue_ms),
        ("host to device", s.h2d_ms),
        ("device to host", s.d2h_ms),
    ];
    for (name, summary) in series {
        if let Some(Summary {
            min,
            max,
            mean,
            median,
            p90,
            p95,
            p99,
            cv,
        }) = summary
        {
            let values = [min, median, mean, p90, p95, p99, max, cv * 100.0];
            table.row(std::iter::once(name.to_owned()).chain(values.map(format::significant)));
        }
    }
    outln!("{table}");
    let images = s.throughput_qps * result.batch as f64;
    outln!(
        "throughput {} queries/s, {} images/s at batch {}",
        format::significant(s.throughput_qps),
        format::significant(images),
        result.batch
    );
    outln!();
    print_costs(comparison);
    print_warnings(comparison);
}

/// trtexec's `--exportTimes`: one object an inference.
fn export_times(path: &Path, samples: &[Sample]) -> Result<(), CliError> {
    let rows: Vec<Value> = samples
        .iter()
        .map(|s| {
            let (h2d, compute, d2h) = (
                s.end_h2d_ms - s.start_h2d_ms,
                s.end_compute_ms - s.start_compute_ms,
                s.end_d2h_ms - s.start_d2h_ms,
            );
            json!({
                "startEnqMs": s.start_enq_ms, "endEnqMs": s.end_enq_ms,
                "startH2dMs": s.start_h2d_ms, "endH2dMs": s.end_h2d_ms,
                "startComputeMs": s.start_compute_ms, "endComputeMs": s.end_compute_ms,
                "startD2hMs": s.start_d2h_ms, "endD2hMs": s.end_d2h_ms,
                "h2dMs": h2d, "computeMs": compute, "d2hMs": d2h, "latencyMs": h2d + compute + d2h,
            })
        })
        .collect();
    let text = serde_json::to_string(&rows).map_err(CliError::failed)?;
    files::write_renamed(path, text.as_bytes())
        .map_err(|e| CliError::unusable(format!("{}: {}", path.display(), files::words(&e))))
}
