//! Time per layer of one variant: the run that takes it, and the result as a table.

use crate::bench::{LayerProfile, LayerTime};
use crate::format;
use crate::graph::Graph;
use crate::studio::jobs::{Ending, Job};
use crate::studio::layers::nodes::LayerNodes;
use crate::studio::layers::table::LayerTable;
use crate::studio::widgets::rows::{Cell, Heading, Rows};
use crate::worker::{ServiceEvent, TaskOutput};
use std::sync::Arc;

static HEADINGS: [Heading; 7] = [
    Heading::number("#", 40.0),
    Heading::words("layer", 220.0),
    Heading::words("kind", 96.0),
    Heading::number("share [%]", 84.0),
    Heading::number("mean [ms]", 92.0),
    Heading::number("median [ms]", 104.0),
    Heading::words("node", 200.0),
];

/// Index of the column that tables are sorted by at first.
const SHARE: usize = 3;

/// A profile, running or ended.
pub struct LayerRun {
    /// Its job.
    pub job: Job,
    /// The variant's name.
    pub variant: String,
    /// The result.
    pub result: Option<LayerProfile>,
    /// Its layers.
    pub table: LayerTable,
}

impl LayerRun {
    /// Follows a task that was just started.
    pub fn new(job: Job, variant: String) -> Self {
        Self {
            job,
            variant,
            result: None,
            table: LayerTable::default(),
        }
    }

    /// Takes in what the task told; every event but the end is given to `see`.
    pub fn poll(&mut self, see: &mut dyn FnMut(&ServiceEvent)) {
        if !self.job.is_running() {
            return;
        }
        self.job.poll(see);
        if let Some(Ending::Done(output)) = &self.job.ending
            && let TaskOutput::Profile(profile) = &**output
        {
            let layers = profile.profile.layers.iter().enumerate();
            let mut rows = Rows::new(&HEADINGS, layers.map(|(i, l)| row(i, l)).collect());
            rows.sort_by(SHARE);
            self.table.set(rows);
            self.result = Some((**profile).clone());
        }
    }

    /// Follows the graph that is shown.
    pub fn follow(&mut self, graph: Option<&Arc<Graph>>) {
        let result = self.result.as_ref();
        let find = |graph: &Arc<Graph>| Some(LayerNodes::of_profile(graph, &result?.profile));
        self.table.follow(graph, find);
    }
}

fn row(index: usize, layer: &LayerTime) -> Vec<Cell> {
    let number = |value: f64| Cell::Number(value, format::significant(value));
    let node = match (&layer.node, &layer.path) {
        (Some(name), _) => name.clone(),
        (None, Some(path)) => path.to_string(),
        (None, None) => String::new(),
    };
    vec![
        Cell::Number(-(index as f64), index.to_string()),
        Cell::Name(layer.name.clone()),
        Cell::Text(layer.op.clone().unwrap_or_default()),
        number(100.0 * layer.share),
        number(layer.mean_ms),
        number(layer.median_ms),
        Cell::Name(node),
    ]
}
