//! What types alone cannot say about a recipe: versions, ranges, names.

use super::de::{Misfit, suggest};
use super::node::{Node, Value};
use super::spec::{SweepSpec, TargetSpec, VERSION};
use super::{DataSource, Recipe};

fn misfit(path: &[&str], message: String) -> Misfit {
    Misfit {
        path: path.iter().map(|s| (*s).to_owned()).collect(),
        span: None,
        message,
    }
}

/// Checks the version before anything else, so that a newer file is not called full of unknown keys.
pub(super) fn version(node: &Node) -> Result<(), Misfit> {
    match node.get("version").map(|n| &n.value) {
        Some(Value::Int(n)) if *n == i64::from(VERSION) => Ok(()),
        Some(Value::Int(n)) => Err(misfit(
            &["version"],
            format!("this program reads recipes of version {VERSION}; this one is of version {n}"),
        )),
        Some(_) => Err(misfit(&["version"], format!("expected the number {VERSION}"))),
        None => Err(misfit(
            &[],
            format!("the key \"version\" is missing; a recipe starts with version = {VERSION}"),
        )),
    }
}

/// Checks one recipe (a variant's, or the file's own).
pub(super) fn recipe(recipe: &Recipe) -> Result<(), Misfit> {
    if recipe.model.path.as_os_str().is_empty() {
        return Err(misfit(&["model", "path"], "the path is empty".into()));
    }
    if let Some(hash) = &recipe.model.sha256
        && (hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit()))
    {
        return Err(misfit(&["model", "sha256"], format!("{hash:?} is not 64 hex digits")));
    }
    target(&recipe.target, &["target", "name"])?;
    if let Some(reference) = &recipe.accuracy.reference {
        target(reference, &["accuracy", "reference", "name"])?;
    }
    profiles(recipe)?;
    bench(recipe)?;
    if let Some(spec) = &recipe.sweep {
        sweep(spec)?;
    }
    for (name, source) in [("calibration", &recipe.data.calibration), ("test", &recipe.data.test)] {
        if let Some(source) = source {
            data(source, name)?;
        }
    }
    let limits = [
        ("max_mean_abs", recipe.accuracy.max_mean_abs),
        ("min_cosine", recipe.accuracy.min_cosine),
        ("max_top1_loss", recipe.accuracy.max_top1_loss),
    ];
    for (key, limit) in limits {
        if limit.is_some_and(|x| !x.is_finite()) {
            return Err(misfit(&["accuracy", key], "not a finite number".into()));
        }
    }
    Ok(())
}

fn target(target: &TargetSpec, path: &[&str]) -> Result<(), Misfit> {
    if TargetSpec::NAMES.contains(&target.name.as_str()) {
        return belongings(target, path);
    }
    let hint = suggest(&target.name, &TargetSpec::NAMES);
    Err(misfit(path, format!("unknown target {:?}{hint}", target.name)))
}

/// What belongs to runners and to execution provider libraries, and to no other target.
fn belongings(target: &TargetSpec, path: &[&str]) -> Result<(), Misfit> {
    let wrong = |key: &str, message: String| {
        let mut path = path.to_vec();
        path.pop();
        path.push(key);
        Err(misfit(&path, message))
    };
    let takes_library = matches!(target.name.as_str(), "onnxruntime-ep" | "openvino");
    for (key, is_given) in [
        ("library", target.library.is_some()),
        ("provider_options", !target.provider_options.is_empty()),
    ] {
        if is_given && !takes_library {
            let name = &target.name;
            return wrong(
                key,
                format!("only the targets \"onnxruntime-ep\" and \"openvino\" have one; this one is {name:?}"),
            );
        }
    }
    if target.name == "runner" {
        if target.version.is_some() {
            return wrong("version", "a runner says its version itself".into());
        }
        if target.command.first().is_some_and(|program| program.trim().is_empty()) {
            return wrong("command", "the program's name is empty".into());
        }
        if target.command.iter().any(|word| word.contains('\0')) {
            return wrong("command", "a word holds the character NUL".into());
        }
        return Ok(());
    }
    for (key, is_given) in [
        ("command", !target.command.is_empty()),
        ("folder", target.folder.is_some()),
    ] {
        if is_given {
            let name = &target.name;
            return wrong(
                key,
                format!("only the target \"runner\" has a command; this one is {name:?}"),
            );
        }
    }
    Ok(())
}

