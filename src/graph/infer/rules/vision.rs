//! Resizing, regions, grids and boxes.

use super::super::call::{Call, axis};
use super::super::fact::Fact;
use super::super::size::Size;
use super::one;
use crate::model::DataType;

pub(super) fn outputs(call: &Call<'_>) -> Option<Vec<Fact>> {
    let dtype = call.dtype(0);
    let first_two = || call.shape(0).and_then(|x| x.get(..2));
    match &*call.node.op_type {
        "Resize" | "Upsample" => one(
            dtype,
            call.shape(0)
                .map(|x| resized(call, x).unwrap_or(vec![Size::Unknown; x.len()])),
        ),
        "RoiAlign" => {
            let side = |name: &str| Size::Known(call.int(name).unwrap_or(1));
            let rois = call.shape(1).and_then(|r| r.first().cloned()).unwrap_or(Size::Unknown);
            let channels = call.shape(0).and_then(|x| x.get(1).cloned()).unwrap_or(Size::Unknown);
            one(
                dtype,
                Some(vec![rois, channels, side("output_height"), side("output_width")]),
            )
        }
        "MaxRoiPool" => {
            let pooled = call.ints("pooled_shape").filter(|p| p.len() == 2)?;
            let rois = call.shape(1).and_then(|r| r.first().cloned()).unwrap_or(Size::Unknown);
            let channels = call.shape(0).and_then(|x| x.get(1).cloned()).unwrap_or(Size::Unknown);
            let mut shape = vec![rois, channels];
            shape.extend(pooled.iter().map(|n| Size::Known(*n)));
            one(dtype, Some(shape))
        }
        "GridSample" => {
            // Grid is [N, D1, D2, ..., rank - 2].
            let shape = call
                .shape(1)
                .and_then(|grid| Some([first_two()?, grid.get(1..grid.len().checked_sub(1)?)?].concat()));
            one(dtype, shape)
        }
        "AffineGrid" => {
            let size = call.sizes(1)?;
            let mut shape = vec![size.first()?.clone()];
            shape.extend(size.get(2..)?.iter().cloned());
            shape.push(Size::Known(i64::try_from(size.len().checked_sub(2)?).ok()?));
            one(dtype, Some(shape))
        }
        "NonMaxSuppression" => one(Some(DataType::Int64), Some(vec![Size::Unknown, Size::Known(3)])),
        "MaxUnpool" => {
            let shape = if call.has(2) { call.sizes(2) } else { unpooled(call) };
            one(
                dtype,
                shape.or_else(|| call.shape(0).map(|x| vec![Size::Unknown; x.len()])),
            )
        }
        "CenterCropPad" => {
            let shape = call.shape(0).and_then(|x| {
                let target = call.sizes(1)?;
                let which: Vec<usize> = match call.ints("axes") {
                    Some(list) => list.iter().map(|a| axis(*a, x.len())).collect::<Option<_>>()?,
                    None => (0..x.len()).collect(),
                };
                let mut out = x.to_vec();
                for (at, size) in which.iter().zip(target) {
                    *out.get_mut(*at)? = size;
                }
                Some(out)
            });
            one(dtype, shape)
        }
        "Col2Im" => {
            let (image, block) = (call.sizes(1)?, call.sizes(2)?);
            let x = call.shape(0)?;
            let volume = block.iter().fold(Size::Known(1), |n, b| n.mul(b));
            let mut shape = vec![x.first()?.clone(), x.get(1)?.div_exact(&volume)];
            shape.extend(image);
            one(dtype, Some(shape))
        }
        "ImageDecoder" => {
            let channels = if call.text("pixel_format") == Some("Grayscale") {
                1
            } else {
                3
            };
            one(
                Some(DataType::UInt8),
                Some(vec![Size::Unknown, Size::Unknown, Size::Known(channels)]),
            )
        }
        _ => None,
    }
}

/// From sizes where they are given, else from scales: `floor(input * scale)`.
fn resized(call: &Call<'_>, x: &[Size]) -> Option<Vec<Size>> {
    let resize = &*call.node.op_type == "Resize";
    let (scales, sizes) = match (resize, call.opset) {
        (true, 11..) => (2, Some(3)),
        _ => (1, None),
    };
    let which: Vec<usize> = match call.ints("axes") {
        Some(list) => list.iter().map(|a| axis(*a, x.len())).collect::<Option<_>>()?,
        None => (0..x.len()).collect(),
    };
    let mut out = x.to_vec();
    if let Some(given) = sizes.filter(|i| call.has(*i)) {
        let stretch = matches!(call.text("keep_aspect_ratio_policy"), None | Some("stretch"));
        let target = call.sizes(given)?;
        (target.len() == which.len() && stretch).then_some(())?;
        for (at, size) in which.iter().zip(target) {
            *out.get_mut(*at)? = size;
        }
        return Some(out);
    }
    let from_attribute = || {
        call.attr("scales")
            .map(|a| a.floats.iter().map(|f| f64::from(*f)).collect::<Vec<_>>())
    };
    let factors = if call.has(scales) {
        call.floats(scales)?
    } else {
        from_attribute()?
    };
    (factors.len() == which.len()).then_some(())?;
    // With a region of interest the size depends on it too.
    let crops = call.text("coordinate_transformation_mode") == Some("tf_crop_and_resize");
    for (at, factor) in which.iter().zip(factors) {
        let slot = out.get_mut(*at)?;
        *slot = if crops { Size::Unknown } else { scaled(slot, factor) };
    }
    Some(out)
}

fn scaled(size: &Size, factor: f64) -> Size {
    if !factor.is_finite() || factor <= 0.0 || factor > 1e9 {
        return Size::Unknown;
    }
    if let Size::Known(n) = size {
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
        // As ONNX computes it: scales are FP32.
        let scaled = (*n as f32 * factor as f32).floor();
        #[allow(clippy::cast_possible_truncation)]
        return if scaled.abs() < 1e15 {
            Size::Known(scaled as i64)
        } else {
            Size::Unknown
        };
    }
    #[allow(clippy::cast_possible_truncation)]
    if factor.fract() == 0.0 {
        return size.mul(&Size::Known(factor as i64));
    }
    let inverse = 1.0 / factor;
    #[allow(clippy::cast_possible_truncation)]
    if inverse.fract() == 0.0 {
        size.div_floor(&Size::Known(inverse as i64))
    } else {
        Size::Unknown
    }
}

fn unpooled(call: &Call<'_>) -> Option<Vec<Size>> {
    let (x, kernel) = (call.shape(0)?, call.ints("kernel_shape")?);
    let mut out = x.get(..2)?.to_vec();
    for (i, (size, k)) in x.get(2..)?.iter().zip(kernel).enumerate() {
        let at = |name: &str, i: usize, default: i64| call.ints(name).map_or(Some(default), |l| l.get(i).copied());
        let steps = size.sub(&Size::Known(1)).mul(&Size::Known(at("strides", i, 1)?));
        let padding = Size::Known(at("pads", i, 0)?).add(&Size::Known(at("pads", i + kernel.len(), 0)?));
        out.push(steps.add(&Size::Known(*k)).sub(&padding));
    }
    Some(out)
}
