//! Commands about precision: calibrations, and searches for the layers that lose accuracy.

use crate::recipe::{Lowering, Recipe};
use crate::rewrite::Calibration;
use crate::studio::command::CommandId;
use crate::studio::jobs::Job;
use crate::studio::precision::state::{self, Tab};
use crate::studio::sensitivity::state::Place;
use crate::studio::shell::layout::{self, Pane};
use crate::studio::state::{Action, PaintChoice, State, Step};
use crate::worker::{Task, Want};
use egui_tiles::Tree;
use std::sync::Arc;

/// Finds what values tensors take: for the precision that is wanted, else for the one the recipe has.
pub(crate) fn calibrate(state: &mut State) {
    let Some(doc) = &state.doc else { return };
    let recipe = state.precision.to_calibrate(doc.recipe());
    let task = Task::Calibrate {
        recipe: Box::new(recipe.clone()),
        cache: None,
        want: Want::Everything,
    };
    let job = Job::new(state.service.start(task, Arc::clone(&state.wake)));
    state.precision.started(&recipe, job);
}

/// Searches the layers of the recipe's own patches; where it has none, those of the variant that was searched last.
pub(crate) fn search(state: &mut State, tree: &mut Tree<Pane>, under_limit: bool) {
    let Some(doc) = &state.doc else { return };
    let recipe = doc.recipe().clone();
    layout::show(tree, Pane::Precision);
    let place = state.sensitivity.place().clone();
    if let Place::Variant(name) = &place
        && !Lowering::is_patched(&recipe)
    {
        let variants = recipe.resolve_variants().unwrap_or_default();
        let Some((_, mut recipe)) = variants.into_iter().find(|(n, _)| n == name) else {
            return state.say(format!("The recipe has no variant {name:?} any more"));
        };
        recipe.patches = state.sensitivity.searched().to_vec();
        return start_search(state, recipe, place, under_limit);
    }
    start_search(state, recipe, Place::Recipe, under_limit);
}

fn start_search(state: &mut State, mut recipe: Recipe, place: Place, under_limit: bool) {
    let spec = match state.sensitivity.spec(under_limit) {
        Ok(spec) => spec,
        Err(why) => return state.error(why),
    };
    // A new search starts from what keeping layers changed, unless nothing else was changed: then from before.
    if let Some(patches) = state.sensitivity.searched_before(&recipe, &place) {
        recipe.patches = patches;
    }
    recipe.variants.clear();
    let patches = recipe.patches.clone();
    let task = Task::Search {
        recipe: Box::new(recipe),
        spec: Box::new(spec),
    };
    let job = Job::new(state.service.start(task, Arc::clone(&state.wake)));
    state.sensitivity.started(place, patches, job);
    state.precision.tab = Tab::Layers;
    state.paint = PaintChoice::Sensitivity;
}

/// Measures the latency of what the last search found, on the recipe's target.
pub(crate) fn measure_mixes(state: &mut State) {
    let (Some(doc), Some(found)) = (&state.doc, &state.sensitivity.found) else {
        return;
    };
    let recipe = match state.sensitivity.to_measure(doc.recipe()) {
        Ok(recipe) => recipe,
        Err(why) => return state.error(why),
    };
    let task = Task::Mixes {
        recipe: Box::new(recipe),
        search: Box::new(found.clone()),
    };
    state.sensitivity.measuring = Some(Job::new(state.service.start(task, Arc::clone(&state.wake))));
}

/// Finds the layers that lose accuracy in a variant: lowers its graph as its build would, after a calibration where that
/// needs one.
pub fn find_layers_of(state: &mut State, variant: usize) {
    let Some(doc) = &state.doc else { return };
    let resolved = match doc.recipe().resolve_variants() {
        Ok(variants) => variants.into_iter().nth(variant),
        Err(why) => return state.error(format!("The variants cannot be resolved: {why}")),
    };
    let Some((name, recipe)) = resolved else {
        return state.say("The recipe has no such variant any more");
    };
    let place = match doc.recipe().variants.is_empty() {
        true => Place::Recipe,
        false => Place::Variant(name.clone()),
    };
    if let Some(why) = crate::studio::command::find(CommandId::Calibrate).and_then(|c| (c.blocked)(state)) {
        return state.say(why);
    }
    state.act(Action::Step(Step::Recipe));
    state.precision.tab = Tab::Layers;
    let choice = Lowering::of(&recipe);
    if Lowering::is_patched(&recipe) {
        return start_search(state, recipe, place, false);
    }
    if !choice.to.is_lower() {
        return state.say(format!("{name} computes in {}: nothing is lowered", choice.to));
    }
    let has_functions = state
        .doc
        .as_ref()
        .is_some_and(|doc| !doc.model.proto().functions.is_empty());
    let choice = choice.switched(choice.to).for_model(&recipe, has_functions);
    let found = state.precision.calibration_for(&choice, &recipe);
    let waiting = state::Search { recipe, choice, place };
    match found {
        Some(found) => search_calibrated(state, waiting, Some(&found)),
        None => {
            state.precision.search = Some(waiting);
            calibrate(state);
        }
    }
}

/// Starts a search that waited for its calibration.
pub fn search_calibrated(state: &mut State, waiting: state::Search, found: Option<&Calibration>) {
    let state::Search {
        mut recipe,
        choice,
        place,
    } = waiting;
    match choice.write(&mut recipe, found) {
        Ok(()) => start_search(state, recipe, place, false),
        Err(why) => state.error(format!("The layers were not searched: {why}")),
    }
}
