//! Windows and Fourier transforms.

use super::super::call::{Call, axis};
use super::super::fact::Fact;
use super::super::size::Size;
use super::one;
use crate::model::DataType;

pub(super) fn window(call: &Call<'_>) -> Option<Vec<Fact>> {
    let dtype = call.type_attr("output_datatype").or(Some(DataType::Float32));
    one(dtype, Some(vec![call.scalar(0).unwrap_or(Size::Unknown)]))
}

pub(super) fn dft(call: &Call<'_>) -> Option<Vec<Fact>> {
    let dtype = call.dtype(0);
    let shape = call.shape(0).and_then(|x| {
        let at = if call.has(2) {
            *call.known(2)?.first()?
        } else {
            call.int("axis").unwrap_or(if call.opset < 20 { 1 } else { -2 })
        };
        let at = axis(at, x.len())?;
        let length = if call.has(1) {
            call.scalar(1)?
        } else {
            x.get(at)?.clone()
        };
        let onesided = call.int("onesided") == Some(1);
        let inverse = call.int("inverse") == Some(1);
        let mut out = x.to_vec();
        *out.get_mut(at)? = match (onesided, inverse) {
            (true, false) => length.div_floor(&Size::Known(2)).add(&Size::Known(1)),
            (true, true) => return None,
            _ => length,
        };
        *out.last_mut()? = Size::Known(2);
        Some(out)
    });
    one(dtype, shape)
}

pub(super) fn stft(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = call.shape(0).and_then(|x| {
        let step = call.scalar(1)?.known().filter(|s| *s > 0)?;
        let length = if call.has(3) {
            call.scalar(3)?
        } else {
            call.shape(2)?.first()?.clone()
        };
        let frames = x
            .get(1)?
            .sub(&length)
            .div_floor(&Size::Known(step))
            .add(&Size::Known(1));
        let onesided = call.int("onesided").unwrap_or(1) == 1;
        let bins = if onesided {
            length.div_floor(&Size::Known(2)).add(&Size::Known(1))
        } else {
            length
        };
        Some(vec![x.first()?.clone(), frames, bins, Size::Known(2)])
    });
    one(
        call.dtype(0),
        shape.or_else(|| Some(vec![Size::Unknown, Size::Unknown, Size::Unknown, Size::Known(2)])),
    )
}

pub(super) fn mel(call: &Call<'_>) -> Option<Vec<Fact>> {
    let bins = call
        .scalar(1)
        .map_or(Size::Unknown, |n| n.div_floor(&Size::Known(2)).add(&Size::Known(1)));
    let dtype = call.type_attr("output_datatype").or(Some(DataType::Float32));
    one(dtype, Some(vec![bins, call.scalar(0).unwrap_or(Size::Unknown)]))
}
