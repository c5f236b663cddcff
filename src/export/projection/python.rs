//! The recipe as a Python script: builds and measures with the runtime's own Python package, so that our numbers can be
//! checked without us.

use super::{Projection, literal};
use crate::bench::measure::Plan;
use crate::recipe::{Precision, Recipe};
use std::fmt::Write;

/// A script for ONNX Runtime (targets `onnxruntime-*` and `embedded`, which has no Python package) or TensorRT.
///
/// # Errors
/// The target has no Python package.
pub fn python_script(recipe: &Recipe) -> Result<Projection, String> {
    let mut notes = Vec::new();
    let body = match recipe.target.name.as_str() {
        "embedded" => {
            notes.push("The embedded engine has no Python package; the script uses ONNX Runtime on the CPU.".into());
            onnxruntime(recipe)
        }
        "onnxruntime-cpu" | "onnxruntime-cuda" => onnxruntime(recipe),
        "tensorrt" => tensorrt(recipe, &mut notes),
        other => return Err(format!("there is no Python package for the target {other}")),
    };
    if !recipe.patches.is_empty() {
        notes.push("The script applies no patches: save the patched model first and name that file.".into());
    }
    let mut text = String::from("#!/usr/bin/env python3\n");
    for line in notes.iter().flat_map(|n| n.lines()) {
        let _ = writeln!(text, "# {line}");
    }
    text.push_str(&body);
    Ok(Projection { text, notes })
}

/// Shapes as a Python dictionary.
fn shapes(recipe: &Recipe) -> String {
    let optimum = recipe
        .profiles
        .first()
        .into_iter()
        .flat_map(|p| p.inputs.iter().map(|(n, r)| (n, &r.opt)));
    let mut all: std::collections::BTreeMap<&String, &Vec<u64>> = optimum.collect();
    all.extend(recipe.bench.shapes.iter());
    let entry = |(name, shape): (&&String, &&Vec<u64>)| format!("{}: {shape:?}", literal(name));
    format!("{{{}}}", all.iter().map(entry).collect::<Vec<_>>().join(", "))
}

fn onnxruntime(recipe: &Recipe) -> String {
    let plan = Plan::from_spec(&recipe.bench, false);
    let cuda = recipe.target.name == "onnxruntime-cuda";
    let provider = if cuda {
        "CUDAExecutionProvider"
    } else {
        "CPUExecutionProvider"
    };
    let threads = recipe
        .build
        .options
        .get("threads")
        .and_then(toml::Value::as_integer)
        .unwrap_or(0);
    format!(
        "\"\"\"Measures a model with ONNX Runtime: protocol serial, trtexec's percentiles.\"\"\"\n\
         import os\nimport time\n\nimport numpy as np\n\n\
         # The library queues telemetry from 1.29 on, unless this is set before it is loaded.\n\
         os.environ[\"ORT_DISABLE_TELEMETRY\"] = \"1\"\nimport onnxruntime as ort  # noqa: E402\n\n\
         MODEL = {model}\nSHAPES = {shapes}\nWARMUP_S, DURATION_S, ITERATIONS = {warmup}, {duration}, {iterations}\n\n{ORT_BODY}",
        model = literal(&recipe.model.path.to_string_lossy()),
        shapes = shapes(recipe),
        warmup = plan.warmup_ms / 1e3,
        duration = plan.duration_s,
        iterations = plan.iterations,
    )
    .replace("@PROVIDER@", provider)
    .replace("@THREADS@", &threads.to_string())
}

const ORT_BODY: &str = r#"options = ort.SessionOptions()
options.intra_op_num_threads = @THREADS@  # 0: as many as there are cores
session = ort.InferenceSession(MODEL, options, providers=["@PROVIDER@"])

TYPES = {
    "tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64,
    "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8, "tensor(bool)": np.bool_,
}
rng = np.random.default_rng(0)


def value(node):
    """Zeros and ones for whole numbers, [0, 1) for the rest; use real data where it matters."""
    shape = SHAPES.get(node.name, [n if isinstance(n, int) else 1 for n in node.shape])
    dtype = TYPES[node.type]
    if np.issubdtype(dtype, np.floating):
        return rng.random(shape).astype(dtype)
    return rng.integers(0, 2, shape).astype(dtype)


inputs = {node.name: value(node) for node in session.get_inputs()}
begin = time.perf_counter()
while time.perf_counter() - begin < WARMUP_S:
    session.run(None, inputs)
starts, ends = [], []
while not ends or ends[-1] - starts[0] < DURATION_S or len(ends) < ITERATIONS:
    starts.append(time.perf_counter())
    session.run(None, inputs)
    ends.append(time.perf_counter())

latency = np.sort((np.array(ends) - np.array(starts)) * 1e3)
n = len(latency)


def percentile(p):
    """trtexec's: no interpolation, the index in float32."""
    exclude = int((np.float32(1) - np.float32(p) / np.float32(100)) * np.float32(n))
    return latency[max(n - 1 - exclude, 0)]


