//! Casting real models.

use crate::judge::patched;
use crate::support::{digits, model};
use enginesmith::rewrite::{CastSpec, LowType, PatchSpec};
use serde_json::Value;

fn to(to: LowType, keep_io_types: bool) -> PatchSpec {
    PatchSpec::Cast(Box::new(CastSpec {
        keep_io_types,
        ..CastSpec::new(to)
    }))
}

/// The real models with inputs that mean something to them.
const MODELS: [(&str, &[&str]); 12] = [
    ("magika.onnx", &["bytes:int32:1x2048=65"]),
    (
        "silero_vad.onnx",
        &["input:float32:1x576", "state:float32:2x1x128", "sr:int64:=16000"],
    ),
    (
        "silero_vad_16k_op15.onnx",
        &["input:float32:1x576", "state:float32:2x1x128", "sr:int64:=16000"],
    ),
    ("PP-OCRv6_det_small.onnx", &["x:float32:1x3x64x96"]),
    ("PP-OCRv6_rec_small.onnx", &["x:float32:1x3x48x128"]),
    ("ch_ppocr_mobile_v2.0_cls_mobile.onnx", &["x:float32:1x3x48x192"]),
    ("light/light_resnet50.onnx", &[]),
    ("light/light_densenet121.onnx", &[]),
    ("light/light_shufflenet.onnx", &[]),
    ("light/light_squeezenet.onnx", &[]),
    ("light/light_inception_v2.onnx", &[]),
    ("light/light_bvlc_alexnet.onnx", &[]),
];

fn worst(report: &Value) -> f64 {
    let outputs = report["outputs"].as_object().unwrap();
    let error = |o: &Value| o["mean_abs"].as_f64().unwrap() / o["largest"].as_f64().unwrap().max(1e-3);
    outputs.values().map(error).fold(0.0, f64::max)
}

#[test]
fn real_models_in_fp16_are_valid_and_close_to_the_originals() {
    for (name, inputs) in MODELS {
        for keep in [true, false] {
            let done = patched(&model(name), &to(LowType::Fp16, keep));
            let arguments: Vec<&str> = inputs.iter().flat_map(|text| ["--input", text]).collect();
            let report = done.judge(&arguments);
            assert!(worst(&report) < 0.02, "{name}: {report}");
            for (_, output) in report["outputs"].as_object().unwrap() {
                let is_float = output["type"].as_str().unwrap().starts_with("float");
                let want = if keep { "float32" } else { "float16" };
                assert!(!is_float || output["type"] == want, "{name}: {report}");
            }
        }
    }
}

#[test]
fn digits_in_fp16_flip_at_most_one_label() {
    let done = patched(&digits().join("digits.onnx"), &to(LowType::Fp16, false));
    let data = digits().join("test.npz");
    let report = done.judge(&[
        "--data",
        data.to_str().unwrap(),
        "--array",
        "input=images",
        "--labels",
        "labels",
    ]);
    assert_eq!(report["samples"], 540, "{report}");
    assert!(report["flipped"].as_u64().unwrap() <= 1, "{report}");
    let file = |path: &std::path::Path| std::fs::metadata(path).unwrap().len();
    assert!(file(&done.after) * 100 < file(&done.before) * 60);
}
