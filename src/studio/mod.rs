//! The window. Calls `worker::service` and `recipe` for anything that runs, `model`, `graph`, `check` and `rewrite` for looking; is
//! called by the program only. `state` holds what is known, `panels` draw it, `command` is the one list of what can be done.

pub mod accuracy;
pub mod build;
pub mod canvas;
pub mod check;
pub mod command;
pub mod engine_file;
pub mod graph;
pub mod history;
mod inbox;
pub mod inspector;
pub mod jobs;
pub mod lab;
pub mod layers;
pub mod log;
pub mod model;
pub mod optimized;
pub mod patches;
pub mod plots;
pub mod precision;
pub mod recipe;
pub mod sensitivity;
pub mod shell;
pub mod sizes;
pub mod state;
pub mod sweep;
pub mod theme;
pub mod widgets;

pub use shell::app::Studio;

use crate::worker::Launch;
use eframe::egui;
use shell::layout::Pane;
use state::Step;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// How the studio starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// Model or recipe to open.
    pub open: Option<PathBuf>,
    /// Write the window to this PNG file once it stands, and end.
    pub screenshot: Option<PathBuf>,
    /// Size of the window's contents in points.
    pub size: Option<[f32; 2]>,
    /// Theme instead of the remembered one.
    pub theme: Option<egui::ThemePreference>,
    /// Step to start at.
    pub step: Option<Step>,
    /// Pane to bring to the front.
    pub pane: Option<Pane>,
    /// A command to run once what is opened stands; a screenshot waits until it has ended.
    pub run: Option<command::CommandId>,
    /// How workers start.
    pub launch: Launch,
    /// Folder for the history and build times instead of the user's.
    pub data: Option<PathBuf>,
    /// Remember settings and layout.
    pub persist: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            open: None,
            screenshot: None,
            size: None,
            theme: None,
            step: None,
            pane: None,
            run: None,
            launch: Launch::default(),
            data: None,
            persist: true,
        }
    }
}

/// Why the studio could not run.
#[derive(thiserror::Error, Debug)]
pub enum StudioError {
    /// There is no display.
    #[error(
        "no display: neither WAYLAND_DISPLAY nor DISPLAY names one that works ({reason}). Without a window, use the command line: enginesmith run RECIPE.toml (or check, build, bench, compare; see enginesmith --help)"
    )]
    NoDisplay {
        /// What the window system said.
        reason: String,
    },
    /// The window could not be made.
    #[error("the window could not be opened: {0}. Without a window, use the command line: enginesmith run RECIPE.toml")]
    Window(String),
    /// The screenshot could not be written, or the command could not be run; the reason was printed.
    #[error("not everything that was asked for could be done; the reason stands above")]
    Unfinished,
}

/// Set when the screenshot could not be written or the command not be run; the window is gone by the time anyone asks.
static FAILED: AtomicBool = AtomicBool::new(false);

/// Opens the window and returns when it closes.
///
/// # Errors
/// [`StudioError`]: no display, no OpenGL, a screenshot that cannot be written.
pub fn run(options: Options) -> Result<(), StudioError> {
    let viewport = egui::ViewportBuilder::default()
        .with_title("Enginesmith")
        .with_app_id("enginesmith")
        .with_min_inner_size([800.0, 560.0])
        .with_inner_size(options.size.unwrap_or([1280.0, 800.0]))
        .with_drag_and_drop(true);
    let native = eframe::NativeOptions {
        viewport,
        persist_window: options.persist && options.size.is_none() && options.screenshot.is_none(),
        ..Default::default()
    };
    FAILED.store(false, Ordering::Relaxed);
    eframe::run_native(
        "enginesmith",
        native,
        Box::new(move |cc| Ok(Box::new(Studio::new(cc, options)))),
    )
    .map_err(|error| match error {
        eframe::Error::WinitEventLoop(reason) => StudioError::NoDisplay {
            reason: last_clause(&reason.to_string()),
        },
        other => StudioError::Window(other.to_string()),
    })?;
    if FAILED.load(Ordering::Relaxed) {
        Err(StudioError::Unfinished)
    } else {
        Ok(())
    }
}

/// What a window system's error says last: what comes before names places in its own source.
fn last_clause(error: &str) -> String {
    error
        .rsplit(": ")
        .next()
        .unwrap_or(error)
        .trim_end_matches([')', '.'])
        .to_owned()
}
