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
    println!("{}", args.model.display());
    for (label, value) in words::facts(view) {
        println!("{label}: {value}");
    }
    for why in &view.refusals {
        println!("does not run here: {why}");
    }
    if !view.tensors.is_empty() {
        let mut table = Table::new(&["tensor", "", "type", "shape", "layout"], 5);
        words::tensor_rows(view).into_iter().for_each(|row| table.row(row));
        print!("\n{table}");
    }
    if !view.profiles.is_empty() {
        let mut table = Table::new(&["profile", "input", "min", "opt", "max"], 2);
        words::profile_rows(view).into_iter().for_each(|row| table.row(row));
        print!("\n{table}");
    }
    if view.layers.is_empty() {
        println!("no layers: {}", words::why_no_layers(view));
    } else {
        let mut table = Table::new(&words::LAYER_HEADINGS, words::LAYER_HEADINGS.len());
        for layer in view.layers.iter().take(LISTED) {
            table.row(words::layer_cells(layer).map(|cell| format::middle(&cell, WIDEST)));
        }
        print!("\n{table}");
        if view.layers.len() > LISTED {
            println!("and {} more; --json has them", view.layers.len() - LISTED);
        }
        for (precision, count) in view.precisions() {
            println!("{}", words::share_words(&precision, count, view.layers.len()));
        }
    }
    print_findings(&view.findings);
    for note in &view.notes {
        println!("note: {note}");
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
        println!("{severity}: {} ({})", finding.reason, finding.rule);
    }
}
