//! `build`: one engine.

use super::args::BuildArgs;
use super::drive::drive;
use super::exit::{CliError, Exit};
use super::inspect::{print_json, with_sizes};
use super::request;
use crate::format;
use crate::worker::{Task, TaskOutput};

/// Builds and prints the record.
pub fn build(args: &BuildArgs) -> Result<Exit, CliError> {
    let recipe = request::one(&args.recipe, &args.one)?;
    let names = [recipe.build.precision.name().to_owned()];
    let task = Task::Build {
        recipe: Box::new(recipe),
        output: args.output.clone(),
        force: args.force,
    };
    let outcome = drive(task, &names, args.recipe.json)?;
    let TaskOutput::Build(record) = outcome.output else {
        return Err(CliError::failed("the build gave no record"));
    };
    if args.recipe.json {
        print_json(&with_sizes(&record, &outcome.sizes)?)?;
        return Ok(Exit::Fine);
    }
    outln!(
        "{} {}: built in {}",
        record.target,
        record.version,
        format::seconds(record.seconds)
    );
    for note in &record.notes {
        outln!("note: {note}");
    }
    for (stage, seconds) in &record.stages {
        outln!("  {stage}: {}", format::seconds(*seconds));
    }
    if let (Some(path), Some(bytes)) = (&args.output, record.engine_bytes) {
        outln!("{}  {}", path.display(), format::bytes(bytes));
    }
    Ok(Exit::Fine)
}
