//! `inspect` for an engine file.

use super::args::InspectArgs;
use super::drive::drive;
use super::exit::{CliError, Exit};
use super::inspect::print_json;
use super::table::Table;
use crate::engine::plan::EngineView;
use crate::format;
use crate::recipe::BuildSpec;
use crate::worker::{Task, TaskOutput};

/// Layers that are listed; `--json` has all.
const LISTED: usize = 40;

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
    let header = &view.header;
    println!("{}  {}", args.model.display(), format::bytes(view.bytes));
    let version = header.version.as_deref().unwrap_or("unknown version");
    println!("built by {} {version}", header.target);
    if !header.capabilities.is_empty() {
        let newer = if header.newer_capabilities { " and newer" } else { "" };
        println!("for compute capability {}{newer}", header.capabilities.join(", "));
    }
    if let Some(bytes) = header.weight_bytes {
        println!("weights  {}", format::bytes(bytes));
    }
    if let Some(record) = &view.record {
        println!(
            "record: {} {}, built in {}, model {}",
            record.target,
            record.version,
            format::seconds(record.seconds),
            record.model_sha256.get(..12).unwrap_or(&record.model_sha256)
        );
    }
    if let Some(library) = &view.library {
        println!("read with {library}");
    }
    for why in &view.refusals {
        println!("does not run here: {why}");
    }
    if !view.tensors.is_empty() {
        let mut table = Table::new(&["tensor", "", "type", "shape", "layout"], 5);
        for tensor in &view.tensors {
            let direction = if tensor.is_input { "input" } else { "output" };
            let shape = tensor.shape.as_ref().map_or("any".into(), |s| dims(s));
            table.row([
                tensor.name.clone(),
                direction.into(),
                tensor.dtype.clone(),
                shape,
                tensor.format.clone(),
            ]);
        }
        print!("\n{table}");
    }
    for (index, profile) in view.profiles.iter().enumerate() {
        for input in &profile.inputs {
            let shapes = [&input.min, &input.opt, &input.max].map(|s| dims(s)).join("  ");
            println!("profile {index}: {}  {shapes}", input.name);
        }
    }
    if !view.layers.is_empty() {
        let mut table = Table::new(&["layer", "kind", "type", "layout"], 4);
        for layer in view.layers.iter().take(LISTED) {
            table.row([
                layer.name.clone(),
                layer.kind.clone(),
                layer.precision.clone().unwrap_or_default(),
                layer.format.clone(),
            ]);
        }
        print!("\n{table}");
        if view.layers.len() > LISTED {
            println!("and {} more; --json has them", view.layers.len() - LISTED);
        }
        for (precision, count) in view.precisions() {
            let share = 100.0 * count as f64 / view.layers.len() as f64;
            println!("{precision}: {} ({share:.0} %)", format::plural(count, "layer"));
        }
    }
    for note in &view.notes {
        println!("note: {note}");
    }
}

fn dims(shape: &[i64]) -> String {
    let texts: Vec<String> = shape
        .iter()
        .map(|d| if *d < 0 { "?".into() } else { d.to_string() })
        .collect();
    texts.join("x")
}
