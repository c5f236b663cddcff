//! The real TensorRT-RTX libraries: building without a GPU. See `common::libraries`.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod common;

use common::{each_library, onnx};
use enginesmith_tensorrt::api::{Builder, Network};
use enginesmith_tensorrt::interfaces::{ProgressMonitor, subscribe};
use enginesmith_tensorrt::sys::*;
use enginesmith_tensorrt::{Error, Library};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex};

fn parsed<'b>(builder: &'b Builder, model: &[u8]) -> Network<'b> {
    let mut network = builder.strongly_typed().expect("a network");
    network
        .parser()
        .expect("a parser")
        .parse(model, None)
        .expect("a model that it takes");
    network
}

/// Builds for SM 8.6, which needs no GPU.
fn build(builder: &Builder, network: &Network<'_>) -> Vec<u8> {
    let mut config = builder.config().expect("a configuration");
    config
        .set_compute_capabilities(&[ComputeCapability::Sm86])
        .expect("SM 8.6");
    builder.build(network, &config).expect("an engine").to_vec()
}

#[test]
fn dynamic_shapes_and_options_end_up_in_the_engine() {
    each_library(|library| {
        let builder = library.builder().expect("a builder");
        let network = parsed(&builder, &onnx::convolutions(-1));
        let mut config = builder.config().expect("a configuration");
        config
            .set_compute_capabilities(&[ComputeCapability::Sm86])
            .expect("SM 8.6");
        config
            .set_memory_pool_limit(MemoryPoolType::Workspace, 64 << 20)
            .expect("a limit");
        assert_eq!(
            config.memory_pool_limit(MemoryPoolType::Workspace).expect("a limit"),
            64 << 20
        );
        config.set_flag(BuilderFlag::Tf32, false).expect("TF32 off");
        assert!(!config.flag(BuilderFlag::Tf32).expect("an answer"));
        config
            .set_profiling_verbosity(ProfilingVerbosity::Detailed)
            .expect("detailed");
        config.set_optimization_level(1).expect("level 1");
        config.set_max_aux_streams(0).expect("no auxiliary streams");
        config.set_avg_timing_iterations(2).expect("two timings");

        let mut profile = builder.profile().expect("a profile");
        profile
            .set_shape("image", &[1, 3, 32, 32], &[4, 3, 32, 32], &[16, 3, 32, 32])
            .expect("shapes");
        assert!(profile.is_valid().expect("an answer"));
        assert_eq!(config.add_profile(&profile).expect("an index"), 0);
        let engine = builder.build(&network, &config).expect("an engine");
        assert!(engine.len() > 10_000, "{} bytes", engine.len());

        // the same through a writer
        let path = tempfile::NamedTempFile::new().expect("a file");
        let file = path.reopen().expect("the file");
        let bytes = builder.build_to(&network, &config, Box::new(file)).expect("an engine");
        let written = std::fs::read(path.path()).expect("the file");
        assert_eq!(written.len() as u64, bytes);
        assert!(written == *engine, "the written engine differs");
    });
}

#[test]
fn a_dynamic_model_without_a_profile_fails_with_the_reason() {
    each_library(|library| {
        let builder = library.builder().expect("a builder");
        let network = parsed(&builder, &onnx::convolutions(-1));
        let mut config = builder.config().expect("a configuration");
        config
            .set_compute_capabilities(&[ComputeCapability::Sm86])
            .expect("SM 8.6");
        let Err(Error::Failed(failure)) = builder.build(&network, &config) else {
            panic!("it built")
        };
        assert!(failure.to_string().contains("profile"), "{failure}");
        assert!(failure.errors.iter().any(|e| e.code.is_some()), "{failure:?}");
        let mut profile = builder.profile().expect("a profile");
        let error = profile
            .set_shape("image", &[1; 9], &[1; 9], &[1; 9])
            .expect_err("nine dimensions");
        assert!(error.to_string().contains("at most 8"), "{error}");
    });
}

/// Phase, its parent, what happened, a number.
type Event = (String, Option<String>, char, i32);

#[derive(Default)]
struct Recorder {
    events: Mutex<Vec<Event>>,
    steps: AtomicI32,
    /// Stop at this step; 0 is never.
    stop_at: i32,
}

impl ProgressMonitor for Recorder {
    fn phase_start(&self, phase: &str, parent: Option<&str>, steps: i32) {
        self.events
            .lock()
            .expect("events")
            .push((phase.into(), parent.map(Into::into), '+', steps));
    }
    fn step_complete(&self, phase: &str, step: i32) -> bool {
        self.events
            .lock()
            .expect("events")
            .push((phase.into(), None, '.', step));
        let count = self.steps.fetch_add(1, Ordering::SeqCst) + 1;
        self.stop_at == 0 || count < self.stop_at
    }
    fn phase_finish(&self, phase: &str) {
        self.events.lock().expect("events").push((phase.into(), None, '-', 0));
    }
}

