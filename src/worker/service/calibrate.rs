//! What values a model's tensors take: found by running it over the recipe's calibration data, kept in a file.

use super::accuracy::reference_with;
use super::context::{Context, Step};
use super::estimate::model_hash;
use super::inputs::Inputs;
use super::{TaskOutput, request, unexpected};
use crate::data::NamedTensors;
use crate::graph::{Graph, TensorKind};
use crate::model::{DataType, Model, Tensor};
use crate::recipe::Recipe;
use crate::rewrite::body_ranges;
use crate::rewrite::quantize::read_as_codes;
use crate::rewrite::{Calibration, Observed, PatchSpec, QuantizeSpec, apply_all};
use crate::worker::store::modified_ns;
use crate::worker::wire::sha256_hex;
use crate::worker::{Job, JobError, JobHandle, JobOutput};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Inputs generated when the recipe has no data.
const GENERATED: u64 = 8;
/// Tensors that are looked at together take about this much at most (or a single sample, where that takes more).
const HELD_BYTES: u64 = 64 << 20;

/// What to look at.
#[derive(Clone, Debug, Default)]
pub enum Want {
    /// Ranges, thresholds and histograms of all tensors.
    #[default]
    Everything,
    /// The ranges of all tensors, which is what a cast needs.
    Ranges,
    /// Thresholds of the tensors that a quantization reads as codes.
    Quantization {
        /// The quantization; its thresholds do not matter.
        spec: Box<QuantizeSpec>,
        /// Ranges of all other tensors too, for a cast of the rest.
        ranges: bool,
    },
}

/// Counts up when more is looked at than before, so that what was kept is not taken for all there is.
const LOOKED_AT: u32 = 2;
/// The purpose of [`Want::Everything`], which serves all others too.
const EVERYTHING: &str = "everything";

impl Want {
    /// In words that two wants share only when one's result serves the other.
    fn purpose(&self) -> Result<String, String> {
        Ok(match self {
            Self::Everything => EVERYTHING.into(),
            Self::Ranges => "ranges".into(),
            Self::Quantization { spec, ranges } => {
                let lists = (&spec.include, &spec.exclude, &spec.include_ops, &spec.exclude_ops);
                let lists = (lists, spec.pointwise, spec.attention);
                let text = serde_json::to_vec(&lists).map_err(|e| e.to_string())?;
                let hash = sha256_hex(&text);
                let and = if *ranges { " and ranges" } else { "" };
                format!(
                    "thresholds for {}{and}, choices {}",
                    spec.mode,
                    &hash[..hash.len().min(12)]
                )
            }
        })
    }
}

/// The task.
pub fn run(context: &Context, recipe: &Recipe, cache: Option<&Path>, want: &Want) -> Result<TaskOutput, JobError> {
    context.plan(vec![Step::guess(5.0), Step::guess(60.0)]);
    calibrate(context, recipe, cache, want).map(TaskOutput::Calibrate)
}

