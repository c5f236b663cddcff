//! Why a command cannot be run now, where several commands share the reason.

use crate::data::over::Over;
use crate::data::shapes;
use crate::studio::jobs::Job;
use crate::studio::model::document::CheckState;
use crate::studio::state::State;

pub(crate) fn never(_: &State) -> Option<String> {
    None
}

pub(crate) fn needs_model(state: &State) -> Option<String> {
    state.doc.is_none().then(|| "Open a model first".into())
}

pub(crate) fn needs_graph(state: &State) -> Option<String> {
    match &state.doc {
        None => needs_model(state),
        Some(doc) if doc.analysis.is_none() => Some("The graph is still being built".into()),
        Some(_) => None,
    }
}

pub(crate) fn may_check(state: &State) -> Option<String> {
    needs_model(state).or_else(|| {
        let running = state
            .doc
            .as_ref()
            .is_some_and(|d| matches!(d.check, CheckState::Running(_)));
        running.then(|| "A check is running".into())
    })
}

/// Why nothing can be built or measured now: no model, an unusable target or precision, another job.
pub(crate) fn may_build(state: &State) -> Option<String> {
    if let Some(why) = needs_graph(state) {
        return Some(why);
    }
    if state.build.as_ref().is_some_and(Job::is_running) {
        return Some("A build is running".into());
    }
    if state.lab.is_sweeping() {
        return Some("A sweep is running".into());
    }
    if state.lab.is_running() {
        return Some("A comparison is running".into());
    }
    if state.lab.is_profiling() {
        return Some("Layers are being profiled".into());
    }
    if state.lab.is_differing() {
        return Some("Tensors are being compared".into());
    }
    crate::studio::recipe::panel::blocked(state)
}

/// As [`may_build`]; a target that builds but does not run here is no use either.
pub(crate) fn may_compare(state: &State) -> Option<String> {
    may_build(state).or_else(|| crate::studio::recipe::panel::cannot_measure(state))
}

/// As [`may_compare`]; a limit that is no number is no use either.
pub(crate) fn may_differ(state: &State) -> Option<String> {
    let limit = state.lab.difference_limit.trim();
    let is_number = limit.parse::<f64>().is_ok_and(|l| l.is_finite() && l >= 0.0);
    may_compare(state)
        .or_else(|| (!limit.is_empty() && !is_number).then(|| format!("The limit {limit:?} is no number such as 0.01")))
}

pub(crate) fn needs_difference(state: &State) -> Option<String> {
    let has_result = state.lab.difference.as_ref().is_some_and(|d| d.result.is_some());
    (!has_result).then(|| "Find where a variant differs first".into())
}

/// As [`may_compare`]; a size that the model fixes cannot be swept.
pub(crate) fn may_sweep(state: &State) -> Option<String> {
    may_compare(state).or_else(|| {
        let doc = state.doc.as_ref()?;
        let (recipe, graph) = (doc.recipe(), &doc.analysis.as_ref()?.graph);
        let bound = shapes::run_shapes(graph, recipe).ok()?;
        let spec = recipe.sweep.clone().unwrap_or_default();
        let over = match Over::find(graph, spec.what()) {
            Ok(over) => over,
            Err(why) => return Some(why),
        };
        let why = |size: &u64| over.set(graph, &bound, *size).err();
        spec.planned().iter().find_map(why)
    })
}

pub(crate) fn needs_run(state: &State) -> Option<String> {
    state.lab.run.is_none().then(|| "Compare variants first".into())
}

pub(crate) fn needs_result(state: &State) -> Option<String> {
    state
        .lab
        .result
        .is_none()
        .then(|| "No comparison has finished yet".into())
}

/// Why no calibration can be started now.
pub(crate) fn may_calibrate(state: &State) -> Option<String> {
    if let Some(why) = needs_graph(state) {
        return Some(why);
    }
    if state.precision.is_running() {
        return Some("A calibration is running".into());
    }
    if state.sensitivity.is_running() {
        return Some("A search is running".into());
    }
    state
        .lab
        .is_running()
        .then(|| "A comparison is running, and calibrating would disturb it".into())
}

/// Why what a search found cannot be measured now: as [`may_compare`], besides nothing found.
pub(crate) fn may_measure_mixes(state: &State) -> Option<String> {
    let has_trials = state.sensitivity.found.as_ref().is_some_and(|f| !f.trials.is_empty());
    if !has_trials {
        return Some("Find sensitive layers first".into());
    }
    may_calibrate(state).or_else(|| may_compare(state))
}

/// Why no sensitive layers can be searched now.
pub(crate) fn may_search(state: &State) -> Option<String> {
    may_calibrate(state).or_else(|| crate::studio::sensitivity::panel::blocked(state))
}
