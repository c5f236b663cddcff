//! Tasks as the window and the command line start them.

use crate::fixtures::*;
use enginesmith::bench::history::History;
use enginesmith::engine::{EngineError, Usable};
use enginesmith::recipe::{Recipe, VariantSpec};
use enginesmith::worker::{JobError, Launch, Service, ServiceEvent, Task, TaskHandle, TaskOutput};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

pub fn start(launch: Launch, task: Task) -> TaskHandle {
    // Nothing of a test belongs to the user's own history.
    Service::new(launch).with_data(None).start(task, Arc::new(|| ()))
}

/// All events to the end, and the end.
pub fn finish(task: &TaskHandle) -> (Vec<ServiceEvent>, Result<TaskOutput, JobError>) {
    let deadline = Instant::now() + PATIENCE;
    let mut events = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match task.events.recv_timeout(left).expect("the task ends in time") {
            ServiceEvent::Done(output) => return (events, Ok(*output)),
            ServiceEvent::Failed(error) => return (events, Err(error)),
            event => events.push(event),
        }
    }
}

pub fn wait_for(task: &TaskHandle, mut wanted: impl FnMut(&ServiceEvent) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let event = task.events.recv_timeout(left).expect("the event comes in time");
        if wanted(&event) {
            return;
        }
        assert!(
            !matches!(event, ServiceEvent::Done(_) | ServiceEvent::Failed(_)),
            "{event:?}"
        );
    }
}

fn variant(name: &str, overrides: &str) -> VariantSpec {
    VariantSpec {
        name: name.into(),
        overrides: toml::from_str(overrides).unwrap(),
    }
}

fn comparing(model: &Path, seconds: f64, variants: Vec<VariantSpec>) -> Task {
    let mut recipe = Recipe::for_model(model);
    recipe.bench.duration_s = Some(seconds);
    recipe.bench.warmup_ms = Some(1.0);
    recipe.bench.rounds = Some(6);
    recipe.variants = variants;
    Task::Compare {
        recipe: Box::new(recipe),
    }
}

#[test]
fn targets_list_the_embedded_engine() {
    let (_, result) = finish(&start(local(), Task::Targets));
    let Ok(TaskOutput::Targets(targets)) = result else {
        panic!("{result:?}")
    };
    let embedded = targets.iter().find(|t| t.name == "embedded").unwrap();
    assert_eq!(embedded.found.len(), 1);
    assert_eq!(embedded.found[0].usable, Usable::Yes);
    assert!(
        embedded
            .precisions
            .iter()
            .any(|(name, why)| name == "fp16" && why.is_some())
    );
}

#[test]
fn a_build_tells_phases_and_stages_and_writes_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 4);
    let output = dir.path().join("out.onnx");
    let task = |force| Task::Build {
        recipe: Box::new(Recipe::for_model(&model)),
        output: Some(output.clone()),
        force,
    };
    let (events, result) = finish(&start(local(), task(false)));
    let Ok(TaskOutput::Build(record)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(record.engine_bytes, Some(std::fs::metadata(&output).unwrap().len()));
    assert_eq!(record.model_sha256.len(), 64);
    assert!(
        record.stages.iter().any(|(name, _)| name == "load"),
        "{:?}",
        record.stages
    );
    let told = |name: &str| {
        events
            .iter()
            .any(|e| matches!(e, ServiceEvent::Stage { stage, .. } if stage.name == name))
    };
    assert!(told("load") && told("check operators"));
    let fractions: Vec<f32> = events
        .iter()
        .filter_map(|e| match e {
            ServiceEvent::Phase { fraction, .. } => *fraction,
            _ => None,
        })
        .collect();
    assert!(fractions.iter().all(|f| (0.0..=1.0).contains(f)), "{fractions:?}");

    let (_, again) = finish(&start(local(), task(false)));
    let Err(JobError::Engine(EngineError::Request(message))) = again else {
        panic!("{again:?}")
    };
    assert!(message.contains("out.onnx") && message.contains("--force"), "{message}");
    finish(&start(local(), task(true))).1.unwrap();
}

