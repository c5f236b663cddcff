//! What tests share: where `tests/setup.sh` put models, the reference Python and the libraries.
//!
//! `tests/run` passes these places in the environment; a bare `cargo test` finds them in the file that the last set-up
//! wrote. A test that needs something which is not there fails and says what to run: nothing is skipped in silence.
#![allow(dead_code, reason = "each test file uses the part that it needs")]

pub mod onnx;

use npyz::WriterBuilder;
use npyz::npz::{NpzArchive, NpzWriter};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The value of one of the variables that `tests/setup.sh` prints.
fn setting(name: &str) -> String {
    if let Ok(value) = std::env::var(name) {
        return value;
    }
    let env = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cache")))
        .map(|cache| cache.join("enginesmith-tests/env"))
        .and_then(|path| std::fs::read_to_string(path).ok())
        .unwrap_or_default();
    env.lines()
        .filter_map(|line| line.strip_prefix("export ")?.split_once('='))
        .find_map(|(key, value)| (key == name).then(|| value.trim_matches('\'').to_owned()))
        .unwrap_or_else(|| panic!("{name} is not set: run tests/setup.sh once"))
}

/// A real model fetched by the set-up, such as `magika.onnx` or `light/light_resnet50.onnx`.
pub fn model(name: &str) -> PathBuf {
    let path = Path::new(&setting("ENGINESMITH_TEST_MODELS")).join(name);
    assert!(path.exists(), "{}: no such model: run tests/setup.sh", path.display());
    path
}

/// The folder of the demo: `digits.onnx`, `recipe.toml`, calibration and test set.
pub fn digits() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/digits")
}

/// A command that runs the reference Python (onnxruntime, onnx, numpy).
pub fn python() -> Command {
    let mut command = Command::new(setting("ENGINESMITH_TEST_PYTHON"));
    command.env("ORT_DISABLE_TELEMETRY", "1");
    command
}

/// The ONNX Runtime library.
pub fn onnxruntime_library() -> PathBuf {
    setting("ENGINESMITH_TEST_ORT").into()
}

/// An older ONNX Runtime library; none on systems for which the set-up fetches none.
pub fn older_onnxruntime_library() -> Option<PathBuf> {
    Some(setting("ENGINESMITH_TEST_ORT_OLD"))
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// ONNX Runtime with its OpenVINO plugin, as `targets install openvino` makes the folder; none on systems without such wheels.
pub fn openvino_folder() -> Option<PathBuf> {
    Some(setting("ENGINESMITH_TEST_OPENVINO"))
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// Folders with TensorRT-RTX libraries (`VERSION/tensorrt_rtx_libs`), oldest version first; empty on systems that NVIDIA builds none for.
pub fn rtx_folders() -> Vec<PathBuf> {
    std::env::split_paths(&setting("ENGINESMITH_TEST_RTX"))
        .filter(|folder| !folder.as_os_str().is_empty())
        .map(|folder| folder.join("tensorrt_rtx_libs"))
        .collect()
}

/// Runs `tests/reference.py` with these arguments and panics with what it wrote when it fails.
pub fn reference<I: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = I>) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference.py");
    let output = python()
        .arg(script)
        .args(arguments)
        .output()
        .expect("the reference Python starts");
    assert!(
        output.status.success(),
        "reference.py: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Arrays by name, each with its shape, in row-major order.
pub type Arrays = BTreeMap<String, (Vec<u64>, Vec<f32>)>;

/// The float32 arrays of an npz file; arrays of another type are left out.
pub fn read_npz(path: &Path) -> Arrays {
    let mut archive = NpzArchive::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let names: Vec<String> = archive.array_names().map(str::to_owned).collect();
    let mut arrays = Arrays::new();
    for name in names {
        let array = archive
            .by_name(&name)
            .expect("a readable array")
            .expect("a listed array");
        let shape = array.shape().to_vec();
        if array.dtype().descr() == "'<f4'" {
            arrays.insert(name, (shape, array.into_vec().expect("float32 values")));
        }
    }
    arrays
}

/// Writes float32 arrays, as `tests/reference.py run` takes them.
pub fn write_npz(path: &Path, arrays: &Arrays) {
    let mut archive = NpzWriter::create(path).expect("a new file");
    for (name, (shape, values)) in arrays {
        let mut writer = archive
            .array(name, Default::default())
            .and_then(|array| array.default_dtype().shape(shape).begin_nd())
            .expect("a new array");
        writer.extend(values.iter().copied()).expect("space for the values");
        writer.finish().expect("as many values as the shape says");
    }
}

/// A 64-bit ELF file with nothing in it but the names of libraries that it needs.
pub fn elf_that_needs(names: &[&str]) -> Vec<u8> {
    let mut strings = vec![0u8];
    let mut dynamic: Vec<u64> = Vec::new();
    for name in names {
        dynamic.extend([1, strings.len() as u64]);
        strings.extend_from_slice(name.as_bytes());
        strings.push(0);
    }
    // Header, two program headers, the dynamic section, the strings; addresses are offsets.
    let at = 64 + 2 * 56;
    let size = (dynamic.len() as u64 + 4) * 8;
    dynamic.extend([5, at + size, 0, 0]);
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(64, 0);
    file[16] = 3;
    file[18] = 62;
    file[32..40].copy_from_slice(&64u64.to_le_bytes());
    file[54] = 56;
    file[56] = 2;
    let total = at + size + strings.len() as u64;
    for (kind, offset, bytes) in [(1u32, 0, total), (2, at, size)] {
        file.extend_from_slice(&kind.to_le_bytes());
        file.extend_from_slice(&4u32.to_le_bytes());
        for value in [offset, offset, offset, bytes, bytes, 8] {
            file.extend_from_slice(&value.to_le_bytes());
        }
    }
    file.extend(dynamic.iter().flat_map(|v| v.to_le_bytes()));
    file.extend_from_slice(&strings);
    file
}
