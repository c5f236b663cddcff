//! `accuracy` and `bisect`: how far a variant is from the reference, and where that begins.

use super::args::{AccuracyArgs, BisectArgs, ReferenceArgs};
use super::drive::drive;
use super::exit::{CliError, Exit};
use super::inspect::{print_json, with_sizes};
use super::request;
use super::table::Table;
use crate::bench::differences::{Activation, Alone};
use crate::bench::{Differences, FirstBad, NodeRef, TaskAccuracy, TensorDifference};
use crate::format::{self, plural};
use crate::graph::sizes::Sizes;
use crate::model::Model;
use crate::model::statistics::TensorStatistics;
use crate::recipe::{Recipe, TargetSpec};
use crate::worker::{Depth, Task, TaskOutput};
use std::path::{Path, PathBuf};

/// Compares results with the reference's.
pub fn accuracy(args: &AccuracyArgs) -> Result<Exit, CliError> {
    let recipe = request::one(&args.recipe, &args.one)?;
    let depth = if args.per_tensor {
        Depth::Tensors
    } else {
        Depth::Outputs
    };
    let (found, sizes) = compare(recipe, &args.reference, depth, args.recipe.json)?;
    if args.recipe.json {
        print_json(&with_sizes(&found, &sizes)?)?;
    } else {
        print_head(&found);
        print_outputs(&found);
        if args.per_tensor {
            print_tensors(&found);
        }
        print_tail(&found);
    }
    let is_beyond = args.reference.limit.is_some() && found.is_bad();
    Ok(if is_beyond || has_none_numbers(&found) {
        Exit::Findings
    } else {
        Exit::Fine
    })
}

/// Names the first bad node.
pub fn bisect(args: &BisectArgs) -> Result<Exit, CliError> {
    let recipe = request::one(&args.recipe, &args.one)?;
    let depth = if args.search { Depth::Search } else { Depth::FirstBad };
    let (found, sizes) = compare(recipe, &args.reference, depth, args.recipe.json)?;
    if args.recipe.json {
        print_json(&with_sizes(&found, &sizes)?)?;
    } else {
        print_head(&found);
        print_outputs(&found);
        match &found.first_bad {
            Some(bad) => print_bad(&found, bad),
            None => outln!("No output is beyond the limit, so no node is to blame."),
        }
        print_tail(&found);
    }
    Ok(match found.first_bad {
        Some(_) => Exit::Findings,
        None => Exit::Fine,
    })
}

fn has_none_numbers(found: &Differences) -> bool {
    found.outputs.iter().any(|o| o.error.is_none())
}

fn compare(
    mut recipe: Recipe,
    args: &ReferenceArgs,
    depth: Depth,
    quiet: bool,
) -> Result<(Differences, Sizes), CliError> {
    let mut against: Option<PathBuf> = None;
    let mut target = None;
    for text in &args.against {
        let is_twice = match model_or_target(text)? {
            Against::Model(path) => against.replace(path).is_some(),
            Against::Target(spec) => target.replace(spec).is_some(),
        };
        if is_twice {
            return Err(CliError::unusable(format!(
                "--against {text}: one target and one model make a reference, not two of a kind"
            )));
        }
    }
    if target.is_some() {
        recipe.accuracy.reference = target;
    }
    if let Some(mut source) = request::data_source(&args.data)? {
        source.labels.clone_from(&args.labels);
        recipe.data.test = Some(source);
    } else if let Some(limit) = args.data.samples {
        // Whichever of the two is taken.
        for source in [&mut recipe.data.test, &mut recipe.data.calibration]
            .into_iter()
            .flatten()
        {
            source.limit = Some(limit);
        }
    }
    let task = Task::Accuracy {
        recipe: Box::new(recipe),
        against,
        depth,
        limit: args.limit,
    };
    let outcome = drive(task, &["variant".to_owned()], quiet)?;
    match outcome.output {
        TaskOutput::Accuracy(found) => Ok((*found, outcome.sizes)),
        _ => Err(CliError::failed("the comparison gave no result")),
    }
}

/// One `--against`.
enum Against {
    Model(PathBuf),
    Target(TargetSpec),
}

