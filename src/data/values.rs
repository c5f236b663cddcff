//! What values an input can take, as far as graph and name tell: token ids below the vocabulary, masks of 0 and 1.

use super::evidence::evidence;
use crate::graph::{Graph, TensorId};
use crate::model::{DataType, Tensor};

/// Names of inputs that hide positions of a text.
const MASKS: [&str; 3] = ["attention_mask", "input_mask", "padding_mask"];

/// Whole numbers that an input can take.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Allowed {
    /// They lie below this, and not below 0.
    below: i64,
    /// Why.
    what: String,
}

/// What the input can take; none where nothing says.
pub(super) fn allowed(graph: &Graph, input: TensorId, dtype: DataType) -> Option<Allowed> {
    use DataType as T;
    if !matches!(
        dtype,
        T::Int8 | T::UInt8 | T::Int16 | T::UInt16 | T::Int32 | T::UInt32 | T::Int64 | T::UInt64
    ) {
        return None;
    }
    if let Some((below, what)) = evidence(graph, input).index_below {
        return Some(Allowed {
            below: i64::try_from(below).ok()?,
            what: format!("it indexes {what}"),
        });
    }
    let name = graph.tensor(input).name.to_lowercase();
    MASKS.iter().any(|mask| name.contains(mask)).then(|| Allowed {
        below: 2,
        what: "a mask is 0 or 1".into(),
    })
}

impl Allowed {
    /// Checks rows, the first of which is sample number `first` (from 0).
    ///
    /// # Errors
    /// The first value outside, with its sample.
    pub(super) fn check(&self, tensor: &Tensor, first: u64) -> Result<(), String> {
        let Some(values) = tensor.to_i64() else { return Ok(()) };
        let Some(at) = values.iter().position(|v| !(0..self.below).contains(v)) else {
            return Ok(());
        };
        let row: u64 = tensor.dims.iter().skip(1).product::<u64>().max(1);
        Err(format!(
            "sample {} has the value {}, which must be from 0 to {}: {}",
            first + at as u64 / row,
            values[at],
            self.below - 1,
            self.what
        ))
    }
}
