//! Carrying out commands.

use crate::recipe::Recipe;
use crate::studio::accuracy::differences::DifferenceRun;
use crate::studio::command::precision::{calibrate, measure_mixes, search};
use crate::studio::command::{CommandId, Figure};
use crate::studio::jobs::Job;
use crate::studio::lab::run::Run;
use crate::studio::layers::run::LayerRun;
use crate::studio::model::opening::Dialog;
use crate::studio::optimized::{self, Optimized};
use crate::studio::patches::cleaning::Cleaning;
use crate::studio::recipe::save;
use crate::studio::shell::layout::{self, Pane};
use crate::studio::shell::palette::Palette;
use crate::studio::state::{Action, Selection, State, Step, Targets};
use crate::studio::sweep::run::Sweep;
use crate::studio::theme;
use crate::worker::service::planned_sweep;
use crate::worker::{Depth, Task};
use eframe::egui::{self, ViewportCommand};
use egui_tiles::Tree;
use std::path::PathBuf;
use std::sync::Arc;

/// What commands may change.
pub struct Shell<'a> {
    /// egui.
    pub ctx: &'a egui::Context,
    /// Everything but the layout.
    pub state: &'a mut State,
    /// The layout.
    pub tree: &'a mut Tree<Pane>,
    /// The palette.
    pub palette: &'a mut Palette,
    /// The graph canvas.
    pub canvas: &'a mut crate::studio::graph::pane::CanvasPane,
}

/// The demo's recipe: below the current folder, next to the program, or in the folder where it was built (the program of
/// a checkout stands in `target/release`).
pub fn demo() -> Option<PathBuf> {
    let below = |folder: PathBuf| {
        let path = folder.join("examples/digits/recipe.toml");
        path.is_file().then_some(path)
    };
    let beside = || {
        let program = std::env::current_exe().ok()?;
        program
            .ancestors()
            .skip(1)
            .take(3)
            .find_map(|folder| below(folder.to_path_buf()))
    };
    below(PathBuf::from(".")).or_else(beside)
}

