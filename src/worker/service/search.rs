//! Searching for the layers that lose accuracy when precision is lowered: which they are, and which to keep under a limit.
//!
//! Every layer and every combination is really built and run, in one worker that keeps the reference's results
//! (`session`). What is run next, and what it means, is decided by [`crate::rewrite::search`].

pub mod mixes;
mod session;

use super::context::{Context, Step};
use super::{ServiceEvent, TaskOutput, request};
use crate::engine::EngineError;
use crate::format;
use crate::recipe::Recipe;
use crate::rewrite::PatchSpec;
use crate::rewrite::search::{
    Choice, Errors, Layers, Limit, Measured, Metric, Search, SearchEvent, SearchSpec, Trial, TrialKind, Way, keep,
    layers, loss, most_lowered, only, precision_patch, rank,
};
use crate::worker::JobError;
use session::{Extent, Session};
use std::collections::HashMap;
use std::time::Instant;

/// Runs that a search under a limit is guessed to take; only the estimate of the time left comes from it.
const LIMIT_RUNS: f64 = 10.0;

/// The task.
pub fn run(context: &Context, recipe: &Recipe, spec: &SearchSpec) -> Result<TaskOutput, JobError> {
    let at = precision_patch(&recipe.patches).ok_or_else(|| request("no patch of the recipe lowers precision"))?;
    let (before, lowering) = recipe.patches.split_at(at);
    let lowering: Vec<PatchSpec> = lowering.iter().map(with_io_types).collect();
    let Some(patch) = lowering.first() else {
        return Err(request("no patch of the recipe lowers precision"));
    };
    context.plan([1.0, 5.0, 5.0, 60.0, 10.0, 10.0].map(Step::guess).to_vec());
    context.phase("Read model", None);
    let mut session = Session::open(context, recipe, before, spec)?;
    context.phase("Run the reference", None);
    session.start(lowering.iter().any(|p| matches!(p, PatchSpec::Cast(_))))?;
    let layers = layers(session.graph(), patch, session.macs()).map_err(request)?;
    if layers.layers.is_empty() {
        let label = patch.label();
        return Err(request(format!("{label}: no node of the model can be lowered")));
    }
    let search = blank(&session, spec, patch, &layers);
    // A limit that the data cannot answer is refused before anything is measured.
    let needs_labels = spec.limit.is_some_and(|l| l.metric == Metric::Top1Drop);
    if needs_labels && search.reference_top1.is_none() {
        return Err(request(
            "a limit on top1-drop needs labels and an output with one score per class; name the labels of the data",
        ));
    }
    context.tell(ServiceEvent::Search(SearchEvent::Layers(Box::new(search.clone()))));
    let mut hunt = Hunt {
        context,
        spec,
        lowering: &lowering,
        layers,
        search,
        ran: HashMap::new(),
        lowered: None,
        session,
    };
    hunt.measure()?;
    hunt.points()?;
    if let Some(limit) = spec.limit {
        hunt.limit(limit)?;
    }
    let mut search = hunt.search;
    search.notes.extend(hunt.session.notes());
    Ok(TaskOutput::Search(Box::new(search)))
}

/// Inputs and outputs keep their types while combinations are run: data and reference results are in float32.
fn with_io_types(patch: &PatchSpec) -> PatchSpec {
    match patch {
        PatchSpec::Cast(spec) => {
            let mut spec = spec.clone();
            spec.keep_io_types = true;
            PatchSpec::Cast(spec)
        }
        other => other.clone(),
    }
}

/// What is known before anything was measured.
fn blank(session: &Session<'_>, spec: &SearchSpec, patch: &PatchSpec, layers: &Layers) -> Search {
    let measured = layers.layers.iter().map(|layer| Measured {
        layer: layer.clone(),
        errors: None,
        failure: None,
    });
    let facts = session.facts();
    // Layers that differ little from each other are told apart by more samples; those that lose little need not be.
    let few = spec.way == Way::OneLowered && layers.layers.len() > AGAIN && session.can_screen();
    Search {
        patch: patch.label().into(),
        reference: facts.reference.clone(),
        data: facts.data.clone(),
        way: spec.way,
        screen_samples: if few { facts.screen_samples } else { facts.rank_samples },
        rank_samples: facts.rank_samples,
        samples: facts.samples,
        layers: measured.collect(),
        ranking: Vec::new(),
        reference_top1: facts.top1,
        limit: spec.limit,
        trials: Vec::new(),
        found: None,
        notes: Vec::new(),
    }
}

