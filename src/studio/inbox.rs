//! Taking in what background work tells: opening, dialogs, targets, checks, calibrations, builds, comparisons. Called once a frame.

use crate::recipe::Lowering;
use crate::studio::command::{self, CommandId};
use crate::studio::engine_file::opened::{self, OpenedEngine};
use crate::studio::jobs::{Ending, Job};
use crate::studio::lab::run::Run;
use crate::studio::log::lines::Level;
use crate::studio::model::document::{CheckState, Document};
use crate::studio::model::opening::{Arrived, DialogState, OpenEvent};
use crate::studio::patches::cleaning::Cleaning;
use crate::studio::shell::layout::Pane;
use crate::studio::state::{Action, Selection, State, Step, Targets};
use crate::studio::widgets::Failure;
use crate::worker::{ServiceEvent, TaskOutput};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// Takes in everything that arrived since the last frame.
pub fn take_in(s: &mut State) {
    opening(s);
    dialog(s);
    data_dialog(s);
    targets(s);
    cleaning(s);
    patches(s);
    check(s);
    calibration(s);
    search(s);
    mixes(s);
    build(s);
    lab(s);
    sweep(s);
    crate::studio::history::runs::take_in(s);
    engine(s);
    profile(s);
    difference(s);
    optimized(s);
}

fn opening(s: &mut State) {
    while let Some(opening) = &s.opening {
        match opening.poll() {
            Arrived::Nothing => break,
            Arrived::Event(OpenEvent::Outline {
                model,
                recipe,
                recipe_path,
            }) => {
                let path = opening.path.clone();
                s.settings.remember(&path);
                s.log.push(Level::Info, "studio", &format!("Opened {}", path.display()));
                s.doc = Some(Document::new(model, *recipe, recipe_path));
                s.selection = Selection::Model;
                s.open_failure = None;
                s.build = None;
                s.engine_file = Default::default();
                s.built_file = None;
                s.lab = Default::default();
                s.runs = Default::default();
                s.save_as = None;
                s.precision = Default::default();
                s.sensitivity = Default::default();
            }
            Arrived::Event(OpenEvent::Engine(view)) => {
                let path = opening.path.clone();
                s.opening = None;
                s.open_failure = None;
                s.settings.remember(&path);
                s.log.push(Level::Info, "studio", &format!("Opened {}", path.display()));
                let task = opened::task(&path, &view, s.doc.as_ref().map(Document::recipe));
                let job = Job::new(s.service.start(task, Arc::clone(&s.wake)));
                if s.doc.is_none() && view.recipe(&path).is_some() {
                    s.act(Action::OpenEngineModel);
                }
                s.engine = Some(OpenedEngine::new(path, *view, job));
                s.act(Action::ShowHigh(Pane::Engine));
                return;
            }
            Arrived::Event(OpenEvent::Ready(analysis)) => {
                if let Some(doc) = &mut s.doc {
                    doc.analysis = Some(*analysis);
                }
                s.opening = None;
                command::check(s);
            }
            Arrived::Event(OpenEvent::Failed(failure)) => {
                s.opening = None;
                s.error(format!("{}: {}. {}", failure.what, failure.place, failure.why));
                s.open_failure = Some(failure);
            }
            Arrived::Gone => {
                let place = opening.path.display().to_string();
                s.opening = None;
                s.open_failure = Some(Failure {
                    what: "Opening ended unexpectedly".into(),
                    place,
                    why: "The thread that reads the model stopped. This is a fault of Enginesmith.".into(),
                    advice: "The terminal has its last words.".into(),
                    raw: String::new(),
                });
                s.error("Opening ended unexpectedly");
            }
        }
    }
}

fn dialog(s: &mut State) {
    let Some(dialog) = &mut s.dialog else { return };
    let ways = "Drop the file on the window, type its path in the Model panel, or start with: enginesmith FILE";
    match dialog.poll() {
        DialogState::Open => return,
        DialogState::Silent => {
            s.warn(format!("The system's file dialog does not answer. {ways}"));
            return;
        }
        DialogState::Chosen(path) => s.act(Action::Open(path)),
        DialogState::Cancelled => {}
        DialogState::Missing => s.warn(format!("This system has no file dialog (no portal, no zenity). {ways}")),
    }
    s.dialog = None;
}

fn data_dialog(s: &mut State) {
    let Some(dialog) = &mut s.data_dialog else { return };
    match dialog.poll() {
        DialogState::Open => return,
        DialogState::Silent => {
            s.warn("The system's file dialog does not answer. Type the path of the data under Data in the Recipe step.");
            return;
        }
        DialogState::Chosen(path) => {
            if let Some(doc) = &mut s.doc {
                let mut recipe = doc.recipe().clone();
                recipe.data.calibration.get_or_insert_default().path = path;
                doc.edit("Choose calibration data", recipe);
                doc.history().close_step();
            }
        }
        DialogState::Cancelled => {}
        DialogState::Missing => s.warn(
            "This system has no file dialog (no portal, no zenity). Type the path of the data under Data in the Recipe step.",
        ),
    }
    s.data_dialog = None;
}

