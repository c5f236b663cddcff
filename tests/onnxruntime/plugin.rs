//! Execution provider libraries, with the real ONNX Runtime and OpenVINO plugin from PyPI. The plugin offers itself for Intel's
//! devices only; `intel.cpp` stands in front of it and says that this machine's processor is one.

use crate::support::{digits, model, older_onnxruntime_library, openvino_folder};
use serde_json::Value;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PLUGIN: &str = "libonnxruntime_providers_openvino_plugin.so";

struct Home {
    folder: tempfile::TempDir,
    /// Real files, as the set-up fetched them.
    real: PathBuf,
}

impl Home {
    /// Where OpenVINO is installed as `targets install` does it; none on systems that have no such wheel.
    fn new() -> Option<Self> {
        let real = openvino_folder()?;
        let folder = tempfile::tempdir().unwrap();
        let shim = folder.path().join("intel.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnxruntime/intel.cpp");
        let built = Command::new("g++")
            .args(["-O1", "-shared", "-fPIC", "-o"])
            .args([&shim, &source])
            .arg("-ldl")
            .output()
            .expect("g++ is there: run tests/setup.sh");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let home = Self { folder, real };
        home.install(&shim);
        Some(home)
    }

    fn install(&self, plugin: &Path) {
        let root = self.folder.path().join("cache/enginesmith/runtimes/openvino/1.8.1");
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(root.join("onnxruntime_ep_openvino")).unwrap();
        symlink(self.real.join("onnxruntime"), root.join("onnxruntime")).unwrap();
        symlink(plugin, root.join("onnxruntime_ep_openvino").join(PLUGIN)).unwrap();
    }

    fn real_plugin(&self) -> PathBuf {
        self.real.join("onnxruntime_ep_openvino").join(PLUGIN)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let home = self.folder.path();
        Command::new(env!("CARGO_BIN_EXE_enginesmith"))
            .args(arguments)
            .current_dir(home)
            .env("HOME", home)
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("ENGINESMITH_TEST_PLUGIN", self.real_plugin())
            .env_remove("ORT_DYLIB_PATH")
            .output()
            .unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {error}"))
    }
}

fn has_bf16() -> bool {
    let flags = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    flags.contains("avx512_bf16") || flags.contains("amx_bf16")
}

