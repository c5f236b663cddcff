//! What values a model's tensors take: found by running it over the recipe's calibration data, kept in a file.

use super::accuracy::reference;
use super::build::Built;
use super::context::{Context, Step};
use super::estimate::model_hash;
use super::inputs::Inputs;
use super::{TaskOutput, request, unexpected};
use crate::data::NamedTensors;
use crate::graph::{Graph, TensorKind};
use crate::model::{DataType, Model};
use crate::recipe::Recipe;
use crate::recipe::write::write_renamed;
use crate::rewrite::{Calibration, Observed, apply_all};
use crate::worker::store::modified_ns;
use crate::worker::wire::sha256_hex;
use crate::worker::{Job, JobError, JobOutput};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Inputs generated when the recipe has no data.
const GENERATED: u64 = 8;

/// The task.
pub fn run(context: &Context, recipe: &Recipe, cache: Option<&Path>) -> Result<TaskOutput, JobError> {
    context.plan(vec![Step::guess(5.0), Step::guess(60.0)]);
    calibrate(context, recipe, cache).map(TaskOutput::Calibrate)
}

/// Ranges of all float32 tensors of the top-level graph, from `cache` (or the user's cache) when they were found before with
/// the same model, data and version of this program. The caller has planned two steps.
///
/// # Errors
/// A cache file of the user's that belongs to something else; data that does not fit; what the engine says.
pub fn calibrate(context: &Context, recipe: &Recipe, cache: Option<&Path>) -> Result<Calibration, JobError> {
    let path = &recipe.model.path;
    let hash = model_hash(path, &mut || !context.is_cancelled());
    let hash = hash.map_err(|e| request(format!("{}: {e}", path.display())))?;
    context.go_on()?;
    let data = fingerprint(recipe).map_err(request)?;
    let wanted = Key {
        model_sha256: hash,
        data,
    };
    if let Some(file) = cache.filter(|f| f.exists()) {
        return read(file)
            .and_then(|found| wanted.check(&found).map(|()| found))
            .map_err(|why| {
                request(format!(
                    "{}: {why}; remove the file or name another to calibrate anew",
                    file.display()
                ))
            });
    }
    let own = wanted.file(context.data());
    if let Some(found) = own.as_deref().filter(|f| f.exists()).and_then(|f| read(f).ok())
        && wanted.check(&found).is_ok()
    {
        context.log(None, "info", format!("ranges were known already: {}", found.source));
        store(cache, &found).map_err(request)?;
        return Ok(found);
    }
    let found = observe(context, recipe, wanted)?;
    store(cache, &found).map_err(request)?;
    // The user's own cache may fail: it only saves time.
    let _ = store(own.as_deref(), &found);
    Ok(found)
}

/// What a calibration belongs to.
struct Key {
    model_sha256: String,
    data: String,
}

impl Key {
    fn check(&self, found: &Calibration) -> Result<(), String> {
        let version = env!("CARGO_PKG_VERSION");
        if found.model_sha256 != self.model_sha256 {
            Err("it was made for another model".into())
        } else if found.data != self.data {
            Err("it was made with other data".into())
        } else if found.version != version {
            Err(format!("it was made by version {}, this is {version}", found.version))
        } else {
            Ok(())
        }
    }

    /// In the folder where this program keeps what it learned.
    fn file(&self, folder: Option<&Path>) -> Option<PathBuf> {
        let key = sha256_hex(format!("{} {} {}", self.model_sha256, self.data, env!("CARGO_PKG_VERSION")).as_bytes());
        Some(folder?.join("calibration").join(format!("{key}.json")))
    }
}

fn read(path: &Path) -> Result<Calibration, String> {
    let text = std::fs::read(path).map_err(|e| e.to_string())?;
    serde_json::from_slice(&text).map_err(|e| format!("it is no calibration: {e}"))
}

