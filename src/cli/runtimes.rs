//! `targets install`, `targets remove`, `targets doctor`: the runtimes of this machine.

use super::args::{TargetsAction, TargetsArgs};
use super::drive::Interrupts;
use super::exit::{CliError, Exit};
use super::table::Table;
use super::targets::print_targets;
use crate::worker::install::{InstallError, InstallEvent, Installer};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// Does what the action says.
pub fn act(action: &TargetsAction, args: &TargetsArgs) -> Result<Exit, CliError> {
    if args.via.is_some() && !matches!(action, TargetsAction::Doctor { .. }) {
        return Err(CliError::unusable(
            "--via: runtimes are installed and removed on the machine itself; run enginesmith there",
        ));
    }
    if args.json && !matches!(action, TargetsAction::Doctor { target: Some(_), .. }) {
        return Err(CliError::unusable(
            "--json: installing, removing and the look at the machine answer in text; targets and targets doctor NAME have JSON",
        ));
    }
    let installer = Installer::new()?;
    match action {
        TargetsAction::Install { what } => install(&installer, what),
        TargetsAction::Remove { what } => {
            let path = installer.remove(what)?;
            outln!("removed {}", path.display());
            Ok(Exit::Fine)
        }
        TargetsAction::Doctor { target: None, .. } => doctor(&installer, args),
        TargetsAction::Doctor {
            target: Some(target),
            library,
        } => super::doctor::doctor(target, library.as_deref(), args.via.as_ref(), args.json),
    }
}

fn install(installer: &Installer, what: &str) -> Result<Exit, CliError> {
    let interrupts = Interrupts::heard();
    let terminal = std::io::stderr().is_terminal();
    let target = if terminal {
        ProgressDrawTarget::stderr_with_hz(15)
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(None, target);
    // The template is a constant of this file; an error in it would show in every run.
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {bytes:>10} of {total_bytes}  {elapsed:>4}  {wide_msg}") {
        bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
    }
    let mut tell = |event| match event {
        InstallEvent::Bytes { done, total } => {
            bar.set_length(total);
            bar.set_position(done);
        }
        InstallEvent::Line(line) if terminal => bar.set_message(crate::visible::line(&line).into_owned()),
        InstallEvent::Line(line) => errln!("{line}"),
    };
    let result = installer.install(what, &mut tell, &|| !interrupts.came());
    bar.finish_and_clear();
    let installed = result?;
    let verb = if installed.is_new {
        "installed"
    } else {
        "already there:"
    };
    let name = what.split('@').next().unwrap_or(what);
    outln!("{verb} {name} {} in {}", installed.version, installed.path.display());
    if let Some(sha256) = &installed.sha256 {
        outln!("SHA-256 of the package: {sha256}");
    }
    if name == "onnxruntime-gpu" {
        outln!("its CUDA libraries and cuDNN come separately; `enginesmith targets` says which are missing here");
    }
    Ok(Exit::Fine)
}

fn doctor(installer: &Installer, args: &TargetsArgs) -> Result<Exit, CliError> {
    match installer.pip() {
        Ok(pip) => outln!("pip: {pip}"),
        Err(error) => outln!("pip: not usable: {error}"),
    }
    outln!("runtimes are installed in {}", installer.root().display());
    let installed = installer.installed();
    if !installed.is_empty() {
        let mut table = Table::new(&["installed", "version", "where"], 3);
        for (name, version, path) in installed {
            table.row([name.into(), version, path.display().to_string()]);
        }
        out!("\n{table}");
    }
    outln!();
    print_targets(args)
}

impl From<InstallError> for CliError {
    fn from(error: InstallError) -> Self {
        let exit = match &error {
            InstallError::Request(_) => Exit::Unusable,
            InstallError::Unavailable(_) => Exit::Unavailable,
            InstallError::Failed(_) => Exit::Findings,
            InstallError::Cancelled => Exit::Cancelled,
        };
        Self::new(exit, error)
    }
}
