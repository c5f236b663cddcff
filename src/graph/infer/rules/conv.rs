//! Convolutions and pooling. Formulas: ONNX Operators.md, Conv, ConvTranspose, MaxPool; spatial dimensions of any number.

use super::super::call::Call;
use super::super::fact::Fact;
use super::super::size::Size;
use super::one;
use crate::model::DataType;

/// Kernel, stride, padding and dilation of one spatial dimension.
struct Window {
    kernel: Size,
    stride: i64,
    dilation: i64,
    before: i64,
    after: i64,
    auto_pad: AutoPad,
}

#[derive(Clone, Copy, PartialEq)]
enum AutoPad {
    No,
    Same,
    Valid,
}

fn windows(call: &Call<'_>, kernel: &[Size]) -> Option<Vec<Window>> {
    let auto_pad = match call.text("auto_pad") {
        None | Some("NOTSET" | "") => AutoPad::No,
        Some("SAME_UPPER" | "SAME_LOWER") => AutoPad::Same,
        Some("VALID") => AutoPad::Valid,
        Some(_) => return None,
    };
    let spatial = kernel.len();
    let at = |name: &str, i: usize, default: i64| match call.ints(name) {
        Some(list) => list.get(i).copied(),
        None => Some(default),
    };
    (0..spatial)
        .map(|i| {
            let (stride, dilation) = (at("strides", i, 1)?, at("dilations", i, 1)?);
            (stride > 0 && dilation > 0).then_some(())?;
            let (before, after) = match auto_pad {
                AutoPad::No => (at("pads", i, 0)?, at("pads", i + spatial, 0)?),
                AutoPad::Same | AutoPad::Valid => (0, 0),
            };
            Some(Window {
                kernel: kernel.get(i)?.clone(),
                stride,
                dilation,
                before,
                after,
                auto_pad,
            })
        })
        .collect()
}

/// Size of the dilated kernel.
fn extent(window: &Window) -> Size {
    window
        .kernel
        .sub(&Size::Known(1))
        .mul(&Size::Known(window.dilation))
        .add(&Size::Known(1))
}

/// How far the window can move over the padded input; below 0 it does not fit.
fn room(input: &Size, window: &Window) -> Size {
    let padding = Size::Known(window.before).add(&Size::Known(window.after));
    input.add(&padding).sub(&extent(window))
}

/// For each spatial dimension of a convolution or pooling how far its window can move; below 0 it does not fit. Padding
/// that adapts to the size always fits.
pub(in super::super) fn rooms(call: &Call<'_>, weights: Option<&[Size]>) -> Option<Vec<Size>> {
    let spatial = call.shape(0)?.get(2..)?;
    let windows = windows(call, &kernel(call, weights)?)?;
    let of = |(x, window): (&Size, &Window)| (window.auto_pad != AutoPad::Same).then(|| room(x, window));
    Some(spatial.iter().zip(&windows).filter_map(of).collect())
}

fn slide(input: &Size, window: &Window, ceil: bool) -> Size {
    if window.auto_pad == AutoPad::Same {
        return input.div_ceil(window.stride);
    }
    let stride = Size::Known(window.stride);
    let room = room(input, window);
    if let Some(room) = room.known()
        && room < 0
    {
        return Size::Unknown;
    }
    if !ceil || window.stride == 1 {
        return room.div_floor(&stride).add(&Size::Known(1));
    }
    // A last window that would start in the padding behind the input is left out.
    let (Some(input), Some(positions)) = (input.known(), room.div_ceil(window.stride).known()) else {
        return Size::Unknown;
    };
    let starts = positions.checked_mul(window.stride);
    let outside = starts.is_none_or(|start| start >= input.saturating_add(window.before));
    Size::Known(if outside {
        positions
    } else {
        positions.saturating_add(1)
    })
}