/// What is a file, or is called like a model, is one; everything else is the name of a target.
fn model_or_target(text: &str) -> Result<Against, CliError> {
    let path = Path::new(text);
    if path.extension().is_none_or(|e| !e.eq_ignore_ascii_case("onnx")) && !path.exists() {
        return request::target_spec(text).map(Against::Target).map_err(|e| {
            CliError::unusable(format!(
                "--against: {e}; a model (.onnx) is another way, and there is no such file"
            ))
        });
    }
    Model::open(path).map_err(|e| CliError::unusable(format!("--against: {e}")))?;
    Ok(Against::Model(path.into()))
}

fn print_head(found: &Differences) {
    let reference = match found.reference_model == found.model {
        true => found.reference.clone(),
        false => format!("{} on {}", found.reference_model, found.reference),
    };
    outln!(
        "{}  {} {} against {reference}",
        found.model,
        found.variant,
        found.precision
    );
    outln!("{}", found.data);
    outln!("limit {} ({})", format::significant(found.limit), found.limit_reason);
    outln!();
}

/// An error, or what stands in its way.
fn error_words(d: &TensorDifference) -> String {
    match (d.error, d.accuracy.nan, d.accuracy.inf) {
        (Some(e), _, _) => format::significant(e),
        (None, 0, _) => "inf".into(),
        (None, _, _) => "NaN".into(),
    }
}

/// Figures that tables of outputs and of tensors share, behind the error.
const FIGURES: [&str; 6] = ["max abs", "mean abs", "max rel", "cosine", "SNR dB", "NaN, inf"];

fn figures(d: &TensorDifference) -> Vec<String> {
    let a = &d.accuracy;
    vec![
        error_words(d),
        format::significant(a.max_abs),
        format::significant(a.mean_abs),
        format::significant(a.max_rel),
        format!("{:.6}", a.cosine),
        a.snr_db.map_or(String::new(), format::significant),
        match a.nan + a.inf {
            0 => String::new(),
            _ => format!("{}, {}", format::count(a.nan), format::count(a.inf)),
        },
    ]
}

fn print_outputs(found: &Differences) {
    let mut header = vec!["output", "", "error"];
    header.extend(FIGURES);
    header.extend(["passes at atol", "or rtol"]);
    let agreement = found.outputs.iter().any(|o| o.accuracy.top1_agreement.is_some());
    if agreement {
        header.extend(["top-1 same", "in top-5"]);
    }
    let mut table = Table::new(&header, 2);
    for output in &found.outputs {
        let a = &output.accuracy;
        let mut cells = vec![output.tensor.clone(), beyond(found, output)];
        cells.extend(figures(output));
        let passes = a.nan + a.inf == 0;
        cells.push(if passes {
            format::significant(a.min_passing_atol)
        } else {
            "never".into()
        });
        cells.push(
            a.min_passing_rtol
                .filter(|_| passes)
                .map_or("never".into(), format::significant),
        );
        if agreement {
            let share = |s: Option<f64>| s.map_or(String::new(), |s| format!("{} %", format::significant(100.0 * s)));
            cells.extend([share(a.top1_agreement), share(a.top5_agreement)]);
        }
        table.row(cells);
    }
    outln!("{table}");
    if let Some(task) = &found.task {
        outln!("reference: {}", task_words(&task.reference));
        outln!("variant:   {}", task_words(&task.variant));
        outln!();
    }
}

/// `top-1 1,750 of 1,797 (97.4 %), top-5 1,790 (99.6 %)`.
pub fn task_words(task: &TaskAccuracy) -> String {
    let share = |n: u64| format::significant(100.0 * n as f64 / task.samples.max(1) as f64);
    let top5 = task
        .top5_correct
        .map(|n| format!(", top-5 {} ({} %)", format::count(n), share(n)));
    format!(
        "top-1 {} of {} ({} %){}",
        format::count(task.top1_correct),
        format::count(task.samples),
        share(task.top1_correct),
        top5.unwrap_or_default()
    )
}

fn beyond(found: &Differences, d: &TensorDifference) -> String {
    if d.size() > found.limit { "beyond" } else { "" }.into()
}

