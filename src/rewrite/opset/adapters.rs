//! What changed in each version of the opset, operator by operator (onnx, docs/Changelog.md).

use super::Raised;
use crate::graph::Dim;
use crate::model::onnx::NodeProto;
use crate::model::{Attributes, DataType, Tensor};

/// Operators of early versions that were experimental, and are gone (onnx 1.5).
const EXPERIMENTAL: &[&str] = &[
    "ATen",
    "Affine",
    "ConstantFill",
    "Crop",
    "DynamicSlice",
    "GRUUnit",
    "GivenTensorFill",
    "ImageScaler",
    "ParametricSoftplus",
    "Scale",
    "ScaledTanh",
];

/// Operators whose version 22 the CPU provider of ONNX Runtime 1.31 has no kernel for, though it has one for the version
/// before (its list of kernels against the schemas of onnx 1.23).
pub(super) const WITHOUT_KERNEL_22: &[&str] = &[
    "GlobalLpPool",
    "MaxRoiPool",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
    "RoiAlign",
];

type Outcome = Result<Option<&'static str>, String>;

/// Rewrites a node for this version, which its opset is raised to from the one before; says what was done.
pub(super) fn adapt(node: &mut Raised<'_, '_>, version: i64) -> Outcome {
    let op = node.op_type().to_owned();
    match (version, op.as_str()) {
        (8..=10, op) if EXPERIMENTAL.contains(&op) => Err("was experimental, and is no operator any more".into()),
        (9, "BatchNormalization") => batch_norm_9(node),
        (9, "Upsample") => scales_to_input(node),
        (9, "Scan") => Err("has batches before opset 9, which it no longer has".into()),
        (10, "Dropout") => refuse_output(node, 1, "its mask has another type from opset 10 on"),
        (10, "Slice") => slice_10(node),
        (10, "TopK") => top_k_10(node),
        (10, "Upsample") => {
            node.proto.op_type = Some("Resize".into());
            Ok(Some("is Resize now"))
        }
        (11, "Clip") => clip_11(node),
        (11, "OneHot") => Err("takes negative indices for none before opset 11, for some from then on".into()),
        (11, "Pad") => pad_11(node),
        (11, "Resize") => resize_11(node),
        (11, "Scatter") => {
            node.proto.op_type = Some("ScatterElements".into());
            Ok(Some("is ScatterElements now"))
        }
        (12, "Dropout") => dropout_12(node),
        (13, "Squeeze" | "Unsqueeze" | "ReduceSum") => to_input(node, "axes"),
        (13, "Split") => to_input(node, "split"),
        (13, "Softmax" | "LogSoftmax" | "Hardmax") => softmax_13(node),
        (13, "Resize") => resize_13(node),
        (14, "BatchNormalization") => batch_norm_14(node),
        (16, "RoiAlign") => {
            node.set_text("coordinate_transformation_mode", "output_half_pixel");
            Ok(Some("its coordinates are said"))
        }
        (
            18,
            "ReduceL1" | "ReduceL2" | "ReduceLogSum" | "ReduceLogSumExp" | "ReduceMax" | "ReduceMean" | "ReduceMin"
            | "ReduceProd" | "ReduceSumSquare",
        ) => to_input(node, "axes"),
        (18, "Split") => split_18(node),
        (19, "AveragePool") if node.proto.int("ceil_mode").unwrap_or(0) != 0 => {
            Err("rounds its size up, and counts the cells of such a border otherwise from opset 19 on".into())
        }
        (20, "DFT") => dft_20(node),
        (20, "GridSample") => grid_sample_20(node),
        (21, "GroupNormalization") => {
            Err("takes scale and bias per group before opset 21, per channel from then on".into())
        }
        _ => Ok(None),
    }
}

fn to_input(node: &mut Raised<'_, '_>, attribute: &str) -> Outcome {
    let moved = node.list_to_input(attribute, 1)?;
    Ok(moved.then_some("its list is an input"))
}

fn refuse_output(node: &Raised<'_, '_>, at: usize, why: &str) -> Outcome {
    if node.has_output(at) { Err(why.into()) } else { Ok(None) }
}

fn batch_norm_9(node: &mut Raised<'_, '_>) -> Outcome {
    match node.proto.int("spatial") {
        None => Ok(None),
        Some(0) => Err("normalizes each position on its own (spatial 0), which opset 9 no longer has".into()),
        Some(_) => {
            node.drop_attribute("spatial");
            Ok(Some("spatial dropped"))
        }
    }
}

fn batch_norm_14(node: &mut Raised<'_, '_>) -> Outcome {
    // Read or not, other outputs mean training before opset 14.
    if node.proto.output.iter().skip(1).any(|name| !name.is_empty()) {
        return Err("has outputs for statistics and so is one of training, which gives others from opset 14 on".into());
    }
    node.proto.output.truncate(1);
    Ok(None)
}

