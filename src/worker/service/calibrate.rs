//! What values a model's tensors take: found by running it over the recipe's calibration data, kept in a file.

use super::accuracy::{could_be_preferred, reference_recipe, reference_worker};
use super::context::{Context, Step};
use super::estimate::model_hash;
use super::inputs::{Batch, Inputs, alone_words};
use super::{TaskOutput, request, unexpected};
use crate::data::NamedTensors;
use crate::files::write_known;
use crate::graph::{Graph, TensorKind};
use crate::model::{DataType, Model, Tensor};
use crate::recipe::{Recipe, TargetSpec};
use crate::rewrite::body_ranges;
use crate::rewrite::quantize::read_as_codes;
use crate::rewrite::{Calibration, Observed, PatchSpec, QuantizeSpec, apply_all};
use crate::worker::store::modified_ns;
use crate::worker::wire::sha256_hex;
use crate::worker::{Job, JobError, JobHandle, JobOutput, Worker};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, ScopedJoinHandle};
use std::time::Duration;

/// Inputs generated when the recipe has no data.
const GENERATED: u64 = 8;
/// Up to this many samples a session that is ready at once beats one that runs fast.
const FEW: u64 = 8;
/// Where the user's own calibrations are, in the folder of what the program learned.
const FOLDER: &str = "calibration";
/// Samples are run together as long as the tensors that are looked at take about this much at most.
const BATCH_BYTES: u64 = 64 << 20;

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
                // `weight_only` reads no activation as codes.
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
    let stopped = AtomicBool::new(false);
    // Hashing takes as long as everything else before the first inference, so that is done meanwhile.
    std::thread::scope(|scope| {
        let path = &recipe.model.path;
        let hashing = deep().spawn_scoped(scope, || model_hash(path, &mut || !stopped.load(Ordering::Relaxed)));
        let found = hashing
            .map_err(|e| request(format!("no thread to hash the model: {e}")))
            .and_then(|hashing| calibrate_with(context, recipe, cache, want, hashing));
        stopped.store(true, Ordering::Relaxed);
        found
    })
}

/// A thread to read a model in: its graphs may be nested as deep as they like.
fn deep() -> Builder {
    Builder::new().stack_size(64 << 20)
}

/// A thread that hashes the model.
type Hashing<'scope> = ScopedJoinHandle<'scope, io::Result<String>>;

fn calibrate_with(
    context: &Context,
    recipe: &Recipe,
    cache: Option<&Path>,
    want: &Want,
    hashing: Hashing<'_>,
) -> Result<Calibration, JobError> {
    let data = fingerprint(recipe).map_err(request)?;
    let purpose = want.purpose().map_err(request)?;
    let key = |hashing: Hashing<'_>| -> Result<Key, JobError> {
        Ok(Key {
            model_sha256: hashed(context, recipe, hashing)?,
            data,
            purpose,
        })
    };
    if let Some(file) = cache.filter(|f| f.exists()) {
        let wanted = key(hashing)?;
        return read(file)
            .and_then(|found| wanted.check(&found).map(|()| found))
            .map_err(|why| {
                request(format!(
                    "{}: {why}; remove the file or name another to calibrate anew",
                    file.display()
                ))
            });
    }
    let begun = begin(context, recipe, want);
    let known = context.data().map(|folder| folder.join(FOLDER));
    let may_know = known.is_some_and(|f| std::fs::read_dir(f).is_ok_and(|mut files| files.next().is_some()));
    // What may already be known, or must be what the recipe says, is compared before anything long.
    let (wanted, seen) = if may_know || recipe.model.sha256.is_some() {
        let wanted = key(hashing)?;
        for file in [wanted.purpose.as_str(), EVERYTHING]
            .iter()
            .filter_map(|purpose| wanted.file(context.data(), purpose))
            .filter(|f| f.exists())
        {
            if let Ok(found) = read(&file)
                && wanted.check(&found).is_ok()
            {
                context.log(None, "info", format!("ranges were known already: {}", found.source));
                store(cache, &found).map_err(request)?;
                return Ok(found);
            }
        }
        (wanted, observed(context, recipe, want, begun?)?)
    } else {
        let seen = observed(context, recipe, want, begun?)?;
        (key(hashing)?, seen)
    };
    let own = wanted.file(context.data(), &wanted.purpose);
    let found = Calibration {
        model_sha256: wanted.model_sha256,
        data: wanted.data,
        purpose: wanted.purpose,
        version: env!("CARGO_PKG_VERSION").into(),
        ..seen
    };
    store(cache, &found).map_err(request)?;
    // The user's own cache may fail: it only saves time.
    let _ = store(own.as_deref(), &found);
    Ok(found)
}

