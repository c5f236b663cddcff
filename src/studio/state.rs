//! What the studio knows: the open document, running jobs, settings, the log. No drawing here; panels read it and queue
//! [`Action`]s, which `app` carries out between frames.

use crate::engine::TargetInfo;
use crate::graph::{Graph, NodeId, TensorId};
use crate::studio::build::file::EngineFile;
use crate::studio::command::CommandId;
use crate::studio::engine_file::opened::OpenedEngine;
use crate::studio::jobs::Job;
use crate::studio::lab::run::Lab;
use crate::studio::log::lines::{Level, Log};
use crate::studio::model::document::Document;
use crate::studio::model::opening::{Dialog, Opening};
use crate::studio::precision::state::PrecisionView;
use crate::studio::sensitivity::state::Sensitivity;
use crate::studio::shell::layout::Pane;
use crate::studio::shell::settings::Settings;
use crate::studio::widgets::Failure;
use crate::studio::{check, history};
use crate::worker::Service;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// The five steps of the story line.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Step {
    #[default]
    Model,
    Check,
    Recipe,
    Build,
    Lab,
}

impl Step {
    /// In order.
    pub const ALL: [Self; 5] = [Self::Model, Self::Check, Self::Recipe, Self::Build, Self::Lab];

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Model => "Model",
            Self::Check => "Check",
            Self::Recipe => "Recipe",
            Self::Build => "Build",
            Self::Lab => "Lab",
        }
    }

    /// The step with this title, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.title().eq_ignore_ascii_case(name))
    }
}

/// What the inspector shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Selection {
    /// The model as a whole.
    #[default]
    Model,
    /// A node.
    Node(NodeId),
    /// A tensor.
    Tensor(TensorId),
}

/// Something a panel asks for; done after the frame's drawing.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Run a command from the list.
    Run(CommandId),
    /// Open a model, a recipe or an engine file.
    Open(PathBuf),
    /// Open the model that the open engine was built from, with its recipe.
    OpenEngineModel,
    /// Show a pane of the drawer, high enough to be read.
    ShowHigh(Pane),
    /// Show this in the inspector; a node is also scrolled to on the canvas.
    Go(Selection),
    /// Show this step's panel.
    Step(Step),
    /// Put text on the clipboard and say so: the text, and what it is.
    Copy(String, &'static str),
    /// Put a picture of the plots on the clipboard.
    CopyPlots,
    /// Find the layers that lose accuracy in the variant with this index.
    FindLayersOf(usize),
    /// Put runs of the history, by id, into the table, the first as the baseline.
    ShowRuns(Vec<String>),
    /// Write the recipe to this file; true replaces an existing one.
    Save(PathBuf, bool),
}

/// What the colours of the graph's nodes stand for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum PaintChoice {
    /// Families of operators.
    #[default]
    Families,
    /// What the recipe's target takes.
    Target,
    /// What nodes compute in.
    Precision,
    /// How much accuracy layers lose.
    Sensitivity,
    /// Types that the open engine's layers compute in.
    Types,
    /// Time in the last profile.
    Time,
    /// Error against the reference.
    Error,
    /// Memory alive while nodes run.
    Memory,
}

impl PaintChoice {
    /// All, in the order of the list.
    pub const ALL: [Self; 8] = [
        Self::Families,
        Self::Target,
        Self::Precision,
        Self::Sensitivity,
        Self::Types,
        Self::Time,
        Self::Error,
        Self::Memory,
    ];

    /// In words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Families => "Operator family",
            Self::Target => "What the target takes",
            Self::Precision => "Precision",
            Self::Sensitivity => "Accuracy lost",
            Self::Types => "Types in the engine",
            Self::Time => "Time per layer",
            Self::Error => "Error against the reference",
            Self::Memory => "Memory",
        }
    }
}

/// What the targets of the worker's machine can do.
pub enum Targets {
    /// Being asked.
    Asking(Box<Job>),
    /// The answer.
    Known(Vec<TargetInfo>),
    /// No answer, and why.
    Failed(String),
}

