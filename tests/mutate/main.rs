//! Mutated input of every kind that the program reads: models (opened, checked, cleaned, cast, quantized, saved), recipes,
//! engine headers, lines of the worker protocol and arrays. None may panic, take 20 s or 2 GB, or change the file it was
//! read from.
//!
//! `cargo test` runs a short form. `tests/mutate.sh 1000000` runs the long one, whose last figures are in
//! docs/checks/robustness.md. A mutation follows from its number alone: `ENGINESMITH_MUTATION=N` runs that one.
#![cfg(target_os = "linux")]

mod corpus;
mod mutate;
#[path = "../support/mod.rs"]
mod support;

use corpus::Corpus;
use enginesmith::check::{Request, check};
use enginesmith::data::npz;
use enginesmith::data::random::Random;
use enginesmith::engine::plan::EngineView;
use enginesmith::graph::Graph;
use enginesmith::model::{DataType, Model};
use enginesmith::recipe::Recipe;
use enginesmith::rewrite::{CastSpec, PatchSpec, QuantizeSpec, apply, clean_up};
use enginesmith::worker::protocol::{FromWorker, Joiner, Message, ToWorker};
use enginesmith::worker::wire::tensors_from_bytes;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Longer is a hang.
const PATIENCE: Duration = Duration::from_secs(20);
/// More memory is too much, in bytes.
const MEMORY: u64 = 2_000_000_000;
/// Mutations of the short form.
const SHORT: u64 = 2_000;
/// What is done to a mutated input, most often what does most.
const KINDS: [&str; 12] = [
    "open", "check", "check", "clean", "clean", "cast", "cast", "quantize", "quantize", "recipe", "protocol", "array",
];

/// What happened to a kind.
#[derive(Default, Debug)]
struct Figures {
    run: u64,
    /// Taken as valid.
    accepted: u64,
    slowest: Duration,
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Most memory that this process has had since the last call, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0");
    let peak = line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0) << 10;
    // 5 resets it (proc(5), clear_refs).
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    peak
}

fn pick<'a, T>(all: &'a [T], random: &mut Random) -> &'a T {
    &all[mutate::below(random, all.len())]
}

/// The model in this file, when it is one.
fn open(path: &Path) -> Option<Arc<Model>> {
    Model::open(path).ok().map(Arc::new)
}

/// Makes a patched model's file and reads it again: what is written must be readable.
fn saved(done: &Arc<Model>, out: &Path) {
    let graph = Graph::new(done.clone());
    graph.check_invariants().expect("a patched model holds together");
    if done.save(out, true).is_ok() {
        let again = Model::open(out).expect("what was saved opens");
        Graph::new(Arc::new(again))
            .check_invariants()
            .expect("and holds together");
    }
}

/// Does `kind` with the mutated input; true when it was taken as valid.
fn exercise(kind: &str, bytes: &[u8], path: &Path, out: &Path, random: &mut Random) -> bool {
    match kind {
        "recipe" => {
            let Ok(recipe) = Recipe::from_toml(&String::from_utf8_lossy(bytes)) else {
                return false;
            };
            let again = Recipe::from_toml(&recipe.to_toml()).expect("what was written can be read");
            assert_eq!(again.to_toml(), recipe.to_toml());
            true
        }
        "engine" => EngineView::open(path).is_ok(),
        "protocol" => {
            let text = String::from_utf8_lossy(bytes);
            let mut joiner = Joiner::default();
            let mut any = false;
            for line in text.lines() {
                if let Ok(Some(whole)) = joiner.take(line.trim_start_matches(['<', '>'])) {
                    any |= serde_json::from_str::<Message<FromWorker>>(&whole).is_ok();
                    any |= serde_json::from_str::<Message<ToWorker>>(&whole).is_ok();
                }
            }
            any
        }
        "array" => npz::read(bytes).is_ok() | tensors_from_bytes(&bytes.to_vec().into()).is_ok(),
        _ => {
            let Some(model) = open(path) else { return false };
            let graph = Graph::new(model.clone());
            graph.check_invariants().expect("an accepted model holds together");
            let done = match kind {
                "check" => {
                    let targets = [
                        "embedded",
                        "onnxruntime-cpu",
                        "onnxruntime-cuda",
                        "tensorrt",
                        "tensorrt-rtx",
                    ];
                    let request = Request {
                        target: targets[mutate::below(random, targets.len())].into(),
                        version: None,
                        profiles: Vec::new(),
                        parser: None,
                    };
                    return check(&graph, &request).is_ok();
                }
                "clean" => Some(Some(clean_up(&model, &PatchSpec::clean_up()).model)),
                "cast" => {
                    let spec: CastSpec = serde_json::from_value(serde_json::json!({
                        "to": pick(&["fp16", "bf16"], random),
                        "keep_io_types": mutate::below(random, 2) == 0,
                    }))
                    .expect("a cast");
                    apply(&model, &PatchSpec::Cast(Box::new(spec)))
                        .ok()
                        .map(|d| Some(d.model))
                }
                "quantize" => {
                    let floats = graph.tensors.iter().filter(|t| t.ty.dtype == Some(DataType::Float32));
                    let thresholds: BTreeMap<String, f32> = floats.map(|t| (t.name.to_string(), 1.5)).collect();
                    let spec: QuantizeSpec = serde_json::from_value(serde_json::json!({
                        "mode": pick(&["int8", "fp8", "int4"], random),
                        "pointwise": mutate::below(random, 2) == 0,
                        "attention": mutate::below(random, 2) == 0,
                        "thresholds": thresholds,
                    }))
                    .expect("a quantization");
                    apply(&model, &PatchSpec::Quantize(Box::new(spec)))
                        .ok()
                        .map(|d| Some(d.model))
                }
                _ => {
                    let _ = graph.summary(&Default::default());
                    Some(None)
                }
            };
            if let Some(Some(done)) = &done {
                saved(done, out);
            }
            done.is_some()
        }
    }
}

