//! Libraries: missing, too old, not ONNX Runtime, two versions side by side.

use crate::{build, recipe, recipe_with, run, support, worker};
use enginesmith::engine::{EngineError, Usable};
use enginesmith::worker::{Job, JobError, JobOutput};
use std::path::Path;

fn unavailable(library: &Path) -> String {
    let model = support::model("light/light_squeezenet.onnx");
    match build(&worker(), recipe_with(&model, library, ""), None) {
        Err(JobError::Engine(EngineError::Unavailable(message))) => message,
        other => panic!("{}: {other:?}", library.display()),
    }
}

#[test]
fn libraries_that_do_not_do_are_refused_with_their_path_and_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = unavailable(&at("missing.so"));
    assert!(text.contains("missing.so") && text.contains("library"), "{text}");

    std::fs::write(at("libonnxruntime.so"), "not a library").unwrap();
    let text = unavailable(&at("libonnxruntime.so"));
    assert!(
        text.contains("libonnxruntime.so") && text.contains("not an ONNX Runtime"),
        "{text}"
    );

    std::fs::copy(support::onnxruntime_library(), at("libonnxruntime.so.1.9.0")).unwrap();
    let text = unavailable(&at("libonnxruntime.so.1.9.0"));
    assert!(
        text.contains("1.9.0 is too old") && text.contains("targets install"),
        "{text}"
    );

    // The name promises what the file does not keep.
    std::fs::write(at("libonnxruntime.so.1.31.0"), "not a library").unwrap();
    let text = unavailable(&at("libonnxruntime.so.1.31.0"));
    assert!(text.contains("cannot be used as ONNX Runtime"), "{text}");
}

/// A library of the system that is certainly no ONNX Runtime.
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn another_library_is_told_from_onnx_runtime() {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let libc = maps.split_whitespace().find(|w| w.contains("/libc.so")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("libonnxruntime.so.1.30.0");
    std::fs::copy(libc, &copy).unwrap();
    let text = unavailable(&copy);
    assert!(text.contains("OrtGetApiBase") && text.contains("1.30.0"), "{text}");
}

#[test]
fn two_versions_run_side_by_side_and_not_in_one_worker() {
    let Some(old) = support::older_onnxruntime_library() else {
        return;
    };
    let model = support::model("light/light_squeezenet.onnx");
    let (one, two) = (worker(), worker());
    let (_, new) = build(&one, recipe(&model, ""), None).unwrap();
    let (_, older) = build(&two, recipe_with(&model, &old, ""), None).unwrap();
    assert!(
        support::onnxruntime_library()
            .display()
            .to_string()
            .ends_with(&new.version)
    );
    assert!(old.display().to_string().ends_with(&older.version));
    assert_ne!(new.version, older.version);
    let error = build(&one, recipe_with(&model, &old, ""), None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("a worker of its own"), "{error}");
    // And the first goes on.
    build(&one, recipe(&model, ""), None).unwrap();
    let mut wanted = recipe(&model, "");
    wanted.target.version = Some(older.version.clone());
    let error = build(&one, wanted, None).unwrap_err().to_string();
    assert!(
        error.contains(&new.version) && error.contains(&older.version),
        "{error}"
    );
}

/// What `onnxruntime-cuda` says of a library.
fn without_cuda(library: &Path) -> String {
    let mut recipe = recipe_with(&support::model("light/light_squeezenet.onnx"), library, "");
    recipe.target.name = "onnxruntime-cuda".into();
    match build(&worker(), recipe, None) {
        Err(JobError::Engine(EngineError::Unavailable(message))) => message,
        other => panic!("{}: {other:?}", library.display()),
    }
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn what_cuda_lacks_is_said_by_name() {
    let library = support::onnxruntime_library();
    let text = without_cuda(&library);
    assert!(
        text.contains("no CUDA provider") && text.contains("onnxruntime-gpu"),
        "{text}"
    );
    // A provider that needs CUDA libraries of a version that nobody has.
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join(library.file_name().unwrap());
    std::os::unix::fs::symlink(&library, &copy).unwrap();
    let text = without_cuda(&copy);
    assert!(text.contains("no CUDA provider"), "links are resolved: {text}");
    std::fs::remove_file(&copy).unwrap();
    std::fs::copy(&library, &copy).unwrap();
    let provider = folder.path().join("libonnxruntime_providers_cuda.so");
    std::fs::write(
        &provider,
        support::elf_that_needs(&["libcublas.so.99", "libcufft.so.88", "libc.so.6"]),
    )
    .unwrap();
    let text = without_cuda(&copy);
    for name in ["cuBLAS (libcublas.so.99)", "cuFFT (libcufft.so.88)"] {
        assert!(text.contains(name), "{text}");
    }
    assert!(!text.contains("libc.so.6"), "{text}");
}

#[test]
fn the_targets_say_what_was_found_and_what_it_can_do() {
    // The variable is given to the worker alone, through a command prefix.
    let library = support::onnxruntime_library();
    let launch = enginesmith::worker::Launch {
        via: Some(format!("env ORT_DYLIB_PATH='{}'", library.display())),
        program: Some(env!("CARGO_BIN_EXE_enginesmith").into()),
    };
    let worker = enginesmith::worker::Worker::start(&launch).unwrap();
    let JobOutput::Targets { targets } = run(&worker, Job::Targets).unwrap() else {
        panic!("no targets");
    };
    let target = targets.iter().find(|t| t.name == "onnxruntime-cpu").unwrap();
    let found = target.found.first().unwrap();
    assert_eq!(
        (found.path.as_deref(), &found.usable),
        (Some(&*library.canonicalize().unwrap()), &Usable::Yes)
    );
    assert!(library.display().to_string().ends_with(&found.version));
    assert!(
        target
            .options
            .iter()
            .any(|(name, help)| name == "threads" && !help.is_empty())
    );
}
