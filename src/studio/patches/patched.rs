//! The model after the recipe's patches: applied off the UI thread, with what every patch did and how the graph differs.

use crate::data::shapes::Known;
use crate::graph::Graph;
use crate::model::Model;
use crate::rewrite::decisions::{Decision, Notes, carried};
use crate::rewrite::{AppliedPatch, GraphDiff, PatchSpec, apply_all, diff};
use crate::studio::model::document::Analysis;
use crossbeam_channel::{Receiver, TryRecvError};
use std::sync::Arc;

/// What one patch did.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// In a sentence with counts.
    pub summary: String,
    /// Node and what was done to it, or why not.
    pub notes: Vec<(String, String)>,
}

/// The result of all patches.
pub struct Applied {
    /// By patch.
    pub steps: Vec<Step>,
    /// The patched model.
    pub analysis: Analysis,
    /// Against the model as opened.
    pub diff: GraphDiff,
    /// What becomes of the nodes of the model as opened.
    pub decisions_before: Vec<Decision>,
}

/// Where applying stands.
#[derive(Default)]
enum Progress {
    #[default]
    Nothing,
    Running(Receiver<Result<Applied, String>>),
    Ready(Box<Applied>),
    Failed(String),
}

/// The patched model of a document.
#[derive(Default)]
pub struct Patched {
    specs: Vec<PatchSpec>,
    /// The sizes that costs are counted at.
    at: Option<Arc<Known>>,
    progress: Progress,
}

impl Patched {
    /// Follows the recipe: takes in what arrived, applies patches that changed. True when there is a new result or none any more.
    pub fn follow(
        &mut self,
        model: &Arc<Model>,
        before: &Analysis,
        specs: &[PatchSpec],
        at: Option<&Arc<Known>>,
        wake: &Arc<dyn Fn() + Send + Sync>,
    ) -> bool {
        let mut changed = false;
        if let Progress::Running(result) = &self.progress {
            let result = match result.try_recv() {
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => {
                    Err("the thread that applies them stopped; this is a fault of Enginesmith".into())
                }
                Ok(result) => result,
            };
            self.progress = match result {
                Ok(applied) => Progress::Ready(Box::new(applied)),
                Err(why) => Progress::Failed(why),
            };
            changed = true;
        }
        let is_counted = specs.is_empty() || self.at.as_ref() == at;
        if self.specs == specs && is_counted {
            return changed;
        }
        self.specs = specs.to_vec();
        self.at = at.cloned();
        self.progress = if specs.is_empty() {
            Progress::Nothing
        } else {
            Progress::Running(start(
                Arc::clone(model),
                before,
                specs.to_vec(),
                at.cloned(),
                Arc::clone(wake),
            ))
        };
        true
    }

    /// The result, once there is one.
    pub fn applied(&self) -> Option<&Applied> {
        match &self.progress {
            Progress::Ready(applied) => Some(applied),
            _ => None,
        }
    }

    /// True while patches are applied.
    pub fn is_running(&self) -> bool {
        matches!(self.progress, Progress::Running(_))
    }

    /// Why they could not be applied.
    pub fn failure(&self) -> Option<&str> {
        match &self.progress {
            Progress::Failed(why) => Some(why),
            _ => None,
        }
    }
}

fn start(
    model: Arc<Model>,
    before: &Analysis,
    specs: Vec<PatchSpec>,
    at: Option<Arc<Known>>,
    wake: Arc<dyn Fn() + Send + Sync>,
) -> Receiver<Result<Applied, String>> {
    let (tell, result) = crossbeam_channel::bounded(1);
    let before = Arc::clone(&before.graph);
    // A thread that cannot be had drops the sender, which reads as failed. The stack is for deeply nested bodies.
    let _ = std::thread::Builder::new()
        .name("patches".into())
        .stack_size(64 << 20)
        .spawn(move || {
            let applied = apply_all(&model, &specs).map_err(|e| e.to_string()).map(|done| {
                let patched = done.last().map_or(&model, |p| &p.model);
                let notes = notes(&model, &done);
                let analysis = Analysis::of(patched).counted_at(at.as_ref()).decided(&notes);
                Applied {
                    diff: diff(&before, &analysis.graph),
                    decisions_before: carried(&before, &analysis.graph, &analysis.decisions),
                    analysis,
                    steps: done
                        .into_iter()
                        .map(|p| Step {
                            summary: p.summary,
                            notes: p.notes,
                        })
                        .collect(),
                }
            });
            let _ = tell.send(applied);
            drop(tell);
            wake();
        });
    result
}

/// What the patches that lower precision noted about nodes.
fn notes(model: &Arc<Model>, done: &[AppliedPatch]) -> Notes {
    let mut notes = Notes::default();
    for (i, step) in done.iter().enumerate().filter(|(_, s)| s.spec.is_precision()) {
        let before = i.checked_sub(1).and_then(|i| done.get(i)).map_or(model, |s| &s.model);
        notes.add(&Graph::new(Arc::clone(before)), &step.notes);
    }
    notes
}
