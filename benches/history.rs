//! Opening a history of ten million samples, with what the view over time needs. `cargo bench --bench history`.
//!
//! 2,000 runs of 5,000 samples in five rounds, one model: four variants on two versions of a runtime, every index line with
//! recipe, environment, statistics, histogram and accuracy as a comparison writes them. Goal: open in under a second.

use enginesmith::bench::compare::Measured;
use enginesmith::bench::history::{Entry, History, known};
use enginesmith::bench::trend::trends;
use enginesmith::bench::{OutputAccuracy, Protocol, Sample, VariantResult};
use enginesmith::data::random::Random;
use enginesmith::recipe::Recipe;
use std::path::Path;
use std::sync::LazyLock;

const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const RUNS: usize = 2_000;
const SAMPLES: usize = 5_000;
const ROUNDS: usize = 5;

fn main() {
    let index = MADE.path().join("history").join(HASH).join("index.jsonl");
    let bytes = std::fs::metadata(index).map_or(0, |m| m.len());
    println!(
        "{RUNS} runs, {} samples, index of {bytes} bytes, {}",
        RUNS * SAMPLES,
        enginesmith::VERSION
    );
    divan::main();
}

static MADE: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    make(folder.path());
    folder
});

fn rounds(random: &mut Random, center: f64) -> Vec<Vec<Sample>> {
    let round = |random: &mut Random| {
        let mut clock = 0.0;
        let mut call = || {
            let start = clock;
            clock += center * (1.0 + 0.05 * random.normal().abs());
            Sample::call(start, clock)
        };
        (0..SAMPLES / ROUNDS).map(|_| call()).collect()
    };
    (0..ROUNDS).map(|_| round(random)).collect()
}

fn make(folder: &Path) {
    let mut random = Random::new(1);
    let mut history = History::open(folder, HASH).expect("an empty history");
    let mut recipe = Recipe::for_model(Path::new("models/resnet50.onnx"));
    recipe.target.name = "onnxruntime-cpu".into();
    recipe.bench.duration_s = Some(3.0);
    for run in 0..RUNS {
        let rounds = rounds(&mut random, 1.0 + (run % 4) as f64);
        let version = if run < RUNS / 2 { "1.22.0" } else { "1.23.0" };
        let mut result = VariantResult {
            name: ["fp32", "fp16", "int8", "fp32 b8"][run % 4].into(),
            target: format!("onnxruntime-cpu@{version}"),
            precision: "fp32".into(),
            shapes: vec!["input:1x3x224x224".into()],
            batch: 1,
            accuracy: vec![OutputAccuracy {
                output: "logits".into(),
                ..OutputAccuracy::default()
            }],
            ..VariantResult::default()
        };
        result.environment.host = "bench-1".into();
        result.environment.runtime = format!("ONNX Runtime {version}");
        result.environment.started = format!("2026-01-{:02}T{:02}:00:00Z", 1 + run % 28, run % 24);
        let measured = Measured {
            rounds: &rounds,
            protocol: Protocol::Serial,
            is_gpu: false,
        };
        result.fill(&measured);
        let entry = Entry {
            id: String::new(),
            model: "resnet50.onnx".into(),
            model_sha256: HASH.into(),
            protocol: "serial".into(),
            recipe: recipe.to_toml(),
            result,
            rounds: Vec::new(),
        };
        history.append(entry, &rounds).expect("room for the history");
    }
}

/// The index alone.
#[divan::bench(sample_count = 20)]
fn open() -> usize {
    History::open(MADE.path(), HASH)
        .expect("the history opens")
        .entries
        .len()
}

/// What the view over time shows first: the index, and the trends with their changes and verdicts.
#[divan::bench(sample_count = 20)]
fn open_view() -> usize {
    let history = History::open(MADE.path(), HASH).expect("the history opens");
    assert_eq!(history.entries.len(), RUNS);
    trends(&history.entries).len()
}

/// The list of models.
#[divan::bench(sample_count = 20)]
fn list_models() -> usize {
    known(MADE.path()).expect("the history opens").len()
}

/// A click on a run: its samples from its own file.
#[divan::bench(sample_count = 20)]
fn open_one_run(bencher: divan::Bencher<'_, '_>) {
    let history = History::open(MADE.path(), HASH).expect("the history opens");
    let entry = &history.entries[RUNS / 2];
    bencher.bench(|| history.samples(entry).expect("its samples").len());
}
