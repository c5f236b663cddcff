//! Cases for TensorRT and TensorRT-RTX.

use super::Case;
use super::models::*;
use crate::graph::sample::{int, ints, node, with};
use crate::model::DataType::{self, Float32, Float64, Int32, UInt8};
use crate::model::onnx::AttributeProto;

pub(super) fn cases() -> Vec<Case> {
    let trt = "tensorrt@10.15";
    let four = (Float32, &[1i64, 2, 4, 8][..]);
    vec![
        (trt, "operator.unsupported", unary("Det", vec![]), relu(IMAGE)),
        (trt, "operator.unsupported", unary("MadeUp", vec![]), relu(IMAGE)),
        (
            "tensorrt@10.3",
            "operator.too-new",
            unary("RMSNormalization", vec![]),
            relu(IMAGE),
        ),
        (
            trt,
            "operator.type",
            one((DataType::Bool, &[2]), vec![], vec![node("Neg", &["x"], &["y"])]),
            relu(IMAGE),
        ),
        (
            "tensorrt-rtx",
            "operator.type-refused",
            one((DataType::Bool, &[2]), vec![], vec![node("Neg", &["x"], &["y"])]),
            relu(IMAGE),
        ),
        (
            "tensorrt-rtx@1.7",
            "operator.unsupported",
            unary("NonZero", vec![]),
            relu(IMAGE),
        ),
        (
            "tensorrt-rtx",
            "operator.form",
            computed_axes(true),
            computed_axes(false),
        ),
        (
            "tensorrt-rtx",
            "tensorscatter.mode",
            opset(
                one(
                    four,
                    vec![],
                    vec![with(
                        node("TensorScatter", &["x", "x"], &["y"]),
                        text("mode", "circular"),
                    )],
                ),
                24,
            ),
            opset(one(four, vec![], vec![node("TensorScatter", &["x", "x"], &["y"])]), 24),
        ),
        (
            trt,
            "domain.custom",
            one(IMAGE, vec![], vec![domain(node("F", &["x"], &["y"]), "my")]),
            relu(IMAGE),
        ),
        (trt, "opset.range", opset(relu(IMAGE), 26), opset(relu(IMAGE), 24)),
        (trt, "opset.range", opset(relu(IMAGE), 8), opset(relu(IMAGE), 9)),
        (
            "tensorrt@11",
            "opset.range",
            opset(relu(IMAGE), 26),
            opset(relu(IMAGE), 25),
        ),
        (trt, "type.float64", relu((Float64, &[2])), relu(IMAGE)),
        (
            trt,
            "type.unsupported",
            one((DataType::UInt32, &[2]), vec![], cast(Int32)),
            one((Int32, &[2]), vec![], cast(Int32)),
        ),
        (
            trt,
            "type.uint8-compute",
            relu((UInt8, &[2])),
            one((UInt8, &[2]), vec![], cast(Float32)),
        ),
        (
            trt,
            "quantize.uint8",
            one(
                (UInt8, &[2]),
                vec![floats_of("s", &[0.1])],
                vec![node("DequantizeLinear", &["x", "s"], &["y"])],
            ),
            quantize(0),
        ),
        (trt, "quantize.zero-point", quantize(3), quantize(0)),
        (
            trt,
            "quantize.integer-operators",
            one(
                (UInt8, &[2, 2]),
                vec![],
                vec![node("MatMulInteger", &["x", "x"], &["y"])],
            ),
            relu(IMAGE),
        ),
        (
            trt,
            "pool.rank",
            one(
                (Float32, &[1, 3, 2, 2, 2, 8]),
                vec![],
                vec![with(
                    node("MaxPool", &["x"], &["y"]),
                    ints("kernel_shape", &[2, 2, 2, 2]),
                )],
            ),
            pool(ints("dilations", &[1, 1])),
        ),
        (
            trt,
            "pool.dilation",
            pool(ints("dilations", &[2, 2])),
            pool(ints("dilations", &[1, 1])),
        ),
        (
            trt,
            "pool.indices",
            one(
                IMAGE,
                vec![],
                vec![with(
                    node("MaxPool", &["x"], &["v", "y"]),
                    ints("kernel_shape", &[2, 2]),
                )],
            ),
            pool(ints("strides", &[2, 2])),
        ),
        (
            trt,
            "normalization.extra-outputs",
            one(
                IMAGE,
                vec![floats_of("s", &[1.0; 8])],
                vec![node("LayerNormalization", &["x", "s"], &["n", "y"])],
            ),
            one(
                IMAGE,
                vec![floats_of("s", &[1.0; 8])],
                vec![node("LayerNormalization", &["x", "s"], &["y"])],
            ),
        ),
        (trt, "rnn.layout", lstm(int("layout", 1)), lstm(int("layout", 0))),
        (
            trt,
            "rnn.input-forget",
            lstm(int("input_forget", 1)),
            lstm(int("input_forget", 0)),
        ),
        (trt, "topk.sorted", topk(5, 0), topk(5, 1)),
        (trt, "topk.k", topk(3841, 1), topk(3840, 1)),
        (
            trt,
            "resize.mode",
            resize(text("mode", "cubic")),
            resize(text("mode", "linear")),
        ),
        (
            trt,
            "resize.coordinates",
            resize(text("coordinate_transformation_mode", "tf_crop_and_resize")),
            resize(text("coordinate_transformation_mode", "asymmetric")),
        ),
        (
            trt,
            "resize.antialias",
            resize(int("antialias", 1)),
            resize(int("antialias", 0)),
        ),
        (
            trt,
            "resize.aspect",
            resize(text("keep_aspect_ratio_policy", "not_larger")),
            resize(text("keep_aspect_ratio_policy", "stretch")),
        ),
        (
            trt,
            "scatter.reduction",
            one(
                (Float32, &[4]),
                vec![ints_of("i", &[1])],
                vec![with(
                    node("ScatterND", &["x", "i", "x"], &["y"]),
                    text("reduction", "add"),
                )],
            ),
            one(
                (Float32, &[4]),
                vec![ints_of("i", &[1])],
                vec![node("ScatterND", &["x", "i", "x"], &["y"])],
            ),
        ),
        (
            trt,
            "gridsample.rank",
            one(
                (Float32, &[1, 1, 2, 2, 2]),
                vec![],
                vec![node("GridSample", &["x", "x"], &["y"])],
            ),
            one(IMAGE, vec![], vec![node("GridSample", &["x", "x"], &["y"])]),
        ),
        (
            trt,
            "dropout.training",
            one(
                IMAGE,
                vec![floats_of("r", &[0.5]), truth("t")],
                vec![node("Dropout", &["x", "r", "t"], &["y"])],
            ),
            one(
                IMAGE,
                vec![floats_of("r", &[0.5])],
                vec![node("Dropout", &["x", "r"], &["y"])],
            ),
        ),
        (trt, "input.not-constant", computed_axes(true), computed_axes(false)),
        (
            trt,
            "eyelike.dynamic",
            one((Float32, &[-1, 2]), vec![], vec![node("EyeLike", &["x"], &["y"])]),
            one((Float32, &[2, 2]), vec![], vec![node("EyeLike", &["x"], &["y"])]),
        ),
        (
            trt,
            "attention.inputs",
            attention(&["x", "x", "x", "", "x"], four, None),
            attention(&["x", "x", "x"], four, None),
        ),
        (
            trt,
            "attention.outputs",
            opset(
                one(four, vec![], vec![node("Attention", &["x", "x", "x"], &["o", "y"])]),
                23,
            ),
            attention(&["x", "x", "x"], four, None),
        ),
        (
            trt,
            "attention.rank",
            attention(&["x", "x", "x"], (Float32, &[1, 4, 16]), None),
            attention(&["x", "x", "x"], four, None),
        ),
        (
            trt,
            "attention.softcap",
            attention(
                &["x", "x", "x"],
                four,
                Some(AttributeProto {
                    name: Some("softcap".into()),
                    f: Some(2.0),
                    ..Default::default()
                }),
            ),
            attention(
                &["x", "x", "x"],
                four,
                Some(AttributeProto {
                    name: Some("softcap".into()),
                    f: Some(0.0),
                    ..Default::default()
                }),
            ),
        ),
        (
            trt,
            "tensorscatter.axis",
            opset(
                one(
                    four,
                    vec![],
                    vec![with(node("TensorScatter", &["x", "x"], &["y"]), int("axis", -1))],
                ),
                24,
            ),
            opset(one(four, vec![], vec![node("TensorScatter", &["x", "x"], &["y"])]), 24),
        ),
        (
            trt,
            "rotary.position-type",
            opset(
                one(
                    (Float32, &[2]),
                    vec![],
                    vec![node("RotaryEmbedding", &["x", "x", "x", "x"], &["y"])],
                ),
                23,
            ),
            opset(
                one(
                    (Float32, &[2]),
                    vec![],
                    vec![node("RotaryEmbedding", &["x", "x", "x"], &["y"])],
                ),
                23,
            ),
        ),
        (
            trt,
            "random.seed",
            unary(
                "RandomNormalLike",
                vec![AttributeProto {
                    name: Some("seed".into()),
                    f: Some(1.0),
                    ..Default::default()
                }],
            ),
            unary("RandomNormalLike", vec![]),
        ),
        (trt, "output.data-dependent", unary("NonZero", vec![]), relu(IMAGE)),
        (trt, "if.rank", if_model(None, "Flatten"), if_model(None, "Abs")),
        (
            trt,
            "if.constant",
            if_model(Some(truth("c")), "Abs"),
            if_model(None, "Abs"),
        ),
        (
            trt,
            "loop.scan-length",
            loop_model(None, false),
            loop_model(Some(scalar("n", 3)), false),
        ),
        (
            trt,
            "loop.carried-shape",
            loop_model(Some(scalar("n", 3)), true),
            loop_model(Some(scalar("n", 3)), false),
        ),
        (trt, "shape.no-profile", relu((Float32, &[-1, 3])), relu(IMAGE)),
        (
            trt,
            "quantize.uint8-output",
            one(
                IMAGE,
                vec![floats_of("s", &[0.1])],
                vec![node("QuantizeLinear", &["x", "s"], &["y"])],
            ),
            quantize(0),
        ),
        (trt, "cumsum.axis", computed_axis(true), computed_axis(false)),
        (
            trt,
            "lppool.p",
            unary("LpPool", vec![ints("kernel_shape", &[2, 2]), int("p", 3)]),
            unary("LpPool", vec![ints("kernel_shape", &[2, 2]), int("p", 2)]),
        ),
        (
            trt,
            "batchnorm.training",
            unary("BatchNormalization", vec![int("training_mode", 1)]),
            unary("BatchNormalization", vec![int("training_mode", 0)]),
        ),
        (
            "tensorrt-rtx",
            "scatter.elements-reduction",
            scatter("add"),
            scatter("none"),
        ),
        (
            trt,
            "attention.causal-mask",
            attention(&["x", "x", "x", "x"], four, Some(int("is_causal", 1))),
            attention(&["x", "x", "x"], four, Some(int("is_causal", 1))),
        ),
        (
            trt,
            "attention.softmax-precision",
            attention(&["x", "x", "x"], four, Some(int("softmax_precision", 1))),
            attention(&["x", "x", "x"], four, None),
        ),
        (
            trt,
            "tensorscatter.rank",
            opset(
                one(
                    (Float32, &[1, 4, 16]),
                    vec![],
                    vec![node("TensorScatter", &["x", "x"], &["y"])],
                ),
                24,
            ),
            opset(one(four, vec![], vec![node("TensorScatter", &["x", "x"], &["y"])]), 24),
        ),
    ]
}
