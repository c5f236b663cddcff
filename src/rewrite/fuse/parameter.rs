//! Scale and bias as the normalization operators take them: in the type of the input and the shape of the normalized dimensions.

use super::Feed;
use super::pattern::Look;
use crate::graph::TensorId;
use crate::model::{DataType, Tensor};

/// Scale or bias in the shape of the normalized dimensions.
pub(super) fn parameter(
    look: &Look<'_>,
    tensor: TensorId,
    sizes: &[u64],
    rank: usize,
    dtype: DataType,
    what: &str,
) -> Result<Feed, String> {
    let info = look.graph.tensor(tensor);
    let is_wide = info.ty.dtype == Some(DataType::Float32) && dtype != DataType::Float32;
    if is_wide
        && let Some((_, cast)) = look.made_by(tensor, "Cast")
        && let Some(source) = cast.inputs.first().copied().flatten()
        && look.dtype(source) == Some(dtype)
    {
        return parameter(look, source, sizes, rank, dtype, what);
    }
    let wrong = || {
        format!(
            "{what} {:?} ({}) does not have the shape that is normalized",
            info.name, info.ty
        )
    };
    let dims = info.ty.shape.as_ref().and_then(|s| s.as_known()).ok_or_else(wrong)?;
    if info.ty.dtype != Some(dtype) && !(is_wide && look.is_constant(tensor)) {
        return Err(format!("{what} {:?} is {}", info.name, info.ty));
    }
    if dims == sizes && !is_wide {
        return Ok(Feed::Tensor(tensor));
    }
    if dims.len() > rank {
        return Err(wrong());
    }
    let leading = dims
        .len()
        .checked_sub(sizes.len())
        .filter(|n| dims[..*n].iter().all(|d| *d == 1));
    let value = look
        .is_constant(tensor)
        .then(|| look.graph.constant(tensor)?.ok())
        .flatten();
    let mut value = value.ok_or_else(wrong)?;
    if is_wide {
        value = narrowed(&value, dtype)
            .ok_or_else(|| format!("{what} {:?} has digits that {dtype} does not have", info.name))?;
    }
    let name = format!("{}__{what}", info.name);
    if leading.is_some_and(|n| dims[n..] == *sizes) {
        let value = Tensor::new(value.dtype, sizes, value.bytes).ok_or_else(wrong)?;
        return Ok(Feed::Value(name, value));
    }
    let elements = sizes
        .iter()
        .try_fold(1usize, |n, d| n.checked_mul(usize::try_from(*d).ok()?));
    match elements {
        Some(n) if value.elements() == 1 && dims.len() <= sizes.len() && n <= LARGEST => {
            let bytes = value.bytes.repeat(n);
            Ok(Feed::Value(
                name,
                Tensor::new(dtype, sizes, bytes.into()).ok_or_else(wrong)?,
            ))
        }
        _ => Err(wrong()),
    }
}

/// The values in a narrower type, where that has all of them.
fn narrowed(value: &Tensor, dtype: DataType) -> Option<Tensor> {
    let values = value.to_f32()?;
    let is_same = |narrow: f32, wide: &f32| narrow.to_bits() == wide.to_bits();
    match dtype {
        DataType::Float16 => {
            let narrow: Vec<half::f16> = values.iter().map(|v| half::f16::from_f32(*v)).collect();
            let fits = narrow.iter().zip(&values).all(|(n, w)| is_same(n.to_f32(), w));
            fits.then(|| Tensor::from_f16(&value.dims, &narrow))?
        }
        DataType::BFloat16 => {
            let narrow: Vec<half::bf16> = values.iter().map(|v| half::bf16::from_f32(*v)).collect();
            let fits = narrow.iter().zip(&values).all(|(n, w)| is_same(n.to_f32(), w));
            fits.then(|| Tensor::from_bf16(&value.dims, &narrow))?
        }
        _ => None,
    }
}

/// Elements of a scale that is made; larger ones are no weight of a layer.
const LARGEST: usize = 1 << 20;

/// A scale that changes nothing.
pub(super) fn ones(dtype: DataType, sizes: &[u64]) -> Result<Tensor, String> {
    let elements = sizes
        .iter()
        .try_fold(1usize, |n, d| n.checked_mul(usize::try_from(*d).ok()?));
    let n = elements
        .filter(|n| *n <= LARGEST)
        .ok_or("the scale to make would be too large")?;
    let made = match dtype {
        DataType::Float16 => Tensor::from_f16(sizes, &vec![half::f16::ONE; n]),
        DataType::BFloat16 => Tensor::from_bf16(sizes, &vec![half::bf16::ONE; n]),
        _ => Tensor::from_f32(sizes, &vec![1.0; n]),
    };
    made.ok_or_else(|| "the scale cannot be made".into())
}
