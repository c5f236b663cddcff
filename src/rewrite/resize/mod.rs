//! Sizes changed for good: open sizes fixed, a fixed size opened.

mod align;
mod fix;
mod open;
mod rules;
mod stack;
#[cfg(test)]
mod tests;

pub(super) use fix::fix_sizes;
pub(super) use open::open_size;
pub use stack::twice;

use super::fold::refuse_broken;
use crate::graph::{Dim, Graph, TensorId};
use crate::model::onnx::__buffa::oneof::tensor_shape_proto::dimension::Value as DimValue;
use crate::model::onnx::__buffa::oneof::type_proto::Value as TypeValue;
use crate::model::onnx::ValueInfoProto;
use crate::model::onnx::tensor_shape_proto::Dimension;

/// A dimension of an input, written `INPUT:AXIS`; names of tensors contain colons, so the last one counts.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Place {
    input: String,
    axis: usize,
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let (input, axis) = text.rsplit_once(':')?;
        let axis = axis.parse().ok()?;
        (!input.is_empty()).then(|| Self {
            input: input.to_owned(),
            axis,
        })
    }
}

/// The size at a place.
///
/// # Errors
/// No such input (with those there are), unknown rank, no such axis.
fn size_at<'g>(graph: &'g Graph, place: &Place) -> Result<&'g Dim, String> {
    let top = &graph.bodies[0];
    let find = |id: &&TensorId| *graph.tensor(**id).name == *place.input;
    let Some(id) = top.inputs.iter().find(find) else {
        let names: Vec<&str> = top.inputs.iter().map(|id| &*graph.tensor(*id).name).collect();
        return Err(format!(
            "the model has no input {:?}; it has {}",
            place.input,
            names.join(", ")
        ));
    };
    let Some(shape) = &graph.tensor(*id).ty.shape else {
        return Err(format!("the rank of input {:?} is not known", place.input));
    };
    shape.0.get(place.axis).ok_or_else(|| {
        format!(
            "input {:?} has {} dimensions ({shape}), there is no axis {}",
            place.input,
            shape.0.len(),
            place.axis
        )
    })
}

/// The dimensions of a declared tensor; none where no shape is declared.
fn dims(info: &mut ValueInfoProto) -> Option<&mut Vec<Dimension>> {
    match info.r#type.as_option_mut()?.value.as_mut()? {
        TypeValue::TensorType(ty) => Some(&mut ty.shape.as_option_mut()?.dim),
        _ => None,
    }
}

/// The size of a declared dimension.
fn number(dim: &Dimension) -> Option<u64> {
    match dim.value {
        Some(DimValue::DimValue(n)) => u64::try_from(n).ok(),
        _ => None,
    }
}

fn known(size: u64) -> Option<DimValue> {
    i64::try_from(size).ok().map(DimValue::DimValue)
}
