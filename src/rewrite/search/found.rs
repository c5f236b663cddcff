//! What a search is asked and what it finds, as data.

use super::{Errors, Layer, Limit, Metric, Top1, pareto};
use crate::rewrite::PatchSpec;
use serde::{Deserialize, Serialize};

/// How layers are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// One layer lowered, all others as in the reference: the error is the layer's own.
    #[default]
    OneLowered,
    /// All layers lowered but one: what keeping it wins back.
    OneKept,
}

impl Way {
    /// `one-lowered`, as the command line writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneLowered => "one-lowered",
            Self::OneKept => "one-kept",
        }
    }
}

/// What to do.
#[derive(Clone, PartialEq, Debug)]
pub struct SearchSpec {
    /// How layers are told apart.
    pub way: Way,
    /// Samples that the worst layers are measured on, at most. Few suffice to rank layers; where layers are many, fewer still
    /// tell which those are, see [`Search::screen_samples`].
    pub rank_samples: u64,
    /// Samples that combinations are run on, at most; none means all of the data (up to what fits in memory, see
    /// [`Search::samples`]).
    pub samples: Option<u64>,
    /// Run "keep the worst N" for each of these N; larger ones than there are layers are left out.
    pub points: Vec<usize>,
    /// Find the layers to keep so that this holds and the most stays lowered.
    pub limit: Option<Limit>,
}

impl Default for SearchSpec {
    fn default() -> Self {
        Self {
            way: Way::default(),
            rank_samples: 32,
            samples: None,
            points: vec![0, 1, 2, 4, 8, 16],
            limit: None,
        }
    }
}

/// A layer with what was measured.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// The layer.
    pub layer: Layer,
    /// Error at the model's outputs with this layer alone lowered (or alone kept, see [`Search::way`]); none until it was
    /// measured, or when it could not be.
    pub errors: Option<Errors>,
    /// Why it could not be measured.
    pub failure: Option<String>,
}

/// Why a combination was run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrialKind {
    /// Asked for: the worst N are kept.
    Point,
    /// The limit is looked for: the first N of an order are kept, see [`super::most_lowered`].
    Limit,
    /// A layer that was kept is lowered again.
    GiveBack,
}

/// A combination that was really built and run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Trial {
    /// Why.
    pub kind: TrialKind,
    /// Layers kept in higher precision: indices into [`Search::layers`], worst first.
    pub kept: Vec<usize>,
    /// Share of the model's multiply-accumulates that are lowered, 0..=1; none when that of some node is not known.
    pub lowered_macs: Option<f64>,
    /// Error at the model's outputs; none when it could not be run.
    pub errors: Option<Errors>,
    /// Why it could not be run.
    pub failure: Option<String>,
    /// Whether the limit holds; none without a limit.
    pub holds: Option<bool>,
}

/// What a search tells while it runs, in this order: `Layers`, a `Trial` with nothing kept, every `Layer` (the worst a second
/// time, where layers are many), `Ranked`, more `Trial`s.
/// `ServiceEvent::Phase` tells progress and the time left beside it.
#[derive(Clone, Debug)]
pub enum SearchEvent {
    /// What will be measured: a table to fill. All errors are none yet.
    Layers(Box<Search>),
    /// A layer was measured.
    Layer {
        /// Index into [`Search::layers`].
        index: usize,
        /// The layer, now with errors or with why not.
        measured: Box<Measured>,
    },
    /// All layers were measured: indices into [`Search::layers`], worst first.
    Ranked(Vec<usize>),
    /// A combination was run: a point of the picture, a line of the trace.
    Trial(Box<Trial>),
}