fn dropout_12(node: &mut Raised<'_, '_>) -> Outcome {
    // ONNX Runtime gives a mask of false before, of true from then on.
    refuse_output(node, 1, "makes a mask that has other values from opset 12 on")?;
    // What is left out in training does not matter to inference.
    if node.proto.attr("ratio").is_none() {
        return Ok(None);
    }
    node.drop_attribute("ratio");
    Ok(Some("ratio dropped"))
}

/// Upsample's factors: an attribute in 7, an input from 9 on.
fn scales_to_input(node: &mut Raised<'_, '_>) -> Outcome {
    let scales = node
        .proto
        .floats("scales")
        .map(<[f32]>::to_vec)
        .ok_or("has no scales")?;
    let value = Tensor::from_f32(&[scales.len() as u64], &scales).ok_or("has scales that are no tensor")?;
    node.feed(1, "scales", &value);
    node.drop_attribute("scales");
    Ok(Some("scales are an input"))
}

fn slice_10(node: &mut Raised<'_, '_>) -> Outcome {
    let starts = node.proto.ints("starts").ok_or("has no starts")?.len();
    let ends = node.proto.ints("ends").ok_or("has no ends")?.len();
    if starts != ends {
        return Err(format!("has {starts} starts and {ends} ends"));
    }
    node.list_to_input("starts", 1)?;
    node.list_to_input("ends", 2)?;
    node.list_to_input("axes", 3)?;
    Ok(Some("starts and ends are inputs"))
}

fn top_k_10(node: &mut Raised<'_, '_>) -> Outcome {
    let k = node.proto.int("k").ok_or("has no k")?;
    let value = Tensor::from_i64(&[1], &[k]).ok_or("has a k that is no tensor")?;
    node.feed(1, "k", &value);
    node.drop_attribute("k");
    Ok(Some("k is an input"))
}

/// A scalar of the type of the first input.
fn like_input(node: &Raised<'_, '_>, value: f32) -> Result<Tensor, String> {
    let dtype = node.input(0).and_then(|t| node.graph.tensor(t).ty.dtype);
    let made = match dtype.ok_or("reads a tensor whose type is not known")? {
        DataType::Float32 => Tensor::from_f32(&[], &[value]),
        DataType::Float64 => Tensor::from_f64(&[], &[f64::from(value)]),
        DataType::Float16 => Tensor::from_f16(&[], &[half::f16::from_f32(value)]),
        other => return Err(format!("reads {other}")),
    };
    made.ok_or_else(|| "has a value that is no tensor".into())
}

fn clip_11(node: &mut Raised<'_, '_>) -> Outcome {
    let mut done = None;
    for (at, name) in [(1, "min"), (2, "max")] {
        let Some(value) = node.proto.float(name) else { continue };
        let value = like_input(node, value)?;
        node.feed(at, name, &value);
        node.drop_attribute(name);
        done = Some("its limits are inputs");
    }
    Ok(done)
}

fn pad_11(node: &mut Raised<'_, '_>) -> Outcome {
    if !node.list_to_input("pads", 1)? {
        return Err("has no pads".into());
    }
    let is_constant = matches!(node.proto.text("mode"), None | Some("constant"));
    let value = node.proto.float("value").unwrap_or(0.0);
    if is_constant && value != 0.0 {
        let value = like_input(node, value)?;
        node.feed(2, "value", &value);
    }
    node.drop_attribute("value");
    Ok(Some("pads are an input"))
}

/// Resize before opset 11 maps positions by `out / scale`. Which neighbour `nearest` takes was not written down; ONNX
/// Runtime, whose behaviour exporters relied on, rounds down when it enlarges and up when it shrinks.
fn resize_11(node: &mut Raised<'_, '_>) -> Outcome {
    let is_linear = matches!(node.proto.text("mode"), Some("linear" | "bilinear"));
    if !is_linear {
        let scales = node.constant(1).and_then(|t| t.to_f32());
        let scales = match scales {
            Some(scales) => scales,
            // Upsample of opset 7 brought them along.
            None => {
                let attribute = node.graph.proto(node.id).floats("scales");
                attribute
                    .map(<[f32]>::to_vec)
                    .ok_or("has computed scales, and rounds up or down by them")?
            }
        };
        let rounding = match (scales.iter().all(|s| *s >= 1.0), scales.iter().all(|s| *s <= 1.0)) {
            (true, _) => "floor",
            (_, true) => "ceil",
            _ => return Err("enlarges one dimension and shrinks another".into()),
        };
        node.set_text("nearest_mode", rounding);
        if node.proto.text("mode") != Some("nearest") {
            node.set_text("mode", "nearest");
        }
    } else if node.proto.text("mode") == Some("bilinear") {
        node.set_text("mode", "linear");
    }
    node.set_text("coordinate_transformation_mode", "asymmetric");
    // Between the two there is a region of interest now; an empty one was required at first.
    let scales = node
        .proto
        .input
        .get(1)
        .cloned()
        .filter(|s| !s.is_empty())
        .ok_or("has no scales")?;
    let empty = Tensor::from_f32(&[0], &[]).ok_or("has no region of interest")?;
    node.feed(1, "roi", &empty);
    node.proto.input.push(scales);
    Ok(Some("its way of rounding is said"))
}