/// Layers that are measured again on more samples, where all were measured on few; as many as the largest of the usual points
/// keeps.
const AGAIN: usize = 16;

struct Hunt<'a> {
    context: &'a Context,
    spec: &'a SearchSpec,
    /// The patch that is searched, and those behind it.
    lowering: &'a [PatchSpec],
    layers: Layers,
    search: Search,
    /// Trials by what is kept in them, sorted.
    ran: HashMap<Vec<usize>, usize>,
    /// When one layer is kept at a time: the error with none kept, on the samples that layers are measured on.
    lowered: Option<Errors>,
    session: Session<'a>,
}

impl Hunt<'_> {
    /// Measures every layer, and ranks them.
    fn measure(&mut self) -> Result<(), JobError> {
        let context = self.context;
        context.phase("Run with everything lowered", None);
        let began = Instant::now();
        self.trial(TrialKind::Point, Vec::new())?;
        let seconds = began.elapsed().as_secs_f64();
        // When one layer is kept at a time, what it wins is told on the same samples.
        self.lowered = match self.spec.way {
            Way::OneLowered => None,
            Way::OneKept => self.session.run(self.lowering.to_vec(), Extent::Rank)?.ok(),
        };
        let count = self.search.layers.len();
        let limit_runs = if self.spec.limit.is_some() { LIMIT_RUNS } else { 0.0 };
        let few = self.search.screen_samples < self.search.rank_samples;
        let (first, again) = match few {
            true => (Extent::Screen, AGAIN),
            false => (Extent::Rank, 0),
        };
        context.replan(vec![
            Step::guess(seconds * count as f64),
            Step::known(seconds * again as f64),
            Step::known(seconds * self.spec.points.len() as f64),
            Step::known(seconds * limit_runs),
        ]);
        context.phase("Measure layers", None);
        for index in 0..count {
            let name = format!("Measure layers, {} of {count}", index + 1);
            context.share(name, index as f64 / count as f64);
            self.layer(index, first)?;
        }
        if self.search.layers.iter().all(|m| m.errors.is_none()) {
            let first = self.search.layers.iter().find_map(|m| m.failure.as_deref());
            let message = format!("no layer could be run: {}", first.unwrap_or("no reason was given"));
            return Err(JobError::Engine(EngineError::Failed(message)));
        }
        context.phase("Measure the worst again", None);
        if few {
            let mut worst = rank(&self.search.layers, self.spec.way, None);
            worst.truncate(AGAIN);
            for (done, index) in worst.iter().enumerate() {
                let name = format!("Measure the worst again, {} of {AGAIN}", done + 1);
                context.share(name, done as f64 / AGAIN as f64);
                self.layer(*index, Extent::Rank)?;
            }
        }
        self.search.ranking = rank(&self.search.layers, self.spec.way, self.lowered.as_ref());
        let ranking = self.search.ranking.clone();
        context.tell(ServiceEvent::Search(SearchEvent::Ranked(ranking)));
        Ok(())
    }

    /// Measures a layer and tells of it; a second time what could not be measured keeps its first figure.
    fn layer(&mut self, index: usize, extent: Extent) -> Result<(), JobError> {
        let outcome = match self.one(index) {
            Ok(patches) => self.session.run(patches, extent)?,
            Err(why) => Err(why),
        };
        let Some(measured) = self.search.layers.get_mut(index) else {
            return Ok(());
        };
        match outcome {
            Ok(errors) => (measured.errors, measured.failure) = (Some(errors), None),
            Err(why) if measured.errors.is_none() => measured.failure = Some(why),
            Err(_) => {}
        }
        let measured = Box::new(measured.clone());
        self.context
            .tell(ServiceEvent::Search(SearchEvent::Layer { index, measured }));
        Ok(())
    }

    /// The patches that tell what this layer loses.
    fn one(&self, index: usize) -> Result<Vec<PatchSpec>, String> {
        match (self.spec.way, self.lowering.first(), self.layers.layers.get(index)) {
            (Way::OneLowered, Some(patch), Some(layer)) => Ok(vec![only(patch, layer)]),
            _ => self.kept(&[index]),
        }
    }

    fn kept(&self, kept: &[usize]) -> Result<Vec<PatchSpec>, String> {
        let layers: Vec<_> = kept.iter().filter_map(|i| self.layers.layers.get(*i)).collect();
        keep(self.lowering, &layers, kept.len() == self.layers.layers.len())
    }

    /// Keeps the worst N, for each N asked for.
    fn points(&mut self) -> Result<(), JobError> {
        self.context.phase("Run combinations", None);
        let most = self.search.worst(usize::MAX).len();
        let mut points: Vec<usize> = self.spec.points.iter().copied().filter(|n| *n <= most).collect();
        points.sort_unstable();
        points.dedup();
        for (done, n) in points.iter().enumerate() {
            let name = format!("Run with the worst {n} kept");
            self.context.share(name, done as f64 / points.len() as f64);
            self.trial(TrialKind::Point, self.search.worst(*n))?;
        }
        Ok(())
    }

    /// Looks for the layers to keep so that the limit holds and the most stays lowered.
    fn limit(&mut self, limit: Limit) -> Result<(), JobError> {
        self.context.phase(format!("Look for what to keep, {limit}"), None);
        let order = self.search.worst(usize::MAX);
        let at = |ranks: &[usize]| -> Vec<usize> { ranks.iter().filter_map(|r| order.get(*r).copied()).collect() };
        let mut runs = 0.0;
        let choice = |measured: &Measured| Choice {
            loss: loss(measured, self.spec.way, self.lowered.as_ref()),
            macs: measured.layer.macs.unwrap_or(0),
        };
        let choices = order.iter().filter_map(|i| self.search.layers.get(*i)).map(choice);
        let choices: Vec<Choice> = choices.collect();
        let found = most_lowered(&choices, |ranks, kind| {
            runs += 1.0;
            let name = match kind {
                TrialKind::GiveBack => format!("Look for what to keep: lower one again, {} kept", ranks.len()),
                _ => format!("Look for what to keep: {} kept", ranks.len()),
            };
            // How many runs it takes shows only at the end.
            self.context.share(name, runs / (runs + LIMIT_RUNS));
            let trial = self.trial(kind, at(ranks))?;
            Ok::<_, JobError>(self.search.trials.get(trial).and_then(|t| t.holds) == Some(true))
        })?;
        if found.is_none() {
            let all = format::plural(order.len(), "layer");
            let note = format!("{limit} does not hold even with all of {all} kept");
            self.search.notes.push(note);
        }
        // A combination that ran for another reason may hold as well.
        self.search.found = self.search.best_that_holds();
        Ok(())
    }

    /// Runs a combination, unless it ran before; its index among the trials.
    fn trial(&mut self, kind: TrialKind, kept: Vec<usize>) -> Result<usize, JobError> {
        let mut key = kept.clone();
        key.sort_unstable();
        if let Some(known) = self.ran.get(&key) {
            return Ok(*known);
        }
        let outcome: Result<Errors, String> = match self.kept(&kept) {
            Ok(patches) => self.session.run(patches, Extent::All)?,
            Err(why) => Err(why),
        };
        let reference = self.search.reference_top1;
        let holds = |limit: Limit| outcome.as_ref().is_ok_and(|errors| limit.holds(errors, reference));
        let trial = Trial {
            kind,
            lowered_macs: self.layers.lowered_macs(&kept),
            kept,
            holds: self.spec.limit.map(holds),
            errors: outcome.as_ref().ok().cloned(),
            failure: outcome.err(),
        };
        let index = self.search.trials.len();
        self.ran.insert(key, index);
        self.search.trials.push(trial.clone());
        self.context
            .tell(ServiceEvent::Search(SearchEvent::Trial(Box::new(trial))));
        Ok(index)
    }
}