#[test]
fn another_model_than_the_recipe_was_made_for_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut recipe = Recipe::for_model(&relu(dir.path(), 4));
    recipe.model.sha256 = Some("0".repeat(64));
    let recipe = Box::new(recipe);
    for task in [
        Task::Build {
            recipe: recipe.clone(),
            output: None,
            force: false,
        },
        Task::Compare { recipe },
    ] {
        let (_, result) = finish(&start(local(), task));
        let Err(JobError::Engine(EngineError::Request(message))) = result else {
            panic!("{result:?}")
        };
        assert!(message.contains("sha256"), "{message}");
    }
}

/// Memory that the machine does not have ends the doubling; what was measured before it stays, from a new worker.
#[test]
fn a_sweep_outlives_the_worker_that_memory_killed() {
    let dir = tempfile::tempdir().unwrap();
    let mut recipe = Recipe::for_model(&widening(dir.path(), 1 << 18));
    recipe.bench.duration_s = Some(0.06);
    recipe.bench.warmup_ms = Some(1.0);
    recipe.bench.rounds = Some(3);
    recipe.bench.iterations = Some(3);
    recipe.build.options.insert("threads".into(), 1.into());
    recipe.sweep = Some(enginesmith::recipe::SweepSpec {
        max_batch: Some(1 << 12),
        max_latency_ms: Some(1e6),
        ..Default::default()
    });
    // A row of the output is 1 MiB: 1 GB of address space ends before 4,096 of them.
    let launch = behind(dir.path(), "export MALLOC_ARENA_MAX=1; ulimit -v 1000000; exec \"$@\"");
    let task = Task::Sweep {
        recipe: Box::new(recipe),
    };
    let (events, result) = finish(&start(launch, task));
    let Ok(TaskOutput::Compare(comparison)) = result else {
        panic!("{result:?}")
    };
    let lost = events.iter().any(|e| matches!(e, ServiceEvent::WorkerLost { .. }));
    assert!(lost, "the limit was not reached: {:?}", comparison.sweeps);
    let curve = &comparison.sweeps[0];
    let batches: Vec<u64> = curve.points.iter().map(|p| p.batch).collect();
    let doubled: Vec<u64> = (0..batches.len()).map(|i| 1 << i).collect();
    assert!(batches.len() >= 4 && batches == doubled, "{batches:?}");
    let failed = format!("batch {} failed: ", 1u64 << batches.len());
    assert!(
        curve.stopped.as_ref().is_some_and(|why| why.starts_with(&failed)),
        "{curve:?}"
    );
    for row in &comparison.variants {
        assert_eq!(
            (row.error.as_ref(), row.round_medians_ms.len()),
            (None, 3),
            "{}",
            row.name
        );
    }
}

#[test]
fn variants_are_measured_in_turn_and_compared_with_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 1 << 20);
    let variants = vec![
        variant("one", "build.options.threads = 1"),
        variant("fp16", "build.precision = 'fp16'"),
        variant("two", "build.options.threads = 2"),
    ];
    let wakes = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&wakes);
    let service = Service::new(local()).with_data(Some(dir.path().join("data")));
    let task = service.start(
        comparing(&model, 0.6, variants),
        Arc::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        }),
    );
    let (events, result) = finish(&task);
    // The end is an event, too; its wake comes a moment after it.
    eventually("every event wakes", || wakes.load(Ordering::Relaxed) > events.len());
    let order: Vec<(u32, usize)> = {
        let mut order: Vec<_> = events
            .iter()
            .filter_map(|e| match e {
                ServiceEvent::Samples { variant, round, .. } => Some((*round, *variant)),
                _ => None,
            })
            .collect();
        order.dedup();
        order
    };
    // Once a round each, in an order drawn anew.
    let rounds: Vec<Vec<(u32, usize)>> = order.chunks(2).map(|pair| pair.to_vec()).collect();
    assert_eq!(rounds.len(), 6, "{order:?}");
    for (round, mut pair) in rounds.into_iter().enumerate() {
        pair.sort_unstable();
        assert_eq!(pair, [(round as u32, 0), (round as u32, 2)], "{order:?}");
    }

    let Ok(TaskOutput::Compare(comparison)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(comparison.protocol, "serial");
    assert_eq!(comparison.model, "relu.onnx");
    let [one, fp16, two] = comparison.variants.as_slice() else {
        panic!()
    };
    assert!(fp16.error.as_ref().unwrap().contains("FP16"), "{:?}", fp16.error);
    for row in [one, two] {
        assert_eq!(row.error, None);
        assert_eq!(row.round_medians_ms.len(), 6);
        assert_eq!(row.sessions, 6, "every round has a session of its own");
        assert!(row.statistics.samples >= 10 && row.statistics.latency_ms.median > 0.0);
        assert_eq!(row.shapes, ["x:1048576"]);
        assert!(row.environment.runtime.starts_with("rten 0."), "{:?}", row.environment);
    }
    assert_eq!((one.environment.threads, two.environment.threads), (Some(1), Some(2)));
    // A busy machine may make either unstable; then there is no ratio, and the verdict says so.
    let unstable = [one, two].iter().any(|row| row.unstable.is_some());
    assert!(
        one.ratio.is_none() && two.ratio.is_some() != unstable,
        "{:?}",
        two.verdict
    );
    // The history has the two that were measured, with their samples.
    let history = History::open(&dir.path().join("data"), &comparison.model_sha256).unwrap();
    let kept: Vec<&str> = history.entries.iter().map(|e| e.result.name.as_str()).collect();
    assert_eq!(kept, ["one", "two"]);
    let samples = history.samples(&history.entries[0]).unwrap();
    let count: usize = samples.iter().map(Vec::len).sum();
    assert_eq!((samples.len(), count as u64), (6, one.statistics.samples));
    assert!(history.entries[1].recipe.contains("threads = 2"));
    // What the samples said live is what the result counts.
    let streamed: usize = events
        .iter()
        .filter_map(|e| match e {
            ServiceEvent::Samples {
                variant: 0, samples, ..
            } => Some(samples.len()),
            _ => None,
        })
        .sum();
    assert_eq!(streamed as u64, one.statistics.samples);
    eventually("the workers are gone", || task.worker_pids().is_empty());
}

