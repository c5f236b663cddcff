//! `history`: what was measured before, over time, and what became slower.

use super::args::HistoryArgs;
use super::compare::{may_write, print_table, write_reports};
use super::exit::{CliError, Exit};
use super::inspect::print_json;
use super::request;
use super::table::Table;
use crate::bench::Comparison;
use crate::bench::history::{Entry, History, known};
use crate::bench::trend::{self, Trend, trends};
use crate::format::{count, plural, significant};
use crate::model::Model;
use crate::recipe::Recipe;
use crate::worker::service::data_folder;
use serde_json::{Value, json};
use std::path::Path;

/// Lists models, shows a model's trends, or compares two runs.
pub fn history(args: &HistoryArgs) -> Result<Exit, CliError> {
    let folder = data_folder().ok_or_else(|| CliError::unusable("this system has no data folder for users"))?;
    let Some(model) = &args.model else {
        return list(&folder, args.json);
    };
    let sha256 = hash_of(&folder, model)?;
    let history = History::open(&folder, &sha256).map_err(CliError::unusable)?;
    if let [first, second] = args.compare.as_slice() {
        return compare(args, &history, first, second);
    }
    let trends = trends(&history.entries);
    if args.json {
        print_json(&to_json(&history, &sha256, &trends))?;
    } else {
        print(&history, &trends, args.last as usize);
    }
    Ok(Exit::Fine)
}

fn list(folder: &Path, as_json: bool) -> Result<Exit, CliError> {
    let known = known(folder).map_err(CliError::unusable)?;
    if as_json {
        print_json(&json!({ "models": known }))?;
        return Ok(Exit::Fine);
    }
    if known.is_empty() {
        outln!("Nothing was measured yet. bench, compare, sweep and run keep what they measure.");
        return Ok(Exit::Fine);
    }
    let mut table = Table::new(&["model", "SHA-256", "last run", "runs"], 3);
    for model in known {
        let short = model.model_sha256.chars().take(12).collect();
        table.row([model.model, short, model.last, count(model.runs as u64)]);
    }
    outln!("{table}");
    outln!("enginesmith history MODEL (or the start of its SHA-256) shows its runs over time.");
    Ok(Exit::Fine)
}

/// The hash of a model file, of a recipe's model, or the one of the history that starts so.
fn hash_of(folder: &Path, model: &Path) -> Result<String, CliError> {
    if model.exists() {
        let recipe = request::open(model)?;
        let model = Model::open(&recipe.model.path).map_err(|e| CliError::unusable(e.to_string()))?;
        return model.sha256().map_err(|e| CliError::unusable(e.to_string()));
    }
    let start = model.to_string_lossy().to_lowercase();
    let unknown = || {
        CliError::unusable(format!(
            "{}: there is no such file, and no model of the history has a SHA-256 that starts so",
            model.display()
        ))
    };
    if start.len() < 4 || !start.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(unknown());
    }
    let known = known(folder).map_err(CliError::unusable)?;
    let mut found = known.into_iter().filter(|k| k.model_sha256.starts_with(&start));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.model_sha256),
        (Some(one), Some(other)) => Err(CliError::unusable(format!(
            "{start} is the start of several: {} ({}), {} ({})",
            one.model_sha256, one.model, other.model_sha256, other.model
        ))),
        _ => Err(unknown()),
    }
}

fn compare(args: &HistoryArgs, history: &History, first: &str, second: &str) -> Result<Exit, CliError> {
    let find = |id: &str| -> Result<&Entry, CliError> {
        let mut found = history
            .entries
            .iter()
            .filter(|e| e.id.starts_with(id) && !id.is_empty());
        match (found.next(), found.next()) {
            (Some(entry), None) => Ok(entry),
            (Some(_), Some(_)) => Err(CliError::unusable(format!(
                "several runs start with {id:?}; give more of it"
            ))),
            _ => Err(CliError::unusable(format!("the model has no run {id:?}"))),
        }
    };
    let entries = [find(first)?, find(second)?];
    let comparison: Comparison = history.compare(&entries).map_err(CliError::failed)?;
    let recipe = Recipe::from_toml(&entries[1].recipe).map_err(CliError::unusable)?;
    may_write(&args.report, &recipe)?;
    write_reports(&args.report, &comparison, &recipe)?;
    if args.json {
        print_json(&comparison)?;
    } else {
        print_table(&comparison);
    }
    Ok(Exit::Fine)
}

/// The documented JSON form.
fn to_json(history: &History, sha256: &str, trends: &[Trend]) -> Value {
    let run = |i: &usize| {
        history.entries.get(*i).map(|e| {
            let s = &e.result.statistics;
            json!({
                "id": e.id,
                "started": e.result.environment.started,
                "runtime": trend::runtime(e),
                "program": e.result.environment.program,
                "samples": s.samples,
                "median_ms": s.latency_ms.median,
                "p99_ms": s.latency_ms.p99,
                "images_per_s": s.throughput_qps * e.result.batch.max(1) as f64,
            })
        })
    };
    let trends: Vec<Value> = trends
        .iter()
        .map(|t| {
            let mut value = json!(t.key);
            value["runs"] = t.runs.iter().filter_map(run).collect();
            value["changes"] = json!(t.changes);
            value["last"] = json!(t.last);
            value
        })
        .collect();
    json!({
        "model": history.entries.last().map(|e| &e.model),
        "model_sha256": sha256,
        "runs": history.entries.len(),
        "unreadable": history.unreadable,
        "trends": trends,
    })
}

fn print(history: &History, trends: &[Trend], last: usize) {
    let Some(newest) = history.entries.last() else {
        outln!("Nothing was measured of this model yet.");
        return;
    };
    outln!("{}  {}", newest.model, plural(history.entries.len(), "run"));
    if history.unreadable > 0 {
        outln!("{} of its index cannot be read", plural(history.unreadable, "line"));
    }
    for trend in trends {
        let key = &trend.key;
        outln!();
        outln!(
            "{}  {} {}  {}  protocol {}  on {}, {}",
            key.variant,
            key.target,
            key.precision,
            key.shapes.join(" "),
            key.protocol,
            key.host,
            key.device
        );
        outln!();
        let mut table = Table::new(&["run", "started", "runtime", "median ms", "p99 ms", "images/s", ""], 3);
        let skipped = trend.runs.len().saturating_sub(last);
        for (at, index) in trend.runs.iter().enumerate().skip(skipped) {
            let Some(entry) = history.entries.get(*index) else {
                continue;
            };
            let s = &entry.result.statistics;
            let change = trend.changes.iter().find(|c| c.at == at);
            table.row([
                entry.id.clone(),
                entry.result.environment.started.clone(),
                trend::runtime(entry),
                significant(s.latency_ms.median),
                significant(s.latency_ms.p99),
                significant(s.throughput_qps * entry.result.batch.max(1) as f64),
                change.map_or(String::new(), |_| "runtime changed".into()),
            ]);
        }
        outln!("{table}");
        if skipped > 0 {
            outln!("{} before these", plural(skipped, "run"));
        }
        for change in &trend.changes {
            let shift = change
                .shift
                .map_or("too few runs before it to judge it".into(), |s| s.words());
            outln!("{} to {}: {shift}", change.from, change.to);
        }
        outln!("{}", trend.last.words());
    }
}