fn profiles(recipe: &Recipe) -> Result<(), Misfit> {
    for (index, profile) in recipe.profiles.iter().enumerate() {
        for (input, range) in &profile.inputs {
            let index = index.to_string();
            let path = |key| misfit(&["profile", &index, "inputs", input, key], String::new()).path;
            let wrong = |key, message| Misfit {
                path: path(key),
                span: None,
                message,
            };
            range.check().map_err(|(key, message)| wrong(key, message))?;
        }
        for (input, range) in &profile.values {
            range
                .check()
                .map_err(|(key, message)| misfit(&["profile", &index.to_string(), "values", input, key], message))?;
            if profile.inputs.contains_key(input) {
                let message =
                    "the input has a range of shapes and a range of values; a shape tensor has values only".into();
                return Err(misfit(&["profile", &index.to_string(), "values", input], message));
            }
        }
    }
    Ok(())
}

fn bench(recipe: &Recipe) -> Result<(), Misfit> {
    let bench = &recipe.bench;
    for (key, value) in [
        ("duration_s", bench.duration_s),
        ("warmup_ms", bench.warmup_ms),
        ("time_limit_s", bench.time_limit_s),
    ] {
        if let Some(x) = value.filter(|x| !x.is_finite() || *x < 0.0) {
            return Err(misfit(&["bench", key], format!("{x} is not a duration")));
        }
    }
    if let Some(x) = bench.precision_of_answer.filter(|x| !(*x > 0.0 && *x < 1.0)) {
        let message = format!("{x} is no share between 0 and 1; write 0.02 for 2 %");
        return Err(misfit(&["bench", "precision_of_answer"], message));
    }
    if bench.rounds == Some(0) {
        return Err(misfit(&["bench", "rounds"], "at least one round is needed".into()));
    }
    Ok(())
}

fn sweep(sweep: &SweepSpec) -> Result<(), Misfit> {
    let ascending = sweep.batches.windows(2).all(|w| w[0] < w[1]);
    if !ascending || sweep.batches.first() == Some(&0) {
        let message = "batch sizes start at 1 and ascend".into();
        return Err(misfit(&["sweep", "batches"], message));
    }
    let ascending = sweep.sizes.windows(2).all(|w| w[0] < w[1]);
    if !ascending || sweep.sizes.first() == Some(&0) {
        return Err(misfit(&["sweep", "sizes"], "sizes start at 1 and ascend".into()));
    }
    if !sweep.is_batch() && (!sweep.batches.is_empty() || sweep.max_batch.is_some()) {
        let message = format!("the sweep is over {}, so it takes sizes, not batch sizes", sweep.what());
        return Err(misfit(&["sweep", "over"], message));
    }
    if sweep.max_batch == Some(0) {
        return Err(misfit(&["sweep", "max_batch"], "batch sizes start at 1".into()));
    }
    if let Some(ms) = sweep.max_latency_ms.filter(|ms| !ms.is_finite() || *ms <= 0.0) {
        return Err(misfit(&["sweep", "max_latency_ms"], format!("{ms} is not a time")));
    }
    Ok(())
}

fn data(source: &DataSource, name: &str) -> Result<(), Misfit> {
    if source.path.as_os_str().is_empty() {
        return Err(misfit(&["data", name, "path"], "the path is empty".into()));
    }
    if let Some(layout) = &source.layout
        && !DataSource::LAYOUTS.contains(&layout.as_str())
    {
        let hint = suggest(layout, &DataSource::LAYOUTS);
        return Err(misfit(
            &["data", name, "layout"],
            format!("unknown layout {layout:?}{hint}"),
        ));
    }
    if source.resize.is_some_and(|size| size.contains(&0)) {
        return Err(misfit(&["data", name, "resize"], "a size of 0 leaves no image".into()));
    }
    if let Some(std) = source.std.iter().flatten().find(|s| **s == 0.0 || !s.is_finite()) {
        return Err(misfit(&["data", name, "std"], format!("cannot divide by {std}")));
    }
    if source
        .mean
        .iter()
        .flatten()
        .chain(&source.scale)
        .any(|x| !x.is_finite())
    {
        return Err(misfit(&["data", name], "mean and scale must be finite numbers".into()));
    }
    if source.limit == Some(0) {
        return Err(misfit(&["data", name, "limit"], "a limit of 0 leaves no sample".into()));
    }
    Ok(())
}
