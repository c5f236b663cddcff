//! Jobs as the worker runs them, one after another, on the engines it holds.

use super::host::Host;
use super::judge::Expected;
use super::observe::Collector;
use super::protocol::{Beside, CHUNK, FromWorker, Message, ModelAt};
use super::store::{Store, hash_file, sees_folder};
use super::wire::{sha256_hex, tensors_from_bytes, tensors_to_bytes, to_base64};
use super::{BESIDE, Job, JobError, JobOutput};
use crate::bench::Sample;
use crate::bench::measure::{Plan, measure};
use crate::data::NamedTensors;
use crate::engine::{
    BuildContext, BuildRecord, BuildRequest, Builder, Engine, EngineError, Progress, Recorder, Stage, builder,
};
use crate::graph::Graph;
use crate::model::Model;
use crate::recipe::Recipe;
use crate::recipe::units::format_named_shape;
use crossbeam_channel::Sender;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A job with what it needs.
pub struct Work {
    /// Its id.
    pub id: u64,
    /// What to do.
    pub job: Job,
    /// Where its model is.
    pub model: Option<ModelAt>,
    /// Where its engine may be written.
    pub beside: Option<Beside>,
    /// Its inputs, packed.
    pub inputs: Option<Vec<u8>>,
    /// Set when it should stop.
    pub cancelled: Arc<AtomicBool>,
}

/// Where messages go.
#[derive(Clone)]
pub struct Out(pub Sender<Message<FromWorker>>);

impl Out {
    fn send(&self, id: u64, body: FromWorker) {
        // Fails only when nobody listens any more; the process is about to end then.
        let _ = self.0.send(Message::new(id, body));
    }
}

/// An engine and the graph it was built from.
struct Loaded {
    engine: Box<dyn Engine>,
    graph: Graph,
    /// What was seen of its inner tensors since somebody asked.
    seen: Collector,
    /// What it made of inputs, where it is a reference for others.
    expected: Arc<Expected>,
}

/// The engine file that a client wants.
struct Wanted {
    /// On the client's side.
    path: PathBuf,
    beside: Option<Beside>,
}

/// Runs jobs.
pub struct Runner {
    out: Out,
    store: Arc<Mutex<Store>>,
    host: Host,
    engines: HashMap<u64, Loaded>,
    writing: Writing,
}

/// The client's folder that a job is writing an engine to. The client removes it; when the client is gone, the worker does.
#[derive(Clone, Default)]
pub struct Writing(Arc<Mutex<Option<PathBuf>>>);

impl Writing {
    fn set(&self, folder: Option<PathBuf>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = folder;
    }

