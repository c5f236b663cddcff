//! The open model with everything known about it, and its recipe.

use crate::check::{Place, Report};
use crate::data::shapes::Known;
use crate::graph::memory::Memory;
use crate::graph::sized::Counted;
use crate::graph::{Graph, NodeId, cost::Cost};
use crate::model::Model;
use crate::recipe::Recipe;
use crate::rewrite::GraphDiff;
use crate::rewrite::decisions::{Decision, Notes};
use crate::rewrite::lowered::{Computes, Counts, computes};
use crate::studio::canvas::Side;
use crate::studio::jobs::Job;
use crate::studio::model::summary::{Figures, Outline};
use crate::studio::model::weights::Weights;
use crate::studio::optimized::{Opened, Optimized};
use crate::studio::patches::cleaning::Cleaning;
use crate::studio::patches::patched::Patched;
use crate::studio::recipe::undo::History;
use crate::studio::sizes::axes::Axes;
use crate::studio::sizes::known::Sizes;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is known about the target's opinion.
pub enum CheckState {
    /// Not asked yet.
    None,
    /// Being asked.
    Running(Job),
    /// The answer.
    Ready(Report),
    /// No answer, and why.
    Failed(String),
}

/// The graph with what is computed from it once.
pub struct Analysis {
    /// The graph.
    pub graph: Arc<Graph>,
    /// Cost by node.
    pub costs: Vec<Cost>,
    /// Memory of one inference.
    pub memory: Memory,
    /// The model in figures.
    pub figures: Figures,
    /// Dynamic dimensions of the inputs.
    pub axes: Axes,
    /// What every node computes in.
    pub computes: Vec<Computes>,
    /// How much computes in what.
    pub counts: Counts,
    /// Why every node computes in what it does.
    pub decisions: Vec<Decision>,
    /// The sizes of inputs that costs are counted at, where several are open and the recipe says them.
    pub at: Option<Arc<Known>>,
}

impl Analysis {
    /// Builds the graph and everything from it; off the UI thread.
    pub fn of(model: &Arc<Model>) -> Self {
        let graph = Arc::new(Graph::new(Arc::clone(model)));
        let axes = Axes::of(&graph);
        let Counted { costs, memory } = unstated(&graph, &axes);
        let figures = Figures::of(&graph, &costs);
        let computes = computes(&graph);
        Self {
            counts: Counts::of(&graph, &computes, &costs),
            decisions: Notes::default().decisions(&graph, &computes),
            computes,
            graph,
            costs,
            memory,
            figures,
            axes,
            at: None,
        }
    }

    /// True when sizes are open, so that costs depend on those that the recipe is about.
    pub fn needs_sizes(&self) -> bool {
        !self.axes.axes.is_empty()
    }

    /// The same counted at these sizes, where that is needed; slow.
    #[must_use]
    pub fn counted_at(self, known: Option<&Arc<Known>>) -> Self {
        match known.filter(|_| self.needs_sizes()) {
            Some(known) => {
                let counted = Counted::at(&self.graph, &known.shapes);
                self.with_costs(counted, Some(Arc::clone(known)))
            }
            None => self,
        }
    }

    /// The same with costs that were counted at these sizes.
    #[must_use]
    fn with_costs(self, counted: Counted, at: Option<Arc<Known>>) -> Self {
        let Counted { costs, memory } = counted;
        Self {
            figures: Figures::of(&self.graph, &costs),
            counts: Counts::of(&self.graph, &self.computes, &costs),
            costs,
            memory,
            at,
            ..self
        }
    }

    /// The same with what patches decided about its nodes.
    #[must_use]
    pub fn decided(self, notes: &Notes) -> Self {
        Self {
            decisions: notes.decisions(&self.graph, &self.computes),
            ..self
        }
    }
}

/// What a model costs where nothing says its sizes: a single open one is the batch, counted as 1; of several, 1 would say
/// nothing (an image of one pixel), so that they stay open.
fn unstated(graph: &Graph, axes: &Axes) -> Counted {
    match axes.axes.as_slice() {
        [one] => Counted::of(graph, &[(one.label.as_str(), 1)]),
        _ => Counted::of(graph, &[]),
    }
}

