//! Bad input to `cast` and `quantize`: a clear answer, the documented exit code, the original untouched, nothing left behind.

use crate::cli::{json, refused, run};
use crate::support::{digits, write_npz};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The demo's model in a folder of its own, to see that it stays as it is.
struct Place {
    home: tempfile::TempDir,
    original: Vec<u8>,
}

impl Place {
    fn new() -> Self {
        Self::with(&digits().join("digits.onnx"))
    }

    fn with(model: &Path) -> Self {
        let home = tempfile::tempdir().unwrap();
        let original = std::fs::read(model).unwrap();
        std::fs::write(home.path().join("m.onnx"), &original).unwrap();
        Self { home, original }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.home.path()).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        // The program's own folders.
        names.retain(|n| n != "data" && n != "cache");
        names.sort();
        names
    }

    /// Both commands refuse with exit code 2 and these words, and leave everything as it was.
    fn refuses(&self, more: &[&str], words: &[&str]) {
        for command in [&["cast", "m.onnx", "--to", "fp16"][..], &["quantize", "m.onnx"]] {
            self.refuses_one(command, more, words);
        }
    }

    fn refuses_one(&self, command: &[&str], more: &[&str], words: &[&str]) {
        let before = self.names();
        let mut arguments = command.to_vec();
        arguments.extend(["-o", "out.onnx"]);
        arguments.extend(more);
        let error = refused(&run(self.home.path(), &arguments), 2);
        for word in words {
            assert!(error.contains(word), "{arguments:?}: {word:?} is missing in: {error}");
        }
        assert!(!error.contains("panicked"), "{error}");
        assert_eq!(self.names(), before, "{arguments:?} left files behind");
        assert_eq!(std::fs::read(self.path("m.onnx")).unwrap(), self.original);
    }
}

fn array(shape: &[u64], of: impl Fn(usize) -> f32) -> (Vec<u64>, Vec<f32>) {
    let n: u64 = shape.iter().product();
    (shape.to_vec(), (0..n as usize).map(of).collect())
}

#[test]
fn data_that_is_not_there_or_does_not_fit() {
    let place = Place::new();
    std::fs::create_dir(place.path("empty")).unwrap();
    std::fs::create_dir(place.path("texts")).unwrap();
    std::fs::write(place.path("texts/readme.txt"), "nothing to calibrate with").unwrap();
    write_npz(
        &place.path("names.npz"),
        &BTreeMap::from([("images".to_owned(), array(&[4, 1, 8, 8], |_| 0.5))]),
    );
    write_npz(
        &place.path("shapes.npz"),
        &BTreeMap::from([("input".to_owned(), array(&[4, 1, 8, 9], |_| 0.5))]),
    );
    write_npz(
        &place.path("none.npz"),
        &BTreeMap::from([("input".to_owned(), array(&[0, 1, 8, 8], |_| 0.5))]),
    );
    place.refuses(&["--data", "empty"], &["empty: the folder is empty"]);
    place.refuses(&["--data", "texts"], &["texts", "readme.txt"]);
    place.refuses(&["--data", "missing"], &["missing"]);
    place.refuses(&["--data", "names.npz"], &["names.npz", "input", "images"]);
    place.refuses(&["--data", "shapes.npz"], &["shapes.npz", "4x1x8x9", "samplesx1x8x8"]);
    place.refuses(&["--data", "none.npz"], &["none.npz", "no samples"]);
    let labels = digits().join("test.npz");
    let labels = labels.to_str().unwrap();
    place.refuses(
        &["--data", labels, "--array", "input=labels"],
        &["\"labels\" is", "float32"],
    );
}

#[test]
fn values_that_are_no_numbers() {
    let place = Place::new();
    let odd = |value: f32| move |i: usize| if i == 77 { value } else { (i % 17) as f32 / 16.0 };
    for (name, value) in [("nan.npz", f32::NAN), ("inf.npz", f32::INFINITY)] {
        let data = BTreeMap::from([("input".to_owned(), array(&[4, 1, 8, 8], odd(value)))]);
        write_npz(&place.path(name), &data);
    }
    place.refuses(&["--data", "nan.npz"], &["nan.npz", "input", "NaN"]);
    // Infinite values are told of; what they spoil stays float, with that reason.
    let arguments = ["quantize", "m.onnx", "-o", "out.onnx", "--data", "inf.npz"];
    let output = run(place.home.path(), &arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        error.contains("input input of the calibration data has infinite values"),
        "{error}"
    );
}

#[test]
fn a_single_sample_is_warned_of() {
    let place = Place::new();
    let data = BTreeMap::from([("input".to_owned(), array(&[1, 1, 8, 8], |i| (i % 17) as f32 / 16.0))]);
    write_npz(&place.path("one.npz"), &data);
    let arguments = ["quantize", "m.onnx", "-o", "out.onnx", "--data", "one.npz", "--json"];
    let output = run(place.home.path(), &arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("single sample"), "{error}");
    let report = json(&output);
    assert!(
        report["summary"].as_str().unwrap().contains("1 sample of one.npz"),
        "{report}"
    );
}