/// Ranges of float32 tensors of the top-level graph, and thresholds as `want` says, from `cache` (or the user's cache) when
/// they were found before with the same model, data and version of this program. The caller has planned two steps.
///
/// # Errors
/// A cache file of the user's that belongs to something else; data that does not fit; what the engine says.
pub fn calibrate(
    context: &Context,
    recipe: &Recipe,
    cache: Option<&Path>,
    want: &Want,
) -> Result<Calibration, JobError> {
    let path = &recipe.model.path;
    let hash = model_hash(path, &mut || !context.is_cancelled());
    let hash = hash.map_err(|e| request(format!("{}: {e}", path.display())))?;
    context.go_on()?;
    let wanted = Key {
        model_sha256: hash,
        data: fingerprint(recipe).map_err(request)?,
        purpose: want.purpose().map_err(request)?,
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
    let own = [wanted.purpose.as_str(), EVERYTHING].map(|purpose| wanted.file(context.data(), purpose));
    for file in own.iter().flatten().filter(|f| f.exists()) {
        if let Ok(found) = read(file)
            && wanted.check(&found).is_ok()
        {
            context.log(None, "info", format!("ranges were known already: {}", found.source));
            store(cache, &found).map_err(request)?;
            return Ok(found);
        }
    }
    let own = own.into_iter().next().flatten();
    let found = observe(context, recipe, wanted, want)?;
    store(cache, &found).map_err(request)?;
    // The user's own cache may fail: it only saves time.
    let _ = store(own.as_deref(), &found);
    Ok(found)
}

/// What a calibration belongs to.
struct Key {
    model_sha256: String,
    data: String,
    purpose: String,
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
        } else if found.purpose != self.purpose && found.purpose != EVERYTHING {
            let (has, wants) = (&found.purpose, &self.purpose);
            Err(format!("it holds {has}, this needs {wants}"))
        } else {
            Ok(())
        }
    }

    /// In the folder where this program keeps what it learned.
    fn file(&self, folder: Option<&Path>, purpose: &str) -> Option<PathBuf> {
        let version = env!("CARGO_PKG_VERSION");
        let key = format!("{} {} {version} {LOOKED_AT} {purpose}", self.model_sha256, self.data);
        Some(
            folder?
                .join("calibration")
                .join(format!("{}.json", sha256_hex(key.as_bytes()))),
        )
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
    crate::files::write_renamed(path, &text).map_err(|e| format!("{}: {e}", path.display()))
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

fn observe(context: &Context, recipe: &Recipe, key: Key, want: &Want) -> Result<Calibration, JobError> {
    let model = Model::open(&recipe.model.path).map_err(|e| request(e.to_string()))?;
    let mut model = Arc::new(model);
    let mut patches = recipe.before_lowering().to_vec();
    if let Some(last) = apply_all(&model, &patches).map_err(|e| request(e.to_string()))?.pop() {
        model = last.model;
    }
    let graph = Graph::new(model);
    let wants_ranges = !matches!(want, Want::Quantization { ranges: false, .. });
    let has_bodies = wants_ranges && !body_ranges::seen(&graph).is_empty();
    let mut tensors: Vec<String> = graph
        .tensors
        .iter()
        .filter(|t| t.body == 0 && t.kind == TensorKind::Activation)
        .filter(|t| t.ty.dtype == Some(DataType::Float32) && t.ty.container.is_none())
        .map(|t| t.name.to_string())
        .collect();
    let thresholds = match want {
        // Of what bodies compute only the ranges are handed out, which make no histogram.
        Want::Everything if has_bodies => Some(tensors.iter().cloned().chain(float_inputs(&graph)).collect()),
        Want::Everything => None,
        Want::Ranges => Some(Vec::new()),
        Want::Quantization { spec, ranges } => {
            let names = read_as_codes(&graph, spec);
            if !ranges {
                tensors.retain(|t| names.contains(t));
            }
            Some(names)
        }
    };
    let mut inputs = Inputs::open(recipe, recipe.data.calibration.as_ref(), &graph, GENERATED)?;
    inputs.limit(1);
    patches.push(PatchSpec::AddOutputs { tensors });
    context.phase("Build the reference", None);
    // Between two runs the processor belongs to whoever looks at the values.
    let build = |patches| reference_with(context, recipe, patches, &[("spinning", toml::Value::Boolean(false))]);
    let with_bodies = has_bodies.then(|| {
        let more = patches.iter().cloned().chain([PatchSpec::AddBodyRanges {}]);
        build(more.collect())
    });
    let built = match with_bodies {
        Some(Err(JobError::Engine(why))) => {
            let line = format!("what bodies of If, Loop and Scan compute is not seen: {why}");
            context.log(None, "warn", line);
            build(patches)?
        }
        Some(built) => built?,
        None => build(patches)?,
    };
    context.phase("Collect ranges", None);
    let total = inputs.count();
    let job = |inputs: NamedTensors, last: bool| Job::Observe {
        engine: built.engine,
        inputs,
        thresholds: thresholds.clone(),
        last,
    };
    let (mut samples, mut next) = (0, inputs.next()?);
    let mut found = BTreeMap::new();
    // While the worker runs one batch, the next is read and sent.
    let mut running: Option<(JobHandle, u64)> = None;
    let mut is_first = true;
    let mut warned = BTreeSet::new();
    let (mut running_s, mut looking_s) = (0.0, 0.0);
    loop {
        context.go_on()?;
        let ended = match next.take() {
            Some(batch) => {
                next = inputs.next()?;
                for name in infinite(&batch.tensors, &mut warned) {
                    let line = format!("input {name} of the calibration data has infinite values; it gets no scale");
                    context.log(None, "warn", line);
                }
                let started = context.begin(&built.worker, job(batch.tensors, next.is_none()))?;
                let before = running.replace((started, batch.count));
                // How much a sample takes is known after the first, beside which nothing else is sent.
                if is_first { running.take() } else { before }
            }
            None if running.is_none() => break,
            None => running.take(),
        };
        if let Some((handle, count)) = ended {
            let seen = finish(context, handle)?;
            found = seen.tensors;
            running_s += seen.running_s;
            looking_s += seen.looking_s;
            if std::mem::take(&mut is_first) {
                inputs.limit(HELD_BYTES / (seen.bytes / count.max(1)).max(1));
            }
            samples += count;
            let share = samples as f64 / total.max(1) as f64;
            context.share(format!("Collect ranges, {samples} of {total} samples"), share);
        }
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
        purpose: key.purpose,
        source,
        samples,
        inference_s: running_s,
        looking_s,
        tensors: found,
    })
}

/// Names of the model's float inputs.
fn float_inputs(graph: &Graph) -> impl Iterator<Item = String> + '_ {
    let inputs = graph.bodies.first().into_iter().flat_map(|top| &top.inputs);
    let floats = inputs
        .map(|id| graph.tensor(*id))
        .filter(|t| t.ty.dtype.is_some_and(DataType::is_float));
    floats.map(|t| t.name.to_string())
}

/// Inputs with infinite values that were not told of before. Masks have them for good reason; other data rarely.
fn infinite(inputs: &NamedTensors, told: &mut BTreeSet<String>) -> Vec<String> {
    let has = |t: &Tensor| t.dtype.is_float() && t.to_f64_iter().is_some_and(|mut v| v.any(f64::is_infinite));
    let found = inputs.iter().filter(|(_, t)| has(t)).map(|(name, _)| name.clone());
    found.filter(|name| told.insert(name.clone())).collect()
}

/// What a job saw.
struct Looked {
    tensors: BTreeMap<String, Observed>,
    bytes: u64,
    running_s: f64,
    looking_s: f64,
}

fn finish(context: &Context, handle: JobHandle) -> Result<Looked, JobError> {
    match context.finish_quietly(handle, None)? {
        JobOutput::Observed {
            tensors,
            bytes,
            running_s,
            looking_s,
        } => Ok(Looked {
            tensors,
            bytes,
            running_s,
            looking_s,
        }),
        other => Err(unexpected(&other)),
    }
}
