//! `search`: what each layer loses when precision is lowered, and which to keep under a limit.

use super::args::{ReportArgs, SearchArgs, named};
use super::drive::drive;
use super::exit::{CliError, Exit};
use super::inspect::print_json;
use super::table::Table;
use super::{compare, lower, request};
use crate::bench::Mixes;
use crate::export::Report;
use crate::export::file;
use crate::files;
use crate::format;
use crate::model::Model;
use crate::recipe::units::parse_duration;
use crate::recipe::{DataSource, Recipe};
use crate::rewrite::search::{Errors, Metric, Search, SearchSpec, Trial, TrialKind, Way, precision_patch};
use crate::rewrite::{Calibration, CastSpec, LowType, Method, PatchSpec, QuantMode, QuantizeSpec, apply_all};
use crate::worker::{Task, TaskOutput, Want, mixes_time};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// Layers that the table lists.
const LISTED: usize = 20;

/// Measures layers and combinations, looks for what to keep, writes what was found.
pub fn search(args: &SearchArgs) -> Result<Exit, CliError> {
    let given = request::open(&args.sample.input)?;
    if let Some(output) = &args.output {
        files::may_write(output, args.force, &[&given.model.path, &args.sample.input]).map_err(CliError::unusable)?;
        if args.limit.is_none() && args.keep.len() != 1 {
            return Err(CliError::unusable(
                "-o needs --limit, or --keep with the one number of layers to keep",
            ));
        }
    }
    let reports = ReportArgs {
        output: args.report.clone(),
        force: args.force,
    };
    compare::may_write(&reports, &given)?;
    let recipe = recipe(args)?;
    let about = |e: CliError| {
        e.about(
            &recipe.model.path,
            recipe.data.calibration.as_ref().map(|d| d.path.as_path()),
        )
    };
    let spec = SearchSpec {
        way: args.way,
        rank_samples: args.rank_samples,
        samples: args.test_samples,
        points: args.keep.clone(),
        limit: args.limit,
    };
    let task = Task::Search {
        recipe: Box::new(recipe.clone()),
        spec: Box::new(spec),
    };
    let TaskOutput::Search(found) = drive(task, &[], args.sample.json).map_err(about)?.output else {
        return Err(CliError::failed("the search found nothing"));
    };
    let kept = match (args.limit, args.keep.as_slice()) {
        (Some(_), _) => found.found.and_then(|i| found.trials.get(i)).map(|t| t.kept.clone()),
        (None, [n]) => Some(found.worst(*n)),
        (None, _) => None,
    };
    let written = match (&args.output, &kept) {
        (Some(output), Some(kept)) => {
            write(&recipe, &found, kept, output, args.force)?;
            Some(output)
        }
        _ => None,
    };
    let mixes = match &args.measure {
        Some(_) => Some(measure(&recipe, &found, args.sample.json)?),
        None => None,
    };
    if let Some(mixes) = &mixes {
        report(args, &recipe, &found, mixes)?;
    }
    if args.sample.json {
        let best = found.by_lowered_macs(Metric::RelativeL2);
        let best: Vec<usize> = best.iter().filter(|p| p.3).map(|p| p.0).collect();
        let mut value = serde_json::to_value(&found).map_err(CliError::failed)?;
        if let Some(object) = value.as_object_mut() {
            object.insert("pareto".into(), json!(best));
            object.insert("output".into(), json!(written.map(|path| path.to_string_lossy())));
            object.insert("measured".into(), measured_json(&found, mixes.as_ref()));
        }
        print_json(&value)?;
    } else {
        tell(&found);
        if let Some(mixes) = &mixes {
            tell_measured(&found, mixes);
        }
        if let Some(output) = written {
            outln!("{}", output.display());
        }
    }
    Ok(match args.limit.is_some() && found.found.is_none() {
        true => Exit::Findings,
        false => Exit::Fine,
    })
}