#[test]
fn models_that_are_lowered_already() {
    let place = Place::new();
    let data = digits().join("recipe.toml");
    let recipe = data.to_str().unwrap();
    for (arguments, name) in [
        (&["cast", recipe, "--to", "fp16", "-o", "half.onnx"][..], "half.onnx"),
        (&["quantize", recipe, "-o", "int8.onnx"], "int8.onnx"),
    ] {
        assert!(run(place.home.path(), arguments).status.success(), "{name}");
    }
    place.refuses_one(&["quantize", "int8.onnx"], &[], &["quantized already", "quantizing"]);
    place.refuses_one(
        &["quantize", "half.onnx", "--as-is"],
        &[],
        &["float16 tensors already", "quantize the float32 model"],
    );
    place.refuses_one(
        &["cast", "half.onnx", "--to", "fp16"],
        &[],
        &["nothing to cast", "float16"],
    );
    place.refuses_one(
        &["quantize", "half.onnx", "--as-is"],
        &["--mode", "int4"],
        &["float16 tensors already"],
    );
}

#[test]
fn operators_that_nobody_knows() {
    let folder = tempfile::tempdir().unwrap();
    let custom = folder.path().join("custom.onnx");
    let script = "import onnx, sys\n\
        m = onnx.load(sys.argv[1])\n\
        n = next(n for n in m.graph.node if n.op_type == 'Relu')\n\
        n.op_type, n.domain = 'Snap', 'acme.vision'\n\
        m.opset_import.add(domain='acme.vision', version=1)\n\
        onnx.save(m, sys.argv[2])\n";
    let done = crate::support::python()
        .args(["-c", script])
        .args([&digits().join("digits.onnx"), &custom])
        .status()
        .unwrap();
    assert!(done.success());
    let place = Place::with(&custom);
    // It cannot be run to find ranges: said with the operator's name, not a crash.
    for command in [&["cast", "m.onnx", "--to", "fp16"][..], &["quantize", "m.onnx"]] {
        let arguments = [command, &["-o", "out.onnx"]].concat();
        let error = refused(&run(place.home.path(), &arguments), 1);
        assert!(error.contains("Snap"), "{error}");
        assert_eq!(error.contains("--no-ranges"), command[0] == "cast", "{error}");
        assert_eq!(place.names(), ["m.onnx"]);
    }
    // Without running it, everything else is lowered and the operator stays, with the reason.
    let arguments = [
        "cast",
        "m.onnx",
        "--to",
        "fp16",
        "--no-ranges",
        "-o",
        "out.onnx",
        "--json",
    ];
    let report = json(&run(place.home.path(), &arguments));
    let notes = report["notes"].as_array().unwrap();
    let unknown = notes.iter().filter(|n| {
        n[1].as_str()
            .unwrap()
            .contains("Snap of acme.vision takes is not known")
    });
    assert_eq!(unknown.count(), 1, "{report}");
    assert_eq!(std::fs::read(place.path("m.onnx")).unwrap(), place.original);
}

/// `/dev/full` takes nothing; a folder that is none cannot be written to.
#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_written() {
    let place = Place::new();
    let before = place.names();
    for output in ["missing/folder/out.onnx", "m.onnx/out.onnx"] {
        let arguments = ["cast", "m.onnx", "--to", "fp16", "--no-ranges", "-o", output];
        let error = refused(&run(place.home.path(), &arguments), 2);
        assert!(error.contains("out.onnx"), "{error}");
    }
    // A limit on the size of files is what a full disk is to a program: writing fails in the middle.
    let program = env!("CARGO_BIN_EXE_enginesmith");
    let limited = format!("trap '' XFSZ; ulimit -f 64; exec '{program}' cast m.onnx --to fp16 --no-ranges -o out.onnx");
    let output = std::process::Command::new("bash")
        .args(["-c", &limited])
        .current_dir(place.home.path())
        .env("XDG_DATA_HOME", place.path("data"))
        .env("XDG_CACHE_HOME", place.path("cache"))
        .output()
        .unwrap();
    let error = refused(&output, 2);
    assert!(error.contains("out.onnx"), "{error}");
    assert_eq!(place.names(), before);
    assert_eq!(std::fs::read(place.path("m.onnx")).unwrap(), place.original);
}

/// ONNX Runtime has no bfloat16 MatMul and Conv for processors: it says so when asked with one, whatever this program knows.
#[test]
fn a_type_that_the_target_cannot_compute_is_refused_with_what_it_can() {
    let home = tempfile::tempdir().unwrap();
    let digits = crate::support::digits().join("digits.onnx");
    let digits = digits.to_str().unwrap();
    for to in ["bf16", "fp16"] {
        let output = format!("{to}.onnx");
        let cast = ["cast", digits, "--to", to, "--no-ranges", "-o", &output];
        let output = run(home.path(), &cast);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let build = |model: &str| run(home.path(), &["build", model, "--target", "onnxruntime-cpu", "--json"]);
    let said = refused(&build("bf16.onnx"), 1);
    for words in [
        "bf16.onnx: onnxruntime-cpu cannot compute",
        "in BF16",
        "of this model",
        "it computes",
        "FP16, INT8",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(build("fp16.onnx").status.success());
}