fn targets(s: &mut State) {
    let Targets::Asking(job) = &mut s.targets else { return };
    let mut lines = Vec::new();
    job.poll(&mut |event| collect_log(event, &mut lines));
    let ending = job.ending.take();
    write_log(s, lines, &|_| "targets".into());
    match ending {
        None => {}
        Some(Ending::Done(output)) => {
            s.targets = match *output {
                TaskOutput::Targets(list) => Targets::Known(list),
                _ => Targets::Failed("the service answered something else".into()),
            }
        }
        Some(Ending::Cancelled) => s.targets = Targets::Failed("cancelled".into()),
        Some(Ending::Failed(error)) => {
            s.targets = Targets::Failed(error.to_string());
            s.warn(format!("The targets are not known: {error}"));
        }
    }
}

fn cleaning(s: &mut State) {
    let Some(doc) = &mut s.doc else { return };
    let Some(answer) = doc.cleaning.as_ref().and_then(Cleaning::poll) else {
        return;
    };
    doc.cleaning = None;
    let found = match answer {
        Ok(found) => found,
        Err(why) => {
            s.error(format!("Clean-up patches were not found: {why}"));
            return;
        }
    };
    for (patch, why) in &found.refused {
        let line = format!("{} was left out: {why}", patch.label());
        s.log.push(Level::Info, "clean-up", &line);
    }
    match found.into_recipe(doc.recipe()) {
        Some(next) if !found.patches.is_empty() => {
            doc.edit("Add clean-up patches", next);
            doc.history().close_step();
            s.say(match found.patches.len() {
                1 => "1 clean-up patch added; undo takes it back".to_owned(),
                n => format!("{n} clean-up patches added; undo takes them back"),
            });
            s.act(Action::Step(Step::Recipe));
        }
        Some(_) => s.say("Nothing to clean up: no patch would change the model"),
        None => s.warn("The recipe's patches have changed meanwhile; no clean-up patches were added"),
    }
}

fn patches(s: &mut State) {
    let Some(doc) = &mut s.doc else { return };
    doc.follow_sizes(&s.wake);
    if doc.follow_patches(&s.wake) {
        // Nodes and tensors have other numbers now.
        s.selection = Selection::Model;
        s.reveal = None;
    }
}

fn check(s: &mut State) {
    let Some(doc) = &mut s.doc else { return };
    let CheckState::Running(job) = &mut doc.check else {
        let idle = !matches!(doc.check, CheckState::None);
        let settled = doc.analysis.is_some() && idle && doc.check_is_stale();
        if settled {
            command::check(s);
        }
        return;
    };
    let mut lines = Vec::new();
    job.poll(&mut |event| collect_log(event, &mut lines));
    match job.ending.take() {
        None => {}
        Some(Ending::Done(output)) => match *output {
            TaskOutput::Check(report) => doc.check_ended(Ok(report)),
            _ => doc.check_ended(Err("the service answered something else".into())),
        },
        Some(Ending::Cancelled) => doc.check_ended(Err("cancelled".into())),
        Some(Ending::Failed(error)) => doc.check_ended(Err(error.to_string())),
    }
    write_log(s, lines, &|_| "check".into());
}

fn calibration(s: &mut State) {
    let Some(job) = &mut s.precision.job else { return };
    if !job.is_running() {
        return;
    }
    let mut lines = Vec::new();
    job.poll(&mut |event| collect_log(event, &mut lines));
    let ending = job.ending.clone();
    write_log(s, lines, &|_| "calibration".into());
    let Some(ending) = ending else { return };
    let (wanted, waiting) = (s.precision.wanted.take(), s.precision.search.take());
    match (s.precision.ended(&ending), ending) {
        (Some(found), _) if let Some(waiting) = waiting => command::search_calibrated(s, waiting, Some(&found)),
        (Some(found), _) => {
            let Some(doc) = &mut s.doc else { return };
            let mut recipe = doc.recipe().clone();
            let choice = wanted.unwrap_or_else(|| Lowering::of(&recipe));
            let patched = choice.to.is_lower() && choice.write(&mut recipe, Some(&found)).is_ok();
            if patched {
                doc.edit("Change precision", recipe);
                doc.history().close_step();
            }
            s.say(format!("Calibrated: {}", found.source));
        }
        (None, Ending::Cancelled) => s.say("The calibration has stopped"),
        (None, Ending::Failed(error)) => s.error(format!("Calibration failed: {error}")),
        (None, Ending::Done(_)) => s.error("Calibration failed: the service answered something else"),
    }
}

