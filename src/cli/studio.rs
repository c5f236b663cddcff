//! `enginesmith [FILE]`: the window.

use super::args::StudioArgs;
use super::{CliError, Exit};
use crate::studio;
use crate::studio::Options;
use crate::studio::command::CommandId;
use crate::studio::shell::layout::Pane;
use crate::studio::state::Step;
use eframe::egui::ThemePreference;

/// Opens the window and returns when it closes.
///
/// # Errors
/// An option's value that means nothing, no display, a screenshot that cannot be written.
pub fn studio(args: &StudioArgs) -> Result<Exit, CliError> {
    let options = Options {
        open: args.file.clone(),
        screenshot: args.screenshot.clone(),
        size: args.size.as_deref().map(size).transpose()?,
        theme: args.theme.as_deref().map(theme).transpose()?,
        step: args.step.as_deref().map(step).transpose()?,
        pane: args.pane.as_deref().map(pane).transpose()?,
        run: args.run.as_deref().map(run).transpose()?,
        ..Options::default()
    };
    studio::run(options).map_err(|error| CliError::unusable(error.to_string()))?;
    Ok(Exit::Fine)
}

fn size(text: &str) -> Result<[f32; 2], CliError> {
    let parts: Option<(u16, u16)> = text
        .split_once('x')
        .and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    let unusable = || {
        CliError::unusable(format!(
            "--size {text:?}: expected WIDTHxHEIGHT in points, such as 1280x800"
        ))
    };
    let (width, height) = parts.filter(|(w, h)| *w > 0 && *h > 0).ok_or_else(unusable)?;
    Ok([f32::from(width), f32::from(height)])
}

fn theme(text: &str) -> Result<ThemePreference, CliError> {
    match text {
        "light" => Ok(ThemePreference::Light),
        "dark" => Ok(ThemePreference::Dark),
        "system" => Ok(ThemePreference::System),
        _ => Err(CliError::unusable(format!(
            "--theme {text:?}: expected light, dark or system"
        ))),
    }
}

fn step(text: &str) -> Result<Step, CliError> {
    let unusable = || CliError::unusable(format!("--step {text:?}: expected model, check, recipe, build or lab"));
    Step::from_name(text).ok_or_else(unusable)
}

fn run(text: &str) -> Result<CommandId, CliError> {
    match text {
        "check" => Ok(CommandId::Check),
        "build" => Ok(CommandId::Build),
        "compare" => Ok(CommandId::Compare),
        "sweep" => Ok(CommandId::Sweep),
        _ => Err(CliError::unusable(format!(
            "--run {text:?}: expected check, build, compare or sweep"
        ))),
    }
}

fn pane(text: &str) -> Result<Pane, CliError> {
    let unusable = || {
        CliError::unusable(format!(
            "--pane {text:?}: expected precision, plots, batches, variants, history, findings, differences, engine, layers, log, graph or inspector"
        ))
    };
    Pane::from_name(text).ok_or_else(unusable)
}