fn print_tensors(found: &Differences) {
    let mut header = vec!["tensor", "made by", "", "error"];
    header.extend(FIGURES);
    let mut table = Table::new(&header, 3);
    for tensor in &found.tensors {
        let mut cells = vec![
            format::middle(&tensor.tensor, 48),
            format::middle(&tensor.node.label(), 48),
            beyond(found, tensor),
        ];
        cells.extend(figures(tensor));
        table.row(cells);
    }
    outln!("{table}");
    let bad = found.tensors.iter().filter(|t| t.size() > found.limit).count();
    outln!(
        "{} of {} beyond the limit",
        format::count(bad as u64),
        plural(found.tensors.len(), "tensor")
    );
    if let Some(bad) = &found.first_bad {
        outln!("first bad node: {}; {}", bad.node.label(), alone_words(&bad.alone));
    }
}

/// What came of running the node alone.
pub fn alone_words(alone: &Alone) -> String {
    match alone {
        Alone::Own { error } => format!(
            "alone, on the reference's values, its error is {}: the node itself is at fault",
            error.map_or("infinite".into(), format::significant)
        ),
        Alone::Arrived { error } => format!(
            "alone, on the reference's values, its error is only {}: errors that arrive with its inputs are amplified here \
             or add up",
            format::significant(*error)
        ),
        Alone::Unknown { why } => format!("it could not be run alone: {why}"),
    }
}

fn print_bad(found: &Differences, bad: &FirstBad) {
    outln!("first bad node: {}, node {}", bad.node.label(), bad.node.path);
    outln!(
        "  error {} before, {} after, in {}",
        format::significant(bad.error_before),
        bad.error_after.map_or("NaN or inf".into(), format::significant),
        bad.tensor
    );
    outln!("  {}", alone_words(&bad.alone));
    if !bad.unseen.is_empty() {
        let names: Vec<String> = bad.unseen.iter().take(8).map(NodeRef::label).collect();
        let more = if bad.unseen.len() > 8 { ", ..." } else { "" };
        outln!(
            "  or one of {} before it whose results could not be compared: {}{more}",
            plural(bad.unseen.len(), "node"),
            names.join(", ")
        );
    }
    if found.probes > 0 {
        outln!("  found by looking at {}", plural(found.probes as usize, "tensor"));
    }
    outln!();
    let header = [
        "values",
        "",
        "min",
        "max",
        "mean",
        "std",
        "zeros",
        "NaN",
        "inf",
        "beyond FP16",
        "below FP16",
    ];
    let mut table = Table::new(&header, 2);
    for weight in &bad.weights {
        statistics(&mut table, &weight.tensor, "stored", Some(&weight.values));
    }
    for Activation {
        tensor,
        is_made,
        reference,
        variant,
        ..
    } in &bad.activations
    {
        let role = if *is_made { "makes" } else { "reads" };
        let name = format!("{role} {}", format::middle(tensor, 40));
        statistics(&mut table, &name, "reference", reference.as_ref());
        statistics(&mut table, &name, "variant", variant.as_ref());
    }
    outln!("{table}");
}

fn statistics(table: &mut Table, name: &str, which: &str, s: Option<&TensorStatistics>) {
    let mut cells = vec![name.to_owned(), which.to_owned()];
    if let Some(s) = s {
        cells.extend([s.min, s.max, s.mean, s.std].map(format::significant));
        cells.extend([s.zeros, s.nan, s.inf, s.beyond_fp16, s.below_fp16].map(format::count));
    } else {
        cells.push("not had".into());
        cells.resize(11, String::new());
    }
    table.row(cells);
}

fn print_tail(found: &Differences) {
    if !found.skipped.is_empty() {
        outln!("{} could not be compared:", plural(found.skipped.len(), "tensor"));
        for (name, why) in found.skipped.iter().take(10) {
            outln!("  {}: {why}", format::middle(name, 48));
        }
        if found.skipped.len() > 10 {
            outln!("  ... (--json lists all)");
        }
    }
    for note in &found.notes {
        outln!("note: {note}");
    }
}
