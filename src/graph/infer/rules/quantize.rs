//! Quantization.

use super::super::call::Call;
use super::super::fact::Fact;
use super::super::size::Size;
use super::one;
use crate::model::DataType;

pub(super) fn quantize(call: &Call<'_>) -> Option<Vec<Fact>> {
    let dtype = if call.has(2) {
        call.dtype(2)
    } else {
        call.type_attr("output_dtype").or(Some(DataType::UInt8))
    };
    one(dtype, call.shape(0).map(<[Size]>::to_vec))
}

pub(super) fn dequantize(call: &Call<'_>) -> Option<Vec<Fact>> {
    one(
        call.type_attr("output_dtype").or(call.dtype(1)),
        call.shape(0).map(<[Size]>::to_vec),
    )
}

pub(super) fn dynamic(call: &Call<'_>) -> Option<Vec<Fact>> {
    let scalar = |dtype| Fact::new(Some(dtype), Some(Vec::new()));
    let values = Fact::new(Some(DataType::UInt8), call.shape(0).map(<[Size]>::to_vec));
    Some(vec![values, scalar(DataType::Float32), scalar(DataType::UInt8)])
}
