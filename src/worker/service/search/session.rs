//! One worker with a reference engine and its results, and the engines that are held against them.

use super::super::accuracy::reference;
use super::super::build::{Built, with_hash};
use super::super::context::Context;
use super::super::inputs::{Inputs, alone_words};
use super::super::{ServiceEvent, request, unexpected};
use crate::engine::EngineError;
use crate::format;
use crate::graph::Graph;
use crate::model::Model;
use crate::recipe::{BuildSpec, DataSource, Recipe, TargetSpec};
use crate::rewrite::search::{Errors, Macs, SearchSpec, Top1, macs};
use crate::rewrite::{PatchSpec, apply_all};
use crate::worker::{Job, JobError, JobOutput};
use std::sync::Arc;
use tempfile::TempDir;

/// Samples that are run together at most, where the model leaves that open.
const BATCH: u64 = 32;
/// Samples that suffice to tell layers that lose much from those that do not.
const SCREEN: u64 = 4;
/// Inputs made up where there is no data.
const GENERATED: u64 = 8;
/// Bytes of inputs and reference results that the worker keeps; no more samples are run.
const HELD: u64 = 1 << 30;
/// Workers that may be lost before the search gives up.
const LOST: u32 = 5;

/// How many samples an engine is run on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Those that tell which layers are worth measuring on more.
    Screen,
    /// Those that layers are ranked by.
    Rank,
    /// All.
    All,
}

/// What was run.
#[derive(Default)]
pub struct Facts {
    /// Target and version.
    pub reference: String,
    /// In words.
    pub data: String,
    /// Samples of [`Extent::Screen`].
    pub screen_samples: u64,
    /// Samples of [`Extent::Rank`].
    pub rank_samples: u64,
    /// Samples of [`Extent::All`].
    pub samples: u64,
    /// The reference's own.
    pub top1: Option<Top1>,
}

/// The model in float32, the data, and the worker.
pub struct Session<'a> {
    context: &'a Context,
    /// Of the model in float32, without patches and variants.
    recipe: Recipe,
    /// Where that model is; removed with the session.
    _folder: TempDir,
    graph: Graph,
    source: Option<DataSource>,
    rank_samples: u64,
    macs: Macs,
    facts: Facts,
    notes: Vec<String>,
    live: Option<Live>,
    lost: u32,
}

struct Live {
    reference: Built,
    /// Batches that the worker keeps.
    batches: u64,
    /// Of these, those that layers are ranked by.
    rank_batches: u64,
    /// Of these, those that tell which layers are worth measuring on more.
    screen_batches: u64,
}

impl<'a> Session<'a> {
    /// Reads the model and applies the patches that come before precision is lowered, once for all engines.
    ///
    /// # Errors
    /// A model, patches or data that cannot be used.
    pub fn open(
        context: &'a Context,
        recipe: &Recipe,
        before: &[PatchSpec],
        spec: &SearchSpec,
    ) -> Result<Self, JobError> {
        let mut recipe = with_hash(context, recipe)?;
        recipe.patches.clear();
        recipe.variants.clear();
        recipe.build = BuildSpec::default();
        let model = Arc::new(Model::open(&recipe.model.path).map_err(|e| request(e.to_string()))?);
        let applied = apply_all(&model, before).map_err(|e| request(e.to_string()))?;
        let model = applied.last().map_or(model, |last| Arc::clone(&last.model));
        // With its weights in a file of their own, which all models that are tried share: none of them writes them again.
        let folder = tempfile::tempdir().map_err(|e| request(format!("no temporary folder: {e}")))?;
        let path = folder.path().join("float32.onnx");
        model.save_split(&path).map_err(|e| request(e.to_string()))?;
        let model = Arc::new(Model::open(&path).map_err(|e| request(e.to_string()))?);
        recipe.model.path = path;
        recipe.model.sha256 = None;
        recipe = with_hash(context, &recipe)?;
        let mut source = recipe.data.test.clone().or_else(|| recipe.data.calibration.clone());
        if let (Some(source), Some(most)) = (&mut source, spec.samples) {
            source.limit = Some(source.limit.map_or(most, |limit| limit.min(most)));
        }
        Ok(Self {
            context,
            recipe,
            _folder: folder,
            graph: Graph::new(model),
            source,
            rank_samples: spec.rank_samples.max(1),
            macs: Macs::default(),
            facts: Facts::default(),
            notes: Vec::new(),
            live: None,
            lost: 0,
        })
    }

    /// The model before precision is lowered.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What the model's nodes cost at the sizes of the data; known once started.
    pub fn macs(&self) -> &Macs {
        &self.macs
    }

    /// What is run; known once started.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// True where few samples stand for many.
    pub fn can_screen(&self) -> bool {
        2 * self.facts.screen_samples <= self.facts.rank_samples
    }

    /// What a reader must know.
    pub fn notes(self) -> Vec<String> {
        self.notes
    }

