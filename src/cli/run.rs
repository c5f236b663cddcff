//! `run`: everything that a recipe says.

use super::args::RunArgs;
use super::check;
use super::compare;
use super::drive::drive;
use super::exit::{CliError, Exit};
use super::inspect::print_json;
use super::sweep;
use crate::check::Severity;
use crate::export::{Report, file};
use crate::format;
use crate::recipe::Recipe;
use crate::worker::{Task, TaskOutput};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Checks, builds, measures, compares and writes the report.
pub fn run(args: &RunArgs) -> Result<Exit, CliError> {
    let recipe = Recipe::open(&args.recipe).map_err(CliError::unusable)?;
    let files = report_files(args)?;
    let task = Task::Check {
        recipe: Box::new(recipe.clone()),
        require_parser: false,
    };
    let TaskOutput::Check(findings) = drive(task, &[], args.json)?.output else {
        return Err(CliError::failed("the check gave no report"));
    };
    if !args.json {
        let (errors, warnings) = (findings.count(Severity::Error), findings.count(Severity::Warning));
        println!(
            "{}: {}, {} for {}",
            recipe.model.path.display(),
            format::plural(errors, "error"),
            format::plural(warnings, "warning"),
            findings.target
        );
    }
    let mut comparison = compare::measure(&recipe, args.json)?;
    if recipe.sweep.is_some() {
        comparison.add_sweep(sweep::measure(&recipe, args.json)?);
    }
    let text = recipe.to_toml();
    let command = format!("enginesmith run {}", format::shell_word(&args.recipe.to_string_lossy()));
    let report = Report {
        comparison: &comparison,
        mixes: None,
        findings: Some(&findings),
        recipe: Some(&text),
        command: Some(&command),
    };
    for path in &files {
        file::write(path, &report).map_err(CliError::failed)?;
    }
    if args.json {
        print_json(&json!({ "check": check::to_json(&findings), "comparison": comparison, "reports": files }))?;
    } else {
        println!();
        compare::print_table(&comparison);
        sweep::print_curves(&comparison);
        for path in &files {
            println!("wrote {}", path.display());
        }
    }
    Ok(compare::verdict(&comparison))
}

/// The report's files; refuses to replace any that were not made by an earlier run into the default folder.
fn report_files(args: &RunArgs) -> Result<Vec<PathBuf>, CliError> {
    let name = args
        .recipe
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let name = match args.recipe.parent().and_then(Path::file_name) {
        Some(folder) if name == "recipe" => folder.to_string_lossy().into_owned(),
        _ => name,
    };
    let folder = args
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from("reports").join(&name));
    let files: Vec<PathBuf> = ["html", "md", "json"]
        .iter()
        .map(|e| folder.join(format!("{name}.{e}")))
        .collect();
    if args.output.is_some()
        && !args.force
        && let Some(kept) = files.iter().find(|f| f.exists())
    {
        return Err(CliError::unusable(format!(
            "{} exists already; --force replaces it",
            kept.display()
        )));
    }
    std::fs::create_dir_all(&folder).map_err(|e| CliError::unusable(format!("{}: {e}", folder.display())))?;
    Ok(files)
}