/// Runs a command, unless it is blocked now.
pub fn run(shell: &mut Shell<'_>, id: CommandId) {
    let state = &mut *shell.state;
    if let Some(why) = crate::studio::command::find(id).and_then(|c| (c.blocked)(state)) {
        state.say(why);
        return;
    }
    match id {
        CommandId::Open => {
            if state.dialog.is_none() {
                state.dialog = Some(Dialog::open_file(&state.wake));
            }
        }
        CommandId::OpenDemo => {
            if let Some(path) = demo() {
                state.act(Action::Open(path));
            }
        }
        CommandId::CloseEngine => state.engine = None,
        CommandId::SaveRecipe => match state.doc.as_ref().and_then(|d| d.recipe_path.clone()) {
            Some(path) => state.act(Action::Save(path, true)),
            None => save_as(state),
        },
        CommandId::SaveRecipeAs => save_as(state),
        CommandId::CopyCommandLine => copy_command_line(state),
        CommandId::Quit => shell.ctx.send_viewport_cmd(ViewportCommand::Close),
        CommandId::Undo => {
            if let Some(label) = state.doc.as_mut().and_then(|d| d.history().undo()) {
                state.say(format!("Undone: {}", label.to_lowercase()));
            }
        }
        CommandId::Redo => {
            if let Some(label) = state.doc.as_mut().and_then(|d| d.history().redo()) {
                state.say(format!("Done again: {}", label.to_lowercase()));
            }
        }
        CommandId::CleanUp => {
            if let Some(doc) = &mut state.doc {
                match Cleaning::start(Arc::clone(&doc.model), doc.recipe(), &state.wake) {
                    Ok(cleaning) => doc.cleaning = Some(cleaning),
                    Err(why) => state.error(format!("Clean-up patches cannot be looked for: {why}")),
                }
            }
        }
        CommandId::FindNode => {
            layout::show(shell.tree, Pane::Canvas);
            shell.canvas.open_search();
        }
        CommandId::Palette => shell.palette.open(),
        CommandId::Step(step) => state.act(Action::Step(step)),
        CommandId::Pane(pane) => layout::show(shell.tree, pane),
        CommandId::ResetLayout => {
            *shell.tree = layout::default_tree();
            state.settings.drawer.clear();
            layout::set_drawer_share(shell.tree, layout::default_drawer(state.step));
        }
        CommandId::Theme(theme) => {
            state.settings.theme = theme;
            shell.ctx.set_theme(theme);
        }
        CommandId::ReduceMotion => {
            state.settings.reduce_motion = !state.settings.reduce_motion;
            theme::install(shell.ctx, state.settings.reduce_motion);
            state.say(if state.settings.reduce_motion {
                "Motion is off"
            } else {
                "Motion is on"
            });
        }
        CommandId::Larger => state.settings.rescale(1.1),
        CommandId::Smaller => state.settings.rescale(1.0 / 1.1),
        CommandId::ResetScale => state.settings.scale = 1.0,
        CommandId::FitGraph => shell.canvas.fit(),
        CommandId::Paint(choice) => state.paint = choice,
        CommandId::Turn => {
            if let Some(doc) = &mut state.doc {
                doc.turn(doc.side.other());
                state.selection = Selection::Model;
            }
        }
        CommandId::Check => check(state),
        CommandId::Build => build(state),
        CommandId::CancelBuild => {
            if let Some(job) = &mut state.build {
                job.cancel();
            }
        }
        CommandId::Optimize => optimize(state),
        CommandId::CancelOptimize => {
            if let Some(optimized) = state.doc.as_mut().and_then(|d| d.optimized.as_mut()) {
                optimized.job.cancel();
            }
        }
        CommandId::CloseOptimized => {
            if let Some(doc) = &mut state.doc {
                doc.show_optimized(false);
                doc.optimized = None;
                state.selection = Selection::Model;
            }
        }
        CommandId::Compare => compare(state, shell.tree),
        CommandId::CancelCompare => {
            if let Some(run) = &mut state.lab.run {
                run.job.cancel();
            }
        }
        CommandId::ProfileLayers => profile(state, shell.tree),
        CommandId::CancelProfile => {
            if let Some(run) = &mut state.lab.profile {
                run.job.cancel();
            }
        }
        CommandId::Sweep => sweep(state, shell.tree),
        CommandId::CancelSweep => {
            if let Some(sweep) = &mut state.lab.sweep {
                sweep.job.cancel();
            }
        }
        CommandId::ReadHistory => {
            if let Some(doc) = &state.doc {
                state.runs.read(state.service.data(), &doc.model, &state.wake);
            }
        }
        CommandId::FindDifference => find_difference(state),
        CommandId::CancelDifference => {
            if let Some(run) = &mut state.lab.difference {
                run.job.cancel();
            }
        }
        CommandId::GoToFirstBad => {
            if let Some(node) = state.lab.difference.as_ref().and_then(DifferenceRun::first_bad) {
                state.act(Action::Go(Selection::Node(node)));
            }
        }
        CommandId::RefreshTargets => ask_targets(state),
        CommandId::Calibrate => calibrate(state),
        CommandId::CancelCalibration => {
            if let Some(job) = &mut state.precision.job {
                job.cancel();
            }
        }
        CommandId::FindSensitive => search(state, shell.tree, false),
        CommandId::SearchUnderLimit => search(state, shell.tree, true),
        CommandId::CancelSearch => {
            if let Some(job) = &mut state.sensitivity.job {
                job.cancel();
            }
        }
        CommandId::MeasureMixes => measure_mixes(state),
        CommandId::CancelMixes => {
            if let Some(job) = &mut state.sensitivity.measuring {
                job.cancel();
            }
        }
        CommandId::ChooseCalibrationData => {
            if state.data_dialog.is_none() {
                state.data_dialog = Some(Dialog::open_folder(&state.wake));
            }
        }
        CommandId::PausePlots => state.lab.paused = !state.lab.paused,
        CommandId::ResetPlots => {
            state.lab.reset_plots += 1;
            state.lab.zoomed = false;
        }
        CommandId::CopyTableMarkdown => copy_table(state, crate::export::table::markdown, "table as Markdown"),
        CommandId::CopyTableCsv => copy_table(state, crate::export::table::csv, "table as CSV"),
        CommandId::CopyPlotCsv => {
            if let Some(run) = &state.lab.run {
                let text = crate::studio::plots::csv(run);
                state.act(Action::Copy(text, "plot data as CSV"));
            }
        }
        CommandId::CopyPlotPng => {
            layout::show(shell.tree, Pane::Plots);
            state.act(Action::CopyPlots);
        }
        CommandId::CopySvg(figure) => copy_svg(state, figure),
        CommandId::CopyLog => {
            let text = state.log.text();
            state.act(Action::Copy(text, "log"));
        }
        CommandId::ClearLog => state.log.clear(),
    }
}

