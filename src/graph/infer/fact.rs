//! What inference knows of one tensor.

use super::size::Size;
use crate::graph::{Dim, Shape, TensorType};
use crate::model::DataType;
use std::sync::Arc;

/// Largest number of elements whose values are followed; shape arithmetic has a handful.
pub(super) const VALUE_LIMIT: usize = 1024;

/// One element of a value that is followed.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::graph) enum Item {
    /// An integer (or boolean), maybe symbolic; also a float tensor's element that is a whole symbolic number.
    Int(Size),
    /// A float.
    Float(f64),
}

/// Type, shape and value of a tensor, each as far as known.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in crate::graph) struct Fact {
    pub dtype: Option<DataType>,
    pub shape: Option<Vec<Size>>,
    /// Elements in row-major order, when all sizes are known.
    pub value: Option<Arc<[Item]>>,
    pub container: Option<Arc<str>>,
}

impl Fact {
    pub fn new(dtype: Option<DataType>, shape: Option<Vec<Size>>) -> Self {
        Self {
            dtype,
            shape,
            value: None,
            container: None,
        }
    }

    /// An integer tensor whose elements are known or symbolic; a vector, or a scalar.
    pub fn ints(dtype: DataType, values: Vec<Size>, scalar: bool) -> Self {
        let shape = if scalar {
            Vec::new()
        } else {
            vec![Size::Known(i64::try_from(values.len()).unwrap_or(0))]
        };
        let value = values.into_iter().map(Item::Int).collect();
        Self {
            dtype: Some(dtype),
            shape: Some(shape),
            value: None,
            container: None,
        }
        .with_items(Some(value))
    }

    /// The same with a value, where it is small and fits the shape.
    #[must_use]
    pub fn with_items(mut self, items: Option<Vec<Item>>) -> Self {
        let elements = self.shape.as_ref().and_then(|s| elements(s));
        self.value = items
            .filter(|i| i.len() <= VALUE_LIMIT && elements == Some(i.len()))
            .map(Into::into);
        self
    }

    /// A container of tensors with this element type.
    pub fn container(kind: &str, dtype: Option<DataType>) -> Self {
        Self {
            dtype,
            shape: None,
            value: None,
            container: Some(kind.into()),
        }
    }

    /// The declared type.
    pub fn declared(ty: &TensorType) -> Self {
        Self {
            dtype: ty.dtype,
            shape: ty.shape.as_ref().map(|s| s.0.iter().map(Size::from).collect()),
            value: None,
            container: ty.container.clone(),
        }
    }

    pub fn into_type(self) -> TensorType {
        TensorType {
            dtype: self.dtype,
            shape: self.shape.map(|s| Shape(s.iter().map(Dim::from).collect())),
            container: self.container,
        }
    }

    /// Takes sizes that are not known from another shape of the same tensor.
    pub fn fill(&mut self, other: &[Size]) {
        match &mut self.shape {
            None if self.container.is_none() => self.shape = Some(other.to_vec()),
            Some(own) if own.len() == other.len() => {
                for (slot, size) in own.iter_mut().zip(other).filter(|(slot, _)| slot.is_unknown()) {
                    *slot = size.clone();
                }
            }
            _ => {}
        }
    }

    /// What is true of both: for the branches of an If, or one loop iteration and the next.
    pub fn join(&self, other: &Self) -> Self {
        let shape = match (&self.shape, &other.shape) {
            (Some(a), Some(b)) if a.len() == b.len() => Some(
                a.iter()
                    .zip(b)
                    .map(|(x, y)| if x == y { x.clone() } else { Size::Unknown })
                    .collect(),
            ),
            _ => None,
        };
        Self {
            dtype: if self.dtype == other.dtype { self.dtype } else { None },
            shape,
            value: if self.value == other.value {
                self.value.clone()
            } else {
                None
            },
            container: if self.container == other.container {
                self.container.clone()
            } else {
                None
            },
        }
    }

    /// The declared fact made more precise by the inferred one; what is declared wins, and a contradiction is said. A size
    /// that follows from the sizes of inputs wins over a declared number, which is often left over from the sizes that the
    /// model was exported at: runtimes warn of it and run the model.
    pub fn refine(&self, inferred: Self) -> (Self, Option<String>) {
        let mut contradiction = None;
        let dtype = match (self.dtype, inferred.dtype) {
            (Some(a), Some(b)) if a != b => {
                contradiction = Some(format!("declared {a}, but its operator gives {b}"));
                Some(a)
            }
            (a, b) => a.or(b),
        };
        let mut value = inferred.value;
        let shape = match (&self.shape, inferred.shape) {
            (None, shape) => shape,
            (Some(declared), None) => Some(declared.clone()),
            (Some(declared), Some(found)) => {
                let text = |s: &[Size]| Shape(s.iter().map(Dim::from).collect()).to_string();
                let differ = declared.len() != found.len()
                    || declared
                        .iter()
                        .zip(&found)
                        .any(|(a, b)| matches!((a, b), (Size::Known(x), Size::Known(y)) if x != y));
                if differ {
                    contradiction = Some(format!(
                        "declared {}, but its operator gives {}",
                        text(declared),
                        text(&found)
                    ));
                    value = None;
                    Some(declared.clone())
                } else {
                    Some(
                        declared
                            .iter()
                            .zip(found)
                            .map(|(a, b)| match (a, &b) {
                                (a, Size::Expr(_)) if a.is_made_up() => b,
                                (Size::Known(_), Size::Known(_))
                                | (Size::Expr(_), Size::Expr(_))
                                | (_, Size::Unknown) => a.clone(),
                                _ => b,
                            })
                            .collect(),
                    )
                }
            }
        };
        (
            Self {
                dtype,
                shape,
                value,
                container: self.container.clone().or(inferred.container),
            },
            contradiction,
        )
    }
}

/// Number of elements when all sizes are known and there are at most [`VALUE_LIMIT`].
pub(super) fn elements(shape: &[Size]) -> Option<usize> {
    let mut total = 1usize;
    for size in shape {
        total = total.checked_mul(usize::try_from(size.known()?).ok()?)?;
    }
    (total <= VALUE_LIMIT).then_some(total)
}