fn search(s: &mut State) {
    let Some(job) = &mut s.sensitivity.job else { return };
    if !job.is_running() {
        return;
    }
    let (mut lines, mut told) = (Vec::new(), Vec::new());
    job.poll(&mut |event| {
        collect_log(event, &mut lines);
        if let ServiceEvent::Search(event) = event {
            told.push(event.clone());
        }
    });
    let ending = job.ending.clone();
    for event in &told {
        s.sensitivity.see(event);
    }
    write_log(s, lines, &|_| "search".into());
    match ending {
        None => {}
        Some(Ending::Done(output)) => match *output {
            TaskOutput::Search(result) => {
                s.sensitivity.ended(*result);
                s.say("Search done");
            }
            _ => s.error("The search failed: the service answered something else"),
        },
        Some(Ending::Cancelled) => s.say("The search has stopped; what was measured stays"),
        Some(Ending::Failed(error)) => s.error(format!("The search failed: {error}")),
    }
}

fn mixes(s: &mut State) {
    let Some(job) = &mut s.sensitivity.measuring else {
        return;
    };
    if !job.is_running() {
        return;
    }
    let mut lines = Vec::new();
    job.poll(&mut |event| collect_log(event, &mut lines));
    let (ending, since) = (job.ending.clone(), job.started());
    write_log(s, lines, &|_| "search".into());
    match ending {
        None => {}
        Some(Ending::Done(output)) => match *output {
            TaskOutput::Mixes(mixes) => {
                s.log.push(Level::Info, "search", &mixes.words());
                s.say(mixes.headline());
                s.sensitivity.mixes = Some(Rc::new(*mixes));
                s.runs.announce(since);
                s.act(Action::Run(CommandId::ReadHistory));
            }
            _ => s.error("Measuring failed: the service answered something else"),
        },
        Some(Ending::Cancelled) => s.say("Measuring has stopped"),
        Some(Ending::Failed(error)) => {
            let why = format!("The mixes were not measured: {error}");
            s.sensitivity.failure = Some(why.clone());
            s.error(why);
        }
    }
}

fn build(s: &mut State) {
    let Some(job) = &mut s.build else { return };
    if !job.is_running() {
        return;
    }
    let mut lines = Vec::new();
    job.poll(&mut |event| collect_log(event, &mut lines));
    let failed = match &job.ending {
        Some(Ending::Failed(error)) => Some(error.to_string()),
        _ => None,
    };
    let cancelled = matches!(job.ending, Some(Ending::Cancelled));
    let done = matches!(job.ending, Some(Ending::Done(_)));
    write_log(s, lines, &|_| "build".into());
    if let Some(why) = failed {
        s.error(format!("Build failed: {why}"));
    }
    if cancelled {
        s.say("The build has stopped");
    }
    if done {
        s.say("Engine built");
    }
}

fn lab(s: &mut State) {
    let lab = &mut s.lab;
    let Some(run) = &mut lab.run else { return };
    let Run { job, variants, .. } = run;
    if !lab.paused {
        for event in lab.held.drain(..) {
            Run::see(variants, &event);
        }
    }
    if !job.is_running() {
        return;
    }
    let mut lines = Vec::new();
    let (paused, held) = (lab.paused, &mut lab.held);
    job.poll(&mut |event| {
        collect_log(event, &mut lines);
        if paused && matches!(event, ServiceEvent::Samples { .. }) {
            held.push(event.clone());
        } else {
            Run::see(variants, event);
        }
    });
    let names: Vec<String> = variants.iter().map(|v| v.name.clone()).collect();
    let ending = job.ending.clone();
    let name = |i: Option<usize>| i.and_then(|i| names.get(i).cloned()).unwrap_or_else(|| "lab".into());
    let lost: Vec<String> = lines
        .iter()
        .filter(|l| l.lost)
        .map(|l| format!("The worker of {} is gone: {}", name(l.variant), l.text))
        .collect();
    write_log(s, lines, &name);
    for text in lost {
        s.error(text);
    }
    match ending {
        Some(Ending::Done(output)) => {
            if let TaskOutput::Compare(result) = *output {
                s.lab.result = Some(result);
                s.say("Comparison done");
                let since = s.lab.run.as_ref().map_or_else(Instant::now, |r| r.job.started());
                s.runs.announce(since);
                s.act(Action::Run(CommandId::ReadHistory));
            }
        }
        Some(Ending::Failed(error)) => s.error(format!("Comparison failed: {error}")),
        Some(Ending::Cancelled) => s.say("The comparison has stopped"),
        None => {}
    }
}

fn engine(s: &mut State) {
    let Some(engine) = &mut s.engine else { return };
    let mut lines = Vec::new();
    engine.poll(&mut |event| collect_log(event, &mut lines));
    write_log(s, lines, &|_| "engine".into());
}

