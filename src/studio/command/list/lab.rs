//! The menu "Lab": comparisons, plots, tables.

use crate::studio::command::list::blocked::{
    may_compare, may_differ, may_sweep, needs_difference, needs_model, needs_result, needs_run,
};
use crate::studio::command::list::{Command, CommandId, Figure, Menu, alone};
use eframe::egui::Key;

/// Comparisons and what comes of them.
pub(crate) static LAB: &[Command] = &[
    Command::new(Menu::Lab, CommandId::Compare, "Compare variants", may_compare)
        .icon("▶")
        .key(alone(Key::F7)),
    Command::new(Menu::Lab, CommandId::CancelCompare, "Cancel comparison", |s| {
        match &s.lab.run {
            Some(run) if run.job.is_cancelling() => Some("The comparison was asked to stop".into()),
            Some(run) if run.job.is_running() => None,
            _ => Some("No comparison is running".into()),
        }
    })
    .icon("⏹"),
    Command::new(Menu::Lab, CommandId::ProfileLayers, "Profile layers", may_compare),
    Command::new(Menu::Lab, CommandId::CancelProfile, "Cancel profile", |s| {
        match &s.lab.profile {
            Some(run) if run.job.is_cancelling() => Some("The profile was asked to stop".into()),
            Some(run) if run.job.is_running() => None,
            _ => Some("No profile is running".into()),
        }
    }),
    Command::new(
        Menu::Lab,
        CommandId::FindDifference,
        "Find where it differs",
        may_differ,
    ),
    Command::new(
        Menu::Lab,
        CommandId::CancelDifference,
        "Stop looking for differences",
        |s| match &s.lab.difference {
            Some(run) if run.job.is_cancelling() => Some("The comparison of tensors was asked to stop".into()),
            Some(run) if run.job.is_running() => None,
            _ => Some("No tensors are being compared".into()),
        },
    ),
    Command::new(Menu::Lab, CommandId::GoToFirstBad, "Go to first bad node", |s| {
        needs_difference(s).or_else(|| {
            let found = s.lab.difference.as_ref().is_some_and(|d| d.first_bad().is_some());
            (!found).then(|| "No bad node was named, or the graph shown does not have it".into())
        })
    }),
    Command::new(Menu::Lab, CommandId::Sweep, "Sweep batch sizes", may_sweep).key(alone(Key::F8)),
    Command::new(Menu::Lab, CommandId::CancelSweep, "Cancel sweep", |s| {
        match &s.lab.sweep {
            Some(sweep) if sweep.job.is_cancelling() => Some("The sweep was asked to stop".into()),
            Some(sweep) if sweep.job.is_running() => None,
            _ => Some("No sweep is running".into()),
        }
    }),
    Command::new(Menu::Lab, CommandId::ReadHistory, "Read history again", |s| {
        needs_model(s).or_else(|| s.runs.is_busy().then(|| "The history is being read".into()))
    }),
    Command::new(Menu::Lab, CommandId::PausePlots, "Pause or resume plots", needs_run).icon("⏸"),
    Command::new(Menu::Lab, CommandId::ResetPlots, "Reset plot zoom", needs_run),
    Command::new(
        Menu::Lab,
        CommandId::CopyTableMarkdown,
        "Copy table as Markdown",
        needs_result,
    ),
    Command::new(Menu::Lab, CommandId::CopyTableCsv, "Copy table as CSV", needs_result),
    Command::new(Menu::Lab, CommandId::CopyPlotCsv, "Copy plot data as CSV", needs_run),
    Command::new(Menu::Lab, CommandId::CopyPlotPng, "Copy plots as PNG", needs_run),
    Command::new(
        Menu::Lab,
        CommandId::CopySvg(Figure::Latency),
        "Copy latency plot as SVG",
        needs_result,
    ),
    Command::new(
        Menu::Lab,
        CommandId::CopySvg(Figure::Throughput),
        "Copy throughput plot as SVG",
        needs_result,
    ),
    Command::new(
        Menu::Lab,
        CommandId::CopySvg(Figure::Speedup),
        "Copy speed-up plot as SVG",
        needs_result,
    ),
];
