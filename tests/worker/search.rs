//! The search for sensitive layers as the window starts it: what it tells, its ends.

use crate::fixtures::*;
use crate::service::{finish, start, wait_for};
use crate::support::digits;
use enginesmith::recipe::{Recipe, TargetSpec};
use enginesmith::rewrite::search::{Limit, Search, SearchEvent, SearchSpec};
use enginesmith::rewrite::{Method, PatchSpec, QuantMode, QuantizeSpec};
use enginesmith::worker::{JobError, ServiceEvent, Task, TaskOutput};

/// The demo with a patch that quantizes it, compared with the embedded engine.
fn quantized() -> Recipe {
    let mut recipe = Recipe::open(&digits().join("recipe.toml")).unwrap();
    recipe.variants.clear();
    recipe.accuracy.reference = Some(TargetSpec::default());
    recipe.patches = PatchSpec::before_quantizing(13);
    let calibrate = Task::Calibrate {
        recipe: Box::new(recipe.clone()),
        cache: None,
        want: enginesmith::worker::Want::Everything,
    };
    let (_, result) = finish(&start(local(), calibrate));
    let Ok(TaskOutput::Calibrate(found)) = result else {
        panic!("{result:?}")
    };
    let spec = QuantizeSpec::new(QuantMode::Int8, Method::Max, &found);
    recipe.patches.push(PatchSpec::Quantize(Box::new(spec)));
    recipe
}

fn spec() -> SearchSpec {
    SearchSpec {
        rank_samples: 4,
        samples: Some(20),
        points: vec![2, 0, 2, 1000],
        ..SearchSpec::default()
    }
}

fn searching(recipe: Recipe, spec: SearchSpec) -> Task {
    Task::Search {
        recipe: Box::new(recipe),
        spec: Box::new(spec),
    }
}

