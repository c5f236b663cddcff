//! Our engines are, byte for byte, those that NVIDIA's own Python binding builds with the same settings.
//!
//! Needs, beside the libraries (see `common::libraries`), the wheel `tensorrt-rtx-cu13-bindings` installed to the same folder and
//! a `python3` of the version that the wheel is for.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod common;

use common::{each_library, onnx};
use enginesmith_tensorrt::Library;
use enginesmith_tensorrt::sys::{BuilderFlag, ComputeCapability, MemoryPoolType};
use std::path::Path;
use std::process::Command;

/// The settings of `tests/python/build_engine.py`.
fn ours(library: Library, model: &[u8]) -> Vec<u8> {
    let builder = library.builder().expect("a builder");
    let mut network = builder.strongly_typed().expect("a network");
    network
        .parser()
        .expect("a parser")
        .parse(model, None)
        .expect("a model that it takes");
    let mut config = builder.config().expect("a configuration");
    config
        .set_compute_capabilities(&[ComputeCapability::Sm86])
        .expect("SM 8.6");
    config
        .set_memory_pool_limit(MemoryPoolType::Workspace, 256 << 20)
        .expect("a limit");
    config.set_flag(BuilderFlag::Tf32, false).expect("TF32 off");
    let mut profile = builder.profile().expect("a profile");
    let mut dynamic = false;
    for input in network.inputs().expect("inputs") {
        let shape = input.shape.expect("a shape");
        if shape.contains(&-1) {
            dynamic = true;
            let with = |n| shape.iter().map(|d| if *d < 0 { n } else { *d }).collect::<Vec<i64>>();
            profile
                .set_shape(&input.name, &with(1), &with(4), &with(16))
                .expect("shapes");
        }
    }
    if dynamic {
        config.add_profile(&profile).expect("an index");
    }
    builder.build(&network, &config).expect("an engine").to_vec()
}

fn theirs(library: Library, model: &[u8]) -> Vec<u8> {
    let folder = library
        .path()
        .parent()
        .and_then(Path::parent)
        .expect("the folder that pip installed to");
    assert!(
        folder.join("tensorrt_rtx_bindings").is_dir(),
        "this test needs NVIDIA's binding: install the wheel tensorrt-rtx-cu13-bindings to {}",
        folder.display()
    );
    let work = tempfile::tempdir().expect("a folder");
    let (model_path, out) = (work.path().join("model.onnx"), work.path().join("out.engine"));
    std::fs::write(&model_path, model).expect("write the model");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/build_engine.py");
    let output = Command::new("python3")
        .arg(script)
        .args([folder, &model_path, &out])
        .output()
        .expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(&out).expect("the engine")
}

fn compare(library: Library, model: &[u8]) {
    let (ours, theirs) = (ours(library, model), theirs(library, model));
    let first = ours.iter().zip(&theirs).position(|(a, b)| a != b);
    assert!(
        ours == theirs,
        "{} and {} bytes, first difference at {first:?}",
        ours.len(),
        theirs.len()
    );
}

#[test]
fn a_static_network() {
    each_library(|library| compare(library, &onnx::convolutions(2)));
}

#[test]
fn a_dynamic_network() {
    each_library(|library| compare(library, &onnx::convolutions(-1)));
}

/// A model of the caller's, such as a real one: `ENGINESMITH_TEST_ONNX`.
#[test]
fn a_given_model() {
    let Some(path) = std::env::var_os("ENGINESMITH_TEST_ONNX") else {
        eprintln!("skipped: ENGINESMITH_TEST_ONNX is not set");
        return;
    };
    let model = std::fs::read(path).expect("the model");
    each_library(|library| {
        let (once, twice) = (theirs(library, &model), theirs(library, &model));
        if once == twice {
            compare(library, &model);
        } else {
            println!("NVIDIA's binding does not build the same bytes twice for this model");
            let header = |engine: &[u8]| {
                let header = enginesmith_tensorrt::plan::header(engine).expect("an engine");
                (header.version, header.capabilities, header.format)
            };
            assert_eq!(header(&ours(library, &model)), header(&once));
        }
    });
}
