//! Engines for a GPU that is not here.

use super::support::model;
use super::{Built, DIGITS, build, digits, library, recipe, refused, worker};
use enginesmith::engine::{BuildRecord, EngineError};
use enginesmith::worker::client::record_path;
use enginesmith::worker::{Job, JobError, JobEvent};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

fn sm86(version: &str, more: &str) -> enginesmith::recipe::Recipe {
    recipe(
        &digits(),
        version,
        &format!("compute_capability = 8.6\n{more}\n{DIGITS}"),
    )
}

#[test]
fn an_engine_is_built_with_its_record_beside_it_and_progress_on_the_way() {
    for version in ["1.5", "1.6", "1.7"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("digits.engine");
        let Built { record, stages, log } = build(sm86(version, ""), Some(&file), false).expect("an engine");
        let bytes = std::fs::read(&file).unwrap();
        assert_eq!(record.engine_bytes, Some(bytes.len() as u64));
        let header = enginesmith_tensorrt::plan::header(&bytes).expect("an engine");
        assert_eq!(header.capabilities, [(8, 6)]);
        assert!(record.version.starts_with(&format!("{version}.")), "{}", record.version);
        assert_eq!(record.device.as_deref(), Some("compute capability 8.6"));
        assert!(record.recipe.contains("compute_capability") && record.model_sha256.len() == 64);
        let kept: BuildRecord = serde_json::from_slice(&std::fs::read(record_path(&file)).unwrap()).unwrap();
        assert_eq!(kept, record);
        // Phases of TensorRT inside of our stage, as a tree: a parent begins before its children and ends after them.
        let tree: Vec<_> = stages.iter().filter(|s| !s.parents.is_empty()).collect();
        assert!(tree.iter().all(|s| s.parents[0] == "build engine"), "{tree:?}");
        assert!(tree.iter().any(|s| s.total > 0 && s.finished), "{tree:?}");
        let mut ended: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        for (at, stage) in stages.iter().enumerate() {
            let path = [stage.parents.clone(), vec![stage.name.clone()]].concat();
            if stage.finished {
                ended.insert(path, at);
            }
            assert!(stage.total == 0 || stage.done <= stage.total, "{stage:?}");
        }
        for (path, at) in &ended {
            if let Some(parent) = ended.get(&path[..path.len() - 1]) {
                assert!(at < parent, "{path:?} ends after its parent");
            }
        }
        assert!(record.stages.iter().any(|(name, _)| name == "parse model"));
        assert!(
            record
                .stages
                .iter()
                .any(|(name, _)| name.starts_with("build engine / ")),
            "{:?}",
            record.stages
        );
        assert!(record.log.iter().all(|line| log.contains(line)));
    }
}

#[test]
fn an_existing_file_is_kept_unless_forced() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("digits.engine");
    std::fs::write(&file, b"precious").unwrap();
    let error = build(sm86("1.7", ""), Some(&file), false).expect_err("the file exists");
    assert!(error.to_string().contains("digits.engine"), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");
    build(sm86("1.7", ""), Some(&file), true).expect("an engine");
    assert!(enginesmith_tensorrt::plan::header(&std::fs::read(&file).unwrap()).is_ok());
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "an engine and its record, nothing else: {names:?}");
}

#[test]
fn what_a_version_lacks_is_refused_with_the_versions_that_have_it() {
    for (options, parts) in [
        (
            "flags = \"obey-precision-constraints\"",
            ["build option flags", "exists in TensorRT 10"],
        ),
        (
            "weak_typing = true",
            ["build option weak_typing", "TensorRT 10.0-10.16"],
        ),
        (
            "tactic_sources = \"cudnn\"",
            ["build option tactic_sources", "exists in TensorRT 10"],
        ),
        ("optimization_level = 9", ["optimization_level = 9", "0 to 5"]),
        (
            "hardware_compatibility = \"ampere-plus\"",
            ["hardware_compatibility", "tensorrt has it"],
        ),
        ("timing_cache = true", ["timing_cache", "tensorrt has it"]),
    ] {
        let message = refused(build(sm86("1.7", options), None, false));
        assert!(parts.iter().all(|p| message.contains(p)), "{options}: {message}");
    }
    let current = recipe(&digits(), "1.7", &format!("compute_capability = \"current\"\n{DIGITS}"));
    let message = refused(build(current, None, false));
    assert!(
        message.contains("current") && message.contains("name the capability"),
        "{message}"
    );
}

#[test]
fn what_a_version_has_is_taken() {
    let options = "optimization_level = 2\nprofiling_verbosity = \"detailed\"\nsparsity = true\n\
                   aux_streams = 0\nbuilder_threads = 1\nmemory_pools = \"tactic-shared-memory:48KiB\"";
    let mut thorough = sm86("1.7", options);
    thorough.build.workspace = Some(1 << 28);
    let with = build(thorough, None, false).expect("an engine");
    let without = build(sm86("1.7", ""), None, false).expect("an engine");
    assert_ne!(with.record.engine_sha256, without.record.engine_sha256);
    let both = build(
        recipe(&digits(), "1.7", &format!("compute_capability = \"8.6,8.9\"\n{DIGITS}")),
        None,
        false,
    );
    assert_eq!(
        both.expect("an engine").record.device.as_deref(),
        Some("compute capability 8.6, 8.9")
    );
}