#[test]
fn openvino_computes_in_what_was_asked_for_and_says_so() {
    let Some(home) = Home::new() else { return };
    let det = model("light/light_squeezenet.onnx");
    let det = det.to_str().unwrap();
    let bench = |more: &[&str]| {
        let base = [
            "bench",
            det,
            "--target",
            "openvino",
            "--duration",
            "100ms",
            "--threads",
            "1",
            "--json",
        ];
        home.json(&[&base[..], more].concat())
    };
    let plain = bench(&[]);
    assert_eq!(plain["target"], "openvino@1.8.1", "{plain}");
    let runtime = plain["environment"]["runtime"].as_str().unwrap();
    assert!(
        runtime.contains("OpenVINO") && runtime.contains("ONNX Runtime 1.32"),
        "{runtime}"
    );
    let types = plain["effective_precision"]["types"].as_array().unwrap();
    assert_eq!((types.len(), &types[0]["dtype"]), (1, &"fp32".into()), "{plain}");
    assert_eq!(
        plain["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|w| w.to_string().contains("asked for"))
            .count(),
        0
    );
    let providers = plain["providers"].as_array().unwrap();
    assert_eq!(providers[0]["provider"], "OpenVINOExecutionProvider", "{plain}");
    assert!(providers[0]["nodes"].as_u64().unwrap() > 30, "{plain}");
    // Left to itself it takes BF16 where the processor has it, without a word of its own.
    let auto = bench(&["--option", "precision_hint=auto"]);
    let warned = auto["warnings"]
        .to_string()
        .contains("asked for FP32, but 100 % of the layers are computed in fewer bits");
    assert_eq!(warned, has_bf16(), "{auto}");
    if has_bf16() {
        let low = bench(&["--precision", "bf16"]);
        assert_eq!(low["effective_precision"]["types"][0]["dtype"], "bf16", "{low}");
        assert!(!low["warnings"].to_string().contains("asked for"), "{low}");
    }
}

#[test]
fn its_results_are_those_of_another_runtime_and_every_node_has_its_provider() {
    let Some(home) = Home::new() else { return };
    let mut recipe = enginesmith::recipe::Recipe::open(&digits().join("recipe.toml")).unwrap();
    recipe.target.name = "openvino".into();
    recipe.variants.clear();
    recipe.bench.duration_s = Some(0.1);
    let path = home.folder.path().join("r.toml");
    recipe.save(&path).unwrap();
    let compared = home.json(&["compare", path.to_str().unwrap(), "--json"]);
    let row = &compared["variants"][0];
    assert!(row["error"].is_null(), "{row}");
    let worst = row["accuracy"][0]["max_abs"].as_f64().unwrap();
    let reference = compared["reference"]["target"].as_str().unwrap();
    assert!(worst < 1e-3 && !reference.starts_with("openvino"), "{compared}");
    let built = home.json(&[
        "build",
        digits().join("digits.onnx").to_str().unwrap(),
        "--target",
        "openvino",
        "--json",
    ]);
    let nodes = built["providers"][0]["nodes"].as_array().unwrap();
    assert!(
        nodes
            .iter()
            .any(|n| n[1] == "Conv" && !n[0].as_str().unwrap().is_empty()),
        "{built}"
    );
}

#[test]
fn any_library_runs_with_its_options_passed_through() {
    let Some(home) = Home::new() else { return };
    let recipe = |options: &str| {
        let text = format!(
            "version = 1\nmodel.path = {:?}\nbench.duration_s = 0.1\n[target]\nname = \"onnxruntime-ep\"\nlibrary = \"intel.so\"\n{options}\n\
             [build.options]\nlibrary = {:?}\n",
            digits().join("digits.onnx"),
            home.real.join("onnxruntime/capi")
        );
        std::fs::write(home.folder.path().join("r.toml"), text).unwrap();
    };
    recipe("provider_options = { load_config = '{\"CPU\":{\"INFERENCE_PRECISION_HINT\":\"f32\"}}' }");
    let result = home.json(&["bench", "r.toml", "--json"]);
    assert_eq!(result["target"], "onnxruntime-ep@OpenVINOExecutionProvider", "{result}");
    assert_eq!(
        result["providers"][0]["provider"], "OpenVINOExecutionProvider",
        "{result}"
    );
    // Nobody can see into its nodes, so nothing is claimed.
    assert!(result["effective_precision"].is_null(), "{result}");
    recipe("provider_options = { load_config = 'nonsense' }");
    let output = home.run(&["bench", "r.toml"]);
    assert!(
        !output.status.success() && String::from_utf8_lossy(&output.stderr).contains("ONNX Runtime says"),
        "{output:?}"
    );
}

#[test]
fn what_is_missing_is_said_with_the_next_step() {
    let Some(home) = Home::new() else { return };
    let said = |home: &Home, arguments: &[&str], code: i32| {
        let output = home.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        error
    };
    let model = digits().join("digits.onnx");
    let model = model.to_str().unwrap();
    let error = said(&home, &["bench", model, "--target", "openvino@1.7"], 3);
    assert!(
        error.contains("found: 1.8.1") && error.contains("targets install openvino@1.7"),
        "{error}"
    );
    let error = said(&home, &["bench", model, "--target", "onnxruntime-ep"], 2);
    assert!(error.contains("library = "), "{error}");
    if let Some(old) = older_onnxruntime_library() {
        let option = format!("library={}", old.display());
        let result = home.json(&[
            "bench",
            model,
            "--target",
            "openvino",
            "--option",
            &option,
            "--duration",
            "50ms",
            "--json",
        ]);
        assert!(
            result["environment"]["runtime"]
                .as_str()
                .unwrap()
                .ends_with("ONNX Runtime 1.24.1"),
            "{result}"
        );
    }
    // Without the stand-in the plugin decides by itself.
    let intel = std::fs::read_to_string("/proc/cpuinfo")
        .unwrap_or_default()
        .contains("GenuineIntel");
    home.install(&home.real_plugin());
    if intel {
        home.json(&["bench", model, "--target", "openvino", "--duration", "50ms", "--json"]);
    } else {
        let error = said(&home, &["bench", model, "--target", "openvino"], 3);
        assert!(
            error.contains("offers no device of this machine") && error.contains("Intel"),
            "{error}"
        );
    }
}

/// Libraries that are none, end the process, or give nothing: the worker is what they take along, and the answer says which library it
/// was or how the worker ended.
#[test]
fn libraries_that_crash_or_lie_end_in_words() {
    let Some(home) = Home::new() else { return };
    let folder = home.folder.path();
    let head = "#include <cstdlib>\n#include <unistd.h>\n#include <cstddef>\nextern \"C\" __attribute__((visibility(\"default\"))) \
                void* CreateEpFactories(const char*, const void*, const void*, void** f, size_t most, size_t* n)";
    let release =
        "extern \"C\" __attribute__((visibility(\"default\"))) void* ReleaseEpFactory(void*) { return nullptr; }";
    let model = digits().join("digits.onnx");
    for (name, body) in [
        ("empty", None),
        ("aborts", Some("{ abort(); }")),
        ("leaves", Some("{ _exit(0); }")),
        ("nothing", Some("{ *n = 0; return nullptr; }")),
        ("wild", Some("{ *n = most + 7; return nullptr; }")),
        ("null", Some("{ f[0] = nullptr; *n = 1; return nullptr; }")),
    ] {
        let (source, library) = (folder.join(format!("{name}.cpp")), folder.join(format!("lib{name}.so")));
        let text = body.map_or("int nobody;".to_owned(), |body| format!("{head} {body}\n{release}\n"));
        std::fs::write(&source, text).unwrap();
        let built = Command::new("g++")
            .args(["-shared", "-fPIC", "-o"])
            .args([&library, &source])
            .status();
        assert!(built.unwrap().success(), "{name}");
        let text = format!(
            "version = 1\nmodel.path = {model:?}\nbench.duration_s = 0.1\n[target]\nname = \"onnxruntime-ep\"\nlibrary = {library:?}\n\
             [build.options]\nlibrary = {:?}\n",
            home.real.join("onnxruntime/capi")
        );
        std::fs::write(folder.join("r.toml"), text).unwrap();
        let output = home.run(&["bench", "r.toml"]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            matches!(output.status.code(), Some(1..=3)),
            "{name}: {:?} {error}",
            output.status
        );
        let is_named = error.contains(&format!("lib{name}.so"));
        assert!(is_named || error.contains("ended"), "{name}: {error}");
        assert!(!error.contains("panicked"), "{name}: {error}");
    }
}