/// The result. A table of `layers` in the order of `ranking`, a picture of `trials` (cost against error), a slider "keep the
/// worst N" that takes [`Search::worst`] to [`super::keep`], a trace in the order of `trials`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Search {
    /// What the layers are lowered by: the patch's label.
    pub patch: String,
    /// Target and version that all errors were measured on, and whose float32 results are the reference.
    pub reference: String,
    /// What was run, in words: `32 samples of test.npz`.
    pub data: String,
    /// How layers were told apart.
    pub way: Way,
    /// Samples that each layer was measured on. Fewer than `rank_samples` where layers are many: the worst of them were then
    /// measured again on those; the `samples` of a layer's errors say on how many it was.
    pub screen_samples: u64,
    /// Samples that the worst layers were measured on.
    pub rank_samples: u64,
    /// Samples that combinations were run on. Inputs and reference results are held in the worker's memory, up to 1 GiB.
    pub samples: u64,
    /// Every layer that the patch lowers, in the graph's order.
    pub layers: Vec<Measured>,
    /// Indices into `layers`, worst first.
    pub ranking: Vec<usize>,
    /// The reference's own top-1, when the data has labels.
    pub reference_top1: Option<Top1>,
    /// The limit asked for.
    pub limit: Option<Limit>,
    /// Every combination that was run, in order.
    pub trials: Vec<Trial>,
    /// With a limit: the trial in which it holds with the most multiply-accumulates lowered; none when it held in none.
    pub found: Option<usize>,
    /// What a reader must know, as sentences.
    pub notes: Vec<String>,
}

impl Search {
    /// The worst `n` layers that may be kept, as indices into [`Self::layers`].
    pub fn worst(&self, n: usize) -> Vec<usize> {
        let free = |i: &usize| self.layers.get(*i).is_some_and(|m| !m.layer.is_asked_for);
        self.ranking.iter().copied().filter(free).take(n).collect()
    }

    /// Index of the trial in which the limit holds with the most multiply-accumulates lowered; of equals (all of them, where
    /// counts are not known) the one with the fewest layers kept.
    pub fn best_that_holds(&self) -> Option<usize> {
        let held = self.trials.iter().enumerate().filter(|(_, t)| t.holds == Some(true));
        let better = |a: &Trial, b: &Trial| {
            let share = |t: &Trial| t.lowered_macs.unwrap_or(0.0);
            share(b).total_cmp(&share(a)).then(a.kept.len().cmp(&b.kept.len()))
        };
        held.min_by(|(_, a), (_, b)| better(a, b)).map(|(i, _)| i)
    }

    /// Index of the trial that keeps exactly these layers.
    pub fn trial_of(&self, kept: &[usize]) -> Option<usize> {
        let sorted = |kept: &[usize]| {
            let mut kept = kept.to_vec();
            kept.sort_unstable();
            kept
        };
        let wanted = sorted(kept);
        self.trials.iter().position(|t| sorted(&t.kept) == wanted)
    }

    /// The layers at these indices, as [`super::keep`] takes them.
    pub fn layers_at(&self, kept: &[usize]) -> Vec<&Layer> {
        let at = |i: &usize| self.layers.get(*i).map(|m| &m.layer);
        kept.iter().filter_map(at).collect()
    }

    /// The recipe's patches with these layers kept.
    ///
    /// # Errors
    /// As [`super::keep`].
    pub fn patches(&self, patches: &[PatchSpec], kept: &[usize]) -> Result<Vec<PatchSpec>, String> {
        super::keep(patches, &self.layers_at(kept), kept.len() == self.layers.len())
    }

    /// The picture "error against the share of multiply-accumulates lowered": per trial the share, the figure of the
    /// metric and whether no other trial has both more lowered and a smaller error. Trials that failed or that have no such
    /// figure are left out.
    pub fn by_lowered_macs(&self, metric: Metric) -> Vec<(usize, f64, f64, bool)> {
        let points: Vec<(usize, f64, f64)> = self
            .trials
            .iter()
            .enumerate()
            .filter_map(|(i, trial)| {
                let errors = trial.errors.as_ref().filter(|e| e.not_finite() == 0)?;
                Some((i, trial.lowered_macs?, errors.figure(metric, self.reference_top1)?))
            })
            .collect();
        let error = |figure: f64| if metric.is_floor() { -figure } else { figure };
        let both: Vec<(f64, f64)> = points
            .iter()
            .map(|(_, share, figure)| (-share, error(*figure)))
            .collect();
        let best = pareto(&both);
        points
            .into_iter()
            .zip(best)
            .map(|((i, share, figure), best)| (i, share, figure, best))
            .collect()
    }
}