/// Asks the worker's machine what it can do.
pub fn ask_targets(state: &mut State) {
    let job = Job::new(state.service.start(Task::Targets, Arc::clone(&state.wake)));
    state.targets = Targets::Asking(Box::new(job));
}

/// Asks for the findings of the recipe's target.
pub fn check(state: &mut State) {
    let Some(doc) = &mut state.doc else { return };
    let task = Task::Check {
        recipe: Box::new(doc.recipe().clone()),
        require_parser: false,
    };
    let job = Job::new(state.service.start(task, Arc::clone(&state.wake)));
    doc.check_started(job);
}

fn build(state: &mut State) {
    let Some(doc) = &state.doc else { return };
    let mut recipe: Recipe = doc.recipe().clone();
    recipe.variants.clear();
    let output = state.engine_file.output(&recipe);
    let force = output.as_ref().is_some_and(|o| o.force);
    state.built_file = output.map(|o| o.path);
    let task = Task::Build {
        recipe: Box::new(recipe),
        output: state.built_file.clone(),
        force,
    };
    state.build = Some(Job::new(state.service.start(task, Arc::clone(&state.wake))));
    state.act(Action::Step(Step::Build));
}

/// Has ONNX Runtime write its optimized graph, which is then opened beside what went in.
fn optimize(state: &mut State) {
    let Some(doc) = &mut state.doc else { return };
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(e) => {
            state.error(format!("The optimized graph has no place to go: {e}"));
            return;
        }
    };
    let mut recipe: Recipe = doc.recipe().clone();
    recipe.variants.clear();
    let task = Task::Build {
        recipe: Box::new(recipe),
        output: Some(optimized::file(folder.path())),
        force: true,
    };
    let job = Job::new(state.service.start(task, Arc::clone(&state.wake)));
    doc.show_optimized(false);
    doc.optimized = Some(Optimized::new(job, folder));
    state.selection = Selection::Model;
}

fn compare(state: &mut State, tree: &mut Tree<Pane>) {
    let Some(doc) = &state.doc else { return };
    let recipe = doc.recipe().clone();
    let variants = match recipe.resolve_variants() {
        Ok(variants) => variants,
        Err(why) => {
            state.error(format!("The variants cannot be resolved: {why}"));
            return;
        }
    };
    let graph = doc.analysis.as_ref().map(|a| &a.graph);
    let names = variants
        .iter()
        .map(|(name, resolved)| (name.clone(), graph.map_or(1, |g| batch(g, resolved))))
        .collect();
    let protocol = crate::studio::recipe::panel::protocol_name(&recipe);
    let job = Job::new(state.service.start(
        Task::Compare {
            recipe: Box::new(recipe),
        },
        Arc::clone(&state.wake),
    ));
    state.lab.run = Some(Run::new(job, protocol, names));
    state.lab.result = None;
    state.lab.paused = false;
    state.lab.zoomed = false;
    state.lab.reset_plots += 1;
    state.act(Action::Step(Step::Lab));
    layout::show(tree, Pane::Plots);
}

/// The variant with this index (the last one where there are fewer) by name, as a recipe of its own; what is wrong with the
/// recipe is told.
fn variant(state: &mut State, index: usize) -> Option<(String, Recipe)> {
    let resolved = state.doc.as_ref()?.recipe().resolve_variants();
    let variants = match resolved {
        Ok(variants) => variants,
        Err(why) => {
            state.error(format!("The variants cannot be resolved: {why}"));
            return None;
        }
    };
    let chosen = index.min(variants.len().saturating_sub(1));
    let (name, mut recipe) = variants.into_iter().nth(chosen)?;
    recipe.variants.clear();
    Some((name, recipe))
}

/// Profiles the chosen variant: builds it and runs it with the runtime's profiler on.
fn profile(state: &mut State, tree: &mut Tree<Pane>) {
    let index = state.lab.profile_variant;
    let Some((name, recipe)) = variant(state, index) else {
        return;
    };
    let task = Task::Profile {
        recipe: Box::new(recipe),
        runs: None,
    };
    let job = Job::new(state.service.start(task, Arc::clone(&state.wake)));
    state.lab.profile = Some(LayerRun::new(job, name));
    layout::show(tree, Pane::Layers);
}

