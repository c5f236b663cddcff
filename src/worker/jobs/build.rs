//! Building an engine, and handing its file over.

use super::told::Told;
use super::{Loaded, Runner, failed, known, request};
use crate::check::corners::before_build;
use crate::data::profiles::settle;
use crate::data::shapes::run_shapes;
use crate::engine::{BuildContext, BuildRecord, BuildRequest, EngineError, Progress, Recorder, can_compute};
use crate::files::PREFIX;
use crate::graph::Graph;
use crate::model::Model;
use crate::recipe::Recipe;
use crate::worker::protocol::{Beside, CHUNK, FromWorker, ModelAt};
use crate::worker::store::{hash_file, sees_folder};
use crate::worker::{JobError, JobOutput, limit};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The engine file that a client wants.
pub(super) struct Wanted {
    /// On the client's side.
    pub(super) path: PathBuf,
    pub(super) beside: Option<Beside>,
}

/// The client's folder that a job is writing an engine to. The client removes it; when the client is gone, the worker does.
#[derive(Clone, Default)]
pub struct Writing(Arc<Mutex<Option<PathBuf>>>);

impl Writing {
    pub(super) fn set(&self, folder: Option<PathBuf>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = folder;
    }

    /// Removes the folder, if there is one.
    pub fn remove(&self) {
        let folder = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Only ever a folder that a client made for this, whatever it says.
        let is_ours = |f: &PathBuf| f.file_name().is_some_and(|n| n.to_string_lossy().starts_with(PREFIX));
        if let Some(folder) = folder.filter(is_ours) {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

impl Runner {
    pub(super) fn build(
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
        let patched = patched(&mut recorder, model, &recipe)?;
        limit::set(&recipe);
        let graph = recorder.stage("look at sizes", || Graph::new(Arc::clone(&patched)))?;
        let (recipe, notes) = with_profiles(&graph, recipe).map_err(request)?;
        notes.iter().for_each(|note| recorder.log("info", note));
        limit::refuse_too_large(&graph, &recipe, None)?;
        let scratch = self.store().scratch();
        let scratch = scratch.map_err(|e| failed(format!("no scratch folder: {e}")))?;
        can_compute::refuse_unknown_types(&*builder, &graph, &recipe, scratch.path())?;
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
            notes,
            ..engine.record().clone()
        };
        recorder.lead(&mut record);
        if let Some(file) = &file {
            self.deliver(told, file, seen.is_some(), &mut record)?;
        }
        let (inputs, outputs) = (engine.inputs().to_vec(), engine.outputs().to_vec());
        let loaded = Loaded {
            engine,
            graph,
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
        told.out.blob(told.id, sha256, bytes, |send| {
            let mut part = vec![0u8; CHUNK];
            loop {
                let n = file.read(&mut part).map_err(io)?;
                if n == 0 {
                    return Ok(());
                }
                if told.cancelled() {
                    return Err(JobError::Cancelled);
                }
                send(&part[..n]);
            }
        })
    }
}

/// The recipe with the profiles that the engine is built with, and what to say of them. What the builder would refuse is
/// refused here, in a sentence that names node and size.
fn with_profiles(graph: &Graph, mut recipe: Recipe) -> Result<(Recipe, Vec<String>), String> {
    let run = run_shapes(graph, &recipe);
    // An input without a rank has no shape to bind; what else does not fit is said with the shapes of the build.
    let runs: Vec<_> = run.into_iter().collect();
    let settled = settle(graph, &recipe, &[], &runs)?;
    recipe.profiles = settled.profiles;
    let mut notes = settled.notes;
    notes.extend(before_build(graph, &recipe.target.name, &recipe.profiles)?);
    Ok((recipe, notes))
}

/// The model after the recipe's patches.
pub(super) fn patched(recorder: &mut Recorder<'_>, model: Arc<Model>, recipe: &Recipe) -> Result<Arc<Model>, JobError> {
    if recipe.patches.is_empty() {
        return Ok(model);
    }
    let applied = recorder.stage("apply patches", || crate::rewrite::apply_all(&model, &recipe.patches))?;
    let applied = applied.map_err(|e| request(e.to_string()))?;
    for (spec, patch) in recipe.patches.iter().zip(&applied) {
        recorder.log("info", &format!("{}: {}", spec.label(), patch.summary));
    }
    Ok(applied.last().map_or(model, |p| Arc::clone(&p.model)))
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