fn build_with(library: Library, monitor: Arc<Recorder>) -> Result<usize, Error> {
    let builder = library.builder().expect("a builder");
    let network = parsed(&builder, &onnx::convolutions(2));
    let mut config = builder.config().expect("a configuration");
    config
        .set_compute_capabilities(&[ComputeCapability::Sm86])
        .expect("SM 8.6");
    config.set_progress_monitor(monitor).expect("a monitor");
    builder.build(&network, &config).map(|e| e.len())
}

#[test]
fn progress_is_a_tree_of_phases() {
    each_library(|library| {
        let monitor = Arc::new(Recorder::default());
        build_with(library, monitor.clone()).expect("an engine");
        let events = monitor.events.lock().expect("events");
        let mut open: Vec<&str> = vec![];
        for (phase, parent, kind, steps) in events.iter() {
            match kind {
                '+' => {
                    assert!(*steps > 0, "{phase}");
                    assert!(
                        parent.as_deref().is_none_or(|p| open.contains(&p)),
                        "{phase} in {parent:?}"
                    );
                    open.push(phase);
                }
                '.' => assert!(open.contains(&phase.as_str()), "a step of {phase}, which is not open"),
                _ => {
                    let place = open.iter().rposition(|p| p == phase).expect("an open phase");
                    open.remove(place);
                }
            }
        }
        assert!(open.is_empty(), "{open:?} never ended");
        let top: Vec<_> = events.iter().filter(|e| e.2 == '+' && e.1.is_none()).collect();
        assert!(
            !top.is_empty() && events.iter().any(|e| e.2 == '+' && e.1.is_some()),
            "{events:?}"
        );
    });
}

#[test]
fn cancel_stops_at_the_next_callback_and_the_builder_goes_on_living() {
    each_library(|library| {
        let all = Arc::new(Recorder::default());
        let whole = build_with(library, all.clone()).expect("an engine");
        for stop_at in [1, 3, all.steps.load(Ordering::SeqCst) / 2] {
            let monitor = Arc::new(Recorder {
                stop_at,
                ..Recorder::default()
            });
            assert_eq!(
                build_with(library, monitor.clone()),
                Err(Error::Cancelled),
                "at step {stop_at}"
            );
            // phases that are open may still report the steps that they are in
            let late = monitor.steps.load(Ordering::SeqCst) - stop_at;
            assert!(late <= 8, "{late} steps after the request at {stop_at}");
        }
        assert_eq!(build_with(library, Arc::default()), Ok(whole));
    });
}

struct Panicking;

impl ProgressMonitor for Panicking {
    fn phase_start(&self, _: &str, _: Option<&str>, _: i32) {}
    fn step_complete(&self, _: &str, _: i32) -> bool {
        panic!("in a monitor")
    }
    fn phase_finish(&self, _: &str) {}
}

#[test]
fn a_panic_in_a_monitor_ends_the_build_and_nothing_else() {
    each_library(|library| {
        let builder = library.builder().expect("a builder");
        let network = parsed(&builder, &onnx::convolutions(2));
        let mut config = builder.config().expect("a configuration");
        config
            .set_compute_capabilities(&[ComputeCapability::Sm86])
            .expect("SM 8.6");
        config.set_progress_monitor(Arc::new(Panicking)).expect("a monitor");
        assert_eq!(builder.build(&network, &config).err(), Some(Error::MonitorPanicked));
        assert!(!build(&builder, &network).is_empty());
    });
}

#[test]
fn options_that_the_version_lacks_are_refused_by_name() {
    each_library(|library| {
        let builder = library.builder().expect("a builder");
        let other = library.builder().expect("a builder");
        let mut config = builder.config().expect("a configuration");
        let error = config.set_timing_cache(&[], false).expect_err("RTX must not");
        let text = error.to_string();
        assert!(
            text.contains("has no timing cache; it exists in TensorRT 10.0 to 11.4"),
            "{text}"
        );
        if library.table().family == Family::Rtx15 {
            let text = config
                .set_flag(BuilderFlag::Fp16, true)
                .expect_err("no weak typing")
                .to_string();
            assert!(
                text.contains("BuilderFlag::kFP16") && text.contains("10.0-10.16"),
                "{text}"
            );
            let text = config
                .set_quantization_flag(QuantizationFlag::CalibrateBeforeFusion, true)
                .expect_err("none");
            assert!(matches!(text, Error::Unsupported(_)), "{text}");
        }
        let error = config.set_optimization_level(77).expect_err("no such level");
        assert!(matches!(error, Error::Failed(_)), "{error}");
        let foreign = other.profile().expect("a profile");
        let error = config.add_profile(&foreign).expect_err("of another builder");
        assert!(error.to_string().contains("another builder"), "{error}");
        let network = parsed(&other, &onnx::convolutions(1));
        assert!(matches!(builder.build(&network, &config), Err(Error::Invalid { .. })));
    });
}