/// Before opset 13 all dimensions from `axis` on were one; from then on it is a single one.
fn softmax_13(node: &mut Raised<'_, '_>) -> Outcome {
    let given = node.proto.int("axis").unwrap_or(1);
    let dims = node.dims(0);
    let axis = match dims {
        Some(dims) if given < 0 => given + dims.len() as i64,
        _ => given,
    };
    if given == -1 || dims.is_some_and(|d| axis == d.len() as i64 - 1) {
        node.set_int("axis", -1);
        return Ok(Some("axis is the last one"));
    }
    if let Some(dims) = dims {
        let behind = usize::try_from(axis).ok().and_then(|at| dims.get(at + 1..));
        let behind = behind.ok_or_else(|| format!("has axis {given} of {} dimensions", dims.len()))?;
        if behind.iter().all(|d| matches!(d, Dim::Known(1))) {
            node.set_int("axis", axis);
            return Ok(Some("its axis is the only one with more than one element"));
        }
    }
    let (Some(read), Some(made)) = (node.proto.input.first().cloned(), node.proto.output.first().cloned()) else {
        return Err("has no input or no output".into());
    };
    let [flat, even, shape] = ["flat", "even", "shape"].map(|what| node.fresh.name(format!("{made}__{what}")));
    let plain = |op: &str, read: &str, made: &str| NodeProto {
        op_type: Some(op.into()),
        name: Some(format!("{made}_{op}")),
        input: vec![read.into()],
        output: vec![made.into()],
        ..Default::default()
    };
    let mut one = node.proto.clone();
    one.input = vec![flat.clone()];
    one.output = vec![even.clone()];
    let mut flatten = plain("Flatten", &read, &flat);
    flatten.attribute.push(super::int("axis", axis));
    node.before.extend([flatten, plain("Shape", &read, &shape)]);
    // The node's own name goes with what it does; what takes its place puts the dimensions back.
    one.attribute.retain(|a| a.name.as_deref() != Some("axis"));
    one.attribute.push(super::int("axis", -1));
    node.before.push(one);
    *node.proto = NodeProto {
        input: vec![even, shape],
        ..plain("Reshape", &read, &made)
    };
    Ok(Some("is done on two dimensions"))
}

fn resize_13(node: &mut Raised<'_, '_>) -> Outcome {
    if node.proto.text("coordinate_transformation_mode") == Some("tf_half_pixel_for_nn") {
        return Err("has no mode tf_half_pixel_for_nn from opset 13 on".into());
    }
    // With sizes, the scales were an empty tensor; now they are left out.
    if node.has_input(3) && node.has_input(2) {
        match node.constant(2) {
            Some(scales) if scales.elements() == 0 => node.proto.input[2].clear(),
            Some(_) => return Err("has scales and sizes, of which only one may be there".into()),
            None => return Err("has sizes, and scales that are computed".into()),
        }
        return Ok(Some("empty scales left out"));
    }
    Ok(None)
}

fn split_18(node: &mut Raised<'_, '_>) -> Outcome {
    if node.has_input(1) {
        return Ok(None);
    }
    let parts = node.proto.output.len() as i64;
    // Before, the parts had to be equal.
    node.set_int("num_outputs", parts);
    Ok(Some("its number of parts is said"))
}

fn dft_20(node: &mut Raised<'_, '_>) -> Outcome {
    let axis = node.proto.int("axis").unwrap_or(1);
    let value = Tensor::from_i64(&[], &[axis]).ok_or("has an axis that is no tensor")?;
    node.feed(2, "axis", &value);
    node.drop_attribute("axis");
    Ok(Some("axis is an input"))
}

fn grid_sample_20(node: &mut Raised<'_, '_>) -> Outcome {
    let mode = match node.proto.text("mode") {
        None | Some("bilinear") => "linear",
        Some("bicubic") => "cubic",
        Some(_) => return Ok(None),
    };
    node.set_text("mode", mode);
    Ok(Some("its mode has another name"))
}