/// Measures the combinations on the recipe's target.
fn measure(recipe: &Recipe, found: &Search, quiet: bool) -> Result<Mixes, CliError> {
    let (rows, seconds) = mixes_time(recipe, found);
    errln!(
        "measuring {} on {}: {} and the time to build them",
        format::plural(rows, "row"),
        recipe.target.name,
        format::seconds(seconds)
    );
    let task = Task::Mixes {
        recipe: Box::new(recipe.clone()),
        search: Box::new(found.clone()),
    };
    match drive(task, &[], quiet)?.output {
        TaskOutput::Mixes(mixes) => Ok(*mixes),
        _ => Err(CliError::failed("nothing was measured")),
    }
}

fn report(args: &SearchArgs, recipe: &Recipe, found: &Search, mixes: &Mixes) -> Result<(), CliError> {
    let text = recipe.to_toml();
    let report = Report {
        comparison: &mixes.comparison,
        mixes: Some((found, mixes)),
        findings: None,
        recipe: Some(&text),
        command: None,
    };
    for path in &args.report {
        file::write(path, &report).map_err(CliError::unusable)?;
        errln!("wrote {}", path.display());
    }
    Ok(())
}

fn measured_json(found: &Search, mixes: Option<&Mixes>) -> serde_json::Value {
    let Some(mixes) = mixes else {
        return serde_json::Value::Null;
    };
    let best = mixes.picture(found, Metric::RelativeL2);
    let best: Vec<_> = best.iter().filter(|p| p.best).map(|p| p.trial).collect();
    json!({
        "comparison": mixes.comparison,
        "trials": mixes.trials,
        "pareto": best,
        "words": mixes.words(),
    })
}

fn tell_measured(found: &Search, mixes: &Mixes) {
    outln!(
        "\nMedian latency on {}, protocol {}, with 95 % intervals over rounds in random order; * marks those that no \
         other beats in both \"latency\" and \"relative L2\"\n",
        mixes.target(),
        mixes.comparison.protocol
    );
    let picture = mixes.picture(found, Metric::RelativeL2);
    let header = [
        "row",
        "MACs lowered",
        "relative L2",
        "latency [ms]",
        "interval [ms]",
        "speed-up",
    ];
    let mut table = Table::new(&header, 1);
    for (trial, row) in mixes.trials.iter().zip(&mixes.comparison.variants) {
        let point = picture.iter().find(|p| p.trial == *trial);
        let mark = if point.is_some_and(|p| p.best) { " *" } else { "" };
        let of = trial.and_then(|i| found.trials.get(i));
        let share = match trial {
            None => Some(0.0),
            Some(_) => of.and_then(|t| t.lowered_macs),
        };
        let dash = || "-".to_owned();
        let ratio = row.ratio.map(|r| match r.within_noise {
            true => format!("{} within noise", format::speedup(r.speedup)),
            false => format::speedup(r.speedup),
        });
        table.row(vec![
            format!("{}{mark}", row.name),
            share.map_or_else(dash, |s| format!("{:.1} %", 100.0 * s)),
            point.map_or_else(dash, |p| format::significant(p.figure)),
            match &row.error {
                Some(why) => why.clone(),
                None => format::significant(row.statistics.latency_ms.median),
            },
            row.median_interval_ms
                .map_or_else(dash, |(low, high)| format::range(low, high)),
            ratio.unwrap_or_else(dash),
        ]);
    }
    out!("{table}");
    outln!("\n{}", mixes.words());
}

