//! Cases for the embedded engine, for ONNX Runtime, and for rules about values.

use super::Case;
use super::models::*;
use crate::graph::sample::{int, ints, node};
use crate::model::DataType::{self, Float64, Int32, Int64};

pub(super) fn cases() -> Vec<Case> {
    let trt = "tensorrt@10.15";
    let mut ir = relu(IMAGE);
    ir.ir_version = Some(14);
    let mut known_ir = relu(IMAGE);
    known_ir.ir_version = Some(13);
    vec![
        (
            "embedded",
            "operator.unsupported",
            unary("LRN", vec![int("size", 3)]),
            relu(IMAGE),
        ),
        (
            "embedded",
            "operator.unsupported",
            one(
                IMAGE,
                vec![],
                vec![domain(node("Inverse", &["x"], &["y"]), "com.microsoft")],
            ),
            one(
                IMAGE,
                vec![],
                vec![domain(node("FastGelu", &["x"], &["y"]), "com.microsoft")],
            ),
        ),
        (
            "embedded",
            "attribute.value",
            resize(ints("axes", &[0, 1, 2, 3])),
            resize(text("mode", "linear")),
        ),
        (
            "embedded",
            "pool.dilation",
            pool(ints("dilations", &[2, 2])),
            pool(ints("dilations", &[1, 1])),
        ),
        ("embedded", "rnn.peepholes", peepholes(true), peepholes(false)),
        ("embedded", "softmax.coerced", softmax(1, 12), softmax(3, 12)),
        ("embedded", "softmax.coerced", softmax(1, 12), softmax(1, 13)),
        (
            "embedded",
            "resize.cubic",
            resize(text("mode", "cubic")),
            resize(text("mode", "linear")),
        ),
        (
            "embedded",
            "resize.old",
            opset(resize(text("mode", "linear")), 10),
            resize(text("mode", "linear")),
        ),
        (
            "embedded",
            "conv.attributes",
            one(
                IMAGE,
                vec![],
                vec![
                    domain(node("F", &["x"], &["w"]), "my"),
                    node("Conv", &["x", "w"], &["y"]),
                ],
            ),
            conv(node("Conv", &["x", "w"], &["y"])),
        ),
        (
            "embedded",
            "attribute.value",
            resize(int("antialias", 1)),
            resize(int("antialias", 0)),
        ),
        (
            "embedded",
            "type.unsupported",
            one((DataType::UInt16, &[2]), vec![], cast(Int32)),
            one((Int32, &[2]), vec![], cast(Int32)),
        ),
        ("embedded", "type.float64", relu((Float64, &[2])), relu(IMAGE)),
        ("embedded", "type.float16", relu((DataType::Float16, &[2])), relu(IMAGE)),
        ("embedded", "type.int64", relu((Int64, &[2])), relu(IMAGE)),
        ("embedded", "value.int64", add_int(1 << 40), add_int(1 << 30)),
        (
            "onnxruntime-cpu",
            "opset.too-new",
            opset(relu(IMAGE), 27),
            opset(relu(IMAGE), 26),
        ),
        (
            "onnxruntime-cuda",
            "opset.too-old",
            opset(relu(IMAGE), 6),
            opset(relu(IMAGE), 7),
        ),
        ("onnxruntime-cpu", "ir.too-new", ir, known_ir),
        (
            "onnxruntime-cpu",
            "domain.custom",
            one(IMAGE, vec![], vec![domain(node("F", &["x"], &["y"]), "my")]),
            one(
                IMAGE,
                vec![],
                vec![domain(node("Gelu", &["x"], &["y"]), "com.microsoft")],
            ),
        ),
        (
            "embedded",
            "value.not-finite",
            weights(f32::NAN),
            weights(f32::INFINITY),
        ),
        (trt, "value.fp16-range", weights(-1e9), weights(65504.0)),
    ]
}
