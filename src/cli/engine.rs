//! `inspect` for an engine file.

use super::args::InspectArgs;
use super::drive::drive;
use super::exit::{CliError, Exit};
use super::inspect::print_json;
use super::table::Table;
use crate::bench::LayerFinding;
use crate::check::Severity;
use crate::engine::plan::{EngineView, words};
use crate::format;
use crate::recipe::BuildSpec;
use crate::worker::{Task, TaskOutput};

/// Layers that are listed; `--json` has all.
const LISTED: usize = 40;
/// Characters of a cell that are printed.
const WIDEST: usize = 60;

/// Prints what the file and the library say about an engine.
pub fn inspect(args: &InspectArgs) -> Result<Exit, CliError> {
    let mut build = BuildSpec::default();
    if let Some(library) = &args.library {
        let path = library.display().to_string();
        build.options.insert("library".into(), path.into());
    }
    let task = Task::InspectEngine {
        file: args.model.clone(),
        target: None,
        build,
    };
    let TaskOutput::InspectEngine(view) = drive(task, &[], true)?.output else {
        return Err(CliError::failed("the engine gave no view"));
    };
    if args.json {
        print_json(&view)?;
    } else {
        print_human(args, &view);
    }
    Ok(Exit::Fine)
}

fn print_human(args: &InspectArgs, view: &EngineView) {
    outln!("{}", args.model.display());
    for (label, value) in words::facts(view) {
        outln!("{label}: {value}");
    }
    for why in &view.refusals {
        outln!("does not run here: {why}");
    }
    if !view.tensors.is_empty() {
        let mut table = Table::new(&["tensor", "", "type", "shape", "layout"], 5);
        words::tensor_rows(view).into_iter().for_each(|row| table.row(row));
        out!("\n{table}");
    }
    if !view.profiles.is_empty() {
        let mut table = Table::new(&["profile", "input", "min", "opt", "max"], 2);
        words::profile_rows(view).into_iter().for_each(|row| table.row(row));
        out!("\n{table}");
    }
    if view.layers.is_empty() {
        outln!("no layers: {}", words::why_no_layers(view));
    } else {
        let mut table = Table::new(&words::LAYER_HEADINGS, words::LAYER_HEADINGS.len());
        for layer in view.layers.iter().take(LISTED) {
            table.row(words::layer_cells(layer).map(|cell| format::middle(&cell, WIDEST)));
        }
        out!("\n{table}");
        if view.layers.len() > LISTED {
            outln!("and {} more; --json has them", view.layers.len() - LISTED);
        }
        for (precision, count) in view.precisions() {
            outln!("{}", words::share_words(&precision, count, view.layers.len()));
        }
    }
    print_findings(&view.findings);
    for note in &view.notes {
        outln!("note: {note}");
    }
}

/// What layers say, one a line.
pub fn print_findings(findings: &[LayerFinding]) {
    for finding in findings {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        outln!("{severity}: {} ({})", finding.reason, finding.rule);
    }
}
