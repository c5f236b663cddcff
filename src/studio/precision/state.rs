//! The precision view: the calibration that runs, those that are known, and how the table of nodes is filtered and sorted.

use crate::graph::NodeId;
use crate::recipe::{Lowering, Recipe};
use crate::rewrite::Calibration;
use crate::rewrite::decisions::{Decision, reached};
use crate::rewrite::lowered::Computes;
use crate::studio::jobs::{Ending, Job};
use crate::studio::model::document::{Analysis, Document};
use crate::studio::sensitivity::state::Place;
use crate::worker::TaskOutput;
use std::sync::Arc;

/// Calibrations kept in memory.
const KEPT: usize = 8;

/// Columns of the table of nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)]
pub enum Column {
    /// In the graph's order.
    #[default]
    Node,
    Operator,
    Computes,
    Macs,
    Reached,
    Why,
}

impl Column {
    /// All, in order.
    pub const ALL: [Self; 6] = [
        Self::Node,
        Self::Operator,
        Self::Computes,
        Self::Macs,
        Self::Reached,
        Self::Why,
    ];

    /// Its header, with the unit.
    pub fn title(self) -> &'static str {
        match self {
            Self::Node => "Node",
            Self::Operator => "Operator",
            Self::Computes => "Computes in",
            Self::Macs => "MACs [M]",
            Self::Reached => "Reached",
            Self::Why => "Why",
        }
    }
}

/// What the drawer's tab shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tab {
    /// Every node with its decision.
    #[default]
    Nodes,
    /// Which layers lose accuracy.
    Layers,
}

/// A search that waits for a calibration.
#[derive(Clone, Debug)]
pub struct Search {
    /// The recipe, still in FP32.
    pub recipe: Recipe,
    /// What it is to be lowered to.
    pub choice: Lowering,
    /// Where its patches will stand.
    pub place: Place,
}

/// What rows of the table of nodes are shown, in what order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Filter {
    /// Text that name, operator or reason contains.
    pub search: String,
    /// Only nodes that compute in this.
    pub only: Option<Computes>,
    /// Column to sort by: names and words ascending, numbers descending.
    pub by: Column,
    /// The other way round.
    pub reversed: bool,
}

impl Filter {
    /// Sorts by a column; by the same one again in the other direction.
    pub fn sort(&mut self, by: Column) {
        self.reversed = self.by == by && !self.reversed;
        self.by = by;
    }

    /// The nodes that pass, in order. Conversions that patches put in are left out unless asked for: they have no decision.
    pub fn rows(&self, shown: &Analysis, decided: &[Decision], found: Option<&Calibration>) -> Vec<NodeId> {
        let needle = self.search.to_lowercase();
        let decision = |id: NodeId| decided.get(id.0 as usize);
        let passes = |id: &NodeId| {
            let (node, Some(decision)) = (shown.graph.node(*id), decision(*id)) else {
                return false;
            };
            let wanted = self
                .only
                .map_or(decision.computes.is_arithmetic(), |c| c == decision.computes);
            let has = |text: &str| text.to_lowercase().contains(&needle);
            wanted && (needle.is_empty() || has(&node.name) || has(&node.op_type) || has(&decision.why))
        };
        let mut rows: Vec<NodeId> = (0..shown.graph.nodes.len() as u32).map(NodeId).filter(passes).collect();
        let number = |id: &NodeId| match self.by {
            Column::Macs => shown
                .costs
                .get(id.0 as usize)
                .and_then(|c| c.macs)
                .map_or(-1.0, |n| n as f64),
            _ => found
                .and_then(|f| reached(&shown.graph, *id, |t| f.tensors.get(t).map(|s| s.range.absmax())))
                .map_or(-1.0, f64::from),
        };
        let word = |id: &NodeId| match self.by {
            Column::Operator => shown.graph.node(*id).op_type.to_string(),
            _ => decision(*id).map_or_else(String::new, |d| d.why.clone()),
        };
        match self.by {
            Column::Node => {}
            Column::Computes => rows.sort_by_key(|id| decision(*id).map(|d| d.computes)),
            Column::Macs | Column::Reached => rows.sort_by(|a, b| number(b).total_cmp(&number(a))),
            Column::Operator | Column::Why => rows.sort_by_cached_key(word),
        }
        if self.reversed {
            rows.reverse();
        }
        rows
    }
}

/// What the rows shown were made from.
#[derive(Clone, PartialEq, Debug)]
struct RowsKey {
    version: u64,
    found: Option<String>,
    filter: Filter,
}