#[test]
fn what_needs_a_gpu_that_is_not_here_says_so() {
    // TensorRT-RTX itself asks the driver for these.
    if std::path::Path::new("/dev/nvidiactl").exists() {
        return;
    }
    for option in ["refit = \"all\"", "strip_weights = true"] {
        let failed = build(sm86("1.7", option), None, false);
        let Err(JobError::Engine(EngineError::Failed(message))) = failed else {
            panic!("there is no GPU: {failed:?}");
        };
        assert!(
            message.contains("CUDA") && message.contains("no NVIDIA driver"),
            "{message}"
        );
    }
}

#[test]
fn precision_is_what_the_graph_says() {
    let mut half = sm86("1.7", "");
    half.build.precision = enginesmith::recipe::Precision::Fp16;
    let message = refused(build(half, None, false));
    assert!(
        message.contains("FP16") && message.contains("float16") && message.contains("patch"),
        "{message}"
    );
    let mut tf32 = sm86("1.7", "");
    tf32.build.precision = enginesmith::recipe::Precision::Tf32;
    build(tf32, None, false).expect("an engine");
}

#[test]
fn an_open_input_without_a_range_gets_one_and_a_wrong_range_is_refused() {
    let built = build(recipe(&digits(), "1.7", "compute_capability = 8.6"), None, false).expect("an engine");
    assert!(
        built.record.notes.iter().any(|n| n.contains("profile derived")),
        "{:?}",
        built.record.notes
    );
    assert!(
        built.record.recipe.contains("[profile.inputs.input]"),
        "{}",
        built.record.recipe
    );
    let other = DIGITS.replace("inputs.input", "inputs.image");
    let wrong = recipe(&digits(), "1.7", &format!("compute_capability = 8.6\n{other}"));
    let message = refused(build(wrong, None, false));
    assert!(
        message.contains("image") && message.contains("no input of that name; its inputs are input"),
        "{message}"
    );
    let rank = DIGITS.replace(", 8, 8]", ", 9, 8]");
    let wrong = recipe(&digits(), "1.7", &format!("compute_capability = 8.6\n{rank}"));
    let message = refused(build(wrong, None, false));
    assert!(
        message.contains("dimension 2 is 9, but the model fixes it at 8"),
        "{message}"
    );
}

/// PaddleOCR's exporter calls height and width alike `?`.
#[test]
fn dimensions_that_share_a_name_may_have_different_sizes() {
    let model = model("ch_ppocr_mobile_v2.0_cls_mobile.onnx");
    let shape = "[1, 3, 48, 192]";
    let profile = format!("[[profile]]\ninputs.x = {{ min = {shape}, opt = {shape}, max = {shape} }}");
    let wide = recipe(&model, "1.7", &format!("compute_capability = 8.6\n{profile}"));
    let Built { log, .. } = build(wide, None, false).expect("an engine");
    assert!(
        log.iter()
            .any(|(_, line)| line.contains("dimension 3 of input x is called")),
        "{log:?}"
    );
}

#[test]
fn nodes_that_the_parser_refuses_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let model = super::parse::custom_operator(folder.path());
    let failed = build(recipe(&model, "1.7", ""), None, false);
    let Err(JobError::Engine(EngineError::Unsupported(message))) = failed else {
        panic!("not refused for its node: {failed:?}");
    };
    assert!(
        message.contains("strange") && message.contains("MyOperator"),
        "{message}"
    );
}

#[test]
fn a_cancelled_build_stops_soon_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.engine");
    let model = super::support::model("light/light_resnet50.onnx");
    let job = Job::Build {
        recipe: Box::new(recipe(
            &model,
            "1.7",
            "compute_capability = 8.6\noptimization_level = 5",
        )),
        output: Some(file.clone()),
        force: false,
    };
    let worker = worker();
    let handle = worker.submit(job);
    let mut asked = None;
    let deadline = Instant::now() + Duration::from_secs(120);
    let ended = loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match handle.events.recv_timeout(left).expect("an end in time") {
            JobEvent::Stage(stage) if asked.is_none() && stage.parents.len() > 1 => {
                handle.cancel();
                asked = Some(stage.name);
            }
            JobEvent::Failed(error) => break error,
            JobEvent::Done(_) => panic!("it was built before it could be cancelled, in {asked:?}"),
            _ => {}
        }
    };
    assert!(matches!(ended, JobError::Cancelled), "{ended:?}");
    // The worker stopped by itself; one that had to be killed would be gone.
    assert!(worker.is_alive(), "the worker had to be killed");
    assert!(!file.exists() && std::fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[test]
fn a_library_that_is_none_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut nowhere = sm86("1.7", "");
    let path = folder.path().display().to_string();
    nowhere.build.options.insert("library".into(), path.clone().into());
    let failed = build(nowhere, None, false);
    let Err(JobError::Engine(EngineError::Unavailable(message))) = failed else {
        panic!("there is no library there: {failed:?}");
    };
    assert!(
        message.contains(&path) && message.contains("libtensorrt_rtx.so.1"),
        "{message}"
    );
    let mut other = sm86("1.7", "");
    other.target.version = Some("1.6".into());
    let failed = build(other, None, false);
    let Err(JobError::Engine(EngineError::Unavailable(message))) = failed else {
        panic!("that is 1.7: {failed:?}");
    };
    let at = library("1.7").display().to_string();
    assert!(
        message.contains("1.7.") && message.contains("1.6 is wanted") && message.contains(&at),
        "{message}"
    );
}
