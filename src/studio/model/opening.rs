//! Work off the UI thread that is not a job of the service: opening files, and the system's file dialogs. Each has a thread and a
//! channel; the window is woken when there is something to take in.

use crate::engine::plan::EngineView;
use crate::model::{Model, ModelError};
use crate::recipe::Recipe;
use crate::studio::engine_file::opened::is_engine_file;
use crate::studio::model::document::Analysis;
use crate::studio::widgets::Failure;
use crossbeam_channel::{Receiver, Sender, TryRecvError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Asks for a repaint from any thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// What the opening thread tells, in this order; the last is the end.
pub enum OpenEvent {
    /// The file is a model: shown at once.
    Outline {
        /// The model.
        model: Arc<Model>,
        /// Its recipe, as read or by default.
        recipe: Box<Recipe>,
        /// The recipe file that named it.
        recipe_path: Option<PathBuf>,
    },
    /// The file is an engine; this is what it says without its library.
    Engine(Box<EngineView>),
    /// The graph is built.
    Ready(Box<Analysis>),
    /// It cannot be opened.
    Failed(Failure),
}

/// What came of looking into the channel.
pub enum Arrived {
    /// An event.
    Event(OpenEvent),
    /// Nothing yet.
    Nothing,
    /// The thread is gone without an end.
    Gone,
}

/// A file being opened.
pub struct Opening {
    /// The file the user named.
    pub path: PathBuf,
    /// Since when.
    pub since: Instant,
    events: Receiver<OpenEvent>,
}

impl Opening {
    /// Starts a thread that opens `path`. Dropping the value lets the thread's result go unseen.
    pub fn start(path: PathBuf, wake: &Wake) -> Self {
        let file = path.clone();
        Self::run(path, wake, move |tell, wake| open(&file, tell, wake))
    }

    /// As [`Self::start`] for the model of a recipe that is no file of its own.
    pub fn start_recipe(recipe: Recipe, wake: &Wake) -> Self {
        let path = recipe.model.path.clone();
        Self::run(path, wake, move |tell, wake| open_model(recipe, None, tell, wake))
    }

    fn run(path: PathBuf, wake: &Wake, work: impl FnOnce(&Sender<OpenEvent>, &Wake) + Send + 'static) -> Self {
        let (tell, events) = crossbeam_channel::unbounded();
        let woken = Arc::clone(wake);
        let spawned = std::thread::Builder::new().name("open model".into()).spawn(move || {
            work(&tell, &woken);
            drop(tell);
            woken();
        });
        if let Err(e) = spawned {
            let (tell, events) = crossbeam_channel::unbounded();
            let _ = tell.send(OpenEvent::Failed(Failure {
                what: "The file cannot be opened".into(),
                place: path.display().to_string(),
                why: format!("no thread could be started: {e}"),
                ..Default::default()
            }));
            return Self {
                path,
                since: Instant::now(),
                events,
            };
        }
        Self {
            path,
            since: Instant::now(),
            events,
        }
    }

    /// What arrived.
    pub fn poll(&self) -> Arrived {
        match self.events.try_recv() {
            Ok(event) => Arrived::Event(event),
            Err(TryRecvError::Empty) => Arrived::Nothing,
            Err(TryRecvError::Disconnected) => Arrived::Gone,
        }
    }
}

/// True for files that hold a recipe.
pub fn is_recipe(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"))
}

fn open(path: &Path, tell: &Sender<OpenEvent>, wake: &Wake) {
    if is_engine_file(path) {
        let _ = tell.send(match EngineView::open(path) {
            Ok(view) => OpenEvent::Engine(Box::new(view)),
            Err(why) => OpenEvent::Failed(Failure {
                what: "This is not an engine that can be read".into(),
                place: path.display().to_string(),
                why,
                advice: "Open an engine that TensorRT or TensorRT-RTX wrote, a model (.onnx) or a recipe (.toml)."
                    .into(),
                raw: String::new(),
            }),
        });
        return;
    }
    let (recipe, recipe_path) = if is_recipe(path) {
        match Recipe::open(path) {
            Ok(recipe) => (recipe, Some(path.to_path_buf())),
            Err(error) => {
                let _ = tell.send(OpenEvent::Failed(Failure {
                    what: "The recipe cannot be read".into(),
                    place: path.display().to_string(),
                    why: error.message,
                    advice: "Correct the file, or open the model itself and set up the recipe here.".into(),
                    raw: String::new(),
                }));
                return;
            }
        }
    } else {
        (Recipe::for_model(path), None)
    };
    open_model(recipe, recipe_path, tell, wake);
}

fn open_model(recipe: Recipe, recipe_path: Option<PathBuf>, tell: &Sender<OpenEvent>, wake: &Wake) {
    let model = match Model::open(&recipe.model.path) {
        Ok(model) => Arc::new(model),
        Err(error) => {
            let _ = tell.send(OpenEvent::Failed(model_failure(&error)));
            return;
        }
    };
    let _ = tell.send(OpenEvent::Outline {
        model: Arc::clone(&model),
        recipe: Box::new(recipe),
        recipe_path,
    });
    wake();
    let _ = tell.send(OpenEvent::Ready(Box::new(Analysis::of(&model))));
}

/// A model error as a panel shows it.
fn model_failure(error: &ModelError) -> Failure {
    let raw = format!("{error:?}");
    let (what, path, why, advice) = match error {
        ModelError::Io { path, source } => (
            "The file cannot be read",
            path,
            crate::files::words(source),
            "Check the path and your permission to read it.",
        ),
        ModelError::Output { path, why } => ("The file cannot be written", path, why.clone(), "Choose another file."),
        ModelError::Empty { path } => (
            "The file is empty",
            path,
            String::new(),
            "Export or download the model again; a Git LFS checkout needs `git lfs pull`.",
        ),
        ModelError::NotOnnx { path, reason } => (
            "This is not an ONNX model",
            path,
            reason.clone(),
            "Open a file written by an ONNX exporter, or a recipe (.toml).",
        ),
        ModelError::Invalid { path, place, reason } => (
            "The model contradicts itself",
            path,
            format!("{place}: {reason}"),
            "Export the model again; the file may be cut off or damaged.",
        ),
        ModelError::Tensor { path, source } => (
            "A tensor's data is not usable",
            path,
            source.to_string(),
            "Put the external data files next to the model, as the exporter wrote them.",
        ),
        ModelError::Changed { path } => (
            "The file changed while it was open",
            path,
            String::new(),
            "Open it again once the other program is done.",
        ),
    };
    Failure {
        what: what.into(),
        place: path.display().to_string(),
        why,
        advice: advice.into(),
        raw,
    }
}

/// A file dialog of the system, on a thread of its own because it may block or hang.
pub struct Dialog {
    since: Instant,
    answer: Receiver<Option<PathBuf>>,
    warned: bool,
}

/// What a dialog has come to.
pub enum DialogState {
    /// The user is choosing.
    Open,
    /// No answer for long: perhaps there is no dialog service; said once.
    Silent,
    /// A file.
    Chosen(PathBuf),
    /// The user cancelled.
    Cancelled,
    /// There is no dialog on this system.
    Missing,
}

/// A dialog that answers "cancelled" faster than a hand can was never shown (no portal and no zenity: 47 ms measured).
const NOT_SHOWN: Duration = Duration::from_millis(400);
/// Silence after which the alternatives are pointed out; a dialog that is open meanwhile still counts when it answers.
const SILENCE: Duration = Duration::from_secs(20);

impl Dialog {
    /// Asks for a file to open.
    pub fn open_file(wake: &Wake) -> Self {
        Self::start(wake, || {
            rfd::FileDialog::new()
                .set_title("Open a model, a recipe or an engine")
                .add_filter(
                    "ONNX models, recipes and engines",
                    &["onnx", "toml", "engine", "plan", "trt"],
                )
                .add_filter("All files", &["*"])
                .pick_file()
        })
    }

    /// Asks for a folder of sample data.
    pub fn open_folder(wake: &Wake) -> Self {
        Self::start(wake, || {
            rfd::FileDialog::new()
                .set_title("Choose a folder of images or arrays")
                .pick_folder()
        })
    }

    fn start(wake: &Wake, ask: impl FnOnce() -> Option<PathBuf> + Send + 'static) -> Self {
        let (tell, answer) = crossbeam_channel::bounded(1);
        let wake = Arc::clone(wake);
        // When no thread can be had the sender is dropped, which reads as "no dialog".
        let _ = std::thread::Builder::new().name("file dialog".into()).spawn(move || {
            let _ = tell.send(ask());
            wake();
        });
        Self {
            since: Instant::now(),
            answer,
            warned: false,
        }
    }

    /// What it has come to.
    pub fn poll(&mut self) -> DialogState {
        match self.answer.try_recv() {
            Ok(Some(path)) => DialogState::Chosen(path),
            Ok(None) if self.since.elapsed() < NOT_SHOWN => DialogState::Missing,
            Ok(None) => DialogState::Cancelled,
            Err(TryRecvError::Disconnected) => DialogState::Missing,
            Err(TryRecvError::Empty) if self.since.elapsed() > SILENCE && !self.warned => {
                self.warned = true;
                DialogState::Silent
            }
            Err(TryRecvError::Empty) => DialogState::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(dialog: &mut Dialog) -> DialogState {
        loop {
            match dialog.poll() {
                DialogState::Open => std::thread::sleep(Duration::from_millis(5)),
                other => return other,
            }
        }
    }

    #[test]
    fn a_dialog_that_was_never_shown_is_told_from_a_cancelled_one() {
        let wake: Wake = Arc::new(|| {});
        assert!(matches!(wait(&mut Dialog::start(&wake, || None)), DialogState::Missing));
        let slow = || {
            std::thread::sleep(NOT_SHOWN + Duration::from_millis(100));
            None
        };
        assert!(matches!(wait(&mut Dialog::start(&wake, slow)), DialogState::Cancelled));
        assert!(matches!(
            wait(&mut Dialog::start(&wake, || panic!("portal"))),
            DialogState::Missing
        ));
        let chosen = wait(&mut Dialog::start(&wake, || Some("a.onnx".into())));
        assert!(matches!(chosen, DialogState::Chosen(p) if p == Path::new("a.onnx")));
    }
}
