//! The menu "Run": checks, builds, targets, the log.

use crate::studio::command::list::blocked::{
    may_build, may_calibrate, may_check, may_measure_mixes, may_search, needs_model,
};
use crate::studio::command::list::{Command, CommandId, Menu, alone};
use crate::studio::state::Targets;
use eframe::egui::Key;

/// What a worker does for one recipe, and its log.
pub(crate) static RUN: &[Command] = &[
    Command::new(Menu::Run, CommandId::Check, "Check model", may_check)
        .icon("✔")
        .key(alone(Key::F5)),
    Command::new(Menu::Run, CommandId::Build, "Build engine", may_build)
        .icon("🔨")
        .key(alone(Key::F6)),
    Command::new(Menu::Run, CommandId::CancelBuild, "Cancel build", |s| match &s.build {
        Some(job) if job.is_cancelling() => Some("The build was asked to stop".into()),
        Some(job) if job.is_running() => None,
        _ => Some("No build is running".into()),
    }),
    Command::new(Menu::Run, CommandId::Calibrate, "Calibrate", may_calibrate),
    Command::new(
        Menu::Run,
        CommandId::CancelCalibration,
        "Cancel calibration",
        |s| match &s.precision.job {
            Some(job) if job.is_cancelling() => Some("The calibration was asked to stop".into()),
            Some(job) if job.is_running() => None,
            _ => Some("No calibration is running".into()),
        },
    ),
    Command::new(
        Menu::Run,
        CommandId::ChooseCalibrationData,
        "Choose calibration data…",
        needs_model,
    ),
    Command::new(Menu::Run, CommandId::FindSensitive, "Find sensitive layers", may_search),
    Command::new(
        Menu::Run,
        CommandId::SearchUnderLimit,
        "Search which layers to keep under the limit",
        |s| may_search(s).or_else(|| s.sensitivity.limit().err()),
    ),
    Command::new(Menu::Run, CommandId::CancelSearch, "Cancel search", |s| {
        match &s.sensitivity.job {
            Some(job) if job.is_cancelling() => Some("The search was asked to stop".into()),
            Some(job) if job.is_running() => None,
            _ => Some("No search is running".into()),
        }
    }),
    Command::new(
        Menu::Run,
        CommandId::MeasureMixes,
        "Measure latency of what the search found",
        may_measure_mixes,
    ),
    Command::new(Menu::Run, CommandId::CancelMixes, "Cancel measuring", |s| {
        match &s.sensitivity.measuring {
            Some(job) if job.is_cancelling() => Some("Measuring was asked to stop".into()),
            Some(job) if job.is_running() => None,
            _ => Some("Nothing is being measured for a search".into()),
        }
    }),
    Command::new(Menu::Run, CommandId::Optimize, "Show optimized graph", |s| {
        let is_onnxruntime = |s: &crate::studio::state::State| {
            let doc = s.doc.as_ref()?;
            Some(doc.recipe().target.name.starts_with("onnxruntime"))
        };
        may_build(s).or_else(|| match is_onnxruntime(s) {
            Some(true) => None,
            _ => Some("Only ONNX Runtime tells its optimized graph: choose onnxruntime-cpu as target".into()),
        })
    }),
    Command::new(Menu::Run, CommandId::CancelOptimize, "Stop optimizing", |s| {
        let job = s.doc.as_ref().and_then(|d| d.optimized.as_ref());
        match job.filter(|o| o.is_running()) {
            Some(_) => None,
            None => Some("No graph is being optimized".into()),
        }
    }),
    Command::new(Menu::Run, CommandId::CloseOptimized, "Leave optimized graph", |s| {
        let shown = s.doc.as_ref().is_some_and(|d| d.optimized().is_some());
        (!shown).then(|| "No optimized graph is shown".into())
    }),
    Command::new(Menu::Run, CommandId::RefreshTargets, "Look for targets again", |s| {
        matches!(s.targets, Targets::Asking(_)).then(|| "Targets are being looked for".into())
    }),
    Command::new(Menu::Run, CommandId::CopyLog, "Copy log", |s| {
        s.log.is_empty().then(|| "The log is empty".into())
    }),
    Command::new(Menu::Run, CommandId::ClearLog, "Clear log", |s| {
        s.log.is_empty().then(|| "The log is empty".into())
    }),
];