fn found(result: Result<TaskOutput, JobError>) -> Search {
    match result {
        Ok(TaskOutput::Search(found)) => *found,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_search_tells_layers_then_figures_then_combinations() {
    let mut limited = spec();
    limited.limit = Some("cosine=0.5".parse::<Limit>().unwrap());
    let task = start(local(), searching(quantized(), limited));
    let (events, result) = finish(&task);
    let found = found(result);
    let (mut known, mut shares) = (None::<Search>, Vec::new());
    for event in events {
        match event {
            ServiceEvent::Search(SearchEvent::Layers(search)) => {
                assert!(known.is_none() && search.layers.iter().all(|m| m.errors.is_none()));
                known = Some(*search);
            }
            ServiceEvent::Search(SearchEvent::Layer { index, measured }) => {
                let search = known.as_mut().unwrap();
                assert!(
                    search.ranking.is_empty() && search.trials.len() == 1,
                    "everything lowered comes first"
                );
                assert!(search.layers[index].errors.is_none(), "each layer once");
                search.layers[index] = *measured;
            }
            ServiceEvent::Search(SearchEvent::Ranked(ranking)) => known.as_mut().unwrap().ranking = ranking,
            ServiceEvent::Search(SearchEvent::Trial(trial)) => known.as_mut().unwrap().trials.push(*trial),
            ServiceEvent::Phase { fraction, .. } => shares.extend(fraction),
            _ => {}
        }
    }
    // What was told on the way is all there is, but for what the limit found.
    let mut known = known.unwrap();
    assert_eq!((found.found, found.trials.len()), (Some(0), 2), "{found:?}");
    known.found = found.found;
    assert_eq!(known, found);
    assert_eq!((found.rank_samples, found.samples), (4, 20));
    assert_eq!(found.reference_top1.unwrap().samples, 20);
    assert!(found.reference.starts_with("embedded "), "{}", found.reference);
    assert_eq!(found.trials[1].kept, found.worst(2));
    let error = |i: usize| found.trials[i].errors.as_ref().unwrap().relative_l2();
    assert!(error(1) < error(0), "keeping the worst helps: {found:?}");
    assert!(shares.iter().all(|s| (0.0..=1.0).contains(s)), "{shares:?}");
}

#[test]
fn what_was_found_is_measured_and_measuring_can_be_cancelled() {
    let mut recipe = quantized();
    let (_, result) = finish(&start(local(), searching(recipe.clone(), spec())));
    let search = found(result);
    recipe.bench.duration_s = Some(0.2);
    recipe.bench.rounds = Some(2);
    let measure = |recipe: &Recipe| Task::Mixes {
        recipe: Box::new(recipe.clone()),
        search: Box::new(search.clone()),
    };
    let (events, result) = finish(&start(local(), measure(&recipe)));
    let Ok(TaskOutput::Mixes(mixes)) = result else {
        panic!("{result:?}")
    };
    // Everything lowered and the two worst kept; 1000 kept was never run.
    assert_eq!(mixes.trials, [None, Some(0), Some(1)]);
    assert!(mixes.comparison.variants.iter().all(|v| v.error.is_none()), "{mixes:?}");
    let rounds: Vec<(usize, u32)> = events
        .iter()
        .filter_map(|e| match e {
            ServiceEvent::Samples { variant, round, .. } => Some((*variant, *round)),
            _ => None,
        })
        .collect();
    // In turn, each round in an order of its own.
    let mut order = rounds.clone();
    order.dedup();
    assert!(order.is_sorted_by_key(|(_, round)| *round), "{order:?}");
    order.sort_unstable_by_key(|(variant, round)| (*round, *variant));
    assert_eq!(order, [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]);
    recipe.bench.duration_s = Some(60.0);
    let task = start(local(), measure(&recipe));
    wait_for(&task, |e| matches!(e, ServiceEvent::Samples { .. }));
    task.cancel();
    let (_, result) = finish(&task);
    assert!(matches!(result, Err(JobError::Cancelled)), "{result:?}");
    eventually("the workers are gone", || task.worker_pids().is_empty());
    // Nothing to measure is said.
    let mut none = search;
    none.trials.clear();
    let (_, result) = finish(&start(
        local(),
        Task::Mixes {
            recipe: Box::new(recipe),
            search: Box::new(none),
        },
    ));
    assert!(result.unwrap_err().to_string().contains("no combination"));
}

#[test]
fn a_cancelled_search_ends_and_leaves_no_worker() {
    let task = start(local(), searching(quantized(), spec()));
    wait_for(&task, |e| matches!(e, ServiceEvent::Search(SearchEvent::Layer { .. })));
    task.cancel();
    let (_, result) = finish(&task);
    assert!(matches!(result, Err(JobError::Cancelled)), "{result:?}");
    eventually("the workers are gone", || task.worker_pids().is_empty());
}

#[test]
fn a_search_goes_on_with_a_new_worker_when_one_is_lost() {
    let task = start(local(), searching(quantized(), spec()));
    wait_for(&task, |e| matches!(e, ServiceEvent::Search(SearchEvent::Layer { .. })));
    let pids = task.worker_pids();
    assert_eq!(pids.len(), 1, "one worker does it all");
    kill("-9", pids[0]);
    let (events, result) = finish(&task);
    let found = found(result);
    let lost = events
        .iter()
        .filter(|e| matches!(e, ServiceEvent::WorkerLost { .. }))
        .count();
    assert_eq!(lost, 1);
    let failed = found.layers.iter().filter(|m| m.failure.is_some()).count();
    assert_eq!(failed, 1, "only the layer at work is lost: {found:?}");
    assert!(
        found.layers[found.ranking[0]].failure.is_some(),
        "what is not known comes first"
    );
    assert!(found.trials.iter().all(|t| t.errors.is_some()), "{found:?}");
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let mut recipe = quantized();
    recipe.data.test.as_mut().unwrap().labels = None;
    let mut limited = spec();
    limited.limit = Some("top1-drop=1%".parse().unwrap());
    let (_, result) = finish(&start(local(), searching(recipe.clone(), limited)));
    assert!(result.unwrap_err().to_string().contains("needs labels"));
    recipe.patches = PatchSpec::before_quantizing(13);
    let (_, result) = finish(&start(local(), searching(recipe, spec())));
    assert!(result.unwrap_err().to_string().contains("lowers precision"));
}
