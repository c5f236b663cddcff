//! The same values in another type.

use super::generate::encode;
use crate::model::{DataType, Tensor};

/// The tensor's values in this type, rounded; itself when it has the type already. `None` where one of the types has no
/// plain numbers.
pub fn convert(tensor: &Tensor, to: DataType) -> Option<Tensor> {
    if tensor.dtype == to {
        return Some(tensor.clone());
    }
    encode(to, &tensor.dims, tensor.to_f64_iter()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_rounded_to_the_type() {
        let half = convert(&Tensor::from_f32(&[2], &[1.0, 70000.0]).unwrap(), DataType::Float16).unwrap();
        assert_eq!(half.to_f32().unwrap(), [1.0, f32::INFINITY]);
        let whole = Tensor::from_i64(&[1], &[i64::MAX]).unwrap();
        assert_eq!(convert(&whole, DataType::Int64), Some(whole.clone()));
        assert!(convert(&whole, DataType::String).is_none());
    }
}
