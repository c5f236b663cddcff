//! Padding samples of different lengths to one, as the source says.

use super::generate::encode;
use super::shapes::inputs;
use crate::graph::{Dim, Graph, Shape};
use crate::model::Tensor;
use crate::recipe::DataSource;
use crate::recipe::de::suggest;

/// `INPUT:AXIS`.
fn key(input: &str, axis: usize) -> String {
    format!("{input}:{axis}")
}

/// Sizes that the dimensions of an input are padded to; the first counts samples and is not.
pub(super) fn sizes(source: &DataSource, input: &str, shape: &Shape) -> Vec<Option<u64>> {
    let size = |(axis, dim): (usize, &Dim)| {
        let by_name = match dim {
            Dim::Symbol(name) => source.pad.get(&**name),
            Dim::Unknown => None,
            Dim::Known(_) => return None,
        };
        let found = by_name.or_else(|| source.pad.get(&key(input, axis)));
        found.copied().filter(|_| axis > 0)
    };
    shape.0.iter().enumerate().map(size).collect()
}

/// Makes sure that everything the source says about padding concerns the model.
///
/// # Errors
/// A dimension or an input that the model does not have, with the nearest name.
pub(super) fn check(source: &DataSource, graph: &Graph) -> Result<(), String> {
    let mut known = Vec::new();
    for input in inputs(graph) {
        let dims = input.ty.shape.iter().flat_map(|s| s.0.iter().enumerate()).skip(1);
        for (axis, dim) in dims {
            match dim {
                Dim::Symbol(name) => known.extend([name.to_string(), key(&input.name, axis)]),
                Dim::Unknown => known.push(key(&input.name, axis)),
                Dim::Known(_) => {}
            }
        }
    }
    if let Some(name) = source.pad.keys().find(|name| !known.contains(name)) {
        return Err(format!(
            "pad: the model has no dynamic dimension {name:?}{}",
            suggest(name, &known)
        ));
    }
    let names: Vec<&str> = inputs(graph).map(|i| i.name.as_ref()).collect();
    match source.pad_value.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(format!(
            "pad_value: the model has no input {name:?}{}",
            suggest(name, &names)
        )),
        None => Ok(()),
    }
}

/// The tensor with every dimension as large as `dims` says, filled up at the ends.
///
/// # Errors
/// Types that cannot be filled: strings, and values below a byte.
pub(super) fn pad(tensor: Tensor, dims: &[u64], value: f64) -> Result<Tensor, String> {
    if tensor.dims == dims || tensor.dims.is_empty() {
        return Ok(tensor);
    }
    let bits = tensor.dtype.bits() as usize;
    let filler = encode(tensor.dtype, &[1], std::iter::once(value)).filter(|_| bits >= 8 && bits.is_multiple_of(8));
    let filler = filler.ok_or_else(|| format!("values of type {} cannot be padded", tensor.dtype))?;
    let too_large = || "the padded samples are too large".to_owned();
    let bytes = dims.iter().try_fold(bits as u64 / 8, |n, d| n.checked_mul(*d));
    let bytes = bytes
        .and_then(|n| usize::try_from(n).ok())
        .filter(|n| *n <= isize::MAX as usize);
    let mut out = Vec::with_capacity(bytes.ok_or_else(too_large)?);
    fill(&mut out, &tensor, dims, 0, 0, &filler.bytes);
    Tensor::new(tensor.dtype, dims, out.into()).ok_or_else(too_large)
}

/// Appends the part of `tensor` that starts at byte `at` along `axis`, filled up to `dims`.
fn fill(out: &mut Vec<u8>, tensor: &Tensor, dims: &[u64], axis: usize, at: usize, filler: &[u8]) {
    let size = |dims: &[u64]| filler.len() * dims.iter().map(|d| *d as usize).product::<usize>();
    let (old, new) = (
        tensor.dims.get(axis..).unwrap_or_default(),
        dims.get(axis..).unwrap_or_default(),
    );
    let (Some((have, old_rest)), Some((want, new_rest))) = (old.split_first(), new.split_first()) else {
        out.extend_from_slice(tensor.bytes.get(at..at + filler.len()).unwrap_or(filler));
        return;
    };
    if old_rest == new_rest {
        let end = at + size(old);
        out.extend_from_slice(tensor.bytes.get(at..end).unwrap_or_default());
    } else {
        for i in 0..*have as usize {
            fill(out, tensor, dims, axis + 1, at + i * size(old_rest), filler);
        }
    }
    let rest = (want - have) as usize * size(new_rest);
    out.extend(filler.iter().copied().cycle().take(rest));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_filled_at_their_ends() {
        let t = Tensor::from_i64(&[2, 2], &[1, 2, 3, 4]).unwrap();
        let padded = pad(t.clone(), &[2, 3], 9.0).unwrap();
        assert_eq!(padded.dims, [2, 3]);
        assert_eq!(padded.to_i64().unwrap(), [1, 2, 9, 3, 4, 9]);
        assert_eq!(pad(t.clone(), &[2, 2], 9.0).unwrap(), t);
        let deep = Tensor::from_f32(&[1, 1, 2], &[1.0, 2.0]).unwrap();
        let padded = pad(deep, &[1, 2, 3], 0.0).unwrap();
        assert_eq!(padded.to_f32().unwrap(), [1.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
        let scalar = Tensor::from_i64(&[], &[7]).unwrap();
        assert_eq!(pad(scalar.clone(), &[], 0.0).unwrap(), scalar);
    }
}
