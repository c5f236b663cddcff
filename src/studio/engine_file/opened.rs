//! The engine file that is open: its header at once, what the library says when it has answered.

use crate::engine::plan::{EngineView, words};
use crate::graph::Graph;
use crate::recipe::{BuildSpec, Recipe};
use crate::studio::jobs::{Ending, Job};
use crate::studio::layers::nodes::LayerNodes;
use crate::studio::layers::table::LayerTable;
use crate::studio::widgets::rows::{Cell, Heading, Rows};
use crate::worker::{ServiceEvent, Task, TaskOutput};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Columns of the layers, in the order of [`words::layer_cells`], after their number.
static HEADINGS: [Heading; 7] = [
    Heading::number("#", 40.0),
    Heading::words(words::LAYER_HEADINGS[0], 230.0),
    Heading::words(words::LAYER_HEADINGS[1], 120.0),
    Heading::words(words::LAYER_HEADINGS[2], 52.0),
    Heading::words(words::LAYER_HEADINGS[3], 150.0),
    Heading::words(words::LAYER_HEADINGS[4], 150.0),
    Heading::words(words::LAYER_HEADINGS[5], 150.0),
];

/// An engine file.
pub struct OpenedEngine {
    /// The file.
    pub path: PathBuf,
    /// What is known of it so far.
    pub view: EngineView,
    /// The library is being asked.
    pub asking: Option<Job>,
    /// Why its answer did not come.
    pub unanswered: Option<String>,
    /// Its layers.
    pub table: LayerTable,
}

impl OpenedEngine {
    /// An engine whose header was read; `job` asks the library.
    pub fn new(path: PathBuf, view: EngineView, job: Job) -> Self {
        let mut engine = Self {
            path,
            view: EngineView::default(),
            asking: Some(job),
            unanswered: None,
            table: LayerTable::default(),
        };
        engine.set(view);
        engine
    }

    /// Its file name.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    fn set(&mut self, view: EngineView) {
        let row = |(i, layer): (usize, &crate::engine::plan::EngineLayer)| {
            // The number is that of the execution; -i makes the first come first.
            let mut cells = vec![Cell::Number(-(i as f64), i.to_string())];
            let [name, kind, ty, layout, tactic, nodes] = words::layer_cells(layer);
            cells.push(Cell::Name(name));
            cells.extend([kind, ty, layout, tactic].map(Cell::Text));
            cells.push(Cell::Name(nodes));
            cells
        };
        let rows = view.layers.iter().enumerate().map(row).collect();
        self.table.set(Rows::new(&HEADINGS, rows));
        self.view = view;
    }

    /// Takes in what the library said; every event but the end is given to `see`.
    pub fn poll(&mut self, see: &mut dyn FnMut(&ServiceEvent)) {
        let Some(job) = &mut self.asking else { return };
        job.poll(see);
        let Some(ending) = job.ending.take() else { return };
        self.asking = None;
        match ending {
            Ending::Done(output) => match *output {
                TaskOutput::InspectEngine(view) => self.set(*view),
                _ => self.unanswered = Some("the service answered something else".into()),
            },
            Ending::Cancelled => self.unanswered = Some("it was cancelled".into()),
            Ending::Failed(error) => self.unanswered = Some(error.to_string()),
        }
    }

    /// Follows the graph that is shown.
    pub fn follow(&mut self, graph: Option<&Arc<Graph>>) {
        let view = &self.view;
        let find = |graph: &Arc<Graph>| (!view.layers.is_empty()).then(|| LayerNodes::of_engine(graph, view));
        self.table.follow(graph, find);
    }
}

/// The task that asks the library about an engine: the one that its record names, or the one that the open recipe names for
/// this target, else the one that is found.
pub fn task(path: &Path, view: &EngineView, open: Option<&Recipe>) -> Task {
    let own = view.record.as_ref().and_then(|r| Recipe::from_toml(&r.recipe).ok());
    let open = open.filter(|r| r.target.name == view.header.target);
    let named = |recipe: &Recipe| {
        let value = recipe.build.options.get("library")?;
        let path = value.as_str()?;
        Path::new(path).exists().then(|| value.clone())
    };
    let library = own.as_ref().and_then(named).or_else(|| open.and_then(named));
    let mut build = BuildSpec::default();
    build.options.extend(library.map(|value| ("library".to_owned(), value)));
    Task::InspectEngine {
        file: path.to_path_buf(),
        target: None,
        build,
    }
}

/// True for files that are opened as engines: by their first bytes, or by a name that only engines have.
pub fn is_engine_file(path: &Path) -> bool {
    let named = path.extension().is_some_and(|e| {
        ["engine", "plan", "trt"]
            .iter()
            .any(|known| e.eq_ignore_ascii_case(known))
    });
    named || crate::engine::plan::is_engine(path)
}