fn profile(s: &mut State) {
    let Some(run) = &mut s.lab.profile else { return };
    if !run.job.is_running() {
        return;
    }
    let mut lines = Vec::new();
    run.poll(&mut |event| collect_log(event, &mut lines));
    let words = match &run.job.ending {
        None => None,
        Some(Ending::Done(_)) => Some(Ok("Layers profiled".to_owned())),
        Some(Ending::Cancelled) => Some(Ok("The profile has stopped".to_owned())),
        Some(Ending::Failed(error)) => Some(Err(format!("The profile failed: {error}"))),
    };
    write_log(s, lines, &|_| "profile".into());
    match words {
        Some(Ok(words)) => s.say(words),
        Some(Err(words)) => s.error(words),
        None => {}
    }
}

fn difference(s: &mut State) {
    let Some(run) = &mut s.lab.difference else { return };
    if run.job.is_running() {
        let mut lines = Vec::new();
        run.poll(&mut |event| collect_log(event, &mut lines));
        let words = match &run.job.ending {
            None => None,
            Some(Ending::Done(_)) => Some(Ok("Tensors compared".to_owned())),
            Some(Ending::Cancelled) => Some(Ok("The comparison of tensors has stopped".to_owned())),
            Some(Ending::Failed(error)) => Some(Err(format!("The comparison of tensors failed: {error}"))),
        };
        write_log(s, lines, &|_| "accuracy".into());
        match words {
            Some(Ok(words)) => s.say(words),
            Some(Err(words)) => s.error(words),
            None => {}
        }
    }
    if let (Some(graph), Some(run)) = (s.shown_graph(), &mut s.lab.difference) {
        run.follow(&graph);
    }
}

fn optimized(s: &mut State) {
    let wake = Arc::clone(&s.wake);
    let Some(doc) = &mut s.doc else { return };
    let Some(before) = doc.built().map(|a| Arc::clone(&a.graph)) else {
        return;
    };
    let Some(optimized) = &mut doc.optimized else { return };
    let mut lines = Vec::new();
    let ended = optimized.poll(&before, &wake, &mut |event| collect_log(event, &mut lines));
    if let Some(Ok(())) = ended {
        doc.show_optimized(true);
        // Nodes and tensors have other numbers now.
        s.selection = Selection::Model;
        s.reveal = None;
    }
    write_log(s, lines, &|_| "optimize".into());
    match ended {
        Some(Ok(())) => s.say("This is the graph that ONNX Runtime runs"),
        Some(Err(None)) => s.say("Optimizing has stopped"),
        Some(Err(Some(why))) => s.error(format!("The optimized graph cannot be shown: {why}")),
        None => {}
    }
}

fn sweep(s: &mut State) {
    let Some(sweep) = s.lab.sweep.as_mut().filter(|sweep| sweep.job.is_running()) else {
        return;
    };
    let mut lines = Vec::new();
    sweep.poll(&mut |event| collect_log(event, &mut lines));
    let (ending, since) = (sweep.job.ending.clone(), sweep.job.started());
    let done = match &ending {
        Some(Ending::Done(output)) => match output.as_ref() {
            TaskOutput::Compare(result) => {
                sweep.result = Some(result.clone());
                true
            }
            _ => false,
        },
        _ => false,
    };
    write_log(s, lines, &|_| "sweep".into());
    match ending {
        Some(Ending::Done(_)) if done => {
            s.say("Sweep done");
            s.runs.announce(since);
            s.act(Action::Run(CommandId::ReadHistory));
        }
        Some(Ending::Done(_)) => s.error("The service answered something else than a sweep"),
        Some(Ending::Failed(error)) => s.error(format!("Sweep failed: {error}")),
        Some(Ending::Cancelled) => s.say("The sweep has stopped"),
        None => {}
    }
}

struct LogLine {
    variant: Option<usize>,
    level: Level,
    text: String,
    lost: bool,
}

fn collect_log(event: &ServiceEvent, lines: &mut Vec<LogLine>) {
    match event {
        ServiceEvent::Log {
            variant,
            severity,
            line,
        } => {
            lines.push(LogLine {
                variant: *variant,
                level: Level::from_name(severity),
                text: line.clone(),
                lost: false,
            });
        }
        ServiceEvent::WorkerLost { variant, message } => {
            lines.push(LogLine {
                variant: *variant,
                level: Level::Error,
                text: message.clone(),
                lost: true,
            });
        }
        _ => {}
    }
}

fn write_log(s: &mut State, lines: Vec<LogLine>, source: &dyn Fn(Option<usize>) -> String) {
    for line in lines {
        s.log.push(line.level, &source(line.variant), &line.text);
    }
}