/// The mutated input of a number, and what to do with it.
fn mutation(corpus: &Corpus, number: u64) -> (&'static str, Vec<u8>, Random) {
    let mut random = Random::new(number.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let mut kind = KINDS[mutate::below(&mut random, KINDS.len())];
    if kind == "protocol" && mutate::below(&mut random, 2) == 0 {
        kind = "engine";
    }
    let all = match kind {
        "recipe" => &corpus.recipes,
        "engine" => &corpus.engines,
        "protocol" => &corpus.lines,
        "array" => &corpus.arrays,
        _ => &corpus.models,
    };
    let mut data = pick(all, &mut random).to_vec();
    let other = pick(all, &mut random);
    match kind {
        "recipe" | "protocol" => mutate::text(&mut data, other, &mut random),
        "engine" | "array" => mutate::bytes(&mut data, other, &mut random),
        // One in four breaks the encoding itself.
        _ if mutate::below(&mut random, 4) > 0 && mutate::message(&mut data, other, &mut random) => {}
        _ => mutate::bytes(&mut data, other, &mut random),
    }
    (kind, data, random)
}

/// Runs the mutations from `first` on; what went wrong.
fn run(first: u64, count: u64, figures: &mut BTreeMap<&'static str, Figures>) -> Vec<String> {
    static SAID: Mutex<String> = Mutex::new(String::new());
    static AT: AtomicU64 = AtomicU64::new(0);
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or(String::new(), ToString::to_string);
        *SAID.lock().unwrap() = format!("{place}: {}", info.payload_as_str().unwrap_or("?"));
    }));
    let corpus = Corpus::new();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (path, out) = (folder.path().join("m.onnx"), folder.path().join("out.onnx"));
    let keep = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // A hang cannot be stopped from inside: the process ends with the number.
    let watch = Arc::new(AtomicU64::new(0));
    let watched = Arc::clone(&watch);
    let began = Instant::now();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(500));
            let since = watched.load(Ordering::Relaxed);
            if since > 0 && began.elapsed().as_millis() as u64 > since + PATIENCE.as_millis() as u64 {
                eprintln!("mutation {} hangs", AT.load(Ordering::Relaxed));
                std::process::abort();
            }
        }
    });
    let mut wrong = Vec::new();
    peak();
    for number in first..first + count {
        let (kind, data, mut random) = mutation(&corpus, number);
        AT.store(number, Ordering::Relaxed);
        std::fs::write(&path, &data).expect("the folder takes files");
        let start = Instant::now();
        watch.store(began.elapsed().as_millis() as u64 + 1, Ordering::Relaxed);
        let result = catch_unwind(AssertUnwindSafe(|| exercise(kind, &data, &path, &out, &mut random)));
        watch.store(0, Ordering::Relaxed);
        let took = start.elapsed();
        let mut fault = |what: String| {
            let _ = std::fs::write(keep.join(format!("mutation-{number}")), &data);
            wrong.push(format!("mutation {number} ({kind}): {what}"));
        };
        if result.is_err() {
            fault(SAID.lock().unwrap().clone());
        }
        if took > PATIENCE {
            fault(format!("took {took:?}"));
        }
        let peak = peak();
        if peak > MEMORY {
            fault(format!("took {peak} bytes"));
        }
        if std::fs::read(&path).ok().as_ref() != Some(&data) {
            fault("changed the file that it was read from".into());
        }
        let figures = figures.entry(kind).or_default();
        figures.run += 1;
        figures.accepted += u64::from(matches!(result, Ok(true)));
        figures.slowest = figures.slowest.max(took);
    }
    let _ = std::panic::take_hook();
    wrong
}

#[test]
fn no_mutated_input_panics_hangs_takes_much_memory_or_is_changed() {
    let one = number("ENGINESMITH_MUTATION");
    let first = one.or_else(|| number("ENGINESMITH_MUTATIONS_FROM")).unwrap_or(0);
    let count = one
        .map(|_| 1)
        .or_else(|| number("ENGINESMITH_MUTATIONS"))
        .unwrap_or(SHORT);
    let mut figures = BTreeMap::new();
    let began = Instant::now();
    // The stack that the program's main thread has.
    let wrong = std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(8 << 20);
        let running = builder
            .spawn_scoped(scope, || run(first, count, &mut figures))
            .expect("a thread");
        running.join().expect("the runner itself does not panic")
    });
    println!("| input | mutations | accepted | slowest [ms] |\n|---|---:|---:|---:|");
    for (kind, f) in &figures {
        println!("| {kind} | {} | {} | {} |", f.run, f.accepted, f.slowest.as_millis());
    }
    println!(
        "{count} mutations from {first} on in {:.0} s, {} faults",
        began.elapsed().as_secs_f64(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What no mutation gets through says nothing about what comes behind it.
    let any = |f: &Figures| f.accepted * 50 > f.run || f.run < 100;
    assert!(
        figures.iter().all(|(kind, f)| *kind == "engine" || any(f)),
        "{figures:?}"
    );
}
