//! Jobs as the worker runs them, one after another, on the engines it holds. `build` makes and delivers engines, `measure`
//! takes times, `values` looks at results, `observe` at what inner tensors hold, `told` is what the client hears meanwhile.

mod build;
mod measure;
mod observe;
mod told;
mod values;

pub use build::Writing;
pub use told::Out;

use super::host::Host;
use super::judge::Expected;
use super::protocol::{Beside, FromWorker, ModelAt};
use super::store::Store;
use super::wire::tensors_from_bytes;
use super::{Job, JobError, JobOutput};
use crate::engine::{Builder, Engine, EngineError, Progress, builder};
use crate::graph::Graph;
use crate::model::Model;
use build::Wanted;
use observe::Observer;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use told::Told;

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

/// An engine and the graph it was built from.
struct Loaded {
    engine: Box<dyn Engine>,
    graph: Graph,
    /// What it made of inputs, where it is a reference for others.
    expected: Arc<Expected>,
}

/// Runs jobs.
pub struct Runner {
    out: Out,
    store: Arc<Mutex<Store>>,
    host: Host,
    engines: HashMap<u64, Loaded>,
    observers: HashMap<u64, Observer>,
    writing: Writing,
}

impl Runner {
    /// A runner without engines.
    pub fn new(out: Out, store: Arc<Mutex<Store>>, host: Host, writing: Writing) -> Self {
        Self {
            out,
            store,
            host,
            engines: HashMap::new(),
            observers: HashMap::new(),
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
                Err(EngineError::Failed(format!(
                    "an internal error of the engine's library or of this program, which ended this job alone; it says: {text}"
                ))
                .into())
            })
        };
        // Told before the end of the job is: from then on the folder is the client's alone.
        self.writing.set(None);
        let body = match result {
            Ok(output) => FromWorker::Done {
                output: Box::new(output),
            },
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
        let packed = work.inputs;
        let inputs = || {
            let packed = packed.ok_or_else(|| request("the job came without its inputs".into()))?;
            tensors_from_bytes(&packed.into()).map_err(request)
        };
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
                let inputs = inputs()?;
                self.infer(&told, engine, &inputs, &tensors)
            }
            Job::Profile {
                engine,
                recipe,
                seed,
                runs,
            } => self.profile(engine, &recipe, seed, runs),
            Job::BuildObserver {
                recipe,
                tensors,
                thresholds,
                brief,
            } => self.build_observer(&told, *recipe, model()?, (tensors, thresholds), brief),
            Job::Observe { engine, last, .. } => {
                let inputs = inputs()?;
                self.observe(engine, &inputs, last)
            }
            Job::Expect {
                engine,
                samples,
                labels,
                ..
            } => {
                let inputs = inputs()?;
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
                self.observers.remove(&engine);
                Ok(JobOutput::Dropped)
            }
        }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn loaded(&mut self, engine: u64) -> Result<&mut Loaded, JobError> {
        let loaded = self.engines.get_mut(&engine);
        loaded.ok_or_else(|| request(format!("there is no engine {engine} in this worker")))
    }
}

fn known(target: &str) -> Result<Box<dyn Builder>, JobError> {
    builder(target).ok_or_else(|| {
        let names = crate::engine::TARGETS.join(", ");
        request(format!("the worker knows no target {target:?}; it knows {names}"))
    })
}

fn request(message: String) -> JobError {
    JobError::Engine(EngineError::Request(message))
}

fn failed(message: impl Into<String>) -> JobError {
    JobError::Engine(EngineError::Failed(message.into()))
}