    /// Removes the folder, if there is one.
    pub fn remove(&self) {
        let folder = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Only ever a folder that a client made for this, whatever it says.
        let is_ours = |f: &PathBuf| f.file_name().is_some_and(|n| n.to_string_lossy().starts_with(BESIDE));
        if let Some(folder) = folder.filter(is_ours) {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// The job's side of an engine's progress.
struct Told<'a> {
    id: u64,
    out: &'a Out,
    cancelled: &'a AtomicBool,
}

impl Progress for Told<'_> {
    fn stage(&self, stage: Stage) {
        self.out.send(self.id, FromWorker::Stage { stage });
    }

    fn log(&self, severity: &str, line: &str) {
        let (severity, line) = (severity.into(), line.into());
        self.out.send(self.id, FromWorker::Log { severity, line });
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

impl Runner {
    /// A runner without engines.
    pub fn new(out: Out, store: Arc<Mutex<Store>>, host: Host, writing: Writing) -> Self {
        Self {
            out,
            store,
            host,
            engines: HashMap::new(),
            writing,
        }
    }

    /// Runs a job and tells how it ended. A panic inside is a failure of that job alone.
    pub fn run(&mut self, work: Work) {
        let id = work.id;
        let cancelled = Arc::clone(&work.cancelled);
        let result = if cancelled.load(Ordering::Relaxed) {
            Err(JobError::Cancelled)
        } else {
            catch_unwind(AssertUnwindSafe(|| self.dispatch(work))).unwrap_or_else(|panic| {
                let text = panic.downcast_ref::<&str>().map(|s| (*s).to_string());
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
                let text = text.unwrap_or_else(|| "no message".into());
                Err(EngineError::Failed(format!("the engine panicked: {text}")).into())
            })
        };
        // Told before the end of the job is: from then on the folder is the client's alone.
        self.writing.set(None);
        let body = match result {
            Ok(output) => FromWorker::Done { output },
            Err(error) => FromWorker::Failed { error },
        };
        self.out.send(id, body);
    }

    fn dispatch(&mut self, work: Work) -> Result<JobOutput, JobError> {
        let out = self.out.clone();
        let told = Told {
            id: work.id,
            out: &out,
            cancelled: &work.cancelled,
        };
        // The job names the client's file; this is where it is here.
        let model = match &work.model {
            Some(at) => Some(self.store().model(at).map_err(failed)?),
            None => None,
        };
        let model = || model.as_deref().ok_or_else(|| failed("the job came without its model"));
        match work.job {
            Job::Targets => Ok(JobOutput::Targets {
                targets: crate::engine::builders().iter().map(|b| b.target()).collect(),
            }),
            Job::Parse { target, build, .. } => {
                let model = Model::open(model()?).map_err(|e| request(e.to_string()))?;
                let report = known(&target.name)?.parse(&model, &target, &build)?;
                Ok(JobOutput::Parse { report })
            }
            Job::Build { recipe, output, .. } => {
                let wanted = output.map(|path| Wanted {
                    path,
                    beside: work.beside,
                });
                self.build(&told, *recipe, model()?, work.model.as_ref(), wanted)
            }
            Job::Bench { engine, recipe, seed } => self.bench(&told, engine, &recipe, seed),
            Job::Infer { engine, tensors, .. } => {
                let inputs = work
                    .inputs
                    .ok_or_else(|| request("the job came without its inputs".into()))?;
                let inputs = tensors_from_bytes(&inputs.into()).map_err(request)?;
                self.infer(&told, engine, &inputs, &tensors)
            }
            Job::Profile {
                engine,
                recipe,
                seed,
                runs,
            } => self.profile(engine, &recipe, seed, runs),
            Job::Observe {
                engine,
                thresholds,
                last,
                ..
            } => {
                let inputs = work
                    .inputs
                    .ok_or_else(|| request("the job came without its inputs".into()))?;
                let inputs = tensors_from_bytes(&inputs.into()).map_err(request)?;
                self.observe(engine, &inputs, thresholds, last)
            }
            Job::Expect {
                engine,
                samples,
                labels,
                ..
            } => {
                let inputs = work
                    .inputs
                    .ok_or_else(|| request("the job came without its inputs".into()))?;
                let inputs = tensors_from_bytes(&inputs.into()).map_err(request)?;
                self.expect(engine, inputs, samples, labels)
            }
            Job::Judge {
                engine,
                reference,
                batches,
            } => {
                let expected = Arc::clone(&self.loaded(reference)?.expected);
                let judged = &mut *self.loaded(engine)?.engine;
                let errors = expected.judge(judged, batches, &mut || !told.cancelled())?;
                Ok(JobOutput::Judged { errors })
            }
            Job::InspectEngine { target, build, .. } => {
                let view = known(&target.name)?.inspect(model()?, &target, &build)?;
                Ok(JobOutput::InspectEngine { view: Box::new(view) })
            }
            Job::Drop { engine } => {
                self.engines.remove(&engine);
                Ok(JobOutput::Dropped)
            }
        }
    }

    fn build(
        &mut self,
        told: &Told<'_>,
        recipe: Recipe,
        path: &Path,
        at: Option<&ModelAt>,
        wanted: Option<Wanted>,
    ) -> Result<JobOutput, JobError> {
        let builder = known(&recipe.target.name)?;
        let mut recorder = Recorder::new(told);
        let model = recorder.stage("open model", || Model::open(path))?;
        let model = Arc::new(model.map_err(|e| request(e.to_string()))?);
        // Whoever knows the hash already has read the file: the store for an upload, the client for its own file.
        let known_hash = match at {
            Some(ModelAt::Files(files)) => files.first().map(|f| f.sha256.clone()),
            _ => recipe.model.sha256.clone(),
        };
        // Else it is hashed while the engine is built, which mostly has a processor to spare.
        let hashing = known_hash.is_none().then(|| {
            let model = Arc::clone(&model);
            std::thread::spawn(move || model.sha256())
        });
        let patched = if recipe.patches.is_empty() {
            model
        } else {
            let applied = recorder.stage("apply patches", || crate::rewrite::apply_all(&model, &recipe.patches))?;
            let applied = applied.map_err(|e| request(e.to_string()))?;
            for (spec, patch) in recipe.patches.iter().zip(&applied) {
                recorder.log("info", &format!("{}: {}", spec.label(), patch.summary));
            }
            applied.last().map_or(model, |p| Arc::clone(&p.model))
        };
        let scratch = self.store().scratch();
        let scratch = scratch.map_err(|e| failed(format!("no scratch folder: {e}")))?;
        let seen = wanted.as_ref().and_then(|w| w.beside.as_ref());
        let seen = seen.filter(|b| sees_folder(b)).map(|b| b.folder.clone());
        self.writing.set(seen.clone());
        let folder = seen.as_deref().unwrap_or(scratch.path());
        let file = wanted.as_ref().and_then(|w| Some(folder.join(w.path.file_name()?)));
        let asked = BuildRequest {
            model: Arc::clone(&patched),
            recipe,
            output: file.clone(),
        };
        let context = BuildContext {
            progress: told,
            scratch: scratch.path().to_path_buf(),
        };
        let engine = builder
            .build(&asked, &context)
            .map_err(|error| match (&file, &wanted) {
                (Some(file), Some(wanted)) => named(error, file, &wanted.path),
                _ => error,
            })?;
        if told.cancelled() {
            return Err(JobError::Cancelled);
        }
        let model_sha256 = match hashing {
            None => known_hash.unwrap_or_default(),
            Some(hashing) => recorder
                .stage("hash model", || hashing.join())?
                .map_err(|_| failed("the model could not be hashed"))?
                .map_err(|e| request(e.to_string()))?,
        };
        let mut recipe = asked.recipe;
        recipe.model.sha256 = Some(model_sha256.clone());
        let mut record = BuildRecord {
            recipe: recipe.to_toml(),
            model_sha256,
            ..engine.record().clone()
        };
        recorder.lead(&mut record);
        if let Some(file) = &file {
            self.deliver(told, file, seen.is_some(), &mut record)?;
        }
        let (inputs, outputs) = (engine.inputs().to_vec(), engine.outputs().to_vec());
        let graph = Graph::new(patched);
        let loaded = Loaded {
            engine,
            graph,
            seen: Collector::default(),
            expected: Arc::default(),
        };
        self.engines.insert(told.id, loaded);
        Ok(JobOutput::Build {
            engine: told.id,
            record,
            inputs,
            outputs,
        })
    }

    fn bench(&mut self, told: &Told<'_>, engine: u64, recipe: &Recipe, seed: u64) -> Result<JobOutput, JobError> {
        let host = self.host.clone();
        let loaded = self.loaded(engine)?;
        let shapes = crate::data::generate::bind_shapes(&loaded.graph, &recipe.bench.shapes, &recipe.profiles);
        let shapes = shapes.map_err(request)?;
        let (inputs, why) = crate::data::generate::generate(&loaded.graph, &shapes, seed).map_err(request)?;
        let mut environment = host.environment(loaded.engine.runtime(), loaded.engine.threads());
        environment.affinity = loaded.engine.pin();
        environment.gpu.extend(loaded.engine.gpu_state());
        let mut timed = loaded.engine.timed(&inputs)?;
        let is_gpu = timed.is_gpu();
        let plan = Plan::from_spec(&recipe.bench, is_gpu);
        let mut batch = |samples: &[Sample]| {
            if !samples.is_empty() {
                let rows = samples.iter().map(row).collect();
                told.out.send(told.id, FromWorker::Samples { rows });
            }
            !told.cancelled()
        };
        let measured = measure(&mut *timed, &plan, &mut batch);
        if told.cancelled() {
            return Err(JobError::Cancelled);
        }
        measured.map_err(failed)?;
        let notes = timed.notes();
        drop(timed);
        environment.gpu.extend(loaded.engine.gpu_state());
        Ok(JobOutput::Bench {
            environment,
            protocol: plan.protocol.name().into(),
            inputs: why,
            shapes: inputs
                .iter()
                .map(|(name, t)| format_named_shape(name, &t.dims))
                .collect(),
            is_gpu,
            notes,
            memory: super::host::Memory::now().map(Box::new),
        })
    }

    fn profile(&mut self, engine: u64, recipe: &Recipe, seed: u64, runs: u32) -> Result<JobOutput, JobError> {
        let host = self.host.clone();
        let loaded = self.loaded(engine)?;
        let shapes = crate::data::generate::bind_shapes(&loaded.graph, &recipe.bench.shapes, &recipe.profiles);
        let shapes = shapes.map_err(request)?;
        let (inputs, why) = crate::data::generate::generate(&loaded.graph, &shapes, seed).map_err(request)?;
        let mut environment = host.environment(loaded.engine.runtime(), loaded.engine.threads());
        environment.gpu.extend(loaded.engine.gpu_state());
        let mut profile = loaded.engine.profile(&inputs, runs)?;
        profile.lead_back(&loaded.graph);
        environment.gpu.extend(loaded.engine.gpu_state());
        Ok(JobOutput::Profile {
            environment,
            profile,
            inputs: why,
            shapes: inputs
                .iter()
                .map(|(name, t)| format_named_shape(name, &t.dims))
                .collect(),
        })
    }

    fn infer(
        &mut self,
        told: &Told<'_>,
        engine: u64,
        inputs: &NamedTensors,
        tensors: &[String],
    ) -> Result<JobOutput, JobError> {
        let engine = &mut self.loaded(engine)?.engine;
        let outputs = if tensors.is_empty() {
            engine.infer(inputs)?
        } else {
            engine.infer_with(inputs, tensors)?
        };
        let blob = tensors_to_bytes(&outputs);
        let (sha256, bytes) = (sha256_hex(&blob), blob.len() as u64);
        told.out.send(told.id, FromWorker::Blob { sha256, bytes });
        for chunk in blob.chunks(CHUNK) {
            let data = to_base64(chunk);
            told.out.send(told.id, FromWorker::Chunk { data });
        }
        told.out.send(told.id, FromWorker::BlobEnd);
        Ok(JobOutput::Infer { tensors: Vec::new() })
    }

    fn observe(
        &mut self,
        engine: u64,
        inputs: &NamedTensors,
        thresholds: Option<Vec<String>>,
        last: bool,
    ) -> Result<JobOutput, JobError> {
        let Loaded { engine, seen, .. } = self.loaded(engine)?;
        let thresholds: Option<HashSet<String>> = thresholds.map(|names| names.into_iter().collect());
        let wanted = |name: &str| thresholds.as_ref().is_none_or(|names| names.contains(name));
        let floats = inputs.iter().filter(|(_, t)| t.dtype.is_float());
        let given: Vec<(&str, Vec<f32>)> = floats.filter_map(|(n, t)| Some((n.as_str(), t.to_f32()?))).collect();
        let (mut bytes, mut looking) = (0, Duration::ZERO);
        let started = Instant::now();
        engine.observe(inputs, &mut |outputs| {
            let looked = Instant::now();
            let mut views: Vec<(&str, &[f32])> = given.iter().map(|(n, v)| (*n, v.as_slice())).collect();
            views.extend_from_slice(outputs);
            bytes = views.iter().map(|(_, v)| size_of_val(*v) as u64).sum();
            seen.add(&views, &wanted);
            looking = looked.elapsed();
        })?;
        let running = started.elapsed().saturating_sub(looking);
        let tensors = match last {
            true => std::mem::take(seen).observed(),
            false => BTreeMap::new(),
        };
        Ok(JobOutput::Observed {
            tensors,
            bytes,
            running_s: running.as_secs_f64(),
            looking_s: looking.as_secs_f64(),
        })
    }

    fn expect(
        &mut self,
        engine: u64,
        inputs: NamedTensors,
        samples: u64,
        labels: Vec<i64>,
    ) -> Result<JobOutput, JobError> {
        let loaded = self.loaded(engine)?;
        let outputs = loaded.engine.infer(&inputs)?;
        let expected =
            Arc::get_mut(&mut loaded.expected).ok_or_else(|| failed("the reference's results are in use"))?;
        expected.add(inputs, outputs, samples, labels);
        Ok(JobOutput::Expected {
            bytes: expected.bytes(),
            top1: expected.top1(),
        })
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn loaded(&mut self, engine: u64) -> Result<&mut Loaded, JobError> {
        let loaded = self.engines.get_mut(&engine);
        loaded.ok_or_else(|| request(format!("there is no engine {engine} in this worker")))
    }

    /// Hands the engine file over, as a blob unless the client sees it where it is; size and hash go to the record. An engine
    /// that hashed what it wrote has both there already.
    fn deliver(&self, told: &Told<'_>, path: &Path, is_seen: bool, record: &mut BuildRecord) -> Result<(), JobError> {
        let io = |e: std::io::Error| failed(format!("{}: {e}", path.display()));
        let mut file = File::open(path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        let sha256 = match record.engine_sha256.take() {
            Some(sha256) if record.engine_bytes == Some(bytes) => sha256,
            _ => {
                let sha256 = hash_file(path, &mut || !told.cancelled());
                if told.cancelled() {
                    return Err(JobError::Cancelled);
                }
                sha256.map_err(io)?
            }
        };
        record.engine_bytes = Some(bytes);
        record.engine_sha256 = Some(sha256.clone());
        if is_seen {
            told.out.send(told.id, FromWorker::Written { sha256, bytes });
            return Ok(());
        }
        told.out.send(told.id, FromWorker::Blob { sha256, bytes });
        let mut part = vec![0u8; CHUNK];
        loop {
            let n = file.read(&mut part).map_err(io)?;
            if n == 0 {
                break;
            }
            if told.cancelled() {
                return Err(JobError::Cancelled);
            }
            let data = to_base64(&part[..n]);
            told.out.send(told.id, FromWorker::Chunk { data });
        }
        told.out.send(told.id, FromWorker::BlobEnd);
        Ok(())
    }
}

/// The file that the user named, instead of where it is being written.
fn named(error: EngineError, written: &Path, wanted: &Path) -> EngineError {
    let (written, wanted) = (written.display().to_string(), wanted.display().to_string());
    match error {
        EngineError::Failed(text) => EngineError::Failed(text.replace(&written, &wanted)),
        EngineError::Request(text) => EngineError::Request(text.replace(&written, &wanted)),
        other => other,
    }
}

fn known(target: &str) -> Result<Box<dyn Builder>, JobError> {
    builder(target).ok_or_else(|| {
        let names = crate::engine::TARGETS.join(", ");
        request(format!("the worker knows no target {target:?}; it knows {names}"))
    })
}

fn row(s: &Sample) -> [f64; 8] {
    [
        s.start_enq_ms,
        s.end_enq_ms,
        s.start_h2d_ms,
        s.end_h2d_ms,
        s.start_compute_ms,
        s.end_compute_ms,
        s.start_d2h_ms,
        s.end_d2h_ms,
    ]
}

fn request(message: String) -> JobError {
    JobError::Engine(EngineError::Request(message))
}

fn failed(message: impl Into<String>) -> JobError {
    JobError::Engine(EngineError::Failed(message.into()))
}