/// Compares the chosen variant with the reference, tensor by tensor.
fn find_difference(state: &mut State) {
    let index = state.lab.difference_variant;
    let Some((name, recipe)) = variant(state, index) else {
        return;
    };
    let task = Task::Accuracy {
        recipe: Box::new(recipe),
        against: None,
        depth: Depth::Tensors,
        limit: state.lab.difference_limit.trim().parse().ok(),
    };
    let job = Job::new(state.service.start(task, Arc::clone(&state.wake)));
    state.lab.difference = Some(DifferenceRun::new(job, name));
    state.act(Action::ShowHigh(Pane::Differences));
}

fn sweep(state: &mut State, tree: &mut Tree<Pane>) {
    let Some(doc) = &state.doc else { return };
    let mut recipe = doc.recipe().clone();
    let over = recipe.sweep.get_or_insert_default().what().to_owned();
    let rows = match planned_sweep(&recipe).and_then(|planned| {
        recipe = planned;
        recipe.sweep_rows()
    }) {
        Ok(rows) => rows,
        Err(why) => {
            state.error(format!("The sweep cannot be planned: {why}"));
            return;
        }
    };
    let protocol = crate::studio::recipe::panel::protocol_name(&recipe);
    let task = Task::Sweep {
        recipe: Box::new(recipe),
    };
    let job = Job::new(state.service.start(task, Arc::clone(&state.wake)));
    state.lab.sweep = Some(Sweep::new(job, protocol, &over, &rows));
    state.act(Action::Step(Step::Lab));
    // After the step, which brings its own tab to the front.
    state.act(Action::Run(CommandId::Pane(Pane::Batches)));
    layout::show(tree, Pane::Batches);
}

fn copy_table(state: &mut State, write: fn(&crate::bench::Comparison) -> String, what: &'static str) {
    if let Some(result) = &state.lab.result {
        let text = write(result);
        state.act(Action::Copy(text, what));
    }
}

fn copy_svg(state: &mut State, figure: Figure) {
    let Some(result) = &state.lab.result else { return };
    let (svg, what) = match figure {
        Figure::Latency => (crate::export::plots::latency(result), "latency plot as SVG"),
        Figure::Throughput => (crate::export::plots::throughput(result), "throughput plot as SVG"),
        Figure::Speedup => (crate::export::plots::speedup(result), "speed-up plot as SVG"),
    };
    match svg {
        Some(svg) => state.act(Action::Copy(svg, what)),
        None => state.say("This comparison has no figures for that plot"),
    }
}

fn copy_command_line(state: &mut State) {
    let Some(doc) = &state.doc else { return };
    match &doc.recipe_path {
        Some(path) if !doc.is_dirty() => {
            let line = save::command_line(path);
            state.act(Action::Copy(line, "command line"));
        }
        _ => {
            let (line, left_out) = save::model_command_line(doc.recipe());
            state.act(Action::Copy(line, "command line"));
            if !left_out.is_empty() {
                state.warn(format!(
                    "The command line leaves out {}. Save the recipe for the whole of it.",
                    left_out.join(", ")
                ));
            }
        }
    }
}

/// Images per query: the first dimension of the first input at the shapes that will be measured; 1 where that cannot be told.
fn batch(graph: &crate::graph::Graph, recipe: &Recipe) -> u64 {
    let first = graph.bodies.first().and_then(|b| b.inputs.first());
    let shapes = crate::data::shapes::run_shapes(graph, recipe);
    let dim = first
        .zip(shapes.ok())
        .and_then(|(input, shapes)| shapes.get(&*graph.tensor(*input).name)?.first().copied());
    dim.unwrap_or(1).max(1)
}

/// Opens the "save as" field with a name that suggests itself.
fn save_as(state: &mut State) {
    let Some(doc) = &state.doc else { return };
    let path = doc
        .recipe_path
        .clone()
        .unwrap_or_else(|| doc.model.path().with_extension("recipe.toml"));
    state.save_as = Some(path.display().to_string());
    state.act(Action::Step(Step::Recipe));
}