/// The model's hash, compared with what the recipe says.
fn hashed(context: &Context, recipe: &Recipe, hashing: Hashing<'_>) -> Result<String, JobError> {
    while !hashing.is_finished() {
        context.go_on()?;
        std::thread::sleep(Duration::from_millis(1));
    }
    let path = recipe.model.path.display();
    let hash = hashing
        .join()
        .map_err(|_| request(format!("{path}: it could not be hashed")))?;
    let hash = hash.map_err(|e| request(format!("{path}: {e}")))?;
    recipe.check_model_hash(&hash).map_err(request)?;
    Ok(hash)
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
                .join(FOLDER)
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
    write_known(path, &text).map_err(|e| format!("{}: {e}", path.display()))
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

/// What to look at, found in the graph.
struct Wanted {
    graph: Graph,
    tensors: Vec<String>,
    thresholds: Option<Vec<String>>,
    /// There are bodies of If, Loop and Scan to look into.
    has_bodies: bool,
}

impl Wanted {
    fn find(recipe: &Recipe, want: &Want) -> Result<Self, JobError> {
        let model = Model::open(&recipe.model.path).map_err(|e| request(e.to_string()))?;
        let mut model = Arc::new(model);
        if let Some(last) = apply_all(&model, recipe.before_lowering())
            .map_err(|e| request(e.to_string()))?
            .pop()
        {
            model = last.model;
        }
        let graph = Graph::new(model);
        let mut tensors: Vec<String> = graph
            .tensors
            .iter()
            .filter(|t| t.body == 0 && t.kind == TensorKind::Activation)
            .filter(|t| t.ty.dtype == Some(DataType::Float32) && t.ty.container.is_none())
            .map(|t| t.name.to_string())
            .collect();
        let wants_ranges = !matches!(want, Want::Quantization { ranges: false, .. });
        let has_bodies = wants_ranges && !body_ranges::seen(&graph).is_empty();
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
        Ok(Self {
            graph,
            tensors,
            thresholds,
            has_bodies,
        })
    }
}

/// A worker, and what to ask it.
struct Begun {
    worker: Arc<Worker>,
    target: TargetSpec,
    wanted: Wanted,
}

/// Starts the worker, and looks into the model meanwhile.
fn begin(context: &Context, recipe: &Recipe, want: &Want) -> Result<Begun, JobError> {
    std::thread::scope(|scope| {
        let wanted = deep().spawn_scoped(scope, || Wanted::find(recipe, want));
        let wanted = wanted.map_err(|e| request(format!("no thread to look into the model: {e}")))?;
        let started = reference_worker(context, recipe);
        let wanted = wanted
            .join()
            .map_err(|_| request("the model could not be looked into"))??;
        let (worker, target) = started?;
        Ok(Begun { worker, target, wanted })
    })
}

/// Runs the model over all samples: together where the model takes that, which only trying shows, else one at a time.
fn observed(context: &Context, recipe: &Recipe, want: &Want, begun: Begun) -> Result<Calibration, JobError> {
    let mut together = false;
    match observe(context, recipe, begun, Some(&mut together)) {
        Err(JobError::Engine(why)) if together => {
            context.log(None, "note", alone_words(&JobError::Engine(why)));
            observe(context, recipe, begin(context, recipe, want)?, None)
        }
        other => other,
    }
}

/// Runs the model over all samples. What it was, the caller knows. Sets `together` once several samples run at once, which
/// they never do without it.
fn observe(
    context: &Context,
    recipe: &Recipe,
    begun: Begun,
    mut together: Option<&mut bool>,
) -> Result<Calibration, JobError> {
    let Begun { worker, target, wanted } = begun;
    let Wanted {
        graph,
        tensors,
        thresholds,
        has_bodies,
    } = wanted;
    let mut inputs = Inputs::open(recipe, recipe.data.calibration.as_ref(), &graph, GENERATED)?;
    inputs.limit(1);
    if let Some(layout) = inputs.layout() {
        context.log(None, "note", layout.to_owned());
    }
    context.phase("Build the reference", None);
    let total = inputs.count();
    let build = |with_bodies: bool| {
        let mut patches = recipe.before_lowering().to_vec();
        patches.extend(with_bodies.then_some(PatchSpec::AddBodyRanges {}));
        let job = Job::BuildObserver {
            recipe: Box::new(reference_recipe(recipe, target.clone(), patches)),
            tensors: tensors.clone(),
            thresholds: thresholds.clone(),
            brief: total <= FEW,
        };
        context.begin(&worker, job)
    };
    let built = |building: &JobHandle| match context.finish(building, None, &mut |_| {}) {
        Ok(JobOutput::BuildObserver { record, .. }) => Ok(record),
        Ok(other) => Err(unexpected(&other)),
        Err(error) => Err(could_be_preferred(recipe, &target, error)),
    };
    let mut building = build(has_bodies)?;
    let mut record = None;
    if has_bodies {
        match built(&building) {
            Err(JobError::Engine(why)) => {
                let line = format!("what bodies of If, Loop and Scan compute is not seen: {why}");
                context.log(None, "warn", line);
                building = build(false)?;
            }
            other => record = Some(other?),
        }
    }
    let mut warned = BTreeSet::new();
    let mut send = |batch: Batch, last: bool| -> Result<(JobHandle, u64), JobError> {
        for name in infinite(&batch.tensors, &mut warned) {
            let line = format!("input {name} of the calibration data has infinite values; it gets no scale");
            context.log(None, "warn", line);
        }
        let job = Job::Observe {
            engine: building.id,
            inputs: batch.tensors,
            last,
        };
        Ok((context.begin(&worker, job)?, batch.count))
    };
    let mut next = inputs.next()?;
    // While the worker builds or runs one batch, the next is read and sent.
    let mut running = match next.take() {
        Some(first) => {
            next = inputs.next()?;
            Some(send(first, next.is_none())?)
        }
        None => None,
    };
    let record = match record {
        Some(record) => record,
        None => built(&building)?,
    };
    context.phase("Collect ranges", None);
    let mut samples = 0;
    let mut found = BTreeMap::new();
    let mut is_first = true;
    let (mut running_s, mut looking_s) = (0.0, 0.0);
    loop {
        context.go_on()?;
        let ended = match next.take() {
            // How much a sample takes is known after the first, beside which nothing else is sent.
            batch @ Some(_) if is_first => {
                next = batch;
                running.take()
            }
            Some(batch) => {
                next = inputs.next()?;
                running.replace(send(batch, next.is_none())?)
            }
            None if running.is_none() => break,
            None => running.take(),
        };
        if let Some((handle, count)) = ended {
            let seen = finish(context, handle)?;
            found = seen.tensors;
            running_s += seen.running_s;
            looking_s += seen.looking_s;
            if std::mem::take(&mut is_first)
                && let Some(together) = together.as_deref_mut()
            {
                *together = true;
                inputs.limit(BATCH_BYTES / (seen.bytes / count.max(1)).max(1));
            }
            samples += count;
            let share = samples as f64 / total.max(1) as f64;
            context.share(format!("Collect ranges, {samples} of {total} samples"), share);
        }
    }
    if samples == 1 && recipe.data.calibration.is_some() {
        context.log(
            None,
            "warn",
            "the calibration data is a single sample; ranges of others may be larger",
        );
    }
    Ok(Calibration {
        source: format!("{} on {} {}", inputs.words(samples), record.target, record.version),
        samples,
        inference_s: running_s,
        looking_s,
        tensors: found,
        ..Calibration::default()
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