#[test]
fn a_lost_worker_costs_its_variant_alone() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 4096);
    let variants = vec![variant("first", ""), variant("second", "build.options.threads = 1")];
    let task = start(local(), comparing(&model, 3.0, variants));
    wait_for(&task, |e| matches!(e, ServiceEvent::Samples { variant: 1, .. }));
    let pids = task.worker_pids();
    assert_eq!(pids.len(), 2, "a worker per variant");
    kill("-9", pids[1]);
    let (events, result) = finish(&task);
    let lost = events.iter().find_map(|e| match e {
        ServiceEvent::WorkerLost { variant, message } => Some((*variant, message.clone())),
        _ => None,
    });
    let (variant, message) = lost.expect("the loss is told");
    assert_eq!(variant, Some(1));
    assert!(message.contains("signal 9"), "{message}");
    let Ok(TaskOutput::Compare(comparison)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(comparison.variants[0].error, None);
    assert_eq!(comparison.variants[0].round_medians_ms.len(), 6);
    assert!(comparison.variants[1].error.as_ref().unwrap().contains("signal 9"));
}

#[test]
fn cancel_ends_a_comparison_at_once_and_its_workers_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let model = relu(dir.path(), 4096);
    let variants = vec![variant("first", ""), variant("second", "build.options.threads = 1")];
    let task = start(local(), comparing(&model, 600.0, variants));
    wait_for(&task, |e| matches!(e, ServiceEvent::Samples { .. }));
    let pids = task.worker_pids();
    task.cancel();
    let (_, result) = finish(&task);
    assert!(matches!(result, Err(JobError::Cancelled)), "{result:?}");
    eventually("the workers are gone", || pids.iter().all(|p| !exists(*p)));
}

#[test]
fn cancel_ends_a_build_that_does_not_listen() {
    let dir = tempfile::tempdir().unwrap();
    let task = start(
        local(),
        Task::Build {
            recipe: Box::new(Recipe::for_model(&endless(dir.path()))),
            output: None,
            force: false,
        },
    );
    wait_for(
        &task,
        |e| matches!(e, ServiceEvent::Stage { stage, .. } if stage.name.starts_with("warm run")),
    );
    let pids = task.worker_pids();
    task.cancel();
    assert!(matches!(finish(&task).1, Err(JobError::Cancelled)));
    eventually("the worker is gone", || pids.iter().all(|p| !exists(*p)));
}