/// State of the precision view.
#[derive(Default)]
pub struct PrecisionView {
    /// The running or last calibration.
    pub job: Option<Job>,
    /// What is put into the recipe once the calibration is there.
    pub wanted: Option<Lowering>,
    /// What is searched once the calibration is there.
    pub search: Option<Search>,
    /// What the drawer's tab shows.
    pub tab: Tab,
    /// Filter of the table of nodes.
    pub filter: Filter,
    /// Magnitudes on a logarithmic axis; by what the precision asks for when not chosen.
    pub log_axis: Option<bool>,
    /// What was selected when the table last followed the selection.
    pub followed: Option<NodeId>,
    running_for: String,
    known: Vec<(String, Arc<Calibration>)>,
    settings: Option<(Recipe, String)>,
    rows: Option<(RowsKey, Arc<Vec<NodeId>>)>,
}

/// What calibrations are told apart by.
fn settings(recipe: &Recipe) -> String {
    // A recipe that cannot be written as JSON would be its own, never found again.
    serde_json::to_string(&recipe.calibration_settings()).unwrap_or_default()
}

impl PrecisionView {
    /// True while a calibration runs.
    pub fn is_running(&self) -> bool {
        self.job.as_ref().is_some_and(Job::is_running)
    }

    /// The recipe to calibrate: for what is wanted, else for what the recipe has.
    pub fn to_calibrate(&self, recipe: &Recipe) -> Recipe {
        if let Some(search) = &self.search {
            return search.choice.calibrated(&search.recipe);
        }
        let choice = self.wanted.clone().unwrap_or_else(|| Lowering::of(recipe));
        choice.calibrated(recipe)
    }

    /// Follows a calibration that was started for [`Self::to_calibrate`].
    pub fn started(&mut self, calibrated: &Recipe, job: Job) {
        self.running_for = settings(calibrated);
        self.job = Some(job);
    }

    /// Takes in the end of the running calibration: what it found, to be put into the recipe.
    pub fn ended(&mut self, ending: &Ending) -> Option<Arc<Calibration>> {
        let Ending::Done(output) = ending else {
            return None;
        };
        let TaskOutput::Calibrate(found) = &**output else {
            return None;
        };
        let found = Arc::new(found.clone());
        self.known.retain(|(key, _)| *key != self.running_for);
        self.known.push((self.running_for.clone(), Arc::clone(&found)));
        if self.known.len() > KEPT {
            self.known.remove(0);
        }
        Some(found)
    }

    /// What is known of the values of a recipe with this lowering.
    pub fn calibration_for(&self, choice: &Lowering, recipe: &Recipe) -> Option<Arc<Calibration>> {
        self.find(&settings(&choice.calibrated(recipe)))
    }

    fn find(&self, key: &str) -> Option<Arc<Calibration>> {
        self.known
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, found)| Arc::clone(found))
    }

    /// The calibration that belongs to the recipe as it is.
    pub fn calibration(&mut self, recipe: &Recipe) -> Option<Arc<Calibration>> {
        if self.settings.as_ref().is_none_or(|(of, _)| of != recipe) {
            let key = settings(&Lowering::of(recipe).calibrated(recipe));
            self.settings = Some((recipe.clone(), key));
        }
        let (_, key) = self.settings.as_ref()?;
        self.find(key)
    }

    /// The rows of the table of nodes.
    pub fn rows(&mut self, doc: &Document, found: Option<&Calibration>) -> Arc<Vec<NodeId>> {
        let Some(shown) = doc.shown() else {
            return Arc::default();
        };
        let key = RowsKey {
            version: doc.shown_version,
            found: found.map(|f| f.source.clone()),
            filter: self.filter.clone(),
        };
        if let Some((old, rows)) = &self.rows
            && *old == key
        {
            return Arc::clone(rows);
        }
        let rows = Arc::new(self.filter.rows(shown, doc.decisions(), found));
        self.rows = Some((key, Arc::clone(&rows)));
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;

    fn demo() -> Analysis {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/digits/digits.onnx");
        Analysis::of(&Arc::new(Model::open(path.as_ref()).unwrap()))
    }

    #[test]
    fn nodes_are_filtered_and_sorted() {
        let shown = demo();
        let mut filter = Filter::default();
        let rows = |filter: &Filter| filter.rows(&shown, &shown.decisions, None);
        let all = rows(&filter);
        assert!(all.len() > 10 && all.is_sorted());
        filter.search = "GEMM".into();
        let found = rows(&filter);
        assert!(!found.is_empty() && found.iter().all(|id| &*shown.graph.node(*id).op_type == "Gemm"));
        filter.search.clear();
        filter.sort(Column::Macs);
        let macs = |id: &NodeId| shown.costs[id.0 as usize].macs.unwrap_or(0);
        let sorted = rows(&filter);
        assert!(sorted.is_sorted_by_key(|id| std::cmp::Reverse(macs(id))));
        filter.sort(Column::Macs);
        assert!(rows(&filter).is_sorted_by_key(macs));
        filter.only = Some(Computes::Fp16);
        assert!(rows(&filter).is_empty());
    }
}