/// The recipe with the patch to search and the data to measure on.
fn recipe(args: &SearchArgs) -> Result<Recipe, CliError> {
    let mut recipe = lower::recipe(&args.sample)?;
    if let Some(path) = &args.test {
        request::must_exist("--test: ", path)?;
        let inputs = recipe.data.calibration.as_ref().map(|c| c.inputs.clone());
        recipe.data.test = Some(DataSource {
            path: path.clone(),
            inputs: inputs.unwrap_or_default(),
            ..recipe.data.calibration.clone().unwrap_or_default()
        });
    } else if args.sample.data.path.is_some() {
        // Data named here is what is meant, whatever the recipe says of its own.
        recipe.data.test = None;
    }
    if let Some(labels) = &args.labels {
        let source = recipe.data.test.as_mut().or(recipe.data.calibration.as_mut());
        let source = source.ok_or_else(|| CliError::unusable("--labels needs --data or --test"))?;
        source.labels = Some(labels.clone());
    }
    if let Some(target) = args.measure.as_deref().filter(|t| !t.is_empty()) {
        let target = request::target_spec(target)?;
        (recipe.target.name, recipe.target.version) = (target.name, target.version);
    }
    if let Some(text) = &args.duration {
        let seconds = parse_duration(text).map_err(|e| CliError::unusable(format!("--duration: {e}")))?;
        recipe.bench.duration_s = Some(seconds);
    }
    lower::mend_first(&mut recipe)?;
    let has_own = precision_patch(&recipe.patches).is_some();
    match (&args.to, has_own) {
        (None, true) => {}
        (None, false) => {
            return Err(CliError::unusable(
                "--to is missing: say what to lower to, or give a recipe with a patch that does",
            ));
        }
        (Some(_), true) => {
            return Err(CliError::unusable(
                "the recipe lowers precision already: leave --to out to search its patch",
            ));
        }
        (Some(to), false) => lower_to(&mut recipe, args, to)?,
    }
    Ok(recipe)
}

/// Adds the patch that lowers precision, with what a calibration finds.
fn lower_to(recipe: &mut Recipe, args: &SearchArgs, to: &str) -> Result<(), CliError> {
    let model = Model::open(&recipe.model.path).map_err(CliError::unusable)?;
    recipe.patches.extend(PatchSpec::before_lowering(&model));
    if let Ok(to) = named::<LowType>(to) {
        let ranges = lower::calibrate(recipe, &args.sample, Want::Ranges)?.ranges();
        recipe.patches.push(PatchSpec::Cast(Box::new(CastSpec {
            // What is written is what was measured.
            keep_io_types: true,
            ranges: Some(ranges),
            ..CastSpec::new(to)
        })));
        return Ok(());
    }
    let mode = named::<QuantMode>(to)
        .map_err(|e| CliError::unusable(format!("--to: {e}, or one of those that `cast --to` takes")))?;
    recipe.patches.extend(PatchSpec::before_quantizing(mode.least_opset()));
    let calibration = match mode.has_activations() {
        // What is left out of it changes what else is read as codes.
        true => lower::calibrate(recipe, &args.sample, Want::Everything)?,
        false => Calibration::default(),
    };
    let method = args.method.unwrap_or(Method::default_for(mode));
    let spec = QuantizeSpec::new(mode, method, &calibration);
    recipe.patches.push(PatchSpec::Quantize(Box::new(spec)));
    Ok(())
}

/// Writes the recipe, or the model, with these layers kept.
fn write(recipe: &Recipe, found: &Search, kept: &[usize], output: &Path, force: bool) -> Result<(), CliError> {
    let patches = found.patches(&recipe.patches, kept).map_err(CliError::failed)?;
    if request::is_recipe(output) {
        let recipe = Recipe {
            patches,
            ..recipe.clone()
        };
        return recipe.save(output).map_err(CliError::unusable);
    }
    let model = Arc::new(Model::open(&recipe.model.path).map_err(CliError::unusable)?);
    let applied = apply_all(&model, &patches).map_err(|why| CliError::unusable(why).about(&recipe.model.path, None))?;
    let model = applied.last().map_or(model, |p| Arc::clone(&p.model));
    model.save(output, force).map_err(CliError::unusable)?;
    Ok(())
}