/// The kernel's spatial sizes, from the attribute or the weights.
fn kernel(call: &Call<'_>, weights: Option<&[Size]>) -> Option<Vec<Size>> {
    if let Some(list) = call.ints("kernel_shape") {
        return list.iter().map(|k| (*k > 0).then_some(Size::Known(*k))).collect();
    }
    Some(weights?.get(2..)?.to_vec())
}

pub(super) fn conv(call: &Call<'_>) -> Option<Vec<Fact>> {
    let (weights, dtype) = match &*call.node.op_type {
        "ConvInteger" => (1, Some(DataType::Int32)),
        "QLinearConv" => (3, call.dtype(7)),
        _ => (1, call.dtype(0).or(call.dtype(1))),
    };
    let shape = (|| {
        let (x, w) = (call.shape(0)?, call.shape(weights));
        let spatial = x.get(2..)?;
        let windows = windows(call, &kernel(call, w)?)?;
        if windows.len() != spatial.len() {
            return None;
        }
        let channels = w.and_then(|w| w.first().cloned()).unwrap_or(Size::Unknown);
        let mut out = vec![x.first()?.clone(), channels];
        out.extend(spatial.iter().zip(&windows).map(|(x, w)| slide(x, w, false)));
        Some(out)
    })();
    // Without a kernel the rank is still the input's.
    let shape = shape.or_else(|| unknown_spatial(call));
    one(dtype, shape)
}

fn unknown_spatial(call: &Call<'_>) -> Option<Vec<Size>> {
    let x = call.shape(0)?;
    let mut out = vec![Size::Unknown; x.len()];
    *out.first_mut()? = x.first()?.clone();
    Some(out)
}

pub(super) fn transpose(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = (|| {
        let (x, w) = (call.shape(0)?, call.shape(1)?);
        let spatial = x.get(2..)?;
        let windows = windows(call, &kernel(call, Some(w))?)?;
        if windows.len() != spatial.len() {
            return None;
        }
        let group = Size::Known(call.int("group").unwrap_or(1));
        let mut out = vec![x.first()?.clone(), w.get(1)?.mul(&group)];
        let given = call.ints("output_shape");
        let more = call.ints("output_padding");
        for (i, (x, window)) in spatial.iter().zip(&windows).enumerate() {
            out.push(match given {
                // Some exporters write batch and channels too.
                Some(list) => Size::Known(*list.get(list.len().checked_sub(spatial.len())? + i)?),
                None if window.auto_pad == AutoPad::Same => x.mul(&Size::Known(window.stride)),
                None => {
                    let more = more.map_or(Some(0), |list| list.get(i).copied())?;
                    let steps = x.sub(&Size::Known(1)).mul(&Size::Known(window.stride));
                    let padding = Size::Known(window.before).add(&Size::Known(window.after));
                    steps.add(&extent(window)).add(&Size::Known(more)).sub(&padding)
                }
            });
        }
        Some(out)
    })();
    one(call.dtype(0).or(call.dtype(1)), shape.or_else(|| unknown_spatial(call)))
}

pub(super) fn pool(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = (|| {
        let x = call.shape(0)?;
        let windows = windows(call, &kernel(call, None)?)?;
        let spatial = x.get(2..)?;
        if windows.len() != spatial.len() {
            return None;
        }
        let ceil = call.int("ceil_mode") == Some(1);
        let mut out = x.get(..2)?.to_vec();
        out.extend(spatial.iter().zip(&windows).map(|(x, w)| slide(x, w, ceil)));
        Some(out)
    })();
    let values = Fact::new(call.dtype(0), shape.clone());
    Some(vec![values, Fact::new(Some(DataType::Int64), shape)])
}

pub(super) fn global_pool(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = call.shape(0).map(|x| {
        x.iter()
            .enumerate()
            .map(|(i, s)| if i < 2 { s.clone() } else { Size::Known(1) })
            .collect()
    });
    one(call.dtype(0), shape)
}