/// Everything but the window's layout.
pub struct State {
    /// Remembered between sessions.
    pub settings: Settings,
    /// The story line's current step.
    pub step: Step,
    /// The open model with its recipe.
    pub doc: Option<Document>,
    /// A file being opened.
    pub opening: Option<Opening>,
    /// The open engine file.
    pub engine: Option<OpenedEngine>,
    /// Why the last file did not open.
    pub open_failure: Option<Failure>,
    /// A file dialog of the system, on its thread.
    pub dialog: Option<Dialog>,
    /// A dialog for the folder of calibration data.
    pub data_dialog: Option<Dialog>,
    /// The path field's text.
    pub path_field: String,
    /// What the inspector shows.
    pub selection: Selection,
    /// Node to bring into view on the canvas.
    pub reveal: Option<NodeId>,
    /// Filters of the findings list.
    pub findings: check::filter::Filter,
    /// Name of the recipe file being asked for, while "Save recipe as" is open.
    pub save_as: Option<String>,
    /// The targets.
    pub targets: Targets,
    /// The running or last build.
    pub build: Option<Job>,
    /// Where builds write their engine file.
    pub engine_file: EngineFile,
    /// The engine file that the running or last build was asked to write.
    pub built_file: Option<PathBuf>,
    /// What the colours of the graph stand for.
    pub paint: PaintChoice,
    /// Calibrations and the table of nodes.
    pub precision: PrecisionView,
    /// Which layers lose accuracy.
    pub sensitivity: Sensitivity,
    /// Live and finished comparisons.
    pub lab: Lab,
    /// Earlier runs of the open model.
    pub runs: history::runs::Runs,
    /// The log.
    pub log: Log,
    /// Short messages in the corner.
    pub toasts: egui_notify::Toasts,
    /// Where the plots were drawn last, in points.
    pub plots_at: Option<eframe::egui::Rect>,
    /// Queued actions.
    pub actions: Vec<Action>,
    /// Starts jobs.
    pub service: Service,
    /// Asks for a repaint, from any thread; at most about 30 times a second, less often while latencies are measured.
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

impl State {
    /// Queues an action.
    pub fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// The graph that is shown.
    pub fn shown_graph(&self) -> Option<Arc<Graph>> {
        Some(Arc::clone(&self.doc.as_ref()?.shown()?.graph))
    }

    /// The known targets; empty until they are.
    pub fn known_targets(&self) -> &[TargetInfo] {
        if let Targets::Known(list) = &self.targets {
            list
        } else {
            &[]
        }
    }

    /// What the recipe's target can do, when known.
    pub fn target(&self) -> Option<&TargetInfo> {
        let name = &self.doc.as_ref()?.recipe().target.name;
        self.known_targets().iter().find(|t| &t.name == name)
    }

    /// Names of the recipe's variants; of the recipe itself when it has none.
    pub fn variant_names(&self) -> Vec<String> {
        let Some(doc) = &self.doc else { return Vec::new() };
        match doc.recipe().variants.as_slice() {
            [] => vec![doc.recipe().build.precision.to_string()],
            variants => variants.iter().map(|v| v.name.clone()).collect(),
        }
    }

    /// Chooses the layer that computes a node, in the engine view and the layer view; one that does and is chosen stays.
    pub fn choose_layers_of(&mut self, node: NodeId) {
        let engine = self.engine.as_mut().map(|e| &mut e.table);
        let profile = self.lab.profile.as_mut().map(|p| &mut p.table);
        for table in engine.into_iter().chain(profile) {
            table.choose_layer_of(node);
        }
    }

    /// An error: toast and log.
    pub fn error(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.log.push(Level::Error, "studio", &text);
        self.toasts
            .custom(wrapped(&text), "⛔".into(), crate::studio::theme::tokens::DARK.error)
            .duration(std::time::Duration::from_secs(12))
            .show_progress_bar(false);
    }

    /// A warning: toast and log.
    pub fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.log.push(Level::Warn, "studio", &text);
        self.toasts
            .custom(wrapped(&text), "⚠".into(), crate::studio::theme::tokens::DARK.warning)
            .duration(std::time::Duration::from_secs(10))
            .show_progress_bar(false);
    }

    /// A remark: toast and log.
    pub fn say(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.log.push(Level::Info, "studio", &text);
        self.toasts
            .basic(wrapped(&text))
            .duration(std::time::Duration::from_secs(3))
            .show_progress_bar(false);
    }
}

/// Toasts do not wrap by themselves: lines of at most 60 characters, broken at spaces where there are any.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut rest: &str = word;
        loop {
            let line = lines.last_mut().map_or(0, |l| l.chars().count());
            let length = rest.chars().count();
            if line > 0 && line + 1 + length > 60 {
                lines.push(String::new());
                continue;
            }
            let cut = rest.char_indices().nth(60).map_or(rest.len(), |(i, _)| i);
            if let Some(last) = lines.last_mut() {
                if !last.is_empty() {
                    last.push(' ');
                }
                last.push_str(&rest[..cut]);
            }
            rest = &rest[cut..];
            if rest.is_empty() {
                break;
            }
            lines.push(String::new());
        }
    }
    lines.truncate(6);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn toasts_stay_narrow() {
        let text = format!("{} then {}", "word ".repeat(30), "x".repeat(100));
        let shown = wrapped(&text);
        assert!(shown.lines().all(|l| l.chars().count() <= 60), "{shown}");
        assert!(shown.contains("then"));
        assert_eq!(wrapped("short"), "short");
    }
}