fn tell(found: &Search) {
    let count = format::plural(found.layers.len(), "layer");
    outln!(
        "{}: {count}, {}, against float32 on {}",
        found.patch,
        match found.way {
            Way::OneLowered => "one lowered at a time",
            Way::OneKept => "one kept at a time",
        },
        found.reference
    );
    outln!(
        "each layer on {}{}, combinations on {}\n",
        format::plural(usize::try_from(found.screen_samples).unwrap_or(usize::MAX), "sample"),
        match found.screen_samples < found.rank_samples {
            true => format!(", the worst again on {}", found.rank_samples),
            false => String::new(),
        },
        found.data
    );
    let mut table = Table::new(&["layer", "operator", "nodes", "relative L2", "cosine", "max abs"], 2);
    for measured in found.ranking.iter().take(LISTED).filter_map(|i| found.layers.get(*i)) {
        let layer = &measured.layer;
        let mut cells = vec![
            format::middle(&layer.name, 60),
            layer.op_type.clone(),
            layer.nodes.len().to_string(),
        ];
        cells.extend(figures(measured.errors.as_ref(), measured.failure.as_deref()));
        table.row(cells);
    }
    out!("{table}");
    if let Some(more) = found.layers.len().checked_sub(LISTED).filter(|n| *n > 0) {
        outln!("and {more} more; --json lists all");
    }
    outln!(
        "\nCombinations, each really run; * marks those that no other beats in both columns \
         \"MACs lowered\" and \"relative L2\"\n"
    );
    let best = found.by_lowered_macs(Metric::RelativeL2);
    let mut header = vec!["run", "kept", "MACs lowered", "relative L2", "cosine", "max abs"];
    if found.reference_top1.is_some() {
        header.push("top-1 right");
    }
    if found.limit.is_some() {
        header.push("limit");
    }
    let mut table = Table::new(&header, 1);
    for (i, trial) in found.trials.iter().enumerate() {
        let is_best = best.iter().any(|p| p.0 == i && p.3);
        table.row(trial_row(found, trial, is_best));
    }
    out!("{table}");
    if let Some(top1) = found.reference_top1 {
        outln!("float32: {} of {} right", top1.correct, top1.samples);
    }
    for note in &found.notes {
        outln!("note: {note}");
    }
    if let (Some(limit), Some(trial)) = (found.limit, found.found.and_then(|i| found.trials.get(i))) {
        outln!("\n{limit} holds with {}", kept_words(found, trial));
        for layer in found.layers_at(&trial.kept) {
            outln!("  {}", layer.name);
        }
    }
}

/// `3 of 54 layers kept and 96.2 % of the multiply-accumulates lowered`.
fn kept_words(found: &Search, trial: &Trial) -> String {
    let layers = format::plural(found.layers.len(), "layer");
    let macs = trial.lowered_macs.map_or_else(String::new, |share| {
        format!(" and {:.1} % of the multiply-accumulates lowered", 100.0 * share)
    });
    format!("{} of {layers} kept{macs}:", trial.kept.len())
}

fn trial_row(found: &Search, trial: &Trial, is_best: bool) -> Vec<String> {
    let kind = match trial.kind {
        TrialKind::Point => "worst kept",
        TrialKind::Limit => "limit",
        TrialKind::GiveBack => "one given back",
    };
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let mut cells = vec![
        format!("{kind}{}", if is_best { " *" } else { "" }),
        trial.kept.len().to_string(),
        trial.lowered_macs.map_or("-".into(), percent),
    ];
    cells.extend(figures(trial.errors.as_ref(), trial.failure.as_deref()));
    if found.reference_top1.is_some() {
        let top1 = trial.errors.as_ref().and_then(|e| e.top1);
        cells.push(top1.map_or("-".into(), |t| t.correct.to_string()));
    }
    if found.limit.is_some() {
        let word = match trial.holds {
            Some(true) => "holds",
            Some(false) => "fails",
            None => "-",
        };
        cells.push(word.into());
    }
    cells
}

/// Relative L2 error, cosine, largest error; or why there are none.
fn figures(errors: Option<&Errors>, failure: Option<&str>) -> [String; 3] {
    let Some(errors) = errors else {
        return [failure.unwrap_or("not run").into(), "-".into(), "-".into()];
    };
    let figure = |metric| errors.figure(metric, None);
    let significant = |value: Option<f64>| value.map_or("-".into(), format::significant);
    let relative = match errors.not_finite() {
        0 => significant(figure(Metric::RelativeL2).filter(|x| x.is_finite())),
        n => format!("{n} not finite"),
    };
    [
        relative,
        figure(Metric::Cosine).map_or("-".into(), |c| format!("{c:.6}")),
        significant(figure(Metric::MaxAbs)),
    ]
}
