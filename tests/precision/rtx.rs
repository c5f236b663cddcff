//! What was lowered builds with TensorRT-RTX, whose engines compute in the graph's types.

use crate::cli::json;
use crate::support::{digits, onnxruntime_library, rtx_folders};
use std::process::Command;

#[test]
fn lowered_digits_build_with_tensorrt_rtx() {
    let home = tempfile::tempdir().unwrap();
    let library = rtx_folders().pop().expect("run tests/setup.sh");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_enginesmith"))
            .args(arguments)
            .current_dir(home.path())
            .env("XDG_DATA_HOME", home.path().join("data"))
            .env("XDG_CACHE_HOME", home.path().join("cache"))
            .env("ORT_DYLIB_PATH", onnxruntime_library())
            .env("LD_LIBRARY_PATH", &library)
            .output()
            .unwrap();
        json(&output)
    };
    let recipe = digits().join("recipe.toml");
    let recipe = recipe.to_str().unwrap();
    run(&["cast", recipe, "--to", "fp16", "-o", "fp16.onnx", "--json"]);
    run(&["quantize", recipe, "-o", "int8.onnx", "--json"]);
    for (name, more) in [
        ("int8_fp16", &["--mode", "int8", "--rest", "fp16"][..]),
        ("fp8", &["--mode", "fp8"]),
        ("fp8_bf16", &["--mode", "fp8", "--rest", "bf16"]),
    ] {
        let output = format!("{name}.onnx");
        let arguments = [&["quantize", recipe, "-o", &output, "--json"][..], more].concat();
        run(&arguments);
    }
    for name in ["fp16", "int8", "int8_fp16", "fp8", "fp8_bf16"] {
        let (model, engine) = (format!("{name}.onnx"), format!("{name}.engine"));
        let shapes = [
            "--min",
            "input:1x1x8x8",
            "--opt",
            "input:8x1x8x8",
            "--max",
            "input:32x1x8x8",
        ];
        let mut arguments = vec!["build", &model, "--target", "tensorrt-rtx", "-o", &engine, "--json"];
        arguments.extend(shapes);
        // 8-bit floats came with Ada.
        arguments.extend(["--option", "compute_capability=8.9"]);
        let record = run(&arguments);
        assert_eq!(record["target"], "tensorrt-rtx", "{record}");
        assert!(record["engine_bytes"].as_u64().unwrap() > 0, "{record}");
    }
    let rec = crate::support::model("PP-OCRv6_rec_small.onnx");
    let shape = "x:1x3x48x192";
    let quantize = [
        "quantize",
        rec.to_str().unwrap(),
        "--mode",
        "int4",
        "--rest",
        "fp16",
        "--shape",
        shape,
        "-o",
        "int4.onnx",
    ];
    run(&[&quantize[..], &["--json"]].concat());
    let build = [
        "build",
        "int4.onnx",
        "--target",
        "tensorrt-rtx",
        "-o",
        "int4.engine",
        "--json",
    ];
    let shapes = [
        "--min",
        shape,
        "--opt",
        shape,
        "--max",
        shape,
        "--option",
        "compute_capability=8.9",
    ];
    let record = run(&[&build[..], &shapes].concat());
    assert!(record["engine_bytes"].as_u64().unwrap() > 0, "{record}");
}