#[test]
fn without_a_gpu_reading_an_engine_says_so() {
    each_library(|library| {
        let builder = library.builder().expect("a builder");
        let network = parsed(&builder, &onnx::convolutions(1));
        let engine = build(&builder, &network);
        let runtime = library.runtime().expect("a runtime");
        let bad = runtime.check_engine(&[7; 4096]).expect("an answer");
        assert_eq!(bad.validity, Some(EngineValidity::Invalid), "{bad:?}");
        assert!(
            bad.diagnostics.contains(&EngineInvalidityDiagnostics::MalformedEngine),
            "{bad:?}"
        );
        let good = runtime.check_engine(&engine).expect("an answer");
        assert!(
            !good.diagnostics.contains(&EngineInvalidityDiagnostics::MalformedEngine),
            "{good:?}"
        );
        assert!(runtime.engine_header_size().expect("a size") > 0);
        let garbage = runtime.engine(&[7; 4096]).err().expect("garbage is no engine");
        assert!(matches!(garbage, Error::Failed(_)), "{garbage}");
        match runtime.engine(&engine) {
            Ok(_) => eprintln!("there is a GPU here that runs it"),
            Err(error) => {
                let text = error.to_string();
                assert!(
                    text.to_lowercase().contains("cuda") || text.contains("compute capabilit"),
                    "{text}"
                );
            }
        }
    });
}

#[test]
fn the_log_can_be_followed_and_plugins_listed() {
    each_library(|library| {
        let lines = Arc::new(Mutex::new(vec![]));
        let sink = lines.clone();
        let subscription = subscribe(
            Severity::Verbose,
            Arc::new(move |severity, text| sink.lock().expect("lines").push((severity, text.to_owned()))),
        );
        let builder = library.builder().expect("a builder");
        let network = parsed(&builder, &onnx::convolutions(1));
        build(&builder, &network);
        drop(subscription);
        let count = lines.lock().expect("lines").len();
        assert!(count > 0);
        build(&builder, &network);
        assert_eq!(
            lines.lock().expect("lines").len(),
            count,
            "lines after the subscription ended"
        );
        for creator in builder.plugins().expect("a registry").creators().expect("creators") {
            assert!(!creator.kind.is_empty(), "{creator:?}");
        }
        library
            .plugins()
            .expect("the library's registry")
            .creators()
            .expect("creators");
    });
}

#[test]
fn a_second_version_is_refused_in_one_process() {
    let Some(folders) = common::libraries() else { return };
    let [first, second, ..] = &folders[..] else {
        eprintln!("skipped: only one library given");
        return;
    };
    each_library(|library| {
        let here = library.path().parent().expect("a folder");
        let other = if here == first.canonicalize().expect("a folder") {
            second
        } else {
            first
        };
        let text = Library::load(other).expect_err("two versions").to_string();
        assert!(text.contains("needs one of its own"), "{text}");
        assert!(Library::load(here).is_ok());
    });
}

#[test]
fn the_header_of_an_engine_tells_version_and_capabilities() {
    each_library(|library| {
        let builder = library.builder().expect("a builder");
        let network = parsed(&builder, &onnx::convolutions(1));
        use ComputeCapability::{Sm80, Sm86, Sm89, Sm120};
        let cases = [
            (vec![Sm86], vec![(8, 6)]),
            (vec![Sm86, Sm89], vec![(8, 6), (8, 9)]),
            (vec![Sm120], vec![(12, 0)]),
            (vec![Sm80], vec![(8, 0)]),
        ];
        for (capabilities, expected) in cases {
            let mut config = builder.config().expect("a configuration");
            config.set_compute_capabilities(&capabilities).expect("capabilities");
            let engine = builder.build(&network, &config).expect("an engine");
            let start = &engine[..enginesmith_tensorrt::plan::HEADER_BYTES];
            let header = enginesmith_tensorrt::plan::header(start).expect("an engine");
            assert_eq!(header.capabilities, expected);
            assert!(
                header.is_verified && !header.newer_capabilities && header.unknown_capabilities == 0,
                "{header:?}"
            );
            assert_eq!(header.version, Some(library.version()));
            assert_eq!(header.size, Some(engine.len() as u64));
            assert!(
                header.format.is_some() && header.weight_bytes.is_some_and(|w| w > 0),
                "{header:?}"
            );
        }
        // without a capability the engine is portable
        let config = builder.config().expect("a configuration");
        let engine = builder.build(&network, &config).expect("an engine");
        let header = enginesmith_tensorrt::plan::header(&engine).expect("an engine");
        assert!(
            header.newer_capabilities && header.capabilities.starts_with(&[(8, 0), (8, 6), (8, 9), (12, 0)]),
            "{header:?}"
        );
    });
}
