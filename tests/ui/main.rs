//! The studio as a user drives it, by accessible label, with the real worker.

#[path = "../support/mod.rs"]
mod support;

mod choices;
mod differences;
mod flows;
mod layers;
mod optimized;
mod pictures;
mod precision;
mod sensitivity;
mod shapes;
mod trouble;

use eframe::egui::{self, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use enginesmith::studio::{Options, Studio};
use enginesmith::studio::{jobs::Ending, state::State};
use enginesmith::worker::Launch;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// After this a wait has hung; nothing measured here depends on it.
const HUNG: Duration = Duration::from_secs(120);

/// A studio with the program under test as its worker.
pub fn studio(options: Options) -> Harness<'static, Studio> {
    studio_of(options, egui::vec2(1280.0, 800.0), egui::Theme::Dark)
}

/// A studio of this size and theme, with the program under test as its worker.
pub fn studio_of(mut options: Options, size: Vec2, theme: egui::Theme) -> Harness<'static, Studio> {
    options.launch = Launch {
        via: None,
        program: Some(env!("CARGO_BIN_EXE_enginesmith").into()),
    };
    launched(options, size, theme)
}

/// A studio whose workers start as the options say.
pub fn studio_with_launch(options: Options) -> Harness<'static, Studio> {
    launched(options, egui::vec2(1280.0, 800.0), egui::Theme::Dark)
}

fn launched(mut options: Options, size: Vec2, theme: egui::Theme) -> Harness<'static, Studio> {
    options.persist = false;
    // Nothing of a test belongs to the user's own history.
    let data = options.data.get_or_insert_with(|| tempfile::tempdir().unwrap().keep());
    assert!(data.is_dir());
    options.theme = Some(theme.into());
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(30)
        .wgpu()
        .build_eframe(move |cc| Studio::new(cc, options));
    harness.run_ok();
    harness
}

/// Options that open a file.
pub fn opening(path: impl Into<PathBuf>) -> Options {
    Options {
        open: Some(path.into()),
        ..Options::default()
    }
}

/// The demo's model.
pub fn digits() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/digits/digits.onnx")
}

/// Draws frames until `done` holds.
pub fn until(harness: &mut Harness<'_, Studio>, what: &str, done: impl Fn(&Harness<'_, Studio>) -> bool) {
    let start = Instant::now();
    loop {
        harness.run_ok();
        if done(harness) {
            break;
        }
        assert!(start.elapsed() < HUNG, "hung while waiting until {what}");
        std::thread::sleep(Duration::from_millis(15));
    }
    harness.run_ok();
}

/// Draws frames until nothing is in flight.
pub fn settle(harness: &mut Harness<'_, Studio>) {
    until(harness, "everything has settled", |h| h.state().is_settled());
}

/// Draws frames until what the studio knows is as wanted.
pub fn until_state(harness: &mut Harness<'_, Studio>, what: &str, done: impl Fn(&State) -> bool) {
    until(harness, what, |h| done(h.state().state()));
}

/// Runs frames until a variant has samples.
pub fn until_samples(harness: &mut Harness<'_, Studio>) {
    until_state(harness, "samples arrive", |s| {
        s.lab
            .run
            .as_ref()
            .is_some_and(|r| r.variants.iter().any(|v| v.series.count() > 0))
    });
}

/// Cancels the running comparison and waits until it has stopped.
pub fn cancel_comparison(harness: &mut Harness<'_, Studio>) {
    click(harness, "Cancel comparison");
    until_state(harness, "it has stopped", |s| {
        matches!(s.lab.run.as_ref().unwrap().job.ending, Some(Ending::Cancelled))
    });
}

/// Clicks what has this label; of several (toolbar and panel have the same commands) the last in reading order.
pub fn click(harness: &mut Harness<'_, Studio>, label: &str) {
    harness.get_all_by_label(label).last().unwrap().click();
    harness.run_ok();
}

/// Clicks the only thing whose label contains this.
pub fn click_containing(harness: &mut Harness<'_, Studio>, part: &str) {
    harness.get_by_label_contains(part).click();
    harness.run_ok();
}

/// Clicks a step of the story line.
pub fn step(harness: &mut Harness<'_, Studio>, title: &str) {
    click_containing(harness, &format!("{title}: "));
}
