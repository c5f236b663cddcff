//! `run`: everything that a recipe says.

use super::args::RunArgs;
use super::build_only;
use super::check;
use super::compare;
use super::drive::drive;
use super::exit::{CliError, Exit};
use super::gates::{Gate, verdict};
use super::inspect::print_json;
use super::request;
use super::sweep;
use crate::bench::Comparison;
use crate::check::Severity;
use crate::export::{Report, file};
use crate::files;
use crate::format;
use crate::model::Model;
use crate::recipe::Recipe;
use crate::worker::{Task, TaskOutput};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Checks, builds, measures, compares and writes the report.
pub fn run(args: &RunArgs) -> Result<Exit, CliError> {
    let recipe = open(&args.recipe)?;
    let ReportFiles { files, folders } = report_files(args)?;
    let task = Task::Check {
        recipe: Box::new(recipe.clone()),
        require_parser: false,
    };
    let TaskOutput::Check(findings) = drive(task, &[], args.json)?.output else {
        return Err(CliError::failed("the check gave no report"));
    };
    if !args.json {
        let (errors, warnings) = (findings.count(Severity::Error), findings.count(Severity::Warning));
        outln!(
            "{}: {}, {} for {}",
            recipe.model.path.display(),
            format::plural(errors, "error"),
            format::plural(warnings, "warning"),
            findings.target
        );
    }
    let gate = Gate::open(&args.gates)?;
    let (mut comparison, ended) = if args.build_only {
        build_only::build(&recipe, folder(&files), args.force || args.output.is_none(), args.json)?
    } else {
        measure(&recipe, args.json)
    };
    gate.hold(&mut comparison)?;
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
        file::write(path, &report).map_err(CliError::unusable)?;
    }
    gate.write(&comparison, &args.recipe)?;
    drop(folders);
    if args.json {
        print_json(
            &json!({ "check": check::to_json(&findings), "comparison": comparison, "reports": files.iter().map(|f| f.to_string_lossy()).collect::<Vec<_>>() }),
        )?;
    } else {
        outln!();
        compare::print_table(&comparison);
        sweep::print_curves(&comparison);
        for path in &files {
            outln!("wrote {}", path.display());
        }
    }
    let exit = verdict(&comparison);
    ended.map_or(Ok(exit), Err)
}

/// Measures, and makes a comparison that says why of what ended early, so that there is a report in any case.
fn measure(recipe: &Recipe, quiet: bool) -> (Comparison, Option<CliError>) {
    let measured = compare::measure(recipe, quiet).and_then(|mut comparison| {
        if recipe.sweep.is_some() && !comparison.is_partial {
            comparison.add_sweep(sweep::measure(recipe, quiet)?);
        }
        Ok(comparison)
    });
    match measured {
        Ok(comparison) => (comparison, None),
        Err(error) => {
            let comparison = Comparison {
                model: crate::worker::file_name(&recipe.model.path),
                model_sha256: recipe.model.sha256.clone().unwrap_or_default(),
                headline: format!("Nothing was measured: {error}"),
                ..Comparison::default()
            };
            (comparison, Some(error))
        }
    }
}

fn folder(files: &[PathBuf]) -> &Path {
    files.first().and_then(|f| f.parent()).unwrap_or(Path::new("."))
}

/// The recipe to run; a model alone says nothing of what to do with it.
fn open(path: &Path) -> Result<Recipe, CliError> {
    request::must_exist("", path)?;
    if !request::is_recipe(path) && Model::open(path).is_ok() {
        return Err(CliError::unusable(format!(
            "{} is a model; run takes a recipe (.toml), compare and bench take a model",
            path.display()
        )));
    }
    request::open_recipe(path)
}

/// Folders made for reports: those that are still empty go when this does, so that a run without a report leaves none.
struct Folders(Vec<PathBuf>);

impl Folders {
    /// Makes the folder and those above it that are missing.
    fn make(folder: &Path) -> std::io::Result<Self> {
        let missing = folder.ancestors().take_while(|f| *f != Path::new("") && !f.exists());
        let made = Self(missing.map(Path::to_path_buf).collect());
        std::fs::create_dir_all(folder).map(|()| made)
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        for folder in &self.0 {
            // Refused by the system unless it is empty.
            let _ = std::fs::remove_dir(folder);
        }
    }
}

/// Where the reports go.
struct ReportFiles {
    files: Vec<PathBuf>,
    folders: Folders,
}

/// The report's files; refuses to replace any that were not made by an earlier run into the default folder.
fn report_files(args: &RunArgs) -> Result<ReportFiles, CliError> {
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
    let at = |e| CliError::unusable(format!("{}: {}", folder.display(), files::words(&e)));
    let folders = Folders::make(&folder).map_err(at)?;
    for file in &files {
        files::may_write(file, args.force || args.output.is_none(), &[]).map_err(CliError::unusable)?;
    }
    Ok(ReportFiles { files, folders })
}