/// An open model.
pub struct Document {
    /// The model.
    pub model: Arc<Model>,
    /// What could be said at once.
    pub outline: Outline,
    /// The graph; none until it is built.
    pub analysis: Option<Analysis>,
    /// The findings.
    pub check: CheckState,
    /// Counts up with every new list of findings, for those who draw them.
    pub findings_version: u64,
    /// Counts up whenever another graph is shown.
    pub shown_version: u64,
    /// The sizes that the recipe is about, where costs depend on them.
    pub sizes: Sizes,
    /// The model after the recipe's patches.
    pub patched: Patched,
    /// Which side of the patches is shown, when there are any.
    pub side: Side,
    /// The graph as ONNX Runtime optimized it, when it was asked for.
    pub optimized: Option<Optimized>,
    /// True while that is shown, or what went into it.
    pub optimized_shown: bool,
    /// Clean-up patches are being looked for.
    pub cleaning: Option<Cleaning>,
    /// Statistics of stored tensors, of the side that is shown.
    pub weights: Weights,
    /// The recipe file, when there is one.
    pub recipe_path: Option<PathBuf>,
    history: History,
    saved: Recipe,
    checked: Option<String>,
}

impl Document {
    /// A model that was just opened, with the recipe it was opened by or a default one.
    pub fn new(model: Arc<Model>, recipe: Recipe, recipe_path: Option<PathBuf>) -> Self {
        Self {
            outline: Outline::of(&model),
            model,
            analysis: None,
            check: CheckState::None,
            findings_version: 0,
            shown_version: 0,
            sizes: Sizes::default(),
            patched: Patched::default(),
            side: Side::After,
            optimized: None,
            optimized_shown: false,
            cleaning: None,
            weights: Weights::default(),
            recipe_path,
            saved: recipe.clone(),
            history: History::new(recipe),
            checked: None,
        }
    }

    /// The recipe.
    pub fn recipe(&self) -> &Recipe {
        self.history.now()
    }

    /// Changes the recipe; `label` names the edit for undo.
    pub fn edit(&mut self, label: &'static str, next: Recipe) {
        self.history.set(label, next);
    }

    /// Undo and redo.
    pub fn history(&mut self) -> &mut History {
        &mut self.history
    }

    /// What undo and redo would do.
    pub fn undoable(&self) -> (Option<&'static str>, Option<&'static str>) {
        (self.history.can_undo(), self.history.can_redo())
    }

    /// True when the recipe differs from its file (or from the default, when it has none).
    pub fn is_dirty(&self) -> bool {
        *self.recipe() != self.saved
    }

    /// Remembers the recipe as saved in `path`.
    pub fn mark_saved(&mut self, path: &Path) {
        self.saved = self.recipe().clone();
        self.recipe_path = Some(path.to_path_buf());
    }

    /// True when the target's opinion was asked for another target, patch list or shapes than the recipe's now.
    pub fn check_is_stale(&self) -> bool {
        self.checked.as_ref() != Some(&self.check_key())
    }

    /// What the findings depend on.
    fn check_key(&self) -> String {
        let r = self.recipe();
        format!(
            "{:?} {:?} {:?} {:?}",
            r.target, r.profiles, r.patches, r.build.precision
        )
    }

    /// Remembers what is being asked.
    pub fn check_started(&mut self, job: Job) {
        self.checked = Some(self.check_key());
        self.check = CheckState::Running(job);
    }

    /// Takes in the answer.
    pub fn check_ended(&mut self, answer: Result<Report, String>) {
        self.check = match answer {
            Ok(report) => CheckState::Ready(report),
            Err(why) => CheckState::Failed(why),
        };
        self.findings_version += 1;
    }

