//! Normalisation and dropout.

use super::super::call::Call;
use super::super::fact::Fact;
use super::super::size::Size;
use super::reshape::axis_attr;
use crate::model::DataType;

pub(super) fn batch(call: &Call<'_>) -> Option<Vec<Fact>> {
    let mut out = vec![Fact::new(call.dtype(0), call.shape(0).map(<[Size]>::to_vec))];
    // Running mean and variance, when training.
    for _ in 1..call.node.outputs.len() {
        out.push(Fact::new(
            call.dtype(3).or(call.dtype(0)),
            call.shape(1).map(<[Size]>::to_vec),
        ));
    }
    Some(out)
}

pub(super) fn layer(call: &Call<'_>) -> Option<Vec<Fact>> {
    let x = call.shape(0);
    let dtype = call.dtype(0);
    let reduced = x.and_then(|x| {
        let at = axis_attr(call, -1, x.len())?;
        Some(
            x.iter()
                .enumerate()
                .map(|(i, d)| if i < at { d.clone() } else { Size::Known(1) })
                .collect::<Vec<_>>(),
        )
    });
    // Mean and inverse deviation are computed in stash_type, FP32 unless stated.
    let stash = call.type_attr("stash_type").or(Some(DataType::Float32));
    let statistic = Fact::new(stash, reduced);
    Some(vec![
        Fact::new(dtype, x.map(<[Size]>::to_vec)),
        statistic.clone(),
        statistic,
    ])
}

pub(super) fn dropout(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = call.shape(0).map(<[Size]>::to_vec);
    let dtype = call.dtype(0);
    let mask = if call.opset >= 10 { Some(DataType::Bool) } else { dtype };
    Some(vec![Fact::new(dtype, shape.clone()), Fact::new(mask, shape)])
}