    /// Starts the worker, runs the reference on all samples. `half` says that combinations will compute in 16 bits.
    ///
    /// # Errors
    /// Data that does not fit; what the engine says; a reference that cannot tell what 16 bits lose.
    pub fn start(&mut self, half: bool) -> Result<(), JobError> {
        let reference = reference(self.context, &self.recipe, Vec::new())?;
        let record = &reference.record;
        if half && record.target == TargetSpec::default().name {
            return Err(JobError::Engine(EngineError::Unavailable(
                "the embedded engine computes 16-bit models in float32, so it cannot tell what they lose; \
                 `enginesmith targets install onnxruntime` fetches an engine that can"
                    .into(),
            )));
        }
        let target = format!("{} {}", record.target, record.version);
        let mut live = Live {
            reference,
            batches: 0,
            rank_batches: 0,
            screen_batches: 0,
        };
        let mut facts = Facts {
            reference: target,
            ..Facts::default()
        };
        // A batch of few samples comes first, where many are to follow.
        let most = match self.rank_samples {
            n if n >= 2 * SCREEN => SCREEN,
            n => n,
        };
        let mut inputs = Inputs::open(&self.recipe, self.source.as_ref(), &self.graph, GENERATED)?;
        inputs.limit(most);
        let (total, mut left_out) = (inputs.count(), 0);
        let (least, _) = super::super::accuracy::batch_range(&self.graph, std::iter::once(&self.recipe));
        while let Some(batch) = inputs.next()? {
            let share = facts.samples as f64 / total.max(1) as f64;
            self.context.share(
                format!("Run the reference, {} of {total} samples", facts.samples),
                share,
            );
            if self.source.is_some() && batch.count < least {
                left_out += batch.count;
                continue;
            }
            if live.batches == 0 {
                self.macs = macs(&self.graph, &batch.tensors);
            }
            let job = Job::Expect {
                engine: live.reference.engine,
                inputs: batch.tensors,
                samples: batch.count,
                labels: batch.labels,
            };
            let (bytes, top1) = match self.job(&live, job) {
                Ok(JobOutput::Expected { bytes, top1 }) => (bytes, top1),
                Ok(_) => return Err(JobError::Worker("the worker does not keep results".into())),
                Err(why @ JobError::Engine(_)) if inputs.one_at_a_time()? => {
                    self.context.log(None, "note", alone_words(&why));
                    continue;
                }
                Err(why) => return Err(why),
            };
            facts.top1 = top1;
            facts.samples += batch.count;
            live.batches += 1;
            if live.batches == 1 {
                (facts.screen_samples, live.screen_batches) = (facts.samples, 1);
            }
            // What is left of those that layers are ranked by makes up the next batch.
            let left = self.rank_samples.saturating_sub(facts.samples);
            inputs.limit(if left > 0 { left.min(BATCH) } else { BATCH });
            if facts.rank_samples < self.rank_samples {
                facts.rank_samples = facts.samples;
                live.rank_batches = live.batches;
            }
            if bytes > HELD {
                break;
            }
        }
        if facts.samples == 0 {
            return Err(request(format!(
                "no batch of the data has the {least} samples that the model needs"
            )));
        }
        facts.data = inputs.words(facts.samples);
        self.notes.clear();
        if left_out > 0 {
            let count = format::plural(usize::try_from(left_out).unwrap_or(usize::MAX), "sample");
            self.notes
                .push(format!("{count} left out: they do not fill a batch of {least}"));
        }
        if facts.samples + left_out < total {
            let held = format::bytes(HELD);
            let note = format!(
                "{} of {total} samples were run: more do not fit into {held}",
                facts.samples
            );
            self.notes.push(note);
        }
        if self.source.is_none() {
            let note = "there is no data: errors are those on generated inputs, which say little about real ones";
            self.notes.push(note.into());
        }
        self.facts = facts;
        self.live = Some(live);
        Ok(())
    }

    /// Builds the model with these patches, runs it, compares; the inner error says why that is not possible.
    ///
    /// # Errors
    /// Cancelled; a worker that is lost again and again, or cannot be started.
    pub fn run(&mut self, patches: Vec<PatchSpec>, extent: Extent) -> Result<Result<Errors, String>, JobError> {
        self.context.go_on()?;
        if self.live.is_none() {
            self.start(false)?;
        }
        let Some(live) = &self.live else {
            return Err(JobError::Worker("there is no worker".into()));
        };
        match self.attempt(live, patches, extent) {
            Ok(errors) => Ok(Ok(errors)),
            Err(JobError::Cancelled) => Err(JobError::Cancelled),
            Err(JobError::Engine(error)) => Ok(Err(error.to_string())),
            Err(JobError::Worker(message)) => {
                self.live = None;
                self.lost += 1;
                if self.lost >= LOST {
                    return Err(JobError::Worker(message));
                }
                let told = message.clone();
                self.context.tell(ServiceEvent::WorkerLost {
                    variant: None,
                    message: told,
                });
                Ok(Err(message))
            }
        }
    }

    fn attempt(&self, live: &Live, patches: Vec<PatchSpec>, extent: Extent) -> Result<Errors, JobError> {
        let target = TargetSpec {
            name: live.reference.record.target.clone(),
            ..self.recipe.accuracy.reference.clone().unwrap_or_default()
        };
        let mut recipe = Recipe {
            target,
            patches,
            ..self.recipe.clone()
        };
        if extent == Extent::Screen && recipe.target.name.starts_with("onnxruntime") {
            // A single run does not repay laying out the weights for it.
            recipe
                .build
                .options
                .insert("prepacking".into(), toml::Value::Boolean(false));
        }
        let job = Job::Build {
            recipe: Box::new(recipe),
            output: None,
            force: false,
        };
        let JobOutput::Build { engine, .. } = self.job(live, job)? else {
            return Err(JobError::Worker("the worker does not build".into()));
        };
        let judge = Job::Judge {
            engine,
            reference: live.reference.engine,
            batches: match extent {
                Extent::Screen => live.screen_batches,
                Extent::Rank => live.rank_batches,
                Extent::All => live.batches,
            },
        };
        let judged = self.job(live, judge);
        if !matches!(judged, Err(JobError::Worker(_))) {
            self.job(live, Job::Drop { engine })?;
        }
        match judged? {
            JobOutput::Judged { errors } => Ok(errors),
            other => Err(unexpected(&other)),
        }
    }

    fn job(&self, live: &Live, job: Job) -> Result<JobOutput, JobError> {
        self.context.run_quietly(&live.reference.worker, job, None)
    }
}