    /// What is shown: the patched model where there are patches and that side is chosen, else the model as opened.
    pub fn shown(&self) -> Option<&Analysis> {
        match self.optimized() {
            Some(optimized) if self.side == Side::After => return Some(&optimized.analysis),
            Some(_) => return self.built(),
            None => {}
        }
        let patched = || self.patched.applied().filter(|_| self.side == Side::After);
        patched().map(|p| &p.analysis).or(self.analysis.as_ref())
    }

    /// What is built: the patched model where there are patches, else the model as opened.
    pub fn built(&self) -> Option<&Analysis> {
        let patched = self.patched.applied().map(|p| &p.analysis);
        patched.or(self.analysis.as_ref())
    }

    /// The optimized graph, while it is shown (or the side that went into it).
    pub fn optimized(&self) -> Option<&Opened> {
        self.optimized.as_ref().filter(|_| self.optimized_shown)?.opened()
    }

    /// Shows the optimized graph, or no longer.
    pub fn show_optimized(&mut self, shown: bool) {
        self.optimized_shown = shown;
        self.turn(Side::After);
    }

    /// What differs between the sides that can be shown.
    pub fn difference(&self) -> Option<&GraphDiff> {
        match self.optimized() {
            Some(optimized) => Some(&optimized.diff),
            None => self.patched.applied().map(|a| &a.diff),
        }
    }

    /// The decisions about the nodes that are shown.
    pub fn decisions(&self) -> &[Decision] {
        let applied = self.patched.applied().filter(|_| self.optimized().is_none());
        let before = applied
            .filter(|_| self.side == Side::Before)
            .map(|a| &a.decisions_before);
        let shown = before.or_else(|| self.shown().map(|a| &a.decisions));
        shown.map_or(&[], Vec::as_slice)
    }

    /// Shows this side of the patches. Nodes and tensors have other numbers there: drop what was selected.
    pub fn turn(&mut self, side: Side) {
        self.side = side;
        self.forget_shown();
    }

    /// Forgets what belongs to what was shown.
    fn forget_shown(&mut self) {
        self.weights = Weights::default();
        self.findings_version += 1;
        self.shown_version += 1;
    }

    /// Follows the sizes that the recipe says, where costs depend on them. True when costs changed.
    pub fn follow_sizes(&mut self, wake: &Arc<dyn Fn() + Send + Sync>) -> bool {
        let Some(before) = self.analysis.take_if(|a| a.needs_sizes()) else {
            return false;
        };
        let counted = self.sizes.follow(&before.graph, self.history.now(), wake);
        let changed = counted.is_some();
        self.analysis = Some(match counted {
            None => before,
            Some(Some(counted)) => before.with_costs(counted, self.sizes.known().cloned()),
            Some(None) => {
                let counted = unstated(&before.graph, &before.axes);
                before.with_costs(counted, None)
            }
        });
        changed
    }

    /// Follows the recipe's patches. True when what is shown changed.
    pub fn follow_patches(&mut self, wake: &Arc<dyn Fn() + Send + Sync>) -> bool {
        let Some(before) = &self.analysis else { return false };
        let specs = &self.history.now().patches;
        let changed = self
            .patched
            .follow(&self.model, before, specs, self.sizes.known(), wake);
        if changed {
            (self.optimized, self.optimized_shown) = (None, false);
            self.forget_shown();
        }
        changed
    }

    /// True when findings are about the side that is shown: targets are asked about the patched model.
    pub fn findings_are_shown(&self) -> bool {
        if self.optimized().is_some() {
            return self.side == Side::Before;
        }
        self.recipe().patches.is_empty() || (self.side == Side::After && self.patched.applied().is_some())
    }

    /// The report, when there is one.
    pub fn report(&self) -> Option<&Report> {
        if let CheckState::Ready(report) = &self.check {
            Some(report)
        } else {
            None
        }
    }

    /// The node that a place names; none while the other side is shown.
    pub fn node_at(&self, place: &Place) -> Option<NodeId> {
        let graph = &self.shown().filter(|_| self.findings_are_shown())?.graph;
        match place {
            Place::Node { path, .. } => graph.find(path),
            Place::Model | Place::Tensor { .. } => None,
        }
    }
}