#[test]
fn cancel_ends_the_wait_for_a_silent_prefix() {
    let dir = tempfile::tempdir().unwrap();
    let task = start(behind(dir.path(), "exec sleep 1000"), Task::Targets);
    wait_for(&task, |e| matches!(e, ServiceEvent::Phase { .. }));
    std::thread::sleep(Duration::from_millis(200));
    task.cancel();
    assert!(matches!(finish(&task).1, Err(JobError::Cancelled)));
}

#[test]
fn a_check_without_a_parser_says_so_or_fails_when_one_is_required() {
    let dir = tempfile::tempdir().unwrap();
    let recipe = Box::new(Recipe::for_model(&relu(dir.path(), 4)));
    let task = |require_parser| Task::Check {
        recipe: recipe.clone(),
        require_parser,
    };
    let (_, result) = finish(&start(local(), task(false)));
    let Ok(TaskOutput::Check(report)) = result else {
        panic!("{result:?}")
    };
    assert!(report.supported && !report.parser_asked);
    assert!(
        report.notes.iter().any(|n| n.contains("no parser")),
        "{:?}",
        report.notes
    );
    let (_, result) = finish(&start(local(), task(true)));
    assert!(
        matches!(result, Err(JobError::Engine(EngineError::Unavailable(_)))),
        "{result:?}"
    );
}

#[test]
fn a_prefix_that_fails_is_told_with_its_words() {
    let dir = tempfile::tempdir().unwrap();
    let launch = behind(dir.path(), "echo 'ssh: connect to host gpu-box: refused' >&2; exit 255");
    let (_, result) = finish(&start(launch, Task::Targets));
    let Err(JobError::Worker(message)) = result else {
        panic!("{result:?}")
    };
    assert!(message.contains("refused") && message.contains("255"), "{message}");
}

#[test]
fn accuracy_is_measured_on_the_recipe_s_own_test_data() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/digits/recipe.toml");
    let mut recipe = Recipe::open(&path).unwrap();
    recipe.bench.duration_s = Some(0.05);
    recipe.bench.rounds = Some(1);
    recipe.variants.truncate(2);
    recipe.accuracy.reference = Some(Default::default());
    let task = Task::Compare {
        recipe: Box::new(recipe.clone()),
    };
    let (events, result) = finish(&start(local(), task));
    let Ok(TaskOutput::Compare(comparison)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(comparison.warnings, Vec::<String>::new());
    assert_eq!(comparison.failures, Vec::<String>::new());
    let reference = comparison.reference.unwrap();
    assert!(reference.target.starts_with("embedded@"), "{}", reference.target);
    let own = reference.task.unwrap();
    for row in &comparison.variants {
        let task = row.task.unwrap();
        // The same engine gives the same answers; how many are right is the demo's own claim, tested elsewhere.
        assert_eq!((task.samples, task.top1_correct), (own.samples, own.top1_correct));
        assert!(
            task.samples > 100 && task.top1_correct * 100 >= task.samples * 97,
            "{task:?}"
        );
        assert_eq!(row.accuracy.len(), 1);
        assert_eq!(row.accuracy[0].samples, task.samples);
        assert!(row.accuracy[0].max_abs < 1e-4, "{:?}", row.accuracy);
    }
    let told = events
        .iter()
        .any(|e| matches!(e, ServiceEvent::Phase { name, .. } if name.contains("samples")));
    assert!(told, "progress names the samples");

    // A limit that is broken is a failure of the comparison, in words.
    recipe.accuracy.min_cosine = Some(2.0);
    let task = Task::Compare {
        recipe: Box::new(recipe),
    };
    let Ok(TaskOutput::Compare(comparison)) = finish(&start(local(), task)).1 else {
        panic!()
    };
    assert_eq!(comparison.failures.len(), 2);
    assert!(comparison.failures[0].contains("cosine"), "{:?}", comparison.failures);
}

#[test]
fn test_data_that_does_not_fit_is_told_before_anything_is_built() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/digits/recipe.toml");
    let mut recipe = Recipe::open(&path).unwrap();
    recipe.data.test.as_mut().unwrap().inputs = [("input".to_string(), "labels".to_string())].into();
    let task = Task::Compare {
        recipe: Box::new(recipe),
    };
    let (events, result) = finish(&start(local(), task));
    let Err(JobError::Engine(EngineError::Request(message))) = result else {
        panic!("{result:?}")
    };
    assert!(message.contains("test.npz"), "{message}");
    assert!(!events.iter().any(|e| matches!(e, ServiceEvent::Built { .. })));
}