fn store(path: Option<&Path>, found: &Calibration) -> Result<(), String> {
    let Some(path) = path else { return Ok(()) };
    let place = |e: std::io::Error| format!("{}: {e}", path.display());
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(place)?;
    }
    let text = serde_json::to_vec(found).map_err(|e| format!("{}: {e}", path.display()))?;
    write_renamed(path, &text).map_err(|e| format!("{}: {e}", path.display()))
}

/// Changes whenever the data may have: settings, and names, sizes and times of change of the files.
fn fingerprint(recipe: &Recipe) -> Result<String, String> {
    let mut text = serde_json::to_string(&recipe.calibration_settings()).map_err(|e| e.to_string())?;
    if let Some(source) = &recipe.data.calibration {
        let place = |e: std::io::Error| format!("{}: {e}", source.path.display());
        let mut todo = vec![source.path.clone()];
        while let Some(path) = todo.pop() {
            let meta = std::fs::metadata(&path).map_err(place)?;
            if meta.is_dir() {
                let mut inner = Vec::new();
                for entry in std::fs::read_dir(&path).map_err(place)? {
                    let entry = entry.map_err(place)?;
                    // Links are not followed: they may lead around in a circle.
                    if !entry.file_type().map_err(place)?.is_symlink() {
                        inner.push(entry.path());
                    }
                }
                inner.sort();
                todo.extend(inner);
            } else {
                text.push_str(&format!("\n{} {} {:?}", path.display(), meta.len(), modified_ns(&meta)));
            }
        }
    }
    Ok(sha256_hex(text.as_bytes()))
}

fn observe(context: &Context, recipe: &Recipe, key: Key) -> Result<Calibration, JobError> {
    let model = Model::open(&recipe.model.path).map_err(|e| request(e.to_string()))?;
    let mut model = Arc::new(model);
    let patches = recipe.before_lowering().to_vec();
    if let Some(last) = apply_all(&model, &patches).map_err(|e| request(e.to_string()))?.pop() {
        model = last.model;
    }
    let graph = Graph::new(model);
    let tensors: Vec<String> = graph
        .tensors
        .iter()
        .filter(|t| t.body == 0 && t.kind == TensorKind::Activation)
        .filter(|t| t.ty.dtype == Some(DataType::Float32) && t.ty.container.is_none())
        .map(|t| t.name.to_string())
        .collect();
    let mut inputs = Inputs::open(recipe, recipe.data.calibration.as_ref(), &graph, GENERATED)?;
    context.phase("Build the reference", None);
    let built = reference(context, recipe, patches)?;
    context.phase("Collect ranges", None);
    let total = inputs.count();
    let (mut samples, mut next) = (0, inputs.next()?);
    let mut found = BTreeMap::new();
    while let Some(batch) = next {
        context.go_on()?;
        next = inputs.next()?;
        found = run_batch(context, &built, &batch.tensors, &tensors, next.is_none())?;
        samples += batch.count;
        let share = samples as f64 / total.max(1) as f64;
        context.share(format!("Collect ranges, {samples} of {total} samples"), share);
    }
    let source = format!(
        "{} on {} {}",
        inputs.words(samples),
        built.record.target,
        built.record.version
    );
    if samples == 1 && recipe.data.calibration.is_some() {
        context.log(
            None,
            "warn",
            "the calibration data is a single sample; ranges of others may be larger",
        );
    }
    Ok(Calibration {
        model_sha256: key.model_sha256,
        data: key.data,
        version: env!("CARGO_PKG_VERSION").into(),
        source,
        samples,
        tensors: found,
    })
}

fn run_batch(
    context: &Context,
    built: &Built,
    inputs: &NamedTensors,
    tensors: &[String],
    last: bool,
) -> Result<BTreeMap<String, Observed>, JobError> {
    let job = Job::Observe {
        engine: built.engine,
        inputs: inputs.clone(),
        tensors: tensors.to_vec(),
        last,
    };
    match context.run_quietly(&built.worker, job, None)? {
        JobOutput::Observed { tensors } => Ok(tensors),
        other => Err(unexpected(&other)),
    }
}