print(f"samples {n}, median {np.median(latency):.4f} ms, mean {latency.mean():.4f} ms")
print(" ".join(f"p{p} {percentile(p):.4f} ms" for p in (90, 95, 99)))
print(f"throughput {n / (ends[-1] - starts[0]):.2f} queries/s, cv {latency.std() / latency.mean():.4f}")
"#;

fn tensorrt(recipe: &Recipe, notes: &mut Vec<String>) -> String {
    let mut text = format!(
        "\"\"\"Builds a TensorRT engine.\"\"\"\nimport pathlib\nimport sys\n\nimport tensorrt as trt\n\nMODEL = {}\nENGINE = {}\n\n",
        literal(&recipe.model.path.to_string_lossy()),
        literal(&recipe.model.path.with_extension("engine").to_string_lossy())
    );
    text.push_str(
        "logger = trt.Logger(trt.Logger.INFO)\nbuilder = trt.Builder(logger)\nnetwork = builder.create_network(0)\n\
         parser = trt.OnnxParser(network, logger)\nif not parser.parse_from_file(MODEL):\n    for i in range(parser.num_errors):\n        \
         print(parser.get_error(i), file=sys.stderr)\n    sys.exit(1)\nconfig = builder.create_builder_config()\n",
    );
    if let Some(bytes) = recipe.build.workspace {
        let _ = writeln!(
            text,
            "config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, {bytes})"
        );
    }
    let flag = match recipe.build.precision {
        Precision::Fp32 | Precision::Tf32 => None,
        Precision::Fp16 => Some("FP16"),
        Precision::Bf16 => Some("BF16"),
        Precision::Int8 => Some("INT8"),
        Precision::Fp8 => Some("FP8"),
        Precision::Int4 => Some("INT4"),
    };
    if recipe.build.precision == Precision::Fp32 {
        text.push_str("config.clear_flag(trt.BuilderFlag.TF32)\n");
    }
    if let Some(flag) = flag {
        // TensorRT 11 has no precision flags: there the model's own types count.
        let _ = writeln!(
            text,
            "if hasattr(trt.BuilderFlag, \"{flag}\"):\n    config.set_flag(trt.BuilderFlag.{flag})\nelse:\n    \
             print(\"this TensorRT takes its precision from the model\", file=sys.stderr)"
        );
        notes.push(format!(
            "From TensorRT 11 on, {} comes from the model, not from a flag.",
            recipe.build.precision
        ));
    }
    for profile in &recipe.profiles {
        text.push_str("profile = builder.create_optimization_profile()\n");
        for (name, r) in &profile.inputs {
            let _ = writeln!(
                text,
                "profile.set_shape({}, {:?}, {:?}, {:?})",
                literal(name),
                r.min,
                r.opt,
                r.max
            );
        }
        for (name, r) in &profile.values {
            let _ = writeln!(
                text,
                "profile.set_shape_input({}, {:?}, {:?}, {:?})",
                literal(name),
                r.min,
                r.opt,
                r.max
            );
        }
        text.push_str("config.add_optimization_profile(profile)\n");
    }
    text.push_str(
        "plan = builder.build_serialized_network(network, config)\nif plan is None:\n    sys.exit(\"the build failed; the log above says why\")\n\
         pathlib.Path(ENGINE).write_bytes(bytes(plan))\nprint(f\"wrote {ENGINE}\")\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{ProfileSpec, ShapeRange};
    use std::path::Path;

    #[test]
    fn python_compiles_the_scripts() {
        let mut recipe = Recipe::for_model(Path::new("it's \"my\"\\net\n{é}.onnx"));
        recipe.build.workspace = Some(1 << 30);
        recipe.build.precision = Precision::Int8;
        recipe.bench.shapes.insert("a:\"0\"'".into(), vec![1, 3]);
        let range = ShapeRange {
            min: vec![1],
            opt: vec![2],
            max: vec![3],
        };
        recipe.profiles = vec![ProfileSpec {
            inputs: [("b\\".to_owned(), range)].into(),
            ..ProfileSpec::default()
        }];
        let folder = tempfile::tempdir().unwrap();
        for target in ["embedded", "onnxruntime-cpu", "onnxruntime-cuda", "tensorrt"] {
            recipe.target.name = target.into();
            let script = python_script(&recipe).unwrap();
            assert!(!script.text.contains('@'), "everything is filled in");
            let file = folder.path().join(format!("{target}.py"));
            std::fs::write(&file, &script.text).unwrap();
            let output = std::process::Command::new("python3")
                .args(["-m", "py_compile"])
                .arg(&file)
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{target}: {}\n{}",
                String::from_utf8_lossy(&output.stderr),
                script.text
            );
        }
        recipe.target.name = "tensorrt-rtx".into();
        assert!(python_script(&recipe).unwrap_err().contains("tensorrt-rtx"));
    }
}
