//! `targets`: what can be built and run, and with what.

use super::args::TargetsArgs;
use super::exit::{CliError, Exit};
use super::inspect::print_json;
use super::runtimes::act;
use super::table::Table;
use crate::engine::{TargetInfo, Usable};
use crate::worker::{Launch, Service, ServiceEvent, Task, TaskOutput};
use std::sync::Arc;

/// Lists the targets, or does what the action says.
pub fn targets(args: &TargetsArgs) -> Result<Exit, CliError> {
    match &args.action {
        Some(action) => act(action, args),
        None => print_targets(args),
    }
}

/// Lists the targets.
pub fn print_targets(args: &TargetsArgs) -> Result<Exit, CliError> {
    let service = Service::new(Launch {
        via: args.via.clone(),
        program: None,
    });
    let handle = service.start(Task::Targets, Arc::new(|| ()));
    let found = loop {
        match handle.events.recv() {
            Ok(ServiceEvent::Done(output)) => match *output {
                TaskOutput::Targets(targets) => break targets,
                _ => return Err(CliError::failed("the worker gave no list of targets")),
            },
            Ok(ServiceEvent::Failed(error)) => return Err(error.into()),
            Ok(_) => {}
            Err(_) => return Err(CliError::failed("the worker ended without a list of targets")),
        }
    };
    if args.json {
        print_json(&found)?;
    } else {
        print_human(&found);
    }
    Ok(Exit::Fine)
}

fn print_human(targets: &[TargetInfo]) {
    let mut table = Table::new(&["target", "version", "use", "where"], 4);
    for target in targets {
        if target.found.is_empty() {
            table.row([target.name.clone(), "not found".into(), String::new(), String::new()]);
        }
        for found in &target.found {
            let usable = match &found.usable {
                Usable::Yes => match &found.remark {
                    Some(remark) => format!("build and run: {remark}"),
                    None => "build and run".into(),
                },
                Usable::BuildOnly(why) => format!("build only: {why}"),
                Usable::No(why) => format!("no: {why}"),
            };
            let place = found
                .path
                .as_ref()
                .map_or("built in".into(), |p| p.display().to_string());
            table.row([target.name.clone(), found.version.clone(), usable, place]);
        }
    }
    out!("{table}");
    let missing: Vec<_> = targets
        .iter()
        .filter_map(|t| t.install.as_ref().map(|i| (&t.name, i)))
        .collect();
    if !missing.is_empty() {
        outln!();
    }
    for (name, install) in missing {
        outln!("{name}: {install}");
    }
}
